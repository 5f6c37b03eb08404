#include "billing/forecast.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/time.h"
#include "billing/book_price.h"
#include "store/report.h"

static int overflow(struct trg_err *err) {
  return err_set(err, TRG_ELIMIT, "forecast", "the sums are too large to be right");
}

/* The outcomes one after the other: with a cap over all of them their order makes no difference to
 * the sum. */
static int units_price(const struct book *b, int64_t at_ms, const struct report_units *u,
                       struct forecast *f, struct trg_err *err) {
  const int64_t list = book_outcome_price(b, at_ms, u->outcome);
  int64_t n = 0;
  if (u->units <= 0) return 0;
  if (money_mul(u->units, f->factor, &n) != 0) return overflow(err);
  f->units += n;
  if (!book_charges(b, at_ms, u->outcome)) {
    f->unpriced += n;
    return 0;
  }
  for (int64_t i = 0; i < n; i++) {
    const struct book_place place = {.count = i, .spent_micros = f->charged_micros};
    struct book_priced p;
    book_price_unit(b, at_ms, u->outcome, list, &place, &p);
    f->capped = f->capped || p.capped;
    if (money_add(f->charged_micros, p.amount_micros, &f->charged_micros) != 0)
      return overflow(err);
  }
  return 0;
}

static int one(const struct book *b, int64_t at_ms, const struct report_units *u, size_t count,
               int64_t cost_micros, struct forecast *f, struct trg_err *err) {
  int rc = 0;
  for (size_t i = 0; i < count && rc == 0; i++) rc = units_price(b, at_ms, &u[i], f, err);
  if (rc != 0) return rc;
  const int64_t commitment = book_commitment(b, at_ms);
  f->fee_micros = book_fee(b, at_ms);
  f->commitment_micros = commitment > f->charged_micros ? commitment - f->charged_micros : 0;
  if (money_mul(cost_micros, f->factor, &f->model_cost_micros) != 0 ||
      money_add(f->charged_micros, f->fee_micros, &f->total_micros) != 0 ||
      money_add(f->total_micros, f->commitment_micros, &f->total_micros) != 0 ||
      money_sub(f->total_micros, f->model_cost_micros, &f->margin_micros) != 0)
    return overflow(err);
  return 0;
}

int forecast_make(struct store *reader, const struct book *b, const char *period,
                  const int64_t *factors, size_t count, struct forecast *ret, struct trg_err *err) {
  int64_t from = 0, to = 0, cost = 0;
  struct report_units *u = NULL;
  size_t n = 0;
  if (time_month_range(period, &from, &to) != 0)
    return err_set(err, TRG_EINVAL, "period", "'%.20s' is no month; write 2026-11", period);
  struct arena *a = arena_new();
  int rc = report_period_units(reader, period, a, &u, &n, &cost, err);
  for (size_t i = 0; i < count && rc == 0; i++) {
    ret[i] = (struct forecast){.factor = factors[i]};
    rc = one(b, to - 1, u, n, cost, &ret[i], err);
  }
  arena_free(&a);
  return rc;
}
