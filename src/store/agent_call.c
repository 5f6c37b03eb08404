#include "store/agent_call.h"

#include "store/sql.h"

#define CALL_COLUMNS "id, who, tool, ref, at_ms, charge_key"

int agent_call_next(struct store *s, int64_t *ret_id, struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT max(id) FROM agent_call), 0) + 1";
  struct sql q;
  const int rc = turn_write(s, err);
  if (rc != 0) return rc;
  sql_read(&q, s, text);
  return sql_number(&q, ret_id, err);
}

int agent_call_add(struct store *s, const struct agent_call *c, struct trg_err *err) {
  static const char text[] = "INSERT INTO agent_call (" CALL_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, c->id);
  sql_text(&q, c->who);
  sql_text(&q, c->tool);
  sql_text(&q, c->ref);
  sql_int(&q, c->at_ms);
  sql_text(&q, c->charge_key);
  return sql_run(&q, err);
}

static void call_of(struct sql *q, struct arena *a, struct agent_call *c) {
  c->id = sql_get_int(q);
  c->who = sql_get_text(q, a);
  c->tool = sql_get_text(q, a);
  c->ref = sql_get_text(q, a);
  c->at_ms = sql_get_int(q);
  c->charge_key = sql_get_text(q, a);
}

int agent_call_get(struct store *s, int64_t id, struct arena *a, struct agent_call *ret,
                   struct trg_err *err) {
  static const char text[] = "SELECT " CALL_COLUMNS " FROM agent_call WHERE id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "call of an agent", err);
  if (rc != 0) return rc;
  call_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int agent_call_each(struct store *s, int64_t from_ms, int64_t to_ms,
                    int (*fn)(void *arg, const struct agent_call *c), void *arg,
                    struct trg_err *err) {
  static const char text[] = "SELECT " CALL_COLUMNS " FROM agent_call WHERE at_ms >= ?1"
                             " AND (?2 = 0 OR at_ms < ?2) ORDER BY id";
  struct sql q;
  int rc;
  sql_read_once(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  while ((rc = sql_next(&q, err)) > 0) {
    struct agent_call c;
    call_of(&q, NULL, &c);
    const int stop = fn(arg, &c);
    if (stop == 0) continue;
    sql_end(&q);
    return stop;
  }
  return rc;
}

int agent_call_sums(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                    struct agent_use **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT c.who, c.tool, count(*), coalesce(sum((SELECT sum(l.amount_micros) FROM ledger l"
      "  WHERE l.charge_key = c.charge_key)), 0) FROM agent_call c WHERE c.at_ms >= ?1"
      " AND (?2 = 0 OR c.at_ms < ?2) GROUP BY c.who, c.tool ORDER BY c.who, c.tool";
  struct sql q;
  struct agent_use *list = NULL;
  size_t n = 0;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].who = sql_get_text(&q, a);
    list[n].tool = sql_get_text(&q, a);
    list[n].calls = sql_get_int(&q);
    list[n++].charged_micros = sql_get_int(&q);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
