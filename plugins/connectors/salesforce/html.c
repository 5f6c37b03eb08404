/*
 * HTML in both directions. Into Salesforce, three of its habits need care:
 *  - Merge fields ({!Case.Subject}, {{{Recipient.Name}}}) are expanded in mails in some set-ups. A
 *    model's text must never make the helpdesk print a field into a public reply. It is not
 *    documented whether entities are decoded before that, so an entity in place of a brace could
 *    come back as one; a zero-width space between the two characters is safe in either order, and
 *    a reader does not see it.
 *  - What is too long is refused whole (a comment takes 4000 bytes, a feed item 10,000 characters).
 *    We cut first, between characters and outside tags and entities, close what is open, and say
 *    so in the text.
 *  - A rich feed item takes few elements and refuses the others.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ZERO_WIDTH_SPACE "\xE2\x80\x8B"
#define CUT_MARK         "<p>[cut here: the text was longer than Salesforce takes]</p>"

/* The elements that are open while HTML is written, so that a cut can close them. */
#define OPEN_MAX 32
struct writer {
  struct hd_buf *buf;
  size_t limit, used; /* bytes, or characters */
  char open[OPEN_MAX][16];
  size_t open_count, closing_bytes;
  bool by_chars, feed, after_brace, cut;
};

static void emit(struct writer *w, const char *p, size_t n) {
  hd_put(w->buf, p, n);
  for (size_t i = 0; i < n; i++) w->used += !w->by_chars || ((unsigned char)p[i] & 0xC0) != 0x80;
}

static void emits(struct writer *w, const char *text) {
  emit(w, text, strlen(text));
}

static void emit_char(struct writer *w, uint32_t code) {
  const size_t from = w->buf->n;
  hd_put_char(w->buf, code);
  w->used += w->by_chars ? 1 : w->buf->n - from;
}

static void emit_close(struct writer *w, const char *name) {
  emits(w, "</");
  emits(w, name);
  emits(w, ">");
}

static bool room_for(struct writer *w, size_t n) {
  if (w->used + n + w->closing_bytes <= w->limit) return true;
  w->cut = true;
  return false;
}

/* Keeps the list of what is open in step with a tag that was written. */
static void open_count(struct writer *w, const char name[16], bool opens) {
  const size_t bytes = strlen(name) + 3;
  if (!opens) {
    if (w->open_count > 0 && strcmp(w->open[w->open_count - 1], name) == 0) {
      w->open_count--;
      w->closing_bytes -= bytes;
    }
  } else if (!hd_word_in(name, "br hr img") && w->open_count < OPEN_MAX) {
    memcpy(w->open[w->open_count++], name, 16);
    w->closing_bytes += bytes;
  }
}

/* A tag is copied with its braces as %7B: they can only stand in an address there. */
static void tag_copy(struct writer *w, const struct hd_token *tag) {
  for (size_t i = 0; i < tag->n;) {
    struct hd_token part = {.kind = HD_TEXT, .n = 1, .code = (unsigned char)tag->p[i]};
    if (tag->p[i] != '<') part = hd_token_next(tag->p + i, tag->n - i);
    if (part.code == '{')
      emits(w, "%7B");
    else if (part.kind == HD_TEXT && part.code >= 0x20)
      emit_char(w, part.code);
    else if (part.kind == HD_ENTITY)
      emit(w, tag->p + i, part.n);
    i += part.n;
  }
}

/* A feed item takes no line break: inside a paragraph it ends it and begins another. */
static void feed_break(struct writer *w) {
  const bool in_p = w->open_count > 0 && strcmp(w->open[w->open_count - 1], "p") == 0;
  if (room_for(w, 8)) emits(w, in_p ? "</p><p>" : " ");
}

static void feed_tag(struct writer *w, const struct hd_token *tag, char name[16], bool opens) {
  static const char *const same[][2] = {{"strong", "b"}, {"em", "i"}, {"pre", "p"}, {"div", "p"}};
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
    if (strcmp(name, same[i][0]) == 0) memcpy(name, same[i][1], strlen(same[i][1]) + 1);
  if (strcmp(name, "br") == 0) feed_break(w);
  if (!hd_word_in(name, "p b i u s ul ol li code a") || !room_for(w, tag->n * 3 + 8)) return;
  if (opens && strcmp(name, "a") == 0) {
    tag_copy(w, tag);
  } else {
    emits(w, opens ? "<" : "</");
    emits(w, name);
    emits(w, ">");
  }
  open_count(w, name, opens);
}

static void tag_put(struct writer *w, const struct hd_token *tag) {
  char name[16];
  hd_tag_name(tag, name);
  if (name[0] == '\0') return;
  const bool opens = tag->p[1] != '/';
  if (w->feed) {
    feed_tag(w, tag, name, opens);
    return;
  }
  if (!room_for(w, tag->n * 3 + strlen(name) + 3)) return;
  tag_copy(w, tag);
  open_count(w, name, opens);
}

static bool merges(uint32_t code) {
  return code == '{' || code == '!' || code == '%' || code == '#';
}

static void text_put(struct writer *w, const struct hd_token *token) {
  if (token->code < 0x20 && token->kind == HD_TEXT && token->code != '\n' && token->code != '\t')
    return;
  if (!room_for(w, token->n + sizeof ZERO_WIDTH_SPACE + 4)) return;
  if (w->after_brace && merges(token->code)) emits(w, ZERO_WIDTH_SPACE);
  w->after_brace = token->code == '{';
  if (token->kind == HD_ENTITY)
    emit(w, token->p, token->n);
  else if (token->code == '<')
    emits(w, "&lt;");
  else
    emit_char(w, token->code);
}

static bool html_write(struct writer *w, struct trg_str html) {
  for (size_t i = 0; i < html.n && !w->cut;) {
    struct hd_token token = hd_token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == HD_TAG)
      tag_put(w, &token); /* does not end after_brace: tags may be dropped before a merge */
    else
      text_put(w, &token);
  }
  while (w->cut && w->open_count > 0) emit_close(w, w->open[--w->open_count]);
  return w->cut;
}

static void html_put(struct hd_buf *buf, struct trg_str html, size_t limit, bool feed) {
  struct hd_buf out = hd_buf_new(limit * 4);
  struct writer w = {.buf = &out, .limit = limit, .by_chars = feed, .feed = feed};
  if (html_write(&w, html)) {
    hd_buf_free(&out);
    w = (struct writer){.buf = &out, .limit = limit, .by_chars = feed, .feed = feed};
    w.limit = limit > sizeof CUT_MARK ? limit - sizeof CUT_MARK : 0;
    html_write(&w, html);
    hd_puts(&out, CUT_MARK);
  }
  hd_put(buf, out.p, out.n);
  hd_buf_free(&out);
}

void salesforce_put_mail_html(struct hd_buf *buf, struct trg_str html, size_t limit_bytes) {
  html_put(buf, html, limit_bytes, false);
}

void salesforce_put_feed_html(struct hd_buf *buf, struct trg_str html, size_t limit_chars) {
  html_put(buf, html, limit_chars, true);
}

void salesforce_put_comment_text(struct hd_buf *buf, struct trg_str html, size_t limit_bytes) {
  static const char mark[] = "\n[cut here: the text was longer than Salesforce takes]";
  struct hd_buf text = hd_buf_new(html.n * 4 + 64);
  hd_put_html_text(&text, html);
  if (text.n > limit_bytes) {
    size_t n = limit_bytes - (sizeof mark - 1);
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80) n--;
    hd_put(buf, text.p, n);
    hd_puts(buf, mark);
  } else {
    hd_put_str(buf, hd_slice(&text));
  }
  hd_buf_free(&text);
}
