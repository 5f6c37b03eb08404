#include "sim.h"

#include <string.h>

static void on_entry(void *subject, struct desk *d, struct ticket *t, struct entry *e) {
  struct sim *s = subject;
  if (s->store.loading) {
    return;
  }
  struct entry copy = *e; /* what people do now may move the history */
  const bool wanted = pusher_wants(s, (size_t)(d - s->store.desks));
  for (size_t i = 0; wanted && sim_vendors[i]; i++) {
    if (sim_vendors[i]->pushed && strcmp(sim_vendors[i]->name, d->name) == 0) {
      sim_vendors[i]->pushed(s, t, &copy);
    }
  }
  people_react(s, d, t, &copy);
}

bool sim_open(struct sim *s, const struct options *opt) {
  memset(s, 0, sizeof *s);
  s->opt = *opt;
  clock_start(&s->clock, opt->start_ms ? opt->start_ms : clock_wall_ms());
  store_open(&s->store, &s->clock);
  s->store.on_entry = on_entry;
  s->store.on_entry_subject = s;
  s->faults.seed = opt->seed;
  for (size_t i = 0; sim_vendors[i]; i++) {
    s->vendor_state[i] = sim_vendors[i]->open ? sim_vendors[i]->open() : NULL;
  }
  for (size_t i = 0; i < DESK_COUNT; i++) {
    if (opt->webhook[i]) {
      s->pusher = pusher_open(s);
      return s->pusher != NULL;
    }
  }
  return true;
}

void sim_close(struct sim *s) {
  pusher_close(s->pusher);
  for (size_t i = 0; sim_vendors[i]; i++) {
    if (sim_vendors[i]->close) {
      sim_vendors[i]->close(s->vendor_state[i]);
    }
  }
  stats_close(&s->stats);
  due_free(&s->events);
  store_close(&s->store);
  macros_close(s);
}

void sim_run(struct sim *s) {
  struct due event;
  while (due_take(&s->events, clock_now_ms(&s->clock), &event)) {
    s->clock.frozen_ms = event.at_ms;
    people_event(s, &event);
    s->clock.frozen_ms = 0;
  }
}

void sim_advance(struct sim *s, int64_t to_ms) {
  struct due event;
  while (due_take(&s->events, to_ms, &event)) {
    s->clock.frozen_ms = event.at_ms;
    people_event(s, &event);
    s->clock.frozen_ms = 0;
  }
  clock_set(&s->clock, to_ms);
}
