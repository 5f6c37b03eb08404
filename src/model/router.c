#include "model/router.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "model/breaker.h"
#include "model/price.h"
#include "net/loop.h"
#include "plugin/host.h"
#include "store/store.h"
#include "store/turn.h"
#include "store/work.h"

/* The largest answer that is asked for when a first one was cut off. */
#define OUTPUT_TOKENS_MAX 16384
/* Vendors end a batch within a day. */
#define BATCH_DEADLINE_MS (INT64_C(25) * 3600 * 1000)

struct rmodel {
  const struct conf_model *conf; /* of the configuration that opened it */
  struct trg_inst *inst;
  struct breaker breaker;
  int64_t calls, failures;
  char last_error[160];
  struct rmodel *next;
};

struct job {
  router_id id;
  struct router *router;
  struct router_job want;
  struct arena *arena;
  size_t next_model; /* index into the task's list */
  const struct conf_task *task;
  /* The attempt under way. */
  struct rmodel *model;
  trg_op op;
  struct model_call call;
  const char *batch_ref; /* where a call of before a restart waits; "" */
  bool replied, enlarged;
  bool in_batch;                /* the vendor has it, and keeps it over a restart */
  struct trg_model_reply reply; /* in arena */
  /* What was learnt so far. */
  struct router_answer best;
  bool has_best;
  int64_t cost_micros, retry_after_ms;
  int refusals, failures, over_budget;
  char code[32], why[480];
  bool cancelled;
  struct job *next; /* in its bucket */
};

#define JOB_BUCKETS 1024
struct router {
  struct loop *loop;
  struct host *host;
  struct store *store;
  struct rmodel *models;
  struct job *jobs[JOB_BUCKETS];
  router_id last_id;
};

static void job_step(struct job *j);

struct router *router_new(struct loop *l, struct host *h, struct store *s) {
  struct router *r = mem_alloc(sizeof *r);
  r->loop = l;
  r->host = h;
  r->store = s;
  return r;
}

static struct rmodel *model_find(const struct router *r, const char *name) {
  for (struct rmodel *m = r->models; m != NULL; m = m->next)
    if (strcmp(m->conf->name, name) == 0) return m;
  return NULL;
}

static int model_open(struct router *r, const struct conf_model *c, struct rmodel **ret,
                      struct trg_err *err) {
  struct rmodel *m = mem_alloc(sizeof *m);
  const struct inst_options o = {.plugin = c->plugin,
                                 .name = c->name,
                                 .conf = c->settings,
                                 .origins = c->origins,
                                 .origin_count = c->origin_count,
                                 .max_in_flight = (int)c->max_in_flight,
                                 .user = m};
  const int rc = inst_open(r->host, &o, &m->inst, err);
  if (rc < 0) {
    err_prefix(err, "model %s: ", c->name);
    mem_free(m);
    return rc;
  }
  m->conf = c;
  breaker_init(&m->breaker);
  *ret = m;
  return 0;
}

static void models_retire(struct rmodel *m) {
  while (m != NULL) {
    struct rmodel *next = m->next;
    inst_retire(m->inst);
    mem_free(m);
    m = next;
  }
}

/* Opens every model of the new configuration first, so that a failure changes nothing. Calls that
 * are under way end on the old instances, which close by themselves; a job of an old model finds
 * its place in the list again by name. */
int router_configure(struct router *r, const struct conf *c, struct trg_err *err) {
  struct rmodel *fresh = NULL;
  struct rmodel **tail = &fresh;
  for (size_t i = 0; i < c->model_count; i++) {
    const int rc = model_open(r, &c->models[i], tail, err);
    if (rc < 0) {
      models_retire(fresh);
      return rc;
    }
    struct rmodel *was = model_find(r, c->models[i].name);
    if (was != NULL && strcmp(was->conf->hash, c->models[i].hash) == 0) {
      (*tail)->breaker = was->breaker;
      (*tail)->calls = was->calls;
      (*tail)->failures = was->failures;
    }
    tail = &(*tail)->next;
  }
  for (size_t b = 0; b < JOB_BUCKETS; b++)
    for (struct job *j = r->jobs[b]; j != NULL; j = j->next)
      j->model = NULL; /* its call goes on; only the counters are not updated any more */
  models_retire(r->models);
  r->models = fresh;
  return 0;
}

static void job_unlink(struct job *j) {
  struct job **at = &j->router->jobs[j->id % JOB_BUCKETS];
  while (*at != NULL && *at != j) at = &(*at)->next;
  if (*at == j) *at = j->next;
}

static void job_free(struct job *j) {
  job_unlink(j);
  arena_free(&j->arena);
  mem_free(j);
}

void router_free(struct router **r) {
  if (*r == NULL) return;
  for (size_t b = 0; b < JOB_BUCKETS; b++)
    while ((*r)->jobs[b] != NULL) job_free((*r)->jobs[b]);
  models_retire((*r)->models);
  mem_free(*r);
  *r = NULL;
}

/* Copies what changes from ticket to ticket; `stable`, the schema and their names are the caller's
 * and outlive the job. */
static void job_copy_request(struct job *j, const struct trg_model_request *q, bool with_input) {
  struct trg_model_request *mine = &j->want.request;
  *mine = *q;
  mine->size = sizeof *mine;
  mine->system = arena_str(j->arena, q->system);
  mine->input = with_input ? arena_str(j->arena, q->input) : (struct trg_str){NULL, 0};
  mine->user_hash = arena_str(j->arena, q->user_hash);
  struct trg_prompt_part *parts = arena_alloc(
      j->arena, sizeof *parts * (q->part_count > 0 ? q->part_count : 1));
  for (size_t i = 0; i < q->part_count; i++) {
    parts[i].role = q->parts[i].role;
    parts[i].text = arena_str(j->arena, q->parts[i].text);
  }
  mine->parts = parts;
}

static void job_soon(void *arg) {
  job_step(arg);
}

/* Does any of the task's models read what is meant for classifiers? It is as large as a prompt. */
static bool wants_input(const struct router *r, const struct conf_task *task) {
  for (size_t i = 0; i < task->model_count; i++) {
    const struct rmodel *m = model_find(r, task->models[i]->name);
    if (m == NULL || (inst_caps(m->inst) & TRG_MODEL_NO_INPUT) == 0) return true;
  }
  return false;
}

static struct job *job_new(struct router *r, const struct router_job *want,
                           const struct conf_task *task) {
  struct job *j = mem_alloc(sizeof *j);
  j->router = r;
  j->id = ++r->last_id;
  j->arena = arena_new();
  j->want = *want;
  j->want.ref = arena_dup(j->arena, str_of(want->ref));
  if (want->shadow_model != NULL)
    j->want.shadow_model = arena_dup(j->arena, str_of(want->shadow_model));
  j->task = task;
  job_copy_request(j, &want->request, wants_input(r, task));
  router_prompt_hash(&want->request, j->best.prompt_hash);
  j->next = r->jobs[j->id % JOB_BUCKETS];
  r->jobs[j->id % JOB_BUCKETS] = j;
  return j;
}

router_id router_ask(struct router *r, const struct router_job *want) {
  const struct conf *c = want->conf;
  struct job *j = job_new(r, want,
                          want->shadow_model != NULL          ? &c->shadow
                          : strcmp(want->task, "draft") == 0  ? &c->draft
                          : strcmp(want->task, "verify") == 0 ? &c->verify
                                                              : &c->triage);
  loop_soon(r->loop, job_soon, j);
  return j->id;
}

static struct job *job_of(const struct router *r, router_id id) {
  for (struct job *j = r->jobs[id % JOB_BUCKETS]; j != NULL; j = j->next)
    if (j->id == id) return j;
  return NULL;
}

/* The op's end comes back as cancelled and frees the job; a job that waits for its first step is
 * freed there. */
void router_cancel(struct router *r, router_id id) {
  struct job *j = job_of(r, id);
  if (j == NULL) return;
  j->cancelled = true;
  if (j->op != 0) op_cancel(r->host, j->op);
}

static void job_finish(struct job *j, enum router_end end) {
  if (!j->cancelled) {
    struct router_answer a = j->best;
    if (end != ROUTER_OK && end != ROUTER_UNSURE) {
      a.text = (struct trg_str){NULL, 0};
      a.model = "";
    }
    a.end = end;
    a.cost_micros = j->cost_micros;
    a.retry_after_ms = j->retry_after_ms;
    a.code = str_of(j->code);
    a.why = str_of(j->why);
    j->want.on_answer(j->want.arg, &a);
  }
  job_free(j);
}

/* No model is left to try. */
static void job_exhausted(struct job *j) {
  if (j->has_best) {
    job_finish(j, ROUTER_UNSURE);
    return;
  }
  if (j->over_budget > 0 && j->failures == 0) {
    job_finish(j, ROUTER_BUDGET);
    return;
  }
  job_finish(j, j->refusals > 0 && j->refusals == j->failures ? ROUTER_REFUSED : ROUTER_FAILED);
}

static void job_note_failure(struct job *j, const char *code, const char *why) {
  j->failures++;
  snprintf(j->code, sizeof j->code, "%s", code);
  snprintf(j->why, sizeof j->why, "%s", why);
}

static void job_on_reply(void *arg, const struct trg_model_reply *r) {
  struct job *j = arg;
  j->replied = true;
  j->reply = *r;
  j->reply.text = arena_str(j->arena, r->text);
  j->reply.stop_word = arena_str(j->arena, r->stop_word);
  j->reply.served = arena_str(j->arena, r->served);
  j->reply.request_id = arena_str(j->arena, r->request_id);
  j->reply.request_bytes = j->reply.response_bytes = (struct trg_str){NULL, 0};
  const struct model_call row = {.id = j->call.id,
                                 .started_ms = j->call.started_ms,
                                 .request_bytes = r->request_bytes,
                                 .response_bytes = r->response_bytes};
  struct trg_err err = {0};
  store_must(model_call_bytes(j->router->store, &row, &err), &err);
}

/* What was given up while it waited in a batch is worked on all the same. */
static bool may_be_billed(const struct job *j, const struct trg_result *res) {
  if ((res->flags & TRG_RESULT_MAYBE_BILLED) != 0 || res->outcome == TRG_UNCERTAIN) return true;
  return j->in_batch && (res->outcome == TRG_CANCELLED || str_is(res->code, TRG_CODE_TIMEOUT));
}

/* Ends the row of the attempt: what is known to have been used, or, when the answer was lost after
 * it was sent, what was reserved: the vendor may have counted it. */
static void job_close_call(struct job *j, const struct trg_result *res, const char *outcome) {
  struct model_call *c = &j->call;
  const struct conf_model *m = conf_model(j->want.conf, str_of(c->model));
  c->ended_ms = clock_now_ms();
  c->latency_us = clock_mono_us() - c->latency_us;
  c->outcome = outcome;
  c->http_status = res->http_status;
  c->code = arena_dup(j->arena, res->code);
  c->why = arena_dup(j->arena, res->why);
  if (j->replied) {
    c->usage = j->reply.usage;
    c->stop = j->reply.stop_word.p != NULL ? j->reply.stop_word.p : "";
    c->served = j->reply.served.p != NULL ? j->reply.served.p : "";
    c->request_id = j->reply.request_id.p != NULL ? j->reply.request_id.p : "";
    if (m == NULL || price_of_call(m->prices, m->price_count, &c->usage, c->started_ms, c->batched,
                                   &c->cost_micros) < 0)
      c->cost_micros = c->reserved_micros;
  } else if (may_be_billed(j, res)) {
    c->usage.estimated = true;
    c->cost_micros = c->reserved_micros;
  } else {
    c->usage = (struct trg_usage){0};
    c->cost_micros = 0;
  }
  j->cost_micros += c->cost_micros;
  struct trg_err err = {0};
  store_must(model_call_close(j->router->store, c, &err), &err);
}

/* Takes the answer when it is usable; keeps it as the best so far when it is not sure enough. */
static const char *job_judge(struct job *j, bool *ret_taken) {
  struct trg_err err = {0};
  double confidence = 0;
  *ret_taken = false;
  if (j->want.check(j->want.arg, j->reply.text, &confidence, &err) < 0) {
    job_note_failure(j, "invalid", err.text);
    return "invalid";
  }
  if (!j->has_best || confidence > j->best.confidence) {
    j->best.text = j->reply.text;
    j->best.model = j->call.model;
    j->best.confidence = confidence;
    j->best.call_id = j->call.id;
    j->best.latency_us = clock_mono_us() - j->call.latency_us;
    j->has_best = true;
  }
  if (confidence < j->task->accept) return "low_confidence";
  j->best.text = j->reply.text;
  j->best.model = j->call.model;
  j->best.confidence = confidence;
  j->best.call_id = j->call.id;
  j->best.latency_us = clock_mono_us() - j->call.latency_us;
  *ret_taken = true;
  return "ok";
}

static void model_told(struct job *j, const struct trg_result *res) {
  struct rmodel *m = j->model;
  if (m == NULL) return;
  const bool failed = res->outcome != TRG_DONE && !str_is(res->code, TRG_CODE_REFUSAL) &&
                      !str_is(res->code, TRG_CODE_LENGTH) && res->outcome != TRG_CANCELLED;
  if (j->want.shadow_model != NULL) return; /* live requests find out for themselves */
  if (failed) {
    m->failures++;
    snprintf(m->last_error, sizeof m->last_error, "%.*s", (int)res->why.n,
             res->why.p != NULL ? res->why.p : "");
    breaker_failed(&m->breaker, clock_now_ms());
    return;
  }
  breaker_worked(&m->breaker);
}

/* At the end of the process a call in a batch stays open: the next start waits for it. */
static void job_give_up(struct job *j, const struct trg_result *res) {
  if (j->cancelled || !j->in_batch) job_close_call(j, res, "cancelled");
  job_finish(j, ROUTER_CANCELLED);
}

static void job_on_done(void *arg, const struct trg_result *res) {
  struct job *j = arg;
  j->op = 0;
  model_told(j, res);
  if (j->cancelled || res->outcome == TRG_CANCELLED) {
    job_give_up(j, res);
    return;
  }
  if (res->outcome == TRG_DONE && j->replied) {
    bool taken = false;
    const char *outcome = job_judge(j, &taken);
    job_close_call(j, res, outcome);
    if (taken) {
      job_finish(j, ROUTER_OK);
      return;
    }
    job_step(j);
    return;
  }
  job_close_call(j, res, "error");
  char code[32], why[320];
  snprintf(code, sizeof code, "%.*s", (int)res->code.n, res->code.p != NULL ? res->code.p : "");
  snprintf(why, sizeof why, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  if (strcmp(code, TRG_CODE_LENGTH) == 0 && !j->enlarged &&
      j->want.request.max_output_tokens < OUTPUT_TOKENS_MAX) {
    /* A cut answer is never parsed; the same model gets more room, once. */
    j->enlarged = true;
    j->want.request.max_output_tokens *= 4;
    if (j->want.request.max_output_tokens > OUTPUT_TOKENS_MAX)
      j->want.request.max_output_tokens = OUTPUT_TOKENS_MAX;
    j->next_model--;
    job_step(j);
    return;
  }
  if (strcmp(code, TRG_CODE_REFUSAL) == 0) j->refusals++;
  if (res->retry_after_ms > j->retry_after_ms) j->retry_after_ms = res->retry_after_ms;
  job_note_failure(j, code, why);
  log_event(TRG_WARN, "model.failed", "ticket", j->want.ref, "task", j->want.task, "model",
            j->call.model, "code", code, "why", why, NULL);
  job_step(j);
}

static void job_on_batch_ref(void *arg, struct trg_str ref) {
  struct job *j = arg;
  struct trg_err err = {0};
  j->in_batch = true;
  store_must(model_call_batched(j->router->store, j->call.id, arena_dup(j->arena, ref), &err),
             &err);
}

static const struct op_events job_events = {
    .on_reply = job_on_reply, .on_batch_ref = job_on_batch_ref, .on_done = job_on_done};

/* After the commit that made the attempt's row durable. */
static void job_send(void *arg) {
  struct job *j = arg;
  if (j->cancelled || j->model == NULL) {
    const struct trg_result r = {.outcome = TRG_CANCELLED,
                                 .code = TRG_STR("cancelled"),
                                 .why = TRG_STR("given up before it was sent")};
    /* One that is in a batch already is found there again. */
    if (j->cancelled || !j->in_batch) job_close_call(j, &r, "cancelled");
    if (j->cancelled) {
      job_finish(j, ROUTER_CANCELLED);
      return;
    }
    j->next_model = 0; /* the configuration was swapped meanwhile: begin again */
    job_step(j);
    return;
  }
  j->call.latency_us = clock_mono_us();
  struct trg_model_request request = j->want.request;
  int64_t deadline_ms = j->model->conf->timeout_ms;
  if (j->call.batched) {
    request.flags |= TRG_REQUEST_BATCH;
    request.batch_id = str_of(arena_printf(j->arena, "call-%lld", (long long)j->call.id));
    request.batch_ref = str_of(j->batch_ref);
    deadline_ms = BATCH_DEADLINE_MS;
  }
  j->op = op_complete_held(j->model->inst, &request, j->arena, &job_events, j, deadline_ms);
}

/* The next model of the list that may be tried now; NULL when none is left. */
static struct rmodel *job_pick(struct job *j) {
  while (j->next_model < j->task->model_count) {
    const char *name = j->task->models[j->next_model++]->name;
    if (j->want.shadow_model != NULL && strcmp(name, j->want.shadow_model) != 0) continue;
    struct rmodel *m = model_find(j->router, name);
    if (m == NULL) continue;
    const int64_t rest = breaker_rest_ms(&m->breaker, clock_now_ms());
    if (rest == 0) return m;
    if (j->retry_after_ms == 0 || rest < j->retry_after_ms) j->retry_after_ms = rest;
    job_note_failure(j, "resting", m->last_error);
  }
  return NULL;
}

/* A call of before a restart that still waits in its batch is waited for again: neither a second
 * one nor a second reservation. */
static bool job_take_up(struct job *j) {
  struct trg_err err = {0};
  int64_t id = 0;
  store_must(model_call_waiting(j->router->store, &j->call, j->arena, &id, &j->batch_ref,
                                &j->call.started_ms, &j->call.reserved_micros, &err),
             &err);
  if (id == 0) return false;
  j->call.id = id;
  j->in_batch = true;
  return true;
}

/* Reserves the most this request can cost; false when the day's budget does not allow it. */
static bool job_open_call(struct job *j, struct rmodel *m) {
  const struct conf_model *c = m->conf;
  struct trg_usage most = {0};
  const struct trg_model_ops *ops = inst_model(m->inst);
  if (ops->estimate != NULL) ops->estimate(inst_self(m->inst), &j->want.request, &most);
  int64_t reserve = 0;
  const bool batched = j->want.shadow_model == NULL && j->task->batch &&
                       (inst_caps(m->inst) & TRG_MODEL_BATCH) != 0;
  if (price_of_call(c->prices, c->price_count, &most, clock_now_ms(), batched, &reserve) < 0)
    reserve = 0;
  j->call = (struct model_call){.ticket_id = j->want.ticket_id,
                                .pass = j->want.pass,
                                .ref = j->want.ref,
                                .task = j->want.task,
                                .model = arena_dup(j->arena, str_of(c->name)),
                                .backend = arena_dup(j->arena, str_of(c->backend)),
                                .vendor_model = arena_dup(j->arena, str_of(c->model)),
                                .started_ms = clock_now_ms(),
                                .usage = most,
                                .reserved_micros = reserve,
                                .prompt_hash = j->best.prompt_hash,
                                .skills_hash = j->want.skills_hash,
                                .conf_hash = j->want.conf->hash,
                                .batched = batched,
                                .shadow = j->want.shadow_model != NULL};
  struct trg_err err = {0};
  j->in_batch = false;
  j->batch_ref = "";
  if (batched && job_take_up(j)) return true;
  /* What is asked for comparison has a purse of its own. */
  const struct conf *of = j->want.conf;
  const int64_t most_a_day = j->want.shadow_model != NULL ? of->shadow.cost_per_day_micros
                                                          : of->model_cost_per_day_micros;
  const int64_t limit = reserve > 0 ? most_a_day : 0;
  const int rc = model_call_open(j->router->store, &j->call, limit, &j->call.id, &err);
  if (rc == TRG_ELIMIT) {
    j->over_budget++;
    snprintf(j->code, sizeof j->code, "budget");
    snprintf(j->why, sizeof j->why, "%s", err.text);
    return false;
  }
  store_must(rc, &err);
  return true;
}

static void job_step(struct job *j) {
  j->replied = false;
  for (;;) {
    if (j->cancelled) {
      job_finish(j, ROUTER_CANCELLED);
      return;
    }
    struct rmodel *m = job_pick(j);
    if (m == NULL) {
      job_exhausted(j);
      return;
    }
    if (!job_open_call(j, m)) continue;
    j->model = m;
    m->calls++;
    turn_after_commit(j->router->store, job_send, j);
    return;
  }
}

size_t router_models(const struct router *r, struct router_model *ret, size_t room) {
  size_t n = 0;
  const int64_t now = clock_now_ms();
  for (const struct rmodel *m = r->models; m != NULL && n < room; m = m->next, n++) {
    const int64_t rest = breaker_rest_ms(&m->breaker, now);
    ret[n] = (struct router_model){.name = m->conf->name,
                                   .backend = m->conf->backend,
                                   .model = m->conf->model,
                                   .in_flight = inst_in_flight(m->inst),
                                   .queued = inst_queued(m->inst),
                                   .open_circuit = rest > 0,
                                   .rest_ms = rest,
                                   .rate_wait_ms = inst_wait_ms(m->inst),
                                   .calls = m->calls,
                                   .failures = m->failures,
                                   .last_error = m->last_error};
  }
  return n;
}

struct trg_inst *router_trainable(struct router *r, const char **ret_name) {
  for (struct rmodel *m = r->models; m != NULL; m = m->next)
    if ((inst_caps(m->inst) & TRG_MODEL_TRAIN) != 0) {
      if (ret_name != NULL) *ret_name = m->conf->name;
      return m->inst;
    }
  return NULL;
}

struct trg_inst *router_instance(struct router *r, const char *model) {
  struct rmodel *m = model_find(r, model);
  return m != NULL ? m->inst : NULL;
}

/* A model that live tasks name too keeps at least half of its places for them, and is left alone
 * while its vendor tells it to wait. */
bool router_spare(const struct router *r, const struct conf *c, const char *model) {
  const struct rmodel *m = model_find(r, model);
  if (m == NULL || inst_wait_ms(m->inst) > 0) return false;
  const int64_t busy = inst_in_flight(m->inst) + inst_queued(m->inst);
  const bool live = conf_task_has(&c->triage, model) || conf_task_has(&c->draft, model) ||
                    conf_task_has(&c->verify, model);
  return live ? (busy + 1) * 2 <= m->conf->max_in_flight : busy < m->conf->max_in_flight;
}
