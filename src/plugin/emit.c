#include <string.h>

#include "base/mem.h"
#include "plugin/inner.h"

/* The open operation if it is of kind a or b; anything else is the plugin's mistake. */
static struct op *emitter(trg_op id, enum op_kind a, enum op_kind b, const char *what) {
  struct op *o = op_open(id, what);
  if (o == NULL || o->kind == a || o->kind == b) return o;
  misuse(o->inst, what);
  return NULL;
}

void emit_notice(trg_op op, const struct trg_notice *notice) {
  const struct op *o = emitter(op, OP_POLL, OP_POLL, "emit_notice() outside an open poll");
  if (o == NULL || o->events.on_notice == NULL) return;
  struct trg_notice n;
  struct_read(&n, sizeof n, notice, notice->size);
  n.size = sizeof n;
  o->events.on_notice(o->arg, &n);
}

void emit_cursor(trg_op op, struct trg_str cursor, bool more) {
  const struct op *o = emitter(op, OP_POLL, OP_MACROS, "set_cursor() outside an open poll");
  if (o != NULL && o->events.on_cursor != NULL) o->events.on_cursor(o->arg, cursor, more);
}

/* An array whose elements are of another version's size, as one of ours; NULL: it is already. */
static void *restride(const void *from, size_t count, uint32_t from_size, size_t to_size) {
  if (count == 0 || from_size == 0 || from_size == to_size) return NULL;
  char *to = mem_array(count, to_size);
  for (size_t i = 0; i < count; i++)
    struct_read(to + i * to_size, to_size, (const char *)from + i * from_size, from_size);
  return to;
}

void emit_ticket(trg_op op, const struct trg_ticket *ticket) {
  const struct op *o = emitter(op, OP_FETCH, OP_FETCH, "emit_ticket() outside an open fetch");
  if (o == NULL || o->events.on_ticket == NULL) return;
  struct trg_ticket t;
  struct_read(&t, sizeof t, ticket, ticket->size);
  t.size = sizeof t;
  void *messages = t.message_count == 0 ? NULL
                                        : restride(t.messages, t.message_count, t.messages->size,
                                                   sizeof *t.messages);
  void *facts = t.fact_count == 0 ? NULL
                                  : restride(t.facts, t.fact_count, t.facts->size, sizeof *t.facts);
  if (messages != NULL) t.messages = messages;
  if (facts != NULL) t.facts = facts;
  o->events.on_ticket(o->arg, &t);
  mem_free(messages);
  mem_free(facts);
}

void emit_receipt(trg_op op, const struct trg_receipt *receipt) {
  const struct op *o = emitter(op, OP_WRITE, OP_FIND,
                               "emit_receipt() outside an open write or find");
  if (o == NULL || o->events.on_receipt == NULL) return;
  struct trg_receipt r;
  struct_read(&r, sizeof r, receipt, receipt->size);
  r.size = sizeof r;
  o->events.on_receipt(o->arg, &r);
}

void emit_macro(trg_op op, const struct trg_macro *macro) {
  const struct op *o = emitter(op, OP_MACROS, OP_MACROS, "emit_macro() outside open macros");
  if (o == NULL || o->events.on_macro == NULL) return;
  struct trg_macro m;
  struct_read(&m, sizeof m, macro, macro->size);
  m.size = sizeof m;
  o->events.on_macro(o->arg, &m);
}

void emit_reply(trg_op op, const struct trg_model_reply *reply) {
  const struct op *o = emitter(op, OP_COMPLETE, OP_TRAIN,
                               "emit_reply() outside an open model call");
  if (o == NULL || o->events.on_reply == NULL) return;
  struct trg_model_reply r;
  struct_read(&r, sizeof r, reply, reply->size);
  r.size = sizeof r;
  o->events.on_reply(o->arg, &r);
}

void emit_batch_ref(trg_op op, struct trg_str ref) {
  const struct op *o = emitter(op, OP_COMPLETE, OP_COMPLETE,
                               "batch_ref() outside an open model call");
  if (o == NULL || o->events.on_batch_ref == NULL) return;
  o->events.on_batch_ref(o->arg, ref);
}
