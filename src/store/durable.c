#include "store/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/helper.h"
#include "base/mem.h"
#include "base/stop.h"

struct durable {
  pthread_t thread;
  char *path;
  int fd;
  void (*told)(void *arg);
  void *arg;
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t changed;
  int64_t asked, done;
  int failure; /* errno */
  bool stop;
};

/* One sync serves all that was asked for while the one before it ran. */
static void *run(void *arg) {
  struct durable *d = arg;
  helper_thread();
  (void)pthread_mutex_lock(&d->lock);
  while (!d->stop && d->failure == 0) {
    if (d->asked == d->done) {
      (void)pthread_cond_wait(&d->changed, &d->lock);
      continue;
    }
    const int64_t upto = d->asked;
    (void)pthread_mutex_unlock(&d->lock);
    const int failure = fdatasync(d->fd) == 0 ? 0 : errno;
    (void)pthread_mutex_lock(&d->lock);
    d->failure = failure;
    if (failure == 0) d->done = upto;
    (void)pthread_cond_broadcast(&d->changed);
    d->told(d->arg);
  }
  (void)pthread_mutex_unlock(&d->lock);
  return NULL;
}

/* Signals are for the loop's thread. */
static int thread_start(struct durable *d) {
  sigset_t before;
  stop_block_all(&before);
  const int rc = pthread_create(&d->thread, NULL, run, d);
  stop_unblock(&before);
  return rc;
}

int durable_new(const char *wal, int64_t commit, void (*told)(void *arg), void *arg,
                struct durable **ret, struct trg_err *err) {
  /* POSIX locks end when any descriptor of the file is closed; SQLite has none on this file. */
  const int fd = open(wal, O_RDWR | O_CLOEXEC);
  if (fd < 0) return err_set(err, TRG_EIO, "io", "%s: %s", wal, strerror(errno));
  struct durable *d = mem_alloc(sizeof *d);
  *d = (struct durable){
      .path = mem_dup(wal), .fd = fd, .told = told, .arg = arg, .asked = commit, .done = commit};
  (void)pthread_mutex_init(&d->lock, NULL);
  (void)pthread_cond_init(&d->changed, NULL);
  const int rc = thread_start(d);
  if (rc != 0) {
    (void)err_set(err, TRG_EIO, "system", "no thread can be started: %s", strerror(rc));
    (void)close(fd);
    mem_free(d->path);
    mem_free(d);
    return TRG_EIO;
  }
  *ret = d;
  return 0;
}

void durable_free(struct durable **at) {
  struct durable *d = *at;
  if (d == NULL) return;
  *at = NULL;
  (void)pthread_mutex_lock(&d->lock);
  d->stop = true;
  (void)pthread_cond_broadcast(&d->changed);
  (void)pthread_mutex_unlock(&d->lock);
  (void)pthread_join(d->thread, NULL);
  (void)pthread_cond_destroy(&d->changed);
  (void)pthread_mutex_destroy(&d->lock);
  (void)close(d->fd);
  mem_free(d->path);
  mem_free(d);
}

void durable_ask(struct durable *d, int64_t commit) {
  (void)pthread_mutex_lock(&d->lock);
  if (commit > d->asked) {
    d->asked = commit;
    (void)pthread_cond_broadcast(&d->changed);
  }
  (void)pthread_mutex_unlock(&d->lock);
}

static int result(const struct durable *d, int64_t *ret_commit, struct trg_err *err) {
  if (d->failure != 0)
    return err_set(err, TRG_EIO, "io",
                   "%s cannot be made durable (%s); nobody was told of what is lost: check the "
                   "disk, then start again",
                   d->path, strerror(d->failure));
  *ret_commit = d->done;
  return 0;
}

int durable_upto(struct durable *d, int64_t *ret_commit, struct trg_err *err) {
  (void)pthread_mutex_lock(&d->lock);
  const int rc = result(d, ret_commit, err);
  (void)pthread_mutex_unlock(&d->lock);
  return rc;
}

int durable_wait(struct durable *d, int64_t commit, struct trg_err *err) {
  int64_t now = 0;
  (void)pthread_mutex_lock(&d->lock);
  while (d->done < commit && d->failure == 0) (void)pthread_cond_wait(&d->changed, &d->lock);
  const int rc = result(d, &now, err);
  (void)pthread_mutex_unlock(&d->lock);
  return rc;
}
