/* Slices and numbers in text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/str.h"

static void test_comparing_and_finding(void **state) {
  (void)state;
  assert_true(str_is(str_of(NULL), ""));
  assert_true(str_eq((struct trg_str){NULL, 0}, str_of("")));
  assert_true(str_is_nocase(TRG_STR("Content-TYPE"), "content-type"));
  assert_false(str_is_nocase(TRG_STR("content"), "content-type"));
  assert_true(str_starts(TRG_STR("abc"), "ab"));
  assert_false(str_starts(TRG_STR("a"), "ab"));
  assert_true(str_ends(TRG_STR("abc"), "bc"));
  assert_true(str_ends(TRG_STR("abc"), ""));
  assert_int_equal(str_find(TRG_STR("hello"), "lo"), 3);
  assert_int_equal(str_find(TRG_STR("hello"), "lox"), -1);
  assert_int_equal(str_find_nocase(TRG_STR("HeLLo"), "ell"), 1);
  assert_int_equal(str_find_nocase(TRG_STR("x"), "xx"), -1);
}

static void test_trimming_and_cutting_into_pieces(void **state) {
  (void)state;
  assert_true(str_is(str_trim(TRG_STR(" \t a b \r\n")), "a b"));
  assert_int_equal(str_trim(TRG_STR("  ")).n, 0);
  struct trg_str rest = TRG_STR("a,,b");
  struct trg_str piece;
  assert_true(str_next(&rest, ',', &piece) && str_is(piece, "a"));
  assert_true(str_next(&rest, ',', &piece) && str_is(piece, ""));
  assert_true(str_next(&rest, ',', &piece) && str_is(piece, "b"));
  assert_false(str_next(&rest, ',', &piece));
}

static void test_integers_are_whole_and_checked(void **state) {
  (void)state;
  int64_t n = 7;
  assert_int_equal(str_to_int(TRG_STR("-9223372036854775808"), &n), 0);
  assert_true(n == INT64_MIN);
  assert_int_equal(str_to_int(TRG_STR("9223372036854775807"), &n), 0);
  assert_true(n == INT64_MAX);
  assert_int_equal(str_to_int(TRG_STR("0012"), &n), 0);
  assert_int_equal(n, 12);
  const char *const bad[] = {
      "",    "-",  "9223372036854775808", "-9223372036854775809", "1 ", " 1", "+1", "0x1",
      "1.0", "1e3"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(str_to_int(str_of(bad[i]), &n), -1);
  assert_int_equal(n, 12);
}

static void test_doubles_are_whole_and_finite(void **state) {
  (void)state;
  double d = 0;
  assert_int_equal(str_to_double(TRG_STR("-1.5e2"), &d), 0);
  assert_true(d == -150.0);
  const char *const bad[] = {"", "nan", "inf", "0x10", "1,5", "1.5 ", "1e999", "--1", "e"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(str_to_double(str_of(bad[i]), &d), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comparing_and_finding),
      cmocka_unit_test(test_trimming_and_cutting_into_pieces),
      cmocka_unit_test(test_integers_are_whole_and_checked),
      cmocka_unit_test(test_doubles_are_whole_and_finite),
  };
  return cmocka_run_group_tests_name("base_str", tests, NULL, NULL);
}
