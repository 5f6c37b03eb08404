#include "store/inbox.h"

#include "store/sql.h"
#include "store/tally.h"

/* Two tables: `inbox` remembers each notice, so that it counts once; `inbox_ticket` has one row
 * for each ticket that waits for a fetch. */

static int waits(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t seq,
                 struct trg_str source, int64_t now_ms, struct trg_err *err) {
  /* A dead ticket that changed at the helpdesk is worth another look. The lease of a fetch under
   * way goes on: inbox_done sees that a newer notice came. */
  static const char text[] =
      "INSERT INTO inbox_ticket (helpdesk, ext_id, state, seq, source, told_ms, due_ms)"
      " VALUES (?1, ?2, 'waiting', ?3, ?4, ?5, ?5)"
      " ON CONFLICT (helpdesk, ext_id) DO UPDATE SET seq = excluded.seq,"
      "  source = excluded.source, told_ms = excluded.told_ms,"
      "  due_ms = CASE leased WHEN 1 THEN due_ms ELSE min(due_ms, excluded.due_ms) END,"
      "  attempts = CASE state WHEN 'dead' THEN 0 ELSE attempts END,"
      "  reason = CASE state WHEN 'dead' THEN '' ELSE reason END, state = 'waiting'";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, helpdesk);
  sql_str(&q, ext_id);
  sql_int(&q, seq);
  sql_str(&q, source);
  sql_int(&q, now_ms);
  return sql_run(&q, err);
}

int inbox_add(struct store *s, struct trg_str helpdesk, struct trg_str ext_id,
              struct trg_str version, struct trg_str source, int64_t at_ms, int64_t now_ms,
              bool *ret_new, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO inbox (helpdesk, ext_id, version, source, at_ms, seen_ms)"
      " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (helpdesk, ext_id, version) DO NOTHING";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, helpdesk);
  sql_str(&q, ext_id);
  sql_str(&q, version);
  sql_str(&q, source);
  sql_int(&q, at_ms);
  sql_int(&q, now_ms);
  int rc = sql_run(&q, err);
  if (rc != 0) return rc;
  const bool new = sql_changed(s) == 1;
  if (new) rc = waits(s, helpdesk, ext_id, sqlite3_last_insert_rowid(s->db), source, now_ms, err);
  if (rc == 0) *ret_new = new;
  return rc;
}

int inbox_look(struct store *s, struct trg_str helpdesk, struct trg_str ext_id,
               struct trg_str version, int64_t at_ms, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "DELETE FROM inbox WHERE helpdesk = ? AND ext_id = ? AND source = 'look'";
  struct sql q;
  bool fresh = false;
  sql_write(&q, s, text);
  sql_str(&q, helpdesk);
  sql_str(&q, ext_id);
  const int rc = sql_run(&q, err);
  return rc != 0
             ? rc
             : inbox_add(s, helpdesk, ext_id, version, TRG_STR("look"), at_ms, now_ms, &fresh, err);
}

int inbox_delivery(struct store *s, struct trg_str helpdesk, struct trg_str delivery_id,
                   int64_t now_ms, bool *ret_new, struct trg_err *err) {
  static const char text[] = "INSERT INTO delivery (helpdesk, delivery_id, seen_ms)"
                             " VALUES (?, ?, ?) ON CONFLICT (helpdesk, delivery_id) DO NOTHING";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, helpdesk);
  sql_str(&q, delivery_id);
  sql_int(&q, now_ms);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_new = sql_changed(s) == 1;
  return rc;
}

static int lease(struct store *s, struct trg_str helpdesk, const char *ext_id, int64_t lease_ms,
                 struct trg_err *err) {
  /* Counted when it is taken, so that a ticket whose fetch ends the process does not go on for
   * ever unseen. */
  static const char text[] = "UPDATE inbox_ticket SET leased = 1, due_ms = ?,"
                             " attempts = attempts + 1 WHERE helpdesk = ? AND ext_id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, lease_ms);
  sql_str(&q, helpdesk);
  sql_text(&q, ext_id);
  return sql_run(&q, err);
}

int inbox_take(struct store *s, struct trg_str helpdesk, int64_t now_ms, int64_t lease_ms,
               int limit, struct arena *a, struct inbox_item **ret, size_t *ret_count,
               struct trg_err *err) {
  static const char text[] = "SELECT seq, ext_id, source, attempts, coalesce((SELECT i.at_ms"
                             " FROM inbox i WHERE i.seq = inbox_ticket.seq), 0) FROM inbox_ticket"
                             " WHERE helpdesk = ? AND state = 'waiting' AND due_ms <= ?"
                             " ORDER BY due_ms, seq LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, helpdesk);
  sql_int(&q, now_ms);
  sql_int(&q, limit);
  struct inbox_item *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct inbox_item *x = &list[n++];
    x->seq = sql_get_int(&q);
    x->ext_id = sql_get_text(&q, a);
    x->source = sql_get_text(&q, a);
    x->attempts = sql_get_int(&q);
    x->at_ms = sql_get_int(&q);
  }
  for (size_t i = 0; rc == 0 && i < n; i++) rc = lease(s, helpdesk, list[i].ext_id, lease_ms, err);
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int inbox_done(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t seq,
               struct trg_err *err) {
  static const char gone[] =
      "DELETE FROM inbox_ticket WHERE helpdesk = ? AND ext_id = ? AND seq <= ?";
  static const char newer[] =
      "UPDATE inbox_ticket SET state = 'waiting', leased = 0, due_ms = told_ms, attempts = 0,"
      " reason = '' WHERE helpdesk = ? AND ext_id = ? AND seq > ?";
  static const char *const texts[] = {gone, newer};
  int rc = 0;
  for (int i = 0; i < 2 && rc == 0; i++) {
    struct sql q;
    sql_write(&q, s, texts[i]);
    sql_str(&q, helpdesk);
    sql_str(&q, ext_id);
    sql_int(&q, seq);
    rc = sql_run(&q, err);
  }
  return rc;
}

int inbox_retry(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t seq,
                int64_t due_ms, bool dead, struct trg_str reason, struct trg_err *err) {
  /* A newer notice is not given up because the older one was. */
  static const char text[] =
      "UPDATE inbox_ticket SET leased = 0, due_ms = ?1, reason = ?2,"
      " state = CASE WHEN ?3 AND seq <= ?6 THEN 'dead' ELSE 'waiting' END,"
      " attempts = CASE WHEN ?3 AND seq > ?6 THEN 0 WHEN ?1 = 0 THEN max(0, attempts - 1)"
      "  ELSE attempts END"
      " WHERE helpdesk = ?4 AND ext_id = ?5";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, due_ms);
  sql_str(&q, reason);
  sql_int(&q, dead);
  sql_str(&q, helpdesk);
  sql_str(&q, ext_id);
  sql_int(&q, seq);
  return sql_run(&q, err);
}

int inbox_release(struct store *s, struct trg_err *err) {
  static const char text[] =
      "UPDATE inbox_ticket SET leased = 0, due_ms = told_ms WHERE leased = 1";
  struct sql q;
  sql_write(&q, s, text);
  return sql_run(&q, err);
}

static int depth_of(struct store *s, const char *kind, struct trg_str helpdesk, int64_t *ret,
                    struct trg_err *err) {
  static const char text[] =
      "SELECT coalesce((SELECT n FROM depth WHERE kind = ? AND word = ?), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, kind);
  sql_str(&q, helpdesk);
  return sql_number(&q, ret, err);
}

int inbox_depth(struct store *s, struct trg_str helpdesk, int64_t *ret_waiting, int64_t *ret_dead,
                struct trg_err *err) {
  int64_t waiting = 0, dead = 0;
  int rc = tally_apply(s, err);
  if (rc == 0) rc = depth_of(s, "inbox waiting", helpdesk, &waiting, err);
  if (rc == 0) rc = depth_of(s, "inbox dead", helpdesk, &dead, err);
  if (rc != 0) return rc;
  *ret_waiting = waiting;
  *ret_dead = dead;
  return 0;
}

int inbox_next_due(struct store *s, struct trg_str helpdesk, int64_t *ret_ms, struct trg_err *err) {
  static const char text[] = "SELECT coalesce(max(1, min(due_ms)), 0) FROM inbox_ticket"
                             " WHERE helpdesk = ? AND state = 'waiting'";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, helpdesk);
  return sql_number(&q, ret_ms, err);
}

int inbox_requeue(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t now_ms,
                  int64_t *ret_count, struct trg_err *err) {
  static const char one[] =
      "UPDATE inbox_ticket SET state = 'waiting', due_ms = ?, attempts = 0, leased = 0"
      " WHERE helpdesk = ? AND ext_id = ? AND state = 'dead'";
  static const char all[] =
      "UPDATE inbox_ticket SET state = 'waiting', due_ms = ?, attempts = 0, leased = 0"
      " WHERE helpdesk = ? AND state = 'dead'";
  struct sql q;
  sql_write(&q, s, ext_id.n > 0 ? one : all);
  sql_int(&q, now_ms);
  sql_str(&q, helpdesk);
  if (ext_id.n > 0) sql_str(&q, ext_id);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_count = sql_changed(s);
  return rc;
}

/* --- cursors --------------------------------------------------------------------------------- */

int cursor_get(struct store *s, struct trg_str helpdesk, struct arena *a, struct cursor *ret,
               struct trg_err *err) {
  static const char text[] = "SELECT cursor, since_ms, polled_ms, ok_ms, covered_ms, error"
                             " FROM cursor WHERE helpdesk = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, helpdesk);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret = (struct cursor){.cursor = "", .error = ""};
  if (rc == 0) return 0;
  ret->cursor = sql_get_text(&q, a);
  ret->since_ms = sql_get_int(&q);
  ret->polled_ms = sql_get_int(&q);
  ret->ok_ms = sql_get_int(&q);
  ret->covered_ms = sql_get_int(&q);
  ret->error = sql_get_text(&q, a);
  sql_end(&q);
  return 0;
}

int cursor_put(struct store *s, struct trg_str helpdesk, const struct cursor *c,
               struct trg_err *err) {
  static const char text[] =
      "INSERT INTO cursor (helpdesk, cursor, since_ms, polled_ms, ok_ms, covered_ms, error)"
      " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (helpdesk) DO UPDATE SET"
      " cursor = excluded.cursor, since_ms = excluded.since_ms, polled_ms = excluded.polled_ms,"
      " ok_ms = excluded.ok_ms, covered_ms = excluded.covered_ms, error = excluded.error";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, helpdesk);
  sql_text(&q, c->cursor);
  sql_int(&q, c->since_ms);
  sql_int(&q, c->polled_ms);
  sql_int(&q, c->ok_ms);
  sql_int(&q, c->covered_ms);
  sql_text(&q, c->error);
  return sql_run(&q, err);
}
