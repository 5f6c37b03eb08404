/* The methods of MCP, each with the eras that have it. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/call.h"
#include "mcp/schema.h"

#define WATCHED_MAX 64

static json *parsed(const char *text) {
  json *j = json_parse(str_of(text), 0, NULL);
  BUG_UNLESS(j != NULL); /* a table of ours */
  return j;
}

static json *server_info(const struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  json *info = json_object();
  json_put_text(info, "name", o->name);
  if (call_since(c, "2025-06-18") && o->title != NULL) json_put_text(info, "title", o->title);
  json_put_text(info, "version", o->version);
  return info;
}

static json *capabilities(const struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  json *all = json_object();
  if (o->tool_count > 0) json_put(all, "tools", json_object());
  if (o->resource_read != NULL) {
    json *r = json_object();
    const bool watch = o->subscribe && (c->modern ? c->streams : c->on_subscribe != NULL);
    if (watch) json_put_bool(r, "subscribe", true);
    json_put(all, "resources", r);
  }
  if (o->prompt_get != NULL) json_put(all, "prompts", json_object());
  if (o->complete != NULL && call_since(c, "2025-03-26"))
    json_put(all, "completions", json_object());
  if (o->logging && !c->modern) json_put(all, "logging", json_object());
  return all;
}

/* --- the beginning ------------------------------------------------------------------------- */

static void discover(struct mcp_call *c) {
  json *result = json_object(), *meta = json_object();
  json_put(result, "supportedVersions", era_supported());
  json_put(result, "capabilities", capabilities(c));
  if (c->server->offer->instructions != NULL)
    json_put_text(result, "instructions", c->server->offer->instructions);
  json_put(meta, ERA_META_SERVER, server_info(c));
  json_put(result, "_meta", meta);
  mcp_answer(c, result);
}

static void initialize(struct mcp_call *c) {
  const struct trg_str asked = json_get_str(c->m.params, "protocolVersion");
  if (asked.n == 0) {
    call_end(c, rpc_error(c->m.id, RPC_BAD_PARAMS, "protocolVersion is missing", NULL), 400);
    return;
  }
  (void)snprintf(c->version, sizeof c->version, "%s", era_agree(asked));
  json *result = json_object();
  json_put_text(result, "protocolVersion", c->version);
  json_put(result, "capabilities", capabilities(c));
  json_put(result, "serverInfo", server_info(c));
  if (c->server->offer->instructions != NULL)
    json_put_text(result, "instructions", c->server->offer->instructions);
  mcp_answer(c, result);
}

static void empty(struct mcp_call *c) {
  mcp_answer(c, json_object());
}

static void set_level(struct mcp_call *c) {
  if (!c->server->offer->logging)
    mcp_answer_error(c, RPC_NO_METHOD, "logging is not offered", NULL);
  else
    empty(c);
}

/* --- tools --------------------------------------------------------------------------------- */

static bool granted(const struct mcp_call *c, const struct mcp_tool *t) {
  return t->grant == 0 || (c->caller.grants & t->grant) != 0;
}

static json *tool_json(const struct mcp_call *c, const struct mcp_tool *t) {
  json *o = json_object();
  json_put_text(o, "name", t->name);
  if (call_since(c, "2025-06-18") && t->title != NULL) json_put_text(o, "title", t->title);
  json_put_text(o, "description", t->description);
  json_put(o, "inputSchema", parsed(t->input_schema));
  if (call_since(c, "2025-06-18") && t->output_schema != NULL)
    json_put(o, "outputSchema", parsed(t->output_schema));
  if (call_since(c, "2025-03-26")) {
    json *a = json_object();
    json_put_bool(a, "readOnlyHint", (t->hints & MCP_READ_ONLY) != 0);
    json_put_bool(a, "destructiveHint", (t->hints & MCP_DESTRUCTIVE) != 0);
    json_put_bool(a, "idempotentHint", (t->hints & MCP_IDEMPOTENT) != 0);
    json_put_bool(a, "openWorldHint", (t->hints & MCP_OPEN_WORLD) != 0);
    json_put(o, "annotations", a);
  }
  const struct mcp_offer *offer = c->server->offer;
  int64_t micros = 0;
  if (offer->price != NULL && call_since(c, "2025-06-18") &&
      offer->price(offer->arg, t->name, &micros)) {
    json *meta = json_object();
    json_put_micros(meta, MCP_META_PRICE, micros);
    json_put(o, "_meta", meta);
  }
  return o;
}

/* All on one page, so no cursor is ever given out and none can be right. */
static bool cursor_refused(struct mcp_call *c) {
  if (json_get(c->m.params, "cursor") == NULL) return false;
  mcp_answer_error(c, RPC_BAD_PARAMS, "that cursor was not given out here", NULL);
  return true;
}

static void tools_list(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  if (cursor_refused(c)) return;
  json *result = json_object(), *list = json_array();
  for (size_t i = 0; i < o->tool_count; i++)
    if (granted(c, &o->tools[i])) json_add(list, tool_json(c, &o->tools[i]));
  json_put(result, "tools", list);
  mcp_answer(c, result);
}

static void audit(const struct mcp_call *c, struct trg_str object, const char *outcome) {
  const struct mcp_offer *o = c->server->offer;
  if (o->audit != NULL) o->audit(o->arg, c, object, c->m.params, outcome);
}

static const struct mcp_tool *tool_find(const struct mcp_offer *o, struct trg_str name) {
  for (size_t i = 0; i < o->tool_count; i++)
    if (str_is(name, o->tools[i].name)) return &o->tools[i];
  return NULL;
}

/* Wrong arguments are an error of the tool, so that the model can mend them (2025-11-25). */
static bool arguments_fit(struct mcp_call *c, const struct mcp_tool *t, const json *arguments) {
  struct trg_err err = {0};
  json *schema = parsed(t->input_schema);
  const int rc = schema_check(schema, arguments, "arguments", &err);
  json_free(&schema);
  if (rc == 0) return true;
  if (call_since(c, "2025-11-25"))
    mcp_answer_fail(c, err.text);
  else
    mcp_answer_error(c, RPC_BAD_PARAMS, err.text, NULL);
  return false;
}

static void tools_call(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  const struct trg_str name = json_get_str(c->m.params, "name");
  const struct mcp_tool *t = tool_find(o, name);
  const json *arguments = json_get(c->m.params, "arguments");
  char text[160];
  if (t == NULL || !granted(c, t)) {
    audit(c, name, "refused");
    (void)snprintf(text, sizeof text, "Unknown tool: %.*s%s", name.n > 80 ? 80 : (int)name.n,
                   name.p != NULL ? name.p : "",
                   t != NULL ? " (this access token lacks its grant)" : "");
    mcp_answer_error(c, RPC_BAD_PARAMS, text, NULL);
    return;
  }
  json *none = arguments == NULL ? json_object() : NULL;
  const bool fit = arguments_fit(c, t, none != NULL ? none : arguments);
  if (!fit) {
    json_free(&none);
    return;
  }
  audit(c, name, "called");
  /* The tool may answer, and with that end the call, before it returns. */
  t->run(o->arg, c, none != NULL ? none : arguments);
  json_free(&none);
}

/* --- resources and prompts ----------------------------------------------------------------- */

/* An empty cursor is one too; p NULL: none was given. */
static struct trg_str cursor_of(const struct mcp_call *c) {
  const json *cursor = json_get(c->m.params, "cursor");
  return cursor != NULL ? json_str(cursor) : (struct trg_str){NULL, 0};
}

static void resources_list(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  o->resource_list(o->arg, c, cursor_of(c));
}

static void templates_list(struct mcp_call *c) {
  if (cursor_refused(c)) return;
  json *result = json_object();
  const char *all = c->server->offer->templates;
  json_put(result, "resourceTemplates", all != NULL ? parsed(all) : json_array());
  mcp_answer(c, result);
}

static void resources_read(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  const struct trg_str uri = json_get_str(c->m.params, "uri");
  if (uri.n == 0) {
    mcp_answer_error(c, RPC_BAD_PARAMS, "uri is missing", NULL);
    return;
  }
  audit(c, uri, "called");
  o->resource_read(o->arg, c, uri);
}

static void subscribe(struct mcp_call *c) {
  const struct trg_str uri = json_get_str(c->m.params, "uri");
  const bool on = str_is(c->m.method, "resources/subscribe");
  if (c->on_subscribe == NULL || !c->server->offer->subscribe)
    mcp_answer_error(c, RPC_NO_METHOD, "subscriptions are not offered here", NULL);
  else if (uri.n == 0 || uri.n > 500)
    mcp_answer_error(c, RPC_BAD_PARAMS, "uri must be text of 1 to 500 bytes", NULL);
  else if (c->on_subscribe(c->arg, uri, on) != 0)
    mcp_answer_error(c, RPC_BAD_PARAMS, "too many subscriptions in one session", NULL);
  else
    empty(c);
}

static void prompts_list(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  o->prompt_list(o->arg, c, cursor_of(c));
}

static void prompts_get(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  const struct trg_str name = json_get_str(c->m.params, "name");
  audit(c, name, "called");
  o->prompt_get(o->arg, c, name, json_get(c->m.params, "arguments"));
}

static void complete(struct mcp_call *c) {
  const struct mcp_offer *o = c->server->offer;
  o->complete(o->arg, c, c->m.params);
}

/* --- subscriptions/listen ------------------------------------------------------------------ */

static json *subscription_meta(const struct mcp_call *c) {
  json *meta = json_object();
  json *id = json_parse(str_of(c->m.id), 0, NULL);
  if (id != NULL) json_put(meta, ERA_META_SUBSCRIPTION, id);
  return meta;
}

/* Only resources are told of: the lists change with a reload of the daemon. */
static void listen(struct mcp_call *c) {
  const json *wanted = json_get(json_get(c->m.params, "notifications"), "resourceSubscriptions");
  const bool can = c->streams && c->server->offer->subscribe;
  const size_t n = can ? json_count(wanted) : 0;
  if (n > WATCHED_MAX) {
    mcp_answer_error(c, RPC_BAD_PARAMS, "at most 64 resources in one subscription", NULL);
    return;
  }
  c->watched = arena_alloc(c->arena, (n + 1) * sizeof *c->watched);
  json *params = json_object(), *agreed = json_object(), *list = json_array();
  size_t k = 0;
  for (const json *u = n > 0 ? json_first(wanted) : NULL; u != NULL; u = json_next(u)) {
    if (!json_is_string(u)) continue;
    c->watched[k++] = arena_dup(c->arena, json_str(u));
    json_add_str(list, json_str(u));
  }
  if (k > 0)
    json_put(agreed, "resourceSubscriptions", list);
  else
    json_free(&list);
  json_put(params, "_meta", subscription_meta(c));
  json_put(params, "notifications", agreed);
  c->listening = c->streams;
  mcp_notify(c, "notifications/subscriptions/acknowledged", params);
  if (c->streams) return;
  json *result = json_object(); /* nothing can follow here: ended in good order at once */
  json_put(result, "_meta", subscription_meta(c));
  mcp_answer(c, result);
}

/* --- which --------------------------------------------------------------------------------- */

#define BOTH   3
#define LEGACY 1
#define MODERN 2

static const struct method {
  const char *name;
  int eras;
  void (*run)(struct mcp_call *c);
} methods[] = {
    {"server/discover", MODERN, discover},
    {"initialize", LEGACY, initialize},
    {"ping", LEGACY, empty},
    {"logging/setLevel", LEGACY, set_level},
    {"tools/list", BOTH, tools_list},
    {"tools/call", BOTH, tools_call},
    {"resources/list", BOTH, resources_list},
    {"resources/templates/list", BOTH, templates_list},
    {"resources/read", BOTH, resources_read},
    {"resources/subscribe", LEGACY, subscribe},
    {"resources/unsubscribe", LEGACY, subscribe},
    {"prompts/list", BOTH, prompts_list},
    {"prompts/get", BOTH, prompts_get},
    {"completion/complete", BOTH, complete},
    {"subscriptions/listen", MODERN, listen},
};

/* Is what the method is about offered at all? */
static bool offered(const struct mcp_offer *o, const struct method *m) {
  if (strncmp(m->name, "tools/", 6) == 0) return o->tool_count > 0;
  if (strncmp(m->name, "resources/", 10) == 0) return o->resource_read != NULL;
  if (strncmp(m->name, "prompts/", 8) == 0) return o->prompt_get != NULL;
  return m->run != complete || o->complete != NULL;
}

void method_run(struct mcp_call *c) {
  const int era = c->modern ? MODERN : LEGACY;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    const struct method *m = &methods[i];
    if ((m->eras & era) == 0 || !str_is(c->m.method, m->name)) continue;
    if (!offered(c->server->offer, m)) break;
    m->run(c);
    return;
  }
  mcp_answer_error(c, RPC_NO_METHOD, "Method not found", NULL);
}
