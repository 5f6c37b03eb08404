/* The tools of a server: all pages of its list, those that may be used, and their marks. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/client_inner.h"

#define PAGES_MAX (sizeof((struct mcp_client *)0)->tools_json / sizeof(json *))
#define TOOLS_MAX 500

void client_tools_free(struct mcp_client *c) {
  for (size_t i = 0; i < c->page_count; i++) json_free(&c->tools_json[i]);
  c->page_count = c->tool_count = 0;
  c->tools = NULL;
  c->allowed = NULL;
  arena_free(&c->tools_arena);
}

static bool is_allowed(const struct mcp_client *c, struct trg_str name) {
  for (size_t i = 0; i < c->allow_count; i++)
    if (str_is(name, c->allow[i])) return true;
  return c->allow == NULL;
}

/* false: this one is not offered; the others are. */
static bool tool_read(struct mcp_client *c, const json *t, struct remote *ret) {
  const struct trg_str name = json_get_str(t, "name");
  const json *schema = json_get(t, "inputSchema");
  struct trg_err err = {0};
  if (name.n == 0 || name.n > 128 || !json_is_object(schema) || !is_allowed(c, name)) return false;
  *ret = (struct remote){.output_schema = json_get(t, "outputSchema")};
  if (c->modern && !c->is_stdio &&
      era_marks(schema, c->tools_arena, &ret->marks, &ret->mark_count, &err) < 0) {
    log_event(TRG_WARN, "mcp.tool_dropped", "server", c->name, "tool",
              arena_dup(c->tools_arena, name), "why", err.text, NULL);
    return false;
  }
  ret->tool = (struct mcp_remote_tool){
      .name = arena_dup(c->tools_arena, name),
      .description = arena_dup(c->tools_arena, json_get_str(t, "description")),
      .input_schema = schema,
      .read_only = json_get_bool(json_get(t, "annotations"), "readOnlyHint", false)};
  return true;
}

static void tools_take(struct mcp_client *c) {
  c->tools = arena_alloc(c->tools_arena, TOOLS_MAX * sizeof *c->tools);
  c->allowed = arena_alloc(c->tools_arena, TOOLS_MAX * sizeof *c->allowed);
  c->tool_count = 0;
  for (size_t i = 0; i < c->page_count; i++)
    for (const json *t = json_first(json_get(c->tools_json[i], "tools")); t != NULL;
         t = json_next(t)) {
      if (c->tool_count == TOOLS_MAX) return;
      if (!tool_read(c, t, &c->tools[c->tool_count])) continue;
      c->allowed[c->tool_count] = c->tools[c->tool_count].tool;
      c->tool_count++;
    }
}

static void listed(struct asked *a, const struct asked_end *end);

static void page_ask(struct mcp_client *c, const json *cursor) {
  json *params = json_object();
  if (cursor != NULL) json_put(params, "cursor", json_copy(cursor));
  (void)client_ask(c, "tools/list", params, listed);
}

/* How long the list holds, by what a modern server says of it. */
static void fresh_until(struct mcp_client *c, const json *result) {
  const int64_t ttl_ms = json_get_int(result, "ttlMs", -1);
  c->list_until_ms = c->modern && ttl_ms >= 0 ? clock_mono_us() / 1000 + ttl_ms : 0;
}

static void listed(struct asked *a, const struct asked_end *end) {
  struct mcp_client *c = a->client;
  struct rpc_message *m = end->message;
  if (m == NULL) {
    client_failed(c, end->why);
    return;
  }
  /* A server without tools is no fault. */
  const bool none = m->kind == RPC_ERROR && m->code == RPC_NO_METHOD;
  if (m->kind == RPC_ERROR && !none) {
    client_failed(c, "its list of tools is an error");
    return;
  }
  const json *cursor = NULL;
  if (!none && c->page_count < PAGES_MAX) {
    c->tools_json[c->page_count++] = json_copy(m->result);
    cursor = json_get(m->result, "nextCursor"); /* an empty text is a cursor too */
  }
  if (json_is_string(cursor) && c->page_count < PAGES_MAX) {
    page_ask(c, cursor);
    return;
  }
  tools_take(c);
  fresh_until(c, m->result);
  c->stats.lists++;
  log_event(TRG_INFO, "mcp.ready", "server", c->name, "revision", c->version, "tools",
            log_num((int64_t)c->tool_count), NULL);
  client_ready(c, true, "");
}

void client_list(struct mcp_client *c) {
  client_tools_free(c);
  c->tools_arena = arena_new();
  c->stale = false;
  page_ask(c, NULL);
}

const struct remote *client_tool(const struct mcp_client *c, const char *name) {
  for (size_t i = 0; i < c->tool_count; i++)
    if (strcmp(c->tools[i].tool.name, name) == 0) return &c->tools[i];
  return NULL;
}

size_t mcp_client_tools(const struct mcp_client *c, const struct mcp_remote_tool **ret) {
  *ret = c->allowed;
  return c->state == CLIENT_READY ? c->tool_count : 0;
}
