#include "llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and the NUL. */
static void room_for(struct llm_text *text, size_t n) {
  if (n > SIZE_MAX / 4 || text->n > SIZE_MAX / 4) abort();
  if (text->room >= text->n + n + 1) return;
  const size_t room = (text->n + n + 64) * 2;
  char *grown = realloc(text->p, room);
  if (!grown) abort();
  text->p = grown;
  text->room = room;
}

void llm_text_add(struct llm_text *text, const char *p, size_t n) {
  room_for(text, n);
  if (n) memcpy(text->p + text->n, p, n);
  text->n += n;
  text->p[text->n] = '\0';
}

void llm_text_put(struct llm_text *text, const char *string) {
  llm_text_add(text, string, strlen(string));
}

void llm_text_int(struct llm_text *text, int64_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%lld", (long long)number);
  llm_text_put(text, digits);
}

static bool is_tail(const unsigned char *p, size_t at, size_t n) {
  return at < n && (p[at] & 0xC0) == 0x80;
}

/* Length of the UTF-8 sequence at p (n > 0 bytes are there); 0 when it is not one. The second
 * byte's bounds shut out overlong forms, surrogates and what is beyond U+10FFFF. */
static size_t sequence_bytes(const unsigned char *p, size_t n) {
  static const struct {
    unsigned char first, last, low, high;
    size_t bytes;
  } forms[] = {
      {0x00, 0x7F, 0x00, 0xFF, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
      {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
      {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
  };
  size_t i = 0;
  const size_t count = sizeof forms / sizeof *forms;
  while (i < count && (p[0] < forms[i].first || p[0] > forms[i].last)) i++;
  if (i == count || n < forms[i].bytes) return 0;
  const size_t bytes = forms[i].bytes;
  if (bytes > 1 && (p[1] < forms[i].low || p[1] > forms[i].high)) return 0;
  for (size_t at = 2; at < bytes; at++)
    if (!is_tail(p, at, n)) return 0;
  return bytes;
}

/* How many bytes one U+FFFD stands for: a surrogate written as UTF-8 is one mistake, not three. */
static size_t mistake_bytes(const unsigned char *p, size_t n) {
  const bool surrogate = p[0] == 0xED && is_tail(p, 1, n) && p[1] >= 0xA0 && is_tail(p, 2, n);
  return surrogate ? 3 : 1;
}

/* A prompt holds JSON, so every tenth byte of it is one of these. */
static void escape_add(struct llm_text *text, unsigned char c) {
  char escape[8];
  const char two = c == '\n' ? 'n' : c == '\t' ? 't' : c == '"' || c == '\\' ? (char)c : '\0';
  if (two != '\0' && text->room > text->n + 2) {
    text->p[text->n++] = '\\';
    text->p[text->n++] = two;
    return;
  }
  if (two != '\0')
    snprintf(escape, sizeof escape, "\\%c", two);
  else
    snprintf(escape, sizeof escape, "\\u%04x", c);
  llm_text_put(text, escape);
}

/* Most of a prompt: printable ASCII that needs no escape. */
static bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void utf8_add(struct llm_text *text, struct trg_str s, bool escaped) {
  const unsigned char *p = (const unsigned char *)s.p;
  size_t from = 0; /* start of the run that can be copied as it is */
  room_for(text, s.n + s.n / 8);
  for (size_t at = 0;;) {
    while (at < s.n && is_plain(p[at])) at++;
    if (at == s.n) break;
    const size_t bytes = sequence_bytes(p + at, s.n - at);
    const bool special = escaped && (p[at] < 0x20 || p[at] == '"' || p[at] == '\\');
    if (bytes && !special) {
      at += bytes;
      continue;
    }
    llm_text_add(text, s.p + from, at - from);
    if (special) {
      escape_add(text, p[at]);
      at++;
    } else {
      llm_text_add(text, "\xEF\xBF\xBD", 3);
      at += mistake_bytes(p + at, s.n - at);
    }
    from = at;
  }
  llm_text_add(text, s.p + from, s.n - from);
}

void llm_text_utf8(struct llm_text *text, struct trg_str s) {
  utf8_add(text, s, false);
}

void llm_text_json(struct llm_text *text, struct trg_str s) {
  llm_text_add(text, "\"", 1);
  utf8_add(text, s, true);
  llm_text_add(text, "\"", 1);
}

void llm_text_trim(struct llm_text *text) {
  char *exact = text->p ? realloc(text->p, text->n + 1) : NULL;
  if (!exact) return;
  text->p = exact;
  text->room = text->n + 1;
}

void llm_text_clear(struct llm_text *text) {
  free(text->p);
  *text = (struct llm_text){0};
}
