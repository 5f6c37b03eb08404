/* The searches of the road, beside the loop: what is found, who is told, and who is not. */
#include "test_store_help.h"
#include "test_net_help.h"

#include "net/loop.h"
#include "pipeline/recall.h"
#include "pipeline/stage.h"
#include "store/knowledge.h"

#define TASKS 40

struct desk_box {
  struct box *b;
  struct loop *l;
  struct road r;
  struct task tasks[TASKS];
  int told;
  size_t similar, examples, passages;
  char first[40];
};
static struct desk_box *d;

static int setup(void **state) {
  if (box_setup(state) != 0) return -1;
  d = mem_alloc(sizeof *d);
  d->b = *state;
  struct trg_err err = {0};
  d->l = loop_new(&err);
  d->r.setup.loop = d->l;
  d->r.setup.store = d->b->s;
  d->r.pace = mem_array(16384, sizeof *d->r.pace);
  d->r.recalls = recalls_new(&d->r);
  for (int i = 0; i < TASKS; i++) d->tasks[i] = (struct task){.road = &d->r, .ticket_id = i + 1};
  return 0;
}

static int teardown(void **state) {
  for (int i = 0; i < TASKS; i++) recall_end(&d->tasks[i].recall);
  recalls_free(&d->r.recalls);
  loop_free(&d->l);
  mem_free(d->r.pace);
  mem_free(d);
  return box_teardown(state);
}

static void known(void) {
  bool changed = false;
  struct box *b = d->b;
  const struct past p = {.ref = "shop/77",
                         .subject = "Parcel late",
                         .text = "my parcel is late",
                         .category = "shipping",
                         .language = "en",
                         .reply = "It is on its way.",
                         .status = "solved",
                         .cited = "[]"};
  const struct passage g = {.id = "kb:parcels#1",
                            .title = "Parcels",
                            .heading = "Late",
                            .text = "A late parcel is looked for after five days.",
                            .language = "en",
                            .category = "",
                            .hash = "h"};
  const struct example e = {.text = "where is my parcel", .category = "shipping", .labels = "{}"};
  ok(b, past_put(b->s, &p, NOW, &b->err));
  ok(b, passage_replace(b->s, "parcels.md", "f", &g, 1, &changed, &b->err));
  ok(b, example_keep(b->s, "x", &e, 1, &changed, &b->err));
  flush(b);
}

static void then(struct task *k) {
  const struct recalled *f = recall_found(k->recall);
  d->told++;
  d->similar = f->similar_count;
  d->examples = f->example_count;
  d->passages = f->passage_count;
  if (f->passage_count > 0) (void)snprintf(d->first, sizeof d->first, "%s", f->passages[0].id);
  recall_end(&k->recall);
}

static void ask(int task) {
  recall_start(d->r.recalls, &d->tasks[task],
               &(struct recall_want){.words = TRG_STR("the parcel is late"),
                                     .language = TRG_STR("en"),
                                     .ticket_id = d->tasks[task].ticket_id,
                                     .similar = 3,
                                     .examples = 3,
                                     .passages = 3},
               then);
}

static bool all_told(void *arg) {
  recalls_go(d->r.recalls); /* as each turn of the road does */
  return d->told >= *(const int *)arg;
}

static void what_is_like_a_ticket_is_found(void **state) {
  (void)state;
  const int one = 1;
  known();
  ask(0);
  recalls_go(d->r.recalls);
  assert_int_equal(d->told, 0); /* on a later turn */
  assert_true(run_until(d->l, all_told, (void *)&one, 5000));
  assert_int_equal(d->similar, 1);
  assert_int_equal(d->examples, 1);
  assert_int_equal(d->passages, 1);
  assert_string_equal(d->first, "kb:parcels#1");
  assert_null(d->tasks[0].recall);
}

static void only_what_was_committed_is_seen(void **state) {
  (void)state;
  const int one = 1, two = 2;
  struct box *b = d->b;
  known();
  const struct past p = {.ref = "shop/78",
                         .subject = "Parcel late again",
                         .text = "late parcel",
                         .category = "shipping",
                         .language = "en",
                         .reply = "",
                         .status = "solved",
                         .cited = "[]"};
  ok(b, past_put(b->s, &p, NOW, &b->err));
  ask(0);
  assert_true(run_until(d->l, all_told, (void *)&one, 5000));
  assert_int_equal(d->similar, 1);
  flush(b);
  ask(1);
  assert_true(run_until(d->l, all_told, (void *)&two, 5000));
  assert_int_equal(d->similar, 2);
}

static void more_than_one_piece_of_work_is_done_in_turn(void **state) {
  (void)state;
  const int all = TASKS;
  known();
  for (int i = 0; i < TASKS; i++) ask(i);
  assert_true(run_until(d->l, all_told, (void *)&all, 5000));
  assert_int_equal(d->told, TASKS);
}

static void a_task_that_ended_is_told_nothing(void **state) {
  (void)state;
  const int one = 1;
  known();
  for (int i = 0; i < 3; i++) ask(i);
  recall_end(&d->tasks[0].recall); /* while it waits */
  recalls_go(d->r.recalls);
  recall_end(&d->tasks[1].recall); /* while it is searched for */
  assert_true(run_until(d->l, all_told, (void *)&one, 5000));
  run_for(d->l, 20);
  assert_int_equal(d->told, 1);
}

static void what_is_under_way_at_the_end_is_dropped(void **state) {
  (void)state;
  known();
  for (int i = 0; i < TASKS; i++) ask(i);
  recalls_go(d->r.recalls);
  for (int i = 0; i < TASKS; i++) recall_end(&d->tasks[i].recall);
  recalls_free(&d->r.recalls);
  loop_free(&d->l);
  assert_int_equal(d->told, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(what_is_like_a_ticket_is_found),
      T(only_what_was_committed_is_seen),
      T(more_than_one_piece_of_work_is_done_in_turn),
      T(a_task_that_ended_is_told_nothing),
      T(what_is_under_way_at_the_end_is_dropped),
  };
  return cmocka_run_group_tests_name("pipeline recall", tests, NULL, NULL);
}
