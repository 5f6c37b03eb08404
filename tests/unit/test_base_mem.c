/* Memory: arenas and copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static void test_new_memory_is_zero(void **state) {
  (void)state;
  unsigned char *p = mem_alloc(1000);
  for (size_t i = 0; i < 1000; i++) assert_int_equal(p[i], 0);
  mem_free(p);
  mem_free(NULL);
  p = mem_alloc(0);
  assert_non_null(p);
  mem_free(p);
}

static void test_copies_end_in_nul_and_keep_inner_nul(void **state) {
  (void)state;
  char *copy = mem_dup_str((struct trg_str){"a\0b", 3});
  assert_memory_equal(copy, "a\0b", 4);
  mem_free(copy);
  assert_null(mem_dup(NULL));
  copy = mem_dup_str((struct trg_str){NULL, 0});
  assert_string_equal(copy, "");
  mem_free(copy);
}

static void test_arena_pieces_are_aligned_zeroed_and_apart(void **state) {
  (void)state;
  struct arena *a = arena_new();
  unsigned char *pieces[3000];
  size_t sizes[3000];
  for (size_t i = 0; i < 3000; i++) {
    sizes[i] = i % 7 == 0 ? i * 5 : i % 40;
    pieces[i] = arena_alloc(a, sizes[i]);
    assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], 0);
    memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
  }
  for (size_t i = 0; i < 3000; i++)
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], i % 251 + 1);
  arena_free(&a);
  assert_null(a);
  arena_free(&a);
}

static void test_an_arena_lives_until_its_last_owner_frees_it(void **state) {
  (void)state;
  struct arena *maker = arena_new();
  const char *text = arena_dup(maker, TRG_STR("held"));
  struct arena *second = arena_hold(maker), *third = arena_hold(maker);
  arena_free(&maker);
  assert_null(maker);
  assert_string_equal(text, "held");
  assert_string_equal(arena_dup(second, TRG_STR("more")), "more");
  arena_free(&third);
  assert_string_equal(text, "held"); /* the sanitizer's checks see a free too early or too late */
  arena_free(&second);
  assert_null(second);
}

static void test_arena_text(void **state) {
  (void)state;
  struct arena *a = arena_new();
  assert_string_equal(arena_printf(a, "%s-%d", "x", 42), "x-42");
  const struct trg_str s = arena_str(a, TRG_STR("slice"));
  assert_int_equal(s.n, 5);
  assert_int_equal(s.p[5], 0);
  char *large = arena_alloc(a, (size_t)1 << 20);
  large[(1 << 20) - 1] = 'x';
  assert_string_equal(arena_dup(a, TRG_STR("after")), "after");
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_new_memory_is_zero),
      cmocka_unit_test(test_copies_end_in_nul_and_keep_inner_nul),
      cmocka_unit_test(test_arena_pieces_are_aligned_zeroed_and_apart),
      cmocka_unit_test(test_arena_text),
      cmocka_unit_test(test_an_arena_lives_until_its_last_owner_frees_it),
  };
  return cmocka_run_group_tests_name("base_mem", tests, NULL, NULL);
}
