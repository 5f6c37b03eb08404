/*
 * The ledger: append-only by trigger, hash-chained. A line charges, or corrects another line.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

#define LEDGER_HASH_MAX 65 /* hex of SHA-256 and NUL */

struct ledger_line {
  int64_t seq;
  const char *kind;       /* charge, reversal, credit, adjust */
  const char *charge_key; /* the case that is charged: hash of (scope, rule, outcome) */
  int64_t corrects;       /* seq of the line that this one corrects; 0: none */
  int64_t ticket_id;
  const char *ref, *helpdesk, *category, *model;
  const char *period;                          /* "2026-11" */
  const char *outcome, *evidence_level, *rule; /* rule path taken, as text */
  int64_t amount_micros, model_cost_micros;
  const char *book, *book_hash;
  const char *evidence; /* JSON array of event sequence numbers */
  const char *reason;
  int64_t at_ms; /* moment of the resolution or correction */
  int64_t written_ms;
  char prev_hash[LEDGER_HASH_MAX], hash[LEDGER_HASH_MAX];
  /* SHA-256 over what those events said (event_digest); NULL or "": none on record */
  const char *evidence_hash;
};
/* Fills seq, prev_hash and hash, and appends. A second live charge for one charge_key is refused
 * (TRG_ESTATE), as is a charge below zero and a reversal of another amount (TRG_EINVAL). */
int ledger_append(struct store *s, struct ledger_line *line, struct trg_err *err);
/* The canonical bytes that are hashed: pure; mem_free. */
char *ledger_canonical(const struct ledger_line *line);
/* Live charge of a key: charged and not reversed. TRG_ENOTFOUND. */
int ledger_live(struct store *s, struct trg_str charge_key, struct arena *a,
                struct ledger_line *ret, struct trg_err *err);
/* The line of this number, or TRG_ENOTFOUND. */
int ledger_get(struct store *s, int64_t seq, struct arena *a, struct ledger_line *ret,
               struct trg_err *err);
int ledger_of_ticket(struct store *s, int64_t ticket_id, struct arena *a, struct ledger_line **ret,
                     size_t *ret_count, struct trg_err *err);
/* In order of seq; fn nonzero stops and is returned. Strings live during the call. */
int ledger_each(struct store *s, int64_t from_ms, int64_t to_ms,
                int (*fn)(void *arg, const struct ledger_line *line), void *arg,
                struct trg_err *err);
/* "SEQ HASH" of the newest line; NULL: there is none. */
int ledger_head(struct store *s, struct arena *a, char **ret, struct trg_err *err);
/* Recomputes the chain: 0, or TRG_ECORRUPT with *ret_bad the first bad seq and err in words. */
int ledger_verify(struct store *s, int64_t *ret_count, int64_t *ret_bad, struct trg_err *err);

#endif
