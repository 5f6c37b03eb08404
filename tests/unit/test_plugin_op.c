/* Operations: exactly once, later, deadlines, cancelling, queueing. */
#include "test_plugin_fake.h"

static void test_done_inside_the_start_is_delivered_later(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  probe(f, &g, 1000);
  assert_int_equal(host_ops(f->h), 1);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_DONE);
  assert_string_equal(g.code, "code");
  assert_string_equal(g.why, "why");
  assert_int_equal(host_ops(f->h), 0);
  assert_int_equal(inst_in_flight(f->i), 0);
}

static void test_a_second_done_is_counted_told_once_and_ignored(void **state) {
  struct fixture *f = *state;
  script = S_DONE_TWICE;
  struct got g = {0};
  probe_done(f, &g);
  struct got again = {0};
  probe_done(f, &again);
  run_for(f->l, 3);
  assert_int_equal(g.done, 1);
  assert_int_equal(g.outcome, TRG_DONE);
  assert_int_equal(host_misuses(f->h), 4);
  assert_int_equal(log_lines(f, "plugin.misuse"), 1);
  assert_int_equal(log_lines(f, "inst=support"), 1);
}

static void test_a_stale_operation_finds_nothing(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  probe_done(f, &g);
  const trg_op stale = f->self->last;
  finish(f->self, stale, TRG_DONE);
  emit_all(f->self, stale);
  f->self->host->timer(stale, 1, on_timer, NULL);
  f->self->host->http(stale, &(struct trg_http_request){.size = 8}, on_reply, NULL);
  int state_freed = 0;
  f->self->host->op_set(stale, &state_freed, state_free);
  assert_int_equal(state_freed, 1);
  finish(f->self, 0, TRG_DONE);
  op_cancel(f->h, stale);
  op_cancel(f->h, 0);
  run_for(f->l, 4);
  assert_int_equal(g.done, 1);
  assert_int_equal(g.notices + g.tickets + g.receipts + g.replies, 0);
  assert_int_equal(host_misuses(f->h), 10);
}

static void test_emitting_after_done_is_ignored(void **state) {
  struct fixture *f = *state;
  script = S_LATE_EMIT;
  struct got g = {0};
  (void)op_poll(f->i, TRG_STR(""), 0, &events, &g, 1000);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.notices + g.cursors, 0);
}

static void test_only_what_fits_the_operation_is_passed_on(void **state) {
  struct fixture *f = *state;
  script = S_EMIT_ALL;
  struct got poll = {0}, fetch = {0}, write = {0}, find = {0};
  const struct trg_str tag = TRG_STR("tag");
  const struct trg_action a = {
      .size = sizeof a, .ticket_id = TRG_STR("1"), .add_tags = &tag, .add_tag_count = 1};
  (void)op_poll(f->i, TRG_STR("c"), 0, &events, &poll, 1000);
  (void)op_fetch(f->i, TRG_STR("1"), &events, &fetch, 1000);
  (void)op_write(f->i, &a, &events, &write, 1000);
  (void)op_find(f->i, &a, &events, &find, 1000);
  assert_true(run_until(f->l, is_done, &find, 1000));
  assert_string_equal(f->self->text, "tag");
  assert_true(poll.notices == 1 && poll.cursors == 1 && poll.tickets == 0 && poll.receipts == 0);
  assert_true(fetch.tickets == 1 && fetch.notices == 0);
  assert_true(write.receipts == 1 && write.tickets == 0 && write.replies == 0);
  assert_true(find.receipts == 1);
}

static void test_an_expired_read_may_be_tried_again(void **state) {
  struct fixture *f = *state;
  script = S_NEVER;
  struct got g = {0};
  probe(f, &g, 5);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_RETRY);
  assert_string_equal(g.code, "timeout");
  finish(f->self, f->self->last, TRG_DONE);
  run_for(f->l, 3);
  assert_int_equal(g.done, 1);
}

static void test_an_expired_write_is_uncertain(void **state) {
  struct fixture *f = *state;
  script = S_NEVER;
  struct got g = {0};
  const struct trg_action a = {.size = sizeof a, .ticket_id = TRG_STR("1")};
  (void)op_write(f->i, &a, &events, &g, 5);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_UNCERTAIN);
}

static void test_a_cancelled_operation_ends_once_as_cancelled(void **state) {
  struct fixture *f = *state;
  script = S_TIMER;
  struct got g = {0};
  const trg_op queued = op_probe(f->i, &events, &g, 1000);
  op_cancel(f->h, queued);
  op_cancel(f->h, queued);
  assert_int_equal(g.done, 0);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_CANCELLED);
  assert_int_equal(f->self->started, 0);
  struct got open = {0};
  const trg_op op = op_probe(f->i, &events, &open, 1000);
  assert_true(run_until(f->l, is_started, f->self, 1000));
  op_cancel(f->h, op);
  run_for(f->l, 6);
  assert_int_equal(open.done, 1);
  assert_int_equal(open.outcome, TRG_CANCELLED);
  assert_int_equal(host_misuses(f->h), 0); /* its timer was stopped */
}

static void test_a_cancelled_write_is_uncertain_once_it_was_sent(void **state) {
  struct fixture *f = *state;
  f->i = open_inst(f, 7, 1); /* 7: it uses POST */
  f->self = opened;
  script = S_HTTP;
  const struct trg_action a = {.size = sizeof a, .ticket_id = TRG_STR("1")};
  struct got sent = {0}, waiting = {0};
  const trg_op first = op_write(f->i, &a, &events, &sent, 1000);
  const trg_op second = op_write(f->i, &a, &events, &waiting, 1000);
  (void)run_until(f->l, is_started, f->self, 1000);
  script = S_NEVER; /* the server keeps its answer back */
  assert_true(run_until(f->l, is_served, f, 1000));
  op_cancel(f->h, second);
  op_cancel(f->h, first);
  assert_true(run_until(f->l, is_done, &sent, 1000));
  assert_int_equal(sent.outcome, TRG_UNCERTAIN);
  assert_int_equal(waiting.outcome, TRG_CANCELLED);
  assert_int_equal(http_open_count(f->http), 0);
}

static void test_callbacks_may_cancel_their_own_operation(void **state) {
  struct fixture *f = *state;
  script = S_EMIT_ALL;
  struct got g = {.cancel_host = f->h};
  g.cancel_op = op_poll(f->i, TRG_STR(""), 0, &events, &g, 1000);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_CANCELLED);
  assert_int_equal(g.notices, 1);
  assert_int_equal(g.cursors, 0);
  assert_int_equal(g.done, 1);
}

static bool is_done_thrice(void *arg) {
  return ((struct got *)arg)->done >= 3;
}

static void test_callbacks_may_start_operations(void **state) {
  struct fixture *f = *state;
  struct got g = {.start_again = f->i};
  probe(f, &g, 1000);
  assert_true(run_until(f->l, is_done_thrice, &g, 1000));
}

static void test_more_than_max_in_flight_wait_in_order(void **state) {
  struct fixture *f = *state;
  script = S_NEVER;
  struct trg_inst *i = open_inst(f, 1, 2);
  struct self *s = opened;
  struct got g[5] = {{0}};
  static const char *const ids[] = {"0", "1", "2", "3", "4"};
  for (int n = 0; n < 5; n++) (void)op_fetch(i, (struct trg_str){ids[n], 1}, &events, &g[n], 1000);
  run_for(f->l, 2);
  assert_int_equal(inst_in_flight(i), 2);
  assert_int_equal(inst_queued(i), 3);
  assert_int_equal(s->started, 2);
  assert_string_equal(s->text, "1");
  finish(s, s->last, TRG_DONE);
  run_for(f->l, 2);
  assert_int_equal(s->started, 3);
  assert_string_equal(s->text, "2");
  assert_int_equal(g[1].done, 1);
  script = S_DONE_AT_ONCE;
  finish(s, s->last, TRG_DONE);
  assert_true(run_until(f->l, is_done, &g[4], 1000));
  assert_int_equal(inst_in_flight(i), 1);
  assert_int_equal(g[0].done, 0);
}

static void test_waiting_for_a_place_is_not_part_of_the_deadline(void **state) {
  struct fixture *f = *state;
  script = S_NEVER;
  struct trg_inst *i = open_inst(f, 1, 1);
  struct got first = {0}, second = {0};
  (void)op_probe(i, &events, &first, 20);
  (void)op_probe(i, &events, &second, 5);
  assert_true(run_until(f->l, is_done, &first, 1000));
  assert_int_equal(second.done, 0);
  assert_true(run_until(f->l, is_done, &second, 1000));
}

static void test_the_operations_state_is_freed_after_its_end(void **state) {
  struct fixture *f = *state;
  script = S_STATE;
  struct got g = {0};
  probe_done(f, &g);
  assert_int_equal(f->self->closed_states, 1);
}

static void test_thousands_of_operations_are_in_flight_at_once(void **state) {
  struct fixture *f = *state;
  script = S_TIMER;
  struct trg_inst *i = open_inst(f, 1, 5000);
  static struct got g[5000];
  memset(g, 0, sizeof g);
  for (int n = 0; n < 5000; n++) (void)op_fetch(i, TRG_STR("x"), &events, &g[n], 5000);
  assert_int_equal(host_ops(f->h), 5000);
  assert_true(run_until(f->l, is_done, &g[4999], 5000));
  run_for(f->l, 5);
  for (int n = 0; n < 5000; n++) assert_int_equal(g[n].done, 1);
  assert_int_equal(host_ops(f->h), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_done_inside_the_start_is_delivered_later),
      T(test_a_second_done_is_counted_told_once_and_ignored),
      T(test_a_stale_operation_finds_nothing),
      T(test_emitting_after_done_is_ignored),
      T(test_only_what_fits_the_operation_is_passed_on),
      T(test_an_expired_read_may_be_tried_again),
      T(test_an_expired_write_is_uncertain),
      T(test_a_cancelled_operation_ends_once_as_cancelled),
      T(test_a_cancelled_write_is_uncertain_once_it_was_sent),
      T(test_callbacks_may_cancel_their_own_operation),
      T(test_callbacks_may_start_operations),
      T(test_more_than_max_in_flight_wait_in_order),
      T(test_waiting_for_a_place_is_not_part_of_the_deadline),
      T(test_the_operations_state_is_freed_after_its_end),
      T(test_thousands_of_operations_are_in_flight_at_once),
  };
  return cmocka_run_group_tests_name("plugin_op", tests, NULL, NULL);
}
