/* HTML taken apart, and as the text that a reader sees. */
#include "html.h"

#include <stdio.h>
#include <string.h>

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
static struct hd_token entity_token(const char *p, size_t n) {
  struct hd_token none = {HD_ENTITY, p, 0, 0};
  size_t i = 1;
  /* Long enough for a brace behind many leading zeros. */
  while (i < n && i < 40 && (name_char(p[i]) || p[i] == '#')) i++;
  if (p[0] != '&' || i == 1) return none;
  if (i < n && p[i] == ';')
    return (struct hd_token){HD_ENTITY, p, i + 1, entity_code(p + 1, i - 1)};
  if (p[1] != '#') return none;
  /* Browsers also take a numeric entity without its semicolon. */
  size_t digits = 2;
  while (digits < i && p[digits] >= '0' && p[digits] <= '9') digits++;
  if (digits == 2) return none;
  return (struct hd_token){HD_ENTITY, p, digits, entity_code(p + 1, digits - 1)};
}

struct hd_token hd_token_next(const char *p, size_t n) {
  size_t tag = tag_bytes(p, n);
  if (tag > 0) return (struct hd_token){HD_TAG, p, tag, 0};
  struct hd_token token = entity_token(p, n);
  if (token.n > 0) return token;
  token.kind = HD_TEXT;
  token.code = hd_utf8_next(p, n, &token.n);
  return token;
}

void hd_tag_name(const struct hd_token *tag, char ret_name[16]) {
  size_t i = tag->n > 1 && tag->p[1] == '/' ? 2 : 1, k = 0;
  for (; i < tag->n && k < 15 && name_char(tag->p[i]); i++)
    ret_name[k++] = (char)(tag->p[i] >= 'A' && tag->p[i] <= 'Z' ? tag->p[i] | 32 : tag->p[i]);
  ret_name[k] = '\0';
}

bool hd_word_in(const char *word, const char *words) {
  size_t n = strlen(word);
  for (const char *p = strstr(words, word); n > 0 && p != NULL; p = strstr(p + 1, word))
    if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) return true;
  return false;
}

static void line_end(struct hd_buf *buf, size_t from, int wanted) {
  int have = 0;
  while (have < 2 && buf->n > from + (size_t)have && buf->p[buf->n - 1 - (size_t)have] == '\n')
    have++;
  if (buf->n == from) return;
  for (; have < wanted; have++) hd_put(buf, "\n", 1);
}

static size_t element_end(struct trg_str html, size_t at, const char *name) {
  char closing[20];
  snprintf(closing, sizeof closing, "</%s", name);
  size_t found = hd_seek((struct trg_str){html.p + at, html.n - at}, closing);
  return found == SIZE_MAX ? html.n : at + found;
}

struct reader {
  struct hd_buf *buf;
  size_t from;
  bool blank, pre; /* a blank was the last thing written; blanks count */
};

/* What a tag does to the text; returns where to read on. */
static size_t tag_read(struct reader *r, struct trg_str html, const struct hd_token *tag,
                       size_t at) {
  char name[16];
  hd_tag_name(tag, name);
  const bool opens = tag->p[1] != '/';
  if (opens && hd_word_in(name, "script style head title")) return element_end(html, at, name);
  if (strcmp(name, "pre") == 0) r->pre = opens;
  if (strcmp(name, "br") == 0)
    hd_put(r->buf, "\n", 1);
  else if (hd_word_in(name, "p pre ul ol table blockquote h1 h2 h3 h4 h5 h6"))
    line_end(r->buf, r->from, 2);
  else if (hd_word_in(name, "div li tr hr"))
    line_end(r->buf, r->from, 1);
  else
    return at;
  if (opens && strcmp(name, "li") == 0) hd_puts(r->buf, "- ");
  r->blank = true;
  return at;
}

static void text_read(struct reader *r, const struct hd_token *token) {
  const bool space = token->code != 0 && token->code < 128 && strchr(" \n\t\r", (int)token->code);
  if (space && !r->pre) {
    if (!r->blank) hd_put(r->buf, " ", 1);
    r->blank = true;
    return;
  }
  r->blank = false;
  if (token->code == 0 && token->kind == HD_ENTITY)
    hd_put(r->buf, token->p, token->n); /* a name we do not know stays as it is */
  else if (token->code == 0)
    hd_put_char(r->buf, 0xFFFD);
  else if (token->code >= 0x20 || token->code == '\n' || token->code == '\t')
    hd_put_char(r->buf, token->code);
}

void hd_put_html_text(struct hd_buf *buf, struct trg_str html) {
  struct reader r = {buf, buf->n, true, false};
  for (size_t i = 0; i < html.n && !buf->full;) {
    const struct hd_token token = hd_token_next(html.p + i, html.n - i);
    i += token.n;
    if (token.kind == HD_TAG)
      i = tag_read(&r, html, &token, i);
    else
      text_read(&r, &token);
  }
  while (buf->n > r.from && (buf->p[buf->n - 1] == '\n' || buf->p[buf->n - 1] == ' '))
    buf->p[--buf->n] = '\0';
}
