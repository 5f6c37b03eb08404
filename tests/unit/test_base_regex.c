/* Regular expressions: an error is never "no match". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"

static void test_matches_have_byte_ranges_and_groups(void **state) {
  (void)state;
  size_t from;
  size_t to;
  struct regex *r = regex_new("(\\w+)@(\\w+)(\\.x)?", 0, NULL);
  const struct trg_str s = TRG_STR("\xC3\xA9 m\xC3\xBCller@host, b@c");
  assert_int_equal(regex_find(r, s, 0, &from, &to, NULL), 1);
  assert_int_equal(from, 3);
  assert_int_equal(to, 15);
  assert_int_equal(regex_group(r, 1, &from, &to), 0);
  assert_int_equal(to - from, 7);
  assert_int_equal(regex_group(r, 3, &from, &to), -1);
  assert_int_equal(regex_group(r, 99, &from, &to), -1);
  assert_int_equal(regex_find(r, s, 15, &from, &to, NULL), 1);
  assert_int_equal(from, 17);
  assert_int_equal(regex_find(r, s, 20, &from, &to, NULL), 0);
  assert_int_equal(regex_group(r, 1, &from, &to), -1);
  assert_int_equal(regex_find(r, s, 1000, &from, &to, NULL), 0);
  regex_free(&r);
  assert_null(r);
  regex_free(&r);
}

static void test_case_and_unicode_classes(void **state) {
  (void)state;
  size_t from;
  size_t to;
  struct regex *r = regex_new("\xC3\x84rger", REGEX_NOCASE, NULL);
  assert_int_equal(regex_find(r, TRG_STR("\xC3\xA4RGER"), 0, &from, &to, NULL), 1);
  regex_free(&r);
}

static void test_a_wrong_pattern_is_explained(void **state) {
  (void)state;
  struct trg_err err;
  assert_null(regex_new("a(b", 0, &err));
  assert_non_null(strstr(err.text, "character 4"));
  assert_null(regex_new("\\C", 0, &err));
}

static void test_hostile_text_ends_in_an_error_and_not_in_no_match(void **state) {
  (void)state;
  size_t from;
  size_t to;
  struct trg_err err;
  char text[64];
  memset(text, 'a', sizeof text);
  struct regex *r = regex_new("^(a+)+$", 0, NULL);
  text[sizeof text - 1] = '!';
  assert_true(regex_find(r, (struct trg_str){text, sizeof text}, 0, &from, &to, &err) < 0);
  assert_non_null(strstr(err.text, "limit"));
  regex_free(&r);
}

static void test_bad_utf8_is_an_error(void **state) {
  (void)state;
  size_t from;
  size_t to;
  struct regex *r = regex_new("a", 0, NULL);
  assert_true(regex_find(r,
                         TRG_STR("\xFF"
                                 "a"),
                         0, &from, &to, NULL) < 0);
  regex_free(&r);
}

static void test_empty_matches_and_empty_subjects(void **state) {
  (void)state;
  size_t from = 9;
  size_t to = 9;
  struct regex *r = regex_new("x*", 0, NULL);
  assert_int_equal(regex_find(r, (struct trg_str){NULL, 0}, 0, &from, &to, NULL), 1);
  assert_int_equal(from, 0);
  assert_int_equal(to, 0);
  regex_free(&r);
}

static void test_groups_of_two_regexes_do_not_mix(void **state) {
  (void)state;
  size_t from;
  size_t to;
  struct regex *a = regex_new("a(b)", 0, NULL);
  struct regex *b = regex_new("x(yy)", 0, NULL);
  const struct trg_str s = TRG_STR("ab xyy");
  assert_int_equal(regex_find(a, s, 0, &from, &to, NULL), 1);
  assert_int_equal(regex_find(b, s, 0, &from, &to, NULL), 1);
  assert_int_equal(regex_group(a, 1, &from, &to), 0);
  assert_int_equal(from, 1);
  assert_int_equal(regex_group(b, 1, &from, &to), 0);
  assert_int_equal(from, 4);
  regex_free(&a);
  regex_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matches_have_byte_ranges_and_groups),
      cmocka_unit_test(test_case_and_unicode_classes),
      cmocka_unit_test(test_a_wrong_pattern_is_explained),
      cmocka_unit_test(test_hostile_text_ends_in_an_error_and_not_in_no_match),
      cmocka_unit_test(test_bad_utf8_is_an_error),
      cmocka_unit_test(test_empty_matches_and_empty_subjects),
      cmocka_unit_test(test_groups_of_two_regexes_do_not_mix),
  };
  return cmocka_run_group_tests_name("base_regex", tests, NULL, NULL);
}
