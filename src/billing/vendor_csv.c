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

/* One record: a line, or several where a quoted field has line ends within. Lists of exports have
 * columns of free text. *ret_lines: how many. false: the list is at its end. */
static bool record_next(struct trg_str *rest, char mark, struct trg_str *ret, uint32_t *ret_lines) {
  bool quoted = false, begins = true; /* a quote opens only where a field begins */
  size_t i = 0;
  *ret_lines = 1;
  if (rest->n == 0) return false;
  for (; i < rest->n && (quoted || rest->p[i] != '\n'); i++) {
    const char c = rest->p[i];
    if (c == '"' && (quoted || begins)) quoted = !quoted;
    if (c == '\n') ++*ret_lines;
    begins = c == mark || (begins && c == ' ') || (c == '"' && !quoted);
  }
  *ret = str_trim((struct trg_str){rest->p, i});
  if (i < rest->n) i++;
  *rest = (struct trg_str){rest->p + i, rest->n - i};
  return true;
}

/* One field of a record; quotes as in RFC 4180, in place: a doubled one stays doubled. */
static struct trg_str field_next(struct trg_str *rest, char mark) {
  struct trg_str f = {rest->p, 0};
  while (rest->n > 0 && rest->p[0] == ' ') *rest = (struct trg_str){rest->p + 1, rest->n - 1};
  if (rest->n > 0 && rest->p[0] == '"') {
    size_t i = 1;
    while (i < rest->n && (rest->p[i] != '"' || (i + 1 < rest->n && rest->p[i + 1] == '"')))
      i += rest->p[i] == '"' ? 2 : 1;
    if (i > rest->n) i = rest->n;
    f = (struct trg_str){rest->p + 1, i - 1};
    *rest = (struct trg_str){rest->p + i, rest->n - i};
    while (rest->n > 0 && rest->p[0] != mark) *rest = (struct trg_str){rest->p + 1, rest->n - 1};
    if (rest->n > 0) *rest = (struct trg_str){rest->p + 1, rest->n - 1};
    return str_trim(f);
  }
  (void)str_next(rest, mark, &f);
  return str_trim(f);
}

#define FIELDS 400
struct columns {
  int ref, outcome, amount;
  char mark; /* between fields: comma, semicolon or tab */
};

static void columns_find(struct trg_str line, char mark, struct columns *ret) {
  *ret = (struct columns){-1, -1, -1, mark};
  for (int i = 0; line.n > 0 && i < FIELDS; i++) {
    const struct trg_str name = field_next(&line, mark);
    if (str_is_nocase(name, "ref")) ret->ref = i;
    if (str_is_nocase(name, "outcome")) ret->outcome = i;
    if (str_is_nocase(name, "amount")) ret->amount = i;
  }
}

static int head_read(struct trg_str line, struct columns *ret, struct trg_err *err) {
  static const char marks[] = {',', ';', '\t'};
  for (size_t i = 0; i < sizeof marks; i++) {
    columns_find(line, marks[i], ret);
    if (ret->ref >= 0 && (ret->outcome >= 0 || ret->amount >= 0)) return 0;
  }
  return err_at(err, TRG_EINVAL, "csv", 1,
                "line 1: the head line must name ref, and outcome or amount or both");
}

/* Are the digits before the decimal point in groups of three, with `group` between them? */
static bool grouped(struct trg_str whole, char group) {
  size_t digits = 0;
  for (size_t i = whole.n; i > 0; i--) {
    const bool is_group = whole.p[i - 1] == group;
    if (is_group != (digits == 3)) return false;
    digits = is_group ? 0 : digits + 1;
  }
  return digits > 0;
}

/* Without the groups, with a point. -1: that is no amount. */
static int plain_add(struct trg_str s, char decimal, char *out, size_t room) {
  const char group = decimal == '.' ? ',' : '.', groups[2] = {group, '\0'};
  size_t whole = 0, n = 0;
  while (whole < s.n && s.p[whole] != decimal) whole++;
  const struct trg_str digits = {s.p, whole};
  if (str_find(digits, groups) >= 0 && (whole == s.n || !grouped(digits, group))) return -1;
  for (size_t i = 0; i < s.n; i++) {
    if (i < whole && s.p[i] == group) continue;
    if (n + 1 >= room) return -1;
    out[n++] = i == whole ? '.' : s.p[i];
  }
  out[n] = '\0';
  return 0;
}

/* "0.99", "-0.99", "$1,234.50", and where fields are not parted by commas "1.234,50". "1,234" alone
 * may mean either, and is none. */
static int amount_parse(struct trg_str s, char mark, int64_t *ret_micros) {
  char plain[40] = "-";
  const size_t n = str_starts(s, "-") ? 1 : 0;
  s = (struct trg_str){s.p + n, s.n - n};
  if (str_starts(s, "$")) s = (struct trg_str){s.p + 1, s.n - 1};
  const bool comma = mark != ',' && str_find(s, ",") > str_find(s, ".");
  if (plain_add(s, comma ? ',' : '.', plain + n, sizeof plain - n) != 0) return -1;
  return money_parse(str_of(plain), ret_micros);
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
  uint32_t lines;
  (void)record_next(&rest, l->columns.mark, &line, &lines);
  return line;
}

static int line_read(struct trg_str line, uint32_t number, const struct columns *c,
                     struct trg_str *ret_ref, struct trg_str *ret_outcome, int64_t *ret_micros,
                     struct trg_err *err) {
  struct trg_str ref = {0}, outcome = {0}, amount = {0};
  int64_t micros = VENDOR_LIST_PRICE;
  for (int i = 0; line.n > 0 && i < FIELDS; i++) {
    const struct trg_str f = field_next(&line, c->mark);
    if (i == c->ref) ref = f;
    if (i == c->outcome) outcome = f;
    if (i == c->amount) amount = f;
  }
  if (ref.n == 0) return err_at(err, TRG_EINVAL, "csv", number, "line %u: there is no ref", number);
  if (amount.n > 0 && amount_parse(amount, c->mark, &micros) != 0)
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
  uint32_t number = 0, lines = 0;
  int rc = 0;
  if (str_starts(rest, "\xef\xbb\xbf")) rest = (struct trg_str){rest.p + 3, rest.n - 3};
  for (uint32_t next = 1; rc == 0; next += lines) {
    const uint32_t at = (uint32_t)(rest.p - l->csv.p);
    struct trg_str ref = {0}, outcome;
    int64_t micros = 0;
    if (!record_next(&rest, l->columns.mark, &line, &lines)) break;
    number = next;
    if (number == 1)
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
    if (rc == 0 && micros == VENDOR_LIST_PRICE)
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
