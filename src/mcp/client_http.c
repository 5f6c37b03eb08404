/* A server on the network: every message is a POST of its own, answered as JSON or as a stream. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client_inner.h"

#define RESUMES_MAX 5
#define RETRY_MS    1000
#define RETRY_MAX   30000
#define LATER_MS    2000 /* so that the request's own deadline comes first */

void sending_add(struct sending *s, const char *name, const char *value) {
  if (s->count < CLIENT_HEADERS_MAX && value != NULL)
    s->headers[s->count++] = (struct trg_header){str_of(name), str_of(value)};
}

/* As configured; what would break the protocol's own is left out. */
static void headers_configured(struct sending *s, const struct mcp_client *c) {
  for (const json *h = json_first(json_get(c->conf, "headers")); h != NULL; h = json_next(h))
    if (json_is_string(h) && strncmp(json_key(h), "Mcp-", 4) != 0)
      sending_add(s, json_key(h), arena_dup(s->arena, json_str(h)));
  const char *token = oauth_bearer(c->oauth);
  if (token != NULL) sending_add(s, "Authorization", arena_printf(s->arena, "Bearer %s", token));
}

static void headers_modern(struct sending *s, const struct asked *a) {
  sending_add(s, "Mcp-Method", a->method);
  if (a->name == NULL) return;
  sending_add(s, "Mcp-Name", era_header_encode(str_of(a->name), s->arena));
  const struct remote *t = client_tool(a->client, a->name);
  for (size_t i = 0; t != NULL && i < t->mark_count; i++)
    sending_add(s, arena_printf(s->arena, "Mcp-Param-%s", t->marks[i].header),
                era_mark_value(&t->marks[i], a->arguments, s->arena));
}

/* --- what comes back ----------------------------------------------------------------------- */

static bool message_is_answer(struct asked *a, struct rpc_message *m) {
  char id[32];
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)a->number);
  if (m->kind != RPC_RESULT && m->kind != RPC_ERROR) return false;
  /* An error without an id is about the request that it answers. */
  return strcmp(m->id, id) == 0 || (m->kind == RPC_ERROR && m->id[0] == '\0');
}

static void message_take(struct asked *a, struct trg_str text) {
  struct rpc_message m;
  struct trg_err err = {0};
  if (rpc_read(text, &m, &err) != 0) {
    rpc_free(&m);
    return;
  }
  if (!a->answered && message_is_answer(a, &m)) {
    a->answer = m;
    a->answered = true;
    return;
  }
  client_message(a->client, &m);
  rpc_free(&m);
}

static bool on_event(void *arg, const struct sse_event *e) {
  struct asked *a = arg;
  (void)snprintf(a->last_id, sizeof a->last_id, "%.*s",
                 e->id.n < sizeof a->last_id ? (int)e->id.n : 0, e->id.p != NULL ? e->id.p : "");
  if (e->data.n > 0) message_take(a, e->data);
  return !a->answered;
}

/* JSON begins with a bracket, a stream of events never does. */
static void begin(struct asked *a, struct trg_str piece) {
  const struct trg_str rest = str_trim(piece);
  if (rest.n == 0) return;
  a->begun = true;
  a->is_stream = rest.p[0] != '{' && rest.p[0] != '[';
  if (a->is_stream)
    sse_init(&a->sse, CLIENT_MESSAGE_MAX);
  else
    buf_init(&a->body, CLIENT_MESSAGE_MAX);
}

static bool on_data(void *arg, int status, struct trg_str piece) {
  struct asked *a = arg;
  struct trg_err err = {0};
  (void)status;
  if (!a->begun) begin(a, piece);
  if (!a->begun) return true;
  if (!a->is_stream) {
    buf_str(&a->body, piece);
    a->over = a->body.over;
    return !a->over;
  }
  a->over = sse_take(&a->sse, piece, on_event, a, &err) != 0;
  if (a->sse.retry_ms >= 0) a->retry_ms = a->sse.retry_ms;
  return !a->over && !a->answered;
}

static struct trg_str reply_header(const struct trg_http_reply *r, const char *name) {
  for (size_t i = 0; i < r->header_count; i++)
    if (str_is(r->headers[i].name, name)) return r->headers[i].value;
  return (struct trg_str){NULL, 0};
}

static void body_drop(struct asked *a) {
  if (a->begun && a->is_stream) sse_free(&a->sse);
  if (a->begun && !a->is_stream) buf_free(&a->body);
  a->begun = false;
}

void http_drop(struct asked *a) {
  if (a->exchange != 0) http_cancel(a->client->http, a->exchange);
  a->exchange = 0;
  body_drop(a);
}

static void session_take(struct asked *a, const struct trg_http_reply *r) {
  const struct trg_str id = reply_header(r, "mcp-session-id");
  struct mcp_client *c = a->client;
  if (strcmp(a->method, "initialize") != 0 || id.n == 0 || id.n >= sizeof c->session) return;
  for (size_t i = 0; i < id.n; i++)
    if (id.p[i] < 0x21 || id.p[i] > 0x7e) return;
  memcpy(c->session, id.p, id.n);
  c->session[id.n] = '\0';
}

static void resume_cb(void *arg);

/* A legacy stream that broke off after an id is taken up where it was; a modern one is lost. */
static bool resumes(struct asked *a) {
  if (a->modern || !a->is_stream || a->last_id[0] == '\0' || a->tries >= RESUMES_MAX) return false;
  int64_t ms = a->retry_ms >= 0 ? a->retry_ms : RETRY_MS;
  a->tries++;
  body_drop(a);
  a->again = loop_timer_start(a->client->loop, ms < RETRY_MAX ? ms : RETRY_MAX, 0, resume_cb, a);
  return true;
}

static void failed(struct asked *a, const struct trg_http_reply *r) {
  char why[240];
  const char *code = r->status == 401 || r->status == 403 ? "auth"
                     : a->over                            ? "limit"
                                                          : "transient";
  if (a->over)
    (void)snprintf(why, sizeof why, "its answer is larger than %zu bytes", CLIENT_MESSAGE_MAX);
  else if (r->status == 0)
    (void)snprintf(why, sizeof why, "it can not be reached: %.*s", (int)r->why.n,
                   r->why.p != NULL ? r->why.p : "");
  else
    (void)snprintf(why, sizeof why, "it answered with HTTP status %d and no message", r->status);
  asked_end(a, &(struct asked_end){.code = code, .why = why, .status = r->status});
}

/* 404 with a session: it is over. What was asked is not repeated; the next call begins anew. */
static bool session_over(const struct asked *a, const struct trg_http_reply *r) {
  return r->status == 404 && a->client->session[0] != '\0' && !a->modern &&
         strcmp(a->method, "initialize") != 0;
}

static void on_reply(void *arg, const struct trg_http_reply *r) {
  struct asked *a = arg;
  struct mcp_client *c = a->client;
  struct trg_err err = {0};
  a->exchange = 0;
  if (oauth_again(a, r)) return;
  session_take(a, r);
  if (a->notice) {
    asked_end(a, &(struct asked_end){.code = "", .why = ""});
    return;
  }
  if (a->begun && !a->answered && !a->over) {
    if (a->is_stream)
      (void)sse_finish(&a->sse, on_event, a, &err);
    else
      message_take(a, buf_view(&a->body));
  }
  if (a->answered) {
    struct rpc_message m = a->answer;
    a->answer = (struct rpc_message){0};
    asked_end(a, &(struct asked_end){.message = &m, .code = "", .why = "", .status = r->status});
    rpc_free(&m);
    return;
  }
  if (c->old && r->status >= 200 && r->status < 300) return; /* the stream brings the answer */
  if (session_over(a, r)) {
    c->session[0] = '\0';
    client_failed(c, "its session is over");
    return;
  }
  if ((r->status == 200 || r->status == 0) && resumes(a)) return;
  failed(a, r);
}

/* --- sending ------------------------------------------------------------------------------- */

static void exchange_start(struct asked *a, const char *method, struct trg_str body,
                           const struct sending *s) {
  struct mcp_client *c = a->client;
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = method,
                                           .url = c->old ? str_of(c->post_url)
                                                         : json_get_str(c->conf, "url"),
                                           .headers = s->headers,
                                           .header_count = s->count,
                                           .body = body,
                                           .timeout_ms = c->longest_ms + LATER_MS,
                                           .body_max_bytes = CLIENT_MESSAGE_MAX * 2,
                                           .flags = a->notice ? 0 : TRG_HTTP_WRITE};
  const struct http_call call = {
      .request = &request, .on_reply = on_reply, .on_data = on_data, .arg = a};
  a->exchange = http_start(c->http, &call);
}

void sending_common(struct sending *s, const struct mcp_client *c, bool modern) {
  headers_configured(s, c);
  if (c->version[0] != '\0') sending_add(s, "MCP-Protocol-Version", c->version);
  if (c->session[0] != '\0' && !modern) sending_add(s, "Mcp-Session-Id", c->session);
}

static void resume_cb(void *arg) {
  struct asked *a = arg;
  struct sending s = {.arena = arena_new()};
  a->again = 0;
  sending_add(&s, "Accept", "text/event-stream");
  sending_add(&s, "Last-Event-ID", a->last_id);
  sending_common(&s, a->client, a->modern);
  exchange_start(a, "GET", TRG_STR(""), &s);
  arena_free(&s.arena);
}

void http_send(struct asked *a) {
  if (oauth_waits(a)) return;
  struct sending s = {.arena = arena_new()};
  char id[32];
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)a->number);
  char *text = a->method[0] == '\0' ? mem_dup(a->name)
               : a->notice          ? rpc_notice(a->method, json_copy(a->params))
                                    : rpc_request(id, a->method, json_copy(a->params));
  sending_add(&s, "Content-Type", "application/json");
  sending_add(&s, "Accept", "application/json, text/event-stream");
  sending_common(&s, a->client, a->modern);
  if (a->modern && !a->notice) headers_modern(&s, a);
  exchange_start(a, "POST", str_of(text), &s);
  mem_free(text);
  arena_free(&s.arena);
}

static void deleted(void *arg, const struct trg_http_reply *r) {
  (void)arg; /* 405 is fine too: the server ends it in its own time */
  (void)r;
}

void client_session_end(struct mcp_client *c) {
  if (c->session[0] == '\0') return;
  struct sending s = {.arena = arena_new()};
  sending_common(&s, c, false);
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "DELETE",
                                           .url = json_get_str(c->conf, "url"),
                                           .headers = s.headers,
                                           .header_count = s.count,
                                           .timeout_ms = c->timeout_ms,
                                           .body_max_bytes = CLIENT_MESSAGE_MAX};
  const struct http_call call = {.request = &request, .on_reply = deleted};
  (void)http_start(c->http, &call);
  c->session[0] = '\0';
  arena_free(&s.arena);
}
