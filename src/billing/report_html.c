/* The report as one page: style and charts inside, no script, nothing loaded from anywhere. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/report_inner.h"
#include "billing/report_svg.h"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#16202c;--soft:#51606f;--line:#d8dee5;"
    "--card:#f5f7f9;--resolved:#17805a;--open:#2f6fc0;--excluded:#7b8794;--held:#b57708;"
    "--reversed:#bf3f3c;--waiting:#b4bdc7;--failed:#6b3fa0;--charged:#17805a;--cost:#c06a14}\n"
    "@media (prefers-color-scheme:dark){:root{--bg:#12171d;--fg:#e8edf2;--soft:#a3b0bd;"
    "--line:#313b46;--card:#1a2129;--resolved:#3fbf8f;--open:#6aa5ee;--excluded:#8f9ba8;"
    "--held:#e2ac45;--reversed:#ea7a76;--waiting:#566270;--failed:#b58ae6;--charged:#3fbf8f;"
    "--cost:#eda25a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1240px;padding:32px 24px 64px;background:var(--bg);"
    "color:var(--fg);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n"
    "h1{font-size:26px;line-height:1.2;margin:0 0 4px}\n"
    "h2{font-size:18px;margin:44px 0 10px}\n"
    "p{margin:0 0 10px}.soft{color:var(--soft)}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px;"
    "margin:24px 0 12px;padding:0;list-style:none}\n"
    ".cards li{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:14px 16px}\n"
    ".cards b{display:block;font-size:26px;line-height:1.25;font-variant-numeric:tabular-nums}\n"
    ".cards small,.cards em{display:block;color:var(--soft);font-size:13px;font-style:normal}\n"
    ".check{border-left:4px solid var(--resolved);padding:6px 12px;background:var(--card)}\n"
    ".check.bad{border-color:var(--reversed)}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;color:var(--soft);font-size:13px;padding:4px 0}\n"
    "th,td{padding:5px 6px;border-bottom:1px solid var(--line);text-align:right;"
    "white-space:nowrap}\n"
    "th:first-child,.t{text-align:left}td.t{white-space:normal}\n"
    "thead th{color:var(--soft);font-weight:600;vertical-align:bottom;white-space:normal}\n"
    "thead th:first-child::first-letter{text-transform:uppercase}\n"
    "tfoot th,tfoot td{border-top:2px solid var(--fg);border-bottom:0;font-weight:700}\n"
    "tbody th{font-weight:500}\n"
    "svg{display:block;width:100%;height:auto;margin:6px 0}\n"
    "svg text{fill:var(--fg);font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n"
    "svg .end{text-anchor:end}svg .mid{text-anchor:middle}svg line{stroke:var(--line)}\n"
    ".legend{font-size:13px;color:var(--soft)}.legend span{margin-right:14px;"
    "white-space:nowrap}\n"
    ".legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:5px}\n"
    "svg .resolved{fill:var(--resolved)}svg .open{fill:var(--open)}svg .excluded{fill:"
    "var(--excluded)}svg .held{fill:var(--held)}svg .reversed{fill:var(--reversed)}"
    "svg .waiting{fill:var(--waiting)}svg .failed{fill:var(--failed)}svg .charged{fill:"
    "var(--charged)}svg .cost{fill:var(--cost)}\n"
    "i.resolved{background:var(--resolved)}i.open{background:var(--open)}i.excluded{background:"
    "var(--excluded)}i.held{background:var(--held)}i.reversed{background:var(--reversed)}"
    "i.waiting{background:var(--waiting)}i.failed{background:var(--failed)}i.charged{background:"
    "var(--charged)}i.cost{background:var(--cost)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:14px}\n"
    "dt{font-weight:600}dd{margin:0;color:var(--soft)}\n"
    "@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--soft:#444;--line:#bbb;"
    "--card:#fff}body{max-width:none;padding:0;font-size:11px}.wide{overflow:visible}table{font-"
    "size:9px}th,td{padding:3px 4px}"
    "h2,.cards,svg,tr{break-inside:avoid}h2{break-after:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static void html(struct buf *out, const char *text) {
  buf_html(out, str_of(text));
}

static void cell(struct buf *out, int64_t n) {
  buf_printf(out, "<td>%" PRId64 "</td>", n);
}

static void cell_money(struct buf *out, int64_t micros, int places) {
  char text[MONEY_TEXT_MAX];
  buf_printf(out, "<td>%s</td>", money_places(micros, places, text));
}

/* --- headline ----------------------------------------------------------------------------------
 */

static void card(struct buf *out, const char *name, const char *value, const char *more) {
  buf_text(out, "<li><small>");
  html(out, name);
  buf_text(out, "</small><b>");
  html(out, value);
  buf_text(out, "</b><em>");
  html(out, more);
  buf_text(out, "</em></li>\n");
}

static void cards(const struct report *r, struct buf *out) {
  const struct report_row *t = &r->total;
  char rate[32], a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], value[96], more[200];
  buf_text(out, "<ul class=\"cards\">\n");
  (void)snprintf(value, sizeof value, "%" PRId64, t->resolved);
  card(out, "Resolved", value, levels_text(t, more));
  (void)snprintf(more, sizeof more, "%" PRId64 " of %" PRId64 " triaged tickets", t->resolved,
                 t->triaged);
  card(out, "Resolution rate", rate_text(row_rate(t), rate), more);
  (void)snprintf(more, sizeof more, "%" PRId64 " of %" PRId64 " tickets", t->reopened, t->tickets);
  card(out, "Reopen rate", rate_text(row_reopen_rate(t), rate), more);
  card(out, "Charged", money_places(t->charged_micros, 2, a), "net of what was taken back");
  (void)snprintf(more, sizeof more, "all models, all tickets of the period");
  card(out, "Model cost", money_places(t->model_cost_micros, 2, a), more);
  card(out, "Margin", money_places(row_margin(t), 2, a), "charged less model cost");
  (void)snprintf(more, sizeof more, "median %s, 95th percentile %s",
                 money_places(r->cost_p50_micros, 4, a), money_places(r->cost_p95_micros, 4, b));
  card(out, "Model cost per resolution",
       t->resolved == 0 ? "-" : money_places(row_cost_each(t), 4, value), more);
  buf_text(out, "</ul>\n");
}

static void check(const struct report *r, struct buf *out) {
  if (r->conserved) {
    buf_text(out, "<p class=\"check\">Checked: every ticket, every charge and every model call is "
                  "counted exactly once.</p>\n");
    return;
  }
  buf_text(out, "<p class=\"check bad\"><strong>Does not add up:</strong> ");
  html(out, r->gap);
  buf_text(out, "</p>\n");
}

/* --- tables ------------------------------------------------------------------------------------
 */

static void table_open(struct buf *out, const char *caption, const char *const *heads, size_t n) {
  buf_text(out, "<div class=\"wide\"><table><caption>");
  html(out, caption);
  buf_text(out, "</caption><thead><tr>");
  for (size_t i = 0; i < n; i++) {
    const bool left = strcmp(heads[i], "Meaning") == 0 || strcmp(heads[i], "Task") == 0;
    buf_text(out, left ? "<th scope=\"col\" class=\"t\">" : "<th scope=\"col\">");
    html(out, heads[i]);
    buf_text(out, "</th>");
  }
  buf_text(out, "</tr></thead>\n<tbody>\n");
}

static void row_open(struct buf *out, const char *key) {
  buf_text(out, "<tr><th scope=\"row\">");
  html(out, key);
  buf_text(out, "</th>");
}

static void main_row(const struct report *of, struct buf *out, const struct report_row *r) {
  const int places = model_places(of);
  char rate[32];
  row_open(out, r->key);
  const int64_t counts[] = {r->tickets,  r->waiting,  r->failed, r->triaged, r->open,
                            r->resolved, r->excluded, r->held,   r->reversed};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) cell(out, counts[i]);
  buf_printf(out, "<td>%s</td>", rate_text(row_rate(r), rate));
  cell_money(out, r->charged_micros, 2);
  cell_money(out, r->model_cost_micros, places);
  cell_money(out, row_margin(r), places);
  if (r->resolved == 0)
    buf_text(out, "<td>-</td>");
  else
    cell_money(out, row_cost_each(r), 4);
  buf_text(out, "</tr>\n");
}

static void main_table(const struct report *r, struct buf *out) {
  const char *const heads[] = {r->by,  "Tickets",  "Waiting",    "Failed", "Triaged",
                               "Open", "Resolved", "Excluded",   "Held",   "Reversed",
                               "Rate", "Charged",  "Model cost", "Margin", "Cost per resolution"};
  buf_text(out, "<h2>By ");
  html(out, r->by);
  buf_text(out, "</h2>\n");
  table_open(
      out,
      "Tickets are waiting, failed or triaged; triaged ones are open, resolved, excluded, held or "
      "reversed. Rate: resolved of triaged. Cost: of the models. Money in US dollars.",
      heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; i < r->row_count; i++) main_row(r, out, &r->rows[i]);
  buf_text(out, "</tbody><tfoot>\n");
  main_row(r, out, &r->total);
  buf_text(out, "</tfoot></table></div>\n");
}

static void days_section(const struct report *r, struct buf *out) {
  static const char *const heads[] = {"Day",      "Resolved", "Open",   "Excluded", "Held",
                                      "Reversed", "Waiting",  "Failed", "Tickets"};
  buf_text(out, "<h2>Resolutions per day</h2>\n");
  svg_days(r, out);
  table_open(out, "Tickets by the day they were opened and where they stand now", heads,
             sizeof heads / sizeof *heads);
  for (size_t i = 0; i < r->day_count; i++) {
    row_open(out, r->days[i].key);
    for (size_t k = 0; k < SVG_STATES; k++) cell(out, svg_state_count(&r->days[i], k));
    cell(out, r->days[i].tickets);
    buf_text(out, "</tr>\n");
  }
  buf_text(out, "</tbody></table></div>\n");
}

static const char *money_kept(struct arena *a, int64_t micros, int places) {
  char text[MONEY_TEXT_MAX];
  return arena_dup(a, str_of(money_places(micros, places, text)));
}

static void money_section(const struct report *r, struct arena *a, struct buf *out) {
  static const char *const heads[] = {"", "Charged", "Model cost", "Margin"};
  struct svg_bar *bars = arena_alloc(a, (r->row_count + 1) * sizeof *bars);
  for (size_t i = 0; i < r->row_count; i++) {
    const struct report_row *w = &r->rows[i];
    bars[i] = (struct svg_bar){.label = w->key,
                               .value = {w->charged_micros, w->model_cost_micros},
                               .text = {money_kept(a, w->charged_micros, 2),
                                        money_kept(a, w->model_cost_micros, model_places(r))}};
  }
  buf_text(out, "<h2>What was charged and what the models cost</h2>\n");
  svg_bars(
      &(struct svg_bars){.id = "money",
                         .title = "Charged and model cost by row",
                         .description = "Two bars a row; the same numbers are in the table below.",
                         .series = {"charged", "cost"},
                         .legend = {"charged", "model cost"},
                         .bars = bars,
                         .count = r->row_count},
      out);
  table_open(out, "Charged, model cost and margin", heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; i < r->row_count; i++) {
    row_open(out, r->rows[i].key);
    cell_money(out, r->rows[i].charged_micros, 2);
    cell_money(out, r->rows[i].model_cost_micros, model_places(r));
    cell_money(out, row_margin(&r->rows[i]), model_places(r));
    buf_text(out, "</tr>\n");
  }
  buf_text(out, "</tbody></table></div>\n");
}

static int by_tickets(const void *pa, const void *pb) {
  const struct report_row *a = pa, *b = pb;
  if (a->tickets != b->tickets) return a->tickets > b->tickets ? -1 : 1;
  return strcmp(a->key, b->key);
}

static void reasons_section(const struct report *r, struct arena *a, struct buf *out) {
  static const char *const heads[] = {"Reason", "Meaning", "Tickets", "Resolved"};
  struct report_row *rows = arena_alloc(a, (r->reason_count + 1) * sizeof *rows);
  struct svg_bar *bars = arena_alloc(a, (r->reason_count + 1) * sizeof *bars);
  if (r->reason_count > 0) memcpy(rows, r->reasons, r->reason_count * sizeof *rows);
  qsort(rows, r->reason_count, sizeof *rows, by_tickets);
  for (size_t i = 0; i < r->reason_count; i++)
    bars[i] = (struct svg_bar){.label = rows[i].key,
                               .value = {rows[i].tickets, 0},
                               .text = {arena_printf(a, "%" PRId64, rows[i].tickets), ""}};
  buf_text(out, "<h2>Outcomes by reason</h2>\n");
  svg_bars(
      &(struct svg_bars){
          .id = "reasons",
          .title = "Tickets by reason of their outcome",
          .description = "One bar a reason; the same numbers are in the table below.",
          .series = {"open", NULL},
          .bars = bars,
          .count = r->reason_count},
      out);
  table_open(out, "Why each ticket took its road", heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; i < r->reason_count; i++) {
    row_open(out, rows[i].key);
    buf_text(out, "<td class=\"t\">");
    html(out,
         strcmp(rows[i].key, "(none)") == 0 ? "not decided yet" : report_meaning(r, rows[i].key));
    buf_text(out, "</td>");
    cell(out, rows[i].tickets);
    cell(out, rows[i].resolved);
    buf_text(out, "</tr>\n");
  }
  buf_text(out, "</tbody></table></div>\n");
}

/* --- models ------------------------------------------------------------------------------------
 */

static const char *ms_text(struct arena *a, double ms) {
  const int64_t us = (int64_t)(ms * 1000.0 + 0.5);
  if (us >= 1000000)
    return arena_printf(a, "%" PRId64 ".%02" PRId64 " s", us / 1000000, us / 10000 % 100);
  return arena_printf(a, "%" PRId64 ".%" PRId64 " ms", us / 1000, us / 100 % 10);
}

static void models_table(const struct report *r, struct arena *a, struct buf *out) {
  static const char *const heads[] = {"Model",        "Task",          "Calls",  "Usable",
                                      "Input tokens", "Output tokens", "Median", "99th percentile",
                                      "Cost"};
  table_open(out, "Calls, tokens, time to answer and cost", heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; i < r->model_count; i++) {
    const struct model_use *m = &r->models[i];
    row_open(out, m->model);
    buf_text(out, "<td class=\"t\">");
    html(out, m->task);
    buf_text(out, "</td>");
    cell(out, m->calls);
    cell(out, m->ok);
    cell(out, m->input + m->cache_read + m->cache_write);
    cell(out, m->output);
    buf_printf(out, "<td>%s</td><td>%s</td>", ms_text(a, m->p50_ms), ms_text(a, m->p99_ms));
    cell_money(out, m->cost_micros, 4);
    buf_text(out, "</tr>\n");
  }
  buf_text(out, "</tbody></table></div>\n");
}

static void models_section(const struct report *r, struct arena *a, struct buf *out) {
  struct svg_bar *cost = arena_alloc(a, (r->model_count + 1) * sizeof *cost);
  struct svg_bar *time = arena_alloc(a, (r->model_count + 1) * sizeof *time);
  for (size_t i = 0; i < r->model_count; i++) {
    const struct model_use *m = &r->models[i];
    const char *label = arena_printf(a, "%s, %s", m->model, m->task);
    cost[i] = (struct svg_bar){.label = label,
                               .value = {m->cost_micros, 0},
                               .text = {money_kept(a, m->cost_micros, 4), ""}};
    time[i] = (struct svg_bar){.label = label,
                               .value = {(int64_t)(m->p50_ms * 1000), (int64_t)(m->p99_ms * 1000)},
                               .text = {ms_text(a, m->p50_ms), ms_text(a, m->p99_ms)}};
  }
  buf_text(out, "<h2>Models</h2>\n<p class=\"soft\">Cost</p>\n");
  svg_bars(
      &(struct svg_bars){.id = "model-cost",
                         .title = "Cost by model and task",
                         .description = "One bar a model and task; numbers in the table below.",
                         .series = {"cost", NULL},
                         .bars = cost,
                         .count = r->model_count},
      out);
  buf_text(out, "<p class=\"soft\">Time to answer</p>\n");
  svg_bars(
      &(struct svg_bars){.id = "model-time",
                         .title = "Time to answer by model and task",
                         .description = "Median and 99th percentile; numbers in the table below.",
                         .series = {"open", "held"},
                         .legend = {"median", "99th percentile"},
                         .bars = time,
                         .count = r->model_count},
      out);
  models_table(r, a, out);
}

/* --- page --------------------------------------------------------------------------------------
 */

static void words(struct buf *out) {
  buf_text(
      out,
      "<h2>How to read this</h2>\n<dl>\n"
      "<dt>Resolved</dt><dd>answered by the AI, no person stepped in, and by the price book's "
      "rules it counts: the customer confirmed it, or did not come back within the window "
      "(assumed), or a check passed (verified), or a procedure ended as the book names it; by use "
      "only: "
      "nothing but conversations or actions was charged</dd>\n"
      "<dt>Open</dt><dd>still under way, or the window runs</dd>\n"
      "<dt>Excluded</dt><dd>free: a person answered or was asked for, spam, only a greeting or "
      "a note, ...</dd>\n"
      "<dt>Held</dt><dd>could not be decided; never charged</dd>\n"
      "<dt>Reversed</dt><dd>was resolved, then the customer came back: not charged, or "
      "credited</dd>\n"
      "<dt>Median, 95th percentile</dt><dd>of the model cost of resolved tickets; exact where "
      "costs are equal, else within 3.2 %</dd>\n"
      "<dt>Charged</dt><dd>sum of the ledger's lines of these tickets, reversals and credits "
      "included; <code>triagectl ledger recount</code> computes it again from the "
      "evidence</dd>\n</dl>\n");
}

void report_html(const struct report *r, struct buf *out) {
  struct arena *a = arena_new();
  buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<title>Per-resolution cost, ");
  html(out, r->from);
  buf_text(out, " to ");
  html(out, r->to);
  buf_text(out, "</title>\n<style>\n");
  buf_text(out, style);
  buf_text(out, "</style>\n</head>\n<body>\n<header>\n<h1>Per-resolution cost</h1>\n"
                "<p class=\"soft\">");
  html(out, r->from);
  buf_text(out, " to ");
  html(out, r->to);
  buf_text(out, " (UTC) · price book ");
  html(out, r->book);
  buf_text(out, " · ");
  html(out, r->currency);
  buf_text(out, " · made ");
  html(out, r->made);
  buf_text(out, "</p>\n</header>\n<main>\n");
  cards(r, out);
  check(r, out);
  if (r->total.tickets == 0)
    buf_text(out, "<p>There are no tickets in this period.</p>\n");
  else
    main_table(r, out);
  if (r->day_count > 0) days_section(r, out);
  if (r->row_count > 0) money_section(r, a, out);
  if (r->reason_count > 0) reasons_section(r, a, out);
  if (r->loss_total > 0) losses_section(r, out);
  if (r->agent_count > 0) agents_section(r, out);
  if (r->model_count > 0) models_section(r, a, out);
  words(out);
  buf_text(out, "</main>\n</body>\n</html>\n");
  arena_free(&a);
}
