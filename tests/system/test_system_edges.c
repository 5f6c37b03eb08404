/* The edges of the three vendors: bodies over a limit, threads that are cut or scattered over
 * lists, statuses with names of their own, addresses that a sign-in makes up, and people who write
 * while we do. Each in the running daemon, against the simulator with the behaviour on. */
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

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), k = strlen(end);
  return n >= k && strcmp(text + n - k, end) == 0;
}

/* The reason why a ticket has its outcome. */
static void reason_is(const char *ref, const char *reason) {
  char sql[160], text[80];
  snprintf(sql, sizeof sql, "SELECT outcome || ' ' || reason FROM v_tickets WHERE ref LIKE '%s'",
           ref);
  rig_sql_text(&R, sql, text, sizeof text);
  assert_string_equal(text, reason);
}

/* --- 7: bodies over a vendor's limit ------------------------------------------------------------
 */

/* A draft of 90,000 bytes in characters of two: as a note, and as the reply that a person approves,
 * it is shorter than what the vendor cuts or refuses, whole characters, and says where it was cut.
 */
static void long_bodies(int vendor, const char *faults, size_t most_note, size_t most_reply) {
  static char draft[90100];
  static const char *const refs[] = {"shop/1", "trade/%", "chat/1"};
  size_t n = (size_t)snprintf(draft, sizeof draft, "Your parcel is on its way.");
  while (n + 4 < 90000) n += (size_t)snprintf(draft + n, sizeof draft - n, " \xc3\xa9\xc3\xa9");
  char ref[80], args[120], *note = NULL, *reply = NULL, sql[120];
  play_feed(&R, vendor, 1, ",\"channel\":\"email\"");
  play_start(&R, vendor, "", faults);
  play_model(&R, draft);
  play_done(&R, 1);
  reason_is(refs[vendor], "draft too_long");
  assert_int_equal(play_ours(&R, vendor, "1", true, NULL), 0);
  assert_int_equal(play_ours(&R, vendor, "1", false, &note), 1);
  if (strlen(note) > most_note) fail_msg("a note of %zu bytes", strlen(note));
  assert_true(strlen(note) > most_note / 2);
  if (strstr(note, "[cut here") == NULL) fail_msg("not said: %s", note + strlen(note) - 200);
  snprintf(sql, sizeof sql, "SELECT ref FROM v_tickets");
  rig_sql_text(&R, sql, ref, sizeof ref);
  snprintf(args, sizeof args, "review approve %s", ref);
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  play_done(&R, 1);
  assert_int_equal(play_ours(&R, vendor, "1", true, &reply), 1);
  if (strlen(reply) > most_reply) fail_msg("a reply of %zu bytes", strlen(reply));
  if (most_reply < 90000) assert_non_null(strstr(reply, "[cut here"));
  /* cut between characters: what is left is text, to its last byte */
  assert_null(strstr(note, "\xc3["));
  assert_null(strstr(reply, "\xc3["));
  assert_null(strstr(reply, "\xef\xbf\xbd"));
  assert_int_equal(play_stat(&R, "too_long"), 0);
  free(note);
  free(reply);
}

/* --- 15: threads --------------------------------------------------------------------------------
 */

static void messages_of(const char *subject, char *out, size_t room) {
  char sql[300];
  snprintf(sql, sizeof sql,
           "SELECT group_concat(text, '|') FROM (SELECT m.text FROM message m JOIN ticket t ON t.id"
           " = m.ticket_id WHERE t.subject = '%s' AND m.at_ms < 1795219200000 ORDER BY m.at_ms,"
           " m.id)",
           subject);
  rig_sql_text(&R, sql, out, room);
}

/* Each word once, in this order. */
static void words_stand_once(const char *text, const char *const *words) {
  const char *from = text;
  for (; *words != NULL; words++) {
    from = strstr(from, *words);
    if (from == NULL) fail_msg("%s is missing or out of order in: %s", *words, text);
    if (strstr(from + 1, *words) != NULL) fail_msg("%s stands twice in: %s", *words, text);
  }
}

static void salesforce_mails_comments_and_posts_are_one_thread(void **state) {
  (void)state;
  char text[2000];
  static const char *const words[] = {
      "Where is my parcel", "word-mail", "word-comment", "word-post", "word-private",
      "word-last",          NULL};
  play_feed(&R, SALESFORCE, 2,
            ",\"channel\":\"email\",\"thread\":["
            "{\"author\":\"agent\",\"as\":\"mail\",\"body\":\"word-mail\",\"created_at\":"
            "\"2026-11-15T10:00:00Z\"},"
            "{\"author\":\"agent\",\"as\":\"comment\",\"body\":\"word-comment\",\"created_at\":"
            "\"2026-11-15T11:00:00Z\"},"
            "{\"author\":\"agent\",\"as\":\"post\",\"body\":\"word-post\",\"created_at\":"
            "\"2026-11-15T12:00:00Z\"},"
            "{\"author\":\"agent\",\"as\":\"comment\",\"public\":false,\"body\":\"word-private\","
            "\"created_at\":\"2026-11-15T13:00:00Z\"},"
            "{\"author\":\"customer\",\"body\":\"word-last, where is it?\",\"created_at\":"
            "\"2026-11-15T14:00:00Z\"}]");
  play_start(&R, SALESFORCE, "--max-page 2", "late=0.3,locator=0.3");
  play_done(&R, 2);
  assert_true(play_stat(&R, "faults") > 0);
  for (int i = 1; i <= 2; i++) {
    char subject[40];
    snprintf(subject, sizeof subject, "Question %d", i);
    messages_of(subject, text, sizeof text);
    words_stand_once(text, words);
  }
  /* who sees it is kept with it */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE '%word-private%' AND"
                               " flags & 1 = 0"),
                   2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE '%word-post%' AND"
                               " flags & 1 = 1"),
                   2);
}

/* A post in the feed alone does not touch its case: its own mark finds it. */
static void salesforce_a_post_that_does_not_touch_its_case_is_seen(void **state) {
  (void)state;
  play_feed(&R, SALESFORCE, 1,
            ",\"channel\":\"email\",\"thread\":[{\"author\":\"agent\",\"as\":\"post\",\"public\":"
            "false,\"body\":\"word-later\",\"created_at\":\"2026-12-01T10:00:00Z\"}]");
  play_start(&R, SALESFORCE, "", "late=0.3");
  play_done(&R, 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE '%word-later%'"), 0);
  rig_later(&R, "300h");
  play_done(&R, 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE '%word-later%'"), 1);
}

/* 620 messages, of which the vendor shows the newest 500 and the opening: what is there is in the
 * thread, and nobody answers a conversation that he does not know. */
static void intercom_a_conversation_of_more_than_500_parts_is_for_a_person(void **state) {
  (void)state;
  char *line = malloc(200000), text[400];
  size_t n = (size_t)snprintf(
      line, 200000,
      "{\"id\":\"1\",\"helpdesk\":\"intercom\",\"subject\":\"Question 1\",\"body\":\"Where is my "
      "parcel, the opening?\",\"created_at\":\"2026-11-02T00:00:00Z\",\"thread\":[");
  for (int i = 1; i <= 620; i++)
    n += (size_t)snprintf(line + n, 200000 - n,
                          "%s{\"author\":\"%s\",\"body\":\"word-%03d, where is my parcel?\","
                          "\"created_at\":\"2026-11-%02dT%02d:%02d:00Z\"}",
                          i > 1 ? "," : "", i % 2 ? "agent" : "customer", i, 3 + i / 72, i / 3 % 24,
                          i % 3 * 20);
  snprintf(line + n, 200000 - n,
           "]}\n{\"id\":\"2\",\"helpdesk\":\"intercom\",\"subject\":\"Question 2\",\"body\":"
           "\"Where is my parcel number 2?\",\"created_at\":\"2026-11-03T00:00:00Z\"}\n");
  rig_file(&R, "tickets.jsonl", line);
  free(line);
  play_start(&R, INTERCOM, "", "escape=0.5,repeat=0.3");
  play_done(&R, 2);
  /* events stand among the 500, so that fewer are messages: the newest, without a gap */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE '%the opening%'"), 1);
  rig_sql_text(&R, "SELECT min(text) FROM message WHERE text LIKE 'word-%'", text, sizeof text);
  const int oldest = atoi(text + 5);
  if (oldest < 121 || oldest > 300) fail_msg("the oldest is %s", text);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM message WHERE text LIKE 'word-%'"),
                   620 - oldest + 1);
  reason_is("chat/1", "draft thread_cut");
  assert_int_equal(play_ours(&R, INTERCOM, "1", true, NULL), 0);
  assert_int_equal(play_ours(&R, INTERCOM, "1", false, NULL), 1);
  reason_is("chat/2", "sent ok");
}

/* What is said in messaging stands in the audits and not among the comments; the answer goes
 * another way, so there is a note. */
static void zendesk_the_messaging_log_is_read_and_takes_notes_only(void **state) {
  (void)state;
  char text[2000];
  static const char *const words[] = {"Where is my parcel", "word-two", "word-three", NULL};
  play_feed(&R, ZENDESK, 2,
            ",\"channel\":\"messaging\",\"thread\":["
            "{\"author\":\"agent\",\"body\":\"word-two\",\"created_at\":\"2026-11-15T10:00:00Z\"},"
            "{\"author\":\"customer\",\"body\":\"word-three, where is it?\",\"created_at\":"
            "\"2026-11-15T11:00:00Z\"}]");
  play_start(&R, ZENDESK, "", "repeat=0.3,cut=0.05");
  play_done(&R, 2);
  for (int i = 1; i <= 2; i++) {
    char subject[40], id[16], ref[24];
    snprintf(subject, sizeof subject, "Question %d", i);
    snprintf(id, sizeof id, "%d", i);
    snprintf(ref, sizeof ref, "shop/%d", i);
    messages_of(subject, text, sizeof text);
    words_stand_once(text, words);
    assert_int_equal(play_ours(&R, ZENDESK, id, true, NULL), 0);
    assert_true(play_ours(&R, ZENDESK, id, false, NULL) >= 1);
    reason_is(ref, "draft note_only");
  }
}

/* --- 16: statuses by what they mean -------------------------------------------------------------
 */

/* In an account where "Closed" is not closed and "Resolved" not resolved: what is solved has no
 * answer, what is open has one, and a closing by a person counts as one under any name. */
static void own_words(int vendor, const char *faults) {
  const char *type = vendor == INTERCOM ? ",\"type\":\"request\"" : "";
  char more[80], line[400];
  snprintf(more, sizeof more, ",\"status\":\"solved\"%s", type);
  play_feed(&R, vendor, 2, more);
  play_start(&R, vendor, "--words own", faults);
  for (int i = 0; i < 3; i++) {
    static const char *const status[] = {"new", "open", "open"};
    snprintf(line, sizeof line,
             "{\"id\":\"%d\",\"helpdesk\":\"%s\",\"subject\":\"Question %d\",\"body\":\"Where is "
             "my parcel number %d? The tracking has not moved for days.\",\"channel\":\"email\","
             "\"status\":\"%s\",\"behaviour\":\"csat_good\"%s}",
             11 + i, mixed_vendor[vendor], 11 + i, i, status[i], type);
    rig_add(&R, line);
  }
  rig_later(&R, "5m");
  cJSON_Delete(rig_post(&R, "/sim/behaviour", "on"));
  play_done(&R, 5);
  for (int i = 0; i < 5; i++) {
    char id[16];
    snprintf(id, sizeof id, "%d", i < 2 ? 1 + i : 9 + i);
    if (play_ours(&R, vendor, id, true, NULL) != (i >= 2))
      fail_msg("%s: %d replies on %s", mixed_vendor[vendor], play_ours(&R, vendor, id, true, NULL),
               id);
  }
  /* the agent solves it after 10 to 20 hours, and days later it is settled */
  for (int i = 0; i < 5; i++) {
    rig_later(&R, i < 2 ? "24h" : "240h");
    play_done(&R, 5);
  }
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event e WHERE e.kind = 'solved'"), 5);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event WHERE kind = 'reopened'"), 0);
}

/* --- 19: where the API is -----------------------------------------------------------------------
 */

/* The answer to the sign-in names an address that is nobody's we know: the token does not go there,
 * the operator is told, and nothing is lost. */
static void salesforce_an_address_that_a_sign_in_makes_up_gets_no_token(void **state) {
  (void)state;
  char args[120], url[80];
  const int port = rig_tap(&R, "elsewhere");
  snprintf(args, sizeof args, "--elsewhere http://127.0.0.1:%d", port);
  play_feed(&R, SALESFORCE, 3, "");
  play_start(&R, SALESFORCE, args, "oauth.astray=1");
  rig_start(&R, "");
  rig_until(&R,
            "SELECT count(*) FROM cursor WHERE helpdesk = 'trade' AND error LIKE '%instance: "
            "http://127.0.0.1:%'",
            1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/sim/time", port);
  assert_int_equal(rig_http("GET", url, NULL, NULL, NULL), 200);
  char *heard = rig_read(&R, "elsewhere");
  assert_int_equal(strncmp(heard, "GET /sim/time ", 14), 0);
  assert_null(strcasestr(heard, "authorization"));
  assert_null(strcasestr(heard, "bearer"));
  free(heard);
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  play_done(&R, 3);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 3);
}

/* The org moves again and again, and a token is worth nothing at the address before. */
static void salesforce_an_org_that_moves_is_followed(void **state) {
  (void)state;
  play_feed(&R, SALESFORCE, 6, "");
  play_start(&R, SALESFORCE, "--max-page 2", "session=0.1");
  play_done(&R, 6);
  assert_true(play_stat(&R, "faults") > 1);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 6);
}

/* --- 5 and 8: people who write while we do ------------------------------------------------------
 */

/* A colleague answers in the moment before our write arrives: theirs stands, ours is not sent. */
static void rival(int vendor, const char *faults) {
  int sent = 0;
  play_feed(&R, vendor, 4, ",\"channel\":\"email\",\"custom_fields\":{\"Tags__c\":\"vip\"}");
  play_start(&R, vendor, "", faults);
  if (vendor == SALESFORCE)
    rig_conf_change(&R, "poll: 1s, since: \"2026-11-01T00:00:00Z\", instance",
                    "poll: 1s, write: {tag_field: \"field:Tags__c\"}, since: "
                    "\"2026-11-01T00:00:00Z\", instance",
                    NULL);
  play_done(&R, 4);
  assert_int_equal(play_stat(&R, "faults") >= 4, 1);
  for (int i = 1; i <= 4; i++) {
    char id[16];
    snprintf(id, sizeof id, "%d", i);
    sent += play_ours(&R, vendor, id, true, NULL);
  }
  assert_int_equal(sent, 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome = 'skipped' AND"
                               " reason IN ('human_answered','already_answered')"),
                   4);
}

/* A colleague changes the case's picklist of tags right before our write: both stay. */
static void salesforce_what_a_colleague_changes_right_before_stays(void **state) {
  (void)state;
  play_feed(&R, SALESFORCE, 6, ",\"custom_fields\":{\"Tags__c\":\"vip;keep_me\"}");
  play_start(&R, SALESFORCE, "", "meddle=1");
  rig_conf_change(&R, "poll: 1s, since: \"2026-11-01T00:00:00Z\", instance",
                  "poll: 1s, write: {tag_field: \"field:Tags__c\"}, since: "
                  "\"2026-11-01T00:00:00Z\", instance",
                  NULL);
  play_done(&R, 6);
  assert_true(play_stat(&R, "conflicts") >= 6);
  for (int i = 1; i <= 6; i++) {
    char id[16];
    snprintf(id, sizeof id, "%d", i);
    cJSON *t = play_truth(&R, SALESFORCE, id);
    const char *tags = cJSON_GetStringValue(
        cJSON_GetObjectItem(cJSON_GetObjectItem(t, "fields"), "Tags__c"));
    assert_non_null(tags);
    if (strncmp(tags, "vip;keep_me;by-hand;", 20) != 0 || ends_with(tags, "by-hand;"))
      fail_msg("case %d has the tags %s", i, tags);
    cJSON_Delete(t);
    assert_int_equal(play_ours(&R, SALESFORCE, id, true, NULL), 1);
  }
}

/* --- 1: kills, 11: the share of an allowance, 14: what is gone ----------------------------------
 */

/* Killed again and again while it reads page by page and writes: nothing is lost or done twice. */
static void kills(int vendor, const char *faults) {
  enum { COUNT = 24 };
  play_feed(&R, vendor, COUNT, ",\"channel\":\"email\"");
  play_start(&R, vendor, "--max-page 2", faults);
  for (int i = 0; i < 15; i++) {
    rig_start(&R, "");
    rig_sleep_ms(40 + 17 * i % 90);
    assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
  }
  play_done(&R, COUNT);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), COUNT);
}

static int queries(void) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *n = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "routes"),
                                       "GET /services/data/{}/query");
  const int count = n != NULL ? n->valueint : 0;
  cJSON_Delete(stats);
  return count;
}

/* The allowance is the whole org's: of 400 requests a day we take half, wait, and go on the next
 * day. */
static void salesforce_no_more_than_the_share_of_the_day_is_used(void **state) {
  (void)state;
  play_feed(&R, SALESFORCE, 20, "");
  play_start(&R, SALESFORCE, "--calls-a-day 400", "");
  rig_conf_change(&R, "poll: 1s, since: \"2026-11-01T00:00:00Z\", instance",
                  "poll: 1s, limit_share: 0.5, since: \"2026-11-01T00:00:00Z\", instance",
                  "listen: \"off\"", "drain: 1s\nlisten: \"off\"", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 5 FROM v_tickets", 1);
  for (int i = 0; i < 100 && queries() < 150; i++) rig_sleep_ms(100);
  rig_sleep_ms(2000); /* nothing of note happens in it any more: it would be hundreds of requests */
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_true(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'") < 20);
  char url[120], *text = NULL;
  snprintf(url, sizeof url, "http://127.0.0.1:%d/services/data/v62.0/limits", R.port);
  assert_int_equal(rig_http("GET", url, "Authorization: Bearer x", NULL, &text), 200);
  const char *left = strstr(text, "\"Remaining\":");
  assert_non_null(left);
  const int used = 400 - atoi(left + 12);
  free(text);
  /* some were under way when the share was reached */
  if (used < 150 || used > 240) fail_msg("%d requests of 400 were used", used);
  const int64_t done = rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'");
  int64_t now = done;
  for (int day = 0; day < 5 && now == done; day++) {
    rig_later(&R, "25h");
    rig_start(&R, "");
    for (int i = 0; i < 50 && now == done; i++) {
      rig_sleep_ms(100);
      now = rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'");
    }
    assert_int_equal(rig_stop(&R, SIGTERM), 0);
  }
  assert_true(now > done);
}

/* Deleted or merged after our answer: the ticket is done and nothing is charged for it. Intercom's
 * searches do not show what was deleted: it is found out by a look before the charge. */
static void gone(int vendor, const char *fate, const char *event, const char *faults) {
  char more[120], sql[200];
  snprintf(more, sizeof more, ",\"channel\":\"email\",\"behaviour\":\"%s\"", fate);
  play_feed(&R, vendor, 2, more);
  play_start(&R, vendor, "", faults);
  cJSON_Delete(rig_post(&R, "/sim/behaviour", "on"));
  play_done(&R, 2);
  for (int i = 0; i < 5; i++) {
    rig_later(&R, i < 4 ? "12h" : "240h");
    play_done(&R, 2);
  }
  assert_true(play_stat(&R, "faults") > 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'done'"), 2);
  assert_int_equal(rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges"), 0);
  snprintf(sql, sizeof sql, "SELECT count(DISTINCT ticket_id) FROM event WHERE kind = '%s'", event);
  assert_int_equal(rig_sql(&R, sql), 2);
}

/* Deleted long after it was charged: that takes nothing back, though nothing can be read of it any
 * more. */
static void gone_late(int vendor, const char *faults) {
  play_feed(&R, vendor, 2, ",\"channel\":\"email\",\"behaviour\":\"silent\"");
  play_start(&R, vendor, "", faults);
  play_done(&R, 2);
  rig_later(&R, "100h");
  play_done(&R, 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges"), 2);
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  cJSON_Delete(rig_post(&R, "/sim/delete", mixed_vendor[vendor]));
  rig_later(&R, "1h");
  play_done(&R, 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'done'"), 2);
  rig_later(&R, "100h");
  play_done(&R, 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_charges"), 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event WHERE at_ms < 1700000000000"), 0);
}

#define CASE(name, call)                                                                           \
  static void name(void **state) {                                                                 \
    (void)state;                                                                                   \
    call;                                                                                          \
  }

CASE(zendesk_bodies_over_its_limit_are_cut_by_us_and_say_so,
     long_bodies(ZENDESK, "update.resetafter=0.4", 64000, 64000))
CASE(salesforce_bodies_over_its_limit_are_cut_by_us_and_say_so,
     long_bodies(SALESFORCE, "composite.resetafter=0.4,lock=0.3", 4000, 120000))
CASE(intercom_bodies_over_a_limit_are_cut_by_us_and_say_so,
     long_bodies(INTERCOM, "reply.resetafter=0.4", 60000, 60000))

CASE(zendesk_statuses_with_own_names_are_read_by_category,
     own_words(ZENDESK, "update.resetafter=0.3"))
CASE(salesforce_statuses_with_own_names_are_read_by_what_is_closed,
     own_words(SALESFORCE, "late=0.3"))
CASE(intercom_states_with_own_names_are_read_by_category,
     own_words(INTERCOM, "reply.resetafter=0.3"))

CASE(zendesk_a_colleague_who_answers_right_before_wins, rival(ZENDESK, "rival=1"))
CASE(salesforce_a_colleague_who_answers_right_before_wins,
     rival(SALESFORCE, "composite.rival=1,update.rival=1"))
CASE(intercom_a_colleague_who_answers_between_the_steps_wins,
     rival(INTERCOM, "update.rival=1,tags.rival=1,parts.rival=1"))

CASE(salesforce_kills_while_it_reads_lose_nothing, kills(SALESFORCE, "late=0.2,reset=0.02"))
CASE(intercom_kills_while_it_reads_lose_nothing, kills(INTERCOM, "escape=0.2,reset=0.02"))

CASE(zendesk_what_was_deleted_is_done_and_free, gone(ZENDESK, "deleted", "deleted", "repeat=0.3"))
CASE(salesforce_what_was_deleted_is_done_and_free,
     gone(SALESFORCE, "deleted", "deleted", "late=0.3"))
CASE(intercom_what_was_deleted_is_done_and_free,
     gone(INTERCOM, "deleted", "deleted", "search404=0.3"))
CASE(zendesk_what_was_merged_is_done_and_free, gone(ZENDESK, "merged", "merge", "repeat=0.3"))
CASE(salesforce_what_was_merged_is_done_and_free, gone(SALESFORCE, "merged", "merge", "late=0.3"))
CASE(intercom_what_was_merged_is_done_and_free, gone(INTERCOM, "merged", "merge", "escape=0.3"))

CASE(zendesk_what_is_deleted_after_its_charge_stays_charged, gone_late(ZENDESK, "repeat=0.3"))
CASE(salesforce_what_is_deleted_after_its_charge_stays_charged, gone_late(SALESFORCE, "late=0.3"))

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(zendesk_bodies_over_its_limit_are_cut_by_us_and_say_so),
      T(salesforce_bodies_over_its_limit_are_cut_by_us_and_say_so),
      T(intercom_bodies_over_a_limit_are_cut_by_us_and_say_so),
      T(salesforce_mails_comments_and_posts_are_one_thread),
      T(salesforce_a_post_that_does_not_touch_its_case_is_seen),
      T(intercom_a_conversation_of_more_than_500_parts_is_for_a_person),
      T(zendesk_the_messaging_log_is_read_and_takes_notes_only),
      T(zendesk_statuses_with_own_names_are_read_by_category),
      T(salesforce_statuses_with_own_names_are_read_by_what_is_closed),
      T(intercom_states_with_own_names_are_read_by_category),
      T(salesforce_an_address_that_a_sign_in_makes_up_gets_no_token),
      T(salesforce_an_org_that_moves_is_followed),
      T(zendesk_a_colleague_who_answers_right_before_wins),
      T(salesforce_a_colleague_who_answers_right_before_wins),
      T(intercom_a_colleague_who_answers_between_the_steps_wins),
      T(salesforce_what_a_colleague_changes_right_before_stays),
      T(salesforce_kills_while_it_reads_lose_nothing),
      T(intercom_kills_while_it_reads_lose_nothing),
      T(salesforce_no_more_than_the_share_of_the_day_is_used),
      T(zendesk_what_was_deleted_is_done_and_free),
      T(salesforce_what_was_deleted_is_done_and_free),
      T(intercom_what_was_deleted_is_done_and_free),
      T(zendesk_what_is_deleted_after_its_charge_stays_charged),
      T(salesforce_what_is_deleted_after_its_charge_stays_charged),
      T(zendesk_what_was_merged_is_done_and_free),
      T(salesforce_what_was_merged_is_done_and_free),
      T(intercom_what_was_merged_is_done_and_free),
  };
  return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
