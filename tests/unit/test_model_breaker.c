/* The circuit breaker and prices: pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "conf/conf.h"
#include "model/breaker.h"
#include "model/price.h"

static void fail_times(struct breaker *b, int n, int64_t now_ms) {
  for (int i = 0; i < n; i++) breaker_failed(b, now_ms);
}

static void test_some_failures_in_a_row_open_the_circuit_and_one_success_closes_it(void **state) {
  (void)state;
  struct breaker b;
  breaker_init(&b);
  fail_times(&b, 7, 1000);
  assert_int_equal(breaker_rest_ms(&b, 1000), 0);
  fail_times(&b, 1, 1000);
  assert_int_equal(breaker_rest_ms(&b, 1000), 1000);
  assert_int_equal(breaker_rest_ms(&b, 2000), 0);
  breaker_worked(&b);
  fail_times(&b, 7, 3000);
  assert_int_equal(breaker_rest_ms(&b, 3000), 0);
}

static void test_each_failure_after_a_rest_doubles_it_up_to_a_minute(void **state) {
  (void)state;
  struct breaker b;
  int64_t now = 1000, rest = 0;
  breaker_init(&b);
  fail_times(&b, 8, now);
  for (int i = 0; i < 10; i++) {
    rest = breaker_rest_ms(&b, now);
    now += rest;
    breaker_failed(&b, now);
  }
  assert_int_equal(breaker_rest_ms(&b, now), 60000);
}

static void test_calls_that_were_under_way_do_not_lengthen_the_rest(void **state) {
  (void)state;
  struct breaker b;
  breaker_init(&b);
  fail_times(&b, 40, 1000);
  assert_int_equal(breaker_rest_ms(&b, 1000), 1000);
}

/* The tiered price of a small model: dearer for the whole request above 100,000 tokens. */
static const struct conf_price tiers[] = {{.input_micros = 100000,
                                           .output_micros = 500000,
                                           .cache_read_micros = 10000,
                                           .has_cache_read = true},
                                          {.above_tokens = 100000,
                                           .input_micros = 500000,
                                           .output_micros = 2500000,
                                           .cache_read_micros = 50000,
                                           .has_cache_read = true}};

static int64_t cost(const struct conf_price *p, size_t n, struct trg_usage u, int64_t at_ms) {
  int64_t micros = -1;
  assert_int_equal(price_of(p, n, &u, at_ms, &micros), 0);
  return micros;
}

static void test_a_call_costs_its_tokens_rounded_once(void **state) {
  (void)state;
  /* 3,000 in and 250 out at 0.10 and 0.50 dollars a million: 425 micro-dollars. */
  assert_int_equal(cost(tiers, 2, (struct trg_usage){.input = 3000, .output = 250}, 0), 425);
  /* Half to even: 0.5 micro-dollars is 0, 1.5 is 2. */
  assert_int_equal(cost(tiers, 2, (struct trg_usage){.input = 5}, 0), 0);
  assert_int_equal(cost(tiers, 2, (struct trg_usage){.input = 15}, 0), 2);
}

static void test_the_whole_prompt_chooses_the_tier(void **state) {
  (void)state;
  const struct trg_usage edge = {.input = 50000, .cache_read = 50000};
  assert_int_equal(cost(tiers, 2, edge, 0), 5000 + 500);
  const struct trg_usage over = {.input = 50001, .cache_read = 50000};
  assert_int_equal(cost(tiers, 2, over, 0), 25000 + 2500); /* 27,500.5: to even */
}

static void test_cache_writes_without_a_price_cost_as_input(void **state) {
  (void)state;
  assert_int_equal(cost(tiers, 1, (struct trg_usage){.cache_write = 1000000}, 0), 100000);
}

static void test_the_price_in_force_is_the_newest_that_has_begun(void **state) {
  (void)state;
  const struct conf_price dated[] = {{.from_ms = 0, .input_micros = 1000000},
                                     {.from_ms = 5000, .input_micros = 2000000}};
  const struct trg_usage u = {.input = 1000000};
  assert_int_equal(cost(dated, 2, u, 4999), 1000000);
  assert_int_equal(cost(dated, 2, u, 5000), 2000000);
  assert_int_equal(cost(NULL, 0, u, 5000), 0);
}

static void test_an_amount_beyond_measure_is_an_error_and_no_wrong_number(void **state) {
  (void)state;
  int64_t micros = 7;
  const struct trg_usage u = {.input = INT64_MAX / 2};
  assert_int_equal(price_of(tiers, 2, &u, 0, &micros), -1);
}

static void test_a_batched_call_costs_its_share_rounded_once(void **state) {
  (void)state;
  const struct conf_price price = {
      .input_micros = 100001, .output_micros = 500000, .batch_millionths = 500000};
  const struct trg_usage usage = {.input = 1000000, .output = 3};
  int64_t full = 0, half = 0;
  assert_int_equal(price_of_call(&price, 1, &usage, 0, false, &full), 0);
  assert_int_equal(price_of_call(&price, 1, &usage, 0, true, &half), 0);
  assert_int_equal(full, 100002); /* 100,001 + 1.5, to even */
  assert_int_equal(half, 50001);  /* 50,000.5 + 0.75 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_some_failures_in_a_row_open_the_circuit_and_one_success_closes_it),
      cmocka_unit_test(test_a_batched_call_costs_its_share_rounded_once),
      cmocka_unit_test(test_each_failure_after_a_rest_doubles_it_up_to_a_minute),
      cmocka_unit_test(test_calls_that_were_under_way_do_not_lengthen_the_rest),
      cmocka_unit_test(test_a_call_costs_its_tokens_rounded_once),
      cmocka_unit_test(test_the_whole_prompt_chooses_the_tier),
      cmocka_unit_test(test_cache_writes_without_a_price_cost_as_input),
      cmocka_unit_test(test_the_price_in_force_is_the_newest_that_has_begun),
      cmocka_unit_test(test_an_amount_beyond_measure_is_an_error_and_no_wrong_number),
  };
  return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
