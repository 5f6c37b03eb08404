#include "wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* https://ai.google.dev/gemini-api/docs/structured-output lists these for responseJsonSchema. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {
      "type",     "properties", "required",    "items",   "enum",    "anyOf", "$defs",
      "minItems", "maxItems",   "description", "minimum", "maximum", "title", NULL};
  if (strcmp(item->string, "$ref") == 0) return cJSON_IsString(item) && item->valuestring[0] == '#';
  return llm_among(item->string, plain);
}

/* Roles alternate: texts of one role in a row become parts of one content. */
struct turns {
  struct llm_text *out;
  const char *role;
};

static void turn_add(struct turns *turns, const char *role, struct trg_str text) {
  if (llm_is_blank(text)) return;
  if (turns->role && strcmp(turns->role, role) == 0) {
    llm_text_put(turns->out, ",");
  } else {
    llm_text_put(turns->out, turns->role ? "]},{\"role\":\"" : "{\"role\":\"");
    llm_text_put(turns->out, role);
    llm_text_put(turns->out, "\",\"parts\":[");
    turns->role = role;
  }
  llm_text_put(turns->out, "{\"text\":");
  llm_text_json(turns->out, text);
  llm_text_put(turns->out, "}");
}

#define BROKEN_MAX_BYTES ((size_t)16 * 1024)

static void contents_add(struct llm_text *out, const struct trg_model_request *r,
                         const struct trg_str *broken, const char *schema) {
  struct turns turns = {.out = out};
  llm_text_put(out, "\"contents\":[");
  for (size_t i = 0; i < r->part_count; i++)
    turn_add(&turns, r->parts[i].role == TRG_ROLE_ASSISTANT ? "model" : "user", r->parts[i].text);
  if (broken && schema) {
    struct llm_text ask = {0};
    const size_t n = broken->n < BROKEN_MAX_BYTES ? broken->n : BROKEN_MAX_BYTES;
    if (n) turn_add(&turns, "model", (struct trg_str){broken->p, n});
    llm_schema_say(&ask, "That was not exactly one JSON object. Give the same answer again as",
                   schema);
    turn_add(&turns, "user", (struct trg_str){ask.p, ask.n});
    llm_text_clear(&ask);
  }
  llm_text_put(out, "]}]");
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
    llm_text_put(out, count++ ? ",{\"text\":" : "\"systemInstruction\":{\"parts\":[{\"text\":");
    llm_text_json(out, texts[i]);
    llm_text_put(out, "}");
  }
  if (count) llm_text_put(out, "]},");
  llm_text_clear(&say);
}

static int64_t max_tokens(const struct gemini_plan *plan, int64_t wanted) {
  const int64_t room = plan->thinking_budget == 0 ? 0 : plan->reasoning_tokens;
  if (wanted <= 0 || wanted > plan->max_output_tokens - room) return plan->max_output_tokens;
  return wanted + room;
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
  if (llm_request_check(request, LLM_BODY_MAX_BYTES, err) != 0) return -1;
  char *schema = NULL;
  if (request->schema.n) {
    schema = llm_schema_render(request->schema, keyword_fine, true);
    if (!schema) {
      snprintf(err->code, sizeof err->code, "%s", TRG_CODE_PERMANENT);
      snprintf(err->text, sizeof err->text, "the schema is not a JSON object");
      return -1;
    }
  }
  llm_text_put(ret, "{");
  system_add(ret, plan, request, schema);
  contents_add(ret, request, broken, schema);
  config_add(ret, plan, request, schema);
  llm_text_put(ret, "}");
  free(schema);
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
  size_t n = strcspn(base, "?#");
  while (n && base[n - 1] == '/') n--;
  llm_text_add(ret, base, n);
  if (n >= sizeof verb - 1 && memcmp(base + n - (sizeof verb - 1), verb, sizeof verb - 1) == 0)
    return;
  const char *host = strstr(base, "://");
  const size_t from = host ? (size_t)(host + 3 - base) : 0;
  if (from <= n && !has_version(base + from, n - from)) llm_text_put(ret, "/v1beta");
  llm_text_put(ret, strchr(model, '/') ? "/" : "/models/");
  llm_text_put(ret, model);
  llm_text_put(ret, verb);
}
