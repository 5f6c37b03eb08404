/* Model calls that wait in a vendor's batch. */
#include "store/sql.h"
#include "store/work.h"

int model_call_batched(struct store *s, int64_t id, const char *ref, struct trg_err *err) {
  static const char text[] = "UPDATE model_call SET batch_ref = ? WHERE id = ? AND outcome = ''";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, ref);
  sql_int(&q, id);
  return sql_run(&q, err);
}

int model_call_waiting(struct store *s, const struct model_call *like, struct arena *a,
                       int64_t *ret_id, const char **ret_ref, int64_t *ret_started_ms,
                       int64_t *ret_reserved, struct trg_err *err) {
  static const char text[] = "SELECT id, batch_ref, started_ms, reserved_micros FROM model_call"
                             " WHERE outcome = '' AND batch_ref <> '' AND ticket_id IS ?"
                             " AND pass = ? AND task = ? AND model = ? AND backend = ?"
                             " ORDER BY id DESC LIMIT 1";
  struct sql q;
  *ret_id = 0;
  sql_read(&q, s, text);
  sql_id(&q, like->ticket_id);
  sql_int(&q, like->pass);
  sql_text(&q, like->task);
  sql_text(&q, like->model);
  sql_text(&q, like->backend);
  const int rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  *ret_id = sql_get_int(&q);
  *ret_ref = sql_get_text(&q, a);
  *ret_started_ms = sql_get_int(&q);
  *ret_reserved = sql_get_int(&q);
  sql_end(&q);
  return 0;
}
