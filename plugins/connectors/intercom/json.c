/*
 * cJSON with its sharp edges covered: it keeps numbers as doubles (ids past 2^53 would change
 * silently), refuses a whole document for one lone surrogate, ends a string at U+0000, and takes
 * any amount of memory for many small values. Customers can put all of these into a conversation.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define DEPTH_MAX  64
#define VALUES_MAX 2000000u /* about 64 bytes each */

int intercom_malformed(struct trg_err *err, const char *what) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_MALFORMED);
  snprintf(err->text, sizeof err->text, "Intercom's answer could not be understood: %s", what);
  return -1;
}

static int hex4(const char *p) {
  int code = 0;
  for (int i = 0; i < 4; i++) {
    int c = (unsigned char)p[i];
    int digit = c >= '0' && c <= '9'                 ? c - '0'
                : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                     : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

static int escape_at(const char *p, size_t n) {
  return n >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
}

/* Repairs the escape at p in place (a \uXXXX keeps its length); returns how many bytes it is. */
static size_t escape_repair(char *p, size_t n) {
  static const char replacement[6] = {'\\', 'u', 'f', 'f', 'f', 'd'};
  int code = escape_at(p, n);
  if (code < 0) return n < 2 ? 1 : 2;
  if (code >= 0xD800 && code < 0xDC00) {
    int low = escape_at(p + 6, n - 6);
    if (low >= 0xDC00 && low < 0xE000) return 12;
  }
  if (code == 0 || (code >= 0xD800 && code < 0xE000)) memcpy(p, replacement, sizeof replacement);
  return 6;
}

struct cost {
  size_t depth, values;
};

static void cost_add(struct cost *cost, char c) {
  if (c == '[' || c == '{')
    cost->depth++, cost->values++;
  else if (c == ']' || c == '}')
    cost->depth -= cost->depth > 0;
  else if (c == ',')
    cost->values++;
}

/* Makes the text safe for cJSON and counts what it would cost; NULL, or what is wrong. */
static const char *text_repair(char *p, size_t n) {
  struct cost cost = {0, 0};
  bool in_string = false;
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '\0') p[i] = ' ';
    if (p[i] == '"')
      in_string = !in_string;
    else if (in_string && p[i] == '\\')
      i += escape_repair(p + i, n - i) - 1;
    else if (!in_string)
      cost_add(&cost, p[i]);
    if (cost.depth > DEPTH_MAX) return "nested too deeply";
    if (cost.values > VALUES_MAX) return "too many values in one document";
  }
  return NULL;
}

cJSON *intercom_json(struct trg_str body, struct trg_err *err) {
  char *copy = malloc(body.n + 1);
  if (copy == NULL) abort();
  if (body.n > 0) memcpy(copy, body.p, body.n);
  copy[body.n] = '\0';
  const char *problem = text_repair(copy, body.n);
  cJSON *json = problem == NULL ? cJSON_ParseWithLengthOpts(copy, body.n + 1, NULL, 1) : NULL;
  free(copy);
  if (json == NULL)
    (void)intercom_malformed(err, problem != NULL ? problem : "not JSON, or cut off");
  return json;
}

const cJSON *intercom_json_in(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

struct trg_str intercom_json_str(const cJSON *object, const char *key) {
  return intercom_str(cJSON_GetStringValue(intercom_json_in(object, key)));
}

bool intercom_json_true(const cJSON *object, const char *key) {
  return cJSON_IsTrue(intercom_json_in(object, key));
}

/* Most ids are strings (hex for contacts), some are numbers: admin_assignee_id, a part's id. */
static bool id_text(struct trg_str text) {
  if (text.n == 0 || text.n > 64) return false;
  for (size_t i = 0; i < text.n; i++) {
    const char c = text.p[i];
    if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '-' && c != '_')
      return false;
  }
  return true;
}

struct trg_str intercom_json_id(struct intercom_mem *mem, const cJSON *object, const char *key) {
  const cJSON *item = intercom_json_in(object, key);
  const struct trg_str text = intercom_str(cJSON_GetStringValue(item));
  if (id_text(text)) return intercom_keep(mem, text);
  const double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
  /* 2^53 itself is refused too: 2^53 + 1 reads as it. */
  if (number >= 0 && number < 9007199254740992.0 && number == (double)(int64_t)number) {
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    return intercom_keep(mem, (struct trg_str){digits, (size_t)n});
  }
  return (struct trg_str){NULL, 0};
}

int64_t intercom_json_int(const cJSON *object, const char *key) {
  const cJSON *item = intercom_json_in(object, key);
  if (!cJSON_IsNumber(item) || !(item->valuedouble > 0) || item->valuedouble > 4e12) return 0;
  return (int64_t)item->valuedouble;
}
