/* Slips of the finger: the nearest known word. */
#include <string.h>

#include "conf/field.h"

#define WORD_MAX 48

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours. */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
  size_t rows[3][WORD_MAX + 1];
  size_t *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= m; j++) last[j] = j;
  memcpy(before, last, sizeof rows[0]);
  for (size_t i = 1; i <= n; i++) {
    now[0] = i;
    for (size_t j = 1; j <= m; j++) {
      now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = least(now[j], before[j - 2] + 1);
    }
    size_t *free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[m];
}

const char *field_nearest(const char *word, const char *const *words) {
  const size_t n = strlen(word);
  const char *best = NULL;
  size_t best_distance = 0;
  if (n == 0 || n > WORD_MAX) return NULL;
  for (; *words != NULL; words++) {
    const size_t m = strlen(*words);
    if (m > WORD_MAX) continue;
    const size_t d = distance(word, n, *words, m);
    const size_t allowed = (n < m ? n : m) <= 3 ? 1 : (n < m ? n : m) <= 7 ? 2 : 3;
    if (d <= allowed && d < n && (best == NULL || d < best_distance)) {
      best = *words;
      best_distance = d;
    }
  }
  return best;
}
