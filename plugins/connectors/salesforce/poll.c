/*
 * Polling: what changed in cases, mails, comments and posts, each list from its own mark.
 *
 * A round reads the lists one after the other. It begins each a while before its mark, because
 * rows become visible after newer ones; inside the round it goes on behind the last row that was
 * read, by (SystemModstamp, Id). One op ends with a full page, or with the round; short pages are
 * read on in the same op. What is read twice has the same version twice, and is dropped by it.
 */
#include <stdio.h>
#include <string.h>

#include "salesforce.h"

#define WINDOW_LEAST_MS INT64_C(60000)

static void changes_ask(struct sf_call *call);

static void cursor_tell(struct sf_call *call, bool more) {
  struct hd_buf text = hd_buf_new(1024);
  salesforce_cursor_put(&text, &call->cursor);
  call->self->host->set_cursor(call->op, hd_slice(&text), more);
  hd_buf_free(&text);
  salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
}

static bool list_enter(struct sf_call *call, int list) {
  struct sf_cursor *cursor = &call->cursor;
  while (list < SF_LISTS && !salesforce_list_is_read(call->self, list)) list++;
  if (list == SF_LISTS) {
    cursor->on = -1;
    return false;
  }
  salesforce_cursor_enter(cursor, list, call->self->conf->overlap_ms);
  return true;
}

static void list_done(struct sf_call *call) {
  if (list_enter(call, call->cursor.on + 1))
    changes_ask(call);
  else
    cursor_tell(call, false);
}

/* All rows that there were are read: the mark moves, by Salesforce's clock and never by ours. */
static void mark_move(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf_cursor *cursor = &call->cursor;
  int64_t *mark_ms = &cursor->mark_ms[cursor->on];
  int64_t date_ms = hd_http_date_ms(hd_header(reply->headers, reply->header_count, "date"));
  /* The vendor's pages are of the moment when they were asked for, which may be long ago. */
  int64_t seen_ms = call->by_next || date_ms == 0 ? cursor->at_ms : date_ms;
  if (seen_ms > *mark_ms) *mark_ms = seen_ms;
}

static void page_tell(struct sf_call *call, const struct trg_http_reply *reply,
                      const struct sf_changes *page) {
  struct sf *self = call->self;
  struct sf_cursor *cursor = &call->cursor;
  for (size_t i = 0; i < page->count; i++) self->host->emit_notice(call->op, &page->notices[i]);
  if (page->rows > 0) {
    cursor->at_ms = page->last_ms;
    memcpy(cursor->id, page->last_id.p, sizeof cursor->id);
  }
  cursor->next[0] = '\0';
  /* "done" of a chain of short pages may only say that the question's LIMIT is reached: what is
   * behind its last row is asked for once more. */
  if (!page->done || call->by_next || (int64_t)page->rows >= self->conf->page_size) {
    /* A next address that we do not like is no loss: the last row says as much. */
    if (!page->done && salesforce_next_is_path(page->next))
      memcpy(cursor->next, page->next.p, page->next.n + 1);
    cursor_tell(call, true);
    return;
  }
  int64_t *window_ms = &self->window_ms[cursor->on];
  if (call->until_ms > 0) { /* the window is read; the next one begins where it ended */
    cursor->at_ms = call->until_ms;
    cursor->id[0] = '\0';
    *window_ms *= 2;
    cursor_tell(call, true);
    return;
  }
  *window_ms = 0;
  mark_move(call, reply);
  list_done(call);
}

/* The same page again would go on for ever. */
static bool is_stuck(const struct sf_call *call, const struct sf_changes *page) {
  const struct sf_cursor *cursor = &call->cursor;
  if (page->rows == 0)
    return !page->done && (!salesforce_next_is_path(page->next) || hd_is(page->next, cursor->next));
  if (page->done && (int64_t)page->rows < call->self->conf->page_size) return false;
  const bool same_row = page->last_ms == cursor->at_ms && hd_is(page->last_id, cursor->id);
  const bool same_next = cursor->next[0] == '\0' || hd_is(page->next, cursor->next);
  return (same_row && same_next) || page->last_ms < cursor->at_ms;
}

/* False: it can not become smaller. */
static bool window_halve(struct sf_call *call) {
  const struct sf_cursor *cursor = &call->cursor;
  int64_t *window_ms = &call->self->window_ms[cursor->on];
  const int64_t whole_ms = salesforce_now_ms(call->self) - cursor->at_ms;
  const int64_t asked_ms = call->until_ms > 0 ? call->until_ms - cursor->at_ms : whole_ms;
  *window_ms = (*window_ms > 0 && *window_ms < whole_ms ? *window_ms : whole_ms) / 2;
  if (*window_ms < WINDOW_LEAST_MS) *window_ms = WINDOW_LEAST_MS;
  return *window_ms < asked_ms;
}

static void changes_failed(struct sf_call *call, const struct trg_http_reply *reply) {
  if (call->by_next && salesforce_error_is(reply, "INVALID_QUERY_LOCATOR")) {
    call->cursor.next[0] = '\0'; /* it died; the last row is where to go on */
    changes_ask(call);
    return;
  }
  if (salesforce_is_absent(call->self, call->cursor.on, reply)) {
    list_done(call);
    return;
  }
  const bool too_long = salesforce_error_is(reply, "QUERY_TIMEOUT");
  if (too_long && !call->by_next && window_halve(call)) {
    changes_ask(call); /* from months down to what it can answer is a dozen halvings */
    return;
  }
  if (too_long || (reply->status == 0 && reply->sent)) (void)window_halve(call);
  salesforce_fail(call, reply, salesforce_list_object(call->cursor.on));
}

static void on_changes(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf_changes page;
  struct trg_err err = {{0}, {0}, 0};
  if (!hd_ok(reply)) {
    changes_failed(call, reply);
    return;
  }
  if (salesforce_changes_read(&page, call->cursor.on, reply->body, &err) != 0) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  if (is_stuck(call, &page))
    salesforce_end(call, TRG_RETRY, TRG_CODE_TRANSIENT,
                   "a page of changes says there is more but does not move; it was not taken");
  else
    page_tell(call, reply, &page);
  salesforce_changes_free(&page);
}

static void changes_ask(struct sf_call *call) {
  struct sf *self = call->self;
  const struct sf_cursor *cursor = &call->cursor;
  const int64_t window_ms = self->window_ms[cursor->on];
  call->by_next = cursor->next[0] != '\0';
  call->until_ms = 0;
  if (call->by_next) {
    salesforce_request(call, "GET", on_changes);
    hd_buf_free(&call->path);
    hd_puts(&call->path, cursor->next);
    salesforce_send(call);
    return;
  }
  if (window_ms > 0 && cursor->at_ms + window_ms < salesforce_now_ms(self))
    call->until_ms = cursor->at_ms + window_ms;
  struct hd_buf soql = hd_buf_new(4096);
  salesforce_put_changes_query(&soql, cursor, call->until_ms, self->conf->page_size);
  salesforce_send_query(call, "queryAll", &soql, on_changes);
  hd_buf_free(&soql);
}

void salesforce_poll(void *ctx, trg_op op, struct trg_str cursor, int64_t since_ms) {
  struct sf_call *call = salesforce_call_new(ctx, op);
  struct trg_err err = {{0}, {0}, 0};
  if (cursor.n == 0) {
    salesforce_cursor_start(&call->cursor, since_ms);
  } else if (salesforce_cursor_read(&call->cursor, cursor, &err) != 0) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT, err.text);
    return;
  }
  if (call->cursor.on >= 0 && !salesforce_list_is_read(call->self, call->cursor.on))
    list_done(call);
  else if (call->cursor.on >= 0 || list_enter(call, 0))
    changes_ask(call);
  else
    cursor_tell(call, false);
}
