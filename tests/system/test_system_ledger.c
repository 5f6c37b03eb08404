/* Money by the command line: closing, exporting, verifying, disputing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>
#include <sqlite3.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;

#define LINE(id)                                                                                   \
  "{\"id\":\"" id "\",\"subject\":\"My parcel\",\"body\":\"Where is my parcel? The tracking has "  \
  "not moved.\",\"requester\":{\"name\":\"Person " id "\",\"email\":\"p" id "@example.com\"},"     \
  "\"created_at\":\"2026-11-20T08:00:00Z\"}\n"

/* It is 20 November; two tickets, answered and silent: by December both are charged. */
static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_file(&R, "tickets.jsonl", LINE("1") LINE("2"));
  rig_sim(&R, "--seed 3 --time 2026-11-20T10:00:00Z --behaviour off");
  rig_conf(&R, NULL);
  rig_later(&R, "1s");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_later(&R, "20d");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges"), 2);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void run(const char *args, int want) {
  char *out = NULL;
  const int status = rig_run(&R, "triagectl", args, &out);
  if (status != want) {
    char *err = rig_read(&R, "err.log");
    fail_msg("triagectl %s ended with %d, not %d:\n%s%s", args, status, want, out, err);
  }
  free(out);
}

static void says(const char *args, int want, const char *text) {
  char *out = NULL;
  unlink(rig_path(&R, "err.log"));
  const int status = rig_run(&R, "triagectl", args, &out);
  char *err = rig_read(&R, "err.log");
  if (status != want)
    fail_msg("triagectl %s ended with %d, not %d:\n%s%s", args, status, want, out, err);
  if (strstr(out, text) == NULL && (err == NULL || strstr(err, text) == NULL))
    fail_msg("triagectl %s did not say \"%s\":\n%s%s", args, text, out, err);
  free(err);
  free(out);
}

/* --- periods ---------------------------------------------------------------------------------- */

static void a_closed_month_is_frozen_and_its_invoice_equals_the_ledger(void **state) {
  (void)state;
  says("period close 2026-12", 1, "not over");
  says("--format json period close 2026-11 --as ann", 0, "\"total\": \"1.980000\"");
  says("period close 2026-11", 1, "closed already");
  says("--format json invoice --month 2026-11", 0, "\"period\": \"closed\"");
  says("--format json invoice --month 2026-11", 0, "\"total\": \"1.980000\"");
  says("invoice --month 2026-11", 0, "closed ");
  says("--format csv period list", 0, "2026-11,closed,2,1.980000");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'period close' AND who "
                               "LIKE 'ann%' AND object = '2026-11'"),
                   1);
  run("ledger verify", 0);
  run("ledger recount", 0);
}

static void a_running_daemon_closes_a_month_too(void **state) {
  (void)state;
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "ready");
  says("--format json period close 2026-11", 0, "\"closed\": true");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM period"), 1);
}

/* --- exports ---------------------------------------------------------------------------------- */

static void keyed(void) {
  char args[400];
  snprintf(args, sizeof args, "ledger keygen --output %s", rig_path(&R, "ledger.key"));
  run(args, 0);
  says(args, 1, "not overwritten");
  char *conf = rig_read(&R, "triaged.yaml"), more[8192];
  snprintf(more, sizeof more, "%sbilling: {signing_key: \"${file:ledger.key}\"}\n", conf);
  rig_file(&R, "triaged.yaml", more);
  free(conf);
}

static void a_signed_export_is_verified_without_the_database(void **state) {
  char args[900], path[300], pub[300];
  (void)state;
  says("ledger export --signed", 78, "ledger keygen");
  keyed();
  snprintf(path, sizeof path, "%s", rig_path(&R, "export.jsonl"));
  snprintf(pub, sizeof pub, "%s", rig_path(&R, "ledger.key.pub"));
  snprintf(args, sizeof args, "ledger export --signed --output %s", path);
  run(args, 0);
  assert_int_equal(unlink(rig_path(&R, "triaged.yaml")), 0); /* nothing of ours is needed */
  snprintf(args, sizeof args, "ledger verify --file %s --key %s", path, pub);
  says(args, 0, "the signature is good");
  char *text = rig_read(&R, "export.jsonl");
  char *digit = strstr(text, "\"amount_micros\":990000,");
  assert_non_null(digit);
  digit[16] = '8';
  rig_file(&R, "export.jsonl", text);
  says(args, 1, "ledger line 1 does not match its hash");
  free(text);
}

static void a_line_changed_in_the_file_is_found_with_its_number(void **state) {
  sqlite3 *db = NULL;
  (void)state;
  char path[300];
  snprintf(path, sizeof path, "%s", rig_path(&R, "state/triaged.db"));
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_not_equal(sqlite3_exec(db, "UPDATE ledger SET amount_micros = 1", NULL, NULL, NULL),
                       SQLITE_OK);
  assert_int_not_equal(sqlite3_exec(db, "DELETE FROM ledger", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db,
                                "DROP TRIGGER ledger_kept; UPDATE ledger SET amount_micros = 1"
                                " WHERE seq = 2",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  says("ledger verify", 1, "ledger line 2 does not match its hash");
}

static void the_ledger_is_written_for_cost_tools(void **state) {
  (void)state;
  says("ledger export --focus", 0, "0.990000,");
  says("ledger export --focus", 0, ",Usage,,resolution charge,Usage-Based,");
  says("--format json ledger export --focus", 2, "is CSV");
  says("--format csv forecast --month 2026-11", 0, "2x,4,3.960000,");
  says("forecast --month November", 2, "no month");
}

static void a_vendors_tag_is_a_claim(void **state) {
  (void)state;
  rig_conf_change(&R, "mode: auto,", "mode: auto, resolved_tag: bot_solved,", NULL);
  rig_add(&R, "{\"id\":\"7\",\"subject\":\"My parcel\",\"body\":\"Where is it?\",\"tags\":["
              "\"bot_solved\"],\"requester\":{\"name\":\"P\",\"email\":\"p7@example.com\"}}\n");
  rig_later(&R, "1m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event WHERE kind = 'vendor' AND value = "
                               "'resolved'"),
                   1);
  says("--format json ledger recount --vendor facts", 0, "\"claim\":\"resolved\"");
}

static void a_vendors_list_is_judged(void **state) {
  char args[400];
  (void)state;
  rig_file(&R, "list.csv", "ref,amount\nshop/1,0.99\nshop/2,1.50\nshop/77,0.99\n");
  snprintf(args, sizeof args, "--format json ledger recount --vendor %s", rig_path(&R, "list.csv"));
  says(args, 0, "\"over\": {");
  says(args, 0, "\"amount\": \"0.510000\"");
  says("ledger recount --vendor facts", 0, "nothing");
}

static void all_books_are_compared_side_by_side(void **state) {
  (void)state;
  char *books = realpath("config/books",
                         NULL); /* beside the configuration, wherever it was built */
  assert_non_null(books);
  assert_int_equal(symlink(books, rig_path(&R, "books")), 0);
  free(books);
  says("--format csv ledger recount --book all", 0, "per-resolution,2,1.980000,0.000000,true,");
  says("--format csv ledger recount --book all", 0,
       "\r\nagentforce-flex,0,0.000000,-1.980000,false,");
  says("--format csv ledger recount --book all", 0, "\r\nfin,2,1.980000,0.000000,false,");
  says("--format csv ledger recount --book all", 0, "\r\nzendesk,");
}

static void an_invoice_is_a_page_with_cents_and_words(void **state) {
  (void)state;
  run("dispute open shop/1 --reason unsolved --as customer", 0);
  run("dispute decide 1 --verdict credited --reason right --as finance", 0);
  says("--format html invoice --month 2026-11", 0, "<td class=\"n\">1.98</td>");
  says("--format html invoice --month 2026-12", 0, "an objection was granted");
  says("--format html invoice --month 2026-11", 0, "Price book per-resolution: $0.99 per resolved");
  says("invoice --month 2026-09", 0, "no entry of this month");
}

/* --- disputes --------------------------------------------------------------------------------- */

static void a_dispute_is_opened_decided_and_audited(void **state) {
  (void)state;
  says("--format json dispute open shop/1 --reason unsolved --as customer", 0, "\"dispute\": 1");
  says("dispute open shop/1 --reason again", 1, "in dispute already");
  run("dispute evidence 1 --reason mail_of_monday", 0);
  says("--format csv dispute list", 0, "1,open,shop/1,");
  says("dispute decide 1 --verdict maybe --reason x", 2, "upheld");
  says("--format json dispute decide 1 --verdict credited --reason right --as finance", 0,
       "\"amount\": \"-0.990000\"");
  says("dispute show 1", 0, "finance (by ");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what LIKE 'dispute %'"), 3);
  assert_int_equal(rig_sql(&R, "SELECT sum(amount_micros) FROM v_charges WHERE ref = 'shop/1'"), 0);
  run("ledger verify", 0);
  run("ledger recount", 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_resolutions WHERE state = 'reversed'"), 1);
}

/* --- conservation ----------------------------------------------------------------------------- */

static void a_gap_of_one_is_logged_and_shown(void **state) {
  sqlite3 *db = NULL;
  (void)state;
  says("status", 0, "books      add up");
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db,
                                "UPDATE setting SET value = value + 1"
                                " WHERE key LIKE 'billing/2026-11/resolution'",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  run("dispute open shop/1 --reason unsolved", 0); /* a new fact: it is settled again */
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_true(rig_log_has(&R, "err.log", "billing.gap"));
  says("status", 0, "GAP        totals: ");
  says("--format json status", 0, "\"gaps\": 1");
  says("ledger verify", 1, "counted were 3");
}

static void a_roll_up_that_was_changed_is_found_and_made_again(void **state) {
  (void)state;
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "ready");
  run("ledger verify", 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db,
                                "UPDATE report_cell SET charged_micros = charged_micros + 1"
                                " WHERE dim = 0",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  says("ledger verify", 1, "triagectl ledger rebuild");
  says("report", 1, "do not add up"); /* the days say another sum */
  unlink(rig_path(&R, "daemon.log")); /* the first start's "ready" is in it */
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "ready");
  says("ledger rebuild", 0, "made again from their rows");
  run("ledger verify", 0);
  run("report", 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'ledger rebuild'"), 1);
}

static void whoever_owns_the_price_book_does_not_decide(void **state) {
  (void)state;
  rig_file(&R, "own.yaml", "");
  char *book = NULL, path[400];
  snprintf(path, sizeof path, "%s/config/books/per-resolution.yaml",
           getenv("TRIAGED_ROOT") != NULL ? getenv("TRIAGED_ROOT") : ".");
  FILE *f = fopen(path, "re");
  assert_non_null(f);
  book = calloc(1, 65536);
  assert_true(fread(book, 1, 60000, f) > 0);
  (void)fclose(f);
  strcat(book, "changed_by: boss\n");
  rig_file(&R, "own.yaml", book);
  free(book);
  char *conf = rig_read(&R, "triaged.yaml"), more[8192];
  snprintf(more, sizeof more, "%sbilling: {book: ./own.yaml}\n", conf);
  rig_file(&R, "triaged.yaml", more);
  free(conf);
  rig_add(&R, "{\"id\":\"3\",\"subject\":\"My parcel\",\"body\":\"Where is my parcel?\","
              "\"requester\":{\"name\":\"P\",\"email\":\"p3@example.com\"}}\n");
  rig_later(&R, "1m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_later(&R, "10d");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  run("dispute open shop/3 --reason no", 0);
  says("dispute decide 1 --verdict upheld --reason mine", 1, "cannot decide");
  says("dispute decide 1 --verdict upheld --reason mine --as boss", 1, "cannot decide");
  run("dispute decide 1 --verdict upheld --reason fair --as finance", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_closed_month_is_frozen_and_its_invoice_equals_the_ledger),
      TEST(a_running_daemon_closes_a_month_too),
      TEST(a_signed_export_is_verified_without_the_database),
      TEST(a_line_changed_in_the_file_is_found_with_its_number),
      TEST(the_ledger_is_written_for_cost_tools),
      TEST(a_vendors_tag_is_a_claim),
      TEST(a_vendors_list_is_judged),
      TEST(all_books_are_compared_side_by_side),
      TEST(an_invoice_is_a_page_with_cents_and_words),
      TEST(a_dispute_is_opened_decided_and_audited),
      TEST(a_gap_of_one_is_logged_and_shown),
      TEST(a_roll_up_that_was_changed_is_found_and_made_again),
      TEST(whoever_owns_the_price_book_does_not_decide),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
