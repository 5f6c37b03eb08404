/* Reading one conversation or ticket whole; and its contact, where it does not name the address. */
#include <string.h>

#include "intercom.h"

static void item_tell(struct intercom_call *call) {
  struct intercom *self = call->self;
  struct intercom_me me = self->me;
  const struct trg_str own = intercom_own_id(self);
  struct trg_ticket ticket;
  memset(me.id, 0, sizeof me.id);
  memcpy(me.id, own.p, own.n < sizeof me.id - 1 ? own.n : sizeof me.id - 1);
  intercom_thread_tell(&call->thread, &me, &ticket);
  if (call->thread.mem.full) { /* facts would be missing, and nobody would know */
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                 "the conversation is larger than can be kept in memory");
    return;
  }
  self->host->emit_ticket(call->op, &ticket);
  intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
}

/* Deleted ones are in no search; a webhook names them, or their own last notice. */
static void deleted_tell(struct intercom_call *call) {
  const struct trg_ticket_fact fact = {.size = sizeof fact,
                                       .kind = TRG_FACT_DELETED,
                                       .id = TRG_STR("deleted"),
                                       .by = TRG_AUTHOR_UNKNOWN};
  const struct trg_ticket ticket = {.size = sizeof ticket,
                                    .id = call->id,
                                    .version = TRG_STR("deleted"),
                                    .status = TRG_STATUS_DELETED,
                                    .facts = &fact,
                                    .fact_count = 1};
  call->self->host->emit_ticket(call->op, &ticket);
  intercom_end(call, TRG_DONE, TRG_CODE_OK, "");
}

static void on_contact(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (hd_ok(reply) && intercom_contact_read(&call->thread, reply->body, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  /* A clear no is no reason to know nothing of the conversation; anything else may pass. */
  if (!hd_ok(reply) && intercom_verdict(call, reply).outcome != TRG_REJECTED) {
    intercom_fail(call, reply, NULL);
    return;
  }
  item_tell(call);
}

static void contact_ask(struct intercom_call *call) {
  intercom_request(call, "GET", on_contact);
  hd_put_str(&call->url, call->self->base);
  hd_puts(&call->url, "/contacts/");
  hd_put_url(&call->url, call->thread.item.contact_id);
  intercom_send(call);
}

static void on_item(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (intercom_is_gone(call, reply)) {
    deleted_tell(call);
    return;
  }
  if (!hd_ok(reply)) {
    intercom_fail(call, reply, NULL);
    return;
  }
  if (intercom_thread_read(&call->thread, reply->body, call->key.is_ticket, !call->key.is_ticket,
                           &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  if (!hd_same(call->thread.item.id, call->key.id))
    intercom_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "Intercom answered with another item");
  else if (intercom_needs_contact(&call->thread))
    contact_ask(call);
  else
    item_tell(call);
}

static void item_ask(struct intercom_call *call) {
  intercom_request(call, "GET", on_item);
  intercom_url(&call->url, call->self->base, call->key,
               call->key.is_ticket ? "" : "?display_as=plaintext");
  intercom_send(call);
}

void intercom_fetch(void *self, trg_op op, struct trg_str id) {
  struct intercom_call *call = intercom_call_new(self, op);
  call->id = id;
  if (!intercom_key_read(id, &call->key)) {
    intercom_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                 "an Intercom id is a number, for a ticket behind \"ticket-\"");
    return;
  }
  intercom_identify(call, item_ask);
}
