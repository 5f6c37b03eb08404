/* The Anthropic backend as the daemon sees it: settings, one call, and how each call ends. */
#include "llm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

extern const struct trg_plugin triaged_plugin_anthropic;

#define KEY "sk-ant-test-0001"
#define ANSWER                                                                                     \
  "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"                       \
  "\"claude-haiku-5-5-20261001\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"\"},{"         \
  "\"type\":\"text\",\"text\":\"{\\\"category\\\":\\\"bug\\\"}\"}],\"stop_reason\":\"end_turn\","  \
  "\"usage\":{\"input_tokens\":21,\"output_tokens\":9,\"cache_read_input_tokens\":800,"            \
  "\"cache_creation_input_tokens\":null}}"
#define NO_FORMAT                                                                                  \
  "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"                 \
  "\"output_config.format: not supported by this model\"},\"request_id\":\"req_9\"}"

/* Opens with the key, the model and up to three more settings. */
static struct llm_rig rig_open(const char *a, const char *b, const char *c) {
  return llm_rig_open(&triaged_plugin_anthropic,
                      (const char *const[]){"model=claude-haiku-5-5", "key=" KEY, a, b, c, NULL});
}

static void answer_with(struct llm_rig *rig, int32_t status, const char *headers,
                        const char *body) {
  fake_host_reply(rig->host, &(struct fake_reply){.method = "POST",
                                                  .url_has = "/v1/messages",
                                                  .status = status,
                                                  .headers = headers,
                                                  .body = body});
}

static void test_an_answer_is_emitted_whole_and_done(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 200, "Request-Id: req_7\ncontent-type: application/json", ANSWER);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_int_equal(op->reply_count, 1);
  const struct trg_model_reply *reply = op->replies;
  assert_string_equal(reply->text.p, "{\"category\":\"bug\"}");
  assert_string_equal(reply->served.p, "claude-haiku-5-5-20261001");
  assert_string_equal(reply->request_id.p, "req_7");
  assert_string_equal(reply->stop_word.p, "end_turn");
  assert_int_equal(reply->usage.input, 21);
  assert_int_equal(reply->usage.cache_read, 800);
  assert_false(reply->usage.estimated);
  assert_string_equal(reply->request_bytes.p, fake_host_request(rig.host, 0)->body.p);
  assert_string_equal(reply->response_bytes.p, ANSWER);
  assert_null(strstr(reply->request_bytes.p, KEY));
  llm_rig_close(&rig);
}

static void assert_header(const char *setting, const char *more, const char *name,
                          const char *value) {
  struct llm_rig rig = rig_open(setting, more, NULL);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  const struct fake_request *request = fake_host_request(rig.host, 0);
  const char *got = fake_request_header(request, name);
  assert_string_equal(got ? got : "absent", value);
  assert_int_equal(request->flags & TRG_HTTP_WRITE, 0);
  llm_rig_close(&rig);
}

static void test_headers_follow_the_settings_and_the_key_is_sent_once(void **state) {
  (void)state;
  assert_header(NULL, NULL, "x-api-key", KEY);
  assert_header(NULL, NULL, "authorization", "absent");
  assert_header(NULL, NULL, "anthropic-version", "2026-10-21");
  assert_header("api_version=2023-06-01", NULL, "anthropic-version", "2023-06-01");
  assert_header("auth.scheme=bearer", NULL, "authorization", "Bearer " KEY);
  assert_header("auth.scheme=bearer", NULL, "x-api-key", "absent");
  assert_header("auth.header=api-key", NULL, "api-key", KEY);
  assert_header("auth.header=x-gate", "auth.value=Token {key}!", "x-gate", "Token " KEY "!");
  assert_header("auth.header=x-gate", NULL, "x-api-key", "absent");
}

static void test_both_api_versions_get_the_same_body(void **state) {
  (void)state;
  char first[4096];
  struct llm_rig rig = rig_open("api_version=2023-06-01", NULL, NULL);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  snprintf(first, sizeof first, "%s", fake_host_request(rig.host, 0)->body.p);
  llm_rig_close(&rig);
  rig = rig_open("api_version=2026-10-21", NULL, NULL);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_string_equal(fake_host_request(rig.host, 0)->body.p, first);
  llm_rig_close(&rig);
}

static void assert_url(const char *setting, const char *url) {
  struct llm_rig rig = rig_open(setting, NULL, NULL);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  assert_string_equal(fake_host_request(rig.host, 0)->url.p, url);
  llm_rig_close(&rig);
}

static void test_the_base_url_may_be_written_in_each_usual_way(void **state) {
  (void)state;
  assert_url(NULL, "https://api.anthropic.com/v1/messages");
  assert_url("url=http://127.0.0.1:99/", "http://127.0.0.1:99/v1/messages");
  assert_url("url=https://gw.example/claude/v1", "https://gw.example/claude/v1/messages");
  assert_url("url=https://gw.example/v1/messages", "https://gw.example/v1/messages");
}

static void assert_refused(const char *const *settings, const char *part) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst;
  struct trg_err err;
  assert_int_equal(fake_host_open(host, &triaged_plugin_anthropic, settings, &inst, &err), -1);
  assert_string_equal(err.code, "config");
  assert_non_null(strstr(err.text, part));
  assert_null(strstr(err.text, "secret"));
  fake_host_free(&host);
}

static void test_settings_that_can_not_work_are_refused_at_once(void **state) {
  (void)state;
  assert_refused((const char *const[]){"key=k", NULL}, "model");
  assert_refused((const char *const[]){"model=m", NULL}, "key: missing");
  assert_refused((const char *const[]){"model=m", "key=secret\n", NULL}, "line break");
  assert_refused((const char *const[]){"model=m", "key=k", "auth.token_command=x", NULL},
                 "one of the two");
  assert_refused((const char *const[]){"model=m", "key=k", "auth.header=a:b", NULL}, "auth.header");
  assert_refused(
      (const char *const[]){"model=m", "key=k", "auth.header=a", "auth.value=fixed", NULL},
      "{key}");
  assert_refused((const char *const[]){"model=m", "key=k", "effort=heroic", NULL}, "effort");
  assert_refused((const char *const[]){"model=m", "key=k", "temperature=0", NULL}, "temperature");
}

static void test_a_loopback_server_needs_no_key_and_gets_none(void **state) {
  (void)state;
  const char *const settings[] = {"model=m", "url=http://127.0.0.1:8080", NULL};
  struct llm_rig rig = {.host = fake_host_new()};
  struct trg_err err;
  assert_int_equal(fake_host_open(rig.host, &triaged_plugin_anthropic, settings, &rig.inst, &err),
                   0);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_int_equal(fake_host_request(rig.host, 0)->header_count, 3);
  llm_rig_close(&rig);
}

static void test_a_refused_format_goes_down_the_ladder_and_is_remembered(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 400, NULL, NO_FORMAT);
  answer_with(&rig, 400, NULL,
              "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"tools.0.custom.strict: "
              "Extra inputs are not permitted\"}}");
  answer_with(&rig, 200, NULL, ANSWER);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_int_equal(op->reply_count, 1); /* refused requests are not counted by the vendor */
  assert_int_equal(fake_host_request_count(rig.host), 3);
  assert_non_null(strstr(fake_host_request(rig.host, 0)->body.p, "json_schema"));
  assert_non_null(strstr(fake_host_request(rig.host, 1)->body.p, "\"strict\":true"));
  assert_non_null(strstr(fake_host_request(rig.host, 2)->body.p, "exactly one JSON object"));
  assert_string_equal(op->replies->request_bytes.p, fake_host_request(rig.host, 2)->body.p);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  assert_non_null(strstr(fake_host_request(rig.host, 3)->body.p, "exactly one JSON object"));
  assert_int_equal(fake_host_log_matches(rig.host, "warn request_part_refused"), 1);
  llm_rig_close(&rig);
}

static void test_the_full_request_is_tried_again_after_an_hour(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 400, NULL, NO_FORMAT);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  fake_host_advance(rig.host, INT64_C(61) * 60000);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  assert_non_null(strstr(fake_host_request(rig.host, 2)->body.p, "json_schema"));
  llm_rig_close(&rig);
}

static void test_a_refused_effort_is_left_out_and_the_format_stays(void **state) {
  (void)state;
  struct llm_rig rig = rig_open("effort=low", NULL, NULL);
  answer_with(&rig, 400, NULL,
              "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"This model does not "
              "support the effort parameter.\"}}");
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_non_null(strstr(fake_host_request(rig.host, 0)->body.p, "\"effort\":\"low\""));
  assert_null(strstr(fake_host_request(rig.host, 1)->body.p, "effort"));
  assert_non_null(strstr(fake_host_request(rig.host, 1)->body.p, "json_schema"));
  llm_rig_close(&rig);
}

static void test_a_400_that_names_nothing_optional_is_not_repeated(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(
      &rig, 400, "request-id: req_3",
      "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "permanent");
  assert_non_null(strstr(op->result.why.p, "req_3"));
  assert_int_equal(op->reply_count, 0);
  llm_rig_close(&rig);
}

/* A 200 that is no success: emitted because it was paid for, and then judged. */
static void assert_stop(const char *stop_reason, const char *text, int32_t stop, int32_t outcome,
                        const char *code) {
  char body[512];
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  snprintf(body, sizeof body,
           "{\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],\"stop_reason\":\"%s\",\"usage\":{"
           "\"input_tokens\":5,\"output_tokens\":2}}",
           text, stop_reason);
  answer_with(&rig, 200, NULL, body);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, outcome, code);
  assert_int_equal(op->reply_count, 1);
  assert_int_equal(op->replies->stop, stop);
  assert_string_equal(op->replies->stop_word.p, stop_reason);
  assert_int_equal(op->replies->usage.input, 5);
  llm_rig_close(&rig);
}

static void test_what_was_paid_for_is_emitted_even_when_it_is_no_answer(void **state) {
  (void)state;
  assert_stop("refusal", "Sorry", TRG_STOP_REFUSAL, TRG_REJECTED, "refusal");
  assert_stop("max_tokens", "{\\\"cat", TRG_STOP_LENGTH, TRG_REJECTED, "length");
  assert_stop("model_context_window_exceeded", "{", TRG_STOP_LENGTH, TRG_REJECTED, "length");
  assert_stop("pause_turn", "", TRG_STOP_OTHER, TRG_REJECTED, "malformed");
  assert_stop("reason_of_tomorrow", "x", TRG_STOP_OTHER, TRG_REJECTED, "malformed");
  assert_stop("end_turn", "", TRG_STOP_END, TRG_REJECTED, "malformed");
  assert_stop("end_turn", "I think it is a bug.", TRG_STOP_END, TRG_RETRY, "malformed");
}

static void test_a_gateway_that_does_not_count_gets_an_estimate(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 200, NULL,
              "{\"content\":[{\"type\":\"text\",\"text\":\"{}\"}],\"stop_reason\":\"end_turn\"}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_true(op->replies->usage.estimated);
  assert_true(op->replies->usage.input > 0 && op->replies->usage.output > 0);
  assert_int_equal(op->replies->usage.cache_write, 0);
  llm_rig_close(&rig);
}

static void test_a_broken_body_of_a_success_is_tried_again(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 200, NULL, "{\"content\":[{\"type\":\"te");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "malformed");
  assert_int_equal(op->reply_count, 0);
  llm_rig_close(&rig);
}

static void test_an_error_inside_a_success_is_an_error(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 200, NULL, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}");
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_RETRY, "transient");
  llm_rig_close(&rig);
}

static void test_being_told_to_wait_holds_the_whole_instance_back(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 429, "retry-after: 12",
              "{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "rate");
  assert_int_equal(op->result.retry_after_ms, 12000);
  assert_int_equal(fake_host_bucket_count(rig.host), 1);
  assert_int_equal(fake_host_bucket(rig.host, 0)->remaining, 0);
  assert_int_equal(fake_host_bucket(rig.host, 0)->reset_ms, 12000);
  llm_rig_close(&rig);
}

static void test_rate_headers_of_a_success_reach_the_host(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 200,
              "Anthropic-RateLimit-Requests-Remaining: 3\n"
              "Anthropic-RateLimit-Requests-Reset: 2026-11-21T00:00:20Z",
              ANSWER);
  llm_rig_ask(&rig);
  assert_int_equal(fake_host_bucket(rig.host, 0)->remaining, 3);
  assert_int_equal(fake_host_bucket(rig.host, 0)->reset_ms, 20000);
  llm_rig_close(&rig);
}

static void test_a_spending_limit_stops_and_is_no_wait(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 429, "retry-after: 5",
              "{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":"
              "\"enforced_spend_limit_reached\"}}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "quota");
  assert_int_equal(op->result.retry_after_ms, 0);
  assert_int_equal(fake_host_bucket_count(rig.host), 0);
  llm_rig_close(&rig);
}

static void test_a_peer_that_repeats_the_key_does_not_get_it_into_the_reason(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  answer_with(&rig, 401, NULL,
              "{\"error\":{\"type\":\"authentication_error\",\"message\":\"bad key " KEY "\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "auth");
  assert_null(strstr(op->result.why.p, KEY));
  llm_rig_close(&rig); /* the fake host also counts a leaked secret as a violation */
}

static void test_a_lost_answer_is_tried_again_and_says_what_it_may_have_cost(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  fake_host_reply(rig.host, &(struct fake_reply){.why = "Recv failure"});
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_non_null(strstr(op->result.why.p, "may have counted"));
  llm_rig_close(&rig);
}

static void test_a_prompt_that_can_not_be_sent_ends_without_a_request(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
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
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  const struct fake_reply slow = {.status = 200, .body = ANSWER, .delay_ms = 90000};
  fake_host_reply(rig.host, &slow);
  fake_host_reply(rig.host, &slow);
  const trg_op cancelled = llm_rig_start(&rig);
  const trg_op expired = llm_rig_start(&rig);
  fake_op_cancel(rig.host, cancelled);
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, cancelled), TRG_CANCELLED, "");
  llm_rig_assert_end(fake_op_get(rig.host, expired), TRG_RETRY, "timeout");
  llm_rig_close(&rig);
}

static void test_two_instances_share_nothing(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  const char *const settings[] = {"model=claude-opus-5-5", "key=other", NULL};
  struct llm_rig second = {.host = rig.host};
  struct trg_err err;
  assert_int_equal(
      fake_host_open(rig.host, &triaged_plugin_anthropic, settings, &second.inst, &err), 0);
  answer_with(&rig, 400, NULL, NO_FORMAT);
  answer_with(&rig, 200, NULL, ANSWER);
  llm_rig_ask(&rig);
  answer_with(&second, 200, NULL, ANSWER);
  llm_rig_ask(&second);
  const struct fake_request *request = fake_host_request(rig.host, 2);
  assert_non_null(strstr(request->body.p, "json_schema"));
  assert_non_null(strstr(request->body.p, "claude-opus-5-5"));
  assert_string_equal(fake_request_header(request, "x-api-key"), "other");
  llm_rig_close(&rig);
}

static void test_the_estimate_covers_the_answer_that_came(void **state) {
  (void)state;
  struct llm_rig rig = rig_open(NULL, NULL, NULL);
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  struct trg_usage usage;
  ops->estimate(fake_inst_self(rig.inst), &llm_triage, &usage);
  assert_true(usage.estimated);
  assert_true(usage.input + usage.cache_write >= 21);
  assert_int_equal(usage.output, 300 + 2048);
  llm_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_answer_is_emitted_whole_and_done),
      cmocka_unit_test(test_headers_follow_the_settings_and_the_key_is_sent_once),
      cmocka_unit_test(test_both_api_versions_get_the_same_body),
      cmocka_unit_test(test_the_base_url_may_be_written_in_each_usual_way),
      cmocka_unit_test(test_settings_that_can_not_work_are_refused_at_once),
      cmocka_unit_test(test_a_loopback_server_needs_no_key_and_gets_none),
      cmocka_unit_test(test_a_refused_format_goes_down_the_ladder_and_is_remembered),
      cmocka_unit_test(test_the_full_request_is_tried_again_after_an_hour),
      cmocka_unit_test(test_a_refused_effort_is_left_out_and_the_format_stays),
      cmocka_unit_test(test_a_400_that_names_nothing_optional_is_not_repeated),
      cmocka_unit_test(test_what_was_paid_for_is_emitted_even_when_it_is_no_answer),
      cmocka_unit_test(test_a_gateway_that_does_not_count_gets_an_estimate),
      cmocka_unit_test(test_a_broken_body_of_a_success_is_tried_again),
      cmocka_unit_test(test_an_error_inside_a_success_is_an_error),
      cmocka_unit_test(test_being_told_to_wait_holds_the_whole_instance_back),
      cmocka_unit_test(test_rate_headers_of_a_success_reach_the_host),
      cmocka_unit_test(test_a_spending_limit_stops_and_is_no_wait),
      cmocka_unit_test(test_a_peer_that_repeats_the_key_does_not_get_it_into_the_reason),
      cmocka_unit_test(test_a_lost_answer_is_tried_again_and_says_what_it_may_have_cost),
      cmocka_unit_test(test_a_prompt_that_can_not_be_sent_ends_without_a_request),
      cmocka_unit_test(test_a_cancelled_or_expired_call_leaves_nothing_behind),
      cmocka_unit_test(test_two_instances_share_nothing),
      cmocka_unit_test(test_the_estimate_covers_the_answer_that_came),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
