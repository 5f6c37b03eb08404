/* Counters and scopes of the recount. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "billing/recount_inner.h"

#define SCOPES 65536

struct book_place *place_of(struct places *l, const char *period, const char *outcome) {
  for (size_t i = l->n; i > 0; i--)
    if (strcmp(l->p[i - 1].period, period) == 0 && strcmp(l->p[i - 1].outcome, outcome) == 0)
      return &l->p[i - 1].place;
  if (l->n == l->room) {
    l->room = l->room == 0 ? 16 : l->room * 2;
    l->p = mem_grow(l->p, l->room * sizeof *l->p);
  }
  struct place_row *row = &l->p[l->n++];
  *row = (struct place_row){0};
  (void)snprintf(row->period, sizeof row->period, "%s", period);
  (void)snprintf(row->outcome, sizeof row->outcome, "%s", outcome);
  return &row->place;
}

bool place_first(const struct places *l, const char *period) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->p[i].period, period) == 0) return false;
  return true;
}

void places_free(struct places *l) {
  mem_free(l->p);
  *l = (struct places){0};
}

static uint64_t number_of(const char *text) {
  uint8_t sum[HASH_BYTES];
  uint64_t n = 0;
  hash_sha256(str_of(text), sum);
  memcpy(&n, sum, sizeof n);
  return n | 1; /* 0 is an empty row */
}

bool scope_taken(struct recounting *k, const struct fold_charge *c, const char *ref,
                 struct arena *a) {
  const char *scope = shared_scope(c->key, a);
  const int64_t length = book_scope_ms(k->b, c->at_ms);
  if (scope == NULL || length == 0) return false;
  if (k->scopes == NULL) k->scopes = mem_array(SCOPES, sizeof *k->scopes);
  const uint64_t id = number_of(arena_printf(a, "%s\n%s", scope, c->outcome));
  struct scope_row *row = &k->scopes[id % SCOPES];
  const uint64_t mine = number_of(ref);
  const int64_t apart = c->at_ms > row->at_ms ? c->at_ms - row->at_ms : row->at_ms - c->at_ms;
  if (row->scope == id && row->ref != mine && apart < length) return true;
  *row = (struct scope_row){.scope = id, .ref = mine, .at_ms = c->at_ms};
  return false;
}

bool carrier_stands(struct recounting *k, const struct fold_charge *c, const char *ref,
                    struct arena *a) {
  struct ticket t;
  struct ledger_line *l = NULL;
  size_t n = 0;
  if (ticket_by_ref(k->s, str_of(ref), a, &t, NULL) != 0) return false;
  if (ledger_of_ticket(k->s, t.id, a, &l, &n, NULL) != 0) return false;
  const int64_t length = book_scope_ms(k->b, c->at_ms);
  for (size_t i = 0; i < n; i++) {
    const int64_t apart = l[i].at_ms > c->at_ms ? l[i].at_ms - c->at_ms : c->at_ms - l[i].at_ms;
    if (strcmp(l[i].kind, "charge") == 0 && strcmp(l[i].outcome, c->outcome) == 0 &&
        strstr(l[i].rule, RULE_SAME) == NULL && apart < length)
      return true;
  }
  return false;
}
