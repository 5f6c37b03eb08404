/* More of what the three vendors do and toy connectors get wrong, each shown by the simulator with
 * a fault on: who sees a text, tags, automatic mail, threads of several sources, statuses, words of
 * versions to come, ids and times, links to other hosts. HELPDESKS.md has the table. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

/* All is done, and the fault was there. */
static void done(int count) {
  play_done(&R, count);
  assert_true(play_stat(&R, "faults") > 0);
}

/* --- the behaviours ----------------------------------------------------------------------------
 */

/* 7: a reply is public and a note is not, and a placeholder stays the text that it is. */
static void visibility(int vendor, const char *faults) {
  play_feed(&R, vendor, 2, "");
  play_start(&R, vendor, "", faults);
  play_model(&R, "Your parcel {{ticket.requester.email}} is on its way.");
  done(2);
  char *body = NULL;
  assert_int_equal(play_ours(&R, vendor, "1", true, &body), 1);
  assert_non_null(strstr(body, "is on its way"));
  assert_null(strstr(body, "p1@example.com"));
  free(body);
  assert_int_equal(play_ours(&R, vendor, "2", true, NULL), 1);
  assert_int_equal(play_stat(&R, "placeholders_expanded"), 0);
}

/* The same where a person reads first: nothing of ours is public. */
static void privacy(int vendor, const char *faults) {
  play_feed(&R, vendor, 6, ""); /* as many as make sure that a fault strikes */
  play_start(&R, vendor, "", faults);
  rig_conf_change(&R, "mode: auto", "mode: draft", "mode: auto", "mode: draft", "mode: auto",
                  "mode: draft", NULL);
  done(6);
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL) + play_ours(&R, vendor, "2", true, NULL),
                   0);
  assert_true(play_ours(&R, vendor, "1", false, NULL) > 0 &&
              play_ours(&R, vendor, "2", false, NULL) > 0);
}

/* 8: the customer's tags stay, and so does one that a person adds while we write. (Salesforce has
 * no tags: test_system_edges.c does it with a picklist.) */
static void tags(int vendor, const char *faults) {
  int by_hand = 0;
  play_feed(&R, vendor, 6, ",\"tags\":[\"vip\",\"keep_me\"]");
  play_start(&R, vendor, "", faults);
  done(6);
  for (int i = 1; i <= 6; i++) {
    char id[12];
    snprintf(id, sizeof id, "%d", i);
    cJSON *t = play_truth(&R, vendor, id);
    assert_true(play_has_tag(t, "vip"));
    assert_true(play_has_tag(t, "keep_me"));
    by_hand += play_has_tag(t, "by-hand");
    cJSON_Delete(t);
  }
  if (strstr(faults, "meddle") != NULL) assert_int_equal(by_hand, 6);
}

/* 13: mail of machines has no answer, a person's has one, and our own is never answered. */
static void automatic(int vendor, const char *faults) {
  char lines[900];
  snprintf(
      lines, sizeof lines,
      "{\"id\":\"1\",\"helpdesk\":\"%s\",\"channel\":\"email\",\"automatic\":true,\"subject\":"
      "\"Automatic reply: away\",\"body\":\"I am on holiday until Monday.\"}\n"
      "{\"id\":\"2\",\"helpdesk\":\"%s\",\"channel\":\"email\",\"subject\":\"Parcel\",\"body\":"
      "\"Where is my parcel?\"}\n",
      mixed_vendor[vendor], mixed_vendor[vendor]);
  rig_file(&R, "tickets.jsonl", lines);
  play_start(&R, vendor, "", faults);
  done(2);
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL), 0);
  assert_int_equal(play_ours(&R, vendor, "2", true, NULL), 1);
}

/* 15: every message of the talk is held once, in order, whatever list it stands in. */
static void thread(int vendor, const char *faults) {
  char text[900];
  play_feed(
      &R, vendor, 2,
      ",\"channel\":\"email\",\"thread\":["
      "{\"author\":\"customer\",\"body\":\"word-one\",\"created_at\":\"2026-11-15T10:00:00Z\"},"
      "{\"author\":\"agent\",\"public\":false,\"body\":\"word-two\",\"created_at\":"
      "\"2026-11-15T11:00:00Z\"},"
      "{\"author\":\"agent\",\"body\":\"word-three\",\"created_at\":\"2026-11-15T12:00:00Z\"},"
      "{\"author\":\"customer\",\"body\":\"word-four\",\"created_at\":\"2026-11-15T13:00:00Z\"},"
      "{\"author\":\"customer\",\"body\":\"word-five, where is it?\",\"created_at\":"
      "\"2026-11-15T14:00:00Z\"}]");
  play_start(&R, vendor, "--max-page 2", faults);
  done(2);
  for (int i = 1; i <= 2; i++) {
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT group_concat(text, '|') FROM (SELECT m.text FROM message m JOIN ticket t ON"
             " t.id = m.ticket_id WHERE t.subject = 'Question %d' AND m.at_ms < 1795219200000"
             " ORDER BY m.at_ms, m.id)",
             i);
    rig_sql_text(&R, sql, text, sizeof text);
    static const char *const words[] = {"Where is my parcel", "word-one",  "word-two",
                                        "word-three",         "word-four", "word-five"};
    const char *at = text;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
      at = strstr(at, words[k]);
      if (at == NULL) fail_msg("%s is missing or out of order in: %s", words[k], text);
      if (strstr(at + 1, words[k]) != NULL) fail_msg("%s stands twice in: %s", words[k], text);
    }
  }
}

/* 16: what is solved has no answer, what is new beside it has, among words that nobody knows. */
static void statuses(int vendor, const char *faults) {
  play_feed(&R, vendor, 3, ",\"status\":\"solved\"");
  play_start(&R, vendor, "", faults);
  char line[300];
  snprintf(
      line, sizeof line,
      "{\"id\":\"9\",\"helpdesk\":\"%s\",\"subject\":\"Question 9\",\"body\":\"Where is my parcel "
      "number 9? The tracking has not moved for days.\"}",
      mixed_vendor[vendor]);
  rig_add(&R, line);
  rig_later(&R, "5m");
  done(4);
  for (int i = 1; i <= 3; i++) {
    char id[12];
    snprintf(id, sizeof id, "%d", i);
    assert_int_equal(play_ours(&R, vendor, id, true, NULL), 0);
  }
  assert_int_equal(play_ours(&R, vendor, "9", true, NULL), 1);
}

/* 17: fields and choices of a version to come change nothing. */
static void novelty(int vendor, const char *faults) {
  play_feed(&R, vendor, 4, ",\"channel\":\"email\",\"priority\":\"high\"");
  play_start(&R, vendor, "--max-page 2", faults);
  done(4);
  int replies = 0;
  assert_int_equal(rig_check_no_double(&R, NULL, &replies), 4);
  assert_int_equal(replies, 4);
}

/* 18: an id beyond what a double holds names its ticket and no neighbour, and a time is the one
 * that the vendor wrote. */
static void ids(int vendor, const char *faults) {
  static const char *const id[] = {"9007199254740993", "9007199254740992"};
  char lines[900];
  size_t n = 0;
  for (int i = 0; i < 2; i++)
    n += (size_t)snprintf(lines + n, sizeof lines - n,
                          "{\"id\":\"%s\",\"helpdesk\":\"%s\",\"subject\":\"S%d\",\"body\":\"Where "
                          "is parcel %d?\",\"created_at\":\"2026-11-1%dT08:30:07Z\"}\n",
                          id[i], mixed_vendor[vendor], i, i, i);
  rig_file(&R, "tickets.jsonl", lines);
  play_start(&R, vendor, "", faults);
  done(2);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(play_ours(&R, vendor, id[i], true, NULL), 1);
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT created_ms FROM ticket WHERE subject = 'S%d'", i);
    /* 2026-11-10T08:30:07Z and a day later */
    assert_int_equal(rig_sql(&R, sql), INT64_C(1794299407000) + i * INT64_C(86400000));
  }
}

/* 19: a link to the next page that names another host takes no credentials there. */
static void astray(int vendor, const char *faults) {
  char args[120], url[80];
  const int port = rig_tap(&R, "elsewhere");
  snprintf(args, sizeof args, "--max-page 2 --elsewhere http://127.0.0.1:%d", port);
  play_feed(&R, vendor, 6, "");
  play_start(&R, vendor, args, faults);
  done(6);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 6);
  /* The ear was open all the time, and what it heard is this one question. */
  snprintf(url, sizeof url, "http://127.0.0.1:%d/sim/time", port);
  assert_int_equal(rig_http("GET", url, NULL, NULL, NULL), 200);
  char *heard = rig_read(&R, "elsewhere");
  assert_non_null(heard);
  assert_int_equal(strncmp(heard, "GET /sim/time ", 14), 0);
  const char *first = strstr(heard, " HTTP/1.1\r\n");
  assert_non_null(first);
  assert_null(strstr(first + 1, " HTTP/1.1\r\n"));
  assert_null(strcasestr(heard, "authorization"));
  free(heard);
}

#define CASE(name, vendor, does, faults)                                                           \
  static void name(void **state) {                                                                 \
    (void)state;                                                                                   \
    does(vendor, faults);                                                                          \
  }

CASE(zendesk_placeholders_stay_text_in_a_reply_that_is_written_again, ZENDESK, visibility,
     "update.resetafter=0.5,conflict=0.3")
CASE(salesforce_placeholders_stay_text_in_a_reply_that_is_written_again, SALESFORCE, visibility,
     "mail.resetafter=0.6,lock=0.5")
CASE(intercom_placeholders_stay_text_in_a_reply_that_is_written_again, INTERCOM, visibility,
     "reply.resetafter=0.6")

CASE(zendesk_drafts_are_never_public, ZENDESK, privacy, "update.resetafter=0.5,conflict=0.3")
CASE(salesforce_drafts_are_never_public, SALESFORCE, privacy, "composite.resetafter=0.4,part=0.3")
CASE(intercom_drafts_are_never_public, INTERCOM, privacy,
     "parts.resetafter=0.5,reply.resetafter=0.6,503=0.1")

CASE(zendesk_tags_of_others_stay, ZENDESK, tags, "meddle=1")
CASE(intercom_tags_of_others_stay, INTERCOM, tags, "meddle=1")

CASE(zendesk_mail_of_machines_and_of_ours_has_no_answer, ZENDESK, automatic, "repeat=0.7")
CASE(salesforce_mail_of_machines_and_of_ours_has_no_answer, SALESFORCE, automatic, "late=0.5")
CASE(intercom_mail_of_machines_and_of_ours_has_no_answer, INTERCOM, automatic, "repeat=0.7")

CASE(zendesk_every_source_is_in_the_thread_once, ZENDESK, thread, "cut=0.05,repeat=0.3")
CASE(salesforce_every_source_is_in_the_thread_once, SALESFORCE, thread, "late=0.4,locator=0.4")
CASE(intercom_every_source_is_in_the_thread_once, INTERCOM, thread, "cut=0.05,repeat=0.3")

CASE(zendesk_what_is_solved_has_no_answer_among_unknown_words, ZENDESK, statuses, "novel=1")
CASE(salesforce_what_is_solved_has_no_answer_among_unknown_words, SALESFORCE, statuses, "novel=1")
CASE(intercom_what_is_solved_has_no_answer_among_unknown_words, INTERCOM, statuses, "novel=1")

CASE(zendesk_words_of_a_version_to_come_change_nothing, ZENDESK, novelty, "novel=1")
CASE(salesforce_words_of_a_version_to_come_change_nothing, SALESFORCE, novelty, "novel=1")
CASE(intercom_words_of_a_version_to_come_change_nothing, INTERCOM, novelty, "novel=1")

CASE(zendesk_ids_beyond_a_double_and_times_are_exact, ZENDESK, ids,
     "update.resetafter=0.5,repeat=0.5")
CASE(salesforce_ids_beyond_a_double_and_times_are_exact, SALESFORCE, ids,
     "mail.resetafter=0.5,late=0.4")
CASE(intercom_ids_beyond_a_double_and_times_are_exact, INTERCOM, ids,
     "reply.resetafter=0.5,repeat=0.5")

CASE(zendesk_no_credentials_follow_a_link_to_another_host, ZENDESK, astray, "astray=1")
CASE(salesforce_no_credentials_follow_a_link_to_another_host, SALESFORCE, astray,
     "query.astray=1,page.astray=1")
CASE(intercom_no_credentials_follow_a_link_to_another_host, INTERCOM, astray, "astray=0.5")

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(zendesk_placeholders_stay_text_in_a_reply_that_is_written_again),
      T(salesforce_placeholders_stay_text_in_a_reply_that_is_written_again),
      T(intercom_placeholders_stay_text_in_a_reply_that_is_written_again),
      T(zendesk_drafts_are_never_public),
      T(salesforce_drafts_are_never_public),
      T(intercom_drafts_are_never_public),
      T(zendesk_tags_of_others_stay),
      T(intercom_tags_of_others_stay),
      T(zendesk_mail_of_machines_and_of_ours_has_no_answer),
      T(salesforce_mail_of_machines_and_of_ours_has_no_answer),
      T(intercom_mail_of_machines_and_of_ours_has_no_answer),
      T(zendesk_every_source_is_in_the_thread_once),
      T(salesforce_every_source_is_in_the_thread_once),
      T(intercom_every_source_is_in_the_thread_once),
      T(zendesk_what_is_solved_has_no_answer_among_unknown_words),
      T(salesforce_what_is_solved_has_no_answer_among_unknown_words),
      T(intercom_what_is_solved_has_no_answer_among_unknown_words),
      T(zendesk_words_of_a_version_to_come_change_nothing),
      T(salesforce_words_of_a_version_to_come_change_nothing),
      T(intercom_words_of_a_version_to_come_change_nothing),
      T(zendesk_ids_beyond_a_double_and_times_are_exact),
      T(salesforce_ids_beyond_a_double_and_times_are_exact),
      T(intercom_ids_beyond_a_double_and_times_are_exact),
      T(zendesk_no_credentials_follow_a_link_to_another_host),
      T(salesforce_no_credentials_follow_a_link_to_another_host),
      T(intercom_no_credentials_follow_a_link_to_another_host),
  };
  return cmocka_run_group_tests_name("behaviours", tests, NULL, NULL);
}
