/*
 * What models were asked, in the program's own terms: with it a recorded decision can be asked of
 * any model again, and its recorded prompt hash be checked.
 */
#ifndef STORE_ASKED_H
#define STORE_ASKED_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/model.h>

struct arena;
struct store;

/* The number of this text, which is kept once. */
int prompt_keep(struct store *s, struct trg_str text, int64_t *ret_id, struct trg_err *err);

struct asked {
  int64_t ticket_id, pass;
  const char *stage; /* triage, draft, verify */
  int64_t stable_id, schema_id;
  int64_t taxonomy_id, system_id; /* 0: none */
  struct trg_str part;            /* the user's part of the prompt, masked */
  int64_t at_ms;
};
/* A stage that asks again replaces what it asked before. */
int asked_put(struct store *s, const struct asked *a, struct trg_err *err);

/* A decision that a model made, with everything that was recorded of it. */
struct recorded {
  int64_t decision_id, ticket_id, pass;
  const char *ref, *stage, *verdict, *model, *backend;
  double confidence;
  int64_t cost_micros, latency_us, at_ms;
  const char *prompt_hash, *skills_hash, *conf_hash;
  struct trg_usage usage;
  struct trg_str request, response; /* of the call; empty: deleted by age */
  struct trg_str stable, schema, taxonomy, system, part;
  const char *user_hash;
};
struct recorded_filter {
  const char *stage;      /* NULL: triage, draft and verify */
  int64_t from_ms, to_ms; /* 0: no bound; to is exclusive */
};
int recorded_count(struct store *s, const struct recorded_filter *f, int64_t *ret,
                   struct trg_err *err);
/* The first after this decision; TRG_ENOTFOUND at the end. */
int recorded_next(struct store *s, const struct recorded_filter *f, int64_t after_id,
                  struct arena *a, struct recorded *ret, struct trg_err *err);

#endif
