/*
 * How good a model's answers to labelled tickets are. Pure.
 */
#ifndef MODEL_SCORE_H
#define MODEL_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;

/* Labels are numbers. */
struct scored {
  int32_t truth, guess; /* guess -1: no usable answer, which counts as wrong and unsure */
  double confidence;
  int64_t latency_us;
};
bool score_right(const struct scored *a);
double score_sure(const struct scored *a); /* 0..1 */
/* The mean of F1 over the labels that occur as truth or guess. */
double score_macro_f1(const struct scored *a, size_t count);
/* Expected calibration error over bins of equal width; 0 of none. */
#define SCORE_BINS 15
double score_ece(const struct scored *a, size_t count);
/* Mean square of what confidence is off by: a proper score, which no model gains in by claiming
 * more or less than it knows. 0 is best; 0 of none. */
double score_brier(const struct scored *a, size_t count);

/* The label names, numbered by first appearance; compared without case. */
struct score_labels {
  const char **names;
  size_t count, room;
  struct arena *arena;
};
int32_t score_label(struct score_labels *l, struct trg_str name);

#endif
