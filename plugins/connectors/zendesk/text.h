/*
 * What Zendesk does to texts. The rest of text and memory is in ../common.
 */
#ifndef ZENDESK_TEXT_H
#define ZENDESK_TEXT_H

#include "../common/html.h"
#include "../common/http.h"

/* The text above the history that Zendesk's own mails quote below a reply. */
struct trg_str zd_unquoted(struct trg_str text);

#endif
