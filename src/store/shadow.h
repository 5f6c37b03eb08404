/*
 * Shadow answers: what models said that see live tickets for comparison only. Beside the
 * decisions; nothing on the road reads them.
 */
#ifndef STORE_SHADOW_H
#define STORE_SHADOW_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;

struct shadow {
  int64_t ticket_id, pass;
  const char *stage, *model; /* stage: triage, draft */
  const char *outcome;       /* ok, unsure, failed, refused, budget, busy: not asked */
  const char *answer;        /* JSON, masked */
  double confidence;
  int64_t cost_micros, latency_us;
  const char *code, *why;
  int64_t at_ms;
};
/* One that is there already (a stage that ran again) stays. */
int shadow_add(struct store *s, const struct shadow *w, struct trg_err *err);

/* One answer beside what really happened. */
struct shadow_pair {
  struct shadow shadow;
  const char *ref;
  const char *live, *live_model; /* the decision's answer (JSON); "": there was none */
  int64_t live_cost_micros, live_latency_us;
  const char *sent; /* what a person wrote, edited or approved in the end; "": nothing yet */
};
struct shadow_filter {
  const char *model;      /* NULL: all */
  int64_t from_ms, to_ms; /* 0: no bound; to is exclusive */
};
/* In the order of time. The texts live until `fn` returns. */
int shadow_each(struct store *s, const struct shadow_filter *f,
                void (*fn)(void *arg, const struct shadow_pair *p), void *arg, struct trg_err *err);

#endif
