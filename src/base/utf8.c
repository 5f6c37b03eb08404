/* The UTF-8 half of str.h. */
#include <string.h>

#include "base/str.h"

/* Length of the valid sequence at s.p[i], or 0 (RFC 3629: no surrogates, no overlong forms). */
static size_t sequence(struct trg_str s, size_t i, uint32_t *ret) {
  const unsigned char *p = (const unsigned char *)s.p + i;
  const size_t left = s.n - i;
  if (p[0] < 0x80) {
    *ret = p[0];
    return 1;
  }
  if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
  const size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (left < n) return 0;
  uint32_t c = p[0] & (0x7Fu >> n);
  for (size_t k = 1; k < n; k++) {
    if ((p[k] & 0xC0) != 0x80) return 0;
    c = c << 6 | (p[k] & 0x3Fu);
  }
  if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10FFFF)) ||
      (c >= 0xD800 && c <= 0xDFFF))
    return 0;
  *ret = c;
  return n;
}

bool utf8_valid(struct trg_str s) {
  size_t i = 0;
  while (i < s.n) {
    if (s.n - i >= 8) { /* eight ASCII bytes at a time */
      uint64_t word;
      memcpy(&word, s.p + i, 8);
      if ((word & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    uint32_t c;
    const size_t n = sequence(s, i, &c);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

uint32_t utf8_next(struct trg_str s, size_t *at) {
  if (*at >= s.n) return 0xFFFD;
  uint32_t c;
  const size_t n = sequence(s, *at, &c);
  *at += n == 0 ? 1 : n;
  return n == 0 ? 0xFFFD : c;
}

size_t utf8_put(char out[4], uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

size_t utf8_cut(struct trg_str s, size_t max_bytes) {
  if (s.n <= max_bytes) return s.n;
  size_t n = max_bytes;
  /* Back to a byte that starts a character; at most three continuation bytes can precede it. */
  for (int k = 0; k < 3 && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80; k++) n--;
  return n;
}

size_t utf8_length(struct trg_str s) {
  size_t count = 0;
  for (size_t i = 0; i < s.n; count++) (void)utf8_next(s, &i);
  return count;
}

uint32_t utf8_lower(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xC0 && c <= 0xDE) return c == 0xD7 ? c : c + 32;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c % 2 == 1 ? c + 1 : c;
  if (c >= 0x218 && c <= 0x21B) return c | 1;
  if (c >= 0x391 && c <= 0x3AB) return c == 0x3A2 ? c : c + 32;
  if (c == 0x386) return 0x3AC;
  if (c >= 0x388 && c <= 0x38A) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F))
    return c | 1;
  if (c >= 0x1E00 && c <= 0x1EFF)
    return (c >= 0x1E96 && c <= 0x1E9F) ? (c == 0x1E9E ? 0xDF : c) : (c | 1);
  return c;
}
