/* The log is synced on a thread of its own: nothing is told before it is durable, and the loop goes
 * on meanwhile. */
#include "test_store_help.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

static sem_t begun, allowed, told; /* a sync began, may end, was told of */
static atomic_bool gated;
static atomic_int failure; /* errno of syncs */
static atomic_int policy;  /* of the scheduler, for the thread that syncs */
static atomic_int slow_ms;
static atomic_int later_s; /* of the monotonic clock */

/* In place of the C library's. */
int fdatasync(int fd) {
  if (syscall(SYS_gettid) != getpid()) policy = sched_getscheduler(0);
  if (gated) {
    (void)sem_post(&begun);
    (void)sem_wait(&allowed);
  }
  (void)usleep((useconds_t)slow_ms * 1000);
  errno = failure;
  return failure == 0 ? fsync(fd) : -1;
}

int clock_gettime(clockid_t clock, struct timespec *ret) {
  const int rc = (int)syscall(SYS_clock_gettime, clock, ret);
  if (clock == CLOCK_MONOTONIC) ret->tv_sec += later_s;
  return rc;
}

static void on_told(void *arg) {
  (void)arg;
  (void)sem_post(&told);
}

static char seen[64]; /* what effects said, in their order */

static void say(void *arg) {
  (void)strcat(seen, arg);
}

static struct box *beside(void **state) {
  struct box *b = *state;
  ok(b, turn_sync_beside(b->s, on_told, NULL, &b->err));
  gated = true;
  return b;
}

static void write_and_say(struct box *b, const char *key, const char *word) {
  ok(b, store_put(b->s, key, "v", &b->err));
  turn_after_commit(b->s, say, (void *)(uintptr_t)word);
}

/* Its sync has begun. */
static void first_turn_ends(struct box *b) {
  write_and_say(b, "first", "a");
  ok(b, turn_end(b->s, &b->err)); /* would hang if it waited */
  (void)sem_wait(&begun);
}

/* The sync that runs ends, and the loop hears of it. */
static void sync_ends(void) {
  (void)sem_post(&allowed);
  (void)sem_wait(&told);
}

static void test_effects_wait_for_the_disk_and_the_loop_does_not(void **state) {
  struct box *b = beside(state);
  first_turn_ends(b);
  assert_int_equal(turn_commits(b->s), 1);
  assert_string_equal(raw_text(b, "SELECT value FROM setting WHERE key = 'first'"), "v");
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "");
  sync_ends();
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "a");
  if (sched_getscheduler(0) == SCHED_OTHER) assert_int_equal(policy, SCHED_BATCH);
}

static void test_turns_that_end_during_a_sync_are_one_commit(void **state) {
  struct box *b = beside(state);
  first_turn_ends(b);
  write_and_say(b, "second", "b");
  ok(b, turn_end(b->s, &b->err));
  write_and_say(b, "third", "c");
  ok(b, turn_end(b->s, &b->err));
  assert_int_equal(turn_commits(b->s), 1);
  sync_ends();
  ok(b, turn_end(b->s, &b->err));
  assert_int_equal(turn_commits(b->s), 2);
  assert_string_equal(seen, "a"); /* the others wait for a sync that began after their commit */
  (void)sem_wait(&begun);
  sync_ends();
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "abc");
}

static void write_more(void *arg) {
  write_and_say(arg, "more", "m");
}

static void test_what_effects_write_waits_for_a_sync_of_its_own(void **state) {
  struct box *b = beside(state);
  turn_after_commit(b->s, write_more, b);
  first_turn_ends(b);
  sync_ends();
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "a");
  assert_int_equal(turn_commits(b->s), 2);
  (void)sem_wait(&begun);
  sync_ends();
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "am");
}

static void test_a_flush_waits_for_the_disk_and_leaves_nothing(void **state) {
  struct box *b = beside(state);
  first_turn_ends(b);
  turn_after_commit(b->s, write_more, b);
  for (int i = 0; i < 3; i++) (void)sem_post(&allowed);
  ok(b, turn_flush(b->s, &b->err));
  assert_string_equal(seen, "am");
  assert_false(turn_open(b->s));
}

static void test_a_disk_that_hangs_stops_the_loop(void **state) {
  struct box *b = beside(state);
  slow_ms = 20;
  first_turn_ends(b);
  (void)sem_post(&allowed); /* and still it takes its time */
  later_s = 2;
  ok(b, turn_end(b->s, &b->err));
  assert_string_equal(seen, "a");
}

static void test_a_sync_that_fails_loses_the_store_and_nothing_is_told(void **state) {
  struct box *b = beside(state);
  failure = EIO;
  first_turn_ends(b);
  sync_ends();
  assert_int_equal(turn_end(b->s, &b->err), TRG_EIO);
  assert_non_null(strstr(b->err.text, "triaged.db-wal"));
  assert_non_null(strstr(b->err.text, strerror(EIO)));
  failure = 0; /* a later sync that succeeds says nothing of the pages that were lost */
  assert_int_equal(turn_end(b->s, &b->err), TRG_EIO);
  assert_int_equal(turn_flush(b->s, &b->err), TRG_EIO);
  assert_int_equal(store_put(b->s, "k", "v", &b->err), TRG_EIO);
  assert_string_equal(seen, "");
}

static void test_the_store_closes_while_a_sync_runs(void **state) {
  struct box *b = beside(state);
  first_turn_ends(b);
  (void)sem_post(&allowed);
  gated = false; /* closing copies the log, and syncs too */
  store_close(&b->s);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_string_equal(raw_text(b, "SELECT value FROM setting WHERE key = 'first'"), "v");
  assert_string_equal(seen, "");
}

static int setup(void **state) {
  seen[0] = '\0';
  failure = slow_ms = later_s = 0;
  gated = false;
  if (sem_init(&begun, 0, 0) != 0 || sem_init(&allowed, 0, 0) != 0 || sem_init(&told, 0, 0) != 0)
    return -1;
  return box_setup(state);
}

static int teardown(void **state) {
  gated = false;
  return box_teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_effects_wait_for_the_disk_and_the_loop_does_not, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_turns_that_end_during_a_sync_are_one_commit, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_what_effects_write_waits_for_a_sync_of_its_own, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_a_flush_waits_for_the_disk_and_leaves_nothing, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_a_disk_that_hangs_stops_the_loop, setup, teardown),
      cmocka_unit_test_setup_teardown(test_a_sync_that_fails_loses_the_store_and_nothing_is_told,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(test_the_store_closes_while_a_sync_runs, setup, teardown),
  };
  return cmocka_run_group_tests_name("store durable", tests, NULL, NULL);
}
