/*
 * What the tests of the store share: a state folder of their own, a store in it, and a second,
 * raw connection for looking at tables and for damage that the store itself would refuse.
 */
#ifndef TEST_STORE_HELP_H
#define TEST_STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/turn.h"

#define UNUSED __attribute__((unused))
#define NOW    INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

struct box {
  char dir[64];
  struct store *s;
  struct arena *a;
  struct trg_err err;
};

UNUSED static void remove_all(const char *dir) {
  static const char *const names[] = {"triaged.db", "triaged.db-wal", "triaged.db-shm", "lock",
                                      "key",        "copy.db",        "copy.db-journal"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = file_join(dir, names[i]);
    (void)unlink(path);
    mem_free(path);
  }
  (void)rmdir(dir);
}

UNUSED static int box_empty(void **state) {
  struct box *b = mem_alloc(sizeof *b);
  (void)snprintf(b->dir, sizeof b->dir, "/tmp/test-store-XXXXXX");
  if (mkdtemp(b->dir) == NULL) return -1;
  b->a = arena_new();
  *state = b;
  return 0;
}

UNUSED static int box_setup(void **state) {
  if (box_empty(state) != 0) return -1;
  struct box *b = *state;
  return store_open(b->dir, &b->s, &b->err);
}

UNUSED static int box_teardown(void **state) {
  struct box *b = *state;
  store_close(&b->s);
  arena_free(&b->a);
  remove_all(b->dir);
  mem_free(b);
  return 0;
}

UNUSED static void ok(struct box *b, int rc) {
  if (rc != 0) fail_msg("%d %s: %s", rc, b->err.code, b->err.text);
}

UNUSED static void flush(struct box *b) {
  ok(b, turn_flush(b->s, &b->err));
}

UNUSED static void reopen(struct box *b) {
  store_close(&b->s);
  ok(b, store_open(b->dir, &b->s, &b->err));
}

UNUSED static char *db_path(const struct box *b) {
  return file_join(b->dir, "triaged.db");
}

/* Runs SQL on a connection of its own. Only when the store is closed, or for reading. */
UNUSED static int raw(const struct box *b, const char *sql) {
  sqlite3 *db = NULL;
  char *path = db_path(b);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  mem_free(path);
  const int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return rc;
}

/* First column of the first row, as text in the box's arena; "" without a row. */
UNUSED static const char *raw_text(const struct box *b, const char *sql) {
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;
  char *path = db_path(b);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  mem_free(path);
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  const char *text = "";
  if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
    text = arena_dup(b->a, str_of((const char *)sqlite3_column_text(stmt, 0)));
  (void)sqlite3_finalize(stmt);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return text;
}

UNUSED static int64_t raw_int(const struct box *b, const char *sql) {
  return strtoll(raw_text(b, sql), NULL, 10);
}

/* A ticket of helpdesk "support"; its id. */
UNUSED static int64_t ticket_made(struct box *b, const char *ext_id) {
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"),
                                 .ext_id = str_of(ext_id),
                                 .version = TRG_STR("1"),
                                 .subject = TRG_STR("Where is my parcel?"),
                                 .requester_hash = TRG_STR("hash-of-ann"),
                                 .status = TRG_STATUS_NEW,
                                 .created_ms = NOW - 60000,
                                 .updated_ms = NOW - 30000};
  int64_t id = 0;
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &id, &new, &b->err));
  assert_true(new);
  return id;
}

/* Exit status of fn(b) in a child process; the store must be closed in this one. */
UNUSED static int in_child(struct box *b, void (*fn)(struct box *b)) {
  (void)fflush(NULL);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    fn(b);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, box_setup, box_teardown)
#define TEST_EMPTY(name) cmocka_unit_test_setup_teardown(name, box_empty, box_teardown)

#endif
