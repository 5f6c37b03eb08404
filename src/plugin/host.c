#include "plugin/host.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/loop_uv.h"
#include "plugin/inner.h"

#define LOG_PAIRS 32

static struct host *the_host;

struct host *host_current(void) {
  return the_host;
}
int64_t mono_ms(void) {
  return clock_mono_us() / 1000;
}

void struct_read(void *to, size_t to_size, const void *from, uint32_t from_size) {
  const size_t n = from_size != 0 && from_size < to_size ? from_size : to_size;
  memset(to, 0, to_size);
  memcpy(to, from, n);
}

static void warn(const struct trg_inst *i, const char *what) {
  if (i == NULL)
    log_event(TRG_WARN, "plugin.misuse", "what", what, NULL);
  else
    log_event(TRG_WARN, "plugin.misuse", "inst", i->name, "plugin", i->plugin->name, "what", what,
              NULL);
}

void misuse(struct trg_inst *i, const char *what) {
  i->host->misuses++;
  i->misuses++;
  if (!i->warned) warn(i, what);
  i->warned = true;
}

/* Nothing is known of a stale number but its place in the table and who had that place last. */
static void misuse_stale(struct host *h, trg_op id, const char *what) {
  const uint32_t at = slots_index(id);
  for (struct trg_inst *i = h->first; i != NULL; i = i->next)
    if (at < h->last_room && h->last_inst[at] == i->serial) {
      misuse(i, what);
      return;
    }
  h->misuses++;
  if (!h->warned) warn(NULL, what);
  h->warned = true;
}

struct op *op_open(trg_op id, const char *what) {
  struct host *h = the_host;
  if (h == NULL) return NULL;
  struct op *o = slots_get(&h->ops, id);
  if (o != NULL && o->state == OP_OPEN) return o;
  if (o != NULL)
    misuse(o->inst, what);
  else
    misuse_stale(h, id, what);
  return NULL;
}

static void host_log(trg_inst *inst, int32_t level, const char *event, const char *const *kv) {
  const char *pairs[2 * LOG_PAIRS + 3];
  size_t n = 0;
  if (inst != NULL) {
    pairs[n++] = "inst";
    pairs[n++] = inst->name;
  }
  for (size_t i = 0; kv != NULL && kv[i] != NULL && n < 2 * LOG_PAIRS; i += 2) {
    pairs[n++] = kv[i];
    pairs[n++] = kv[i + 1];
    if (kv[i + 1] == NULL) /* a value is missing: nothing can be read behind it */
      break;
  }
  pairs[n] = NULL;
  log_pairs(level, event, pairs);
}

static void host_op_set(trg_op id, void *state, void (*free_fn)(void *)) {
  struct op *o = op_open(id, "op_set() for an operation that is not open");
  if (o == NULL) {
    if (state != NULL && free_fn != NULL) free_fn(state); /* it was handed over */
    return;
  }
  if (o->plugin_state != NULL && o->plugin_free != NULL && o->plugin_state != state)
    o->plugin_free(o->plugin_state);
  o->plugin_state = state;
  o->plugin_free = free_fn;
}

static void *host_op_get(trg_op id) {
  const struct op *o = the_host == NULL ? NULL : slots_get(&the_host->ops, id);
  return o != NULL && o->state == OP_OPEN ? o->plugin_state : NULL;
}

static void host_done(trg_op id, const struct trg_result *result) {
  struct op *o = op_open(id, "done() twice, or for an operation that is not open");
  if (o != NULL) op_end_with(o, result);
}

static void host_bucket(trg_inst *inst, const char *bucket, int64_t remaining, int64_t reset_ms) {
  limit_told(inst->limit, bucket, remaining, reset_ms, mono_ms());
}

const struct trg_host *host_table(void) {
  static const struct trg_host table = {
      .size = sizeof table,
      .now_ms = clock_now_ms,
      .log = host_log,
      .http = call_http,
      .timer = call_timer,
      .work = call_work,
      .op_set = host_op_set,
      .op_get = host_op_get,
      .done = host_done,
      .bucket = host_bucket,
      .emit_notice = emit_notice,
      .set_cursor = emit_cursor,
      .emit_ticket = emit_ticket,
      .emit_receipt = emit_receipt,
      .emit_reply = emit_reply,
      .emit_macro = emit_macro,
      .allow_origin = inst_allow_origin,
      .batch_ref = emit_batch_ref,
  };
  return &table;
}

/* Results first, then starts in the places that became free, then instances that are through. */
static void host_turn(void *arg) {
  struct host *h = arg;
  h->turn_planned = false;
  struct op *o = h->ended_head; /* what ends from here on is for the next turn */
  h->ended_head = NULL;
  h->ended_tail = &h->ended_head;
  while (o != NULL) {
    struct op *const next = o->next;
    op_deliver(o);
    o = next;
  }
  for (struct trg_inst *i = h->first; i != NULL; i = i->next) inst_start_waiting(i);
  for (struct trg_inst *i = h->first; i != NULL;) {
    struct trg_inst *const next = i->next;
    if (i->retired && i->in_flight == 0 && i->queued == 0 && i->works == 0) inst_close(i);
    i = next;
  }
}

void host_turn_soon(struct host *h) {
  if (h->turn_planned || h->closing) return;
  h->turn_planned = true;
  loop_soon(h->l, host_turn, h);
}

struct host *host_new(struct loop *l, struct http *http) {
  BUG_UNLESS(the_host == NULL);
  struct host *h = mem_alloc(sizeof *h);
  h->l = l;
  h->http = http;
  h->ended_tail = &h->ended_head;
  the_host = h;
  return h;
}

void host_free(struct host **at) {
  struct host *h = *at;
  if (h == NULL) return;
  *at = NULL;
  h->closing = true;
  loop_soon_drop(h->l, h);
  for (uint32_t i = 0; i < h->ops.count; i++) {
    struct op *o = slots_at(&h->ops, i);
    if (o != NULL) op_abandon(o);
  }
  while (h->lingering != NULL) {
    struct op *o = h->lingering;
    h->lingering = o->next;
    op_abandon(o);
  }
  while (h->first != NULL) inst_close(h->first);
  slots_free(&h->ops);
  mem_free(h->last_inst);
  mem_free(h);
  the_host = NULL;
}

uint64_t host_misuses(const struct host *h) {
  return h->misuses;
}
size_t host_ops(const struct host *h) {
  return h->ops.used;
}

void host_drain(struct host *h) {
  for (uint32_t i = 0; i < h->ops.count; i++) {
    struct op *o = slots_at(&h->ops, i);
    if (o != NULL && !op_is_write(o)) op_cancel_at(o);
  }
}

void op_cancel(struct host *h, trg_op id) {
  struct op *o = slots_get(&h->ops, id);
  if (o != NULL) op_cancel_at(o);
}

void host_answer(struct host *h, host_answer_fn *fn, void *arg) {
  h->answer = fn;
  h->answer_arg = arg;
}
