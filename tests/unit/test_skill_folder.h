/* A folder under /tmp for tests that write skills: put() files into it, it goes at teardown. */
#ifndef TESTS_TEST_SKILL_FOLDER_H
#define TESTS_TEST_SKILL_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <ftw.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static char dir[64];

static int folder_drop(const char *path, const struct stat *s, int kind, struct FTW *f) {
  (void)s;
  (void)kind;
  (void)f;
  return remove(path);
}

static int folder_setup(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/test-skill-XXXXXX");
  return mkdtemp(dir) == NULL ? -1 : 0;
}

static int folder_teardown(void **state) {
  (void)state;
  return nftw(dir, folder_drop, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void put(const char *name, const char *content) {
  struct trg_err err = {0};
  char *path = file_join(dir, name), *folder = file_dir(path);
  assert_int_equal(file_mkdirs(folder, 0755, &err), 0);
  assert_int_equal(file_write(path, str_of(content), 0644, &err), 0);
  mem_free(folder);
  mem_free(path);
}

#endif
