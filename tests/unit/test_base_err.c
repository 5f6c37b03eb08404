/* Errors: texts that fit, prefixes, places. */
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
#include "base/str.h"

static void test_status_is_returned_and_text_filled(void **state) {
  (void)state;
  struct trg_err err = {.line = 9};
  assert_int_equal(err_set(&err, TRG_EIO, "disk", "%s is full", "/var"), TRG_EIO);
  assert_string_equal(err.code, "disk");
  assert_string_equal(err.text, "/var is full");
  assert_int_equal(err.line, 0);
  assert_int_equal(err_at(&err, TRG_EINVAL, "yaml", 12, "wrong"), TRG_EINVAL);
  assert_int_equal(err.line, 12);
  assert_int_equal(err_set(NULL, TRG_ELIMIT, "x", "y"), TRG_ELIMIT);
}

static void test_an_error_may_quote_itself(void **state) {
  (void)state;
  struct trg_err err;
  (void)err_set(&err, TRG_EIO, "a", "inner");
  (void)err_set(&err, TRG_EIO, err.code, "outer: %s", err.text);
  assert_string_equal(err.text, "outer: inner");
  assert_string_equal(err.code, "a");
}

static void test_prefix_keeps_code_and_line(void **state) {
  (void)state;
  struct trg_err err;
  (void)err_at(&err, TRG_EINVAL, "yaml", 3, "wrong");
  err_prefix(&err, "file %d", 7);
  assert_string_equal(err.text, "file 7: wrong");
  assert_int_equal(err.line, 3);
  err_prefix(NULL, "nothing");
}

static void test_long_text_is_cut_between_characters(void **state) {
  (void)state;
  struct trg_err err;
  char text[2000];
  for (size_t shift = 0; shift < 4; shift++) {
    memset(text, 'x', shift);
    for (size_t i = shift; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xE2\x82\xAC", 4);
    (void)err_set(&err, TRG_EINVAL, "long-code-that-passes-the-thirty-two-bytes", "%s", text);
    assert_true(strlen(err.text) > sizeof err.text - 5);
    assert_true(utf8_valid(str_of(err.text)));
    assert_int_equal(strlen(err.code), sizeof err.code - 1);
    for (int i = 0; i < 300; i++) err_prefix(&err, "p");
    assert_true(utf8_valid(str_of(err.text)));
    assert_true(strlen(err.text) < sizeof err.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status_is_returned_and_text_filled),
      cmocka_unit_test(test_an_error_may_quote_itself),
      cmocka_unit_test(test_prefix_keeps_code_and_line),
      cmocka_unit_test(test_long_text_is_cut_between_characters),
  };
  return cmocka_run_group_tests_name("base_err", tests, NULL, NULL);
}
