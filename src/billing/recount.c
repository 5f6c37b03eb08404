/* The recount: every charge again from its evidence, nothing written. First the ledger is replayed
 * in its order, to check the places that prices depend on and the lines without a ticket; then each
 * ticket is folded and compared. One ticket is in memory at a time. */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/recount_inner.h"
#include "billing/settle.h"
#include "store/report.h"
#include "store/store.h"

void recount_differ(struct recounting *k, const char *ref, const char *key, int64_t is,
                    int64_t ought, const char *why) {
  if (is == ought) return;
  k->ret->differences++;
  if (k->fn != NULL) k->fn(k->arg, ref, key, is, ought, why);
}

static bool of_this_book(const struct recounting *k, const struct ledger_line *l) {
  return strcmp(l->book_hash, book_hash(k->b)) == 0;
}

/* --- replay ------------------------------------------------------------------------------------
 */

static void replay_count(struct recounting *k, const struct ledger_line *l, int64_t units) {
  place_of(&k->replayed, l->period, l->outcome)->count += units;
  place_of(&k->replayed, l->period, "")->spent_micros += l->amount_micros;
}

static int64_t carried_over(struct recounting *k, const char *period, int64_t at_ms,
                            const char *outcome) {
  char before[8];
  int64_t from = 0, to = 0;
  if (book_left_over(k->b, at_ms, outcome, 0) == 0 || time_month_range(period, &from, &to) != 0)
    return 0;
  time_month(from - 1, before);
  if (place_first(&k->replayed, before)) return 0;
  return book_left_over(k->b, at_ms, outcome, place_of(&k->replayed, before, outcome)->count);
}

/* A charge whose price depends on its place must have been at that place. */
static void replay_check(struct recounting *k, const struct ledger_line *l) {
  struct book_place told,
      is = {.count = place_of(&k->replayed, l->period, l->outcome)->count,
            .spent_micros = place_of(&k->replayed, l->period, "")->spent_micros};
  if (!of_this_book(k, l) || !place_parse(l->rule, &told)) return;
  is.carried = carried_over(k, l->period, l->at_ms, l->outcome);
  if (told.count == is.count && told.spent_micros == is.spent_micros && told.carried == is.carried)
    return;
  k->ret->differences++;
  if (k->fn != NULL)
    k->fn(k->arg, l->ref, l->charge_key, l->amount_micros, l->amount_micros,
          "its rule names another place in the period than the ledger gives it");
}

static void replay_loose(struct recounting *k, const struct ledger_line *l) {
  int64_t ought = 0;
  k->ret->ledger_micros += l->amount_micros;
  k->ret->charges += strcmp(l->kind, "charge") == 0;
  if (strcmp(l->kind, "charge") != 0) {
    ought = l->amount_micros; /* decided by people */
  } else if (of_this_book(k, l) && strcmp(l->outcome, "fee") == 0) {
    ought = book_fee(k->b, l->at_ms);
  } else if (of_this_book(k, l) && strcmp(l->outcome, "commitment") == 0) {
    const int64_t spent = place_of(&k->replayed, l->period, "")->spent_micros;
    ought = book_commitment(k->b, l->at_ms) - spent;
  }
  k->ret->recomputed_micros += ought;
  k->ret->recomputed_charges += ought != 0;
  recount_differ(k, "", l->outcome, l->amount_micros, ought,
                 of_this_book(k, l) ? "the book has another amount for the period"
                                    : "charged by another book");
}

/* A line without a ticket: of a period, or of an agent's call, which has its place in the month. */
static void replay_beside(struct recounting *k, const struct ledger_line *l) {
  const bool wanted = l->at_ms >= k->from_ms && (k->to_ms == 0 || l->at_ms < k->to_ms);
  if (!line_is_call(l)) {
    if (wanted) replay_loose(k, l);
    return;
  }
  if (of_this_book(k, l)) k->own = true;
  replay_check(k, l);
  replay_count(k, l, 1);
  if (wanted) call_line_count(k, l);
}

static int replay_line(void *arg, const struct ledger_line *l) {
  struct recounting *k = arg;
  if (l->written_ms > k->now_ms) k->now_ms = l->written_ms; /* a copy read by an earlier clock */
  if (l->ticket_id == 0) {
    replay_beside(k, l);
    return 0;
  }
  if (of_this_book(k, l)) k->own = true;
  if (strcmp(l->kind, "charge") == 0) {
    const bool shared = strstr(l->rule, RULE_SAME) != NULL;
    if (!shared) replay_check(k, l);
    replay_count(k, l, shared ? 0 : 1);
  } else if (strcmp(l->kind, "reversal") == 0 && str_starts(str_of(l->rule), RULE_VOID)) {
    const struct trg_str rule = str_of(l->rule);
    replay_count(k, l, str_ends(rule, RULE_SHARED) || str_ends(rule, RULE_CLOSED) ? 0 : -1);
  }
  return 0;
}

/* --- one ticket --------------------------------------------------------------------------------
 */

/* What the charge costs by the book that is recounted, at its place. */
int64_t recount_price(struct recounting *k, const struct fold_charge *c, const char *ref,
                      const struct ledger_line *line, struct arena *a) {
  struct book_place place;
  struct book_priced price;
  if (line != NULL && of_this_book(k, line)) {
    const char *same = strstr(line->rule, RULE_SAME);
    if (same != NULL && carrier_stands(k, c, same + sizeof RULE_SAME - 1, a)) return 0;
    if (!place_parse(line->rule, &place)) place = (struct book_place){0};
    book_price_unit(k->b, c->at_ms, c->outcome, c->amount_micros, &place, &price);
    return price.amount_micros;
  }
  char period[8];
  time_month(c->at_ms, period);
  if (!k->own && place_first(&k->replayed, period)) {
    const int64_t fee = book_fee(k->b, c->at_ms);
    k->ret->recomputed_micros += fee;
    k->ret->recomputed_charges += fee != 0;
    recount_differ(k, "", "fee", 0, fee, "this book has a fee for the period");
  }
  if (scope_taken(k, c, ref, a)) return 0;
  place.count = place_of(&k->replayed, period, c->outcome)->count++;
  place.spent_micros = place_of(&k->replayed, period, "")->spent_micros;
  place.carried = carried_over(k, period, c->at_ms, c->outcome);
  book_price_unit(k->b, c->at_ms, c->outcome, c->amount_micros, &place, &price);
  place_of(&k->replayed, period, "")->spent_micros += price.amount_micros;
  return price.amount_micros;
}

/* Sum of a key's lines; of those that people decided (disputes) apart. */
static int64_t key_sum(const struct lines *l, const char *key, int64_t *ret_decided) {
  int64_t sum = 0;
  *ret_decided = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (strcmp(l->p[i].charge_key, key) != 0) continue;
    sum += l->p[i].amount_micros;
    if (strcmp(l->p[i].kind, "charge") != 0 && !str_starts(str_of(l->p[i].rule), RULE_VOID))
      *ret_decided += l->p[i].amount_micros;
  }
  return sum;
}

static const struct ledger_line *live_line(const struct lines *l, const char *key) {
  const struct ledger_line *found = NULL;
  for (size_t i = 0; i < l->n; i++)
    if (l->live[i] && strcmp(l->p[i].charge_key, key) == 0) found = &l->p[i];
  return found;
}

/* The line to price by: the live one, or the one that people gave back. */
static const struct ledger_line *priced_line(const struct lines *l, const char *key,
                                             int64_t at_ms) {
  const struct ledger_line *live = live_line(l, key);
  for (size_t i = 0; i < l->n && live == NULL; i++)
    if (strcmp(l->p[i].kind, "charge") == 0 && l->p[i].at_ms == at_ms &&
        strcmp(l->p[i].charge_key, key) == 0)
      live = &l->p[i];
  return live;
}

static const char *why_differs(const struct recounting *k, const struct ledger_line *line,
                               bool live) {
  if (line == NULL || !live)
    return k->own ? "the evidence gives a charge that the ledger lacks" : "this book charges it";
  return of_this_book(k, line) ? "the evidence gives another amount" : "charged by another book";
}

/* A difference of something else than money. */
static void differs_in(struct recounting *k, const struct ledger_line *l, const char *why) {
  k->ret->differences++;
  if (k->fn != NULL) k->fn(k->arg, l->ref, l->charge_key, l->amount_micros, l->amount_micros, why);
}

/* Is what a line rests on still what it was when the line was written? */
static void evidence_check(struct recounting *k, const struct gathered *g,
                           const struct ledger_line *l, struct arena *a) {
  char digest[HASH_HEX_MAX];
  int64_t lost = 0;
  evidence_digest(g, l->evidence, digest, &lost);
  if (lost != 0)
    differs_in(
        k, l,
        arena_printf(a, "event %" PRId64 ", evidence of ledger line %" PRId64 ", is not on record",
                     lost, l->seq));
  else if (l->evidence_hash[0] != '\0' && strcmp(digest, l->evidence_hash) != 0)
    differs_in(k, l,
               arena_printf(a, "the events %s, evidence of ledger line %" PRId64 ", were changed",
                            l->evidence, l->seq));
}

/* A line of this book that stands says when and by what, as the evidence does. */
static void moment_check(struct recounting *k, const struct fold_charge *c,
                         const struct ledger_line *l) {
  if (l == NULL || !of_this_book(k, l)) return;
  if (l->at_ms != c->at_ms)
    differs_in(k, l, "the evidence gives another moment");
  else if (strcmp(l->evidence_level, c->evidence_level) != 0)
    differs_in(k, l, "the evidence is of another level");
}

static void ticket_compare(struct recounting *k, const struct gathered *g, const struct fold *f,
                           const struct lines *l, struct arena *a) {
  for (size_t i = 0; i < l->n; i++) {
    k->ret->ledger_micros += l->p[i].amount_micros;
    k->ret->charges += l->live[i];
    if (k->own) evidence_check(k, g, &l->p[i], a);
  }
  char key[HASH_HEX_MAX];
  int64_t decided = 0;
  bool *told = arena_alloc(a, l->n + 1);
  for (size_t i = 0; i < f->charge_count; i++) {
    const struct fold_charge *c = &f->charges[i];
    charge_key_of(c->key, c->outcome, key);
    const struct ledger_line *line = priced_line(l, key, c->at_ms);
    const int64_t ought = recount_price(k, c, g->t.ref, line, a);
    const int64_t is = key_sum(l, key, &decided);
    k->ret->recomputed_micros += ought + decided;
    k->ret->recomputed_charges += !lines_credited(l, key, c->at_ms);
    recount_differ(k, g->t.ref, c->key, is, ought + decided,
                   why_differs(k, line, live_line(l, key) != NULL));
    if (is == ought + decided) moment_check(k, c, live_line(l, key));
    for (size_t n = 0; n < l->n; n++) told[n] = told[n] || strcmp(l->p[n].charge_key, key) == 0;
  }
  for (size_t i = 0; i < l->n; i++) {
    if (told[i]) continue;
    const int64_t is = key_sum(l, l->p[i].charge_key, &decided);
    k->ret->recomputed_micros += decided;
    recount_differ(k, g->t.ref, l->p[i].charge_key, is, decided,
                   f->reason[0] != '\0' ? f->reason : "the evidence gives no charge");
    for (size_t n = i; n < l->n; n++)
      told[n] = told[n] || strcmp(l->p[n].charge_key, l->p[i].charge_key) == 0;
  }
}

static int ticket_recount(struct recounting *k, int64_t id, bool *ret_there, struct trg_err *err) {
  struct arena *a = arena_new();
  struct gathered g;
  struct lines l = {0};
  struct fold f;
  int rc = ticket_by_id(k->s, id, a, &g.t, err);
  *ret_there = rc == 0;
  const bool wanted = rc == 0 && g.t.created_ms >= k->from_ms &&
                      (k->to_ms == 0 || g.t.created_ms < k->to_ms);
  if (wanted) {
    /* What the daemon has not settled yet is no difference: the ticket as it last saw it. */
    const bool due = g.t.settle_ms != 0 && g.t.settle_ms <= k->now_ms;
    rc = settle_gather(k->s, id, due ? g.t.settle_ms : 0, a, &g, err);
    if (rc == 0) rc = lines_read(k->s, id, a, &l, err);
    if (rc == 0) {
      fold(g.facts, g.count, &g.c, k->b, due ? g.t.settle_ms - 1 : k->now_ms, a, &f);
      ticket_compare(k, &g, &f, &l, a);
      k->ret->tickets++;
    }
  }
  arena_free(&a);
  return rc == TRG_ENOTFOUND ? 0 : rc;
}

static int ticket_count(struct store *s, int64_t *ret, struct trg_err *err) {
  struct arena *a = arena_new();
  struct report_row *rows = NULL;
  size_t n = 0;
  const int rc = report_rows(s, "helpdesk", INT64_MIN, 0, a, &rows, &n, err);
  *ret = 0;
  for (size_t i = 0; i < n && rc == 0; i++) *ret += rows[i].tickets;
  arena_free(&a);
  return rc;
}

int recount(struct store *reader, const struct book *b, int64_t from_ms, int64_t to_ms,
            int64_t now_ms,
            void (*fn)(void *arg, const char *ref, const char *key, int64_t is_micros,
                       int64_t ought_micros, const char *why),
            void *arg, struct recount *ret, struct trg_err *err) {
  /* Ids are given in order; this many may be missing in a row, should rows ever be removed. */
  static const int64_t gap_max = 1000000;
  *ret = (struct recount){0};
  struct recounting *k = mem_alloc(sizeof *k);
  *k = (struct recounting){.s = reader,
                           .b = b,
                           .from_ms = from_ms,
                           .to_ms = to_ms,
                           .now_ms = now_ms,
                           .fn = fn,
                           .arg = arg,
                           .ret = ret};
  int64_t count = 0, seen = 0, gap = 0;
  int rc = ledger_each(reader, INT64_MIN, 0, replay_line, k, err);
  if (rc == 0 && !k->own) places_free(&k->replayed);
  if (rc == 0) rc = ticket_count(reader, &count, err);
  for (int64_t id = 1; rc == 0 && seen < count && gap < gap_max; id++) {
    bool there = false;
    rc = ticket_recount(k, id, &there, err);
    seen += there;
    gap = there ? 0 : gap + 1;
  }
  if (rc == 0) rc = calls_recount(k, err);
  places_free(&k->replayed);
  mem_free(k->scopes);
  mem_free(k);
  return rc;
}

int recount_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                   void (*fn)(void *arg, const char *ref, const char *key, int64_t is_micros,
                              int64_t ought_micros, const char *why),
                   void *arg, struct trg_err *err) {
  struct recount unused = {0};
  struct recounting k = {.s = s,
                         .b = b,
                         .from_ms = INT64_MIN,
                         .now_ms = now_ms,
                         .fn = fn,
                         .arg = arg,
                         .ret = &unused,
                         .own = true};
  bool there = false;
  const int rc = ticket_recount(&k, ticket_id, &there, err);
  places_free(&k.replayed);
  mem_free(k.scopes);
  return rc;
}
