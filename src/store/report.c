/* Roll-ups by group. Whether they add up: conserve.c. */
#include "store/report.h"

#include <string.h>

#include "store/sql.h"

/* One row a ticket, with the one place where it is counted. What has no verdict and no outcome
 * waits; a dead letter that was settled before it died counts as what it was settled as. */
#define PLACED                                                                                     \
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
  " FROM ticket t WHERE t.created_ms >= ?1 AND (?2 = 0 OR t.created_ms < ?2)) "

#define COUNTED(key)                                                                               \
  PLACED "SELECT coalesce(nullif(" key ", ''), '(none)') AS key, count(*),"                        \
         " sum(place NOT IN ('failed', 'waiting')), sum(place = 'waiting'),"                       \
         " sum(place = 'failed'), sum(drafted), sum(sent), sum(place = 'open'),"                   \
         " sum(place = 'resolved'), sum(place = 'excluded'), sum(place = 'held'),"                 \
         " sum(place = 'reversed'), sum(charged), sum(cost),"                                      \
         " sum(place = 'resolved' AND level = 'assumed'),"                                         \
         " sum(place = 'resolved' AND level = 'confirmed'),"                                       \
         " sum(place = 'resolved' AND level = 'verified'), sum(outcome = 'handoff'),"              \
         " sum(reopened) FROM placed GROUP BY 1 ORDER BY 1"

#define DAY   "strftime('%Y-%m-%d', created_ms / 1000, 'unixepoch')"
#define MONTH "strftime('%Y-%m', created_ms / 1000, 'unixepoch')"

/* Group and model cost of each resolved ticket, in order of both. */
#define COSTS(key)                                                                                 \
  "SELECT coalesce(nullif(" key ", ''), '(none)') AS key, coalesce((SELECT sum(c.cost_micros)"     \
  "  FROM model_call c WHERE c.ticket_id = t.id AND c.shadow = 0), 0) AS cost FROM ticket t"       \
  " WHERE t.bill_state = 'resolved' AND t.created_ms >= ?1 AND (?2 = 0 OR t.created_ms < ?2)"      \
  " ORDER BY 1, 2"

#define BY(word, key)                                                                              \
  { word, COUNTED(key), COSTS(key) }
static const struct {
  const char *by, *text, *costs;
} groups[] = {
    BY("helpdesk", "helpdesk"),
    BY("category", "category"),
    BY("model", "model"),
    BY("team", "team"),
    BY("language", "language"),
    BY("priority", "priority"),
    BY("day", DAY),
    BY("month", MONTH),
    BY("outcome", "outcome"),
    BY("reason", "reason"),
};

static const char *text_by(const char *by, bool costs) {
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (str_is(str_of(by), groups[i].by)) return costs ? groups[i].costs : groups[i].text;
  return NULL;
}

static void row_of(struct sql *q, struct arena *a, struct report_row *r) {
  r->key = sql_get_text(q, a);
  r->tickets = sql_get_int(q);
  r->triaged = sql_get_int(q);
  r->waiting = sql_get_int(q);
  r->failed = sql_get_int(q);
  r->drafted = sql_get_int(q);
  r->sent = sql_get_int(q);
  r->open = sql_get_int(q);
  r->resolved = sql_get_int(q);
  r->excluded = sql_get_int(q);
  r->held = sql_get_int(q);
  r->reversed = sql_get_int(q);
  r->charged_micros = sql_get_int(q);
  r->model_cost_micros = sql_get_int(q);
  r->assumed = sql_get_int(q);
  r->confirmed = sql_get_int(q);
  r->verified = sql_get_int(q);
  r->handoff = sql_get_int(q);
  r->reopened = sql_get_int(q);
}

int report_rows(struct store *s, const char *by, int64_t from_ms, int64_t to_ms, struct arena *a,
                struct report_row **ret, size_t *ret_count, struct trg_err *err) {
  const char *text = text_by(by, false);
  if (text == NULL)
    return err_set(err, TRG_EINVAL, "by",
                   "a report is grouped by helpdesk, category, model, team, language, priority, "
                   "day, month, outcome or reason, not by '%.40s'",
                   by == NULL ? "" : by);
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  struct report_row *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    row_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

static int64_t nearest_rank(const int64_t *ascending, size_t n, size_t percent) {
  const size_t rank = (n * percent + 99) / 100;
  return n == 0 ? 0 : ascending[(rank == 0 ? 1 : rank) - 1];
}

int report_row_costs(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                     struct report_row *rows, size_t count, struct trg_err *err) {
  const char *text = text_by(by, true);
  BUG_UNLESS(text != NULL); /* report_rows refused it */
  int64_t *costs = NULL;
  size_t n = 0, room = 0, at = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  do {
    rc = sql_next(&q, err);
    const char *key = rc > 0 ? sql_get_text(&q, NULL) : NULL;
    /* Both come in order of key: the group that ends here is that of row `at`. */
    if (n > 0 && at < count && (key == NULL || strcmp(rows[at].key, key) != 0)) {
      rows[at].cost_p50_micros = nearest_rank(costs, n, 50);
      rows[at].cost_p95_micros = nearest_rank(costs, n, 95);
      n = 0;
    }
    if (key == NULL) break;
    while (at < count && strcmp(rows[at].key, key) < 0) at++;
    if (n == room) {
      room = room == 0 ? 256 : room * 2;
      costs = mem_grow(costs, room * sizeof *costs);
    }
    costs[n++] = sql_get_int(&q);
  } while (rc > 0);
  mem_free(costs);
  return rc;
}

int report_losses(struct store *s, int64_t from_ms, int64_t to_ms, int limit, struct arena *a,
                  struct report_loss **ret, size_t *ret_count, int64_t *ret_total,
                  int64_t *ret_total_micros, struct trg_err *err) {
  static const char text[] = PLACED
      "SELECT ref, helpdesk, category, model, bill_state, charged, cost, count(*) OVER (),"
      " sum(cost - charged) OVER () FROM placed WHERE cost > charged AND (bill_state = 'resolved'"
      " OR EXISTS (SELECT 1 FROM ledger l WHERE l.ticket_id = placed.id))"
      " ORDER BY charged - cost, ref LIMIT ?3";
  struct report_loss *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  sql_int(&q, limit);
  *ret_total = *ret_total_micros = 0;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct report_loss *l = &list[n++];
    l->ref = sql_get_text(&q, a);
    l->helpdesk = sql_get_text(&q, a);
    l->category = sql_get_text(&q, a);
    l->model = sql_get_text(&q, a);
    l->state = sql_get_text(&q, a);
    l->charged_micros = sql_get_int(&q);
    l->model_cost_micros = sql_get_int(&q);
    *ret_total = sql_get_int(&q);
    *ret_total_micros = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int report_period_units(struct store *s, const char *period, struct arena *a,
                        struct report_units **ret, size_t *ret_count, int64_t *ret_cost_micros,
                        struct trg_err *err) {
  static const char text[] =
      "SELECT outcome, units, amount_micros FROM ledger_count WHERE period = ? ORDER BY outcome";
  static const char cost[] =
      "SELECT coalesce(sum(cost_micros), 0) FROM model_call"
      " WHERE shadow = 0 AND started_ms >= strftime('%s', ?1 || '-01') * 1000"
      " AND started_ms < strftime('%s', ?1 || '-01', '+1 month') * 1000";
  struct report_units *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_text(&q, period);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].outcome = sql_get_text(&q, a);
    list[n].units = sql_get_int(&q);
    list[n++].amount_micros = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  sql_read(&q, s, cost);
  sql_text(&q, period);
  return sql_number(&q, ret_cost_micros, err);
}

int report_span(struct store *s, int64_t *ret_from_ms, int64_t *ret_to_ms, struct trg_err *err) {
  /* Two looks at the ends of an index; min and max in one would read the table. */
  static const char text[] = "SELECT coalesce((SELECT min(created_ms) FROM ticket), 0),"
                             " coalesce((SELECT max(created_ms) FROM ticket), 0)";
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_one(&q, "span", err);
  if (rc != 0) return rc;
  *ret_from_ms = sql_get_int(&q);
  *ret_to_ms = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

int report_costs(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                 int64_t **ret_micros, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT coalesce((SELECT sum(c.cost_micros) FROM model_call c WHERE c.ticket_id = t.id"
      "  AND c.shadow = 0), 0) AS cost FROM ticket t WHERE t.bill_state = 'resolved'"
      " AND t.created_ms >= ?1 AND (?2 = 0 OR t.created_ms < ?2) ORDER BY cost";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  int64_t *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n++] = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret_micros = list;
  *ret_count = n;
  return 0;
}

/* --- models ---------------------------------------------------------------------------------- */

/* The smallest value that at least this share of all does not pass. Ascending input. */
static double percentile_ms(const int64_t *us, size_t n, size_t percent) {
  if (n == 0) return 0;
  const size_t rank = (n * percent + 99) / 100;
  return (double)us[(rank == 0 ? 1 : rank) - 1] / 1000.0;
}

struct uses {
  struct arena *a;
  struct model_use *list;
  size_t n;
  int64_t *us; /* latencies of the last group, ascending */
  size_t us_count;
};

static void group_end(struct uses *u) {
  if (u->n == 0) return;
  u->list[u->n - 1].p50_ms = percentile_ms(u->us, u->us_count, 50);
  u->list[u->n - 1].p99_ms = percentile_ms(u->us, u->us_count, 99);
  u->us = NULL;
  u->us_count = 0;
}

static struct model_use *group_of(struct uses *u, const char *model, const char *task) {
  if (u->n > 0 && strcmp(u->list[u->n - 1].model, model) == 0 &&
      strcmp(u->list[u->n - 1].task, task) == 0)
    return &u->list[u->n - 1];
  group_end(u);
  u->list = sql_room(u->a, u->list, u->n, sizeof *u->list);
  struct model_use *fresh = &u->list[u->n++];
  *fresh = (struct model_use){.model = arena_dup(u->a, str_of(model)),
                              .task = arena_dup(u->a, str_of(task))};
  return fresh;
}

static void use_add(struct uses *u, struct sql *q) {
  const char *model = sql_get_text(q, NULL);
  struct model_use *m = group_of(u, model, sql_get_text(q, NULL));
  m->calls++;
  m->ok += sql_get_int(q);
  m->input += sql_get_int(q);
  m->output += sql_get_int(q);
  m->cache_read += sql_get_int(q);
  m->cache_write += sql_get_int(q);
  m->cost_micros += sql_get_int(q);
  const int64_t us = sql_get_int(q);
  if (us == 0) /* still open, or lost */
    return;
  u->us = sql_room(u->a, u->us, u->us_count, sizeof *u->us);
  u->us[u->us_count++] = us;
}

int report_models(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                  struct model_use **ret, size_t *ret_count, struct trg_err *err) {
  /* Shadow calls cost money too, but serve no ticket: a task of their own. */
  static const char text[] =
      "SELECT model, CASE shadow WHEN 0 THEN task ELSE 'shadow' END AS what,"
      " outcome IN ('ok', 'low_confidence'), input, output, cache_read, cache_write, cost_micros,"
      " latency_us FROM model_call WHERE started_ms >= ?1 AND (?2 = 0 OR started_ms < ?2)"
      " ORDER BY model, what, latency_us";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  struct uses u = {.a = a};
  int rc;
  while ((rc = sql_next(&q, err)) > 0) use_add(&u, &q);
  group_end(&u);
  if (rc != 0) return rc;
  *ret = u.list;
  *ret_count = u.n;
  return 0;
}
