/* What the simulator does by itself: faults, people, limits. */
#include "client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TICKETS "--tickets tests/sim/testdata/tickets.jsonl"
#define EXPORT  "/api/v2/incremental/tickets/cursor.json"

static void faults_set(const struct server *s, const char *spec) {
  struct reply r = request(s, "POST", "/sim/faults", NULL, spec);
  assert_int_equal(r.status, 200);
  reply_free(&r);
}

static int replies_of(const struct server *s, const char *ticket) {
  struct reply r = request(s, "GET", "/sim/stats", NULL, NULL);
  const cJSON *t = cJSON_GetObjectItemCaseSensitive(at(&r, "tickets"), ticket);
  int n = t ? (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(t, "replies")) : 0;
  reply_free(&r);
  return n;
}

static void test_faults_break_what_they_say(void **state) {
  (void)state;
  static const char say[] = "{\"ticket\":{\"comment\":{\"body\":\"Hello\",\"public\":true}}}";
  static const char bot[] = "Authorization: Bearer tok\nContent-Type: application/json";
  struct server s = server_start(TICKETS " --behaviour off --slow-ms 200 --retry-after 3");
  faults_set(&s, "503=1");
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/101", NULL, 503);
  assert_true(r.n > 22 * 1024);
  assert_true(header_has(&r, "text/html"));
  reply_free(&r);
  faults_set(&s, "zendesk.export.429=1");
  r = zendesk(&s, "GET", EXPORT "?start_time=1", NULL, 429);
  assert_true(header_has(&r, "retry-after: 3"));
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/101", NULL, 200);
  reply_free(&r);
  faults_set(&s, "zendesk.reset=1");
  r = request(&s, "PUT", "/api/v2/tickets/101", bot, say);
  assert_int_equal(r.curl, CURLE_RECV_ERROR);
  reply_free(&r);
  assert_int_equal(replies_of(&s, "zendesk/101"), 0);
  faults_set(&s, "zendesk.resetafter=1");
  r = request(&s, "PUT", "/api/v2/tickets/101", bot, say);
  assert_int_equal(r.curl, CURLE_RECV_ERROR);
  reply_free(&r);
  assert_int_equal(replies_of(&s, "zendesk/101"), 1);
  faults_set(&s, "zendesk.cut=1");
  r = request(&s, "GET", "/api/v2/tickets/101", bot, NULL);
  assert_int_equal(r.curl, CURLE_PARTIAL_FILE);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  faults_set(&s, "zendesk.slow=1");
  r = zendesk(&s, "GET", "/api/v2/tickets/101", NULL, 200);
  assert_true(r.seconds >= 0.17);
  assert_non_null(r.json);
  reply_free(&r);
  faults_set(&s, "zendesk.badjson=1");
  r = zendesk(&s, "GET", "/api/v2/tickets/101", NULL, 200);
  assert_null(r.json);
  reply_free(&r);
  faults_set(&s, "");
  r = request(&s, "POST", "/sim/faults", NULL, "zendesk.boom=1");
  assert_int_equal(r.status, 400);
  reply_free(&r);
  r = request(&s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "faults"), 7);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void fault_pattern(char *ret_pattern, int n) {
  struct server s = server_start(TICKETS " --seed 7 --faults zendesk.429=0.3,zendesk.500=0.2");
  for (int i = 0; i < n; i++) {
    struct reply r = request(&s, "GET", "/api/v2/tickets/101", "Authorization: Bearer tok", NULL);
    ret_pattern[i] = r.status == 200 ? '.' : r.status == 429 ? 'r' : 'e';
    reply_free(&r);
  }
  ret_pattern[n] = '\0';
  server_stop(&s);
}

static void test_the_same_seed_draws_the_same_faults(void **state) {
  (void)state;
  char first[61];
  char second[61];
  fault_pattern(first, 60);
  fault_pattern(second, 60);
  assert_string_equal(first, second);
  assert_non_null(strchr(first, 'r'));
  assert_non_null(strchr(first, 'e'));
  assert_non_null(strchr(first, '.'));
}

/* What customers wrote after our answer, and how the ticket stands. */
static void outcome_of(const struct server *s, const char *ticket, char *ret, size_t bytes) {
  char path[64];
  snprintf(path, sizeof path, "/sim/tickets/zendesk/%s", ticket);
  struct reply r = request(s, "GET", path, NULL, NULL);
  const cJSON *entry = NULL;
  size_t n = (size_t)snprintf(ret, bytes, "%s %s |", text_at(&r, "status"), text_at(&r, "rating"));
  cJSON_ArrayForEach(entry, at(&r, "history")) {
    const cJSON *author = cJSON_GetObjectItemCaseSensitive(entry, "author");
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(entry, "body");
    n += (size_t)snprintf(ret + n, bytes - n, " %s:%.20s",
                          cJSON_GetObjectItemCaseSensitive(author, "role")->valuestring,
                          cJSON_IsString(body) ? body->valuestring : "-");
  }
  reply_free(&r);
}

static void test_people_act_their_part_whatever_the_order_of_requests(void **state) {
  (void)state;
  static const char *const tickets[] = {"101", "102", "103", "104", "105", "106", "107"};
  char outcomes[2][7][1024];
  for (int run = 0; run < 2; run++) {
    struct server s = server_start(TICKETS " --seed 5 --time 2026-11-21T12:00:00Z");
    for (int i = 0; i < 7; i++) {
      answer(&s, tickets[run ? 6 - i : i]);
    }
    advance(&s, "80h");
    for (int i = 0; i < 7; i++) {
      outcome_of(&s, tickets[i], outcomes[run][i], sizeof outcomes[run][i]);
    }
    server_stop(&s);
  }
  for (int i = 0; i < 7; i++) {
    assert_string_equal(outcomes[0][i], outcomes[1][i]);
  }
  assert_non_null(strstr(outcomes[0][3], "solved offered | customer:Hola, me han cobrado "));
  assert_non_null(strstr(outcomes[0][5], "good"));
  assert_non_null(strstr(outcomes[0][6], "bad"));
  assert_non_null(strstr(outcomes[0][2], "agent:"));
}

static void test_silence_closes_and_an_answer_after_that_is_a_follow_up(void **state) {
  (void)state;
  struct server s = server_start(TICKETS);
  answer(&s, "105");
  advance(&s, "300h");
  char outcome[1024];
  outcome_of(&s, "105", outcome, sizeof outcome);
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/105", NULL, 200);
  bool followed = cJSON_GetArraySize(at(&r, "ticket.followup_ids")) > 0;
  bool reopened = strstr(outcome, "customer:I have to come back") ||
                  strstr(outcome, "customer:Unfortunately") ||
                  strstr(outcome, "customer:Hello again");
  assert_true(followed || reopened);
  reply_free(&r);
  server_stop(&s);
}

static void test_notes_are_picked_up_by_agents_and_some_tickets_leave(void **state) {
  (void)state;
  static const char note[] =
      "{\"ticket\":{\"comment\":{\"html_body\":\"<p>Draft for you</p>\",\"public\":false}}}";
  struct server s = server_start(TICKETS);
  struct reply r = request(&s, "GET", "/sim/tickets/zendesk/t-108", NULL, NULL);
  char merged[64];
  snprintf(merged, sizeof merged, "/api/v2/tickets/%.0f", number_at(&r, "id"));
  reply_free(&r);
  r = request(&s, "GET", "/sim/tickets/zendesk/t-109", NULL, NULL);
  char deleted[64];
  snprintf(deleted, sizeof deleted, "/api/v2/tickets/%.0f", number_at(&r, "id"));
  reply_free(&r);
  const char *const paths[] = {"/api/v2/tickets/101", merged, deleted};
  for (int i = 0; i < 3; i++) {
    r = zendesk(&s, "PUT", paths[i], note, 200);
    reply_free(&r);
  }
  advance(&s, "40h");
  r = request(&s, "GET", "/sim/tickets/zendesk/101", NULL, NULL);
  assert_string_equal(text_at(&r, "history.2.author.role"), "agent");
  assert_true(cJSON_IsTrue(at(&r, "history.2.public")));
  assert_int_equal((int)number_at(&r, "solved") > 0, 1);
  reply_free(&r);
  r = zendesk(&s, "GET", merged, NULL, 200);
  assert_string_equal(text_at(&r, "ticket.status"), "closed");
  assert_string_equal(text_at(&r, "ticket.tags.0"), "closed_by_merge");
  reply_free(&r);
  r = zendesk(&s, "GET", deleted, NULL, 404);
  reply_free(&r);
  char comments[96];
  snprintf(comments, sizeof comments, "%s/comments", deleted);
  r = zendesk(&s, "GET", comments, NULL, 404);
  reply_free(&r);
  r = zendesk(&s, "GET", EXPORT "?start_time=1", NULL, 200);
  assert_non_null(strstr(r.body, "\"status\":\"deleted\""));
  reply_free(&r);
  r = zendesk(&s, "GET", EXPORT "?start_time=1&exclude_deleted=true", NULL, 200);
  assert_null(strstr(r.body, "\"status\":\"deleted\""));
  reply_free(&r);
  server_stop(&s);
}

static void test_limits_hold_when_they_are_switched_on(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --rate-limits on");
  struct reply r;
  for (int i = 0; i < 10; i++) {
    r = zendesk(&s, "GET", EXPORT "?start_time=1", NULL, 200);
    assert_true(header_has(&r, "zendesk-ratelimit-incremental-exports: total=10;"));
    reply_free(&r);
  }
  r = zendesk(&s, "GET", EXPORT "?start_time=1", NULL, 429);
  assert_true(header_has(&r, "retry-after:"));
  assert_null(r.json);
  reply_free(&r);
  advance(&s, "61s");
  r = zendesk(&s, "GET", EXPORT "?start_time=1", NULL, 200);
  reply_free(&r);
  server_stop(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_faults_break_what_they_say),
      cmocka_unit_test(test_the_same_seed_draws_the_same_faults),
      cmocka_unit_test(test_people_act_their_part_whatever_the_order_of_requests),
      cmocka_unit_test(test_silence_closes_and_an_answer_after_that_is_a_follow_up),
      cmocka_unit_test(test_notes_are_picked_up_by_agents_and_some_tickets_leave),
      cmocka_unit_test(test_limits_hold_when_they_are_switched_on),
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
