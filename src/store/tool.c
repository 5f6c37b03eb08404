#include "store/tool.h"

#include "store/sql.h"

int tool_call_add(struct store *s, const struct tool_call *c, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO tool_call (ticket_id, pass, step, tool, arguments, outcome, why, result,"
      " result_hash, started_ms, latency_us, cost_micros) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_id(&q, c->ticket_id);
  sql_int(&q, c->pass);
  sql_int(&q, c->step);
  sql_text(&q, c->tool);
  sql_text(&q, c->arguments);
  sql_text(&q, c->outcome);
  sql_text(&q, c->why);
  sql_text(&q, c->result);
  sql_text(&q, c->result_hash);
  sql_int(&q, c->started_ms);
  sql_int(&q, c->latency_us);
  sql_int(&q, c->cost_micros);
  return sql_run(&q, err);
}

static void tool_read(struct sql *q, struct arena *a, struct tool_call *c) {
  c->id = sql_get_int(q);
  c->ticket_id = sql_get_int(q);
  c->pass = sql_get_int(q);
  c->step = sql_get_int(q);
  c->tool = sql_get_text(q, a);
  c->arguments = sql_get_text(q, a);
  c->outcome = sql_get_text(q, a);
  c->why = sql_get_text(q, a);
  c->result = sql_get_text(q, a);
  c->result_hash = sql_get_text(q, a);
  c->started_ms = sql_get_int(q);
  c->latency_us = sql_get_int(q);
  c->cost_micros = sql_get_int(q);
}

int tool_call_list(struct store *s, int64_t ticket_id, struct arena *a, struct tool_call **ret,
                   size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT id, ticket_id, pass, step, tool, arguments, outcome, why, result, result_hash,"
      " started_ms, latency_us, cost_micros FROM tool_call WHERE ticket_id = ? ORDER BY id";
  struct sql q;
  struct tool_call *list = NULL;
  size_t n = 0;
  int rc = 0;
  sql_read(&q, s, text);
  sql_id(&q, ticket_id);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    tool_read(&q, a, &list[n++]);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
