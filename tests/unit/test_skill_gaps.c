/* Questions without an answer are put together, and an article is proposed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "skill/gaps.h"
#include "store/question.h"

static const struct question list[] = {
    {"shop/9", "Tubeless tyres", "product-question", "en",
     "Can I mount tubeless tyres on the front wheel?", "[]", "", 9},
    {"shop/8", "Engraving", "product-question", "en", "Do you engrave a name on the frame?",
     "[\"which frame\"]", "", 8},
    {"shop/7", "Tyres", "product-question", "en",
     "Hello, I want to mount tubeless tyres, does the wheel allow it?", "[\"wheel size\"]",
     "Yes, from model 3 on.\nUse the blue tape.", 7},
    {"shop/6", "Front wheel tubeless", "product-question", "en",
     "tubeless tyres: can I mount them?", "[]", "", 6}};

static void test_tickets_of_one_question_are_one_gap_the_largest_first(void **state) {
  (void)state;
  struct arena *a = arena_new();
  struct gap *gaps = NULL;
  assert_int_equal(gaps_find(list, 4, a, &gaps), 2);
  assert_int_equal(gaps[0].count, 3);
  assert_string_equal(gaps[0].tickets[0]->ref, "shop/9");
  assert_non_null(strstr(gaps[0].slug, "tubeless"));
  assert_int_equal(gaps[1].count, 1);
  assert_string_equal(gaps[1].title, "Engraving");
  assert_int_equal(gaps_find(list, 0, a, &gaps), 0);
  arena_free(&a);
}

static void test_the_article_has_questions_answers_and_what_was_missing(void **state) {
  (void)state;
  struct arena *a = arena_new();
  struct gap *gaps = NULL;
  (void)gaps_find(list, 4, a, &gaps);
  char *text = gap_article(&gaps[0]);
  assert_int_equal(strncmp(text, "---\ntitle: \"", 12), 0);
  assert_non_null(strstr(text, "Proposed from 3 tickets"));
  assert_non_null(strstr(text, "> Can I mount tubeless tyres on the front wheel?"));
  assert_non_null(strstr(text, "## What was missing\n\n- wheel size\n"));
  assert_non_null(
      strstr(text, "answered to shop/7:\n\n> Yes, from model 3 on.\n> Use the blue tape."));
  mem_free(text);
  text = gap_article(&gaps[1]);
  assert_non_null(strstr(text, "Nobody has answered"));
  mem_free(text);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tickets_of_one_question_are_one_gap_the_largest_first),
      cmocka_unit_test(test_the_article_has_questions_answers_and_what_was_missing)};
  return cmocka_run_group_tests_name("skill gaps", tests, NULL, NULL);
}
