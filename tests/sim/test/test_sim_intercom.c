/* The simulator's Intercom against what the vendor's documents say. */
#include "intercom_client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Expects an error of this status and code. */
static void refused(const struct server *s, const char *method, const char *path, const char *body,
                    long status, const char *code) {
  struct reply r = intercom_ask(s, method, path, body, status);
  assert_string_equal(text_at(&r, "type"), "error.list");
  assert_true(strlen(text_at(&r, "request_id")) == 36);
  assert_string_equal(text_at(&r, "errors.0.code"), code);
  reply_free(&r);
}

static long status_with(const struct server *s, const char *headers, const char *path) {
  struct reply r = request(s, "GET", path, headers, NULL);
  long status = r.status;
  reply_free(&r);
  return status;
}

/* A member of the last part. */
static const cJSON *last_part(const struct reply *r, const char *member) {
  const cJSON *parts = at(r, "conversation_parts.conversation_parts");
  const cJSON *part = cJSON_GetArrayItem(parts, cJSON_GetArraySize(parts) - 1);
  return cJSON_GetObjectItemCaseSensitive(part, member);
}

static void test_tokens_versions_and_accept_are_checked(void **state) {
  (void)state;
  struct server s = intercom_start("");
  assert_int_equal(status_with(&s, "Authorization: Bearer tok", "/me"), 200);
  assert_int_equal(status_with(&s, NULL, "/me"), 401);
  assert_int_equal(status_with(&s, "Authorization: Bearer tok\nAccept:", "/me"), 406);
  assert_int_equal(status_with(&s, "Authorization: Bearer tok\nIntercom-Version: 9.1", "/me"), 400);
  assert_int_equal(status_with(&s, "Authorization: Bearer plan-x", "/conversations/501"), 403);
  struct reply r = request(&s, "GET", "/admins", "Authorization: Bearer badtoken", NULL);
  assert_int_equal(r.status, 401);
  assert_string_equal(text_at(&r, "errors.0.code"), "unauthorized");
  assert_false(header_has(&r, "X-RateLimit"));
  reply_free(&r);
  r = intercom_ask(&s, "GET", "/me", NULL, 200);
  assert_string_equal(text_at(&r, "id"), ADMIN);
  assert_string_equal(text_at(&r, "app.region"), "US");
  assert_true(header_has(&r, "X-RateLimit-Reset: "));
  assert_true(header_has(&r, "Intercom-Version: 2.14"));
  reply_free(&r);
  refused(&s, "GET", "/conversations/99", NULL, 404, "not_found");
  refused(&s, "DELETE", "/conversations/501", NULL, 404, "not_found");
  refused(&s, "GET", "/conversations/503", NULL, 404, "not_found");
  refused(&s, "PUT", "/conversations/501", "{\"custom", 400, "bad_request");
  intercom_faults(&s, "intercom.429=1");
  r = intercom_ask(&s, "GET", "/me", NULL, 429);
  assert_string_equal(text_at(&r, "errors.0.code"), "rate_limit_exceeded");
  assert_true(header_has(&r, "X-RateLimit-Remaining: 0"));
  assert_false(header_has(&r, "Retry-After"));
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static int found(const struct server *s, const char *query) {
  char body[1024];
  snprintf(body, sizeof body, "{\"query\":%s}", query);
  struct reply r = intercom_ask(s, "POST", "/conversations/search", body, 200);
  int n = (int)number_at(&r, "total_count");
  reply_free(&r);
  return n;
}

static void test_the_search_grammar_is_kept(void **state) {
  (void)state;
  struct server s = intercom_start("");
  char query[512];
  struct reply r = intercom_show(&s, "501");
  long long updated = (long long)number_at(&r, "updated_at");
  reply_free(&r);
  assert_int_equal(found(&s, EVERYTHING), 2);
  for (int shift = -1; shift <= 1; shift++) {
    /* greater and lower mean or equal */
    snprintf(query, sizeof query,
             "{\"operator\":\"AND\",\"value\":[{\"field\":\"id\",\"operator\":\"=\",\"value\":"
             "\"501\"},{\"field\":\"updated_at\",\"operator\":\">\",\"value\":%lld}]}",
             updated + shift);
    assert_int_equal(found(&s, query), shift <= 0);
  }
  assert_int_equal(found(&s,
                         "{\"operator\":\"OR\",\"value\":[{\"operator\":\"AND\",\"value\":[{"
                         "\"field\":\"state\",\"operator\":\"=\",\"value\":\"open\"},{\"field\":"
                         "\"source.author.email\",\"operator\":\"^\",\"value\":\"ann\"}]},{"
                         "\"operator\":\"AND\",\"value\":[{\"field\":\"state\",\"operator\":"
                         "\"=\",\"value\":\"closed\"}]}]}"),
                   1);
  assert_int_equal(
      found(&s, "{\"field\":\"custom_attribute.Plan\",\"operator\":\"=\",\"value\":\"pro\"}"), 1);
  assert_int_equal(found(&s, "{\"field\":\"admin_assignee_id\",\"operator\":\"=\",\"value\":null}"),
                   2);
  assert_int_equal(found(&s, "{\"field\":\"source.body\",\"operator\":\"=\",\"value\":\"money\"}"),
                   1);
  assert_int_equal(
      found(&s, "{\"field\":\"source.body\",\"operator\":\"=\",\"value\":\"my money\"}"), 0);
  assert_int_equal(found(&s, "{\"field\":\"id\",\"operator\":\"IN\",\"value\":[\"502\",\"503\"]}"),
                   1);
  static const char *const bad[] = {
      "{\"query\":{\"field\":\"updated_at\",\"operator\":\">\",\"value\":\"foobar\"}}",
      "{\"query\":{\"field\":\"state\",\"operator\":\">\",\"value\":\"open\"}}",
      "{\"query\":{\"field\":\"nonsense\",\"operator\":\"=\",\"value\":1}}",
      "{\"query\":{\"operator\":\"AND\",\"value\":[]}}",
      "{\"query\":{\"operator\":\"AND\",\"value\":[{\"operator\":\"AND\",\"value\":[{\"operator\":"
      "\"AND\",\"value\":[" EVERYTHING "]}]}]}}",
      "{\"query\":" EVERYTHING ",\"pagination\":{\"per_page\":151}}",
      "{\"query\":" EVERYTHING ",\"pagination\":{\"starting_after\":\"nonsense\"}}",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    refused(&s, "POST", "/conversations/search", bad[i], 400, "parameter_invalid");
  }
  refused(&s, "POST", "/conversations/search", "{}", 400, "parameter_not_found");
  server_stop(&s);
}

enum { MANY = 70 };

static struct server many_start(const char *arguments) {
  struct server s = server_start(arguments);
  char *text = calloc(MANY, 200);
  for (int i = 0; i < MANY; i++) {
    size_t n = strlen(text);
    snprintf(text + n, 200,
             "{\"id\":\"%d\",\"helpdesk\":\"intercom\",\"subject\":\"s\",\"body\":\"b\","
             "\"created_at\":\"2026-01-01T00:%02d:00Z\",\"behaviour\":\"silent\"}\n",
             1000 + i, i % 60);
  }
  struct reply r = request(&s, "POST", "/sim/tickets", NULL, text);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  free(text);
  return s;
}

/* Reads a closed window to its end. Counts rows in seen; returns whether they came in order. */
static bool window_read(const struct server *s, int seen[MANY], int *ret_pages, int touch) {
  char cursor[64] = "";
  bool ordered = true;
  double before = 0;
  *ret_pages = 0;
  do {
    char body[512];
    snprintf(body, sizeof body,
             "{\"query\":{\"operator\":\"AND\",\"value\":[" EVERYTHING
             ",{\"field\":\"updated_at\",\"operator\":\"<\",\"value\":1772000000}]},"
             "\"sort\":{\"field\":\"updated_at\",\"order\":\"ascending\"},"
             "\"pagination\":{\"per_page\":25,\"starting_after\":\"%s\"}}",
             cursor);
    struct reply r = intercom_ask(s, "POST", "/conversations/search", body, 200);
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, at(&r, "conversations")) {
      double updated = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(row, "updated_at"));
      ordered = ordered && updated >= before;
      before = updated;
      seen[atoi(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "id"))) - 1000]++;
    }
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(at(&r, "pages"), "next");
    const cJSON *after = cJSON_GetObjectItemCaseSensitive(next, "starting_after");
    snprintf(cursor, sizeof cursor, "%s", after ? after->valuestring : "");
    reply_free(&r);
    for (int i = MANY - 1; touch && i >= 0; i--) {
      char id[16];
      if (seen[i] == 0) {
        snprintf(id, sizeof id, "%d", 1000 + i);
        intercom_say(s, id, "note", "looking at it");
        break;
      }
    }
    touch = 0;
    (*ret_pages)++;
  } while (*cursor);
  return ordered;
}

static int missed(const int seen[MANY]) {
  int n = 0;
  for (int i = 0; i < MANY; i++) {
    n += seen[i] == 0;
  }
  return n;
}

static void test_pages_are_unsorted_and_complete(void **state) {
  (void)state;
  struct server s = many_start("");
  int pages = 0;
  int seen[MANY] = {0};
  assert_false(window_read(&s, seen, &pages, 0));
  assert_int_equal(pages, 3);
  assert_int_equal(missed(seen), 0);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(seen[i], 1);
  }
  server_stop(&s);
}

static void test_a_row_that_changes_while_one_pages_leaves_the_window(void **state) {
  (void)state;
  struct server s = many_start("--behaviour off");
  int pages = 0;
  int seen[MANY] = {0};
  window_read(&s, seen, &pages, 1);
  assert_int_equal(missed(seen), 1);
  intercom_faults(&s, "intercom.search.escape=1");
  int again[MANY] = {0};
  window_read(&s, again, &pages, 0);
  assert_true(missed(again) > 1);
  intercom_faults(&s, "intercom.search.repeat=1");
  int twice[MANY] = {0};
  window_read(&s, twice, &pages, 0);
  int most = 0;
  for (int i = 0; i < MANY; i++) {
    most = twice[i] > most ? twice[i] : most;
  }
  assert_int_equal(most, 2);
  intercom_faults(&s, "intercom.search404=1");
  refused(&s, "POST", "/conversations/search", "{\"query\":" EVERYTHING "}", 404, "not_found");
  server_stop(&s);
}

static void test_bodies_are_html_unless_plain_text_is_asked_for(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  struct reply r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "source.body"),
                      "<p>Hello,</p><p>where is my money &lt;now&gt;?</p>");
  assert_string_equal(text_at(&r, "source.subject"), "Refund");
  assert_string_equal(text_at(&r, "source.author.type"), "user");
  assert_true(number_at(&r, "waiting_since") > 0);
  reply_free(&r);
  r = intercom_ask(&s, "GET", "/conversations/501?display_as=plaintext", NULL, 200);
  assert_string_equal(text_at(&r, "source.body"), "Hello,\n\nwhere is my money <now>?");
  reply_free(&r);
  r = intercom_show(&s, "502");
  assert_string_equal(text_at(&r, "source.subject"), "");
  assert_string_equal(text_at(&r, "title"), "Login");
  assert_true(cJSON_IsTrue(at(&r, "ai_agent_participated")));
  assert_true(
      cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(last_part(&r, "author"), "from_ai_agent")));
  reply_free(&r);
  intercom_say(&s, "502", "note", "one\\ntwo");
  r = intercom_show(&s, "502");
  assert_string_equal(last_part(&r, "body")->valuestring, "<p>one two</p>");
  assert_true(cJSON_IsString(last_part(&r, "app_package_code")));
  reply_free(&r);
  server_stop(&s);
}

static void part_make(const struct server *s, const char *id, const char *body) {
  char path[64];
  snprintf(path, sizeof path, "/conversations/%s/parts", id);
  struct reply r = intercom_ask(s, "POST", path, body, 200);
  reply_free(&r);
}

static void state_is(const struct server *s, const char *id, const char *expected,
                     const char *type) {
  struct reply r = intercom_show(s, id);
  assert_string_equal(text_at(&r, "state"), expected);
  assert_string_equal(last_part(&r, "part_type")->valuestring, type);
  reply_free(&r);
}

static void test_conversations_close_open_snooze_and_are_assigned(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off --time 2026-11-01T00:00:00Z");
  part_make(&s, "501",
            "{\"message_type\":\"close\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
            "\",\"body\":\"<p>Bye</p>\"}");
  state_is(&s, "501", "closed", "close");
  struct reply r = intercom_show(&s, "501");
  assert_string_equal(last_part(&r, "body")->valuestring, "<p>Bye</p>");
  assert_string_equal(text_at(&r, "statistics.last_closed_by_id"), ADMIN);
  assert_true(cJSON_IsNull(at(&r, "waiting_since")));
  reply_free(&r);
  part_make(&s, "501", "{\"message_type\":\"open\",\"admin_id\":\"" ADMIN "\"}");
  state_is(&s, "501", "open", "open");
  part_make(&s, "501",
            "{\"message_type\":\"snoozed\",\"admin_id\":\"" ADMIN
            "\",\"snoozed_until\":1793500000}");
  state_is(&s, "501", "snoozed", "snoozed");
  advance(&s, "72h");
  state_is(&s, "501", "open", "timer_unsnooze");
  part_make(&s, "501",
            "{\"message_type\":\"assignment\",\"type\":\"team\",\"admin_id\":\"" ADMIN
            "\",\"assignee_id\":\"5017691\"}");
  r = intercom_show(&s, "501");
  assert_true(cJSON_IsNull(last_part(&r, "body")));
  assert_int_equal((int)number_at(&r, "team_assignee_id"), 5017691);
  assert_int_equal((int)number_at(&r, "statistics.count_reopens"), 1);
  reply_free(&r);
  refused(&s, "POST", "/conversations/501/parts",
          "{\"message_type\":\"assignment\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
          "\",\"assignee_id\":\"17\"}",
          404, "assignee_not_found");
  refused(&s, "POST", "/conversations/501/parts", "{\"message_type\":\"close\",\"type\":\"admin\"}",
          400, "parameter_not_found");
  refused(&s, "POST", "/conversations/501/reply",
          "{\"message_type\":\"note\",\"type\":\"admin\",\"admin_id\":\"5\",\"body\":\"x\"}", 404,
          "admin_not_found");
  refused(&s, "POST", "/conversations/501/reply",
          "{\"message_type\":\"shout\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
          "\",\"body\":\"x\"}",
          400, "parameter_invalid");
  server_stop(&s);
}

static void test_fields_and_tags_are_steps_of_their_own(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  struct reply r = intercom_ask(&s, "PUT", "/conversations/501",
                                "{\"custom_attributes\":{\"issue_type\":\"Billing\",\"score\":3}}",
                                200);
  assert_string_equal(text_at(&r, "custom_attributes.issue_type"), "Billing");
  assert_string_equal(last_part(&r, "part_type")->valuestring,
                      "conversation_attribute_updated_by_admin");
  reply_free(&r);
  refused(&s, "PUT", "/conversations/501", "{\"custom_attributes\":{\"duplicated name\":\"x\"}}",
          400, "INVALID_PARAMETER");
  r = intercom_ask(&s, "POST", "/tags", "{\"name\":\"refund\"}", 200);
  char body[128];
  char path[128];
  snprintf(body, sizeof body, "{\"id\":\"%s\",\"admin_id\":\"" ADMIN "\"}", text_at(&r, "id"));
  snprintf(path, sizeof path, "/conversations/501/tags/%s", text_at(&r, "id"));
  reply_free(&r);
  r = intercom_ask(&s, "POST", "/conversations/501/tags", body, 200);
  assert_string_equal(text_at(&r, "applied_by.id"), ADMIN);
  reply_free(&r);
  r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "tags.tags.1.name"), "refund");
  reply_free(&r);
  refused(&s, "DELETE", path, NULL, 400, "parameter_not_found");
  r = intercom_ask(&s, "DELETE", path, "{\"admin_id\":\"" ADMIN "\"}", 200);
  reply_free(&r);
  refused(&s, "DELETE", path, "{\"admin_id\":\"" ADMIN "\"}", 404, "tag_not_found");
  server_stop(&s);
}

static void test_only_the_newest_500_parts_are_shown(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  for (int i = 0; i < 504; i++) {
    char text[32];
    snprintf(text, sizeof text, "note %d", i);
    intercom_say(&s, "501", "note", text);
  }
  struct reply r = intercom_show(&s, "501");
  assert_int_equal((int)number_at(&r, "conversation_parts.total_count"), 504);
  assert_int_equal(cJSON_GetArraySize(at(&r, "conversation_parts.conversation_parts")), 500);
  assert_string_equal(text_at(&r, "conversation_parts.conversation_parts.0.body"), "<p>note 4</p>");
  reply_free(&r);
  server_stop(&s);
}

static void test_newer_versions_use_newer_words(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  struct reply r = intercom_show(&s, "502");
  assert_string_equal(text_at(&r, "ai_agent.resolution_state"), "routed_to_team");
  reply_free(&r);
  r = intercom_show(&s, "501");
  assert_string_equal(text_at(&r, "priority"), "priority");
  reply_free(&r);
  const char *newer = "Authorization: Bearer tok\nIntercom-Version: 2.16";
  r = request(&s, "GET", "/conversations/502", newer, NULL);
  assert_string_equal(text_at(&r, "ai_agent.resolution_state"), "escalated");
  assert_string_equal(text_at(&r, "priority"), "none");
  reply_free(&r);
  r = request(&s, "GET", "/conversations/501", newer, NULL);
  assert_string_equal(text_at(&r, "priority"), "high");
  reply_free(&r);
  server_stop(&s);
}

static void counts_are(const struct server *s, int replies, int duplicates) {
  struct reply r = request(s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "tickets.intercom/501.replies"), replies);
  assert_int_equal((int)number_at(&r, "tickets.intercom/501.duplicates"), duplicates);
  reply_free(&r);
}

static void test_a_reply_can_be_stored_though_the_connection_broke(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  intercom_faults(&s, "intercom.reply.resetafter=1");
  struct reply r = request(&s, "POST", "/conversations/501/reply", JSON_HEADERS,
                           "{\"message_type\":\"comment\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
                           "\",\"body\":\"<p>Our answer</p>\"}");
  assert_int_equal(r.status, 0);
  reply_free(&r);
  intercom_faults(&s, "");
  counts_are(&s, 1, 0);
  intercom_say(&s, "501", "comment", "Our answer");
  counts_are(&s, 2, 1);
  r = intercom_ask(
      &s, "POST", "/conversations/501/reply",
      "{\"message_type\":\"comment\",\"type\":\"user\",\"email\":\"ann@people.example\","
      "\"body\":\"And?\"}",
      200);
  reply_free(&r);
  intercom_say(&s, "501", "comment", "Our answer");
  counts_are(&s, 3, 1);
  server_stop(&s);
}

static void test_customers_rate_and_reopen_after_any_time(void **state) {
  (void)state;
  struct server s = intercom_start("");
  intercom_say(&s, "501", "comment", "Our answer");
  advance(&s, "80h");
  struct reply r = intercom_show(&s, "501");
  assert_int_equal((int)number_at(&r, "conversation_rating.rating"), 5);
  assert_string_equal(text_at(&r, "state"), "closed");
  reply_free(&r);
  advance(&s, "800h");
  r = intercom_ask(
      &s, "POST", "/conversations/501/reply",
      "{\"message_type\":\"comment\",\"type\":\"user\",\"email\":\"ann@people.example\","
      "\"body\":\"It is back\"}",
      200);
  assert_string_equal(text_at(&r, "state"), "open");
  assert_string_equal(last_part(&r, "part_type")->valuestring, "open");
  assert_true(cJSON_IsString(last_part(&r, "body")));
  reply_free(&r);
  server_stop(&s);
}

static void test_tickets_have_states_and_replies(void **state) {
  (void)state;
  struct server s = intercom_start("--behaviour off");
  struct reply r = intercom_ask(
      &s, "POST", "/tickets/search",
      "{\"query\":{\"field\":\"category\",\"operator\":\"=\",\"value\":\"task\"}}", 200);
  assert_int_equal((int)number_at(&r, "total_count"), 1);
  assert_string_equal(text_at(&r, "tickets.0.id"), "504");
  reply_free(&r);
  r = intercom_ask(
      &s, "PUT", "/tickets/503",
      "{\"ticket_attributes\":{\"kind\":\"broken\"},\"ticket_state_id\":\"8500\",\"admin_"
      "id\":" ADMIN ",\"assignee_id\":\"5017691\",\"skip_notifications\":true}",
      200);
  assert_string_equal(text_at(&r, "ticket_state.category"), "resolved");
  assert_string_equal(text_at(&r, "team_assignee_id"), "5017691");
  assert_string_equal(text_at(&r, "ticket_attributes._default_title_"), "Lid");
  assert_string_not_equal(text_at(&r, "ticket_id"), "503");
  reply_free(&r);
  r = intercom_ask(&s, "POST", "/tickets/503/reply",
                   "{\"message_type\":\"note\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
                   "\",\"body\":\"n\"}",
                   200);
  assert_string_equal(text_at(&r, "part_type"), "note");
  reply_free(&r);
  refused(&s, "PUT", "/tickets/503", "{\"ticket_state_id\":\"1\"}", 400, "ticket_state_id_invalid");
  refused(&s, "POST", "/tickets/504/reply",
          "{\"message_type\":\"comment\",\"type\":\"user\",\"email\":\"dan@people.example\","
          "\"body\":\"x\"}",
          400, "parameter_mismatch");
  server_stop(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens_versions_and_accept_are_checked),
      cmocka_unit_test(test_the_search_grammar_is_kept),
      cmocka_unit_test(test_pages_are_unsorted_and_complete),
      cmocka_unit_test(test_a_row_that_changes_while_one_pages_leaves_the_window),
      cmocka_unit_test(test_bodies_are_html_unless_plain_text_is_asked_for),
      cmocka_unit_test(test_conversations_close_open_snooze_and_are_assigned),
      cmocka_unit_test(test_fields_and_tags_are_steps_of_their_own),
      cmocka_unit_test(test_only_the_newest_500_parts_are_shown),
      cmocka_unit_test(test_newer_versions_use_newer_words),
      cmocka_unit_test(test_a_reply_can_be_stored_though_the_connection_broke),
      cmocka_unit_test(test_customers_rate_and_reopen_after_any_time),
      cmocka_unit_test(test_tickets_have_states_and_replies),
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
