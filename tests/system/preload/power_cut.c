/* Loaded into the daemon before its libraries: keeps beside each file of the database what a disk
 * would have of it if the power went off now, FILE.durable: its bytes when the last sync that ended
 * began. The harshest disk: it keeps nothing that was not synced. A sync takes some milliseconds
 * more than it would, so that there is a time to be caught in. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNC_US 4000

/* The path of a file of the database, or false. */
static bool path_of(int fd, char path[PATH_MAX]) {
  static const char *const names[] = {"/triaged.db", "/triaged.db-wal"};
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, PATH_MAX - 1);
  if (n <= 0) return false;
  path[n] = '\0';
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const size_t k = strlen(names[i]);
    if ((size_t)n > k && strcmp(path + n - (ssize_t)k, names[i]) == 0) return true;
  }
  return false;
}

/* Through the descriptor itself: closing another one of the same file would end SQLite's locks. */
static void copy(int fd, const char *to) {
  struct stat st;
  off_t at = 0;
  const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0 || fstat(fd, &st) != 0) abort();
  while (at < st.st_size) {
    const ssize_t n = sendfile(out, fd, &at, (size_t)(st.st_size - at));
    if (n < 0) abort();
    if (n == 0) break;
  }
  (void)close(out);
}

static int synced(const char *name, int fd) {
  int (*real)(int) = NULL;
  char path[PATH_MAX], beside[PATH_MAX + 40], kept[PATH_MAX + 40];
  *(void **)(&real) = dlsym(RTLD_NEXT, name);
  if (!path_of(fd, path)) return real(fd);
  snprintf(beside, sizeof beside, "%s.began.%d", path, fd);
  snprintf(kept, sizeof kept, "%s.durable", path);
  copy(fd, beside);
  (void)usleep(SYNC_US);
  const int rc = real(fd);
  if (rc != 0 || rename(beside, kept) != 0) abort();
  return 0;
}

int fdatasync(int fd) {
  return synced("fdatasync", fd);
}

int fsync(int fd) {
  return synced("fsync", fd);
}
