/* The recount of agents' calls: each is priced again from its record, and each line has one. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/book.h"
#include "billing/recount_inner.h"
#include "billing/settle.h"
#include "store/agent_call.h"

bool line_is_call(const struct ledger_line *l) {
  return l->ticket_id == 0 && str_starts(str_of(l->rule), RULE_CALL);
}

/* The call that a line names, and does that call name the line? */
static bool line_has_call(struct recounting *k, const struct ledger_line *l) {
  struct arena *a = arena_new();
  struct agent_call c = {.charge_key = ""};
  struct trg_str rest = str_of(l->rule + sizeof RULE_CALL - 1), piece;
  int64_t id = 0;
  const bool there = str_next(&rest, ' ', &piece) && str_to_int(piece, &id) == 0 &&
                     agent_call_get(k->s, id, a, &c, NULL) == 0 &&
                     strcmp(c.charge_key, l->charge_key) == 0;
  arena_free(&a);
  return there;
}

void call_line_count(struct recounting *k, const struct ledger_line *l) {
  k->ret->ledger_micros += l->amount_micros;
  k->ret->charges += strcmp(l->kind, "charge") == 0;
  if (!line_has_call(k, l))
    recount_differ(k, l->ref, l->rule, l->amount_micros, 0, "no such call is on record");
}

static int call_recount(void *arg, const struct agent_call *c) {
  struct recounting *k = arg;
  struct arena *a = arena_new();
  struct ledger_line line;
  const char *outcome = NULL;
  int64_t list_micros = 0, ought = 0;
  struct trg_err err = {0};
  const int rc = c->charge_key[0] == '\0'
                     ? TRG_ENOTFOUND
                     : ledger_live(k->s, str_of(c->charge_key), a, &line, &err);
  if (rc != 0 && rc != TRG_ENOTFOUND) {
    arena_free(&a);
    return rc;
  }
  const bool live = rc == 0;
  const char *key = agent_case_key(c->id, a);
  if (book_call_price(k->b, c->at_ms, c->tool, &outcome, &list_micros)) {
    const struct fold_charge charge = {
        .key = key, .outcome = outcome, .amount_micros = list_micros, .at_ms = c->at_ms};
    ought = recount_price(k, &charge, c->ref, live ? &line : NULL, a);
    k->ret->recomputed_charges++;
  }
  k->ret->recomputed_micros += ought;
  recount_differ(k, c->ref, key, live ? line.amount_micros : 0, ought,
                 live ? "the call gives another amount" : "the call has a price, and no line");
  arena_free(&a);
  return 0;
}

int calls_recount(struct recounting *k, struct trg_err *err) {
  return agent_call_each(k->s, k->from_ms, k->to_ms, call_recount, k, err);
}
