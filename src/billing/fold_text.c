/* A fold's result as text: one line a thing, the same bytes for the same result. */
#include <inttypes.h>

#include "base/buf.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/fold.h"

static void charge_text(struct buf *b, const struct fold_charge *c) {
  char money[MONEY_TEXT_MAX], at[TIME_RFC3339_MAX];
  buf_printf(b, "charge %s %s %s %s %s [%s] evidence", c->key, c->outcome, c->evidence_level,
             money_format(c->amount_micros, money), time_format(c->at_ms, at), c->rule);
  for (size_t i = 0; i < c->evidence_count; i++) buf_printf(b, " %" PRId64, c->evidence[i]);
  buf_char(b, '\n');
}

char *fold_text(const struct fold *f) {
  char at[TIME_RFC3339_MAX];
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "state %s\nreason %s\nlevel %s\nnext %s\nverify %s\nreopens %" PRId64 "\n",
             fold_state_word(f->state), f->reason, f->evidence_level,
             f->next_ms == 0 ? "-" : time_format(f->next_ms, at), f->wants_verify ? "wanted" : "-",
             f->reopens);
  for (size_t i = 0; i < f->charge_count; i++) charge_text(&b, &f->charges[i]);
  for (size_t i = 0; i < f->void_count; i++)
    buf_printf(&b, "void %s %s %s\n", f->voids[i].key, f->voids[i].reason,
               time_format(f->voids[i].at_ms, at));
  return buf_take(&b, NULL);
}
