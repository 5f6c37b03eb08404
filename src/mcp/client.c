#include "mcp/client.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/client_inner.h"
#include "net/child.h"

#define TIMEOUT_MS  30000
#define LONGEST_MS  300000 /* with progress */
#define PROBE_MS    5000   /* a legacy program may never answer what it does not know */
#define REST_MS     1000
#define GRACE_MS    300 /* for a program to end by itself */
#define REST_MAX_MS 60000

static enum elicits elicits_of(struct trg_str word) {
  return str_is(word, "defaults") ? ELICIT_DEFAULTS
         : str_is(word, "cancel") ? ELICIT_CANCEL
                                  : ELICIT_NONE;
}

struct mcp_client *mcp_client_new(const struct mcp_client_options *o, struct trg_err *err) {
  json *conf = json_parse(str_of(o->json), 0, err);
  if (conf == NULL) return NULL;
  const bool stdio = json_get_str(conf, "url").n == 0;
  if (stdio && json_get_str(conf, "command").n == 0) {
    (void)err_set(err, TRG_EINVAL, "config", "the MCP server %s has neither url nor command",
                  o->name);
    json_free(&conf);
    return NULL;
  }
  struct mcp_client *c = mem_alloc(sizeof *c);
  c->loop = o->loop;
  c->http = o->http;
  c->name = mem_dup(o->name);
  c->conf = conf;
  c->arena = arena_new();
  c->allow = o->allow;
  c->allow_count = o->allow_count;
  c->is_stdio = stdio;
  if (duration_parse(json_get_str(conf, "timeout"), &c->timeout_ms) != 0)
    c->timeout_ms = TIMEOUT_MS;
  if (duration_parse(json_get_str(conf, "timeout_max"), &c->longest_ms) != 0)
    c->longest_ms = LONGEST_MS;
  if (c->longest_ms < c->timeout_ms) c->longest_ms = c->timeout_ms;
  c->elicits = elicits_of(json_get_str(conf, "elicitation"));
  const struct oauth_options oauth = {.loop = c->loop,
                                      .http = c->http,
                                      .server = c->name,
                                      .server_url = arena_dup(c->arena, json_get_str(conf, "url")),
                                      .conf = json_get(conf, "oauth"),
                                      .on_end = client_token_end,
                                      .arg = c};
  if (!stdio) c->oauth = oauth_new(&oauth);
  return c;
}

static json *capabilities(const struct mcp_client *c) {
  json *o = json_object();
  if (c->elicits != ELICIT_NONE) json_put(o, "elicitation", json_object());
  return o;
}

static void asked_unlink(struct asked *a) {
  struct asked **at = &a->client->asked;
  while (*at != NULL && *at != a) at = &(*at)->next;
  if (*at == a) *at = a->next;
}

void asked_free(struct asked *a) {
  asked_unlink(a);
  loop_timer_stop(a->client->loop, a->deadline);
  loop_timer_stop(a->client->loop, a->again);
  http_drop(a);
  mem_free(a->method);
  mem_free(a->name);
  json_free(&a->params);
  rpc_free(&a->answer);
  mem_free(a);
}

void mcp_client_free(struct mcp_client **at) {
  struct mcp_client *c = *at;
  if (c == NULL) return;
  *at = NULL;
  loop_timer_stop(c->loop, c->rest);
  loop_timer_stop(c->loop, c->soon);
  while (c->asked != NULL) asked_free(c->asked);
  while (c->waiting != NULL) {
    struct waiting *w = c->waiting;
    c->waiting = w->next;
    mem_free(w);
  }
  client_watch_end(c);
  client_old_end(c);
  oauth_free(&c->oauth);
  child_end(&c->child, GRACE_MS);
  client_tools_free(c);
  json_free(&c->conf);
  arena_free(&c->arena);
  mem_free(c->name);
  mem_free(c);
}

const char *mcp_client_name(const struct mcp_client *c) {
  return c->name;
}

const char *mcp_client_version(const struct mcp_client *c) {
  return c->state == CLIENT_READY ? c->version : "";
}

/* --- requests ------------------------------------------------------------------------------ */

void asked_end(struct asked *a, const struct asked_end *end) {
  asked_unlink(a); /* what is done may end all others */
  if (a->done != NULL) a->done(a, end);
  asked_free(a);
}

/* Progress moves it, up to the longest time. */
static void deadline_cb(void *arg) {
  struct asked *a = arg;
  struct mcp_client *c = a->client;
  a->deadline = 0;
  if (c->is_stdio || !a->modern) { /* over modern HTTP the closed stream says it */
    json *params = json_object();
    json_put_int(params, "requestId", (int64_t)a->number);
    json_put_text(params, "reason", "timeout");
    if (strcmp(a->method, "initialize") != 0)
      client_notice(c, "notifications/cancelled", params);
    else
      json_free(&params);
  }
  asked_end(a, &(struct asked_end){.code = "timeout", .why = "the server did not answer in time"});
}

void client_progress(struct mcp_client *c, const json *params) {
  const json *token = json_get(params, "progressToken");
  char *id = json_is_number(token) ? json_text(token) : mem_dup_str(json_str(token));
  struct asked *a = client_asked(c, id);
  const double now = json_get_double(params, "progress", -1);
  mem_free(id);
  /* It must grow: what does not moves nothing. */
  if (a == NULL || a->on_reply == NULL || now <= a->progress) return;
  a->progress = now;
  c->stats.progress++;
  log_event(TRG_DEBUG, "mcp.progress", "server", c->name, "tool", a->name, "step",
            log_num((int64_t)now), NULL);
  const int64_t left_ms = (a->until_us - clock_mono_us()) / 1000;
  const int64_t ms = left_ms < c->timeout_ms ? left_ms : c->timeout_ms;
  loop_timer_stop(c->loop, a->deadline);
  a->deadline = loop_timer_start(c->loop, ms > 1 ? ms : 1, 0, deadline_cb, a);
}

void client_meta(const struct mcp_client *c, json *params) {
  json *meta = json_object(), *info = json_object();
  json_put_text(meta, ERA_META_VERSION, ERA_MODERN);
  json_put_text(info, "name", "triaged");
  json_put_text(info, "version", TRIAGED_VERSION);
  json_put(meta, ERA_META_CLIENT, info);
  json_put(meta, ERA_META_CAPABILITIES, capabilities(c));
  json_put(params, "_meta", meta);
}

/* With a call of a tool: where its progress goes. */
static void progress_put(const struct asked *a) {
  if (json_get(a->params, "_meta") == NULL) json_put(a->params, "_meta", json_object());
  json_put_int(json_get(a->params, "_meta"), "progressToken", (int64_t)a->number);
}

struct asked *asked_new(struct mcp_client *c, const char *method, json *params) {
  struct asked *a = mem_alloc(sizeof *a);
  a->client = c;
  a->number = ++c->next_number;
  a->method = mem_dup(method);
  a->params = params != NULL ? params : json_object();
  a->modern = c->modern;
  a->retry_ms = -1;
  const struct trg_str name = json_get_str(a->params, "name");
  if (strcmp(method, "tools/call") == 0) a->name = mem_dup_str(name);
  a->arguments = json_get(a->params, "arguments");
  a->next = c->asked;
  c->asked = a;
  return a;
}

static void asked_send(struct asked *a) {
  if (a->client->is_stdio)
    stdio_send(a);
  else
    http_send(a);
}

static struct asked *ask_make(struct mcp_client *c, const char *method, json *params,
                              void (*done)(struct asked *a, const struct asked_end *end)) {
  struct asked *a = asked_new(c, method, params);
  a->done = done;
  a->until_us = clock_mono_us() + c->longest_ms * 1000;
  a->progress = -1;
  if (a->modern) client_meta(c, a->params);
  if (strcmp(method, "tools/call") == 0) progress_put(a);
  const bool probe = strcmp(method, "server/discover") == 0 && c->is_stdio;
  const int64_t ms = probe && PROBE_MS < c->timeout_ms ? PROBE_MS : c->timeout_ms;
  a->deadline = loop_timer_start(c->loop, ms, 0, deadline_cb, a);
  return a;
}

struct asked *client_ask(struct mcp_client *c, const char *method, json *params,
                         void (*done)(struct asked *a, const struct asked_end *end)) {
  struct asked *a = ask_make(c, method, params, done);
  asked_send(a);
  return a;
}

struct asked *client_ask_listed(struct mcp_client *c, const char *method, json *params,
                                void (*done)(struct asked *a, const struct asked_end *end)) {
  struct asked *a = ask_make(c, method, params, done);
  a->waits_list = true;
  client_stale(c);
  return a;
}

void client_notice(struct mcp_client *c, const char *method, json *params) {
  struct asked *a = asked_new(c, method, params);
  a->notice = true;
  a->deadline = loop_timer_start(c->loop, c->timeout_ms, 0, deadline_cb, a);
  asked_send(a);
}

struct asked *client_asked(struct mcp_client *c, const char *id) {
  int64_t n = 0;
  if (str_to_int(str_of(id), &n) != 0 || n <= 0) return NULL;
  for (struct asked *a = c->asked; a != NULL; a = a->next)
    if (a->number == (uint64_t)n && !a->notice) return a;
  return NULL;
}

static void told(struct mcp_client *c, const struct rpc_message *m) {
  if (str_is(m->method, "notifications/tools/list_changed")) client_stale(c);
  if (str_is(m->method, "notifications/progress")) client_progress(c, m->params);
}

/* What a server asks or tells of itself: pings get their answer, forms the one that the
 * configuration gives, and all else no. */
void client_message(struct mcp_client *c, struct rpc_message *m) {
  if (m->kind == RPC_NOTIFICATION) told(c, m);
  if (m->kind != RPC_REQUEST) return;
  struct asked *a = asked_new(c, "", NULL);
  const bool form = str_is(m->method, "elicitation/create") && c->elicits != ELICIT_NONE;
  a->notice = true;
  a->name = form ? rpc_result(m->id, client_elicited(c, m->params))
            : str_is(m->method, "ping")
                ? rpc_result(m->id, NULL)
                : rpc_error(m->id, RPC_NO_METHOD, "this client offers nothing of the kind", NULL);
  a->deadline = loop_timer_start(c->loop, c->timeout_ms, 0, deadline_cb, a);
  asked_send(a);
}

/* --- connecting ---------------------------------------------------------------------------- */

static void rest_over(void *arg) {
  struct mcp_client *c = arg;
  c->rest = 0;
  c->state = CLIENT_IDLE;
}

void client_failed(struct mcp_client *c, const char *why) {
  if (c->state == CLIENT_RESTING) return;
  (void)snprintf(c->why, sizeof c->why, "%s", why);
  log_event(TRG_WARN, "mcp.failed", "server", c->name, "why", c->why, NULL);
  int64_t ms = REST_MS;
  for (int i = 0; i < c->failures && ms < REST_MAX_MS; i++) ms *= 2;
  c->failures++;
  c->state = CLIENT_RESTING;
  c->era_known = c->modern = false;
  c->session[0] = '\0';
  client_watch_end(c);
  client_old_end(c);
  child_end(&c->child, 0);
  struct asked *all = c->asked;
  c->asked = NULL;
  while (all != NULL) {
    struct asked *a = all;
    all = a->next;
    asked_end(a, &(struct asked_end){.code = "transient", .why = c->why});
  }
  c->rest = loop_timer_start(c->loop, ms < REST_MAX_MS ? ms : REST_MAX_MS, 0, rest_over, c);
  client_ready(c, false, c->why);
}

void mcp_client_close(struct mcp_client *c) {
  client_session_end(c);
  client_failed(c, "the configuration has changed");
  loop_timer_stop(c->loop, c->rest);
  c->rest = 0; /* it rests for good */
}

static bool tells_lists(const json *result) {
  return json_get_bool(json_path(result, "capabilities.tools"), "listChanged", false);
}

static void initialized(struct asked *a, const struct asked_end *end) {
  struct mcp_client *c = a->client;
  const json *r = end->message != NULL ? end->message->result : NULL;
  const struct trg_str version = json_get_str(r, "protocolVersion");
  char why[200];
  /* Not even that is known there: the transport before it may be. */
  if (end->message == NULL && !c->is_stdio && !c->old && end->status >= 400 && end->status < 500 &&
      strcmp(end->code, "auth") != 0) {
    client_old_begin(c);
    return;
  }
  if (r == NULL || !era_is_legacy(version)) {
    (void)snprintf(why, sizeof why, "it can not be initialized: %s",
                   end->message == NULL ? end->why
                   : r == NULL          ? "it answered with an error"
                                        : "it speaks a revision that is not known");
    client_failed(c, why);
    return;
  }
  (void)snprintf(c->version, sizeof c->version, "%.*s", (int)version.n, version.p);
  c->era_known = true;
  c->tells = tells_lists(r);
  client_notice(c, "notifications/initialized", NULL);
  client_watch(c); /* before the first call: what a server asks in it may come on this stream */
  client_list(c);
}

void client_initialize(struct mcp_client *c) {
  json *params = json_object(), *info = json_object();
  c->modern = false;
  c->version[0] = '\0';
  json_put_text(params, "protocolVersion", ERA_LEGACY_NEWEST);
  json_put(params, "capabilities", capabilities(c));
  json_put_text(info, "name", "triaged");
  json_put_text(info, "version", TRIAGED_VERSION);
  json_put(params, "clientInfo", info);
  (void)client_ask(c, "initialize", params, initialized);
}

static bool speaks_modern(const json *list) {
  for (const json *v = json_first(list); v != NULL; v = json_next(v))
    if (str_is(json_str(v), ERA_MODERN)) return true;
  return false;
}

/* A modern answer, of whatever kind, means a modern server (2026-07-28, "Backward
 * Compatibility"). */
static bool answers_modern(const struct rpc_message *m) {
  if (m == NULL) return false;
  if (m->kind == RPC_RESULT) return speaks_modern(json_get(m->result, "supportedVersions"));
  if (m->code == RPC_NO_VERSION) return speaks_modern(json_get(m->error_data, "supported"));
  return m->code == RPC_HEADER_MISMATCH || m->code == RPC_NO_CAPABILITY;
}

/* Anything else that came through is a legacy one. */
static bool answers_legacy(const struct mcp_client *c, const struct asked_end *end) {
  if (end->message != NULL) return true;
  if (c->is_stdio) return strcmp(end->code, "timeout") == 0;
  return end->status >= 400 && end->status < 500 && end->status != 401 && end->status != 403 &&
         end->status != 429;
}

static void discovered(struct asked *a, const struct asked_end *end) {
  struct mcp_client *c = a->client;
  if (answers_modern(end->message)) {
    c->era_known = true;
    (void)snprintf(c->version, sizeof c->version, "%s", ERA_MODERN);
    c->tells = tells_lists(end->message->result);
    client_list(c);
  } else if (answers_legacy(c, end)) {
    client_initialize(c);
  } else {
    client_failed(c, end->why);
  }
}

static void connect_begin(struct mcp_client *c) {
  struct trg_err err = {0};
  c->state = CLIENT_BUSY;
  if (c->is_stdio && c->child == NULL && stdio_start(c, &err) < 0) {
    client_failed(c, err.text);
    return;
  }
  if (!c->is_stdio && str_is(json_get_str(c->conf, "type"), "sse")) {
    client_old_begin(c);
    return;
  }
  if (str_is(json_get_str(c->conf, "era"), "legacy")) { /* a probe would wake or upset it */
    client_initialize(c);
    return;
  }
  c->modern = true;
  (void)snprintf(c->version, sizeof c->version, "%s", ERA_MODERN);
  (void)client_ask(c, "server/discover", NULL, discovered);
}

/* --- ready --------------------------------------------------------------------------------- */

void client_ready(struct mcp_client *c, bool ready, const char *why) {
  if (ready) {
    c->state = CLIENT_READY;
    c->failures = 0;
    client_watch(c);
    if (c->stale) client_stale(c); /* they changed while they were listed */
    for (struct asked *a = c->asked; a != NULL; a = a->next) {
      if (!a->waits_list) continue;
      a->waits_list = false;
      asked_send(a);
    }
  }
  struct waiting *all = c->waiting;
  c->waiting = NULL;
  while (all != NULL) {
    struct waiting *w = all;
    all = w->next;
    w->on_ready(w->arg, ready, why);
    mem_free(w);
  }
}

static void ready_soon(void *arg) {
  struct mcp_client *c = arg;
  c->soon = 0;
  const bool old = c->list_until_ms != 0 && clock_mono_us() / 1000 >= c->list_until_ms;
  if (c->state == CLIENT_READY && (c->stale || old)) {
    c->state = CLIENT_BUSY;
    client_list(c);
  } else if (c->state == CLIENT_READY) {
    client_ready(c, true, "");
  } else if (c->state == CLIENT_RESTING) {
    client_ready(c, false, c->why);
  } else if (c->state == CLIENT_IDLE) {
    connect_begin(c);
  }
}

/* Seen at once, not only when a draft comes by: a call under way keeps its own copies. */
void client_stale(struct mcp_client *c) {
  c->stale = true;
  if (c->state == CLIENT_READY && c->soon == 0)
    c->soon = loop_timer_start(c->loop, 1, 0, ready_soon, c);
}

void mcp_client_ready(struct mcp_client *c,
                      void (*on_ready)(void *arg, bool ready, const char *why), void *arg) {
  struct waiting *w = mem_alloc(sizeof *w);
  *w = (struct waiting){.next = c->waiting, .on_ready = on_ready, .arg = arg};
  c->waiting = w;
  if (c->state != CLIENT_BUSY && c->soon == 0)
    c->soon = loop_timer_start(c->loop, 1, 0, ready_soon, c);
}

void mcp_client_forget(struct mcp_client *c, const void *arg) {
  for (struct waiting **at = &c->waiting; *at != NULL;) {
    struct waiting *w = *at;
    if (w->arg != arg) {
      at = &w->next;
      continue;
    }
    *at = w->next;
    mem_free(w);
  }
}
