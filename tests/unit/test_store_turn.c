/* One turn, one commit; effects only after it; what fails leaves nothing. */
#include "test_store_help.h"

#include <signal.h>
#include <sys/resource.h>

#include "store/talk.h"

static char seen[256]; /* what effects said, in their order */
static struct box *current;

static void say(void *arg) {
  (void)strcat(seen, arg);
}

static int with_silence(void **state) {
  seen[0] = '\0';
  const int rc = box_setup(state);
  current = *state;
  return rc;
}

static void test_effects_wait_for_the_commit_and_keep_their_order(void **state) {
  struct box *b = *state;
  ok(b, store_put(b->s, "k", "v", &b->err));
  assert_true(turn_open(b->s));
  turn_after_commit(b->s, say, "a");
  turn_after_commit(b->s, say, "b");
  assert_string_equal(seen, "");
  flush(b);
  assert_string_equal(seen, "ab");
  assert_false(turn_open(b->s));
  assert_int_equal(turn_commits(b->s), 1);
  flush(b);
  assert_int_equal(turn_commits(b->s), 1);
  assert_string_equal(seen, "ab");
}

static void test_an_effect_without_a_turn_runs_at_the_next_flush(void **state) {
  struct box *b = *state;
  turn_after_commit(b->s, say, "x");
  flush(b);
  assert_string_equal(seen, "x");
  assert_int_equal(turn_commits(b->s), 0);
}

static void check_committed(void *arg) {
  (void)arg;
  (void)strcat(seen, raw_text(current, "SELECT value FROM setting WHERE key = 'second'"));
}

static void write_more(void *arg) {
  (void)arg;
  (void)strcat(seen, "1");
  ok(current, store_put(current->s, "second", "2", &current->err));
  turn_after_commit(current->s, check_committed, NULL);
  ok(current, turn_flush(current->s, &current->err)); /* inside a flush: it goes on by itself */
}

static void test_effects_may_write_and_the_flush_goes_on_until_nothing_is_open(void **state) {
  struct box *b = *state;
  ok(b, store_put(b->s, "first", "1", &b->err));
  turn_after_commit(b->s, write_more, NULL);
  flush(b);
  assert_string_equal(seen, "12");
  assert_int_equal(turn_commits(b->s), 2);
  assert_false(turn_open(b->s));
}

static const char *value_of(struct box *b, const char *key) {
  char *value = NULL;
  ok(b, store_get(b->s, key, b->a, &value, &b->err));
  return value == NULL ? "unset" : value;
}

static void test_an_undone_savepoint_takes_its_writes_and_effects_along(void **state) {
  struct box *b = *state;
  ok(b, store_put(b->s, "outer", "1", &b->err));
  turn_after_commit(b->s, say, "o");
  ok(b, turn_save(b->s, &b->err));
  ok(b, store_put(b->s, "kept", "1", &b->err));
  turn_after_commit(b->s, say, "k");
  ok(b, turn_save(b->s, &b->err));
  ok(b, store_put(b->s, "lost", "1", &b->err));
  turn_after_commit(b->s, say, "l");
  ok(b, turn_undo(b->s, &b->err));
  ok(b, turn_keep(b->s, &b->err));
  flush(b);
  assert_string_equal(value_of(b, "outer"), "1");
  assert_string_equal(value_of(b, "kept"), "1");
  assert_string_equal(value_of(b, "lost"), "unset");
  assert_string_equal(seen, "ok");
}

static void test_an_outer_savepoint_takes_an_inner_kept_one_along(void **state) {
  struct box *b = *state;
  ok(b, turn_save(b->s, &b->err));
  ok(b, turn_save(b->s, &b->err));
  ok(b, store_put(b->s, "inner", "1", &b->err));
  ok(b, turn_keep(b->s, &b->err));
  ok(b, turn_undo(b->s, &b->err));
  flush(b);
  assert_string_equal(value_of(b, "inner"), "unset");
}

static void test_a_refused_write_does_not_end_the_turn(void **state) {
  struct box *b = *state;
  bool new = false;
  ok(b, store_put(b->s, "k", "v", &b->err));
  const struct event e = {.ticket_id = 4711, .kind = "note", .actor = "human"};
  assert_int_equal(event_add(b->s, &e, &new, &b->err), TRG_EINVAL);
  assert_string_equal(b->err.code, "constraint");
  flush(b);
  assert_string_equal(value_of(b, "k"), "v");
}

/* --- crashes --------------------------------------------------------------------------------- */

static void crash(struct box *b, bool after) {
  if (store_open(b->dir, &b->s, &b->err) != 0) _exit(3);
  turn_crash_at(b->s, 2, after);
  for (int i = 0; i < 5; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "%d", i);
    if (store_put(b->s, key, "v", &b->err) != 0 || turn_flush(b->s, &b->err) != 0) _exit(4);
  }
}

static void crash_before(struct box *b) {
  crash(b, false);
}
static void crash_after(struct box *b) {
  crash(b, true);
}

static void test_a_crash_before_the_second_commit_leaves_the_first(void **state) {
  struct box *b = *state;
  assert_int_equal(in_child(b, crash_before), 9);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_string_equal(value_of(b, "0"), "v");
  assert_string_equal(value_of(b, "1"), "unset");
}

static void test_a_crash_after_the_second_commit_leaves_both(void **state) {
  struct box *b = *state;
  assert_int_equal(in_child(b, crash_after), 9);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_string_equal(value_of(b, "1"), "v");
  assert_string_equal(value_of(b, "2"), "unset");
}

/* --- no space -------------------------------------------------------------------------------- */

/* Writes more and more under a limit of the file size, until the store says no. Exits with 0 when
 * it said so as it should. */
static void fill(struct box *b) {
  (void)signal(SIGXFSZ, SIG_IGN);
  if (store_open(b->dir, &b->s, &b->err) != 0) _exit(3);
  if (store_put(b->s, "safe", "1", &b->err) != 0 || turn_flush(b->s, &b->err) != 0) _exit(4);
  const struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_FSIZE, &small) != 0) _exit(5);
  char *big = mem_alloc(65537);
  memset(big, 'x', 65536);
  int rc = 0;
  for (int i = 0; i < 100 && rc == 0; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "%d", i);
    rc = store_put(b->s, key, big, &b->err);
    turn_after_commit(b->s, say, "never");
    if (rc == 0 && i % 3 == 2) {
      seen[0] = '\0';
      rc = turn_flush(b->s, &b->err);
    } else {
      seen[0] = '\0';
    }
  }
  mem_free(big);
  if (rc != TRG_EIO || strcmp(b->err.code, "no_space") != 0) _exit(6);
  if (strstr(b->err.text, "nothing of this turn was stored; free space and start again") == NULL)
    _exit(7);
  /* From now on it takes nothing, and no effect runs. */
  if (store_put(b->s, "after", "1", &b->err) != TRG_EIO) _exit(8);
  if (turn_flush(b->s, &b->err) != TRG_EIO || seen[0] != '\0') _exit(10);
  if (strcmp(b->err.code, "no_space") != 0) _exit(11);
}

static void test_a_full_disk_is_told_and_what_was_committed_stays(void **state) {
  struct box *b = *state;
  assert_int_equal(in_child(b, fill), 0);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_string_equal(value_of(b, "safe"), "1");
  assert_string_equal(value_of(b, "after"), "unset");
  ok(b, store_check(b->s, &b->err));
}

#define SILENT(name) cmocka_unit_test_setup_teardown(name, with_silence, box_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      SILENT(test_effects_wait_for_the_commit_and_keep_their_order),
      SILENT(test_an_effect_without_a_turn_runs_at_the_next_flush),
      SILENT(test_effects_may_write_and_the_flush_goes_on_until_nothing_is_open),
      SILENT(test_an_undone_savepoint_takes_its_writes_and_effects_along),
      SILENT(test_an_outer_savepoint_takes_an_inner_kept_one_along),
      SILENT(test_a_refused_write_does_not_end_the_turn),
      TEST_EMPTY(test_a_crash_before_the_second_commit_leaves_the_first),
      TEST_EMPTY(test_a_crash_after_the_second_commit_leaves_both),
      TEST_EMPTY(test_a_full_disk_is_told_and_what_was_committed_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
