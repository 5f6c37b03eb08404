/* Tools that ask a client of 2025-11-25 for something while it waits: its model, or its person. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"

static void said(struct mcp_call *c, const char *before, const json *result) {
  struct buf b;
  char *text = result != NULL ? json_text(result) : NULL;
  buf_init(&b, 0);
  buf_printf(&b, "%s%s", before, text != NULL ? text : "nothing");
  mcp_answer(c, fixture_text(b.p));
  buf_free(&b);
  mem_free(text);
}

static void on_sampled(void *arg, struct mcp_call *c, const json *result) {
  (void)arg;
  said(c, "LLM response: ", json_get(json_get(result, "content"), "text"));
}

static void on_elicited(void *arg, struct mcp_call *c, const json *result) {
  (void)arg;
  said(c, "Elicitation completed: ", result);
}

void ask_sampling(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  if (!mcp_may_ask(c, MCP_CAN_SAMPLE)) {
    mcp_answer_fail(c, "this client does not sample");
    return;
  }
  json *params = json_parse(
      TRG_STR("{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"}}],\"maxTokens\":"
              "100}"),
      0, NULL);
  json_put_str(json_path(params, "messages.0.content"), "text", json_get_str(a, "prompt"));
  mcp_ask(c, "sampling/createMessage", params, on_sampled, NULL);
}

static void elicit(struct mcp_call *c, struct trg_str message, const char *schema) {
  if (!mcp_may_ask(c, MCP_CAN_ELICIT)) {
    mcp_answer_fail(c, "this client asks nobody");
    return;
  }
  json *params = json_object();
  json_put_str(params, "message", message);
  json_put(params, "requestedSchema", json_parse(str_of(schema), 0, NULL));
  mcp_ask(c, "elicitation/create", params, on_elicited, NULL);
}

void ask_elicitation(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  elicit(c, json_get_str(a, "message"),
         "{\"type\":\"object\",\"properties\":{\"username\":{\"type\":\"string\",\"description\":"
         "\"User's response\"},\"email\":{\"type\":\"string\",\"description\":\"User's email "
         "address\"}},\"required\":[\"username\",\"email\"]}");
}

void ask_defaults(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  elicit(
      c, TRG_STR("Please check these."),
      "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"default\":\"John "
      "Doe\"},\"age\":{\"type\":\"integer\",\"default\":30},\"score\":{\"type\":\"number\","
      "\"default\":95.5},\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\","
      "\"pending\"],\"default\":\"active\"},\"verified\":{\"type\":\"boolean\",\"default\":true}},"
      "\"required\":[]}");
}

void ask_enums(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  elicit(
      c, TRG_STR("Please choose."),
      "{\"type\":\"object\",\"properties\":{\"untitledSingle\":{\"type\":\"string\",\"enum\":["
      "\"option1\",\"option2\",\"option3\"]},\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{"
      "\"const\":\"value1\",\"title\":\"First Option\"},{\"const\":\"value2\",\"title\":\"Second "
      "Option\"},{\"const\":\"value3\",\"title\":\"Third Option\"}]},\"legacyEnum\":{\"type\":"
      "\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],\"enumNames\":[\"Option One\",\"Option "
      "Two\",\"Option Three\"]},\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":"
      "\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]}},\"titledMulti\":{\"type\":"
      "\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\",\"title\":\"First Choice\"},{"
      "\"const\":\"value2\",\"title\":\"Second Choice\"},{\"const\":\"value3\",\"title\":\"Third "
      "Choice\"}]}}},\"required\":[]}");
}
