/*
 * The metrics in Prometheus' text form, read from the store and the running road.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <triaged/plugin.h>

struct buf;
struct core;
int metrics_text(struct core *c, struct buf *out, struct trg_err *err);

#endif
