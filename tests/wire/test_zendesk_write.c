/* Writing into Zendesk under a fake host: the guard, the one PUT, lost answers, looking again. */
#include "zendesk_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "2026-11-20T10:00:01Z/1795225000" /* of ticket_new.json */
#define PUT                                                                                        \
  "{\"ticket\":{\"id\":101},\"audit\":{\"id\":7100,\"created_at\":\"2026-11-21T02:00:00Z\","
#define PUT_REPLY                                                                                  \
  PUT "\"author_id\":500,\"events\":[{\"id\":5101,\"type\":\"Comment\",\"public\":true}]}}"
#define PUT_NOTE                                                                                   \
  "{\"ticket\":{\"id\":101},\"audit\":{\"id\":7101,\"author_id\":500,\"events\":[{\"id\":5102,"    \
  "\"type\":\"Comment\",\"public\":false}]}}"
#define NO_AUDITS "{\"audits\":[],\"meta\":{\"has_more\":false}}"

static struct trg_action note(void) {
  return (struct trg_action){.size = sizeof(struct trg_action),
                             .ticket_id = TRG_STR("101"),
                             .version = TRG_STR(VERSION),
                             .last_message_id = TRG_STR("5001"),
                             .idem_key = TRG_STR("run-9"),
                             .note = TRG_STR("<p>Draft</p>")};
}

static struct trg_action reply(void) {
  struct trg_action action = note();
  action.reply = TRG_STR("<p>Hello</p>");
  action.note = (struct trg_str){NULL, 0};
  return action;
}

/* A page of the newest comments, newest first; each is "ID,AUTHOR,ROLE,PUBLIC,FLAGS,TIME". */
static void newest(struct desk_case *c, const char *const *rows) {
  char body[4096] = "{\"comments\":[", users[1024] = "],\"users\":[";
  for (size_t i = 0; rows[i] != NULL; i++) {
    char id[8], author[8], role[12], is_public[8], flags[8], at[24], part[512];
    assert_int_equal(sscanf(rows[i], "%7[^,],%7[^,],%11[^,],%7[^,],%7[^,],%23s", id, author, role,
                            is_public, flags, at),
                     6);
    snprintf(part, sizeof part,
             "%s{\"id\":%s,\"author_id\":%s,\"public\":%s,\"plain_body\":\"x\","
             "\"metadata\":{\"flags\":[%s]},\"created_at\":\"%s\"}",
             i > 0 ? "," : "", id, author, is_public, strcmp(flags, "-") == 0 ? "" : flags, at);
    strcat(body, part);
    snprintf(part, sizeof part, "%s{\"id\":%s,\"role\":\"%s\"}", i > 0 ? "," : "", author, role);
    strcat(users, part);
  }
  strcat(body, users);
  strcat(body, "],\"meta\":{\"has_more\":false}}");
  desk_answer(c, "sort=-created_at", 200, body);
}
#define ASKED "5001,9001,end-user,true,-,2026-11-20T10:00:00Z"

static void ticket(struct desk_case *c, const char *from, const char *to) {
  char *text = desk_fixture_with("zendesk", "ticket_new.json", from, to);
  const struct fake_reply answer = {
      .method = "GET", .url_has = "/tickets/101.json", .status = 200, .body = text};
  fake_host_reply(c->host, &answer);
  free(text);
}
static void ticket_as_decided(struct desk_case *c) {
  ticket(c, "Refund", "Refund");
}
static void ticket_moved_on(struct desk_case *c) {
  ticket(c, "2026-11-20T10:00:01Z", "2026-11-20T10:30:00Z");
}

static void put(struct desk_case *c, int32_t status, const char *body) {
  const struct fake_reply answer = {
      .method = "PUT", .url_has = "/tickets/101.json", .status = status, .body = body};
  fake_host_reply(c->host, &answer);
}

static const char *put_body(struct desk_case *c, size_t n) {
  const struct fake_request *request = desk_request(c, "PUT", "/tickets/101.json", n);
  assert_non_null(request);
  assert_string_equal(request->bucket.p, "tickets-update");
  assert_int_equal(request->flags, TRG_HTTP_WRITE);
  return request->body.p;
}

#define HAS(text, part)                                                                            \
  do {                                                                                             \
    if (strstr(text, part) == NULL) fail_msg("no %s in %s", part, text);                           \
  } while (0)

static void ends(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("outcome %d %s: %s", (int)op->result.outcome, op->result.code.p, op->result.why.p);
}

static void test_everything_goes_into_one_guarded_put(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_str tags[] = {TRG_STR("AI triaged"), TRG_STR("vip")};
  struct trg_action action = note();
  action.add_tags = tags;
  action.add_tag_count = 2;
  action.priority = TRG_STR("P1");
  action.category = TRG_STR("billing");
  action.team = TRG_STR("tech");
  action.flags = TRG_ACTION_SOLVE;
  ticket(&c, "\"vip\"", "\"vip\",\"keep_me\",\"third\"");
  put(&c, 200, PUT_NOTE);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "PUT", ""), 1);
  assert_string_equal(
      put_body(&c, 0),
      "{\"ticket\":{\"metadata\":{\"triage_run\":\"run-9\"},\"priority\":\"urgent\","
      "\"custom_fields\":[{\"id\":360001,\"value\":\"billing\"}],\"group_id\":45,"
      "\"tags\":[\"vip\",\"keep_me\",\"third\",\"ai_triaged\"],\"status\":\"solved\",\"safe_"
      "update\":true,"
      "\"updated_stamp\":\"2026-11-20T10:00:01Z\","
      "\"comment\":{\"html_body\":\"<p>Draft</p>\",\"public\":false}}}");
  static const char *const kinds[] = {"note", "tags", "fields", "status"};
  assert_int_equal(op->receipt_count, 4);
  for (size_t i = 0; i < 4; i++) assert_string_equal(op->receipts[i].kind.p, kinds[i]);
  assert_string_equal(op->receipts[0].id.p, "5102");
  assert_string_equal(op->receipts[1].id.p, "7101");
  desk_case_end(&c);
}

static void test_what_is_switched_off_or_there_already_is_not_written(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(
      (const char *const[]){"url=" ZENDESK_URL, "auth.type=bearer", "auth.token=t0pS3cret",
                            "write.tags=false", "write.priority=false", NULL});
  const struct trg_str tag = TRG_STR("x");
  struct trg_action action = note();
  action.note = (struct trg_str){NULL, 0};
  action.add_tags = &tag;
  action.add_tag_count = 1;
  action.priority = TRG_STR("P1");
  action.category = TRG_STR("billing");
  action.team = TRG_STR("billing");
  desk_answer(&c, "/users/me", 200, "{\"user\":{\"id\":500,\"role\":\"admin\"}}");
  ticket_as_decided(&c);
  ends(desk_write(&c, &action), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "PUT", ""), 0);
  desk_case_end(&c);
}

static void test_a_reply_is_public_and_looks_at_the_newest_comments_first(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = reply();
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){ASKED, NULL});
  put(&c, 200, PUT_REPLY);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  HAS(put_body(&c, 0), "\"html_body\":\"<p>Hello</p>\",\"public\":true");
  assert_string_equal(op->receipts[0].kind.p, "reply");
  desk_case_end(&c);
}

static void test_a_change_by_the_system_alone_does_not_stop_a_write(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = reply();
  ticket_moved_on(&c);
  newest(&c, (const char *const[]){"5003,500,admin,false,-,2026-11-20T10:30:00Z",
                                   "5002,9001,end-user,true,4,2026-11-20T10:20:00Z", ASKED, NULL});
  put(&c, 200, PUT_REPLY);
  ends(desk_write(&c, &action), TRG_DONE, "");
  HAS(put_body(&c, 0), "\"updated_stamp\":\"2026-11-20T10:30:00Z\"");
  desk_case_end(&c);
}

static void test_news_from_the_customer_or_a_colleague_is_a_conflict(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action drafts = note(), replies = reply();
  ticket_moved_on(&c);
  newest(&c, (const char *const[]){"5002,9001,end-user,true,-,2026-11-20T10:30:00Z", ASKED, NULL});
  ends(desk_write(&c, &drafts), TRG_REJECTED, TRG_CODE_CONFLICT);
  ticket_moved_on(&c);
  newest(&c, (const char *const[]){"5002,777,agent,true,-,2026-11-20T10:30:00Z", ASKED, NULL});
  ends(desk_write(&c, &replies), TRG_REJECTED, TRG_CODE_CONFLICT);
  /* in the same second as the version: the stamp alone would not show it */
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){"5002,9001,end-user,true,-,2026-11-20T10:00:01Z", ASKED, NULL});
  ends(desk_write(&c, &replies), TRG_REJECTED, TRG_CODE_CONFLICT);
  /* the message that was answered is not there any more */
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){"4000,777,agent,false,-,2026-11-19T10:00:00Z", NULL});
  ends(desk_write(&c, &replies), TRG_REJECTED, TRG_CODE_CONFLICT);
  assert_int_equal(desk_asked(&c, "PUT", ""), 0);
  desk_case_end(&c);
}

static void test_what_a_colleague_wrote_before_the_decision_is_no_conflict(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  struct trg_action action = note();
  action.version = TRG_STR("2026-11-20T10:20:00Z");
  ticket_moved_on(&c);
  newest(&c, (const char *const[]){"5002,777,agent,true,-,2026-11-20T10:20:00Z", ASKED, NULL});
  put(&c, 200, PUT_NOTE);
  ends(desk_write(&c, &action), TRG_DONE, "");
  desk_case_end(&c);
}

static void test_tickets_that_take_no_write_are_told_apart(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = reply();
  ticket(&c, "\"open\"", "\"closed\"");
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_CLOSED);
  ticket(&c, "\"open\"", "\"deleted\"");
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  ticket(&c, "\"from_messaging_channel\": false", "\"from_messaging_channel\": true");
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_PERMANENT);
  desk_answer(&c, "/tickets/101.json", 404, "{\"error\":\"RecordNotFound\"}");
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  desk_case_end(&c);
}

static void test_every_answer_to_a_put_has_its_outcome(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    bool not_sent;
    const char *body;
    int32_t outcome;
    const char *code;
  } cases[] = {
      {409, false, "{\"error\":\"UpdateConflict\",\"description\":\"Safe Update prevented\"}",
       TRG_REJECTED, TRG_CODE_CONFLICT},
      {409, false, "{\"error\":\"DatabaseConflict\",\"description\":\"Database collision\"}",
       TRG_RETRY, TRG_CODE_TRANSIENT},
      {422, false,
       "{\"error\":\"RecordInvalid\",\"description\":\"Record validation errors\",\"details\":"
       "{\"status\":[{\"description\":\"Status: closed prevents ticket update\"}]}}",
       TRG_REJECTED, TRG_CODE_CLOSED},
      {422, false,
       "{\"error\":\"RecordInvalid\",\"details\":{\"base\":[{\"description\":\"Category: is "
       "required when solving a ticket\",\"error\":null,\"ticket_field_id\":360001}]}}",
       TRG_REJECTED, TRG_CODE_PERMANENT},
      {401, false, "{\"error\":\"Couldn't authenticate you\"}", TRG_REJECTED, TRG_CODE_AUTH},
      {403, false, "{}", TRG_REJECTED, TRG_CODE_PERMISSION},
      {429, false, "", TRG_RETRY, TRG_CODE_RATE},
      {500, false, "", TRG_UNCERTAIN, TRG_CODE_TRANSIENT},
      {524, false, "<html>", TRG_UNCERTAIN, TRG_CODE_TRANSIENT},
      {0, false, "", TRG_UNCERTAIN, TRG_CODE_TRANSIENT},
      {0, true, "", TRG_RETRY, TRG_CODE_TRANSIENT},
      {200, false, "{\"ticket\":{\"id\"", TRG_UNCERTAIN, TRG_CODE_MALFORMED},
  };
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = note();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct fake_reply answer = {.method = "PUT",
                                      .status = cases[i].status,
                                      .not_sent = cases[i].not_sent,
                                      .body = cases[i].body,
                                      .why = "connection reset"};
    ticket_as_decided(&c);
    fake_host_reply(c.host, &answer);
    const struct fake_op *op = desk_write(&c, &action);
    ends(op, cases[i].outcome, cases[i].code);
    assert_int_equal(op->receipt_count, 0);
    if (i == 3) HAS(op->result.why.p, "required when solving a ticket (ticket field 360001)");
  }
  desk_case_end(&c);
}

static void test_a_put_refused_for_an_old_token_is_sent_again_once(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(
      (const char *const[]){"url=" ZENDESK_URL, "auth.type=oauth_client", "auth.client_id=acme",
                            "auth.client_secret=s3cret", NULL});
  const struct trg_action action = note();
  desk_answer(&c, "/oauth/tokens", 200, "{\"access_token\":\"A\"}");
  desk_answer(&c, "/users/me", 200, "{\"user\":{\"id\":500,\"role\":\"admin\"}}");
  ticket_as_decided(&c);
  put(&c, 401, "{\"error\":\"invalid_token\"}");
  desk_answer(&c, "/oauth/tokens", 200, "{\"access_token\":\"B\"}");
  put(&c, 200, PUT_NOTE);
  ends(desk_write(&c, &action), TRG_DONE, "");
  assert_string_equal(put_body(&c, 0), put_body(&c, 1));
  /* no token to be had for the second try: the first was refused, so nothing is uncertain */
  ticket_as_decided(&c);
  put(&c, 401, "");
  for (int i = 0; i < 4; i++) desk_answer(&c, "/oauth/tokens", 503, "");
  ends(desk_write(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  desk_case_end(&c);
}

static struct trg_action both(void) {
  struct trg_action action = reply();
  action.note = TRG_STR("<p>Why</p>");
  action.flags = TRG_ACTION_SOLVE;
  return action;
}

static void test_a_reply_with_a_note_is_two_puts_the_guarded_one_first(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = both();
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){ASKED, NULL});
  desk_answer(&c, "/audits", 200, NO_AUDITS);
  put(&c, 200, PUT_REPLY);
  put(&c, 200, PUT_NOTE);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  HAS(put_body(&c, 0), "\"safe_update\":true");
  HAS(put_body(&c, 0), "\"public\":true");
  HAS(put_body(&c, 0), "\"solved\"");
  assert_string_equal(put_body(&c, 1),
                      "{\"ticket\":{\"metadata\":{\"triage_run\":\"run-9\"},\"comment\":"
                      "{\"html_body\":\"<p>Why</p>\",\"public\":false}}}");
  assert_int_equal(op->receipt_count, 3);
  assert_string_equal(op->receipts[0].id.p, "5101");
  assert_string_equal(op->receipts[2].id.p, "5102");
  desk_case_end(&c);
}

#define REPLY_AUDIT                                                                                \
  "{\"audits\":[{\"id\":7100,\"author_id\":500,\"metadata\":{\"custom\":{\"triage_run\":"          \
  "\"run-9\"}},\"events\":[{\"id\":5101,\"type\":\"Comment\",\"public\":true},"                    \
  "{\"id\":6,\"type\":\"Change\",\"field_name\":\"status\",\"value\":\"solved\"}]}],"              \
  "\"meta\":{\"has_more\":false}}"

static void test_a_reply_is_never_sent_twice_when_its_note_was_held_up(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = both();
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){ASKED, NULL});
  desk_answer(&c, "/audits", 200, NO_AUDITS);
  put(&c, 200, PUT_REPLY);
  put(&c, 429, "");
  ends(desk_write(&c, &action), TRG_RETRY, TRG_CODE_RATE);
  ticket_moved_on(&c);
  newest(&c, (const char *const[]){"5101,500,admin,true,-,2026-11-20T10:30:00Z", ASKED, NULL});
  desk_answer(&c, "/audits", 200, REPLY_AUDIT);
  put(&c, 200, PUT_NOTE);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "PUT", ""), 3);
  HAS(put_body(&c, 2), "\"public\":false");
  assert_string_equal(op->receipts[0].kind.p, "reply");
  desk_case_end(&c);
}

static void test_a_note_refused_after_its_reply_leaves_the_reply_done(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = both();
  ticket_as_decided(&c);
  newest(&c, (const char *const[]){ASKED, NULL});
  desk_answer(&c, "/audits", 200, NO_AUDITS);
  put(&c, 200, PUT_REPLY);
  put(&c, 422, "{\"error\":\"RecordInvalid\"}");
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->receipt_count, 2);
  assert_int_equal(fake_host_log_matches(c.host, "note_refused"), 1);
  desk_case_end(&c);
}

static void test_a_write_whose_answer_was_lost_is_found_by_its_marker(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  struct trg_action action = both();
  /* on the second page: audits come oldest first */
  desk_answer(&c, "/audits", 200,
              "{\"audits\":[{\"id\":1,\"metadata\":{\"custom\":{\"triage_run\":\"run-8\"}},"
              "\"events\":[]}],\"meta\":{\"has_more\":true,\"after_cursor\":\"p2\"}}");
  desk_answer(&c, "page[after]=p2", 200, REPLY_AUDIT);
  const struct fake_op *op = desk_find(&c, &action);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->receipt_count, 2);
  assert_string_equal(op->receipts[0].kind.p, "reply");
  assert_string_equal(op->receipts[0].id.p, "5101");
  assert_string_equal(op->receipts[1].kind.p, "status");
  desk_case_end(&c);
}

static void test_a_write_is_only_not_found_after_the_whole_list(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct trg_action action = note();
  desk_answer(&c, "/audits", 200, NO_AUDITS);
  ends(desk_find(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  for (int i = 0; i < 6; i++) /* asked for again some times, and then given up */
    desk_answer(&c, "/audits", 200,
                "{\"audits\":[],\"meta\":{\"has_more\":true,\"after_cursor\":\"same\"}}");
  ends(desk_find(&c, &action), TRG_RETRY, TRG_CODE_MALFORMED);
  desk_answer(&c, "/audits", 503, "<html></html>");
  ends(desk_find(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  /* a list in numbered pages, from a server without cursors */
  desk_answer(&c, "page[size]", 200,
              "{\"audits\":[],\"next_page\":\"https://evil.example/a.json?page=2\"}");
  desk_answer(&c, ZENDESK_URL "/api/v2/tickets/101/audits.json?include=users&per_page=100&page=2",
              200, "{\"audits\":[],\"next_page\":null}");
  ends(desk_find(&c, &action), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_everything_goes_into_one_guarded_put),
      cmocka_unit_test(test_what_is_switched_off_or_there_already_is_not_written),
      cmocka_unit_test(test_a_reply_is_public_and_looks_at_the_newest_comments_first),
      cmocka_unit_test(test_a_change_by_the_system_alone_does_not_stop_a_write),
      cmocka_unit_test(test_news_from_the_customer_or_a_colleague_is_a_conflict),
      cmocka_unit_test(test_what_a_colleague_wrote_before_the_decision_is_no_conflict),
      cmocka_unit_test(test_tickets_that_take_no_write_are_told_apart),
      cmocka_unit_test(test_every_answer_to_a_put_has_its_outcome),
      cmocka_unit_test(test_a_put_refused_for_an_old_token_is_sent_again_once),
      cmocka_unit_test(test_a_reply_with_a_note_is_two_puts_the_guarded_one_first),
      cmocka_unit_test(test_a_reply_is_never_sent_twice_when_its_note_was_held_up),
      cmocka_unit_test(test_a_note_refused_after_its_reply_leaves_the_reply_done),
      cmocka_unit_test(test_a_write_whose_answer_was_lost_is_found_by_its_marker),
      cmocka_unit_test(test_a_write_is_only_not_found_after_the_whole_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
