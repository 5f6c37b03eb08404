/*
 * A circuit breaker: after some failures in a row a model rests, twice as long each time it fails
 * again, and one success closes the circuit. Pure.
 */
#ifndef MODEL_BREAKER_H
#define MODEL_BREAKER_H

#include <stdint.h>

struct breaker {
  int failures;    /* in a row */
  int64_t rest_ms; /* length of the present rest */
  int64_t until_ms;
};
void breaker_init(struct breaker *b);
void breaker_failed(struct breaker *b, int64_t now_ms);
void breaker_worked(struct breaker *b);
/* 0: it may be asked; else how long it still rests. */
int64_t breaker_rest_ms(const struct breaker *b, int64_t now_ms);

#endif
