/* What can become of a ticket besides being deleted or merged (test_system_edges.c), and is neither
 * of them: closed, archived, snoozed, and words that somebody takes out of it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <triaged/connector.h>

#include "play.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  R.port = rig_port();
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* Somebody does it to a ticket now; more: further members of the order. */
static void act(int vendor, const char *id, const char *deed, const char *more) {
  char order[200];
  snprintf(order, sizeof order, "{\"helpdesk\":\"%s\",\"id\":\"%s\",\"do\":\"%s\"%s}",
           mixed_vendor[vendor], id, deed, more);
  cJSON *done = rig_post(&R, "/sim/act", order);
  if (!cJSON_IsString(cJSON_GetObjectItem(done, "done"))) fail_msg("not done: %s", order);
  cJSON_Delete(done);
}

static int64_t events(const char *kind) {
  char sql[120];
  snprintf(sql, sizeof sql, "SELECT count(DISTINCT ticket_id) FROM event WHERE kind = '%s'", kind);
  return rig_sql(&R, sql);
}

static int64_t charges(void) {
  return rig_sql(&R, "SELECT count(*) FROM v_charges WHERE amount_micros > 0");
}

static void neither_gone_nor_open_again(void) {
  assert_int_equal(events("deleted"), 0);
  assert_int_equal(events("merge"), 0);
  assert_int_equal(events("reopened"), 0);
}

static void pass_days(int days, int count) {
  for (int i = 0; i < days; i++) {
    rig_later(&R, "24h");
    play_done(&R, count);
  }
}

/* --- closed ------------------------------------------------------------------------------------
 */

/* What was closed after our answer is solved and charged once, and nothing else is read into it. */
static void closed(int vendor, const char *faults) {
  play_feed(&R, vendor, 2, ",\"channel\":\"email\",\"behaviour\":\"silent\"");
  play_start(&R, vendor, "", faults);
  play_done(&R, 2);
  act(vendor, "1", "close", "");
  act(vendor, "2", "close", "");
  pass_days(8, 2);
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(events("solved") + events("closed") >= 2, 1);
  neither_gone_nor_open_again();
  assert_int_equal(charges(), 2);
  assert_int_equal(play_stat(&R, "writes_after_close"), 0);
}

/* Closed while our draft waits for a person: the draft waits for nobody any more, and nothing is
 * written. The other ticket takes its approved reply. */
static void closed_before(int vendor, const char *faults) {
  static const char *const refs[] = {"shop/1", "trade/%", "chat/1"};
  char text[80], args[120];
  play_feed(&R, vendor, 2, ",\"channel\":\"email\"");
  play_start(&R, vendor, "", faults);
  rig_conf_change(&R, "mode: auto", "mode: draft", "mode: auto", "mode: draft", "mode: auto",
                  "mode: draft", NULL);
  play_done(&R, 2);
  assert_true(play_stat(&R, "faults") > 0);
  rig_sql_text(&R, "SELECT ref FROM v_tickets WHERE subject = 'Question 1'", text, sizeof text);
  if (vendor != SALESFORCE) assert_string_equal(text, refs[vendor]);
  act(vendor, "1", "close", "");
  /* at once, before anybody has told us */
  snprintf(args, sizeof args, "review approve %s", text);
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  rig_sql_text(&R, "SELECT ref FROM v_tickets WHERE subject = 'Question 2'", text, sizeof text);
  snprintf(args, sizeof args, "review approve %s", text);
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  play_done(&R, 2);
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL), 0);
  assert_int_equal(play_ours(&R, vendor, "2", true, NULL), 1);
  assert_int_equal(play_stat(&R, "writes_after_close"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  neither_gone_nor_open_again();
}

/* --- snoozed -----------------------------------------------------------------------------------
 */

/* Put aside by a person: it is not solved, and opens by itself without having been reopened. */
static void intercom_what_is_snoozed_is_neither_solved_nor_reopened(void **state) {
  (void)state;
  play_feed(&R, INTERCOM, 2, ",\"channel\":\"email\",\"behaviour\":\"silent\"");
  play_start(&R, INTERCOM, "", "escape=0.3,repeat=0.3");
  play_done(&R, 2);
  act(INTERCOM, "1", "snooze", ",\"for\":\"30h\"");
  pass_days(1, 2);
  assert_int_equal(rig_sql(&R, "SELECT status FROM ticket WHERE subject = 'Question 1'"),
                   TRG_STATUS_PENDING);
  assert_int_equal(rig_sql(&R, "SELECT status FROM ticket WHERE subject = 'Question 2'"),
                   TRG_STATUS_OPEN);
  assert_int_equal(events("solved"), 0);
  assert_int_equal(charges(), 0);
  pass_days(1, 2);
  cJSON *t = play_truth(&R, INTERCOM, "1");
  assert_string_equal(cJSON_GetObjectItem(t, "status")->valuestring, "open");
  cJSON_Delete(t);
  assert_int_equal(rig_sql(&R, "SELECT status FROM ticket WHERE subject = 'Question 1'"),
                   TRG_STATUS_OPEN);
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(events("solved"), 0);
  neither_gone_nor_open_again();
  assert_int_equal(play_ours(&R, INTERCOM, "1", true, NULL), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'"), 2);
}

/* --- redacted ----------------------------------------------------------------------------------
 */

static int64_t kept(const char *word) {
  char sql[120];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM message WHERE text LIKE '%%%s%%'", word);
  return rig_sql(&R, sql);
}

/* Words that are taken out at the vendor go here, too; the message stays one that was redacted, and
 * the ticket is what it was. */
static void redacted(int vendor, const char *faults) {
  play_feed(&R, vendor, 2,
            ",\"channel\":\"email\",\"behaviour\":\"silent\",\"thread\":["
            "{\"author\":\"customer\",\"body\":\"My secret is word-one, do you see it?\","
            "\"created_at\":\"2026-11-15T10:00:00Z\"}]");
  play_start(&R, vendor, "", faults);
  play_done(&R, 2);
  assert_int_equal(kept("word-one"), 2);
  const int replies = play_ours(&R, vendor, "1", true, NULL);
  assert_int_equal(replies, 1);
  act(vendor, "1", "redact", ",\"text\":\"word-one\"");
  act(vendor, "2", "redact", ",\"text\":\"word-one\"");
  rig_later(&R, "1h");
  play_done(&R, 2);
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(kept("word-one"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE flags & 8 = 8"), 2);
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL), 1);
  neither_gone_nor_open_again();
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'"), 2);
}

/* Redacted before we read it. What has words left is answered; where the vendor leaves nothing of
 * the question there is nothing to answer, and its own words are not taken for the customer's. */
static void redacted_before(int vendor, int replies, const char *faults) {
  play_feed(&R, vendor, 2, ",\"channel\":\"email\"");
  play_start(&R, vendor, "", faults);
  act(vendor, "1", "redact", ",\"text\":\"1001\"");
  act(vendor, "2", "redact", ",\"text\":\"1002\"");
  rig_later(&R, "5m");
  play_done(&R, 2);
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(kept("100"), 0);
  assert_int_equal(kept("was deleted"), 0); /* the vendor's words */
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL), replies);
  assert_int_equal(play_ours(&R, vendor, "2", true, NULL), replies);
  assert_int_equal(rig_sql(&R, replies > 0 ? "SELECT count(*) FROM v_tickets WHERE outcome = 'sent'"
                                           : "SELECT count(*) FROM v_tickets WHERE outcome = "
                                             "'skipped' AND reason = 'nothing_to_answer'"),
                   2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
}

/* --- archived ----------------------------------------------------------------------------------
 */

/* Closed for more than 120 days: such tickets are in no list and their audits have no pages. They
 * are read, taken for closed and not for deleted, and nobody writes to them. */
static void zendesk_what_is_archived_is_closed_and_not_deleted(void **state) {
  (void)state;
  char lines[1200];
  size_t n = 0;
  for (int i = 1; i <= 4; i++)
    n += (size_t)snprintf(
        lines + n, sizeof lines - n,
        "{\"id\":\"%d\",\"helpdesk\":\"zendesk\",\"channel\":\"email\",\"subject\":\"Question %d\","
        "\"body\":\"Where is my parcel %d?\",\"status\":\"%s\",\"created_at\":"
        "\"2026-%02d-02T08:00:00Z\"}\n",
        i, i, i, i < 4 ? "closed" : "new", i < 4 ? 5 : 11);
  rig_file(&R, "tickets.jsonl", lines);
  play_start(&R, ZENDESK, "", "repeat=0.3,cut=0.1");
  rig_conf_change(&R, "since: \"2026-11-01", "since: \"2026-04-01", NULL);
  play_done(&R, 4);
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'done' AND"
                               " outcome = 'skipped' AND reason = 'closed'"),
                   3);
  neither_gone_nor_open_again();
  assert_int_equal(play_ours(&R, ZENDESK, "1", true, NULL), 0);
  assert_int_equal(play_ours(&R, ZENDESK, "4", true, NULL), 1);
  assert_int_equal(play_stat(&R, "writes_after_close"), 0);
}

/* Archived after our answer was charged, and then redacted, which brings it into the export again:
 * it is read in one piece, the words go, and the charge stays. */
static void zendesk_what_is_redacted_in_the_archive_keeps_its_charge(void **state) {
  (void)state;
  play_feed(&R, ZENDESK, 2, ",\"channel\":\"email\",\"behaviour\":\"silent\"");
  play_start(&R, ZENDESK, "", "repeat=0.3,cut=0.1");
  play_done(&R, 2);
  pass_days(5, 2);
  assert_int_equal(charges(), 2);
  act(ZENDESK, "1", "close", "");
  rig_later(&R, "1h");
  play_done(&R, 2);
  rig_later(&R, "2904h"); /* 121 days */
  act(ZENDESK, "1", "redact", ",\"text\":\"1001\"");
  rig_later(&R, "1h");
  play_done(&R, 2);
  assert_int_equal(kept("1001"), 0);
  assert_int_equal(charges(), 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges"), 2);
  neither_gone_nor_open_again();
}

#define CASE(name, call)                                                                           \
  static void name(void **state) {                                                                 \
    (void)state;                                                                                   \
    call;                                                                                          \
  }

CASE(zendesk_what_was_closed_is_charged_and_left_alone, closed(ZENDESK, "repeat=0.3,cut=0.1"))
CASE(salesforce_what_was_closed_is_charged_and_left_alone, closed(SALESFORCE, "late=0.3"))
CASE(intercom_what_was_closed_is_charged_and_left_alone, closed(INTERCOM, "escape=0.3,cut=0.1"))
CASE(zendesk_what_is_closed_takes_no_approved_draft, closed_before(ZENDESK, "repeat=0.3,cut=0.1"))
CASE(salesforce_what_is_closed_takes_no_approved_draft, closed_before(SALESFORCE, "late=0.3"))
CASE(intercom_what_is_closed_takes_no_approved_draft, closed_before(INTERCOM, "escape=0.3,cut=0.1"))
CASE(zendesk_what_is_redacted_there_goes_here, redacted(ZENDESK, "repeat=0.3,cut=0.1"))
CASE(intercom_what_is_redacted_there_goes_here, redacted(INTERCOM, "escape=0.3,cut=0.1"))
CASE(zendesk_a_question_with_words_taken_out_is_answered,
     redacted_before(ZENDESK, 1, "repeat=0.3,cut=0.1"))
CASE(intercom_a_question_that_was_redacted_whole_has_no_answer,
     redacted_before(INTERCOM, 0, "escape=0.3,cut=0.2"))

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(zendesk_what_was_closed_is_charged_and_left_alone),
      T(salesforce_what_was_closed_is_charged_and_left_alone),
      T(intercom_what_was_closed_is_charged_and_left_alone),
      T(zendesk_what_is_closed_takes_no_approved_draft),
      T(salesforce_what_is_closed_takes_no_approved_draft),
      T(intercom_what_is_closed_takes_no_approved_draft),
      T(intercom_what_is_snoozed_is_neither_solved_nor_reopened),
      T(zendesk_what_is_redacted_there_goes_here),
      T(intercom_what_is_redacted_there_goes_here),
      T(zendesk_a_question_with_words_taken_out_is_answered),
      T(intercom_a_question_that_was_redacted_whole_has_no_answer),
      T(zendesk_what_is_archived_is_closed_and_not_deleted),
      T(zendesk_what_is_redacted_in_the_archive_keeps_its_charge),
  };
  return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
