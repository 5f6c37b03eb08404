/*
 * The client's side of MCP: one server, as a program (stdio) or on the network (streamable HTTP),
 * of either era. It is connected when it is first needed; what it answers is data of a stranger.
 */
#ifndef MCP_CLIENT_H
#define MCP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

struct loop;
struct http;
struct mcp_client;

struct mcp_client_options {
  struct loop *loop;
  struct http *http;
  const char *name; /* in the configuration */
  const char *json; /* its block: url, headers, command, args, env, cwd, timeout, timeout_max,
                       elicitation, oauth */
  const char *const *allow; /* the only tools that exist; NULL: all of them */
  size_t allow_count;
};
/* NULL and err when the block makes no sense. Nothing is started. */
struct mcp_client *mcp_client_new(const struct mcp_client_options *o, struct trg_err *err);
/* Ends everything under way with a reason, and its program; it is never connected again. */
void mcp_client_close(struct mcp_client *c);
/* No callback comes afterwards. */
void mcp_client_free(struct mcp_client **c);
const char *mcp_client_name(const struct mcp_client *c);

struct mcp_remote_tool {
  const char *name, *description;
  const json *input_schema;
  bool read_only; /* by its own annotation: believed of servers that the operator allowed */
};
/* Connects when need be and learns the tools. on_ready once, on a later turn: how it went. While a
 * server rests after a failure it comes at once with that failure. */
void mcp_client_ready(struct mcp_client *c,
                      void (*on_ready)(void *arg, bool ready, const char *why), void *arg);
void mcp_client_forget(struct mcp_client *c, const void *arg); /* of mcp_client_ready */
/* The allowed tools, once it is ready; valid until the next call into the client. */
size_t mcp_client_tools(const struct mcp_client *c, const struct mcp_remote_tool **ret);

struct mcp_reply {
  bool ok;         /* the server answered with a result */
  bool tool_error; /* and that says that the tool failed */
  const char
      *code; /* when not ok: invalid, timeout, transient, protocol, output, limit, auth, input */
  const char *why;
  const json *result; /* when ok */
};
/* Would this call be sent? TRG_ENOTFOUND: there is no such tool now; TRG_EINVAL: the arguments do
 * not fit its schema. */
int mcp_client_check(const struct mcp_client *c, const char *tool, const json *arguments,
                     struct trg_err *err);
typedef uint64_t mcp_call_id;
/* Checks the arguments against the tool's schema, then calls it. on_reply once, on a later turn,
 * unless it is cancelled. Not idempotent: a call whose answer was lost is not repeated. */
mcp_call_id mcp_client_call(struct mcp_client *c, const char *tool, const json *arguments,
                            void (*on_reply)(void *arg, const struct mcp_reply *r), void *arg);
void mcp_client_cancel(struct mcp_client *c, mcp_call_id id);
/* Since the start. */
struct mcp_client_stats {
  int64_t answered, failed; /* calls with a result, and those without */
  int64_t progress;         /* notices of it */
  int64_t lists;            /* how often the tools were read */
};
struct mcp_client_stats mcp_client_stats(const struct mcp_client *c);
const char *mcp_client_version(const struct mcp_client *c); /* the revision spoken; "" not yet */

#endif
