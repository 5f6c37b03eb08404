/*
 * MCP over streamable HTTP, the server's side: one path, both eras. Host and Origin are looked at
 * first, then the access token, then the rate; legacy sessions and their GET streams are kept here.
 */
#ifndef MCP_ENDPOINT_H
#define MCP_ENDPOINT_H

#include "mcp/server.h"
#include "net/serve.h"

struct loop;
struct mcp_endpoint;

struct mcp_endpoint_options {
  struct loop *loop;
  struct mcp_server *server;
  /* Bound to loopback: Host must then be a loopback name or one of `hosts`, against DNS rebinding.
   * An Origin, where there is one, always must. */
  bool loopback;
  const char *const *hosts; /* names without scheme and port */
  size_t host_count;
  /* Who shows this bearer token ("" none), and how many requests a minute they may make (0: no
   * limit). false: nobody. */
  bool (*access)(void *arg, struct trg_str token, struct mcp_caller *ret, int64_t *ret_per_minute);
  /* Asked first: NULL, or why who sends this request must show a token. May be NULL. */
  const char *(*stranger)(void *arg, const struct serve_request *r);
  void *arg;
  size_t sessions_max; /* 0: 1,000 */
};
struct mcp_endpoint *mcp_endpoint_new(const struct mcp_endpoint_options *o);
void mcp_endpoint_free(struct mcp_endpoint **e); /* before its server and loop */
/* A request for the path; leads to its answer. */
void mcp_endpoint_take(struct mcp_endpoint *e, struct serve *s, const struct serve_request *r);
void mcp_endpoint_gone(struct mcp_endpoint *e, serve_id id); /* of serve's on_gone */
/* A resource changed; and which are watched now, by callers of either era. */
void mcp_endpoint_changed(struct mcp_endpoint *e, const char *uri);
void mcp_endpoint_watched(struct mcp_endpoint *e, void (*fn)(void *arg, const char *uri),
                          void *arg);
size_t mcp_endpoint_sessions(const struct mcp_endpoint *e);

#endif
