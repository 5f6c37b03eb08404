/* The roll-ups of reports: the same as the rows they sum up, after any history; found and made
 * again when they are not. */
#include "test_store_help.h"

#include "base/hash.h"
#include "base/time.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/report.h"
#include "store/sql.h"
#include "store/sums.h"
#include "store/talk.h"
#include "store/work.h"

#define DAY_MS  INT64_C(86400000)
#define TICKETS 60
#define STEPS   1200

static const char *const helpdesks[] = {"support", "sales", "shop"};
static const char *const categories[] = {"", "billing", "returns", "(none)"};
static const char *const teams[] = {"", "payments", "care"};
static const char *const languages[] = {"en", "fr", ""};
static const char *const models[] = {"haiku", "gpt", "house"};
static const char *const outcomes[] = {"", "sent", "draft", "handoff", "observed"};
static const char *const reasons[] = {"", "low_confidence", "policy"};
static const char *const bills[] = {"open", "resolved", "excluded", "held", "reversed"};
static const char *const levels[] = {"assumed", "confirmed", "verified", "procedure", "usage"};
static const char *const groups[] = {"helpdesk", "category", "model", "team",    "language",
                                     "priority", "day",      "month", "outcome", "reason"};

static struct trg_str pick(struct rng *r, const char *const *list, size_t n) {
  return str_of(list[rng_below(r, n)]);
}
#define PICK(r, list) pick(r, list, sizeof list / sizeof *list)

/* --- a history -------------------------------------------------------------------------------- */

static int64_t ids[TICKETS + 1];
static int calls_open;

static void comes(struct box *b, struct rng *r, size_t i) {
  char ext_id[16];
  (void)snprintf(ext_id, sizeof ext_id, "%zu", i);
  const struct ticket_facts f = {.helpdesk = PICK(r, helpdesks),
                                 .ext_id = str_of(ext_id),
                                 .created_ms = NOW - (int64_t)rng_below(r, 40 * DAY_MS)};
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &ids[i], &new, &b->err));
}

static void judged(struct box *b, struct rng *r, int64_t id) {
  const struct ticket_verdict v = {.category = PICK(r, categories),
                                   .team = PICK(r, teams),
                                   .language = PICK(r, languages),
                                   .model = PICK(r, models)};
  ok(b, ticket_judge(b->s, id, &v, NOW, &b->err));
}

static void called(struct box *b, struct rng *r, int64_t id) {
  const struct model_call c = {.ticket_id = rng_below(r, 8) == 0 ? 0 : id,
                               .task = rng_below(r, 2) ? "triage" : "draft",
                               .model = PICK(r, models).p,
                               .started_ms = NOW - (int64_t)rng_below(r, 40 * DAY_MS),
                               .shadow = rng_below(r, 5) == 0};
  int64_t call = 0;
  ok(b, model_call_open(b->s, &c, 0, &call, &b->err));
  if (rng_below(r, 6) == 0) {
    calls_open++;
    return;
  }
  const struct model_call end = {.id = call,
                                 .outcome = rng_below(r, 3) ? "ok" : "error",
                                 .latency_us = (int64_t)rng_below(r, 90000000),
                                 .usage = {.input = (int64_t)rng_below(r, 900), .output = 7},
                                 .cost_micros = (int64_t)rng_below(r, 3000000)};
  ok(b, model_call_close(b->s, &end, &b->err));
}

static void charged(struct box *b, struct rng *r, int64_t id) {
  char key[48];
  struct ledger_line live;
  (void)snprintf(key, sizeof key, "case %lld", (long long)id);
  struct ledger_line l = {.kind = "charge",
                          .charge_key = key,
                          .ticket_id = id,
                          .outcome = "resolution",
                          .period = "2026-11",
                          .evidence_level = PICK(r, levels).p,
                          .amount_micros = (int64_t)rng_below(r, 3) * 990000,
                          .at_ms = NOW};
  if (ledger_live(b->s, str_of(key), b->a, &live, NULL) == 0) { /* taken back */
    l = live;
    l.kind = "reversal";
    l.corrects = live.seq;
    l.amount_micros = -live.amount_micros;
  }
  ok(b, ledger_append(b->s, &l, &b->err));
}

static void replied(struct box *b, struct rng *r, int64_t id, int step) {
  char key[48];
  (void)snprintf(key, sizeof key, "key %d", step);
  const struct outbox o = {
      .ticket_id = id, .intent = rng_below(r, 3) ? "reply" : "note", .idem_key = key};
  int64_t row = 0;
  bool new = false;
  ok(b, outbox_plan(b->s, &o, &row, &new, &b->err));
  if (rng_below(r, 2)) ok(b, outbox_set(b->s, row, "done", NULL, NULL, NULL, NOW, &b->err));
}

static void moved(struct box *b, struct rng *r, int64_t id) {
  struct ticket t;
  const struct ticket_step step = {0};
  ok(b, ticket_by_id(b->s, id, b->a, &t, &b->err));
  ok(b, ticket_move(b->s, id, t.state, (enum ticket_state)rng_below(r, TICKET_STATES), &step, NOW,
                    &b->err));
}

static void step(struct box *b, struct rng *r, int n) {
  const int64_t id = ids[rng_below(r, TICKETS)];
  const struct draft d = {.ticket_id = id, .body = "x", .made_ms = NOW};
  char ext_id[16];
  (void)snprintf(ext_id, sizeof ext_id, "e%d", n);
  const struct event e = {.ticket_id = id,
                          .kind = rng_below(r, 4) ? "msg_in" : "reopen",
                          .ext_id = ext_id,
                          .actor = "customer"};
  bool new = false;
  switch (rng_below(r, 9)) {
  case 0:
    judged(b, r, id);
    break;
  case 1:
    called(b, r, id);
    break;
  case 2:
    charged(b, r, id);
    break;
  case 3:
    replied(b, r, id, n);
    break;
  case 4:
    moved(b, r, id);
    break;
  case 5:
    ok(b, ticket_outcome(b->s, id, PICK(r, outcomes), PICK(r, reasons), NOW, &b->err));
    break;
  case 6:
    ok(b, draft_add(b->s, &d, NULL, &b->err));
    break;
  case 7:
    ok(b, event_add(b->s, &e, &new, &b->err));
    break;
  default:
    ok(b, ticket_bill(b->s, id, PICK(r, bills), TRG_STR("x"), 0, &b->err));
  }
}

/* Steps of which some are undone, in turns of any length, with restarts. */
static void history(struct box *b, struct rng *r) {
  for (size_t i = 0; i < TICKETS; i++) comes(b, r, i);
  for (int n = 0; n < STEPS; n++) {
    const bool undone = rng_below(r, 10) == 0;
    if (undone) ok(b, turn_write(b->s, &b->err));
    if (undone) ok(b, turn_save(b->s, &b->err));
    step(b, r, n);
    if (undone) ok(b, turn_undo(b->s, &b->err));
    if (rng_below(r, 7) == 0) flush(b);
    if (rng_below(r, 200) == 0) {
      flush(b);
      reopen(b);
    }
  }
  flush(b);
}

/* --- by the rows themselves ------------------------------------------------------------------- */

/* What a report said before there were roll-ups: everything from the rows, at once. */
#define FROM_ROWS                                                                                  \
  "WITH placed AS (SELECT t.*,"                                                                    \
  " CASE WHEN t.state = 'dead' AND t.bill_state = 'open' THEN 'failed'"                            \
  "  WHEN t.judged_ms = 0 AND t.outcome = '' THEN 'waiting' ELSE t.bill_state END AS place,"       \
  " (t.outcome = 'draft' OR EXISTS (SELECT 1 FROM draft d WHERE d.ticket_id = t.id)) AS drafted,"  \
  " EXISTS (SELECT 1 FROM outbox o WHERE o.ticket_id = t.id AND o.intent = 'reply'"                \
  "  AND o.state = 'done') AS sent,"                                                               \
  " EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = t.id AND e.kind = 'reopen') AS reopened,"    \
  " coalesce((SELECT sum(l.amount_micros) FROM ledger l WHERE l.ticket_id = t.id), 0) AS charged," \
  " coalesce((SELECT sum(c.cost_micros) FROM model_call c WHERE c.ticket_id = t.id"                \
  "  AND c.shadow = 0), 0) AS cost,"                                                               \
  " CASE t.bill_state WHEN 'resolved' THEN (SELECT l.evidence_level FROM ledger_live l"            \
  "  WHERE l.ticket_id = t.id ORDER BY l.evidence_level = 'usage', l.seq DESC LIMIT 1)"            \
  " ELSE '' END AS level"                                                                          \
  " FROM ticket t WHERE t.created_ms >= %lld AND (%lld = 0 OR t.created_ms < %lld)) "
#define ROW_TEXT                                                                                   \
  "coalesce(nullif(%s, ''), '(none)') || ' ' || count(*) || ' ' ||"                                \
  " sum(place NOT IN ('failed', 'waiting')) || ' ' || sum(place = 'waiting') || ' ' ||"            \
  " sum(place = 'failed') || ' ' || sum(drafted) || ' ' || sum(sent) || ' ' ||"                    \
  " sum(place = 'open') || ' ' || sum(place = 'resolved') || ' ' || sum(place = 'excluded') ||"    \
  " ' ' || sum(place = 'held') || ' ' || sum(place = 'reversed') || ' ' || sum(charged) || ' ' ||" \
  " sum(cost) || ' ' || sum(place = 'resolved' AND coalesce(level, '') = 'assumed') || ' ' ||"     \
  " sum(place = 'resolved' AND coalesce(level, '') = 'confirmed') || ' ' ||"                       \
  " sum(place = 'resolved' AND coalesce(level, '') = 'verified') || ' ' ||"                        \
  " sum(place = 'resolved' AND coalesce(level, '') = 'procedure') || ' ' ||"                       \
  " sum(place = 'resolved' AND coalesce(level, '') = 'usage') || ' ' ||"                           \
  " sum(outcome = 'handoff') || ' ' || sum(reopened)"

/* The query with its "@" replaced. */
static const char *with(struct box *b, const char *query, const char *what) {
  const char *at = strchr(query, '@');
  return arena_printf(b->a, "%.*s%s%s", (int)(at - query), query, what, at + 1);
}

static const char *key_of(const char *by) {
  if (strcmp(by, "day") == 0) return "strftime('%Y-%m-%d', created_ms / 1000, 'unixepoch')";
  if (strcmp(by, "month") == 0) return "strftime('%Y-%m', created_ms / 1000, 'unixepoch')";
  return by;
}

static const char *by_rows(struct box *b, const char *by, int64_t from, int64_t to) {
  const char *sql = arena_printf(
      b->a,
      FROM_ROWS "SELECT group_concat(line, char(10)) FROM (SELECT " ROW_TEXT
                " AS line FROM placed GROUP BY coalesce(nullif(%s, ''), '(none)')"
                " ORDER BY coalesce(nullif(%s, ''), '(none)'))",
      (long long)from, (long long)to, (long long)to, key_of(by), key_of(by), key_of(by));
  return raw_text(b, sql);
}

static const char *by_roll_ups(struct box *b, const char *by, int64_t from, int64_t to) {
  struct report_row *r = NULL;
  size_t n = 0;
  const char *text = "";
  ok(b, report_rows(b->s, by, from, to, b->a, &r, &n, &b->err));
  for (size_t i = 0; i < n; i++, r++)
    text = arena_printf(
        b->a,
        "%s%s%s %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld"
        " %lld %lld %lld %lld",
        text, i == 0 ? "" : "\n", r->key, (long long)r->tickets, (long long)r->triaged,
        (long long)r->waiting, (long long)r->failed, (long long)r->drafted, (long long)r->sent,
        (long long)r->open, (long long)r->resolved, (long long)r->excluded, (long long)r->held,
        (long long)r->reversed, (long long)r->charged_micros, (long long)r->model_cost_micros,
        (long long)r->assumed, (long long)r->confirmed, (long long)r->verified,
        (long long)r->procedure, (long long)r->usage, (long long)r->handoff,
        (long long)r->reopened);
  return text;
}

/* The nearest rank among the costs of resolved tickets of this group. */
static int64_t rank_by_rows(struct box *b, const char *by, const char *key, int64_t from,
                            int64_t to, int percent) {
  const char *rows = arena_printf(b->a,
                                  FROM_ROWS
                                  "SELECT @ FROM placed WHERE place = 'resolved'"
                                  " AND coalesce(nullif(%s, ''), '(none)') = '%s' ORDER BY cost",
                                  (long long)from, (long long)to, (long long)to, by, key);
  const int64_t n = raw_int(b, with(b, rows, "count(*)"));
  if (n == 0) return 0;
  const int64_t rank = (n * percent + 99) / 100;
  return raw_int(
      b, arena_printf(b->a, "%s LIMIT 1 OFFSET %lld", with(b, rows, "cost"), (long long)rank - 1));
}

static void percentiles_agree(struct box *b, const char *by, int64_t from, int64_t to) {
  struct report_row *r = NULL;
  size_t n = 0;
  ok(b, report_rows(b->s, by, from, to, b->a, &r, &n, &b->err));
  ok(b, report_row_costs(b->s, by, from, to, r, n, &b->err));
  for (size_t i = 0; i < n; i++) {
    const int64_t p50 = rank_by_rows(b, by, r[i].key, from, to, 50),
                  p95 = rank_by_rows(b, by, r[i].key, from, to, 95);
    if (llabs(r[i].cost_p50_micros - p50) * 32 > p50 ||
        llabs(r[i].cost_p95_micros - p95) * 32 > p95)
      fail_msg("%s %s: p50 %lld, by rows %lld; p95 %lld, by rows %lld", by, r[i].key,
               (long long)r[i].cost_p50_micros, (long long)p50, (long long)r[i].cost_p95_micros,
               (long long)p95);
  }
}

static void losses_agree(struct box *b, int64_t from, int64_t to) {
  struct report_loss *l = NULL;
  size_t n = 0;
  int64_t total = 0, micros = 0;
  ok(b, report_losses(b->s, from, to, 5, b->a, &l, &n, &total, &micros, &b->err));
  const char *text = "";
  for (size_t i = 0; i < n; i++)
    text = arena_printf(b->a, "%s%s%s", text, i == 0 ? "" : " ", l[i].ref);
  const char *rows = arena_printf(b->a,
                                  FROM_ROWS
                                  ", lost AS (SELECT ref, cost - charged AS loss FROM placed"
                                  " WHERE cost > charged AND (bill_state = 'resolved' OR EXISTS"
                                  " (SELECT 1 FROM ledger x WHERE x.ticket_id = placed.id)))"
                                  " SELECT @ FROM lost",
                                  (long long)from, (long long)to, (long long)to);
  assert_int_equal(total, raw_int(b, with(b, rows, "count(*)")));
  assert_int_equal(micros, raw_int(b, with(b, rows, "coalesce(sum(loss), 0)")));
  assert_string_equal(
      text, raw_text(b, arena_printf(b->a,
                                     "SELECT coalesce(group_concat(ref, ' '), '') FROM (%s ORDER BY"
                                     " loss DESC, ref LIMIT 5)",
                                     with(b, rows, "ref"))));
}

static void calls_agree(struct box *b, int64_t from, int64_t to) {
  struct model_use *m = NULL;
  size_t n = 0;
  const char *text = "";
  ok(b, report_models(b->s, from, to, b->a, &m, &n, &b->err));
  for (size_t i = 0; i < n; i++)
    text = arena_printf(b->a, "%s%s %s %lld %lld %lld %lld %lld\n", text, m[i].model, m[i].task,
                        (long long)m[i].calls, (long long)m[i].ok, (long long)m[i].input,
                        (long long)m[i].output, (long long)m[i].cost_micros);
  const char *rows = raw_text(
      b, arena_printf(b->a,
                      "SELECT coalesce(group_concat(line, ''), '') FROM (SELECT model || ' ' ||"
                      " iif(shadow, 'shadow', task) || ' ' || count(*) || ' ' ||"
                      " sum(outcome = 'ok') || ' ' || sum(input) || ' ' || sum(output) || ' ' ||"
                      " sum(cost_micros) || char(10) AS line FROM model_call"
                      " WHERE started_ms >= %lld AND (%lld = 0 OR started_ms < %lld)"
                      " GROUP BY model, iif(shadow, 'shadow', task) ORDER BY model,"
                      " iif(shadow, 'shadow', task))",
                      (long long)from, (long long)to, (long long)to));
  assert_string_equal(text, rows);
}

/* SQLite undoes the rows of a statement that fails at a later one. */
static void test_a_statement_that_fails_counts_nothing(void **state) {
  static const char half[] = "UPDATE ticket SET bill_state = iif(id = (SELECT max(id) FROM ticket),"
                             " 'nonsense', 'held')";
  struct box *b = *state;
  struct rng r;
  struct sql q;
  rng_seed(&r, 5);
  for (size_t i = 0; i < 3; i++) comes(b, &r, i);
  sql_write(&q, b->s, half);
  assert_int_equal(sql_run(&q, &b->err), TRG_EINVAL);
  flush(b);
  ok(b, report_depth_check(b->s, &b->err));
  assert_int_equal(raw_int(b, "SELECT n FROM depth WHERE kind = 'bill' AND word = 'open'"), 3);
}

static void all_agree(struct box *b, int64_t from, int64_t to) {
  ok(b, report_depth_check(b->s, &b->err));
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    assert_string_equal(by_roll_ups(b, groups[i], from, to), by_rows(b, groups[i], from, to));
  percentiles_agree(b, "helpdesk", from, to);
  percentiles_agree(b, "category", from, to);
  losses_agree(b, from, to);
  calls_agree(b, from, to);
}

static void test_any_history_gives_the_report_that_its_rows_give(void **state) {
  struct box *b = *state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    struct rng r;
    rng_seed(&r, seed);
    history(b, &r);
    ok(b, report_check(b->s, &b->err));
    all_agree(b, 0, 0);
    all_agree(b, NOW - NOW % DAY_MS - 7 * DAY_MS, NOW - NOW % DAY_MS); /* whole days */
    for (int i = 0; i < 6; i++) { /* days that are cut, and ranges inside one */
      const int64_t from = NOW - (int64_t)rng_below(&r, 40 * DAY_MS);
      all_agree(b, from, from + 1 + (int64_t)rng_below(&r, i < 3 ? DAY_MS : 20 * DAY_MS));
    }
    assert_true(calls_open > 0);
    box_teardown(state);
    assert_int_equal(box_setup(state), 0);
    b = *state;
  }
}

static void test_a_report_before_the_commit_has_what_was_just_written(void **state) {
  struct box *b = *state;
  struct rng r;
  rng_seed(&r, 9);
  for (size_t i = 0; i < TICKETS; i++) comes(b, &r, i);
  struct report_row *rows = NULL;
  size_t n = 0;
  int64_t sum = 0;
  ok(b, report_rows(b->s, "helpdesk", 0, 0, b->a, &rows, &n, &b->err));
  for (size_t i = 0; i < n; i++) sum += rows[i].tickets;
  assert_int_equal(sum, TICKETS);
}

/* --- damage ----------------------------------------------------------------------------------- */

static void found(struct box *b, const char *damage) {
  flush(b);
  store_close(&b->s);
  if (raw(b, damage) != SQLITE_OK) fail_msg("%s: refused", damage);
  ok(b, store_open(b->dir, &b->s, &b->err));
  struct store *reader = NULL;
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  if (report_check(reader, &b->err) != TRG_ECORRUPT) fail_msg("not found: %s", damage);
  assert_non_null(strstr(b->err.text, "ledger rebuild"));
  store_close(&reader);
  ok(b, report_rebuild(b->s, &b->err));
  ok(b, report_check(b->s, &b->err));
}

static void consistent(struct box *b, struct rng *r) {
  for (size_t i = 0; i < TICKETS; i++) comes(b, r, i);
  for (size_t i = 0; i < TICKETS; i++) {
    judged(b, r, ids[i]);
    called(b, r, ids[i]);
    if (i % 2 == 0) continue;
    charged(b, r, ids[i]);
    ok(b, ticket_bill(b->s, ids[i], TRG_STR("resolved"), TRG_STR(""), 0, &b->err));
  }
  flush(b);
}

static void test_every_number_of_a_roll_up_that_was_changed_is_found_and_made_again(void **state) {
  struct box *b = *state;
  static const char *const cells[] = {
      "tickets",     "waiting",   "failed",     "drafted",  "sent",     "open",
      "resolved",    "excluded",  "held",       "reversed", "assumed",  "confirmed",
      "verified",    "procedure", "usage",      "handoff",  "reopened", "charged_micros",
      "cost_micros", "losses",    "loss_micros"};
  struct rng r;
  rng_seed(&r, 20261121);
  consistent(b, &r);
  ok(b, report_check(b->s, &b->err));
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
    found(b, arena_printf(b->a,
                          "UPDATE report_cell SET %s = %s + 1 WHERE (dim, day, word) IN (SELECT"
                          " dim, day, word FROM report_cell ORDER BY dim = %d DESC LIMIT 1)",
                          cells[i], cells[i], (int)(i % 9)));
  all_agree(b, 0, 0);
}

static void test_rows_of_roll_ups_that_are_gone_or_too_many_are_found(void **state) {
  struct box *b = *state;
  static const char *const wrong[] = {
      "DELETE FROM report_cell WHERE dim = 3",
      "UPDATE report_cell SET word = 'other' WHERE dim = 1 AND word = 'billing'",
      "INSERT INTO report_cell SELECT dim, 3, word, 1, waiting, failed, drafted, sent, open,"
      " resolved, excluded, held, reversed, assumed, confirmed, verified, procedure, usage,"
      " handoff, reopened, charged_micros, cost_micros, losses, loss_micros FROM report_cell LIMIT "
      "1",
      "UPDATE report_bin SET n = n + 1 WHERE dim = 2",
      "UPDATE report_bin SET micros = micros + 1 WHERE dim = 8",
      "INSERT INTO report_bin VALUES (1, 4, 'x', 5, 1, 1)",
      "DELETE FROM report_bin",
      "UPDATE report_call SET cost_micros = cost_micros - 1",
      "UPDATE report_call SET task = 'other' WHERE task = 'triage'",
      "INSERT INTO report_call VALUES (5, 'x', 'y', 1, 1, 1, 1, 1, 1, 1)",
      "UPDATE report_call_bin SET us = us + 1",
      "DELETE FROM report_call_bin",
      "DELETE FROM tally WHERE ticket_id % 7 = 0",
      "UPDATE tally SET charged_micros = charged_micros + 1 WHERE ticket_id = 5",
      "UPDATE tally SET team = 'x' WHERE ticket_id = 6",
      "UPDATE tally SET loss_micros = loss_micros + 1 WHERE ticket_id = 7",
      "UPDATE ticket SET category = 'x' WHERE id = 8",
      "UPDATE ticket SET created_ms = created_ms + 86400000 * 60 WHERE id = 9",
      "INSERT INTO draft (ticket_id, pass, body, citations, missing, next_step, model, confidence,"
      " state, reason, made_ms) VALUES (3, 1, '', '', '', '', '', 0, 'proposed', '', 1)",
  };
  struct rng r;
  rng_seed(&r, 7);
  consistent(b, &r);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) found(b, wrong[i]);
  all_agree(b, 0, 0);
}

static void test_a_database_without_roll_ups_gets_them_when_it_is_opened(void **state) {
  struct box *b = *state;
  struct rng r;
  rng_seed(&r, 8);
  history(b, &r);
  store_close(&b->s);
  assert_int_equal(raw(b, "DELETE FROM tally; DELETE FROM report_cell; DELETE FROM report_bin;"
                          "DELETE FROM report_call; DELETE FROM report_call_bin; INSERT INTO"
                          " setting VALUES ('report.tally', 'due')"),
                   SQLITE_OK);
  ok(b, store_open(b->dir, &b->s, &b->err));
  ok(b, report_check(b->s, &b->err));
  all_agree(b, 0, 0);
  assert_string_equal(raw_text(b, "SELECT value FROM setting WHERE key = 'report.tally'"), "kept");
}

/* --- cost ------------------------------------------------------------------------------------- */

/* Steps of the engine for a whole report of so many tickets, which are alike. */
static int64_t steps_of(void **state, int tickets) {
  struct box *b = *state;
  for (int i = 0; i < tickets; i++) {
    char ext_id[16], key[24];
    (void)snprintf(ext_id, sizeof ext_id, "%d", i);
    (void)snprintf(key, sizeof key, "case %d", i);
    const int64_t id = ticket_made(b, ext_id);
    const struct ticket_verdict v = {.category = TRG_STR("billing"), .model = TRG_STR("haiku")};
    ok(b, ticket_judge(b->s, id, &v, NOW, &b->err));
    const struct model_call c = {
        .ticket_id = id, .task = "draft", .model = "haiku", .started_ms = NOW - 60000};
    int64_t call = 0;
    ok(b, model_call_open(b->s, &c, 0, &call, &b->err));
    const struct model_call end = {
        .id = call, .outcome = "ok", .latency_us = 5000, .cost_micros = 100};
    ok(b, model_call_close(b->s, &end, &b->err));
    struct ledger_line l = {.kind = "charge",
                            .charge_key = key,
                            .ticket_id = id,
                            .period = "2026-11",
                            .evidence_level = "assumed",
                            .amount_micros = 990000};
    ok(b, ledger_append(b->s, &l, &b->err));
    ok(b, ticket_bill(b->s, id, TRG_STR("resolved"), TRG_STR(""), 0, &b->err));
  }
  flush(b);
  for (size_t i = 0; i < SQL_KEPT; i++)
    if (b->s->kept[i].text != NULL)
      (void)sqlite3_stmt_status(b->s->kept[i].stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
  struct report_row *rows = NULL;
  struct report_loss *losses = NULL;
  struct model_use *uses = NULL;
  size_t n = 0;
  int64_t p50 = 0, p95 = 0, from = 0, to = 0;
  ok(b, report_rows(b->s, "day", 0, 0, b->a, &rows, &n, &b->err));
  ok(b, report_rows(b->s, "category", 0, 0, b->a, &rows, &n, &b->err));
  assert_int_equal(rows[0].tickets, tickets);
  ok(b, report_row_costs(b->s, "category", 0, 0, rows, n, &b->err));
  ok(b, report_losses(b->s, 0, 0, 20, b->a, &losses, &n, &from, &to, &b->err));
  ok(b, report_models(b->s, 0, 0, b->a, &uses, &n, &b->err));
  assert_int_equal(uses[0].calls, tickets);
  ok(b, report_costs(b->s, 0, 0, &p50, &p95, &b->err));
  ok(b, report_span(b->s, &from, &to, &b->err));
  int64_t steps = 0;
  for (size_t i = 0; i < SQL_KEPT; i++)
    if (b->s->kept[i].text != NULL)
      steps += sqlite3_stmt_status(b->s->kept[i].stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
  return steps;
}

static void test_a_report_of_many_tickets_takes_the_steps_of_few(void **state) {
  const int64_t few = steps_of(state, 30);
  box_teardown(state);
  assert_int_equal(box_setup(state), 0);
  const int64_t many = steps_of(state, 900);
  if (many > few + few / 10)
    fail_msg("%lld steps for 30 tickets, %lld for 900", (long long)few, (long long)many);
}

/* --- bins ------------------------------------------------------------------------------------- */

static void test_bins_are_in_order_and_narrow(void **state) {
  (void)state;
  int64_t last = -1, lowest = 0;
  for (int64_t v = 0; v < 100000; v++) {
    const int64_t bin = sums_bin(v);
    assert_true(bin == last || bin == last + 1);
    if (bin != last) lowest = v;
    assert_true((v - lowest) * 32 < (v == 0 ? 1 : v));
    last = bin;
  }
  assert_true(sums_bin(INT64_MAX) > sums_bin(INT64_MAX / 2));
  assert_int_equal(sums_bin(-5), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_any_history_gives_the_report_that_its_rows_give),
      TEST(test_a_statement_that_fails_counts_nothing),
      TEST(test_a_report_before_the_commit_has_what_was_just_written),
      TEST(test_every_number_of_a_roll_up_that_was_changed_is_found_and_made_again),
      TEST(test_rows_of_roll_ups_that_are_gone_or_too_many_are_found),
      TEST(test_a_database_without_roll_ups_gets_them_when_it_is_opened),
      TEST(test_a_report_of_many_tickets_takes_the_steps_of_few),
      TEST(test_bins_are_in_order_and_narrow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
