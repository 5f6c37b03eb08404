/*
 * Writing one action, and looking whether it happened.
 *
 * Everything goes into one PUT: it is atomic there, and updates are rationed per ticket. Only an
 * action with both a reply and a note takes two, because a PUT has one comment. Then the reply
 * goes first, with all fields and under safe_update, so that a conflict leaves nothing behind;
 * the note follows unguarded, as it replaces nothing. Such a write looks into the audits first
 * and leaves out what is there already, so it may simply be repeated when the note was held up.
 *
 * The guard: the ticket is read right before. If its version is not the one that the decision
 * knew, or a reply is to be sent, the newest comments are read too: a new message of the customer
 * or a public one of a colleague is a conflict; triggers and our own notes are not.
 *
 * The marker is metadata.triage_run in the audit, the same for both comments: which of them an
 * audit made is said by its own Comment event.
 */
#include <string.h>

#include "zendesk.h"

static void put_comment(struct zd_call *call);
static void guard_ask(struct zd_call *call);
static void found_ask(struct zd_call *call);

static void receipt_tell(const struct zd_call *call, const char *kind, struct trg_str id,
                         int64_t at_ms) {
  const struct trg_receipt receipt = {sizeof receipt, hd_str(kind), id, at_ms};
  call->self->host->emit_receipt(call->op, &receipt);
}

/* Tells what this audit shows to have been written, and remembers it. */
static void audit_receipts(struct zd_call *call, const struct zd_audit *audit) {
  bool tags = false, fields = false, status = false;
  for (size_t i = 0; i < audit->event_count; i++) {
    const struct zd_change *event = &audit->events[i];
    if (hd_is(event->type, "Comment")) {
      struct trg_str id = event->id.n > 0 ? event->id : audit->id;
      receipt_tell(call, event->is_public ? "reply" : "note", id, audit->at_ms);
      call->reply_done = call->reply_done || event->is_public;
      call->note_done = call->note_done || !event->is_public;
    } else if (hd_is(event->type, "Change")) {
      tags = tags || hd_is(event->field, "tags");
      status = status || hd_is(event->field, "status");
      fields = fields || (!hd_is(event->field, "tags") && !hd_is(event->field, "status"));
    }
  }
  if (tags) receipt_tell(call, "tags", audit->id, audit->at_ms);
  if (fields) receipt_tell(call, "fields", audit->id, audit->at_ms);
  if (status) receipt_tell(call, "status", audit->id, audit->at_ms);
}

/* ---- the PUT ---- */

static bool note_is_left(const struct zd_call *call) {
  return call->action->note.n > 0 && !call->note_done;
}

/* What was sent was done: the answer only adds the ids. */
static void put_receipts(const struct zd_call *call, const struct zd_audit *audit) {
  struct trg_str id = audit != NULL ? audit->id : call->id, comment_id = id;
  int64_t at_ms = audit != NULL ? audit->at_ms : call->self->host->now_ms();
  for (size_t i = 0; audit != NULL && i < audit->event_count; i++)
    if (hd_is(audit->events[i].type, "Comment") && audit->events[i].id.n > 0)
      comment_id = audit->events[i].id;
  if (call->wrote & ZD_WROTE_COMMENT)
    receipt_tell(call, call->is_reply ? "reply" : "note", comment_id, at_ms);
  if (call->wrote & ZD_WROTE_TAGS) receipt_tell(call, "tags", id, at_ms);
  if (call->wrote & ZD_WROTE_FIELDS) receipt_tell(call, "fields", id, at_ms);
  if (call->wrote & ZD_WROTE_STATUS) receipt_tell(call, "status", id, at_ms);
}

/* The second half failed after the first, which a customer has in hand, is done. */
static void second_fail(struct zd_call *call, const struct trg_http_reply *reply) {
  struct zd_verdict verdict = zd_verdict(call, reply);
  if (verdict.outcome != TRG_REJECTED || strcmp(verdict.code, TRG_CODE_AUTH) == 0) {
    zd_fail(call, reply, "the reply is sent; its note is not yet");
    return;
  }
  call->self->host->log(call->self->inst, TRG_WARN, "note_refused",
                        (const char *const[]){"why", verdict.code, NULL});
  zd_end(call, TRG_DONE, TRG_CODE_OK, "the reply is sent; the note beside it was refused");
}

static void on_put(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (!hd_ok(reply)) {
    if (call->reply_done && !call->is_reply)
      second_fail(call, reply);
    else
      zd_fail(call, reply, NULL);
    return;
  }
  size_t before = call->thread.audit_count;
  struct zd_page ignored;
  if (zd_audits_read(&call->thread, reply->body, &ignored, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  put_receipts(call, call->thread.audit_count > before ? &call->thread.audits[before] : NULL);
  if (call->is_reply)
    call->reply_done = true;
  else if (call->wrote & ZD_WROTE_COMMENT)
    call->note_done = true;
  if (call->is_reply && note_is_left(call))
    put_comment(call);
  else
    zd_end(call, TRG_DONE, TRG_CODE_OK, "");
}

static void put_comment(struct zd_call *call) {
  const struct trg_action *action = call->action;
  call->is_reply = action->reply.n > 0 && !call->reply_done;
  const struct zd_update update = {.now = &call->thread.ticket,
                                   .action = action,
                                   .map = &call->self->map,
                                   .comment = call->is_reply       ? action->reply
                                              : note_is_left(call) ? action->note
                                                                   : (struct trg_str){NULL, 0},
                                   .is_public = call->is_reply,
                                   .with_fields = !call->reply_done};
  zd_request(call, "PUT", ZD_BUCKET_UPDATE, on_put);
  zd_url_ticket(&call->url, call->self->base, action->ticket_id, ".json");
  call->wrote = zd_body_update(&call->body, &update);
  if (call->wrote == 0)
    zd_end(call, TRG_DONE, TRG_CODE_OK, "nothing to change: all of it is there already");
  else
    zd_send(call);
}

/* ---- the guard ---- */

static void parts_write(struct zd_call *call) {
  bool reply_left = call->action->reply.n > 0 && !call->reply_done;
  if (!reply_left && !note_is_left(call))
    zd_end(call, TRG_DONE, TRG_CODE_OK, "");
  else
    put_comment(call);
}

static void guard_passed(struct zd_call *call) {
  const struct trg_action *action = call->action;
  if (action->reply.n > 0 && action->note.n > 0) {
    call->cursor = (struct trg_str){NULL, 0};
    call->pages = 0;
    found_ask(call);
    return;
  }
  put_comment(call);
}

static void on_newest(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
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
  switch (zd_news_since(&call->thread, call->action, hd_str(call->self->me.id), next <= 0)) {
  case ZD_NEWS_NONE:
    guard_passed(call);
    break;
  case ZD_NEWS_READ_ON:
    guard_ask(call);
    break;
  default:
    zd_end(call, TRG_REJECTED, TRG_CODE_CONFLICT,
           "somebody wrote into the ticket after this was decided: read and decide again");
  }
}

static void guard_ask(struct zd_call *call) {
  zd_request_list(call, "comments", true, on_newest);
  zd_send(call);
}

static void on_fresh(struct zd_call *call, const struct trg_http_reply *reply) {
  const struct trg_action *action = call->action;
  const struct zd_ticket *now = &call->thread.ticket;
  struct trg_err err;
  if (!hd_ok(reply)) {
    zd_fail(call, reply, NULL);
    return;
  }
  if (zd_ticket_read(&call->thread, reply->body, &err) != 0) {
    zd_fail_malformed(call, reply, &err);
    return;
  }
  int32_t status = zd_status_of(now->status, now->custom_status_id, &call->self->statuses);
  if (status == TRG_STATUS_CLOSED)
    zd_end(call, TRG_REJECTED, TRG_CODE_CLOSED, "the ticket is closed and takes no more writes");
  else if (status == TRG_STATUS_DELETED)
    zd_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND, "the ticket was deleted");
  else if (now->messaging && action->reply.n > 0)
    zd_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
           "this is a messaging conversation: its customer can not be answered by a comment");
  else if (action->reply.n > 0 || !hd_same(action->version, now->version))
    guard_ask(call);
  else
    guard_passed(call);
}

static void write_start(struct zd_call *call) {
  zd_request(call, "GET", ZD_BUCKET_SHOW, on_fresh);
  zd_url_ticket(&call->url, call->self->base, call->id, ".json");
  zd_send(call);
}

static bool action_take(struct zd_call *call, const struct trg_action *action) {
  call->action = action;
  call->id = action->ticket_id;
  if (hd_digits(action->ticket_id) && action->idem_key.n > 0 && action->idem_key.n <= 255)
    return true;
  zd_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
         "a write needs a numeric ticket id and a key of at most 255 bytes");
  return false;
}

void zd_write(void *self, trg_op op, const struct trg_action *action) {
  struct zd_call *call = zd_call_new(self, op);
  call->is_write = true;
  if (action_take(call, action)) zd_identify(call, write_start);
}

/* ---- find ---- */

static bool found_tell(struct zd_call *call) {
  bool found = false;
  for (size_t i = 0; i < call->thread.audit_count; i++) {
    const struct zd_audit *audit = &call->thread.audits[i];
    /* Whoever is the author: the account may have been changed since. */
    if (!hd_same(audit->marker, call->action->idem_key)) continue;
    audit_receipts(call, audit);
    found = true;
  }
  return found;
}

static void on_found(struct zd_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if ((reply->status == 400 || reply->status == 422) && !call->unpaged) {
    call->unpaged = true; /* an archived ticket */
    found_ask(call);
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
  if (next > 0) {
    found_ask(call);
    return;
  }
  if (next < 0) { /* "not found" must never be said of a list that was not read to its end */
    zd_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "the list of audits does not come to an end");
    return;
  }
  bool found = found_tell(call);
  if (call->is_write)
    parts_write(call);
  else if (found)
    zd_end(call, TRG_DONE, TRG_CODE_OK, "");
  else
    zd_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND, "no audit of the ticket has this write's key");
}

static void found_ask(struct zd_call *call) {
  zd_request_list(call, "audits", false, on_found);
  zd_send(call);
}

void zd_find(void *self, trg_op op, const struct trg_action *action) {
  struct zd_call *call = zd_call_new(self, op);
  if (action_take(call, action)) found_ask(call);
}
