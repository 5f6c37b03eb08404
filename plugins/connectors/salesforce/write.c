/*
 * Writing one action, and looking whether it happened.
 *
 * The guard: the case and all that was said in it are read right before. A new message of the
 * customer or a public one of a colleague is a conflict, as is a case that was closed meanwhile;
 * automation and our own notes are not. What is read then also guards the PATCH, as
 * If-Unmodified-Since.
 *
 * Fields, note and a published comment are one composite, all or none. A mail can not be rolled
 * back, so it is sent by itself behind that; only the closing waits for it, as a case must not be
 * closed over an answer that was refused. What a repeated write finds to be done is left out.
 *
 * The marker: Salesforce keeps none with a comment, a post or a mail. They are known by our own
 * user, the time, and their text. A field of the case that the settings name keeps the key, too.
 */
#include <string.h>

#include "salesforce.h"

#define CLOCKS_MS 60000 /* by how much two clocks may differ */

enum part_kind { PART_FIELDS, PART_NOTE, PART_REPLY };

static void receipt_tell(const struct sf_call *call, const char *kind, struct trg_str id,
                         int64_t at_ms) {
  const struct trg_receipt receipt = {sizeof receipt, hd_str(kind), id, at_ms};
  call->self->host->emit_receipt(call->op, &receipt);
}

static void fields_tell(const struct sf_call *call) {
  const int64_t now_ms = salesforce_now_ms(call->self);
  if (call->wrote & SF_WROTE_TAGS) receipt_tell(call, "tags", call->id, now_ms);
  if (call->wrote & SF_WROTE_FIELDS) receipt_tell(call, "fields", call->id, now_ms);
  if (call->wrote & SF_WROTE_STATUS) receipt_tell(call, "status", call->id, now_ms);
}

/* ---- what is there already ---- */

static bool is_portal(const struct sf_call *call) {
  return salesforce_is_portal(&call->thread.kase, call->self->conf->reply);
}

static const struct sf_line *line_of(const struct sf_call *call, int list, bool is_public,
                                     struct trg_str html) {
  const int64_t attempt_ms = call->action->attempt_ms;
  const int64_t after_ms = attempt_ms > 0 ? attempt_ms + call->self->skew_ms - CLOCKS_MS : 0;
  return salesforce_line_find(&call->thread, list, is_public, hd_str(call->self->user_id), html,
                              after_ms);
}

static const struct sf_line *note_line(const struct sf_call *call) {
  const bool feed = call->self->map.feed_notes;
  const struct sf_line *line = line_of(call, feed ? SF_FEED : SF_COMMENTS, false,
                                       call->action->note);
  return line != NULL ? line
                      : line_of(call, feed ? SF_COMMENTS : SF_FEED, false, call->action->note);
}

static const struct sf_line *reply_line(const struct sf_call *call) {
  return line_of(call, is_portal(call) ? SF_COMMENTS : SF_MAILS, true, call->action->reply);
}

static bool is_marked(const struct sf_call *call) {
  return call->self->map.columns.marker[0] != '\0' &&
         hd_same(call->thread.kase.marker, call->action->idem_key);
}

static const char *closing_status(const struct sf_call *call) {
  if ((call->action->flags & TRG_ACTION_SOLVE) == 0) return NULL;
  return call->self->map.solved != NULL ? call->self->map.solved
                                        : salesforce_closed_status(&call->self->statuses);
}

/* ---- the end of a write ---- */

static void closed(struct sf_call *call, const struct trg_http_reply *reply) {
  if (hd_ok(reply)) {
    fields_tell(call);
    salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
    return;
  }
  /* The customer has the answer in hand: nothing may make this write be repeated. */
  struct sf_error error;
  salesforce_error_read(&error, reply->body);
  call->self->host->log(call->self->inst, TRG_WARN, "not_closed",
                        (const char *const[]){"case", call->id18, "why", error.name, NULL});
  salesforce_end(call, TRG_DONE, TRG_CODE_OK, "the reply is sent; the case could not be closed");
}

/* Closes the case behind the mail that was sent. */
static void close_send(struct sf_call *call) {
  const char *status = closing_status(call);
  if (status == NULL || call->thread.kase.is_closed) {
    salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
    return;
  }
  call->wrote = SF_WROTE_STATUS;
  salesforce_request(call, "PATCH", closed);
  hd_puts(&call->path, "/sobjects/Case/");
  hd_puts(&call->path, call->id18);
  hd_puts(&call->body, "{\"Status\":");
  hd_put_json(&call->body, hd_str(status));
  hd_puts(&call->body, "}");
  salesforce_send(call);
}

static const char *parts_hint(const struct sf_call *call) {
  return call->parts_done ? "the fields and the note are written, this is about the reply" : NULL;
}

/* What an answer says in itself, though its status was 2xx. */
static void outcome_fail(struct sf_call *call, const struct trg_http_reply *reply, int made,
                         const struct sf_outcome *outcome) {
  struct trg_err err = {{0}, "the answer to a write could not be understood", 0};
  if (made == SF_MADE_UNKNOWN) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  /* It says that nothing was done, so nothing here is unknown. */
  struct sf_verdict verdict = salesforce_verdict_of(outcome->status, true, &outcome->error, false);
  salesforce_fail_with(call, reply, &outcome->error, verdict, parts_hint(call));
}

static void on_mail(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf_outcome outcome;
  if (!hd_ok(reply)) {
    salesforce_fail(call, reply, parts_hint(call));
    return;
  }
  int made = salesforce_mailed_read(&outcome, reply->body);
  if (made != SF_MADE) {
    outcome_fail(call, reply, made, &outcome);
    return;
  }
  receipt_tell(call, "reply", outcome.ids[0][0] != '\0' ? hd_str(outcome.ids[0]) : call->id,
               salesforce_now_ms(call->self));
  close_send(call);
}

static void mail_send(struct sf_call *call) {
  const struct sf *self = call->self;
  if (!call->mail_left) {
    salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
    return;
  }
  salesforce_request(call, "POST", on_mail);
  hd_puts(&call->path, "/actions/standard/emailSimple");
  salesforce_put_mail(&call->body, &call->thread.kase, call->action->reply, self->map.sender);
  salesforce_send(call);
}

/* ---- fields, note, published comment ---- */

static void parts_tell(struct sf_call *call, const struct sf_outcome *outcome) {
  const int64_t now_ms = salesforce_now_ms(call->self);
  for (size_t i = 0; i < call->part_count; i++) {
    const struct trg_str id = hd_str(outcome->ids[i]);
    if (call->part_kinds[i] == PART_FIELDS)
      fields_tell(call);
    else
      receipt_tell(call, call->part_kinds[i] == PART_NOTE ? "note" : "reply",
                   id.n > 0 ? id : call->id, now_ms);
  }
  call->parts_done = true;
  mail_send(call);
}

static void on_parts(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf_outcome outcome = {.status = 0};
  int made = SF_MADE;
  if (!hd_ok(reply)) {
    salesforce_fail(call, reply, NULL);
    return;
  }
  if (call->part_count > 1)
    made = salesforce_composite_read(&outcome, reply->body, call->part_count);
  else if (call->part_kinds[0] != PART_FIELDS) /* a PATCH answers 204 and nothing else */
    made = salesforce_created_read(&outcome, reply->body);
  if (made == SF_MADE)
    parts_tell(call, &outcome);
  else
    outcome_fail(call, reply, made, &outcome);
}

static void part_path(struct hd_buf *buf, const struct sf_call *call, int kind) {
  if (kind == PART_FIELDS) {
    hd_puts(buf, "/sobjects/Case/");
    hd_puts(buf, call->id18);
  } else if (kind == PART_NOTE && call->self->map.feed_notes) {
    hd_puts(buf, "/sobjects/FeedItem");
  } else {
    hd_puts(buf, "/sobjects/CaseComment");
  }
}

/* Writes the body of a part; false: there is nothing to write. */
static bool part_body(struct hd_buf *buf, struct sf_call *call, int kind) {
  const struct trg_action *action = call->action;
  const bool reply = action->reply.n > 0 && !call->reply_done && !call->mail_left;
  const bool note = action->note.n > 0 && !call->note_done;
  if (kind == PART_REPLY) {
    if (reply) salesforce_put_comment(buf, call->id, action->reply, true);
    return reply;
  }
  if (kind == PART_NOTE) {
    if (note && call->self->map.feed_notes)
      salesforce_put_post(buf, call->id, action->note);
    else if (note)
      salesforce_put_comment(buf, call->id, action->note, false);
    return note;
  }
  call->wrote = salesforce_put_fields(buf, &call->thread.kase, action, &call->self->map,
                                      call->mail_left ? NULL : closing_status(call));
  /* The key alone marks nothing. */
  return (call->wrote & ~SF_WROTE_MARKER) != 0 || (call->wrote != 0 && (note || reply));
}

static void part_send(struct sf_call *call, const struct sf_part *part, int kind) {
  salesforce_request(call, part->method, on_parts);
  call->unmodified_ms = part->unmodified_ms;
  part_path(&call->path, call, kind);
  hd_put_str(&call->body, part->body);
  salesforce_send(call);
}

static void parts_send(struct sf_call *call) {
  struct sf_part parts[3] = {{0}};
  struct hd_buf bodies[3] = {{0}}, paths[3] = {{0}};
  call->part_count = 0;
  for (int kind = PART_FIELDS; kind <= PART_REPLY; kind++) {
    const size_t i = call->part_count;
    bodies[i] = hd_buf_new((size_t)1 << 20);
    paths[i] = hd_buf_new(256);
    if (!part_body(&bodies[i], call, kind)) {
      hd_buf_free(&bodies[i]);
      continue;
    }
    hd_puts(&paths[i], call->self->root);
    part_path(&paths[i], call, kind);
    const bool fields = kind == PART_FIELDS;
    parts[i] = (struct sf_part){fields ? "PATCH" : "POST", hd_slice(&paths[i]),
                                hd_slice(&bodies[i]), fields ? call->thread.kase.modified_ms : 0};
    call->part_kinds[call->part_count++] = kind;
  }
  const size_t count = call->part_count; /* sending may be the end of the call */
  if (count == 0) {
    mail_send(call);
  } else if (count == 1) {
    part_send(call, &parts[0], call->part_kinds[0]);
  } else {
    salesforce_request(call, "POST", on_parts);
    hd_puts(&call->path, "/composite");
    salesforce_put_composite(&call->body, parts, count);
    salesforce_send(call);
  }
  for (size_t i = 0; i < count; i++) {
    hd_buf_free(&bodies[i]);
    hd_buf_free(&paths[i]);
  }
}

/* ---- the guard ---- */

/* One address and nothing else: this list takes several, parted by commas. */
static bool is_address(struct trg_str address) {
  const char *at = address.n > 0 ? memchr(address.p, '@', address.n) : NULL;
  if (at == NULL || at == address.p || at + 1 == address.p + address.n) return false;
  for (size_t i = 0; i < address.n; i++)
    if ((unsigned char)address.p[i] <= ' ' || strchr(",;<>\"()", address.p[i]) != NULL)
      return false;
  return memchr(at + 1, '@', address.n - (size_t)(at + 1 - address.p)) == NULL;
}

/* Why the case takes no write; false: it does. */
static bool is_refused(struct sf_call *call) {
  struct sf_thread *thread = &call->thread;
  const struct trg_str own_id = hd_str(call->self->user_id);
  if (!thread->found || thread->kase.is_deleted)
    salesforce_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND, "the case was deleted");
  else if (thread->kase.master_id.n > 0 && !hd_same(thread->kase.master_id, call->id))
    salesforce_end(call, TRG_REJECTED, TRG_CODE_CLOSED, "the case was merged into another");
  else if (salesforce_has_news(thread, call->action, own_id))
    salesforce_end(call, TRG_REJECTED, TRG_CODE_CONFLICT,
                   "somebody wrote into the case after this was decided: read and decide again");
  else
    return false;
  return true;
}

/* What a reply and a closing need; false: the call has ended. */
static bool plan_make(struct sf_call *call) {
  const struct trg_action *action = call->action;
  const char *mode = call->self->conf->reply;
  const bool reply_left = action->reply.n > 0 && !call->reply_done;
  call->mail_left = reply_left && !is_portal(call);
  if (reply_left && strcmp(mode, "none") == 0)
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "write.reply is none: this connector sends no public replies");
  else if (call->mail_left && !is_address(salesforce_address_of(&call->thread.kase)))
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "the case has no usable e-mail address to reply to");
  else if ((action->flags & TRG_ACTION_SOLVE) && closing_status(call) == NULL)
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "no status of cases counts as closed: set write.solved_status");
  else
    return true;
  return false;
}

static void write_guarded(struct sf_call *call) {
  const struct trg_action *action = call->action;
  if (is_refused(call)) return;
  /* Only of an attempt whose time is known: an older equal text is another write's. */
  if (action->attempt_ms > 0) {
    call->note_done = action->note.n > 0 && (is_marked(call) || note_line(call) != NULL);
    call->reply_done = action->reply.n > 0 && reply_line(call) != NULL;
  }
  if (call->thread.kase.is_closed && !call->note_done && !call->reply_done &&
      salesforce_is_changed(&call->thread, action, hd_str(call->self->user_id))) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_CONFLICT,
                   "the case was closed after this was decided: read and decide again");
    return;
  }
  if (plan_make(call)) parts_send(call);
}

static bool action_take(struct sf_call *call, const struct trg_action *action) {
  call->action = action;
  call->wants_statuses = (action->flags & TRG_ACTION_SOLVE) != 0;
  if (action->idem_key.n == 0 || action->idem_key.n > 255) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "a write needs a key of at most 255 bytes");
    return false;
  }
  return salesforce_id_take(call, action->ticket_id);
}

void salesforce_write(void *self, trg_op op, const struct trg_action *action) {
  struct sf_call *call = salesforce_call_new(self, op);
  if (action_take(call, action)) salesforce_read_whole(call, write_guarded);
}

/* ---- find ---- */

static void line_tell(const struct sf_call *call, const char *kind, const struct sf_line *line) {
  if (line != NULL)
    receipt_tell(call, kind, line->id, line->at_ms);
  else
    receipt_tell(call, kind, call->id, call->thread.kase.stamp_ms);
}

/* Have the fields the values that the write would give them? */
static bool fields_are_there(struct sf_call *call) {
  struct hd_buf ignored = hd_buf_new((size_t)1 << 20);
  unsigned missing = salesforce_put_fields(&ignored, &call->thread.kase, call->action,
                                           &call->self->map, closing_status(call));
  hd_buf_free(&ignored);
  return (missing & ~SF_WROTE_MARKER) == 0;
}

/* The reply is what must not be lost or doubled; with a note alone, the note; else the fields. All
 * but a mail are written at once: what shows one of them shows the others. */
static bool is_found(struct sf_call *call, bool reply_there, bool note_there) {
  if (call->action->reply.n > 0) return reply_there;
  if (call->action->note.n > 0) return note_there;
  return is_marked(call) || fields_are_there(call);
}

static bool has_fields(const struct trg_action *action) {
  return action->priority.n + action->category.n + action->team.n > 0;
}

static void found_tell(struct sf_call *call) {
  const struct trg_action *action = call->action;
  if (!call->thread.found) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND, "there is no such case");
    return;
  }
  const bool marked = is_marked(call), with_reply = action->reply.n > 0;
  const struct sf_line *reply = with_reply ? reply_line(call) : NULL;
  const struct sf_line *note = action->note.n > 0 ? note_line(call) : NULL;
  const bool note_there = action->note.n > 0 && (note != NULL || marked);
  if (!is_found(call, reply != NULL || (marked && is_portal(call)), note_there)) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND,
                   note_there ? "the note is there, but the reply is not"
                              : "nothing in the case is this write's");
    return;
  }
  if (with_reply) line_tell(call, "reply", reply);
  if (note_there) line_tell(call, "note", note);
  if (has_fields(action) && fields_are_there(call))
    receipt_tell(call, "fields", call->id, call->thread.kase.stamp_ms);
  salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
}

void salesforce_find(void *self, trg_op op, const struct trg_action *action) {
  struct sf_call *call = salesforce_call_new(self, op);
  if (action_take(call, action)) salesforce_read_whole(call, found_tell);
}
