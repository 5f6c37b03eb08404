#include "billing/vendor.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "billing/settle_inner.h"
#include "billing/vendor_inner.h"
#include "store/talk.h"

const char *vendor_word(enum vendor_verdict v) {
  static const char *const words[VENDORS] = {"agreed", "over", "under", "unprovable"};
  return words[v];
}

/* --- one ticket ------------------------------------------------------------------------------- */

const char *vendor_outcome(struct trg_str claim) {
  if (str_is(claim, "procedure_handoff")) return "procedure_handoff";
  if (str_ends(claim, "resolution") || str_starts(claim, "resolved") || str_is(claim, "confirmed"))
    return "resolution";
  if (str_is(claim, "qualification")) return "qualification";
  if (str_is(claim, "disqualification")) return "disqualification";
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

int vendor_tell(struct comparing *k, struct vendor_row *row, bool evidence, struct trg_err *err) {
  row->verdict = judge(row, evidence);
  const bool more = row->vendor_micros > row->evidence_micros;
  int64_t difference = 0;
  if (money_sub(more ? row->vendor_micros : row->evidence_micros,
                more ? row->evidence_micros : row->vendor_micros, &difference) != 0)
    return err_set(err, TRG_ELIMIT, "vendor", "the sums are too large to be right");
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

int vendor_ticket(struct comparing *k, int64_t id, const char *claim, int64_t amount_micros,
                  const char *why, struct trg_err *err) {
  struct arena *a = arena_new();
  struct gathered g;
  struct fold f;
  int rc = settle_gather(k->s, id, 0, a, &g, err);
  if (rc == 0 && claim != NULL) as_the_vendor_sees_it(&g);
  if (rc == 0) {
    fold(g.facts, g.count, &g.c, k->b, k->now_ms, a, &f);
    struct vendor_row row = {
        .ref = g.t.ref, .claim = claim != NULL ? claim : "", .why = why != NULL ? why : f.reason};
    const char *outcome = vendor_outcome(str_of(claim));
    row.vendor_micros = amount_micros != VENDOR_LIST_PRICE ? amount_micros
                        : outcome != NULL ? book_outcome_price(k->b, k->now_ms, outcome)
                                          : 0;
    for (size_t i = 0; i < f.charge_count; i++) row.evidence_micros += f.charges[i].amount_micros;
    if (claim != NULL || row.evidence_micros > 0) rc = vendor_tell(k, &row, ai_answered(&g), err);
  }
  arena_free(&a);
  return rc;
}

/* --- claims among the facts ------------------------------------------------------------------- */

static int on_claim(void *arg, int64_t ticket_id, const char *value, struct trg_err *err) {
  return vendor_ticket(arg, ticket_id, value, VENDOR_LIST_PRICE, NULL, err);
}

int vendor_compare_facts(struct store *reader, const struct book *b, int64_t from_ms, int64_t to_ms,
                         int64_t now_ms, void (*fn)(void *arg, const struct vendor_row *row),
                         void *arg, struct vendor_sum *ret, struct trg_err *err) {
  *ret = (struct vendor_sum){0};
  struct comparing k = {reader, b, from_ms, to_ms, now_ms, fn, arg, ret};
  return event_newest_each(reader, "vendor", from_ms, to_ms, on_claim, &k, err);
}
