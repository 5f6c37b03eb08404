#include "store/verify.h"

#include "store/sql.h"

int verify_want(struct store *s, int64_t ticket_id, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO verify (ticket_id, due_ms) VALUES (?, ?) ON CONFLICT (ticket_id) DO NOTHING";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, ticket_id);
  sql_int(&q, now_ms);
  return sql_run(&q, err);
}

int verify_again(struct store *s, int64_t ticket_id, int64_t due_ms, int64_t attempts,
                 const char *why, struct trg_err *err) {
  static const char text[] =
      "UPDATE verify SET due_ms = ?, attempts = ?, why = ? WHERE ticket_id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, due_ms);
  sql_int(&q, attempts);
  sql_text(&q, why);
  sql_int(&q, ticket_id);
  return sql_run_one(&q, "verdict that is waited for", err);
}

int verify_done(struct store *s, int64_t ticket_id, struct trg_err *err) {
  static const char text[] = "DELETE FROM verify WHERE ticket_id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, ticket_id);
  return sql_run(&q, err);
}

int verify_due(struct store *s, int64_t now_ms, int limit, struct verify *ret, size_t *ret_count,
               struct trg_err *err) {
  static const char text[] = "SELECT ticket_id, due_ms, attempts FROM verify WHERE due_ms <= ?"
                             " ORDER BY due_ms, ticket_id LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, now_ms);
  sql_int(&q, limit);
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    ret[n].ticket_id = sql_get_int(&q);
    ret[n].due_ms = sql_get_int(&q);
    ret[n++].attempts = sql_get_int(&q);
  }
  if (rc == 0) *ret_count = n;
  return rc;
}

int verify_next_due(struct store *s, int64_t *ret_ms, struct trg_err *err) {
  static const char text[] = "SELECT due_ms FROM verify ORDER BY due_ms LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret_ms = rc == 0 ? 0 : sql_get_int(&q);
  sql_end(&q);
  return 0;
}
