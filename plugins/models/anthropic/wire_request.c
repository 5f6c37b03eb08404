#include "wire.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- schema ---- */

#define SCHEMA_DEPTH_MAX 32

static bool among(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

/* The vendor refuses a schema with any other keyword, or with these in another form. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {
      "type",  "properties", "required",    "items",   "enum",  "const",       "anyOf",
      "allOf", "$defs",      "definitions", "default", "title", "description", NULL};
  static const char *const formats[] = {"date-time", "time",     "date", "duration",
                                        "email",     "hostname", "uri",  "ipv4",
                                        "ipv6",      "uuid",     NULL};
  if (among(item->string, plain)) return true;
  if (strcmp(item->string, "additionalProperties") == 0) return cJSON_IsFalse(item);
  if (strcmp(item->string, "format") == 0)
    return cJSON_IsString(item) && among(item->valuestring, formats);
  if (strcmp(item->string, "minItems") == 0)
    return cJSON_IsNumber(item) && (item->valueint == 0 || item->valueint == 1);
  if (strcmp(item->string, "$ref") == 0) return cJSON_IsString(item) && item->valuestring[0] == '#';
  return false;
}

/* Takes the keywords out that would be refused and returns them as "(minimum: 1, maximum: 9)". */
static void keywords_take(cJSON *node, struct anthropic_text *taken) {
  for (cJSON *item = node->child, *next; item; item = next) {
    next = item->next;
    if (keyword_fine(item)) continue;
    char *value = cJSON_PrintUnformatted(item);
    anthropic_text_put(taken, taken->n ? ", " : "(");
    anthropic_text_put(taken, item->string);
    anthropic_text_put(taken, ": ");
    anthropic_text_put(taken, value ? value : "?");
    free(value);
    cJSON_Delete(cJSON_DetachItemViaPointer(node, item));
  }
  if (taken->n) anthropic_text_put(taken, ")");
}

static void description_extend(cJSON *node, const char *more) {
  const cJSON *old = cJSON_GetObjectItemCaseSensitive(node, "description");
  struct anthropic_text text = {0};
  if (cJSON_IsString(old) && old->valuestring[0]) {
    anthropic_text_put(&text, old->valuestring);
    anthropic_text_put(&text, " ");
  }
  anthropic_text_put(&text, more);
  cJSON_DeleteItemFromObjectCaseSensitive(node, "description");
  cJSON_AddStringToObject(node, "description", text.p);
  anthropic_text_clear(&text);
}

static void schema_node_render(cJSON *node, int depth);

static void children_render(cJSON *parent, int depth) {
  for (cJSON *child = parent ? parent->child : NULL; child; child = child->next)
    schema_node_render(child, depth);
}

static void schema_node_render(cJSON *node, int depth) {
  if (!cJSON_IsObject(node) || depth > SCHEMA_DEPTH_MAX) return;
  cJSON *one_of = cJSON_GetObjectItemCaseSensitive(node, "oneOf");
  if (one_of && !cJSON_GetObjectItemCaseSensitive(node, "anyOf"))
    cJSON_AddItemToObject(node, "anyOf", cJSON_DetachItemViaPointer(node, one_of));
  struct anthropic_text taken = {0};
  keywords_take(node, &taken);
  if (taken.n) description_extend(node, taken.p);
  anthropic_text_clear(&taken);
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(node, "type");
  const bool is_object = cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0;
  if (is_object && !cJSON_GetObjectItemCaseSensitive(node, "additionalProperties"))
    cJSON_AddFalseToObject(node, "additionalProperties");
  schema_node_render(cJSON_GetObjectItemCaseSensitive(node, "items"), depth + 1);
  static const char *const holders[] = {"properties", "$defs", "definitions", "anyOf", "allOf"};
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
    children_render(cJSON_GetObjectItemCaseSensitive(node, holders[i]), depth + 1);
}

char *anthropic_schema_render(struct trg_str schema) {
  cJSON *root = cJSON_ParseWithLength(schema.p ? schema.p : "", schema.n);
  char *text = NULL;
  if (cJSON_IsObject(root)) {
    schema_node_render(root, 0);
    text = cJSON_PrintUnformatted(root);
  }
  cJSON_Delete(root);
  return text;
}

/* ---- body ---- */

static int refuse(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_PERMANENT);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

/* The vendor refuses text blocks of nothing but white space. */
static bool is_blank(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!strchr(" \t\r\n\v\f", s.p[i])) return false;
  return true;
}

static bool holds_nul(struct trg_str s) {
  return s.n && memchr(s.p, '\0', s.n);
}

static int request_check(const struct trg_model_request *r, struct trg_err *err) {
  bool nul = holds_nul(r->stable) || holds_nul(r->system) || holds_nul(r->user_hash);
  const struct trg_prompt_part *last = NULL;
  size_t bytes = r->stable.n + r->system.n + r->schema.n;
  for (size_t i = 0; i < r->part_count; i++) {
    nul = nul || holds_nul(r->parts[i].text);
    bytes += r->parts[i].text.n;
    if (!is_blank(r->parts[i].text)) last = &r->parts[i];
  }
  if (nul) return refuse(err, "the prompt holds U+0000, which the API refuses");
  if (!last || last->role != TRG_ROLE_USER)
    return refuse(err, "the conversation must end with a user's text: newer models refuse a "
                       "prefilled answer");
  if (bytes > ANTHROPIC_BODY_MAX_BYTES)
    return refuse(err, "the prompt is larger than the API's 32 MB");
  return 0;
}

static void tool_name_add(struct anthropic_text *out, struct trg_str name) {
  const size_t before = out->n;
  for (size_t i = 0; i < name.n && i < 64; i++) {
    const char c = name.p[i];
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    anthropic_text_add(out, fine ? &c : "_", 1);
  }
  if (out->n == before) anthropic_text_put(out, "answer");
}

static void instruction_add(struct anthropic_text *to, const struct anthropic_plan *plan,
                            const struct trg_model_request *r, const char *schema) {
  if (plan->mode == ANTHROPIC_TOOL) {
    anthropic_text_put(to, "Give your answer by calling the tool ");
    tool_name_add(to, r->schema_name);
    anthropic_text_put(to, " exactly once, with every field filled. Write nothing else.");
    return;
  }
  anthropic_text_put(to, "Answer with exactly one JSON object and nothing else: no code fence, no "
                         "words before or after it. It must follow this JSON schema: ");
  anthropic_text_put(to, schema);
}

static void block_add(struct anthropic_text *out, struct trg_str text, const char *cache_ttl) {
  anthropic_text_put(out, "{\"type\":\"text\",\"text\":");
  anthropic_text_json(out, text);
  if (cache_ttl && strcmp(cache_ttl, "1h") == 0)
    anthropic_text_put(out, ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
  else if (cache_ttl && strcmp(cache_ttl, "5m") == 0)
    anthropic_text_put(out, ",\"cache_control\":{\"type\":\"ephemeral\"}");
  anthropic_text_put(out, "}");
}

/* The stable block first and marked always: below the model's minimum the mark is silent. */
static void system_add(struct anthropic_text *out, const struct anthropic_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  struct anthropic_text instruction = {0};
  if (schema && plan->mode != ANTHROPIC_FORMAT) instruction_add(&instruction, plan, r, schema);
  const struct trg_str blocks[] = {r->stable, r->system, {instruction.p, instruction.n}};
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    if (is_blank(blocks[i])) continue;
    anthropic_text_put(out, count++ ? "," : ",\"system\":[");
    block_add(out, blocks[i], i == 0 ? plan->cache_ttl : NULL);
  }
  if (count) anthropic_text_put(out, "]");
  anthropic_text_clear(&instruction);
}

/* Parts of one role in a row become one message of several blocks. */
static void messages_add(struct anthropic_text *out, const struct trg_model_request *r) {
  int32_t role = 0;
  anthropic_text_put(out, ",\"messages\":[");
  for (size_t i = 0; i < r->part_count; i++) {
    if (is_blank(r->parts[i].text)) continue;
    const bool ours = r->parts[i].role == TRG_ROLE_ASSISTANT;
    const int32_t its = ours ? TRG_ROLE_ASSISTANT : TRG_ROLE_USER;
    if (its == role) {
      anthropic_text_put(out, ",");
    } else {
      anthropic_text_put(out, role ? "]},{\"role\":\"" : "{\"role\":\"");
      anthropic_text_put(out, ours ? "assistant" : "user");
      anthropic_text_put(out, "\",\"content\":[");
      role = its;
    }
    block_add(out, r->parts[i].text, NULL);
  }
  anthropic_text_put(out, "]}]");
}

static void tool_add(struct anthropic_text *out, const struct trg_model_request *r,
                     const char *schema) {
  anthropic_text_put(out, ",\"tools\":[{\"name\":\"");
  tool_name_add(out, r->schema_name);
  anthropic_text_put(out, "\",\"description\":\"Records the answer.\",\"input_schema\":");
  anthropic_text_put(out, schema);
  anthropic_text_put(out, ",\"strict\":true}],\"tool_choice\":{\"type\":\"auto\","
                          "\"disable_parallel_tool_use\":true}");
}

static void output_config_add(struct anthropic_text *out, const struct anthropic_plan *plan,
                              const char *schema) {
  const bool effort = plan->effort && plan->effort[0];
  const bool format = schema && plan->mode == ANTHROPIC_FORMAT;
  if (!effort && !format) return;
  anthropic_text_put(out, ",\"output_config\":{");
  if (effort) {
    anthropic_text_put(out, "\"effort\":");
    anthropic_text_json(out, (struct trg_str){plan->effort, strlen(plan->effort)});
  }
  if (format) {
    anthropic_text_put(out, effort ? "," : "");
    anthropic_text_put(out, "\"format\":{\"type\":\"json_schema\",\"schema\":");
    anthropic_text_put(out, schema);
    anthropic_text_put(out, "}");
  }
  anthropic_text_put(out, "}");
}

int64_t anthropic_max_tokens(const struct anthropic_plan *plan, int64_t wanted) {
  const bool thinks = !plan->thinking || strcmp(plan->thinking, "disabled") != 0;
  const int64_t room = thinks ? plan->thinking_tokens : 0;
  if (wanted <= 0 || wanted > plan->max_output_tokens - room) return plan->max_output_tokens;
  return wanted + room;
}

int anthropic_request_build(const struct anthropic_plan *plan,
                            const struct trg_model_request *request, struct anthropic_text *ret,
                            struct trg_err *err) {
  const struct trg_model_request *r = request;
  if (request_check(r, err) != 0) return -1;
  char *schema = NULL;
  if (r->schema.n) {
    schema = anthropic_schema_render(r->schema);
    if (!schema) return refuse(err, "the schema is not a JSON object");
  }
  anthropic_text_put(ret, "{\"model\":");
  anthropic_text_json(ret, (struct trg_str){plan->model, strlen(plan->model)});
  anthropic_text_put(ret, ",\"max_tokens\":");
  anthropic_text_int(ret, anthropic_max_tokens(plan, r->max_output_tokens));
  system_add(ret, plan, r, schema);
  messages_add(ret, r);
  if (schema && plan->mode == ANTHROPIC_TOOL) tool_add(ret, r, schema);
  output_config_add(ret, plan, schema);
  if (plan->thinking && plan->thinking[0]) {
    anthropic_text_put(ret, ",\"thinking\":{\"type\":");
    anthropic_text_json(ret, (struct trg_str){plan->thinking, strlen(plan->thinking)});
    anthropic_text_put(ret, "}");
  }
  if (plan->user_id && r->user_hash.n && r->user_hash.n <= 512) { /* longer is refused */
    anthropic_text_put(ret, ",\"metadata\":{\"user_id\":");
    anthropic_text_json(ret, r->user_hash);
    anthropic_text_put(ret, "}");
  }
  anthropic_text_put(ret, "}");
  free(schema);
  if (ret->n > ANTHROPIC_BODY_MAX_BYTES)
    return refuse(err, "the request is larger than the API's 32 MB");
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
