/* The place of a charge in its period: counters beside the ledger, written in the same transaction
 * as the line that moves them, so that pricing needs no look at the other lines. */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle_inner.h"
#include "store/store.h"

#define PLACE_MARK ">place "

static int counter_read(struct store *s, const char *key, struct arena *a, int64_t *ret,
                        bool *ret_there, struct trg_err *err) {
  char *text = NULL;
  const int rc = store_get(s, key, a, &text, err);
  if (rc != 0) return rc;
  *ret = 0;
  if (ret_there != NULL) *ret_there = text != NULL;
  if (text != NULL && str_to_int(str_of(text), ret) != 0)
    return err_set(err, TRG_ECORRUPT, "billing", "the counter %s is not a number", key);
  return 0;
}

static int counter_move(struct store *s, const char *key, int64_t by, struct arena *a,
                        struct trg_err *err) {
  int64_t n = 0;
  const int rc = counter_read(s, key, a, &n, NULL, err);
  if (rc != 0) return rc;
  if (money_add(n, by, &n) != 0) return err_set(err, TRG_ELIMIT, "billing", "%s overflows", key);
  return store_put(s, key, arena_printf(a, "%" PRId64, n), err);
}

static const char *spent_key(const char *period, struct arena *a) {
  return arena_printf(a, "billing/%s", period);
}

static const char *count_key(const char *period, const char *outcome, struct arena *a) {
  return arena_printf(a, "billing/%s/%s", period, outcome);
}

int place_read(struct store *s, const char *period, const char *outcome, struct arena *a,
               struct book_place *ret, bool *ret_first, struct trg_err *err) {
  bool there = false;
  int rc = counter_read(s, spent_key(period, a), a, &ret->spent_micros, &there, err);
  if (rc == 0) rc = counter_read(s, count_key(period, outcome, a), a, &ret->count, NULL, err);
  if (rc == 0 && ret_first != NULL) *ret_first = !there;
  return rc;
}

/* A month that had no charge at all leaves nothing over. */
int place_carry(struct store *s, const struct book *b, const char *period, int64_t at_ms,
                const char *outcome, struct arena *a, struct book_place *place,
                struct trg_err *err) {
  char before[8];
  int64_t from = 0, to = 0;
  struct book_place old = {0};
  bool first = true;
  place->carried = 0;
  if (book_left_over(b, at_ms, outcome, 0) == 0) return 0;
  BUG_UNLESS(time_month_range(period, &from, &to) == 0);
  time_month(from - 1, before);
  const int rc = place_read(s, before, outcome, a, &old, &first, err);
  if (rc == 0 && !first) place->carried = book_left_over(b, at_ms, outcome, old.count);
  return rc;
}

int place_move(struct store *s, const char *period, const char *outcome, int64_t units,
               int64_t micros, struct arena *a, struct trg_err *err) {
  const int rc = counter_move(s, spent_key(period, a), micros, a, err);
  return rc != 0 ? rc : counter_move(s, count_key(period, outcome, a), units, a, err);
}

int place_begin(struct store *s, const struct book *b, const char *period, const char *outcome,
                int64_t at_ms, int64_t now_ms, struct arena *a, struct book_place *ret,
                int *ret_lines, struct trg_err *err) {
  bool first = false;
  int rc = place_read(s, period, outcome, a, ret, &first, err);
  if (rc == 0 && first) rc = period_fee(s, b, period, at_ms, now_ms, ret_lines, err);
  if (rc == 0) rc = place_carry(s, b, period, at_ms, outcome, a, ret, err);
  return rc;
}

static void alert(const struct book *b, const char *period, int64_t at_ms, int64_t before,
                  int64_t after) {
  const int64_t percent = book_cap_alert(b, at_ms, before, after);
  if (percent > 0)
    log_event(TRG_WARN, "billing.cap", "period", period, "percent", log_num(percent), "book",
              book_name(b), NULL);
}

int place_end(struct store *s, const struct book *b, int64_t list_micros,
              const struct book_place *place, struct arena *a, struct ledger_line *line,
              struct trg_err *err) {
  struct book_priced price = {0};
  book_price_unit(b, line->at_ms, line->outcome, list_micros, place, &price);
  line->amount_micros = price.amount_micros;
  line->rule = place_rule(line->rule, &price, place, a);
  alert(b, line->period, line->at_ms, place->spent_micros,
        place->spent_micros + price.amount_micros);
  return place_move(s, line->period, line->outcome, 1, price.amount_micros, a, err);
}

const char *place_rule(const char *rule, const struct book_priced *p,
                       const struct book_place *place, struct arena *a) {
  char spent[MONEY_TEXT_MAX];
  if (!p->ordered) return rule;
  const char *carried = place->carried > 0 ? arena_printf(a, "+%" PRId64, place->carried) : "";
  return arena_printf(a, "%s" PLACE_MARK "%" PRId64 "%s after %s%s", rule, place->count + 1,
                      carried, money_format(place->spent_micros, spent), p->capped ? ">cap" : "");
}

bool place_parse(const char *rule, struct book_place *ret) {
  const char *mark = strstr(rule, PLACE_MARK);
  if (mark == NULL) return false;
  struct trg_str rest = str_of(mark + sizeof PLACE_MARK - 1), piece, number;
  int64_t nth = 0;
  if (!str_next(&rest, ' ', &piece)) return false;
  if (!str_next(&piece, '+', &number) || str_to_int(number, &nth) != 0) return false;
  ret->carried = 0;
  if (piece.n > 0 && str_to_int(piece, &ret->carried) != 0) return false;
  if (!str_next(&rest, ' ', &piece) || !str_is(piece, "after")) return false;
  if (!str_next(&rest, '>', &piece) || money_parse(piece, &ret->spent_micros) != 0) return false;
  ret->count = nth - 1;
  return true;
}
