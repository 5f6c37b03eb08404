/* The Anthropic backend's errors and headers: what each of them is taken to mean. */
#include "../../plugins/models/anthropic/wire.h"

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
                               size_t count, char why[320]) {
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
  anthropic_fault_read(reply.body, &fault);
  anthropic_fault_judge(&reply, &fault, NOW_MS, &result, why, 320);
  return result;
}

static void expect(int32_t status, const char *type, const char *error_code, const char *message,
                   int32_t outcome, const char *code) {
  char body[512];
  char why[320];
  snprintf(body, sizeof body,
           "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\",\"details\":{"
           "\"error_code\":\"%s\"}},\"request_id\":\"req_1\"}",
           type, message, error_code);
  const struct trg_result r = judge(status, body, NULL, 0, why);
  assert_int_equal(r.outcome, outcome);
  assert_int_equal(r.code.n, strlen(code));
  assert_memory_equal(r.code.p, code, r.code.n);
  assert_int_equal(r.http_status, status);
  assert_non_null(strstr(why, "req_1"));
}

static void test_errors_are_told_apart_by_type_and_code(void **state) {
  (void)state;
  expect(400, "invalid_request_error", "", "prompt is too long", TRG_REJECTED, "permanent");
  expect(401, "authentication_error", "", "invalid x-api-key", TRG_REJECTED, "auth");
  expect(402, "billing_error", "", "pay", TRG_REJECTED, "quota");
  expect(403, "permission_error", "", "no", TRG_REJECTED, "permission");
  expect(404, "not_found_error", "", "model: nope", TRG_REJECTED, "endpoint");
  expect(409, "conflict_error", "", "again", TRG_RETRY, "transient");
  expect(413, "request_too_large", "", "big", TRG_REJECTED, "permanent");
  expect(429, "rate_limit_error", "", "slow down", TRG_RETRY, "rate");
  expect(429, "rate_limit_error", "a_code_of_tomorrow", "slow", TRG_RETRY, "rate");
  expect(500, "api_error", "", "oops", TRG_RETRY, "transient");
  expect(504, "timeout_error", "", "slow", TRG_RETRY, "timeout");
  expect(529, "overloaded_error", "", "busy", TRG_RETRY, "transient");
  expect(400, "an_error_of_tomorrow", "", "?", TRG_REJECTED, "permanent");
  expect(503, "an_error_of_tomorrow", "", "?", TRG_RETRY, "transient");
  expect(200, "overloaded_error", "", "busy", TRG_RETRY, "transient");
}

static void test_spending_limits_stop_and_ramp_limits_wait(void **state) {
  (void)state;
  expect(429, "rate_limit_error", "contract_spend_limit_reached", "x", TRG_REJECTED, "quota");
  expect(429, "rate_limit_error", "enforced_spend_limit_reached", "x", TRG_REJECTED, "quota");
  expect(429, "rate_limit_error", "ramp_limit_exceeded", "x", TRG_RETRY, "rate");
  expect(400, "invalid_request_error", "", "Your credit balance is too low to access the API",
         TRG_REJECTED, "quota");
  expect(400, "invalid_request_error", "", "You have reached your specified API usage limits",
         TRG_REJECTED, "quota");
}

static void test_an_edges_html_is_judged_by_its_status(void **state) {
  (void)state;
  char why[320];
  struct trg_result r = judge(413, "<html>Too Large</html>", NULL, 0, why);
  assert_int_equal(r.outcome, TRG_REJECTED);
  r = judge(502, "<html>Bad Gateway</html>", NULL, 0, why);
  assert_int_equal(r.outcome, TRG_RETRY);
  r = judge(302, "", NULL, 0, why);
  assert_int_equal(r.outcome, TRG_REJECTED);
  assert_memory_equal(r.code.p, "endpoint", 8);
  assert_null(strstr(why, "html"));
}

static void test_the_vendors_should_retry_goes_above_the_table(void **state) {
  (void)state;
  char why[320];
  const struct trg_header yes[] = {{TRG_STR("x-should-retry"), TRG_STR("true")}};
  const struct trg_header no[] = {{TRG_STR("x-should-retry"), TRG_STR("false")}};
  assert_int_equal(judge(400, "{}", yes, 1, why).outcome, TRG_RETRY);
  assert_int_equal(judge(529, "{}", no, 1, why).outcome, TRG_REJECTED);
  assert_int_equal(judge(402, "{}", yes, 1, why).outcome, TRG_REJECTED);
}

static int64_t wait_of(const char *name, const char *value) {
  char why[320];
  const struct trg_header headers[] = {{str(name), str(value)}};
  return judge(429, "{}", headers, 1, why).retry_after_ms;
}

static void test_retry_after_comes_in_three_forms(void **state) {
  (void)state;
  assert_int_equal(wait_of("retry-after-ms", "1500"), 1500);
  assert_int_equal(wait_of("retry-after", "7"), 7000);
  assert_int_equal(wait_of("retry-after", "0.5"), 500);
  assert_int_equal(wait_of("retry-after", "Sat, 21 Nov 2026 00:00:30 GMT"), 30000);
  assert_int_equal(wait_of("retry-after", "Fri, 20 Nov 2026 00:00:30 GMT"), 0);
  assert_int_equal(wait_of("retry-after", "soon"), 0);
  assert_int_equal(wait_of("retry-after", "-3"), 0);
  assert_int_equal(wait_of("retry-after", "nan"), 0);
  assert_int_equal(wait_of("retry-after", "99999999"), INT64_C(604800000));
}

static void test_customer_text_quoted_in_an_error_stays_out_of_the_reason(void **state) {
  (void)state;
  char why[320];
  judge(400,
        "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages.0: bad value "
        "'my card is 4111'\"}}",
        NULL, 0, why);
  assert_non_null(strstr(why, "messages.0: bad value"));
  assert_null(strstr(why, "4111"));
}

static void test_a_400_is_searched_for_the_part_that_it_names(void **state) {
  (void)state;
  static const struct {
    const char *message;
    enum anthropic_mode mode;
    unsigned names;
  } rows[] = {
      {"output_config.format: not supported by this model", ANTHROPIC_FORMAT, 1},
      {"output_config.format.schema: For 'integer' type, 'minimum' is not supported",
       ANTHROPIC_FORMAT, 1},
      {"output_config: Extra inputs are not permitted", ANTHROPIC_FORMAT, 3},
      {"output_config.effort: not supported", ANTHROPIC_FORMAT, 2},
      {"tools.0.custom.strict: Extra inputs are not permitted", ANTHROPIC_TOOL, 1},
      {"tools.0.custom.strict: Extra inputs are not permitted", ANTHROPIC_FORMAT, 0},
      {"output_config.format: no", ANTHROPIC_PROSE, 0},
      {"prompt is too long: 210000 tokens > 200000 maximum", ANTHROPIC_FORMAT, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct llm_fault fault = {0};
    snprintf(fault.message, sizeof fault.message, "%s", rows[i].message);
    const unsigned names = anthropic_fault_names(&fault, rows[i].mode);
    /* with effort named alone or with the whole of output_config, effort goes first */
    assert_int_equal(names, rows[i].names);
  }
}

static void test_rate_headers_give_the_tightest_budget(void **state) {
  (void)state;
  const struct trg_header headers[] = {
      {TRG_STR("anthropic-ratelimit-requests-remaining"), TRG_STR("42")},
      {TRG_STR("anthropic-ratelimit-requests-reset"), TRG_STR("2026-11-21T00:00:10Z")},
      {TRG_STR("anthropic-ratelimit-input-tokens-remaining"), TRG_STR("0")},
      {TRG_STR("anthropic-ratelimit-input-tokens-reset"), TRG_STR("2026-11-21T01:00:25.5+01:00")},
      {TRG_STR("anthropic-ratelimit-output-tokens-remaining"), TRG_STR("0")},
      {TRG_STR("anthropic-ratelimit-output-tokens-reset"), TRG_STR("2026-11-21T00:00:05Z")},
  };
  struct trg_http_reply reply = {.size = sizeof reply, .headers = headers, .header_count = 2};
  int64_t remaining;
  int64_t reset_ms;
  assert_true(anthropic_rate(&reply, NOW_MS, &remaining, &reset_ms));
  assert_int_equal(remaining, 42);
  assert_int_equal(reset_ms, 10000);
  reply.header_count = 6;
  assert_true(anthropic_rate(&reply, NOW_MS, &remaining, &reset_ms));
  assert_int_equal(remaining, 0);
  assert_int_equal(reset_ms, 25000);
  reply.header_count = 1;
  assert_false(anthropic_rate(&reply, NOW_MS, &remaining, &reset_ms));
}

static void test_a_lost_answer_says_that_it_may_have_been_counted(void **state) {
  (void)state;
  char why[320];
  struct trg_result r;
  struct trg_http_reply reply = {
      .size = sizeof reply, .sent = true, .why = TRG_STR("Operation timed out")};
  llm_lost_judge(&reply, &r, why, sizeof why);
  assert_int_equal(r.outcome, TRG_RETRY);
  assert_memory_equal(r.code.p, "timeout", 7);
  assert_non_null(strstr(why, "may have counted"));
  reply = (struct trg_http_reply){.size = sizeof reply, .why = TRG_STR("Could not resolve host")};
  llm_lost_judge(&reply, &r, why, sizeof why);
  assert_memory_equal(r.code.p, "transient", 9);
  assert_non_null(strstr(why, "nothing was sent"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_errors_are_told_apart_by_type_and_code),
      cmocka_unit_test(test_spending_limits_stop_and_ramp_limits_wait),
      cmocka_unit_test(test_an_edges_html_is_judged_by_its_status),
      cmocka_unit_test(test_the_vendors_should_retry_goes_above_the_table),
      cmocka_unit_test(test_retry_after_comes_in_three_forms),
      cmocka_unit_test(test_customer_text_quoted_in_an_error_stays_out_of_the_reason),
      cmocka_unit_test(test_a_400_is_searched_for_the_part_that_it_names),
      cmocka_unit_test(test_rate_headers_give_the_tightest_budget),
      cmocka_unit_test(test_a_lost_answer_says_that_it_may_have_been_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
