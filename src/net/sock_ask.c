#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/sock.h"

#define ANSWER_MAX ((size_t)256 << 20)

static int wait_for(int fd, short events, int64_t until_us, struct trg_err *err) {
  for (;;) {
    const int64_t left_ms = (until_us - clock_mono_us()) / 1000;
    struct pollfd p = {.fd = fd, .events = events};
    const int n = left_ms <= 0 ? 0 : poll(&p, 1, left_ms > 1000000 ? 1000000 : (int)left_ms);
    if (n > 0) return 0;
    if (n == 0 && clock_mono_us() >= until_us - 999)
      return err_set(err, TRG_EIO, "timeout", "the daemon did not answer in time");
    if (n < 0 && errno != EINTR)
      return err_set(err, TRG_EIO, "socket", "waiting for the daemon: %s", strerror(errno));
  }
}

static int open_to(const char *path, struct trg_err *err) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof a.sun_path)
    return err_set(err, TRG_EINVAL, "socket", "the path %s is too long for a socket", path);
  memcpy(a.sun_path, path, strlen(path) + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return err_set(err, TRG_EIO, "socket", "no socket: %s", strerror(errno));
  if (connect(fd, (const struct sockaddr *)(const void *)&a, sizeof a) == 0) return fd;
  const int e = errno;
  (void)close(fd);
  if (e == ENOENT || e == ECONNREFUSED)
    return err_set(err, TRG_ENOTFOUND, "no_daemon", "no daemon listens on %s", path);
  return err_set(err, TRG_EIO, "socket", "the daemon at %s can not be reached: %s%s", path,
                 strerror(e), e == EACCES ? "; run this as the daemon's user or as root" : "");
}

static int send_all(int fd, struct trg_str s, int64_t until_us, struct trg_err *err) {
  size_t sent = 0;
  while (sent < s.n) {
    const int rc = wait_for(fd, POLLOUT, until_us, err);
    if (rc != 0) return rc;
    const ssize_t n = send(fd, s.p + sent, s.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
      sent += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR)
      return err_set(err, TRG_EIO, "socket", "the daemon closed the connection: %s",
                     strerror(errno));
  }
  return 0;
}

struct reader {
  int fd;
  int64_t until_us;
  char block[65536];
  size_t at, n; /* what is left of the block */
};

/* The next line, without its end. */
static int read_line(struct reader *r, struct buf *b, struct trg_err *err) {
  for (;;) {
    const char *from = r->block + r->at, *end = memchr(from, '\n', r->n - r->at);
    buf_add(b, from, end == NULL ? r->n - r->at : (size_t)(end - from));
    if (b->over) return err_set(err, TRG_ELIMIT, "socket", "the daemon's answer is too large");
    r->at = end == NULL ? 0 : (size_t)(end - r->block) + 1;
    if (end != NULL) return 0;
    r->n = 0;
    const int rc = wait_for(r->fd, POLLIN, r->until_us, err);
    if (rc != 0) return rc;
    const ssize_t n = recv(r->fd, r->block, sizeof r->block, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0)
      return err_set(err, TRG_EIO, "socket", "the daemon closed the connection without an answer");
    r->n = (size_t)n;
  }
}

int sock_ask_told(const char *path, struct trg_str line, int64_t timeout_ms,
                  bool (*told)(void *arg, struct trg_str line), void *arg, char **ret_answer,
                  struct trg_err *err) {
  const int fd = open_to(path, err);
  if (fd < 0) return fd;
  struct reader *r = mem_alloc(sizeof *r);
  r->fd = fd;
  r->until_us = clock_mono_us() + timeout_ms * 1000;
  struct buf answer;
  buf_init(&answer, ANSWER_MAX);
  int rc = send_all(fd, line, r->until_us, err);
  if (rc == 0) rc = send_all(fd, TRG_STR("\n"), r->until_us, err);
  if (rc == 0) rc = read_line(r, &answer, err);
  while (rc == 0 && told != NULL && told(arg, buf_view(&answer))) {
    buf_reset(&answer);
    rc = read_line(r, &answer, err);
  }
  if (rc == 0) *ret_answer = buf_take(&answer, NULL);
  buf_free(&answer);
  mem_free(r);
  (void)close(fd);
  return rc;
}

int sock_ask(const char *path, struct trg_str line, int64_t timeout_ms, char **ret_answer,
             struct trg_err *err) {
  return sock_ask_told(path, line, timeout_ms, NULL, NULL, ret_answer, err);
}
