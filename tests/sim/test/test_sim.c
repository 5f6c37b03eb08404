/* The simulator's Zendesk against what the vendor's documents say. */
#include "client.h"
#include "openapi.h"

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

static void test_bad_credentials_are_an_anonymous_user_only_at_users_me(void **state) {
  (void)state;
  struct server s = server_start(TICKETS);
  struct reply r = request(&s, "GET", "/api/v2/users/me.json", NULL, NULL);
  assert_int_equal(r.status, 200);
  assert_true(cJSON_IsNull(at(&r, "user.id")));
  assert_string_equal(text_at(&r, "user.name"), "Anonymous user");
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/users/me", "Authorization: Bearer badtoken", NULL);
  assert_int_equal(r.status, 200);
  assert_true(cJSON_IsNull(at(&r, "user.id")));
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/users/me", NULL, 200);
  assert_true(number_at(&r, "user.id") > 1e13);
  assert_string_equal(text_at(&r, "user.role"), "admin");
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/tickets/101", "Authorization: Bearer badtoken", NULL);
  assert_int_equal(r.status, 401);
  reply_free(&r);
  r = request(&s, "GET", "/api/v2/tickets/101", NULL, NULL);
  assert_int_equal(r.status, 401);
  assert_string_equal(text_at(&r, "error"), "Couldn't authenticate you");
  reply_free(&r);
  /* a@b.c/token:secret */
  r = request(&s, "GET", "/api/v2/tickets/101", "Authorization: Basic YUBiLmMvdG9rZW46c2VjcmV0",
              NULL);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  /* a@b.c:password */
  r = request(&s, "GET", "/api/v2/tickets/101", "Authorization: Basic YUBiLmM6cGFzc3dvcmQ=", NULL);
  assert_int_equal(r.status, 401);
  reply_free(&r);
  assert_int_equal(server_stop(&s), 0);
}

static void test_missing_things_and_missing_endpoints_differ(void **state) {
  (void)state;
  struct server s = server_start(TICKETS);
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/999", NULL, 404);
  assert_string_equal(text_at(&r, "error"), "RecordNotFound");
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/nothing/here.json", NULL, 404);
  assert_string_equal(text_at(&r, "error"), "InvalidEndpoint");
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"ticket\":", 422);
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"tickets\":{}}", 400);
  reply_free(&r);
  server_stop(&s);
}

static struct reply token_ask(const struct server *s, const char *secret, const char *scope) {
  char body[256];
  snprintf(body, sizeof body,
           "{\"grant_type\":\"client_credentials\",\"client_id\":\"app\",\"client_secret\":\"%s\","
           "\"scope\":\"%s\"}",
           secret, scope);
  return request(s, "POST", "/oauth/tokens", "Content-Type: application/json", body);
}

static long status_with(const struct server *s, const struct reply *token, const char *path) {
  char header[256];
  snprintf(header, sizeof header, "Authorization: Bearer %s", text_at(token, "access_token"));
  struct reply r = request(s, "GET", path, header, NULL);
  long status = r.status;
  reply_free(&r);
  return status;
}

static void test_tokens_expire_and_scopes_bind(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --token-ttl 10m");
  struct reply r = token_ask(&s, "bad-secret", "read");
  assert_int_equal(r.status, 401);
  assert_string_equal(text_at(&r, "error"), "invalid_client");
  reply_free(&r);
  struct reply full = token_ask(&s, "secret", "read write");
  assert_int_equal(full.status, 200);
  assert_string_equal(text_at(&full, "scope"), "read write");
  assert_int_equal((int)number_at(&full, "expires_in"), 600);
  assert_int_equal(status_with(&s, &full, "/api/v2/tickets/101/audits"), 200);
  struct reply narrow = token_ask(&s, "secret", "tickets:read");
  assert_int_equal(status_with(&s, &narrow, "/api/v2/tickets/101"), 200);
  assert_int_equal(status_with(&s, &narrow, "/api/v2/tickets/101/audits"), 403);
  struct reply odd = token_ask(&s, "secret", "tickets:everything");
  assert_int_equal(odd.status, 200);
  assert_int_equal(status_with(&s, &odd, "/api/v2/tickets/101"), 403);
  advance(&s, "11m");
  assert_int_equal(status_with(&s, &full, "/api/v2/tickets/101"), 401);
  reply_free(&full);
  reply_free(&narrow);
  reply_free(&odd);
  server_stop(&s);
}

/* Reads the export from the cursor to its end; returns how many tickets came. */
static int export_drain(const struct server *s, char *cursor, size_t bytes, int page, char *ids,
                        size_t ids_bytes) {
  int count = 0;
  for (int i = 0; i < 100; i++) {
    char path[256];
    snprintf(path, sizeof path, "%s?%s%s&per_page=%d", EXPORT, *cursor ? "cursor=" : "start_time=1",
             cursor, page);
    struct reply r = zendesk(s, "GET", path, NULL, 200);
    const cJSON *t = NULL;
    cJSON_ArrayForEach(t, at(&r, "tickets")) {
      size_t n = strlen(ids);
      snprintf(ids + n, ids_bytes - n, "%.0f ",
               cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(t, "id")));
      count++;
    }
    snprintf(cursor, bytes, "%s", text_at(&r, "after_cursor"));
    bool end = cJSON_IsTrue(at(&r, "end_of_stream"));
    reply_free(&r);
    if (end) {
      return count;
    }
  }
  fail_msg("the export never ends");
  return -1;
}

static void test_export_shows_each_change_once_and_hides_the_last_minute(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  char cursor[128] = "";
  char ids[1024] = "";
  assert_int_equal(export_drain(&s, cursor, sizeof cursor, 3, ids, sizeof ids), 10);
  ids[0] = '\0';
  assert_int_equal(export_drain(&s, cursor, sizeof cursor, 3, ids, sizeof ids), 0);
  struct reply r = zendesk(&s, "PUT", "/api/v2/tickets/103", "{\"ticket\":{\"priority\":\"high\"}}",
                           200);
  reply_free(&r);
  assert_int_equal(export_drain(&s, cursor, sizeof cursor, 3, ids, sizeof ids), 0);
  advance(&s, "62s");
  assert_int_equal(export_drain(&s, cursor, sizeof cursor, 3, ids, sizeof ids), 1);
  assert_string_equal(ids, "103 ");
  assert_int_equal(export_drain(&s, cursor, sizeof cursor, 3, ids, sizeof ids), 0);
  r = zendesk(&s, "GET", EXPORT "?start_time=99999999999", NULL, 422);
  reply_free(&r);
  r = zendesk(&s, "GET", EXPORT "?cursor=nonsense", NULL, 400);
  reply_free(&r);
  r = request(&s, "GET", EXPORT "?start_time=1", "Authorization: Bearer agent-token", NULL);
  assert_int_equal(r.status, 403);
  assert_string_equal(text_at(&r, "error.title"), "Forbidden");
  reply_free(&r);
  server_stop(&s);
}

static void test_export_can_get_stuck_and_repeat(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --faults zendesk.stuck=1");
  struct reply r = zendesk(&s, "GET", EXPORT "?start_time=1&per_page=4", NULL, 200);
  char path[256];
  char before[128];
  snprintf(before, sizeof before, "%s", text_at(&r, "after_cursor"));
  assert_true(cJSON_IsFalse(at(&r, "end_of_stream")));
  snprintf(path, sizeof path, EXPORT "?cursor=%s", before);
  reply_free(&r);
  r = zendesk(&s, "GET", path, NULL, 200);
  assert_string_equal(text_at(&r, "after_cursor"), before);
  assert_true(cJSON_IsFalse(at(&r, "end_of_stream")));
  reply_free(&r);
  r = request(&s, "POST", "/sim/faults", NULL, "zendesk.export.repeat=1");
  assert_int_equal(r.status, 200);
  reply_free(&r);
  char cursor[128] = "";
  char ids[2048] = "";
  assert_true(export_drain(&s, cursor, sizeof cursor, 4, ids, sizeof ids) > 10);
  server_stop(&s);
}

static void test_comments_page_by_cursor_with_their_authors(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  advance(&s, "4h"); /* the thread of ticket 107 goes on in the meantime */
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/107/comments?include=users&page%5Bsize%5D=2",
                           NULL, 200);
  assert_int_equal(cJSON_GetArraySize(at(&r, "comments")), 2);
  assert_true(cJSON_IsTrue(at(&r, "meta.has_more")));
  assert_true(number_at(&r, "comments.0.id") > 1e13);
  assert_string_equal(text_at(&r, "users.0.role"), "end-user");
  assert_string_equal(text_at(&r, "users.1.role"), "agent");
  char path[256];
  snprintf(path, sizeof path,
           "/api/v2/tickets/107/comments?page%%5Bsize%%5D=2&page%%5Bafter%%5D=%s",
           text_at(&r, "meta.after_cursor"));
  reply_free(&r);
  r = zendesk(&s, "GET", path, NULL, 200);
  assert_int_equal(cJSON_GetArraySize(at(&r, "comments")), 1);
  assert_string_equal(text_at(&r, "comments.0.plain_body"), "I have heard that before.");
  assert_true(cJSON_IsFalse(at(&r, "meta.has_more")));
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/107/comments?sort=-created_at&page%5Bsize%5D=1", NULL,
              200);
  assert_string_equal(text_at(&r, "comments.0.body"), "I have heard that before.");
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/107/comments?page%5Bsize%5D=101", NULL, 400);
  reply_free(&r);
  server_stop(&s);
}

static void test_one_update_does_everything_and_leaves_an_audit(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  struct reply r = zendesk(
      &s, "PUT", "/api/v2/tickets/101.json",
      "{\"ticket\":{\"comment\":{\"html_body\":\"<p>Hi {{ticket.requester.first_name}}</p>\"},"
      "\"status\":\"solved\",\"priority\":\"high\",\"custom_fields\":[{\"id\":360001,\"value\":"
      "\"refund\"}],\"tags\":[\"VIP\"],\"metadata\":{\"triage_run\":\"r1\"}}}",
      200);
  assert_string_equal(text_at(&r, "ticket.status"), "solved");
  assert_string_equal(text_at(&r, "ticket.tags.0"), "vip");
  assert_string_equal(text_at(&r, "ticket.tags.1"), "refund");
  assert_string_equal(text_at(&r, "audit.metadata.custom.triage_run"), "r1");
  assert_string_equal(text_at(&r, "audit.events.0.type"), "Comment");
  assert_string_equal(text_at(&r, "audit.events.0.plain_body"), "Hi Ann");
  /* not said: inherited from the first comment, which was public */
  assert_true(cJSON_IsTrue(at(&r, "audit.events.0.public")));
  assert_string_equal(text_at(&r, "audit.events.1.field_name"), "priority");
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/101/audits.json", NULL, 200);
  assert_string_equal(text_at(&r, "audits.0.events.1.type"), "Create");
  assert_string_equal(text_at(&r, "audits.1.metadata.custom.triage_run"), "r1");
  reply_free(&r);
  r = request(&s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "placeholders_expanded"), 1);
  assert_int_equal((int)number_at(&r, "tickets.zendesk/101.replies"), 1);
  assert_int_equal((int)number_at(&r, "tickets.zendesk/101.updates"), 1);
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"ticket\":{\"status\":\"unheard-of\"}}", 422);
  assert_true(cJSON_IsArray(at(&r, "details.status")));
  reply_free(&r);
  server_stop(&s);
}

static void test_safe_update_refuses_an_old_stamp(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  struct reply r = zendesk(&s, "GET", "/api/v2/tickets/102", NULL, 200);
  char good[300];
  snprintf(good, sizeof good,
           "{\"ticket\":{\"comment\":{\"body\":\"note\",\"public\":false},\"safe_update\":true,"
           "\"updated_stamp\":\"%s\"}}",
           text_at(&r, "ticket.updated_at"));
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/102", good, 200);
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/102", good, 409);
  assert_string_equal(text_at(&r, "error"), "UpdateConflict");
  reply_free(&r);
  r = request(&s, "POST", "/sim/faults", NULL, "zendesk.conflict=1");
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/103", "{\"ticket\":{\"priority\":\"low\"}}", 409);
  assert_string_equal(text_at(&r, "error"), "DatabaseConflict");
  reply_free(&r);
  r = request(&s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "tickets.zendesk/102.notes"), 1);
  assert_null(cJSON_GetObjectItemCaseSensitive(at(&r, "tickets"), "zendesk/103"));
  reply_free(&r);
  server_stop(&s);
}

static void test_closed_tickets_and_required_fields_are_422(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off --required-to-solve 360001");
  struct reply r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"ticket\":{\"status\":\"solved\"}}",
                           422);
  assert_int_equal((int)number_at(&r, "details.base.0.ticket_field_id"), 360001);
  assert_true(cJSON_IsNull(at(&r, "details.base.0.error")));
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"ticket\":{\"status\":\"closed\"}}", 200);
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101", "{\"ticket\":{\"priority\":\"low\"}}", 422);
  assert_non_null(strstr(r.body, "closed prevents ticket update"));
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101/tags", "{\"tags\":[\"x\"]}", 422);
  reply_free(&r);
  r = request(&s, "GET", "/sim/stats", NULL, NULL);
  assert_int_equal((int)number_at(&r, "writes_after_close"), 2);
  reply_free(&r);
  server_stop(&s);
}

static void test_long_bodies_are_cut_without_a_word(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  size_t n = 70000;
  char *body = malloc(n + 200);
  assert_non_null(body);
  size_t at_byte = (size_t)sprintf(body, "{\"ticket\":{\"comment\":{\"public\":false,\"body\":\"");
  for (size_t i = 0; i < n / 2; i++) {
    memcpy(body + at_byte, "\xc3\xa9", 2);
    at_byte += 2;
  }
  strcpy(body + at_byte, "\"}}}");
  struct reply r = zendesk(&s, "PUT", "/api/v2/tickets/101", body, 200);
  assert_int_equal(strlen(text_at(&r, "audit.events.0.body")), 65534);
  reply_free(&r);
  free(body);
  server_stop(&s);
}

static void test_creation_is_idempotent_by_key(void **state) {
  (void)state;
  static const char headers[] =
      "Authorization: Bearer tok\nContent-Type: application/json\nIdempotency-Key: k1";
  static const char body[] = "{\"ticket\":{\"subject\":\"New\",\"comment\":{\"body\":\"Hello\"}}}";
  struct server s = server_start(TICKETS " --behaviour off");
  struct reply first = request(&s, "POST", "/api/v2/tickets", headers, body);
  assert_int_equal(first.status, 201);
  assert_true(header_has(&first, "x-idempotency-lookup: miss"));
  struct reply again = request(&s, "POST", "/api/v2/tickets", headers, body);
  assert_int_equal(again.status, 201);
  assert_true(header_has(&again, "x-idempotency-lookup: hit"));
  assert_true(number_at(&first, "ticket.id") == number_at(&again, "ticket.id"));
  struct reply other = request(&s, "POST", "/api/v2/tickets", headers,
                               "{\"ticket\":{\"comment\":{\"body\":\"Else\"}}}");
  assert_int_equal(other.status, 400);
  assert_string_equal(text_at(&other, "error"), "IdempotentRequestError");
  reply_free(&first);
  reply_free(&again);
  reply_free(&other);
  server_stop(&s);
}

static void test_tags_are_added_removed_and_set(void **state) {
  (void)state;
  struct server s = server_start(TICKETS " --behaviour off");
  struct reply r = zendesk(&s, "POST", "/api/v2/tickets/101/tags", "{\"tags\":[\"a\",\"b\"]}", 201);
  reply_free(&r);
  r = zendesk(&s, "PUT", "/api/v2/tickets/101/tags", "{\"tags\":[\"c\"]}", 200);
  assert_int_equal(cJSON_GetArraySize(at(&r, "tags")), 3);
  reply_free(&r);
  r = zendesk(&s, "DELETE", "/api/v2/tickets/101/tags", "{\"tags\":[\"a\"]}", 204);
  assert_int_equal(r.n, 0);
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/101/tags", NULL, 200);
  assert_string_equal(text_at(&r, "tags.0"), "b");
  reply_free(&r);
  server_stop(&s);
}

static void test_tickets_can_be_added_while_it_runs(void **state) {
  (void)state;
  struct server s = server_start("");
  struct reply r = request(
      &s, "POST", "/sim/tickets", NULL,
      "{\"id\":\"5\",\"subject\":\"A\",\"body\":\"B\"}\n"
      "{\"id\":\"6\",\"helpdesk\":\"intercom\",\"subject\":\"A\",\"body\":\"B\"}\n");
  assert_int_equal((int)number_at(&r, "added"), 2);
  reply_free(&r);
  r = request(&s, "POST", "/sim/tickets", NULL, "{\"id\":\"5\"}\n");
  assert_int_equal(r.status, 400);
  reply_free(&r);
  r = zendesk(&s, "GET", "/api/v2/tickets/5", NULL, 200);
  reply_free(&r);
  r = request(&s, "GET", "/sim/tickets/intercom/6", NULL, NULL);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  server_stop(&s);
}

static void test_responses_fit_the_vendors_description(void **state) {
  (void)state;
  static const char *const unchecked[] = {"custom_fields.value", "tickets.status", "events.value",
                                          NULL};
  static const struct {
    const char *method, *path, *described, *status, *body;
  } calls[] = {
      {"get", "/api/v2/users/me", "/api/v2/users/me", "200", NULL},
      {"get", "/api/v2/tickets/101", "/api/v2/tickets/{ticket_id}", "200", NULL},
      {"put", "/api/v2/tickets/101", "/api/v2/tickets/{ticket_id}", "200",
       "{\"ticket\":{\"comment\":{\"body\":\"x\"},\"tags\":[\"a\"],\"status\":\"solved\"}}"},
      {"post", "/api/v2/tickets", "/api/v2/tickets", "201",
       "{\"ticket\":{\"comment\":{\"body\":\"x\"}}}"},
      {"get", "/api/v2/tickets?page%5Bsize%5D=5", "/api/v2/tickets", "200", NULL},
      {"get", "/api/v2/tickets/show_many?ids=101,102", "/api/v2/tickets/show_many", "200", NULL},
      {"get", "/api/v2/tickets/101/comments?include=users", "/api/v2/tickets/{ticket_id}/comments",
       "200", NULL},
      {"get", "/api/v2/tickets/101/audits", "/api/v2/tickets/{ticket_id}/audits", "200", NULL},
      {"get", "/api/v2/tickets/101/tags", "/api/v2/tickets/{ticket_id}/tags", "200", NULL},
      {"get", EXPORT "?start_time=1&include=users", "/api/v2/incremental/tickets/cursor", "200",
       NULL},
      {"get", "/api/v2/search?query=type:ticket%20refund", "/api/v2/search", "200", NULL},
      {"get", "/api/v2/search/export?query=refund&filter%5Btype%5D=ticket", "/api/v2/search/export",
       "200", NULL},
      {"get", "/api/v2/groups", "/api/v2/groups", "200", NULL},
      {"get", "/api/v2/ticket_fields", "/api/v2/ticket_fields", "200", NULL},
      {"get", "/api/v2/custom_statuses", "/api/v2/custom_statuses", "200", NULL},
      {"get", "/api/v2/satisfaction_ratings", "/api/v2/satisfaction_ratings", "200", NULL},
      {"get", "/api/v2/deleted_tickets", "/api/v2/deleted_tickets", "200", NULL},
      {"get", "/api/v2/ticket_metrics/101", "/api/v2/ticket_metrics/{ticket_metric_id}", "200",
       NULL},
      {"put", "/api/v2/tickets/update_many?ids=102,103", "/api/v2/tickets/update_many", "200",
       "{\"ticket\":{\"priority\":\"low\"}}"},
  };
  struct openapi *o = openapi_open("zendesk-support-trimmed.json");
  if (o == NULL) {
    skip();
  }
  o->nulls_pass = true;
  o->unchecked = unchecked;
  struct server s = server_start(TICKETS);
  answer(&s, "106");
  advance(&s, "80h"); /* so that ratings and histories have something to show */
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    char why[512] = "";
    char verb[8];
    snprintf(verb, sizeof verb, "%s",
             strcmp(calls[i].method, "get") == 0   ? "GET"
             : strcmp(calls[i].method, "put") == 0 ? "PUT"
                                                   : "POST");
    struct reply r = zendesk(&s, verb, calls[i].path, calls[i].body, atol(calls[i].status));
    assert_non_null(r.json);
    if (!openapi_response(o, calls[i].described, calls[i].method, calls[i].status, r.json, why,
                          sizeof why)) {
      fail_msg("%s %s: %s", verb, calls[i].path, why);
    }
    reply_free(&r);
  }
  server_stop(&s);
  openapi_close(o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_credentials_are_an_anonymous_user_only_at_users_me),
      cmocka_unit_test(test_missing_things_and_missing_endpoints_differ),
      cmocka_unit_test(test_tokens_expire_and_scopes_bind),
      cmocka_unit_test(test_export_shows_each_change_once_and_hides_the_last_minute),
      cmocka_unit_test(test_export_can_get_stuck_and_repeat),
      cmocka_unit_test(test_comments_page_by_cursor_with_their_authors),
      cmocka_unit_test(test_one_update_does_everything_and_leaves_an_audit),
      cmocka_unit_test(test_safe_update_refuses_an_old_stamp),
      cmocka_unit_test(test_closed_tickets_and_required_fields_are_422),
      cmocka_unit_test(test_long_bodies_are_cut_without_a_word),
      cmocka_unit_test(test_creation_is_idempotent_by_key),
      cmocka_unit_test(test_tags_are_added_removed_and_set),
      cmocka_unit_test(test_tickets_can_be_added_while_it_runs),
      cmocka_unit_test(test_responses_fit_the_vendors_description),
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
