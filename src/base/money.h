/*
 * Money in integer micro-dollars ("_micros"). All arithmetic is checked: what overflows is an
 * error, never a wrong number. Rounding is half to even.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdint.h>
#include <triaged/plugin.h>

#define MONEY_TEXT_MAX 32

int money_add(int64_t a, int64_t b, int64_t *ret); /* 0 or -1 */
int money_sub(int64_t a, int64_t b, int64_t *ret);
int money_mul(int64_t amount_micros, int64_t count, int64_t *ret);
/* amount * num / den, rounded half to even; den > 0. */
int money_scale(int64_t amount_micros, int64_t num, int64_t den, int64_t *ret);
/* "0.99", "1204.410000", "-3": at most six decimal places. 0 or -1. */
int money_parse(struct trg_str s, int64_t *ret_micros);
const char *money_format(int64_t micros, char out[MONEY_TEXT_MAX]); /* "37.620000", six places */
const char *money_human(int64_t micros, char out[MONEY_TEXT_MAX]);  /* "$37.62"; small: "$0.0012" */

#endif
