/* One attempt at one model: a row with its reservation before it is a call, and the row's end. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "model/inner.h"
#include "model/price.h"
#include "plugin/host.h"
#include "store/store.h"
#include "store/turn.h"

/* Vendors end a batch within a day. */
#define BATCH_DEADLINE_MS (INT64_C(25) * 3600 * 1000)

/* --- the end --------------------------------------------------------------------------------- */

/* What was given up while it waited in a batch is worked on all the same. */
static bool may_be_billed(const struct attempt *a, const struct trg_result *res) {
  if ((res->flags & TRG_RESULT_MAYBE_BILLED) != 0 || res->outcome == TRG_UNCERTAIN) return true;
  return a->in_batch && (res->outcome == TRG_CANCELLED || str_is(res->code, TRG_CODE_TIMEOUT));
}

static const char *text_or_empty(struct trg_str s) {
  return s.p != NULL ? s.p : "";
}

/* What is known to have been used, or, when the answer was lost after the request was sent, what
 * was reserved: the vendor may have counted it. */
static void usage_settle(struct attempt *a, const struct trg_result *res) {
  struct model_call *c = &a->call;
  const struct conf_model *m = conf_model(a->job->want.conf, str_of(c->model));
  if (a->replied) {
    c->usage = a->reply.usage;
    c->stop = text_or_empty(a->reply.stop_word);
    c->served = text_or_empty(a->reply.served);
    c->request_id = text_or_empty(a->reply.request_id);
    if (m == NULL || price_of_call(m->prices, m->price_count, &c->usage, c->started_ms, c->batched,
                                   &c->cost_micros) < 0)
      c->cost_micros = c->reserved_micros;
  } else if (may_be_billed(a, res)) {
    c->usage.estimated = true;
    c->cost_micros = c->reserved_micros;
  } else {
    c->usage = (struct trg_usage){0};
    c->cost_micros = 0;
  }
}

void attempt_close(struct attempt *a, const struct trg_result *res, const char *outcome) {
  struct job *j = a->job;
  struct model_call *c = &a->call;
  c->ended_ms = clock_now_ms();
  c->latency_us = clock_mono_us() - c->latency_us;
  c->outcome = outcome;
  c->http_status = res->http_status;
  c->code = a->outrun ? "outrun" : arena_dup(j->arena, res->code);
  c->why = a->outrun ? "the other request of the two had answered" : arena_dup(j->arena, res->why);
  usage_settle(a, res);
  j->cost_micros += c->cost_micros;
  struct trg_err err = {0};
  store_must(model_call_close(j->router->store, c, &err), &err);
}

/* --- what the call brings --------------------------------------------------------------------- */

static void on_reply(void *arg, const struct trg_model_reply *r) {
  struct attempt *a = arg;
  struct job *j = a->job;
  a->replied = true;
  a->reply = *r;
  a->reply.text = arena_str(j->arena, r->text);
  a->reply.stop_word = arena_str(j->arena, r->stop_word);
  a->reply.served = arena_str(j->arena, r->served);
  a->reply.request_id = arena_str(j->arena, r->request_id);
  a->reply.request_bytes = a->reply.response_bytes = (struct trg_str){NULL, 0};
  const struct model_call row = {.id = a->call.id,
                                 .started_ms = a->call.started_ms,
                                 .request_bytes = r->request_bytes,
                                 .response_bytes = r->response_bytes};
  struct trg_err err = {0};
  store_must(model_call_bytes(j->router->store, &row, &err), &err);
}

static void on_batch_ref(void *arg, struct trg_str ref) {
  struct attempt *a = arg;
  struct job *j = a->job;
  struct trg_err err = {0};
  a->in_batch = true;
  store_must(model_call_batched(j->router->store, a->call.id, arena_dup(j->arena, ref), &err),
             &err);
}

static void on_done(void *arg, const struct trg_result *res) {
  struct attempt *a = arg;
  struct job *j = a->job;
  a->op = 0;
  /* Of what is asked for comparison live requests find out for themselves. */
  if (a->model != NULL && j->want.shadow_model == NULL) rmodel_told(a->model, res);
  job_attempt_ended(j, a, res);
}

static const struct op_events events = {
    .on_reply = on_reply, .on_batch_ref = on_batch_ref, .on_done = on_done};

/* --- the beginning ---------------------------------------------------------------------------- */

/* After the commit that made the row durable. */
static void attempt_send(void *arg) {
  struct attempt *a = arg;
  struct job *j = a->job;
  a->call.latency_us = clock_mono_us();
  if (j->cancelled || a->outrun || a->model == NULL) {
    const struct trg_result r = {.outcome = TRG_CANCELLED,
                                 .code = TRG_STR("unsent"),
                                 .why = TRG_STR("given up before it was sent")};
    job_attempt_ended(j, a, &r);
    return;
  }
  struct trg_model_request request = j->want.request;
  const struct conf_model *c = a->model->conf;
  int64_t deadline_ms = a->model->answered ? c->timeout_ms : c->first_timeout_ms;
  if (a->call.batched) {
    request.flags |= TRG_REQUEST_BATCH;
    request.batch_id = str_of(arena_printf(j->arena, "call-%lld", (long long)a->call.id));
    request.batch_ref = str_of(a->batch_ref);
    deadline_ms = BATCH_DEADLINE_MS;
  }
  a->op = op_complete_held(a->model->inst, &request, j->arena, &events, a, deadline_ms);
  job_began(j, a);
}

/* A call of before a restart that still waits in its batch is waited for again: neither a second
 * one nor a second reservation. */
static bool attempt_take_up(struct attempt *a) {
  struct job *j = a->job;
  struct trg_err err = {0};
  int64_t id = 0;
  store_must(model_call_waiting(j->router->store, &a->call, j->arena, &id, &a->batch_ref,
                                &a->call.started_ms, &a->call.reserved_micros, &err),
             &err);
  if (id == 0) return false;
  a->call.id = id;
  a->in_batch = true;
  return true;
}

/* The row to be: with the most that this request can cost. */
static void call_fill(struct attempt *a, const struct rmodel *m) {
  const struct job *j = a->job;
  const struct conf_model *c = m->conf;
  const struct trg_model_ops *ops = inst_model(m->inst);
  struct trg_usage most = {0};
  if (ops->estimate != NULL) ops->estimate(inst_self(m->inst), &j->want.request, &most);
  int64_t reserve = 0;
  const bool shadow = j->want.shadow_model != NULL;
  const bool batched = !shadow && j->task->batch && (inst_caps(m->inst) & TRG_MODEL_BATCH) != 0;
  if (price_of_call(c->prices, c->price_count, &most, clock_now_ms(), batched, &reserve) < 0)
    reserve = 0;
  a->call = (struct model_call){.ticket_id = j->want.ticket_id,
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
                                .shadow = shadow};
}

int attempt_open(struct attempt *a, struct rmodel *m, size_t at, struct trg_err *err) {
  struct job *j = a->job;
  struct store *s = j->router->store;
  *a = (struct attempt){.job = j, .at = at, .model = m, .batch_ref = ""};
  call_fill(a, m);
  if (!a->call.batched || !attempt_take_up(a)) {
    /* What is asked for comparison has a purse of its own. */
    const struct conf *of = j->want.conf;
    const int64_t most_a_day = a->call.shadow ? of->shadow.cost_per_day_micros
                                              : of->model_cost_per_day_micros;
    const int64_t limit = a->call.reserved_micros > 0 ? most_a_day : 0;
    const int rc = model_call_open(s, &a->call, limit, &a->call.id, err);
    if (rc == TRG_ELIMIT || rc == TRG_ESTATE) return rc;
    store_must(rc, err);
  }
  a->open = true;
  if (!a->call.shadow) j->router->paid_open++;
  m->calls++;
  turn_after_commit(s, attempt_send, a);
  return 0;
}

void attempt_outrun(struct attempt *a) {
  a->outrun = true;
  if (a->op != 0) op_cancel(a->job->router->host, a->op);
}
