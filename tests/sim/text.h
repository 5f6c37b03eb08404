/* Text as helpdesks treat it: HTML to plain text and back, placeholders, and a guess at the
 * language. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include "base.h"

void text_from_html(struct buf *out, const char *html);
void html_from_text(struct buf *out, const char *text);
/* Strips tags and collapses runs of blanks and of empty lines. */
void text_squeeze(struct buf *out, const char *text);
/* Replaces {{name}} by what value() writes for it, {% ... %} by nothing; returns how many there
 * were. */
size_t text_expand(struct buf *out, const char *text,
                   void (*value)(void *subject, const char *name, struct buf *out), void *subject);
/* "en", "de", "fr", "es", "it" or "nl", by its small words. */
const char *text_language(const char *text);

#endif
