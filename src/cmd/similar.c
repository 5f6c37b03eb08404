#include "cmd/similar.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define WORDS_MAX 2000

/* Letters and digits of any script; what is between them separates words. */
static bool in_word(uint32_t c) {
  if (c < 128) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c >= 0xC0 && !(c >= 0x2000 && c <= 0x303F) && c != 0xD7 && c != 0xF7 && c != 0xFFFD;
}

/* A citation: "[" and no blank until "]". */
static size_t mark_end(struct trg_str s, size_t at) {
  for (size_t i = at; i < s.n && s.p[i] != ' ' && s.p[i] != '\n'; i++)
    if (s.p[i] == ']') return i + 1;
  return at;
}

/* Words as FNV-1a hashes of their lower case. */
static size_t words_of(struct trg_str s, uint64_t *ret) {
  size_t n = 0, at = 0;
  uint64_t word = 0;
  while (n < WORDS_MAX) {
    if (at < s.n && s.p[at] == '[') at = mark_end(s, at);
    const uint32_t c = at < s.n ? utf8_next(s, &at) : 0;
    if (in_word(c)) {
      if (word == 0) word = UINT64_C(14695981039346656037);
      word = (word ^ utf8_lower(c)) * UINT64_C(1099511628211);
      continue;
    }
    if (word != 0) ret[n++] = word;
    word = 0;
    if (at >= s.n) break;
  }
  return n;
}

static size_t common_length(const uint64_t *a, size_t n, const uint64_t *b, size_t m) {
  uint32_t *row = mem_array(m + 1, sizeof *row);
  for (size_t i = 0; i < n; i++) {
    uint32_t before = 0; /* row[k - 1] of the row above */
    for (size_t k = 1; k <= m; k++) {
      const uint32_t above = row[k];
      if (a[i] == b[k - 1])
        row[k] = before + 1;
      else if (row[k - 1] > row[k])
        row[k] = row[k - 1];
      before = above;
    }
  }
  const size_t length = row[m];
  mem_free(row);
  return length;
}

double text_similar(struct trg_str a, struct trg_str b) {
  uint64_t *x = mem_array(WORDS_MAX, sizeof *x), *y = mem_array(WORDS_MAX, sizeof *y);
  const size_t n = words_of(a, x), m = words_of(b, y);
  double alike = n == 0 && m == 0 ? 1 : 0;
  if (n > 0 && m > 0) alike = 2.0 * (double)common_length(x, n, y, m) / (double)(n + m);
  mem_free(x);
  mem_free(y);
  return alike;
}
