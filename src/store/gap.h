/*
 * Gaps in the books: what did not add up when it was looked at, until it does again.
 */
#ifndef STORE_GAP_H
#define STORE_GAP_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct gap {
  const char *subject; /* a ticket's ref, or "totals" */
  const char *what;
  int64_t since_ms;
};
/* what NULL: it adds up again. *ret_new: it was not known (may be NULL). Writes nothing when
 * nothing changes. */
int gap_note(struct store *s, const char *subject, const char *what, int64_t at_ms, bool *ret_new,
             struct trg_err *err);
/* Oldest first, at most `limit`; *ret_total counts all. */
int gap_list(struct store *s, int limit, struct arena *a, struct gap **ret, size_t *ret_count,
             int64_t *ret_total, struct trg_err *err);

/* Compares counts that follow every row (delta.h) with those that the program keeps: every ticket
 * in one billing state, units and amounts of each period, model cost and budgets. Costs the same
 * however much there is. 0, or TRG_ECORRUPT with what does not add up. */
int totals_conserved(struct store *s, struct trg_err *err);

#endif
