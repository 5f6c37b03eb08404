/*
 * One request under way, inside this room.
 */
#ifndef MCP_CALL_H
#define MCP_CALL_H

#include "mcp/server.h"

struct mcp_call {
  struct mcp_server *server;
  struct mcp_call *prev, *next;
  struct rpc_message m;
  struct mcp_caller caller; /* texts in arena */
  bool modern, gone, listening;
  bool streams;
  uint32_t client_can;
  uint64_t question; /* to the client, by its number; 0: none is open */
  void (*on_answer)(void *arg, struct mcp_call *c, const json *result);
  void *answer_arg;
  char version[16];
  struct arena *arena;
  char *late;           /* the answer, until it is billed */
  const char **watched; /* listening: URIs, ended by NULL */
  void (*on_message)(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status);
  int (*on_subscribe)(void *arg, struct trg_str uri, bool on);
  void *arg;
};

struct mcp_server {
  const struct mcp_offer *offer;
  struct mcp_call *calls;
  size_t count;
  uint64_t questions;
};

/* Newer legacy revisions added members that older clients may refuse. */
bool call_since(const struct mcp_call *c, const char *revision);
void call_end(struct mcp_call *c, char *text, int status); /* takes text; frees c */
/* The methods, in method.c: finds and runs it, or answers that there is none. */
void method_run(struct mcp_call *c);

#endif
