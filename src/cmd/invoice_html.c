/* The invoice as a page that prints on A4 or letter: charges, then corrections with the month they
 * correct, then the total and how to check it. */
#include <string.h>

#include "base/buf.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/invoice.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b636d;--line:#d5d9de;--paper:#fff}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2a9b1;--line:#3c4249;"
    "--paper:#16181b}}"
    "*{box-sizing:border-box}"
    "body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:60rem;margin:2rem auto;padding:0 1.5rem}"
    "header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;"
    "border-bottom:2px solid var(--ink);margin-bottom:1rem}"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}"
    ".state{font-weight:600}.soft{color:var(--soft)}"
    "table{border-collapse:collapse;width:100%}"
    "th{text-align:left;font-weight:600;color:var(--soft);font-size:.85rem}"
    "td,th{padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;"
    "padding-left:.6rem}"
    "tfoot th,tfoot td{border-bottom:0;color:var(--ink);font-size:1rem}"
    ".total{font-size:1.25rem;border-top:2px solid var(--ink);margin-top:1.2rem;padding-top:.5rem;"
    "display:flex;justify-content:space-between;font-weight:700}"
    "footer{margin-top:2rem;font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}"
    "code{font-family:ui-monospace,monospace}"
    "@media print{@page{margin:18mm 16mm}:root{color-scheme:light;--ink:#000;--soft:#444;"
    "--line:#bbb;--paper:#fff}body{margin:0;padding:0;max-width:none;font-size:10.5pt}"
    "thead{display:table-header-group}tr{break-inside:avoid}.total,footer{break-inside:avoid}}";

static bool is_charge(const struct period_item *i) {
  return strcmp(i->kind, "charge") == 0;
}

static void cell(struct buf *b, const char *text) {
  buf_text(b, "<td>");
  buf_html(b, str_of(text));
  buf_text(b, "</td>");
}

/* Exact, with the cents, and of the other places those that are needed. */
static const char *exact(int64_t micros, char out[MONEY_TEXT_MAX]) {
  (void)money_format(micros, out);
  for (size_t n = strlen(out); n > 3 && out[n - 1] == '0' && out[n - 3] != '.';) out[--n] = '\0';
  return out;
}

static void money_cell(struct buf *b, int64_t micros) {
  char money[MONEY_TEXT_MAX];
  buf_printf(b, "<td class=\"n\">%s</td>", exact(micros, money));
}

const char *invoice_reason(const char *code) {
  static const struct {
    const char *code, *words;
  } known[] = {
      {"revised", "charged anew: other evidence"},
      {"reopened", "the customer came back"},
      {"dispute", "an objection was granted"},
      {"human_requested", "the customer asked for a person"},
      {"human_answered", "a person answered"},
      {"human_edited", "a person changed the answer"},
      {"human_approved", "a person approved the answer"},
      {"handoff", "handed to a person"},
      {"negative_feedback", "the customer said that it did not help"},
      {"csat", "the customer gave a bad rating"},
      {"spam", "spam"},
      {"merged", "merged into another ticket"},
      {"deleted", "the ticket was deleted"},
      {"sandbox", "a sandbox: never charged"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].code, code) == 0) return known[i].words;
  return code;
}

static const char *or_dash(const char *text) {
  return text[0] != '\0' ? text : "\xe2\x80\x94";
}

/* Charges, or what corrects charges; the sum of them is returned. */
static void part(const struct invoice *v, bool charges, struct buf *b) {
  char money[MONEY_TEXT_MAX];
  int64_t sum = 0;
  size_t n = 0;
  for (size_t i = 0; i < v->count; i++) n += is_charge(&v->items[i]) == charges;
  if (n == 0) return;
  buf_printf(b,
             "<h2>%s</h2>\n<table><thead><tr><th>Helpdesk</th><th>Outcome</th><th>%s</th><th>%s"
             "</th><th class=\"n\">Quantity</th><th class=\"n\">Price</th><th class=\"n\">Amount"
             "</th></tr></thead><tbody>\n",
             charges ? "Charges" : "Corrections", charges ? "Evidence" : "Reason",
             charges ? "Price book" : "Corrects");
  for (size_t i = 0; i < v->count; i++) {
    const struct period_item *k = &v->items[i];
    if (is_charge(k) != charges) continue;
    buf_text(b, "<tr>");
    cell(b, or_dash(k->helpdesk));
    cell(b, k->outcome);
    cell(b, charges ? k->evidence_level : invoice_reason(k->reason));
    cell(b, charges ? k->book : or_dash(k->corrected));
    buf_printf(b, "<td class=\"n\">%lld</td>", (long long)k->lines);
    money_cell(b, k->unit_micros);
    money_cell(b, k->amount_micros);
    buf_text(b, "</tr>\n");
    sum += k->amount_micros; /* parts of a total that was added with checks */
  }
  buf_printf(b,
             "</tbody><tfoot><tr><th colspan=\"6\">%s</th><th class=\"n\">%s</th></tr></tfoot>"
             "</table>\n",
             charges ? "All charges" : "All corrections", exact(sum, money));
}

static void foot(const struct invoice *v, struct buf *b) {
  char at[TIME_RFC3339_MAX];
  buf_printf(b, "<footer>Made %s from %lld ledger entries, in US dollars. ", v->made,
             (long long)v->entries);
  if (v->closed) {
    buf_printf(b, "Closed %s by ", time_format(v->frozen.closed_ms / 1000 * 1000, at));
    buf_html(b, str_of(v->frozen.closed_by));
    buf_printf(b, "; the ledger then ended with entry %lld, <code>%s</code>. ",
               (long long)v->frozen.last_seq, v->frozen.last_hash);
  }
  buf_text(b, "Check it: <code>triagectl ledger verify</code>, <code>triagectl ledger recount"
              "</code>. Object to a charge: <code>triagectl dispute open REF --reason TEXT</code>."
              "</footer>\n");
}

void invoice_html(const struct invoice *v, struct buf *out) {
  char money[MONEY_TEXT_MAX];
  buf_printf(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
             "name=\"viewport\" content=\"width=device-width\"><title>Invoice %s</title><style>%s"
             "</style></head><body>\n<header><h1>Invoice %s</h1><span class=\"state\">%s</span>"
             "</header>\n",
             v->month, style, v->month,
             v->closed  ? "Closed"
             : !v->over ? "Open: the month is not over"
                        : "Open: not closed yet");
  if (v->count == 0)
    buf_text(out, "<p class=\"soft\">The ledger has no entry of this month.</p>\n");
  part(v, true, out);
  part(v, false, out);
  buf_printf(out, "<div class=\"total\"><span>Total</span><span>%s USD</span></div>\n",
             exact(v->total_micros, money));
  if (v->about != NULL) {
    buf_text(out, "<p class=\"soft\">Price book ");
    buf_html(out, str_of(v->book));
    buf_text(out, ": ");
    buf_html(out, str_of(v->about));
    buf_text(out, ".</p>\n");
  }
  foot(v, out);
  buf_text(out, "</body></html>\n");
}
