/*
 * What a vendor says it resolved, against what the evidence gives: agreed, over, under and
 * unprovable, in money.
 */
#ifndef BILLING_VENDOR_H
#define BILLING_VENDOR_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

enum vendor_verdict { VENDOR_AGREED = 0, VENDOR_OVER, VENDOR_UNDER, VENDOR_UNPROVABLE, VENDORS };
const char *vendor_word(enum vendor_verdict v);

struct vendor_row {
  const char *ref, *claim; /* the vendor's own word for it */
  int64_t vendor_micros;   /* what it charges, or would at the book's list price */
  int64_t evidence_micros; /* what the facts give at list price */
  enum vendor_verdict verdict;
  const char *why;
};
struct vendor_sum {
  int64_t count[VENDORS];
  int64_t micros[VENDORS]; /* agreed: what both charge; over and under: the difference;
                              unprovable: what the vendor charges */
  int64_t vendor_micros, evidence_micros;
};
/* The newest claim of each ticket among the facts that its connector recorded. */
int vendor_compare_facts(struct store *reader, const struct book *b, int64_t from_ms, int64_t to_ms,
                         int64_t now_ms, void (*fn)(void *arg, const struct vendor_row *row),
                         void *arg, struct vendor_sum *ret, struct trg_err *err);
/* A vendor's list as CSV with a head line: ref, and outcome (its word) or amount (dollars), or
 * both. Fields are parted by commas, semicolons or tabs, and quoted as in RFC 4180, line ends
 * included; a credit's amount is below zero. Refs are as support/101; a ticket that stands in
 * several lines is one row of their sum. Tickets of [from, to) that the evidence charges and the
 * list does not have are rows too. */
int vendor_compare_csv(struct store *reader, const struct book *b, struct trg_str csv,
                       int64_t from_ms, int64_t to_ms, int64_t now_ms,
                       void (*fn)(void *arg, const struct vendor_row *row), void *arg,
                       struct vendor_sum *ret, struct trg_err *err);

#endif
