/*
 * What the benchmarks share: the clock, order statistics, and the rows of the closing table. A row
 * is one line "ROW\twhat\tfigure\tpromise\tratio\tverdict" on standard output; bench.sh collects
 * them. Everything else that is printed is for the reader of a single benchmark.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int bench_order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts. share 0.5: the median. */
static inline double bench_quantile(double *x, size_t n, double share) {
  if (n == 0) return 0;
  qsort(x, n, sizeof *x, bench_order);
  const double at = share * (double)(n - 1);
  const size_t low = (size_t)at;
  return low + 1 < n ? x[low] + (at - (double)low) * (x[low + 1] - x[low]) : x[n - 1];
}

static inline long bench_env(const char *name, long otherwise) {
  const char *v = getenv(name);
  return v != NULL && *v != '\0' ? strtol(v, NULL, 10) : otherwise;
}

enum bench_verdict { BENCH_BELOW = 0, BENCH_OK = 1, BENCH_NONE = 2 };

/* promise and ratio may be "". */
static inline void bench_row(const char *what, const char *figure, const char *promise,
                             const char *ratio, enum bench_verdict v) {
  printf("ROW\t%s\t%s\t%s\t%s\t%s\n", what, figure, *promise != '\0' ? promise : "-",
         *ratio != '\0' ? ratio : "-",
         v == BENCH_NONE ? "-"
         : v == BENCH_OK ? "ok"
                         : "below");
  fflush(stdout);
}

__attribute__((format(printf, 1, 2))) static inline const char *bench_text(const char *format,
                                                                           ...) {
  static char out[8][160];
  static int next;
  char *p = out[next = (next + 1) % 8];
  va_list args;
  va_start(args, format);
  vsnprintf(p, sizeof out[0], format, args);
  va_end(args);
  return p;
}

#endif
