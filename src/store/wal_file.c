#include "store/wal_file.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define HEAD_BYTES 24
#define KEPT_BYTES ((size_t)131072) /* 31 pages; more go to the kernel in several writes */

/* `real` is SQLite's own file, which stands behind this in the same memory. */
struct wal_file {
  sqlite3_file base;
  sqlite3_file *real;
  unsigned char *kept; /* KEPT_BYTES; NULL: nothing was written yet */
  size_t n;
  sqlite3_int64 from; /* where kept[0] belongs in the file */
  bool last_page;     /* what comes now is the last page of a commit, up to the next head */
};

static sqlite3_vfs own, *usual;

static struct wal_file *of(sqlite3_file *file) {
  return (struct wal_file *)(void *)file;
}

/* What could not be written is forgotten: SQLite undoes its transaction and writes there again. */
static int flush(struct wal_file *w) {
  if (w->n == 0) return SQLITE_OK;
  const int n = (int)w->n;
  w->n = 0;
  return w->real->pMethods->xWrite(w->real, w->kept, n, w->from);
}

static int wal_close(sqlite3_file *file) {
  struct wal_file *w = of(file);
  const int wrote = flush(w), rc = w->real->pMethods->xClose(w->real);
  mem_free(w->kept);
  return wrote != SQLITE_OK ? wrote : rc;
}

static int wal_read(sqlite3_file *file, void *ret, int n, sqlite3_int64 at) {
  struct wal_file *w = of(file);
  const int rc = flush(w);
  return rc != SQLITE_OK ? rc : w->real->pMethods->xRead(w->real, ret, n, at);
}

static bool ends_commit(const void *head) {
  static const unsigned char none[4] = {0};
  return memcmp((const unsigned char *)head + 4, none, sizeof none) != 0;
}

static int wal_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at) {
  struct wal_file *w = of(file);
  const size_t n = (size_t)count;
  if (w->n > 0 && (at != w->from + (sqlite3_int64)w->n || w->n + n > KEPT_BYTES)) {
    const int rc = flush(w);
    if (rc != SQLITE_OK) return rc;
  }
  const bool head = n == HEAD_BYTES;
  if (head) w->last_page = ends_commit(bytes);
  if (n > KEPT_BYTES) return w->real->pMethods->xWrite(w->real, bytes, count, at);
  if (w->kept == NULL) w->kept = mem_alloc(KEPT_BYTES);
  if (w->n == 0) w->from = at;
  memcpy(w->kept + w->n, bytes, n);
  w->n += n;
  return w->last_page && !head ? flush(w) : SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size) {
  struct wal_file *w = of(file);
  const int rc = flush(w);
  return rc != SQLITE_OK ? rc : w->real->pMethods->xTruncate(w->real, size);
}

static int wal_sync(sqlite3_file *file, int flags) {
  struct wal_file *w = of(file);
  const int rc = flush(w);
  return rc != SQLITE_OK ? rc : w->real->pMethods->xSync(w->real, flags);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret) {
  struct wal_file *w = of(file);
  const int rc = flush(w);
  return rc != SQLITE_OK ? rc : w->real->pMethods->xFileSize(w->real, ret);
}

/* Locks are on the database, never on its log. */
static int no_lock(sqlite3_file *file, int level) {
  (void)file;
  (void)level;
  return SQLITE_OK;
}

static int no_lock_known(sqlite3_file *file, int *ret) {
  (void)file;
  *ret = 0;
  return SQLITE_OK;
}

static int wal_control(sqlite3_file *file, int what, void *arg) {
  struct wal_file *w = of(file);
  return w->real->pMethods->xFileControl(w->real, what, arg);
}

static int wal_sector(sqlite3_file *file) {
  struct wal_file *w = of(file);
  return w->real->pMethods->xSectorSize(w->real);
}

static int wal_device(sqlite3_file *file) {
  struct wal_file *w = of(file);
  return w->real->pMethods->xDeviceCharacteristics(w->real);
}

static const sqlite3_io_methods wal_methods = {.iVersion = 1,
                                               .xClose = wal_close,
                                               .xRead = wal_read,
                                               .xWrite = wal_write,
                                               .xTruncate = wal_truncate,
                                               .xSync = wal_sync,
                                               .xFileSize = wal_size,
                                               .xLock = no_lock,
                                               .xUnlock = no_lock,
                                               .xCheckReservedLock = no_lock_known,
                                               .xFileControl = wal_control,
                                               .xSectorSize = wal_sector,
                                               .xDeviceCharacteristics = wal_device};

static int open_any(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *ret_flags) {
  (void)vfs;
  if ((flags & SQLITE_OPEN_WAL) == 0) return usual->xOpen(usual, name, file, flags, ret_flags);
  struct wal_file *w = of(file);
  memset(w, 0, sizeof *w);
  w->real = (sqlite3_file *)(void *)(w + 1);
  w->real->pMethods = NULL;
  const int rc = usual->xOpen(usual, name, w->real, flags, ret_flags);
  if (rc == SQLITE_OK) w->base.pMethods = &wal_methods;
  return rc;
}

/* Its other methods ask nothing of the system they are called for. */
const char *wal_file_system(void) {
  if (usual != NULL) return own.zName;
  sqlite3_vfs *found = sqlite3_vfs_find(NULL);
  if (found == NULL) return NULL;
  own = *found;
  own.zName = "triaged";
  own.pNext = NULL;
  own.szOsFile += (int)sizeof(struct wal_file);
  own.xOpen = open_any;
  if (sqlite3_vfs_register(&own, 0) != SQLITE_OK) return NULL;
  usual = found;
  return own.zName;
}
