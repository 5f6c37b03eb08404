#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plugin/inner.h"

#define DEADLINE_DEFAULT_MS 60000

bool op_is_write(const struct op *o) {
  return o->kind == OP_WRITE;
}

/* Who had this slot last, for the day on which somebody comes with a stale number. */
static void note_inst(struct host *h, trg_op id, uint64_t serial) {
  const size_t at = slots_index(id);
  if (at >= h->last_room) {
    const size_t room = at * 2 + 64;
    h->last_inst = mem_grow(h->last_inst, room * sizeof *h->last_inst);
    memset(h->last_inst + h->last_room, 0, (room - h->last_room) * sizeof *h->last_inst);
    h->last_room = room;
  }
  h->last_inst[at] = serial;
}

static struct op *op_new(struct trg_inst *i, enum op_kind kind, const struct op_events *e,
                         void *arg, int64_t deadline_ms) {
  struct op *o = mem_alloc(sizeof *o);
  o->host = i->host;
  o->inst = i;
  o->kind = kind;
  o->events = *e;
  o->arg = arg;
  o->deadline_ms = deadline_ms > 0 ? deadline_ms : DEADLINE_DEFAULT_MS;
  o->mem = arena_new();
  o->id = slots_put(&i->host->ops, o);
  note_inst(i->host, o->id, i->serial);
  return o;
}

static void free_state(struct op *o) {
  if (o->plugin_state != NULL && o->plugin_free != NULL) o->plugin_free(o->plugin_state);
  o->plugin_state = NULL;
}

static void op_free(struct op *o) {
  free_state(o);
  arena_free(&o->mem);
  arena_free(&o->held);
  mem_free(o);
}

bool op_is_batched(const struct op *o) {
  return o->kind == OP_COMPLETE && (o->request.flags & TRG_REQUEST_BATCH) != 0;
}

/* op_deliver gives it back. */
static void place_take(struct op *o) {
  o->inst->in_flight++;
  o->inst->batched += op_is_batched(o);
}

/* Into the queue; the plugin is called on the next turn, so that nothing comes back inside the
 * starting call. */
static trg_op op_queue(struct op *o) {
  struct trg_inst *i = o->inst;
  if (i->retired) {
    place_take(o);
    op_end(o, TRG_CANCELLED, TRG_CODE_OK, "this instance is being closed");
    return o->id;
  }
  *i->queue_tail = o;
  i->queue_tail = &o->next;
  i->queued++;
  host_turn_soon(i->host);
  return o->id;
}

/* Something that changes the peer has left, or may have. */
static bool may_be_out(const struct op *o) {
  return o->sent || calls_may_have_written(o);
}

/* How the host itself ends an operation. A model call that was given up may still be billed. */
static void give_up(struct op *o, int32_t outcome, const char *code, const char *why) {
  const bool billed = o->kind == OP_COMPLETE && may_be_out(o);
  const struct trg_result r = {.outcome = outcome,
                               .code = str_of(code),
                               .why = str_of(why),
                               .flags = billed ? TRG_RESULT_MAYBE_BILLED : 0};
  op_end_with(o, &r);
}

static void expired(void *arg) {
  struct op *o = arg;
  o->deadline = 0;
  int64_t wait_ms = 0;
  if (op_is_write(o)) {
    give_up(o, TRG_UNCERTAIN, TRG_CODE_TIMEOUT, "the write's deadline passed before it ended");
    return;
  }
  if (!calls_wait_for_rate(o, &wait_ms)) {
    give_up(o, TRG_RETRY, TRG_CODE_TIMEOUT, "the deadline passed before it ended");
    return;
  }
  const struct trg_result r = {
      .outcome = TRG_RETRY,
      .retry_after_ms = wait_ms,
      .code = TRG_STR(TRG_CODE_RATE),
      .why = TRG_STR("the deadline passed while waiting for the rate limit")};
  op_end_with(o, &r);
}

static void reject(struct op *o, const char *what) {
  op_end(o, TRG_REJECTED, TRG_CODE_ENDPOINT, what);
}

static void call_connector(struct op *o) {
  const struct trg_connector_ops *c = &o->inst->connector;
  void *self = o->inst->self;
  if (o->kind == OP_PROBE && c->probe != NULL)
    c->probe(self, o->id);
  else if (o->kind == OP_POLL && c->poll != NULL)
    c->poll(self, o->id, o->text, o->since_ms);
  else if (o->kind == OP_FETCH && c->fetch != NULL)
    c->fetch(self, o->id, o->text);
  else if (o->kind == OP_WRITE && c->write != NULL)
    c->write(self, o->id, &o->action);
  else if (o->kind == OP_FIND && c->find != NULL)
    c->find(self, o->id, &o->action);
  else if (o->kind == OP_MACROS && c->macros != NULL)
    c->macros(self, o->id, o->text);
  else
    reject(o, "this connector has no such operation");
}

static void call_model(struct op *o) {
  const struct trg_model_ops *m = &o->inst->model;
  void *self = o->inst->self;
  if (o->kind == OP_COMPLETE && m->complete != NULL)
    m->complete(self, o->id, &o->request);
  else if (o->kind == OP_TRAIN && m->train != NULL)
    m->train(self, o->id, o->examples, o->example_count, o->text);
  else
    reject(o, "this model backend has no such operation");
}

void op_begin(struct op *o) {
  BUG_UNLESS(o->state == OP_QUEUED);
  place_take(o);
  o->state = OP_OPEN;
  o->ends_at_ms = mono_ms() + o->deadline_ms;
  o->deadline = loop_timer_start(o->host->l, o->deadline_ms, 0, expired, o);
  if (o->inst->plugin->kind == TRG_CONNECTOR)
    call_connector(o);
  else
    call_model(o);
}

/* From here on the plugin's number finds nothing; its state stays until the next turn, as it may
 * be in the middle of a function that still uses it. */
void op_end_with(struct op *o, const struct trg_result *r) {
  if (o->state >= OP_ENDED) return;
  o->state = OP_ENDED;
  loop_timer_stop(o->host->l, o->deadline);
  calls_abort(o);
  o->result = *r;
  o->result.code = arena_str(o->mem, r->code);
  o->result.why = arena_str(o->mem, r->why);
  o->next = NULL;
  *o->host->ended_tail = o;
  o->host->ended_tail = &o->next;
  host_turn_soon(o->host);
}

void op_end(struct op *o, int32_t outcome, const char *code, const char *why) {
  const struct trg_result r = {.outcome = outcome, .code = str_of(code), .why = str_of(why)};
  op_end_with(o, &r);
}

static void unqueue(struct op *o) {
  struct trg_inst *i = o->inst;
  struct op **at = &i->queue_head;
  while (*at != NULL && *at != o) at = &(*at)->next;
  BUG_UNLESS(*at == o);
  *at = o->next;
  if (i->queue_tail == &o->next) i->queue_tail = at;
  i->queued--;
}

void op_cancel_at(struct op *o) {
  if (o->state >= OP_ENDED) return;
  if (o->state == OP_QUEUED) {
    unqueue(o);
    place_take(o);
  }
  if (op_is_write(o) && may_be_out(o))
    give_up(o, TRG_UNCERTAIN, TRG_CODE_OK, "given up after the write was sent");
  else
    give_up(o, TRG_CANCELLED, TRG_CODE_OK, "given up");
}

void op_deliver(struct op *o) {
  struct trg_inst *i = o->inst;
  struct host *h = o->host;
  if (o->calls == NULL) free_state(o);
  o->state = OP_TOLD;
  if (o->events.on_done != NULL) o->events.on_done(o->arg, &o->result);
  i->in_flight--;
  i->batched -= op_is_batched(o);
  slots_drop(&h->ops, o->id);
  if (i->queued > 0 || i->retired) host_turn_soon(h);
  if (o->calls == NULL) {
    op_free(o);
    return;
  }
  o->next = h->lingering;
  h->lingering = o;
}

void op_worked(struct op *o) {
  if (o->state != OP_TOLD || o->calls != NULL) return;
  struct op **at = &o->host->lingering;
  while (*at != NULL && *at != o) at = &(*at)->next;
  if (*at == NULL) return; /* inside its on_done */
  *at = o->next;
  if (o->inst->retired) host_turn_soon(o->host);
  op_free(o);
}

void op_abandon(struct op *o) {
  o->state = OP_ENDED;
  loop_timer_stop(o->host->l, o->deadline);
  calls_abort(o);
  calls_wait_for_work(o);
  slots_drop(&o->host->ops, o->id);
  op_free(o);
}

static struct trg_str keep(struct op *o, struct trg_str s) {
  return arena_str(o->mem, s);
}

static void keep_action(struct op *o, const struct trg_action *a) {
  struct trg_action *to = &o->action;
  struct_read(to, sizeof *to, a, a->size);
  to->size = sizeof *to;
  struct trg_str *const texts[] = {&to->ticket_id, &to->version,  &to->last_message_id,
                                   &to->idem_key,  &to->note,     &to->reply,
                                   &to->priority,  &to->category, &to->team};
  for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) *texts[n] = keep(o, *texts[n]);
  struct trg_str *tags = arena_alloc(o->mem, (to->add_tag_count + 1) * sizeof *tags);
  for (size_t n = 0; n < to->add_tag_count; n++) tags[n] = keep(o, to->add_tags[n]);
  to->add_tags = tags;
}

static void keep_request(struct op *o, const struct trg_model_request *r) {
  struct trg_model_request *to = &o->request;
  struct_read(to, sizeof *to, r, r->size);
  to->size = sizeof *to;
  struct trg_str *const texts[] = {&to->task,  &to->stable,      &to->system,   &to->schema,
                                   &to->input, &to->schema_name, &to->user_hash};
  for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) *texts[n] = keep(o, *texts[n]);
  struct trg_prompt_part *parts = arena_alloc(o->mem, (to->part_count + 1) * sizeof *parts);
  for (size_t n = 0; n < to->part_count; n++)
    parts[n] = (struct trg_prompt_part){to->parts[n].role, keep(o, to->parts[n].text)};
  to->parts = parts;
}

trg_op op_probe(struct trg_inst *i, const struct op_events *e, void *arg, int64_t deadline_ms) {
  return op_queue(op_new(i, OP_PROBE, e, arg, deadline_ms));
}

trg_op op_poll(struct trg_inst *i, struct trg_str cursor, int64_t since_ms,
               const struct op_events *e, void *arg, int64_t deadline_ms) {
  struct op *o = op_new(i, OP_POLL, e, arg, deadline_ms);
  o->text = keep(o, cursor);
  o->since_ms = since_ms;
  return op_queue(o);
}

trg_op op_fetch(struct trg_inst *i, struct trg_str id, const struct op_events *e, void *arg,
                int64_t deadline_ms) {
  struct op *o = op_new(i, OP_FETCH, e, arg, deadline_ms);
  o->text = keep(o, id);
  return op_queue(o);
}

trg_op op_write(struct trg_inst *i, const struct trg_action *a, const struct op_events *e,
                void *arg, int64_t deadline_ms) {
  struct op *o = op_new(i, OP_WRITE, e, arg, deadline_ms);
  keep_action(o, a);
  return op_queue(o);
}

trg_op op_find(struct trg_inst *i, const struct trg_action *a, const struct op_events *e, void *arg,
               int64_t deadline_ms) {
  struct op *o = op_new(i, OP_FIND, e, arg, deadline_ms);
  keep_action(o, a);
  return op_queue(o);
}

trg_op op_macros(struct trg_inst *i, struct trg_str cursor, const struct op_events *e, void *arg,
                 int64_t deadline_ms) {
  struct op *o = op_new(i, OP_MACROS, e, arg, deadline_ms);
  o->text = keep(o, cursor);
  return op_queue(o);
}

trg_op op_complete(struct trg_inst *i, const struct trg_model_request *r, const struct op_events *e,
                   void *arg, int64_t deadline_ms) {
  struct op *o = op_new(i, OP_COMPLETE, e, arg, deadline_ms);
  keep_request(o, r);
  return op_queue(o);
}

trg_op op_complete_held(struct trg_inst *i, const struct trg_model_request *r, struct arena *holder,
                        const struct op_events *e, void *arg, int64_t deadline_ms) {
  struct op *o = op_new(i, OP_COMPLETE, e, arg, deadline_ms);
  struct_read(&o->request, sizeof o->request, r, r->size);
  o->request.size = sizeof o->request;
  o->held = arena_hold(holder);
  return op_queue(o);
}

trg_op op_train(struct trg_inst *i, const struct trg_example *examples, size_t count,
                struct trg_str path, const struct op_events *e, void *arg, int64_t deadline_ms) {
  struct op *o = op_new(i, OP_TRAIN, e, arg, deadline_ms);
  o->text = keep(o, path);
  o->examples = arena_alloc(o->mem, (count + 1) * sizeof *o->examples);
  o->example_count = count;
  for (size_t n = 0; n < count; n++)
    o->examples[n] = (struct trg_example){keep(o, examples[n].text), keep(o, examples[n].labels)};
  return op_queue(o);
}
