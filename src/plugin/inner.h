/*
 * What the files of this room share: the host, its instances, operations and the calls that an
 * operation has under way.
 */
#ifndef PLUGIN_INNER_H
#define PLUGIN_INNER_H

#include <semaphore.h>

#include "net/http.h"
#include "net/limit.h"
#include "net/loop.h"
#include "net/slots.h"
#include "net/url.h"
#include "plugin/host.h"

struct arena;

enum op_kind {
  OP_PROBE = 1,
  OP_POLL,
  OP_FETCH,
  OP_WRITE,
  OP_FIND,
  OP_COMPLETE,
  OP_TRAIN,
  OP_MACROS
};
enum op_state {
  OP_QUEUED = 0, /* waits for a place */
  OP_OPEN,       /* the plugin has it */
  OP_ENDED,      /* its result waits for the next turn */
  OP_TOLD        /* on_done was called */
};

enum call_kind {
  CALL_HTTP = 1, /* an exchange is under way */
  CALL_RATE,     /* an exchange waits for its rate bucket */
  CALL_REFUSED,  /* an exchange that is not made; its answer waits for the next turn */
  CALL_TIMER,
  CALL_WORK_WAIT, /* the pool is full */
  CALL_WORK
};

/* Something that the plugin asked for within an operation. */
struct call {
  struct call *prev, *next;
  struct op *op; /* NULL: the operation is gone, only the pool thread still has this */
  enum call_kind kind;
  bool writes; /* an exchange that changes something */
  http_id exchange;
  loop_timer timer;
  struct arena *mem; /* the copied request, while it waits */
  struct trg_http_request request;
  const char *why; /* CALL_REFUSED, in mem */
  trg_reply_fn *on_reply;
  trg_timer_fn *on_timer;
  trg_work_fn *work;
  trg_after_fn *after;
  void *arg;
  sem_t worked; /* CALL_WORK: the pool thread is through */
};

struct op {
  trg_op id;
  struct host *host;
  struct trg_inst *inst;
  enum op_kind kind;
  enum op_state state;
  bool sent;       /* something that changes the peer has surely or maybe left */
  struct op *next; /* in the instance's queue, then in a list of the host's */
  struct op_events events;
  void *arg;
  int64_t deadline_ms, ends_at_ms; /* the second on the monotonic clock */
  loop_timer deadline;
  struct arena *mem;   /* inputs, then the result's words */
  struct arena *held;  /* of the caller: where the request's texts are; may be NULL */
  struct trg_str text; /* cursor, id or path */
  int64_t since_ms;
  struct trg_action action;
  struct trg_model_request request;
  struct trg_example *examples;
  size_t example_count;
  struct trg_result result;
  struct call *calls;
  void *plugin_state;
  void (*plugin_free)(void *);
};

struct trg_inst {
  struct host *host;
  struct trg_inst *prev, *next;
  uint64_t serial;
  const struct trg_plugin *plugin;
  char *name;
  void *conf;
  void *self;
  struct trg_connector_ops connector; /* as this program knows it; a missing tail is zero */
  struct trg_model_ops model;
  struct url *origins;
  size_t origin_count;
  int max_in_flight, in_flight, queued, works;
  int batched; /* of those in flight: they wait at the vendor, and take no place */
  struct op *queue_head, **queue_tail;
  struct limit *limit;
  bool opened, retired, warned;
  uint64_t misuses;
  void *user;
};

struct host {
  struct loop *l;
  struct http *http;
  host_answer_fn *answer; /* NULL: exchanges are made */
  void *answer_arg;
  struct slots ops;
  uint64_t *last_inst; /* serial of the instance that last used a slot of ops */
  size_t last_room;
  struct trg_inst *first;
  uint64_t next_serial;
  struct op *ended_head, **ended_tail;
  struct op *lingering; /* told, but a pool thread still reads their inputs */
  bool turn_planned, closing, warned;
  uint64_t misuses;
};

/* The host's functions get an operation's number and nothing else, so they find the host here.
 * One process has one host. */
struct host *host_current(void);
const struct trg_host *host_table(void);
int64_t mono_ms(void);
void host_turn_soon(struct host *h);
/* The open operation, or NULL; then the plugin's mistake was counted and told. */
struct op *op_open(trg_op id, const char *what);
void misuse(struct trg_inst *i, const char *what);
uint64_t host_misuses(const struct host *h); /* mistakes of plugins so far */

/* op.c */
void op_begin(struct op *o);
bool op_is_batched(const struct op *o); /* waits for the vendor's batch */
bool op_is_batched(const struct op *o); /* may wait for the vendor's batch */
void op_end(struct op *o, int32_t outcome, const char *code, const char *why);
void op_end_with(struct op *o, const struct trg_result *r);
void op_cancel_at(struct op *o);
void op_deliver(struct op *o);
void op_abandon(struct op *o); /* without callbacks */
void op_worked(struct op *o);  /* a pool thread is through with it */
bool op_is_write(const struct op *o);

/* call.c */
void call_http(trg_op id, const struct trg_http_request *r, trg_reply_fn *on_reply, void *arg);
void call_timer(trg_op id, int64_t ms, trg_timer_fn *fn, void *arg);
void call_work(trg_op id, trg_work_fn *fn, trg_after_fn *after, void *arg);
void calls_abort(struct op *o);         /* work on a pool thread stays */
void calls_wait_for_work(struct op *o); /* blocks */
bool calls_wait_for_rate(const struct op *o, int64_t *ret_ms);
bool calls_may_have_written(const struct op *o);

/* emit.c */
void emit_notice(trg_op op, const struct trg_notice *notice);
void emit_cursor(trg_op op, struct trg_str cursor, bool more);
void emit_ticket(trg_op op, const struct trg_ticket *ticket);
void emit_receipt(trg_op op, const struct trg_receipt *receipt);
void emit_macro(trg_op op, const struct trg_macro *macro);
void emit_reply(trg_op op, const struct trg_model_reply *reply);
void emit_batch_ref(trg_op op, struct trg_str ref);

/* inst.c */
void inst_start_waiting(struct trg_inst *i);
void inst_close(struct trg_inst *i);
int inst_allow_origin(struct trg_inst *i, struct trg_str url, struct trg_err *err);

/* What `from` has beyond its own size reads as zero; size 0 is taken for a whole struct. */
void struct_read(void *to, size_t to_size, const void *from, uint32_t from_size);

#endif
