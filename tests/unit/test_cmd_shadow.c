/* Adding up what shadow models said: agreement and likeness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/shadow_sum.h"
#include "cmd/similar.h"
#include "store/shadow.h"

static double alike(const char *a, const char *b) {
  return text_similar(str_of(a), str_of(b));
}

static void test_likeness_counts_words_in_order(void **state) {
  (void)state;
  assert_true(alike("", "") == 1);
  assert_true(alike("one two", "") == 0);
  assert_true(alike("One, TWO three!", "one two (three)") == 1);
  assert_true(alike("one two three four", "one two") == 2.0 * 2 / 6);
  assert_true(alike("a b c d", "d c b a") == 2.0 * 1 / 8);
  assert_true(alike("Größe über alles", "GRÖßE ÜBER alles") == 1);
}

static void test_citation_marks_are_no_words(void **state) {
  (void)state;
  assert_true(alike("It takes 30 days [kb:returns#2].", "It takes 30 days.") == 1);
  assert_true(alike("see [note below]", "see note below") == 1);
}

static struct shadow_pair pair(const char *stage, const char *live, const char *answer) {
  return (struct shadow_pair){.shadow = {.pass = 1,
                                         .stage = stage,
                                         .model = "gpt",
                                         .outcome = "ok",
                                         .answer = answer,
                                         .cost_micros = 5,
                                         .latency_us = 3000},
                              .ref = "shop/1",
                              .live = live,
                              .live_model = "haiku",
                              .live_cost_micros = 7,
                              .live_latency_us = 1000,
                              .sent = ""};
}

static void test_fields_are_compared_without_case_and_gaps_are_listed(void **state) {
  (void)state;
  struct shadow_sum s = {.arena = arena_new()};
  struct shadow_pair p = pair("triage",
                              "{\"category\":\"billing\",\"team\":\"A\",\"wants_human\":true}",
                              "{\"category\":\"Billing\",\"team\":\"B\",\"wants_human\":false}");
  shadow_sum_add(&s, &p);
  assert_int_equal(s.row_count, 1);
  assert_int_equal(s.rows[0].field[0].n, 1);
  assert_int_equal(s.rows[0].field[0].same, 1);
  assert_int_equal(s.gap_count, 2);
  assert_string_equal(s.gaps[0].field, "team");
  assert_string_equal(s.gaps[1].live, "true");
  assert_string_equal(s.gaps[1].shadow, "false");
  assert_int_equal(s.rows[0].cost_micros, 5);
  assert_int_equal(s.rows[0].live_cost_micros, 7);
  assert_true(shadow_rank_ms(s.rows[0].us, s.rows[0].us_count, 0.5) == 3.0);
  arena_free(&s.arena);
}

static void test_what_was_not_asked_or_failed_is_counted_apart(void **state) {
  (void)state;
  static const char *const words[] = {"busy", "budget", "failed", "refused", "unsure"};
  struct shadow_sum s = {.arena = arena_new()};
  for (size_t i = 0; i < 5; i++) {
    struct shadow_pair p = pair("draft", "{\"body\":\"x\"}", "{\"body\":\"x\"}");
    p.shadow.outcome = words[i];
    shadow_sum_add(&s, &p);
  }
  assert_int_equal(s.rows[0].skipped, 2);
  assert_int_equal(s.rows[0].failed, 2);
  assert_int_equal(s.rows[0].asked, 3);
  assert_int_equal(s.rows[0].answered, 1);
  assert_int_equal(s.rows[0].unsure, 1);
  assert_int_equal(s.rows[0].like_live.n, 1);
  assert_int_equal(s.rows[0].like_sent.n, 0);
  arena_free(&s.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_likeness_counts_words_in_order),
      cmocka_unit_test(test_citation_marks_are_no_words),
      cmocka_unit_test(test_fields_are_compared_without_case_and_gaps_are_listed),
      cmocka_unit_test(test_what_was_not_asked_or_failed_is_counted_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
