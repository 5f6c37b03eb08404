/* Feeds any bytes to what the Salesforce connector reads from the network, and to its texts. */
#include "../../plugins/connectors/salesforce/salesforce.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_be_utf8(struct trg_str text) {
  for (size_t i = 0, step = 1; i < text.n; i += step)
    if (hd_utf8_next(text.p + i, text.n - i, &step) == 0xFFFD && step == 1) abort();
}

static void as_write(struct sf_thread *thread, const struct trg_ticket *ticket,
                     struct trg_str body) {
  const struct trg_str own_id = TRG_STR("005A0000001SelfIAC");
  const struct trg_action action = {.size = sizeof action,
                                    .ticket_id = TRG_STR("500A0000006Vm9uIAC"),
                                    .version = ticket->version,
                                    .last_message_id = TRG_STR("02sA0000001Mai1IAC"),
                                    .idem_key = TRG_STR("k"),
                                    .note = body,
                                    .add_tags = ticket->tags,
                                    .add_tag_count = ticket->tag_count,
                                    .priority = ticket->priority,
                                    .team = ticket->subject,
                                    .category = ticket->subject};
  const struct sf_map map = {.columns = {.category = "C__c", .tags = "T__c", .marker = "M__c"},
                             .groups = "{\"billing\":\"00GA0000001BillMAC\"}",
                             .tags = true,
                             .priority = true};
  struct hd_buf fields = hd_buf_new((size_t)4 << 20), all = fields;
  if (salesforce_has_news(thread, &action, own_id)) abort(); /* it was read this moment */
  (void)salesforce_put_fields(&fields, &thread->kase, &action, &map, "Closed");
  must_be_utf8(hd_slice(&fields));
  salesforce_put_comment(&all, action.ticket_id, body, true);
  salesforce_put_post(&all, action.ticket_id, body);
  salesforce_put_mail(&all, &thread->kase, body, NULL);
  must_be_utf8(hd_slice(&all));
  for (int list = SF_MAILS; list <= SF_FEED; list++)
    (void)salesforce_line_find(thread, list, true, own_id, body, 0);
  hd_buf_free(&fields);
  hd_buf_free(&all);
}

/* The same bytes as each document of a fetch, one after the other. */
static void as_thread(struct trg_str body) {
  const struct sf_columns columns = {.category = "C__c", .tags = "T__c", .marker = "M__c"};
  struct sf_statuses statuses = {.count = 0};
  struct sf_thread thread;
  struct sf_page page;
  struct trg_ticket ticket;
  struct trg_err err;
  salesforce_thread_init(&thread);
  (void)salesforce_case_read(&thread, &columns, body, &err);
  for (int list = SF_MAILS; list <= SF_HISTORY; list++)
    (void)salesforce_list_read(&thread, list, body, &page, &err);
  (void)salesforce_statuses_read(&statuses, body, &err);
  (void)salesforce_needs_history(&thread);
  salesforce_thread_order(&thread);
  salesforce_thread_tell(&thread, TRG_STR("https://a.my.salesforce.com"),
                         TRG_STR("005A0000001SelfIAC"), &statuses, &ticket);
  must_be_utf8(ticket.subject);
  for (size_t i = 0; i < ticket.message_count; i++) must_be_utf8(ticket.messages[i].text);
  as_write(&thread, &ticket, body);
  salesforce_thread_free(&thread);
}

static void as_small_documents(struct trg_str body) {
  struct sf_changes page;
  struct sf_token token;
  struct sf_error error;
  struct sf_outcome outcome;
  struct trg_err err;
  for (int list = SF_CASES; list < SF_LISTS; list++)
    if (salesforce_changes_read(&page, list, body, &err) == 0) salesforce_changes_free(&page);
  if (salesforce_token_read(&token, body, &err) == 0) free(token.text);
  (void)salesforce_composite_read(&outcome, body, 2);
  (void)salesforce_created_read(&outcome, body);
  (void)salesforce_mailed_read(&outcome, body);
  salesforce_error_read(&error, body);
  if (error.text[0] == '\0') abort();
  must_be_utf8((struct trg_str){error.text, strlen(error.text)});
}

static void on_notice(void *arg, const struct trg_notice *notice) {
  (void)arg;
  if (!salesforce_is_id(notice->id, "500") || notice->id.n != 18) abort();
}

static void as_delivery(struct trg_str body) {
  const struct trg_header header = {TRG_STR("x-triage-timestamp"), body};
  const struct trg_delivery delivery = {
      .size = sizeof delivery, .headers = &header, .header_count = 1, .body = body, .now_ms = 1};
  struct trg_err err;
  (void)salesforce_hook_read(&delivery, on_notice, NULL, &err);
  (void)salesforce_soap_text(body, "OrganizationId");
  (void)salesforce_stamp_ms(body);
}

static void as_headers(struct trg_str value) {
  const struct trg_header headers[] = {{TRG_STR("retry-after"), value},
                                       {TRG_STR("sforce-limit-info"), value},
                                       {TRG_STR("date"), value},
                                       {value, value}};
  int64_t used, limit;
  (void)salesforce_usage_read(headers, 4, &used, &limit);
  if (hd_retry_after_ms(headers, 4, 0) < 0) abort();
  if (hd_http_date_ms(value) < 0) abort();
  (void)salesforce_same_origin(value, TRG_STR("https://a.my.salesforce.com"));
}

/* What is read from a cursor is written as something that is read to the same. */
static void as_cursor(struct trg_str text) {
  struct sf_cursor cursor, back;
  struct trg_err err;
  struct hd_buf buf = hd_buf_new(4096);
  if (salesforce_cursor_read(&cursor, text, &err) == 0) {
    salesforce_cursor_put(&buf, &cursor);
    if (salesforce_cursor_read(&back, hd_slice(&buf), &err) != 0) abort();
    if (strcmp(back.next, cursor.next) != 0 || back.at_ms != (back.on < 0 ? 0 : cursor.at_ms))
      if (cursor.on >= 0) abort();
  }
  hd_buf_free(&buf);
}

/* Neither a merge field nor a byte too many may come through. */
static void as_html(struct trg_str html) {
  struct hd_buf mail = hd_buf_new(4096), feed = hd_buf_new(4096),
                text = hd_buf_new((size_t)1 << 20);
  salesforce_put_mail_html(&mail, html, 512);
  salesforce_put_feed_html(&feed, html, 512);
  if (mail.n > 512 || feed.n > 2048) abort();
  if (hd_seek(hd_slice(&mail), "{!") != SIZE_MAX || hd_seek(hd_slice(&mail), "{{") != SIZE_MAX)
    abort();
  must_be_utf8(hd_slice(&mail));
  must_be_utf8(hd_slice(&feed));
  salesforce_put_comment_text(&text, html, 512);
  if (text.n > 512) abort();
  must_be_utf8(hd_slice(&text));
  (void)salesforce_unquoted(html);
  salesforce_put_untokened(&text, html);
  salesforce_put_soql(&text, html);
  hd_buf_free(&mail);
  hd_buf_free(&feed);
  hd_buf_free(&text);
}

/* Saved replies come as valid UTF-8 without a placeholder that is whole. */
static void as_macros(struct trg_str body) {
  struct hd_macros page;
  struct trg_err err = {{0}, {0}, 0};
  struct hd_buf open = hd_buf_new(1024);
  hd_put_unfilled(&open, body);
  must_be_utf8(hd_slice(&open));
  hd_buf_free(&open);
  if (salesforce_macros_read(&page, body, &err) != 0) return;
  for (size_t i = 0; i < page.count; i++) {
    must_be_utf8(page.list[i].title);
    must_be_utf8(page.list[i].text);
  }
  hd_macros_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str input = {(const char *)bytes, size};
  if (size == 0) return 0;
  as_thread(input);
  as_small_documents(input);
  as_macros(input);
  as_delivery(input);
  as_headers(input);
  as_cursor(input);
  as_html(input);
  return 0;
}
