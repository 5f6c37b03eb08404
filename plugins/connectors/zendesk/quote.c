#include <string.h>
#include <strings.h>

#include "text.h"

/* The line that Zendesk's mails begin with. Its words are translated per account, its `##-` and
 * `-##` are not. */
static bool line_is_marker(const char *p, size_t n) {
  while (n > 0 && (*p == '>' || *p == ' ' || *p == '\t' || *p == '*')) p++, n--;
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '*')) n--;
  return n > 6 && n < 200 && memcmp(p, "##", 2) == 0 && memcmp(p + n - 2, "##", 2) == 0 &&
         memchr(p + 2, '-', 3) != NULL && memchr(p + n - 5, '-', 3) != NULL;
}

static size_t trimmed(const char *p, size_t n) {
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\n' || p[n - 1] == '\t' || p[n - 1] == '>')) n--;
  return n;
}

static size_t line_start(const char *p, size_t n) {
  while (n > 0 && p[n - 1] != '\n') n--;
  return n;
}

/* The mail program's "On ..., X wrote:" belongs to the quote. Some break it before "wrote:". */
static size_t without_attribution(const char *p, size_t n) {
  size_t line = line_start(p, n);
  if (n == 0 || p[n - 1] != ':' || line == 0) return n;
  if (n - line < 20 && line > 1 && p[line - 2] != '\n') line = line_start(p, line - 1);
  return trimmed(p, line);
}

struct trg_str zd_unquoted(struct trg_str text) {
  for (size_t at = 0; at < text.n;) {
    const char *newline = memchr(text.p + at, '\n', text.n - at);
    size_t end = newline == NULL ? text.n : (size_t)(newline - text.p);
    if (line_is_marker(text.p + at, end - at)) {
      size_t keep = without_attribution(text.p, trimmed(text.p, at));
      if (keep > 0) return (struct trg_str){text.p, keep};
      /* Nothing above: the customer wrote below it, or the text is such a mail itself. */
      struct trg_str rest = {text.p + end, text.n - end};
      while (rest.n > 0 && (*rest.p == '\n' || *rest.p == ' ')) rest.p++, rest.n--;
      return rest;
    }
    at = end + 1;
  }
  return (struct trg_str){text.p, trimmed(text.p, text.n)};
}
