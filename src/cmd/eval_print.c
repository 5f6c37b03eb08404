/* What eval found, and what earlier evaluations found, as document and as table. */
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/eval.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/eval_run.h"

static double places(double d, double scale) {
  return round(d * scale) / scale;
}

static void share_put(json *o, const char *key, double share) {
  if (isnan(share))
    json_put_null(o, key);
  else
    json_put_double(o, key, places(share, 1e6));
}

static json *fields_json(const struct eval_result *r) {
  json *all = json_object();
  for (size_t k = 0; k < EVAL_FIELDS; k++) {
    const size_t n = r->field[k].n;
    if (n == 0) continue;
    json *o = json_object();
    const double share = (double)r->field[k].right / (double)n;
    json_put_int(o, "n", (int64_t)n);
    json_put_double(o, "accuracy", places(share, 1e6));
    json_put_double(o, "accuracy_se", places(eval_error(share, n), 1e6));
    json_put(all, eval_fields[k], o);
  }
  return all;
}

json *eval_result_json(const struct eval_result *r) {
  const struct eval_score *s = &r->score;
  json *o = json_object(), *ms = json_object();
  const double all = (double)s->n, sure = (double)s->sure / all;
  json_put_text(o, "model", r->model->name);
  json_put_text(o, "task", "triage");
  json_put_int(o, "n", (int64_t)r->n);
  json_put_double(o, "accuracy", places(s->accuracy, 1e6));
  json_put_double(o, "macro_f1", places(s->macro_f1, 1e6));
  json_put_double(o, "ece", places(s->ece, 1e6));
  json_put_double(o, "accept", r->accept);
  json_put_double(o, "decided", places((double)s->decided / all, 1e6));
  share_put(o, "precision", s->precision);
  json_put_micros(o, "cost_per_1000", r->per_1000_micros);
  json_put_double(ms, "p50", places(s->p50_ms, 1e3));
  json_put_double(ms, "p99", places(s->p99_ms, 1e3));
  json_put(o, "latency_ms", ms);
  json_put_int(o, "answered", (int64_t)s->answered);
  json_put_double(o, "accuracy_se", places(eval_error(s->accuracy, r->n), 1e6));
  json_put_double(o, "decided_at_95", places(sure, 1e6));
  json_put_double(o, "decided_at_95_se", places(eval_error(sure, r->n), 1e6));
  json_put_int(o, "decided_at_95_n", (int64_t)s->sure);
  share_put(o, "precision_at_95", s->sure_precision);
  json_put_double(o, "brier", places(s->brier, 1e6));
  json_put_bool(o, "batched", r->batched);
  json_put_int(o, "runs", (int64_t)r->runs);
  json_put_double(o, "pass_k", places(r->pass_k, 1e6));
  json_put(o, "fields", fields_json(r));
  return o;
}

static const struct out_column columns[] = {{"model", OUT_TEXT, 0},
                                            {"task", OUT_TEXT, OUT_LEAST},
                                            {"n", OUT_INT, 0},
                                            {"accuracy", OUT_NUMBER, 0},
                                            {"accuracy_se", OUT_NUMBER, 0},
                                            {"macro_f1", OUT_NUMBER, 0},
                                            {"ece", OUT_NUMBER, 0},
                                            {"accept", OUT_NUMBER, 0},
                                            {"decided", OUT_NUMBER, 0},
                                            {"precision", OUT_NUMBER, 0},
                                            {"decided_at_95", OUT_NUMBER, 0},
                                            {"decided_at_95_se", OUT_NUMBER, OUT_LESS},
                                            {"pass_k", OUT_NUMBER, OUT_LESS},
                                            {"cost_per_1000", OUT_MICROS, 0},
                                            {"latency_p50_ms", OUT_NUMBER, OUT_LEAST},
                                            {"latency_p99_ms", OUT_NUMBER, OUT_LEAST}};

static void double_or_none(struct out_table *t, double d, double scale) {
  if (isnan(d))
    out_none(t);
  else
    out_double(t, places(d, scale));
}

static void result_row(struct out_table *t, const struct eval_result *r, double scale) {
  const struct eval_score *s = &r->score;
  const double sure = (double)s->sure / (double)s->n;
  out_text(t, r->model->name);
  out_text(t, "triage");
  out_int(t, (int64_t)r->n);
  out_double(t, places(s->accuracy, scale));
  out_double(t, places(eval_error(s->accuracy, r->n), scale));
  out_double(t, places(s->macro_f1, scale));
  out_double(t, places(s->ece, scale));
  out_double(t, r->accept);
  out_double(t, places((double)s->decided / (double)s->n, scale));
  double_or_none(t, s->precision, scale);
  out_double(t, places(sure, scale));
  out_double(t, places(eval_error(sure, r->n), scale));
  out_double(t, places(r->pass_k, scale));
  out_int(t, r->per_1000_micros);
  out_double(t, places(s->p50_ms, 1e3));
  out_double(t, places(s->p99_ms, 1e3));
}

static void fields_text(const struct eval_result *r) {
  for (size_t k = 0; k < EVAL_FIELDS; k++) {
    const size_t n = r->field[k].n;
    if (n == 0) continue;
    const double share = (double)r->field[k].right / (double)n;
    printf("%s %s: accuracy %.4f, se %.4f, n %zu\n", r->model->name, eval_fields[k], share,
           eval_error(share, n), n);
  }
}

void eval_results_print(const struct eval_result *r, size_t count, const struct cmd_call *c) {
  const double scale = c->format == OUT_CSV ? 1e6 : 1e4;
  if (c->format == OUT_JSON) {
    json *list = json_array();
    for (size_t i = 0; i < count; i++)
      if (r[i].asked) json_add(list, eval_result_json(&r[i]));
    (void)out_document_print(list, c);
    json_free(&list);
    return;
  }
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < count; i++)
    if (r[i].asked) result_row(t, &r[i], scale);
  out_table_print(t, c, NULL);
  out_table_free(&t);
  for (size_t i = 0; i < count && c->format == OUT_TABLE; i++)
    if (r[i].asked) fields_text(&r[i]);
}

/* --- over time ----------------------------------------------------------------------------------
 */

static const struct out_column past_columns[] = {{"at", OUT_TIME, 0},
                                                 {"source", OUT_TEXT, OUT_GIVES},
                                                 {"model", OUT_TEXT, 0},
                                                 {"n", OUT_INT, 0},
                                                 {"runs", OUT_INT, OUT_LEAST},
                                                 {"accuracy", OUT_NUMBER, 0},
                                                 {"accuracy_se", OUT_NUMBER, 0},
                                                 {"change", OUT_NUMBER, 0},
                                                 {"macro_f1", OUT_NUMBER, 0},
                                                 {"ece", OUT_NUMBER, 0},
                                                 {"decided_at_95", OUT_NUMBER, 0},
                                                 {"pass_k", OUT_NUMBER, OUT_LESS},
                                                 {"cost_per_1000", OUT_TEXT, 0},
                                                 {"source_hash", OUT_TEXT, OUT_LEAST},
                                                 {"prompt_hash", OUT_TEXT, OUT_LEAST},
                                                 {"conf_hash", OUT_TEXT, OUT_LEAST}};

/* The accuracy of the same model on the same examples before this one. */
static double before(const struct eval_row *rows, size_t i) {
  for (size_t k = i; k-- > 0;)
    if (str_is(str_of(rows[k].model), rows[i].model) &&
        str_is(str_of(rows[k].source_hash), rows[i].source_hash)) {
      json *o = json_parse(str_of(rows[k].scores), 0, NULL);
      const double accuracy = json_get_double(o, "accuracy", NAN);
      json_free(&o);
      return accuracy;
    }
  return NAN;
}

static void past_row(struct out_table *t, const struct eval_row *rows, size_t i, double scale) {
  json *o = json_parse(str_of(rows[i].scores), 0, NULL);
  const double accuracy = json_get_double(o, "accuracy", 0), was = before(rows, i);
  char *cost = mem_dup_str(json_get_str(o, "cost_per_1000"));
  out_int(t, rows[i].at_ms);
  out_text(t, rows[i].source);
  out_text(t, rows[i].model);
  out_int(t, json_get_int(o, "n", 0));
  out_int(t, json_get_int(o, "runs", 1));
  out_double(t, places(accuracy, scale));
  out_double(t, places(json_get_double(o, "accuracy_se", 0), scale));
  double_or_none(t, accuracy - was, scale);
  out_double(t, places(json_get_double(o, "macro_f1", 0), scale));
  out_double(t, places(json_get_double(o, "ece", 0), scale));
  out_double(t, places(json_get_double(o, "decided_at_95", 0), scale));
  out_double(t, places(json_get_double(o, "pass_k", 0), scale));
  out_text(t, cost);
  out_text(t, rows[i].source_hash);
  out_text(t, rows[i].prompt_hash);
  out_text(t, rows[i].conf_hash);
  mem_free(cost);
  json_free(&o);
}

void eval_history_print(const struct eval_row *rows, size_t count, const struct cmd_call *c) {
  const double scale = c->format == OUT_TABLE ? 1e4 : 1e6;
  struct out_table *t = out_table_new(past_columns, sizeof past_columns / sizeof *past_columns);
  for (size_t i = 0; i < count; i++) past_row(t, rows, i, scale);
  out_table_print(t, c, "no evaluations are kept yet");
  out_table_free(&t);
}
