/* Tables below headings: escaped pipes, short rows, fences, missing parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "skill/skill.h"

static struct arena *a;

static int setup(void **state) {
  (void)state;
  a = arena_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(&a);
  return 0;
}

static void test_rows_of_the_table_below_the_heading(void **state) {
  (void)state;
  struct md_table t;
  assert_true(md_table_below(a,
                             "# Top\n\n| x |\n|---|\n| no |\n\n## Teams\n\nSome words.\n\n"
                             "| Team | Handles |\r\n| :--- | ---: |\r\n| billing | money |\r\n"
                             "| tech |\r\n| a | b | c |\n\n| not | here |\n",
                             "teams", &t));
  assert_int_equal(t.columns, 2);
  assert_int_equal(t.rows, 3);
  assert_int_equal(md_column(&t, "HANDLES"), 1);
  assert_int_equal(md_column(&t, "nothing"), -1);
  assert_string_equal(t.cells[1], "money");
  assert_string_equal(t.cells[2], "tech");
  assert_string_equal(t.cells[3], ""); /* a short row */
  assert_string_equal(t.cells[5], "b");
}

static void test_an_escaped_pipe_is_a_pipe_in_the_cell(void **state) {
  (void)state;
  struct md_table t;
  assert_true(md_table_below(a, "# T\n| a | b |\n|--|--|\n| x \\| y | z \\|\n", "T", &t));
  assert_string_equal(t.cells[0], "x | y");
  assert_string_equal(t.cells[1], "z |");
}

static void test_a_table_without_its_ruler_keeps_the_first_row(void **state) {
  (void)state;
  struct md_table t;
  assert_true(md_table_below(a, "# T\n| Name |\n| first |\n| second |\n", "T", &t));
  assert_int_equal(t.rows, 2);
  assert_string_equal(t.cells[0], "first");
}

static void test_a_heading_with_closing_marks_is_found(void **state) {
  (void)state;
  struct md_table t;
  assert_true(md_table_below(a, "## Teams ##\n| n |\n|-|\n| x |\n", "Teams", &t));
  assert_string_equal(t.cells[0], "x");
}

static void test_headings_inside_fences_are_none(void **state) {
  (void)state;
  struct md_table t;
  assert_false(md_table_below(a, "```\n# T\n| n |\n|-|\n| x |\n```\n", "T", &t));
  assert_false(md_table_below(a, "~~~\n# T\n| n |\n|-|\n| x |\n~~~\n", "T", &t));
  assert_true(md_table_below(a, "~~~\n```\n~~~\n# T\n| n |\n|-|\n| x |\n", "T", &t));
}

static void test_what_is_missing_is_said(void **state) {
  (void)state;
  struct md_table t;
  static const char *const texts[] = {"",
                                      "# T\n",
                                      "# T",
                                      "# T\nno table\n",
                                      "# T\n|\n",
                                      "# T\n| head |\n|---|\n",
                                      "T\n| a |\n|-|\n| b |\n",
                                      "# T\n## U\n| a |\n|-|\n| b |\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (md_table_below(a, texts[i], "T", &t)) fail_msg("%s", texts[i]);
}

static void test_wide_and_long_tables_are_cut_at_their_limits(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 1 << 20);
  buf_text(&b, "# T\n");
  for (int i = 0; i < 40; i++) buf_text(&b, "| c ");
  buf_text(&b, "|\n|---|\n");
  for (int i = 0; i < 700; i++) buf_text(&b, "| v | w |\n");
  char *text = buf_take(&b, NULL);
  struct md_table t;
  assert_true(md_table_below(a, text, "T", &t));
  assert_int_equal(t.columns, 16);
  assert_int_equal(t.rows, 512);
  assert_string_equal(t.cells[511 * 16 + 1], "w");
  assert_string_equal(t.cells[511 * 16 + 15], "");
  mem_free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_rows_of_the_table_below_the_heading),
      TEST(test_an_escaped_pipe_is_a_pipe_in_the_cell),
      TEST(test_a_table_without_its_ruler_keeps_the_first_row),
      TEST(test_a_heading_with_closing_marks_is_found),
      TEST(test_headings_inside_fences_are_none),
      TEST(test_what_is_missing_is_said),
      TEST(test_wide_and_long_tables_are_cut_at_their_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
