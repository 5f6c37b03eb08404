/* Settling: new lines only, once each, and a recount that agrees. */
#include "test_billing_help.h"

#include "billing/period.h"
#include "store/report.h"
#include "store/work.h"

#define RULES                                                                                      \
  "    window: {basis: last_ai_answer, length: 24h}\n"                                             \
  "    evidence: {assumed: accept, confirmed: accept, procedure: refuse}\n"                        \
  "    thanks: confirm\n"                                                                          \
  "    voids: [human_requested, human_answered, handoff, negative, spam, greeting_only,"           \
  " note_only, csat_bad, edited, approved, deleted, merged]\n"                                     \
  "    reversal: {reach: any_period}\n"
#define HEAD "book: test\nversions:\n  - effective: 2026-01-01\n"

static void test_settling_twice_writes_nothing(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  assert_int_equal(settle(d, b, id, T0).lines, 1);
  assert_int_equal(settle(d, b, id, T0).lines, 0);
  const struct settled s = settle(d, b, id, T0 + 99 * DAY);
  assert_int_equal(s.lines, 0);
  assert_string_equal(s.state, "resolved");
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 1);
  assert_string_equal(l[0].kind, "charge");
  assert_string_equal(l[0].period, "2026-11");
  assert_string_equal(l[0].evidence, "[1,2,3]");
  assert_string_equal(l[0].evidence_level, "confirmed");
  recount_equal(d, b, T0 + 99 * DAY);
  book_free(&b);
}

static void test_window_makes_the_ticket_due_and_then_charges_it(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", false, T0);
  asked(d, id, T0);
  answered(d, id, T0 + MINUTE);
  assert_string_equal(settle(d, b, id, T0 + HOUR).state, "open");
  assert_int_equal(ticket_now(d, id).settle_ms, T0 + MINUTE + 72 * HOUR);
  /* Before the daemon came by, the recount sees what the daemon saw. */
  recount_equal(d, b, T0 + 100 * HOUR);
  assert_string_equal(settle(d, b, id, T0 + 100 * HOUR).state, "resolved");
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 1);
  assert_int_equal(l[0].at_ms, T0 + MINUTE + 72 * HOUR);
  recount_equal(d, b, T0 + 100 * HOUR);
  book_free(&b);
}

static void test_return_in_the_same_month_is_a_reversal(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  asked(d, id, T0 + 5 * DAY);
  assert_string_equal(settle(d, b, id, T0 + 5 * DAY).state, "reversed");
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 2);
  assert_string_equal(l[1].kind, "reversal");
  assert_int_equal(l[1].corrects, l[0].seq);
  assert_int_equal(l[1].amount_micros, -990000);
  assert_string_equal(l[1].reason, "reopened");
  assert_string_equal(l[1].evidence, "[4]");
  assert_int_equal(settle(d, b, id, T0 + 6 * DAY).lines, 0);
  recount_equal(d, b, T0 + 6 * DAY);
  book_free(&b);
}

static void test_return_in_the_next_month_is_a_credit_there(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  asked(d, id, T0 + 29 * DAY); /* 1 December */
  (void)settle(d, b, id, T0 + 29 * DAY);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 2);
  assert_string_equal(l[1].kind, "credit");
  assert_string_equal(l[1].period, "2026-12");
  answered(d, id, T0 + 30 * DAY);
  assert_string_equal(settle(d, b, id, T0 + 40 * DAY).state, "resolved");
  assert_int_equal(lines_of(d, id, &l), 3);
  assert_string_equal(l[2].charge_key, l[0].charge_key);
  assert_int_equal(net_of(d, id), 990000);
  recount_equal(d, b, T0 + 40 * DAY);
  book_free(&b);
}

static void test_late_fact_gives_a_new_line_and_edits_none(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  told(d, id, "msg_out", "human", "answer", "", T0 - 30 * MINUTE);
  assert_string_equal(settle(d, b, id, T0 + DAY).state, "excluded");
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 2);
  assert_int_equal(l[0].amount_micros, 990000);
  assert_string_equal(l[1].reason, "human_answered");
  assert_string_equal(ticket_now(d, id).bill_reason, "human_answered");
  recount_equal(d, b, T0 + DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_sandbox_is_never_charged(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", true, T0);
  asked(d, id, T0);
  answered(d, id, T0 + 1);
  told(d, id, "signal", "customer", "confirm", "", T0 + 2);
  const struct settled s = settle(d, b, id, T0 + 9 * DAY);
  assert_int_equal(s.lines, 0);
  assert_string_equal(s.state, "excluded");
  recount_equal(d, b, T0 + 9 * DAY);
  book_free(&b);
}

static void test_model_cost_goes_into_one_line_only(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  struct model_call c = {.ticket_id = id,
                         .ref = "support/1",
                         .task = "draft",
                         .model = "m",
                         .backend = "local",
                         .vendor_model = "m",
                         .started_ms = T0 - HOUR,
                         .outcome = "",
                         .code = "",
                         .why = "",
                         .stop = "",
                         .served = "",
                         .request_id = "",
                         .prompt_hash = "",
                         .skills_hash = "",
                         .conf_hash = ""};
  must(d, model_call_open(d->s, &c, 0, &c.id, &d->err));
  c.outcome = "ok";
  c.ended_ms = T0 - HOUR + 10;
  c.cost_micros = 31695;
  must(d, model_call_close(d->s, &c, &d->err));
  (void)settle(d, b, id, T0);
  asked(d, id, T0 + DAY);
  (void)settle(d, b, id, T0 + DAY);
  answered(d, id, T0 + DAY + 1);
  (void)settle(d, b, id, T0 + 9 * DAY);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 3);
  assert_int_equal(l[0].model_cost_micros, 31695);
  assert_int_equal(l[1].model_cost_micros, 0);
  assert_int_equal(l[2].model_cost_micros, 0);
  book_free(&b);
}

/* --- prices by place ---------------------------------------------------------------------------
 */

static void test_included_units_and_tiers_follow_the_order_of_settling(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(HEAD
                             "    scope: conversation\n" RULES "    meters:\n"
                             "      - {meter: r, unit: resolution, outcomes: {resolution: 1.00},"
                             " included: 2, tiers: [{above: 3, price: 0.80}]}\n");
  static const int64_t prices[] = {0, 0, 1000000, 800000, 800000};
  static const char *const names[] = {"1", "2", "3", "4", "5"};
  int64_t ids[5];
  for (size_t i = 0; i < 5; i++) {
    ids[i] = solved(d, names[i], T0 + (int64_t)i);
    (void)settle(d, b, ids[i], T0 + DAY);
    assert_int_equal(net_of(d, ids[i]), prices[i]);
  }
  struct ledger_line *l = NULL;
  (void)lines_of(d, ids[3], &l);
  assert_string_equal(l[0].rule, "answer>confirmed>place 4 after 1.000000");
  recount_equal(d, b, T0 + 2 * DAY);
  /* One that is taken back frees its place for the next. */
  asked(d, ids[0], T0 + 2 * DAY);
  (void)settle(d, b, ids[0], T0 + 2 * DAY);
  const int64_t next = solved(d, "6", T0 + 3 * DAY);
  (void)settle(d, b, next, T0 + 3 * DAY);
  (void)lines_of(d, next, &l);
  assert_string_equal(l[0].rule, "answer>confirmed>place 5 after 2.600000");
  assert_string_equal(ticket_now(d, ids[1]).bill_state, "resolved");
  recount_equal(d, b, T0 + 4 * DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_a_charge_of_nothing_is_reversed_in_its_own_month(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(HEAD
                             "    scope: conversation\n" RULES "    meters:\n"
                             "      - {meter: r, unit: resolution, outcomes: {resolution: 1.00},"
                             " included: 2}\n");
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  asked(d, id, T0 + 40 * DAY);
  (void)settle(d, b, id, T0 + 40 * DAY);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, id, &l), 2);
  assert_string_equal(l[1].kind, "reversal");
  assert_string_equal(l[1].period, "2026-11");
  assert_int_equal(settle(d, b, id, T0 + 41 * DAY).lines, 0);
  recount_equal(d, b, T0 + 41 * DAY);
  book_free(&b);
}

static void test_cap_charges_no_more_than_it_says(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(
      HEAD "    scope: conversation\n" RULES
           "    cap: {amount: 2.50, alert: [50, 80, 100], then: free}\n"
           "    meters:\n"
           "      - {meter: r, unit: resolution, outcomes: {resolution: 1.00}}\n");
  static const int64_t prices[] = {1000000, 1000000, 500000, 0};
  static const char *const names[] = {"1", "2", "3", "4"};
  for (size_t i = 0; i < 4; i++) {
    const int64_t id = solved(d, names[i], T0 + (int64_t)i);
    (void)settle(d, b, id, T0 + DAY);
    assert_int_equal(net_of(d, id), prices[i]);
    assert_string_equal(ticket_now(d, id).bill_state, "resolved");
  }
  recount_equal(d, b, T0 + DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_fee_comes_once_a_month_and_the_commitment_at_its_end(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(
      HEAD "    scope: conversation\n" RULES "    fee: 49.00\n    commitment: 10.00\n"
           "    meters:\n"
           "      - {meter: r, unit: resolution, outcomes: {resolution: 1.00}}\n");
  int n = 0;
  const int64_t one = solved(d, "1", T0), two = solved(d, "2", T0 + 1);
  assert_int_equal(settle(d, b, one, T0 + DAY).lines, 2);
  assert_int_equal(settle(d, b, two, T0 + DAY).lines, 1);
  must(d, period_commit(d->s, b, "2026-11", T0 + DAY, &n, &d->err));
  assert_int_equal(n, 0);
  must(d, period_commit(d->s, b, "2026-11", T0 + 40 * DAY, &n, &d->err));
  assert_int_equal(n, 1);
  must(d, period_commit(d->s, b, "2026-11", T0 + 41 * DAY, &n, &d->err));
  assert_int_equal(n, 0);
  must(d, turn_flush(d->s, &d->err));
  const struct recount r = counted(d, b, T0 + 41 * DAY);
  assert_int_equal(r.differences, 0);
  assert_int_equal(r.ledger_micros, 49000000 + 10000000);
  assert_int_equal(r.recomputed_micros, r.ledger_micros);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

/* --- scopes, books, people ---------------------------------------------------------------------
 */

static void test_a_scope_over_tickets_is_charged_once(void **state) {
  struct desk *d = *state;
  struct book *b = book_text(
      HEAD "    scope: {by: customer, within: 48h}\n" RULES "    meters:\n"
           "      - {meter: r, unit: resolution, outcomes: {resolution: 1.00}}\n");
  const int64_t one = solved(d, "1", T0), two = solved(d, "2", T0 + DAY),
                three = solved(d, "3", T0 + 3 * DAY);
  (void)settle(d, b, one, T0 + 4 * DAY);
  (void)settle(d, b, two, T0 + 4 * DAY);
  (void)settle(d, b, three, T0 + 4 * DAY);
  assert_int_equal(net_of(d, one), 1000000);
  assert_int_equal(net_of(d, two), 0);
  assert_int_equal(net_of(d, three), 1000000);
  assert_string_equal(ticket_now(d, two).bill_state, "resolved");
  assert_int_equal(settle(d, b, two, T0 + 5 * DAY).lines, 0);
  recount_equal(d, b, T0 + 5 * DAY);
  asked(d, two, T0 + 6 * DAY);
  (void)settle(d, b, two, T0 + 6 * DAY);
  recount_equal(d, b, T0 + 6 * DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_lines_of_an_earlier_book_stand(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin(), *next = book_named("help-agent");
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  told(d, id, "note", "human", "", "", T0 + DAY);
  assert_int_equal(settle(d, next, id, T0 + DAY).lines, 0);
  assert_string_equal(ticket_now(d, id).bill_state, "resolved");
  asked(d, id, T0 + 2 * DAY);
  assert_int_equal(settle(d, next, id, T0 + 2 * DAY).lines, 1);
  assert_int_equal(net_of(d, id), 0);
  book_free(&b);
  book_free(&next);
}

static void test_what_people_gave_back_is_not_charged_again(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  struct ledger_line *l = NULL;
  (void)lines_of(d, id, &l);
  struct ledger_line credit = l[0];
  credit.kind = "credit";
  credit.corrects = l[0].seq;
  credit.amount_micros = -l[0].amount_micros;
  credit.rule = "dispute>decided";
  credit.reason = "dispute";
  credit.model_cost_micros = 0;
  must(d, ledger_append(d->s, &credit, &d->err));
  const struct settled s = settle(d, b, id, T0 + DAY);
  assert_int_equal(s.lines, 0);
  assert_string_equal(s.state, "reversed");
  assert_string_equal(ticket_now(d, id).bill_reason, "dispute");
  recount_equal(d, b, T0 + DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_recount_finds_a_line_that_no_evidence_carries(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  struct ledger_line *l = NULL;
  (void)lines_of(d, id, &l);
  struct ledger_line more = l[0];
  more.charge_key = "invented";
  must(d, ledger_append(d->s, &more, &d->err));
  must(d, turn_flush(d->s, &d->err));
  const struct recount r = counted(d, b, T0 + DAY);
  assert_int_equal(r.differences, 1);
  assert_int_equal(r.ledger_micros - r.recomputed_micros, 990000);
  book_free(&b);
}

static void test_recount_tells_what_another_book_would_have_charged(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin(), *redo = book_named("help-agent");
  (void)settle(d, b, solved(d, "1", T0), T0 + DAY);
  (void)settle(d, b, solved(d, "2", T0), T0 + DAY);
  const struct recount r = counted(d, redo, T0 + DAY);
  assert_int_equal(r.ledger_micros, 1980000);
  assert_int_equal(r.recomputed_micros, 4000000);
  assert_int_equal(r.differences, 2);
  assert_int_equal(r.tickets, 2);
  book_free(&b);
  book_free(&redo);
}

/* --- any batches -------------------------------------------------------------------------------
 */

static void random_event(struct rng *r, struct desk *d, int64_t ticket, struct event *e) {
  static const struct {
    const char *kind, *actor, *value;
  } all[] = {{"msg_in", "customer", ""},
             {"msg_in", "customer", "thanks"},
             {"msg_out", "ai", "answer"},
             {"msg_out", "ai", "answer"},
             {"msg_out", "ai", "answer"},
             {"msg_out", "ai", "greeting"},
             {"note", "ai", ""},
             {"signal", "customer", "confirm"},
             {"signal", "customer", "negative"},
             {"csat", "customer", "good"},
             {"verify", "ai", "pass"},
             {"verify", "ai", "pass"},
             {"reopen", "human", ""},
             {"solved", "ai", ""},
             {"action", "ai", "get_order"},
             {"csat", "customer", "1"},
             {"verify", "ai", "fail"},
             {"procedure_end", "ai", "handoff"},
             {"msg_out", "human", "answer"},
             {"merge", "system", "7"},
             {"spam", "human", ""}};
  static const size_t rare = 6; /* the last ones, which end most cases */
  const size_t kinds = sizeof all / sizeof *all;
  const size_t i = rng_below(r, rng_below(r, 8) == 0 ? kinds : kinds - rare);
  *e = (struct event){.ticket_id = ticket,
                      .kind = all[i].kind,
                      .actor = all[i].actor,
                      .value = all[i].value,
                      .data = "",
                      .ext_id = arena_printf(d->a, "%llu", (unsigned long long)rng_next(r)),
                      .at_ms = T0 + (int64_t)rng_below(r, 120) * 12 * HOUR};
}

/* Facts come in any order and in any batches, with settling in between: the ledger's sum is what
 * one look at all of them gives. */
static void play(struct desk *d, const struct book *b, struct rng *r, int64_t ticket) {
  struct event e[14];
  const size_t n = 1 + rng_below(r, 14);
  const int64_t now = T0 + 100 * DAY;
  for (size_t i = 0; i < n; i++) random_event(r, d, ticket, &e[i]);
  for (size_t i = 0; i < n; i++) {
    bool fresh = false;
    must(d, event_add(d->s, &e[i], &fresh, &d->err));
    if (rng_below(r, 3) == 0) must(d, event_add(d->s, &e[rng_below(r, i + 1)], &fresh, &d->err));
    struct settled s;
    /* The clock of a batch lies anywhere: the past is settled late, or early. */
    if (rng_below(r, 2) == 0)
      must(d, settle_ticket(d->s, b, ticket, T0 + (int64_t)rng_below(r, 100) * DAY, &s, &d->err));
  }
  struct settled s;
  must(d, settle_ticket(d->s, b, ticket, now, &s, &d->err));
  must(d, settle_ticket(d->s, b, ticket, now, &s, &d->err));
  assert_int_equal(s.lines, 0);
}

static void test_any_batches_end_in_the_same_sum(void **state) {
  static const char *const names[] = {"per-resolution",           "fin", "zendesk", "gorgias",
                                      "agentforce-conversations", "redo"};
  (void)state;
  struct rng r;
  rng_seed(&r, 99);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct desk d = {0};
    struct book *b = book_named(names[i]);
    desk_open(&d);
    for (int k = 0; k < 150; k++)
      play(&d, b, &r,
           ticket_made(&d, arena_printf(d.a, "%d", k), (int32_t)rng_below(&r, 5),
                       k % 3 == 0 ? "ann" : "bob", k % 17 == 0, T0));
    must(&d, turn_flush(d.s, &d.err));
    recount_equal(&d, b, T0 + 100 * DAY);
    int64_t count = 0, bad = 0;
    must(&d, ledger_verify(d.s, &count, &bad, &d.err));
    assert_true(count > (strcmp(names[i], "zendesk") == 0 ? 15 : 50)); /* few have a verdict */
    must(&d, report_conserved(d.s, &d.err));
    desk_close(&d);
    book_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_settling_twice_writes_nothing),
      TEST(test_window_makes_the_ticket_due_and_then_charges_it),
      TEST(test_return_in_the_same_month_is_a_reversal),
      TEST(test_return_in_the_next_month_is_a_credit_there),
      TEST(test_late_fact_gives_a_new_line_and_edits_none),
      TEST(test_sandbox_is_never_charged),
      TEST(test_model_cost_goes_into_one_line_only),
      TEST(test_included_units_and_tiers_follow_the_order_of_settling),
      TEST(test_a_charge_of_nothing_is_reversed_in_its_own_month),
      TEST(test_cap_charges_no_more_than_it_says),
      TEST(test_fee_comes_once_a_month_and_the_commitment_at_its_end),
      TEST(test_a_scope_over_tickets_is_charged_once),
      TEST(test_lines_of_an_earlier_book_stand),
      TEST(test_what_people_gave_back_is_not_charged_again),
      TEST(test_recount_finds_a_line_that_no_evidence_carries),
      TEST(test_recount_tells_what_another_book_would_have_charged),
      cmocka_unit_test(test_any_batches_end_in_the_same_sum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
