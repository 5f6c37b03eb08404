#include "store/sql.h"

#include "base/word.h"
#include "store/delta.h"

#include <errno.h>
#include <string.h>

/* --- failures ------------------------------------------------------------------------------- */

static int errno_of(sqlite3_file *file) {
  int cause = 0;
  if (file == NULL || file->pMethods == NULL ||
      file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &cause) != SQLITE_OK)
    return 0;
  return cause;
}

/* The system's reason for an I/O failure. sqlite3_system_errno is 0 when the rollback that follows
 * a failure in the log went well; the files themselves remember. */
static int cause_of(struct store *s) {
  if (s->db == NULL) return 0;
  int cause = sqlite3_system_errno(s->db);
  static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
  for (size_t i = 0; i < sizeof files / sizeof *files && cause == 0; i++) {
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(s->db, "main", files[i], &file) == SQLITE_OK) cause = errno_of(file);
  }
  return cause;
}

static bool disk_is_full(struct store *s, int rc) {
  if ((rc & 0xFF) == SQLITE_FULL) return true;
  if ((rc & 0xFF) != SQLITE_IOERR) return false;
  const int cause = cause_of(s);
  return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

static int io_failed(struct store *s, int rc, struct trg_err *err) {
  if (disk_is_full(s, rc))
    return err_set(err, TRG_EIO, "no_space",
                   "cannot write %s: no space left on device; nothing of this turn was stored; "
                   "free space and start again",
                   s->path);
  const int cause = cause_of(s);
  return err_set(err, TRG_EIO, "io",
                 "%s: disk error (%s%s%s); nothing of this turn was stored; check the disk and "
                 "start again",
                 s->path, sqlite3_errstr(rc), cause == 0 ? "" : ": ",
                 cause == 0 ? "" : strerror(cause));
}

static int refused(struct store *s, int rc, struct trg_err *err) {
  const char *words = sqlite3_errmsg(s->db);
  if (rc == SQLITE_CONSTRAINT_TRIGGER)
    return err_set(err, TRG_ESTATE, "refused", "%s refuses this: %s", s->path, words);
  return err_set(err, TRG_EINVAL, "constraint", "%s refuses this: %s", s->path, words);
}

static int told(struct store *s, int rc, struct trg_err *err) {
  const char *words = s->db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(s->db);
  switch (rc & 0xFF) {
  case SQLITE_FULL:
  case SQLITE_IOERR:
    return io_failed(s, rc, err);
  case SQLITE_CONSTRAINT:
    return refused(s, rc, err);
  case SQLITE_CORRUPT:
    return err_set(err, TRG_ECORRUPT, "corrupt",
                   "%s is damaged (%s); nothing was changed: stop, keep the file, and put back a "
                   "copy made with 'triagectl backup'",
                   s->path, words);
  case SQLITE_NOTADB:
    return err_set(err, TRG_ECORRUPT, "not_a_database",
                   "%s is not a database; nothing was changed: move it away, or choose another "
                   "state folder",
                   s->path);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return err_set(err, TRG_EIO, "busy",
                   "%s is in use by another program; only triaged may write it: end the other one",
                   s->path);
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return err_set(err, TRG_EIO, "permission", "%s: %s; check the owner and mode of it and of %s",
                   s->path, words, s->dir);
  case SQLITE_TOOBIG:
    return err_set(err, TRG_ELIMIT, "limit", "%s: a value is too large to be stored", s->path);
  case SQLITE_INTERRUPT:
    return err_set(err, TRG_ESTATE, "interrupted", "%s: interrupted", s->path);
  case SQLITE_NOMEM:
    BUG("out of memory in SQLite");
  case SQLITE_MISUSE:
    BUG("the store misuses SQLite");
  default:
    return err_set(err, TRG_EIO, "database", "%s: %s", s->path, words);
  }
}

/* SQLite ends the transaction by itself when the disk is full or fails. What came after would then
 * be committed piece by piece, so the writer refuses everything from here on. */
int sql_failed(struct store *s, int rc, struct trg_err *err) {
  struct trg_err own = {0};
  const int status = told(s, rc, &own);
  if (s->turn && s->db != NULL &&
      (sqlite3_get_autocommit(s->db) != 0 || (status != TRG_EINVAL && status != TRG_ESTATE)) &&
      !s->failed) {
    s->failed = true;
    s->failure = own;
  }
  if (err != NULL) *err = own;
  return status;
}

/* --- statements ----------------------------------------------------------------------------- */

static size_t slot_of(const struct store *s, const char *text) {
  size_t i = ((uintptr_t)text >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32;
  for (size_t tries = 0; tries < SQL_KEPT; tries++, i++) {
    i &= SQL_KEPT - 1;
    if (s->kept[i].text == text || s->kept[i].text == NULL) return i;
  }
  BUG("more statements than SQL_KEPT");
}

static void begin(struct sql *q, struct store *s) {
  q->store = s;
  q->stmt = NULL;
  q->bound = q->column = q->status = 0;
  q->kept = false;
}

static void prepare(struct sql *q, const char *text, unsigned flags) {
  delta_learns(q->store);
  const int rc = sqlite3_prepare_v3(q->store->db, text, -1, flags, &q->stmt, NULL);
  q->sets = delta_learned(q->store);
  if (rc != SQLITE_OK) q->status = sql_failed(q->store, rc, &q->err);
}

void sql_read_once(struct sql *q, struct store *s, const char *text) {
  begin(q, s);
  prepare(q, text, 0);
}

void sql_read(struct sql *q, struct store *s, const char *text) {
  begin(q, s);
  const size_t i = slot_of(s, text);
  if (s->kept[i].text != NULL) {
    q->stmt = s->kept[i].stmt;
    q->sets = s->kept[i].sets;
    q->kept = true;
    if (!sqlite3_stmt_busy(q->stmt)) return;
    /* The same question inside itself: the outer one keeps its place. */
    q->kept = false;
    q->stmt = NULL;
    prepare(q, text, 0);
    return;
  }
  prepare(q, text, SQLITE_PREPARE_PERSISTENT);
  if (q->status != 0) return;
  s->kept[i].text = text;
  s->kept[i].stmt = q->stmt;
  s->kept[i].sets = q->sets;
  q->kept = true;
}

void sql_write(struct sql *q, struct store *s, const char *text) {
  begin(q, s);
  q->status = turn_write(s, &q->err);
  if (q->status != 0) return;
  sql_read(q, s, text);
}

void sql_forget(struct store *s) {
  for (size_t i = 0; i < SQL_KEPT; i++) {
    (void)sqlite3_finalize(s->kept[i].stmt);
    s->kept[i].text = NULL;
    s->kept[i].stmt = NULL;
  }
}

/* --- values ---------------------------------------------------------------------------------- */

static void bound(struct sql *q, int rc) {
  if (rc != SQLITE_OK && q->status == 0) q->status = sql_failed(q->store, rc, &q->err);
}

void sql_int(struct sql *q, int64_t n) {
  if (q->status == 0) bound(q, sqlite3_bind_int64(q->stmt, ++q->bound, n));
}

void sql_id(struct sql *q, int64_t id) {
  if (q->status != 0) return;
  if (id == 0)
    bound(q, sqlite3_bind_null(q->stmt, ++q->bound));
  else
    bound(q, sqlite3_bind_int64(q->stmt, ++q->bound, id));
}

void sql_real(struct sql *q, double d) {
  if (q->status == 0) bound(q, sqlite3_bind_double(q->stmt, ++q->bound, d));
}

/* Values live until sql_end, which unbinds them: no copy is needed. */
void sql_str(struct sql *q, struct trg_str s) {
  if (q->status == 0)
    bound(q, sqlite3_bind_text64(q->stmt, ++q->bound, s.n == 0 ? "" : s.p, s.n, SQLITE_STATIC,
                                 SQLITE_UTF8));
}

void sql_text(struct sql *q, const char *text) {
  sql_str(q, str_of(text));
}

void sql_text_or_null(struct sql *q, const char *text) {
  if (text != NULL)
    sql_str(q, str_of(text));
  else if (q->status == 0)
    bound(q, sqlite3_bind_null(q->stmt, ++q->bound));
}

void sql_blob(struct sql *q, struct trg_str s) {
  if (q->status == 0)
    bound(q, sqlite3_bind_blob64(q->stmt, ++q->bound, s.n == 0 ? "" : s.p, s.n, SQLITE_STATIC));
}

/* --- steps ----------------------------------------------------------------------------------- */

void sql_end(struct sql *q) {
  if (q->stmt == NULL) return;
  if (q->kept) {
    /* Repeats the code of a failed step, which was dealt with there. */
    (void)sqlite3_reset(q->stmt);
    (void)sqlite3_clear_bindings(q->stmt);
  } else {
    (void)sqlite3_finalize(q->stmt);
  }
  q->stmt = NULL;
}

int sql_next(struct sql *q, struct trg_err *err) {
  if (q->status == 0) {
    BUG_UNLESS(q->bound == sqlite3_bind_parameter_count(q->stmt));
    q->column = 0;
    const size_t place = delta_place(q->store);
    delta_expects(q->store, q->sets);
    const int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW) return 1;
    if (rc != SQLITE_DONE) {
      q->status = sql_failed(q->store, rc, &q->err);
      delta_forget(q->store, place); /* SQLite undid what the statement did so far */
    }
  }
  sql_end(q);
  if (q->status != 0 && err != NULL) *err = q->err;
  return q->status;
}

int sql_run(struct sql *q, struct trg_err *err) {
  const int rc = sql_next(q, err);
  BUG_UNLESS(rc <= 0);
  return rc;
}

int sql_run_one(struct sql *q, const char *what, struct trg_err *err) {
  const int rc = sql_run(q, err);
  if (rc != 0) return rc;
  return sql_changed(q->store) == 1
             ? 0
             : err_set(err, TRG_ENOTFOUND, "not_found", "there is no such %s", what);
}

int sql_one(struct sql *q, const char *what, struct trg_err *err) {
  const int rc = sql_next(q, err);
  if (rc == 0) return err_set(err, TRG_ENOTFOUND, "not_found", "there is no such %s", what);
  return rc < 0 ? rc : 0;
}

int sql_number(struct sql *q, int64_t *ret, struct trg_err *err) {
  const int rc = sql_one(q, "number", err);
  if (rc != 0) return rc;
  *ret = sql_get_int(q);
  sql_end(q);
  return 0;
}

int64_t sql_changed(const struct store *s) {
  return sqlite3_changes64(s->db);
}

/* --- columns --------------------------------------------------------------------------------- */

int64_t sql_get_int(struct sql *q) {
  return sqlite3_column_int64(q->stmt, q->column++);
}

double sql_get_real(struct sql *q) {
  return sqlite3_column_double(q->stmt, q->column++);
}

const char *sql_get_text(struct sql *q, struct arena *a) {
  const char *text = (const char *)sqlite3_column_text(q->stmt, q->column);
  const int n = sqlite3_column_bytes(q->stmt, q->column);
  q->column++;
  if (a == NULL || text == NULL || n == 0) return text == NULL || n == 0 ? "" : text;
  return arena_dup(a, (struct trg_str){text, (size_t)n});
}

struct trg_str sql_get_blob(struct sql *q, struct arena *a) {
  const void *p = sqlite3_column_blob(q->stmt, q->column);
  const int n = sqlite3_column_bytes(q->stmt, q->column);
  q->column++;
  if (p == NULL || n == 0) return (struct trg_str){"", 0};
  return arena_str(a, (struct trg_str){p, (size_t)n});
}

/* --- the rest -------------------------------------------------------------------------------- */

int sql_script(struct store *s, const char *text, struct trg_err *err) {
  const int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : sql_failed(s, rc, err);
}

int store_moment(struct store *s, bool on, struct trg_err *err) {
  return s->lock_fd >= 0 ? 0 : sql_script(s, on ? "BEGIN" : "COMMIT", err);
}

const char *query_of(struct store *s, struct trg_str words, struct arena *a) {
  if (s->question == NULL || !str_is(words, s->question)) {
    const char *query = words_query(words, a);
    mem_free(s->question);
    mem_free(s->query);
    s->question = mem_dup_str(words);
    s->query = mem_dup(query);
  }
  return s->query == NULL ? NULL : arena_dup(a, str_of(s->query));
}

void *sql_room(struct arena *a, void *list, size_t n, size_t each) {
  const bool full = n == 0 || (n >= 8 && (n & (n - 1)) == 0);
  if (!full) return list;
  size_t bytes;
  BUG_UNLESS(!__builtin_mul_overflow(n == 0 ? (size_t)8 : 2 * n, each, &bytes));
  void *larger = arena_alloc(a, bytes);
  if (n > 0) memcpy(larger, list, n * each);
  return larger;
}
