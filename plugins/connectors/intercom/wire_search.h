/*
 * Finding what changed: windows of time, searched to their end, for conversations and then for
 * tickets. The state of a window is a text, the cursor, so that it is kept page by page and a crash
 * goes on exactly there. Pure: what time it is comes in.
 *
 * A row that changes while pages are read leaves the window, because its updated_at moves on; it is
 * in the next one, as that begins before this one's end (overlap). The search runs on an index that
 * lags, so no window reaches up to now (lag). Rows come in any order and more than once: the mark
 * moves only when the whole window was read, and the daemon drops what it knows.
 */
#ifndef INTERCOM_WIRE_SEARCH_H
#define INTERCOM_WIRE_SEARCH_H

#include <triaged/connector.h>

#include "text.h"

struct intercom_cursor {
  int64_t floor_s; /* where it all began: never asked for what was before */
  int64_t mark_s;  /* everything up to here was read */
  bool open;       /* a window is being read: */
  int64_t start_s, end_s;
  int64_t from_s, to_s; /* the piece of it that is asked for */
  bool tickets;         /* the conversations of it are done */
  int64_t pages, restarts;
  struct trg_str after; /* the vendor's cursor of the next page */
};
/* An empty text begins at since_s. 0, or -1 when the text is none of ours. */
int intercom_cursor_read(struct trg_str text, int64_t since_s, struct intercom_cursor *ret);
void intercom_cursor_put(struct hd_buf *buf, const struct intercom_cursor *cursor);
/* Opens the next window if none is open; false: there is nothing to ask yet. */
bool intercom_window_open(struct intercom_cursor *cursor, int64_t now_s, int64_t lag_s,
                          int64_t overlap_s);
/* A page was read and named the next one (empty: none). false: that was the window's end. */
bool intercom_window_next(struct intercom_cursor *cursor, struct trg_str after, bool with_tickets);
/* The piece could not be read: asks for its first half. false: it is one second; it was left out
 * and the next piece stands there, or ret_end says that there is none. */
bool intercom_window_split(struct intercom_cursor *cursor, bool with_tickets, bool *ret_end);

void intercom_body_search(struct hd_buf *buf, const struct intercom_cursor *cursor,
                          int64_t per_page);

struct intercom_page {
  struct hd_mem mem;
  struct trg_notice *notices;
  size_t count, skipped; /* rows without an id that can be asked for */
  struct trg_str after;
};
int intercom_page_read(struct intercom_page *ret, struct trg_str body, bool is_ticket,
                       struct trg_err *err);
void intercom_page_free(struct intercom_page *page);

#endif
