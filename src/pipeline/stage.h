/*
 * What stages share with the road: the running road's inside, tasks, and the one way to move a
 * ticket. For the files of this folder only.
 */
#ifndef PIPELINE_STAGE_H
#define PIPELINE_STAGE_H

#include "pipeline/road.h"
#include "store/store.h"

/* Attempts after which a step that fails for its own sake is a dead letter; for answers of a peer
 * that are of no use, or that were paid for, it goes on much longer. A peer that is down is waited
 * for without end (attempts_spent). */
#define ATTEMPTS_OWN  5
#define ATTEMPTS_PEER 60
/* Back-off doubles up to this; a poll, which is one request for a whole helpdesk, up to less. */
#define BACKOFF_MAX_MS     900000
#define BACKOFF_POLL_STEPS 10 /* 256 s */

struct stage {
  const char *name;
  enum ticket_state takes; /* what it picks up */
  enum ticket_state busy;  /* while it waits for a peer; TICKET_NONE: it ends at once */
  void (*run)(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
};

/* Work in flight for one ticket. */
struct task {
  struct road *road;
  const struct stage *stage;
  int64_t ticket_id, pass, attempts;
  const char *ref; /* in arena */
  struct desk *desk;
  struct arena *arena;
  router_id ask;
  bool paid;             /* what failed may have cost money */
  bool looking;          /* tools are being asked (lookup.h) */
  struct recall *recall; /* what is like the ticket, searched for or found (recall.h) */
  trg_op op;
  void *more; /* the stage's own, in arena */
  int64_t own_us;
  void (*cleanup)(struct task *k); /* NULL: nothing but the arena */
  struct task *next;
};

struct road {
  struct road_setup setup;
  const struct road_plan *plan;
  uint8_t key[32];
  struct desk *desks;     /* list */
  struct desk *old_desks; /* retired, until the road is freed */
  struct task **tasks;    /* by ticket id */
  size_t task_count;
  int64_t busy[TICKET_STATES]; /* tasks by the state they hold their ticket in */
  struct judging *judgings;    /* verdicts asked for (verify.c) */
  size_t judging_count;
  struct {
    int64_t triage_stable, triage_schema, taxonomy, draft_stable, draft_schema, verify_stable,
        verify_schema;
  } prompts;            /* the plan's texts, as recorded (asked.c) */
  struct shade *shades; /* models asked for comparison (shadow.c) */
  size_t shade_count;
  int64_t stopped_ms; /* limits.on_limit stop: nothing new is begun before this moment */
  int64_t settled_us; /* monotonic: when all that was due had been settled */
  bool unsettled;     /* there may be more, and it waits a moment */
  bool held;          /* some that are due wait for their helpdesk (settle_due) */
  int64_t settled_ms; /* what was due then and is not settled is held; 0: nothing is */
  bool running, draining, kicked;
  void (*idle)(void *arg);
  void *idle_arg;
  void (*finished)(void *arg);
  void *finished_arg;
  struct recalls *recalls; /* searches for tasks (recall.c) */
  uint64_t wake;           /* timer */
  struct arena *scratch;   /* for one turn; emptied by road_turn */
  bool failed;
  struct remotes *remotes, *old_remotes[8]; /* MCP servers for drafts; those of before */
  size_t old_remote_count;
  struct rng rng;
  struct road_stats stats;
  struct {
    int64_t ticket_id, us, cpu_us;
  } * pace; /* own time of tickets on the road */
};

/* The one function that changes a ticket's state (advance.c): checks the transition table, moves
 * the row and appends the event in one savepoint. */
struct advance {
  int64_t due_ms;
  int64_t lease_ms;
  int64_t attempts;
  const char *hold; /* why it waits */
  const char *why;  /* reason code for the event; NULL: none */
};
void advance(struct road *r, int64_t ticket_id, enum ticket_state from, enum ticket_state to,
             const struct advance *how);
bool advance_allowed(enum ticket_state from, enum ticket_state to);

/* Moves the ticket into the stage's busy state and makes the task. */
struct task *task_start(struct road *r, const struct stage *st, const struct ticket *t);
void task_end(struct task *k);
struct task *task_of(struct road *r, int64_t ticket_id);
/* Loads the ticket as it is now; false when it is not where this task left it (a new message came,
 * it was closed): the task's result is then to be dropped. */
bool task_current(struct task *k, struct ticket *ret);
void task_cancel(struct road *r, int64_t ticket_id);
/* Failed for now: waits in the stage's `takes` state with back-off, or becomes a dead letter. */
void task_retry(struct task *k, const struct ticket *t, const char *code, const char *why,
                int64_t retry_after_ms);
/* The end of a model's work on this task: takes a usable answer, hands a refusal to a person, waits
 * when the budget is used up, else `failed` decides. Ends the task. */
typedef void task_take(struct task *k, const struct ticket *t, const struct router_answer *a);
typedef void task_fail(struct task *k, const struct ticket *t, const char *code, const char *why,
                       int64_t retry_after_ms);
void task_answered(struct task *k, const struct router_answer *a, task_take *take,
                   task_fail *failed);
/* The day's model budget is used up: waits, or goes to a person, as limits.on_limit says. */
/* Does the used-up budget hold everything back now? */
bool budget_stopped(const struct road *r);
void budget_wait(struct task *k, const struct ticket *t, const char *why);
/* Own time: taken when work on a ticket begins, added when it ends. Taking it enters the kernel
 * before the clock is read. Where that switches threads on the way back from a system call only
 * (PREEMPT_NONE, PREEMPT_LAZY), who has waited for the processor gets it between two tickets; else
 * it was cut out of one: own time p99 of 1.9 ms instead of 4.6 beside the simulator. */
struct pace {
  int64_t us, cpu_us; /* by the clock, of the thread's processor */
};
struct pace pace_begin(void);
struct pace pace_since(struct pace from);
void pace_add(struct road *r, int64_t ticket_id, struct pace from);
void pace_end(struct road *r, int64_t ticket_id);

/* Capped exponential back-off with jitter. */
int64_t backoff_ms(struct road *r, int64_t attempts, int64_t retry_after_ms);
bool code_is_peer(const char *code);
/* The peer, or the way to it, is down or wants us to wait: it has answered nothing, and will. */
bool code_waits(const char *code);
/* Is the work given up after so many attempts, of which the last failed with this code? Never while
 * a peer is waited for, unless that cost money (`paid`). Attempts of all kinds are counted
 * together, so after a long outage the count is beyond every limit: what fails otherwise then ends
 * at the next multiple of its limit. */
bool attempts_spent(const char *code, bool paid, int64_t attempts);

/* The stages (one file each). */
void triage_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
void policy_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
void draft_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
void guard_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
void write_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
void reconcile_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a);
/* The decision of the newest pass, and the move to DECIDED or further. */
void decide(struct road *r, const struct ticket *t, const char *outcome, const char *reason);
/* A person's word on a tool's call that a draft waits for (approve.c). Is it about one? */
bool wish_review_wanted(struct road *r, const struct ticket *t, const char *verb, int64_t call);
/* ROAD_REVIEW_WAITS: approved, but a template wants another person to approve it too. */
int wish_review(struct road *r, const struct ticket *t, const char *verb, int64_t call,
                const char *who, struct trg_str why, struct arena *a, struct trg_err *err);
/* Why a compliance template wants two people for a text that is to be sent (reason code); NULL: it
 * does not. */
const char *two_people_of(const struct road *r, struct trg_str text);
/* After delivery: FOLLOWING, or a new pass when the customer wrote meanwhile. */
void follow(struct road *r, const struct ticket *t);
int64_t settle_due(struct road *r, int limit);
void settle_now(struct road *r, int64_t ticket_id, int64_t now);
/* True when the ticket has to be read once more, and settling waits for that (look.c). */
bool look_first(struct road *r, int64_t ticket_id, int64_t now);
/* What is asked, recorded (asked.c): the plan's texts; one request. */
int prompts_keep(struct road *r, const struct road_plan *p, struct trg_err *err);
void asked_keep(struct road *r, const struct router_job *job);
/* Comparison (shadow.c): the same request to the models of tasks.shadow, when this ticket is of its
 * share; gives up what is under way. */
void shadow_offer(struct road *r, const struct ticket *t, const struct router_job *live);
void shadow_give_up(struct road *r);
void shadow_free(struct road *r);
/* Verdicts on resolutions (verify.c): the bill asks for one; asks models for what is due; when the
 * next is due, 0: none. */
void verify_wanted(struct road *r, int64_t ticket_id);
void verify_turn(struct road *r);
int64_t verify_next(const struct road *r);
void verify_free(struct road *r);

/* Helpdesks at work (desk.c). */
struct desk {
  struct road *road;
  const struct conf_helpdesk *conf;
  struct trg_inst *inst;
  uint64_t timer;
  bool polling, stale; /* stale: poll again as soon as this one ended */
  bool reached, more, caught_up;
  int fetching;
  int64_t failures;
  int64_t ok_ms, covered_ms;
  int64_t heard_ms; /* a poll of this run had no more to tell; 0: none yet, or there is more */
  int64_t since_ms; /* what was never covered counts from here */
  int64_t asked_us; /* monotonic: since when the poll under way runs */
  char error[320];  /* of the last poll, "" when it was fine */
  char code[32];    /* the same in a word */
  bool retired;
  struct macro_walk *macros; /* macros.c; NULL: the connector has none, or they are not wanted */
  struct desk *next;
};
struct desk *desk_find(const struct road *r, struct trg_str name);
int desks_configure(struct road *r, const struct road_plan *plan, struct trg_err *err);
void desk_poll(struct desk *d);
/* Saved replies as knowledge (macros.c): a walk over all of them now and then. */
void macros_open(struct desk *d);
void macros_start(struct desk *d);
void macros_stop(struct desk *d);
bool macros_busy(const struct desk *d); /* a walk is under way */
void macros_free(struct desk *d);
void desks_free(struct road *r);
void desks_start(struct road *r);
void desk_fetch(struct desk *d); /* takes from the inbox while there is room */
/* Appends the names of the helpdesks that may have something to tell that is not known yet: those
 * not heard to the end since the start, not lately, or that fail. Each between two line feeds, as
 * ticket_settle_known wants them. */
struct buf;
void desks_held(const struct road *r, int64_t now, struct buf *b);
bool desks_busy(const struct road *r);
bool desks_caught_up(const struct road *r); /* --once: every desk polled to the end, or gave up */
int64_t desks_next_due(const struct road *r);

/* Intake (intake.c): one fetched ticket, masked and stored, in this turn. */
struct intake {
  int64_t ticket_id;
  bool held; /* it could not be masked: nothing was stored */
};
struct pii_map;
int intake_store(struct desk *d, const struct trg_ticket *t, struct intake *ret,
                 struct trg_err *err);
/* Masks as intake does and keeps the map, to restore a reply's tokens before it is sent. *ret_same:
 * the stored texts came out again, so a token still stands for what it stood for when the draft was
 * made; it does not after other rules were switched on, or a message was changed at the helpdesk.
 */
int intake_map(const struct road *r, int64_t ticket_id, const struct trg_ticket *t,
               struct pii_map *m, bool *ret_same, struct trg_err *err);
/* What the stored conversation asks for now: a new pass, an end, or nothing. */
void intake_route(struct road *r, int64_t ticket_id);
/* Closed, deleted or merged (enum trg_status): nothing of ours has a place there any more. */
bool status_final(int32_t status);

#endif
