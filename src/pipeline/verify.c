/*
 * Verify: when a price book asks whether a conversation was really resolved, a model judges it and
 * its verdict becomes a fact. The ticket itself does not move. Nothing is charged meanwhile, and a
 * judge that gives no usable verdict holds the charge.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/settle.h"
#include "conf/conf.h"
#include "pipeline/prompt.h"
#include "pipeline/stage.h"
#include "pipeline/verdict.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/verify.h"
#include "store/work.h"

#define VERIFY_MAX 64 /* at once: nobody waits for them */
#define DAY_MS     ((int64_t)24 * 3600 * 1000)

struct judging {
  struct road *road;
  const struct road_plan *plan;
  struct arena *arena;
  int64_t ticket_id, pass, attempts;
  const char *ref;
  char inputs_hash[HASH_HEX_MAX];
  struct judging *next;
};

static struct judging *judging_of(const struct road *r, int64_t ticket_id) {
  for (struct judging *j = r->judgings; j != NULL; j = j->next)
    if (j->ticket_id == ticket_id) return j;
  return NULL;
}

static void judging_free(struct judging *j) {
  struct judging **at = &j->road->judgings;
  while (*at != j) at = &(*at)->next;
  *at = j->next;
  j->road->judging_count--;
  arena_free(&j->arena);
  mem_free(j);
}

void verify_free(struct road *r) {
  while (r->judgings != NULL) judging_free(r->judgings);
}

/* The (masked) conversation as the judge sees it. */
static json *conversation(struct road *r, const struct ticket *t, struct arena *a) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(r->setup.store, t->id, a, &m, &n, &err), &err);
  json *data = json_object();
  json_put(data, "ticket", prompt_ticket(t, m, n));
  return data;
}

static void inputs_hash(const json *data, char out[HASH_HEX_MAX]) {
  char *text = json_text(data);
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  hash_add(h, str_of(text));
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, out);
  mem_free(text);
}

/* Not before anything that it judges: a helpdesk's clock may run ahead of ours. */
static int64_t verdict_time(struct road *r, int64_t ticket_id, struct arena *a) {
  struct event *e = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(event_list(r->setup.store, ticket_id, true, a, &e, &n, &err), &err);
  int64_t at = clock_now_ms();
  for (size_t i = 0; i < n; i++)
    if (e[i].at_ms > at) at = e[i].at_ms;
  return at;
}

struct finding {
  const char *value; /* pass, fail, unsure, error */
  const char *why, *model, *prompt_hash, *inputs_hash;
  int64_t call_id;
  double confidence;
};

static void verdict_add(struct road *r, int64_t ticket_id, const struct finding *f,
                        struct arena *a) {
  json *data = json_object();
  json_put_text(data, "judge_model", f->model);
  json_put_text(data, "prompt_hash", f->prompt_hash);
  json_put_text(data, "inputs_hash", f->inputs_hash);
  json_put_double(data, "confidence", f->confidence);
  json_put_text(data, "why", f->why);
  char *text = json_text(data);
  json_free(&data);
  const int64_t now = clock_now_ms();
  const char *id = f->call_id != 0 ? arena_printf(a, "verify:%lld", (long long)f->call_id) : "";
  const struct event e = {.ticket_id = ticket_id,
                          .kind = "verify",
                          .ext_id = id,
                          .actor = "ai",
                          .value = f->value,
                          .data = text,
                          .at_ms = verdict_time(r, ticket_id, a),
                          .seen_ms = now};
  bool new = false;
  struct trg_err err = {0};
  store_must(event_add(r->setup.store, &e, &new, &err), &err);
  store_must(verify_done(r->setup.store, ticket_id, &err), &err);
  mem_free(text);
  road_kick(r);
}

static int verify_check(void *arg, struct trg_str text, double *ret_confidence,
                        struct trg_err *err) {
  struct judging *j = arg;
  struct verify_answer v;
  const int rc = verify_parse(text, j->arena, &v, err);
  if (rc >= 0) *ret_confidence = v.confidence;
  return rc;
}

static void verdict_store(struct judging *j, const struct router_answer *a) {
  struct road *r = j->road;
  struct verify_answer v;
  struct trg_err err = {0};
  BUG_UNLESS(verify_parse(a->text, j->arena, &v, &err) >= 0);
  const char *value = a->end == ROUTER_UNSURE ? "unsure" : v.resolved ? "pass" : "fail";
  const struct decision d = {.ticket_id = j->ticket_id,
                             .pass = j->pass,
                             .stage = "verify",
                             .verdict = arena_dup(j->arena, a->text),
                             .model = a->model,
                             .model_call_id = a->call_id,
                             .confidence = a->confidence,
                             .cost_micros = a->cost_micros,
                             .reason = value,
                             .prompt_hash = a->prompt_hash,
                             .skills_hash = "",
                             .conf_hash = j->plan->conf->hash,
                             .at_ms = clock_now_ms()};
  int64_t id = 0;
  store_must(decision_add(r->setup.store, &d, &id, &err), &err);
  verdict_add(r, j->ticket_id,
              &(struct finding){.value = value,
                                .why = "", /* the judge's words are in the decision: erasable */
                                .model = a->model,
                                .prompt_hash = a->prompt_hash,
                                .inputs_hash = j->inputs_hash,
                                .call_id = a->call_id,
                                .confidence = a->confidence},
              j->arena);
  log_event(TRG_INFO, "verify.decided", "ticket", j->ref, "verdict", value, "model", a->model,
            NULL);
}

/* No verdict. What a later attempt may mend is tried again; what is left is an error, which holds
 * the charge until somebody asks for another look (`triagectl requeue`). */
static void verdict_missing(struct judging *j, const struct router_answer *a) {
  struct road *r = j->road;
  struct trg_err err = {0};
  const int64_t now = clock_now_ms(), attempts = j->attempts + 1;
  const char *code = arena_dup(j->arena, a->code), *why = arena_dup(j->arena, a->why);
  int64_t due = now + backoff_ms(r, attempts, a->retry_after_ms);
  bool lost = attempts_spent(code, a->cost_micros > 0, attempts);
  if (a->end == ROUTER_REFUSED) lost = true;
  if (a->end == ROUTER_BUDGET) {
    due = now - now % DAY_MS + DAY_MS;
    lost = false;
  }
  log_event(lost ? TRG_ERROR : TRG_WARN, lost ? "verify.failed" : "verify.retry", "ticket", j->ref,
            "code", code, "why", why, "attempts", log_num(attempts), NULL);
  if (!lost) {
    store_must(verify_again(r->setup.store, j->ticket_id, due, attempts, why, &err), &err);
    return;
  }
  verdict_add(r, j->ticket_id,
              &(struct finding){.value = "error",
                                .why = why,
                                .model = "",
                                .prompt_hash = a->prompt_hash,
                                .inputs_hash = j->inputs_hash},
              j->arena);
}

/* Is a verdict still asked for, and is the conversation the one that was judged? What happened
 * meanwhile is settled first. */
static bool still_wanted(struct judging *j, bool *ret_changed) {
  struct road *r = j->road;
  struct trg_err err = {0};
  struct settled s = {0};
  struct ticket t;
  store_must(settle_ticket(r->setup.store, r->plan->book, j->ticket_id, clock_now_ms(), &s, &err),
             &err);
  store_must(ticket_by_id(r->setup.store, j->ticket_id, j->arena, &t, &err), &err);
  json *data = conversation(r, &t, j->arena);
  char now[HASH_HEX_MAX];
  inputs_hash(data, now);
  json_free(&data);
  *ret_changed = strcmp(now, j->inputs_hash) != 0;
  return s.wants_verify || strcmp(s.reason, "verify_failed") == 0;
}

static void verify_on_answer(void *arg, const struct router_answer *a) {
  struct judging *j = arg;
  struct road *r = j->road;
  struct trg_err err = {0};
  bool changed = false;
  if (!still_wanted(j, &changed))
    store_must(verify_done(r->setup.store, j->ticket_id, &err), &err);
  else if (a->end == ROUTER_CANCELLED || changed) /* judged anew */
    store_must(verify_again(r->setup.store, j->ticket_id, clock_now_ms(), j->attempts, "", &err),
               &err);
  else if (a->end == ROUTER_OK || a->end == ROUTER_UNSURE)
    verdict_store(j, a);
  else
    verdict_missing(j, a);
  judging_free(j);
  road_kick(r);
}

static void verify_ask(struct road *r, const struct verify *v) {
  struct trg_err err = {0};
  struct ticket t;
  struct judging *j = mem_alloc(sizeof *j);
  *j = (struct judging){.road = r,
                        .plan = r->plan,
                        .arena = arena_new(),
                        .ticket_id = v->ticket_id,
                        .attempts = v->attempts,
                        .next = r->judgings};
  r->judgings = j;
  r->judging_count++;
  store_must(ticket_by_id(r->setup.store, v->ticket_id, j->arena, &t, &err), &err);
  j->pass = t.pass;
  j->ref = t.ref;
  json *data = conversation(r, &t, j->arena);
  inputs_hash(data, j->inputs_hash);
  char *text = prompt_render("The conversation, as data:", data), *input = json_text(data);
  json_free(&data);
  const struct trg_prompt_part part = {TRG_ROLE_USER, str_of(text)};
  const struct router_job job = {.conf = r->plan->conf,
                                 .task = "verify",
                                 .request = {.size = sizeof job.request,
                                             .task = TRG_STR("verify"),
                                             .stable = str_of(r->plan->verify_stable),
                                             .parts = &part,
                                             .part_count = 1,
                                             .schema = str_of(prompt_verify_schema),
                                             .schema_name = TRG_STR("verify"),
                                             .input = str_of(input),
                                             .max_output_tokens = PROMPT_VERIFY_TOKENS,
                                             .user_hash = str_of(t.requester_hash)},
                                 .ticket_id = t.id,
                                 .pass = t.pass,
                                 .ref = t.ref,
                                 .skills_hash = "",
                                 .check = verify_check,
                                 .on_answer = verify_on_answer,
                                 .arg = j};
  asked_keep(r, &job);
  (void)router_ask(r->setup.router, &job);
  mem_free(input);
  mem_free(text);
}

void verify_wanted(struct road *r, int64_t ticket_id) {
  struct trg_err err = {0};
  if (r->plan->conf->verify.model_count > 0) {
    store_must(verify_want(r->setup.store, ticket_id, clock_now_ms(), &err), &err);
    return;
  }
  struct arena *a = arena_new();
  log_event(TRG_ERROR, "verify.no_model", "ticket_id", log_num(ticket_id), "why",
            "the price book asks for a verdict and tasks.verify names no model", NULL);
  verdict_add(r, ticket_id,
              &(struct finding){.value = "error",
                                .why = "tasks.verify names no model",
                                .model = "",
                                .prompt_hash = "",
                                .inputs_hash = ""},
              a);
  arena_free(&a);
}

void verify_turn(struct road *r) {
  struct verify due[VERIFY_MAX];
  size_t n = 0;
  struct trg_err err = {0};
  if (r->draining || budget_stopped(r) || r->judging_count >= VERIFY_MAX) return;
  store_must(verify_due(r->setup.store, clock_now_ms(), VERIFY_MAX, due, &n, &err), &err);
  for (size_t i = 0; i < n && r->judging_count < VERIFY_MAX; i++) {
    if (judging_of(r, due[i].ticket_id) != NULL) continue;
    if (r->plan->conf->verify.model_count > 0)
      verify_ask(r, &due[i]);
    else
      verify_wanted(r, due[i].ticket_id); /* its models were taken out of the configuration */
  }
}

int64_t verify_next(const struct road *r) {
  int64_t due = 0;
  struct trg_err err = {0};
  store_must(verify_next_due(r->setup.store, &due, &err), &err);
  /* Those under way come back by themselves. */
  return r->judging_count > 0 && due <= clock_now_ms() ? 0 : due;
}
