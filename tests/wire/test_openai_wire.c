/* The OpenAI backend's answers: the bytes of both APIs and of all servers as they come in. */
#include "../../plugins/models/openai/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

static struct llm_answer answer_of(const char *body, bool schema_asked) {
  struct llm_answer answer;
  assert_int_equal(openai_answer_read(str(body), schema_asked, &answer), LLM_ANSWER);
  return answer;
}

static void assert_text(const char *body, bool schema_asked, int32_t stop, const char *text) {
  struct llm_answer a = answer_of(body, schema_asked);
  assert_int_equal(a.stop, stop);
  assert_string_equal(a.text.p ? a.text.p : "", text);
  assert_true(!schema_asked || a.is_json == (text[0] == '{'));
  llm_answer_clear(&a);
}

#define CHAT(message, reason)                                                                      \
  "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," message                        \
  "},\"finish_reason\":" reason "}]}"

static void test_content_is_a_string_or_null_or_parts_or_an_object(void **state) {
  (void)state;
  assert_text(CHAT("\"content\":\"hello\"", "\"stop\""), false, TRG_STOP_END, "hello");
  assert_text(CHAT("\"content\":null", "\"stop\""), false, TRG_STOP_END, "");
  assert_text(CHAT("\"content\":\"\"", "\"stop\""), true, TRG_STOP_END, "");
  assert_text(CHAT("\"refusal\":null", "\"stop\""), false, TRG_STOP_END, "");
  assert_text(CHAT("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":"
                   "\"hm\"}]},{\"type\":\"text\",\"text\":\"a\"},\"b\",{\"type\":\"text\",\"text\":"
                   "\"c\"}]",
                   "\"stop\""),
              false, TRG_STOP_END, "abc");
  assert_text(CHAT("\"content\":[]", "\"stop\""), false, TRG_STOP_END, "");
  assert_text(CHAT("\"content\":{\"a\":1}", "\"stop\""), true, TRG_STOP_END, "{\"a\":1}");
  assert_text("{\"choices\":[{\"text\":\"old\",\"finish_reason\":\"stop\"}]}", false, TRG_STOP_END,
              "old");
}

static void test_blank_and_comment_lines_before_the_body_are_passed_over(void **state) {
  (void)state;
  assert_text("\n\r\n \n\n" CHAT("\"content\":\"x\"", "\"stop\"") "\n", false, TRG_STOP_END, "x");
  assert_text(": OPENROUTER PROCESSING\n\n: keep-alive\r\n" CHAT("\"content\":\"x\"", "\"stop\""),
              false, TRG_STOP_END, "x");
}

static void test_reasoning_and_tool_calls_are_no_part_of_the_answer(void **state) {
  (void)state;
  assert_text(CHAT("\"reasoning_content\":\"{\\\"a\\\":0}\",\"reasoning\":\"hm\",\"content\":"
                   "\"{\\\"a\\\":1}\"",
                   "\"stop\""),
              true, TRG_STOP_END, "{\"a\":1}");
  static const char *const arguments[] = {"\"{broken\"", "\"\"", "{\"a\":2}", "null"};
  for (size_t i = 0; i < 4; i++) {
    char body[512];
    snprintf(body, sizeof body,
             CHAT("\"content\":null,\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":"
                  "\"f\",\"arguments\":%s}}]",
                  "\"tool_calls\""),
             arguments[i]);
    assert_text(body, true, TRG_STOP_OTHER, "");
  }
}

static void test_thinking_tags_and_fences_are_taken_off(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"<think>{\\\"a\\\":0} or {\\\"a\\\":2}?</think>\\n{\\\"a\\\":1}", "{\"a\":1}"},
      {"so {\\\"a\\\":0}.</think>{\\\"a\\\":1}", "{\"a\":1}"},
      {"hm.\\n</think>\\n\\n{\\\"a\\\":1}", "{\"a\":1}"},
      {"```json\\n{\\\"a\\\":1}\\n```", "{\"a\":1}"},
      {"Here you are: {\\\"a\\\":1} - done", "{\"a\":1}"},
      {"{\\\"a\\\":\\\"</think>\\\"}", "{\"a\":\"</think>\"}"},
      {"<thinking>x</thinking> {\\\"a\\\":1}", "{\"a\":1}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char body[512];
    snprintf(body, sizeof body, CHAT("\"content\":\"%s\"", "\"stop\""), rows[i][0]);
    assert_text(body, true, TRG_STOP_END, rows[i][1]);
  }
  assert_text(CHAT("\"content\":\"<think>never closed {\\\"a\\\":1}\"", "\"stop\""), true,
              TRG_STOP_END, "");
  assert_text(CHAT("\"content\":\"<think>x</think>\\nDear Ann\"", "\"stop\""), false, TRG_STOP_END,
              "Dear Ann");
}

static void test_one_object_is_picked_and_never_chosen_between_two(void **state) {
  (void)state;
  struct trg_str got;
  assert_true(llm_json_pick(str(" {\"a\":{\"b\":2}}\n"), &got));
  assert_memory_equal(got.p, "{\"a\":{\"b\":2}}", got.n);
  assert_false(llm_json_pick(str("You said {\"a\":1}; I say {\"a\":2}"), &got));
  assert_false(llm_json_pick(str("{\"a\":"), &got));
  assert_false(llm_json_pick(str("\"text\""), &got)); /* valid JSON, but no object */
  assert_false(llm_json_pick(str("42"), &got));
  assert_false(llm_json_pick(str(""), &got));
}

static void test_finish_reasons_of_all_servers_have_a_meaning(void **state) {
  (void)state;
  static const struct {
    const char *word;
    int32_t stop;
  } rows[] = {
      {"stop", TRG_STOP_END},
      {"STOP", TRG_STOP_END},
      {"eos", TRG_STOP_END},
      {"length", TRG_STOP_LENGTH},
      {"model_length", TRG_STOP_LENGTH},
      {"content_filter", TRG_STOP_REFUSAL},
      {"tool_calls", TRG_STOP_OTHER},
      {"function_call", TRG_STOP_OTHER},
      {"of_tomorrow", TRG_STOP_OTHER},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char body[256];
    snprintf(body, sizeof body, CHAT("\"content\":\"x\"", "\"%s\""), rows[i].word);
    struct llm_answer a = answer_of(body, false);
    assert_int_equal(a.stop, rows[i].stop);
    assert_string_equal(a.stop_word, rows[i].word);
    llm_answer_clear(&a);
  }
  assert_text(CHAT("\"content\":\"x\"", "null"), false, TRG_STOP_OTHER, "x");
}

static void test_a_closed_object_can_not_have_been_cut_off_by_an_unknown_reason(void **state) {
  (void)state;
  assert_text(CHAT("\"content\":\"{\\\"a\\\":1}\"", "\"of_tomorrow\""), true, TRG_STOP_END,
              "{\"a\":1}");
  assert_text(CHAT("\"content\":\"{\\\"a\\\":1}\"", "null"), true, TRG_STOP_END, "{\"a\":1}");
  assert_text(CHAT("\"content\":\"so {\"", "\"of_tomorrow\""), true, TRG_STOP_OTHER, "so {");
}

static void test_a_cut_off_answer_is_never_taken_for_json(void **state) {
  (void)state;
  struct llm_answer a = answer_of(CHAT("\"content\":\"{\\\"a\\\":1}\"", "\"length\""), true);
  assert_int_equal(a.stop, TRG_STOP_LENGTH);
  assert_false(a.is_json);
  llm_answer_clear(&a);
}

static void test_a_refusal_is_known_in_each_place_and_its_text_is_dropped(void **state) {
  (void)state;
  static const char *const bodies[] = {
      CHAT("\"content\":null,\"refusal\":\"I can not help\"", "\"stop\""),
      CHAT("\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]", "\"stop\""),
      CHAT("\"content\":\"Well, fir\"", "\"content_filter\""),
      "{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
      "\"refusal\",\"refusal\":\"no\"}]}]}",
      "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"},"
      "\"output\":[]}",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    assert_text(bodies[i], true, TRG_STOP_REFUSAL, "");
}

static void test_usage_takes_the_cached_tokens_out_of_the_prompt(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":50,"
      "\"total_tokens\":1050,\"prompt_tokens_details\":{\"cached_tokens\":640,"
      "\"cache_write_tokens\":200},\"completion_tokens_details\":{\"reasoning_tokens\":"
      "30}}}",
      false);
  assert_true(a.input_counted && a.output_counted);
  assert_int_equal(a.usage.input, 160);
  assert_int_equal(a.usage.cache_read, 640);
  assert_int_equal(a.usage.cache_write, 200);
  assert_int_equal(a.usage.output, 50);
  assert_int_equal(a.usage.reasoning, 30);
  llm_answer_clear(&a);
}

static void test_usage_of_other_servers_is_understood(void **state) {
  (void)state;
  static const struct {
    const char *usage;
    int64_t input, cache_read, output, reasoning;
  } rows[] = {
      /* DeepSeek */
      {"{\"prompt_tokens\":100,\"completion_tokens\":5,\"prompt_cache_hit_tokens\":64,"
       "\"prompt_cache_miss_tokens\":36}",
       36, 64, 5, 0},
      /* reasoning left out of the completion, and counted in the total only */
      {"{\"prompt_tokens\":100,\"completion_tokens\":5,\"total_tokens\":125,"
       "\"completion_tokens_details\":{\"reasoning_tokens\":20}}",
       100, 0, 25, 20},
      /* Mistral: members are optional */
      {"{\"prompt_tokens\":100,\"total_tokens\":107}", 100, 0, 7, 0},
      /* more cached than there was */
      {"{\"prompt_tokens\":10,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":"
       "64,\"cache_write_tokens\":9}}",
       0, 10, 1, 0},
      /* the Responses API's names; details null */
      {"{\"input_tokens\":10,\"output_tokens\":4,\"input_tokens_details\":{\"cached_tokens\":8},"
       "\"output_tokens_details\":null}",
       2, 8, 4, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char body[512];
    snprintf(body, sizeof body, "{\"choices\":[],\"usage\":%s}", rows[i].usage);
    struct llm_answer a = answer_of(body, false);
    assert_int_equal(a.usage.input, rows[i].input);
    assert_int_equal(a.usage.cache_read, rows[i].cache_read);
    assert_int_equal(a.usage.output, rows[i].output);
    assert_int_equal(a.usage.reasoning, rows[i].reasoning);
    assert_true(a.input_counted && a.output_counted);
    llm_answer_clear(&a);
  }
  struct llm_answer a = answer_of("{\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":3}}}",
                                  false);
  assert_true(a.input_counted && !a.output_counted); /* Groq; half of it missing */
  llm_answer_clear(&a);
}

static void test_a_usage_that_counts_nothing_is_no_usage(void **state) {
  (void)state;
  static const char *const usages[] = {"null",
                                       "{}",
                                       "[]",
                                       "\"7\"",
                                       "{\"prompt_tokens\":0,\"completion_tokens\":0}",
                                       "{\"prompt_tokens\":-4,\"completion_tokens\":null}",
                                       "{\"prompt_tokens\":\"12\"}"};
  for (size_t i = 0; i < sizeof usages / sizeof *usages; i++) {
    char body[256];
    snprintf(body, sizeof body, "{\"choices\":[],\"usage\":%s}", usages[i]);
    struct llm_answer a = answer_of(body, false);
    assert_false(a.input_counted || a.output_counted);
    assert_true(a.usage.input == 0 && a.usage.output == 0);
    llm_answer_clear(&a);
  }
}

static void test_a_responses_answer_is_gathered_from_its_messages(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"id\":\"resp_1\",\"model\":\"gpt-6-luna-2026-10-01\",\"status\":\"completed\",\"error\":"
      "null,\"incomplete_details\":null,\"output\":[{\"type\":\"reasoning\",\"summary\":[]},{"
      "\"type\":\"message\",\"phase\":\"commentary\",\"content\":[{\"type\":\"output_text\","
      "\"text\":\"Looking.\"}]},{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{\"},{"
      "\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":"
      "\"{\\\"a\\\":\"},{\"type\":\"output_text\",\"text\":\"1}\"}]}],\"usage\":{\"input_tokens\":"
      "9,\"output_tokens\":4,\"total_tokens\":13}}",
      true);
  assert_string_equal(a.text.p, "{\"a\":1}");
  assert_int_equal(a.stop, TRG_STOP_END);
  assert_string_equal(a.stop_word, "completed");
  assert_string_equal(a.served, "gpt-6-luna-2026-10-01");
  assert_string_equal(a.id, "resp_1");
  llm_answer_clear(&a);
  assert_text("{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
              "\"max_output_tokens\"},\"output\":[]}",
              true, TRG_STOP_LENGTH, "");
  assert_text("{\"status\":\"in_progress\",\"output\":[]}", true, TRG_STOP_OTHER, "");
}

static void test_missing_id_and_another_served_model_are_normal(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"model\":\"org/other:free\",\"choices\":[{\"message\":{\"content\":\"x\"},"
      "\"finish_reason\":\"stop\"}]}",
      false);
  assert_string_equal(a.served, "org/other:free");
  assert_string_equal(a.id, "");
  llm_answer_clear(&a);
}

static void test_an_error_inside_a_success_is_told_apart(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int32_t status;
  } rows[] = {
      {"{\"error\":{\"code\":502,\"message\":\"Provider returned error\"}}", 502},
      {"{\"error\":{\"code\":\"429\",\"message\":\"slow down\"}}", 429},
      {"{\"error\":\"model 'x' not found\"}", 0},
      {"{\"choices\":[{\"error\":{\"code\":502,\"message\":\"gone\"},\"finish_reason\":\"error\","
       "\"message\":{\"content\":\"{\\\"a\\\":\"}}]}",
       502},
      {CHAT("\"content\":\"par\"", "\"error\""), 0},
      {"{\"status\":\"failed\",\"output\":[],\"error\":{\"code\":\"server_error\",\"message\":"
       "\"oops\"}}",
       0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct llm_answer a;
    assert_int_equal(openai_answer_read(str(rows[i].body), true, &a), LLM_ERROR);
    assert_int_equal(a.fault.status, rows[i].status);
    assert_int_equal(a.text.n, 0);
    llm_answer_clear(&a);
  }
  assert_text("{\"error\":null,\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":"
              "\"stop\"}]}",
              false, TRG_STOP_END, "x");
}

static void test_a_body_that_is_no_answer_is_told_apart(void **state) {
  (void)state;
  static const char *const broken[] = {"",     "<html>", "{\"choices\":[",   "[]",
                                       "null", "{}",     "{\"choices\":{}}", "\n\n: comment"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    struct llm_answer a;
    assert_int_equal(openai_answer_read(str(broken[i]), true, &a), LLM_MALFORMED);
    llm_answer_clear(&a);
  }
}

static void test_nul_and_lone_surrogate_escapes_do_not_cut_an_answer(void **state) {
  (void)state;
  assert_text(CHAT("\"content\":\"a\\u0000b\\ud800c\\ud83d\\ude42 \\\\u0000\"", "\"stop\""), false,
              TRG_STOP_END,
              "a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD"
              "c\xF0\x9F\x99\x82 \\u0000");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_content_is_a_string_or_null_or_parts_or_an_object),
      cmocka_unit_test(test_blank_and_comment_lines_before_the_body_are_passed_over),
      cmocka_unit_test(test_reasoning_and_tool_calls_are_no_part_of_the_answer),
      cmocka_unit_test(test_thinking_tags_and_fences_are_taken_off),
      cmocka_unit_test(test_one_object_is_picked_and_never_chosen_between_two),
      cmocka_unit_test(test_finish_reasons_of_all_servers_have_a_meaning),
      cmocka_unit_test(test_a_closed_object_can_not_have_been_cut_off_by_an_unknown_reason),
      cmocka_unit_test(test_a_cut_off_answer_is_never_taken_for_json),
      cmocka_unit_test(test_a_refusal_is_known_in_each_place_and_its_text_is_dropped),
      cmocka_unit_test(test_usage_takes_the_cached_tokens_out_of_the_prompt),
      cmocka_unit_test(test_usage_of_other_servers_is_understood),
      cmocka_unit_test(test_a_usage_that_counts_nothing_is_no_usage),
      cmocka_unit_test(test_a_responses_answer_is_gathered_from_its_messages),
      cmocka_unit_test(test_missing_id_and_another_served_model_are_normal),
      cmocka_unit_test(test_an_error_inside_a_success_is_told_apart),
      cmocka_unit_test(test_a_body_that_is_no_answer_is_told_apart),
      cmocka_unit_test(test_nul_and_lone_surrogate_escapes_do_not_cut_an_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
