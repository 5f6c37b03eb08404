#include "cmd/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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

static void latency_of(const struct scored *a, size_t count, struct eval_score *s) {
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

double eval_pass(const struct scored *a, size_t n, size_t runs) {
  size_t passed = 0;
  for (size_t i = 0; i < n; i++) {
    bool all = true;
    for (size_t k = 0; k < runs && all; k++) all = score_right(&a[k * n + i]);
    passed += all;
  }
  return n == 0 ? 0 : (double)passed / (double)n;
}

static int surer(const void *a, const void *b) {
  const double x = score_sure(a), y = score_sure(b);
  return (x < y) - (x > y);
}

#define SURE_SHARE 0.95

/* Answers of one confidence stand or fall together: a threshold cannot part them. */
static void sure_of(const struct scored *a, size_t count, struct eval_score *s) {
  struct scored *sorted = mem_array(count, sizeof *sorted);
  memcpy(sorted, a, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, surer);
  size_t right = 0;
  for (size_t i = 0; i < count; i++) {
    right += score_right(&sorted[i]);
    const bool last = i + 1 == count || surer(&sorted[i], &sorted[i + 1]) != 0;
    if (!last || score_sure(&sorted[i]) <= 0 || (double)right < SURE_SHARE * (double)(i + 1))
      continue;
    s->sure = i + 1;
    s->sure_precision = (double)right / (double)(i + 1);
  }
  mem_free(sorted);
}

void eval_score(const struct scored *a, size_t count, double accept, struct eval_score *ret) {
  struct eval_score s = {.n = count, .precision = NAN, .sure_precision = NAN};
  size_t right = 0, decided_right = 0;
  for (size_t i = 0; i < count; i++) {
    const bool decided = a[i].guess >= 0 && score_sure(&a[i]) >= accept;
    right += score_right(&a[i]);
    s.answered += a[i].guess >= 0;
    s.decided += decided;
    decided_right += decided && score_right(&a[i]);
  }
  if (count > 0) {
    s.accuracy = (double)right / (double)count;
    s.macro_f1 = score_macro_f1(a, count);
    s.ece = score_ece(a, count);
    s.brier = score_brier(a, count);
    latency_of(a, count, &s);
    sure_of(a, count, &s);
  }
  if (s.decided > 0) s.precision = (double)decided_right / (double)s.decided;
  *ret = s;
}
