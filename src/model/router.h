/*
 * The router: one task in, one accepted answer out. It tries the task's models in order: a model
 * that fails, declines, is cut off, answers outside the schema or is not sure enough (below
 * `accept`) hands on to the next. Every attempt is a row with its cost before it is a call, inside
 * the day's budget.
 */
#ifndef MODEL_ROUTER_H
#define MODEL_ROUTER_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/model.h>

struct host;
struct loop;
struct store;
struct conf;
struct conf_model;
struct router;

struct router *router_new(struct loop *l, struct host *h, struct store *s);
void router_free(struct router **r);
/* Opens the models of a configuration; those that did not change keep their instance, others are
 * retired when their last call ended. 0 or negative and err: then nothing changed. */
int router_configure(struct router *r, const struct conf *c, struct trg_err *err);

enum router_end {
  ROUTER_OK = 0,
  ROUTER_UNSURE,  /* every model answered below accept: the best answer is given */
  ROUTER_FAILED,  /* no usable answer; why says so; try later */
  ROUTER_REFUSED, /* every model declined */
  ROUTER_BUDGET,  /* the day's limit is reached */
  ROUTER_CANCELLED
};
struct router_answer {
  enum router_end end;
  struct trg_str text; /* JSON that passed check(); empty when there is none */
  const char *model;   /* name in the configuration; "" */
  double confidence;
  int64_t call_id;     /* of the accepted call */
  int64_t cost_micros; /* of all attempts */
  int64_t latency_us;  /* of the accepted call */
  int64_t retry_after_ms;
  struct trg_str code, why;
  char prompt_hash[65];
};
struct router_job {
  const struct conf *conf;          /* kept alive by the caller until on_answer */
  const char *task;                 /* "triage", "draft", "verify" */
  struct trg_model_request request; /* copied */
  int64_t ticket_id, pass;
  const char *ref;
  const char *skills_hash;
  /* Is this answer usable, and how sure is it (0..1)? Pure. 0, or negative and why in err. */
  int (*check)(void *arg, struct trg_str text, double *ret_confidence, struct trg_err *err);
  void (*on_answer)(void *arg, const struct router_answer *a); /* once, on a later turn */
  void *arg;
  /* For comparison only: this one model is asked, with the budget of tasks.shadow, and what comes
   * of it does not make the model rest for others. NULL: the task's models. */
  const char *shadow_model;
};
/* Of all that a model reads: kept with every call and decision. */
void router_prompt_hash(const struct trg_model_request *q, char out[65]);
typedef uint64_t router_id;
router_id router_ask(struct router *r, const struct router_job *job);
void router_cancel(struct router *r, router_id id); /* no callback; open calls are closed as lost */

/* Nothing is begun any more: jobs between two calls end as cancelled. */
void router_drain(struct router *r);

/* May this model be asked for comparison now, without a live request having to wait for it? */
bool router_spare(const struct router *r, const struct conf *c, const char *model);

/* For status, metrics and `triagectl models`. */
struct router_model {
  const char *name, *backend, *model;
  int in_flight, queued;
  bool open_circuit;    /* resting after failures */
  int64_t rest_ms;      /* until the circuit is tried again */
  int64_t rate_wait_ms; /* told to wait by the vendor */
  int64_t calls, failures;
  const char *last_error; /* "" */
};
size_t router_models(const struct router *r, struct router_model *ret, size_t room);
/* The open instance of a configured model, for a direct call (test, eval); NULL: no such model. */
struct trg_inst *router_instance(struct router *r, const char *model);
/* The instance of a model that can be trained (the first with TRG_MODEL_TRAIN), or NULL. */
struct trg_inst *router_trainable(struct router *r, const char **ret_name);

#endif
