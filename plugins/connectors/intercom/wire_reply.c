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

static void copy_text(char *to, size_t room, struct trg_str text) {
  const size_t n = text.n < room - 1 ? text.n : room - 1;
  if (n > 0) memcpy(to, text.p, n);
  to[n] = '\0';
}

int intercom_me_read(struct intercom_me *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  struct hd_mem mem = {.limit_bytes = 4096};
  const cJSON *app = hd_json_in(json, "app");
  memset(ret, 0, sizeof *ret);
  copy_text(ret->id, sizeof ret->id, intercom_json_id(&mem, json, "id"));
  copy_text(ret->app_id, sizeof ret->app_id, hd_json_str(app, "id_code"));
  copy_text(ret->region, sizeof ret->region, hd_json_str(app, "region"));
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

static void part_add(struct hd_buf *buf, const char *before, struct trg_str part) {
  if (part.n == 0) return;
  if (buf->n > 0) hd_puts(buf, before);
  for (size_t i = 0; i < part.n;) {
    size_t step = 1;
    const uint32_t code = hd_utf8_next(part.p + i, part.n - i, &step);
    i += step;
    hd_put_char(buf, code < 0x20 || code == 0x7F ? ' ' : code);
  }
}

static void json_error(struct intercom_error *ret, struct hd_buf *buf, const cJSON *json) {
  const cJSON *item;
  copy_text(ret->request_id, sizeof ret->request_id, hd_json_str(json, "request_id"));
  cJSON_ArrayForEach(item, hd_json_in(json, "errors")) {
    const struct trg_str code = hd_json_str(item, "code");
    if (ret->name[0] == '\0') copy_text(ret->name, sizeof ret->name, code);
    part_add(buf, "; ", code);
    part_add(buf, ": ", hd_json_str(item, "message"));
    part_add(buf, " in ", hd_json_str(item, "field"));
  }
}

/* A page of the CDN or of maintenance: its title is all that helps. */
static void page_error(struct hd_buf *buf, struct trg_str body) {
  struct trg_str head = {body.p, body.n < 8192 ? body.n : 8192};
  struct hd_buf text = hd_buf_new(280);
  const bool html = hd_seek(head, "<html") != SIZE_MAX || hd_seek(head, "<!doctype") != SIZE_MAX;
  const size_t title = html ? hd_seek(head, "<title>") : SIZE_MAX;
  if (title != SIZE_MAX) {
    head = (struct trg_str){head.p + title + 7, head.n - title - 7};
    const size_t end = hd_seek(head, "</title>");
    head.n = end == SIZE_MAX ? head.n : end;
  }
  hd_put_html_text(&text, head);
  part_add(buf, "", html ? TRG_STR("an HTML page") : TRG_STR("text"));
  part_add(buf, ": ", hd_slice(&text));
  hd_buf_free(&text);
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
  else if (body.n > 0)
    page_error(&buf, body);
  cJSON_Delete(json);
  size_t n = buf.n < sizeof ret->text - 1 ? buf.n : sizeof ret->text - 1;
  while (n > 0 && n < buf.n && ((unsigned char)buf.p[n] & 0xC0) == 0x80) n--;
  copy_text(ret->text, sizeof ret->text,
            n > 0 ? (struct trg_str){buf.p, n} : TRG_STR("no explanation in the answer"));
  hd_buf_free(&buf);
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

struct trg_str intercom_header(const struct trg_header *headers, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (headers[i].name.n == strlen(name) && hd_seek(headers[i].name, name) == 0)
      return headers[i].value;
  return (struct trg_str){NULL, 0};
}

int64_t intercom_http_date_s(struct trg_str text) {
  char copy[40];
  struct tm tm = {0};
  copy_text(copy, sizeof copy, text);
  if (text.n == 0 || strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL) return 0;
  const int64_t at_s = (int64_t)timegm(&tm);
  return at_s > 0 ? at_s : 0;
}

/* A decimal number at the start of the text, or -1. */
static int64_t number_at(struct trg_str text) {
  int64_t value = 0;
  size_t i = 0;
  while (i < text.n && text.p[i] == ' ') i++;
  if (i == text.n || text.p[i] < '0' || text.p[i] > '9') return -1;
  for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && value < 1000000000000; i++)
    value = value * 10 + (text.p[i] - '0');
  return value;
}

/* Milliseconds to the end of the window; -1: the headers do not say. */
static int64_t reset_ms(const struct trg_header *headers, size_t count, int64_t now_ms) {
  const int64_t reset_s = number_at(intercom_header(headers, count, "x-ratelimit-reset"));
  if (reset_s < 0) return -1;
  const int64_t wait_ms = reset_s * 1000 - now_ms;
  /* Further away than a window is long: the clocks differ. */
  return wait_ms < 0 ? 0 : wait_ms > WINDOW_MAX_MS ? WINDOW_MAX_MS : wait_ms;
}

bool intercom_rate_read(const struct trg_header *headers, size_t count, int64_t now_ms,
                        int64_t *ret_remaining, int64_t *ret_reset_ms) {
  const int64_t remaining = number_at(intercom_header(headers, count, "x-ratelimit-remaining"));
  const int64_t wait_ms = reset_ms(headers, count, now_ms);
  if (remaining < 0) return false;
  *ret_remaining = remaining;
  *ret_reset_ms = wait_ms < 0 ? WINDOW_MS : wait_ms;
  return true;
}

int64_t intercom_wait_ms(const struct trg_header *headers, size_t count, int64_t now_ms) {
  const struct trg_str after = intercom_header(headers, count, "retry-after");
  const int64_t seconds = number_at(after), at_s = intercom_http_date_s(after);
  int64_t wait_ms = seconds >= 0 ? seconds * 1000
                    : at_s > 0   ? at_s * 1000 - now_ms
                                 : reset_ms(headers, count, now_ms);
  if (wait_ms < 0) wait_ms = WINDOW_MS;
  return wait_ms < 1000 ? 1000 : wait_ms > 3600000 ? 3600000 : wait_ms;
}
