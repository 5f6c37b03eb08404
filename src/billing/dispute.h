/*
 * Objections to charges. Each has a reason, a deadline and somebody who decides it; whoever put
 * the line's price book in force may not. Decided for the customer, the charge is given back by a
 * new line that names it, in its own period or, once that is over or closed, in the one that is
 * open.
 */
#ifndef BILLING_DISPUTE_H
#define BILLING_DISPUTE_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

#define DISPUTE_DAYS 30 /* deadline when none is named */

/* Who acts: `name` is what separation of duties goes by, `signed_as` what the records say, as
 * "ann" or "ann (by root)". */
struct dispute_actor {
  const char *name, *signed_as;
};

/* About ledger line `entry`, or about the only standing charge of ticket `ref` when it is 0. */
int dispute_open(struct store *s, const struct dispute_actor *who, struct trg_str ref,
                 int64_t entry, const char *reason, int64_t deadline_ms, int64_t now_ms,
                 int64_t *ret_id, struct trg_err *err);
int dispute_evidence(struct store *s, const struct dispute_actor *who, int64_t id, const char *text,
                     int64_t now_ms, struct trg_err *err);
struct dispute_decided {
  int64_t line; /* the ledger line that gives the charge back; 0: none was needed */
  int64_t amount_micros;
};
/* verdict: "upheld" (the charge stands) or "credited". */
int dispute_decide(struct store *s, const struct book *b, const struct dispute_actor *who,
                   int64_t id, const char *verdict, const char *reason, int64_t now_ms,
                   struct dispute_decided *ret, struct trg_err *err);

/* Notes who put the book in force: those whom it names, and the owner of its file (path NULL: it
 * came with the program). */
int book_in_force(struct store *s, const struct book *b, const char *path, int64_t now_ms,
                  struct trg_err *err);

#endif
