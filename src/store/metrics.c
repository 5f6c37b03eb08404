#include "store/metrics.h"

#include "base/mem.h"
#include "store/sql.h"

/* Each: up to three labels and a count. The covering indexes of these tables make them scans of an
 * index, not of the rows. */
static const char *const set_sql[] = {
    [METRIC_TICKETS] =
        "SELECT helpdesk, CASE outcome WHEN '' THEN 'open' ELSE outcome END AS o, '',"
        " count(*) FROM ticket GROUP BY 1, 2 ORDER BY 1, 2",
    [METRIC_MODEL_REQUESTS] =
        "SELECT model, task, CASE outcome WHEN '' THEN 'open' ELSE outcome END,"
        " count(*) FROM model_call GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    [METRIC_MODEL_TOKENS] =
        "WITH t AS (SELECT model, sum(input) AS i, sum(output) AS o, sum(cache_read) AS r,"
        " sum(cache_write) AS w FROM model_call GROUP BY model)"
        " SELECT model, 'input', '', i FROM t UNION ALL SELECT model, 'output', '', o FROM t"
        " UNION ALL SELECT model, 'cache_read', '', r FROM t"
        " UNION ALL SELECT model, 'cache_write', '', w FROM t ORDER BY 1, 2",
    [METRIC_MODEL_COST] =
        "SELECT model, '', '', sum(cost_micros) FROM model_call GROUP BY model ORDER BY model",
    [METRIC_RESOLUTIONS] = "SELECT helpdesk, bill_state, '', count(*) FROM ticket GROUP BY 1, 2"
                           " ORDER BY 1, 2",
    [METRIC_CHARGED] =
        "SELECT helpdesk, '', '', sum(amount_micros) FROM ledger GROUP BY 1 ORDER BY 1",
    [METRIC_DELIVERIES] =
        "SELECT t.helpdesk, o.intent, o.state, count(*) FROM outbox o JOIN ticket t"
        " ON t.id = o.ticket_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"};

int metric_rows(struct store *s, enum metric_set set, struct arena *a, struct metric_row **ret,
                size_t *ret_count, struct trg_err *err) {
  struct metric_row *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc = 0;
  sql_read(&q, s, set_sql[set]);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    for (int i = 0; i < 3; i++) list[n].labels[i] = sql_get_text(&q, a);
    list[n++].value = sql_get_int(&q);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

const int64_t metric_bound_us[METRIC_BOUNDS] = {10000,    50000,    100000,   250000,
                                                500000,   1000000,  2500000,  5000000,
                                                10000000, 30000000, 60000000, INT64_MAX};

int metric_model_seconds(struct store *s, struct arena *a, struct metric_histogram **ret,
                         size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT model, count(*), sum(latency_us),"
      " sum(latency_us <= 10000), sum(latency_us > 10000 AND latency_us <= 50000),"
      " sum(latency_us > 50000 AND latency_us <= 100000),"
      " sum(latency_us > 100000 AND latency_us <= 250000),"
      " sum(latency_us > 250000 AND latency_us <= 500000),"
      " sum(latency_us > 500000 AND latency_us <= 1000000),"
      " sum(latency_us > 1000000 AND latency_us <= 2500000),"
      " sum(latency_us > 2500000 AND latency_us <= 5000000),"
      " sum(latency_us > 5000000 AND latency_us <= 10000000),"
      " sum(latency_us > 10000000 AND latency_us <= 30000000),"
      " sum(latency_us > 30000000 AND latency_us <= 60000000), sum(latency_us > 60000000)"
      " FROM model_call WHERE outcome <> '' GROUP BY model ORDER BY model";
  struct metric_histogram *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc = 0;
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].model = sql_get_text(&q, a);
    list[n].count = sql_get_int(&q);
    list[n].sum_us = sql_get_int(&q);
    for (int i = 0; i < METRIC_BOUNDS; i++) list[n].bucket[i] = sql_get_int(&q);
    n++;
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
