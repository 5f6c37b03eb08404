/*
 * Writing one action, and looking whether it happened.
 *
 * Intercom has no lock, no key for repetitions, and a request for each thing. So a write is a
 * sequence of steps in a fixed order: attributes, tags, assignment, note, reply, and closing last.
 * What is there already is left out, each time by a fresh reading: attributes and tags by their
 * values, our note by its marker, our reply by who wrote it, when, and its words. So the whole may
 * be repeated, and only a note or a reply whose answer was lost is uncertain.
 *
 * The guard: the item is read right before the first step, and again before a note or reply if
 * something was written in between. A new message of the customer or a public one of a teammate is
 * a conflict. Between that reading and the write remains a gap of one request; nothing closes it.
 */
#include <string.h>

#include "intercom.h"

#define CLOCKS_S    5
#define SETTLE_MS   INT64_C(5000) /* so long a request may still be on its way */
#define STEP_FIELDS 1u
#define STEP_TAGS   2u
#define STEP_ASSIGN 4u
#define STEP_NOTE   8u
#define STEP_REPLY  16u
#define STEP_SOLVE  32u
#define STEPS_SEEN  (STEP_NOTE | STEP_REPLY | STEP_SOLVE)

static void go_on(struct intercom_call *call);
static void read_again(struct intercom_call *call);

static struct trg_str own_id(const struct intercom_call *call) {
  return intercom_own_id(call->self);
}

static void receipt_tell(const struct intercom_call *call, const char *kind, struct trg_str id,
                         int64_t at_s) {
  const struct trg_receipt receipt = {sizeof receipt, hd_str(kind), id,
                                      (at_s > 0 ? at_s : intercom_now_s(call->self)) * 1000};
  call->self->host->emit_receipt(call->op, &receipt);
}

/* Nothing older than this can be of this write; by the clock that is behind, to overlook nothing.
 */
static int64_t since_s(const struct intercom_call *call) {
  const int64_t skew_ms = call->self->skew_ms;
  if (call->action->attempt_ms <= 0) return 0;
  return (call->action->attempt_ms + (skew_ms < 0 ? skew_ms : 0)) / 1000 - CLOCKS_S;
}

static const struct intercom_part *own_part(const struct intercom_call *call,
                                            const struct intercom_thread *thread, bool is_note) {
  const struct trg_action *action = call->action;
  return intercom_own_part(thread, own_id(call), is_note, is_note ? action->note : action->reply,
                           action->idem_key, since_s(call));
}

/* ---- what is left to do ---- */

static bool is_solved(const struct intercom_call *call) {
  const struct intercom_thread *thread = &call->thread;
  if (hd_is(thread->item.state, thread->item.is_ticket ? "resolved" : "closed")) return true;
  /* We closed it, and somebody has opened it again since: that is theirs to decide. */
  for (size_t i = 0; i < thread->part_count; i++) {
    const struct intercom_part *part = &thread->parts[i];
    if (intercom_author_of(part, own_id(call)) == TRG_AUTHOR_SELF && part->at_s >= since_s(call) &&
        since_s(call) > 0 && (hd_is(part->type, "close") || hd_is(part->state, "resolved")))
      return true;
  }
  return false;
}

static bool fields_left(const struct intercom_call *call, struct intercom_pair ret[2]) {
  const struct intercom_item *item = &call->thread.item;
  ret[0] = intercom_category_of(&call->self->map, call->action);
  ret[1] = intercom_priority_of(&call->self->map, call->action);
  for (size_t i = 0; i < 2; i++)
    if (intercom_has_attribute(item, &ret[i])) ret[i].a.n = 0;
  return ret[0].a.n > 0 || ret[1].a.n > 0;
}

static bool tag_left(const struct intercom_call *call, size_t *ret_at) {
  const struct trg_action *action = call->action;
  for (*ret_at = call->tag_at; call->self->map.tags && *ret_at < action->add_tag_count; ++*ret_at)
    if (action->add_tags[*ret_at].n > 0 &&
        !intercom_has_tag(&call->thread.item, action->add_tags[*ret_at]))
      return true;
  return false;
}

/* The first step that has not had its turn and changes something; 0: all is done. */
static unsigned step_next(const struct intercom_call *call) {
  const struct trg_action *action = call->action;
  struct intercom_pair pairs[2];
  size_t at;
  const bool left[] = {
      fields_left(call, pairs),
      tag_left(call, &at),
      !intercom_is_assigned(&call->thread.item, &call->assignee),
      action->note.n > 0 && !call->note_done && own_part(call, &call->thread, true) == NULL,
      action->reply.n > 0 && !call->reply_done && own_part(call, &call->thread, false) == NULL,
      (action->flags & TRG_ACTION_SOLVE) != 0 && !is_solved(call)};
  for (unsigned i = 0; i < sizeof left / sizeof left[0]; i++)
    if (left[i] && (call->done & (1u << i)) == 0) return 1u << i;
  return 0;
}

/* Tells of a note and a reply that an earlier attempt left there. */
static void found_tell(struct intercom_call *call) {
  const struct trg_action *action = call->action;
  const struct intercom_part *note = NULL, *reply = NULL;
  if (action->note.n > 0 && !call->note_done) note = own_part(call, &call->thread, true);
  if (action->reply.n > 0 && !call->reply_done) reply = own_part(call, &call->thread, false);
  if (note != NULL) receipt_tell(call, "note", note->id, note->at_s);
  if (reply != NULL) receipt_tell(call, "reply", reply->id, reply->at_s);
  call->note_done = call->note_done || note != NULL;
  call->reply_done = call->reply_done || reply != NULL;
}

/* ---- fields ---- */

static bool is_spoken(const struct intercom_call *call) {
  return call->action->note.n > 0 || call->action->reply.n > 0;
}

/* An attribute that does not exist, or a tag that may not be made, must not keep a draft back. */
static void fields_fail(struct intercom_call *call, const struct trg_http_reply *reply) {
  const struct intercom_verdict verdict = intercom_verdict(call, reply);
  const bool bearable = verdict.outcome == TRG_REJECTED && reply->status != 401 &&
                        !intercom_is_gone(call, reply) && is_spoken(call);
  if (!bearable) {
    intercom_fail(call, reply, NULL);
    return;
  }
  struct intercom_error error;
  intercom_error_read(&error, reply->body);
  call->self->host->log(call->self->inst, TRG_WARN, "field_refused",
                        (const char *const[]){"why", error.text, NULL});
  call->refused = true;
  go_on(call);
}

static void on_fields(struct intercom_call *call, const struct trg_http_reply *reply) {
  call->fresh = false;
  if (!hd_ok(reply)) {
    fields_fail(call, reply);
    return;
  }
  receipt_tell(call, "fields", call->key.id, 0);
  go_on(call);
}

static void fields_put(struct intercom_call *call) {
  struct intercom_pair pairs[2];
  (void)fields_left(call, pairs);
  call->done |= STEP_FIELDS;
  intercom_request(call, "PUT", on_fields);
  intercom_url(&call->url, call->self->base, call->key, "");
  intercom_body_attributes(&call->body, call->key.is_ticket, own_id(call), pairs, 2);
  intercom_send(call);
}

static void assignee_put(struct intercom_call *call) {
  call->done |= STEP_ASSIGN;
  intercom_request(call, call->key.is_ticket ? "PUT" : "POST", on_fields);
  intercom_url(&call->url, call->self->base, call->key, call->key.is_ticket ? "" : "/parts");
  intercom_body_assign(&call->body, call->key.is_ticket, own_id(call), &call->assignee);
  intercom_send(call);
}

/* ---- tags ---- */

static void tag_put(struct intercom_call *call);

static void tag_fail(struct intercom_call *call, const struct trg_http_reply *reply) {
  call->fresh = false;
  call->tag_at++;
  fields_fail(call, reply);
}

static void on_tag(struct intercom_call *call, const struct trg_http_reply *reply) {
  call->fresh = false;
  if (reply->status == 404) { /* the item was there a moment ago, so it is the tag that is not */
    intercom_tags_forget(call->self);
    intercom_end(call, TRG_RETRY, TRG_CODE_TRANSIENT,
                 "a tag was deleted meanwhile; the list of tags is read again");
    return;
  }
  if (!hd_ok(reply)) {
    tag_fail(call, reply);
    return;
  }
  const char *id = intercom_tag_id(call->self, call->action->add_tags[call->tag_at]);
  receipt_tell(call, "tags", hd_str(id), 0);
  call->tag_at++;
  go_on(call);
}

static void tag_known(struct intercom_call *call) {
  const struct trg_str name = call->action->add_tags[call->tag_at];
  const char *id = intercom_tag_id(call->self, name);
  if (id == NULL) {
    intercom_tag_make(call, name, tag_known, tag_fail);
    return;
  }
  intercom_request(call, "POST", on_tag);
  intercom_url(&call->url, call->self->base, call->key, "/tags");
  intercom_body_tag(&call->body, own_id(call), hd_str(id));
  intercom_send(call);
}

static void tag_put(struct intercom_call *call) {
  (void)tag_left(call, &call->tag_at);
  intercom_tags_need(call, tag_known, tag_fail);
}

/* ---- note and reply ---- */

/* Its id out of the answer: the whole conversation, or for a ticket the part alone. */
static void spoken_tell(struct intercom_call *call, const struct trg_http_reply *reply,
                        bool is_note) {
  const bool is_ticket = call->key.is_ticket;
  struct intercom_thread thread;
  struct trg_err ignored;
  const struct intercom_part *part = NULL;
  intercom_thread_init(&thread);
  const int rc = is_ticket ? intercom_part_read(&thread, reply->body, &ignored)
                           : intercom_thread_read(&thread, reply->body, false, false, &ignored);
  if (rc == 0 && is_ticket && thread.part_count > 0)
    part = &thread.parts[0];
  else if (rc == 0)
    part = own_part(call, &thread, is_note);
  /* A 2xx is a clear yes, also when it can not be read; the next fetch shows the part. */
  receipt_tell(call, is_note ? "note" : "reply",
               part != NULL ? part->id : (struct trg_str){NULL, 0}, part != NULL ? part->at_s : 0);
  intercom_thread_free(&thread);
}

static void on_spoken(struct intercom_call *call, const struct trg_http_reply *reply) {
  const bool is_note = call->speaks_note;
  call->fresh = false;
  struct trg_err err;
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, NULL);
    return;
  }
  /* A 2xx that is some page is not Intercom's word that it is there. Of the whole conversation that
   * comes back nothing may stand in a reason. */
  if (intercom_object_check(reply->body, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  spoken_tell(call, reply, is_note);
  call->note_done = call->note_done || is_note;
  call->reply_done = call->reply_done || !is_note;
  go_on(call);
}

static void speak(struct intercom_call *call, bool is_note) {
  const struct trg_action *action = call->action;
  if (!call->fresh) {
    read_again(call);
    return;
  }
  call->done |= is_note ? STEP_NOTE : STEP_REPLY;
  call->speaks_note = is_note;
  intercom_request(call, "POST", on_spoken);
  call->is_once = true;
  intercom_url(&call->url, call->self->base, call->key, "/reply");
  intercom_body_reply(&call->body, own_id(call), is_note, is_note ? action->note : action->reply,
                      action->idem_key);
  intercom_send(call);
}

/* ---- closing ---- */

static void on_solved(struct intercom_call *call, const struct trg_http_reply *reply) {
  call->fresh = false;
  if (!hd_ok(reply)) {
    fields_fail(call, reply);
    return;
  }
  receipt_tell(call, "status", call->key.id, 0);
  go_on(call);
}

static void solve(struct intercom_call *call) {
  const bool is_ticket = call->key.is_ticket;
  call->done |= STEP_SOLVE;
  intercom_request(call, is_ticket ? "PUT" : "POST", on_solved);
  intercom_url(&call->url, call->self->base, call->key, is_ticket ? "" : "/parts");
  intercom_body_solve(&call->body, is_ticket, own_id(call), call->thread.item.resolved_state_id);
  intercom_send(call);
}

static void on_types(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct intercom_item *item = &call->thread.item;
  struct trg_err err;
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, "while reading the ticket types");
    return;
  }
  if (intercom_ticket_types_read(reply->body, item->type_id, &call->thread.mem,
                                 &item->resolved_state_id, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  solve(call);
}

/* What "resolved" is called, and its id, is each ticket type's own. */
static void solve_start(struct intercom_call *call) {
  const struct intercom_item *item = &call->thread.item;
  if (!item->is_ticket || item->resolved_state_id.n > 0 || item->type_id.n == 0) {
    solve(call);
    return;
  }
  intercom_request(call, "GET", on_types);
  hd_put_str(&call->url, call->self->base);
  hd_puts(&call->url, "/ticket_types");
  intercom_send(call);
}

/* ---- the sequence ---- */

static void go_on(struct intercom_call *call) {
  switch (step_next(call)) {
  case STEP_FIELDS:
    fields_put(call);
    break;
  case STEP_TAGS:
    tag_put(call);
    break;
  case STEP_ASSIGN:
    assignee_put(call);
    break;
  case STEP_NOTE:
    speak(call, true);
    break;
  case STEP_REPLY:
    speak(call, false);
    break;
  case STEP_SOLVE:
    solve_start(call);
    break;
  default:
    intercom_end(call, TRG_DONE, TRG_CODE_OK,
                 call->refused ? "written, but for fields that were refused: see the log" : "");
  }
}

/* Why nothing may be written here at all; the code too. NULL: it may. */
static const char *barred(const struct intercom_call *call, const char **ret_code) {
  const struct intercom_thread *thread = &call->thread;
  *ret_code = TRG_CODE_CLOSED;
  if (!thread->item.is_ticket && thread->item.ticket_id.n > 0)
    return "the conversation has become a ticket, and is answered there";
  if (intercom_is_merged(thread)) return "the conversation was merged into another one";
  *ret_code = TRG_CODE_PERMANENT;
  if (call->action->reply.n > 0 && (intercom_flags_of(thread) & TRG_TICKET_NOTE_ONLY) != 0)
    return "no customer would see a reply here; only notes can be written";
  *ret_code = TRG_CODE_CONFLICT;
  return intercom_news(thread, call->action, own_id(call));
}

static void on_fresh(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  const char *code = TRG_CODE_OK, *why;
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, NULL);
    return;
  }
  intercom_thread_free(&call->thread);
  if (intercom_thread_read(&call->thread, reply->body, call->key.is_ticket, false, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  if (!hd_same(call->thread.item.id, call->key.id)) {
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "Intercom answered with another item");
    return;
  }
  call->fresh = true;
  found_tell(call);
  why = step_next(call) == 0 ? NULL : barred(call, &code);
  /* What an earlier attempt said can not be unsaid; the rest of it is left to the newer turn. */
  if (why != NULL && call->reply_done && strcmp(code, TRG_CODE_CONFLICT) == 0)
    intercom_end(call, TRG_DONE, TRG_CODE_OK, "the reply is sent; the customer wrote again since");
  else if (why != NULL)
    intercom_end(call, TRG_REJECTED, code, why);
  else
    go_on(call);
}

static void read_again(struct intercom_call *call) {
  intercom_request(call, "GET", on_fresh);
  intercom_url(&call->url, call->self->base, call->key, "");
  intercom_send(call);
}

static bool action_take(struct intercom_call *call, const struct trg_action *action) {
  call->action = action;
  if (!intercom_key_read(action->ticket_id, &call->key) || action->idem_key.n == 0 ||
      action->idem_key.n > 128) {
    intercom_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                 "a write needs an id such as 515 or ticket-88 and a key of at most 128 bytes");
    return false;
  }
  call->assignee = intercom_assignee_of(&call->self->map, action->team, &call->mem);
  return true;
}

void intercom_write(void *self, trg_op op, const struct trg_action *action) {
  struct intercom_call *call = intercom_call_new(self, op);
  if (action_take(call, action)) intercom_identify(call, read_again);
}

/* ---- find ---- */

/* Everything that would be left to do is what did not happen: write() then does the rest of it and
 * leaves out what is there. Beside a note or reply the fields came before, and may have been
 * changed by somebody since; they do not count then. */
static void found_end(struct intercom_call *call) {
  struct intercom *self = call->self;
  const struct intercom_thread *thread = &call->thread;
  const int64_t age_ms = self->host->now_ms() - call->action->attempt_ms;
  found_tell(call);
  if (is_spoken(call)) call->done = ~STEPS_SEEN;
  if (step_next(call) == 0) {
    intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
  } else if (thread->partial && thread->part_count > 1 &&
             thread->parts[1].at_s > since_s(call)) { /* the first is the opening */
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                 "more was written since than Intercom gives: it can not be told");
  } else if (age_ms >= 0 && age_ms < SETTLE_MS) {
    struct trg_result result = {.outcome = TRG_RETRY,
                                .retry_after_ms = SETTLE_MS - age_ms,
                                .code = TRG_STR(TRG_CODE_TRANSIENT),
                                .why = TRG_STR("not there yet, and too early to be sure")};
    intercom_end_with(call, &result);
  } else {
    intercom_end(call, TRG_REJECTED, TRG_CODE_NOT_FOUND,
                 "not all of this write is there: no part with its words or its marker");
  }
}

static void on_found(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, NULL);
    return;
  }
  if (intercom_thread_read(&call->thread, reply->body, call->key.is_ticket, false, &err) != 0)
    intercom_fail_malformed(call, reply, &err);
  else
    found_end(call);
}

static void found_ask(struct intercom_call *call) {
  intercom_request(call, "GET", on_found);
  intercom_url(&call->url, call->self->base, call->key, "");
  intercom_send(call);
}

void intercom_find(void *self, trg_op op, const struct trg_action *action) {
  struct intercom_call *call = intercom_call_new(self, op);
  if (action_take(call, action)) intercom_identify(call, found_ask);
}
