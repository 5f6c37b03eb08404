/* Three helpdesks at once, of three vendors: every ticket is handled once, and the trouble of one
 * is nobody else's. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define EACH 40

static const char conf[] =
    "state: @DIR@/state\n"
    "listen: \"off\"\n"
    "helpdesks:\n"
    "  - {name: shop, connector: zendesk, url: \"http://127.0.0.1:@PORT@\", mode: auto, poll: 1s,\n"
    "     since: \"2026-11-01T00:00:00Z\", auth: {type: bearer, token: \"${file:token}\"}}\n"
    "  - {name: trade, connector: salesforce, url: \"http://127.0.0.1:@PORT@\", mode: auto,\n"
    "     poll: 1s, since: \"2026-11-01T00:00:00Z\", instance: \"http://localhost:@PORT@\",\n"
    "     auth: {type: client_credentials, client_id: test, client_secret: \"${file:token}\"}}\n"
    "  - {name: chat, connector: intercom, url: \"http://127.0.0.1:@PORT@\", mode: auto, poll: "
    "1s,\n"
    "     lag: 0s, since: \"2026-11-01T00:00:00Z\",\n"
    "     auth: {type: bearer, token: \"${file:token}\"}}\n"
    "models:\n"
    "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5,\n"
    "     url: \"http://127.0.0.1:@PORT@\", key: \"${file:token}\",\n"
    "     price: {input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125}}\n"
    "tasks: {triage: {models: [haiku], accept: 0.0}, draft: {models: [haiku]}}\n"
    "skills: [@ROOT@/skills/customer-support]\n"
    "knowledge: [@ROOT@/tests/data/demo/kb]\n"
    "policy: {auto: {accept: 0.0, categories: [billing, shipping, how-to, technical, "
    "refund-return, product-question, account-access, cancellation, complaint, feedback], "
    "citation: optional}, links: [example.com]}\n";

static void mixed_tickets(struct rig *r) {
  static const char *const desks[] = {"zendesk", "salesforce", "intercom"};
  static const char *const bodies[] = {"Where is my parcel? The tracking has not moved for days.",
                                       "I was charged twice for one order, please check.",
                                       "How do I pair the app with my bike?",
                                       "I want to send the helmet back for a refund."};
  FILE *f = fopen(rig_path(r, "tickets.jsonl"), "w");
  assert_non_null(f);
  for (int i = 0; i < 3 * EACH; i++)
    fprintf(f,
            "{\"id\":\"%d\",\"helpdesk\":\"%s\",\"subject\":\"Question %d\",\"body\":\"%s My "
            "number is %d.\",\"requester\":{\"name\":\"Person %d\",\"email\":\"p%d@example.com\"},"
            "\"created_at\":\"2026-11-%02dT%02d:%02d:00Z\"}\n",
            i + 1, desks[i % 3], i, bodies[i / 3 % 4], 1000 + i, i, i, 2 + i % 12, i % 24, i % 60);
  assert_int_equal(fclose(f), 0);
}

static void run_to_the_end(struct rig *r, int count) {
  for (int i = 0; i < 20; i++) {
    rig_run(r, "triaged", "--once", NULL);
    if (rig_sql(r, "SELECT count(*) FROM v_tickets") == count &&
        rig_sql(r, "SELECT count(*) FROM v_tickets WHERE state NOT IN ('following','done')") == 0)
      return;
    rig_later(r, "10m");
  }
  fail_msg("not every ticket came to an end");
}

static void three_vendors_in_one_pass_are_handled_once_each(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  mixed_tickets(&r);
  rig_sim(&r, "--seed 3 --behaviour off");
  rig_file(&r, "triaged.yaml", conf);
  run_to_the_end(&r, 3 * EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'shop/%'"), EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'trade/%'"), EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'chat/%'"), EACH);
  assert_int_equal(rig_check_no_double(&r, NULL, NULL), 3 * EACH);
  rig_close(&r);
}

static void faults_at_three_vendors_lose_and_double_nothing(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  mixed_tickets(&r);
  rig_sim(&r, "--seed 5 --behaviour off --retry-after 0 --slow-ms 10 --faults "
              "500=0.02,503=0.02,reset=0.02,resetafter=0.04,cut=0.02,"
              "salesforce.lock=0.02,intercom.search404=0.02");
  rig_file(&r, "triaged.yaml", conf);
  run_to_the_end(&r, 3 * EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_check_no_double(&r, NULL, NULL), 3 * EACH);
  rig_close(&r);
}

/* One helpdesk answers nothing but errors: the two others do not wait for it, and status says which
 * it is and why. */
static void one_helpdesk_that_is_down_delays_nobody_else(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  mixed_tickets(&r);
  rig_sim(&r, "--seed 3 --behaviour off --faults salesforce.503=1");
  rig_file(&r, "triaged.yaml", conf);
  rig_start(&r, "");
  rig_until(&r, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')", 2 * EACH);
  char *out = NULL;
  assert_int_equal(rig_run(&r, "triagectl", "--format json status", &out), 0);
  assert_non_null(strstr(out, "503"));
  free(out);
  cJSON_Delete(rig_post(&r, "/sim/faults", ""));
  rig_until(&r, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')", 3 * EACH);
  assert_int_equal(rig_stop(&r, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&r, NULL, NULL), 3 * EACH);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(three_vendors_in_one_pass_are_handled_once_each),
      cmocka_unit_test(faults_at_three_vendors_lose_and_double_nothing),
      cmocka_unit_test(one_helpdesk_that_is_down_delays_nobody_else),
  };
  return cmocka_run_group_tests_name("mixed", tests, NULL, NULL);
}
