/*
 * Private to this room: what the writes of a turn mean for the numbers that are kept beside the
 * rows: how many there are of a kind (`depth`), and the roll-ups of reports. SQLite tells of every
 * row that the writing connection is about to change (its pre-update hook); what it adds and takes
 * away is summed in memory, and tally_apply brings it in before the commit. Triggers did the same,
 * and took a fifth of what the writes of a ticket cost.
 *
 * Another program that writes the file does not keep these numbers right: `ledger verify` tells,
 * and `ledger rebuild` makes them again.
 */
#ifndef STORE_DELTA_H
#define STORE_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/sql.h"
#include "store/sums.h"

/* What is noted, to be brought in. `sums` has depths (DIM_DEPTH: kind and word), closed calls
 * (DIM_CALLS) and nothing else; `marks` are the tickets whose own part of the roll-ups is to be
 * looked at again, with repetitions. */
struct delta {
  struct sums *sums;
  int64_t *marks;
  size_t mark_count;
};

/* Listens from here on. After migrations: these keep the numbers right themselves. */
int delta_open(struct store *s, struct trg_err *err);
void delta_close(struct store *s);
/* Moves what is noted into *ret, which the caller frees by delta_free; false: there is nothing. On
 * a reader there never is. */
bool delta_take(struct store *s, struct delta *ret);
void delta_free(struct delta *d);
/* Which counted columns of a ticket a statement sets, a bit each: asked while it is prepared, told
 * before it runs. Most updates only move a ticket on, and looking at all columns costs as much. */
#define DELTA_ALL UINT32_MAX
void delta_learns(struct store *s);            /* a statement is prepared now */
uint32_t delta_learned(const struct store *s); /* what was found of it */
void delta_expects(struct store *s, uint32_t columns);
/* The next statement only moves a ticket from this state to that one, if it changes one at all:
 * its row need not be read, and who runs it keeps ticket_kept right. Until told again; NULL, NULL
 * ends it. */
void delta_moves(struct store *s, const char *from, const char *to);
/* A place in what is noted, and forgetting what was noted after it: of a statement that failed, or
 * of a savepoint that is undone. Rows that were kept from reading are forgotten with it. */
size_t delta_place(const struct store *s);
void delta_forget(struct store *s, size_t place);

#endif
