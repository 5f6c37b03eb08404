#include "admin/retrain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/core.h"
#include "admin/lesson.h"
#include "admin/train.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "model/router.h"
#include "model/score.h"
#include "net/loop.h"
#include "pipeline/prompt.h"
#include "pipeline/verdict.h"
#include "plugin/host.h"
#include "skill/taxonomy.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/talk.h"

/* Of fewer the figures would be chance. */
#define HELD_LEAST        20
#define TRAIN_DEADLINE_MS ((int64_t)30 * 60 * 1000)
#define ASK_DEADLINE_MS   20000

struct retrain {
  struct core *core;
  bool busy;
  struct arena *arena; /* of the one that is under way */
  /* Read on a pool thread. */
  char *state;
  double accept;
  struct labelled solved;
  struct lesson taught;
  int64_t seen;
  int rc;
  struct trg_err err;
  /* On the loop. */
  struct lesson learn, held;
  struct trg_inst *candidate;
  char *path, *categories;
  size_t at;
  bool asks_new, swaps;
  struct scored *answers[2]; /* of the held-out tickets: of the model in use, of the new one */
  struct score_labels labels;
  int64_t trainings; /* core.trainings when it began */
  struct trial trial;
};

struct retrain *retrain_new(struct core *c) {
  struct retrain *r = mem_alloc(sizeof *r);
  r->core = c;
  return r;
}

/* Ready for the next. */
static void retrain_clear(struct retrain *r) {
  struct core *c = r->core;
  if (r->path != NULL) (void)unlink(r->path);
  mem_free(r->path);
  mem_free(r->state);
  mem_free(r->categories);
  arena_free(&r->arena);
  *r = (struct retrain){.core = c};
}

void retrain_free(struct retrain **r) {
  if (*r == NULL) return;
  retrain_clear(*r);
  mem_free(*r);
  *r = NULL;
}

static void retrain_end(struct retrain *r) {
  if (r->candidate != NULL) inst_retire(r->candidate);
  retrain_clear(r);
}

static void retrain_failed(struct retrain *r, const char *why) {
  log_event(TRG_WARN, "retrain.failed", "why", why, "hint",
            "the model in use stays; the next attempt waits for more solved tickets", NULL);
  retrain_end(r);
}

/* --- the end: what came of it -------------------------------------------------------------------
 */

static double share(int64_t right, int64_t of) {
  return of > 0 ? (double)right / (double)of : 0;
}

/* `against`: what spoke against the new one; NULL: it is in use now. */
static void retrain_note(struct retrain *r, const char *against) {
  const struct trial_side *was = &r->trial.before, *is = &r->trial.after;
  struct trg_err err = {0};
  json *o = json_object();
  json_put_time(o, "at", clock_now_ms());
  json_put_int(o, "held_out", r->trial.held);
  json_put_double(o, "before", share(was->right, r->trial.held));
  json_put_double(o, "after", share(is->right, r->trial.held));
  json_put_double(o, "macro_f1_before", was->macro_f1);
  json_put_double(o, "macro_f1_after", is->macro_f1);
  json_put_double(o, "brier_before", was->brier);
  json_put_double(o, "brier_after", is->brier);
  json_put_int(o, "examples", (int64_t)r->learn.count);
  json_put_bool(o, "swapped", against == NULL);
  json_put_text(o, "against", against != NULL ? against : "");
  char *text = json_text(o);
  const int rc = store_put(r->core->store, RETRAIN_LAST, text, &err);
  store_must(rc, &err);
  mem_free(text);
  json_free(&o);
  char before[24], after[24], held[24];
  snprintf(before, sizeof before, "%.3f", share(was->right, r->trial.held));
  snprintf(after, sizeof after, "%.3f", share(is->right, r->trial.held));
  snprintf(held, sizeof held, "%lld", (long long)r->trial.held);
  log_event(TRG_INFO, "retrain.done", "held_out", held, "before", before, "after", after, "swapped",
            against == NULL ? "yes" : "no", "against", against != NULL ? against : "", NULL);
}

static void no_reply(void *arg, const struct trg_model_reply *m) {
  (void)arg;
  (void)m;
}

static void swap_on_done(void *arg, const struct trg_result *res) {
  struct retrain *r = arg;
  struct core *c = r->core;
  if (res->outcome != TRG_DONE) {
    retrain_failed(r, arena_dup(r->arena, res->why));
    return;
  }
  struct trg_err err = {0};
  int rc = store_put(c->store, "train.source", "retrain", &err);
  if (rc >= 0) rc = store_put(c->store, "train.starter_hash", c->plan->taxonomy->hash, &err);
  if (rc >= 0) rc = store_put(c->store, "train.categories", r->categories, &err);
  store_must(rc, &err);
  retrain_note(r, NULL);
  retrain_end(r);
  /* New labels are new categories: the plan is made again with them. */
  if (core_reload(c, &err) < 0) log_event(TRG_ERROR, "config.refused", "why", err.text, NULL);
}

static const struct op_events swap_events = {.on_reply = no_reply, .on_done = swap_on_done};

/* The model in use learns the same: from the same examples and seed comes the same model, and the
 * backend puts it in place between two answers. */
static void retrain_judge(struct retrain *r) {
  struct trg_inst *live = router_trainable(r->core->router, NULL);
  struct trial_side *sides[2] = {&r->trial.before, &r->trial.after};
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < r->held.count; i++) sides[k]->right += score_right(&r->answers[k][i]);
    sides[k]->macro_f1 = score_macro_f1(r->answers[k], r->held.count);
    sides[k]->brier = score_brier(r->answers[k], r->held.count);
  }
  const char *against = trial_against(&r->trial);
  if (against != NULL) {
    retrain_note(r, against);
    retrain_end(r);
    return;
  }
  if (live == NULL) {
    retrain_failed(r, "the model in use was taken out of the configuration meanwhile");
    return;
  }
  if (r->trainings != r->core->trainings) {
    retrain_failed(r, "somebody trained the model meanwhile");
    return;
  }
  r->swaps = true;
  op_train(live, r->learn.list, r->learn.count, (struct trg_str){NULL, 0}, &swap_events, r,
           TRAIN_DEADLINE_MS);
}

/* --- asking both --------------------------------------------------------------------------------
 */

static void ask_on_reply(void *arg, const struct trg_model_reply *m) {
  struct retrain *r = arg;
  struct arena *a = arena_new();
  struct verdict v;
  struct trg_err err = {0};
  json *labels = json_parse(r->held.list[r->at].labels, 0, NULL);
  const char *truth = arena_dup(a, json_get_str(labels, "category"));
  struct scored *to = &r->answers[r->asks_new][r->at];
  to->truth = score_label(&r->labels, str_of(truth));
  to->guess = -1;
  if (verdict_parse(m->text, r->core->plan->taxonomy, a, &v, &err) >= 0) {
    to->guess = taxonomy_same(v.row.category, truth) ? to->truth
                                                     : score_label(&r->labels, v.row.category);
    to->confidence = v.confidence;
  }
  json_free(&labels);
  arena_free(&a);
}

static void ask_next(struct retrain *r);

static void ask_on_done(void *arg, const struct trg_result *res) {
  struct retrain *r = arg;
  if (res->outcome != TRG_DONE) {
    retrain_failed(r, arena_dup(r->arena, res->why));
    return;
  }
  if (r->asks_new) r->at++;
  r->asks_new = !r->asks_new;
  ask_next(r);
}

static const struct op_events ask_events = {.on_reply = ask_on_reply, .on_done = ask_on_done};

static void ask_next(struct retrain *r) {
  if (r->at == r->held.count) {
    retrain_judge(r);
    return;
  }
  struct trg_inst *inst = r->asks_new ? r->candidate : router_trainable(r->core->router, NULL);
  if (inst == NULL) {
    retrain_failed(r, "the model in use was taken out of the configuration meanwhile");
    return;
  }
  struct arena *a = arena_new();
  const struct ticket t = {
      .ref = "retrain", .subject = "", .language = "", .channel = TRG_CHANNEL_EMAIL};
  const struct message m = {.author = TRG_AUTHOR_CUSTOMER,
                            .flags = TRG_MESSAGE_PUBLIC,
                            .text = arena_dup(a, r->held.list[r->at].text)};
  json *data = json_object();
  json_put(data, "ticket", prompt_ticket(&t, &m, 1));
  json_put(data, "similar", json_array());
  char *body = json_text(data);
  const struct trg_model_request q = {
      .size = sizeof q,
      .task = TRG_STR("triage"),
      .schema_name = TRG_STR("triage"),
      .input = str_of(
          arena_printf(a, "{\"taxonomy\":%s,%s", r->core->plan->taxonomy->json, body + 1))};
  op_complete(inst, &q, &ask_events, r, ASK_DEADLINE_MS); /* copies it */
  mem_free(body);
  json_free(&data);
  arena_free(&a);
}

/* --- the candidate ------------------------------------------------------------------------------
 */

static void candidate_on_done(void *arg, const struct trg_result *res) {
  struct retrain *r = arg;
  if (res->outcome != TRG_DONE)
    retrain_failed(r, arena_dup(r->arena, res->why));
  else
    ask_next(r);
}

static const struct op_events candidate_events = {.on_reply = no_reply,
                                                  .on_done = candidate_on_done};

/* The model's own settings, with a file beside its own. */
static void *settings_beside(struct retrain *r, const struct conf_model *m) {
  char *settings = arena_alloc(r->arena, m->plugin->conf_size);
  memcpy(settings, m->settings, m->plugin->conf_size);
  for (const struct trg_field *f = m->plugin->fields; f != NULL && f->name != NULL; f++) {
    if (f->type != TRG_TEXT) continue;
    const char *text = NULL;
    memcpy(&text, settings + f->offset, sizeof text);
    if (text != NULL) text = arena_dup(r->arena, str_of(text)); /* the plan may be replaced */
    if (text != NULL && strcmp(f->name, "file") == 0) {
      text = arena_printf(r->arena, "%s.new", text);
      r->path = mem_dup(text);
    }
    memcpy(settings + f->offset, &text, sizeof text);
  }
  return r->path != NULL ? settings : NULL;
}

static int candidate_open(struct retrain *r, struct trg_err *err) {
  const char *name = NULL;
  const struct conf_model *model = NULL;
  const struct conf *f = r->core->plan->conf;
  if (router_trainable(r->core->router, &name) != NULL)
    for (size_t i = 0; i < f->model_count && model == NULL; i++)
      if (strcmp(f->models[i].name, name) == 0) model = &f->models[i];
  void *settings = model != NULL ? settings_beside(r, model) : NULL;
  if (settings == NULL)
    return err_set(err, TRG_ESTATE, "no_local", "no model keeps what it learns in a file");
  (void)unlink(r->path); /* of a retraining that was cut short */
  const struct inst_options o = {.plugin = model->plugin,
                                 .name = arena_printf(r->arena, "%s.new", name),
                                 .conf = settings,
                                 .max_in_flight = 1};
  return inst_open(r->core->host, &o, &r->candidate, err);
}

/* --- what there is ------------------------------------------------------------------------------
 */

static void retrain_gather(struct retrain *r) {
  const struct taxonomy *t = r->core->plan->taxonomy;
  const struct lesson skills = {(struct trg_example *)t->examples, t->example_count};
  struct lesson parts[4] = {r->taught};
  lesson_split((struct lesson){r->solved.examples, r->solved.count}, r->arena, &parts[1],
               &parts[3]);
  parts[2] = lesson_fit(lesson_join(parts, 2, r->arena), skills, r->arena);
  r->categories = lesson_categories(lesson_join(parts, 2, r->arena));
  r->learn = lesson_join(parts, 3, r->arena);
  /* A ticket whose text stands in a file or among the examples too is no test. */
  const struct lesson all = lesson_join(parts, 4, r->arena);
  r->held = (struct lesson){all.list + r->learn.count, all.count - r->learn.count};
  r->trial.held = (int64_t)r->held.count;
  r->labels = (struct score_labels){.arena = r->arena};
  for (size_t k = 0; k < 2; k++)
    r->answers[k] = arena_alloc(r->arena, (r->held.count + 1) * sizeof *r->answers[k]);
}

static int seen_put(struct retrain *r, struct trg_err *err) {
  char text[24];
  snprintf(text, sizeof text, "%zu", r->solved.count);
  return store_put(r->core->store, RETRAIN_SEEN, text, err);
}

static void look_work(void *arg) {
  struct retrain *r = arg;
  struct store *s = NULL;
  char *seen = NULL;
  r->rc = store_open_reader(r->state, &s, &r->err);
  if (r->rc >= 0) r->rc = store_get(s, RETRAIN_SEEN, r->arena, &seen, &r->err);
  if (r->rc >= 0) r->rc = labelled_solved(s, r->accept, r->arena, &r->solved, &r->err);
  if (r->rc >= 0) r->rc = taught_list(s, r->arena, &r->taught.list, &r->taught.count, &r->err);
  r->seen = seen != NULL ? strtoll(seen, NULL, 10) : 0;
  store_close(&s);
}

static void look_after(void *arg) {
  struct retrain *r = arg;
  const int64_t wanted = r->core->plan->conf->retrain_tickets;
  struct trg_err err = {0};
  if (r->rc < 0) {
    retrain_failed(r, arena_dup(r->arena, str_of(r->err.text)));
    return;
  }
  if (wanted == 0 || (int64_t)r->solved.count - r->seen < wanted) {
    log_event(TRG_DEBUG, "retrain.waits", "new", log_num((int64_t)r->solved.count - r->seen), NULL);
    retrain_end(r);
    return;
  }
  retrain_gather(r);
  if (r->held.count < HELD_LEAST) {
    retrain_end(r); /* waits for more */
    return;
  }
  store_must(seen_put(r, &err), &err);
  if (candidate_open(r, &err) < 0) {
    retrain_failed(r, err.text);
    return;
  }
  op_train(r->candidate, r->learn.list, r->learn.count, (struct trg_str){NULL, 0},
           &candidate_events, r, TRAIN_DEADLINE_MS);
}

void retrain_look(struct retrain *r) {
  const struct conf *f = r->core->plan->conf;
  if (r->busy || f->retrain_tickets == 0 || router_trainable(r->core->router, NULL) == NULL) return;
  r->busy = true;
  r->arena = arena_new();
  r->state = mem_dup(f->state);
  r->accept = f->triage.accept;
  r->trainings = r->core->trainings;
  if (loop_work(r->core->loop, look_work, look_after, r) < 0) retrain_clear(r); /* the next time */
}

bool retrain_swaps(const struct retrain *r) {
  return r != NULL && r->swaps;
}
