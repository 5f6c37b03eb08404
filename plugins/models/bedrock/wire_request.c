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
  if (strcmp(item->string, "$ref") == 0) return cJSON_IsString(item) && item->valuestring[0] == '#';
  return llm_among(item->string, plain);
}

static void block_add(struct llm_text *out, struct trg_str text) {
  llm_text_put(out, "{\"text\":");
  llm_text_json(out, text);
  llm_text_put(out, "}");
}

/* Roles must alternate: texts of one role in a row become blocks of one message. */
struct turns {
  struct llm_text *out;
  const char *role;
};

static void turn_add(struct turns *turns, const char *role, struct trg_str text) {
  if (llm_is_blank(text)) return; /* blank blocks are refused */
  if (turns->role && strcmp(turns->role, role) == 0) {
    llm_text_put(turns->out, ",");
  } else {
    llm_text_put(turns->out, turns->role ? "]},{\"role\":\"" : "{\"role\":\"");
    llm_text_put(turns->out, role);
    llm_text_put(turns->out, "\",\"content\":[");
    turns->role = role;
  }
  block_add(turns->out, text);
}

#define BROKEN_MAX_BYTES ((size_t)16 * 1024)

static void messages_add(struct llm_text *out, const struct trg_model_request *r,
                         const struct trg_str *broken, const char *schema) {
  struct turns turns = {.out = out};
  llm_text_put(out, "\"messages\":[");
  for (size_t i = 0; i < r->part_count; i++)
    turn_add(&turns, r->parts[i].role == TRG_ROLE_ASSISTANT ? "assistant" : "user",
             r->parts[i].text);
  if (broken && schema) {
    struct llm_text ask = {0};
    const size_t n = broken->n < BROKEN_MAX_BYTES ? broken->n : BROKEN_MAX_BYTES;
    if (n) turn_add(&turns, "assistant", (struct trg_str){broken->p, n});
    llm_schema_say(&ask, "That was not exactly one JSON object. Give the same answer again as",
                   schema);
    turn_add(&turns, "user", (struct trg_str){ask.p, ask.n});
    llm_text_clear(&ask);
  }
  llm_text_put(out, "]}]");
}

static void instruction_make(struct llm_text *to, const struct bedrock_plan *plan,
                             const struct trg_model_request *r, const char *schema) {
  if (!schema || plan->mode == BEDROCK_FORMAT) return;
  if (plan->mode == BEDROCK_PROSE) {
    llm_schema_say(to, "Answer with", schema);
    return;
  }
  llm_text_put(to, "Give your answer by calling the tool ");
  llm_schema_name(to, r->schema_name);
  llm_text_put(to, " exactly once, with every field filled. Write nothing else.");
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
    block_add(out, texts[i]);
    if (i == 0 && plan->cache) llm_text_put(out, ",{\"cachePoint\":{\"type\":\"default\"}}");
  }
  if (count) llm_text_put(out, "]");
  llm_text_clear(&say);
}

static int64_t max_tokens(const struct bedrock_plan *plan, int64_t wanted) {
  const int64_t room = plan->reasoning_tokens;
  if (wanted <= 0 || wanted > plan->max_output_tokens - room) return plan->max_output_tokens;
  return wanted + room;
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
  messages_add(ret, request, broken, schema);
  system_add(ret, plan, request, schema);
  llm_text_put(ret, ",\"inferenceConfig\":{\"maxTokens\":");
  llm_text_int(ret, max_tokens(plan, request->max_output_tokens));
  llm_text_put(ret, "}");
  if (schema && plan->mode == BEDROCK_FORMAT) format_add(ret, request, schema);
  if (schema && plan->mode == BEDROCK_TOOL) tool_add(ret, request, schema);
  llm_text_put(ret, "}");
  free(schema);
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
  size_t n = strcspn(base, "?#");
  while (n && base[n - 1] == '/') n--;
  llm_text_add(ret, base, n);
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
