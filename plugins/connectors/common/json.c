/*
 * cJSON with its sharp edges covered: it keeps numbers as doubles (ids past 2^53 would change
 * silently), refuses a whole document for one lone surrogate, ends a string at U+0000, and takes
 * any amount of memory for many small values. Customers can put all of these into a ticket.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define DEPTH_MAX  64
#define VALUES_MAX 2000000u /* about 64 bytes each */

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
  int code = escape_at(p, n);
  if (code < 0) return n < 2 ? 1 : 2;
  if (code >= 0xD800 && code < 0xDC00) {
    int low = escape_at(p + 6, n - 6);
    if (low >= 0xDC00 && low < 0xE000) return 12;
  }
  if (code == 0 || (code >= 0xD800 && code < 0xE000)) memcpy(p, "\\ufffd", 6);
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

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Is one of the eight bytes zero? */
static bool has_zero(uint64_t x) {
  return ((x - EACH(1)) & ~x & EACH(0x80)) != 0;
}

/* How many bytes of p are neither the end of a string, nor a backslash, nor NUL: most of them, so
 * eight are looked at together. */
static size_t plain_bytes(const char *p, size_t n) {
  size_t i = 0;
  for (uint64_t x; n - i >= sizeof x; i += sizeof x) {
    memcpy(&x, p + i, sizeof x);
    if (has_zero(x) || has_zero(x ^ EACH('"')) || has_zero(x ^ EACH('\\'))) break;
  }
  while (i < n && p[i] != '"' && p[i] != '\\' && p[i] != '\0') i++;
  return i;
}

/* Repairs a string whose first character is at `i`; returns where it ends: its quote, or n. */
static size_t string_repair(char *p, size_t i, size_t n) {
  while ((i += plain_bytes(p + i, n - i)) < n && p[i] != '"') {
    if (p[i] == '\\') {
      i += escape_repair(p + i, n - i);
    } else {
      p[i++] = ' ';
    }
  }
  return i;
}

/* Makes the text safe for cJSON and counts what it would cost; NULL, or what is wrong. */
static const char *text_repair(char *p, size_t n) {
  struct cost cost = {0, 0};
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '"')
      i = string_repair(p, i + 1, n);
    else if (p[i] == '\0')
      p[i] = ' ';
    else
      cost_add(&cost, p[i]);
    if (cost.depth > DEPTH_MAX) return "nested too deeply";
    if (cost.values > VALUES_MAX) return "too many values in one document";
  }
  return NULL;
}

cJSON *hd_json(struct trg_str body, const char **ret_problem) {
  char *copy = malloc(body.n + 1);
  if (copy == NULL) abort();
  if (body.n > 0) memcpy(copy, body.p, body.n);
  copy[body.n] = '\0';
  const char *problem = text_repair(copy, body.n);
  cJSON *json = problem == NULL ? cJSON_ParseWithLengthOpts(copy, body.n + 1, NULL, 1) : NULL;
  free(copy);
  if (json == NULL) *ret_problem = problem != NULL ? problem : "not JSON, or cut off";
  return json;
}

const cJSON *hd_json_in(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

struct trg_str hd_json_str(const cJSON *object, const char *key) {
  return hd_str(cJSON_GetStringValue(hd_json_in(object, key)));
}

bool hd_json_true(const cJSON *object, const char *key) {
  return cJSON_IsTrue(hd_json_in(object, key));
}

bool hd_json_twins(const cJSON *object) {
  for (const cJSON *a = object != NULL ? object->child : NULL; a != NULL; a = a->next)
    for (const cJSON *b = a->next; b != NULL; b = b->next)
      if (a->string != NULL && b->string != NULL && strcmp(a->string, b->string) == 0) return true;
  return false;
}
