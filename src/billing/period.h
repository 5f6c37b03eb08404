/*
 * What a period costs beside its tickets: the fee (written with its first charge) and what is
 * missing to the commitment (written when it is over). Lines without a ticket. And its close, which
 * freezes the invoice: what is learnt later becomes a line of the period that is open then.
 */
#ifndef BILLING_PERIOD_H
#define BILLING_PERIOD_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

/* Once "2026-11" is over, charges what is missing to the book's commitment. Doing it twice, or too
 * early, writes nothing. */
int period_commit(struct store *s, const struct book *b, const char *period, int64_t now_ms,
                  int *ret_lines, struct trg_err *err);

struct period_closed {
  int64_t lines, amount_micros; /* of the frozen invoice */
  int64_t settled;              /* tickets that were due and settled first */
};
/* Settles what is due, charges the commitment, freezes the period. TRG_ESTATE when it is not over,
 * or closed already. */
int period_close(struct store *s, const struct book *b, const char *period, const char *who,
                 int64_t now_ms, struct period_closed *ret, struct trg_err *err);

#endif
