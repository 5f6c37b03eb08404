/* What Zendesk does to its clients on a bad day. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int stat_of(const char *key) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const int n = cJSON_GetObjectItem(stats, key)->valueint;
  cJSON_Delete(stats);
  return n;
}

static int hits(const char *kind) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *n = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "fault_kinds"), kind);
  const int hit = n != NULL ? n->valueint : 0;
  cJSON_Delete(stats);
  return hit;
}

/* Passes until all tickets are through; each has been written once. */
static void ends_well(int tickets) {
  for (int i = 0; i < 6; i++) {
    rig_run(&R, "triaged", "--once", NULL);
    if (rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')") ==
        tickets)
      break;
    rig_later(&R, "10m");
  }
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), tickets);
  assert_int_equal(
      rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')"), tickets);
  int notes = 0, replies = 0;
  rig_check_no_double(&R, &notes, &replies);
  assert_int_equal(notes + replies,
                   rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  assert_int_equal(stat_of("duplicates"), 0);
  assert_int_equal(stat_of("writes_after_close"), 0);
  assert_int_equal(stat_of("placeholders_expanded"), 0);
}

static void storm(int tickets, const char *faults, const char *kind) {
  char args[300];
  rig_tickets(&R, tickets);
  snprintf(args, sizeof args,
           "--seed 11 --behaviour off --retry-after 1 --slow-ms 50 --max-page 7 --faults %s",
           faults);
  rig_sim(&R, args);
  rig_conf(&R, NULL);
  ends_well(tickets);
  if (kind != NULL && hits(kind) == 0) fail_msg("%s never happened", kind);
}

static void pages_that_repeat_give_each_ticket_once(void **state) {
  (void)state;
  storm(40, "zendesk.repeat=1", "repeat");
}

static void a_cursor_that_is_stuck_now_and_then_does_not_stop_us(void **state) {
  (void)state;
  storm(30, "zendesk.stuck=0.3", "stuck");
}

static void a_cursor_that_stays_stuck_ends_the_pass_and_loses_nothing(void **state) {
  (void)state;
  rig_tickets(&R, 20);
  rig_sim(&R, "--seed 11 --behaviour off --max-page 7 --faults zendesk.stuck=1");
  rig_conf(&R, NULL);
  rig_run(&R, "triaged", "--once", NULL);
  if (stat_of("requests") > 400) fail_msg("%d requests for one page", stat_of("requests"));
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  rig_later(&R, "10m");
  ends_well(20);
}

static void a_rate_limit_on_the_export_alone_is_waited_for(void **state) {
  (void)state;
  storm(20, "zendesk.export.429=0.4", "429");
}

static void both_conflicts_end_in_one_answer(void **state) {
  (void)state;
  storm(30, "zendesk.conflict=0.3", "conflict");
}

static void a_write_that_was_applied_before_the_cut_is_not_repeated(void **state) {
  (void)state;
  storm(40, "zendesk.update.resetafter=0.5", "resetafter");
  assert_true(rig_sql(&R, "SELECT count(*) FROM event WHERE kind = 'state' AND value = "
                          "'uncertain'") > 5);
}

static void pages_of_html_and_broken_json_are_waited_out(void **state) {
  (void)state;
  storm(20, "zendesk.503=0.06,zendesk.badjson=0.04,zendesk.cut=0.04,zendesk.529=0.03", "503");
  char *log = rig_read(&R, "err.log");
  assert_non_null(log);
  /* The page's 22 kB stay out of the log. */
  assert_null(strstr(log, "padding: 0"));
  free(log);
}

static void slow_replies_delay_nobody_else(void **state) {
  (void)state;
  storm(25, "zendesk.slow=0.3", "slow");
}

static void enforced_rate_limits_are_kept(void **state) {
  (void)state;
  rig_tickets(&R, 40);
  rig_sim(&R, "--seed 11 --behaviour off --rate-limits on");
  rig_conf(&R, NULL);
  rig_run(&R, "triaged", "--once", NULL);
  for (int i = 0;
       i < 6 && rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'") < 40; i++) {
    rig_later(&R, "5m");
    rig_run(&R, "triaged", "--once", NULL);
  }
  ends_well(40);
}

/* --- credentials
 * --------------------------------------------------------------------------------------- */

static void oauth_tokens_that_expire_in_the_middle_are_renewed(void **state) {
  (void)state;
  rig_tickets(&R, 40);
  rig_sim(&R, "--seed 11 --behaviour off --token-ttl 1s --model-latency 400ms");
  rig_conf(&R, "auth: {type: bearer, token: \"${file:token}\"}",
           "auth: {type: oauth_client, client_id: acme, client_secret: \"${file:token}\"}",
           "write: 0.125}}", "write: 0.125}, max_in_flight: 8}", NULL);
  ends_well(40);
  assert_true(stat_of("unauthorized") > 0);
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *renewed = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "routes"),
                                             "POST /oauth/tokens");
  /* One renewal at a time: no storm of them when many requests meet the same dead token. */
  if (!cJSON_IsNumber(renewed) || renewed->valueint < 2 || renewed->valueint > 20)
    fail_msg("%d tokens were asked for", renewed != NULL ? renewed->valueint : 0);
  cJSON_Delete(stats);
}

static void wrong_oauth_credentials_are_an_error_that_says_so(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_file(&R, "secret", "bad-secret-of-mine\n");
  rig_conf(&R, "auth: {type: bearer, token: \"${file:token}\"}",
           "auth: {type: oauth_client, client_id: acme, client_secret: \"${file:secret}\"}", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "code=auth");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", "bad-secret-of-mine"));
}

static void an_api_token_works_and_a_wrong_one_is_no_anonymous_visitor(void **state) {
  (void)state;
  rig_tickets(&R, 3);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "auth: {type: bearer, token: \"${file:token}\"}",
           "auth: {type: api_token, email: bot@example.com, token: \"${file:secret}\"}", NULL);
  rig_file(&R, "secret", "bad-token\n");
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "code=auth");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), 0);
  rig_file(&R, "secret", "good-token\n");
  ends_well(3);
}

static void a_token_that_may_not_export_is_an_error_that_says_so(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_file(&R, "token", "agent-token\n"); /* an agent, where the export wants an administrator */
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "helpdesk.failed helpdesk=shop");
  assert_true(rig_alive(&R));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* --- bodies
 * --------------------------------------------------------------------------------------------- */

static void hostile_bodies_come_through_whole(void **state) {
  (void)state;
  const size_t most = 400000;
  char *lines = malloc(most + 20000);
  size_t n = 0;
  static const char *const bodies[] = {
      "Where is my parcel? {{ticket.requester.email}} {{current_user.name}} {{ticket.id}}",
      "Where is my parcel? <script>alert(1)</script><img src=x onerror=alert(1)> </ticket> ]]>",
      "Where is my parcel? \\u0000\\u0001\\u001b[2J\\u202e\\u2066 \\ud83d\\ude00 \\ufeff",
      "Where is my parcel? %s%n%x ' OR 1=1; DROP TABLE ticket; -- \\\"quoted\\\" \\\\ back",
      "",
      "   \\n\\n\\t  ",
      "\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00",
      "Wo ist mein Paket? \\u00e4\\u00f6\\u00fc\\u00df \\u6211\\u7684\\u5305\\u88f9\\u5728\\u54ea",
  };
  int id = 1;
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++, id++)
    n += (size_t)snprintf(lines + n, most - n,
                          "{\"id\":\"%d\",\"subject\":\"{{ticket.title}} %d\",\"body\":\"%s\","
                          "\"requester\":{\"name\":\"P{{x}} %d\",\"email\":\"h%d@example.com\"}}\n",
                          id, id, bodies[i], id, id);
  for (size_t size = 5000; size <= 60000; size *= 3, id++) {
    n += (size_t)snprintf(lines + n, most - n, "{\"id\":\"%d\",\"body\":\"Where is my parcel? ",
                          id);
    for (size_t k = 0; k < size; k += 10) n += (size_t)snprintf(lines + n, most - n, "na{{x}}na ");
    n += (size_t)snprintf(lines + n, most - n, "\"}\n");
  }
  rig_file(&R, "tickets.jsonl", lines);
  free(lines);
  rig_sim(&R, "--seed 11 --behaviour off");
  rig_conf(&R, NULL);
  ends_well(id - 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  rig_later(&R, "100h");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "tickets", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/3", NULL), 0);
}

static void automatic_mail_is_not_answered(void **state) {
  (void)state;
  rig_file(&R, "tickets.jsonl",
           "{\"id\":\"1\",\"channel\":\"email\",\"automatic\":true,\"subject\":\"Out of office\","
           "\"body\":\"I am on holiday until Monday.\"}\n");
  rig_sim(&R, "--seed 11 --behaviour off");
  rig_conf(&R, NULL);
  ends_well(1);
  assert_int_equal(rig_replies(&R, 1), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(pages_that_repeat_give_each_ticket_once),
      T(a_cursor_that_is_stuck_now_and_then_does_not_stop_us),
      T(a_cursor_that_stays_stuck_ends_the_pass_and_loses_nothing),
      T(a_rate_limit_on_the_export_alone_is_waited_for),
      T(both_conflicts_end_in_one_answer),
      T(a_write_that_was_applied_before_the_cut_is_not_repeated),
      T(pages_of_html_and_broken_json_are_waited_out),
      T(slow_replies_delay_nobody_else),
      T(enforced_rate_limits_are_kept),
      T(oauth_tokens_that_expire_in_the_middle_are_renewed),
      T(wrong_oauth_credentials_are_an_error_that_says_so),
      T(an_api_token_works_and_a_wrong_one_is_no_anonymous_visitor),
      T(a_token_that_may_not_export_is_an_error_that_says_so),
      T(hostile_bodies_come_through_whole),
      T(automatic_mail_is_not_answered),
  };
  return cmocka_run_group_tests_name("zendesk", tests, NULL, NULL);
}
