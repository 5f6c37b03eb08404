/*
 * triaged as an MCP server: its tools, resources and prompts, at /mcp and through the control
 * socket (`triagectl mcp`). What they write goes the road's own way.
 */
#ifndef ADMIN_AGENT_H
#define ADMIN_AGENT_H

#include <stdbool.h>

#include "base/json.h"
#include "net/serve.h"

struct core;
struct agent;

/* listening: also over HTTP. */
struct agent *agent_new(struct core *c, bool listening);
void agent_free(struct agent **a); /* after the server that it answers through */
/* A request for /mcp. */
void agent_request(struct agent *a, struct serve *s, const struct serve_request *r);
void agent_gone(struct agent *a, serve_id id);

/* One message of a standard-input client: {"message": TEXT, "version": agreed, "grants":
 * ["read"...], "helpdesk": NAME or "", "who": NAME}. on_answer once, now or later, with the
 * messages to write back ({"messages": [...], "version"}); taken. */
void agent_line(struct agent *a, const json *request, void (*on_answer)(void *arg, json *answer),
                void *arg);

#endif
