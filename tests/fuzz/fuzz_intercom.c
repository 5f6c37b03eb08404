/* Feeds any bytes to what the Intercom connector reads from the network, and to its texts. */
#include "../../plugins/connectors/intercom/intercom.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_be_utf8(struct trg_str text) {
  for (size_t i = 0, step = 1; i < text.n; i += step)
    if (hd_utf8_next(text.p + i, text.n - i, &step) == 0xFFFD && step == 1) abort();
}

static void as_writes(const struct intercom_thread *thread, const struct trg_action *action) {
  const struct intercom_map map = {TRG_STR("a"), TRG_STR("b"), "{\"billing\":\"44\"}", true};
  const struct intercom_pair pairs[] = {intercom_category_of(&map, action),
                                        intercom_priority_of(&map, action)};
  struct hd_buf put = hd_buf_new((size_t)4 << 20);
  struct hd_mem mem = {.limit_bytes = 65536};
  const struct intercom_pair to = intercom_assignee_of(&map, action->team, &mem);
  (void)intercom_news(thread, action, TRG_STR("991"));
  (void)intercom_own_part(thread, TRG_STR("991"), true, action->note, action->idem_key, 0);
  (void)intercom_own_part(thread, TRG_STR("991"), false, action->note, action->idem_key, 0);
  (void)intercom_has_attribute(&thread->item, &pairs[0]);
  (void)intercom_has_tag(&thread->item, action->category);
  (void)intercom_is_assigned(&thread->item, &to);
  intercom_body_attributes(&put, false, TRG_STR("991"), pairs, 2);
  intercom_body_reply(&put, TRG_STR("991"), true, action->note, action->idem_key);
  must_be_utf8(hd_slice(&put));
  hd_buf_free(&put);
  hd_mem_free(&mem);
}

static void as_thread(struct trg_str body, bool is_ticket, bool plain) {
  const struct intercom_me me = {.id = "991", .app_id = "app", .region = "EU"};
  struct intercom_thread thread;
  struct trg_ticket ticket;
  struct trg_err err;
  intercom_thread_init(&thread);
  (void)intercom_contact_read(&thread, body, &err);
  if (intercom_thread_read(&thread, body, is_ticket, plain, &err) == 0) {
    (void)intercom_needs_contact(&thread);
    intercom_thread_tell(&thread, &me, &ticket);
    must_be_utf8(ticket.subject);
    for (size_t i = 0; i < ticket.message_count; i++) must_be_utf8(ticket.messages[i].text);
    const struct trg_action action = {
        .size = sizeof action,
        .version = ticket.version,
        .last_message_id = ticket.message_count > 0 ? ticket.messages[0].id : body,
        .idem_key = TRG_STR("k"),
        .note = ticket.message_count > 0 ? ticket.messages[0].text : body,
        .team = ticket.subject,
        .category = ticket.subject,
        .priority = TRG_STR("P1")};
    as_writes(&thread, &action);
  }
  intercom_thread_free(&thread);
  intercom_thread_init(&thread);
  (void)intercom_part_read(&thread, body, &err);
  intercom_thread_free(&thread);
}

static void on_tag(void *arg, struct trg_str id, struct trg_str name) {
  (void)arg;
  (void)name;
  if (id.n == 0) abort();
}

static void as_small_documents(struct trg_str body) {
  struct intercom_page page;
  struct intercom_me me;
  struct intercom_error error;
  struct hd_mem mem = {.limit_bytes = 65536};
  struct trg_str state_id;
  struct trg_err err;
  for (int ticket = 0; ticket < 2; ticket++)
    if (intercom_page_read(&page, body, ticket == 1, &err) == 0) intercom_page_free(&page);
  (void)intercom_me_read(&me, body, &err);
  (void)intercom_tags_read(body, on_tag, NULL, &err);
  (void)intercom_ticket_types_read(body, TRG_STR("95"), &mem, &state_id, &err);
  intercom_error_read(&error, body);
  if (error.text[0] == '\0') abort();
  must_be_utf8(hd_str(error.text));
  hd_mem_free(&mem);
}

/* What reads as a cursor must read the same when it is written again, and windows must end. */
static void as_cursor(struct trg_str text) {
  struct intercom_cursor cursor, again;
  struct hd_buf out = hd_buf_new(65536);
  if (intercom_cursor_read(text, 5, &cursor) == 0) {
    intercom_cursor_put(&out, &cursor);
    if (!out.full &&
        (intercom_cursor_read(hd_slice(&out), 5, &again) != 0 || again.mark_s != cursor.mark_s ||
         again.to_s != cursor.to_s || !hd_same(again.after, cursor.after)))
      abort();
    for (int i = 0; intercom_window_open(&cursor, 2000000000, 5, 300) && i < 64; i++) {
      bool end = false;
      if (!intercom_window_split(&cursor, true, &end) && end) break;
      if (cursor.open && cursor.from_s > cursor.to_s) abort();
    }
  }
  hd_buf_free(&out);
}

static void on_notice(void *arg, const struct trg_notice *notice) {
  struct intercom_key key;
  (void)arg;
  if (!intercom_key_read(notice->id, &key)) abort();
  must_be_utf8(notice->version);
}

static void as_delivery(struct trg_str body) {
  const struct trg_delivery delivery = {.size = sizeof delivery, .body = body, .now_ms = 1};
  struct trg_err err;
  struct trg_str id;
  int64_t created_s;
  (void)intercom_hook_read(&delivery, on_notice, NULL, &err);
  if (intercom_hook_head(body, &id, &created_s, &err) == 0 && id.n > 0 &&
      (id.p < body.p || id.p + id.n > body.p + body.n))
    abort();
}

static void as_headers(struct trg_str value) {
  const struct trg_header headers[] = {{TRG_STR("retry-after"), value},
                                       {TRG_STR("x-ratelimit-remaining"), value},
                                       {TRG_STR("x-ratelimit-reset"), value},
                                       {value, value}};
  int64_t remaining, reset_ms;
  if (intercom_rate_read(headers, 4, 0, &remaining, &reset_ms) && (remaining < 0 || reset_ms < 0))
    abort();
  if (intercom_wait_ms(headers, 4, 0) < 1000) abort();
  if (hd_http_date_ms(value) < 0) abort();
}

/* Neither a placeholder nor a byte too many may come through. */
static void as_html(struct trg_str html) {
  struct hd_buf safe = hd_buf_new(512), text = hd_buf_new(4096);
  hd_put_html_safe(&safe, html, 512);
  if (safe.full || hd_seek(hd_slice(&safe), "{{") != SIZE_MAX) abort();
  must_be_utf8(hd_slice(&safe));
  hd_put_html_text(&text, html);
  intercom_put_essence(&text, html);
  hd_buf_free(&safe);
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
  if (intercom_macros_read(&page, body, &err) != 0) return;
  for (size_t i = 0; i < page.count; i++) {
    must_be_utf8(page.list[i].title);
    must_be_utf8(page.list[i].text);
  }
  hd_macros_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str input = {(const char *)bytes, size};
  if (size == 0) return 0;
  as_thread(input, false, true);
  as_thread(input, false, false);
  as_thread(input, true, false);
  as_small_documents(input);
  as_macros(input);
  as_cursor(input);
  as_delivery(input);
  as_headers(input);
  as_html(input);
  return 0;
}
