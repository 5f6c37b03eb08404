/* A helpdesk's saved replies, read as knowledge: a walk over all of them every now and then. Only
 * what changed is indexed anew; what a whole walk did not meet is forgotten. A helpdesk that does
 * not let us read them is told about once, and serves its tickets all the same. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "pipeline/stage.h"
#include "skill/macro.h"
#include "store/knowledge.h"

#define PAGE_DEADLINE_MS 30000
#define AGAIN_LEAST_MS   60000 /* tickets go before: no hurry under a rate limit */
#define PAGES_MAX        500
#define MACROS_MAX       20000

struct macro_walk {
  uint64_t timer;
  bool walking, more, changed;
  struct arena *arena; /* of this walk: the ids that it met, the cursor */
  const char **ids;
  size_t count, room, pages;
  const char *cursor;
  int64_t failures;
  char code[32]; /* of the last walk's end, "" when it was fine */
};

static void walk_begin(struct desk *d);

void macros_open(struct desk *d) {
  const struct trg_connector_ops *ops = inst_connector(d->inst);
  if (d->conf->macros_ms > 0 && ops != NULL && ops->macros != NULL)
    d->macros = mem_alloc(sizeof *d->macros);
}

void macros_free(struct desk *d) {
  if (d->macros != NULL) arena_free(&d->macros->arena);
  mem_free(d->macros);
  d->macros = NULL;
}

void macros_stop(struct desk *d) {
  if (d->macros == NULL) return;
  loop_timer_stop(d->road->setup.loop, d->macros->timer);
  d->macros->timer = 0;
}

bool macros_busy(const struct desk *d) {
  return d->macros != NULL && d->macros->walking;
}

void macros_start(struct desk *d) {
  if (d->macros != NULL && !d->retired && !d->macros->walking && d->macros->timer == 0)
    walk_begin(d);
}

static void timer_due(void *arg) {
  struct desk *d = arg;
  d->macros->timer = 0;
  if (!d->retired && !d->road->draining) walk_begin(d);
}

static void id_add(struct macro_walk *w, struct trg_str id) {
  if (w->count == w->room) {
    const size_t room = w->room == 0 ? 64 : w->room * 2;
    const char **more = arena_alloc(w->arena, sizeof *more * room);
    if (w->count > 0) memcpy(more, w->ids, sizeof *more * w->count);
    w->ids = more;
    w->room = room;
  }
  w->ids[w->count++] = arena_dup(w->arena, id);
}

static void on_macro(void *arg, const struct trg_macro *m) {
  struct desk *d = arg;
  struct macro_walk *w = d->macros;
  bool changed = false;
  struct trg_err err = {0};
  if (d->retired || w->count >= MACROS_MAX) return;
  const unsigned profiles = d->road->plan->conf->pii_profiles;
  const int rc = macro_put(d->road->setup.store, d->conf->name, m, profiles, &changed, &err);
  if (rc == TRG_EINVAL) {
    log_event(TRG_WARN, "macros.problem", "helpdesk", d->conf->name, "why", err.text, NULL);
    return;
  }
  store_must(rc, &err);
  id_add(w, m->id);
  w->changed = w->changed || changed;
}

static void on_cursor(void *arg, struct trg_str cursor, bool more) {
  struct macro_walk *w = ((struct desk *)arg)->macros;
  w->cursor = arena_dup(w->arena, cursor);
  w->more = more;
}

static void walk_end(struct desk *d, int64_t again_ms) {
  struct macro_walk *w = d->macros;
  w->walking = false;
  if (!d->retired && !d->road->draining) {
    w->timer = loop_timer_start(d->road->setup.loop, again_ms, 0, timer_due, d);
    if (d->road->finished != NULL && !d->polling) desk_poll(d);
  }
  road_kick(d->road);
}

static void walk_failed(struct desk *d, const struct trg_result *res) {
  struct macro_walk *w = d->macros;
  char code[sizeof w->code], text[480];
  snprintf(text, sizeof text, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  snprintf(code, sizeof code, "%.*s", (int)res->code.n, res->code.p != NULL ? res->code.p : "");
  w->failures++;
  if (strcmp(code, w->code) != 0)
    log_event(TRG_WARN, "macros.failed", "helpdesk", d->conf->name, "code", code, "why", text,
              NULL);
  memcpy(w->code, code, sizeof code);
  const int64_t soon = backoff_ms(d->road, w->failures, res->retry_after_ms);
  const bool later = res->outcome == TRG_REJECTED || soon > d->conf->macros_ms;
  walk_end(d, later ? d->conf->macros_ms : soon > AGAIN_LEAST_MS ? soon : AGAIN_LEAST_MS);
}

/* All pages were read: what was not among them is gone. */
static void walk_whole(struct desk *d) {
  struct macro_walk *w = d->macros;
  struct store *s = d->road->setup.store;
  bool gone = false;
  struct trg_err err = {0};
  store_must(macro_keep(s, d->conf->name, w->ids, w->count, &gone, &err), &err);
  if (w->changed || gone) {
    store_must(passage_pack(s, &err), &err);
    log_event(TRG_INFO, "macros.indexed", "helpdesk", d->conf->name, "macros",
              log_num((int64_t)w->count), NULL);
  }
  w->failures = 0;
  w->code[0] = '\0';
  walk_end(d, d->conf->macros_ms);
}

static void page_ask(struct desk *d);

static void on_done(void *arg, const struct trg_result *res) {
  struct desk *d = arg;
  struct macro_walk *w = d->macros;
  if (d->retired || d->road->draining || res->outcome == TRG_CANCELLED)
    walk_end(d, d->conf->macros_ms);
  else if (res->outcome != TRG_DONE)
    walk_failed(d, res);
  else if (!w->more)
    walk_whole(d);
  else if (++w->pages < PAGES_MAX)
    page_ask(d);
  else
    walk_end(d, d->conf->macros_ms); /* so many that nothing can be said of those not met */
}

static const struct op_events page_events = {
    .on_macro = on_macro, .on_cursor = on_cursor, .on_done = on_done};

static void page_ask(struct desk *d) {
  struct macro_walk *w = d->macros;
  w->more = false;
  op_macros(d->inst, str_of(w->cursor), &page_events, d, PAGE_DEADLINE_MS);
}

static void walk_begin(struct desk *d) {
  struct macro_walk *w = d->macros;
  arena_free(&w->arena);
  w->arena = arena_new();
  w->ids = NULL;
  w->count = w->room = w->pages = 0;
  w->cursor = "";
  w->changed = false;
  w->walking = true;
  page_ask(d);
}
