/*
 * What drafts looked up with tools of others: every call with its arguments, the hash of what came
 * back, time and price. Masked text only.
 */
#ifndef STORE_TOOL_H
#define STORE_TOOL_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct tool_call {
  int64_t id, ticket_id, pass, step;
  const char *tool;      /* "orders.get_order" */
  const char *arguments; /* JSON */
  const char *outcome;   /* ok, tool_error, refused, or the client's code: timeout, transient ... */
  const char *why;
  const char *result;      /* as the model was told */
  const char *result_hash; /* SHA-256 in hex of what the server said */
  int64_t started_ms, latency_us, cost_micros;
};
int tool_call_add(struct store *s, const struct tool_call *c, struct trg_err *err);
/* Of one ticket, oldest first. */
int tool_call_list(struct store *s, int64_t ticket_id, struct arena *a, struct tool_call **ret,
                   size_t *ret_count, struct trg_err *err);

#endif
