/*
 * Recorded decisions, run again: with the recorded answer (then everything must be the same), or
 * with another model.
 */
#ifndef CMD_REPLAY_H
#define CMD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct bench;
struct conf;
struct conf_model;
struct recorded_filter;
struct shadow_sum;
struct store;

enum replay_end {
  REPLAY_SAME = 0,
  REPLAY_DIFFERS,
  REPLAY_UNRECORDED, /* bytes or question are gone: deleted by age, or of an older version */
  REPLAY_NO_BACKEND  /* the configuration has no model of its backend any more */
};
struct replay_case {
  int64_t decision_id, pass, at_ms;
  const char *ref, *stage, *model;
  enum replay_end end;
  const char *why; /* what differs, and where */
};
struct replay {
  struct bench *bench;
  const struct conf *conf;
  struct store *store;
  const struct recorded_filter *filter;
  struct arena *arena; /* of the cases */
  void (*progress)(void *arg, size_t done, size_t total);
  void *arg;
  size_t total; /* decisions of the filter */
  /* Written. */
  size_t done, count[4];          /* by replay_end */
  size_t requests, requests_same; /* built anew, and those with the recorded bytes */
  struct replay_case *cases;      /* those of which the answer, or the request, is not the same */
  size_t case_count, case_room;
};
/* The recorded answers through the backends that got them. */
int replay_recorded(struct replay *r, struct trg_err *err);

/* The recorded questions to this model. `sum` gets a pair for each: live is what was recorded. */
struct replay_model {
  const struct conf_model *model;
  struct shadow_sum *sum;
  int64_t cost_micros, recorded_cost_micros;
  size_t failed, skipped; /* skipped: the question was not recorded */
  char why[320];          /* of the last failure */
};
int replay_with(struct replay *r, struct replay_model *m, struct trg_err *err);

#endif
