/*
 * HTML in both directions. Into Zendesk, two of its habits need care:
 *  - Placeholders such as {{ticket.requester.email}} (and Liquid's {% %}) are expanded in comment
 *    bodies. A model's text must never make the helpdesk print a field into a public reply. It is
 *    not documented whether entities are decoded before the expansion, so an entity in place of a
 *    brace could come back as one; a zero-width space between the two characters is safe in either
 *    order, and a reader does not see it.
 *  - Bodies over 64 kB are cut silently, wherever that falls. We cut first, between characters and
 *    outside tags and entities, close what is open, and say so in the text.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ZERO_WIDTH_SPACE "\xE2\x80\x8B"
#define CUT_MARK         "<p><em>[cut here: the text was longer than Zendesk takes]</em></p>"

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
  token.code = zd_utf8_next(p, n, &token.n);
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

static void line_end(struct zd_buf *buf, size_t from, int wanted) {
  int have = 0;
  while (have < 2 && buf->n > from + (size_t)have && buf->p[buf->n - 1 - (size_t)have] == '\n')
    have++;
  if (buf->n == from) return;
  for (; have < wanted; have++) zd_put(buf, "\n", 1);
}

static size_t element_end(struct trg_str html, size_t at, const char *name) {
  char closing[20];
  snprintf(closing, sizeof closing, "</%s", name);
  size_t found = zd_seek((struct trg_str){html.p + at, html.n - at}, closing);
  return found == SIZE_MAX ? html.n : at + found;
}

struct reader {
  struct zd_buf *buf;
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
    zd_put(r->buf, "\n", 1);
  else if (word_in(name, "p pre ul ol table blockquote h1 h2 h3 h4 h5 h6"))
    line_end(r->buf, r->from, 2);
  else if (word_in(name, "div li tr hr"))
    line_end(r->buf, r->from, 1);
  else
    return at;
  if (opens && strcmp(name, "li") == 0) zd_puts(r->buf, "- ");
  r->blank = true;
  return at;
}

static void text_read(struct reader *r, const struct token *token) {
  const bool space = token->code != 0 && token->code < 128 && strchr(" \n\t\r", (int)token->code);
  if (space && !r->pre) {
    if (!r->blank) zd_put(r->buf, " ", 1);
    r->blank = true;
    return;
  }
  r->blank = false;
  if (token->code == 0 && token->kind == TOKEN_ENTITY)
    zd_put(r->buf, token->p, token->n); /* a name we do not know stays as it is */
  else if (token->code == 0)
    zd_put_char(r->buf, 0xFFFD);
  else if (token->code >= 0x20 || token->code == '\n' || token->code == '\t')
    zd_put_char(r->buf, token->code);
}

void zd_put_html_text(struct zd_buf *buf, struct trg_str html) {
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
  struct zd_buf *buf;
  size_t limit, reserve;
  char open[OPEN_MAX][16];
  size_t open_count, closing_bytes;
  bool after_brace, cut;
};

static void put_closing(struct writer *w) {
  while (w->open_count > 0) {
    zd_puts(w->buf, "</");
    zd_puts(w->buf, w->open[--w->open_count]);
    zd_puts(w->buf, ">");
  }
}

static bool room_for(struct writer *w, size_t n) {
  if (w->buf->n + n + w->closing_bytes + w->reserve <= w->limit) return true;
  w->cut = true;
  return false;
}

/* A tag is copied with its braces as %7B: they can only stand in an address there. */
static void tag_put(struct writer *w, const struct token *tag) {
  char name[16];
  tag_name(tag, name);
  if (name[0] == '\0') return;
  size_t name_bytes = strlen(name) + 3;
  if (!room_for(w, tag->n * 3 + name_bytes)) return;
  for (size_t i = 0; i < tag->n;) {
    struct token part = {.kind = TOKEN_TEXT, .n = 1, .code = (unsigned char)tag->p[i]};
    if (tag->p[i] != '<') part = token_next(tag->p + i, tag->n - i);
    if (part.code == '{')
      zd_puts(w->buf, "%7B");
    else if (part.kind == TOKEN_TEXT && part.code >= 0x20)
      zd_put_char(w->buf, part.code);
    else if (part.kind == TOKEN_ENTITY)
      zd_put(w->buf, tag->p + i, part.n);
    i += part.n;
  }
  if (tag->p[1] == '/') {
    if (w->open_count > 0 && strcmp(w->open[w->open_count - 1], name) == 0) {
      w->open_count--;
      w->closing_bytes -= name_bytes;
    }
  } else if (!word_in(name, "br hr img") && w->open_count < OPEN_MAX) {
    memcpy(w->open[w->open_count++], name, sizeof name);
    w->closing_bytes += name_bytes;
  }
}

static void text_put(struct writer *w, const struct token *token) {
  if (token->code < 0x20 && token->kind == TOKEN_TEXT && token->code != '\n' && token->code != '\t')
    return;
  if (!room_for(w, token->n + sizeof ZERO_WIDTH_SPACE + 4)) return;
  if (w->after_brace && (token->code == '{' || token->code == '%'))
    zd_puts(w->buf, ZERO_WIDTH_SPACE);
  w->after_brace = token->code == '{';
  if (token->kind == TOKEN_ENTITY)
    zd_put(w->buf, token->p, token->n);
  else if (token->code == '<')
    zd_puts(w->buf, "&lt;");
  else
    zd_put_char(w->buf, token->code);
}

static bool html_write(struct zd_buf *buf, struct trg_str html, size_t limit, size_t reserve) {
  struct writer w = {.buf = buf, .limit = limit, .reserve = reserve};
  for (size_t i = 0; i < html.n && !w.cut;) {
    struct token token = token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == TOKEN_TAG)
      tag_put(&w, &token); /* does not end after_brace: tags may be dropped before expansion */
    else
      text_put(&w, &token);
  }
  if (w.cut) put_closing(&w);
  return w.cut;
}

void zd_put_html_safe(struct zd_buf *buf, struct trg_str html, size_t limit_bytes) {
  struct zd_buf out = zd_buf_new(limit_bytes);
  if (html_write(&out, html, limit_bytes, 0)) {
    zd_buf_free(&out);
    html_write(&out, html, limit_bytes, sizeof CUT_MARK - 1);
    zd_puts(&out, CUT_MARK);
  }
  zd_put(buf, out.p, out.n);
  zd_buf_free(&out);
}
