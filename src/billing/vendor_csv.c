/* A vendor's list as CSV. A ticket may stand in it more than once: its lines are added up, so that
 * what is charged twice shows. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "billing/book_price.h"
#include "billing/vendor_inner.h"
#include "store/ticket.h"

/* One field of a CSV line; quotes as in RFC 4180, in place. */
static struct trg_str field_next(struct trg_str *rest) {
  struct trg_str f = {rest->p, 0};
  if (rest->n > 0 && rest->p[0] == '"') {
    size_t i = 1;
    while (i < rest->n && rest->p[i] != '"') i++;
    f = (struct trg_str){rest->p + 1, i - 1};
    const size_t taken = i < rest->n ? i + 1 : i;
    *rest = (struct trg_str){rest->p + taken, rest->n - taken};
    if (rest->n > 0 && rest->p[0] == ',') *rest = (struct trg_str){rest->p + 1, rest->n - 1};
    return f;
  }
  (void)str_next(rest, ',', &f);
  return str_trim(f);
}

#define FIELDS 16
struct columns {
  int ref, outcome, amount;
};

static int head_read(struct trg_str line, struct columns *ret, struct trg_err *err) {
  *ret = (struct columns){-1, -1, -1};
  for (int i = 0; line.n > 0 && i < FIELDS; i++) {
    const struct trg_str name = field_next(&line);
    if (str_is_nocase(name, "ref")) ret->ref = i;
    if (str_is_nocase(name, "outcome")) ret->outcome = i;
    if (str_is_nocase(name, "amount")) ret->amount = i;
  }
  if (ret->ref >= 0 && (ret->outcome >= 0 || ret->amount >= 0)) return 0;
  return err_at(err, TRG_EINVAL, "csv", 1,
                "line 1: the head line must name ref, and outcome or amount or both");
}

/* One line with a ref; 24 bytes each, as lists are long. */
struct entry {
  struct trg_str ref; /* in the list's text */
  uint32_t line, at;  /* its number, and where it begins */
};
struct list {
  struct trg_str csv;
  struct columns columns;
  struct entry *p;
  size_t n;
};

static struct trg_str line_at(const struct list *l, uint32_t at) {
  struct trg_str rest = {l->csv.p + at, l->csv.n - at}, line = {0};
  (void)str_next(&rest, '\n', &line);
  return str_trim(line);
}

static int line_read(struct trg_str line, uint32_t number, const struct columns *c,
                     struct trg_str *ret_ref, struct trg_str *ret_outcome, int64_t *ret_micros,
                     struct trg_err *err) {
  struct trg_str ref = {0}, outcome = {0}, amount = {0};
  int64_t micros = -1;
  for (int i = 0; line.n > 0 && i < FIELDS; i++) {
    const struct trg_str f = field_next(&line);
    if (i == c->ref) ref = f;
    if (i == c->outcome) outcome = f;
    if (i == c->amount) amount = f;
  }
  if (ref.n == 0) return err_at(err, TRG_EINVAL, "csv", number, "line %u: there is no ref", number);
  if (amount.n > 0 && (money_parse(amount, &micros) != 0 || micros < 0))
    return err_at(err, TRG_EINVAL, "csv", number,
                  "line %u: \"%.*s\" is no amount in dollars, as 0.99", number, (int)amount.n,
                  amount.p);
  *ret_ref = ref;
  *ret_outcome = outcome;
  *ret_micros = micros;
  return 0;
}

static int by_ref(const void *pa, const void *pb) {
  const struct entry *a = pa, *b = pb;
  int d = memcmp(a->ref.p, b->ref.p, a->ref.n < b->ref.n ? a->ref.n : b->ref.n);
  if (d == 0) d = (a->ref.n > b->ref.n) - (a->ref.n < b->ref.n);
  return d != 0 ? d : (a->line > b->line) - (a->line < b->line);
}

static void entry_keep(struct list *l, struct trg_str ref, uint32_t number, uint32_t at) {
  if ((l->n & (l->n - 1)) == 0) l->p = mem_grow(l->p, (l->n == 0 ? 1 : l->n * 2) * sizeof *l->p);
  l->p[l->n++] = (struct entry){ref, number, at};
}

/* Refuses the list at its first wrong line; afterwards its entries are in order of ref. */
static int list_read(struct list *l, struct trg_err *err) {
  struct trg_str rest = l->csv, line;
  uint32_t number = 0;
  int rc = 0;
  while (rc == 0 && str_next(&rest, '\n', &line)) {
    const uint32_t at = (uint32_t)(line.p - l->csv.p);
    struct trg_str ref = {0}, outcome;
    int64_t micros = 0;
    line = str_trim(line);
    if (++number == 1)
      rc = head_read(line, &l->columns, err);
    else if (line.n > 0)
      rc = line_read(line, number, &l->columns, &ref, &outcome, &micros, err);
    if (rc == 0 && ref.n > 0) entry_keep(l, ref, number, at);
  }
  if (rc == 0 && number == 0) rc = head_read(TRG_STR(""), &l->columns, err);
  if (l->n > 1) qsort(l->p, l->n, sizeof *l->p, by_ref);
  return rc;
}

/* What the list charges for one ticket, by all its lines. */
static int claim_read(struct comparing *k, const struct list *l, const struct entry *e,
                      size_t lines, struct arena *a, const char **ret_claim, int64_t *ret_micros,
                      struct trg_err *err) {
  const char *claim = "";
  *ret_micros = 0;
  for (size_t i = 0; i < lines; i++) {
    struct trg_str ref, outcome;
    int64_t micros = 0;
    int rc = line_read(line_at(l, e[i].at), e[i].line, &l->columns, &ref, &outcome, &micros, err);
    const char *word = arena_dup(a, outcome.n > 0 ? outcome : TRG_STR("charged"));
    const char *priced = vendor_outcome(outcome);
    if (rc == 0 && micros < 0)
      micros = priced != NULL ? book_outcome_price(k->b, k->now_ms, priced) : 0;
    if (rc == 0 && money_add(*ret_micros, micros, ret_micros) != 0)
      rc = err_at(err, TRG_ELIMIT, "csv", e[i].line, "line %u: the sum is too large", e[i].line);
    if (rc != 0) return rc;
    if (i < 3) claim = arena_printf(a, "%s%s%s", claim, i == 0 ? "" : " + ", word);
  }
  *ret_claim = lines > 3 ? arena_printf(a, "%s + %zu more", claim, lines - 3) : claim;
  return 0;
}

static int entries_judge(struct comparing *k, const struct list *l, const struct entry *e,
                         size_t lines, struct trg_err *err) {
  struct arena *a = arena_new();
  struct ticket t;
  const char *claim = "", *why = NULL;
  int64_t micros = 0;
  int rc = claim_read(k, l, e, lines, a, &claim, &micros, err);
  if (rc == 0 && lines > 1)
    why = arena_printf(a, "it stands in %zu lines of the list, first in %u and %u", lines,
                       e[0].line, e[1].line);
  const int known = rc != 0 ? rc : ticket_by_ref(k->s, e->ref, a, &t, err);
  if (known == 0) {
    rc = vendor_ticket(k, t.id, claim, micros, why, err);
  } else if (known == TRG_ENOTFOUND && rc == 0) {
    struct vendor_row row = {.ref = arena_dup(a, e->ref), .claim = claim, .why = ""};
    row.vendor_micros = micros;
    rc = vendor_tell(k, &row, false, err);
  } else {
    rc = known;
  }
  arena_free(&a);
  return rc;
}

/* --- what the list lacks ---------------------------------------------------------------------- */

struct lacking {
  struct comparing *k;
  const struct list *l;
};

static int to_ref(const void *key, const void *entry) {
  const struct entry whole = {.ref = *(const struct trg_str *)key,
                              .line = ((const struct entry *)entry)->line};
  return by_ref(&whole, entry);
}

static int on_ticket(void *arg, int64_t id, const char *ref, struct trg_err *err) {
  const struct lacking *x = arg;
  const struct trg_str key = str_of(ref);
  if (x->l->n > 0 && bsearch(&key, x->l->p, x->l->n, sizeof *x->l->p, to_ref) != NULL) return 0;
  return vendor_ticket(x->k, id, NULL, 0, NULL, err);
}

int vendor_compare_csv(struct store *reader, const struct book *b, struct trg_str csv,
                       int64_t from_ms, int64_t to_ms, int64_t now_ms,
                       void (*fn)(void *arg, const struct vendor_row *row), void *arg,
                       struct vendor_sum *ret, struct trg_err *err) {
  *ret = (struct vendor_sum){0};
  struct comparing k = {reader, b, from_ms, to_ms, now_ms, fn, arg, ret};
  struct list l = {.csv = csv};
  struct lacking x = {&k, &l};
  if (csv.n > UINT32_MAX)
    return err_set(err, TRG_ELIMIT, "csv", "the list is longer than 4 GiB: split it");
  int rc = list_read(&l, err);
  for (size_t i = 0, lines = 0; i < l.n && rc == 0; i += lines) {
    for (lines = 1; i + lines < l.n; lines++)
      if (!str_eq(l.p[i].ref, l.p[i + lines].ref)) break;
    rc = entries_judge(&k, &l, &l.p[i], lines, err);
  }
  if (rc == 0) rc = ticket_each(reader, from_ms, to_ms, on_ticket, &x, err);
  mem_free(l.p);
  return rc;
}
