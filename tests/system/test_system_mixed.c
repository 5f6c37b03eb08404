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

#include "mixed.h"

#define EACH 40

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
  mixed_tickets(&r, EACH);
  rig_sim(&r, "--seed 3 --behaviour off");
  mixed_conf(&r);
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
  mixed_tickets(&r, EACH);
  rig_sim(&r, "--seed 5 --behaviour off --retry-after 0 --slow-ms 10 --faults "
              "500=0.02,503=0.02,reset=0.02,resetafter=0.04,cut=0.02,"
              "salesforce.lock=0.02,intercom.search404=0.02");
  mixed_conf(&r);
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
  mixed_tickets(&r, EACH);
  rig_sim(&r, "--seed 3 --behaviour off --faults salesforce.503=1");
  mixed_conf(&r);
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
