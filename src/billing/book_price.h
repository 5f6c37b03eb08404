/*
 * What a unit costs at its place in the period: included units, tiers, overage and the cap depend
 * on what was charged before. The place is stored in the ledger line's rule, so that anyone can
 * price it again.
 */
#ifndef BILLING_BOOK_PRICE_H
#define BILLING_BOOK_PRICE_H

#include <stdbool.h>
#include <stdint.h>

struct book;
struct fold_charge;

/* What was charged in the period before: live charges only. */
struct book_place {
  int64_t count;        /* units of the outcome */
  int64_t spent_micros; /* of all meters */
};
struct book_priced {
  int64_t amount_micros;
  bool ordered; /* the amount depends on the place */
  bool capped;
};
/* list_micros: fold's amount. */
void book_price_unit(const struct book *b, int64_t at_ms, const char *outcome, int64_t list_micros,
                     const struct book_place *place, struct book_priced *ret);
/* How long one charge covers a scope that is wider than a conversation; 0: not shared. */
int64_t book_scope_ms(const struct book *b, int64_t at_ms);
/* Does any version price by the place? */
bool book_ordered(const struct book *b);
int64_t book_fee(const struct book *b, int64_t at_ms);
int64_t book_commitment(const struct book *b, int64_t at_ms);
/* The highest alert (percent) that lies in (before, after]; 0: none. */
int64_t book_cap_alert(const struct book *b, int64_t at_ms, int64_t before_micros,
                       int64_t after_micros);

#endif
