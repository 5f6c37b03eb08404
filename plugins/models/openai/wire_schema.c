#include "wire.h"

#include <cjson/cJSON.h>
#include <string.h>

/* What every server with a strict mode knows. Bounds and formats are taken by some and refused by
 * others, and the daemon checks the answer against the original. */
static bool keyword_fine(const cJSON *item) {
  static const char *const plain[] = {"type",  "properties",  "required",    "items",
                                      "enum",  "const",       "anyOf",       "$defs",
                                      "title", "description", "definitions", NULL};
  return llm_keyword_among(item, plain);
}

char *openai_schema_render(struct trg_str schema) {
  return llm_schema_render(schema, keyword_fine, true);
}
