/* More tickets than places, and a model that says nothing to any draft. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"

#define TICKETS 1200
/* What the road begins together: 1,000 drafts, and 32 triages whatever drafts do. */
#define DRAFTS    1000
#define CALLS_MAX 1032

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

static void test_a_model_that_hangs_in_drafts_stops_no_triage(void **state) {
  (void)state;
  int64_t most = 0, triaged = 0;
  char mute[400];
  snprintf(mute, sizeof mute,
           "models:\n  - {name: mute, backend: anthropic, model: claude-haiku-5-5, url: "
           "\"http://127.0.0.1:%d\",\n     key: \"${file:token}\", timeout: 10m, max_in_flight: "
           "1000, price: {input: 0.10, output: 0.50}}\n",
           rig_silent_port());
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "models:\n", mute, "draft: {models: [haiku]}", "draft: {models: [mute]}", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  for (int i = 0; i < 3000 && triaged < TICKETS; i++) {
    rig_sleep_ms(20);
    assert_true(rig_alive(&R));
    const int64_t now = rig_sql(
        &R, "SELECT count(*) FROM ticket WHERE state IN ('triaging', 'drafting')");
    if (now > most) most = now;
    triaged = rig_sql(&R, "SELECT count(*) FROM ticket WHERE judged_ms > 0");
  }
  assert_int_equal(triaged, TICKETS);
  assert_in_range(most, DRAFTS, CALLS_MAX);
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'drafting'", DRAFTS);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ticket WHERE state = 'admitted'"),
                   TICKETS - DRAFTS);
  rig_stop(&R, SIGKILL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_model_that_hangs_in_drafts_stops_no_triage, begin,
                                      end),
  };
  return cmocka_run_group_tests_name("system crowd", tests, NULL, NULL);
}
