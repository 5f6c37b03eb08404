#include "wire.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---- */

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

void anthropic_json_repair(struct trg_str body, struct anthropic_text *ret) {
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
      anthropic_text_add(ret, body.p + from, at - from);
      anthropic_text_add(ret, "\\ufffd", 6);
      from = at + 6;
    }
    at += 6;
  }
  if (from < body.n) anthropic_text_add(ret, body.p + from, body.n - from);
}

static cJSON *body_parse(struct trg_str body) {
  struct anthropic_text repaired = {0};
  anthropic_json_repair(body, &repaired);
  cJSON *root = cJSON_ParseWithLength(repaired.p ? repaired.p : "", repaired.n);
  anthropic_text_clear(&repaired);
  return root;
}

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* "" for anything that is not a string: most members are nullable. */
static const char *string_of(const cJSON *object, const char *name) {
  const cJSON *item = member(object, name);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static void word_copy(char *to, size_t room, const char *from) {
  size_t n = 0;
  for (; from[n] && n + 1 < room; n++)
    to[n] = (unsigned char)from[n] < 0x20 || (unsigned char)from[n] >= 0x7F ? '?' : from[n];
  to[n] = '\0';
}

/* A count, or -1 when it is null, absent or nonsense. */
static int64_t count_of(const cJSON *object, const char *name) {
  const cJSON *item = member(object, name);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 9007199254740992.0)
    return -1;
  return (int64_t)item->valuedouble;
}

static int64_t count_or_0(const cJSON *object, const char *name) {
  const int64_t count = count_of(object, name);
  return count > 0 ? count : 0;
}

/* ---- picking JSON out of text ---- */

#define PICK_TRIES_MAX 64

static size_t space_bytes(struct trg_str s, size_t at) {
  size_t n = 0;
  while (at + n < s.n && strchr(" \t\r\n", s.p[at + n]) && s.p[at + n]) n++;
  return n;
}

/* Bytes of the JSON value at p; 0 when it is none. */
static size_t value_bytes(const char *p, size_t n) {
  const char *end = NULL;
  cJSON *root = cJSON_ParseWithLengthOpts(p, n, &end, 0);
  if (!root) return 0;
  cJSON_Delete(root);
  return (size_t)(end - p);
}

bool anthropic_json_pick(struct trg_str text, struct trg_str *ret) {
  const size_t lead = space_bytes(text, 0);
  if (lead == text.n) return false;
  const size_t whole = value_bytes(text.p + lead, text.n - lead);
  if (whole && lead + whole + space_bytes(text, lead + whole) == text.n) {
    *ret = (struct trg_str){text.p + lead, whole};
    return true;
  }
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

/* ---- the message ---- */

static void usage_read(const cJSON *usage, struct anthropic_answer *ret) {
  const int64_t input = count_of(usage, "input_tokens");
  const int64_t output = count_of(usage, "output_tokens");
  ret->counted = input >= 0 || output >= 0;
  ret->usage.input = input > 0 ? input : 0;
  ret->usage.output = output > 0 ? output : 0;
  ret->usage.cache_read = count_or_0(usage, "cache_read_input_tokens");
  const cJSON *writes = member(usage, "cache_creation");
  const int64_t total = count_of(usage, "cache_creation_input_tokens");
  const int64_t sum = count_or_0(writes, "ephemeral_5m_input_tokens") +
                      count_or_0(writes, "ephemeral_1h_input_tokens");
  ret->usage.cache_write = total > sum ? total : sum;
  ret->usage.reasoning = count_or_0(member(usage, "output_tokens_details"), "thinking_tokens");
}

static int32_t stop_of(const char *word, bool tool_used) {
  static const struct {
    const char *word;
    int32_t stop;
  } stops[] = {
      {"end_turn", TRG_STOP_END},      {"stop_sequence", TRG_STOP_END},
      {"max_tokens", TRG_STOP_LENGTH}, {"model_context_window_exceeded", TRG_STOP_LENGTH},
      {"refusal", TRG_STOP_REFUSAL},
  };
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
    if (strcmp(word, stops[i].word) == 0) return stops[i].stop;
  return tool_used && strcmp(word, "tool_use") == 0 ? TRG_STOP_END : TRG_STOP_OTHER;
}

/* Blocks come in any order, thinking first as a rule; unknown types are passed over. Returns the
 * input of the one tool that we offer, or NULL. */
static const cJSON *content_read(const cJSON *content, struct anthropic_text *text) {
  const cJSON *input = NULL;
  const cJSON *block;
  cJSON_ArrayForEach(block, content) {
    const char *type = string_of(block, "type");
    if (strcmp(type, "text") == 0) {
      const char *p = string_of(block, "text");
      anthropic_text_utf8(text, (struct trg_str){p, strlen(p)});
    } else if (strcmp(type, "tool_use") == 0 && cJSON_IsObject(member(block, "input"))) {
      input = member(block, "input");
    }
  }
  return input;
}

static void text_replace(struct anthropic_text *text, const char *p, size_t n) {
  struct anthropic_text fresh = {0};
  anthropic_text_utf8(&fresh, (struct trg_str){p, n});
  anthropic_text_clear(text);
  *text = fresh;
}

static void json_take(struct anthropic_answer *ret, const cJSON *tool_input) {
  struct trg_str picked;
  if (tool_input) {
    char *text = cJSON_PrintUnformatted(tool_input);
    if (!text) abort();
    text_replace(&ret->text, text, strlen(text));
    free(text);
    ret->is_json = true;
  } else if (anthropic_json_pick((struct trg_str){ret->text.p, ret->text.n}, &picked)) {
    text_replace(&ret->text, picked.p, picked.n);
    ret->is_json = true;
  }
}

enum anthropic_reading anthropic_answer_read(struct trg_str body, bool schema_asked,
                                             struct anthropic_answer *ret) {
  *ret = (struct anthropic_answer){.stop = TRG_STOP_OTHER};
  cJSON *root = body_parse(body);
  const cJSON *content = member(root, "content");
  enum anthropic_reading reading = ANTHROPIC_MALFORMED;
  if (cJSON_IsArray(content)) {
    reading = ANTHROPIC_MESSAGE;
    const cJSON *input = content_read(content, &ret->text);
    const char *word = string_of(root, "stop_reason");
    ret->stop = stop_of(word, schema_asked && input);
    word_copy(ret->stop_word, sizeof ret->stop_word, word);
    word_copy(ret->served, sizeof ret->served, string_of(root, "model"));
    word_copy(ret->category, sizeof ret->category,
              string_of(member(root, "stop_details"), "category"));
    usage_read(member(root, "usage"), ret);
    if (ret->stop == TRG_STOP_REFUSAL)
      anthropic_text_clear(&ret->text); /* what there is of it is not an answer */
    if (ret->stop == TRG_STOP_END && schema_asked) json_take(ret, input);
  } else if (cJSON_IsObject(member(root, "error")) || cJSON_IsString(member(root, "error"))) {
    reading = ANTHROPIC_ERROR;
  }
  cJSON_Delete(root);
  return reading;
}

void anthropic_answer_clear(struct anthropic_answer *answer) {
  anthropic_text_clear(&answer->text);
}

void anthropic_fault_read(struct trg_str body, struct anthropic_fault *ret) {
  *ret = (struct anthropic_fault){0};
  cJSON *root = body_parse(body);
  const cJSON *error = member(root, "error");
  word_copy(ret->type, sizeof ret->type, string_of(error, "type"));
  word_copy(ret->error_code, sizeof ret->error_code,
            string_of(member(error, "details"), "error_code"));
  word_copy(ret->request_id, sizeof ret->request_id, string_of(root, "request_id"));
  word_copy(ret->message, sizeof ret->message,
            cJSON_IsString(error) ? error->valuestring : string_of(error, "message"));
  cJSON_Delete(root);
}
