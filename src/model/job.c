/* A task on its way to an accepted answer: which model is tried next, and what is believed. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "model/inner.h"
#include "plugin/host.h"
#include "store/store.h"

/* The largest answer that is asked for when a first one was cut off. */
#define OUTPUT_TOKENS_MAX 16384

static void job_unlink(struct job *j) {
  struct job **at = &j->router->jobs[j->id % JOB_BUCKETS];
  while (*at != NULL && *at != j) at = &(*at)->next;
  if (*at == j) *at = j->next;
}

/* --- waiting for what others reserved --------------------------------------------------------- */

static void parked_remove(struct job *j) {
  struct job **at = &j->router->parked;
  while (*at != NULL && *at != j) at = &(*at)->next_parked;
  if (*at == j) *at = j->next_parked;
  j->parked = false;
}

static void parked_wake(struct router *r);

/* When there is room for the first in line, there may be for the second. */
static void job_woken(void *arg) {
  struct job *j = arg;
  struct router *r = j->router;
  const router_id id = j->id;
  job_step(j);
  if (r->parked == NULL || r->parked->id != id) parked_wake(r);
}

void job_unpark(struct job *j) {
  if (!j->parked) return;
  parked_remove(j);
  loop_soon(j->router->loop, job_woken, j);
}

static void parked_wake(struct router *r) {
  if (r->parked != NULL) job_unpark(r->parked);
}

/* The line is by age, so that who came first is served first. False: nothing under way can make
 * room. */
static bool job_park(struct job *j) {
  struct router *r = j->router;
  bool held = false;
  for (size_t i = 0; i < j->task->model_count; i++) held |= j->marks[i] == MARK_HELD;
  if (!held || r->paid_open == 0) return false;
  for (size_t i = 0; i < j->task->model_count; i++)
    if (j->marks[i] == MARK_HELD) j->marks[i] = MARK_NONE;
  struct job **at = &r->parked;
  while (*at != NULL && (*at)->id < j->id) at = &(*at)->next_parked;
  j->next_parked = *at;
  j->parked = true;
  *at = j;
  return true;
}

void job_free(struct job *j) {
  if (j->parked) parked_remove(j);
  loop_timer_stop(j->router->loop, j->hedge);
  job_unlink(j);
  arena_free(&j->arena);
  mem_free(j);
}

bool job_is_busy(const struct job *j) {
  for (size_t i = 0; i < ATTEMPTS_MAX; i++)
    if (j->attempts[i].open) return true;
  return false;
}

/* --- the end ---------------------------------------------------------------------------------- */

void job_finish(struct job *j, enum router_end end) {
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
  if (job_park(j)) return;
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

/* --- what came of an attempt ------------------------------------------------------------------ */

static void best_is(struct job *j, const struct attempt *a, double confidence) {
  j->best.text = a->reply.text;
  j->best.model = a->call.model;
  j->best.confidence = confidence;
  j->best.call_id = a->call.id;
  j->best.latency_us = clock_mono_us() - a->call.latency_us;
  j->has_best = true;
}

/* Takes the answer when it is usable; keeps it as the best so far when it is not sure enough. */
static const char *job_judge(struct job *j, const struct attempt *a) {
  struct trg_err err = {0};
  double confidence = 0;
  if (j->want.check(j->want.arg, a->reply.text, &confidence, &err) < 0) {
    job_note_failure(j, "invalid", err.text);
    return "invalid";
  }
  j->taken = confidence >= j->task->accept;
  if (j->taken || !j->has_best || confidence > j->best.confidence) best_is(j, a, confidence);
  return j->taken ? "ok" : "low_confidence";
}

/* A cut answer is never parsed; the same model gets more room, once. */
static bool job_enlarge(struct job *j, const struct attempt *a) {
  int64_t *most = &j->want.request.max_output_tokens;
  if (j->enlarged || *most >= OUTPUT_TOKENS_MAX) return false;
  j->enlarged = true;
  *most = *most * 4 < OUTPUT_TOKENS_MAX ? *most * 4 : OUTPUT_TOKENS_MAX;
  j->marks[a->at] = MARK_NONE;
  return true;
}

static void job_failed(struct job *j, struct attempt *a, const struct trg_result *res) {
  char code[32], why[320];
  attempt_close(a, res, "error");
  snprintf(code, sizeof code, "%.*s", (int)res->code.n, res->code.p != NULL ? res->code.p : "");
  snprintf(why, sizeof why, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  if (strcmp(code, TRG_CODE_LENGTH) == 0 && job_enlarge(j, a)) return;
  if (strcmp(code, TRG_CODE_REFUSAL) == 0) j->refusals++;
  if (res->retry_after_ms > j->retry_after_ms) j->retry_after_ms = res->retry_after_ms;
  job_note_failure(j, code, why);
  log_event(TRG_WARN, "model.failed", "ticket", j->want.ref, "task", j->want.task, "model",
            a->call.model, "code", code, "why", why, NULL);
}

/* Given up: by us, by the other one's answer, by a new configuration before it was sent, or at the
 * end of the process. Then a call in a batch stays open: the next start waits for it. */
static void job_attempt_dropped(struct job *j, struct attempt *a, const struct trg_result *res) {
  if (j->cancelled || !a->in_batch) attempt_close(a, res, "cancelled");
  if (j->cancelled || a->outrun) return;
  if (str_is(res->code, "unsent"))
    memset(j->marks, 0, j->task->model_count * sizeof *j->marks); /* others now: begin again */
  else
    j->dropped = true;
}

/* While the other one is under way its answer is waited for. */
static void job_go_on(struct job *j) {
  if (job_is_busy(j)) {
    if (j->taken)
      for (size_t i = 0; i < ATTEMPTS_MAX; i++)
        if (j->attempts[i].open) attempt_outrun(&j->attempts[i]);
    return;
  }
  if (j->cancelled || (j->dropped && !j->taken))
    job_finish(j, ROUTER_CANCELLED);
  else if (j->taken)
    job_finish(j, ROUTER_OK);
  else
    job_step(j);
}

void job_attempt_ended(struct job *j, struct attempt *a, const struct trg_result *res) {
  loop_timer_stop(j->router->loop, j->hedge);
  j->hedge = 0;
  if (j->cancelled || a->outrun || res->outcome == TRG_CANCELLED)
    job_attempt_dropped(j, a, res);
  else if (res->outcome == TRG_DONE && a->replied)
    attempt_close(a, res, job_judge(j, a));
  else
    job_failed(j, a, res);
  a->open = false;
  if (!a->call.shadow) j->router->paid_open--;
  parked_wake(j->router);
  job_go_on(j);
}

/* --- which model next ------------------------------------------------------------------------- */

static struct attempt *attempt_free(struct job *j) {
  for (size_t i = 0; i < ATTEMPTS_MAX; i++)
    if (!j->attempts[i].open) return &j->attempts[i];
  return NULL;
}

/* The next model of the list that may be tried now; NULL when none is left. */
static struct rmodel *job_pick(struct job *j, size_t *ret_at) {
  for (size_t i = 0; i < j->task->model_count; i++) {
    const char *name = j->task->models[i]->name;
    if (j->marks[i] != MARK_NONE) continue;
    j->marks[i] = MARK_TRIED;
    if (j->want.shadow_model != NULL && strcmp(name, j->want.shadow_model) != 0) continue;
    struct rmodel *m = rmodel_find(j->router, name);
    if (m == NULL) continue;
    *ret_at = i;
    const int64_t rest = breaker_rest_ms(&m->breaker, clock_now_ms());
    if (rest == 0) return m;
    if (j->retry_after_ms == 0 || rest < j->retry_after_ms) j->retry_after_ms = rest;
    job_note_failure(j, "resting", m->last_error);
  }
  return NULL;
}

void job_step(struct job *j) {
  for (;;) {
    struct trg_err err = {0};
    size_t at = 0;
    if (j->cancelled || j->router->draining) {
      job_finish(j, ROUTER_CANCELLED);
      return;
    }
    struct rmodel *m = job_pick(j, &at);
    if (m == NULL) {
      job_exhausted(j);
      return;
    }
    const int rc = attempt_open(attempt_free(j), m, at, &err);
    if (rc == 0) return;
    if (rc == TRG_ESTATE && j->want.shadow_model == NULL) j->marks[at] = MARK_HELD;
    j->over_budget++;
    snprintf(j->code, sizeof j->code, "budget");
    snprintf(j->why, sizeof j->why, "%s", err.text);
  }
}

/* --- the hedge -------------------------------------------------------------------------------- */

/* A second request is worth its price only where it would be answered at once. */
static bool can_hedge(const struct rmodel *m) {
  return m != NULL && breaker_rest_ms(&m->breaker, clock_now_ms()) == 0 &&
         inst_wait_ms(m->inst) == 0 && (inst_caps(m->inst) & TRG_MODEL_LOCAL) == 0 &&
         inst_in_flight(m->inst) + inst_queued(m->inst) < m->conf->max_in_flight;
}

/* The next model that was not asked yet; else the one that is slow. */
static struct rmodel *hedge_pick(const struct job *j, size_t slow, size_t *ret_at) {
  for (size_t i = 0; i < j->task->model_count; i++) {
    struct rmodel *m = rmodel_find(j->router, j->task->models[i]->name);
    *ret_at = i;
    if (j->marks[i] == MARK_NONE && can_hedge(m)) return m;
  }
  struct rmodel *m = rmodel_find(j->router, j->task->models[slow]->name);
  *ret_at = slow;
  return can_hedge(m) ? m : NULL;
}

static void job_hedge(void *arg) {
  struct job *j = arg;
  struct attempt *a = attempt_free(j);
  const struct attempt *slow = a == &j->attempts[0] ? &j->attempts[1] : &j->attempts[0];
  struct trg_err err = {0};
  size_t at = 0;
  j->hedge = 0;
  if (a == NULL || j->cancelled) return;
  struct rmodel *m = hedge_pick(j, slow->at, &at);
  if (m == NULL) return;
  if (attempt_open(a, m, at, &err) != 0) return; /* not within the budget: the first may answer */
  j->hedged = true;
  j->marks[at] = MARK_TRIED;
  log_event(TRG_INFO, "model.hedged", "ticket", j->want.ref, "task", j->want.task, "slow",
            slow->call.model, "asked", a->call.model, NULL);
}

void job_began(struct job *j, const struct attempt *a) {
  const int64_t after_ms = j->task->hedge_ms;
  if (after_ms == 0 || j->hedged || a->call.batched || a->call.shadow) return;
  j->hedge = loop_timer_start(j->router->loop, after_ms, 0, job_hedge, j);
}
