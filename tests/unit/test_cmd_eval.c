/* The scores of eval, on cases that can be checked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/eval.h"

static void near(double is, double ought) {
  if (fabs(is - ought) > 1e-9) fail_msg("%.12f is not %.12f", is, ought);
}

/* truth 0 0 0 1 1 2, guesses 0 0 1 1 2 2: F1 of 0 is 4/5, of 1 is 1/2, of 2 is 2/3. */
static void test_macro_f1_is_the_mean_over_labels(void **state) {
  static const struct scored a[] = {{0, 0, 1, 1000}, {0, 0, 1, 1000}, {0, 1, 1, 1000},
                                    {1, 1, 1, 1000}, {1, 2, 1, 1000}, {2, 2, 1, 1000}};
  struct eval_score s;
  (void)state;
  eval_score(a, 6, 0.5, &s);
  near(s.accuracy, 4.0 / 6);
  near(s.macro_f1, (4.0 / 5 + 1.0 / 2 + 2.0 / 3) / 3);
  assert_int_equal(s.decided, 6);
  near(s.precision, 4.0 / 6);
}

static void test_the_sure_share_is_the_largest_with_95_percent_right(void **state) {
  struct scored a[40];
  struct eval_score s;
  (void)state;
  /* 19 right and 1 wrong among the surest 20; after them half are wrong. */
  for (int i = 0; i < 40; i++)
    a[i] = (struct scored){0, i == 7 || (i >= 20 && i % 2 == 0) ? 1 : 0, 0.99 - 0.01 * i, 1};
  eval_score(a, 40, 0.5, &s);
  assert_int_equal(s.sure, 20);
  near(s.sure_precision, 0.95);
  /* Of one confidence, all or none are decided. */
  for (int i = 0; i < 40; i++) a[i].confidence = 0.7;
  eval_score(a, 40, 0.5, &s);
  assert_int_equal(s.sure, 0);
  assert_true(isnan(s.sure_precision));
}

static void test_pass_k_needs_every_run_right(void **state) {
  static const struct scored a[] = {{0, 0, 1, 1}, {1, 1, 1, 1}, {0, 0, 1, 1}, {1, 0, 1, 1}};
  (void)state;
  near(eval_pass(a, 2, 2), 0.5);
  near(eval_pass(a, 2, 1), 1);
  near(eval_error(0.5, 100), 0.05);
}

/* A label that is only guessed counts with an F1 of 0; one that is nowhere does not count. */
static void test_macro_f1_counts_labels_that_occur(void **state) {
  static const struct scored a[] = {{0, 0, 1, 1}, {0, 5, 1, 1}};
  struct eval_score s;
  (void)state;
  eval_score(a, 2, 0, &s);
  near(s.macro_f1, (2.0 / 3 + 0) / 2);
}

/* Two in the bin of 0.9 (one right), two in that of 0.3 (both right):
 * |0.9 - 0.5| / 2 + |0.3 - 1| / 2. */
static void test_calibration_error_is_the_gap_in_each_bin(void **state) {
  static const struct scored a[] = {{0, 0, 0.9, 1}, {0, 1, 0.9, 1}, {1, 1, 0.3, 1}, {1, 1, 0.3, 1}};
  struct eval_score s;
  (void)state;
  eval_score(a, 4, 0.85, &s);
  near(s.ece, 0.4 / 2 + 0.7 / 2);
  assert_int_equal(s.decided, 2);
  near(s.precision, 0.5);
}

static void test_perfect_calibration_has_no_error(void **state) {
  struct scored a[10];
  struct eval_score s;
  (void)state;
  for (int i = 0; i < 10; i++) a[i] = (struct scored){0, i < 7 ? 0 : 1, 0.7, 1};
  eval_score(a, 10, 0.7, &s);
  near(s.ece, 0);
  assert_int_equal(s.decided, 10);
}

static void test_no_answer_is_wrong_and_unsure(void **state) {
  static const struct scored a[] = {{0, 0, 1, 3000}, {0, -1, 0.99, 900000}};
  struct eval_score s;
  (void)state;
  eval_score(a, 2, 0, &s);
  near(s.accuracy, 0.5);
  near(s.macro_f1, 2.0 / 3);
  near(s.ece, 0);
  assert_int_equal(s.answered, 1);
  assert_int_equal(s.decided, 1);
  near(s.precision, 1);
  near(s.p99_ms, 3);
}

static void test_nothing_decided_has_no_precision(void **state) {
  static const struct scored a[] = {{0, 0, 0.2, 1}};
  struct eval_score s;
  (void)state;
  eval_score(a, 1, 0.9, &s);
  assert_int_equal(s.decided, 0);
  assert_true(isnan(s.precision));
}

static void test_latency_is_by_nearest_rank(void **state) {
  struct scored a[100];
  struct eval_score s;
  (void)state;
  for (int i = 0; i < 100; i++) a[i] = (struct scored){0, 0, 1, (100 - i) * 1000};
  eval_score(a, 100, 0, &s);
  near(s.p50_ms, 50);
  near(s.p99_ms, 99);
}

static void test_labels_are_numbered_once_whatever_their_case(void **state) {
  struct score_labels l = {.arena = arena_new()};
  char name[16];
  (void)state;
  assert_int_equal(score_label(&l, TRG_STR("Billing")), 0);
  assert_int_equal(score_label(&l, TRG_STR("how-to")), 1);
  assert_int_equal(score_label(&l, TRG_STR("billing")), 0);
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "l%d", i);
    assert_int_equal(score_label(&l, str_of(name)), 2 + i);
  }
  assert_int_equal(score_label(&l, TRG_STR("L150")), 152);
  assert_int_equal(score_label(&l, TRG_STR("billing")), 0);
  arena_free(&l.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_macro_f1_is_the_mean_over_labels),
      cmocka_unit_test(test_macro_f1_counts_labels_that_occur),
      cmocka_unit_test(test_the_sure_share_is_the_largest_with_95_percent_right),
      cmocka_unit_test(test_pass_k_needs_every_run_right),
      cmocka_unit_test(test_calibration_error_is_the_gap_in_each_bin),
      cmocka_unit_test(test_perfect_calibration_has_no_error),
      cmocka_unit_test(test_no_answer_is_wrong_and_unsure),
      cmocka_unit_test(test_nothing_decided_has_no_precision),
      cmocka_unit_test(test_latency_is_by_nearest_rank),
      cmocka_unit_test(test_labels_are_numbered_once_whatever_their_case)};
  return cmocka_run_group_tests_name("cmd eval", tests, NULL, NULL);
}
