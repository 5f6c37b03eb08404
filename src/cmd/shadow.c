/* shadow: what models said that see live tickets for comparison only. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "cmd/shadow_sum.h"
#include "conf/conf.h"
#include "store/shadow.h"

#define GAPS_DEFAULT 20
#define GAPS_MAX     100000000

static void pair_add(void *arg, const struct shadow_pair *p) {
  shadow_sum_add(arg, p);
}

static double share_of(size_t part, size_t of) {
  return of == 0 ? 0 : round((double)part / (double)of * 1e4) / 1e4;
}

static double mean_of(const struct shadow_mean *m) {
  return m->n == 0 ? 0 : round(m->sum / (double)m->n * 1e4) / 1e4;
}

/* --- as one document ---------------------------------------------------------------------------
 */

static json *latency_json(const int64_t *us, size_t n) {
  json *o = json_object();
  json_put_double(o, "p50", shadow_rank_ms(us, n, 0.50));
  json_put_double(o, "p99", shadow_rank_ms(us, n, 0.99));
  return o;
}

static json *mean_json(const struct shadow_mean *m) {
  json *o = json_object();
  json_put_int(o, "n", (int64_t)m->n);
  json_put_double(o, "mean", mean_of(m));
  return o;
}

static json *agreement_json(const struct shadow_row *r) {
  json *all = json_object();
  for (size_t i = 0; i < SHADOW_FIELDS; i++) {
    if (r->field[i].n == 0) continue;
    json *o = json_object();
    json_put_int(o, "n", (int64_t)r->field[i].n);
    json_put_int(o, "same", (int64_t)r->field[i].same);
    json_put_double(o, "share", share_of(r->field[i].same, r->field[i].n));
    json_put(all, compared_fields[i], o);
  }
  return all;
}

static json *row_json(const struct shadow_row *r) {
  json *o = json_object();
  json_put_text(o, "model", r->model);
  json_put_text(o, "task", r->task);
  json_put_int(o, "asked", (int64_t)r->asked);
  json_put_int(o, "answered", (int64_t)r->answered);
  json_put_int(o, "unsure", (int64_t)r->unsure);
  json_put_int(o, "failed", (int64_t)r->failed);
  json_put_int(o, "skipped", (int64_t)r->skipped);
  json_put_int(o, "compared", (int64_t)r->us_count);
  json_put(o, "agreement", agreement_json(r));
  if (strcmp(r->task, "draft") == 0) {
    json *s = json_object();
    json_put(s, "to_live", mean_json(&r->like_live));
    json_put(s, "to_sent", mean_json(&r->like_sent));
    json_put(s, "live_to_sent", mean_json(&r->live_like_sent));
    json_put(o, "similarity", s);
  }
  json_put_micros(o, "cost", r->cost_micros);
  json_put_micros(o, "live_cost", r->live_cost_micros);
  json_put(o, "latency_ms", latency_json(r->us, r->us_count));
  json_put(o, "live_latency_ms", latency_json(r->live_us, r->us_count));
  return o;
}

static const struct out_column gap_columns[] = {{"ref", OUT_TEXT, 0},
                                                {"pass", OUT_INT, OUT_LEAST},
                                                {"task", OUT_TEXT, OUT_LESS},
                                                {"model", OUT_TEXT, 0},
                                                {"field", OUT_TEXT, 0},
                                                {"live", OUT_TEXT, OUT_GIVES},
                                                {"shadow", OUT_TEXT, OUT_GIVES},
                                                {"at", OUT_TIME, OUT_LEAST}};

/* The newest `limit` of them, oldest first. */
static struct out_table *gaps_table(const struct shadow_sum *s, int64_t limit) {
  struct out_table *t = out_table_new(gap_columns, sizeof gap_columns / sizeof *gap_columns);
  const size_t skip = s->gap_count > (size_t)limit ? s->gap_count - (size_t)limit : 0;
  for (size_t i = skip; i < s->gap_count; i++) {
    const struct shadow_gap *g = &s->gaps[i];
    out_text(t, g->ref);
    out_int(t, g->pass);
    out_text(t, g->task);
    out_text(t, g->model);
    out_text(t, g->field);
    out_text(t, g->live);
    out_text(t, g->shadow);
    out_int(t, g->at_ms);
  }
  return t;
}

static void print_json(const struct shadow_sum *s, const struct cmd_call *c, int64_t limit) {
  json *doc = json_object(), *rows = json_array();
  for (size_t i = 0; i < s->row_count; i++) json_add(rows, row_json(&s->rows[i]));
  struct out_table *t = gaps_table(s, limit);
  json_put(doc, "models", rows);
  json_put_int(doc, "disagreement_count", (int64_t)s->gap_count);
  json_put(doc, "disagreements", out_table_json(t));
  (void)out_document_print(doc, c);
  out_table_free(&t);
  json_free(&doc);
}

/* --- as tables ----------------------------------------------------------------------------------
 */

static struct out_table *cost_table(const struct shadow_sum *s) {
  static const struct out_column columns[] = {{"model", OUT_TEXT, 0},
                                              {"task", OUT_TEXT, 0},
                                              {"asked", OUT_INT, 0},
                                              {"answered", OUT_INT, 0},
                                              {"failed", OUT_INT, 0},
                                              {"skipped", OUT_INT, 0},
                                              {"cost", OUT_MICROS, 0},
                                              {"live_cost", OUT_MICROS, 0},
                                              {"p50_ms", OUT_NUMBER, 0},
                                              {"p99_ms", OUT_NUMBER, 0},
                                              {"live_p50_ms", OUT_NUMBER, OUT_LESS},
                                              {"live_p99_ms", OUT_NUMBER, OUT_LESS}};
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < s->row_count; i++) {
    const struct shadow_row *r = &s->rows[i];
    out_text(t, r->model);
    out_text(t, r->task);
    out_int(t, (int64_t)r->asked);
    out_int(t, (int64_t)r->answered);
    out_int(t, (int64_t)r->failed);
    out_int(t, (int64_t)r->skipped);
    out_int(t, r->cost_micros);
    out_int(t, r->live_cost_micros);
    out_double(t, shadow_rank_ms(r->us, r->us_count, 0.50));
    out_double(t, shadow_rank_ms(r->us, r->us_count, 0.99));
    out_double(t, shadow_rank_ms(r->live_us, r->us_count, 0.50));
    out_double(t, shadow_rank_ms(r->live_us, r->us_count, 0.99));
  }
  return t;
}

static void measure(struct out_table *t, const struct shadow_row *r, const char *what, size_t n,
                    double value) {
  if (n == 0) return;
  out_text(t, r->model);
  out_text(t, r->task);
  out_text(t, what);
  out_int(t, (int64_t)n);
  out_double(t, value);
}

static struct out_table *agreement_table(const struct shadow_sum *s) {
  static const struct out_column columns[] = {{"model", OUT_TEXT, 0},
                                              {"task", OUT_TEXT, 0},
                                              {"measure", OUT_TEXT, 0},
                                              {"n", OUT_INT, 0},
                                              {"agreement", OUT_NUMBER, 0}};
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < s->row_count; i++) {
    const struct shadow_row *r = &s->rows[i];
    for (size_t k = 0; k < SHADOW_FIELDS; k++)
      measure(t, r, compared_fields[k], r->field[k].n, share_of(r->field[k].same, r->field[k].n));
    measure(t, r, "draft like the live one", r->like_live.n, mean_of(&r->like_live));
    measure(t, r, "draft like what people sent", r->like_sent.n, mean_of(&r->like_sent));
    measure(t, r, "live draft like what people sent", r->live_like_sent.n,
            mean_of(&r->live_like_sent));
  }
  return t;
}

static void table_end(struct out_table *t, struct buf *b, const char *head) {
  const struct out_screen screen = out_screen_of(stdout);
  if (out_rows(t) > 0) {
    out_head(b, screen, head);
    out_table_text(t, screen, b);
  }
  out_table_free(&t);
}

static void print_text(const struct shadow_sum *s, int64_t limit) {
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  table_end(cost_table(s), &b, "Shadow models");
  table_end(agreement_table(s), &b, "Agreement");
  char head[80];
  snprintf(head, sizeof head, "Disagreements (%zu, the newest %lld)", s->gap_count,
           (long long)(s->gap_count < (size_t)limit ? (int64_t)s->gap_count : limit));
  table_end(gaps_table(s, limit), &b, head);
  out_buf_print(&b);
  buf_free(&b);
}

static void print(const struct shadow_sum *s, const struct cmd_call *c, int64_t limit) {
  if (call_has(c, "disagreements")) {
    struct out_table *t = gaps_table(s, limit);
    out_table_print(t, c, "no disagreements");
    out_table_free(&t);
  } else if (c->format == OUT_JSON) {
    print_json(s, c, limit);
  } else if (c->format == OUT_CSV) {
    struct out_table *t = agreement_table(s);
    out_table_print(t, c, NULL);
    out_table_free(&t);
  } else if (s->row_count == 0) {
    fputs("no shadow answers; tasks.shadow names the models to compare\n", stderr);
  } else {
    print_text(s, limit);
  }
}

static int shadow_run(const struct cmd_call *c) {
  struct shadow_filter f = {.model = call_value(c, "model")};
  int64_t limit = call_has(c, "disagreements") || c->format == OUT_JSON ? GAPS_MAX : GAPS_DEFAULT;
  int status = call_range(c, &f.from_ms, &f.to_ms);
  if (status == 0) status = call_int(c, "limit", 1, GAPS_MAX, &limit);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct trg_err err = {0};
  struct shadow_sum s = {.arena = r.arena};
  if (shadow_each(r.store, &f, pair_add, &s, &err) < 0)
    status = reading_failed(&err);
  else
    print(&s, c, limit);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"model", "NAME", "only this shadow model", false},
    {"from", "DAY", "answers from this day on, as 2026-11-01", false},
    {"to", "DAY", "answers until the end of this day", false},
    {"disagreements", NULL, "only the list of disagreements, all of them", false},
    {"limit", "N", "at most so many disagreements, the newest (default 20; json: all)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_shadow = {
    .name = "shadow",
    .args = "",
    .summary = "shadow models beside the live ones",
    .help =
        "The models of tasks.shadow see a share of the live tickets; nothing of what they say\n"
        "reaches a customer, a ticket or a bill. Agreement is the share of equal fields; drafts\n"
        "are compared by the words that they have in common in order (ROUGE-L F1), with the live\n"
        "draft and with what a person sent in the end. skipped: the model had no place to spare,\n"
        "or the day's budget for comparison was used up.",
    .options = options,
    .run = shadow_run,
};
