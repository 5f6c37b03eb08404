/* Passages of the knowledge base. Past tickets: past.c. */
#include "store/knowledge.h"

#include "store/sql.h"

static int drop_passages(struct store *s, const char *source, struct trg_err *err) {
  static const char text[] = "DELETE FROM passage WHERE source = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, source);
  return sql_run(&q, err);
}

static int add_passage(struct store *s, const char *source, const struct passage *p,
                       struct trg_err *err) {
  static const char text[] =
      "INSERT INTO passage (id, source, title, heading, text, language, category, hash, hidden,"
      " rules) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, p->id);
  sql_text(&q, source);
  sql_text(&q, p->title);
  sql_text(&q, p->heading);
  sql_text(&q, p->text);
  sql_text(&q, p->language);
  sql_text(&q, p->category);
  sql_text(&q, p->hash);
  sql_text(&q, p->hidden != NULL ? p->hidden : "");
  sql_int(&q, p->rules);
  const int rc = sql_run(&q, err);
  if (rc != 0) err_prefix(err, "passage %s of %s (ids must be unique)", p->id, source);
  return rc;
}

static int note_source(struct store *s, const char *source, const char *file_hash,
                       struct trg_err *err) {
  static const char text[] = "INSERT INTO source (path, file_hash) VALUES (?, ?)"
                             " ON CONFLICT (path) DO UPDATE SET file_hash = excluded.file_hash";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, source);
  sql_text(&q, file_hash);
  return sql_run(&q, err);
}

static int forget_source(struct store *s, const char *source, struct trg_err *err) {
  static const char text[] = "DELETE FROM source WHERE path = ?";
  const int rc = drop_passages(s, source, err);
  if (rc != 0) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, source);
  return sql_run(&q, err);
}

int passage_known(struct store *s, const char *source, const char *file_hash, bool *ret,
                  struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM source WHERE path = ? AND file_hash = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, source);
  sql_text(&q, file_hash);
  int64_t n = 0;
  const int rc = sql_number(&q, &n, err);
  if (rc == 0) *ret = n > 0;
  return rc;
}

int passage_replace(struct store *s, const char *source, const char *file_hash,
                    const struct passage *p, size_t count, bool *ret_changed, struct trg_err *err) {
  bool known = false;
  int rc = passage_known(s, source, file_hash, &known, err);
  if (rc == 0 && known) *ret_changed = false;
  if (rc != 0 || known) return rc;
  rc = turn_save(s, err);
  if (rc != 0) return rc;
  rc = drop_passages(s, source, err);
  for (size_t i = 0; i < count && rc == 0; i++) rc = add_passage(s, source, &p[i], err);
  if (rc == 0) rc = note_source(s, source, file_hash, err);
  if (rc != 0) {
    const int undone = turn_undo(s, NULL);
    return undone != 0 ? undone : rc;
  }
  rc = turn_keep(s, err);
  if (rc == 0) *ret_changed = true;
  return rc;
}

typedef bool same(const char *text, const char *item);

static bool is_whole(const char *text, const char *item) {
  return str_is(str_of(text), item);
}

static bool is_begin(const char *text, const char *item) {
  return str_starts(str_of(text), item);
}

static bool among(const char *const *list, size_t count, const char *text, same *is) {
  for (size_t i = 0; i < count; i++)
    if (is(text, list[i])) return true;
  return false;
}

/* Of the sources that `text` (bound: begin) selects, those that are not in the list. */
static int keep_among(struct store *s, const char *text, const char *begin, const char *const *list,
                      size_t count, same *is, size_t *ret_gone, struct trg_err *err) {
  struct arena *a = arena_new();
  const char **gone = NULL;
  size_t n = 0;
  struct sql q;
  sql_read_once(&q, s, text);
  sql_text(&q, begin);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    const char *path = sql_get_text(&q, NULL);
    if (among(list, count, path, is)) continue;
    gone = sql_room(a, gone, n, sizeof *gone);
    gone[n++] = arena_dup(a, str_of(path));
  }
  for (size_t i = 0; i < n && rc == 0; i++) rc = forget_source(s, gone[i], err);
  *ret_gone = n;
  arena_free(&a);
  return rc;
}

#define NO_FILE "macro:"

int passage_keep(struct store *s, const char *const *sources, size_t count, struct trg_err *err) {
  static const char text[] = "SELECT path FROM source WHERE substr(path, 1, length(?1)) <> ?1"
                             " ORDER BY path";
  size_t gone = 0;
  return keep_among(s, text, NO_FILE, sources, count, is_whole, &gone, err);
}

static const char those_of[] =
    "SELECT path FROM source WHERE substr(path, 1, length(?1)) = ?1 ORDER BY path";

int passage_keep_of(struct store *s, const char *begin, const char *const *sources, size_t count,
                    bool *ret_changed, struct trg_err *err) {
  size_t gone = 0;
  const int rc = keep_among(s, those_of, begin, sources, count, is_whole, &gone, err);
  *ret_changed = gone > 0;
  return rc;
}

int passage_keep_begins(struct store *s, const char *begin, const char *const *begins, size_t count,
                        struct trg_err *err) {
  size_t gone = 0;
  return keep_among(s, those_of, begin, begins, count, is_begin, &gone, err);
}

int passage_pack(struct store *s, struct trg_err *err) {
  static const char text[] = "INSERT INTO passage_fts (passage_fts) VALUES ('optimize')";
  struct sql q;
  sql_write(&q, s, text);
  return sql_run(&q, err);
}

/* --- reading --------------------------------------------------------------------------------- */

#define PASSAGE_COLUMNS                                                                            \
  "p.id, p.source, p.title, p.heading, p.text, p.language, p.category, p.hash, p.hidden, p.rules"

static void passage_of(struct sql *q, struct arena *a, struct passage *p) {
  p->id = sql_get_text(q, a);
  p->source = sql_get_text(q, a);
  p->title = sql_get_text(q, a);
  p->heading = sql_get_text(q, a);
  p->text = sql_get_text(q, a);
  p->language = sql_get_text(q, a);
  p->category = sql_get_text(q, a);
  p->hash = sql_get_text(q, a);
  p->hidden = sql_get_text(q, a);
  p->rules = sql_get_int(q);
}

int passage_search(struct store *s, struct trg_str words, struct trg_str language, int limit,
                   struct arena *a, struct passage **ret, size_t *ret_count, struct trg_err *err) {
  /* Only the best are joined with their texts: the inner query carries row numbers. A passage
   * without a language speaks to everybody. */
  static const char text[] =
      "SELECT " PASSAGE_COLUMNS ", f.score FROM ("
      "  SELECT passage_fts.rowid AS row, bm25(passage_fts, 3.0, 2.0, 1.0) AS score"
      "  FROM passage_fts JOIN passage l ON l.row = passage_fts.rowid"
      "  WHERE passage_fts MATCH ?1 AND (?2 = '' OR l.language IN ('', ?2))"
      "  ORDER BY score LIMIT ?3) f"
      " JOIN passage p ON p.row = f.row ORDER BY f.score, p.id";
  static const char any[] =
      "SELECT " PASSAGE_COLUMNS ", f.score FROM ("
      "  SELECT rowid AS row, bm25(passage_fts, 3.0, 2.0, 1.0) AS score"
      "  FROM passage_fts WHERE passage_fts MATCH ?1 ORDER BY score LIMIT ?2) f"
      " JOIN passage p ON p.row = f.row ORDER BY f.score, p.id";
  *ret = NULL;
  *ret_count = 0;
  const char *query = query_of(s, words, a);
  if (query == NULL) return 0;
  struct sql q;
  sql_read(&q, s, language.n > 0 ? text : any);
  sql_text(&q, query);
  if (language.n > 0) sql_str(&q, language);
  sql_int(&q, limit);
  struct passage *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    passage_of(&q, a, &list[n]);
    list[n++].score = -sql_get_real(&q); /* bm25 is better the lower it is */
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int passage_by_id(struct store *s, struct trg_str id, struct arena *a, struct passage *ret,
                  struct trg_err *err) {
  static const char text[] = "SELECT " PASSAGE_COLUMNS " FROM passage p WHERE p.id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, id);
  const int rc = sql_one(&q, "passage", err);
  if (rc != 0) return rc;
  passage_of(&q, a, ret);
  ret->score = 0;
  sql_end(&q);
  return 0;
}

int passage_count(struct store *s, int64_t *ret, struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM passage";
  struct sql q;
  sql_read(&q, s, text);
  return sql_number(&q, ret, err);
}
