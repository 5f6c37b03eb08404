#include "billing/vendor.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "billing/settle_inner.h"
#include "store/talk.h"

const char *vendor_word(enum vendor_verdict v) {
  static const char *const words[VENDORS] = {"agreed", "over", "under", "unprovable"};
  return words[v];
}

struct comparing {
  struct store *s;
  const struct book *b;
  int64_t from_ms, to_ms, now_ms;
  void (*fn)(void *arg, const struct vendor_row *row);
  void *arg;
  struct vendor_sum *ret;
  struct arena *named; /* refs of a CSV */
  struct trg_str *refs;
  size_t ref_count;
};

/* --- one ticket ------------------------------------------------------------------------------- */

/* Words with which vendors say that they charge: "assumed_resolution", "resolved", a named
 * outcome. The others are routed, escalated, abandoned and the like. */
static const char *outcome_of(struct trg_str claim) {
  if (str_is(claim, "procedure_handoff")) return "procedure_handoff";
  if (str_ends(claim, "resolution") || str_starts(claim, "resolved") || str_is(claim, "confirmed"))
    return "resolution";
  if (str_is(claim, "qualification") || str_is(claim, "disqualification")) return "qualification";
  return NULL;
}

static bool ai_answered(const struct gathered *g) {
  for (size_t i = 0; i < g->count; i++)
    if (g->facts[i].kind == FACT_MSG_OUT && g->facts[i].actor == ACTOR_AI) return true;
  return false;
}

/* The vendor's own AI is a bot of the helpdesk: what it said in public is its answer. */
static void as_the_vendor_sees_it(struct gathered *g) {
  for (size_t i = 0; i < g->count; i++) {
    struct fact *f = &g->facts[i];
    if (f->kind != FACT_MSG_OUT || f->actor != ACTOR_RULE) continue;
    f->actor = ACTOR_AI;
    f->value = "answer";
  }
  facts_sort(g->facts, g->count);
}

static enum vendor_verdict judge(struct vendor_row *row, bool evidence) {
  if (row->vendor_micros > 0 && !evidence) {
    row->why = "no answer of an AI is on record: it can be neither proved nor refuted";
    return VENDOR_UNPROVABLE;
  }
  if (row->vendor_micros == row->evidence_micros) {
    row->why = "";
    return VENDOR_AGREED;
  }
  const bool over = row->vendor_micros > row->evidence_micros;
  if (row->why == NULL || row->why[0] == '\0') row->why = "the evidence gives another amount";
  return over ? VENDOR_OVER : VENDOR_UNDER;
}

static int row_tell(struct comparing *k, struct vendor_row *row, bool evidence,
                    struct trg_err *err) {
  row->verdict = judge(row, evidence);
  const int64_t difference = row->vendor_micros > row->evidence_micros
                                 ? row->vendor_micros - row->evidence_micros
                                 : row->evidence_micros - row->vendor_micros;
  const int64_t sum = row->verdict == VENDOR_OVER || row->verdict == VENDOR_UNDER
                          ? difference
                          : row->vendor_micros;
  struct vendor_sum *r = k->ret;
  r->count[row->verdict]++;
  if (money_add(r->micros[row->verdict], sum, &r->micros[row->verdict]) != 0 ||
      money_add(r->vendor_micros, row->vendor_micros, &r->vendor_micros) != 0 ||
      money_add(r->evidence_micros, row->evidence_micros, &r->evidence_micros) != 0)
    return err_set(err, TRG_ELIMIT, "vendor", "the sums are too large to be right");
  k->fn(k->arg, row);
  return 0;
}

/* amount_micros -1: the list price of what the claim's word means. claim NULL: there is none. */
static int ticket_row(struct comparing *k, int64_t id, const char *claim, int64_t amount_micros,
                      struct trg_err *err) {
  struct arena *a = arena_new();
  struct gathered g;
  struct fold f;
  int rc = settle_gather(k->s, id, 0, a, &g, err);
  if (rc == 0 && claim != NULL) as_the_vendor_sees_it(&g);
  if (rc == 0) {
    fold(g.facts, g.count, &g.c, k->b, k->now_ms, a, &f);
    struct vendor_row row = {.ref = g.t.ref, .claim = claim != NULL ? claim : "", .why = f.reason};
    const char *outcome = outcome_of(str_of(claim));
    row.vendor_micros = amount_micros >= 0 ? amount_micros
                        : outcome != NULL  ? book_outcome_price(k->b, k->now_ms, outcome)
                                           : 0;
    for (size_t i = 0; i < f.charge_count; i++) row.evidence_micros += f.charges[i].amount_micros;
    if (claim != NULL || row.evidence_micros > 0) rc = row_tell(k, &row, ai_answered(&g), err);
  }
  arena_free(&a);
  return rc;
}

/* --- the sources ------------------------------------------------------------------------------ */

static int on_claim(void *arg, int64_t ticket_id, const char *value, struct trg_err *err) {
  return ticket_row(arg, ticket_id, value, -1, err);
}

int vendor_compare_facts(struct store *reader, const struct book *b, int64_t from_ms, int64_t to_ms,
                         int64_t now_ms, void (*fn)(void *arg, const struct vendor_row *row),
                         void *arg, struct vendor_sum *ret, struct trg_err *err) {
  *ret = (struct vendor_sum){0};
  struct comparing k = {reader, b, from_ms, to_ms, now_ms, fn, arg, ret, NULL, NULL, 0};
  return event_newest_each(reader, "vendor", from_ms, to_ms, on_claim, &k, err);
}

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

static int line_read(struct comparing *k, struct trg_str line, uint32_t number,
                     const struct columns *c, struct trg_err *err) {
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
  struct arena *a = arena_new();
  struct ticket t;
  const char *claim = arena_dup(a, outcome.n > 0 ? outcome : TRG_STR("charged"));
  int rc = ticket_by_ref(k->s, ref, a, &t, err);
  if (rc == 0) rc = ticket_row(k, t.id, claim, micros, err);
  if (rc == TRG_ENOTFOUND) {
    const char *o = outcome_of(outcome);
    struct vendor_row row = {.ref = arena_dup(a, ref),
                             .claim = claim,
                             .vendor_micros = micros >= 0 ? micros
                                              : o != NULL ? book_outcome_price(k->b, k->now_ms, o)
                                                          : 0,
                             .why = ""};
    rc = row_tell(k, &row, false, err);
  }
  arena_free(&a);
  return rc;
}

static int by_ref(const void *pa, const void *pb) {
  const struct trg_str *a = pa, *b = pb;
  const int d = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
  return d != 0 ? d : (a->n > b->n) - (a->n < b->n);
}

static bool is_named(const struct comparing *k, const char *ref) {
  const struct trg_str key = str_of(ref);
  return k->ref_count > 0 && bsearch(&key, k->refs, k->ref_count, sizeof *k->refs, by_ref) != NULL;
}

/* What the evidence charges and the list does not have. */
static int on_ticket(void *arg, int64_t id, const char *ref, struct trg_err *err) {
  struct comparing *k = arg;
  return is_named(k, ref) ? 0 : ticket_row(k, id, NULL, 0, err);
}

static void ref_keep(struct comparing *k, struct trg_str line, const struct columns *c) {
  struct trg_str f = {0};
  for (int i = 0; i <= c->ref && line.n > 0; i++) f = field_next(&line);
  if ((k->ref_count & (k->ref_count - 1)) == 0)
    k->refs = mem_grow(k->refs, (k->ref_count == 0 ? 1 : k->ref_count * 2) * sizeof *k->refs);
  k->refs[k->ref_count++] = arena_str(k->named, f);
}

int vendor_compare_csv(struct store *reader, const struct book *b, struct trg_str csv,
                       int64_t from_ms, int64_t to_ms, int64_t now_ms,
                       void (*fn)(void *arg, const struct vendor_row *row), void *arg,
                       struct vendor_sum *ret, struct trg_err *err) {
  *ret = (struct vendor_sum){0};
  struct comparing k = {reader, b, from_ms, to_ms, now_ms, fn, arg, ret, arena_new(), NULL, 0};
  struct trg_str line;
  struct columns c;
  uint32_t number = 0;
  int rc = 0;
  while (rc == 0 && str_next(&csv, '\n', &line)) {
    line = str_trim(line);
    if (++number == 1) {
      rc = head_read(line, &c, err);
    } else if (line.n > 0) {
      ref_keep(&k, line, &c);
      rc = line_read(&k, line, number, &c, err);
    }
  }
  if (rc == 0 && number == 0) rc = head_read(TRG_STR(""), &c, err);
  if (k.ref_count > 1) qsort(k.refs, k.ref_count, sizeof *k.refs, by_ref);
  if (rc == 0) rc = ticket_each(reader, from_ms, to_ms, on_ticket, &k, err);
  arena_free(&k.named);
  mem_free(k.refs);
  return rc;
}
