/*
 * The bars of the test data's README files: each value beside its bar, with n and standard error.
 */
#ifndef TESTS_BENCH_BARS_H
#define TESTS_BENCH_BARS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static int bars_missed;

/* A plain number: seconds, megabytes, an expected error. */
static inline void bar(const char *what, double value, double bar_value, bool at_least) {
  const bool met = at_least ? value >= bar_value : value <= bar_value;
  bars_missed += !met;
  printf("    %-34s %9.4f                        bar %s %g  %s\n", what, value,
         at_least ? ">=" : "<=", bar_value, met ? "ok" : "MISSED");
}

/* A measured value that must not be above its bar. */
static inline void bar_below(const char *what, double value, double error, size_t n,
                             double bar_value) {
  const bool met = value <= bar_value;
  bars_missed += !met;
  printf("    %-34s %9.4f  se %.4f  n %-6zu  bar <= %g  %s\n", what, value, error, n, bar_value,
         met ? "ok" : "MISSED");
}

static inline void bar_with(const char *what, double value, double error, size_t n,
                            double bar_value) {
  const bool met = value >= bar_value;
  bars_missed += !met;
  printf("    %-34s %9.4f  se %.4f  n %-6zu  bar >= %g  %s\n", what, value, error, n, bar_value,
         met ? "ok" : "MISSED");
}

/* A share of n. */
static inline void bar_share(const char *what, double share, double n, double bar_value) {
  bar_with(what, share, n > 0 ? sqrt(share * (1 - share) / n) : 0, (size_t)n, bar_value);
}

/* Area under the curve of `in` against `out` texts; its error after Hanley and McNeil (1982). */
static inline void bar_auroc(const char *what, double a, double in, double out, double bar_value) {
  const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  const double v = (a * (1 - a) + (in - 1) * (q1 - a * a) + (out - 1) * (q2 - a * a)) / (in * out);
  bar_with(what, a, sqrt(v > 0 ? v : 0), (size_t)(in + out), bar_value);
}

#endif
