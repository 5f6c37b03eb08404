#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#define WALK_ENTRIES_MAX 100000

/* What failed, where, why, and for the frequent causes what to do. */
static int failed(struct trg_err *err, const char *path, const char *what, int cause) {
  const char *advice = "";
  if (cause == ENOSPC)
    advice = "; free some space on this disk";
  else if (cause == EDQUOT)
    advice = "; the quota is used up";
  else if (cause == EROFS)
    advice = "; choose a place that can be written";
  else if (cause == EACCES || cause == EPERM)
    advice = "; check the owner and the mode of the file and of its folders";
  return err_set(err, cause == ENOENT ? TRG_ENOTFOUND : TRG_EIO, "file", "%s: %s: %s%s", path, what,
                 strerror(cause), advice);
}

static int read_all(int fd, const char *path, size_t max_bytes, struct buf *b,
                    struct trg_err *err) {
  char piece[32768];
  for (;;) {
    const ssize_t n = read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(err, path, "cannot be read", errno);
    if (n == 0) return 0;
    buf_add(b, piece, (size_t)n);
    if (b->over || b->n > max_bytes)
      return err_set(err, TRG_ELIMIT, "file", "%s: larger than %zu bytes", path,
                     b->over && b->max < max_bytes ? b->max : max_bytes);
  }
}

int file_read(const char *path, size_t max_bytes, struct buf *b, struct trg_err *err) {
  buf_reset(b);
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return failed(err, path, "cannot be opened", errno);
  const int status = read_all(fd, path, max_bytes, b, err);
  (void)close(fd);
  if (status != 0) buf_reset(b);
  return status;
}

static int write_all(int fd, struct trg_str s) {
  while (s.n > 0) {
    const ssize_t n = write(fd, s.p, s.n);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    s.p += n;
    s.n -= (size_t)n;
  }
  return 0;
}

static int sync_folder(const char *path) {
  char *dir = file_dir(path);
  const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  mem_free(dir);
  if (fd < 0) return -1;
  const int status = fsync(fd);
  const int cause = errno;
  (void)close(fd);
  errno = cause;
  /* Some file systems cannot sync a folder; that is not a failed write. */
  return status == 0 || cause == EINVAL ? 0 : -1;
}

int file_write(const char *path, struct trg_str content, unsigned mode, struct trg_err *err) {
  uint8_t noise[8];
  char word[sizeof noise * 2 + 1];
  random_bytes(noise, sizeof noise);
  hex_encode(noise, sizeof noise, word);
  struct buf name;
  buf_init(&name, 0);
  buf_printf(&name, "%s.new-%s", path, word);
  const char *what = NULL;
  const int fd = open(name.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    what = "cannot be created";
  else if (fchmod(fd, (mode_t)mode) != 0)
    what = "its mode cannot be set";
  else if (write_all(fd, content) != 0)
    what = "cannot be written";
  else if (fsync(fd) != 0)
    what = "cannot be made durable";
  int cause = errno;
  if (fd >= 0 && close(fd) != 0 && what == NULL) {
    what = "cannot be closed";
    cause = errno;
  }
  if (what == NULL && rename(name.p, path) != 0) {
    what = "cannot be put in place";
    cause = errno;
  }
  if (what != NULL && fd >= 0) (void)unlink(name.p);
  if (what == NULL && sync_folder(path) != 0) {
    what = "its folder cannot be made durable";
    cause = errno;
  }
  buf_free(&name);
  return what == NULL ? 0 : failed(err, path, what, cause);
}

int file_mkdirs(const char *path, unsigned mode, struct trg_err *err) {
  char *part = mem_dup(path);
  const size_t n = strlen(part);
  int status = 0;
  for (size_t i = 1; i <= n && status == 0; i++) {
    if (i < n && part[i] != '/') continue;
    part[i] = '\0';
    if (mkdir(part, (mode_t)mode) != 0 && errno != EEXIST && !file_is_dir(part))
      status = failed(err, part, "the folder cannot be made", errno);
    else if (!file_is_dir(part))
      status = failed(err, part, "the folder cannot be made", ENOTDIR);
    if (i < n) part[i] = '/';
  }
  mem_free(part);
  return status;
}

bool file_exists(const char *path) {
  struct stat s;
  return stat(path, &s) == 0;
}

bool file_is_dir(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

char *file_join(const char *dir, const char *name) {
  if (name[0] == '/' || dir == NULL || dir[0] == '\0') return mem_dup(name);
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, dir);
  if (b.p[b.n - 1] != '/') buf_char(&b, '/');
  buf_text(&b, name);
  return buf_take(&b, NULL);
}

char *file_dir(const char *path) {
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') /* "a/b/" is b in a */
    n--;
  while (n > 0 && path[n - 1] != '/') n--;
  while (n > 1 && path[n - 1] == '/') n--;
  return n == 0 ? mem_dup(".") : mem_dup_str((struct trg_str){path, n});
}

struct walk {
  char *root; /* real path of the folder, no slash at its end except for "/" */
  int (*fn)(void *arg, const char *path);
  void *arg;
  struct trg_err *err;
  size_t entries;
};

enum { ENTRY_OTHER = 0, ENTRY_FILE = 1, ENTRY_FOLDER = 2 };

/* A link to a file inside counts as that file; a link to a folder is not followed. */
static int entry_kind(const struct walk *w, const char *path) {
  struct stat s;
  if (lstat(path, &s) != 0) return ENTRY_OTHER;
  if (S_ISDIR(s.st_mode)) return ENTRY_FOLDER;
  if (S_ISREG(s.st_mode)) return ENTRY_FILE;
  if (!S_ISLNK(s.st_mode) || stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return ENTRY_OTHER;
  char *real = realpath(path, NULL);
  const size_t n = strlen(w->root);
  const bool inside = real != NULL && strncmp(real, w->root, n) == 0 &&
                      (real[n] == '/' || w->root[n - 1] == '/');
  free(real);
  return inside ? ENTRY_FILE : ENTRY_OTHER;
}

struct names {
  char **at;
  size_t n, room;
};

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(struct names *l) {
  for (size_t i = 0; i < l->n; i++) mem_free(l->at[i]);
  mem_free(l->at);
}

/* Paths of what is in the folder, sorted; folders end in a slash, which makes the order of the
 * names the order of the whole paths. */
static int list(struct walk *w, const char *dir, struct names *l) {
  DIR *d = opendir(dir);
  if (d == NULL) return failed(w->err, dir, "the folder cannot be read", errno);
  int status = 0;
  for (;;) {
    errno = 0;
    const struct dirent *e = readdir(d);
    if (e == NULL) {
      if (errno != 0) status = failed(w->err, dir, "the folder cannot be read", errno);
      break;
    }
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (++w->entries > WALK_ENTRIES_MAX) {
      status = err_set(w->err, TRG_ELIMIT, "file", "%s: more than %d entries", w->root,
                       WALK_ENTRIES_MAX);
      break;
    }
    char *path = file_join(dir, e->d_name);
    const int kind = entry_kind(w, path);
    if (kind == ENTRY_OTHER) {
      mem_free(path);
      continue;
    }
    if (kind == ENTRY_FOLDER) {
      const size_t n = strlen(path);
      path = mem_grow(path, n + 2);
      memcpy(path + n, "/", 2);
    }
    if (l->n == l->room) {
      l->room = l->room == 0 ? 32 : l->room * 2;
      l->at = mem_grow(l->at, l->room * sizeof *l->at);
    }
    l->at[l->n++] = path;
  }
  (void)closedir(d);
  if (l->n > 1) qsort(l->at, l->n, sizeof *l->at, by_bytes);
  return status;
}

static int walk(struct walk *w, const char *dir, int depth_left) {
  struct names l = {0};
  int status = list(w, dir, &l);
  for (size_t i = 0; i < l.n && status == 0; i++) {
    const size_t n = strlen(l.at[i]);
    if (l.at[i][n - 1] != '/')
      status = w->fn(w->arg, l.at[i]);
    else if (depth_left > 1)
      status = walk(w, l.at[i], depth_left - 1);
  }
  names_free(&l);
  return status;
}

int file_walk(const char *dir, int max_depth, int (*fn)(void *arg, const char *path), void *arg,
              struct trg_err *err) {
  if (max_depth < 1) return 0;
  char *root = realpath(dir, NULL);
  if (root == NULL) return failed(err, dir, "the folder cannot be read", errno);
  struct walk w = {.root = root, .fn = fn, .arg = arg, .err = err};
  const int status = walk(&w, dir, max_depth);
  free(root);
  return status;
}
