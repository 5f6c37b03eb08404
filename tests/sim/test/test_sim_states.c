/* What becomes of a ticket in the simulator when somebody closes, merges, snoozes or redacts it, as
 * each helpdesk's documents say; archived tickets; and tokens that are revoked. */
#include "intercom_client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct reply act(const struct server *s, const char *desk, const char *id, const char *more,
                        long status) {
  char body[200];
  snprintf(body, sizeof body, "{\"helpdesk\":\"%s\",\"id\":\"%s\",%s}", desk, id, more);
  struct reply r = request(s, "POST", "/sim/act", NULL, body);
  if (r.status != status) {
    fail_msg("%s: %ld: %.200s", body, r.status, r.body);
  }
  return r;
}

static void acts(const struct server *s, const char *desk, const char *id, const char *more) {
  struct reply r = act(s, desk, id, more, 200);
  reply_free(&r);
}

static void refuses(const struct server *s, const char *desk, const char *id, const char *more,
                    long status) {
  struct reply r = act(s, desk, id, more, status);
  assert_non_null(cJSON_GetObjectItem(r.json, "error"));
  reply_free(&r);
}

static int parts_of(const struct reply *r, const char *type) {
  const cJSON *p = NULL;
  int n = 0;
  cJSON_ArrayForEach(p, at(r, "conversation_parts.conversation_parts")) {
    n += strcmp(cJSON_GetObjectItem(p, "part_type")->valuestring, type) == 0;
  }
  return n;
}

static void test_orders_that_make_no_sense_are_refused(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  refuses(&s, "intercom", "501", "\"do\":\"paint\"", 400);
  refuses(&s, "intercom", "999", "\"do\":\"close\"", 404);
  refuses(&s, "freshdesk", "501", "\"do\":\"close\"", 404);
  refuses(&s, "intercom", "501", "\"do\":\"redact\",\"text\":\"nowhere in it\"", 400);
  refuses(&s, "intercom", "501", "\"do\":\"snooze\",\"for\":\"soon\"", 400);
  refuses(&s, "intercom", "501", "\"did\":\"close\"", 400);
  struct reply r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "state"), "open");
  assert_int_equal(cJSON_GetArraySize(at(&r, "conversation_parts.conversation_parts")), 0);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_a_merged_conversation_is_closed_and_both_sides_say_so(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  acts(&s, "intercom", "501", "\"do\":\"merge\"");
  struct reply r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "state"), "closed");
  assert_int_equal(parts_of(&r, "merged_secondary_conversation"), 1);
  assert_int_equal(parts_of(&r, "close"), 1);
  assert_int_equal(parts_of(&r, "note"), 0);
  reply_free(&r);
  r = intercom_show(&s, "502"); /* the only other conversation */
  assert_string_equal(text_at(&r, "state"), "open");
  assert_int_equal(parts_of(&r, "merged_primary_conversation"), 1);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_what_a_person_snoozes_opens_by_itself(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off --time 2026-11-01T00:00:00Z");
  acts(&s, "intercom", "501", "\"do\":\"snooze\",\"for\":\"24h\"");
  struct reply r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "state"), "snoozed");
  assert_true(cJSON_IsTrue(at(&r, "open")));
  assert_int_equal((int)number_at(&r, "snoozed_until") / 10, 1793577600 / 10);
  reply_free(&r);
  advance(&s, "25h");
  r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "state"), "open");
  assert_int_equal(parts_of(&r, "timer_unsnooze"), 1);
  assert_int_equal((int)number_at(&r, "statistics.count_reopens"), 0);
  reply_free(&r);
  refuses(&s, "zendesk", "501", "\"do\":\"snooze\",\"for\":\"24h\"", 404);
  assert_int_equal(server_stop(&s), 0);
}

static void test_a_redacted_part_keeps_its_place_and_loses_its_words(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  intercom_say(&s, "501", "comment", "<p>My code is 4711.</p>");
  acts(&s, "intercom", "501", "\"do\":\"redact\",\"text\":\"4711\"");
  acts(&s, "intercom", "501", "\"do\":\"redact\",\"text\":\"my money\"");
  struct reply r = intercom_show(&s, "501");
  static const char words[] = "<p><i>This message was deleted</i></p>";
  assert_string_equal(text_at(&r, "conversation_parts.conversation_parts.0.body"), words);
  assert_true(cJSON_IsTrue(at(&r, "conversation_parts.conversation_parts.0.redacted")));
  assert_string_equal(text_at(&r, "source.body"), words);
  assert_true(cJSON_IsTrue(at(&r, "source.redacted")));
  assert_null(strstr(r.body, "4711"));
  assert_null(strstr(r.body, "my money"));
  reply_free(&r);
  r = intercom_show(&s, "502");
  assert_true(cJSON_IsFalse(at(&r, "source.redacted")));
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_a_revoked_token_stays_revoked_and_another_one_works(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  intercom_faults(&s, "intercom.session=1");
  for (int i = 0; i < 2; i++) {
    struct reply r = intercom_ask(&s, "GET", "/conversations/501", NULL, 401);
    assert_string_equal(text_at(&r, "errors.0.code"), "token_revoked");
    reply_free(&r);
    intercom_faults(&s, "");
  }
  struct reply r = request(&s, "GET", "/me", "Authorization: Bearer tok2", NULL);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static struct server zendesk_start(const char *arguments) {
  struct server s = server_start(arguments);
  struct reply r = request(
      &s, "POST", "/sim/tickets", NULL,
      "{\"id\":\"601\",\"subject\":\"Card\",\"body\":\"My number is 4711-é!\",\"html_body\":"
      "\"<p>My number is 4711-é!</p>\",\"channel\":\"email\",\"created_at\":"
      "\"2026-01-05T10:00:00Z\"}");
  assert_int_equal(r.status, 200);
  reply_free(&r);
  return s;
}

static void test_a_redacted_comment_has_a_block_for_each_character(void **state) {
  (void)state;
  struct server s = zendesk_start("--behaviour off");
  acts(&s, "zendesk", "601", "\"do\":\"redact\",\"text\":\"711-é\"");
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/601/comments.json", NULL, 200);
  assert_string_equal(text_at(&r, "comments.0.plain_body"), "My number is 4▇▇▇▇▇!");
  assert_non_null(strstr(text_at(&r, "comments.0.html_body"), "<p>My number is 4▇▇▇▇▇!</p>"));
  const double comment = number_at(&r, "comments.0.id");
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/601/audits.json", NULL, 200);
  assert_string_equal(text_at(&r, "audits.1.events.0.type"), "CommentRedactionEvent");
  assert_true(number_at(&r, "audits.1.events.0.comment_id") == comment);
  reply_free(&r);
  refuses(&s, "zendesk", "601", "\"do\":\"snooze\",\"for\":\"24h\"", 400);
  assert_int_equal(server_stop(&s), 0);
}

static void test_audits_of_archived_tickets_have_no_pages(void **state) {
  (void)state;
  static const char paged[] = "/api/v2/tickets/601/audits.json?page[size]=1";
  struct server s = zendesk_start("--behaviour off --time 2026-02-01T00:00:00Z");
  acts(&s, "zendesk", "601", "\"do\":\"close\"");
  struct reply r = zendesk(&s, "GET", paged, NULL, 200);
  reply_free(&r);
  advance(&s, "2904h");
  acts(&s, "zendesk", "601",
       "\"do\":\"redact\",\"text\":\"4711\""); /* allowed, and changes nothing */
  r = zendesk(&s, "GET", paged, NULL, 400);
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/601/audits.json", NULL, 200);
  assert_int_equal(cJSON_GetArraySize(at(&r, "audits")), 3);
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/601.json", NULL, 200);
  assert_string_equal(text_at(&r, "ticket.status"), "closed");
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets.json", NULL, 200);
  assert_int_equal(cJSON_GetArraySize(at(&r, "tickets")), 0);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_a_closed_case_is_closed_and_not_deleted(void **state) {
  (void)state;
  struct server s = server_start("--behaviour off");
  struct reply r = request(
      &s, "POST", "/sim/tickets", NULL,
      "{\"id\":\"701\",\"helpdesk\":\"salesforce\",\"body\":\"Where is it?\"}");
  assert_int_equal(r.status, 200);
  reply_free(&r);
  acts(&s, "salesforce", "701", "\"do\":\"close\"");
  refuses(&s, "salesforce", "701", "\"do\":\"redact\",\"text\":\"Where\"", 400);
  r = request(&s, "GET",
              "/services/data/v62.0/query?q=SELECT%20Id%2CIsClosed%2CIsDeleted%20FROM%20Case",
              "Authorization: Bearer tok", NULL);
  assert_true(cJSON_IsTrue(at(&r, "records.0.IsClosed")));
  assert_true(cJSON_IsFalse(at(&r, "records.0.IsDeleted")));
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_orders_that_make_no_sense_are_refused),
      cmocka_unit_test(test_a_merged_conversation_is_closed_and_both_sides_say_so),
      cmocka_unit_test(test_what_a_person_snoozes_opens_by_itself),
      cmocka_unit_test(test_a_redacted_part_keeps_its_place_and_loses_its_words),
      cmocka_unit_test(test_a_revoked_token_stays_revoked_and_another_one_works),
      cmocka_unit_test(test_a_redacted_comment_has_a_block_for_each_character),
      cmocka_unit_test(test_audits_of_archived_tickets_have_no_pages),
      cmocka_unit_test(test_a_closed_case_is_closed_and_not_deleted),
  };
  curl_global_init(CURL_GLOBAL_ALL);
  int failed = cmocka_run_group_tests_name("sim_states", tests, NULL, NULL);
  curl_global_cleanup();
  return failed;
}
