/*
 * Text and memory for the Intercom connector: an arena with a ceiling, a byte buffer with a
 * ceiling, UTF-8, and HTML both ways. Pure; knows nothing of conversations.
 */
#ifndef INTERCOM_TEXT_H
#define INTERCOM_TEXT_H

#include <triaged/plugin.h>

/* Memory that lives and dies together. intercom_take() returns zeroed bytes that
 * intercom_mem_free() frees, or NULL when the ceiling is reached (the peer's fault); being out of
 * memory ends the process. */
struct intercom_block;
struct intercom_mem {
  struct intercom_block *blocks;
  size_t total_bytes, limit_bytes;
  bool full; /* something was refused */
};
void *intercom_take(struct intercom_mem *mem, size_t n);
/* A NUL-terminated copy in the arena; empty when the ceiling is reached. */
struct trg_str intercom_keep(struct intercom_mem *mem, struct trg_str text);
void intercom_mem_free(struct intercom_mem *mem);

/* Bytes being written. Past `limit` nothing is added and `full` is set. The owner frees it. */
struct intercom_buf {
  char *p;
  size_t n, cap, limit;
  bool full;
};
struct intercom_buf intercom_buf_new(size_t limit);
void intercom_buf_free(struct intercom_buf *buf);
void intercom_put(struct intercom_buf *buf, const char *p, size_t n);
void intercom_puts(struct intercom_buf *buf, const char *text);
void intercom_put_str(struct intercom_buf *buf, struct trg_str text);
void intercom_put_int(struct intercom_buf *buf, int64_t number);
void intercom_put_char(struct intercom_buf *buf, uint32_t code); /* as UTF-8 */
/* As a JSON string, with its quotes. */
void intercom_put_json(struct intercom_buf *buf, struct trg_str text);
void intercom_put_url(struct intercom_buf *buf, struct trg_str text); /* percent-encoded */

struct trg_str intercom_str(const char *text); /* NULL gives an empty slice */
struct trg_str intercom_slice(const struct intercom_buf *buf);
bool intercom_is(struct trg_str a, const char *b);
bool intercom_same(struct trg_str a, struct trg_str b);
/* Where `needle` begins in `hay`, ASCII case ignored; SIZE_MAX when nowhere. */
size_t intercom_seek(struct trg_str hay, const char *needle);
bool intercom_digits(struct trg_str text); /* 1 to 19 ASCII digits: an id in a URL */

/* The next character of text at *ret_n bytes; U+FFFD and 1 byte for what is not UTF-8. n > 0. */
uint32_t intercom_utf8_next(const char *p, size_t n, size_t *ret_n);
/* Valid UTF-8, LF line ends, no control characters but LF and TAB. */
void intercom_put_clean(struct intercom_buf *buf, struct trg_str text);
/* HTML as a reader sees it, as plain text. */
void intercom_put_html_text(struct intercom_buf *buf, struct trg_str html);
/* HTML to be sent: valid UTF-8, no placeholder, at most limit_bytes. See html.c. */
void intercom_put_html_safe(struct intercom_buf *buf, struct trg_str html, size_t limit_bytes);

#endif
