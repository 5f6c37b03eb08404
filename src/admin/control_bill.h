/*
 * Requests about money: closing a period, and disputes. Each is done wholly or not at all, and
 * stands in the audit log with who asked.
 */
#ifndef ADMIN_CONTROL_BILL_H
#define ADMIN_CONTROL_BILL_H

#include <stdbool.h>

#include "base/json.h"

struct core;
struct arena;

bool control_bills(struct trg_str what); /* is it a request of this kind? */
/* {"do":..., "who": the user of the system, "as": in whose name or ""}; what came of it is put
 * into `answer`. */
int control_bill(struct core *c, struct trg_str what, const json *request, json *answer,
                 struct arena *a, struct trg_err *err);

#endif
