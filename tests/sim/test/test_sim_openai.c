/* The simulator's OpenAI, Azure, Gemini and Bedrock: what they refuse, answer and count. */
#include "client.h"
#include "openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON_TYPE "\nContent-Type: application/json"
#define KEY       "Authorization: Bearer k" JSON_TYPE
#define HI        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define M(model)  "{\"model\":\"" model "\","
#define SCHEMA                                                                                     \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"category\"],"               \
  "\"properties\":{\"category\":{\"type\":\"string\",\"enum\":[\"refund\",\"other\"]}}}"
#define FORMAT(schema)                                                                             \
  "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"v\",\"strict\":true," \
  "\"schema\":" schema "}},"
#define TEXT(schema)                                                                               \
  "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"v\",\"strict\":true,"                 \
  "\"schema\":" schema "}},"
#define OPEN_OBJECT                                                                                \
  "{\"type\":\"object\",\"required\":[],\"properties\":{\"a\":{\"type\":\"string\"}}}"
#define OPTIONAL                                                                                   \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[],\"properties\":{\"a\":{"    \
  "\"type\":\"string\"}}}"

struct refusal {
  const char *headers, *path, *body;
  long status;
  const char *says; /* part of the body, or NULL */
};

static void run(const struct refusal *cases, size_t n, const char *spec) {
  struct server s = server_start("");
  struct openapi *o = spec ? openapi_open(spec) : NULL;
  for (size_t i = 0; i < n; i++) {
    const struct refusal *c = &cases[i];
    struct reply r = request(&s, "POST", c->path, c->headers, c->body);
    if (r.status != c->status || (c->says && !strstr(r.body, c->says))) {
      fail_msg("%s %s: %ld instead of %ld: %s", c->path, c->body, r.status, c->status, r.body);
    }
    char why[512] = "";
    if (o && r.status == 200 && strstr(c->path, "chat") &&
        !openapi_response(o, "/chat/completions", "post", "200", r.json, why, sizeof why)) {
      fail_msg("%s: %s", r.body, why);
    }
    reply_free(&r);
  }
  openapi_close(o);
  server_stop(&s);
}
#define RUN(cases, spec) run(cases, sizeof cases / sizeof cases[0], spec)

static void test_chat_completions_refuse_what_the_vendor_refuses(void **state) {
  (void)state;
#define CHAT "/v1/chat/completions"
  static const struct refusal cases[] = {
      {KEY, CHAT, M("gpt-6-luna") HI "}", 200, "\"finish_reason\":\"stop\""},
      {KEY, CHAT, M("gpt-6-luna") "\"max_tokens\":9," HI "}", 400, "max_completion_tokens"},
      {KEY, CHAT, M("gpt-6-luna") "\"max_completion_tokens\":900," HI "}", 200, NULL},
      {KEY, CHAT, M("gpt-6-luna") "\"max_completion_tokens\":9000000," HI "}", 400, "at most"},
      {KEY, CHAT, M("gpt-6-luna") "\"temperature\":0," HI "}", 400, "unsupported_parameter"},
      {KEY, CHAT, M("gpt-6-luna") "\"temperature\":0,\"reasoning_effort\":\"none\"," HI "}", 200,
       NULL},
      {KEY, CHAT, M("gpt-4.1") "\"temperature\":0,\"max_tokens\":90," HI "}", 200, NULL},
      {KEY, CHAT, M("gpt-4.1") "\"reasoning_effort\":\"low\"," HI "}", 400, "reasoning_effort"},
      {KEY, CHAT, M("gpt-6-luna") "\"nonsense\":1," HI "}", 400, "unknown_parameter"},
      {KEY, CHAT, M("gpt-6-luna") "\"messages\":[]}", 400, "empty array"},
      {KEY, CHAT, M("gpt-6-luna") "\"messages\":[{\"role\":\"boss\",\"content\":\"x\"}]}", 400,
       "Supported values"},
      {KEY, CHAT, M("gpt-6-luna") "\"messages\":[{\"role\":\"user\",\"content\":null}]}", 400,
       "expected a string"},
      {KEY, CHAT, M("gpt-6-luna") FORMAT(SCHEMA) HI "}", 200, "category"},
      {KEY, CHAT, M("gpt-6-luna") FORMAT(OPEN_OBJECT) HI "}", 400, "additionalProperties"},
      {KEY, CHAT, M("gpt-6-luna") FORMAT(OPTIONAL) HI "}", 400, "every key in properties"},
      {KEY, CHAT, M("gpt-3.5-turbo") FORMAT(SCHEMA) HI "}", 400, "json_schema"},
      {KEY, CHAT, M("gpt-4.1") "\"response_format\":{\"type\":\"json_object\"}," HI "}", 400,
       "must contain the word 'json'"},
      {KEY, CHAT, M("house-7b") "\"max_completion_tokens\":9," HI "}", 400, "\"code\":400"},
      {KEY, CHAT, M("gpt-unheard-of") HI "}", 404, "model_not_found"},
      {"Authorization: Bearer bad1" JSON_TYPE, CHAT, M("gpt-6-luna") HI "}", 401,
       "invalid_api_key"},
      {"Content-Type: application/json", CHAT, M("gpt-6-luna") HI "}", 401, NULL},
      {KEY, CHAT, "{", 400, NULL},
  };
  RUN(cases, "openai-chat.json");
}

static void test_responses_refuse_what_the_vendor_refuses(void **state) {
  (void)state;
#define RESP "/v1/responses"
  static const struct refusal cases[] = {
      {KEY, RESP, M("gpt-6-luna") "\"input\":\"Hi\"}", 200, "output_text"},
      {KEY, RESP, M("gpt-6-luna") "\"input\":\"Hi\",\"max_output_tokens\":4}", 400, ">= 16"},
      {KEY, RESP, M("gpt-6-luna") "\"input\":\"Hi\",\"max_tokens\":40}", 400, "unknown_parameter"},
      {KEY, RESP, M("gpt-6-luna") "\"input\":\"Hi\",\"top_p\":0.5}", 400, "top_p"},
      {KEY, RESP, M("gpt-6-luna") "\"input\":\"Hi\",\"response_format\":{}}", 400,
       "unknown_parameter"},
      {KEY, RESP, M("gpt-6-luna") TEXT(SCHEMA) "\"input\":\"Hi\"}", 200, "category"},
      {KEY, RESP, M("gpt-6-luna") TEXT(OPTIONAL) "\"input\":\"Hi\"}", 400, "text.format"},
      {KEY, RESP, M("gpt-3.5-turbo") "\"input\":\"Hi\"}", 400, "Responses API"},
  };
  RUN(cases, NULL);
}

static void test_azures_paths_want_their_version_and_key(void **state) {
  (void)state;
#define AZURE    "api-key: k" JSON_TYPE
#define DEPLOYED "/openai/deployments/gpt-4.1/chat/completions"
  static const struct refusal cases[] = {
      {AZURE, DEPLOYED "?api-version=2024-10-21", "{" HI "}", 200, "gpt-4.1"},
      {AZURE, DEPLOYED, "{" HI "}", 404, "Resource not found"},
      {AZURE, "/openai/deployments/none/chat/completions?api-version=2024-10-21", "{" HI "}", 404,
       "DeploymentNotFound"},
      {AZURE, "/openai/v1/chat/completions", M("gpt-6-luna") HI "}", 200, NULL},
      {KEY, "/openai/v1/responses", M("gpt-6-luna") "\"input\":\"Hi\"}", 200, NULL},
      {"api-key: bad" JSON_TYPE, "/openai/v1/responses", M("gpt-6-luna") "\"input\":\"Hi\"}", 401,
       "Access denied"},
  };
  RUN(cases, NULL);
}

static void test_gemini_refuses_what_the_vendor_refuses(void **state) {
  (void)state;
#define GEM           "/v1beta/models/gemini-3-flash:generateContent"
#define OLD_GEM       "/v1beta/models/gemini-2.5-flash:generateContent"
#define GKEY          "x-goog-api-key: k" JSON_TYPE
#define SAY           "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]"
#define CONFIG(inner) "{\"generationConfig\":{" inner "}," SAY "}"
  static const struct refusal cases[] = {
      {GKEY, GEM, "{" SAY "}", 200, "\"finishReason\":\"STOP\""},
      {GKEY, GEM, "{\"messages\":[]}", 400, "Unknown name"},
      {GKEY, GEM, "{\"contents\":[]}", 400, "contents is not specified"},
      {GKEY, GEM, "{\"contents\":[{\"role\":\"assistant\",\"parts\":[{\"text\":\"x\"}]}]}", 400,
       "valid role"},
      {GKEY, GEM, CONFIG("\"max_tokens\":5"), 400, "Unknown name"},
      {GKEY, GEM, CONFIG("\"maxOutputTokens\":0"), 400, "maxOutputTokens"},
      {GKEY, GEM, CONFIG("\"responseJsonSchema\":" SCHEMA), 400, "response_mime_type"},
      {GKEY, GEM,
       CONFIG("\"responseMimeType\":\"application/json\",\"responseJsonSchema\":" SCHEMA), 200,
       "category"},
      {GKEY, GEM,
       CONFIG("\"responseMimeType\":\"application/json\",\"responseSchema\":{\"type\":\"object\","
              "\"additionalProperties\":false}"),
       400, "additionalProperties"},
      {GKEY, GEM, CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"low\",\"thinkingBudget\":1}"),
       400, "only one of"},
      {GKEY, OLD_GEM, CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"low\"}"), 400,
       "not supported"},
      {GKEY, "/v1beta/models/gemini-9:generateContent", "{" SAY "}", 404, "NOT_FOUND"},
      {"x-goog-api-key: bad" JSON_TYPE, GEM, "{" SAY "}", 400, "API_KEY_INVALID"},
      {"Content-Type: application/json", GEM, "{" SAY "}", 403, "PERMISSION_DENIED"},
  };
  RUN(cases, NULL);
}

static void test_bedrock_refuses_what_the_vendor_refuses(void **state) {
  (void)state;
#define BED  "/model/anthropic.claude-haiku-5-5/converse"
#define NOVA "/model/amazon.nova-2-lite-v1%3A0/converse"
#define TURN "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]"
#define OUT(schema)                                                                                \
  "\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{"     \
  "\"name\":\"v\",\"schema\":\"" schema "\"}}}},"
  static const struct refusal cases[] = {
      {KEY, BED, "{" TURN "}", 200, "\"stopReason\":\"end_turn\""},
      {KEY, NOVA, "{" TURN "}", 200, NULL},
      {KEY, BED, "{\"messages\":[]}", 400, "at least one message"},
      {KEY, BED, "{\"max_tokens\":1," TURN "}", 400, "extraneous key"},
      {KEY, BED, "{\"inferenceConfig\":{\"temperature\":0}," TURN "}", 400, "temperature"},
      {KEY, NOVA, "{\"inferenceConfig\":{\"temperature\":0}," TURN "}", 200, NULL},
      {KEY, BED, "{\"inferenceConfig\":{\"maxTokens\":900000}," TURN "}", 400, "maximum tokens"},
      {KEY, BED, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\" \"}]}]}", 400,
       "blank"},
      {KEY, BED,
       "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]},{\"role\":\"user\","
       "\"content\":[{\"text\":\"a\"}]}]}",
       400, "alternate"},
      {KEY, BED,
       "{" OUT("{\\\"type\\\":\\\"object\\\",\\\"additionalProperties\\\":false,\\\"properties\\\":"
               "{\\\"a\\\":{\\\"type\\\":\\\"string\\\"}},\\\"required\\\":[\\\"a\\\"]}") TURN "}",
       200, NULL},
      {KEY, BED, "{" OUT("{\\\"type\\\":\\\"object\\\"}") TURN "}", 400, "additionalProperties"},
      {KEY, NOVA, "{" OUT("{}") TURN "}", 400, "outputConfig.textFormat"},
      {KEY, BED, "{\"system\":[{\"text\":\"s\"},{\"cachePoint\":{\"type\":\"default\"}}]," TURN "}",
       200, NULL},
      {KEY, "/model/meta.llama4-scout-17b-instruct-v1:0/converse",
       "{\"system\":[{\"text\":\"s\"},{\"cachePoint\":{\"type\":\"default\"}}]," TURN "}", 400,
       "prompt caching"},
      {KEY, "/model/nobody/converse", "{" TURN "}", 400, "model identifier is invalid"},
      {"Authorization: Bearer bad" JSON_TYPE, BED, "{" TURN "}", 403, NULL},
      {"Authorization: AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/bedrock/aws4_request, "
       "SignedHeaders=host, Signature=00\nx-amz-date: 20261121T000000Z" JSON_TYPE,
       BED, "{" TURN "}", 403, "signature"},
  };
  RUN(cases, NULL);
}

/* --- counting --- */

static char *long_text(void) {
  char *text = malloc(9000);
  assert_non_null(text);
  for (size_t i = 0; i < 8000; i++) {
    text[i] = "a shop sells bicycles. "[i % 23];
  }
  text[8000] = '\0';
  return text;
}

static int64_t counted(const struct server *s, const char *model, const char *key) {
  struct reply r = request(s, "GET", "/sim/stats", NULL, NULL);
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(r.json, "models"), model);
  const int64_t n = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(m, key));
  reply_free(&r);
  return n;
}

static void test_a_prefix_that_was_seen_is_read_from_the_cache_and_counted(void **state) {
  (void)state;
  struct server s = server_start("");
  char *text = long_text();
  char *body = malloc(20000);
  assert_non_null(body);
  for (int i = 0; i < 2; i++) {
    snprintf(body, 20000,
             M("gpt-6-luna") "\"messages\":[{\"role\":\"system\",\"content\":\"%s\"},{\"role\":"
                             "\"user\",\"content\":\"number %d\"}]}",
             text, i);
    struct reply r = request(&s, "POST", "/v1/chat/completions", KEY, body);
    const double cached = number_at(&r, "usage.prompt_tokens_details.cached_tokens");
    assert_true(i == 0 ? cached == 0 : cached >= 1024);
    assert_true(number_at(&r, "usage.prompt_tokens") > cached);
    reply_free(&r);
  }
  assert_int_equal(counted(&s, "gpt-6-luna", "calls"), 2);
  assert_true(counted(&s, "gpt-6-luna", "cache_read_tokens") >= 1024);
  for (int i = 0; i < 2; i++) {
    snprintf(body, 20000,
             "{\"systemInstruction\":{\"parts\":[{\"text\":\"%s\"}]},\"contents\":[{\"role\":"
             "\"user\",\"parts\":[{\"text\":\"number %d\"}]}]}",
             text, i);
    struct reply r = request(&s, "POST", GEM, GKEY, body);
    const cJSON *cached = cJSON_GetObjectItem(at(&r, "usageMetadata"), "cachedContentTokenCount");
    assert_true(i == 0 ? cached == NULL : cached->valuedouble >= 1024);
    reply_free(&r);
  }
  for (int i = 0; i < 2; i++) {
    snprintf(body, 20000,
             "{\"system\":[{\"text\":\"%s\"},{\"cachePoint\":{\"type\":\"default\"}}],\"messages\":"
             "[{\"role\":\"user\",\"content\":[{\"text\":\"number %d\"}]}]}",
             text, i);
    struct reply r = request(&s, "POST", BED, KEY, body);
    assert_true(number_at(&r, i == 0 ? "usage.cacheWriteInputTokens"
                                     : "usage.cacheReadInputTokens") > 1900);
    assert_true(number_at(&r, "usage.inputTokens") < 50);
    reply_free(&r);
  }
  assert_true(counted(&s, "anthropic.claude-haiku-5-5", "cache_write_tokens") > 1900);
  free(text);
  free(body);
  server_stop(&s);
}

static void test_faults_come_in_each_vendors_own_words(void **state) {
  (void)state;
  static const struct {
    const char *fault, *path, *headers, *body;
    long status;
    const char *says;
  } cases[] = {
      {"model.429=1", CHAT, KEY, M("gpt-6-luna") HI "}", 429, "rate_limit_exceeded"},
      {"model.spend=1", CHAT, KEY, M("gpt-6-luna") HI "}", 429, "insufficient_quota"},
      {"model.truncate=1", CHAT, KEY, M("gpt-6-luna") HI "}", 200, "\"length\""},
      {"model.refusal=1", CHAT, KEY, M("gpt-6-luna") HI "}", 200, "\"content\":null"},
      {"model.refusal=1", RESP, KEY, M("gpt-6-luna") "\"input\":\"Hi\"}", 200, NULL},
      {"model.429=1", GEM, GKEY, "{" SAY "}", 429, "retryDelay"},
      {"model.truncate=1", GEM, GKEY, "{" SAY "}", 200, "MAX_TOKENS"},
      {"model.503=1", GEM, GKEY, "{" SAY "}", 503, "UNAVAILABLE"},
      {"model.429=1", BED, KEY, "{" TURN "}", 429, "Too many requests"},
      {"model.truncate=1", BED, KEY, "{" TURN "}", 200, "max_tokens"},
  };
  struct server s = server_start("");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct reply set = request(&s, "POST", "/sim/faults", NULL, cases[i].fault);
    reply_free(&set);
    struct reply r = request(&s, "POST", cases[i].path, cases[i].headers, cases[i].body);
    if (r.status != cases[i].status || (cases[i].says && !strstr(r.body, cases[i].says))) {
      fail_msg("%s: %ld %s", cases[i].fault, r.status, r.body);
    }
    reply_free(&r);
  }
  server_stop(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chat_completions_refuse_what_the_vendor_refuses),
      cmocka_unit_test(test_responses_refuse_what_the_vendor_refuses),
      cmocka_unit_test(test_azures_paths_want_their_version_and_key),
      cmocka_unit_test(test_gemini_refuses_what_the_vendor_refuses),
      cmocka_unit_test(test_bedrock_refuses_what_the_vendor_refuses),
      cmocka_unit_test(test_a_prefix_that_was_seen_is_read_from_the_cache_and_counted),
      cmocka_unit_test(test_faults_come_in_each_vendors_own_words),
  };
  return cmocka_run_group_tests_name("openai", tests, NULL, NULL);
}
