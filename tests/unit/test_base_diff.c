/* Texts are compared word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/diff.h"
#include "base/mem.h"
#include "base/str.h"

/* "same -gone +new", one letter of a kind before each run. */
static void differs(const char *old, const char *new, const char *want) {
  struct arena *a = arena_new();
  struct diff_run *runs = NULL;
  const size_t n = diff_words(str_of(old), str_of(new), a, &runs);
  struct buf b;
  buf_init(&b, 0);
  for (size_t i = 0; i < n; i++) {
    buf_char(&b, "=-+"[runs[i].kind]);
    buf_str(&b, runs[i].text);
  }
  assert_string_equal(b.n > 0 ? b.p : "", want);
  buf_free(&b);
  arena_free(&a);
}

static void test_runs_are_what_stayed_went_and_came(void **state) {
  (void)state;
  differs("", "", "");
  differs("a b c", "a b c", "=a b c");
  differs("a b c", "a x c", "=a -b +x =c");
  differs("please send it", "send it now", "-please =send it +now");
  differs("one", "two three", "-one+two three");
  differs("keep this", "", "-keep this");
}

static void test_the_distance_is_a_share_of_words(void **state) {
  (void)state;
  assert_true(diff_distance(str_of("a b c d"), str_of("a b c d")) < 0.001);
  assert_true(diff_distance(str_of("a  b\nc"), str_of("a b c")) < 0.001); /* blanks do not count */
  assert_true(diff_distance(str_of("a b"), str_of("c d")) > 0.999);
  const double half = diff_distance(str_of("a b c d"), str_of("a b x y"));
  assert_true(half > 0.499 && half < 0.501);
  assert_true(diff_distance(str_of(""), str_of("")) < 0.001);
  assert_true(diff_distance(str_of(""), str_of("a")) > 0.999);
}

static void test_long_texts_are_bounded(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  for (int i = 0; i < 5000; i++) buf_text(&b, "word ");
  assert_true(diff_distance(buf_view(&b), buf_view(&b)) < 0.001);
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs_are_what_stayed_went_and_came),
                                     cmocka_unit_test(test_the_distance_is_a_share_of_words),
                                     cmocka_unit_test(test_long_texts_are_bounded)};
  return cmocka_run_group_tests_name("base diff", tests, NULL, NULL);
}
