/* The OpenAI backend's requests: their bytes, their schemas, their URLs, what they may cost. */
#include "../../plugins/models/openai/wire.h"
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
  "\"How sure.\"}},\"required\":[\"category\"]}"
#define RENDERED                                                                                   \
  "{\"type\":\"object\",\"properties\":{\"category\":{\"type\":\"string\",\"enum\":[\"billing\","  \
  "\"bug\"]},\"confidence\":{\"type\":\"number\",\"description\":\"How sure. (minimum: 0, "        \
  "maximum: 1)\"}},\"required\":[\"category\",\"confidence\"],\"additionalProperties\":false}"

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

static struct openai_plan plan_of(enum openai_mode mode) {
  return (struct openai_plan){
      .model = "gpt-6-luna",
      .mode = mode,
      .limit = OPENAI_MAX_COMPLETION_TOKENS,
      .max_output_tokens = 16000,
      .reasoning_tokens = 2048,
  };
}

/* The body, or NULL when it is refused; the caller frees it. */
static char *build(const struct openai_plan *plan, const struct trg_model_request *request,
                   const char *broken) {
  struct llm_text body = {0};
  struct trg_err err = {0};
  const struct trg_str text = str(broken ? broken : "");
  if (openai_request_build(plan, request, broken ? &text : NULL, &body, &err) == 0) return body.p;
  assert_string_equal(err.code, "permanent");
  llm_text_clear(&body);
  return NULL;
}

static void assert_built(const struct openai_plan *plan, const struct trg_model_request *request,
                         const char *part, bool is_there) {
  char *body = build(plan, request, NULL);
  assert_non_null(body);
  assert_int_equal(strstr(body, part) != NULL, is_there);
  free(body);
}

/* ---- requests ---- */

static void test_a_chat_request_has_exactly_these_bytes(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request, NULL);
  assert_string_equal(
      body, "{\"model\":\"gpt-6-luna\",\"messages\":[{\"role\":\"system\",\"content\":\"You sort "
            "tickets.\\n\\nToday is quiet.\"},{\"role\":\"user\",\"content\":\"My invoice is "
            "wrong\"}],\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
            "\"triage_verdict\",\"strict\":true,\"schema\":" RENDERED
            "}},\"max_completion_tokens\":2348}");
  free(body);
}

static void test_a_responses_request_has_exactly_these_bytes_and_stores_nothing(void **state) {
  (void)state;
  struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  plan.api = OPENAI_RESPONSES;
  plan.effort = "low";
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request, NULL);
  assert_string_equal(
      body, "{\"model\":\"gpt-6-luna\",\"instructions\":\"You sort tickets.\",\"input\":[{"
            "\"role\":\"system\",\"content\":\"Today is quiet.\"},{\"role\":\"user\",\"content\":"
            "\"My invoice is wrong\"}],\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":"
            "\"triage_verdict\",\"strict\":true,\"schema\":" RENDERED
            "}},\"reasoning\":{\"effort\":\"low\"},\"max_output_tokens\":2348,\"store\":false}");
  free(body);
}

static void test_the_same_request_gives_the_same_bytes(void **state) {
  (void)state;
  for (int mode = OPENAI_SCHEMA; mode <= OPENAI_PROSE; mode++) {
    const struct openai_plan plan = plan_of((enum openai_mode)mode);
    const struct trg_model_request request = triage();
    char *first = build(&plan, &request, NULL);
    char *second = build(&plan, &request, NULL);
    assert_string_equal(first, second);
    free(first);
    free(second);
  }
}

static void test_what_differs_per_ticket_comes_after_the_stable_text_and_the_schema(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_OBJECT);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request, NULL);
  const char *stable = strstr(body, "You sort");
  const char *schema = strstr(body, "JSON schema: ");
  const char *system = strstr(body, "Today is quiet");
  assert_true(stable && schema && system && stable < schema && schema < system);
  free(body);
}

static void test_no_request_ever_holds_sampling_tools_or_the_developer_role(void **state) {
  (void)state;
  static const char *const never[] = {"temperature", "top_p",     "\"seed\"",        "\"tools\"",
                                      "tool_choice", "developer", "prompt_cache_key"};
  for (int i = 0; i < 6; i++) {
    struct openai_plan plan = plan_of((enum openai_mode)(i % 3));
    plan.api = i < 3 ? OPENAI_CHAT : OPENAI_RESPONSES;
    const struct trg_model_request request = triage();
    for (size_t n = 0; n < sizeof never / sizeof *never; n++)
      assert_built(&plan, &request, never[n], false);
  }
}

static void test_each_rung_of_the_ladder_shows_in_the_request(void **state) {
  (void)state;
  const struct trg_model_request request = triage();
  struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  assert_built(&plan, &request, "JSON schema: ", false);
  plan.mode = OPENAI_OBJECT;
  assert_built(&plan, &request, "\"response_format\":{\"type\":\"json_object\"}", true);
  assert_built(&plan, &request, "JSON schema: {\\\"type\\\"", true);
  plan.mode = OPENAI_PROSE;
  assert_built(&plan, &request, "response_format", false);
  assert_built(&plan, &request, "JSON schema: {\\\"type\\\"", true);
}

/* vLLM and others hold the output to the schema without showing it to the model. */
static void test_the_schema_is_also_in_the_prompt_where_the_server_does_not_show_it(void **state) {
  (void)state;
  const struct trg_model_request request = triage();
  struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  plan.schema_in_prompt = true;
  assert_built(&plan, &request, "JSON schema: {\\\"type\\\"", true);
  assert_built(&plan, &request, "\"strict\":true", true);
}

/* json_object of the Responses API wants the word JSON in the input, not in the instructions. */
static void test_the_json_instruction_of_responses_is_in_the_input(void **state) {
  (void)state;
  const struct trg_model_request request = triage();
  struct openai_plan plan = plan_of(OPENAI_OBJECT);
  plan.api = OPENAI_RESPONSES;
  assert_built(&plan, &request, "\"input\":[{\"role\":\"system\",\"content\":\"Answer with exactly",
               true);
  assert_built(&plan, &request, "\"text\":{\"format\":{\"type\":\"json_object\"}}", true);
}

static void test_settings_show_in_the_request_only_when_set(void **state) {
  (void)state;
  struct trg_model_request request = triage();
  struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  assert_built(&plan, &request, "u-5f1c", false);
  plan.effort = "minimal";
  plan.user_field = "safety_identifier";
  plan.cache_key = "triage";
  plan.limit = OPENAI_MAX_TOKENS;
  assert_built(&plan, &request,
               "\"reasoning_effort\":\"minimal\",\"max_tokens\":2348,\"safety_identifier\":"
               "\"u-5f1c\",\"prompt_cache_key\":\"triage\"}",
               true);
  plan.limit = OPENAI_NO_LIMIT;
  assert_built(&plan, &request, "_tokens\"", false);
  char hash[66];
  memset(hash, 'a', 65);
  request.user_hash = (struct trg_str){hash, 65}; /* longer than the vendor takes */
  assert_built(&plan, &request, "safety_identifier", false);
}

static void test_the_limit_keeps_to_the_ceiling_and_has_room_for_reasoning(void **state) {
  (void)state;
  struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  assert_int_equal(openai_max_tokens(&plan, 300), 2348);
  assert_int_equal(openai_max_tokens(&plan, 15000), 16000);
  assert_int_equal(openai_max_tokens(&plan, 0), 16000);
  plan.effort = "none";
  assert_int_equal(openai_max_tokens(&plan, 300), 300);
}

static void test_texts_of_one_role_become_one_message_and_blank_ones_vanish(void **state) {
  (void)state;
  static const struct trg_prompt_part parts[] = {
      {TRG_ROLE_USER, {"one", 3}},    {TRG_ROLE_USER, {" \n", 2}},   {TRG_ROLE_USER, {"two", 3}},
      {TRG_ROLE_ASSISTANT, {"a", 1}}, {TRG_ROLE_USER, {"three", 5}},
  };
  struct trg_model_request request = triage();
  const struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  request.parts = parts;
  request.part_count = 5;
  request.stable = request.system = (struct trg_str){0};
  assert_built(&plan, &request,
               "\"messages\":[{\"role\":\"user\",\"content\":\"one\\n\\ntwo\"},{\"role\":"
               "\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"three\"}]",
               true);
}

static void test_what_can_not_be_sent_is_refused_here(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  struct trg_model_request request = triage();
  const struct trg_prompt_part ours = {TRG_ROLE_ASSISTANT, TRG_STR("{")};
  const struct trg_prompt_part nul = {TRG_ROLE_USER, {"a\0b", 3}};
  request.parts = &ours;
  assert_null(build(&plan, &request, NULL));
  request.parts = &nul;
  assert_null(build(&plan, &request, NULL));
  request = triage();
  request.schema = TRG_STR("[1]");
  assert_null(build(&plan, &request, NULL));
  request.part_count = 0;
  assert_null(build(&plan, &request, NULL));
}

static void test_broken_utf8_and_lone_surrogates_are_replaced(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  struct trg_model_request request = triage();
  const struct trg_prompt_part part = {TRG_ROLE_USER, TRG_STR("a\xED\xA0\x80z\xFFy")};
  request.parts = &part;
  assert_built(&plan, &request, "\"a\xEF\xBF\xBDz\xEF\xBF\xBDy\"", true);
}

static void test_a_repair_shows_the_broken_answer_and_asks_again(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_PROSE);
  const struct trg_model_request request = triage();
  char *body = build(&plan, &request, "I think \"bug\".");
  assert_non_null(strstr(body, "{\"role\":\"assistant\",\"content\":\"I think \\\"bug\\\".\"},{"
                               "\"role\":\"user\",\"content\":\"That was not exactly one JSON"));
  free(body);
  body = build(&plan, &request, ""); /* roles must alternate also then */
  assert_null(strstr(body, "assistant"));
  assert_non_null(strstr(body, "My invoice is wrong\\n\\nYour answer was empty."));
  free(body);
}

static void test_a_schema_name_is_made_of_what_the_vendor_takes(void **state) {
  (void)state;
  struct llm_text name = {0};
  char text[80];
  memset(text, 'n', 79);
  llm_schema_name(&name, (struct trg_str){text, 79});
  assert_int_equal(name.n, 64);
  llm_text_clear(&name);
  llm_schema_name(&name, TRG_STR("a b/\xC3\xA9"));
  assert_string_equal(name.p, "a_b___");
  llm_text_clear(&name);
  llm_schema_name(&name, (struct trg_str){0});
  assert_string_equal(name.p, "answer");
  llm_text_clear(&name);
}

static void test_strict_schemas_close_every_object_and_require_every_property(void **state) {
  (void)state;
  char *got = openai_schema_render(
      TRG_STR("{\"type\":\"object\",\"additionalProperties\":true,\"properties\":{\"list\":{"
              "\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"object\",\"properties\":{"
              "\"a\":{\"type\":\"string\",\"pattern\":\"x\"}}}}}}"));
  assert_string_equal(
      got, "{\"type\":\"object\",\"properties\":{\"list\":{\"type\":\"array\",\"items\":{\"type\":"
           "\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"description\":\"(pattern: "
           "\\\"x\\\")\"}},\"required\":[\"a\"],\"additionalProperties\":false},\"description\":"
           "\"(maxItems: 3)\"}},\"required\":[\"list\"],\"additionalProperties\":false}");
  free(got);
  assert_null(openai_schema_render(TRG_STR("7")));
  assert_null(openai_schema_render((struct trg_str){0}));
}

static void test_every_chat_request_fits_the_published_api_description(void **state) {
  (void)state;
  for (int mode = OPENAI_SCHEMA; mode <= OPENAI_PROSE; mode++) {
    struct openai_plan plan = plan_of((enum openai_mode)mode);
    plan.effort = "low";
    plan.user_field = "safety_identifier";
    plan.cache_key = "k";
    const struct trg_model_request request = triage();
    char *body = build(&plan, &request, mode == OPENAI_PROSE ? "no" : NULL);
    char why[256] = "";
    const int fits = spec_check(&spec_openai, body, why, sizeof why);
    free(body);
    if (fits < 0) skip();
    assert_string_equal(fits ? "" : why, "");
    assert_int_equal(spec_check(&spec_openai,
                                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
                                "\"content\":\"x\"}],\"mood\":1}",
                                why, sizeof why),
                     0);
    assert_int_equal(spec_check(&spec_openai, "{\"model\":\"m\"}", why, sizeof why), 0);
  }
}

static void test_the_estimate_is_an_upper_bound_with_the_repair_round(void **state) {
  (void)state;
  const struct openai_plan plan = plan_of(OPENAI_SCHEMA);
  struct trg_model_request request = triage();
  struct trg_usage once;
  struct trg_usage usage;
  openai_exchange_estimate(&plan, &request, &once);
  usage = once;
  llm_repair_bound(&request, &usage);
  assert_true(usage.estimated);
  assert_true(usage.input > 2 * once.input + once.output);
  assert_int_equal(usage.output, 2 * 2348);
  request.schema = (struct trg_str){0}; /* free text is never repaired */
  openai_exchange_estimate(&plan, &request, &usage);
  llm_repair_bound(&request, &usage);
  assert_int_equal(usage.output, 2348);
}

static void test_digits_and_foreign_scripts_count_a_token_a_byte(void **state) {
  (void)state;
  assert_int_equal(llm_tokens_max(TRG_STR("411111111111")), 12);
  assert_int_equal(llm_tokens_max(TRG_STR("\xE4\xB8\xAD\xE6\x96\x87")), 6);
  assert_int_equal(llm_tokens_max(TRG_STR("invoices")), 4);
  assert_int_equal(llm_tokens_max((struct trg_str){0}), 0);
}

/* ---- where to ---- */

static void assert_url(const char *base, enum openai_api api, const char *deployment,
                       const char *version, const char *url) {
  struct llm_text got = {0};
  openai_url_build(base, api, deployment, version, &got);
  assert_string_equal(got.p, url);
  llm_text_clear(&got);
}

static void test_the_base_url_may_be_written_in_each_usual_way(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"},
      {"https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"},
      {"https://api.openai.com", "https://api.openai.com/v1/chat/completions"},
      {"http://127.0.0.1:8000//", "http://127.0.0.1:8000/v1/chat/completions"},
      {"http://[::1]:8000", "http://[::1]:8000/v1/chat/completions"},
      {"http://localhost:11434/v1/chat/completions", "http://localhost:11434/v1/chat/completions"},
      {"https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"},
      {"https://openrouter.ai/api", "https://openrouter.ai/api/v1/chat/completions"},
      {"https://x.example/v1beta/openai/", "https://x.example/v1beta/openai/chat/completions"},
      {"https://x.example/chat/completions", "https://x.example/chat/completions"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_url(rows[i][0], OPENAI_CHAT, NULL, NULL, rows[i][1]);
  assert_url("https://api.openai.com/v1/chat/completions", OPENAI_RESPONSES, NULL, "",
             "https://api.openai.com/v1/responses");
}

static void test_azure_has_a_version_free_route_and_deployment_paths(void **state) {
  (void)state;
  assert_url("https://acme.openai.azure.com", OPENAI_CHAT, NULL, NULL,
             "https://acme.openai.azure.com/openai/v1/chat/completions");
  assert_url("https://acme.openai.azure.com/openai/v1/", OPENAI_RESPONSES, NULL, "preview",
             "https://acme.openai.azure.com/openai/v1/responses?api-version=preview");
  assert_url("https://acme.openai.azure.com/openai", OPENAI_CHAT, NULL, NULL,
             "https://acme.openai.azure.com/openai/v1/chat/completions");
  assert_url("https://acme.openai.azure.com/", OPENAI_CHAT, "mini", "2024-10-21",
             "https://acme.openai.azure.com/openai/deployments/mini/chat/completions"
             "?api-version=2024-10-21");
  assert_url("https://gw.example/openai/deployments/mini", OPENAI_CHAT, NULL, "2024-10-21",
             "https://gw.example/openai/deployments/mini/chat/completions?api-version=2024-10-21");
  assert_url("https://acme.openai.azure.com/openai/deployments/mini/chat/completions"
             "?api-version=2025-01-01",
             OPENAI_CHAT, NULL, "2024-10-21",
             "https://acme.openai.azure.com/openai/deployments/mini/chat/completions"
             "?api-version=2025-01-01");
  assert_true(openai_url_is_azure("https://acme.openai.azure.com:443/x"));
  assert_false(openai_url_is_azure("https://evil.example/.openai.azure.com"));
  assert_true(openai_url_is_openai("https://api.openai.com/v1"));
  assert_true(openai_url_is_openai("https://eu.api.openai.com/v1"));
  assert_false(openai_url_is_openai("https://notapi.openai.com.example"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_chat_request_has_exactly_these_bytes),
      cmocka_unit_test(test_a_responses_request_has_exactly_these_bytes_and_stores_nothing),
      cmocka_unit_test(test_the_same_request_gives_the_same_bytes),
      cmocka_unit_test(test_what_differs_per_ticket_comes_after_the_stable_text_and_the_schema),
      cmocka_unit_test(test_no_request_ever_holds_sampling_tools_or_the_developer_role),
      cmocka_unit_test(test_each_rung_of_the_ladder_shows_in_the_request),
      cmocka_unit_test(test_the_schema_is_also_in_the_prompt_where_the_server_does_not_show_it),
      cmocka_unit_test(test_the_json_instruction_of_responses_is_in_the_input),
      cmocka_unit_test(test_settings_show_in_the_request_only_when_set),
      cmocka_unit_test(test_the_limit_keeps_to_the_ceiling_and_has_room_for_reasoning),
      cmocka_unit_test(test_texts_of_one_role_become_one_message_and_blank_ones_vanish),
      cmocka_unit_test(test_what_can_not_be_sent_is_refused_here),
      cmocka_unit_test(test_broken_utf8_and_lone_surrogates_are_replaced),
      cmocka_unit_test(test_a_repair_shows_the_broken_answer_and_asks_again),
      cmocka_unit_test(test_a_schema_name_is_made_of_what_the_vendor_takes),
      cmocka_unit_test(test_strict_schemas_close_every_object_and_require_every_property),
      cmocka_unit_test(test_every_chat_request_fits_the_published_api_description),
      cmocka_unit_test(test_the_estimate_is_an_upper_bound_with_the_repair_round),
      cmocka_unit_test(test_digits_and_foreign_scripts_count_a_token_a_byte),
      cmocka_unit_test(test_the_base_url_may_be_written_in_each_usual_way),
      cmocka_unit_test(test_azure_has_a_version_free_route_and_deployment_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
