/* What the two halves of the fake host share: fake_host.c (clock, delivery, what a test calls) and
 * fake_host_table.c (what the plugin calls). Tests include fake_host.h only. */
#ifndef TESTS_WIRE_FAKE_HOST_INNER_H
#define TESTS_WIRE_FAKE_HOST_INNER_H

#include "fake_host.h"

struct memory;

enum event_kind { EVENT_REPLY, EVENT_TIMER, EVENT_WORK, EVENT_AFTER, EVENT_DONE, EVENT_DEADLINE };

struct event {
  enum event_kind kind;
  trg_op op;
  int64_t due_ms;
  uint64_t order;
  trg_reply_fn *on_reply;
  trg_timer_fn *on_timer;
  trg_work_fn *work;
  trg_after_fn *after;
  void *arg;
  struct fake_reply *script; /* for EVENT_REPLY; NULL: nothing matched */
};

struct op_slot {
  struct fake_op pub;
  struct fake_inst *inst;
  bool done_called, is_write;
  int64_t deadline_ms;
  void *state;
  void (*state_free)(void *);
};

struct fake_inst {
  struct fake_host *host;
  const struct trg_plugin *plugin;
  void *self;
  void *conf;
  struct fake_inst *next;
};

struct fake_host {
  struct trg_host table;
  int64_t now_ms;
  uint64_t order;
  struct memory *memory;
  struct fake_inst *insts;
  struct op_slot **ops; /* pointers, so that a fake_op stays where it is */
  size_t op_count;
  struct event *events;
  size_t event_count;
  struct fake_reply *script;
  bool *script_used;
  size_t script_count;
  struct fake_request **requests; /* pointers: a test may hold one while more are made */
  size_t request_count;
  char **logs;
  size_t log_count;
  struct fake_bucket *buckets;
  size_t bucket_count;
  size_t violations;
  char violation[256];
};

extern struct fake_host *fake_the_host; /* trg_host's functions carry no host */
extern const struct trg_host fake_host_functions;

/* What a test may look at lives until fake_host_free(). */
void *fake_keep(size_t bytes);
struct trg_str fake_keep_str(struct trg_str s);
char *fake_keep_text(const char *text);
/* One more zeroed item for an array; the array is freed by fake_host_free(). */
void *fake_grow(void *array, size_t count, size_t item_bytes);

__attribute__((format(printf, 1, 2))) void fake_violate(const char *format, ...);

struct op_slot *fake_slot_find(trg_op op);
/* The op as long as the plugin may still act on it; otherwise a violation and NULL. */
struct op_slot *fake_slot_open(trg_op op, const char *what);
struct event *fake_event_add(enum event_kind kind, trg_op op, int64_t delay_ms);
void fake_events_drop(trg_op op);

#endif
