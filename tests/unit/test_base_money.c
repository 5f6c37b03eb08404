/* Money: exact or an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/hash.h"
#include "base/money.h"
#include "base/str.h"

static void test_overflow_is_an_error_and_writes_nothing(void **state) {
  (void)state;
  int64_t r = 5;
  assert_int_equal(money_add(INT64_MAX, 1, &r), -1);
  assert_int_equal(money_sub(INT64_MIN, 1, &r), -1);
  assert_int_equal(money_mul(INT64_MAX / 2, 3, &r), -1);
  assert_int_equal(money_mul(INT64_MIN, -1, &r), -1);
  assert_int_equal(money_scale(INT64_MAX, 2, 1, &r), -1);
  assert_int_equal(money_scale(1, 1, 0, &r), -1);
  assert_int_equal(money_scale(1, 1, -1, &r), -1);
  assert_int_equal(r, 5);
  assert_int_equal(money_scale(INT64_MAX, INT64_MAX, INT64_MAX, &r), 0);
  assert_true(r == INT64_MAX);
  assert_int_equal(money_scale(INT64_MIN, INT64_MAX, INT64_MAX, &r), 0);
  assert_true(r == INT64_MIN);
}

static void test_halves_go_to_the_even_neighbour(void **state) {
  (void)state;
  const int64_t cases[][4] = {{1, 1, 2, 0},   {3, 1, 2, 2},   {5, 1, 2, 2},   {7, 1, 2, 4},
                              {-1, 1, 2, 0},  {-3, 1, 2, -2}, {-5, 1, 2, -2}, {2, 1, 3, 1},
                              {1, 1, 3, 0},   {-2, 1, 3, -1}, {3, -1, 2, -2}, {25, 1, 10, 2},
                              {35, 1, 10, 4}, {0, 5, 7, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t r;
    assert_int_equal(money_scale(cases[i][0], cases[i][1], cases[i][2], &r), 0);
    assert_int_equal(r, cases[i][3]);
  }
}

static void test_scaling_agrees_with_its_definition(void **state) {
  (void)state;
  struct rng rng;
  rng_seed(&rng, 1);
  for (int i = 0; i < 20000; i++) {
    const int64_t a = (int64_t)rng_below(&rng, 2000001) - 1000000;
    const int64_t num = (int64_t)rng_below(&rng, 2001) - 1000;
    const int64_t den = 1 + (int64_t)rng_below(&rng, 50);
    int64_t r;
    assert_int_equal(money_scale(a, num, den, &r), 0);
    const int64_t twice_rest = 2 * (a * num - r * den);
    assert_true(twice_rest <= den && twice_rest >= -den);
    if (twice_rest == den || twice_rest == -den) assert_int_equal(r % 2, 0);
  }
}

static void test_reading_amounts(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t micros;
  } good[] = {{"0.99", 990000},
              {"1204.410000", 1204410000},
              {"-3", -3000000},
              {"0", 0},
              {"0.000001", 1},
              {"-0.5", -500000},
              {"007", 7000000},
              {"9223372036854.775807", INT64_MAX},
              {"-9223372036854.775808", INT64_MIN}};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int64_t r;
    assert_int_equal(money_parse(str_of(good[i].text), &r), 0);
    assert_true(r == good[i].micros);
  }
  const char *const bad[] = {"",
                             "-",
                             ".",
                             "1.",
                             ".5",
                             "1.0000000",
                             "1,5",
                             "$1",
                             "1e3",
                             "+1",
                             " 1",
                             "9223372036854.775808",
                             "99999999999999999999",
                             "1.2.3",
                             "--1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t r;
    assert_int_equal(money_parse(str_of(bad[i]), &r), -1);
  }
}

static void test_writing_amounts(void **state) {
  (void)state;
  char out[MONEY_TEXT_MAX];
  assert_string_equal(money_format(37620000, out), "37.620000");
  assert_string_equal(money_format(-1, out), "-0.000001");
  assert_string_equal(money_format(INT64_MIN, out), "-9223372036854.775808");
  assert_string_equal(money_human(37620000, out), "$37.62");
  assert_string_equal(money_human(1200, out), "$0.0012");
  assert_string_equal(money_human(990000, out), "$0.99");
  assert_string_equal(money_human(0, out), "$0.00");
  assert_string_equal(money_human(-500000, out), "-$0.50");
  assert_string_equal(money_human(1005000, out), "$1.00");
  assert_string_equal(money_human(1015000, out), "$1.02");
  assert_string_equal(money_human(123456, out), "$0.123456");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_overflow_is_an_error_and_writes_nothing),
      cmocka_unit_test(test_halves_go_to_the_even_neighbour),
      cmocka_unit_test(test_scaling_agrees_with_its_definition),
      cmocka_unit_test(test_reading_amounts),
      cmocka_unit_test(test_writing_amounts),
  };
  return cmocka_run_group_tests_name("base_money", tests, NULL, NULL);
}
