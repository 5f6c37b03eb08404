/* Salesforce's documents and texts, bytes in and bytes out. */
#include "../../plugins/connectors/salesforce/wire.h"
#include "salesforce_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

/* ---- ids, times, questions ---- */

static void test_ids_of_15_characters_become_18(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"001A0000006Vm9u", "001A0000006Vm9uIAC"},
                                         {"00DA0000000Acme", "00DA0000000AcmeMAC"},
                                         {"500000000000000", "500000000000000AAA"},
                                         {"ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"},
                                         {"500A0000006Vm9uIAC", "500A0000006Vm9uIAC"}};
  char id[SF_ID_BYTES];
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    assert_true(salesforce_id18(str(pairs[i][0]), id));
    assert_string_equal(id, pairs[i][1]);
  }
  assert_false(salesforce_id18(str("500A0000006Vm9"), id));
  assert_false(salesforce_id18(str("500A0000006Vm9u'"), id));
  assert_false(salesforce_id18(str("500A0000006Vm9uIA'"), id));
  assert_false(salesforce_is_id(str("001A0000006Vm9u"), "500"));
}

static void test_times_are_read_in_the_vendors_form(void **state) {
  (void)state;
  assert_int_equal(hd_time_ms(str("2026-11-21T01:36:40.000+0000")), 1795225000000);
  assert_int_equal(hd_time_ms(str("2026-11-21T02:36:40.123+0100")), 1795225000123);
  assert_int_equal(hd_time_ms(str("2026-11-21T01:36:40Z")), 1795225000000);
  assert_int_equal(hd_time_ms(str("yesterday")), 0);
  struct hd_buf buf = hd_buf_new(128);
  salesforce_put_time(&buf, 1795225000000);
  hd_puts(&buf, " ");
  salesforce_put_time(&buf, 1795225000123);
  hd_puts(&buf, " ");
  salesforce_put_http_date(&buf, 1795225000000);
  assert_string_equal(buf.p, "2026-11-21T01:36:40Z 2026-11-21T01:36:40.123Z "
                             "Sat, 21 Nov 2026 01:36:40 GMT");
  hd_buf_free(&buf);
}

static void test_a_value_can_not_leave_its_literal(void **state) {
  (void)state;
  struct hd_buf buf = hd_buf_new(128);
  salesforce_put_soql(&buf, str("x' OR Id!='\\\n"));
  assert_string_equal(buf.p, "'x\\' OR Id!=\\'\\\\'");
  hd_buf_free(&buf);
}

static void test_the_cursor_says_the_same_after_a_round_trip(void **state) {
  (void)state;
  struct sf_cursor cursor, back;
  struct trg_err err;
  struct hd_buf buf = hd_buf_new(1024), again = hd_buf_new(1024);
  salesforce_cursor_start(&cursor, 1795225000123);
  salesforce_cursor_enter(&cursor, SF_FEED, 300000);
  assert_int_equal(cursor.at_ms, 1795225000000); /* never before the beginning */
  cursor.mark_ms[SF_FEED] += 3600000;
  salesforce_cursor_enter(&cursor, SF_FEED, 300000);
  assert_int_equal(cursor.at_ms, 1795225000000 + 3300000);
  snprintf(cursor.id, sizeof cursor.id, "0D5A0000001Fee1KAC");
  snprintf(cursor.next, sizeof cursor.next, "/services/data/v62.0/query/01g-2000");
  salesforce_cursor_put(&buf, &cursor);
  assert_int_equal(salesforce_cursor_read(&back, hd_slice(&buf), &err), 0);
  salesforce_cursor_put(&again, &back);
  assert_string_equal(buf.p, again.p);
  assert_int_equal(salesforce_cursor_read(&back, str("2 from=2026-11-21T01:36:40Z"), &err), -1);
  assert_int_equal(salesforce_cursor_read(&back, str("1 from=2026-11-21T01:36:40Z"), &err), -1);
  hd_buf_free(&buf);
  hd_buf_free(&again);
}

static void test_only_a_path_of_the_query_resource_is_a_next_page(void **state) {
  (void)state;
  assert_true(salesforce_next_is_path(str("/services/data/v62.0/query/0r8xx-2000")));
  static const char *const bad[] = {"https://evil.example/services/data/v62.0/query/1",
                                    "//evil.example/services/data/v62.0/query/1",
                                    "/services/data/v62.0/query/../sobjects/Case",
                                    "/services/data/v62.0/query/1@evil",
                                    "/services/data/v62.0/query/1?q=x",
                                    "/services/apexrest/x/query/",
                                    "/services/data/v62.0/sobjects/Case",
                                    ""};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(salesforce_next_is_path(str(bad[i])));
}

static void test_two_changes_in_one_second_are_two_versions(void **state) {
  (void)state;
#define PAGE(status)                                                                               \
  "{\"done\":true,\"records\":[{\"Id\":\"500A0000006Vm9u\",\"Status\":\"" status                   \
  "\",\"SystemModstamp\":\"2026-11-21T01:36:40.000+0000\"}]}"
  struct sf_changes a, b;
  struct trg_err err;
  assert_int_equal(salesforce_changes_read(&a, SF_CASES, str(PAGE("New")), &err), 0);
  assert_int_equal(salesforce_changes_read(&b, SF_CASES, str(PAGE("Working")), &err), 0);
  assert_false(hd_same(a.notices[0].version, b.notices[0].version));
  salesforce_changes_free(&a);
  salesforce_changes_free(&b);
}

static void test_the_column_that_an_error_names_is_the_one_left_out(void **state) {
  (void)state;
  const unsigned mails = salesforce_list_columns(SF_MAILS, 0);
  assert_int_equal(salesforce_columns_blamed("No such column 'Headers' on entity", mails),
                   SF_NO_HEADERS);
  assert_int_equal(salesforce_columns_blamed("No such column 'CreatedBy.UserType' on", mails),
                   SF_NO_CREATOR);
  assert_int_equal(salesforce_columns_blamed("No such column 'UserType' on entity 'Name'", mails),
                   SF_NO_CREATOR);
  assert_int_equal(salesforce_columns_blamed("Didn't understand relationship 'CreatedBy'", mails),
                   SF_NO_CREATOR);
  assert_int_equal(salesforce_columns_blamed("something about the query", mails), mails);
  assert_int_equal(salesforce_columns_blamed("No such column 'TextBody' on entity", mails), 0);
}

/* ---- texts ---- */

static void unquoted_is(const char *text, const char *expected) {
  struct trg_str out = salesforce_unquoted(str(text));
  if (out.n != strlen(expected) || memcmp(out.p, expected, out.n) != 0)
    fail_msg("\"%.*s\" instead of \"%s\"", (int)out.n, out.p, expected);
}

static void test_quoted_history_is_left_out_and_forwarded_mail_is_not(void **state) {
  (void)state;
  unquoted_is(
      "Any news?\n\nOn Fri, Nov 20, 2026 at 10:00 AM Acme <help@acme.com> wrote:\n> We look",
      "Any news?");
  unquoted_is("Ja.\n\nAm 20.11.2026 um 10:00 schrieb Acme\nSupport Team schrieb:\n> Hallo", "Ja.");
  unquoted_is("Thanks\n\n--------------- Original Message ---------------\nFrom: Acme", "Thanks");
  unquoted_is(
      "Thanks\n\n________________\nFrom: Acme\nSent: Friday\nTo: Anna\nSubject: Re: x\n\nold",
      "Thanks");
  unquoted_is("Yes\n> is it broken?\nand\n> since when?\nToday",
              "Yes\n> is it broken?\nand\n> since "
              "when?\nToday");
  unquoted_is("Yes\n\n> old\n> older\n", "Yes");
  unquoted_is("From: the bottom of my heart\nthank you", "From: the bottom of my heart\nthank you");
  /* Nothing stands above: kept whole. */
  unquoted_is("From: Acme\nSent: Friday\nTo: Anna\nSubject: x\n\nplease see below",
              "From: Acme\nSent: Friday\nTo: Anna\nSubject: x\n\nplease see below");
  unquoted_is("---------- Forwarded message ----------\nhello",
              "---------- Forwarded message ----------\nhello");
}

static void test_threading_tokens_are_left_out(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"Re: Refund [ thread::pp5XPG::: ]", "Re: Refund"},
      {"Re: Refund [ ref:_00DA0acme._500A0vm9u:ref ]", "Re: Refund"},
      {"see thread::abc_DEF-1::\nbelow", "see\nbelow"},
      {"a thread: nothing::", "a thread: nothing::"},
      {"thread::no end", "thread::no end"},
      {"ref:lect", "ref:lect"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    struct hd_buf buf = hd_buf_new(256);
    salesforce_put_untokened(&buf, str(pairs[i][0]));
    assert_string_equal(buf.p, pairs[i][1]);
    hd_buf_free(&buf);
  }
}

static void all_is_utf8(struct trg_str text) {
  for (size_t i = 0, step = 1; i < text.n; i += step)
    assert_false(hd_utf8_next(text.p + i, text.n - i, &step) == 0xFFFD && step == 1);
}

static void test_long_texts_are_cut_between_characters_and_say_so(void **state) {
  (void)state;
  struct hd_buf html = hd_buf_new(1 << 20), out = hd_buf_new(1 << 20);
  hd_puts(&html, "<ul><li>");
  for (int i = 0; i < 20000; i++) hd_puts(&html, i % 2 != 0 ? "ä" : "€");
  hd_puts(&html, "</li></ul>");
  salesforce_put_comment_text(&out, hd_slice(&html), SF_COMMENT_BYTES);
  assert_in_range(out.n, SF_COMMENT_BYTES - 4, SF_COMMENT_BYTES);
  assert_non_null(strstr(out.p, "[cut here"));
  all_is_utf8(hd_slice(&out));
  hd_buf_free(&out);
  salesforce_put_feed_html(&out, hd_slice(&html), SF_FEED_CHARS);
  size_t chars = 0;
  for (size_t i = 0; i < out.n; i++) chars += ((unsigned char)out.p[i] & 0xC0) != 0x80;
  assert_in_range(chars, SF_FEED_CHARS - 40, SF_FEED_CHARS);
  assert_true(out.n > SF_FEED_CHARS * 2); /* characters are counted, not bytes */
  assert_non_null(strstr(out.p, "</li></ul><p>[cut here"));
  all_is_utf8(hd_slice(&out));
  hd_buf_free(&out);
  salesforce_put_mail_html(&out, hd_slice(&html), 500);
  assert_true(out.n <= 500);
  hd_buf_free(&out);
  hd_buf_free(&html);
}

static void test_nothing_that_the_vendor_would_merge_is_sent(void **state) {
  (void)state;
  struct hd_buf out = hd_buf_new(4096);
  salesforce_put_mail_html(
      &out, str("<p>{!Case.Id} {{{Recipient.Name}}} &#123;!x} {<b>!</b>y} {#if}</p>"), 4096);
  assert_null(strstr(out.p, "{!"));
  assert_null(strstr(out.p, "{{"));
  assert_null(strstr(out.p, "&#123;!"));
  assert_null(strstr(out.p, "<b>!"));
  assert_null(strstr(out.p, "{#"));
  hd_buf_free(&out);
}

/* ---- answers ---- */

static void error_is(const char *body, const char *name, const char *says) {
  struct sf_error error;
  salesforce_error_read(&error, str(body));
  assert_string_equal(error.name, name);
  if (strstr(error.text, says) == NULL) fail_msg("no \"%s\" in: %s", says, error.text);
}

static void test_errors_of_all_shapes_are_read(void **state) {
  (void)state;
  error_is(SF_ERROR("INVALID_FIELD", "No such column"), "INVALID_FIELD", "No such column");
  error_is(
      "[{\"message\":\"Required\",\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":[\"Name\"]}]",
      "REQUIRED_FIELD_MISSING", "Name");
  error_is("{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", "invalid_grant",
           "expired");
  error_is("[{\"actionName\":\"emailSimple\",\"isSuccess\":false,\"errors\":[{\"statusCode\":"
           "\"LIMIT_EXCEEDED\",\"message\":\"too many\"}]}]",
           "LIMIT_EXCEEDED", "too many");
  error_is("<?xml version=\"1.0\"?><Errors><Error><errorCode>API_DISABLED_FOR_ORG</errorCode>"
           "<message>off</message></Error></Errors>",
           "API_DISABLED_FOR_ORG", "off");
  error_is("<!DOCTYPE html><html><title>Maintenance</title>", "", "Maintenance");
  error_is("plain words", "", "plain words");
  error_is("", "", "no explanation");
  error_is("null", "", "null");
}

static void verdict_is(int32_t status, const char *name, bool is_write, int32_t outcome,
                       const char *code) {
  struct sf_error error = {.is_json = true};
  snprintf(error.name, sizeof error.name, "%s", name);
  struct sf_verdict verdict = salesforce_verdict_of(status, true, &error, is_write);
  if (verdict.outcome != outcome || strcmp(verdict.code, code) != 0)
    fail_msg("%d %s: %d %s", (int)status, name, (int)verdict.outcome, verdict.code);
}

static void test_each_error_has_its_class(void **state) {
  (void)state;
  verdict_is(401, "INVALID_SESSION_ID", true, TRG_REJECTED, TRG_CODE_AUTH);
  verdict_is(403, "INSUFFICIENT_ACCESS", false, TRG_REJECTED, TRG_CODE_PERMISSION);
  verdict_is(400, "INVALID_FIELD", false, TRG_REJECTED, TRG_CODE_PERMISSION);
  verdict_is(404, "ENTITY_IS_DELETED", true, TRG_REJECTED, TRG_CODE_NOT_FOUND);
  verdict_is(400, "ENTITY_IS_DELETED", true, TRG_REJECTED, TRG_CODE_NOT_FOUND);
  verdict_is(404, "", true, TRG_REJECTED, TRG_CODE_ENDPOINT);
  verdict_is(410, "", true, TRG_REJECTED, TRG_CODE_ENDPOINT);
  verdict_is(412, "", true, TRG_REJECTED, TRG_CODE_CONFLICT);
  verdict_is(409, "", true, TRG_REJECTED, TRG_CODE_CONFLICT);
  verdict_is(403, "REQUEST_LIMIT_EXCEEDED", true, TRG_RETRY, TRG_CODE_RATE);
  verdict_is(429, "", true, TRG_RETRY, TRG_CODE_RATE);
  verdict_is(400, "UNABLE_TO_LOCK_ROW", true, TRG_RETRY, TRG_CODE_TRANSIENT);
  verdict_is(400, "QUERY_TIMEOUT", false, TRG_RETRY, TRG_CODE_TIMEOUT);
  verdict_is(406, "", true, TRG_RETRY, TRG_CODE_TRANSIENT);
  verdict_is(503, "SERVER_UNAVAILABLE", false, TRG_RETRY, TRG_CODE_TRANSIENT);
  verdict_is(503, "SERVER_UNAVAILABLE", true, TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
  verdict_is(0, "", true, TRG_UNCERTAIN, TRG_CODE_TRANSIENT);
  verdict_is(400, "INVALID_CROSS_REFERENCE_KEY", true, TRG_REJECTED, TRG_CODE_PERMANENT);
  verdict_is(400, "A_NAME_OF_TOMORROW", true, TRG_REJECTED, TRG_CODE_PERMANENT);
  verdict_is(415, "", true, TRG_REJECTED, TRG_CODE_PERMANENT);
  verdict_is(302, "", false, TRG_REJECTED, TRG_CODE_ENDPOINT);
}

/* What the reason was, nobody knows: a column that can be left out, as often as not. */
static void test_a_refusal_that_was_cut_off_is_asked_for_again(void **state) {
  static const char *const bodies[] = {"[{\"message\":\"No such column 'CreatedBy.User", "",
                                       "<html>"};
  (void)state;
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    struct sf_error error;
    salesforce_error_read(&error, str(bodies[i]));
    const struct sf_verdict verdict = salesforce_verdict_of(400, true, &error, i > 0);
    assert_int_equal(verdict.outcome, TRG_RETRY);
    assert_string_equal(verdict.code, TRG_CODE_MALFORMED);
  }
}

static void test_statuses_go_by_category(void **state) {
  (void)state;
  struct sf_statuses statuses;
  struct trg_err err;
  char *body = desk_fixture("salesforce", "statuses.json");
  assert_int_equal(salesforce_statuses_read(&statuses, str(body), &err), 0);
  assert_int_equal(salesforce_status_of(&statuses, str("New"), false), TRG_STATUS_NEW);
  assert_int_equal(salesforce_status_of(&statuses, str("Working"), false), TRG_STATUS_OPEN);
  assert_int_equal(salesforce_status_of(&statuses, str("On Hold"), false), TRG_STATUS_HOLD);
  assert_int_equal(salesforce_status_of(&statuses, str("Waiting on Customer"), false),
                   TRG_STATUS_PENDING);
  assert_int_equal(salesforce_status_of(&statuses, str("Closed"), false), TRG_STATUS_OPEN);
  assert_int_equal(salesforce_status_of(&statuses, str("of tomorrow"), true), TRG_STATUS_SOLVED);
  assert_int_equal(salesforce_status_is_closed(&statuses, str("done")), 1);
  assert_int_equal(salesforce_status_is_closed(&statuses, str("In Arbeit")), 0);
  assert_int_equal(salesforce_status_is_closed(&statuses, str("Weg")), -1);
  assert_string_equal(salesforce_closed_status(&statuses), "Erledigt");
  free(body);
}

static void test_a_token_must_say_who_it_is_of(void **state) {
  (void)state;
  struct sf_token token;
  struct trg_err err;
  assert_int_equal(salesforce_token_read(&token, str(TOKEN("A!b.c_d")), &err), 0);
  assert_string_equal(token.user_id, SALESFORCE_SELF);
  assert_string_equal(token.org_id, "00DA0000000AcmeMAC");
  assert_string_equal(token.instance_url, SALESFORCE_URL);
  free(token.text);
  assert_int_equal(salesforce_token_read(&token, str("{\"access_token\":\"A\"}"), &err), -1);
  assert_int_equal(salesforce_token_read(&token, str(TOKEN("A\\r\\nX: y")), &err), -1);
  assert_true(salesforce_same_origin(str("https://a.b/x"), str("HTTPS://A.b:443")));
  assert_false(salesforce_same_origin(str("https://a.b"), str("https://a.b.evil")));
  assert_false(salesforce_same_origin(str("https://a.b"), str("http://a.b")));
}

static void test_the_documents_of_another_make_are_errors_and_not_crashes(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "", "[]", "{}", "null", "{\"records\":{}}", "<html>", "[1,2", "{\"records\":[null,1,\"x\"]}"};
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    struct sf_changes page;
    struct sf_thread thread;
    struct sf_page more;
    struct sf_outcome outcome;
    const struct sf_columns columns = {.category = ""};
    struct trg_err err;
    assert_int_equal(salesforce_changes_read(&page, SF_CASES, str(bodies[i]), &err), -1);
    salesforce_thread_init(&thread);
    assert_int_equal(salesforce_case_read(&thread, &columns, str(bodies[i]), &err), -1);
    assert_int_equal(salesforce_list_read(&thread, SF_MAILS, str(bodies[i]), &more, &err), -1);
    salesforce_thread_free(&thread);
    assert_int_equal(salesforce_composite_read(&outcome, str(bodies[i]), 2), SF_MADE_UNKNOWN);
    assert_int_equal(salesforce_created_read(&outcome, str(bodies[i])), SF_MADE_UNKNOWN);
    assert_int_equal(salesforce_mailed_read(&outcome, str(bodies[i])), SF_MADE_UNKNOWN);
  }
}

static void test_headers_tell_usage_and_waiting(void **state) {
  (void)state;
  int64_t used = 0, limit = 0;
  struct trg_header headers[] = {{TRG_STR("sforce-limit-info"), TRG_STR("api-usage=25/15000")},
                                 {TRG_STR("retry-after"), TRG_STR("7")},
                                 {TRG_STR("date"), TRG_STR("Sat, 21 Nov 2026 01:36:40 GMT")}};
  assert_true(salesforce_usage_read(headers, 3, &used, &limit));
  assert_int_equal(used, 25);
  assert_int_equal(limit, 15000);
  assert_int_equal(hd_retry_after_ms(headers, 3, 0), 7000);
  assert_int_equal(hd_http_date_ms(hd_header(headers, 3, "date")), 1795225000000);
  headers[0].value = TRG_STR("per-app-api-usage=17/250(appName=x)");
  assert_false(salesforce_usage_read(headers, 3, &used, &limit));
  headers[2].value = TRG_STR("soon");
  assert_int_equal(hd_http_date_ms(hd_header(headers, 3, "date")), 0);
}

static void test_a_delivery_may_not_say_one_thing_twice(void **state) {
  (void)state;
  struct trg_delivery delivery = {.size = sizeof delivery, .now_ms = 1};
  struct trg_err err;
  assert_int_equal(salesforce_hook_read(&delivery, NULL, NULL, &err), 0);
  delivery.body = TRG_STR("{\"id\":\"500A0000006Vm9x\",\"id\":\"500A0000006Vm9u\"}");
  assert_int_equal(salesforce_hook_read(&delivery, NULL, NULL, &err), -1);
  delivery.body = TRG_STR("{\"id\":\"001A0000006Vm9u\"}");
  assert_int_equal(salesforce_hook_read(&delivery, NULL, NULL, &err), -1);
  assert_int_equal(salesforce_stamp_ms(str("1795225000")), 1795225000000);
  assert_int_equal(salesforce_stamp_ms(str("1795225000123")), 1795225000123);
  assert_int_equal(salesforce_stamp_ms(str("2026-11-21T01:36:40Z")), 1795225000000);
  assert_int_equal(salesforce_stamp_ms(str("17952250x0")), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ids_of_15_characters_become_18),
      cmocka_unit_test(test_times_are_read_in_the_vendors_form),
      cmocka_unit_test(test_a_value_can_not_leave_its_literal),
      cmocka_unit_test(test_the_cursor_says_the_same_after_a_round_trip),
      cmocka_unit_test(test_only_a_path_of_the_query_resource_is_a_next_page),
      cmocka_unit_test(test_two_changes_in_one_second_are_two_versions),
      cmocka_unit_test(test_quoted_history_is_left_out_and_forwarded_mail_is_not),
      cmocka_unit_test(test_threading_tokens_are_left_out),
      cmocka_unit_test(test_long_texts_are_cut_between_characters_and_say_so),
      cmocka_unit_test(test_nothing_that_the_vendor_would_merge_is_sent),
      cmocka_unit_test(test_errors_of_all_shapes_are_read),
      cmocka_unit_test(test_each_error_has_its_class),
      cmocka_unit_test(test_a_refusal_that_was_cut_off_is_asked_for_again),
      cmocka_unit_test(test_statuses_go_by_category),
      cmocka_unit_test(test_a_token_must_say_who_it_is_of),
      cmocka_unit_test(test_the_documents_of_another_make_are_errors_and_not_crashes),
      cmocka_unit_test(test_headers_tell_usage_and_waiting),
      cmocka_unit_test(test_a_delivery_may_not_say_one_thing_twice),
      cmocka_unit_test(test_the_column_that_an_error_names_is_the_one_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
