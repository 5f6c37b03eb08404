#include "billing/period.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle.h"
#include "billing/settle_inner.h"
#include "store/period.h"
#include "store/report.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/work.h"

/* One line without a ticket; none when it is there already or is about nothing. */
static int period_line(struct store *s, const struct book *b, const char *period,
                       const char *outcome, int64_t amount_micros, int64_t at_ms, int64_t now_ms,
                       int *ret_lines, struct trg_err *err) {
  if (amount_micros <= 0) return 0;
  struct arena *a = arena_new();
  char key[HASH_HEX_MAX];
  charge_key_of(arena_printf(a, "period:%s", period), outcome, key);
  struct ledger_line there;
  int rc = ledger_live(s, str_of(key), a, &there, err);
  if (rc == TRG_ENOTFOUND) {
    struct ledger_line line = {.kind = "charge",
                               .charge_key = key,
                               .ref = "",
                               .helpdesk = "",
                               .category = "",
                               .model = "",
                               .period = period,
                               .outcome = outcome,
                               .evidence_level = "usage",
                               .rule = arena_printf(a, "period>%s", outcome),
                               .amount_micros = amount_micros,
                               .book = book_name(b),
                               .book_hash = book_hash(b),
                               .evidence = "[]",
                               .reason = "",
                               .at_ms = at_ms,
                               .written_ms = now_ms};
    rc = ledger_append(s, &line, err);
    if (rc == 0) (*ret_lines)++;
  }
  arena_free(&a);
  return rc;
}

int period_fee(struct store *s, const struct book *b, const char *period, int64_t at_ms,
               int64_t now_ms, int *ret_lines, struct trg_err *err) {
  return period_line(s, b, period, "fee", book_fee(b, at_ms), at_ms, now_ms, ret_lines, err);
}

int period_commit(struct store *s, const struct book *b, const char *period, int64_t now_ms,
                  int *ret_lines, struct trg_err *err) {
  int64_t from = 0, to = 0, missing = 0;
  *ret_lines = 0;
  if (time_month_range(period, &from, &to) != 0)
    return err_set(err, TRG_EINVAL, "period", "'%.20s' is no month; write 2026-11", period);
  if (now_ms < to || book_commitment(b, from) == 0) return 0;
  struct arena *a = arena_new();
  struct book_place place = {0};
  int rc = place_read(s, period, "", a, &place, NULL, err);
  arena_free(&a);
  if (rc == 0 && money_sub(book_commitment(b, from), place.spent_micros, &missing) != 0)
    rc = err_set(err, TRG_ELIMIT, "period", "the commitment of %s overflows", period);
  if (rc != 0) return rc;
  return period_line(s, b, period, "commitment", missing, to - 1, now_ms, ret_lines, err);
}

/* --- closing ---------------------------------------------------------------------------------- */

/* A period takes no lines after its close: a charge or correction of later goes into the month of
 * now. Should the clock have been set back behind a close, into the first one that is open. */
int period_open_for(struct store *s, const char *wanted, int64_t now_ms, char out[8],
                    struct trg_err *err) {
  bool closed = false;
  int64_t from = 0, to = 0;
  (void)snprintf(out, 8, "%s", wanted);
  int rc = period_is_closed(s, out, &closed, err);
  if (rc == 0 && closed) time_month(now_ms, out);
  while (rc == 0 && closed) {
    rc = period_is_closed(s, out, &closed, err);
    if (rc != 0 || !closed) break;
    BUG_UNLESS(time_month_range(out, &from, &to) == 0);
    time_month(to, out);
  }
  return rc;
}

int correction_begin(struct store *s, const struct book *b, const struct ledger_line *l,
                     int64_t now_ms, struct correction *ret, struct trg_err *err) {
  char now[8];
  const int rc = period_open_for(s, l->period, now_ms, ret->period, err);
  if (rc != 0) return rc;
  time_month(now_ms, now);
  ret->closed = strcmp(ret->period, l->period) != 0;
  ret->own_month = !ret->closed && (l->amount_micros == 0 || strcmp(now, l->period) <= 0);
  if (!ret->closed && !ret->own_month) (void)snprintf(ret->period, sizeof ret->period, "%s", now);
  ret->line = *l;
  ret->line.kind = ret->own_month || l->amount_micros == 0 ? "reversal" : "credit";
  ret->line.corrects = l->seq;
  ret->line.period = ret->period;
  ret->line.amount_micros = -l->amount_micros;
  ret->line.model_cost_micros = 0;
  ret->line.book = book_name(b);
  ret->line.book_hash = book_hash(b);
  ret->line.at_ms = now_ms;
  ret->line.written_ms = now_ms;
  return 0;
}

#define CLOSE_BATCH 64

static int settle_all_due(struct store *s, const struct book *b, int64_t now_ms, int64_t *ret,
                          struct trg_err *err) {
  int64_t ids[CLOSE_BATCH];
  size_t n = CLOSE_BATCH;
  int rc = 0;
  for (*ret = 0; rc == 0 && n == CLOSE_BATCH; *ret += (int64_t)n) {
    rc = ticket_settle_due(s, now_ms, CLOSE_BATCH, ids, &n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
      struct settled done;
      rc = settle_ticket(s, b, ids[i], now_ms, &done, err);
    }
  }
  return rc;
}

/* A guarantee whose time ended by the end of this period and was not broken so far is looked at
 * once: resolved of triaged tickets that were opened in its time. */
static int guarantee_line(struct store *s, const struct book *b, const struct book_guarantee *g,
                          const char *period, int64_t now_ms, struct arena *a,
                          struct trg_err *err) {
  struct report_row *rows = NULL;
  size_t n = 0;
  int64_t resolved = 0, triaged = 0, charged = 0, refund = 0;
  int rc = report_rows(s, "helpdesk", g->from_ms, g->to_ms, a, &rows, &n, err);
  for (size_t i = 0; i < n && rc == 0; i++) {
    resolved += rows[i].resolved;
    triaged += rows[i].triaged;
    charged += rows[i].charged_micros;
  }
  if (rc != 0 || triaged == 0 || resolved * 100 > g->percent * triaged) return rc;
  if (money_scale(charged, g->refund, 100, &refund) != 0)
    return err_set(err, TRG_ELIMIT, "period", "the refund of %s overflows", period);
  if (refund <= 0) return 0;
  char key[HASH_HEX_MAX];
  charge_key_of(arena_printf(a, "period:%s", period), "guarantee", key);
  struct ledger_line line = {.kind = "credit",
                             .charge_key = key,
                             .ref = "",
                             .helpdesk = "",
                             .category = "",
                             .model = "",
                             .period = period,
                             .outcome = "guarantee",
                             .evidence_level = "usage",
                             .rule = arena_printf(a,
                                                  "guarantee>%lld of %lld tickets, not above "
                                                  "%lld%%>refund %lld%%",
                                                  (long long)resolved, (long long)triaged,
                                                  (long long)g->percent, (long long)g->refund),
                             .amount_micros = -refund,
                             .book = book_name(b),
                             .book_hash = book_hash(b),
                             .evidence = "[]",
                             .reason = "guarantee",
                             .at_ms = g->to_ms,
                             .written_ms = now_ms};
  return ledger_append(s, &line, err);
}

static int guarantees_keep(struct store *s, const struct book *b, const char *period,
                           int64_t now_ms, struct trg_err *err) {
  struct book_guarantee g;
  struct arena *a = arena_new();
  int64_t from = 0, to = 0;
  int rc = 0;
  BUG_UNLESS(time_month_range(period, &from, &to) == 0);
  for (size_t i = 0; rc == 0 && book_guarantee(b, i, &g); i++)
    if (g.percent > 0 && g.to_ms > from && g.to_ms <= to)
      rc = guarantee_line(s, b, &g, period, now_ms, a, err);
  arena_free(&a);
  return rc;
}

static int may_close(struct store *s, const char *period, int64_t now_ms, struct trg_err *err) {
  int64_t from = 0, to = 0;
  bool closed = false;
  char end[TIME_RFC3339_MAX];
  if (time_month_range(period, &from, &to) != 0)
    return err_set(err, TRG_EINVAL, "period", "'%.20s' is no month; write 2026-11", period);
  if (now_ms < to)
    return err_set(err, TRG_ESTATE, "not_over", "%s is not over: it can be closed from %s on",
                   period, time_format(to, end));
  const int rc = period_is_closed(s, period, &closed, err);
  if (rc == 0 && closed) return err_set(err, TRG_ESTATE, "closed", "%s is closed already", period);
  return rc;
}

int period_close(struct store *s, const struct book *b, const char *period, const char *who,
                 int64_t now_ms, struct period_closed *ret, struct trg_err *err) {
  *ret = (struct period_closed){0};
  struct period p = {.period = period,
                     .closed_ms = now_ms,
                     .closed_by = who,
                     .book = book_name(b),
                     .book_hash = book_hash(b)};
  int lines = 0;
  int rc = may_close(s, period, now_ms, err);
  if (rc == 0) rc = settle_all_due(s, b, now_ms, &ret->settled, err);
  if (rc == 0) rc = period_commit(s, b, period, now_ms, &lines, err);
  if (rc == 0) rc = guarantees_keep(s, b, period, now_ms, err);
  if (rc == 0) rc = period_freeze(s, &p, err);
  if (rc == 0) rc = audit_add(s, who, "period close", period, p.last_hash, now_ms, err);
  if (rc != 0) return rc;
  ret->lines = p.lines;
  ret->amount_micros = p.amount_micros;
  return 0;
}
