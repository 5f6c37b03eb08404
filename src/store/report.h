/*
 * Roll-ups for reports: read-only.
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct report_row {
  const char *key;
  int64_t tickets, triaged, waiting, failed, drafted, sent;
  int64_t open, resolved, excluded, held, reversed;
  int64_t charged_micros, model_cost_micros;
  int64_t assumed, confirmed, verified; /* resolved by evidence level */
  int64_t handoff, reopened;
  int64_t cost_p50_micros,
      cost_p95_micros; /* model cost of its resolved tickets; by report_costs */
};
/* Tickets opened at the helpdesk (created_ms) in [from, to), to 0: without an end; grouped by
 * helpdesk|category|model|team|language|priority|day|month|outcome|reason, "(none)" where that is
 * not known. Each ticket stands in one place: failed (dead and not billed), else waiting (neither
 * verdict nor outcome), else triaged, and then in the place its bill_state names. Charges and model
 * cost are those of the same tickets. Rows in order of key; the total is the caller's sum. */
int report_rows(struct store *s, const char *by, int64_t from_ms, int64_t to_ms, struct arena *a,
                struct report_row **ret, size_t *ret_count, struct trg_err *err);
/* Moments of the first and last ticket; zeroes when there is none. */
int report_span(struct store *s, int64_t *ret_from_ms, int64_t *ret_to_ms, struct trg_err *err);
/* Fills the percentiles of rows that report_rows gave for the same arguments (nearest rank). */
int report_row_costs(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                     struct report_row *rows, size_t count, struct trg_err *err);
/* Tickets that cost more than they were charged, the largest loss first, at most `limit`; the total
 * counts and adds up all of them. Only tickets that are resolved or were charged. */
struct report_loss {
  const char *ref, *helpdesk, *category, *model, *state;
  int64_t charged_micros, model_cost_micros;
};
int report_losses(struct store *s, int64_t from_ms, int64_t to_ms, int limit, struct arena *a,
                  struct report_loss **ret, size_t *ret_count, int64_t *ret_total,
                  int64_t *ret_total_micros, struct trg_err *err);
/* Units that were counted in a month, by outcome (those of ledger_count). */
struct report_units {
  const char *outcome;
  int64_t units, amount_micros;
};
int report_period_units(struct store *s, const char *period, struct arena *a,
                        struct report_units **ret, size_t *ret_count, int64_t *ret_cost_micros,
                        struct trg_err *err);
/* Model cost of each resolved ticket, ascending, for percentiles. */
int report_costs(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                 int64_t **ret_micros, size_t *ret_count, struct trg_err *err);
struct model_use {
  const char *model, *task;
  int64_t calls, ok, input, output, cache_read, cache_write, cost_micros;
  double p50_ms, p99_ms;
};
int report_models(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                  struct model_use **ret, size_t *ret_count, struct trg_err *err);
/* Conservation: 0, or TRG_ECORRUPT with what does not add up. */
int report_conserved(struct store *s, struct trg_err *err);

#endif
