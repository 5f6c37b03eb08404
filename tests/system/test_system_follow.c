/* The conversation after our answer: who writes again, who takes over, what is charged. */
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

#define LINE(id, more)                                                                             \
  "{\"id\":\"" id "\",\"subject\":\"My parcel\",\"body\":\"Where is my parcel? The tracking has "  \
  "not moved.\",\"requester\":{\"name\":\"Person " id "\",\"email\":\"p" id "@example.com\"},"     \
  "\"created_at\":\"2026-11-20T08:00:00Z\"" more "}\n"
#define SAYS(who, when, text)                                                                      \
  "{\"author\":\"" who "\",\"created_at\":\"" when "\",\"body\":\"" text "\"}"

/* It is 20 November, 10:00; the tickets came at 8:00. One pass. */
static void open_with(const char *lines, const char *sim_args) {
  char args[200];
  rig_file(&R, "tickets.jsonl", lines);
  snprintf(args, sizeof args, "--seed 3 --time 2026-11-20T10:00:00Z %s", sim_args);
  rig_sim(&R, args);
  rig_conf(&R, NULL);
  rig_later(&R, "1s");
}

static void pass(void) {
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
}

static void later(const char *how_long) {
  rig_later(&R, how_long);
  pass();
}

static void is(const char *column, int ticket, const char *want) {
  char sql[200], have[100];
  snprintf(sql, sizeof sql, "SELECT %s FROM v_tickets WHERE ref = 'shop/%d'", column, ticket);
  rig_sql_text(&R, sql, have, sizeof have);
  if (strcmp(have, want) != 0) fail_msg("%s of shop/%d is %s, not %s", column, ticket, have, want);
}

static int64_t charges(const char *kind) {
  char sql[120];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM v_charges WHERE kind LIKE '%s'", kind);
  return rig_sql(&R, sql);
}

static int64_t charged(void) {
  return rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges");
}

static void ledger_is_sound(void) {
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

/* --- messages
 * --------------------------------------------------------------------------------------- */

static void a_follow_up_question_gets_a_second_answer(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[" SAYS("customer", "2026-11-20T12:00:00Z",
                                           "And how long may I keep it before I have to send it "
                                           "back?") "]"),
            "--behaviour off");
  pass();
  is("outcome", 1, "sent");
  assert_int_equal(rig_replies(&R, 1), 1);
  later("3h");
  assert_int_equal(rig_sql(&R, "SELECT pass FROM ticket"), 2);
  is("outcome", 1, "sent");
  assert_int_equal(rig_replies(&R, 1), 2);
  later("3h");
  assert_int_equal(rig_replies(&R, 1), 2);
}

static void our_first_answer_alone_says_that_it_is_a_machine(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[" SAYS("customer", "2026-11-20T12:00:00Z",
                                           "And how long may I keep it before I have to send it "
                                           "back?") "]"),
            "--behaviour off");
  pass();
  later("3h");
  cJSON *t = rig_truth(&R, 1), *e = NULL;
  int said[3] = {0}, n = 0;
  cJSON_ArrayForEach(e, cJSON_GetObjectItem(t, "history")) {
    const char *role = cJSON_GetStringValue(
        cJSON_GetObjectItem(cJSON_GetObjectItem(e, "author"), "role"));
    const char *body = cJSON_GetStringValue(cJSON_GetObjectItem(e, "body"));
    if (role == NULL || strcmp(role, "bot") != 0 || body == NULL || n == 2) continue;
    said[n++] = strstr(body, "I am an AI assistant.") != NULL;
  }
  cJSON_Delete(t);
  assert_int_equal(n, 2);
  assert_int_equal(said[0], 1);
  assert_int_equal(said[1], 0);
}

static void thanks_get_no_answer(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[" SAYS("customer", "2026-11-20T12:00:00Z",
                                           "Thank you, that helped!") "]")
                LINE("2", ",\"thread\":[" SAYS("customer", "2026-11-20T12:00:00Z",
                                               "Danke, das hat geholfen.") "]"),
            "--behaviour off");
  pass();
  const int64_t calls = rig_sql(&R, "SELECT count(*) FROM v_model_calls");
  later("3h");
  for (int i = 1; i <= 2; i++) {
    assert_int_equal(rig_replies(&R, i), 1);
    is("outcome", i, "sent");
    is("state", i, "following");
  }
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE task <> 'verify'"), calls);
}

static void who_asks_for_a_person_never_gets_a_machine_again(void **state) {
  (void)state;
  open_with(
      LINE("1",
           ",\"thread\":[" SAYS(
               "customer", "2026-11-20T12:00:00Z",
               "I want to talk to a human please.") "," SAYS("customer", "2026-11-20T15:00:00Z",
                                                             "Hello? Where is my parcel?") "]"),
      "--behaviour off");
  pass();
  assert_int_equal(rig_replies(&R, 1), 1);
  later("3h");
  is("outcome", 1, "handoff");
  is("reason", 1, "asks_for_person");
  assert_int_equal(rig_replies(&R, 1), 1);
  assert_int_equal(rig_notes(&R, 1), 1);
  later("3h");
  is("outcome", 1, "handoff");
  assert_int_equal(rig_replies(&R, 1), 1);
  later("100h");
  assert_int_equal(charged(), 0);
}

static void a_persons_answer_before_ours_is_left_alone(void **state) {
  (void)state;
  open_with(
      LINE("1", ",\"thread\":[" SAYS("agent", "2026-11-20T09:00:00Z", "It arrives tomorrow.") "]")
          LINE("2", ",\"thread\":[" SAYS(
                        "agent", "2026-11-20T09:00:00Z",
                        "It arrives tomorrow.") "," SAYS("customer", "2026-11-20T09:30:00Z",
                                                         "And where will the parcel be left?") "]"),
      "--behaviour off");
  pass();
  is("outcome", 1, "skipped");
  is("reason", 1, "already_answered");
  assert_int_equal(rig_replies(&R, 1) + rig_notes(&R, 1), 0);
  is("outcome", 2, "sent");
}

static void an_internal_note_of_a_person_is_no_answer(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[{\"author\":\"agent\",\"public\":false,\"created_at\":"
                      "\"2026-11-20T09:00:00Z\",\"body\":\"Who takes this?\"}]"),
            "--behaviour off");
  pass();
  is("outcome", 1, "sent");
  assert_int_equal(rig_replies(&R, 1), 1);
}

static double agent_of(int ticket) {
  cJSON *t = rig_truth(&R, ticket);
  const cJSON *id = cJSON_GetObjectItem(cJSON_GetObjectItem(t, "assignee"), "id");
  const double n = cJSON_IsString(id) ? atof(id->valuestring) : cJSON_GetNumberValue(id);
  cJSON_Delete(t);
  return n;
}

/* Through the vendor's API, as a person at the helpdesk. */
static void put(int ticket, const char *format, double author) {
  char url[120], body[600];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/api/v2/tickets/%d.json", R.port, ticket);
  snprintf(body, sizeof body, format, author);
  assert_int_equal(rig_http("PUT", url,
                            "Authorization: Bearer other\r\nContent-Type: application/json", body,
                            NULL),
                   200);
}

static void a_person_who_answers_while_the_draft_is_made_wins(void **state) {
  (void)state;
  open_with(LINE("1", "") LINE("2", ",\"thread\":[" SAYS("agent", "2026-11-20T09:00:00Z",
                                                         "It arrives tomorrow.") "]"),
            "--behaviour off --model-latency 700ms");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'drafting'", 1);
  put(1, "{\"ticket\":{\"comment\":{\"body\":\"I am on it.\",\"public\":true,\"author_id\":%.0f}}}",
      agent_of(2));
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 2);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  is("outcome", 1, "skipped");
  is("reason", 1, "human_answered");
  assert_int_equal(rig_replies(&R, 1) + rig_notes(&R, 1), 0);
  later("100h");
  assert_int_equal(charged(), 0);
}

static void only_fields_that_moved_do_not_keep_our_answer_back(void **state) {
  (void)state;
  open_with(LINE("1", ""), "--behaviour off --model-latency 700ms");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'drafting'", 1);
  put(1, "{\"ticket\":{\"tags\":[\"vip\",\"kept%.0f\"]}}", 1);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  is("outcome", 1, "sent");
  assert_int_equal(rig_replies(&R, 1), 1);
  cJSON *t = rig_truth(&R, 1);
  char *tags = cJSON_PrintUnformatted(cJSON_GetObjectItem(t, "tags"));
  assert_non_null(strstr(tags, "vip"));
  assert_non_null(strstr(tags, "kept1"));
  assert_non_null(strstr(tags, "ai_triaged"));
  free(tags);
  cJSON_Delete(t);
}

static void a_customer_who_writes_while_the_draft_is_made_gets_one_answer_to_both(void **state) {
  (void)state;
  open_with(LINE("1", ""), "--behaviour off --model-latency 700ms --export-lag 0s");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'drafting'", 1);
  cJSON *t = rig_truth(&R, 1);
  const cJSON *id = cJSON_GetObjectItem(cJSON_GetObjectItem(t, "requester"), "id");
  const double who = cJSON_IsString(id) ? atof(id->valuestring) : id->valuedouble;
  cJSON_Delete(t);
  put(1,
      "{\"ticket\":{\"comment\":{\"body\":\"Also, can I return the parcel?\",\"public\":true,"
      "\"author_id\":%.0f}}}",
      who);
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'following' AND pass = 2", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_replies(&R, 1), 1);
}

/* --- charges
 * ------------------------------------------------------------------------------------------ */

static void silence_over_the_window_is_charged_once(void **state) {
  (void)state;
  open_with(LINE("1", "") LINE("2", "") LINE("3", ""), "--behaviour off");
  pass();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome = 'sent'"), 3);
  later("71h");
  assert_int_equal(charges("%"), 0);
  later("2h");
  assert_int_equal(charges("charge"), 3);
  assert_int_equal(charged(), 3 * 990000);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_resolutions WHERE state = 'resolved'"), 3);
  later("24h");
  pass();
  assert_int_equal(charges("%"), 3);
  ledger_is_sound();
}

/* Silent, written to by the customer, solved by a person, deleted: all within the window. */
static void open_and_leave(void) {
  open_with(LINE("1", ",\"behaviour\":\"silent\"")
                LINE("2", ",\"behaviour\":\"silent\",\"thread\":[" SAYS(
                              "customer", "2026-11-22T12:00:00Z",
                              "It is still not here, that did not help.") "]")
                    LINE("3", ",\"behaviour\":\"silent\",\"thread\":[" SAYS(
                                  "agent", "2026-11-21T12:00:00Z", "It arrives tomorrow.") "]")
                        LINE("4", ",\"behaviour\":\"deleted\""),
            "--behaviour on");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 4);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(charges("%"), 0);
}

static void what_happened_while_we_were_off_is_known_before_anything_is_charged(void **state) {
  (void)state;
  open_and_leave();
  rig_later(&R, "100h");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_charges WHERE kind = 'charge' AND ref = 'shop/1'", 1);
  rig_until(&R, "SELECT count(*) FROM inbox_ticket", 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  pass();
  assert_int_equal(charges("reversal"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE ref IN ('shop/3', 'shop/4')"),
                   0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ticket WHERE settle_ms > 0 AND settle_ms < "
                               "(SELECT max(covered_ms) FROM cursor)"),
                   0);
  /* The moment of the charge is the window's end, not when it was found. */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE ref = 'shop/1' AND at < "
                               "'2026-11-23T10:10:00Z'"),
                   1);
  ledger_is_sound();
  assert_int_equal(rig_run(&R, "triagectl", "ledger recount", NULL), 0);
}

static void a_helpdesk_that_is_not_heard_is_not_charged_for_and_holds_no_pass_up(void **state) {
  (void)state;
  open_and_leave();
  char *was = rig_read(&R, "triaged.yaml"), from[40], to[40];
  snprintf(from, sizeof from, "127.0.0.1:%d", R.port);
  snprintf(to, sizeof to, "127.0.0.1:%d", rig_port());
  rig_conf_change(&R, from, to, NULL);
  rig_later(&R, "100h");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 1);
  assert_int_equal(charges("%"), 0);
  rig_file(&R, "triaged.yaml", was);
  free(was);
  pass();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE ref = 'shop/1'"), 1);
  assert_int_equal(charges("reversal"), 0);
  ledger_is_sound();
}

static void thanks_are_charged_at_once_and_not_again(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[" SAYS("customer", "2026-11-20T12:00:00Z",
                                           "Thank you, that helped!") "]"),
            "--behaviour off");
  pass();
  later("3h");
  assert_int_equal(charges("charge"), 1);
  later("100h");
  assert_int_equal(charges("%"), 1);
  ledger_is_sound();
}

static void a_customer_who_comes_back_takes_the_charge_back(void **state) {
  (void)state;
  open_with(LINE("1", ",\"thread\":[" SAYS("customer", "2026-11-25T12:00:00Z",
                                           "It is still not here, that did not help.") "]"),
            "--behaviour off");
  pass();
  later("80h");
  assert_int_equal(charges("charge"), 1);
  later("60h");
  assert_int_equal(charges("reversal"), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE amount_micros < 0"), 1);
  assert_int_equal(charged() % 990000, 0);
  ledger_is_sound();
}

static void a_reopened_ticket_takes_the_charge_back(void **state) {
  (void)state;
  open_with(LINE("1", ",\"behaviour\":\"reopen\""), "--behaviour on");
  pass();
  for (int i = 0; i < 12; i++) later("12h");
  /* Solved by a person, taken up again by the customer. */
  cJSON *t = rig_truth(&R, 1);
  assert_true(cJSON_GetObjectItem(t, "solved")->valueint > 0);
  cJSON_Delete(t);
  assert_true(charges("reversal") <= charges("charge"));
  ledger_is_sound();
}

static void what_was_deleted_or_merged_in_time_is_free(void **state) {
  (void)state;
  open_with(LINE("1", ",\"behaviour\":\"deleted\"") LINE("2", ",\"behaviour\":\"merged\"")
                LINE("3", ",\"behaviour\":\"silent\""),
            "--behaviour on");
  pass();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome = 'sent'"), 3);
  later("31h");
  later("60h");
  is("state", 1, "done");
  is("state", 2, "done");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE ref <> 'shop/3'"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges WHERE ref = 'shop/3'"), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_resolutions WHERE state = 'excluded'"), 2);
  ledger_is_sound();
}

static void a_bad_rating_in_time_is_free_and_a_good_one_is_charged(void **state) {
  (void)state;
  open_with(LINE("1", ",\"behaviour\":\"csat_bad\"") LINE("2", ",\"behaviour\":\"csat_good\""),
            "--behaviour on");
  pass();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome = 'sent'"), 2);
  for (int i = 0; i < 8; i++) later("12h");
  cJSON *t = rig_truth(&R, 1);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(t, "rating")), "bad");
  cJSON_Delete(t);
  assert_int_equal(rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges WHERE ref = "
                               "'shop/1'"),
                   0);
  is("bill_state", 1, "excluded");
  ledger_is_sound();
}

static void what_was_closed_or_solved_before_us_is_left_alone(void **state) {
  (void)state;
  open_with(LINE("1", ",\"status\":\"closed\"") LINE("2", ",\"status\":\"solved\""),
            "--behaviour off");
  pass();
  is("outcome", 1, "skipped");
  is("reason", 1, "closed");
  is("outcome", 2, "skipped");
  is("reason", 2, "already_solved");
  for (int i = 1; i <= 2; i++) assert_int_equal(rig_replies(&R, i) + rig_notes(&R, i), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls"), 0);
  later("100h");
  assert_int_equal(charged(), 0);
}

static void the_report_adds_up(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 8 --time 2026-11-20T10:00:00Z --behaviour on");
  rig_conf(&R, NULL);
  rig_later(&R, "1s");
  pass();
  for (int i = 0; i < 7; i++) later("20h");
  char *out = NULL;
  assert_int_equal(
      rig_run(&R, "triagectl", "--format json report --from 2026-11-01 --to 2026-12-31", &out), 0);
  cJSON *o = cJSON_Parse(out);
  const cJSON *t = cJSON_GetObjectItem(o, "total");
  assert_true(cJSON_IsObject(t));
#define N(key) (cJSON_GetObjectItem(t, key)->valueint)
  assert_int_equal(N("tickets"), rig_sql(&R, "SELECT count(*) FROM v_tickets"));
  assert_int_equal(N("tickets"), N("triaged") + N("waiting") + N("failed"));
  assert_int_equal(N("triaged"),
                   N("open") + N("resolved") + N("excluded") + N("held") + N("reversed"));
  char want[40];
  const int64_t sum = charged();
  snprintf(want, sizeof want, "%lld.%06lld", (long long)(sum / 1000000),
           (long long)(sum % 1000000));
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(t, "charged")), want);
  cJSON_Delete(o);
  free(out);
  ledger_is_sound();
  assert_int_equal(rig_run(&R, "triagectl", "ledger recount", NULL), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_follow_up_question_gets_a_second_answer),
      T(our_first_answer_alone_says_that_it_is_a_machine),
      T(thanks_get_no_answer),
      T(who_asks_for_a_person_never_gets_a_machine_again),
      T(a_persons_answer_before_ours_is_left_alone),
      T(an_internal_note_of_a_person_is_no_answer),
      T(a_person_who_answers_while_the_draft_is_made_wins),
      T(only_fields_that_moved_do_not_keep_our_answer_back),
      T(a_customer_who_writes_while_the_draft_is_made_gets_one_answer_to_both),
      T(silence_over_the_window_is_charged_once),
      T(what_happened_while_we_were_off_is_known_before_anything_is_charged),
      T(a_helpdesk_that_is_not_heard_is_not_charged_for_and_holds_no_pass_up),
      T(thanks_are_charged_at_once_and_not_again),
      T(a_customer_who_comes_back_takes_the_charge_back),
      T(a_reopened_ticket_takes_the_charge_back),
      T(what_was_deleted_or_merged_in_time_is_free),
      T(a_bad_rating_in_time_is_free_and_a_good_one_is_charged),
      T(what_was_closed_or_solved_before_us_is_left_alone),
      T(the_report_adds_up),
  };
  return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
