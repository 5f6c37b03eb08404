#include "billing/settle.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/settle_inner.h"
#include "store/store.h"
#include "store/work.h"

/* One ticket that is being settled. */
struct settling {
  struct store *s;
  const struct book *b;
  struct arena *a;
  int64_t now_ms;
  struct gathered g;
  struct fold f;
  struct lines lines;
  bool *kept; /* per line: stands after settling */
  int written;
};

/* What the models cost for this ticket, less what earlier lines carry already. */
static int model_cost(struct settling *k, int64_t *ret, struct trg_err *err) {
  struct model_call *calls = NULL;
  size_t n = 0;
  const int rc = model_call_list(k->s, k->g.t.id, false, k->a, &calls, &n, err);
  if (rc != 0) return rc;
  *ret = 0;
  for (size_t i = 0; i < n; i++)
    if (!calls[i].shadow) *ret += calls[i].cost_micros;
  for (size_t i = 0; i < k->lines.n; i++) *ret -= k->lines.p[i].model_cost_micros;
  if (*ret < 0) *ret = 0;
  return 0;
}

/* What the line's evidence says now stays with it. */
static int line_append(struct settling *k, struct ledger_line *l, struct trg_err *err) {
  char digest[HASH_HEX_MAX];
  int64_t lost = 0;
  evidence_digest(&k->g, l->evidence, digest, &lost);
  l->evidence_hash = digest;
  const int rc = ledger_append(k->s, l, err);
  l->evidence_hash = "";
  return rc;
}

static const char *evidence_json(const int64_t *seqs, size_t n, struct arena *a) {
  struct buf b;
  buf_init(&b, 0);
  buf_char(&b, '[');
  for (size_t i = 0; i < n; i++) buf_printf(&b, "%s%" PRId64, i == 0 ? "" : ",", seqs[i]);
  buf_char(&b, ']');
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

/* --- taking back -------------------------------------------------------------------------------
 */

static const struct fold_void *void_of(const struct fold *f, const struct ledger_line *l) {
  const struct fold_void *found = NULL;
  char key[HASH_HEX_MAX];
  for (size_t i = 0; i < f->void_count; i++) {
    charge_key_of(f->voids[i].key, l->outcome, key);
    if (strcmp(key, l->charge_key) == 0) found = &f->voids[i];
  }
  return found;
}

static const char *void_evidence(const struct settling *k, const struct fold_void *v) {
  int64_t *seqs = arena_alloc(k->a, (k->g.count + 1) * sizeof *seqs);
  size_t n = 0;
  for (size_t i = 0; i < k->g.count && v != NULL; i++)
    if (k->g.facts[i].at_ms == v->at_ms) seqs[n++] = k->g.facts[i].seq;
  return evidence_json(seqs, n, k->a);
}

/* The scope is free for the next charge again, when this line carried it. */
static int scope_release(struct settling *k, const struct ledger_line *l, struct trg_err *err) {
  if (strstr(l->rule, RULE_SAME) != NULL) return 0;
  for (size_t i = 0; i < k->f.void_count; i++) {
    const char *scope = shared_scope(k->f.voids[i].key, k->a);
    if (scope == NULL) continue;
    char key[HASH_HEX_MAX];
    charge_key_of(scope, l->outcome, key);
    const int rc = store_put(k->s, arena_printf(k->a, "billing/scope/%s", key), "", err);
    if (rc != 0) return rc;
  }
  return 0;
}

static int line_take_back(struct settling *k, const struct ledger_line *l, const char *reason,
                          const struct fold_void *v, struct trg_err *err) {
  struct correction c;
  int rc = correction_begin(k->s, k->b, l, k->now_ms, &c, err);
  if (rc != 0) return rc;
  const bool shared = strstr(l->rule, RULE_SAME) != NULL; /* was not counted */
  const bool late = c.closed && l->amount_micros == 0;
  c.line.rule = arena_printf(k->a, RULE_VOID "%s%s", reason,
                             shared ? RULE_SHARED
                             : late ? RULE_CLOSED
                                    : "");
  c.line.evidence = void_evidence(k, v);
  c.line.reason = reason;
  rc = line_append(k, &c.line, err);
  if (rc == 0 && c.own_month && !shared)
    rc = place_move(k->s, l->period, l->outcome, -1, -l->amount_micros, k->a, err);
  if (rc == 0) rc = scope_release(k, l, err);
  if (rc == 0) k->written++;
  return rc;
}

static const struct fold_charge *charge_of(const struct fold *f, const char *charge_key) {
  char key[HASH_HEX_MAX];
  for (size_t i = 0; i < f->charge_count; i++) {
    charge_key_of(f->charges[i].key, f->charges[i].outcome, key);
    if (strcmp(key, charge_key) == 0) return &f->charges[i];
  }
  return NULL;
}

/* Does the line say what the fold says? A line of another book stands as it was priced, unless
 * something speaks against it. */
static bool line_stands(const struct settling *k, const struct ledger_line *l,
                        const struct fold_void *v) {
  const struct fold_charge *c = charge_of(&k->f, l->charge_key);
  const bool same = c != NULL && c->at_ms == l->at_ms &&
                    strcmp(c->evidence_level, l->evidence_level) == 0;
  if (same) return true;
  return strcmp(l->book_hash, book_hash(k->b)) != 0 && v == NULL && !k->g.c.sandbox;
}

static int lines_take_back(struct settling *k, struct trg_err *err) {
  int rc = 0;
  for (size_t i = 0; i < k->lines.n && rc == 0; i++) {
    const struct ledger_line *l = &k->lines.p[i];
    if (!k->lines.live[i]) continue;
    const struct fold_void *v = void_of(&k->f, l);
    k->kept[i] = line_stands(k, l, v);
    if (k->kept[i]) continue;
    const char *reason = v != NULL                                 ? v->reason
                         : charge_of(&k->f, l->charge_key) != NULL ? "revised"
                         : k->f.reason[0] != '\0'                  ? k->f.reason
                                                                   : "revised";
    rc = line_take_back(k, l, reason, v, err);
  }
  return rc;
}

/* --- charging ----------------------------------------------------------------------------------
 */

/* A scope wider than a conversation: who carries its charge now? NULL: this ticket does. */
static int scope_carrier(struct settling *k, const struct fold_charge *c, const char **ret,
                         struct trg_err *err) {
  const char *scope = shared_scope(c->key, k->a);
  const int64_t length = book_scope_ms(k->b, c->at_ms);
  char key[HASH_HEX_MAX], *text = NULL;
  *ret = NULL;
  if (scope == NULL || length == 0) return 0;
  charge_key_of(scope, c->outcome, key);
  const char *name = arena_printf(k->a, "billing/scope/%s", key);
  int rc = store_get(k->s, name, k->a, &text, err);
  if (rc != 0) return rc;
  struct trg_str rest = str_of(text), piece;
  int64_t at = 0;
  if (str_next(&rest, ' ', &piece) && str_to_int(piece, &at) == 0 && c->at_ms - at < length &&
      at - c->at_ms < length && !str_eq(rest, str_of(k->g.t.ref))) {
    *ret = arena_dup(k->a, rest);
    return 0;
  }
  return store_put(k->s, name, arena_printf(k->a, "%" PRId64 " %s", c->at_ms, k->g.t.ref), err);
}

static int charge_price(struct settling *k, const struct fold_charge *c, const char *period,
                        struct ledger_line *line, struct trg_err *err) {
  struct book_place place = {0};
  const char *carrier = NULL;
  int rc = place_begin(k->s, k->b, period, c->outcome, c->at_ms, k->now_ms, k->a, &place,
                       &k->written, err);
  if (rc == 0) rc = scope_carrier(k, c, &carrier, err);
  if (rc != 0) return rc;
  if (carrier != NULL) {
    line->amount_micros = 0;
    line->rule = arena_printf(k->a, "%s" RULE_SAME "%s", c->rule, carrier);
    return place_move(k->s, period, c->outcome, 0, 0, k->a, err);
  }
  line->rule = c->rule;
  return place_end(k->s, k->b, c->amount_micros, &place, k->a, line, err);
}

static int charge_append(struct settling *k, const struct fold_charge *c, const char *charge_key,
                         int64_t *cost_micros, struct trg_err *err) {
  const struct ticket *t = &k->g.t;
  char month[8], period[8];
  time_month(c->at_ms, month);
  int rc = period_open_for(k->s, month, k->now_ms, period, err);
  if (rc != 0) return rc;
  struct ledger_line line = {.kind = "charge",
                             .charge_key = charge_key,
                             .ticket_id = t->id,
                             .ref = t->ref,
                             .helpdesk = t->helpdesk,
                             .category = t->category,
                             .model = t->model,
                             .period = period,
                             .outcome = c->outcome,
                             .evidence_level = c->evidence_level,
                             .model_cost_micros = *cost_micros,
                             .book = book_name(k->b),
                             .book_hash = book_hash(k->b),
                             .evidence = evidence_json(c->evidence, c->evidence_count, k->a),
                             .reason = "",
                             .at_ms = c->at_ms,
                             .written_ms = k->now_ms};
  rc = charge_price(k, c, period, &line, err);
  if (rc == 0) rc = line_append(k, &line, err);
  if (rc != 0) return rc;
  *cost_micros = 0;
  k->written++;
  return 0;
}

static bool charge_stands(const struct settling *k, const char *charge_key) {
  for (size_t i = 0; i < k->lines.n; i++)
    if (k->kept[i] && strcmp(k->lines.p[i].charge_key, charge_key) == 0) return true;
  return false;
}

struct standing {
  bool resolved; /* a charge for a resolution */
  bool any, credited;
};

static int charges_append(struct settling *k, struct standing *ret, struct trg_err *err) {
  int64_t cost = -1;
  int rc = 0;
  for (size_t i = 0; i < k->f.charge_count && rc == 0; i++) {
    const struct fold_charge *c = &k->f.charges[i];
    char *key = arena_alloc(k->a, HASH_HEX_MAX);
    charge_key_of(c->key, c->outcome, key);
    const bool usage = strcmp(c->evidence_level, "usage") == 0;
    if (!charge_stands(k, key) && lines_credited(&k->lines, key, c->at_ms)) {
      ret->credited = ret->credited || !usage;
      continue;
    }
    ret->any = true;
    ret->resolved = ret->resolved || !usage;
    if (charge_stands(k, key)) continue;
    if (cost < 0) rc = model_cost(k, &cost, err);
    if (rc == 0) rc = charge_append(k, c, key, &cost, err);
  }
  for (size_t i = 0; i < k->lines.n; i++)
    if (k->kept[i]) {
      ret->any = true;
      ret->resolved = ret->resolved || strcmp(k->lines.p[i].evidence_level, "usage") != 0;
    }
  return rc;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void settled_state(const struct settling *k, const struct standing *st,
                          const char **ret_state, const char **ret_reason) {
  *ret_state = fold_report_word(k->f.state);
  *ret_reason = k->f.reason;
  const bool resolved = strcmp(*ret_state, "resolved") == 0;
  if (st->resolved && !resolved) { /* a line of an earlier book still stands */
    *ret_state = "resolved";
    *ret_reason = "charged_before";
  } else if (st->credited && !st->resolved) {
    *ret_state = "reversed";
    *ret_reason = "dispute";
  } else if (resolved && !st->any) {
    *ret_state = "excluded";
    *ret_reason = "not_priced";
  }
}

static int settle_all(struct settling *k, int64_t ticket_id, struct settled *ret,
                      struct trg_err *err) {
  struct standing st = {0};
  int rc = settle_gather(k->s, ticket_id, 0, k->a, &k->g, err);
  if (rc == 0) rc = lines_read(k->s, ticket_id, k->a, &k->lines, err);
  if (rc != 0) return rc;
  fold(k->g.facts, k->g.count, &k->g.c, k->b, k->now_ms, k->a, &k->f);
  k->kept = arena_alloc(k->a, k->lines.n + 1);
  rc = lines_take_back(k, err);
  if (rc == 0) rc = charges_append(k, &st, err);
  if (rc != 0) return rc;
  const char *state, *reason;
  settled_state(k, &st, &state, &reason);
  rc = ticket_bill(k->s, ticket_id, str_of(state), str_of(reason), k->f.next_ms, err);
  if (rc != 0) return rc;
  *ret = (struct settled){
      .lines = k->written, .wants_verify = k->f.wants_verify, .state = state, .reason = reason};
  return 0;
}

int settle_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                  struct settled *ret, struct trg_err *err) {
  struct settling k = {.s = s, .b = b, .a = arena_new(), .now_ms = now_ms};
  const int rc = settle_all(&k, ticket_id, ret, err);
  arena_free(&k.a);
  return rc;
}
