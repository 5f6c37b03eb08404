/* The pages of a commit go to the kernel together, before the commit is shown to readers. */
#include "test_store_help.h"

#include <errno.h>
#include <sys/syscall.h>

#include "store/wal_file.h"

static int writes;       /* of anything but the database itself */
static int64_t db_inode; /* 0: not known yet */
static int failure;      /* errno of the writes to come */

/* In place of the C library's, under the name that SQLite asks for. */
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
  struct stat st;
  if (fstat(fd, &st) == 0 && (int64_t)st.st_ino != db_inode) {
    writes++;
    errno = failure;
    if (failure != 0) return -1;
  }
  return syscall(SYS_pwrite64, fd, p, n, at);
}

static void count_from_here(const struct box *b) {
  struct stat st;
  char *path = db_path(b);
  assert_int_equal(stat(path, &st), 0);
  mem_free(path);
  db_inode = (int64_t)st.st_ino;
  writes = failure = 0;
}

static int64_t file_size(const char *path) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  return st.st_size;
}

/* Keys of `bytes` of the letter each. */
static void put_many(struct box *b, int count, size_t bytes, char letter) {
  char *value = mem_alloc(bytes + 1), key[24];
  memset(value, letter, bytes);
  for (int i = 0; i < count; i++) {
    (void)snprintf(key, sizeof key, "key-%03d", i);
    ok(b, store_put(b->s, key, value, &b->err));
  }
  mem_free(value);
}

static const char *letters(struct box *b) {
  return raw_text(b, "SELECT group_concat(DISTINCT substr(value, -1)) FROM setting"
                     " WHERE key LIKE 'key-%'");
}

static void test_a_commit_is_one_write(void **state) {
  struct box *b = *state;
  put_many(b, 20, 3500, 'a');
  flush(b);
  count_from_here(b);
  put_many(b, 20, 3500, 'b');
  assert_string_equal(letters(b), "a");
  flush(b);
  assert_string_equal(letters(b), "b");
  assert_in_range(writes, 1, 2); /* and the head of a new log */
}

static void test_a_large_commit_is_a_few_writes(void **state) {
  struct box *b = *state;
  count_from_here(b);
  put_many(b, 300, 3500, 'a'); /* 300 pages at least; 31 fit into one write */
  flush(b);
  assert_in_range(writes, 10, 25);
  assert_string_equal(letters(b), "a");
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
}

/* More than the cache holds: pages go to the log before the commit, and are read back from it. */
static void test_what_overflows_the_cache_is_read_back(void **state) {
  struct box *b = *state;
  put_many(b, 400, 20000, 'a');
  put_many(b, 400, 20000, 'b');
  ok(b, turn_save(b->s, &b->err));
  put_many(b, 400, 20000, 'c');
  ok(b, turn_undo(b->s, &b->err));
  char *first = NULL;
  ok(b, store_get(b->s, "key-000", b->a, &first, &b->err));
  assert_int_equal(first[0], 'b');
  assert_string_equal(letters(b), "");
  flush(b);
  assert_string_equal(letters(b), "b");
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
}

/* As the daemon writes, where no commit waits for the disk. */
static void test_commits_that_wait_for_no_disk_are_seen(void **state) {
  struct box *b = *state;
  store_close(&b->s);
  sqlite3 *db = NULL;
  char *path = db_path(b), want[24];
  assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, wal_file_system()), SQLITE_OK);
  mem_free(path);
  const char *const set = "PRAGMA synchronous = NORMAL; CREATE TABLE own (n INTEGER)";
  assert_int_equal(sqlite3_exec(db, set, NULL, NULL, NULL), SQLITE_OK);
  for (int i = 1; i <= 5; i++) {
    assert_int_equal(sqlite3_exec(db, "INSERT INTO own VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(want, sizeof want, "%d", i);
    assert_string_equal(raw_text(b, "SELECT sum(n) FROM own"), want);
  }
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One page behind its head; `pages` of the database: the last of a commit. */
static void page_write(sqlite3_file *f, sqlite3_int64 at, char letter, unsigned char pages) {
  unsigned char head[24] = {[7] = pages}, page[4096];
  memset(page, letter, sizeof page);
  assert_int_equal(f->pMethods->xWrite(f, head, sizeof head, at), SQLITE_OK);
  assert_int_equal(f->pMethods->xWrite(f, page, sizeof page, at + 24), SQLITE_OK);
}

static char letter_at(sqlite3_file *f, sqlite3_int64 at) {
  char letter = '\0';
  assert_int_equal(f->pMethods->xRead(f, &letter, 1, at), SQLITE_OK);
  return letter;
}

static void test_what_is_kept_is_part_of_the_file(void **state) {
  struct box *b = *state;
  sqlite3_vfs *vfs = sqlite3_vfs_find(wal_file_system());
  sqlite3_file *f = mem_alloc((size_t)vfs->szOsFile);
  char *path = file_join(b->dir, "copy.db");
  sqlite3_int64 size = 0;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
  assert_int_equal(vfs->xOpen(vfs, path, f, flags, &flags), SQLITE_OK);
  count_from_here(b);
  page_write(f, 0, 'a', 0);
  page_write(f, 4120, 'b', 0);
  assert_int_equal(writes, 0);
  assert_int_equal(letter_at(f, 4120 + 24), 'b');
  page_write(f, 8240, 'c', 0);
  page_write(f, 0, 'd', 0); /* again, elsewhere than behind the last */
  assert_int_equal(letter_at(f, 24), 'd');
  assert_int_equal(letter_at(f, 8240 + 24), 'c');
  page_write(f, 12360, 'e', 0);
  assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
  assert_int_equal(size, 4 * 4120);
  writes = 0;
  page_write(f, 16480, 'f', 0);
  page_write(f, 20600, 'g', 5);
  assert_int_equal(writes, 1);
  page_write(f, 24720, 'h', 0);
  assert_int_equal(f->pMethods->xTruncate(f, 4120), SQLITE_OK);
  assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
  assert_int_equal(size, 4120);
  page_write(f, 4120, 'i', 0);
  assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
  assert_int_equal(file_size(path), 2 * 4120);
  mem_free(path);
  mem_free(f);
}

static void test_a_write_that_fails_fails_its_commit(void **state) {
  struct box *b = *state;
  put_many(b, 20, 3500, 'a');
  flush(b);
  count_from_here(b);
  put_many(b, 100, 3500, 'b');
  failure = ENOSPC;
  assert_int_equal(turn_flush(b->s, &b->err), TRG_EIO);
  assert_string_equal(b->err.code, "no_space");
  failure = 0;
  reopen(b);
  assert_string_equal(letters(b), "a");
  put_many(b, 20, 3500, 'c');
  flush(b);
  assert_string_equal(letters(b), "c");
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_commit_is_one_write),
      TEST(test_a_large_commit_is_a_few_writes),
      TEST(test_what_overflows_the_cache_is_read_back),
      TEST(test_commits_that_wait_for_no_disk_are_seen),
      TEST(test_what_is_kept_is_part_of_the_file),
      TEST(test_a_write_that_fails_fails_its_commit),
  };
  return cmocka_run_group_tests_name("store: the log's file", tests, NULL, NULL);
}
