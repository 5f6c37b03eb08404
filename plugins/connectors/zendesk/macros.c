/*
 * Saved replies: the shared macros that write a public comment. Private ones of agents, those that
 * write an internal note and those that only set fields are left out.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "zendesk.h"

/* A boolean of an action is true, "true" or "1". */
static bool value_is_false(const cJSON *value) {
  if (cJSON_IsString(value))
    return strcmp(value->valuestring, "false") == 0 || strcmp(value->valuestring, "0") == 0;
  return cJSON_IsFalse(value);
}

/* The text of a comment action: "..." or ["channel:all", "..."]. */
static struct trg_str comment_of(const cJSON *value) {
  if (cJSON_IsArray(value)) value = cJSON_GetArrayItem(value, cJSON_GetArraySize(value) - 1);
  return cJSON_IsString(value) ? hd_str(value->valuestring) : (struct trg_str){NULL, 0};
}

static void macro_read(struct hd_macros *page, const cJSON *json, struct trg_str id) {
  const cJSON *action, *active = hd_json_in(json, "active");
  struct trg_macro macro = {.id = id, .title = hd_json_str(json, "title")};
  bool is_public = !cJSON_IsFalse(active), is_html = false;
  const cJSON *restriction = hd_json_in(json, "restriction");
  if (hd_is(hd_json_str(restriction, "type"), "User")) is_public = false;
  cJSON_ArrayForEach(action, hd_json_in(json, "actions")) {
    const struct trg_str field = hd_json_str(action, "field");
    const cJSON *value = hd_json_in(action, "value");
    if (hd_is(field, "comment_mode_is_public") && value_is_false(value)) is_public = false;
    if (hd_is(field, "comment_value_html") || (hd_is(field, "comment_value") && !is_html)) {
      macro.text = comment_of(value);
      is_html = hd_is(field, "comment_value_html");
    }
  }
  macro.updated_ms = hd_time_ms(hd_json_str(json, "updated_at"));
  if (is_public) hd_macro_add(page, &macro, is_html);
}

int zd_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  const cJSON *macros = hd_json_in(json, "macros"), *item, *meta = hd_json_in(json, "meta");
  const size_t count = cJSON_IsArray(macros) ? (size_t)cJSON_GetArraySize(macros) : 0;
  int rc = hd_macros_begin(ret, count) ? 0 : zd_malformed(err, "the page is too large");
  if (json == NULL)
    rc = -1;
  else if (rc == 0 && !cJSON_IsArray(macros))
    rc = zd_malformed(err, "no \"macros\" in it");
  cJSON_ArrayForEach(item, macros) {
    struct trg_str id = {NULL, 0};
    if (rc == 0) rc = zd_json_id(&ret->mem, item, "id", &id, err);
    if (rc == 0) macro_read(ret, item, id);
  }
  if (rc == 0 && hd_json_true(meta, "has_more"))
    ret->next = hd_keep(&ret->mem, hd_json_str(meta, "after_cursor"));
  if (rc == 0 && ret->mem.full) rc = zd_malformed(err, "the page is too large");
  cJSON_Delete(json);
  if (rc != 0) hd_macros_free(ret);
  return rc;
}

static void on_macros(struct zd_call *call, const struct trg_http_reply *reply) {
  struct hd_macros page;
  struct trg_err err;
  if (!hd_ok(reply)) {
    zd_fail(call, reply, NULL);
    return;
  }
  if (zd_macros_read(&page, reply->body, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  if (page.next.n > 0 && hd_same(page.next, call->cursor)) {
    zd_end(call, TRG_RETRY, TRG_CODE_TRANSIENT,
           "the list of macros says there is more but its cursor does not move");
  } else {
    hd_macros_tell(call->self->host, call->op, &page);
    zd_end(call, TRG_DONE, TRG_CODE_OK, "");
  }
  hd_macros_free(&page);
}

void zd_macros(void *ctx, trg_op op, struct trg_str cursor) {
  struct zd *self = ctx;
  struct zd_call *call = zd_call_new(self, op);
  call->cursor = cursor;
  zd_request(call, "GET", NULL, on_macros);
  hd_put_str(&call->url, self->base);
  hd_puts(&call->url, "/api/v2/macros.json?active=true&access=shared&page[size]=100");
  if (cursor.n > 0) {
    hd_puts(&call->url, "&page[after]=");
    hd_put_url(&call->url, cursor);
  }
  zd_send(call);
}
