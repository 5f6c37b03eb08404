/* Signals that wait until somebody can hear them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <signal.h>

#include "base/stop.h"

static volatile sig_atomic_t heard;

static void hear(int signum) {
  heard = signum;
}

static int begin(void **state) {
  (void)state;
  const struct sigaction a = {.sa_handler = hear};
  heard = 0;
  return sigaction(SIGTERM, &a, NULL) | sigaction(SIGINT, &a, NULL) | sigaction(SIGHUP, &a, NULL);
}

static void test_a_held_signal_is_seen_and_delivered_when_it_is_released(void **state) {
  (void)state;
  stop_hold();
  assert_int_equal(stop_asked(), 0);
  assert_int_equal(raise(SIGTERM), 0);
  assert_int_equal(heard, 0);
  assert_int_equal(stop_asked(), SIGTERM);
  assert_int_equal(stop_asked(), SIGTERM); /* looking does not take it */
  stop_release();
  assert_int_equal(heard, SIGTERM);
  assert_int_equal(stop_asked(), 0);
}

static void test_a_reload_waits_and_asks_for_no_end(void **state) {
  (void)state;
  stop_hold();
  stop_hold();
  assert_int_equal(raise(SIGHUP), 0);
  assert_int_equal(stop_asked(), 0);
  assert_int_equal(heard, 0);
  stop_release();
  assert_int_equal(heard, SIGHUP);
}

static void test_a_signal_that_is_not_held_is_nobodys_question(void **state) {
  (void)state;
  assert_int_equal(raise(SIGINT), 0);
  assert_int_equal(heard, SIGINT);
  assert_int_equal(stop_asked(), 0);
  assert_string_equal(stop_name(SIGINT), "SIGINT");
  assert_string_equal(stop_name(SIGTERM), "SIGTERM");
}

#define T(name) cmocka_unit_test_setup(name, begin)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_held_signal_is_seen_and_delivered_when_it_is_released),
      T(test_a_reload_waits_and_asks_for_no_end),
      T(test_a_signal_that_is_not_held_is_nobodys_question),
  };
  return cmocka_run_group_tests_name("base_stop", tests, NULL, NULL);
}
