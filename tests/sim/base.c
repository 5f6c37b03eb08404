#include "base.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mem_grow(void *p, size_t bytes) {
  void *q = realloc(p, bytes ? bytes : 1);
  if (q == NULL) {
    fputs("helpdesk-sim: out of memory\n", stderr);
    exit(1);
  }
  return q;
}

void *mem_alloc(size_t bytes) {
  void *p = mem_grow(NULL, bytes);
  memset(p, 0, bytes);
  return p;
}

struct arena_block {
  struct arena_block *before;
  size_t used, cap;
};

enum { ARENA_BLOCK = 256 * 1024 };

void arena_free(struct arena *a) {
  while (a->last) {
    struct arena_block *b = a->last;
    a->last = b->before;
    free(b);
  }
  a->total_bytes = 0;
}

void *arena_get(struct arena *a, size_t bytes) {
  bytes = (bytes + 7) & ~(size_t)7;
  if (a->last == NULL || a->last->cap - a->last->used < bytes) {
    size_t cap = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
    struct arena_block *b = mem_grow(NULL, sizeof *b + cap);
    b->before = a->last;
    b->used = 0;
    b->cap = cap;
    a->last = b;
    a->total_bytes += cap;
  }
  char *p = (char *)(a->last + 1) + a->last->used;
  a->last->used += bytes;
  return p;
}

char *arena_copyn(struct arena *a, const char *s, size_t n) {
  char *p = arena_get(a, n + 1);
  memcpy(p, s, n);
  p[n] = '\0';
  return p;
}

char *arena_copy(struct arena *a, const char *s) {
  return s ? arena_copyn(a, s, strlen(s)) : NULL;
}

uint64_t hash_mix(uint64_t a, uint64_t b) {
  uint64_t x = a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2));
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t hash_bytes(uint64_t seed, const void *p, size_t n) {
  const unsigned char *s = p;
  uint64_t h = hash_mix(seed, n);
  while (n >= 8) {
    uint64_t v;
    memcpy(&v, s, 8);
    h = hash_mix(h, v);
    s += 8;
    n -= 8;
  }
  uint64_t tail = 0;
  memcpy(&tail, s, n);
  return hash_mix(h, tail);
}

uint64_t hash_text(uint64_t seed, const char *s) {
  return hash_bytes(seed, s, strlen(s));
}

double hash_unit(uint64_t h) {
  return (double)(h >> 11) * (1.0 / 9007199254740992.0);
}

void map_free(struct map *m) {
  free(m->keys);
  free(m->values);
  memset(m, 0, sizeof *m);
}

static size_t map_slot(const struct map *m, uint64_t key) {
  size_t i = (size_t)hash_mix(key, 7) & (m->cap - 1);
  while (m->keys[i] != 0 && m->keys[i] != key) {
    i = (i + 1) & (m->cap - 1);
  }
  return i;
}

void map_put(struct map *m, uint64_t key, uint64_t value) {
  if ((m->used + 1) * 4 > m->cap * 3) {
    struct map bigger = {.cap = m->cap ? m->cap * 2 : 64};
    bigger.keys = mem_alloc(bigger.cap * sizeof *bigger.keys);
    bigger.values = mem_alloc(bigger.cap * sizeof *bigger.values);
    for (size_t i = 0; i < m->cap; i++) {
      if (m->keys[i]) {
        size_t slot = map_slot(&bigger, m->keys[i]);
        bigger.keys[slot] = m->keys[i];
        bigger.values[slot] = m->values[i];
      }
    }
    bigger.used = m->used;
    map_free(m);
    *m = bigger;
  }
  size_t slot = map_slot(m, key);
  if (m->keys[slot] == 0) {
    m->keys[slot] = key;
    m->used++;
  }
  m->values[slot] = value;
}

bool map_get(const struct map *m, uint64_t key, uint64_t *ret_value) {
  if (m->cap == 0 || key == 0) {
    return false;
  }
  size_t slot = map_slot(m, key);
  if (m->keys[slot] == 0) {
    return false;
  }
  *ret_value = m->values[slot];
  return true;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *b, const void *bytes, size_t n) {
  const unsigned char *s = bytes;
  for (size_t i = 0; i < n; i += 3) {
    unsigned v = (unsigned)s[i] << 16;
    v |= i + 1 < n ? (unsigned)s[i + 1] << 8 : 0;
    v |= i + 2 < n ? (unsigned)s[i + 2] : 0;
    buf_char(b, base64_digits[v >> 18]);
    buf_char(b, base64_digits[v >> 12 & 63]);
    buf_char(b, i + 1 < n ? base64_digits[v >> 6 & 63] : '=');
    buf_char(b, i + 2 < n ? base64_digits[v & 63] : '=');
  }
}

bool base64_get(struct buf *b, const char *text) {
  unsigned v = 0;
  unsigned bits = 0;
  for (; *text && *text != '='; text++) {
    const char *digit = strchr(base64_digits, *text);
    if (digit == NULL) {
      return false;
    }
    v = v << 6 | (unsigned)(digit - base64_digits);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      buf_char(b, (char)(v >> bits & 255));
    }
  }
  return true;
}

bool text_starts(const char *s, const char *prefix) {
  return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

const char *text_find(const char *s, const char *word) {
  return strcasestr(s, word);
}

char *text_lower(const char *s) {
  size_t n = strlen(s);
  char *copy = mem_grow(NULL, n + 1);
  for (size_t i = 0; i <= n; i++) {
    copy[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
  }
  return copy;
}

size_t utf8_cut(const char *s, size_t n) {
  size_t len = strnlen(s, n + 1);
  if (len <= n) {
    return len;
  }
  while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) {
    n--;
  }
  return n;
}

bool duration_parse(const char *s, int64_t *ret_ms) {
  char *end = NULL;
  if (s == NULL || !isdigit((unsigned char)*s)) {
    return false;
  }
  double v = strtod(s, &end);
  double unit = -1;
  if (*end == '\0' || strcmp(end, "s") == 0) {
    unit = 1000;
  } else if (strcmp(end, "ms") == 0) {
    unit = 1;
  } else if (strcmp(end, "m") == 0) {
    unit = 60e3;
  } else if (strcmp(end, "h") == 0) {
    unit = 3600e3;
  } else if (strcmp(end, "d") == 0) {
    unit = 86400e3;
  }
  if (unit < 0 || v * unit > 1e15) {
    return false;
  }
  *ret_ms = (int64_t)(v * unit);
  return true;
}
