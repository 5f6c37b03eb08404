#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pieces.h"
#include "base/log.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/migrate.h"
#include "store/bytes.h"
#include "store/sql.h"
#include "store/tally.h"
#include "store/delta.h"
#include "store/wal_file.h"

#define READER_BUSY_MS 2000
#define OPEN_BUSY_MS   5000 /* a reader may be recovering the WAL at this moment */

/* --- the lock -------------------------------------------------------------------------------- */

/* store_locked takes the lock for a moment to look; so one refusal is not yet an answer. */
#define LOCK_TRIES 6

static bool flock_soon(int fd) {
  for (int tries = 1;; tries++) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if ((errno != EWOULDBLOCK && errno != EINTR) || tries == LOCK_TRIES) return false;
    const struct timespec pause = {.tv_nsec = 10000000};
    (void)nanosleep(&pause, NULL);
  }
}

static int locked_by(struct store *s, int fd, struct trg_err *err) {
  char pid[24] = "";
  const ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
  pid[n > 0 ? n : 0] = '\0';
  pid[strspn(pid, "0123456789")] = '\0';
  return err_set(err, TRG_ESTATE, "locked",
                 "%s is in use by another triaged (process %s): stop it first, or name another "
                 "state folder",
                 s->dir, pid[0] == '\0' ? "unknown" : pid);
}

static int lock(struct store *s, struct trg_err *err) {
  char *path = file_join(s->dir, "lock");
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int rc = 0;
  if (fd < 0)
    rc = err_set(err, TRG_EIO, "permission", "%s: %s; check the owner and mode of %s", path,
                 strerror(errno), s->dir);
  else if (!flock_soon(fd))
    rc = locked_by(s, fd, err);
  mem_free(path);
  if (rc != 0) {
    if (fd >= 0) (void)close(fd);
    return rc;
  }
  s->lock_fd = fd;
  char pid[24];
  const int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
  /* Only for the message above: a disk that is full shows itself at the first commit. */
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) return 0;
  return 0;
}

bool store_locked(const char *state_dir) {
  char *path = file_join(state_dir, "lock");
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  mem_free(path);
  if (fd < 0) return false;
  const bool taken = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  (void)close(fd);
  return taken;
}

/* --- opening --------------------------------------------------------------------------------- */

static void *give(int n) {
  return pieces_give((size_t)n);
}

static int size_of(void *p) {
  return (int)pieces_size(p);
}

static int rounded(int n) {
  return (int)pieces_room((size_t)n);
}

static void *resize(void *p, int n) {
  const size_t had = pieces_size(p), wanted = (size_t)n;
  if (wanted <= had && wanted > had / 2) return p;
  void *other = pieces_give(wanted);
  if (other == NULL) return NULL;
  memcpy(other, p, had < wanted ? had : wanted);
  pieces_take(p);
  return other;
}

static int begin(void *arg) {
  (void)arg;
  return SQLITE_OK;
}

static void end(void *arg) {
  (void)arg;
}

/* SQLite has lists of small pieces itself ("lookaside"), but Debian builds it without them
 * (OMIT_LOOKASIDE). Nobody asks it how much memory it uses, and counting costs a lock each time.
 * Both are refused, without harm, when it runs already. */
static void memory_set(void) {
  static const sqlite3_mem_methods methods = {give,    pieces_take, resize, size_of,
                                              rounded, begin,       end,    NULL};
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

static struct store *store_new(const char *state_dir) {
  memory_set();
  struct store *s = mem_alloc(sizeof *s);
  s->dir = mem_dup(state_dir);
  s->path = file_join(state_dir, "triaged.db");
  s->lock_fd = -1;
  return s;
}

/* Is it a database, or is there none yet? Asked before SQLite may touch it. */
static int looked_at(struct store *s, bool *ret_new, struct trg_err *err) {
  static const char magic[16] = "SQLite format 3";
  char first[16] = "";
  const int fd = open(s->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    *ret_new = true;
    return 0;
  }
  if (fd < 0)
    return err_set(err, TRG_EIO, "permission", "%s: %s; check the owner and mode of it and of %s",
                   s->path, strerror(errno), s->dir);
  const ssize_t n = read(fd, first, sizeof first);
  (void)close(fd);
  if (n < 0) return err_set(err, TRG_EIO, "io", "%s: %s", s->path, strerror(errno));
  *ret_new = n == 0;
  if (n == 0 || (n == (ssize_t)sizeof first && memcmp(first, magic, sizeof first) == 0)) return 0;
  return sql_failed(s, SQLITE_NOTADB, err);
}

static int open_file(struct store *s, int flags, struct trg_err *err) {
  const char *system = (flags & SQLITE_OPEN_READWRITE) != 0 ? wal_file_system() : NULL;
  const int rc = sqlite3_open_v2(s->path, &s->db,
                                 flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, system);
  if (rc != SQLITE_OK) return sql_failed(s, rc, err);
  (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  (void)sqlite3_busy_timeout(s->db, OPEN_BUSY_MS);
  return 0;
}

static int number_of(struct store *s, const char *text, int64_t *ret, struct trg_err *err) {
  struct sql q;
  sql_read_once(&q, s, text);
  return sql_number(&q, ret, err);
}

/* Whose file is it, and of which version? *ret_version 0: an empty one that may become ours. */
static int identified(struct store *s, int64_t *ret_version, struct trg_err *err) {
  int64_t app = 0, version = 0, things = 0;
  int rc = number_of(s, "PRAGMA application_id", &app, err);
  if (rc == 0) rc = number_of(s, "PRAGMA user_version", &version, err);
  if (rc == 0) rc = number_of(s, "SELECT count(*) FROM sqlite_schema", &things, err);
  if (rc != 0) return rc;
  const bool empty = app == 0 && version == 0 && things == 0;
  if (!empty && app != STORE_APPLICATION_ID)
    return err_set(err, TRG_ESTATE, "foreign",
                   "%s is the database of another program (application id %lld); nothing was "
                   "changed: name another state folder, or move that file away",
                   s->path, (long long)app);
  if (version > STORE_VERSION)
    return err_set(err, TRG_ESTATE, "newer",
                   "%s was written by a newer triaged (database version %lld, this program knows "
                   "%d); nothing was changed: install that version again, or put back a backup "
                   "made before it",
                   s->path, (long long)version, STORE_VERSION);
  *ret_version = version;
  return 0;
}

static int use_wal(struct store *s, struct trg_err *err) {
  struct sql q;
  sql_read_once(&q, s, "PRAGMA journal_mode = WAL");
  const int rc = sql_one(&q, "journal mode", err);
  if (rc != 0) return rc;
  const bool wal = strcmp(sql_get_text(&q, NULL), "wal") == 0;
  sql_end(&q);
  if (!wal)
    return err_set(err, TRG_EIO, "wal",
                   "%s: this file system cannot hold a shared log (WAL); put the state on a local "
                   "disk",
                   s->path);
  /* recursive_triggers: else REPLACE would delete append-only rows without asking the trigger. */
  return sql_script(s,
                    "PRAGMA synchronous = FULL;"
                    "PRAGMA foreign_keys = ON;"
                    "PRAGMA recursive_triggers = ON;"
                    "PRAGMA temp_store = MEMORY;"
                    "PRAGMA cache_size = -4096;"
                    "PRAGMA journal_size_limit = 67108864;"
                    "PRAGMA wal_autocheckpoint = 4000",
                    err);
}

static int open_writer(struct store *s, struct trg_err *err) {
  bool fresh = false;
  int rc = file_mkdirs(s->dir, 0700, err);
  if (rc == 0) rc = lock(s, err);
  if (rc == 0) rc = looked_at(s, &fresh, err);
  if (rc == 0 && fresh) { /* else SQLite makes it readable for everybody; its WAL takes after it */
    const int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0) (void)close(fd);
  }
  if (rc == 0) rc = open_file(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
  int64_t version = 0;
  if (rc == 0) rc = identified(s, &version, err);
  if (rc == 0) rc = use_wal(s, err);
  if (rc == 0) wait_begin(s);
  if (rc == 0) rc = migrate(s, version, err);
  if (rc == 0) rc = delta_open(s, err);
  if (rc == 0) rc = tally_open(s, err);
  if (s->db != NULL) wait_end(s);
  if (rc != 0) return rc;
  (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  (void)sqlite3_busy_timeout(s->db, 0);
  return 0;
}

static int open_reader(struct store *s, struct trg_err *err) {
  bool fresh = false;
  int rc = looked_at(s, &fresh, err);
  if (rc == 0 && fresh)
    return err_set(err, TRG_ENOTFOUND, "no_database",
                   "there is no database in %s yet: start triaged once, or check 'state' in the "
                   "configuration",
                   s->dir);
  if (rc == 0) rc = open_file(s, SQLITE_OPEN_READONLY, err);
  int64_t version = 0;
  if (rc == 0) rc = identified(s, &version, err);
  if (rc != 0) return rc;
  (void)sqlite3_busy_timeout(s->db, READER_BUSY_MS);
  if (version == 0)
    return err_set(err, TRG_ENOTFOUND, "no_database", "%s is still empty: start triaged once",
                   s->path);
  if (version < STORE_VERSION)
    return err_set(err, TRG_ESTATE, "older",
                   "%s has database version %lld, this program needs %d: start triaged once to "
                   "bring it up to date",
                   s->path, (long long)version, STORE_VERSION);
  return sql_script(s,
                    "PRAGMA wal_autocheckpoint = 0;"
                    "PRAGMA temp_store = MEMORY;"
                    "PRAGMA cache_size = -16384",
                    err);
}

static int opened(struct store *s, int rc, struct store **ret) {
  if (rc == 0)
    *ret = s;
  else
    store_close(&s);
  return rc;
}

int store_open_told(const char *state_dir, bool (*fn)(void *arg, const char *what), void *arg,
                    struct store **ret, struct trg_err *err) {
  struct store *s = store_new(state_dir);
  s->on_wait = fn;
  s->wait_arg = arg;
  return opened(s, open_writer(s, err), ret);
}

int store_open(const char *state_dir, struct store **ret, struct trg_err *err) {
  return store_open_told(state_dir, NULL, NULL, ret, err);
}

int store_open_reader(const char *state_dir, struct store **ret, struct trg_err *err) {
  struct store *s = store_new(state_dir);
  return opened(s, open_reader(s, err), ret);
}

int store_open_beside(const struct store *s, struct store **ret, struct trg_err *err) {
  const int rc = store_open_reader(s->dir, ret, err);
  return rc < 0 ? rc : sql_script(*ret, "PRAGMA cache_size = -2048", err);
}

void store_close(struct store **s) {
  if (s == NULL || *s == NULL) return;
  struct store *x = *s;
  *s = NULL;
  turn_sync_end(x);
  sql_forget(x);
  delta_close(x);
  heads_free(&x->heads);
  if (x->db != NULL && sqlite3_get_autocommit(x->db) == 0)
    (void)sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
  BUG_UNLESS(x->db == NULL || sqlite3_close(x->db) == SQLITE_OK);
  if (x->lock_fd >= 0)
    (void)close(x->lock_fd); /* frees the lock; the file stays, as removing it would be a race */
  mem_free(x->effects);
  mem_free(x->saves);
  mem_free(x->question);
  mem_free(x->query);
  mem_free(x->dir);
  mem_free(x->path);
  mem_free(x);
}

void store_must(int rc, const struct trg_err *err) {
  if (rc >= 0) return;
  log_event(TRG_ERROR, "store.failed", "code", err->code, "why", err->text, NULL);
  BUG("the store refused a write");
}
