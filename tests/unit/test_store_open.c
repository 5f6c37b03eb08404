/* Opening, refusing, locking; the key, backups and settings. */
#include "test_store_help.h"

#include <fcntl.h>

static void put_file(const struct box *b, const char *text, size_t n) {
  char *path = db_path(b);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
  mem_free(path);
}

static void test_a_missing_folder_is_made_with_its_parents_for_its_owner_alone(void **state) {
  struct box *b = *state;
  char *outer = file_join(b->dir, "var");
  char *inner = file_join(outer, "triaged");
  struct stat st;
  ok(b, store_open(inner, &b->s, &b->err));
  assert_int_equal(stat(inner, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  assert_int_equal(stat(store_path(b->s), &st), 0);
  assert_int_equal(st.st_mode & 0007, 0);
  store_close(&b->s);
  remove_all(inner);
  remove_all(outer);
  mem_free(inner);
  mem_free(outer);
}

static void test_migrating_marks_version_and_owner_and_happens_once(void **state) {
  struct box *b = *state;
  reopen(b);
  store_close(&b->s);
  assert_int_equal(raw_int(b, "PRAGMA user_version"), STORE_VERSION);
  assert_int_equal(raw_int(b, "PRAGMA application_id"), 0x74726764);
  assert_string_equal(raw_text(b, "PRAGMA journal_mode"), "wal");
  assert_int_equal(raw_int(b, "SELECT count(*) FROM pragma_table_list WHERE type = 'table'"
                              " AND strict = 0 AND name NOT LIKE 'sqlite_%'"),
                   0);
}

/* The text of these checks is changed by a migration. */
static void test_a_ticket_takes_no_state_that_there_is_not(void **state) {
  struct box *b = *state;
  (void)ticket_made(b, "101");
  flush(b);
  store_close(&b->s);
  static const char *const wrong[] = {"'nothing'", "'none received'", "''", "' '"};
  static const char *const columns[] = {"state", "bill_state"};
  for (size_t i = 0; i < 4; i++)
    for (size_t c = 0; c < 2; c++) {
      char text[100];
      (void)snprintf(text, sizeof text, "UPDATE ticket SET %s = %s", columns[c], wrong[i]);
      assert_int_equal(raw(b, text), SQLITE_CONSTRAINT);
    }
  static const char *const words[] = {"none",      "received", "triaging", "triaged", "admitted",
                                      "drafting",  "drafted",  "decided",  "writing", "uncertain",
                                      "following", "done",     "dead"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char text[100];
    (void)snprintf(text, sizeof text, "UPDATE ticket SET state = '%s'", words[i]);
    assert_int_equal(raw(b, text), SQLITE_OK);
  }
  assert_int_equal(raw(b, "UPDATE ticket SET bill_state = 'reversed'"), SQLITE_OK);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM sqlite_schema WHERE name = 'ticket'"
                              " AND sql LIKE '% IN (%'"),
                   0);
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
}

static void test_an_id_stays_the_text_it_was(void **state) {
  struct box *b = *state;
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"), .ext_id = TRG_STR("0012")};
  int64_t id = 0;
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &id, &new, &b->err));
  flush(b);
  assert_string_equal(raw_text(b, "SELECT ext_id FROM ticket"), "0012");
}

static void test_a_newer_database_is_refused_with_both_versions(void **state) {
  struct box *b = *state;
  store_close(&b->s);
  assert_int_equal(raw(b, "PRAGMA user_version = 77"), SQLITE_OK);
  assert_int_equal(store_open(b->dir, &b->s, &b->err), TRG_ESTATE);
  assert_string_equal(b->err.code, "newer");
  assert_non_null(strstr(b->err.text, "version 77"));
  char knows[32];
  snprintf(knows, sizeof knows, "knows %d", STORE_VERSION);
  assert_non_null(strstr(b->err.text, knows));
  assert_non_null(strstr(b->err.text, "install that version again"));
  assert_int_equal(store_open_reader(b->dir, &b->s, &b->err), TRG_ESTATE);
  assert_int_equal(raw_int(b, "PRAGMA user_version"), 77);
}

static void test_the_database_of_another_program_is_refused_and_left_alone(void **state) {
  struct box *b = *state;
  assert_int_equal(raw(b, "CREATE TABLE cookies (a); INSERT INTO cookies VALUES (1)"), SQLITE_OK);
  assert_int_equal(store_open(b->dir, &b->s, &b->err), TRG_ESTATE);
  assert_string_equal(b->err.code, "foreign");
  assert_non_null(strstr(b->err.text, "name another state folder"));
  assert_null(b->s);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM sqlite_schema"), 1);
  assert_string_equal(raw_text(b, "PRAGMA journal_mode"), "delete");
}

static void test_a_file_that_is_no_database_is_refused_and_left_alone(void **state) {
  struct box *b = *state;
  put_file(b, "my notes on the case", 20);
  for (int reader = 0; reader < 2; reader++) {
    assert_int_equal(reader ? store_open_reader(b->dir, &b->s, &b->err)
                            : store_open(b->dir, &b->s, &b->err),
                     TRG_ECORRUPT);
    assert_string_equal(b->err.code, "not_a_database");
    assert_non_null(strstr(b->err.text, "move it away"));
  }
  char *path = db_path(b);
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 20);
  mem_free(path);
}

static void damage(const struct box *b, long from, size_t n) {
  char *path = db_path(b);
  const int fd = open(path, O_WRONLY);
  assert_true(fd >= 0);
  char *junk = mem_alloc(n);
  memset(junk, 0xA5, n);
  assert_int_equal(pwrite(fd, junk, n, from), n);
  (void)close(fd);
  mem_free(junk);
  mem_free(path);
}

static void test_a_corrupt_file_is_refused_with_what_to_do(void **state) {
  struct box *b = *state;
  store_close(&b->s);
  damage(b, 100, 3000); /* the schema's page, behind the header */
  assert_int_equal(store_open(b->dir, &b->s, &b->err), TRG_ECORRUPT);
  assert_string_equal(b->err.code, "corrupt");
  assert_non_null(strstr(b->err.text, "triagectl backup"));
}

static void test_the_check_finds_a_page_that_was_overwritten(void **state) {
  struct box *b = *state;
  for (int i = 0; i < 200; i++) {
    char name[24];
    (void)snprintf(name, sizeof name, "t%d", i);
    (void)ticket_made(b, name);
  }
  flush(b);
  ok(b, store_check(b->s, &b->err));
  store_close(&b->s);
  const int64_t page = raw_int(
      b, "SELECT rootpage FROM sqlite_schema WHERE name = 'ticket_by_change'");
  damage(b, (long)(page - 1) * 4096, 2048);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_int_equal(store_check(b->s, &b->err), TRG_ECORRUPT);
}

static void test_only_one_writer_and_the_second_learns_who_is_first(void **state) {
  struct box *b = *state;
  struct store *second = NULL;
  char pid[24];
  (void)snprintf(pid, sizeof pid, "process %ld)", (long)getpid());
  assert_true(store_locked(b->dir));
  assert_int_equal(store_open(b->dir, &second, &b->err), TRG_ESTATE);
  assert_string_equal(b->err.code, "locked");
  assert_non_null(strstr(b->err.text, pid));
  assert_null(second);
  store_close(&b->s);
  assert_false(store_locked(b->dir));
  ok(b, store_open(b->dir, &b->s, &b->err));
}

static void test_a_folder_without_a_lock_is_not_locked(void **state) {
  const struct box *b = *state;
  assert_false(store_locked(b->dir));
  assert_false(store_locked("/nonexistent/folder"));
}

static void test_a_reader_needs_a_database_and_says_so(void **state) {
  struct box *b = *state;
  assert_int_equal(store_open_reader(b->dir, &b->s, &b->err), TRG_ENOTFOUND);
  assert_non_null(strstr(b->err.text, "start triaged once"));
}

static void test_a_reader_sees_what_is_committed_and_may_not_write(void **state) {
  struct box *b = *state;
  struct store *reader = NULL;
  struct ticket t;
  const int64_t id = ticket_made(b, "101");
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  assert_int_equal(ticket_by_id(reader, id, b->a, &t, &b->err), TRG_ENOTFOUND);
  flush(b);
  ok(b, ticket_by_id(reader, id, b->a, &t, &b->err));
  assert_string_equal(t.ref, "support/101");
  assert_int_equal(store_put(reader, "k", "v", &b->err), TRG_ESTATE);
  assert_string_equal(b->err.code, "read_only");
  store_close(&reader);
}

static void test_a_reader_works_when_no_writer_is_there_and_leaves_the_log_alone(void **state) {
  struct box *b = *state;
  (void)ticket_made(b, "101");
  flush(b);
  struct store *reader = NULL;
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  store_close(&b->s); /* the reader is the last one: it must not checkpoint */
  struct ticket t;
  ok(b, ticket_by_ref(reader, TRG_STR("support/101"), b->a, &t, &b->err));
  store_close(&reader);
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  ok(b, ticket_by_ref(reader, TRG_STR("support/101"), b->a, &t, &b->err));
  store_close(&reader);
}

static void test_an_idle_store_empties_its_log(void **state) {
  struct box *b = *state;
  (void)ticket_made(b, "101");
  flush(b);
  store_idle(b->s);
  char *wal = file_join(b->dir, "triaged.db-wal");
  struct stat st;
  assert_int_equal(stat(wal, &st), 0);
  assert_int_equal(st.st_size, 0);
  mem_free(wal);
}

static void test_what_is_open_at_close_is_not_committed(void **state) {
  struct box *b = *state;
  (void)ticket_made(b, "101");
  reopen(b);
  struct ticket t;
  assert_int_equal(ticket_by_ref(b->s, TRG_STR("support/101"), b->a, &t, &b->err), TRG_ENOTFOUND);
  assert_non_null(strstr(b->err.text, "support/101"));
}

static void test_a_backup_is_whole_private_and_never_overwrites(void **state) {
  struct box *b = *state;
  struct store *reader = NULL;
  struct stat st;
  (void)ticket_made(b, "101");
  char *path = file_join(b->dir, "copy.db");
  assert_int_equal(store_backup(b->s, path, &b->err), TRG_ESTATE); /* inside a turn */
  assert_false(file_exists(path));
  flush(b);
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  ok(b, store_backup(reader, path, &b->err));
  store_close(&reader);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  const off_t size = st.st_size;
  assert_true(size > 4096);
  assert_int_equal(store_backup(b->s, path, &b->err), TRG_ESTATE);
  assert_string_equal(b->err.code, "exists");
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, size);
  store_close(&b->s);
  char *db = db_path(b);
  assert_int_equal(rename(path, db), 0);
  ok(b, store_open(b->dir, &b->s, &b->err));
  struct ticket t;
  ok(b, ticket_by_ref(b->s, TRG_STR("support/101"), b->a, &t, &b->err));
  mem_free(db);
  mem_free(path);
}

static void test_a_backup_into_a_missing_folder_fails_with_its_path(void **state) {
  struct box *b = *state;
  assert_int_equal(store_backup(b->s, "/nonexistent/copy.db", &b->err), TRG_EIO);
  assert_non_null(strstr(b->err.text, "/nonexistent/copy.db"));
}

static void test_the_key_is_made_once_and_private(void **state) {
  struct box *b = *state;
  uint8_t one[32], two[32];
  struct stat st;
  ok(b, store_key(b->dir, one, &b->err));
  ok(b, store_key(b->dir, two, &b->err));
  assert_memory_equal(one, two, 32);
  char *path = file_join(b->dir, "key");
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(st.st_size, 32);
  assert_int_equal(st.st_nlink, 1);
  assert_int_equal(truncate(path, 31), 0);
  assert_int_equal(store_key(b->dir, two, &b->err), TRG_ECORRUPT);
  mem_free(path);
}

static void test_settings_are_kept_and_unset_ones_are_null(void **state) {
  struct box *b = *state;
  char *value = NULL;
  ok(b, store_get(b->s, "classifier.hash", b->a, &value, &b->err));
  assert_null(value);
  ok(b, store_put(b->s, "classifier.hash", "", &b->err));
  ok(b, store_get(b->s, "classifier.hash", b->a, &value, &b->err));
  assert_string_equal(value, "");
  ok(b, store_put(b->s, "classifier.hash", "abc", &b->err));
  flush(b);
  reopen(b);
  ok(b, store_get(b->s, "classifier.hash", b->a, &value, &b->err));
  assert_string_equal(value, "abc");
}

static void test_the_engine_names_its_version_and_the_bug(void **state) {
  (void)state;
  assert_non_null(strstr(store_engine(), sqlite3_libversion()));
  assert_non_null(strstr(store_engine(), "WAL"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_EMPTY(test_a_missing_folder_is_made_with_its_parents_for_its_owner_alone),
      TEST(test_migrating_marks_version_and_owner_and_happens_once),
      TEST(test_a_ticket_takes_no_state_that_there_is_not),
      TEST(test_an_id_stays_the_text_it_was),
      TEST(test_a_newer_database_is_refused_with_both_versions),
      TEST_EMPTY(test_the_database_of_another_program_is_refused_and_left_alone),
      TEST_EMPTY(test_a_file_that_is_no_database_is_refused_and_left_alone),
      TEST(test_a_corrupt_file_is_refused_with_what_to_do),
      TEST(test_the_check_finds_a_page_that_was_overwritten),
      TEST(test_only_one_writer_and_the_second_learns_who_is_first),
      TEST_EMPTY(test_a_folder_without_a_lock_is_not_locked),
      TEST_EMPTY(test_a_reader_needs_a_database_and_says_so),
      TEST(test_a_reader_sees_what_is_committed_and_may_not_write),
      TEST(test_a_reader_works_when_no_writer_is_there_and_leaves_the_log_alone),
      TEST(test_an_idle_store_empties_its_log),
      TEST(test_what_is_open_at_close_is_not_committed),
      TEST(test_a_backup_is_whole_private_and_never_overwrites),
      TEST(test_a_backup_into_a_missing_folder_fails_with_its_path),
      TEST(test_the_key_is_made_once_and_private),
      TEST(test_settings_are_kept_and_unset_ones_are_null),
      TEST(test_the_engine_names_its_version_and_the_bug),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
