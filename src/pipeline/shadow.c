/*
 * Shadow: a share of the live tickets is also shown to other models, for comparison. What they say
 * is kept beside the decisions and goes nowhere: not to the customer, not into the ticket, not on a
 * bill. No live request waits for one: a model that has no place to spare is left out, and nothing
 * is tried twice.
 */
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/stage.h"
#include "pipeline/verdict.h"
#include "store/shadow.h"

#define SHADOWS_MAX 256 /* at once, so that slow ones do not pile up */

struct shade {
  struct road *road;
  const struct road_plan *plan;
  struct arena *arena;
  int64_t ticket_id, pass;
  const char *stage, *model;
  router_id ask;
  struct shade *next;
};

static void shade_free(struct shade *w) {
  struct shade **at = &w->road->shades;
  while (*at != w) at = &(*at)->next;
  *at = w->next;
  w->road->shade_count--;
  arena_free(&w->arena);
  mem_free(w);
}

void shadow_free(struct road *r) {
  while (r->shades != NULL) shade_free(r->shades);
}

void shadow_give_up(struct road *r) {
  while (r->shades != NULL) {
    router_cancel(r->setup.router, r->shades->ask);
    shade_free(r->shades);
  }
}

/* The same tickets whenever they are looked at, at any time and on any machine. */
static bool ticket_chosen(const char *ref, double share) {
  uint8_t sum[HASH_BYTES];
  struct hash *h = hash_new();
  hash_add(h, TRG_STR("shadow\n"));
  hash_add(h, str_of(ref));
  hash_end(&h, sum);
  uint64_t place = 0;
  for (size_t i = 0; i < 6; i++) place = place << 8 | sum[i];
  return (double)place < share * 281474976710656.0; /* 2^48 */
}

static int shadow_check(void *arg, struct trg_str text, double *ret_confidence,
                        struct trg_err *err) {
  struct shade *w = arg;
  struct verdict v;
  struct draft_answer d;
  const bool triage = strcmp(w->stage, "triage") == 0;
  const int rc = triage ? verdict_parse(text, w->plan->taxonomy, w->arena, &v, err)
                        : draft_parse(text, w->arena, &d, err);
  if (rc >= 0) *ret_confidence = triage ? v.confidence : d.confidence;
  return rc;
}

static void shadow_store(struct road *r, const struct shadow *w) {
  struct trg_err err = {0};
  store_must(shadow_add(r->setup.store, w, &err), &err);
}

static void shadow_on_answer(void *arg, const struct router_answer *a) {
  static const char *const words[] = {
      [ROUTER_OK] = "ok",           [ROUTER_UNSURE] = "unsure", [ROUTER_FAILED] = "failed",
      [ROUTER_REFUSED] = "refused", [ROUTER_BUDGET] = "budget", [ROUTER_CANCELLED] = "failed"};
  struct shade *w = arg;
  struct road *r = w->road;
  shadow_store(r, &(struct shadow){.ticket_id = w->ticket_id,
                                   .pass = w->pass,
                                   .stage = w->stage,
                                   .model = w->model,
                                   .outcome = words[a->end],
                                   .answer = arena_dup(w->arena, a->text),
                                   .confidence = a->confidence,
                                   .cost_micros = a->cost_micros,
                                   .latency_us = a->latency_us,
                                   .code = arena_dup(w->arena, a->code),
                                   .why = arena_dup(w->arena, a->why),
                                   .at_ms = clock_now_ms()});
  shade_free(w);
  road_kick(r); /* --once may wait for it */
}

static void shadow_ask(struct road *r, const struct ticket *t, const struct router_job *live,
                       const char *model) {
  struct shade *w = mem_alloc(sizeof *w);
  *w = (struct shade){.road = r,
                      .plan = r->plan,
                      .arena = arena_new(),
                      .ticket_id = t->id,
                      .pass = t->pass,
                      .next = r->shades};
  w->stage = arena_dup(w->arena, str_of(live->task));
  w->model = arena_dup(w->arena, str_of(model));
  r->shades = w;
  r->shade_count++;
  struct router_job job = *live;
  job.shadow_model = model;
  job.check = shadow_check;
  job.on_answer = shadow_on_answer;
  job.arg = w;
  w->ask = router_ask(r->setup.router, &job);
}

void shadow_offer(struct road *r, const struct ticket *t, const struct router_job *live) {
  const struct conf_task *task = &r->plan->conf->shadow;
  if (task->model_count == 0 || t->attempts > 0 || r->draining ||
      !ticket_chosen(t->ref, task->share))
    return;
  for (size_t i = 0; i < task->model_count; i++) {
    const char *model = task->models[i]->name;
    if (r->shade_count < SHADOWS_MAX && router_spare(r->setup.router, r->plan->conf, model)) {
      shadow_ask(r, t, live, model);
      continue;
    }
    shadow_store(r, &(struct shadow){.ticket_id = t->id,
                                     .pass = t->pass,
                                     .stage = live->task,
                                     .model = model,
                                     .outcome = "busy",
                                     .answer = "",
                                     .code = "busy",
                                     .why = "the model had no place to spare",
                                     .at_ms = clock_now_ms()});
  }
}
