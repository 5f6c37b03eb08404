/* Progress on a terminal: how much is done, how long it took. */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "cmd/out.h"

#define EVERY_US 100000
#define BAR      30
/* Soon at first, then seldom: short work is seen too, and long work is not disturbed. */
#define LOOK_FIRST_NS 8000000
#define LOOK_EVERY_NS 250000000

void out_bar_start(struct out_bar *b, const char *what) {
  *b = (struct out_bar){.what = what, .on = isatty(STDERR_FILENO) != 0};
  b->from_us = clock_mono_us();
}

void out_bar_show(struct out_bar *b, size_t done, size_t total) {
  const int64_t now = clock_mono_us();
  const bool news = done == total || total != b->total;
  if (!b->on || (now - b->last_us < EVERY_US && !news)) return;
  b->last_us = now;
  b->total = total;
  const double seconds = (double)(now - b->from_us) / 1e6;
  if (total == 0) {
    fprintf(stderr, "\r%s %.0f s\033[K", b->what, seconds);
    return;
  }
  char bar[BAR + 1];
  const size_t filled = done >= total ? BAR : done * BAR / total;
  for (size_t i = 0; i < BAR; i++) bar[i] = i < filled ? '#' : '.';
  bar[BAR] = '\0';
  fprintf(stderr, "\r%s [%s] %zu of %zu, %.0f s\033[K", b->what, bar, done, total, seconds);
}

void out_bar_end(struct out_bar *b) {
  if (b->on) fputs("\r\033[K", stderr);
  b->on = false;
}

struct out_clock {
  struct out_bar bar;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t end;
  bool ended;
  out_look *look;
  void *arg;
};

static void *clock_run(void *arg) {
  struct out_clock *c = arg;
  long wait_ns = LOOK_FIRST_NS;
  pthread_mutex_lock(&c->lock);
  while (!c->ended) {
    size_t done = 0, total = 0;
    pthread_mutex_unlock(&c->lock); /* the look may take its time */
    if (c->look != NULL && !c->look(c->arg, &done, &total)) done = total = 0;
    pthread_mutex_lock(&c->lock);
    if (c->ended) break;
    out_bar_show(&c->bar, done, total);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_ns;
    wait_ns = wait_ns * 2 < LOOK_EVERY_NS ? wait_ns * 2 : LOOK_EVERY_NS;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&c->end, &c->lock, &until);
  }
  pthread_mutex_unlock(&c->lock);
  return NULL;
}

struct out_clock *out_clock_start(const char *what, out_look *look, void *arg) {
  if (isatty(STDERR_FILENO) == 0) return NULL;
  struct out_clock *c = mem_alloc(sizeof *c);
  out_bar_start(&c->bar, what);
  c->look = look;
  c->arg = arg;
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->end, NULL);
  if (pthread_create(&c->thread, NULL, clock_run, c) == 0) return c;
  mem_free(c);
  return NULL;
}

void out_clock_end(struct out_clock **clock) {
  struct out_clock *c = *clock;
  if (c == NULL) return;
  pthread_mutex_lock(&c->lock);
  c->ended = true;
  pthread_cond_signal(&c->end);
  pthread_mutex_unlock(&c->lock);
  pthread_join(c->thread, NULL);
  out_bar_end(&c->bar);
  pthread_cond_destroy(&c->end);
  pthread_mutex_destroy(&c->lock);
  mem_free(c);
  *clock = NULL;
}
