/* Which JSON schemas structured output takes, and which it refuses. */
#include "anthropic.h"

#include <stdio.h>
#include <string.h>

enum { OPTIONAL_MAX = 24, UNION_MAX = 16, REF_DEPTH = 32 };

struct walk {
  struct ask *ask;
  const cJSON *root;
  const char *where;
  struct schema_totals *totals;
  const char *refs[REF_DEPTH]; /* definitions that are being walked */
  int ref_count;
};

static bool walk(struct walk *w, const cJSON *schema, int depth);

static bool keyword_known(const char *key) {
  static const char known[] =
      " type properties required additionalProperties items enum const anyOf allOf $ref $defs "
      "definitions description title default format minItems pattern $schema ";
  char word[80];
  snprintf(word, sizeof word, " %.70s ", key);
  return strstr(known, word) != NULL;
}

static bool format_known(const char *format) {
  static const char known[] = " date-time time date duration email hostname uri ipv4 ipv6 uuid ";
  char word[80];
  snprintf(word, sizeof word, " %.70s ", format);
  return strstr(known, word) != NULL;
}

static bool keywords_check(struct walk *w, const cJSON *schema) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, schema) {
    if (!keyword_known(item->string)) {
      return ask_fail(w->ask, "%s: property '%s' is not supported", w->where, item->string);
    }
    if (strcmp(item->string, "minItems") == 0 &&
        !(cJSON_IsNumber(item) && item->valuedouble <= 1)) {
      return ask_fail(w->ask,
                      "%s: For 'array' type, 'minItems' values other than 0 or 1 are not supported",
                      w->where);
    }
    if (strcmp(item->string, "format") == 0 &&
        !(cJSON_IsString(item) && format_known(item->valuestring))) {
      return ask_fail(w->ask, "%s: format '%s' is not supported", w->where,
                      cJSON_IsString(item) ? item->valuestring : "?");
    }
    if (strcmp(item->string, "pattern") == 0 &&
        (!cJSON_IsString(item) || strstr(item->valuestring, "(?") ||
         strstr(item->valuestring, "\\1") || strstr(item->valuestring, "\\b"))) {
      return ask_fail(w->ask, "%s: pattern uses lookaround, a backreference or a word boundary",
                      w->where);
    }
  }
  return true;
}

static bool values_check(struct walk *w, const cJSON *schema) {
  const cJSON *item = NULL;
  const cJSON *choices = cJSON_GetObjectItemCaseSensitive(schema, "enum");
  if (choices && cJSON_GetArraySize(choices) == 0) {
    return ask_fail(w->ask, "%s: enum must be a non-empty list", w->where);
  }
  cJSON_ArrayForEach(item, choices) {
    if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
      return ask_fail(w->ask, "%s: enum values must be primitives", w->where);
    }
  }
  const cJSON *constant = cJSON_GetObjectItemCaseSensitive(schema, "const");
  if (cJSON_IsObject(constant) || cJSON_IsArray(constant)) {
    return ask_fail(w->ask, "%s: const must be a primitive", w->where);
  }
  return true;
}

static bool object_check(struct walk *w, const cJSON *schema, int depth) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
  const cJSON *property = NULL;
  const cJSON *name = NULL;
  if (!cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties"))) {
    return ask_fail(w->ask,
                    "%s: For 'object' type, 'additionalProperties' must be explicitly set to false",
                    w->where);
  }
  if (properties && !cJSON_IsObject(properties)) {
    return ask_fail(w->ask, "%s: properties must be an object", w->where);
  }
  int wanted = 0;
  cJSON_ArrayForEach(name, required) {
    if (!cJSON_IsString(name) ||
        cJSON_GetObjectItemCaseSensitive(properties, name->valuestring) == NULL) {
      return ask_fail(w->ask, "%s: required names a property that does not exist", w->where);
    }
    wanted++;
  }
  w->totals->optional += cJSON_GetArraySize(properties) - wanted;
  if (w->totals->optional > OPTIONAL_MAX) {
    return ask_fail(w->ask,
                    "Schemas contain too many optional parameters: the limit is %d per request",
                    OPTIONAL_MAX);
  }
  cJSON_ArrayForEach(property, properties) {
    if (!walk(w, property, depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool ref_check(struct walk *w, const char *ref, int depth) {
  const char *name = strrchr(ref, '/');
  if (ref[0] != '#' || name == NULL) {
    return ask_fail(w->ask, "%s: external $ref '%s' is not supported", w->where, ref);
  }
  name++;
  const cJSON *defs = cJSON_GetObjectItemCaseSensitive(w->root, "$defs");
  defs = defs ? defs : cJSON_GetObjectItemCaseSensitive(w->root, "definitions");
  const cJSON *target = cJSON_GetObjectItemCaseSensitive(defs, name);
  if (target == NULL) {
    return ask_fail(w->ask, "%s: $ref '%s' points nowhere", w->where, ref);
  }
  for (int i = 0; i < w->ref_count; i++) {
    if (strcmp(w->refs[i], name) == 0) {
      return ask_fail(w->ask, "%s: recursive schemas are not supported ('%s')", w->where, name);
    }
  }
  if (w->ref_count == REF_DEPTH) {
    return ask_fail(w->ask, "%s: the schema nests too deeply", w->where);
  }
  w->refs[w->ref_count++] = name;
  bool good = walk(w, target, depth + 1);
  w->ref_count--;
  return good;
}

static bool union_check(struct walk *w, const cJSON *schema, int depth) {
  const cJSON *part = NULL;
  const cJSON *any = cJSON_GetObjectItemCaseSensitive(schema, "anyOf");
  const cJSON *all = cJSON_GetObjectItemCaseSensitive(schema, "allOf");
  w->totals->unions += any || cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(schema, "type")) ? 1
                                                                                              : 0;
  if (w->totals->unions > UNION_MAX) {
    return ask_fail(
        w->ask, "Schemas contain too many parameters with union types: the limit is %d per request",
        UNION_MAX);
  }
  cJSON_ArrayForEach(part, any) {
    if (!walk(w, part, depth + 1)) {
      return false;
    }
  }
  cJSON_ArrayForEach(part, all) {
    if (cJSON_GetObjectItemCaseSensitive(part, "$ref")) {
      return ask_fail(w->ask, "%s: allOf with $ref is not supported", w->where);
    }
    if (!walk(w, part, depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool walk(struct walk *w, const cJSON *schema, int depth) {
  if (depth > 64) {
    return ask_fail(w->ask, "%s: the schema nests too deeply", w->where);
  }
  if (!cJSON_IsObject(schema)) {
    return ask_fail(w->ask, "%s: every schema must be an object", w->where);
  }
  if (!keywords_check(w, schema) || !values_check(w, schema) || !union_check(w, schema, depth)) {
    return false;
  }
  const cJSON *ref = cJSON_GetObjectItemCaseSensitive(schema, "$ref");
  if (cJSON_IsString(ref) && !ref_check(w, ref->valuestring, depth)) {
    return false;
  }
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
  bool object = cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0;
  if ((object || cJSON_GetObjectItemCaseSensitive(schema, "properties")) &&
      !object_check(w, schema, depth)) {
    return false;
  }
  const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
  return items == NULL || walk(w, items, depth + 1);
}

bool schema_check(struct ask *a, const cJSON *schema, const char *where,
                  struct schema_totals *totals) {
  struct walk w = {.ask = a, .root = schema, .where = where, .totals = totals};
  return walk(&w, schema, 0);
}
