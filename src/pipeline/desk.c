/* One helpdesk at work: polls for notices, fetches the tickets that they name. Each runs on its
 * own, so that one that is down or slow delays nobody else. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "pipeline/stage.h"
#include "store/inbox.h"
#include "store/store.h"

#define POLL_DEADLINE_MS  120000
#define FETCH_DEADLINE_MS 60000
#define FETCHES_MAX       24
/* --once gives a helpdesk up after so many failures in a row, or when it is told to wait for
 * longer: not for a limit a minute. */
#define ONCE_POLL_TRIES   4
#define ONCE_POLL_WAIT_MS 120000

struct desk *desk_find(const struct road *r, struct trg_str name) {
  for (struct desk *d = r->desks; d != NULL; d = d->next)
    if (str_is(name, d->conf->name)) return d;
  return NULL;
}

static void desk_poll_timer(void *arg) {
  struct desk *d = arg;
  d->timer = 0;
  desk_poll(d);
}

static void desk_schedule(struct desk *d, int64_t after_ms) {
  loop_timer_stop(d->road->setup.loop, d->timer);
  d->timer = 0;
  if (d->retired || d->road->draining) return;
  d->timer = loop_timer_start(d->road->setup.loop, after_ms, 0, desk_poll_timer, d);
}

/* --- polling ---------------------------------------------------------------------------------- */

static void poll_on_notice(void *arg, const struct trg_notice *n) {
  struct desk *d = arg;
  bool fresh = false;
  struct trg_err err = {0};
  store_must(inbox_add(d->road->setup.store, str_of(d->conf->name), n->id, n->version,
                       TRG_STR("poll"), n->at_ms, clock_now_ms(), &fresh, &err),
             &err);
  if (fresh) d->road->stats.notices++;
}

/* The cursor joins the notices that came before it in the same turn's transaction. */
static void poll_on_cursor(void *arg, struct trg_str cursor, bool more) {
  struct desk *d = arg;
  struct arena *a = arena_new();
  struct cursor c = {0};
  struct trg_err err = {0};
  store_must(cursor_get(d->road->setup.store, str_of(d->conf->name), a, &c, &err), &err);
  const int64_t now = clock_now_ms();
  c.cursor = arena_dup(a, cursor);
  c.polled_ms = now;
  c.ok_ms = now;
  if (!more) c.covered_ms = now;
  c.error = "";
  store_must(cursor_put(d->road->setup.store, str_of(d->conf->name), &c, &err), &err);
  d->more = more;
  d->ok_ms = now;
  if (!more) d->covered_ms = now;
  arena_free(&a);
  road_kick(d->road);
}

static void desk_failed(struct desk *d, const struct trg_result *res) {
  d->failures++;
  snprintf(d->error, sizeof d->error, "%.*s", (int)res->why.n,
           res->why.p != NULL ? res->why.p : "");
  snprintf(d->code, sizeof d->code, "%.*s", (int)res->code.n,
           res->code.p != NULL ? res->code.p : "");
  log_event(d->failures == 1 || d->failures % 10 == 0 ? TRG_ERROR : TRG_WARN, "helpdesk.failed",
            "helpdesk", d->conf->name, "code", d->code, "why", d->error, "failures",
            log_num(d->failures), NULL);
  struct arena *a = arena_new();
  struct cursor c = {0};
  struct trg_err err = {0};
  store_must(cursor_get(d->road->setup.store, str_of(d->conf->name), a, &c, &err), &err);
  c.polled_ms = clock_now_ms();
  c.error = d->error;
  store_must(cursor_put(d->road->setup.store, str_of(d->conf->name), &c, &err), &err);
  arena_free(&a);
  const int64_t steps = d->failures < BACKOFF_POLL_STEPS ? d->failures : BACKOFF_POLL_STEPS;
  const int64_t wait_ms = backoff_ms(d->road, steps, res->retry_after_ms);
  if (d->road->finished != NULL &&
      (d->failures >= ONCE_POLL_TRIES || wait_ms > ONCE_POLL_WAIT_MS)) {
    d->caught_up = true;
    d->road->failed = true;
    road_kick(d->road);
    return;
  }
  desk_schedule(d, wait_ms);
}

static void poll_on_done(void *arg, const struct trg_result *res) {
  struct desk *d = arg;
  d->polling = false;
  if (d->retired || res->outcome == TRG_CANCELLED) {
    road_kick(d->road);
    return;
  }
  if (res->outcome != TRG_DONE) {
    desk_failed(d, res);
    return;
  }
  if (!d->reached)
    log_event(TRG_INFO, "helpdesk.reached", "helpdesk", d->conf->name, "connector",
              d->conf->connector, "mode", conf_mode_word(d->conf->mode), NULL);
  d->reached = true;
  d->failures = 0;
  d->error[0] = '\0';
  d->code[0] = '\0';
  const bool again = d->more || d->stale;
  d->stale = false;
  d->caught_up = !again;
  d->heard_ms = d->more ? 0 : clock_now_ms();
  desk_schedule(d, again ? 0 : d->conf->poll_ms);
  macros_start(d);
  road_kick(d->road);
}

static const struct op_events poll_events = {
    .on_notice = poll_on_notice, .on_cursor = poll_on_cursor, .on_done = poll_on_done};

void desk_poll(struct desk *d) {
  if (d->retired || d->road->draining) return;
  if (d->polling) {
    d->stale = true;
    return;
  }
  struct arena *a = arena_new();
  struct cursor c = {0};
  struct trg_err err = {0};
  store_must(cursor_get(d->road->setup.store, str_of(d->conf->name), a, &c, &err), &err);
  if (c.since_ms == 0) {
    c.since_ms = d->conf->since_ms != 0 ? d->conf->since_ms : clock_now_ms();
    store_must(cursor_put(d->road->setup.store, str_of(d->conf->name), &c, &err), &err);
  }
  d->since_ms = c.since_ms;
  if (d->covered_ms == 0) d->covered_ms = c.covered_ms;
  d->asked_us = clock_mono_us();
  d->polling = true;
  d->more = false;
  op_poll(d->inst, str_of(c.cursor), c.since_ms, &poll_events, d, POLL_DEADLINE_MS);
  arena_free(&a);
}

/* --- fetching --------------------------------------------------------------------------------- */

struct fetch {
  struct desk *desk;
  int64_t seq, attempts, from_us;
  int64_t at_ms; /* of the notice: when it was changed or last known to be there */
  char *ext_id;
  bool stored, look; /* look: a settling waits for it (look.c) */
  char held[480];    /* why it could not be stored */
};

/* What is gone has no times of its own any more: it went when the notice says that it changed. Too
 * early would take back what was rightly charged before. */
static struct trg_ticket gone_when(const struct trg_ticket *t, int64_t at_ms) {
  struct trg_ticket dated = *t;
  if (t->status == TRG_STATUS_DELETED && t->updated_ms == 0)
    dated.updated_ms = at_ms != 0 ? at_ms : clock_now_ms();
  return dated;
}

static void fetch_on_ticket(void *arg, const struct trg_ticket *told) {
  struct fetch *f = arg;
  struct desk *d = f->desk;
  const struct trg_ticket dated = gone_when(told, f->at_ms), *t = &dated;
  const struct pace from = pace_begin();
  struct intake in = {0};
  struct trg_err err = {0};
  const int rc = intake_store(d, t, &in, &err);
  if (in.held) {
    snprintf(f->held, sizeof f->held, "%s", err.text);
    return;
  }
  store_must(rc, &err);
  store_must(
      inbox_done(d->road->setup.store, str_of(d->conf->name), str_of(f->ext_id), f->seq, &err),
      &err);
  f->stored = true;
  d->road->stats.fetched++;
  intake_route(d->road, in.ticket_id);
  if (f->look) settle_now(d->road, in.ticket_id, clock_now_ms());
  pace_add(d->road, in.ticket_id, from);
}

static void fetch_failed(struct fetch *f, const struct trg_result *res) {
  struct desk *d = f->desk;
  char code[32], why[480];
  snprintf(code, sizeof code, "%.*s", (int)res->code.n, res->code.p != NULL ? res->code.p : "");
  snprintf(why, sizeof why, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  if (f->held[0] != '\0') {
    snprintf(code, sizeof code, "redaction");
    snprintf(why, sizeof why, "%s", f->held);
  }
  const bool cancelled = res->outcome == TRG_CANCELLED;
  const int64_t attempts = f->attempts + (cancelled ? 0 : 1);
  const bool dead = !cancelled && attempts_spent(code, false, attempts);
  const int64_t due = cancelled
                          ? 0
                          : clock_now_ms() + backoff_ms(d->road, attempts, res->retry_after_ms);
  struct trg_err err = {0};
  store_must(inbox_retry(d->road->setup.store, str_of(d->conf->name), str_of(f->ext_id), f->seq,
                         due, dead, str_of(why), &err),
             &err);
  if (cancelled) return;
  if (dead) d->road->failed = true;
  char ref[300];
  snprintf(ref, sizeof ref, "%s/%s", d->conf->name, f->ext_id);
  log_event(dead ? TRG_ERROR : TRG_WARN, dead ? "fetch.dead" : "fetch.retry", "ticket", ref, "code",
            code, "why", why, "attempts", log_num(attempts), NULL);
}

static void fetch_on_done(void *arg, const struct trg_result *res) {
  struct fetch *f = arg;
  struct desk *d = f->desk;
  d->fetching--;
  if (!f->stored) fetch_failed(f, res);
  mem_free(f->ext_id);
  mem_free(f);
  road_kick(d->road);
}

static const struct op_events fetch_events = {.on_ticket = fetch_on_ticket,
                                              .on_done = fetch_on_done};

void desk_fetch(struct desk *d) {
  if (d->retired || d->fetching >= FETCHES_MAX) return;
  struct arena *a = arena_new();
  struct inbox_item *items = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  const int64_t now = clock_now_ms();
  store_must(inbox_take(d->road->setup.store, str_of(d->conf->name), now,
                        now + 2 * FETCH_DEADLINE_MS, FETCHES_MAX - d->fetching, a, &items, &n,
                        &err),
             &err);
  for (size_t i = 0; i < n; i++) {
    struct fetch *f = mem_alloc(sizeof *f);
    f->desk = d;
    f->seq = items[i].seq;
    f->attempts = items[i].attempts;
    f->ext_id = mem_dup(items[i].ext_id);
    f->at_ms = items[i].at_ms;
    f->look = strcmp(items[i].source, "look") == 0;
    d->fetching++;
    op_fetch(d->inst, str_of(f->ext_id), &fetch_events, f, FETCH_DEADLINE_MS);
  }
  arena_free(&a);
}

/* --- all of them ------------------------------------------------------------------------------ */

static struct desk *desk_open(struct road *r, const struct conf_helpdesk *c, struct trg_err *err) {
  struct desk *d = mem_alloc(sizeof *d);
  d->road = r;
  d->conf = c;
  const struct inst_options o = {.plugin = c->plugin,
                                 .name = c->name,
                                 .conf = c->settings,
                                 .origins = c->origins,
                                 .origin_count = c->origin_count,
                                 .max_in_flight = (int)c->max_in_flight,
                                 .user = d};
  if (inst_open(r->setup.host, &o, &d->inst, err) < 0) {
    err_prefix(err, "helpdesk %s", c->name);
    mem_free(d);
    return NULL;
  }
  macros_open(d);
  return d;
}

static void desk_close(struct desk *d) {
  d->retired = true;
  macros_stop(d);
  loop_timer_stop(d->road->setup.loop, d->timer);
  d->timer = 0;
  if (d->inst != NULL) inst_retire(d->inst);
  d->inst = NULL;
}

/* A retired desk stays in the list of old ones until the road is freed: callbacks of ops that are
 * still under way point to it. There are as many as reloads changed. */
static void desks_swap(struct road *r, struct desk *fresh) {
  struct desk *old = r->desks;
  r->desks = fresh;
  struct desk **tail = &r->desks;
  while (*tail != NULL) tail = &(*tail)->next;
  *tail = NULL;
  while (old != NULL) {
    struct desk *next = old->next;
    if (!old->retired) {
      struct desk *now = desk_find(r, str_of(old->conf->name));
      if (now != NULL) {
        now->reached = old->reached;
        now->ok_ms = old->ok_ms;
        now->covered_ms = old->covered_ms;
        now->heard_ms = old->heard_ms;
      }
      desk_close(old);
    }
    old->next = r->old_desks;
    r->old_desks = old;
    old = next;
  }
}

int desks_configure(struct road *r, const struct road_plan *plan, struct trg_err *err) {
  struct desk *fresh = NULL;
  struct desk **tail = &fresh;
  for (size_t i = 0; i < plan->conf->helpdesk_count; i++) {
    const struct conf_helpdesk *c = &plan->conf->helpdesks[i];
    if (c->mode == MODE_OFF) continue;
    *tail = desk_open(r, c, err);
    if (*tail == NULL) {
      while (fresh != NULL) {
        struct desk *next = fresh->next;
        desk_close(fresh);
        macros_free(fresh);
        mem_free(fresh);
        fresh = next;
      }
      return TRG_EINVAL;
    }
    tail = &(*tail)->next;
  }
  desks_swap(r, fresh);
  /* Tasks under way keep their old desk until they end. */
  if (r->running) desks_start(r);
  return 0;
}

static void desk_list_free(struct desk **list) {
  while (*list != NULL) {
    struct desk *next = (*list)->next;
    if (!(*list)->retired) desk_close(*list);
    macros_free(*list);
    mem_free(*list);
    *list = next;
  }
}

void desks_free(struct road *r) {
  desk_list_free(&r->desks);
  desk_list_free(&r->old_desks);
}

void desks_start(struct road *r) {
  for (struct desk *d = r->desks; d != NULL; d = d->next) {
    /* --once asks for tickets when it knows what may answer them; the daemon has time. */
    if (r->finished != NULL) macros_start(d);
    if (!macros_busy(d)) desk_poll(d);
  }
}

bool desks_busy(const struct road *r) {
  for (const struct desk *d = r->desks; d != NULL; d = d->next)
    if (d->polling || d->fetching > 0 || macros_busy(d)) return true;
  for (const struct desk *d = r->old_desks; d != NULL; d = d->next)
    if (d->polling || d->fetching > 0 || macros_busy(d)) return true;
  return false;
}

bool desks_caught_up(const struct road *r) {
  for (const struct desk *d = r->desks; d != NULL; d = d->next)
    if (!d->caught_up || macros_busy(d)) return false;
  return true;
}

/* A helpdesk is heard every poll_ms; this much later it is not heard any more, as when the machine
 * slept. */
#define HEARD_SLACK_MS (2 * (int64_t)POLL_DEADLINE_MS)

void desks_held(const struct road *r, int64_t now, struct buf *b) {
  for (const struct desk *d = r->desks; d != NULL; d = d->next) {
    const bool heard = d->heard_ms > 0 && d->failures == 0 &&
                       now - d->heard_ms <= d->conf->poll_ms + HEARD_SLACK_MS;
    if (!heard) buf_printf(b, "%s%s\n", b->n == 0 ? "\n" : "", d->conf->name);
  }
}

int64_t desks_next_due(const struct road *r) {
  int64_t due = 0;
  struct trg_err err = {0};
  for (const struct desk *d = r->desks; d != NULL; d = d->next) {
    if (d->fetching >= FETCHES_MAX) continue;
    int64_t mine = 0;
    store_must(inbox_next_due(r->setup.store, str_of(d->conf->name), &mine, &err), &err);
    if (mine != 0 && (due == 0 || mine < due)) due = mine;
  }
  return due;
}

/* A poll that takes this long is told as the reason of a lag. */
#define SLOW_POLL_MS 5000

static void desk_trouble(const struct desk *d, struct desk_state *s) {
  const int64_t asked_ms = d->polling ? (clock_mono_us() - d->asked_us) / 1000 : 0;
  snprintf(s->error, sizeof s->error, "%s", d->error);
  snprintf(s->code, sizeof s->code, "%s", d->code);
  if (d->error[0] != '\0') return;
  if (s->rate_wait_ms > 0) {
    snprintf(s->error, sizeof s->error, "held back by the helpdesk's rate limit for %lld s",
             (long long)((s->rate_wait_ms + 999) / 1000));
    snprintf(s->code, sizeof s->code, TRG_CODE_RATE);
  } else if (asked_ms >= SLOW_POLL_MS) {
    snprintf(s->error, sizeof s->error, "waiting for an answer since %lld s",
             (long long)(asked_ms / 1000));
    snprintf(s->code, sizeof s->code, "slow");
  }
}

size_t road_desks(const struct road *r, struct desk_state *ret, size_t room) {
  size_t n = 0;
  const int64_t now = clock_now_ms();
  struct trg_err err = {0};
  for (const struct desk *d = r->desks; d != NULL && n < room; d = d->next, n++) {
    ret[n] = (struct desk_state){.name = d->conf->name,
                                 .connector = d->conf->connector,
                                 .mode = conf_mode_word(d->conf->mode),
                                 .reached = d->reached,
                                 .lag_ms = d->covered_ms > 0 ? now - d->covered_ms
                                           : d->since_ms > 0 ? now - d->since_ms
                                                             : -1,
                                 .ok_ms = d->ok_ms,
                                 .rate_wait_ms = inst_wait_ms(d->inst)};
    desk_trouble(d, &ret[n]);
    store_must(
        inbox_depth(r->setup.store, str_of(d->conf->name), &ret[n].waiting, &ret[n].dead, &err),
        &err);
  }
  return n;
}

bool road_ready(const struct road *r) {
  for (const struct desk *d = r->desks; d != NULL; d = d->next)
    if (!d->reached) return false;
  return true;
}
