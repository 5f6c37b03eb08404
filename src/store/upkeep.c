/* The store's own needs: checkpoints, cleaning, backup, checks, its key and its settings. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/sql.h"

/* The bug: two connections that write or checkpoint at one moment can lose committed rows. Fixed
 * in 3.51.3, and in 3.50.7 and 3.44.6 of the older lines (https://sqlite.org/wal.html). */
static bool has_wal_reset_bug(int v) {
  const bool mended = v >= 3051003 || (v >= 3050007 && v < 3051000) ||
                      (v >= 3044006 && v < 3045000) || v < 3007000;
  return !mended;
}

const char *store_engine(void) {
  static const char *const words[] = {
      "; its WAL is safe also with several writers",
      "; has the WAL-reset bug, which needs two writers: here one connection writes",
  };
  static char text[128];
  (void)snprintf(text, sizeof text, "SQLite %s%s", sqlite3_libversion(),
                 words[has_wal_reset_bug(sqlite3_libversion_number())]);
  return text;
}

const char *store_path(const struct store *s) {
  return s->path;
}

void store_idle(struct store *s) {
  if (s->lock_fd < 0 || s->turn || s->failed) return;
  /* Busy because of a reader is normal: the next idle moment tries again. */
  (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

int store_check(struct store *s, struct trg_err *err) {
  static const char text[] = "PRAGMA quick_check(1)";
  struct sql q;
  sql_read_once(&q, s, text);
  const int rc = sql_one(&q, "answer", err);
  if (rc != 0) return rc;
  const char *words = sql_get_text(&q, NULL);
  int status = 0;
  if (strcmp(words, "ok") != 0)
    status = err_set(err, TRG_ECORRUPT, "corrupt",
                     "%s is damaged: %.160s; stop, keep the file, and put back a copy made with "
                     "'triagectl backup'",
                     s->path, words);
  sql_end(&q);
  return status;
}

/* --- cleaning -------------------------------------------------------------------------------- */

static int batch(struct store *s, const char *text, int64_t before_ms, int64_t *left,
                 struct trg_err *err) {
  if (*left <= 0) return 0;
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, before_ms);
  sql_int(&q, *left);
  const int rc = sql_run(&q, err);
  if (rc == 0) *left -= sql_changed(s);
  return rc;
}

int store_clean(struct store *s, int64_t before_ms, int64_t requests_before_ms, int rows,
                bool *ret_more, struct trg_err *err) {
  /* A notice is done when its ticket no longer waits for a fetch. */
  static const char notices[] =
      "DELETE FROM inbox WHERE seq IN (SELECT i.seq FROM inbox i WHERE i.seen_ms < ?"
      "  AND NOT EXISTS (SELECT 1 FROM inbox_ticket w"
      "    WHERE w.helpdesk = i.helpdesk AND w.ext_id = i.ext_id)"
      "  ORDER BY i.seen_ms LIMIT ?)";
  static const char deliveries[] =
      "DELETE FROM delivery WHERE (helpdesk, delivery_id) IN (SELECT helpdesk, delivery_id"
      "  FROM delivery WHERE seen_ms < ? ORDER BY seen_ms LIMIT ?)";
  static const char bytes[] =
      "DELETE FROM model_bytes WHERE model_call_id IN (SELECT model_call_id FROM model_bytes"
      "  WHERE started_ms < ? ORDER BY started_ms LIMIT ?)";
  static const char asked[] =
      "DELETE FROM asked WHERE (ticket_id, pass, stage) IN (SELECT ticket_id, pass, stage"
      "  FROM asked WHERE at_ms < ? ORDER BY at_ms LIMIT ?)";
  const struct {
    const char *text;
    int64_t before_ms;
  } kinds[] = {{notices, before_ms},
               {deliveries, before_ms},
               {bytes, requests_before_ms},
               {asked, requests_before_ms}};
  int64_t left = rows;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const int rc = batch(s, kinds[i].text, kinds[i].before_ms, &left, err);
    if (rc != 0) return rc;
  }
  *ret_more = left <= 0 && rows > 0;
  return 0;
}

/* --- backup ---------------------------------------------------------------------------------- */

static int synced(const char *path, struct trg_err *err) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const int rc = fd < 0 ? -1 : fsync(fd);
  const int cause = errno;
  if (fd >= 0) (void)close(fd);
  return rc == 0 ? 0 : err_set(err, TRG_EIO, "io", "%s: %s", path, strerror(cause));
}

static int copy_into(struct store *s, const char *path, struct trg_err *err) {
  static const char text[] = "VACUUM INTO ?";
  struct sql q;
  sql_read_once(&q, s, text);
  sql_text(&q, path);
  int rc = sql_run(&q, err);
  if (rc != 0) {
    err_prefix(err, "backup to %s", path);
    return rc;
  }
  rc = synced(path, err);
  if (rc != 0) return rc;
  char *folder = file_dir(path);
  rc = synced(folder, err);
  mem_free(folder);
  return rc;
}

int store_backup(struct store *s, const char *path, struct trg_err *err) {
  if (s->turn)
    return err_set(err, TRG_ESTATE, "turn_open", "a backup cannot be made inside a turn");
  /* VACUUM INTO takes an empty file; making it here refuses one that exists, without a race, and
   * gives it its mode. */
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    return err_set(err, TRG_ESTATE, "exists",
                   "%s exists and is left as it is: name a new file for the backup", path);
  if (fd < 0) return err_set(err, TRG_EIO, "io", "%s: %s", path, strerror(errno));
  (void)close(fd);
  const int rc = copy_into(s, path, err);
  if (rc != 0) (void)unlink(path);
  return rc;
}

/* --- the key --------------------------------------------------------------------------------- */

static int key_read(const char *path, uint8_t out[32], struct trg_err *err) {
  struct buf b;
  buf_init(&b, 4096);
  int rc = file_read(path, 4096, &b, err);
  if (rc == 0 && b.n != 32)
    rc = err_set(err, TRG_ECORRUPT, "key",
                 "%s must hold 32 bytes and holds %zu: put it back from a backup (with another "
                 "key, known requesters are not recognised)",
                 path, b.n);
  if (rc == 0) memcpy(out, b.p, 32);
  buf_free(&b);
  return rc;
}

/* Written beside and linked in: of two programs that start at once, one makes the key. */
static int key_make(const char *state_dir, const char *path, struct trg_err *err) {
  uint8_t key[32];
  random_bytes(key, sizeof key);
  char name[40];
  (void)snprintf(name, sizeof name, "key.%ld", (long)getpid());
  char *beside = file_join(state_dir, name);
  int rc = file_write(beside, (struct trg_str){(const char *)key, sizeof key}, 0600, err);
  if (rc == 0 && link(beside, path) != 0 && errno != EEXIST)
    rc = err_set(err, TRG_EIO, "io", "%s: %s", path, strerror(errno));
  (void)unlink(beside);
  if (rc == 0) rc = synced(state_dir, err);
  mem_free(beside);
  return rc;
}

int store_key(const char *state_dir, uint8_t out[32], struct trg_err *err) {
  char *path = file_join(state_dir, "key");
  int rc = 0;
  if (!file_exists(path)) {
    rc = file_mkdirs(state_dir, 0700, err);
    if (rc == 0) rc = key_make(state_dir, path, err);
  }
  if (rc == 0) rc = key_read(path, out, err);
  mem_free(path);
  return rc;
}

/* --- settings -------------------------------------------------------------------------------- */

int store_get(struct store *s, const char *key, struct arena *a, char **ret, struct trg_err *err) {
  static const char text[] = "SELECT value FROM setting WHERE key = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, key);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret = rc == 0 ? NULL : arena_dup(a, str_of(sql_get_text(&q, NULL)));
  sql_end(&q);
  return 0;
}

int store_put(struct store *s, const char *key, const char *value, struct trg_err *err) {
  static const char text[] = "INSERT INTO setting (key, value) VALUES (?, ?)"
                             " ON CONFLICT (key) DO UPDATE SET value = excluded.value";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, key);
  sql_text(&q, value);
  return sql_run(&q, err);
}
