/* Intercom's small documents: windows and searches, what is sent, errors, limits, deliveries. */
#include "../../plugins/connectors/intercom/wire.h"
#include "intercom_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void is_text(const struct hd_buf *buf, const char *want) {
  const char *have = buf->n > 0 ? buf->p : "";
  if (strcmp(have, want) != 0) fail_msg("\"%s\" is not \"%s\"", have, want);
}

static void is_str(struct trg_str have, const char *want) {
  if (!hd_is(have, want)) fail_msg("\"%.*s\" is not \"%s\"", (int)have.n, have.p, want);
}

/* ---- windows ---- */

static void is_cursor(const struct intercom_cursor *cursor, const char *want) {
  struct hd_buf buf = hd_buf_new(8192);
  intercom_cursor_put(&buf, cursor);
  is_text(&buf, want);
  hd_buf_free(&buf);
}

static void test_a_cursor_reads_as_it_was_written(void **state) {
  (void)state;
  static const char *const texts[] = {"1 5 100", "1 5 100 40 200 40 90 t 7 1 W3siYSI6MX1d a=b",
                                      "1 0 0 0 0 0 0 c 0 0 "};
  struct intercom_cursor cursor;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_int_equal(intercom_cursor_read(hd_str(texts[i]), 9, &cursor), 0);
    is_cursor(&cursor, texts[i]);
  }
  static const char *const bad[] = {"x",
                                    "2 5 100",
                                    "1 5",
                                    "1 5 100 40",
                                    "1 5 100 40 200 90 40 c 0 0 ",
                                    "1 5 100 40 200 40 90 x 0 0 ",
                                    "1 5 -1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(intercom_cursor_read(hd_str(bad[i]), 9, &cursor), -1);
}

static void test_windows_are_closed_and_overlap(void **state) {
  (void)state;
  const struct trg_str none = {NULL, 0};
  struct intercom_cursor cursor;
  assert_int_equal(intercom_cursor_read(none, 1000, &cursor), 0);
  assert_false(intercom_window_open(&cursor, 1003, 5, 300)); /* the index lags */
  assert_true(intercom_window_open(&cursor, 1105, 5, 300));
  is_cursor(&cursor, "1 1000 1000 1000 1100 1000 1100 c 0 0 "); /* nothing before the beginning */
  assert_true(intercom_window_next(&cursor, TRG_STR("p2"), true));
  is_cursor(&cursor, "1 1000 1000 1000 1100 1000 1100 c 1 0 p2");
  assert_true(intercom_window_next(&cursor, none, true));
  is_cursor(&cursor, "1 1000 1000 1000 1100 1000 1100 t 0 0 ");
  assert_false(intercom_window_next(&cursor, none, true));
  is_cursor(&cursor, "1 1000 1100"); /* only now does the mark move */
  assert_true(intercom_window_open(&cursor, 1905, 5, 300));
  assert_int_equal(cursor.start_s, 1000);
  assert_false(intercom_window_next(&cursor, none, false)); /* without tickets */
  assert_true(intercom_window_open(&cursor, 2905, 5, 300));
  assert_int_equal(cursor.start_s, 1600);
}

static void test_a_window_is_halved_down_to_one_second(void **state) {
  (void)state;
  struct intercom_cursor cursor;
  bool end;
  assert_int_equal(intercom_cursor_read(TRG_STR("1 0 0 0 4 0 4 c 3 0 x"), 0, &cursor), 0);
  assert_true(intercom_window_split(&cursor, true, &end));
  is_cursor(&cursor, "1 0 0 0 4 0 2 c 0 0 ");
  assert_true(intercom_window_split(&cursor, true, &end));
  assert_true(intercom_window_split(&cursor, true, &end));
  is_cursor(&cursor, "1 0 0 0 4 0 0 c 0 0 ");
  assert_false(intercom_window_split(&cursor, true, &end)); /* second 0 is left out */
  assert_false(end);
  is_cursor(&cursor, "1 0 0 0 4 1 4 c 0 0 ");
  assert_true(intercom_window_next(&cursor, (struct trg_str){NULL, 0}, true));
  is_cursor(&cursor, "1 0 0 0 4 0 4 t 0 0 "); /* tickets: the whole window again */
  assert_int_equal(intercom_cursor_read(TRG_STR("1 0 0 0 4 4 4 t 0 0 "), 0, &cursor), 0);
  assert_false(intercom_window_split(&cursor, true, &end));
  assert_true(end);
  is_cursor(&cursor, "1 0 4");
}

static void test_the_search_names_window_page_and_size(void **state) {
  (void)state;
  struct intercom_cursor cursor;
  struct hd_buf buf = hd_buf_new(4096);
  assert_int_equal(intercom_cursor_read(TRG_STR("1 0 0 100 200 100 200 c 1 0 a\"b"), 0, &cursor),
                   0);
  intercom_body_search(&buf, &cursor, 150);
  is_text(&buf, "{\"query\":{\"operator\":\"AND\",\"value\":[{\"field\":\"updated_at\","
                "\"operator\":\">\",\"value\":99},{\"field\":\"updated_at\",\"operator\":\"<\","
                "\"value\":201}]},\"pagination\":{\"per_page\":150,\"starting_after\":\"a\\\"b\"},"
                "\"sort\":{\"field\":\"updated_at\",\"order\":\"ascending\"}}");
  hd_buf_free(&buf);
}

static void test_rows_of_one_second_differ_by_their_parts(void **state) {
  (void)state;
  struct intercom_page page;
  struct trg_err err;
  char *text = desk_fixture("intercom", "search.json");
  assert_int_equal(intercom_page_read(&page, hd_str(text), false, &err), 0);
  assert_int_equal(page.count, 3);
  is_str(page.notices[0].version, "1795215100/12/closed");
  is_str(page.notices[1].version, "1795215000/3/open");
  is_str(page.notices[2].version, "1795215100/13/closed");
  is_str(page.after, "WzE3OTUyMTUwMDAsNTE1LDJd");
  intercom_page_free(&page);
  free(text);
  text = desk_fixture("intercom", "search_tickets.json");
  assert_int_equal(intercom_page_read(&page, hd_str(text), true, &err), 0);
  is_str(page.notices[0].id, "ticket-88");
  is_str(page.notices[0].version, "1795208000/0/resolved");
  assert_int_equal(page.after.n, 0);
  intercom_page_free(&page);
  free(text);
}

static void test_a_page_that_can_not_be_followed_is_no_page(void **state) {
  (void)state;
  static const char *const bad[] = {
      "{}", "{\"conversations\":{}}",
      "{\"conversations\":[],\"pages\":{\"next\":\"https://x/?p=2\"}}",
      "{\"conversations\":[],\"pages\":{\"next\":{\"page\":2}}}",
      "{\"conversations\":[],\"pages\":{\"next\":{\"starting_after\":\"a\\u0001\"}}}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct intercom_page page;
    struct trg_err err;
    assert_int_equal(intercom_page_read(&page, hd_str(bad[i]), false, &err), -1);
  }
}

/* ---- what is sent ---- */

static void test_who_sees_a_text_is_always_said(void **state) {
  (void)state;
  struct hd_buf buf = hd_buf_new(4096);
  intercom_body_reply(&buf, TRG_STR("991"), true, TRG_STR("<p>n</p>"), TRG_STR("k 1"));
  is_text(&buf, "{\"message_type\":\"note\",\"type\":\"admin\",\"admin_id\":\"991\","
                "\"body\":\"<p>n</p><p>triaged:k_1</p>\"}");
  hd_buf_free(&buf);
  intercom_body_reply(&buf, TRG_STR("991"), false, TRG_STR("<p>r {{name}}</p>"), TRG_STR("k1"));
  is_text(&buf, "{\"message_type\":\"comment\",\"type\":\"admin\",\"admin_id\":\"991\","
                "\"body\":\"<p>r {\xE2\x80\x8B{name}}</p>\"}");
  hd_buf_free(&buf);
}

static void test_long_texts_are_cut_visibly_and_keep_their_marker(void **state) {
  (void)state;
  char *html = malloc(200001);
  for (size_t i = 0; i < 200000; i += 10) memcpy(html + i, "<p>z\xC3\xA9</p>", 10);
  html[200000] = '\0';
  struct hd_buf buf = hd_buf_new((size_t)1 << 20);
  intercom_body_reply(&buf, TRG_STR("991"), true, hd_str(html), TRG_STR("k1"));
  assert_false(buf.full);
  assert_true(buf.n < INTERCOM_BODY_BYTES + 2048);
  assert_non_null(strstr(buf.p, "[cut here: the text was longer"));
  assert_non_null(strstr(buf.p, "triaged:k1</p>\"}"));
  hd_buf_free(&buf);
  free(html);
}

static void test_tickets_take_other_bodies_than_conversations(void **state) {
  (void)state;
  const struct intercom_pair pairs[] = {{TRG_STR("issue_type"), TRG_STR("a\"b")},
                                        {{NULL, 0}, {NULL, 0}}};
  const struct intercom_pair team = {TRG_STR("team"), TRG_STR("44")};
  const struct trg_str admin = TRG_STR("991");
  struct hd_buf buf = hd_buf_new(4096);
  intercom_body_attributes(&buf, false, admin, pairs, 2);
  intercom_body_attributes(&buf, true, admin, pairs, 2);
  is_text(&buf, "{\"custom_attributes\":{\"issue_type\":\"a\\\"b\"}}"
                "{\"ticket_attributes\":{\"issue_type\":\"a\\\"b\"},\"admin_id\":991,"
                "\"skip_notifications\":true}");
  hd_buf_free(&buf);
  intercom_body_assign(&buf, false, admin, &team);
  intercom_body_assign(&buf, true, admin, &team);
  is_text(&buf, "{\"message_type\":\"assignment\",\"type\":\"team\",\"admin_id\":\"991\","
                "\"assignee_id\":\"44\"}{\"admin_id\":991,\"skip_notifications\":true,"
                "\"assignee_id\":\"44\"}");
  hd_buf_free(&buf);
  intercom_body_solve(&buf, false, admin, (struct trg_str){NULL, 0});
  intercom_body_solve(&buf, true, admin, TRG_STR("8500"));
  is_text(&buf, "{\"message_type\":\"close\",\"type\":\"admin\",\"admin_id\":\"991\"}"
                "{\"admin_id\":991,\"ticket_state_id\":\"8500\",\"open\":false}");
  hd_buf_free(&buf);
}

static void test_settings_of_writing_are_checked(void **state) {
  (void)state;
  struct trg_str name;
  struct trg_err err;
  assert_int_equal(intercom_attribute_check("k", NULL, &name, &err), 0);
  assert_int_equal(intercom_attribute_check("k", "false", &name, &err), 0);
  assert_int_equal(name.n, 0);
  assert_int_equal(intercom_attribute_check("k", "custom_attribute:Issue type", &name, &err), 0);
  is_str(name, "Issue type");
  assert_int_equal(intercom_attribute_check("k", "Urgency", &name, &err), 0);
  is_str(name, "Urgency");
  assert_int_equal(intercom_attribute_check("write.priority", "true", &name, &err), -1);
  assert_non_null(strstr(err.text, "write.priority is \"true\": it must be custom_attribute:NAME"));
  assert_int_equal(intercom_groups_check("{\"a\":\"44\",\"b\":5017691,\"c\":\"admin:9\"}", &err),
                   0);
  assert_int_equal(intercom_groups_check("{\"a\":\"Billing\"}", &err), -1);
  assert_int_equal(intercom_groups_check("[1]", &err), -1);
}

/* ---- errors and limits ---- */

static void test_every_status_has_its_meaning(void **state) {
  (void)state;
#define SAYS(code)                                                                                 \
  "{\"type\":\"error.list\",\"request_id\":\"r1\",\"errors\":[{\"code\":\"" code "\"}]}"
  static const struct {
    int32_t status;
    bool sent, once;
    const char *body;
    int32_t outcome;
    const char *code;
  } cases[] = {
      {0, false, true, "", TRG_RETRY, TRG_CODE_TRANSIENT},
      {0, true, true, "", TRG_UNCERTAIN, TRG_CODE_TRANSIENT},
      {0, true, false, "", TRG_RETRY, TRG_CODE_TRANSIENT},
      {200, true, true, "<html>", TRG_UNCERTAIN, TRG_CODE_MALFORMED},
      {302, true, false, "{}", TRG_REJECTED, TRG_CODE_ENDPOINT},
      {400, true, true, SAYS("parameter_invalid"), TRG_REJECTED, TRG_CODE_PERMANENT},
      {400, true, false, SAYS("intercom_version_invalid"), TRG_REJECTED, TRG_CODE_ENDPOINT},
      {401, true, true, SAYS("token_revoked"), TRG_REJECTED, TRG_CODE_AUTH},
      {403, true, true, SAYS("api_plan_restricted"), TRG_REJECTED, TRG_CODE_PERMISSION},
      {404, true, true, SAYS("not_found"), TRG_REJECTED, TRG_CODE_NOT_FOUND},
      {404, true, true, SAYS("assignee_not_found"), TRG_REJECTED, TRG_CODE_PERMANENT},
      {404, true, false, SAYS("unknown_path"), TRG_REJECTED, TRG_CODE_ENDPOINT},
      {404, true, false, "<html>gone</html>", TRG_RETRY, TRG_CODE_TRANSIENT},
      {406, true, false, SAYS("media_type_not_acceptable"), TRG_REJECTED, TRG_CODE_ENDPOINT},
      {408, true, true, "", TRG_UNCERTAIN, TRG_CODE_TIMEOUT},
      {409, true, true, SAYS("conflict"), TRG_REJECTED, TRG_CODE_CONFLICT},
      {422, true, true, SAYS("data_invalid"), TRG_REJECTED, TRG_CODE_PERMANENT},
      {429, true, true, SAYS("rate_limit_exceeded"), TRG_RETRY, TRG_CODE_RATE},
      {500, true, true, "oops", TRG_UNCERTAIN, TRG_CODE_TRANSIENT},
      {503, true, false, "<html>", TRG_RETRY, TRG_CODE_TRANSIENT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct intercom_error error;
    intercom_error_read(&error, hd_str(cases[i].body));
    assert_true(error.text[0] != '\0');
    const struct intercom_verdict v = intercom_verdict_of(cases[i].status, cases[i].sent, &error,
                                                          cases[i].once);
    if (v.outcome != cases[i].outcome || strcmp(v.code, cases[i].code) != 0)
      fail_msg("HTTP %d \"%s\": %d %s", (int)cases[i].status, cases[i].body, (int)v.outcome,
               v.code);
  }
}

static void test_an_error_is_told_with_its_words_and_request(void **state) {
  (void)state;
  struct intercom_error error;
  intercom_error_read(&error,
                      TRG_STR("{\"type\":\"error.list\",\"request_id\":\"f9757\",\"errors\":"
                              "[{\"code\":\"parameter_invalid\",\"message\":\"bad\\ntag\","
                              "\"field\":\"name\"},{\"code\":\"second\",\"message\":null}]}"));
  assert_string_equal(error.text, "parameter_invalid: bad tag in name; second");
  assert_string_equal(error.name, "parameter_invalid");
  assert_string_equal(error.request_id, "f9757");
  intercom_error_read(&error, TRG_STR("<!DOCTYPE html><title>Back soon</title><p>x"));
  assert_string_equal(error.text, "an HTML page: Back soon");
}

static void test_limits_hold_until_the_reset_and_never_for_ever(void **state) {
  (void)state;
  const int64_t now_ms = INT64_C(1795219200000);
  int64_t remaining, reset_ms;
  const struct trg_header h[] = {{TRG_STR("x-ratelimit-remaining"), TRG_STR("3")},
                                 {TRG_STR("x-ratelimit-reset"), TRG_STR("1795219207")}};
  assert_true(intercom_rate_read(h, 2, now_ms, &remaining, &reset_ms));
  assert_int_equal(remaining, 3);
  assert_int_equal(reset_ms, 7000);
  assert_int_equal(intercom_wait_ms(h + 1, 1, now_ms), 7000);
  assert_int_equal(intercom_wait_ms(h + 1, 1, now_ms - 3600000), 15000); /* the clocks differ */
  assert_int_equal(intercom_wait_ms(h + 1, 1, now_ms + 3600000), 1000);
  assert_int_equal(intercom_wait_ms(NULL, 0, now_ms), 10000);
  const struct trg_header after = {TRG_STR("retry-after"), TRG_STR("42")};
  assert_int_equal(intercom_wait_ms(&after, 1, now_ms), 42000);
  assert_false(intercom_rate_read(NULL, 0, now_ms, &remaining, &reset_ms));
  assert_int_equal(hd_http_date_ms(TRG_STR("Sat, 21 Nov 2026 00:00:00 GMT")), 1795219200000);
}

static void test_the_region_must_be_that_of_the_address(void **state) {
  (void)state;
  assert_null(intercom_region_wrong(TRG_STR("https://api.intercom.io"), "US"));
  assert_string_equal(intercom_region_wrong(TRG_STR("https://api.intercom.io"), "EU"),
                      "https://api.eu.intercom.io");
  assert_string_equal(intercom_region_wrong(TRG_STR("https://api.eu.intercom.io"), "AU"),
                      "https://api.au.intercom.io");
  assert_null(intercom_region_wrong(TRG_STR("https://api.intercom.io"), "MARS"));
  assert_null(intercom_region_wrong(TRG_STR("http://127.0.0.1:80"), "EU"));
}

/* ---- deliveries ---- */

static void on_notice(void *arg, const struct trg_notice *notice) {
  char *text = arg;
  const size_t n = strlen(text);
  snprintf(text + n, 256 - n, "%.*s %.*s %lld;", (int)notice->id.n, notice->id.p,
           (int)notice->version.n, notice->version.p, (long long)notice->at_ms);
}

static const char *named_by(const char *body) {
  static char text[256];
  const struct trg_delivery delivery = {
      .size = sizeof delivery, .body = hd_str(body), .now_ms = 5000};
  struct trg_err err;
  text[0] = '\0';
  if (intercom_hook_read(&delivery, on_notice, text, &err) != 0) return "refused";
  return text;
}

static void test_deliveries_name_what_is_to_be_looked_at(void **state) {
  (void)state;
#define HOOK(topic, item)                                                                          \
  "{\"type\":\"notification_event\",\"topic\":\"" topic "\",\"id\":\"n1\",\"created_at\":7,"       \
  "\"data\":{\"type\":\"notification_event_data\",\"item\":" item "}}"
  static const struct {
    const char *body, *names;
  } cases[] = {
      {HOOK("conversation.user.replied", "{\"type\":\"conversation\",\"id\":\"515\"}"),
       "515 hook:n1 7000;"},
      {HOOK("conversation.deleted", "{\"conversation_id\":515}"), "515 hook:n1 7000;"},
      {HOOK("conversation_part.redacted", "{\"type\":\"conversation_part\",\"id\":\"9\","
                                          "\"conversation_id\":\"515\"}"),
       "515 hook:n1 7000;"},
      {HOOK("ticket.created", "{\"type\":\"ticket\",\"id\":\"88\",\"ticket_id\":\"38\"}"),
       "ticket-88 hook:n1 7000;"},
      {HOOK("ticket.closed", "{\"type\":\"conversation\",\"id\":\"5\",\"ticket\":{\"id\":\"88\"}}"),
       "ticket-88 hook:n1 7000;"}, /* since 2.15 */
      {HOOK("ticket.note.created", "{\"ticket_part\":{\"id\":\"1\"},\"ticket\":{\"id\":\"88\"}}"),
       "ticket-88 hook:n1 7000;"},
      {HOOK("contact.created", "{\"type\":\"contact\",\"id\":\"66aa\"}"), ""},
      {HOOK("ping", "{\"type\":\"ping\"}"), ""},
      {HOOK("conversation.user.replied", "{\"type\":\"conversation\"}"), "refused"},
      {HOOK("conversation.user.replied", "{\"type\":\"conversation\",\"id\":\"../me\"}"),
       "refused"},
      {"{\"topic\":\"ping\",\"topic\":\"conversation.user.created\"}", "refused"},
      {"[]", "refused"},
      {"", "refused"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (strcmp(named_by(cases[i].body), cases[i].names) != 0)
      fail_msg("%s: \"%s\"", cases[i].body, named_by(cases[i].body));
}

static void test_a_deliverys_id_is_the_outermost_one(void **state) {
  (void)state;
  static const struct {
    const char *body, *id;
  } cases[] = {
      {"{\"data\":{\"id\":\"no\"},\"x\":\"\\\"id\\\":\", \"id\" : \"n1\",\"created_at\":7}", "n1"},
      {"{\"id\":\"a\\u0062\",\"created_at\":7}", ""},
      {"{\"id\":null,\"created_at\":7}", ""},
      {"{\"created_at\":7}", ""}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct trg_str id;
    struct trg_err err;
    int64_t created_s;
    const struct trg_str body = hd_str(cases[i].body);
    assert_int_equal(intercom_hook_head(body, &id, &created_s, &err), 0);
    is_str(id, cases[i].id);
    assert_int_equal(created_s, 7);
    if (id.n > 0) assert_true(id.p > body.p && id.p < body.p + body.n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_cursor_reads_as_it_was_written),
      cmocka_unit_test(test_windows_are_closed_and_overlap),
      cmocka_unit_test(test_a_window_is_halved_down_to_one_second),
      cmocka_unit_test(test_the_search_names_window_page_and_size),
      cmocka_unit_test(test_rows_of_one_second_differ_by_their_parts),
      cmocka_unit_test(test_a_page_that_can_not_be_followed_is_no_page),
      cmocka_unit_test(test_who_sees_a_text_is_always_said),
      cmocka_unit_test(test_long_texts_are_cut_visibly_and_keep_their_marker),
      cmocka_unit_test(test_tickets_take_other_bodies_than_conversations),
      cmocka_unit_test(test_settings_of_writing_are_checked),
      cmocka_unit_test(test_every_status_has_its_meaning),
      cmocka_unit_test(test_an_error_is_told_with_its_words_and_request),
      cmocka_unit_test(test_limits_hold_until_the_reset_and_never_for_ever),
      cmocka_unit_test(test_the_region_must_be_that_of_the_address),
      cmocka_unit_test(test_deliveries_name_what_is_to_be_looked_at),
      cmocka_unit_test(test_a_deliverys_id_is_the_outermost_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
