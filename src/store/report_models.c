/* What models did, from the roll-ups of calls. */
#include "store/report.h"

#include "store/report_inner.h"

static int days_read(struct store *s, const struct report_range *r, struct sums *to,
                     struct trg_err *err) {
  static const char cells[] =
      "SELECT model, task, sum(calls), sum(ok), sum(input), sum(output), sum(cache_read),"
      " sum(cache_write), sum(cost_micros) FROM report_call WHERE day >= ? AND day < ?"
      " GROUP BY model, task";
  static const char bins[] = "SELECT model, task, bin, sum(n), sum(us) FROM report_call_bin"
                             " WHERE day >= ? AND day < ? GROUP BY model, task, bin";
  struct sql q;
  int rc;
  sql_read(&q, s, cells);
  sql_int(&q, r->first_day);
  sql_int(&q, r->end_day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS, .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    int64_t *n = sums_at(to, &key);
    for (int i = 0; i < CALL_MEASURES; i++) n[i] += sql_get_int(&q);
  }
  if (rc != 0) return rc;
  sql_read(&q, s, bins);
  sql_int(&q, r->first_day);
  sql_int(&q, r->end_day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    key.bin = sql_get_int(&q);
    int64_t *n = sums_at(to, &key);
    n[0] += sql_get_int(&q);
    n[1] += sql_get_int(&q);
  }
  return rc;
}

/* Calls that are under way are in no roll-up. They are few, and have an index of their own: the +
 * keeps it from reading every call of the time instead. */
static int open_read(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                     struct trg_err *err) {
  static const char text[] =
      "SELECT model, CASE shadow WHEN 0 THEN task ELSE 'shadow' END FROM model_call"
      " WHERE outcome = '' AND +started_ms >= ?1 AND (?2 = 0 OR +started_ms < ?2)";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS, .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    sums_at(to, &key)[C_CALLS]++;
  }
  return rc;
}

static void days_forget(struct sums *from, struct sums *to) {
  const struct sums_entry *e = sums_list(from);
  for (size_t i = 0; i < sums_count(from); i++) {
    struct sums_key key = e[i].key;
    key.day = 0;
    int64_t *n = sums_at(to, &key);
    for (int k = 0; k < (key.bin == SUMS_NO_BIN ? CALL_MEASURES : 2); k++) n[k] += e[i].n[k];
  }
}

static int all_read(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                    struct trg_err *err) {
  struct report_range r;
  report_range_of(from_ms, to_ms, &r);
  int rc = days_read(s, &r, to, err);
  for (int i = 0; i < 2 && rc == 0; i++) {
    if (r.edges[i].to_ms == 0) continue;
    struct sums *edge = sums_new();
    rc = tally_calls(s, r.edges[i].from_ms, r.edges[i].to_ms, edge, err);
    if (rc == 0) days_forget(edge, to);
    sums_free(&edge);
  }
  return rc == 0 ? open_read(s, from_ms, to_ms, to, err) : rc;
}

static void use_of(const struct sums_entry *e, struct arena *a, struct model_use *ret) {
  *ret = (struct model_use){.model = arena_dup(a, str_of(e->key.word)),
                            .task = arena_dup(a, str_of(e->key.other)),
                            .calls = e->n[C_CALLS],
                            .ok = e->n[C_OK],
                            .input = e->n[C_INPUT],
                            .output = e->n[C_OUTPUT],
                            .cache_read = e->n[C_READ],
                            .cache_write = e->n[C_WRITE],
                            .cost_micros = e->n[C_COST]};
}

int report_models(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                  struct model_use **ret, size_t *ret_count, struct trg_err *err) {
  struct sums *all = sums_new();
  struct model_use *list = NULL;
  size_t n = 0;
  const int rc = all_read(s, from_ms, to_ms, all, err);
  const struct sums_entry *e = sums_list(all);
  for (size_t i = 0, count = sums_count(all); i < count && rc == 0;) {
    if (e[i].key.bin != SUMS_NO_BIN) { /* of no call: `ledger verify` tells */
      i++;
      continue;
    }
    size_t bins = 0; /* those of this model and task follow it */
    while (i + 1 + bins < count && e[i + 1 + bins].key.bin != SUMS_NO_BIN) bins++;
    if (e[i].n[C_CALLS] != 0) {
      list = sql_room(a, list, n, sizeof *list);
      use_of(&e[i], a, &list[n]);
      list[n].p50_ms = (double)report_percentile(&e[i + 1], bins, 50) / 1000.0;
      list[n++].p99_ms = (double)report_percentile(&e[i + 1], bins, 99) / 1000.0;
    }
    i += 1 + bins;
  }
  sums_free(&all);
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
