/*
 * JSON-RPC 2.0 messages as MCP uses them, one at a time (batches: batch.c): pure, text to struct
 * and back.
 */
#ifndef MCP_RPC_H
#define MCP_RPC_H

#include <stdbool.h>

#include "base/json.h"

enum rpc_kind { RPC_REQUEST = 1, RPC_NOTIFICATION, RPC_RESULT, RPC_ERROR };

/* Codes of JSON-RPC and of MCP's revision 2026-07-28 (its schema, "Error Codes"). */
enum {
  RPC_PARSE = -32700,
  RPC_INVALID = -32600,
  RPC_NO_METHOD = -32601,
  RPC_BAD_PARAMS = -32602,
  RPC_INTERNAL = -32603,
  RPC_NO_RESOURCE_LEGACY = -32002, /* up to 2025-11-25 */
  RPC_HEADER_MISMATCH = -32020,
  RPC_NO_CAPABILITY = -32021,
  RPC_NO_VERSION = -32022,
  RPC_BUSY = 429 /* ours, outside the reserved ranges: too many calls */
};

#define RPC_ID_MAX     256
#define RPC_NO_BATCHES "batches are of revision 2025-03-26 alone; send one message at a time"

struct rpc_message {
  json *doc; /* owns what the others point into */
  enum rpc_kind kind;
  char id[RPC_ID_MAX]; /* as JSON text: 7 or "a"; "" in notifications and where none was legible */
  struct trg_str method;
  const json *params; /* an object, or NULL */
  const json *result;
  int64_t code; /* of an error */
  struct trg_str error_text;
  const json *error_data;
};

/* 0, or RPC_PARSE or RPC_INVALID with err; ret->id is then what could be read of it. rpc_free in
 * either case. */
int rpc_read(struct trg_str text, struct rpc_message *ret, struct trg_err *err);
void rpc_free(struct rpc_message *m);
/* Is it an array, by its first character? rpc_read refuses those. */
bool rpc_is_batch(struct trg_str text);

/* The answer to what rpc_read refused, where no transport has a status of its own: with the id that
 * was legible, else null, as JSON-RPC asks for; mem_free. */
char *rpc_refusal(const struct rpc_message *m, int code, const char *text);

/* Each takes its JSON value (NULL: an empty object, or none for data) and gives text; mem_free.
 * `id` is JSON text as in rpc_message; "" or NULL in an error: it has none. */
char *rpc_request(const char *id, const char *method, json *params);
char *rpc_notice(const char *method, json *params);
char *rpc_result(const char *id, json *result);
char *rpc_error(const char *id, int code, const char *text, json *data);

#endif
