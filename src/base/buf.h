/*
 * A growing run of bytes, born with a ceiling. What would pass the ceiling is not appended and the
 * buffer stays marked, so that one check at the end is enough. Always NUL-terminated.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

struct buf {
  char *p;
  size_t n, room, max;
  bool over; /* something did not fit */
};

#define BUF_MAX_DEFAULT ((size_t)64 << 20)

void buf_init(struct buf *b, size_t max_bytes); /* 0: BUF_MAX_DEFAULT */
void buf_free(struct buf *b);
void buf_reset(struct buf *b); /* empties it, keeps the memory */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct trg_str s);
void buf_text(struct buf *b, const char *text); /* NULL adds nothing */
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
struct trg_str buf_view(const struct buf *b); /* valid until the next change */
char *buf_take(struct buf *b, size_t *ret_n); /* the caller frees; b is empty again */
/* Escaped appends. */
void buf_json(struct buf *b, struct trg_str s); /* with the quotes; bad UTF-8 becomes U+FFFD */
void buf_html(struct buf *b, struct trg_str s); /* & < > " ' */
void buf_csv(struct buf *b, struct trg_str s);  /* RFC 4180 */
/* The same of what others wrote: before a text that a spreadsheet would take for a formula stands
 * an apostrophe; numbers stay as they are. */
void buf_csv_text(struct buf *b, struct trg_str s);
void buf_url(struct buf *b, struct trg_str s); /* percent-encoding of all but unreserved */

#endif
