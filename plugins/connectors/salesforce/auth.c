/*
 * Who we are to Salesforce: a token, fetched once for all ops that need it, renewed once per
 * request that was refused, and kept in memory only. It says where the API is and which user we
 * are. It does not say how long it lives: that is learned from a 401.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "salesforce.h"

#define REFUSAL_MS 5000

/* ---- the gate ---- */

static void gate_wait(struct sf_gate *gate, trg_op op) {
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
  struct sf_call *call = ((struct sf *)self)->host->op_get(op);
  if (call != NULL) call->ready(call);
}

static void gate_release(struct sf *self, struct sf_gate *gate) {
  gate->leader = 0;
  for (size_t i = 0; i < gate->count; i++) self->host->timer(gate->waiting[i], 0, on_gate, NULL);
  gate->count = 0;
}

void salesforce_gate_leave(struct sf *self, trg_op op) {
  struct sf_gate *gate = &self->token_gate;
  size_t kept = 0;
  for (size_t i = 0; i < gate->count; i++)
    if (gate->waiting[i] != op) gate->waiting[kept++] = gate->waiting[i];
  gate->count = kept;
  /* The leader went away before it was done: whoever comes first in the next turn leads. */
  if (gate->leader == op) gate_release(self, gate);
}

/* ---- settings ---- */

static int wants(const char *value, const char *type, const char *key, const char *hint,
                 struct trg_err *err) {
  if (value != NULL && value[0] != '\0') return 0;
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "auth.type is %s, so %s is needed: %s", type, key, hint);
  return -1;
}

static int client_check(const struct sf *self, struct trg_err *err) {
  static const char *const shared[] = {"https://login.salesforce.com",
                                       "https://test.salesforce.com"};
  if (wants(self->conf->client_secret, self->conf->auth_type, "auth.client_secret",
            "the consumer secret of the External Client App, as ${file:NAME} or ${env:NAME}",
            err) != 0)
    return -1;
  for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
    if (!salesforce_same_origin(self->login, hd_str(shared[i]))) continue;
    snprintf(err->code, sizeof err->code, "config");
    snprintf(err->text, sizeof err->text,
             "url must be the org's own My Domain (https://NAME.my.salesforce.com): %s does not "
             "serve client credentials",
             shared[i]);
    return -1;
  }
  return 0;
}

int salesforce_auth_open(struct sf *self, struct trg_err *err) {
  const struct sf_conf *conf = self->conf;
  snprintf(self->base, sizeof self->base, "%.*s", (int)self->login.n, self->login.p);
  if (wants(conf->client_id, conf->auth_type, "auth.client_id",
            "the consumer key of the External Client App", err) != 0)
    return -1;
  if (strcmp(conf->auth_type, "jwt") != 0) return client_check(self, err);
  if (wants(conf->username, conf->auth_type, "auth.username",
            "the user name of the integration user", err) != 0 ||
      wants(conf->key, conf->auth_type, "auth.key",
            "the private key (PEM) whose certificate the app knows, as ${file:NAME}", err) != 0)
    return -1;
  self->key = salesforce_key_open(conf->key, err);
  return self->key != NULL ? 0 : -1;
}

void salesforce_auth_close(struct sf *self) {
  salesforce_key_close(&self->key);
  free(self->authorization);
  free(self->token_gate.waiting);
}

/* ---- the token ---- */

void salesforce_auth_drop(struct sf *self, uint32_t age) {
  if (age != self->authorization_age) return;
  free(self->authorization);
  self->authorization = NULL;
}

static void refusal_set(struct sf *self, int32_t outcome, const char *code) {
  self->refusal.until_ms = self->host->now_ms() + REFUSAL_MS;
  self->refusal.outcome = outcome;
  self->refusal.code = code;
}

/* https://NAME.my.salesforce.com and the like, and nothing else: no port, no user, no path. */
static bool is_salesforces(struct trg_str url) {
  static const char scheme[] = "https://", domain[] = ".salesforce.com";
  const size_t head = sizeof scheme - 1, tail = sizeof domain - 1;
  if (url.n > 0 && url.p[url.n - 1] == '/') url.n--;
  if (url.n <= head + tail || memcmp(url.p, scheme, head) != 0) return false;
  if (memcmp(url.p + url.n - tail, domain, tail) != 0) return false;
  for (size_t i = head; i < url.n; i++) {
    const char c = url.p[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '-' && c != '.') return false;
  }
  return true;
}

static bool instance_allowed(struct sf *self, struct trg_str told) {
  const char *instance = self->conf->instance;
  const struct trg_host *host = self->host;
  struct trg_err err;
  if (instance != NULL && salesforce_same_origin(told, hd_str(instance))) return true;
  if (host->size < offsetof(struct trg_host, allow_origin) + sizeof host->allow_origin)
    return false;
  return is_salesforces(told) && host->allow_origin(self->inst, told, &err) == 0;
}

/* The token goes to the login's own origin, to the configured one, or to one of Salesforce's:
 * whoever forges an answer must not get it sent elsewhere. */
static bool instance_take(struct sf *self, const struct sf_token *token) {
  const struct trg_str told = hd_str(token->instance_url);
  if (told.n == 0 || salesforce_same_origin(told, self->login)) {
    snprintf(self->base, sizeof self->base, "%.*s", (int)self->login.n, self->login.p);
    return true;
  }
  if (instance_allowed(self, told)) {
    snprintf(self->base, sizeof self->base, "%.*s", (int)told.n, told.p);
    return true;
  }
  refusal_set(self, TRG_REJECTED, TRG_CODE_ENDPOINT);
  snprintf(self->refusal.why, sizeof self->refusal.why,
           "Salesforce serves this org's API at another address than url: write the line "
           "\"instance: %.200s\" beside url, or make that the url",
           token->instance_url);
  return false;
}

static bool token_take(struct sf *self, const struct sf_token *token) {
  if (!instance_take(self, token)) return false;
  struct hd_buf buf = hd_buf_new(65536);
  hd_puts(&buf, "Bearer ");
  hd_puts(&buf, token->text);
  free(self->authorization);
  self->authorization = buf.p; /* the instance frees it */
  self->authorization_age++;
  self->refusal.until_ms = 0;
  memcpy(self->user_id, token->user_id, sizeof self->user_id);
  memcpy(self->org_id, token->org_id, sizeof self->org_id);
  return true;
}

static const char *refusal_hint(const struct sf_error *error) {
  if (salesforce_error_says(error, "no client credentials user"))
    return " (give the app a run-as user for the client credentials flow)";
  if (salesforce_error_says(error, "approved this consumer"))
    return " (pre-authorise the user: a permission set or profile in the app's policies)";
  return "";
}

/* Errors of the token endpoint that come as 400 and pass. */
static bool token_may_come(const struct sf_error *error) {
  static const char *const passing[] = {"unknown_error", "server_error", "temporarily_unavailable"};
  for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
    if (strcmp(error->name, passing[i]) == 0) return true;
  return false;
}

/* No write was sent for want of a token, so whatever went wrong here is no "unknown". */
static void token_refused(struct sf *self, const struct trg_http_reply *reply,
                          const struct trg_err *err) {
  struct sf_error error;
  char what[400];
  salesforce_error_read(&error, reply->body);
  struct sf_verdict verdict = salesforce_verdict_of(reply->status, reply->sent, &error, false);
  hd_failure(what, sizeof what, reply, hd_ok(reply) ? err->text : error.text);
  if (salesforce_error_says(&error, "rate exceeded"))
    verdict = (struct sf_verdict){TRG_RETRY, TRG_CODE_RATE};
  else if (token_may_come(&error))
    verdict = (struct sf_verdict){TRG_RETRY, TRG_CODE_TRANSIENT};
  else if (reply->status == 400 || reply->status == 401 || reply->status == 403)
    verdict = (struct sf_verdict){TRG_REJECTED, TRG_CODE_AUTH};
  refusal_set(self, verdict.outcome, verdict.code);
  snprintf(self->refusal.why, sizeof self->refusal.why, "Salesforce gave no token: %.350s%s", what,
           refusal_hint(&error));
}

static void token_ask(struct sf_call *call);

static void on_again(void *ctx, trg_op op, void *arg) {
  struct sf_call *call = ((struct sf *)ctx)->host->op_get(op);
  (void)arg;
  if (call != NULL) token_ask(call);
}

/* What may pass is asked for again while the others wait. False: it does not, or not soon. */
static bool token_again(struct sf_call *call) {
  struct sf *self = call->self;
  const bool passes = self->refusal.outcome == TRG_RETRY &&
                      strcmp(self->refusal.code, TRG_CODE_RATE) != 0;
  const int64_t wait_ms = passes ? hd_again_ms(++call->token_tries) : 0;
  if (wait_ms > 0) self->host->timer(call->op, wait_ms, on_again, NULL);
  return wait_ms > 0;
}

static void on_token(void *ctx, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct sf *self = ctx;
  struct sf_call *call = self->host->op_get(op);
  struct sf_token token = {0};
  struct trg_err err = {{0}, {0}, 0};
  (void)arg;
  if (call == NULL) return;
  bool taken = false;
  int64_t date_ms = hd_http_date_ms(hd_header(reply->headers, reply->header_count, "date"));
  if (date_ms > 0) self->skew_ms = date_ms - self->host->now_ms();
  if (hd_ok(reply) && salesforce_token_read(&token, reply->body, &err) == 0)
    taken = token_take(self, &token);
  else
    token_refused(self, reply, &err);
  free(token.text);
  if (!taken && token_again(call)) return;
  /* Whatever came of it, the others go on: with this token, or by ending the same way. */
  gate_release(self, &self->token_gate);
  if (taken)
    call->after_token(call);
  else
    salesforce_end(call, self->refusal.outcome, self->refusal.code, self->refusal.why);
}

/* RS256 with 2048 bits takes about a millisecond, once per session: no work for the pool. */
static bool assertion_put(struct sf *self, struct hd_buf *body) {
  const struct sf_conf *conf = self->conf;
  struct hd_buf text = hd_buf_new(16384), signature = hd_buf_new(4096);
  salesforce_put_claims(&text, conf->client_id, conf->username, conf->audience,
                        salesforce_now_ms(self) / 1000);
  bool ok = salesforce_key_sign(self->key, hd_slice(&text), &signature);
  hd_puts(&text, ".");
  salesforce_put_base64url(&text, hd_slice(&signature));
  salesforce_body_assertion(body, hd_slice(&text));
  hd_buf_free(&text);
  hd_buf_free(&signature);
  return ok;
}

static void token_ask(struct sf_call *call) {
  struct sf *self = call->self;
  struct hd_buf url = hd_buf_new(4096), body = hd_buf_new(65536);
  bool ok = true;
  hd_put_str(&url, self->login);
  hd_puts(&url, "/services/oauth2/token");
  if (self->key != NULL)
    ok = assertion_put(self, &body);
  else
    salesforce_body_client(&body, self->conf->client_id, self->conf->client_secret);
  const struct trg_header headers[] = {
      {TRG_STR("Accept"), TRG_STR("application/json")},
      {TRG_STR("Content-Type"), TRG_STR("application/x-www-form-urlencoded")}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "POST",
                                           .url = hd_slice(&url),
                                           .headers = headers,
                                           .header_count = 2,
                                           .body = hd_slice(&body),
                                           .body_max_bytes = 65536,
                                           .bucket = "login"};
  if (ok) self->host->http(call->op, &request, on_token, NULL);
  hd_buf_free(&url);
  hd_buf_free(&body);
  if (ok) return;
  gate_release(self, &self->token_gate);
  salesforce_end(call, TRG_REJECTED, TRG_CODE_AUTH, "auth.key can not be signed with");
}

/* Woken: either there is a token by now, or this op asks for one itself. */
static void authorised(struct sf_call *call) {
  salesforce_authorise(call, call->after_token);
}

void salesforce_authorise(struct sf_call *call, sf_ready *ready) {
  struct sf *self = call->self;
  struct sf_gate *gate = &self->token_gate;
  call->after_token = ready;
  if (self->authorization != NULL) {
    ready(call);
    return;
  }
  if (gate->leader != 0) {
    call->ready = authorised;
    gate_wait(gate, call->op);
    return;
  }
  if (self->host->now_ms() < self->refusal.until_ms) {
    salesforce_end(call, self->refusal.outcome, self->refusal.code, self->refusal.why);
    return;
  }
  gate->leader = call->op;
  call->token_tries = 0;
  token_ask(call);
}
