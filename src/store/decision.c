#include "store/sql.h"
#include "store/work.h"

int decision_add(struct store *s, const struct decision *d, int64_t *ret_id, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO decision (ticket_id, pass, stage, verdict, model, model_call_id, confidence,"
      " cost_micros, reason, prompt_hash, skills_hash, conf_hash, at_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, d->ticket_id);
  sql_int(&q, d->pass);
  sql_text(&q, d->stage);
  sql_text(&q, d->verdict);
  sql_text(&q, d->model);
  sql_id(&q, d->model_call_id);
  sql_real(&q, d->confidence);
  sql_int(&q, d->cost_micros);
  sql_text(&q, d->reason);
  sql_text(&q, d->prompt_hash);
  sql_text(&q, d->skills_hash);
  sql_text(&q, d->conf_hash);
  sql_int(&q, d->at_ms);
  const int rc = sql_run(&q, err);
  if (rc == 0 && ret_id != NULL) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

int decision_list(struct store *s, int64_t ticket_id, struct arena *a, struct decision **ret,
                  size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT id, ticket_id, pass, stage, verdict, model, model_call_id, confidence, cost_micros,"
      " reason, prompt_hash, skills_hash, conf_hash, at_ms FROM decision"
      " WHERE ticket_id = ? ORDER BY id";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  struct decision *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct decision *d = &list[n++];
    d->id = sql_get_int(&q);
    d->ticket_id = sql_get_int(&q);
    d->pass = sql_get_int(&q);
    d->stage = sql_get_text(&q, a);
    d->verdict = sql_get_text(&q, a);
    d->model = sql_get_text(&q, a);
    d->model_call_id = sql_get_int(&q);
    d->confidence = sql_get_real(&q);
    d->cost_micros = sql_get_int(&q);
    d->reason = sql_get_text(&q, a);
    d->prompt_hash = sql_get_text(&q, a);
    d->skills_hash = sql_get_text(&q, a);
    d->conf_hash = sql_get_text(&q, a);
    d->at_ms = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
