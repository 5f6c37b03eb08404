/* A judge between the answer and the bill: the price book that charges only what was verified. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

#define BOOK  "knowledge:", "billing: {book: \"@ROOT@/config/books/zendesk.yaml\"}\nknowledge:"
#define DRAFT "draft: {models: [haiku]}"
/* A model that nobody answers for, and the embedded one. */
#define MORE                                                                                       \
  "models:\n", "models:\n"                                                                         \
               "  - {name: house, backend: local}\n"                                               \
               "  - {name: gone, backend: anthropic, model: claude-haiku-5-5, url: "               \
               "\"http://127.0.0.1:9\",\n"                                                         \
               "     key: \"${file:token}\", price: {input: 0.10, output: 0.50}}\n"

/* One e-mail of 20 November, 8:00, answered at 10:00 and followed by silence. */
static void answered(void) {
  rig_file(
      &R, "tickets.jsonl",
      "{\"id\":\"1\",\"subject\":\"My parcel\",\"body\":\"Where is my parcel? The tracking has "
      "not moved. When it is there you can close "
      "this.\",\"channel\":\"email\",\"requester\":{\"name\":\"A\","
      "\"email\":\"a@example.com\"},\"created_at\":\"2026-11-20T08:00:00Z\"}\n");
  rig_sim(&R, "--seed 3 --time 2026-11-20T10:00:00Z --behaviour off");
}

static void pass(void) {
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
}

static void later(const char *how_long) {
  rig_later(&R, how_long);
  pass();
}

static void is(const char *column, const char *want) {
  char sql[200], have[100];
  snprintf(sql, sizeof sql, "SELECT %s FROM v_resolutions", column);
  rig_sql_text(&R, sql, have, sizeof have);
  if (strcmp(have, want) != 0) fail_msg("%s is %s, not %s", column, have, want);
}

static int64_t charged(void) {
  return rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges");
}

static int64_t verify_calls(void) {
  return rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE task = 'verify'");
}

static void silence_is_charged_only_once_a_judge_says_it_was_resolved(void **state) {
  (void)state;
  answered();
  rig_conf(&R, BOOK, DRAFT, DRAFT ", verify: {models: [haiku]}", NULL);
  rig_later(&R, "1s");
  pass();
  later("69h");
  assert_int_equal(verify_calls(), 0);
  later("4h");
  is("state", "resolved");
  is("reason", "verified");
  assert_int_equal(charged(), 2000000);
  assert_int_equal(verify_calls(), 1);
  /* The call is paid for, part of the ticket's cost, and its verdict is evidence of the charge. */
  assert_true(rig_sql(&R, "SELECT cost_micros FROM v_model_calls WHERE task = 'verify'") > 0);
  assert_int_equal(rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls"),
                   rig_sql(&R, "SELECT model_cost_micros FROM v_resolutions"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ledger l, json_each(l.evidence) j, event e"
                               " WHERE e.seq = j.value AND e.kind = 'verify' AND e.value = 'pass'"),
                   1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event WHERE kind = 'verify'"
                               " AND json_extract(data, '$.judge_model') = 'haiku'"
                               " AND length(json_extract(data, '$.prompt_hash')) = 64"
                               " AND length(json_extract(data, '$.inputs_hash')) = 64"),
                   1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_decisions WHERE stage = 'verify'"), 1);
  later("24h");
  assert_int_equal(verify_calls(), 1);
  assert_int_equal(charged(), 2000000);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static void what_the_judge_finds_open_is_free(void **state) {
  (void)state;
  answered();
  rig_conf(&R, BOOK, DRAFT, DRAFT ", verify: {models: [house]}", MORE, NULL);
  rig_later(&R, "1s");
  pass();
  later("73h");
  is("state", "excluded");
  is("reason", "not_verified");
  assert_int_equal(verify_calls(), 1);
  assert_int_equal(charged(), 0);
}

static void a_verdict_below_accept_holds_the_charge(void **state) {
  (void)state;
  answered();
  rig_conf(&R, BOOK, DRAFT, DRAFT ", verify: {models: [house], accept: 0.99}", MORE, NULL);
  rig_later(&R, "1s");
  pass();
  later("73h");
  is("state", "held");
  is("reason", "verify_failed");
  assert_int_equal(charged(), 0);
}

static void a_judge_that_is_away_holds_everything_until_it_is_back(void **state) {
  (void)state;
  answered();
  rig_conf(&R, BOOK, DRAFT, DRAFT ", verify: {models: [gone]}", MORE, NULL);
  rig_later(&R, "1s");
  pass();
  rig_later(&R, "73h");
  rig_start(&R, "");
  rig_until(&R, "SELECT attempts >= 1 FROM verify", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  is("state", "open");
  is("reason", "verify");
  assert_int_equal(charged(), 0);
  /* What was lost with the process is still asked for; the next judge decides, once. */
  rig_conf_change(&R, "verify: {models: [gone]}", "verify: {models: [gone, haiku]}", NULL);
  later("1h");
  is("state", "resolved");
  assert_int_equal(charged(), 2000000);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM verify"), 0);
}

static void without_a_judge_the_charge_is_held_until_one_is_asked(void **state) {
  (void)state;
  answered();
  rig_conf(&R, BOOK, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "tasks.verify"));
  rig_later(&R, "1s");
  pass();
  later("73h");
  is("state", "held");
  is("reason", "verify_failed");
  rig_conf_change(&R, DRAFT, DRAFT ", verify: {models: [haiku]}", NULL);
  later("1h");
  is("state", "held");
  assert_int_equal(rig_run(&R, "triagectl", "requeue shop/1", NULL), 0);
  pass();
  is("state", "resolved");
  assert_int_equal(charged(), 2000000);
  assert_int_not_equal(rig_run(&R, "triagectl", "requeue shop/1", NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(silence_is_charged_only_once_a_judge_says_it_was_resolved),
      TEST(what_the_judge_finds_open_is_free),
      TEST(a_verdict_below_accept_holds_the_charge),
      TEST(a_judge_that_is_away_holds_everything_until_it_is_back),
      TEST(without_a_judge_the_charge_is_held_until_one_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
