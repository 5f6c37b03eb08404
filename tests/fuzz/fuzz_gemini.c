/* Feeds any bytes to what the gemini backend reads from the network, and to its prompt text. */
#include "../../plugins/models/gemini/wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void as_answer(struct trg_str body, bool schema_asked) {
  struct llm_answer answer = {0};
  const enum llm_reading reading = gemini_answer_read(body, schema_asked, &answer);
  const struct trg_usage *u = &answer.usage;
  if (reading != LLM_ANSWER && answer.text.n) abort();
  if (answer.stop == TRG_STOP_REFUSAL && answer.text.n) abort();
  if (u->input < 0 || u->output < 0 || u->cache_read < 0) abort();
  llm_answer_clear(&answer);
}

static void as_error(struct trg_str body) {
  const struct trg_http_reply reply = {.size = sizeof reply,
                                       .status = body.n ? 200 + 4 * (uint8_t)body.p[0] % 400 : 500};
  const struct gemini_plan plan = {.thinking_budget = 1};
  struct llm_fault fault;
  struct trg_result result;
  char why[400];
  gemini_fault_read(body, &fault);
  gemini_fault_names(&fault, &plan);
  gemini_fault_judge(&reply, &fault, 1, &result, why, sizeof why);
  if (result.retry_after_ms < 0 || strlen(why) >= sizeof why) abort();
}

/* What we send is JSON. */
static void as_prompt(struct trg_str bytes, enum gemini_mode mode) {
  const struct trg_prompt_part part = {TRG_ROLE_USER, bytes};
  const struct gemini_plan plan = {.mode = mode, .max_output_tokens = 9, .thinking_budget = -1};
  const struct trg_model_request request = {
      .size = sizeof request,
      .stable = bytes,
      .parts = &part,
      .part_count = 1,
      .schema = TRG_STR("{\"type\":\"object\",\"properties\":{}}"),
      .schema_name = bytes,
  };
  struct llm_text body = {0};
  struct trg_err err;
  if (gemini_request_build(&plan, &request, &bytes, &body, &err) == 0) {
    cJSON *root = cJSON_ParseWithLength(body.p, body.n);
    if (!root) abort();
    cJSON_Delete(root);
  }
  llm_text_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str text = {(const char *)bytes, size};
  as_answer(text, false);
  as_answer(text, true);
  as_error(text);
  for (int i = 0; i < 3; i++) as_prompt(text, (enum gemini_mode)i);
  return 0;
}
