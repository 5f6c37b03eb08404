/*
 * The Intercom connector: settings, the instance, one request of an op, probe and webhooks.
 * Finding what changed is in poll.c, reading in fetch.c, writing in write.c, documents in wire_*.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intercom.h"

#define API_VERSION   "2.14" /* shapes drift with it; without the header the app's own applies */
#define ANSWER_BYTES  ((size_t)32 << 20)
#define HOOK_OLD_S    10800 /* retries end after two hours */
#define HOOK_FUTURE_S 600

#define FIELD(key, kind, flags, text, member, help)                                                \
  { key, kind, flags, text, 0, 0, NULL, offsetof(struct intercom_conf, member), help }
static const struct trg_field fields[] = {
    FIELD("url", TRG_URL, TRG_REQUIRED, NULL, url,
          "https://api.intercom.io, or api.eu. or api.au. for a workspace of that region"),
    {"auth.type", TRG_CHOICE, 0, "bearer", 0, 0, "bearer",
     offsetof(struct intercom_conf, auth_type), "how to sign in"},
    FIELD("auth.token", TRG_TEXT, TRG_REQUIRED | TRG_SECRET, NULL, token,
          "the app's access token (Developer Hub, Configure, Authentication)"),
    FIELD("webhook_secret", TRG_TEXT, TRG_SECRET, NULL, webhook_secret,
          "the app's client secret; without it deliveries are refused"),
    FIELD("admin_id", TRG_TEXT, 0, NULL, admin_id,
          "the teammate that notes and replies are from; default: the token's own"),
    FIELD("tickets", TRG_BOOL, 0, "true", tickets, "read tickets beside conversations"),
    {"overlap", TRG_DURATION, 0, "5m", 0, 86400000, NULL,
     offsetof(struct intercom_conf, overlap_ms),
     "how far each search reaches back before the last"},
    {"lag", TRG_DURATION, 0, "5s", 0, 3600000, NULL, offsetof(struct intercom_conf, lag_ms),
     "how far behind now each search ends, as the index lags"},
    {"page_size", TRG_INT, 0, "150", 1, 150, NULL, offsetof(struct intercom_conf, page_size),
     "rows per page of a search"},
    FIELD("write.tags", TRG_BOOL, 0, "true", write_tags, "add tags"),
    FIELD("write.priority", TRG_TEXT, 0, NULL, priority,
          "custom_attribute:NAME that takes the priority (urgent, high, medium, low)"),
    FIELD("write.category", TRG_TEXT, 0, NULL, category,
          "custom_attribute:NAME that takes the category"),
    FIELD("write.group", TRG_JSON, 0, NULL, group,
          "team word to team id, or admin:ID, as {billing: \"5017691\"}"),
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* ---- the instance ---- */

static int config_bad(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static int url_check(struct intercom *self, struct trg_err *err) {
  const char *url = self->conf->url;
  size_t n = strlen(url);
  while (n > 0 && url[n - 1] == '/') n--;
  self->base = (struct trg_str){url, n};
  const char *host = strstr(url, "://");
  if (host == NULL || strcspn(host + 3, "/?#") != n - (size_t)(host + 3 - url))
    return config_bad(err, "url must be the API's address alone, without a path: "
                           "https://api.intercom.io (or api.eu., api.au.)");
  if (memchr(host + 3, '@', n - (size_t)(host + 3 - url)) != NULL)
    return config_bad(err, "url must not hold credentials; they go below auth");
  if (strncmp(host + 3, "app.", 4) == 0 && hd_seek(self->base, ".intercom.com") != SIZE_MAX)
    return config_bad(err, "url is where people sign in; the API is at https://api.intercom.io "
                           "(or api.eu., api.au.)");
  return 0;
}

static int settings_check(struct intercom *self, struct trg_err *err) {
  const struct intercom_conf *conf = self->conf;
  if (url_check(self, err) != 0) return -1;
  if (conf->token == NULL || conf->token[0] == '\0')
    return config_bad(err, "auth.token is needed: the app's access token (Developer Hub, "
                           "Configure, Authentication), as ${file:NAME} or ${env:NAME}");
  if (strpbrk(conf->token, "\r\n \t") != NULL)
    return config_bad(err, "auth.token holds a blank or a line break");
  if (conf->admin_id != NULL && conf->admin_id[0] != '\0' && !hd_digits(hd_str(conf->admin_id)))
    return config_bad(err, "admin_id must be a teammate's numeric id");
  if (intercom_attribute_check("write.category", conf->category, &self->map.category, err) != 0 ||
      intercom_attribute_check("write.priority", conf->priority, &self->map.priority, err) != 0)
    return -1;
  if (conf->group != NULL && intercom_groups_check(conf->group, err) != 0) return -1;
  self->map.groups = conf->group;
  self->map.tags = conf->write_tags;
  return 0;
}

static void plugin_close(void *ctx) {
  struct intercom *self = ctx;
  intercom_tags_forget(self);
  free(self->tags);
  free(self->waiting);
  free(self->authorization);
  free(self);
}

static int plugin_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                       void **ret_self, struct trg_err *err) {
  struct intercom *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  self->host = host;
  self->inst = inst;
  self->conf = conf;
  self->page_size = self->conf->page_size;
  if (settings_check(self, err) != 0) {
    plugin_close(self);
    return -1;
  }
  struct hd_buf buf = hd_buf_new(65536);
  hd_puts(&buf, "Bearer ");
  hd_puts(&buf, self->conf->token);
  self->authorization = buf.p; /* freed with the instance */
  *ret_self = self;
  return 0;
}

/* ---- one op ---- */

static void call_free(void *state) {
  struct intercom_call *call = state;
  intercom_me_leave(call->self, call->op);
  hd_buf_free(&call->url);
  hd_buf_free(&call->body);
  intercom_thread_free(&call->thread);
  hd_mem_free(&call->mem);
  free(call);
}

struct intercom_call *intercom_call_new(struct intercom *self, trg_op op) {
  struct intercom_call *call = calloc(1, sizeof *call);
  if (call == NULL) abort();
  call->self = self;
  call->op = op;
  call->url = hd_buf_new(16384);
  call->body = hd_buf_new((size_t)1 << 20);
  call->mem = (struct hd_mem){.limit_bytes = (size_t)1 << 20};
  intercom_thread_init(&call->thread);
  self->host->op_set(op, call, call_free);
  return call;
}

void intercom_request(struct intercom_call *call, const char *method, intercom_step *step) {
  hd_buf_free(&call->url);
  hd_buf_free(&call->body);
  call->method = method;
  call->version = API_VERSION;
  call->step = step;
  call->is_once = false;
  call->changes = strcmp(method, "GET") != 0;
}

int64_t intercom_now_s(const struct intercom *self) {
  return (self->host->now_ms() + self->skew_ms) / 1000;
}

/* Within two seconds the clocks are the same: the header has whole seconds, and the answer took a
 * while. */
static void clock_read(struct intercom *self, const struct trg_http_reply *reply) {
  const int64_t date_ms = hd_http_date_ms(hd_header(reply->headers, reply->header_count, "date"));
  if (date_ms == 0) return;
  const int64_t skew_ms = date_ms - self->host->now_ms();
  self->skew_ms = skew_ms > -2000 && skew_ms < 2000 ? 0 : skew_ms;
}

static void rates_tell(struct intercom_call *call, const struct trg_http_reply *reply) {
  const struct intercom *self = call->self;
  const int64_t now_ms = self->host->now_ms() + self->skew_ms;
  int64_t remaining, reset_ms;
  struct intercom_error error;
  if (intercom_rate_read(reply->headers, reply->header_count, now_ms, &remaining, &reset_ms))
    self->host->bucket(self->inst, NULL, remaining, reset_ms);
  if (reply->status != 429) return;
  intercom_error_read(&error, reply->body);
  /* This one says that a single item is asked for too often: all else may go on. */
  if (strcmp(error.name, "too_many_requests") == 0) return;
  self->host->bucket(self->inst, NULL, 0,
                     intercom_wait_ms(reply->headers, reply->header_count, now_ms));
}

static void on_reply(void *ctx, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct intercom *self = ctx;
  struct intercom_call *call = self->host->op_get(op);
  (void)arg;
  if (call == NULL) return;
  clock_read(self, reply);
  rates_tell(call, reply);
  call->step(call, reply);
}

void intercom_send(struct intercom_call *call) {
  struct intercom *self = call->self;
  if (call->url.full || call->body.full) {
    intercom_end(call, TRG_REJECTED, TRG_CODE_PERMANENT, "the request would be too large to send");
    return;
  }
  const struct trg_header headers[] = {{TRG_STR("Accept"), TRG_STR("application/json")},
                                       {TRG_STR("Authorization"), hd_str(self->authorization)},
                                       {TRG_STR("Intercom-Version"), hd_str(call->version)},
                                       {TRG_STR("Content-Type"), TRG_STR("application/json")}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = call->method,
                                           .url = hd_slice(&call->url),
                                           .headers = headers,
                                           .header_count = call->body.n > 0 ? 4 : 3,
                                           .body = hd_slice(&call->body),
                                           .body_max_bytes = ANSWER_BYTES,
                                           .flags = call->changes ? TRG_HTTP_WRITE : 0};
  self->host->http(call->op, &request, on_reply, NULL);
}

void intercom_end_with(struct intercom_call *call, struct trg_result *result) {
  /* In the same turn: the next op may ask before the host has delivered this result. */
  intercom_me_leave(call->self, call->op);
  call->self->host->done(call->op, result);
}

void intercom_end(struct intercom_call *call, int32_t outcome, const char *code, const char *why) {
  struct trg_result result = {.outcome = outcome, .code = hd_str(code), .why = hd_str(why)};
  intercom_end_with(call, &result);
}

struct intercom_verdict intercom_verdict(const struct intercom_call *call,
                                         const struct trg_http_reply *reply) {
  struct intercom_error error;
  intercom_error_read(&error, reply->body);
  return intercom_verdict_of(reply->status, reply->sent, &error, call->is_once);
}

bool intercom_is_gone(const struct intercom_call *call, const struct trg_http_reply *reply) {
  return (reply->status == 404 || reply->status == 410) &&
         strcmp(intercom_verdict(call, reply).code, TRG_CODE_NOT_FOUND) == 0;
}

static void fail_with(struct intercom_call *call, const struct trg_http_reply *reply,
                      const char *text, struct intercom_verdict verdict, const char *hint,
                      const char *request_id) {
  struct intercom *self = call->self;
  char why[480], what[400];
  hd_failure(what, sizeof what, reply, text);
  snprintf(why, sizeof why, "%s%s%s%s%.60s", hint != NULL ? hint : "", hint != NULL ? "; " : "",
           what, request_id[0] != '\0' ? "; request " : "", request_id);
  struct trg_result result = {.outcome = verdict.outcome,
                              .http_status = reply->status,
                              .code = hd_str(verdict.code),
                              .why = hd_str(why)};
  const bool told = hd_header(reply->headers, reply->header_count, "retry-after").n > 0;
  if (reply->status == 429 || (reply->status == 503 && told))
    result.retry_after_ms = intercom_wait_ms(reply->headers, reply->header_count,
                                             self->host->now_ms() + self->skew_ms);
  /* The token may have been replaced by another teammate's: ask again who we are. */
  if (reply->status == 401) self->me_known = false;
  intercom_end_with(call, &result);
}

void intercom_fail(struct intercom_call *call, const struct trg_http_reply *reply,
                   const char *hint) {
  struct intercom_error error;
  intercom_error_read(&error, reply->body);
  fail_with(call, reply, error.text,
            intercom_verdict_of(reply->status, reply->sent, &error, call->is_once), hint,
            error.request_id);
}

void intercom_fail_malformed(struct intercom_call *call, const struct trg_http_reply *reply,
                             const struct trg_err *err) {
  /* For a write this is "unknown": it was accepted, and its receipt is unreadable. */
  fail_with(
      call, reply, err->text,
      (struct intercom_verdict){call->is_once ? TRG_UNCERTAIN : TRG_RETRY, TRG_CODE_MALFORMED},
      NULL, "");
}

/* ---- probe ---- */

static void probe_told(struct intercom_call *call) {
  intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
}

void intercom_probe(void *ctx, trg_op op) {
  struct intercom *self = ctx;
  struct intercom_call *call = intercom_call_new(self, op);
  self->me_known = false; /* what was true an hour ago proves nothing */
  intercom_identify(call, probe_told);
}

/* ---- webhooks ---- */

static int refused(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, TRG_CODE_AUTH);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static int plugin_verify(void *ctx, const struct trg_delivery *delivery, struct trg_str *ret_id,
                         struct trg_err *err) {
  const struct intercom *self = ctx;
  const struct trg_str signature = hd_header(delivery->headers, delivery->header_count,
                                             "x-hub-signature");
  int64_t created_s = 0;
  if (self->conf->webhook_secret == NULL || self->conf->webhook_secret[0] == '\0')
    return refused(err, "a webhook came, but webhook_secret is not set");
  if (signature.n == 0) return refused(err, "the delivery is not signed");
  if (!intercom_signature_is(self->conf->webhook_secret, delivery->body, signature))
    return refused(err, "the signature is wrong: is webhook_secret the app's client secret?");
  if (intercom_hook_head(delivery->body, ret_id, &created_s, err) != 0) return -1;
  /* There is no signed time, so an old delivery can be sent again by whoever has it; that it names
   * an item to be looked at does no harm, but it need not be looked at for ever. */
  const int64_t age_s = delivery->now_ms / 1000 - created_s;
  if (created_s > 0 && (age_s > HOOK_OLD_S || age_s < -HOOK_FUTURE_S))
    return refused(err, "the notification is older than three hours, or the clocks differ");
  return 0;
}

static int plugin_parse(void *self, const struct trg_delivery *delivery,
                        void (*sink)(void *arg, const struct trg_notice *), void *arg,
                        struct trg_err *err) {
  (void)self;
  return intercom_hook_read(delivery, sink, arg, err);
}

static const struct trg_connector_ops ops = {.size = sizeof ops,
                                             .caps = TRG_CAN_WEBHOOK | TRG_CAN_FIND |
                                                     TRG_CAN_REPLY | TRG_CAN_NOTE | TRG_CAN_FIELDS |
                                                     TRG_HIDES_DELETED,
                                             .probe = intercom_probe,
                                             .poll = intercom_poll,
                                             .fetch = intercom_fetch,
                                             .write = intercom_write,
                                             .find = intercom_find,
                                             .verify = plugin_verify,
                                             .parse = plugin_parse,
                                             .macros = intercom_macros};

TRG_EXPORT extern const struct trg_plugin triaged_plugin_intercom;
const struct trg_plugin triaged_plugin_intercom = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_intercom,
    .kind = TRG_CONNECTOR,
    .name = "intercom",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Intercom: conversations, tickets, webhooks",
    .fields = fields,
    .conf_size = sizeof(struct intercom_conf),
    .open = plugin_open,
    .close = plugin_close,
    .ops = &ops};
