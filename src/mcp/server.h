/*
 * The server's side of MCP without any transport: a message comes in, its answer goes out, both
 * eras by what each request says of itself. What is served (tools, resources, prompts) is the
 * owner's, in a table.
 */
#ifndef MCP_SERVER_H
#define MCP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "mcp/era.h"

struct mcp_server;
struct mcp_call; /* one request under way */

/* What an access token allows. */
#define MCP_READ  1u
#define MCP_WRITE 2u /* fields and internal notes */
#define MCP_SEND  4u /* what a customer sees */

struct mcp_caller {
  const char *name;     /* of the token: stands in the audit log */
  uint32_t grants;      /* MCP_READ ... */
  const char *helpdesk; /* the only one that this caller may see; NULL: all */
  bool confirms;        /* a person at the client confirms what customers will see */
};

/* What a legacy client said in `initialize` that it can be asked for. */
#define MCP_CAN_ELICIT 1u /* a form for the person at the client */
#define MCP_CAN_SAMPLE 2u /* an answer of its model */
uint32_t mcp_client_can(const json *initialize_params);

/* What a tool says of itself (its annotations). */
#define MCP_READ_ONLY   1u
#define MCP_DESTRUCTIVE 2u
#define MCP_IDEMPOTENT  4u
#define MCP_META_PRICE  "triaged/price"  /* in a tool's _meta: US dollars a call, as text */
#define MCP_META_CHARGE "triaged/charge" /* in a result's _meta: {call, amount, currency} */
#define MCP_OPEN_WORLD  8u               /* it reaches somebody outside: a model, a customer */

struct mcp_tool {
  const char *name, *title, *description;
  const char *input_schema;  /* JSON text */
  const char *output_schema; /* JSON text, or NULL */
  uint32_t grant, hints;
  /* The arguments fit the schema. Leads to exactly one mcp_answer..., now or later. */
  void (*run)(void *arg, struct mcp_call *c, const json *arguments);
};

/* Each function leads to exactly one mcp_answer..., now or later. A NULL one: not offered. */
struct mcp_offer {
  const char *name, *title, *version, *instructions;
  const struct mcp_tool *tools;
  size_t tool_count;
  const char *templates; /* JSON array of resource templates; NULL: none */
  void (*resource_list)(void *arg, struct mcp_call *c, struct trg_str cursor);
  void (*resource_read)(void *arg, struct mcp_call *c, struct trg_str uri);
  void (*prompt_list)(void *arg, struct mcp_call *c, struct trg_str cursor);
  void (*prompt_get)(void *arg, struct mcp_call *c, struct trg_str name, const json *arguments);
  void (*complete)(void *arg, struct mcp_call *c, const json *params);
  /* Told of every tools/call, resources/read and prompts/get before it runs, also of refused ones
   * (`outcome` "called" or "refused"). May be NULL. */
  void (*audit)(void *arg, const struct mcp_call *c, struct trg_str object, const json *params,
                const char *outcome);
  /* Has a call of this tool a price now? In micro-dollars; shown in the list of tools. May be NULL.
   */
  bool (*price)(void *arg, const char *tool, int64_t *ret_micros);
  /* A tool's call that went well is about to be answered with `result`, which it may add to: true,
   * when mcp_billed(c) will come, and only then it is answered. May be NULL. */
  bool (*bill)(void *arg, struct mcp_call *c, json *result);
  bool logging;   /* legacy: takes logging/setLevel */
  bool subscribe; /* resources can be watched: the owner calls mcp_changed */
  void *arg;
};

struct mcp_server *mcp_server_new(const struct mcp_offer *o); /* o outlives it */
void mcp_server_free(struct mcp_server **s);                  /* open calls end without a message */

/* One message that came in. */
struct mcp_incoming {
  struct rpc_message *m; /* taken: *m is empty afterwards */
  struct mcp_caller caller;
  const struct era_headers *headers; /* NULL: stdio */
  const char *version;               /* legacy: as agreed; NULL or "": not yet */
  bool streams;                      /* messages may follow at any later time */
  uint32_t client_can;               /* MCP_CAN_...; legacy */
  /* Each message that answers it; the last one has `last`, and may be empty (a notification, a
   * cancelled call). `status` is HTTP's. After the last one c is gone; a batch's last has none. */
  void (*on_message)(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status);
  /* Legacy resources/subscribe and unsubscribe: 0, or -1 when there are too many. NULL: not
   * offered here. */
  int (*on_subscribe)(void *arg, struct trg_str uri, bool on);
  void *arg;
};
/* *ret_call (may be NULL): the call while it is open, else NULL. */
void mcp_take(struct mcp_server *s, const struct mcp_incoming *in, struct mcp_call **ret_call);
struct mcp_batch;
#define MCP_BATCH_MAX 50
/* A batch: `list` is an array of messages of a client that speaks revision 2025-03-26. Each is
 * taken as mcp_take does (`in->m` is not used); their answers come as one array, as the last
 * message, with c NULL; it is empty when none is due. NULL: that was it; else it is still open. */
struct mcp_batch *mcp_take_batch(struct mcp_server *s, const struct mcp_incoming *in,
                                 const json *list);
void mcp_batch_drop(struct mcp_batch **b); /* as mcp_drop, of what is open */
/* The peer is gone: nothing more is sent for this call, and its tool's answer is dropped. */
void mcp_drop(struct mcp_call *c);
/* A resource changed: told to modern callers that listen for it. */
void mcp_changed(struct mcp_server *s, const char *uri);
/* URIs that modern callers listen for now; `fn` may not change the server. */
void mcp_watched(const struct mcp_server *s, void (*fn)(void *arg, const char *uri), void *arg);
size_t mcp_open_count(const struct mcp_server *s);

/* --- for tools and the other functions of an offer --- */
const struct mcp_caller *mcp_caller_of(const struct mcp_call *c);
struct trg_str mcp_method_of(const struct mcp_call *c);
const json *mcp_params_of(const struct mcp_call *c);
/* Modern: the capability that the client declared with this request, or NULL. */
const json *mcp_capability(const struct mcp_call *c, const char *name);
bool mcp_is_modern(const struct mcp_call *c);
const char *mcp_version_of(const struct mcp_call *c);
struct arena *mcp_arena(struct mcp_call *c); /* until it is answered */
bool mcp_is_gone(const struct mcp_call *c);  /* nobody waits any more: stop early */
/* On the way; a call without a progress token gets no progress. */
void mcp_notify(struct mcp_call *c, const char *method, json *params);
void mcp_progress(struct mcp_call *c, double done, double total, const char *text);
/* Asks a legacy client on the call's own stream; modern ones are asked by a result that is
 * input_required. mcp_may_ask: did it say that it can be asked for this, and is there a stream? */
bool mcp_may_ask(const struct mcp_call *c, uint32_t can);
/* on_answer once, on a later turn: its result, or NULL when it said no, answered with an error or
 * is gone. It leads to the end of the call. One question at a time. */
void mcp_ask(struct mcp_call *c, const char *method, json *params,
             void (*on_answer)(void *arg, struct mcp_call *c, const json *result), void *arg);
/* The end of a call, each taking its JSON. */
void mcp_answer(struct mcp_call *c, json *result);
void mcp_answer_json(struct mcp_call *c, json *structured); /* a tool's value, also as text */
void mcp_answer_fail(struct mcp_call *c, const char *text); /* a tool's error, for the model */
void mcp_billed(struct mcp_call *c);
void mcp_answer_error(struct mcp_call *c, int code, const char *text, json *data);

#endif
