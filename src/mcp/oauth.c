#include "mcp/oauth_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define STEP_MS    20000
#define ANSWER_MAX ((size_t)256 << 10)

struct trg_str oauth_conf(const struct oauth *o, const char *key) {
  return json_get_str(o->o.conf, key);
}

struct oauth *oauth_new(const struct oauth_options *options) {
  if (!json_is_object(options->conf)) return NULL;
  struct oauth *o = mem_alloc(sizeof *o);
  o->o = *options;
  return o;
}

static void run_clear(struct oauth *o) {
  http_cancel(o->o.http, o->exchange);
  loop_timer_stop(o->o.loop, o->ending);
  o->exchange = 0;
  o->ending = 0;
  json_free(&o->metadata);
  arena_free(&o->arena);
  o->running = false;
}

void oauth_free(struct oauth **at) {
  struct oauth *o = *at;
  if (o == NULL) return;
  *at = NULL;
  run_clear(o);
  char *const texts[] = {o->token,  o->refresh,   o->wanted,
                         o->issuer, o->client_id, o->client_secret};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) mem_free(texts[i]);
  mem_free(o);
}

const char *oauth_bearer(const struct oauth *o) {
  return o != NULL && o->token != NULL && clock_mono_us() / 1000 < o->token_until_ms ? o->token
                                                                                     : NULL;
}

bool oauth_wanted_first(const struct oauth *o) {
  return o != NULL && oauth_bearer(o) == NULL &&
         (oauth_conf(o, "token_url").n > 0 || o->refresh != NULL || o->running);
}

/* --- one exchange after the other ---------------------------------------------------------- */

static void on_reply(void *arg, const struct trg_http_reply *r) {
  struct oauth *o = arg;
  o->exchange = 0;
  o->then(o, r);
}

void oauth_ask(struct oauth *o, const char *method, const char *url, const char *accept,
               struct trg_str body, const char *type, const char *authorization,
               void (*then)(struct oauth *o, const struct trg_http_reply *r)) {
  struct trg_header headers[3] = {{TRG_STR("Accept"), str_of(accept)}};
  size_t n = 1;
  if (type != NULL) headers[n++] = (struct trg_header){TRG_STR("Content-Type"), str_of(type)};
  if (authorization != NULL)
    headers[n++] = (struct trg_header){TRG_STR("Authorization"), str_of(authorization)};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = method,
                                           .url = str_of(url),
                                           .headers = headers,
                                           .header_count = n,
                                           .body = body,
                                           .timeout_ms = STEP_MS,
                                           .body_max_bytes = ANSWER_MAX};
  const struct http_call call = {.request = &request, .on_reply = on_reply, .arg = o};
  o->then = then;
  o->exchange = http_start(o->o.http, &call);
}

const char *oauth_say(struct oauth *o, const char *what, const struct trg_http_reply *r) {
  if (r == NULL) return arena_dup(o->arena, str_of(what));
  if (r->status == 0)
    return arena_printf(o->arena, "%s: %.*s", what, (int)r->why.n,
                        r->why.p != NULL ? r->why.p : "");
  return arena_printf(o->arena, "%s (HTTP status %d)", what, r->status);
}

static void end_cb(void *arg) {
  struct oauth *o = arg;
  const bool fine = o->why[0] == '\0';
  run_clear(o);
  if (!fine) log_event(TRG_WARN, "mcp.no_token", "server", o->o.server, "why", o->why, NULL);
  o->o.on_end(o->o.arg, fine ? NULL : o->why);
}

/* On a later turn, also when nothing had to be asked. */
void oauth_end(struct oauth *o, const char *why) {
  (void)snprintf(o->why, sizeof o->why, "%s", why != NULL ? why : "");
  o->ending = loop_timer_start(o->o.loop, 1, 0, end_cb, o);
}

/* --- beginning ----------------------------------------------------------------------------- */

/* All challenges of the answer, as the first Bearer one has it. */
static bool challenge_of(struct oauth *o, const struct trg_http_reply *r,
                         struct oauth_challenge *ret) {
  for (size_t i = 0; i < r->header_count; i++)
    if (str_is_nocase(r->headers[i].name, "www-authenticate") &&
        oauth_challenge_read(r->headers[i].value, o->arena, ret))
      return true;
  *ret = (struct oauth_challenge){0};
  return false;
}

static void token_drop(struct oauth *o) {
  mem_free(o->token);
  o->token = NULL;
}

bool oauth_get(struct oauth *o, const struct trg_http_reply *refusal) {
  struct oauth_challenge asked = {0};
  if (o->running) return true;
  o->arena = arena_new();
  const bool challenged = refusal != NULL && challenge_of(o, refusal, &asked);
  /* 403 is an answer, unless it says that the token's scope is what is missing. */
  if (refusal != NULL && refusal->status == 403 &&
      (!challenged || !str_is(asked.error, "insufficient_scope"))) {
    arena_free(&o->arena);
    return false;
  }
  o->running = true;
  o->redirects = 0;
  o->challenged = arena_dup(o->arena, asked.scope);
  token_drop(o);
  if (oauth_conf(o, "token_url").n > 0)
    oauth_token_first(o);
  else
    oauth_find(o, asked.resource_metadata);
  return true;
}
