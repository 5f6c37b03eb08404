/*
 * Private to this room: the roll-ups that reports are made of. What each ticket adds to them stands
 * in its row of `tally`. A write that can change it marks the ticket (delta.h); before the turn
 * commits, the difference goes into the roll-ups, with what model calls add to theirs and how many
 * rows there are of a kind, so that all are right whenever their rows are.
 */
#ifndef STORE_TALLY_H
#define STORE_TALLY_H

#include <stdbool.h>

#include "store/sql.h"
#include "store/sums.h"

#define TALLY_DAY_MS INT64_C(86400000)

enum tally_dim {
  DIM_HELPDESK,
  DIM_CATEGORY,
  DIM_MODEL,
  DIM_TEAM,
  DIM_LANGUAGE,
  DIM_PRIORITY,
  DIM_OUTCOME,
  DIM_REASON,
  DIM_ALL, /* one word, '': the day itself; texts of SQL have its number, 8 */
  DIMS
};
/* In the order of the columns of report_cell. */
enum tally_measure {
  M_TICKETS,
  M_WAITING,
  M_FAILED,
  M_DRAFTED,
  M_SENT,
  M_OPEN,
  M_RESOLVED,
  M_EXCLUDED,
  M_HELD,
  M_REVERSED,
  M_ASSUMED,
  M_CONFIRMED,
  M_VERIFIED,
  M_PROCEDURE,
  M_USAGE,
  M_HANDOFF,
  M_REOPENED,
  M_CHARGED,
  M_COST,
  M_LOSSES,
  M_LOSS,
  MEASURES
};
/* Of calls, in the order of the columns of report_call. */
enum call_measure { C_CALLS, C_OK, C_INPUT, C_OUTPUT, C_READ, C_WRITE, C_COST, CALL_MEASURES };

/* The kinds of sums that are kept, as sums_key.dim: of calls (model and task), and how many rows
 * there are (kind and word, one number). */
#define DIM_CALLS DIMS
#define DIM_DEPTH (DIMS + 1)

#define TALLY_WORDS 10 /* one a dim but the last, then place and level */
struct tally {
  int64_t id, day;
  const char *word[TALLY_WORDS]; /* those of the dims; "" where it is not known */
  int64_t drafted, sent, reopened, charged, cost, loss;
};
#define TALLY_PLACE 8
#define TALLY_LEVEL 9

/* The report's own columns of ticket `t`, in the order of struct tally; needs a FROM ticket t. */
#define TALLY_OF_TICKET                                                                            \
  "t.id, t.created_ms / 86400000, t.helpdesk, t.category, t.model, t.team, t.language,"            \
  " t.priority, t.outcome, t.reason,"                                                              \
  " CASE WHEN t.state = 'dead' AND t.bill_state = 'open' THEN 'failed'"                            \
  "  WHEN t.judged_ms = 0 AND t.outcome = '' THEN 'waiting' ELSE t.bill_state END,"                \
  " CASE t.bill_state WHEN 'resolved' THEN coalesce((SELECT l.evidence_level FROM ledger_live l"   \
  "  WHERE l.ticket_id = t.id ORDER BY l.evidence_level = 'usage', l.seq DESC LIMIT 1), '')"       \
  "  ELSE '' END,"                                                                                 \
  " t.outcome = 'draft' OR EXISTS (SELECT 1 FROM draft d WHERE d.ticket_id = t.id),"               \
  " EXISTS (SELECT 1 FROM outbox o WHERE o.ticket_id = t.id AND o.intent = 'reply'"                \
  "  AND o.state = 'done'),"                                                                       \
  " EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = t.id AND e.kind = 'reopen'),"                \
  " coalesce((SELECT sum(l.amount_micros) FROM ledger l WHERE l.ticket_id = t.id), 0),"            \
  " coalesce((SELECT sum(c.cost_micros) FROM model_call c WHERE c.ticket_id = t.id"                \
  "  AND c.shadow = 0), 0),"                                                                       \
  " t.bill_state = 'resolved' OR EXISTS (SELECT 1 FROM ledger l WHERE l.ticket_id = t.id)"
bool tally_same(const struct tally *a, const struct tally *b);
/* What a ticket adds (sign 1) or added (-1), to every dim. */
void tally_add(struct sums *to, const struct tally *t, int sign);
/* fn of each ticket that was opened in [from_ms, to_ms), to_ms 0: without an end. What fn returns,
 * other than 0, ends it. */
int tally_each(struct store *s, int64_t from_ms, int64_t to_ms,
               int (*fn)(void *arg, const struct tally *t, struct trg_err *err), void *arg,
               struct trg_err *err);
/* What tickets opened, and calls started, in [from_ms, to_ms) add, by reading their rows. */
int tally_tickets(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                  struct trg_err *err);
int tally_calls(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                struct trg_err *err);
/* Adds the numbers to the stored roll-ups. */
int tally_put(struct store *s, struct sums *change, struct trg_err *err);
/* A ticket's row of `tally`; words are copied to `a`. *ret_there false: it has none. */
int tally_row_get(struct store *s, int64_t id, struct arena *a, struct tally *ret, bool *ret_there,
                  struct trg_err *err);
int tally_row_put(struct store *s, const struct tally *t, struct trg_err *err);

/* Did a model answer, in the end? */
bool tally_call_ok(const char *outcome);

/* Fills the roll-ups of an older database. */
int tally_open(struct store *s, struct trg_err *err);
/* Brings in what was noted: before each commit, and before the writer reads it. */
int tally_apply(struct store *s, struct trg_err *err);

#endif
