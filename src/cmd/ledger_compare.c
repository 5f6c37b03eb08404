/* `ledger recount --book all`: what each price book would have charged, side by side. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle.h"
#include "cmd/ledger.h"
#include "cmd/out.h"
#include "conf/conf.h"

static const struct out_column columns[] = {
    {"book", OUT_TEXT, 0},   {"charges", OUT_INT, 0}, {"total", OUT_MICROS, 0},
    {"more", OUT_MICROS, 0}, {"in_use", OUT_BOOL, 0}, {"about", OUT_TEXT, OUT_GIVES}};

struct comparison {
  const struct cmd_call *call;
  struct reading *r;
  struct out_table *t;
  int64_t from_ms, to_ms;
  struct recount own;
};

static void unheard(void *arg, const char *ref, const char *key, int64_t is_micros,
                    int64_t ought_micros, const char *why) {
  (void)arg;
  (void)ref;
  (void)key;
  (void)is_micros;
  (void)ought_micros;
  (void)why;
}

/* A row of one book; `own` is that of the ledger. */
static int book_row(struct comparison *k, const struct book *b, bool own, struct trg_err *err) {
  struct recount n = {0};
  const int rc = recount(k->r->store, b, k->from_ms, k->to_ms, clock_now_ms(), unheard, NULL, &n,
                         err);
  if (rc != 0) return rc;
  if (own) k->own = n;
  out_text(k->t, book_name(b));
  out_int(k->t, n.recomputed_charges);
  out_int(k->t, n.recomputed_micros);
  out_int(k->t, n.recomputed_micros - n.ledger_micros);
  out_int(k->t, own);
  out_text(k->t, book_summary(b));
  return 0;
}

static int books_compare(struct comparison *k) {
  struct trg_err err = {0};
  size_t count = 0;
  const char **paths = book_paths(k->r->conf, k->r->arena, &count);
  struct book *own = book_open(k->r->conf, NULL);
  if (own == NULL) return CMD_CONFIG;
  int status = book_row(k, own, true, &err) < 0 ? reading_failed(&err) : CMD_OK;
  for (size_t i = 0; i < count && status == CMD_OK; i++) {
    struct book *b = book_open(k->r->conf, paths[i]);
    if (b == NULL)
      status = CMD_CONFIG;
    else if (strcmp(book_hash(b), book_hash(own)) != 0 && book_row(k, b, false, &err) < 0)
      status = reading_failed(&err);
    book_free(&b);
  }
  book_free(&own);
  return status;
}

int ledger_compare(const struct cmd_call *c, struct reading *r) {
  struct comparison k = {.call = c, .r = r};
  int status = call_range(c, &k.from_ms, &k.to_ms);
  if (status != 0) return status;
  k.t = out_table_new(columns, sizeof columns / sizeof *columns);
  status = books_compare(&k);
  if (status == CMD_OK) out_table_print(k.t, c, NULL);
  if (status == CMD_OK && c->format == OUT_TABLE)
    printf("\n%lld tickets by the same recorded facts; without fees and commitments of a month: "
           "triagectl forecast --book BOOK has them\n",
           (long long)k.own.tickets);
  out_table_free(&k.t);
  return status;
}
