/* The invoice of a month: the ledger's lines of that period, added up by the store as they were
 * written. Nothing is computed anew, so its total is the ledger's. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "cmd/invoice.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"

static const struct out_column columns[] = {
    {"helpdesk", OUT_TEXT, 0},       {"kind", OUT_TEXT, 0},
    {"outcome", OUT_TEXT, 0},        {"evidence_level", OUT_TEXT, 0},
    {"reason", OUT_TEXT, OUT_GIVES}, {"corrects", OUT_TEXT, OUT_LESS},
    {"book", OUT_TEXT, 0},           {"quantity", OUT_INT, 0},
    {"unit_price", OUT_MICROS, 0},   {"amount", OUT_MICROS, 0}};

static struct out_table *items_table(const struct invoice *v) {
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < v->count; i++) {
    const struct period_item *k = &v->items[i];
    out_text(t, k->helpdesk);
    out_text(t, k->kind);
    out_text(t, k->outcome);
    out_text(t, k->evidence_level);
    out_text(t, k->reason);
    out_text(t, k->corrected);
    out_text(t, k->book);
    out_int(t, k->lines);
    out_int(t, k->unit_micros);
    out_int(t, k->amount_micros);
  }
  return t;
}

static json *invoice_json(const struct invoice *v, const struct out_table *t) {
  json *o = json_object();
  json_put_text(o, "month", v->month);
  json_put_text(o, "period", v->closed ? "closed" : "open");
  json_put_bool(o, "over", v->over);
  json_put_text(o, "currency", "USD");
  json_put_text(o, "made", v->made);
  if (v->closed) {
    json_put_time(o, "closed", v->frozen.closed_ms / 1000 * 1000);
    json_put_text(o, "closed_by", v->frozen.closed_by);
    json_put_int(o, "last_entry", v->frozen.last_seq);
    json_put_text(o, "last_hash", v->frozen.last_hash);
  }
  json_put(o, "lines", out_table_json(t));
  json_put_int(o, "entries", v->entries);
  json_put_micros(o, "model_cost", v->model_cost_micros);
  json_put_micros(o, "total", v->total_micros);
  return o;
}

static void invoice_text(const struct invoice *v, const struct out_table *t) {
  const struct out_screen s = out_screen_of(stdout);
  char total[MONEY_TEXT_MAX], at[TIME_RFC3339_MAX], head[100];
  struct buf b;
  buf_init(&b, 0);
  snprintf(head, sizeof head, "Invoice for %s%s", v->month,
           v->closed  ? ""
           : !v->over ? " (open: the month is not over)"
                      : " (open: not closed yet)");
  out_head(&b, s, head);
  buf_printf(&b, "made %s from %lld ledger entries\n", v->made, (long long)v->entries);
  if (v->closed) {
    buf_printf(&b, "closed %s by ", time_format(v->frozen.closed_ms / 1000 * 1000, at));
    out_line(&b, v->frozen.closed_by, 0);
    buf_printf(&b, ", up to ledger entry %lld\n", (long long)v->frozen.last_seq);
  }
  buf_char(&b, '\n');
  if (out_rows(t) > 0)
    out_table_text(t, s, &b);
  else
    buf_text(&b, "the ledger has no entry of this month\n");
  buf_printf(&b, "\ntotal %s USD\n", money_format(v->total_micros, total));
  out_buf_print(&b);
  buf_free(&b);
}

static void invoice_print(const struct cmd_call *c, const struct invoice *v) {
  struct out_table *t = items_table(v);
  if (c->format == OUT_JSON) {
    json *o = invoice_json(v, t);
    (void)out_document_print(o, c);
    json_free(&o);
  } else if (c->format == OUT_CSV) {
    out_table_print(t, c, NULL);
  } else if (c->format == OUT_HTML) {
    struct buf b;
    buf_init(&b, 0);
    invoice_html(v, &b);
    out_buf_print(&b);
    buf_free(&b);
  } else {
    invoice_text(v, t);
  }
  out_table_free(&t);
}

static int invoice_make(struct reading *r, struct invoice *v, struct trg_err *err) {
  int rc = period_get(r->store, v->month, r->arena, &v->frozen, err);
  v->closed = rc == 0;
  if (rc == 0 || rc == TRG_ENOTFOUND)
    rc = period_items(r->store, v->month, r->arena, &v->items, &v->count, err);
  if (rc != 0) return rc;
  for (size_t i = 0; i < v->count; i++) {
    v->entries += v->items[i].lines;
    if (money_add(v->total_micros, v->items[i].amount_micros, &v->total_micros) != 0 ||
        money_add(v->model_cost_micros, v->items[i].model_cost_micros, &v->model_cost_micros) != 0)
      return err_set(err, TRG_ELIMIT, "overflow", "the sums of %s are too large to be right",
                     v->month);
  }
  if (v->closed && (v->total_micros != v->frozen.amount_micros || v->entries != v->frozen.lines))
    return err_set(err, TRG_ECORRUPT, "period",
                   "%s was closed with another total: run `triagectl ledger verify`", v->month);
  return 0;
}

static int invoice_run(const struct cmd_call *c) {
  const char *month = call_value(c, "month");
  int64_t from_ms = 0, to_ms = 0;
  if (time_month_range(month, &from_ms, &to_ms) != 0)
    return cmd_fail(CMD_USAGE, "--month is a month as 2026-11, not \"%.40s\"", month);
  struct reading r;
  struct trg_err err = {0};
  int status = reading_open(c, &r);
  if (status != 0) return status;
  struct invoice v = {.month = month, .over = clock_now_ms() >= to_ms};
  time_format(clock_now_ms() / 1000 * 1000, v.made);
  struct book *b = c->format == OUT_HTML ? book_open(r.conf, NULL) : NULL;
  if (b != NULL) {
    v.book = book_name(b);
    v.about = book_summary(b);
  }
  if (invoice_make(&r, &v, &err) < 0)
    status = reading_failed(&err);
  else
    invoice_print(c, &v);
  book_free(&b);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"month", "YYYY-MM", "which month", true},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_invoice = {
    .name = "invoice",
    .args = "",
    .summary = "the invoice of a month; its total equals the ledger",
    .help = "Of a month that is not closed it shows what there is so far.",
    .options = options,
    .html = true,
    .run = invoice_run,
};
