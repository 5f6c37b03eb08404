/* Buffers: ceilings and escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

static void test_what_passes_the_ceiling_is_left_out_whole_and_marked(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 10);
  buf_text(&b, "12345678");
  buf_text(&b, "abc");
  assert_true(b.over);
  assert_string_equal(b.p, "12345678");
  buf_char(&b, 'x'); /* would fit, but a text with a hole is worse */
  assert_string_equal(b.p, "12345678");
  buf_reset(&b);
  assert_false(b.over);
  buf_text(&b, "1234567890");
  assert_false(b.over);
  assert_int_equal(b.n, 10);
  buf_printf(&b, "%d", 1);
  assert_true(b.over);
  buf_free(&b);
}

static void test_a_zeroed_buffer_works(void **state) {
  (void)state;
  struct buf b = {0};
  assert_int_equal(buf_view(&b).n, 0);
  buf_text(&b, "x");
  buf_text(&b, NULL);
  assert_string_equal(b.p, "x");
  buf_free(&b);
}

static void test_taken_text_belongs_to_the_caller(void **state) {
  (void)state;
  struct buf b;
  size_t n;
  buf_init(&b, 0);
  for (int i = 0; i < 10000; i++) buf_printf(&b, "%d,", i);
  char *text = buf_take(&b, &n);
  assert_int_equal(n, strlen(text));
  assert_int_equal(b.n, 0);
  buf_text(&b, "again");
  assert_string_equal(b.p, "again");
  mem_free(text);
  buf_free(&b);
  text = buf_take(&b, NULL);
  assert_string_equal(text, "");
  mem_free(text);
}

static void expect(void (*fn)(struct buf *, struct trg_str), struct trg_str in, const char *out) {
  struct buf b;
  buf_init(&b, 0);
  fn(&b, in);
  assert_string_equal(b.p, out);
  buf_free(&b);
}

static void test_json_escapes(void **state) {
  (void)state;
  expect(buf_json, TRG_STR("a\"b\\c\n\t\r\b\f\x01/"), "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001/\"");
  expect(buf_json, (struct trg_str){"a\0b", 3}, "\"a\\u0000b\"");
  expect(buf_json, TRG_STR("h\xC3\xA9 \xF0\x9F\x98\x80"), "\"h\xC3\xA9 \xF0\x9F\x98\x80\"");
  expect(buf_json, (struct trg_str){NULL, 0}, "\"\"");
}

static void test_bad_utf8_becomes_the_replacement_character(void **state) {
  (void)state;
  expect(buf_json, TRG_STR("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  expect(buf_json, TRG_STR("\xC3"), "\"\xEF\xBF\xBD\"");
  expect(buf_json, TRG_STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  expect(buf_json, TRG_STR("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  expect(buf_json, TRG_STR("\xEF\xBF\xBD"), "\"\xEF\xBF\xBD\"");
}

static void test_html_csv_and_url_escapes(void **state) {
  (void)state;
  expect(buf_html, TRG_STR("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  expect(buf_csv, TRG_STR("plain"), "plain");
  expect(buf_csv, TRG_STR("a,b"), "\"a,b\"");
  expect(buf_csv, TRG_STR("=1+1"), "=1+1");
  expect(buf_csv_text, TRG_STR("plain"), "plain");
  expect(buf_csv_text, TRG_STR(""), "");
  expect(buf_csv_text, TRG_STR("-0.990000"), "-0.990000");
  expect(buf_csv_text, TRG_STR("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
  expect(buf_csv_text, TRG_STR("+1+cmd"), "'+1+cmd");
  expect(buf_csv_text, TRG_STR("-2+3"), "'-2+3");
  expect(buf_csv_text, TRG_STR("-"), "'-");
  expect(buf_csv_text, TRG_STR("@sum"), "'@sum");
  expect(buf_csv_text, TRG_STR("\t=1"), "'\t=1");
  expect(buf_csv, TRG_STR("say \"hi\"\n"), "\"say \"\"hi\"\"\n\"");
  expect(buf_url, TRG_STR("a b/c~\xC3\xA9"), "a%20b%2Fc~%C3%A9");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_passes_the_ceiling_is_left_out_whole_and_marked),
      cmocka_unit_test(test_a_zeroed_buffer_works),
      cmocka_unit_test(test_taken_text_belongs_to_the_caller),
      cmocka_unit_test(test_json_escapes),
      cmocka_unit_test(test_bad_utf8_becomes_the_replacement_character),
      cmocka_unit_test(test_html_csv_and_url_escapes),
  };
  return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
