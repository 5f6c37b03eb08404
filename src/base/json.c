#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_check.h"
#include "base/mem.h"
#include "base/str.h"

#define EXACT 9007199254740992.0 /* 2^53 */

static int by_name(const void *a, const void *b) {
  return strcmp((*(const json *const *)a)->string, (*(const json *const *)b)->string);
}

/* The name of a key that stands twice in one object, or NULL. Sorted, as a hostile text may hold
 * very many keys. Recursion is bounded by the depth that json_check let pass. */
static const char *repeated_key(const json *j) {
  const char *name = NULL;
  if (cJSON_IsObject(j) && j->child != NULL && j->child->next != NULL) {
    const size_t n = (size_t)cJSON_GetArraySize(j);
    const json **all = mem_array(n, sizeof(json *));
    size_t k = 0;
    for (const json *c = j->child; c != NULL; c = c->next) all[k++] = c;
    qsort(all, n, sizeof(json *), by_name);
    for (k = 1; k < n && name == NULL; k++)
      if (strcmp(all[k - 1]->string, all[k]->string) == 0) name = all[k]->string;
    mem_free(all);
  }
  for (const json *c = j->child; c != NULL && name == NULL; c = c->next)
    if (c->child != NULL) name = repeated_key(c);
  return name;
}

json *json_parse(struct trg_str text, uint32_t flags, struct trg_err *err) {
  if (str_starts(text, "\xEF\xBB\xBF")) {
    text.p += 3;
    text.n -= 3;
  }
  char *copy = mem_dup_str(text);
  json *j = NULL;
  if (json_check(copy, text.n, err) == 0) {
    j = cJSON_ParseWithLengthOpts(copy, text.n + 1, NULL, 1);
    if (j == NULL)
      (void)err_set(err, TRG_EINVAL, "json", "line 1, column 1: the JSON text is not understood");
  }
  mem_free(copy);
  const char *twice = j != NULL && (flags & JSON_UNIQUE_KEYS) != 0 ? repeated_key(j) : NULL;
  if (twice != NULL) {
    (void)err_set(err, TRG_EINVAL, "json", "the key \"%.100s\" is given twice in one object",
                  twice);
    json_free(&j);
  }
  return j;
}

void json_free(json **j) {
  if (j == NULL || *j == NULL) return;
  cJSON_Delete(*j);
  *j = NULL;
}

bool json_is_object(const json *j) {
  return j != NULL && cJSON_IsObject(j) != 0;
}
bool json_is_array(const json *j) {
  return j != NULL && cJSON_IsArray(j) != 0;
}
bool json_is_string(const json *j) {
  return j != NULL && cJSON_IsString(j) != 0;
}
bool json_is_number(const json *j) {
  return j != NULL && cJSON_IsNumber(j) != 0;
}
bool json_is_bool(const json *j) {
  return j != NULL && cJSON_IsBool(j) != 0;
}

bool json_is_true(const json *j) {
  return cJSON_IsTrue(j) != 0;
}

bool json_is_null(const json *j) {
  return cJSON_IsNull(j) != 0;
}

double json_double(const json *j) {
  return json_is_number(j) && isfinite(j->valuedouble) ? j->valuedouble : 0;
}

json *json_copy(const json *j) {
  if (j == NULL) return NULL;
  json *copy = cJSON_Duplicate(j, true);
  BUG_UNLESS(copy != NULL);
  return copy;
}

static json *member(const json *object, struct trg_str key) {
  if (!json_is_object(object)) return NULL;
  for (json *c = object->child; c != NULL; c = c->next)
    if (str_is(key, c->string)) return c;
  return NULL;
}

json *json_get(const json *object, const char *key) {
  return member(object, str_of(key));
}

json *json_path(const json *value, const char *dotted) {
  struct trg_str rest = str_of(dotted);
  struct trg_str step;
  json *at = NULL;
  while (str_next(&rest, '.', &step)) {
    int64_t i;
    if (json_is_array(value))
      at = str_to_int(step, &i) == 0 && i >= 0 ? json_at(value, (size_t)i) : NULL;
    else
      at = member(value, step);
    if (at == NULL) return NULL;
    value = at;
  }
  return at;
}

size_t json_count(const json *array) {
  size_t n = 0;
  for (const json *c = json_first(array); c != NULL; c = c->next) n++;
  return n;
}

json *json_at(const json *array, size_t i) {
  json *c = json_first(array);
  while (c != NULL && i > 0) {
    c = c->next;
    i--;
  }
  return c;
}

json *json_first(const json *container) {
  return json_is_array(container) || json_is_object(container) ? container->child : NULL;
}

json *json_next(const json *j) {
  return j == NULL ? NULL : j->next;
}

const char *json_key(const json *j) {
  return j == NULL ? NULL : j->string;
}

struct trg_str json_str(const json *j) {
  return json_is_string(j) ? str_of(j->valuestring) : (struct trg_str){"", 0};
}

struct trg_str json_get_str(const json *object, const char *key) {
  return json_str(json_get(object, key));
}

bool json_get_bool(const json *object, const char *key, bool otherwise) {
  const json *j = json_get(object, key);
  return json_is_bool(j) ? cJSON_IsTrue(j) != 0 : otherwise;
}

static bool integral(const json *j) {
  return json_is_number(j) && fabs(j->valuedouble) <= EXACT &&
         trunc(j->valuedouble) == j->valuedouble;
}

int64_t json_get_int(const json *object, const char *key, int64_t otherwise) {
  const json *j = json_get(object, key);
  return integral(j) ? (int64_t)j->valuedouble : otherwise;
}

double json_get_double(const json *object, const char *key, double otherwise) {
  const json *j = json_get(object, key);
  return json_is_number(j) && isfinite(j->valuedouble) ? j->valuedouble : otherwise;
}

/* 2^53 itself is refused: 2^53 + 1 in the text reads as the same double. */
int json_id(const json *j, char *out, size_t out_size) {
  char text[32];
  struct trg_str s = json_str(j);
  if (!json_is_string(j)) {
    if (!integral(j) || fabs(j->valuedouble) >= EXACT) return -1;
    (void)snprintf(text, sizeof text, "%lld", (long long)j->valuedouble);
    s = str_of(text);
  }
  if (s.n == 0 || s.n >= out_size) return -1;
  memcpy(out, s.p, s.n);
  out[s.n] = '\0';
  return 0;
}
