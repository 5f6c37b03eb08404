/* The building and writing half of json.h. Numbers are written here and not by cJSON, which calls
 * two integrals near 2^53 equal and follows the locale. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"

#define EXACT INT64_C(9007199254740992) /* 2^53 */

static json *made(json *j) {
  BUG_UNLESS(j != NULL); /* cJSON is out of memory */
  return j;
}

json *json_object(void) {
  return made(cJSON_CreateObject());
}
json *json_array(void) {
  return made(cJSON_CreateArray());
}

/* A C string that cJSON may copy: NUL and what is not UTF-8 become U+FFFD. */
static char *clean(struct trg_str s) {
  if (utf8_valid(s) && (s.n == 0 || memchr(s.p, '\0', s.n) == NULL)) return mem_dup_str(s);
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  for (size_t i = 0; i < s.n;) {
    char coded[4];
    const uint32_t c = utf8_next(s, &i);
    buf_add(&b, coded, utf8_put(coded, c == 0 ? 0xFFFD : c));
  }
  return buf_take(&b, NULL);
}

static json *string_of(struct trg_str s) {
  char *text = clean(s);
  json *j = made(cJSON_CreateString(text));
  mem_free(text);
  return j;
}

void json_put(json *object, const char *key, json *value) {
  BUG_UNLESS(json_is_object(object) && key != NULL && value != NULL && value != object);
  char *name = clean(str_of(key));
  if (json_get(object, name) != NULL)
    BUG_UNLESS(cJSON_ReplaceItemInObjectCaseSensitive(object, name, value));
  else
    BUG_UNLESS(cJSON_AddItemToObject(object, name, value));
  mem_free(name);
}

void json_put_str(json *object, const char *key, struct trg_str s) {
  json_put(object, key, string_of(s));
}

void json_put_text(json *object, const char *key, const char *text) {
  json_put_str(object, key, str_of(text));
}

/* What a JSON number cannot hold exactly is written as text rather than changed. */
void json_put_int(json *object, const char *key, int64_t n) {
  if (n <= EXACT && n >= -EXACT) {
    json_put(object, key, made(cJSON_CreateNumber((double)n)));
    return;
  }
  char text[32];
  (void)snprintf(text, sizeof text, "%lld", (long long)n);
  json_put_text(object, key, text);
}

/* printf with a point, whatever the locale says. */
static void print_double(char *out, size_t size, const char *format, int places, double d) {
  (void)snprintf(out, size, format, places, d);
  for (char *c = out; *c != '\0'; c++)
    if (*c == ',') *c = '.';
}

static void drop_zeros(char *text) {
  if (strchr(text, '.') == NULL) return;
  size_t n = strlen(text);
  while (text[n - 1] == '0') n--;
  if (text[n - 1] == '.') n--;
  text[n] = '\0';
}

static bool reads_as(const char *text, double d) {
  double again;
  return str_to_double(str_of(text), &again) == 0 && again == d;
}

void json_put_double(json *object, const char *key, double d) {
  if (!isfinite(d)) {
    json_put_null(object, key);
    return;
  }
  if (fabs(d) < 1e15) { /* above, a double has no sixth place */
    char text[64];
    print_double(text, sizeof text, "%.*f", 6, d);
    (void)str_to_double(str_of(text), &d);
  }
  json_put(object, key, made(cJSON_CreateNumber(d)));
}

void json_put_bool(json *object, const char *key, bool b) {
  json_put(object, key, made(cJSON_CreateBool(b)));
}

void json_put_null(json *object, const char *key) {
  json_put(object, key, made(cJSON_CreateNull()));
}

void json_put_micros(json *object, const char *key, int64_t micros) {
  char text[MONEY_TEXT_MAX];
  json_put_text(object, key, money_format(micros, text));
}

void json_put_time(json *object, const char *key, int64_t at_ms) {
  char text[TIME_RFC3339_MAX];
  json_put_text(object, key, at_ms == 0 ? "" : time_format(at_ms, text));
}

void json_add(json *array, json *value) {
  BUG_UNLESS(json_is_array(array) && value != NULL && value != array);
  BUG_UNLESS(cJSON_AddItemToArray(array, value));
}

void json_add_str(json *array, struct trg_str s) {
  json_add(array, string_of(s));
}

static void write_number(struct buf *b, double d) {
  char text[64];
  if (!isfinite(d)) {
    buf_text(b, "null");
    return;
  }
  if (fabs(d) <= (double)EXACT && trunc(d) == d) {
    buf_printf(b, "%lld", (long long)d);
    return;
  }
  print_double(text, sizeof text, "%.*f", 6, fabs(d) < 1e15 ? d : 0.0);
  drop_zeros(text);
  for (int places = 1; places <= 17 && !reads_as(text, d); places++)
    print_double(text, sizeof text, "%.*g", places, d);
  buf_text(b, text);
}

static void new_line(struct buf *b, int indent) {
  if (indent < 0) return;
  buf_char(b, '\n');
  for (int i = 0; i < indent; i++) buf_text(b, "  ");
}

static void write_value(struct buf *b, const json *j, int indent);

/* indent: of what is inside; negative means compact. */
static void write_container(struct buf *b, const json *j, int indent) {
  const bool object = json_is_object(j);
  buf_char(b, object ? '{' : '[');
  for (const json *c = j->child; c != NULL; c = c->next) {
    if (c != j->child) buf_char(b, ',');
    new_line(b, indent);
    if (object) {
      buf_json(b, str_of(c->string));
      buf_text(b, indent < 0 ? ":" : ": ");
    }
    write_value(b, c, indent < 0 ? -1 : indent + 1);
  }
  if (j->child != NULL) new_line(b, indent < 0 ? -1 : indent - 1);
  buf_char(b, object ? '}' : ']');
}

static void write_value(struct buf *b, const json *j, int indent) {
  if (json_is_object(j) || json_is_array(j))
    write_container(b, j, indent);
  else if (json_is_string(j))
    buf_json(b, str_of(j->valuestring));
  else if (json_is_number(j))
    write_number(b, j->valuedouble);
  else if (json_is_bool(j))
    buf_text(b, cJSON_IsTrue(j) ? "true" : "false");
  else if (j != NULL && cJSON_IsRaw(j))
    buf_text(b, j->valuestring);
  else
    buf_text(b, "null");
}

static char *text_of(const json *j, int indent) {
  struct buf b;
  buf_init(&b, SIZE_MAX / 4); /* bounded by what is in memory already */
  write_value(&b, j, indent);
  return buf_take(&b, NULL);
}

char *json_text(const json *j) {
  return text_of(j, -1);
}
char *json_text_pretty(const json *j) {
  return text_of(j, 1);
}
