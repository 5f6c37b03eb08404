#include "llm.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_DEPTH_MAX 32

bool llm_among(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

bool llm_keyword_among(const cJSON *keyword, const char *const *words) {
  if (strcmp(keyword->string, "$ref") == 0)
    return cJSON_IsString(keyword) && keyword->valuestring[0] == '#';
  return llm_among(keyword->string, words);
}

struct render {
  llm_keyword_fn *fine;
  bool all_required;
};

/* Takes the keywords out that may be refused and returns them as "(minimum: 1, maximum: 9)". */
static void keywords_take(const struct render *r, cJSON *node, struct llm_text *taken) {
  for (cJSON *item = node->child, *next; item; item = next) {
    next = item->next;
    if (strcmp(item->string, "additionalProperties") != 0) { /* set anew, always to false */
      if (r->fine(item)) continue;
      char *value = cJSON_PrintUnformatted(item);
      llm_text_put(taken, taken->n ? ", " : "(");
      llm_text_put(taken, item->string);
      llm_text_put(taken, ": ");
      llm_text_put(taken, value ? value : "?");
      free(value);
    }
    cJSON_Delete(cJSON_DetachItemViaPointer(node, item));
  }
  if (taken->n) llm_text_put(taken, ")");
}

static void description_extend(cJSON *node, const char *more) {
  const cJSON *old = cJSON_GetObjectItemCaseSensitive(node, "description");
  struct llm_text text = {0};
  if (cJSON_IsString(old) && old->valuestring[0]) {
    llm_text_put(&text, old->valuestring);
    llm_text_put(&text, " ");
  }
  llm_text_put(&text, more);
  cJSON_DeleteItemFromObjectCaseSensitive(node, "description");
  cJSON_AddStringToObject(node, "description", text.p);
  llm_text_clear(&text);
}

/* Strict modes want every property in `required`, in any order: theirs is kept. */
static void object_close(const struct render *r, cJSON *node) {
  const cJSON *property;
  if (r->all_required) {
    cJSON_DeleteItemFromObjectCaseSensitive(node, "required");
    cJSON *required = cJSON_AddArrayToObject(node, "required");
    cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(node, "properties")) {
      cJSON_AddItemToArray(required, cJSON_CreateString(property->string));
    }
  }
  cJSON_AddFalseToObject(node, "additionalProperties");
}

static void schema_node_render(const struct render *r, cJSON *node, int depth);

static void children_render(const struct render *r, cJSON *parent, int depth) {
  for (cJSON *child = parent ? parent->child : NULL; child; child = child->next)
    schema_node_render(r, child, depth);
}

static void schema_node_render(const struct render *r, cJSON *node, int depth) {
  if (!cJSON_IsObject(node) || depth > SCHEMA_DEPTH_MAX) return;
  cJSON *one_of = cJSON_GetObjectItemCaseSensitive(node, "oneOf");
  if (one_of && !cJSON_GetObjectItemCaseSensitive(node, "anyOf"))
    cJSON_AddItemToObject(node, "anyOf", cJSON_DetachItemViaPointer(node, one_of));
  struct llm_text taken = {0};
  keywords_take(r, node, &taken);
  if (taken.n) description_extend(node, taken.p);
  llm_text_clear(&taken);
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(node, "type");
  if (cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0) object_close(r, node);
  schema_node_render(r, cJSON_GetObjectItemCaseSensitive(node, "items"), depth + 1);
  static const char *const holders[] = {"properties", "$defs", "definitions", "anyOf", "allOf"};
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
    children_render(r, cJSON_GetObjectItemCaseSensitive(node, holders[i]), depth + 1);
}

char *llm_schema_render(struct trg_str schema, llm_keyword_fn *fine, bool all_required) {
  const struct render r = {fine, all_required};
  cJSON *root = cJSON_ParseWithLength(schema.p ? schema.p : "", schema.n);
  char *text = NULL;
  if (cJSON_IsObject(root)) {
    schema_node_render(&r, root, 0);
    text = cJSON_PrintUnformatted(root);
  }
  cJSON_Delete(root);
  return text;
}

void llm_schema_name(struct llm_text *to, struct trg_str name) {
  for (size_t i = 0; i < name.n && i < 64; i++) {
    const char c = name.p[i];
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    llm_text_add(to, fine ? &c : "_", 1);
  }
  if (name.n == 0) llm_text_put(to, "answer");
}

void llm_schema_say(struct llm_text *to, const char *first, const char *schema) {
  llm_text_put(to, first);
  llm_text_put(to, " exactly one JSON object and nothing else: no code fence, no words before or "
                   "after it. It must follow this JSON schema: ");
  llm_text_put(to, schema);
}

/* ---- what every vendor refuses ---- */

bool llm_is_blank(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!s.p[i] || !strchr(" \t\r\n\v\f", s.p[i])) return false;
  return true;
}

static bool holds_nul(struct trg_str s) {
  return s.n && memchr(s.p, '\0', s.n);
}

static int refuse(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_PERMANENT);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

int llm_request_check(const struct trg_model_request *r, size_t max_bytes, struct trg_err *err) {
  bool nul = holds_nul(r->stable) || holds_nul(r->system) || holds_nul(r->user_hash);
  const struct trg_prompt_part *last = NULL;
  size_t bytes = r->stable.n + r->system.n + r->schema.n;
  for (size_t i = 0; i < r->part_count; i++) {
    nul = nul || holds_nul(r->parts[i].text);
    bytes += r->parts[i].text.n;
    if (!llm_is_blank(r->parts[i].text)) last = &r->parts[i];
  }
  if (nul) return refuse(err, "the prompt holds U+0000, which many servers refuse or cut at");
  if (!last || last->role != TRG_ROLE_USER)
    return refuse(err, "the conversation must end with a user's text: an answer that is begun for "
                       "the model is refused or answered twice");
  return bytes > max_bytes ? refuse(err, "the prompt is larger than the API takes") : 0;
}

/* The tokeniser may be any. Byte-level ones never need more than one token for a byte, and come
 * near it for digits (some split each), and for scripts that they were not trained on. Words and
 * punctuation of ASCII run at 3 to 4 bytes a token, JSON at more than 2. */
int64_t llm_tokens_max(struct trg_str text) {
  int64_t half_tokens = 1;
  for (size_t i = 0; i < text.n; i++) {
    const unsigned char c = (unsigned char)text.p[i];
    half_tokens += c >= 0x80 || (c >= '0' && c <= '9') || c < 0x20 ? 2 : 1;
  }
  return half_tokens / 2;
}

int64_t llm_input_max(const struct trg_model_request *r) {
  int64_t input = llm_tokens_max(r->stable) + llm_tokens_max(r->system) +
                  2 * llm_tokens_max(r->schema) + 600;
  for (size_t i = 0; i < r->part_count; i++) input += llm_tokens_max(r->parts[i].text) + 16;
  return input;
}

void llm_repair_bound(const struct trg_model_request *r, struct trg_usage *usage) {
  usage->estimated = true;
  if (r->schema.n == 0) return;
  usage->input = 2 * usage->input + usage->output + llm_tokens_max(r->schema);
  usage->cache_write *= 2;
  usage->output *= 2;
}
