/*
 * libcurl multi on a thread of its own. An exchange is handed over, belongs to that thread while it
 * is carried, and comes back once: ended, or because it was dropped. Private to this room: http.c
 * is what the others see.
 */
#ifndef NET_CARRIER_H
#define NET_CARRIER_H

#include <triaged/plugin.h>

struct carrier;
struct exchange;

/* Rings the loop: `arrived` must lead to carrier_take there. Called on the carrier's thread. */
struct carrier *carrier_new(void (*arrived)(void *arg), void *arg);
/* Ends the thread. What it carried may be freed after carrier_release, then the rest. */
void carrier_stop(struct carrier *c);
void carrier_release(struct carrier *c, struct exchange *e);
void carrier_free(struct carrier **c);

void carrier_start(struct carrier *c, struct exchange *e);
/* Brings it back soon, unless it is on its way already. From this call on, nothing that the caller
 * lent is read, and no piece of the answer is kept. */
void carrier_drop(struct carrier *c, struct exchange *e);

/* What came since the last call: exchanges of which a piece of a streamed answer came (in e->piece;
 * a list by next_piece), and those that are back (a list by next). One may be in both. */
void carrier_take(struct carrier *c, struct exchange **ret_told, struct exchange **ret_back);
/* For curl's callbacks, on the carrier's thread. */
void carrier_told(struct carrier *c, struct exchange *e, int status, struct trg_str piece);
void carrier_uploaded(struct carrier *c, struct exchange *e);

#endif
