#include "net/loop_uv.h"
#include "net/slots.h"
#include "base/mem.h"
#include "base/time.h"
#include "test_net_help.h"

#include <signal.h>

struct fixture {
  struct loop *l;
  int count, second, turns;
  loop_timer timer;
  uint64_t turn;
  atomic_int worked;
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->l = loop_new(NULL);
  assert_non_null(f->l);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  loop_free(&f->l);
  assert_null(f->l);
  free(f);
  return 0;
}

static void count(void *arg) {
  ((struct fixture *)arg)->count++;
}
static bool counted(void *arg) {
  return ((struct fixture *)arg)->count > 0;
}
static bool counted_three(void *arg) {
  return ((struct fixture *)arg)->count >= 3;
}

static void test_a_timer_runs_once_and_its_number_is_stale_then(void **state) {
  struct fixture *f = *state;
  const loop_timer t = loop_timer_start(f->l, 1, 0, count, f);
  assert_true(run_until(f->l, counted, f, 1000));
  const loop_timer other = loop_timer_start(f->l, 1, 0, count, f);
  assert_int_not_equal(t, other);
  loop_timer_stop(f->l, t); /* must not stop the other, which has the same place */
  f->count = 0;
  assert_true(run_until(f->l, counted, f, 1000));
}

static void test_a_stopped_timer_does_not_run(void **state) {
  struct fixture *f = *state;
  loop_timer_stop(f->l, loop_timer_start(f->l, 1, 0, count, f));
  loop_timer_stop(f->l, 0);
  run_for(f->l, 4);
  assert_int_equal(f->count, 0);
}

static void test_a_repeating_timer_runs_until_it_is_stopped(void **state) {
  struct fixture *f = *state;
  const loop_timer t = loop_timer_start(f->l, 1, 1, count, f);
  assert_true(run_until(f->l, counted_three, f, 1000));
  loop_timer_stop(f->l, t);
  f->count = 0;
  run_for(f->l, 4);
  assert_int_equal(f->count, 0);
}

static void stop_self(void *arg) {
  struct fixture *f = arg;
  f->count++;
  loop_timer_stop(f->l, f->timer);
}

static void test_a_repeating_timer_may_stop_itself(void **state) {
  struct fixture *f = *state;
  f->timer = loop_timer_start(f->l, 1, 1, stop_self, f);
  assert_true(run_until(f->l, counted, f, 1000));
  run_for(f->l, 4);
  assert_int_equal(f->count, 1);
}

static void count_turn(void *arg) {
  ((struct fixture *)arg)->turns++;
}

static void look(void *arg) {
  struct fixture *f = arg;
  f->count++;
  f->second = f->turns;
  loop_stop(f->l);
}

static void ask_soon(void *arg) {
  struct fixture *f = arg;
  f->turns = 0;
  loop_soon(f->l, look, f);
}

static void test_soon_means_after_the_turn_was_committed(void **state) {
  struct fixture *f = *state;
  loop_on_turn(f->l, count_turn, f);
  (void)loop_timer_start(f->l, 1, 0, ask_soon, f);
  loop_run(f->l);
  assert_int_equal(f->count, 1);
  assert_true(f->second >= 1);
}

static void soon_from_turn(void *arg) {
  struct fixture *f = arg;
  if (f->turns++ == 0) loop_soon(f->l, look, f);
}

static void test_soon_asked_for_in_the_turn_hook_is_not_forgotten(void **state) {
  struct fixture *f = *state;
  loop_on_turn(f->l, soon_from_turn, f);
  loop_run(f->l); /* would wait for ever otherwise */
  assert_int_equal(f->count, 1);
}

static void test_soon_keeps_the_order_and_can_be_dropped(void **state) {
  struct fixture *f = *state;
  int other = 0;
  loop_soon(f->l, count, f);
  loop_soon(f->l, count, &other); /* would write where nothing is */
  loop_soon(f->l, count, f);
  loop_soon_drop(f->l, &other);
  run_for(f->l, 3);
  assert_int_equal(f->count, 2);
}

static void on_signal(void *arg, int signum) {
  struct fixture *f = arg;
  f->count = signum;
}

static void test_signals_arrive_on_the_loop(void **state) {
  struct fixture *f = *state;
  loop_on_signal(f->l, on_signal, f);
  (void)raise(SIGHUP);
  assert_true(run_until(f->l, counted, f, 1000));
  assert_int_equal(f->count, SIGHUP);
}

static void work(void *arg) {
  atomic_fetch_add(&((struct fixture *)arg)->worked, 1);
}

static void test_work_runs_on_the_pool_and_comes_back(void **state) {
  struct fixture *f = *state;
  for (int i = 0; i < 3; i++) assert_int_equal(loop_work(f->l, work, count, f), 0);
  assert_true(run_until(f->l, counted_three, f, 2000));
  assert_int_equal(atomic_load(&f->worked), 3);
}

static void test_the_pool_queue_has_an_end(void **state) {
  struct fixture *f = *state;
  int taken = 0;
  while (taken < 100000 && loop_work(f->l, work, count, f) == 0) taken++;
  assert_true(taken < 100000);
}

static void drop(void *arg) {
  ((struct fixture *)arg)->second++;
}

static void test_a_freed_loop_drops_work_instead_of_calling_back(void **state) {
  struct fixture *f = *state;
  assert_int_equal(loop_work_or_drop(f->l, work, count, drop, f), 0);
  loop_free(&f->l);
  assert_int_equal(f->count, 0);
  assert_int_equal(f->second, 1);
}

static void busy(void *arg) {
  struct fixture *f = arg;
  const int64_t until = clock_mono_us() + 5000;
  while (clock_mono_us() < until) f->count++;
}

/* The waiting is long and what is asked of it is far below that, so that a busy machine can not
 * make it fail. */
static void test_the_longest_turn_is_told_without_the_waiting(void **state) {
  struct fixture *f = *state;
  run_for(f->l, 400);
  assert_true(loop_longest_turn_us(f->l) < 300000);
  (void)loop_timer_start(f->l, 1, 0, busy, f);
  run_for(f->l, 10);
  assert_true(loop_longest_turn_us(f->l) >= 5000);
}

static void test_stale_numbers_find_nothing_in_a_table(void **state) {
  (void)state;
  struct slots s = {0};
  int a = 0, b = 0;
  const uint64_t one = slots_put(&s, &a);
  assert_ptr_equal(slots_get(&s, one), &a);
  slots_drop(&s, one);
  slots_drop(&s, one);
  const uint64_t two = slots_put(&s, &b);
  assert_int_equal(slots_index(one), slots_index(two));
  assert_null(slots_get(&s, one));
  assert_null(slots_get(&s, 0));
  assert_null(slots_get(&s, UINT64_MAX));
  assert_ptr_equal(slots_get(&s, two), &b);
  slots_free(&s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_timer_runs_once_and_its_number_is_stale_then),
      T(test_a_stopped_timer_does_not_run),
      T(test_a_repeating_timer_runs_until_it_is_stopped),
      T(test_a_repeating_timer_may_stop_itself),
      T(test_soon_means_after_the_turn_was_committed),
      T(test_soon_asked_for_in_the_turn_hook_is_not_forgotten),
      T(test_soon_keeps_the_order_and_can_be_dropped),
      T(test_signals_arrive_on_the_loop),
      T(test_work_runs_on_the_pool_and_comes_back),
      T(test_the_pool_queue_has_an_end),
      T(test_a_freed_loop_drops_work_instead_of_calling_back),
      T(test_the_longest_turn_is_told_without_the_waiting),
      cmocka_unit_test(test_stale_numbers_find_nothing_in_a_table),
  };
  return cmocka_run_group_tests_name("net_loop", tests, NULL, NULL);
}
