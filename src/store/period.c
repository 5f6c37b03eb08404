#include "store/period.h"

#include <stdio.h>

#include "store/sql.h"

#define PERIOD_COLUMNS                                                                             \
  "period, closed_ms, closed_by, last_seq, last_hash, lines, amount_micros, model_cost_micros,"    \
  " book, book_hash"

static void period_of(struct sql *q, struct arena *a, struct period *p) {
  p->period = sql_get_text(q, a);
  p->closed_ms = sql_get_int(q);
  p->closed_by = sql_get_text(q, a);
  p->last_seq = sql_get_int(q);
  (void)snprintf(p->last_hash, sizeof p->last_hash, "%s", sql_get_text(q, NULL));
  p->lines = sql_get_int(q);
  p->amount_micros = sql_get_int(q);
  p->model_cost_micros = sql_get_int(q);
  p->book = sql_get_text(q, a);
  p->book_hash = sql_get_text(q, a);
}

int period_get(struct store *s, const char *period, struct arena *a, struct period *ret,
               struct trg_err *err) {
  static const char text[] = "SELECT " PERIOD_COLUMNS " FROM period WHERE period = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, period);
  const int rc = sql_one(&q, "closed period", err);
  if (rc != 0) return rc;
  period_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int period_is_closed(struct store *s, const char *period, bool *ret, struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM period WHERE period = ?";
  int64_t n = 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, period);
  const int rc = sql_number(&q, &n, err);
  if (rc == 0) *ret = n > 0;
  return rc;
}

int period_list(struct store *s, struct arena *a, struct period **ret, size_t *ret_count,
                struct trg_err *err) {
  static const char text[] =
      "SELECT " PERIOD_COLUMNS " FROM period UNION ALL"
      " SELECT period, 0, '', 0, '', sum(lines), sum(amount_micros), sum(model_cost_micros), '', ''"
      "  FROM ledger_sum WHERE period NOT IN (SELECT period FROM period) GROUP BY period"
      " ORDER BY 1";
  struct period *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    period_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

static int period_sum(struct store *s, struct period *p, struct trg_err *err) {
  static const char sums[] =
      "SELECT coalesce(sum(lines), 0), coalesce(sum(amount_micros), 0),"
      " coalesce(sum(model_cost_micros), 0) FROM ledger_sum WHERE period = ?";
  static const char last[] = "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1";
  struct sql q;
  sql_read(&q, s, sums);
  sql_text(&q, p->period);
  int rc = sql_one(&q, "sum of the period", err);
  if (rc != 0) return rc;
  p->lines = sql_get_int(&q);
  p->amount_micros = sql_get_int(&q);
  p->model_cost_micros = sql_get_int(&q);
  sql_end(&q);
  p->last_seq = 0;
  p->last_hash[0] = '\0';
  sql_read(&q, s, last);
  rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  p->last_seq = sql_get_int(&q);
  (void)snprintf(p->last_hash, sizeof p->last_hash, "%s", sql_get_text(&q, NULL));
  sql_end(&q);
  return 0;
}

int period_freeze(struct store *s, struct period *p, struct trg_err *err) {
  static const char text[] = "INSERT INTO period (" PERIOD_COLUMNS
                             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  bool closed = false;
  int rc = turn_write(s, err);
  if (rc == 0) rc = period_is_closed(s, p->period, &closed, err);
  if (rc == 0 && closed)
    return err_set(err, TRG_ESTATE, "closed", "%s is closed already", p->period);
  if (rc == 0) rc = period_sum(s, p, err);
  if (rc != 0) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, p->period);
  sql_int(&q, p->closed_ms);
  sql_text(&q, p->closed_by);
  sql_int(&q, p->last_seq);
  sql_text(&q, p->last_hash);
  sql_int(&q, p->lines);
  sql_int(&q, p->amount_micros);
  sql_int(&q, p->model_cost_micros);
  sql_text(&q, p->book);
  sql_text(&q, p->book_hash);
  return sql_run(&q, err);
}

int period_items(struct store *s, const char *period, struct arena *a, struct period_item **ret,
                 size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT helpdesk, kind, outcome, evidence_level, reason, book, corrected, unit_micros,"
      " sum(lines), sum(amount_micros), sum(model_cost_micros) FROM ledger_sum WHERE period = ?"
      " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY helpdesk, kind = 'charge' DESC, kind, outcome,"
      " evidence_level, reason, book, corrected, unit_micros";
  struct period_item *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_text(&q, period);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct period_item *i = &list[n++];
    i->helpdesk = sql_get_text(&q, a);
    i->kind = sql_get_text(&q, a);
    i->outcome = sql_get_text(&q, a);
    i->evidence_level = sql_get_text(&q, a);
    i->reason = sql_get_text(&q, a);
    i->book = sql_get_text(&q, a);
    i->corrected = sql_get_text(&q, a);
    i->unit_micros = sql_get_int(&q);
    i->lines = sql_get_int(&q);
    i->amount_micros = sql_get_int(&q);
    i->model_cost_micros = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
