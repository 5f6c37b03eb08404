/* Text for terminals: how wide it is, what may be shown, where it is cut. */
#include "cmd/out.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/str.h"

struct out_screen out_screen_of(FILE *f) {
  struct out_screen s = {0};
  const int fd = fileno(f);
  if (fd < 0 || !isatty(fd)) return s;
  struct winsize w = {0};
  int64_t columns = 0;
  const char *told = getenv("COLUMNS");
  if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
    s.width = w.ws_col;
  else if (told != NULL && str_to_int(str_of(told), &columns) == 0 && columns > 0)
    s.width = (size_t)columns;
  else
    s.width = 80;
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  s.colour = (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
  return s;
}

/* Columns of one character; -1: it must not be shown (controls, and what turns text around). */
static int width_of(uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return -1;
  if ((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || c == 0xfeff) return -1;
  if ((c >= 0x2028 && c <= 0x2029) || (c >= 0x2060 && c <= 0x2069)) return -1;
  const int w = wcwidth((wchar_t)c);
  return w < 0 ? 1 : w;
}

static bool is_blank(uint32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

size_t out_width(const char *text) {
  const struct trg_str s = str_of(text);
  size_t w = 0;
  for (size_t at = 0; at < s.n;) {
    const uint32_t c = utf8_next(s, &at);
    const int n = is_blank(c) ? 1 : width_of(c);
    if (n > 0) w += (size_t)n;
  }
  return w;
}

static void put(struct buf *out, uint32_t c) {
  char coded[4];
  buf_add(out, coded, utf8_put(coded, c));
}

void out_line(struct buf *out, const char *text, size_t max) {
  const struct trg_str s = str_of(text);
  size_t used = 0;
  const bool cut = max > 0 && out_width(text) > max;
  for (size_t at = 0; at < s.n;) {
    uint32_t c = utf8_next(s, &at);
    if (is_blank(c)) c = ' ';
    const int w = width_of(c);
    if (w < 0) continue;
    if (cut && used + (size_t)w > max - 1) break;
    put(out, c);
    used += (size_t)w;
  }
  if (cut) put(out, 0x2026);
}

/* Where the line that begins at `from` ends, at most `room` columns of it: at a blank if there is
 * one; *ret_next is where the next begins. */
static size_t line_end(struct trg_str s, size_t from, size_t room, size_t *ret_next) {
  size_t used = 0, blank = 0, at = from;
  while (at < s.n) {
    const size_t here = at;
    const uint32_t c = utf8_next(s, &at);
    const int w = width_of(c);
    if (c == ' ') blank = here;
    if (w > 0) used += (size_t)w;
    if (room > 0 && used > room) {
      const bool at_blank = blank > from;
      *ret_next = at_blank ? blank + 1 : here > from ? here : at;
      return at_blank ? blank : *ret_next;
    }
  }
  *ret_next = s.n;
  return s.n;
}

void out_wrap(struct buf *out, const char *text, size_t indent, size_t width) {
  struct trg_str rest = str_of(text), line;
  const size_t room = width > indent + 20 ? width - indent : width > 0 ? 20 : 0;
  while (str_next(&rest, '\n', &line)) {
    size_t from = 0;
    do {
      size_t next = 0;
      const size_t end = line_end(line, from, room, &next);
      if (end > from) buf_printf(out, "%*s", (int)indent, "");
      for (size_t at = from; at < end;) {
        const uint32_t c = utf8_next(line, &at);
        if (c == '\t')
          buf_char(out, ' ');
        else if (width_of(c) >= 0)
          put(out, c);
      }
      buf_char(out, '\n');
      from = next;
    } while (from < line.n);
  }
}

void out_head(struct buf *out, struct out_screen s, const char *text) {
  buf_printf(out, "%s%s%s\n", s.colour ? "\033[1m" : "", text, s.colour ? "\033[0m" : "");
}

const char *out_tint(const char *word) {
  static const char *const good[] = {"sent", "ok", "done", "resolved", "approved", "ready", NULL};
  static const char *const held[] = {"draft",     "handoff",  "waiting",        "held",
                                     "resting",   "excluded", "edited",         "warning",
                                     "uncertain", "proposed", "low_confidence", NULL};
  static const char *const bad[] = {"dead",     "failed",  "error", "rejected",
                                    "reversed", "invalid", "lost",  NULL};
  for (size_t i = 0; good[i] != NULL; i++)
    if (strcmp(word, good[i]) == 0) return "\033[32m";
  for (size_t i = 0; held[i] != NULL; i++)
    if (strcmp(word, held[i]) == 0) return "\033[33m";
  for (size_t i = 0; bad[i] != NULL; i++)
    if (strcmp(word, bad[i]) == 0) return "\033[31m";
  return "";
}

void out_buf_print(const struct buf *b) {
  fwrite(b->p, 1, b->n, stdout);
}
