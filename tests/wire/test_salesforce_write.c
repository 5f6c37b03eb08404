/* Writing into Salesforce under a fake host: the guard, the composite, the mail, lost answers. */
#include "salesforce_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION   "2026-11-20T10:00:02Z/"
#define COMPOSITE "/services/data/v62.0/composite"
#define COMMENT   "/services/data/v62.0/sobjects/CaseComment"
#define POST_FEED "/services/data/v62.0/sobjects/FeedItem"
#define PATCHED   "/services/data/v62.0/sobjects/Case/" SALESFORCE_CASE
#define MAIL      "/services/data/v62.0/actions/standard/emailSimple"
#define CREATED   "{\"id\":\"00aA0000001New1IAC\",\"success\":true,\"errors\":[]}"
#define MAILED                                                                                     \
  "[{\"actionName\":\"emailSimple\",\"errors\":null,\"isSuccess\":true,\"outputValues\":null}]"
#define PART(status, body)                                                                         \
  "{\"referenceId\":\"x\",\"httpStatusCode\":" status ",\"httpHeaders\":{},\"body\":" body "}"
#define PARTS(parts) "{\"compositeResponse\":[" parts "]}"
#define HALTED                                                                                     \
  PART("400", SF_ERROR("PROCESSING_HALTED", "The transaction was rolled back since another "       \
                                            "operation in the same transaction failed."))

static struct trg_action note(void) {
  return (struct trg_action){.size = sizeof(struct trg_action),
                             .ticket_id = TRG_STR(SALESFORCE_CASE),
                             .version = TRG_STR(VERSION),
                             .last_message_id = TRG_STR("02sA0000001Mai3IAC"),
                             .idem_key = TRG_STR("run-9"),
                             .attempt_ms = FAKE_NOW_MS,
                             .note = TRG_STR("<p>Draft &amp; more</p><ul><li>one</li></ul>")};
}

static struct trg_action reply(void) {
  struct trg_action action = note();
  action.reply = TRG_STR("<p>Hello Anna</p>");
  action.note = (struct trg_str){NULL, 0};
  return action;
}

static void ends(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("outcome %d %s: %s", (int)op->result.outcome, op->result.code.p, op->result.why.p);
}

#define HAS(text, part)                                                                            \
  do {                                                                                             \
    if (strstr(text, part) == NULL) fail_msg("no %s in %s", part, text);                           \
  } while (0)

/* The case as the guard reads it, with these comments and mails more. */
static void read_as(struct desk_case *c, const char *kase, const char *mails,
                    const char *comments) {
  desk_answer(c, IN_CASE, 200, kase);
  if (mails != NULL)
    desk_answer(c, IN_MAILS, 200, mails);
  else
    desk_answer_file(c, IN_MAILS, "mails.json");
  if (comments != NULL)
    desk_answer(c, IN_COMMENTS, 200, comments);
  else
    desk_answer_file(c, IN_COMMENTS, "comments.json");
}

static void read_plain(struct desk_case *c) {
  char *kase = desk_fixture("salesforce", "case_new.json");
  read_as(c, kase, NULL, NULL);
  free(kase);
}

/* A list's fixture with one more row at its beginning. */
static char *list_with(const char *name, const char *row) {
  char rows[4096];
  snprintf(rows, sizeof rows, "\"records\":[%s,", row);
  return desk_fixture_with("salesforce", name, "\"records\":[", rows);
}

#define OWN                                                                                        \
  "\"CreatedById\":\"" SALESFORCE_SELF "\",\"CreatedDate\":\"2026-11-21T00:00:01.000+0000\""
#define OUR_NOTE                                                                                   \
  "{\"Id\":\"00aA0000001New1IAC\",\"CommentBody\":\"Draft & more\\n\\n- one\","                    \
  "\"IsPublished\":false," OWN "}"
#define OUR_MAIL                                                                                   \
  "{\"Id\":\"02sA0000001New1IAC\",\"Incoming\":false,\"Status\":\"3\",\"TextBody\":\"Hello "       \
  "Anna\\n\\nthread::pp5XPG::\\n-- \\nAcme\"," OWN "}"

static struct desk_case begin(const char *more) {
  return salesforce_case_begin((const char *const[]){"feed=false", more, NULL});
}

/* ---- notes and fields ---- */

static void test_a_note_alone_is_one_comment_that_the_customer_does_not_see(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  struct trg_action action = note();
  read_plain(&c);
  desk_answer_write(&c, "POST", COMMENT, 201, CREATED);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  const struct fake_request *post = desk_request(&c, "POST", COMMENT, 0);
  assert_string_equal(post->body.p, "{\"ParentId\":\"" SALESFORCE_CASE "\",\"CommentBody\":"
                                    "\"Draft & more\\u000a\\u000a- one\",\"IsPublished\":false}");
  assert_string_equal(fake_request_header(post, "sforce-auto-assign"), "FALSE");
  assert_int_equal(post->flags, TRG_HTTP_WRITE);
  assert_int_equal(op->receipt_count, 1);
  assert_string_equal(op->receipts[0].kind.p, "note");
  assert_string_equal(op->receipts[0].id.p, "00aA0000001New1IAC");
  desk_case_end(&c);
}

static void test_a_note_can_be_a_feed_post_for_internal_users(void **state) {
  (void)state;
  struct desk_case c = begin("write.note=feed");
  struct trg_action action = note();
  action.note = TRG_STR("<p>Use <strong>this</strong><br>{!Case.Id}</p>");
  read_plain(&c);
  desk_answer_write(&c, "POST", POST_FEED, 201, CREATED);
  ends(desk_write(&c, &action), TRG_DONE, "");
  const char *body = desk_request(&c, "POST", POST_FEED, 0)->body.p;
  HAS(body, "\"Body\":\"<p>Use <b>this</b></p><p>{\xE2\x80\x8B!Case.Id}</p>\"");
  HAS(body, "\"IsRichText\":true,\"Visibility\":\"InternalUsers\"");
  desk_case_end(&c);
}

static void test_fields_and_note_are_one_guarded_composite(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){
      "feed=false", "write.category=field:Triage_Category__c", "write.tag_field=Tags__c",
      "write.marker_field=Triage_Run__c", "write.group={\"billing\":\"00GA0000002Tech\"}", NULL});
  const struct trg_str tags[] = {TRG_STR("vip"), TRG_STR("refund")};
  struct trg_action action = note();
  action.add_tags = tags;
  action.add_tag_count = 2;
  action.priority = TRG_STR("P1");
  action.category = TRG_STR("it's billing");
  action.team = TRG_STR("billing");
  action.flags = TRG_ACTION_SOLVE;
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  read_plain(&c);
  desk_answer_write(&c, "POST", COMPOSITE, 200,
                    PARTS(PART("204", "null") "," PART("201", CREATED)));
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  const struct fake_request *post = desk_request(&c, "POST", COMPOSITE, 0);
  HAS(post->body.p,
      "{\"allOrNone\":true,\"compositeRequest\":[{\"method\":\"PATCH\",\"url\":\"" PATCHED
      "\",\"referenceId\":\"part0\",\"httpHeaders\":{\"Sforce-Auto-Assign\":\"FALSE\","
      "\"If-Unmodified-Since\":\"Fri, 20 Nov 2026 10:00:01 GMT\"},\"body\":{\"Triage_Run__c\":"
      "\"run-9\",\"Priority\":\"High\",\"Triage_Category__c\":\"it's billing\",\"Tags__c\":"
      "\"vip;late;refund\",\"OwnerId\":\"00GA0000002TechMAC\",\"Status\":\"Erledigt\"}}");
  HAS(post->body.p, "\"url\":\"" COMMENT "\"");
  assert_string_equal(fake_request_header(post, "sforce-auto-assign"), "FALSE");
  assert_int_equal(op->receipt_count, 4);
  desk_case_end(&c);
}

static void test_fields_alone_are_one_patch_with_an_empty_answer(void **state) {
  (void)state;
  struct desk_case c = begin("write.priorities={\"P1\":\"Critical\"}");
  struct trg_action action = note();
  action.note = (struct trg_str){NULL, 0};
  action.priority = TRG_STR("P1");
  read_plain(&c);
  desk_answer_write(&c, "PATCH", PATCHED, 204, NULL);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  const struct fake_request *patch = desk_request(&c, "PATCH", PATCHED, 0);
  assert_string_equal(patch->body.p, "{\"Priority\":\"Critical\"}");
  assert_string_equal(fake_request_header(patch, "if-unmodified-since"),
                      "Fri, 20 Nov 2026 10:00:01 GMT");
  assert_string_equal(op->receipts[0].kind.p, "fields");
  desk_case_end(&c);
}

static void test_what_is_there_already_is_not_written_again(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  struct trg_action action = note();
  action.priority = TRG_STR("P3"); /* Medium, as it is */
  char *kase = desk_fixture("salesforce", "case_new.json"),
       *comments = list_with("comments.json", OUR_NOTE);
  read_as(&c, kase, NULL, comments);
  ends(desk_write(&c, &action), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", "/services/data/"), 0);
  free(kase);
  free(comments);
  desk_case_end(&c);
}

static void composite_answers(int32_t status, const char *body, int32_t outcome, const char *code) {
  struct desk_case c = begin(NULL);
  struct trg_action action = note();
  action.priority = TRG_STR("P1");
  read_plain(&c);
  desk_answer_write(&c, "POST", COMPOSITE, status, body);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, outcome, code);
  assert_int_equal(op->receipt_count, 0);
  desk_case_end(&c);
}

static void test_each_part_of_a_composite_is_looked_at(void **state) {
  (void)state;
  composite_answers(200, PARTS(PART("412", SF_ERROR("PRECONDITION_FAILED", "changed")) "," HALTED),
                    TRG_REJECTED, TRG_CODE_CONFLICT);
  composite_answers(200, PARTS(HALTED "," PART("400", SF_ERROR("UNABLE_TO_LOCK_ROW", "locked"))),
                    TRG_RETRY, TRG_CODE_TRANSIENT);
  composite_answers(200, PARTS(HALTED "," PART("400", SF_ERROR("STRING_TOO_LONG", "no"))),
                    TRG_REJECTED, TRG_CODE_PERMANENT);
  composite_answers(
      200, PARTS(HALTED "," PART("400", SF_ERROR("INSUFFICIENT_ACCESS_OR_READONLY", "no"))),
      TRG_REJECTED, TRG_CODE_PERMISSION);
  composite_answers(200, PARTS(PART("204", "null") "," HALTED), TRG_UNCERTAIN, TRG_CODE_MALFORMED);
  composite_answers(200, PARTS(PART("204", "null")), TRG_UNCERTAIN, TRG_CODE_MALFORMED);
  composite_answers(200, "{\"compositeRes", TRG_UNCERTAIN, TRG_CODE_MALFORMED);
}

static void test_answers_to_a_write_are_told_apart(void **state) {
  (void)state;
  composite_answers(0, NULL, TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
  composite_answers(500, SF_ERROR("UNKNOWN_EXCEPTION", "oops"), TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
  composite_answers(503, "<html>", TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
  composite_answers(403, SF_ERROR("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
                    TRG_RETRY, TRG_CODE_RATE);
  composite_answers(400, SF_ERROR("JSON_PARSER_ERROR", "no"), TRG_REJECTED, TRG_CODE_PERMANENT);
  composite_answers(400, SF_ERROR("STORAGE_LIMIT_EXCEEDED", "full"), TRG_REJECTED, TRG_CODE_QUOTA);
  composite_answers(404, SF_ERROR("NOT_FOUND", "no"), TRG_REJECTED, TRG_CODE_NOT_FOUND);
  composite_answers(415, "", TRG_REJECTED, TRG_CODE_PERMANENT);
}

/* ---- the guard ---- */

static void conflicts(const char *mail, const char *comment, bool expected) {
  struct desk_case c = begin(NULL);
  struct trg_action action = note();
  char *kase = desk_fixture("salesforce", "case_new.json");
  char *mails = mail != NULL ? list_with("mails.json", mail)
                             : desk_fixture("salesforce", "mails.json");
  char *comments = comment != NULL ? list_with("comments.json", comment)
                                   : desk_fixture("salesforce", "comments.json");
  read_as(&c, kase, mails, comments);
  if (!expected) desk_answer_write(&c, "POST", COMMENT, 201, CREATED);
  const struct fake_op *op = desk_write(&c, &action);
  if (expected)
    ends(op, TRG_REJECTED, TRG_CODE_CONFLICT);
  else
    ends(op, TRG_DONE, "");
  free(kase);
  free(mails);
  free(comments);
  desk_case_end(&c);
}

#define AT_NIGHT "\"CreatedDate\":\"2026-11-20T23:00:00.000+0000\""

static void test_news_since_the_decision_is_a_conflict(void **state) {
  (void)state;
  conflicts("{\"Id\":\"02sA0000009New9IAC\",\"Incoming\":true,\"Status\":\"0\",\"TextBody\":"
            "\"wait\"," AT_NIGHT "}",
            NULL, true);
  conflicts(NULL,
            "{\"Id\":\"00aA0000009New9IAC\",\"CommentBody\":\"answered\",\"IsPublished\":true,"
            "\"CreatedById\":\"005A0000002AgntIAC\"," AT_NIGHT "}",
            true);
  /* An automatic answer, a colleague's note, and our own words are no news. */
  conflicts(
      "{\"Id\":\"02sA0000009New9IAC\",\"Incoming\":true,\"Status\":\"0\",\"TextBody\":\"away\","
      "\"Headers\":\"Auto-Submitted: auto-replied\"," AT_NIGHT "}",
      NULL, false);
  conflicts(NULL,
            "{\"Id\":\"00aA0000009New9IAC\",\"CommentBody\":\"hm\",\"IsPublished\":false,"
            "\"CreatedById\":\"005A0000002AgntIAC\"," AT_NIGHT "}",
            false);
  conflicts(NULL,
            "{\"Id\":\"00aA0000009New9IAC\",\"CommentBody\":\"our answer\",\"IsPublished\":true,"
            "\"CreatedById\":\"" SALESFORCE_SELF "\"," AT_NIGHT "}",
            false);
}

/* The version that fetch() gives knows all that was said, in any order of time. */
static void test_the_version_of_a_fetch_finds_a_mail_that_came_late_with_an_old_time(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  char *kase = desk_fixture("salesforce", "case_new.json");
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  read_plain(&c);
  const struct fake_op *op = desk_fetch(&c, SALESFORCE_CASE);
  struct trg_action action = note();
  action.version = op->tickets[0].version;
  char *mails = list_with("mails.json",
                          "{\"Id\":\"02sA0000009New9IAC\",\"Incoming\":true,\"Status\":"
                          "\"0\",\"TextBody\":\"wait\",\"CreatedDate\":"
                          "\"2026-11-20T10:05:00.000+0000\"}");
  read_as(&c, kase, mails, NULL);
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_CONFLICT);
  read_plain(&c);
  desk_answer_write(&c, "POST", COMMENT, 201, CREATED);
  ends(desk_write(&c, &action), TRG_DONE, "");
  free(kase);
  free(mails);
  desk_case_end(&c);
}

static void guarded_case(const char *from, const char *to, const char *code, bool children) {
  struct desk_case c = begin(NULL);
  struct trg_action action = reply();
  char *kase = desk_fixture_with("salesforce", "case_new.json", from, to);
  if (children)
    read_as(&c, kase, NULL, NULL);
  else
    desk_answer(&c, IN_CASE, 200, kase);
  ends(desk_write(&c, &action), TRG_REJECTED, code);
  assert_int_equal(desk_asked(&c, "POST", "/services/data/"), 0);
  free(kase);
  desk_case_end(&c);
}

static void test_cases_that_take_no_write_are_left_alone(void **state) {
  (void)state;
  guarded_case("\"IsDeleted\":false", "\"IsDeleted\":true", TRG_CODE_NOT_FOUND, false);
  guarded_case("\"MasterRecordId\":null", "\"MasterRecordId\":\"500A0000006Vm9v\"", TRG_CODE_CLOSED,
               true);
  guarded_case(
      "\"IsClosed\":false,\"ClosedDate\":null,\"Priority\":\"Medium\",\"Origin\":\"Email\","
      "\n  \"OwnerId\":\"00GA0000001BillIAC\"",
      "\"IsClosed\":true,\"SystemModstamp\":\"2026-11-20T12:00:00.000+0000\"", TRG_CODE_CONFLICT,
      true);
  guarded_case("anna@example.com", "anna@example.com,evil@example.org", TRG_CODE_PERMANENT, true);
  guarded_case("\"anna@example.com\"", "null", TRG_CODE_PERMANENT, true);
}

/* ---- replies ---- */

static void test_a_reply_is_mailed_last_and_the_case_closed_behind_it(void **state) {
  (void)state;
  struct desk_case c = begin("write.sender=help@acme.com");
  struct trg_action action = reply();
  action.note = TRG_STR("<p>why</p>");
  action.priority = TRG_STR("P1");
  action.flags = TRG_ACTION_SOLVE;
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  read_plain(&c);
  desk_answer_write(&c, "POST", COMPOSITE, 200,
                    PARTS(PART("204", "null") "," PART("201", CREATED)));
  desk_answer_write(&c, "POST", MAIL, 200, MAILED);
  desk_answer_write(&c, "PATCH", PATCHED, 204, NULL);
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  assert_string_equal(
      desk_request(&c, "POST", MAIL, 0)->body.p,
      "{\"inputs\":[{\"emailAddresses\":\"anna@example.com\",\"emailSubject\":\"Re: Refund\","
      "\"emailBody\":\"<p>Hello "
      "Anna</p>\",\"sendRichBody\":true,\"relatedRecordId\":\"" SALESFORCE_CASE
      "\",\"logEmailOnSend\":true,\"senderType\":\"OrgWideEmailAddress\","
      "\"senderAddress\":\"help@acme.com\",\"addThreadingTokenToBody\":true,"
      "\"addThreadingTokenToSubject\":true}]}");
  assert_null(strstr(desk_request(&c, "POST", COMPOSITE, 0)->body.p, "Status\":"));
  const struct fake_request *patch = desk_request(&c, "PATCH", PATCHED, 0);
  assert_string_equal(patch->body.p, "{\"Status\":\"Erledigt\"}");
  assert_string_equal(fake_request_header(patch, "sforce-auto-assign"), "FALSE");
  assert_int_equal(op->receipt_count, 4); /* fields, note, reply, status */
  desk_case_end(&c);
}

static void mail_answers(int32_t status, const char *body, int32_t outcome, const char *code) {
  struct desk_case c = begin(NULL);
  struct trg_action action = reply();
  read_plain(&c);
  desk_answer_write(&c, "POST", MAIL, status, body);
  ends(desk_write(&c, &action), outcome, code);
  desk_case_end(&c);
}

static void test_a_mail_counts_as_sent_only_when_the_action_says_so(void **state) {
  (void)state;
#define MAIL_ERROR(code)                                                                           \
  "[{\"actionName\":\"emailSimple\",\"errors\":[{\"statusCode\":\"" code                           \
  "\",\"message\":\"no\",\"fields\":[]}],\"isSuccess\":false,\"outputValues\":null}]"
  mail_answers(200, "{\"actionName\":\"emailSimple\",\"errors\":[],\"isSuccess\":true}", TRG_DONE,
               "");
  mail_answers(200, MAIL_ERROR("INVALID_EMAIL_ADDRESS"), TRG_REJECTED, TRG_CODE_PERMANENT);
  mail_answers(400, MAIL_ERROR("SINGLE_EMAIL_LIMIT_EXCEEDED"), TRG_REJECTED, TRG_CODE_QUOTA);
  mail_answers(400, MAIL_ERROR("UNABLE_TO_LOCK_ROW"), TRG_RETRY, TRG_CODE_TRANSIENT);
  mail_answers(200, "[{\"isSuccess\":true,\"errors\":[{\"statusCode\":\"X\"}]}]", TRG_UNCERTAIN,
               TRG_CODE_MALFORMED);
  mail_answers(200, "[]", TRG_UNCERTAIN, TRG_CODE_MALFORMED);
  mail_answers(0, NULL, TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
}

static void test_a_closing_that_fails_does_not_send_the_mail_again(void **state) {
  (void)state;
  struct desk_case c = begin("write.solved_status=Gelöst");
  struct trg_action action = reply();
  action.flags = TRG_ACTION_SOLVE;
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  read_plain(&c);
  desk_answer_write(&c, "POST", MAIL, 200, MAILED);
  desk_answer_write(&c, "PATCH", PATCHED, 400,
                    SF_ERROR("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value"));
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  HAS(op->result.why.p, "could not be closed");
  assert_int_equal(fake_host_log_matches(c.host, "not_closed"), 1);
  desk_case_end(&c);
}

static void test_a_repeated_write_sends_only_the_mail_that_is_missing(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  struct trg_action action = reply();
  action.note = note().note;
  char *kase = desk_fixture("salesforce", "case_new.json"),
       *comments = list_with("comments.json", OUR_NOTE);
  read_plain(&c);
  desk_answer_write(&c, "POST", COMMENT, 201, CREATED);
  desk_answer_write(&c, "POST", MAIL, 400, MAIL_ERROR("UNABLE_TO_LOCK_ROW"));
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_RETRY, TRG_CODE_TRANSIENT);
  HAS(op->result.why.p, "the note are written, this is about the reply; HTTP 400");
  read_as(&c, kase, NULL, comments);
  desk_answer_write(&c, "POST", MAIL, 200, MAILED);
  ends(desk_write(&c, &action), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", COMMENT), 1);
  free(kase);
  free(comments);
  desk_case_end(&c);
}

static void test_a_portal_reply_is_a_published_comment_beside_its_note(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  struct trg_action action = reply();
  action.note = TRG_STR("<p>why</p>");
  char *kase = desk_fixture_with("salesforce", "case_new.json", "\"Origin\":\"Email\"",
                                 "\"Origin\":\"Customer Portal\"");
  read_as(&c, kase, NULL, NULL);
  desk_answer_write(&c, "POST", COMPOSITE, 200,
                    PARTS(PART("201", CREATED) "," PART("201", CREATED)));
  const struct fake_op *op = desk_write(&c, &action);
  ends(op, TRG_DONE, "");
  const char *body = desk_request(&c, "POST", COMPOSITE, 0)->body.p;
  HAS(body, "\"CommentBody\":\"why\",\"IsPublished\":false");
  HAS(body, "\"CommentBody\":\"Hello Anna\",\"IsPublished\":true");
  assert_string_equal(op->receipts[1].kind.p, "reply");
  free(kase);
  desk_case_end(&c);
}

static void test_a_connector_without_replies_says_so(void **state) {
  (void)state;
  struct desk_case c = begin("write.reply=none");
  struct trg_action action = reply();
  read_plain(&c);
  ends(desk_write(&c, &action), TRG_REJECTED, TRG_CODE_PERMANENT);
  desk_answer_file(&c, IN_STATUSES, "statuses.json");
  read_plain(&c);
  assert_int_equal(desk_fetch(&c, SALESFORCE_CASE)->tickets[0].flags, TRG_TICKET_NOTE_ONLY);
  desk_case_end(&c);
}

/* ---- looking again ---- */

static void finds(const struct trg_action *action, const char *mail, const char *comment,
                  const char *receipt) {
  struct desk_case c = begin(NULL);
  char *kase = desk_fixture("salesforce", "case_new.json");
  char *mails = mail != NULL ? list_with("mails.json", mail)
                             : desk_fixture("salesforce", "mails.json");
  char *comments = comment != NULL ? list_with("comments.json", comment)
                                   : desk_fixture("salesforce", "comments.json");
  read_as(&c, kase, mails, comments);
  const struct fake_op *op = desk_find(&c, action);
  if (receipt == NULL) {
    ends(op, TRG_REJECTED, TRG_CODE_NOT_FOUND);
    assert_int_equal(op->receipt_count, 0);
  } else {
    ends(op, TRG_DONE, "");
    assert_string_equal(op->receipts[0].id.p, receipt);
  }
  free(kase);
  free(mails);
  free(comments);
  desk_case_end(&c);
}

static void test_a_lost_answer_is_found_by_user_time_and_text(void **state) {
  (void)state;
  struct trg_action action = note(), answer = reply();
  finds(&action, NULL, OUR_NOTE, "00aA0000001New1IAC");
  finds(&action, NULL, NULL, NULL);
  finds(&answer, OUR_MAIL, NULL, "02sA0000001New1IAC");
  finds(&answer, NULL, OUR_NOTE, NULL);
  answer.note = action.note; /* the note is there, the mail is not: it is to be written again */
  finds(&answer, NULL, OUR_NOTE, NULL);
  action.attempt_ms = FAKE_NOW_MS + 3600000; /* an older one with the same text */
  finds(&action, NULL, OUR_NOTE, NULL);
  action = note();
  action.note = TRG_STR("<p>Draft</p>"); /* only the beginning is the same */
  finds(&action, NULL, OUR_NOTE, NULL);
}

static void test_somebody_elses_equal_words_are_not_ours(void **state) {
  (void)state;
  struct trg_action action = note();
  finds(&action, NULL,
        "{\"Id\":\"00aA0000001New1IAC\",\"CommentBody\":\"Draft & more\\n- "
        "one\",\"IsPublished\":false,"
        "\"CreatedById\":\"005A0000002AgntIAC\",\"CreatedDate\":\"2026-11-21T00:00:01.000+0000\"}",
        NULL);
}

static void test_the_marker_field_shows_a_write_whose_text_was_changed(void **state) {
  (void)state;
  struct desk_case c = begin("write.marker_field=field:Triage_Run__c");
  struct trg_action action = note();
  char *kase = desk_fixture_with("salesforce", "case_new.json", "\"Triage_Run__c\":null",
                                 "\"Triage_Run__c\":\"run-9\"");
  read_as(&c, kase, NULL, NULL);
  ends(desk_find(&c, &action), TRG_DONE, "");
  free(kase);
  desk_case_end(&c);
}

static void test_a_list_that_can_not_be_read_is_never_not_found(void **state) {
  (void)state;
  struct desk_case c = begin(NULL);
  struct trg_action action = note();
  char *kase = desk_fixture("salesforce", "case_new.json");
  desk_answer(&c, IN_CASE, 200, kase);
  desk_answer(&c, IN_MAILS, 500, "oops");
  ends(desk_find(&c, &action), TRG_RETRY, TRG_CODE_TRANSIENT);
  free(kase);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_note_alone_is_one_comment_that_the_customer_does_not_see),
      cmocka_unit_test(test_a_note_can_be_a_feed_post_for_internal_users),
      cmocka_unit_test(test_fields_and_note_are_one_guarded_composite),
      cmocka_unit_test(test_fields_alone_are_one_patch_with_an_empty_answer),
      cmocka_unit_test(test_what_is_there_already_is_not_written_again),
      cmocka_unit_test(test_each_part_of_a_composite_is_looked_at),
      cmocka_unit_test(test_answers_to_a_write_are_told_apart),
      cmocka_unit_test(test_news_since_the_decision_is_a_conflict),
      cmocka_unit_test(test_the_version_of_a_fetch_finds_a_mail_that_came_late_with_an_old_time),
      cmocka_unit_test(test_cases_that_take_no_write_are_left_alone),
      cmocka_unit_test(test_a_reply_is_mailed_last_and_the_case_closed_behind_it),
      cmocka_unit_test(test_a_mail_counts_as_sent_only_when_the_action_says_so),
      cmocka_unit_test(test_a_closing_that_fails_does_not_send_the_mail_again),
      cmocka_unit_test(test_a_repeated_write_sends_only_the_mail_that_is_missing),
      cmocka_unit_test(test_a_portal_reply_is_a_published_comment_beside_its_note),
      cmocka_unit_test(test_a_connector_without_replies_says_so),
      cmocka_unit_test(test_a_lost_answer_is_found_by_user_time_and_text),
      cmocka_unit_test(test_somebody_elses_equal_words_are_not_ours),
      cmocka_unit_test(test_the_marker_field_shows_a_write_whose_text_was_changed),
      cmocka_unit_test(test_a_list_that_can_not_be_read_is_never_not_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
