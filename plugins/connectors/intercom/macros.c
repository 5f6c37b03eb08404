/*
 * Saved replies: macros that every teammate may use, in the version of the API that has them.
 */
#include <cjson/cJSON.h>

#include "intercom.h"

#define MACROS_VERSION "2.16" /* the first with GET /macros */
#define AFTER_BYTES    2048

static void macro_read(struct hd_macros *page, const cJSON *json) {
  struct trg_macro macro = {.id = intercom_json_id(&page->mem, json, "id"),
                            .title = hd_json_str(json, "name"),
                            .text = hd_json_str(json, "body_text"),
                            .updated_ms = hd_time_ms(hd_json_str(json, "updated_at"))};
  const bool is_html = macro.text.n == 0;
  if (is_html) macro.text = hd_json_str(json, "body");
  hd_macro_add(page, &macro, is_html);
}

int intercom_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  const cJSON *macros = hd_json_in(json, "data"), *item;
  const cJSON *next = hd_json_in(hd_json_in(json, "pages"), "next");
  const size_t count = cJSON_IsArray(macros) ? (size_t)cJSON_GetArraySize(macros) : 0;
  int rc = hd_macros_begin(ret, count) ? 0 : intercom_malformed(err, "a page that is too large");
  if (json == NULL)
    rc = -1;
  else if (rc == 0 && !cJSON_IsArray(macros))
    rc = intercom_malformed(err, "no \"data\" in it");
  cJSON_ArrayForEach(item, macros) {
    if (rc == 0) macro_read(ret, item);
  }
  if (rc == 0 && cJSON_IsObject(next)) {
    const struct trg_str after = hd_json_str(next, "starting_after");
    ret->next = hd_keep(&ret->mem, after);
    if (after.n > AFTER_BYTES) rc = intercom_malformed(err, "a cursor that can not be kept");
  }
  if (rc == 0 && ret->mem.full) rc = intercom_malformed(err, "a page that is too large");
  cJSON_Delete(json);
  if (rc != 0) hd_macros_free(ret);
  return rc;
}

static void on_macros(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct hd_macros page;
  struct trg_err err;
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, NULL);
    return;
  }
  if (intercom_macros_read(&page, reply->body, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  if (page.next.n > 0 && hd_same(page.next, call->id)) {
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                 "the list of macros says there is more but its cursor does not move");
  } else {
    hd_macros_tell(call->self->host, call->op, &page);
    intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
  }
  hd_macros_free(&page);
}

void intercom_macros(void *ctx, trg_op op, struct trg_str cursor) {
  struct intercom *self = ctx;
  struct intercom_call *call = intercom_call_new(self, op);
  call->id = cursor;
  intercom_request(call, "GET", on_macros);
  call->version = MACROS_VERSION;
  hd_put_str(&call->url, self->base);
  hd_puts(&call->url, "/macros?per_page=100");
  if (cursor.n > 0) {
    hd_puts(&call->url, "&starting_after=");
    hd_put_url(&call->url, cursor);
  }
  intercom_send(call);
}
