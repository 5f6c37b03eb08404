/*
 * Evaluations that were made: what a model scored on labelled tickets.
 */
#ifndef STORE_EVAL_RUN_H
#define STORE_EVAL_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct store;

struct eval_row {
  int64_t id, at_ms;
  const char *source, *source_hash; /* a file's name or "solved"; hash of the examples */
  const char *model, *prompt_hash, *conf_hash;
  const char *scores; /* JSON object, as eval prints it */
};
int eval_row_add(struct store *s, const struct eval_row *r, struct trg_err *err);
/* The newest `limit`, oldest first; model NULL: all. */
int eval_row_list(struct store *s, const char *model, int64_t limit, struct arena *a,
                  struct eval_row **ret, size_t *ret_count, struct trg_err *err);

#endif
