/*
 * What the detectors of personal data share (private to base/pii*.c). The scanner walks over the
 * bytes once and calls a detector only at bytes that can begin or betray something; each detector
 * looks a bounded way to both sides, which keeps the whole linear on hostile text too.
 *
 *   pii_number.c  cards, IBANs, SSNs,      by checksum and issuer ranges, mod 97 and country
 *                 check values of a card   lengths, valid areas
 *   pii_phone.c   telephone numbers        by form; then the nearest telling word in front, or one
 *                                          right behind
 *   pii_net.c     e-mail and IP addresses, by grammar
 *                 user:password@ in URLs
 *   pii_secret.c  keys, tokens, passwords  by known prefixes, and labels such as `password:`
 *
 * Card digits may be of any script and grouped by blanks, dashes, dots, line breaks and their
 * encodings in URLs, JSON, HTML (entities, tags) and quoted-printable, also behind the marks of a
 * quoted mail. A number may be written alone in any grouping that people use for cards; beside
 * other numbers only in the usual ones. Telephone numbers need a `+`, a national form, or a word
 * that calls them so; words such as "order" or "version" in front speak against them.
 */
#ifndef BASE_PII_SCAN_H
#define BASE_PII_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "base/pii.h"

#define PII_CARD   "CREDIT_CARD"
#define PII_EMAIL  "EMAIL_ADDRESS"
#define PII_IBAN   "IBAN_CODE"
#define PII_PHONE  "PHONE_NUMBER"
#define PII_SSN    "US_SSN"
#define PII_IP     "IP_ADDRESS"
#define PII_SECRET "SECRET"
#define PII_PERSON "PERSON"

struct pii_hit {
  const char *type;
  size_t start, end;
};

struct pii_scan {
  struct trg_str s;
  size_t done;       /* end of the last hit: nothing may begin before it */
  size_t digits_end; /* end of the digit that was seen last */
  void (*found)(void *arg, const struct pii_hit *hit); /* in order, not overlapping */
  /* Values known beforehand: longest match at i (0: none), and its type. */
  size_t (*known)(void *arg, size_t i, const char **ret_type);
  void *arg;
  unsigned char action[256]; /* enum pii_action for each byte; 0: nothing begins here */
};

enum pii_action {
  PII_AT_DIGIT = 1,
  PII_AT_WORD = 2, /* a keyword or a secret's prefix may begin */
  PII_AT_KNOWN = 4,
  PII_AT_MARK = 8, /* @ : % \ - */
  PII_AT_HIGH = 16 /* lead byte of digits of other scripts, or of a full-width @ */
};

void pii_scan_init(struct pii_scan *scan, struct trg_str text);
void pii_scan_run(struct pii_scan *scan);

/* Characters. */
static inline unsigned char pii_at(const struct pii_scan *scan, size_t i) { /* 0 past the end */
  return i < scan->s.n ? (unsigned char)scan->s.p[i] : 0;
}
static inline bool pii_is_num(unsigned char c) {
  return c >= '0' && c <= '9';
}
static inline bool pii_is_alpha(unsigned char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
static inline bool pii_is_alnum(unsigned char c) {
  return pii_is_num(c) || pii_is_alpha(c);
}
static inline bool pii_is_hex(unsigned char c) {
  return pii_is_num(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static inline bool pii_is_one_of(unsigned char c, const char *chars) { /* never for 0 */
  while (*chars != '\0' && (unsigned char)*chars != c) chars++;
  return *chars != '\0';
}
/* Two ASCII digits at i as a number, or -1. */
int pii_two(const struct pii_scan *scan, size_t i);
/* Value of the digit at i, of any script, or -1; its bytes in *ret_n. */
int pii_digit(const struct pii_scan *scan, size_t i, size_t *ret_n);
/* Code point before i, and where it begins; 0 at the start. */
uint32_t pii_before(const struct pii_scan *scan, size_t i, size_t *ret_at);
bool pii_is_wordish(uint32_t code_point); /* letter or digit of any script */
/* Bytes of one separator inside a number at i (blank, dash, dot, line break, in the encodings in
 * which they meet us), or 0. */
enum pii_gap { PII_GAP_NONE = 0, PII_GAP_SOFT = 1, PII_GAP_LINE = 2, PII_GAP_ODD = 3 };
size_t pii_gap(const struct pii_scan *scan, size_t i, enum pii_gap *ret_kind);
/* Bytes that `word` (lower case UTF-8; a blank stands for blank, _ or -, or for nothing) takes at
 * i in any case, or 0. */
size_t pii_match_whole(const struct pii_scan *scan, size_t i, const char *word);
static inline size_t pii_match_word(const struct pii_scan *scan, size_t i, const char *word) {
  const unsigned char first = (unsigned char)word[0];
  const unsigned char here = pii_at(scan, i);
  const bool cannot = first < 0x80 && first != ' ' && here != first && (here | 0x20) != first;
  return cannot ? 0 : pii_match_whole(scan, i, word);
}
/* What begins at i continues into the local part of an e-mail address. */
bool pii_email_ahead(const struct pii_scan *scan, size_t i);

/* Detectors: true and *hit. i is where the trigger stands. */
bool pii_find_email(const struct pii_scan *scan, size_t at, size_t at_bytes, struct pii_hit *hit);
bool pii_find_userinfo(const struct pii_scan *scan, size_t colon, struct pii_hit *hit);
bool pii_find_ipv4(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
bool pii_find_ipv6(const struct pii_scan *scan, size_t colon, struct pii_hit *hit);
bool pii_find_iban(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
bool pii_find_card(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
bool pii_find_cvv_after(const struct pii_scan *scan, size_t card_end, struct pii_hit *hit);
bool pii_find_ssn(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
bool pii_find_phone(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
bool pii_find_secret(const struct pii_scan *scan, size_t i, struct pii_hit *hit); /* by its form */
bool pii_find_told(const struct pii_scan *scan, size_t i, struct pii_hit *hit);   /* by its label */
bool pii_find_pem(const struct pii_scan *scan, size_t i, struct pii_hit *hit);
/* Marks the pairs of bytes (first * 256 + second) with which some label or prefix begins; called
 * once, before any detector. */
#define PII_PAIR_FORM  1u
#define PII_PAIR_LABEL 2u
void pii_mark_words(unsigned char pairs[256 * 256]);

#endif
