/* Notices, deliveries and cursors; and the cleaning of what is done. */
#include "test_store_help.h"

#include "store/inbox.h"

#define DESK TRG_STR("support")

static bool add(struct box *b, const char *ext_id, const char *version, int64_t now_ms) {
  bool new = false;
  ok(b, inbox_add(b->s, DESK, str_of(ext_id), str_of(version), TRG_STR("poll"), now_ms, now_ms,
                  &new, &b->err));
  return new;
}

static size_t take(struct box *b, int64_t now_ms, int limit, struct inbox_item **ret) {
  size_t n = 0;
  ok(b, inbox_take(b->s, DESK, now_ms, now_ms + 1000, limit, b->a, ret, &n, &b->err));
  return n;
}

static void depth(struct box *b, int64_t waiting, int64_t dead) {
  int64_t w = -1, d = -1;
  ok(b, inbox_depth(b->s, DESK, &w, &d, &b->err));
  assert_int_equal(w, waiting);
  assert_int_equal(d, dead);
}

static void test_a_notice_counts_once_however_often_it_is_told(void **state) {
  struct box *b = *state;
  bool new = true;
  assert_true(add(b, "101", "1", NOW));
  assert_false(add(b, "101", "1", NOW + 1));
  assert_true(add(b, "101", "2", NOW + 2));
  ok(b, inbox_add(b->s, TRG_STR("other"), TRG_STR("101"), TRG_STR("1"), TRG_STR("hook"), NOW, NOW,
                  &new, &b->err));
  assert_true(new);
  flush(b);
  reopen(b);
  assert_false(add(b, "101", "2", NOW + 3));
  depth(b, 1, 0);
}

static void test_several_notices_of_a_ticket_are_one_fetch(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  (void)add(b, "101", "1", NOW);
  (void)add(b, "102", "1", NOW + 1);
  (void)add(b, "101", "2", NOW + 2);
  assert_int_equal(take(b, NOW + 2, 10, &items), 2);
  assert_string_equal(items[0].ext_id, "101");
  assert_true(items[0].seq > items[1].seq); /* the newest notice of it */
  assert_int_equal(items[0].attempts, 0);
  assert_string_equal(items[0].source, "poll");
  assert_int_equal(take(b, NOW + 2, 10, &items), 0); /* leased */
  ok(b, inbox_done(b->s, DESK, TRG_STR("101"), 3, &b->err));
  depth(b, 1, 0);
}

static void test_a_notice_during_the_fetch_brings_the_ticket_back(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  (void)add(b, "101", "1", NOW);
  assert_int_equal(take(b, NOW, 1, &items), 1);
  const int64_t seq = items[0].seq;
  (void)add(b, "101", "2", NOW + 1);
  assert_int_equal(take(b, NOW + 2, 1, &items), 0); /* the fetch is under way */
  ok(b, inbox_done(b->s, DESK, TRG_STR("101"), seq, &b->err));
  assert_int_equal(take(b, NOW + 2, 1, &items), 1);
  assert_true(items[0].seq > seq);
  assert_int_equal(items[0].attempts, 0);
  ok(b, inbox_done(b->s, DESK, TRG_STR("101"), items[0].seq, &b->err));
  depth(b, 0, 0);
}

static void test_a_lease_ends_by_time_or_at_the_start(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  (void)add(b, "101", "1", NOW);
  assert_int_equal(take(b, NOW, 1, &items), 1);
  assert_int_equal(take(b, NOW + 999, 1, &items), 0);
  assert_int_equal(take(b, NOW + 1000, 1, &items), 1);
  assert_int_equal(items[0].attempts, 1); /* a fetch that never came back counts */
  ok(b, inbox_release(b->s, &b->err));
  assert_int_equal(take(b, NOW, 1, &items), 1);
}

static void test_a_retry_waits_and_a_cancelled_try_does_not_count(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  int64_t due = -1;
  (void)add(b, "101", "1", NOW);
  (void)take(b, NOW, 1, &items);
  const int64_t seq = items[0].seq;
  ok(b, inbox_retry(b->s, DESK, TRG_STR("101"), seq, NOW + 500, false, TRG_STR("500"), &b->err));
  ok(b, inbox_next_due(b->s, DESK, &due, &b->err));
  assert_int_equal(due, NOW + 500);
  assert_int_equal(take(b, NOW + 499, 1, &items), 0);
  assert_int_equal(take(b, NOW + 500, 1, &items), 1);
  assert_int_equal(items[0].attempts, 1);
  ok(b, inbox_retry(b->s, DESK, TRG_STR("101"), seq, 0, false, TRG_STR("stop"), &b->err));
  ok(b, inbox_next_due(b->s, DESK, &due, &b->err));
  assert_int_equal(due, 1);
  assert_int_equal(take(b, NOW + 500, 1, &items), 1);
  assert_int_equal(items[0].attempts, 1);
}

static void test_a_dead_notice_waits_for_requeue_or_for_news(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  int64_t count = 0, due = -1;
  for (int i = 0; i < 3; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "10%d", i);
    (void)add(b, name, "1", NOW);
  }
  assert_int_equal(take(b, NOW, 9, &items), 3);
  for (int i = 0; i < 3; i++)
    ok(b, inbox_retry(b->s, DESK, str_of(items[i].ext_id), items[i].seq, NOW + 1, true,
                      TRG_STR("permanent"), &b->err));
  depth(b, 0, 3);
  ok(b, inbox_next_due(b->s, DESK, &due, &b->err));
  assert_int_equal(due, 0);
  assert_int_equal(take(b, NOW + 9999, 9, &items), 0);
  ok(b, inbox_requeue(b->s, DESK, TRG_STR("100"), NOW, &count, &b->err));
  assert_int_equal(count, 1);
  (void)add(b, "101", "2", NOW);
  depth(b, 2, 1);
  ok(b, inbox_requeue(b->s, DESK, TRG_STR(""), NOW, &count, &b->err));
  assert_int_equal(count, 1);
  assert_int_equal(take(b, NOW + 1, 9, &items), 3);
  for (int i = 0; i < 3; i++) assert_int_equal(items[i].attempts, 0);
}

static void test_giving_up_an_old_notice_keeps_the_newer_one(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  (void)add(b, "101", "1", NOW);
  (void)take(b, NOW, 1, &items);
  (void)add(b, "101", "2", NOW + 1);
  ok(b,
     inbox_retry(b->s, DESK, TRG_STR("101"), items[0].seq, NOW + 5, true, TRG_STR("x"), &b->err));
  depth(b, 1, 0);
}

static void test_looks_of_a_ticket_are_one_notice_however_often_they_are_asked_for(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  (void)add(b, "101", "1", NOW);
  for (int i = 1; i <= 9; i++) {
    char version[32];
    (void)snprintf(version, sizeof version, "look:%d", i);
    ok(b, inbox_look(b->s, DESK, TRG_STR("101"), str_of(version), NOW - i, NOW + i, &b->err));
    ok(b, inbox_look(b->s, DESK, TRG_STR("102"), str_of(version), NOW - i, NOW + i, &b->err));
    assert_int_equal(take(b, NOW + i, 10, &items), 2); /* each asks for a fetch */
    for (int k = 0; k < 2; k++) {
      assert_string_equal(items[k].source, "look");
      assert_int_equal(items[k].at_ms, NOW - i);
      ok(b, inbox_done(b->s, DESK, str_of(items[k].ext_id), items[k].seq, &b->err));
    }
  }
  flush(b);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM inbox WHERE source = 'look'"), 2);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM inbox"), 3);
  assert_false(add(b, "101", "1", NOW + 20)); /* the notice of the poll is remembered */
}

static void test_a_delivery_is_new_once(void **state) {
  struct box *b = *state;
  bool new = false;
  ok(b, inbox_delivery(b->s, DESK, TRG_STR("d-1"), NOW, &new, &b->err));
  assert_true(new);
  ok(b, inbox_delivery(b->s, DESK, TRG_STR("d-1"), NOW, &new, &b->err));
  assert_false(new);
  ok(b, inbox_delivery(b->s, TRG_STR("other"), TRG_STR("d-1"), NOW, &new, &b->err));
  assert_true(new);
}

static void test_a_cursor_is_empty_first_and_then_as_it_was_put(void **state) {
  struct box *b = *state;
  struct cursor c;
  ok(b, cursor_get(b->s, DESK, b->a, &c, &b->err));
  assert_string_equal(c.cursor, "");
  assert_string_equal(c.error, "");
  assert_int_equal(c.since_ms + c.polled_ms + c.ok_ms + c.covered_ms, 0);
  const struct cursor put = {"abc", 1, 2, 3, 4, "timeout"};
  ok(b, cursor_put(b->s, DESK, &put, &b->err));
  flush(b);
  reopen(b);
  ok(b, cursor_get(b->s, DESK, b->a, &c, &b->err));
  assert_string_equal(c.cursor, "abc");
  assert_int_equal(c.since_ms, 1);
  assert_int_equal(c.polled_ms, 2);
  assert_int_equal(c.ok_ms, 3);
  assert_int_equal(c.covered_ms, 4);
  assert_string_equal(c.error, "timeout");
}

static void test_cleaning_takes_old_done_notices_in_batches_and_nothing_else(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  bool new = false, more = false;
  for (int i = 0; i < 25; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", i);
    (void)add(b, name, "1", NOW + i);
  }
  ok(b, inbox_delivery(b->s, DESK, TRG_STR("old"), NOW, &new, &b->err));
  ok(b, inbox_delivery(b->s, DESK, TRG_STR("new"), NOW + 100, &new, &b->err));
  assert_int_equal(take(b, NOW + 99, 24, &items), 24);
  for (int i = 0; i < 24; i++)
    ok(b, inbox_done(b->s, DESK, str_of(items[i].ext_id), items[i].seq, &b->err));
  int rounds = 0;
  do {
    ok(b, store_clean(b->s, NOW + 50, NOW + 50, 10, &more, &b->err));
    rounds++;
  } while (more);
  flush(b);
  assert_int_equal(rounds, 3);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM inbox"), 1);
  assert_string_equal(raw_text(b, "SELECT ext_id FROM inbox"), "24");
  assert_string_equal(raw_text(b, "SELECT delivery_id FROM delivery"), "new");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_notice_counts_once_however_often_it_is_told),
      TEST(test_several_notices_of_a_ticket_are_one_fetch),
      TEST(test_a_notice_during_the_fetch_brings_the_ticket_back),
      TEST(test_a_lease_ends_by_time_or_at_the_start),
      TEST(test_a_retry_waits_and_a_cancelled_try_does_not_count),
      TEST(test_a_dead_notice_waits_for_requeue_or_for_news),
      TEST(test_giving_up_an_old_notice_keeps_the_newer_one),
      TEST(test_looks_of_a_ticket_are_one_notice_however_often_they_are_asked_for),
      TEST(test_a_delivery_is_new_once),
      TEST(test_a_cursor_is_empty_first_and_then_as_it_was_put),
      TEST(test_cleaning_takes_old_done_notices_in_batches_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
