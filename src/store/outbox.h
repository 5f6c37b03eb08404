/*
 * Intended effects at a helpdesk, each with its idempotency key: planned, sending, done, rejected
 * or uncertain. A row is written and committed before anything is sent; one key is planned once.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct outbox {
  int64_t id, ticket_id, pass;
  const char *ref, *helpdesk, *ext_id;
  const char *intent;   /* reply, note, handoff, fields */
  const char *idem_key; /* unique: hash of (ticket, inbound message, intent) */
  const char *state;    /* planned, sending, done, rejected, uncertain, superseded */
  const char *action;   /* JSON: what is to be written (masked) */
  const char *version, *last_message_id; /* guards */
  int64_t attempts, planned_ms, sent_ms, done_ms;
  const char *code, *why; /* of the last attempt */
  const char *receipts;   /* JSON array of {"kind","id","at"} */
};
/* *ret_new false: that key was planned before (its row is left as it is). */
int outbox_plan(struct store *s, const struct outbox *o, int64_t *ret_id, bool *ret_new,
                struct trg_err *err);
/* New state with what is known; fields that are NULL stay. */
int outbox_set(struct store *s, int64_t id, const char *state, const char *code, const char *why,
               const char *receipts, int64_t now_ms, struct trg_err *err);
/* Fresh guards after a re-read that changed nothing for us. */
int outbox_guard(struct store *s, int64_t id, const char *version, const char *last_message_id,
                 struct trg_err *err);
int outbox_by_id(struct store *s, int64_t id, struct arena *a, struct outbox *ret,
                 struct trg_err *err);
/* Of one ticket, oldest first; state NULL: all. */
int outbox_list(struct store *s, int64_t ticket_id, const char *state, struct arena *a,
                struct outbox **ret, size_t *ret_count, struct trg_err *err);
/* At start: what was `sending` becomes `uncertain`. */
int outbox_recover(struct store *s, int64_t now_ms, int64_t *ret_count, struct trg_err *err);

#endif
