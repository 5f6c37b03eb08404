/* The Zendesk connector's ops under a fake host: settings, signing in, polling, fetching. */
#include "zendesk_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const oauth[] = {"url=" ZENDESK_URL, "auth.type=oauth_client",
                                    "auth.client_id=acme", "auth.client_secret=s3cret", NULL};
#define TOKEN(t)                                                                                   \
  "{\"access_token\":\"" t "\",\"token_type\":\"bearer\",\"scope\":\"read write\","                \
  "\"expires_in\":1800}"
#define ME           "{\"user\":{\"id\":500,\"role\":\"admin\"}}"
#define UNAUTHORIZED "{\"error\":\"Couldn't authenticate you\"}"

static void refused_open(const char *const *settings, const char *says) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst;
  struct trg_err err;
  assert_int_equal(fake_host_open(host, &triaged_plugin_zendesk, settings, &inst, &err), -1);
  if (strstr(err.text, says) == NULL) fail_msg("\"%s\" is not in: %s", says, err.text);
  fake_host_free(&host);
}

static void test_settings_that_are_missing_are_named(void **state) {
  (void)state;
  refused_open((const char *const[]){"url=" ZENDESK_URL, "auth.type=oauth_client", NULL},
               "auth.client_id");
  refused_open(
      (const char *const[]){"url=" ZENDESK_URL, "auth.type=oauth_client", "auth.client_id=a", NULL},
      "auth.client_secret");
  refused_open((const char *const[]){"url=" ZENDESK_URL, "auth.type=bearer", NULL}, "auth.token");
  refused_open((const char *const[]){"url=" ZENDESK_URL, "auth.type=api_token",
                                     "auth.token=t0pS3cret", NULL},
               "auth.email");
}

static void test_settings_that_are_wrong_are_refused(void **state) {
  (void)state;
#define BEARER "auth.type=bearer", "auth.token=t0pS3cret"
  refused_open((const char *const[]){"url=" ZENDESK_URL "/api/v2", BEARER, NULL}, "without a path");
  refused_open((const char *const[]){"url=" ZENDESK_URL, BEARER, "write.category=360001", NULL},
               "custom_field:ID");
  refused_open((const char *const[]){"url=" ZENDESK_URL, BEARER,
                                     "write.group={\"billing\":\"Billing\"}", NULL},
               "numeric id");
  refused_open((const char *const[]){"url=" ZENDESK_URL, "auth.type=bearer",
                                     "auth.token=a\r\nX-Evil: 1", NULL},
               "line break");
}

static void test_the_public_test_secret_is_refused_beyond_loopback(void **state) {
  (void)state;
#define HOOK "webhook_secret=dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
  refused_open((const char *const[]){"url=" ZENDESK_URL, BEARER, HOOK, NULL}, "test secret");
  struct desk_case c = zendesk_case_begin(
      (const char *const[]){"url=http://127.0.0.1:8080", BEARER, HOOK, NULL});
  desk_case_end(&c);
}

static void test_an_api_token_signs_in_and_warns_of_its_end(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin((const char *const[]){
      "url=" ZENDESK_URL, "auth.type=api_token", "auth.email=a@b.c", "auth.token=t0pS3cret", NULL});
  desk_answer(&c, "/users/me", 200, ME);
  assert_int_equal(desk_probe(&c)->result.outcome, TRG_DONE);
  assert_string_equal(fake_request_header(fake_host_request(c.host, 0), "authorization"),
                      "Basic YUBiLmMvdG9rZW46dDBwUzNjcmV0");
  assert_int_equal(fake_host_log_matches(c.host, "2027-04-30"), 1);
  desk_case_end(&c);
}

static void test_one_token_serves_all_ops_that_wait_for_it(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("A"));
  desk_answer(&c, "/users/me", 200, ME);
  desk_answer(&c, "/tickets/1.json", 404, "{\"error\":\"RecordNotFound\"}");
  desk_answer(&c, "/tickets/2.json", 404, "{\"error\":\"RecordNotFound\"}");
  trg_op a = fake_op_start(c.inst, 60000, false), b = fake_op_start(c.inst, 60000, false);
  c.ops->fetch(c.self, a, TRG_STR("1"));
  c.ops->fetch(c.self, b, TRG_STR("2"));
  fake_host_settle(c.host);
  assert_int_equal(fake_op_get(c.host, a)->result.outcome, TRG_DONE);
  assert_int_equal(fake_op_get(c.host, b)->result.outcome, TRG_DONE);
  assert_int_equal(desk_asked(&c, "POST", "/oauth/tokens"), 1);
  assert_int_equal(desk_asked(&c, "GET", "/users/me"), 1);
  assert_non_null(strstr(desk_request(&c, "POST", "/oauth/tokens", 0)->body.p,
                         "\"grant_type\":\"client_credentials\""));
  assert_string_equal(fake_request_header(desk_request(&c, "GET", "/users/me", 0), "authorization"),
                      "Bearer A");
  desk_case_end(&c);
}

/* Many ops wait for one token: that its request failed once is no failure of theirs. */
static void test_a_token_request_that_fails_for_a_moment_fails_no_op(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  trg_op ops[3];
  const struct fake_reply lost = {.url_has = "/oauth/tokens", .status = 0, .why = "it went away"};
  desk_answer(&c, "/oauth/tokens", 503, "<html>Service unavailable</html>");
  fake_host_reply(c.host, &lost);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("A"));
  for (int i = 0; i < 3; i++) {
    desk_answer(&c, "cursor.json", 200,
                "{\"tickets\":[],\"after_cursor\":\"c\",\"end_of_stream\":true}");
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->poll(c.self, ops[i], TRG_STR("x"), 0);
  }
  fake_host_settle(c.host);
  for (int i = 0; i < 3; i++)
    assert_int_equal(fake_op_get(c.host, ops[i])->result.outcome, TRG_DONE);
  assert_int_equal(desk_asked(&c, "POST", "/oauth/tokens"), 3);
  desk_case_end(&c);
}

/* No status is no "HTTP 0": what the host says of it is told. */
static void test_a_failure_without_an_answer_says_what_happened(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  const struct fake_reply lost = {
      .url_has = "cursor.json", .status = 0, .not_sent = true, .why = "no connection (refused)"};
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("A"));
  fake_host_reply(c.host, &lost);
  const trg_op op = fake_op_start(c.inst, 60000, false);
  c.ops->poll(c.self, op, TRG_STR("x"), 0);
  fake_host_settle(c.host);
  assert_string_equal(fake_op_get(c.host, op)->result.why.p, "no connection (refused)");
  desk_case_end(&c);
}

static void test_a_cancelled_op_hands_the_token_on_to_the_next(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  trg_op ops[3];
  const struct fake_reply slow = {
      .url_has = "/oauth/tokens", .status = 200, .body = TOKEN("A"), .delay_ms = 500};
  fake_host_reply(c.host, &slow);
  fake_host_reply(c.host, &slow);
  desk_answer(&c, "cursor.json", 200,
              "{\"tickets\":[],\"after_cursor\":\"c\",\"end_of_stream\":true}");
  for (int i = 0; i < 3; i++) {
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->poll(c.self, ops[i], TRG_STR("x"), 0);
  }
  fake_op_cancel(c.host, ops[0]); /* the one that fetches */
  fake_op_cancel(c.host, ops[1]); /* one that waits */
  fake_host_settle(c.host);
  assert_int_equal(fake_op_get(c.host, ops[2])->result.outcome, TRG_DONE);
  assert_int_equal(desk_asked(&c, "POST", "/oauth/tokens"), 2);
  assert_int_equal(desk_asked(&c, "GET", "cursor.json"), 1);
  assert_string_equal(
      fake_request_header(desk_request(&c, "GET", "cursor.json", 0), "authorization"), "Bearer A");
  desk_case_end(&c);
}

static void test_a_refused_token_is_renewed_once_and_never_in_a_loop(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("A"));
  desk_answer(&c, "/users/me", 401, UNAUTHORIZED);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("B"));
  desk_answer(&c, "/users/me", 401, UNAUTHORIZED);
  const struct fake_op *op = desk_probe(&c);
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_string_equal(op->result.code.p, TRG_CODE_AUTH);
  assert_int_equal(op->result.http_status, 401);
  assert_string_equal(fake_request_header(desk_request(&c, "GET", "/users/me", 1), "authorization"),
                      "Bearer B");
  desk_case_end(&c);
}

static void test_wrong_client_credentials_are_told_once_to_all_who_wait(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  desk_answer(&c, "/oauth/tokens", 401,
              "{\"error\":\"invalid_client\",\"error_description\":\"Client unknown\"}");
  trg_op ops[3];
  const struct trg_action action = {.size = sizeof action,
                                    .ticket_id = TRG_STR("1"),
                                    .idem_key = TRG_STR("k"),
                                    .note = TRG_STR("n")};
  for (int i = 0; i < 3; i++) ops[i] = fake_op_start(c.inst, 60000, i == 1);
  c.ops->probe(c.self, ops[0]);
  c.ops->write(c.self, ops[1], &action);
  c.ops->poll(c.self, ops[2], TRG_STR("x"), 0);
  fake_host_settle(c.host);
  for (int i = 0; i < 3; i++) {
    const struct trg_result *result = &fake_op_get(c.host, ops[i])->result;
    assert_int_equal(result->outcome, TRG_REJECTED);
    assert_string_equal(result->code.p, TRG_CODE_AUTH);
    assert_non_null(strstr(result->why.p, "Client unknown"));
  }
  desk_case_end(&c);
}

static void test_a_token_is_renewed_before_it_expires(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("A"));
  desk_answer(&c, "/users/me", 200, ME);
  desk_probe(&c);
  fake_host_advance(c.host, 1750000);
  desk_answer(&c, "/oauth/tokens", 200, TOKEN("B"));
  desk_answer(&c, "/users/me", 200, ME);
  assert_int_equal(desk_probe(&c)->result.outcome, TRG_DONE);
  desk_case_end(&c);
}

static void test_a_scope_that_was_not_granted_is_logged(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(oauth);
  desk_answer(&c, "/oauth/tokens", 200,
              "{\"access_token\":\"A\",\"scope\":\"tickets:read write\"}");
  desk_answer(&c, "/users/me", 200, ME);
  desk_probe(&c);
  assert_int_equal(fake_host_log_matches(c.host, "scope_missing"), 1);
  desk_case_end(&c);
}

static void test_a_200_for_nobody_is_no_sign_of_health(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin((const char *const[]){"url=" ZENDESK_URL, BEARER, NULL});
  desk_answer(&c, "/users/me", 200, "{\"user\":{\"id\":null,\"name\":\"Anonymous user\"}}");
  const struct fake_op *op = desk_probe(&c);
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_string_equal(op->result.code.p, TRG_CODE_AUTH);
  desk_case_end(&c);
}

static void test_a_plain_agent_is_warned_of_the_export(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin((const char *const[]){"url=" ZENDESK_URL, BEARER, NULL});
  desk_answer(&c, "/users/me", 200, "{\"user\":{\"id\":500,\"role\":\"agent\"}}");
  assert_non_null(strstr(desk_probe(&c)->result.why.p, "admin"));
  desk_answer(&c, "cursor.json", 403,
              "{\"error\":{\"title\":\"Forbidden\",\"message\":\"You do not have access\"}}");
  const struct fake_op *op = desk_poll(&c, "x", 0);
  assert_string_equal(op->result.code.p, TRG_CODE_PERMISSION);
  assert_non_null(strstr(op->result.why.p, "admins only"));
  desk_case_end(&c);
}

/* ---- poll ---- */

static void test_the_first_poll_starts_at_a_time_and_the_next_at_the_cursor(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "cursor.json", "export.json");
  desk_answer_file(&c, "cursor.json", "export.json");
  const struct fake_op *op = desk_poll(&c, "", FAKE_NOW_MS - 3600000);
  assert_string_equal(fake_host_request(c.host, 0)->url.p,
                      ZENDESK_URL "/api/v2/incremental/tickets/cursor.json?start_time=1795215600"
                                  "&per_page=100");
  assert_string_equal(fake_host_request(c.host, 0)->bucket.p, "incremental-exports");
  assert_int_equal(op->notice_count, 3);
  assert_string_equal(op->cursor.p, "MTc5NTIyNTAwMC4wfHwxMDE=");
  assert_true(op->cursor_more);
  desk_poll(&c, "older", 5);
  assert_string_equal(fake_host_request(c.host, 1)->url.p, ZENDESK_URL
                      "/api/v2/incremental/tickets/cursor.json?cursor=older&per_page=100");
  desk_case_end(&c);
}

static void test_a_notice_changes_even_when_updated_at_stands_still(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "cursor.json", "export.json");
  const struct fake_op *op = desk_poll(&c, "x", 0);
  assert_string_equal(op->notices[0].id.p, "101");
  assert_string_equal(op->notices[2].id.p, "101");
  assert_string_equal(op->notices[0].version.p, "2026-11-20T10:00:01Z/1795225000");
  assert_string_equal(op->notices[2].version.p, "2026-11-20T10:00:01Z/1795225009");
  assert_string_equal(op->notices[1].id.p, "102"); /* deleted ones are told too */
  desk_case_end(&c);
}

static void test_the_first_poll_never_asks_for_the_last_minute(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "start_time=1795219139&", "export.json");
  assert_int_equal(desk_poll(&c, "", FAKE_NOW_MS)->result.outcome, TRG_DONE);
  desk_case_end(&c);
}

static void test_the_first_poll_begins_by_the_clock_of_zendesk_when_ours_is_ahead(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  fake_host_reply(c.host, &(struct fake_reply){.url_has = "start_time=1795219139&",
                                               .status = 422,
                                               .headers = "Date: Fri, 20 Nov 2026 22:58:20 GMT\n",
                                               .body = "{\"error\":\"StartTimeTooRecent\"}"});
  desk_answer_file(&c, "start_time=1795215439&", "export.json"); /* 61 s before that */
  assert_int_equal(desk_poll(&c, "", FAKE_NOW_MS)->result.outcome, TRG_REJECTED);
  assert_int_equal(desk_poll(&c, "", FAKE_NOW_MS)->result.outcome, TRG_DONE);
  desk_case_end(&c);
}

static void test_pages_of_comments_shrink_down_to_one_when_they_are_too_large(void **state) {
  (void)state;
  static const char *const sizes[] = {"page[size]=100", "page[size]=50", "page[size]=25",
                                      "page[size]=12",  "page[size]=6",  "page[size]=3"};
  struct desk_case c = zendesk_case_begin(NULL);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    desk_answer_file(&c, "/tickets/101.json?include=users", "ticket_new.json");
    desk_answer(&c, sizes[i], 0, NULL);
    assert_int_equal(desk_fetch(&c, "101")->result.outcome, TRG_RETRY);
  }
  desk_answer_file(&c, "/tickets/101.json?include=users", "ticket_new.json");
  desk_answer_file(&c, "page[size]=1", "comments_new.json");
  assert_int_equal(desk_fetch(&c, "101")->result.outcome, TRG_DONE);
  desk_case_end(&c);
}

static void test_a_cursor_that_does_not_move_stops_the_poll(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "cursor.json", "export.json");
  const struct fake_op *op = desk_poll(&c, "MTc5NTIyNTAwMC4wfHwxMDE=", 0);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_int_equal(op->notice_count, 0);
  assert_false(op->cursor_set);
  desk_case_end(&c);
}

static void test_the_end_of_the_stream_keeps_its_cursor(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer(&c, "cursor.json", 200,
              "{\"tickets\":[],\"after_cursor\":\"same\",\"end_of_stream\":true}");
  const struct fake_op *op = desk_poll(&c, "same", 0);
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_true(op->cursor_set && !op->cursor_more);
  desk_case_end(&c);
}

static void test_a_429_holds_back_its_own_bucket(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  const struct fake_reply limited = {
      .url_has = "cursor.json",
      .status = 429,
      .headers = "Retry-After: 7\nX-Rate-Limit-Remaining: 650\n"
                 "Zendesk-RateLimit-incremental-exports: total=10; remaining=0; resets=9\n",
      .body = "Rate limit exceeded"};
  fake_host_reply(c.host, &limited);
  const struct fake_op *op = desk_poll(&c, "x", 0);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_string_equal(op->result.code.p, TRG_CODE_RATE);
  assert_int_equal(op->result.retry_after_ms, 7000);
  assert_int_equal(fake_host_bucket_count(c.host), 3);
  assert_int_equal(fake_host_bucket(c.host, 0)->remaining, 650); /* the account's is fine */
  assert_int_equal(fake_host_bucket(c.host, 0)->name.n, 0);
  assert_string_equal(fake_host_bucket(c.host, 1)->name.p, "incremental-exports");
  assert_int_equal(fake_host_bucket(c.host, 1)->reset_ms, 9000);
  assert_string_equal(fake_host_bucket(c.host, 2)->name.p, "incremental-exports");
  assert_int_equal(fake_host_bucket(c.host, 2)->reset_ms, 7000);
  desk_case_end(&c);
}

static void test_pages_shrink_after_a_timeout(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer(&c, "per_page=100", 0, NULL);
  desk_answer_file(&c, "per_page=50", "export.json");
  assert_int_equal(desk_poll(&c, "x", 0)->result.outcome, TRG_RETRY);
  assert_int_equal(desk_poll(&c, "x", 0)->result.outcome, TRG_DONE);
  desk_case_end(&c);
}

static void test_a_page_of_html_is_no_page(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  char *html = malloc(22001);
  memset(html, 'x', 22000);
  html[22000] = '\0';
  memcpy(html, "<!DOCTYPE html><html><title>Maintenance</title>", 47);
  desk_answer(&c, "cursor.json", 503, html);
  desk_answer(&c, "cursor.json", 200, html);
  const struct fake_op *op = desk_poll(&c, "x", 0);
  assert_string_equal(op->result.code.p, TRG_CODE_TRANSIENT);
  assert_non_null(strstr(op->result.why.p, "an HTML page: Maintenance"));
  assert_string_equal(desk_poll(&c, "x", 0)->result.code.p, TRG_CODE_MALFORMED);
  free(html);
  desk_case_end(&c);
}

/* ---- fetch ---- */

static void test_a_new_ticket_takes_two_requests_and_comes_whole(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "/tickets/101.json?include=users", "ticket_new.json");
  desk_answer_file(&c, "/tickets/101/comments.json?include=users&sort=created_at&page[size]=100",
                   "comments_new.json");
  const struct fake_op *op = desk_fetch(&c, "101");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->ticket_count, 1);
  const struct trg_ticket *t = op->tickets;
  assert_string_equal(t->version.p, "2026-11-20T10:00:01Z/1795225000");
  assert_string_equal(t->subject.p, "Refund");
  assert_string_equal(t->team.p, "Billing");
  assert_string_equal(t->requester_email.p, "ann@example.com");
  assert_string_equal(t->language.p, "en-US");
  assert_string_equal(t->url.p, ZENDESK_URL "/agent/tickets/101");
  assert_int_equal(t->status, TRG_STATUS_OPEN);
  assert_int_equal(t->channel, TRG_CHANNEL_EMAIL);
  assert_int_equal(t->message_count, 1);
  assert_string_equal(t->messages[0].text.p, "I was charged twice.\n\nAnn");
  assert_int_equal(t->messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_string_equal(t->messages[0].attachments[0].name.p, "bill.pdf");
  assert_int_equal(t->fact_count, 0);
  /* Named, never fetched: the address is not Zendesk's, and our credentials would go there. */
  assert_int_equal(desk_asked(&c, NULL, "elsewhere"), 0);
  desk_case_end(&c);
}

static void test_a_solved_ticket_tells_facts_and_markers(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "/101.json", "ticket_solved.json");
  desk_answer_file(&c, "/comments", "comments_solved.json");
  desk_answer_file(&c, "/audits.json?include=users&page[size]=100", "audits_solved.json");
  const struct trg_ticket *t = desk_fetch(&c, "101")->tickets;
  assert_int_equal(t->status, TRG_STATUS_SOLVED);
  static const struct {
    int32_t author;
    uint32_t flags;
  } want[] = {{TRG_AUTHOR_CUSTOMER, TRG_MESSAGE_PUBLIC},
              {TRG_AUTHOR_SELF, 0},
              {TRG_AUTHOR_CUSTOMER, TRG_MESSAGE_PUBLIC | TRG_MESSAGE_AUTO},
              {TRG_AUTHOR_AGENT, TRG_MESSAGE_PUBLIC},
              {TRG_AUTHOR_CUSTOMER, TRG_MESSAGE_PUBLIC | TRG_MESSAGE_UNTRUSTED},
              {TRG_AUTHOR_BOT, 0},
              {TRG_AUTHOR_CUSTOMER, TRG_MESSAGE_PUBLIC | TRG_MESSAGE_REDACTED}};
  assert_int_equal(t->message_count, 7);
  for (size_t i = 0; i < 7; i++) {
    assert_int_equal(t->messages[i].author, want[i].author);
    assert_int_equal(t->messages[i].flags, want[i].flags);
  }
  assert_string_equal(t->messages[1].marker.p, "run-1");
  static const struct {
    int32_t kind;
    const char *id;
    int32_t by;
  } facts[] = {{TRG_FACT_ASSIGNED, "audit:7004:assignee_id", TRG_AUTHOR_AGENT},
               {TRG_FACT_SOLVED, "audit:7004:status", TRG_AUTHOR_AGENT},
               {TRG_FACT_REOPENED, "audit:7005:status", TRG_AUTHOR_CUSTOMER},
               {TRG_FACT_SOLVED, "audit:7008:status", TRG_AUTHOR_AGENT},
               {TRG_FACT_CSAT_GOOD, "csat:62:good", TRG_AUTHOR_CUSTOMER}};
  assert_int_equal(t->fact_count, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(t->facts[i].kind, facts[i].kind);
    assert_string_equal(t->facts[i].id.p, facts[i].id);
    assert_int_equal(t->facts[i].by, facts[i].by);
  }
  assert_string_equal(t->facts[0].value.p, "agent:777");
  desk_case_end(&c);
}

static void test_a_ticket_that_is_gone_is_told_as_deleted(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer(&c, "/101.json", 404, "{\"error\":\"RecordNotFound\",\"description\":\"Not found\"}");
  const struct fake_op *op = desk_fetch(&c, "101");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->tickets[0].status, TRG_STATUS_DELETED);
  assert_string_equal(op->tickets[0].id.p, "101");
  assert_string_equal(op->tickets[0].facts[0].id.p, "ticket:101:deleted");
  desk_answer_file(&c, "/101.json", "ticket_new.json");
  desk_answer(&c, "/comments", 404, "{\"error\":\"RecordNotFound\"}");
  assert_int_equal(desk_fetch(&c, "101")->tickets[0].status, TRG_STATUS_DELETED);
  char *deleted = desk_fixture_with("zendesk", "ticket_new.json", "\"open\"", "\"deleted\"");
  desk_answer(&c, "/101.json", 200, deleted);
  free(deleted);
  assert_int_equal(desk_fetch(&c, "101")->tickets[0].status, TRG_STATUS_DELETED);
  desk_case_end(&c);
}

static void test_a_404_that_is_not_of_the_ticket_deletes_nothing(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer(&c, "/101.json", 404, "<html><title>Not here</title></html>");
  desk_answer(&c, "/101.json", 404, "{\"error\":\"InvalidEndpoint\"}");
  for (int i = 0; i < 2; i++) {
    const struct fake_op *op = desk_fetch(&c, "101");
    assert_int_equal(op->ticket_count, 0);
    assert_string_equal(op->result.code.p, TRG_CODE_ENDPOINT);
  }
  desk_case_end(&c);
}

static void test_pages_of_comments_are_read_to_their_end(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  char *first = desk_fixture_with("zendesk", "comments_new.json",
                                  "\"has_more\": false,\n  \"after_cursor\": null",
                                  "\"has_more\": true, \"after_cursor\": \"c/2=\"");
  char *second = desk_fixture_with("zendesk", "comments_new.json", "5001", "5009");
  desk_answer_file(&c, "/101.json", "ticket_new.json");
  desk_answer(&c, "sort=created_at&page[size]=100", 200, first);
  desk_answer(&c, "page[after]=c%2F2%3D", 200, second);
  const struct trg_ticket *t = desk_fetch(&c, "101")->tickets;
  assert_int_equal(t->message_count, 2);
  assert_string_equal(t->messages[1].id.p, "5009");
  free(first);
  free(second);
  desk_case_end(&c);
}

static void test_a_list_that_repeats_its_cursor_is_given_up(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  char *page = desk_fixture_with("zendesk", "comments_new.json",
                                 "\"has_more\": false,\n  \"after_cursor\": null",
                                 "\"has_more\": true, \"after_cursor\": \"c2\"");
  desk_answer_file(&c, "/101.json", "ticket_new.json");
  for (int i = 0; i < 6; i++) desk_answer(&c, "/comments", 200, page);
  const struct fake_op *op = desk_fetch(&c, "101");
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_int_equal(op->ticket_count, 0);
  assert_int_equal(fake_host_replies_left(c.host), 0);
  free(page);
  desk_case_end(&c);
}

static void test_a_page_that_leads_to_itself_once_is_asked_for_again(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  char *page = desk_fixture_with("zendesk", "comments_new.json",
                                 "\"has_more\": false,\n  \"after_cursor\": null",
                                 "\"has_more\": true, \"after_cursor\": \"c2\"");
  char *last = desk_fixture_with("zendesk", "comments_new.json", "5001", "5009");
  desk_answer_file(&c, "/101.json", "ticket_new.json");
  desk_answer(&c, "/comments", 200, page);
  desk_answer(&c, "page[after]=c2", 200, page);
  desk_answer(&c, "page[after]=c2", 200, last);
  const struct fake_op *op = desk_fetch(&c, "101");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->tickets->message_count, 2); /* and nothing twice */
  free(page);
  free(last);
  desk_case_end(&c);
}

static void test_audits_of_an_archived_ticket_are_asked_for_in_one_piece(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "/101.json", "ticket_solved.json");
  desk_answer_file(&c, "/comments", "comments_solved.json");
  desk_answer(&c, "/audits.json?include=users&page[size]", 400, "{\"error\":\"InvalidPaging\"}");
  desk_answer_file(&c, "/audits.json?include=users", "audits_solved.json");
  assert_int_equal(desk_fetch(&c, "101")->tickets[0].fact_count, 5);
  desk_case_end(&c);
}

static void test_audits_that_are_refused_name_the_scope(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  desk_answer_file(&c, "/101.json", "ticket_solved.json");
  desk_answer_file(&c, "/comments", "comments_solved.json");
  desk_answer(&c, "/audits", 403, "{\"error\":\"Forbidden\"}");
  const struct fake_op *op = desk_fetch(&c, "101");
  assert_string_equal(op->result.code.p, TRG_CODE_PERMISSION);
  assert_non_null(strstr(op->result.why.p, "global scope read"));
  desk_case_end(&c);
}

static void test_custom_statuses_are_read_when_an_audit_names_nothing_else(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  char *audits = desk_fixture_with("zendesk", "audits_solved.json",
                                   "\"field_name\": \"status\",\n"
                                   "     \"value\": \"solved\",\n"
                                   "     \"previous_value\": \"new\"",
                                   "\"field_name\": \"custom_status_id\", \"value\": \"33\","
                                   "\"previous_value\": \"7\"");
  for (int i = 0; i < 2; i++) { /* the list is kept for the second fetch */
    desk_answer_file(&c, "/101.json", "ticket_solved.json");
    desk_answer_file(&c, "/comments", "comments_solved.json");
    desk_answer(&c, "/audits", 200, audits);
  }
  desk_answer(&c, "/custom_statuses.json", 200,
              "{\"custom_statuses\":[{\"id\":7,\"status_category\":\"open\"},"
              "{\"id\":33,\"status_category\":\"solved\"}]}");
  for (int i = 0; i < 2; i++) {
    const struct trg_ticket *t = desk_fetch(&c, "101")->tickets;
    assert_int_equal(t->facts[1].kind, TRG_FACT_SOLVED);
    assert_string_equal(t->facts[1].id.p, "audit:7004:status");
  }
  free(audits);
  desk_case_end(&c);
}

static void test_a_ticket_id_that_is_no_number_never_reaches_the_url(void **state) {
  (void)state;
  struct desk_case c = zendesk_case_begin(NULL);
  assert_int_equal(desk_fetch(&c, "1/../../users/me")->result.outcome, TRG_REJECTED);
  assert_int_equal(fake_host_request_count(c.host), 0);
  desk_case_end(&c);
}

/* ---- webhooks ---- */

static int verify(struct desk_case *c, struct trg_str stamp, struct trg_str signature,
                  struct trg_str body, int64_t now_ms, struct trg_str *ret_id) {
  const struct trg_header headers[] = {
      {TRG_STR("x-zendesk-webhook-signature-timestamp"), stamp},
      {TRG_STR("x-zendesk-webhook-signature"), signature},
      {TRG_STR("x-zendesk-webhook-invocation-id"), TRG_STR("inv-1")}};
  const struct trg_delivery delivery = {.size = sizeof delivery,
                                        .headers = headers,
                                        .header_count = 3,
                                        .body = body,
                                        .now_ms = now_ms};
  struct trg_err err;
  return c->ops->verify(c->self, &delivery, ret_id, &err);
}

static struct trg_str text_at(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return (struct trg_str){text, text == NULL ? 0 : strlen(text)};
}

static void test_signatures_are_checked_over_timestamp_and_raw_body(void **state) {
  (void)state;
  const int64_t at_ms = INT64_C(1795226075000); /* 2026-11-21T01:54:35Z */
  struct desk_case c = zendesk_case_begin(
      (const char *const[]){"url=http://127.0.0.1:8080", BEARER, HOOK, NULL});
  char *text = desk_fixture("zendesk", "signatures.json");
  cJSON *vectors = cJSON_Parse(text);
  const cJSON *v;
  assert_int_equal(cJSON_GetArraySize(vectors), 7);
  cJSON_ArrayForEach(v, vectors) {
    struct trg_str id = {NULL, 0}, stamp = text_at(v, "timestamp"), body = text_at(v, "body"),
                   signature = text_at(v, "signature");
    int want = cJSON_IsTrue(cJSON_GetObjectItem(v, "valid")) ? 0 : -1;
    assert_int_equal(verify(&c, stamp, signature, body, at_ms, &id), want);
    if (want != 0) continue;
    assert_memory_equal(id.p, "inv-1", 5);
    assert_int_equal(verify(&c, stamp, signature, body, at_ms + 301000, &id), -1);
    assert_int_equal(verify(&c, stamp, signature, body, at_ms - 301000, &id), -1);
    signature.n--;
    assert_int_equal(verify(&c, stamp, signature, body, at_ms, &id), -1);
  }
  cJSON_Delete(vectors);
  free(text);
  desk_case_end(&c);
}

static void test_an_unsigned_delivery_or_one_without_a_secret_is_refused(void **state) {
  (void)state;
  struct trg_str id;
  struct desk_case c = zendesk_case_begin(NULL);
  assert_int_equal(verify(&c, TRG_STR(""), TRG_STR(""), TRG_STR("{}"), FAKE_NOW_MS, &id), -1);
  fake_host_free(&c.host);
  c = zendesk_case_begin((const char *const[]){"url=" ZENDESK_URL, BEARER, NULL});
  assert_int_equal(
      verify(&c, TRG_STR("2026-11-21T00:00:00Z"), TRG_STR("x"), TRG_STR("{}"), FAKE_NOW_MS, &id),
      -1);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_settings_that_are_missing_are_named),
      cmocka_unit_test(test_settings_that_are_wrong_are_refused),
      cmocka_unit_test(test_the_public_test_secret_is_refused_beyond_loopback),
      cmocka_unit_test(test_an_api_token_signs_in_and_warns_of_its_end),
      cmocka_unit_test(test_one_token_serves_all_ops_that_wait_for_it),
      cmocka_unit_test(test_a_token_request_that_fails_for_a_moment_fails_no_op),
      cmocka_unit_test(test_a_failure_without_an_answer_says_what_happened),
      cmocka_unit_test(test_a_cancelled_op_hands_the_token_on_to_the_next),
      cmocka_unit_test(test_a_refused_token_is_renewed_once_and_never_in_a_loop),
      cmocka_unit_test(test_wrong_client_credentials_are_told_once_to_all_who_wait),
      cmocka_unit_test(test_a_token_is_renewed_before_it_expires),
      cmocka_unit_test(test_a_scope_that_was_not_granted_is_logged),
      cmocka_unit_test(test_a_200_for_nobody_is_no_sign_of_health),
      cmocka_unit_test(test_a_plain_agent_is_warned_of_the_export),
      cmocka_unit_test(test_the_first_poll_starts_at_a_time_and_the_next_at_the_cursor),
      cmocka_unit_test(test_a_notice_changes_even_when_updated_at_stands_still),
      cmocka_unit_test(test_the_first_poll_never_asks_for_the_last_minute),
      cmocka_unit_test(test_a_cursor_that_does_not_move_stops_the_poll),
      cmocka_unit_test(test_the_end_of_the_stream_keeps_its_cursor),
      cmocka_unit_test(test_a_429_holds_back_its_own_bucket),
      cmocka_unit_test(test_pages_shrink_after_a_timeout),
      cmocka_unit_test(test_the_first_poll_begins_by_the_clock_of_zendesk_when_ours_is_ahead),
      cmocka_unit_test(test_pages_of_comments_shrink_down_to_one_when_they_are_too_large),
      cmocka_unit_test(test_a_page_of_html_is_no_page),
      cmocka_unit_test(test_a_new_ticket_takes_two_requests_and_comes_whole),
      cmocka_unit_test(test_a_solved_ticket_tells_facts_and_markers),
      cmocka_unit_test(test_a_ticket_that_is_gone_is_told_as_deleted),
      cmocka_unit_test(test_a_404_that_is_not_of_the_ticket_deletes_nothing),
      cmocka_unit_test(test_pages_of_comments_are_read_to_their_end),
      cmocka_unit_test(test_a_list_that_repeats_its_cursor_is_given_up),
      cmocka_unit_test(test_a_page_that_leads_to_itself_once_is_asked_for_again),
      cmocka_unit_test(test_audits_of_an_archived_ticket_are_asked_for_in_one_piece),
      cmocka_unit_test(test_audits_that_are_refused_name_the_scope),
      cmocka_unit_test(test_custom_statuses_are_read_when_an_audit_names_nothing_else),
      cmocka_unit_test(test_a_ticket_id_that_is_no_number_never_reaches_the_url),
      cmocka_unit_test(test_signatures_are_checked_over_timestamp_and_raw_body),
      cmocka_unit_test(test_an_unsigned_delivery_or_one_without_a_secret_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
