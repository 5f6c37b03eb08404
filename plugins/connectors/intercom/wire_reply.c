/* Everything that is neither a conversation nor a webhook: who we are, tags, errors, limits. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "wire.h"

/* Limits are counted in windows of ten seconds. */
#define WINDOW_MS     INT64_C(10000)
#define WINDOW_MAX_MS INT64_C(15000)

int intercom_me_read(struct intercom_me *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  struct hd_mem mem = {.limit_bytes = 4096};
  const cJSON *app = hd_json_in(json, "app");
  memset(ret, 0, sizeof *ret);
  hd_copy(ret->id, sizeof ret->id, intercom_json_id(&mem, json, "id"));
  hd_copy(ret->app_id, sizeof ret->app_id, hd_json_str(app, "id_code"));
  hd_copy(ret->region, sizeof ret->region, hd_json_str(app, "region"));
  ret->has_seat = !cJSON_IsFalse(hd_json_in(json, "has_inbox_seat"));
  hd_mem_free(&mem);
  cJSON_Delete(json);
  return hd_digits(hd_str(ret->id)) ? 0 : intercom_malformed(err, "no admin in it");
}

const char *intercom_region_wrong(struct trg_str base_url, const char *region) {
  static const struct {
    const char *region, *url;
  } known[] = {{"US", "https://api.intercom.io"},
               {"EU", "https://api.eu.intercom.io"},
               {"AU", "https://api.au.intercom.io"}};
  const char *right = NULL;
  bool is_intercom = false;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    is_intercom = is_intercom || hd_is(base_url, known[i].url);
    if (strcasecmp(region, known[i].region) == 0) right = known[i].url;
  }
  return is_intercom && right != NULL && !hd_is(base_url, right) ? right : NULL;
}

int intercom_tags_read(struct trg_str body,
                       void (*sink)(void *arg, struct trg_str id, struct trg_str name), void *arg,
                       struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  struct hd_mem mem = {.limit_bytes = (size_t)4 << 20};
  const cJSON *list = hd_json_in(json, "data"), *tag;
  size_t count = 0;
  if (!cJSON_IsArray(list)) {
    const struct trg_str id = intercom_json_id(&mem, json, "id");
    if (id.n > 0) sink(arg, id, hd_json_str(json, "name"));
    count = id.n > 0;
  }
  cJSON_ArrayForEach(tag, list) {
    const struct trg_str id = intercom_json_id(&mem, tag, "id");
    if (id.n > 0) sink(arg, id, hd_json_str(tag, "name"));
  }
  const bool fine = cJSON_IsArray(list) || count > 0;
  hd_mem_free(&mem);
  cJSON_Delete(json);
  return fine ? 0 : intercom_malformed(err, "no tags in it");
}

int intercom_ticket_types_read(struct trg_str body, struct trg_str type_id, struct hd_mem *mem,
                               struct trg_str *ret_state_id, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  const cJSON *types = hd_json_in(json, "data"), *type, *state;
  const int rc = cJSON_IsArray(types) ? 0 : intercom_malformed(err, "no ticket types in it");
  *ret_state_id = (struct trg_str){NULL, 0};
  cJSON_ArrayForEach(type, types) {
    if (!hd_same(intercom_json_id(mem, type, "id"), type_id)) continue;
    cJSON_ArrayForEach(state, hd_json_in(hd_json_in(type, "ticket_states"), "data")) {
      if (ret_state_id->n == 0 && hd_is(hd_json_str(state, "category"), "resolved"))
        *ret_state_id = intercom_json_id(mem, state, "id");
    }
  }
  cJSON_Delete(json);
  return rc;
}

/* ---- errors ---- */

static void json_error(struct intercom_error *ret, struct hd_buf *buf, const cJSON *json) {
  const cJSON *item;
  hd_copy(ret->request_id, sizeof ret->request_id, hd_json_str(json, "request_id"));
  cJSON_ArrayForEach(item, hd_json_in(json, "errors")) {
    const struct trg_str code = hd_json_str(item, "code");
    if (ret->name[0] == '\0') hd_copy(ret->name, sizeof ret->name, code);
    hd_said_add(buf, "; ", code);
    hd_said_add(buf, ": ", hd_json_str(item, "message"));
    hd_said_add(buf, " in ", hd_json_str(item, "field"));
  }
}

void intercom_error_read(struct intercom_error *ret, struct trg_str body) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_buf buf = hd_buf_new(4096);
  memset(ret, 0, sizeof *ret);
  /* 64 kB: an error page of any size may stand here, and only its beginning can matter. */
  cJSON *json = body.n > 0 && body.n < 65536 ? intercom_json(body, &ignored) : NULL;
  ret->is_json = cJSON_IsObject(json);
  if (ret->is_json)
    json_error(ret, &buf, json);
  else
    hd_said_page(&buf, body);
  cJSON_Delete(json);
  hd_said_end(&buf, ret->text, sizeof ret->text);
}

/* A 404 of the item itself: one of a teammate, an assignee or a tag is another matter. */
static const char *missing_code(const struct intercom_error *error) {
  static const char *const own[] = {"not_found", "conversation_not_found", "ticket_not_found",
                                    "resource_not_found", "item_not_found"};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (strcmp(error->name, own[i]) == 0) return TRG_CODE_NOT_FOUND;
  return strstr(error->name, "not_found") != NULL ? TRG_CODE_PERMANENT : TRG_CODE_ENDPOINT;
}

/* The code of a status that is a clear no. */
static const char *refusal_code(int32_t status, const struct intercom_error *error) {
  if (strcmp(error->name, "intercom_version_invalid") == 0) return TRG_CODE_ENDPOINT;
  switch (status) {
  case 401:
    return TRG_CODE_AUTH;
  case 402:
  case 403:
    return TRG_CODE_PERMISSION;
  case 404:
  case 410:
    return missing_code(error);
  case 405:
  case 406:
    return TRG_CODE_ENDPOINT;
  case 409:
    return TRG_CODE_CONFLICT;
  default:
    return status < 400 ? TRG_CODE_ENDPOINT : TRG_CODE_PERMANENT; /* a redirect is not followed */
  }
}

struct intercom_verdict intercom_verdict_of(int32_t status, bool sent,
                                            const struct intercom_error *error, bool is_write) {
  const int32_t unknown = is_write ? TRG_UNCERTAIN : TRG_RETRY;
  if (status == 0) return (struct intercom_verdict){sent ? unknown : TRG_RETRY, TRG_CODE_TRANSIENT};
  if (status < 300) /* it happened, but the answer makes no sense */
    return (struct intercom_verdict){unknown, TRG_CODE_MALFORMED};
  if (status >= 500) return (struct intercom_verdict){unknown, TRG_CODE_TRANSIENT};
  if (status == 408) return (struct intercom_verdict){unknown, TRG_CODE_TIMEOUT};
  if (status == 429) return (struct intercom_verdict){TRG_RETRY, TRG_CODE_RATE};
  /* Not the API's words, so not the API's no: something in front of it said this. */
  if (!error->is_json && status != 401 && status >= 400)
    return (struct intercom_verdict){TRG_RETRY, TRG_CODE_TRANSIENT};
  return (struct intercom_verdict){TRG_REJECTED, refusal_code(status, error)};
}

/* ---- limits ---- */

/* Milliseconds to the end of the window; -1: the headers do not say. */
static int64_t reset_ms(const struct trg_header *headers, size_t count, int64_t now_ms) {
  const int64_t reset_s = hd_number(hd_header(headers, count, "x-ratelimit-reset"), NULL);
  if (reset_s < 0) return -1;
  const int64_t wait_ms = reset_s * 1000 - now_ms;
  /* Further away than a window is long: the clocks differ. */
  return wait_ms < 0 ? 0 : wait_ms > WINDOW_MAX_MS ? WINDOW_MAX_MS : wait_ms;
}

bool intercom_rate_read(const struct trg_header *headers, size_t count, int64_t now_ms,
                        int64_t *ret_remaining, int64_t *ret_reset_ms) {
  const int64_t remaining = hd_number(hd_header(headers, count, "x-ratelimit-remaining"), NULL);
  const int64_t wait_ms = reset_ms(headers, count, now_ms);
  if (remaining < 0) return false;
  *ret_remaining = remaining;
  *ret_reset_ms = wait_ms < 0 ? WINDOW_MS : wait_ms;
  return true;
}

int64_t intercom_wait_ms(const struct trg_header *headers, size_t count, int64_t now_ms) {
  const int64_t after_ms = hd_retry_after_ms(headers, count, now_ms);
  if (after_ms > 0) return after_ms;
  const int64_t wait_ms = reset_ms(headers, count, now_ms);
  return wait_ms < 0 ? WINDOW_MS : wait_ms < 1000 ? 1000 : wait_ms;
}
