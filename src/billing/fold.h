/*
 * fold(facts, book, now): what a ticket is for billing. A pure function: the same facts in any
 * order and any batch split give the same bytes. Includes only base.
 */
#ifndef BILLING_FOLD_H
#define BILLING_FOLD_H

#include <stdint.h>
#include "billing/fact.h"

struct book;
struct arena;

enum fold_state {
  FOLD_OPEN = 0,  /* nothing answered yet */
  FOLD_ANSWERED,  /* AI answered; the window runs */
  FOLD_PENDING,   /* window elapsed or confirmed, but something must come first (verify) */
  FOLD_BILLABLE,  /* charged */
  FOLD_CONTAINED, /* verified as not resolved: free */
  FOLD_EXCLUDED,  /* free, with a reason code */
  FOLD_MERGED,    /* the ticket it went into carries the charge */
  FOLD_HELD,      /* cannot be decided (verify failed): never billed */
  FOLD_REVERSED   /* was billable, then void within reach */
};
const char *fold_state_word(enum fold_state s);
/* open | resolved | excluded | held | reversed, as reports count. */
const char *fold_report_word(enum fold_state s);

/* One charge that ought to exist. */
struct fold_charge {
  const char *key;            /* scope key text: "conversation:support/101#1" */
  const char *outcome;        /* "resolution", ... as the book names it */
  const char *evidence_level; /* assumed, confirmed, verified, procedure, usage */
  const char *rule;           /* the path through the book, e.g. "answer>window 72h>assumed" */
  int64_t amount_micros;
  int64_t at_ms;           /* moment of the resolution */
  const int64_t *evidence; /* seqs, ascending */
  size_t evidence_count;
};
/* One charge of fold_charge's kind that was due and is void now. */
struct fold_void {
  const char *key;
  const char *reason;
  int64_t at_ms;
};
struct fold {
  enum fold_state state;
  const char *reason;         /* code: human_requested, human_answered, reopened, no_answer, ... */
  const char *evidence_level; /* "" unless resolved */
  int64_t next_ms;            /* when time alone changes something; 0: never */
  bool wants_verify;          /* the book asks for a verdict that is not there yet */
  const struct fold_charge *charges;
  size_t charge_count;
  const struct fold_void *voids;
  size_t void_count;
  int64_t reopens;
};
/* facts must be sorted. Everything in ret lives in `a`. */
void fold(const struct fact *facts, size_t count, const struct fact_case *c, const struct book *b,
          int64_t now_ms, struct arena *a, struct fold *ret);
/* The result as deterministic text, for tests and evidence; mem_free. */
char *fold_text(const struct fold *f);

#endif
