/*
 * Saved replies: quick texts that are offered in their channels, page by page behind the last id.
 */
#include <cjson/cJSON.h>

#include "salesforce.h"

#define ROWS 200

int salesforce_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err) {
  bool done = true;
  cJSON *json = salesforce_json(body, err);
  const cJSON *rows = json != NULL ? salesforce_json_rows(json, &done, err) : NULL, *row;
  const size_t count = rows != NULL ? (size_t)cJSON_GetArraySize(rows) : 0;
  int rc = hd_macros_begin(ret, count) ? 0 : salesforce_malformed(err, "a page that is too large");
  struct trg_str last = {NULL, 0};
  if (rows == NULL) rc = -1;
  cJSON_ArrayForEach(row, rows) {
    last = salesforce_json_id(&ret->mem, row, "Id");
    if (rc == 0 && last.n == 0) rc = salesforce_malformed(err, "a row without a usable Id");
    if (rc != 0) continue;
    const struct trg_macro macro = {.id = last,
                                    .title = hd_json_str(row, "Name"),
                                    .text = hd_json_str(row, "Message"),
                                    .category = hd_json_str(row, "Category"),
                                    .updated_ms = hd_time_ms(hd_json_str(row, "SystemModstamp"))};
    hd_macro_add(ret, &macro, false);
  }
  if (rc == 0 && (!done || count >= ROWS)) ret->next = last;
  if (rc == 0 && ret->mem.full) rc = salesforce_malformed(err, "a page that is too large");
  cJSON_Delete(json);
  if (rc != 0) hd_macros_free(ret);
  return rc;
}

static void on_macros(struct sf_call *call, const struct trg_http_reply *reply) {
  struct hd_macros page;
  struct trg_err err = {{0}, {0}, 0};
  if (!hd_ok(reply)) {
    salesforce_fail(call, reply,
                    salesforce_error_is(reply, "INVALID_TYPE")
                        ? "quick text is not switched on, or this user may not read QuickText"
                        : "QuickText");
    return;
  }
  if (salesforce_macros_read(&page, reply->body, &err) != 0) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  if (page.next.n > 0 && hd_same(page.next, call->id)) {
    salesforce_end(call, TRG_RETRY, TRG_CODE_TRANSIENT,
                   "the list of quick texts says there is more but does not move");
  } else {
    hd_macros_tell(call->self->host, call->op, &page);
    salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
  }
  hd_macros_free(&page);
}

void salesforce_macros(void *ctx, trg_op op, struct trg_str cursor) {
  struct sf_call *call = salesforce_call_new(ctx, op);
  struct hd_buf soql = hd_buf_new(1024);
  call->id = cursor;
  hd_puts(&soql, "SELECT Id,Name,Message,Category,SystemModstamp FROM QuickText"
                 " WHERE IsInsertable=true");
  if (cursor.n > 0) {
    hd_puts(&soql, " AND Id>");
    salesforce_put_soql(&soql, cursor);
  }
  hd_puts(&soql, " ORDER BY Id LIMIT ");
  hd_put_int(&soql, ROWS);
  salesforce_send_query(call, "query", &soql, on_macros);
  hd_buf_free(&soql);
}
