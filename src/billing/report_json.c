/* The report as one JSON document; rows and total have the same keys, money is text. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/report_inner.h"

/* A rate says of what. */
static json *rate_json(int64_t numerator, int64_t denominator, int64_t tenths) {
  json *j = json_object();
  json_put_int(j, "numerator", numerator);
  json_put_int(j, "denominator", denominator);
  if (tenths < 0)
    json_put_null(j, "percent");
  else
    json_put_double(j, "percent", (double)tenths / 10);
  return j;
}

static json *losses_json(const struct report *r) {
  json *o = json_object(), *list = json_array();
  json_put_int(o, "tickets", r->loss_total);
  json_put_micros(o, "loss", r->loss_micros);
  for (size_t i = 0; i < r->loss_count; i++) {
    const struct report_loss *l = &r->losses[i];
    json *j = json_object();
    json_put_text(j, "ref", l->ref);
    json_put_text(j, "helpdesk", l->helpdesk);
    json_put_text(j, "category", l->category);
    json_put_text(j, "model", l->model);
    json_put_text(j, "state", l->state);
    json_put_micros(j, "charged", l->charged_micros);
    json_put_micros(j, "model_cost", l->model_cost_micros);
    json_put_micros(j, "margin", l->charged_micros - l->model_cost_micros);
    json_add(list, j);
  }
  json_put(o, "largest", list);
  return o;
}

static json *agents_json(const struct report *r) {
  json *list = json_array();
  for (size_t i = 0; i < r->agent_count; i++) {
    json *j = json_object();
    json_put_text(j, "who", r->agents[i].who);
    json_put_text(j, "tool", r->agents[i].tool);
    json_put_int(j, "calls", r->agents[i].calls);
    json_put_micros(j, "charged", r->agents[i].charged_micros);
    json_add(list, j);
  }
  return list;
}

static json *row_json(const struct report_row *r) {
  json *j = json_object();
  json_put_text(j, "key", r->key);
  json_put_int(j, "tickets", r->tickets);
  json_put_int(j, "triaged", r->triaged);
  json_put_int(j, "waiting", r->waiting);
  json_put_int(j, "failed", r->failed);
  json_put_int(j, "drafted", r->drafted);
  json_put_int(j, "sent", r->sent);
  json_put_int(j, "open", r->open);
  json_put_int(j, "resolved", r->resolved);
  json_put_int(j, "excluded", r->excluded);
  json_put_int(j, "held", r->held);
  json_put_int(j, "reversed", r->reversed);
  json_put_micros(j, "charged", r->charged_micros);
  json_put_micros(j, "model_cost", r->model_cost_micros);
  json_put_micros(j, "margin", row_margin(r));
  json_put_micros(j, "model_cost_per_resolution", row_cost_each(r));
  json_put_int(j, "assumed", r->assumed);
  json_put_int(j, "confirmed", r->confirmed);
  json_put_int(j, "verified", r->verified);
  json_put_int(j, "procedure", r->procedure);
  json_put_int(j, "usage", r->usage);
  json_put_int(j, "handoff", r->handoff);
  json_put_int(j, "reopened", r->reopened);
  json_put_micros(j, "model_cost_p50", r->cost_p50_micros);
  json_put_micros(j, "model_cost_p95", r->cost_p95_micros);
  json_put(j, "resolution_rate", rate_json(r->resolved, r->triaged, row_rate(r)));
  json_put(j, "reopen_rate", rate_json(r->reopened, r->tickets, row_reopen_rate(r)));
  return j;
}

static json *rows_json(const struct report_row *rows, size_t n) {
  json *list = json_array();
  for (size_t i = 0; i < n; i++) json_add(list, row_json(&rows[i]));
  return list;
}

static json *models_json(const struct report *r) {
  json *list = json_array();
  for (size_t i = 0; i < r->model_count; i++) {
    const struct model_use *m = &r->models[i];
    json *j = json_object();
    json_put_text(j, "model", m->model);
    json_put_text(j, "task", m->task);
    json_put_int(j, "calls", m->calls);
    json_put_int(j, "ok", m->ok);
    json_put_int(j, "input_tokens", m->input);
    json_put_int(j, "output_tokens", m->output);
    json_put_int(j, "cache_read_tokens", m->cache_read);
    json_put_int(j, "cache_write_tokens", m->cache_write);
    json_put_micros(j, "cost", m->cost_micros);
    json *ms = json_object();
    json_put_double(ms, "p50", m->p50_ms);
    json_put_double(ms, "p99", m->p99_ms);
    json_put(j, "latency_ms", ms);
    json_add(list, j);
  }
  return list;
}

void report_json(const struct report *r, struct buf *out) {
  json *j = json_object();
  json_put_text(j, "from", r->from);
  json_put_text(j, "to", r->to);
  json_put_text(j, "currency", r->currency);
  json_put_text(j, "by", r->by);
  json_put(j, "rows", rows_json(r->rows, r->row_count));
  json_put(j, "total", row_json(&r->total));
  json_put_text(j, "book", r->book);
  json_put_text(j, "made", r->made);
  json_put_micros(j, "model_cost_p50", r->cost_p50_micros);
  json_put_micros(j, "model_cost_p95", r->cost_p95_micros);
  json_put(j, "reasons", rows_json(r->reasons, r->reason_count));
  json_put(j, "models", models_json(r));
  json_put(j, "negative_margin", losses_json(r));
  json_put(j, "agent_calls", agents_json(r));
  json_put_bool(j, "conserved", r->conserved);
  json_put_text(j, "gap", r->gap);
  char *text = json_text(j);
  buf_text(out, text);
  buf_char(out, '\n');
  mem_free(text);
  json_free(&j);
}
