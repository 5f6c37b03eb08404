/* The OpenAI backend when the server refuses a part of the request, or answers prose for JSON. */
#include "openai_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NO_OBJECT                                                                                  \
  "{\"object\":\"error\",\"message\":\"response_format json_object: not supported\",\"code\":400}"

/* ---- the ladder ---- */

static void test_a_refused_format_goes_down_the_ladder_and_is_remembered(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 400, NULL, OPENAI_NO_SCHEMA_BODY);
  llm_rig_answer(&rig, 400, NULL, NO_OBJECT);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_int_equal(op->reply_count, 1); /* refused requests are not counted by the vendor */
  assert_int_equal(fake_host_request_count(rig.host), 3);
  assert_true(llm_rig_sent(&rig, 0, "\"json_schema\""));
  assert_true(llm_rig_sent(&rig, 1, "{\"type\":\"json_object\"}"));
  assert_true(llm_rig_sent(&rig, 1, "JSON schema: "));
  assert_false(llm_rig_sent(&rig, 2, "response_format"));
  assert_string_equal(op->replies->request_bytes.p, fake_host_request(rig.host, 2)->body.p);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  assert_false(llm_rig_sent(&rig, 3, "response_format"));
  assert_int_equal(fake_host_log_matches(rig.host, "warn request_part_refused"), 1);
  llm_rig_close(&rig);
}

static void test_the_full_request_is_tried_again_after_an_hour(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 400, NULL, OPENAI_NO_SCHEMA_BODY);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  fake_host_advance(rig.host, INT64_C(61) * 60000);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  assert_true(llm_rig_sent(&rig, 2, "\"json_schema\""));
  llm_rig_close(&rig);
}

static void test_a_structured_setting_pins_the_rung(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("structured=json_schema", NULL, NULL);
  llm_rig_answer(&rig, 400, NULL, OPENAI_NO_SCHEMA_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_REJECTED, "permanent");
  llm_rig_close(&rig);
  rig = openai_rig_open("structured=prompt", NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_false(llm_rig_sent(&rig, 0, "response_format"));
  llm_rig_close(&rig);
}

static void test_validators_and_llama_cpp_refuse_with_422_and_501(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("url=http://127.0.0.1:1/v1", "cache_key=k", NULL);
  llm_rig_answer(
      &rig, 422, NULL,
      "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"prompt_cache_key\"],"
      "\"msg\":\"Extra inputs are not permitted\"}]}");
  llm_rig_answer(&rig, 501, NULL,
                 "{\"error\":{\"code\":501,\"message\":\"json_schema is not supported\",\"type\":"
                 "\"not_supported_error\"}}");
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_true(llm_rig_sent(&rig, 0, "prompt_cache_key"));
  assert_false(llm_rig_sent(&rig, 1, "prompt_cache_key"));
  assert_true(llm_rig_sent(&rig, 1, "\"json_schema\""));
  assert_true(llm_rig_sent(&rig, 2, "json_object"));
  llm_rig_close(&rig);
}

static void test_the_limits_name_is_swapped_then_left_out_and_remembered(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("url=http://127.0.0.1:1/v1", NULL, NULL);
  llm_rig_answer(
      &rig, 400, NULL,
      "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with "
      "this model. Use 'max_completion_tokens' instead.\",\"param\":\"max_tokens\"}}");
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_ask(&rig);
  assert_true(llm_rig_sent(&rig, 0, "\"max_tokens\":2348"));
  assert_true(llm_rig_sent(&rig, 1, "\"max_completion_tokens\":2348"));
  llm_rig_answer(&rig, 400, NULL,
                 "{\"error\":{\"message\":\"unknown field\",\"param\":\"max_completion_tokens\"}}");
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_true(llm_rig_sent(&rig, 2, "max_completion_tokens"));
  assert_false(llm_rig_sent(&rig, 3, "_tokens\""));
  llm_rig_close(&rig);
}

static void test_the_limits_name_follows_the_server_and_the_setting(void **state) {
  (void)state;
  static const char *const rows[][3] = {
      {NULL, NULL, "\"max_completion_tokens\""},
      {"url=https://a.openai.azure.com", NULL, "\"max_completion_tokens\""},
      {"url=https://api.deepseek.com", NULL, "\"max_tokens\""},
      {"max_tokens_field=max_tokens", NULL, "\"max_tokens\""},
      {"url=https://api.deepseek.com", "max_tokens_field=max_completion_tokens",
       "\"max_completion_tokens\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct llm_rig rig = rows[i][0] ? openai_rig_open(rows[i][0], rows[i][1], NULL)
                                    : openai_rig_open(NULL, NULL, NULL);
    llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
    llm_rig_ask(&rig);
    assert_true(llm_rig_sent(&rig, 0, rows[i][2]));
    llm_rig_close(&rig);
  }
}

static void test_a_refused_effort_is_left_out_and_the_format_stays(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open("effort=low", NULL, NULL);
  llm_rig_answer(&rig, 400, NULL,
                 "{\"error\":{\"message\":\"Unrecognized request argument supplied: "
                 "reasoning_effort\",\"type\":\"invalid_request_error\",\"param\":null}}");
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_true(llm_rig_sent(&rig, 0, "\"reasoning_effort\":\"low\""));
  assert_false(llm_rig_sent(&rig, 1, "reasoning_effort"));
  assert_true(llm_rig_sent(&rig, 1, "\"json_schema\""));
  llm_rig_close(&rig);
}

static void test_a_400_that_names_nothing_optional_is_not_repeated(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 400, "x-request-id: req_3",
                 "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\","
                 "\"code\":\"context_length_exceeded\",\"param\":\"messages\"}}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_REJECTED, "permanent");
  assert_non_null(strstr(op->result.why.p, "req_3"));
  assert_int_equal(op->reply_count, 0);
  llm_rig_close(&rig);
}

/* ---- the repair round ---- */

static void test_prose_is_asked_for_again_once_and_both_rounds_are_counted(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_true(
      llm_rig_sent(&rig, 1, "{\"role\":\"assistant\",\"content\":\"I think it is a bug.\"}"));
  assert_int_equal(op->reply_count, 2); /* the last says it all */
  assert_int_equal(op->replies[0].usage.input, 100);
  assert_string_equal(op->replies[1].text.p, "{\"category\":\"bug\"}");
  assert_int_equal(op->replies[1].usage.input, 121);
  assert_int_equal(op->replies[1].usage.output, 16);
  assert_int_equal(op->replies[1].usage.cache_read, 800);
  assert_string_equal(op->replies[1].request_bytes.p, fake_host_request(rig.host, 1)->body.p);
  llm_rig_close(&rig);
}

static void test_an_answer_that_stays_prose_is_tried_again_later(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "malformed");
  assert_int_equal(op->replies[1].usage.input, 200);
  llm_rig_close(&rig);
}

/* DeepSeek's JSON mode is known for it. */
static void test_an_empty_answer_is_asked_for_again_once(void **state) {
  (void)state;
  static const char empty[] =
      "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}";
  struct llm_rig rig = openai_rig_open("url=https://api.deepseek.com", "structured=json_object",
                                       NULL);
  llm_rig_answer(&rig, 200, NULL, empty);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  llm_rig_answer(&rig, 200, NULL, empty);
  llm_rig_answer(&rig, 200, NULL, empty);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_REJECTED, "malformed");
  llm_rig_close(&rig);
}

static void test_a_repair_that_fails_leaves_the_first_round_paid_for(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  llm_rig_answer(&rig, 429, "retry-after: 3", "{}");
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "rate");
  assert_int_equal(op->reply_count, 1);
  assert_int_equal(op->replies[0].usage.output, 7);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  fake_host_reply(rig.host, &(struct fake_reply){.why = "Recv failure"}); /* lost after sending */
  op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "transient");
  assert_int_equal(op->reply_count, 2);
  assert_true(op->replies[1].usage.estimated);
  assert_true(op->replies[1].usage.output >= 7 + 2348);
  assert_int_equal(op->replies[1].text.n, 0);
  llm_rig_close(&rig);
}

static void test_a_part_that_is_refused_in_the_repair_is_left_out_there(void **state) {
  (void)state;
  struct llm_rig rig = openai_rig_open(NULL, NULL, NULL);
  llm_rig_answer(&rig, 200, NULL, OPENAI_PROSE_BODY);
  llm_rig_answer(&rig, 400, NULL, OPENAI_NO_SCHEMA_BODY);
  llm_rig_answer(&rig, 200, NULL, OPENAI_ANSWER_BODY);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  assert_true(llm_rig_sent(&rig, 2, "I think it is a bug."));
  assert_int_equal(op->replies[1].usage.input, 121);
  llm_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_refused_format_goes_down_the_ladder_and_is_remembered),
      cmocka_unit_test(test_the_full_request_is_tried_again_after_an_hour),
      cmocka_unit_test(test_a_structured_setting_pins_the_rung),
      cmocka_unit_test(test_validators_and_llama_cpp_refuse_with_422_and_501),
      cmocka_unit_test(test_the_limits_name_is_swapped_then_left_out_and_remembered),
      cmocka_unit_test(test_the_limits_name_follows_the_server_and_the_setting),
      cmocka_unit_test(test_a_refused_effort_is_left_out_and_the_format_stays),
      cmocka_unit_test(test_a_400_that_names_nothing_optional_is_not_repeated),
      cmocka_unit_test(test_prose_is_asked_for_again_once_and_both_rounds_are_counted),
      cmocka_unit_test(test_an_answer_that_stays_prose_is_tried_again_later),
      cmocka_unit_test(test_an_empty_answer_is_asked_for_again_once),
      cmocka_unit_test(test_a_repair_that_fails_leaves_the_first_round_paid_for),
      cmocka_unit_test(test_a_part_that_is_refused_in_the_repair_is_left_out_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
