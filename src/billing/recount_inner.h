/*
 * The recount's own state: what was counted so far, in memory that does not grow with the number
 * of tickets. Private to recount*.c.
 */
#ifndef BILLING_RECOUNT_INNER_H
#define BILLING_RECOUNT_INNER_H

#include "billing/settle_inner.h"

struct book;
struct recount;

/* Counters by period and outcome ("": the money of all). */
struct place_row {
  char period[8];
  char outcome[48];
  struct book_place place;
};
struct places {
  struct place_row *p;
  size_t n, room;
};
struct book_place *place_of(struct places *l, const char *period, const char *outcome);
bool place_first(const struct places *l, const char *period); /* nothing counted in it yet */
void places_free(struct places *l);

/* Scopes wider than a conversation, for a book that is only tried: a table of fixed size, where a
 * newer scope displaces an older one. */
struct scope_row {
  uint64_t scope, ref;
  int64_t at_ms;
};

struct recounting {
  struct store *s;
  const struct book *b;
  int64_t from_ms, to_ms, now_ms;
  void (*fn)(void *arg, const char *ref, const char *key, int64_t is_micros, int64_t ought_micros,
             const char *why);
  void *arg;
  struct recount *ret;
  bool own; /* the ledger has lines of this book */
  struct places replayed;
  struct scope_row *scopes;
};
/* A difference, told when it is one; what a charge costs by the book, at its place. */
void recount_differ(struct recounting *k, const char *ref, const char *key, int64_t is,
                    int64_t ought, const char *why);
int64_t recount_price(struct recounting *k, const struct fold_charge *c, const char *ref,
                      const struct ledger_line *line, struct arena *a);
/* Agents' calls (recount_call.c): is it one's line? Counts it; then prices every call again. */
bool line_is_call(const struct ledger_line *l);
void call_line_count(struct recounting *k, const struct ledger_line *l);
int calls_recount(struct recounting *k, struct trg_err *err);
/* Does another ticket carry this scope's charge already? Notes it otherwise. */
bool scope_taken(struct recounting *k, const struct fold_charge *c, const char *ref,
                 struct arena *a);
/* Is there a charge of ticket `ref` that covers this one? */
bool carrier_stands(struct recounting *k, const struct fold_charge *c, const char *ref,
                    struct arena *a);

#endif
