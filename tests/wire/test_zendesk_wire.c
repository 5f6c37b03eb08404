/* Zendesk's documents: what is read from them, and what is sent. */
#include "../../plugins/connectors/zendesk/wire.h"
#include "zendesk_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void is_text(const struct hd_buf *buf, const char *want) {
  const char *have = buf->n > 0 ? buf->p : "";
  if (strcmp(have, want) != 0) fail_msg("\"%s\" is not \"%s\"", have, want);
}

/* ---- text ---- */

static void safe(const char *html, const char *want) {
  struct hd_buf buf = hd_buf_new(4096);
  hd_put_html_safe(&buf, hd_str(html), 4096);
  is_text(&buf, want);
  hd_buf_free(&buf);
}
#define GAP "\xE2\x80\x8B"
static void test_placeholders_are_broken_in_every_disguise(void **state) {
  (void)state;
  safe("<p>{{ticket.requester.email}}</p>", "<p>{" GAP "{ticket.requester.email}}</p>");
  safe("{{{x", "{" GAP "{" GAP "{x");
  safe("{% if x %}", "{" GAP "% if x %}");
  safe("&#123;{x", "&#123;" GAP "{x");
  safe("{&lbrace;x", "{" GAP "&lbrace;x");
  safe("&#x7b;&#0000000123;x", "&#x7b;" GAP "&#0000000123;x");
  safe("&#123&#123x", "&#123" GAP "&#123x"); /* browsers need no semicolon */
  safe("{<b></b>{x", "{<b></b>" GAP "{x");
  safe("{<!-- -->{x", "{" GAP "{x");
  safe("{\x01{x", "{" GAP "{x");
  safe("<a href=\"https://x/{{y}}\">z</a>", "<a href=\"https://x/%7B%7By}}\">z</a>");
  safe("<a href=\"https://x/&#123;&lcub;y\">z</a>", "<a href=\"https://x/%7B%7By\">z</a>");
  safe("{ x } and {1}", "{ x } and {1}");
}

static void test_long_bodies_are_cut_between_tags_and_marked(void **state) {
  (void)state;
  const char *unit = "<p><strong>caf\xC3\xA9 &amp; {{x}}</strong></p>";
  char *html = calloc(1, 200000);
  for (size_t i = 0; i + strlen(unit) < 199999; i += strlen(unit))
    memcpy(html + i, unit, strlen(unit));
  for (size_t limit = 200; limit < 320; limit++) {
    struct hd_buf buf = hd_buf_new(limit);
    hd_put_html_safe(&buf, hd_str(html), limit);
    assert_true(buf.n <= limit);
    assert_false(buf.full);
    assert_non_null(strstr(buf.p, "</p><p><em>[cut here"));
    size_t opened = 0, closed = 0;
    for (const char *p = buf.p; (p = strchr(p, '<')) != NULL; p++)
      *(p[1] == '/' ? &closed : &opened) += 1;
    assert_int_equal(opened, closed);
    for (size_t i = 0, step; i < buf.n; i += step)
      assert_int_not_equal(hd_utf8_next(buf.p + i, buf.n - i, &step), 0xFFFD);
    for (const char *p = buf.p; (p = strchr(p, '&')) != NULL; p++)
      assert_memory_equal(p, "&amp;", 5);
    hd_buf_free(&buf);
  }
  struct hd_buf buf = hd_buf_new(ZD_BODY_BYTES);
  hd_put_html_safe(&buf, hd_str(html), ZD_BODY_BYTES);
  assert_true(buf.n <= ZD_BODY_BYTES && buf.n > ZD_BODY_BYTES - 200);
  hd_buf_free(&buf);
  free(html);
}

static void test_html_becomes_what_a_reader_sees(void **state) {
  (void)state;
  static const struct {
    const char *html, *text;
  } cases[] = {
      {"<p>One<br>two</p><p>three &lt;3&nbsp;&eacute;</p>", "One\ntwo\n\nthree <3 &eacute;"},
      {"<ul><li>a</li><li>b</li></ul>", "- a\n- b"},
      {"<style>p{}</style><script>alert(1)</script>x<!-- no -->y", "xy"},
      {"a   b\n c<pre>d\n  e</pre>", "a b c\n\nd\n  e"},
      {"3 < 4 & 5 <", "3 < 4 & 5 <"},
      {"&#0;&#xD800;&#x110000;&#65;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                                      "A"},
      {"<script>never closed", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hd_buf buf = hd_buf_new(4096);
    hd_put_html_text(&buf, hd_str(cases[i].html));
    is_text(&buf, cases[i].text);
    hd_buf_free(&buf);
  }
}

static void test_quoted_history_is_left_out(void **state) {
  (void)state;
  static const struct {
    const char *text, *kept;
  } cases[] = {
      {"Yes.\n\n##- Please type your reply above this line -##\nold", "Yes."},
      {"Oui.\n> ##- Veuillez saisir votre reponse au-dessus -##\n> old", "Oui."},
      {"Yes.\n\nOn Friday Acme wrote:\n\n> ##- Please type your reply above this line -##", "Yes."},
      {"Yes.\nOn Friday Acme <a@b.c>\nwrote:\n##- x y -##", "Yes."},
      {"##- Please type your reply above this line -##\n\nbelow", "below"},
      {"I like ## and ##- in text\n", "I like ## and ##- in text"},
      {"Error:\n##-##\nstays", "Error:\n##-##\nstays"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct trg_str kept = zd_unquoted(hd_str(cases[i].text));
    if (!hd_is(kept, cases[i].kept)) fail_msg("\"%.*s\"", (int)kept.n, kept.p);
  }
}

static void test_times_are_read_in_all_their_forms(void **state) {
  (void)state;
  const int64_t want = INT64_C(1795225000000);
  assert_int_equal(hd_time_ms(TRG_STR("2026-11-21T01:36:40Z")), want);
  assert_int_equal(hd_time_ms(TRG_STR("2026-11-21T01:36:40.123456Z")), want + 123);
  assert_int_equal(hd_time_ms(TRG_STR("2026-11-21T02:36:40+01:00")), want);
  assert_int_equal(hd_time_ms(TRG_STR("2026-11-20 20:06:40 -0530")), want);
  assert_int_equal(hd_time_ms(TRG_STR("2026-11-21")), 0);
  assert_int_equal(hd_time_ms(TRG_STR("2026-13-21T01:36:40Z")), 0);
  assert_int_equal(hd_time_ms(TRG_STR("November 21, 2026")), 0);
  assert_int_equal(hd_time_ms(hd_str(NULL)), 0);
}

/* ---- reading ---- */

static int read_ticket(struct zd_thread *thread, const char *json, struct trg_err *err) {
  zd_thread_init(thread);
  return zd_ticket_read(thread, hd_str(json), err);
}

static void test_ids_are_exact_or_refused(void **state) {
  (void)state;
  struct zd_thread thread;
  struct trg_err err;
  assert_int_equal(read_ticket(&thread, "{\"ticket\":{\"id\":9007199254740991}}", &err), 0);
  assert_string_equal(thread.ticket.id.p, "9007199254740991");
  zd_thread_free(&thread);
  assert_int_equal(read_ticket(&thread, "{\"ticket\":{\"id\":9007199254740993}}", &err), -1);
  assert_non_null(strstr(err.text, "exactly"));
  zd_thread_free(&thread);
  static const char *const bad[] = {"1.5", "-7", "1e400", "true", "\"x\"", "{}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char json[64];
    snprintf(json, sizeof json, "{\"ticket\":{\"id\":%s}}", bad[i]);
    assert_int_equal(read_ticket(&thread, json, &err), -1);
    assert_string_equal(err.code, TRG_CODE_MALFORMED);
    zd_thread_free(&thread);
  }
}

static void test_text_may_hold_anything(void **state) {
  (void)state;
  struct zd_thread thread;
  struct trg_err err;
  assert_int_equal(read_ticket(&thread,
                               "{\"ticket\":{\"id\":1,\"subject\":\"a\\u0000b \\ud83d \\ude00 "
                               "\\ud83d\\ude00 \xFF \\u0007\\r\\n\\\\u0000\"}}",
                               &err),
                   0);
  assert_string_equal(thread.ticket.subject.p,
                      "a\xEF\xBF\xBD"
                      "b \xEF\xBF\xBD \xEF\xBF\xBD \xF0\x9F\x98\x80 \xEF\xBF\xBD "
                      "\n\\u0000");
  zd_thread_free(&thread);
}

static void test_documents_that_would_eat_memory_or_stack_are_refused(void **state) {
  (void)state;
  struct zd_thread thread;
  struct trg_err err;
  char *deep = malloc(100001);
  memset(deep, '[', 100000);
  deep[100000] = '\0';
  assert_int_equal(read_ticket(&thread, deep, &err), -1);
  assert_non_null(strstr(err.text, "deep"));
  zd_thread_free(&thread);
  free(deep);
  size_t n = 4100000;
  char *wide = malloc(n + 1);
  for (size_t i = 0; i < n; i += 2) memcpy(wide + i, i == 0 ? "[1" : ",1", 2);
  wide[n] = '\0';
  assert_int_equal(read_ticket(&thread, wide, &err), -1);
  assert_non_null(strstr(err.text, "too many values"));
  zd_thread_free(&thread);
  free(wide);
}

static void test_a_huge_thread_is_cut_and_says_so(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_err err;
  struct hd_buf body = hd_buf_new((size_t)64 << 20);
  zd_thread_init(&thread);
  hd_puts(&body, "{\"comments\":[");
  for (int i = 0; i < 60; i++) {
    hd_puts(&body, i > 0 ? ",{\"id\":" : "{\"id\":");
    hd_put_int(&body, i + 1);
    hd_puts(&body, ",\"plain_body\":\"");
    for (int k = 0; k < 30000; k++) hd_puts(&body, "0123456789");
    hd_puts(&body, "\"}");
  }
  hd_puts(&body, "]}");
  assert_int_equal(zd_comments_read(&thread, hd_slice(&body), &page, &err), 0);
  assert_int_equal(thread.comment_count, 60);
  assert_true(thread.partial);
  assert_true(thread.text_bytes < (size_t)10 << 20);
  zd_thread_free(&thread);
  hd_buf_free(&body);
}

static void test_a_thread_too_large_to_keep_is_refused_not_shortened(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_err err;
  char *audits = desk_fixture("zendesk", "audits_solved.json");
  zd_thread_init(&thread);
  thread.mem.limit_bytes = 2000;
  assert_int_equal(zd_audits_read(&thread, hd_str(audits), &page, &err), -1);
  assert_non_null(strstr(err.text, "larger"));
  free(audits);
  zd_thread_free(&thread);
}

/* A thread made of the fixtures, with text in the ticket replaced. */
static void thread_read(struct zd_thread *thread, const char *from, const char *to) {
  struct zd_page page;
  struct trg_err err;
  char *ticket = desk_fixture_with("zendesk", "ticket_solved.json", from, to);
  char *comments = desk_fixture("zendesk", "comments_solved.json");
  char *audits = desk_fixture("zendesk", "audits_solved.json");
  zd_thread_init(thread);
  assert_int_equal(zd_ticket_read(thread, hd_str(ticket), &err), 0);
  assert_int_equal(zd_comments_read(thread, hd_str(comments), &page, &err), 0);
  assert_int_equal(zd_audits_read(thread, hd_str(audits), &page, &err), 0);
  free(ticket);
  free(comments);
  free(audits);
}

static const struct trg_ticket_fact *fact_of(const struct trg_ticket *ticket, int32_t kind) {
  for (size_t i = 0; i < ticket->fact_count; i++)
    if (ticket->facts[i].kind == kind) return &ticket->facts[i];
  return NULL;
}

static void test_pages_that_overlap_add_nothing(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_err err;
  thread_read(&thread, "Refund", "Refund");
  char *comments = desk_fixture("zendesk", "comments_solved.json");
  size_t before = thread.comment_count;
  assert_int_equal(zd_comments_read(&thread, hd_str(comments), &page, &err), 0);
  assert_int_equal(thread.comment_count, before);
  free(comments);
  zd_thread_free(&thread);
}

static void test_a_merge_is_told_as_a_merge_and_not_as_a_closing(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_ticket ticket;
  struct trg_err err;
  thread_read(&thread, "\"solved\"", "\"closed\"");
  static const char merge[] =
      "{\"comments\":[{\"id\":6001,\"author_id\":777,\"public\":false,\"plain_body\":\"This "
      "request was closed and merged into request #77 \\\"Refund\\\".\"}],\"users\":[]}";
  static const char closing[] =
      "{\"audits\":[{\"id\":7010,\"author_id\":777,\"created_at\":\"2026-11-21T02:00:00Z\","
      "\"events\":[{\"type\":\"Change\",\"field_name\":\"status\",\"value\":\"closed\","
      "\"previous_value\":\"solved\"}]}]}";
  assert_int_equal(zd_comments_read(&thread, hd_str(merge), &page, &err), 0);
  assert_int_equal(zd_audits_read(&thread, hd_str(closing), &page, &err), 0);
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  assert_int_equal(ticket.status, TRG_STATUS_MERGED);
  assert_true(hd_is(ticket.merged_into, "77"));
  assert_string_equal(fact_of(&ticket, TRG_FACT_MERGED)->id.p, "ticket:101:merged");
  assert_true(hd_is(fact_of(&ticket, TRG_FACT_MERGED)->value, "77"));
  assert_null(fact_of(&ticket, TRG_FACT_CLOSED));
  zd_thread_free(&thread);
  thread_read(&thread, "\"ai_triaged\"", "\"closed_by_merge\"");
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  assert_int_equal(ticket.status, TRG_STATUS_MERGED);
  zd_thread_free(&thread);
}

static void test_a_customer_can_not_talk_a_ticket_into_a_merge(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_ticket ticket;
  struct trg_err err;
  thread_read(&thread, "\"solved\"", "\"closed\"");
  static const char forged[] = "{\"comments\":[{\"id\":6001,\"author_id\":9001,\"public\":true,"
                               "\"plain_body\":\"merged into request #77\"}],\"users\":[]}";
  assert_int_equal(zd_comments_read(&thread, hd_str(forged), &page, &err), 0);
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  assert_int_equal(ticket.status, TRG_STATUS_CLOSED);
  assert_null(fact_of(&ticket, TRG_FACT_MERGED));
  zd_thread_free(&thread);
}

static void test_a_followup_reopens_what_was_closed(void **state) {
  (void)state;
  struct zd_thread thread;
  struct trg_ticket ticket;
  thread_read(&thread, "\"followup_ids\": []", "\"followup_ids\": [150]");
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  const struct trg_ticket_fact *last = &ticket.facts[ticket.fact_count - 1];
  assert_int_equal(last->kind, TRG_FACT_REOPENED);
  assert_string_equal(last->id.p, "followup:150");
  zd_thread_free(&thread);
}

static void test_facts_keep_their_ids_from_fetch_to_fetch(void **state) {
  (void)state;
  struct zd_thread a, b;
  struct trg_ticket first, second;
  thread_read(&a, "Refund", "Refund");
  thread_read(&b, "\"updated_at\": \"2026-11-21T01:36:40Z\"",
              "\"updated_at\": \"2026-11-22T01:36:40Z\"");
  zd_thread_tell(&a, TRG_STR("https://x"), TRG_STR("500"), NULL, &first);
  zd_thread_tell(&b, TRG_STR("https://x"), TRG_STR("500"), NULL, &second);
  assert_int_equal(first.fact_count, second.fact_count);
  for (size_t i = 0; i < first.fact_count; i++)
    assert_true(hd_same(first.facts[i].id, second.facts[i].id));
  zd_thread_free(&a);
  zd_thread_free(&b);
}

static void test_statuses_are_read_by_category_and_unknown_words_are_kept_apart(void **state) {
  (void)state;
  struct zd_statuses statuses = {.count = 1};
  const struct trg_str none = {NULL, 0};
  snprintf(statuses.items[0].id, sizeof statuses.items[0].id, "33");
  statuses.items[0].category = TRG_STATUS_HOLD;
  assert_int_equal(zd_status_of(TRG_STR("solved"), none, NULL), TRG_STATUS_SOLVED);
  assert_int_equal(zd_status_of(TRG_STR("SOLVED"), none, NULL), TRG_STATUS_SOLVED);
  assert_int_equal(zd_status_of(TRG_STR("brewing"), none, &statuses), TRG_STATUS_UNKNOWN);
  assert_int_equal(zd_status_of(TRG_STR("brewing"), TRG_STR("33"), &statuses), TRG_STATUS_HOLD);
}

static void test_messaging_lines_are_messages_and_the_ticket_takes_notes_only(void **state) {
  (void)state;
  struct zd_thread thread;
  struct zd_page page;
  struct trg_ticket ticket;
  struct trg_err err;
  zd_thread_init(&thread);
  assert_int_equal(zd_ticket_read(&thread,
                                  TRG_STR("{\"ticket\":{\"id\":5,\"status\":\"open\","
                                          "\"requester_id\":9,\"from_messaging_channel\":true}}"),
                                  &err),
                   0);
  assert_true(zd_needs_audits(&thread, TRG_STR("500")));
  assert_int_equal(
      zd_audits_read(
          &thread,
          TRG_STR("{\"audits\":[{\"id\":1,\"events\":[{\"id\":3,\"type\":\"ChatStartedEvent\","
                  "\"value\":{\"history\":[{\"type\":\"ChatJoin\"},{\"type\":\"ChatMessage\","
                  "\"actor_type\":\"end-user\",\"message\":\"hi\",\"timestamp\":1795225000000},"
                  "{\"type\":\"ChatMessage\",\"actor_type\":\"agent\",\"actor_id\":500,"
                  "\"message\":\"hello\",\"timestamp\":1795225001000}]}}]}]}"),
          &page, &err),
      0);
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  assert_int_equal(ticket.flags, TRG_TICKET_NOTE_ONLY | TRG_TICKET_PARTIAL);
  assert_int_equal(ticket.channel, TRG_CHANNEL_MESSAGING);
  assert_int_equal(ticket.message_count, 2);
  assert_string_equal(ticket.messages[0].id.p, "chat:3:2");
  assert_int_equal(ticket.messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_int_equal(ticket.messages[1].author, TRG_AUTHOR_SELF);
  zd_thread_free(&thread);
}

static void test_a_ticket_without_comments_still_has_its_opening(void **state) {
  (void)state;
  struct zd_thread thread;
  struct trg_ticket ticket;
  struct trg_err err;
  assert_int_equal(read_ticket(&thread,
                               "{\"ticket\":{\"id\":5,\"requester_id\":9,\"description\":\"Hi\"}}",
                               &err),
                   0);
  zd_thread_tell(&thread, TRG_STR("https://x"), TRG_STR("500"), NULL, &ticket);
  assert_int_equal(ticket.message_count, 1);
  assert_int_equal(ticket.messages[0].author, TRG_AUTHOR_CUSTOMER);
  zd_thread_free(&thread);
}

/* ---- errors and limits ---- */

static void test_all_error_envelopes_are_read(void **state) {
  (void)state;
  static const struct {
    const char *body, *name, *text;
  } cases[] = {
      {"{\"error\":\"RecordInvalid\",\"description\":\"Errors\",\"details\":{\"status\":[{"
       "\"description\":\"Status: is bad\",\"error\":null}]}}",
       "RecordInvalid", "RecordInvalid: Errors: Status: is bad"},
      {"{\"error\":{\"title\":\"Forbidden\",\"message\":\"No access\"}}", "Forbidden",
       "Forbidden: No access"},
      {"{\"errors\":[{\"code\":\"InvalidPaginationDepth\",\"title\":\"Too deep\",\"detail\":\"no "
       "more\"}]}",
       "InvalidPaginationDepth", "InvalidPaginationDepth: Too deep: no more"},
      {"{\"error\":\"Couldn't authenticate you\"}", "Couldn't authenticate you",
       "Couldn't authenticate you"},
      {"Rate limit\nexceeded", "", "text: Rate limit exceeded"},
      {"<!DOCTYPE html>\n<HTML><head><TITLE>Site is\tdown</TITLE>", "",
       "an HTML page: Site is down"},
      {"", "", "no explanation in the answer"},
      {"[1,2]", "", "text: [1,2]"},
      {"{\"error\":[1],\"errors\":\"x\",\"details\":7}", "", "no explanation in the answer"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zd_error error;
    zd_error_read(&error, hd_str(cases[i].body));
    assert_string_equal(error.name, cases[i].name);
    assert_string_equal(error.text, cases[i].text);
  }
}

static void test_a_long_error_is_cut_between_characters(void **state) {
  (void)state;
  struct zd_error error;
  char body[2000] = "{\"error\":\"x";
  for (size_t n = strlen(body); n < 1900; n += 2) memcpy(body + n, "\xC3\xA9", 3);
  strcat(body, "\"}");
  zd_error_read(&error, hd_str(body));
  assert_true(strlen(error.text) >= 299 && strlen(error.text) <= 300);
  for (size_t i = 0, step; error.text[i] != '\0'; i += step)
    assert_int_not_equal(hd_utf8_next(error.text + i, strlen(error.text + i), &step), 0xFFFD);
}

static void test_statuses_of_reads_have_their_outcomes(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    const char *body;
    int32_t outcome;
    const char *code;
  } cases[] = {{301, "", TRG_REJECTED, TRG_CODE_ENDPOINT},
               {400, "{}", TRG_REJECTED, TRG_CODE_PERMANENT},
               {400, "{\"error\": {\"ti", TRG_RETRY, TRG_CODE_MALFORMED},
               {422, "<html>", TRG_RETRY, TRG_CODE_MALFORMED},
               {404, "{\"error\":\"No help desk at nope\"}", TRG_REJECTED, TRG_CODE_ENDPOINT},
               {404, "{\"error\":\"RecordNotFound\"}", TRG_REJECTED, TRG_CODE_NOT_FOUND},
               {408, "", TRG_RETRY, TRG_CODE_TIMEOUT},
               {413, "", TRG_REJECTED, TRG_CODE_PERMANENT},
               {520, "<html>", TRG_RETRY, TRG_CODE_TRANSIENT},
               {0, "", TRG_RETRY, TRG_CODE_TRANSIENT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zd_error error;
    zd_error_read(&error, hd_str(cases[i].body));
    const struct zd_verdict v = zd_verdict_of(cases[i].status, true, &error, false);
    if (v.outcome != cases[i].outcome || strcmp(v.code, cases[i].code) != 0)
      fail_msg("HTTP %d \"%s\": %d %s", cases[i].status, cases[i].body, v.outcome, v.code);
  }
}

static void test_limits_are_read_by_endpoint_and_by_account(void **state) {
  (void)state;
  const struct trg_header headers[] = {
      {TRG_STR("X-Rate-Limit-Remaining"), TRG_STR("399")},
      {TRG_STR("ratelimit-remaining"), TRG_STR("398")},
      {TRG_STR("ratelimit-reset"), TRG_STR("41")},
      {TRG_STR("zendesk-ratelimit-tickets-update"), TRG_STR("total=100; remaining=3; resets=12")},
      {TRG_STR("zendesk-ratelimit-broken"), TRG_STR("total=x")},
      {TRG_STR("retry-after"), TRG_STR("Sat, 21 Nov 2026 01:36:45 GMT")}};
  struct zd_rate rates[ZD_RATE_MAX];
  assert_int_equal(zd_rates_read(headers, 6, rates), 2);
  assert_string_equal(rates[0].name, "");
  assert_int_equal(rates[0].remaining, 398);
  assert_int_equal(rates[0].reset_ms, 41000);
  assert_string_equal(rates[1].name, "tickets-update");
  assert_int_equal(rates[1].remaining, 3);
  assert_int_equal(rates[1].reset_ms, 12000);
  assert_int_equal(hd_retry_after_ms(headers, 6, INT64_C(1795225000000)), 5000);
  assert_int_equal(hd_retry_after_ms(headers, 5, 0), 0);
}

/* ---- webhooks ---- */

struct named {
  char id[32], version[64];
  int count;
};
static void on_named(void *arg, const struct trg_notice *notice) {
  struct named *named = arg;
  snprintf(named->id, sizeof named->id, "%.*s", (int)notice->id.n, notice->id.p);
  snprintf(named->version, sizeof named->version, "%.*s", (int)notice->version.n,
           notice->version.p);
  named->count++;
}

static void test_webhooks_name_their_ticket_in_every_form(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int rc;
    const char *id, *version;
  } cases[] = {
      {"{\"type\":\"zen:event-type:ticket.comment_added\",\"id\":\"01K\",\"time\":"
       "\"2026-11-21T01:36:40Z\",\"subject\":\"zen:ticket:101\",\"detail\":{\"id\":\"101\"}}",
       0, "101", "hook:01K"},
      {"{\"type\":\"zen:event-type:user.created\",\"id\":\"01K\",\"detail\":{\"id\":\"7\"}}", 0, "",
       ""},
      {"{\"ticket_id\":\"55\",\"updated_at\":\"2026-11-21T01:36:40Z\"}", 0, "55",
       "hook:2026-11-21T01:36:40Z"},
      {"{\"ticket\":{\"id\":56}}", 0, "56", "hook:inv-1"},
      {"{\"id\":57}", 0, "57", "hook:inv-1"},
      {"", 0, "", ""},
      {"{\"hello\":1}", -1, "", ""},
      {"{\"id\":1,\"id\":2}", -1, "", ""},
      {"{\"type\":\"zen:event-type:ticket.merged\",\"detail\":{\"id\":\"1\",\"id\":\"2\"}}", -1, "",
       ""},
      {"{\"id\":\"1/2\"}", -1, "", ""},
      {"[]", -1, "", ""},
      {"{\"id\":", -1, "", ""},
  };
  const struct trg_header header = {TRG_STR("x-zendesk-webhook-invocation-id"), TRG_STR("inv-1")};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct named named = {"", "", 0};
    struct trg_err err;
    struct trg_delivery delivery = {.size = sizeof delivery, .header_count = 1, .now_ms = 5};
    delivery.headers = &header;
    delivery.body = hd_str(cases[i].body);
    assert_int_equal(zd_webhook_read(&delivery, on_named, &named, &err), cases[i].rc);
    assert_int_equal(named.count, cases[i].id[0] != '\0');
    assert_string_equal(named.id, cases[i].id);
    assert_string_equal(named.version, cases[i].version);
  }
}

/* ---- writing ---- */

static void test_scopes_are_compared_by_word(void **state) {
  (void)state;
  assert_true(zd_scope_covers("read write", "write read"));
  assert_true(zd_scope_covers("read", ""));
  assert_false(zd_scope_covers("tickets:read write", "read write"));
  assert_false(zd_scope_covers("readwrite", "read"));
}

static void test_the_guard_compares_only_the_stamp(void **state) {
  (void)state;
  assert_true(hd_is(zd_stamp_of(TRG_STR("2026-11-21T01:36:40Z/179")), "2026-11-21T01:36:40Z"));
  assert_true(hd_is(zd_stamp_of(TRG_STR("2026-11-21T01:36:40Z")), "2026-11-21T01:36:40Z"));
  assert_int_equal(zd_stamp_of(TRG_STR("")).n, 0);
}

static void test_cursors_are_escaped_and_only_they_are_taken_from_a_page(void **state) {
  (void)state;
  struct hd_buf url = hd_buf_new(1024);
  zd_url_export(&url, TRG_STR("https://a"), TRG_STR("x&y=/../\n"), 0, 100, "all");
  is_text(&url, "https://a/api/v2/incremental/tickets/cursor.json?cursor=x%26y%3D%2F..%2F%0A"
                "&per_page=100&support_type_scope=all");
  hd_buf_free(&url);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_placeholders_are_broken_in_every_disguise),
      cmocka_unit_test(test_long_bodies_are_cut_between_tags_and_marked),
      cmocka_unit_test(test_html_becomes_what_a_reader_sees),
      cmocka_unit_test(test_quoted_history_is_left_out),
      cmocka_unit_test(test_times_are_read_in_all_their_forms),
      cmocka_unit_test(test_ids_are_exact_or_refused),
      cmocka_unit_test(test_text_may_hold_anything),
      cmocka_unit_test(test_documents_that_would_eat_memory_or_stack_are_refused),
      cmocka_unit_test(test_a_huge_thread_is_cut_and_says_so),
      cmocka_unit_test(test_a_thread_too_large_to_keep_is_refused_not_shortened),
      cmocka_unit_test(test_pages_that_overlap_add_nothing),
      cmocka_unit_test(test_a_merge_is_told_as_a_merge_and_not_as_a_closing),
      cmocka_unit_test(test_a_customer_can_not_talk_a_ticket_into_a_merge),
      cmocka_unit_test(test_a_followup_reopens_what_was_closed),
      cmocka_unit_test(test_facts_keep_their_ids_from_fetch_to_fetch),
      cmocka_unit_test(test_statuses_are_read_by_category_and_unknown_words_are_kept_apart),
      cmocka_unit_test(test_messaging_lines_are_messages_and_the_ticket_takes_notes_only),
      cmocka_unit_test(test_a_ticket_without_comments_still_has_its_opening),
      cmocka_unit_test(test_all_error_envelopes_are_read),
      cmocka_unit_test(test_a_long_error_is_cut_between_characters),
      cmocka_unit_test(test_statuses_of_reads_have_their_outcomes),
      cmocka_unit_test(test_limits_are_read_by_endpoint_and_by_account),
      cmocka_unit_test(test_webhooks_name_their_ticket_in_every_form),
      cmocka_unit_test(test_scopes_are_compared_by_word),
      cmocka_unit_test(test_the_guard_compares_only_the_stamp),
      cmocka_unit_test(test_cursors_are_escaped_and_only_they_are_taken_from_a_page),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
