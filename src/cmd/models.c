/* The configured models, and a round trip to each. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/store.h"

#define TEST_TIMEOUT_MS 40000

/* "$0.10 in, $0.50 out" per million tokens, of the base price in force. */
static const char *price_text(const struct conf_model *m, struct arena *a) {
  char in[MONEY_TEXT_MAX], out[MONEY_TEXT_MAX];
  const struct conf_price *p = NULL;
  for (size_t i = 0; i < m->price_count; i++)
    if (m->prices[i].above_tokens == 0 && (p == NULL || m->prices[i].from_ms <= clock_now_ms()))
      p = &m->prices[i];
  if (p == NULL) return "free";
  return arena_printf(a, "%s in, %s out%s", money_human(p->input_micros, in),
                      money_human(p->output_micros, out), m->price_count > 1 ? ", tiered" : "");
}

static void task_add(struct buf *b, const struct conf_task *t, const char *name,
                     const struct conf_model *m) {
  for (size_t i = 0; i < t->model_count; i++)
    if (strcmp(t->models[i]->name, m->name) == 0) buf_printf(b, "%s%s", b->n > 0 ? " " : "", name);
}

static const char *tasks_text(const struct conf *c, const struct conf_model *m, struct arena *a) {
  struct buf b;
  buf_init(&b, 0);
  task_add(&b, &c->triage, "triage", m);
  task_add(&b, &c->draft, "draft", m);
  task_add(&b, &c->verify, "verify", m);
  task_add(&b, &c->shadow, "shadow", m);
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

static const json *live_model(const json *live, const char *name) {
  for (const json *m = json_first(json_get(live, "models")); m != NULL; m = json_next(m))
    if (str_is(json_get_str(m, "name"), name)) return m;
  return NULL;
}

static const struct out_column columns[] = {{"name", OUT_TEXT, 0},
                                            {"backend", OUT_TEXT, 0},
                                            {"model", OUT_TEXT, OUT_GIVES},
                                            {"tasks", OUT_TEXT, 0},
                                            {"price", OUT_TEXT, 0},
                                            {"retires", OUT_TEXT, OUT_LESS},
                                            {"health", OUT_TEXT, OUT_TINT},
                                            {"in_flight", OUT_INT, OUT_LEAST},
                                            {"calls", OUT_INT, OUT_LEAST},
                                            {"failures", OUT_INT, OUT_LEAST},
                                            {"last_error", OUT_TEXT, OUT_GIVES}};

static int models_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  const int status = reading_conf(c, &r);
  if (status != 0) return status;
  json *live = store_locked(r.conf->state) ? ask_daemon(r.conf->state, "status", &err) : NULL;
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < r.conf->model_count; i++) {
    const struct conf_model *m = &r.conf->models[i];
    const json *l = live_model(live, m->name);
    out_text(t, m->name);
    out_text(t, m->backend);
    out_text(t, m->model);
    out_text(t, tasks_text(r.conf, m, r.arena));
    out_text(t, price_text(m, r.arena));
    out_text(t, m->retires != NULL ? m->retires : "");
    out_text(t, l == NULL ? "" : json_get_bool(l, "resting", false) ? "resting" : "ok");
    static const char *const counts[] = {"in_flight", "calls", "failures"};
    for (size_t k = 0; k < 3; k++) {
      if (l != NULL)
        out_int(t, json_get_int(l, counts[k], 0));
      else
        out_none(t);
    }
    out_text(t, l == NULL ? "" : arena_dup(r.arena, json_get_str(l, "last_error")));
  }
  out_table_print(t, c, NULL);
  out_table_free(&t);
  json_free(&live);
  reading_close(&r);
  return CMD_OK;
}

/* --- models test --------------------------------------------------------------------------- */

static const struct out_column test_columns[] = {
    {"name", OUT_TEXT, 0},         {"model", OUT_TEXT, 0}, {"result", OUT_TEXT, OUT_TINT},
    {"latency_ms", OUT_NUMBER, 0}, {"price", OUT_TEXT, 0}, {"reason", OUT_TEXT, OUT_GIVES}};

static bool test_one(struct asking_side *s, const struct conf_model *m, struct arena *a,
                     struct out_table *t) {
  struct trg_err err = {0};
  json *answer = NULL, *request = ask_request("test");
  json_put_text(request, "model", m->name);
  const int rc = ask_send(s, request, TEST_TIMEOUT_MS, &answer, &err);
  const int64_t us = json_get_int(answer, "latency_us", -1);
  out_text(t, m->name);
  out_text(t, m->model);
  out_text(t, rc >= 0 ? "ok" : "failed");
  if (us >= 0)
    out_double(t, round((double)us / 10.0) / 100.0);
  else
    out_none(t);
  out_text(t, price_text(m, a));
  out_text(t, rc >= 0 ? "" : err.text);
  json_free(&answer);
  return rc >= 0;
}

static int test_run(const struct cmd_call *c) {
  struct reading r;
  struct asking_side s;
  const char *name = c->word_count > 0 ? c->words[0] : NULL;
  int status = reading_conf(c, &r);
  if (status != 0) return status;
  if (name != NULL && conf_model(r.conf, str_of(name)) == NULL)
    status = cmd_fail(CMD_USAGE,
                      "the configuration has no model \"%.60s\"; `triagectl models` "
                      "lists them",
                      name);
  if (status == 0) status = ask_open(c, &s);
  if (status != 0) {
    reading_close(&r);
    return status;
  }
  struct out_table *t = out_table_new(test_columns, sizeof test_columns / sizeof *test_columns);
  struct out_clock *clock = out_clock_start("testing", NULL, NULL);
  size_t failed = 0;
  for (size_t i = 0; i < r.conf->model_count; i++)
    if (name == NULL || strcmp(r.conf->models[i].name, name) == 0)
      failed += test_one(&s, &r.conf->models[i], r.arena, t) ? 0 : 1;
  out_clock_end(&clock);
  out_table_print(t, c, NULL);
  out_table_free(&t);
  ask_close(&s);
  reading_close(&r);
  return failed == 0 ? CMD_OK : CMD_FAILED;
}

const struct cmd cmd_models = {
    .name = "models",
    .args = "",
    .summary = "configured models, their tasks, prices and health",
    .run = models_run,
};
const struct cmd cmd_models_test = {
    .name = "models test",
    .args = "[NAME]",
    .summary = "a real round trip to each: ok or why not, latency",
    .help = "Prices are US dollars per million tokens. Status 1 when one of them fails.",
    .run = test_run,
};
