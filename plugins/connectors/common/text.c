#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct hd_block {
  struct hd_block *next;
  max_align_t bytes[];
};

void *hd_take(struct hd_mem *mem, size_t n) {
  mem->full = mem->full || n > mem->limit_bytes || mem->total_bytes > mem->limit_bytes - n;
  if (mem->full) return NULL;
  struct hd_block *block = calloc(1, sizeof *block + n);
  if (block == NULL) abort();
  block->next = mem->blocks;
  mem->blocks = block;
  /* The block's own head counts too: a million tiny strings are not free. */
  mem->total_bytes += n + sizeof *block;
  return block->bytes;
}

struct trg_str hd_keep(struct hd_mem *mem, struct trg_str text) {
  char *copy = hd_take(mem, text.n + 1);
  if (copy == NULL) return (struct trg_str){NULL, 0};
  if (text.n > 0) memcpy(copy, text.p, text.n);
  return (struct trg_str){copy, text.n};
}

void hd_mem_free(struct hd_mem *mem) {
  while (mem->blocks != NULL) {
    struct hd_block *next = mem->blocks->next;
    free(mem->blocks);
    mem->blocks = next;
  }
  mem->total_bytes = 0;
}

struct hd_buf hd_buf_new(size_t limit) {
  return (struct hd_buf){.limit = limit};
}

void hd_buf_free(struct hd_buf *buf) {
  free(buf->p);
  *buf = (struct hd_buf){.limit = buf->limit};
}

void hd_put(struct hd_buf *buf, const char *p, size_t n) {
  if (buf->full || n > buf->limit - buf->n) {
    buf->full = true;
    return;
  }
  if (n == 0) return;
  if (buf->n + n + 1 > buf->cap) {
    size_t cap = (buf->n + n + 1) * 2;
    char *grown = realloc(buf->p, cap);
    if (grown == NULL) abort();
    buf->p = grown;
    buf->cap = cap;
  }
  memcpy(buf->p + buf->n, p, n);
  buf->n += n;
  buf->p[buf->n] = '\0';
}

void hd_puts(struct hd_buf *buf, const char *text) {
  hd_put(buf, text, strlen(text));
}

void hd_put_str(struct hd_buf *buf, struct trg_str text) {
  hd_put(buf, text.p, text.n);
}

void hd_put_int(struct hd_buf *buf, int64_t number) {
  char text[24];
  int n = snprintf(text, sizeof text, "%lld", (long long)number);
  hd_put(buf, text, (size_t)n);
}

void hd_put_char(struct hd_buf *buf, uint32_t code) {
  char out[4];
  size_t n = 0;
  if (code < 0x80) {
    out[n++] = (char)code;
  } else if (code < 0x800) {
    out[n++] = (char)(0xC0 | (code >> 6));
    out[n++] = (char)(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out[n++] = (char)(0xE0 | (code >> 12));
    out[n++] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[n++] = (char)(0x80 | (code & 0x3F));
  } else {
    out[n++] = (char)(0xF0 | (code >> 18));
    out[n++] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[n++] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[n++] = (char)(0x80 | (code & 0x3F));
  }
  hd_put(buf, out, n);
}

void hd_put_json(struct hd_buf *buf, struct trg_str text) {
  hd_put(buf, "\"", 1);
  for (size_t i = 0; i < text.n;) {
    size_t step = 1;
    uint32_t code = hd_utf8_next(text.p + i, text.n - i, &step);
    i += step;
    if (code == '"' || code == '\\') {
      hd_put(buf, "\\", 1);
      hd_put_char(buf, code);
    } else if (code < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
      hd_puts(buf, escape);
    } else {
      hd_put_char(buf, code);
    }
  }
  hd_put(buf, "\"", 1);
}

void hd_put_url(struct hd_buf *buf, struct trg_str text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] != '\0' && strchr(plain, text.p[i]) != NULL) {
      hd_put(buf, text.p + i, 1);
      continue;
    }
    char escape[4];
    snprintf(escape, sizeof escape, "%%%02X", (unsigned)(unsigned char)text.p[i]);
    hd_put(buf, escape, 3);
  }
}

void hd_put_base64(struct hd_buf *buf, struct trg_str bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.n; i += 3) {
    size_t have = bytes.n - i < 3 ? bytes.n - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; k++)
      group = group << 8 | (k < have ? (unsigned char)bytes.p[i + k] : 0u);
    char out[4];
    for (size_t k = 0; k < 4; k++)
      out[k] = k <= have ? alphabet[(group >> (18 - 6 * k)) & 63] : '=';
    hd_put(buf, out, 4);
  }
}

struct trg_str hd_str(const char *text) {
  return (struct trg_str){text, text == NULL ? 0 : strlen(text)};
}

void hd_copy(char *to, size_t room, struct trg_str text) {
  const size_t n = text.n < room - 1 ? text.n : room - 1;
  if (n > 0) memcpy(to, text.p, n);
  to[n] = '\0';
}

struct trg_str hd_slice(const struct hd_buf *buf) {
  return (struct trg_str){buf->p, buf->n};
}

bool hd_same(struct trg_str a, struct trg_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool hd_is(struct trg_str a, const char *b) {
  return hd_same(a, hd_str(b));
}

size_t hd_seek(struct trg_str hay, const char *needle) {
  size_t n = strlen(needle);
  for (size_t i = 0; n > 0 && i + n <= hay.n; i++)
    if (strncasecmp(hay.p + i, needle, n) == 0) return i;
  return SIZE_MAX;
}

bool hd_digits(struct trg_str text) {
  if (text.n == 0 || text.n > 19) return false;
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] < '0' || text.p[i] > '9') return false;
  return true;
}

/* Reads a text by a pattern: D is a digit of the next number (a blank in the pattern ends one),
 * T stands for `T`, `t` or a blank, anything else for itself. Returns the bytes read, or 0. */
static size_t pattern_read(struct trg_str text, const char *pattern, int *numbers) {
  size_t at = 0;
  int value = 0;
  for (const char *p = pattern;; p++) {
    if (*p == 'D') {
      if (at >= text.n || text.p[at] < '0' || text.p[at] > '9') return 0;
      value = value * 10 + (text.p[at++] - '0');
      continue;
    }
    *numbers++ = value;
    value = 0;
    if (*p == '\0') return at;
    if (*p == ' ') continue;
    if (at >= text.n) return 0;
    const char c = text.p[at++];
    if (*p == 'T' ? c != 'T' && c != 't' && c != ' ' : c != *p) return 0;
  }
}

/* "Z", "+0100" or "-05:30" to minutes; false: none of them. */
static bool offset_read(struct trg_str text, int *ret_minutes) {
  int hm[2];
  *ret_minutes = 0;
  if (text.n == 1 && (text.p[0] | 32) == 'z') return true;
  if (text.n < 5 || (text.p[0] != '+' && text.p[0] != '-')) return false;
  const struct trg_str rest = {text.p + 1, text.n - 1};
  const char *pattern = rest.n == 5 ? "DD:DD" : "DD DD";
  if (pattern_read(rest, pattern, hm) != rest.n) return false;
  *ret_minutes = (hm[0] * 60 + hm[1]) * (text.p[0] == '-' ? -1 : 1);
  return true;
}

static bool in_range(const int n[6]) {
  static const int least[6] = {1970, 1, 1, 0, 0, 0}, most[6] = {9999, 12, 31, 23, 59, 60};
  for (int i = 0; i < 6; i++)
    if (n[i] < least[i] || n[i] > most[i]) return false;
  return true;
}

int64_t hd_time_ms(struct trg_str text) {
  int n[6], ms = 0, offset;
  size_t at = pattern_read(text, "DDDD-DD-DDTDD:DD:DD", n);
  if (at == 0 || !in_range(n)) return 0;
  if (at < text.n && text.p[at] == '.') {
    at++;
    for (int scale = 100; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++, scale /= 10)
      ms += (text.p[at] - '0') * scale;
  }
  while (at < text.n && text.p[at] == ' ') at++;
  if (!offset_read((struct trg_str){text.p + at, text.n - at}, &offset)) return 0;
  struct tm tm = {.tm_year = n[0] - 1900,
                  .tm_mon = n[1] - 1,
                  .tm_mday = n[2],
                  .tm_hour = n[3],
                  .tm_min = n[4],
                  .tm_sec = n[5]};
  return ((int64_t)timegm(&tm) - (int64_t)offset * 60) * 1000 + ms;
}

/* How long the character that starts with this byte is; 0: none does. */
static size_t utf8_bytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

uint32_t hd_utf8_next(const char *p, size_t n, size_t *ret_n) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *s = (const unsigned char *)p;
  const size_t need = utf8_bytes(s[0]);
  *ret_n = 1;
  if (need == 1) return s[0];
  if (need == 0 || need > n) return 0xFFFD;
  uint32_t code = s[0] & (0xFFu >> (need + 1));
  for (size_t i = 1; i < need; i++) {
    if ((s[i] & 0xC0) != 0x80) return 0xFFFD;
    code = code << 6 | (s[i] & 0x3Fu);
  }
  if (code < least[need] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0xFFFD;
  *ret_n = need;
  return code;
}

void hd_put_clean(struct hd_buf *buf, struct trg_str text) {
  for (size_t i = 0; i < text.n;) {
    size_t step = 1;
    uint32_t code = hd_utf8_next(text.p + i, text.n - i, &step);
    i += step;
    if (code == '\r') {
      if (i >= text.n || text.p[i] != '\n') hd_put(buf, "\n", 1);
    } else if (code == 0) {
      hd_put_char(buf, 0xFFFD);
    } else if (code >= 0x20 ? code != 0x7F : code == '\n' || code == '\t') {
      hd_put_char(buf, code);
    }
  }
}
