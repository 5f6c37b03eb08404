/*
 * What people did with drafts: approved as they were, edited, rejected, or answered on their own in
 * the helpdesk. The signal by which models and skills are compared.
 */
#ifndef STORE_FEEDBACK_H
#define STORE_FEEDBACK_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

/* kind: approved, edited, rejected, answered. distance: of the words, 0 to 1; -1: unknown.
 * Category, model and skill version are taken from the ticket and its draft as they are now. */
int feedback_add(struct store *s, int64_t draft_id, const char *kind, const char *who,
                 double distance, int64_t now_ms, struct trg_err *err);

struct feedback_row {
  const char *key;
  int64_t drafts, approved, edited, rejected, answered;
  double distance; /* mean of those that are known; -1: none */
};
/* by: category, model, skills, month, who. Of moments from <= at < to; ordered by key. */
int feedback_report(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                    struct arena *a, struct feedback_row **ret, size_t *ret_count,
                    struct trg_err *err);

#endif
