/*
 * The revisions of MCP and what each asks of a request: pure. "Modern" is 2026-07-28, where every
 * request says its version itself and there is no session; "legacy" is everything before it, from
 * 2024-11-05 on, where `initialize` agrees on a version first.
 */
#ifndef MCP_ERA_H
#define MCP_ERA_H

#include <stdbool.h>

#include "mcp/rpc.h"

struct arena;

#define ERA_MODERN         "2026-07-28"
#define ERA_LEGACY_NEWEST  "2025-11-25"
#define ERA_LEGACY_ASSUMED "2025-03-26" /* of who sends no header: it came with the next one */

#define ERA_META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define ERA_META_CLIENT       "io.modelcontextprotocol/clientInfo"
#define ERA_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define ERA_META_SERVER       "io.modelcontextprotocol/serverInfo"
#define ERA_META_SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

/* All that are spoken, newest first, ended by NULL. */
extern const char *const era_versions[];
bool era_is_legacy(struct trg_str version); /* one of ours before 2026-07-28 */
/* For `initialize`: what was asked for when we speak it, else our newest legacy one. */
const char *era_agree(struct trg_str asked);

/* What stands in a request's HTTP headers; an absent one has p NULL. */
struct era_headers {
  struct trg_str version, method, name;
};
/* Is it to be served as modern? By its own _meta or by its header. */
bool era_is_modern(const struct rpc_message *m, const struct era_headers *h);
/* The rules of 2026-07-28 for one request, in the order of MODELS and the specification ("Server
 * Validation"); h NULL: stdio, which has no headers. 0, or an RPC code with its text in err and in
 * *ret_data what belongs with it (json_free; may be NULL). */
int era_check(const struct rpc_message *m, const struct era_headers *h, json **ret_data,
              struct trg_err *err);
/* Does the revision have batches (arrays of messages)? Only 2025-03-26 does. */
bool era_has_batches(struct trg_str version);
json *era_supported(void); /* array of the modern versions that are spoken */

/* A value for a header: as it is, or as "=?base64?...?=" when plain ASCII cannot carry it. */
const char *era_header_encode(struct trg_str value, struct arena *a);
/* The other way. false: it claims to be base64 and is not, or holds what a header cannot. */
bool era_header_decode(struct trg_str header, struct arena *a, struct trg_str *ret);

/* The x-mcp-header marks of a tool's schema: name of the header after "Mcp-Param-" and path of the
 * property. */
struct era_mark {
  const char *header;
  const char *const *path; /* keys, ended by NULL */
  bool is_integer, is_bool;
};
/* 0 and the marks; or TRG_EINVAL and why, when a mark breaks a rule: the tool is then not to be
 * offered. All from `a`. */
int era_marks(const json *input_schema, struct arena *a, struct era_mark **ret, size_t *ret_count,
              struct trg_err *err);
/* The value of a mark in a call's arguments, encoded for its header; NULL when there is none. */
const char *era_mark_value(const struct era_mark *m, const json *arguments, struct arena *a);

#endif
