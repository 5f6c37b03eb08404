/*
 * Inside of the lookups of drafts: the servers, one draft's tools, its calls under way. For
 * lookup*.c and remotes.c alone.
 */
#ifndef PIPELINE_LOOKUP_INNER_H
#define PIPELINE_LOOKUP_INNER_H

#include "conf/conf.h"
#include "mcp/client.h"
#include "net/loop.h"
#include "pipeline/lookup.h"
#include "pipeline/stage.h"
#include "store/tool_wish.h"

#define LOOKUP_STEPS    3
#define LOOKUP_CALLS    4 /* a step */
#define LOOKUP_TOOLS    24
#define LOOKUP_READY_MS 5000
#define LOOKUP_WHOLE_MS 45000
#define LOOKUP_COST     100000 /* micro-dollars for tools, a draft */
#define LOOKUP_RESULT   ((size_t)8000)
#define LOOKUP_TEXT     ((size_t)600) /* of a tool's description */
#define REMOTES_MAX     32

/* Something that comes back on a later turn: it finds the lookup gone, or nothing at all is left
 * and the errand is freed with the servers. */
struct errand {
  struct errand *next, **at;
  struct lookup *lookup; /* NULL: it has ended */
  struct looking *call;
};

struct remotes {
  struct mcp_client *clients[REMOTES_MAX];
  const struct conf_mcp_server *servers[REMOTES_MAX];
  bool told[REMOTES_MAX]; /* of tools that policy leaves out */
  size_t count;
  char hash[65];
  struct arena *kept;
  const char *schema; /* of the tools as they were last; calls under way may hold older ones */
  struct errand *errands;
};

struct known {
  struct mcp_client *client;
  char *name; /* "server.tool" */
  const char *tool, *description;
  char *schema;
  bool reads;                   /* it changes nothing */
  const struct conf_tool *rule; /* of policy; NULL: none, and then it only reads */
  int64_t price_micros;
};

struct looking {
  struct lookup *lookup;
  mcp_call_id id;        /* 0: this place is free, or it is not sent yet */
  struct errand *errand; /* a commit is waited for */
  bool needs_map;        /* the ticket is read first, for its tokens */
  int64_t wish_id;       /* it changes something; 0: it only reads */
  struct mcp_client *client;
  const struct known *tool;
  const char *arguments; /* masked, as they are kept */
  int64_t from_us;
};

struct lookup {
  struct task *task;
  struct remotes *remotes;
  struct arena *arena;
  struct known tools[LOOKUP_TOOLS];
  size_t tool_count, waiting;
  int64_t step, until_us, cost_micros;
  bool denied, expired, unsure; /* a call that changes something was, or may have been done */
  int64_t held_ms;              /* a person is waited for until then; 0: nobody */
  const char *held_tool;
  const char *retry; /* an approved call can not be made now: why */
  bool resuming;     /* approved calls are made before the model is asked */
  loop_timer timer;
  void (*then)(struct task *k);
  struct looking calls[LOOKUP_CALLS];
  json *results;
  struct errand *reading; /* the ticket, for its tokens */
  trg_op op;
  struct pii_map *map; /* what its tokens stand for */
  bool map_tried;
};

/* remotes.c */
struct errand *errand_new(struct lookup *l, struct looking *k);
/* Its lookup, NULL when that has ended; the errand is freed. */
struct lookup *errand_end(struct errand *e, struct looking **ret_call);

/* lookup_call.c */
/* The k-th place makes this call; its end is in one_done. `arguments` is text of a JSON object. */
void call_make(struct lookup *l, struct looking *k, const struct known *t, const char *arguments,
               int64_t wish_id);
/* What was asked and did not lead to a call. */
void call_told(struct lookup *l, const char *tool, const char *arguments, const char *outcome,
               const char *told);
/* The same, and recorded as a call. */
void call_refused(struct lookup *l, const char *tool, const char *arguments, const char *outcome,
                  const char *told);
void call_ended(struct lookup *l); /* one of `waiting` */
const struct known *tool_find(const struct lookup *l, struct trg_str name);

/* lookup_wish.c */
void wish_make(struct lookup *l, struct looking *k, const struct known *t, const char *arguments);
/* Of this pass: tells what people said, runs what they approved, sees for whom to wait. Then
 * lookup's `then`, on this turn or a later one. */
void wishes_go(struct lookup *l);
void wish_ended(struct lookup *l, struct looking *k, const char *state, const char *told);

/* lookup.c */
void lookup_go_on(struct lookup *l);

#endif
