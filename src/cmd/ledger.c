/* The ledger: is it what was written, and would the evidence give the same again? */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle.h"
#include "cmd/ledger.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/ledger.h"
#include "store/report.h"

/* --- verify -------------------------------------------------------------------------------- */

static int verify_run(const struct cmd_call *c) {
  if (call_value(c, "file") != NULL) return ledger_file_verify(c);
  if (call_value(c, "key") != NULL)
    return cmd_fail(CMD_USAGE, "--key goes with --file: a database has no signature");
  struct reading r;
  struct trg_err chain = {0}, sums = {0};
  int64_t count = 0, bad = 0;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  const int rc = ledger_verify(r.store, &count, &bad, &chain);
  const int rc2 = report_conserved(r.store, &sums);
  reading_close(&r);
  json *o = json_object();
  json_put_bool(o, "ok", rc >= 0 && rc2 >= 0);
  json_put_int(o, "entries", count);
  if (rc < 0 && bad > 0) json_put_int(o, "first_bad", bad);
  if (rc < 0 || rc2 < 0) json_put_text(o, "error", rc < 0 ? chain.text : sums.text);
  if (!out_document_print(o, c) && rc >= 0 && rc2 >= 0)
    printf("%lld entries, the chain is whole, the sums add up\n", (long long)count);
  json_free(&o);
  if (rc < 0) status = cmd_fail(CMD_FAILED, "%s", chain.text);
  if (rc2 < 0) status = cmd_fail(CMD_FAILED, "%s", sums.text);
  return status;
}

/* --- recount ------------------------------------------------------------------------------- */

static const struct out_column difference_columns[] = {{"ref", OUT_TEXT, 0},
                                                       {"case", OUT_TEXT, OUT_GIVES},
                                                       {"ledger", OUT_MICROS, 0},
                                                       {"recomputed", OUT_MICROS, 0},
                                                       {"why", OUT_TEXT, OUT_GIVES}};

#define DIFFERENCES_SHOWN 500

static void difference_add(void *arg, const char *ref, const char *key, int64_t is_micros,
                           int64_t ought_micros, const char *why) {
  struct out_table *t = out_flow_row(arg);
  out_text(t, ref);
  out_text(t, key);
  out_int(t, is_micros);
  out_int(t, ought_micros);
  out_text(t, why);
}

static json *recount_json(const struct recount *n, const struct book *b) {
  json *o = json_object();
  json_put_text(o, "book", book_name(b));
  json_put_text(o, "book_hash", book_hash(b));
  json_put_int(o, "tickets", n->tickets);
  json_put_int(o, "charges", n->charges);
  json_put_int(o, "recomputed_charges", n->recomputed_charges);
  json_put_micros(o, "ledger", n->ledger_micros);
  json_put_micros(o, "recomputed", n->recomputed_micros);
  json_put_int(o, "difference_count", n->differences);
  return o;
}

static void recount_text(const struct recount *n, const struct book *b, bool rows, bool same_book) {
  char is[MONEY_TEXT_MAX], ought[MONEY_TEXT_MAX];
  printf("%s%lld tickets; the ledger has %lld charges of %s; the evidence gives %lld of %s under "
         "%s%s\n",
         rows ? "\n" : "", (long long)n->tickets, (long long)n->charges,
         money_human(n->ledger_micros, is), (long long)n->recomputed_charges,
         money_human(n->recomputed_micros, ought), book_name(b),
         n->differences == 0 ? ": no difference"
         : same_book         ? ""
                             : ", which is not the ledger's book");
}

static int recount_with(const struct cmd_call *c, struct reading *r, struct book *b,
                        bool same_book) {
  int64_t from_ms = 0, to_ms = 0;
  struct recount n = {0};
  struct trg_err err = {0};
  int status = call_range(c, &from_ms, &to_ms);
  if (status != 0) return status;
  struct out_flow *f = out_flow_new(difference_columns,
                                    sizeof difference_columns / sizeof *difference_columns, c,
                                    "differences", DIFFERENCES_SHOWN);
  if (recount(r->store, b, from_ms, to_ms, clock_now_ms(), difference_add, f, &n, &err) < 0) {
    status = reading_failed(&err);
  } else {
    json *o = recount_json(&n, b);
    const bool rows = out_flow_end(f, o) > 0;
    if (c->format == OUT_TABLE) recount_text(&n, b, rows, same_book);
    json_free(&o);
  }
  out_flow_free(&f);
  if (status == 0 && same_book && n.differences > 0)
    status = cmd_fail(CMD_FAILED, "the ledger differs from its evidence in %lld cases",
                      (long long)n.differences);
  return status;
}

static int recount_run(const struct cmd_call *c) {
  struct reading r;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  const char *name = call_value(c, "book");
  if (name != NULL && strcmp(name, "all") == 0 && call_value(c, "vendor") == NULL) {
    status = ledger_compare(c, &r);
    reading_close(&r);
    return status;
  }
  struct book *own = name != NULL ? book_open(r.conf, NULL) : NULL;
  struct book *b = name == NULL || own != NULL ? book_open(r.conf, name) : NULL;
  if (b == NULL) {
    status = CMD_CONFIG;
  } else {
    const bool same = own == NULL || strcmp(book_hash(own), book_hash(b)) == 0;
    status = call_value(c, "vendor") != NULL ? ledger_vendor(c, &r, b)
                                             : recount_with(c, &r, b, same);
  }
  book_free(&b);
  book_free(&own);
  reading_close(&r);
  return status;
}

static const struct cmd_option verify_options[] = {
    {"file", "EXPORT", "a signed export instead of the database; needs no configuration", false},
    {"key", "PUB", "the public key (PEM) that must have signed it", false},
    {NULL, NULL, NULL, false},
};
static const struct cmd_option recount_options[] = {
    {"book", "BOOK",
     "another price book, by name or path: what it would have charged; all: each that is installed",
     false},
    {"vendor", "facts|CSV",
     "what the vendor says it resolved: as its connector recorded, or a file", false},
    {"from", "DAY", "tickets opened from this day on", false},
    {"to", "DAY", "tickets opened until the end of this day", false},
    {NULL, NULL, NULL, false},
};
const struct cmd cmd_ledger_verify = {
    .name = "ledger verify",
    .args = "",
    .summary = "check the hash chain, and that all sums add up",
    .help = "Status 1 and the first bad entry when it was changed. Without --key an export is\n"
            "checked with the key that it names: compare the fingerprint with one you trust.",
    .options = verify_options,
    .run = verify_run,
};
const struct cmd cmd_ledger_recount = {
    .name = "ledger recount",
    .args = "",
    .summary = "every charge again from evidence, and differences",
    .help = "Status 1 when the ledger differs from what its own book makes of the evidence. Under\n"
            "another book the differences are what that book would have charged. csv has the\n"
            "differences alone. --vendor compares with the vendor's own claims instead: agreed,\n"
            "over, under, or unprovable, when no answer of an AI is on record. A CSV has a head\n"
            "line with ref, and outcome or amount or both.",
    .options = recount_options,
    .run = recount_run,
};
