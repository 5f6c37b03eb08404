/* Files: ceilings, atomic writing, walking. */
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
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static char root[64];

static char *at(const char *name) {
  return file_join(root, name);
}

static void put(const char *name, const char *content) {
  char *path = at(name);
  char *dir = file_dir(path);
  assert_int_equal(file_mkdirs(dir, 0700, NULL), 0);
  assert_int_equal(file_write(path, str_of(content), 0640, NULL), 0);
  mem_free(dir);
  mem_free(path);
}

static int setup(void **state) {
  (void)state;
  (void)snprintf(root, sizeof root, "/tmp/triaged-file-XXXXXX");
  return mkdtemp(root) == NULL;
}

static int remove_one(void *arg, const char *path) {
  (void)arg;
  return unlink(path);
}

static int teardown(void **state) {
  (void)state;
  char command[128];
  (void)file_walk(root, 20, remove_one, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

static void test_what_is_written_reads_back_with_its_mode(void **state) {
  (void)state;
  struct buf b = {0};
  struct stat s;
  put("a", "first");
  put("a", "second");
  char *path = at("a");
  assert_int_equal(file_read(path, 100, &b, NULL), 0);
  assert_string_equal(b.p, "second");
  assert_int_equal(stat(path, &s), 0);
  assert_int_equal(s.st_mode & 07777, 0640);
  assert_int_equal(file_read(path, 6, &b, NULL), 0);
  assert_int_equal(b.n, 6);
  assert_true(file_exists(path));
  assert_false(file_is_dir(path));
  assert_true(file_is_dir(root));
  mem_free(path);
  buf_free(&b);
}

static void test_errors_say_the_path_and_the_cause(void **state) {
  (void)state;
  struct trg_err err;
  struct buf b = {0};
  char *path = at("none");
  assert_int_equal(file_read(path, 100, &b, &err), TRG_ENOTFOUND);
  assert_non_null(strstr(err.text, path));
  put("none", "123456");
  assert_int_equal(file_read(path, 5, &b, &err), TRG_ELIMIT);
  assert_non_null(strstr(err.text, "larger than 5 bytes"));
  assert_int_equal(b.n, 0);
  assert_int_equal(file_read(root, 100, &b, &err), TRG_EIO);
  assert_int_equal(file_write("/nonexistent/x", TRG_STR("x"), 0600, &err), TRG_ENOTFOUND);
  assert_non_null(strstr(err.text, "/nonexistent/x"));
  assert_int_equal(file_write(root, TRG_STR("x"), 0600, &err), TRG_EIO);
  mem_free(path);
  buf_free(&b);
}

static int count_one(void *arg, const char *path) {
  (void)path;
  (*(int *)arg)++;
  return 0;
}

static void test_a_failed_write_leaves_nothing_behind(void **state) {
  (void)state;
  int files = 0;
  char *path = at("folder");
  assert_int_equal(file_mkdirs(path, 0700, NULL), 0);
  assert_int_equal(file_write(path, TRG_STR("x"), 0600, NULL), TRG_EIO);
  assert_int_equal(file_walk(root, 5, count_one, &files, NULL), 0);
  assert_int_equal(files, 0);
  mem_free(path);
}

static void test_folders_are_made_with_their_parents(void **state) {
  (void)state;
  struct trg_err err;
  char *path = at("a/b//c/");
  assert_int_equal(file_mkdirs(path, 0750, NULL), 0);
  assert_int_equal(file_mkdirs(path, 0750, NULL), 0);
  assert_true(file_is_dir(path));
  mem_free(path);
  put("plain", "x");
  path = at("plain/d");
  assert_true(file_mkdirs(path, 0750, &err) < 0);
  assert_non_null(strstr(err.text, "plain"));
  mem_free(path);
}

static void expect_join(const char *dir, const char *name, const char *want) {
  char *got = file_join(dir, name);
  assert_string_equal(got, want);
  mem_free(got);
}

static void expect_dir(const char *path, const char *want) {
  char *got = file_dir(path);
  assert_string_equal(got, want);
  mem_free(got);
}

static void test_paths_are_joined_and_split(void **state) {
  (void)state;
  expect_join("/a", "b", "/a/b");
  expect_join("/a/", "b", "/a/b");
  expect_join("/", "b", "/b");
  expect_join("/a", "/b", "/b");
  expect_join("", "b", "b");
  expect_dir("/a/b", "/a");
  expect_dir("/a", "/");
  expect_dir("a", ".");
  expect_dir("a/b/", "a");
  expect_dir("/", "/");
  expect_dir("", ".");
}

static int gather(void *arg, const char *path) {
  struct buf *b = arg;
  buf_text(b, path + strlen(root) + 1);
  buf_char(b, ' ');
  return strstr(path, "stop") != NULL ? 77 : 0;
}

static void test_walking_is_in_byte_order_and_stays_inside(void **state) {
  (void)state;
  struct buf b = {0};
  struct trg_err err;
  put("a/x", "");
  put("a-b", "");
  put("b", "");
  put("a/deep/er/y", "");
  put("Z", "");
  char *link = at("link-in");
  char *target = at("b");
  assert_int_equal(symlink(target, link), 0);
  mem_free(link);
  link = at("link-out");
  assert_int_equal(symlink("/etc/passwd", link), 0);
  mem_free(link);
  link = at("loop");
  assert_int_equal(symlink(".", link), 0);
  mem_free(link);
  assert_int_equal(file_walk(root, 10, gather, &b, NULL), 0);
  assert_string_equal(b.p, "Z a-b a/deep/er/y a/x b link-in ");
  buf_reset(&b);
  assert_int_equal(file_walk(root, 1, gather, &b, NULL), 0);
  assert_string_equal(b.p, "Z a-b b link-in ");
  buf_reset(&b);
  assert_int_equal(file_walk(root, 2, gather, &b, NULL), 0);
  assert_string_equal(b.p, "Z a-b a/x b link-in ");
  assert_int_equal(unlink(target), 0);
  put("aa-stop", "");
  assert_int_equal(file_walk(root, 10, gather, &b, NULL), 77);
  assert_int_equal(file_walk("/nonexistent", 3, gather, &b, &err), TRG_ENOTFOUND);
  mem_free(target);
  buf_free(&b);
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      EACH(test_what_is_written_reads_back_with_its_mode),
      EACH(test_errors_say_the_path_and_the_cause),
      EACH(test_a_failed_write_leaves_nothing_behind),
      EACH(test_folders_are_made_with_their_parents),
      EACH(test_paths_are_joined_and_split),
      EACH(test_walking_is_in_byte_order_and_stays_inside),
  };
  return cmocka_run_group_tests_name("base_file", tests, NULL, NULL);
}
