/* Reports: the identities on random data, conservation, models; and the views. */
#include "test_store_help.h"

#include "base/hash.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/report.h"
#include "store/talk.h"
#include "store/work.h"

static const char *const helpdesks[] = {"support", "sales", "shop"};
static const char *const categories[] = {"", "billing", "returns"};
static const char *const outcomes[] = {"", "sent", "draft", "handoff", "observed", "skipped"};
static const char *const bills[] = {"open", "resolved", "excluded", "held", "reversed"};
static const char *const levels[] = {"assumed", "confirmed", "verified"};

static const char *pick(struct rng *r, const char *const *list, size_t n) {
  return list[rng_below(r, n)];
}
#define PICK(r, list) pick(r, list, sizeof list / sizeof *list)

static void call(struct box *b, struct rng *r, int64_t ticket_id, int64_t at_ms) {
  const struct model_call c = {.ticket_id = ticket_id,
                               .task = "triage",
                               .model = rng_below(r, 2) ? "haiku" : "gpt",
                               .started_ms = at_ms,
                               .reserved_micros = 100,
                               .shadow = rng_below(r, 5) == 0};
  int64_t id = 0;
  ok(b, model_call_open(b->s, &c, 0, &id, &b->err));
  const struct model_call end = {.id = id,
                                 .outcome = "ok",
                                 .latency_us = 1000 + (int64_t)rng_below(r, 9000),
                                 .cost_micros = (int64_t)rng_below(r, 5000)};
  ok(b, model_call_close(b->s, &end, &b->err));
}

static void charge(struct box *b, int64_t id, const char *level, int64_t amount, bool undo) {
  char key[32];
  (void)snprintf(key, sizeof key, "case %lld", (long long)id);
  struct ledger_line l = {.kind = "charge",
                          .charge_key = key,
                          .ticket_id = id,
                          .outcome = "resolution",
                          .evidence_level = level,
                          .amount_micros = amount,
                          .at_ms = NOW};
  ok(b, ledger_append(b->s, &l, &b->err));
  if (!undo) return;
  l.kind = "reversal";
  l.corrects = l.seq;
  l.amount_micros = -amount;
  ok(b, ledger_append(b->s, &l, &b->err));
}

static void reply(struct box *b, int64_t id, bool done) {
  char key[32];
  (void)snprintf(key, sizeof key, "key %lld", (long long)id);
  const struct outbox o = {.ticket_id = id, .intent = "reply", .idem_key = key};
  int64_t row = 0;
  bool new = false;
  ok(b, outbox_plan(b->s, &o, &row, &new, &b->err));
  if (done) ok(b, outbox_set(b->s, row, "done", NULL, NULL, NULL, NOW, &b->err));
}

/* A ticket as it may stand at any moment of its life. */
static void random_ticket(struct box *b, struct rng *r, int i) {
  char ext_id[16];
  (void)snprintf(ext_id, sizeof ext_id, "%d", i);
  const int64_t born = NOW - (int64_t)rng_below(r, 40) * 86400000;
  const struct ticket_facts f = {
      .helpdesk = str_of(PICK(r, helpdesks)), .ext_id = str_of(ext_id), .created_ms = born};
  int64_t id = 0;
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &id, &new, &b->err));
  const struct ticket_step step = {0};
  const enum ticket_state to = (enum ticket_state)rng_below(r, TICKET_STATES);
  ok(b, ticket_move(b->s, id, TICKET_NONE, to, &step, NOW, &b->err));
  const struct ticket_verdict v = {.category = str_of(PICK(r, categories)),
                                   .model = TRG_STR("haiku"),
                                   .language = TRG_STR("en")};
  if (rng_below(r, 4) > 0) ok(b, ticket_judge(b->s, id, &v, NOW, &b->err));
  ok(b, ticket_outcome(b->s, id, str_of(PICK(r, outcomes)), TRG_STR("why"), NOW, &b->err));
  const char *bill = PICK(r, bills);
  ok(b, ticket_bill(b->s, id, str_of(bill), TRG_STR("x"), 0, &b->err));
  if (strcmp(bill, "resolved") == 0 || strcmp(bill, "reversed") == 0)
    charge(b, id, PICK(r, levels), (int64_t)rng_below(r, 3) * 990000, bill[2] == 'v');
  for (size_t k = rng_below(r, 4); k > 0; k--) call(b, r, id, born);
  if (rng_below(r, 3) == 0) {
    const struct draft d = {.ticket_id = id, .body = "x", .made_ms = NOW};
    ok(b, draft_add(b->s, &d, NULL, &b->err));
  }
  if (rng_below(r, 3) == 0) reply(b, id, rng_below(r, 2) == 0);
  const struct event e = {.ticket_id = id, .kind = "reopen", .actor = "customer"};
  if (rng_below(r, 6) == 0) ok(b, event_add(b->s, &e, &new, &b->err));
}

static void add_row(struct report_row *sum, const struct report_row *r) {
  sum->tickets += r->tickets;
  sum->triaged += r->triaged;
  sum->waiting += r->waiting;
  sum->failed += r->failed;
  sum->drafted += r->drafted;
  sum->sent += r->sent;
  sum->resolved += r->resolved;
  sum->charged_micros += r->charged_micros;
  sum->model_cost_micros += r->model_cost_micros;
  sum->handoff += r->handoff;
  sum->reopened += r->reopened;
}

static struct report_row total_by(struct box *b, const char *by) {
  struct report_row *rows = NULL, sum = {0};
  size_t n = 0;
  ok(b, report_rows(b->s, by, 0, 0, b->a, &rows, &n, &b->err));
  for (size_t i = 0; i < n; i++) {
    const struct report_row *r = &rows[i];
    assert_int_equal(r->tickets, r->triaged + r->waiting + r->failed);
    assert_int_equal(r->triaged, r->open + r->resolved + r->excluded + r->held + r->reversed);
    assert_true(r->assumed + r->confirmed + r->verified == r->resolved);
    assert_true(i == 0 || strcmp(rows[i - 1].key, r->key) < 0);
    assert_true(r->key[0] != '\0');
    add_row(&sum, r);
  }
  return sum;
}

static void test_the_identities_hold_on_random_tickets_in_every_grouping(void **state) {
  struct box *b = *state;
  static const char *const groups[] = {"helpdesk", "category", "model", "team",    "language",
                                       "priority", "day",      "month", "outcome", "reason"};
  struct rng r;
  rng_seed(&r, 20261121);
  for (int i = 0; i < 400; i++) random_ticket(b, &r, i);
  call(b, &r, 0, NOW); /* an evaluation: of no ticket */
  flush(b);
  const struct report_row first = total_by(b, "helpdesk");
  assert_int_equal(first.tickets, 400);
  assert_int_equal(first.charged_micros, raw_int(b, "SELECT sum(amount_micros) FROM ledger"));
  assert_int_equal(first.model_cost_micros,
                   raw_int(b, "SELECT sum(cost_micros) FROM model_call WHERE shadow = 0 AND"
                              " ticket_id IS NOT NULL"));
  for (size_t i = 1; i < sizeof groups / sizeof *groups; i++) {
    const struct report_row sum = total_by(b, groups[i]);
    assert_memory_equal(&sum, &first, sizeof sum);
  }
  ok(b, report_conserved(b->s, &b->err));
  struct store *reader = NULL;
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  ok(b, report_conserved(reader, &b->err));
  store_close(&reader);
}

static void test_a_range_takes_tickets_by_their_birth_with_all_their_money(void **state) {
  struct box *b = *state;
  struct report_row *rows = NULL;
  size_t n = 0;
  struct rng r;
  rng_seed(&r, 1);
  const int64_t id = ticket_made(b, "1"); /* a minute before NOW */
  ok(b, ticket_outcome(b->s, id, TRG_STR("sent"), TRG_STR("x"), NOW, &b->err));
  ok(b, ticket_bill(b->s, id, TRG_STR("resolved"), TRG_STR("x"), 0, &b->err));
  charge(b, id, "confirmed", 990000, false);
  ok(b, report_rows(b->s, "day", NOW - 60000, NOW, b->a, &rows, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(rows[0].key, "2026-11-21");
  assert_int_equal(rows[0].charged_micros, 990000);
  assert_int_equal(rows[0].confirmed, 1);
  ok(b, report_rows(b->s, "month", NOW - 59999, 0, b->a, &rows, &n, &b->err));
  assert_int_equal(n, 0);
  ok(b, report_rows(b->s, "category", 0, NOW - 60000, b->a, &rows, &n, &b->err));
  assert_int_equal(n, 0);
  ok(b, report_rows(b->s, "category", 0, 0, b->a, &rows, &n, &b->err));
  assert_string_equal(rows[0].key, "(none)");
  assert_int_equal(report_rows(b->s, "colour", 0, 0, b->a, &rows, &n, &b->err), TRG_EINVAL);
  int64_t from = -1, to = -1;
  ok(b, report_span(b->s, &from, &to, &b->err));
  assert_int_equal(from, NOW - 60000);
  assert_int_equal(to, NOW - 60000);
}

static void test_a_dead_letter_is_failed_and_an_unseen_ticket_waits(void **state) {
  struct box *b = *state;
  const struct ticket_step step = {0};
  const int64_t dead = ticket_made(b, "1"), late = ticket_made(b, "2");
  (void)ticket_made(b, "3");
  ok(b, ticket_outcome(b->s, dead, TRG_STR("failed"), TRG_STR("x"), NOW, &b->err));
  ok(b, ticket_move(b->s, dead, TICKET_NONE, TICKET_DEAD, &step, NOW, &b->err));
  ok(b, ticket_move(b->s, late, TICKET_NONE, TICKET_DEAD, &step, NOW, &b->err));
  ok(b, ticket_outcome(b->s, late, TRG_STR("failed"), TRG_STR("x"), NOW, &b->err));
  ok(b, ticket_bill(b->s, late, TRG_STR("excluded"), TRG_STR("x"), 0, &b->err));
  const struct report_row sum = total_by(b, "helpdesk");
  assert_int_equal(sum.failed, 1);
  assert_int_equal(sum.waiting, 1);
  assert_int_equal(sum.triaged, 1);
}

static void test_an_empty_database_reports_nothing_and_is_conserved(void **state) {
  struct box *b = *state;
  struct report_row *rows = NULL;
  int64_t p50 = -1, p95 = -1, from = -1, to = -1;
  size_t n = 9;
  ok(b, report_rows(b->s, "helpdesk", 0, 0, b->a, &rows, &n, &b->err));
  assert_int_equal(n, 0);
  ok(b, report_costs(b->s, 0, 0, &p50, &p95, &b->err));
  assert_int_equal(p50 + p95, 0);
  ok(b, report_span(b->s, &from, &to, &b->err));
  assert_int_equal(from + to, 0);
  ok(b, report_conserved(b->s, &b->err));
}

static void test_conservation_names_the_ticket_that_breaks_it(void **state) {
  struct box *b = *state;
  const int64_t one = ticket_made(b, "1"), two = ticket_made(b, "2");
  charge(b, one, "usage", 5, false); /* a meter beside the resolution is fine */
  ok(b, report_conserved(b->s, &b->err));
  ok(b, ticket_bill(b->s, two, TRG_STR("resolved"), TRG_STR("x"), 0, &b->err));
  assert_int_equal(report_conserved(b->s, &b->err), TRG_ECORRUPT);
  assert_non_null(strstr(b->err.text, "support/2 is resolved but has no live charge"));
  charge(b, two, "assumed", 5, false);
  ok(b, report_conserved(b->s, &b->err));
  ok(b, ticket_bill(b->s, two, TRG_STR("excluded"), TRG_STR("x"), 0, &b->err));
  assert_int_equal(report_conserved(b->s, &b->err), TRG_ECORRUPT);
  assert_non_null(strstr(b->err.text, "support/2 has a live charge but is not resolved"));
}

static void test_a_call_whose_cost_was_changed_no_longer_adds_up(void **state) {
  struct box *b = *state;
  struct rng r;
  rng_seed(&r, 3);
  for (int i = 0; i < 5; i++) call(b, &r, 0, NOW);
  flush(b);
  store_close(&b->s);
  assert_int_equal(raw(b, "UPDATE model_call SET cost_micros = cost_micros + 1 WHERE id = 2"),
                   SQLITE_OK);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_int_equal(report_conserved(b->s, &b->err), TRG_ECORRUPT);
  assert_non_null(strstr(b->err.text, "2026-11-21"));
}

static void test_models_are_told_with_their_percentiles(void **state) {
  struct box *b = *state;
  struct model_use *m = NULL;
  size_t n = 0;
  for (int i = 100; i >= 1; i--) {
    const struct model_call c = {
        .task = "draft", .model = "sonnet", .started_ms = NOW, .shadow = i > 90};
    int64_t id = 0;
    ok(b, model_call_open(b->s, &c, 0, &id, &b->err));
    const struct model_call end = {.id = id,
                                   .outcome = i % 2 ? "ok" : "error",
                                   .latency_us = i * 1000,
                                   .usage = {.input = 10, .output = 1},
                                   .cost_micros = 7};
    ok(b, model_call_close(b->s, &end, &b->err));
  }
  ok(b, report_models(b->s, NOW, NOW + 1, b->a, &m, &n, &b->err));
  assert_int_equal(n, 2);
  assert_string_equal(m[0].task, "draft");
  assert_string_equal(m[1].task, "shadow");
  assert_int_equal(m[0].calls, 90);
  assert_int_equal(m[0].ok, 45);
  assert_int_equal(m[0].input, 900);
  assert_int_equal(m[0].cost_micros, 630);
  assert_true(m[0].p50_ms > 45 * 31.0 / 32 && m[0].p50_ms < 45 * 33.0 / 32);
  assert_true(m[0].p99_ms > 90 * 31.0 / 32 && m[0].p99_ms < 90 * 33.0 / 32);
}

/* --- views ----------------------------------------------------------------------------------- */

static const char *columns(struct box *b, const char *view) {
  char sql[128];
  (void)snprintf(sql, sizeof sql, "SELECT group_concat(name) FROM pragma_table_info('%s')", view);
  return raw_text(b, sql);
}

static void test_the_views_have_the_columns_that_people_rely_on(void **state) {
  struct box *b = *state;
  static const char *const views[] = {"v_tickets",    "v_decisions",   "v_model_calls", "v_drafts",
                                      "v_deliveries", "v_resolutions", "v_charges",     "v_events"};
  static const char fixed[] = "ref,subject,state,category,priority,language,sentiment,team,"
                              "confidence,model,outcome,reason,updated,";
  for (size_t i = 0; i < sizeof views / sizeof *views; i++)
    assert_memory_equal(columns(b, views[i]), "ref,", 4);
  assert_memory_equal(columns(b, "v_tickets"), fixed, sizeof fixed - 1);
  assert_non_null(strstr(columns(b, "v_decisions"), "cost_micros"));
  assert_non_null(strstr(columns(b, "v_model_calls"), "cost_micros"));
  assert_non_null(strstr(columns(b, "v_resolutions"), "charged_micros,model_cost_micros"));
  assert_non_null(strstr(columns(b, "v_charges"), "amount_micros"));
}

static void test_the_views_show_money_in_micros_and_times_in_utc(void **state) {
  struct box *b = *state;
  struct rng r;
  rng_seed(&r, 5);
  const int64_t id = ticket_made(b, "101");
  const struct decision d = {.ticket_id = id, .stage = "triage", .at_ms = NOW, .cost_micros = 3};
  const struct draft draft = {.ticket_id = id, .body = "x", .made_ms = NOW};
  ok(b, decision_add(b->s, &d, NULL, &b->err));
  ok(b, draft_add(b->s, &draft, NULL, &b->err));
  reply(b, id, true);
  call(b, &r, 0, NOW);
  ok(b, ticket_outcome(b->s, id, TRG_STR("sent"), TRG_STR("x"), NOW + 999, &b->err));
  ok(b, ticket_bill(b->s, id, TRG_STR("resolved"), TRG_STR("x"), 0, &b->err));
  charge(b, id, "confirmed", 990000, false);
  flush(b);
  assert_string_equal(raw_text(b, "SELECT updated FROM v_tickets"), "2026-11-21T10:00:00Z");
  assert_string_equal(raw_text(b, "SELECT created FROM v_tickets"), "2026-11-21T09:59:00Z");
  assert_string_equal(raw_text(b, "SELECT ref || at FROM v_decisions"),
                      "support/1012026-11-21T10:00:00Z");
  assert_string_equal(raw_text(b, "SELECT ref || '|' || ended FROM v_model_calls"), "|");
  assert_string_equal(raw_text(b, "SELECT ref || state || reviewed FROM v_drafts"),
                      "support/101proposed");
  assert_string_equal(raw_text(b, "SELECT ref || state || done FROM v_deliveries"),
                      "support/101done2026-11-21T10:00:00Z");
  assert_string_equal(
      raw_text(b, "SELECT ref || state || evidence_level || charged_micros FROM v_resolutions"),
      "support/101resolvedconfirmed990000");
  assert_string_equal(raw_text(b, "SELECT amount_micros || at FROM v_charges"),
                      "9900002026-11-21T10:00:00Z");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_identities_hold_on_random_tickets_in_every_grouping),
      TEST(test_a_range_takes_tickets_by_their_birth_with_all_their_money),
      TEST(test_a_dead_letter_is_failed_and_an_unseen_ticket_waits),
      TEST(test_an_empty_database_reports_nothing_and_is_conserved),
      TEST(test_conservation_names_the_ticket_that_breaks_it),
      TEST(test_a_call_whose_cost_was_changed_no_longer_adds_up),
      TEST(test_models_are_told_with_their_percentiles),
      TEST(test_the_views_have_the_columns_that_people_rely_on),
      TEST(test_the_views_show_money_in_micros_and_times_in_utc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
