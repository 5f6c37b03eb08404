/*
 * What a period costs beside its tickets: the fee (written with its first charge) and what is
 * missing to the commitment (written when it is over). Lines without a ticket.
 */
#ifndef BILLING_PERIOD_H
#define BILLING_PERIOD_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

/* Closes "2026-11": once it is over, charges what is missing to the book's commitment. Doing it
 * twice, or too early, writes nothing. */
int period_close(struct store *s, const struct book *b, const char *period, int64_t now_ms,
                 int *ret_lines, struct trg_err *err);

#endif
