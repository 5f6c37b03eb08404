#include "billing/agent_bill.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle_inner.h"
#include "store/agent_call.h"
#include "store/store.h"

bool agent_price(const struct book *b, int64_t at_ms, const char *tool, int64_t *ret_micros) {
  const char *outcome = NULL;
  return book_call_price(b, at_ms, tool, &outcome, ret_micros);
}

const char *agent_case_key(int64_t id, struct arena *a) {
  return arena_printf(a, "call:%" PRId64, id);
}

static int line_append(struct store *s, const struct book *b, const struct agent_call *c,
                       const char *outcome, int64_t list_micros, struct arena *a,
                       int64_t *ret_micros, struct trg_err *err) {
  char month[8], period[8];
  struct book_place place = {0};
  const struct trg_str ref = str_of(c->ref);
  const char *slash = memchr(ref.p, '/', ref.n);
  int lines = 0;
  time_month(c->at_ms, month);
  int rc = period_open_for(s, month, c->at_ms, period, err);
  if (rc == 0) rc = place_begin(s, b, period, outcome, c->at_ms, c->at_ms, a, &place, &lines, err);
  if (rc != 0) return rc;
  struct ledger_line line = {
      .kind = "charge",
      .charge_key = c->charge_key,
      .ref = c->ref,
      .helpdesk = slash != NULL ? arena_dup(a, (struct trg_str){ref.p, (size_t)(slash - ref.p)})
                                : "",
      .category = "",
      .model = "",
      .period = period,
      .outcome = outcome,
      .evidence_level = "usage",
      .rule = arena_printf(a, RULE_CALL "%" PRId64 " of %s", c->id, c->who),
      .book = book_name(b),
      .book_hash = book_hash(b),
      .evidence = "[]",
      .reason = "",
      .at_ms = c->at_ms,
      .written_ms = c->at_ms};
  rc = place_end(s, b, list_micros, &place, a, &line, err);
  if (rc == 0) rc = ledger_append(s, &line, err);
  *ret_micros = line.amount_micros;
  return rc;
}

int agent_bill(struct store *s, const struct book *b, const char *who, const char *tool,
               const char *ref, int64_t now_ms, struct agent_bill *ret, struct trg_err *err) {
  struct arena *a = arena_new();
  struct agent_call c = {.who = who, .tool = tool, .ref = ref, .at_ms = now_ms, .charge_key = ""};
  const char *outcome = NULL;
  int64_t list_micros = 0;
  char key[HASH_HEX_MAX];
  *ret = (struct agent_bill){0};
  int rc = agent_call_next(s, &c.id, err);
  ret->priced = rc == 0 && book_call_price(b, now_ms, tool, &outcome, &list_micros);
  if (ret->priced) {
    charge_key_of(agent_case_key(c.id, a), outcome, key);
    c.charge_key = key;
    rc = line_append(s, b, &c, outcome, list_micros, a, &ret->charged_micros, err);
  }
  if (rc == 0) rc = agent_call_add(s, &c, err);
  ret->id = c.id;
  arena_free(&a);
  return rc;
}
