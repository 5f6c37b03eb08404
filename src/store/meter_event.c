#include "store/meter_event.h"

#include "store/sql.h"

#define EVENT_COLUMNS                                                                              \
  "seq, state, period, identifier, value, body, due_ms, planned_ms, first_ms, attempts, key_no,"   \
  " code, why, done_ms"

static void event_of(struct sql *q, struct arena *a, struct meter_event *e) {
  e->seq = sql_get_int(q);
  e->state = sql_get_text(q, a);
  e->period = sql_get_text(q, a);
  e->identifier = sql_get_text(q, a);
  e->value = sql_get_int(q);
  e->body = sql_get_text(q, a);
  e->due_ms = sql_get_int(q);
  e->planned_ms = sql_get_int(q);
  e->first_ms = sql_get_int(q);
  e->attempts = sql_get_int(q);
  e->key_no = sql_get_int(q);
  e->code = sql_get_text(q, a);
  e->why = sql_get_text(q, a);
  e->done_ms = sql_get_int(q);
}

int meter_event_add(struct store *s, const struct meter_event *e, struct trg_err *err) {
  static const char text[] = "INSERT INTO meter_event (" EVENT_COLUMNS
                             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                             " ON CONFLICT (seq) DO NOTHING";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, e->seq);
  sql_text(&q, e->state);
  sql_text(&q, e->period);
  sql_text(&q, e->identifier);
  sql_int(&q, e->value);
  sql_text(&q, e->body);
  sql_int(&q, e->due_ms);
  sql_int(&q, e->planned_ms);
  sql_int(&q, e->first_ms);
  sql_int(&q, e->attempts);
  sql_int(&q, e->key_no);
  sql_text(&q, e->code);
  sql_text(&q, e->why);
  sql_int(&q, e->done_ms);
  return sql_run(&q, err);
}

int meter_event_get(struct store *s, int64_t seq, struct arena *a, struct meter_event *ret,
                    struct trg_err *err) {
  static const char text[] = "SELECT " EVENT_COLUMNS " FROM meter_event WHERE seq = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, seq);
  const int rc = sql_one(&q, "meter event", err);
  if (rc != 0) return rc;
  event_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

static int events(struct sql *q, struct arena *a, struct meter_event **ret, size_t *ret_count,
                  struct trg_err *err) {
  struct meter_event *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    event_of(q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int meter_event_due(struct store *s, const char *state, int64_t now_ms, int limit, struct arena *a,
                    struct meter_event **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " EVENT_COLUMNS " FROM meter_event"
                             " WHERE state = ? AND due_ms <= ? ORDER BY due_ms, seq LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, state);
  sql_int(&q, now_ms);
  sql_int(&q, limit);
  return events(&q, a, ret, ret_count, err);
}

int meter_event_set(struct store *s, const struct meter_event *e, struct trg_err *err) {
  static const char text[] =
      "UPDATE meter_event SET state = ?, value = ?, body = ?, due_ms = ?, planned_ms = ?,"
      " first_ms = ?, attempts = ?, key_no = ?, code = ?, why = ?, done_ms = ? WHERE seq = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, e->state);
  sql_int(&q, e->value);
  sql_text(&q, e->body);
  sql_int(&q, e->due_ms);
  sql_int(&q, e->planned_ms);
  sql_int(&q, e->first_ms);
  sql_int(&q, e->attempts);
  sql_int(&q, e->key_no);
  sql_text(&q, e->code);
  sql_text(&q, e->why);
  sql_int(&q, e->done_ms);
  sql_int(&q, e->seq);
  return sql_run_one(&q, "meter event", err);
}

int meter_event_recover(struct store *s, int64_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "UPDATE meter_event SET state = 'planned', due_ms = 0, code = 'uncertain',"
      " why = 'the program ended while it was sent; it is sent again with the same keys'"
      " WHERE state = 'sending'";
  struct sql q;
  sql_write(&q, s, text);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_count = sql_changed(s);
  return rc;
}

int meter_event_next(struct store *s, int64_t *ret_ms, struct trg_err *err) {
  static const char text[] =
      "SELECT coalesce((SELECT max(due_ms, 1) FROM meter_event WHERE state = 'planned'"
      " ORDER BY due_ms LIMIT 1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  return sql_number(&q, ret_ms, err);
}

int meter_event_bad(struct store *s, int limit, struct arena *a, struct meter_event **ret,
                    size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " EVENT_COLUMNS " FROM meter_event"
                             " WHERE state IN ('rejected', 'held') ORDER BY seq LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, limit);
  return events(&q, a, ret, ret_count, err);
}

int meter_event_depth(struct store *s, struct meter_event_depth *ret, struct trg_err *err) {
  static const char text[] = "SELECT state, count(*) FROM meter_event GROUP BY state";
  *ret = (struct meter_event_depth){0};
  struct sql q;
  sql_read(&q, s, text);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    const struct trg_str state = str_of(sql_get_text(&q, NULL));
    int64_t *n = str_is(state, "waiting")    ? &ret->waiting
                 : str_is(state, "done")     ? &ret->done
                 : str_is(state, "rejected") ? &ret->rejected
                 : str_is(state, "held")     ? &ret->held
                 : str_is(state, "dropped")  ? &ret->dropped
                                             : &ret->planned;
    *n += sql_get_int(&q);
  }
  return rc;
}

int meter_event_lines(struct store *s, int64_t after_seq, int limit, struct arena *a,
                      struct ledger_line **ret, size_t *ret_count, struct trg_err *err) {
  struct ledger_line *list = NULL;
  size_t n = 0;
  int rc = 0;
  for (; n < (size_t)limit; n++) {
    struct trg_err missing = {0};
    list = sql_room(a, list, n, sizeof *list);
    rc = ledger_get(s, after_seq + 1 + (int64_t)n, a, &list[n], &missing);
    if (rc == TRG_ENOTFOUND) break; /* the ledger has no gaps: this is its end */
    if (rc != 0) {
      *err = missing;
      return rc;
    }
  }
  *ret = list;
  *ret_count = n;
  return 0;
}

int meter_event_disputed(struct store *s, int64_t seq, bool *ret, struct trg_err *err) {
  static const char text[] =
      "SELECT count(*) FROM dispute_step o WHERE o.ledger_seq = ? AND o.step = 'open'"
      " AND NOT EXISTS (SELECT 1 FROM dispute_step d WHERE d.dispute = o.seq"
      " AND d.step IN ('upheld', 'credited'))";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, seq);
  int64_t n = 0;
  const int rc = sql_number(&q, &n, err);
  if (rc == 0) *ret = n > 0;
  return rc;
}
