/*
 * Persons who write tickets: what a request for access finds and what an erasure removes. A person
 * is a random pseudonym in tickets, charges and prompts; only the table of this file leads from an
 * e-mail address to it, by a hash under the state directory's key.
 *
 * Erasing removes that row and every text of theirs. Facts, decisions' numbers, costs and the
 * ledger stay, with a pseudonym that nothing leads to any more: the chain still verifies and every
 * charge is still recomputed.
 */
#ifndef STORE_SUBJECT_H
#define STORE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

#define SUBJECT_HEX 33

/* The lookup of an e-mail address or an id, in any case of its letters. */
void subject_lookup(const uint8_t key[32], struct trg_str who, char out[SUBJECT_HEX]);
/* The person's pseudonym; one is made when there is none. In the turn. */
int subject_pseudonym(struct store *s, const char *lookup, char out[SUBJECT_HEX],
                      struct trg_err *err);
/* References of the person's tickets, oldest first; in the arena. */
int subject_refs(struct store *s, const char *lookup, struct arena *a, const char ***ret,
                 size_t *ret_count, struct trg_err *err);

struct subject_erased {
  /* Rows that were emptied or removed; taught: texts of labelled files. */
  int64_t tickets, messages, drafts, requests, past, taught;
};
/* In the turn. TRG_ENOTFOUND: nobody of that lookup has a ticket or a text. TRG_ESTATE: a ticket of
 * theirs is being worked on; err names it. */
int subject_erase(struct store *s, const char *lookup, int64_t now_ms, struct subject_erased *ret,
                  struct trg_err *err);

/* What labelled files brought of the person, kept for the next training (reply "") or for search.
 * In the arena. */
struct subject_text {
  const char *text, *labels, *reply, *source;
};
int subject_texts(struct store *s, const char *lookup, struct arena *a, struct subject_text **ret,
                  size_t *ret_count, struct trg_err *err);
/* Removes it, and also what files have in the words of a ticket of that pseudonym ("": has none).
 */
int subject_texts_erase(struct store *s, const char *lookup, const char *pseudonym,
                        struct subject_erased *e, struct trg_err *err);

/* Empties the texts of tickets that ended before a moment, at most `rows` of them. In the turn. */
int subject_empty_old(struct store *s, int64_t before_ms, int64_t now_ms, int rows, bool *ret_more,
                      struct trg_err *err);

#endif
