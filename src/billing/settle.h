/*
 * Settling: folds a ticket's facts and brings the ledger to what the fold says, with new lines
 * only. Also the recount, which does the same without writing and compares.
 */
#ifndef BILLING_SETTLE_H
#define BILLING_SETTLE_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;
struct ticket;

struct settled {
  int lines; /* written */
  bool wants_verify;
  const char *state;  /* static words: open, resolved, excluded, held, reversed */
  const char *reason; /* static word of the fold, or of what stands */
};
/* One ticket, inside the turn. */
int settle_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                  struct settled *ret, struct trg_err *err);
struct ledger_line;
/* When this charge is final: its period is closed, or nothing that still happens can take it back
 * under the book. INT64_MAX: only the close makes it so. What was learnt too late is a line of its
 * own, also after that. */
int settle_final(struct store *s, const struct book *b, const struct ledger_line *l,
                 int64_t *ret_ms, struct trg_err *err);

/* Recomputes every charge from evidence as of now_ms. fn is told each difference: `is` what the
 * ledger has, `ought` what the fold says, in micro-dollars. With a book that is not the ledger's,
 * the differences are what that book would have charged. */
struct recount {
  int64_t tickets, differences;
  int64_t ledger_micros, recomputed_micros;
  int64_t charges, recomputed_charges;
};
int recount(struct store *reader, const struct book *b, int64_t from_ms, int64_t to_ms,
            int64_t now_ms,
            void (*fn)(void *arg, const char *ref, const char *key, int64_t is_micros,
                       int64_t ought_micros, const char *why),
            void *arg, struct recount *ret, struct trg_err *err);

/* The same for one ticket whose lines are of this book. */
int recount_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                   void (*fn)(void *arg, const char *ref, const char *key, int64_t is_micros,
                              int64_t ought_micros, const char *why),
                   void *arg, struct trg_err *err);

#endif
