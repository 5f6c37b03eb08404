#include "store/gap.h"

#include "store/sql.h"
#include "store/tally.h"

int gap_note(struct store *s, const char *subject, const char *what, int64_t at_ms, bool *ret_new,
             struct trg_err *err) {
  static const char known[] =
      "SELECT count(*) FROM gap WHERE subject = ? AND (?2 IS NULL OR what = "
      "?2)";
  static const char put[] = "INSERT INTO gap (subject, what, since_ms) VALUES (?, ?, ?)"
                            " ON CONFLICT (subject) DO UPDATE SET what = excluded.what";
  static const char drop[] = "DELETE FROM gap WHERE subject = ?";
  int64_t there = 0;
  struct sql q;
  sql_read(&q, s, known);
  sql_text(&q, subject);
  sql_text_or_null(&q, what);
  const int rc = sql_number(&q, &there, err);
  if (ret_new != NULL) *ret_new = rc == 0 && what != NULL && there == 0;
  if (rc != 0 || (what != NULL) == (there > 0)) return rc;
  sql_write(&q, s, what != NULL ? put : drop);
  sql_text(&q, subject);
  if (what != NULL) {
    sql_text(&q, what);
    sql_int(&q, at_ms);
  }
  return sql_run(&q, err);
}

int gap_list(struct store *s, int limit, struct arena *a, struct gap **ret, size_t *ret_count,
             int64_t *ret_total, struct trg_err *err) {
  static const char text[] =
      "SELECT subject, what, since_ms FROM gap ORDER BY since_ms, subject LIMIT ?";
  static const char total[] = "SELECT count(*) FROM gap";
  struct gap *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, limit);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].subject = sql_get_text(&q, a);
    list[n].what = sql_get_text(&q, a);
    list[n++].since_ms = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  sql_read(&q, s, total);
  return sql_number(&q, ret_total, err);
}

/* --- totals ---------------------------------------------------------------------------------- */

/* Each gives no row while all is well, else a text that says what is not. */
static const char *const checks[] = {
    "SELECT 'tickets by billing state are ' || b || ', tickets on the road ' || t FROM"
    " (SELECT coalesce(sum(iif(kind = 'bill', n, 0)), 0) AS b,"
    "  coalesce(sum(iif(kind = 'ticket', n, 0)), 0) AS t FROM depth) WHERE b <> t",
    "SELECT 'tickets in the report are ' || c || ', on the road ' || t FROM"
    " (SELECT (SELECT coalesce(sum(tickets), 0) FROM report_cell WHERE dim = 8) AS c,"
    "  (SELECT coalesce(sum(n), 0) FROM depth WHERE kind = 'ticket') AS t) WHERE c <> t",
    "SELECT c.outcome || ' units of ' || c.period || ' in the ledger are ' || c.units"
    " || ', counted were ' || coalesce(s.value, '0') FROM ledger_count c LEFT JOIN setting s"
    " ON s.key = 'billing/' || c.period || '/' || c.outcome"
    " WHERE c.period <> '' AND CAST(coalesce(s.value, '0') AS INTEGER) <> c.units LIMIT 1",
    "SELECT 'charges of ' || period || ' in the ledger are ' || amount || ' micro-dollars, counted"
    " were ' || coalesce(value, '0') FROM (SELECT c.period, sum(c.amount_micros) AS amount,"
    " (SELECT s.value FROM setting s WHERE s.key = 'billing/' || c.period) AS value"
    " FROM ledger_count c WHERE c.period <> '' GROUP BY c.period)"
    " WHERE CAST(coalesce(value, '0') AS INTEGER) <> amount LIMIT 1",
    "SELECT 'model calls cost ' || n || ' micro-dollars, days were charged ' || spent FROM"
    " (SELECT n, (SELECT coalesce(sum(spent_micros), 0) FROM budget_day) AS spent FROM depth"
    "  WHERE kind = 'cost') WHERE n <> spent"};

int totals_conserved(struct store *s, struct trg_err *err) {
  const int applied = tally_apply(s, err);
  if (applied != 0) return applied;
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    struct sql q;
    sql_read(&q, s, checks[i]);
    const int rc = sql_next(&q, err);
    if (rc < 0) return rc;
    if (rc == 0) continue;
    (void)err_set(err, TRG_ECORRUPT, "conservation", "%.200s", sql_get_text(&q, NULL));
    sql_end(&q);
    return TRG_ECORRUPT;
  }
  return 0;
}
