#include "base/diff.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Words without the white space behind them, and where the next one begins. */
struct words {
  struct trg_str *list;
  const char **next;
  size_t n;
};

static struct words split(struct trg_str s, struct arena *a) {
  struct words w = {arena_alloc(a, sizeof *w.list * DIFF_WORDS_MAX),
                    arena_alloc(a, sizeof *w.next * DIFF_WORDS_MAX), 0};
  size_t i = 0;
  while (i < s.n && isspace((unsigned char)s.p[i])) i++;
  while (i < s.n && w.n < DIFF_WORDS_MAX) {
    const size_t from = i;
    while (i < s.n && !isspace((unsigned char)s.p[i])) i++;
    w.list[w.n] = (struct trg_str){s.p + from, i - from};
    while (i < s.n && isspace((unsigned char)s.p[i])) i++;
    w.next[w.n++] = s.p + i;
  }
  return w;
}

/* Lengths of the longest common run of words from each place on: (n + 1) x (m + 1). */
static uint16_t *common(const struct words *x, const struct words *y) {
  const size_t width = y->n + 1;
  uint16_t *t = mem_array((x->n + 1) * width, sizeof *t);
  for (size_t i = x->n; i-- > 0;)
    for (size_t k = y->n; k-- > 0;) {
      const uint16_t down = t[(i + 1) * width + k], right = t[i * width + k + 1];
      t[i * width + k] = str_eq(x->list[i], y->list[k]) ? (uint16_t)(t[(i + 1) * width + k + 1] + 1)
                         : down > right                 ? down
                                                        : right;
    }
  return t;
}

static void run_add(struct diff_run *runs, size_t *n, enum diff_kind kind, const char *from,
                    const char *end) {
  const struct trg_str text = {from, (size_t)(end - from)};
  if (*n > 0 && runs[*n - 1].kind == kind && runs[*n - 1].text.p + runs[*n - 1].text.n == from)
    runs[*n - 1].text.n += text.n;
  else
    runs[(*n)++] = (struct diff_run){kind, text};
}

size_t diff_words(struct trg_str old, struct trg_str new, struct arena *a, struct diff_run **ret) {
  const struct words x = split(old, a), y = split(new, a);
  uint16_t *t = common(&x, &y);
  const size_t width = y.n + 1;
  struct diff_run *runs = arena_alloc(a, sizeof *runs * (x.n + y.n + 1));
  size_t n = 0, i = 0, k = 0;
  while (i < x.n || k < y.n) {
    if (i < x.n && k < y.n && str_eq(x.list[i], y.list[k])) {
      run_add(runs, &n, DIFF_SAME, y.list[k].p, y.next[k]);
      i++;
      k++;
    } else if (i < x.n && (k == y.n || t[(i + 1) * width + k] >= t[i * width + k + 1])) {
      run_add(runs, &n, DIFF_GONE, x.list[i].p, x.next[i]);
      i++;
    } else {
      run_add(runs, &n, DIFF_NEW, y.list[k].p, y.next[k]);
      k++;
    }
  }
  mem_free(t);
  *ret = runs;
  return n;
}

double diff_distance(struct trg_str old, struct trg_str new) {
  struct arena *a = arena_new();
  const struct words x = split(old, a), y = split(new, a);
  uint16_t *t = common(&x, &y);
  const size_t all = x.n + y.n, same = t[0];
  mem_free(t);
  arena_free(&a);
  return all > 0 ? (double)(all - 2 * same) / (double)all : 0;
}
