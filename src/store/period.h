/*
 * Closed periods, and the ledger's roll-ups by which invoices are made. A closed period takes no
 * line any more; that and the roll-ups are kept by trigger.
 */
#ifndef STORE_PERIOD_H
#define STORE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "store/ledger.h"

struct period {
  const char *period; /* "2026-11" */
  int64_t closed_ms;
  const char *closed_by;
  int64_t last_seq; /* newest line of the ledger when it was closed; 0: there was none */
  char last_hash[LEDGER_HASH_MAX];
  int64_t lines, amount_micros, model_cost_micros; /* of the period */
  const char *book, *book_hash;                    /* in force when it was closed */
};
/* TRG_ENOTFOUND while it is open. */
int period_get(struct store *s, const char *period, struct arena *a, struct period *ret,
               struct trg_err *err);
int period_is_closed(struct store *s, const char *period, bool *ret, struct trg_err *err);
/* Every period that has lines or is closed, in order; closed_ms 0: it is open. */
int period_list(struct store *s, struct arena *a, struct period **ret, size_t *ret_count,
                struct trg_err *err);
/* Closes it: fills last_seq, last_hash and the sums from the ledger. TRG_ESTATE when it is closed
 * already. */
int period_freeze(struct store *s, struct period *p, struct trg_err *err);

/* One item of an invoice: the lines of one kind and price. */
struct period_item {
  const char *helpdesk, *kind, *outcome, *evidence_level, *reason, *book;
  const char *corrected; /* period of the lines that are corrected, or "" */
  int64_t unit_micros, lines, amount_micros, model_cost_micros;
};
int period_items(struct store *s, const char *period, struct arena *a, struct period_item **ret,
                 size_t *ret_count, struct trg_err *err);

#endif
