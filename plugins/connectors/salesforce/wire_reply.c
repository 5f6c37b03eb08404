/* Everything that is not a case: sign-in, statuses, limits, what a write did. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "wire.h"

/* ---- signing in ---- */

/* "https://login.salesforce.com/id/00D.../005..." names the org and the user. */
static bool identity_read(struct sf_token *ret, struct trg_str url) {
  size_t user = url.n, org;
  while (user > 0 && url.p[user - 1] != '/') user--;
  if (user == 0 || !salesforce_id18((struct trg_str){url.p + user, url.n - user}, ret->user_id))
    return false;
  for (org = user - 1; org > 0 && url.p[org - 1] != '/';) org--;
  return salesforce_id18((struct trg_str){url.p + org, user - 1 - org}, ret->org_id);
}

int salesforce_token_read(struct sf_token *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  memset(ret, 0, sizeof *ret);
  if (json == NULL) return -1;
  struct trg_str text = hd_json_str(json, "access_token");
  struct trg_str instance = hd_json_str(json, "instance_url");
  int rc = 0;
  /* It goes into a header: only what RFC 6750 allows there. */
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] <= ' ' || text.p[i] >= 0x7F) text.n = 0;
  while (instance.n > 0 && instance.p[instance.n - 1] == '/') instance.n--;
  if (text.n == 0)
    rc = salesforce_malformed(err, "no usable \"access_token\" in it");
  else if (!identity_read(ret, hd_json_str(json, "id")))
    rc = salesforce_malformed(err, "its \"id\" does not say which user this is");
  else if (instance.n >= sizeof ret->instance_url)
    rc = salesforce_malformed(err, "its \"instance_url\" is too long");
  else
    ret->text = strndup(text.p, text.n);
  hd_copy(ret->instance_url, sizeof ret->instance_url, instance);
  cJSON_Delete(json);
  if (rc == 0 && ret->text == NULL) abort();
  return rc;
}

/* The origin without a default port: scheme, "://", host, and a port if it is another. */
static struct trg_str origin_of(struct trg_str url) {
  size_t scheme = hd_seek(url, "://");
  if (scheme == SIZE_MAX) return (struct trg_str){NULL, 0};
  size_t end = scheme + 3;
  while (end < url.n && strchr("/?#", url.p[end]) == NULL) end++;
  struct trg_str origin = {url.p, end};
  if (scheme == 5 && end > 4 && memcmp(url.p + end - 4, ":443", 4) == 0) origin.n -= 4;
  if (scheme == 4 && end > 3 && memcmp(url.p + end - 3, ":80", 3) == 0) origin.n -= 3;
  return origin;
}

bool salesforce_same_origin(struct trg_str a, struct trg_str b) {
  const struct trg_str x = origin_of(a), y = origin_of(b);
  return x.n > 0 && x.n == y.n && strncasecmp(x.p, y.p, x.n) == 0;
}

/* ---- statuses ---- */

int salesforce_statuses_read(struct sf_statuses *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  bool done;
  if (json == NULL) return -1;
  const cJSON *row, *rows = salesforce_json_rows(json, &done, err);
  memset(ret, 0, sizeof *ret);
  cJSON_ArrayForEach(row, rows) {
    struct trg_str name = hd_json_str(row, "ApiName");
    if (name.n == 0) name = hd_json_str(row, "MasterLabel");
    if (name.n == 0 || ret->count == SF_STATUS_MAX) continue;
    hd_copy(ret->items[ret->count].name, sizeof ret->items[0].name, name);
    hd_copy(ret->items[ret->count].label, sizeof ret->items[0].label,
            hd_json_str(row, "MasterLabel"));
    ret->items[ret->count].is_closed = hd_json_true(row, "IsClosed");
    ret->items[ret->count++].is_default = hd_json_true(row, "IsDefault");
  }
  cJSON_Delete(json);
  return rows != NULL ? 0 : -1;
}

static bool same_word(const char *name, struct trg_str word) {
  return word.n > 0 && word.n == strlen(name) && strncasecmp(name, word.p, word.n) == 0;
}

int salesforce_status_is_closed(const struct sf_statuses *statuses, struct trg_str word) {
  for (size_t i = 0; i < statuses->count; i++)
    if (same_word(statuses->items[i].name, word) || same_word(statuses->items[i].label, word))
      return statuses->items[i].is_closed;
  return -1;
}

/* Names are the org's own; only what is open is sorted further, by words that are common. */
int32_t salesforce_status_of(const struct sf_statuses *statuses, struct trg_str word,
                             bool is_closed) {
  if (is_closed) return TRG_STATUS_SOLVED; /* a closed case can be opened again */
  for (size_t i = 0; i < statuses->count; i++)
    if (statuses->items[i].is_default && same_word(statuses->items[i].name, word))
      return TRG_STATUS_NEW;
  if (word.n == 0) return TRG_STATUS_UNKNOWN;
  if (hd_seek(word, "hold") != SIZE_MAX) return TRG_STATUS_HOLD;
  if (hd_seek(word, "wait") != SIZE_MAX || hd_seek(word, "pending") != SIZE_MAX)
    return TRG_STATUS_PENDING;
  return same_word("New", word) ? TRG_STATUS_NEW : TRG_STATUS_OPEN;
}

const char *salesforce_closed_status(const struct sf_statuses *statuses) {
  const char *found = NULL;
  for (size_t i = 0; i < statuses->count; i++) {
    if (!statuses->items[i].is_closed) continue;
    if (strcasecmp(statuses->items[i].name, "Closed") == 0) return statuses->items[i].name;
    if (found == NULL) found = statuses->items[i].name;
  }
  return found;
}

/* ---- headers ---- */

/* "api-usage=25/15000; per-app-api-usage=17/250(appName=sample-app)" */
bool salesforce_usage_read(const struct trg_header *headers, size_t count, int64_t *ret_used,
                           int64_t *ret_limit) {
  static const char key[] = "api-usage=";
  struct trg_str value = hd_header(headers, count, "sforce-limit-info");
  size_t at = hd_seek(value, key), n = 0;
  while (at != SIZE_MAX && at > 0 && value.p[at - 1] != ' ' && value.p[at - 1] != ';') {
    const struct trg_str rest = {value.p + at + 1, value.n - at - 1};
    size_t next = hd_seek(rest, key);
    at = next == SIZE_MAX ? SIZE_MAX : at + 1 + next;
  }
  if (at == SIZE_MAX) return false;
  value = (struct trg_str){value.p + at + sizeof key - 1, value.n - at - sizeof key + 1};
  *ret_used = hd_number(value, &n);
  if (*ret_used < 0 || n >= value.n || value.p[n] != '/') return false;
  *ret_limit = hd_number((struct trg_str){value.p + n + 1, value.n - n - 1}, &n);
  return *ret_limit > 0;
}

/* ---- what a write did ---- */

static void text_of(struct sf_error *ret, const cJSON *body) {
  char *text = cJSON_PrintUnformatted(body);
  salesforce_error_read(ret, hd_str(text));
  cJSON_free(text);
}

static bool id_take(char to[SF_ID_BYTES], const cJSON *body) {
  return salesforce_id18(hd_json_str(body, "id"), to);
}

/* One part of a composite: 1 done, 0 refused, -1 something else. Its answer may be rolled back by
 * another part's. */
static int part_read(struct sf_outcome *ret, const cJSON *part, size_t i) {
  const cJSON *status = hd_json_in(part, "httpStatusCode"), *body = hd_json_in(part, "body");
  struct sf_error error;
  if (!cJSON_IsNumber(status) || status->valuedouble < 100 || status->valuedouble > 599) return -1;
  const int32_t code = (int32_t)status->valuedouble;
  if (code >= 200 && code < 300) {
    (void)id_take(ret->ids[i], body);
    return 1;
  }
  text_of(&error, body);
  /* "Rolled back since another operation failed": it is the other that says why. */
  if (ret->status == 0 || strcmp(ret->error.name, "PROCESSING_HALTED") == 0) {
    ret->status = code;
    ret->error = error;
  }
  return 0;
}

int salesforce_composite_read(struct sf_outcome *ret, struct trg_str body, size_t parts) {
  struct trg_err ignored = {{0}, {0}, 0};
  memset(ret, 0, sizeof *ret);
  cJSON *json = salesforce_json(body, &ignored);
  const cJSON *list = hd_json_in(json, "compositeResponse"), *part;
  size_t seen = 0, done = 0, refused = 0;
  cJSON_ArrayForEach(part, list) {
    if (seen == parts || seen == 4) break;
    int did = part_read(ret, part, seen++);
    done += did == 1;
    refused += did == 0;
  }
  cJSON_Delete(json);
  if (seen == parts && done == parts) return SF_MADE;
  /* allOrNone: what is said to be done beside a refusal was rolled back. Then the others say so;
   * a mixture is something that we do not understand. */
  return seen == parts && refused == parts ? SF_MADE_NOTHING : SF_MADE_UNKNOWN;
}

int salesforce_created_read(struct sf_outcome *ret, struct trg_str body) {
  struct trg_err ignored = {{0}, {0}, 0};
  memset(ret, 0, sizeof *ret);
  cJSON *json = salesforce_json(body, &ignored);
  int made = SF_MADE_UNKNOWN;
  if (id_take(ret->ids[0], json) && !cJSON_IsFalse(hd_json_in(json, "success"))) made = SF_MADE;
  cJSON_Delete(json);
  return made;
}

/* [{"actionName","errors","isSuccess","outputValues"}], or that object alone. */
int salesforce_mailed_read(struct sf_outcome *ret, struct trg_str body) {
  struct trg_err ignored = {{0}, {0}, 0};
  memset(ret, 0, sizeof *ret);
  cJSON *json = salesforce_json(body, &ignored);
  const cJSON *action = cJSON_IsArray(json) ? json->child : json;
  const cJSON *success = hd_json_in(action, "isSuccess"), *errors = hd_json_in(action, "errors");
  const bool has_errors = cJSON_IsArray(errors) && errors->child != NULL;
  int made = SF_MADE_UNKNOWN;
  if (cJSON_IsTrue(success) && !has_errors) {
    made = SF_MADE;
    const cJSON *output = hd_json_in(action, "outputValues");
    (void)salesforce_id18(hd_json_str(output, "emailMessageId"), ret->ids[0]);
  } else if (cJSON_IsFalse(success)) {
    made = SF_MADE_NOTHING;
    ret->status = 400;
    text_of(&ret->error, json);
  }
  cJSON_Delete(json);
  return made;
}
