#include "llm.h"

#include <cjson/cJSON.h>
#include <string.h>

/* ---- bodies ---- */

/* The code unit of a \uXXXX escape at p (n bytes are there), or -1. */
static int32_t escape_unit(const char *p, size_t n) {
  if (n < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int32_t unit = 0;
  for (size_t i = 2; i < 6; i++) {
    const char c = p[i];
    const int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static bool is_high(int32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

void llm_json_repair(struct trg_str body, struct llm_text *to) {
  size_t from = 0;
  for (size_t at = 0; at < body.n;) {
    if (body.p[at] != '\\') {
      at++;
      continue;
    }
    const int32_t unit = escape_unit(body.p + at, body.n - at);
    if (unit < 0) {
      at += 2; /* the escaped character, so that \\u is not taken for an escape */
      continue;
    }
    if (is_high(unit) && is_low(escape_unit(body.p + at + 6, body.n - at - 6))) {
      at += 12;
      continue;
    }
    if (unit == 0 || is_high(unit) || is_low(unit)) {
      llm_text_add(to, body.p + from, at - from);
      llm_text_add(to, "\\ufffd", 6);
      from = at + 6;
    }
    at += 6;
  }
  if (from < body.n) llm_text_add(to, body.p + from, body.n - from);
}

static size_t space_bytes(struct trg_str s, size_t at) {
  size_t n = 0;
  while (at + n < s.n && s.p[at + n] && strchr(" \t\r\n", s.p[at + n])) n++;
  return n;
}

/* Servers under load keep the connection warm with blank lines, some with comment lines. */
static size_t lead_bytes(struct trg_str s) {
  size_t at = space_bytes(s, 0);
  while (at < s.n && s.p[at] == ':') {
    while (at < s.n && s.p[at] != '\n') at++;
    at += space_bytes(s, at);
  }
  return at;
}

struct cJSON *llm_json_parse(struct trg_str body) {
  const size_t lead = lead_bytes(body);
  struct llm_text repaired = {0};
  if (lead < body.n) llm_json_repair((struct trg_str){body.p + lead, body.n - lead}, &repaired);
  cJSON *root = cJSON_ParseWithLength(repaired.p ? repaired.p : "", repaired.n);
  llm_text_clear(&repaired);
  return root;
}

const struct cJSON *llm_json_member(const struct cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *llm_json_string(const struct cJSON *object, const char *name) {
  const cJSON *item = llm_json_member(object, name);
  return cJSON_IsString(item) ? item->valuestring : "";
}

int64_t llm_json_count(const struct cJSON *object, const char *name) {
  const cJSON *item = llm_json_member(object, name);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 9007199254740992.0)
    return -1;
  return (int64_t)item->valuedouble;
}

void llm_word_copy(char *to, size_t room, const char *from) {
  size_t n = 0;
  for (; from[n] && n + 1 < room; n++)
    to[n] = (unsigned char)from[n] < 0x20 || (unsigned char)from[n] >= 0x7F ? '?' : from[n];
  to[n] = '\0';
}

/* ---- text around an answer ---- */

static bool starts(struct trg_str s, const char *with) {
  const size_t n = strlen(with);
  return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct trg_str after(struct trg_str s, size_t bytes) {
  return (struct trg_str){s.p + bytes, s.n - bytes};
}

/* Bytes up to the end of the first `mark`; 0 when there is none. */
static size_t past(struct trg_str s, const char *mark) {
  const char *at = s.n ? memmem(s.p, s.n, mark, strlen(mark)) : NULL;
  return at ? (size_t)(at - s.p) + strlen(mark) : 0;
}

struct trg_str llm_thought_skip(struct trg_str text, bool schema_asked) {
  static const char *const tags[][2] = {{"<think>", "</think>"}, {"<thinking>", "</thinking>"}};
  if (text.n == 0) return text;
  text = after(text, space_bytes(text, 0));
  for (size_t i = 0; i < 2; i++) {
    const size_t end = past(text, tags[i][1]);
    if (starts(text, tags[i][0])) {
      const struct trg_str rest = after(text, end ? end : text.n); /* never closed: all of it */
      return after(rest, space_bytes(rest, 0));
    }
    /* Some prompt templates open the tag themselves. Where the text starts with the answer, the
     * tag is a quotation in it. */
    if (schema_asked && end && text.p[0] != '{' && text.p[0] != '`') return after(text, end);
  }
  return text;
}

#define PICK_TRIES_MAX 64

/* Bytes of the JSON value at p; 0 when it is none. */
static size_t value_bytes(const char *p, size_t n) {
  const char *end = NULL;
  cJSON *root = cJSON_ParseWithLengthOpts(p, n, &end, 0);
  if (!root) return 0;
  cJSON_Delete(root);
  return (size_t)(end - p);
}

bool llm_json_pick(struct trg_str text, struct trg_str *ret) {
  struct trg_str found = {0};
  int tries = 0;
  for (size_t at = 0; at < text.n;) {
    if (text.p[at] != '{') {
      at++;
      continue;
    }
    const size_t bytes = value_bytes(text.p + at, text.n - at);
    if (bytes && found.n) return false; /* two objects */
    if (bytes)
      found = (struct trg_str){text.p + at, bytes};
    else if (++tries == PICK_TRIES_MAX)
      return false;
    at += bytes ? bytes : 1;
  }
  if (found.n) *ret = found;
  return found.n > 0;
}
