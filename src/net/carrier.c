#include "net/carrier.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/helper.h"
#include "base/mem.h"
#include "base/stop.h"
#include "net/exchange.h"

/* Instances have their own limits, of at most as many. */
#define HOST_CONNECTIONS 1000L
#define KEPT_CONNECTIONS 256L
#define RING_EVERY_NS    UINT64_C(1000000)

/* Watches one of curl's sockets. Lives as long as the socket, as another owner may get the same
 * number once curl has closed it, and closing an old watch would make that one deaf. */
struct watch {
  uv_poll_t uv;
  struct carrier *c;
  curl_socket_t fd;
  bool ours;   /* opened through open_cb, so close_cb will tell its end */
  bool wanted; /* by curl; one between two requests is watched on, as starting it again has its
                  price */
  bool used;   /* it brought something: curl tells when it closes it. One that never did is closed
                  without a word */
  int events;  /* UV_READABLE, UV_WRITABLE; 0: not watched */
};

struct carrier {
  uv_thread_t thread;
  uv_loop_t uv;
  uv_async_t bell;
  uv_timer_t timer; /* curl's */
  uv_timer_t late;  /* rings */
  uint64_t rung_ns;
  CURLM *multi;
  struct watch **watches; /* by descriptor */
  size_t watch_room;
  struct exchange *uploaded; /* handed everything over in this action */
  bool closing;
  void (*arrived)(void *arg);
  void *arg;
  uv_mutex_t in_curl; /* who holds it knows that none of curl's callbacks is running */
  uv_mutex_t mail;    /* what is below passes between the threads */
  struct exchange *to_add, **to_add_last;
  struct exchange *back, **back_last;
  struct exchange *to_drop, *told;
  bool stop;
};

/* --- what passes between the threads -----------------------------------------------------------
 */

static void ring_late(uv_timer_t *timer) {
  struct carrier *c = timer->data;
  c->rung_ns = uv_hrtime();
  c->arrived(c->arg);
}

/* At once when it was quiet; else what comes within a moment is told together, as each turn of the
 * loop has its price: it ends in a commit. */
static void ring(struct carrier *c) {
  if (uv_hrtime() - c->rung_ns >= RING_EVERY_NS)
    ring_late(&c->late);
  else if (!uv_is_active((uv_handle_t *)&c->late))
    (void)uv_timer_start(&c->late, ring_late, 1, 0);
}

static void come_back(struct carrier *c, struct exchange *e, CURLcode code) {
  uv_mutex_lock(&c->mail);
  e->code = code;
  e->back = true;
  e->next = NULL;
  *c->back_last = e;
  c->back_last = &e->next;
  uv_mutex_unlock(&c->mail);
  ring(c);
}

/* It must not be found there when it is carried again. */
static void drop_forget(struct carrier *c, struct exchange *e) {
  struct exchange **at = &c->to_drop;
  while (*at != e) at = &(*at)->next_drop;
  *at = e->next_drop;
  e->dropping = false;
}

void carrier_take(struct carrier *c, struct exchange **ret_told, struct exchange **ret_back) {
  uv_mutex_lock(&c->mail);
  *ret_told = c->told;
  *ret_back = c->back;
  for (struct exchange *e = c->told; e != NULL; e = e->next_told) {
    e->next_piece = e->next_told;
    e->piece_status = e->status;
    e->piece = e->stream;
    e->stream = (struct buf){0};
    e->telling = false;
  }
  for (struct exchange *e = c->back; e != NULL; e = e->next)
    if (e->dropping) drop_forget(c, e);
  c->told = c->back = NULL;
  c->back_last = &c->back;
  uv_mutex_unlock(&c->mail);
}

void carrier_start(struct carrier *c, struct exchange *e) {
  e->carrier = c;
  uv_mutex_lock(&c->mail);
  e->next = NULL;
  *c->to_add_last = e;
  c->to_add_last = &e->next;
  uv_mutex_unlock(&c->mail);
  (void)uv_async_send(&c->bell);
}

void carrier_drop(struct carrier *c, struct exchange *e) {
  uv_mutex_lock(&c->in_curl);
  e->stopped = true;
  uv_mutex_unlock(&c->in_curl);
  uv_mutex_lock(&c->mail);
  if (!e->back && !e->dropping) {
    e->dropping = true;
    e->next_drop = c->to_drop;
    c->to_drop = e;
  }
  uv_mutex_unlock(&c->mail);
  (void)uv_async_send(&c->bell);
}

void carrier_told(struct carrier *c, struct exchange *e, int status, struct trg_str piece) {
  uv_mutex_lock(&c->mail);
  e->status = status;
  buf_str(&e->stream, piece);
  if (!e->telling) {
    e->telling = true;
    e->next_told = c->told;
    c->told = e;
  }
  uv_mutex_unlock(&c->mail);
  ring(c);
}

/* --- curl, on its thread -----------------------------------------------------------------------
 */

static void watch_closed(uv_handle_t *handle) {
  mem_free(handle->data);
}

static void watch_end(struct carrier *c, curl_socket_t fd) {
  if ((size_t)fd >= c->watch_room || c->watches[fd] == NULL) return;
  struct watch *w = c->watches[fd];
  c->watches[fd] = NULL;
  uv_close((uv_handle_t *)&w->uv, watch_closed);
}

void carrier_uploaded(struct carrier *c, struct exchange *e) {
  if (e->uploaded) return; /* twice, when curl began again within one action */
  e->uploaded = true;
  e->next_uploaded = c->uploaded;
  c->uploaded = e;
}

/* What the socket did not take yet keeps its buffer until the exchange ends. */
static void uploads_end(struct carrier *c) {
  while (c->uploaded != NULL) {
    struct exchange *e = c->uploaded;
    c->uploaded = e->next_uploaded;
    e->uploaded = false;
    (void)exchange_upload_end(e);
  }
}

void carrier_release(struct carrier *c, struct exchange *e) {
  if (!e->added) return;
  e->added = false;
  (void)curl_multi_remove_handle(c->multi, e->easy);
}

/* The messages are read after every action, also when curl says that nothing is running: the last
 * exchange that ends by time-out would be lost otherwise. */
static void act(struct carrier *c, curl_socket_t fd, int flags) {
  int running = 0;
  uv_mutex_lock(&c->in_curl);
  (void)curl_multi_socket_action(c->multi, fd, flags, &running);
  uv_mutex_unlock(&c->in_curl);
  uploads_end(c);
  for (;;) {
    int left = 0;
    const CURLMsg *m = curl_multi_info_read(c->multi, &left);
    if (m == NULL) return;
    if (m->msg != CURLMSG_DONE) continue;
    char *private = NULL;
    const CURLcode code = m->data.result; /* m is gone after the handle was removed */
    (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
    struct exchange *e = (struct exchange *)(void *)private;
    carrier_release(c, e);
    come_back(c, e, code);
  }
}

static void watch_rest(struct watch *w) {
  w->events = 0;
  (void)uv_poll_stop(&w->uv);
}

static void poll_cb(uv_poll_t *handle, int status, int events) {
  struct watch *w = handle->data;
  if (!w->wanted) { /* the peer ended it meanwhile; curl sees that when it wants to use it again */
    watch_rest(w);
    return;
  }
  if (status == 0 && (events & UV_READABLE) != 0) w->used = true;
  int flags = status < 0 ? CURL_CSELECT_ERR : 0;
  if ((events & UV_READABLE) != 0) flags |= CURL_CSELECT_IN;
  if ((events & UV_WRITABLE) != 0) flags |= CURL_CSELECT_OUT;
  act(w->c, w->fd, flags);
}

static void timer_cb(uv_timer_t *handle) {
  act(handle->data, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wish(CURLM *multi, long ms, void *arg) {
  (void)multi;
  struct carrier *c = arg;
  if (c->closing || ms < 0) {
    (void)uv_timer_stop(&c->timer);
    return 0;
  }
  uv_update_time(&c->uv);
  (void)uv_timer_start(&c->timer, timer_cb, (uint64_t)ms, 0);
  return 0;
}

static struct watch *watch_at(struct carrier *c, curl_socket_t fd) {
  if ((size_t)fd >= c->watch_room) {
    const size_t room = (size_t)fd * 2 + 64;
    c->watches = mem_grow(c->watches, room * sizeof *c->watches);
    memset(c->watches + c->watch_room, 0, (room - c->watch_room) * sizeof *c->watches);
    c->watch_room = room;
  }
  if (c->watches[fd] != NULL) return c->watches[fd];
  struct watch *w = mem_alloc(sizeof *w);
  if (uv_poll_init(&c->uv, &w->uv, fd) != 0) {
    mem_free(w);
    return NULL;
  }
  w->uv.data = w;
  w->c = c;
  w->fd = fd;
  c->watches[fd] = w;
  return w;
}

static int socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
  (void)easy;
  (void)known;
  struct carrier *c = arg;
  if (what == CURL_POLL_REMOVE) {
    struct watch *w = (size_t)fd < c->watch_room ? c->watches[fd] : NULL;
    if (w == NULL) return 0;
    w->wanted = false;
    if (!w->ours || !w->used) watch_rest(w); /* before curl closes the socket */
    if (!w->ours) watch_end(c, fd);
    return 0;
  }
  if (c->closing) return 0;
  struct watch *w = watch_at(c, fd);
  if (w == NULL) return -1;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= UV_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= UV_WRITABLE;
  w->wanted = true;
  if (events == w->events) return 0;
  w->events = events;
  return uv_poll_start(&w->uv, events, poll_cb) == 0 ? 0 : -1;
}

static curl_socket_t open_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *a) {
  struct carrier *c = arg;
  (void)purpose;
  const curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
  if (fd < 0 || c->closing) return fd;
  watch_end(c, fd); /* of a socket that was closed without a word */
  struct watch *w = watch_at(c, fd);
  if (w != NULL) w->ours = true;
  return fd;
}

static int close_cb(void *arg, curl_socket_t fd) {
  watch_end(arg, fd);
  return close(fd);
}

static void add(struct carrier *c, struct exchange *e) {
  (void)curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETFUNCTION, open_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETDATA, c);
  (void)curl_easy_setopt(e->easy, CURLOPT_CLOSESOCKETFUNCTION, close_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_CLOSESOCKETDATA, c);
  const CURLMcode rc = curl_multi_add_handle(c->multi, e->easy);
  if (rc == CURLM_OK) {
    e->added = true;
    return;
  }
  (void)snprintf(e->why, sizeof e->why, "%s", curl_multi_strerror(rc));
  come_back(c, e, CURLE_FAILED_INIT);
}

/* One that is on its way back belongs to the loop already. One that is still to be added is dropped
 * after that: the bell rings again for it. */
static struct exchange *drop_next(struct carrier *c) {
  uv_mutex_lock(&c->mail);
  struct exchange *e = NULL;
  while (c->to_drop != NULL && c->to_add == NULL && e == NULL) {
    if (!c->to_drop->back) e = c->to_drop;
    drop_forget(c, c->to_drop);
  }
  uv_mutex_unlock(&c->mail);
  return e;
}

static void bell_cb(uv_async_t *bell) {
  struct carrier *c = bell->data;
  uv_mutex_lock(&c->mail);
  struct exchange *e = c->to_add;
  c->to_add = NULL;
  c->to_add_last = &c->to_add;
  if (c->stop) uv_stop(&c->uv);
  uv_mutex_unlock(&c->mail);
  while (e != NULL) {
    struct exchange *const next = e->next;
    add(c, e);
    e = next;
  }
  while ((e = drop_next(c)) != NULL) {
    carrier_release(c, e);
    come_back(c, e, CURLE_ABORTED_BY_CALLBACK);
  }
}

static void carry(void *arg) {
  struct carrier *c = arg;
  helper_thread();
  (void)uv_run(&c->uv, UV_RUN_DEFAULT); /* the bell keeps it alive until uv_stop */
}

/* --- life --------------------------------------------------------------------------------------
 */

/* The signals are the loop's. */
static void thread_start(struct carrier *c) {
  sigset_t before;
  stop_block_all(&before);
  BUG_UNLESS(uv_thread_create(&c->thread, carry, c) == 0);
  stop_unblock(&before);
}

struct carrier *carrier_new(void (*arrived)(void *arg), void *arg) {
  struct carrier *c = mem_alloc(sizeof *c);
  c->arrived = arrived;
  c->arg = arg;
  c->to_add_last = &c->to_add;
  c->back_last = &c->back;
  c->multi = curl_multi_init();
  BUG_UNLESS(c->multi != NULL && uv_loop_init(&c->uv) == 0);
  BUG_UNLESS(uv_mutex_init(&c->in_curl) == 0 && uv_mutex_init(&c->mail) == 0);
  BUG_UNLESS(uv_async_init(&c->uv, &c->bell, bell_cb) == 0);
  (void)uv_timer_init(&c->uv, &c->timer);
  (void)uv_timer_init(&c->uv, &c->late);
  c->bell.data = c->timer.data = c->late.data = c;
  (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_wish);
  (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
  (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_wish);
  (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
  (void)curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
  (void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
  thread_start(c);
  return c;
}

void carrier_stop(struct carrier *c) {
  uv_mutex_lock(&c->mail);
  c->stop = true;
  uv_mutex_unlock(&c->mail);
  (void)uv_async_send(&c->bell);
  BUG_UNLESS(uv_thread_join(&c->thread) == 0);
  c->closing = true;
}

void carrier_free(struct carrier **at) {
  struct carrier *c = *at;
  *at = NULL;
  (void)curl_multi_cleanup(c->multi);
  for (size_t fd = 0; fd < c->watch_room; fd++) watch_end(c, (curl_socket_t)fd);
  uv_close((uv_handle_t *)&c->timer, NULL);
  uv_close((uv_handle_t *)&c->late, NULL);
  uv_close((uv_handle_t *)&c->bell, NULL);
  while (uv_run(&c->uv, UV_RUN_DEFAULT) != 0) continue;
  BUG_UNLESS(uv_loop_close(&c->uv) == 0);
  uv_mutex_destroy(&c->in_curl);
  uv_mutex_destroy(&c->mail);
  mem_free(c->watches);
  mem_free(c);
}
