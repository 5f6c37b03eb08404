#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct intercom_block {
  struct intercom_block *next;
  max_align_t bytes[];
};

void *intercom_take(struct intercom_mem *mem, size_t n) {
  mem->full = mem->full || n > mem->limit_bytes || mem->total_bytes > mem->limit_bytes - n;
  if (mem->full) return NULL;
  struct intercom_block *block = calloc(1, sizeof *block + n);
  if (block == NULL) abort();
  block->next = mem->blocks;
  mem->blocks = block;
  /* The block's own head counts too: a million tiny strings are not free. */
  mem->total_bytes += n + sizeof *block;
  return block->bytes;
}

struct trg_str intercom_keep(struct intercom_mem *mem, struct trg_str text) {
  char *copy = intercom_take(mem, text.n + 1);
  if (copy == NULL) return (struct trg_str){NULL, 0};
  if (text.n > 0) memcpy(copy, text.p, text.n);
  return (struct trg_str){copy, text.n};
}

void intercom_mem_free(struct intercom_mem *mem) {
  while (mem->blocks != NULL) {
    struct intercom_block *next = mem->blocks->next;
    free(mem->blocks);
    mem->blocks = next;
  }
  mem->total_bytes = 0;
}

struct intercom_buf intercom_buf_new(size_t limit) {
  return (struct intercom_buf){.limit = limit};
}

void intercom_buf_free(struct intercom_buf *buf) {
  free(buf->p);
  *buf = (struct intercom_buf){.limit = buf->limit};
}

void intercom_put(struct intercom_buf *buf, const char *p, size_t n) {
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

void intercom_puts(struct intercom_buf *buf, const char *text) {
  intercom_put(buf, text, strlen(text));
}

void intercom_put_str(struct intercom_buf *buf, struct trg_str text) {
  intercom_put(buf, text.p, text.n);
}

void intercom_put_int(struct intercom_buf *buf, int64_t number) {
  char text[24];
  int n = snprintf(text, sizeof text, "%lld", (long long)number);
  intercom_put(buf, text, (size_t)n);
}

void intercom_put_char(struct intercom_buf *buf, uint32_t code) {
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
  intercom_put(buf, out, n);
}

void intercom_put_json(struct intercom_buf *buf, struct trg_str text) {
  intercom_put(buf, "\"", 1);
  for (size_t i = 0; i < text.n;) {
    size_t step = 1;
    uint32_t code = intercom_utf8_next(text.p + i, text.n - i, &step);
    i += step;
    if (code == '"' || code == '\\') {
      intercom_put(buf, "\\", 1);
      intercom_put_char(buf, code);
    } else if (code < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
      intercom_puts(buf, escape);
    } else {
      intercom_put_char(buf, code);
    }
  }
  intercom_put(buf, "\"", 1);
}

void intercom_put_url(struct intercom_buf *buf, struct trg_str text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] != '\0' && strchr(plain, text.p[i]) != NULL) {
      intercom_put(buf, text.p + i, 1);
      continue;
    }
    char escape[4];
    snprintf(escape, sizeof escape, "%%%02X", (unsigned)(unsigned char)text.p[i]);
    intercom_put(buf, escape, 3);
  }
}

struct trg_str intercom_str(const char *text) {
  return (struct trg_str){text, text == NULL ? 0 : strlen(text)};
}

struct trg_str intercom_slice(const struct intercom_buf *buf) {
  return (struct trg_str){buf->p, buf->n};
}

bool intercom_same(struct trg_str a, struct trg_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool intercom_is(struct trg_str a, const char *b) {
  return intercom_same(a, intercom_str(b));
}

size_t intercom_seek(struct trg_str hay, const char *needle) {
  size_t n = strlen(needle);
  for (size_t i = 0; n > 0 && i + n <= hay.n; i++)
    if (strncasecmp(hay.p + i, needle, n) == 0) return i;
  return SIZE_MAX;
}

bool intercom_digits(struct trg_str text) {
  if (text.n == 0 || text.n > 19) return false;
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] < '0' || text.p[i] > '9') return false;
  return true;
}

/* How long the character that starts with this byte is; 0: none does. */
static size_t utf8_bytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

uint32_t intercom_utf8_next(const char *p, size_t n, size_t *ret_n) {
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

void intercom_put_clean(struct intercom_buf *buf, struct trg_str text) {
  for (size_t i = 0; i < text.n;) {
    size_t step = 1;
    uint32_t code = intercom_utf8_next(text.p + i, text.n - i, &step);
    i += step;
    if (code == '\r') {
      if (i >= text.n || text.p[i] != '\n') intercom_put(buf, "\n", 1);
    } else if (code == 0) {
      intercom_put_char(buf, 0xFFFD);
    } else if (code >= 0x20 ? code != 0x7F : code == '\n' || code == '\t') {
      intercom_put_char(buf, code);
    }
  }
}
