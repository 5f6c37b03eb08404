#include "net/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/err.h"
#include "base/helper.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "net/loop_uv.h"
#include "net/slots.h"

#define SIGNALS  3
#define WORK_MAX 1024 /* queued and running */
/* Searches (one at a time), a report for an agent, a look at what can be learnt. Each thread keeps
 * about a megabyte; libuv would start four. */
#define POOL_THREADS "3"

struct timer {
  uv_timer_t uv;
  struct loop *l;
  loop_timer id;
  void (*fn)(void *arg);
  void *arg;
  bool repeats;
  struct timer *next_free;
};

struct soon {
  struct soon *next;
  uint64_t turn; /* in which it was asked for */
  void (*fn)(void *arg);
  void *arg;
};

struct work {
  uv_work_t uv;
  struct loop *l;
  struct work *prev, *next;
  void (*work)(void *arg);
  void (*after)(void *arg);
  void (*drop)(void *arg);
  void *arg;
};

struct loop {
  uv_loop_t uv;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_idle_t idle;
  uv_async_t bell;
  uv_signal_t signals[SIGNALS];
  void (*on_turn)(void *arg);
  void *on_turn_arg;
  void (*on_signal)(void *arg, int signum);
  void *on_signal_arg;
  struct slots timers;
  struct timer *timers_free;
  struct soon *soon_head, **soon_tail, *soon_free;
  struct work *works;
  size_t work_count;
  bool pooled; /* the pool's threads were started */
  uint64_t turn;
  uint64_t mark_ns, mark_idle_ns; /* end of the last prepare */
  int64_t longest_us;
  bool closing;
};

struct uv_loop_s *loop_uv(struct loop *l) {
  return &l->uv;
}
uint64_t loop_turn(const struct loop *l) {
  return l->turn;
}

/* The turn's length is what passed between two prepares without the time spent waiting. */
static void measure(struct loop *l) {
  const uint64_t now = uv_hrtime();
  const uint64_t idle = uv_metrics_idle_time(&l->uv);
  if (l->mark_ns != 0) {
    const uint64_t all = now - l->mark_ns;
    const uint64_t waited = idle - l->mark_idle_ns;
    const int64_t busy_us = all > waited ? (int64_t)((all - waited) / 1000) : 0;
    if (busy_us > l->longest_us) l->longest_us = busy_us;
  }
  l->mark_ns = now;
  l->mark_idle_ns = idle;
}

/* uv_check does not run between timer callbacks and the wait for I/O, so the turn ends here. */
static void prepare_cb(uv_prepare_t *handle) {
  struct loop *l = handle->data;
  if (l->on_turn != NULL) l->on_turn(l->on_turn_arg);
  l->turn++;
  measure(l);
}

static void check_cb(uv_check_t *handle) {
  (void)handle;
  clock_turn();
}

/* The turn that it makes is all that was asked for. */
static void bell_cb(uv_async_t *handle) {
  (void)handle;
}

static void idle_cb(uv_idle_t *handle) {
  struct loop *l = handle->data;
  while (l->soon_head != NULL && l->soon_head->turn != l->turn) {
    struct soon *s = l->soon_head;
    l->soon_head = s->next;
    if (l->soon_head == NULL) l->soon_tail = &l->soon_head;
    void (*const fn)(void *) = s->fn;
    void *const arg = s->arg;
    s->next = l->soon_free;
    l->soon_free = s;
    fn(arg);
  }
  if (l->soon_head == NULL) (void)uv_idle_stop(&l->idle);
}

static void signal_cb(uv_signal_t *handle, int signum) {
  struct loop *l = handle->data;
  if (l->on_signal != NULL) l->on_signal(l->on_signal_arg, signum);
}

struct loop *loop_new(struct trg_err *err) {
  (void)setenv("UV_THREADPOOL_SIZE", POOL_THREADS, 0);
  struct loop *l = mem_alloc(sizeof *l);
  const int rc = uv_loop_init(&l->uv);
  if (rc != 0) {
    (void)err_set(err, TRG_EIO, "system", "the event loop can not start: %s", uv_strerror(rc));
    mem_free(l);
    return NULL;
  }
  (void)uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME);
  /* A peer that closes early is an error code, not the end of the process. */
  (void)signal(SIGPIPE, SIG_IGN);
  l->soon_tail = &l->soon_head;
  (void)uv_prepare_init(&l->uv, &l->prepare);
  (void)uv_check_init(&l->uv, &l->check);
  (void)uv_idle_init(&l->uv, &l->idle);
  l->prepare.data = l->check.data = l->idle.data = l;
  BUG_UNLESS(uv_async_init(&l->uv, &l->bell, bell_cb) == 0);
  for (int i = 0; i < SIGNALS; i++) {
    (void)uv_signal_init(&l->uv, &l->signals[i]);
    l->signals[i].data = l;
  }
  (void)uv_prepare_start(&l->prepare, prepare_cb);
  (void)uv_check_start(&l->check, check_cb);
  return l;
}

static void close_any(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void loop_free(struct loop **at) {
  struct loop *l = *at;
  if (l == NULL) return;
  *at = NULL;
  l->closing = true;
  for (struct work *w = l->works; w != NULL; w = w->next)
    (void)uv_cancel((uv_req_t *)&w->uv); /* fails for what runs: that is waited for */
  uv_walk(&l->uv, close_any, NULL);
  while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0) continue;
  BUG_UNLESS(uv_loop_close(&l->uv) == 0);
  for (uint32_t i = 0; i < l->timers.count; i++) mem_free(slots_at(&l->timers, i));
  slots_free(&l->timers);
  while (l->timers_free != NULL) {
    struct timer *t = l->timers_free;
    l->timers_free = t->next_free;
    mem_free(t);
  }
  *l->soon_tail = l->soon_free;
  while (l->soon_head != NULL) {
    struct soon *s = l->soon_head;
    l->soon_head = s->next;
    mem_free(s);
  }
  mem_free(l);
}

void loop_run(struct loop *l) {
  l->mark_ns = 0;
  (void)uv_run(&l->uv, UV_RUN_DEFAULT); /* prepare and check keep it alive until uv_stop */
}

void loop_stop(struct loop *l) {
  uv_stop(&l->uv);
}

void loop_on_turn(struct loop *l, void (*fn)(void *arg), void *arg) {
  l->on_turn = fn;
  l->on_turn_arg = arg;
}

void loop_on_signal(struct loop *l, void (*fn)(void *arg, int signum), void *arg) {
  static const int wanted[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
  l->on_signal = fn;
  l->on_signal_arg = arg;
  for (int i = 0; i < SIGNALS; i++) (void)uv_signal_start(&l->signals[i], signal_cb, wanted[i]);
}

static void timer_release(struct loop *l, struct timer *t) {
  slots_drop(&l->timers, t->id);
  t->next_free = l->timers_free;
  l->timers_free = t;
}

static void timer_cb(uv_timer_t *handle) {
  struct timer *t = handle->data;
  void (*const fn)(void *) = t->fn;
  void *const arg = t->arg;
  if (!t->repeats) timer_release(t->l, t);
  fn(arg);
}

loop_timer loop_timer_start(struct loop *l, int64_t after_ms, int64_t every_ms,
                            void (*fn)(void *arg), void *arg) {
  struct timer *t = l->timers_free;
  if (t != NULL) {
    l->timers_free = t->next_free;
  } else {
    t = mem_alloc(sizeof *t);
    (void)uv_timer_init(&l->uv, &t->uv);
    t->uv.data = t;
    t->l = l;
  }
  t->fn = fn;
  t->arg = arg;
  t->repeats = every_ms > 0;
  t->id = slots_put(&l->timers, t);
  /* libuv counts from the start of the turn; and a timer of 0 ms would run in the same turn again
   * and again. */
  uv_update_time(&l->uv);
  (void)uv_timer_start(&t->uv, timer_cb, after_ms < 1 ? 1 : (uint64_t)after_ms,
                       every_ms > 0 ? (uint64_t)every_ms : 0);
  return t->id;
}

void loop_timer_stop(struct loop *l, loop_timer id) {
  struct timer *t = slots_get(&l->timers, id);
  if (t == NULL) return;
  (void)uv_timer_stop(&t->uv);
  timer_release(l, t);
}

void loop_soon(struct loop *l, void (*fn)(void *arg), void *arg) {
  struct soon *s = l->soon_free;
  if (s != NULL)
    l->soon_free = s->next;
  else
    s = mem_alloc(sizeof *s);
  *s = (struct soon){.turn = l->turn, .fn = fn, .arg = arg};
  *l->soon_tail = s;
  l->soon_tail = &s->next;
  if (!uv_is_active((uv_handle_t *)&l->idle) && !l->closing) (void)uv_idle_start(&l->idle, idle_cb);
}

void loop_wake(struct loop *l) {
  (void)uv_async_send(&l->bell);
}

void loop_soon_drop(struct loop *l, const void *arg) {
  struct soon **at = &l->soon_head;
  while (*at != NULL) {
    struct soon *s = *at;
    if (s->arg != arg) {
      at = &s->next;
      continue;
    }
    *at = s->next;
    s->next = l->soon_free;
    l->soon_free = s;
  }
  l->soon_tail = at;
}

int64_t loop_longest_turn_us(struct loop *l) {
  const int64_t us = l->longest_us;
  l->longest_us = 0;
  return us;
}

static void work_cb(uv_work_t *req) {
  static _Thread_local bool known;
  if (!known) helper_thread();
  known = true;
  struct work *w = req->data;
  w->work(w->arg);
}

static void work_after_cb(uv_work_t *req, int status) {
  (void)status;
  struct work *w = req->data;
  struct loop *l = w->l;
  if (w->prev != NULL)
    w->prev->next = w->next;
  else
    l->works = w->next;
  if (w->next != NULL) w->next->prev = w->prev;
  l->work_count--;
  if (!l->closing)
    w->after(w->arg);
  else if (w->drop != NULL)
    w->drop(w->arg);
  mem_free(w);
}

/* The first work starts the pool's threads. They must not take the signals that are meant for the
 * loop: when its watchers are closed, at the end, one would end the process by default. */
static int queue(struct loop *l, struct work *w) {
  sigset_t before;
  if (!l->pooled) stop_block_all(&before);
  const int rc = uv_queue_work(&l->uv, &w->uv, work_cb, work_after_cb);
  if (!l->pooled) stop_unblock(&before);
  l->pooled = true;
  return rc;
}

int loop_work_or_drop(struct loop *l, void (*work)(void *arg), void (*after)(void *arg),
                      void (*drop)(void *arg), void *arg) {
  if (l->work_count >= WORK_MAX || l->closing) return TRG_ELIMIT;
  struct work *w = mem_alloc(sizeof *w);
  *w = (struct work){
      .l = l, .next = l->works, .work = work, .after = after, .drop = drop, .arg = arg};
  w->uv.data = w;
  if (queue(l, w) != 0) {
    mem_free(w);
    return TRG_EIO;
  }
  if (l->works != NULL) l->works->prev = w;
  l->works = w;
  l->work_count++;
  return 0;
}

int loop_work(struct loop *l, void (*work)(void *arg), void (*after)(void *arg), void *arg) {
  return loop_work_or_drop(l, work, after, NULL, arg);
}
