/*
 * The daemon's HTTP side: /healthz, /readyz, /metrics, /webhooks/NAME.
 */
#ifndef ADMIN_WEB_H
#define ADMIN_WEB_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct core;
struct web;
/* NULL and err when the address cannot be listened on. Listening "off", or `listen` false
 * (one pass), gives a web that does nothing. */
struct web *web_new(struct core *c, bool listen, struct trg_err *err);
void web_free(struct web **w);
int web_port(const struct web *w);
/* No more webhooks: 503 from now on. */
void web_drain(struct web *w);

#endif
