/* One copy of what request bodies share: common/head.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../plugins/models/common/head.h"

#define STABLE 20000

/* kind: which long text it begins with. own: of this call, at its end. */
static struct llm_text body_of(char kind, const char *own) {
  struct llm_text body = {0};
  for (size_t i = 0; i < STABLE; i++) llm_text_add(&body, &kind, 1);
  llm_text_put(&body, own);
  return body;
}

/* Takes the head off and checks that head and tail are the whole. */
static struct llm_head *take(struct llm_heads *heads, struct llm_text *body) {
  struct llm_text whole = {0};
  llm_text_add(&whole, body->p, body->n);
  struct llm_head *head = llm_head_take(heads, body);
  const struct trg_str first = llm_head_text(head);
  assert_int_equal(first.n + body->n, whole.n);
  if (first.n) assert_memory_equal(whole.p, first.p, first.n);
  assert_memory_equal(whole.p + first.n, body->p, body->n);
  llm_text_clear(&whole);
  return head;
}

static void test_the_second_body_alike_makes_the_head_and_all_share_it(void **state) {
  (void)state;
  struct llm_heads heads = {0};
  struct llm_text first = body_of('a', "1"), second = body_of('a', "2"), third = body_of('a', "3");
  assert_null(take(&heads, &first));
  struct llm_head *head = take(&heads, &second);
  assert_non_null(head);
  assert_true(second.n < 3000);
  struct llm_head *same = take(&heads, &third);
  assert_ptr_equal(same, head);
  assert_true(third.n < 3000);
  llm_head_drop(head);
  llm_head_drop(same);
  llm_text_clear(&first);
  llm_text_clear(&second);
  llm_text_clear(&third);
  llm_heads_clear(&heads);
}

static void test_what_differs_early_or_is_short_shares_nothing(void **state) {
  (void)state;
  struct llm_heads heads = {0};
  for (char kind = 'a'; kind < 'k'; kind++) { /* more than are remembered */
    struct llm_text body = body_of(kind, "x");
    assert_null(take(&heads, &body));
    llm_text_clear(&body);
  }
  for (int i = 0; i < 3; i++) {
    struct llm_text body = {0};
    llm_text_put(&body, "short");
    assert_null(take(&heads, &body));
    llm_text_clear(&body);
  }
  llm_heads_clear(&heads);
}

static void test_a_body_as_long_as_the_head_keeps_a_tail(void **state) {
  (void)state;
  struct llm_heads heads = {0};
  struct llm_text first = body_of('a', ""), second = body_of('a', "");
  assert_null(take(&heads, &first));
  struct llm_head *head = take(&heads, &second);
  assert_non_null(head);
  assert_true(second.n >= 1024);
  struct llm_text cut = {0};
  llm_text_add(&cut, llm_head_text(head).p, llm_head_text(head).n);
  assert_null(take(&heads, &cut)); /* nothing would be left for the tail */
  llm_head_drop(head);
  llm_text_clear(&first);
  llm_text_clear(&second);
  llm_text_clear(&cut);
  llm_heads_clear(&heads);
}

static void test_a_head_outlives_its_place_in_the_cache(void **state) {
  (void)state;
  struct llm_heads heads = {0};
  struct llm_text a = body_of('a', "1"), b = body_of('a', "2");
  (void)take(&heads, &a);
  struct llm_head *head = take(&heads, &b);
  for (char kind = 'b'; kind < 'z'; kind++)
    for (int i = 0; i < 2; i++) {
      struct llm_text body = body_of(kind, "x");
      llm_head_drop(take(&heads, &body));
      llm_text_clear(&body);
    }
  llm_heads_clear(&heads);
  const struct trg_str text = llm_head_text(head); /* the sanitizer sees a free too early */
  assert_int_equal(text.p[text.n - 1], 'a');
  llm_head_drop(head);
  llm_text_clear(&a);
  llm_text_clear(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_second_body_alike_makes_the_head_and_all_share_it),
      cmocka_unit_test(test_what_differs_early_or_is_short_shares_nothing),
      cmocka_unit_test(test_a_body_as_long_as_the_head_keeps_a_tail),
      cmocka_unit_test(test_a_head_outlives_its_place_in_the_cache),
  };
  return cmocka_run_group_tests_name("llm_head", tests, NULL, NULL);
}
