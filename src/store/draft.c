#include "store/sql.h"
#include "store/work.h"

static const char *list_or_none(const char *json) {
  return json == NULL || json[0] == '\0' ? "[]" : json;
}

int draft_add(struct store *s, const struct draft *d, int64_t *ret_id, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO draft (ticket_id, pass, body, citations, missing, next_step, model, confidence,"
      " state, reason, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, d->ticket_id);
  sql_int(&q, d->pass);
  sql_text(&q, d->body);
  sql_text(&q, list_or_none(d->citations));
  sql_text(&q, list_or_none(d->missing));
  sql_text(&q, d->next_step);
  sql_text(&q, d->model);
  sql_real(&q, d->confidence);
  sql_text(&q, d->state == NULL || d->state[0] == '\0' ? "proposed" : d->state);
  sql_text(&q, d->reason);
  sql_int(&q, d->made_ms);
  const int rc = sql_run(&q, err);
  if (rc == 0 && ret_id != NULL) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

int draft_set_state(struct store *s, int64_t id, const char *state, const char *reason,
                    struct trg_err *err) {
  static const char text[] =
      "UPDATE draft SET state = ?, reason = coalesce(?, reason) WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, state);
  sql_text_or_null(&q, reason);
  sql_int(&q, id);
  return sql_run_one(&q, "draft", err);
}

int draft_review(struct store *s, int64_t id, const char *state, const char *who,
                 const char *edited, const char *why, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "UPDATE draft SET state = ?, reviewer = ?, edited = ?, review_reason = ?, reviewed_ms = ?"
      " WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, state);
  sql_text(&q, who);
  sql_text(&q, edited);
  sql_text(&q, why);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "draft", err);
}

#define DRAFT_COLUMNS                                                                              \
  "d.id, d.ticket_id, d.pass, t.ref, t.subject, d.body, d.citations, d.missing, d.next_step,"      \
  " d.model, d.confidence, d.state, d.reason, d.reviewer, d.edited, d.review_reason, d.made_ms,"   \
  " d.reviewed_ms FROM draft d JOIN ticket t ON t.id = d.ticket_id"

static void draft_of(struct sql *q, struct arena *a, struct draft *d) {
  d->id = sql_get_int(q);
  d->ticket_id = sql_get_int(q);
  d->pass = sql_get_int(q);
  d->ref = sql_get_text(q, a);
  d->subject = sql_get_text(q, a);
  d->body = sql_get_text(q, a);
  d->citations = sql_get_text(q, a);
  d->missing = sql_get_text(q, a);
  d->next_step = sql_get_text(q, a);
  d->model = sql_get_text(q, a);
  d->confidence = sql_get_real(q);
  d->state = sql_get_text(q, a);
  d->reason = sql_get_text(q, a);
  d->reviewer = sql_get_text(q, a);
  d->edited = sql_get_text(q, a);
  d->review_reason = sql_get_text(q, a);
  d->made_ms = sql_get_int(q);
  d->reviewed_ms = sql_get_int(q);
}

int draft_newest(struct store *s, int64_t ticket_id, struct arena *a, struct draft *ret,
                 struct trg_err *err) {
  static const char text[] = "SELECT " DRAFT_COLUMNS
                             " WHERE d.ticket_id = ? ORDER BY d.id DESC LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  const int rc = sql_one(&q, "draft", err);
  if (rc != 0) return rc;
  draft_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

static int draft_rows(struct sql *q, struct arena *a, struct draft **ret, size_t *ret_count,
                      struct trg_err *err) {
  struct draft *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    draft_of(q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int draft_list(struct store *s, const char *state, int64_t limit, struct arena *a,
               struct draft **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " DRAFT_COLUMNS
                             " WHERE d.state = ? ORDER BY d.made_ms, d.id LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, state);
  sql_int(&q, limit == 0 ? 100 : limit);
  return draft_rows(&q, a, ret, ret_count, err);
}

int draft_recent(struct store *s, int64_t limit, struct arena *a, struct draft **ret,
                 size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " DRAFT_COLUMNS
                             " WHERE d.id = (SELECT max(o.id) FROM draft o WHERE o.ticket_id ="
                             " d.ticket_id) ORDER BY d.id DESC LIMIT ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, limit);
  return draft_rows(&q, a, ret, ret_count, err);
}

int draft_supersede(struct store *s, int64_t ticket_id, int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE draft SET state = 'superseded', reviewed_ms = ?1"
                             " WHERE ticket_id = ?2 AND state IN ('proposed', 'waiting')";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, now_ms);
  sql_int(&q, ticket_id);
  return sql_run(&q, err);
}
