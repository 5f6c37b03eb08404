/*
 * Reading one ticket whole: the ticket, then its comments, then (unless it is brand-new) its
 * audits, and the list of custom statuses if an audit speaks of nothing else. The ticket comes
 * first, so that its version is never newer than the comments that go with it: a change in
 * between makes the next write look again.
 */
#include <string.h>

#include "zendesk.h"

#define STATUSES_AGE_MS INT64_C(3600000) /* an administrator may add one at any time */

static void comments_ask(struct zd_call *call);
static void audits_ask(struct zd_call *call);

static void ticket_tell(struct zd_call *call) {
  struct zd *self = call->self;
  struct trg_ticket ticket;
  zd_thread_tell(&call->thread, self->base, hd_str(self->me.id), &self->statuses, &ticket);
  if (call->thread.mem.full) { /* facts would be missing, and nobody would know */
    zd_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "the ticket is larger than can be kept in memory");
    return;
  }
  self->host->emit_ticket(call->op, &ticket);
  zd_end(call, TRG_DONE, TRG_CODE_OK, "");
}

/* Deleted tickets still stream through the export, and then everything about them is 404. */
static void deleted_tell(struct zd_call *call) {
  struct zd_ticket *ticket = &call->thread.ticket;
  ticket->id = call->id;
  ticket->status = TRG_STR("deleted");
  if (ticket->version.n == 0) ticket->version = TRG_STR("deleted");
  ticket_tell(call);
}

static bool is_gone(const struct zd_call *call, const struct trg_http_reply *reply) {
  return (reply->status == 404 || reply->status == 410) &&
         strcmp(zd_verdict(call, reply).code, TRG_CODE_NOT_FOUND) == 0;
}

static void on_statuses(struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd *self = call->self;
  struct trg_err err;
  if (!hd_ok(reply)) {
    zd_fail(call, reply, "while reading the custom statuses");
    return;
  }
  if (zd_statuses_read(&self->statuses, reply->body, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  self->statuses_at_ms = self->host->now_ms();
  ticket_tell(call);
}

static void statuses_ask(struct zd_call *call) {
  struct zd *self = call->self;
  bool fresh = self->statuses_at_ms != 0 &&
               self->host->now_ms() - self->statuses_at_ms < STATUSES_AGE_MS;
  if (fresh || !zd_needs_statuses(&call->thread)) {
    ticket_tell(call);
    return;
  }
  zd_request(call, "GET", NULL, on_statuses);
  hd_put_str(&call->url, self->base);
  hd_puts(&call->url, "/api/v2/custom_statuses.json");
  zd_send(call);
}

static void on_audits(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if ((reply->status == 400 || reply->status == 422) && !call->unpaged) {
    call->unpaged = true; /* archived tickets give their audits in one piece only */
    audits_ask(call);
    return;
  }
  if (is_gone(call, reply)) {
    deleted_tell(call);
    return;
  }
  if (!hd_ok(reply)) {
    zd_page_shrink(call->self, reply);
    zd_fail(call, reply, reply->status == 403 ? "audits need the global scope read" : NULL);
    return;
  }
  if (zd_audits_read(&call->thread, reply->body, &call->page, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  int next = zd_page_next(call);
  if (next < 0)
    zd_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "the list of audits does not come to an end");
  else if (next > 0)
    audits_ask(call);
  else
    statuses_ask(call);
}

static void audits_ask(struct zd_call *call) {
  zd_request_list(call, "audits", false, on_audits);
  zd_send(call);
}

static void on_comments(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (is_gone(call, reply)) {
    deleted_tell(call);
    return;
  }
  if (!hd_ok(reply)) {
    zd_page_shrink(call->self, reply);
    zd_fail(call, reply, NULL);
    return;
  }
  if (zd_comments_read(&call->thread, reply->body, &call->page, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  int next = zd_page_next(call);
  if (next < 0) {
    zd_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "the list of comments does not come to an end");
    return;
  }
  if (next > 0) {
    comments_ask(call);
    return;
  }
  call->self->comment_page = ZD_LIST_PAGE;
  call->cursor = (struct trg_str){NULL, 0};
  call->pages = 0;
  if (zd_needs_audits(&call->thread, hd_str(call->self->me.id)))
    audits_ask(call);
  else
    statuses_ask(call);
}

static void comments_ask(struct zd_call *call) {
  zd_request_list(call, "comments", false, on_comments);
  zd_send(call);
}

static void on_ticket(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (is_gone(call, reply)) {
    deleted_tell(call);
    return;
  }
  if (!hd_ok(reply)) {
    zd_fail(call, reply, NULL);
    return;
  }
  if (zd_ticket_read(&call->thread, reply->body, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  if (!hd_same(call->thread.ticket.id, call->id)) {
    zd_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "Zendesk answered with another ticket");
    return;
  }
  if (zd_status_of(call->thread.ticket.status, hd_str(NULL), NULL) == TRG_STATUS_DELETED)
    deleted_tell(call);
  else
    comments_ask(call);
}

static void fetch_start(struct zd_call *call) {
  zd_request(call, "GET", ZD_BUCKET_SHOW, on_ticket);
  zd_url_ticket(&call->url, call->self->base, call->id, ".json?include=users,groups");
  zd_send(call);
}

void zd_fetch(void *self, trg_op op, struct trg_str id) {
  struct zd_call *call = zd_call_new(self, op);
  call->id = id;
  if (!hd_digits(id)) {
    zd_end(call, TRG_REJECTED, TRG_CODE_PERMANENT, "a Zendesk ticket's id is a number");
    return;
  }
  zd_identify(call, fetch_start);
}
