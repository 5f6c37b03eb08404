#define SQLITE_ENABLE_PREUPDATE_HOOK /* its header hides the hook else; Debian builds it in */
#include "store/delta.h"

#include <string.h>

#include "store/tally.h"
#include "store/ticket_kept.h"

/* --- columns ---------------------------------------------------------------------------------- */

/* The columns that count, by table; a row of SQLite's is told by number. */
enum ticket_column {
  T_STATE,
  T_BILL,
  T_CATEGORY,
  T_MODEL,
  T_TEAM,
  T_LANGUAGE,
  T_PRIORITY,
  T_OUTCOME,
  T_REASON,
  T_JUDGED,
  T_CREATED
};
enum inbox_column { I_HELPDESK, I_STATE };
enum call_column {
  K_TICKET,
  K_SHADOW,
  K_STARTED,
  K_MODEL,
  K_TASK,
  K_OUTCOME,
  K_LATENCY,
  K_INPUT,
  K_OUTPUT,
  K_READ,
  K_WRITE,
  K_COST
};
enum owned_column { O_TICKET, O_WORD, O_STATE }; /* of rows that belong to a ticket */
#define COLUMNS_MAX 12

enum table { TICKET, INBOX, CALL, LEDGER, DRAFT, OUTBOX, EVENT, TABLES };
static const struct {
  const char *name;
  const char *columns[COLUMNS_MAX];
} tables[TABLES] = {
    [TICKET] = {"ticket",
                {"state", "bill_state", "category", "model", "team", "language", "priority",
                 "outcome", "reason", "judged_ms", "created_ms"}},
    [INBOX] = {"inbox_ticket", {"helpdesk", "state"}},
    [CALL] = {"model_call",
              {"ticket_id", "shadow", "started_ms", "model", "task", "outcome", "latency_us",
               "input", "output", "cache_read", "cache_write", "cost_micros"}},
    [LEDGER] = {"ledger", {"ticket_id"}},
    [DRAFT] = {"draft", {"ticket_id"}},
    [OUTBOX] = {"outbox", {"ticket_id", "intent", "state"}},
    [EVENT] = {"event", {"ticket_id", "kind"}},
};

/* --- notes ------------------------------------------------------------------------------------ */

struct note {
  int64_t *at, n; /* what was added where */
};
struct deltas {
  struct store *store;
  uint32_t learned, set; /* of the statement that is prepared, and of the one that runs */
  const char *from, *to; /* of a statement that only moves a ticket; else NULL */
  int column[TABLES][COLUMNS_MAX];
  struct delta d;
  size_t mark_room;
  struct note *log;
  size_t count, room;
};

static void add(struct deltas *x, int64_t *at, int64_t n) {
  if (n == 0) return;
  if (x->count == x->room) {
    x->room = x->room == 0 ? 256 : 2 * x->room;
    x->log = mem_grow(x->log, x->room * sizeof *x->log);
  }
  x->log[x->count++] = (struct note){at, n};
  *at += n;
}

static void mark(struct deltas *x, int64_t ticket_id) {
  struct delta *d = &x->d;
  if (ticket_id == 0 || (d->mark_count > 0 && d->marks[d->mark_count - 1] == ticket_id)) return;
  if (d->mark_count == x->mark_room) {
    x->mark_room = x->mark_room == 0 ? 64 : 2 * x->mark_room;
    d->marks = mem_grow(d->marks, x->mark_room * sizeof *d->marks);
  }
  d->marks[d->mark_count++] = ticket_id;
}

static int64_t *at(struct deltas *x, const struct sums_key *key) {
  if (x->d.sums == NULL) x->d.sums = sums_new();
  return sums_at(x->d.sums, key);
}

static void deeper(struct deltas *x, const char *kind, const char *word, int64_t n) {
  const struct sums_key key = {.dim = DIM_DEPTH, .bin = SUMS_NO_BIN, .word = kind, .other = word};
  add(x, at(x, &key), n);
}

/* --- one row ---------------------------------------------------------------------------------- */

/* A row as it was or will be; its values last while SQLite asks. */
struct row {
  sqlite3 *db;
  const int *column;
  int (*get)(sqlite3 *db, int column, sqlite3_value **ret);
};

static sqlite3_value *value(const struct row *r, int column) {
  sqlite3_value *v = NULL;
  return r->get(r->db, r->column[column], &v) == SQLITE_OK ? v : NULL;
}

static const char *text(const struct row *r, int column) {
  sqlite3_value *v = value(r, column);
  const char *t = v == NULL ? NULL : (const char *)sqlite3_value_text(v);
  return t == NULL ? "" : t;
}

/* Of a text too, without the copy that its final NUL needs. */
static struct trg_str bytes(const struct row *r, int column) {
  sqlite3_value *v = value(r, column);
  const char *p = v == NULL ? NULL : sqlite3_value_blob(v);
  return p == NULL ? (struct trg_str){"", 0} : (struct trg_str){p, (size_t)sqlite3_value_bytes(v)};
}

static int64_t number(const struct row *r, int column) {
  sqlite3_value *v = value(r, column);
  return v == NULL ? 0 : sqlite3_value_int64(v);
}

static bool is(const struct row *r, int column, const char *word) {
  return r != NULL && str_is(bytes(r, column), word);
}

/* From here on: a change from `old` to `new`, of which one is NULL when the row comes or goes. */

static bool same_text(const struct row *old, const struct row *new, int column) {
  return str_eq(bytes(old, column), bytes(new, column));
}

static bool sets(const struct deltas *x, int column) {
  return (x->set & UINT32_C(1) << column) != 0;
}

static bool counts_as_before(const struct deltas *x, const struct row *old, const struct row *new) {
  for (int i = T_BILL; i <= T_REASON; i++)
    if (sets(x, i) && !same_text(old, new, i)) return false;
  for (int i = T_JUDGED; i <= T_CREATED; i++)
    if (sets(x, i) && number(old, i) != number(new, i)) return false;
  return !sets(x, T_STATE) || is(old, T_STATE, "dead") == is(new, T_STATE, "dead");
}

static void ticket_changes(struct deltas *x, const struct row *old, const struct row *new,
                           int64_t id) {
  static const char *const kinds[] = {[T_STATE] = "ticket", [T_BILL] = "bill"};
  const bool update = old != NULL && new != NULL;
  for (int i = T_STATE; i <= T_BILL; i++) {
    if (update && (!sets(x, i) || same_text(old, new, i))) continue;
    if (old != NULL) deeper(x, kinds[i], text(old, i), -1);
    if (new != NULL) deeper(x, kinds[i], text(new, i), 1);
  }
  if (!update || !counts_as_before(x, old, new)) mark(x, id);
}

static bool is_dead(const char *state) {
  return strcmp(state, "dead") == 0;
}

static void ticket_moves(struct deltas *x, int64_t id) {
  deeper(x, "ticket", x->from, -1);
  deeper(x, "ticket", x->to, 1);
  if (is_dead(x->from) != is_dead(x->to)) mark(x, id);
}

static void inbox_counts(struct deltas *x, const struct row *r, int sign) {
  deeper(x, is(r, I_STATE, "dead") ? "inbox dead" : "inbox waiting", text(r, I_HELPDESK), sign);
}

static void inbox_changes(struct deltas *x, const struct row *old, const struct row *new) {
  if (old != NULL && new != NULL && same_text(old, new, I_STATE)) return;
  if (old != NULL) inbox_counts(x, old, -1);
  if (new != NULL) inbox_counts(x, new, 1);
}

/* A closed call (1), or taking it away (-1): calls under way are not counted. */
static void call_counts(struct deltas *x, const struct row *r, int sign) {
  const char *outcome = text(r, K_OUTCOME);
  if (outcome[0] == '\0') return;
  const int64_t cost = sign * number(r, K_COST), us = number(r, K_LATENCY);
  deeper(x, "cost", "calls", cost);
  struct sums_key key = {.dim = DIM_CALLS,
                         .day = number(r, K_STARTED) / TALLY_DAY_MS,
                         .bin = SUMS_NO_BIN,
                         .word = text(r, K_MODEL),
                         .other = number(r, K_SHADOW) != 0 ? "shadow" : text(r, K_TASK)};
  int64_t *n = at(x, &key);
  add(x, &n[C_CALLS], sign);
  add(x, &n[C_OK], tally_call_ok(outcome) ? sign : 0);
  add(x, &n[C_INPUT], sign * number(r, K_INPUT));
  add(x, &n[C_OUTPUT], sign * number(r, K_OUTPUT));
  add(x, &n[C_READ], sign * number(r, K_READ));
  add(x, &n[C_WRITE], sign * number(r, K_WRITE));
  add(x, &n[C_COST], cost);
  if (us <= 0) return; /* lost: nobody knows how long it took */
  key.bin = sums_bin(us);
  n = at(x, &key);
  add(x, &n[0], sign);
  add(x, &n[1], sign * us);
}

static void call_changes(struct deltas *x, const struct row *old, const struct row *new) {
  if (old != NULL) call_counts(x, old, -1);
  if (new != NULL) call_counts(x, new, 1);
  const struct row *r = new != NULL ? new : old;
  const int64_t was = old == NULL ? 0 : number(old, K_COST);
  if (number(r, K_SHADOW) == 0 && (new == NULL ? 0 : number(new, K_COST)) != was)
    mark(x, number(r, K_TICKET));
}

/* Rows that belong to a ticket: is its part of the roll-ups to be looked at again? */
static bool owned_counts(enum table table, const struct row *old, const struct row *new) {
  switch (table) {
  case OUTBOX:
    return is(new != NULL ? new : old, O_WORD, "reply") &&
           is(old, O_STATE, "done") != is(new, O_STATE, "done");
  case EVENT:
    return is(new, O_WORD, "reopen");
  default:
    return old == NULL;
  }
}

static void on_row(void *arg, sqlite3 *db, int op, const char *schema, const char *name,
                   sqlite3_int64 old_id, sqlite3_int64 new_id) {
  struct deltas *x = arg;
  (void)schema;
  int table = 0;
  while (table < TABLES && strcmp(tables[table].name, name) != 0) table++;
  if (table == TABLES) return;
  const int *column = x->column[table];
  const struct row was = {db, column, sqlite3_preupdate_old},
                   is_to_be = {db, column, sqlite3_preupdate_new};
  const struct row *old = op == SQLITE_INSERT ? NULL : &was,
                   *new = op == SQLITE_DELETE ? NULL : &is_to_be;
  if (table == TICKET && x->to != NULL) {
    ticket_moves(x, new_id);
  } else if (table == TICKET) {
    ticket_kept_drop(x->store->tickets, old_id);
    ticket_changes(x, old, new, new_id);
  } else if (table == INBOX)
    inbox_changes(x, old, new);
  else if (table == CALL)
    call_changes(x, old, new);
  else if (owned_counts(table, old, new))
    mark(x, number(new != NULL ? new : old, O_TICKET));
}

/* --- statements --------------------------------------------------------------------------------
 */

/* SQLite asks it of each column that a statement sets, while it prepares it. */
static int on_access(void *arg, int action, const char *table, const char *column,
                     const char *schema, const char *inner) {
  struct deltas *x = arg;
  (void)schema;
  (void)inner;
  if (action != SQLITE_UPDATE || strcmp(table, tables[TICKET].name) != 0) return SQLITE_OK;
  for (int i = T_STATE; i <= T_CREATED; i++)
    if (strcmp(column, tables[TICKET].columns[i]) == 0) x->learned |= UINT32_C(1) << i;
  return SQLITE_OK;
}

void delta_learns(struct store *s) {
  if (s->deltas != NULL) s->deltas->learned = 0;
}

uint32_t delta_learned(const struct store *s) {
  return s->deltas == NULL ? DELTA_ALL : s->deltas->learned;
}

void delta_expects(struct store *s, uint32_t columns) {
  if (s->deltas != NULL) s->deltas->set = columns;
}

void delta_moves(struct store *s, const char *from, const char *to) {
  if (s->deltas == NULL) return;
  s->deltas->from = from;
  s->deltas->to = to;
}

/* --- what is noted ---------------------------------------------------------------------------- */

bool delta_take(struct store *s, struct delta *ret) {
  struct deltas *x = s->deltas;
  if (x == NULL || (x->count == 0 && x->d.mark_count == 0)) return false;
  *ret = x->d;
  if (ret->sums == NULL) ret->sums = sums_new();
  x->d = (struct delta){0};
  x->mark_room = x->count = 0;
  return true;
}

void delta_free(struct delta *d) {
  sums_free(&d->sums);
  mem_free(d->marks);
}

size_t delta_place(const struct store *s) {
  return s->deltas == NULL ? 0 : s->deltas->count;
}

void delta_forget(struct store *s, size_t place) {
  struct deltas *x = s->deltas;
  for (; x != NULL && x->count > place; x->count--)
    *x->log[x->count - 1].at -= x->log[x->count - 1].n;
  ticket_kept_clear(s->tickets);
}

/* --- open ------------------------------------------------------------------------------------- */

static int columns_find(struct store *s, int table, int *ret, struct trg_err *err) {
  static const char query[] = "SELECT cid FROM pragma_table_info(?) WHERE name = ?";
  for (int i = 0; i < COLUMNS_MAX && tables[table].columns[i] != NULL; i++) {
    int64_t n = 0;
    struct sql q;
    sql_read(&q, s, query);
    sql_text(&q, tables[table].name);
    sql_text(&q, tables[table].columns[i]);
    const int rc = sql_number(&q, &n, err);
    if (rc != 0) return rc;
    ret[i] = (int)n;
  }
  return 0;
}

int delta_open(struct store *s, struct trg_err *err) {
  struct deltas *x = mem_alloc(sizeof *x);
  s->deltas = x;
  s->tickets = ticket_kept_new();
  x->store = s;
  for (int i = 0; i < TABLES; i++) {
    const int rc = columns_find(s, i, x->column[i], err);
    if (rc != 0) return rc;
  }
  x->set = DELTA_ALL;
  (void)sqlite3_preupdate_hook(s->db, on_row, x);
  (void)sqlite3_set_authorizer(s->db, on_access, x);
  return 0;
}

void delta_close(struct store *s) {
  ticket_kept_free(&s->tickets);
  if (s->deltas == NULL) return;
  delta_free(&s->deltas->d);
  mem_free(s->deltas->log);
  mem_free(s->deltas);
  s->deltas = NULL;
}
