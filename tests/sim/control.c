/* The /sim endpoints: what tests and demos use to steer the simulator and to learn the truth. */
#include "http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void control_refuse(struct exchange *x, int status, const char *why) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kstr(b, "error", why);
  jw_close(b, '}');
}

static void control_stats(struct exchange *x) {
  stats_write(x->sim, reply_json(x, 200));
}

/* Faults and switches come as plain text or as a JSON string. */
static const char *body_text(struct exchange *x) {
  const char *text = buf_text(&x->body);
  if (*text == '"' && cJSON_IsString(exchange_json(x))) {
    return x->json->valuestring;
  }
  return text;
}

static void control_faults(struct exchange *x) {
  char why[256];
  if (strcmp(x->method, "POST") == 0 &&
      !faults_set(&x->sim->faults, body_text(x), why, sizeof why)) {
    control_refuse(x, 400, why);
    return;
  }
  struct buf rules = {0};
  faults_write(&x->sim->faults, &rules);
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "faults", buf_text(&rules));
  jw_close(b, '}');
  buf_free(&rules);
}

static void control_time(struct exchange *x) {
  struct sim *s = x->sim;
  if (strcmp(x->method, "POST") == 0) {
    const cJSON *advance = cJSON_GetObjectItemCaseSensitive(exchange_json(x), "advance");
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(x->json, "now");
    int64_t ms = 0;
    if (cJSON_IsString(advance) && duration_parse(advance->valuestring, &ms)) {
      sim_advance(s, clock_now_ms(&s->clock) + ms);
    } else if (cJSON_IsString(now) && time_parse(now->valuestring, &ms) &&
               ms >= clock_now_ms(&s->clock)) {
      sim_advance(s, ms);
    } else {
      control_refuse(
          x, 400,
          "expected {\"advance\":\"72h\"} or {\"now\":\"RFC 3339 time, not before the present\"}");
      return;
    }
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_ktime(b, "now", clock_now_ms(&s->clock));
  jw_kint(b, "now_ms", clock_now_ms(&s->clock));
  jw_kint(b, "events_waiting", (int64_t)s->events.n);
  jw_close(b, '}');
}

static void control_tickets(struct exchange *x) {
  char why[256];
  int64_t n = tickets_load(x->sim, buf_text(&x->body), x->body.n, why, sizeof why);
  if (n < 0) {
    control_refuse(x, 400, why);
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kint(b, "added", n);
  jw_close(b, '}');
}

static void control_macros(struct exchange *x) {
  char why[256];
  if (!macros_set(x->sim, buf_text(&x->body), why, sizeof why)) {
    control_refuse(x, 400, why);
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kint(b, "macros", (int64_t)x->sim->macro_count);
  jw_close(b, '}');
}

/* Somebody deletes all tickets of a helpdesk. */
static void control_delete(struct exchange *x) {
  struct store *s = &x->sim->store;
  struct desk *d = store_desk(s, body_text(x));
  int64_t count = 0;
  if (d == NULL) {
    control_refuse(x, 400, "expected the name of a helpdesk");
    return;
  }
  for (size_t i = 0; i < d->ticket_count; i++) {
    struct edit e;
    edit_begin(&e, s, d, d->tickets[i], s->first_agent, 0);
    edit_status(&e, STATUS_DELETED);
    edit_commit(&e);
    count++;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kint(b, "deleted", count);
  jw_close(b, '}');
}

static void control_behaviour(struct exchange *x) {
  const char *text = body_text(x);
  if (strstr(text, "off") || strstr(text, "false")) {
    x->sim->opt.behaviour = false;
  } else if (strstr(text, "on") || strstr(text, "true")) {
    x->sim->opt.behaviour = true;
  } else {
    control_refuse(x, 400, "expected on or off");
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kbool(b, "behaviour", x->sim->opt.behaviour);
  jw_close(b, '}');
}

static void person_write(struct sim *s, struct buf *b, const char *key, uint64_t id) {
  static const char *const roles[] = {"customer", "agent", "bot", "system"};
  const struct person *p = person_get(&s->store, id);
  if (p == NULL) {
    jw_kraw(b, key, "null");
    return;
  }
  jw_kopen(b, key, '{');
  jw_kid(b, "id", p->id);
  jw_kstr(b, "name", p->name);
  jw_kstr(b, "email", p->email);
  jw_kstr(b, "role", roles[p->role]);
  jw_close(b, '}');
}

static void entry_write(struct sim *s, struct buf *b, const struct entry *e) {
  jw_open(b, '{');
  jw_kid(b, "id", e->id);
  jw_ktime(b, "at", e->at_ms);
  person_write(s, b, "author", e->author);
  jw_kbool(b, "api", (e->flags & ENTRY_API) != 0);
  if (e->flags & ENTRY_MESSAGE) {
    jw_kid(b, "message_id", e->message_id);
    jw_kbool(b, "public", (e->flags & ENTRY_PUBLIC) != 0);
    jw_kstr(b, "body", e->text);
    jw_kstr(b, "html_body", e->html);
  }
  jw_kraw(b, "metadata", e->metadata ? e->metadata : "null");
  jw_kopen(b, "changes", '[');
  for (size_t i = 0; i < e->change_count; i++) {
    jw_open(b, '{');
    jw_kstr(b, "field", e->changes[i].field);
    jw_kraw(b, "from", e->changes[i].from ? e->changes[i].from : "null");
    jw_kraw(b, "to", e->changes[i].to ? e->changes[i].to : "null");
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

static void ticket_write(struct sim *s, struct buf *b, const struct desk *d,
                         const struct ticket *t) {
  jw_open(b, '{');
  jw_kstr(b, "helpdesk", d->name);
  jw_kid(b, "id", t->number);
  jw_kstr(b, "ref", t->ref);
  jw_kstr(b, "subject", t->subject);
  jw_kstr(b, "channel", t->channel);
  jw_kstr(b, "language", t->language);
  jw_kstr(b, "status", status_name(t->status));
  jw_kstr(b, "priority", t->priority);
  jw_kstr(b, "type", t->type);
  jw_kid(b, "group", t->group);
  jw_kstr(b, "rating", rating_name(t->rating));
  jw_kstr(b, "behaviour", behaviour_name(t->behaviour));
  person_write(s, b, "requester", t->requester);
  person_write(s, b, "assignee", t->assignee);
  jw_kid(b, "follows", t->parent);
  jw_kid(b, "merged_into", t->merged_into);
  jw_kint(b, "solved", t->solve_count);
  jw_kint(b, "reopened", t->reopen_count);
  jw_ktime(b, "created_at", t->created_ms);
  jw_ktime(b, "updated_at", t->updated_ms);
  jw_kopen(b, "tags", '[');
  for (size_t i = 0; i < t->tag_count; i++) {
    jw_str(b, t->tags[i]);
  }
  jw_close(b, ']');
  jw_kopen(b, "fields", '{');
  for (size_t i = 0; i < t->attr_count; i++) {
    jw_kraw(b, t->attrs[i].key, t->attrs[i].json ? t->attrs[i].json : "null");
  }
  jw_close(b, '}');
  jw_kopen(b, "history", '[');
  for (size_t i = 0; i < t->entry_count; i++) {
    entry_write(s, b, &t->entries[i]);
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

struct ticket *control_meant(struct exchange *x, const char *desk, const char *id,
                             struct desk **ret_desk) {
  struct desk *d = store_desk(&x->sim->store, desk);
  if (d == NULL) {
    control_refuse(x, 404, "no such helpdesk");
    return NULL;
  }
  struct ticket *t = ticket_get(d, strtoull(id, NULL, 10));
  t = t ? t : ticket_by_ref(d, id);
  if (t == NULL) {
    control_refuse(x, 404, "no such ticket");
  }
  *ret_desk = d;
  return t;
}

/* /sim/tickets/VENDOR/ID, where ID is the vendor's or the one of the ticket line. */
static void control_ticket(struct exchange *x, const char *rest) {
  char vendor[32] = "";
  const char *slash = strchr(rest, '/');
  if (slash && (size_t)(slash - rest) < sizeof vendor) {
    memcpy(vendor, rest, (size_t)(slash - rest));
  }
  struct desk *d = NULL;
  const struct ticket *t = control_meant(x, vendor, slash ? slash + 1 : "", &d);
  if (t == NULL) {
    return;
  }
  ticket_write(x->sim, reply_json(x, 200), d, t);
}

void control_answer(struct exchange *x) {
  static const struct {
    const char *method, *path;
    void (*answer)(struct exchange *x);
  } routes[] = {
      {"GET", "/sim/stats", control_stats},          {"GET", "/sim/faults", control_faults},
      {"POST", "/sim/faults", control_faults},       {"GET", "/sim/time", control_time},
      {"POST", "/sim/time", control_time},           {"POST", "/sim/tickets", control_tickets},
      {"POST", "/sim/behaviour", control_behaviour}, {"POST", "/sim/delete", control_delete},
      {"POST", "/sim/macros", control_macros},       {"POST", "/sim/act", control_act},
  };
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    if (strcmp(routes[i].method, x->method) == 0 && strcmp(routes[i].path, x->path) == 0) {
      routes[i].answer(x);
      return;
    }
  }
  if (strcmp(x->method, "GET") == 0 && text_starts(x->path, "/sim/tickets/")) {
    control_ticket(x, x->path + strlen("/sim/tickets/"));
    return;
  }
  control_refuse(x, 404, "no such endpoint of the simulator");
}
