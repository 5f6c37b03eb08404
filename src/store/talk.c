#include "store/talk.h"

#include <triaged/connector.h>

#include "store/sql.h"

/* --- messages -------------------------------------------------------------------------------- */

/* *ret_id 0: not known. *ret_erased: the ticket's person was erased, and this is not something new
 * that they wrote since. */
static int message_known(struct store *s, const struct message *m, int64_t *ret_id,
                         bool *ret_erased, struct trg_err *err) {
  static const char text[] =
      "SELECT coalesce((SELECT id FROM message WHERE ticket_id = ?1 AND ext_id = ?2), 0),"
      " coalesce((SELECT erased_ms FROM ticket WHERE id = ?1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, m->ticket_id);
  sql_text(&q, m->ext_id);
  const int rc = sql_one(&q, "a message", err);
  if (rc != 0) return rc;
  *ret_id = sql_get_int(&q);
  const int64_t erased_ms = sql_get_int(&q);
  *ret_erased = erased_ms > 0 && (m->author != TRG_AUTHOR_CUSTOMER || m->at_ms <= erased_ms);
  sql_end(&q);
  return 0;
}

static void bind_message(struct sql *q, const struct message *m) {
  sql_int(q, m->author);
  sql_int(q, m->flags);
  sql_int(q, m->at_ms);
  sql_text(q, m->author_id);
  sql_text(q, m->text);
  sql_text(q, m->attachments == NULL || m->attachments[0] == '\0' ? "[]" : m->attachments);
  sql_text(q, m->marker);
}

static int message_insert(struct store *s, const struct message *m, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO message (author, flags, at_ms, author_id, text, attachments, marker,"
      " ticket_id, ext_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  bind_message(&q, m);
  sql_int(&q, m->ticket_id);
  sql_text(&q, m->ext_id);
  return sql_run(&q, err);
}

static int message_update(struct store *s, int64_t id, const struct message *m,
                          struct trg_err *err) {
  /* A marker that was seen once is not forgotten because a later answer leaves it out. */
  static const char text[] =
      "UPDATE message SET author = ?1, flags = ?2, at_ms = ?3, author_id = ?4, text = ?5,"
      "  attachments = ?6, marker = CASE ?7 WHEN '' THEN marker ELSE ?7 END"
      " WHERE id = ?8 AND ((author, flags, at_ms, author_id, text, attachments)"
      "  <> (?1, ?2, ?3, ?4, ?5, ?6) OR (?7 <> '' AND marker <> ?7))";
  struct sql q;
  sql_write(&q, s, text);
  bind_message(&q, m);
  sql_int(&q, id);
  return sql_run(&q, err);
}

int message_put(struct store *s, const struct message *m, bool *ret_new, struct trg_err *err) {
  int64_t id = 0;
  bool erased = false;
  struct message kept = *m;
  int rc = turn_write(s, err);
  if (rc == 0) rc = message_known(s, m, &id, &erased, err);
  if (rc == 0 && erased) {
    kept.text = kept.author_id = "";
    kept.attachments = "[]";
  }
  if (rc == 0) rc = id == 0 ? message_insert(s, &kept, err) : message_update(s, id, &kept, err);
  if (rc == 0) *ret_new = id == 0;
  return rc;
}

int message_list(struct store *s, int64_t ticket_id, struct arena *a, struct message **ret,
                 size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT id, ticket_id, ext_id, author, flags, at_ms, author_id, text, attachments, marker"
      " FROM message WHERE ticket_id = ? ORDER BY at_ms, id";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  struct message *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct message *m = &list[n++];
    m->id = sql_get_int(&q);
    m->ticket_id = sql_get_int(&q);
    m->ext_id = sql_get_text(&q, a);
    m->author = (int32_t)sql_get_int(&q);
    m->flags = (uint32_t)sql_get_int(&q);
    m->at_ms = sql_get_int(&q);
    m->author_id = sql_get_text(&q, a);
    m->text = sql_get_text(&q, a);
    m->attachments = sql_get_text(&q, a);
    m->marker = sql_get_text(&q, a);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

/* --- events ---------------------------------------------------------------------------------- */

static bool of_the_road(const char *kind) {
  static const char *const kinds[] = {"state", "retry", "dead", "requeue"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (str_is(str_of(kind), kinds[i])) return true;
  return false;
}

static int mark_for_settle(struct store *s, int64_t ticket_id, int64_t seen_ms,
                           struct trg_err *err) {
  static const char text[] = "UPDATE ticket SET settle_ms = ?1"
                             " WHERE id = ?2 AND (settle_ms = 0 OR settle_ms > ?1)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, seen_ms < 1 ? 1 : seen_ms);
  sql_int(&q, ticket_id);
  return sql_run(&q, err);
}

/* Read apart: an INSERT that selects from its own table goes through a temporary one. */
static int next_seq(struct store *s, int64_t *ret, struct trg_err *err) {
  static const char text[] = "SELECT coalesce(max(seq), 0) + 1 FROM event";
  struct sql q;
  sql_read(&q, s, text);
  return sql_number(&q, ret, err);
}

int event_add(struct store *s, const struct event *e, bool *ret_new, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO event (seq, ticket_id, kind, ext_id, actor, value, data, at_ms, seen_ms)"
      " VALUES (?9, ?1, ?2, CASE ?3 WHEN '' THEN 'seq:' || ?9 ELSE ?3 END, ?4, ?5, ?6, ?7, ?8)"
      " ON CONFLICT (ticket_id, kind, ext_id) DO NOTHING";
  int64_t seq = 0;
  int rc = turn_write(s, err);
  if (rc == 0) rc = next_seq(s, &seq, err);
  if (rc != 0) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, e->ticket_id);
  sql_text(&q, e->kind);
  sql_text(&q, e->ext_id);
  sql_text(&q, e->actor);
  sql_text(&q, e->value);
  sql_text(&q, e->data);
  sql_int(&q, e->at_ms);
  sql_int(&q, e->seen_ms);
  sql_int(&q, seq);
  rc = sql_run(&q, err);
  if (rc != 0) return rc;
  const bool new = sql_changed(s) == 1;
  if (new && !of_the_road(e->kind)) rc = mark_for_settle(s, e->ticket_id, e->seen_ms, err);
  if (rc == 0) *ret_new = new;
  return rc;
}

int event_list(struct store *s, int64_t ticket_id, bool facts_only, struct arena *a,
               struct event **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT seq, ticket_id, kind, ext_id, actor, value, data, at_ms, seen_ms FROM event"
      " WHERE ticket_id = ?1 AND (?2 = 0 OR (kind <> 'state' AND kind <> 'retry' AND kind <> 'dead'"
      "  AND kind <> 'requeue'))"
      " ORDER BY at_ms, seq";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  sql_int(&q, facts_only);
  struct event *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct event *e = &list[n++];
    e->seq = sql_get_int(&q);
    e->ticket_id = sql_get_int(&q);
    e->kind = sql_get_text(&q, a);
    e->ext_id = sql_get_text(&q, a);
    e->actor = sql_get_text(&q, a);
    e->value = sql_get_text(&q, a);
    e->data = sql_get_text(&q, a);
    e->at_ms = sql_get_int(&q);
    e->seen_ms = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int event_newest_each(struct store *s, const char *kind, int64_t from_ms, int64_t to_ms,
                      int (*fn)(void *arg, int64_t ticket_id, const char *value,
                                struct trg_err *err),
                      void *arg, struct trg_err *err) {
  /* The + keeps it from the index by birth, whose rows would have to be sorted in memory. */
  static const char text[] =
      "SELECT t.id, (SELECT e.value FROM event e WHERE e.ticket_id = t.id AND e.kind = ?1"
      "  ORDER BY e.at_ms DESC, e.seq DESC LIMIT 1) AS newest FROM ticket t"
      " WHERE +t.created_ms >= ?2 AND (?3 = 0 OR +t.created_ms < ?3) AND newest IS NOT NULL"
      " ORDER BY t.id";
  struct sql q;
  sql_read_once(&q, s, text);
  sql_text(&q, kind);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    const int64_t id = sql_get_int(&q);
    const int stop = fn(arg, id, sql_get_text(&q, NULL), err);
    if (stop == 0) continue;
    sql_end(&q);
    return stop;
  }
  return rc;
}

int audit_add(struct store *s, const char *who, const char *what, const char *object,
              const char *detail, int64_t at_ms, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO audit (who, what, object, detail, at_ms) VALUES (?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, who);
  sql_text(&q, what);
  sql_text(&q, object);
  sql_text(&q, detail);
  sql_int(&q, at_ms);
  return sql_run(&q, err);
}
