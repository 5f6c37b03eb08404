/* What arrived here, counted so that lost and doubled work shows. */
#include "http.h"

#include <stdlib.h>
#include <string.h>

void stats_close(struct stats *st) {
  free(st->tickets);
  for (size_t i = 0; i < st->model_count; i++) {
    free((char *)(uintptr_t)st->models[i].name);
  }
  map_free(&st->ticket_at);
  map_free(&st->markers);
  map_free(&st->routes);
}

static struct ticket_stats *stats_ticket(struct stats *st, const struct desk *d, struct ticket *t) {
  uint64_t key = (uint64_t)(uintptr_t)t;
  uint64_t at = 0;
  if (map_get(&st->ticket_at, key, &at)) {
    return &st->tickets[at];
  }
  if (st->ticket_count == st->ticket_cap) {
    st->ticket_cap = st->ticket_cap ? st->ticket_cap * 2 : 256;
    st->tickets = mem_grow(st->tickets, st->ticket_cap * sizeof *st->tickets);
  }
  struct ticket_stats *ts = &st->tickets[st->ticket_count];
  memset(ts, 0, sizeof *ts);
  ts->desk = d;
  ts->ticket = t;
  map_put(&st->ticket_at, key, st->ticket_count);
  st->ticket_count++;
  return ts;
}

/* The same marker, or the same text when there is none and the customer has said nothing since,
 * twice on one ticket is work done twice. */
static bool entry_is_repeat(struct stats *st, const struct ticket *t, const struct entry *e) {
  uint64_t seen = 0;
  const char *what = e->metadata ? e->metadata : e->text;
  uint64_t seed = (e->flags & ENTRY_PUBLIC) |
                  (e->metadata ? 0 : (uint64_t)t->customer_messages << 8);
  uint64_t key = hash_mix((uint64_t)(uintptr_t)t, hash_text(seed, what)) | 1;
  if (map_get(&st->markers, key, &seen)) {
    return true;
  }
  map_put(&st->markers, key, 1);
  return false;
}

void stats_update(struct sim *s, const struct desk *d, struct ticket *t, const struct entry *e) {
  struct ticket_stats *ts = stats_ticket(&s->stats, d, t);
  ts->updates++;
  if (e == NULL || !(e->flags & ENTRY_MESSAGE)) {
    return;
  }
  if (e->flags & ENTRY_PUBLIC) {
    ts->replies++;
  } else {
    ts->notes++;
  }
  if (entry_is_repeat(&s->stats, t, e)) {
    ts->duplicates++;
    s->stats.duplicates++;
  }
}

void stats_after_close(struct sim *s, const struct desk *d, struct ticket *t) {
  stats_ticket(&s->stats, d, t)->after_close++;
  s->stats.after_close++;
}

struct model_stats *stats_model(struct stats *st, const char *name) {
  for (size_t i = 0; i < st->model_count; i++) {
    if (strcmp(st->models[i].name, name) == 0) {
      return &st->models[i];
    }
  }
  if (st->model_count == sizeof st->models / sizeof st->models[0]) {
    return &st->models[st->model_count - 1];
  }
  struct model_stats *m = &st->models[st->model_count++];
  struct buf b = {0};
  buf_str(&b, name);
  m->name = buf_take(&b);
  return m;
}

static void models_write(const struct stats *st, struct buf *b) {
  jw_kopen(b, "models", '{');
  for (size_t i = 0; i < st->model_count; i++) {
    const struct model_stats *m = &st->models[i];
    jw_kopen(b, m->name, '{');
    jw_kint(b, "calls", (int64_t)m->calls);
    jw_kint(b, "input_tokens", (int64_t)m->input_tokens);
    jw_kint(b, "output_tokens", (int64_t)m->output_tokens);
    jw_kint(b, "cache_read_tokens", (int64_t)m->cache_read_tokens);
    jw_kint(b, "cache_write_tokens", (int64_t)m->cache_write_tokens);
    jw_kint(b, "rejected", (int64_t)m->rejected);
    jw_close(b, '}');
  }
  jw_close(b, '}');
}

static void tickets_write(const struct stats *st, struct buf *b) {
  jw_kopen(b, "tickets", '{');
  for (size_t i = 0; i < st->ticket_count; i++) {
    const struct ticket_stats *ts = &st->tickets[i];
    char key[80];
    struct buf name = {0};
    if (strcmp(ts->desk->name, "salesforce") == 0) { /* its ids are words of its own */
      buf_printf(&name, "%s/%s", ts->desk->name, ts->ticket->ref);
    } else {
      buf_printf(&name, "%s/%llu", ts->desk->name, (unsigned long long)ts->ticket->number);
    }
    strncpy(key, buf_text(&name), sizeof key - 1);
    key[sizeof key - 1] = '\0';
    buf_free(&name);
    jw_kopen(b, key, '{');
    jw_kint(b, "notes", ts->notes);
    jw_kint(b, "replies", ts->replies);
    jw_kint(b, "updates", ts->updates);
    jw_kstr(b, "ref", ts->ticket->ref);
    jw_kint(b, "duplicates", ts->duplicates);
    jw_kint(b, "after_close", ts->after_close);
    jw_kstr(b, "status", status_name(ts->ticket->status));
    jw_close(b, '}');
  }
  jw_close(b, '}');
}

static void routes_write(const struct stats *st, struct buf *b) {
  jw_kopen(b, "routes", '{');
  for (size_t v = 0; sim_vendors[v]; v++) {
    for (size_t i = 0; i < sim_vendors[v]->route_count; i++) {
      const struct route *r = &sim_vendors[v]->routes[i];
      uint64_t count = 0;
      if (!map_get(&st->routes, (uint64_t)(uintptr_t)r, &count)) {
        continue;
      }
      struct buf name = {0};
      buf_printf(&name, "%s %s", r->method, r->path);
      jw_kint(b, buf_text(&name), (int64_t)count);
      buf_free(&name);
    }
  }
  jw_close(b, '}');
}

void stats_write(struct sim *s, struct buf *b) {
  const struct stats *st = &s->stats;
  jw_open(b, '{');
  tickets_write(st, b);
  models_write(st, b);
  jw_kint(b, "requests", (int64_t)st->requests);
  jw_kint(b, "faults", (int64_t)s->faults.total);
  jw_kopen(b, "fault_kinds", '{');
  for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
    if (s->faults.hits[i]) {
      jw_kint(b, fault_name((enum fault_kind)i), (int64_t)s->faults.hits[i]);
    }
  }
  jw_close(b, '}');
  routes_write(st, b);
  jw_kint(b, "duplicates", (int64_t)st->duplicates);
  jw_kint(b, "writes_after_close", (int64_t)st->after_close);
  jw_kint(b, "placeholders_expanded", (int64_t)st->placeholders);
  jw_kint(b, "too_long", (int64_t)st->too_long);
  jw_kint(b, "conflicts", (int64_t)st->conflicts);
  jw_kint(b, "unauthorized", (int64_t)st->unauthorized);
  uint64_t sent = 0;
  uint64_t failed = 0;
  pusher_count(s->pusher, &sent, &failed);
  jw_kint(b, "webhooks_sent", (int64_t)sent);
  jw_kint(b, "webhooks_failed", (int64_t)failed);
  jw_kopen(b, "ticket_count", '{');
  for (size_t i = 0; i < DESK_COUNT; i++) {
    jw_kint(b, s->store.desks[i].name, (int64_t)s->store.desks[i].ticket_count);
  }
  jw_close(b, '}');
  jw_kint(b, "text_bytes", (int64_t)s->store.arena.total_bytes);
  jw_ktime(b, "now", clock_now_ms(&s->clock));
  jw_close(b, '}');
}
