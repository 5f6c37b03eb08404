#include "admin/web.h"

#include <stdio.h>
#include <string.h>

#include "admin/agent.h"
#include "admin/core.h"
#include "admin/metrics.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "net/serve.h"
#include "store/turn.h"

#define BODY_MAX        ((size_t)1 << 20)
#define CONNECTIONS_MAX 512
#define IDLE_MS         15000
#define REQUEST_MS      10000
#define HOOK_PATH       "/webhooks/"
/* More webhooks than this in one turn are asked to come again. */
#define HOOKS_PER_TURN 256

struct web {
  struct core *core;
  struct serve *serve;
  bool draining;
  int hooks; /* of this turn, not yet answered */
};

static void answer_text(struct web *w, serve_id id, int status, const char *text) {
  serve_answer(w->serve, id, status, TRG_STR("text/plain; charset=utf-8"), NULL, 0, str_of(text));
}

/* --- webhooks: 2xx only once the notice is durable ----------------------------------------------
 */

struct hook {
  struct web *web;
  serve_id id;
  struct buf type, body; /* of the answer */
};

static void hook_durable(void *arg) {
  struct hook *h = arg;
  h->web->hooks--;
  serve_answer(h->web->serve, h->id, 200, buf_view(&h->type), NULL, 0, buf_view(&h->body));
  buf_free(&h->type);
  buf_free(&h->body);
  mem_free(h);
}

/* /webhooks/NAME, and what the vendor's own way in adds to it. */
static struct trg_delivery delivery_of(const struct serve_request *r, struct trg_str *ret_name) {
  const struct trg_str all = {r->path.p + sizeof HOOK_PATH - 1, r->path.n - (sizeof HOOK_PATH - 1)};
  const char *slash = all.n > 0 ? memchr(all.p, '/', all.n) : NULL;
  const size_t n = slash == NULL ? all.n : (size_t)(slash - all.p);
  *ret_name = (struct trg_str){all.p, n};
  return (struct trg_delivery){.size = sizeof(struct trg_delivery),
                               .headers = r->headers,
                               .header_count = r->header_count,
                               .body = r->body,
                               .now_ms = clock_now_ms(),
                               .method = r->method,
                               .path = {all.p + n, all.n - n},
                               .query = r->query};
}

static void hook_refuse(struct web *w, const struct serve_request *r, int rc,
                        const struct trg_err *err) {
  char peer[64];
  (void)snprintf(peer, sizeof peer, "%.*s", (int)r->peer.n, r->peer.p);
  log_event(TRG_WARN, "webhook.refused", "peer", peer, "code", err->code, "why", err->text, NULL);
  if (rc == TRG_ENOTFOUND)
    answer_text(w, r->id, 404, "no such helpdesk\n");
  else if (rc == TRG_EINVAL)
    answer_text(w, r->id, 401, "the signature does not fit\n");
  else
    answer_text(w, r->id, 400, "this can not be understood\n");
}

static void on_webhook(struct web *w, const struct serve_request *r) {
  if (w->draining || w->hooks >= HOOKS_PER_TURN) {
    static const struct trg_header retry = {{"Retry-After", 11}, {"30", 2}};
    serve_answer(w->serve, r->id, w->draining ? 503 : 429, TRG_STR("text/plain"), &retry, 1,
                 TRG_STR("busy; come again\n"));
    return;
  }
  struct trg_str name;
  const struct trg_delivery d = delivery_of(r, &name);
  struct trg_answer answer = {0};
  struct trg_err err = {0};
  const int rc = road_webhook(w->core->road, name, &d, &answer, &err);
  if (rc < 0) {
    hook_refuse(w, r, rc, &err);
    return;
  }
  struct hook *h = mem_alloc(sizeof *h);
  h->web = w;
  h->id = r->id;
  buf_init(&h->type, 256);
  buf_init(&h->body, BODY_MAX);
  buf_str(&h->type,
          answer.content_type.n > 0 ? answer.content_type : TRG_STR("text/plain; charset=utf-8"));
  buf_str(&h->body, answer.body.n > 0 ? answer.body : TRG_STR("ok\n"));
  w->hooks++;
  turn_after_commit(w->core->store, hook_durable, h);
}

/* --- the rest ------------------------------------------------------------------------------------
 */

static bool bearer_is(const struct serve_request *r, const char *token) {
  if (token == NULL) return true;
  const struct trg_str given = serve_header(r, "authorization");
  const size_t n = strlen(token);
  return str_starts(given, "Bearer ") && given.n == 7 + n && bytes_equal(given.p + 7, token, n);
}

static void on_metrics(struct web *w, const struct serve_request *r) {
  if (!bearer_is(r, w->core->plan->conf->metrics_token)) {
    answer_text(w, r->id, 401, "an access token is needed\n");
    return;
  }
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, (size_t)8 << 20);
  if (metrics_text(w->core, &b, &err) < 0)
    answer_text(w, r->id, 500, "the metrics could not be read\n");
  else
    serve_answer(w->serve, r->id, 200, TRG_STR("text/plain; version=0.0.4; charset=utf-8"), NULL, 0,
                 buf_view(&b));
  buf_free(&b);
}

static void on_ready(struct web *w, const struct serve_request *r) {
  if (!w->draining && road_ready(w->core->road)) {
    answer_text(w, r->id, 200, "ready\n");
    return;
  }
  struct desk_state d[64];
  const size_t n = road_desks(w->core->road, d, 64);
  struct buf b;
  buf_init(&b, 1 << 16);
  if (w->draining) buf_text(&b, "stopping\n");
  for (size_t i = 0; i < n; i++)
    if (!d[i].reached) buf_printf(&b, "%s has not been reached yet\n", d[i].name);
  serve_answer(w->serve, r->id, 503, TRG_STR("text/plain; charset=utf-8"), NULL, 0, buf_view(&b));
  buf_free(&b);
}

static void on_request(void *arg, const struct serve_request *r) {
  struct web *w = arg;
  const bool get = str_is(r->method, "GET") || str_is(r->method, "HEAD");
  if (str_starts(r->path, HOOK_PATH)) {
    if (str_is(r->method, "POST"))
      on_webhook(w, r);
    else
      answer_text(w, r->id, str_is(r->method, "HEAD") ? 200 : 405, "POST only\n");
    return;
  }
  if (str_is(r->path, "/mcp")) {
    if (w->draining)
      answer_text(w, r->id, 503, "stopping\n");
    else
      agent_request(w->core->agent, w->serve, r);
    return;
  }
  if (!get)
    answer_text(w, r->id, 405, "GET only\n");
  else if (str_is(r->path, "/healthz"))
    answer_text(w, r->id, 200, "ok\n");
  else if (str_is(r->path, "/readyz"))
    on_ready(w, r);
  else if (str_is(r->path, "/metrics"))
    on_metrics(w, r);
  else
    answer_text(w, r->id, 404, "nothing here: /healthz, /readyz, /metrics, /mcp, /webhooks/NAME\n");
}

static void on_gone(void *arg, serve_id id) {
  const struct web *w = arg;
  agent_gone(w->core->agent, id);
}

struct web *web_new(struct core *c, bool listen, struct trg_err *err) {
  struct web *w = mem_alloc(sizeof *w);
  w->core = c;
  const struct conf *f = c->plan->conf;
  if (f->listen_host == NULL || !listen) return w;
  const struct serve_options o = {.host = f->listen_host,
                                  .port = f->listen_port,
                                  .body_max_bytes = BODY_MAX,
                                  .connections_max = CONNECTIONS_MAX,
                                  .idle_ms = IDLE_MS,
                                  .request_ms = REQUEST_MS,
                                  .on_request = on_request,
                                  .arg = w,
                                  .on_gone = on_gone};
  w->serve = serve_new(c->loop, &o, err);
  if (w->serve == NULL) {
    err_prefix(err, "listen: %s:%d", f->listen_host, f->listen_port);
    mem_free(w);
    return NULL;
  }
  agent_free(&c->agent);
  c->agent = agent_new(c, true);
  return w;
}

void web_free(struct web **w) {
  if (*w == NULL) return;
  serve_free(&(*w)->serve);
  mem_free(*w);
  *w = NULL;
}

int web_port(const struct web *w) {
  return w->serve != NULL ? serve_port(w->serve) : 0;
}
void web_drain(struct web *w) {
  w->draining = true;
}
