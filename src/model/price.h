/*
 * What a call costs: usage times the price that was in force, in micro-dollars. Pure.
 */
#ifndef MODEL_PRICE_H
#define MODEL_PRICE_H

#include <stdint.h>
#include <triaged/model.h>

struct conf_price;
/* The sum is rounded once, half to even. The tier is chosen by the whole prompt (input + cache
 * read + cache write) and the date by at_ms. No price: 0. 0 or negative on overflow. */
int price_of(const struct conf_price *prices, size_t count, const struct trg_usage *usage,
             int64_t at_ms, int64_t *ret_micros);

#endif
