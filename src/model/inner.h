/*
 * What the files of the router share: the open models (lineup.c), a task on its way to an accepted
 * answer (job.c), and one attempt at one model (attempt.c).
 */
#ifndef MODEL_INNER_H
#define MODEL_INNER_H

#include "model/breaker.h"
#include "model/router.h"
#include "net/loop.h"
#include "store/work.h"

struct arena;
struct conf_task;
struct trg_inst;

struct rmodel {
  const struct conf_model *conf; /* of the configuration that opened it */
  struct trg_inst *inst;
  struct breaker breaker;
  bool answered; /* once: its vendor has compiled our schemas */
  int64_t calls, failures;
  char last_error[160];
  struct rmodel *next;
};
struct rmodel *rmodel_find(const struct router *r, const char *name); /* NULL: no such */
void rmodels_retire(struct rmodel *m);                                /* the list */
/* What came of a call, for the model's breaker. */
void rmodel_told(struct rmodel *m, const struct trg_result *res);

struct job;
/* One call of one model: a row with its reservation, then the call, then the row's end. */
struct attempt {
  struct job *job;
  bool open;            /* the row is */
  size_t at;            /* which model of the task's list */
  struct rmodel *model; /* NULL: of a configuration before; only the counters are not kept */
  trg_op op;            /* 0: not begun yet */
  struct model_call call;
  const char *batch_ref; /* where a call of before a restart waits; "" */
  bool replied;
  bool in_batch;                /* the vendor has it, and keeps it over a restart */
  bool outrun;                  /* the other one answered first: given up */
  struct trg_model_reply reply; /* in the job's arena */
};
/* 0: the row is written, and the call is made after the commit. TRG_ELIMIT and err: the day's
 * budget does not allow it; TRG_ESTATE: nor does it before calls under way have ended. */
int attempt_open(struct attempt *a, struct rmodel *m, size_t at, struct trg_err *err);
void attempt_close(struct attempt *a, const struct trg_result *res, const char *outcome);
/* Gives it up: its end comes on a later turn. */
void attempt_outrun(struct attempt *a);

/* At most one attempt beside the first is under way: a hedge. */
#define ATTEMPTS_MAX 2
struct job {
  router_id id;
  struct router *router;
  struct router_job want;
  struct arena *arena;
  const struct conf_task *task;
  /* Of the task's models, by place: asked in this round; not asked, as what is left of the day's
   * budget is reserved for calls under way. */
  enum job_mark { MARK_NONE, MARK_TRIED, MARK_HELD } * marks;
  struct attempt attempts[ATTEMPTS_MAX];
  loop_timer hedge;
  bool hedged, enlarged;
  bool dropped; /* an attempt was given up, by the end of the process */
  /* What was learnt so far. */
  struct router_answer best;
  bool has_best;
  bool taken; /* the best is the answer, as soon as no attempt is under way */
  int64_t cost_micros, retry_after_ms;
  int refusals, failures, over_budget;
  char code[32], why[480];
  bool cancelled;
  struct job *next; /* in its bucket */
  bool parked;      /* in the router's line, until a call ends */
  struct job *next_parked;
};
void job_step(struct job *j);   /* asks the next model, unless one is under way */
void job_unpark(struct job *j); /* takes it from the line, to go on with its step on a later turn */
void job_began(struct job *j, const struct attempt *a); /* the call is on its way */
void job_finish(struct job *j, enum router_end end);
void job_free(struct job *j);
/* The attempt ended, and its call with this result. */
void job_attempt_ended(struct job *j, struct attempt *a, const struct trg_result *res);
bool job_is_busy(const struct job *j); /* has an attempt under way */

#define JOB_BUCKETS 1024
/* What many prompts begin with, hashed once: the next ones' hashes go on from there. */
#define PROMPTS_HASHED 4
struct prompts_hashed {
  struct hashed {
    char *text;
    size_t n;
    struct hash *after; /* NULL: none */
  } list[PROMPTS_HASHED];
  size_t next;
};
void prompts_hashed_free(struct prompts_hashed *p);
/* As router_prompt_hash. */
void prompt_hash_kept(struct prompts_hashed *p, const struct trg_model_request *q, char out[65]);

struct router {
  struct loop *loop;
  struct host *host;
  struct store *store;
  struct rmodel *models;
  struct job *jobs[JOB_BUCKETS];
  router_id last_id;
  /* Jobs that wait until a call under way ends and its reservation with it, the oldest first. */
  struct job *parked;
  int64_t paid_open; /* calls under way that are paid from the day's budget */
  bool draining;
  struct prompts_hashed hashed;
};

#endif
