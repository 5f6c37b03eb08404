/* Model calls and the day's budget. */
#include "test_store_help.h"

#include "store/work.h"

#define DAY_MS INT64_C(86400000)

static int open_call(struct box *b, int64_t ticket_id, int64_t at_ms, int64_t reserved,
                     int64_t limit, int64_t *ret_id) {
  const struct model_call c = {.ticket_id = ticket_id,
                               .task = "triage",
                               .model = "haiku",
                               .backend = "anthropic",
                               .vendor_model = "claude-haiku-5-5",
                               .started_ms = at_ms,
                               .reserved_micros = reserved,
                               .prompt_hash = "p",
                               .request_bytes = TRG_STR("{\"q\":\0 1}")};
  return model_call_open(b->s, &c, limit, ret_id, &b->err);
}

static void budget(struct box *b, int64_t now_ms, int64_t spent, int64_t reserved) {
  int64_t s = -1, r = -1;
  ok(b, budget_today(b->s, now_ms, &s, &r, &b->err));
  assert_int_equal(s, spent);
  assert_int_equal(r, reserved);
}

static int close_call(struct box *b, int64_t id, int64_t cost) {
  const struct model_call c = {.id = id,
                               .ended_ms = NOW + 40,
                               .latency_us = 40123,
                               .outcome = "ok",
                               .stop = "end_turn",
                               .served = "claude-haiku-5-5-1",
                               .request_id = "req_1",
                               .http_status = 200,
                               .usage = {.input = 1,
                                         .output = 2,
                                         .cache_read = 3,
                                         .cache_write = 4,
                                         .reasoning = 5,
                                         .estimated = true},
                               .cost_micros = cost,
                               .response_bytes = TRG_STR("{\"a\":1}")};
  return model_call_close(b->s, &c, &b->err);
}

static void test_a_call_reserves_and_then_costs(void **state) {
  struct box *b = *state;
  const int64_t ticket = ticket_made(b, "101");
  int64_t id = 0;
  ok(b, open_call(b, ticket, NOW, 500, 0, &id));
  budget(b, NOW, 0, 500);
  ok(b, close_call(b, id, 120));
  budget(b, NOW, 120, 0);
  assert_int_equal(close_call(b, id, 120), TRG_ESTATE);
  assert_int_equal(close_call(b, 99, 1), TRG_ENOTFOUND);
  budget(b, NOW, 120, 0);
  struct model_call *c = NULL;
  size_t n = 0;
  ok(b, model_call_list(b->s, ticket, true, b->a, &c, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(c[0].ref, "support/101");
  assert_string_equal(c[0].outcome, "ok");
  assert_int_equal(c[0].reserved_micros, 500);
  assert_int_equal(c[0].cost_micros, 120);
  assert_int_equal(c[0].usage.cache_write, 4);
  assert_true(c[0].usage.estimated);
  assert_int_equal(c[0].request_bytes.n, 9); /* bytes, also a zero */
  assert_memory_equal(c[0].request_bytes.p, "{\"q\":\0 1}", 9);
  assert_int_equal(c[0].response_bytes.n, 7);
  ok(b, model_call_list(b->s, ticket, false, b->a, &c, &n, &b->err));
  assert_int_equal(c[0].request_bytes.n, 0);
}

static void test_five_hundred_calls_against_a_budget_for_a_hundred(void **state) {
  struct box *b = *state;
  int opened = 0, refused = 0;
  int64_t id = 0;
  for (int i = 0; i < 500; i++) {
    const int rc = open_call(b, 0, NOW + i, 1000, 100 * 1000, &id);
    opened += rc == 0;
    refused += rc == TRG_ESTATE;
    if (i % 7 == 0) flush(b); /* in whatever turns they come */
  }
  flush(b);
  assert_int_equal(opened, 100);
  assert_int_equal(refused, 400);
  assert_string_equal(b->err.code, "budget_held"); /* nothing is spent yet */
  assert_int_equal(raw_int(b, "SELECT count(*) FROM model_call"), 100);
  budget(b, NOW, 0, 100000);
  ok(b, close_call(b, 1, 999));
  assert_int_equal(open_call(b, 0, NOW, 2, 100 * 1000, &id), TRG_ESTATE);
  assert_int_equal(open_call(b, 0, NOW, 99002, 100 * 1000, &id), TRG_ELIMIT);
  assert_string_equal(b->err.code, "budget");
  ok(b, open_call(b, 0, NOW, 1, 100 * 1000, &id)); /* what was not used is there again */
}

static void test_the_budget_is_of_the_day_the_call_began(void **state) {
  struct box *b = *state;
  const int64_t midnight = NOW / DAY_MS * DAY_MS + DAY_MS;
  int64_t id = 0, other = 0;
  ok(b, open_call(b, 0, midnight - 1, 70, 100, &id));
  assert_int_equal(open_call(b, 0, midnight - 1, 70, 100, &other), TRG_ESTATE);
  ok(b, open_call(b, 0, midnight, 70, 100, &other));
  ok(b, close_call(b, id, 60));
  budget(b, midnight - 1, 60, 0);
  budget(b, midnight, 0, 70);
}

static void test_a_negative_or_overflowing_reservation_is_refused(void **state) {
  struct box *b = *state;
  int64_t id = 0;
  assert_int_equal(open_call(b, 0, NOW, -1, 0, &id), TRG_EINVAL);
  ok(b, open_call(b, 0, NOW, INT64_MAX - 5, 0, &id));
  assert_int_equal(open_call(b, 0, NOW, 6, 0, &id), TRG_ELIMIT);
  const struct model_call open_ended = {.id = id};
  assert_int_equal(model_call_close(b->s, &open_ended, &b->err), TRG_EINVAL);
}

static void test_calls_that_a_crash_left_open_are_lost_and_cost_what_was_reserved(void **state) {
  struct box *b = *state;
  int64_t id = 0, count = -1;
  ok(b, open_call(b, 0, NOW - DAY_MS, 30, 0, &id));
  ok(b, open_call(b, 0, NOW, 40, 0, &id));
  ok(b, open_call(b, 0, NOW, 50, 0, &id));
  ok(b, close_call(b, id, 10));
  flush(b);
  reopen(b);
  ok(b, model_call_lost(b->s, NOW + 5, &count, &b->err));
  assert_int_equal(count, 2);
  budget(b, NOW, 50, 0);
  budget(b, NOW - DAY_MS, 30, 0);
  ok(b, model_call_lost(b->s, NOW + 6, &count, &b->err));
  assert_int_equal(count, 0);
  flush(b);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM model_call WHERE outcome = 'lost'"
                              " AND cost_micros = reserved_micros"),
                   2);
}

static void test_cleaning_drops_old_bytes_and_keeps_the_call(void **state) {
  struct box *b = *state;
  int64_t id = 0;
  bool more = true;
  for (int i = 0; i < 5; i++) ok(b, open_call(b, 0, NOW + i, 1, 0, &id));
  ok(b, store_clean(b->s, NOW + 3, NOW + 3, 100, &more, &b->err));
  assert_false(more);
  flush(b);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM model_bytes"), 2);
  assert_int_equal(raw_int(b, "SELECT count(*) FROM model_call"), 5);
}

/* Requests that begin alike share a head on disk; what comes back is what was put in, to the byte,
 * a zero among them. */
static void test_requests_that_begin_alike_share_their_head(void **state) {
  struct box *b = *state;
  const int64_t ticket = ticket_made(b, "101");
  static char text[6][9000];
  for (int i = 0; i < 6; i++) {
    memset(text[i], 'a', 8192);
    text[i][100] = '\0';
    snprintf(text[i] + 8192, 800, "{\"ticket\":\"shop/%d\"}%0*d", i, i * 100 + 1, i);
    struct model_call c = {.ticket_id = ticket,
                           .task = "triage",
                           .model = "haiku",
                           .backend = "anthropic",
                           .vendor_model = "claude-haiku-5-5",
                           .started_ms = NOW,
                           .prompt_hash = "p"};
    ok(b, model_call_open(b->s, &c, 0, &c.id, &b->err));
    c.outcome = "ok";
    c.request_bytes = (struct trg_str){text[i], 8192 + strlen(text[i] + 8192)};
    ok(b, model_call_close(b->s, &c, &b->err));
  }
  flush(b);
  struct model_call *c = NULL;
  size_t n = 0;
  ok(b, model_call_list(b->s, ticket, true, b->a, &c, &n, &b->err));
  assert_int_equal(n, 6);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(c[i].request_bytes.n, 8192 + strlen(text[i] + 8192));
    assert_memory_equal(c[i].request_bytes.p, text[i], c[i].request_bytes.n);
  }
  assert_int_equal(raw_int(b, "SELECT count(*) FROM model_head"), 1);
  assert_true(raw_int(b, "SELECT sum(length(request)) FROM model_bytes") < 3 * 8192);
}

static void test_a_call_in_a_batch_is_not_lost_at_a_start_and_is_found_again(void **state) {
  struct box *b = *state;
  const int64_t ticket = ticket_made(b, "101");
  const struct model_call like = {
      .ticket_id = ticket, .task = "triage", .model = "haiku", .backend = "anthropic"};
  const char *ref = "";
  int64_t waits = 0, plain = 0, lost = 0, found = 0, at_ms = 0, reserved = 0;
  ok(b, open_call(b, ticket, NOW, 500, 0, &waits));
  ok(b, open_call(b, ticket, NOW, 300, 0, &plain));
  ok(b, model_call_waiting(b->s, &like, b->a, &found, &ref, &at_ms, &reserved, &b->err));
  assert_int_equal(found, 0);
  ok(b, model_call_batched(b->s, waits, "msgbatch_1", &b->err));
  ok(b, model_call_lost(b->s, NOW + 1000, &lost, &b->err));
  assert_int_equal(lost, 1); /* the plain one */
  budget(b, NOW, 300, 500);
  ok(b, model_call_waiting(b->s, &like, b->a, &found, &ref, &at_ms, &reserved, &b->err));
  assert_int_equal(found, waits);
  assert_string_equal(ref, "msgbatch_1");
  assert_int_equal(at_ms, NOW);
  assert_int_equal(reserved, 500);
  struct model_call other = like;
  other.pass = 7;
  ok(b, model_call_waiting(b->s, &other, b->a, &found, &ref, &at_ms, &reserved, &b->err));
  assert_int_equal(found, 0);
  /* Nobody came for it while the vendor kept it. */
  ok(b, model_call_lost(b->s, NOW + BATCH_GONE_MS + 1, &lost, &b->err));
  assert_int_equal(lost, 1);
  budget(b, NOW, 800, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_call_reserves_and_then_costs),
      TEST(test_a_call_in_a_batch_is_not_lost_at_a_start_and_is_found_again),
      TEST(test_five_hundred_calls_against_a_budget_for_a_hundred),
      TEST(test_the_budget_is_of_the_day_the_call_began),
      TEST(test_a_negative_or_overflowing_reservation_is_refused),
      TEST(test_calls_that_a_crash_left_open_are_lost_and_cost_what_was_reserved),
      TEST(test_cleaning_drops_old_bytes_and_keeps_the_call),
      TEST(test_requests_that_begin_alike_share_their_head),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
