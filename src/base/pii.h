/*
 * Finds personal data and secrets in text and replaces them by typed tokens, in one pass over the
 * bytes, before anything is logged, stored or prompted. Types are named as in public test sets:
 * CREDIT_CARD EMAIL_ADDRESS IBAN_CODE PHONE_NUMBER US_SSN IP_ADDRESS SECRET URL ...
 *
 * Tokens are stable within a ticket: the same value gives the same token, numbered by first
 * appearance ("[EMAIL_1]"). Masking the same texts in the same order gives the same tokens, so a
 * map need never be stored: it is made again from the helpdesk's own text when a reply goes out.
 * Cards and secrets have no value in the map, only a keyed hash that makes the same one the same
 * token; the key lives and dies with the map. They cannot be restored.
 *
 * Text that already looks like a token ("[EMAIL_1]", "[ORDER_77]"; our own names in any case) gets
 * round brackets, "(EMAIL_1)", before anything else sees it: nobody can write a token into a ticket
 * and have another person's data put there. Restoring goes over the text once, so what was put in
 * is never looked at again.
 *
 * Known limits: an address in words ("john at example dot com"), digits in words, encoded digits
 * ("%34") and names that nobody told us are not found; with a profile those are that a word
 * announces or that are a well-known given name and a family name. Without one neither are street
 * addresses and dates of birth. A card number inside a longer row of digits without any separator
 * is not found either.
 */
#ifndef BASE_PII_H
#define BASE_PII_H

#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

#define PII_RULES_VERSION "2"

struct pii_span {
  const char *type;  /* static */
  size_t start, end; /* bytes of the input, half-open */
};

struct pii_map; /* the tokens of one ticket */
struct pii_map *pii_map_new(void);
/* What more than cards, bank accounts, net addresses, telephone numbers and secrets is masked.
 * A bit each; "pci" and "sox" need nothing more. -1 for a name that is no profile. */
enum pii_profile { PII_PROFILE_GDPR = 1, PII_PROFILE_HIPAA = 2 };
int pii_profile_of(const char *name);
/* Set before the first text is masked; 0 by default. */
void pii_map_profiles(struct pii_map *m, unsigned profiles);
/* Names of tokens begin with this: "KB_" makes "[KB_EMAIL_1]", which is no token of any map without
 * it. Capital letters and "_" only; set before the first value. */
void pii_map_prefix(struct pii_map *m, const char *prefix);
/* The token of a value that was found before, e.g. by another map's pass; valid as long as the
 * map. */
const char *pii_map_token(struct pii_map *m, const char *type, struct trg_str value);
void pii_map_free(struct pii_map **m);
size_t pii_map_count(const struct pii_map *m);
/* The i-th token, its type and its value (never written to disk by anybody). */
void pii_map_at(const struct pii_map *m, size_t i, const char **ret_token, const char **ret_type,
                struct trg_str *ret_value);
/* Makes a value known beforehand, e.g. the requester's name as PERSON: later texts are masked for
 * it too. Values under 3 letters are ignored. */
void pii_map_know(struct pii_map *m, const char *type, struct trg_str value);

struct buf;
/* m knows beforehand what `from` knew, and the values that `from` has. */
void pii_map_learn(struct pii_map *m, const struct pii_map *from);
/* The token that m has for this value; NULL: none. */
const char *pii_map_find(const struct pii_map *m, const char *type, struct trg_str value);

/* Masks `text` into out. spans (may be NULL) gets an array of *ret_count spans; mem_free.
 * Negative on error: the text must then be held, never passed on. Linear in the text's length. */
int pii_mask(struct pii_map *m, struct trg_str text, struct buf *out, struct pii_span **spans,
             size_t *ret_count, struct trg_err *err);
/* Copies masked text, the tokens in round brackets and behind `prefix`: "[NAME_1]" becomes
 * "(S2_NAME_1)" with "S2_". They stand for values that nobody can put back. */
void pii_turn(struct trg_str masked, const char *prefix, struct buf *out);
/* Length of such a name in round brackets at i, any prefix; 0: none. */
size_t pii_turned_at(struct trg_str text, size_t i);
/* Length of a token at i; 0: none. */
size_t pii_token_at(struct trg_str text, size_t i);
/* Puts values back for tokens whose type `allow` accepts; other tokens stay. */
void pii_restore(const struct pii_map *m, struct trg_str text, bool (*allow)(const char *type),
                 struct buf *out);

#endif
