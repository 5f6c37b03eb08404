/*
 * The Salesforce Service Cloud connector: settings, the instance, probe, and webhooks. One request
 * of an op is in request.c, polling in poll.c, reading a case in fetch.c, writing in write.c, the
 * token in auth.c, documents in wire_*.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "salesforce.h"

#define SIGNATURE_AGE_MS 300000

#define FIELD(key, kind, flags, text, member, help)                                                \
  { key, kind, flags, text, 0, 0, NULL, offsetof(struct sf_conf, member), help }
#define CHOICE(key, flags, text, words, member, help)                                              \
  { key, TRG_CHOICE, flags, text, 0, 0, words, offsetof(struct sf_conf, member), help }
static const struct trg_field fields[] = {
    FIELD("url", TRG_URL, TRG_REQUIRED, NULL, url, "My Domain: https://NAME.my.salesforce.com"),
    FIELD("instance", TRG_URL, 0, NULL, instance,
          "where the API is, when sign-in says another address than url"),
    FIELD("api_version", TRG_TEXT, 0, "62.0", api_version, "version of the REST API"),
    CHOICE("auth.type", TRG_REQUIRED, NULL, "client_credentials jwt", auth_type, "how to sign in"),
    FIELD("auth.client_id", TRG_TEXT, 0, NULL, client_id, "consumer key of the app"),
    FIELD("auth.client_secret", TRG_TEXT, TRG_SECRET, NULL, client_secret,
          "client_credentials: consumer secret of the app"),
    FIELD("auth.username", TRG_TEXT, 0, NULL, username, "jwt: user name of the integration user"),
    FIELD("auth.key", TRG_TEXT, TRG_SECRET, NULL, key, "jwt: private RSA key, PEM"),
    FIELD("auth.audience", TRG_TEXT, 0, "https://login.salesforce.com", audience,
          "jwt: https://test.salesforce.com for a sandbox"),
    FIELD("webhook_secret", TRG_TEXT, TRG_SECRET, NULL, webhook_secret,
          "shared secret of deliveries; without it they are refused"),
    CHOICE("write.note", 0, "comment", "comment feed", note,
           "notes as case comments (plain text) or as feed posts"),
    CHOICE("write.reply", 0, "auto", "auto email portal none", reply,
           "public replies by e-mail or as published comments; auto: by the case's origin"),
    FIELD("write.sender", TRG_TEXT, 0, NULL, sender,
          "organisation-wide e-mail address that replies come from"),
    FIELD("write.priority", TRG_BOOL, 0, "true", write_priority, "set the priority"),
    FIELD("write.priorities", TRG_JSON, 0, NULL, priorities,
          "P1..P4 to values of the priority picklist; else High High Medium Low"),
    FIELD("write.category", TRG_TEXT, 0, NULL, category,
          "field:API_NAME of the case field that takes the category"),
    FIELD("write.group", TRG_JSON, 0, NULL, group,
          "team word to queue or user id, as {billing: \"00G...\"}"),
    FIELD("write.tags", TRG_BOOL, 0, "true", write_tags, "add tags, if there is a write.tag_field"),
    FIELD("write.tag_field", TRG_TEXT, 0, NULL, tag_field,
          "field:API_NAME of a multi-select picklist of Case that takes tags"),
    FIELD("write.marker_field", TRG_TEXT, 0, NULL, marker_field,
          "field:API_NAME of a text field of Case that keeps the key of the last write"),
    FIELD("write.solved_status", TRG_TEXT, 0, NULL, solved_status,
          "status to close with; else the first that counts as closed"),
    FIELD("feed", TRG_BOOL, 0, "true", feed, "read feed posts, too"),
    FIELD("limit_share", TRG_DECIMAL, 0, "0.8", limit_share,
          "pause when this share of the org's daily API requests is used up"),
    {"page_size", TRG_INT, 0, "2000", 1, 2000, NULL, offsetof(struct sf_conf, page_size),
     "rows per page of changes"},
    {"overlap", TRG_DURATION, 0, "300s", 300000, 3600000, NULL,
     offsetof(struct sf_conf, overlap_ms), "how far each poll looks back for rows that came late"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* ---- the instance ---- */

static int config_bad(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static int url_check(struct sf *self, struct trg_err *err) {
  const char *url = self->conf->url;
  size_t n = strlen(url);
  while (n > 0 && url[n - 1] == '/') n--;
  self->login = (struct trg_str){url, n};
  const char *host = strstr(url, "://");
  if (host == NULL || n >= sizeof self->base ||
      strcspn(host + 3, "/?#") != n - (size_t)(host + 3 - url))
    return config_bad(err, "url must be the org's address alone, without a path: "
                           "https://NAME.my.salesforce.com");
  if (memchr(host + 3, '@', n - (size_t)(host + 3 - url)) != NULL)
    return config_bad(err, "url must not hold credentials; they go below auth");
  return 0;
}

static int version_check(struct sf *self, struct trg_err *err) {
  const char *version = self->conf->api_version;
  if (version[0] == 'v') version++;
  const size_t n = strlen(version);
  if (n < 4 || n > 5 || strspn(version, "0123456789") != n - 2 ||
      strcmp(version + n - 2, ".0") != 0)
    return config_bad(err, "api_version must be like 62.0");
  snprintf(self->root, sizeof self->root, "/services/data/v%.5s", version);
  return 0;
}

static int column_take(const char *text, const char *key, char ret_name[80], struct trg_err *err) {
  return text == NULL || text[0] == '\0' ? 0 : salesforce_column_check(text, key, ret_name, err);
}

static int map_check(struct sf *self, struct trg_err *err) {
  const struct sf_conf *conf = self->conf;
  struct sf_map *map = &self->map;
  if (column_take(conf->category, "write.category", map->columns.category, err) != 0 ||
      column_take(conf->tag_field, "write.tag_field", map->columns.tags, err) != 0 ||
      column_take(conf->marker_field, "write.marker_field", map->columns.marker, err) != 0)
    return -1;
  if (conf->group != NULL && salesforce_groups_check(conf->group, err) != 0) return -1;
  if (conf->priorities != NULL && salesforce_priorities_check(conf->priorities, err) != 0)
    return -1;
  map->groups = conf->group;
  map->priorities = conf->priorities;
  map->solved = conf->solved_status;
  map->sender = conf->sender;
  map->tags = conf->write_tags;
  map->priority = conf->write_priority;
  map->feed_notes = strcmp(conf->note, "feed") == 0;
  return 0;
}

static int settings_check(struct sf *self, struct trg_err *err) {
  if (url_check(self, err) != 0 || version_check(self, err) != 0 || map_check(self, err) != 0)
    return -1;
  if (self->conf->limit_share <= 0 || self->conf->limit_share > 1)
    return config_bad(err, "limit_share must be above 0 and at most 1");
  return salesforce_auth_open(self, err);
}

static bool is_loopback(const char *url) {
  const char *host = strstr(url, "://");
  host = host != NULL ? host + 3 : url;
  size_t n = strcspn(host, ":/");
  return (n == 9 && strncmp(host, "localhost", n) == 0) || strncmp(host, "[::1]", 5) == 0 ||
         (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

static int plugin_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                       void **ret_self, struct trg_err *err) {
  struct sf *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  self->host = host;
  self->inst = inst;
  self->conf = conf;
  if (settings_check(self, err) != 0) {
    salesforce_auth_close(self);
    free(self);
    return -1;
  }
  if (!is_loopback(self->conf->url) && hd_seek(self->login, ".my.salesforce") == SIZE_MAX)
    host->log(inst, TRG_WARN, "url_not_my_domain",
              (const char *const[]){"why",
                                    "sign-in by client credentials needs the org's own "
                                    "address, https://NAME.my.salesforce.com",
                                    NULL});
  *ret_self = self;
  return 0;
}

static void plugin_close(void *ctx) {
  struct sf *self = ctx;
  salesforce_auth_close(self);
  free(self);
}

/* ---- probe ---- */

static void on_limits(struct sf_call *call, const struct trg_http_reply *reply) {
  const bool gone = reply->status == 404 || reply->status == 410;
  if (!hd_ok(reply))
    salesforce_fail(call, reply, gone ? "this org does not serve api_version" : NULL);
  else
    salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
}

/* That the API answers proves the session; that a case can be asked for, the permission. */
void salesforce_probe(void *self, trg_op op) {
  struct sf_call *call = salesforce_call_new(self, op);
  struct hd_buf soql = hd_buf_new(256);
  hd_puts(&soql, "SELECT Id FROM Case LIMIT 1");
  salesforce_send_query(call, "query", &soql, on_limits);
  hd_buf_free(&soql);
}

/* ---- webhooks ---- */

static int refused(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, TRG_CODE_AUTH);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

/* Is the address /webhooks/NAME/SECRET? */
static bool path_is(const struct trg_delivery *delivery, const char *secret) {
  if (delivery->size < offsetof(struct trg_delivery, path) + sizeof delivery->path) return false;
  const struct trg_str path = delivery->path;
  return path.n > 1 && salesforce_secret_is(secret, (struct trg_str){path.p + 1, path.n - 1});
}

/* An outbound message is not signed: its address holds the secret, or something before us adds it
 * as a header. */
static int soap_verify(const struct sf *self, const struct trg_delivery *delivery,
                       struct trg_str *ret_id, struct trg_err *err) {
  struct trg_str secret = hd_header(delivery->headers, delivery->header_count, "x-triage-secret");
  const bool by_path = path_is(delivery, self->conf->webhook_secret);
  if (!by_path && secret.n == 0)
    return refused(err, "an outbound message is not signed: its endpoint URL must end in "
                        "/webhooks/NAME/ and webhook_secret, or the proxy before this daemon must "
                        "add the header X-Triage-Secret");
  if (!by_path && !salesforce_secret_is(self->conf->webhook_secret, secret))
    return refused(err, "the header X-Triage-Secret is not webhook_secret");
  char org[SF_ID_BYTES];
  struct trg_str told = salesforce_soap_text(delivery->body, "OrganizationId");
  if (!salesforce_id18(told, org)) return refused(err, "the message does not name its org");
  if (self->org_id[0] != '\0' && strcmp(org, self->org_id) != 0)
    return refused(err, "the message comes from another org");
  *ret_id = salesforce_soap_only_id(delivery->body);
  return 0;
}

static int plugin_verify(void *ctx, const struct trg_delivery *delivery, struct trg_str *ret_id,
                         struct trg_err *err) {
  const struct sf *self = ctx;
  const struct trg_header *headers = delivery->headers;
  const size_t count = delivery->header_count;
  if (self->conf->webhook_secret == NULL || self->conf->webhook_secret[0] == '\0')
    return refused(err, "a webhook came, but webhook_secret is not set");
  if (salesforce_hook_is_soap(delivery)) return soap_verify(self, delivery, ret_id, err);
  struct trg_str stamp = hd_header(headers, count, "x-triage-timestamp");
  struct trg_str signature = hd_header(headers, count, "x-triage-signature");
  if (stamp.n == 0 || signature.n == 0) return refused(err, "the delivery is not signed");
  if (!salesforce_signature_is(self->conf->webhook_secret, stamp, delivery->body, signature))
    return refused(err, "the signature is wrong: it is HMAC-SHA256 with webhook_secret over "
                        "X-Triage-Timestamp followed by the body");
  int64_t at_ms = salesforce_stamp_ms(stamp);
  int64_t age_ms = at_ms > delivery->now_ms ? at_ms - delivery->now_ms : delivery->now_ms - at_ms;
  if (at_ms == 0 || age_ms > SIGNATURE_AGE_MS)
    return refused(err, "the signature is older than five minutes, or the clocks differ");
  *ret_id = signature; /* the same for the same delivery, and for no other */
  return 0;
}

static int plugin_parse(void *self, const struct trg_delivery *delivery,
                        void (*sink)(void *arg, const struct trg_notice *), void *arg,
                        struct trg_err *err) {
  (void)self;
  return salesforce_hook_read(delivery, sink, arg, err);
}

static void plugin_answer(void *self, const struct trg_delivery *delivery, struct trg_answer *ret) {
  (void)self;
  salesforce_hook_answer(delivery, ret);
}

static const struct trg_connector_ops ops = {.size = sizeof ops,
                                             .caps = TRG_CAN_WEBHOOK | TRG_CAN_FIND |
                                                     TRG_CAN_REPLY | TRG_CAN_NOTE | TRG_CAN_FIELDS,
                                             .probe = salesforce_probe,
                                             .poll = salesforce_poll,
                                             .fetch = salesforce_fetch,
                                             .write = salesforce_write,
                                             .find = salesforce_find,
                                             .verify = plugin_verify,
                                             .parse = plugin_parse,
                                             .answer = plugin_answer,
                                             .macros = salesforce_macros};

TRG_EXPORT extern const struct trg_plugin triaged_plugin_salesforce;
const struct trg_plugin triaged_plugin_salesforce = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_salesforce,
    .kind = TRG_CONNECTOR,
    .name = "salesforce",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Salesforce Service Cloud: cases, mails, comments, feed, webhooks",
    .fields = fields,
    .conf_size = sizeof(struct sf_conf),
    .open = plugin_open,
    .close = plugin_close,
    .ops = &ops};
