/* The transport of 2024-11-05, HTTP with SSE: one stream brings everything (GET), and its first
 * event says where to POST to. Tried when a server knows no other, or is configured as type sse. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client_inner.h"
#include "mcp/oauth_text.h"

#define STREAM_MS  ((int64_t)24 * 60 * 60 * 1000)
#define STREAM_MAX ((size_t)1 << 30)

/* A path, or a whole URL; never on another origin, which would get our headers. */
static bool endpoint_take(struct mcp_client *c, struct trg_str place) {
  const struct trg_str url = json_get_str(c->conf, "url");
  struct arena *a = arena_new();
  const char *whole = place.n > 0 && place.p[0] == '/'
                          ? arena_printf(a, "%s%.*s", oauth_origin(url, a), (int)place.n, place.p)
                          : arena_dup(a, place);
  const bool fine = http_url_same_origin(str_of(whole), url);
  mem_free(c->post_url);
  c->post_url = fine ? mem_dup(whole) : NULL;
  arena_free(&a);
  return fine;
}

static void take(struct mcp_client *c, struct trg_str text) {
  struct rpc_message m;
  struct trg_err err = {0};
  if (rpc_read(text, &m, &err) != 0) {
    log_event(TRG_WARN, "mcp.event_skipped", "server", c->name, "why", err.text, NULL);
  } else if (m.kind == RPC_RESULT || m.kind == RPC_ERROR) {
    struct asked *a = client_asked(c, m.id);
    if (a != NULL) asked_end(a, &(struct asked_end){.message = &m, .code = "", .why = ""});
  } else {
    client_message(c, &m);
  }
  rpc_free(&m);
}

static void event_take(struct mcp_client *c, struct trg_str type, struct trg_str data) {
  if (c->post_url != NULL)
    take(c, data);
  else if (!str_is(type, "endpoint") || !endpoint_take(c, str_trim(data)))
    client_failed(c, "its stream does not begin with an endpoint of its own");
  else
    client_initialize(c);
}

/* Outside of the stream's own callbacks, as what comes may end the stream. */
static void inbox_cb(void *arg) {
  struct mcp_client *c = arg;
  json *all = c->inbox;
  c->watch.again = 0;
  c->inbox = NULL;
  for (const json *e = json_first(all); e != NULL && c->old; e = json_next(e))
    event_take(c, json_get_str(e, "type"), json_get_str(e, "data"));
  json_free(&all);
}

static bool on_event(void *arg, const struct sse_event *e) {
  struct mcp_client *c = arg;
  json *one = json_object();
  if (c->inbox == NULL) c->inbox = json_array();
  json_put_str(one, "type", e->type);
  json_put_str(one, "data", e->data);
  json_add(c->inbox, one);
  if (c->watch.again == 0) c->watch.again = loop_timer_start(c->loop, 1, 0, inbox_cb, c);
  return true;
}

static bool on_data(void *arg, int status, struct trg_str piece) {
  struct mcp_client *c = arg;
  struct trg_err err = {0};
  if (status != 200) return false;
  if (!c->watch.reading) sse_init(&c->watch.sse, CLIENT_MESSAGE_MAX);
  c->watch.reading = true;
  return sse_take(&c->watch.sse, piece, on_event, c, &err) == 0;
}

static void on_end(void *arg, const struct trg_http_reply *r) {
  struct mcp_client *c = arg;
  char why[120];
  c->watch.exchange = 0;
  (void)snprintf(why, sizeof why, "its stream has ended (HTTP status %d)", r->status);
  client_failed(c, why);
}

void client_old_begin(struct mcp_client *c) {
  struct sending s = {.arena = arena_new()};
  c->old = true;
  c->modern = false;
  c->version[0] = '\0';
  sending_add(&s, "Accept", "text/event-stream");
  sending_common(&s, c, false);
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "GET",
                                           .url = json_get_str(c->conf, "url"),
                                           .headers = s.headers,
                                           .header_count = s.count,
                                           .timeout_ms = STREAM_MS,
                                           .body_max_bytes = STREAM_MAX};
  const struct http_call call = {
      .request = &request, .on_reply = on_end, .on_data = on_data, .arg = c};
  c->watch.exchange = http_start(c->http, &call);
  arena_free(&s.arena);
}

void client_old_end(struct mcp_client *c) {
  c->old = false;
  mem_free(c->post_url);
  c->post_url = NULL;
  json_free(&c->inbox);
}
