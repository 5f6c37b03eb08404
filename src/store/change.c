#include "store/change.h"

#include <string.h>

#include "base/str.h"
#include "store/sql.h"
#include "store/store.h"

#define IN_FORCE   "change.in_force"
#define HASH_LEAST 8

bool change_is_approved(const struct change *c) {
  return c->approved_ms != 0 && !c->emergency;
}

int change_in_force(struct store *s, const struct change *c, int64_t now_ms, struct trg_err *err) {
  static const char text[] = "INSERT INTO change (hash, conf_hash, book_hash, skills_hash, seen_ms)"
                             " VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING";
  struct arena *a = arena_new();
  char *before = NULL;
  int rc = store_get(s, IN_FORCE, a, &before, err);
  const bool same = rc == 0 && before != NULL && strcmp(before, c->hash) == 0;
  arena_free(&a);
  if (rc == TRG_ENOTFOUND) rc = 0;
  if (rc != 0 || same) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, c->hash);
  sql_text(&q, c->conf_hash);
  sql_text(&q, c->book_hash);
  sql_text(&q, c->skills_hash);
  sql_int(&q, now_ms);
  rc = sql_run(&q, err);
  return rc != 0 ? rc : store_put(s, IN_FORCE, c->hash, err);
}

#define COLUMNS                                                                                    \
  "hash, conf_hash, book_hash, skills_hash, seen_ms, requested_by, request_why, requested_ms,"     \
  " approved_by, approve_why, approved_ms, emergency"

static void change_of(struct sql *q, struct arena *a, struct change *c) {
  c->hash = sql_get_text(q, a);
  c->conf_hash = sql_get_text(q, a);
  c->book_hash = sql_get_text(q, a);
  c->skills_hash = sql_get_text(q, a);
  c->seen_ms = sql_get_int(q);
  c->requested_by = sql_get_text(q, a);
  c->request_why = sql_get_text(q, a);
  c->requested_ms = sql_get_int(q);
  c->approved_by = sql_get_text(q, a);
  c->approve_why = sql_get_text(q, a);
  c->approved_ms = sql_get_int(q);
  c->emergency = sql_get_int(q) != 0;
}

int change_get(struct store *s, struct trg_str hash, struct arena *a, struct change *ret,
               struct trg_err *err) {
  static const char text[] = "SELECT " COLUMNS " FROM change WHERE substr(hash, 1, length(?1)) = ?1"
                             " ORDER BY seen_ms DESC, hash LIMIT 1";
  if (hash.n < HASH_LEAST)
    return err_set(err, TRG_EINVAL, "usage", "name a change by %d characters of its hash or more",
                   HASH_LEAST);
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, hash);
  const int rc = sql_one(&q, "change", err);
  if (rc != 0) return rc;
  change_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int change_now(struct store *s, struct arena *a, struct change *ret, struct trg_err *err) {
  char *hash = NULL;
  const int rc = store_get(s, IN_FORCE, a, &hash, err);
  if (rc != 0) return rc;
  if (hash == NULL) return err_set(err, TRG_ENOTFOUND, "not_found", "no daemon ran here yet");
  return change_get(s, str_of(hash), a, ret, err);
}

int change_list(struct store *s, int limit, struct arena *a, struct change **ret, size_t *ret_count,
                struct trg_err *err) {
  static const char text[] = "SELECT " COLUMNS " FROM change ORDER BY seen_ms DESC, hash LIMIT ?";
  struct change *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, limit);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    change_of(&q, a, &list[n++]);
  }
  *ret = list;
  *ret_count = n;
  return rc;
}

int change_request(struct store *s, const char *hash, const char *who, const char *why,
                   int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE change SET requested_by = ?2, request_why = ?3,"
                             " requested_ms = ?4 WHERE hash = ?1";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, hash);
  sql_text(&q, who);
  sql_text(&q, why);
  sql_int(&q, now_ms);
  return sql_run_one(&q, "change", err);
}

int change_approve(struct store *s, const char *hash, const char *who, const char *why,
                   bool emergency, int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE change SET approved_by = ?2, approve_why = ?3,"
                             " approved_ms = ?4, emergency = ?5 WHERE hash = ?1";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, hash);
  sql_text(&q, who);
  sql_text(&q, why);
  sql_int(&q, now_ms);
  sql_int(&q, emergency);
  return sql_run_one(&q, "change", err);
}

/* --- approvals of drafts -----------------------------------------------------------------------
 */

int approval_add(struct store *s, int64_t draft_id, const char *text_hash, const char *who,
                 const char *author, int64_t now_ms, int64_t *ret_people, bool *ret_again,
                 struct trg_err *err) {
  static const char known[] = "SELECT count(*) FROM approval WHERE draft_id = ?1 AND text_hash = ?2"
                              " AND who = ?3";
  static const char add[] = "INSERT INTO approval (draft_id, text_hash, who, at_ms)"
                            " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
  static const char people[] = "SELECT count(DISTINCT who) FROM (SELECT who FROM approval WHERE"
                               " draft_id = ?1 AND text_hash = ?2 UNION ALL SELECT ?3"
                               " WHERE ?3 <> '')";
  int64_t before = 0;
  struct sql q;
  sql_read(&q, s, known);
  sql_int(&q, draft_id);
  sql_text(&q, text_hash);
  sql_text(&q, who);
  int rc = sql_number(&q, &before, err);
  if (rc != 0) return rc;
  sql_write(&q, s, add);
  sql_int(&q, draft_id);
  sql_text(&q, text_hash);
  sql_text(&q, who);
  sql_int(&q, now_ms);
  rc = sql_run(&q, err);
  if (rc != 0) return rc;
  sql_read(&q, s, people);
  sql_int(&q, draft_id);
  sql_text(&q, text_hash);
  sql_text(&q, author);
  rc = sql_number(&q, ret_people, err);
  *ret_again = before > 0 || strcmp(who, author) == 0;
  return rc;
}

/* --- confirmations -----------------------------------------------------------------------------
 */

int confirmation_add(struct store *s, const struct confirmation *c, struct trg_err *err) {
  static const char text[] = "INSERT INTO confirmation (control, who, text, at_ms, until_ms)"
                             " VALUES (?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, c->control);
  sql_text(&q, c->who);
  sql_text(&q, c->text);
  sql_int(&q, c->at_ms);
  sql_int(&q, c->until_ms);
  return sql_run(&q, err);
}

int confirmation_of(struct store *s, const char *control, struct arena *a, struct confirmation *ret,
                    struct trg_err *err) {
  static const char text[] = "SELECT control, who, text, at_ms, until_ms FROM confirmation"
                             " WHERE control = ? ORDER BY id DESC LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, control);
  const int rc = sql_one(&q, "confirmation", err);
  if (rc != 0) return rc;
  ret->control = sql_get_text(&q, a);
  ret->who = sql_get_text(&q, a);
  ret->text = sql_get_text(&q, a);
  ret->at_ms = sql_get_int(&q);
  ret->until_ms = sql_get_int(&q);
  sql_end(&q);
  return 0;
}
