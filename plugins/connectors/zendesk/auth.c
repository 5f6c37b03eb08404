/*
 * Who we are to Zendesk: a token (fetched once for all ops that need it, renewed once per request
 * that was refused, kept in memory only), and the id of the account that it belongs to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zendesk.h"

/* ---- gates ---- */

static void gate_wait(struct zd_gate *gate, trg_op op) {
  if (gate->count == gate->cap) {
    gate->cap = gate->cap == 0 ? 16 : gate->cap * 2;
    gate->waiting = realloc(gate->waiting, gate->cap * sizeof *gate->waiting);
    if (gate->waiting == NULL) abort();
  }
  gate->waiting[gate->count++] = op;
}

/* Each op goes on in a turn of its own, so a cancelled one simply never does. */
static void on_gate(void *self, trg_op op, void *arg) {
  (void)arg;
  struct zd_call *call = ((struct zd *)self)->host->op_get(op);
  if (call != NULL) call->ready(call);
}

static void gate_release(struct zd *self, struct zd_gate *gate) {
  gate->leader = 0;
  for (size_t i = 0; i < gate->count; i++) self->host->timer(gate->waiting[i], 0, on_gate, NULL);
  gate->count = 0;
}

static void gate_leave(struct zd *self, struct zd_gate *gate, trg_op op) {
  size_t kept = 0;
  for (size_t i = 0; i < gate->count; i++)
    if (gate->waiting[i] != op) gate->waiting[kept++] = gate->waiting[i];
  gate->count = kept;
  /* The leader went away before it was done: whoever comes first in the next turn leads. */
  if (gate->leader == op) gate_release(self, gate);
}

void zd_gates_leave(struct zd *self, trg_op op) {
  gate_leave(self, &self->token_gate, op);
  gate_leave(self, &self->me_gate, op);
}

/* ---- settings ---- */

static int wants(const char *value, const char *type, const char *key, const char *hint,
                 struct trg_err *err) {
  if (value != NULL && value[0] != '\0') return 0;
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "auth.type is %s, so %s is needed: %s", type, key, hint);
  return -1;
}

static char *authorization_of(const char *scheme, struct trg_str credentials) {
  struct hd_buf buf = hd_buf_new(65536);
  hd_puts(&buf, scheme);
  hd_put_str(&buf, credentials);
  return buf.p; /* the instance frees it */
}

static void api_token_use(struct zd *self) {
  const struct zd_conf *conf = self->conf;
  struct hd_buf pair = hd_buf_new(8192), encoded = hd_buf_new(16384);
  hd_puts(&pair, conf->email);
  hd_puts(&pair, "/token:");
  hd_puts(&pair, conf->token);
  hd_put_base64(&encoded, hd_slice(&pair));
  self->authorization = authorization_of("Basic ", hd_slice(&encoded));
  hd_buf_free(&pair);
  hd_buf_free(&encoded);
  self->host->log(
      self->inst, TRG_WARN, "api_token_ends",
      (const char *const[]){"until", "2027-04-30", "why",
                            "Zendesk ends API tokens; use an OAuth client: auth.type oauth_client",
                            NULL});
}

int zd_auth_open(struct zd *self, struct trg_err *err) {
  const struct zd_conf *conf = self->conf;
  const char *type = conf->auth_type;
  self->oauth = strcmp(type, "oauth_client") == 0;
  if (self->oauth) {
    if (wants(conf->client_id, type, "auth.client_id",
              "the identifier of a confidential OAuth client (Admin Center, Apps and "
              "integrations, OAuth clients)",
              err) != 0)
      return -1;
    return wants(conf->client_secret, type, "auth.client_secret",
                 "that client's secret, as ${file:NAME} or ${env:NAME}", err);
  }
  if (wants(conf->token, type, "auth.token", "as ${file:NAME} or ${env:NAME}", err) != 0) return -1;
  if (strpbrk(conf->token, "\r\n \t") != NULL) {
    snprintf(err->code, sizeof err->code, "config");
    snprintf(err->text, sizeof err->text, "auth.token holds a blank or a line break");
    return -1;
  }
  if (strcmp(type, "bearer") == 0) {
    self->authorization = authorization_of("Bearer ", hd_str(conf->token));
    return 0;
  }
  if (wants(conf->email, type, "auth.email", "the address of the agent the token acts as", err) !=
      0)
    return -1;
  api_token_use(self);
  return 0;
}

void zd_auth_close(struct zd *self) {
  free(self->authorization);
  free(self->token_gate.waiting);
  free(self->me_gate.waiting);
}

/* ---- the token ---- */

static bool has_token(const struct zd *self) {
  return self->authorization != NULL &&
         (self->authorization_until_ms == 0 || self->host->now_ms() < self->authorization_until_ms);
}

void zd_auth_drop(struct zd *self, uint32_t age) {
  if (!self->oauth || age != self->authorization_age) return;
  free(self->authorization);
  self->authorization = NULL;
}

static void token_take(struct zd *self, const struct zd_token *token) {
  free(self->authorization);
  self->authorization = authorization_of("Bearer ", hd_str(token->text));
  self->authorization_age++;
  /* A minute early, so that no request sets out with a token that dies on the way. */
  self->authorization_until_ms = token->expires_s > 120
                                     ? self->host->now_ms() + (token->expires_s - 60) * 1000
                                     : 0;
  const char *wanted = self->conf->scope != NULL ? self->conf->scope : "";
  /* An unknown scope name still gives a token, which is then refused everywhere. */
  if (token->scope[0] != '\0' && !zd_scope_covers(token->scope, wanted))
    self->host->log(self->inst, TRG_WARN, "scope_missing",
                    (const char *const[]){"wanted", wanted, "granted", token->scope, "why",
                                          "requests outside the granted scope are refused (403)",
                                          NULL});
}

#define REFUSAL_MS 5000

/* No write was sent for want of a token, so whatever went wrong here is no "unknown". */
static void token_refused(struct zd *self, const struct trg_http_reply *reply,
                          const struct trg_err *err) {
  struct zd_error error;
  zd_error_read(&error, reply->body);
  struct zd_verdict verdict = zd_verdict_of(reply->status, reply->sent, &error, false);
  char what[400];
  hd_failure(what, sizeof what, reply, hd_ok(reply) ? err->text : error.text);
  if (reply->status == 400 || reply->status == 401 || reply->status == 403)
    verdict = (struct zd_verdict){TRG_REJECTED, TRG_CODE_AUTH};
  self->refusal.until_ms = self->host->now_ms() + REFUSAL_MS;
  self->refusal.outcome = verdict.outcome;
  self->refusal.code = verdict.code;
  snprintf(self->refusal.why, sizeof self->refusal.why,
           "Zendesk gave no token for auth.client_id and auth.client_secret: %s", what);
}

static void token_ask(struct zd_call *call);

static void on_again(void *ctx, trg_op op, void *arg) {
  struct zd_call *call = ((struct zd *)ctx)->host->op_get(op);
  (void)arg;
  if (call != NULL) token_ask(call);
}

/* What may pass is asked for again while the others wait. False: it does not, or not soon. */
static bool token_again(struct zd_call *call) {
  struct zd *self = call->self;
  const bool passes = self->refusal.outcome == TRG_RETRY &&
                      strcmp(self->refusal.code, TRG_CODE_RATE) != 0;
  const int64_t wait_ms = passes ? hd_again_ms(++call->token_tries) : 0;
  if (wait_ms > 0) self->host->timer(call->op, wait_ms, on_again, NULL);
  return wait_ms > 0;
}

static void on_token(void *ctx, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct zd *self = ctx;
  struct zd_call *call = self->host->op_get(op);
  struct zd_token token;
  struct trg_err err = {{0}, {0}, 0};
  (void)arg;
  if (call == NULL) return;
  /* Whatever came of it, the others go on: with this token, or by trying themselves. */
  if (hd_ok(reply) && zd_token_read(&token, reply->body, &err) == 0) {
    token_take(self, &token);
    free(token.text);
    gate_release(self, &self->token_gate);
    call->after_token(call);
    return;
  }
  token_refused(self, reply, &err);
  if (token_again(call)) return;
  gate_release(self, &self->token_gate);
  zd_end(call, self->refusal.outcome, self->refusal.code, self->refusal.why);
}

static void token_ask(struct zd_call *call) {
  struct zd *self = call->self;
  struct hd_buf url = hd_buf_new(4096), body = hd_buf_new(16384);
  hd_put_str(&url, self->base);
  hd_puts(&url, "/oauth/tokens");
  zd_body_token(&body, self->conf->client_id, self->conf->client_secret,
                self->conf->scope != NULL ? self->conf->scope : "read write");
  const struct trg_header headers[] = {{TRG_STR("Accept"), TRG_STR("application/json")},
                                       {TRG_STR("Content-Type"), TRG_STR("application/json")}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "POST",
                                           .url = hd_slice(&url),
                                           .headers = headers,
                                           .header_count = 2,
                                           .body = hd_slice(&body),
                                           .body_max_bytes = 65536};
  self->host->http(call->op, &request, on_token, NULL);
  hd_buf_free(&url);
  hd_buf_free(&body);
}

/* Woken: either there is a token by now, or this op asks for one itself. */
static void authorised(struct zd_call *call) {
  zd_authorise(call, call->after_token);
}

void zd_authorise(struct zd_call *call, zd_ready *ready) {
  struct zd *self = call->self;
  struct zd_gate *gate = &self->token_gate;
  call->after_token = ready;
  if (has_token(self)) {
    ready(call);
    return;
  }
  if (gate->leader != 0) {
    call->ready = authorised;
    gate_wait(gate, call->op);
    return;
  }
  if (self->host->now_ms() < self->refusal.until_ms) {
    zd_end(call, self->refusal.outcome, self->refusal.code, self->refusal.why);
    return;
  }
  gate->leader = call->op;
  call->token_tries = 0;
  token_ask(call);
}

/* ---- our own id ---- */

static void on_me(struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd *self = call->self;
  struct zd_me me = {{0}, {0}};
  struct trg_err err;
  if (!hd_ok(reply)) {
    gate_release(self, &self->me_gate);
    zd_fail(call, reply, NULL);
    return;
  }
  if (zd_me_read(&me, reply->body, &err) != 0) {
    gate_release(self, &self->me_gate);
    zd_fail_malformed(call, reply, &err);
    return;
  }
  self->me = me;
  gate_release(self, &self->me_gate);
  if (me.id[0] == '\0') { /* 200 "Anonymous user": how it answers unknown credentials */
    zd_auth_drop(self, call->authorization_age);
    zd_end(call, TRG_REJECTED, TRG_CODE_AUTH,
           "Zendesk answers, but does not know these credentials (users/me is anonymous)");
    return;
  }
  call->after_me(call);
}

static void me_ask(struct zd_call *call) {
  zd_request(call, "GET", NULL, on_me);
  hd_put_str(&call->url, call->self->base);
  hd_puts(&call->url, "/api/v2/users/me.json");
  zd_send(call);
}

static void identified(struct zd_call *call);

void zd_identify(struct zd_call *call, zd_ready *ready) {
  struct zd *self = call->self;
  call->after_me = ready;
  if (self->me.id[0] != '\0' && !call->is_probe) {
    ready(call);
    return;
  }
  if (self->me_gate.leader != 0) {
    call->ready = identified;
    gate_wait(&self->me_gate, call->op);
    return;
  }
  self->me_gate.leader = call->op;
  me_ask(call);
}

/* Woken: either the id is known by now, or this op asks for it itself. */
static void identified(struct zd_call *call) {
  zd_identify(call, call->after_me);
}
