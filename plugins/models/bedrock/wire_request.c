#include "wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keywords of https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html that
 * all model families share. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {"type",  "properties", "required",    "items",
                                      "enum",  "const",      "anyOf",       "$defs",
                                      "title", "default",    "description", NULL};
  return llm_keyword_among(item, plain);
}

static char *schema_render(struct trg_str schema) {
  return llm_schema_render(schema, keyword_fine, true);
}

static void instruction_make(struct llm_text *to, const struct bedrock_plan *plan,
                             const struct trg_model_request *r, const char *schema) {
  if (!schema || plan->mode == BEDROCK_FORMAT) return;
  if (plan->mode == BEDROCK_PROSE) {
    llm_schema_say(to, "Answer with", schema);
    return;
  }
  llm_schema_call(to, r->schema_name);
}

/* The stable text first, with the cache point right behind it. */
static void system_add(struct llm_text *out, const struct bedrock_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  struct llm_text say = {0};
  instruction_make(&say, plan, r, schema);
  const struct trg_str texts[] = {r->stable, {say.p, say.n}, r->system};
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    if (llm_is_blank(texts[i])) continue;
    llm_text_put(out, count++ ? "," : ",\"system\":[");
    llm_block_put(out, texts[i]);
    if (i == 0 && plan->cache) llm_text_put(out, ",{\"cachePoint\":{\"type\":\"default\"}}");
  }
  if (count) llm_text_put(out, "]");
  llm_text_clear(&say);
}

static int64_t max_tokens(const struct bedrock_plan *plan, int64_t wanted) {
  return llm_tokens_most(wanted, plan->reasoning_tokens, plan->max_output_tokens);
}

/* Here the schema is text inside the JSON. */
static void format_add(struct llm_text *out, const struct trg_model_request *r,
                       const char *schema) {
  llm_text_put(out, ",\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{"
                    "\"jsonSchema\":{\"name\":\"");
  llm_schema_name(out, r->schema_name);
  llm_text_put(out, "\",\"schema\":");
  llm_text_json(out, (struct trg_str){schema, strlen(schema)});
  llm_text_put(out, "}}}}");
}

static void tool_add(struct llm_text *out, const struct trg_model_request *r, const char *schema) {
  llm_text_put(out, ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"");
  llm_schema_name(out, r->schema_name);
  llm_text_put(out, "\",\"description\":\"Records the answer.\",\"inputSchema\":{\"json\":");
  llm_text_put(out, schema);
  llm_text_put(out, "}}}]}");
}

int bedrock_request_build(const struct bedrock_plan *plan, const struct trg_model_request *request,
                          const struct trg_str *broken, struct llm_text *ret, struct trg_err *err) {
  char *own = NULL;
  const char *schema = NULL;
  if (llm_request_check(request, LLM_BODY_MAX_BYTES, err) != 0 ||
      llm_schema_take(plan->kept, request, schema_render, &schema, &own, err) != 0)
    return -1;
  llm_text_put(ret, "{");
  llm_turns_put(ret, &(struct llm_turn_names){"messages", "content", "assistant"}, request, broken,
                schema);
  system_add(ret, plan, request, schema);
  llm_text_put(ret, ",\"inferenceConfig\":{\"maxTokens\":");
  llm_text_int(ret, max_tokens(plan, request->max_output_tokens));
  llm_text_put(ret, "}");
  if (schema && plan->mode == BEDROCK_FORMAT) format_add(ret, request, schema);
  if (schema && plan->mode == BEDROCK_TOOL) tool_add(ret, request, schema);
  llm_text_put(ret, "}");
  free(own);
  return 0;
}

/* The marked block counts as a cache write, its dearest case. */
void bedrock_estimate(const struct bedrock_plan *plan, const struct trg_model_request *request,
                      struct trg_usage *ret) {
  *ret = (struct trg_usage){
      .input = llm_input_max(request),
      .output = max_tokens(plan, request->max_output_tokens),
      .estimated = true,
  };
  if (!plan->cache) return;
  ret->cache_write = llm_tokens_max(request->stable);
  ret->input -= ret->cache_write;
}

/* ---- where to ---- */

void bedrock_url_build(const char *base, const char *model, struct llm_text *ret) {
  llm_url_base(ret, base);
  llm_text_put(ret, "/model/");
  for (const char *c = model; *c; c++) {
    char escape[4];
    if (isalnum((unsigned char)*c) || strchr("-._~", *c)) {
      llm_text_add(ret, c, 1);
    } else {
      snprintf(escape, sizeof escape, "%%%02X", (unsigned)(unsigned char)*c);
      llm_text_put(ret, escape);
    }
  }
  llm_text_put(ret, "/converse");
}

bool bedrock_url_region(const char *url, char ret[40]) {
  static const char *const before[] = {"bedrock-runtime.", "bedrock-runtime-fips.", NULL};
  for (size_t i = 0; before[i]; i++) {
    const char *at = strstr(url, before[i]);
    if (!at) continue;
    at += strlen(before[i]);
    const size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (n < 3 || n >= 40 || strncmp(at + n, ".amazonaws.com", 14) != 0) continue;
    memcpy(ret, at, n);
    ret[n] = '\0';
    return true;
  }
  return false;
}
