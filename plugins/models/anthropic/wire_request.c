#include "wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* ---- schema ---- */

/* The vendor refuses a schema with any other keyword, or with these in another form. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {
      "type",  "properties", "required",    "items",   "enum",  "const",       "anyOf",
      "allOf", "$defs",      "definitions", "default", "title", "description", NULL};
  static const char *const formats[] = {"date-time", "time",     "date", "duration",
                                        "email",     "hostname", "uri",  "ipv4",
                                        "ipv6",      "uuid",     NULL};
  if (llm_keyword_among(item, plain)) return true;
  if (strcmp(item->string, "format") == 0)
    return cJSON_IsString(item) && llm_among(item->valuestring, formats);
  if (strcmp(item->string, "minItems") == 0)
    return cJSON_IsNumber(item) && (item->valueint == 0 || item->valueint == 1);
  return false;
}

char *anthropic_schema_render(struct trg_str schema) {
  return llm_schema_render(schema, keyword_fine, false);
}

/* ---- body ---- */

static void instruction_add(struct llm_text *to, const struct anthropic_plan *plan,
                            const struct trg_model_request *r, const char *schema) {
  if (plan->mode == ANTHROPIC_TOOL) {
    llm_schema_call(to, r->schema_name);
    return;
  }
  llm_schema_say(to, "Answer with", schema);
}

static void block_add(struct llm_text *out, struct trg_str text, const char *cache_ttl,
                      struct llm_kept *kept) {
  llm_text_put(out, "{\"type\":\"text\",\"text\":");
  llm_kept_json(kept, out, text);
  if (cache_ttl && strcmp(cache_ttl, "1h") == 0)
    llm_text_put(out, ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
  else if (cache_ttl && strcmp(cache_ttl, "5m") == 0)
    llm_text_put(out, ",\"cache_control\":{\"type\":\"ephemeral\"}");
  llm_text_put(out, "}");
}

/* The stable block first and marked always: below the model's minimum the mark is silent. */
static void system_add(struct llm_text *out, const struct anthropic_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  struct llm_text instruction = {0};
  if (schema && plan->mode != ANTHROPIC_FORMAT) instruction_add(&instruction, plan, r, schema);
  const struct trg_str blocks[] = {r->stable, r->system, {instruction.p, instruction.n}};
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    if (llm_is_blank(blocks[i])) continue;
    llm_text_put(out, count++ ? "," : ",\"system\":[");
    block_add(out, blocks[i], i == 0 ? plan->cache_ttl : NULL, i == 0 ? plan->kept : NULL);
  }
  if (count) llm_text_put(out, "]");
  llm_text_clear(&instruction);
}

/* Parts of one role in a row become one message of several blocks. */
static void messages_add(struct llm_text *out, const struct trg_model_request *r) {
  int32_t role = 0;
  llm_text_put(out, ",\"messages\":[");
  for (size_t i = 0; i < r->part_count; i++) {
    if (llm_is_blank(r->parts[i].text)) continue;
    const bool ours = r->parts[i].role == TRG_ROLE_ASSISTANT;
    const int32_t its = ours ? TRG_ROLE_ASSISTANT : TRG_ROLE_USER;
    if (its == role) {
      llm_text_put(out, ",");
    } else {
      llm_text_put(out, role ? "]},{\"role\":\"" : "{\"role\":\"");
      llm_text_put(out, ours ? "assistant" : "user");
      llm_text_put(out, "\",\"content\":[");
      role = its;
    }
    block_add(out, r->parts[i].text, NULL, NULL);
  }
  llm_text_put(out, "]}]");
}

static void tool_add(struct llm_text *out, const struct trg_model_request *r, const char *schema) {
  llm_text_put(out, ",\"tools\":[{\"name\":\"");
  llm_schema_name(out, r->schema_name);
  llm_text_put(out, "\",\"description\":\"Records the answer.\",\"input_schema\":");
  llm_text_put(out, schema);
  llm_text_put(out, ",\"strict\":true}],\"tool_choice\":{\"type\":\"auto\","
                    "\"disable_parallel_tool_use\":true}");
}

static void output_config_add(struct llm_text *out, const struct anthropic_plan *plan,
                              const char *schema) {
  const bool effort = plan->effort && plan->effort[0];
  const bool format = schema && plan->mode == ANTHROPIC_FORMAT;
  if (!effort && !format) return;
  llm_text_put(out, ",\"output_config\":{");
  if (effort) {
    llm_text_put(out, "\"effort\":");
    llm_text_json(out, (struct trg_str){plan->effort, strlen(plan->effort)});
  }
  if (format) {
    llm_text_put(out, effort ? "," : "");
    llm_text_put(out, "\"format\":{\"type\":\"json_schema\",\"schema\":");
    llm_text_put(out, schema);
    llm_text_put(out, "}");
  }
  llm_text_put(out, "}");
}

int64_t anthropic_max_tokens(const struct anthropic_plan *plan, int64_t wanted) {
  const bool thinks = !plan->thinking || strcmp(plan->thinking, "disabled") != 0;
  const int64_t room = thinks ? plan->thinking_tokens : 0;
  return llm_tokens_most(wanted, room, plan->max_output_tokens);
}

int anthropic_request_build(const struct anthropic_plan *plan,
                            const struct trg_model_request *request, struct llm_text *ret,
                            struct trg_err *err) {
  const struct trg_model_request *r = request;
  char *own = NULL;
  const char *schema = NULL;
  if (llm_request_check(r, ANTHROPIC_BODY_MAX_BYTES, err) != 0 ||
      llm_schema_take(plan->kept, r, anthropic_schema_render, &schema, &own, err) != 0)
    return -1;
  llm_text_put(ret, "{\"model\":");
  llm_text_json(ret, (struct trg_str){plan->model, strlen(plan->model)});
  llm_text_put(ret, ",\"max_tokens\":");
  llm_text_int(ret, anthropic_max_tokens(plan, r->max_output_tokens));
  system_add(ret, plan, r, schema);
  messages_add(ret, r);
  if (schema && plan->mode == ANTHROPIC_TOOL) tool_add(ret, r, schema);
  output_config_add(ret, plan, schema);
  if (plan->thinking && plan->thinking[0]) {
    llm_text_put(ret, ",\"thinking\":{\"type\":");
    llm_text_json(ret, (struct trg_str){plan->thinking, strlen(plan->thinking)});
    llm_text_put(ret, "}");
  }
  if (plan->user_id && r->user_hash.n && r->user_hash.n <= 512) { /* longer is refused */
    llm_text_put(ret, ",\"metadata\":{\"user_id\":");
    llm_text_json(ret, r->user_hash);
    llm_text_put(ret, "}");
  }
  llm_text_put(ret, "}");
  free(own);
  if (ret->n > ANTHROPIC_BODY_MAX_BYTES)
    return llm_unsendable(err, "the request is larger than the API's 32 MB");
  return 0;
}

/* The tokenisers are not public and differ per model, so this counts bytes: English runs at 3 to 4
 * bytes a token, CJK and emoji at about 2. Two bytes a token is above all of them; 600 covers the
 * hidden prompts of tools and formats. The marked block counts as a cache write, its dearest case.
 */
void anthropic_estimate(const struct anthropic_plan *plan, const struct trg_model_request *request,
                        struct trg_usage *ret) {
  const bool cached = plan->cache_ttl && strcmp(plan->cache_ttl, "off") != 0;
  size_t bytes = request->system.n + 2 * request->schema.n;
  for (size_t i = 0; i < request->part_count; i++) bytes += request->parts[i].text.n + 16;
  *ret = (struct trg_usage){
      .input = (int64_t)(bytes / 2) + 600,
      .output = anthropic_max_tokens(plan, request->max_output_tokens),
      .estimated = true,
  };
  const int64_t stable = (int64_t)((request->stable.n + 1) / 2);
  *(cached ? &ret->cache_write : &ret->input) += stable;
}
