/* JSON: strict reading, exact writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <locale.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json *parse(const char *text) {
  return json_parse(str_of(text), 0, NULL);
}

static void refused(struct trg_str text, uint32_t flags, const char *why) {
  struct trg_err err = {0};
  json *j = json_parse(text, flags, &err);
  if (j != NULL) fail_msg("taken: %.*s", (int)text.n, text.p);
  if (strstr(err.text, why) == NULL) fail_msg("\"%s\" is not in \"%s\"", why, err.text);
}

static void same(const char *in, const char *out) {
  json *j = parse(in);
  assert_non_null(j);
  char *text = json_text(j);
  assert_string_equal(text, out);
  mem_free(text);
  json_free(&j);
  assert_null(j);
}

static void test_what_is_not_one_json_value_is_refused_with_its_place(void **state) {
  (void)state;
  refused(TRG_STR(""), 0, "line 1, column 1: the JSON text ends too early");
  refused(TRG_STR("{\"a\":1} x"), 0, "line 1, column 9: text after the end");
  refused(TRG_STR("{\n \"a\": tru\n}"), 0, "line 2, column 7");
  refused(TRG_STR("{\"\xC3\xA9\":}"), 0, "line 1, column 6");
  refused(TRG_STR("[1,]"), 0, "line 1, column 4");
  refused(TRG_STR("[1 2]"), 0, "\",\" or \"]\"");
  refused(TRG_STR("{\"a\" 1}"), 0, "\":\"");
  refused(TRG_STR("{a:1}"), 0, "key in quotes");
  refused(TRG_STR("{,}"), 0, "key in quotes");
  refused(TRG_STR("[1"), 0, "ends too early");
  refused(TRG_STR("\"abc"), 0, "ends too early");
  refused(TRG_STR("{} {}"), 0, "text after");
  refused(TRG_STR("]"), 0, "value");
  refused((struct trg_str){"1\0", 2}, 0, "text after");
}

static void test_lenient_numbers_and_strings_are_refused(void **state) {
  (void)state;
  const char *const bad[] = {"01",        "1.",          ".5",       "+1",       "-",     "1e",
                             "1e+",       "0x1",         "NaN",      "Infinity", "'a'",   "\"\\x\"",
                             "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\t\"",   "1e999", "-1e999",
                             "nul",       "// x\n1",     "[1]]"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refused(str_of(bad[i]), 0, "line ");
  char digits[200];
  memset(digits, '9', sizeof digits);
  refused((struct trg_str){digits, sizeof digits}, 0, "too many digits");
}

static void test_invalid_utf8_is_refused(void **state) {
  (void)state;
  refused(TRG_STR("[\"ok\",\n\"\xFF\"]"), 0, "line 2, column 2: not valid UTF-8");
  refused(TRG_STR("\"\xC3\""), 0, "not valid UTF-8");
  refused(TRG_STR("\"\xED\xA0\x80\""), 0, "not valid UTF-8");
}

static void test_nesting_is_limited_to_64(void **state) {
  (void)state;
  struct buf b;
  for (size_t depth = 64; depth <= 65; depth++) {
    buf_init(&b, 0);
    for (size_t i = 0; i < depth; i++) buf_text(&b, i % 2 == 0 ? "[" : "{\"a\":");
    buf_text(&b, "1");
    for (size_t i = depth; i > 0; i--) buf_text(&b, i % 2 == 1 ? "]" : "}");
    json *j = json_parse(buf_view(&b), JSON_UNIQUE_KEYS, NULL);
    assert_true((j != NULL) == (depth == 64));
    json_free(&j);
    buf_free(&b);
  }
  buf_init(&b, 0);
  for (size_t i = 0; i < 100000; i++) buf_char(&b, '[');
  refused(buf_view(&b), 0, "nested deeper than 64");
  buf_free(&b);
}

static void test_escaped_nul_and_half_surrogates_become_the_replacement(void **state) {
  (void)state;
  same("\"a\\u0000b\"", "\"a\xEF\xBF\xBD"
                        "b\"");
  same("{\"k\\u0000x\":1}", "{\"k\xEF\xBF\xBDx\":1}");
  same("\"\\ud83d\"", "\"\xEF\xBF\xBD\"");
  same("\"\\ude00\\ud83d\\ud83d\\ude00\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80\"");
  same("\"\\ud83d\\u0041\"", "\"\xEF\xBF\xBD"
                             "A\"");
  same("\"\\\\u0000\"", "\"\\\\u0000\"");
}

static void test_duplicate_keys_are_refused_when_asked(void **state) {
  (void)state;
  refused(TRG_STR("{\"a\":1,\"b\":{\"x\":1,\"y\":2,\"x\":3}}"), JSON_UNIQUE_KEYS,
          "\"x\" is given twice");
  refused(TRG_STR("[{\"a\":1,\"\\u0061\":2}]"), JSON_UNIQUE_KEYS, "\"a\" is given twice");
  json *j = json_parse(TRG_STR("{\"a\":1,\"A\":2,\"b\":{\"a\":1}}"), JSON_UNIQUE_KEYS, NULL);
  assert_non_null(j);
  json_free(&j);
  j = parse("{\"a\":1,\"a\":2}");
  assert_int_equal(json_get_int(j, "a", 0), 1);
  json_free(&j);
}

static void test_very_many_keys_are_checked_without_a_square(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  for (int i = 0; i < 60000; i++) buf_printf(&b, "%c\"k%d\":%d", i == 0 ? '{' : ',', i, i);
  buf_text(&b, "}");
  json *j = json_parse(buf_view(&b), JSON_UNIQUE_KEYS, NULL);
  assert_int_equal(json_count(j), 60000);
  json_free(&j);
  buf_free(&b);
}

static void test_ids_are_exact_or_refused(void **state) {
  (void)state;
  const struct {
    const char *json, *id;
  } cases[] = {{"360001234567", "360001234567"},
               {"9007199254740991", "9007199254740991"},
               {"-5", "-5"},
               {"\"0012\"", "0012"},
               {"\"9007199254740993\"", "9007199254740993"},
               {"9007199254740993", NULL},
               {"9007199254740992", NULL},
               {"1.5", NULL},
               {"true", NULL},
               {"null", NULL},
               {"\"\"", NULL},
               {"1e3", "1000"},
               {"\"a string that is longer than the room\"", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char out[24] = "";
    json *j = parse(cases[i].json);
    const int status = json_id(j, out, sizeof out);
    assert_int_equal(status, cases[i].id == NULL ? -1 : 0);
    assert_string_equal(out, cases[i].id == NULL ? "" : cases[i].id);
    json_free(&j);
  }
  char out[4];
  assert_int_equal(json_id(NULL, out, sizeof out), -1);
}

static void test_reading_accepts_null_and_wrong_types(void **state) {
  (void)state;
  json *j = parse(
      "{\"s\":\"x\",\"n\":3,\"f\":1.5,\"b\":true,\"z\":null,\"o\":{\"a\":[10,{\"b\":7}]}}");
  assert_true(str_is(json_get_str(j, "s"), "x"));
  assert_true(str_is(json_get_str(j, "n"), ""));
  assert_int_equal(json_get_int(j, "n", -1), 3);
  assert_int_equal(json_get_int(j, "f", -1), -1);
  assert_int_equal(json_get_int(j, "s", -1), -1);
  assert_true(json_get_double(j, "f", 0) == 1.5);
  assert_true(json_get_bool(j, "b", false));
  assert_true(json_get_bool(j, "n", true));
  assert_null(json_get(json_get(j, "s"), "x"));
  assert_null(json_get(NULL, "x"));
  assert_null(json_first(json_get(j, "s")));
  assert_null(json_next(NULL));
  assert_null(json_key(NULL));
  assert_int_equal(json_count(json_get(j, "s")), 0);
  assert_null(json_at(json_path(j, "o.a"), 2));
  assert_true(json_is_number(json_path(j, "o.a.0")));
  assert_true(json_is_number(json_path(j, "o.a.1.b")));
  assert_null(json_path(j, "o.a.x"));
  assert_null(json_path(j, "o.a.-1"));
  assert_null(json_path(j, "s.x"));
  assert_null(json_path(NULL, "x"));
  assert_string_equal(json_key(json_next(json_first(j))), "n");
  json_free(&j);
  json_free(&j);
}

static void test_written_numbers_are_exact(void **state) {
  (void)state;
  json *j = json_object();
  json_put_int(j, "a", INT64_C(9007199254740991));
  json_put_int(j, "b", INT64_C(-9007199254740992));
  json_put_int(j, "c", INT64_C(9007199254740990));
  json_put_int(j, "d", 0);
  json_put_int(j, "e", INT64_MAX);
  char *text = json_text(j);
  assert_string_equal(text, "{\"a\":9007199254740991,\"b\":-9007199254740992,"
                            "\"c\":9007199254740990,\"d\":0,\"e\":\"9223372036854775807\"}");
  mem_free(text);
  json_free(&j);
  same("[0.1,1e21,1.7976931348623157e308,123456.789,-0.0,1e-9,0.30000000000000004]",
       "[0.1,1e+21,1.7976931348623157e+308,123456.789,0,1e-09,0.30000000000000004]");
}

static void put_doubles(void) {
  json *j = json_array();
  const double values[] = {0.1, 0.1234567, 1.0, 2.5e-7, 1.0 / 3, 1e20, -0.0000001, 99.999999};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    json *o = json_object();
    json_put_double(o, "d", values[i]);
    json_add(j, o);
  }
  char *text = json_text(j);
  assert_string_equal(text, "[{\"d\":0.1},{\"d\":0.123457},{\"d\":1},{\"d\":0},{\"d\":0.333333},"
                            "{\"d\":1e+20},{\"d\":0},{\"d\":99.999999}]");
  mem_free(text);
  json_free(&j);
}

static void test_doubles_are_short_in_any_locale(void **state) {
  (void)state;
  put_doubles();
  /* Whichever of these the machine has; none is fine too. */
  const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"};
  for (size_t i = 0; i < 4; i++) {
    (void)setlocale(LC_ALL, locales[i]);
    put_doubles();
  }
  (void)setlocale(LC_ALL, "C");
}

static void test_keys_stay_in_order_and_are_put_once(void **state) {
  (void)state;
  json *j = json_object();
  json_put_text(j, "z", "1");
  json_put_text(j, "a", NULL);
  json_put_bool(j, "t", true);
  json_put_null(j, "n");
  json_put_micros(j, "m", 990000);
  json_put_time(j, "at", INT64_C(1795255200000));
  json_put_time(j, "never", 0);
  json_put_str(j, "s", (struct trg_str){"x\0\xFF", 3});
  json_put_text(j, "z", "2");
  json *list = json_array();
  json_add_str(list, TRG_STR("q"));
  json_put(j, "l", list);
  json_put(j, "empty", json_object());
  char *text = json_text(j);
  assert_string_equal(text, "{\"z\":\"2\",\"a\":\"\",\"t\":true,\"n\":null,\"m\":\"0.990000\","
                            "\"at\":\"2026-11-21T10:00:00Z\",\"never\":\"\","
                            "\"s\":\"x\xEF\xBF\xBD\xEF\xBF\xBD\",\"l\":[\"q\"],\"empty\":{}}");
  mem_free(text);
  json_free(&j);
  text = json_text(NULL);
  assert_string_equal(text, "null");
  mem_free(text);
}

static void test_pretty_text(void **state) {
  (void)state;
  json *j = parse("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
  char *text = json_text_pretty(j);
  assert_string_equal(text,
                      "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
  mem_free(text);
  json_free(&j);
}

static void test_scalars_and_a_byte_order_mark_are_taken(void **state) {
  (void)state;
  same("\xEF\xBB\xBF {\"a\" : 1 }\n", "{\"a\":1}");
  same(" true ", "true");
  same("null", "null");
  same("\"\\/\\u00e9\"", "\"/\xC3\xA9\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_not_one_json_value_is_refused_with_its_place),
      cmocka_unit_test(test_lenient_numbers_and_strings_are_refused),
      cmocka_unit_test(test_invalid_utf8_is_refused),
      cmocka_unit_test(test_nesting_is_limited_to_64),
      cmocka_unit_test(test_escaped_nul_and_half_surrogates_become_the_replacement),
      cmocka_unit_test(test_duplicate_keys_are_refused_when_asked),
      cmocka_unit_test(test_very_many_keys_are_checked_without_a_square),
      cmocka_unit_test(test_ids_are_exact_or_refused),
      cmocka_unit_test(test_reading_accepts_null_and_wrong_types),
      cmocka_unit_test(test_written_numbers_are_exact),
      cmocka_unit_test(test_doubles_are_short_in_any_locale),
      cmocka_unit_test(test_keys_stay_in_order_and_are_put_once),
      cmocka_unit_test(test_pretty_text),
      cmocka_unit_test(test_scalars_and_a_byte_order_mark_are_taken),
  };
  return cmocka_run_group_tests_name("base_json", tests, NULL, NULL);
}
