#include "store/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "store/sql.h"

/* The last line's seq and hash are also kept apart, so that a cut-off end is seen. */
#define HEAD_KEY "ledger.head"

/* --- what is hashed -------------------------------------------------------------------------- */

static void name_field(struct buf *b, const char *name) {
  buf_add(b, ",\"", 2);
  buf_text(b, name);
  buf_add(b, "\":", 2);
}

static void text_field(struct buf *b, const char *name, const char *value) {
  name_field(b, name);
  buf_json(b, str_of(value));
}

static void int_field(struct buf *b, const char *name, int64_t value) {
  char text[24];
  name_field(b, name);
  buf_add(b, text, (size_t)snprintf(text, sizeof text, "%" PRId64, value));
}

/* A compact JSON object with its keys in this order, so that an auditor can make it again from an
 * export with any JSON library. */
char *ledger_canonical(const struct ledger_line *l) {
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"seq\":%" PRId64, l->seq);
  text_field(&b, "kind", l->kind);
  text_field(&b, "charge_key", l->charge_key);
  int_field(&b, "corrects", l->corrects);
  int_field(&b, "ticket_id", l->ticket_id);
  text_field(&b, "ref", l->ref);
  text_field(&b, "helpdesk", l->helpdesk);
  text_field(&b, "category", l->category);
  text_field(&b, "model", l->model);
  text_field(&b, "period", l->period);
  text_field(&b, "outcome", l->outcome);
  text_field(&b, "evidence_level", l->evidence_level);
  text_field(&b, "rule", l->rule);
  int_field(&b, "amount_micros", l->amount_micros);
  int_field(&b, "model_cost_micros", l->model_cost_micros);
  text_field(&b, "book", l->book);
  text_field(&b, "book_hash", l->book_hash);
  text_field(&b, "evidence", l->evidence);
  if (l->evidence_hash != NULL && l->evidence_hash[0] != '\0')
    text_field(&b, "evidence_hash", l->evidence_hash); /* lines of older versions have none */
  text_field(&b, "reason", l->reason);
  int_field(&b, "at_ms", l->at_ms);
  int_field(&b, "written_ms", l->written_ms);
  text_field(&b, "prev_hash", l->prev_hash);
  buf_char(&b, '}');
  BUG_UNLESS(!b.over);
  return buf_take(&b, NULL);
}

static void hash_line(const struct ledger_line *l, char out[LEDGER_HASH_MAX]) {
  char *text = ledger_canonical(l);
  (void)hash_hex(str_of(text), out);
  mem_free(text);
}

/* --- rows ------------------------------------------------------------------------------------ */

#define LEDGER_COLUMNS                                                                             \
  "seq, kind, charge_key, corrects, ticket_id, ref, helpdesk, category, model, period, outcome,"   \
  " evidence_level, rule, amount_micros, model_cost_micros, book, book_hash, evidence, reason,"    \
  " at_ms, written_ms, evidence_hash, prev_hash, hash"

static void copy_hash(char out[LEDGER_HASH_MAX], const char *text) {
  (void)snprintf(out, LEDGER_HASH_MAX, "%s", text);
}

static void line_of(struct sql *q, struct arena *a, struct ledger_line *l) {
  l->seq = sql_get_int(q);
  l->kind = sql_get_text(q, a);
  l->charge_key = sql_get_text(q, a);
  l->corrects = sql_get_int(q);
  l->ticket_id = sql_get_int(q);
  l->ref = sql_get_text(q, a);
  l->helpdesk = sql_get_text(q, a);
  l->category = sql_get_text(q, a);
  l->model = sql_get_text(q, a);
  l->period = sql_get_text(q, a);
  l->outcome = sql_get_text(q, a);
  l->evidence_level = sql_get_text(q, a);
  l->rule = sql_get_text(q, a);
  l->amount_micros = sql_get_int(q);
  l->model_cost_micros = sql_get_int(q);
  l->book = sql_get_text(q, a);
  l->book_hash = sql_get_text(q, a);
  l->evidence = sql_get_text(q, a);
  l->reason = sql_get_text(q, a);
  l->at_ms = sql_get_int(q);
  l->written_ms = sql_get_int(q);
  l->evidence_hash = sql_get_text(q, a);
  copy_hash(l->prev_hash, sql_get_text(q, NULL));
  copy_hash(l->hash, sql_get_text(q, NULL));
}

static void bind_line(struct sql *q, const struct ledger_line *l) {
  sql_int(q, l->seq);
  sql_text(q, l->kind);
  sql_text(q, l->charge_key);
  sql_id(q, l->corrects);
  sql_id(q, l->ticket_id);
  sql_text(q, l->ref);
  sql_text(q, l->helpdesk);
  sql_text(q, l->category);
  sql_text(q, l->model);
  sql_text(q, l->period);
  sql_text(q, l->outcome);
  sql_text(q, l->evidence_level);
  sql_text(q, l->rule);
  sql_int(q, l->amount_micros);
  sql_int(q, l->model_cost_micros);
  sql_text(q, l->book);
  sql_text(q, l->book_hash);
  sql_text(q, l->evidence);
  sql_text(q, l->reason);
  sql_int(q, l->at_ms);
  sql_int(q, l->written_ms);
  sql_text(q, l->evidence_hash != NULL ? l->evidence_hash : "");
  sql_text(q, l->prev_hash);
  sql_text(q, l->hash);
}

/* --- appending ------------------------------------------------------------------------------- */

static int last_line(struct store *s, int64_t *ret_seq, char hash[LEDGER_HASH_MAX],
                     struct trg_err *err) {
  static const char text[] = "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret_seq = rc == 0 ? 0 : sql_get_int(&q);
  copy_hash(hash, rc == 0 ? "" : sql_get_text(&q, NULL));
  sql_end(&q);
  return 0;
}

/* The triggers refuse it; here it gets words that say which case. */
static int refused(struct store *s, const struct ledger_line *l, struct trg_err *err) {
  static const char by_key[] =
      "SELECT coalesce((SELECT seq FROM ledger_live WHERE charge_key = ? LIMIT 1), 0)";
  static const char by_seq[] = "SELECT count(*) FROM ledger_live WHERE seq = ?";
  int64_t found = 0;
  struct sql q;
  if (strcmp(l->kind, "charge") == 0) {
    sql_read(&q, s, by_key);
    sql_text(&q, l->charge_key);
    const int rc = sql_number(&q, &found, err);
    if (rc == 0 && found != 0)
      return err_set(err, TRG_ESTATE, "charged", "ledger line %lld charges this case already",
                     (long long)found);
    return rc;
  }
  if (strcmp(l->kind, "reversal") != 0) return 0;
  sql_read(&q, s, by_seq);
  sql_int(&q, l->corrects);
  const int rc = sql_number(&q, &found, err);
  if (rc == 0 && found == 0)
    return err_set(err, TRG_ESTATE, "not_live", "ledger line %lld is not a live charge",
                   (long long)l->corrects);
  return rc;
}

/* What no settling writes: it would be a discount that no rule gives, or take back a part. */
static int amount_check(struct store *s, const struct ledger_line *l, struct trg_err *err) {
  static const char text[] = "SELECT amount_micros FROM ledger WHERE seq = ?";
  int64_t charged = 0;
  if (strcmp(l->kind, "charge") == 0 && l->amount_micros < 0)
    return err_set(err, TRG_EINVAL, "amount", "a charge cannot be below zero");
  if (strcmp(l->kind, "reversal") != 0) return 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, l->corrects);
  const int rc = sql_next(&q, err);
  if (rc <= 0) return rc; /* the trigger refuses what corrects nothing */
  charged = sql_get_int(&q);
  sql_end(&q);
  return l->amount_micros == -charged
             ? 0
             : err_set(err, TRG_EINVAL, "amount",
                       "a reversal takes back all of ledger line %" PRId64, l->corrects);
}

static int insert(struct store *s, const struct ledger_line *l, struct trg_err *err) {
  static const char text[] = "INSERT INTO ledger (" LEDGER_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?,"
                             " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  bind_line(&q, l);
  return sql_run(&q, err);
}

int ledger_append(struct store *s, struct ledger_line *line, struct trg_err *err) {
  if (line->kind == NULL || line->charge_key == NULL)
    return err_set(err, TRG_EINVAL, "ledger", "a ledger line has a kind and a charge key");
  struct ledger_line l = *line;
  int64_t last = 0;
  int rc = turn_write(s, err);
  if (rc == 0) rc = amount_check(s, &l, err);
  if (rc == 0) rc = last_line(s, &last, l.prev_hash, err);
  if (rc != 0) return rc;
  l.seq = last + 1;
  hash_line(&l, l.hash);
  rc = insert(s, &l, err);
  if (rc == TRG_ESTATE) {
    const int told = refused(s, &l, err);
    if (told != 0) return told;
  }
  if (rc != 0) return rc;
  char head[LEDGER_HASH_MAX + 24];
  (void)snprintf(head, sizeof head, "%" PRId64 " %s", l.seq, l.hash);
  rc = store_put(s, HEAD_KEY, head, err);
  if (rc == 0) *line = l;
  return rc;
}

int ledger_head(struct store *s, struct arena *a, char **ret, struct trg_err *err) {
  return store_get(s, HEAD_KEY, a, ret, err);
}

/* --- reading --------------------------------------------------------------------------------- */

int ledger_live(struct store *s, struct trg_str charge_key, struct arena *a,
                struct ledger_line *ret, struct trg_err *err) {
  static const char text[] = "SELECT " LEDGER_COLUMNS
                             " FROM ledger_live WHERE charge_key = ? ORDER BY seq DESC LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, charge_key);
  const int rc = sql_one(&q, "live charge", err);
  if (rc != 0) return rc;
  line_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int ledger_get(struct store *s, int64_t seq, struct arena *a, struct ledger_line *ret,
               struct trg_err *err) {
  static const char text[] = "SELECT " LEDGER_COLUMNS " FROM ledger WHERE seq = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, seq);
  const int rc = sql_one(&q, "ledger line", err);
  if (rc != 0) return rc;
  line_of(&q, a, ret);
  sql_end(&q);
  return 0;
}

int ledger_of_ticket(struct store *s, int64_t ticket_id, struct arena *a, struct ledger_line **ret,
                     size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT " LEDGER_COLUMNS
                             " FROM ledger WHERE ticket_id = ? ORDER BY seq";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  struct ledger_line *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    line_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

int ledger_each(struct store *s, int64_t from_ms, int64_t to_ms,
                int (*fn)(void *arg, const struct ledger_line *line), void *arg,
                struct trg_err *err) {
  static const char text[] = "SELECT " LEDGER_COLUMNS
                             " FROM ledger WHERE at_ms >= ?1 AND (?2 = 0 OR at_ms < ?2)"
                             " ORDER BY seq";
  struct sql q;
  sql_read_once(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    struct ledger_line line;
    line_of(&q, NULL, &line);
    const int stop = fn(arg, &line);
    if (stop != 0) {
      sql_end(&q);
      return stop;
    }
  }
  return rc;
}

/* --- verifying ------------------------------------------------------------------------------- */

struct check {
  int64_t count;
  char prev[LEDGER_HASH_MAX];
};

static int bad_line(struct trg_err *err, int64_t seq, const char *what) {
  return err_set(err, TRG_ECORRUPT, "ledger",
                 "ledger line %" PRId64 " %s: the ledger was changed outside triaged; compare it "
                 "with a backup",
                 seq, what);
}

static size_t text_bytes(const struct ledger_line *l) {
  return strlen(l->kind) + strlen(l->charge_key) + strlen(l->ref) + strlen(l->helpdesk) +
         strlen(l->category) + strlen(l->model) + strlen(l->period) + strlen(l->outcome) +
         strlen(l->evidence_level) + strlen(l->rule) + strlen(l->book) + strlen(l->book_hash) +
         strlen(l->evidence) + strlen(l->reason) + strlen(l->evidence_hash) + strlen(l->prev_hash) +
         strlen(l->hash);
}

/* The first bad seq is the first one that is not as it was written. */
static int check_line(struct check *c, const struct ledger_line *l, size_t bytes, int64_t *ret_bad,
                      struct trg_err *err) {
  *ret_bad = c->count + 1;
  if (l->seq != c->count + 1) return bad_line(err, c->count + 1, "is missing");
  if (strcmp(l->prev_hash, c->prev) != 0)
    return bad_line(err, l->seq, "does not follow the line before it");
  char hash[LEDGER_HASH_MAX];
  hash_line(l, hash);
  if (strcmp(hash, l->hash) != 0 || text_bytes(l) != bytes)
    return bad_line(err, l->seq, "does not match its hash");
  c->count++;
  copy_hash(c->prev, l->hash);
  return 0;
}

static int check_head(struct store *s, const struct check *c, int64_t *ret_bad,
                      struct trg_err *err) {
  struct arena *a = arena_new();
  char *head = NULL;
  int rc = store_get(s, HEAD_KEY, a, &head, err);
  char expected[LEDGER_HASH_MAX + 24] = "";
  if (c->count > 0) (void)snprintf(expected, sizeof expected, "%" PRId64 " %s", c->count, c->prev);
  if (rc == 0 && strcmp(head == NULL ? "" : head, expected) != 0) {
    *ret_bad = c->count + 1;
    rc = bad_line(err, *ret_bad, "is missing at the end");
  }
  arena_free(&a);
  return rc;
}

/* Beside each line the bytes that its texts have in the file, so that nothing hides behind a NUL
 * or after a hash; a 0 where there ought to be nothing counts, too. */
static int check_all(struct store *s, struct check *c, int64_t *ret_bad, struct trg_err *err) {
  static const char text[] =
      "SELECT " LEDGER_COLUMNS ", length(CAST(kind || charge_key || ref || helpdesk || category"
      " || model || period || outcome || evidence_level || rule || book || book_hash || evidence"
      " || reason || evidence_hash || prev_hash || hash AS BLOB)) + (corrects IS 0)"
      " + (ticket_id IS 0) FROM ledger ORDER BY seq";
  struct sql q;
  sql_read_once(&q, s, text);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    struct ledger_line line;
    line_of(&q, NULL, &line);
    rc = check_line(c, &line, (size_t)sql_get_int(&q), ret_bad, err);
    if (rc != 0) {
      sql_end(&q);
      return rc;
    }
  }
  return rc;
}

int ledger_verify(struct store *s, int64_t *ret_count, int64_t *ret_bad, struct trg_err *err) {
  struct check c = {0};
  int64_t bad = 0;
  int rc = store_moment(s, true, err);
  if (rc != 0) return rc;
  rc = check_all(s, &c, &bad, err);
  if (rc == 0) rc = check_head(s, &c, &bad, err);
  (void)store_moment(s, false, NULL);
  if (ret_count != NULL) *ret_count = c.count;
  if (ret_bad != NULL) *ret_bad = rc == 0 ? 0 : bad;
  return rc;
}
