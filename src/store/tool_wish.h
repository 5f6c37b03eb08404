/*
 * Calls that drafts want to make of tools that change something: one row a call, from the wish over
 * a person's word to what came of it. Masked text only. A row leaves "running" once, and what is
 * "running" when nobody runs it any more is uncertain: it is never begun again.
 */
#ifndef STORE_TOOL_WISH_H
#define STORE_TOOL_WISH_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct tool_wish {
  int64_t id, ticket_id, pass;
  const char *ref;       /* of the ticket; read only */
  const char *tool;      /* "orders.refund" */
  const char *arguments; /* JSON */
  const char *arguments_hash;
  const char *state;  /* waiting, approved, denied, expired, running, done, failed, uncertain */
  const char *who;    /* who approved or denied it; "policy" when nobody needs to; while it
                         waits the first of two who must approve it; both: "alice, bob" */
  const char *why;    /* of a person who denied it */
  const char *result; /* as the model is told */
  int64_t made_ms, due_ms, decided_ms, ended_ms;
};
/* One of the same ticket, tool and arguments that was run, or that is of the same pass, is found
 * again: *ret_id is then its id. */
int tool_wish_add(struct store *s, const struct tool_wish *w, int64_t *ret_id, struct trg_err *err);
int tool_wish_by_id(struct store *s, int64_t id, struct arena *a, struct tool_wish *ret,
                    struct trg_err *err);
/* Of one ticket, oldest first. */
int tool_wish_list(struct store *s, int64_t ticket_id, struct arena *a, struct tool_wish **ret,
                   size_t *ret_count, struct trg_err *err);
/* Of all tickets in that state, oldest first. */
int tool_wish_in(struct store *s, const char *state, int64_t limit, struct arena *a,
                 struct tool_wish **ret, size_t *ret_count, struct trg_err *err);
/* A person's word, or time's: from "waiting", else TRG_ENOTFOUND. */
int tool_wish_decide(struct store *s, int64_t id, const char *state, const char *who,
                     const char *why, int64_t now_ms, struct trg_err *err);
/* The first of two people said yes: it goes on waiting, and `who` is known. */
int tool_wish_first(struct store *s, int64_t id, const char *who, struct trg_err *err);
/* From "approved" to "running", else TRG_ENOTFOUND. To be committed before anything is sent. */
int tool_wish_run(struct store *s, int64_t id, struct trg_err *err);
/* The end, from "running" or "approved": done, failed or uncertain. */
int tool_wish_end(struct store *s, int64_t id, const char *state, const char *result,
                  int64_t now_ms, struct trg_err *err);
/* At the start: what was running is uncertain. */
int tool_wish_recover(struct store *s, int64_t now_ms, int64_t *ret_lost, struct trg_err *err);

#endif
