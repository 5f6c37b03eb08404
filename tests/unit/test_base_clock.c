/* The clock and how it is moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/time.h"

static int init(const char *value) {
  struct trg_err err;
  assert_int_equal(setenv("TRIAGED_CLOCK", value, 1), 0);
  return clock_init(&err);
}

/* Within ten seconds, as test machines stall. */
static void assert_near(int64_t a, int64_t b) {
  assert_true(a - b < 10000 && b - a < 10000);
}

static void test_offsets_move_the_clock(void **state) {
  (void)state;
  assert_int_equal(init(""), 0);
  const int64_t now = clock_now_ms();
  assert_int_equal(init("+72h"), 0);
  assert_near(clock_now_ms(), now + 259200000);
  assert_int_equal(init("-1d"), 0);
  assert_near(clock_now_ms(), now - 86400000);
}

static void test_a_moment_starts_the_clock_there(void **state) {
  (void)state;
  assert_int_equal(init("2026-11-21T10:00:00Z"), 0);
  assert_near(clock_now_ms(), INT64_C(1795255200000));
}

static void test_a_value_that_is_not_understood_is_named(void **state) {
  (void)state;
  struct trg_err err;
  assert_int_equal(setenv("TRIAGED_CLOCK", "tomorrow", 1), 0);
  assert_int_equal(clock_init(&err), TRG_EINVAL);
  assert_non_null(strstr(err.text, "tomorrow"));
  assert_int_equal(init("@/nonexistent/clock"), TRG_EINVAL);
}

static void test_a_file_moves_the_clock_when_the_loop_turns(void **state) {
  (void)state;
  char path[] = "/tmp/triaged-clock-XXXXXX";
  char value[64];
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "2026-11-21T10:00:00Z\n", 21), 21);
  (void)close(fd);
  (void)snprintf(value, sizeof value, "@%s", path);
  assert_int_equal(init(value), 0);
  assert_near(clock_now_ms(), INT64_C(1795255200000));
  assert_int_equal(file_write(path, TRG_STR("2026-12-21T10:00:00Z"), 0600, NULL), 0);
  assert_near(clock_now_ms(), INT64_C(1795255200000)); /* not before a turn */
  const int64_t from = clock_mono_us();
  while (clock_mono_us() - from < 6000) /* the file is read at most every 5 ms */
    continue;
  clock_turn();
  assert_near(clock_now_ms(), INT64_C(1797847200000));
  assert_int_equal(unlink(path), 0);
  clock_turn();
  assert_near(clock_now_ms(), INT64_C(1797847200000));
}

static void test_the_clock_stands_still_where_a_test_puts_it(void **state) {
  (void)state;
  assert_int_equal(init(""), 0);
  clock_set_ms(42);
  assert_int_equal(clock_now_ms(), 42);
  const int64_t a = clock_mono_us();
  assert_true(clock_mono_us() >= a);
  clock_set_ms(0);
  assert_true(clock_now_ms() > 42);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_offsets_move_the_clock),
      cmocka_unit_test(test_a_moment_starts_the_clock_there),
      cmocka_unit_test(test_a_value_that_is_not_understood_is_named),
      cmocka_unit_test(test_a_file_moves_the_clock_when_the_loop_turns),
      cmocka_unit_test(test_the_clock_stands_still_where_a_test_puts_it),
  };
  return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
