#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void buf_init(struct buf *b, size_t max_bytes) {
  *b = (struct buf){.max = max_bytes == 0 ? BUF_MAX_DEFAULT : max_bytes};
  b->room = 64;
  b->p = mem_alloc(b->room);
}

void buf_free(struct buf *b) {
  mem_free(b->p);
  *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b) {
  b->n = 0;
  b->over = false;
  if (b->p != NULL) b->p[0] = '\0';
}

/* Makes room for `more` bytes and the NUL; false (and marked) when that passes the ceiling. */
static bool reserve(struct buf *b, size_t more) {
  if (b->max == 0) b->max = BUF_MAX_DEFAULT;
  if (b->over || more > b->max || b->n > b->max - more) {
    b->over = true;
    return false;
  }
  const size_t need = b->n + more + 1;
  if (need <= b->room) return true;
  size_t room = b->room < 64 ? 64 : b->room;
  while (room < need) room *= 2;
  b->p = mem_grow(b->p, room);
  b->room = room;
  return true;
}

void buf_add(struct buf *b, const void *p, size_t n) {
  if (!reserve(b, n)) return;
  if (n > 0) memcpy(b->p + b->n, p, n);
  b->n += n;
  b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct trg_str s) {
  buf_add(b, s.p, s.n);
}

void buf_text(struct buf *b, const char *text) {
  if (text != NULL) buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c) {
  if (!reserve(b, 1)) return;
  b->p[b->n++] = c;
  b->p[b->n] = '\0';
}

void buf_vprintf(struct buf *b, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, format, args);
  BUG_UNLESS(n >= 0);
  if (reserve(b, (size_t)n)) {
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buf_vprintf(b, format, args);
  va_end(args);
}

struct trg_str buf_view(const struct buf *b) {
  return (struct trg_str){b->p == NULL ? "" : b->p, b->n};
}

char *buf_take(struct buf *b, size_t *ret_n) {
  char *p = b->p;
  if (p == NULL) p = mem_alloc(1);
  if (ret_n != NULL) *ret_n = b->n;
  *b = (struct buf){.max = b->max};
  return p;
}

static void json_escape(struct buf *b, unsigned char c) {
  switch (c) {
  case '"':
    buf_add(b, "\\\"", 2);
    break;
  case '\\':
    buf_add(b, "\\\\", 2);
    break;
  case '\n':
    buf_add(b, "\\n", 2);
    break;
  case '\r':
    buf_add(b, "\\r", 2);
    break;
  case '\t':
    buf_add(b, "\\t", 2);
    break;
  case '\b':
    buf_add(b, "\\b", 2);
    break;
  case '\f':
    buf_add(b, "\\f", 2);
    break;
  default:
    buf_printf(b, "\\u%04x", c);
  }
}

void buf_json(struct buf *b, struct trg_str s) {
  buf_char(b, '"');
  size_t kept = 0; /* from here on not yet copied */
  size_t i = 0;
  while (i < s.n) {
    const unsigned char c = (unsigned char)s.p[i];
    if (c >= 0x80) {
      const size_t at = i;
      const bool bad = utf8_next(s, &i) == 0xFFFD && i - at != 3;
      if (!bad) continue;
      buf_add(b, s.p + kept, at - kept);
      buf_add(b, "\xEF\xBF\xBD", 3);
      kept = i;
      continue;
    }
    i++;
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    buf_add(b, s.p + kept, i - 1 - kept);
    json_escape(b, c);
    kept = i;
  }
  if (s.n > kept) buf_add(b, s.p + kept, s.n - kept);
  buf_char(b, '"');
}

void buf_html(struct buf *b, struct trg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    switch (s.p[i]) {
    case '&':
      buf_text(b, "&amp;");
      break;
    case '<':
      buf_text(b, "&lt;");
      break;
    case '>':
      buf_text(b, "&gt;");
      break;
    case '"':
      buf_text(b, "&quot;");
      break;
    case '\'':
      buf_text(b, "&#39;");
      break;
    default:
      buf_char(b, s.p[i]);
    }
  }
}

void buf_csv(struct buf *b, struct trg_str s) {
  bool quote = false;
  for (size_t i = 0; i < s.n && !quote; i++)
    quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
  if (!quote) {
    buf_str(b, s);
    return;
  }
  buf_char(b, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"') buf_char(b, '"');
    buf_char(b, s.p[i]);
  }
  buf_char(b, '"');
}

void buf_csv_text(struct buf *b, struct trg_str s) {
  const bool sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
  bool formula = sign || (s.n > 0 && memchr("=@\t\r", s.p[0], 4) != NULL);
  if (sign) {
    size_t i = 1;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.')) i++;
    formula = i < s.n || s.n == 1;
  }
  if (!formula) {
    buf_csv(b, s);
    return;
  }
  struct buf safe;
  buf_init(&safe, 0);
  buf_char(&safe, '\'');
  buf_str(&safe, s);
  buf_csv(b, buf_view(&safe));
  buf_free(&safe);
}

void buf_url(struct buf *b, struct trg_str s) {
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < s.n; i++) {
    const unsigned char c = (unsigned char)s.p[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      buf_char(b, (char)c);
      continue;
    }
    const char coded[3] = {'%', hex[c >> 4], hex[c & 15]};
    buf_add(b, coded, 3);
  }
}
