/* The client against servers that behave, and against those that do not: each costs a reason, never
 * more. Programs are shell scripts; servers on the network are ours, told what to say. */
#include "test_mcp_help.h"

#include <signal.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"

static bool wait_told(void) {
  Told = false;
  return run_until(L, told, NULL, 20000);
}

/* A server that is the shell script. */
static void script(const char *timeout, const char *text) {
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"command\":\"sh\",\"timeout\":\"%s\",\"args\":[\"-c\",", timeout);
  buf_json(&b, str_of(text));
  buf_text(&b, "],\"env\":{\"GIVEN\":\"yes\"}}");
  client_open(b.p);
  buf_free(&b);
}

static bool get_ready(void) {
  mcp_client_ready(C, on_ready, NULL);
  assert_true(wait_told());
  return Ready;
}

static void call(const char *tool, const char *arguments) {
  json *a = json_parse(str_of(arguments), 0, &E);
  (void)mcp_client_call(C, tool, a, on_reply, NULL);
  json_free(&a);
  assert_true(wait_told());
}

#define DISCOVERED                                                                                 \
  "read a; echo "                                                                                  \
  "'{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"],"             \
  "\"capabilities\":{}}}';"
#define ADD                                                                                        \
  "{\"name\":\"add\",\"annotations\":{\"readOnlyHint\":true},\"inputSchema\":{\"type\":"           \
  "\"object\","                                                                                    \
  "\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}}"
#define LISTED "read b; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[" ADD "]}}';"

static void test_a_modern_program_is_found_by_its_discovery(void **state) {
  (void)state;
  script("5s",
         DISCOVERED LISTED "read c; echo "
                           "'{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[{\"type\":"
                           "\"text\",\"text\":\"8\"}]}}'; sleep 60");
  assert_true(get_ready());
  assert_string_equal(mcp_client_version(C), "2026-07-28");
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 1);
  assert_string_equal(t[0].name, "add");
  assert_true(t[0].read_only);
  call("add", "{\"a\":5}");
  assert_true(Ok);
  assert_string_equal(Text, "8");
}

static void test_a_legacy_program_is_initialized_and_all_its_pages_are_read(void **state) {
  (void)state;
  script(
      "5s",
      "read a; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"?\"}}';"
      "read b; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"protocolVersion\":\"2024-11-05\","
      "\"capabilities\":{},\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}}';"
      "read n; read c; echo "
      "'{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"nextCursor\":\"\",\"tools\":"
      "[" ADD "]}}';"
      "read d; echo '{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"tools\":[{\"name\":\"second\","
      "\"inputSchema\":{\"type\":\"object\"}}]}}'; sleep 60");
  assert_true(get_ready());
  assert_string_equal(mcp_client_version(C), "2024-11-05");
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 2);
}

static void test_arguments_are_checked_before_anything_is_sent(void **state) {
  (void)state;
  script("5s", DISCOVERED LISTED "sleep 60");
  assert_true(get_ready());
  call("add", "{\"a\":\"five\"}");
  assert_string_equal(Code, "invalid");
  assert_string_equal(Why, "arguments.a: must be of type integer");
  call("drop_tables", "{}");
  assert_string_equal(Code, "invalid");
}

static void test_only_allowed_tools_exist(void **state) {
  (void)state;
  static const char *const allow[] = {"other"};
  const struct mcp_client_options o = {
      .loop = L,
      .http = H,
      .name = "peer",
      .json =
          "{\"command\":\"sh\",\"args\":[\"-c\",\"read a; echo "
          "'{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":1,\\\"result\\\":{\\\"supportedVersions\\\":["
          "\\\"2026-07-28\\\"]}}'; read b; echo "
          "'{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":2,\\\"result\\\":{\\\"tools\\\":[{\\\"name\\\":"
          "\\\"add\\\",\\\"inputSchema\\\":{}}]}}'; sleep 60\"]}",
      .allow = allow,
      .allow_count = 1};
  C = mcp_client_new(&o, &E);
  assert_true(get_ready());
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 0);
  call("add", "{}");
  assert_string_equal(Code, "invalid");
}

static void test_a_program_that_dies_during_a_call_costs_the_call(void **state) {
  (void)state;
  script("5s", DISCOVERED LISTED "read c; exit 3");
  assert_true(get_ready());
  call("add", "{\"a\":5}");
  assert_false(Ok);
  assert_string_equal(Code, "transient");
  assert_false(get_ready()); /* it rests */
}

static void test_a_program_that_never_answers_is_given_up(void **state) {
  (void)state;
  script("300ms", "sleep 60");
  assert_false(get_ready());
}

static void test_wrong_ids_are_nobodys_answers(void **state) {
  (void)state;
  script("300ms", "while read l; do echo '{\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{}}'; echo "
                  "'{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}'; done");
  assert_false(get_ready());
}

static void test_a_program_gets_all_its_arguments(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "{\"command\":\"sh\",\"timeout\":\"5s\",\"args\":[\"-c\",");
  buf_json(&b,
           TRG_STR("[ $# = 100 ] && [ \"${100}\" = 100 ] || exit 3;" DISCOVERED LISTED "sleep 60"));
  buf_text(&b, ",\"name\"");
  for (int i = 1; i <= 100; i++) buf_printf(&b, ",\"%d\"", i);
  buf_text(&b, "]}");
  client_open(b.p);
  buf_free(&b);
  assert_true(get_ready());
}

static void test_a_line_without_end_ends_the_program(void **state) {
  (void)state;
  script("20s", "yes | tr -d '\\n'");
  assert_false(get_ready());
  assert_non_null(strstr(Why, "longer"));
}

static void test_endless_noise_ends_the_program(void **state) {
  (void)state;
  script("20s", "yes");
  assert_false(get_ready());
  assert_non_null(strstr(Why, "no message"));
}

static void test_a_program_that_is_not_there_is_a_reason(void **state) {
  (void)state;
  client_open("{\"command\":\"/nowhere/at-all\"}");
  assert_false(get_ready());
}

static void test_a_program_sees_only_the_environment_that_it_is_given(void **state) {
  (void)state;
  assert_int_equal(setenv("SECRET_OF_OURS", "tops3cret", 1), 0);
  script("5s", DISCOVERED LISTED
         "read c; echo '{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[{\"type\":\"text\","
         "\"text\":\"'\"[$SECRET_OF_OURS][$GIVEN]\"'\"}]}}'; sleep 60");
  assert_true(get_ready());
  call("add", "{\"a\":1}");
  assert_string_equal(Text, "[][yes]");
  unsetenv("SECRET_OF_OURS");
}

/* --- on the network ------------------------------------------------------------------------ */

enum { FINE, ENDLESS, GIANT, SILENT, LEGACY_SSE, ASKS_INPUT };
static int Way;
static serve_id Stream;
static loop_timer Pump;

static void pump_cb(void *arg) {
  (void)arg;
  if (!serve_stream_add(S, Stream, TRG_STR("data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"))) {
    loop_timer_stop(L, Pump);
    Pump = 0;
  }
}

static void say(serve_id id, const char *number, const char *result) {
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", number, result);
  serve_answer(S, id, 200, TRG_STR("application/json"), NULL, 0, buf_view(&b));
  buf_free(&b);
}

static void misbehave(serve_id id) {
  struct buf b;
  if (Way == ENDLESS) {
    Stream = id;
    (void)serve_stream_open(S, id, 200, TRG_STR("text/event-stream"), NULL, 0);
    Pump = loop_timer_start(L, 1, 5, pump_cb, NULL);
  }
  if (Way == GIANT) {
    buf_init(&b, 0);
    buf_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"x\":\"");
    for (int i = 0; i < 90000; i++)
      buf_text(&b, "0123456789012345678901234567890123456789012345678901234567890123456789");
    buf_text(&b, "\"}}");
    serve_answer(S, id, 200, TRG_STR("application/json"), NULL, 0, buf_view(&b));
    buf_free(&b);
  }
  if (Way == ASKS_INPUT) say(id, "3", "{\"resultType\":\"input_required\",\"inputRequests\":{}}");
}

static void on_request(void *arg, const struct serve_request *r) {
  (void)arg;
  const struct trg_str method = serve_header(r, "mcp-method");
  if (str_is(method, "server/discover"))
    say(r->id, "1", "{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}}");
  else if (str_is(method, "tools/list"))
    say(r->id, "2",
        "{\"tools\":[{\"name\":\"add\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{"
        "\"type\":\"integer\",\"x-mcp-header\":\"A\"}}}},{\"name\":\"bad\",\"inputSchema\":{"
        "\"properties\":{\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}}}}]}");
  else if (Way == FINE && str_is(serve_header(r, "mcp-param-a"), "5") &&
           str_is(serve_header(r, "mcp-name"), "add") &&
           str_is(serve_header(r, "authorization"), "Bearer s3cret"))
    say(r->id, "3", "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"no such\"}]}");
  else
    misbehave(r->id);
}

static void served(int way, const char *timeout) {
  char conf[300];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_request};
  Way = way;
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(conf, sizeof conf,
           "{\"url\":\"http://127.0.0.1:%d/mcp\",\"timeout\":\"%s\",\"headers\":{\"Authorization\":"
           "\"Bearer s3cret\"}}",
           serve_port(S), timeout);
  client_open(conf);
  assert_true(get_ready());
}

static void test_a_tools_own_error_is_an_answer_and_marks_become_headers(void **state) {
  (void)state;
  served(FINE, "5s");
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 1); /* the tool with a wrong mark is dropped */
  call("add", "{\"a\":5}");
  assert_true(Ok);
  assert_true(Tool_error);
  assert_string_equal(Text, "no such");
}

static void test_a_stream_without_end_meets_the_deadline(void **state) {
  (void)state;
  served(ENDLESS, "400ms");
  call("add", "{\"a\":1}");
  assert_false(Ok);
  assert_string_equal(Code, "timeout");
  loop_timer_stop(L, Pump);
}

static void test_a_giant_answer_meets_the_ceiling(void **state) {
  (void)state;
  served(GIANT, "10s");
  call("add", "{\"a\":1}");
  assert_false(Ok);
  assert_string_equal(Code, "limit");
}

static void test_silence_meets_the_deadline(void **state) {
  (void)state;
  served(SILENT, "300ms");
  call("add", "{\"a\":1}");
  assert_string_equal(Code, "timeout");
}

static void test_a_wish_for_input_that_nobody_can_give_ends_the_call(void **state) {
  (void)state;
  served(ASKS_INPUT, "5s");
  call("add", "{\"a\":1}");
  assert_string_equal(Code, "input");
}

static int Tokens;

static void on_guarded(void *arg, const struct serve_request *r) {
  (void)arg;
  char want[40], body[80];
  if (str_is(r->path, "/token")) {
    assert_true(str_is(serve_header(r, "authorization"), "Basic bWU6cyUyNmNyZXQ="));
    assert_true(str_find(r->body, "grant_type=client_credentials&scope=orders") == 0);
    snprintf(body, sizeof body, "{\"access_token\":\"t%d\",\"expires_in\":3600}", ++Tokens);
    serve_answer(S, r->id, 200, TRG_STR("application/json"), NULL, 0, str_of(body));
    return;
  }
  /* The first token is refused from the call on, as if it had been withdrawn. */
  const bool call = str_is(serve_header(r, "mcp-method"), "tools/call");
  snprintf(want, sizeof want, "Bearer t%d", call ? 2 : Tokens);
  if (!str_is(serve_header(r, "authorization"), want)) {
    serve_answer(S, r->id, 401, TRG_STR("text/plain"), NULL, 0, TRG_STR("who?"));
    return;
  }
  if (call)
    say(r->id, "3", "{\"content\":[{\"type\":\"text\",\"text\":\"in\"}]}");
  else
    on_request(arg, r);
}

static void test_a_token_is_fetched_once_and_anew_when_it_is_refused(void **state) {
  (void)state;
  char conf[400];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_guarded};
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(conf, sizeof conf,
           "{\"url\":\"http://127.0.0.1:%d/mcp\",\"timeout\":\"5s\",\"oauth\":{\"token_url\":"
           "\"http://127.0.0.1:%d/token\",\"client_id\":\"me\",\"client_secret\":\"s&cret\","
           "\"scope\":\"orders\"}}",
           serve_port(S), serve_port(S));
  client_open(conf);
  assert_true(get_ready());
  assert_int_equal(Tokens, 1);
  call("add", "{\"a\":1}");
  assert_true(Ok);
  assert_string_equal(Text, "in");
  assert_int_equal(Tokens, 2);
}

static bool rested(void *arg) {
  return clock_mono_us() > *(const int64_t *)arg;
}

static void test_a_program_that_died_rests_and_is_started_again(void **state) {
  (void)state;
  char name[64], text[900];
  snprintf(name, sizeof name, "/tmp/mcp-died-%d", (int)getpid());
  snprintf(
      text, sizeof text,
      "if [ ! -e %s ]; then touch %s; exit 3; fi; read a; echo '{\"jsonrpc\":\"2.0\",\"id\":2,"
      "\"result\":{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}}}'; read b; echo "
      "'{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"tools\":[" ADD "]}}'; sleep 60",
      name, name);
  script("5s", text);
  assert_false(get_ready());
  assert_non_null(strstr(Why, "program"));
  assert_false(get_ready()); /* it rests: nothing is started */
  int64_t until_us = clock_mono_us() + 900000;
  assert_true(run_until(L, rested, &until_us, 20000)); /* the end of its rest is a turn */
  if (!get_ready()) fail_msg("%s", Why);
  unlink(name);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_modern_program_is_found_by_its_discovery),
      T(test_a_legacy_program_is_initialized_and_all_its_pages_are_read),
      T(test_arguments_are_checked_before_anything_is_sent),
      T(test_only_allowed_tools_exist),
      T(test_a_program_that_dies_during_a_call_costs_the_call),
      T(test_a_program_that_never_answers_is_given_up),
      T(test_wrong_ids_are_nobodys_answers),
      T(test_a_program_gets_all_its_arguments),
      T(test_a_line_without_end_ends_the_program),
      T(test_endless_noise_ends_the_program),
      T(test_a_program_that_is_not_there_is_a_reason),
      T(test_a_program_sees_only_the_environment_that_it_is_given),
      T(test_a_tools_own_error_is_an_answer_and_marks_become_headers),
      T(test_a_stream_without_end_meets_the_deadline),
      T(test_a_giant_answer_meets_the_ceiling),
      T(test_silence_meets_the_deadline),
      T(test_a_wish_for_input_that_nobody_can_give_ends_the_call),
      T(test_a_program_that_died_rests_and_is_started_again),
      T(test_a_token_is_fetched_once_and_anew_when_it_is_refused),
  };
  return cmocka_run_group_tests_name("mcp client", tests, NULL, NULL);
}
