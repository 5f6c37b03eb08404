/*
 * Text and memory for the Salesforce connector: an arena with a ceiling, a byte buffer with a
 * ceiling, and the conversions between Salesforce's texts and ours. Pure; knows nothing of tickets.
 */
#ifndef SALESFORCE_TEXT_H
#define SALESFORCE_TEXT_H

#include <triaged/plugin.h>

/* Memory that lives and dies together. salesforce_take() returns zeroed bytes that
 * salesforce_mem_free() frees, or NULL when the ceiling is reached (the peer's fault); being out of
 * memory ends the process. */
struct sf_block;
struct sf_mem {
  struct sf_block *blocks;
  size_t total_bytes, limit_bytes;
  bool full; /* something was refused */
};
void *salesforce_take(struct sf_mem *mem, size_t n);
/* A NUL-terminated copy in the arena; empty when the ceiling is reached. */
struct trg_str salesforce_keep(struct sf_mem *mem, struct trg_str text);
void salesforce_mem_free(struct sf_mem *mem);

/* Bytes being written. Past `limit` nothing is added and `full` is set. The owner frees it. */
struct sf_buf {
  char *p;
  size_t n, cap, limit;
  bool full;
};
struct sf_buf salesforce_buf_new(size_t limit);
void salesforce_buf_free(struct sf_buf *buf);
void salesforce_put(struct sf_buf *buf, const char *p, size_t n);
void salesforce_puts(struct sf_buf *buf, const char *text);
void salesforce_put_str(struct sf_buf *buf, struct trg_str text);
void salesforce_put_int(struct sf_buf *buf, int64_t number);
void salesforce_put_char(struct sf_buf *buf, uint32_t code); /* as UTF-8 */
void salesforce_put_json(struct sf_buf *buf,
                         struct trg_str text); /* as a JSON string, with its quotes */
void salesforce_put_url(struct sf_buf *buf, struct trg_str text); /* percent-encoded */
void salesforce_put_base64(struct sf_buf *buf, struct trg_str bytes);

struct trg_str salesforce_str(const char *text); /* NULL gives an empty slice */
struct trg_str salesforce_slice(const struct sf_buf *buf);
bool salesforce_is(struct trg_str a, const char *b);
bool salesforce_same(struct trg_str a, struct trg_str b);
/* Where `needle` begins in `hay`, ASCII case ignored; SIZE_MAX when nowhere. */
size_t salesforce_seek(struct trg_str hay, const char *needle);
#define SF_ID_BYTES 19
/* The 18 characters of an id of 15 or 18, NUL-terminated; false: it is none. */
bool salesforce_id18(struct trg_str id, char ret[SF_ID_BYTES]);
bool salesforce_is_id(struct trg_str id, const char *prefix); /* and begins with these three */

/* RFC 3339, with `Z`, `+0000` or `+00:00`, and with or without a fraction; 0: not a time. */
int64_t salesforce_time_ms(struct trg_str text);

/* The next character of text at *ret_n bytes; U+FFFD and 1 byte for what is not UTF-8. n > 0. */
uint32_t salesforce_utf8_next(const char *p, size_t n, size_t *ret_n);
/* Valid UTF-8, LF line ends, no control characters but LF and TAB. */
void salesforce_put_clean(struct sf_buf *buf, struct trg_str text);
/* HTML as a reader sees it, as plain text. */
void salesforce_put_html_text(struct sf_buf *buf, struct trg_str html);
/* HTML for emailSimple, at most limit_bytes: valid UTF-8, nothing in it that is merged. See html.c
 */
void salesforce_put_mail_html(struct sf_buf *buf, struct trg_str html, size_t limit_bytes);
/* HTML for a rich FeedItem, which knows few elements, at most limit_chars characters. */
void salesforce_put_feed_html(struct sf_buf *buf, struct trg_str html, size_t limit_chars);
/* HTML as plain text for a CaseComment, at most limit_bytes. */
void salesforce_put_comment_text(struct sf_buf *buf, struct trg_str html, size_t limit_bytes);

/* ---- quote.c ---- */
/* The text without Salesforce's threading tokens. */
void salesforce_put_untokened(struct sf_buf *buf, struct trg_str text);
/* The text above the history that a mail program quotes below a reply. */
struct trg_str salesforce_unquoted(struct trg_str text);
/* Letters and digits alone: what two renderings of one text have in common. */
void salesforce_put_gist(struct sf_buf *buf, struct trg_str text);

#endif
