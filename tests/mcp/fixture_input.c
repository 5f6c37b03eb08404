/* Tools that need something from the client first: input_required and requestState. */
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"

static const char key[] = "the key of a test";

/* "TEXT.HMAC" */
static char *state_make(const char *text) {
  uint8_t sum[HASH_BYTES];
  char hex[65];
  struct buf b;
  hash_hmac(str_of(key), str_of(text), sum);
  hex_encode(sum, sizeof sum, hex);
  buf_init(&b, 0);
  buf_printf(&b, "%s.%s", text, hex);
  return buf_take(&b, NULL);
}

static bool state_is(const struct mcp_call *c, const char *text) {
  char *want = state_make(text);
  const bool same = str_is(json_get_str(mcp_params_of(c), "requestState"), want);
  mem_free(want);
  return same;
}

static json *elicitation(const char *message, const char *name) {
  json *o = json_object(), *params = json_object();
  json *schema = json_parse(TRG_STR("{\"type\":\"object\",\"properties\":{},\"required\":[]}"), 0,
                            NULL);
  json *one = json_object();
  json_put_text(one, "type", "string");
  json_put(json_get(schema, "properties"), name, one);
  json_add_str(json_get(schema, "required"), str_of(name));
  json_put_text(o, "method", "elicitation/create");
  json_put_text(params, "mode", "form");
  json_put_text(params, "message", message);
  json_put(params, "requestedSchema", schema);
  json_put(o, "params", params);
  return o;
}

static json *sampling(const char *question) {
  json *o = json_object(), *params = json_object(), *list = json_array(), *m = json_object();
  json *content = json_object();
  json_put_text(content, "type", "text");
  json_put_text(content, "text", question);
  json_put_text(m, "role", "user");
  json_put(m, "content", content);
  json_add(list, m);
  json_put(params, "messages", list);
  json_put_int(params, "maxTokens", 100);
  json_put_text(o, "method", "sampling/createMessage");
  json_put(o, "params", params);
  return o;
}

static json *roots(void) {
  json *o = json_object();
  json_put_text(o, "method", "roots/list");
  json_put(o, "params", json_object());
  return o;
}

static void ask(struct mcp_call *c, json *requests, const char *state) {
  json *result = json_object();
  json_put_text(result, "resultType", "input_required");
  json_put(result, "inputRequests", requests);
  if (state != NULL) {
    char *text = state_make(state);
    json_put_text(result, "requestState", text);
    mem_free(text);
  }
  mcp_answer(c, result);
}

static const json *response(const struct mcp_call *c, const char *name) {
  const json *r = json_get(json_get(mcp_params_of(c), "inputResponses"), name);
  return json_is_object(r) ? r : NULL;
}

static json *one_request(const char *name, json *request) {
  json *o = json_object();
  json_put(o, name, request);
  return o;
}

/* A usable elicitation: accepted, with the text that was asked for. */
static bool elicited(const struct mcp_call *c, const char *name, const char *member) {
  const json *r = response(c, name);
  return r != NULL && str_is(json_get_str(r, "action"), "accept") &&
         json_is_string(json_get(json_get(r, "content"), member));
}

void input_elicitation(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (!elicited(c, "user_name", "name")) {
    ask(c, one_request("user_name", elicitation("What is your name?", "name")), NULL);
    return;
  }
  const struct trg_str name = json_get_str(json_get(response(c, "user_name"), "content"), "name");
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "Hello, ");
  buf_str(&b, name);
  mcp_answer(c, fixture_text(b.p));
  buf_free(&b);
}

void input_sampling(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  const json *r = response(c, "capital_question");
  if (r == NULL) {
    ask(c, one_request("capital_question", sampling("What is the capital of France?")), NULL);
    return;
  }
  char *text = json_text(json_get(r, "content"));
  mcp_answer(c, fixture_text(text));
  mem_free(text);
}

void input_roots(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  const json *r = response(c, "client_roots");
  if (r == NULL) {
    ask(c, one_request("client_roots", roots()), NULL);
    return;
  }
  char *text = json_text(json_get(r, "roots"));
  mcp_answer(c, fixture_text(text));
  mem_free(text);
}

void input_state(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (response(c, "confirm") != NULL && state_is(c, "one"))
    mcp_answer(c, fixture_text("state-ok"));
  else
    ask(c, one_request("confirm", elicitation("Please confirm", "ok")), "one");
}

void input_multiple(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (response(c, "user_name") != NULL && response(c, "greeting") != NULL &&
      response(c, "client_roots") != NULL && state_is(c, "many")) {
    mcp_answer(c, fixture_text("all there"));
    return;
  }
  json *o = one_request("user_name", elicitation("What is your name?", "name"));
  json_put(o, "greeting", sampling("Generate a greeting"));
  json_put(o, "client_roots", roots());
  ask(c, o, "many");
}

void input_rounds(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (response(c, "step2") != NULL && state_is(c, "round2"))
    mcp_answer(c, fixture_text("done"));
  else if (response(c, "step1") != NULL && state_is(c, "round1"))
    ask(c, one_request("step2", elicitation("Step 2: what is your favourite colour?", "color")),
        "round2");
  else
    ask(c, one_request("step1", elicitation("Step 1: what is your name?", "name")), "round1");
}

void input_tampered(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (json_get(mcp_params_of(c), "requestState") == NULL)
    ask(c, one_request("confirm", elicitation("Please confirm", "ok")), "sealed");
  else if (!state_is(c, "sealed"))
    mcp_answer_error(c, RPC_BAD_PARAMS, "requestState was changed", NULL);
  else
    mcp_answer(c, fixture_text("sealed"));
}

void input_capabilities(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  json *o = json_object();
  if (mcp_capability(c, "elicitation") != NULL)
    json_put(o, "name", elicitation("What is your name?", "name"));
  if (mcp_capability(c, "sampling") != NULL) json_put(o, "greeting", sampling("Greet"));
  ask(c, o, NULL);
}

void input_prompt(struct mcp_call *c) {
  if (!elicited(c, "user_context", "context")) {
    ask(c, one_request("user_context", elicitation("What context?", "context")), NULL);
    return;
  }
  json *o = json_object(), *list = json_array(), *m = json_object(), *content = json_object();
  json_put_text(content, "type", "text");
  json_put_str(content, "text",
               json_get_str(json_get(response(c, "user_context"), "content"), "context"));
  json_put_text(m, "role", "user");
  json_put(m, "content", content);
  json_add(list, m);
  json_put(o, "messages", list);
  mcp_answer(c, o);
}
