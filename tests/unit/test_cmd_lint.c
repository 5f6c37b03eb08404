/* Problems of skill folders are found, with their file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/lint.h"

static char dir[64];

static int remove_one(void *arg, const char *path) {
  (void)arg;
  return unlink(path);
}

static int setup(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/test-lint-XXXXXX");
  return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state) {
  static const char *const folders[] = {"good/references", "good", "bad", "two",
                                        ".claude-plugin",  ""};
  struct trg_err err = {0};
  (void)state;
  (void)file_walk(dir, 8, remove_one, NULL, &err);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    char *path = file_join(dir, folders[i]);
    (void)rmdir(path);
    mem_free(path);
  }
  return 0;
}

static void put(const char *name, const char *content) {
  struct trg_err err = {0};
  char *path = file_join(dir, name), *folder = file_dir(path);
  assert_int_equal(file_mkdirs(folder, 0755, &err), 0);
  assert_int_equal(file_write(path, str_of(content), 0644, &err), 0);
  mem_free(folder);
  mem_free(path);
}

/* The problem whose text has `words`; fails when there is none. */
static const struct lint_problem *said(const struct lint *l, const char *words) {
  for (size_t i = 0; i < l->count; i++)
    if (strstr(l->items[i].text, words) != NULL) return &l->items[i];
  for (size_t i = 0; i < l->count; i++)
    print_message("%s:%u: %s\n", l->items[i].path, l->items[i].line, l->items[i].text);
  fail_msg("nobody said \"%s\"", words);
  return NULL;
}

static void test_a_good_skill_has_no_problems(void **state) {
  struct lint l;
  (void)state;
  put("good/references/guide.md", "# Guide\n");
  put("good/SKILL.md",
      "---\nname: good\ndescription: Does good. Use it always.\n---\n# Good\n\n"
      "See [the guide](references/guide.md#part), [the web](https://example.com/x),"
      " [here](#good).\n\n```\n[not a link](nowhere.md)\n```\n");
  lint_folder(dir, &l);
  assert_int_equal(l.count, 0);
  assert_int_equal(l.skills, 1);
  lint_free(&l);
}

static void test_front_matter_is_held_to_the_format(void **state) {
  struct lint l;
  (void)state;
  put("bad/SKILL.md", "---\nname: Bad_Name\n---\nbody\n");
  lint_folder(dir, &l);
  assert_int_equal(said(&l, "\"Bad_Name\" is not 1 to 64")->line, 2);
  assert_true(said(&l, "no description")->error);
  assert_int_equal(l.errors, 2);
  lint_free(&l);
  put("bad/SKILL.md", "---\nname: other\ndescription: x\n---\nbody\n");
  lint_folder(dir, &l);
  assert_true(said(&l, "not that of its folder, \"bad\"")->error);
  assert_int_equal(l.errors, 1);
  lint_free(&l);
}

static void test_an_overlong_description_is_an_error_and_a_long_body_a_warning(void **state) {
  struct buf b;
  struct lint l;
  (void)state;
  buf_init(&b, 0);
  buf_text(&b, "---\nname: bad\ndescription: ");
  for (int i = 0; i < 1025; i++) buf_char(&b, 'x');
  buf_text(&b, "\n---\n");
  for (int i = 0; i < 501; i++) buf_text(&b, "line\n");
  put("bad/SKILL.md", b.p);
  buf_free(&b);
  lint_folder(dir, &l);
  assert_true(said(&l, "1025 characters")->error);
  assert_false(said(&l, "501 lines")->error);
  assert_int_equal(l.errors, 1);
  lint_free(&l);
}

static void test_links_must_lead_somewhere_inside(void **state) {
  struct lint l;
  (void)state;
  put("bad/SKILL.md", "---\nname: bad\ndescription: x\n---\n# Bad\n\n[a](gone.md)\n\n"
                      "![b](../../secret.png) [c](/etc/passwd) [d](a%20b.md)\n");
  put("bad/a b.md", "x\n");
  lint_folder(dir, &l);
  assert_int_equal(said(&l, "gone.md leads nowhere")->line, 7);
  assert_non_null(said(&l, "../../secret.png leads out"));
  assert_non_null(said(&l, "/etc/passwd is absolute"));
  assert_int_equal(l.errors, 3);
  lint_free(&l);
}

static void test_one_name_is_one_skill(void **state) {
  struct lint l;
  (void)state;
  put("two/SKILL.md", "---\nname: good\ndescription: x\n---\nbody\n");
  put("good/SKILL.md", "---\nname: good\ndescription: x\n---\nbody\n");
  lint_folder(dir, &l);
  assert_non_null(said(&l, "is that of"));
  lint_free(&l);
}

static void test_a_plugin_needs_a_readable_manifest(void **state) {
  struct lint l;
  (void)state;
  put("good/SKILL.md", "---\nname: good\ndescription: x\n---\nbody\n");
  put(".claude-plugin/plugin.json", "{\"version\":\"1\"}");
  lint_folder(dir, &l);
  assert_true(said(&l, "no \"name\"")->error);
  lint_free(&l);
  put(".claude-plugin/plugin.json", "{");
  lint_folder(dir, &l);
  assert_true(l.errors >= 1);
  lint_free(&l);
}

static void test_a_folder_without_skills_is_an_error(void **state) {
  struct lint l;
  (void)state;
  lint_folder(dir, &l);
  assert_non_null(said(&l, "no SKILL.md"));
  lint_free(&l);
  lint_folder("/nowhere/at/all", &l);
  assert_int_equal(l.errors, 1);
  lint_free(&l);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_a_good_skill_has_no_problems),
      TEST(test_front_matter_is_held_to_the_format),
      TEST(test_an_overlong_description_is_an_error_and_a_long_body_a_warning),
      TEST(test_links_must_lead_somewhere_inside),
      TEST(test_one_name_is_one_skill),
      TEST(test_a_plugin_needs_a_readable_manifest),
      TEST(test_a_folder_without_skills_is_an_error)};
  return cmocka_run_group_tests_name("cmd lint", tests, NULL, NULL);
}
