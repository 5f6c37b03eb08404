#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void entity_decode(struct buf *out, const char **at) {
  static const char *const names[][2] = {{"&amp;", "&"},   {"&lt;", "<"},   {"&gt;", ">"},
                                         {"&quot;", "\""}, {"&nbsp;", " "}, {"&apos;", "'"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (text_starts(*at, names[i][0])) {
      buf_str(out, names[i][1]);
      *at += strlen(names[i][0]);
      return;
    }
  }
  if ((*at)[1] == '#') {
    char *end = NULL;
    bool hex = (*at)[2] == 'x' || (*at)[2] == 'X';
    unsigned long code = strtoul(*at + (hex ? 3 : 2), &end, hex ? 16 : 10);
    if (end && *end == ';' && code > 0 && code < 0x80) {
      buf_char(out, (char)code);
      *at = end + 1;
      return;
    }
  }
  buf_char(out, '&');
  (*at)++;
}

static bool tag_is(const char *tag, const char *name) {
  size_t n = strlen(name);
  return strncasecmp(tag, name, n) == 0 && !isalnum((unsigned char)tag[n]);
}

static void newline_once(struct buf *out, size_t wanted) {
  size_t have = 0;
  while (have < out->n && out->p[out->n - 1 - have] == '\n') {
    have++;
  }
  while (out->n > have && have < wanted) {
    buf_char(out, '\n');
    have++;
  }
}

/* Writes what a tag means for plain text; end is its ">". Returns where the text goes on. */
static const char *tag_read(struct buf *out, const char *tag, const char *end) {
  static const char *const breaks[] = {"br", "/li", "/div", "/tr"};
  static const char *const paragraphs[] = {"/p", "/h1", "/h2", "/ul", "/ol", "/blockquote"};
  if (tag_is(tag, "script") || tag_is(tag, "style")) {
    const char *close = strcasestr(end, tag_is(tag, "script") ? "</script" : "</style");
    close = close ? strchr(close, '>') : NULL;
    return close ? close + 1 : end + 1;
  }
  for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
    if (tag_is(tag, breaks[i])) {
      newline_once(out, 1);
    }
  }
  for (size_t i = 0; i < sizeof paragraphs / sizeof paragraphs[0]; i++) {
    if (tag_is(tag, paragraphs[i])) {
      newline_once(out, 2);
    }
  }
  if (tag_is(tag, "li")) {
    buf_str(out, "- ");
  }
  return end + 1;
}

void text_from_html(struct buf *out, const char *html) {
  const char *at = html;
  while (*at) {
    if (*at == '&') {
      entity_decode(out, &at);
      continue;
    }
    if (*at != '<') {
      buf_char(out, *at++);
      continue;
    }
    const char *end = strchr(at, '>');
    if (end == NULL) {
      buf_char(out, *at++);
      continue;
    }
    at = tag_read(out, at + 1, end);
  }
  while (out->n > 0 && isspace((unsigned char)out->p[out->n - 1])) {
    out->n--;
  }
  buf_text(out);
}

void html_from_text(struct buf *out, const char *text) {
  buf_str(out, "<p>");
  for (const char *at = text; *at; at++) {
    switch (*at) {
    case '&':
      buf_str(out, "&amp;");
      break;
    case '<':
      buf_str(out, "&lt;");
      break;
    case '>':
      buf_str(out, "&gt;");
      break;
    case '\n':
      if (at[1] == '\n') {
        buf_str(out, "</p><p>");
        at++;
      } else {
        buf_str(out, "<br>");
      }
      break;
    default:
      buf_char(out, *at);
    }
  }
  buf_str(out, "</p>");
}

void text_squeeze(struct buf *out, const char *text) {
  size_t newlines = 0;
  for (const char *at = text; *at; at++) {
    if (*at == '<' && (isalpha((unsigned char)at[1]) || at[1] == '/') && strchr(at, '>')) {
      at = strchr(at, '>');
      continue;
    }
    if (*at == '\r') {
      continue;
    }
    if (*at == '\n') {
      newlines++;
      if (newlines <= 2) {
        buf_char(out, '\n');
      }
      continue;
    }
    bool blank = *at == ' ' || *at == '\t';
    if (blank && out->n > 0 && (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\n')) {
      continue;
    }
    newlines = 0;
    buf_char(out, blank ? ' ' : *at);
  }
  buf_text(out);
}

size_t text_expand(struct buf *out, const char *text,
                   void (*value)(void *subject, const char *name, struct buf *out), void *subject) {
  size_t count = 0;
  while (*text) {
    bool name_tag = text[0] == '{' && text[1] == '{';
    bool logic_tag = text[0] == '{' && text[1] == '%';
    const char *end = name_tag ? strstr(text + 2, "}}") : logic_tag ? strstr(text + 2, "%}") : NULL;
    if (end == NULL) {
      buf_char(out, *text++);
      continue;
    }
    const char *from = text + 2;
    while (from < end && isspace((unsigned char)*from)) {
      from++;
    }
    size_t n = 0;
    while (from + n < end && !isspace((unsigned char)from[n]) && from[n] != '|') {
      n++;
    }
    char name[96];
    n = n < sizeof name - 1 ? n : sizeof name - 1;
    memcpy(name, from, n);
    name[n] = '\0';
    if (name_tag) {
      value(subject, name, out);
    }
    count++;
    text = end + 2;
  }
  buf_text(out);
  return count;
}

/* text and words are in lower case */
static size_t words_count(const char *text, const char *const *words) {
  size_t count = 0;
  for (size_t i = 0; words[i]; i++) {
    size_t n = strlen(words[i]);
    for (const char *at = text; (at = strstr(at, words[i])) != NULL; at += n) {
      bool left = at == text || !isalpha((unsigned char)at[-1]);
      bool right = !isalpha((unsigned char)at[n]) && ((unsigned char)at[n] & 0x80) == 0;
      count += left && right ? 1 : 0;
    }
  }
  return count;
}

const char *text_language(const char *text) {
  static const char *const names[] = {"en", "de", "fr", "es", "it", "nl"};
  static const char *const words[][16] = {
      {"the", "and", "is", "my", "you", "not", "have", "with", "for", "please", "it", "of", NULL},
      {"der", "die", "das", "und", "ich", "nicht", "ist", "ein", "eine", "mit", "sie", "bitte",
       "mein", "auf", NULL},
      {"le", "la", "les", "et", "je", "vous", "est", "pas", "une", "mon", "pour", "bonjour",
       "votre", "des", NULL},
      {"el", "los", "las", "y", "que", "mi", "por", "una", "es", "hola", "con", "para", "gracias",
       "un", NULL},
      {"il", "gli", "che", "di", "non", "sono", "mio", "per", "ciao", "della", "questo", "grazie",
       NULL},
      {"het", "een", "ik", "niet", "en", "van", "mijn", "voor", "dat", "hallo", "graag", "wij",
       NULL},
  };
  size_t best = 0;
  size_t best_count = 0;
  char *lower = text_lower(text);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t count = words_count(lower, words[i]);
    if (count > best_count) {
      best = i;
      best_count = count;
    }
  }
  free(lower);
  return names[best];
}
