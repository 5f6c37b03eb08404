/* YAML: what the subset takes and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"

static void refused(struct trg_str text, uint32_t line, const char *why) {
  struct trg_err err = {0};
  struct yaml *y = yaml_parse(text, "x.yaml", &err);
  if (y != NULL) fail_msg("taken: %.*s", (int)(text.n < 80 ? text.n : 80), text.p);
  if (strstr(err.text, why) == NULL || err.line != line)
    fail_msg("\"%s\" (line %u) is not in \"%s\" (line %u)", why, line, err.text, err.line);
}

static void test_scalars_stay_the_text_that_was_written(void **state) {
  (void)state;
  struct yaml *y = yaml_parse(
      TRG_STR("a: NO\nb: 0012\nc: '1e5'\nd: ~\ne:\nf: \"x\\ny\"\ng: |\n  two\n"
              "  lines\n"),
      NULL, NULL);
  assert_non_null(y);
  assert_string_equal(yaml_get(y, "a")->text, "NO");
  assert_true(yaml_get(y, "a")->plain);
  assert_string_equal(yaml_get(y, "b")->text, "0012");
  assert_false(yaml_get(y, "c")->plain);
  assert_int_equal(yaml_get(y, "c")->line, 3);
  assert_true(yaml_is_null(yaml_get(y, "d")));
  assert_true(yaml_is_null(yaml_get(y, "e")));
  assert_true(yaml_is_null(yaml_get(y, "absent")));
  assert_false(yaml_is_null(yaml_get(y, "a")));
  assert_string_equal(yaml_get(y, "f")->text, "x\ny");
  assert_string_equal(yaml_get(y, "g")->text, "two\nlines\n");
  yaml_free(&y);
  assert_null(y);
  yaml_free(&y);
}

static void test_the_tree_has_lines_keys_and_parents(void **state) {
  (void)state;
  struct yaml *y = yaml_parse(
      TRG_STR("# top\nlist:\n  - one\n  - two: 2\n    three: 3\nmap: {k: v}\n"), "x", NULL);
  const struct yaml *list = yaml_get(y, "list");
  assert_int_equal(y->kind, YAML_MAP);
  assert_int_equal(list->kind, YAML_LIST);
  assert_int_equal(yaml_count(list), 2);
  assert_null(list->first->key);
  assert_int_equal(list->first->line, 3);
  assert_int_equal(list->first->next->kind, YAML_MAP);
  assert_int_equal(yaml_get(list->first->next, "three")->line, 5);
  assert_ptr_equal(list->first->next->parent, list);
  assert_string_equal(yaml_get(yaml_get(y, "map"), "k")->text, "v");
  assert_null(yaml_get(list, "k"));
  assert_null(yaml_get(NULL, "k"));
  assert_null(y->parent);
  assert_int_equal(yaml_count(NULL), 0);
  yaml_free(&y);
}

static void test_a_key_that_is_given_twice_is_refused_by_name_and_line(void **state) {
  (void)state;
  refused(TRG_STR("a: 1\nauth: x\nb: 2\n'auth': y\n"), 4,
          "x.yaml: line 4: \"auth\" is given twice");
  refused(TRG_STR("m:\n  k: 1\n  j: 1\n  k: 2\n"), 4, "\"k\" is given twice");
  struct yaml *y = yaml_parse(TRG_STR("a: {k: 1}\nb: {k: 1}\n"), NULL, NULL);
  assert_non_null(y);
  yaml_free(&y);
}

static void test_what_is_outside_the_subset_is_refused(void **state) {
  (void)state;
  refused(TRG_STR("a: &x 1\n"), 1, "anchors");
  refused(TRG_STR("a: &x {b: 1}\n"), 1, "anchors");
  refused(TRG_STR("a: 1\nb: *x\n"), 2, "aliases");
  refused(TRG_STR("a: !!str 1\n"), 1, "tags");
  refused(TRG_STR("a: !foo [1]\n"), 1, "tags");
  refused(TRG_STR("a: 1\n---\nb: 2\n"), 2, "second document");
  refused(TRG_STR("%YAML 1.1\n---\na: 1\n"), 1, "directives");
  refused(TRG_STR("? [a, b]\n: 1\n"), 1, "key");
  refused(TRG_STR("a: \"x\\0y\"\n"), 1, "NUL");
}

static void test_syntax_errors_have_their_line(void **state) {
  (void)state;
  refused(TRG_STR("a: 1\nb: [1, 2\nc: 3\n"), 3, "line 3");
  refused(TRG_STR("a: 1\n\tb: 2\n"), 2, "line 2");
  refused(TRG_STR("a: 1\nb: \xFF\n"), 2, "line 2");
  refused((struct trg_str){"a: \0", 4}, 1, "line 1");
  refused(TRG_STR("a: 1\n b: 2\n"), 2, "line 2");
}

static void test_depth_and_size_have_limits(void **state) {
  (void)state;
  struct buf b;
  for (size_t depth = 32; depth <= 33; depth++) {
    buf_init(&b, 0);
    for (size_t i = 0; i < depth; i++) buf_char(&b, '[');
    for (size_t i = 0; i < depth; i++) buf_char(&b, ']');
    if (depth == 33) {
      refused(buf_view(&b), 1, "deeper than 32");
    } else {
      struct yaml *y = yaml_parse(buf_view(&b), NULL, NULL);
      assert_non_null(y);
      yaml_free(&y);
    }
    buf_free(&b);
  }
  buf_init(&b, 0);
  for (int i = 0; i < 100001; i++) buf_text(&b, "- x\n");
  refused(buf_view(&b), 100000, "100000");
  buf_free(&b);
}

static void test_an_empty_text_is_an_empty_map(void **state) {
  (void)state;
  const char *const texts[] = {"", "\n", "# nothing\n", "---\n", "\xEF\xBB\xBF"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct yaml *y = yaml_parse(str_of(texts[i]), NULL, NULL);
    assert_non_null(y);
    assert_int_equal(y->kind, YAML_MAP);
    assert_null(y->first);
    yaml_free(&y);
  }
}

static void test_a_subtree_as_json(void **state) {
  (void)state;
  struct yaml *y = yaml_parse(
      TRG_STR("t: true\nf: False\nn: 12\nz: 0012\nd: -1.5\nq: '12'\nu: ~\n"
              "big: 12345678901234567890\nl: [a, \"b\\\"\"]\nm: {}\nno: NO\n"),
      NULL, NULL);
  char *text = yaml_to_json(y);
  assert_string_equal(text, "{\"t\":true,\"f\":\"False\",\"n\":12,\"z\":\"0012\",\"d\":-1.5,"
                            "\"q\":\"12\",\"u\":null,\"big\":\"12345678901234567890\","
                            "\"l\":[\"a\",\"b\\\"\"],\"m\":{},\"no\":\"NO\"}");
  mem_free(text);
  yaml_free(&y);
}

static void test_loading_a_file(void **state) {
  (void)state;
  struct trg_err err;
  char path[] = "/tmp/triaged-yaml-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  (void)close(fd);
  assert_int_equal(file_write(path, TRG_STR("a: 1\nb: 2\n"), 0600, NULL), 0);
  struct yaml *y = yaml_load(path, 100, &err);
  assert_non_null(y);
  yaml_free(&y);
  assert_null(yaml_load(path, 5, &err));
  assert_non_null(strstr(err.text, path));
  assert_int_equal(unlink(path), 0);
  assert_null(yaml_load(path, 5, &err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scalars_stay_the_text_that_was_written),
      cmocka_unit_test(test_the_tree_has_lines_keys_and_parents),
      cmocka_unit_test(test_a_key_that_is_given_twice_is_refused_by_name_and_line),
      cmocka_unit_test(test_what_is_outside_the_subset_is_refused),
      cmocka_unit_test(test_syntax_errors_have_their_line),
      cmocka_unit_test(test_depth_and_size_have_limits),
      cmocka_unit_test(test_an_empty_text_is_an_empty_map),
      cmocka_unit_test(test_a_subtree_as_json),
      cmocka_unit_test(test_loading_a_file),
  };
  return cmocka_run_group_tests_name("base_yaml", tests, NULL, NULL);
}
