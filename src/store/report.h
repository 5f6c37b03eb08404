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
      cost_p95_micros;      /* model cost of its resolved tickets; by report_row_costs */
  int64_t procedure, usage; /* more evidence levels; usage: nothing but charges for use */
};
/* Tickets opened at the helpdesk (created_ms) in [from, to), to 0: without an end; grouped by
 * helpdesk|category|model|team|language|priority|day|month|outcome|reason, "(none)" where that is
 * not known. Each ticket stands in one place: failed (dead and not billed), else waiting (neither
 * verdict nor outcome), else triaged, and then in the place its bill_state names. Charges and model
 * cost are those of the same tickets. Rows in order of key; the total is the caller's sum.
 * Read from roll-ups of days, so that it takes what the days and groups are and not what the
 * tickets are; of a day that the range cuts, the tickets are read. */
int report_rows(struct store *s, const char *by, int64_t from_ms, int64_t to_ms, struct arena *a,
                struct report_row **ret, size_t *ret_count, struct trg_err *err);
/* Moments of the first and last ticket; zeroes when there is none. */
int report_span(struct store *s, int64_t *ret_from_ms, int64_t *ret_to_ms, struct trg_err *err);
/* Fills the percentiles of rows that report_rows gave for the same arguments: nearest rank, by a
 * distribution whose bins hold one value below 64 micro-dollars, and above that values that differ
 * by less than 1/32; what is told is the mean of the bin. So a percentile is exact where costs are
 * equal, and else off by less than 3.2 %. Finer bins would be as many as tickets. */
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
/* The same percentiles over all resolved tickets. */
int report_costs(struct store *s, int64_t from_ms, int64_t to_ms, int64_t *ret_p50_micros,
                 int64_t *ret_p95_micros, struct trg_err *err);
struct model_use {
  const char *model, *task;
  int64_t calls, ok, input, output, cache_read, cache_write, cost_micros;
  double p50_ms, p99_ms;
};
/* Latencies by a distribution like that of costs. */
int report_models(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                  struct model_use **ret, size_t *ret_count, struct trg_err *err);
/* The roll-ups, a day (counted since 1970) at a time. Next: the first day after `after_day` that
 * has tickets, calls or roll-ups, or TRG_ENOTFOUND. Check: 0, or TRG_ECORRUPT with which number is
 * not what its rows give. Rebuild: makes the day's roll-ups again from its rows, in this turn. */
int report_day_next(struct store *s, int64_t after_day, int64_t *ret_day, struct trg_err *err);
int report_day_check(struct store *s, int64_t day, struct trg_err *err);
int report_day_rebuild(struct store *s, int64_t day, struct trg_err *err);
/* How many rows there are of a kind (tickets by state, what waits, what calls cost): the same, of
 * all rows at once. */
int report_depth_check(struct store *s, struct trg_err *err);
int report_depth_rebuild(struct store *s, struct trg_err *err);
/* All days, and the depths; rebuilding commits after each. */
int report_check(struct store *s, struct trg_err *err);
int report_rebuild(struct store *s, struct trg_err *err);
/* Conservation: 0, or TRG_ECORRUPT with what does not add up. */
int report_conserved(struct store *s, struct trg_err *err);

#endif
