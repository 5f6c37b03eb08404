/* Batches of a client that speaks revision 2025-03-26, over HTTP and on standard input; and of
 * those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define TOKEN "reader-token-0123456789"
#define BATCH                                                                                      \
  "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"                                             \
  "call\",\"params\":{\"name\":\"list_tickets\","                                                  \
  "\"arguments\":{}}},{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},"             \
  "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"no/such\"}]"
#define NOTES                                                                                      \
  "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},"                               \
  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]"

static struct rig R;
static char Url[64];

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int begin(void **state) {
  (void)state;
  char listen[400];
  rig_open(&R);
  const int port = rig_port();
  snprintf(Url, sizeof Url, "http://127.0.0.1:%d/mcp", port);
  snprintf(listen, sizeof listen,
           "listen: \"127.0.0.1:%d\"\naccess:\n  mcp_tokens:\n"
           "    - {name: reader, token: \"${file:reader}\", per_minute: 40}",
           port);
  rig_file(&R, "reader", TOKEN "\n");
  rig_tickets(&R, 1);
  rig_sim(&R, "");
  rig_conf(&R, "listen: \"off\"", listen, "mode: auto", "mode: draft", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 1);
  return 0;
}

static long post(const char *more, const char *body, char **ret) {
  char headers[500];
  snprintf(headers, sizeof headers,
           "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
           "Authorization: Bearer " TOKEN "%s%s",
           more[0] != '\0' ? "\n" : "", more);
  return rig_http("POST", Url, headers, body, ret);
}

/* One array with a result and an error. */
static void both_answers(const char *text) {
  cJSON *list = cJSON_Parse(text);
  if (!cJSON_IsArray(list)) fail_msg("no array: %s", text);
  assert_int_equal(cJSON_GetArraySize(list), 2);
  const cJSON *one;
  cJSON_ArrayForEach(one, list) {
    const int id = cJSON_GetObjectItem(one, "id")->valueint;
    const cJSON *error = cJSON_GetObjectItem(one, "error");
    assert_true(id == 1 || id == 2);
    if (id == 1) assert_non_null(cJSON_GetObjectItem(one, "result"));
    if (id == 2) assert_int_equal(cJSON_GetObjectItem(error, "code")->valueint, -32601);
  }
  cJSON_Delete(list);
}

static void test_a_batch_over_http_is_answered_by_one_array(void **state) {
  (void)state;
  char *text = NULL;
  assert_int_equal(post("", BATCH, &text), 200); /* no header: revision 2025-03-26 is assumed */
  both_answers(text);
  free(text);
  assert_int_equal(post("MCP-Protocol-Version: 2025-03-26", BATCH, &text), 200);
  both_answers(text);
  free(text);
  assert_int_equal(post("", NOTES, &text), 202);
  assert_string_equal(text, "");
  free(text);
  assert_int_equal(post("", "[", &text), 400);
  assert_non_null(strstr(text, "-32700"));
  free(text);
  assert_int_equal(post("", "[]", &text), 400);
  assert_non_null(strstr(text, "-32600"));
  free(text);
}

static void test_other_revisions_refuse_batches(void **state) {
  (void)state;
  static const char *const others[] = {"2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    char header[80], *text = NULL;
    snprintf(header, sizeof header, "MCP-Protocol-Version: %s", others[i]);
    assert_int_equal(post(header, BATCH, &text), 400);
    assert_non_null(strstr(text, "batches are of revision 2025-03-26 alone"));
    free(text);
  }
}

static void test_each_message_of_a_batch_counts_against_the_rate(void **state) {
  (void)state;
  char body[4000] = "[{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}";
  for (int i = 0; i < 39; i++) strcat(body, ",{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}");
  strcat(body, "]");
  assert_int_equal(post("", body, NULL), 429); /* of forty a minute some are spent by now */
}

static char *stdio(const char *version, const char *lines) {
  char input[4000], command[1200];
  const char *build = getenv("B");
  snprintf(
      input, sizeof input,
      "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
      "\"%s\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}\n%s",
      version, lines);
  rig_file(&R, "in.jsonl", input);
  snprintf(command, sizeof command, "%s/triagectl -c %s mcp < %s > %s 2>/dev/null",
           build != NULL ? build : "build", rig_path(&R, "triaged.yaml"), rig_path(&R, "in.jsonl"),
           rig_path(&R, "out.jsonl"));
  assert_int_equal(system(command), 0);
  return rig_read(&R, "out.jsonl");
}

static void test_a_batch_on_standard_input_is_answered_by_one_line(void **state) {
  (void)state;
  char *out = stdio("2025-03-26", NOTES "\n" BATCH "\n");
  char *second = strchr(out, '\n') + 1; /* after that of `initialize`, nothing for the notes */
  assert_ptr_equal(strchr(second, '\n') + 1, out + strlen(out));
  both_answers(second);
  free(out);
  out = stdio("2025-06-18", BATCH "\n");
  second = strchr(out, '\n') + 1;
  assert_non_null(strstr(second, "\"id\":null,\"error\":{\"code\":-32600"));
  assert_non_null(strstr(second, "batches are of revision 2025-03-26 alone"));
  free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_batch_over_http_is_answered_by_one_array),
      cmocka_unit_test(test_other_revisions_refuse_batches),
      cmocka_unit_test(test_each_message_of_a_batch_counts_against_the_rate),
      cmocka_unit_test(test_a_batch_on_standard_input_is_answered_by_one_line),
  };
  return cmocka_run_group_tests_name("system mcp batch", tests, begin, end);
}
