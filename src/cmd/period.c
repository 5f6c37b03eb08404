/* Periods: which there are, and closing one, which freezes its invoice. */
#include <stdio.h>

#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "store/period.h"

#define TIMEOUT_MS 600000 /* what is due is settled first */

static int close_run(const struct cmd_call *c) {
  int64_t from = 0, to = 0;
  if (time_month_range(c->words[0], &from, &to) != 0)
    return cmd_fail(CMD_USAGE, "period close needs a month as 2026-11, not \"%.40s\"", c->words[0]);
  json *request = ask_request("period close"), *answer = NULL;
  json_put_text(request, "period", c->words[0]);
  json_put_text(request, "as", call_value(c, "as"));
  const int status = ask_once(c, request, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  json *done = json_object();
  json_put_str(done, "period", json_get_str(answer, "period"));
  json_put_bool(done, "closed", true);
  json_put_int(done, "entries", json_get_int(answer, "entries", 0));
  json_put_str(done, "total", json_get_str(answer, "total"));
  json_put_int(done, "settled", json_get_int(answer, "settled", 0));
  if (!out_document_print(done, c)) {
    const struct trg_str total = json_get_str(answer, "total");
    printf("%s is closed: %lld entries, %.*s USD; what is corrected from now on stands in later "
           "invoices\n",
           c->words[0], (long long)json_get_int(answer, "entries", 0), (int)total.n, total.p);
  }
  json_free(&done);
  json_free(&answer);
  return CMD_OK;
}

static int list_run(const struct cmd_call *c) {
  static const struct out_column columns[] = {
      {"period", OUT_TEXT, 0},    {"state", OUT_TEXT, OUT_TINT},    {"entries", OUT_INT, 0},
      {"total", OUT_MICROS, 0},   {"model_cost", OUT_MICROS, 0},    {"closed", OUT_TIME, 0},
      {"closed_by", OUT_TEXT, 0}, {"last_entry", OUT_INT, OUT_LESS}};
  struct reading r;
  struct trg_err err = {0};
  struct period *p = NULL;
  size_t n = 0;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (period_list(r.store, r.arena, &p, &n, &err) < 0) {
    status = reading_failed(&err);
  } else {
    struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
      out_text(t, p[i].period);
      out_text(t, p[i].closed_ms != 0 ? "closed" : "open");
      out_int(t, p[i].lines);
      out_int(t, p[i].amount_micros);
      out_int(t, p[i].model_cost_micros);
      if (p[i].closed_ms != 0)
        out_int(t, p[i].closed_ms / 1000 * 1000);
      else
        out_none(t);
      out_text(t, p[i].closed_by);
      if (p[i].closed_ms != 0)
        out_int(t, p[i].last_seq);
      else
        out_none(t);
    }
    out_table_print(t, c, "the ledger is empty");
    out_table_free(&t);
  }
  reading_close(&r);
  return status;
}

static const struct cmd_option close_options[] = {
    {"as", "NAME", "in whose name; the audit log has the user too", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_period_close = {
    .name = "period close",
    .args = "YYYY-MM",
    .summary = "freeze the invoice of a month that is over",
    .help = "Settles what is due, charges what is missing to a commitment, and takes no line of\n"
            "that month any more: later corrections become credit lines in the month that is open.",
    .options = close_options,
    .run = close_run,
};
const struct cmd cmd_period_list = {
    .name = "period list",
    .args = "",
    .summary = "months of the ledger, open and closed",
    .run = list_run,
};
