/* Labelled examples of the taxonomy: all replaced when the taxonomy changed, searched per ticket.
 */
#include "store/knowledge.h"
#include "store/sql.h"

static int example_known(struct store *s, const char *hash, bool *ret, struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM example_hash WHERE hash = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, hash);
  int64_t n = 0;
  const int rc = sql_number(&q, &n, err);
  if (rc == 0) *ret = n > 0;
  return rc;
}

static int example_clear(struct store *s, const char *hash, struct trg_err *err) {
  static const char drop[] = "DELETE FROM example", forget[] = "DELETE FROM example_hash";
  static const char note[] = "INSERT INTO example_hash (hash) VALUES (?)";
  struct sql q;
  sql_write(&q, s, drop);
  int rc = sql_run(&q, err);
  if (rc != 0) return rc;
  sql_write(&q, s, forget);
  rc = sql_run(&q, err);
  if (rc != 0) return rc;
  sql_write(&q, s, note);
  sql_text(&q, hash);
  return sql_run(&q, err);
}

static int example_add(struct store *s, const struct example *e, struct trg_err *err) {
  static const char text[] = "INSERT INTO example (text, category, labels) VALUES (?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, e->text);
  sql_text(&q, e->category);
  sql_text(&q, e->labels);
  return sql_run(&q, err);
}

/* Added one by one they lie in many small pieces of the index, and each search opens all of them.
 */
static int example_pack(struct store *s, struct trg_err *err) {
  static const char text[] = "INSERT INTO example_fts (example_fts) VALUES ('optimize')";
  struct sql q;
  sql_write(&q, s, text);
  return sql_run(&q, err);
}

int example_keep(struct store *s, const char *hash, const struct example *list, size_t count,
                 bool *ret_changed, struct trg_err *err) {
  bool known = false;
  int rc = example_known(s, hash, &known, err);
  if (rc == 0) *ret_changed = !known;
  if (rc != 0 || known) return rc;
  rc = turn_save(s, err);
  if (rc != 0) return rc;
  rc = example_clear(s, hash, err);
  for (size_t i = 0; i < count && rc == 0; i++) rc = example_add(s, &list[i], err);
  if (rc == 0) rc = example_pack(s, err);
  if (rc == 0) return turn_keep(s, err);
  const int undone = turn_undo(s, NULL);
  return undone != 0 ? undone : rc;
}

int example_search(struct store *s, struct trg_str words, int limit, struct arena *a,
                   struct example **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT e.text, e.category, e.labels, f.score FROM (SELECT rowid AS row, bm25(example_fts) AS"
      "  score FROM example_fts WHERE example_fts MATCH ?1 ORDER BY score LIMIT ?2) f"
      " JOIN example e ON e.row = f.row ORDER BY f.score, e.row";
  *ret = NULL;
  *ret_count = 0;
  const char *query = query_of(s, words, a);
  if (query == NULL) return 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, query);
  sql_int(&q, limit);
  struct example *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct example *e = &list[n++];
    e->text = sql_get_text(&q, a);
    e->category = sql_get_text(&q, a);
    e->labels = sql_get_text(&q, a);
    e->score = -sql_get_real(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
