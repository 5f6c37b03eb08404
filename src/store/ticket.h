/*
 * Tickets: one row a conversation of one helpdesk, with its place on the road. The row is a cached
 * fold of the ticket's events. Only pipeline/advance.c changes `state`.
 */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/connector.h>

struct store;
struct arena;

/* Where a ticket is on the road: what it waits for. Words in the database: ticket_state_word. */
enum ticket_state {
  TICKET_NONE = 0,
  TICKET_RECEIVED,  /* masked and stored; waits for triage */
  TICKET_TRIAGING,  /* a model is deciding */
  TICKET_TRIAGED,   /* waits for policy */
  TICKET_ADMITTED,  /* policy lets it be drafted; waits for the draft */
  TICKET_DRAFTING,  /* a model is writing */
  TICKET_DRAFTED,   /* waits for policy again */
  TICKET_DECIDED,   /* outcome is fixed; waits to be written back */
  TICKET_WRITING,   /* a write is under way */
  TICKET_UNCERTAIN, /* a write's answer was lost; must be looked for */
  TICKET_FOLLOWING, /* delivered; waits for what the conversation does */
  TICKET_DONE,      /* closed, deleted or merged at the helpdesk, or nothing to answer */
  TICKET_DEAD,      /* dead letter: needs `triagectl requeue` */
  TICKET_STATES
};
const char *ticket_state_word(enum ticket_state s);
enum ticket_state ticket_state_of(struct trg_str word); /* TICKET_NONE: unknown */

struct ticket {
  int64_t id;
  const char *helpdesk, *ext_id, *ref; /* ref: "support/101" */
  enum ticket_state state;
  int32_t status;  /* enum trg_status, as last fetched */
  int32_t channel; /* enum trg_channel */
  uint32_t flags;  /* TRG_TICKET_* */
  const char *version;
  const char *subject;        /* masked */
  const char *requester_hash; /* keyed hash of the e-mail address or id; "" unknown */
  const char *url;
  const char *merged_into;
  bool sandbox;
  int64_t pass;           /* how many times the road was taken: one per unanswered message */
  const char *inbound_id; /* newest customer message: what this pass answers */
  int64_t created_ms, updated_ms, received_ms; /* helpdesk's first two; ours */
  int64_t due_ms;                              /* earliest next step; 0: now */
  int64_t lease_ms;                            /* in-flight states: taken back after this moment */
  int64_t attempts;                            /* of the current step */
  const char *hold_reason;                     /* why it waits, or "" */
  /* Verdict of the newest triage; empty before it. */
  const char *category, *subcategory, *priority, *priority_reason, *team, *language, *sentiment,
      *product_area, *duplicate_of, *summary, *model;
  bool wants_human;
  double confidence;   /* of the category */
  const char *outcome; /* "", sent, draft, handoff, observed, skipped, failed */
  const char *reason;  /* reason code of the outcome */
  /* Cached by settle. */
  const char *bill_state; /* open, resolved, excluded, held, reversed */
  const char *bill_reason;
  int64_t settle_ms;  /* when settle must look again; 0: not before something happens */
  int64_t changed_ms; /* our last change of this row */
};

/* What ticket_put writes from a fetch; masked text only. */
struct ticket_facts {
  struct trg_str helpdesk, ext_id, version, subject, requester_hash, url, merged_into;
  int32_t status, channel;
  uint32_t flags;
  bool sandbox;
  int64_t created_ms, updated_ms;
};

/* Reads. Rows and their strings come from `a`. TRG_ENOTFOUND when there is none. */
int ticket_by_id(struct store *s, int64_t id, struct arena *a, struct ticket *ret,
                 struct trg_err *err);
int ticket_by_ref(struct store *s, struct trg_str ref, struct arena *a, struct ticket *ret,
                  struct trg_err *err);
struct ticket_filter {
  const char *state, *helpdesk, *outcome, *category; /* NULL: any */
  int64_t limit;                                     /* 0: 100; newest change first */
};
int ticket_list(struct store *s, const struct ticket_filter *f, struct arena *a,
                struct ticket **ret, size_t *ret_count, struct trg_err *err);
/* Up to `limit` ids whose state is `state` and whose due_ms and lease_ms have come, oldest due
 * first. */
int ticket_due(struct store *s, enum ticket_state state, int64_t now_ms, int limit, int64_t *ids,
               size_t *ret_count, struct trg_err *err);
/* The earliest moment at which something in a waiting state or a settle falls due, or a lease
 * ends; 1 when something is due without a moment; 0: nothing. Settles that were due at settled_ms
 * or before are not counted: what is left of them waits for something else than the clock. */
int ticket_next_due(struct store *s, int64_t settled_ms, int64_t *ret_ms, struct trg_err *err);
int ticket_depth(struct store *s, int64_t ret_count[TICKET_STATES], struct trg_err *err);
/* Each ticket opened in [from, to), to 0: without an end, in order. fn nonzero stops and is
 * returned. */
int ticket_each(struct store *s, int64_t from_ms, int64_t to_ms,
                int (*fn)(void *arg, int64_t id, const char *ref, struct trg_err *err), void *arg,
                struct trg_err *err);
/* Up to `limit` ids whose settle_ms has come, oldest first. */
int ticket_settle_due(struct store *s, int64_t now_ms, int limit, int64_t *ids, size_t *ret_count,
                      struct trg_err *err);
/* The same without tickets that wait in the inbox to be fetched, and without those of the helpdesks
 * in `held`: names, each between two line feeds ("\na\nb\n"), "" for none. */
int ticket_settle_known(struct store *s, int64_t now_ms, struct trg_str held, int limit,
                        int64_t *ids, size_t *ret_count, struct trg_err *err);

/* Writes. */
/* Inserts (state none) or updates what the helpdesk says; never touches state. */
int ticket_put(struct store *s, const struct ticket_facts *f, int64_t now_ms, int64_t *ret_id,
               bool *ret_new, struct trg_err *err);
/* Moves from `from` (TRG_ESTATE when it is elsewhere) and appends the event {kind "state", value
 * to, data why} in the same savepoint. Sets due, lease, attempts, hold_reason as given. */
struct ticket_step {
  int64_t due_ms, lease_ms, attempts;
  struct trg_str hold_reason;
  struct trg_str why; /* for the event's data: JSON object text, or empty */
};
int ticket_move(struct store *s, int64_t id, enum ticket_state from, enum ticket_state to,
                const struct ticket_step *step, int64_t now_ms, struct trg_err *err);
/* Same state again later. */
int ticket_wait(struct store *s, int64_t id, const struct ticket_step *step, int64_t now_ms,
                struct trg_err *err);
/* A new pass for a new customer message (state is changed by ticket_move). */
int ticket_pass(struct store *s, int64_t id, int64_t pass, struct trg_str inbound_id,
                struct trg_err *err);
struct ticket_verdict {
  struct trg_str category, subcategory, priority, priority_reason, team, language, sentiment,
      product_area, duplicate_of, summary, model;
  bool wants_human;
  double confidence;
};
int ticket_judge(struct store *s, int64_t id, const struct ticket_verdict *v, int64_t now_ms,
                 struct trg_err *err);
int ticket_outcome(struct store *s, int64_t id, struct trg_str outcome, struct trg_str reason,
                   int64_t now_ms, struct trg_err *err);
int ticket_bill(struct store *s, int64_t id, struct trg_str state, struct trg_str reason,
                int64_t settle_ms, struct trg_err *err);
/* Marks it for settle now. */
int ticket_unsettle(struct store *s, int64_t id, int64_t now_ms, struct trg_err *err);

#endif
