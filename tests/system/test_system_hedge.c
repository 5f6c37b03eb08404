/* A second request when the first is slow: both reserved and paid for, one answer taken. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
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

#define SONNET                                                                                     \
  "models:\n  - {name: sonnet, backend: anthropic, model: claude-sonnet-5-5, url: "                \
  "\"http://127.0.0.1:@PORT@\",\n     key: \"${file:token}\", price: {input: 2.00, output: "       \
  "10.00, cache_read: 0.10, cache_write: 2.50}}\n"

static int64_t count(const char *where) {
  char sql[400];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM v_model_calls WHERE %s", where);
  return rig_sql(&R, sql);
}

static int64_t of_vendor(const char *key) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  int64_t total = 0;
  const cJSON *m;
  cJSON_ArrayForEach(m, cJSON_GetObjectItem(stats, "models")) {
    total += (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(m, key));
  }
  cJSON_Delete(stats);
  return total;
}

/* Of each task one answer was taken; every request that the vendor saw is a row, and none of its
 * tokens is missing from what is paid. */
static void books_are_right(void) {
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM (SELECT ref, pass, task, sum(outcome = 'ok') "
                               "AS n FROM v_model_calls GROUP BY 1, 2, 3) WHERE n <> 1"),
                   0);
  assert_in_range(of_vendor("calls"), count("output > 0 AND NOT estimated"), count("1"));
  assert_true(rig_sql(&R, "SELECT sum(output) FROM v_model_calls") >= of_vendor("output_tokens"));
  assert_int_equal(rig_sql(&R, "SELECT sum(spent_micros) FROM budget_day"),
                   rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls"));
  assert_int_equal(rig_sql(&R, "SELECT sum(reserved_micros) FROM budget_day"), 0);
  assert_int_equal(count("outcome = ''"), 0);
}

static void a_slow_answer_is_outrun_by_a_second_request_and_both_are_paid(void **state) {
  (void)state;
  rig_tickets(&R, 20);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=0.4 --slow-ms 9000");
  rig_conf(&R, "accept: 0.0}", "accept: 0.0, hedge: 200ms}", "draft: {models: [haiku]}",
           "draft: {models: [haiku], hedge: 200ms}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 20);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  /* What was outrun may have been billed: an estimate, marked as one, of what was reserved; or what
   * was counted, when its answer was there already; or nothing, when it had not been sent yet. */
  assert_true(count("code = 'outrun'") > 4);
  assert_int_equal(count("code = 'outrun' AND (outcome <> 'cancelled' OR CASE WHEN estimated THEN "
                         "cost_micros <> reserved_micros ELSE (cost_micros = 0) <> (output = 0) "
                         "END)"),
                   0);
  /* and nobody waited for a slow one whose second request was quick */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls AS a WHERE outcome = 'ok' AND "
                               "latency_ms > 8000 AND NOT EXISTS (SELECT 1 FROM v_model_calls AS b "
                               "WHERE b.ref = a.ref AND b.task = a.task AND b.code = 'outrun' AND "
                               "b.latency_ms > 6000)"),
                   0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 20);
  books_are_right();
  /* A decision's cost is that of all requests that led to it. */
  assert_int_equal(rig_sql(&R, "SELECT sum(cost_micros) FROM v_decisions WHERE stage IN "
                               "('triage', 'draft')"),
                   rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls"));
}

static void the_next_model_is_asked_and_the_first_answer_taken(void **state) {
  (void)state;
  rig_tickets(&R, 6);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=1 --slow-ms 1000");
  rig_conf(&R, "models:\n", SONNET, "models: [haiku], accept: 0.0}",
           "models: [haiku, sonnet], accept: 0.0, hedge: 400ms}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 6);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(count("task = 'triage' AND model = 'haiku' AND outcome = 'ok'"), 6);
  assert_int_equal(count("task = 'triage' AND model = 'sonnet' AND code = 'outrun'"), 6);
  assert_int_equal(count("task = 'draft' AND code = 'outrun'"), 0); /* not told to */
  books_are_right();
}

static void nothing_is_asked_twice_unless_told(void **state) {
  (void)state;
  rig_tickets(&R, 4);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=1 --slow-ms 700");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(count("task = 'triage'"), 4);
  books_are_right();
}

/* All are slow, and the budget has room for all first requests, but not for as many second ones. */
static void hedges_stay_within_the_days_budget(void **state) {
  (void)state;
  rig_tickets(&R, 10);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=1 --slow-ms 2500");
  rig_conf(&R, "accept: 0.0}", "accept: 0.0, hedge: 400ms}",
           "policy:", "limits: {model_cost_per_day: 0.05, on_limit: queue}\npolicy:", NULL);
  rig_run(&R, "triaged", "--once", NULL);
  const int64_t each = rig_sql(&R, "SELECT max(reserved_micros) FROM v_model_calls WHERE task = "
                                   "'triage'");
  if (each * 10 > 50000 || each * 20 < 50000)
    fail_msg("%lld a call is no measure", (long long)each);
  assert_int_equal(count("task = 'triage' AND outcome = 'ok'"), 10);
  assert_in_range(count("code = 'outrun'"), 1, 9);
  assert_true(rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls") <= 50000);
  assert_int_equal(rig_sql(&R, "SELECT sum(spent_micros) FROM budget_day"),
                   rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls"));
  assert_int_equal(rig_sql(&R, "SELECT sum(reserved_micros) FROM budget_day"), 0);
}

/* Vendors compile a schema at its first use: until then a call may take longer. */
static void the_first_answer_may_take_longer_than_the_others(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=1 --slow-ms 1500");
  rig_conf(&R, "price: {input", "timeout: 300ms, first_timeout: 10s, price: {input", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_model_calls WHERE task = 'triage' AND outcome = 'ok'", 1);
  rig_until(&R, "SELECT count(*) > 0 FROM v_model_calls WHERE task = 'draft' AND code = 'timeout'",
            1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(count("task = 'triage' AND code = 'timeout'"), 0);
}

/* Killed while two are under way: both are lost, and both reservations stay counted. */
static void both_requests_survive_a_kill_as_costs(void **state) {
  (void)state;
  rig_tickets(&R, 3);
  rig_sim(&R, "--seed 4 --behaviour off --faults model.slow=1 --slow-ms 15000");
  rig_conf(&R, "accept: 0.0}", "accept: 0.0, hedge: 200ms}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_model_calls WHERE outcome = ''", 6);
  rig_sleep_ms(100);
  (void)rig_stop(&R, SIGKILL);
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(count("outcome = 'lost' AND cost_micros = reserved_micros"), 6);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 3);
  assert_in_range(of_vendor("calls"), count("output > 0 AND NOT estimated"), count("1"));
  assert_int_equal(rig_sql(&R, "SELECT sum(spent_micros) FROM budget_day"),
                   rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls"));
}

static void what_waits_for_a_batch_is_never_hedged(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "");
  rig_conf(&R, "accept: 0.0}", "accept: 0.0, batch: true, hedge: 2s}", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "tasks.triage.hedge"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_slow_answer_is_outrun_by_a_second_request_and_both_are_paid),
      T(the_next_model_is_asked_and_the_first_answer_taken),
      T(nothing_is_asked_twice_unless_told),
      T(hedges_stay_within_the_days_budget),
      T(the_first_answer_may_take_longer_than_the_others),
      T(both_requests_survive_a_kill_as_costs),
      T(what_waits_for_a_batch_is_never_hedged),
  };
  return cmocka_run_group_tests_name("hedge", tests, NULL, NULL);
}
