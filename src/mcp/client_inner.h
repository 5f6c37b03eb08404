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
#define CLIENT_HEADERS_MAX 64

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
  bool waits_list;       /* it is sent when the tools are read */
  const json *arguments; /* in params; for headers */
  loop_timer deadline;
  void (*done)(struct asked *a, const struct asked_end *end);
  void *arg;
  void (*on_reply)(void *arg, const struct mcp_reply *r); /* of a tool's call */
  int tries;
  int64_t until_us; /* of a call: progress does not move this */
  double progress;  /* the last that was told; -1: none */
  mcp_call_id call; /* what its caller knows it by */
  int rounds;       /* of input that the server asked for */
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

/* What to say to forms that a server wants filled in. */
enum elicits { ELICIT_NONE = 0, ELICIT_CANCEL, ELICIT_DEFAULTS };

/* A stream on which the server tells of changes between calls (client_watch.c). */
struct watch {
  http_id exchange;
  loop_timer again;
  struct sse sse;
  bool reading, refused;
  char last_id[256];
  int64_t retry_ms;
  int failures;
};

struct waiting {
  struct waiting *next;
  void (*on_ready)(void *arg, bool ready, const char *why);
  void *arg;
};

struct remote {
  struct mcp_remote_tool tool; /* texts in tools_arena */
  const json *output_schema;   /* NULL: it promises nothing */
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
  int64_t timeout_ms, longest_ms;
  enum elicits elicits;
  bool is_stdio, tells;  /* it tells when its tools change */
  struct watch watch;    /* old: the stream that brings everything */
  bool old;              /* HTTP with SSE, of 2024-11-05 */
  char *post_url;        /* ... and where it takes messages */
  json *inbox;           /* ... and what came and is not looked at yet */
  int64_t list_until_ms; /* the list of tools is fresh until then; 0: until it is told of */
  struct mcp_client_stats stats;
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
struct asked *asked_new(struct mcp_client *c, const char *method, json *params);
struct asked *client_ask(struct mcp_client *c, const char *method, json *params,
                         void (*done)(struct asked *a, const struct asked_end *end));
/* The same once the list of tools was read anew. */
struct asked *client_ask_listed(struct mcp_client *c, const char *method, json *params,
                                void (*done)(struct asked *a, const struct asked_end *end));
void client_notice(struct mcp_client *c, const char *method, json *params);
void asked_free(struct asked *a);                                 /* tells nobody */
void asked_end(struct asked *a, const struct asked_end *end);     /* tells, and frees */
void client_message(struct mcp_client *c, struct rpc_message *m); /* not an answer */
struct asked *client_asked(struct mcp_client *c, const char *id);
void client_failed(struct mcp_client *c, const char *why); /* rests, then connects anew */
void client_stale(struct mcp_client *c);                   /* its tools changed: reads them again */
void client_meta(const struct mcp_client *c,
                 json *params); /* what a modern request says of itself */
void client_progress(struct mcp_client *c, const json *params);
json *client_elicited(const struct mcp_client *c, const json *params); /* client_call.c */
const struct remote *client_tool(const struct mcp_client *c, const char *name);

/* client_list.c */
void client_list(struct mcp_client *c); /* tools/list, to the end; then ready */
void client_tools_free(struct mcp_client *c);
void client_ready(struct mcp_client *c, bool ready, const char *why);

/* client_http.c, client_stdio.c: send; the end comes through asked_end, on a later turn. */
void http_send(struct asked *a);
void http_drop(struct asked *a);
/* What both ways share of HTTP: the configured headers, the version, the session and the token. */
struct sending {
  struct arena *arena;
  struct trg_header headers[CLIENT_HEADERS_MAX];
  size_t count;
};
void sending_add(struct sending *s, const char *name, const char *value);
void sending_common(struct sending *s, const struct mcp_client *c, bool modern);
/* client_watch.c: listens, when the server tells and that is not done yet; stops. */
void client_watch(struct mcp_client *c);
void client_watch_end(struct mcp_client *c);
void client_session_end(struct mcp_client *c); /* DELETE, and nobody waits for what it says */
/* client_sse.c: opens the stream of 2024-11-05, and initializes when it says where to. */
void client_old_begin(struct mcp_client *c);
void client_old_end(struct mcp_client *c);
void client_initialize(struct mcp_client *c);
/* client_oauth.c: is a token to be had first? Then the request is sent when it has come. */
bool oauth_waits(struct asked *a);
/* Refused: once more with a fresh token, which is asked for. */
bool oauth_again(struct asked *a, const struct trg_http_reply *r);
void client_token_end(void *arg, const char *why); /* of the client's oauth */
int stdio_start(struct mcp_client *c, struct trg_err *err);
void stdio_send(struct asked *a);

#endif
