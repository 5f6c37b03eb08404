/*
 * Ids, and what Salesforce does to texts. The rest of text and memory is in ../common.
 */
#ifndef SALESFORCE_TEXT_H
#define SALESFORCE_TEXT_H

#include "../common/html.h"
#include "../common/http.h"

#define SF_ID_BYTES 19
/* The 18 characters of an id of 15 or 18, NUL-terminated; false: it is none. */
bool salesforce_id18(struct trg_str id, char ret[SF_ID_BYTES]);
bool salesforce_is_id(struct trg_str id, const char *prefix); /* and begins with these three */

/* HTML for emailSimple, at most limit_bytes: valid UTF-8, nothing in it that is merged. See html.c
 */
void salesforce_put_mail_html(struct hd_buf *buf, struct trg_str html, size_t limit_bytes);
/* HTML for a rich FeedItem, which knows few elements, at most limit_chars characters. */
void salesforce_put_feed_html(struct hd_buf *buf, struct trg_str html, size_t limit_chars);
/* HTML as plain text for a CaseComment, at most limit_bytes. */
void salesforce_put_comment_text(struct hd_buf *buf, struct trg_str html, size_t limit_bytes);

/* ---- quote.c ---- */
/* The text without Salesforce's threading tokens. */
void salesforce_put_untokened(struct hd_buf *buf, struct trg_str text);
/* The text above the history that a mail program quotes below a reply. */
struct trg_str salesforce_unquoted(struct trg_str text);
/* Letters and digits alone: what two renderings of one text have in common. */
void salesforce_put_gist(struct hd_buf *buf, struct trg_str text);

#endif
