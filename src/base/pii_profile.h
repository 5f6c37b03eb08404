/*
 * What a compliance profile masks beyond cards, accounts, addresses of the net and secrets: names
 * by the words around them (and pii_given.h), places, dates, and numbers that some office or
 * company gave out (private to base/pii*.c). A table of regular expressions; a rule whose check
 * fails did not match. Runs only when a profile asks for it; a sieve (sieve.h) tells where which
 * rule could match, so that few expressions are tried. Where both find something the scan of
 * pii_scan.h wins, and the rest of the other's hit is masked too. GDPR leaves dates, web addresses
 * and case numbers; PCI and SOX need nothing more than the scan.
 *
 * The classes of HIPAA are those of 45 CFR 164.514(b)(2)(i), (A) to (R). Where Safe Harbor lets a
 * part stay (the year, three digits of a ZIP code) the whole is masked all the same.
 */
#ifndef BASE_PII_PROFILE_H
#define BASE_PII_PROFILE_H

#include "base/pii_scan.h"

#define PII_ID_MAX 64 /* letters and digits of the longest number with a checksum */

struct pii_rule {
  const char *type;
  unsigned profiles;          /* in which it is looked for */
  const char *pattern;        /* group 1, where there is one, is what is masked */
  bool (*is)(const char *id); /* NULL, or over the letters and digits alone, in capitals */
  bool is_last; /* behind its first character only words follow, up to the end of the text */
};
extern const struct pii_rule pii_rules[];
extern const size_t pii_rule_count;

/* Everything the profiles find, in order, not overlapping; mem_free. Negative and err when a
 * pattern gave up: the text must then be held. */
int pii_profile_find(unsigned profiles, struct trg_str text, struct pii_hit **ret_hits,
                     size_t *ret_count, struct trg_err *err);

/* Checksums over letters and digits, each of exactly its own length. Sources beside them. */
bool pii_is_vin(const char *id);
bool pii_is_imei(const char *id);
bool pii_is_dni(const char *id);     /* Spain, also NIE */
bool pii_is_nir(const char *id);     /* France */
bool pii_is_cpf(const char *id);     /* Brazil */
bool pii_is_bsn(const char *id);     /* Netherlands */
bool pii_is_pesel(const char *id);   /* Poland */
bool pii_is_nhs(const char *id);     /* United Kingdom */
bool pii_is_sin(const char *id);     /* Canada */
bool pii_is_aadhaar(const char *id); /* India */

#endif
