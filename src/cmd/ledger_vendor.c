/* `ledger recount --vendor`: what a vendor says it resolved, against the evidence. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/vendor.h"
#include "cmd/ledger.h"
#include "cmd/out.h"

#define ROWS_SHOWN    500
#define CSV_BYTES_MAX ((size_t)256 << 20)

static const struct out_column columns[] = {
    {"ref", OUT_TEXT, 0},      {"claim", OUT_TEXT, OUT_GIVES}, {"verdict", OUT_TEXT, OUT_TINT},
    {"vendor", OUT_MICROS, 0}, {"evidence", OUT_MICROS, 0},    {"why", OUT_TEXT, OUT_GIVES}};

static void row_add(void *arg, const struct vendor_row *r) {
  struct out_table *t = out_flow_row(arg);
  out_text(t, r->ref);
  out_text(t, r->claim);
  out_text(t, vendor_word(r->verdict));
  out_int(t, r->vendor_micros);
  out_int(t, r->evidence_micros);
  out_text(t, r->why);
}

static json *sum_json(const struct vendor_sum *n, const struct book *b) {
  json *o = json_object();
  json_put_text(o, "book", book_name(b));
  json_put_micros(o, "vendor", n->vendor_micros);
  json_put_micros(o, "evidence", n->evidence_micros);
  for (int v = 0; v < VENDORS; v++) {
    json *e = json_object();
    json_put_int(e, "tickets", n->count[v]);
    json_put_micros(e, "amount", n->micros[v]);
    json_put(o, vendor_word((enum vendor_verdict)v), e);
  }
  return o;
}

static void sum_text(const struct vendor_sum *n, const struct book *b) {
  char vendor[MONEY_TEXT_MAX], evidence[MONEY_TEXT_MAX];
  printf("\nthe vendor charges %s, the evidence gives %s at the list prices of %s\n",
         money_human(n->vendor_micros, vendor), money_human(n->evidence_micros, evidence),
         book_name(b));
  for (int v = 0; v < VENDORS; v++)
    printf("%-11s %8lld tickets  %s\n", vendor_word((enum vendor_verdict)v), (long long)n->count[v],
           money_human(n->micros[v], vendor));
}

static int compare(const struct cmd_call *c, struct reading *r, const struct book *b,
                   int64_t from_ms, int64_t to_ms, struct out_flow *f, struct vendor_sum *n,
                   struct trg_err *err) {
  const char *source = call_value(c, "vendor");
  if (strcmp(source, "facts") == 0)
    return vendor_compare_facts(r->store, b, from_ms, to_ms, clock_now_ms(), row_add, f, n, err);
  struct buf text;
  buf_init(&text, CSV_BYTES_MAX);
  int rc = file_read(source, CSV_BYTES_MAX, &text, err);
  if (rc == 0) {
    rc = vendor_compare_csv(r->store, b, buf_view(&text), from_ms, to_ms, clock_now_ms(), row_add,
                            f, n, err);
    if (rc == TRG_EINVAL) err_prefix(err, "%s: ", source);
  }
  buf_free(&text);
  return rc;
}

int ledger_vendor(const struct cmd_call *c, struct reading *r, const struct book *b) {
  int64_t from_ms = 0, to_ms = 0;
  struct vendor_sum n = {0};
  struct trg_err err = {0};
  int status = call_range(c, &from_ms, &to_ms);
  if (status != 0) return status;
  struct out_flow *f = out_flow_new(columns, sizeof columns / sizeof *columns, c, "rows",
                                    ROWS_SHOWN);
  if (compare(c, r, b, from_ms, to_ms, f, &n, &err) < 0) {
    status = reading_failed(&err);
  } else {
    json *o = sum_json(&n, b);
    const bool rows = out_flow_end(f, o) > 0;
    if (c->format == OUT_TABLE && !rows) fprintf(stderr, "the vendor reported nothing\n");
    if (c->format == OUT_TABLE) sum_text(&n, b);
    json_free(&o);
  }
  out_flow_free(&f);
  return status;
}
