/*
 * What comparing with facts and with a list share. Private to vendor*.c.
 */
#ifndef BILLING_VENDOR_INNER_H
#define BILLING_VENDOR_INNER_H

#include <stdbool.h>

#include "billing/vendor.h"

struct comparing {
  struct store *s;
  const struct book *b;
  int64_t from_ms, to_ms, now_ms;
  void (*fn)(void *arg, const struct vendor_row *row);
  void *arg;
  struct vendor_sum *ret;
};
/* Words with which vendors say that they charge: "assumed_resolution", "resolved", a named
 * outcome. The others are routed, escalated, abandoned and the like: NULL. */
const char *vendor_outcome(struct trg_str claim);
/* Judges a row, adds it up and tells it; `evidence`: an answer of an AI is on record. */
int vendor_tell(struct comparing *k, struct vendor_row *row, bool evidence, struct trg_err *err);
#define VENDOR_LIST_PRICE INT64_MIN
/* The row of a ticket. amount_micros VENDOR_LIST_PRICE: the list price of what the claim's word
 * means. claim NULL: there is none. why NULL: what the fold says. */
int vendor_ticket(struct comparing *k, int64_t id, const char *claim, int64_t amount_micros,
                  const char *why, struct trg_err *err);

#endif
