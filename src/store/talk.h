/*
 * What was said and what happened: messages (masked) and events. Events are the only facts; they
 * are append-only by trigger, and (ticket, kind, ext_id) makes each count once however often it
 * is told.
 */
#ifndef STORE_TALK_H
#define STORE_TALK_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct message {
  int64_t id, ticket_id;
  const char *ext_id;
  int32_t author; /* enum trg_author */
  uint32_t flags; /* TRG_MESSAGE_* */
  int64_t at_ms;
  const char *author_id;
  const char *text;        /* masked */
  const char *attachments; /* JSON array of {"name","media_type","size"} */
  const char *marker;
};
/* Inserts or, when the text or flags changed at the helpdesk, updates. */
int message_put(struct store *s, const struct message *m, bool *ret_new, struct trg_err *err);
/* Oldest first. */
int message_list(struct store *s, int64_t ticket_id, struct arena *a, struct message **ret,
                 size_t *ret_count, struct trg_err *err);

/* Kinds are the words of the billing rules: msg_in, msg_out, note, handoff, signal, reopen, merge,
 * spam, solved, closed, deleted, assigned, csat, verify, vendor, procedure_end, action; and those
 * of the road: state, retry, dead, requeue. */
struct event {
  int64_t seq, ticket_id;
  const char *kind;
  const char *ext_id; /* "" gets "seq:N" */
  const char *actor;  /* customer, ai, human, rule, system, person:NAME */
  const char *value;
  const char *data; /* JSON object text, or "" */
  int64_t at_ms;    /* when it happened */
  int64_t seen_ms;  /* when we learnt of it */
};
/* *ret_new false: it was known. A new fact other than the road's own also marks the ticket for
 * settle. */
int event_add(struct store *s, const struct event *e, bool *ret_new, struct trg_err *err);
/* In order of (at_ms, seq). `facts_only`: without the road's own kinds. */
int event_list(struct store *s, int64_t ticket_id, bool facts_only, struct arena *a,
               struct event **ret, size_t *ret_count, struct trg_err *err);

/* The newest event of `kind` of each ticket opened in [from, to), to 0: without an end; in order of
 * ticket. fn nonzero stops and is returned. */
int event_newest_each(struct store *s, const char *kind, int64_t from_ms, int64_t to_ms,
                      int (*fn)(void *arg, int64_t ticket_id, const char *value,
                                struct trg_err *err),
                      void *arg, struct trg_err *err);

/* What people and machines did through triagectl, the control socket or MCP. */
int audit_add(struct store *s, const char *who, const char *what, const char *object,
              const char *detail, int64_t at_ms, struct trg_err *err);

#endif
