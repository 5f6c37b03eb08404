/* UTF-8 by the letter of RFC 3629. */
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

static void test_validity(void **state) {
  (void)state;
  const char *const good[] = {"",
                              "ascii and longer than eight bytes",
                              "\xC2\x80",
                              "\xDF\xBF",
                              "\xE0\xA0\x80",
                              "\xED\x9F\xBF",
                              "\xEE\x80\x80",
                              "\xF0\x90\x80\x80",
                              "\xF4\x8F\xBF\xBF"};
  const char *const bad[] = {"\x80",
                             "\xC0\x80",
                             "\xC1\xBF",
                             "\xC2",
                             "\xE0\x9F\xBF",
                             "\xED\xA0\x80",
                             "\xED\xBF\xBF",
                             "\xF0\x8F\xBF\xBF",
                             "\xF4\x90\x80\x80",
                             "\xF5\x80\x80\x80",
                             "\xFF",
                             "abcdefgh\xC3",
                             "abcdefghijk\xE2\x82"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    assert_true(utf8_valid(str_of(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(utf8_valid(str_of(bad[i])));
}

static void test_every_code_point_comes_back(void **state) {
  (void)state;
  for (uint32_t c = 0; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    char coded[4];
    const struct trg_str s = {coded, utf8_put(coded, c)};
    size_t at = 0;
    if (utf8_next(s, &at) != c || at != s.n || !utf8_valid(s)) fail_msg("U+%04X", c);
  }
  char coded[4];
  assert_int_equal(utf8_put(coded, 0xD800), 3);
  assert_memory_equal(coded, "\xEF\xBF\xBD", 3);
}

static void test_invalid_bytes_are_passed_one_at_a_time(void **state) {
  (void)state;
  const struct trg_str s = TRG_STR("\xE2\x82x");
  size_t at = 0;
  assert_int_equal(utf8_next(s, &at), 0xFFFD);
  assert_int_equal(at, 1);
  assert_int_equal(utf8_next(s, &at), 0xFFFD);
  assert_int_equal(utf8_next(s, &at), 'x');
  assert_int_equal(utf8_next(s, &at), 0xFFFD);
  assert_int_equal(at, 3);
}

static void test_cuts_fall_between_characters(void **state) {
  (void)state;
  const struct trg_str s = TRG_STR("a\xC3\xA9\xF0\x9F\x98\x80z");
  const size_t want[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  for (size_t n = 0; n < 10; n++) assert_int_equal(utf8_cut(s, n), want[n]);
  assert_int_equal(utf8_length(s), 4);
}

static void test_lower_case(void **state) {
  (void)state;
  const uint32_t pairs[][2] = {{'A', 'a'},       {0xC4, 0xE4},   {0xD7, 0xD7},   {0x160, 0x161},
                               {0x141, 0x142},   {0x17D, 0x17E}, {0x178, 0xFF},  {0x391, 0x3B1},
                               {0x3A9, 0x3C9},   {0x386, 0x3AC}, {0x388, 0x3AD}, {0x38F, 0x3CE},
                               {0x410, 0x430},   {0x42F, 0x44F}, {0x401, 0x451}, {0x490, 0x491},
                               {0x1EA0, 0x1EA1}, {0x1E9E, 0xDF}, {0xDF, 0xDF},   {0x4E2D, 0x4E2D}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    assert_int_equal(utf8_lower(pairs[i][0]), pairs[i][1]);
    assert_int_equal(utf8_lower(pairs[i][1]), pairs[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_validity),
      cmocka_unit_test(test_every_code_point_comes_back),
      cmocka_unit_test(test_invalid_bytes_are_passed_one_at_a_time),
      cmocka_unit_test(test_cuts_fall_between_characters),
      cmocka_unit_test(test_lower_case),
  };
  return cmocka_run_group_tests_name("base_utf8", tests, NULL, NULL);
}
