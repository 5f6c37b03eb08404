/* Price books: the shipped ones, the built-in one, and what is refused with its line. */
#include "test_billing_help.h"

#include "admin/agent_inner.h"
#include "base/time.h"
#include "billing/book_builtin.h"
#include "billing/book_price.h"
#include "billing/book_rules.h"

struct problems {
  int count;
  uint32_t line;
  char text[512];
};

static void note(void *arg, uint32_t line, const char *key, const char *text) {
  struct problems *p = arg;
  if (p->count++ > 0) return;
  p->line = line;
  (void)snprintf(p->text, sizeof p->text, "%s: %s", key, text);
}

static const char good[] = "book: good\n"
                           "versions:\n"
                           "  - effective: 2026-01-01\n"
                           "    scope: conversation\n"
                           "    window: {basis: last_ai_answer, length: 24h}\n"
                           "    evidence: {assumed: accept, confirmed: accept, procedure: refuse}\n"
                           "    thanks: confirm\n"
                           "    voids: [human_requested, human_answered, handoff, negative, spam]\n"
                           "    allowed: [greeting_only, note_only, csat_bad, edited, approved, "
                           "deleted, merged]\n"
                           "    reversal: {reach: none}\n"
                           "    meters:\n"
                           "      - {meter: r, unit: resolution, outcomes: {resolution: 0.99}}\n";

/* `good` with one piece replaced. */
static char *changed(const char *from, const char *to) {
  const char *at = strstr(good, from);
  assert_non_null(at);
  struct buf b;
  buf_init(&b, 0);
  buf_add(&b, good, (size_t)(at - good));
  buf_text(&b, to);
  buf_text(&b, at + strlen(from));
  return buf_take(&b, NULL);
}

static void refused(const char *from, const char *to, uint32_t line, const char *says) {
  struct problems p = {0};
  char *text = changed(from, to);
  struct book *b = book_parse(str_of(text), "x", note, &p);
  if (b != NULL) fail_msg("not refused: %s", to);
  if (p.line != line || strstr(p.text, says) == NULL)
    fail_msg("line %u (ought %u): %s (ought to say %s)", p.line, line, p.text, says);
  mem_free(text);
}

static void test_builtin_is_the_shipped_file_to_the_byte(void **state) {
  (void)state;
  char *path = root_path("config/books/per-resolution.yaml");
  struct buf text;
  struct trg_err err = {0};
  buf_init(&text, 0);
  assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
  assert_string_equal(text.p, book_builtin_text);
  struct book *a = book_builtin(), *b = book_named("per-resolution");
  char hash[HASH_HEX_MAX];
  assert_string_equal(book_hash(a), hash_hex(buf_view(&text), hash));
  assert_string_equal(book_hash(a), book_hash(b));
  assert_string_equal(book_name(a), "per-resolution");
  assert_non_null(strstr(book_summary(a), "$0.99"));
  book_free(&a);
  book_free(&b);
  buf_free(&text);
  mem_free(path);
}

static void test_every_shipped_book_is_understood(void **state) {
  static const char *const names[] = {"agentforce-conversations",
                                      "agentforce-flex",
                                      "fin",
                                      "gorgias",
                                      "help-agent",
                                      "per-resolution",
                                      "redo",
                                      "zendesk"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct book *b = book_named(names[i]);
    assert_string_equal(book_name(b), names[i]);
    assert_int_equal(strlen(book_hash(b)), 64);
    assert_true(strlen(book_summary(b)) > 20);
    book_free(&b);
  }
}

static void test_a_book_without_a_sentence_gets_one(void **state) {
  (void)state;
  struct book *b = book_text(good);
  assert_string_equal(book_summary(b),
                      "$0.99 USD per resolution; window 24h from the last AI answer");
  book_free(&b);
}

static void test_wrong_and_ambiguous_books_are_refused_with_their_line(void **state) {
  (void)state;
  refused("negative, spam]", "negative, spam, merged]", 9, "stands twice");
  refused("approved, deleted", "deleted", 3, "is not decided");
  refused("negative, spam]", "negative, spam, rain]", 8, "is not one of");
  refused("{resolution: 0.99}", "{victory: 0.99}", 12, "unknown outcome");
  refused("{resolution: 0.99}", "{resolution: 0.9999999}", 12, "no amount");
  refused("{resolution: 0.99}", "{resolution: -1}", 12, "no amount");
  refused("length: 24h", "length: 0s", 5, "longer than nothing");
  refused("length: 24h", "length: soon", 5, "no length of time");
  refused("scope: conversation", "scope: customer", 4, "how long");
  refused("reach: none", "reach: none, within: 3d", 10, "says nothing");
  refused("thanks: confirm\n", "thanks: confirm\n    discount: 5\n", 8, "is not a key");
  refused("    thanks: confirm\n", "", 3, "is missing");
  refused("effective: 2026-01-01", "effective: yesterday", 3, "must be a date");
  refused("assumed: accept, ", "", 6, "must be accept, verify or refuse");
  refused("thanks: confirm\n", "thanks: confirm\n    csat_bad_up_to: 9\n", 3, "end at 5");
  refused("thanks: confirm\n",
          "thanks: confirm\n    cap: {amount: 1, alert: [80, 50], then: free}\n", 8, "in order");
  refused("thanks: confirm\n",
          "thanks: confirm\n    cap: {amount: 1, alert: [1,2,3,4,5,6,7,8,9], then: free}\n", 8,
          "more percentages");
  refused("book: good", "book: good\ncurrency: EUR", 1, "must be USD");
}

static void test_two_meters_with_one_key_are_refused(void **state) {
  static const char meter[] = "outcomes: {resolution: 0.99}}\n";
  (void)state;
  refused(meter, "outcomes: {resolution: 0.99}}\n      - {meter: r, unit: reply, price: 1}\n", 13,
          "two meters");
  refused(meter,
          "outcomes: {resolution: 0.99}}\n"
          "      - {meter: s, unit: resolution, outcomes: {qualification: 1}}\n",
          13, "counts the same unit");
  refused(meter, "outcomes: {resolution: 0.99}, included: 5, tiers: [{above: 3, price: 0.5}]}\n",
          12, "within the included");
  refused(meter, "outcomes: {resolution: 1, qualification: 2}, tiers: [{above: 3, price: 0.5}]}\n",
          12, "need one outcome");
  refused(meter,
          "outcomes: {resolution: 1}, tiers: [{above: 3, price: 1}, {above: 3, price: 2}]}\n", 12,
          "overlap");
}

static void test_calls_of_agents_are_priced_by_their_tool(void **state) {
  (void)state;
  static const char meter[] = "outcomes: {resolution: 0.99}}\n";
#define CALLS(rest) "outcomes: {resolution: 0.99}}\n      - {meter: agent, unit: call" rest "}\n"
  refused(meter, CALLS(""), 13, "calls: is missing");
  refused(meter, CALLS(", price: 1"), 13, "price: does not go with unit call");
  refused(meter, CALLS(", calls: {rob_bank: 1}"), 13, "is no tool that agents can call");
  refused(meter, CALLS(", calls: {}"), 13, "at least one tool");
  refused(meter, CALLS(", calls: {report: 1}, channels: [chat]"), 13, "goes with the units of");
  refused(meter, CALLS(", calls: {report: 1, get_ticket: 2}, included: 5"), 13, "need one outcome");
  refused(meter, "outcomes: {resolution: 0.99}, calls: {report: 1}}\n", 12,
          "calls: does not go with unit resolution");
  struct problems p = {0};
  char *text = changed(meter, CALLS(", calls: {report: 0.01, get_ticket: 0.002}"));
  struct book *b = book_parse(str_of(text), "x", note, &p);
  assert_non_null(b);
  const char *outcome = NULL;
  int64_t micros = 0, at_ms = 0;
  assert_int_equal(time_parse(TRG_STR("2026-11-01"), &at_ms), 0);
  assert_true(book_call_price(b, at_ms, "get_ticket", &outcome, &micros));
  assert_string_equal(outcome, "agent:get_ticket");
  assert_int_equal(micros, 2000);
  assert_false(book_call_price(b, at_ms, "send_reply", &outcome, &micros));
  book_free(&b);
  mem_free(text);
  size_t known = 0; /* the book knows the tools that are served, and no others */
  for (; book_call_tools[known] != NULL; known++) {
    size_t i = 0;
    while (i < agent_tool_count && strcmp(agent_tools[i].name, book_call_tools[known]) != 0) i++;
    if (i == agent_tool_count) fail_msg("%s is no tool", book_call_tools[known]);
  }
  assert_int_equal(known, agent_tool_count);
}

static void test_overlapping_versions_are_refused(void **state) {
  struct problems p = {0};
  struct buf b;
  (void)state;
  buf_init(&b, 0);
  buf_text(&b, good);
  buf_text(&b, strstr(good, "  - effective"));
  assert_null(book_parse(buf_view(&b), "x", note, &p));
  assert_int_equal(p.line, 13);
  assert_non_null(strstr(p.text, "overlaps"));
  buf_free(&b);
}

static void test_a_file_that_is_not_there_is_a_problem(void **state) {
  struct problems p = {0};
  (void)state;
  assert_null(book_load("/nonexistent/book.yaml", note, &p));
  assert_int_equal(p.count, 1);
}

static void test_prices_are_in_whole_micro_dollars_and_round_half_to_even(void **state) {
  int64_t n = 0;
  (void)state;
  assert_int_equal(money_scale(25, 1, 10, &n), 0);
  assert_int_equal(n, 2);
  assert_int_equal(money_scale(35, 1, 10, &n), 0);
  assert_int_equal(n, 4);
  assert_int_equal(money_scale(-25, 1, 10, &n), 0);
  assert_int_equal(n, -2);
  assert_int_equal(money_scale(1204410, 1, 38, &n), 0);
  assert_int_equal(n, 31695);
  struct book *b = book_named("agentforce-flex");
  struct book_place place = {0};
  struct book_priced price;
  book_price_unit(b, T0, "action", 100000, &place, &price);
  assert_int_equal(price.amount_micros, 100000);
  assert_false(price.ordered);
  book_free(&b);
}

/* The examples of the vendors' own pages. */
static void test_shipped_books_give_the_sums_of_their_sources(void **state) {
  (void)state;
  const int64_t at = INT64_C(1795255200000); /* 2026-11-21 */
  struct book *redo = book_named("redo"), *fin = book_named("fin");
  int64_t sum = 0;
  for (int64_t n = 0; n < 253; n++) {
    const struct book_place place = {.count = n, .spent_micros = sum};
    struct book_priced price = {0};
    book_price_unit(redo, at, "resolution", book_outcome_price(redo, at, "resolution"), &place,
                    &price);
    sum += price.amount_micros;
  }
  assert_int_equal(sum, 222550000);
  assert_int_equal(book_outcome_price(fin, at, "procedure_handoff"), 990000);
  assert_int_equal(book_outcome_price(fin, at, "qualification"), 9990000);
  assert_int_equal(book_outcome_price(fin, at, "disqualification"), 990000);
  book_free(&redo);
  book_free(&fin);
}

static void test_alerts_tell_the_highest_line_that_was_passed(void **state) {
  (void)state;
  char *text = changed("    meters:",
                       "    cap: {amount: 10.00, alert: [50, 80, 100], then: overage}\n"
                       "    meters:");
  struct book *b = book_text(text);
  assert_int_equal(book_cap_alert(b, T0, 0, 4999999), 0);
  assert_int_equal(book_cap_alert(b, T0, 4999999, 5000000), 50);
  assert_int_equal(book_cap_alert(b, T0, 5000000, 12000000), 100);
  assert_int_equal(book_cap_alert(b, T0, 12000000, 13000000), 0);
  struct book_place place = {.spent_micros = 99000000};
  struct book_priced price;
  book_price_unit(b, T0, "resolution", 990000, &place, &price);
  assert_int_equal(price.amount_micros, 990000); /* overage: the cap only tells */
  book_free(&b);
  mem_free(text);
}

static int64_t final_by(const char *reversal, const char *channel, int64_t at_ms) {
  char *text = changed("reversal: {reach: none}", reversal);
  struct book *b = book_text(text);
  const int64_t ms = book_final_ms(b, channel, at_ms - 1000, at_ms);
  book_free(&b);
  mem_free(text);
  return ms;
}

static void test_a_charge_is_final_when_nothing_can_take_it_back(void **state) {
  (void)state;
  int64_t at = 0, december = 0, late = 0;
  assert_int_equal(time_parse(TRG_STR("2026-11-20T10:00:00Z"), &at), 0);
  assert_int_equal(time_parse(TRG_STR("2026-11-29T10:00:00Z"), &late), 0);
  assert_int_equal(time_parse(TRG_STR("2026-12-01"), &december), 0);
  const int64_t day = 86400000;
  assert_int_equal(final_by("reversal: {reach: none}", "email", at), at);
  assert_int_equal(final_by("reversal: {reach: any_period, within: 5d}", "email", at),
                   at + 5 * day);
  assert_int_equal(final_by("reversal: {reach: any_period}", "email", at), 0); /* the close */
  assert_int_equal(final_by("reversal: {reach: same_period}", "email", at), december);
  assert_int_equal(final_by("reversal: {reach: same_period, within: 5d}", "email", at),
                   at + 5 * day);
  assert_int_equal(final_by("reversal: {reach: same_period, within: 5d}", "email", late), december);
}

static void test_of_two_versions_the_longer_reach_decides(void **state) {
  (void)state;
  int64_t at = 0;
  assert_int_equal(time_parse(TRG_STR("2026-11-20T10:00:00Z"), &at), 0);
  const char *second = strstr(good, "  - effective");
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, good);
  buf_text(&b, second);
  char *text = buf_take(&b, NULL);
  char *from = strstr(text, "reach: none}"), *later = strstr(strstr(text, "meters:"), "2026-01-01");
  memcpy(later, "2026-11-20", 10);
  struct buf c;
  buf_init(&c, 0);
  buf_add(&c, text, (size_t)(from - text));
  buf_text(&c, "reach: any_period, within: 9d}");
  buf_text(&c, from + strlen("reach: none}"));
  char *both = buf_take(&c, NULL);
  struct book *book = book_text(both);
  assert_int_equal(book_final_ms(book, "email", at - INT64_C(86400000), at),
                   at + 9 * INT64_C(86400000));
  assert_int_equal(book_final_ms(book, "email", at - 1000, at), at); /* opened under the second */
  book_free(&book);
  mem_free(text);
  mem_free(both);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_builtin_is_the_shipped_file_to_the_byte),
      cmocka_unit_test(test_every_shipped_book_is_understood),
      cmocka_unit_test(test_a_book_without_a_sentence_gets_one),
      cmocka_unit_test(test_wrong_and_ambiguous_books_are_refused_with_their_line),
      cmocka_unit_test(test_two_meters_with_one_key_are_refused),
      cmocka_unit_test(test_calls_of_agents_are_priced_by_their_tool),
      cmocka_unit_test(test_overlapping_versions_are_refused),
      cmocka_unit_test(test_a_file_that_is_not_there_is_a_problem),
      cmocka_unit_test(test_prices_are_in_whole_micro_dollars_and_round_half_to_even),
      cmocka_unit_test(test_a_charge_is_final_when_nothing_can_take_it_back),
      cmocka_unit_test(test_of_two_versions_the_longer_reach_decides),
      cmocka_unit_test(test_shipped_books_give_the_sums_of_their_sources),
      cmocka_unit_test(test_alerts_tell_the_highest_line_that_was_passed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
