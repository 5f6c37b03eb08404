/* The report as CSV: one line a row, and the total at the end. */
#include <inttypes.h>

#include "base/buf.h"
#include "base/str.h"
#include "billing/report_inner.h"

static void row_csv(struct buf *out, const struct report_row *r) {
  const int64_t counts[] = {r->tickets, r->triaged,  r->waiting,  r->failed, r->drafted, r->sent,
                            r->open,    r->resolved, r->excluded, r->held,   r->reversed};
  const int64_t money[] = {r->charged_micros, r->model_cost_micros, row_margin(r),
                           row_cost_each(r)};
  const int64_t more[] = {r->assumed, r->confirmed, r->verified, r->handoff, r->reopened};
  char text[MONEY_TEXT_MAX];
  buf_csv_text(out, str_of(r->key));
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    buf_printf(out, ",%" PRId64, counts[i]);
  for (size_t i = 0; i < sizeof money / sizeof *money; i++)
    buf_printf(out, ",%s", money_format(money[i], text));
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) buf_printf(out, ",%" PRId64, more[i]);
  buf_printf(out, ",%s", money_format(r->cost_p50_micros, text));
  buf_printf(out, ",%s", money_format(r->cost_p95_micros, text));
  buf_printf(out, ",%" PRId64 ",%" PRId64 "\r\n", r->procedure, r->usage);
}

void report_csv(const struct report *r, struct buf *out) {
  buf_text(out, "key,tickets,triaged,waiting,failed,drafted,sent,open,resolved,excluded,held,"
                "reversed,charged,model_cost,margin,model_cost_per_resolution,assumed,confirmed,"
                "verified,handoff,reopened,model_cost_p50,model_cost_p95,procedure,usage\r\n");
  for (size_t i = 0; i < r->row_count; i++) row_csv(out, &r->rows[i]);
  row_csv(out, &r->total);
}
