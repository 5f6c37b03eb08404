/* Writing tickets. Reading them: ticket.c. */
#include "store/delta.h"
#include "store/sql.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/ticket_kept.h"

/* --- what the helpdesk says ------------------------------------------------------------------ */

static int known(struct store *s, const struct ticket_facts *f, int64_t *ret_id,
                 struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT id FROM ticket WHERE helpdesk = ?"
                             " AND ext_id = ?), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, f->helpdesk);
  sql_str(&q, f->ext_id);
  return sql_number(&q, ret_id, err);
}

static void bind_facts(struct sql *q, const struct ticket_facts *f) {
  sql_str(q, f->version);
  sql_str(q, f->subject);
  sql_str(q, f->requester_hash);
  sql_str(q, f->url);
  sql_str(q, f->merged_into);
  sql_int(q, f->status);
  sql_int(q, f->channel);
  sql_int(q, f->flags);
  sql_int(q, f->sandbox);
  sql_int(q, f->updated_ms);
}

static int insert(struct store *s, const struct ticket_facts *f, int64_t now_ms, int64_t *ret_id,
                  struct trg_err *err) {
  /* A helpdesk that does not say when a ticket was opened gets the moment at which we saw it:
   * reports group by it. */
  static const char text[] =
      "INSERT INTO ticket (version, subject, requester_hash, url, merged_into, status, channel,"
      "  flags, sandbox, updated_ms, helpdesk, ext_id, ref, created_ms, received_ms, changed_ms,"
      "  state)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?11 || '/' || ?12, ?13, ?14,"
      "  ?14, 'none')";
  struct sql q;
  sql_write(&q, s, text);
  bind_facts(&q, f);
  sql_str(&q, f->helpdesk);
  sql_str(&q, f->ext_id);
  sql_int(&q, f->created_ms == 0 ? now_ms : f->created_ms);
  sql_int(&q, now_ms);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

static int update(struct store *s, int64_t id, const struct ticket_facts *f, int64_t now_ms,
                  struct trg_err *err) {
  static const char text[] =
      "UPDATE ticket SET version = ?1, "
      "  subject = iif(erased_ms > 0, subject, ?2),"
      "  requester_hash = iif(erased_ms > 0, requester_hash, ?3), url = ?4,"
      "  merged_into = ?5, status = ?6, channel = ?7, flags = ?8, sandbox = ?9, updated_ms = ?10,"
      "  changed_ms = ?12"
      " WHERE id = ?11 AND (version, subject, requester_hash, url, merged_into, status, channel,"
      "  flags, sandbox, updated_ms) <> (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
  struct sql q;
  sql_write(&q, s, text);
  bind_facts(&q, f);
  sql_int(&q, id);
  sql_int(&q, now_ms);
  return sql_run(&q, err);
}

int ticket_put(struct store *s, const struct ticket_facts *f, int64_t now_ms, int64_t *ret_id,
               bool *ret_new, struct trg_err *err) {
  int64_t id = 0;
  int rc = turn_write(s, err);
  if (rc == 0) rc = known(s, f, &id, err);
  if (rc != 0) return rc;
  const bool new = id == 0;
  rc = new ? insert(s, f, now_ms, &id, err) : update(s, id, f, now_ms, err);
  if (rc != 0) return rc;
  *ret_id = id;
  *ret_new = new;
  return 0;
}

/* --- the road -------------------------------------------------------------------------------- */

/* Why an update by id touched no row. */
static int missed(struct store *s, int64_t id, enum ticket_state wanted, struct trg_err *err) {
  static const char text[] = "SELECT ref, state FROM ticket WHERE id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "ticket", err);
  if (rc != 0) return rc;
  const char *ref = sql_get_text(&q, NULL);
  const char *state = sql_get_text(&q, NULL);
  (void)err_set(err, TRG_ESTATE, "state", "%.80s is %s, not %s", ref, state,
                ticket_state_word(wanted));
  sql_end(&q);
  return TRG_ESTATE;
}

static int moved(struct store *s, int64_t id, enum ticket_state from, enum ticket_state to,
                 const struct ticket_step *step, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "UPDATE ticket SET state = ?, due_ms = ?, lease_ms = ?, attempts = ?, hold_reason = ?,"
      " changed_ms = ? WHERE id = ? AND state = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, ticket_state_word(to));
  sql_int(&q, step->due_ms);
  sql_int(&q, step->lease_ms);
  sql_int(&q, step->attempts);
  sql_str(&q, step->hold_reason);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  sql_text(&q, ticket_state_word(from));
  delta_moves(s, ticket_state_word(from), ticket_state_word(to));
  const int rc = sql_run(&q, err);
  delta_moves(s, NULL, NULL);
  if (rc != 0) return rc;
  if (sql_changed(s) != 1) return missed(s, id, from, err);
  ticket_kept_moved(s->tickets, id, to, step, now_ms);
  return 0;
}

static int told(struct store *s, int64_t id, enum ticket_state to, struct trg_str why,
                int64_t now_ms, struct trg_err *err) {
  char *data = mem_dup_str(why);
  const struct event e = {.ticket_id = id,
                          .kind = "state",
                          .ext_id = "",
                          .actor = "system",
                          .value = ticket_state_word(to),
                          .data = data,
                          .at_ms = now_ms,
                          .seen_ms = now_ms};
  bool new;
  const int rc = event_add(s, &e, &new, err);
  mem_free(data);
  return rc;
}

int ticket_move(struct store *s, int64_t id, enum ticket_state from, enum ticket_state to,
                const struct ticket_step *step, int64_t now_ms, struct trg_err *err) {
  static const struct ticket_step plain = {0};
  if (step == NULL) step = &plain;
  const int rc = moved(s, id, from, to, step, now_ms, err);
  if (rc != 0) return rc; /* and nothing was written */
  return turn_needs(s, told(s, id, to, step->why, now_ms, err), err);
}

int ticket_wait(struct store *s, int64_t id, const struct ticket_step *step, int64_t now_ms,
                struct trg_err *err) {
  static const char text[] = "UPDATE ticket SET due_ms = ?, lease_ms = ?, attempts = ?,"
                             " hold_reason = ?, changed_ms = ? WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, step->due_ms);
  sql_int(&q, step->lease_ms);
  sql_int(&q, step->attempts);
  sql_str(&q, step->hold_reason);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}

int ticket_pass(struct store *s, int64_t id, int64_t pass, struct trg_str inbound_id,
                struct trg_err *err) {
  static const char text[] = "UPDATE ticket SET pass = ?, inbound_id = ? WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, pass);
  sql_str(&q, inbound_id);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}

int ticket_judge(struct store *s, int64_t id, const struct ticket_verdict *v, int64_t now_ms,
                 struct trg_err *err) {
  static const char text[] =
      "UPDATE ticket SET category = ?, subcategory = ?, priority = ?, priority_reason = ?,"
      " team = ?, language = ?, sentiment = ?, product_area = ?, duplicate_of = ?, summary = ?,"
      " model = ?, wants_human = ?, confidence = ?, judged_ms = ?14, changed_ms = ?14"
      " WHERE id = ?15";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, v->category);
  sql_str(&q, v->subcategory);
  sql_str(&q, v->priority);
  sql_str(&q, v->priority_reason);
  sql_str(&q, v->team);
  sql_str(&q, v->language);
  sql_str(&q, v->sentiment);
  sql_str(&q, v->product_area);
  sql_str(&q, v->duplicate_of);
  sql_str(&q, v->summary);
  sql_str(&q, v->model);
  sql_int(&q, v->wants_human);
  sql_real(&q, v->confidence);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}

int ticket_outcome(struct store *s, int64_t id, struct trg_str outcome, struct trg_str reason,
                   int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "UPDATE ticket SET outcome = ?, reason = ?, changed_ms = ? WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, outcome);
  sql_str(&q, reason);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}

int ticket_bill(struct store *s, int64_t id, struct trg_str state, struct trg_str reason,
                int64_t settle_ms, struct trg_err *err) {
  static const char text[] =
      "UPDATE ticket SET bill_state = ?, bill_reason = ?, settle_ms = ? WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_str(&q, state);
  sql_str(&q, reason);
  sql_int(&q, settle_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}

int ticket_unsettle(struct store *s, int64_t id, int64_t now_ms, struct trg_err *err) {
  static const char text[] = "UPDATE ticket SET settle_ms = max(1, ?) WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, now_ms);
  sql_int(&q, id);
  return sql_run_one(&q, "ticket", err);
}
