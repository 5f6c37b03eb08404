#include "mcp/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define DEPTH_MAX 48
#define STEPS_MAX 20000

struct look {
  const json *root;
  struct trg_err *err;
  int depth, steps;
  char path[160];
};

static int fits(struct look *l, const json *schema, const json *value);

static int wrong(struct look *l, const char *what) {
  return err_set(l->err, TRG_EINVAL, "schema", "%s: %s", l->path, what);
}

static bool is_integer(const json *j) {
  return json_is_number(j) && floor(json_double(j)) == json_double(j);
}

static bool type_is(const json *value, struct trg_str type) {
  if (str_is(type, "object")) return json_is_object(value);
  if (str_is(type, "array")) return json_is_array(value);
  if (str_is(type, "string")) return json_is_string(value);
  if (str_is(type, "boolean")) return json_is_bool(value);
  if (str_is(type, "integer")) return is_integer(value);
  if (str_is(type, "number")) return json_is_number(value);
  if (str_is(type, "null")) return json_is_null(value);
  return false;
}

static int type_check(struct look *l, const json *type, const json *value) {
  char known[96] = "";
  if (type == NULL) return 0;
  if (json_is_string(type)) {
    if (type_is(value, json_str(type))) return 0;
    (void)snprintf(known, sizeof known, "must be of type %.*s", (int)json_str(type).n,
                   json_str(type).p);
    return wrong(l, known);
  }
  for (const json *t = json_first(type); t != NULL; t = json_next(t))
    if (type_is(value, json_str(t))) return 0;
  return wrong(l, "is of none of the types that it may have");
}

/* Equal as JSON: compared as text, with object keys in the order in which they stand. */
static bool same(const json *a, const json *b) {
  char *x = json_text(a), *y = json_text(b);
  const bool equal = strcmp(x, y) == 0;
  mem_free(x);
  mem_free(y);
  return equal;
}

static int enum_check(struct look *l, const json *schema, const json *value) {
  const json *list = json_get(schema, "enum"), *one = json_get(schema, "const");
  if (one != NULL && !same(one, value)) return wrong(l, "is not the one value that it may be");
  if (list == NULL) return 0;
  for (const json *e = json_first(list); e != NULL; e = json_next(e))
    if (same(e, value)) return 0;
  char *text = json_text(list);
  const int rc = err_set(l->err, TRG_EINVAL, "schema", "%s: must be one of %.200s", l->path, text);
  mem_free(text);
  return rc;
}

static int number_check(struct look *l, const json *schema, const json *value) {
  if (!json_is_number(value)) return 0;
  const double n = json_double(value);
  const json *low = json_get(schema, "minimum"), *high = json_get(schema, "maximum");
  const json *above = json_get(schema, "exclusiveMinimum");
  const json *below = json_get(schema, "exclusiveMaximum");
  if (json_is_number(low) && n < json_double(low)) return wrong(l, "is below the minimum");
  if (json_is_number(high) && n > json_double(high)) return wrong(l, "is above the maximum");
  if (json_is_number(above) && n <= json_double(above)) return wrong(l, "is too small");
  if (json_is_number(below) && n >= json_double(below)) return wrong(l, "is too large");
  return 0;
}

static int length_check(struct look *l, const json *schema, const json *value) {
  if (!json_is_string(value)) return 0;
  const int64_t n = (int64_t)utf8_length(json_str(value));
  if (n < json_get_int(schema, "minLength", 0)) return wrong(l, "is too short");
  if (n > json_get_int(schema, "maxLength", INT64_MAX)) return wrong(l, "is too long");
  return 0;
}

/* Goes one level down in the path that messages name. */
static int below(struct look *l, const char *step, const json *schema, const json *value) {
  char before[sizeof l->path];
  memcpy(before, l->path, sizeof before);
  const size_t n = strlen(l->path);
  (void)snprintf(l->path + n, sizeof l->path - n, "%.40s", step);
  const int rc = fits(l, schema, value);
  if (rc == 0) memcpy(l->path, before, sizeof before);
  return rc;
}

static int member_check(struct look *l, const json *schema, const json *member) {
  const json *known = json_get(json_get(schema, "properties"), json_key(member));
  const json *others = json_get(schema, "additionalProperties");
  char step[48];
  (void)snprintf(step, sizeof step, ".%.40s", json_key(member));
  if (known != NULL) return below(l, step, known, member);
  if (others == NULL) return 0;
  return below(l, step, others, member);
}

static int object_check(struct look *l, const json *schema, const json *value) {
  if (!json_is_object(value)) return 0;
  for (const json *r = json_first(json_get(schema, "required")); r != NULL; r = json_next(r)) {
    const struct trg_str name = json_str(r);
    char key[128];
    (void)snprintf(key, sizeof key, "%.*s", (int)name.n, name.p != NULL ? name.p : "");
    if (json_get(value, key) == NULL)
      return err_set(l->err, TRG_EINVAL, "schema", "%s.%.60s: is missing", l->path, key);
  }
  for (const json *m = json_first(value); m != NULL; m = json_next(m)) {
    const int rc = member_check(l, schema, m);
    if (rc != 0) return rc;
  }
  return 0;
}

static int array_check(struct look *l, const json *schema, const json *value) {
  if (!json_is_array(value)) return 0;
  const int64_t n = (int64_t)json_count(value);
  const json *items = json_get(schema, "items");
  if (n < json_get_int(schema, "minItems", 0)) return wrong(l, "has too few items");
  if (n > json_get_int(schema, "maxItems", INT64_MAX)) return wrong(l, "has too many items");
  size_t i = 0;
  for (const json *v = json_first(value); items != NULL && v != NULL; v = json_next(v), i++) {
    char step[32];
    (void)snprintf(step, sizeof step, "[%zu]", i);
    const int rc = below(l, step, items, v);
    if (rc != 0) return rc;
  }
  return 0;
}

/* How many of the list's schemas the value fits. Negative when a bound was passed. */
static int count_fits(struct look *l, const json *list, const json *value) {
  int n = 0;
  for (const json *s = json_first(list); s != NULL; s = json_next(s)) {
    char before[sizeof l->path];
    memcpy(before, l->path, sizeof before);
    const int rc = fits(l, s, value);
    if (rc == TRG_ELIMIT) return rc;
    if (rc == 0) n++;
    memcpy(l->path, before, sizeof before);
  }
  return n;
}

static int combined_check(struct look *l, const json *schema, const json *value) {
  const json *any = json_get(schema, "anyOf"), *one = json_get(schema, "oneOf");
  const json *not = json_get(schema, "not");
  for (const json *s = json_first(json_get(schema, "allOf")); s != NULL; s = json_next(s)) {
    const int rc = fits(l, s, value);
    if (rc != 0) return rc;
  }
  if (any != NULL) {
    const int n = count_fits(l, any, value);
    if (n <= 0) return n == TRG_ELIMIT ? n : wrong(l, "fits none of the forms that it may have");
  }
  if (one != NULL) {
    const int n = count_fits(l, one, value);
    if (n != 1) return n == TRG_ELIMIT ? n : wrong(l, "must fit exactly one of its forms");
  }
  if (not != NULL) {
    const int rc = fits(l, not, value);
    if (rc == TRG_ELIMIT) return rc;
    if (rc == 0) return wrong(l, "has a form that it must not have");
  }
  return 0;
}

/* "#/$defs/name": pointers into the schema itself (RFC 6901). NULL: there is no such place. */
static const json *ref_find(const struct look *l, struct trg_str ref) {
  if (str_is(ref, "#")) return l->root;
  if (!str_starts(ref, "#/")) return NULL;
  struct trg_str rest = {ref.p + 2, ref.n - 2}, piece;
  const json *at = l->root;
  while (at != NULL && str_next(&rest, '/', &piece)) {
    char key[128];
    size_t n = 0;
    for (size_t i = 0; i < piece.n && n + 1 < sizeof key; i++) {
      const bool escaped = piece.p[i] == '~' && i + 1 < piece.n;
      key[n++] = !escaped ? piece.p[i] : piece.p[i + 1] == '1' ? '/' : '~';
      if (escaped) i++;
    }
    key[n] = '\0';
    int64_t index = 0;
    if (json_is_array(at))
      at = str_to_int(str_of(key), &index) == 0 && index >= 0 ? json_at(at, (size_t)index) : NULL;
    else
      at = json_get(at, key);
  }
  return at;
}

static int all_checks(struct look *l, const json *schema, const json *value) {
  int rc = type_check(l, json_get(schema, "type"), value);
  if (rc == 0) rc = enum_check(l, schema, value);
  if (rc == 0) rc = number_check(l, schema, value);
  if (rc == 0) rc = length_check(l, schema, value);
  if (rc == 0) rc = object_check(l, schema, value);
  if (rc == 0) rc = array_check(l, schema, value);
  if (rc == 0) rc = combined_check(l, schema, value);
  if (rc != 0 || !json_is_string(json_get(schema, "$ref"))) return rc;
  const json *target = ref_find(l, json_get_str(schema, "$ref"));
  return target != NULL ? fits(l, target, value)
                        : wrong(l, "its schema refers to what is not there");
}

static int fits(struct look *l, const json *schema, const json *value) {
  if (json_is_bool(schema)) return json_is_true(schema) ? 0 : wrong(l, "is not known here");
  if (l->depth >= DEPTH_MAX || l->steps >= STEPS_MAX)
    return err_set(l->err, TRG_ELIMIT, "schema", "%s: its schema is too deep or too long", l->path);
  l->steps++;
  l->depth++;
  const int rc = all_checks(l, schema, value);
  l->depth--;
  return rc;
}

int schema_check(const json *schema, const json *value, const char *name, struct trg_err *err) {
  struct look l = {.root = schema, .err = err};
  (void)snprintf(l.path, sizeof l.path, "%.60s", name);
  return fits(&l, schema, value);
}
