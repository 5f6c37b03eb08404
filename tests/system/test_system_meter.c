/* Final charges become meter events, once each. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;

#define LINE(id)                                                                                   \
  "{\"id\":\"" id "\",\"subject\":\"My parcel\",\"body\":\"Where is my parcel? The tracking has "  \
  "not moved.\",\"requester\":{\"name\":\"Person " id "\",\"email\":\"p" id "@example.com\"},"     \
  "\"created_at\":\"2026-11-20T08:00:00Z\"}\n"
#define STRIPE                                                                                     \
  "billing: {stripe: {key: \"${file:token}\", url: \"http://127.0.0.1:@PORT@\", event_name: "      \
  "resolutions, customer: cus_9}}\n"
#define POLICY "policy: {auto:"

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_file(&R, "tickets.jsonl", LINE("1") LINE("2") LINE("3") LINE("4") LINE("5") LINE("6"));
  rig_sim(&R, "--seed 3 --time 2026-11-20T10:00:00Z --behaviour off");
  rig_later(&R, "1s");
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void once(void) {
  if (rig_run(&R, "triaged", "--once", NULL) != 0) fail_msg("%s", rig_read(&R, "err.log"));
}

static void on(void) {
  rig_conf(&R, POLICY, STRIPE POLICY, NULL);
}

/* Six tickets, answered and silent: six charges that are not final before another 30 days. */
static void charged(void) {
  once();
  rig_later(&R, "4d");
  once();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges"), 6);
}

static int64_t taken(const char *what) {
  cJSON *o = rig_get(&R, "/v1/billing/meter_events");
  const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, what);
  if (!cJSON_IsNumber(n)) fail_msg("no %s", what);
  const int64_t value = (int64_t)n->valuedouble;
  cJSON_Delete(o);
  return value;
}

static int64_t events(const char *state) {
  char text[120];
  snprintf(text, sizeof text, "SELECT count(*) FROM meter_event WHERE state = '%s'", state);
  return rig_sql(&R, text);
}

static void says(const char *args, int want, const char *text) {
  char *out = NULL;
  const int status = rig_run(&R, "triagectl", args, &out);
  char *err = rig_read(&R, "err.log");
  if (status != want) fail_msg("triagectl %s ended with %d:\n%s%s", args, status, out, err);
  if (strstr(out, text) == NULL && (err == NULL || strstr(err, text) == NULL))
    fail_msg("triagectl %s did not say \"%s\":\n%s%s", args, text, out, err);
  free(err);
  free(out);
}

static void without_the_setting_nothing_is_sent(void **state) {
  (void)state;
  rig_conf(&R, NULL);
  charged();
  rig_later(&R, "40d");
  once();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM meter_event"), 0);
  assert_int_equal(taken("count"), 0);
  says("--format json status", 0, "\"meter_events\": null");
}

static void half_a_setting_is_refused(void **state) {
  (void)state;
  rig_conf(&R, POLICY, "billing: {stripe: {key: \"${file:token}\"}}\n" POLICY, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "needs key, event_name and customer"));
}

static void each_helpdesk_may_have_a_customer_of_its_own(void **state) {
  (void)state;
  rig_conf(&R, POLICY, STRIPE POLICY, "customer: cus_9", "customers: {shop: cus_1}", NULL);
  charged();
  rig_later(&R, "31d");
  once();
  assert_int_equal(taken("sum"), 6);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM meter_event WHERE body LIKE"
                               " '%customer_id%5D=cus_1&%'"),
                   6);
  /* Another one pays by now: what is taken back is given back to who paid. */
  rig_conf_change(&R, "customers: {shop: cus_1}", "customers: {shop: cus_2}", NULL);
  says("dispute open shop/2 --reason unsolved", 0, "");
  says("dispute decide 1 --verdict credited --reason right --as finance", 0, "");
  once();
  assert_int_equal(taken("sum"), 5);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM meter_event WHERE value = -1 AND body LIKE"
                               " '%customer_id%5D=cus_1&%'"),
                   1);
}

static void a_helpdesk_for_which_nobody_pays_is_refused(void **state) {
  (void)state;
  rig_conf(&R, POLICY, STRIPE POLICY, "customer: cus_9", "customers: {sohp: cus_1}", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "billing.stripe.customers.sohp: there is no helpdesk"));
  assert_true(rig_log_has(&R, "err.log", "names no customer for the helpdesk shop"));
  rig_conf(&R, POLICY, STRIPE POLICY, "customer: cus_9", "customers: [cus_1]", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "must be a map of helpdesks and customers"));
}

static void a_charge_is_sent_when_it_is_final_and_not_before(void **state) {
  (void)state;
  on();
  charged();
  assert_int_equal(events("waiting"), 6);
  assert_int_equal(taken("count"), 0);
  rig_later(&R, "28d"); /* the silence was over after three days: one is left */
  once();
  assert_int_equal(taken("count"), 0);
  rig_later(&R, "2d");
  once();
  assert_int_equal(taken("count"), 6);
  assert_int_equal(taken("sum"), 6);
  assert_int_equal(events("done"), 6);
  once();
  assert_int_equal(taken("count"), 6);
  says("status", 0, "meter      6 sent, 0 to send, 0 not final yet");
}

static void the_amount_can_be_what_counts(void **state) {
  (void)state;
  rig_conf(&R, POLICY, STRIPE POLICY, "customer: cus_9", "customer: cus_9, value: micros", NULL);
  charged();
  rig_later(&R, "31d");
  once();
  assert_int_equal(taken("sum"), 6 * 990000);
}

static void what_is_taken_back_before_is_not_sent_and_afterwards_is_sent_as_negative(void **state) {
  (void)state;
  on();
  charged();
  says("dispute open shop/1 --reason unsolved --deadline 90d", 0, "");
  says("dispute open shop/2 --reason unsolved", 0, "");
  says("dispute decide 2 --verdict credited --reason right --as finance", 0, "");
  rig_later(&R, "31d");
  once();
  assert_int_equal(events("dropped"), 1); /* shop/2 */
  assert_int_equal(events("waiting"), 1); /* shop/1: in dispute */
  assert_int_equal(taken("sum"), 4);
  says("dispute decide 1 --verdict upheld --reason fine --as finance", 0, "");
  rig_later(&R, "2h");
  once();
  assert_int_equal(taken("sum"), 5);
  says("dispute open shop/3 --reason unsolved", 0, "");
  says("dispute decide 5 --verdict credited --reason right --as finance", 0, "");
  once();
  assert_int_equal(taken("count"), 6);
  assert_int_equal(taken("sum"), 4);
}

static void the_close_of_its_period_makes_a_charge_final(void **state) {
  (void)state;
  on();
  charged();
  rig_later(&R, "10d");
  once();
  assert_int_equal(taken("count"), 0);
  says("period close 2026-11", 0, "2026-11");
  once();
  assert_int_equal(taken("count"), 6);
}

static void a_rejected_event_is_shown_and_can_be_sent_again(void **state) {
  (void)state;
  rig_conf(&R, POLICY, STRIPE POLICY, "event_name: resolutions", "event_name: unknown", NULL);
  charged();
  rig_later(&R, "31d");
  once();
  assert_int_equal(events("rejected"), 6);
  says("status", 0, "6 rejected or held");
  says("status", 0, "No active meter found");
  says("requeue meter:99", 1, "no such meter event");
  rig_conf_change(&R, "event_name: unknown", "event_name: resolutions", NULL);
  says("requeue meter:1", 0, "meter:1");
  says("requeue meter:1", 1, "neither rejected nor held");
  says("requeue meter:all", 0, "meter:all");
  once();
  assert_int_equal(events("done"), 6);
  assert_int_equal(taken("sum"), 6);
}

static void a_wrong_key_rejects_nothing(void **state) {
  (void)state;
  rig_file(&R, "wrong", "bad_key");
  rig_conf(&R, POLICY, STRIPE POLICY, "stripe: {key: \"${file:token}\"",
           "stripe: {key: \"${file:wrong}\"", NULL);
  charged();
  rig_later(&R, "31d");
  once();
  assert_int_equal(events("planned"), 6);
  assert_int_equal(events("rejected"), 0);
  assert_false(rig_log_has(&R, "err.log", "bad_key"));
}

/* An answer that was lost, and no certain one in 23 hours: a person decides. */
static void what_stays_uncertain_for_a_day_is_held(void **state) {
  (void)state;
  on();
  charged();
  rig_later(&R, "31d");
  cJSON_Delete(rig_post(&R, "/sim/faults", "stripe.resetafter=1"));
  once();
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  assert_int_equal(events("planned"), 6);
  assert_int_equal(taken("count"), 6);
  rig_later(&R, "30h");
  once();
  assert_int_equal(events("held"), 6);
  assert_int_equal(taken("count"), 6);
  says("status", 0, "meter:1 held: no certain answer within 23 hours");
}

static void with_faults_and_kills_each_final_charge_is_counted_once(void **state) {
  (void)state;
  on();
  charged();
  rig_later(&R, "31d");
  cJSON_Delete(rig_post(&R, "/sim/faults",
                        "stripe.resetafter=0.4,stripe.500=0.2,stripe.429=0.2,stripe.cut=0.2"));
  for (int i = 0; i < 6; i++) {
    unlink(rig_path(&R, "daemon.log"));
    rig_start(&R, "");
    if (i % 2 == 0)
      rig_until(&R, "SELECT max(attempts) > 0 FROM meter_event", 1);
    else
      rig_until_log(&R, "daemon.log", "ready");
    assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
  }
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  rig_later(&R, "2h");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM meter_event WHERE state = 'done'", 6);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(taken("count"), 6);
  assert_int_equal(taken("sum"), 6);
}

static void a_sandbox_sends_nothing(void **state) {
  (void)state;
  rig_conf(&R, POLICY, STRIPE POLICY, "mode: auto,", "mode: auto, sandbox: true,", NULL);
  once();
  rig_later(&R, "4d");
  once();
  rig_later(&R, "31d");
  once();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ticket"), 6);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM meter_event"), 0);
  assert_int_equal(taken("count"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(without_the_setting_nothing_is_sent),
      TEST(half_a_setting_is_refused),
      TEST(each_helpdesk_may_have_a_customer_of_its_own),
      TEST(a_helpdesk_for_which_nobody_pays_is_refused),
      TEST(a_charge_is_sent_when_it_is_final_and_not_before),
      TEST(the_amount_can_be_what_counts),
      TEST(what_is_taken_back_before_is_not_sent_and_afterwards_is_sent_as_negative),
      TEST(the_close_of_its_period_makes_a_charge_final),
      TEST(a_rejected_event_is_shown_and_can_be_sent_again),
      TEST(a_wrong_key_rejects_nothing),
      TEST(what_stays_uncertain_for_a_day_is_held),
      TEST(with_faults_and_kills_each_final_charge_is_counted_once),
      TEST(a_sandbox_sends_nothing),
  };
  return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
