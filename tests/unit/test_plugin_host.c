/* What the host does for a plugin, and the life of instances. */
#include "base/str.h"
#include "test_plugin_fake.h"

static void test_an_exchange_goes_through_the_host(void **state) {
  struct fixture *f = *state;
  script = S_HTTP;
  struct got g = {0};
  probe_done(f, &g);
  assert_int_equal(f->self->reply.status, 200);
  assert_true(f->self->reply.sent);
  assert_int_equal(f->served, 1);
}

static void test_other_hosts_than_the_instances_own_are_refused(void **state) {
  struct fixture *f = *state;
  script = S_HTTP_ELSEWHERE;
  struct got g = {0};
  probe_done(f, &g);
  assert_int_equal(f->self->reply.status, 0);
  assert_false(f->self->reply.sent);
  assert_non_null(strstr(f->self->why, "evil.example"));
  assert_null(strstr(f->self->why, "secret"));
}

static void test_another_origin_can_be_allowed_and_only_https_beyond_loopback(void **state) {
  struct fixture *f = *state;
  const struct trg_host *host = f->self->host;
  struct trg_err err = {0};
  assert_int_equal(host->allow_origin(f->self->inst, str_of("https://moved.example.com/"), &err),
                   0);
  assert_int_equal(host->allow_origin(f->self->inst, str_of("https://moved.example.com"), &err), 0);
  assert_int_equal(host->allow_origin(f->self->inst, str_of("http://moved.example.com"), &err), -1);
  assert_non_null(strstr(err.text, "support"));
  assert_int_equal(host->allow_origin(f->self->inst, str_of("https://a:b@moved.example.com"), &err),
                   -1);
  assert_int_equal(host->allow_origin(f->self->inst, str_of("moved"), &err), -1);
  char url[64];
  int taken = 0;
  for (int i = 0; i < 100; i++) { /* nobody is sent around for ever */
    (void)snprintf(url, sizeof url, "https://moved%d.example.com", i);
    taken += host->allow_origin(f->self->inst, str_of(url), &err) == 0;
  }
  assert_in_range(taken, 8, 16);
}

static void test_an_empty_bucket_holds_exchanges_until_its_reset(void **state) {
  struct fixture *f = *state;
  script = S_LIMITED;
  struct got first = {0}, second = {0}, third = {0};
  probe_done(f, &first); /* tells the bucket: nothing for 400 ms, long on a busy machine too */
  assert_true(inst_wait_ms(f->i) > 0);
  const int64_t before = mono_ms();
  probe(f, &third, 5);
  probe(f, &second, 3000);
  assert_true(run_until(f->l, is_done, &third, 1000));
  assert_int_equal(third.outcome, TRG_RETRY);
  assert_string_equal(third.code, "rate");
  assert_true(third.retry_after_ms > 0);
  assert_int_equal(f->served, 1);
  script = S_HTTP;
  assert_true(run_until(f->l, is_done, &second, 2000));
  assert_true(mono_ms() - before >= 300);
  assert_int_equal(f->self->reply.status, 200);
  assert_int_equal(f->served, 2);
}

static void test_work_comes_back_on_the_loop(void **state) {
  struct fixture *f = *state;
  script = S_WORK;
  atomic_store(&work_may_end, true);
  struct got g = {0};
  probe_done(f, &g);
  assert_int_equal(g.outcome, TRG_DONE);
}

static void test_cancelled_work_keeps_the_instance_until_the_pool_is_through(void **state) {
  struct fixture *f = *state;
  script = S_WORK;
  struct got g = {0};
  const trg_op op = op_probe(f->i, &events, &g, 1000);
  assert_true(run_until(f->l, is_started, f->self, 1000));
  op_cancel(f->h, op);
  inst_retire(f->i);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_CANCELLED);
  run_for(f->l, 3);
  assert_int_equal(closed, 0);
  atomic_store(&work_may_end, true);
  assert_true(run_until(f->l, is_closed, NULL, 1000));
}

static void *let_end(void *arg) {
  (void)usleep(3000);
  atomic_store(&work_may_end, true);
  return arg;
}

static void test_the_host_waits_for_the_pool_before_it_closes(void **state) {
  struct fixture *f = *state;
  script = S_WORK;
  struct got g = {0}, told = {0};
  (void)op_probe(f->i, &events, &g, 1000);
  const trg_op op = op_probe(f->i, &events, &told, 1000);
  assert_true(run_until(f->l, is_started, f->self, 1000));
  op_cancel(f->h, op);
  assert_true(run_until(f->l, is_done, &told, 1000));
  pthread_t t;
  assert_int_equal(pthread_create(&t, NULL, let_end, NULL), 0);
  host_free(&f->h);
  assert_true(atomic_load(&work_may_end));
  assert_int_equal(closed, 1);
  assert_int_equal(g.done, 0);
  (void)pthread_join(t, NULL);
}

static void test_a_retired_instance_closes_after_its_last_operation(void **state) {
  struct fixture *f = *state;
  script = S_TIMER;
  struct got g = {0}, late = {0};
  probe(f, &g, 1000);
  inst_retire(f->i);
  (void)op_probe(f->i, &events, &late, 1000);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_DONE);
  assert_int_equal(late.outcome, TRG_CANCELLED);
  assert_true(run_until(f->l, is_closed, NULL, 1000));
}

static void test_draining_cancels_reads_and_lets_writes_end(void **state) {
  struct fixture *f = *state;
  script = S_TIMER;
  struct got read = {0}, write = {0};
  const struct trg_action a = {.size = sizeof a, .ticket_id = TRG_STR("1")};
  probe(f, &read, 1000);
  (void)op_write(f->i, &a, &events, &write, 1000);
  host_drain(f->h);
  assert_true(run_until(f->l, is_done, &write, 1000));
  assert_int_equal(read.outcome, TRG_CANCELLED);
  assert_int_equal(write.outcome, TRG_DONE);
}

static void test_freeing_the_host_calls_nobody(void **state) {
  struct fixture *f = *state;
  script = S_HTTP;
  struct got g[3] = {{0}};
  probe(f, &g[0], 1000);
  assert_true(run_until(f->l, is_started, f->self, 1000));
  script = S_DONE_AT_ONCE;
  probe(f, &g[1], 1000);
  probe(f, &g[2], 1000);
  host_free(&f->h);
  run_for(f->l, 3);
  assert_int_equal(g[0].done + g[1].done + g[2].done, 0);
  assert_int_equal(closed, 1);
}

static void test_a_failed_open_says_which_instance(void **state) {
  struct fixture *f = *state;
  const struct conf conf = {.number = -1};
  const struct inst_options o = {.plugin = &fake, .name = "support2", .conf = &conf};
  struct trg_inst *i = NULL;
  struct trg_err err = {0};
  assert_true(inst_open(f->h, &o, &i, &err) < 0);
  assert_string_equal(err.text, "support2: the number is negative");
  struct trg_plugin other = fake;
  other.abi_major = 9;
  const struct inst_options wrong = {.plugin = &other, .name = "support3"};
  assert_true(inst_open(f->h, &wrong, &i, &err) < 0);
}

static void test_an_operation_of_the_other_kind_is_rejected(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  const struct trg_model_request r = {.size = sizeof r, .task = TRG_STR("triage")};
  (void)op_complete(f->i, &r, &events, &g, 1000);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_REJECTED);
  assert_null(inst_model(f->i));
  assert_non_null(inst_connector(f->i));
  assert_int_equal(inst_caps(f->i), TRG_CAN_NOTE);
  assert_string_equal(inst_name(f->i), "support");
  assert_ptr_equal(inst_user(f->i), f);
  assert_ptr_equal(inst_self(f->i), f->self);
}

static void test_the_plugins_log_lines_name_the_instance(void **state) {
  struct fixture *f = *state;
  const char *const kv[] = {"key", "value", "odd", NULL};
  f->self->host->log(f->self->inst, TRG_INFO, "fake.event", kv);
  f->self->host->log(f->self->inst, TRG_INFO, "fake.event", NULL);
  assert_int_equal(log_lines(f, "inst=support"), 2);
  assert_int_equal(log_lines(f, "key=value"), 1);
}

/* A model backend that asks with a POST and gets no answer. */
static void ask_model(void *self, trg_op op, const struct trg_model_request *r) {
  struct self *s = self;
  char url[128];
  assert_int_equal(r->part_count, 1);
  (void)snprintf(url, sizeof url, "%s/silent", s->text);
  ask(s, op, url, "POST");
}

static void no_estimate(void *self, const struct trg_model_request *r, struct trg_usage *ret) {
  (void)self;
  (void)r;
  *ret = (struct trg_usage){0};
}

static void test_a_model_call_that_was_given_up_may_be_billed(void **state) {
  struct fixture *f = *state;
  const struct trg_model_ops ops = {
      .size = sizeof ops, .complete = ask_model, .estimate = no_estimate};
  struct trg_plugin model = fake;
  model.kind = TRG_MODEL;
  model.ops = &ops;
  const struct conf conf = {0};
  const char *const origins[] = {f->url};
  const struct inst_options o = {
      .plugin = &model, .name = "haiku", .conf = &conf, .origins = origins, .origin_count = 1};
  struct trg_inst *i = NULL;
  assert_int_equal(inst_open(f->h, &o, &i, NULL), 0);
  (void)snprintf(opened->text, sizeof opened->text, "%s", f->url);
  const struct trg_prompt_part part = {TRG_ROLE_USER, TRG_STR("text")};
  const struct trg_model_request r = {.size = sizeof r, .parts = &part, .part_count = 1};
  struct got g = {0};
  (void)op_complete(i, &r, &events, &g, 50);
  assert_true(run_until(f->l, is_done, &g, 1000));
  assert_int_equal(g.outcome, TRG_RETRY);
  assert_int_equal(g.flags, TRG_RESULT_MAYBE_BILLED);
  struct got early = {0};
  op_cancel(f->h, op_complete(i, &r, &events, &early, 50));
  assert_true(run_until(f->l, is_done, &early, 1000));
  assert_int_equal(early.flags, 0);
  host_free(&f->h); /* before the descriptor goes */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_an_exchange_goes_through_the_host),
      T(test_other_hosts_than_the_instances_own_are_refused),
      T(test_another_origin_can_be_allowed_and_only_https_beyond_loopback),
      T(test_an_empty_bucket_holds_exchanges_until_its_reset),
      T(test_work_comes_back_on_the_loop),
      T(test_cancelled_work_keeps_the_instance_until_the_pool_is_through),
      T(test_the_host_waits_for_the_pool_before_it_closes),
      T(test_a_retired_instance_closes_after_its_last_operation),
      T(test_draining_cancels_reads_and_lets_writes_end),
      T(test_freeing_the_host_calls_nobody),
      T(test_a_failed_open_says_which_instance),
      T(test_an_operation_of_the_other_kind_is_rejected),
      T(test_the_plugins_log_lines_name_the_instance),
      T(test_a_model_call_that_was_given_up_may_be_billed),
  };
  return cmocka_run_group_tests_name("plugin_host", tests, NULL, NULL);
}
