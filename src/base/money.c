#include "base/money.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MICROS INT64_C(1000000)

int money_add(int64_t a, int64_t b, int64_t *ret) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return -1;
  *ret = sum;
  return 0;
}

int money_sub(int64_t a, int64_t b, int64_t *ret) {
  int64_t rest;
  if (__builtin_sub_overflow(a, b, &rest)) return -1;
  *ret = rest;
  return 0;
}

int money_mul(int64_t amount_micros, int64_t count, int64_t *ret) {
  int64_t product;
  if (__builtin_mul_overflow(amount_micros, count, &product)) return -1;
  *ret = product;
  return 0;
}

int money_scale(int64_t amount_micros, int64_t num, int64_t den, int64_t *ret) {
  if (den <= 0) return -1;
  const __int128 product = (__int128)amount_micros * num;
  __int128 quotient = product / den;
  __int128 rest = product % den;
  const int sign = product < 0 ? -1 : 1;
  if (rest < 0) rest = -rest;
  const bool up = 2 * rest > den || (2 * rest == den && quotient % 2 != 0);
  if (up) quotient += sign;
  if (quotient > INT64_MAX || quotient < INT64_MIN) return -1;
  *ret = (int64_t)quotient;
  return 0;
}

/* value * 10 + digit, away from zero. */
static int push_digit(int64_t *value, int digit, bool minus) {
  if (__builtin_mul_overflow(*value, (int64_t)10, value)) return -1;
  return __builtin_add_overflow(*value, (int64_t)(minus ? -digit : digit), value) ? -1 : 0;
}

/* Digits from *i on into *value; how many there were, or -1 when they do not fit. */
static int push_digits(struct trg_str s, size_t *i, int64_t *value, bool minus) {
  int n = 0;
  for (; *i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9'; n++)
    if (push_digit(value, s.p[(*i)++] - '0', minus) != 0) return -1;
  return n;
}

int money_parse(struct trg_str s, int64_t *ret_micros) {
  const bool minus = s.n > 0 && s.p[0] == '-';
  size_t i = minus ? 1 : 0;
  int64_t value = 0;
  int places = 0;
  if (push_digits(s, &i, &value, minus) < 1) return -1;
  if (i < s.n && s.p[i] == '.') {
    i++;
    places = push_digits(s, &i, &value, minus);
    if (places < 1 || places > 6) return -1;
  }
  if (i < s.n) return -1;
  for (; places < 6; places++)
    if (push_digit(&value, 0, minus) != 0) return -1;
  *ret_micros = value;
  return 0;
}

static uint64_t magnitude(int64_t micros) {
  return micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
}

const char *money_format(int64_t micros, char out[MONEY_TEXT_MAX]) {
  const uint64_t m = magnitude(micros);
  (void)snprintf(out, MONEY_TEXT_MAX, "%s%" PRIu64 ".%06" PRIu64, micros < 0 ? "-" : "",
                 m / (uint64_t)MICROS, m % (uint64_t)MICROS);
  return out;
}

/* Cents when the amount has whole cents or is at least a dollar; below that what is needed of the
 * six places, so that the price of one model call does not read as $0.00. */
const char *money_human(int64_t micros, char out[MONEY_TEXT_MAX]) {
  uint64_t m = magnitude(micros);
  const char *sign = micros < 0 ? "-" : "";
  if (m >= (uint64_t)MICROS || m % 10000 == 0) {
    const uint64_t rest = m % 10000;
    uint64_t cents = m / 10000;
    if (rest > 5000 || (rest == 5000 && cents % 2 == 1)) cents++;
    (void)snprintf(out, MONEY_TEXT_MAX, "%s$%" PRIu64 ".%02" PRIu64, sign, cents / 100,
                   cents % 100);
    return out;
  }
  (void)snprintf(out, MONEY_TEXT_MAX, "%s$0.%06" PRIu64, sign, m);
  size_t n = strlen(out);
  while (n > 2 && out[n - 1] == '0') out[--n] = '\0';
  return out;
}
