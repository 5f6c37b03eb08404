#include "billing/period.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle_inner.h"
#include "store/store.h"

/* One line without a ticket; none when it is there already or is about nothing. */
static int period_line(struct store *s, const struct book *b, const char *period,
                       const char *outcome, int64_t amount_micros, int64_t at_ms, int64_t now_ms,
                       int *ret_lines, struct trg_err *err) {
  if (amount_micros <= 0) return 0;
  struct arena *a = arena_new();
  char key[HASH_HEX_MAX];
  charge_key_of(arena_printf(a, "period:%s", period), outcome, key);
  struct ledger_line there;
  int rc = ledger_live(s, str_of(key), a, &there, err);
  if (rc == TRG_ENOTFOUND) {
    struct ledger_line line = {.kind = "charge",
                               .charge_key = key,
                               .ref = "",
                               .helpdesk = "",
                               .category = "",
                               .model = "",
                               .period = period,
                               .outcome = outcome,
                               .evidence_level = "usage",
                               .rule = arena_printf(a, "period>%s", outcome),
                               .amount_micros = amount_micros,
                               .book = book_name(b),
                               .book_hash = book_hash(b),
                               .evidence = "[]",
                               .reason = "",
                               .at_ms = at_ms,
                               .written_ms = now_ms};
    rc = ledger_append(s, &line, err);
    if (rc == 0) (*ret_lines)++;
  }
  arena_free(&a);
  return rc;
}

int period_fee(struct store *s, const struct book *b, const char *period, int64_t at_ms,
               int64_t now_ms, int *ret_lines, struct trg_err *err) {
  return period_line(s, b, period, "fee", book_fee(b, at_ms), at_ms, now_ms, ret_lines, err);
}

int period_close(struct store *s, const struct book *b, const char *period, int64_t now_ms,
                 int *ret_lines, struct trg_err *err) {
  int64_t from = 0, to = 0, missing = 0;
  *ret_lines = 0;
  if (time_month_range(period, &from, &to) != 0)
    return err_set(err, TRG_EINVAL, "period", "'%.20s' is no month; write 2026-11", period);
  if (now_ms < to || book_commitment(b, from) == 0) return 0;
  struct arena *a = arena_new();
  struct book_place place = {0};
  int rc = place_read(s, period, "", a, &place, NULL, err);
  arena_free(&a);
  if (rc == 0 && money_sub(book_commitment(b, from), place.spent_micros, &missing) != 0)
    rc = err_set(err, TRG_ELIMIT, "period", "the commitment of %s overflows", period);
  if (rc != 0) return rc;
  return period_line(s, b, period, "commitment", missing, to - 1, now_ms, ret_lines, err);
}
