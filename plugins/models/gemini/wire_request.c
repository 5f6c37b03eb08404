#include "wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* https://ai.google.dev/gemini-api/docs/structured-output lists these for responseJsonSchema. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {
      "type",     "properties", "required",    "items",   "enum",    "anyOf", "$defs",
      "minItems", "maxItems",   "description", "minimum", "maximum", "title", NULL};
  return llm_keyword_among(item, plain);
}

static char *schema_render(struct trg_str schema) {
  return llm_schema_render(schema, keyword_fine, true);
}

/* The service caches the longest common prefix by itself: first what is the same for every
 * ticket. */
static void system_add(struct llm_text *out, const struct gemini_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  struct llm_text say = {0};
  if (schema && plan->mode != GEMINI_SCHEMA) llm_schema_say(&say, "Answer with", schema);
  const struct trg_str texts[] = {r->stable, {say.p, say.n}, r->system};
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    if (llm_is_blank(texts[i])) continue;
    llm_text_put(out, count++ ? "," : "\"systemInstruction\":{\"parts\":[");
    llm_block_put(out, texts[i]);
  }
  if (count) llm_text_put(out, "]},");
  llm_text_clear(&say);
}

static int64_t max_tokens(const struct gemini_plan *plan, int64_t wanted) {
  const int64_t room = plan->thinking_budget == 0 ? 0 : plan->reasoning_tokens;
  return llm_tokens_most(wanted, room, plan->max_output_tokens);
}

static void config_add(struct llm_text *out, const struct gemini_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  const char *comma = "";
  llm_text_put(out, ",\"generationConfig\":{");
  if (!plan->limit_off) {
    llm_text_put(out, "\"maxOutputTokens\":");
    llm_text_int(out, max_tokens(plan, r->max_output_tokens));
    comma = ",";
  }
  if (schema && plan->mode != GEMINI_PROSE) {
    llm_text_put(out, comma);
    llm_text_put(out, "\"responseMimeType\":\"application/json\"");
    comma = ",";
  }
  if (schema && plan->mode == GEMINI_SCHEMA) {
    llm_text_put(out, ",\"responseJsonSchema\":");
    llm_text_put(out, schema);
  }
  if (plan->thinking_level && plan->thinking_level[0]) {
    llm_text_put(out, comma);
    llm_text_put(out, "\"thinkingConfig\":{\"thinkingLevel\":");
    llm_text_json(out, (struct trg_str){plan->thinking_level, strlen(plan->thinking_level)});
    llm_text_put(out, "}");
  } else if (plan->thinking_budget >= 0) {
    llm_text_put(out, comma);
    llm_text_put(out, "\"thinkingConfig\":{\"thinkingBudget\":");
    llm_text_int(out, plan->thinking_budget);
    llm_text_put(out, "}");
  }
  llm_text_put(out, "}");
}

int gemini_request_build(const struct gemini_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct llm_text *ret, struct trg_err *err) {
  char *own = NULL;
  const char *schema = NULL;
  if (llm_request_check(request, LLM_BODY_MAX_BYTES, err) != 0 ||
      llm_schema_take(plan->kept, request, schema_render, &schema, &own, err) != 0)
    return -1;
  llm_text_put(ret, "{");
  system_add(ret, plan, request, schema);
  llm_turns_put(ret, &(struct llm_turn_names){"contents", "parts", "model"}, request, broken,
                schema);
  config_add(ret, plan, request, schema);
  llm_text_put(ret, "}");
  free(own);
  return 0;
}

void gemini_estimate(const struct gemini_plan *plan, const struct trg_model_request *request,
                     struct trg_usage *ret) {
  *ret = (struct trg_usage){
      .input = llm_input_max(request),
      .output = plan->limit_off ? plan->max_output_tokens
                                : max_tokens(plan, request->max_output_tokens),
      .estimated = true,
  };
}

/* ---- where to ---- */

static bool has_version(const char *p, size_t n) {
  for (size_t i = 0; i + 2 < n; i++)
    if (p[i] == '/' && p[i + 1] == 'v' && isdigit((unsigned char)p[i + 2])) return true;
  return false;
}

void gemini_url_build(const char *base, const char *model, struct llm_text *ret) {
  static const char verb[] = ":generateContent";
  llm_url_base(ret, base);
  const size_t n = ret->n;
  if (n >= sizeof verb - 1 && memcmp(base + n - (sizeof verb - 1), verb, sizeof verb - 1) == 0)
    return;
  const char *host = strstr(base, "://");
  const size_t from = host ? (size_t)(host + 3 - base) : 0;
  if (from <= n && !has_version(base + from, n - from)) llm_text_put(ret, "/v1beta");
  llm_text_put(ret, strchr(model, '/') ? "/" : "/models/");
  llm_text_put(ret, model);
  llm_text_put(ret, verb);
}
