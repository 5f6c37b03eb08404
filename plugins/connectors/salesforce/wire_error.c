/* Errors of all shapes, and what they mean in the daemon's words. */
#include <cjson/cJSON.h>
#include <string.h>

#include "wire.h"

static void name_take(struct sf_error *ret, struct trg_str name) {
  if (ret->name[0] == '\0') hd_copy(ret->name, sizeof ret->name, name);
}

/* One error: REST's {"errorCode","message","fields"}, an action's {"statusCode","message"}, or
 * the token endpoint's {"error","error_description"}. */
static void item_read(struct sf_error *ret, struct hd_buf *buf, const cJSON *item) {
  static const char *const names[] = {"errorCode", "statusCode", "error", "code"};
  static const char *const texts[] = {"message", "error_description"};
  const cJSON *field, *nested = hd_json_in(item, "errors");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    name_take(ret, hd_json_str(item, names[i]));
    hd_said_add(buf, ": ", hd_json_str(item, names[i]));
  }
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    hd_said_add(buf, ": ", hd_json_str(item, texts[i]));
  cJSON_ArrayForEach(field, hd_json_in(item, "fields")) {
    if (cJSON_IsString(field)) hd_said_add(buf, ": ", hd_str(field->valuestring));
  }
  cJSON_ArrayForEach(field, nested) {
    const cJSON *inner;
    if (!cJSON_IsObject(field)) continue;
    name_take(ret, hd_json_str(field, "statusCode"));
    name_take(ret, hd_json_str(field, "errorCode"));
    hd_said_add(buf, ": ", hd_json_str(field, "statusCode"));
    hd_said_add(buf, ": ", hd_json_str(field, "errorCode"));
    hd_said_add(buf, ": ", hd_json_str(field, "message"));
    cJSON_ArrayForEach(inner, hd_json_in(field, "fields")) {
      if (cJSON_IsString(inner)) hd_said_add(buf, ": ", hd_str(inner->valuestring));
    }
  }
}

static void json_error(struct sf_error *ret, struct hd_buf *buf, const cJSON *json) {
  const cJSON *item;
  if (cJSON_IsObject(json)) item_read(ret, buf, json);
  if (!cJSON_IsArray(json)) return;
  cJSON_ArrayForEach(item, json) {
    item_read(ret, buf, item);
  }
}

/* XML (when no JSON was asked for, or of an old server) has the same names as elements. */
static bool xml_error(struct sf_error *ret, struct hd_buf *buf, struct trg_str head) {
  struct trg_str code = salesforce_soap_text(head, "errorCode");
  if (code.n == 0) code = salesforce_soap_text(head, "exceptionCode");
  if (code.n == 0) return false;
  name_take(ret, code);
  hd_said_add(buf, ": ", code);
  hd_said_add(buf, ": ", salesforce_soap_text(head, "message"));
  return true;
}

void salesforce_error_read(struct sf_error *ret, struct trg_str body) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_buf buf = hd_buf_new(4096);
  memset(ret, 0, sizeof *ret);
  /* 64 kB: an error page of any size may stand here, and only its beginning can matter. */
  cJSON *json = body.n > 0 && body.n < 65536 ? salesforce_json(body, &ignored) : NULL;
  ret->is_json = cJSON_IsObject(json) || cJSON_IsArray(json);
  if (ret->is_json)
    json_error(ret, &buf, json);
  else if (!xml_error(ret, &buf, (struct trg_str){body.p, body.n < 8192 ? body.n : 8192}))
    hd_said_page(&buf, body);
  cJSON_Delete(json);
  hd_said_end(&buf, ret->text, sizeof ret->text);
}

bool salesforce_error_says(const struct sf_error *error, const char *words) {
  return hd_seek(hd_str(error->text), words) != SIZE_MAX;
}

/* The same code also stands for what no new session will change; then asking again would go on
 * for ever. */
bool salesforce_session_is_over(const struct sf_error *error) {
  static const char *const final[] = {"not valid for use with the REST API",
                                      "not attached to Agent", "not valid for use with the API"};
  for (size_t i = 0; i < sizeof final / sizeof final[0]; i++)
    if (salesforce_error_says(error, final[i])) return false;
  return true;
}

/* What the names of errors mean. Anything else goes by its status. */
static const struct {
  const char *name;
  int32_t outcome;
  const char *code;
} known[] = {
    {"REQUEST_LIMIT_EXCEEDED", TRG_RETRY, TRG_CODE_RATE},
    {"UNABLE_TO_LOCK_ROW", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"SERVER_UNAVAILABLE", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"ORG_IN_MAINTENANCE", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"TOO_MANY_APEX_REQUESTS", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"QUERY_TIMEOUT", TRG_RETRY, TRG_CODE_TIMEOUT},
    {"INVALID_QUERY_LOCATOR", TRG_RETRY, TRG_CODE_TRANSIENT},
    {"INVALID_SESSION_ID", TRG_REJECTED, TRG_CODE_AUTH},
    {"INVALID_AUTH_HEADER", TRG_REJECTED, TRG_CODE_AUTH},
    {"PRECONDITION_FAILED", TRG_REJECTED, TRG_CODE_CONFLICT},
    {"ENTITY_IS_DELETED", TRG_REJECTED, TRG_CODE_NOT_FOUND},
    {"INSUFFICIENT_ACCESS", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"INSUFFICIENT_ACCESS_OR_READONLY", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"INVALID_FIELD", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"INVALID_FIELD_FOR_INSERT_UPDATE", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"INVALID_TYPE", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"API_DISABLED_FOR_ORG", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"API_CURRENTLY_DISABLED", TRG_REJECTED, TRG_CODE_PERMISSION},
    {"SINGLE_EMAIL_LIMIT_EXCEEDED", TRG_REJECTED, TRG_CODE_QUOTA},
    {"STORAGE_LIMIT_EXCEEDED", TRG_REJECTED, TRG_CODE_QUOTA},
    {"LIMIT_EXCEEDED", TRG_REJECTED, TRG_CODE_QUOTA},
};

/* A page that is not the API's says nothing about the case: never bury one for it. */
static const char *refusal_code(int32_t status, const struct sf_error *error) {
  switch (status) {
  case 401:
    return TRG_CODE_AUTH;
  case 403:
    return TRG_CODE_PERMISSION;
  case 404:
    return error->is_json && strcmp(error->name, "NOT_FOUND") == 0 ? TRG_CODE_NOT_FOUND
                                                                   : TRG_CODE_ENDPOINT;
  case 405:
  case 410:
    return TRG_CODE_ENDPOINT;
  case 409:
  case 412:
    return TRG_CODE_CONFLICT;
  default: /* 300: several records; other redirects are not followed */
    return status < 400 && status != 300 ? TRG_CODE_ENDPOINT : TRG_CODE_PERMANENT;
  }
}

struct sf_verdict salesforce_verdict_of(int32_t status, bool sent, const struct sf_error *error,
                                        bool is_write) {
  const int32_t unknown = is_write ? TRG_UNCERTAIN : TRG_RETRY;
  if (status == 0) return (struct sf_verdict){sent ? unknown : TRG_RETRY, TRG_CODE_TRANSIENT};
  if (status < 300) /* it happened, but the answer makes no sense */
    return (struct sf_verdict){unknown, TRG_CODE_MALFORMED};
  /* Behind a 5xx stands no promise that nothing was done, whatever its name. */
  if (status >= 500) return (struct sf_verdict){unknown, TRG_CODE_TRANSIENT};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(error->name, known[i].name) == 0)
      return (struct sf_verdict){known[i].outcome, known[i].code};
  if (status == 408) return (struct sf_verdict){unknown, TRG_CODE_TIMEOUT};
  if (status == 429) return (struct sf_verdict){TRG_RETRY, TRG_CODE_RATE};
  if (status == 406) return (struct sf_verdict){TRG_RETRY, TRG_CODE_TRANSIENT};
  /* A no whose reason was cut off, or that something in front of it said: asking again may tell. */
  if (status == 400 && !error->is_json && error->name[0] == '\0')
    return (struct sf_verdict){TRG_RETRY, TRG_CODE_MALFORMED};
  return (struct sf_verdict){TRG_REJECTED, refusal_code(status, error)};
}
