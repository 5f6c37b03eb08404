/*
 * Conversations that wait for a model's verdict on whether they were resolved: one row a ticket,
 * from the moment that the bill asks until the verdict is a fact.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;

struct verify {
  int64_t ticket_id;
  int64_t due_ms, attempts;
};
/* The ticket waits for a verdict from now on; one that waits already stays as it is. */
int verify_want(struct store *s, int64_t ticket_id, int64_t now_ms, struct trg_err *err);
/* It failed: again at due_ms. */
int verify_again(struct store *s, int64_t ticket_id, int64_t due_ms, int64_t attempts,
                 const char *why, struct trg_err *err);
/* It waits no longer; nothing happens when it did not. */
int verify_done(struct store *s, int64_t ticket_id, struct trg_err *err);
/* Due at now_ms, oldest first; at most `limit` into `ret`. */
int verify_due(struct store *s, int64_t now_ms, int limit, struct verify *ret, size_t *ret_count,
               struct trg_err *err);
/* When the next one falls due; 0: none waits. */
int verify_next_due(struct store *s, int64_t *ret_ms, struct trg_err *err);

#endif
