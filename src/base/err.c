#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* A cut in the middle of a character would make the text invalid UTF-8. */
static void cut_clean(char *text, size_t room, int wanted) {
  if (wanted < 0) {
    text[0] = '\0';
    return;
  }
  if ((size_t)wanted < room) return;
  const struct trg_str s = {text, room - 1};
  size_t n = s.n;
  while (n > 0 && n + 4 > s.n && !utf8_valid((struct trg_str){text, n})) n--;
  if (utf8_valid((struct trg_str){text, n})) text[n] = '\0';
}

static void fill(struct trg_err *err, const char *code, uint32_t line, const char *format,
                 va_list args) {
  /* Formatted aside, as the arguments may point into err itself. */
  char text[sizeof err->text];
  char word[sizeof err->code];
  const int n = vsnprintf(text, sizeof text, format, args);
  cut_clean(text, sizeof text, n);
  (void)snprintf(word, sizeof word, "%s", code == NULL ? "" : code);
  memcpy(err->text, text, sizeof text);
  memcpy(err->code, word, sizeof word);
  err->line = line;
}

int err_set(struct trg_err *err, int status, const char *code, const char *format, ...) {
  if (err == NULL) return status;
  va_list args;
  va_start(args, format);
  fill(err, code, 0, format, args);
  va_end(args);
  return status;
}

int err_at(struct trg_err *err, int status, const char *code, uint32_t line, const char *format,
           ...) {
  if (err == NULL) return status;
  va_list args;
  va_start(args, format);
  fill(err, code, line, format, args);
  va_end(args);
  return status;
}

void err_prefix(struct trg_err *err, const char *format, ...) {
  if (err == NULL) return;
  char prefix[sizeof err->text];
  char text[sizeof err->text];
  va_list args;
  va_start(args, format);
  const int p = vsnprintf(prefix, sizeof prefix, format, args);
  va_end(args);
  cut_clean(prefix, sizeof prefix, p);
  const size_t used = strlen(prefix);
  const size_t kept = strnlen(err->text, sizeof err->text);
  size_t n = used;
  memcpy(text, prefix, used);
  for (const char *c = ": "; *c != '\0' && n < sizeof text - 1; c++) text[n++] = *c;
  const size_t room = sizeof text - 1 - n;
  memcpy(text + n, err->text, kept < room ? kept : room);
  n += kept < room ? kept : room;
  text[n] = '\0';
  cut_clean(text, sizeof text, kept > room ? (int)sizeof text : (int)n);
  memcpy(err->text, text, n + 1);
}
