#include "model/breaker.h"

#define FAILURES_MAX  8
#define REST_FIRST_MS 1000
#define REST_MAX_MS   60000

void breaker_init(struct breaker *b) {
  *b = (struct breaker){0};
}

void breaker_failed(struct breaker *b, int64_t now_ms) {
  if (b->until_ms > now_ms) return; /* of a call that was under way before the rest */
  b->failures++;
  if (b->failures < FAILURES_MAX) return;
  b->rest_ms = b->rest_ms == 0 ? REST_FIRST_MS : b->rest_ms * 2;
  if (b->rest_ms > REST_MAX_MS) b->rest_ms = REST_MAX_MS;
  b->until_ms = now_ms + b->rest_ms;
  b->failures = FAILURES_MAX - 1; /* one more failure after the rest opens it again */
}

void breaker_worked(struct breaker *b) {
  *b = (struct breaker){0};
}

int64_t breaker_rest_ms(const struct breaker *b, int64_t now_ms) {
  return b->until_ms > now_ms ? b->until_ms - now_ms : 0;
}
