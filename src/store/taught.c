/* Labelled texts of files that were trained with: one row a text, with the label given last. */
#include <triaged/model.h>

#include "base/hash.h"
#include "base/str.h"
#include "store/knowledge.h"
#include "store/sql.h"

int taught_put(struct store *s, const struct trg_example *e, const char *lookup, const char *source,
               int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO taught (hash, text, labels, lookup, source, put_ms) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (hash) DO UPDATE SET labels = excluded.labels, source = excluded.source,"
      " put_ms = excluded.put_ms,"
      " lookup = CASE excluded.lookup WHEN '' THEN lookup ELSE excluded.lookup END";
  char hash[HASH_HEX_MAX];
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, hash_hex(e->text, hash));
  sql_str(&q, e->text);
  sql_str(&q, e->labels);
  sql_text(&q, lookup);
  sql_text(&q, source);
  sql_int(&q, now_ms);
  return sql_run(&q, err);
}

int taught_list(struct store *s, struct arena *a, struct trg_example **ret, size_t *ret_count,
                struct trg_err *err) {
  static const char text[] = "SELECT text, labels FROM taught ORDER BY row";
  struct trg_example *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].text = str_of(sql_get_text(&q, a));
    list[n++].labels = str_of(sql_get_text(&q, a));
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int taught_clear(struct store *s, struct trg_err *err) {
  static const char text[] = "DELETE FROM taught";
  struct sql q;
  sql_write(&q, s, text);
  return sql_run(&q, err);
}
