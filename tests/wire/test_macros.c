/* Saved replies of the three helpdesks under a fake host: what is taken, what is left out, pages,
 * placeholders. Documents as the vendors' references show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../plugins/connectors/common/macro.h"
#include "intercom_case.h"
#include "salesforce_case.h"
#include "zendesk_case.h"

static const struct fake_op *walk(struct fake_host *host, struct fake_inst *inst, void *self,
                                  const struct trg_connector_ops *ops, const char *cursor) {
  const trg_op op = fake_op_start(inst, 30000, false);
  ops->macros(self, op, (struct trg_str){cursor, strlen(cursor)});
  fake_host_settle(host);
  return fake_op_get(host, op);
}
#define WALK(c, cursor) walk((c).host, (c).inst, (c).self, (c).ops, cursor)

static void text_is(const struct fake_op *op, size_t i, const char *id, const char *title,
                    const char *text) {
  assert_true(i < op->macro_count);
  assert_string_equal(op->macros[i].id.p, id);
  assert_string_equal(op->macros[i].title.p, title);
  assert_string_equal(op->macros[i].text.p, text);
}

static void unfilled_is(const char *text, const char *want) {
  struct hd_buf buf = hd_buf_new(1024);
  hd_put_unfilled(&buf, (struct trg_str){text, strlen(text)});
  hd_put(&buf, "", 1);
  assert_string_equal(buf.p, want);
  hd_buf_free(&buf);
}

static void test_placeholders_are_left_open_and_conditions_dropped(void **state) {
  (void)state;
  unfilled_is("Hi {{ticket.requester.first_name}}, {{{Recipient.Name}}} and {!Contact.Name}.",
              "Hi ..., ... and ....");
  unfilled_is("{% if ticket.via == 'web' %}Web{% else %}Mail{% endif %}", "WebMail");
  unfilled_is("Hi {{user.name|fallback:\"there\"}}!", "Hi ...!");
  unfilled_is("{ no } {{never closed", "{ no } {{never closed");
  unfilled_is("{", "{");
}

#define ZD_PAGE                                                                                    \
  "{\"macros\":[{\"id\":360111062754,\"title\":\"Late parcel\",\"active\":true,\"updated_at\":"    \
  "\"2026-09-16T02:17:38Z\",\"restriction\":null,\"actions\":[{\"field\":\"status\",\"value\":"    \
  "\"pending\"},{\"field\":\"comment_value\",\"value\":[\"channel:all\",\"Hello "                  \
  "{{ticket.requester.name}}, it takes 3 days.\"]}]},"                                             \
  "{\"id\":2,\"title\":\"Rich\",\"active\":true,\"actions\":[{\"field\":\"comment_value\","        \
  "\"value\":\"plain\"},{\"field\":\"comment_value_html\",\"value\":\"<p>Rich &amp; "              \
  "<b>bold</b></p>\"}]},"                                                                          \
  "{\"id\":3,\"title\":\"Note\",\"active\":true,\"actions\":[{\"field\":\"comment_value\","        \
  "\"value\":\"for us only\"},{\"field\":\"comment_mode_is_public\",\"value\":\"false\"}]},"       \
  "{\"id\":4,\"title\":\"Own\",\"active\":true,\"restriction\":{\"type\":\"User\",\"id\":9},"      \
  "\"actions\":[{\"field\":\"comment_value\",\"value\":\"my own\"}]},"                             \
  "{\"id\":5,\"title\":\"Off\",\"active\":false,\"actions\":[{\"field\":\"comment_value\","        \
  "\"value\":\"old\"}]},"                                                                          \
  "{\"id\":6,\"title\":\"Fields\",\"active\":true,\"actions\":[{\"field\":\"priority\",\"value\":" \
  "\"high\"}]},"                                                                                   \
  "{\"id\":7,\"title\":\"Dynamic\",\"active\":true,\"actions\":[{\"field\":\"comment_value\","     \
  "\"value\":\"{{dc.greeting}}\"}]}],\"meta\":{\"has_more\":%s,\"after_cursor\":\"abc=\"}}"

static void test_zendesk_takes_shared_public_macros_and_pages(void **state) {
  (void)state;
  char page[4000];
  struct desk_case c = zendesk_case_begin(NULL);
  snprintf(page, sizeof page, ZD_PAGE, "true");
  desk_answer(&c, "/api/v2/macros.json", 200, page);
  const struct fake_op *op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->macro_count, 2);
  text_is(op, 0, "360111062754", "Late parcel", "Hello ..., it takes 3 days.");
  assert_true(op->macros[0].updated_ms > 0);
  text_is(op, 1, "2", "Rich", "Rich & bold");
  assert_true(op->cursor_more);
  assert_string_equal(op->cursor.p, "abc=");
  const struct fake_request *asked = desk_request(&c, "GET", "/macros.json", 0);
  assert_non_null(strstr(asked->url.p, "active=true&access=shared&page[size]=100"));
  snprintf(page, sizeof page, ZD_PAGE, "false");
  desk_answer(&c, "page[after]=abc%3D", 200, page);
  op = WALK(c, "abc=");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_false(op->cursor_more);
  desk_case_end(&c);
}

static void test_zendesk_says_when_macros_may_not_be_read(void **state) {
  (void)state;
  char page[4000];
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer(&c, "/macros.json", 403, "{\"error\":\"Forbidden\"}");
  const struct fake_op *op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_string_equal(op->result.code.p, TRG_CODE_PERMISSION);
  desk_answer(&c, "/macros.json", 200, "{\"tickets\":[]}");
  op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_string_equal(op->result.code.p, TRG_CODE_MALFORMED);
  snprintf(page, sizeof page, ZD_PAGE, "true");
  desk_answer(&c, "/macros.json", 200, page);
  op = WALK(c, "abc=");
  assert_int_equal(op->result.outcome, TRG_RETRY); /* it does not move */
  assert_int_equal(op->macro_count, 0);
  desk_case_end(&c);
}

static void test_intercom_reads_macros_in_the_version_that_has_them(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer(
      &c, "/macros?per_page=100", 200,
      "{\"type\":\"list\",\"data\":[{\"type\":\"macro\",\"id\":\"123\",\"name\":\"Order Status "
      "Update\",\"body\":\"<p>Hi <attribute key=\\\"user.name\\\" default=\\\"there\\\"/>, your "
      "order is ready!</p>\",\"body_text\":\"Hi {{user.name|fallback:\\\"there\\\"}}, your order "
      "is ready!\",\"created_at\":\"2025-07-17T11:18:08.000Z\",\"updated_at\":"
      "\"2025-07-17T15:30:24.000Z\",\"visible_to\":\"everyone\",\"visible_to_team_ids\":[],"
      "\"available_on\":[\"inbox\",\"messenger\"]},{\"type\":\"macro\",\"id\":\"124\",\"name\":"
      "\"Html\",\"body\":\"<p>Dear <attribute key=\\\"user.name\\\"/> friend</p>\"}],"
      "\"pages\":{\"type\":\"pages\",\"per_page\":50,\"next\":{\"starting_after\":"
      "\"WzE3MTk0OTM3NTcuMCwgIjEyMyJd\"}}}");
  const struct fake_op *op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->macro_count, 2);
  text_is(op, 0, "123", "Order Status Update", "Hi ..., your order is ready!");
  assert_string_equal(op->macros[1].title.p, "Html");
  assert_true(op->cursor_more);
  assert_string_equal(op->cursor.p, "WzE3MTk0OTM3NTcuMCwgIjEyMyJd");
  const struct fake_request *asked = desk_request(&c, "GET", "/macros", 0);
  assert_string_equal(fake_request_header(asked, "intercom-version"), "2.16");
  desk_answer(&c, "starting_after=WzE", 200,
              "{\"type\":\"list\",\"data\":[],\"pages\":{\"type\":\"pages\",\"next\":"
              "null}}");
  op = WALK(c, "WzE3MTk0OTM3NTcuMCwgIjEyMyJd");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_false(op->cursor_more);
  desk_case_end(&c);
}

#define QUICK "FROM%20QuickText%20"
static void test_salesforce_reads_quick_texts_behind_the_last_id(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(
      &c, QUICK, 200,
      "{\"totalSize\":2,\"done\":false,\"nextRecordsUrl\":\"/services/data/v62.0/query/01g-2\","
      "\"records\":[{\"Id\":\"574A0000000001gIAA\",\"Name\":\"Greeting\",\"Message\":\"Hello "
      "{!Contact.FirstName}, thanks.\",\"Category\":\"Greetings\",\"SystemModstamp\":"
      "\"2026-01-05T10:00:00.000+0000\"},{\"Id\":\"574A0000000002gIAA\",\"Name\":\"Empty\","
      "\"Message\":null}]}");
  const struct fake_op *op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->macro_count, 1);
  assert_string_equal(op->macros[0].text.p, "Hello ..., thanks.");
  assert_string_equal(op->macros[0].category.p, "Greetings");
  assert_true(op->cursor_more);
  const char cursor[] = "574A0000000002gIAA";
  assert_memory_equal(op->cursor.p, cursor, 15);
  desk_answer(&c, QUICK, 200, NO_ROWS);
  op = WALK(c, cursor);
  assert_false(op->cursor_more);
  const struct fake_request *asked = desk_request(&c, "GET", QUICK, 1);
  assert_non_null(strstr(asked->url.p, "Id%3E%27574A0000000002g"));
  assert_non_null(strstr(asked->url.p, "IsInsertable%3Dtrue"));
  desk_case_end(&c);
}

static void test_an_org_without_quick_text_is_told_what_is_missing(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(&c, QUICK, 400, SF_ERROR("INVALID_TYPE", "sObject type 'QuickText' is not"));
  const struct fake_op *op = WALK(c, "");
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_non_null(strstr(op->result.why.p, "quick text is not switched on"));
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_placeholders_are_left_open_and_conditions_dropped),
      cmocka_unit_test(test_zendesk_takes_shared_public_macros_and_pages),
      cmocka_unit_test(test_zendesk_says_when_macros_may_not_be_read),
      cmocka_unit_test(test_intercom_reads_macros_in_the_version_that_has_them),
      cmocka_unit_test(test_salesforce_reads_quick_texts_behind_the_last_id),
      cmocka_unit_test(test_an_org_without_quick_text_is_told_what_is_missing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
