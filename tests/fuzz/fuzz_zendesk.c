/* Feeds any bytes to what the Zendesk connector reads from the network, and to its texts. */
#include "../../plugins/connectors/zendesk/zendesk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_be_utf8(struct trg_str text) {
  for (size_t i = 0, step = 1; i < text.n; i += step)
    if (hd_utf8_next(text.p + i, text.n - i, &step) == 0xFFFD && step == 1) abort();
}

/* The same bytes as each document of a fetch, one after the other. */
static void as_thread(struct trg_str body) {
  struct zd_thread thread;
  struct zd_page page;
  struct zd_statuses statuses = {.count = 0};
  struct trg_ticket ticket;
  struct trg_err err;
  zd_thread_init(&thread);
  (void)zd_ticket_read(&thread, body, &err);
  (void)zd_comments_read(&thread, body, &page, &err);
  (void)zd_audits_read(&thread, body, &page, &err);
  (void)zd_statuses_read(&statuses, body, &err);
  (void)zd_needs_audits(&thread, TRG_STR("500"));
  (void)zd_needs_statuses(&thread);
  zd_thread_tell(&thread, TRG_STR("https://a.zendesk.com"), TRG_STR("500"), &statuses, &ticket);
  must_be_utf8(ticket.subject);
  for (size_t i = 0; i < ticket.message_count; i++) must_be_utf8(ticket.messages[i].text);
  const struct trg_action action = {.size = sizeof action,
                                    .version = ticket.version,
                                    .last_message_id = TRG_STR("5001"),
                                    .idem_key = TRG_STR("k"),
                                    .note = body,
                                    .add_tags = ticket.tags,
                                    .add_tag_count = ticket.tag_count,
                                    .team = ticket.subject,
                                    .category = ticket.subject};
  const struct zd_map map = {TRG_STR("1"), "{\"billing\":\"44\"}", true, true};
  const struct zd_update update = {&thread.ticket, &action, &map, body, false, true};
  struct hd_buf put = hd_buf_new((size_t)4 << 20);
  (void)zd_news_since(&thread, &action, TRG_STR("500"), true);
  (void)zd_body_update(&put, &update);
  must_be_utf8(hd_slice(&put));
  hd_buf_free(&put);
  zd_thread_free(&thread);
}

static void as_small_documents(struct trg_str body) {
  struct zd_export page;
  struct zd_me me;
  struct zd_token token;
  struct zd_error error;
  struct trg_err err;
  if (zd_export_read(&page, body, &err) == 0) zd_export_free(&page);
  (void)zd_me_read(&me, body, &err);
  if (zd_token_read(&token, body, &err) == 0) free(token.text);
  zd_error_read(&error, body);
  if (error.text[0] == '\0') abort();
  must_be_utf8((struct trg_str){error.text, strlen(error.text)});
}

static void on_notice(void *arg, const struct trg_notice *notice) {
  (void)arg;
  if (!hd_digits(notice->id) && !hd_is(notice->id, "-1")) abort();
}

static void as_delivery(struct trg_str body) {
  const struct trg_header header = {TRG_STR("x-zendesk-webhook-invocation-id"), body};
  const struct trg_delivery delivery = {
      .size = sizeof delivery, .headers = &header, .header_count = 1, .body = body, .now_ms = 1};
  struct trg_err err;
  (void)zd_webhook_read(&delivery, on_notice, NULL, &err);
}

static void as_headers(struct trg_str value) {
  const struct trg_header headers[] = {{TRG_STR("retry-after"), value},
                                       {TRG_STR("ratelimit-remaining"), value},
                                       {TRG_STR("zendesk-ratelimit-x"), value},
                                       {value, value}};
  struct zd_rate rates[ZD_RATE_MAX];
  (void)zd_rates_read(headers, 4, rates);
  if (hd_retry_after_ms(headers, 4, 0) < 0) abort();
  (void)hd_time_ms(value);
}

/* Neither a placeholder nor a byte too many may come through. */
static void as_html(struct trg_str html) {
  struct hd_buf safe = hd_buf_new(512), text = hd_buf_new(4096);
  hd_put_html_safe(&safe, html, 512);
  if (safe.full || hd_seek(hd_slice(&safe), "{{") != SIZE_MAX ||
      hd_seek(hd_slice(&safe), "{%") != SIZE_MAX)
    abort();
  must_be_utf8(hd_slice(&safe));
  hd_put_html_text(&text, html);
  (void)zd_unquoted(hd_slice(&text));
  (void)zd_unquoted(html);
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
  if (zd_macros_read(&page, body, &err) != 0) return;
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
  as_html(input);
  return 0;
}
