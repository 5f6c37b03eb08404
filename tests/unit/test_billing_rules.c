/* The rules of the market that no shipped book uses: each in a few lines of a book, and what it
 * makes of facts. */
#include "test_billing_help.h"

#include "billing/forecast.h"
#include "billing/period.h"
#include "store/report.h"

#define DECEMBER INT64_C(1796083200000) /* 2026-12-01 */
#define HEAD                                                                                       \
  "book: test\nversions:\n  - effective: 2026-10-01\n    scope: conversation\n"                    \
  "    window: {basis: last_ai_answer, length: 24h}\n"                                             \
  "    evidence: {assumed: accept, confirmed: accept, procedure: accept}\n"                        \
  "    thanks: confirm\n    voids: [human_requested, human_answered, handoff, negative, spam,"     \
  " greeting_only, note_only, csat_bad, edited, approved, deleted, merged]\n"                      \
  "    reversal: {reach: any_period}\n"

static void adds_up(struct desk *d, const struct book *b, int64_t now_ms) {
  struct recount r;
  must(d, recount(d->s, b, 0, 0, now_ms, NULL, NULL, &r, &d->err));
  assert_int_equal(r.differences, 0);
  must(d, report_conserved(d->s, &d->err));
}

static int64_t solved_alone(struct desk *d, const char *ext_id, int64_t at_ms) {
  const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, ext_id, false, at_ms - HOUR);
  asked(d, id, at_ms - HOUR);
  answered(d, id, at_ms - HOUR + MINUTE);
  told(d, id, "signal", "customer", "confirm", "", at_ms);
  return id;
}

/* Settled once, when all is told; what it costs. */
static int64_t cost_of(struct desk *d, const struct book *b, int64_t id, int64_t now_ms) {
  (void)settle(d, b, id, now_ms);
  return net_of(d, id);
}

static void test_a_session_may_end_by_quiet_or_by_its_age(void **state) {
  struct desk *d = *state;
  struct book *quiet = book_text(HEAD "    meters:\n      - {meter: c, unit: conversation, price: "
                                      "1.00, session: {length: 24h, basis: inactivity}}\n");
  struct book *aged = book_text(HEAD "    meters:\n      - {meter: c, unit: conversation, price: "
                                     "1.00, session: 24h}\n");
  /* A message every 20 hours: one quiet session, two of 24 hours. */
  for (int i = 0; i < 2; i++) {
    const int64_t id = ticket_made(d, i == 0 ? "1" : "2", TRG_CHANNEL_EMAIL, "ann", false, T0);
    for (int n = 0; n < 3; n++) {
      asked(d, id, T0 + n * 20 * HOUR);
      answered(d, id, T0 + n * 20 * HOUR + MINUTE);
    }
    assert_int_equal(cost_of(d, i == 0 ? quiet : aged, id, T0 + 9 * DAY),
                     i == 0 ? 1000000 : 2000000);
  }
  book_free(&quiet);
  book_free(&aged);
}

static void test_a_conversation_that_spans_two_months_counts_twice_when_split(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(HEAD
                             "    meters:\n      - {meter: c, unit: conversation, price: 1.00, "
                             "session: 7d, split: month}\n");
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", false, DECEMBER - HOUR);
  asked(d, id, DECEMBER - HOUR);
  answered(d, id, DECEMBER - HOUR + MINUTE);
  asked(d, id, DECEMBER + HOUR);
  answered(d, id, DECEMBER + HOUR + MINUTE);
  assert_int_equal(cost_of(d, b, id, DECEMBER + DAY), 2000000);
  adds_up(d, b, DECEMBER + DAY);
  book_free(&b);
}

static void test_so_many_acts_make_one_unit(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(HEAD "    meters:\n      - {meter: call, unit: action, price: 1.00, "
                                  "per: 3}\n");
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_API, "ann", false, T0);
  asked(d, id, T0);
  for (int i = 0; i < 7; i++) told(d, id, "action", "ai", "get_order", "{}", T0 + (i + 1) * MINUTE);
  assert_int_equal(cost_of(d, b, id, T0 + HOUR), 3000000); /* 7 calls are 3 units */
  adds_up(d, b, T0 + HOUR);
  book_free(&b);
}

static void test_included_units_roll_over_once(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(HEAD "    meters:\n      - {meter: m, unit: resolution, outcomes: "
                                  "{resolution: 1.00}, included: 2, rollover: next_month}\n");
  assert_int_equal(cost_of(d, b, solved_alone(d, "1", T0), T0),
                   0); /* one of two used in November */
  int64_t sum = 0;
  for (int i = 0; i < 4; i++) {
    const char *id = arena_printf(d->a, "d%d", i);
    sum += cost_of(d, b, solved_alone(d, id, DECEMBER + i * HOUR), DECEMBER + i * HOUR);
  }
  assert_int_equal(sum, 1000000); /* 2 included and 1 left over of 4 */
  adds_up(d, b, DECEMBER + DAY);
  /* What December left over came from November: in January there is nothing of it. */
  sum = 0;
  for (int i = 0; i < 3; i++) {
    const char *id = arena_printf(d->a, "j%d", i);
    sum += cost_of(d, b, solved_alone(d, id, DECEMBER + 31 * DAY + i * HOUR), DECEMBER + 32 * DAY);
  }
  assert_int_equal(sum, 1000000);
  adds_up(d, b, DECEMBER + 40 * DAY);
  book_free(&b);
}

#define PROVED                                                                                     \
  HEAD "    meters:\n      - {meter: m, unit: resolution, outcomes: {cancellation_saved: {price: " \
       "5.00, proof: required}}}\n"

static void test_an_outcome_with_external_proof_waits_for_it_in_any_order(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(PROVED);
  for (int first = 0; first < 2; first++) {
    const int64_t id = ticket_made(d, first ? "1" : "2", TRG_CHANNEL_EMAIL, "ann", false, T0);
    asked(d, id, T0);
    if (first) told(d, id, "proof", "human", "cancellation_saved", "", T0 + MINUTE);
    told(d, id, "procedure_end", "ai", "cancellation_saved", "", T0 + HOUR);
    if (!first) {
      assert_string_equal(settle(d, b, id, T0 + DAY).state, "open");
      assert_string_equal(ticket_now(d, id).bill_reason, "proof");
      told(d, id, "proof", "human", "cancellation_saved", "", T0 + 2 * DAY);
    }
    assert_int_equal(cost_of(d, b, id, T0 + 3 * DAY), 5000000);
  }
  adds_up(d, b, T0 + 3 * DAY);
  book_free(&b);
}

static void test_a_proof_of_another_outcome_proves_nothing(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(PROVED);
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", false, T0);
  asked(d, id, T0);
  told(d, id, "procedure_end", "ai", "cancellation_saved", "", T0 + HOUR);
  told(d, id, "proof", "human", "upsell", "", T0 + DAY);
  assert_int_equal(cost_of(d, b, id, T0 + 99 * DAY), 0);
  book_free(&b);
}

#define GUARANTEED                                                                                 \
  HEAD "    guarantee: {above: 60, within: 61d, refund: 50}\n    meters:\n      - {meter: m, "     \
       "unit: resolution, outcomes: {resolution: 1.00}}\n"

/* `good` of three tickets are resolved; October and November are the 61 days. */
static int64_t refund_of(struct desk *d, const struct book *b, int good) {
  for (int i = 0; i < 3; i++) {
    const char *ext = arena_printf(d->a, "%d", i);
    const int64_t at = T0 + i * HOUR;
    const int64_t id = i < good ? solved_alone(d, ext, at)
                                : ticket_made(d, ext, TRG_CHANNEL_EMAIL, "ann", false, at);
    if (i >= good) asked(d, id, at);
    if (i >= good) told(d, id, "handoff", "human", "customer", "", at + MINUTE);
    must(d, ticket_outcome(d->s, id, TRG_STR("sent"), TRG_STR("ok"), at, &d->err));
    (void)settle(d, b, id, at + HOUR);
  }
  struct period_closed c;
  must(d, period_close(d->s, b, "2026-11", "ann", DECEMBER, &c, &d->err));
  must(d, turn_flush(d->s, &d->err));
  adds_up(d, b, DECEMBER + DAY);
  return good * 1000000 - c.amount_micros;
}

static void test_a_guarantee_that_was_not_met_gives_back_its_share(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(GUARANTEED);
  assert_int_equal(refund_of(d, b, 1), 500000);
  book_free(&b);
}

static void test_a_guarantee_that_was_met_gives_nothing_back(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(GUARANTEED);
  assert_int_equal(refund_of(d, b, 2), 0);
  book_free(&b);
}

static void test_a_forecast_prices_more_units_by_tiers_and_cap(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(
      HEAD "    fee: 10.00\n    cap: {amount: 4.00, then: free}\n    meters:\n      - {meter: m, "
           "unit: resolution, outcomes: {resolution: 1.00}, tiers: [{above: 3, price: 0.50}]}\n");
  struct forecast f[3];
  static const int64_t factors[] = {1, 2, 4};
  for (int i = 0; i < 2; i++)
    (void)settle(d, b, solved_alone(d, arena_printf(d->a, "%d", i), T0), T0);
  must(d, forecast_make(d->s, b, "2026-11", factors, 3, f, &d->err));
  assert_int_equal(f[0].charged_micros, 2000000);
  assert_int_equal(f[1].charged_micros, 3500000);
  assert_int_equal(f[2].units, 8);
  assert_int_equal(f[2].charged_micros, 4000000);
  assert_true(f[2].capped && !f[1].capped);
  assert_int_equal(f[1].total_micros, 13500000);
  assert_int_equal(forecast_make(d->s, b, "soon", factors, 1, f, &d->err), TRG_EINVAL);
  struct book *other = book_text(HEAD
                                 "    meters:\n      - {meter: reply, unit: reply, price: 1}\n");
  must(d, forecast_make(d->s, other, "2026-11", factors, 1, f, &d->err));
  assert_int_equal(f[0].unpriced, 2);
  assert_int_equal(f[0].charged_micros, 0);
  book_free(&other);
  book_free(&b);
}

struct first {
  uint32_t line;
  char text[400];
};

static void first_problem(void *arg, uint32_t line, const char *key, const char *text) {
  struct first *f = arg;
  if (f->line != 0) return;
  f->line = line;
  (void)snprintf(f->text, sizeof f->text, "%s: %s", key, text);
}

static void test_rules_that_say_two_things_or_nothing_are_refused_with_their_line(void **state) {
#define METER(text) HEAD "    meters:\n      - {meter: m, " text "}\n"
#define RES         "unit: resolution, outcomes: {resolution: 1}"
  static const struct {
    const char *text, *says;
    uint32_t line;
  } bad[] = {
      {METER(RES ", rollover: next_month"), "nothing included that could be left over", 11},
      {METER(RES ", per: 100"), "goes with the units action and reply", 11},
      {METER("unit: action, price: 1, per: 1"), "no whole number of 2 or more", 11},
      {METER(RES ", session: 24h"), "goes with the unit conversation", 11},
      {METER(RES ", inputs: 50"), "goes with the unit conversation", 11},
      {METER(RES ", tokens: 50"), "goes with the unit action", 11},
      {METER(RES ", split: month"), "goes with the unit conversation", 11},
      {METER("unit: conversation, price: 1"), "how long is one conversation", 11},
      {METER("unit: conversation, price: 1, session: {length: 24h, basis: moon}"), "is not one of",
       11},
      {METER("unit: resolution, outcomes: {resolution: {price: 1, proof: required}}"),
       "an external proof goes with an outcome that a procedure ends in", 11},
      {METER("unit: resolution, outcomes: {upsell: {price: 1, proof: maybe}}"), "is not one of",
       11},
      {METER(RES ", overage: 2"), "nothing included that could be passed", 11},
      {METER(RES ", included: 5, overage: 2, tiers: [{above: 9, price: 1}]"), "keep one", 11},
      {METER(RES ", tiers: [{above: 9, price: 1}, {above: 9, price: 2}]"), "overlap", 11},
      {METER(RES ", tiers: [{above: 9}]"), "needs both", 11},
      {METER("unit: action, price: 20 credits"), "no price of a credit", 11},
      {METER("unit: reply, outcomes: {resolution: 1}"), "does not go with unit reply", 11},
      {HEAD "    cap: {amount: 5}\n    meters:\n      - {meter: m, " RES "}\n",
       "what happens at the cap", 10},
      {HEAD "    cap: {amount: 0, then: free}\n    meters:\n      - {meter: m, " RES "}\n",
       "above zero", 10},
      {HEAD "    guarantee: {above: 60}\n    meters:\n      - {meter: m, " RES "}\n", "is missing",
       10},
      {HEAD
       "    guarantee: {above: 160, within: 90d, refund: 100}\n    meters:\n      - {meter: m, "
       "" RES "}\n",
       "end at 100", 10},
      {HEAD
       "    guarantee: {above: 60, within: none, refund: 100}\n    meters:\n      - {meter: m, "
       "" RES "}\n",
       "has an end", 10},
      {HEAD "    commitment: lots\n    meters:\n      - {meter: m, " RES "}\n", "no amount", 10},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct first f = {0};
    struct book *b = book_parse(str_of(bad[i].text), "x", first_problem, &f);
    if (b != NULL) fail_msg("%zu was not refused: %s", i, bad[i].says);
    if (f.line != bad[i].line || strstr(f.text, bad[i].says) == NULL)
      fail_msg("%zu: line %u (ought %u): %s (ought to say %s)", i, f.line, bad[i].line, f.text,
               bad[i].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_session_may_end_by_quiet_or_by_its_age),
      TEST(test_a_conversation_that_spans_two_months_counts_twice_when_split),
      TEST(test_so_many_acts_make_one_unit),
      TEST(test_included_units_roll_over_once),
      TEST(test_an_outcome_with_external_proof_waits_for_it_in_any_order),
      TEST(test_a_proof_of_another_outcome_proves_nothing),
      TEST(test_a_guarantee_that_was_not_met_gives_back_its_share),
      TEST(test_a_guarantee_that_was_met_gives_nothing_back),
      TEST(test_a_forecast_prices_more_units_by_tiers_and_cap),
      TEST(test_rules_that_say_two_things_or_nothing_are_refused_with_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
