/*
 * For the tests of the rooms net and plugin: running the loop until something is so, and small
 * loopback peers that misbehave on purpose.
 */
#ifndef TEST_NET_HELP_H
#define TEST_NET_HELP_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

struct until {
  struct loop *l;
  bool (*ready)(void *arg);
  void *arg;
  bool late;
};

static void until_turn(void *arg) {
  struct until *u = arg;
  if (u->ready(u->arg)) loop_stop(u->l);
}

static void until_late(void *arg) {
  struct until *u = arg;
  u->late = true;
  loop_stop(u->l);
}

/* Runs the loop until `ready`; false when it was not within ms. */
static inline bool run_until(struct loop *l, bool (*ready)(void *arg), void *arg, int64_t ms) {
  struct until u = {.l = l, .ready = ready, .arg = arg};
  loop_on_turn(l, until_turn, &u);
  const loop_timer guard = loop_timer_start(l, ms, 0, until_late, &u);
  loop_run(l);
  loop_timer_stop(l, guard);
  loop_on_turn(l, NULL, NULL);
  return !u.late;
}

static bool until_never(void *arg) {
  (void)arg;
  return false;
}

static inline void run_for(struct loop *l, int64_t ms) {
  (void)run_until(l, until_never, NULL, ms);
}

/* A listening socket on loopback. Nobody accepts: a client connects, sends, and waits. */
static inline int listen_somewhere(int *ret_port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
  *ret_port = ntohs(a.sin_port);
  return fd;
}

static inline int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                          .sin_port = htons((uint16_t)port)};
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

/* A peer on a thread of its own. On each connection the first `keep` requests get `answer`; the
 * next one is read and then the connection is closed or reset, after `answer` when keep is 0. A
 * request is what one read brings: they are small. */
#define RUDE_MAX 64
struct rude {
  int fd, port;
  pthread_t thread;
  const char *answer; /* may be NULL */
  int keep;
  bool reset;
  atomic_int requests;
};

/* One request, whole, in however many pieces it comes. */
static bool rude_read(int fd) {
  char block[4096];
  size_t n = 0;
  for (;;) {
    const ssize_t more = recv(fd, block + n, sizeof block - 1 - n, 0);
    if (more <= 0) return false;
    n += (size_t)more;
    block[n] = '\0';
    const char *end = strstr(block, "\r\n\r\n"), *length = strcasestr(block, "content-length:");
    if (end == NULL) continue;
    const size_t body = length != NULL ? strtoul(length + 15, NULL, 10) : 0;
    if (n >= (size_t)(end + 4 - block) + body) return true;
  }
}

static bool rude_serve(struct rude *r, int fd, int nth) {
  if (!rude_read(fd)) return false;
  atomic_fetch_add(&r->requests, 1);
  if (r->answer != NULL && (nth < r->keep || r->keep == 0))
    (void)!send(fd, r->answer, strlen(r->answer), MSG_NOSIGNAL);
  if (nth < r->keep) return true;
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  if (r->reset) (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  return false;
}

static void *rude_main(void *arg) {
  struct rude *r = arg;
  struct pollfd fds[RUDE_MAX] = {{.fd = r->fd, .events = POLLIN}};
  int served[RUDE_MAX] = {0};
  nfds_t n = 1;
  while (poll(fds, n, -1) > 0) {
    for (nfds_t i = 1; i < n; i++)
      if (fds[i].fd >= 0 && fds[i].revents != 0 && !rude_serve(r, fds[i].fd, served[i]++)) {
        (void)close(fds[i].fd);
        fds[i].fd = -1;
      }
    if (fds[0].revents == 0) continue;
    const int fd = accept(r->fd, NULL, NULL);
    if (fd < 0 || n == RUDE_MAX) break;
    fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
  for (nfds_t i = 1; i < n; i++)
    if (fds[i].fd >= 0) (void)close(fds[i].fd);
  return NULL;
}

static inline void rude_start(struct rude *r) {
  r->fd = listen_somewhere(&r->port);
  assert_int_equal(pthread_create(&r->thread, NULL, rude_main, r), 0);
}

static inline void rude_stop(struct rude *r) {
  (void)shutdown(r->fd, SHUT_RDWR);
  (void)pthread_join(r->thread, NULL);
  (void)close(r->fd);
}

#endif
