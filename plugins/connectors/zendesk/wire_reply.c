/* Everything that is not a ticket: who we are, tokens, errors, limits, webhooks. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire.h"

static int copy_id(char to[24], const cJSON *object, const char *key, struct trg_err *err) {
  struct hd_mem mem = {.limit_bytes = 256};
  struct trg_str id;
  int rc = zd_json_id(&mem, object, key, &id, err);
  if (rc == 0) hd_copy(to, 24, id);
  hd_mem_free(&mem);
  return rc;
}

int zd_me_read(struct zd_me *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  const cJSON *user = hd_json_in(json, "user");
  memset(ret, 0, sizeof *ret);
  int rc = copy_id(ret->id, user, "id", err);
  hd_copy(ret->role, sizeof ret->role, hd_json_str(user, "role"));
  cJSON_Delete(json);
  return rc;
}

int zd_token_read(struct zd_token *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  struct trg_str text = hd_json_str(json, "access_token");
  const cJSON *expires = hd_json_in(json, "expires_in");
  int rc = 0;
  memset(ret, 0, sizeof *ret);
  /* It goes into a header: only what RFC 6750 allows there. */
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] <= ' ' || text.p[i] >= 0x7F) text.n = 0;
  if (text.n == 0) {
    rc = zd_malformed(err, "no usable \"access_token\" in it");
  } else {
    ret->text = strndup(text.p, text.n);
    if (ret->text == NULL) abort();
    hd_copy(ret->scope, sizeof ret->scope, hd_json_str(json, "scope"));
    if (cJSON_IsNumber(expires) && expires->valuedouble > 0 && expires->valuedouble < 1e12)
      ret->expires_s = (int64_t)expires->valuedouble;
  }
  cJSON_Delete(json);
  return rc;
}

bool zd_scope_covers(const char *granted, const char *wanted) {
  for (const char *p = wanted; *p != '\0';) {
    size_t n = strcspn(p, " "), at = 0;
    bool found = n == 0;
    while (!found && granted[at] != '\0') {
      size_t m = strcspn(granted + at, " ");
      found = m == n && memcmp(granted + at, p, n) == 0;
      at += m + (granted[at + m] == ' ');
    }
    if (!found) return false;
    p += n + (p[n] == ' ');
  }
  return true;
}

static int32_t category_of(struct trg_str word) {
  static const struct {
    const char *word;
    int32_t status;
  } known[] = {{"new", TRG_STATUS_NEW},         {"open", TRG_STATUS_OPEN},
               {"pending", TRG_STATUS_PENDING}, {"hold", TRG_STATUS_HOLD},
               {"solved", TRG_STATUS_SOLVED},   {"closed", TRG_STATUS_CLOSED},
               {"deleted", TRG_STATUS_DELETED}, {"scrubbed", TRG_STATUS_DELETED},
               {"archived", TRG_STATUS_CLOSED}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (word.n == strlen(known[i].word) && hd_seek(word, known[i].word) == 0)
      return known[i].status;
  return TRG_STATUS_UNKNOWN;
}

int32_t zd_status_of(struct trg_str word, struct trg_str custom_id,
                     const struct zd_statuses *statuses) {
  int32_t status = category_of(word);
  for (size_t i = 0; status == TRG_STATUS_UNKNOWN && statuses != NULL && i < statuses->count; i++)
    if (hd_is(custom_id, statuses->items[i].id)) status = statuses->items[i].category;
  return status;
}

int zd_statuses_read(struct zd_statuses *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  const cJSON *list = hd_json_in(json, "custom_statuses"), *item;
  int rc = cJSON_IsArray(list) ? 0 : zd_malformed(err, "no \"custom_statuses\" in it");
  ret->count = 0;
  cJSON_ArrayForEach(item, list) {
    if (rc != 0 || ret->count == ZD_STATUS_MAX) break;
    rc = copy_id(ret->items[ret->count].id, item, "id", err);
    ret->items[ret->count++].category = category_of(hd_json_str(item, "status_category"));
  }
  cJSON_Delete(json);
  return rc;
}

/* ---- errors ---- */

/* "details" is an object of lists: {"base":[{"description","error","ticket_field_id"}]}. */
static void details_add(struct hd_buf *buf, const cJSON *details) {
  const cJSON *list, *item;
  cJSON_ArrayForEach(list, details) {
    if (cJSON_IsString(list)) hd_said_add(buf, ": ", hd_str(list->valuestring));
    cJSON_ArrayForEach(item, list) {
      hd_said_add(buf, ": ", hd_json_str(item, "description"));
      char id[24] = "";
      struct trg_err ignored = {{0}, {0}, 0};
      if (copy_id(id, item, "ticket_field_id", &ignored) == 0 && id[0] != '\0') {
        hd_puts(buf, " (ticket field ");
        hd_puts(buf, id);
        hd_puts(buf, ")");
      }
    }
  }
}

static void json_error(struct zd_error *ret, struct hd_buf *buf, const cJSON *json) {
  const cJSON *error = hd_json_in(json, "error"), *list = hd_json_in(json, "errors"), *item;
  struct trg_str name = hd_json_str(json, "error");
  if (cJSON_IsObject(error)) {
    name = hd_json_str(error, "title");
    hd_said_add(buf, ": ", name);
    hd_said_add(buf, ": ", hd_json_str(error, "message"));
  } else if (cJSON_IsArray(list)) {
    cJSON_ArrayForEach(item, list) {
      if (name.n == 0) name = hd_json_str(item, "code");
      hd_said_add(buf, ": ", hd_json_str(item, "code"));
      hd_said_add(buf, ": ", hd_json_str(item, "title"));
      hd_said_add(buf, ": ", hd_json_str(item, "detail"));
      if (cJSON_IsString(item)) hd_said_add(buf, ": ", hd_str(item->valuestring));
    }
  } else {
    hd_said_add(buf, ": ", name);
  }
  hd_said_add(buf, ": ", hd_json_str(json, "description"));
  hd_said_add(buf, ": ", hd_json_str(json, "error_description")); /* the token endpoint's */
  hd_said_add(buf, ": ", hd_json_str(json, "message"));
  details_add(buf, hd_json_in(json, "details"));
  hd_copy(ret->name, sizeof ret->name, name);
}

void zd_error_read(struct zd_error *ret, struct trg_str body) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_buf buf = hd_buf_new(4096);
  memset(ret, 0, sizeof *ret);
  /* 64 kB: an error page of any size may stand here, and only its beginning can matter. */
  cJSON *json = body.n > 0 && body.n < 65536 ? zd_json(body, &ignored) : NULL;
  ret->is_json = cJSON_IsObject(json);
  if (ret->is_json)
    json_error(ret, &buf, json);
  else
    hd_said_page(&buf, body);
  cJSON_Delete(json);
  hd_said_end(&buf, ret->text, sizeof ret->text);
}

static bool error_says(const struct zd_error *error, const char *words) {
  return hd_seek(hd_str(error->text), words) != SIZE_MAX;
}

/* A page that is not the API's says nothing about the ticket: never bury one for it. */
static const char *missing_code(const struct zd_error *error) {
  const bool elsewhere = !error->is_json || strcmp(error->name, "InvalidEndpoint") == 0 ||
                         error_says(error, "No help desk at");
  return elsewhere ? TRG_CODE_ENDPOINT : TRG_CODE_NOT_FOUND;
}

static const char *invalid_code(const struct zd_error *error) {
  const bool closed = error_says(error, "closed prevents ticket update") ||
                      error_says(error, "status: closed") || error_says(error, "ticket is closed");
  return closed ? TRG_CODE_CLOSED : TRG_CODE_PERMANENT;
}

/* The code of a status that is a clear no. */
static const char *refusal_code(int32_t status, const struct zd_error *error) {
  switch (status) {
  case 401:
    return TRG_CODE_AUTH;
  case 403:
    return TRG_CODE_PERMISSION;
  case 404:
  case 410:
    return missing_code(error);
  case 409:
    return TRG_CODE_CONFLICT;
  case 422:
    return invalid_code(error);
  default:
    return status < 400 ? TRG_CODE_ENDPOINT : TRG_CODE_PERMANENT; /* a redirect is not followed */
  }
}

struct zd_verdict zd_verdict_of(int32_t status, bool sent, const struct zd_error *error,
                                bool is_write) {
  const int32_t unknown = is_write ? TRG_UNCERTAIN : TRG_RETRY;
  if (status == 0) return (struct zd_verdict){sent ? unknown : TRG_RETRY, TRG_CODE_TRANSIENT};
  if (status < 300) /* it happened, but the answer makes no sense */
    return (struct zd_verdict){unknown, TRG_CODE_MALFORMED};
  if (status >= 500) return (struct zd_verdict){unknown, TRG_CODE_TRANSIENT};
  if (status == 408) return (struct zd_verdict){unknown, TRG_CODE_TIMEOUT};
  if (status == 429) return (struct zd_verdict){TRG_RETRY, TRG_CODE_RATE};
  if (status == 409 && strcmp(error->name, "DatabaseConflict") == 0)
    return (struct zd_verdict){TRG_RETRY, TRG_CODE_TRANSIENT};
  /* A no whose reason was cut off, or that something in front of it said: asking again may tell. */
  if ((status == 400 || status == 422) && !error->is_json)
    return (struct zd_verdict){TRG_RETRY, TRG_CODE_MALFORMED};
  return (struct zd_verdict){TRG_REJECTED, refusal_code(status, error)};
}

/* ---- limits ---- */

static int64_t number_named(struct trg_str text, const char *name) {
  size_t at = hd_seek(text, name), n = strlen(name);
  return at == SIZE_MAX ? -1 : hd_number((struct trg_str){text.p + at + n, text.n - at - n}, NULL);
}

size_t zd_rates_read(const struct trg_header *headers, size_t count,
                     struct zd_rate ret[ZD_RATE_MAX]) {
  size_t found = 0;
  const size_t prefix = sizeof "zendesk-ratelimit-" - 1;
  int64_t remaining = hd_number(hd_header(headers, count, "ratelimit-remaining"), NULL);
  int64_t reset_s = hd_number(hd_header(headers, count, "ratelimit-reset"), NULL);
  if (remaining < 0)
    remaining = hd_number(hd_header(headers, count, "x-rate-limit-remaining"), NULL);
  if (remaining >= 0) /* without a reset: the window is a minute */
    ret[found++] = (struct zd_rate){"", remaining, (reset_s < 0 ? 60 : reset_s) * 1000};
  for (size_t i = 0; i < count && found < ZD_RATE_MAX; i++) {
    struct trg_str name = headers[i].name;
    if (name.n <= prefix || hd_seek(name, "zendesk-ratelimit-") != 0) continue;
    struct zd_rate *rate = &ret[found];
    hd_copy(rate->name, sizeof rate->name, (struct trg_str){name.p + prefix, name.n - prefix});
    rate->remaining = number_named(headers[i].value, "remaining=");
    rate->reset_ms = number_named(headers[i].value, "resets=") * 1000;
    if (rate->remaining >= 0 && rate->reset_ms >= 0) found++;
  }
  return found;
}

/* ---- webhooks ---- */

struct named {
  struct hd_mem mem;
  struct trg_notice notice;
};

/* An event subscription: Zendesk's own envelope. Ids are strings there, whose event is `id`. */
static int event_read(struct named *named, const cJSON *json, struct trg_err *err) {
  struct trg_str type = hd_json_str(json, "type");
  if (hd_seek(type, ":ticket.") == SIZE_MAX)
    return 0; /* of a user or an organisation: not for us */
  const cJSON *detail = hd_json_in(json, "detail");
  if (hd_json_twins(detail)) return zd_malformed(err, "the same key twice in \"detail\"");
  if (zd_json_id(&named->mem, detail, "id", &named->notice.id, err) != 0) return -1;
  named->notice.version = hd_json_str(json, "id");
  named->notice.at_ms = hd_time_ms(hd_json_str(json, "time"));
  return named->notice.id.n > 0 ? 0 : zd_malformed(err, "an event without \"detail.id\"");
}

/* A trigger or automation: JSON that an administrator wrote, so several likely shapes. */
static int trigger_read(struct named *named, const cJSON *json, struct trg_err *err) {
  const cJSON *ticket = hd_json_in(json, "ticket");
  const cJSON *from = cJSON_IsObject(ticket) ? ticket : json;
  if (zd_json_id(&named->mem, from, "ticket_id", &named->notice.id, err) != 0) return -1;
  if (named->notice.id.n == 0 && zd_json_id(&named->mem, from, "id", &named->notice.id, err) != 0)
    return -1;
  named->notice.version = hd_json_str(from, "updated_at");
  named->notice.at_ms = hd_time_ms(named->notice.version);
  if (named->notice.at_ms == 0) /* {{ticket.updated_at}} is a date in words there */
    named->notice.version.n = 0;
  return named->notice.id.n > 0
             ? 0
             : zd_malformed(err, "no \"ticket_id\" in it: write {\"ticket_id\":\"{{ticket.id}}\"} "
                                 "into the trigger's JSON body");
}

int zd_webhook_read(const struct trg_delivery *delivery,
                    void (*sink)(void *arg, const struct trg_notice *), void *arg,
                    struct trg_err *err) {
  if (delivery->body.n == 0) return 0; /* a test delivery: signed, and about nothing */
  cJSON *json = zd_json(delivery->body, err);
  if (json == NULL) return -1;
  struct named named = {.mem = {.limit_bytes = 4096}, .notice = {.size = sizeof named.notice}};
  struct hd_buf version = hd_buf_new(256);
  int rc = !cJSON_IsObject(json) ? zd_malformed(err, "not a JSON object")
           : hd_json_twins(json) ? zd_malformed(err, "the same key twice")
           : hd_seek(hd_json_str(json, "type"), "zen:event-type:") == 0
               ? event_read(&named, json, err)
               : trigger_read(&named, json, err);
  if (rc == 0 && hd_digits(named.notice.id)) {
    if (named.notice.version.n == 0)
      named.notice.version = hd_header(delivery->headers, delivery->header_count,
                                       "x-zendesk-webhook-invocation-id");
    if (named.notice.version.n == 0)
      named.notice.version = hd_header(delivery->headers, delivery->header_count,
                                       "x-zendesk-webhook-signature-timestamp");
    hd_puts(&version, "hook:");
    hd_put_clean(&version, named.notice.version);
    named.notice.version = hd_slice(&version);
    if (named.notice.at_ms == 0) named.notice.at_ms = delivery->now_ms;
    sink(arg, &named.notice);
  }
  hd_buf_free(&version);
  hd_mem_free(&named.mem);
  cJSON_Delete(json);
  return rc;
}
