#include "http.h"

#include "html.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_MAX_MS 3600000

bool hd_ok(const struct trg_http_reply *reply) {
  return reply->status >= 200 && reply->status < 300;
}

struct trg_str hd_header(const struct trg_header *headers, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (headers[i].name.n == strlen(name) && hd_seek(headers[i].name, name) == 0)
      return headers[i].value;
  return (struct trg_str){NULL, 0};
}

int64_t hd_http_date_ms(struct trg_str text) {
  char copy[40];
  struct tm tm = {0};
  hd_copy(copy, sizeof copy, text);
  if (text.n == 0 || strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL) return 0;
  const int64_t at_s = (int64_t)timegm(&tm);
  return at_s > 0 ? at_s * 1000 : 0;
}

int64_t hd_number(struct trg_str text, size_t *ret_n) {
  int64_t value = 0;
  size_t i = 0;
  while (i < text.n && text.p[i] == ' ') i++;
  const size_t from = i;
  for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && value < 1000000000000; i++)
    value = value * 10 + (text.p[i] - '0');
  if (ret_n != NULL) *ret_n = i;
  return i == from ? -1 : value;
}

int64_t hd_retry_after_ms(const struct trg_header *headers, size_t count, int64_t now_ms) {
  const struct trg_str after = hd_header(headers, count, "retry-after");
  const int64_t seconds = hd_number(after, NULL), at_ms = hd_http_date_ms(after);
  if (seconds < 0 && at_ms == 0) return 0;
  const int64_t wait_ms = seconds >= 0 ? seconds * 1000 : at_ms - now_ms;
  return wait_ms < 1000 ? 1000 : wait_ms > RETRY_MAX_MS ? RETRY_MAX_MS : wait_ms;
}

static bool holds(const struct hd_buf *buf, struct trg_str part) {
  for (size_t i = 0; i + part.n <= buf->n; i++)
    if (strncasecmp(buf->p + i, part.p, part.n) == 0) return true;
  return false;
}

void hd_said_add(struct hd_buf *buf, const char *before, struct trg_str part) {
  if (part.n == 0 || holds(buf, part)) return;
  if (buf->n > 0) hd_puts(buf, before);
  for (size_t i = 0; i < part.n;) {
    size_t step = 1;
    const uint32_t code = hd_utf8_next(part.p + i, part.n - i, &step);
    i += step;
    hd_put_char(buf, code < 0x20 || code == 0x7F ? ' ' : code);
  }
}

/* Of a page of the CDN, of maintenance or of a proxy the title is all that helps. */
void hd_said_page(struct hd_buf *buf, struct trg_str body) {
  if (body.n == 0) return;
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
  hd_said_add(buf, "", html ? TRG_STR("an HTML page") : TRG_STR("text"));
  hd_said_add(buf, ": ", hd_slice(&text));
  hd_buf_free(&text);
}

void hd_said_end(struct hd_buf *buf, char *out, size_t room) {
  size_t n = buf->n < room - 1 ? buf->n : room - 1;
  while (n > 0 && n < buf->n && ((unsigned char)buf->p[n] & 0xC0) == 0x80) n--;
  hd_copy(out, room, n > 0 ? (struct trg_str){buf->p, n} : TRG_STR("no explanation in the answer"));
  hd_buf_free(buf);
}

void hd_failure(char *out, size_t room, const struct trg_http_reply *reply, const char *text) {
  if (reply->status != 0)
    snprintf(out, room, "HTTP %d: %.300s", (int)reply->status, text);
  else if (reply->why.n > 0)
    snprintf(out, room, "%.*s", (int)(reply->why.n < 300 ? reply->why.n : 300), reply->why.p);
  else
    snprintf(out, room, "no answer came, and it is not known why: is the address right?");
}

int64_t hd_again_ms(int tries) {
  static const int64_t waits_ms[] = {300, 1000, 3000};
  const int count = (int)(sizeof waits_ms / sizeof waits_ms[0]);
  return tries >= 1 && tries <= count ? waits_ms[tries - 1] : 0;
}
