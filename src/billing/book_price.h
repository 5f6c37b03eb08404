/*
 * What a unit costs at its place in the period: included units, tiers, overage and the cap depend
 * on what was charged before. The place is stored in the ledger line's rule, so that anyone can
 * price it again.
 */
#ifndef BILLING_BOOK_PRICE_H
#define BILLING_BOOK_PRICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct book;
struct fold_charge;

/* What was charged in the period before: live charges only. */
struct book_place {
  int64_t count;        /* units of the outcome */
  int64_t carried;      /* included units left over from the month before */
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
/* When nothing that still happens can take back a charge of this moment, for a ticket that was
 * opened at opened_ms; by several versions of the rules the latest. 0: only the close of its period
 * makes it final. `channel` as the book writes it. */
int64_t book_final_ms(const struct book *b, const char *channel, int64_t opened_ms, int64_t at_ms);
/* Included units that a month leaves to the next when `used` of them were used; 0 for outcomes
 * without rollover. */
int64_t book_left_over(const struct book *b, int64_t at_ms, const char *outcome, int64_t used);
/* The guarantee of version i; percent 0: it has none. false: there is no such version. */
struct book_guarantee {
  int64_t from_ms, to_ms, percent, refund;
};
bool book_guarantee(const struct book *b, size_t i, struct book_guarantee *ret);
/* List price of an outcome that procedures or windows end in; 0: the book does not charge it. */
int64_t book_outcome_price(const struct book *b, int64_t at_ms, const char *outcome);
bool book_charges(const struct book *b, int64_t at_ms, const char *outcome); /* has it a price? */
bool book_proves(const struct book *b, const char *outcome); /* does an outcome need a proof? */
/* Does any version price by the place? */
bool book_ordered(const struct book *b);
/* List price of an agent's call of this tool, and the outcome of its line. false: it has none. */
bool book_call_price(const struct book *b, int64_t at_ms, const char *tool,
                     const char **ret_outcome, int64_t *ret_micros);
int64_t book_fee(const struct book *b, int64_t at_ms);
int64_t book_commitment(const struct book *b, int64_t at_ms);
/* The highest alert (percent) that lies in (before, after]; 0: none. */
int64_t book_cap_alert(const struct book *b, int64_t at_ms, int64_t before_micros,
                       int64_t after_micros);

#endif
