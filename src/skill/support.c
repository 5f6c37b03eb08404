#include "skill/support.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"

#define STEM_BYTES   5
#define SENTENCE_MAX 120 /* words of a sentence that are looked at */
#define SOURCE_MAX   4000
#define WORD_PART    0.7
#define FNV_START    UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME    UINT64_C(0x100000001B3)

/* Hashes of the telling words' first letters, in order. Returns how many. */
static size_t stems(struct trg_str text, uint64_t *out, size_t max) {
  char word[WORD_MAX];
  size_t at = 0, n = 0, count = 0;
  while (count < max && word_next(text, &at, word, &n)) {
    if (word_is_weak(word, n)) continue;
    const size_t take = utf8_cut((struct trg_str){word, n}, STEM_BYTES);
    uint64_t h = FNV_START;
    for (size_t i = 0; i < take; i++) h = (h ^ (unsigned char)word[i]) * FNV_PRIME;
    out[count++] = h;
  }
  return count;
}

static int by_value(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static bool among(const uint64_t *sorted, size_t n, uint64_t h) {
  return bsearch(&h, sorted, n, sizeof *sorted, by_value) != NULL;
}

/* In place: a pair becomes one number. Returns how many. */
static size_t pairs(uint64_t *list, size_t n) {
  for (size_t i = 0; i + 1 < n; i++) list[i] = list[i] * 31 ^ list[i + 1];
  return n > 0 ? n - 1 : 0;
}

static double share(const uint64_t *list, size_t n, const uint64_t *sorted, size_t m) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) found += among(sorted, m, list[i]);
  return n > 0 ? (double)found / (double)n : 1.0;
}

double support_of(struct trg_str sentence, struct trg_str source) {
  uint64_t own[SENTENCE_MAX];
  const size_t n = stems(sentence, own, SENTENCE_MAX);
  if (n == 0) return 1.0;
  uint64_t *all = mem_array(SOURCE_MAX, 2 * sizeof *all), *twos = all + SOURCE_MAX;
  const size_t m = stems(source, all, SOURCE_MAX);
  for (size_t i = 0; i < m; i++) twos[i] = all[i];
  const size_t m2 = pairs(twos, m);
  if (m > 1) qsort(all, m, sizeof *all, by_value);
  if (m2 > 1) qsort(twos, m2, sizeof *twos, by_value);
  const double words = share(own, n, all, m);
  const size_t n2 = pairs(own, n);
  const double both = n2 > 0 ? share(own, n2, twos, m2) : words;
  mem_free(all);
  return WORD_PART * words + (1 - WORD_PART) * both;
}
