/* Decisions, drafts and the outbox. */
#include "test_store_help.h"

#include "store/outbox.h"
#include "store/verify.h"
#include "store/work.h"

static int64_t draft(struct box *b, int64_t ticket_id, const char *body, int64_t at_ms) {
  const struct draft d = {.ticket_id = ticket_id,
                          .pass = 1,
                          .body = body,
                          .citations = "[\"kb:returns#2\"]",
                          .next_step = "reply",
                          .model = "sonnet",
                          .confidence = 0.5,
                          .state = "proposed",
                          .made_ms = at_ms};
  int64_t id = 0;
  ok(b, draft_add(b->s, &d, &id, &b->err));
  return id;
}

static void test_decisions_are_listed_in_the_order_they_were_made(void **state) {
  struct box *b = *state;
  const int64_t ticket = ticket_made(b, "101");
  struct decision *list = NULL;
  size_t n = 0;
  int64_t id = 0;
  static const char *const stages[] = {"triage", "policy"};
  for (int i = 0; i < 2; i++) {
    const struct decision d = {.ticket_id = ticket,
                               .pass = 1,
                               .stage = stages[i],
                               .verdict = "{\"category\":\"billing\"}",
                               .model = i == 0 ? "house" : "",
                               .confidence = 0.9,
                               .cost_micros = 12,
                               .reason = "ok",
                               .prompt_hash = "ph",
                               .skills_hash = "sh",
                               .conf_hash = "ch",
                               .at_ms = NOW};
    ok(b, decision_add(b->s, &d, &id, &b->err));
  }
  ok(b, decision_list(b->s, ticket, b->a, &list, &n, &b->err));
  assert_int_equal(n, 2);
  assert_string_equal(list[0].stage, "triage");
  assert_string_equal(list[0].verdict, "{\"category\":\"billing\"}");
  assert_string_equal(list[1].model, "");
  assert_int_equal(list[1].model_call_id, 0);
  assert_string_equal(list[1].conf_hash, "ch");
}

static void test_the_newest_draft_is_found_and_a_review_is_kept(void **state) {
  struct box *b = *state;
  struct draft d;
  const int64_t ticket = ticket_made(b, "101");
  assert_int_equal(draft_newest(b->s, ticket, b->a, &d, &b->err), TRG_ENOTFOUND);
  (void)draft(b, ticket, "one", NOW);
  const int64_t id = draft(b, ticket, "two", NOW + 1);
  ok(b, draft_newest(b->s, ticket, b->a, &d, &b->err));
  assert_string_equal(d.body, "two");
  assert_string_equal(d.ref, "support/101");
  assert_string_equal(d.missing, "[]");
  ok(b, draft_set_state(b->s, id, "waiting", "low_confidence", &b->err));
  ok(b,
     draft_review(b->s, id, "edited", "person:ann", "two, but kinder", "tone", NOW + 9, &b->err));
  ok(b, draft_newest(b->s, ticket, b->a, &d, &b->err));
  assert_string_equal(d.state, "edited");
  assert_string_equal(d.reason, "low_confidence");
  assert_string_equal(d.edited, "two, but kinder");
  assert_string_equal(d.reviewer, "person:ann");
  assert_string_equal(d.review_reason, "tone");
  assert_int_equal(d.reviewed_ms, NOW + 9);
  assert_int_equal(draft_set_state(b->s, 99, "sent", "", &b->err), TRG_ENOTFOUND);
  assert_int_equal(draft_set_state(b->s, id, "eaten", "", &b->err), TRG_EINVAL);
}

static void test_waiting_drafts_are_listed_oldest_first(void **state) {
  struct box *b = *state;
  struct draft *list = NULL;
  size_t n = 0;
  const int64_t one = draft(b, ticket_made(b, "1"), "late", NOW + 5);
  const int64_t two = draft(b, ticket_made(b, "2"), "early", NOW);
  (void)draft(b, ticket_made(b, "3"), "proposed", NOW);
  ok(b, draft_set_state(b->s, one, "waiting", NULL, &b->err));
  ok(b, draft_set_state(b->s, two, "waiting", NULL, &b->err));
  ok(b, draft_list(b->s, "waiting", 0, b->a, &list, &n, &b->err));
  assert_int_equal(n, 2);
  assert_string_equal(list[0].body, "early");
  assert_string_equal(list[1].subject, "Where is my parcel?");
}

static void test_what_nobody_acted_on_is_superseded_and_the_rest_stays(void **state) {
  struct box *b = *state;
  struct draft d;
  const int64_t ticket = ticket_made(b, "1"), other = ticket_made(b, "2");
  const int64_t approved = draft(b, ticket, "a", NOW);
  ok(b, draft_review(b->s, approved, "approved", "person:ann", "", "", NOW, &b->err));
  (void)draft(b, ticket, "b", NOW);
  (void)draft(b, other, "c", NOW);
  ok(b, draft_supersede(b->s, ticket, NOW + 1, &b->err));
  ok(b, draft_newest(b->s, ticket, b->a, &d, &b->err));
  assert_string_equal(d.state, "superseded");
  ok(b, draft_newest(b->s, other, b->a, &d, &b->err));
  assert_string_equal(d.state, "proposed");
  flush(b);
  assert_string_equal(raw_text(b, "SELECT state FROM draft WHERE id = 1"), "approved");
}

static int64_t plan(struct box *b, int64_t ticket_id, const char *key, bool *ret_new) {
  const struct outbox o = {.ticket_id = ticket_id,
                           .pass = 1,
                           .intent = "reply",
                           .idem_key = key,
                           .action = "{\"reply\":\"hi\"}",
                           .version = "v1",
                           .last_message_id = "m1",
                           .planned_ms = NOW};
  int64_t id = 0;
  ok(b, outbox_plan(b->s, &o, &id, ret_new, &b->err));
  return id;
}

static void test_one_key_is_planned_once_and_its_row_is_left_alone(void **state) {
  struct box *b = *state;
  struct outbox o;
  bool new = false;
  const int64_t ticket = ticket_made(b, "101");
  const int64_t id = plan(b, ticket, "k1", &new);
  assert_true(new);
  ok(b, outbox_set(b->s, id, "sending", NULL, NULL, NULL, NOW + 1, &b->err));
  assert_int_equal(plan(b, ticket, "k1", &new), id);
  assert_false(new);
  ok(b, outbox_by_id(b->s, id, b->a, &o, &b->err));
  assert_string_equal(o.state, "sending");
  assert_string_equal(o.ref, "support/101");
  assert_string_equal(o.ext_id, "101");
  assert_string_equal(o.helpdesk, "support");
  assert_string_equal(o.receipts, "[]");
}

static void test_the_outbox_keeps_the_first_attempt_and_counts_all(void **state) {
  struct box *b = *state;
  struct outbox o;
  bool new = false;
  const int64_t id = plan(b, ticket_made(b, "101"), "k1", &new);
  ok(b, outbox_set(b->s, id, "sending", NULL, NULL, NULL, NOW + 1, &b->err));
  ok(b, outbox_set(b->s, id, "planned", "rate", "told to wait", NULL, NOW + 2, &b->err));
  ok(b, outbox_guard(b->s, id, "v2", "m2", &b->err));
  ok(b, outbox_set(b->s, id, "sending", NULL, NULL, NULL, NOW + 3, &b->err));
  ok(b, outbox_set(b->s, id, "done", "", "", "[{\"kind\":\"reply\"}]", NOW + 4, &b->err));
  ok(b, outbox_by_id(b->s, id, b->a, &o, &b->err));
  assert_int_equal(o.attempts, 2);
  assert_int_equal(o.sent_ms, NOW + 1);
  assert_int_equal(o.done_ms, NOW + 4);
  assert_string_equal(o.code, "");
  assert_string_equal(o.version, "v2");
  assert_string_equal(o.last_message_id, "m2");
  assert_string_equal(o.receipts, "[{\"kind\":\"reply\"}]");
  assert_int_equal(outbox_set(b->s, 99, "done", "", "", "", NOW, &b->err), TRG_ENOTFOUND);
}

static void test_what_was_being_sent_at_a_crash_is_uncertain(void **state) {
  struct box *b = *state;
  bool new = false;
  struct outbox *list = NULL;
  size_t n = 0;
  int64_t count = -1;
  const int64_t ticket = ticket_made(b, "101");
  const int64_t one = plan(b, ticket, "k1", &new);
  (void)plan(b, ticket, "k2", &new);
  ok(b, outbox_set(b->s, one, "sending", NULL, NULL, NULL, NOW, &b->err));
  flush(b);
  reopen(b);
  ok(b, outbox_recover(b->s, NOW + 5, &count, &b->err));
  assert_int_equal(count, 1);
  ok(b, outbox_list(b->s, ticket, "uncertain", b->a, &list, &n, &b->err));
  assert_int_equal(n, 1);
  assert_int_equal(list[0].id, one);
  assert_non_null(strstr(list[0].why, "2026-11-21T10:00:00Z"));
  ok(b, outbox_list(b->s, ticket, NULL, b->a, &list, &n, &b->err));
  assert_int_equal(n, 2);
  assert_string_equal(list[1].state, "planned");
}

static void test_a_verdict_is_waited_for_once_and_comes_back_when_due(void **state) {
  struct box *b = *state;
  struct verify v[4];
  size_t n = 9;
  int64_t due = -1;
  const int64_t one = ticket_made(b, "101"), two = ticket_made(b, "102");
  ok(b, verify_next_due(b->s, &due, &b->err));
  assert_int_equal(due, 0);
  ok(b, verify_want(b->s, one, NOW, &b->err));
  ok(b, verify_want(b->s, two, NOW + 5, &b->err));
  ok(b, verify_again(b->s, one, NOW + 9, 3, "timeout", &b->err));
  ok(b, verify_want(b->s, one, NOW, &b->err)); /* waits already */
  ok(b, verify_next_due(b->s, &due, &b->err));
  assert_int_equal(due, NOW + 5);
  ok(b, verify_due(b->s, NOW + 9, 4, v, &n, &b->err));
  assert_int_equal(n, 2);
  assert_int_equal(v[1].ticket_id, one);
  assert_int_equal(v[1].attempts, 3);
  ok(b, verify_done(b->s, two, &b->err));
  ok(b, verify_done(b->s, two, &b->err));
  ok(b, verify_due(b->s, NOW + 8, 4, v, &n, &b->err));
  assert_int_equal(n, 0);
  assert_int_equal(verify_again(b->s, two, NOW, 1, "", &b->err), TRG_ENOTFOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_decisions_are_listed_in_the_order_they_were_made),
      TEST(test_the_newest_draft_is_found_and_a_review_is_kept),
      TEST(test_waiting_drafts_are_listed_oldest_first),
      TEST(test_what_nobody_acted_on_is_superseded_and_the_rest_stays),
      TEST(test_one_key_is_planned_once_and_its_row_is_left_alone),
      TEST(test_the_outbox_keeps_the_first_attempt_and_counts_all),
      TEST(test_what_was_being_sent_at_a_crash_is_uncertain),
      TEST(test_a_verdict_is_waited_for_once_and_comes_back_when_due),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
