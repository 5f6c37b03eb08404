#include "billing/fact.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {[FACT_NONE] = "",           [FACT_MSG_IN] = "msg_in",
                                    [FACT_MSG_OUT] = "msg_out", [FACT_NOTE] = "note",
                                    [FACT_HANDOFF] = "handoff", [FACT_SIGNAL] = "signal",
                                    [FACT_CSAT] = "csat",       [FACT_PROCEDURE] = "procedure_end",
                                    [FACT_VERIFY] = "verify",   [FACT_SOLVED] = "solved",
                                    [FACT_REOPEN] = "reopen",   [FACT_CLOSED] = "closed",
                                    [FACT_DELETED] = "deleted", [FACT_MERGE] = "merge",
                                    [FACT_SPAM] = "spam",       [FACT_ASSIGNED] = "assigned",
                                    [FACT_ACTION] = "action",   [FACT_PROOF] = "proof",
                                    [FACT_VENDOR] = "vendor"};

static const char *const actors[] = {
    [ACTOR_NONE] = "",       [ACTOR_CUSTOMER] = "customer", [ACTOR_AI] = "ai",
    [ACTOR_HUMAN] = "human", [ACTOR_RULE] = "rule",         [ACTOR_SYSTEM] = "system"};

enum fact_kind fact_kind_of(const char *word) {
  if (word == NULL) return FACT_NONE;
  for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(word, kinds[i]) == 0) return (enum fact_kind)i;
  return FACT_NONE;
}

const char *fact_kind_word(enum fact_kind k) {
  return (size_t)k < sizeof kinds / sizeof *kinds ? kinds[k] : "";
}

enum fact_actor fact_actor_of(const char *word) {
  if (word == NULL) return ACTOR_NONE;
  for (size_t i = 1; i < sizeof actors / sizeof *actors; i++)
    if (strcmp(word, actors[i]) == 0) return (enum fact_actor)i;
  return strncmp(word, "person:", 7) == 0 ? ACTOR_HUMAN : ACTOR_NONE;
}

static int by_text(const char *a, const char *b) {
  return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int by_number(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

/* Everything that a rule reads takes part, so that equal places hold equal facts. */
static int fact_order(const void *pa, const void *pb) {
  const struct fact *a = pa, *b = pb;
  int d = by_number(a->at_ms, b->at_ms);
  if (d == 0) d = by_number(a->kind, b->kind);
  if (d == 0) d = by_text(a->id, b->id);
  if (d == 0) d = by_text(a->value, b->value);
  if (d == 0) d = by_number(a->actor, b->actor);
  if (d == 0) d = by_number(a->approved, b->approved);
  if (d == 0) d = by_number(a->edited, b->edited);
  if (d == 0) d = by_number(a->tokens, b->tokens);
  if (d == 0) d = by_number(a->seq, b->seq);
  return d;
}

void facts_sort(struct fact *f, size_t count) {
  if (count > 1) qsort(f, count, sizeof *f, fact_order);
}
