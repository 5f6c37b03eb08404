/* Writing into Intercom under a fake host: the steps, the guard, lost answers, and finding. */
#include "intercom_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_FOUND "{\"type\":\"error.list\",\"errors\":[{\"code\":\"not_found\"}]}"
#define REFUSED                                                                                    \
  "{\"type\":\"error.list\",\"request_id\":\"r9\",\"errors\":[{\"code\":\"parameter_invalid\"}]}"
#define CONVERSATION "/conversations/515"
#define TAGS                                                                                       \
  "{\"type\":\"list\",\"data\":[{\"id\":\"86\",\"name\":\"VIP\"},{\"id\":\"87\",\"name\":\"AI_"    \
  "triaged\"}]}"
#define AT "1795219200"
/* Parts that are added to conversation.json. */
#define OURS(id, type, body)                                                                       \
  "{\"id\":\"" id "\",\"part_type\":\"" type "\",\"body\":\"" body "\",\"created_at\":" AT         \
  ",\"app_package_code\":\"x\",\"author\":{\"type\":\"admin\",\"id\":\"991\"}}"
#define THEIRS(id, who)                                                                            \
  "{\"id\":\"" id "\",\"part_type\":\"comment\",\"body\":\"Well?\",\"created_at\":" AT             \
  ",\"author\":{\"type\":\"" who "\",\"id\":\"5\"}}"

static const struct trg_str tags[] = {{"ai_triaged", 10}, {"vip", 3}};

static struct trg_action action_of(const char *note, const char *reply) {
  return (struct trg_action){.size = sizeof(struct trg_action),
                             .ticket_id = TRG_STR("515"),
                             .version = TRG_STR("1795215000/9003/1795215000"),
                             .last_message_id = TRG_STR("9003"),
                             .idem_key = TRG_STR("0123abcd"),
                             .note = {note, note != NULL ? strlen(note) : 0},
                             .reply = {reply, reply != NULL ? strlen(reply) : 0},
                             .attempt_ms = FAKE_NOW_MS};
}

static char *talk_with(const char *parts) {
  char to[4096];
  snprintf(to, sizeof to, "\"app_package_code\":null},%s]}}", parts);
  return desk_fixture_with("intercom", "conversation.json", "\"app_package_code\":null}]}}", to);
}

static void answer_with(struct desk_case *c, const char *url_has, const char *parts) {
  char *text = talk_with(parts);
  desk_answer(c, url_has, 200, text);
  free(text);
}

static void is_ended(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("%d %s: %s", (int)op->result.outcome, op->result.code.p, op->result.why.p);
}

static bool has_receipt(const struct fake_op *op, const char *kind, const char *id) {
  for (size_t i = 0; i < op->receipt_count; i++)
    if (strcmp(op->receipts[i].kind.p, kind) == 0 && strcmp(op->receipts[i].id.p, id) == 0)
      return true;
  return false;
}

static void is_request(const struct desk_case *c, size_t at, const char *method, const char *url,
                       const char *body) {
  const struct fake_request *r = fake_host_request(c->host, at);
  assert_non_null(r);
  assert_string_equal(r->method.p, method);
  assert_string_equal(r->url.p + strlen(INTERCOM_URL), url);
  if (body != NULL && strstr(r->body.p, body) == NULL)
    fail_msg("\"%s\" is not in %s", body, r->body.p);
}

static void test_everything_is_written_in_its_order(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", "<p>Hello</p>");
  action.add_tags = tags;
  action.add_tag_count = 2; /* "vip" is there, as "VIP" */
  action.priority = TRG_STR("P2");
  action.category = TRG_STR("refund");
  action.team = TRG_STR("billing");
  action.flags = TRG_ACTION_SOLVE;
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION, 200, "{}");
  desk_answer(&c, "/tags", 200, TAGS);
  desk_answer(&c, CONVERSATION "/tags", 200, "{\"type\":\"tag\",\"id\":\"87\"}");
  desk_answer(&c, CONVERSATION "/parts", 200, "{}");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  answer_with(&c, CONVERSATION "/reply", OURS("9101", "note", "why triaged:0123abcd"));
  answer_with(&c, CONVERSATION, OURS("9101", "note", "why triaged:0123abcd"));
  answer_with(&c, CONVERSATION "/reply",
              OURS("9101", "note", "why") "," OURS("9102", "comment", "<p>Hello</p>"));
  desk_answer(&c, CONVERSATION "/parts", 200, "{}");
  const struct fake_op *op = desk_write(&c, &action);
  is_ended(op, TRG_DONE, "");
  is_request(&c, 1, "GET", CONVERSATION, NULL);
  is_request(&c, 2, "PUT", CONVERSATION,
             "{\"custom_attributes\":{\"issue_type\":\"refund\",\"urgency\":\"high\"}}");
  is_request(&c, 3, "GET", "/tags", NULL);
  is_request(&c, 4, "POST", CONVERSATION "/tags", "{\"id\":\"87\",\"admin_id\":\"991\"}");
  is_request(&c, 5, "POST", CONVERSATION "/parts", "\"message_type\":\"assignment\"");
  is_request(&c, 6, "GET", CONVERSATION, NULL); /* the guard again, as time has passed */
  is_request(&c, 7, "POST", CONVERSATION "/reply", "\"message_type\":\"note\"");
  is_request(&c, 8, "GET", CONVERSATION, NULL);
  is_request(&c, 9, "POST", CONVERSATION "/reply",
             "\"message_type\":\"comment\",\"type\":\"admin\",\"admin_id\":\"991\","
             "\"body\":\"<p>Hello</p>\"");
  is_request(&c, 10, "POST", CONVERSATION "/parts", "\"message_type\":\"close\"");
  assert_int_equal(fake_host_request_count(c.host), 11);
  assert_true(has_receipt(op, "fields", "515") && has_receipt(op, "tags", "87"));
  assert_true(has_receipt(op, "note", "9101") && has_receipt(op, "reply", "9102"));
  assert_true(has_receipt(op, "status", "515"));
  desk_case_end(&c);
}

static void test_what_is_there_already_is_left_out(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, NULL);
  action.add_tags = &tags[1];
  action.add_tag_count = 1;
  action.category = TRG_STR("Billing");
  action.team = TRG_STR("nobody_knows");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  is_ended(desk_write(&c, &action), TRG_DONE, "");
  assert_int_equal(fake_host_request_count(c.host), 2);
  desk_case_end(&c);
}

static void test_a_message_before_the_write_is_a_conflict(void **state) {
  (void)state;
  static const char *const news[] = {THEIRS("9100", "user"), THEIRS("9100", "lead"),
                                     THEIRS("9100", "admin")};
  for (size_t i = 0; i < 3; i++) {
    struct desk_case c = intercom_case_begin(NULL);
    struct trg_action action = action_of("<p>n</p>", i == 0 ? "<p>r</p>" : NULL);
    answer_with(&c, CONVERSATION, news[i]);
    is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_CONFLICT);
    assert_int_equal(desk_asked(&c, "POST", "/reply"), 0);
    desk_case_end(&c);
  }
}

static void test_a_message_between_the_steps_is_a_conflict_too(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, "<p>r</p>");
  action.category = TRG_STR("refund");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION, 200, "{}");
  answer_with(&c, CONVERSATION, THEIRS("9100", "user"));
  is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_CONFLICT);
  desk_case_end(&c);
}

static void test_a_reply_whose_answer_was_lost_is_uncertain(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    bool not_sent;
    const char *body;
    int32_t outcome;
  } cases[] = {{0, false, NULL, TRG_UNCERTAIN},       {0, true, NULL, TRG_RETRY},
               {500, false, "{}", TRG_UNCERTAIN},     {504, false, "<html>", TRG_UNCERTAIN},
               {200, false, "<html>", TRG_UNCERTAIN}, {429, false, "{}", TRG_RETRY},
               {400, false, REFUSED, TRG_REJECTED},   {404, false, NOT_FOUND, TRG_REJECTED}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct desk_case c = intercom_case_begin(NULL);
    struct trg_action action = action_of(NULL, "<p>r</p>");
    const struct fake_reply lost = {.url_has = "/reply",
                                    .status = cases[i].status,
                                    .not_sent = cases[i].not_sent,
                                    .body = cases[i].body};
    desk_answer_file(&c, CONVERSATION, "conversation.json");
    fake_host_reply(c.host, &lost);
    const struct fake_op *op = desk_write(&c, &action);
    if (op->result.outcome != cases[i].outcome)
      fail_msg("case %zu: %d %s", i, (int)op->result.outcome, op->result.why.p);
    assert_int_equal(desk_asked(&c, "POST", "/reply"), 1); /* never resent by itself */
    assert_true((desk_request(&c, "POST", "/reply", 0)->flags & TRG_HTTP_WRITE) != 0);
    desk_case_end(&c);
  }
}

static void test_the_answer_to_a_note_may_be_a_long_conversation(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", NULL);
  const size_t room = 200000;
  char *text = malloc(room), *answer;
  size_t n = 0;
  for (int i = 0; i < 300; i++) /* 96 kB of what customers said */
    n += (size_t)snprintf(text + n, room - n,
                          "{\"id\":\"8%03d\",\"part_type\":\"comment\",\"body\":\"%0200d\","
                          "\"created_at\":1795215000,\"author\":{\"type\":\"user\",\"id\":\"5\"}},",
                          i, i);
  snprintf(text + n, room - n, "%s", OURS("9101", "note", "why triaged:0123abcd"));
  answer = malloc(room);
  snprintf(answer, room,
           "{\"type\":\"conversation\",\"id\":\"515\",\"conversation_parts\":{"
           "\"conversation_parts\":[%s],\"total_count\":301}}",
           text);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION "/reply", 200, answer);
  const struct fake_op *op = desk_write(&c, &action);
  is_ended(op, TRG_DONE, "");
  assert_true(has_receipt(op, "note", "9101"));
  desk_case_end(&c);
  free(answer);
  free(text);
}

static void test_no_reason_quotes_a_conversation_that_was_cut_off(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", NULL);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION "/reply", 200,
              "{\"type\":\"conversation\",\"title\":\"my secret illness");
  const struct fake_op *op = desk_write(&c, &action);
  assert_int_equal(op->result.outcome, TRG_UNCERTAIN);
  assert_null(strstr(op->result.why.p, "illness"));
  desk_case_end(&c);
}

static void test_a_lost_answer_to_a_field_may_simply_be_repeated(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>n</p>", NULL);
  action.category = TRG_STR("refund");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION, 0, NULL);
  is_ended(desk_write(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  desk_case_end(&c);
}

static void test_a_repeated_write_leaves_out_what_it_did(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", "<p>Hello</p>");
  action.flags = TRG_ACTION_SOLVE;
  answer_with(&c, CONVERSATION,
              OURS("9101", "note", "<p>why</p><p>triaged:0123abcd</p>") "," OURS("9102", "comment",
                                                                                 "<p>Hello</p>"));
  desk_answer(&c, CONVERSATION "/parts", 200, "{}");
  const struct fake_op *op = desk_write(&c, &action);
  is_ended(op, TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", "/reply"), 0);
  assert_true(has_receipt(op, "note", "9101") && has_receipt(op, "reply", "9102"));
  assert_true(has_receipt(op, "status", "515"));
  desk_case_end(&c);
}

static void test_a_sent_reply_is_done_though_the_customer_wrote_since(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, "<p>Hello</p>");
  action.flags = TRG_ACTION_SOLVE;
  answer_with(&c, CONVERSATION, OURS("9102", "comment", "<p>Hello</p>") "," THEIRS("9103", "user"));
  is_ended(desk_write(&c, &action), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", "/parts"), 0); /* and is not closed over them */
  desk_case_end(&c);
}

static void test_a_refused_attribute_does_not_hold_the_note_back(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", NULL);
  action.category = TRG_STR("refund");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION, 400, REFUSED);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  answer_with(&c, CONVERSATION "/reply", OURS("9101", "note", "why triaged:0123abcd"));
  const struct fake_op *op = desk_write(&c, &action);
  is_ended(op, TRG_DONE, "");
  assert_true(has_receipt(op, "note", "9101"));
  assert_int_equal(fake_host_log_matches(c.host, "field_refused"), 1);
  action.note.n = 0; /* alone it is what was asked for */
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, CONVERSATION, 400, REFUSED);
  op = desk_write(&c, &action);
  is_ended(op, TRG_REJECTED, TRG_CODE_PERMANENT);
  assert_non_null(strstr(op->result.why.p, "request r9"));
  desk_case_end(&c);
}

static void test_a_missing_tag_is_made_and_known_from_then_on(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, NULL);
  action.add_tags = tags;
  action.add_tag_count = 1;
  for (int i = 0; i < 2; i++) {
    desk_answer_file(&c, CONVERSATION, "conversation.json");
    if (i == 0) desk_answer(&c, INTERCOM_URL "/tags", 200, "{\"data\":[]}");
    if (i == 0)
      desk_answer(&c, INTERCOM_URL "/tags", 200, "{\"id\":\"99\",\"name\":\"ai_triaged\"}");
    desk_answer(&c, CONVERSATION "/tags", 200, "{}");
    is_ended(desk_write(&c, &action), TRG_DONE, "");
  }
  assert_string_equal(desk_request(&c, "POST", INTERCOM_URL "/tags", 0)->body.p,
                      "{\"name\":\"ai_triaged\"}");
  assert_non_null(strstr(desk_request(&c, "POST", CONVERSATION "/tags", 1)->body.p, "\"99\""));
  desk_case_end(&c);
}

static void test_a_tag_that_was_deleted_is_looked_up_again(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, NULL);
  action.add_tags = tags;
  action.add_tag_count = 1;
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, INTERCOM_URL "/tags", 200, TAGS);
  desk_answer(&c, CONVERSATION "/tags", 404, NOT_FOUND);
  is_ended(desk_write(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer(&c, INTERCOM_URL "/tags", 200, TAGS);
  desk_answer(&c, CONVERSATION "/tags", 200, "{}");
  is_ended(desk_write(&c, &action), TRG_DONE, "");
  desk_case_end(&c);
}

static void test_a_ticket_is_written_at_its_own_address(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", NULL);
  action.ticket_id = TRG_STR("ticket-88");
  action.version = TRG_STR("1795208000/184/0");
  action.last_message_id = TRG_STR("description:88");
  action.team = TRG_STR("boss");
  action.flags = TRG_ACTION_SOLVE;
  char *open = desk_fixture_with("intercom", "ticket.json", "\"category\":\"resolved\"",
                                 "\"category\":\"in_progress\"");
  action.attempt_ms = FAKE_NOW_MS + 10000; /* our older "resolved" is of another write */
  desk_answer(&c, "/tickets/88", 200, open);
  desk_answer(&c, "/tickets/88", 200, "{}");
  desk_answer(&c, "/tickets/88", 200, open);
  desk_answer(&c, "/tickets/88/reply", 200,
              "{\"type\":\"ticket_part\",\"id\":\"190\",\"created_at\":1795219201}");
  desk_answer(&c, "/ticket_types", 200,
              "{\"data\":[{\"id\":\"95\",\"ticket_states\":{\"data\":[{\"id\":\"8499\","
              "\"category\":\"submitted\"},{\"id\":\"8500\",\"category\":\"resolved\"}]}}]}");
  desk_answer(&c, "/tickets/88", 200, "{}");
  const struct fake_op *op = desk_write(&c, &action);
  is_ended(op, TRG_DONE, "");
  is_request(&c, 2, "PUT", "/tickets/88", "\"assignee_id\":\"300\"");
  is_request(&c, 4, "POST", "/tickets/88/reply", "\"message_type\":\"note\"");
  is_request(&c, 6, "PUT", "/tickets/88", "\"ticket_state_id\":\"8500\"");
  assert_true(has_receipt(op, "note", "190"));
  free(open);
  desk_case_end(&c);
}

static void test_where_nothing_can_be_said_nothing_is_written(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, "<p>r</p>");
  char *text = desk_fixture_with("intercom", "conversation.json", "\"ticket\":null",
                                 "\"ticket\":{\"id\":6}");
  desk_answer(&c, CONVERSATION, 200, text);
  is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_CLOSED);
  free(text);
  desk_answer(&c, CONVERSATION, 404, NOT_FOUND);
  is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  text = desk_fixture_with("intercom", "ticket.json", "\"is_shared\":true", "\"is_shared\":false");
  action.ticket_id = TRG_STR("ticket-88");
  desk_answer(&c, "/tickets/88", 200, text);
  is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_PERMANENT);
  free(text);
  action.ticket_id = TRG_STR("88/../../me");
  is_ended(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_PERMANENT);
  desk_case_end(&c);
}

static void test_the_configured_teammate_speaks(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(
      (const char *const[]){"url=" INTERCOM_URL, "auth.token=t", "admin_id=300", NULL});
  struct trg_action action = action_of(NULL, "<p>r</p>");
  desk_answer_file(&c, "/me", "me.json");
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  desk_answer_file(&c, CONVERSATION "/reply", "conversation.json");
  is_ended(desk_write(&c, &action), TRG_DONE, "");
  assert_non_null(strstr(desk_request(&c, "POST", "/reply", 0)->body.p, "\"admin_id\":\"300\""));
  desk_case_end(&c);
}

/* ---- find ---- */

static void test_a_reply_that_was_stored_before_the_reset_is_found(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of(NULL, "<p>Hello &amp; bye</p>");
  answer_with(&c, CONVERSATION, OURS("9102", "comment", "<p>Hello & bye</p>"));
  const struct fake_op *op = desk_find(&c, &action);
  is_ended(op, TRG_DONE, "");
  assert_true(has_receipt(op, "reply", "9102"));
  assert_int_equal(desk_asked(&c, "POST", "/"), 0);
  desk_case_end(&c);
}

static void test_what_is_not_there_is_said_only_when_it_is_sure(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", NULL);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  const struct fake_op *op = desk_find(&c, &action);
  is_ended(op, TRG_RETRY, TRG_CODE_TRANSIENT); /* it may still be on its way */
  assert_int_equal(op->result.retry_after_ms, 5000);
  fake_host_advance(c.host, 6000);
  desk_answer_file(&c, CONVERSATION, "conversation.json");
  is_ended(desk_find(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  answer_with(&c, CONVERSATION, OURS("9101", "note", "<p>why</p><p>triaged:another</p>"));
  is_ended(desk_find(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  desk_answer(&c, CONVERSATION, 502, "<html>");
  is_ended(desk_find(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  desk_case_end(&c);
}

static void test_a_half_written_action_is_not_found_so_that_it_is_finished(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_action action = action_of("<p>why</p>", "<p>Hello</p>");
  fake_host_advance(c.host, 6000);
  answer_with(&c, CONVERSATION, OURS("9101", "note", "why triaged:0123abcd"));
  const struct fake_op *op = desk_find(&c, &action);
  is_ended(op, TRG_REJECTED, TRG_CODE_NOT_FOUND);
  assert_true(has_receipt(op, "note", "9101"));
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_everything_is_written_in_its_order),
      cmocka_unit_test(test_what_is_there_already_is_left_out),
      cmocka_unit_test(test_a_message_before_the_write_is_a_conflict),
      cmocka_unit_test(test_a_message_between_the_steps_is_a_conflict_too),
      cmocka_unit_test(test_a_reply_whose_answer_was_lost_is_uncertain),
      cmocka_unit_test(test_the_answer_to_a_note_may_be_a_long_conversation),
      cmocka_unit_test(test_no_reason_quotes_a_conversation_that_was_cut_off),
      cmocka_unit_test(test_a_lost_answer_to_a_field_may_simply_be_repeated),
      cmocka_unit_test(test_a_repeated_write_leaves_out_what_it_did),
      cmocka_unit_test(test_a_sent_reply_is_done_though_the_customer_wrote_since),
      cmocka_unit_test(test_a_refused_attribute_does_not_hold_the_note_back),
      cmocka_unit_test(test_a_missing_tag_is_made_and_known_from_then_on),
      cmocka_unit_test(test_a_tag_that_was_deleted_is_looked_up_again),
      cmocka_unit_test(test_a_ticket_is_written_at_its_own_address),
      cmocka_unit_test(test_where_nothing_can_be_said_nothing_is_written),
      cmocka_unit_test(test_the_configured_teammate_speaks),
      cmocka_unit_test(test_a_reply_that_was_stored_before_the_reset_is_found),
      cmocka_unit_test(test_what_is_not_there_is_said_only_when_it_is_sure),
      cmocka_unit_test(test_a_half_written_action_is_not_found_so_that_it_is_finished),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
