/* Conservation: every ticket, every charge and every cent of model cost is counted once. */
#include <inttypes.h>

#include "store/gap.h"
#include "store/ledger_sum.h"
#include "store/report.h"
#include "store/sql.h"
#include "store/sums.h"

static int gap(struct trg_err *err, const char *what, int64_t one, int64_t other) {
  return err_set(err, TRG_ECORRUPT, "conservation",
                 "%s do not add up: %" PRId64 " and %" PRId64 "; run 'triagectl ledger verify' and "
                 "compare with a backup",
                 what, one, other);
}

static int number(struct store *s, const char *text, int64_t *ret, struct trg_err *err) {
  struct sql q;
  sql_read(&q, s, text);
  return sql_number(&q, ret, err);
}

/* Two ways to the same number. */
static int same(struct store *s, const char *what, const char *text, int64_t expected,
                struct trg_err *err) {
  int64_t n = 0;
  const int rc = number(s, text, &n, err);
  if (rc != 0) return rc;
  return n == expected ? 0 : gap(err, what, n, expected);
}

static int rows_add_up(const struct report_row *r, struct trg_err *err) {
  if (r->tickets != r->triaged + r->waiting + r->failed)
    return gap(err, "tickets = triaged + waiting + failed", r->tickets,
               r->triaged + r->waiting + r->failed);
  const int64_t places = r->open + r->resolved + r->excluded + r->held + r->reversed;
  if (r->triaged != places)
    return gap(err, "triaged = open + resolved + excluded + held + reversed", r->triaged, places);
  return 0;
}

static int totals_hold(struct store *s, struct trg_err *err) {
  static const char tickets[] = "SELECT count(*) FROM ticket";
  static const char lines[] =
      "SELECT coalesce(sum(amount_micros), 0) FROM ledger WHERE ticket_id IS NOT NULL";
  static const char every_line[] = "SELECT coalesce(sum(amount_micros), 0) FROM ledger";
  static const char loose_lines[] =
      "SELECT coalesce(sum(amount_micros), 0) FROM ledger WHERE ticket_id IS NULL";
  static const char every_call[] =
      "SELECT coalesce(sum(cost_micros), 0) FROM model_call WHERE shadow = 0";
  static const char loose_calls[] = "SELECT coalesce(sum(cost_micros), 0) FROM model_call"
                                    " WHERE shadow = 0 AND ticket_id IS NULL";
  struct arena *a = arena_new();
  struct report_row *rows = NULL;
  size_t n = 0;
  int64_t count = 0, charged = 0, cost = 0, more_charged = 0, more_cost = 0;
  int rc = report_rows(s, "helpdesk", INT64_MIN, 0, a, &rows, &n, err);
  for (size_t i = 0; i < n && rc == 0; i++) {
    rc = rows_add_up(&rows[i], err);
    count += rows[i].tickets;
    charged += rows[i].charged_micros;
    cost += rows[i].model_cost_micros;
  }
  arena_free(&a);
  if (rc == 0) rc = same(s, "tickets and report rows", tickets, count, err);
  if (rc == 0) rc = same(s, "charges of tickets", lines, charged, err);
  if (rc == 0) rc = number(s, loose_lines, &more_charged, err);
  if (rc == 0) rc = same(s, "ledger lines", every_line, charged + more_charged, err);
  if (rc == 0) rc = number(s, loose_calls, &more_cost, err);
  if (rc == 0) rc = same(s, "costs of model calls", every_call, cost + more_cost, err);
  return rc;
}

/* No row, or the first ticket for which `text` says that something is wrong. */
static int none(struct store *s, const char *what, const char *text, struct trg_err *err) {
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  (void)err_set(err, TRG_ECORRUPT, "conservation", "%.120s %s", sql_get_text(&q, NULL), what);
  sql_end(&q);
  return TRG_ECORRUPT;
}

/* --- the roll-ups that invoices are made of --------------------------------------------------- */

/* What a line is summed up by, as one text, and what it adds. */
enum { SUM_LINES, SUM_AMOUNT, SUM_COST };
enum { BY_KEY, BY_COUNTER };
#define UNIT " || ' / ' || "

static void sum_add(struct sums *to, int64_t dim, const char *word, const int64_t add[3]) {
  const struct sums_key key = {.dim = dim, .bin = SUMS_NO_BIN, .word = word};
  int64_t *n = sums_at(to, &key);
  for (int i = 0; i < 3; i++) n[i] += add[i];
}

/* Line by line: a sort of all of them would need memory for all of them. */
static int lines_sum(struct store *s, struct sums *to, struct trg_err *err) {
  static const char text[] =
      "SELECT l.period" UNIT "strftime('%Y-%m-%d', l.at_ms / 1000, 'unixepoch')" UNIT
      "l.helpdesk" UNIT "l.category" UNIT "l.model" UNIT "l.kind" UNIT "l.outcome" UNIT
      "l.evidence_level" UNIT "l.reason" UNIT "l.book" UNIT
      "coalesce((SELECT o.period FROM ledger o WHERE o.seq = l.corrects), '')" UNIT
      "l.amount_micros, l.amount_micros, l.model_cost_micros, l.period" UNIT "l.outcome,"
      " iif(" COUNTED("l") ", " UNITS("l") ", 0) FROM ledger l ORDER BY l.seq";
  struct sql q;
  int rc;
  sql_read_once(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    const char *key = sql_get_text(&q, NULL);
    const int64_t amount = sql_get_int(&q), cost = sql_get_int(&q);
    sum_add(to, BY_KEY, key, (const int64_t[]){1, amount, cost});
    const char *counter = sql_get_text(&q, NULL);
    const int64_t units = sql_get_int(&q);
    if (units != 0) sum_add(to, BY_COUNTER, counter, (const int64_t[]){units, amount, 0});
  }
  return rc;
}

static int stored_sum(struct store *s, int64_t dim, const char *text, struct sums *to,
                      struct trg_err *err) {
  struct sql q;
  int rc;
  sql_read_once(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    const char *key = sql_get_text(&q, NULL);
    const int64_t lines = sql_get_int(&q), amount = sql_get_int(&q);
    sum_add(to, dim, key, (const int64_t[]){-lines, -amount, -sql_get_int(&q)});
  }
  return rc;
}

/* What is left when the roll-ups are taken from the lines is wrong. */
static int sums_told(struct sums *left, struct trg_err *err) {
  const struct sums_entry *e = sums_list(left);
  for (size_t i = 0; i < sums_count(left); i++) {
    const int64_t *n = e[i].n;
    if (n[SUM_LINES] == 0 && n[SUM_AMOUNT] == 0 && n[SUM_COST] == 0) continue;
    return err_set(err, TRG_ECORRUPT, "conservation",
                   "the ledger's %s of %.120s differ from its lines: the lines give %" PRId64
                   " more, %" PRId64 " micro-dollars more, %" PRId64 " of model cost more; compare"
                   " with a backup",
                   e[i].key.dim == BY_KEY ? "sums" : "counters", e[i].key.word, n[SUM_LINES],
                   n[SUM_AMOUNT], n[SUM_COST]);
  }
  return 0;
}

static int ledger_sums_hold(struct store *s, struct trg_err *err) {
  static const char sums[] = "SELECT period" UNIT "day" UNIT "helpdesk" UNIT "category" UNIT
                             "model" UNIT "kind" UNIT "outcome" UNIT "evidence_level" UNIT
                             "reason" UNIT "book" UNIT "corrected" UNIT
                             "unit_micros, lines, amount_micros, model_cost_micros FROM ledger_sum";
  static const char counters[] = "SELECT period" UNIT
                                 "outcome, units, amount_micros, 0 FROM ledger_count";
  struct sums *left = sums_new();
  int rc = lines_sum(s, left, err);
  if (rc == 0) rc = stored_sum(s, BY_KEY, sums, left, err);
  if (rc == 0) rc = stored_sum(s, BY_COUNTER, counters, left, err);
  if (rc == 0) rc = sums_told(left, err);
  sums_free(&left);
  return rc;
}

/* Closed periods against their sums, and the gaps that settling found. */
static int sums_hold(struct store *s, struct trg_err *err) {
  static const char closed[] =
      "SELECT p.period FROM period p LEFT JOIN (SELECT period, sum(lines) AS lines,"
      "  sum(amount_micros) AS amount FROM ledger_sum GROUP BY period) r ON r.period = p.period"
      " WHERE coalesce(r.lines, 0) <> p.lines OR coalesce(r.amount, 0) <> p.amount_micros"
      " OR p.last_hash <> coalesce((SELECT l.hash FROM ledger l WHERE l.seq = p.last_seq), '')"
      " LIMIT 1";
  static const char gaps[] = "SELECT subject || ': ' || what FROM gap LIMIT 1";
  static const char calls[] =
      "SELECT 'call ' || c.id || ' of ' || c.who FROM agent_call c WHERE c.charge_key <> ''"
      " AND (SELECT count(*) FROM ledger l WHERE l.charge_key = c.charge_key AND l.kind = 'charge'"
      "  AND l.ticket_id IS NULL) <> 1 LIMIT 1";
  static const char lines[] =
      "SELECT 'ledger line ' || l.seq FROM ledger l WHERE l.kind = 'charge' AND l.ticket_id IS NULL"
      " AND l.rule LIKE 'call %' AND NOT EXISTS (SELECT 1 FROM agent_call c"
      "  WHERE c.charge_key = l.charge_key) LIMIT 1";
  int rc = ledger_sums_hold(s, err);
  if (rc == 0) rc = none(s, "has not one line in the ledger", calls, err);
  if (rc == 0) rc = none(s, "charges a call that is not on record", lines, err);
  if (rc == 0) rc = none(s, "is closed, and the ledger has another sum now", closed, err);
  if (rc == 0) rc = totals_conserved(s, err);
  if (rc == 0) rc = none(s, "(found while settling)", gaps, err);
  return rc;
}

int report_conserved(struct store *s, struct trg_err *err) {
  /* Charges for use ("usage": a conversation, an action) stand beside the resolution. */
  static const char unresolved[] =
      "SELECT t.ref FROM ledger_live l JOIN ticket t ON t.id = l.ticket_id"
      " WHERE t.bill_state <> 'resolved' AND l.evidence_level <> 'usage' ORDER BY l.seq LIMIT 1";
  static const char uncharged[] =
      "SELECT t.ref FROM ticket t WHERE t.bill_state = 'resolved' AND NOT EXISTS"
      " (SELECT 1 FROM ledger_live l WHERE l.ticket_id = t.id) ORDER BY t.id LIMIT 1";
  static const char budgets[] =
      "SELECT b.day FROM budget_day b WHERE b.spent_micros <> (SELECT coalesce(sum(c.cost_micros),"
      "  0) FROM model_call c WHERE c.outcome <> '' AND c.shadow = (b.day LIKE '% shadow')"
      "  AND c.started_ms >= strftime('%s', substr(b.day, 1, 10)) * 1000"
      "  AND c.started_ms < (strftime('%s', substr(b.day, 1, 10)) + 86400) * 1000) LIMIT 1";
  int rc = store_moment(s, true, err);
  if (rc != 0) return rc;
  rc = report_check(s, err); /* the totals are those of the report */
  if (rc == 0) rc = totals_hold(s, err);
  if (rc == 0) rc = none(s, "has a live charge but is not resolved", unresolved, err);
  if (rc == 0) rc = none(s, "is resolved but has no live charge", uncharged, err);
  if (rc == 0) rc = none(s, "has another sum of model calls than its budget says", budgets, err);
  if (rc == 0) rc = sums_hold(s, err);
  (void)store_moment(s, false, NULL);
  return rc;
}
