#include "net/limit.h"
#include "test_net_help.h"

static void test_an_unknown_bucket_lets_everything_go(void **state) {
  (void)state;
  struct limit *l = limit_new();
  assert_int_equal(limit_take(l, "a", 1000), 0);
  limit_told(l, "a", -1, 5000, 1000);
  assert_int_equal(limit_take(l, "a", 1000), 0);
  assert_int_equal(limit_waiting_ms(l, 1000), 0);
  limit_free(&l);
  assert_null(l);
}

static void test_what_remains_is_counted_down_and_then_held_until_the_reset(void **state) {
  (void)state;
  struct limit *l = limit_new();
  limit_told(l, "a", 2, 5000, 1000);
  assert_int_equal(limit_take(l, "a", 1100), 0);
  assert_int_equal(limit_take(l, "a", 1200), 0);
  assert_int_equal(limit_take(l, "a", 1300), 4700);
  assert_int_equal(limit_waiting_ms(l, 1300), 4700);
  assert_int_equal(limit_take(l, "b", 1300), 0);
  assert_int_equal(limit_take(l, "a", 6000), 0);
  assert_int_equal(limit_waiting_ms(l, 6000), 0);
  limit_free(&l);
}

static void test_a_late_answer_does_not_give_back_what_was_taken_since(void **state) {
  (void)state;
  struct limit *l = limit_new();
  limit_told(l, "a", 3, 10000, 0);
  for (int i = 0; i < 3; i++) assert_int_equal(limit_take(l, "a", 10), 0);
  limit_told(l, "a", 2, 9800, 20); /* counted by the peer before our last two arrived */
  assert_int_not_equal(limit_take(l, "a", 30), 0);
  limit_told(l, "a", 50, 60000, 40); /* another window */
  assert_int_equal(limit_take(l, "a", 50), 0);
  limit_free(&l);
}

static void test_told_to_wait_holds_and_a_later_reset_prolongs(void **state) {
  (void)state;
  struct limit *l = limit_new();
  limit_told(l, NULL, 0, 1000, 0);
  assert_int_equal(limit_take(l, "", 0), 1000);
  limit_told(l, "", -1, 3000, 500);
  assert_int_equal(limit_take(l, NULL, 500), 3000);
  limit_told(l, "", 0, INT64_MAX, 500); /* absurd values are cut, not overflowed */
  assert_true(limit_take(l, NULL, 500) > 0);
  limit_told(l, "", 0, -5, 600);
  assert_int_equal(limit_take(l, NULL, 600), 0);
  limit_free(&l);
}

static void test_the_number_of_buckets_has_an_end(void **state) {
  (void)state;
  struct limit *l = limit_new();
  char name[16];
  for (int i = 0; i < 1000; i++) {
    (void)snprintf(name, sizeof name, "b%d", i);
    limit_told(l, name, 0, 1000, 0);
  }
  assert_int_equal(limit_take(l, "b0", 0), 1000);
  assert_int_equal(limit_take(l, "b999", 0), 0);
  limit_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_unknown_bucket_lets_everything_go),
      cmocka_unit_test(test_what_remains_is_counted_down_and_then_held_until_the_reset),
      cmocka_unit_test(test_a_late_answer_does_not_give_back_what_was_taken_since),
      cmocka_unit_test(test_told_to_wait_holds_and_a_later_reset_prolongs),
      cmocka_unit_test(test_the_number_of_buckets_has_an_end),
  };
  return cmocka_run_group_tests_name("net_limit", tests, NULL, NULL);
}
