/* The Intercom connector's ops under a fake host: settings, who we are, polling, fetching,
 * webhooks. Writing is in test_intercom_write.c. */
#include "intercom_case.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY        "{\"conversations\":[],\"tickets\":[],\"pages\":{\"next\":null}}"
#define NOT_FOUND    "{\"type\":\"error.list\",\"errors\":[{\"code\":\"not_found\"}]}"
#define UNAUTHORIZED "{\"type\":\"error.list\",\"errors\":[{\"code\":\"unauthorized\"}]}"
#define NOW_S        INT64_C(1795219200)

static void refused_open(const char *const *settings, const char *says) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst;
  struct trg_err err;
  assert_int_equal(fake_host_open(host, &triaged_plugin_intercom, settings, &inst, &err), -1);
  if (strstr(err.text, says) == NULL) fail_msg("\"%s\" is not in: %s", says, err.text);
  fake_host_free(&host);
}

static void test_settings_that_are_missing_or_wrong_are_named(void **state) {
  (void)state;
#define TOKEN "auth.token=tok-secret"
#define URL   "url=" INTERCOM_URL
  refused_open((const char *const[]){URL, NULL}, "auth.token");
  refused_open((const char *const[]){URL "/v1", TOKEN, NULL}, "without a path");
  refused_open((const char *const[]){"url=https://app.intercom.com", TOKEN, NULL}, "sign in");
  refused_open((const char *const[]){URL, "auth.token=a\r\nX-Evil: 1", NULL}, "line break");
  refused_open((const char *const[]){URL, TOKEN, "admin_id=joe", NULL}, "admin_id");
  refused_open((const char *const[]){URL, TOKEN, "write.category=custom_field:3", NULL},
               "custom_attribute:NAME");
  refused_open((const char *const[]){URL, TOKEN, "write.group={\"billing\":\"Billing\"}", NULL},
               "numeric id");
}

static void test_every_request_names_the_version_and_the_token(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  assert_int_equal(desk_probe(&c)->result.outcome, TRG_DONE);
  const struct fake_request *r = fake_host_request(c.host, 0);
  assert_string_equal(r->url.p, INTERCOM_URL "/me");
  assert_string_equal(fake_request_header(r, "intercom-version"), "2.14");
  assert_string_equal(fake_request_header(r, "authorization"), "Bearer tok-secret");
  assert_string_equal(fake_request_header(r, "accept"), "application/json");
  desk_case_end(&c);
}

static void test_a_workspace_of_another_region_is_a_wrong_url(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  char *me = desk_fixture_with("intercom", "me.json", "\"US\"", "\"EU\"");
  desk_answer(&c, "/me", 200, me);
  const struct fake_op *op = desk_probe(&c);
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_string_equal(op->result.code.p, TRG_CODE_ENDPOINT);
  assert_non_null(strstr(op->result.why.p, "https://api.eu.intercom.io"));
  free(me);
  desk_case_end(&c);
}

static void test_one_question_who_we_are_serves_all_who_wait(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  trg_op ops[3];
  const struct fake_reply slow = {.url_has = "/me",
                                  .status = 200,
                                  .body = "{\"id\":\"991\",\"app\":{\"region\":\"US\"}}",
                                  .delay_ms = 500};
  fake_host_reply(c.host, &slow);
  fake_host_reply(c.host, &slow);
  desk_answer(&c, "/conversations/7", 404, NOT_FOUND);
  for (int i = 0; i < 3; i++) {
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->fetch(c.self, ops[i], TRG_STR("7"));
  }
  fake_op_cancel(c.host, ops[0]); /* the one that asks */
  fake_op_cancel(c.host, ops[1]); /* one that waits */
  fake_host_settle(c.host);
  assert_int_equal(fake_op_get(c.host, ops[2])->result.outcome, TRG_DONE);
  assert_int_equal(desk_asked(&c, "GET", "/me"), 2);
  desk_case_end(&c);
}

/* Many ops wait to know who we are: that the question failed once is no failure of theirs. */
static void test_a_question_who_we_are_that_fails_for_a_moment_fails_no_op(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  trg_op ops[3];
  const struct fake_reply lost = {.url_has = "/me", .status = 0, .why = "it went away"};
  desk_answer(&c, "/me", 503, "<html>Service unavailable</html>");
  fake_host_reply(c.host, &lost);
  desk_answer(&c, "/me", 200, "{\"id\":\"991\",\"app\":{\"region\":\"US\"}}");
  for (int i = 0; i < 3; i++) {
    desk_answer(&c, "/conversations/7", 404, NOT_FOUND);
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->fetch(c.self, ops[i], TRG_STR("7"));
  }
  fake_host_settle(c.host);
  for (int i = 0; i < 3; i++)
    assert_int_equal(fake_op_get(c.host, ops[i])->result.outcome, TRG_DONE);
  assert_int_equal(desk_asked(&c, "GET", "/me"), 3);
  desk_case_end(&c);
}

/* No status is no "HTTP 0": what the host says of it is told. */
static void test_a_failure_without_an_answer_says_what_happened(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  const struct fake_reply lost = {
      .url_has = "/conversations/7", .status = 0, .not_sent = true, .why = "no way (refused)"};
  desk_answer(&c, "/me", 200, "{\"id\":\"991\",\"app\":{\"region\":\"US\"}}");
  fake_host_reply(c.host, &lost);
  const struct fake_op *op = desk_fetch(&c, "7");
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_string_equal(op->result.why.p, "no way (refused)");
  desk_case_end(&c);
}

static void test_a_revoked_token_is_told_to_all_and_asked_about_once(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  trg_op ops[3];
  desk_answer(&c, "/me", 401, UNAUTHORIZED);
  for (int i = 0; i < 3; i++) {
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->fetch(c.self, ops[i], TRG_STR("7"));
  }
  fake_host_settle(c.host);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(fake_op_get(c.host, ops[i])->result.outcome, TRG_REJECTED);
    assert_string_equal(fake_op_get(c.host, ops[i])->result.code.p, TRG_CODE_AUTH);
  }
  desk_case_end(&c);
}

/* ---- poll ---- */

static void test_a_window_is_read_to_its_end_for_conversations_then_tickets(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer_file(&c, "/conversations/search", "search.json");
  const struct fake_op *op = desk_poll(&c, "", (NOW_S - 3600) * 1000);
  assert_int_equal(op->notice_count, 3);
  assert_string_equal(op->notices[0].id.p, "516"); /* unsorted, and twice: nothing depends on it */
  assert_string_equal(op->notices[2].version.p, "1795215100/13/closed");
  assert_true(op->cursor_more);
  /* A crash goes on with the page that comes next. */
  assert_string_equal(op->cursor.p, "1 1795215600 1795215600 1795215600 1795219195 1795215600 "
                                    "1795219195 c 1 0 WzE3OTUyMTUwMDAsNTE1LDJd");
  const struct fake_request *r = desk_request(&c, "POST", "/conversations/search", 0);
  assert_non_null(strstr(r->body.p, "\"per_page\":150}"));
  assert_int_equal(r->flags & TRG_HTTP_WRITE, 0); /* a question */
  desk_answer(&c, "/conversations/search", 200, EMPTY);
  op = desk_poll(&c, op->cursor.p, 0);
  r = desk_request(&c, "POST", "/conversations/search", 1);
  assert_non_null(strstr(r->body.p, "\"starting_after\":\"WzE3OTUyMTUwMDAsNTE1LDJd\""));
  assert_true(op->cursor_more);
  desk_answer_file(&c, "/tickets/search", "search_tickets.json");
  op = desk_poll(&c, op->cursor.p, 0);
  assert_string_equal(op->notices[0].id.p, "ticket-88");
  assert_false(op->cursor_more);
  assert_string_equal(op->cursor.p, "1 1795215600 1795219195");
  desk_case_end(&c);
}

static void test_a_row_that_escapes_a_window_is_in_the_next(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(
      (const char *const[]){URL, TOKEN, "tickets=false", NULL});
  desk_answer_file(&c, "/me", "me.json");
  desk_answer(&c, "/conversations/search", 200, EMPTY);
  const struct fake_op *op = desk_poll(&c, "1 1795000000 1795219000", 0);
  const struct fake_request *r = desk_request(&c, "POST", "/search", 0);
  assert_non_null(
      strstr(r->body.p, "\">\",\"value\":1795218699")); /* five minutes before the mark */
  assert_non_null(strstr(r->body.p, "\"<\",\"value\":1795219196")); /* five seconds behind now */
  assert_false(op->cursor_more);
  fake_host_advance(c.host, 30000);
  desk_answer(&c, "/conversations/search", 200, EMPTY);
  desk_poll(&c, op->cursor.p, 0);
  r = desk_request(&c, "POST", "/search", 1);
  assert_non_null(strstr(r->body.p, "\">\",\"value\":1795218894"));
  assert_non_null(strstr(r->body.p, "\"<\",\"value\":1795219226"));
  desk_case_end(&c);
}

static void test_windows_end_by_the_clock_that_is_behind(void **state) {
  (void)state;
  static const struct {
    const char *date, *end;
  } cases[] = {{"Date: Fri, 20 Nov 2026 23:00:00 GMT", " 1795215595 t 0 0 "}, /* ours is ahead */
               {"Date: Mon, 23 Nov 2026 23:00:00 GMT", " 1795219195 t 0 0 "}};
  for (size_t i = 0; i < 2; i++) {
    struct desk_case c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
    const struct fake_reply me = {
        .url_has = "/me", .status = 200, .headers = cases[i].date, .body = "{\"id\":\"991\"}"};
    fake_host_reply(c.host, &me);
    desk_answer(&c, "/conversations/search", 200, EMPTY);
    const struct fake_op *op = desk_poll(&c, "1 0 1795215000", 0);
    assert_non_null(strstr(op->cursor.p, cases[i].end));
    desk_case_end(&c);
  }
}

static void test_nothing_is_asked_while_the_window_is_empty(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  const struct fake_op *op = desk_poll(&c, "", NOW_S * 1000);
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_string_equal(op->cursor.p, "1 1795219200 1795219200");
  assert_int_equal(desk_asked(&c, "POST", "/search"), 0);
  desk_case_end(&c);
}

static void test_a_search_that_answers_404_is_repeated_then_halved(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer(&c, "/conversations/search", 404, NOT_FOUND);
  desk_answer(&c, "/conversations/search", 200, EMPTY);
  const struct fake_op *op = desk_poll(&c, "1 0 0 100 104 100 104 c 0 0 ", 0);
  assert_string_equal(op->cursor.p, "1 0 0 100 104 100 104 t 0 0 "); /* once was enough */
  const char *cursor = "1 0 0 100 104 100 104 c 2 0 p3",
             *halves[] = {"1 0 0 100 104 100 102 c 0 0 ", "1 0 0 100 104 100 101 c 0 0 ",
                          "1 0 0 100 104 100 100 c 0 0 ", "1 0 0 100 104 101 104 c 0 0 "};
  for (int i = 0; i < 4; i++) {
    /* The whole window and the lone second are asked for twice, the pieces between once: a window
     * of days takes some 150 of them. */
    desk_answer(&c, "/conversations/search", 404, NOT_FOUND);
    if (i == 0 || i == 3) desk_answer(&c, "/conversations/search", 404, NOT_FOUND);
    op = desk_poll(&c, cursor, 0);
    assert_int_equal(op->result.outcome, TRG_DONE); /* the sync as a whole never stops */
    assert_true(op->cursor_more);
    assert_string_equal(op->cursor.p, halves[i]);
    cursor = op->cursor.p;
  }
  assert_int_equal(fake_host_log_matches(c.host, "search_second_left_out"), 1);
  desk_case_end(&c);
}

/* Wherever in the window the deleted hit stands: all else is read, and there is an end. */
static void test_a_deleted_hit_is_cut_out_of_the_middle_of_a_window(void **state) {
  (void)state;
  for (int64_t bad = 100; bad <= 116; bad++) {
    struct desk_case c = intercom_case_begin(
        (const char *const[]){"url=" INTERCOM_URL, "auth.token=tok-secret", "tickets=false", NULL});
    desk_answer_file(&c, "/me", "me.json");
    char *cursor = strdup("1 0 0 100 116 100 116 c 0 0 ");
    bool more = true, read[117] = {false};
    int polls = 0;
    for (; more && polls < 100; polls++) {
      int64_t from = 0, to = 0;
      assert_int_equal(sscanf(cursor, "1 0 0 100 116 %" SCNd64 " %" SCNd64, &from, &to), 2);
      const bool hit = from <= bad && bad <= to;
      const bool twice = hit && (from == to || to - from == 16);
      for (int i = 0; i < (twice ? 2 : 1); i++)
        desk_answer(&c, "/conversations/search", hit ? 404 : 200, hit ? NOT_FOUND : EMPTY);
      for (int64_t s = from; !hit && s <= to; s++) read[s] = true;
      const struct fake_op *op = desk_poll(&c, cursor, 0);
      if (op->result.outcome != TRG_DONE)
        fail_msg("%s at %s: %s", op->result.code.p, cursor, op->result.why.p);
      more = op->cursor_more;
      free(cursor);
      cursor = strdup(op->cursor.p);
    }
    assert_true(polls < 100);
    for (int64_t s = 100; s <= 116; s++)
      if (read[s] == (s == bad)) fail_msg("%d with %d", (int)s, (int)bad);
    assert_string_equal(cursor, "1 0 116");
    free(cursor);
    desk_case_end(&c);
  }
}

static void test_an_expired_page_cursor_begins_the_window_again(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  const char *bad = "{\"type\":\"error.list\",\"errors\":[{\"code\":\"parameter_invalid\"}]}";
  desk_answer(&c, "/conversations/search", 400, bad);
  const struct fake_op *op = desk_poll(&c, "1 0 0 1 9 1 9 c 5 0 old", 0);
  assert_string_equal(op->cursor.p, "1 0 0 1 9 1 9 c 0 1 ");
  desk_answer(&c, "/conversations/search", 400, bad);
  op = desk_poll(&c, "1 0 0 1 9 1 9 c 5 3 old", 0);
  assert_string_equal(op->result.code.p, TRG_CODE_PERMANENT); /* not for ever */
  desk_case_end(&c);
}

static void test_a_cursor_that_does_not_move_stops_the_poll(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer_file(&c, "/conversations/search", "search.json");
  const struct fake_op *op = desk_poll(&c, "1 0 0 1 9 1 9 c 1 0 WzE3OTUyMTUwMDAsNTE1LDJd", 0);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_int_equal(op->notice_count, 0);
  assert_false(op->cursor_set);
  desk_case_end(&c);
}

static void test_a_429_holds_the_bucket_until_the_reset(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  const struct fake_reply limited = {
      .url_has = "/conversations/search",
      .status = 429,
      .headers = "X-RateLimit-Limit: 1666\nX-RateLimit-Remaining: 0\n"
                 "X-RateLimit-Reset: 1795219206\n",
      .body = "{\"type\":\"error.list\",\"errors\":[{\"code\":\"rate_limit_exceeded\"}]}"};
  fake_host_reply(c.host, &limited);
  const struct fake_op *op = desk_poll(&c, "1 0 0 1 9 1 9 c 0 0 ", 0);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_string_equal(op->result.code.p, TRG_CODE_RATE);
  assert_int_equal(op->result.retry_after_ms, 6000);
  assert_int_equal(fake_host_bucket_count(c.host), 2);
  assert_int_equal(fake_host_bucket(c.host, 1)->remaining, 0);
  assert_int_equal(fake_host_bucket(c.host, 1)->reset_ms, 6000);
  desk_case_end(&c);
}

static void test_a_page_of_html_and_a_lost_answer_are_read_again(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer(&c, "/search", 200, "<!DOCTYPE html><title>Maintenance</title>");
  desk_answer(&c, "/search", 403, "<!DOCTYPE html><title>Maintenance</title>");
  desk_answer(&c, "/search", 0, NULL);
  desk_answer(&c, "/search", 200, EMPTY);
  assert_string_equal(desk_poll(&c, "1 0 9", 0)->result.code.p, TRG_CODE_MALFORMED);
  const struct fake_op *op = desk_poll(&c, "1 0 9", 0);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_non_null(strstr(op->result.why.p, "an HTML page: Maintenance"));
  assert_int_equal(desk_poll(&c, "1 0 9", 0)->result.outcome, TRG_RETRY);
  desk_poll(&c, "1 0 9", 0);
  assert_non_null(strstr(desk_request(&c, "POST", "/search", 3)->body.p,
                         "\"per_page\":75}")); /* smaller after the timeout */
  desk_case_end(&c);
}

static void test_a_position_of_another_connector_is_refused(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  assert_int_equal(desk_poll(&c, "MTc5NTIyNTAwMC4w", 0)->result.outcome, TRG_REJECTED);
  desk_case_end(&c);
}

/* ---- fetch ---- */

static void test_a_conversation_takes_one_request(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer_file(&c, "/conversations/515?display_as=plaintext", "conversation.json");
  const struct fake_op *op = desk_fetch(&c, "515");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->ticket_count, 1);
  assert_int_equal(op->tickets[0].message_count, 3);
  assert_int_equal(fake_host_request_count(c.host), 2);
  desk_case_end(&c);
}

static void test_a_ticket_is_read_at_its_own_address(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer_file(&c, "/tickets/88", "ticket.json");
  const struct fake_op *op = desk_fetch(&c, "ticket-88");
  assert_string_equal(op->tickets[0].id.p, "ticket-88");
  assert_string_equal(op->tickets[0].requester_email.p, "cy@example.com");
  desk_case_end(&c);
}

static void test_the_contact_is_asked_for_when_nobody_names_its_address(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  char *ticket = desk_fixture_with("intercom", "ticket.json", ",\"email\":\"cy@example.com\"", "");
  desk_answer(&c, "/tickets/88", 200, ticket);
  desk_answer(&c, "/contacts/6762f2", 200,
              "{\"type\":\"contact\",\"id\":\"6762f2\",\"email\":\"cy@x.example\"}");
  assert_string_equal(desk_fetch(&c, "ticket-88")->tickets[0].requester_email.p, "cy@x.example");
  desk_answer(&c, "/tickets/88", 200, ticket);
  desk_answer(&c, "/contacts/6762f2", 404, NOT_FOUND);
  assert_int_equal(desk_fetch(&c, "ticket-88")->ticket_count, 1);
  desk_answer(&c, "/tickets/88", 200, ticket);
  desk_answer(&c, "/contacts/6762f2", 503, "");
  assert_int_equal(desk_fetch(&c, "ticket-88")->result.outcome, TRG_RETRY);
  free(ticket);
  desk_case_end(&c);
}

static void test_what_is_gone_is_told_as_deleted(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer(&c, "/tickets/88", 404, NOT_FOUND);
  const struct fake_op *op = desk_fetch(&c, "ticket-88");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->tickets[0].status, TRG_STATUS_DELETED);
  assert_string_equal(op->tickets[0].id.p, "ticket-88");
  assert_int_equal(op->tickets[0].facts[0].kind, TRG_FACT_DELETED);
  desk_case_end(&c);
}

static void test_a_404_that_is_not_of_the_item_deletes_nothing(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  desk_answer(&c, "/conversations/515", 404, "<html><title>no such host</title></html>");
  assert_int_equal(desk_fetch(&c, "515")->result.outcome, TRG_RETRY);
  desk_answer(&c, "/conversations/515", 404, "{\"errors\":[{\"code\":\"admin_not_found\"}]}");
  assert_int_equal(desk_fetch(&c, "515")->ticket_count, 0);
  desk_answer_file(&c, "/conversations/517", "conversation.json");
  assert_int_equal(desk_fetch(&c, "517")->result.outcome, TRG_RETRY); /* another one */
  desk_case_end(&c);
}

static void test_an_id_that_is_no_number_never_reaches_the_url(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  assert_int_equal(desk_fetch(&c, "1/../../me")->result.outcome, TRG_REJECTED);
  assert_int_equal(fake_host_request_count(c.host), 0);
  desk_case_end(&c);
}

/* ---- webhooks ---- */

static int verify(struct desk_case *c, const char *body, const char *header, int64_t now_ms,
                  struct trg_str *ret_id) {
  const struct trg_header h = {TRG_STR("x-hub-signature"), {header, strlen(header)}};
  const struct trg_delivery delivery = {.size = sizeof delivery,
                                        .headers = &h,
                                        .header_count = header[0] != '\0' ? 1 : 0,
                                        .body = {body, strlen(body)},
                                        .now_ms = now_ms};
  struct trg_err err;
  return c->ops->verify(c->self, &delivery, ret_id, &err);
}

static void test_signatures_are_checked_over_the_raw_body(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  char *text = desk_fixture("intercom", "signatures.json");
  cJSON *vectors = cJSON_Parse(text);
  const cJSON *v;
  assert_int_equal(cJSON_GetArraySize(vectors), 3);
  cJSON_ArrayForEach(v, vectors) {
    const char *body = cJSON_GetStringValue(cJSON_GetObjectItem(v, "body")),
               *header = cJSON_GetStringValue(cJSON_GetObjectItem(v, "header"));
    struct trg_str id = {NULL, 0};
    const int want = cJSON_IsTrue(cJSON_GetObjectItem(v, "valid")) ? 0 : -1;
    assert_int_equal(verify(&c, body, header, FAKE_NOW_MS, &id), want);
    if (want != 0) continue;
    assert_int_equal(id.n, 7);
    assert_memory_equal(id.p, "notif_1", 7);
    char cut[64];
    snprintf(cut, sizeof cut, "%.44s", header);
    assert_int_equal(verify(&c, body, cut, FAKE_NOW_MS, &id), -1);
  }
  cJSON_Delete(vectors);
  free(text);
  desk_case_end(&c);
}

static void test_an_old_delivery_is_dropped(void **state) {
  (void)state;
  struct desk_case c = intercom_case_begin(NULL);
  struct trg_str id;
  const char *body = "{\"topic\":\"ping\",\"id\":null,\"created_at\":1795219200}";
  const char *header = "sha1=e546683a5c2d82db3da96db88cf3967b819167aa";
  assert_int_equal(verify(&c, body, header, NOW_S * 1000 + 60000, &id), 0); /* one retry */
  assert_int_equal(id.n, 0);
  assert_int_equal(verify(&c, body, header, (NOW_S + 4 * 3600) * 1000, &id), -1);
  assert_int_equal(verify(&c, body, header, (NOW_S - 3600) * 1000, &id), -1);
  desk_case_end(&c);
}

static void test_an_unsigned_delivery_or_one_without_a_secret_is_refused(void **state) {
  (void)state;
  struct trg_str id;
  struct desk_case c = intercom_case_begin(NULL);
  assert_int_equal(verify(&c, "{}", "", FAKE_NOW_MS, &id), -1);
  fake_host_free(&c.host);
  c = intercom_case_begin((const char *const[]){URL, TOKEN, NULL});
  assert_int_equal(verify(&c, "{}", "sha1=00", FAKE_NOW_MS, &id), -1);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_settings_that_are_missing_or_wrong_are_named),
      cmocka_unit_test(test_every_request_names_the_version_and_the_token),
      cmocka_unit_test(test_a_workspace_of_another_region_is_a_wrong_url),
      cmocka_unit_test(test_one_question_who_we_are_serves_all_who_wait),
      cmocka_unit_test(test_a_question_who_we_are_that_fails_for_a_moment_fails_no_op),
      cmocka_unit_test(test_a_failure_without_an_answer_says_what_happened),
      cmocka_unit_test(test_a_revoked_token_is_told_to_all_and_asked_about_once),
      cmocka_unit_test(test_a_window_is_read_to_its_end_for_conversations_then_tickets),
      cmocka_unit_test(test_a_row_that_escapes_a_window_is_in_the_next),
      cmocka_unit_test(test_windows_end_by_the_clock_that_is_behind),
      cmocka_unit_test(test_nothing_is_asked_while_the_window_is_empty),
      cmocka_unit_test(test_a_search_that_answers_404_is_repeated_then_halved),
      cmocka_unit_test(test_a_deleted_hit_is_cut_out_of_the_middle_of_a_window),
      cmocka_unit_test(test_an_expired_page_cursor_begins_the_window_again),
      cmocka_unit_test(test_a_cursor_that_does_not_move_stops_the_poll),
      cmocka_unit_test(test_a_429_holds_the_bucket_until_the_reset),
      cmocka_unit_test(test_a_page_of_html_and_a_lost_answer_are_read_again),
      cmocka_unit_test(test_a_position_of_another_connector_is_refused),
      cmocka_unit_test(test_a_conversation_takes_one_request),
      cmocka_unit_test(test_a_ticket_is_read_at_its_own_address),
      cmocka_unit_test(test_the_contact_is_asked_for_when_nobody_names_its_address),
      cmocka_unit_test(test_what_is_gone_is_told_as_deleted),
      cmocka_unit_test(test_a_404_that_is_not_of_the_item_deletes_nothing),
      cmocka_unit_test(test_an_id_that_is_no_number_never_reaches_the_url),
      cmocka_unit_test(test_signatures_are_checked_over_the_raw_body),
      cmocka_unit_test(test_an_old_delivery_is_dropped),
      cmocka_unit_test(test_an_unsigned_delivery_or_one_without_a_secret_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
