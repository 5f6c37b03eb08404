/* What a server tells the client on the way: progress, changed tools, forms to fill in; and whether
 * its results are what it promised. */
#include "test_mcp_help.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/time.h"

static bool listed_twice(void *arg) {
  (void)arg;
  return mcp_client_stats(C).lists == 2;
}

static void client(const char *conf) {
  client_open(conf);
  Told = false;
  mcp_client_ready(C, on_ready, NULL);
  assert_true(run_until(L, told, NULL, 20000));
  assert_true(Ready);
}

static void script(const char *more, const char *text) {
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"command\":\"sh\",%s,\"args\":[\"-c\",", more);
  buf_json(&b, str_of(text));
  buf_text(&b, "]}");
  client(b.p);
  buf_free(&b);
}

static void call(void) {
  json *a = json_object();
  Told = false;
  (void)mcp_client_call(C, "add", a, on_reply, NULL);
  json_free(&a);
  assert_true(run_until(L, told, NULL, 20000));
}

#define SAY(rest) "echo '{\"jsonrpc\":\"2.0\"," rest "}';"
#define FOUND                                                                                      \
  "read a; " SAY("\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":"   \
                 "{}}")
#define LIST(id, name, more)                                                                       \
  "\"id\":" id ",\"result\":{\"tools\":[{\"name\":\"" name "\"," more "\"inputSchema\":{\"type\":" \
  "\"object\"}}]}"
#define LISTED "read b; " SAY(LIST("2", "add", ""))
#define STEP(number)                                                                               \
  SAY("\"method\":\"notifications/progress\",\"params\":{\"progressToken\":3,"                     \
      "\"progress\":'" number "'}")
#define DONE                                                                                       \
  SAY("\"id\":3,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}") "sleep 60"

static void test_progress_gives_a_call_more_time(void **state) {
  (void)state;
  script("\"timeout\":\"500ms\",\"timeout_max\":\"20s\"",
         FOUND LISTED "read c; for i in 1 2 3 4 5 6; do " STEP("$i") " sleep 0.2; done;" DONE);
  call();
  assert_true(Ok);
  assert_string_equal(Text, "done");
  assert_int_equal(mcp_client_stats(C).progress, 6);
}

static void test_endless_progress_meets_the_longest_time(void **state) {
  (void)state;
  script("\"timeout\":\"300ms\",\"timeout_max\":\"900ms\"",
         FOUND LISTED "read c; i=0; while :; do i=$((i+1)); " STEP("$i") " sleep 0.1; done");
  const int64_t from = clock_mono_us();
  call();
  assert_string_equal(Code, "timeout");
  assert_true(clock_mono_us() - from > 800000);
}

static void test_progress_that_does_not_grow_gives_none(void **state) {
  (void)state;
  script("\"timeout\":\"300ms\",\"timeout_max\":\"20s\"",
         FOUND LISTED "read c; while :; do " STEP("1") " sleep 0.1; done");
  call();
  assert_string_equal(Code, "timeout");
  assert_int_equal(mcp_client_stats(C).progress, 1);
}

#define PROMISE                                                                                    \
  "\"outputSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},"           \
  "\"required\":[\"n\"]},"
static void test_a_result_must_be_what_the_tool_promised(void **state) {
  (void)state;
  script("\"timeout\":\"5s\"",
         FOUND "read b; " SAY(LIST("2", "add", PROMISE)) "read c; " SAY(
             "\"id\":3,\"result\":{\"structuredContent\":{\"n\":\"seven\"},"
             "\"content\":[]}") "read d; " SAY("\"id\":4,\"result\":{"
                                               "\"structuredContent\":{\"n\":7},"
                                               "\"content\":[]}") "sleep 60");
  call();
  assert_false(Ok);
  assert_string_equal(Code, "output");
  call();
  assert_true(Ok);
}

static void test_a_program_that_tells_of_new_tools_is_asked_for_them(void **state) {
  (void)state;
  script("\"timeout\":\"5s\"",
         FOUND LISTED SAY("\"method\":\"notifications/tools/list_changed\"") "read c; " SAY(
             LIST("3", "sub", "")) "sleep 60");
  assert_true(run_until(L, listed_twice, NULL, 10000));
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 1);
  assert_string_equal(t[0].name, "sub");
}

/* Legacy: the server asks while it is asked, and says what it was told. */
static const char form[] =
    "read a; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"?\"}}';"
    "read b; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"protocolVersion\":\"2025-11-25\","
    "\"capabilities\":{}}}'; read c; read d;"
    "echo '{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"tools\":[{\"name\":\"add\","
    "\"inputSchema\":{\"type\":\"object\"}}]}}'; read e;"
    "echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"elicitation/create\",\"params\":{"
    "\"message\":\"sure?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"n\":{"
    "\"type\":\"integer\",\"default\":5}},\"required\":[\"n\"]}}}'; read f;"
    "f=$(printf '%s' \"$f\" | tr -d '\"'); "
    "echo '{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"'"
    "\"$f\"'\"}]}}'; sleep 60";

static void test_forms_are_answered_as_the_operator_wants(void **state) {
  (void)state;
  script("\"timeout\":\"5s\"", form);
  call();
  assert_non_null(strstr(Text, "code:-32601"));
  mcp_client_free(&C);
  script("\"timeout\":\"5s\",\"elicitation\":\"cancel\"", form);
  call();
  assert_non_null(strstr(Text, "action:cancel"));
  mcp_client_free(&C);
  script("\"timeout\":\"5s\",\"elicitation\":\"defaults\"", form);
  call();
  assert_non_null(strstr(Text, "action:accept"));
  assert_non_null(strstr(Text, "n:5"));
}

/* --- on the network ------------------------------------------------------------------------ */

static serve_id Stream;
static bool Legacy, Deleted;
static int Lists, Streams;

static void said(const struct serve_request *r, const char *body) {
  static const struct trg_header session = {{"Mcp-Session-Id", 14}, {"s1", 2}};
  serve_answer(S, r->id, body[0] != '\0' ? 200 : 202, TRG_STR("application/json"), &session,
               Legacy ? 1 : 0, str_of(body));
}

/* New tools, once somebody listens. */
static void stream(const struct serve_request *r) {
  Stream = r->id;
  Streams++;
  assert_true(serve_stream_open(S, r->id, 200, TRG_STR("text/event-stream"), NULL, 0));
  (void)serve_stream_add(
      S, r->id,
      TRG_STR("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n"));
}

static void on_request(void *arg, const struct serve_request *r) {
  char text[300];
  (void)arg;
  json *o = json_parse(r->body, 0, &E);
  const struct trg_str method = json_get_str(o, "method");
  const int id = (int)json_get_int(o, "id", 0);
  if (str_is(r->method, "GET")) {
    assert_true(str_is(serve_header(r, "mcp-session-id"), "s1"));
    stream(r);
  } else if (str_is(r->method, "DELETE")) {
    Deleted = str_is(serve_header(r, "mcp-session-id"), "s1");
    serve_answer(S, r->id, 405, TRG_STR("text/plain"), NULL, 0, TRG_STR("no"));
  } else if (str_is(method, "subscriptions/listen")) {
    assert_true(json_get_bool(json_path(o, "params.notifications"), "toolsListChanged", false));
    stream(r);
  } else if (str_is(method, "server/discover") && !Legacy) {
    said(r, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"],"
            "\"capabilities\":{\"tools\":{\"listChanged\":true}}}}");
  } else if (str_is(method, "server/discover")) {
    serve_answer(S, r->id, 400, TRG_STR("text/plain"), NULL, 0, TRG_STR("what?"));
  } else if (str_is(method, "initialize")) {
    said(r, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"protocolVersion\":\"2025-11-25\","
            "\"capabilities\":{\"tools\":{\"listChanged\":true}}}}");
  } else if (str_is(method, "tools/list")) {
    snprintf(text, sizeof text,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"tools\":[{\"name\":\"%s\","
             "\"inputSchema\":{\"type\":\"object\"}}]}}",
             id, Lists++ == 0 ? "add" : "sub");
    said(r, text);
  } else {
    said(r, "");
  }
  json_free(&o);
}

static void listens(bool legacy) {
  char conf[200];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_request};
  Legacy = legacy;
  Lists = Streams = 0;
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(conf, sizeof conf, "{\"url\":\"http://127.0.0.1:%d/mcp\",\"timeout\":\"5s\"}",
           serve_port(S));
  client(conf);
  assert_true(run_until(L, listed_twice, NULL, 10000));
  const struct mcp_remote_tool *t = NULL;
  assert_int_equal(mcp_client_tools(C, &t), 1);
  assert_string_equal(t[0].name, "sub");
  assert_int_equal(Streams, 1);
}

static void test_a_server_of_2026_is_listened_to(void **state) {
  (void)state;
  listens(false);
}

static bool deleted(void *arg) {
  (void)arg;
  return Deleted;
}

static bool reopened(void *arg) {
  (void)arg;
  return Streams == 2;
}

static void test_a_session_is_listened_to_and_its_stream_opened_anew(void **state) {
  (void)state;
  listens(true);
  serve_stream_end(S, Stream);
  assert_true(run_until(L, reopened, NULL, 10000));
  mcp_client_close(C); /* as with another configuration */
  assert_true(run_until(L, deleted, NULL, 10000));
}

/* A tool that wants its argument in a header now, and says so when it is missing. */
static void on_marked(void *arg, const struct serve_request *r) {
  char text[400];
  (void)arg;
  json *o = json_parse(r->body, 0, &E);
  const struct trg_str method = json_get_str(o, "method");
  const int id = (int)json_get_int(o, "id", 0);
  if (str_is(method, "server/discover")) {
    said(r, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"],"
            "\"capabilities\":{}}}");
  } else if (str_is(method, "tools/list")) {
    snprintf(
        text, sizeof text,
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"tools\":[{\"name\":\"add\","
        "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"%s}}}}]}}",
        id, Lists++ == 0 ? "" : ",\"x-mcp-header\":\"A\"");
    said(r, text);
  } else if (!str_is(serve_header(r, "mcp-param-a"), "5")) {
    snprintf(
        text, sizeof text,
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"error\":{\"code\":-32020,\"message\":\"Mcp-Param-A\"}}",
        id);
    serve_answer(S, r->id, 400, TRG_STR("application/json"), NULL, 0, str_of(text));
  } else {
    snprintf(text, sizeof text,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
             "\"five\"}]}}",
             id);
    said(r, text);
  }
  json_free(&o);
}

static void test_a_call_that_lacks_a_new_header_is_made_once_more(void **state) {
  (void)state;
  char conf[200];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_marked};
  Legacy = false;
  Lists = 0;
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(conf, sizeof conf, "{\"url\":\"http://127.0.0.1:%d/mcp\",\"timeout\":\"5s\"}",
           serve_port(S));
  client(conf);
  json *a = json_parse(TRG_STR("{\"a\":5}"), 0, &E);
  Told = false;
  (void)mcp_client_call(C, "add", a, on_reply, NULL);
  json_free(&a);
  assert_true(run_until(L, told, NULL, 20000));
  assert_true(Ok);
  assert_string_equal(Text, "five");
  assert_int_equal(Lists, 2);
}

/* --- HTTP with SSE, of 2024-11-05 ----------------------------------------------------------- */

static const char *Endpoint;

static void event(const char *type, const char *data) {
  char text[600];
  snprintf(text, sizeof text, "event: %s\ndata: %s\n\n", type, data);
  (void)serve_stream_add(S, Stream, str_of(text));
}

static void on_old(void *arg, const struct serve_request *r) {
  char text[400];
  (void)arg;
  if (str_is(r->method, "GET")) {
    Stream = r->id;
    assert_true(serve_stream_open(S, r->id, 200, TRG_STR("text/event-stream"), NULL, 0));
    event("endpoint", Endpoint);
    return;
  }
  if (!str_is(r->path, "/messages")) { /* it knows no POST there */
    serve_answer(S, r->id, 405, TRG_STR("text/plain"), NULL, 0, TRG_STR("no"));
    return;
  }
  json *o = json_parse(r->body, 0, &E);
  const struct trg_str method = json_get_str(o, "method");
  const char *result =
      str_is(method, "initialize") ? "{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{}}"
      : str_is(method, "tools/list")
          ? "{\"tools\":[{\"name\":\"add\",\"inputSchema\":{\"type\":\"object\"}}]}"
          : "{\"content\":[{\"type\":\"text\",\"text\":\"old\"}]}";
  serve_answer(S, r->id, 202, TRG_STR("text/plain"), NULL, 0, TRG_STR("Accepted"));
  snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}",
           (int)json_get_int(o, "id", 0), result);
  if (json_get(o, "id") != NULL) event("message", text);
  json_free(&o);
}

static void old_server(const char *endpoint, const char *type) {
  char conf[200];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_old};
  Endpoint = endpoint;
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(conf, sizeof conf, "{%s\"url\":\"http://127.0.0.1:%d/sse\",\"timeout\":\"5s\"}", type,
           serve_port(S));
  const struct mcp_client_options c = {.loop = L, .http = H, .name = "peer", .json = conf};
  C = mcp_client_new(&c, &E);
  Told = false;
  mcp_client_ready(C, on_ready, NULL);
  assert_true(run_until(L, told, NULL, 20000));
}

static void test_a_server_of_2024_is_found_by_its_endpoint(void **state) {
  (void)state;
  old_server("/messages?session=1", "");
  assert_true(Ready);
  assert_string_equal(mcp_client_version(C), "2024-11-05");
  call();
  assert_true(Ok);
  assert_string_equal(Text, "old");
}

static void test_an_endpoint_elsewhere_is_refused(void **state) {
  (void)state;
  old_server("http://127.0.0.2:9/messages", "\"type\":\"sse\",");
  assert_false(Ready);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_progress_gives_a_call_more_time),
      T(test_endless_progress_meets_the_longest_time),
      T(test_progress_that_does_not_grow_gives_none),
      T(test_a_result_must_be_what_the_tool_promised),
      T(test_a_program_that_tells_of_new_tools_is_asked_for_them),
      T(test_forms_are_answered_as_the_operator_wants),
      T(test_a_server_of_2026_is_listened_to),
      T(test_a_session_is_listened_to_and_its_stream_opened_anew),
      T(test_a_call_that_lacks_a_new_header_is_made_once_more),
      T(test_a_server_of_2024_is_found_by_its_endpoint),
      T(test_an_endpoint_elsewhere_is_refused),
  };
  return cmocka_run_group_tests_name("mcp watch", tests, NULL, NULL);
}
