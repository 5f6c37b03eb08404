/*
 * Everything about one ticket, gathered once as one document: what `triagectl ticket` prints and
 * what agents are told.
 */
#ifndef ADMIN_TICKET_GATHER_H
#define ADMIN_TICKET_GATHER_H

#include "base/json.h"

struct store;

/* 0 and the document (json_free), or negative and err. */
int ticket_gather(struct store *s, struct trg_str ref, json **ret, struct trg_err *err);

#endif
