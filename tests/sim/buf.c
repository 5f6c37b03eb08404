#include "base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(struct buf *b) {
  free(b->p);
  memset(b, 0, sizeof *b);
}

static void buf_room(struct buf *b, size_t n) {
  if (b->n + n + 1 > b->cap) {
    size_t cap = b->cap ? b->cap * 2 : 256;
    while (cap < b->n + n + 1) {
      cap *= 2;
    }
    b->p = mem_grow(b->p, cap);
    b->cap = cap;
  }
}

void buf_add(struct buf *b, const void *bytes, size_t n) {
  if (n == 0) {
    return;
  }
  buf_room(b, n);
  memcpy(b->p + b->n, bytes, n);
  b->n += n;
}

void buf_str(struct buf *b, const char *s) {
  buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c) {
  buf_room(b, 1);
  b->p[b->n++] = c;
}

void buf_printf(struct buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n <= 0) {
    return;
  }
  buf_room(b, (size_t)n);
  va_start(args, format);
  vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
  va_end(args);
  b->n += (size_t)n;
}

const char *buf_text(struct buf *b) {
  buf_room(b, 0);
  b->p[b->n] = '\0';
  return b->p;
}

char *buf_take(struct buf *b) {
  buf_text(b);
  char *p = b->p;
  memset(b, 0, sizeof *b);
  return p;
}

static void jw_comma(struct buf *b) {
  if (b->n == 0) {
    return;
  }
  char last = b->p[b->n - 1];
  if (last != '{' && last != '[' && last != ':' && last != '\n' && last != ' ') {
    buf_char(b, ',');
  }
}

void jw_open(struct buf *b, char bracket) {
  jw_comma(b);
  buf_char(b, bracket);
}

void jw_close(struct buf *b, char bracket) {
  buf_char(b, bracket);
}

void jw_strn(struct buf *b, const char *s, size_t n) {
  jw_comma(b);
  buf_room(b, n + 2);
  buf_char(b, '"');
  size_t from = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    buf_add(b, s + from, i - from);
    from = i + 1;
    if (c == '"' || c == '\\') {
      buf_char(b, '\\');
      buf_char(b, (char)c);
    } else if (c == '\n') {
      buf_str(b, "\\n");
    } else {
      buf_printf(b, "\\u%04x", c);
    }
  }
  buf_add(b, s + from, n - from);
  buf_char(b, '"');
}

void jw_str(struct buf *b, const char *s) {
  if (s == NULL) {
    jw_raw(b, "null");
    return;
  }
  jw_strn(b, s, strlen(s));
}

void jw_key(struct buf *b, const char *key) {
  jw_str(b, key);
  buf_char(b, ':');
}

void jw_int(struct buf *b, int64_t v) {
  char text[24];
  int n = snprintf(text, sizeof text, "%" PRId64, v);
  jw_comma(b);
  buf_add(b, text, (size_t)n);
}

void jw_num(struct buf *b, double v) {
  jw_comma(b);
  buf_printf(b, "%.6g", v);
}

void jw_raw(struct buf *b, const char *json) {
  jw_comma(b);
  buf_str(b, json);
}

void jw_bool(struct buf *b, bool v) {
  jw_raw(b, v ? "true" : "false");
}

void jw_kstr(struct buf *b, const char *key, const char *s) {
  jw_key(b, key);
  jw_str(b, s);
}

void jw_kint(struct buf *b, const char *key, int64_t v) {
  jw_key(b, key);
  jw_int(b, v);
}

void jw_kid(struct buf *b, const char *key, uint64_t id) {
  jw_key(b, key);
  if (id == 0) {
    jw_raw(b, "null");
    return;
  }
  jw_int(b, (int64_t)id);
}

void jw_kbool(struct buf *b, const char *key, bool v) {
  jw_key(b, key);
  jw_bool(b, v);
}

void jw_kraw(struct buf *b, const char *key, const char *json) {
  jw_key(b, key);
  jw_raw(b, json);
}

void jw_kopen(struct buf *b, const char *key, char bracket) {
  jw_key(b, key);
  jw_open(b, bracket);
}
