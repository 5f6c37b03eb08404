#include "store/eval_run.h"

#include "store/sql.h"

int eval_row_add(struct store *s, const struct eval_row *r, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO eval_run (at_ms, source, source_hash, model, prompt_hash, conf_hash, scores)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, r->at_ms);
  sql_text(&q, r->source);
  sql_text(&q, r->source_hash);
  sql_text(&q, r->model);
  sql_text(&q, r->prompt_hash);
  sql_text(&q, r->conf_hash);
  sql_text(&q, r->scores);
  return sql_run(&q, err);
}

int eval_row_list(struct store *s, const char *model, int64_t limit, struct arena *a,
                  struct eval_row **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT id, at_ms, source, source_hash, model, prompt_hash, conf_hash, scores FROM"
      " (SELECT * FROM eval_run WHERE ?1 = '' OR model = ?1 ORDER BY id DESC LIMIT ?2)"
      " ORDER BY id";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, model);
  sql_int(&q, limit);
  struct eval_row *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct eval_row *r = &list[n++];
    r->id = sql_get_int(&q);
    r->at_ms = sql_get_int(&q);
    r->source = sql_get_text(&q, a);
    r->source_hash = sql_get_text(&q, a);
    r->model = sql_get_text(&q, a);
    r->prompt_hash = sql_get_text(&q, a);
    r->conf_hash = sql_get_text(&q, a);
    r->scores = sql_get_text(&q, a);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
