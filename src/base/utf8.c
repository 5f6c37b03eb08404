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
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
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

/* Runs of letters with their lower case: a distance to it, or pairs of neighbours of which the
 * upper one is even (EVEN) or odd (ODD). What stands first counts. */
enum { EVEN = -1, ODD = -2 };
static const struct {
  uint32_t from, to;
  int32_t by;
} cases[] = {{'A', 'Z', 32},
             {0xD7, 0xD7, 0}, /* the multiplication sign */
             {0xC0, 0xDE, 32},
             {0x130, 0x130, 'i' - 0x130},
             {0x178, 0x178, 0xFF - 0x178},
             {0x100, 0x137, EVEN},
             {0x139, 0x148, ODD},
             {0x14A, 0x177, EVEN},
             {0x179, 0x17E, ODD},
             {0x218, 0x21B, EVEN},
             {0x386, 0x386, 38},
             {0x388, 0x38A, 37},
             {0x38C, 0x38C, 64},
             {0x38E, 0x38F, 63},
             {0x391, 0x3A1, 32},
             {0x3A3, 0x3AB, 32},
             {0x400, 0x40F, 80},
             {0x410, 0x42F, 32},
             {0x460, 0x481, EVEN},
             {0x48A, 0x4BF, EVEN},
             {0x4D0, 0x52F, EVEN},
             {0x1E9E, 0x1E9E, 0xDF - 0x1E9E},
             {0x1E96, 0x1E9F, 0},
             {0x1E00, 0x1EFF, EVEN}};

uint32_t utf8_lower(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c > 0x1EFF) return c;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (c < cases[i].from || c > cases[i].to) continue;
    if (cases[i].by == EVEN) return c | 1;
    if (cases[i].by == ODD) return c % 2 == 1 ? c + 1 : c;
    return (uint32_t)((int32_t)c + cases[i].by);
  }
  return c;
}
