#include "spec_check.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough of JSON Schema for request bodies: $ref, allOf, anyOf, oneOf (as anyOf), type, enum,
 * const, properties, required, additionalProperties, items, minLength, maxLength, minimum, maximum.
 */
struct check {
  const cJSON *schemas;
  char *why;
  size_t why_room;
};

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool no(struct check *c, const char *place, const char *what) {
  snprintf(c->why, c->why_room, "%s: %s", place, what);
  return false;
}

static bool is_type(const cJSON *value, const char *type) {
  return (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
         (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
         (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
         (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
         (strcmp(type, "null") == 0 && cJSON_IsNull(value)) ||
         ((strcmp(type, "number") == 0 || strcmp(type, "integer") == 0) && cJSON_IsNumber(value));
}

static bool value_fits(struct check *c, const cJSON *schema, const cJSON *value, const char *place);

static bool object_fits(struct check *c, const cJSON *schema, const cJSON *value,
                        const char *place) {
  const cJSON *item;
  cJSON_ArrayForEach(item, member(schema, "required")) {
    if (!member(value, item->valuestring)) return no(c, place, item->valuestring);
  }
  const cJSON *properties = member(schema, "properties");
  cJSON_ArrayForEach(item, value) {
    const cJSON *property = member(properties, item->string);
    if (!property && cJSON_IsFalse(member(schema, "additionalProperties")))
      return no(c, item->string, "not a known key");
    if (property && !value_fits(c, property, item, item->string)) return false;
  }
  return true;
}

static bool scalar_fits(struct check *c, const cJSON *schema, const cJSON *value,
                        const char *place) {
  const cJSON *minimum = member(schema, "minimum");
  const cJSON *maximum = member(schema, "maximum");
  const cJSON *min_length = member(schema, "minLength");
  const cJSON *max_length = member(schema, "maxLength");
  const cJSON *constant = member(schema, "const");
  const cJSON *words = member(schema, "enum");
  if (cJSON_IsNumber(value) && ((minimum && value->valuedouble < minimum->valuedouble) ||
                                (maximum && value->valuedouble > maximum->valuedouble)))
    return no(c, place, "out of range");
  if (cJSON_IsString(value) &&
      ((min_length && strlen(value->valuestring) < (size_t)min_length->valueint) ||
       (max_length && strlen(value->valuestring) > (size_t)max_length->valueint)))
    return no(c, place, "length");
  if (constant && !cJSON_Compare(constant, value, true)) return no(c, place, "not the constant");
  const cJSON *word;
  bool found = !words;
  cJSON_ArrayForEach(word, words) {
    found = found || cJSON_Compare(word, value, true);
  }
  return found || no(c, place, "not one of the enum");
}

static bool value_fits(struct check *c, const cJSON *schema, const cJSON *value,
                       const char *place) {
  static const char *const unions[] = {"anyOf", "oneOf"};
  const cJSON *ref = member(schema, "$ref");
  if (cJSON_IsString(ref)) {
    const cJSON *target = member(c->schemas, strrchr(ref->valuestring, '/') + 1);
    return target ? value_fits(c, target, value, place) : no(c, place, "a dead $ref");
  }
  for (size_t i = 0; i < 2; i++) {
    const cJSON *options = member(schema, unions[i]);
    const cJSON *option;
    bool found = !options;
    cJSON_ArrayForEach(option, options) {
      found = found || value_fits(c, option, value, place);
    }
    if (!found) return false;
  }
  const cJSON *part;
  cJSON_ArrayForEach(part, member(schema, "allOf")) {
    if (!value_fits(c, part, value, place)) return false;
  }
  const cJSON *type = member(schema, "type");
  if (cJSON_IsString(type) && !is_type(value, type->valuestring))
    return no(c, place, "of another type");
  if (cJSON_IsObject(value) && !object_fits(c, schema, value, place)) return false;
  const cJSON *items = member(schema, "items");
  const cJSON *item;
  if (items && cJSON_IsArray(value)) {
    cJSON_ArrayForEach(item, value) {
      if (!value_fits(c, items, item, place)) return false;
    }
  }
  return scalar_fits(c, schema, value, place);
}

static cJSON *spec_read(const char *file) {
  char path[512];
  const char *folder = getenv("TRIAGED_SPECS");
  snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/specs", file);
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = malloc(1 << 20);
  const size_t n = text ? fread(text, 1, 1 << 20, f) : 0;
  fclose(f);
  cJSON *root = cJSON_ParseWithLength(text, n);
  free(text);
  return root;
}

/* The schema tolerates keys that it does not know; the vendor answers them with 400. */
static bool key_known(struct check *c, const cJSON *schema, const char *key) {
  const cJSON *ref = member(schema, "$ref");
  if (cJSON_IsString(ref))
    return key_known(c, member(c->schemas, strrchr(ref->valuestring, '/') + 1), key);
  const cJSON *part;
  cJSON_ArrayForEach(part, member(schema, "allOf")) {
    if (key_known(c, part, key)) return true;
  }
  return member(member(schema, "properties"), key) != NULL;
}

int spec_check(const struct spec *s, const char *body, char *why, size_t why_room) {
  cJSON *spec = spec_read(s->file);
  if (!spec) return -1;
  struct check c = {member(member(spec, "components"), "schemas"), why, why_room};
  const cJSON *schema = member(c.schemas, s->schema);
  cJSON *value = cJSON_Parse(body);
  bool fits = value && value_fits(&c, schema, value, "body");
  const cJSON *item;
  if (s->only_known_keys) {
    cJSON_ArrayForEach(item, value) {
      fits = fits && (key_known(&c, schema, item->string) || no(&c, item->string, "not known"));
    }
  }
  cJSON_Delete(value);
  cJSON_Delete(spec);
  return fits ? 1 : 0;
}
