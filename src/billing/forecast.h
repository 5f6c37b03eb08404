/*
 * What a month would have cost at other volumes: its counted units again, so many times, priced one
 * after the other by the book, so that tiers, included units and the cap work as they would.
 */
#ifndef BILLING_FORECAST_H
#define BILLING_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct book;

struct forecast {
  int64_t factor;
  int64_t units, charged_micros; /* of all outcomes */
  int64_t fee_micros, commitment_micros, total_micros;
  int64_t model_cost_micros, margin_micros;
  int64_t unpriced; /* units that this book does not charge */
  bool capped;
};
/* By the rules in force at the month's end. One entry a factor. */
int forecast_make(struct store *reader, const struct book *b, const char *period,
                  const int64_t *factors, size_t count, struct forecast *ret, struct trg_err *err);

#endif
