#include "mcp/rpc.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* An id is a string or an integer, never null (MCP, "Messages"). */
static int id_read(const json *id, char out[RPC_ID_MAX]) {
  out[0] = '\0';
  char number[32];
  if (json_is_number(id)) {
    if (json_id(id, number, sizeof number) != 0) return -1;
    memcpy(out, number, strlen(number) + 1);
    return 0;
  }
  if (!json_is_string(id)) return -1;
  struct buf b;
  buf_init(&b, RPC_ID_MAX - 1);
  buf_json(&b, json_str(id));
  const int rc = b.over ? -1 : 0;
  if (rc == 0) memcpy(out, b.p, b.n + 1);
  buf_free(&b);
  return rc;
}

static int invalid(struct trg_err *err, const char *why) {
  (void)err_set(err, TRG_EINVAL, "rpc", "no JSON-RPC message: %s", why);
  return RPC_INVALID;
}

static int call_read(struct rpc_message *m, const json *id, struct trg_err *err) {
  m->method = json_get_str(m->doc, "method");
  m->params = json_get(m->doc, "params");
  if (m->method.n == 0 || m->method.n > 128)
    return invalid(err, "`method` must be text of 1 to 128 bytes");
  if (m->params != NULL && !json_is_object(m->params))
    return invalid(err, "`params` must be an object");
  m->kind = id != NULL ? RPC_REQUEST : RPC_NOTIFICATION;
  return 0;
}

static int answer_read(struct rpc_message *m, const json *id, struct trg_err *err) {
  const json *error = json_get(m->doc, "error");
  m->result = json_get(m->doc, "result");
  if ((m->result != NULL) == (error != NULL))
    return invalid(err, "it must have `method`, or else one of `result` and `error`");
  if (error == NULL) {
    m->kind = RPC_RESULT;
    return id != NULL ? 0 : invalid(err, "a result needs an `id`");
  }
  m->kind = RPC_ERROR;
  if (!json_is_object(error) || !json_is_number(json_get(error, "code")))
    return invalid(err, "`error` must have a number `code`");
  m->code = json_get_int(error, "code", 0);
  m->error_text = json_get_str(error, "message");
  m->error_data = json_get(error, "data");
  return 0;
}

int rpc_read(struct trg_str text, struct rpc_message *ret, struct trg_err *err) {
  *ret = (struct rpc_message){0};
  ret->doc = json_parse(text, 0, err);
  if (ret->doc == NULL) return RPC_PARSE;
  if (json_is_array(ret->doc)) return invalid(err, RPC_NO_BATCHES);
  if (!json_is_object(ret->doc)) return invalid(err, "it must be an object");
  const json *id = json_get(ret->doc, "id"), *method = json_get(ret->doc, "method");
  const bool has_id = id != NULL && id_read(id, ret->id) == 0;
  if (!str_is(json_get_str(ret->doc, "jsonrpc"), "2.0"))
    return invalid(err, "`jsonrpc` must be \"2.0\"");
  /* An error may come without an id, or with null, when the request's could not be read. */
  if (id != NULL && !has_id && (method != NULL || json_get(ret->doc, "error") == NULL))
    return invalid(err, "`id` must be text (at most 250 bytes) or an integer below 2^53");
  if (method != NULL) return call_read(ret, id, err);
  return answer_read(ret, has_id ? id : NULL, err);
}

bool rpc_is_batch(struct trg_str text) {
  text = str_trim(text);
  return text.n > 0 && text.p[0] == '[';
}

void rpc_free(struct rpc_message *m) {
  json_free(&m->doc);
  *m = (struct rpc_message){0};
}

static char *written(const char *id, const char *method, const char *key, json *value) {
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "{\"jsonrpc\":\"2.0\"");
  if (id != NULL && id[0] != '\0') buf_printf(&b, ",\"id\":%s", id);
  if (method != NULL) {
    buf_text(&b, ",\"method\":");
    buf_json(&b, str_of(method));
  }
  if (value != NULL) {
    char *text = json_text(value);
    buf_printf(&b, ",\"%s\":", key);
    buf_text(&b, text);
    mem_free(text);
  }
  buf_char(&b, '}');
  json_free(&value);
  return buf_take(&b, NULL);
}

char *rpc_request(const char *id, const char *method, json *params) {
  return written(id, method, "params", params != NULL ? params : json_object());
}

char *rpc_notice(const char *method, json *params) {
  return written(NULL, method, "params", params);
}

char *rpc_result(const char *id, json *result) {
  return written(id, NULL, "result", result != NULL ? result : json_object());
}

char *rpc_error(const char *id, int code, const char *text, json *data) {
  json *error = json_object();
  json_put_int(error, "code", code);
  json_put_text(error, "message", text);
  if (data != NULL) json_put(error, "data", data);
  return written(id, NULL, "error", error);
}

char *rpc_refusal(const struct rpc_message *m, int code, const char *text) {
  return rpc_error(m->id[0] != '\0' ? m->id : "null", code, text, NULL);
}
