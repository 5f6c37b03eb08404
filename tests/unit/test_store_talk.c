/* Messages, events and the audit trail. */
#include "test_store_help.h"

#include "store/knowledge.h"
#include "store/subject.h"
#include "store/talk.h"

static bool event(struct box *b, int64_t id, const char *kind, const char *ext_id, int64_t at_ms) {
  const struct event e = {.ticket_id = id,
                          .kind = kind,
                          .ext_id = ext_id,
                          .actor = "customer",
                          .value = "v",
                          .at_ms = at_ms,
                          .seen_ms = NOW};
  bool new = false;
  ok(b, event_add(b->s, &e, &new, &b->err));
  return new;
}

static void test_a_message_told_again_is_not_new_and_an_edit_is_taken(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  struct message m = {.ticket_id = id,
                      .ext_id = "m1",
                      .author = TRG_AUTHOR_CUSTOMER,
                      .flags = TRG_MESSAGE_PUBLIC,
                      .at_ms = NOW,
                      .author_id = "u1",
                      .text = "Hello [PERSON_1]",
                      .marker = "trg-1"};
  struct message *list = NULL;
  size_t n = 0;
  bool new = false;
  ok(b, message_put(b->s, &m, &new, &b->err));
  assert_true(new);
  m.text = "Hello again";
  m.marker = "";
  ok(b, message_put(b->s, &m, &new, &b->err));
  assert_false(new);
  ok(b, message_list(b->s, id, b->a, &list, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(list[0].text, "Hello again");
  assert_string_equal(list[0].marker, "trg-1");
  assert_string_equal(list[0].attachments, "[]");
  assert_int_equal(list[0].flags, TRG_MESSAGE_PUBLIC);
  assert_int_equal(list[0].author, TRG_AUTHOR_CUSTOMER);
}

static void test_messages_come_oldest_first(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  static const int64_t at[] = {30, 10, 20};
  struct message *list = NULL;
  size_t n = 0;
  bool new = false;
  for (int i = 0; i < 3; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", i);
    const struct message m = {.ticket_id = id, .ext_id = name, .at_ms = at[i], .text = name};
    ok(b, message_put(b->s, &m, &new, &b->err));
  }
  ok(b, message_list(b->s, id, b->a, &list, &n, &b->err));
  assert_int_equal(n, 3);
  assert_string_equal(list[0].text, "1");
  assert_string_equal(list[2].text, "0");
}

static void test_a_fact_counts_once_and_marks_the_ticket_for_settle(void **state) {
  struct box *b = *state;
  struct ticket t;
  const int64_t id = ticket_made(b, "101");
  assert_true(event(b, id, "solved", "f1", 5));
  ok(b, ticket_by_id(b->s, id, b->a, &t, &b->err));
  assert_int_equal(t.settle_ms, NOW);
  ok(b, ticket_bill(b->s, id, TRG_STR("open"), TRG_STR(""), 0, &b->err));
  assert_false(event(b, id, "solved", "f1", 6));
  ok(b, ticket_by_id(b->s, id, b->a, &t, &b->err));
  assert_int_equal(t.settle_ms, 0);
  assert_true(event(b, id, "reopen", "f1", 7)); /* another kind may use the same id */
  ok(b, ticket_bill(b->s, id, TRG_STR("open"), TRG_STR(""), NOW + 5000, &b->err));
  assert_true(event(b, id, "retry", "", 8));
  ok(b, ticket_by_id(b->s, id, b->a, &t, &b->err));
  assert_int_equal(t.settle_ms, NOW + 5000); /* the road's own kinds are no facts */
}

static void test_events_without_an_id_are_told_apart_and_facts_can_be_had_alone(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  struct event *e = NULL;
  size_t n = 0;
  assert_true(event(b, id, "note", "", 20));
  assert_true(event(b, id, "note", "", 10));
  assert_true(event(b, id, "state", "", 15));
  assert_true(event(b, id, "dead", "", 16));
  ok(b, event_list(b->s, id, false, b->a, &e, &n, &b->err));
  assert_int_equal(n, 4);
  for (size_t i = 1; i < n; i++) assert_true(e[i - 1].at_ms <= e[i].at_ms);
  assert_string_equal(e[0].ext_id, "seq:2");
  ok(b, event_list(b->s, id, true, b->a, &e, &n, &b->err));
  assert_int_equal(n, 2);
  assert_int_equal(e[0].seq, 2);
  assert_int_equal(e[1].seq, 1);
}

static void test_events_and_audit_cannot_be_changed_or_removed(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  (void)event(b, id, "solved", "f1", 5);
  ok(b, audit_add(b->s, "person:ann", "requeue", "support/101", "", NOW, &b->err));
  flush(b);
  store_close(&b->s);
  static const char *const texts[] = {
      "UPDATE event SET value = 'x'",
      "DELETE FROM event",
      "UPDATE audit SET who = 'nobody'",
      "DELETE FROM audit",
      "DELETE FROM ticket",
      "PRAGMA recursive_triggers = ON; INSERT OR REPLACE INTO event (seq, ticket_id, kind, ext_id,"
      " actor, value, data, at_ms, seen_ms) VALUES (1, 1, 'spam', '', '', '', '', 0, 0)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(raw(b, texts[i]), SQLITE_CONSTRAINT);
  assert_string_equal(raw_text(b, "SELECT kind || value FROM event"), "solvedv");
  assert_string_equal(raw_text(b, "SELECT who || ' ' || what FROM audit"), "person:ann requeue");
}

/* Labelled examples are company texts, but may be somebody's ticket word for word. */
static void test_an_example_in_a_persons_words_is_erased_with_them(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  bool new = false;
  struct subject_erased e = {0};
  struct example *found = NULL;
  size_t n = 0;
  const struct message m = {
      .ticket_id = id, .ext_id = "1", .at_ms = NOW, .text = "My grandfather's clock stopped."};
  const struct example list[] = {
      {.text = "My grandfather's clock stopped.", .category = "technical", .labels = "{}"},
      {.text = "The clock is late.", .category = "technical", .labels = "{}"}};
  ok(b, message_put(b->s, &m, &new, &b->err));
  ok(b, example_keep(b->s, "1", list, 2, &new, &b->err));
  ok(b, subject_texts_erase(b->s, "nobody", "hash-of-another", &e, &b->err));
  assert_int_equal(e.taught, 0);
  ok(b, subject_texts_erase(b->s, "nobody", "hash-of-ann", &e, &b->err));
  assert_int_equal(e.taught, 1);
  ok(b, example_search(b->s, TRG_STR("grandfather clock"), 5, b->a, &found, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(found[0].text, "The clock is late.");
  ok(b, example_keep(b->s, "1", list, 2, &new, &b->err)); /* the same file: not put back */
  assert_false(new);
  ok(b, example_search(b->s, TRG_STR("grandfather"), 5, b->a, &found, &n, &b->err));
  assert_int_equal(n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_an_example_in_a_persons_words_is_erased_with_them),
      TEST(test_a_message_told_again_is_not_new_and_an_edit_is_taken),
      TEST(test_messages_come_oldest_first),
      TEST(test_a_fact_counts_once_and_marks_the_ticket_for_settle),
      TEST(test_events_without_an_id_are_told_apart_and_facts_can_be_had_alone),
      TEST(test_events_and_audit_cannot_be_changed_or_removed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
