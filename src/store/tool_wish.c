#include "store/tool_wish.h"

#include "store/sql.h"

static int same_before(struct store *s, const struct tool_wish *w, int64_t *ret_id,
                       struct trg_err *err) {
  static const char text[] =
      "SELECT coalesce((SELECT id FROM tool_wish WHERE ticket_id = ?1 AND tool = ?2"
      " AND arguments_hash = ?3 AND (pass = ?4 OR state IN ('running', 'done', 'uncertain'))"
      " ORDER BY id DESC LIMIT 1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, w->ticket_id);
  sql_text(&q, w->tool);
  sql_text(&q, w->arguments_hash);
  sql_int(&q, w->pass);
  return sql_number(&q, ret_id, err);
}

int tool_wish_add(struct store *s, const struct tool_wish *w, int64_t *ret_id,
                  struct trg_err *err) {
  static const char text[] =
      "INSERT INTO tool_wish (ticket_id, pass, tool, arguments, arguments_hash, state, who, why,"
      " result, made_ms, due_ms, decided_ms, ended_ms) VALUES (?,?,?,?,?,?,?,'','',?,?,?,0)";
  int rc = turn_write(s, err);
  if (rc == 0) rc = same_before(s, w, ret_id, err);
  if (rc != 0 || *ret_id != 0) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_id(&q, w->ticket_id);
  sql_int(&q, w->pass);
  sql_text(&q, w->tool);
  sql_text(&q, w->arguments);
  sql_text(&q, w->arguments_hash);
  sql_text(&q, w->state);
  sql_text(&q, w->who);
  sql_int(&q, w->made_ms);
  sql_int(&q, w->due_ms);
  sql_int(&q, w->decided_ms);
  rc = sql_run(&q, err);
  if (rc == 0) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

#define WISH_COLUMNS                                                                               \
  "w.id, w.ticket_id, w.pass, t.ref, w.tool, w.arguments, w.arguments_hash, w.state, w.who,"       \
  " w.why, w.result, w.made_ms, w.due_ms, w.decided_ms, w.ended_ms FROM tool_wish w"               \
  " JOIN ticket t ON t.id = w.ticket_id"

static void wish_of(struct sql *q, struct arena *a, struct tool_wish *w) {
  w->id = sql_get_int(q);
  w->ticket_id = sql_get_int(q);
  w->pass = sql_get_int(q);
  w->ref = sql_get_text(q, a);
  w->tool = sql_get_text(q, a);
  w->arguments = sql_get_text(q, a);
  w->arguments_hash = sql_get_text(q, a);
  w->state = sql_get_text(q, a);
  w->who = sql_get_text(q, a);
  w->why = sql_get_text(q, a);
  w->result = sql_get_text(q, a);
  w->made_ms = sql_get_int(q);
  w->due_ms = sql_get_int(q);
  w->decided_ms = sql_get_int(q);
  w->ended_ms = sql_get_int(q);
}

int tool_wish_by_id(struct store *s, int64_t id, struct arena *a, struct tool_wish *ret,
                    struct trg_err *err) {
  static const char text[] = "SELECT " WISH_COLUMNS " WHERE w.id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "call of a tool", err);
  if (rc != 0) return rc;
  wish_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

static int wish_rows(struct sql *q, struct arena *a, struct tool_wish **ret, size_t *ret_count,
                     struct trg_err *err) {
  struct tool_wish *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    wish_of(q, a, &list[n++]);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int tool_wish_list(struct store *s, int64_t ticket_id, struct arena *a, struct tool_wish **ret,
                   size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " WISH_COLUMNS " WHERE w.ticket_id = ? ORDER BY w.id";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  return wish_rows(&q, a, ret, ret_count, err);
}

int tool_wish_in(struct store *s, const char *state, int64_t limit, struct arena *a,
                 struct tool_wish **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " WISH_COLUMNS " WHERE w.state = ? ORDER BY w.id LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, state);
  sql_int(&q, limit);
  return wish_rows(&q, a, ret, ret_count, err);
}

int tool_wish_decide(struct store *s, int64_t id, const char *state, const char *who,
                     const char *why, int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE tool_wish SET state = ?, who = ?, why = ?, decided_ms = ?"
                             " WHERE id = ? AND state = 'waiting'";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, state);
  sql_text(&q, who);
  sql_text(&q, why);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "call that waits", err);
}

int tool_wish_first(struct store *s, int64_t id, const char *who, struct trg_err *err) {
  static const char text[] = "UPDATE tool_wish SET who = ? WHERE id = ? AND state = 'waiting'";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, who);
  sql_int(&q, id);
  return sql_run_one(&q, "call that waits", err);
}

int tool_wish_run(struct store *s, int64_t id, struct trg_err *err) {
  static const char text[] = "UPDATE tool_wish SET state = 'running'"
                             " WHERE id = ? AND state = 'approved'";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, id);
  return sql_run_one(&q, "approved call", err);
}

int tool_wish_end(struct store *s, int64_t id, const char *state, const char *result,
                  int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE tool_wish SET state = ?, result = ?, ended_ms = ?"
                             " WHERE id = ? AND state IN ('running', 'approved')";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, state);
  sql_text(&q, result);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "running call", err);
}

int tool_wish_recover(struct store *s, int64_t now_ms, int64_t *ret_lost, struct trg_err *err) {
  static const char text[] = "UPDATE tool_wish SET state = 'uncertain', ended_ms = ?"
                             " WHERE state = 'running'";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, now_ms);
  const int rc = sql_run(&q, err);
  if (rc >= 0) *ret_lost = sql_changed(s);
  return rc;
}
