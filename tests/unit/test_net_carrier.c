/* How the thread of the exchanges waits for its sockets. */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "net/http.h"
#include "test_net_help.h"

static atomic_int told, waits; /* calls of that thread */
static atomic_int policy;      /* of the scheduler, for it */

static bool other_thread(void) {
  return syscall(SYS_gettid) != getpid();
}

/* In place of the C library's. */
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event) {
  if (other_thread()) told++;
  return (int)syscall(SYS_epoll_ctl, epoll, what, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int room, int ms) {
  if (other_thread()) {
    waits++;
    policy = sched_getscheduler(0);
  }
  return (int)syscall(SYS_epoll_pwait, epoll, events, room, ms, NULL, 0);
}

static void on_reply(void *arg, const struct trg_http_reply *r) {
  *(int *)arg = r->status == 0 ? -1 : r->status;
}

static bool replied(void *arg) {
  return *(int *)arg != 0;
}

static void ask(struct http *h, int port, int64_t timeout_ms, int *ret_status) {
  char url[64];
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  const struct trg_http_request r = {
      .size = sizeof r, .url = {url, strlen(url)}, .method = "GET", .timeout_ms = timeout_ms};
  const struct http_call call = {.request = &r, .on_reply = on_reply, .arg = ret_status};
  assert_int_not_equal(http_start(h, &call), 0);
}

/* The status; -1: none. */
static int fetch(struct loop *l, struct http *h, int port, int64_t timeout_ms) {
  int status = 0;
  ask(h, port, timeout_ms, &status);
  assert_true(run_until(l, replied, &status, 5000));
  return status;
}

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void test_a_kept_connection_is_watched_on(void **state) {
  (void)state;
  struct loop *l = loop_new(NULL);
  struct http *h = http_new(l, NULL);
  struct rude peer = {.keep = 100, .answer = answer};
  rude_start(&peer);
  assert_int_equal(fetch(l, h, peer.port, 0), 200);
  told = 0;
  for (int i = 0; i < 20; i++) assert_int_equal(fetch(l, h, peer.port, 0), 200);
  assert_in_range(told, 0, 20); /* beginning and ending it for each took some 60 */
  http_free(&h);
  loop_free(&l);
  rude_stop(&peer);
}

static void test_one_that_the_peer_closed_wakes_nobody(void **state) {
  (void)state;
  struct loop *l = loop_new(NULL);
  struct http *h = http_new(l, NULL);
  struct rude peer = {.answer = answer};
  rude_start(&peer);
  for (int i = 0; i < 3; i++) assert_int_equal(fetch(l, h, peer.port, 0), 200);
  int silent = 0;
  const int fd = listen_somewhere(&silent);
  waits = 0;
  assert_int_equal(fetch(l, h, silent, 30), -1);
  assert_in_range(waits, 1, 20); /* in 30 ms; else thousands */
  (void)close(fd);
  http_free(&h);
  loop_free(&l);
  rude_stop(&peer);
}

/* A listener that takes nobody more: who connects hears nothing. */
static int listen_full(int *ret_port, int fillers[4]) {
  const int fd = listen_somewhere(ret_port);
  assert_int_equal(listen(fd, 0), 0);
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                          .sin_port = htons((uint16_t)*ret_port)};
  for (int i = 0; i < 4; i++) {
    fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(fillers[i], (struct sockaddr *)&a, sizeof a);
  }
  return fd;
}

#define AT_ONCE 500

static bool all_replied(void *arg) {
  for (int i = 0; i < AT_ONCE; i++)
    if (((int *)arg)[i] == 0) return false;
  return true;
}

/* Curl closes a socket that never connected without a word, and the next one has its number. */
static void test_a_number_of_a_socket_that_never_connected_is_good_again(void **state) {
  (void)state;
  struct loop *l = loop_new(NULL);
  struct http *h = http_new(l, NULL);
  int full = 0, fillers[4];
  const int fd = listen_full(&full, fillers);
  for (int i = 0; i < 5; i++) {
    struct rude peer = {.answer = answer};
    int status[AT_ONCE] = {0};
    rude_start(&peer);
    for (int k = 0; k < AT_ONCE; k++) ask(h, full, 5 + k % 16, &status[k]);
    assert_true(run_until(l, all_replied, status, 20000));
    for (int k = 0; k < AT_ONCE; k++) assert_int_equal(status[k], -1);
    assert_int_equal(fetch(l, h, peer.port, 2000), 200);
    rude_stop(&peer);
  }
  for (int i = 0; i < 4; i++) (void)close(fillers[i]);
  (void)close(fd);
  http_free(&h);
  loop_free(&l);
}

static void look(void *arg) {
  *(atomic_int *)arg = sched_getscheduler(0);
}

static bool looked(void *arg) {
  return *(atomic_int *)arg >= 0;
}

static void nothing(void *arg) {
  (void)arg;
}

static void test_threads_that_serve_the_loop_step_back_behind_it(void **state) {
  (void)state;
  if (sched_getscheduler(0) != SCHED_OTHER) skip(); /* somebody chose a policy for all of us */
  struct loop *l = loop_new(NULL);
  struct http *h = http_new(l, NULL);
  struct rude peer = {.answer = answer};
  atomic_int pool = -1;
  rude_start(&peer);
  assert_int_equal(fetch(l, h, peer.port, 0), 200);
  assert_int_equal(policy, SCHED_BATCH);
  assert_int_equal(loop_work(l, look, nothing, &pool), 0);
  assert_true(run_until(l, looked, &pool, 5000));
  assert_int_equal(pool, SCHED_BATCH);
  assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
  http_free(&h);
  loop_free(&l);
  rude_stop(&peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_kept_connection_is_watched_on),
      cmocka_unit_test(test_one_that_the_peer_closed_wakes_nobody),
      cmocka_unit_test(test_a_number_of_a_socket_that_never_connected_is_good_again),
      cmocka_unit_test(test_threads_that_serve_the_loop_step_back_behind_it),
  };
  return cmocka_run_group_tests_name("net: the carrier", tests, NULL, NULL);
}
