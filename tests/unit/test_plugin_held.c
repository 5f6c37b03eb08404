/* What operations hold without a copy: a caller's arena, and bodies that stay where they are. */
#include "test_plugin_fake.h"

#include "base/str.h"

/* A model backend whose request body is the stable text and, as its own part, the first text. */
static struct {
  struct trg_str seen; /* the stable text at the last start */
  bool stays, limits;
  int states_freed;
} backend;

struct own {
  char tail[100];
};

static void own_free(void *p) {
  backend.states_freed++;
  free(p);
}

static void model_reply(void *self, trg_op op, const struct trg_http_reply *r, void *arg) {
  struct self *s = self;
  (void)arg;
  s->reply.status = r->status;
  (void)snprintf(s->why, sizeof s->why, "%.*s", (int)r->body.n, r->body.n > 0 ? r->body.p : "");
  if (backend.limits) s->host->bucket(s->inst, NULL, 0, 30);
  finish(s, op, TRG_DONE);
}

static void model_complete(void *self, trg_op op, const struct trg_model_request *r) {
  struct self *s = self;
  struct own *own = calloc(1, sizeof *own);
  char url[128];
  s->started++;
  backend.seen = r->stable;
  (void)snprintf(own->tail, sizeof own->tail, "%.*s", (int)r->parts[0].text.n, r->parts[0].text.p);
  s->host->op_set(op, own, own_free);
  (void)snprintf(url, sizeof url, "%s/echo", s->text);
  char copy[100];
  (void)snprintf(copy, sizeof copy, "%s", own->tail);
  const struct trg_http_request q = {
      .size = sizeof q,
      .method = "POST",
      .url = {url, strlen(url)},
      .body = {backend.stays ? own->tail : copy, strlen(copy)},
      .flags = backend.stays ? TRG_HTTP_BODY_STAYS : 0,
      .body_head = r->stable,
  };
  s->host->http(op, &q, model_reply, NULL);
  memset(copy, '?', sizeof copy);
}

static void no_estimate(void *self, const struct trg_model_request *r, struct trg_usage *ret) {
  (void)self;
  (void)r;
  *ret = (struct trg_usage){0};
}

static void echo(void *arg, const struct serve_request *r) {
  struct fixture *f = arg;
  f->served++;
  serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), NULL, 0, r->body);
}

static const struct trg_model_ops model_ops = {
    .size = sizeof model_ops, .complete = model_complete, .estimate = no_estimate};
static struct trg_plugin model;

static int model_setup(void **state) {
  if (setup(state) != 0) return -1;
  struct fixture *f = *state;
  serve_free(&f->s);
  const struct serve_options so = {.on_request = echo, .arg = f, .connections_max = 100};
  f->s = serve_new(f->l, &so, NULL);
  (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", serve_port(f->s));
  memset(&backend, 0, sizeof backend);
  backend.stays = true;
  model = fake;
  model.kind = TRG_MODEL;
  model.ops = &model_ops;
  const struct conf conf = {0};
  const char *const origins[] = {f->url};
  const struct inst_options o = {.plugin = &model,
                                 .name = "haiku",
                                 .conf = &conf,
                                 .origins = origins,
                                 .origin_count = 1,
                                 .max_in_flight = 1};
  assert_int_equal(inst_open(f->h, &o, &f->i, NULL), 0);
  f->self = opened;
  (void)snprintf(opened->text, sizeof opened->text, "%s", f->url);
  return 0;
}

static trg_op ask_held(struct fixture *f, struct got *g, const char *tail, bool free_at_once,
                       struct arena **ret) {
  struct arena *a = arena_new();
  struct trg_prompt_part *part = arena_alloc(a, sizeof *part);
  *part = (struct trg_prompt_part){TRG_ROLE_USER, arena_str(a, str_of(tail))};
  const struct trg_model_request r = {.size = sizeof r,
                                      .stable = arena_str(a, TRG_STR("stable text, ")),
                                      .parts = part,
                                      .part_count = 1};
  const trg_op op = op_complete_held(f->i, &r, a, &events, g, 2000);
  if (free_at_once) arena_free(&a);
  if (ret != NULL) *ret = a;
  return op;
}

static void test_a_held_request_outlives_its_maker(void **state) {
  struct fixture *f = *state;
  struct got first = {0}, second = {0};
  (void)ask_held(f, &first, "one", true, NULL);
  (void)ask_held(f, &second, "two", true, NULL); /* waits for the place of the first */
  assert_true(run_until(f->l, is_done, &first, 2000));
  assert_string_equal(f->self->why, "stable text, one");
  assert_true(run_until(f->l, is_done, &second, 2000));
  assert_string_equal(f->self->why, "stable text, two");
  assert_int_equal(backend.states_freed, 2);
}

static void test_a_held_request_is_not_copied(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  struct arena *a = arena_new();
  const struct trg_prompt_part part = {TRG_ROLE_USER, TRG_STR("x")};
  const struct trg_model_request r = {
      .size = sizeof r, .stable = arena_str(a, TRG_STR("stable")), .parts = &part, .part_count = 1};
  (void)op_complete_held(f->i, &r, a, &events, &g, 2000);
  assert_true(run_until(f->l, is_done, &g, 2000));
  assert_ptr_equal(backend.seen.p, r.stable.p);
  arena_free(&a); /* the operation's hold is gone: the last owner frees it */
}

static void test_a_cancelled_held_request_is_given_back(void **state) {
  struct fixture *f = *state;
  struct got first = {0}, second = {0};
  const trg_op out = ask_held(f, &first, "one", true, NULL);
  const trg_op waiting = ask_held(f, &second, "two", true, NULL);
  op_cancel(f->h, waiting);
  op_cancel(f->h, out);
  assert_true(run_until(f->l, is_done, &second, 2000));
  assert_true(run_until(f->l, is_done, &first, 2000));
  assert_int_equal(first.outcome, TRG_CANCELLED);
  assert_int_equal(second.outcome, TRG_CANCELLED);
  assert_int_equal(f->self->started, 0);
}

static void wait_for_a_rate_slot(struct fixture *f, bool stays) {
  struct got first = {0}, second = {0};
  backend.limits = true;
  (void)ask_held(f, &first, "one", true, NULL); /* its reply says: nothing for 30 ms */
  assert_true(run_until(f->l, is_done, &first, 2000));
  backend.limits = false;
  backend.stays = stays;
  f->self->why[0] = '\0';
  const int64_t before = mono_ms();
  (void)ask_held(f, &second, "two", true, NULL);
  assert_true(run_until(f->l, is_done, &second, 2000));
  assert_true(mono_ms() - before >= 15);
  assert_string_equal(f->self->why, "stable text, two");
  assert_int_equal(f->served, 2);
}

static void test_both_parts_wait_for_a_rate_slot(void **state) {
  wait_for_a_rate_slot(*state, true);
}
static void test_a_part_that_does_not_stay_is_copied_for_the_wait(void **state) {
  wait_for_a_rate_slot(*state, false);
}

static bool is_started_twice(void *arg) {
  return ((struct self *)arg)->started == 2;
}

static void test_cancelling_while_waiting_for_a_rate_slot_sends_nothing(void **state) {
  struct fixture *f = *state;
  struct got first = {0}, second = {0};
  backend.limits = true;
  (void)ask_held(f, &first, "one", true, NULL);
  assert_true(run_until(f->l, is_done, &first, 2000));
  const trg_op op = ask_held(f, &second, "two", true, NULL);
  assert_true(run_until(f->l, is_started_twice, f->self, 2000));
  op_cancel(f->h, op);
  assert_true(run_until(f->l, is_done, &second, 2000));
  assert_int_equal(second.outcome, TRG_CANCELLED);
  assert_int_equal(second.flags, 0); /* nothing left, nothing is billed */
  assert_int_equal(backend.states_freed, 2);
  run_for(f->l, 40);
  assert_int_equal(f->served, 1);
}

static void test_freeing_the_host_gives_held_requests_back(void **state) {
  struct fixture *f = *state;
  struct got first = {0}, second = {0};
  (void)ask_held(f, &first, "one", true, NULL);
  (void)ask_held(f, &second, "two", true, NULL);
  host_free(&f->h); /* the sanitizer's leak check is the assertion */
  assert_int_equal(first.done + second.done, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, model_setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_held_request_outlives_its_maker),
      T(test_a_held_request_is_not_copied),
      T(test_a_cancelled_held_request_is_given_back),
      T(test_both_parts_wait_for_a_rate_slot),
      T(test_a_part_that_does_not_stay_is_copied_for_the_wait),
      T(test_cancelling_while_waiting_for_a_rate_slot_sends_nothing),
      T(test_freeing_the_host_gives_held_requests_back),
  };
  return cmocka_run_group_tests_name("plugin_held", tests, NULL, NULL);
}
