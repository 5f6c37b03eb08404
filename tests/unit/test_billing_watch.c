/* Conservation: a gap of one is found at the next settling, told, and forgotten once it is gone. */
#include "test_billing_help.h"

#include <sqlite3.h>

#include "base/log.h"
#include "billing/watch.h"
#include "store/gap.h"
#include "store/report.h"
#include "store/work.h"

static int64_t charged(struct desk *d, const struct book *b, const char *ext_id) {
  const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, "ann", false, T0 - HOUR);
  asked(d, id, T0 - HOUR);
  answered(d, id, T0 - HOUR + MINUTE);
  told(d, id, "signal", "customer", "confirm", "", T0);
  assert_int_equal(settle(d, b, id, T0).lines, 1);
  return id;
}

/* As the daemon does after a batch; how many gaps there are then. */
static int64_t watched(struct desk *d, const struct book *b, int64_t ticket) {
  struct gap *g = NULL;
  size_t n = 0;
  int64_t total = 0;
  must(d, watch_ticket(d->s, b, ticket, T0, &d->err));
  must(d, watch_totals(d->s, T0, &d->err));
  must(d, turn_flush(d->s, &d->err));
  must(d, gap_list(d->s, 1, d->a, &g, &n, &total, &d->err));
  return total;
}

static const char *first_gap(struct desk *d) {
  struct gap *g = NULL;
  size_t n = 0;
  int64_t total = 0;
  must(d, gap_list(d->s, 1, d->a, &g, &n, &total, &d->err));
  return n == 0 ? "" : arena_printf(d->a, "%s: %s", g->subject, g->what);
}

/* Damage that the store itself would refuse. */
static void damage(struct desk *d, const char *sql) {
  sqlite3 *db = NULL;
  char *text = NULL, *path = file_join(d->dir, "triaged.db");
  store_close(&d->s);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) fail_msg("%s: %s", sql, text);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  mem_free(path);
  must(d, store_open(d->dir, &d->s, &d->err));
}

/* Found, told by the full check too; put right, it is gone. */
static void gap_of(struct desk *d, const char *wrong, const char *right, const char *told_as) {
  struct book *b = book_builtin();
  const int64_t id = charged(d, b, "1");
  assert_int_equal(watched(d, b, id), 0);
  damage(d, wrong);
  assert_int_equal(watched(d, b, id), 1);
  if (strstr(first_gap(d), told_as) == NULL) fail_msg("'%s' in: %s", told_as, first_gap(d));
  assert_int_equal(report_conserved(d->s, &d->err), TRG_ECORRUPT);
  damage(d, right);
  must(d, report_rebuild(d->s, &d->err)); /* roll-ups follow rows that came from outside */
  assert_int_equal(watched(d, b, id), 0);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_a_unit_counted_that_the_ledger_lacks(void **state) {
  gap_of(*state, "UPDATE setting SET value = '2' WHERE key = 'billing/2026-11/resolution'",
         "UPDATE setting SET value = '1' WHERE key = 'billing/2026-11/resolution'",
         "resolution units of 2026-11 in the ledger are 1, counted were 2");
}

static void test_a_micro_dollar_counted_that_the_ledger_lacks(void **state) {
  gap_of(*state, "UPDATE setting SET value = '990001' WHERE key = 'billing/2026-11'",
         "UPDATE setting SET value = '990000' WHERE key = 'billing/2026-11'",
         "charges of 2026-11 in the ledger are 990000 micro-dollars, counted were 990001");
}

static void test_a_charged_ticket_that_is_not_resolved(void **state) {
  gap_of(*state, "UPDATE ticket SET bill_state = 'excluded'",
         "UPDATE ticket SET bill_state = 'resolved'",
         "support/1: it is excluded and has a charge that stands");
}

static void test_a_ticket_that_is_in_no_billing_state(void **state) {
  gap_of(*state, "UPDATE depth SET n = n - 1 WHERE kind = 'bill' AND word = 'resolved'",
         "UPDATE depth SET n = n + 1 WHERE kind = 'bill' AND word = 'resolved'",
         "tickets by billing state are 0, tickets on the road 1");
}

static void test_a_charge_that_the_evidence_does_not_give(void **state) {
  gap_of(*state,
         "DROP TRIGGER event_stays; CREATE TABLE kept AS SELECT * FROM event WHERE actor = 'ai';"
         " DELETE FROM event WHERE actor = 'ai'",
         "INSERT INTO event SELECT * FROM kept", "support/1: ");
}

static void test_a_model_call_that_no_day_was_charged_for(void **state) {
  gap_of(*state, "UPDATE depth SET n = n + 1 WHERE kind = 'cost'",
         "UPDATE depth SET n = n - 1 WHERE kind = 'cost'",
         "model calls cost 1 micro-dollars, days were charged 0");
}

static void test_rows_that_another_program_wrote(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = charged(d, b, "1");
  damage(d, "INSERT INTO inbox_ticket (helpdesk, ext_id, state, seq, source, told_ms, due_ms)"
            " VALUES ('support', '77', 'dead', 1, 'poll', 0, 0)");
  assert_int_equal(report_conserved(d->s, &d->err), TRG_ECORRUPT);
  assert_non_null(strstr(d->err.text, "'support' of 'inbox dead' is 0, the rows give 1"));
  damage(d, "DELETE FROM inbox_ticket; INSERT INTO model_call (ticket_id, pass, task, model,"
            " backend, vendor_model, started_ms, outcome, reserved_micros, cost_micros,"
            " prompt_hash, skills_hash, conf_hash, shadow)"
            " VALUES (1, 1, 'triage', 'm', 'b', 'v', 1793613600000, 'ok', 0, 1, '', '', '', 0)");
  assert_int_equal(report_conserved(d->s, &d->err), TRG_ECORRUPT);
  must(d, report_rebuild(d->s, &d->err)); /* which shows what is really amiss */
  assert_int_equal(watched(d, b, id), 1);
  assert_non_null(strstr(first_gap(d), "model calls cost 1 micro-dollars, days were charged 0"));
  damage(d, "INSERT INTO budget_day VALUES ('2026-11-02', 1, 0)");
  assert_int_equal(watched(d, b, id), 0);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_a_roll_up_that_is_not_its_lines(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  (void)charged(d, b, "1");
  must(d, report_conserved(d->s, &d->err));
  damage(d, "UPDATE ledger_sum SET amount_micros = amount_micros + 1");
  assert_int_equal(report_conserved(d->s, &d->err), TRG_ECORRUPT);
  assert_non_null(strstr(d->err.text, "the lines give 0 more, -1 micro-dollars more"));
  book_free(&b);
}

static void test_a_ticket_that_the_report_does_not_count(void **state) {
  gap_of(*state, "UPDATE report_cell SET tickets = tickets + 1 WHERE dim = 8",
         "UPDATE report_cell SET tickets = tickets - 1 WHERE dim = 8",
         "tickets in the report are 2, on the road 1");
}

/* What a program that ended between two writes of one settling would leave. */
static void test_a_line_without_its_counters_and_state(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = charged(d, b, "1");
  struct ledger_line half = {.kind = "charge",
                             .charge_key = "half",
                             .ticket_id = id,
                             .ref = "support/1",
                             .helpdesk = "support",
                             .period = "2026-11",
                             .outcome = "resolution",
                             .evidence_level = "assumed",
                             .rule = "",
                             .amount_micros = 990000,
                             .book = book_name(b),
                             .book_hash = book_hash(b)};
  must(d, ledger_append(d->s, &half, &d->err));
  assert_int_equal(watched(d, b, id), 2); /* the ticket's evidence, and the totals */
  assert_int_equal(report_conserved(d->s, &d->err), TRG_ECORRUPT);
  book_free(&b);
}

static void test_a_state_without_its_line(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", false, T0);
  must(d, ticket_bill(d->s, id, TRG_STR("resolved"), TRG_STR(""), 0, &d->err));
  assert_int_equal(watched(d, b, id), 1);
  assert_non_null(strstr(first_gap(d), "resolved and has no charge"));
  book_free(&b);
}

/* Totals that stay the same, and rows that do not. */
static void test_damage_that_keeps_the_totals_is_found_too(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  static const char *const wrong[] = {
      "UPDATE ledger_sum SET helpdesk = 'other'",
      "UPDATE ledger_sum SET evidence_level = 'verified'",
      "UPDATE ledger_sum SET unit_micros = 1",
      "UPDATE ledger_sum SET day = '2026-11-30'",
      "UPDATE ledger_count SET outcome = 'other'",
      "INSERT INTO ledger_count VALUES ('2025-01', 'resolution', 1, 5)",
      "DELETE FROM ledger_sum",
      "DELETE FROM ledger_count",
  };
  (void)charged(d, b, "1");
  must(d, report_conserved(d->s, &d->err));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char sql[400];
    damage(d, "CREATE TABLE sums_kept AS SELECT * FROM ledger_sum;"
              "CREATE TABLE counts_kept AS SELECT * FROM ledger_count");
    (void)snprintf(sql, sizeof sql, "%s", wrong[i]);
    damage(d, sql);
    if (report_conserved(d->s, &d->err) != TRG_ECORRUPT) fail_msg("not found: %s", wrong[i]);
    damage(d, "DELETE FROM ledger_sum; INSERT INTO ledger_sum SELECT * FROM sums_kept;"
              "DELETE FROM ledger_count; INSERT INTO ledger_count SELECT * FROM counts_kept;"
              "DROP TABLE sums_kept; DROP TABLE counts_kept");
    must(d, report_conserved(d->s, &d->err));
  }
  book_free(&b);
}

static int quiet(void **state) {
  (void)state;
  log_init(TRG_ERROR, LOG_TEXT, fopen("/dev/null", "we"));
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_unit_counted_that_the_ledger_lacks),
      TEST(test_a_micro_dollar_counted_that_the_ledger_lacks),
      TEST(test_a_charged_ticket_that_is_not_resolved),
      TEST(test_a_ticket_that_is_in_no_billing_state),
      TEST(test_a_charge_that_the_evidence_does_not_give),
      TEST(test_a_model_call_that_no_day_was_charged_for),
      TEST(test_rows_that_another_program_wrote),
      TEST(test_a_roll_up_that_is_not_its_lines),
      TEST(test_a_ticket_that_the_report_does_not_count),
      TEST(test_a_line_without_its_counters_and_state),
      TEST(test_a_state_without_its_line),
      TEST(test_damage_that_keeps_the_totals_is_found_too),
  };
  return cmocka_run_group_tests(tests, quiet, NULL);
}
