/* The Salesforce connector's reading under a fake host: polling, and fetching a case whole. */
#include "salesforce_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRED SF_ERROR("INVALID_SESSION_ID", "Session expired or invalid")
#define SINCE   INT64_C(1795218600000) /* ten minutes before the fake clock's start */

static void ends(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("outcome %d %s: %s", (int)op->result.outcome, op->result.code.p, op->result.why.p);
}

/* ---- polling ---- */

#define ROW(id, stamp)                                                                             \
  "{\"Id\":\"" id "\",\"Status\":\"New\",\"SystemModstamp\":\"" stamp ".000+0000\","               \
  "\"IsDeleted\":false}"
#define CHILD(id, stamp)                                                                           \
  "{\"Id\":\"" id "\",\"ParentId\":\"" SALESFORCE_CASE "\",\"SystemModstamp\":\"" stamp            \
  ".000+0000\"}"
#define ROWS(rows)      "{\"totalSize\":9,\"done\":true,\"records\":[" rows "]}"
#define MORE(rows, url) "{\"done\":false,\"nextRecordsUrl\":\"" url "\",\"records\":[" rows "]}"
#define NOW             "Date: Sat, 21 Nov 2026 00:00:05 GMT\n"
#define MARKS                                                                                      \
  "1 from=2026-11-20T23:50:00Z case=2026-11-21T00:00:05Z mail=2026-11-21T00:00:05Z "               \
  "comment=2026-11-21T00:00:05Z feed=2026-11-21T00:00:05Z"

static void nothing_in(struct desk_case *c, const char *const *lists) {
  for (; *lists != NULL; lists++) desk_answer_with(c, *lists, 200, NOW, NO_ROWS);
}

static void test_children_have_their_own_marks_and_name_their_case(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer_with(&c, IN_CASE, 200, NOW, ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:55:00")));
  desk_answer_with(&c, IN_MAILS, 200, NOW,
                   ROWS(CHILD("02sA0000001Mai1IAC", "2026-11-20T23:56:00")));
  desk_answer_with(&c, IN_COMMENTS, 200, NOW, NO_ROWS);
  desk_answer_with(&c, IN_FEED, 200, NOW,
                   "{\"done\":true,\"records\":[{\"Id\":\"0D5A0000001Fee1KAC\",\"ParentId\":"
                   "\"001A0000006Vm9uIAC\",\"Type\":\"TextPost\",\"SystemModstamp\":"
                   "\"2026-11-20T23:57:00.000+0000\"}]}");
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->notice_count, 2); /* the post belongs to an account */
  assert_string_equal(op->notices[0].id.p, SALESFORCE_CASE);
  assert_int_equal(strncmp(op->notices[0].version.p, "2026-11-20T23:55:00Z/", 21), 0);
  assert_string_equal(op->notices[1].id.p, SALESFORCE_CASE);
  assert_non_null(strstr(op->notices[1].version.p, "/02sA0000001Mai1IAC"));
  assert_string_equal(op->cursor.p, MARKS);
  assert_false(op->cursor_more);
  assert_non_null(strstr(desk_request(&c, "GET", "queryAll?q=", 0)->url.p,
                         "WHERE%20SystemModstamp%3E%3D2026-11-20T23%3A50%3A00Z%20ORDER%20BY%20"
                         "SystemModstamp%2CId%20LIMIT%202000"));
  desk_case_end(&c);
}

static void test_the_next_round_looks_back_for_rows_that_came_late(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer_with(&c, IN_CASE, 200, NOW,
                   ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:56:00") "," ROW(
                       "500A0000006Vm9v", "2026-11-20T23:59:00")));
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  const struct fake_op *op = desk_poll(&c, MARKS, 0);
  assert_int_equal(op->notice_count, 2);
  assert_non_null(strstr(desk_request(&c, "GET", IN_CASE, 0)->url.p,
                         "SystemModstamp%3E%3D2026-11-20T23%3A55%3A05Z%20"));
  /* What is read again has the same version again. */
  desk_answer_with(&c, IN_CASE, 200, NOW, ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:56:00")));
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  const struct fake_op *again = desk_poll(&c, op->cursor.p, 0);
  assert_string_equal(again->notices[0].version.p, op->notices[0].version.p);
  desk_case_end(&c);
}

static void test_rows_of_one_second_across_a_page_edge_are_neither_lost_nor_stuck(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"page_size=2", NULL});
  desk_answer(&c, IN_CASE, 200,
              ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:55:00") "," ROW("500A0000006Vm9v",
                                                                         "2026-11-20T23:55:00")));
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  assert_true(op->cursor_more);
  assert_non_null(strstr(op->cursor.p, " on=case at=2026-11-20T23:55:00Z id=500A0000006Vm9vIAC"));
  desk_answer(&c, "AND%20Id%3E%27500A0000006Vm9vIAC%27%29", 200,
              ROWS(ROW("500A0000006Vm9w", "2026-11-20T23:55:00")));
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  op = desk_poll(&c, op->cursor.p, 0);
  assert_int_equal(op->notice_count, 1);
  assert_false(op->cursor_more);
  /* Without a Date header the mark is the last row's, never our clock's. */
  assert_non_null(strstr(op->cursor.p, "case=2026-11-20T23:55:00Z mail=2026-11-21T00:00:05Z"));
  desk_case_end(&c);
}

static void test_the_vendors_next_page_is_asked_on_our_host_only(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
#define NEXT "/services/data/v62.0/query/0r8xx1234-2000"
  desk_answer(&c, IN_CASE, 200, MORE(ROW("500A0000006Vm9u", "2026-11-20T23:55:00"), NEXT));
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  assert_true(op->cursor_more);
  assert_non_null(strstr(op->cursor.p, " next=" NEXT));
  desk_answer(&c, SALESFORCE_URL NEXT, 200,
              MORE(ROW("500A0000006Vm9v", "2026-11-20T23:56:00"),
                   "https://evil.example/services/data/v62.0/query/1-2000"));
  op = desk_poll(&c, op->cursor.p, 0);
  ends(op, TRG_DONE, "");
  assert_null(strstr(op->cursor.p, "evil"));
  assert_non_null(strstr(op->cursor.p, "at=2026-11-20T23:56:00Z id=500A0000006Vm9vIAC"));
  desk_case_end(&c);
}

/* A thousand cases were changed in one second, and the vendor gives them in short pages: the last
 * of a question's LIMIT says "done" though there are more behind it. */
static void test_behind_a_chain_of_short_pages_is_asked_once_more(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(&c, IN_CASE, 200, MORE(ROW("500A0000006Vm9u", "2026-11-20T23:55:00"), NEXT));
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  desk_answer(&c, SALESFORCE_URL NEXT, 200, ROWS(ROW("500A0000006Vm9v", "2026-11-20T23:55:00")));
  op = desk_poll(&c, op->cursor.p, 0);
  assert_int_equal(op->notice_count, 1);
  assert_true(op->cursor_more);
  desk_answer(&c, "Id%3E%27500A0000006Vm9vIAC%27", 200,
              ROWS(ROW("500A0000006Vm9w", "2026-11-20T23:55:00")));
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  op = desk_poll(&c, op->cursor.p, 0);
  assert_int_equal(op->notice_count, 1);
  assert_false(op->cursor_more);
  desk_case_end(&c);
}

static void test_a_locator_that_died_is_left_for_the_last_row(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(&c, IN_CASE, 200, MORE(ROW("500A0000006Vm9u", "2026-11-20T23:55:00"), NEXT));
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  desk_answer(&c, NEXT, 400, SF_ERROR("INVALID_QUERY_LOCATOR", "invalid query locator"));
  desk_answer(&c, "Id%3E%27500A0000006Vm9uIAC%27", 200, NO_ROWS);
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  ends(desk_poll(&c, op->cursor.p, 0), TRG_DONE, "");
  desk_case_end(&c);
}

static void test_a_page_that_does_not_move_is_not_taken(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"page_size=1", NULL});
  desk_answer(&c, IN_CASE, 200, ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:55:00")));
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  desk_answer(&c, IN_CASE, 200, ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:55:00")));
  op = desk_poll(&c, op->cursor.p, 0);
  ends(op, TRG_RETRY, TRG_CODE_TRANSIENT);
  assert_int_equal(op->notice_count, 0);
  assert_false(op->cursor_set);
  desk_case_end(&c);
}

static void test_a_query_that_times_out_asks_for_half_the_time(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(&c, IN_CASE, 400, SF_ERROR("QUERY_TIMEOUT", "Your query request was running"));
  desk_answer(&c, "AND%20SystemModstamp%3C2026-11-20T23%3A55%3A00Z", 200, NO_ROWS);
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  ends(op, TRG_DONE, "");
  assert_true(op->cursor_more);
  assert_non_null(strstr(op->cursor.p, " on=case at=2026-11-20T23:55:00Z"));
  nothing_in(&c, (const char *const[]){IN_CASE, IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  op = desk_poll(&c, op->cursor.p, 0);
  assert_false(op->cursor_more);
  desk_case_end(&c);
}

static void test_halving_ends_at_a_minute(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  for (int i = 0; i < 5; i++)
    desk_answer(&c, IN_CASE, 400, SF_ERROR("QUERY_TIMEOUT", "Your query request was running"));
  ends(desk_poll(&c, "", SINCE), TRG_RETRY, TRG_CODE_TIMEOUT);
  assert_int_equal(desk_asked(&c, "GET", IN_CASE), 5); /* ten minutes, five, ... */
  desk_case_end(&c);
}

static void test_a_token_that_dies_in_a_round_costs_no_row(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer_with(&c, IN_CASE, 200, NOW, ROWS(ROW("500A0000006Vm9u", "2026-11-20T23:55:00")));
  desk_answer(&c, IN_MAILS, 401, EXPIRED);
  nothing_in(&c, (const char *const[]){IN_MAILS, IN_COMMENTS, IN_FEED, NULL});
  const struct fake_op *op = desk_poll(&c, "", SINCE);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->notice_count, 1);
  assert_int_equal(desk_asked(&c, "POST", LOGIN), 2);
  desk_case_end(&c);
}

static void test_an_org_without_a_feed_is_polled_without_it(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  for (int i = 0; i < 2; i++) {
    nothing_in(&c, (const char *const[]){IN_CASE, IN_MAILS, IN_COMMENTS, NULL});
    if (i == 0)
      desk_answer(&c, IN_FEED, 400,
                  SF_ERROR("INVALID_TYPE", "sObject type 'FeedItem' is not supported."));
    ends(desk_poll(&c, "", SINCE), TRG_DONE, "");
  }
  assert_int_equal(fake_host_log_matches(c.host, "object_absent"), 1);
  desk_case_end(&c);
}

static void test_a_cursor_of_another_make_is_refused(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  ends(desk_poll(&c, "MTc5NTIyNTAwMC4wfHwxMDE", 0), TRG_REJECTED, TRG_CODE_PERMANENT);
  ends(desk_poll(&c, MARKS " on=case at=2026-11-20T23:55:00Z next=//evil/services/data/", 0),
       TRG_REJECTED, TRG_CODE_PERMANENT);
  desk_case_end(&c);
}

/* ---- fetching ---- */

static void whole_case(struct desk_case *c, const char *kase, bool history) {
  desk_answer(c, IN_CASE, 200, kase);
  desk_answer_file(c, IN_MAILS, "mails.json");
  desk_answer_file(c, IN_COMMENTS, "comments.json");
  desk_answer_file(c, IN_FEED, "feed.json");
  if (history) desk_answer_file(c, IN_HISTORY, "history.json");
}

static void test_mails_comments_and_posts_become_one_thread(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(
      (const char *const[]){"write.tag_field=Tags__c", NULL});
  char *kase = desk_fixture("salesforce", "case_new.json");
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  whole_case(&c, kase, false);
  const struct fake_op *op = desk_fetch(&c, "500A0000006Vm9u");
  ends(op, TRG_DONE, "");
  const struct trg_ticket *t = &op->tickets[0];
  assert_string_equal(t->id.p, SALESFORCE_CASE);
  assert_string_equal(t->subject.p, "Refund");
  assert_int_equal(t->status, TRG_STATUS_NEW);
  assert_int_equal(t->channel, TRG_CHANNEL_EMAIL);
  assert_string_equal(t->team.p, "Billing queue");
  assert_string_equal(t->requester_email.p, "anna@example.com");
  assert_int_equal(t->tag_count, 2);
  assert_string_equal(t->url.p, SALESFORCE_URL "/lightning/r/Case/" SALESFORCE_CASE "/view");
  /* The description is the first mail; the draft is no message; posts about others are none. */
  assert_int_equal(t->message_count, 5);
  assert_string_equal(t->messages[0].text.p, "Hello,\nwhere is my refund?");
  assert_int_equal(t->messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_string_equal(t->messages[1].text.p, "checked with finance");
  assert_int_equal(t->messages[1].author, TRG_AUTHOR_AGENT);
  assert_int_equal(t->messages[1].flags & TRG_MESSAGE_PUBLIC, 0);
  assert_int_equal(t->messages[2].author, TRG_AUTHOR_SELF);
  assert_string_equal(t->messages[3].text.p, "Portal: & hello");
  assert_int_equal(t->messages[3].author, TRG_AUTHOR_CUSTOMER);
  assert_int_equal(t->messages[3].flags, TRG_MESSAGE_PUBLIC);
  assert_string_equal(t->messages[4].text.p, "Any news?");
  assert_int_equal(t->fact_count, 0);
  free(kase);
  desk_case_end(&c);
}

static const struct trg_ticket_fact *fact_of(const struct trg_ticket *t, int32_t kind) {
  for (size_t i = 0; i < t->fact_count; i++)
    if (t->facts[i].kind == kind) return &t->facts[i];
  return NULL;
}

static void test_history_tells_closings_reopenings_and_who_took_over(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  char *kase = desk_fixture_with("salesforce", "case_new.json", "2026-11-20T10:00:02",
                                 "2026-11-20T13:00:00");
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  whole_case(&c, kase, true);
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  const struct trg_ticket *t = &op->tickets[0];
  assert_int_equal(t->fact_count, 3);
  const struct trg_ticket_fact *solved = fact_of(t, TRG_FACT_SOLVED);
  assert_string_equal(solved->id.p, "case:" SALESFORCE_CASE ":closed:1795176000");
  assert_int_equal(solved->by, TRG_AUTHOR_SELF);
  assert_string_equal(fact_of(t, TRG_FACT_REOPENED)->id.p,
                      "case:" SALESFORCE_CASE ":reopened:1795179600");
  assert_string_equal(fact_of(t, TRG_FACT_ASSIGNED)->value.p, "agent:005A0000002AgntIAC");
  free(kase);
  desk_case_end(&c);
}

#define CLOSED_AT(time) "\"IsClosed\":true,\"ClosedDate\":\"" time ".000+0000\""

static void test_a_closed_case_is_solved_by_its_flag_and_not_by_its_word(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  char *kase = desk_fixture_with("salesforce", "case_new.json",
                                 "\"IsClosed\":false,\"ClosedDate\":null",
                                 CLOSED_AT("2026-11-20T10:30:00"));
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  whole_case(&c, kase, false);
  desk_answer(&c, IN_HISTORY, 200, NO_ROWS); /* not tracked */
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  const struct trg_ticket *t = &op->tickets[0];
  assert_int_equal(t->status, TRG_STATUS_SOLVED);
  assert_string_equal(fact_of(t, TRG_FACT_SOLVED)->id.p,
                      "case:" SALESFORCE_CASE ":closed:1795170600");
  /* A mail behind the closing, where nothing else tells of a reopening. */
  assert_string_equal(fact_of(t, TRG_FACT_REOPENED)->id.p, "mail:02sA0000001Mai3IAC:reopened");
  assert_int_equal(fact_of(t, TRG_FACT_REOPENED)->by, TRG_AUTHOR_CUSTOMER);
  free(kase);
  desk_case_end(&c);
}

static void test_the_present_closing_is_told_once_where_history_tells_it_too(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  char *kase = desk_fixture_with("salesforce", "case_new.json",
                                 "\"IsClosed\":false,\"ClosedDate\":null",
                                 CLOSED_AT("2026-11-20T12:00:01"));
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  whole_case(&c, kase, true);
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  size_t solved = 0;
  for (size_t i = 0; i < op->tickets[0].fact_count; i++)
    solved += op->tickets[0].facts[i].kind == TRG_FACT_SOLVED;
  assert_int_equal(solved, 1);
  free(kase);
  desk_case_end(&c);
}

static void deleted_as(const char *kase, int32_t status, const char *into) {
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  desk_answer(&c, IN_CASE, 200, kase);
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->ticket_count, 1);
  assert_int_equal(op->tickets[0].status, status);
  assert_string_equal(op->tickets[0].merged_into.n > 0 ? op->tickets[0].merged_into.p : "", into);
  assert_int_equal(op->tickets[0].fact_count, 1);
  assert_int_equal(op->tickets[0].facts[0].kind,
                   status == TRG_STATUS_MERGED ? TRG_FACT_MERGED : TRG_FACT_DELETED);
  desk_case_end(&c);
}

static void test_deleted_purged_and_merged_cases_are_told_apart(void **state) {
  (void)state;
  char *kase = desk_fixture_with("salesforce", "case_new.json", "\"IsDeleted\":false",
                                 "\"IsDeleted\":true");
  deleted_as(kase, TRG_STATUS_DELETED, "");
  deleted_as(NO_ROWS, TRG_STATUS_DELETED, "");
  char *at = strstr(kase, "\"MasterRecordId\":null"), merged[8192];
  snprintf(merged, sizeof merged, "%.*s\"MasterRecordId\":\"500A0000006Vm9v\"%s", (int)(at - kase),
           kase, at + strlen("\"MasterRecordId\":null"));
  deleted_as(merged, TRG_STATUS_MERGED, "500A0000006Vm9vIAC");
  free(kase);
}

static void test_columns_that_an_org_does_not_have_are_left_out(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  char *kase = desk_fixture("salesforce", "case_new.json");
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  desk_answer(&c, IN_CASE, 400,
              SF_ERROR("INVALID_FIELD", "No such column 'MasterRecordId' on entity 'Case'."));
  desk_answer(&c, IN_CASE, 200, kase);
  desk_answer(&c, IN_MAILS, 400, SF_ERROR("INVALID_FIELD", "No such column 'Headers' on entity"));
  desk_answer_file(&c, IN_MAILS, "mails.json");
  desk_answer_file(&c, IN_COMMENTS, "comments.json");
  desk_answer_file(&c, IN_FEED, "feed.json");
  ends(desk_fetch(&c, SALESFORCE_CASE), TRG_DONE, "");
  assert_null(strstr(desk_request(&c, "GET", IN_CASE, 1)->url.p, "MasterRecordId"));
  assert_non_null(strstr(desk_request(&c, "GET", IN_CASE, 1)->url.p, "Owner.Name"));
  assert_null(strstr(desk_request(&c, "GET", IN_MAILS, 1)->url.p, "Headers"));
  free(kase);
  desk_case_end(&c);
}

static void test_a_column_that_must_be_there_is_a_question_of_permission(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(
      (const char *const[]){"write.category=field:Triage_Category__c", NULL});
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  desk_answer(&c, IN_CASE, 400,
              SF_ERROR("INVALID_FIELD", "No such column 'Triage_Category__c' on entity"));
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  ends(op, TRG_REJECTED, TRG_CODE_PERMISSION);
  assert_non_null(strstr(op->result.why.p, "Triage_Category__c"));
  desk_case_end(&c);
}

static void test_long_lists_are_read_to_their_end_and_begun_again_when_they_die(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"feed=false", NULL});
  char *kase = desk_fixture("salesforce", "case_new.json");
  char *short_page = desk_fixture_with("salesforce", "mails.json", "\"done\":true",
                                       "\"done\":false,\"nextRecordsUrl\":\"" NEXT "\"");
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  desk_answer(&c, IN_CASE, 200, kase);
  desk_answer(&c, IN_MAILS, 200, short_page);
  desk_answer(&c, NEXT, 400, SF_ERROR("INVALID_QUERY_LOCATOR", "gone"));
  desk_answer(&c, IN_MAILS, 200, short_page);
  desk_answer(&c, NEXT, 200, NO_ROWS);
  desk_answer_file(&c, IN_COMMENTS, "comments.json");
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->tickets[0].message_count, 4);
  free(short_page);
  short_page = desk_fixture_with("salesforce", "mails.json", "\"done\":true",
                                 "\"done\":false,\"nextRecordsUrl\":\"https://evil/x\"");
  desk_answer(&c, IN_CASE, 200, kase);
  desk_answer(&c, IN_MAILS, 200, short_page);
  ends(desk_fetch(&c, SALESFORCE_CASE), TRG_RETRY, TRG_CODE_MALFORMED);
  free(short_page);
  free(kase);
  desk_case_end(&c);
}

static void test_statuses_are_read_again_after_an_hour(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  for (int i = 0; i < 3; i++) {
    if (i != 1) desk_answer_file(&c, IN_STATUSES, "statuses.json");
    desk_answer(&c, IN_CASE, 200, NO_ROWS);
    desk_fetch(&c, SALESFORCE_CASE);
    if (i == 1) fake_host_advance(c.host, 3600000);
  }
  assert_int_equal(desk_asked(&c, "GET", IN_STATUSES), 2);
  desk_case_end(&c);
}

static void test_a_user_who_may_not_read_statuses_still_sees_what_is_closed(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  char *kase = desk_fixture_with("salesforce", "case_new.json",
                                 "\"IsClosed\":false,\"ClosedDate\":null",
                                 CLOSED_AT("2026-11-20T11:30:00"));
  desk_answer(&c, IN_STATUSES, 400,
              SF_ERROR("INVALID_TYPE", "sObject type 'CaseStatus' is not supported."));
  whole_case(&c, kase, true);
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  ends(op, TRG_DONE, "");
  assert_int_equal(op->tickets[0].status, TRG_STATUS_SOLVED);
  free(kase);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_children_have_their_own_marks_and_name_their_case),
      cmocka_unit_test(test_the_next_round_looks_back_for_rows_that_came_late),
      cmocka_unit_test(test_rows_of_one_second_across_a_page_edge_are_neither_lost_nor_stuck),
      cmocka_unit_test(test_the_vendors_next_page_is_asked_on_our_host_only),
      cmocka_unit_test(test_behind_a_chain_of_short_pages_is_asked_once_more),
      cmocka_unit_test(test_a_locator_that_died_is_left_for_the_last_row),
      cmocka_unit_test(test_a_page_that_does_not_move_is_not_taken),
      cmocka_unit_test(test_a_query_that_times_out_asks_for_half_the_time),
      cmocka_unit_test(test_halving_ends_at_a_minute),
      cmocka_unit_test(test_a_token_that_dies_in_a_round_costs_no_row),
      cmocka_unit_test(test_an_org_without_a_feed_is_polled_without_it),
      cmocka_unit_test(test_a_cursor_of_another_make_is_refused),
      cmocka_unit_test(test_mails_comments_and_posts_become_one_thread),
      cmocka_unit_test(test_history_tells_closings_reopenings_and_who_took_over),
      cmocka_unit_test(test_a_closed_case_is_solved_by_its_flag_and_not_by_its_word),
      cmocka_unit_test(test_the_present_closing_is_told_once_where_history_tells_it_too),
      cmocka_unit_test(test_deleted_purged_and_merged_cases_are_told_apart),
      cmocka_unit_test(test_columns_that_an_org_does_not_have_are_left_out),
      cmocka_unit_test(test_a_column_that_must_be_there_is_a_question_of_permission),
      cmocka_unit_test(test_long_lists_are_read_to_their_end_and_begun_again_when_they_die),
      cmocka_unit_test(test_statuses_are_read_again_after_an_hour),
      cmocka_unit_test(test_a_user_who_may_not_read_statuses_still_sees_what_is_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
