/* Batches of messages: one array in, one array out, whatever is in it and however long it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/server.h"

static struct mcp_call *Later[8]; /* calls that wait */
static size_t Waiting;
static char Said[8000]; /* what came, a line a message */
static int Lasts, Status;
static struct mcp_server *S;
static struct mcp_batch *Batch;

static void now(void *arg, struct mcp_call *c, const json *arguments) {
  (void)arg;
  (void)arguments;
  mcp_progress(c, 1, 2, "half");
  mcp_answer_json(c, json_object());
}

static void later(void *arg, struct mcp_call *c, const json *arguments) {
  (void)arg;
  (void)arguments;
  Later[Waiting++] = c;
}

static const struct mcp_tool tools[] = {
    {.name = "now", .description = "", .input_schema = "{\"type\":\"object\"}", .run = now},
    {.name = "later", .description = "", .input_schema = "{\"type\":\"object\"}", .run = later}};
static const struct mcp_offer offer = {
    .name = "t", .version = "1", .tools = tools, .tool_count = 2};

static int begin(void **state) {
  (void)state;
  S = mcp_server_new(&offer);
  Waiting = 0;
  Said[0] = '\0';
  Lasts = Status = 0;
  Batch = NULL;
  return 0;
}

static int end(void **state) {
  (void)state;
  mcp_batch_drop(&Batch);
  mcp_server_free(&S);
  return 0;
}

static void on_message(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status) {
  assert_ptr_equal(arg, Said);
  assert_true(last ? c == NULL : c != NULL);
  snprintf(Said + strlen(Said), sizeof Said - strlen(Said), "%.*s\n", (int)text.n, text.p);
  if (!last) return;
  Lasts++;
  Status = status;
  Batch = NULL;
}

static void take(const char *text) {
  json *list = json_parse(str_of(text), 0, NULL);
  assert_non_null(list);
  const struct mcp_incoming in = {.caller = {.name = "who", .grants = MCP_READ},
                                  .version = "2025-03-26",
                                  .on_message = on_message,
                                  .arg = Said};
  struct mcp_batch *b = mcp_take_batch(S, &in, list);
  json_free(&list);
  assert_true((b == NULL) == (Lasts == 1));
  if (b != NULL) Batch = b;
}

/* The answer is an array with one answer of each id, in any order; "null" for who has none. */
static void answered(const char *const *ids, size_t n) {
  assert_int_equal(Lasts, 1);
  const char *line = Said;
  for (const char *next; (next = strchr(line, '\n')) != NULL && next[1] != '\0';) line = next + 1;
  json *list = json_parse(str_trim(str_of(line)), 0, NULL);
  assert_int_equal(json_count(list), n);
  for (size_t i = 0; i < n; i++) {
    bool found = false;
    for (const json *one = json_first(list); one != NULL && !found; one = json_next(one)) {
      char *id = json_text(json_get(one, "id"));
      found = strcmp(id, ids[i]) == 0;
      mem_free(id);
    }
    if (!found) fail_msg("nothing with the id %s in %s", ids[i], line);
  }
  json_free(&list);
}
#define ANSWERED(...)                                                                              \
  do {                                                                                             \
    static const char *const ids[] = {__VA_ARGS__};                                                \
    answered(ids, sizeof ids / sizeof *ids);                                                       \
  } while (0)

#define CALL(id, tool)                                                                             \
  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" tool      \
  "\",\"arguments\":{},\"_meta\":{\"progressToken\":" id "}}}"
#define PING(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define NOTE     "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"

static void test_answers_come_as_one_array_when_the_last_of_them_is_there(void **state) {
  (void)state;
  take("[" CALL("1", "later") "," PING("\"a\"") "," NOTE "," CALL("2", "later") "]");
  assert_int_equal(Lasts, 0);
  mcp_answer_json(Later[1], json_object());
  assert_int_equal(Lasts, 0);
  mcp_answer_json(Later[0], json_object());
  assert_int_equal(Status, 200);
  ANSWERED("1", "\"a\"", "2");
}

static void test_what_comes_on_the_way_is_passed_on_at_once(void **state) {
  (void)state;
  take("[" CALL("7", "now") "," PING("8") "]");
  assert_int_equal(strncmp(Said, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"", 50),
                   0);
  ANSWERED("7", "8");
}

static void test_notifications_alone_are_answered_by_nothing(void **state) {
  (void)state;
  take("[" NOTE "," NOTE "]");
  assert_int_equal(Status, 202);
  assert_string_equal(Said, "\n");
}

static void test_what_is_no_message_is_refused_alone(void **state) {
  (void)state;
  take("[1,{\"jsonrpc\":\"2.0\",\"id\":5}," PING("6") ",[" PING(
      "9") "],"
           "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"nothing/known\"}]");
  ANSWERED("null", "5", "6", "null", "7");
  assert_int_equal(Status, 200);
}

static void test_initialize_and_modern_messages_are_none_of_a_batch(void **state) {
  (void)state;
  take("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
       "\"2025-03-26\"}},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\",\"params\":{"
       "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}]");
  ANSWERED("1", "2");
  assert_null(strstr(Said, "\"result\""));
}

static void test_a_batch_has_bounds(void **state) {
  char text[8000] = "[" PING("0");
  (void)state;
  take("[]");
  assert_int_equal(Status, 400);
  assert_string_equal(Said,
                      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":"
                      "\"a batch has 1 to 50 messages\"}}\n");
  for (int i = 1; i < MCP_BATCH_MAX; i++) strcat(text, "," PING("0"));
  Lasts = 0;
  strcat(text, "]");
  take(text);
  assert_int_equal(Status, 200);
  text[strlen(text) - 1] = '\0';
  strcat(text, "," PING("0") "]");
  Lasts = 0;
  take(text);
  assert_int_equal(Status, 400);
}

static void test_a_cancelled_call_of_a_batch_has_no_answer_in_it(void **state) {
  (void)state;
  take("[" CALL("1", "later") "," PING("2") ",{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
                                            "cancelled\",\"params\":{\"requestId\":1}}]");
  ANSWERED("2");
  assert_true(mcp_is_gone(Later[0]));
  mcp_answer_json(Later[0], json_object());
  assert_int_equal(Lasts, 1);
  assert_int_equal(mcp_open_count(S), 0);
}

static void test_a_batch_that_nobody_waits_for_says_nothing_any_more(void **state) {
  (void)state;
  take("[" CALL("1", "later") "," CALL("2", "later") "," PING("3") "]");
  mcp_batch_drop(&Batch);
  assert_null(Batch);
  for (size_t i = 0; i < Waiting; i++) {
    assert_true(mcp_is_gone(Later[i]));
    mcp_answer_json(Later[i], json_object());
  }
  assert_string_equal(Said, "");
  assert_int_equal(mcp_open_count(S), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest list[] = {
      T(test_answers_come_as_one_array_when_the_last_of_them_is_there),
      T(test_what_comes_on_the_way_is_passed_on_at_once),
      T(test_notifications_alone_are_answered_by_nothing),
      T(test_what_is_no_message_is_refused_alone),
      T(test_initialize_and_modern_messages_are_none_of_a_batch),
      T(test_a_batch_has_bounds),
      T(test_a_cancelled_call_of_a_batch_has_no_answer_in_it),
      T(test_a_batch_that_nobody_waits_for_says_nothing_any_more),
  };
  return cmocka_run_group_tests_name("mcp batch", list, NULL, NULL);
}
