/* replay: recorded decisions, run again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/bench.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "cmd/replay.h"
#include "cmd/shadow_sum.h"
#include "conf/conf.h"
#include "store/asked.h"
#include "store/store.h"

struct replaying {
  const struct cmd_call *call;
  struct reading reading;
  struct recorded_filter filter;
  struct replay replay;
  struct out_bar bar;
};

static void progress(void *arg, size_t done, size_t total) {
  out_bar_show(arg, done, total);
}

/* --- with the recorded answers ------------------------------------------------------------------
 */

static const char *const end_words[] = {"same", "differs", "unrecorded", "no_backend"};

static const struct out_column case_columns[] = {
    {"ref", OUT_TEXT, 0},         {"stage", OUT_TEXT, 0},     {"pass", OUT_INT, OUT_LEAST},
    {"decision", OUT_INT, 0},     {"model", OUT_TEXT, 0},     {"result", OUT_TEXT, 0},
    {"why", OUT_TEXT, OUT_GIVES}, {"at", OUT_TIME, OUT_LEAST}};

static struct out_table *cases_table(const struct replay *p) {
  struct out_table *t = out_table_new(case_columns, sizeof case_columns / sizeof *case_columns);
  for (size_t i = 0; i < p->case_count; i++) {
    const struct replay_case *k = &p->cases[i];
    out_text(t, k->ref);
    out_text(t, k->stage);
    out_int(t, k->pass);
    out_int(t, k->decision_id);
    out_text(t, k->model);
    out_text(t, k->end == REPLAY_SAME ? "other_request" : end_words[k->end]);
    out_text(t, k->why);
    out_int(t, k->at_ms);
  }
  return t;
}

static void recorded_json(const struct replay *p, const struct cmd_call *c) {
  json *doc = json_object();
  struct out_table *t = cases_table(p);
  json_put_int(doc, "decisions", (int64_t)p->done);
  for (size_t i = 0; i < 4; i++) json_put_int(doc, end_words[i], (int64_t)p->count[i]);
  json_put_int(doc, "requests", (int64_t)p->requests);
  json_put_int(doc, "requests_same", (int64_t)p->requests_same);
  json_put(doc, "cases", out_table_json(t));
  (void)out_document_print(doc, c);
  out_table_free(&t);
  json_free(&doc);
}

static int recorded_print(const struct replay *p, const struct cmd_call *c) {
  if (c->format == OUT_JSON) {
    recorded_json(p, c);
  } else {
    struct out_table *t = cases_table(p);
    if (c->format == OUT_CSV || p->case_count > 0) out_table_print(t, c, NULL);
    out_table_free(&t);
    if (c->format == OUT_TABLE)
      printf("%zu decisions: %zu the same, %zu differ, %zu no longer recorded, %zu without their "
             "backend; %zu of %zu requests with the recorded bytes\n",
             p->done, p->count[REPLAY_SAME], p->count[REPLAY_DIFFERS], p->count[REPLAY_UNRECORDED],
             p->count[REPLAY_NO_BACKEND], p->requests_same, p->requests);
  }
  int status = CMD_OK;
  for (size_t i = 0; i < p->case_count; i++)
    if (p->cases[i].end == REPLAY_DIFFERS)
      status = cmd_fail(CMD_FAILED, "%s: %s, decision %lld: %s", p->cases[i].ref, p->cases[i].stage,
                        (long long)p->cases[i].decision_id, p->cases[i].why);
  return status;
}

static int run_recorded(struct replaying *k) {
  struct trg_err err = {0};
  out_bar_start(&k->bar, "replay");
  const int rc = replay_recorded(&k->replay, &err);
  out_bar_end(&k->bar);
  return rc < 0 ? cmd_fail(CMD_FAILED, "%s", err.text) : recorded_print(&k->replay, k->call);
}

/* --- with another model -------------------------------------------------------------------------
 */

static double rounded(size_t part, size_t of) {
  return of == 0 ? 0 : round((double)part / (double)of * 1e4) / 1e4;
}

static const struct out_column change_columns[] = {
    {"ref", OUT_TEXT, 0},   {"pass", OUT_INT, OUT_LEAST},      {"task", OUT_TEXT, 0},
    {"field", OUT_TEXT, 0}, {"recorded", OUT_TEXT, OUT_GIVES}, {"now", OUT_TEXT, OUT_GIVES}};

static struct out_table *changes_table(const struct shadow_sum *s) {
  struct out_table *t = out_table_new(change_columns,
                                      sizeof change_columns / sizeof *change_columns);
  for (size_t i = 0; i < s->gap_count; i++) {
    const struct shadow_gap *g = &s->gaps[i];
    out_text(t, g->ref);
    out_int(t, g->pass);
    out_text(t, g->task);
    out_text(t, g->field);
    out_text(t, g->live);
    out_text(t, g->shadow);
  }
  return t;
}

/* Tickets with at least one change; the gaps of one decision stand together, those of one ticket
 * need not. */
static size_t changed_tickets(const struct shadow_sum *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->gap_count; i++) {
    bool seen = false;
    for (size_t j = 0; j < i && !seen; j++) seen = strcmp(s->gaps[j].ref, s->gaps[i].ref) == 0;
    n += !seen;
  }
  return n;
}

static json *agreement_json(const struct shadow_sum *s) {
  json *all = json_object();
  for (size_t i = 0; i < s->row_count; i++) {
    const struct shadow_row *r = &s->rows[i];
    json *o = json_object();
    for (size_t f = 0; f < SHADOW_FIELDS; f++)
      if (r->field[f].n > 0)
        json_put_double(o, compared_fields[f], rounded(r->field[f].same, r->field[f].n));
    if (r->like_live.n > 0)
      json_put_double(o, "similarity",
                      round(r->like_live.sum / (double)r->like_live.n * 1e4) / 1e4);
    json_put(all, r->task, o);
  }
  return all;
}

static void with_json(const struct replaying *k, const struct replay_model *m) {
  json *doc = json_object();
  struct out_table *t = changes_table(m->sum);
  json_put_text(doc, "model", m->model->name);
  json_put_int(doc, "decisions", (int64_t)k->replay.done);
  json_put_int(doc, "failed", (int64_t)m->failed);
  json_put_int(doc, "unrecorded", (int64_t)m->skipped);
  json_put_int(doc, "changed_tickets", (int64_t)changed_tickets(m->sum));
  json_put_micros(doc, "recorded_cost", m->recorded_cost_micros);
  json_put_micros(doc, "cost", m->cost_micros);
  json_put(doc, "agreement", agreement_json(m->sum));
  json_put(doc, "changes", out_table_json(t));
  (void)out_document_print(doc, k->call);
  out_table_free(&t);
  json_free(&doc);
}

static void with_text(const struct replaying *k, const struct replay_model *m) {
  char was[MONEY_TEXT_MAX], is[MONEY_TEXT_MAX];
  struct out_table *t = changes_table(m->sum);
  if (k->call->format == OUT_CSV || out_rows(t) > 0) out_table_print(t, k->call, NULL);
  out_table_free(&t);
  if (k->call->format != OUT_TABLE) return;
  printf("%s: %zu decisions asked again, %zu without a usable answer; %zu tickets would change; it "
         "costs %s, what was recorded cost %s\n",
         m->model->name, k->replay.done - m->skipped, m->failed, changed_tickets(m->sum),
         money_human(m->cost_micros, is), money_human(m->recorded_cost_micros, was));
  for (size_t i = 0; i < m->sum->row_count; i++) {
    const struct shadow_row *r = &m->sum->rows[i];
    for (size_t f = 0; f < SHADOW_FIELDS; f++)
      if (r->field[f].n > 0)
        printf("%s %s: %.4f the same of %zu\n", r->task, compared_fields[f],
               rounded(r->field[f].same, r->field[f].n), r->field[f].n);
  }
}

static int run_with(struct replaying *k, const struct conf_model *model) {
  struct trg_err err = {0};
  struct shadow_sum sum = {.arena = k->replay.arena};
  struct replay_model m = {.model = model, .sum = &sum};
  out_bar_start(&k->bar, model->name);
  const int rc = replay_with(&k->replay, &m, &err);
  out_bar_end(&k->bar);
  if (rc < 0) return cmd_fail(CMD_FAILED, "%s", err.text);
  if (k->call->format == OUT_JSON)
    with_json(k, &m);
  else
    with_text(k, &m);
  if (m.failed == 0) return CMD_OK;
  return cmd_fail(CMD_FAILED, "%s gave no usable answer to %zu of %zu; the last: %s", model->name,
                  m.failed, k->replay.done, m.why);
}

/* --- the command --------------------------------------------------------------------------------
 */

/* The taxonomy as the daemon has it: with the categories that were trained. */
static struct bench *bench_of(struct replaying *k, struct conf *conf, struct trg_err *err) {
  size_t n = 0;
  const char **labels = core_trained(k->reading.store, k->reading.arena, &n);
  return bench_new(conf, labels, n, err);
}

static int replay_all(struct replaying *k) {
  const char *name = call_value(k->call, "model");
  struct trg_err err = {0};
  int64_t total = 0;
  struct conf *conf = core_conf(k->reading.registry, k->call->conf_path);
  if (conf == NULL) return CMD_CONFIG;
  struct bench *b = bench_of(k, conf, &err);
  if (b == NULL) return cmd_fail(CMD_CONFIG, "%s", err.text);
  const struct conf_model *m = name != NULL ? conf_model(conf, str_of(name)) : NULL;
  int status;
  k->replay = (struct replay){.bench = b,
                              .conf = conf,
                              .store = k->reading.store,
                              .filter = &k->filter,
                              .arena = k->reading.arena,
                              .progress = progress,
                              .arg = &k->bar};
  if (name != NULL && m == NULL) {
    status = cmd_fail(CMD_USAGE, "the configuration has no model \"%.60s\"", name);
  } else if (recorded_count(k->reading.store, &k->filter, &total, &err) < 0) {
    status = reading_failed(&err);
  } else {
    k->replay.total = (size_t)total;
    status = m != NULL ? run_with(k, m) : run_recorded(k);
  }
  bench_free(&b);
  return status;
}

static int replay_run(const struct cmd_call *c) {
  struct replaying k = {.call = c, .filter = {.stage = call_value(c, "task")}};
  const char *task = k.filter.stage;
  if (task != NULL && strcmp(task, "triage") != 0 && strcmp(task, "draft") != 0 &&
      strcmp(task, "verify") != 0)
    return cmd_fail(CMD_USAGE, "--task is triage, draft or verify, not \"%.40s\"", task);
  int status = call_range(c, &k.filter.from_ms, &k.filter.to_ms);
  if (status == 0) status = reading_open(c, &k.reading);
  if (status != 0) return status;
  status = replay_all(&k);
  reading_close(&k.reading);
  return status;
}

static const struct cmd_option options[] = {
    {"model", "NAME", "ask this model the recorded questions instead", false},
    {"from", "DAY", "decisions from this day on, as 2026-11-01", false},
    {"to", "DAY", "decisions until the end of this day", false},
    {"task", "NAME", "only those of triage, draft or verify", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_replay = {
    .name = "replay",
    .args = "",
    .summary = "recorded decisions, run again",
    .help =
        "Each recorded question is built again and the recorded answer taken through the backend\n"
        "that got it: question hash, answer, tokens and confidence must be the same. Status 1 "
        "when\n"
        "a decision does not reproduce. Each that does not is named with the first byte that "
        "differs, and\n"
        "so is each that the backend asks for in other bytes now (other_request). With --model "
        "that model\n"
        "is asked instead: which tickets would change, and what it costs. Nothing is written.",
    .options = options,
    .run = replay_run,
};
