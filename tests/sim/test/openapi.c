#include "openapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 60 };

struct check {
  const struct openapi *options;
  const cJSON *root;
  char *why;
  size_t why_bytes;
  int depth;
};

static bool check_value(struct check *c, const cJSON *schema, const cJSON *v, const char *where);

static bool fail(const struct check *c, const char *where, const char *what) {
  if (c->why) {
    snprintf(c->why, c->why_bytes, "%s: %s", *where ? where : "(root)", what);
  }
  return false;
}

static const cJSON *get(const cJSON *in, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(in, key);
}

/* "#/components/schemas/X", step by step */
static const cJSON *resolve(const struct check *c, const char *ref) {
  const cJSON *at = c->root;
  char step[128];
  if (*ref != '#') {
    return NULL;
  }
  for (ref++; *ref == '/' && at;) {
    size_t n = strcspn(++ref, "/");
    snprintf(step, sizeof step, "%.*s", (int)n, ref);
    at = get(at, step);
    ref += n;
  }
  return at;
}

static bool type_is(const char *type, const cJSON *v) {
  if (strcmp(type, "integer") == 0) {
    return cJSON_IsNumber(v) && v->valuedouble == (double)(long long)v->valuedouble;
  }
  return (strcmp(type, "object") == 0 && cJSON_IsObject(v)) ||
         (strcmp(type, "array") == 0 && cJSON_IsArray(v)) ||
         (strcmp(type, "string") == 0 && cJSON_IsString(v)) ||
         (strcmp(type, "number") == 0 && cJSON_IsNumber(v)) ||
         (strcmp(type, "boolean") == 0 && cJSON_IsBool(v)) ||
         (strcmp(type, "null") == 0 && cJSON_IsNull(v));
}

static bool check_type(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *type = get(schema, "type");
  const cJSON *one = NULL;
  char text[96];
  if (cJSON_IsString(type)) {
    snprintf(text, sizeof text, "is not of type %s", type->valuestring);
    return type_is(type->valuestring, v) || fail(c, where, text);
  }
  cJSON_ArrayForEach(one, type) {
    if (cJSON_IsString(one) && type_is(one->valuestring, v)) {
      return true;
    }
  }
  return type == NULL || fail(c, where, "is of none of the types");
}

static bool check_choice(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *choices = get(schema, "enum");
  const cJSON *constant = get(schema, "const");
  const cJSON *one = NULL;
  if (constant && !cJSON_Compare(constant, v, true)) {
    return fail(c, where, "is not the constant");
  }
  cJSON_ArrayForEach(one, choices) {
    if (cJSON_Compare(one, v, true)) {
      return true;
    }
  }
  return choices == NULL || fail(c, where, "is none of the choices");
}

static bool unchecked(const struct check *c, const char *where) {
  const char *const *names = c->options ? c->options->unchecked : NULL;
  for (; names && *names; names++) {
    size_t n = strlen(*names);
    size_t m = strlen(where);
    if (m >= n && strcmp(where + m - n, *names) == 0) {
      return true;
    }
  }
  return false;
}

static bool check_members(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *name = NULL;
  const cJSON *member = NULL;
  const cJSON *properties = get(schema, "properties");
  char below[256];
  cJSON_ArrayForEach(name, get(schema, "required")) {
    if (get(v, name->valuestring) == NULL) {
      snprintf(below, sizeof below, "%.200s.%s", where, name->valuestring);
      return fail(c, below, "is missing");
    }
  }
  cJSON_ArrayForEach(member, v) {
    const cJSON *described = get(properties, member->string);
    snprintf(below, sizeof below, "%.200s.%.50s", where, member->string);
    if (described == NULL) {
      if (cJSON_IsFalse(get(schema, "additionalProperties"))) {
        return fail(c, below, "is not described");
      }
      continue;
    }
    if (!unchecked(c, below) && !check_value(c, described, member, below)) {
      return false;
    }
  }
  return true;
}

static bool check_any(struct check *c, const cJSON *list, const cJSON *v, const char *where) {
  const cJSON *one = NULL;
  char first[300] = "";
  char *why = c->why;
  size_t why_bytes = c->why_bytes;
  cJSON_ArrayForEach(one, list) {
    char here[300] = "";
    c->why = here;
    c->why_bytes = sizeof here;
    bool good = check_value(c, one, v, where);
    c->why = why;
    c->why_bytes = why_bytes;
    if (good) {
      return true;
    }
    if (*first == '\0') {
      memcpy(first, here, sizeof first);
    }
  }
  if (why) {
    snprintf(why, why_bytes, "%s: fits none of the alternatives; the first says %s", where, first);
  }
  return false;
}

static bool check_parts(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *one = NULL;
  const cJSON *any = get(schema, "anyOf");
  const cJSON *alternatives = get(schema, "oneOf");
  if ((any && !check_any(c, any, v, where)) ||
      (alternatives && !check_any(c, alternatives, v, where))) {
    return false;
  }
  cJSON_ArrayForEach(one, get(schema, "allOf")) {
    if (!check_value(c, one, v, where)) {
      return false;
    }
  }
  return true;
}

static bool check_items(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *items = get(schema, "items");
  const cJSON *item = NULL;
  if (items == NULL || !cJSON_IsArray(v)) {
    return true;
  }
  cJSON_ArrayForEach(item, v) {
    if (!check_value(c, items, item, where)) {
      return false;
    }
  }
  return true;
}

static bool check_ref(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  const cJSON *ref = get(schema, "$ref");
  if (!cJSON_IsString(ref)) {
    return true;
  }
  const cJSON *target = resolve(c, ref->valuestring);
  return target ? check_value(c, target, v, where) : fail(c, where, "$ref points nowhere");
}

static bool check_value(struct check *c, const cJSON *schema, const cJSON *v, const char *where) {
  if (c->depth > DEPTH_MAX || !cJSON_IsObject(schema)) {
    return true;
  }
  if (cJSON_IsNull(v) &&
      (cJSON_IsTrue(get(schema, "nullable")) || (c->options && c->options->nulls_pass))) {
    return true;
  }
  c->depth++;
  bool good = check_ref(c, schema, v, where) && check_type(c, schema, v, where) &&
              check_choice(c, schema, v, where) && check_parts(c, schema, v, where) &&
              (!cJSON_IsObject(v) || check_members(c, schema, v, where)) &&
              check_items(c, schema, v, where);
  c->depth--;
  return good;
}

static char *file_text(const char *path) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    return NULL;
  }
  fseek(f, 0, SEEK_END);
  long n = ftell(f);
  rewind(f);
  char *text = calloc(1, (size_t)n + 1);
  if (text && fread(text, 1, (size_t)n, f) != (size_t)n) {
    free(text);
    text = NULL;
  }
  fclose(f);
  return text;
}

struct openapi *openapi_open(const char *name) {
  const char *shared = getenv("TRIAGED_SHARED");
  char path[512];
  snprintf(path, sizeof path, "%s/specs/%s", shared ? shared : "../shared", name);
  char *text = file_text(path);
  cJSON *doc = text ? cJSON_Parse(text) : NULL;
  free(text);
  if (doc == NULL) {
    fprintf(stderr, "%s is not there: responses are not checked against it\n", path);
    return NULL;
  }
  struct openapi *o = calloc(1, sizeof *o);
  if (o) {
    o->doc = doc;
  }
  return o;
}

void openapi_close(struct openapi *o) {
  if (o) {
    cJSON_Delete(o->doc);
    free(o);
  }
}

bool openapi_response(const struct openapi *o, const char *path, const char *method,
                      const char *status, const cJSON *body, char *why, size_t why_bytes) {
  const cJSON *responses = get(get(get(get(o->doc, "paths"), path), method), "responses");
  const cJSON *response = get(responses, status);
  char family[4] = {status[0], 'X', 'X', '\0'};
  response = response ? response : get(responses, family);
  const cJSON *schema = get(get(get(response, "content"), "application/json"), "schema");
  struct check c = {.options = o, .root = o->doc, .why = why, .why_bytes = why_bytes};
  if (schema == NULL) {
    snprintf(why, why_bytes, "%s %s %s is not in the file", method, path, status);
    return false;
  }
  return check_value(&c, schema, body, "");
}

bool schema_accepts(const cJSON *schema, const cJSON *value, char *why, size_t why_bytes) {
  struct check c = {.root = schema, .why = why, .why_bytes = why_bytes};
  return check_value(&c, schema, value, "");
}
