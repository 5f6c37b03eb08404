/* Builds recorded requests again, and takes them through backends. */
#include "cmd/replay.h"

#include <stdio.h>
#include <string.h>
#include <triaged/model.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/bench.h"
#include "cmd/shadow_sum.h"
#include "conf/conf.h"
#include "model/price.h"
#include "model/router.h"
#include "net/loop.h"
#include "pipeline/prompt.h"
#include "pipeline/road.h"
#include "pipeline/verdict.h"
#include "plugin/host.h"
#include "store/asked.h"
#include "store/shadow.h"

#define TRIES       4
#define WAIT_MS     1000
#define WAIT_MAX_MS 60000
#define AT_ONCE_MAX 32

/* The request as the road made it. `part` must outlive it; the rest is in `a`. */
static struct trg_model_request request_of(const struct recorded *d, struct trg_prompt_part *part,
                                           struct arena *a) {
  const bool triage = strcmp(d->stage, "triage") == 0, draft = strcmp(d->stage, "draft") == 0;
  *part = (struct trg_prompt_part){TRG_ROLE_USER, d->part};
  const char *line = memchr(d->part.p, '\n', d->part.n);
  const struct trg_str body = line == NULL
                                  ? d->part
                                  : (struct trg_str){line + 1,
                                                     d->part.n - (size_t)(line + 1 - d->part.p)};
  struct trg_str input = body;
  if (triage && body.n > 1)
    input = str_of(arena_printf(a, "{\"taxonomy\":%.*s,%.*s", (int)d->taxonomy.n, d->taxonomy.p,
                                (int)(body.n - 1), body.p + 1));
  return (struct trg_model_request){.size = sizeof(struct trg_model_request),
                                    .task = str_of(d->stage),
                                    .stable = d->stable,
                                    .system = d->system,
                                    .parts = part,
                                    .part_count = 1,
                                    .schema = d->schema,
                                    .schema_name = str_of(d->stage),
                                    .input = input,
                                    .max_output_tokens = triage  ? PROMPT_TRIAGE_TOKENS
                                                         : draft ? PROMPT_DRAFT_TOKENS
                                                                 : PROMPT_VERIFY_TOKENS,
                                    .user_hash = str_of(d->user_hash)};
}

static int answer_check(const struct recorded *d, const struct bench *b, struct trg_str text,
                        struct arena *a, double *ret_confidence, struct trg_err *err) {
  struct verdict v = {0};
  struct draft_answer draft = {0};
  struct verify_answer verify = {0};
  int rc;
  if (strcmp(d->stage, "triage") == 0)
    rc = verdict_parse(text, b->plan->taxonomy, a, &v, err);
  else if (strcmp(d->stage, "draft") == 0)
    rc = draft_parse(text, a, &draft, err);
  else
    rc = verify_parse(text, a, &verify, err);
  if (rc >= 0) *ret_confidence = v.confidence + draft.confidence + verify.confidence;
  return rc;
}

/* --- with the recorded answer ------------------------------------------------------------------
 */

struct rerun {
  struct replay *replay;
  struct arena *arena;
  const struct recorded *d;
  bool replied;
  struct trg_str request, text; /* built anew; answered */
  struct trg_usage usage;
  char why[200];
};

/* Some bytes of a text around a place, on one line. */
static const char *excerpt(struct trg_str s, size_t at, struct arena *a) {
  enum { BEFORE = 12, ALL = 40 };
  const size_t from = at > BEFORE ? at - BEFORE : 0;
  size_t n = s.n > from ? s.n - from : 0;
  if (n > ALL) n = ALL;
  char *out = arena_dup(a, (struct trg_str){s.p + from, n});
  for (size_t i = 0; i < n; i++)
    if (out[i] < ' ' || out[i] > '~') out[i] = '.';
  return out;
}

/* Where the first byte is that differs, and what stands there; NULL: none does. */
static const char *difference(const char *what, struct trg_str was, struct trg_str now,
                              struct arena *a) {
  const size_t both = was.n < now.n ? was.n : now.n;
  size_t at = 0;
  while (at < both && was.p[at] == now.p[at]) at++;
  if (at == both && was.n == now.n) return NULL;
  return arena_printf(a,
                      "the %s differs from byte %zu on (%zu bytes recorded, %zu now): \"%s\" "
                      "was, \"%s\" is",
                      what, at, was.n, now.n, excerpt(was, at, a), excerpt(now, at, a));
}

static void rerun_http(void *arg, const struct trg_http_request *request,
                       struct trg_http_reply *ret) {
  struct rerun *k = arg;
  const struct trg_str head = request->body_head, body = request->body;
  char *whole = arena_alloc(k->arena, head.n + body.n + 1);
  if (head.n > 0) memcpy(whole, head.p, head.n);
  if (body.n > 0) memcpy(whole + head.n, body.p, body.n);
  k->request = (struct trg_str){whole, head.n + body.n};
  ret->status = 200;
  ret->body = k->d->response;
}

static void rerun_on_reply(void *arg, const struct trg_model_reply *r) {
  struct rerun *k = arg;
  k->replied = true;
  k->text = arena_str(k->arena, r->text);
  k->usage = r->usage;
}

static void rerun_on_done(void *arg, const struct trg_result *res) {
  struct rerun *k = arg;
  if (res->outcome != TRG_DONE) {
    k->replied = false;
    snprintf(k->why, sizeof k->why, "the backend refuses the recorded answer: %.*s",
             (int)(res->why.n < 120 ? res->why.n : 120), res->why.p != NULL ? res->why.p : "");
  }
  loop_stop(k->replay->bench->loop);
}

static bool same_usage(const struct trg_usage *a, const struct trg_usage *b) {
  return a->input == b->input && a->output == b->output && a->cache_read == b->cache_read &&
         a->cache_write == b->cache_write && a->reasoning == b->reasoning;
}

/* What differs, or NULL. */
static const char *rerun_judge(struct rerun *k) {
  const struct recorded *d = k->d;
  double confidence = 0;
  struct trg_err err = {0};
  if (!k->replied) return k->why;
  const char *other = difference("answer", str_of(d->verdict), k->text, k->arena);
  if (other != NULL) return other;
  if (!same_usage(&k->usage, &d->usage)) return "the tokens are other ones";
  /* A taxonomy that changed since may no longer know the category: that is no fault of the record.
   */
  if (answer_check(d, k->replay->bench, k->text, k->arena, &confidence, &err) >= 0 &&
      (confidence - d->confidence > 1e-9 || d->confidence - confidence > 1e-9))
    return "the confidence is another one";
  return NULL;
}

/* The model of that name, or another of the same backend, which reads answers alike. */
static const struct conf_model *model_of(const struct conf *c, const struct recorded *d) {
  const struct conf_model *m = conf_model(c, str_of(d->model));
  if (m != NULL && strcmp(m->backend, d->backend) == 0) return m;
  for (size_t i = 0; i < c->model_count; i++)
    if (strcmp(c->models[i].backend, d->backend) == 0) return &c->models[i];
  return NULL;
}

static bool is_local(const struct trg_inst *i) {
  return (inst_caps(i) & TRG_MODEL_LOCAL) != 0;
}

/* A decision that is the same may have been asked for in other bytes: *ret_why says where. */
static enum replay_end rerun(struct rerun *k, struct trg_inst *inst, const char **ret_why) {
  static const struct op_events events = {.on_reply = rerun_on_reply, .on_done = rerun_on_done};
  const struct recorded *d = k->d;
  struct trg_prompt_part part;
  const struct trg_model_request q = request_of(d, &part, k->arena);
  char hash[65];
  router_prompt_hash(&q, hash);
  if (strcmp(hash, d->prompt_hash) != 0) {
    *ret_why = "the recorded question has another hash than the decision";
    return REPLAY_DIFFERS;
  }
  if (is_local(inst)) { /* computes its answer: what it said is what is taken */
    k->request = q.input;
    k->text = d->response;
    k->replied = true;
  } else {
    op_complete(inst, &q, &events, k, 60000);
    loop_run(k->replay->bench->loop);
  }
  const char *other = difference("request", d->request, k->request, k->arena);
  k->replay->requests++;
  k->replay->requests_same += other == NULL;
  *ret_why = rerun_judge(k);
  if (*ret_why != NULL) return REPLAY_DIFFERS;
  *ret_why = other;
  return REPLAY_SAME;
}

static void case_add(struct replay *r, const struct recorded *d, enum replay_end end,
                     const char *why) {
  if (r->case_count == r->case_room) {
    r->case_room = r->case_room == 0 ? 64 : r->case_room * 2;
    struct replay_case *more = arena_alloc(r->arena, r->case_room * sizeof *more);
    if (r->case_count > 0) memcpy(more, r->cases, r->case_count * sizeof *more);
    r->cases = more;
  }
  r->cases[r->case_count++] = (struct replay_case){.decision_id = d->decision_id,
                                                   .pass = d->pass,
                                                   .at_ms = d->at_ms,
                                                   .ref = arena_dup(r->arena, str_of(d->ref)),
                                                   .stage = arena_dup(r->arena, str_of(d->stage)),
                                                   .model = arena_dup(r->arena, str_of(d->model)),
                                                   .end = end,
                                                   .why = arena_dup(r->arena, str_of(why))};
}

struct opened {
  const struct conf_model *model;
  struct trg_inst *inst;
};

static int inst_of(struct replay *r, struct opened *all, size_t room, const struct conf_model *m,
                   struct trg_inst **ret, struct trg_err *err) {
  size_t i = 0;
  while (i < room && all[i].model != NULL && all[i].model != m) i++;
  if (all[i].model == NULL) {
    const int rc = bench_open(r->bench, m, &all[i].inst, err);
    if (rc < 0) return rc;
    all[i].model = m;
  }
  *ret = all[i].inst;
  return 0;
}

static int replay_one(struct replay *r, struct opened *all, struct rerun *k, struct trg_err *err) {
  const struct recorded *d = k->d;
  const struct conf_model *m = model_of(r->conf, d);
  const char *why = "what was asked or answered is no longer recorded"; /* NULL: nothing */
  enum replay_end end = REPLAY_UNRECORDED;
  struct trg_inst *inst = NULL;
  if (d->response.n > 0 && d->part.n > 0 && m == NULL) {
    end = REPLAY_NO_BACKEND;
    why = arena_printf(k->arena, "no model of backend %s is configured", d->backend);
  } else if (d->response.n > 0 && d->part.n > 0) {
    const int rc = inst_of(r, all, r->conf->model_count, m, &inst, err);
    if (rc < 0) return rc;
    host_answer(r->bench->host, rerun_http, k);
    end = rerun(k, inst, &why);
  }
  r->count[end]++;
  if (why != NULL) case_add(r, d, end, why);
  return 0;
}

int replay_recorded(struct replay *r, struct trg_err *err) {
  struct opened *all = mem_array(r->conf->model_count + 1, sizeof *all);
  int64_t after = 0;
  int rc = 0;
  while (rc >= 0) {
    struct arena *a = arena_new();
    struct recorded d;
    rc = recorded_next(r->store, r->filter, after, a, &d, err);
    if (rc >= 0) {
      struct rerun k = {.replay = r, .arena = a, .d = &d};
      after = d.decision_id;
      rc = replay_one(r, all, &k, err);
      r->progress(r->arg, ++r->done, r->total);
    }
    arena_free(&a);
  }
  for (size_t i = 0; all[i].model != NULL; i++) inst_retire(all[i].inst);
  mem_free(all);
  return rc == TRG_ENOTFOUND ? 0 : rc;
}

/* --- with another model -------------------------------------------------------------------------
 */

struct course {
  struct replay *replay;
  struct replay_model *with;
  struct trg_inst *inst;
  int64_t after;
  int in_flight;
  bool end, hopeless;
  struct trg_err err;
  int rc;
};

struct question {
  struct course *course;
  struct arena *arena;
  struct recorded d;
  struct trg_prompt_part part;
  struct trg_model_request request;
  int tries;
  int64_t from_us, latency_us, cost_micros;
  double confidence;
  bool usable;
  struct trg_str text;
};

static void course_go(void *arg);

static void question_end(struct question *q, const char *outcome) {
  struct course *c = q->course;
  const struct shadow_pair p = {.shadow = {.ticket_id = q->d.ticket_id,
                                           .pass = q->d.pass,
                                           .stage = q->d.stage,
                                           .model = c->with->model->name,
                                           .outcome = outcome,
                                           .answer = arena_dup(q->arena, q->text),
                                           .confidence = q->confidence,
                                           .cost_micros = q->cost_micros,
                                           .latency_us = q->latency_us,
                                           .at_ms = q->d.at_ms},
                                .ref = q->d.ref,
                                .live = q->d.verdict,
                                .live_model = q->d.model,
                                .live_cost_micros = q->d.cost_micros,
                                .live_latency_us = q->d.latency_us,
                                .sent = ""};
  shadow_sum_add(c->with->sum, &p);
  (void)money_add(c->with->recorded_cost_micros, q->d.cost_micros, &c->with->recorded_cost_micros);
  if (strcmp(outcome, "ok") != 0) c->with->failed++;
  c->replay->progress(c->replay->arg, ++c->replay->done, c->replay->total);
  c->in_flight--;
  struct loop *l = c->replay->bench->loop;
  arena_free(&q->arena);
  mem_free(q);
  loop_soon(l, course_go, c);
}

static void question_on_reply(void *arg, const struct trg_model_reply *r) {
  struct question *q = arg;
  struct replay_model *w = q->course->with;
  struct trg_err err = {0};
  int64_t cost = 0;
  q->latency_us = clock_mono_us() - q->from_us;
  if (price_of(w->model->prices, w->model->price_count, &r->usage, clock_now_ms(), &cost) == 0) {
    (void)money_add(q->cost_micros, cost, &q->cost_micros);
    (void)money_add(w->cost_micros, cost, &w->cost_micros);
  }
  q->text = arena_str(q->arena, r->text);
  q->usable = answer_check(&q->d, q->course->replay->bench, q->text, q->arena, &q->confidence,
                           &err) >= 0;
  if (!q->usable) snprintf(w->why, sizeof w->why, "invalid: %.280s", err.text);
}

static void question_ask(void *arg);

static void question_on_done(void *arg, const struct trg_result *res) {
  static const char *const lasting[] = {TRG_CODE_AUTH, TRG_CODE_PERMISSION, TRG_CODE_ENDPOINT,
                                        TRG_CODE_QUOTA};
  struct question *q = arg;
  struct course *c = q->course;
  if (res->outcome == TRG_DONE) {
    question_end(q, q->usable ? "ok" : "failed");
    return;
  }
  for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
    if (str_is(res->code, lasting[i])) c->hopeless = true;
  snprintf(c->with->why, sizeof c->with->why, "%.*s", (int)(res->why.n < 300 ? res->why.n : 300),
           res->why.p != NULL ? res->why.p : "");
  if (res->outcome == TRG_RETRY && !c->hopeless && ++q->tries < TRIES) {
    int64_t wait = res->retry_after_ms > 0 ? res->retry_after_ms : WAIT_MS << q->tries;
    if (wait > WAIT_MAX_MS) wait = WAIT_MAX_MS;
    loop_timer_start(c->replay->bench->loop, wait, 0, question_ask, q);
    return;
  }
  question_end(q, "failed");
}

static void question_ask(void *arg) {
  static const struct op_events events = {.on_reply = question_on_reply,
                                          .on_done = question_on_done};
  struct question *q = arg;
  q->from_us = clock_mono_us();
  op_complete(q->course->inst, &q->request, &events, q, q->course->with->model->first_timeout_ms);
}

/* The next recorded question; ends the loop when there is none and none is under way. */
static void course_go(void *arg) {
  struct course *c = arg;
  while (!c->end && !c->hopeless) {
    struct question *q = mem_alloc(sizeof *q);
    q->course = c;
    q->arena = arena_new();
    c->rc = recorded_next(c->replay->store, c->replay->filter, c->after, q->arena, &q->d, &c->err);
    if (c->rc >= 0 && q->d.part.n > 0) {
      c->after = q->d.decision_id;
      c->in_flight++;
      q->request = request_of(&q->d, &q->part, q->arena);
      question_ask(q);
      return;
    }
    c->end = c->rc < 0;
    if (c->rc >= 0) {
      c->after = q->d.decision_id;
      c->with->skipped++;
      c->replay->progress(c->replay->arg, ++c->replay->done, c->replay->total);
    }
    arena_free(&q->arena);
    mem_free(q);
  }
  if (c->in_flight == 0) loop_stop(c->replay->bench->loop);
}

int replay_with(struct replay *r, struct replay_model *m, struct trg_err *err) {
  struct course c = {.replay = r, .with = m};
  int rc = bench_open(r->bench, m->model, &c.inst, err);
  if (rc < 0) return rc;
  const int64_t most = is_local(c.inst)                        ? 1
                       : m->model->max_in_flight < AT_ONCE_MAX ? m->model->max_in_flight
                                                               : AT_ONCE_MAX;
  for (int64_t i = 0; i < most; i++) loop_soon(r->bench->loop, course_go, &c);
  loop_run(r->bench->loop);
  inst_retire(c.inst);
  if (c.hopeless) return err_set(err, TRG_ESTATE, "model", "model %s: %s", m->model->name, m->why);
  if (c.rc < 0 && c.rc != TRG_ENOTFOUND) {
    *err = c.err;
    return c.rc;
  }
  return 0;
}
