/*
 * Inside of the client: requests under way, and the two ways that they go.
 */
#ifndef MCP_CLIENT_INNER_H
#define MCP_CLIENT_INNER_H

#include "base/buf.h"
#include "mcp/client.h"
#include "mcp/era.h"
#include "mcp/oauth.h"
#include "mcp/sse.h"
#include "net/http.h"
#include "net/loop.h"

struct child;
struct arena;

#define CLIENT_MESSAGE_MAX ((size_t)4 << 20) /* one message of a server */

/* How a request ended. message NULL: without an answer, and code and why say so. */
struct asked_end {
  struct rpc_message *message;
  const char *code, *why;
  int status; /* HTTP's, or 0 */
};

struct asked {
  struct mcp_client *client;
  struct asked *next;
  uint64_t number; /* its JSON-RPC id */
  char *method;
  json *params;
  char *name;            /* for Mcp-Name, or NULL */
  bool notice;           /* a notification: no answer comes */
  bool modern;           /* as it was sent */
  const json *arguments; /* in params; for headers */
  loop_timer deadline;
  void (*done)(struct asked *a, const struct asked_end *end);
  void *arg;
  void (*on_reply)(void *arg, const struct mcp_reply *r); /* of a tool's call */
  int tries;
  /* HTTP */
  http_id exchange;
  loop_timer again;
  struct sse sse;
  struct buf body;
  char last_id[256];
  bool begun, is_stream, answered, over, needs_token;
  int token_tries;
  int64_t retry_ms;
  struct rpc_message answer;
};

enum client_state { CLIENT_IDLE = 0, CLIENT_BUSY, CLIENT_READY, CLIENT_RESTING };

struct waiting {
  struct waiting *next;
  void (*on_ready)(void *arg, bool ready, const char *why);
  void *arg;
};

struct remote {
  struct mcp_remote_tool tool; /* texts in tools_arena */
  struct era_mark *marks;
  size_t mark_count;
};

struct mcp_client {
  struct loop *loop;
  struct http *http;
  char *name;
  json *conf;
  struct arena *arena;
  const char *const *allow;
  size_t allow_count;
  int64_t timeout_ms;
  bool is_stdio;
  enum client_state state;
  struct waiting *waiting;
  struct asked *asked;
  uint64_t next_number;
  bool modern, era_known, listing;
  char version[16], session[256], why[300];
  /* tools */
  struct arena *tools_arena;
  json *tools_json[64]; /* pages, owned: schemas point into them */
  size_t page_count;
  struct remote *tools;
  struct mcp_remote_tool *allowed;
  size_t tool_count;
  bool stale; /* the server said that they changed */
  int failures;
  loop_timer rest, soon;
  struct child *child;
  int noise;           /* lines of it that were no messages */
  struct oauth *oauth; /* NULL: none is configured */
};

/* client.c */
struct asked *client_ask(struct mcp_client *c, const char *method, json *params,
                         void (*done)(struct asked *a, const struct asked_end *end));
void client_notice(struct mcp_client *c, const char *method, json *params);
void asked_end(struct asked *a, const struct asked_end *end);     /* tells, and frees */
void client_message(struct mcp_client *c, struct rpc_message *m); /* not an answer */
struct asked *client_asked(struct mcp_client *c, const char *id);
void client_failed(struct mcp_client *c, const char *why); /* rests, then connects anew */
const struct remote *client_tool(const struct mcp_client *c, const char *name);

/* client_list.c */
void client_list(struct mcp_client *c); /* tools/list, to the end; then ready */
void client_tools_free(struct mcp_client *c);
void client_ready(struct mcp_client *c, bool ready, const char *why);

/* client_http.c, client_stdio.c: send; the end comes through asked_end, on a later turn. */
void http_send(struct asked *a);
void http_drop(struct asked *a);
/* client_oauth.c: is a token to be had first? Then the request is sent when it has come. */
bool oauth_waits(struct asked *a);
/* Refused: once more with a fresh token, which is asked for. */
bool oauth_again(struct asked *a, const struct trg_http_reply *r);
void client_token_end(void *arg, const char *why); /* of the client's oauth */
int stdio_start(struct mcp_client *c, struct trg_err *err);
void stdio_send(struct asked *a);

#endif
