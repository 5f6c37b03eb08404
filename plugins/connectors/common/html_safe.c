/*
 * HTML that is sent, for helpdesks that take it as it is. Two habits of theirs need care:
 *  - Placeholders such as {{ticket.requester.email}} (and Liquid's {% %}) are expanded in bodies. A
 *    model's text must never make the helpdesk print a field into a public reply. It is not
 *    documented whether entities are decoded before the expansion, so an entity in place of a
 *    brace could come back as one; a zero-width space between the two characters is safe in either
 *    order, and a reader does not see it.
 *  - Long bodies are cut silently, wherever that falls. We cut first, between characters and
 * outside tags and entities, close what is open, and say so in the text.
 */
#include "html.h"

#include <string.h>

#define ZERO_WIDTH_SPACE "\xE2\x80\x8B"
#define CUT_MARK         "<p><em>[cut here: the text was longer than the helpdesk takes]</em></p>"

/* The elements that are open while HTML is written, so that a cut can close them. */
#define OPEN_MAX 32
struct writer {
  struct hd_buf *buf;
  size_t limit, reserve;
  char open[OPEN_MAX][16];
  size_t open_count, closing_bytes;
  bool after_brace, cut;
};

static void put_closing(struct writer *w) {
  while (w->open_count > 0) {
    hd_puts(w->buf, "</");
    hd_puts(w->buf, w->open[--w->open_count]);
    hd_puts(w->buf, ">");
  }
}

static bool room_for(struct writer *w, size_t n) {
  if (w->buf->n + n + w->closing_bytes + w->reserve <= w->limit) return true;
  w->cut = true;
  return false;
}

/* A tag is copied with its braces as %7B: they can only stand in an address there. */
static void tag_put(struct writer *w, const struct hd_token *tag) {
  char name[16];
  hd_tag_name(tag, name);
  if (name[0] == '\0') return;
  size_t name_bytes = strlen(name) + 3;
  if (!room_for(w, tag->n * 3 + name_bytes)) return;
  for (size_t i = 0; i < tag->n;) {
    struct hd_token part = {.kind = HD_TEXT, .n = 1, .code = (unsigned char)tag->p[i]};
    if (tag->p[i] != '<') part = hd_token_next(tag->p + i, tag->n - i);
    if (part.code == '{')
      hd_puts(w->buf, "%7B");
    else if (part.kind == HD_TEXT && part.code >= 0x20)
      hd_put_char(w->buf, part.code);
    else if (part.kind == HD_ENTITY)
      hd_put(w->buf, tag->p + i, part.n);
    i += part.n;
  }
  if (tag->p[1] == '/') {
    if (w->open_count > 0 && strcmp(w->open[w->open_count - 1], name) == 0) {
      w->open_count--;
      w->closing_bytes -= name_bytes;
    }
  } else if (!hd_word_in(name, "br hr img") && w->open_count < OPEN_MAX) {
    memcpy(w->open[w->open_count++], name, sizeof name);
    w->closing_bytes += name_bytes;
  }
}

static void text_put(struct writer *w, const struct hd_token *token) {
  if (token->code < 0x20 && token->kind == HD_TEXT && token->code != '\n' && token->code != '\t')
    return;
  if (!room_for(w, token->n + sizeof ZERO_WIDTH_SPACE + 4)) return;
  if (w->after_brace && (token->code == '{' || token->code == '%'))
    hd_puts(w->buf, ZERO_WIDTH_SPACE);
  w->after_brace = token->code == '{';
  if (token->kind == HD_ENTITY)
    hd_put(w->buf, token->p, token->n);
  else if (token->code == '<')
    hd_puts(w->buf, "&lt;");
  else
    hd_put_char(w->buf, token->code);
}

static bool html_write(struct hd_buf *buf, struct trg_str html, size_t limit, size_t reserve) {
  struct writer w = {.buf = buf, .limit = limit, .reserve = reserve};
  for (size_t i = 0; i < html.n && !w.cut;) {
    struct hd_token token = hd_token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == HD_TAG)
      tag_put(&w, &token); /* does not end after_brace: tags may be dropped before expansion */
    else
      text_put(&w, &token);
  }
  if (w.cut) put_closing(&w);
  return w.cut;
}

void hd_put_html_safe(struct hd_buf *buf, struct trg_str html, size_t limit_bytes) {
  struct hd_buf out = hd_buf_new(limit_bytes);
  if (html_write(&out, html, limit_bytes, 0)) {
    hd_buf_free(&out);
    html_write(&out, html, limit_bytes, sizeof CUT_MARK - 1);
    hd_puts(&out, CUT_MARK);
  }
  hd_put(buf, out.p, out.n);
  hd_buf_free(&out);
}
