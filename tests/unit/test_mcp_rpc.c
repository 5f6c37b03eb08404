#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/rpc.h"

static struct rpc_message M;
static struct trg_err E;

static int read_of(const char *text) {
  rpc_free(&M);
  return rpc_read(str_of(text), &M, &E);
}

static void test_a_request_has_an_id_of_text_or_number(void **state) {
  (void)state;
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}"), 0);
  assert_int_equal(M.kind, RPC_REQUEST);
  assert_string_equal(M.id, "7");
  assert_int_equal(
      read_of("{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"method\":\"ping\",\"params\":{}}"), 0);
  assert_string_equal(M.id, "\"a\\\"b\"");
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":-3,\"method\":\"ping\"}"), 0);
  assert_string_equal(M.id, "-3");
}

static void test_null_fractions_and_huge_ids_are_no_ids(void **state) {
  (void)state;
  static const char *const bad[] = {"null", "1.5", "9007199254740993", "{}", "true"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[128];
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"ping\"}", bad[i]);
    assert_int_equal(read_of(text), RPC_INVALID);
  }
  char longer[600] = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"";
  memset(longer + strlen(longer), 'x', 400);
  strcat(longer, "\"}");
  assert_int_equal(read_of(longer), RPC_INVALID);
}

static void test_a_request_without_id_is_a_notification(void **state) {
  (void)state;
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"), 0);
  assert_int_equal(M.kind, RPC_NOTIFICATION);
  assert_string_equal(M.id, "");
}

static void test_answers_are_read_with_their_error(void **state) {
  (void)state;
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}"), 0);
  assert_int_equal(M.kind, RPC_RESULT);
  assert_int_equal(
      read_of("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}"),
      0);
  assert_int_equal(M.kind, RPC_ERROR);
  assert_int_equal(M.code, -32700);
  assert_true(str_is(M.error_text, "no"));
}

static void test_what_is_no_message_is_told_apart_from_what_is_no_json(void **state) {
  (void)state;
  assert_int_equal(read_of("{"), RPC_PARSE);
  assert_int_equal(read_of("[]"), RPC_INVALID);
  assert_int_equal(read_of("7"), RPC_INVALID);
  assert_int_equal(read_of("{\"id\":1,\"method\":\"x\"}"), RPC_INVALID);
  assert_string_equal(M.id, "1"); /* so that the error can name it */
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":1}"), RPC_INVALID);
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1}}"),
                   RPC_INVALID);
  assert_int_equal(read_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":[1]}"),
                   RPC_INVALID);
}

static void test_written_messages_have_the_id_as_it_was(void **state) {
  (void)state;
  char *t = rpc_result("\"a\"", NULL);
  assert_string_equal(t, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}");
  mem_free(t);
  assert_int_equal(read_of("no json"), RPC_PARSE);
  t = rpc_refusal(&M, RPC_PARSE, "no");
  assert_string_equal(
      t, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}");
  mem_free(t);
  rpc_free(&M);
  assert_int_equal(read_of("{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"x\"}"), RPC_INVALID);
  t = rpc_refusal(&M, RPC_INVALID, "no");
  assert_non_null(strstr(t, "\"id\":7,"));
  mem_free(t);
  rpc_free(&M);
  t = rpc_error("", RPC_PARSE, "no", NULL);
  assert_string_equal(t, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"no\"}}");
  mem_free(t);
  t = rpc_notice("notifications/x", NULL);
  assert_string_equal(t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}");
  mem_free(t);
}

static int end(void **state) {
  (void)state;
  rpc_free(&M);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_request_has_an_id_of_text_or_number),
      cmocka_unit_test(test_null_fractions_and_huge_ids_are_no_ids),
      cmocka_unit_test(test_a_request_without_id_is_a_notification),
      cmocka_unit_test(test_answers_are_read_with_their_error),
      cmocka_unit_test(test_what_is_no_message_is_told_apart_from_what_is_no_json),
      cmocka_unit_test(test_written_messages_have_the_id_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
