#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/era.h"

#define META                                                                                       \
  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                         \
  "\"io.modelcontextprotocol/clientCapabilities\":{}}"

static struct arena *A;
static struct trg_err E;

static int judge(const char *params, const char *version, const char *method, const char *name) {
  char text[1024];
  struct rpc_message m;
  json *data = NULL;
  snprintf(text, sizeof text,
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":%s}", params);
  assert_int_equal(rpc_read(str_of(text), &m, &E), 0);
  const struct era_headers h = {str_of(version), str_of(method), {name, name ? strlen(name) : 0}};
  const int code = era_check(&m, &h, &data, &E);
  json_free(&data);
  rpc_free(&m);
  return code;
}

static void test_a_whole_modern_request_passes(void **state) {
  (void)state;
  assert_int_equal(judge("{\"name\":\"x\"," META "}", ERA_MODERN, "tools/call", "x"), 0);
  assert_int_equal(
      judge("{\"name\":\"h\u00e9\"," META "}", ERA_MODERN, "tools/call", "=?base64?aMOp?="), 0);
}

static void test_each_missing_part_has_its_code(void **state) {
  (void)state;
  assert_int_equal(judge("{}", ERA_MODERN, "tools/call", "x"), RPC_BAD_PARAMS);
  assert_int_equal(judge("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}",
                         ERA_MODERN, "tools/call", "x"),
                   RPC_BAD_PARAMS);
  const char *whole = "{\"name\":\"x\"," META "}";
  assert_int_equal(judge(whole, "", "tools/call", "x"), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, "2025-11-25", "tools/call", "x"), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, ERA_MODERN, "", "x"), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, ERA_MODERN, "tools/list", "x"), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, ERA_MODERN, "tools/call", NULL), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, ERA_MODERN, "tools/call", "y"), RPC_HEADER_MISMATCH);
  assert_int_equal(judge(whole, ERA_MODERN, "tools/call", "=?base64?e?="), RPC_HEADER_MISMATCH);
}

static void test_an_unknown_version_is_answered_with_those_that_are_known(void **state) {
  (void)state;
  assert_int_equal(
      judge("{\"name\":\"x\",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"v9\","
            "\"io.modelcontextprotocol/clientCapabilities\":{}}}",
            "v9", "tools/call", "x"),
      RPC_NO_VERSION);
}

static void test_the_era_is_told_by_meta_or_header(void **state) {
  (void)state;
  struct rpc_message m;
  assert_int_equal(
      rpc_read(TRG_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}"), &m, &E), 0);
  const struct era_headers none = {{0}, {0}, {0}}, old = {TRG_STR("2025-06-18"), {0}, {0}},
                           now = {TRG_STR("2026-07-28"), {0}, {0}};
  assert_false(era_is_modern(&m, &none));
  assert_false(era_is_modern(&m, &old));
  assert_true(era_is_modern(&m, &now));
  rpc_free(&m);
  assert_string_equal(era_agree(TRG_STR("2024-11-05")), "2024-11-05");
  assert_string_equal(era_agree(TRG_STR("1900-01-01")), ERA_LEGACY_NEWEST);
  assert_string_equal(era_agree(TRG_STR("2026-07-28")), ERA_LEGACY_NEWEST);
}

static void test_header_values_survive_the_way(void **state) {
  (void)state;
  static const char *const values[] = {"us-west1",           "Hello, \xE4\xB8\x96\xE7\x95\x8C",
                                       " padded ",           "line1\nline2",
                                       "=?base64?literal?=", ""};
  static const char *const sent[] = {"us-west1",
                                     "=?base64?SGVsbG8sIOS4lueVjA==?=",
                                     "=?base64?IHBhZGRlZCA=?=",
                                     "=?base64?bGluZTEKbGluZTI=?=",
                                     "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=",
                                     ""};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    const char *h = era_header_encode(str_of(values[i]), A);
    struct trg_str back;
    assert_string_equal(h, sent[i]);
    assert_true(era_header_decode(str_of(h), A, &back));
    assert_true(str_is(back, values[i]));
  }
  struct trg_str back;
  assert_false(era_header_decode(TRG_STR("=?base64?a?="), A, &back));
  assert_false(era_header_decode(TRG_STR("a\x01"), A, &back));
}

static int marks(const char *schema, size_t *n, struct era_mark **ret) {
  json *s = json_parse(str_of(schema), 0, &E);
  assert_non_null(s);
  const int rc = era_marks(s, A, ret, n, &E);
  json_free(&s);
  return rc;
}

static void test_marked_arguments_go_into_headers(void **state) {
  (void)state;
  struct era_mark *m = NULL;
  size_t n = 0;
  assert_int_equal(
      marks("{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\","
            "\"x-mcp-header\":\"Region\"},\"in\":{\"type\":\"object\",\"properties\":{\"n\":{"
            "\"type\":\"integer\",\"x-mcp-header\":\"N\"}}},\"b\":{\"type\":\"boolean\","
            "\"x-mcp-header\":\"B\"}}}",
            &n, &m),
      0);
  assert_int_equal(n, 3);
  json *args = json_parse(TRG_STR("{\"region\":\"eu\",\"in\":{\"n\":-42},\"b\":null}"), 0, &E);
  assert_string_equal(era_mark_value(&m[0], args, A), "eu");
  assert_string_equal(era_mark_value(&m[1], args, A), "-42");
  assert_null(era_mark_value(&m[2], args, A));
  json_free(&args);
}

static void test_a_wrong_mark_spoils_the_tool(void **state) {
  (void)state;
  struct era_mark *m = NULL;
  size_t n = 0;
  static const char *const bad[] = {
      "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}}}",
      "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A b\"}}}",
      "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":7}}}",
      "{\"properties\":{\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}}}",
      "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"},"
      "\"b\":{\"type\":\"string\",\"x-mcp-header\":\"a\"}}}",
      "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}}",
      "{\"oneOf\":[{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}]}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_not_equal(marks(bad[i], &n, &m), 0);
}

static int begin(void **state) {
  (void)state;
  A = arena_new();
  return 0;
}

static int end(void **state) {
  (void)state;
  arena_free(&A);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_whole_modern_request_passes),
      cmocka_unit_test(test_each_missing_part_has_its_code),
      cmocka_unit_test(test_an_unknown_version_is_answered_with_those_that_are_known),
      cmocka_unit_test(test_the_era_is_told_by_meta_or_header),
      cmocka_unit_test(test_header_values_survive_the_way),
      cmocka_unit_test(test_marked_arguments_go_into_headers),
      cmocka_unit_test(test_a_wrong_mark_spoils_the_tool),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
