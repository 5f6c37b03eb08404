#include "store/dispute.h"

#include "store/sql.h"

/* One row a dispute: its opening, and its decision when there is one. */
#define DISPUTES                                                                                   \
  "SELECT o.seq, o.ledger_seq, l.ref, coalesce(d.step, 'open'), o.who, o.reason, o.at_ms,"         \
  " o.deadline_ms, coalesce(d.who, ''), coalesce(d.reason, ''), coalesce(d.at_ms, 0),"             \
  " l.amount_micros, (SELECT count(*) FROM dispute_step n WHERE n.dispute = o.seq)"                \
  " FROM dispute_step o JOIN ledger l ON l.seq = o.ledger_seq"                                     \
  " LEFT JOIN dispute_step d ON d.dispute = o.seq AND d.step IN ('upheld', 'credited')"            \
  " WHERE o.step = 'open' "

static void dispute_of(struct sql *q, struct arena *a, struct dispute *d) {
  d->id = sql_get_int(q);
  d->ledger_seq = sql_get_int(q);
  d->ref = sql_get_text(q, a);
  d->state = sql_get_text(q, a);
  d->opened_by = sql_get_text(q, a);
  d->reason = sql_get_text(q, a);
  d->opened_ms = sql_get_int(q);
  d->deadline_ms = sql_get_int(q);
  d->decided_by = sql_get_text(q, a);
  d->decision_reason = sql_get_text(q, a);
  d->decided_ms = sql_get_int(q);
  d->amount_micros = sql_get_int(q);
  d->steps = sql_get_int(q);
}

/* The triggers hold the same; here it gets words that say which case. */
static int may_add(struct store *s, const struct dispute_step *d, struct trg_err *err) {
  static const char open_one[] =
      "SELECT coalesce((SELECT o.seq FROM dispute_step o WHERE o.ledger_seq = ? AND o.step = 'open'"
      " AND NOT EXISTS (SELECT 1 FROM dispute_step d WHERE d.dispute = o.seq"
      "  AND d.step IN ('upheld', 'credited')) LIMIT 1), 0)";
  static const char decided[] = "SELECT count(*) FROM dispute_step WHERE dispute = ?"
                                " AND step IN ('upheld', 'credited')";
  int64_t n = 0;
  struct sql q;
  const bool opens = str_is(str_of(d->step), "open");
  sql_read(&q, s, opens ? open_one : decided);
  sql_int(&q, opens ? d->ledger_seq : d->dispute);
  const int rc = sql_number(&q, &n, err);
  if (rc != 0 || n == 0) return rc;
  if (opens)
    return err_set(err, TRG_ESTATE, "open", "ledger line %lld is in dispute already: dispute %lld",
                   (long long)d->ledger_seq, (long long)n);
  return err_set(err, TRG_ESTATE, "decided", "dispute %lld is decided already",
                 (long long)d->dispute);
}

int dispute_add(struct store *s, const struct dispute_step *d, int64_t *ret_id,
                struct trg_err *err) {
  static const char next[] = "SELECT coalesce(max(seq), 0) + 1 FROM dispute_step";
  static const char text[] =
      "INSERT INTO dispute_step (seq, dispute, ledger_seq, step, who, reason,"
      " deadline_ms, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
  int64_t seq = 0;
  struct sql q;
  int rc = turn_write(s, err);
  if (rc == 0) rc = may_add(s, d, err);
  if (rc != 0) return rc;
  sql_read(&q, s, next);
  rc = sql_number(&q, &seq, err);
  if (rc != 0) return rc;
  const int64_t id = str_is(str_of(d->step), "open") ? seq : d->dispute;
  sql_write(&q, s, text);
  sql_int(&q, seq);
  sql_int(&q, id);
  sql_int(&q, d->ledger_seq);
  sql_text(&q, d->step);
  sql_text(&q, d->who);
  sql_text(&q, d->reason);
  sql_int(&q, d->deadline_ms);
  sql_int(&q, d->at_ms);
  rc = sql_run(&q, err);
  if (rc == 0 && ret_id != NULL) *ret_id = id;
  return rc;
}

int dispute_get(struct store *s, int64_t id, struct arena *a, struct dispute *ret,
                struct trg_err *err) {
  static const char text[] = DISPUTES "AND o.seq = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "dispute", err);
  if (rc != 0) return rc;
  dispute_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int dispute_list(struct store *s, const char *state, struct arena *a, struct dispute **ret,
                 size_t *ret_count, struct trg_err *err) {
  static const char text[] = DISPUTES
      "AND (?1 = '' OR coalesce(d.step, 'open') = ?1) ORDER BY o.seq DESC";
  struct dispute *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_text(&q, state);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    dispute_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int dispute_steps(struct store *s, int64_t id, struct arena *a, struct dispute_step **ret,
                  size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT seq, dispute, ledger_seq, step, who, reason, deadline_ms, at_ms"
      " FROM dispute_step WHERE dispute = ? ORDER BY seq";
  struct dispute_step *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, id);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct dispute_step *d = &list[n++];
    d->seq = sql_get_int(&q);
    d->dispute = sql_get_int(&q);
    d->ledger_seq = sql_get_int(&q);
    d->step = sql_get_text(&q, a);
    d->who = sql_get_text(&q, a);
    d->reason = sql_get_text(&q, a);
    d->deadline_ms = sql_get_int(&q);
    d->at_ms = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int dispute_depth(struct store *s, int64_t now_ms, int64_t *ret_open, int64_t *ret_overdue,
                  struct trg_err *err) {
  static const char text[] =
      "SELECT count(*), coalesce(sum(o.deadline_ms < ?), 0) FROM dispute_step o"
      " WHERE o.step = 'open' AND NOT EXISTS (SELECT 1 FROM dispute_step d"
      "  WHERE d.dispute = o.seq AND d.step IN ('upheld', 'credited'))";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, now_ms);
  const int rc = sql_one(&q, "count of disputes", err);
  if (rc != 0) return rc;
  *ret_open = sql_get_int(&q);
  *ret_overdue = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

/* --- price books in force -------------------------------------------------------------------- */

int book_change_add(struct store *s, const char *book, const char *hash, const char *who,
                    const char *how, int64_t at_ms, bool *ret_new, struct trg_err *err) {
  static const char newest[] =
      "SELECT EXISTS (SELECT 1 FROM book_change WHERE book = ?1 AND book_hash = ?2 AND who = ?3)"
      " AND (SELECT c.book_hash FROM book_change c ORDER BY c.seq DESC LIMIT 1) = ?2";
  static const char text[] = "INSERT INTO book_change (book, book_hash, who, how, at_ms)"
                             " VALUES (?, ?, ?, ?, ?)";
  int64_t same = 0;
  struct sql q;
  sql_read(&q, s, newest);
  sql_text(&q, book);
  sql_text(&q, hash);
  sql_text(&q, who);
  int rc = sql_number(&q, &same, err);
  if (rc != 0 || same > 0) return rc;
  if (ret_new != NULL) *ret_new = true;
  sql_write(&q, s, text);
  sql_text(&q, book);
  sql_text(&q, hash);
  sql_text(&q, who);
  sql_text(&q, how);
  sql_int(&q, at_ms);
  return sql_run(&q, err);
}

int book_changed_by(struct store *s, const char *hash, const char *who, bool *ret,
                    struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM book_change WHERE book_hash = ? AND who = ?";
  int64_t n = 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, hash);
  sql_text(&q, who);
  const int rc = sql_number(&q, &n, err);
  if (rc == 0) *ret = n > 0;
  return rc;
}
