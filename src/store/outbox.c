#include "store/outbox.h"

#include "store/sql.h"

static int planned(struct store *s, const char *idem_key, int64_t *ret_id, struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT id FROM outbox WHERE idem_key = ?), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, idem_key);
  return sql_number(&q, ret_id, err);
}

int outbox_plan(struct store *s, const struct outbox *o, int64_t *ret_id, bool *ret_new,
                struct trg_err *err) {
  static const char text[] =
      "INSERT INTO outbox (ticket_id, pass, intent, idem_key, state, action, version,"
      " last_message_id, planned_ms) VALUES (?, ?, ?, ?, 'planned', ?, ?, ?, ?)";
  int64_t id = 0;
  int rc = turn_write(s, err);
  if (rc == 0) rc = planned(s, o->idem_key, &id, err);
  if (rc != 0) return rc;
  const bool new = id == 0;
  if (new) {
    struct sql q;
    sql_write(&q, s, text);
    sql_int(&q, o->ticket_id);
    sql_int(&q, o->pass);
    sql_text(&q, o->intent);
    sql_text(&q, o->idem_key);
    sql_text(&q, o->action);
    sql_text(&q, o->version);
    sql_text(&q, o->last_message_id);
    sql_int(&q, o->planned_ms);
    rc = sql_run(&q, err);
    id = sqlite3_last_insert_rowid(s->db);
  }
  if (rc != 0) return rc;
  *ret_id = id;
  *ret_new = new;
  return 0;
}

int outbox_set(struct store *s, int64_t id, const char *state, const char *code, const char *why,
               const char *receipts, int64_t now_ms, struct trg_err *err) {
  /* sent_ms is the first attempt's moment: from there on a trace of it may be found. Three words
   * in one IN would make SQLite build a table of them each time. */
  static const char text[] =
      "UPDATE outbox SET state = coalesce(?1, state), code = coalesce(?2, code),"
      " why = coalesce(?3, why), receipts = coalesce(?4, receipts),"
      " attempts = attempts + (?1 IS 'sending'),"
      " sent_ms = CASE WHEN ?1 IS 'sending' AND sent_ms = 0 THEN ?5 ELSE sent_ms END,"
      " done_ms = CASE WHEN ?1 IN ('done', 'rejected') OR ?1 = 'superseded' THEN ?5 ELSE done_ms "
      "END"
      " WHERE id = ?6";
  struct sql q;
  sql_write(&q, s, text);
  sql_text_or_null(&q, state);
  sql_text_or_null(&q, code);
  sql_text_or_null(&q, why);
  sql_text_or_null(&q, receipts);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "outbox entry", err);
}

int outbox_guard(struct store *s, int64_t id, const char *version, const char *last_message_id,
                 struct trg_err *err) {
  static const char text[] = "UPDATE outbox SET version = coalesce(?, version),"
                             " last_message_id = coalesce(?, last_message_id) WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text_or_null(&q, version);
  sql_text_or_null(&q, last_message_id);
  sql_int(&q, id);
  return sql_run_one(&q, "outbox entry", err);
}

#define OUTBOX_COLUMNS                                                                             \
  "o.id, o.ticket_id, o.pass, t.ref, t.helpdesk, t.ext_id, o.intent, o.idem_key, o.state,"         \
  " o.action, o.version, o.last_message_id, o.attempts, o.planned_ms, o.sent_ms, o.done_ms,"       \
  " o.code, o.why, o.receipts FROM outbox o JOIN ticket t ON t.id = o.ticket_id"

static void outbox_of(struct sql *q, struct arena *a, struct outbox *o) {
  o->id = sql_get_int(q);
  o->ticket_id = sql_get_int(q);
  o->pass = sql_get_int(q);
  o->ref = sql_get_text(q, a);
  o->helpdesk = sql_get_text(q, a);
  o->ext_id = sql_get_text(q, a);
  o->intent = sql_get_text(q, a);
  o->idem_key = sql_get_text(q, a);
  o->state = sql_get_text(q, a);
  o->action = sql_get_text(q, a);
  o->version = sql_get_text(q, a);
  o->last_message_id = sql_get_text(q, a);
  o->attempts = sql_get_int(q);
  o->planned_ms = sql_get_int(q);
  o->sent_ms = sql_get_int(q);
  o->done_ms = sql_get_int(q);
  o->code = sql_get_text(q, a);
  o->why = sql_get_text(q, a);
  o->receipts = sql_get_text(q, a);
}

int outbox_by_id(struct store *s, int64_t id, struct arena *a, struct outbox *ret,
                 struct trg_err *err) {
  static const char text[] = "SELECT " OUTBOX_COLUMNS " WHERE o.id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "outbox entry", err);
  if (rc != 0) return rc;
  outbox_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int outbox_list(struct store *s, int64_t ticket_id, const char *state, struct arena *a,
                struct outbox **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " OUTBOX_COLUMNS " WHERE o.ticket_id = ?1"
                             " AND (?2 IS NULL OR o.state = ?2) ORDER BY o.id";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  sql_text_or_null(&q, state);
  struct outbox *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    outbox_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int outbox_recover(struct store *s, int64_t now_ms, int64_t *ret_count, struct trg_err *err) {
  /* Its answer was lost with the process, if it was sent at all. */
  static const char text[] =
      "UPDATE outbox SET state = 'uncertain', code = 'uncertain',"
      " why = 'the program ended while it was sent, at '"
      "  || strftime('%Y-%m-%dT%H:%M:%SZ', ? / 1000, 'unixepoch') || ' it was found again'"
      " WHERE state = 'sending'";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, now_ms);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_count = sql_changed(s);
  return rc;
}
