/*
 * The Zendesk Support connector: settings, the instance, one request of an op, and the short ops.
 * Reading a ticket is in fetch.c, writing in write.c, the token in auth.c, documents in wire_*.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zendesk.h"

#define ANSWER_BYTES     ((size_t)16 << 20)
#define SAME_PAGES_MAX   5
#define PAGES_MAX        120 /* of ZD_LIST_PAGE each; a ticket has at most 5000 comments */
#define EXPORT_AGE_S     61
#define SIGNATURE_AGE_MS 300000
/* The secret of webhooks that are tried out before they are saved: public. */
#define TEST_SECRET "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

#define FIELD(key, kind, flags, text, member, help)                                                \
  { key, kind, flags, text, 0, 0, NULL, offsetof(struct zd_conf, member), help }
static const struct trg_field fields[] = {
    FIELD("url", TRG_URL, TRG_REQUIRED, NULL, url, "https://SUBDOMAIN.zendesk.com"),
    {"auth.type", TRG_CHOICE, TRG_REQUIRED, NULL, 0, 0, "oauth_client bearer api_token",
     offsetof(struct zd_conf, auth_type), "how to sign in; api_token ends on 2027-04-30"},
    FIELD("auth.client_id", TRG_TEXT, 0, NULL, client_id, "oauth_client: its identifier"),
    FIELD("auth.client_secret", TRG_TEXT, TRG_SECRET, NULL, client_secret,
          "oauth_client: its secret"),
    FIELD("auth.scope", TRG_TEXT, 0, "read write", scope,
          "oauth_client: scopes to ask for; audits need the global read"),
    FIELD("auth.token", TRG_TEXT, TRG_SECRET, NULL, token, "bearer and api_token: the token"),
    FIELD("auth.email", TRG_TEXT, 0, NULL, email, "api_token: the agent's address"),
    FIELD("webhook_secret", TRG_TEXT, TRG_SECRET, NULL, webhook_secret,
          "signing secret of the webhook; without it deliveries are refused"),
    FIELD("write.tags", TRG_BOOL, 0, "true", write_tags, "add tags"),
    FIELD("write.priority", TRG_BOOL, 0, "true", write_priority, "set the priority"),
    FIELD("write.category", TRG_TEXT, 0, NULL, category,
          "custom_field:ID of the ticket field that takes the category"),
    FIELD("write.group", TRG_JSON, 0, NULL, group, "team word to group id, as {billing: \"44\"}"),
    {"page_size", TRG_INT, 0, "100", 100, 1000, NULL, offsetof(struct zd_conf, page_size),
     "tickets per page of the export"},
    {"support_type_scope", TRG_CHOICE, 0, "agent", 0, 0, "agent ai_agent all",
     offsetof(struct zd_conf, support_type_scope), "whose tickets the export gives"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* ---- the instance ---- */

static bool is_loopback(const char *url) {
  const char *host = strstr(url, "://");
  host = host != NULL ? host + 3 : url;
  size_t n = strcspn(host, ":/");
  return (n == 9 && strncmp(host, "localhost", n) == 0) || strncmp(host, "[::1]", 5) == 0 ||
         (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

static int config_bad(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static int url_check(struct zd *self, struct trg_err *err) {
  const char *url = self->conf->url;
  size_t n = strlen(url);
  while (n > 0 && url[n - 1] == '/') n--;
  self->base = (struct trg_str){url, n};
  const char *host = strstr(url, "://");
  if (host == NULL || strcspn(host + 3, "/?#") != n - (size_t)(host + 3 - url))
    return config_bad(err, "url must be the account's address alone, without a path: "
                           "https://SUBDOMAIN.zendesk.com");
  if (memchr(host + 3, '@', n - (size_t)(host + 3 - url)) != NULL)
    return config_bad(err, "url must not hold credentials; they go below auth");
  return 0;
}

static int settings_check(struct zd *self, struct trg_err *err) {
  const struct zd_conf *conf = self->conf;
  if (url_check(self, err) != 0) return -1;
  if (conf->webhook_secret != NULL && strcmp(conf->webhook_secret, TEST_SECRET) == 0 &&
      !is_loopback(conf->url))
    return config_bad(err, "webhook_secret is Zendesk's public test secret, which anybody can "
                           "sign with: take the webhook's own (Admin Center, Webhooks, Reveal "
                           "secret)");
  if (conf->category != NULL && zd_category_check(conf->category, &self->map.field_id, err) != 0)
    return -1;
  if (conf->group != NULL && zd_groups_check(conf->group, err) != 0) return -1;
  self->map.groups = conf->group;
  self->map.tags = conf->write_tags;
  self->map.priority = conf->write_priority;
  return zd_auth_open(self, err);
}

static int plugin_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                       void **ret_self, struct trg_err *err) {
  struct zd *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  self->host = host;
  self->inst = inst;
  self->conf = conf;
  self->page_size = self->conf->page_size;
  self->comment_page = ZD_LIST_PAGE;
  if (settings_check(self, err) != 0) {
    zd_auth_close(self);
    free(self);
    return -1;
  }
  if (!is_loopback(self->conf->url) &&
      hd_seek(self->base, ".zendesk.com") != self->base.n - strlen(".zendesk.com"))
    host->log(
        inst, TRG_WARN, "url_not_zendesk",
        (const char *const[]){"why", "a help centre's own domain does not serve the API", NULL});
  *ret_self = self;
  return 0;
}

static void plugin_close(void *ctx) {
  struct zd *self = ctx;
  zd_auth_close(self);
  free(self);
}

/* ---- one op ---- */

static void call_free(void *state) {
  struct zd_call *call = state;
  zd_gates_leave(call->self, call->op);
  hd_buf_free(&call->url);
  hd_buf_free(&call->body);
  zd_thread_free(&call->thread);
  free(call);
}

struct zd_call *zd_call_new(struct zd *self, trg_op op) {
  struct zd_call *call = calloc(1, sizeof *call);
  if (call == NULL) abort();
  call->self = self;
  call->op = op;
  call->url = hd_buf_new(16384);
  call->body = hd_buf_new((size_t)4 << 20);
  zd_thread_init(&call->thread);
  self->host->op_set(op, call, call_free);
  return call;
}

void zd_request(struct zd_call *call, const char *method, const char *bucket, zd_step *step) {
  hd_buf_free(&call->url);
  hd_buf_free(&call->body);
  call->method = method;
  call->bucket = bucket;
  call->step = step;
  call->http_flags = strcmp(method, "GET") == 0 ? 0 : TRG_HTTP_WRITE;
  call->renewed = false;
}

static void request_send(struct zd_call *call);

/* By the clock of Zendesk. */
static int64_t zd_now_ms(const struct zd *self) {
  return self->host->now_ms() + self->skew_ms;
}

static void rates_tell(struct zd_call *call, const struct trg_http_reply *reply) {
  const struct zd *self = call->self;
  struct zd_rate rates[ZD_RATE_MAX];
  size_t count = zd_rates_read(reply->headers, reply->header_count, rates);
  for (size_t i = 0; i < count; i++)
    self->host->bucket(self->inst, rates[i].name[0] == '\0' ? NULL : rates[i].name,
                       rates[i].remaining, rates[i].reset_ms);
  if (reply->status != 429) return;
  int64_t wait_ms = hd_retry_after_ms(reply->headers, reply->header_count, zd_now_ms(self));
  self->host->bucket(self->inst, call->bucket, 0, wait_ms > 0 ? wait_ms : 60000);
}

static void on_reply(void *ctx, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct zd *self = ctx;
  struct zd_call *call = self->host->op_get(op);
  (void)arg;
  if (call == NULL) return;
  const int64_t date_ms = hd_http_date_ms(hd_header(reply->headers, reply->header_count, "date"));
  if (date_ms > 0) self->skew_ms = date_ms - self->host->now_ms();
  rates_tell(call, reply);
  if (reply->status == 401 && self->oauth && !call->renewed) {
    call->renewed = true;
    zd_auth_drop(self, call->authorization_age);
    zd_authorise(call, request_send);
    return;
  }
  call->step(call, reply);
}

static void request_send(struct zd_call *call) {
  struct zd *self = call->self;
  struct trg_header headers[3] = {{TRG_STR("Accept"), TRG_STR("application/json")},
                                  {TRG_STR("Authorization"), hd_str(self->authorization)},
                                  {TRG_STR("Content-Type"), TRG_STR("application/json")}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = call->method,
                                           .url = hd_slice(&call->url),
                                           .headers = headers,
                                           .header_count = call->body.n > 0 ? 3 : 2,
                                           .body = hd_slice(&call->body),
                                           .body_max_bytes = ANSWER_BYTES,
                                           .bucket = call->bucket,
                                           .flags = call->http_flags};
  call->authorization_age = self->authorization_age;
  self->host->http(call->op, &request, on_reply, NULL);
}

void zd_send(struct zd_call *call) {
  if (call->url.full || call->body.full) {
    zd_end(call, TRG_REJECTED, TRG_CODE_PERMANENT, "the request would be too large to send");
    return;
  }
  zd_authorise(call, request_send);
}

static void end_with(struct zd_call *call, struct trg_result *result) {
  /* In the same turn: the next op may ask before the host has delivered this result. */
  zd_gates_leave(call->self, call->op);
  call->self->host->done(call->op, result);
}

void zd_end(struct zd_call *call, int32_t outcome, const char *code, const char *why) {
  struct trg_result result = {.outcome = outcome, .code = hd_str(code), .why = hd_str(why)};
  end_with(call, &result);
}

static struct zd_verdict verdict_with(const struct zd_call *call,
                                      const struct trg_http_reply *reply,
                                      struct zd_error *ret_error) {
  zd_error_read(ret_error, reply->body);
  return zd_verdict_of(reply->status, reply->sent, ret_error,
                       (call->http_flags & TRG_HTTP_WRITE) != 0);
}

struct zd_verdict zd_verdict(const struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd_error error;
  return verdict_with(call, reply, &error);
}

static void fail_with(struct zd_call *call, const struct trg_http_reply *reply, const char *text,
                      struct zd_verdict verdict, const char *hint) {
  char why[480], what[400];
  struct trg_str id = hd_header(reply->headers, reply->header_count, "x-zendesk-request-id");
  if (id.n == 0) id = hd_header(reply->headers, reply->header_count, "x-request-id");
  hd_failure(what, sizeof what, reply, text);
  snprintf(why, sizeof why, "%s%s%s%s%.*s", hint != NULL ? hint : "", hint != NULL ? "; " : "",
           what, id.n > 0 ? "; request " : "", (int)(id.n < 64 ? id.n : 64), id.n > 0 ? id.p : "");
  struct trg_result result = {.outcome = verdict.outcome,
                              .http_status = reply->status,
                              .retry_after_ms = hd_retry_after_ms(
                                  reply->headers, reply->header_count, zd_now_ms(call->self)),
                              .code = hd_str(verdict.code),
                              .why = hd_str(why)};
  if (reply->status == 429 && result.retry_after_ms == 0) result.retry_after_ms = 60000;
  end_with(call, &result);
}

/* Which settings a 401 is about. */
static const char *refused_credentials(const struct zd *self) {
  if (self->oauth) return "the token of auth.client_id was refused";
  if (strcmp(self->conf->auth_type, "bearer") == 0) return "auth.token was refused: check it";
  return "auth.email with auth.token was refused: check both";
}

void zd_fail(struct zd_call *call, const struct trg_http_reply *reply, const char *hint) {
  struct zd_error error;
  struct zd_verdict verdict = verdict_with(call, reply, &error);
  if (hint == NULL && strcmp(verdict.code, TRG_CODE_AUTH) == 0)
    hint = refused_credentials(call->self);
  fail_with(call, reply, error.text, verdict, hint);
}

void zd_fail_malformed(struct zd_call *call, const struct trg_http_reply *reply,
                       const struct trg_err *err) {
  /* For a write this is "unknown": it was accepted, and its receipt is unreadable. */
  bool is_write = (call->http_flags & TRG_HTTP_WRITE) != 0;
  fail_with(call, reply, err->text,
            (struct zd_verdict){is_write ? TRG_UNCERTAIN : TRG_RETRY, TRG_CODE_MALFORMED}, NULL);
}

int zd_page_next(struct zd_call *call) {
  if (!call->page.has_more) return 0;
  /* Where pages had to become smaller, there are more of them. */
  const int64_t pages_max = PAGES_MAX * ZD_LIST_PAGE / call->self->comment_page;
  if (call->page.cursor.n == 0 || ++call->pages >= pages_max) return -1;
  /* A page can come twice, and then leads to itself: asked for again it mostly leads on. For ever
   * it must not be: the whole ticket is read later then. */
  if (!hd_same(call->page.cursor, call->cursor))
    call->same_pages = 0;
  else if (++call->same_pages >= SAME_PAGES_MAX)
    return -1;
  call->cursor = call->page.cursor;
  return 1;
}

void zd_request_list(struct zd_call *call, const char *list, bool newest_first, zd_step *step) {
  bool comments = strcmp(list, "comments") == 0;
  zd_request(call, "GET", comments ? ZD_BUCKET_COMMENTS : ZD_BUCKET_AUDITS, step);
  int64_t per_page = call->self->comment_page;
  if (newest_first && per_page > 25) /* what is sought stands at the top */
    per_page = 25;
  zd_url_list(&call->url, call->self->base, call->id, list, call->unpaged ? 0 : per_page,
              newest_first, call->cursor);
}

void zd_page_shrink(struct zd *self, const struct trg_http_reply *reply) {
  if (((reply->status == 0 && reply->sent) || reply->status == 504) && self->comment_page > 1)
    self->comment_page /= 2;
}

/* ---- probe ---- */

static void probe_told(struct zd_call *call) {
  const struct zd *self = call->self;
  bool admin = strcmp(self->me.role, "admin") == 0;
  if (!admin)
    self->host->log(self->inst, TRG_WARN, "not_admin",
                    (const char *const[]){"role", self->me.role, "why",
                                          "the incremental export is for admins only", NULL});
  zd_end(call, TRG_DONE, TRG_CODE_OK,
         admin ? ""
               : "signed in, but not as an admin: Zendesk will refuse the incremental export that "
                 "polling needs");
}

void zd_probe(void *self, trg_op op) {
  struct zd_call *call = zd_call_new(self, op);
  call->is_probe = true;
  zd_identify(call, probe_told);
}

/* ---- poll ---- */

static void export_tell(struct zd_call *call, const struct zd_export *page) {
  const struct trg_host *host = call->self->host;
  for (size_t i = 0; i < page->count; i++) host->emit_notice(call->op, &page->notices[i]);
  if (page->cursor.n > 0) host->set_cursor(call->op, page->cursor, !page->end_of_stream);
  zd_end(call, TRG_DONE, TRG_CODE_OK, "");
}

static void export_fail(struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd *self = call->self;
  if (((reply->status == 0 && reply->sent) || reply->status == 504) && self->page_size > 25)
    self->page_size /= 2; /* a large page can take the export longer than it is given */
  zd_fail(call, reply,
          reply->status == 403 ? "the incremental export is for admins only: the account (or the "
                                 "OAuth client's user) needs the role admin and the scope read"
                               : NULL);
}

static void on_export(struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd *self = call->self;
  struct zd_export page;
  struct trg_err err;
  if (!hd_ok(reply)) {
    export_fail(call, reply);
    return;
  }
  if (zd_export_read(&page, reply->body, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  if (!page.end_of_stream && (page.cursor.n == 0 || hd_same(page.cursor, call->cursor)))
    zd_end(call, TRG_RETRY, TRG_CODE_TRANSIENT,
           "the export says there is more but its cursor does not move; the page was not taken");
  else
    export_tell(call, &page);
  if (self->page_size < self->conf->page_size)
    self->page_size += 1 + (self->conf->page_size - self->page_size) / 8;
  zd_export_free(&page);
}

void zd_poll(void *ctx, trg_op op, struct trg_str cursor, int64_t since_ms) {
  struct zd *self = ctx;
  struct zd_call *call = zd_call_new(self, op);
  /* Zendesk holds the last minute back, and refuses a start in it: by its own clock, or by ours
   * where that is behind. */
  const int64_t ours_ms = self->host->now_ms(),
                now_ms = self->skew_ms < 0 ? ours_ms + self->skew_ms : ours_ms;
  int64_t start_s = since_ms / 1000, newest_s = now_ms / 1000 - EXPORT_AGE_S;
  call->cursor = cursor;
  zd_request(call, "GET", ZD_BUCKET_EXPORT, on_export);
  zd_url_export(&call->url, self->base, cursor,
                start_s < 0          ? 0
                : start_s < newest_s ? start_s
                                     : newest_s,
                self->page_size, self->conf->support_type_scope);
  zd_send(call);
}

/* ---- webhooks ---- */

static int refused(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, TRG_CODE_AUTH);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static int plugin_verify(void *ctx, const struct trg_delivery *delivery, struct trg_str *ret_id,
                         struct trg_err *err) {
  const struct zd *self = ctx;
  const struct trg_header *headers = delivery->headers;
  size_t count = delivery->header_count;
  struct trg_str stamp = hd_header(headers, count, "x-zendesk-webhook-signature-timestamp");
  struct trg_str signature = hd_header(headers, count, "x-zendesk-webhook-signature");
  if (self->conf->webhook_secret == NULL || self->conf->webhook_secret[0] == '\0')
    return refused(err, "a webhook came, but webhook_secret is not set");
  if (stamp.n == 0 || signature.n == 0) return refused(err, "the delivery is not signed");
  if (!zd_signature_is(self->conf->webhook_secret, stamp, delivery->body, signature))
    return refused(err, "the signature is wrong: is webhook_secret that of this webhook?");
  int64_t at_ms = hd_time_ms(stamp);
  int64_t age_ms = at_ms > delivery->now_ms ? at_ms - delivery->now_ms : delivery->now_ms - at_ms;
  if (at_ms == 0 || age_ms > SIGNATURE_AGE_MS)
    return refused(err, "the signature is older than five minutes, or the clocks differ");
  *ret_id = hd_header(headers, count, "x-zendesk-webhook-invocation-id");
  return 0;
}

static int plugin_parse(void *self, const struct trg_delivery *delivery,
                        void (*sink)(void *arg, const struct trg_notice *), void *arg,
                        struct trg_err *err) {
  (void)self;
  return zd_webhook_read(delivery, sink, arg, err);
}

static const struct trg_connector_ops ops = {.size = sizeof ops,
                                             .caps = TRG_CAN_WEBHOOK | TRG_CAN_FIND |
                                                     TRG_CAN_REPLY | TRG_CAN_NOTE | TRG_CAN_FIELDS,
                                             .probe = zd_probe,
                                             .poll = zd_poll,
                                             .fetch = zd_fetch,
                                             .write = zd_write,
                                             .find = zd_find,
                                             .verify = plugin_verify,
                                             .parse = plugin_parse,
                                             .macros = zd_macros};

TRG_EXPORT extern const struct trg_plugin triaged_plugin_zendesk;
const struct trg_plugin triaged_plugin_zendesk = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_zendesk,
    .kind = TRG_CONNECTOR,
    .name = "zendesk",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Zendesk Support: tickets, comments, webhooks",
    .fields = fields,
    .conf_size = sizeof(struct zd_conf),
    .open = plugin_open,
    .close = plugin_close,
    .ops = &ops};
