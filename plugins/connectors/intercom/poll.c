/* Polling: one page of the search for what changed. What a window is stands in wire_search.h. */
#include <stdio.h>
#include <string.h>

#include "intercom.h"

#define PAGES_MAX    20000
#define RESTARTS_MAX 3
#define AGAIN_MS     1000

static void search_ask(struct intercom_call *call);

static void cursor_tell(struct intercom_call *call, bool more) {
  struct hd_buf text = hd_buf_new(8192);
  intercom_cursor_put(&text, &call->cursor);
  call->self->host->set_cursor(call->op, hd_slice(&text), more);
  hd_buf_free(&text);
  intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
}

static void page_tell(struct intercom_call *call, const struct intercom_page *page) {
  struct intercom *self = call->self;
  for (size_t i = 0; i < page->count; i++) self->host->emit_notice(call->op, &page->notices[i]);
  if (page->skipped > 0)
    self->host->log(self->inst, TRG_WARN, "rows_without_id",
                    (const char *const[]){"why", "a search found items with no usable id", NULL});
  cursor_tell(call, intercom_window_next(&call->cursor, page->after, self->conf->tickets));
}

static void on_turn(void *self, trg_op op, void *arg) {
  (void)arg;
  struct intercom_call *call = ((struct intercom *)self)->host->op_get(op);
  if (call != NULL) search_ask(call);
}

/* Waiting for the index is worth it before the first halving, and before a second is left out: not
 * for each of the many pieces between. */
static bool is_worth_a_wait(const struct intercom_cursor *cursor) {
  return (cursor->from_s == cursor->start_s && cursor->to_s == cursor->end_s) ||
         cursor->from_s == cursor->to_s;
}

/* One hit that was deleted meanwhile makes the whole search 404. Later it may be gone from the
 * index; else halves are searched until it stands alone, and that second is left out. What else
 * changed in it comes by its next change, by webhook, or when the overlap reads it once more. */
static void search_split(struct intercom_call *call) {
  struct intercom *self = call->self;
  bool end;
  char from[24];
  snprintf(from, sizeof from, "%lld", (long long)call->cursor.from_s);
  if (!intercom_window_split(&call->cursor, self->conf->tickets, &end))
    self->host->log(self->inst, TRG_WARN, "search_second_left_out",
                    (const char *const[]){"second", from, "why",
                                          "the search answers 404: a hit was deleted", NULL});
  else
    end = false;
  cursor_tell(call, !end);
}

static void search_fail(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct intercom *self = call->self;
  const bool cursor_refused = (reply->status == 400 || reply->status == 422) &&
                              call->cursor.after.n > 0 && call->cursor.restarts < RESTARTS_MAX;
  if (intercom_is_gone(call, reply) && is_worth_a_wait(&call->cursor) && call->tries++ == 0) {
    self->host->timer(call->op, AGAIN_MS, on_turn, NULL);
  } else if (intercom_is_gone(call, reply)) {
    search_split(call);
  } else if (cursor_refused) { /* it has expired: the window is read again from its first page */
    call->cursor.after = (struct trg_str){NULL, 0};
    call->cursor.pages = 0;
    call->cursor.restarts++;
    cursor_tell(call, true);
  } else {
    if (((reply->status == 0 && reply->sent) || reply->status == 504) && self->page_size > 10)
      self->page_size /= 2;
    intercom_fail(call, reply, NULL);
  }
}

static void on_page(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct intercom *self = call->self;
  struct intercom_page page;
  struct trg_err err;
  if (!hd_ok(reply)) {
    search_fail(call, reply);
    return;
  }
  if (intercom_page_read(&page, reply->body, call->cursor.tickets, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  if (page.after.n > 0 &&
      (hd_same(page.after, call->cursor.after) || call->cursor.pages >= PAGES_MAX))
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                 "the search does not come to an end: its cursor does not move; the page was not "
                 "taken");
  else
    page_tell(call, &page);
  if (self->page_size < self->conf->page_size) self->page_size++;
  intercom_page_free(&page);
}

static void search_ask(struct intercom_call *call) {
  const struct intercom *self = call->self;
  intercom_request(call, "POST", on_page);
  call->changes = false; /* a question, for all that it is a POST */
  hd_put_str(&call->url, self->base);
  hd_puts(&call->url, call->cursor.tickets ? "/tickets/search" : "/conversations/search");
  intercom_body_search(&call->body, &call->cursor, self->page_size);
  intercom_send(call);
}

static void poll_start(struct intercom_call *call) {
  const struct intercom *self = call->self;
  /* A window that ended after now would leave out what changes until then. So it ends by the clock
   * that is behind: a wrong one, ours or a proxy's, only makes us late. */
  const int64_t ours_s = self->host->now_ms() / 1000, theirs_s = intercom_now_s(self);
  if (intercom_window_open(&call->cursor, ours_s < theirs_s ? ours_s : theirs_s,
                           self->conf->lag_ms / 1000, self->conf->overlap_ms / 1000))
    search_ask(call);
  else
    cursor_tell(call, false);
}

void intercom_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms) {
  struct intercom_call *call = intercom_call_new(self, op);
  if (intercom_cursor_read(cursor, since_ms > 0 ? since_ms / 1000 : 0, &call->cursor) != 0) {
    intercom_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                 "the stored position is none that this connector wrote");
    return;
  }
  intercom_identify(call, poll_start);
}
