#include "wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_DEPTH_MAX 32

static bool among(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

/* What every server with a strict mode knows. Bounds and formats are taken by some and refused by
 * others, and the daemon checks the answer against the original. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {"type",  "properties",  "required",    "items",
                                      "enum",  "const",       "anyOf",       "$defs",
                                      "title", "description", "definitions", NULL};
  if (strcmp(item->string, "$ref") == 0) return cJSON_IsString(item) && item->valuestring[0] == '#';
  return among(item->string, plain);
}

/* Takes the keywords out that may be refused and returns them as "(minimum: 1, maximum: 9)". */
static void keywords_take(cJSON *node, struct openai_text *taken) {
  for (cJSON *item = node->child, *next; item; item = next) {
    next = item->next;
    if (keyword_fine(item)) continue;
    if (strcmp(item->string, "additionalProperties") != 0) { /* set anew, always to false */
      char *value = cJSON_PrintUnformatted(item);
      openai_text_put(taken, taken->n ? ", " : "(");
      openai_text_put(taken, item->string);
      openai_text_put(taken, ": ");
      openai_text_put(taken, value ? value : "?");
      free(value);
    }
    cJSON_Delete(cJSON_DetachItemViaPointer(node, item));
  }
  if (taken->n) openai_text_put(taken, ")");
}

static void description_extend(cJSON *node, const char *more) {
  const cJSON *old = cJSON_GetObjectItemCaseSensitive(node, "description");
  struct openai_text text = {0};
  if (cJSON_IsString(old) && old->valuestring[0]) {
    openai_text_put(&text, old->valuestring);
    openai_text_put(&text, " ");
  }
  openai_text_put(&text, more);
  cJSON_DeleteItemFromObjectCaseSensitive(node, "description");
  cJSON_AddStringToObject(node, "description", text.p);
  openai_text_clear(&text);
}

/* Strict mode wants every property in `required`, in any order: theirs is kept. */
static void object_close(cJSON *node) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(node, "properties");
  cJSON_DeleteItemFromObjectCaseSensitive(node, "required");
  cJSON *required = cJSON_AddArrayToObject(node, "required");
  const cJSON *property;
  cJSON_ArrayForEach(property, properties) {
    cJSON_AddItemToArray(required, cJSON_CreateString(property->string));
  }
  cJSON_AddFalseToObject(node, "additionalProperties");
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
  struct openai_text taken = {0};
  keywords_take(node, &taken);
  if (taken.n) description_extend(node, taken.p);
  openai_text_clear(&taken);
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(node, "type");
  if (cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0) object_close(node);
  schema_node_render(cJSON_GetObjectItemCaseSensitive(node, "items"), depth + 1);
  static const char *const holders[] = {"properties", "$defs", "definitions", "anyOf"};
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
    children_render(cJSON_GetObjectItemCaseSensitive(node, holders[i]), depth + 1);
}

char *openai_schema_render(struct trg_str schema) {
  cJSON *root = cJSON_ParseWithLength(schema.p ? schema.p : "", schema.n);
  char *text = NULL;
  if (cJSON_IsObject(root)) {
    schema_node_render(root, 0);
    text = cJSON_PrintUnformatted(root);
  }
  cJSON_Delete(root);
  return text;
}

void openai_schema_name(struct openai_text *to, struct trg_str name) {
  for (size_t i = 0; i < name.n && i < 64; i++) {
    const char c = name.p[i];
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    openai_text_add(to, fine ? &c : "_", 1);
  }
  if (name.n == 0) openai_text_put(to, "answer");
}
