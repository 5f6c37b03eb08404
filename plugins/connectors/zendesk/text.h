/*
 * Text and memory for the Zendesk connector: an arena with a ceiling, a byte buffer with a
 * ceiling, and the conversions between Zendesk's texts and ours. Pure; knows nothing of tickets.
 */
#ifndef ZENDESK_TEXT_H
#define ZENDESK_TEXT_H

#include <triaged/plugin.h>

/* Memory that lives and dies together. zd_take() returns zeroed bytes that zd_mem_free() frees,
 * or NULL when the ceiling is reached (the peer's fault); being out of memory ends the process. */
struct zd_block;
struct zd_mem {
  struct zd_block *blocks;
  size_t total_bytes, limit_bytes;
  bool full; /* something was refused */
};
void *zd_take(struct zd_mem *mem, size_t n);
/* A NUL-terminated copy in the arena; empty when the ceiling is reached. */
struct trg_str zd_keep(struct zd_mem *mem, struct trg_str text);
void zd_mem_free(struct zd_mem *mem);

/* Bytes being written. Past `limit` nothing is added and `full` is set. The owner frees it. */
struct zd_buf {
  char *p;
  size_t n, cap, limit;
  bool full;
};
struct zd_buf zd_buf_new(size_t limit);
void zd_buf_free(struct zd_buf *buf);
void zd_put(struct zd_buf *buf, const char *p, size_t n);
void zd_puts(struct zd_buf *buf, const char *text);
void zd_put_str(struct zd_buf *buf, struct trg_str text);
void zd_put_int(struct zd_buf *buf, int64_t number);
void zd_put_char(struct zd_buf *buf, uint32_t code);       /* as UTF-8 */
void zd_put_json(struct zd_buf *buf, struct trg_str text); /* as a JSON string, with its quotes */
void zd_put_url(struct zd_buf *buf, struct trg_str text);  /* percent-encoded */
void zd_put_base64(struct zd_buf *buf, struct trg_str bytes);

struct trg_str zd_str(const char *text); /* NULL gives an empty slice */
struct trg_str zd_slice(const struct zd_buf *buf);
bool zd_is(struct trg_str a, const char *b);
bool zd_same(struct trg_str a, struct trg_str b);
/* Where `needle` begins in `hay`, ASCII case ignored; SIZE_MAX when nowhere. */
size_t zd_seek(struct trg_str hay, const char *needle);
bool zd_digits(struct trg_str text); /* 1 to 19 ASCII digits: an id in a URL */

/* RFC 3339, with `Z`, `+0000` or `+00:00`, and with or without a fraction; 0: not a time. */
int64_t zd_time_ms(struct trg_str text);

/* The next character of text at *ret_n bytes; U+FFFD and 1 byte for what is not UTF-8. n > 0. */
uint32_t zd_utf8_next(const char *p, size_t n, size_t *ret_n);
/* Valid UTF-8, LF line ends, no control characters but LF and TAB. */
void zd_put_clean(struct zd_buf *buf, struct trg_str text);
/* HTML as a reader sees it, as plain text. */
void zd_put_html_text(struct zd_buf *buf, struct trg_str html);
/* The text above the history that Zendesk's own mails quote below a reply. */
struct trg_str zd_unquoted(struct trg_str text);
/* HTML that Zendesk takes as it is: valid UTF-8, no placeholder, at most limit_bytes. See text.c */
void zd_put_html_safe(struct zd_buf *buf, struct trg_str html, size_t limit_bytes);

#endif
