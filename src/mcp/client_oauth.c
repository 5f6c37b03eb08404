/* OAuth client credentials (RFC 6749, 4.4) for a server on the network: one token, kept until it
 * runs out or is refused; what is asked meanwhile waits for it. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/client_inner.h"

#define TOKEN_MS     20000
#define ANSWER_MAX   ((size_t)256 << 10)
#define LIFE_DEFAULT 3600
#define EARLY_S      30

static bool is_configured(const struct mcp_client *c) {
  return json_get_str(json_get(c->conf, "oauth"), "token_url").n > 0;
}

/* Sends what waited, or ends it. */
static void waiting_go(struct mcp_client *c, const char *why) {
  for (;;) {
    struct asked *a = c->asked;
    while (a != NULL && !a->needs_token) a = a->next;
    if (a == NULL) return;
    a->needs_token = false;
    if (why == NULL)
      http_send(a);
    else
      asked_end(a, &(struct asked_end){.code = "auth", .why = why});
  }
}

static void on_token(void *arg, const struct trg_http_reply *r) {
  struct mcp_client *c = arg;
  char why[200];
  struct trg_err err = {0};
  json *o = r->status == 200 ? json_parse(r->body, 0, &err) : NULL;
  const struct trg_str token = json_get_str(o, "access_token");
  c->token_exchange = 0;
  mem_free(c->token);
  c->token = NULL;
  if (token.n > 0) {
    int64_t life = json_get_int(o, "expires_in", LIFE_DEFAULT);
    if (life > EARLY_S * 2) life -= EARLY_S;
    c->token = mem_dup_str(token);
    c->token_until_ms = clock_mono_us() / 1000 + life * 1000;
  }
  json_free(&o);
  (void)snprintf(why, sizeof why, "its token endpoint gave no token (HTTP status %d)", r->status);
  waiting_go(c, c->token != NULL ? NULL : why);
}

static void form_add(struct buf *b, const char *name, struct trg_str value) {
  if (value.n == 0) return;
  buf_printf(b, "&%s=", name);
  buf_url(b, value);
}

/* The client's id and secret as RFC 6749, 2.3.1 says: each form-encoded, then Basic. */
static void basic_put(struct buf *out, const json *oauth) {
  struct buf pair;
  buf_init(&pair, 0);
  buf_url(&pair, json_get_str(oauth, "client_id"));
  buf_char(&pair, ':');
  buf_url(&pair, json_get_str(oauth, "client_secret"));
  buf_text(out, "Basic ");
  base64_put(out, buf_view(&pair));
  buf_free(&pair);
}

static void token_ask(struct mcp_client *c) {
  const json *oauth = json_get(c->conf, "oauth");
  struct buf form, basic;
  buf_init(&form, 0);
  buf_init(&basic, 0);
  buf_text(&form, "grant_type=client_credentials");
  form_add(&form, "scope", json_get_str(oauth, "scope"));
  form_add(&form, "resource", json_get_str(c->conf, "url")); /* RFC 8707 */
  basic_put(&basic, oauth);
  const struct trg_header headers[] = {
      {TRG_STR("Content-Type"), TRG_STR("application/x-www-form-urlencoded")},
      {TRG_STR("Accept"), TRG_STR("application/json")},
      {TRG_STR("Authorization"), buf_view(&basic)}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "POST",
                                           .url = json_get_str(oauth, "token_url"),
                                           .headers = headers,
                                           .header_count = sizeof headers / sizeof *headers,
                                           .body = buf_view(&form),
                                           .timeout_ms = TOKEN_MS,
                                           .body_max_bytes = ANSWER_MAX};
  const struct http_call call = {.request = &request, .on_reply = on_token, .arg = c};
  c->token_exchange = http_start(c->http, &call);
  buf_free(&form);
  buf_free(&basic);
}

bool oauth_waits(struct asked *a) {
  struct mcp_client *c = a->client;
  if (!is_configured(c)) return false;
  if (c->token != NULL && clock_mono_us() / 1000 < c->token_until_ms) return false;
  a->needs_token = true;
  if (c->token_exchange == 0) token_ask(c);
  return true;
}

bool oauth_again(struct asked *a, int status) {
  struct mcp_client *c = a->client;
  if (status != 401 || !is_configured(c) || a->token_tried) return false;
  a->token_tried = true;
  http_drop(a); /* what it said with its refusal */
  c->token_until_ms = 0;
  http_send(a);
  return true;
}
