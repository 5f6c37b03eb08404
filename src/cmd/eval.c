/* eval: models side by side. */
#include "cmd/eval.h"
#include "cmd/bench.h"

#include <stdio.h>
#include <string.h>
#include <triaged/model.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "plugin/registry.h"
#include "pipeline/road.h"
#include "store/eval_run.h"
#include "store/store.h"

#define MODELS_MAX      32
#define RUNS_MAX        100
#define HISTORY_DEFAULT 50
#define HISTORY_MAX     100000000
#define KEEP_TIMEOUT_MS 10000

struct evaluation {
  const struct cmd_call *call;
  struct arena *arena;
  struct registry *registry;
  const char *source; /* the file's name, or "solved" */
  struct labelled with;
  struct score_labels labels;
  int32_t *truth;
  const struct conf_model *models[MODELS_MAX];
  size_t model_count;
  struct eval_result results[MODELS_MAX];
  int64_t runs;
  double accept;
  char source_hash[65];
};

/* --- what is asked of whom ----------------------------------------------------------------- */

static int take_labels(struct evaluation *e, struct trg_err *err) {
  e->truth = arena_alloc(e->arena, sizeof *e->truth * (e->with.count + 1));
  for (size_t i = 0; i < e->with.count; i++) {
    json *labels = json_parse(e->with.examples[i].labels, 0, NULL);
    const struct trg_str category = json_get_str(labels, "category");
    if (category.n > 0) e->truth[i] = score_label(&e->labels, category);
    const bool none = category.n == 0;
    json_free(&labels);
    if (none)
      return err_set(err, TRG_EINVAL, "format", "%s: example %zu has no category among its labels",
                     e->source, i + 1);
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
    (void)score_label(&e->labels, json_str(v));
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

static void result_of(const struct evaluation *e, const struct eval_run *run,
                      struct eval_result *ret) {
  const size_t n = e->with.count, all = n * run->runs;
  *ret = (struct eval_result){.model = run->model,
                              .asked = true,
                              .batched = run->batched,
                              .n = n,
                              .runs = run->runs,
                              .accept = e->accept};
  eval_score(run->answers, all, e->accept, &ret->score);
  ret->pass_k = eval_pass(run->answers, n, run->runs);
  if (money_scale(run->cost_micros, 1000, (int64_t)all, &ret->per_1000_micros) != 0)
    ret->per_1000_micros = 0;
  for (size_t i = 0; i < all; i++)
    for (size_t k = 0; k < EVAL_FIELDS; k++) {
      ret->field[k].n += run->fields[i][k] != '-';
      ret->field[k].right += run->fields[i][k] == '1';
    }
}

/* Through the vendor's batches: told here, or as the task does. */
static bool batched(const struct evaluation *e, const struct conf *c) {
  return call_has(e->call, "batch") || (c->triage.batch && !call_has(e->call, "live"));
}

static int ask_model(struct evaluation *e, struct bench *b, size_t k) {
  struct out_bar bar;
  struct trg_err err = {0};
  const size_t n = e->with.count, all = n * (size_t)e->runs;
  struct eval_run run = {.model = e->models[k],
                         .with = &e->with,
                         .labels = &e->labels,
                         .runs = (size_t)e->runs,
                         .answers = mem_array(all, sizeof *run.answers),
                         .fields = mem_array(all, sizeof *run.fields),
                         .known = mem_array(all, sizeof *run.known),
                         .batch_refs = mem_array(all, sizeof *run.batch_refs),
                         .batched = batched(e, b->plan->conf),
                         .part_fd = -1,
                         .progress = progress,
                         .arg = &bar};
  struct buf part;
  buf_init(&part, 4096);
  for (size_t i = 0; i < all; i++) run.answers[i].truth = e->truth[i % n];
  eval_part_name(b, &run, e->source_hash, &part);
  if (call_has(e->call, "fresh")) (void)unlink(part.p);
  eval_part_open(&run, part.p);
  if (run.batched && run.part_fd < 0)
    fprintf(stderr, "triagectl: %s cannot be written: a batch that is interrupted is lost\n",
            part.p);
  if (run.resumed > 0)
    fprintf(stderr,
            "triagectl: %s goes on after %zu of %zu answers of an evaluation that was "
            "interrupted (--fresh begins anew)\n",
            run.model->name, run.resumed, all);
  out_bar_start(&bar, run.model->name);
  const int rc = eval_ask(b, &run, &err);
  out_bar_end(&bar);
  eval_part_close(&run, part.p, rc >= 0);
  int status = CMD_OK;
  if (rc < 0) {
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  } else {
    result_of(e, &run, &e->results[k]);
    if (run.failed > 0)
      (void)cmd_fail(0,
                     "%s gave no usable answer to %zu of %zu, which count as wrong; the last: %s",
                     run.model->name, run.failed, all, run.why);
  }
  buf_free(&part);
  mem_free(run.answers);
  mem_free(run.fields);
  mem_free(run.known);
  for (size_t i = 0; i < all; i++) mem_free(run.batch_refs[i]);
  mem_free(run.batch_refs);
  return status;
}

/* --- keeping -------------------------------------------------------------------------------- */

/* What is to be kept; NULL: nothing. A state that is not there yet is not made for it. */
static json *keep_request(const struct evaluation *e, const struct bench *b) {
  struct store *s = NULL;
  struct trg_err err = {0};
  char prompts[65];
  if (call_has(e->call, "no-keep") || store_open_reader(b->plan->conf->state, &s, &err) < 0)
    return NULL;
  store_close(&s);
  eval_prompt_hash(b, prompts);
  json *request = ask_request("eval_keep"), *rows = json_array();
  for (size_t k = 0; k < e->model_count; k++) {
    if (!e->results[k].asked) continue;
    json *row = json_object();
    json_put_text(row, "source", e->source);
    json_put_text(row, "source_hash", e->source_hash);
    json_put_text(row, "model", e->models[k]->name);
    json_put_text(row, "prompt_hash", prompts);
    json_put_text(row, "conf_hash", b->plan->conf->hash);
    json_put(row, "scores", eval_result_json(&e->results[k]));
    json_add(rows, row);
  }
  json_put(request, "rows", rows);
  return request;
}

/* Into the database, through the daemon when one runs. */
static void results_keep(const struct cmd_call *c, json *request) {
  struct trg_err err = {0};
  struct asking_side side;
  if (request == NULL) return;
  if (ask_open(c, &side) != 0) {
    json_free(&request);
    return;
  }
  json *answer = NULL;
  if (ask_send(&side, request, KEEP_TIMEOUT_MS, &answer, &err) < 0)
    (void)cmd_fail(0, "the result is not kept: %s", err.text);
  json_free(&answer);
  ask_close(&side);
}

static int floor_check(const struct evaluation *e, double least) {
  int status = CMD_OK;
  for (size_t k = 0; k < e->model_count; k++)
    if (e->results[k].asked && e->results[k].score.accuracy < least)
      status = cmd_fail(CMD_FAILED, "%s: accuracy %.4f is below %.4f", e->models[k]->name,
                        e->results[k].score.accuracy, least);
  return status;
}

/* The examples: a file, or the tickets that people solved here. */
static int take_examples(struct evaluation *e) {
  struct trg_err err = {0};
  int rc = 0;
  if (!call_has(e->call, "solved")) {
    const char *slash = strrchr(e->call->words[0], '/');
    e->source = slash != NULL ? slash + 1 : e->call->words[0];
    rc = labelled_read(e->call->words[0], e->arena, &e->with, &err);
  } else {
    struct reading r;
    const int status = reading_open(e->call, &r);
    if (status != 0) return status;
    e->source = "solved";
    rc = labelled_history(r.store, r.conf->triage.accept, e->arena, &e->with, &err);
    reading_close(&r);
  }
  if (rc >= 0) rc = take_labels(e, &err);
  if (rc < 0) return cmd_fail(CMD_FAILED, "%s", err.text);
  eval_source_hash(&e->with, e->source_hash);
  return CMD_OK;
}

static int evaluate(struct evaluation *e, double least) {
  struct trg_err err = {0};
  struct conf *conf = NULL;
  int status = take_examples(e);
  if (status == 0) status = conf_open(e, &conf);
  if (status != 0) return status;
  take_trained(e, conf->state);
  struct bench *b = bench_new(conf, e->labels.names, e->labels.count, &err);
  if (b == NULL) return cmd_fail(CMD_CONFIG, "%s", err.text);
  for (size_t k = 0; k < e->model_count; k++) {
    const int one = ask_model(e, b, k);
    if (one != 0) status = one;
  }
  eval_results_print(e->results, e->model_count, e->call);
  json *request = keep_request(e, b);
  const int below = floor_check(e, least);
  bench_free(&b); /* before the store's side is opened: one process has one host */
  results_keep(e->call, request);
  return status != 0 ? status : below;
}

static int history(const struct cmd_call *c) {
  int64_t limit = HISTORY_DEFAULT;
  struct reading r;
  struct trg_err err = {0};
  struct eval_row *rows = NULL;
  size_t n = 0;
  int status = call_int(c, "limit", 1, HISTORY_MAX, &limit);
  if (status == 0) status = reading_open(c, &r);
  if (status != 0) return status;
  if (eval_row_list(r.store, call_value(c, "model"), limit, r.arena, &rows, &n, &err) < 0)
    status = reading_failed(&err);
  else
    eval_history_print(rows, n, c);
  reading_close(&r);
  return status;
}

static int eval_run(const struct cmd_call *c) {
  double least = 0;
  const char *task = call_value(c, "task"), *floor = call_value(c, "min-accuracy");
  const size_t sources = c->word_count + call_has(c, "solved") + call_has(c, "history");
  struct evaluation e = {.call = c, .runs = 1};
  if (sources != 1) return cmd_fail(CMD_USAGE, "eval takes one of FILE, --solved and --history");
  if (call_has(c, "history")) return history(c);
  if (task != NULL && strcmp(task, "triage") != 0)
    return cmd_fail(CMD_USAGE, "--task is triage; \"%.40s\" cannot be measured against labels",
                    task);
  if (call_has(c, "batch") && call_has(c, "live"))
    return cmd_fail(CMD_USAGE, "--batch and --live exclude each other");
  if (floor != NULL && (str_to_double(str_of(floor), &least) != 0 || !(least >= 0 && least <= 1)))
    return cmd_fail(CMD_USAGE, "--min-accuracy is a share from 0 to 1, not \"%.40s\"", floor);
  if (call_int(c, "runs", 1, RUNS_MAX, &e.runs) != 0) return CMD_USAGE;
  e.arena = arena_new();
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
    {"runs", "K", "ask each ticket K times; pass_k is the share that was right every time", false},
    {"min-accuracy", "X", "status 1 when a model's accuracy is below this share, as 0.8", false},
    {"solved", NULL, "the tickets that people solved here, instead of a file", false},
    {"fresh", NULL, "begin anew, whatever an interrupted evaluation left", false},
    {"batch", NULL,
     "through the vendor's batches, at their price; so without it when "
     "tasks.triage.batch is true",
     false},
    {"live", NULL, "call by call, though tasks.triage.batch is true", false},
    {"no-keep", NULL, "do not keep the result in the database", false},
    {"history", NULL, "earlier results, and how accuracy changed on the same tickets", false},
    {"limit", "N", "with --history, at most so many, the newest (default 50)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_eval = {
    .name = "eval",
    .args = "[FILE]",
    .summary = "models side by side on labelled tickets",
    .help =
        "FILE has lines \"label<TAB>text\", or JSON lines with \"text\" (or \"subject\" and "
        "\"body\",\n"
        "then maybe \"thread\":[{\"author\",\"text\"}]) and \"labels\":{\"category\":...}; "
        "subcategory,\n"
        "priority, team, language and sentiment are compared where a line has them. Texts are "
        "masked\n"
        "before a model sees them; calls cost what they cost but are in no report. decided is the "
        "share\n"
        "at or above tasks.triage.accept, precision how many of those are right, decided_at_95 "
        "the\n"
        "largest share, surest first, of which 95 % are right; ece the calibration error over 15 "
        "bins;\n"
        "_se standard errors. An evaluation that was interrupted goes on where it was. Results "
        "are\n"
        "kept in the database of this configuration, if it has one.",
    .options = options,
    .run = eval_run,
};
