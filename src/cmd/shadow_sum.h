/*
 * What comparison came to: answers of shadow models added up against the decisions. Pure.
 */
#ifndef CMD_SHADOW_SUM_H
#define CMD_SHADOW_SUM_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct shadow_pair;

/* Fields of a triage answer that are compared. */
#define SHADOW_FIELDS 8
extern const char *const compared_fields[SHADOW_FIELDS];

struct shadow_mean {
  size_t n;
  double sum;
};
/* One model at one task. */
struct shadow_row {
  const char *model, *task;
  size_t asked, answered, unsure, failed, skipped; /* skipped: no place or no budget */
  struct {
    size_t n, same;
  } field[SHADOW_FIELDS];                                  /* triage */
  struct shadow_mean like_live, like_sent, live_like_sent; /* draft */
  int64_t cost_micros, live_cost_micros;                   /* of the tickets that both answered */
  int64_t *us, *live_us;                                   /* latencies, in the order of time */
  size_t us_count, us_room;
};
struct shadow_gap {
  const char *ref, *task, *model, *field, *live, *shadow;
  int64_t pass, at_ms;
};
struct shadow_sum {
  struct arena *arena; /* the caller's */
  struct shadow_row *rows;
  size_t row_count, row_room;
  struct shadow_gap *gaps; /* in the order of time */
  size_t gap_count, gap_room;
};
void shadow_sum_add(struct shadow_sum *s, const struct shadow_pair *p);
/* Nearest rank of some latencies, in milliseconds; 0 when there are none. */
double shadow_rank_ms(const int64_t *us, size_t count, double share);

#endif
