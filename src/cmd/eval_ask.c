/* Asks a model as the triage stage does, with masked text, and writes nothing anywhere. */
#include <stdio.h>
#include <string.h>
#include <triaged/connector.h>

#include "admin/train.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/bench.h"
#include "cmd/eval.h"
#include "conf/conf.h"
#include "model/price.h"
#include "net/loop.h"
#include "pipeline/prompt.h"
#include "pipeline/road.h"
#include "pipeline/verdict.h"
#include "plugin/host.h"
#include "skill/taxonomy.h"
#include "store/talk.h"

#define TRIES       4
#define WAIT_MS     1000
#define WAIT_MAX_MS 60000
/* Of one batch; vendors end them within a day. */
#define BATCHED_MAX       10000
#define BATCH_DEADLINE_MS (INT64_C(25) * 3600 * 1000)

/* --- one example --------------------------------------------------------------------------- */

struct course {
  struct bench *bench;
  struct eval_run *run;
  struct trg_inst *inst;
  size_t next, done, total, flying;
  bool hopeless; /* the model refuses every call alike */
  bool batched;
  char told[64]; /* of which batch the operator was told last */
};

struct question {
  struct course *course;
  size_t i;  /* the example */
  size_t at; /* the answer: which run it is of, too */
  int tries;
  struct arena *arena;
  int64_t cost_micros;
  struct trg_model_request request;
  struct trg_prompt_part part;
  int64_t from_us;
  bool replied;
};

static void course_go(struct course *c);

static const char *masked(struct pii_map *m, struct trg_str text, struct arena *a,
                          struct trg_err *err) {
  struct buf b;
  buf_init(&b, 0);
  const char *out = pii_mask(m, text, &b, NULL, NULL, err) < 0 || b.over
                        ? NULL
                        : arena_dup(a, buf_view(&b));
  buf_free(&b);
  return out;
}

/* The customer's text and the messages that followed it. */
static int thread_of(struct question *q, const struct labelled *with, const char *body,
                     struct message **ret, size_t *ret_count, struct trg_err *err) {
  const bool has = with->threads != NULL && with->threads[q->i].n > 0;
  json *list = has ? json_parse(with->threads[q->i], 0, NULL) : NULL;
  struct message *m = arena_alloc(q->arena, (json_count(list) + 1) * sizeof *m);
  size_t n = 0;
  int rc = 0;
  m[n++] = (struct message){
      .author = TRG_AUTHOR_CUSTOMER, .flags = TRG_MESSAGE_PUBLIC, .text = body};
  for (const json *v = json_first(list); v != NULL && rc == 0; v = json_next(v)) {
    const struct trg_str text = json_get_str(v, "text"), said = json_get_str(v, "body");
    struct pii_map *map = pii_map_new();
    m[n] = (struct message){.author = str_is(json_get_str(v, "author"), "customer")
                                          ? TRG_AUTHOR_CUSTOMER
                                          : TRG_AUTHOR_AGENT,
                            .flags = json_get_bool(v, "public", true) ? TRG_MESSAGE_PUBLIC : 0,
                            .text = masked(map, text.n > 0 ? text : said, q->arena, err)};
    pii_map_free(&map);
    if (m[n++].text == NULL) rc = TRG_EINVAL;
  }
  json_free(&list);
  *ret = m;
  *ret_count = n;
  return rc;
}

/* The example as the ticket that it would be. */
static json *ticket_of(struct question *q, struct trg_err *err) {
  const struct labelled *with = q->course->run->with;
  struct trg_str text = with->examples[q->i].text, subject = with->subjects[q->i];
  if (subject.n > 0 && text.n > subject.n && memcmp(text.p, subject.p, subject.n) == 0)
    text = str_trim((struct trg_str){text.p + subject.n, text.n - subject.n});
  struct pii_map *m = pii_map_new();
  pii_map_profiles(m, q->course->bench->plan->conf->pii_profiles);
  const char *head = masked(m, subject, q->arena, err), *body = masked(m, text, q->arena, err);
  pii_map_free(&m);
  if (head == NULL || body == NULL) return NULL;
  const struct ticket t = {.ref = arena_printf(q->arena, "eval/%zu", q->i + 1),
                           .subject = head,
                           .language = "",
                           .channel = TRG_CHANNEL_EMAIL};
  struct message *thread = NULL;
  size_t n = 0;
  if (thread_of(q, with, body, &thread, &n, err) < 0) return NULL;
  return prompt_ticket(&t, thread, n);
}

static int question_fill(struct question *q, struct trg_err *err) {
  const struct road_plan *plan = q->course->bench->plan;
  json *ticket = ticket_of(q, err);
  if (ticket == NULL) return TRG_EINVAL;
  json *data = json_object();
  json_put(data, "ticket", ticket);
  json_put(data, "similar", json_array());
  char *text = prompt_render("The ticket, as data:", data), *body = json_text(data);
  q->part = (struct trg_prompt_part){TRG_ROLE_USER, arena_str(q->arena, str_of(text))};
  q->request = (struct trg_model_request){
      .size = sizeof q->request,
      .task = TRG_STR("triage"),
      .stable = str_of(plan->triage_stable),
      .parts = &q->part,
      .part_count = 1,
      .schema = str_of(plan->triage_schema),
      .schema_name = TRG_STR("triage"),
      .input = str_of(
          arena_printf(q->arena, "{\"taxonomy\":%s,%s", plan->taxonomy->json, body + 1)),
      .max_output_tokens = PROMPT_TRIAGE_TOKENS};
  mem_free(body);
  mem_free(text);
  json_free(&data);
  return 0;
}

static void question_end(struct question *q) {
  struct course *c = q->course;
  if (q->replied) eval_part_add(c->run, q->at, q->cost_micros); /* others may be asked again */
  c->flying--;
  c->done++;
  if (c->run->progress != NULL) c->run->progress(c->run->arg, c->done, c->total);
  arena_free(&q->arena);
  mem_free(q);
  course_go(c);
}

static void question_failed(struct question *q, const char *code, const char *why) {
  struct eval_run *run = q->course->run;
  run->failed++;
  snprintf(run->why, sizeof run->why, "%.32s%s%.280s", code, code[0] != '\0' ? ": " : "", why);
  question_end(q);
}

const char *const eval_fields[EVAL_FIELDS] = {"subcategory", "priority", "team", "language",
                                              "sentiment"};

static void fields_judge(struct question *q, const struct verdict *v) {
  const struct trg_str said[EVAL_FIELDS] = {v->row.subcategory, v->row.priority, v->row.team,
                                            v->row.language, v->row.sentiment};
  json *labels = json_parse(q->course->run->with->examples[q->i].labels, 0, NULL);
  for (size_t k = 0; k < EVAL_FIELDS; k++) {
    const char *truth = arena_dup(q->arena, json_get_str(labels, eval_fields[k]));
    if (truth[0] != '\0')
      q->course->run->fields[q->at][k] = str_is_nocase(said[k], truth) ? '1' : '0';
  }
  json_free(&labels);
}

static void question_on_reply(void *arg, const struct trg_model_reply *r) {
  struct question *q = arg;
  struct eval_run *run = q->course->run;
  struct scored *a = &run->answers[q->at];
  const struct conf_model *m = run->model;
  int64_t cost = 0;
  a->latency_us = clock_mono_us() - q->from_us;
  if (price_of_call(m->prices, m->price_count, &r->usage, clock_now_ms(), q->course->batched,
                    &cost) == 0)
    (void)money_add(run->cost_micros, cost, &run->cost_micros);
  q->cost_micros += cost;
  struct verdict v;
  struct trg_err err = {0};
  if (verdict_parse(r->text, q->course->bench->plan->taxonomy, q->arena, &v, &err) < 0) {
    snprintf(run->why, sizeof run->why, "invalid: %.280s", err.text);
    return;
  }
  a->guess = score_label(run->labels, v.row.category);
  fields_judge(q, &v);
  a->confidence = v.confidence;
  q->replied = true;
}

static void question_ask(void *arg);

static void question_on_done(void *arg, const struct trg_result *res) {
  static const char *const lasting[] = {TRG_CODE_AUTH, TRG_CODE_PERMISSION, TRG_CODE_ENDPOINT,
                                        TRG_CODE_QUOTA};
  struct question *q = arg;
  struct course *c = q->course;
  if (res->outcome == TRG_DONE && q->replied) {
    question_end(q);
    return;
  }
  c->run->answers[q->at].guess = -1;
  mem_free(c->run->batch_refs[q->at]); /* what it said of this question is known: a new one next */
  c->run->batch_refs[q->at] = NULL;
  if (res->outcome == TRG_DONE) {
    char why[sizeof c->run->why];
    snprintf(why, sizeof why, "%s", c->run->why);
    question_failed(q, "", why);
    return;
  }
  for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
    if (str_is(res->code, lasting[i])) c->hopeless = true;
  if (res->outcome == TRG_RETRY && !c->hopeless && ++q->tries < TRIES) {
    int64_t wait = res->retry_after_ms > 0 ? res->retry_after_ms : WAIT_MS << q->tries;
    if (wait > WAIT_MAX_MS) wait = WAIT_MAX_MS;
    loop_timer_start(c->bench->loop, wait, 0, question_ask, q);
    return;
  }
  char code[32], why[280];
  snprintf(code, sizeof code, "%.*s", (int)res->code.n, res->code.p != NULL ? res->code.p : "");
  snprintf(why, sizeof why, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  question_failed(q, code, why);
}

/* From here on the same command comes back to the batch. */
static void question_on_batch_ref(void *arg, struct trg_str ref) {
  struct question *q = arg;
  struct course *c = q->course;
  char **mine = &c->run->batch_refs[q->at];
  mem_free(*mine);
  *mine = mem_dup_str(ref);
  eval_part_waits(c->run, q->at);
  if (strncmp(c->told, *mine, sizeof c->told - 1) == 0) return;
  snprintf(c->told, sizeof c->told, "%s", *mine);
  fprintf(stderr,
          "triagectl: %s: waiting for the batch %s, an hour mostly, a day at most; when "
          "interrupted, the same command comes back to it\n",
          c->run->model->name, c->told);
}

static const struct op_events question_events = {.on_reply = question_on_reply,
                                                 .on_batch_ref = question_on_batch_ref,
                                                 .on_done = question_on_done};

static void question_ask(void *arg) {
  struct question *q = arg;
  const struct course *c = q->course;
  int64_t deadline_ms = c->run->model->first_timeout_ms;
  q->from_us = clock_mono_us();
  if (c->batched) {
    const char *ref = c->run->batch_refs[q->at];
    q->request.flags = TRG_REQUEST_BATCH;
    q->request.batch_id = str_of(arena_printf(q->arena, "eval-%zu", q->at));
    q->request.batch_ref = ref != NULL ? str_of(arena_dup(q->arena, str_of(ref)))
                                       : (struct trg_str){NULL, 0};
    deadline_ms = BATCH_DEADLINE_MS;
  }
  op_complete(c->inst, &q->request, &question_events, q, deadline_ms);
}

/* --- all of them --------------------------------------------------------------------------- */

/* What cannot be masked is not asked. */
static void question_start(void *arg) {
  struct question *q = arg;
  struct trg_err err = {0};
  if (question_fill(q, &err) < 0)
    question_failed(q, "redaction", err.text);
  else
    question_ask(q);
}

static void course_go(struct course *c) {
  while (c->next < c->total && c->run->known[c->next]) c->next++;
  if (c->hopeless || c->next == c->total) {
    if (c->flying == 0) loop_stop(c->bench->loop);
    return;
  }
  struct question *q = mem_alloc(sizeof *q);
  q->course = c;
  q->arena = arena_new();
  q->at = c->next++;
  q->i = q->at % c->run->with->count;
  c->flying++;
  loop_soon(c->bench->loop, question_start, q);
}

int eval_ask(struct bench *b, struct eval_run *run, struct trg_err *err) {
  const struct conf_model *m = run->model;
  struct course c = {.bench = b, .run = run, .total = run->with->count * run->runs};
  const int rc = bench_open(b, m, &c.inst, err);
  if (rc < 0) return rc;
  for (size_t i = 0; i < c.total; i++) {
    c.done += run->known[i];
    if (run->known[i]) continue;
    run->answers[i].guess = -1;
    memset(run->fields[i], '-', EVAL_FIELDS);
  }
  /* The embedded model answers in this thread: one at a time, or they would wait for each other. */
  const bool local = (inst_caps(c.inst) & TRG_MODEL_LOCAL) != 0;
  c.batched = run->batched && (inst_caps(c.inst) & TRG_MODEL_BATCH) != 0;
  run->batched = c.batched;
  for (int64_t k = 0; k < (local ? 1 : c.batched ? BATCHED_MAX : m->max_in_flight); k++)
    if (c.next < c.total || k == 0) course_go(&c);
  if (c.done < c.total) loop_run(b->loop);
  inst_retire(c.inst);
  if (c.hopeless) return err_set(err, TRG_ESTATE, "model", "model %s: %s", m->name, run->why);
  return 0;
}
