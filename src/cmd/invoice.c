/* The invoice of a month: the ledger's lines of that period, added up. Nothing is computed anew, so
 * its total is the ledger's. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/ledger.h"

/* Lines of one kind, outcome and amount of one helpdesk. */
struct item {
  const char *helpdesk, *kind, *outcome, *level, *reason, *book;
  int64_t unit_micros, quantity, amount_micros, model_cost_micros;
};
struct invoice {
  struct arena *arena;
  const char *month;
  bool open; /* the month is not over: more may come */
  char made[TIME_RFC3339_MAX];
  struct item *items;
  size_t count, room;
  int64_t total_micros, model_cost_micros, entries;
  bool overflow;
};

static bool item_is(const struct item *i, const struct ledger_line *l) {
  return i->unit_micros == l->amount_micros && strcmp(i->helpdesk, l->helpdesk) == 0 &&
         strcmp(i->kind, l->kind) == 0 && strcmp(i->outcome, l->outcome) == 0 &&
         strcmp(i->level, l->evidence_level) == 0 && strcmp(i->reason, l->reason) == 0 &&
         strcmp(i->book, l->book) == 0;
}

static struct item *item_of(struct invoice *v, const struct ledger_line *l) {
  for (size_t i = 0; i < v->count; i++)
    if (item_is(&v->items[i], l)) return &v->items[i];
  if (v->count == v->room) {
    v->room = v->room == 0 ? 16 : v->room * 2;
    v->items = mem_grow(v->items, v->room * sizeof *v->items);
  }
  struct item *i = &v->items[v->count++];
  *i = (struct item){.helpdesk = arena_dup(v->arena, str_of(l->helpdesk)),
                     .kind = arena_dup(v->arena, str_of(l->kind)),
                     .outcome = arena_dup(v->arena, str_of(l->outcome)),
                     .level = arena_dup(v->arena, str_of(l->evidence_level)),
                     .reason = arena_dup(v->arena, str_of(l->reason)),
                     .book = arena_dup(v->arena, str_of(l->book)),
                     .unit_micros = l->amount_micros};
  return i;
}

static int line_take(void *arg, const struct ledger_line *l) {
  struct invoice *v = arg;
  if (strcmp(l->period, v->month) != 0) return 0;
  struct item *i = item_of(v, l);
  i->quantity++;
  v->entries++;
  if (money_add(i->amount_micros, l->amount_micros, &i->amount_micros) != 0 ||
      money_add(v->total_micros, l->amount_micros, &v->total_micros) != 0 ||
      money_add(i->model_cost_micros, l->model_cost_micros, &i->model_cost_micros) != 0 ||
      money_add(v->model_cost_micros, l->model_cost_micros, &v->model_cost_micros) != 0)
    v->overflow = true;
  return 0;
}

/* --- its forms ----------------------------------------------------------------------------- */

static const struct out_column columns[] = {
    {"helpdesk", OUT_TEXT, 0},       {"kind", OUT_TEXT, 0},           {"outcome", OUT_TEXT, 0},
    {"evidence_level", OUT_TEXT, 0}, {"reason", OUT_TEXT, OUT_GIVES}, {"book", OUT_TEXT, 0},
    {"quantity", OUT_INT, 0},        {"unit_price", OUT_MICROS, 0},   {"amount", OUT_MICROS, 0}};

static struct out_table *items_table(const struct invoice *v) {
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < v->count; i++) {
    const struct item *k = &v->items[i];
    out_text(t, k->helpdesk);
    out_text(t, k->kind);
    out_text(t, k->outcome);
    out_text(t, k->level);
    out_text(t, k->reason);
    out_text(t, k->book);
    out_int(t, k->quantity);
    out_int(t, k->unit_micros);
    out_int(t, k->amount_micros);
  }
  return t;
}

static json *invoice_json(const struct invoice *v, const struct out_table *t) {
  json *o = json_object();
  json_put_text(o, "month", v->month);
  json_put_text(o, "period", v->open ? "open" : "closed");
  json_put_text(o, "currency", "USD");
  json_put_text(o, "made", v->made);
  json_put(o, "lines", out_table_json(t));
  json_put_int(o, "entries", v->entries);
  json_put_micros(o, "model_cost", v->model_cost_micros);
  json_put_micros(o, "total", v->total_micros);
  return o;
}

static void invoice_text(const struct invoice *v, const struct out_table *t) {
  const struct out_screen s = out_screen_of(stdout);
  char total[MONEY_TEXT_MAX];
  struct buf b;
  buf_init(&b, 0);
  char head[80];
  snprintf(head, sizeof head, "Invoice for %s%s", v->month,
           v->open ? " (open: the month is not over)" : "");
  out_head(&b, s, head);
  buf_printf(&b, "made %s from %lld ledger entries\n\n", v->made, (long long)v->entries);
  if (out_rows(t) > 0) out_table_text(t, s, &b);
  buf_printf(&b, "\ntotal %s USD\n", money_format(v->total_micros, total));
  out_buf_print(&b);
  buf_free(&b);
}

static void cell(struct buf *b, const char *tag, const char *text) {
  buf_printf(b, "<%s>", tag);
  buf_html(b, str_of(text));
  buf_printf(b, "</%.2s>", tag);
}

static void invoice_html(const struct invoice *v) {
  char money[MONEY_TEXT_MAX];
  struct buf b;
  buf_init(&b, 0);
  buf_printf(
      &b,
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Invoice "
      "%s</title><style>body{font:14px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 "
      "1em}table{border-collapse:collapse;width:100%%}td,th{padding:.3em "
      ".6em;border-bottom:1px solid #ccc;text-align:left}.n{text-align:right}</style>"
      "</head><body>\n<h1>Invoice %s</h1>\n<p>%s period. Made %s from %lld ledger entries. "
      "US dollars.</p>\n<table>\n<tr><th>Helpdesk</th><th>Kind</th><th>Outcome</th>"
      "<th>Evidence</th><th>Reason</th><th>Price book</th><th class=\"n\">Quantity</th>"
      "<th class=\"n\">Price</th><th class=\"n\">Amount</th></tr>\n",
      v->month, v->month, v->open ? "Open" : "Closed", v->made, (long long)v->entries);
  for (size_t i = 0; i < v->count; i++) {
    const struct item *k = &v->items[i];
    const char *const texts[] = {k->helpdesk, k->kind, k->outcome, k->level, k->reason, k->book};
    buf_text(&b, "<tr>");
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) cell(&b, "td", texts[n]);
    buf_printf(&b, "<td class=\"n\">%lld</td>", (long long)k->quantity);
    buf_printf(&b, "<td class=\"n\">%s</td>", money_format(k->unit_micros, money));
    buf_printf(&b, "<td class=\"n\">%s</td></tr>\n", money_format(k->amount_micros, money));
  }
  buf_printf(
      &b,
      "<tr><th colspan=\"8\">Total</th><th class=\"n\">%s</th></tr>\n</table>\n</body></html>\n",
      money_format(v->total_micros, money));
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
    invoice_html(v);
  } else {
    invoice_text(v, t);
  }
  out_table_free(&t);
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
  struct invoice v = {.arena = r.arena, .month = month, .open = clock_now_ms() < to_ms};
  time_format(clock_now_ms() / 1000 * 1000, v.made);
  /* Every line is looked at: a correction belongs to the period that it names. */
  if (ledger_each(r.store, 0, 0, line_take, &v, &err) < 0)
    status = reading_failed(&err);
  else if (v.overflow)
    status = cmd_fail(CMD_FAILED, "the sums of %s are too large to be right", month);
  else
    invoice_print(c, &v);
  mem_free(v.items);
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
    .help = "Of a month that is not over it shows what there is so far.",
    .options = options,
    .html = true,
    .run = invoice_run,
};
