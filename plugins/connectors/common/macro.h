/*
 * Saved replies for connectors: one page of them as plain text, without the vendor's placeholders.
 */
#ifndef CONNECTOR_MACRO_H
#define CONNECTOR_MACRO_H

#include <triaged/connector.h>

#include "text.h"

/* Plain text as agents' tools keep it, with "..." for what the vendor would fill in ({{name}},
 * {{{name}}}, {!name}) and without its conditions ({% if %}). */
void hd_put_unfilled(struct hd_buf *buf, struct trg_str text);

struct hd_macros {
  struct hd_mem mem;
  struct trg_macro *list;
  size_t count, room;
  struct trg_str next; /* the vendor's cursor; empty: that was the last page */
};
/* Room for so many; false: the page is too large. hd_macros_free() in either case. */
bool hd_macros_begin(struct hd_macros *page, size_t room);
/* Copies; one without an id, or without a word of text, is left out. */
void hd_macro_add(struct hd_macros *page, const struct trg_macro *macro, bool is_html);
void hd_macros_free(struct hd_macros *page);
/* Emits all, then sets the cursor. */
void hd_macros_tell(const struct trg_host *host, trg_op op, const struct hd_macros *page);

#endif
