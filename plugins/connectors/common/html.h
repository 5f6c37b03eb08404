/*
 * HTML for connectors: as a reader sees it, and as a helpdesk may safely be sent it.
 */
#ifndef CONNECTOR_HTML_H
#define CONNECTOR_HTML_H

#include "text.h"

enum hd_token_kind { HD_TEXT, HD_ENTITY, HD_TAG };
struct hd_token {
  int kind;
  const char *p;
  size_t n;
  uint32_t code; /* of text and entities; 0: a name we do not know */
};
struct hd_token hd_token_next(const char *p, size_t n); /* n > 0 */
/* Lower-case name of a tag without its slash, at most 15 characters. */
void hd_tag_name(const struct hd_token *tag, char ret_name[16]);
/* Is it one of these (blank-separated)? */
bool hd_word_in(const char *word, const char *words);

/* HTML as a reader sees it, as plain text. */
void hd_put_html_text(struct hd_buf *buf, struct trg_str html);
/* HTML to be sent: valid UTF-8, no placeholder, at most limit_bytes. See html_safe.c. */
void hd_put_html_safe(struct hd_buf *buf, struct trg_str html, size_t limit_bytes);

#endif
