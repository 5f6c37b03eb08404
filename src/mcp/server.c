#include "mcp/server.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/call.h"

struct mcp_server *mcp_server_new(const struct mcp_offer *o) {
  struct mcp_server *s = mem_alloc(sizeof *s);
  s->offer = o;
  return s;
}

static void call_free(struct mcp_call *c) {
  struct mcp_server *s = c->server;
  if (c->prev != NULL)
    c->prev->next = c->next;
  else
    s->calls = c->next;
  if (c->next != NULL) c->next->prev = c->prev;
  s->count--;
  rpc_free(&c->m);
  arena_free(&c->arena);
  mem_free(c->late);
  mem_free(c);
}

void mcp_server_free(struct mcp_server **at) {
  struct mcp_server *s = *at;
  if (s == NULL) return;
  *at = NULL;
  while (s->calls != NULL) call_free(s->calls);
  mem_free(s);
}

static struct mcp_call *call_new(struct mcp_server *s, const struct mcp_incoming *in) {
  struct mcp_call *c = mem_alloc(sizeof *c);
  c->server = s;
  c->arena = arena_new();
  c->m = *in->m;
  *in->m = (struct rpc_message){0};
  c->caller = in->caller;
  c->caller.name = arena_dup(c->arena, str_of(in->caller.name));
  if (in->caller.helpdesk != NULL)
    c->caller.helpdesk = arena_dup(c->arena, str_of(in->caller.helpdesk));
  c->modern = era_is_modern(&c->m, in->headers);
  const char *version = c->modern                                       ? ERA_MODERN
                        : in->version != NULL && in->version[0] != '\0' ? in->version
                                                                        : ERA_LEGACY_ASSUMED;
  (void)snprintf(c->version, sizeof c->version, "%s", version);
  c->streams = in->streams;
  c->client_can = in->client_can;
  c->on_message = in->on_message;
  c->on_subscribe = in->on_subscribe;
  c->arg = in->arg;
  c->next = s->calls;
  if (c->next != NULL) c->next->prev = c;
  s->calls = c;
  s->count++;
  return c;
}

bool call_since(const struct mcp_call *c, const char *revision) {
  return strcmp(c->version, revision) >= 0; /* they are dates */
}

void call_end(struct mcp_call *c, char *text, int status) {
  if (!c->gone) c->on_message(c->arg, c, str_of(text == NULL ? "" : text), true, status);
  mem_free(text);
  call_free(c);
}

/* --- messages ------------------------------------------------------------------------------ */

/* Legacy and stdio: the call that the client no longer wants; unknown ids are fine. */
static void cancelled(struct mcp_server *s, const struct mcp_call *by) {
  const json *id = json_get(by->m.params, "requestId");
  char *text = id != NULL ? json_text(id) : NULL;
  for (struct mcp_call *c = s->calls; text != NULL && c != NULL; c = c->next) {
    if (c == by || c->gone || c->m.kind != RPC_REQUEST) continue;
    if (strcmp(c->m.id, text) != 0 || strcmp(c->caller.name, by->caller.name) != 0) continue;
    c->on_message(c->arg, c, TRG_STR(""), true, 202);
    mcp_drop(c);
    break;
  }
  mem_free(text);
}

/* --- questions to the client --------------------------------------------------------------- */

uint32_t mcp_client_can(const json *params) {
  const json *can = json_get(params, "capabilities");
  return (json_is_object(json_get(can, "elicitation")) ? MCP_CAN_ELICIT : 0) |
         (json_is_object(json_get(can, "sampling")) ? MCP_CAN_SAMPLE : 0);
}

bool mcp_may_ask(const struct mcp_call *c, uint32_t can) {
  return !c->modern && c->streams && !c->gone && (c->client_can & can) == can;
}

void mcp_ask(struct mcp_call *c, const char *method, json *params,
             void (*on_answer)(void *arg, struct mcp_call *c, const json *result), void *arg) {
  char id[40];
  c->question = ++c->server->questions;
  c->on_answer = on_answer;
  c->answer_arg = arg;
  (void)snprintf(id, sizeof id, "\"ask-%llu\"", (unsigned long long)c->question);
  char *text = rpc_request(id, method, params);
  c->on_message(c->arg, c, str_of(text), false, 200);
  mem_free(text);
}

static void question_end(struct mcp_call *c, const json *result) {
  c->question = 0;
  c->on_answer(c->answer_arg, c, result);
}

/* `by` answers a question of ours: 202, and the call goes on. Nobody else's answer counts. */
static bool answered(struct mcp_server *s, struct mcp_call *by) {
  char id[40];
  struct mcp_call *c = s->calls;
  for (; c != NULL; c = c->next) {
    if (c->question == 0 || c->gone || strcmp(c->caller.name, by->caller.name) != 0) continue;
    (void)snprintf(id, sizeof id, "\"ask-%llu\"", (unsigned long long)c->question);
    if (strcmp(by->m.id, id) == 0) break;
  }
  if (c == NULL) return false;
  struct rpc_message m = by->m;
  by->m = (struct rpc_message){0};
  call_end(by, NULL, 202);
  question_end(c, m.kind == RPC_RESULT ? m.result : NULL);
  rpc_free(&m);
  return true;
}

static void check_and_run(struct mcp_call *c, const struct era_headers *headers) {
  struct trg_err err = {0};
  json *data = NULL;
  const int code = c->modern ? era_check(&c->m, headers, &data, &err) : 0;
  if (code == 0)
    method_run(c);
  else
    call_end(c, rpc_error(c->m.id, code, err.text, data), 400);
}

void mcp_take(struct mcp_server *s, const struct mcp_incoming *in, struct mcp_call **ret_call) {
  struct mcp_call *c = call_new(s, in), *newest = NULL;
  const size_t before = s->count;
  if (ret_call != NULL) *ret_call = NULL;
  if (c->m.kind == RPC_NOTIFICATION) {
    if (str_is(c->m.method, "notifications/cancelled")) cancelled(s, c);
    call_end(c, NULL, 202);
    return;
  }
  if (c->m.kind != RPC_REQUEST) {
    if (!answered(s, c))
      call_end(c, c->modern ? rpc_error("", RPC_INVALID, "nothing was asked", NULL) : NULL,
               c->modern ? 400 : 202);
    return;
  }
  check_and_run(c, in->headers);
  for (newest = s->calls; newest != NULL && newest != c;) newest = newest->next;
  if (ret_call != NULL && s->count >= before) *ret_call = newest;
}

void mcp_drop(struct mcp_call *c) {
  c->gone = true;
  if (c->listening)
    call_free(c);
  else if (c->question != 0)
    question_end(c, NULL);
}

/* --- watching ------------------------------------------------------------------------------ */

void mcp_changed(struct mcp_server *s, const char *uri) {
  for (struct mcp_call *c = s->calls, *next = NULL; c != NULL; c = next) {
    next = c->next;
    bool watches = false;
    for (size_t i = 0; c->listening && !watches && c->watched[i] != NULL; i++)
      watches = strcmp(c->watched[i], uri) == 0;
    if (!watches) continue;
    json *params = json_object(), *meta = json_object();
    json *id = json_parse(str_of(c->m.id), 0, NULL);
    json_put(meta, ERA_META_SUBSCRIPTION, id != NULL ? id : json_object());
    json_put(params, "_meta", meta);
    json_put_text(params, "uri", uri);
    mcp_notify(c, "notifications/resources/updated", params);
  }
}

void mcp_watched(const struct mcp_server *s, void (*fn)(void *arg, const char *uri), void *arg) {
  for (const struct mcp_call *c = s->calls; c != NULL; c = c->next)
    for (size_t i = 0; c->listening && c->watched[i] != NULL; i++) fn(arg, c->watched[i]);
}

size_t mcp_open_count(const struct mcp_server *s) {
  return s->count;
}

/* --- for tools ----------------------------------------------------------------------------- */

const struct mcp_caller *mcp_caller_of(const struct mcp_call *c) {
  return &c->caller;
}

struct trg_str mcp_method_of(const struct mcp_call *c) {
  return c->m.method;
}

const json *mcp_params_of(const struct mcp_call *c) {
  return c->m.params;
}

const json *mcp_capability(const struct mcp_call *c, const char *name) {
  return json_get(json_get(json_get(c->m.params, "_meta"), ERA_META_CAPABILITIES), name);
}

bool mcp_is_modern(const struct mcp_call *c) {
  return c->modern;
}

const char *mcp_version_of(const struct mcp_call *c) {
  return c->version;
}

struct arena *mcp_arena(struct mcp_call *c) {
  return c->arena;
}

bool mcp_is_gone(const struct mcp_call *c) {
  return c->gone;
}

/* A modern client gets log messages only with requests that ask for them. */
static bool is_unwanted(const struct mcp_call *c, const char *method) {
  return c->modern && strcmp(method, "notifications/message") == 0 &&
         json_get(json_get(c->m.params, "_meta"), "io.modelcontextprotocol/logLevel") == NULL;
}

void mcp_notify(struct mcp_call *c, const char *method, json *params) {
  if (is_unwanted(c, method)) {
    json_free(&params);
    return;
  }
  char *text = rpc_notice(method, params);
  if (!c->gone) c->on_message(c->arg, c, str_of(text), false, 200);
  mem_free(text);
}

void mcp_progress(struct mcp_call *c, double done, double total, const char *text) {
  const json *token = json_get(json_get(c->m.params, "_meta"), "progressToken");
  if (!json_is_string(token) && !json_is_number(token)) return;
  json *params = json_object();
  json_put(params, "progressToken", json_copy(token));
  json_put_double(params, "progress", done);
  json_put_double(params, "total", total);
  if (text != NULL && call_since(c, "2025-03-26")) json_put_text(params, "message", text);
  mcp_notify(c, "notifications/progress", params);
}

/* What a modern result of a list or a read says of how long it holds, and for whom: lists of ours
 * change with a reload only, what is read may change at any moment. */
static void cache_hints(const struct mcp_call *c, json *result) {
  static const struct {
    const char *method;
    int64_t ttl_ms;
  } hints[] = {{"server/discover", 60000},          {"tools/list", 60000}, {"prompts/list", 60000},
               {"resources/templates/list", 60000}, {"resources/list", 0}, {"resources/read", 0}};
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
    if (!str_is(c->m.method, hints[i].method)) continue;
    json_put_int(result, "ttlMs", hints[i].ttl_ms);
    json_put_text(result, "cacheScope", "private");
  }
}

void mcp_answer(struct mcp_call *c, json *result) {
  if (c->modern && json_get(result, "resultType") == NULL)
    json_put_text(result, "resultType", "complete");
  if (c->modern && str_is(json_get_str(result, "resultType"), "complete")) cache_hints(c, result);
  const struct mcp_offer *o = c->server->offer;
  const bool bills = o->bill != NULL && !c->gone && str_is(c->m.method, "tools/call") &&
                     !json_get_bool(result, "isError", false) &&
                     !str_is(json_get_str(result, "resultType"), "input_required") &&
                     o->bill(o->arg, c, result);
  char *text = rpc_result(c->m.id, result);
  if (bills)
    c->late = text;
  else
    call_end(c, text, 200);
}

void mcp_billed(struct mcp_call *c) {
  char *text = c->late;
  c->late = NULL;
  call_end(c, text, 200);
}

static json *text_content(struct trg_str text) {
  json *list = json_array(), *one = json_object();
  json_put_text(one, "type", "text");
  json_put_str(one, "text", text);
  json_add(list, one);
  return list;
}

void mcp_answer_json(struct mcp_call *c, json *structured) {
  json *result = json_object();
  char *text = json_text(structured);
  json_put(result, "content", text_content(str_of(text)));
  mem_free(text);
  if (call_since(c, "2025-06-18"))
    json_put(result, "structuredContent", structured);
  else
    json_free(&structured);
  mcp_answer(c, result);
}

void mcp_answer_fail(struct mcp_call *c, const char *text) {
  json *result = json_object();
  json_put(result, "content", text_content(str_of(text)));
  json_put_bool(result, "isError", true);
  mcp_answer(c, result);
}

/* HTTP has a status of its own for a few (2026-07-28, "Streamable HTTP"); legacy errors go with
 * 200. */
void mcp_answer_error(struct mcp_call *c, int code, const char *text, json *data) {
  const int status = !c->modern                  ? 200
                     : code == RPC_NO_METHOD     ? 404
                     : code == RPC_NO_CAPABILITY ? 400
                     : code == RPC_BUSY          ? 429
                                                 : 200;
  call_end(c, rpc_error(c->m.id, code, text, data), status);
}
