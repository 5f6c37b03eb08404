/*
 * What the files of the fold share: one pass over the facts of a ticket, and the case in it that
 * is being followed. Private to fold*.c.
 */
#ifndef BILLING_FOLD_INNER_H
#define BILLING_FOLD_INNER_H

#include "base/mem.h"
#include "billing/book_rules.h"
#include "billing/fold.h"

/* A list of event numbers, kept in the arena. */
struct seqs {
  int64_t *p;
  size_t n, room;
};

enum verdict { VERDICT_NONE = 0, VERDICT_PASS, VERDICT_FAIL, VERDICT_ERROR };

/* One case: from a customer's message until what follows is another matter. */
struct fold_case {
  int64_t number;
  int64_t first_in_ms, active_ms; /* first message; last public message of anybody */
  int64_t answer_ms, ai_ms;       /* last answer of the AI; its last greeting or note */
  bool answered;                  /* the last word is an answer of the AI */
  bool greeted, noted, ended;
  int reason;  /* enum book_void that excludes it; -1: none */
  bool softly; /* a later answer lifts the reason */
  bool merged, unpriced;
  const char *unproved, *proved; /* outcomes: waits for a proof; has one */
  /* Where it stands once it counts. */
  const char *level, *outcome; /* level NULL: not yet */
  int64_t done_ms;
  enum verdict verdict;
  bool reversed;
  const char *reversed_reason;
  struct seqs evidence;
};

struct fold_run {
  const struct fact_case *c;
  const struct book *b;
  struct arena *a;
  size_t channel;
  const struct fact *facts;
  size_t count;
  struct fold_charge *charges;
  size_t charge_count, charge_room;
  struct fold_void *voids;
  size_t void_count, void_room;
  int64_t reopens;
  struct fold_case k;
};

bool same_month(int64_t a_ms, int64_t b_ms);
void seqs_add(struct fold_run *r, struct seqs *s, int64_t seq);
void charge_push(struct fold_run *r, const struct fold_charge *c);
void void_push(struct fold_run *r, const char *key, const char *reason, int64_t at_ms);
/* "conversation:support/101#2", "customer:HASH/chat|support/101#2". */
const char *scope_key(struct fold_run *r, int64_t at_ms, const char *suffix);
/* Does this message of the AI count as its own answer? Else *ret_reason excludes, or -1. */
bool ai_speaks(const struct book_version *v, const struct fact *f, int *ret_reason);

/* fold_case.c */
void case_open(struct fold_run *r, int64_t number);
void case_time(struct fold_run *r, int64_t now_ms); /* time alone has passed until now_ms */
void case_fact(struct fold_run *r, size_t i);
void case_close(struct fold_run *r); /* its charge, when it has one */
bool case_charged(const struct fold_run *r);
void case_state(struct fold_run *r, int64_t now_ms, struct fold *ret);
/* fold_usage.c: the meters that count use, not resolutions. */
void usage_fold(struct fold_run *r);

/* Is facts[i] the same fact as the one before it? */
bool fact_repeated(const struct fact *facts, size_t i);

#endif
