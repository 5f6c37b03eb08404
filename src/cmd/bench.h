/*
 * A workbench for asking models outside the daemon (eval, replay): loop, host and a plan with its
 * skills and taxonomy, without a store.
 */
#ifndef CMD_BENCH_H
#define CMD_BENCH_H

#include <stddef.h>
#include <triaged/plugin.h>

struct conf;
struct conf_model;
struct trg_inst;

struct bench {
  struct loop *loop;
  struct http *http;
  struct host *host;
  struct road_plan *plan;
};
/* Takes conf. `labels` are categories that a classifier knows beside those of the taxonomy. NULL
 * and err when it cannot be used. */
struct bench *bench_new(struct conf *conf, const char *const *labels, size_t label_count,
                        struct trg_err *err);
void bench_free(struct bench **b);
int bench_open(struct bench *b, const struct conf_model *m, struct trg_inst **ret,
               struct trg_err *err);

#endif
