/* The Anthropic backend's bytes: requests as they go out, answers and errors as they come in. */
#include "../../plugins/models/anthropic/wire.h"
#include "spec_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA                                                                                     \
  "{\"type\":\"object\",\"properties\":{\"category\":{\"type\":\"string\",\"enum\":[\"billing\","  \
  "\"bug\"]},\"confidence\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"description\":"     \
  "\"How sure.\"}},\"required\":[\"category\",\"confidence\"],\"additionalProperties\":false}"

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

static const struct trg_prompt_part question[] = {
    {TRG_ROLE_USER, {"My invoice is wrong", 19}},
};

static struct trg_model_request triage(void) {
  return (struct trg_model_request){
      .size = sizeof(struct trg_model_request),
      .task = TRG_STR("triage"),
      .stable = TRG_STR("You sort tickets."),
      .system = TRG_STR("Today is quiet."),
      .parts = question,
      .part_count = 1,
      .schema = TRG_STR(SCHEMA),
      .schema_name = TRG_STR("triage verdict"),
      .max_output_tokens = 300,
      .user_hash = TRG_STR("u-5f1c"),
  };
}

static struct anthropic_plan plan_of(enum anthropic_mode mode) {
  return (struct anthropic_plan){
      .model = "claude-haiku-5-5",
      .cache_ttl = "5m",
      .user_id = true,
      .max_output_tokens = 16000,
      .thinking_tokens = 2048,
      .mode = mode,
  };
}

/* The body, or NULL when it is refused; the caller frees it. */
static char *build(const struct anthropic_plan *plan, const struct trg_model_request *request) {
  struct llm_text body = {0};
  struct trg_err err = {0};
  if (anthropic_request_build(plan, request, &body, &err) == 0) return body.p;
  assert_string_equal(err.code, "permanent");
  llm_text_clear(&body);
  return NULL;
}

/* ---- requests ---- */

static void test_a_request_has_exactly_these_bytes(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request);
  assert_string_equal(
      body,
      "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":2348,\"system\":[{\"type\":\"text\",\"text\":"
      "\"You sort tickets.\",\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\","
      "\"text\":\"Today is quiet.\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"text\",\"text\":\"My invoice is wrong\"}]}],\"output_config\":{\"format\":{\"type\":"
      "\"json_schema\",\"schema\":{\"type\":\"object\",\"properties\":{\"category\":{\"type\":"
      "\"string\",\"enum\":[\"billing\",\"bug\"]},\"confidence\":{\"type\":\"number\","
      "\"description\":\"How sure. (minimum: 0, maximum: 1)\"}},\"required\":[\"category\","
      "\"confidence\"],\"additionalProperties\":false}}},\"metadata\":{\"user_id\":\"u-5f1c\"}}");
  free(body);
}

static void test_the_same_request_gives_the_same_bytes(void **state) {
  (void)state;
  for (int mode = ANTHROPIC_FORMAT; mode <= ANTHROPIC_PROSE; mode++) {
    const struct anthropic_plan plan = plan_of((enum anthropic_mode)mode);
    const struct trg_model_request request = triage();
    char *first = build(&plan, &request);
    char *second = build(&plan, &request);
    assert_string_equal(first, second);
    free(first);
    free(second);
  }
}

static void test_what_differs_per_ticket_comes_after_the_cached_prefix(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  char *first = build(&plan, &request);
  const struct trg_prompt_part other[] = {{TRG_ROLE_USER, TRG_STR("The app crashes")}};
  request.parts = other;
  char *second = build(&plan, &request);
  const char *mark = strstr(first, "\"cache_control\"");
  assert_non_null(mark);
  assert_memory_equal(first, second, (size_t)(mark - first));
  free(first);
  free(second);
}

static void test_no_mode_ever_forces_a_tool_or_sends_a_sampling_parameter(void **state) {
  (void)state;
  static const char *const never[] = {"temperature",       "top_p",        "top_k", "\"any\"",
                                      "\"type\":\"tool\"", "output_format"};
  for (int mode = ANTHROPIC_FORMAT; mode <= ANTHROPIC_PROSE; mode++) {
    const struct anthropic_plan plan = plan_of((enum anthropic_mode)mode);
    const struct trg_model_request request = triage();
    char *body = build(&plan, &request);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) assert_null(strstr(body, never[i]));
    free(body);
  }
}

static void test_the_tool_mode_offers_one_strict_tool_and_leaves_the_choice(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_TOOL);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request);
  assert_non_null(strstr(body, "\"tools\":[{\"name\":\"triage_verdict\""));
  assert_non_null(strstr(body, "\"strict\":true"));
  assert_non_null(strstr(body, "\"tool_choice\":{\"type\":\"auto\""));
  assert_non_null(strstr(body, "calling the tool triage_verdict exactly once"));
  assert_null(strstr(body, "output_config"));
  free(body);
}

static void test_the_prose_mode_puts_the_schema_into_the_instruction(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_PROSE);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request);
  assert_non_null(strstr(body, "exactly one JSON object"));
  assert_non_null(strstr(body, "\\\"enum\\\":[\\\"billing\\\",\\\"bug\\\"]"));
  assert_null(strstr(body, "\"tools\""));
  assert_null(strstr(body, "output_config"));
  free(body);
}

static void test_settings_show_in_the_request_only_when_set(void **state) {
  (void)state;
  struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  plan.effort = "low";
  plan.thinking = "disabled";
  plan.cache_ttl = "1h";
  char *body = build(&plan, &request);
  assert_non_null(strstr(body, "\"output_config\":{\"effort\":\"low\",\"format\""));
  assert_non_null(strstr(body, "\"thinking\":{\"type\":\"disabled\"}"));
  assert_non_null(strstr(body, "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"));
  assert_non_null(strstr(body, "\"max_tokens\":300,")); /* no room for thinking that is off */
  free(body);
  plan = plan_of(ANTHROPIC_FORMAT);
  plan.cache_ttl = "off";
  plan.user_id = false;
  request.schema = (struct trg_str){0};
  body = build(&plan, &request);
  assert_null(strstr(body, "cache_control"));
  assert_null(strstr(body, "metadata"));
  assert_null(strstr(body, "output_config"));
  free(body);
}

static void test_max_tokens_keeps_to_the_ceiling(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  assert_int_equal(anthropic_max_tokens(&plan, 300), 2348);
  assert_int_equal(anthropic_max_tokens(&plan, 0), 16000);
  assert_int_equal(anthropic_max_tokens(&plan, 15999), 16000);
  assert_int_equal(anthropic_max_tokens(&plan, INT64_MAX), 16000);
}

static void test_parts_of_one_role_become_one_message_and_blank_ones_vanish(void **state) {
  (void)state;
  const struct trg_prompt_part parts[] = {
      {TRG_ROLE_USER, TRG_STR("a")}, {TRG_ROLE_USER, TRG_STR(" \n")},
      {TRG_ROLE_USER, TRG_STR("b")}, {TRG_ROLE_ASSISTANT, TRG_STR("c")},
      {TRG_ROLE_USER, TRG_STR("d")}, {TRG_ROLE_ASSISTANT, TRG_STR("")},
  };
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  request.parts = parts;
  request.part_count = 6;
  char *body = build(&plan, &request);
  assert_non_null(strstr(
      body, "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}"
            ",{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\",\"content\":[{"
            "\"type\":\"text\",\"text\":\"c\"}]},{\"role\":\"user\",\"content\":[{\"type\":"
            "\"text\",\"text\":\"d\"}]}]"));
  free(body);
}

static void test_a_prompt_that_ends_with_the_assistant_is_refused_here(void **state) {
  (void)state;
  const struct trg_prompt_part parts[] = {{TRG_ROLE_USER, TRG_STR("a")},
                                          {TRG_ROLE_ASSISTANT, TRG_STR("{")}};
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  request.parts = parts;
  request.part_count = 2;
  assert_null(build(&plan, &request));
  request.part_count = 0;
  assert_null(build(&plan, &request));
}

static void test_nul_is_refused_and_lone_surrogates_are_replaced(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  struct trg_prompt_part part = {TRG_ROLE_USER, TRG_STR("a\0b")};
  request.parts = &part;
  assert_null(build(&plan, &request));
  part.text = TRG_STR("a\xED\xA0\x80"
                      "b\xFFz \xC3\xA9 \xF0\x9F\x99\x82 \x01\"\\");
  char *body = build(&plan, &request);
  assert_non_null(strstr(body, "\"text\":\"a\xEF\xBF\xBD"
                               "b\xEF\xBF\xBDz \xC3\xA9 "
                               "\xF0\x9F\x99\x82 \\u0001\\\"\\\\\""));
  free(body);
}

static void test_a_schema_that_is_no_object_is_refused(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  struct trg_model_request request = triage();
  request.schema = TRG_STR("[1]");
  assert_null(build(&plan, &request));
  request.schema = TRG_STR("{\"type\":");
  assert_null(build(&plan, &request));
}

static void test_keywords_that_the_vendor_refuses_move_into_descriptions(void **state) {
  (void)state;
  char *schema = anthropic_schema_render(
      str("{\"type\":\"object\",\"$schema\":\"x\",\"properties\":{\"tags\":{\"type\":\"array\","
          "\"items\":{\"type\":\"string\",\"maxLength\":9,\"format\":\"iban\"},\"maxItems\":3,"
          "\"minItems\":1},\"minimum\":{\"type\":\"object\",\"properties\":{}},\"who\":{\"oneOf\":"
          "[{\"type\":\"string\",\"pattern\":\"(?=a)\"}]}},\"required\":[\"tags\"]}"));
  assert_string_equal(
      schema,
      "{\"type\":\"object\",\"properties\":{\"tags\":{\"type\":\"array\",\"items\":{\"type\":"
      "\"string\",\"description\":\"(maxLength: 9, format: \\\"iban\\\")\"},\"minItems\":1,"
      "\"description\":\"(maxItems: 3)\"},\"minimum\":{\"type\":\"object\",\"properties\":{},"
      "\"additionalProperties\":false},\"who\":{\"anyOf\":[{\"type\":\"string\",\"description\":"
      "\"(pattern: \\\"(?=a)\\\")\"}]}},\"required\":[\"tags\"],\"description\":\"($schema: "
      "\\\"x\\\")\",\"additionalProperties\":false}");
  free(schema);
}

static void test_every_mode_fits_the_published_api_description(void **state) {
  (void)state;
  for (int mode = ANTHROPIC_FORMAT; mode <= ANTHROPIC_PROSE; mode++) {
    struct anthropic_plan plan = plan_of((enum anthropic_mode)mode);
    plan.effort = "medium";
    plan.cache_ttl = "1h";
    plan.thinking = "adaptive";
    const struct trg_model_request request = triage();
    char *body = build(&plan, &request);
    char why[256] = "";
    const int fits = spec_check(&spec_anthropic, body, why, sizeof why);
    free(body);
    if (fits < 0) skip();
    assert_string_equal(fits ? "" : why, "");
    assert_int_equal(spec_check(&spec_anthropic,
                                "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[],"
                                "\"mood\":1}",
                                why, sizeof why),
                     0);
  }
}

static void test_the_estimate_is_above_what_the_vendor_counts(void **state) {
  (void)state;
  const struct anthropic_plan plan = plan_of(ANTHROPIC_FORMAT);
  const struct trg_model_request request = triage();
  struct trg_usage usage;
  anthropic_estimate(&plan, &request, &usage);
  assert_true(usage.estimated);
  assert_int_equal(usage.cache_write, 9);
  assert_true(usage.input >= 600);
  assert_int_equal(usage.output, 2348);
}

/* ---- answers ---- */

static struct llm_answer answer_of(const char *body, bool schema_asked) {
  struct llm_answer answer;
  assert_int_equal(anthropic_answer_read(str(body), schema_asked, &answer), LLM_ANSWER);
  return answer;
}

static void test_text_is_chosen_by_type_and_joined(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"type\":\"message\",\"model\":\"claude-haiku-5-5-20261001\",\"content\":[{\"type\":"
      "\"thinking\",\"thinking\":\"\",\"signature\":\"x\"},{\"type\":\"text\",\"text\":\"Hello\","
      "\"citations\":null},{\"type\":\"dream\",\"text\":\"never\"},7,null,{\"type\":\"text\","
      "\"text\":\", you\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":12,"
      "\"output_tokens\":5}}",
      false);
  assert_string_equal(a.text.p, "Hello, you");
  assert_int_equal(a.stop, TRG_STOP_END);
  assert_string_equal(a.served, "claude-haiku-5-5-20261001");
  assert_true(a.input_counted);
  llm_answer_clear(&a);
}

static void test_usage_is_read_with_nulls_and_both_cache_forms(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"content\":[],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,"
      "\"output_tokens\":40,\"cache_creation_input_tokens\":null,\"cache_read_input_tokens\":900,"
      "\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,\"ephemeral_1h_input_tokens\":20},"
      "\"output_tokens_details\":{\"thinking_tokens\":25},\"server_tool_use\":null}}",
      false);
  assert_int_equal(a.usage.input, 3);
  assert_int_equal(a.usage.output, 40);
  assert_int_equal(a.usage.cache_read, 900);
  assert_int_equal(a.usage.cache_write, 30);
  assert_int_equal(a.usage.reasoning, 25);
  llm_answer_clear(&a);
  a = answer_of("{\"content\":[],\"usage\":{\"input_tokens\":null,\"output_tokens\":-4,"
                "\"cache_creation_input_tokens\":\"7\",\"cache_creation\":null}}",
                false);
  assert_false(a.input_counted);
  assert_int_equal(a.usage.output, 0);
  assert_int_equal(a.usage.cache_write, 0);
  llm_answer_clear(&a);
}

static void test_stop_reasons_follow_the_table_and_unknown_ones_are_kept(void **state) {
  (void)state;
  static const struct {
    const char *word;
    int32_t stop;
  } rows[] = {
      {"end_turn", TRG_STOP_END},        {"stop_sequence", TRG_STOP_END},
      {"max_tokens", TRG_STOP_LENGTH},   {"model_context_window_exceeded", TRG_STOP_LENGTH},
      {"refusal", TRG_STOP_REFUSAL},     {"pause_turn", TRG_STOP_OTHER},
      {"tool_use", TRG_STOP_OTHER},      {"compaction", TRG_STOP_OTHER},
      {"something_new", TRG_STOP_OTHER},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char body[256];
    snprintf(body, sizeof body,
             "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"stop_reason\":\"%s\"}",
             rows[i].word);
    struct llm_answer a = answer_of(body, false);
    assert_int_equal(a.stop, rows[i].stop);
    assert_string_equal(a.stop_word, rows[i].word);
    llm_answer_clear(&a);
  }
  struct llm_answer a = answer_of("{\"content\":[],\"stop_reason\":null}", false);
  assert_int_equal(a.stop, TRG_STOP_OTHER);
  llm_answer_clear(&a);
}

static void test_a_refusals_partial_text_is_dropped(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"content\":[{\"type\":\"text\",\"text\":\"Well, first\"}],\"stop_reason\":"
      "\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"cyber\"}}",
      true);
  assert_int_equal(a.text.n, 0);
  assert_string_equal(a.detail, "cyber");
  llm_answer_clear(&a);
}

static void test_truncated_json_is_never_taken_for_an_answer(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"a\\\":1}\"}],\"stop_reason\":"
      "\"max_tokens\"}",
      true);
  assert_false(a.is_json);
  assert_int_equal(a.stop, TRG_STOP_LENGTH);
  llm_answer_clear(&a);
}

static void test_the_tools_input_is_the_answer_in_tool_mode(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"content\":[{\"type\":\"text\",\"text\":\"Calling.\"},{\"type\":\"tool_use\","
      "\"id\":\"t\",\"name\":\"triage\",\"input\":{ \"category\" : \"b\\u00fcg\" }}],"
      "\"stop_reason\":\"tool_use\"}",
      true);
  assert_true(a.is_json);
  assert_int_equal(a.stop, TRG_STOP_END);
  assert_string_equal(a.text.p, "{\"category\":\"b\xC3\xBCg\"}");
  llm_answer_clear(&a);
}

static void test_json_is_picked_out_of_a_fence_but_never_chosen_between_two(void **state) {
  (void)state;
  struct trg_str got;
  assert_true(llm_json_pick(str(" {\"a\":1}\n"), &got));
  assert_int_equal(got.n, 7);
  assert_true(llm_json_pick(str("Sure {x}:\n```json\n{\"a\":{\"b\":2}}\n```\n"), &got));
  assert_memory_equal(got.p, "{\"a\":{\"b\":2}}", got.n);
  assert_false(llm_json_pick(str("You said {\"a\":1}; I say {\"a\":2}"), &got));
  assert_false(llm_json_pick(str("{\"a\":"), &got));
  assert_false(llm_json_pick(str(""), &got));
  assert_false(llm_json_pick(str("no"), &got));
}

static void test_nul_and_lone_surrogate_escapes_do_not_cut_an_answer(void **state) {
  (void)state;
  struct llm_answer a = answer_of(
      "{\"content\":[{\"type\":\"text\",\"text\":\"a\\u0000b\\ud800c\\ud83d\\ude42 "
      "\\\\u0000\"}],\"stop_reason\":\"end_turn\"}",
      false);
  assert_string_equal(a.text.p, "a\xEF\xBF\xBD"
                                "b\xEF\xBF\xBD"
                                "c\xF0\x9F\x99\x82 \\u0000");
  llm_answer_clear(&a);
}

static void test_a_body_that_is_no_message_is_told_apart(void **state) {
  (void)state;
  struct llm_answer a;
  static const char *const broken[] = {"", "<html>", "{\"content\":[", "[]", "{\"content\":null}"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
    assert_int_equal(anthropic_answer_read(str(broken[i]), true, &a), LLM_MALFORMED);
  assert_int_equal(
      anthropic_answer_read(str("{\"error\":{\"type\":\"overloaded_error\"}}"), true, &a),
      LLM_ERROR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_request_has_exactly_these_bytes),
      cmocka_unit_test(test_the_same_request_gives_the_same_bytes),
      cmocka_unit_test(test_what_differs_per_ticket_comes_after_the_cached_prefix),
      cmocka_unit_test(test_no_mode_ever_forces_a_tool_or_sends_a_sampling_parameter),
      cmocka_unit_test(test_the_tool_mode_offers_one_strict_tool_and_leaves_the_choice),
      cmocka_unit_test(test_the_prose_mode_puts_the_schema_into_the_instruction),
      cmocka_unit_test(test_settings_show_in_the_request_only_when_set),
      cmocka_unit_test(test_max_tokens_keeps_to_the_ceiling),
      cmocka_unit_test(test_parts_of_one_role_become_one_message_and_blank_ones_vanish),
      cmocka_unit_test(test_a_prompt_that_ends_with_the_assistant_is_refused_here),
      cmocka_unit_test(test_nul_is_refused_and_lone_surrogates_are_replaced),
      cmocka_unit_test(test_a_schema_that_is_no_object_is_refused),
      cmocka_unit_test(test_keywords_that_the_vendor_refuses_move_into_descriptions),
      cmocka_unit_test(test_every_mode_fits_the_published_api_description),
      cmocka_unit_test(test_the_estimate_is_above_what_the_vendor_counts),
      cmocka_unit_test(test_text_is_chosen_by_type_and_joined),
      cmocka_unit_test(test_usage_is_read_with_nulls_and_both_cache_forms),
      cmocka_unit_test(test_stop_reasons_follow_the_table_and_unknown_ones_are_kept),
      cmocka_unit_test(test_a_refusals_partial_text_is_dropped),
      cmocka_unit_test(test_truncated_json_is_never_taken_for_an_answer),
      cmocka_unit_test(test_the_tools_input_is_the_answer_in_tool_mode),
      cmocka_unit_test(test_json_is_picked_out_of_a_fence_but_never_chosen_between_two),
      cmocka_unit_test(test_nul_and_lone_surrogate_escapes_do_not_cut_an_answer),
      cmocka_unit_test(test_a_body_that_is_no_message_is_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
