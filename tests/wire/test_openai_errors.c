/* The OpenAI backend's errors and headers: what each of them is taken to mean. */
#include "../../plugins/models/openai/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define NOW_MS INT64_C(1795219200000) /* 2026-11-21T00:00:00Z */

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

static struct trg_result judge(int32_t status, const char *body, const struct trg_header *headers,
                               size_t count, char why[400]) {
  struct llm_fault fault;
  struct trg_result result;
  const struct trg_http_reply reply = {
      .size = sizeof reply,
      .status = status,
      .sent = true,
      .headers = headers,
      .header_count = count,
      .body = str(body),
  };
  openai_fault_read(reply.body, &fault);
  openai_fault_judge(&reply, &fault, NOW_MS, &result, why, 400);
  return result;
}

static void expect(int32_t status, const char *body, int32_t outcome, const char *code) {
  char why[400];
  const struct trg_result r = judge(status, body, NULL, 0, why);
  if (r.outcome != outcome || r.code.n != strlen(code) || memcmp(r.code.p, code, r.code.n) != 0)
    print_message("HTTP %d %s: %s\n", (int)status, body, why);
  assert_int_equal(r.outcome, outcome);
  assert_int_equal(r.code.n, strlen(code));
  assert_memory_equal(r.code.p, code, r.code.n);
  assert_int_equal(r.http_status, status);
}

static void test_errors_are_told_apart_by_status_type_and_code(void **state) {
  (void)state;
  expect(400, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"bad\"}}", TRG_REJECTED,
         "permanent");
  expect(401, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\"}}",
         TRG_REJECTED, "auth");
  expect(403, "{\"error\":{\"code\":\"unsupported_country_region_territory\"}}", TRG_REJECTED,
         "permission");
  expect(404, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"model_not_found\"}}",
         TRG_REJECTED, "endpoint");
  expect(404, "{\"error\":{\"code\":\"DeploymentNotFound\"}}", TRG_REJECTED, "endpoint");
  expect(400, "{\"error\":{\"code\":\"context_length_exceeded\"}}", TRG_REJECTED, "permanent");
  expect(408, "", TRG_RETRY, "timeout");
  expect(413, "{}", TRG_REJECTED, "permanent");
  expect(422, "{\"error\":{\"message\":\"Invalid parameter\"}}", TRG_REJECTED, "permanent");
  expect(429, "{\"error\":{\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}", TRG_RETRY,
         "rate");
  expect(429, "{\"error\":{\"code\":\"of_tomorrow\"}}", TRG_RETRY, "rate");
  expect(500, "{\"error\":{\"type\":\"server_error\",\"code\":null}}", TRG_RETRY, "transient");
  expect(503, "{\"error\":{\"message\":\"The engine is currently overloaded\"}}", TRG_RETRY,
         "transient");
  expect(504, "", TRG_RETRY, "timeout");
  expect(418, "{}", TRG_REJECTED, "permanent");
  expect(599, "{}", TRG_RETRY, "transient");
}

static void test_a_spent_quota_is_a_stop_although_it_comes_as_429(void **state) {
  (void)state;
  expect(429, "{\"error\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}",
         TRG_REJECTED, "quota");
  expect(429, "{\"error\":{\"type\":\"insufficient_quota\"}}", TRG_REJECTED, "quota");
  expect(400, "{\"error\":{\"code\":\"billing_hard_limit_reached\"}}", TRG_REJECTED, "quota");
  expect(429, "{\"error\":{\"code\":\"billing_not_active\"}}", TRG_REJECTED, "quota");
  expect(403, "{\"error\":{\"message\":\"Your credit balance is too low\"}}", TRG_REJECTED,
         "quota");
}

static void test_deepseeks_and_openrouters_empty_balance_is_a_quota(void **state) {
  (void)state;
  char why[400];
  const struct trg_header wait[] = {{TRG_STR("retry-after"), TRG_STR("30")}};
  expect(402, "{\"error\":{\"message\":\"Insufficient Balance\",\"type\":\"unknown_error\"}}",
         TRG_REJECTED, "quota");
  expect(402, "{\"error\":{\"code\":402,\"message\":\"Insufficient credits\"}}", TRG_REJECTED,
         "quota");
  /* OpenRouter: to be tried again if, and only if, it says when */
  const struct trg_result r = judge(402, "{\"error\":{\"code\":402}}", wait, 1, why);
  assert_int_equal(r.outcome, TRG_RETRY);
  assert_int_equal(r.retry_after_ms, 30000);
}

static void test_a_content_filter_is_a_refusal_whatever_its_status(void **state) {
  (void)state;
  expect(400,
         "{\"error\":{\"message\":\"The response was filtered\",\"param\":\"prompt\",\"code\":"
         "\"content_filter\",\"status\":400,\"innererror\":{\"code\":"
         "\"ResponsibleAIPolicyViolation\"}}}",
         TRG_REJECTED, "refusal");
  expect(400, "{\"error\":{\"code\":\"invalid_prompt\"}}", TRG_REJECTED, "refusal");
  expect(403, "{\"error\":{\"code\":403,\"message\":\"Your input was flagged\"}}", TRG_REJECTED,
         "refusal");
}

static void test_llama_cpp_says_that_it_loads_and_what_it_can_not(void **state) {
  (void)state;
  expect(503,
         "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}",
         TRG_RETRY, "transient");
  expect(501, "{\"error\":{\"code\":501,\"message\":\"no\",\"type\":\"not_supported_error\"}}",
         TRG_REJECTED, "permanent");
  expect(400,
         "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context "
         "size\",\"type\":\"exceed_context_size_error\",\"n_ctx\":4096}}",
         TRG_REJECTED, "permanent");
}

static void test_one_request_above_the_rate_limit_never_fits(void **state) {
  (void)state;
  expect(429,
         "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Request too large for "
         "gpt-6-luna on tokens per min: Limit 30000, Requested 50000.\"}}",
         TRG_REJECTED, "permanent");
}

static void test_errors_come_in_many_shapes(void **state) {
  (void)state;
  struct llm_fault f;
  openai_fault_read(str("{\"error\":\"model not found\"}"), &f);
  assert_string_equal(f.message, "model not found");
  openai_fault_read(str("\n\n{\"object\":\"error\",\"message\":\"bad\",\"type\":"
                        "\"BadRequestError\",\"param\":null,\"code\":400}"),
                    &f);
  assert_string_equal(f.type, "BadRequestError");
  assert_int_equal(f.status, 400);
  assert_string_equal(f.code, "");
  openai_fault_read(str("[{\"error\":{\"code\":429,\"message\":\"m\",\"status\":"
                        "\"RESOURCE_EXHAUSTED\"}}]"),
                    &f);
  assert_int_equal(f.status, 429);
  openai_fault_read(str("{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\","
                        "\"response_format\",0],\"msg\":\"Extra inputs are not permitted\"}]}"),
                    &f);
  assert_string_equal(f.param, "response_format");
  assert_string_equal(f.message, "Extra inputs are not permitted");
  openai_fault_read(str("{\"object\":\"error\",\"message\":{\"detail\":[{\"loc\":[\"body\","
                        "\"max_tokens\"],\"msg\":\"no\"}]},\"type\":\"invalid_request_error\"}"),
                    &f);
  assert_string_equal(f.param, "max_tokens");
  openai_fault_read(str("{\"error\":{\"code\":\"502\",\"param\":\"my card is 4111\"}}"), &f);
  assert_int_equal(f.status, 502);
  assert_string_equal(f.param, "");
  openai_fault_read(str("<html>Bad Gateway</html>"), &f);
  assert_string_equal(f.message, "");
  openai_fault_read((struct trg_str){0}, &f);
  assert_int_equal(f.status, 0);
}

static void test_an_edges_html_is_judged_by_its_status(void **state) {
  (void)state;
  char why[400];
  expect(413, "<html>Too Large</html>", TRG_REJECTED, "permanent");
  expect(502, "<html>Bad Gateway</html>", TRG_RETRY, "transient");
  expect(302, "", TRG_REJECTED, "endpoint");
  judge(502, "<html>Bad Gateway</html>", NULL, 0, why);
  assert_null(strstr(why, "html"));
}

static void test_an_error_inside_a_success_says_its_own_status(void **state) {
  (void)state;
  char why[400];
  expect(200, "{\"error\":{\"code\":429,\"message\":\"m\"}}", TRG_RETRY, "rate");
  expect(200, "{\"error\":{\"code\":401,\"message\":\"m\"}}", TRG_REJECTED, "auth");
  expect(200, "{\"error\":{\"type\":\"invalid_request_error\"}}", TRG_REJECTED, "permanent");
  expect(200, "{\"error\":\"boom\"}", TRG_RETRY, "transient");
  assert_int_equal(judge(200, "{\"error\":{\"code\":502}}", NULL, 0, why).flags,
                   TRG_RESULT_MAYBE_BILLED); /* it had begun to write */
  assert_int_equal(judge(200, "{\"error\":{\"code\":429}}", NULL, 0, why).flags, 0);
  assert_int_equal(judge(502, "{}", NULL, 0, why).flags, 0);
}

static void test_a_timeout_of_an_edge_may_have_been_billed(void **state) {
  (void)state;
  char why[400];
  assert_int_equal(judge(504, "<html>", NULL, 0, why).flags, TRG_RESULT_MAYBE_BILLED);
  assert_int_equal(judge(408, "", NULL, 0, why).flags, TRG_RESULT_MAYBE_BILLED);
  assert_int_equal(judge(503, "", NULL, 0, why).flags, 0);
}

static void test_the_vendors_should_retry_goes_above_the_table(void **state) {
  (void)state;
  char why[400];
  const struct trg_header yes[] = {{TRG_STR("x-should-retry"), TRG_STR("true")}};
  const struct trg_header no[] = {{TRG_STR("x-should-retry"), TRG_STR("false")}};
  assert_int_equal(judge(400, "{}", yes, 1, why).outcome, TRG_RETRY);
  assert_int_equal(judge(500, "{}", no, 1, why).outcome, TRG_REJECTED);
  assert_int_equal(judge(429, "{\"error\":{\"code\":\"insufficient_quota\"}}", yes, 1, why).outcome,
                   TRG_REJECTED);
}

static void test_customer_text_and_parts_of_the_key_stay_out_of_the_reason(void **state) {
  (void)state;
  char why[400];
  const struct trg_header id[] = {{TRG_STR("x-request-id"), TRG_STR("req_7")}};
  judge(400,
        "{\"error\":{\"type\":\"invalid_request_error\",\"param\":\"messages[0]\",\"message\":"
        "\"Bad value: 'my card is 4111'\"}}",
        id, 1, why);
  assert_non_null(strstr(why, "Bad value"));
  assert_non_null(strstr(why, "messages[0]"));
  assert_non_null(strstr(why, "req_7"));
  assert_null(strstr(why, "4111"));
  judge(401, "{\"error\":{\"message\":\"Incorrect API key provided: sk-ab***yz.\"}}", NULL, 0, why);
  assert_null(strstr(why, "sk-"));
}

/* ---- parts of the request ---- */

static struct openai_plan full_plan(void) {
  return (struct openai_plan){
      .model = "m",
      .effort = "low",
      .user_field = "user",
      .cache_key = "k",
      .limit = OPENAI_MAX_TOKENS,
  };
}

static unsigned names_of(const char *param, const char *message, const struct openai_plan *plan) {
  struct llm_fault fault = {0};
  snprintf(fault.param, sizeof fault.param, "%s", param);
  snprintf(fault.message, sizeof fault.message, "%s", message);
  return openai_fault_names(&fault, plan);
}

static void test_a_400_is_searched_for_the_part_that_it_names(void **state) {
  (void)state;
  static const struct {
    const char *param, *message;
    unsigned names;
  } rows[] = {
      {"response_format", "Invalid parameter: not supported with this model", OPENAI_NAMES_FORMAT},
      {"", "This response_format type is unavailable now", OPENAI_NAMES_FORMAT},
      {"text.format", "Invalid schema for response_format 'triage'", OPENAI_NAMES_FORMAT},
      {"", "failed to parse grammar", OPENAI_NAMES_FORMAT},
      {"max_tokens",
       "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
       "'max_completion_tokens' instead.",
       OPENAI_NAMES_LIMIT},
      {"max_tokens", "max_tokens is too large: 40000. This model supports at most 16384", 0},
      {"", "Unrecognized request argument supplied: reasoning_effort", OPENAI_NAMES_EFFORT},
      {"reasoning.effort", "Unsupported value", OPENAI_NAMES_EFFORT},
      {"", "property 'prompt_cache_key' is unsupported", OPENAI_NAMES_CACHE_KEY},
      {"user", "Extra inputs are not permitted", OPENAI_NAMES_USER},
      {"", "Unknown parameter: 'user'.", OPENAI_NAMES_USER},
      {"", "the last message must be of the user", 0},
      {"messages", "'messages' must contain a schema", 0},
      {"", "This model's maximum context length is 4096 tokens: lower max_tokens", 0},
      {"", "Please reduce the length of the messages or of the response_format", 0},
      {"", "something else", 0},
      {"store", "store is not supported", 0}, /* never left out */
  };
  const struct openai_plan plan = full_plan();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (names_of(rows[i].param, rows[i].message, &plan) != rows[i].names)
      print_message("%s / %s\n", rows[i].param, rows[i].message);
    assert_int_equal(names_of(rows[i].param, rows[i].message, &plan), rows[i].names);
  }
}

static void test_a_part_that_is_not_sent_is_not_taken_for_the_fault(void **state) {
  (void)state;
  const struct openai_plan bare = {.model = "m", .mode = OPENAI_PROSE, .limit = OPENAI_NO_LIMIT};
  assert_int_equal(names_of("",
                            "response_format reasoning_effort max_tokens 'user' "
                            "prompt_cache_key",
                            &bare),
                   0);
  struct openai_plan responses = full_plan();
  responses.api = OPENAI_RESPONSES;
  assert_int_equal(names_of("max_output_tokens", "Unsupported", &responses), OPENAI_NAMES_LIMIT);
}

/* ---- headers ---- */

static int64_t wait_of(const char *name, const char *value) {
  char why[400];
  const struct trg_header headers[] = {{str(name), str(value)}};
  return judge(429, "{}", headers, 1, why).retry_after_ms;
}

static void test_retry_after_comes_in_three_forms(void **state) {
  (void)state;
  assert_int_equal(wait_of("retry-after-ms", "1500"), 1500);
  assert_int_equal(wait_of("retry-after", "7"), 7000);
  assert_int_equal(wait_of("retry-after", "0.5"), 500);
  assert_int_equal(wait_of("retry-after", "2s"), 2000);
  assert_int_equal(wait_of("retry-after", "Sat, 21 Nov 2026 00:00:30 GMT"), 30000);
  assert_int_equal(wait_of("retry-after", "Fri, 20 Nov 2026 00:00:30 GMT"), 0);
  assert_int_equal(wait_of("retry-after", "soon"), 0);
  assert_int_equal(wait_of("retry-after", "-3"), 0);
  assert_int_equal(wait_of("retry-after", "nan"), 0);
  assert_int_equal(wait_of("retry-after", "99999999999999999999"), INT64_C(604800000));
}

static void test_resets_are_durations(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
  } rows[] = {
      {"1s", 1000},        {"6m30s", 390000},       {"20ms", 20},
      {"1h2m3s", 3723000}, {"2m59.56s", 179560},    {"7.66s", 7660},
      {"0s", 0},           {"1.5", 1500},           {"1d", 86400000},
      {"500us", 1},        {"9999999h", 604800000},
  };
  int64_t ms;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_true(llm_duration_read(rows[i].text, &ms));
    assert_int_equal(ms, rows[i].ms);
  }
  static const char *const none[] = {"", "s", "-1s", "1x", "inf", "0x10", "1s ", ".5s"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(llm_duration_read(none[i], &ms));
}

static void test_a_429_without_retry_after_waits_for_what_is_exhausted(void **state) {
  (void)state;
  char why[400];
  const struct trg_header headers[] = {
      {TRG_STR("x-ratelimit-remaining-requests"), TRG_STR("59")},
      {TRG_STR("x-ratelimit-reset-requests"), TRG_STR("1s")},
      {TRG_STR("x-ratelimit-remaining-tokens"), TRG_STR("0")},
      {TRG_STR("x-ratelimit-reset-tokens"), TRG_STR("6m30s")},
  };
  assert_int_equal(judge(429, "{}", headers, 4, why).retry_after_ms, 390000);
  assert_int_equal(judge(429, "{}", headers, 2, why).retry_after_ms, 0);
  assert_int_equal(judge(429,
                         "{\"error\":{\"message\":\"Limit 3, Used 3. Please try again in 20ms. "
                         "Visit\"}}",
                         headers, 2, why)
                       .retry_after_ms,
                   20);
}

static void test_rate_headers_give_the_tightest_budget(void **state) {
  (void)state;
  const struct trg_header headers[] = {
      {TRG_STR("x-ratelimit-remaining-requests"), TRG_STR("42")},
      {TRG_STR("x-ratelimit-reset-requests"), TRG_STR("10s")},
      {TRG_STR("x-ratelimit-remaining-tokens"), TRG_STR("149984")},
      {TRG_STR("x-ratelimit-reset-tokens"), TRG_STR("6ms")},
  };
  struct trg_http_reply reply = {.size = sizeof reply, .headers = headers, .header_count = 4};
  int64_t remaining;
  int64_t reset_ms;
  assert_true(openai_rate(&reply, NOW_MS, &remaining, &reset_ms));
  assert_int_equal(remaining, 42);
  assert_int_equal(reset_ms, 10000);
  reply.headers = headers + 2; /* tokens alone say nothing about requests until they run out */
  reply.header_count = 2;
  assert_false(openai_rate(&reply, NOW_MS, &remaining, &reset_ms));
  reply.headers = headers;
  reply.header_count = 1;
  assert_false(openai_rate(&reply, NOW_MS, &remaining, &reset_ms));
  const struct trg_header router[] = {
      {TRG_STR("x-ratelimit-remaining"), TRG_STR("0")},
      {TRG_STR("x-ratelimit-reset"), TRG_STR("1795219205000")}, /* OpenRouter: a moment */
  };
  reply.headers = router;
  reply.header_count = 2;
  assert_true(openai_rate(&reply, NOW_MS, &remaining, &reset_ms));
  assert_int_equal(remaining, 0);
  assert_int_equal(reset_ms, 5000);
}

static void test_a_lost_answer_says_that_it_may_have_been_counted(void **state) {
  (void)state;
  char why[400];
  struct trg_result r;
  struct trg_http_reply reply = {
      .size = sizeof reply, .sent = true, .why = TRG_STR("Operation timed out")};
  llm_lost_judge(&reply, &r, why, sizeof why);
  assert_int_equal(r.outcome, TRG_RETRY);
  assert_memory_equal(r.code.p, "timeout", 7);
  assert_int_equal(r.flags, TRG_RESULT_MAYBE_BILLED);
  reply = (struct trg_http_reply){.size = sizeof reply, .why = TRG_STR("Could not resolve host")};
  llm_lost_judge(&reply, &r, why, sizeof why);
  assert_memory_equal(r.code.p, "transient", 9);
  assert_int_equal(r.flags, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_errors_are_told_apart_by_status_type_and_code),
      cmocka_unit_test(test_a_spent_quota_is_a_stop_although_it_comes_as_429),
      cmocka_unit_test(test_deepseeks_and_openrouters_empty_balance_is_a_quota),
      cmocka_unit_test(test_a_content_filter_is_a_refusal_whatever_its_status),
      cmocka_unit_test(test_llama_cpp_says_that_it_loads_and_what_it_can_not),
      cmocka_unit_test(test_one_request_above_the_rate_limit_never_fits),
      cmocka_unit_test(test_errors_come_in_many_shapes),
      cmocka_unit_test(test_an_edges_html_is_judged_by_its_status),
      cmocka_unit_test(test_an_error_inside_a_success_says_its_own_status),
      cmocka_unit_test(test_a_timeout_of_an_edge_may_have_been_billed),
      cmocka_unit_test(test_the_vendors_should_retry_goes_above_the_table),
      cmocka_unit_test(test_customer_text_and_parts_of_the_key_stay_out_of_the_reason),
      cmocka_unit_test(test_a_400_is_searched_for_the_part_that_it_names),
      cmocka_unit_test(test_a_part_that_is_not_sent_is_not_taken_for_the_fault),
      cmocka_unit_test(test_retry_after_comes_in_three_forms),
      cmocka_unit_test(test_resets_are_durations),
      cmocka_unit_test(test_a_429_without_retry_after_waits_for_what_is_exhausted),
      cmocka_unit_test(test_rate_headers_give_the_tightest_budget),
      cmocka_unit_test(test_a_lost_answer_says_that_it_may_have_been_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
