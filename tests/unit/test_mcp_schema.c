#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/schema.h"

static struct trg_err E;

static int check(const char *schema, const char *value) {
  json *s = json_parse(str_of(schema), 0, &E), *v = json_parse(str_of(value), 0, &E);
  assert_non_null(s);
  assert_non_null(v);
  const int rc = schema_check(s, v, "arguments", &E);
  json_free(&s);
  json_free(&v);
  return rc;
}

static const char ticket[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"ref\"],\"properties\":{"
    "\"ref\":{\"type\":\"string\",\"minLength\":1},\"limit\":{\"type\":\"integer\",\"minimum\":1,"
    "\"maximum\":100},\"by\":{\"enum\":[\"day\",\"month\"]},"
    "\"tags\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"string\"}}}}";

static void test_arguments_that_fit_are_taken(void **state) {
  (void)state;
  assert_int_equal(check(ticket, "{\"ref\":\"support/1\"}"), 0);
  assert_int_equal(
      check(ticket, "{\"ref\":\"x\",\"limit\":100,\"by\":\"day\",\"tags\":[\"a\",\"b\"]}"), 0);
}

static void test_the_message_names_the_place_and_what_is_wrong(void **state) {
  (void)state;
  assert_int_equal(check(ticket, "{}"), TRG_EINVAL);
  assert_string_equal(E.text, "arguments.ref: is missing");
  assert_int_equal(check(ticket, "{\"ref\":7}"), TRG_EINVAL);
  assert_string_equal(E.text, "arguments.ref: must be of type string");
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"tags\":[\"a\",1]}"), TRG_EINVAL);
  assert_string_equal(E.text, "arguments.tags[1]: must be of type string");
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"refs\":1}"), TRG_EINVAL);
  assert_string_equal(E.text, "arguments.refs: is not known here");
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"by\":\"week\"}"), TRG_EINVAL);
  assert_string_equal(E.text, "arguments.by: must be one of [\"day\",\"month\"]");
}

static void test_numbers_have_their_bounds(void **state) {
  (void)state;
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"limit\":0}"), TRG_EINVAL);
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"limit\":101}"), TRG_EINVAL);
  assert_int_equal(check(ticket, "{\"ref\":\"x\",\"limit\":1.5}"), TRG_EINVAL);
  assert_int_equal(check("{\"exclusiveMinimum\":0}", "0"), TRG_EINVAL);
  assert_int_equal(check("{\"type\":[\"null\",\"integer\"]}", "null"), 0);
}

static void test_forms_are_combined(void **state) {
  (void)state;
  assert_int_equal(check("{\"anyOf\":[{\"type\":\"string\"},{\"const\":3}]}", "3"), 0);
  assert_int_equal(check("{\"anyOf\":[{\"type\":\"string\"},{\"const\":3}]}", "4"), TRG_EINVAL);
  assert_int_equal(check("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "1"), 0);
  assert_int_equal(check("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3"), TRG_EINVAL);
  assert_int_equal(check("{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3"), TRG_EINVAL);
  assert_int_equal(check("{\"not\":{\"type\":\"string\"}}", "\"a\""), TRG_EINVAL);
  assert_int_equal(check("false", "1"), TRG_EINVAL);
  assert_int_equal(check("true", "1"), 0);
}

static void test_references_stay_inside_and_end(void **state) {
  (void)state;
  static const char inner[] = "{\"$defs\":{\"a/b\":{\"type\":\"string\"}},"
                              "\"properties\":{\"x\":{\"$ref\":\"#/$defs/a~1b\"}}}";
  assert_int_equal(check(inner, "{\"x\":\"s\"}"), 0);
  assert_int_equal(check(inner, "{\"x\":1}"), TRG_EINVAL);
  assert_int_equal(check("{\"$ref\":\"http://127.0.0.1/schema.json\"}", "1"), TRG_EINVAL);
  assert_int_equal(check("{\"$ref\":\"#\"}", "1"), TRG_ELIMIT);
  static const char bomb[] =
      "{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/b\"},{\"$ref\":\"#/$defs/b\"}]},"
      "\"b\":{\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/a\"}]}},"
      "\"$ref\":\"#/$defs/a\"}";
  assert_int_equal(check(bomb, "1"), TRG_ELIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments_that_fit_are_taken),
      cmocka_unit_test(test_the_message_names_the_place_and_what_is_wrong),
      cmocka_unit_test(test_numbers_have_their_bounds),
      cmocka_unit_test(test_forms_are_combined),
      cmocka_unit_test(test_references_stay_inside_and_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
