#include "model/price.h"

#include <stddef.h>

#include "base/money.h"
#include "conf/conf.h"

/* The newest price in force at that moment whose tier the prompt reaches. */
static const struct conf_price *price_pick(const struct conf_price *prices, size_t count,
                                           int64_t prompt_tokens, int64_t at_ms) {
  const struct conf_price *best = NULL;
  for (size_t i = 0; i < count; i++) {
    const struct conf_price *p = &prices[i];
    if (p->from_ms > at_ms || prompt_tokens < p->above_tokens) continue;
    if (p->above_tokens > 0 && prompt_tokens == p->above_tokens) continue;
    if (best == NULL || p->from_ms > best->from_ms ||
        (p->from_ms == best->from_ms && p->above_tokens >= best->above_tokens))
      best = p;
  }
  return best;
}

int price_of(const struct conf_price *prices, size_t count, const struct trg_usage *usage,
             int64_t at_ms, int64_t *ret_micros) {
  return price_of_call(prices, count, usage, at_ms, false, ret_micros);
}

int price_of_call(const struct conf_price *prices, size_t count, const struct trg_usage *usage,
                  int64_t at_ms, bool batched, int64_t *ret_micros) {
  const int64_t prompt = usage->input + usage->cache_read + usage->cache_write;
  const struct conf_price *p = price_pick(prices, count, prompt, at_ms);
  if (p == NULL) {
    *ret_micros = 0;
    return 0;
  }
  const int64_t read = p->has_cache_read ? p->cache_read_micros : p->input_micros;
  const int64_t write = p->has_cache_write ? p->cache_write_micros : p->input_micros;
  const struct {
    int64_t tokens, micros;
  } parts[] = {{usage->input, p->input_micros},
               {usage->output, p->output_micros},
               {usage->cache_read, read},
               {usage->cache_write, write}};
  /* Summed in micro-dollars per million tokens and rounded once. */
  int64_t sum = 0;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    int64_t part = 0;
    if (money_mul(parts[i].micros, parts[i].tokens, &part) < 0 || money_add(sum, part, &sum) < 0)
      return -1;
  }
  if (batched) return money_scale(sum, p->batch_millionths, INT64_C(1000000000000), ret_micros);
  return money_scale(sum, 1, 1000000, ret_micros);
}
