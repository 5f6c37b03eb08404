#include "net/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/exchange.h"
#include "net/loop.h"
#include "net/loop_uv.h"
#include "net/slots.h"

#define POOL_MAX 64
/* Instances have their own limits, of at most as many. */
#define HOST_CONNECTIONS 1000L
#define KEPT_CONNECTIONS 256L
#define DESCRIPTORS      8192
/* curl 7.88 forgets the time-out of what still waits for a connection: ours comes a little later.
 */
#define OVERDUE_MS         100
#define OVERDUE_DEFAULT_MS 60000

/* Watches one of curl's sockets. Lives as long as the socket, as another owner may get the same
 * number once curl has closed it, and closing an old watch would make that one deaf. */
struct watch {
  uv_poll_t uv;
  struct http *h;
  curl_socket_t fd;
  bool ours; /* opened through open_cb, so close_cb will tell its end */
};

struct http {
  struct loop *l;
  CURLM *multi;
  uv_timer_t *timer;
  struct slots open;
  struct watch **watches; /* by descriptor */
  size_t watch_room;
  struct exchange *pool;
  size_t pool_count;
  struct exchange *to_add, *to_drop; /* asked for while curl was running */
  struct exchange *late;             /* ended in the turn of their start */
  struct exchange *uploaded;         /* handed everything over in this action */
  int in_curl;
  bool late_soon, closing;
};

static void watch_closed(uv_handle_t *handle) {
  mem_free(handle->data);
}
static void timer_closed(uv_handle_t *handle) {
  mem_free(handle);
}

static void watch_end(struct http *h, curl_socket_t fd) {
  if ((size_t)fd >= h->watch_room || h->watches[fd] == NULL) return;
  struct watch *w = h->watches[fd];
  h->watches[fd] = NULL;
  uv_close((uv_handle_t *)&w->uv, watch_closed);
}

static void recycle(struct http *h, struct exchange *e) {
  if (e->added) {
    (void)curl_multi_remove_handle(h->multi, e->easy);
    e->added = false;
  }
  if (h->pool_count >= POOL_MAX || h->closing) {
    exchange_free(e);
    return;
  }
  exchange_reset(e);
  e->next = h->pool;
  h->pool = e;
  h->pool_count++;
}

static void tell(struct http *h, struct exchange *e) {
  slots_drop(&h->open, e->id);
  loop_timer_stop(h->l, e->overdue);
  if (e->added) {
    (void)curl_multi_remove_handle(h->multi, e->easy);
    e->added = false;
  }
  exchange_tell(e);
  recycle(h, e);
}

static void late_cb(void *arg) {
  struct http *h = arg;
  struct exchange *e = h->late;
  h->late = NULL;
  h->late_soon = false;
  while (e != NULL) {
    struct exchange *const next = e->next;
    if (e->cancelled)
      recycle(h, e);
    else
      tell(h, e);
    e = next;
  }
}

static void ended(struct http *h, struct exchange *e, CURLcode code) {
  e->code = code;
  if (e->turn != loop_turn(h->l)) {
    tell(h, e);
    return;
  }
  loop_timer_stop(h->l, e->overdue);
  e->late = true;
  struct exchange **at = &h->late;
  while (*at != NULL) at = &(*at)->next;
  *at = e;
  e->next = NULL;
  if (!h->late_soon) loop_soon(h->l, late_cb, h);
  h->late_soon = true;
}

static void overdue_cb(void *arg) {
  struct exchange *e = arg;
  e->overdue = 0;
  ended(e->http, e, CURLE_OPERATION_TIMEDOUT);
}

static void add(struct http *h, struct exchange *e) {
  const CURLMcode rc = curl_multi_add_handle(h->multi, e->easy);
  if (rc == CURLM_OK) {
    e->added = true;
    return;
  }
  (void)snprintf(e->why, sizeof e->why, "%s", curl_multi_strerror(rc));
  ended(h, e, CURLE_FAILED_INIT);
}

void http_uploaded(struct http *h, struct exchange *e) {
  if (e->uploaded) return; /* twice, when curl began again within one action */
  e->uploaded = true;
  e->next_uploaded = h->uploaded;
  h->uploaded = e;
}

/* What the socket did not take yet keeps its buffer until the exchange ends. */
static void uploads_end(struct http *h) {
  while (h->uploaded != NULL) {
    struct exchange *e = h->uploaded;
    h->uploaded = e->next_uploaded;
    e->uploaded = false;
    (void)exchange_upload_end(e);
  }
}

/* What callbacks asked for while curl was running and can not be asked again. */
static void catch_up(struct http *h) {
  while (h->to_add != NULL) {
    struct exchange *e = h->to_add;
    h->to_add = e->next;
    e->waiting = false;
    if (e->cancelled)
      recycle(h, e);
    else
      add(h, e);
  }
  while (h->to_drop != NULL) {
    struct exchange *e = h->to_drop;
    h->to_drop = e->next;
    recycle(h, e);
  }
}

/* The messages are read after every action, also when curl says that nothing is running: the last
 * exchange that ends by time-out would be lost otherwise. */
static void act(struct http *h, curl_socket_t fd, int flags) {
  int running = 0;
  h->in_curl++;
  (void)curl_multi_socket_action(h->multi, fd, flags, &running);
  h->in_curl--;
  uploads_end(h);
  catch_up(h);
  for (;;) {
    int left = 0;
    const CURLMsg *m = curl_multi_info_read(h->multi, &left);
    if (m == NULL) return;
    if (m->msg != CURLMSG_DONE) continue;
    char *private = NULL;
    const CURLcode code = m->data.result; /* m is gone after the handle was removed */
    (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
    ended(h, (struct exchange *)(void *)private, code);
  }
}

static void poll_cb(uv_poll_t *handle, int status, int events) {
  const struct watch *w = handle->data;
  int flags = status < 0 ? CURL_CSELECT_ERR : 0;
  if ((events & UV_READABLE) != 0) flags |= CURL_CSELECT_IN;
  if ((events & UV_WRITABLE) != 0) flags |= CURL_CSELECT_OUT;
  act(w->h, w->fd, flags);
}

static void timer_cb(uv_timer_t *handle) {
  act(handle->data, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wish(CURLM *multi, long ms, void *arg) {
  (void)multi;
  struct http *h = arg;
  if (h->closing || ms < 0) {
    (void)uv_timer_stop(h->timer);
    return 0;
  }
  uv_update_time(loop_uv(h->l));
  (void)uv_timer_start(h->timer, timer_cb, (uint64_t)ms, 0);
  return 0;
}

static struct watch *watch_at(struct http *h, curl_socket_t fd) {
  if ((size_t)fd >= h->watch_room) {
    const size_t room = (size_t)fd * 2 + 64;
    h->watches = mem_grow(h->watches, room * sizeof *h->watches);
    memset(h->watches + h->watch_room, 0, (room - h->watch_room) * sizeof *h->watches);
    h->watch_room = room;
  }
  if (h->watches[fd] != NULL) return h->watches[fd];
  struct watch *w = mem_alloc(sizeof *w);
  if (uv_poll_init(loop_uv(h->l), &w->uv, fd) != 0) {
    mem_free(w);
    return NULL;
  }
  w->uv.data = w;
  w->h = h;
  w->fd = fd;
  h->watches[fd] = w;
  return w;
}

static int socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
  (void)easy;
  (void)known;
  struct http *h = arg;
  if (what == CURL_POLL_REMOVE) {
    struct watch *w = (size_t)fd < h->watch_room ? h->watches[fd] : NULL;
    if (w == NULL) return 0;
    (void)uv_poll_stop(&w->uv); /* before curl closes the socket */
    if (!w->ours) watch_end(h, fd);
    return 0;
  }
  if (h->closing) return 0;
  struct watch *w = watch_at(h, fd);
  if (w == NULL) return -1;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= UV_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= UV_WRITABLE;
  return uv_poll_start(&w->uv, events, poll_cb) == 0 ? 0 : -1;
}

static curl_socket_t open_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *a) {
  struct http *h = arg;
  (void)purpose;
  const curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
  if (fd < 0 || h->closing) return fd;
  struct watch *w = watch_at(h, fd);
  if (w != NULL) w->ours = true;
  return fd;
}

static int close_cb(void *arg, curl_socket_t fd) {
  watch_end(arg, fd);
  return close(fd);
}

/* The usual soft limit of 1024 descriptors is for programs that use select(). */
static void descriptors_raise(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
  const rlim_t want = r.rlim_max < DESCRIPTORS ? r.rlim_max : DESCRIPTORS;
  if (r.rlim_cur >= want) return;
  r.rlim_cur = want;
  (void)setrlimit(RLIMIT_NOFILE, &r); /* refused: connections fail later, with their reason */
}

struct http *http_new(struct loop *l, struct trg_err *err) {
  descriptors_raise();
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
    (void)err_set(err, TRG_EIO, "system", "libcurl can not start");
    return NULL;
  }
  struct http *h = mem_alloc(sizeof *h);
  h->l = l;
  h->multi = curl_multi_init();
  BUG_UNLESS(h->multi != NULL);
  h->timer = mem_alloc(sizeof *h->timer);
  (void)uv_timer_init(loop_uv(l), h->timer);
  h->timer->data = h;
  (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_wish);
  (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
  (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_wish);
  (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
  (void)curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
  (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
  return h;
}

void http_free(struct http **at) {
  struct http *h = *at;
  if (h == NULL) return;
  *at = NULL;
  BUG_UNLESS(h->in_curl == 0);
  h->closing = true;
  loop_soon_drop(h->l, h);
  while (h->late != NULL) { /* those cancelled are in no slot any more */
    struct exchange *e = h->late;
    h->late = e->next;
    if (e->cancelled) recycle(h, e);
  }
  for (uint32_t i = 0; i < h->open.count; i++) {
    struct exchange *e = slots_at(&h->open, i);
    if (e == NULL) continue;
    loop_timer_stop(h->l, e->overdue);
    recycle(h, e);
  }
  while (h->pool != NULL) {
    struct exchange *e = h->pool;
    h->pool = e->next;
    exchange_free(e);
  }
  (void)curl_multi_cleanup(h->multi);
  for (size_t fd = 0; fd < h->watch_room; fd++) watch_end(h, (curl_socket_t)fd);
  uv_close((uv_handle_t *)h->timer, timer_closed);
  slots_free(&h->open);
  mem_free(h->watches);
  mem_free(h);
  curl_global_cleanup();
}

http_id http_start(struct http *h, const struct http_call *call) {
  struct exchange *e = h->pool;
  if (e != NULL) {
    h->pool = e->next;
    h->pool_count--;
    e->next = NULL;
  } else {
    e = exchange_new(h);
  }
  e->id = slots_put(&h->open, e);
  const http_id id = e->id;
  e->turn = loop_turn(h->l);
  if (exchange_fill(e, call) != 0) {
    ended(h, e, CURLE_FAILED_INIT);
    return id;
  }
  (void)curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETFUNCTION, open_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETDATA, h);
  (void)curl_easy_setopt(e->easy, CURLOPT_CLOSESOCKETFUNCTION, close_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_CLOSESOCKETDATA, h);
  const int64_t total = call->request->timeout_ms;
  e->overdue = loop_timer_start(h->l, (total > 0 ? total : OVERDUE_DEFAULT_MS) + OVERDUE_MS, 0,
                                overdue_cb, e);
  if (h->in_curl == 0) {
    add(h, e);
    return id;
  }
  e->waiting = true;
  e->next = h->to_add;
  h->to_add = e;
  return id;
}

void http_cancel(struct http *h, http_id id) {
  struct exchange *e = slots_get(&h->open, id);
  if (e == NULL) return;
  slots_drop(&h->open, id);
  loop_timer_stop(h->l, e->overdue);
  e->cancelled = true;
  if (e->late || e->waiting) return; /* its list recycles it */
  if (h->in_curl == 0) {
    recycle(h, e);
    return;
  }
  e->next = h->to_drop;
  h->to_drop = e;
}

size_t http_open_count(const struct http *h) {
  return h->open.used;
}
