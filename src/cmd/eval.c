/* eval: models side by side. */
#include "cmd/eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triaged/model.h>

#include "admin/train.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "plugin/registry.h"
#include "store/store.h"

#define MODELS_MAX 32

struct evaluation {
  const struct cmd_call *call;
  struct arena *arena;
  struct registry *registry;
  struct labelled with;
  struct eval_labels labels;
  int32_t *truth;
  const struct conf_model *models[MODELS_MAX];
  size_t model_count;
  struct eval_score scores[MODELS_MAX];
  int64_t per_1000[MODELS_MAX];
  bool asked[MODELS_MAX];
  double accept;
};

/* --- what is asked of whom ----------------------------------------------------------------- */

static int take_labels(struct evaluation *e, struct trg_err *err) {
  e->truth = arena_alloc(e->arena, sizeof *e->truth * (e->with.count + 1));
  for (size_t i = 0; i < e->with.count; i++) {
    json *labels = json_parse(e->with.examples[i].labels, 0, NULL);
    const struct trg_str category = json_get_str(labels, "category");
    if (category.n > 0) e->truth[i] = eval_label(&e->labels, category);
    const bool none = category.n == 0;
    json_free(&labels);
    if (none)
      return err_set(err, TRG_EINVAL, "format", "%s: example %zu has no category among its labels",
                     e->call->words[0], i + 1);
  }
  return 0;
}

static int take_models(struct evaluation *e, const struct conf *c) {
  const char *name;
  e->model_count = 0;
  for (size_t i = 0; (name = call_value_at(e->call, "model", i)) != NULL; i++) {
    const struct conf_model *m = conf_model(c, str_of(name));
    if (m == NULL)
      return cmd_fail(CMD_USAGE,
                      "the configuration has no model \"%.60s\"; `triagectl models` "
                      "lists them",
                      name);
    if (e->model_count < MODELS_MAX) e->models[e->model_count++] = m;
  }
  for (size_t i = 0; i < c->triage.model_count && !call_has(e->call, "model"); i++)
    if (e->model_count < MODELS_MAX) e->models[e->model_count++] = c->triage.models[i];
  e->accept = c->triage.accept;
  return 0;
}

static bool is_local(const struct conf_model *m) {
  const struct trg_model_ops *ops = m->plugin != NULL ? m->plugin->ops : NULL;
  return ops != NULL && (ops->caps & TRG_MODEL_LOCAL) != 0;
}

/* Categories that were trained are answers too; what was never trained is said. */
static void take_trained(struct evaluation *e, const char *state) {
  struct store *s = NULL;
  struct trg_err err = {0};
  char *text = NULL, *source = NULL;
  if (store_open_reader(state, &s, &err) >= 0) {
    (void)store_get(s, "train.categories", e->arena, &text, &err);
    (void)store_get(s, "train.source", e->arena, &source, &err);
  }
  store_close(&s);
  json *list = text != NULL ? json_parse(str_of(text), 0, NULL) : NULL;
  for (const json *v = json_first(list); v != NULL; v = json_next(v))
    (void)eval_label(&e->labels, json_str(v));
  json_free(&list);
  for (size_t i = 0; i < e->model_count && source == NULL; i++)
    if (is_local(e->models[i]))
      fprintf(stderr,
              "triagectl: %s has learned nothing yet: `triagectl train FILE`, or start "
              "triaged once\n",
              e->models[i]->name);
}

/* Secrets are needed only for models that are reached with one. */
static int conf_open(struct evaluation *e, struct conf **ret) {
  struct reading r;
  int status = reading_conf(e->call, &r);
  if (status != 0) return status;
  status = take_models(e, r.conf);
  bool local = true;
  for (size_t i = 0; i < e->model_count; i++) local = local && is_local(e->models[i]);
  e->registry = r.registry; /* its plugins are used from here on */
  r.registry = NULL;
  if (status == 0 && local) {
    *ret = r.conf;
    r.conf = NULL;
  } else if (status == 0) {
    *ret = core_conf(e->registry, e->call->conf_path);
    status = *ret == NULL ? CMD_CONFIG : take_models(e, *ret);
  }
  reading_close(&r);
  if (status != 0) conf_free(ret);
  return status;
}

/* --- asking -------------------------------------------------------------------------------- */

static void progress(void *arg, size_t done, size_t total) {
  out_bar_show(arg, done, total);
}

static int ask_model(struct evaluation *e, struct eval_bench *b, size_t k) {
  struct out_bar bar;
  struct trg_err err = {0};
  const size_t n = e->with.count;
  struct eval_run run = {.model = e->models[k],
                         .with = &e->with,
                         .labels = &e->labels,
                         .answers = mem_array(n, sizeof *run.answers),
                         .progress = progress,
                         .arg = &bar};
  for (size_t i = 0; i < n; i++) run.answers[i].truth = e->truth[i];
  out_bar_start(&bar, run.model->name);
  const int rc = eval_ask(b, &run, &err);
  out_bar_end(&bar);
  int status = CMD_OK;
  if (rc < 0) {
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  } else {
    eval_score(run.answers, n, e->accept, &e->scores[k]);
    if (money_scale(run.cost_micros, 1000, (int64_t)n, &e->per_1000[k]) != 0) e->per_1000[k] = 0;
    e->asked[k] = true;
    if (run.failed > 0)
      (void)cmd_fail(0,
                     "%s gave no usable answer to %zu of %zu, which count as wrong; the last: %s",
                     run.model->name, run.failed, n, run.why);
  }
  mem_free(run.answers);
  return status;
}

/* --- printing ------------------------------------------------------------------------------ */

static double places(double d, double scale) {
  return round(d * scale) / scale;
}

static json *scores_json(const struct evaluation *e) {
  json *list = json_array();
  for (size_t k = 0; k < e->model_count; k++) {
    const struct eval_score *s = &e->scores[k];
    if (!e->asked[k]) continue;
    json *o = json_object(), *ms = json_object();
    json_put_text(o, "model", e->models[k]->name);
    json_put_text(o, "task", "triage");
    json_put_int(o, "n", (int64_t)s->n);
    json_put_double(o, "accuracy", places(s->accuracy, 1e6));
    json_put_double(o, "macro_f1", places(s->macro_f1, 1e6));
    json_put_double(o, "ece", places(s->ece, 1e6));
    json_put_double(o, "accept", e->accept);
    json_put_double(o, "decided", places((double)s->decided / (double)s->n, 1e6));
    if (isnan(s->precision))
      json_put_null(o, "precision");
    else
      json_put_double(o, "precision", places(s->precision, 1e6));
    json_put_micros(o, "cost_per_1000", e->per_1000[k]);
    json_put_double(ms, "p50", places(s->p50_ms, 1e3));
    json_put_double(ms, "p99", places(s->p99_ms, 1e3));
    json_put(o, "latency_ms", ms);
    json_put_int(o, "answered", (int64_t)s->answered);
    json_add(list, o);
  }
  return list;
}

static const struct out_column columns[] = {{"model", OUT_TEXT, 0},
                                            {"task", OUT_TEXT, 0},
                                            {"n", OUT_INT, 0},
                                            {"accuracy", OUT_NUMBER, 0},
                                            {"macro_f1", OUT_NUMBER, 0},
                                            {"ece", OUT_NUMBER, 0},
                                            {"accept", OUT_NUMBER, 0},
                                            {"decided", OUT_NUMBER, 0},
                                            {"precision", OUT_NUMBER, 0},
                                            {"cost_per_1000", OUT_MICROS, 0},
                                            {"latency_p50_ms", OUT_NUMBER, 0},
                                            {"latency_p99_ms", OUT_NUMBER, 0}};

static void scores_table(const struct evaluation *e) {
  const double scale = e->call->format == OUT_CSV ? 1e6 : 1e4;
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t k = 0; k < e->model_count; k++) {
    const struct eval_score *s = &e->scores[k];
    if (!e->asked[k]) continue;
    out_text(t, e->models[k]->name);
    out_text(t, "triage");
    out_int(t, (int64_t)s->n);
    out_double(t, places(s->accuracy, scale));
    out_double(t, places(s->macro_f1, scale));
    out_double(t, places(s->ece, scale));
    out_double(t, e->accept);
    out_double(t, places((double)s->decided / (double)s->n, scale));
    if (isnan(s->precision))
      out_none(t);
    else
      out_double(t, places(s->precision, scale));
    out_int(t, e->per_1000[k]);
    out_double(t, places(s->p50_ms, 1e3));
    out_double(t, places(s->p99_ms, 1e3));
  }
  out_table_print(t, e->call, NULL);
  out_table_free(&t);
}

static int floor_check(const struct evaluation *e, double least) {
  int status = CMD_OK;
  for (size_t k = 0; k < e->model_count; k++)
    if (e->asked[k] && e->scores[k].accuracy < least)
      status = cmd_fail(CMD_FAILED, "%s: accuracy %.4f is below %.4f", e->models[k]->name,
                        e->scores[k].accuracy, least);
  return status;
}

static int evaluate(struct evaluation *e, double least) {
  struct trg_err err = {0};
  struct conf *conf = NULL;
  int status = CMD_OK;
  if (labelled_read(e->call->words[0], e->arena, &e->with, &err) < 0 || take_labels(e, &err) < 0)
    return cmd_fail(CMD_FAILED, "%s", err.text);
  status = conf_open(e, &conf);
  if (status != 0) return status;
  take_trained(e, conf->state);
  struct eval_bench *b = eval_bench_new(conf, &e->labels, &err);
  if (b == NULL) return cmd_fail(CMD_CONFIG, "%s", err.text);
  for (size_t k = 0; k < e->model_count; k++) {
    const int one = ask_model(e, b, k);
    if (one != 0) status = one;
  }
  if (e->call->format == OUT_JSON) {
    json *list = scores_json(e);
    (void)out_document_print(list, e->call);
    json_free(&list);
  } else {
    scores_table(e);
  }
  eval_bench_free(&b);
  const int below = floor_check(e, least);
  return status != 0 ? status : below;
}

static int eval_run(const struct cmd_call *c) {
  double least = 0;
  const char *task = call_value(c, "task"), *floor = call_value(c, "min-accuracy");
  if (task != NULL && strcmp(task, "triage") != 0)
    return cmd_fail(CMD_USAGE, "--task is triage; \"%.40s\" cannot be measured against labels",
                    task);
  if (floor != NULL && (str_to_double(str_of(floor), &least) != 0 || !(least >= 0 && least <= 1)))
    return cmd_fail(CMD_USAGE, "--min-accuracy is a share from 0 to 1, not \"%.40s\"", floor);
  struct evaluation e = {.call = c, .arena = arena_new()};
  e.labels.arena = e.arena;
  const int status = evaluate(&e, least);
  arena_free(&e.arena);
  registry_free(&e.registry);
  return status;
}

static const struct cmd_option options[] = {
    {"model", "NAME", "this model; several times for several (default: those of tasks.triage)",
     false},
    {"task", "triage", "what is asked", false},
    {"min-accuracy", "X", "status 1 when a model's accuracy is below this share, as 0.8", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_eval = {
    .name = "eval",
    .args = "FILE",
    .summary = "models side by side on labelled tickets",
    .help =
        "FILE has lines \"label<TAB>text\", or JSON lines with \"text\" (or \"subject\" and "
        "\"body\")\n"
        "and \"labels\":{\"category\":...}. Texts are masked before a model sees them; calls cost "
        "what\n"
        "they cost but are in no report. decided is the share at or above tasks.triage.accept,\n"
        "precision how many of those are right, ece the calibration error over 15 bins.",
    .options = options,
    .run = eval_run,
};
