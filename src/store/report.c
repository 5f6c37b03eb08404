/* Reports, from the roll-ups of tally.c. Model calls: report_models.c. Whether it adds up:
 * conserve.c. */
#include "store/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/report_inner.h"

/* --- ranges ----------------------------------------------------------------------------------- */

void report_range_of(int64_t from_ms, int64_t to_ms, struct report_range *ret) {
  *ret = (struct report_range){.first_day = INT64_MIN, .end_day = INT64_MAX};
  if (from_ms > 0) ret->first_day = (from_ms + TALLY_DAY_MS - 1) / TALLY_DAY_MS;
  if (to_ms != 0) ret->end_day = to_ms / TALLY_DAY_MS;
  if (from_ms > 0 && to_ms != 0 && ret->first_day > ret->end_day) { /* inside one day */
    ret->edges[0].from_ms = from_ms;
    ret->edges[0].to_ms = to_ms;
    ret->first_day = ret->end_day;
    return;
  }
  if (from_ms > 0 && from_ms % TALLY_DAY_MS != 0) {
    ret->edges[0].from_ms = from_ms;
    ret->edges[0].to_ms = ret->first_day * TALLY_DAY_MS;
  }
  if (to_ms != 0 && to_ms % TALLY_DAY_MS != 0) {
    ret->edges[1].from_ms = ret->end_day * TALLY_DAY_MS;
    ret->edges[1].to_ms = to_ms;
  }
}

int report_ready(struct store *s, struct trg_err *err) {
  return tally_apply(s, err); /* on a reader nothing is marked */
}

/* --- groups ----------------------------------------------------------------------------------- */

static const struct grouping {
  const char *by;
  int64_t dim;
  int digits; /* of the day; 0: the word is the key */
} groupings[] = {{"helpdesk", DIM_HELPDESK, 0}, {"category", DIM_CATEGORY, 0},
                 {"model", DIM_MODEL, 0},       {"team", DIM_TEAM, 0},
                 {"language", DIM_LANGUAGE, 0}, {"priority", DIM_PRIORITY, 0},
                 {"day", DIM_ALL, 10},          {"month", DIM_ALL, 7},
                 {"outcome", DIM_OUTCOME, 0},   {"reason", DIM_REASON, 0}};
static const struct grouping everything = {"", DIM_ALL, 0};

static const struct grouping *grouping_of(const char *by) {
  for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++)
    if (str_is(str_of(by), groupings[i].by)) return &groupings[i];
  return NULL;
}

/* The numbers that this entry of a day goes into. */
static int64_t *group_at(struct sums *to, const struct grouping *g, const struct sums_key *key) {
  char day[11];
  struct sums_key k = {.dim = g->dim, .bin = key->bin, .word = key->word};
  if (g->digits > 0) {
    time_day(key->day * TALLY_DAY_MS, day);
    day[g->digits] = '\0';
    k.word = day;
  }
  return sums_at(to, &k);
}

static int cells_read(struct store *s, const struct grouping *g, const struct report_range *r,
                      struct sums *to, struct trg_err *err) {
  static const char text[] =
      "SELECT day, word, tickets, waiting, failed, drafted, sent, open, resolved, excluded, held,"
      " reversed, assumed, confirmed, verified, procedure, usage, handoff, reopened,"
      " charged_micros, cost_micros, losses, loss_micros FROM report_cell"
      " WHERE dim = ? AND day >= ? AND day < ?";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, g->dim);
  sql_int(&q, r->first_day);
  sql_int(&q, r->end_day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.day = sql_get_int(&q), .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    int64_t *n = group_at(to, g, &key);
    for (int i = 0; i < MEASURES; i++) n[i] += sql_get_int(&q);
  }
  return rc;
}

static int bins_read(struct store *s, const struct grouping *g, const struct report_range *r,
                     struct sums *to, struct trg_err *err) {
  static const char text[] = "SELECT day, word, bin, n, micros FROM report_bin"
                             " WHERE dim = ? AND day >= ? AND day < ?";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, g->dim);
  sql_int(&q, r->first_day);
  sql_int(&q, r->end_day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.day = sql_get_int(&q)};
    key.word = sql_get_text(&q, NULL);
    key.bin = sql_get_int(&q);
    int64_t *n = group_at(to, g, &key);
    n[0] += sql_get_int(&q);
    n[1] += sql_get_int(&q);
  }
  return rc;
}

/* Days that the range cuts: their tickets. */
static int edges_read(struct store *s, const struct grouping *g, const struct report_range *r,
                      bool bins, struct sums *to, struct trg_err *err) {
  int rc = 0;
  for (int i = 0; i < 2 && rc == 0; i++) {
    if (r->edges[i].to_ms == 0) continue;
    struct sums *edge = sums_new();
    rc = tally_tickets(s, r->edges[i].from_ms, r->edges[i].to_ms, edge, err);
    const struct sums_entry *e = sums_list(edge);
    for (size_t k = 0; k < sums_count(edge); k++) {
      if (e[k].key.dim != g->dim || (e[k].key.bin != SUMS_NO_BIN) != bins) continue;
      int64_t *n = group_at(to, g, &e[k].key);
      for (int m = 0; m < (bins ? 2 : MEASURES); m++) n[m] += e[k].n[m];
    }
    sums_free(&edge);
  }
  return rc;
}

static int group_read(struct store *s, const struct grouping *g, int64_t from_ms, int64_t to_ms,
                      bool bins, struct sums *to, struct trg_err *err) {
  struct report_range r;
  report_range_of(from_ms, to_ms, &r);
  int rc = report_ready(s, err);
  if (rc == 0) rc = bins ? bins_read(s, g, &r, to, err) : cells_read(s, g, &r, to, err);
  return rc == 0 ? edges_read(s, g, &r, bins, to, err) : rc;
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct report_row row_of(const struct sums_entry *e, struct arena *a) {
  const int64_t *n = e->n;
  return (struct report_row){
      .key = arena_dup(a, str_of(e->key.word)),
      .tickets = n[M_TICKETS],
      .triaged = n[M_TICKETS] - n[M_WAITING] - n[M_FAILED],
      .waiting = n[M_WAITING],
      .failed = n[M_FAILED],
      .drafted = n[M_DRAFTED],
      .sent = n[M_SENT],
      .open = n[M_OPEN],
      .resolved = n[M_RESOLVED],
      .excluded = n[M_EXCLUDED],
      .held = n[M_HELD],
      .reversed = n[M_REVERSED],
      .assumed = n[M_ASSUMED],
      .confirmed = n[M_CONFIRMED],
      .verified = n[M_VERIFIED],
      .procedure = n[M_PROCEDURE],
      .usage = n[M_USAGE],
      .handoff = n[M_HANDOFF],
      .reopened = n[M_REOPENED],
      .charged_micros = n[M_CHARGED],
      .model_cost_micros = n[M_COST],
  };
}

int report_rows(struct store *s, const char *by, int64_t from_ms, int64_t to_ms, struct arena *a,
                struct report_row **ret, size_t *ret_count, struct trg_err *err) {
  const struct grouping *g = grouping_of(by);
  if (g == NULL)
    return err_set(err, TRG_EINVAL, "by",
                   "a report is grouped by helpdesk, category, model, team, language, priority, "
                   "day, month, outcome or reason, not by '%.40s'",
                   by == NULL ? "" : by);
  struct sums *all = sums_new();
  struct report_row *list = NULL;
  size_t n = 0;
  const int rc = group_read(s, g, from_ms, to_ms, false, all, err);
  const struct sums_entry *e = sums_list(all);
  for (size_t i = 0; i < sums_count(all) && rc == 0; i++) {
    if (e[i].n[M_TICKETS] == 0) continue;
    list = sql_room(a, list, n, sizeof *list);
    list[n++] = row_of(&e[i], a);
  }
  sums_free(&all);
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int64_t report_percentile(const struct sums_entry *bins, size_t n, int percent) {
  int64_t all = 0, seen = 0;
  for (size_t i = 0; i < n; i++) all += bins[i].n[0];
  if (all <= 0) return 0;
  const int64_t rank = (all * percent + 99) / 100;
  for (size_t i = 0; i < n; i++) {
    seen += bins[i].n[0];
    if (seen >= (rank == 0 ? 1 : rank) && bins[i].n[0] > 0)
      return (bins[i].n[1] + bins[i].n[0] / 2) / bins[i].n[0];
  }
  return 0;
}

int report_row_costs(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                     struct report_row *rows, size_t count, struct trg_err *err) {
  const struct grouping *g = grouping_of(by);
  BUG_UNLESS(g != NULL); /* report_rows refused it */
  struct sums *all = sums_new();
  const int rc = group_read(s, g, from_ms, to_ms, true, all, err);
  const struct sums_entry *e = sums_list(all);
  size_t at = 0;
  for (size_t i = 0, bins = 0; i < sums_count(all) && rc == 0; i += bins) {
    for (bins = 1; i + bins < sums_count(all); bins++)
      if (strcmp(e[i].key.word, e[i + bins].key.word) != 0) break;
    while (at < count && strcmp(rows[at].key, e[i].key.word) < 0) at++; /* both in order of key */
    if (at == count) break;
    if (strcmp(rows[at].key, e[i].key.word) != 0) continue;
    rows[at].cost_p50_micros = report_percentile(&e[i], bins, 50);
    rows[at].cost_p95_micros = report_percentile(&e[i], bins, 95);
  }
  sums_free(&all);
  return rc;
}

int report_costs(struct store *s, int64_t from_ms, int64_t to_ms, int64_t *ret_p50_micros,
                 int64_t *ret_p95_micros, struct trg_err *err) {
  struct sums *all = sums_new();
  const int rc = group_read(s, &everything, from_ms, to_ms, true, all, err);
  const struct sums_entry *e = sums_list(all);
  if (rc == 0) {
    *ret_p50_micros = report_percentile(e, sums_count(all), 50);
    *ret_p95_micros = report_percentile(e, sums_count(all), 95);
  }
  sums_free(&all);
  return rc;
}

/* --- losses ----------------------------------------------------------------------------------- */

struct losses {
  struct arena *a;
  struct report_loss *list; /* room for one day's more than `limit` */
  size_t n;
  int64_t limit, from_ms, to_ms;
};

static int by_loss(const void *pa, const void *pb) {
  const struct report_loss *a = pa, *b = pb;
  const int64_t la = a->model_cost_micros - a->charged_micros,
                lb = b->model_cost_micros - b->charged_micros;
  return la != lb ? (la < lb) - (la > lb) : strcmp(a->ref, b->ref);
}

/* The largest of a day join the largest so far. */
static int losses_of_day(struct store *s, struct losses *l, int64_t day, struct trg_err *err) {
  static const char text[] =
      "SELECT t.ref, y.helpdesk, y.category, y.model, t.bill_state, y.charged_micros, y.cost_micros"
      " FROM tally y JOIN ticket t ON t.id = y.ticket_id WHERE y.day = ?1 AND y.loss_micros > 0"
      " AND t.created_ms >= ?2 AND (?3 = 0 OR t.created_ms < ?3)"
      " ORDER BY y.loss_micros DESC, t.ref LIMIT ?4";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, day);
  sql_int(&q, l->from_ms);
  sql_int(&q, l->to_ms);
  sql_int(&q, l->limit);
  while ((rc = sql_next(&q, err)) > 0) {
    struct report_loss *x = &l->list[l->n++];
    x->ref = sql_get_text(&q, l->a);
    x->helpdesk = sql_get_text(&q, l->a);
    x->category = sql_get_text(&q, l->a);
    x->model = sql_get_text(&q, l->a);
    x->state = sql_get_text(&q, l->a);
    x->charged_micros = sql_get_int(&q);
    x->model_cost_micros = sql_get_int(&q);
  }
  if (l->n > 0) qsort(l->list, l->n, sizeof *l->list, by_loss);
  if (l->n > (size_t)l->limit) l->n = (size_t)l->limit;
  return rc;
}

/* Days in or touched by the range that have any. */
static int losses_by_day(struct store *s, struct losses *l, struct trg_err *err) {
  static const char text[] = "SELECT day FROM report_cell WHERE dim = 8 AND day >= ? AND day <= ?"
                             " AND losses > 0";
  struct sql q;
  int rc;
  sql_read_once(&q, s, text);
  sql_int(&q, l->from_ms > 0 ? l->from_ms / TALLY_DAY_MS : INT64_MIN);
  sql_int(&q, l->to_ms != 0 ? (l->to_ms - 1) / TALLY_DAY_MS : INT64_MAX);
  while ((rc = sql_next(&q, err)) > 0) {
    rc = losses_of_day(s, l, sql_get_int(&q), err);
    if (rc == 0) continue;
    sql_end(&q);
    return rc;
  }
  return rc;
}

int report_losses(struct store *s, int64_t from_ms, int64_t to_ms, int limit, struct arena *a,
                  struct report_loss **ret, size_t *ret_count, int64_t *ret_total,
                  int64_t *ret_total_micros, struct trg_err *err) {
  struct losses l = {.a = a, .limit = limit, .from_ms = from_ms, .to_ms = to_ms};
  l.list = arena_alloc(a, (2 * (size_t)limit + 1) * sizeof *l.list);
  struct sums *all = sums_new();
  int rc = group_read(s, &everything, from_ms, to_ms, false, all, err);
  if (rc == 0) rc = losses_by_day(s, &l, err);
  const struct sums_key key = {.dim = DIM_ALL, .bin = SUMS_NO_BIN};
  const int64_t *n = sums_at(all, &key);
  if (rc == 0) {
    *ret = l.list;
    *ret_count = l.n;
    *ret_total = n[M_LOSSES];
    *ret_total_micros = n[M_LOSS];
  }
  sums_free(&all);
  return rc;
}

/* --- months and ends -------------------------------------------------------------------------- */

int report_period_units(struct store *s, const char *period, struct arena *a,
                        struct report_units **ret, size_t *ret_count, int64_t *ret_cost_micros,
                        struct trg_err *err) {
  static const char text[] =
      "SELECT outcome, units, amount_micros FROM ledger_count WHERE period = ? ORDER BY outcome";
  static const char cost[] =
      "SELECT coalesce(sum(cost_micros), 0) FROM report_call"
      " WHERE task <> 'shadow' AND day >= strftime('%s', ?1 || '-01') / 86400"
      " AND day < strftime('%s', ?1 || '-01', '+1 month') / 86400";
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
