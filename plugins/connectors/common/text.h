/*
 * Text and memory for connectors: an arena with a ceiling, a byte buffer with a ceiling, UTF-8 and
 * times. Pure; knows no vendor. Compiled into each connector.
 */
#ifndef CONNECTOR_TEXT_H
#define CONNECTOR_TEXT_H

#include <triaged/plugin.h>

/* Memory that lives and dies together. hd_take() returns zeroed bytes that hd_mem_free() frees,
 * or NULL when the ceiling is reached (the peer's fault); being out of memory ends the process. */
struct hd_block;
struct hd_mem {
  struct hd_block *blocks;
  size_t total_bytes, limit_bytes;
  bool full; /* something was refused */
};
void *hd_take(struct hd_mem *mem, size_t n);
/* A NUL-terminated copy in the arena; empty when the ceiling is reached. */
struct trg_str hd_keep(struct hd_mem *mem, struct trg_str text);
void hd_mem_free(struct hd_mem *mem);

/* Bytes being written. Past `limit` nothing is added and `full` is set. The owner frees it. */
struct hd_buf {
  char *p;
  size_t n, cap, limit;
  bool full;
};
struct hd_buf hd_buf_new(size_t limit);
void hd_buf_free(struct hd_buf *buf);
void hd_put(struct hd_buf *buf, const char *p, size_t n);
void hd_puts(struct hd_buf *buf, const char *text);
void hd_put_str(struct hd_buf *buf, struct trg_str text);
void hd_put_int(struct hd_buf *buf, int64_t number);
void hd_put_char(struct hd_buf *buf, uint32_t code);       /* as UTF-8 */
void hd_put_json(struct hd_buf *buf, struct trg_str text); /* as a JSON string, with its quotes */
void hd_put_url(struct hd_buf *buf, struct trg_str text);  /* percent-encoded */
void hd_put_base64(struct hd_buf *buf, struct trg_str bytes);

struct trg_str hd_str(const char *text); /* NULL gives an empty slice */
/* NUL-terminated, cut where it does not fit. */
void hd_copy(char *to, size_t room, struct trg_str text);
struct trg_str hd_slice(const struct hd_buf *buf);
bool hd_is(struct trg_str a, const char *b);
bool hd_same(struct trg_str a, struct trg_str b);
/* Where `needle` begins in `hay`, ASCII case ignored; SIZE_MAX when nowhere. */
size_t hd_seek(struct trg_str hay, const char *needle);
bool hd_digits(struct trg_str text); /* 1 to 19 ASCII digits: an id in a URL */

/* RFC 3339, with `Z`, `+0000` or `+00:00`, and with or without a fraction; 0: not a time. */
int64_t hd_time_ms(struct trg_str text);

/* The next character of text at *ret_n bytes; U+FFFD and 1 byte for what is not UTF-8. n > 0. */
uint32_t hd_utf8_next(const char *p, size_t n, size_t *ret_n);
/* Valid UTF-8, LF line ends, no control characters but LF and TAB. */
void hd_put_clean(struct hd_buf *buf, struct trg_str text);

#endif
