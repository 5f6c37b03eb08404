/* What tickets and calls add to the roll-ups, and bringing these up to date. */
#include "store/tally.h"

#include <stdlib.h>
#include <string.h>

#include "store/delta.h"
#include "store/report.h"

/* --- one ticket ------------------------------------------------------------------------------- */

static void tally_get(struct sql *q, struct arena *a, struct tally *ret) {
  ret->id = sql_get_int(q);
  ret->day = sql_get_int(q);
  for (int i = 0; i < TALLY_WORDS; i++) ret->word[i] = sql_get_text(q, a);
  ret->drafted = sql_get_int(q);
  ret->sent = sql_get_int(q);
  ret->reopened = sql_get_int(q);
  ret->charged = sql_get_int(q);
  ret->cost = sql_get_int(q);
}

/* Of a ticket's own rows, where the last column says whether a loss is counted. */
static void tally_read(struct sql *q, struct arena *a, struct tally *ret) {
  tally_get(q, a, ret);
  const bool counts = sql_get_int(q) != 0;
  ret->loss = counts && ret->cost > ret->charged ? ret->cost - ret->charged : 0;
}

bool tally_same(const struct tally *a, const struct tally *b) {
  for (int i = 0; i < TALLY_WORDS; i++)
    if (strcmp(a->word[i], b->word[i]) != 0) return false;
  return a->day == b->day && a->drafted == b->drafted && a->sent == b->sent &&
         a->reopened == b->reopened && a->charged == b->charged && a->cost == b->cost &&
         a->loss == b->loss;
}

static int64_t is(const struct tally *t, int word, const char *text) {
  return strcmp(t->word[word], text) == 0;
}

static void measures_of(const struct tally *t, int64_t m[MEASURES]) {
  const int64_t resolved = is(t, TALLY_PLACE, "resolved");
  m[M_TICKETS] = 1;
  m[M_WAITING] = is(t, TALLY_PLACE, "waiting");
  m[M_FAILED] = is(t, TALLY_PLACE, "failed");
  m[M_DRAFTED] = t->drafted;
  m[M_SENT] = t->sent;
  m[M_OPEN] = is(t, TALLY_PLACE, "open");
  m[M_RESOLVED] = resolved;
  m[M_EXCLUDED] = is(t, TALLY_PLACE, "excluded");
  m[M_HELD] = is(t, TALLY_PLACE, "held");
  m[M_REVERSED] = is(t, TALLY_PLACE, "reversed");
  m[M_ASSUMED] = resolved & is(t, TALLY_LEVEL, "assumed");
  m[M_CONFIRMED] = resolved & is(t, TALLY_LEVEL, "confirmed");
  m[M_VERIFIED] = resolved & is(t, TALLY_LEVEL, "verified");
  m[M_PROCEDURE] = resolved & is(t, TALLY_LEVEL, "procedure");
  m[M_USAGE] = resolved & is(t, TALLY_LEVEL, "usage");
  m[M_HANDOFF] = is(t, DIM_OUTCOME, "handoff");
  m[M_REOPENED] = t->reopened;
  m[M_CHARGED] = t->charged;
  m[M_COST] = t->cost;
  m[M_LOSSES] = t->loss > 0;
  m[M_LOSS] = t->loss;
}

void tally_add(struct sums *to, const struct tally *t, int sign) {
  int64_t m[MEASURES];
  measures_of(t, m);
  for (int dim = 0; dim < DIMS; dim++) {
    const char *word = dim == DIM_ALL ? "" : t->word[dim];
    struct sums_key key = {.dim = dim, .day = t->day, .bin = SUMS_NO_BIN};
    key.word = dim != DIM_ALL && word[0] == '\0' ? "(none)" : word;
    int64_t *n = sums_at(to, &key);
    for (int i = 0; i < MEASURES; i++) n[i] += sign * m[i];
    if (!m[M_RESOLVED]) continue;
    key.bin = sums_bin(t->cost);
    n = sums_at(to, &key);
    n[0] += sign;
    n[1] += sign * t->cost;
  }
}

int tally_each(struct store *s, int64_t from_ms, int64_t to_ms,
               int (*fn)(void *arg, const struct tally *t, struct trg_err *err), void *arg,
               struct trg_err *err) {
  static const char text[] = "SELECT " TALLY_OF_TICKET " FROM ticket t"
                             " WHERE t.created_ms >= ? AND t.created_ms < ?";
  struct sql q;
  int rc;
  sql_read_once(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms == 0 ? INT64_MAX : to_ms); /* a bound of the index */
  while ((rc = sql_next(&q, err)) > 0) {
    struct tally t;
    tally_read(&q, NULL, &t);
    rc = fn(arg, &t, err);
    if (rc == 0) continue;
    sql_end(&q);
    return rc;
  }
  return rc;
}

static int ticket_add(void *arg, const struct tally *t, struct trg_err *err) {
  (void)err;
  tally_add(arg, t, 1);
  return 0;
}

int tally_tickets(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                  struct trg_err *err) {
  return tally_each(s, from_ms, to_ms, ticket_add, to, err);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Shadow calls cost money too, but serve no ticket: a task of their own. */
#define CALL_TASK "CASE c.shadow WHEN 0 THEN c.task ELSE 'shadow' END"
#define CALL_DAY  "c.started_ms / 86400000"

bool tally_call_ok(const char *outcome) {
  return strcmp(outcome, "ok") == 0 || strcmp(outcome, "low_confidence") == 0;
}

int tally_calls(struct store *s, int64_t from_ms, int64_t to_ms, struct sums *to,
                struct trg_err *err) {
  static const char text[] = "SELECT " CALL_DAY ", c.model, " CALL_TASK ", c.outcome, c.input,"
                             " c.output, c.cache_read, c.cache_write, c.cost_micros, c.latency_us"
                             " FROM model_call c WHERE c.started_ms >= ? AND c.started_ms < ?"
                             " AND c.outcome <> ''";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms == 0 ? INT64_MAX : to_ms); /* a bound of the index */
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS, .day = sql_get_int(&q), .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    int64_t *n = sums_at(to, &key);
    n[C_CALLS]++;
    n[C_OK] += tally_call_ok(sql_get_text(&q, NULL));
    for (int i = C_INPUT; i < CALL_MEASURES; i++) n[i] += sql_get_int(&q);
    const int64_t us = sql_get_int(&q);
    if (us <= 0) continue; /* lost: nobody knows how long it took */
    key.bin = sums_bin(us);
    n = sums_at(to, &key);
    n[0]++;
    n[1] += us;
  }
  return rc;
}

/* --- the stored roll-ups ---------------------------------------------------------------------- */

#define PLUS(column) column " = " column " + excluded." column

static int cell_put(struct store *s, const struct sums_entry *e, struct trg_err *err) {
  /* clang-format off */
  static const char text[] =
      "INSERT INTO report_cell (dim, day, word, tickets, waiting, failed, drafted, sent, open,"
      " resolved, excluded, held, reversed, assumed, confirmed, verified, procedure, usage,"
      " handoff, reopened, charged_micros, cost_micros, losses, loss_micros)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT DO UPDATE SET "
      PLUS("tickets") ", " PLUS("waiting") ", " PLUS("failed") ", " PLUS("drafted") ", "
      PLUS("sent") ", " PLUS("open") ", " PLUS("resolved") ", " PLUS("excluded") ", "
      PLUS("held") ", " PLUS("reversed") ", " PLUS("assumed") ", " PLUS("confirmed") ", "
      PLUS("verified") ", " PLUS("procedure") ", " PLUS("usage") ", " PLUS("handoff") ", "
      PLUS("reopened") ", " PLUS("charged_micros") ", " PLUS("cost_micros") ", "
      PLUS("losses") ", " PLUS("loss_micros");
  /* clang-format on */
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, e->key.dim);
  sql_int(&q, e->key.day);
  sql_text(&q, e->key.word);
  for (int i = 0; i < MEASURES; i++) sql_int(&q, e->n[i]);
  return sql_run(&q, err);
}

static int bin_put(struct store *s, const struct sums_entry *e, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO report_bin (dim, day, word, bin, n, micros) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT DO UPDATE SET " PLUS("n") ", " PLUS("micros");
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, e->key.dim);
  sql_int(&q, e->key.day);
  sql_text(&q, e->key.word);
  sql_int(&q, e->key.bin);
  sql_int(&q, e->n[0]);
  sql_int(&q, e->n[1]);
  return sql_run(&q, err);
}

static int call_put(struct store *s, const struct sums_entry *e, struct trg_err *err) {
  static const char cell[] =
      "INSERT INTO report_call (day, model, task, calls, ok, input, output, cache_read,"
      " cache_write, cost_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT DO UPDATE SET " PLUS("calls") ", " PLUS("ok") ", " PLUS("input") ", " PLUS(
          "output") ", " PLUS("cache_read") ", " PLUS("cache_write") ", " PLUS("cost_micros");
  static const char bin[] = "INSERT INTO report_call_bin (day, model, task, bin, n, us)"
                            " VALUES (?, ?, ?, ?, ?, ?)"
                            " ON CONFLICT DO UPDATE SET " PLUS("n") ", " PLUS("us");
  const bool is_bin = e->key.bin != SUMS_NO_BIN;
  struct sql q;
  sql_write(&q, s, is_bin ? bin : cell);
  sql_int(&q, e->key.day);
  sql_text(&q, e->key.word);
  sql_text(&q, e->key.other);
  if (is_bin) sql_int(&q, e->key.bin);
  for (int i = 0; i < (is_bin ? 2 : CALL_MEASURES); i++) sql_int(&q, e->n[i]);
  return sql_run(&q, err);
}

static int depth_put(struct store *s, const struct sums_entry *e, struct trg_err *err) {
  static const char text[] = "INSERT INTO depth (kind, word, n) VALUES (?, ?, ?)"
                             " ON CONFLICT DO UPDATE SET " PLUS("n");
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, e->key.word);
  sql_text(&q, e->key.other);
  sql_int(&q, e->n[0]);
  return sql_run(&q, err);
}

static bool changes(const struct sums_entry *e) {
  const int n = e->key.dim == DIM_DEPTH     ? 1
                : e->key.bin != SUMS_NO_BIN ? 2
                : e->key.dim == DIM_CALLS   ? CALL_MEASURES
                                            : MEASURES;
  for (int i = 0; i < n; i++)
    if (e->n[i] != 0) return true;
  return false;
}

int tally_put(struct store *s, struct sums *change, struct trg_err *err) {
  const struct sums_entry *e = sums_list(change);
  int rc = 0;
  for (size_t i = 0; i < sums_count(change) && rc == 0; i++) {
    if (!changes(&e[i])) continue;
    rc = e[i].key.dim == DIM_DEPTH     ? depth_put(s, &e[i], err)
         : e[i].key.dim == DIM_CALLS   ? call_put(s, &e[i], err)
         : e[i].key.bin == SUMS_NO_BIN ? cell_put(s, &e[i], err)
                                       : bin_put(s, &e[i], err);
  }
  return rc;
}

#define TALLY_COLUMNS                                                                              \
  "ticket_id, day, helpdesk, category, model, team, language, priority, outcome, reason, place,"   \
  " level, drafted, sent, reopened, charged_micros, cost_micros, loss_micros"

int tally_row_put(struct store *s, const struct tally *t, struct trg_err *err) {
  static const char text[] = "INSERT OR REPLACE INTO tally (" TALLY_COLUMNS ") VALUES (?, ?, ?, ?,"
                             " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, t->id);
  sql_int(&q, t->day);
  for (int i = 0; i < TALLY_WORDS; i++) sql_text(&q, t->word[i]);
  sql_int(&q, t->drafted);
  sql_int(&q, t->sent);
  sql_int(&q, t->reopened);
  sql_int(&q, t->charged);
  sql_int(&q, t->cost);
  sql_int(&q, t->loss);
  return sql_run(&q, err);
}

/* --- what was noted --------------------------------------------------------------------------- */

static int by_id(const void *pa, const void *pb) {
  const int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;
  return (a > b) - (a < b);
}

int tally_row_get(struct store *s, int64_t id, struct arena *a, struct tally *ret, bool *ret_there,
                  struct trg_err *err) {
  static const char text[] = "SELECT " TALLY_COLUMNS " FROM tally WHERE ticket_id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret_there = rc > 0;
  if (rc == 0) return 0;
  tally_get(&q, a, ret);
  ret->loss = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

static int ticket_apply(struct store *s, int64_t id, struct sums *change, struct arena *a,
                        struct trg_err *err) {
  static const char text[] = "SELECT " TALLY_OF_TICKET " FROM ticket t WHERE t.id = ?";
  struct tally was = {0}, now = {0};
  bool there = false;
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  int rc = sql_next(&q, err);
  if (rc <= 0) return rc; /* undone since */
  tally_read(&q, a, &now);
  sql_end(&q);
  rc = tally_row_get(s, id, a, &was, &there, err);
  if (rc != 0 || (there && tally_same(&was, &now))) return rc;
  if (there) tally_add(change, &was, -1);
  tally_add(change, &now, 1);
  return tally_row_put(s, &now, err);
}

int tally_apply(struct store *s, struct trg_err *err) {
  struct delta d;
  if (!delta_take(s, &d)) return 0;
  if (d.mark_count > 0) qsort(d.marks, d.mark_count, sizeof *d.marks, by_id);
  int rc = 0;
  for (size_t i = 0; i < d.mark_count && rc == 0; i++) {
    if (i > 0 && d.marks[i] == d.marks[i - 1]) continue;
    struct arena *a = arena_new();
    rc = ticket_apply(s, d.marks[i], d.sums, a, err);
    arena_free(&a);
  }
  if (rc == 0) rc = tally_put(s, d.sums, err);
  delta_free(&d);
  return rc;
}

/* --- an older database ------------------------------------------------------------------------ */

int tally_open(struct store *s, struct trg_err *err) {
  struct arena *a = arena_new();
  char *state = NULL;
  int rc = store_get(s, "report.tally", a, &state, err);
  const bool due = rc == 0 && state != NULL && strcmp(state, "due") == 0;
  arena_free(&a);
  if (rc == 0 && due) rc = report_rebuild(s, err);
  if (rc == 0 && due) rc = store_put(s, "report.tally", "kept", err);
  if (rc == 0 && due) rc = turn_flush(s, err);
  return rc;
}
