#include "net/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/carrier.h"
#include "net/exchange.h"
#include "net/loop.h"
#include "net/loop_uv.h"
#include "net/slots.h"

#define POOL_MAX    64
#define DESCRIPTORS 8192
/* curl 7.88 forgets the time-out of what still waits for a connection: ours comes a little later.
 */
#define OVERDUE_MS         100
#define OVERDUE_DEFAULT_MS 60000

struct http {
  struct loop *l;
  struct carrier *carrier;
  uv_async_t *bell; /* the carrier rings it */
  struct slots open;
  struct origins known;
  struct exchange *all;
  struct exchange *pool;
  size_t pool_count;
  struct exchange *late; /* ended in the turn of their start */
  bool late_soon;
};

static struct exchange *fresh(struct http *h) {
  struct exchange *e = exchange_new(h);
  e->older = h->all;
  if (h->all != NULL) h->all->newer = e;
  h->all = e;
  return e;
}

static void forget(struct http *h, struct exchange *e) {
  if (e->older != NULL) e->older->newer = e->newer;
  if (e->newer != NULL)
    e->newer->older = e->older;
  else
    h->all = e->older;
  exchange_free(e);
}

static void recycle(struct http *h, struct exchange *e) {
  if (h->pool_count >= POOL_MAX) {
    forget(h, e);
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

static void ended(struct http *h, struct exchange *e) {
  if (e->turn != loop_turn(h->l)) {
    tell(h, e);
    return;
  }
  loop_timer_stop(h->l, e->overdue);
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
  e->timed_out = true;
  carrier_drop(e->http->carrier, e);
}

static void piece_tell(struct http *h, struct exchange *e) {
  if (!e->cancelled && !e->ended && !e->on_data(e->arg, e->piece_status, buf_view(&e->piece))) {
    e->ended = true;
    if (!e->cancelled) carrier_drop(h->carrier, e);
  }
  buf_free(&e->piece);
}

static void back(struct http *h, struct exchange *e) {
  e->carried = false;
  /* Had it ended well before it was dropped, its answer counts. */
  if (e->timed_out && e->code != CURLE_OK) e->code = CURLE_OPERATION_TIMEDOUT;
  if (e->cancelled)
    recycle(h, e);
  else
    ended(h, e);
}

static void bell_cb(uv_async_t *bell) {
  struct http *h = bell->data;
  struct exchange *told = NULL, *e = NULL;
  carrier_take(h->carrier, &told, &e);
  for (struct exchange *next; told != NULL; told = next) {
    next = told->next_piece;
    piece_tell(h, told);
  }
  for (struct exchange *next; e != NULL; e = next) {
    next = e->next;
    back(h, e);
  }
}

static void arrived(void *arg) {
  const struct http *h = arg;
  (void)uv_async_send(h->bell);
}

static void bell_closed(uv_handle_t *handle) {
  mem_free(handle);
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
  h->bell = mem_alloc(sizeof *h->bell);
  BUG_UNLESS(uv_async_init(loop_uv(l), h->bell, bell_cb) == 0);
  h->bell->data = h;
  h->carrier = carrier_new(arrived, h);
  return h;
}

void http_free(struct http **at) {
  struct http *h = *at;
  if (h == NULL) return;
  *at = NULL;
  carrier_stop(h->carrier);
  loop_soon_drop(h->l, h);
  while (h->all != NULL) {
    struct exchange *e = h->all;
    loop_timer_stop(h->l, e->overdue);
    carrier_release(h->carrier, e);
    forget(h, e);
  }
  carrier_free(&h->carrier);
  uv_close((uv_handle_t *)h->bell, bell_closed);
  slots_free(&h->open);
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
    e = fresh(h);
  }
  e->id = slots_put(&h->open, e);
  const http_id id = e->id;
  e->turn = loop_turn(h->l);
  if (exchange_fill(e, call, &h->known) != 0) {
    e->code = CURLE_FAILED_INIT;
    ended(h, e);
    return id;
  }
  const int64_t total = call->request->timeout_ms;
  e->overdue = loop_timer_start(h->l, (total > 0 ? total : OVERDUE_DEFAULT_MS) + OVERDUE_MS, 0,
                                overdue_cb, e);
  e->carried = true;
  carrier_start(h->carrier, e);
  return id;
}

void http_cancel(struct http *h, http_id id) {
  struct exchange *e = slots_get(&h->open, id);
  if (e == NULL) return;
  slots_drop(&h->open, id);
  loop_timer_stop(h->l, e->overdue);
  e->cancelled = true;
  if (e->carried) carrier_drop(h->carrier, e); /* else its list recycles it */
}

size_t http_open_count(const struct http *h) {
  return h->open.used;
}
