/* The bedrock backend: its bytes, what it reads, how each call ends, and how requests are signed.
 */
#include "llm_rig.h"
#include "models/bedrock/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct trg_plugin triaged_plugin_bedrock;

#define OPEN(...)                                                                                  \
  llm_rig_open(&triaged_plugin_bedrock,                                                            \
               (const char *const[]){"model=us.a.claude-v1:0", "key=ABSK-0001", __VA_ARGS__ NULL})
#define SAID(content, stop)                                                                        \
  "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[" content                         \
  "]}},\"stopReason\":\"" stop                                                                     \
  "\",\"usage\":{\"inputTokens\":90,\"outputTokens\":7,\"totalTokens\":1097,"                      \
  "\"cacheReadInputTokens\":600,\"cacheWriteInputTokens\":400}}"
#define BUG   "{\"text\":\"{\\\"category\\\":\\\"bug\\\"}\"}"
#define THINK "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"hm\"}}},"

static void test_a_request_has_exactly_these_bytes(void **state) {
  (void)state;
  struct llm_rig rig = OPEN();
  llm_rig_answer(&rig, 200, "x-amzn-RequestId: id-1", SAID(THINK BUG, "end_turn"));
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  const struct fake_request *sent = fake_host_request(rig.host, 0);
  assert_string_equal(
      sent->body.p,
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"It crashes\"},{\"text\":"
      "\"often\"}]}],\"system\":[{\"text\":\"You sort tickets.\"},{\"cachePoint\":{\"type\":"
      "\"default\"}},{\"text\":\"Today is quiet.\"}],\"inferenceConfig\":{\"maxTokens\":2348},"
      "\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{"
      "\"name\":\"triage\",\"schema\":\"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{"
      "\\\"category\\\":{\\\"type\\\":\\\"string\\\",\\\"description\\\":\\\"(maxLength: "
      "9)\\\"}},\\\"required\\\":[\\\"category\\\"],\\\"additionalProperties\\\":false}\"}}}}}");
  assert_string_equal(sent->url.p, "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
                                   "us.a.claude-v1%3A0/converse");
  assert_string_equal(fake_request_header(sent, "authorization"), "Bearer ABSK-0001");
  assert_int_equal(sent->sigv4.n, 0);
  const struct trg_model_reply *reply = op->replies;
  assert_string_equal(reply->text.p, "{\"category\":\"bug\"}");
  assert_string_equal(reply->request_id.p, "id-1");
  assert_int_equal(reply->usage.input, 90);
  assert_int_equal(reply->usage.cache_read, 600);
  assert_int_equal(reply->usage.cache_write, 400);
  assert_int_equal(reply->usage.output, 7);
  llm_rig_close(&rig);
}

static void test_aws_credentials_have_the_host_sign(void **state) {
  (void)state;
  struct llm_rig rig = llm_rig_open(&triaged_plugin_bedrock,
                                    (const char *const[]){"model=a.claude", "access_key=AKIA",
                                                          "secret_key=shh", "session_token=tok",
                                                          "url=https://bedrock-runtime.eu-west-1."
                                                          "amazonaws.com",
                                                          NULL});
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "end_turn"));
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  const struct fake_request *sent = fake_host_request(rig.host, 0);
  assert_string_equal(sent->sigv4.p, "aws:amz:eu-west-1:bedrock");
  assert_string_equal(sent->userpwd.p, "AKIA:shh");
  assert_string_equal(fake_request_header(sent, "x-amz-security-token"), "tok");
  assert_null(fake_request_header(sent, "authorization"));
  llm_rig_close(&rig);
}

static void test_costs_are_bounded_and_lost_answers_counted(void **state) {
  (void)state;
  llm_rig_holds(&triaged_plugin_bedrock,
                (const char *const[]){"model=amazon.nova-lite", "key=ABSK-0001",
                                      "url=https://bedrock-runtime.eu-west-1.amazonaws.com", NULL},
                "ABSK-0001",
                "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[" BUG
                "]}},\"stopReason\":\"end_turn\"}");
}

static void test_every_way_to_stop(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int32_t outcome;
    const char *code;
  } cases[] = {
      {SAID(BUG, "end_turn"), TRG_DONE, ""},
      {SAID(THINK BUG, "stop_sequence"), TRG_DONE, ""},
      {SAID("{\"text\":\"So:\"},{\"toolUse\":{\"input\":{\"category\":\"bug\"}}}", "tool_use"),
       TRG_DONE, ""},
      {SAID("{\"text\":\"{\\\"cat\"}", "max_tokens"), TRG_REJECTED, "length"},
      {SAID("{\"text\":\"{\\\"cat\"}", "model_context_window_exceeded"), TRG_REJECTED, "length"},
      {SAID("", "content_filtered"), TRG_REJECTED, "refusal"},
      {SAID("{\"text\":\"no\"}", "guardrail_intervened"), TRG_REJECTED, "refusal"},
      {SAID("{\"text\":\"x\"}", "a_new_word"), TRG_REJECTED, "malformed"},
      {"{}", TRG_RETRY, "malformed"},
      {"<html>", TRG_RETRY, "malformed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_rig rig = OPEN();
    llm_rig_answer(&rig, 200, NULL, cases[i].body);
    llm_rig_assert_end(llm_rig_ask(&rig), cases[i].outcome, cases[i].code);
    llm_rig_close(&rig);
  }
}

static void test_errors_by_the_word_in_the_header(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    const char *kind, *message;
    int32_t outcome;
    const char *code;
  } cases[] = {
      {429, "ThrottlingException:http://x/", "wait", TRG_RETRY, "rate"},
      {429, "ModelNotReadyException", "soon", TRG_RETRY, "transient"},
      {400, "ServiceQuotaExceededException", "over", TRG_REJECTED, "quota"},
      {403, "AccessDeniedException", "no", TRG_REJECTED, "permission"},
      {403, "UnrecognizedClientException", "no", TRG_REJECTED, "auth"},
      {403, "InvalidSignatureException", "no", TRG_REJECTED, "auth"},
      {403, "ExpiredTokenException", "no", TRG_REJECTED, "auth"},
      {404, "ResourceNotFoundException", "no", TRG_REJECTED, "endpoint"},
      {400, "ValidationException", "The provided model identifier is invalid.", TRG_REJECTED,
       "endpoint"},
      {400, "ValidationException", "Bad.", TRG_REJECTED, "permanent"},
      {408, "ModelTimeoutException", "late", TRG_RETRY, "timeout"},
      {424, "ModelErrorException", "oops", TRG_RETRY, "transient"},
      {503, "ServiceUnavailableException", "busy", TRG_RETRY, "transient"},
      {500, "", "oops", TRG_RETRY, "transient"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char headers[200];
    char body[200];
    snprintf(headers, sizeof headers, "x-amzn-ErrorType: %s", cases[i].kind);
    snprintf(body, sizeof body, "{\"message\":\"%s\"}", cases[i].message);
    struct llm_rig rig = OPEN();
    llm_rig_answer(&rig, cases[i].status, headers, body);
    llm_rig_assert_end(llm_rig_ask(&rig), cases[i].outcome, cases[i].code);
    llm_rig_close(&rig);
  }
}

static void test_the_ladder_goes_from_format_to_tool_to_prompt(void **state) {
  (void)state;
  struct llm_rig rig = OPEN();
  llm_rig_answer(&rig, 400, NULL,
                 "{\"message\":\"This model doesn't support the outputConfig.textFormat field.\"}");
  llm_rig_answer(&rig, 400, NULL, "{\"message\":\"This model doesn't support tool use.\"}");
  llm_rig_answer(&rig, 400, NULL, "{\"message\":\"prompt caching is not supported\"}");
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "end_turn"));
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_non_null(strstr(llm_rig_body(&rig, 1), "\"toolSpec\""));
  assert_null(strstr(llm_rig_body(&rig, 1), "toolChoice")); /* never forced */
  assert_null(strstr(llm_rig_body(&rig, 2), "\"toolSpec\""));
  assert_non_null(strstr(llm_rig_body(&rig, 2), "cachePoint"));
  assert_null(strstr(llm_rig_body(&rig, 3), "cachePoint"));
  llm_rig_answer(&rig, 200, NULL, SAID(BUG, "end_turn"));
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_string_equal(llm_rig_body(&rig, 4), llm_rig_body(&rig, 3));
  llm_rig_close(&rig);
}

static void test_ids_and_arns_are_one_segment_of_the_path(void **state) {
  (void)state;
  struct llm_text url = {0};
  char region[40];
  bedrock_url_build("https://h.example/", "arn:aws:bedrock:us-east-1:1:inference-profile/x", &url);
  assert_string_equal(url.p, "https://h.example/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3A"
                             "inference-profile%2Fx/converse");
  llm_text_clear(&url);
  assert_true(bedrock_url_region("https://bedrock-runtime.eu-central-1.amazonaws.com", region));
  assert_string_equal(region, "eu-central-1");
  assert_true(bedrock_url_region("https://bedrock-runtime-fips.us-east-1.amazonaws.com/", region));
  assert_false(bedrock_url_region("https://gateway.example", region));
}

static void test_what_it_can_not_express_is_refused_when_opened(void **state) {
  (void)state;
#define REFUSED(says, ...)                                                                         \
  llm_rig_refused(&triaged_plugin_bedrock, (const char *const[]){__VA_ARGS__, NULL}, says)
  REFUSED("key: missing", "model=m");
  REFUSED("secret_key: missing", "model=m", "access_key=a");
  REFUSED("access_key: missing", "model=m", "secret_key=a");
  REFUSED("one way is enough", "model=m", "access_key=a", "secret_key=b", "key=k");
  REFUSED("can not be signed", "model=m:0", "access_key=a", "secret_key=b");
  REFUSED("region: missing", "model=m", "access_key=a", "secret_key=b", "url=https://g.example");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_request_has_exactly_these_bytes),
      cmocka_unit_test(test_aws_credentials_have_the_host_sign),
      cmocka_unit_test(test_costs_are_bounded_and_lost_answers_counted),
      cmocka_unit_test(test_every_way_to_stop),
      cmocka_unit_test(test_errors_by_the_word_in_the_header),
      cmocka_unit_test(test_the_ladder_goes_from_format_to_tool_to_prompt),
      cmocka_unit_test(test_ids_and_arns_are_one_segment_of_the_path),
      cmocka_unit_test(test_what_it_can_not_express_is_refused_when_opened),
  };
  return cmocka_run_group_tests_name("bedrock", tests, NULL, NULL);
}
