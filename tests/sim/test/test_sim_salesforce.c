/* The simulator's Salesforce against what the vendor's documents say. */
#include "client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V       "/services/data/v62.0"
#define ARGS    "--behaviour off"
#define TALKING "--behaviour on"

static const char bot[] = "Authorization: Bearer tok\nContent-Type: application/json\n"
                          "Sforce-Auto-Assign: FALSE";

/* Three cases: 501 and t-2 of one second, 503 later. */
static const char tickets[] =
    "{\"id\":\"501\",\"helpdesk\":\"salesforce\",\"subject\":\"Refund\",\"body\":\"Where is it?\","
    "\"requester\":{\"name\":\"Ann Porter\",\"email\":\"ann@people.example\"},\"channel\":"
    "\"email\",\"behaviour\":\"followup\",\"created_at\":\"2026-01-05T10:00:00Z\"}\n"
    "{\"id\":\"t-2\",\"helpdesk\":\"salesforce\",\"subject\":\"Password\",\"body\":\"It is gone\","
    "\"channel\":\"web\",\"behaviour\":\"deleted\",\"created_at\":\"2026-01-05T10:00:00Z\"}\n"
    "{\"id\":\"503\",\"helpdesk\":\"salesforce\",\"subject\":\"Cancel\",\"body\":\"Please cancel\","
    "\"channel\":\"email\",\"behaviour\":\"reopen\",\"created_at\":\"2026-01-05T10:00:01Z\"}\n";

static struct server start(const char *arguments) {
  struct server s = server_start(arguments);
  struct reply r = request(&s, "POST", "/sim/tickets", NULL, tickets);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  return s;
}

static struct reply call(const struct server *s, const char *method, const char *path,
                         const char *body, long status) {
  struct reply r = request(s, method, path, bot, body);
  if (r.status != status) {
    fail_msg("%s %s: %ld instead of %ld: %.400s", method, path, r.status, status, r.body);
  }
  return r;
}

static struct reply query(const struct server *s, const char *verb, const char *soql, long status) {
  char *escaped = curl_easy_escape(NULL, soql, 0);
  char path[1000];
  snprintf(path, sizeof path, V "/%s?q=%s", verb, escaped);
  curl_free(escaped);
  return call(s, "GET", path, NULL, status);
}

static void refused(struct reply *r, const char *code) {
  assert_string_equal(text_at(r, "0.errorCode"), code);
  reply_free(r);
}

/* The id of the case with this id in the ticket file. */
static void case_id(const struct server *s, const char *ref, char ret_id[32]) {
  char soql[120];
  snprintf(soql, sizeof soql, "SELECT Id FROM Case WHERE Ref__c = '%s'", ref);
  struct reply r = query(s, "query", soql, 200);
  snprintf(ret_id, 32, "%s", text_at(&r, "records.0.Id"));
  reply_free(&r);
}

static void faults(const struct server *s, const char *spec) {
  struct reply r = request(s, "POST", "/sim/faults", NULL, spec);
  assert_int_equal(r.status, 200);
  reply_free(&r);
}

static int stat_of(const struct server *s, const char *ref, const char *what) {
  char key[64];
  struct reply r = request(s, "GET", "/sim/stats", NULL, NULL);
  snprintf(key, sizeof key, "salesforce/%s", ref);
  const cJSON *t = cJSON_GetObjectItemCaseSensitive(at(&r, "tickets"), key);
  int n = t ? (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(t, what)) : 0;
  reply_free(&r);
  return n;
}

static struct reply token(const struct server *s, const char *form) {
  return request(s, "POST", "/services/oauth2/token",
                 "Content-Type: application/x-www-form-urlencoded", form);
}

static void test_tokens_have_no_end_and_die_all_the_same(void **state) {
  (void)state;
  struct server s = start(ARGS " --token-ttl 10m");
  char header[256];
  struct reply r = token(&s, "grant_type=client_credentials&client_id=a&client_secret=bad");
  assert_int_equal(r.status, 400);
  assert_string_equal(text_at(&r, "error"), "invalid_client");
  reply_free(&r);
  r = token(&s, "grant_type=client_credentials&client_id=a&client_secret=b%21");
  assert_int_equal(r.status, 200);
  assert_null(cJSON_GetObjectItem(r.json, "expires_in"));
  assert_string_equal(text_at(&r, "instance_url"), s.base);
  snprintf(header, sizeof header, "Authorization: Bearer %s", text_at(&r, "access_token"));
  reply_free(&r);
  r = request(&s, "GET", V "/limits", header, NULL);
  assert_int_equal(r.status, 200);
  assert_true(header_has(&r, "Sforce-Limit-Info: api-usage="));
  reply_free(&r);
  advance(&s, "11m");
  r = request(&s, "GET", V "/limits", header, NULL);
  assert_int_equal(r.status, 401);
  refused(&r, "INVALID_SESSION_ID");
  r = request(&s, "GET", "/services/data/", NULL, NULL);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  r = request(&s, "GET", "/services/data/v25.0/limits", bot, NULL);
  assert_int_equal(r.status, 410);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_assertions_are_judged_by_their_claims(void **state) {
  (void)state;
  struct server s = start(ARGS);
  /* {"alg":"RS256"} . {"iss":"app","sub":"u","aud":"https://login.salesforce.com","exp":1} */
  struct reply r = token(
      &s, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
          "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhcHAiLCJzdWIiOiJ1IiwiYXVkIjoiaHR0cHM6Ly9sb2dpbi5zYWxlc2"
          "ZvcmNlLmNvbSIsImV4cCI6MX0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AAAAAAAAAAAAAAAAAAAAAAAAAA");
  assert_int_equal(r.status, 400);
  assert_string_equal(text_at(&r, "error"), "invalid_grant");
  assert_non_null(strstr(text_at(&r, "error_description"), "expired"));
  reply_free(&r);
  server_stop(&s);
}

static void test_queries_are_read_as_strictly_as_there(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"SELECT Id FROM Case WHERE Status='New' AND IsClosed=false OR Id='x'", "MALFORMED_QUERY"},
      {"SELECT Nothing FROM Case", "INVALID_FIELD"},
      {"SELECT Id, Missing_One__c FROM Case", "INVALID_FIELD"},
      {"SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD"},
      {"SELECT Id FROM Case WHERE SystemModstamp > '2026-01-05T10:00:00Z'", "INVALID_FIELD"},
      {"SELECT Id FROM Case WHERE SystemModstamp > 2026-01-05T10:00:00 00:00", "MALFORMED_QUERY"},
      {"SELECT Id FROM Case WHERE Id = '500xx'", "INVALID_QUERY_FILTER_OPERATOR"},
      {"SELECT Id FROM Ticket", "INVALID_TYPE"},
      {"SELECT Id FROM Case LIMIT", "MALFORMED_QUERY"},
      {"SELECT FROM Case", "MALFORMED_QUERY"},
  };
  struct server s = start(ARGS);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct reply r = query(&s, "query", wrong[i][0], 400);
    refused(&r, wrong[i][1]);
  }
  struct reply r = query(&s, "query",
                         "SELECT Id, Owner.Name, SystemModstamp FROM Case WHERE (Status IN "
                         "('New','Working') AND Subject LIKE 'r%d') OR CaseNumber = 'none'",
                         200);
  assert_int_equal((int)number_at(&r, "totalSize"), 1);
  assert_string_equal(text_at(&r, "records.0.attributes.type"), "Case");
  assert_string_equal(text_at(&r, "records.0.Owner.Name"), "Tier 1");
  assert_string_equal(text_at(&r, "records.0.SystemModstamp"), "2026-01-05T10:00:00.000+0000");
  assert_int_equal(strlen(text_at(&r, "records.0.Id")), 18);
  reply_free(&r);
  r = query(&s, "query", "SELECT COUNT() FROM CaseStatus WHERE IsClosed = true", 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 2);
  reply_free(&r);
  server_stop(&s);
}

static void test_pages_go_on_until_the_locator_or_the_session_dies(void **state) {
  (void)state;
  static const char soql[] = "SELECT Id,SystemModstamp FROM Case ORDER BY SystemModstamp,Id";
  struct server s = start(ARGS " --max-page 1");
  struct reply r = query(&s, "queryAll", soql, 200);
  char next[200];
  char first[32];
  assert_true(cJSON_IsFalse(at(&r, "done")));
  assert_int_equal((int)number_at(&r, "totalSize"), 3);
  snprintf(first, sizeof first, "%s", text_at(&r, "records.0.SystemModstamp"));
  snprintf(next, sizeof next, "%s", text_at(&r, "nextRecordsUrl"));
  assert_true(strncmp(next, V "/query/", strlen(V "/query/")) == 0);
  reply_free(&r);
  r = call(&s, "GET", next, NULL, 200);
  assert_string_equal(text_at(&r, "records.0.SystemModstamp"), first); /* a second, two pages */
  reply_free(&r);
  faults(&s, "salesforce.page.session=1");
  r = call(&s, "GET", next, NULL, 401);
  refused(&r, "INVALID_SESSION_ID");
  faults(&s, "salesforce.page.locator=1");
  r = call(&s, "GET", next, NULL, 400);
  refused(&r, "INVALID_QUERY_LOCATOR");
  faults(&s, "");
  r = token(&s, "grant_type=client_credentials&client_id=a&client_secret=b");
  assert_non_null(strstr(text_at(&r, "instance_url"), "//localhost:")); /* the org has moved */
  reply_free(&r);
  advance(&s, "49h");
  r = call(&s, "GET", next, NULL, 400);
  refused(&r, "INVALID_QUERY_LOCATOR");
  server_stop(&s);
}

static void test_a_late_row_keeps_its_old_stamp(void **state) {
  (void)state;
  static const char soql[] = "SELECT Id FROM Case WHERE CaseNumber LIKE '0000090%' ORDER BY "
                             "SystemModstamp";
  struct server s = start(ARGS);
  struct reply r = request(&s, "POST", "/sim/tickets", NULL,
                           "{\"id\":\"901\",\"helpdesk\":\"salesforce\",\"body\":\"a\"}");
  reply_free(&r);
  advance(&s, "10s");
  r = request(&s, "POST", "/sim/tickets", NULL,
              "{\"id\":\"902\",\"helpdesk\":\"salesforce\",\"body\":\"b\"}");
  reply_free(&r);
  faults(&s, "late=1");
  r = query(&s, "queryAll", soql, 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 1);
  reply_free(&r);
  r = query(&s, "queryAll", soql, 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 2);
  reply_free(&r);
  server_stop(&s);
}

static void test_updates_answer_nothing_and_forgetful_ones_lose_the_owner(void **state) {
  (void)state;
  struct server s = start(ARGS " --required-to-solve Cause__c");
  char id[32];
  char path[120];
  case_id(&s, "501", id);
  snprintf(path, sizeof path, V "/sobjects/Case/%s", id);
  struct reply r = call(&s, "PATCH", path, "{\"Priority\":\"High\",\"Triage_Category__c\":\"x\"}",
                        204);
  assert_int_equal(r.n, 0);
  reply_free(&r);
  r = call(&s, "GET", path, NULL, 200);
  assert_string_equal(text_at(&r, "Priority"), "High");
  assert_string_equal(text_at(&r, "Triage_Category__c"), "x");
  assert_true(strncmp(text_at(&r, "OwnerId"), "00G", 3) == 0);
  char owner[32];
  snprintf(owner, sizeof owner, "%s", text_at(&r, "OwnerId"));
  reply_free(&r);
  r = request(&s, "PATCH", path, "Authorization: Bearer tok\nContent-Type: application/json",
              "{\"Priority\":\"Low\"}");
  assert_int_equal(r.status, 204);
  reply_free(&r);
  r = call(&s, "GET", path, NULL, 200);
  assert_string_not_equal(text_at(&r, "OwnerId"), owner);
  reply_free(&r);
  r = call(&s, "PATCH", path, "{\"IsClosed\":true}", 400);
  assert_string_equal(text_at(&r, "0.fields.0"), "IsClosed");
  refused(&r, "INVALID_FIELD_FOR_INSERT_UPDATE");
  r = call(&s, "PATCH", path, "{\"Status\":\"Solved\"}", 400);
  refused(&r, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  r = call(&s, "PATCH", path, "{\"Status\":\"Closed\"}", 400);
  refused(&r, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  r = call(&s, "PATCH", path, "{\"Status\":\"Resolved\",\"Cause__c\":\"y\"}", 204);
  reply_free(&r);
  r = query(&s, "query", "SELECT Status,ClosedDate FROM Case WHERE IsClosed = true", 200);
  assert_string_equal(text_at(&r, "records.0.Status"), "Resolved");
  assert_true(cJSON_IsString(at(&r, "records.0.ClosedDate")));
  reply_free(&r);
  assert_int_equal(stat_of(&s, "501", "updates"), 3);
  server_stop(&s);
}

static void test_preconditions_compare_whole_seconds(void **state) {
  (void)state;
  static const char old[] = "Authorization: Bearer tok\nContent-Type: application/json\n"
                            "Sforce-Auto-Assign: FALSE\nIf-Unmodified-Since: ";
  struct server s = start(ARGS);
  char id[32];
  char path[120];
  char header[256];
  case_id(&s, "501", id);
  snprintf(path, sizeof path, V "/sobjects/Case/%s", id);
  static const struct {
    const char *date;
    long status;
  } tries[] = {{"Mon, 05 Jan 2026 09:59:59 GMT", 412},
               {"2026-01-05T10:00:00Z", 400},
               {"Mon, 05 Jan 2026 10:00:00 GMT", 204},
               {"Mon, 05 Jan 2026 10:00:00 GMT", 412}};
  for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
    snprintf(header, sizeof header, "%s%s", old, tries[i].date);
    struct reply r = request(&s, "PATCH", path, header, "{\"Priority\":\"High\"}");
    assert_int_equal(r.status, tries[i].status);
    reply_free(&r);
  }
  server_stop(&s);
}

static void test_comments_leave_the_case_alone(void **state) {
  (void)state;
  struct server s = start(ARGS);
  char id[32];
  char *body = malloc(6000);
  case_id(&s, "t-2", id);
  snprintf(body, 6000, "{\"ParentId\":\"%s\",\"CommentBody\":\"A note\"}", id);
  struct reply r = call(&s, "POST", V "/sobjects/CaseComment", body, 201);
  assert_true(strncmp(text_at(&r, "id"), "00a", 3) == 0);
  reply_free(&r);
  r = call(&s, "POST", V "/sobjects/CaseComment", body, 201);
  reply_free(&r);
  snprintf(body, 6000, "{\"ParentId\":\"%s\",\"CommentBody\":\"%04100d\"}", id, 7);
  r = call(&s, "POST", V "/sobjects/CaseComment", body, 400);
  refused(&r, "STRING_TOO_LONG");
  r = call(&s, "POST", V "/sobjects/CaseComment", "{\"CommentBody\":\"x\"}", 400);
  refused(&r, "REQUIRED_FIELD_MISSING");
  snprintf(body, 6000,
           "{\"ParentId\":\"%s\",\"Type\":\"TextPost\",\"Body\":\"<p>Hi</p>\",\"IsRichText\":true,"
           "\"Visibility\":\"AllUsers\"}",
           id);
  r = call(&s, "POST", V "/sobjects/FeedItem", body, 201);
  reply_free(&r);
  r = query(&s, "query", "SELECT IsPublished,CommentBody FROM CaseComment", 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 2);
  assert_true(cJSON_IsFalse(at(&r, "records.0.IsPublished")));
  reply_free(&r);
  r = query(&s, "query", "SELECT LastModifiedDate FROM Case WHERE Ref__c = 't-2'", 200);
  assert_string_equal(text_at(&r, "records.0.LastModifiedDate"), "2026-01-05T10:00:00.000+0000");
  reply_free(&r);
  assert_int_equal(stat_of(&s, "t-2", "notes"), 2);
  assert_int_equal(stat_of(&s, "t-2", "replies"), 1);
  assert_int_equal(stat_of(&s, "t-2", "duplicates"), 1);
  free(body);
  server_stop(&s);
}

static struct reply composite(const struct server *s, const char *id, const char *status) {
  char body[1200];
  snprintf(body, sizeof body,
           "{\"allOrNone\":true,\"compositeRequest\":[{\"method\":\"POST\",\"url\":\"" V
           "/sobjects/CaseComment\",\"referenceId\":\"n\",\"body\":{\"ParentId\":\"%s\","
           "\"CommentBody\":\"Note\"}},{\"method\":\"PATCH\",\"url\":\"" V
           "/sobjects/Case/%s\",\"referenceId\":\"c\",\"httpHeaders\":{\"Sforce-Auto-Assign\":"
           "\"FALSE\"},\"body\":{\"Status\":\"%s\",\"Last_Note__c\":\"@{n.id}\"}}]}",
           id, id, status);
  return call(s, "POST", V "/composite", body, 200);
}

static void test_composites_are_200_whatever_became_of_their_parts(void **state) {
  (void)state;
  struct server s = start(ARGS);
  char id[32];
  case_id(&s, "501", id);
  struct reply r = composite(&s, id, "Nonsense");
  assert_int_equal((int)number_at(&r, "compositeResponse.0.httpStatusCode"), 400);
  assert_string_equal(text_at(&r, "compositeResponse.0.body.0.errorCode"), "PROCESSING_HALTED");
  assert_int_equal((int)number_at(&r, "compositeResponse.1.httpStatusCode"), 400);
  reply_free(&r);
  faults(&s, "part=1");
  r = composite(&s, id, "Working");
  assert_int_equal((int)number_at(&r, "compositeResponse.0.httpStatusCode"), 400);
  assert_non_null(strstr(r.body, "UNABLE_TO_LOCK_ROW"));
  reply_free(&r);
  faults(&s, "");
  assert_int_equal(stat_of(&s, "501", "notes"), 0);
  r = composite(&s, id, "Working");
  assert_int_equal((int)number_at(&r, "compositeResponse.0.httpStatusCode"), 201);
  assert_int_equal((int)number_at(&r, "compositeResponse.1.httpStatusCode"), 204);
  assert_true(cJSON_IsNull(at(&r, "compositeResponse.1.body")));
  reply_free(&r);
  assert_int_equal(stat_of(&s, "501", "notes"), 1);
  r = query(&s, "query", "SELECT Id FROM Case WHERE Last_Note__c LIKE '00a%'", 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 1);
  reply_free(&r);
  server_stop(&s);
}

static void test_mails_are_sent_by_the_action_and_answered_with_everything_quoted(void **state) {
  (void)state;
  struct server s = start(TALKING);
  char id[32];
  char body[900];
  case_id(&s, "501", id);
  struct reply r = call(&s, "POST", V "/actions/standard/emailSimple",
                        "{\"inputs\":[{\"emailSubject\":\"x\",\"emailBody\":\"y\"}]}", 400);
  assert_true(cJSON_IsFalse(at(&r, "0.isSuccess")));
  reply_free(&r);
  snprintf(body, sizeof body,
           "{\"ParentId\":\"%s\",\"TextBody\":\"Only a record\",\"Status\":\"3\"}", id);
  r = call(&s, "POST", V "/sobjects/EmailMessage", body, 201);
  reply_free(&r);
  assert_int_equal(stat_of(&s, "501", "replies"), 0);
  snprintf(body, sizeof body,
           "{\"inputs\":[{\"emailAddresses\":\"ann@people.example\",\"emailSubject\":\"Re: "
           "Refund\",\"emailBody\":\"<p>It is on its way.</p>\",\"sendRichBody\":true,"
           "\"relatedRecordId\":\"%s\",\"logEmailOnSend\":true,\"addThreadingTokenToBody\":true,"
           "\"addThreadingTokenToSubject\":true}]}",
           id);
  r = call(&s, "POST", V "/actions/standard/emailSimple", body, 200);
  assert_true(cJSON_IsTrue(at(&r, "0.isSuccess")));
  reply_free(&r);
  assert_int_equal(stat_of(&s, "501", "replies"), 1);
  advance(&s, "20h");
  r = query(&s, "query",
            "SELECT Incoming,Subject,TextBody,HtmlBody,Status FROM EmailMessage WHERE "
            "FromAddress='ann@people.example' ORDER BY SystemModstamp DESC LIMIT 1",
            200);
  const cJSON *text = at(&r, "records.0.TextBody");
  const char *said = cJSON_IsString(text) ? text->valuestring : text_at(&r, "records.0.HtmlBody");
  assert_non_null(strstr(said, "It is on its way."));
  assert_non_null(strstr(said, "Where is it?"));
  assert_non_null(strstr(said, "thread::"));
  assert_non_null(strstr(text_at(&r, "records.0.Subject"), "[ thread::"));
  reply_free(&r);
  server_stop(&s);
}

static void test_people_close_reopen_and_delete(void **state) {
  (void)state;
  struct server s = start(TALKING);
  char id[32];
  char body[300];
  static const char *const refs[] = {"t-2", "503"};
  for (size_t i = 0; i < 2; i++) {
    case_id(&s, refs[i], id);
    snprintf(body, sizeof body,
             "{\"ParentId\":\"%s\",\"CommentBody\":\"Answer\",\"IsPublished\":true}", id);
    struct reply r = call(&s, "POST", V "/sobjects/CaseComment", body, 201);
    reply_free(&r);
  }
  advance(&s, "200h");
  struct reply r = query(&s, "query", "SELECT Id FROM Case WHERE Ref__c = 't-2'", 200);
  assert_int_equal((int)number_at(&r, "totalSize"), 0);
  reply_free(&r);
  r = query(&s, "queryAll", "SELECT Id,IsDeleted FROM Case WHERE Ref__c = 't-2'", 200);
  assert_true(cJSON_IsTrue(at(&r, "records.0.IsDeleted")));
  snprintf(body, sizeof body, V "/sobjects/Case/%s", text_at(&r, "records.0.Id"));
  reply_free(&r);
  r = call(&s, "GET", body, NULL, 404);
  refused(&r, "ENTITY_IS_DELETED");
  r = query(&s, "query",
            "SELECT Field,OldValue,NewValue FROM CaseHistory WHERE Field = 'Status' ORDER BY "
            "CreatedDate",
            200);
  assert_string_equal(text_at(&r, "records.0.NewValue"), "Closed");
  assert_string_equal(text_at(&r, "records.1.OldValue"), "Closed");
  reply_free(&r);
  server_stop(&s);
}

static void test_faults_speak_the_vendors_words(void **state) {
  (void)state;
  struct server s = start(ARGS);
  char id[32];
  char body[200];
  case_id(&s, "501", id);
  snprintf(body, sizeof body, "{\"ParentId\":\"%s\",\"CommentBody\":\"Note\"}", id);
  faults(&s, "salesforce.429=1");
  struct reply r = call(&s, "GET", V "/limits", NULL, 403);
  assert_false(header_has(&r, "Retry-After"));
  refused(&r, "REQUEST_LIMIT_EXCEEDED");
  faults(&s, "salesforce.503=1");
  r = call(&s, "GET", V "/limits", NULL, 503);
  assert_true(header_has(&r, "text/html"));
  reply_free(&r);
  faults(&s, "lock=1");
  r = call(&s, "POST", V "/sobjects/CaseComment", body, 400);
  refused(&r, "UNABLE_TO_LOCK_ROW");
  assert_int_equal(stat_of(&s, "501", "notes"), 0);
  faults(&s, "salesforce.create.resetafter=1");
  r = request(&s, "POST", V "/sobjects/CaseComment", bot, body);
  assert_int_equal(r.curl, CURLE_RECV_ERROR);
  reply_free(&r);
  assert_int_equal(stat_of(&s, "501", "notes"), 1);
  server_stop(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens_have_no_end_and_die_all_the_same),
      cmocka_unit_test(test_assertions_are_judged_by_their_claims),
      cmocka_unit_test(test_queries_are_read_as_strictly_as_there),
      cmocka_unit_test(test_pages_go_on_until_the_locator_or_the_session_dies),
      cmocka_unit_test(test_a_late_row_keeps_its_old_stamp),
      cmocka_unit_test(test_updates_answer_nothing_and_forgetful_ones_lose_the_owner),
      cmocka_unit_test(test_preconditions_compare_whole_seconds),
      cmocka_unit_test(test_comments_leave_the_case_alone),
      cmocka_unit_test(test_composites_are_200_whatever_became_of_their_parts),
      cmocka_unit_test(test_mails_are_sent_by_the_action_and_answered_with_everything_quoted),
      cmocka_unit_test(test_people_close_reopen_and_delete),
      cmocka_unit_test(test_faults_speak_the_vendors_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
