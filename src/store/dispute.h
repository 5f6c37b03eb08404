/*
 * Disputes about ledger lines: append-only steps, and who put which price book in force. What a
 * dispute is at follows from its steps.
 */
#ifndef STORE_DISPUTE_H
#define STORE_DISPUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct dispute {
  int64_t id; /* seq of its opening */
  int64_t ledger_seq;
  const char *ref;   /* of the ticket; "" for lines of a period */
  const char *state; /* open, upheld, credited */
  const char *opened_by, *reason;
  int64_t opened_ms, deadline_ms;
  const char *decided_by, *decision_reason; /* "" while it is open */
  int64_t decided_ms;
  int64_t amount_micros; /* of the line */
  int64_t steps;
};
struct dispute_step {
  int64_t seq, dispute, ledger_seq;
  const char *step; /* open, evidence, upheld, credited */
  const char *who, *reason;
  int64_t deadline_ms; /* of an opening */
  int64_t at_ms;
};
/* Appends a step; an "open" one begins a dispute (*ret_id is its number). TRG_ESTATE when the line
 * is in dispute already, or the dispute is decided. */
int dispute_add(struct store *s, const struct dispute_step *d, int64_t *ret_id,
                struct trg_err *err);
int dispute_get(struct store *s, int64_t id, struct arena *a, struct dispute *ret,
                struct trg_err *err);
/* Newest first. `state` NULL: every one. */
int dispute_list(struct store *s, const char *state, struct arena *a, struct dispute **ret,
                 size_t *ret_count, struct trg_err *err);
int dispute_steps(struct store *s, int64_t id, struct arena *a, struct dispute_step **ret,
                  size_t *ret_count, struct trg_err *err);
/* Open ones, and those of them whose deadline is over. */
int dispute_depth(struct store *s, int64_t now_ms, int64_t *ret_open, int64_t *ret_overdue,
                  struct trg_err *err);

/* Notes who put this book in force, unless that is known and no other book came since. *ret_new
 * is left alone when nothing was noted; NULL is fine. */
int book_change_add(struct store *s, const char *book, const char *hash, const char *who,
                    const char *how, int64_t at_ms, bool *ret_new, struct trg_err *err);
/* Did `who` ever put this version of a book in force? */
int book_changed_by(struct store *s, const char *hash, const char *who, bool *ret,
                    struct trg_err *err);

#endif
