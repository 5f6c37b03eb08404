/* Triage: category, priority, team, language, mood and more as one validated structure. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/prompt.h"
#include "pipeline/recall.h"
#include "pipeline/stage.h"
#include "pipeline/verdict.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "store/store.h"
#include "store/knowledge.h"
#include "store/talk.h"
#include "store/work.h"

#define SIMILAR_MAX    5
#define EXAMPLES_MAX   6
#define TWIN_WITHIN_MS ((int64_t)3 * 24 * 3600 * 1000)

static int triage_check(void *arg, struct trg_str text, double *ret_confidence,
                        struct trg_err *err) {
  struct task *k = arg;
  struct verdict v;
  const int rc = verdict_parse(text, k->road->plan->taxonomy, k->arena, &v, err);
  if (rc >= 0) *ret_confidence = v.confidence;
  return rc;
}

/* A twin is a case that the same person opened twice: certain, so no model is asked about it. */
static const char *triage_twin(struct task *k) {
  char *ref = NULL;
  struct trg_err err = {0};
  const int rc = past_twin(k->road->setup.store, k->ticket_id, TWIN_WITHIN_MS, k->arena, &ref,
                           &err);
  if (rc == TRG_ENOTFOUND) return NULL;
  store_must(rc, &err);
  return ref;
}

static void triage_store(struct task *k, const struct ticket *t, const struct router_answer *a) {
  struct road *r = k->road;
  struct verdict v;
  struct trg_err err = {0};
  BUG_UNLESS(verdict_parse(a->text, r->plan->taxonomy, k->arena, &v, &err) >= 0);
  const char *twin = triage_twin(k);
  if (twin != NULL) v.row.duplicate_of = str_of(twin);
  v.row.model = str_of(a->model);
  const int64_t now = clock_now_ms();
  const struct decision d = {.ticket_id = t->id,
                             .pass = t->pass,
                             .stage = "triage",
                             .verdict = arena_dup(k->arena, a->text),
                             .model = a->model,
                             .model_call_id = a->call_id,
                             .confidence = a->confidence,
                             .cost_micros = a->cost_micros,
                             .reason = a->end == ROUTER_UNSURE ? "not_sure" : "ok",
                             .prompt_hash = a->prompt_hash,
                             .skills_hash = skills_hash(r->plan->skills),
                             .conf_hash = r->plan->conf->hash,
                             .at_ms = now};
  int64_t id = 0;
  store_must(decision_add(r->setup.store, &d, &id, &err), &err);
  store_must(ticket_judge(r->setup.store, t->id, &v.row, now, &err), &err);
  advance(r, t->id, TICKET_TRIAGING, TICKET_TRIAGED,
          &(struct advance){.why = a->end == ROUTER_UNSURE ? "not_sure" : NULL});
  char percent[16];
  snprintf(percent, sizeof percent, "%.2f", a->confidence);
  log_event(TRG_INFO, "triage.decided", "ticket", k->ref, "category",
            arena_dup(k->arena, v.row.category), "priority", arena_dup(k->arena, v.row.priority),
            "confidence", percent, "model", a->model, NULL);
}

static void triage_on_answer(void *arg, const struct router_answer *a) {
  task_answered(arg, a, triage_store, task_retry);
}

static void triage_ask(struct task *k) {
  struct road *r = k->road;
  struct ticket now;
  if (!task_current(k, &now)) {
    task_end(k);
    return;
  }
  const struct ticket *t = &now;
  const struct recalled *like = recall_found(k->recall);
  json *data = json_object();
  json_put(data, "ticket", k->more);
  k->more = NULL;
  json_put(data, "similar", prompt_past(like->similar, like->similar_count, false));
  json_put(data, "examples", prompt_examples(like->examples, like->example_count));
  recall_end(&k->recall);
  char *text = prompt_render("The ticket, as data:", data);
  const struct trg_prompt_part part = {TRG_ROLE_USER, str_of(text)};
  /* What a classifier gets: the same, and the taxonomy, which a reader has in the stable part. */
  struct buf input;
  buf_init(&input, 0);
  buf_text(&input, "{\"taxonomy\":");
  buf_text(&input, r->plan->taxonomy->json);
  buf_char(&input, ',');
  const struct trg_str body = prompt_data(text);
  buf_add(&input, body.p + 1, body.n - 1);
  const struct router_job job = {.conf = r->plan->conf,
                                 .task = "triage",
                                 .request = {.size = sizeof job.request,
                                             .task = TRG_STR("triage"),
                                             .stable = str_of(r->plan->triage_stable),
                                             .parts = &part,
                                             .part_count = 1,
                                             .schema = str_of(r->plan->triage_schema),
                                             .schema_name = TRG_STR("triage"),
                                             .input = buf_view(&input),
                                             .max_output_tokens = PROMPT_TRIAGE_TOKENS,
                                             .user_hash = str_of(t->requester_hash)},
                                 .ticket_id = t->id,
                                 .pass = t->pass,
                                 .ref = t->ref,
                                 .skills_hash = skills_hash(r->plan->skills),
                                 .check = triage_check,
                                 .on_answer = triage_on_answer,
                                 .arg = k};
  asked_keep(r, &job);
  k->ask = router_ask(r->setup.router, &job);
  shadow_offer(r, t, &job);
  buf_free(&input);
  mem_free(text);
  json_free(&data);
}

static void triage_cleanup(struct task *k) {
  json *ticket = k->more;
  json_free(&ticket);
}

void triage_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(r->setup.store, t->id, a, &m, &n, &err), &err);
  struct task *k = task_start(r, st, t);
  json *ticket = prompt_ticket(t, m, n);
  k->more = ticket;
  k->cleanup = triage_cleanup;
  const char *words = arena_printf(a, "%s %s", t->subject, json_get_str(ticket, "body").p);
  recall_start(r->recalls, k,
               &(struct recall_want){.words = str_of(words),
                                     .ticket_id = t->id,
                                     .similar = SIMILAR_MAX,
                                     .examples = EXAMPLES_MAX},
               triage_ask);
}
