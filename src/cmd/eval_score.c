#include "cmd/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

int32_t eval_label(struct eval_labels *l, struct trg_str name) {
  for (size_t i = 0; i < l->count; i++)
    if (str_is_nocase(name, l->names[i])) return (int32_t)i;
  if (l->count == l->room) {
    l->room = l->room == 0 ? 64 : l->room * 2;
    const char **more = arena_alloc(l->arena, l->room * sizeof *more);
    if (l->count > 0) memcpy(more, l->names, l->count * sizeof *more);
    l->names = more;
  }
  l->names[l->count] = arena_dup(l->arena, name);
  return (int32_t)l->count++;
}

static bool is_right(const struct eval_answer *a) {
  return a->guess >= 0 && a->guess == a->truth;
}

static double sure(const struct eval_answer *a) {
  return a->guess < 0 || a->confidence < 0 ? 0 : a->confidence > 1 ? 1 : a->confidence;
}

static double f1_of(const struct eval_answer *a, size_t count) {
  int32_t most = -1;
  for (size_t i = 0; i < count; i++) {
    if (a[i].truth > most) most = a[i].truth;
    if (a[i].guess > most) most = a[i].guess;
  }
  if (most < 0) return 0;
  struct tally {
    size_t right, guessed, true_ones;
  } *t = mem_array((size_t)most + 1, sizeof *t);
  for (size_t i = 0; i < count; i++) {
    t[a[i].truth].true_ones++;
    if (a[i].guess >= 0) t[a[i].guess].guessed++;
    if (is_right(&a[i])) t[a[i].truth].right++;
  }
  double sum = 0;
  size_t seen = 0;
  for (int32_t k = 0; k <= most; k++) {
    const size_t both = t[k].guessed + t[k].true_ones;
    if (both == 0) continue;
    sum += 2.0 * (double)t[k].right / (double)both;
    seen++;
  }
  mem_free(t);
  return sum / (double)seen;
}

static double ece_of(const struct eval_answer *a, size_t count) {
  struct {
    size_t n, right;
    double sum;
  } bin[EVAL_BINS] = {0};
  for (size_t i = 0; i < count; i++) {
    const double c = sure(&a[i]);
    size_t k = (size_t)(c * EVAL_BINS);
    if (k >= EVAL_BINS) k = EVAL_BINS - 1;
    bin[k].n++;
    bin[k].right += is_right(&a[i]);
    bin[k].sum += c;
  }
  double gap = 0;
  for (size_t k = 0; k < EVAL_BINS; k++) gap += fabs(bin[k].sum - (double)bin[k].right);
  return gap / (double)count;
}

static int by_size(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least that share does not exceed. */
static double rank_ms(const int64_t *sorted, size_t n, double share) {
  if (n == 0) return 0;
  size_t k = (size_t)ceil(share * (double)n);
  if (k > 0) k--;
  return (double)sorted[k < n ? k : n - 1] / 1000.0;
}

static void latency_of(const struct eval_answer *a, size_t count, struct eval_score *s) {
  int64_t *us = mem_array(count, sizeof *us);
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (a[i].guess >= 0) us[n++] = a[i].latency_us;
  qsort(us, n, sizeof *us, by_size);
  s->p50_ms = rank_ms(us, n, 0.50);
  s->p99_ms = rank_ms(us, n, 0.99);
  mem_free(us);
}

double eval_error(double share, size_t n) {
  return n == 0 ? 0 : sqrt(share * (1 - share) / (double)n);
}

double eval_pass(const struct eval_answer *a, size_t n, size_t runs) {
  size_t passed = 0;
  for (size_t i = 0; i < n; i++) {
    bool all = true;
    for (size_t k = 0; k < runs && all; k++) all = is_right(&a[k * n + i]);
    passed += all;
  }
  return n == 0 ? 0 : (double)passed / (double)n;
}

static int surer(const void *a, const void *b) {
  const double x = sure(a), y = sure(b);
  return (x < y) - (x > y);
}

#define SURE_SHARE 0.95

/* Answers of one confidence stand or fall together: a threshold cannot part them. */
static void sure_of(const struct eval_answer *a, size_t count, struct eval_score *s) {
  struct eval_answer *sorted = mem_array(count, sizeof *sorted);
  memcpy(sorted, a, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, surer);
  size_t right = 0;
  for (size_t i = 0; i < count; i++) {
    right += is_right(&sorted[i]);
    const bool last = i + 1 == count || surer(&sorted[i], &sorted[i + 1]) != 0;
    if (!last || sure(&sorted[i]) <= 0 || (double)right < SURE_SHARE * (double)(i + 1)) continue;
    s->sure = i + 1;
    s->sure_precision = (double)right / (double)(i + 1);
  }
  mem_free(sorted);
}

void eval_score(const struct eval_answer *a, size_t count, double accept, struct eval_score *ret) {
  struct eval_score s = {.n = count, .precision = NAN, .sure_precision = NAN};
  size_t right = 0, decided_right = 0;
  for (size_t i = 0; i < count; i++) {
    const bool decided = a[i].guess >= 0 && sure(&a[i]) >= accept;
    right += is_right(&a[i]);
    s.answered += a[i].guess >= 0;
    s.decided += decided;
    decided_right += decided && is_right(&a[i]);
  }
  if (count > 0) {
    s.accuracy = (double)right / (double)count;
    s.macro_f1 = f1_of(a, count);
    s.ece = ece_of(a, count);
    latency_of(a, count, &s);
    sure_of(a, count, &s);
  }
  if (s.decided > 0) s.precision = (double)decided_right / (double)s.decided;
  *ret = s;
}
