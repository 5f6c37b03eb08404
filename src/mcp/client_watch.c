/* A server on the network that tells when its tools change is listened to between calls: over the
 * session's own stream (GET), or by subscriptions/listen. A program tells on its output. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client_inner.h"

#define STREAM_MS  ((int64_t)60 * 60 * 1000) /* then it is opened anew */
#define STREAM_MAX ((size_t)1 << 30)
#define AGAIN_MS   1000
#define AGAIN_MAX  60000

static bool on_event(void *arg, const struct sse_event *e) {
  struct mcp_client *c = arg;
  struct rpc_message m;
  struct trg_err err = {0};
  (void)snprintf(c->watch.last_id, sizeof c->watch.last_id, "%.*s",
                 e->id.n < sizeof c->watch.last_id ? (int)e->id.n : 0,
                 e->id.p != NULL ? e->id.p : "");
  if (e->data.n == 0) return true;
  if (rpc_read(e->data, &m, &err) == 0) client_message(c, &m);
  rpc_free(&m);
  return true;
}

static bool on_data(void *arg, int status, struct trg_str piece) {
  struct mcp_client *c = arg;
  struct trg_err err = {0};
  if (status != 200) return false;
  if (!c->watch.reading) {
    const struct trg_str rest = str_trim(piece);
    if (rest.n > 0 && rest.p[0] == '{') return false; /* an answer, and no stream */
    sse_init(&c->watch.sse, CLIENT_MESSAGE_MAX);
    c->watch.reading = true;
    c->watch.failures = 0;
  }
  if (sse_take(&c->watch.sse, piece, on_event, c, &err) != 0) return false;
  if (c->watch.sse.retry_ms >= 0) c->watch.retry_ms = c->watch.sse.retry_ms;
  return true;
}

static void reading_end(struct mcp_client *c) {
  if (c->watch.reading) sse_free(&c->watch.sse);
  c->watch.reading = false;
}

static void again_cb(void *arg) {
  struct mcp_client *c = arg;
  c->watch.again = 0;
  client_watch(c);
}

/* A server may say no (405), and then it is not asked again; a stream that ended is opened anew, as
 * the server wishes or ever more slowly. What changed meanwhile is read with the next use. */
static void on_end(void *arg, const struct trg_http_reply *r) {
  struct mcp_client *c = arg;
  struct watch *w = &c->watch;
  const bool was_open = w->reading;
  w->exchange = 0;
  reading_end(c);
  if (r->status >= 400 || (r->status == 200 && !was_open)) {
    w->refused = true;
    return;
  }
  if (was_open) c->stale = true;
  int64_t ms = was_open && w->retry_ms >= 0 ? w->retry_ms : AGAIN_MS;
  for (int i = 0; i < w->failures && ms < AGAIN_MAX; i++) ms *= 2;
  w->failures++;
  if (ms < 10) ms = 10;
  w->again = loop_timer_start(c->loop, ms < AGAIN_MAX ? ms : AGAIN_MAX, 0, again_cb, c);
}

static char *listen_text(struct mcp_client *c) {
  json *params = json_object(), *wanted = json_object();
  char id[32];
  json_put_bool(wanted, "toolsListChanged", true);
  json_put(params, "notifications", wanted);
  client_meta(c, params);
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)++c->next_number);
  return rpc_request(id, "subscriptions/listen", params);
}

/* Does it tell anything there? A legacy server may also ask for input. */
static bool is_wanted(const struct mcp_client *c) {
  const bool initialized = c->state == CLIENT_BUSY && c->era_known && !c->modern;
  if (c->is_stdio || c->old || (c->state != CLIENT_READY && !initialized)) return false;
  return c->tells || (!c->modern && c->elicits != ELICIT_NONE);
}

void client_watch(struct mcp_client *c) {
  struct watch *w = &c->watch;
  if (!is_wanted(c) || w->refused || w->exchange != 0 || w->again != 0) return;
  struct sending s = {.arena = arena_new()};
  char *text = c->modern ? listen_text(c) : NULL;
  w->retry_ms = -1;
  sending_add(&s, "Accept", "text/event-stream");
  if (text != NULL) sending_add(&s, "Content-Type", "application/json");
  if (text != NULL) sending_add(&s, "Mcp-Method", "subscriptions/listen");
  if (text == NULL && w->last_id[0] != '\0') sending_add(&s, "Last-Event-ID", w->last_id);
  sending_common(&s, c, c->modern);
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = text != NULL ? "POST" : "GET",
                                           .url = json_get_str(c->conf, "url"),
                                           .headers = s.headers,
                                           .header_count = s.count,
                                           .body = str_of(text),
                                           .timeout_ms = STREAM_MS,
                                           .body_max_bytes = STREAM_MAX};
  const struct http_call call = {
      .request = &request, .on_reply = on_end, .on_data = on_data, .arg = c};
  w->exchange = http_start(c->http, &call);
  mem_free(text);
  arena_free(&s.arena);
}

void client_watch_end(struct mcp_client *c) {
  http_cancel(c->http, c->watch.exchange);
  loop_timer_stop(c->loop, c->watch.again);
  reading_end(c);
  c->watch = (struct watch){0};
}
