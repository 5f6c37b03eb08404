/*
 * What a call costs: usage times the price that was in force, in micro-dollars. Pure.
 */
#ifndef MODEL_PRICE_H
#define MODEL_PRICE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/model.h>

struct conf_price;
/* The sum is rounded once, half to even. The tier is chosen by the whole prompt (input + cache
 * read + cache write) and the date by at_ms. A batched call
 * costs the price's share for batches. No price: 0. 0 or negative on overflow. */
int price_of_call(const struct conf_price *prices, size_t count, const struct trg_usage *usage,
                  int64_t at_ms, bool batched, int64_t *ret_micros);
/* The same of a call that was not batched. */
int price_of(const struct conf_price *prices, size_t count, const struct trg_usage *usage,
             int64_t at_ms, int64_t *ret_micros);

#endif
