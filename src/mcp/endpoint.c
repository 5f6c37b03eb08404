#include "mcp/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/session.h"
#include "mcp/sse.h"
#include "net/loop.h"

#define SESSIONS_MAX    1000
#define SESSION_IDLE_MS (30 * 60 * 1000)
#define KEEP_ALIVE_MS   15000
#define RATES           64

/* One POST until it is answered. */
struct pending {
  struct mcp_endpoint *endpoint;
  struct serve *serve;
  serve_id id;
  struct mcp_call *call;
  struct mcp_batch *batch; /* or NULL */
  bool takes_events, streaming, dead;
  char session[SESSION_ID_MAX]; /* that it belongs to; "" none */
  bool begins;                  /* it is the session's `initialize` */
  struct pending *next;
};

/* Of one caller: a bucket that fills by the minute. */
struct rate {
  char name[64];
  double left;
  int64_t at_ms;
};

struct mcp_endpoint {
  struct mcp_endpoint_options o;
  struct sessions *sessions;
  struct pending *pending;
  struct serve *serve; /* of the newest request: sessions' streams are its */
  loop_timer keep_alive;
  struct rate rates[RATES];
};

static int64_t now_ms(void) {
  return clock_mono_us() / 1000;
}

/* Nobody waits for its answer any more. */
static void pending_drop(struct pending *p) {
  if (p->batch != NULL)
    mcp_batch_drop(&p->batch);
  else
    mcp_drop(p->call);
}

static void pending_free(struct pending *p) {
  struct pending **at = &p->endpoint->pending;
  while (*at != p) at = &(*at)->next;
  *at = p->next;
  mem_free(p);
}

static void answer(struct serve *s, serve_id id, int status, struct trg_str body,
                   const struct trg_header *headers, size_t n) {
  serve_answer(s, id, status, body.n > 0 ? TRG_STR("application/json") : TRG_STR(""), headers, n,
               body);
}

static void refuse(struct serve *s, serve_id id, int status, int code, const char *why,
                   const char *header, const char *value) {
  char *text = rpc_error("", code, why, NULL);
  const struct trg_header h = {str_of(header), str_of(value)};
  answer(s, id, status, str_of(text), &h, header != NULL ? 1 : 0);
  mem_free(text);
}

/* --- keeping streams alive ----------------------------------------------------------------- */

static void keep_alive(void *arg) {
  struct mcp_endpoint *e = arg;
  for (struct pending *p = e->pending, *next = NULL; p != NULL; p = next) {
    next = p->next;
    if (!p->streaming) continue;
    if (!p->dead && serve_stream_add(p->serve, p->id, TRG_STR(": alive\n\n"))) continue;
    pending_drop(p);
    pending_free(p);
  }
  for (struct session *one = session_first(e->sessions); one != NULL; one = one->next)
    if (one->stream != 0 && !serve_stream_add(e->serve, one->stream, TRG_STR(": alive\n\n")))
      one->stream = 0;
}

struct mcp_endpoint *mcp_endpoint_new(const struct mcp_endpoint_options *o) {
  struct mcp_endpoint *e = mem_alloc(sizeof *e);
  e->o = *o;
  e->sessions = sessions_new(o->sessions_max > 0 ? o->sessions_max : SESSIONS_MAX, SESSION_IDLE_MS);
  e->keep_alive = loop_timer_start(o->loop, KEEP_ALIVE_MS, KEEP_ALIVE_MS, keep_alive, e);
  return e;
}

void mcp_endpoint_free(struct mcp_endpoint **at) {
  struct mcp_endpoint *e = *at;
  if (e == NULL) return;
  *at = NULL;
  loop_timer_stop(e->o.loop, e->keep_alive);
  while (e->pending != NULL) {
    pending_drop(e->pending);
    pending_free(e->pending);
  }
  sessions_free(&e->sessions);
  mem_free(e);
}

void mcp_endpoint_gone(struct mcp_endpoint *e, serve_id id) {
  for (struct pending *p = e->pending; p != NULL; p = p->next) {
    if (p->id != id) continue;
    pending_drop(p);
    pending_free(p);
    return;
  }
  for (struct session *one = session_first(e->sessions); one != NULL; one = one->next)
    if (one->stream == id) one->stream = 0;
}

/* --- answers ------------------------------------------------------------------------------- */

static const struct trg_header stream_headers[] = {{{"Cache-Control", 13}, {"no-store", 8}},
                                                   {{"X-Accel-Buffering", 17}, {"no", 2}}};

static bool event_add(struct serve *s, serve_id id, struct trg_str text) {
  struct buf b;
  buf_init(&b, 0);
  sse_put(&b, "message", TRG_STR(""), text);
  const bool fine = serve_stream_add(s, id, buf_view(&b));
  buf_free(&b);
  return fine;
}

static void stream_begin(struct pending *p) {
  if (p->streaming) return;
  p->streaming = true;
  if (!serve_stream_open(p->serve, p->id, 200, TRG_STR("text/event-stream"), stream_headers, 2))
    p->dead = true;
}

static void last_message(struct pending *p, struct trg_str text, int status) {
  const struct trg_header session = {TRG_STR("Mcp-Session-Id"), str_of(p->session)};
  if (p->streaming) {
    if (text.n > 0) (void)event_add(p->serve, p->id, text);
    serve_stream_end(p->serve, p->id);
  } else {
    answer(p->serve, p->id, text.n > 0 ? status : 202, text, &session, p->begins ? 1 : 0);
  }
}

/* The session is there once `initialize` has been answered well. */
static void session_settle(struct pending *p, const struct mcp_call *c, int status) {
  if (!p->begins) return;
  struct session *one = session_find(p->endpoint->sessions, str_of(p->session),
                                     mcp_caller_of(c)->name, now_ms());
  if (one != NULL && status == 200)
    (void)snprintf(one->version, sizeof one->version, "%s", mcp_version_of(c));
  else if (one != NULL)
    session_end(p->endpoint->sessions, &one);
  p->begins = one != NULL;
}

static void on_message(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status) {
  struct pending *p = arg;
  if (last) {
    session_settle(p, c, status);
    last_message(p, text, status);
    pending_free(p);
    return;
  }
  if (!p->takes_events) return;
  stream_begin(p);
  if (!p->dead && !event_add(p->serve, p->id, text)) p->dead = true;
}

static int on_subscribe(void *arg, struct trg_str uri, bool on) {
  const struct pending *p = arg;
  for (struct session *one = session_first(p->endpoint->sessions); one != NULL; one = one->next)
    if (strcmp(one->id, p->session) == 0) return session_watch(one, uri, on);
  return -1;
}

/* --- who may ask --------------------------------------------------------------------------- */

/* "name", "name:port" or "[v6]:port" is the host `name`? */
static bool host_is(struct trg_str host, const char *name) {
  const size_t n = strlen(name);
  if (host.n < n || !str_is_nocase((struct trg_str){host.p, n}, name)) return false;
  if (host.n == n) return true;
  size_t i = n + 1;
  while (host.p[n] == ':' && i < host.n && host.p[i] >= '0' && host.p[i] <= '9') i++;
  return i == host.n && i > n + 1;
}

static bool host_allowed(const struct mcp_endpoint *e, struct trg_str host) {
  static const char *const near[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < sizeof near / sizeof *near; i++)
    if (host_is(host, near[i])) return true;
  for (size_t i = 0; i < e->o.host_count; i++)
    if (host_is(host, e->o.hosts[i])) return true;
  return false;
}

static bool place_allowed(const struct mcp_endpoint *e, const struct serve_request *r) {
  const struct trg_str host = serve_header(r, "host"), origin = serve_header(r, "origin");
  if (e->o.loopback && !host_allowed(e, host)) return false;
  if (origin.p == NULL) return true;
  const ptrdiff_t scheme = str_find(origin, "://");
  if (scheme < 0) return false;
  const struct trg_str from = {origin.p + scheme + 3, origin.n - (size_t)scheme - 3};
  return host_allowed(e, from);
}

/* For so many messages; a batch of more than a minute's takes the whole minute. 0: go; else seconds
 * to wait. */
static int rate_take(struct mcp_endpoint *e, const char *name, int64_t per_minute, size_t count) {
  if (per_minute <= 0 || count == 0) return 0;
  const double want = count < (size_t)per_minute ? (double)count : (double)per_minute;
  struct rate *at = NULL;
  const int64_t now = now_ms();
  for (size_t i = 0; i < RATES; i++) {
    struct rate *r = &e->rates[i];
    if (strcmp(r->name, name) == 0 && r->name[0] != '\0') {
      at = r;
      break;
    }
    if (at == NULL || r->at_ms < at->at_ms) at = r; /* the longest unused makes room */
  }
  if (strcmp(at->name, name) != 0) {
    (void)snprintf(at->name, sizeof at->name, "%s", name);
    at->left = (double)per_minute;
    at->at_ms = now;
  }
  at->left += (double)(now - at->at_ms) * (double)per_minute / 60000.0;
  if (at->left > (double)per_minute) at->left = (double)per_minute;
  at->at_ms = now;
  if (at->left < want) return 1 + (int)((want - at->left) * 60 / (double)per_minute);
  at->left -= want;
  return 0;
}

/* Who asks, and how much they may. */
struct guest {
  struct mcp_caller caller;
  int64_t per_minute;
};

static bool rate_refused(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                         const struct guest *g, size_t count) {
  const int wait = rate_take(e, g->caller.name, g->per_minute, count);
  if (wait == 0) return false;
  char seconds[16];
  (void)snprintf(seconds, sizeof seconds, "%d", wait);
  refuse(s, r->id, 429, RPC_BUSY, "too many requests; come again later", "Retry-After", seconds);
  return true;
}

static bool admitted(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                     struct guest *ret) {
  if (!place_allowed(e, r)) {
    refuse(s, r->id, 403, RPC_INVALID, "this Host or Origin is not allowed here", NULL, NULL);
    return false;
  }
  struct trg_str token = serve_header(r, "authorization");
  token = str_starts(token, "Bearer ") ? (struct trg_str){token.p + 7, token.n - 7} : TRG_STR("");
  const char *why = e->o.stranger != NULL ? e->o.stranger(e->o.arg, r) : NULL;
  if (why != NULL || !e->o.access(e->o.arg, token, &ret->caller, &ret->per_minute)) {
    refuse(s, r->id, 401, RPC_INVALID, why != NULL ? why : "an access token is needed",
           "WWW-Authenticate", "Bearer");
    return false;
  }
  return !rate_refused(e, s, r, ret, 1);
}

/* --- requests ------------------------------------------------------------------------------ */

static bool accepts(const struct serve_request *r, const char *type) {
  const struct trg_str accept = serve_header(r, "accept");
  return str_find_nocase(accept, type) >= 0 || str_find(accept, "*/*") >= 0;
}

/* The session that the request names. false: it named one that is none (told). */
static bool session_of(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                       const struct mcp_caller *caller, struct session **ret) {
  const struct trg_str id = serve_header(r, "mcp-session-id");
  *ret = NULL;
  if (id.p == NULL) return true;
  *ret = session_find(e->sessions, id, caller->name, now_ms());
  if (*ret != NULL) return true;
  refuse(s, r->id, 404, RPC_INVALID, "there is no such session: initialize again", NULL, NULL);
  return false;
}

static void on_get(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                   const struct mcp_caller *caller) {
  struct session *one = NULL;
  if (!session_of(e, s, r, caller, &one)) return;
  if (one == NULL || !accepts(r, "text/event-stream")) {
    refuse(s, r->id, 405, RPC_INVALID, "POST only; GET opens the stream of a session", "Allow",
           "POST, DELETE");
    return;
  }
  if (one->stream != 0) {
    refuse(s, r->id, 409, RPC_INVALID, "the session has its stream already", NULL, NULL);
    return;
  }
  if (serve_stream_open(s, r->id, 200, TRG_STR("text/event-stream"), stream_headers, 2)) {
    one->stream = r->id;
    (void)serve_stream_add(s, r->id, TRG_STR(": open\n\n"));
  }
}

static void on_delete(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                      const struct mcp_caller *caller) {
  struct session *one = NULL;
  if (!session_of(e, s, r, caller, &one)) return;
  if (one == NULL) {
    refuse(s, r->id, 405, RPC_INVALID, "there is no session to end", "Allow", "POST");
    return;
  }
  if (one->stream != 0) serve_stream_end(s, one->stream);
  session_end(e->sessions, &one);
  answer(s, r->id, 204, TRG_STR(""), NULL, 0);
}

/* Has the message to be refused before anybody looks at its method? */
static bool post_refused(struct serve *s, const struct serve_request *r) {
  const struct trg_str type = serve_header(r, "content-type");
  const char *json_type = "application/json";
  const size_t n = strlen(json_type);
  const bool fine = type.n >= n && str_is_nocase((struct trg_str){type.p, n}, json_type) &&
                    (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
  if (!fine) {
    refuse(s, r->id, 415, RPC_INVALID, "Content-Type must be application/json", NULL, NULL);
    return true;
  }
  if (accepts(r, "application/json") || accepts(r, "text/event-stream")) return false;
  refuse(s, r->id, 406, RPC_INVALID, "Accept must have application/json and text/event-stream",
         NULL, NULL);
  return true;
}

/* A legacy request must not claim a revision that there is not. */
static bool legacy_refused(struct serve *s, const struct serve_request *r,
                           const struct era_headers *h) {
  if (h->version.n == 0 || era_is_legacy(h->version) || str_is(h->version, ERA_MODERN))
    return false;
  refuse(s, r->id, 400, RPC_INVALID, "MCP-Protocol-Version names an unknown revision", NULL, NULL);
  return true;
}

static void pending_session(struct pending *p, const struct mcp_caller *caller,
                            const struct session *one, uint32_t can) {
  if (!p->begins) {
    if (one != NULL) memcpy(p->session, one->id, sizeof p->session);
    return;
  }
  struct session *fresh = session_begin(p->endpoint->sessions, caller->name, now_ms());
  if (fresh == NULL) {
    p->begins = false; /* too many: it is served without one */
    return;
  }
  memcpy(p->session, fresh->id, sizeof p->session);
  fresh->can = can;
}

static struct era_headers headers_of(const struct serve_request *r) {
  return (struct era_headers){serve_header(r, "mcp-protocol-version"),
                              serve_header(r, "mcp-method"), serve_header(r, "mcp-name")};
}

static struct pending *pending_new(struct mcp_endpoint *e, struct serve *s,
                                   const struct serve_request *r) {
  struct pending *p = mem_alloc(sizeof *p);
  *p = (struct pending){.endpoint = e,
                        .serve = s,
                        .id = r->id,
                        .takes_events = accepts(r, "text/event-stream"),
                        .next = e->pending};
  e->pending = p;
  return p;
}

/* The session's, else what the header says; "" when neither does. */
static void version_of(const struct session *one, const struct era_headers *h, char out[16]) {
  if (one != NULL)
    memcpy(out, one->version, sizeof one->version);
  else
    (void)snprintf(out, 16, "%.*s", (int)(h->version.n < 15 ? h->version.n : 0),
                   h->version.p != NULL ? h->version.p : "");
}

/* What belongs to the message itself is for who fills it in. */
static struct mcp_incoming incoming_of(struct pending *p, const struct mcp_caller *caller,
                                       const struct session *one, const char *version) {
  return (struct mcp_incoming){.caller = *caller,
                               .version = version,
                               .streams = p->takes_events,
                               .client_can = one != NULL ? one->can : 0,
                               .on_message = on_message,
                               .on_subscribe = p->session[0] != '\0' ? on_subscribe : NULL,
                               .arg = p};
}

static void take(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                 const struct mcp_caller *caller, struct rpc_message *m) {
  const struct era_headers h = headers_of(r);
  struct session *one = NULL;
  const bool modern = era_is_modern(m, &h);
  const bool begins = !modern && m->kind == RPC_REQUEST && str_is(m->method, "initialize");
  if (!modern && legacy_refused(s, r, &h)) return;
  if (!modern && !begins && !session_of(e, s, r, caller, &one)) return;
  struct pending *p = pending_new(e, s, r);
  p->begins = begins;
  pending_session(p, caller, one, mcp_client_can(m->params));
  char version[16] = "";
  version_of(one, &h, version);
  struct mcp_incoming in = incoming_of(p, caller, one, version);
  in.m = m;
  in.headers = &h;
  struct mcp_call *call = NULL;
  mcp_take(e->o.server, &in, &call);
  if (call != NULL) p->call = call; /* else p is gone with its answer */
}

static void take_batch(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                       const struct guest *g, const json *list) {
  const struct era_headers h = headers_of(r);
  struct session *one = NULL;
  if (legacy_refused(s, r, &h) || !session_of(e, s, r, &g->caller, &one)) return;
  char version[16] = "";
  version_of(one, &h, version);
  if (version[0] == '\0') memcpy(version, ERA_LEGACY_ASSUMED, sizeof ERA_LEGACY_ASSUMED);
  if (!era_has_batches(str_of(version))) {
    refuse(s, r->id, 400, RPC_INVALID, RPC_NO_BATCHES, NULL, NULL);
    return;
  }
  const size_t n = json_count(list);
  if (rate_refused(e, s, r, g, n > 0 && n <= MCP_BATCH_MAX ? n - 1 : 0)) return;
  struct pending *p = pending_new(e, s, r);
  pending_session(p, &g->caller, one, 0);
  const struct mcp_incoming in = incoming_of(p, &g->caller, one, version);
  struct mcp_batch *batch = mcp_take_batch(e->o.server, &in, list);
  if (batch != NULL) p->batch = batch; /* else p is gone with its answer */
}

static void on_post(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r,
                    const struct guest *g) {
  struct rpc_message m;
  struct trg_err err = {0};
  if (post_refused(s, r)) return;
  json *list = rpc_is_batch(r->body) ? json_parse(r->body, 0, NULL) : NULL;
  if (list != NULL) {
    take_batch(e, s, r, g, list);
    json_free(&list);
    return;
  }
  const int code = rpc_read(r->body, &m, &err);
  if (code == 0) {
    take(e, s, r, &g->caller, &m);
  } else {
    char *text = rpc_error(m.id, code, err.text, NULL);
    answer(s, r->id, 400, str_of(text), NULL, 0);
    mem_free(text);
  }
  rpc_free(&m);
}

void mcp_endpoint_take(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r) {
  struct guest g = {0};
  e->serve = s;
  if (!admitted(e, s, r, &g)) return;
  if (str_is(r->method, "POST"))
    on_post(e, s, r, &g);
  else if (str_is(r->method, "GET"))
    on_get(e, s, r, &g.caller);
  else if (str_is(r->method, "DELETE"))
    on_delete(e, s, r, &g.caller);
  else
    refuse(s, r->id, 405, RPC_INVALID, "POST only", "Allow", "POST, GET, DELETE");
}

/* --- watching ------------------------------------------------------------------------------ */

void mcp_endpoint_changed(struct mcp_endpoint *e, const char *uri) {
  mcp_changed(e->o.server, uri);
  for (struct session *one = session_first(e->sessions); one != NULL; one = one->next) {
    if (one->stream == 0 || !session_watches(one, uri)) continue;
    json *params = json_object();
    json_put_text(params, "uri", uri);
    char *text = rpc_notice("notifications/resources/updated", params);
    if (!event_add(e->serve, one->stream, str_of(text))) one->stream = 0;
    mem_free(text);
  }
}

void mcp_endpoint_watched(struct mcp_endpoint *e, void (*fn)(void *arg, const char *uri),
                          void *arg) {
  mcp_watched(e->o.server, fn, arg);
  for (struct session *one = session_first(e->sessions); one != NULL; one = one->next)
    for (size_t i = 0; i < SESSION_WATCHED; i++)
      if (one->watched[i] != NULL) fn(arg, one->watched[i]);
}

size_t mcp_endpoint_sessions(const struct mcp_endpoint *e) {
  return sessions_count(e->sessions);
}
