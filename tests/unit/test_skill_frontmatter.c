/* Front matter: the block at the top, read leniently; nothing of a file is ever lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/frontmatter.h"

static struct frontmatter read_text(const char *text) {
  struct frontmatter f;
  frontmatter_read(str_of(text), "SKILL.md", &f);
  return f;
}

static const char *value(const struct frontmatter *f, const char *key) {
  const struct yaml *n = f->map != NULL ? yaml_get(f->map, key) : NULL;
  return n != NULL && n->kind == YAML_SCALAR ? n->text : NULL;
}

static void body_is(const struct frontmatter *f, const char *body, uint32_t line) {
  if (!str_is(f->body, body)) fail_msg("\"%.*s\"", (int)f->body.n, f->body.p);
  assert_int_equal(f->body_line, line);
}

static void test_keys_and_the_body_with_its_line(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\nname: returns\ndescription: \"How: to\"\n---\n# Body\n");
  assert_string_equal(value(&f, "name"), "returns");
  assert_string_equal(value(&f, "description"), "How: to");
  assert_false(f.repaired);
  body_is(&f, "# Body\n", 5);
  yaml_free(&f.map);
}

static void test_windows_line_ends_a_byte_order_mark_and_blanks_behind_the_fence(void **state) {
  (void)state;
  struct frontmatter f = read_text("\xef\xbb\xbf---  \r\nname: a\r\n--- \r\nbody\r\n");
  assert_string_equal(value(&f, "name"), "a");
  body_is(&f, "body\r\n", 4);
  yaml_free(&f.map);
}

static void test_a_file_without_a_block_is_all_body(void **state) {
  (void)state;
  static const char *const texts[] = {"",          "# Title\ntext",        "--\nname: x\n--\n",
                                      "----\nx\n", " ---\nname: x\n---\n", "---\nname: x\nno end"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct frontmatter f = read_text(texts[i]);
    assert_null(f.map);
    assert_false(f.repaired);
    body_is(&f, texts[i], 1);
  }
}

static void test_an_empty_block_is_a_map_without_keys(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\n---\nbody");
  assert_non_null(f.map);
  assert_int_equal(yaml_count(f.map), 0);
  body_is(&f, "body", 3);
  yaml_free(&f.map);
}

static void test_a_block_may_end_with_dots_or_with_the_file(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\nname: a\n...\nbody");
  assert_string_equal(value(&f, "name"), "a");
  body_is(&f, "body", 4);
  yaml_free(&f.map);
  f = read_text("---\nname: a\n---");
  assert_string_equal(value(&f, "name"), "a");
  body_is(&f, "", 4);
  yaml_free(&f.map);
}

static void test_values_that_yaml_refuses_are_read_line_by_line(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\nname: refunds\n"
                                   "description: Use when: a customer says \"refund\"\n"
                                   "  and \\ more\n# a comment\nlicense: 'it's: MIT'\n---\nB");
  assert_true(f.repaired);
  assert_string_equal(value(&f, "name"), "refunds");
  assert_string_equal(value(&f, "description"), "Use when: a customer says \"refund\" and \\ more");
  assert_string_equal(value(&f, "license"), "it's: MIT");
  body_is(&f, "B", 8);
  yaml_free(&f.map);
}

static void test_marks_of_block_texts_are_no_part_of_a_repaired_value(void **state) {
  (void)state;
  static const char *const marks[] = {">", "|", ">-", "|-", ">+", "|+"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    char text[128] = "---\nname: a: b\ndescription: ";
    strcat(text, marks[i]);
    strcat(text, "\n  first\n  second\n---\n");
    struct frontmatter f = read_text(text);
    assert_true(f.repaired);
    assert_string_equal(str_trim(str_of(value(&f, "description"))).p, "first second");
    yaml_free(&f.map);
  }
}

static void test_a_rule_between_two_lines_of_text_is_no_front_matter(void **state) {
  (void)state;
  static const char text[] = "---\nOur shop is open all week.\n---\nCall us.\n";
  struct frontmatter f = read_text(text);
  assert_null(f.map);
  assert_false(f.repaired);
  body_is(&f, text, 1);
}

static void test_a_block_that_is_a_list_is_no_front_matter(void **state) {
  (void)state;
  static const char text[] = "---\n- first step\n- second step\n---\nEnd.\n";
  struct frontmatter f = read_text(text);
  assert_null(f.map);
  body_is(&f, text, 1);
}

static void test_broken_utf8_in_the_block_loses_the_keys_and_keeps_the_body(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\nname: \xff\xfe\n---\nbody");
  assert_null(f.map);
  assert_true(f.repaired);
  body_is(&f, "body", 4);
}

static void test_of_a_key_that_stands_twice_the_first_counts(void **state) {
  (void)state;
  struct frontmatter f = read_text("---\nname: first\nname: second\n---\nbody");
  assert_true(f.repaired);
  assert_string_equal(value(&f, "name"), "first");
  yaml_free(&f.map);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keys_and_the_body_with_its_line),
      cmocka_unit_test(test_windows_line_ends_a_byte_order_mark_and_blanks_behind_the_fence),
      cmocka_unit_test(test_a_file_without_a_block_is_all_body),
      cmocka_unit_test(test_an_empty_block_is_a_map_without_keys),
      cmocka_unit_test(test_a_block_may_end_with_dots_or_with_the_file),
      cmocka_unit_test(test_values_that_yaml_refuses_are_read_line_by_line),
      cmocka_unit_test(test_marks_of_block_texts_are_no_part_of_a_repaired_value),
      cmocka_unit_test(test_a_rule_between_two_lines_of_text_is_no_front_matter),
      cmocka_unit_test(test_a_block_that_is_a_list_is_no_front_matter),
      cmocka_unit_test(test_broken_utf8_in_the_block_loses_the_keys_and_keeps_the_body),
      cmocka_unit_test(test_of_a_key_that_stands_twice_the_first_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
