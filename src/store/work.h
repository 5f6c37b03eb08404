/*
 * What the models did: calls (with cost and exact bytes), decisions, drafts; and the budget.
 */
#ifndef STORE_WORK_H
#define STORE_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/model.h>

struct store;
struct arena;

/* One attempt at one model: written before the call with its reservation, closed after it. */
struct model_call {
  int64_t id, ticket_id; /* ticket 0: eval, test */
  int64_t pass;
  const char *ref, *task, *model, *backend, *vendor_model;
  int64_t started_ms, ended_ms, latency_us;
  const char *outcome; /* "", ok, low_confidence, invalid, error, cancelled, lost */
  const char *code, *why, *stop, *served, *request_id;
  int32_t http_status;
  struct trg_usage usage;
  int64_t reserved_micros, cost_micros;
  const char *prompt_hash, *skills_hash, *conf_hash;
  bool shadow;
  struct trg_str request_bytes, response_bytes;
  bool batched; /* sent through the vendor's batch, at its rate */
};
/* Inserts the open call and adds its reservation to the day's budget (a shadow's to its own).
 * TRG_ELIMIT when the day's spent + this would pass limit_micros (0: no limit); TRG_ESTATE when
 * only spent + reserved + this would: calls under way may leave enough when they end. */
int model_call_open(struct store *s, const struct model_call *c, int64_t limit_micros,
                    int64_t *ret_id, struct trg_err *err);
/* Keeps the exact bytes of an open call as soon as they are known, so that nobody need hold them:
 * with many answers in one turn that would be many prompts. Only id, started_ms and the bytes are
 * read. */
int model_call_bytes(struct store *s, const struct model_call *c, struct trg_err *err);
/* Sets everything known after the call, and turns the reservation into cost. */
int model_call_close(struct store *s, const struct model_call *c, struct trg_err *err);
/* At start: calls left open were lost; their cost is their reservation (it may have been billed).
 * Those that wait in a batch are not, for BATCH_GONE_MS. */
int model_call_lost(struct store *s, int64_t now_ms, int64_t *ret_count, struct trg_err *err);
/* The vendor has taken the call into its batch `ref`: it survives a restart. */
int model_call_batched(struct store *s, int64_t id, const char *ref, struct trg_err *err);
/* An open call of that ticket, pass, task and model that waits in a batch: *ret_id and *ret_ref (in
 * a), and what it reserved and when; *ret_id 0 when there is none. */
int model_call_waiting(struct store *s, const struct model_call *like, struct arena *a,
                       int64_t *ret_id, const char **ret_ref, int64_t *ret_started_ms,
                       int64_t *ret_reserved, struct trg_err *err);
/* Longer than any vendor keeps a batch open. */
#define BATCH_GONE_MS (INT64_C(26) * 3600 * 1000)
int model_call_list(struct store *s, int64_t ticket_id, bool with_bytes, struct arena *a,
                    struct model_call **ret, size_t *ret_count, struct trg_err *err);
int budget_today(struct store *s, int64_t now_ms, int64_t *ret_spent, int64_t *ret_reserved,
                 struct trg_err *err);

struct decision {
  int64_t id, ticket_id, pass;
  const char *stage;     /* triage, policy, draft, guard, verify */
  const char *verdict;   /* JSON object */
  const char *model;     /* name in the config; "" for rules */
  int64_t model_call_id; /* 0: none */
  double confidence;
  int64_t cost_micros; /* of all calls that led to it */
  const char *reason;  /* reason code */
  const char *prompt_hash, *skills_hash, *conf_hash;
  int64_t at_ms;
};
int decision_add(struct store *s, const struct decision *d, int64_t *ret_id, struct trg_err *err);
int decision_list(struct store *s, int64_t ticket_id, struct arena *a, struct decision **ret,
                  size_t *ret_count, struct trg_err *err);

struct draft {
  int64_t id, ticket_id, pass;
  const char *ref, *subject; /* joined, for lists */
  const char *body;          /* masked markdown */
  const char *citations;     /* JSON array of ids */
  const char *missing;       /* JSON array of texts */
  const char *next_step;
  const char *model;
  double confidence;
  const char *state;    /* proposed, waiting, approved, edited, rejected, sent, superseded */
  const char *reason;   /* of the guard */
  const char *reviewer; /* who approved, edited or rejected */
  const char *edited;   /* body as edited, or "" */
  const char *review_reason;
  int64_t made_ms, reviewed_ms;
};
int draft_add(struct store *s, const struct draft *d, int64_t *ret_id, struct trg_err *err);
int draft_set_state(struct store *s, int64_t id, const char *state, const char *reason,
                    struct trg_err *err);
int draft_review(struct store *s, int64_t id, const char *state, const char *who,
                 const char *edited, const char *why, int64_t now_ms, struct trg_err *err);
/* Newest of the ticket; TRG_ENOTFOUND. */
int draft_newest(struct store *s, int64_t ticket_id, struct arena *a, struct draft *ret,
                 struct trg_err *err);
/* state "waiting": drafts that wait for a person. */
int draft_list(struct store *s, const char *state, int64_t limit, struct arena *a,
               struct draft **ret, size_t *ret_count, struct trg_err *err);
/* The newest draft of each ticket, newest first. */
int draft_recent(struct store *s, int64_t limit, struct arena *a, struct draft **ret,
                 size_t *ret_count, struct trg_err *err);
/* The ticket's drafts so far that nobody acted on; called before a newer one is added. */
int draft_supersede(struct store *s, int64_t ticket_id, int64_t now_ms, struct trg_err *err);

#endif
