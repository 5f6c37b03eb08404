#include "admin/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "admin/core.h"
#include "base/mem.h"
#include "net/loop.h"

#define EVERY_MS 100
#define WIDTH    40
#define DESKS    128

struct progress {
  struct core *core;
  loop_timer timer;
};

static void draw(void *arg) {
  struct progress *p = arg;
  int64_t n[TICKET_STATES] = {0};
  struct trg_err err = {0};
  if (ticket_depth(p->core->store, n, &err) < 0) return; /* a picture only: the road will say */
  int64_t all = 0;
  for (int s = TICKET_RECEIVED; s < TICKET_STATES; s++) all += n[s];
  struct desk_state d[DESKS];
  const size_t desks = road_desks(p->core->road, d, DESKS);
  for (size_t i = 0; i < desks; i++) all += d[i].waiting;
  const int64_t done = n[TICKET_FOLLOWING] + n[TICKET_DONE] + n[TICKET_DEAD];
  const int filled = all > 0 ? (int)(done * WIDTH / all) : 0;
  char bar[WIDTH + 1];
  for (int i = 0; i < WIDTH; i++) bar[i] = i < filled ? '#' : '.';
  bar[WIDTH] = '\0';
  printf("\r  [%s] %lld of %lld tickets", bar, (long long)done, (long long)all);
  fflush(stdout);
}

struct progress *progress_new(struct core *c) {
  if (!isatty(STDOUT_FILENO)) return NULL;
  struct progress *p = mem_alloc(sizeof *p);
  p->core = c;
  p->timer = loop_timer_start(c->loop, EVERY_MS, EVERY_MS, draw, p);
  return p;
}

void progress_end(struct progress **p) {
  if (*p == NULL) return;
  loop_timer_stop((*p)->core->loop, (*p)->timer);
  printf("\r\033[K");
  fflush(stdout);
  mem_free(*p);
  *p = NULL;
}
