/* The simulator's Messages API: what it refuses, what it answers, and how it counts. */
#include "client.h"
#include "openapi.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADERS(version)                                                                           \
  "x-api-key: k\nanthropic-version: " version "\nContent-Type: application/json"
#define NEW HEADERS("2026-10-21")
#define OLD HEADERS("2023-06-01")
#define HI  "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define FORMAT(schema)                                                                             \
  "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":" schema "}}"
#define OBJECT(properties, required)                                                               \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required                    \
  "],\"properties\":{" properties "}}"

/* A classification of the text; extra goes among the members of the request. */
static char *triage_body(const char *model, const char *text, const char *extra) {
  char *body = malloc(8192);
  assert_non_null(body);
  snprintf(
      body, 8192,
      "{\"model\":\"%s\",\"max_tokens\":2000,%s\"messages\":[{\"role\":\"user\",\"content\":"
      "\"<passage id=\\\"kb-7\\\">Refunds arrive within seven days of the parcel.</passage>"
      "<ticket>%s</ticket>\"}]," FORMAT(OBJECT(
          "\"category\":{\"type\":\"string\",\"enum\":["
          "\"billing\",\"refund\",\"shipping\",\"other\"]},\"confidence\":{\"type\":\"number\"},"
          "\"body\":{\"type\":\"string\"},\"citations\":{\"type\":\"array\",\"items\":{\"type\":"
          "\"string\"}}",
          "\"category\",\"confidence\",\"body\",\"citations\"")) "}",
      model, extra, text);
  return body;
}

/* All text blocks, put together; NULL when there is none. */
static cJSON *answer_of(const struct reply *r) {
  char text[8192] = "";
  const cJSON *block = NULL;
  cJSON_ArrayForEach(block, at(r, "content")) {
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(block, "text");
    if (cJSON_IsString(part)) {
      strncat(text, part->valuestring, sizeof text - strlen(text) - 1);
    }
  }
  return cJSON_Parse(text);
}

static void test_what_the_vendor_refuses_is_refused(void **state) {
  (void)state;
#define M(model) "{\"model\":\"" model "\",\"max_tokens\":100,"
#define TOOL     "\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":\"object\"}}],"
  static const struct {
    const char *headers, *body;
    long status;
  } cases[] = {
      {NEW, M("claude-haiku-5-5") HI "}", 200},
      {NEW, "{\"max_tokens\":1," HI "}", 400},
      {NEW, "{\"model\":\"claude-haiku-5-5\"," HI "}", 400},
      {NEW, "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":128001," HI "}", 400},
      {NEW, M("claude-unheard-of") HI "}", 404},
      {NEW, M("claude-haiku-5-5") "\"messages\":[]}", 400},
      {NEW, M("claude-haiku-5-5") "\"nonsense\":1," HI "}", 400},
      {NEW, M("claude-haiku-5-5") "\"temperature\":1," HI "}", 400},
      {OLD, M("claude-haiku-5-5") "\"temperature\":1," HI "}", 200},
      {OLD, M("claude-haiku-5-5") "\"temperature\":0," HI "}", 400},
      {OLD, M("claude-haiku-4-5") "\"temperature\":0," HI "}", 200},
      {OLD, M("claude-haiku-4-5") "\"temperature\":0.5,\"top_p\":0.5," HI "}", 400},
      {OLD, M("claude-sonnet-5-5") "\"top_k\":5," HI "}", 400},
      {NEW, M("claude-sonnet-5-5") TOOL "\"tool_choice\":{\"type\":\"any\"}," HI "}", 400},
      {NEW, M("claude-opus-5-5") TOOL "\"tool_choice\":{\"type\":\"tool\",\"name\":\"a\"}," HI "}",
       400},
      {NEW, M("claude-sonnet-5-5") TOOL "\"tool_choice\":{\"type\":\"auto\"}," HI "}", 200},
      {NEW, M("claude-sonnet-4-6") TOOL "\"tool_choice\":{\"type\":\"any\"}," HI "}", 200},
      {NEW, M("claude-haiku-5-5") "\"tool_choice\":{\"type\":\"auto\"}," HI "}", 400},
      {NEW,
       M("claude-haiku-5-5") "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":"
                             "\"assistant\",\"content\":\"{\"}]}",
       400},
      {OLD,
       M("claude-haiku-4-5") "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":"
                             "\"assistant\",\"content\":\"{\"}]}",
       200},
      {NEW, M("claude-haiku-5-5") "\"messages\":[{\"role\":\"assistant\",\"content\":\"Hi\"}]}",
       400},
      {NEW, M("claude-haiku-5-5") "\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}", 400},
      {NEW, M("claude-haiku-5-5") "\"metadata\":{\"user\":\"x\"}," HI "}", 400},
      {NEW, M("claude-haiku-5-5") "\"output_format\":{}," HI "}", 400},
      {NEW,
       M("claude-haiku-5-5") "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
                             "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"x\"}]}]}",
       400},
      {"x-api-key: k\nContent-Type: application/json", M("claude-haiku-5-5") HI "}", 400},
      {HEADERS("2099-01-01"), M("claude-haiku-5-5") HI "}", 400},
      {"x-api-key: bad1\nanthropic-version: 2026-10-21\nContent-Type: application/json",
       M("claude-haiku-5-5") HI "}", 401},
      {"anthropic-version: 2026-10-21\nContent-Type: application/json",
       M("claude-haiku-5-5") HI "}", 401},
      {NEW, "{\"model\":", 400},
  };
  struct openapi *o = openapi_open("anthropic-messages.json");
  struct server s = server_start("");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct reply r = request(&s, "POST", "/v1/messages", cases[i].headers, cases[i].body);
    if (r.status != cases[i].status) {
      fail_msg("%s: %ld instead of %ld: %s", cases[i].body, r.status, cases[i].status, r.body);
    }
    char why[512] = "";
    char status[8];
    snprintf(status, sizeof status, "%ld", r.status);
    if (o && !openapi_response(o, "/v1/messages", "post", status, r.json, why, sizeof why)) {
      fail_msg("%s: %s", cases[i].body, why);
    }
    assert_true(header_has(&r, "request-id: req_"));
    reply_free(&r);
  }
  server_stop(&s);
  openapi_close(o);
}

static void test_schemas_that_cannot_be_compiled_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *schema;
    long status;
  } cases[] = {
      {OBJECT("\"a\":{\"type\":\"string\"}", "\"a\""), 200},
      {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", 400},
      {OBJECT("\"a\":{\"type\":\"number\",\"minimum\":0}", "\"a\""), 400},
      {OBJECT("\"a\":{\"type\":\"string\",\"maxLength\":9}", "\"a\""), 400},
      {OBJECT("\"a\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}", "\"a\""),
       200},
      {OBJECT("\"a\":{\"type\":\"array\",\"minItems\":2,\"items\":{\"type\":\"string\"}}", "\"a\""),
       400},
      {OBJECT("\"a\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"string\"}}", "\"a\""),
       400},
      {OBJECT("\"a\":{\"type\":\"string\",\"pattern\":\"(?=x)\"}", "\"a\""), 400},
      {OBJECT("\"a\":{\"$ref\":\"https://x.example/s\"}", "\"a\""), 400},
      {"{\"$defs\":{\"n\":" OBJECT("\"n\":{\"$ref\":\"#/$defs/n\"}",
                                   "\"n\"") "},\"$ref\":\"#/$defs/n\"}",
       400},
      {OBJECT("\"a\":{\"oneOf\":[{\"type\":\"string\"}]}", "\"a\""), 400},
  };
  struct server s = server_start("");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char body[2048];
    snprintf(body, sizeof body, M("claude-haiku-5-5") HI "," FORMAT("%s") "}", cases[i].schema);
    struct reply r = request(&s, "POST", "/v1/messages", NEW, body);
    if (r.status != cases[i].status) {
      fail_msg("%s: %ld instead of %ld: %s", cases[i].schema, r.status, cases[i].status, r.body);
    }
    reply_free(&r);
  }
  char body[4096];
  for (int optional = 24; optional <= 25; optional++) {
    size_t n = (size_t)snprintf(body, sizeof body, M("claude-haiku-5-5") HI ",");
    n += (size_t)snprintf(body + n, sizeof body - n,
                          "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{"
                          "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (int i = 0; i < optional; i++) {
      n += (size_t)snprintf(body + n, sizeof body - n, "%s\"p%d\":{\"type\":\"string\"}",
                            i ? "," : "", i);
    }
    snprintf(body + n, sizeof body - n, "}}}}}");
    struct reply r = request(&s, "POST", "/v1/messages", NEW, body);
    assert_int_equal(r.status, optional == 24 ? 200 : 400);
    reply_free(&r);
  }
  server_stop(&s);
}

static void test_answers_fit_their_schema_and_are_sensible(void **state) {
  (void)state;
  struct openapi *o = openapi_open("anthropic-messages.json");
  struct server s = server_start("");
  char *body = triage_body("claude-haiku-5-5", "I want my refund, I sent the lamp back.", "");
  cJSON *sent = cJSON_Parse(body);
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(sent, "output_config"), "format");
  struct reply r = request(&s, "POST", "/v1/messages", NEW, body);
  struct reply again = request(&s, "POST", "/v1/messages", NEW, body);
  assert_string_equal(r.body, again.body);
  char why[512] = "";
  if (o && !openapi_response(o, "/v1/messages", "post", "200", r.json, why, sizeof why)) {
    fail_msg("%s", why);
  }
  cJSON *answer_json = answer_of(&r);
  if (!schema_accepts(cJSON_GetObjectItemCaseSensitive(format, "schema"), answer_json, why,
                      sizeof why)) {
    fail_msg("%s in %s", why, r.body);
  }
  assert_string_equal(cJSON_GetObjectItemCaseSensitive(answer_json, "category")->valuestring,
                      "refund");
  assert_string_equal(
      cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer_json, "citations"), 0)
          ->valuestring,
      "kb-7");
  assert_non_null(
      strstr(cJSON_GetObjectItemCaseSensitive(answer_json, "body")->valuestring, "[kb-7]"));
  cJSON_Delete(answer_json);
  cJSON_Delete(sent);
  reply_free(&r);
  reply_free(&again);
  r = request(&s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "models.claude-haiku-5-5.calls"), 2);
  assert_true(number_at(&r, "models.claude-haiku-5-5.output_tokens") > 20);
  reply_free(&r);
  free(body);
  server_stop(&s);
  openapi_close(o);
}

static void test_thinking_sometimes_comes_first(void **state) {
  (void)state;
  struct server s = server_start("");
  int first = 0;
  for (int i = 0; i < 40; i++) {
    char text[64];
    snprintf(text, sizeof text, "Question number %d", i);
    char *body = triage_body("claude-haiku-5-5", text, "");
    struct reply r = request(&s, "POST", "/v1/messages", NEW, body);
    first += strcmp(text_at(&r, "content.0.type"), "thinking") == 0;
    reply_free(&r);
    free(body);
  }
  assert_true(first > 2 && first < 30);
  server_stop(&s);
}

static void test_bad_endings_can_be_had(void **state) {
  (void)state;
  struct server s = server_start("--retry-after 2");
  char *body = triage_body("claude-haiku-5-5", "Where is my parcel?", "");
  static const struct {
    const char *fault, *stop;
    long status;
  } cases[] = {{"model.refusal=1", "refusal", 200},
               {"model.truncate=1", "max_tokens", 200},
               {"model.invalid=1", "end_turn", 200},
               {"model.429=1", "rate_limit_error", 429},
               {"model.529=1", "overloaded_error", 529},
               {"model.spend=1", "enforced_spend_limit_reached", 429},
               {"model.500=1", "api_error", 500}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct reply r = request(&s, "POST", "/sim/faults", NULL, cases[i].fault);
    reply_free(&r);
    r = request(&s, "POST", "/v1/messages", NEW, body);
    assert_int_equal(r.status, cases[i].status);
    assert_non_null(strstr(r.body, cases[i].stop));
    assert_int_equal(header_has(&r, "retry-after: 2"), strcmp(cases[i].fault, "model.429=1") == 0);
    if (strcmp(cases[i].fault, "model.truncate=1") == 0) {
      assert_null(answer_of(&r));
    }
    if (strcmp(cases[i].fault, "model.invalid=1") == 0) {
      cJSON *wrong = answer_of(&r);
      assert_null(cJSON_GetObjectItemCaseSensitive(wrong, "category"));
      cJSON_Delete(wrong);
    }
    reply_free(&r);
  }
  free(body);
  server_stop(&s);
}

static void test_a_small_limit_truncates_for_real(void **state) {
  (void)state;
  struct server s = server_start("");
  struct reply r = request(
      &s, "POST", "/v1/messages", NEW,
      "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":5,\"thinking\":{\"type\":"
      "\"disabled\"}," HI "}");
  assert_string_equal(text_at(&r, "stop_reason"), "max_tokens");
  assert_true(number_at(&r, "usage.output_tokens") <= 5);
  reply_free(&r);
  server_stop(&s);
}

/* The text of a stream, put together from its deltas. */
static void stream_text(const char *body, char *ret, size_t bytes) {
  *ret = '\0';
  for (const char *line = body; (line = strstr(line, "data: ")) != NULL; line += 6) {
    cJSON *event = cJSON_ParseWithOpts(line + 6, NULL, false);
    assert_non_null(event);
    const cJSON *delta = cJSON_GetObjectItemCaseSensitive(event, "delta");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(delta, "text");
    if (cJSON_IsString(text)) {
      strncat(ret, text->valuestring, bytes - strlen(ret) - 1);
    }
    cJSON_Delete(event);
  }
}

static void test_streams_say_the_same_in_pieces(void **state) {
  (void)state;
  struct server s = server_start("");
  char *whole = triage_body("claude-haiku-5-5", "I was charged twice", "");
  char *pieces = triage_body("claude-haiku-5-5", "I was charged twice", "\"stream\":true,");
  struct reply a = request(&s, "POST", "/v1/messages", NEW, whole);
  struct reply b = request(&s, "POST", "/v1/messages", NEW, pieces);
  assert_true(header_has(&b, "text/event-stream"));
  assert_true(strncmp(b.body, "event: message_start\n", 21) == 0);
  assert_non_null(strstr(b.body, "event: ping\n"));
  assert_non_null(strstr(b.body, "event: message_stop\n"));
  char text[8192];
  stream_text(b.body, text, sizeof text);
  cJSON *expected = answer_of(&a);
  cJSON *got = cJSON_Parse(text);
  assert_true(cJSON_Compare(expected, got, true));
  cJSON_Delete(expected);
  cJSON_Delete(got);
  reply_free(&a);
  reply_free(&b);
  a = request(&s, "POST", "/sim/faults", NULL, "model.streamerror=1");
  reply_free(&a);
  b = request(&s, "POST", "/v1/messages", NEW, pieces);
  assert_int_equal(b.status, 200);
  assert_non_null(strstr(b.body, "event: error\n"));
  assert_null(strstr(b.body, "message_stop"));
  reply_free(&b);
  a = request(&s, "POST", "/sim/faults", NULL, "model.cut=1");
  reply_free(&a);
  b = request(&s, "POST", "/v1/messages", NEW, pieces);
  assert_int_not_equal(b.curl, CURLE_OK);
  reply_free(&b);
  free(whole);
  free(pieces);
  server_stop(&s);
}

static void test_marked_prefixes_are_written_once_and_then_read(void **state) {
  (void)state;
  struct server s = server_start("");
  char *system = malloc(9000);
  char *body = malloc(12000);
  assert_true(system && body);
  memset(system, 'x', 6000);
  system[6000] = '\0';
  for (int i = 0; i < 6; i++) {
    const char *mark = i == 4 ? "" : ",\"cache_control\":{\"type\":\"ephemeral\"}";
    snprintf(body, 12000,
             "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":50,\"system\":[{\"type\":\"text\","
             "\"text\":\"%s\"%s}],\"messages\":[{\"role\":\"user\",\"content\":\"Hi %d\"}]}",
             i == 5 ? "short" : system, mark, i);
    struct reply r = request(&s, "POST", "/v1/messages", NEW, body);
    bool writes = i == 0 || i == 3;
    bool reads = i == 1 || i == 2;
    assert_int_equal(number_at(&r, "usage.cache_creation_input_tokens") > 1000, writes);
    assert_int_equal(number_at(&r, "usage.cache_read_input_tokens") > 1000, reads);
    assert_int_equal(number_at(&r, "usage.input_tokens") > 1000, i == 4);
    reply_free(&r);
    if (i == 2) {
      advance(&s, "6m"); /* nobody used it for longer than it lives */
    }
  }
  free(system);
  free(body);
  server_stop(&s);
}

static void test_tools_are_used_once_and_their_results_lead_to_an_answer(void **state) {
  (void)state;
  static const char first[] = M(
      "claude-sonnet-4-6") "\"tools\":[{\"name\":\"get_order\",\"input_schema\":{\"type\":"
                           "\"object\",\"properties\":{\"order_id\":{\"type\":\"string\"}},"
                           "\"required\":[\"order_id\"]}}],"
                           "\"tool_choice\":{\"type\":\"tool\",\"name\":\"get_order\"}," HI "}";
  struct server s = server_start("");
  struct reply r = request(&s, "POST", "/v1/messages", OLD, first);
  assert_string_equal(text_at(&r, "stop_reason"), "tool_use");
  const cJSON *content = at(&r, "content");
  const cJSON *use = cJSON_GetArrayItem(content, cJSON_GetArraySize(content) - 1);
  assert_non_null(
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(use, "input"), "order_id"));
  char next[2048];
  snprintf(next, sizeof next,
           M("claude-sonnet-4-6") "\"tools\":[{\"name\":\"get_order\",\"input_schema\":{\"type\":"
                                  "\"object\"}}],\"messages\":[{\"role\":\"user\",\"content\":"
                                  "\"Hi\"},{\"role\":"
                                  "\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"%s\","
                                  "\"name\":\"get_order\","
                                  "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
                                  "\"tool_result\","
                                  "\"tool_use_id\":\"%s\",\"content\":\"sent yesterday\"}]}]}",
           cJSON_GetObjectItemCaseSensitive(use, "id")->valuestring,
           cJSON_GetObjectItemCaseSensitive(use, "id")->valuestring);
  reply_free(&r);
  r = request(&s, "POST", "/v1/messages", OLD, next);
  assert_string_equal(text_at(&r, "stop_reason"), "end_turn");
  reply_free(&r);
  server_stop(&s);
}

static void test_models_are_listed_and_tokens_counted(void **state) {
  (void)state;
  struct openapi *o = openapi_open("anthropic-messages.json");
  char why[512] = "";
  struct server s = server_start("");
  struct reply r = request(&s, "GET", "/v1/models", NEW, NULL);
  assert_int_equal(r.status, 200);
  if (o && !openapi_response(o, "/v1/models", "get", "200", r.json, why, sizeof why)) {
    fail_msg("%s", why);
  }
  reply_free(&r);
  r = request(&s, "GET", "/v1/models/claude-haiku-5-5", NEW, NULL);
  assert_int_equal((int)number_at(&r, "max_input_tokens"), 1000000);
  reply_free(&r);
  r = request(&s, "GET", "/v1/models/none", NEW, NULL);
  assert_int_equal(r.status, 404);
  reply_free(&r);
  r = request(&s, "POST", "/v1/messages/count_tokens", NEW,
              "{\"model\":\"claude-haiku-5-5\"," HI "}");
  assert_true(number_at(&r, "input_tokens") > 0);
  if (o &&
      !openapi_response(o, "/v1/messages/count_tokens", "post", "200", r.json, why, sizeof why)) {
    fail_msg("%s", why);
  }
  reply_free(&r);
  server_stop(&s);
  openapi_close(o);
}

static void test_slow_models_do_not_hold_each_other_up(void **state) {
  (void)state;
  struct server s = server_start("--model-latency 300ms");
  char *body = triage_body("claude-haiku-5-5", "Where is my parcel?", "");
  double seconds = request_many(&s, "/v1/messages", NEW, body, 200);
  assert_true(seconds >= 0.3);
  assert_true(seconds < 10); /* one after the other it would take a minute */
  free(body);
  server_stop(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_the_vendor_refuses_is_refused),
      cmocka_unit_test(test_schemas_that_cannot_be_compiled_are_refused),
      cmocka_unit_test(test_answers_fit_their_schema_and_are_sensible),
      cmocka_unit_test(test_thinking_sometimes_comes_first),
      cmocka_unit_test(test_bad_endings_can_be_had),
      cmocka_unit_test(test_a_small_limit_truncates_for_real),
      cmocka_unit_test(test_streams_say_the_same_in_pieces),
      cmocka_unit_test(test_marked_prefixes_are_written_once_and_then_read),
      cmocka_unit_test(test_tools_are_used_once_and_their_results_lead_to_an_answer),
      cmocka_unit_test(test_models_are_listed_and_tokens_counted),
      cmocka_unit_test(test_slow_models_do_not_hold_each_other_up),
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
