/*
 * Requests about the rules themselves: a change of configuration, price book or skills is asked for
 * by one person and approved by another; and what a person confirms of a control. Each stands in
 * the audit log.
 */
#ifndef ADMIN_CONTROL_CHANGE_H
#define ADMIN_CONTROL_CHANGE_H

#include <stdbool.h>

#include "base/json.h"

struct core;
struct arena;

bool control_changes(struct trg_str what); /* is it a request of this kind? */
int control_change(struct core *c, struct trg_str what, const json *request, json *answer,
                   struct arena *a, struct trg_err *err);
/* No template wants two people for changes, or the rules in force are approved. Else err says what
 * to do. */
bool control_change_fine(struct core *c, struct arena *a, struct trg_err *err);

#endif
