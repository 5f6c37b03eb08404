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

enum token_kind { TOKEN_TEXT, TOKEN_ENTITY, TOKEN_TAG };
struct token {
  int kind;
  const char *p;
  size_t n;
  uint32_t code; /* of text and entities; 0: a name we do not know */
};

static bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static uint32_t digit_value(char c) {
  if (c >= '0' && c <= '9') return (uint32_t)(c - '0');
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : 99;
}

/* Of the digits behind "#"; 0: not a number. */
static uint32_t number_code(const char *p, size_t n) {
  const bool hex = n > 0 && (p[0] == 'x' || p[0] == 'X');
  const uint32_t base = hex ? 16 : 10;
  uint32_t code = 0;
  for (size_t i = hex ? 1 : 0; i < n; i++) {
    uint32_t digit = digit_value(p[i]);
    if (digit >= base || code > 0x10FFFF) return 0;
    code = code * base + digit;
  }
  return code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code;
}

static uint32_t entity_code(const char *p, size_t n) {
  static const struct {
    const char *name;
    uint32_t code;
  } names[] = {{"amp", '&'},      {"lt", '<'},        {"gt", '>'},       {"quot", '"'},
               {"apos", '\''},    {"nbsp", ' '},      {"lcub", '{'},     {"lbrace", '{'},
               {"percnt", '%'},   {"hellip", 0x2026}, {"ndash", 0x2013}, {"mdash", 0x2014},
               {"lsquo", 0x2018}, {"rsquo", 0x2019},  {"ldquo", 0x201C}, {"rdquo", 0x201D},
               {"euro", 0x20AC},  {"copy", 0xA9},     {"reg", 0xAE},     {"zwnj", 0x200C}};
  if (n > 1 && p[0] == '#') return number_code(p + 1, n - 1);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strlen(names[i].name) == n && memcmp(names[i].name, p, n) == 0) return names[i].code;
  return 0;
}

/* Length of the tag or comment at p; 0: there is none. */
static size_t tag_bytes(const char *p, size_t n) {
  if (p[0] != '<' || n < 2 || (!name_char(p[1]) && p[1] != '/' && p[1] != '!')) return 0;
  const bool comment = n > 3 && memcmp(p, "<!--", 4) == 0;
  const char *end = comment ? memmem(p + 4, n - 4, "-->", 3) : memchr(p, '>', n);
  return end == NULL ? 0 : (size_t)(end - p) + (comment ? 3 : 1);
}

/* The entity at p; n 0: there is none. */
static struct token entity_token(const char *p, size_t n) {
  struct token none = {TOKEN_ENTITY, p, 0, 0};
  size_t i = 1;
  /* Long enough for a brace behind many leading zeros. */
  while (i < n && i < 40 && (name_char(p[i]) || p[i] == '#')) i++;
  if (p[0] != '&' || i == 1) return none;
  if (i < n && p[i] == ';')
    return (struct token){TOKEN_ENTITY, p, i + 1, entity_code(p + 1, i - 1)};
  if (p[1] != '#') return none;
  /* Browsers also take a numeric entity without its semicolon. */
  size_t digits = 2;
  while (digits < i && p[digits] >= '0' && p[digits] <= '9') digits++;
  if (digits == 2) return none;
  return (struct token){TOKEN_ENTITY, p, digits, entity_code(p + 1, digits - 1)};
}

static struct token token_next(const char *p, size_t n) {
  size_t tag = tag_bytes(p, n);
  if (tag > 0) return (struct token){TOKEN_TAG, p, tag, 0};
  struct token token = entity_token(p, n);
  if (token.n > 0) return token;
  token.kind = TOKEN_TEXT;
  token.code = salesforce_utf8_next(p, n, &token.n);
  return token;
}

/* Lower-case name of a tag without its slash, at most 15 characters. */
static void tag_name(const struct token *tag, char ret_name[16]) {
  size_t i = tag->n > 1 && tag->p[1] == '/' ? 2 : 1, k = 0;
  for (; i < tag->n && k < 15 && name_char(tag->p[i]); i++)
    ret_name[k++] = (char)(tag->p[i] >= 'A' && tag->p[i] <= 'Z' ? tag->p[i] | 32 : tag->p[i]);
  ret_name[k] = '\0';
}

static bool word_in(const char *word, const char *words) {
  size_t n = strlen(word);
  for (const char *p = strstr(words, word); n > 0 && p != NULL; p = strstr(p + 1, word))
    if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) return true;
  return false;
}

static void line_end(struct sf_buf *buf, size_t from, int wanted) {
  int have = 0;
  while (have < 2 && buf->n > from + (size_t)have && buf->p[buf->n - 1 - (size_t)have] == '\n')
    have++;
  if (buf->n == from) return;
  for (; have < wanted; have++) salesforce_put(buf, "\n", 1);
}

static size_t element_end(struct trg_str html, size_t at, const char *name) {
  char closing[20];
  snprintf(closing, sizeof closing, "</%s", name);
  size_t found = salesforce_seek((struct trg_str){html.p + at, html.n - at}, closing);
  return found == SIZE_MAX ? html.n : at + found;
}

struct reader {
  struct sf_buf *buf;
  size_t from;
  bool blank, pre; /* a blank was the last thing written; blanks count */
};

/* What a tag does to the text; returns where to read on. */
static size_t tag_read(struct reader *r, struct trg_str html, const struct token *tag, size_t at) {
  char name[16];
  tag_name(tag, name);
  const bool opens = tag->p[1] != '/';
  if (opens && word_in(name, "script style head title")) return element_end(html, at, name);
  if (strcmp(name, "pre") == 0) r->pre = opens;
  if (strcmp(name, "br") == 0)
    salesforce_put(r->buf, "\n", 1);
  else if (word_in(name, "p pre ul ol table blockquote h1 h2 h3 h4 h5 h6"))
    line_end(r->buf, r->from, 2);
  else if (word_in(name, "div li tr hr"))
    line_end(r->buf, r->from, 1);
  else
    return at;
  if (opens && strcmp(name, "li") == 0) salesforce_puts(r->buf, "- ");
  r->blank = true;
  return at;
}

static void text_read(struct reader *r, const struct token *token) {
  const bool space = token->code != 0 && token->code < 128 && strchr(" \n\t\r", (int)token->code);
  if (space && !r->pre) {
    if (!r->blank) salesforce_put(r->buf, " ", 1);
    r->blank = true;
    return;
  }
  r->blank = false;
  if (token->code == 0 && token->kind == TOKEN_ENTITY)
    salesforce_put(r->buf, token->p, token->n); /* a name we do not know stays as it is */
  else if (token->code == 0)
    salesforce_put_char(r->buf, 0xFFFD);
  else if (token->code >= 0x20 || token->code == '\n' || token->code == '\t')
    salesforce_put_char(r->buf, token->code);
}

void salesforce_put_html_text(struct sf_buf *buf, struct trg_str html) {
  struct reader r = {buf, buf->n, true, false};
  for (size_t i = 0; i < html.n && !buf->full;) {
    const struct token token = token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == TOKEN_TAG)
      i = tag_read(&r, html, &token, i);
    else
      text_read(&r, &token);
  }
  while (buf->n > r.from && (buf->p[buf->n - 1] == '\n' || buf->p[buf->n - 1] == ' '))
    buf->p[--buf->n] = '\0';
}

/* The elements that are open while HTML is written, so that a cut can close them. */
#define OPEN_MAX 32
struct writer {
  struct sf_buf *buf;
  size_t limit, used; /* bytes, or characters */
  char open[OPEN_MAX][16];
  size_t open_count, closing_bytes;
  bool by_chars, feed, after_brace, cut;
};

static void emit(struct writer *w, const char *p, size_t n) {
  salesforce_put(w->buf, p, n);
  for (size_t i = 0; i < n; i++) w->used += !w->by_chars || ((unsigned char)p[i] & 0xC0) != 0x80;
}

static void emits(struct writer *w, const char *text) {
  emit(w, text, strlen(text));
}

static void emit_char(struct writer *w, uint32_t code) {
  const size_t from = w->buf->n;
  salesforce_put_char(w->buf, code);
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
  } else if (!word_in(name, "br hr img") && w->open_count < OPEN_MAX) {
    memcpy(w->open[w->open_count++], name, 16);
    w->closing_bytes += bytes;
  }
}

/* A tag is copied with its braces as %7B: they can only stand in an address there. */
static void tag_copy(struct writer *w, const struct token *tag) {
  for (size_t i = 0; i < tag->n;) {
    struct token part = {.kind = TOKEN_TEXT, .n = 1, .code = (unsigned char)tag->p[i]};
    if (tag->p[i] != '<') part = token_next(tag->p + i, tag->n - i);
    if (part.code == '{')
      emits(w, "%7B");
    else if (part.kind == TOKEN_TEXT && part.code >= 0x20)
      emit_char(w, part.code);
    else if (part.kind == TOKEN_ENTITY)
      emit(w, tag->p + i, part.n);
    i += part.n;
  }
}

/* A feed item takes no line break: inside a paragraph it ends it and begins another. */
static void feed_break(struct writer *w) {
  const bool in_p = w->open_count > 0 && strcmp(w->open[w->open_count - 1], "p") == 0;
  if (room_for(w, 8)) emits(w, in_p ? "</p><p>" : " ");
}

static void feed_tag(struct writer *w, const struct token *tag, char name[16], bool opens) {
  static const char *const same[][2] = {{"strong", "b"}, {"em", "i"}, {"pre", "p"}, {"div", "p"}};
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
    if (strcmp(name, same[i][0]) == 0) memcpy(name, same[i][1], strlen(same[i][1]) + 1);
  if (strcmp(name, "br") == 0) feed_break(w);
  if (!word_in(name, "p b i u s ul ol li code a") || !room_for(w, tag->n * 3 + 8)) return;
  if (opens && strcmp(name, "a") == 0) {
    tag_copy(w, tag);
  } else {
    emits(w, opens ? "<" : "</");
    emits(w, name);
    emits(w, ">");
  }
  open_count(w, name, opens);
}

static void tag_put(struct writer *w, const struct token *tag) {
  char name[16];
  tag_name(tag, name);
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

static void text_put(struct writer *w, const struct token *token) {
  if (token->code < 0x20 && token->kind == TOKEN_TEXT && token->code != '\n' && token->code != '\t')
    return;
  if (!room_for(w, token->n + sizeof ZERO_WIDTH_SPACE + 4)) return;
  if (w->after_brace && merges(token->code)) emits(w, ZERO_WIDTH_SPACE);
  w->after_brace = token->code == '{';
  if (token->kind == TOKEN_ENTITY)
    emit(w, token->p, token->n);
  else if (token->code == '<')
    emits(w, "&lt;");
  else
    emit_char(w, token->code);
}

static bool html_write(struct writer *w, struct trg_str html) {
  for (size_t i = 0; i < html.n && !w->cut;) {
    struct token token = token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == TOKEN_TAG)
      tag_put(w, &token); /* does not end after_brace: tags may be dropped before a merge */
    else
      text_put(w, &token);
  }
  while (w->cut && w->open_count > 0) emit_close(w, w->open[--w->open_count]);
  return w->cut;
}

static void html_put(struct sf_buf *buf, struct trg_str html, size_t limit, bool feed) {
  struct sf_buf out = salesforce_buf_new(limit * 4);
  struct writer w = {.buf = &out, .limit = limit, .by_chars = feed, .feed = feed};
  if (html_write(&w, html)) {
    salesforce_buf_free(&out);
    w = (struct writer){.buf = &out, .limit = limit, .by_chars = feed, .feed = feed};
    w.limit = limit > sizeof CUT_MARK ? limit - sizeof CUT_MARK : 0;
    html_write(&w, html);
    salesforce_puts(&out, CUT_MARK);
  }
  salesforce_put(buf, out.p, out.n);
  salesforce_buf_free(&out);
}

void salesforce_put_mail_html(struct sf_buf *buf, struct trg_str html, size_t limit_bytes) {
  html_put(buf, html, limit_bytes, false);
}

void salesforce_put_feed_html(struct sf_buf *buf, struct trg_str html, size_t limit_chars) {
  html_put(buf, html, limit_chars, true);
}

void salesforce_put_comment_text(struct sf_buf *buf, struct trg_str html, size_t limit_bytes) {
  static const char mark[] = "\n[cut here: the text was longer than Salesforce takes]";
  struct sf_buf text = salesforce_buf_new(html.n * 4 + 64);
  salesforce_put_html_text(&text, html);
  if (text.n > limit_bytes) {
    size_t n = limit_bytes - (sizeof mark - 1);
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80) n--;
    salesforce_put(buf, text.p, n);
    salesforce_puts(buf, mark);
  } else {
    salesforce_put_str(buf, salesforce_slice(&text));
  }
  salesforce_buf_free(&text);
}
