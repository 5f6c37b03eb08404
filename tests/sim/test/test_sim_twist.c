/* What happens to a reply after it was made, what somebody else does right before a write, and what
 * an account may call its statuses: for all three helpdesks. */
#include "client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SF       "/services/data/v62.0"
#define SF_QUERY SF "/queryAll?q=SELECT%20Id%2CStatus%2COrigin%2CTags__c%2CIsClosed%20FROM%20Case"
#define IC_ALL                                                                                     \
  "{\"query\":{\"field\":\"updated_at\",\"operator\":\">\",\"value\":1},\"pagination\":{"          \
  "\"per_page\":1}}"

static const char headers[] = "Authorization: Bearer tok\nContent-Type: application/json\n"
                              "Sforce-Auto-Assign: FALSE\nIntercom-Version: 2.14";

static const struct desk {
  const char *name;
  const char *list, *list_body; /* a page of tickets, with a link to the next */
  const char *link, *elsewhere; /* where the link stands, and what it is when it went astray */
  const char *choice, *usual;   /* an open choice, and what it is */
  const char *object;           /* any object of the reply */
} desks[] = {
    {"zendesk", "/api/v2/incremental/tickets/cursor.json?start_time=1&per_page=1", NULL,
     "after_url", "http://127.0.0.1:9/api/v2/incremental/", "tickets.0.via.channel", "email",
     "tickets.0"},
    {"salesforce", SF_QUERY, NULL, NULL, NULL, "records.0.Origin", "Email", "records.0"},
    {"intercom", "/conversations/search", IC_ALL, "pages.next", "http://127.0.0.1:9/?page=2",
     "conversations.0.source.delivered_as", "customer_initiated", "conversations.0"},
};
#define DESKS (sizeof desks / sizeof desks[0])

/* Two tickets of each helpdesk, 501 and 502, by mail. */
static struct server start(const char *arguments) {
  struct server s = server_start(arguments);
  for (size_t i = 0; i < DESKS; i++) {
    for (int id = 501; id <= 502; id++) {
      char line[400];
      snprintf(line, sizeof line,
               "{\"id\":\"%d\",\"helpdesk\":\"%s\",\"subject\":\"Refund\",\"body\":\"Where is "
               "it?\",\"channel\":\"email\",\"tags\":[\"vip\"],\"custom_fields\":{\"Tags__c\":"
               "\"vip\"},\"created_at\":\"2026-01-05T10:00:00Z\"}",
               id, desks[i].name);
      struct reply r = request(&s, "POST", "/sim/tickets", NULL, line);
      assert_int_equal(r.status, 200);
      reply_free(&r);
    }
  }
  return s;
}

static void faults(const struct server *s, const char *spec) {
  struct reply r = request(s, "POST", "/sim/faults", NULL, spec);
  assert_int_equal(r.status, 200);
  reply_free(&r);
}

static struct reply list(const struct server *s, const struct desk *d) {
  struct reply r = request(s, d->list_body ? "POST" : "GET", d->list, headers, d->list_body);
  if (r.status != 200 || r.json == NULL) {
    fail_msg("%s: %ld: %.300s", d->name, r.status, r.body);
  }
  return r;
}

static struct reply truth(const struct server *s, const char *desk, const char *id) {
  char path[80];
  snprintf(path, sizeof path, "/sim/tickets/%s/%s", desk, id);
  return request(s, "GET", path, NULL, NULL);
}

static bool has_tag(const struct reply *r, const char *tag) {
  const cJSON *t = NULL;
  cJSON_ArrayForEach(t, at(r, "tags")) {
    if (strcmp(t->valuestring, tag) == 0) {
      return true;
    }
  }
  return false;
}

static void test_every_answer_has_the_date_of_virtual_time(void **state) {
  (void)state;
  struct server s = start("--behaviour off --time 2026-03-01T00:00:00Z --export-lag 0s");
  advance(&s, "240h");
  for (size_t i = 0; i < DESKS; i++) {
    struct reply r = list(&s, &desks[i]);
    assert_true(header_has(&r, "Date: Wed, 11 Mar 2026 00:00"));
    reply_free(&r);
  }
  faults(&s, "503=1");
  for (size_t i = 0; i < DESKS; i++) {
    struct reply r = request(&s, desks[i].list_body ? "POST" : "GET", desks[i].list, headers,
                             desks[i].list_body);
    assert_int_equal(r.status, 503);
    assert_true(header_has(&r, "Date: Wed, 11 Mar 2026 00:00"));
    reply_free(&r);
  }
  assert_int_equal(server_stop(&s), 0);
}

static void test_novel_adds_fields_and_words_and_keeps_the_rest(void **state) {
  (void)state;
  struct server s = start("--behaviour off");
  for (size_t i = 0; i < DESKS; i++) {
    const struct desk *d = &desks[i];
    char path[120];
    faults(&s, "");
    struct reply before = list(&s, d);
    assert_string_equal(text_at(&before, d->choice), d->usual);
    faults(&s, "novel=1");
    struct reply after = list(&s, d);
    assert_string_equal(text_at(&after, d->choice), "hologram");
    snprintf(path, sizeof path, "%s.added_later.kind.0", d->object);
    assert_string_equal(text_at(&after, path), "hologram");
    /* what was there is there: the id as it was written, and nothing of what tells objects apart */
    const char *id = strstr(before.body, d->name[0] == 's' ? "\"Id\":" : "\"id\":");
    assert_non_null(id);
    char word[40];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(id, ",}"), id);
    assert_non_null(strstr(after.body, word));
    reply_free(&before);
    reply_free(&after);
  }
  assert_int_equal(server_stop(&s), 0);
}

static void test_astray_names_another_host_in_links_and_nowhere_else(void **state) {
  (void)state;
  struct server s = start("--behaviour off --elsewhere http://127.0.0.1:9 --max-page 1");
  faults(&s, "astray=1");
  for (size_t i = 0; i < DESKS; i++) {
    const struct desk *d = &desks[i];
    struct reply r = list(&s, d);
    const char *link = d->link ? text_at(&r, d->link) : text_at(&r, "nextRecordsUrl");
    assert_int_equal(strncmp(link, "http://127.0.0.1:9", 18), 0);
    if (d->elsewhere) {
      assert_int_equal(strncmp(link, d->elsewhere, strlen(d->elsewhere)), 0);
    }
    assert_null(strstr(strstr(r.body, "127.0.0.1:9") + 1, "127.0.0.1:9"));
    reply_free(&r);
  }
  /* and the address that a sign-in names */
  struct reply r = request(&s, "POST", "/services/oauth2/token",
                           "Content-Type: application/x-www-form-urlencoded",
                           "grant_type=client_credentials&client_id=a&client_secret=b");
  assert_string_equal(text_at(&r, "instance_url"), "http://127.0.0.1:9");
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

/* A write to ticket 501, as the vendor wants it. */
static long write_to(const struct server *s, const char *desk, const char *case_id) {
  char path[120], body[400];
  struct reply r;
  if (desk[0] == 'z') {
    r = request(s, "PUT", "/api/v2/tickets/501.json", headers,
                "{\"ticket\":{\"priority\":\"high\",\"safe_update\":true,\"updated_stamp\":"
                "\"2026-01-05T10:00:00Z\"}}");
  } else if (desk[0] == 's') {
    snprintf(path, sizeof path, SF "/composite");
    snprintf(body, sizeof body,
             "{\"allOrNone\":true,\"compositeRequest\":[{\"method\":\"PATCH\",\"url\":\"" SF
             "/sobjects/Case/%s\",\"referenceId\":\"a\",\"httpHeaders\":{\"If-Unmodified-Since\":"
             "\"Mon, 05 Jan 2026 10:00:00 GMT\"},\"body\":{\"Priority\":\"High\"}}]}",
             case_id);
    r = request(s, "POST", path, headers, body);
    const long inside = (long)number_at(&r, "compositeResponse.0.httpStatusCode");
    reply_free(&r);
    return inside;
  } else {
    r = request(s, "PUT", "/conversations/501", headers,
                "{\"custom_attributes\":{\"Priority\":\"High\"}}");
  }
  const long status = r.status;
  reply_free(&r);
  return status;
}

static void intruded(const char *fault, int messages) {
  static const long want[] = {409, 412, 200}; /* Intercom has no lock */
  struct server s = start("--behaviour off");
  struct reply r = request(
      &s, "GET", SF "/query?q=SELECT%20Id%20FROM%20Case%20WHERE%20Ref__c%3D'501'", headers, NULL);
  char case_id[32];
  snprintf(case_id, sizeof case_id, "%s", text_at(&r, "records.0.Id"));
  reply_free(&r);
  faults(&s, fault);
  for (size_t i = 0; i < DESKS; i++) {
    assert_int_equal(write_to(&s, desks[i].name, case_id), want[i]);
    r = truth(&s, desks[i].name, "501");
    assert_true(has_tag(&r, "by-hand") && has_tag(&r, "vip"));
    int said = 0;
    const cJSON *e = NULL;
    cJSON_ArrayForEach(e, at(&r, "history")) {
      said += cJSON_IsTrue(cJSON_GetObjectItem(e, "public"));
    }
    assert_int_equal(said, messages);
    if (i == 1) {
      assert_string_equal(text_at(&r, "fields.Tags__c"), "vip;by-hand");
    }
    reply_free(&r);
    /* once a ticket: the write that comes again arrives */
    if (i == 0) {
      r = request(&s, "PUT", "/api/v2/tickets/501.json", headers,
                  "{\"ticket\":{\"priority\":\"high\"}}");
      assert_int_equal(r.status, 200);
      reply_free(&r);
    }
    r = truth(&s, desks[i].name, "502");
    assert_false(has_tag(&r, "by-hand"));
    reply_free(&r);
  }
  assert_int_equal(server_stop(&s), 0);
}

static void test_meddle_tags_the_ticket_before_the_write(void **state) {
  (void)state;
  intruded("meddle=1", 1);
}

static void test_rival_answers_the_customer_before_the_write(void **state) {
  (void)state;
  intruded("rival=1", 2);
}

/* --- words of an account ------------------------------------------------------------------------
 */

static void test_zendesk_statuses_can_have_words_of_their_own(void **state) {
  (void)state;
  struct server s = start("--behaviour off --words own");
  struct reply r = request(&s, "PUT", "/api/v2/tickets/501.json", headers,
                           "{\"ticket\":{\"status\":\"solved\"}}");
  assert_string_equal(text_at(&r, "ticket.status"), "solved");
  assert_int_equal((int64_t)number_at(&r, "ticket.custom_status_id"), INT64_C(39700000000005));
  /* the audit names the custom status alone */
  assert_null(strstr(strstr(r.body, "\"audit\""), "\"status\""));
  assert_non_null(
      strstr(r.body, "\"field_name\":\"custom_status_id\",\"value\":\"39700000000005\""));
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/custom_statuses.json", headers, NULL);
  const cJSON *one = NULL;
  int solved = 0;
  cJSON_ArrayForEach(one, at(&r, "custom_statuses")) {
    const char *category = cJSON_GetObjectItem(one, "status_category")->valuestring;
    const char *label = cJSON_GetObjectItem(one, "agent_label")->valuestring;
    solved += strcmp(category, "solved") == 0;
    assert_true(strcmp(label, "Solved?") != 0 || strcmp(category, "open") == 0);
  }
  assert_int_equal(solved, 2);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_salesforce_statuses_can_have_words_of_their_own(void **state) {
  (void)state;
  struct server s = start("--behaviour off --words own");
  struct reply r = request(
      &s, "GET", SF "/query?q=SELECT%20ApiName%2CMasterLabel%2CIsClosed%20FROM%20CaseStatus",
      headers, NULL);
  const cJSON *row = NULL;
  int closed = 0;
  cJSON_ArrayForEach(row, at(&r, "records")) {
    const char *name = cJSON_GetObjectItem(row, "ApiName")->valuestring;
    const bool is_closed = cJSON_IsTrue(cJSON_GetObjectItem(row, "IsClosed"));
    closed += is_closed;
    assert_false(is_closed && (strcmp(name, "Closed") == 0 || strcmp(name, "Resolved") == 0));
    assert_string_not_equal(name, cJSON_GetObjectItem(row, "MasterLabel")->valuestring);
  }
  assert_int_equal(closed, 2);
  reply_free(&r);
  r = request(&s, "GET", SF_QUERY, headers, NULL);
  assert_string_equal(text_at(&r, "records.0.Status"), "Eingang");
  char path[120];
  snprintf(path, sizeof path, SF "/sobjects/Case/%s", text_at(&r, "records.0.Id"));
  reply_free(&r);
  r = request(&s, "PATCH", path, headers, "{\"Status\":\"Working\"}");
  assert_int_equal(r.status, 400); /* that word is none here */
  reply_free(&r);
  r = request(&s, "PATCH", path, headers, "{\"Status\":\"Abgelegt\"}");
  assert_int_equal(r.status, 204);
  reply_free(&r);
  r = request(&s, "GET", path, headers, NULL);
  assert_true(cJSON_IsTrue(at(&r, "IsClosed")));
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_intercom_ticket_states_can_have_words_of_their_own(void **state) {
  (void)state;
  struct server s = start("--behaviour off --words own");
  struct reply r = request(&s, "POST", "/sim/tickets", NULL,
                           "{\"id\":\"601\",\"helpdesk\":\"intercom\",\"type\":\"request\","
                           "\"subject\":\"Lid\",\"body\":\"It broke.\",\"status\":\"open\"}");
  reply_free(&r);
  r = request(&s, "GET", "/tickets/601", headers, NULL);
  assert_string_equal(text_at(&r, "ticket_state.category"), "in_progress");
  assert_string_equal(text_at(&r, "ticket_state.internal_label"), "Resolved");
  assert_string_equal(text_at(&r, "ticket_state.id"), "9712");
  reply_free(&r);
  r = request(&s, "PUT", "/tickets/601", headers, "{\"ticket_state_id\":\"8500\"}");
  assert_int_equal(r.status, 400);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

/* --- where a message stands ---------------------------------------------------------------------
 */

static const char talk[] =
    "{\"id\":\"701\",\"helpdesk\":\"%s\",\"channel\":\"%s\",\"subject\":\"S\",\"body\":\"word-"
    "one\","
    "\"requester\":{\"name\":\"Ann Porter\",\"email\":\"ann@people.example\"},"
    "\"created_at\":\"2026-01-05T10:00:00Z\",\"thread\":["
    "{\"author\":\"agent\",\"as\":\"%s\",\"body\":\"word-two\",\"created_at\":"
    "\"2026-01-05T11:00:00Z\"},{\"author\":\"customer\",\"body\":\"word-three\",\"created_at\":"
    "\"2026-01-05T12:00:00Z\"}]}";

static void talk_add(const struct server *s, const char *desk, const char *channel,
                     const char *as) {
  char line[800];
  snprintf(line, sizeof line, talk, desk, channel, as);
  struct reply r = request(s, "POST", "/sim/tickets", NULL, line);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  advance(s, "1m");
}

static void test_salesforce_threads_have_mails_comments_and_posts(void **state) {
  (void)state;
  static const char *const as[] = {"mail", "comment", "post"};
  static const char *const objects[] = {"TextBody%20FROM%20EmailMessage",
                                        "CommentBody%20FROM%20CaseComment",
                                        "Body%20FROM%20FeedItem"};
  for (size_t i = 0; i < 3; i++) {
    struct server s = server_start("--behaviour off");
    talk_add(&s, "salesforce", "email", as[i]);
    for (size_t k = 0; k < 3; k++) {
      char path[160];
      snprintf(path, sizeof path, SF "/query?q=SELECT%%20Id%%2C%s", objects[k]);
      struct reply r = request(&s, "GET", path, headers, NULL);
      assert_int_equal(r.status, 200);
      /* mails quote what they answer, so only their number tells */
      assert_int_equal((int)number_at(&r, "totalSize"), k == 0 ? 2 + (i == 0) : i == k);
      reply_free(&r);
    }
    assert_int_equal(server_stop(&s), 0);
  }
  struct server s = server_start("--behaviour off");
  char line[800];
  snprintf(line, sizeof line, talk, "salesforce", "email", "pigeon");
  struct reply r = request(&s, "POST", "/sim/tickets", NULL, line);
  assert_int_equal(r.status, 400);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_zendesk_messaging_is_in_the_audits_and_not_in_the_comments(void **state) {
  (void)state;
  struct server s = server_start("--behaviour off");
  talk_add(&s, "zendesk", "messaging", "mail");
  struct reply r = request(&s, "GET", "/api/v2/tickets/701/comments.json", headers, NULL);
  assert_int_equal(cJSON_GetArraySize(at(&r, "comments")), 1);
  assert_string_equal(text_at(&r, "comments.0.plain_body"), "Conversation with Ann Porter");
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/tickets/701/audits.json", headers, NULL);
  assert_string_equal(text_at(&r, "audits.0.events.0.type"), "ChatStartedEvent");
  const cJSON *history = at(&r, "audits.0.events.0.value.history");
  assert_int_equal(cJSON_GetArraySize(history), 4); /* joins, and three lines */
  assert_string_equal(text_at(&r, "audits.0.events.0.value.history.0.type"), "ChatJoin");
  assert_string_equal(text_at(&r, "audits.0.events.0.value.history.2.message"), "word-two");
  assert_string_equal(text_at(&r, "audits.0.events.0.value.history.2.actor_type"), "agent");
  assert_string_equal(text_at(&r, "audits.0.events.0.value.history.3.actor_type"), "end-user");
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/tickets/701.json", headers, NULL);
  assert_true(cJSON_IsTrue(at(&r, "ticket.from_messaging_channel")));
  assert_string_equal(text_at(&r, "ticket.description"), "Conversation with Ann Porter");
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

/* --- a session and its address ------------------------------------------------------------------
 */

static void test_a_salesforce_token_is_worth_nothing_at_another_address(void **state) {
  (void)state;
  struct server s = start("--behaviour off");
  char header[300], other[120];
  struct reply r = request(&s, "POST", "/services/oauth2/token",
                           "Content-Type: application/x-www-form-urlencoded",
                           "grant_type=client_credentials&client_id=a&client_secret=b");
  snprintf(header, sizeof header, "Authorization: Bearer %s", text_at(&r, "access_token"));
  reply_free(&r);
  r = request(&s, "GET", SF "/limits", header, NULL);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  snprintf(other, sizeof other, "http://localhost%s" SF "/limits", strrchr(s.base, ':'));
  r = request(&s, "GET", other, header, NULL);
  assert_int_equal(r.status, 401);
  assert_string_equal(text_at(&r, "0.errorCode"), "INVALID_SESSION_ID");
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_answer_has_the_date_of_virtual_time),
      cmocka_unit_test(test_novel_adds_fields_and_words_and_keeps_the_rest),
      cmocka_unit_test(test_astray_names_another_host_in_links_and_nowhere_else),
      cmocka_unit_test(test_meddle_tags_the_ticket_before_the_write),
      cmocka_unit_test(test_rival_answers_the_customer_before_the_write),
      cmocka_unit_test(test_zendesk_statuses_can_have_words_of_their_own),
      cmocka_unit_test(test_salesforce_statuses_can_have_words_of_their_own),
      cmocka_unit_test(test_intercom_ticket_states_can_have_words_of_their_own),
      cmocka_unit_test(test_salesforce_threads_have_mails_comments_and_posts),
      cmocka_unit_test(test_zendesk_messaging_is_in_the_audits_and_not_in_the_comments),
      cmocka_unit_test(test_a_salesforce_token_is_worth_nothing_at_another_address),
  };
  return cmocka_run_group_tests_name("twist", tests, NULL, NULL);
}
