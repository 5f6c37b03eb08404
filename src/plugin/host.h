/*
 * The daemon's side of the plugin interface: instances and operations. Completion exactly once,
 * delivered on a later turn than the start; deadlines; cancelling; per-op memory; rate buckets;
 * concurrency per instance. What a plugin does wrong (a second done, a stale op) is counted and
 * logged, never believed.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/connector.h>
#include <triaged/model.h>

struct loop;
struct http;
struct host;
struct arena;
struct trg_inst;

struct host *host_new(struct loop *l, struct http *h);
void host_free(struct host **h); /* cancels every op without callbacks, closes instances */

/* For replays: from now on no exchange is made; `fn` answers each request instead, on a later turn.
 * What it puts into ret lives until its next call. */
typedef void host_answer_fn(void *arg, const struct trg_http_request *request,
                            struct trg_http_reply *ret);
void host_answer(struct host *h, host_answer_fn *fn, void *arg);

/* Opens an instance. `conf` is the filled settings struct (copied, conf_size bytes; strings in it
 * must outlive the instance). `origins`: URLs whose origins the instance may talk to. */
struct inst_options {
  const struct trg_plugin *plugin;
  const char *name; /* in the configuration */
  const void *conf;
  const char *const *origins;
  size_t origin_count;
  int max_in_flight; /* 0: 32; more ops wait in order; those of a vendor's batch take no place */
  void *user;        /* the owner's: a helpdesk or model */
};
int inst_open(struct host *h, const struct inst_options *o, struct trg_inst **ret,
              struct trg_err *err);
/* No new ops; closes (and frees) when the last one ended. */
void inst_retire(struct trg_inst *i);
const char *inst_name(const struct trg_inst *i);
void *inst_user(const struct trg_inst *i);
const struct trg_connector_ops *inst_connector(const struct trg_inst *i); /* NULL: other kind */
const struct trg_model_ops *inst_model(const struct trg_inst *i);
uint32_t inst_caps(const struct trg_inst *i);
void *inst_self(const struct trg_inst *i);    /* for verify() and parse() */
int inst_in_flight(const struct trg_inst *i); /* without those that wait in batches */
int inst_queued(const struct trg_inst *i);
int64_t inst_wait_ms(const struct trg_inst *i); /* longest rate wait now */

/* What an op brought. Slices live during the callback. */
struct op_events {
  void (*on_notice)(void *arg, const struct trg_notice *n);
  void (*on_cursor)(void *arg, struct trg_str cursor, bool more);
  void (*on_ticket)(void *arg, const struct trg_ticket *t);
  void (*on_receipt)(void *arg, const struct trg_receipt *r);
  void (*on_reply)(void *arg, const struct trg_model_reply *r);
  /* Once, last, on a later turn than the start; also for cancelled and expired ops. */
  void (*on_done)(void *arg, const struct trg_result *r);
  void (*on_batch_ref)(void *arg, struct trg_str ref);    /* may be NULL */
  void (*on_macro)(void *arg, const struct trg_macro *m); /* may be NULL */
};
/* Starts of ops: the deadline counts from when the op really starts (it may wait for a place).
 * Inputs are copied. `arg` stays the caller's until on_done. */
trg_op op_probe(struct trg_inst *i, const struct op_events *e, void *arg, int64_t deadline_ms);
trg_op op_poll(struct trg_inst *i, struct trg_str cursor, int64_t since_ms,
               const struct op_events *e, void *arg, int64_t deadline_ms);
trg_op op_fetch(struct trg_inst *i, struct trg_str id, const struct op_events *e, void *arg,
                int64_t deadline_ms);
trg_op op_write(struct trg_inst *i, const struct trg_action *a, const struct op_events *e,
                void *arg, int64_t deadline_ms);
trg_op op_find(struct trg_inst *i, const struct trg_action *a, const struct op_events *e, void *arg,
               int64_t deadline_ms);
/* One page of saved replies; only when inst_connector()->macros is there. */
trg_op op_macros(struct trg_inst *i, struct trg_str cursor, const struct op_events *e, void *arg,
                 int64_t deadline_ms);
trg_op op_complete(struct trg_inst *i, const struct trg_model_request *r, const struct op_events *e,
                   void *arg, int64_t deadline_ms);
/* The same without a copy: the request's texts live in `holder`, which the op holds, or longer. */
trg_op op_complete_held(struct trg_inst *i, const struct trg_model_request *r, struct arena *holder,
                        const struct op_events *e, void *arg, int64_t deadline_ms);
trg_op op_train(struct trg_inst *i, const struct trg_example *examples, size_t count,
                struct trg_str path, const struct op_events *e, void *arg, int64_t deadline_ms);
/* Ends it with TRG_CANCELLED on a later turn; a stale id is fine. A write that was sent ends as
 * TRG_UNCERTAIN instead. */
void op_cancel(struct host *h, trg_op op);
size_t host_ops(const struct host *h);
/* Cancels reads and model calls; writes go on until they end. */
void host_drain(struct host *h);

#endif
