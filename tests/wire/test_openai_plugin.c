/* The OpenAI backend as the daemon sees it: settings, one call, and how each call ends. */
#include "openai_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* ---- the plain road ---- */

static void test_an_answer_is_emitted_whole_and_done(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, "X-Request-Id: req_7\ncontent-type: application/json",
                 OPENAI_ANSWER_BODY);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_int_equal(op->reply_count, 1);
  const struct trg_model_reply *reply = op->replies;
  assert_string_equal(reply->text.p, "{\"category\":\"bug\"}");
  assert_string_equal(reply->served.p, "gpt-6-luna-2026-10-01");
  assert_string_equal(reply->request_id.p, "req_7");
  assert_string_equal(reply->stop_word.p, "stop");
  assert_int_equal(reply->usage.input, 21);
  assert_int_equal(reply->usage.cache_read, 800);
  assert_int_equal(reply->usage.output, 9);
  assert_false(reply->usage.estimated);
  assert_string_equal(reply->request_bytes.p, fake_host_request(rig.host, 0)->body.p);
  assert_string_equal(reply->response_bytes.p, OPENAI_ANSWER_BODY);
  assert_null(strstr(reply->request_bytes.p, OPENAI_KEY));
  assert_false(llm_rig_sent(&rig, 0, "u-1")); /* the requester's hash is off by default */
  llm_rig_close(&rig);
}

static void test_the_responses_api_is_asked_and_read(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("api=responses", "effort=low", "user_id=safety_identifier");
  llm_rig_answer(
      &rig, 200, NULL,
      "{\"id\":\"resp_1\",\"status\":\"completed\",\"output\":[{\"type\":\"message\","
      "\"content\":[{\"type\":\"output_text\",\"text\":\"{\\\"category\\\":\\\"bug\\\"}\"}]"
      "}],\"usage\":{\"input_tokens\":50,\"input_tokens_details\":{\"cached_tokens\":40},"
      "\"output_tokens\":8,\"output_tokens_details\":{\"reasoning_tokens\":3}}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_string_equal(fake_host_request(rig.host, 0)->url.p, "https://api.openai.com/v1/responses");
  assert_true(llm_rig_sent(&rig, 0, "\"store\":false"));
  assert_true(llm_rig_sent(&rig, 0, "\"safety_identifier\":\"u-1\""));
  assert_string_equal(op->replies->request_id.p, "resp_1");
  assert_int_equal(op->replies->usage.input, 10);
  assert_int_equal(op->replies->usage.cache_read, 40);
  assert_int_equal(op->replies->usage.reasoning, 3);
  llm_rig_close(&rig);
}

static void assert_header(const char *setting, const char *more, const char *name,
                          const char *value) {
  struct llm_rig rig = openai_rig_open(setting, more, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  const struct fake_request *request = fake_host_request(rig.host, 0);
  const char *got = fake_request_header(request, name);
  assert_string_equal(got ? got : "absent", value);
  assert_int_equal(request->flags & TRG_HTTP_WRITE, 0);
  llm_rig_close(&rig);
}

static void test_headers_follow_the_settings_and_the_key_is_sent_once(void **state) {
  (void)state;
  assert_header(NULL, NULL, "authorization", "Bearer " OPENAI_KEY);
  assert_header("auth.header=x-gate", NULL, "x-gate", OPENAI_KEY);
  assert_header("auth.header=x-gate", NULL, "authorization", "absent");
  assert_header("auth.header=x-gate", "auth.value=Token {key}!", "x-gate", "Token " OPENAI_KEY "!");
  assert_header("auth.value=Key {key}", NULL, "authorization", "Key " OPENAI_KEY);
  assert_header("url=https://a.openai.azure.com", NULL, "api-key", OPENAI_KEY);
  assert_header("url=https://a.openai.azure.com", NULL, "authorization", "absent");
  assert_header("url=https://a.openai.azure.com", "auth.header=Authorization", "authorization",
                "Bearer " OPENAI_KEY); /* Entra */
}

static void test_a_server_of_ones_own_needs_no_key_and_gets_none(void **state) {
  (void)state;
  struct llm_rig rig = llm_rig_open(
      &triaged_plugin_openai, (const char *const[]){"model=m", "url=http://127.0.0.1:8080", NULL});
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_int_equal(fake_host_request(rig.host, 0)->header_count, 2);
  assert_string_equal(fake_host_request(rig.host, 0)->url.p,
                      "http://127.0.0.1:8080/v1/chat/completions");
  llm_rig_close(&rig);
}

static void test_only_openai_itself_is_trusted_to_show_the_schema_to_the_model(void **state) {
  (void)state;
  static const struct {
    const char *url;
    bool in_prompt;
  } rows[] = {
      {"url=https://api.openai.com/v1", false},
      {"url=https://a.openai.azure.com", false},
      {"url=http://127.0.0.1:8000/v1", true}, /* vLLM, llama.cpp, Ollama */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct llm_rig rig = openai_rig_open(rows[i].url, NULL, NULL);
    llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
    llm_rig_ask(&rig);
    assert_int_equal(llm_rig_sent(&rig, 0, "JSON schema: "), rows[i].in_prompt);
    assert_true(llm_rig_sent(&rig, 0, "\"json_schema\""));
    llm_rig_close(&rig);
  }
}

static void test_azures_deployment_path_is_built_from_the_settings(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("url=https://a.openai.azure.com", "deployment=mini",
                                       "api_version=2024-10-21");
  llm_rig_answer(&rig, 200, "apim-request-id: az-1", OPENAI_ANSWER_BODY);
  assert_string_equal(llm_rig_ask(&rig)->replies->request_id.p, "az-1");
  assert_string_equal(fake_host_request(rig.host, 0)->url.p,
                      "https://a.openai.azure.com/openai/deployments/mini/chat/completions"
                      "?api-version=2024-10-21");
  llm_rig_close(&rig);
}

static void assert_refused(const char *a, const char *b, const char *c, const char *part) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst;
  struct trg_err err;
  const char *const settings[] = {a && strncmp(a, "model=", 6) == 0 ? "key=k" : "model=m", a, b, c,
                                  NULL};
  assert_int_equal(fake_host_open(host, &triaged_plugin_openai, settings, &inst, &err), -1);
  assert_string_equal(err.code, "config");
  assert_non_null(strstr(err.text, part));
  assert_null(strstr(err.text, "secret"));
  fake_host_free(&host);
}

static void test_settings_that_can_not_work_are_refused_at_once(void **state) {
  (void)state;
  assert_refused("model=", NULL, NULL, "model: empty");
  assert_refused(NULL, NULL, NULL, "key: missing");
  assert_refused("url=https://a.openai.azure.com", NULL, NULL, "key: missing");
  assert_refused("key=secret\n", NULL, NULL, "line break");
  assert_refused("url=https://x.example", "auth.header=a", NULL, "needs a key");
  assert_refused("key=k", "auth.header=a:b", NULL, "auth.header");
  assert_refused("key=k", "auth.value=fixed", NULL, "{key}");
  assert_refused("key=k", "deployment=a/b", "api_version=1", "deployment");
  assert_refused("key=k", "deployment=a", "url=https://a.example", "api_version");
  assert_refused("key=k", "deployment=a", "api_version=1", "without /v1");
  assert_refused("key=k", "api_version=1&x=2", NULL, "api_version");
  assert_refused("key=k", "effort=heroic", NULL, "effort");
  assert_refused("key=k", "temperature=0", NULL, "temperature");
}

/* ---- ends ---- */

/* A 200 that is no success: emitted because it was paid for, and then judged. */
static void assert_stop(const char *reason, const char *message, int32_t stop, int32_t outcome,
                        const char *code) {
  char body[512];
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  snprintf(body, sizeof body,
           "{\"choices\":[{\"message\":{%s},\"finish_reason\":\"%s\"}],\"usage\":{"
           "\"prompt_tokens\":5,\"completion_tokens\":2}}",
           message, reason);
  llm_rig_answer(&rig, 200, NULL, body);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, outcome, code);
  assert_int_equal(op->reply_count, 1);
  assert_int_equal(op->replies->stop, stop);
  assert_string_equal(op->replies->stop_word.p, reason);
  assert_int_equal(op->replies->usage.input, 5);
  llm_rig_close(&rig);
}

static void test_what_was_paid_for_is_emitted_even_when_it_is_no_answer(void **state) {
  (void)state;
  assert_stop("stop", "\"content\":null,\"refusal\":\"no\"", TRG_STOP_REFUSAL, TRG_REJECTED,
              "refusal");
  assert_stop("content_filter", "\"content\":\"x\"", TRG_STOP_REFUSAL, TRG_REJECTED, "refusal");
  assert_stop("length", "\"content\":\"{\\\"cat\"", TRG_STOP_LENGTH, TRG_REJECTED, "length");
  assert_stop("model_length", "\"content\":\"{\"", TRG_STOP_LENGTH, TRG_REJECTED, "length");
  assert_stop("tool_calls", "\"content\":null", TRG_STOP_OTHER, TRG_REJECTED, "malformed");
  assert_stop("of_tomorrow", "\"content\":\"x\"", TRG_STOP_OTHER, TRG_REJECTED, "malformed");
  assert_stop("of_tomorrow", "\"content\":\"{\\\"category\\\":\\\"bug\\\"}\"", TRG_STOP_END,
              TRG_DONE, "");
}

static void test_azures_filter_stops_a_prompt_with_a_400_that_may_cost(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("url=https://a.openai.azure.com", NULL, NULL);
  llm_rig_answer(&rig, 400, NULL,
                 "{\"error\":{\"message\":\"filtered\",\"param\":\"prompt\",\"code\":"
                 "\"content_filter\",\"innererror\":{}}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "refusal");
  assert_int_equal(op->reply_count, 1);
  assert_int_equal(op->replies->stop, TRG_STOP_REFUSAL);
  assert_true(op->replies->usage.estimated);
  assert_true(op->replies->usage.input > 0);
  assert_int_equal(op->replies->usage.output, 0);
  llm_rig_close(&rig);
}

static void test_a_server_that_does_not_count_gets_an_estimate(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL,
                 "{\"choices\":[{\"message\":{\"content\":\"{\\\"a\\\":1}\"},\"finish_reason\":"
                 "\"stop\"}]}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_true(op->replies->usage.estimated);
  assert_true(op->replies->usage.input > 0 && op->replies->usage.output > 0);
  llm_rig_close(&rig);
}

static void test_a_broken_body_of_a_success_may_have_been_billed(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, "\n\n\n{\"choices\":[{\"mess");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "malformed");
  assert_int_equal(op->result.flags, TRG_RESULT_MAYBE_BILLED);
  assert_int_equal(op->reply_count, 0);
  llm_rig_close(&rig);
}

static void test_an_error_inside_a_success_is_an_error(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("url=https://openrouter.ai/api/v1", NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, "{\"error\":{\"code\":502,\"message\":\"Provider error\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_int_equal(op->result.flags, TRG_RESULT_MAYBE_BILLED);
  llm_rig_answer(&rig, 200, NULL,
                 "{\"choices\":[{\"message\":{\"content\":\"{\"},\"finish_reason\":\"error\"}],"
                 "\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}");
  op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_int_equal(op->reply_count, 1); /* it says what it cost */
  assert_int_equal(op->replies->usage.input, 40);
  llm_rig_close(&rig);
}

static void test_being_told_to_wait_holds_the_whole_instance_back(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 429,
                 "x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m30s\n"
                 "x-ratelimit-remaining-requests: 9\nx-ratelimit-reset-requests: 20ms",
                 "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "rate");
  assert_int_equal(op->result.retry_after_ms, 390000);
  const size_t last = fake_host_bucket_count(rig.host) - 1;
  assert_int_equal(fake_host_bucket(rig.host, last)->remaining, 0);
  assert_int_equal(fake_host_bucket(rig.host, last)->reset_ms, 390000);
  llm_rig_close(&rig);
}

static void test_rate_headers_of_a_success_reach_the_host(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, "X-RateLimit-Remaining-Requests: 3\nX-RateLimit-Reset-Requests: 20s",
                 OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  assert_int_equal(fake_host_bucket(rig.host, 0)->remaining, 3);
  assert_int_equal(fake_host_bucket(rig.host, 0)->reset_ms, 20000);
  llm_rig_close(&rig);
}

static void test_a_spent_quota_stops_and_is_no_wait(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(
      &rig, 429, "retry-after: 5",
      "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"You exceeded your current "
      "quota\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "quota");
  assert_int_equal(op->result.retry_after_ms, 0);
  assert_int_equal(fake_host_bucket_count(rig.host), 0);
  llm_rig_close(&rig);
}

static void test_a_peer_that_repeats_the_key_does_not_get_it_into_the_reason(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 403, NULL, "{\"error\":{\"message\":\"bad key " OPENAI_KEY "\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "permission");
  assert_null(strstr(op->result.why.p, OPENAI_KEY));
  llm_rig_close(&rig); /* the fake host also counts a leaked secret as a violation */
}

static void test_a_lost_answer_says_what_it_may_have_cost(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  fake_host_reply(rig.host, &(struct fake_reply){.why = "Recv failure"});
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_int_equal(op->result.flags, TRG_RESULT_MAYBE_BILLED);
  fake_host_reply(rig.host, &(struct fake_reply){.not_sent = true, .why = "no such host"});
  op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_int_equal(op->result.flags, 0);
  llm_rig_close(&rig);
}

static void test_a_prompt_that_can_not_be_sent_ends_without_a_request(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  const struct trg_prompt_part part = {TRG_ROLE_USER, {"a\0b", 3}};
  struct trg_model_request request = llm_triage;
  request.parts = &part;
  request.part_count = 1;
  const trg_op op = fake_op_start(rig.inst, 60000, false);
  ops->complete(fake_inst_self(rig.inst), op, &request);
  assert_false(fake_op_get(rig.host, op)->ended); /* never inside the starting call */
  fake_host_run(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, op), TRG_REJECTED, "permanent");
  assert_int_equal(fake_host_request_count(rig.host), 0);
  llm_rig_close(&rig);
}

static void test_a_cancelled_or_expired_call_leaves_nothing_behind(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  const struct fake_reply slow = {.status = 200, .body = OPENAI_ANSWER_BODY, .delay_ms = 90000};
  fake_host_reply(rig.host, &slow);
  fake_host_reply(rig.host, &(struct fake_reply){.status = 200, .body = OPENAI_PROSE_BODY});
  fake_host_reply(rig.host, &slow);
  const trg_op cancelled = llm_rig_start(&rig);
  const trg_op expired = llm_rig_start(&rig); /* in its repair round */
  fake_op_cancel(rig.host, cancelled);
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, cancelled), TRG_CANCELLED, "");
  llm_rig_assert_end(fake_op_get(rig.host, expired), TRG_RETRY, "timeout");
  assert_int_equal(fake_op_get(rig.host, expired)->reply_count, 1);
  llm_rig_close(&rig);
}

static void test_two_instances_share_nothing(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  struct llm_rig second = {.host = rig.host};
  struct trg_err err;
  const char *const settings[] = {"model=gpt-6-sol", "key=other", NULL};
  assert_int_equal(fake_host_open(rig.host, &triaged_plugin_openai, settings, &second.inst, &err),
                   0);
  llm_rig_answer(&rig, 400, NULL, OPENAI_NO_SCHEMA_BODY);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  llm_rig_answer(&second, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&second);
  assert_true(llm_rig_sent(&rig, 2, "\"json_schema\""));
  assert_true(llm_rig_sent(&rig, 2, "gpt-6-sol"));
  assert_string_equal(fake_request_header(fake_host_request(rig.host, 2), "authorization"),
                      "Bearer other");
  llm_rig_close(&rig);
}

static void test_the_estimate_covers_the_answer_that_came(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  struct trg_usage usage;
  ops->estimate(fake_inst_self(rig.inst), &llm_triage, &usage);
  assert_true(usage.estimated);
  assert_true(usage.input >= 21);
  assert_int_equal(usage.output, 2 * (300 + 2048));
  llm_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_answer_is_emitted_whole_and_done),
      cmocka_unit_test(test_the_responses_api_is_asked_and_read),
      cmocka_unit_test(test_headers_follow_the_settings_and_the_key_is_sent_once),
      cmocka_unit_test(test_a_server_of_ones_own_needs_no_key_and_gets_none),
      cmocka_unit_test(test_only_openai_itself_is_trusted_to_show_the_schema_to_the_model),
      cmocka_unit_test(test_azures_deployment_path_is_built_from_the_settings),
      cmocka_unit_test(test_settings_that_can_not_work_are_refused_at_once),
      cmocka_unit_test(test_what_was_paid_for_is_emitted_even_when_it_is_no_answer),
      cmocka_unit_test(test_azures_filter_stops_a_prompt_with_a_400_that_may_cost),
      cmocka_unit_test(test_a_server_that_does_not_count_gets_an_estimate),
      cmocka_unit_test(test_a_broken_body_of_a_success_may_have_been_billed),
      cmocka_unit_test(test_an_error_inside_a_success_is_an_error),
      cmocka_unit_test(test_being_told_to_wait_holds_the_whole_instance_back),
      cmocka_unit_test(test_rate_headers_of_a_success_reach_the_host),
      cmocka_unit_test(test_a_spent_quota_stops_and_is_no_wait),
      cmocka_unit_test(test_a_peer_that_repeats_the_key_does_not_get_it_into_the_reason),
      cmocka_unit_test(test_a_lost_answer_says_what_it_may_have_cost),
      cmocka_unit_test(test_a_prompt_that_can_not_be_sent_ends_without_a_request),
      cmocka_unit_test(test_a_cancelled_or_expired_call_leaves_nothing_behind),
      cmocka_unit_test(test_two_instances_share_nothing),
      cmocka_unit_test(test_the_estimate_covers_the_answer_that_came),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
