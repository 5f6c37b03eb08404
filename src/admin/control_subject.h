/*
 * Requests about a person's data: erasing it. Reading needs no daemon (cmd/subject.c).
 */
#ifndef ADMIN_CONTROL_SUBJECT_H
#define ADMIN_CONTROL_SUBJECT_H

#include "base/json.h"

struct core;
struct arena;

/* {"do":"erase", "who":..., "subject": e-mail address}: what was erased is put into `answer`. */
int control_erase(struct core *c, const json *request, json *answer, struct arena *a,
                  struct trg_err *err);

#endif
