#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "mcp/sse.h"

/* What came, as "type|id|data;" */
static struct buf Seen;
static int Stop_after;

static bool on_event(void *arg, const struct sse_event *e) {
  (void)arg;
  buf_printf(&Seen, "%.*s|%.*s|%.*s;", (int)e->type.n, e->type.p, (int)e->id.n,
             e->id.p == NULL ? "" : e->id.p, (int)e->data.n, e->data.p == NULL ? "" : e->data.p);
  return Stop_after == 0 || --Stop_after > 0;
}

/* Reads text in pieces of `step` bytes. */
static int64_t read_in(const char *text, size_t step) {
  struct sse s;
  struct trg_err err;
  sse_init(&s, 1000);
  buf_free(&Seen);
  buf_init(&Seen, 0);
  buf_text(&Seen, "");
  const size_t n = strlen(text);
  for (size_t i = 0; i < n; i += step) {
    const struct trg_str piece = {text + i, n - i < step ? n - i : step};
    assert_int_equal(sse_take(&s, piece, on_event, NULL, &err), 0);
  }
  assert_int_equal(sse_finish(&s, on_event, NULL, &err), 0);
  const int64_t retry = s.retry_ms;
  sse_free(&s);
  return retry;
}

static void expect(const char *text, const char *seen) {
  for (size_t step = 1; step < 12; step++) {
    read_in(text, step);
    assert_string_equal(Seen.p == NULL ? "" : Seen.p, seen);
  }
}

static void test_events_do_not_depend_on_where_the_pieces_are_cut(void **state) {
  (void)state;
  expect("data: a\n\ndata: b\n\n", "message||a;message||b;");
  expect("data: a\r\n\r\ndata: b\r\n\r\n", "message||a;message||b;");
  expect("data: a\r\rdata: b\r\r", "message||a;message||b;");
  expect("\xEF\xBB\xBF"
         "data:x\n\n",
         "message||x;");
}

static void test_several_data_lines_are_one_event(void **state) {
  (void)state;
  expect("event: note\nid: 7\ndata: {\ndata:  1\ndata\ndata: }\n\n", "note|7|{\n 1\n\n};");
}

static void test_comments_and_unknown_fields_are_nothing(void **state) {
  (void)state;
  expect(": keep-alive\n\n:\n\nfoo: bar\n\ndata: a\n\n", "message||a;");
}

static void test_an_id_stays_until_another_comes(void **state) {
  (void)state;
  expect("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", "message|1|a;message|1|b;message||c;");
}

static void test_an_event_at_the_end_needs_no_empty_line(void **state) {
  (void)state;
  expect("data: a\n\ndata: b", "message||a;message||b;");
}

static void test_the_servers_wish_for_reconnecting_is_kept(void **state) {
  (void)state;
  assert_int_equal(read_in("retry: 1500\ndata: a\n\n", 3), 1500);
  assert_int_equal(read_in("retry: soon\nretry: -4\n\n", 3), -1);
}

static void test_an_event_beyond_the_ceiling_ends_the_reading(void **state) {
  (void)state;
  struct sse s;
  struct trg_err err;
  sse_init(&s, 100);
  int rc = 0;
  for (int i = 0; i < 100 && rc == 0; i++)
    rc = sse_take(&s, TRG_STR("data: 0123456789\n"), on_event, NULL, &err);
  assert_int_equal(rc, TRG_ELIMIT);
  sse_free(&s);
  sse_init(&s, 100);
  rc = 0;
  for (int i = 0; i < 100 && rc == 0; i++)
    rc = sse_take(&s, TRG_STR("0123456789"), on_event, NULL, &err);
  assert_int_equal(rc, TRG_ELIMIT); /* a line without end */
  sse_free(&s);
}

static void test_a_reader_that_has_enough_gets_no_more(void **state) {
  (void)state;
  Stop_after = 1;
  struct sse s;
  struct trg_err err;
  sse_init(&s, 100);
  buf_reset(&Seen);
  assert_int_equal(sse_take(&s, TRG_STR("data: a\n\ndata: b\n\n"), on_event, NULL, &err), 0);
  assert_string_equal(Seen.p, "message||a;");
  sse_free(&s);
  Stop_after = 0;
}

static void test_what_is_written_reads_back(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  sse_put(&b, "message", TRG_STR("9"), TRG_STR("{\"a\":\n1}"));
  sse_put(&b, NULL, TRG_STR(""), TRG_STR("x"));
  expect(b.p, "message|9|{\"a\":\n1};message|9|x;");
  buf_free(&b);
}

static int end(void **state) {
  (void)state;
  buf_free(&Seen);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_events_do_not_depend_on_where_the_pieces_are_cut),
      cmocka_unit_test(test_several_data_lines_are_one_event),
      cmocka_unit_test(test_comments_and_unknown_fields_are_nothing),
      cmocka_unit_test(test_an_id_stays_until_another_comes),
      cmocka_unit_test(test_an_event_at_the_end_needs_no_empty_line),
      cmocka_unit_test(test_the_servers_wish_for_reconnecting_is_kept),
      cmocka_unit_test(test_an_event_beyond_the_ceiling_ends_the_reading),
      cmocka_unit_test(test_a_reader_that_has_enough_gets_no_more),
      cmocka_unit_test(test_what_is_written_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
