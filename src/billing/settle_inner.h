/*
 * What settling and recounting share. Private to settle*.c, recount.c and period.c.
 */
#ifndef BILLING_SETTLE_INNER_H
#define BILLING_SETTLE_INNER_H

#include <stdbool.h>

#include "base/hash.h"
#include "billing/book_price.h"
#include "billing/fold.h"
#include "store/ledger.h"
#include "store/ticket.h"

/* Rules of corrections begin with this: a credit that does not was decided by people. */
#define RULE_VOID   "void>"
#define RULE_SAME   ">same case as "
#define RULE_SHARED ">shared"
#define RULE_CLOSED ">closed"  /* takes back a line of nothing of a closed period */
#define RULE_PEOPLE "dispute>" /* decided by people */
#define RULE_CALL   "call "    /* of another agent, by its id */

struct event;
/* A ticket as the fold wants it. */
struct gathered {
  struct ticket t;
  struct fact *facts;
  size_t count;
  struct fact_case c;
  const struct event *events; /* as recorded, those that before_ms leaves out too */
  size_t event_count;
};
/* before_ms: facts that we learnt of later are left out; 0: none are. */
int settle_gather(struct store *s, int64_t ticket_id, int64_t before_ms, struct arena *a,
                  struct gathered *ret, struct trg_err *err);

/* What these events say: SHA-256, in hex, over a line each, a JSON object of their columns in the
 * table's order. `evidence` is a line's JSON array of numbers, ascending. *ret_lost: one that the
 * ticket does not have; 0: all are there. An empty array gives "". */
void evidence_digest(const struct gathered *g, const char *evidence, char out[HASH_HEX_MAX],
                     int64_t *ret_lost);

void charge_key_of(const char *scope_key, const char *outcome, char out[HASH_HEX_MAX]);
/* "customer:HASH/chat" of "customer:HASH/chat|support/101#1"; NULL: shared with no ticket. */
const char *shared_scope(const char *scope_key, struct arena *a);

/* A ticket's lines, and for each whether it is a charge that stands. */
struct lines {
  struct ledger_line *p;
  size_t n;
  bool *live;
};
int lines_read(struct store *s, int64_t ticket_id, struct arena *a, struct lines *ret,
               struct trg_err *err);
/* Was this charge given back by people (a dispute)? It is not charged again. */
bool lines_credited(const struct lines *l, const char *charge_key, int64_t at_ms);

/* Counters of a period (units of an outcome, money of all), kept beside the ledger in the same
 * transaction. */
int place_read(struct store *s, const char *period, const char *outcome, struct arena *a,
               struct book_place *ret, bool *ret_first, struct trg_err *err);
/* Fills place->carried: what the month before left over. */
int place_carry(struct store *s, const struct book *b, const char *period, int64_t at_ms,
                const char *outcome, struct arena *a, struct book_place *place,
                struct trg_err *err);
/* The two together: where the next unit stands, with the period's fee when it is the first; then
 * its price, in the line's amount and rule, counted. line->rule, outcome, period and at_ms are set.
 */
int place_begin(struct store *s, const struct book *b, const char *period, const char *outcome,
                int64_t at_ms, int64_t now_ms, struct arena *a, struct book_place *ret,
                int *ret_lines, struct trg_err *err);
int place_end(struct store *s, const struct book *b, int64_t list_micros,
              const struct book_place *place, struct arena *a, struct ledger_line *line,
              struct trg_err *err);
int place_move(struct store *s, const char *period, const char *outcome, int64_t units,
               int64_t micros, struct arena *a, struct trg_err *err);
/* The place as part of a line's rule, and back. */
const char *place_rule(const char *rule, const struct book_priced *p,
                       const struct book_place *place, struct arena *a);
bool place_parse(const char *rule, struct book_place *ret);

/* Of an agent's call: "call:17". */
const char *agent_case_key(int64_t id, struct arena *a);

/* The period that a line of `wanted` can go into now. */
int period_open_for(struct store *s, const char *wanted, int64_t now_ms, char out[8],
                    struct trg_err *err);
/* The line that takes all of `l` back, but for its rule, evidence and reason. In its own month a
 * charge is reversed; afterwards, and once the month is closed, it is credited in the month of now.
 * A charge of nothing has no credit: it is reversed at any time. */
struct correction {
  struct ledger_line line;
  char period[8]; /* line.period points here */
  bool own_month; /* it stands in the month of what it corrects */
  bool closed;    /* ... which is closed */
};
int correction_begin(struct store *s, const struct book *b, const struct ledger_line *l,
                     int64_t now_ms, struct correction *ret, struct trg_err *err);
int period_fee(struct store *s, const struct book *b, const char *period, int64_t at_ms,
               int64_t now_ms, int *ret_lines, struct trg_err *err);

#endif
