/* The gemini backend: its bytes, what it reads, and how each call ends. */
#include "llm_rig.h"
#include "models/gemini/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

extern const struct trg_plugin triaged_plugin_gemini;

#define OPEN(...)                                                                                  \
  llm_rig_open(&triaged_plugin_gemini,                                                             \
               (const char *const[]){"model=gemini-3-flash", "key=AIza-0001", __VA_ARGS__ NULL})
#define SAID(text, finish, more)                                                                   \
  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hm.\",\"thought\":true},{\"text\":"       \
  "\"" text "\"}],\"role\":\"model\"},\"finishReason\":\"" finish "\"}],\"usageMetadata\":{"       \
  "\"promptTokenCount\":900,\"cachedContentTokenCount\":800,\"candidatesTokenCount\":7,"           \
  "\"thoughtsTokenCount\":20,\"totalTokenCount\":927}," more                                       \
  "\"modelVersion\":\"gemini-3-flash-001\",\"responseId\":\"r1\"}"
#define BUG "{\\\"category\\\":\\\"bug\\\"}"
#define ERROR(code, status, message, details)                                                      \
  "{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"status\":\"" status                 \
  "\",\"details\":[" details "]}}"

static void test_a_request_has_exactly_these_bytes(void **state) {
  (void)state;
  struct llm_rig rig = OPEN("thinking_level=low", );
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "STOP", ""));
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  const struct fake_request *sent = fake_host_request(rig.host, 0);
  assert_string_equal(
      sent->body.p,
      "{\"systemInstruction\":{\"parts\":[{\"text\":\"You sort tickets.\"},{\"text\":\"Today is "
      "quiet.\"}]},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"It crashes\"},{\"text\":"
      "\"often\"}]}],\"generationConfig\":{\"maxOutputTokens\":2348,\"responseMimeType\":"
      "\"application/json\",\"responseJsonSchema\":{\"type\":\"object\",\"properties\":{"
      "\"category\":{\"type\":\"string\",\"description\":\"(maxLength: 9)\"}},\"required\":["
      "\"category\"],\"additionalProperties\":false},\"thinkingConfig\":{\"thinkingLevel\":\"low\"}"
      "}}");
  assert_string_equal(sent->url.p, "https://generativelanguage.googleapis.com/v1beta/models/"
                                   "gemini-3-flash:generateContent");
  assert_string_equal(fake_request_header(sent, "x-goog-api-key"), "AIza-0001");
  assert_null(fake_request_header(sent, "authorization"));
  llm_rig_close(&rig);
}

static void test_thoughts_are_billed_output_and_cached_tokens_are_not_input(void **state) {
  (void)state;
  struct llm_rig rig = OPEN();
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "STOP", ""));
  const struct trg_model_reply *reply = llm_rig_ask(&rig)->replies;
  assert_string_equal(reply->text.p, "{\"category\":\"bug\"}");
  assert_int_equal(reply->usage.input, 100);
  assert_int_equal(reply->usage.cache_read, 800);
  assert_int_equal(reply->usage.output, 27);
  assert_int_equal(reply->usage.reasoning, 20);
  assert_string_equal(reply->served.p, "gemini-3-flash-001");
  assert_string_equal(reply->request_id.p, "r1");
  assert_false(reply->usage.estimated);
  llm_rig_close(&rig);
}

static void test_costs_are_bounded_and_lost_answers_counted(void **state) {
  (void)state;
  llm_rig_holds(&triaged_plugin_gemini,
                (const char *const[]){"model=gemini-3-flash", "key=AIza-0001", NULL}, "AIza-0001",
                "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" BUG
                "\"}]},\"finishReason\":\"STOP\"}]}");
}

static void test_every_way_to_stop(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int32_t outcome;
    const char *code;
  } cases[] = {
      {SAID(BUG, "STOP", ""), TRG_DONE, ""},
      {SAID("{\\\"cat", "MAX_TOKENS", ""), TRG_REJECTED, "length"},
      {SAID("x", "SAFETY", ""), TRG_REJECTED, "refusal"},
      {SAID("x", "PROHIBITED_CONTENT", ""), TRG_REJECTED, "refusal"},
      {SAID("x", "RECITATION", ""), TRG_REJECTED, "refusal"},
      {SAID("x", "SPII", ""), TRG_REJECTED, "refusal"},
      {SAID("x", "MALFORMED_FUNCTION_CALL", ""), TRG_REJECTED, "malformed"},
      {SAID("", "A_NEW_WORD", ""), TRG_REJECTED, "malformed"},
      /* a blocked prompt is a 200 without candidates; a blocked answer has no content */
      {"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":9}"
       "}",
       TRG_REJECTED, "refusal"},
      {"{\"candidates\":[{\"finishReason\":\"BLOCKLIST\"}]}", TRG_REJECTED, "refusal"},
      {"{\"candidates\":[]}", TRG_RETRY, "malformed"},
      {"{\"candidates\":[{\"finishReason\":\"STOP\",\"content\":{}}]}", TRG_REJECTED, "malformed"},
      {"[]", TRG_RETRY, "malformed"},
      {"<html>", TRG_RETRY, "malformed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_rig rig = OPEN();
    llm_rig_answer(&rig, 200, NULL, cases[i].body);
    if (strstr(cases[i].body, "\"content\":{}")) /* empty: asked for once more */
      llm_rig_answer(&rig, 200, NULL, cases[i].body);
    const struct fake_op *op = llm_rig_ask(&rig);
    llm_rig_assert_end(op, cases[i].outcome, cases[i].code);
    if (strcmp(cases[i].code, "refusal") == 0) assert_string_equal(op->replies->text.p, "");
    llm_rig_close(&rig);
  }
}

static void test_errors_by_their_word_and_details(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    const char *body;
    int32_t outcome;
    const char *code;
    int64_t wait_ms;
  } cases[] = {
      {429,
       ERROR("429", "RESOURCE_EXHAUSTED", "slow",
             "{\"@type\":\"t/google.rpc.RetryInfo\",\"retryDelay\":\"34s\"}"),
       TRG_RETRY, "rate", 34000},
      {429,
       ERROR("429", "RESOURCE_EXHAUSTED", "quota",
             "{\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel\"}]}"),
       TRG_REJECTED, "quota", 0},
      {400, ERROR("400", "INVALID_ARGUMENT", "API key", "{\"reason\":\"API_KEY_INVALID\"}"),
       TRG_REJECTED, "auth", 0},
      {403, ERROR("403", "PERMISSION_DENIED", "no", ""), TRG_REJECTED, "permission", 0},
      {404, ERROR("404", "NOT_FOUND", "models/x is not found", ""), TRG_REJECTED, "endpoint", 0},
      {400, ERROR("400", "FAILED_PRECONDITION", "not here", ""), TRG_REJECTED, "permission", 0},
      {503, ERROR("503", "UNAVAILABLE", "overloaded", ""), TRG_RETRY, "transient", 0},
      {500, ERROR("500", "INTERNAL", "oops", ""), TRG_RETRY, "transient", 0},
      {504, ERROR("504", "DEADLINE_EXCEEDED", "late", ""), TRG_RETRY, "timeout", 0},
      {502, "<html>bad gateway</html>", TRG_RETRY, "transient", 0},
      {200, ERROR("503", "UNAVAILABLE", "midway", ""), TRG_RETRY, "transient", 0},
      {302, "", TRG_REJECTED, "endpoint", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_rig rig = OPEN();
    llm_rig_answer(&rig, cases[i].status, NULL, cases[i].body);
    const struct fake_op *op = llm_rig_ask(&rig);
    llm_rig_assert_end(op, cases[i].outcome, cases[i].code);
    assert_int_equal(op->result.retry_after_ms, cases[i].wait_ms);
    llm_rig_close(&rig);
  }
}

static void test_what_a_400_names_is_left_out_and_remembered(void **state) {
  (void)state;
  struct llm_rig rig = OPEN("thinking_level=low", );
  llm_rig_answer(
      &rig, 400, NULL,
      ERROR("400", "INVALID_ARGUMENT", "Thinking level is not supported for this model.", ""));
  llm_rig_answer(&rig, 400, NULL,
                 ERROR("400", "INVALID_ARGUMENT", "response_json_schema: too complex", ""));
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "STOP", ""));
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_null(strstr(llm_rig_body(&rig, 1), "thinkingConfig"));
  assert_non_null(strstr(llm_rig_body(&rig, 1), "responseJsonSchema"));
  assert_null(strstr(llm_rig_body(&rig, 2), "responseJsonSchema"));
  assert_non_null(strstr(llm_rig_body(&rig, 2), "It must follow this JSON schema"));
  llm_rig_answer(&rig, 200, NULL, SAID("```json\\n" BUG "\\n```", "STOP", ""));
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_string_equal(op->replies->text.p, "{\"category\":\"bug\"}");
  assert_string_equal(llm_rig_body(&rig, 3), llm_rig_body(&rig, 2));
  assert_int_equal(fake_host_log_matches(rig.host, "warn request_part_refused"), 2);
  llm_rig_close(&rig);
}

static void test_prose_is_asked_for_once_more_and_both_rounds_are_counted(void **state) {
  (void)state;
  struct llm_rig rig = OPEN();
  llm_rig_answer(&rig, 200, NULL, SAID("A bug, I think.", "STOP", ""));
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "STOP", ""));
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_int_equal(op->reply_count, 2);
  assert_int_equal(op->replies[1].usage.output, 54);
  assert_non_null(strstr(llm_rig_body(&rig, 1), "\"role\":\"model\""));
  llm_rig_close(&rig);
}

static void test_the_base_url_may_be_written_in_each_usual_way(void **state) {
  (void)state;
  static const char *const cases[][3] = {
      {"https://g.example", "m", "https://g.example/v1beta/models/m:generateContent"},
      {"https://g.example/", "m", "https://g.example/v1beta/models/m:generateContent"},
      {"https://g.example/v1beta/", "m", "https://g.example/v1beta/models/m:generateContent"},
      {"https://g.example/v1", "models/m", "https://g.example/v1/models/m:generateContent"},
      {"https://g.example/v1/projects/p/locations/l", "publishers/google/models/m",
       "https://g.example/v1/projects/p/locations/l/publishers/google/models/m:generateContent"},
      {"https://g.example/x/models/y:generateContent", "m",
       "https://g.example/x/models/y:generateContent"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_text url = {0};
    gemini_url_build(cases[i][0], cases[i][1], &url);
    assert_string_equal(url.p, cases[i][2]);
    llm_text_clear(&url);
  }
}

static void test_what_it_can_not_express_is_refused_when_opened(void **state) {
  (void)state;
#define REFUSED(says, ...)                                                                         \
  llm_rig_refused(&triaged_plugin_gemini, (const char *const[]){__VA_ARGS__, NULL}, says)
  REFUSED("only one", "model=m", "key=k", "thinking_level=low", "thinking_budget=9");
  REFUSED("key: missing", "model=m");
  REFUSED("letters, digits", "model=a b", "key=k");
  REFUSED("one of the two", "model=m", "key=k", "auth.token_command=x");
  REFUSED("{key}", "model=m", "key=k", "auth.header=x", "auth.value=nothing");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_request_has_exactly_these_bytes),
      cmocka_unit_test(test_thoughts_are_billed_output_and_cached_tokens_are_not_input),
      cmocka_unit_test(test_costs_are_bounded_and_lost_answers_counted),
      cmocka_unit_test(test_every_way_to_stop),
      cmocka_unit_test(test_errors_by_their_word_and_details),
      cmocka_unit_test(test_what_a_400_names_is_left_out_and_remembered),
      cmocka_unit_test(test_prose_is_asked_for_once_more_and_both_rounds_are_counted),
      cmocka_unit_test(test_the_base_url_may_be_written_in_each_usual_way),
      cmocka_unit_test(test_what_it_can_not_express_is_refused_when_opened),
  };
  return cmocka_run_group_tests_name("gemini", tests, NULL, NULL);
}
