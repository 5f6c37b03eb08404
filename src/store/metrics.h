/*
 * Counts for metrics.
 */
#ifndef STORE_METRICS_H
#define STORE_METRICS_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

enum metric_set {
  METRIC_TICKETS,        /* helpdesk, outcome */
  METRIC_MODEL_REQUESTS, /* model, task, result */
  METRIC_MODEL_TOKENS,   /* model, kind: input output cache_read cache_write */
  METRIC_MODEL_COST,     /* model; micro-dollars */
  METRIC_RESOLUTIONS,    /* helpdesk, billing state */
  METRIC_CHARGED,        /* helpdesk; micro-dollars */
  METRIC_DELIVERIES      /* helpdesk, intent, outbox state */
};
struct metric_row {
  const char *labels[3];
  int64_t value;
};
int metric_rows(struct store *s, enum metric_set set, struct arena *a, struct metric_row **ret,
                size_t *ret_count, struct trg_err *err);

#define METRIC_BOUNDS 12
extern const int64_t metric_bound_us[METRIC_BOUNDS]; /* the last is the rest */
struct metric_histogram {
  const char *model;
  int64_t bucket[METRIC_BOUNDS], count, sum_us;
};
int metric_model_seconds(struct store *s, struct arena *a, struct metric_histogram **ret,
                         size_t *ret_count, struct trg_err *err);

#endif
