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

static const struct {
  const char *by, *text;
} groups[] = {
    {"helpdesk", COUNTED("helpdesk")},
    {"category", COUNTED("category")},
    {"model", COUNTED("model")},
    {"team", COUNTED("team")},
    {"language", COUNTED("language")},
    {"priority", COUNTED("priority")},
    {"day", COUNTED(DAY)},
    {"month", COUNTED(MONTH)},
    {"outcome", COUNTED("outcome")},
    {"reason", COUNTED("reason")},
};

static const char *text_by(const char *by) {
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (str_is(str_of(by), groups[i].by)) return groups[i].text;
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
  const char *text = text_by(by);
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
