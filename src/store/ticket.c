/* Reading tickets, and the words of their states. Writing them: ticket_write.c. */
#include "store/ticket.h"

#include "store/sql.h"
#include "store/tally.h"
#include "store/ticket_kept.h"

static const char *const state_words[TICKET_STATES] = {
    [TICKET_NONE] = "none",           [TICKET_RECEIVED] = "received",
    [TICKET_TRIAGING] = "triaging",   [TICKET_TRIAGED] = "triaged",
    [TICKET_ADMITTED] = "admitted",   [TICKET_DRAFTING] = "drafting",
    [TICKET_DRAFTED] = "drafted",     [TICKET_DECIDED] = "decided",
    [TICKET_WRITING] = "writing",     [TICKET_UNCERTAIN] = "uncertain",
    [TICKET_FOLLOWING] = "following", [TICKET_DONE] = "done",
    [TICKET_DEAD] = "dead",
};

const char *ticket_state_word(enum ticket_state s) {
  BUG_UNLESS(s >= TICKET_NONE && s < TICKET_STATES);
  return state_words[s];
}

enum ticket_state ticket_state_of(struct trg_str word) {
  for (int i = 0; i < TICKET_STATES; i++)
    if (str_is(word, state_words[i])) return (enum ticket_state)i;
  return TICKET_NONE;
}

/* --- rows ------------------------------------------------------------------------------------ */

#define TICKET_COLUMNS                                                                             \
  "id, helpdesk, ext_id, ref, state, status, channel, flags, version, subject, requester_hash,"    \
  " url, merged_into, sandbox, pass, inbound_id, created_ms, updated_ms, received_ms, due_ms,"     \
  " lease_ms, attempts, hold_reason, category, subcategory, priority, priority_reason, team,"      \
  " language, sentiment, product_area, duplicate_of, summary, model, wants_human, confidence,"     \
  " outcome, reason, bill_state, bill_reason, settle_ms, changed_ms"

static void ticket_of(struct sql *q, struct arena *a, struct ticket *t) {
  t->id = sql_get_int(q);
  t->helpdesk = sql_get_text(q, a);
  t->ext_id = sql_get_text(q, a);
  t->ref = sql_get_text(q, a);
  t->state = ticket_state_of(str_of(sql_get_text(q, NULL)));
  t->status = (int32_t)sql_get_int(q);
  t->channel = (int32_t)sql_get_int(q);
  t->flags = (uint32_t)sql_get_int(q);
  t->version = sql_get_text(q, a);
  t->subject = sql_get_text(q, a);
  t->requester_hash = sql_get_text(q, a);
  t->url = sql_get_text(q, a);
  t->merged_into = sql_get_text(q, a);
  t->sandbox = sql_get_int(q) != 0;
  t->pass = sql_get_int(q);
  t->inbound_id = sql_get_text(q, a);
  t->created_ms = sql_get_int(q);
  t->updated_ms = sql_get_int(q);
  t->received_ms = sql_get_int(q);
  t->due_ms = sql_get_int(q);
  t->lease_ms = sql_get_int(q);
  t->attempts = sql_get_int(q);
  t->hold_reason = sql_get_text(q, a);
  t->category = sql_get_text(q, a);
  t->subcategory = sql_get_text(q, a);
  t->priority = sql_get_text(q, a);
  t->priority_reason = sql_get_text(q, a);
  t->team = sql_get_text(q, a);
  t->language = sql_get_text(q, a);
  t->sentiment = sql_get_text(q, a);
  t->product_area = sql_get_text(q, a);
  t->duplicate_of = sql_get_text(q, a);
  t->summary = sql_get_text(q, a);
  t->model = sql_get_text(q, a);
  t->wants_human = sql_get_int(q) != 0;
  t->confidence = sql_get_real(q);
  t->outcome = sql_get_text(q, a);
  t->reason = sql_get_text(q, a);
  t->bill_state = sql_get_text(q, a);
  t->bill_reason = sql_get_text(q, a);
  t->settle_ms = sql_get_int(q);
  t->changed_ms = sql_get_int(q);
}

int ticket_by_id(struct store *s, int64_t id, struct arena *a, struct ticket *ret,
                 struct trg_err *err) {
  static const char text[] = "SELECT " TICKET_COLUMNS " FROM ticket WHERE id = ?";
  /* In an open turn nobody else can write. */
  if (s->turn && ticket_kept_get(s->tickets, id, a, ret)) return 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "ticket", err);
  if (rc != 0) return rc;
  ticket_of(&q, a, ret);
  ticket_kept_put(s->tickets, ret);
  sql_end(&q);
  return 0;
}

int ticket_by_ref(struct store *s, struct trg_str ref, struct arena *a, struct ticket *ret,
                  struct trg_err *err) {
  static const char text[] = "SELECT " TICKET_COLUMNS " FROM ticket WHERE ref = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, ref);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  if (rc == 0)
    return err_set(err, TRG_ENOTFOUND, "not_found",
                   "there is no ticket %.*s: a reference is HELPDESK/ID, as 'triagectl tickets' "
                   "lists them",
                   (int)(ref.n < 80 ? ref.n : 80), ref.p == NULL ? "" : ref.p);
  ticket_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int ticket_list(struct store *s, const struct ticket_filter *f, struct arena *a,
                struct ticket **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " TICKET_COLUMNS " FROM ticket"
                             " WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR helpdesk = ?2)"
                             " AND (?3 IS NULL OR outcome = ?3)"
                             " AND (?4 IS NULL OR category = ?4)"
                             " ORDER BY changed_ms DESC, id DESC LIMIT ?5";
  struct sql q;
  sql_read(&q, s, text);
  sql_text_or_null(&q, f->state);
  sql_text_or_null(&q, f->helpdesk);
  sql_text_or_null(&q, f->outcome);
  sql_text_or_null(&q, f->category);
  sql_int(&q, f->limit == 0 ? 100 : f->limit);
  struct ticket *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    ticket_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

/* --- what is due ----------------------------------------------------------------------------- */

static int ids_of(struct sql *q, int limit, int64_t *ids, size_t *ret_count, struct trg_err *err) {
  size_t n = 0;
  int rc;
  while ((rc = sql_next(q, err)) > 0) {
    BUG_UNLESS(n < (size_t)limit);
    ids[n++] = sql_get_int(q);
  }
  if (rc == 0) *ret_count = n;
  return rc;
}

int ticket_due(struct store *s, enum ticket_state state, int64_t now_ms, int limit, int64_t *ids,
               size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT id FROM ticket WHERE state = ?"
                             " AND max(due_ms, lease_ms) <= ?"
                             " ORDER BY max(due_ms, lease_ms), id LIMIT ?";
  BUG_UNLESS(limit >= 0);
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, ticket_state_word(state));
  sql_int(&q, now_ms);
  sql_int(&q, limit);
  return ids_of(&q, limit, ids, ret_count, err);
}

int ticket_settle_due(struct store *s, int64_t now_ms, int limit, int64_t *ids, size_t *ret_count,
                      struct trg_err *err) {
  static const char text[] = "SELECT id FROM ticket WHERE settle_ms > 0 AND settle_ms <= ?"
                             " ORDER BY settle_ms, id LIMIT ?";
  BUG_UNLESS(limit >= 0);
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, now_ms);
  sql_int(&q, limit);
  return ids_of(&q, limit, ids, ret_count, err);
}

int ticket_settle_known(struct store *s, int64_t now_ms, struct trg_str held, int limit,
                        int64_t *ids, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT id FROM ticket WHERE settle_ms > 0 AND settle_ms <= ?"
      " AND instr(?, char(10) || helpdesk || char(10)) = 0"
      " AND NOT EXISTS (SELECT 1 FROM inbox_ticket i WHERE i.helpdesk = ticket.helpdesk"
      "  AND i.ext_id = ticket.ext_id AND i.state = 'waiting')"
      " ORDER BY settle_ms, id LIMIT ?";
  BUG_UNLESS(limit >= 0);
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, now_ms);
  sql_str(&q, held);
  sql_int(&q, limit);
  return ids_of(&q, limit, ids, ret_count, err);
}

/* Each of these is one look at one end of an index. */
static int first_waiting(struct store *s, const char *word, int64_t *ret, struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT max(1, due_ms, lease_ms) FROM ticket"
                             " WHERE state = ? ORDER BY max(due_ms, lease_ms) LIMIT 1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, word);
  return sql_number(&q, ret, err);
}

/* A running ticket without a lease is waited for by its call, not by the clock. */
static int first_lease(struct store *s, const char *word, int64_t *ret, struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT max(due_ms, lease_ms) FROM ticket"
                             " WHERE state = ? AND max(due_ms, lease_ms) > 0"
                             " ORDER BY max(due_ms, lease_ms) LIMIT 1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, word);
  return sql_number(&q, ret, err);
}

static int first_due(struct store *s, enum ticket_state state, int64_t *ret, struct trg_err *err) {
  const bool running = state == TICKET_TRIAGING || state == TICKET_DRAFTING ||
                       state == TICKET_WRITING;
  const char *word = ticket_state_word(state);
  return running ? first_lease(s, word, ret, err) : first_waiting(s, word, ret, err);
}

static int first_settle(struct store *s, int64_t after_ms, int64_t *ret, struct trg_err *err) {
  static const char text[] = "SELECT coalesce((SELECT settle_ms FROM ticket WHERE settle_ms > 0"
                             " AND settle_ms > ? ORDER BY settle_ms LIMIT 1), 0)";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, after_ms);
  return sql_number(&q, ret, err);
}

int ticket_next_due(struct store *s, int64_t settled_ms, int64_t *ret_ms, struct trg_err *err) {
  int64_t first = 0;
  int rc = first_settle(s, settled_ms, &first, err);
  for (int state = TICKET_RECEIVED; state < TICKET_FOLLOWING && rc == 0; state++) {
    int64_t due = 0;
    rc = first_due(s, (enum ticket_state)state, &due, err);
    if (rc == 0 && due > 0 && (first == 0 || due < first)) first = due;
  }
  if (rc == 0) *ret_ms = first;
  return rc;
}

int ticket_depth(struct store *s, int64_t ret_count[TICKET_STATES], struct trg_err *err) {
  static const char text[] = "SELECT word, n FROM depth WHERE kind = 'ticket'";
  int64_t count[TICKET_STATES] = {0};
  int rc = tally_apply(s, err);
  if (rc != 0) return rc;
  struct sql q;
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    const enum ticket_state state = ticket_state_of(str_of(sql_get_text(&q, NULL)));
    count[state] = sql_get_int(&q);
  }
  for (int i = 0; i < TICKET_STATES && rc == 0; i++) ret_count[i] = count[i];
  return rc;
}

int ticket_each(struct store *s, int64_t from_ms, int64_t to_ms,
                int (*fn)(void *arg, int64_t id, const char *ref, struct trg_err *err), void *arg,
                struct trg_err *err) {
  /* The + keeps it from the index by birth, whose rows would have to be sorted in memory. */
  static const char text[] = "SELECT id, ref FROM ticket WHERE +created_ms >= ?1"
                             " AND (?2 = 0 OR +created_ms < ?2) ORDER BY id";
  struct sql q;
  sql_read_once(&q, s, text);
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
