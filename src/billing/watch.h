/*
 * Conservation, looked at after every settling: tickets in = open + resolved + excluded + held +
 * reversed, charges = resolutions x price, model cost = sum of calls. What does not add up is
 * logged, noted in the store until it does again, and shown by status and /metrics.
 */
#ifndef BILLING_WATCH_H
#define BILLING_WATCH_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

/* The ticket that was just settled: its charges are computed again from evidence and compared with
 * its lines, and its billing state with its charges. */
int watch_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                 struct trg_err *err);
/* All counters, after a batch. */
int watch_totals(struct store *s, int64_t now_ms, struct trg_err *err);

#endif
