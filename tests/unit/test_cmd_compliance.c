/* How long data is kept when several templates speak of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "cmd/compliance_check.h"
#include "conf/conf.h"

#define DAY INT64_C(86400000)

static struct kept kept[KEPT_MAX];
static size_t count;

static void resolve(int64_t ours_ms, struct keeping *a, struct keeping *b) {
  const struct conf c = {.keep_requests_ms = ours_ms};
  const struct template t[2] = {{.name = "a", .keeps = a, .keep_count = a != NULL},
                                {.name = "b", .keeps = b, .keep_count = b != NULL}};
  for (size_t i = 0; i < count; i++) buf_free(&kept[i].why);
  keeping_resolve(&c, t, 2, kept, &count);
}

static void test_the_duty_to_keep_goes_before_the_duty_to_delete(void **state) {
  (void)state;
  struct keeping keep = {.what = "requests", .least_ms = 365 * DAY, .cite = "rule A"};
  struct keeping drop = {.what = "requests", .most_ms = 30 * DAY, .cite = "rule B"};
  resolve(400 * DAY, &keep, &drop);
  assert_int_equal(count, 1);
  assert_true(kept[0].fine);
  assert_non_null(strstr(kept[0].why.p, "rule A"));
  assert_non_null(strstr(kept[0].why.p, "rule B"));
  assert_non_null(strstr(kept[0].why.p, "Art. 17(3)"));
  resolve(30 * DAY, &keep, &drop);
  assert_false(kept[0].fine);
}

static void test_alone_each_bound_counts(void **state) {
  (void)state;
  struct keeping keep = {.what = "requests", .least_ms = 365 * DAY, .cite = "rule A"};
  struct keeping drop = {.what = "requests", .most_ms = 30 * DAY, .cite = "rule B"};
  resolve(364 * DAY, &keep, NULL);
  assert_false(kept[0].fine);
  resolve(0, &keep, NULL); /* always */
  assert_true(kept[0].fine);
  resolve(0, &drop, NULL);
  assert_false(kept[0].fine);
  resolve(30 * DAY, &drop, NULL);
  assert_true(kept[0].fine);
}

static void test_the_longest_least_and_the_shortest_most_bind(void **state) {
  (void)state;
  struct keeping a = {.what = "requests", .least_ms = 10 * DAY, .cite = "short"};
  struct keeping b = {.what = "requests", .least_ms = 20 * DAY, .cite = "long"};
  resolve(15 * DAY, &a, &b);
  assert_false(kept[0].fine);
  assert_non_null(strstr(kept[0].why.p, "long"));
}

static void test_what_no_template_speaks_of_is_not_listed(void **state) {
  (void)state;
  resolve(DAY, NULL, NULL);
  assert_int_equal(count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_duty_to_keep_goes_before_the_duty_to_delete),
      cmocka_unit_test(test_alone_each_bound_counts),
      cmocka_unit_test(test_the_longest_least_and_the_shortest_most_bind),
      cmocka_unit_test(test_what_no_template_speaks_of_is_not_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
