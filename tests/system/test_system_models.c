/* Models that refuse, stop short, talk nonsense, are overloaded or too dear. */
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

#define HOUSE "models:\n  - {name: house, backend: local}\n"
#define SONNET                                                                                     \
  "models:\n  - {name: sonnet, backend: anthropic, model: claude-sonnet-5-5, url: "                \
  "\"http://127.0.0.1:@PORT@\",\n     key: \"${file:token}\", price: {input: 2.00, output: "       \
  "10.00, cache_read: 0.10, cache_write: 2.50}}\n"

static int64_t count(const char *where) {
  char sql[400];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
  return rig_sql(&R, sql);
}

/* Passes until nothing waits any more, with the clock moved between them. */
static void to_the_end(int64_t tickets) {
  for (int i = 0; i < 8; i++) {
    rig_run(&R, "triaged", "--once", NULL);
    if (count("v_tickets WHERE state IN ('following','done','dead')") == tickets) return;
    rig_later(&R, "10m");
  }
  fail_msg("%lld tickets of %lld came to an end",
           (long long)count("v_tickets WHERE state IN ('following','done','dead')"),
           (long long)tickets);
}

static void a_model_that_refuses_to_draft_hands_the_ticket_to_a_person(void **state) {
  (void)state;
  rig_tickets(&R, 10);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.refusal=1");
  rig_conf(&R, "models:\n", HOUSE, "models: [haiku]", "models: [house]", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  const int64_t asked = count("(SELECT DISTINCT ref FROM v_model_calls WHERE task = 'draft')");
  assert_true(asked > 0);
  assert_int_equal(count("v_tickets WHERE outcome = 'handoff' AND reason = 'model_refused'"),
                   asked);
  assert_int_equal(count("v_tickets WHERE outcome = 'sent' OR state = 'dead'"), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 10);
}

static void a_model_that_refuses_to_triage_hands_the_ticket_to_a_person(void **state) {
  (void)state;
  rig_tickets(&R, 4);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.refusal=1");
  rig_conf(&R, NULL);
  to_the_end(4);
  assert_int_equal(count("v_tickets WHERE outcome = 'handoff' AND reason = 'model_refused'"), 4);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 4);
}

static void shadow_mode_writes_nothing_whatever_the_model_does(void **state) {
  (void)state;
  rig_tickets(&R, 12);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.refusal=0.5");
  rig_conf(&R, "mode: auto", "mode: shadow", NULL);
  to_the_end(12);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 0);
  assert_int_equal(count("v_tickets WHERE outcome = 'observed'"), 12);
  assert_int_equal(count("v_deliveries"), 0);
}

static void the_next_model_takes_over_when_one_refuses(void **state) {
  (void)state;
  rig_tickets(&R, 10);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.refusal=1");
  rig_conf(&R, "models:\n", HOUSE, "models: [haiku]", "models: [haiku, house]", "models: [haiku]",
           "models: [haiku, house]", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(count("v_tickets WHERE outcome IN ('sent','draft','handoff','skipped') AND "
                         "reason <> 'model_refused' AND state <> 'dead'"),
                   10);
}

static void an_answer_that_was_cut_off_is_asked_for_again_with_more_room(void **state) {
  (void)state;
  rig_tickets(&R, 20);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.truncate=0.3");
  rig_conf(&R, NULL);
  to_the_end(20);
  assert_true(count("v_model_calls WHERE code = 'length'") > 3);
  assert_int_equal(count("v_tickets WHERE state = 'dead' OR outcome = ''"), 0);
  /* The one right after a cut answer is of the same model and task, and reserved more. */
  assert_true(count("v_model_calls a JOIN v_model_calls b ON a.ref = b.ref AND a.task = b.task AND "
                    "b.id > a.id WHERE a.code = 'length' AND b.reserved_micros > "
                    "a.reserved_micros") > 3);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 20);
}

static void an_answer_that_breaks_the_schema_goes_to_the_next_model(void **state) {
  (void)state;
  rig_tickets(&R, 30);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.invalid=0.4");
  rig_conf(&R, "models:\n", SONNET, "models: [haiku]", "models: [haiku, sonnet]", "models: [haiku]",
           "models: [haiku, sonnet]", NULL);
  to_the_end(30);
  assert_true(count("v_model_calls WHERE outcome = 'invalid'") > 5);
  assert_true(count("v_model_calls WHERE model = 'sonnet' AND outcome = 'ok'") > 3);
  assert_int_equal(count("v_tickets WHERE state = 'dead' OR outcome = ''"), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 30);
}

static void an_overload_storm_makes_work_wait_and_loses_nothing(void **state) {
  (void)state;
  rig_tickets(&R, 25);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.529=1");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  /* How many are asked before the breaker opens is a matter of moments. */
  rig_until(&R, "SELECT sum(http_status = 529) >= 8 AND sum(outcome = '') = 0 FROM v_model_calls",
            1);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "--format json status", &out), 0);
  assert_non_null(strstr(out, "haiku"));
  free(out);
  /* The breaker is open: what is tried while it rests is one call at a time, not a storm of ours.
   */
  const int64_t calls = count("v_model_calls");
  rig_sleep_ms(900);
  assert_true(count("v_model_calls") - calls < 25);
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 25);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 25);
}

static void a_spend_limit_at_the_vendor_loses_nothing(void **state) {
  (void)state;
  rig_tickets(&R, 8);
  rig_sim(&R, "--seed 3 --behaviour off --faults model.spend=1");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) >= 8 FROM v_model_calls WHERE outcome = 'error'", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(count("v_tickets WHERE state = 'dead'"), 0);
  assert_true(rig_log_has(&R, "daemon.log", "limit"));
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  rig_later(&R, "2h");
  to_the_end(8);
  assert_int_equal(count("v_tickets WHERE state = 'following'"), 8);
}

/* --- money
 * ------------------------------------------------------------------------------------------- */

static void tokens_and_cost_equal_what_the_vendor_counted(void **state) {
  (void)state;
  rig_tickets(&R, 40);
  rig_sim(&R, "--seed 6 --behaviour off --faults model.truncate=0.1,model.invalid=0.1,"
              "model.refusal=0.05");
  rig_conf(&R, NULL);
  to_the_end(40);
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "models"), "claude-haiku-5-5");
  assert_true(cJSON_IsObject(m));
#define V(key) ((int64_t)cJSON_GetObjectItem(m, key)->valuedouble)
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls"), V("calls"));
  assert_int_equal(rig_sql(&R, "SELECT sum(input) FROM v_model_calls"), V("input_tokens"));
  assert_int_equal(rig_sql(&R, "SELECT sum(output) FROM v_model_calls"), V("output_tokens"));
  assert_int_equal(rig_sql(&R, "SELECT sum(cache_read) FROM v_model_calls"),
                   V("cache_read_tokens"));
  assert_int_equal(rig_sql(&R, "SELECT sum(cache_write) FROM v_model_calls"),
                   V("cache_write_tokens"));
  /* Dollars per million are micro-dollars per token; each call is rounded on its own. */
  const double want = 0.10 * (double)V("input_tokens") + 0.50 * (double)V("output_tokens") +
                      0.01 * (double)V("cache_read_tokens") +
                      0.125 * (double)V("cache_write_tokens");
  const double have = (double)rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls");
  assert_true(have >= want - (double)V("calls") && have <= want + (double)V("calls"));
  assert_int_equal(V("rejected"), 0);
  cJSON_Delete(stats);
}

static void the_days_budget_is_never_exceeded_with_many_calls_at_once(void **state) {
  (void)state;
  rig_tickets(&R, 80);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 60ms");
  rig_conf(&R, "policy:", "limits: {model_cost_per_day: 0.03, on_limit: queue}\npolicy:", NULL);
  rig_run(&R, "triaged", "--once", NULL);
  const int64_t spent = rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls");
  if (spent > 30000 || spent < 5000) fail_msg("%lld micro-dollars of 30000", (long long)spent);
  assert_true(count("v_tickets WHERE outcome = ''") > 0);
  assert_int_equal(count("v_tickets WHERE state = 'dead'"), 0);
  /* Another day, another budget. */
  rig_later(&R, "25h");
  rig_run(&R, "triaged", "--once", NULL);
  assert_true(rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls") > spent);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM (SELECT substr(started, 1, 10) AS day, "
                               "sum(cost_micros) AS cost FROM v_model_calls GROUP BY day) WHERE "
                               "cost > 30000"),
                   0);
}

static void over_budget_triaged_tickets_go_to_people_when_the_limit_says_draft(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 3 --behaviour off ");
  /* Triage is free here, so that it is the drafts that the limit meets, in whatever order. */
  rig_conf(&R, "models:\n", HOUSE, "triage: {models: [haiku]", "triage: {models: [house]",
           "policy:", "limits: {model_cost_per_day: 0.008, on_limit: draft}\npolicy:", NULL);
  rig_run(&R, "triaged", "--once", NULL);
  assert_true(count("v_tickets WHERE outcome = 'handoff' AND reason = 'budget'") > 0);
  assert_true(rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls") <= 8000);
  assert_int_equal(count("v_tickets WHERE state IN ('following','received')"), 60);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL),
                   (int)count("v_tickets WHERE outcome <> ''"));
}

static void over_budget_new_tickets_go_to_people_too_when_the_limit_says_draft(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 3 --behaviour off ");
  rig_conf(&R, "policy:", "limits: {model_cost_per_day: 0.008, on_limit: draft}\npolicy:", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_true(count("v_tickets WHERE reason = 'budget' AND category = ''") > 0);
  assert_int_equal(count("v_tickets WHERE outcome = ''"), 0);
  assert_true(rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls") <= 8000);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 60);
}

static void over_budget_tickets_wait_for_the_next_day_when_the_limit_says_queue(void **state) {
  (void)state;
  rig_tickets(&R, 40);
  rig_sim(&R, "--seed 3 --behaviour off ");
  rig_conf(&R, "policy:", "limits: {model_cost_per_day: 0.01, on_limit: queue}\npolicy:", NULL);
  rig_run(&R, "triaged", "--once", NULL);
  assert_int_equal(count("v_tickets WHERE reason = 'budget'"), 0);
  const int64_t waiting = count("v_tickets WHERE outcome = ''");
  assert_true(waiting > 0);
  rig_later(&R, "25h");
  rig_run(&R, "triaged", "--once", NULL);
  assert_true(count("v_tickets WHERE outcome = ''") < waiting);
  assert_int_equal(count("v_tickets WHERE reason = 'budget'"), 0);
}

static void over_budget_nothing_is_begun_when_the_limit_says_stop(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 50ms --export-lag 0s");
  rig_conf(&R, "models:\n", HOUSE, "draft: {models: [haiku]}", "draft: {models: [haiku, house]}",
           "policy:", "limits: {model_cost_per_day: 0.01, on_limit: stop}\npolicy:", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "budget.stop");
  rig_until(&R, "SELECT count(*) > 0 AND sum(outcome = '') = 0 FROM model_call", 1);
  /* What had been asked before comes to its end, with the next model of the list too. */
  int64_t calls = -1;
  for (int i = 0; i < 20 && calls != count("model_call"); i++) {
    calls = count("model_call");
    rig_sleep_ms(700);
  }
  /* New tickets come, and nothing is done with them, not even with what is free. */
  rig_add(&R, "{\"id\":\"900\",\"subject\":\"Late\",\"body\":\"Where is my parcel?\","
              "\"requester\":{\"name\":\"L\",\"email\":\"l@example.com\"}}\n");
  rig_sleep_ms(2500);
  assert_int_equal(count("v_tickets WHERE ref = 'shop/900'"), 0);
  assert_int_equal(count("model_call"), calls);
  assert_true(count("v_tickets WHERE outcome = ''") > 0);
  assert_int_equal(count("v_tickets WHERE reason = 'budget'"), 0);
  /* Somebody raises the limit. */
  rig_conf_change(&R, "model_cost_per_day: 0.01", "model_cost_per_day: 5.00", NULL);
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE ref = 'shop/900' AND outcome <> ''", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* Asks the simulator, not our own books. */
static void five_hundred_calls_at_once_do_not_overrun_a_budget_for_a_hundred(void **state) {
  (void)state;
  rig_tickets(&R, 500);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 300ms");
  rig_conf(&R, "price: {input: 0.10,", "max_in_flight: 500, price: {input: 0.10,",
           "policy:", "limits: {model_cost_per_day: 0.12, on_limit: queue}\npolicy:", NULL);
  rig_run(&R, "triaged", "--once", NULL);
  const int64_t spent = rig_sql(&R, "SELECT sum(cost_micros) FROM v_model_calls");
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "models"), "claude-haiku-5-5");
  const int calls = cJSON_GetObjectItem(m, "calls")->valueint;
  cJSON_Delete(stats);
  /* However fast the tickets come: what the calls under way had reserved and did not use is spent
   * on those that wait, up to what one more call could cost. */
  if (spent > 120000 || spent < 110000 || count("v_tickets WHERE outcome = ''") == 0)
    fail_msg("%lld micro-dollars, %d calls", (long long)spent, calls);
  assert_int_equal(count("v_model_calls WHERE outcome <> ''"), calls);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static void what_waits_for_a_reserved_budget_does_not_delay_the_end(void **state) {
  (void)state;
  rig_tickets(&R, 200);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 60s --export-lag 0s");
  rig_conf(&R, "price: {input: 0.10,", "max_in_flight: 500, price: {input: 0.10,",
           "policy:", "limits: {model_cost_per_day: 0.12, on_limit: queue}\npolicy:", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'triaging'", 200);
  const int64_t asked = count("v_model_calls");
  assert_true(asked > 0 && asked < 100);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", "drain.over"));
  assert_int_equal(count("v_model_calls"), asked); /* what waited did not begin now */
  assert_int_equal(count("v_tickets WHERE state = 'received'"), 200);
}

/* --- the cascade
 * --------------------------------------------------------------------------------------- */

static void below_accept_the_next_model_decides_and_above_it_is_not_asked(void **state) {
  (void)state;
  rig_tickets(&R, 16);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "models:\n", HOUSE, "models: [haiku], accept: 0.0",
           "models: [house, haiku], "
           "accept: 0.6",
           NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(count("v_model_calls WHERE task = 'triage' AND model = 'house'"), 16);
  const int64_t unsure = count(
      "v_model_calls WHERE model = 'house' AND outcome = 'low_confidence'");
  assert_int_equal(count("v_model_calls WHERE task = 'triage' AND model = 'haiku'"), unsure);
  assert_int_equal(count("v_tickets WHERE confidence >= 0.6 OR reason = 'not_sure'"), 16);
  assert_int_equal(rig_sql(&R,
                           "SELECT coalesce(sum(cost_micros), 0) FROM v_model_calls WHERE model "
                           "= 'house'"),
                   0);
}

static void nobody_sure_means_nothing_is_sent(void **state) {
  (void)state;
  rig_tickets(&R, 6);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "accept: 0.0}", "accept: 1.0}", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(count("v_tickets WHERE outcome IN ('draft','handoff') AND reason = 'not_sure'"),
                   6);
  int replies = -1;
  assert_int_equal(rig_check_no_double(&R, NULL, &replies), 6);
  assert_int_equal(replies, 0);
}

static void the_embedded_model_does_everything_alone(void **state) {
  (void)state;
  rig_tickets(&R, 16);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_file(&R, "triaged.yaml",
           "state: @DIR@/state\nlisten: \"off\"\nhelpdesks:\n"
           "  - {name: shop, connector: zendesk, url: \"http://127.0.0.1:@PORT@\", mode: draft,\n"
           "     since: \"2026-11-01T00:00:00Z\", auth: {type: bearer, token: \"${file:token}\"}}\n"
           "skills: [@ROOT@/skills/customer-support]\n"
           "knowledge: [@ROOT@/tests/data/demo/kb]\n");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(
      count("v_tickets WHERE outcome IN ('draft','handoff','skipped') AND model <> ''"), 16);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 16);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_model_that_refuses_to_draft_hands_the_ticket_to_a_person),
      T(a_model_that_refuses_to_triage_hands_the_ticket_to_a_person),
      T(shadow_mode_writes_nothing_whatever_the_model_does),
      T(the_next_model_takes_over_when_one_refuses),
      T(an_answer_that_was_cut_off_is_asked_for_again_with_more_room),
      T(an_answer_that_breaks_the_schema_goes_to_the_next_model),
      T(an_overload_storm_makes_work_wait_and_loses_nothing),
      T(a_spend_limit_at_the_vendor_loses_nothing),
      T(tokens_and_cost_equal_what_the_vendor_counted),
      T(the_days_budget_is_never_exceeded_with_many_calls_at_once),
      T(over_budget_triaged_tickets_go_to_people_when_the_limit_says_draft),
      T(over_budget_new_tickets_go_to_people_too_when_the_limit_says_draft),
      T(over_budget_tickets_wait_for_the_next_day_when_the_limit_says_queue),
      T(over_budget_nothing_is_begun_when_the_limit_says_stop),
      T(five_hundred_calls_at_once_do_not_overrun_a_budget_for_a_hundred),
      T(what_waits_for_a_reserved_budget_does_not_delay_the_end),
      T(below_accept_the_next_model_decides_and_above_it_is_not_asked),
      T(nobody_sure_means_nothing_is_sent),
      T(the_embedded_model_does_everything_alone),
  };
  return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
