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
#include "admin/train.h"
#include "base/json.h"
#include "model/score.h"

struct arena;
struct conf;
struct conf_model;
struct registry;

struct eval_score {
  size_t n, answered, decided;
  double accuracy, macro_f1, ece, brier;
  double precision; /* of those decided; NaN when none was */
  /* The largest part, surest first, of which at least 95 % are right. */
  size_t sure;
  double sure_precision; /* NaN when there is no such part */
  double p50_ms, p99_ms;
};
/* Standard error of a share. */
double eval_error(double share, size_t n);
/* pass^k: the share of the n examples that were right in each of `runs` runs; answers run by run.
 */
double eval_pass(const struct scored *a, size_t n, size_t runs);
/* decided: confidence at or above accept. */
void eval_score(const struct scored *a, size_t count, double accept, struct eval_score *ret);

/* Labels beside the category that are compared when an example has them. */
#define EVAL_FIELDS 5
extern const char *const eval_fields[EVAL_FIELDS];

struct bench;
struct buf;
struct eval_run {
  const struct conf_model *model;
  const struct labelled *with;
  struct score_labels *labels;
  size_t runs; /* every example is asked so often */
  /* One for each example and run, run by run; truth filled in, the rest is written. */
  struct scored *answers;
  char (*fields)[EVAL_FIELDS]; /* as many: '1' right, '0' wrong, '-' not asked */
  bool *known;                 /* as many: answered in an earlier, interrupted evaluation */
  char **batch_refs; /* as many, each NULL or freed by who made the run: the vendor's batch
                      * that has the question */
  bool batched;      /* through the vendor's batches, if the backend has them */
  int part_fd;       /* -1: answers are not kept */
  void (*progress)(void *arg, size_t done, size_t total);
  void *arg;
  int64_t cost_micros; /* written: of all calls */
  size_t failed;       /* written: no usable answer */
  size_t resumed;      /* written: taken from an earlier one */
  char why[320];       /* written: of the last failure */
};
/* Asks one model about every example. Negative and err when the model cannot be asked at all. */
int eval_ask(struct bench *b, struct eval_run *run, struct trg_err *err);

/* One model's result, and its printing (eval_print.c). */
struct eval_result {
  const struct conf_model *model;
  bool asked, batched;
  size_t n, runs;
  struct eval_score score; /* over all answers: n times runs */
  double accept, pass_k;
  int64_t per_1000_micros;
  struct {
    size_t n, right;
  } field[EVAL_FIELDS];
};
struct cmd_call;
struct eval_row;
json *eval_result_json(const struct eval_result *r);
void eval_results_print(const struct eval_result *r, size_t count, const struct cmd_call *c);
void eval_history_print(const struct eval_row *rows, size_t count, const struct cmd_call *c);

/* eval_part.c: answers kept while an evaluation is under way. */
void eval_prompt_hash(const struct bench *b, char out[65]); /* of what all examples share */
void eval_source_hash(const struct labelled *with, char out[65]);
void eval_part_name(const struct bench *b, const struct eval_run *run, const char *source_hash,
                    struct buf *ret_path);
void eval_part_open(struct eval_run *run, const char *path); /* takes what is there */
void eval_part_add(struct eval_run *run, size_t i, int64_t cost_micros);
void eval_part_waits(struct eval_run *run, size_t i); /* in the batch of batch_refs[i] */
void eval_part_close(struct eval_run *run, const char *path, bool complete);

#endif
