#include "store/evidence.h"

#include "base/buf.h"
#include "store/sql.h"

int evidence_append_only(struct store *s, struct arena *a, const char **ret, struct trg_err *err) {
  static const char text[] =
      "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%append-only%'"
      " GROUP BY tbl_name HAVING count(*) >= 2 ORDER BY tbl_name";
  struct buf names;
  struct sql q;
  int rc;
  buf_init(&names, 4096);
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    if (names.n > 0) buf_text(&names, ", ");
    buf_text(&names, sql_get_text(&q, NULL));
  }
  if (rc == 0) *ret = arena_dup(a, buf_view(&names));
  buf_free(&names);
  return rc;
}

int evidence_audit(struct store *s, int64_t *ret_rows, int64_t *ret_newest_ms,
                   struct trg_err *err) {
  static const char text[] = "SELECT count(*), coalesce(max(at_ms), 0) FROM audit";
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_one(&q, "the audit log", err);
  if (rc != 0) return rc;
  *ret_rows = sql_get_int(&q);
  *ret_newest_ms = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

int evidence_texts(struct store *s, int limit, int (*each)(void *arg, struct trg_str text),
                   void *arg, struct trg_err *err) {
  static const char *const texts[] = {
      "SELECT text FROM message ORDER BY id DESC LIMIT ?",
      "SELECT body FROM draft ORDER BY id DESC LIMIT ?",
      "SELECT CAST(request AS TEXT) FROM model_bytes ORDER BY model_call_id DESC LIMIT ?",
      "SELECT CAST(response AS TEXT) FROM model_bytes ORDER BY model_call_id DESC LIMIT ?"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct sql q;
    int rc;
    sql_read_once(&q, s, texts[i]);
    sql_int(&q, limit);
    while ((rc = sql_next(&q, err)) > 0) {
      const int told = each(arg, str_of(sql_get_text(&q, NULL)));
      if (told >= 0) continue;
      sql_end(&q);
      return told;
    }
    if (rc < 0) return rc;
  }
  return 0;
}
