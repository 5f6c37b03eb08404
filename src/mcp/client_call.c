/* Calls of tools: checked, sent, their progress, their answers. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/client_inner.h"
#include "mcp/schema.h"

#define ROUNDS_MAX 3 /* of input that a server asks for before it answers */

static void reply_no(struct asked *a, const char *code, const char *why) {
  a->client->stats.failed++;
  a->on_reply(a->arg, &(struct mcp_reply){.code = code, .why = why});
}

/* --- input ---------------------------------------------------------------------------------- */

/* The form's own defaults, when they are enough; NULL: they are not. */
static json *defaults_of(const json *params) {
  const json *schema = json_get(params, "requestedSchema");
  const struct trg_str mode = json_get_str(params, "mode");
  json *content = json_object();
  if (mode.n > 0 && !str_is(mode, "form")) { /* a page is for people alone */
    json_free(&content);
    return NULL;
  }
  for (const json *p = json_first(json_get(schema, "properties")); p != NULL; p = json_next(p)) {
    json *value = json_copy(json_get(p, "default"));
    if (value != NULL) json_put(content, json_key(p), value);
  }
  for (const json *r = json_first(json_get(schema, "required")); r != NULL; r = json_next(r)) {
    char *name = mem_dup_str(json_str(r));
    const bool given = json_get(content, name) != NULL;
    mem_free(name);
    if (given) continue;
    json_free(&content);
    return NULL;
  }
  return content;
}

/* Nobody is here: a form gets its defaults where the operator wants that, and else is put away. */
json *client_elicited(const struct mcp_client *c, const json *params) {
  json *o = json_object();
  json *content = c->elicits == ELICIT_DEFAULTS ? defaults_of(params) : NULL;
  json_put_text(o, "action", content != NULL ? "accept" : "cancel");
  if (content != NULL) json_put(o, "content", content);
  log_event(TRG_INFO, "mcp.elicited", "server", c->name, "action",
            content != NULL ? "accept" : "cancel", NULL);
  return o;
}

/* Answers to all that is asked for; NULL: something of it can not be given. */
static json *input_of(const struct mcp_client *c, const json *requests) {
  if (c->elicits == ELICIT_NONE || !json_is_object(requests)) return NULL;
  json *all = json_object();
  for (const json *r = json_first(requests); r != NULL; r = json_next(r)) {
    if (!str_is(json_get_str(r, "method"), "elicitation/create")) {
      json_free(&all);
      return NULL;
    }
    json_put(all, json_key(r), client_elicited(c, json_get(r, "params")));
  }
  return all;
}

static void called(struct asked *a, const struct asked_end *end);

/* For its caller it is the same call. */
static void called_as(struct asked *again, const struct asked *a) {
  again->on_reply = a->on_reply;
  again->arg = a->arg;
  again->call = a->call;
  again->rounds = a->rounds + 1;
}

/* The same call once more with the input and the state that came with the wish for it, under an id
 * of its own (2026-07-28, "Multi Round-Trip Requests"). */
static bool asked_again(struct asked *a, const json *result) {
  struct mcp_client *c = a->client;
  json *input = a->rounds < ROUNDS_MAX ? input_of(c, json_get(result, "inputRequests")) : NULL;
  if (input == NULL) return false;
  json *params = json_object(), *state = json_copy(json_get(result, "requestState"));
  json_put_text(params, "name", a->name);
  json_put(params, "arguments", json_copy(a->arguments));
  json_put(params, "inputResponses", input);
  if (state != NULL) json_put(params, "requestState", state);
  called_as(client_ask(c, "tools/call", params, called), a);
  return true;
}

/* Its schema has changed: nothing was done, and the new one says which headers the call has. */
static void asked_anew(struct asked *a) {
  json *params = json_object();
  json_put_text(params, "name", a->name);
  json_put(params, "arguments", json_copy(a->arguments));
  called_as(client_ask_listed(a->client, "tools/call", params, called), a);
}

/* --- answers -------------------------------------------------------------------------------- */

/* What a tool promised of its structured value; servers without a promise may say anything. */
static int output_check(const struct asked *a, const json *result, struct trg_err *err) {
  const struct remote *t = client_tool(a->client, a->name);
  const json *value = json_get(result, "structuredContent");
  if (t == NULL || t->output_schema == NULL || value == NULL) return 0;
  return schema_check(t->output_schema, value, "structuredContent", err);
}

static void called_error(struct asked *a, const struct rpc_message *m) {
  char why[300];
  if (m->code == RPC_HEADER_MISMATCH && a->rounds == 0) {
    asked_anew(a);
    return;
  }
  (void)snprintf(why, sizeof why, "the server says: %.*s",
                 m->error_text.n > 240 ? 240 : (int)m->error_text.n,
                 m->error_text.p != NULL ? m->error_text.p : "");
  reply_no(a, "protocol", why);
}

static void called_result(struct asked *a, const json *result) {
  const struct trg_str type = json_get_str(result, "resultType");
  const bool failed = json_get_bool(result, "isError", false);
  struct trg_err err = {0};
  if (str_is(type, "input_required")) {
    if (!asked_again(a, result))
      reply_no(a, "input", "the server asks for input that nobody here can give");
  } else if (type.n > 0 && !str_is(type, "complete")) {
    reply_no(a, "protocol", "the server's answer is of a kind that is not known");
  } else if (!failed && output_check(a, result, &err) < 0) {
    char why[300];
    (void)snprintf(why, sizeof why, "its result is not what its outputSchema promises: %.200s",
                   err.text);
    reply_no(a, "output", why);
  } else {
    a->client->stats.answered++;
    a->on_reply(a->arg,
                &(struct mcp_reply){
                    .ok = true, .code = "", .why = "", .tool_error = failed, .result = result});
  }
}

static void called(struct asked *a, const struct asked_end *end) {
  const struct rpc_message *m = end->message;
  if (m == NULL)
    reply_no(a, end->code, end->why);
  else if (m->kind == RPC_ERROR)
    called_error(a, m);
  else
    called_result(a, m->result);
}

/* A refusal of ours, told on a later turn as everything else. */
static void refused_cb(void *arg) {
  struct asked *a = arg;
  a->again = 0;
  asked_end(a, &(struct asked_end){.code = "invalid", .why = a->last_id});
}

static mcp_call_id call_refused(struct asked *a, const char *why) {
  (void)snprintf(a->last_id, sizeof a->last_id, "%.250s", why);
  a->again = loop_timer_start(a->client->loop, 1, 0, refused_cb, a);
  return a->number;
}

/* A null where the schema knows none is how models say "not given": it is left out. */
static json *arguments_given(const struct remote *t, const json *arguments) {
  json *given = json_object();
  struct trg_err err = {0};
  for (const json *m = json_first(arguments); m != NULL; m = json_next(m)) {
    const json *schema = t != NULL
                             ? json_get(json_get(t->tool.input_schema, "properties"), json_key(m))
                             : NULL;
    if (json_is_null(m) && schema != NULL && schema_check(schema, m, "", &err) != 0) continue;
    json_put(given, json_key(m), json_copy(m));
  }
  return given;
}

/* *ret_given: the arguments as they are sent. */
static int call_check(const struct mcp_client *c, const char *tool, const json *arguments,
                      json **ret_given, struct trg_err *err) {
  const struct remote *t = c->state == CLIENT_READY ? client_tool(c, tool) : NULL;
  *ret_given = arguments_given(t, arguments);
  if (t == NULL)
    return err_set(err, TRG_ENOTFOUND, "invalid", "%s has no tool \"%.60s\" that may be used",
                   c->name, tool);
  return schema_check(t->tool.input_schema, *ret_given, "arguments", err);
}

int mcp_client_check(const struct mcp_client *c, const char *tool, const json *arguments,
                     struct trg_err *err) {
  json *given = NULL;
  const int rc = call_check(c, tool, arguments, &given, err);
  json_free(&given);
  return rc;
}

mcp_call_id mcp_client_call(struct mcp_client *c, const char *tool, const json *arguments,
                            void (*on_reply)(void *arg, const struct mcp_reply *r), void *arg) {
  struct trg_err err = {0};
  json *params = json_object(), *given = NULL;
  json_put_text(params, "name", tool);
  const int rc = call_check(c, tool, arguments, &given, &err);
  json_put(params, "arguments", given);
  struct asked *a = NULL;
  if (rc < 0) {
    a = asked_new(c, "tools/call", params);
    a->done = called;
    (void)call_refused(a, err.text);
  } else {
    a = client_ask(c, "tools/call", params, called);
  }
  a->on_reply = on_reply;
  a->arg = arg;
  a->call = a->number;
  return a->call;
}

struct mcp_client_stats mcp_client_stats(const struct mcp_client *c) {
  return c->stats;
}

void mcp_client_cancel(struct mcp_client *c, mcp_call_id id) {
  for (struct asked *a = c->asked; a != NULL; a = a->next) {
    if (a->call != id) continue;
    const bool say = (c->is_stdio || !a->modern) && a->again == 0;
    const uint64_t number = a->number;
    asked_free(a);
    if (!say) return;
    json *params = json_object();
    json_put_int(params, "requestId", (int64_t)number);
    client_notice(c, "notifications/cancelled", params);
    return;
  }
}
