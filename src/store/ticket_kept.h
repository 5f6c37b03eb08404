/*
 * Private to this room: the tickets that were read last. A ticket on the road is read some twenty
 * times, by every stage and by settling, and most reads find it as the one before did. On the
 * writing connection alone; what changes a row makes it forget that one (delta.h), and what undoes
 * writes, or what another program wrote, makes it forget all.
 */
#ifndef STORE_TICKET_KEPT_H
#define STORE_TICKET_KEPT_H

#include <stdbool.h>

#include "store/ticket.h"

struct ticket_kept;

struct ticket_kept *ticket_kept_new(void);
void ticket_kept_free(struct ticket_kept **k);
/* NULL keeps nothing and finds nothing. The row's strings come from `a`. */
bool ticket_kept_get(const struct ticket_kept *k, int64_t id, struct arena *a, struct ticket *ret);
void ticket_kept_put(struct ticket_kept *k, const struct ticket *t);
/* It was moved on: `to` has the state and what else a step sets, the rest is as it was. */
void ticket_kept_moved(struct ticket_kept *k, int64_t id, enum ticket_state to,
                       const struct ticket_step *step, int64_t now_ms);
void ticket_kept_drop(struct ticket_kept *k, int64_t id);
void ticket_kept_clear(struct ticket_kept *k);

#endif
