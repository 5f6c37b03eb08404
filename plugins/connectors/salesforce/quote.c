/*
 * What does not belong to a mail's own text: Salesforce's threading tokens, and the history that
 * mail programs quote below a reply. Nothing here decides anything: the worst that a trick can do
 * is to hide a customer's own words, and a mail of which nothing would be left is kept whole.
 */
#include "text.h"

#include <string.h>
#include <strings.h>

/* How long the run of characters at p is that a token may hold. */
static size_t token_run(const char *p, size_t n) {
  size_t i = 0;
  while (i < n && i < 72 && p[i] > ' ' && p[i] != ':') i++;
  return i;
}

/* "thread::xxx::", with any number of colons behind. */
static size_t thread_token(const char *p, size_t n) {
  if (n <= 10 || strncasecmp(p, "thread::", 8) != 0) return 0;
  size_t i = 8 + token_run(p + 8, n - 8);
  if (i + 1 >= n || p[i] != ':' || p[i + 1] != ':') return 0;
  while (i < n && p[i] == ':') i++;
  return i;
}

/* "ref:_xxx:ref" or "ref:!xxx:ref". */
static size_t ref_token(const char *p, size_t n) {
  if (n <= 8 || (strncasecmp(p, "ref:_", 5) != 0 && strncasecmp(p, "ref:!", 5) != 0)) return 0;
  const size_t i = 5 + token_run(p + 5, n - 5);
  return i + 4 <= n && strncasecmp(p + i, ":ref", 4) == 0 ? i + 4 : 0;
}

/* Length of a threading token at p; 0: there is none. */
static size_t token_bytes(const char *p, size_t n) {
  const size_t thread = thread_token(p, n);
  return thread > 0 ? thread : ref_token(p, n);
}

static void trim_end(struct hd_buf *buf, size_t from) {
  while (buf->n > from && buf->p[buf->n - 1] == ' ') buf->p[--buf->n] = '\0';
}

void salesforce_put_untokened(struct hd_buf *buf, struct trg_str text) {
  const size_t from = buf->n;
  for (size_t i = 0; i < text.n;) {
    size_t token = token_bytes(text.p + i, text.n - i);
    if (token == 0) {
      hd_put(buf, text.p + i++, 1);
      continue;
    }
    i += token;
    trim_end(buf, from);
    size_t after = i;
    while (after < text.n && text.p[after] == ' ') after++;
    if (buf->n > from && buf->p[buf->n - 1] == '[' && after < text.n && text.p[after] == ']') {
      buf->p[--buf->n] = '\0';
      trim_end(buf, from);
      i = after + 1;
    }
  }
  trim_end(buf, from);
}

struct line {
  const char *p;
  size_t n;
};

static struct line line_at(struct trg_str text, size_t at) {
  const char *end = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
  struct line line = {text.p + at, end != NULL ? (size_t)(end - text.p) - at : text.n - at};
  while (line.n > 0 && (*line.p == ' ' || *line.p == '\t')) line.p++, line.n--;
  while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t')) line.n--;
  return line;
}

static size_t line_after(struct trg_str text, size_t at) {
  const char *end = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
  return end != NULL ? (size_t)(end - text.p) + 1 : text.n;
}

static bool begins(struct line line, const char *word) {
  return line.n >= strlen(word) && strncasecmp(line.p, word, strlen(word)) == 0;
}

static bool begins_any(struct line line, const char *const *words) {
  for (; *words != NULL; words++)
    if (begins(line, *words)) return true;
  return false;
}

/* "----- Original Message -----", also in other languages: dashes, words, dashes. Salesforce's own
 * mails have it too. A forwarded message is no history: it is what the sender wants to show. */
static bool is_rule(struct line line) {
  const struct trg_str text = {line.p, line.n};
  return line.n > 12 && line.n < 80 && begins(line, "---") &&
         memcmp(line.p + line.n - 3, "---", 3) == 0 &&
         (hd_seek(text, "original") != SIZE_MAX || hd_seek(text, "rsprünglich") != SIZE_MAX);
}

/* The block of headers that Outlook puts above a quote. */
static bool is_header_block(struct trg_str text, size_t at) {
  static const char *const from[] = {
      "From:", "*From:*", "Von:", "De :", "De:", "Van:", "Da:", NULL};
  static const char *const others[] = {"Sent:",     "*Sent:*", "Date:",   "To:",    "*To:*",
                                       "Subject:",  "Cc:",     "An:",     "Datum:", "Betreff:",
                                       "Gesendet:", "Envoyé",  "Objet",   "À",      "Enviado",
                                       "Asunto:",   "Para:",   "Inviato", "A:",     NULL};
  int others_seen = 0;
  if (!begins_any(line_at(text, at), from)) return false;
  for (int i = 0; i < 6 && (at = line_after(text, at)) < text.n; i++)
    others_seen += begins_any(line_at(text, at), others);
  return others_seen >= 2;
}

/* "On ..., X wrote:" as most programs write it; some break it in two. */
static bool is_attribution(struct trg_str text, size_t at) {
  static const char *const starts[] = {"On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", NULL};
  static const char *const ends[] = {"wrote:",    "schrieb:",    "a écrit :", "a écrit:",
                                     "escribió:", "ha scritto:", "schreef:",  "escreveu:"};
  struct line line = line_at(text, at);
  if (!begins_any(line, starts)) return false;
  for (int tries = 0; tries < 2; tries++) {
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
      size_t n = strlen(ends[i]);
      if (line.n > n && strncasecmp(line.p + line.n - n, ends[i], n) == 0) return true;
    }
    at = line_after(text, at);
    line = line_at(text, at);
    if (line.n == 0) return false;
  }
  return false;
}

/* Is everything from here on quoted (or empty)? */
static bool is_all_quoted(struct trg_str text, size_t at) {
  bool any = false;
  for (; at < text.n; at = line_after(text, at)) {
    struct line line = line_at(text, at);
    if (line.n > 0 && line.p[0] != '>') return false;
    any = any || line.n > 0;
  }
  return any;
}

static size_t trimmed(const char *p, size_t n) {
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\n' || p[n - 1] == '\t' || p[n - 1] == '_')) n--;
  return n;
}

/* Where the quoted lines at the end begin; text.n: there are none. */
static size_t quoted_tail(struct trg_str text) {
  for (size_t at = 0; at < text.n; at = line_after(text, at)) {
    struct line line = line_at(text, at);
    if (line.n == 0 || line.p[0] != '>') continue;
    if (is_all_quoted(text, at)) return at;
    /* Past this run of quoted lines: each run is looked at once. */
    while (at < text.n && (line = line_at(text, at)).n > 0 && line.p[0] == '>')
      at = line_after(text, at);
    if (at >= text.n) break;
  }
  return text.n;
}

struct trg_str salesforce_unquoted(struct trg_str text) {
  size_t tail = quoted_tail(text), cut = tail;
  for (size_t at = 0; at < tail; at = line_after(text, at)) {
    if (is_rule(line_at(text, at)) || is_header_block(text, at) || is_attribution(text, at)) {
      cut = at;
      break;
    }
  }
  size_t keep = trimmed(text.p, cut);
  if (keep == 0)
    keep = trimmed(text.p, text.n); /* nothing above it: answered below, or forwarded */
  return (struct trg_str){text.p, keep};
}

void salesforce_put_gist(struct hd_buf *buf, struct trg_str text) {
  for (size_t i = 0; i < text.n;) {
    size_t step = 1;
    uint32_t code = hd_utf8_next(text.p + i, text.n - i, &step);
    bool kept = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                (code >= 'a' && code <= 'z') ||
                (code >= 0x80 && code != 0xFFFD && code != 0xA0 && code != 0x200B &&
                 code != 0x200C && code != 0xFEFF);
    if (kept) hd_put(buf, text.p + i, step);
    i += step;
  }
}
