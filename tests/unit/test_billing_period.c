/* Closed periods: frozen invoices, and where later lines go. */
#include "test_billing_help.h"

#include <sqlite3.h>

#include "billing/period.h"
#include "store/period.h"
#include "store/report.h"

#define DECEMBER INT64_C(1796083200000) /* 2026-12-01 */

static struct period_closed closed(struct desk *d, const struct book *b, const char *period,
                                   int64_t now_ms) {
  struct period_closed ret;
  must(d, period_close(d->s, b, period, "ann", now_ms, &ret, &d->err));
  must(d, turn_flush(d->s, &d->err));
  return ret;
}

static int64_t items_total(struct desk *d, const char *period, int64_t *ret_lines) {
  struct period_item *i = NULL;
  size_t n = 0;
  int64_t sum = 0;
  must(d, period_items(d->s, period, d->a, &i, &n, &d->err));
  *ret_lines = 0;
  for (size_t k = 0; k < n; k++) {
    sum += i[k].amount_micros;
    *ret_lines += i[k].lines;
    assert_int_equal(i[k].amount_micros, i[k].unit_micros * i[k].lines);
  }
  return sum;
}

/* By a connection of its own, as somebody with a shell would. */
static int by_sql(struct desk *d, const char *sql) {
  sqlite3 *db = NULL;
  char *path = file_join(d->dir, "triaged.db");
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  mem_free(path);
  const int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return rc;
}

static void test_closing_settles_what_is_due_and_freezes_the_total(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t one = solved(d, "1", T0);
  (void)solved(d, "2", T0 + HOUR); /* due, not settled yet */
  assert_int_equal(settle(d, b, one, T0).lines, 1);
  const struct period_closed c = closed(d, b, "2026-11", DECEMBER);
  assert_int_equal(c.settled, 1);
  assert_int_equal(c.lines, 2);
  assert_int_equal(c.amount_micros, 1980000);
  struct period p;
  must(d, period_get(d->s, "2026-11", d->a, &p, &d->err));
  assert_int_equal(p.last_seq, 2);
  assert_string_equal(p.closed_by, "ann");
  assert_string_equal(p.book_hash, book_hash(b));
  int64_t lines = 0;
  assert_int_equal(items_total(d, "2026-11", &lines), p.amount_micros);
  assert_int_equal(lines, p.lines);
  book_free(&b);
}

static void test_a_month_that_is_not_over_or_closed_already_is_refused(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct period_closed c;
  assert_int_equal(period_close(d->s, b, "2026-11", "ann", DECEMBER - 1, &c, &d->err), TRG_ESTATE);
  assert_string_equal(d->err.code, "not_over");
  assert_int_equal(period_close(d->s, b, "November", "ann", DECEMBER, &c, &d->err), TRG_EINVAL);
  (void)closed(d, b, "2026-11", DECEMBER);
  assert_int_equal(period_close(d->s, b, "2026-11", "ann", DECEMBER, &c, &d->err), TRG_ESTATE);
  assert_string_equal(d->err.code, "closed");
  book_free(&b);
}

static void test_a_correction_of_a_closed_period_is_a_credit_in_the_open_one(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", DECEMBER - DAY);
  (void)settle(d, b, id, DECEMBER - DAY);
  (void)closed(d, b, "2026-11", DECEMBER);
  asked(d, id, DECEMBER + HOUR);
  (void)settle(d, b, id, DECEMBER + HOUR);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 2);
  assert_string_equal(l[1].kind, "credit");
  assert_string_equal(l[1].period, "2026-12");
  assert_int_equal(l[1].corrects, l[0].seq);
  int64_t lines = 0;
  assert_int_equal(items_total(d, "2026-11", &lines), 990000);
  assert_int_equal(items_total(d, "2026-12", &lines), -990000);
  struct period_item *i = NULL;
  size_t n = 0;
  must(d, period_items(d->s, "2026-12", d->a, &i, &n, &d->err));
  assert_string_equal(i[0].corrected, "2026-11");
  recount_equal(d, b, DECEMBER + DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void
test_a_resolution_of_a_closed_period_learnt_of_late_stands_in_the_open_one(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  (void)closed(d, b, "2026-11", DECEMBER);
  const int64_t id = solved(d, "1", DECEMBER - DAY);
  (void)settle(d, b, id, DECEMBER + DAY);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 1);
  assert_string_equal(l[0].period, "2026-12");
  assert_int_equal(l[0].at_ms, DECEMBER - DAY);
  recount_equal(d, b, DECEMBER + DAY);
  book_free(&b);
}

#define INCLUDED                                                                                   \
  "book: test\nversions:\n  - effective: 2026-01-01\n    scope: conversation\n"                    \
  "    window: {basis: last_ai_answer, length: 24h}\n"                                             \
  "    evidence: {assumed: accept, confirmed: accept, procedure: refuse}\n"                        \
  "    voids: [human_requested, human_answered, handoff, negative, spam, greeting_only,"           \
  " note_only, csat_bad, edited, approved, deleted, merged]\n"                                     \
  "    thanks: confirm\n    reversal: {reach: any_period}\n"                                       \
  "    meters:\n      - {meter: m, unit: resolution, outcomes: {resolution: 1.00}, included: 1}\n"

static void
test_a_charge_of_nothing_in_a_closed_period_is_taken_back_in_the_open_one(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(INCLUDED);
  const int64_t free_one = solved(d, "1", DECEMBER - 2 * DAY);
  const int64_t paid_one = solved(d, "2", DECEMBER - DAY);
  (void)settle(d, b, free_one, DECEMBER - 2 * DAY);
  (void)settle(d, b, paid_one, DECEMBER - DAY);
  (void)closed(d, b, "2026-11", DECEMBER);
  asked(d, free_one, DECEMBER + HOUR);
  (void)settle(d, b, free_one, DECEMBER + HOUR);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, free_one, &l), 2);
  assert_string_equal(l[1].kind, "reversal");
  assert_string_equal(l[1].period, "2026-12");
  /* The first of December is still the included one. */
  const int64_t next = solved(d, "3", DECEMBER + 2 * HOUR);
  (void)settle(d, b, next, DECEMBER + 2 * HOUR);
  assert_int_equal(net_of(d, next), 0);
  recount_equal(d, b, DECEMBER + DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_sql_changes_neither_a_closed_period_nor_a_line_nor_adds_one(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  (void)closed(d, b, "2026-11", DECEMBER);
  store_close(&d->s);
  static const char *const forbidden[] = {
      "UPDATE period SET amount_micros = 0", "DELETE FROM period",
      "UPDATE ledger SET amount_micros = 0 WHERE seq = 1", "DELETE FROM ledger",
      "INSERT INTO ledger SELECT 2, 'credit', charge_key, 1, ticket_id, ref, helpdesk, category,"
      " model, period, outcome, evidence_level, rule, -1, 0, book, book_hash, evidence, reason,"
      " at_ms, written_ms, hash, 'x' FROM ledger WHERE seq = 1"};
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
    assert_int_not_equal(by_sql(d, forbidden[i]), SQLITE_OK);
  must(d, store_open(d->dir, &d->s, &d->err));
  int64_t count = 0, bad = 0;
  must(d, ledger_verify(d->s, &count, &bad, &d->err));
  assert_int_equal(count, 1);
  book_free(&b);
}

static void test_periods_are_listed_with_those_that_are_open(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct period *p = NULL;
  size_t n = 0;
  (void)settle(d, b, solved(d, "1", T0), T0);
  (void)closed(d, b, "2026-11", DECEMBER);
  (void)settle(d, b, solved(d, "2", DECEMBER + DAY), DECEMBER + DAY);
  must(d, period_list(d->s, d->a, &p, &n, &d->err));
  assert_int_equal(n, 2);
  assert_string_equal(p[0].period, "2026-11");
  assert_int_equal(p[0].closed_ms, DECEMBER);
  assert_string_equal(p[1].period, "2026-12");
  assert_int_equal(p[1].closed_ms, 0);
  assert_int_equal(p[1].amount_micros, 990000);
  book_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_closing_settles_what_is_due_and_freezes_the_total),
      TEST(test_a_month_that_is_not_over_or_closed_already_is_refused),
      TEST(test_a_correction_of_a_closed_period_is_a_credit_in_the_open_one),
      TEST(test_a_resolution_of_a_closed_period_learnt_of_late_stands_in_the_open_one),
      TEST(test_a_charge_of_nothing_in_a_closed_period_is_taken_back_in_the_open_one),
      TEST(test_sql_changes_neither_a_closed_period_nor_a_line_nor_adds_one),
      TEST(test_periods_are_listed_with_those_that_are_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
