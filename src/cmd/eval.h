/*
 * Models side by side on labelled tickets: asking them (eval_ask.c), and scoring the answers
 * (eval_score.c), which is pure.
 */
#ifndef CMD_EVAL_H
#define CMD_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct conf;
struct conf_model;
struct labelled;
struct registry;

#define EVAL_BINS 15

/* Labels are numbers: those of the file first, then whatever else a model answered. */
struct eval_answer {
  int32_t truth, guess; /* guess -1: no usable answer, which counts as wrong and unsure */
  double confidence;
  int64_t latency_us;
};
struct eval_score {
  size_t n, answered, decided;
  double accuracy, macro_f1, ece;
  double precision; /* of those decided; NaN when none was */
  double p50_ms, p99_ms;
};
/* macro_f1: the mean over the labels that occur as truth or guess. ece: EVAL_BINS bins of equal
 * width. decided: confidence at or above accept. */
void eval_score(const struct eval_answer *a, size_t count, double accept, struct eval_score *ret);

/* The label names, numbered by first appearance; compared without case. */
struct eval_labels {
  const char **names;
  size_t count, room;
  struct arena *arena;
};
int32_t eval_label(struct eval_labels *l, struct trg_str name);

struct eval_bench; /* loop, host, skills and taxonomy, without a store */
/* Takes conf. NULL and err when it cannot be used. */
struct eval_bench *eval_bench_new(struct conf *conf, const struct eval_labels *labels,
                                  struct trg_err *err);
void eval_bench_free(struct eval_bench **b);
struct eval_run {
  const struct conf_model *model;
  const struct labelled *with;
  struct eval_labels *labels;
  struct eval_answer *answers; /* one for each example, truth filled in; the rest is written */
  void (*progress)(void *arg, size_t done, size_t total);
  void *arg;
  int64_t cost_micros; /* written: of all calls */
  size_t failed;       /* written: no usable answer */
  char why[320];       /* written: of the last failure */
};
/* Asks one model about every example. Negative and err when the model cannot be asked at all. */
int eval_ask(struct eval_bench *b, struct eval_run *run, struct trg_err *err);

#endif
