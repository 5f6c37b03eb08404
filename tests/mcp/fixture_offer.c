/* The plain fixtures. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "fixture.h"
#include "net/loop.h"

#define PNG                                                                                        \
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"   \
  "gg=="
#define WAV "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="

struct loop *fixture_loop;

static json *parse(const char *text) {
  return json_parse(str_of(text), 0, NULL);
}

json *fixture_text(const char *text) {
  json *o = parse("{\"content\":[{\"type\":\"text\"}]}");
  json_put_text(json_path(o, "content.0"), "text", text);
  return o;
}

/* --- tools --------------------------------------------------------------------------------- */

static void simple(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer(c, fixture_text("This is a simple text response for testing."));
}

static void image(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer(c, parse("{\"content\":[{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"" PNG
                      "\"}]}"));
}

static void audio(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer(c, parse("{\"content\":[{\"type\":\"audio\",\"mimeType\":\"audio/wav\",\"data\":\"" WAV
                      "\"}]}"));
}

static void embedded(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer(c, parse("{\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":"
                      "\"test://embedded-resource\",\"mimeType\":\"text/plain\",\"text\":\"This is "
                      "an embedded resource content.\"}}]}"));
}

static void mixed(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer(c,
             parse("{\"content\":[{\"type\":\"text\",\"text\":\"Multiple content types test:\"},"
                   "{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"" PNG "\"},"
                   "{\"type\":\"resource\",\"resource\":{\"uri\":\"test://mixed-content-resource\","
                   "\"mimeType\":\"application/json\",\"text\":\"{\\\"test\\\":\\\"data\\\","
                   "\\\"value\\\":123}\"}}]}"));
}

static void failing(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  mcp_answer_fail(c, "This tool intentionally returns an error for testing");
}

static void lacking(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  if (mcp_capability(c, "sampling") != NULL) {
    mcp_answer(c, fixture_text("sampling was declared"));
    return;
  }
  mcp_answer_error(c, RPC_NO_CAPABILITY, "this tool needs sampling",
                   parse("{\"requiredCapabilities\":{\"sampling\":{}}}"));
}

/* Three steps, 50 ms apart. */
struct steps {
  struct mcp_call *call;
  int step;
  bool log;
};

static void step_cb(void *arg) {
  static const char *const lines[] = {"Tool execution started", "Tool processing data",
                                      "Tool execution completed"};
  struct steps *s = arg;
  if (s->step == 3) {
    mcp_answer(s->call, fixture_text("done"));
    mem_free(s);
    return;
  }
  if (s->log) {
    json *params = json_object();
    json_put_text(params, "level", "info");
    json_put_text(params, "data", lines[s->step]);
    mcp_notify(s->call, "notifications/message", params);
  } else {
    mcp_progress(s->call, s->step * 50.0, 100, NULL);
  }
  s->step++;
  (void)loop_timer_start(fixture_loop, 50, 0, step_cb, s);
}

static void stepping(struct mcp_call *c, bool log) {
  struct steps *s = mem_alloc(sizeof *s);
  s->call = c;
  s->log = log;
  step_cb(s);
}

static void logging(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  stepping(c, true);
}

static void progress(void *arg, struct mcp_call *c, const json *a) {
  (void)arg;
  (void)a;
  stepping(c, false);
}

#define NONE "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"

static const char schema_2020[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
    "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"
    "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"
    "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
    "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},\"phone\":{\"type\":"
    "\"string\"},\"email\":{\"type\":\"string\"}},\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]}"
    ","
    "{\"required\":[\"email\"]}]}],\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}}"
    ","
    "\"required\":[\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":["
    "\"email\"]},\"additionalProperties\":false}";

#define T(n, f)                                                                                    \
  {                                                                                                \
    .name = n, .description = "A fixture of the conformance suite.", .input_schema = NONE,         \
    .run = f                                                                                       \
  }

static const struct mcp_tool tools[] = {
    T("test_simple_text", simple),
    T("test_image_content", image),
    T("test_audio_content", audio),
    T("test_embedded_resource", embedded),
    T("test_multiple_content_types", mixed),
    T("test_error_handling", failing),
    T("test_tool_with_logging", logging),
    T("test_logging_tool", logging),
    T("test_tool_with_progress", progress),
    T("test_missing_capability", lacking),
    T("test_input_required_result_elicitation", input_elicitation),
    T("test_input_required_result_sampling", input_sampling),
    T("test_input_required_result_list_roots", input_roots),
    T("test_input_required_result_request_state", input_state),
    T("test_input_required_result_multiple_inputs", input_multiple),
    T("test_input_required_result_multi_round", input_rounds),
    T("test_input_required_result_tampered_state", input_tampered),
    T("test_input_required_result_capabilities", input_capabilities),
    T("test_streaming_elicitation", input_elicitation),
    {.name = "test_sampling",
     .description = "Asks the client's model.",
     .input_schema = "{\"type\":\"object\",\"properties\":{\"prompt\":{\"type\":\"string\"}},"
                     "\"required\":[\"prompt\"]}",
     .run = ask_sampling},
    {.name = "test_elicitation",
     .description = "Asks the client's person.",
     .input_schema = "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}},"
                     "\"required\":[\"message\"]}",
     .run = ask_elicitation},
    T("test_elicitation_sep1034_defaults", ask_defaults),
    T("test_elicitation_sep1330_enums", ask_enums),
    {.name = "json_schema_2020_12_tool",
     .description = "A schema with the newer keywords.",
     .input_schema = schema_2020,
     .run = simple},
};

/* --- resources ----------------------------------------------------------------------------- */

static void resource_list(void *arg, struct mcp_call *c, struct trg_str cursor) {
  (void)arg;
  (void)cursor;
  mcp_answer(
      c,
      parse("{\"resources\":[{\"uri\":\"test://static-text\",\"name\":\"static "
            "text\",\"description\":"
            "\"A text.\",\"mimeType\":\"text/plain\"},{\"uri\":\"test://static-binary\",\"name\":"
            "\"static binary\",\"description\":\"A picture.\",\"mimeType\":\"image/png\"},"
            "{\"uri\":\"test://watched-resource\",\"name\":\"watched\",\"description\":\"To be "
            "watched.\",\"mimeType\":\"text/plain\"}]}"));
}

static void resource_read(void *arg, struct mcp_call *c, struct trg_str uri) {
  (void)arg;
  json *o = parse("{\"contents\":[{}]}"), *one = json_path(o, "contents.0");
  json_put_str(one, "uri", uri);
  if (str_is(uri, "test://static-text") || str_is(uri, "test://watched-resource")) {
    json_put_text(one, "mimeType", "text/plain");
    json_put_text(one, "text", "This is the content of the static text resource.");
  } else if (str_is(uri, "test://static-binary")) {
    json_put_text(one, "mimeType", "image/png");
    json_put_text(one, "blob", PNG);
  } else if (str_starts(uri, "test://template/") && str_ends(uri, "/data") && uri.n > 21) {
    const struct trg_str id = {uri.p + 16, uri.n - 21};
    char text[160];
    (void)snprintf(text, sizeof text,
                   "{\"id\":\"%.*s\",\"templateTest\":true,\"data\":\"Data for ID: %.*s\"}",
                   (int)id.n, id.p, (int)id.n, id.p);
    json_put_text(one, "mimeType", "application/json");
    json_put_text(one, "text", text);
  } else {
    json_free(&o);
    json *data = json_object();
    json_put_str(data, "uri", uri);
    mcp_answer_error(c, mcp_is_modern(c) ? RPC_BAD_PARAMS : RPC_NO_RESOURCE_LEGACY,
                     "Resource not found", data);
    return;
  }
  mcp_answer(c, o);
}

/* --- prompts ------------------------------------------------------------------------------- */

static void prompt_list(void *arg, struct mcp_call *c, struct trg_str cursor) {
  (void)arg;
  (void)cursor;
  mcp_answer(
      c,
      parse("{\"prompts\":[{\"name\":\"test_simple_prompt\",\"description\":\"No arguments.\"},"
            "{\"name\":\"test_prompt_with_arguments\",\"description\":\"Two.\",\"arguments\":[{"
            "\"name\":\"arg1\",\"description\":\"First test argument\",\"required\":true},"
            "{\"name\":\"arg2\",\"description\":\"Second test argument\",\"required\":true}]},"
            "{\"name\":\"test_prompt_with_embedded_resource\",\"description\":\"A resource.\","
            "\"arguments\":[{\"name\":\"resourceUri\",\"description\":\"Its URI\",\"required\":"
            "true}]},{\"name\":\"test_prompt_with_image\",\"description\":\"An image.\"},"
            "{\"name\":\"test_input_required_result_prompt\",\"description\":\"Asks first.\"}]}"));
}

static const char image_prompt[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"image\",\"mimeType\":\"image/png\","
    "\"data\":\"" PNG "\"}},{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"Please "
    "analyze the image above.\"}}]}";
static const char resource_prompt[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{"
    "\"mimeType\":"
    "\"text/plain\",\"text\":\"Embedded resource content for testing.\"}}},{\"role\":\"user\","
    "\"content\":{\"type\":\"text\",\"text\":\"Please process the embedded resource above.\"}}]}";

static void prompt_get(void *arg, struct mcp_call *c, struct trg_str name, const json *a) {
  (void)arg;
  json *o = parse("{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"}}]}");
  json *content = json_path(o, "messages.0.content");
  if (str_is(name, "test_simple_prompt")) {
    json_put_text(content, "text", "This is a simple prompt for testing.");
  } else if (str_is(name, "test_prompt_with_arguments")) {
    struct buf b;
    buf_init(&b, 0);
    buf_text(&b, "Prompt with arguments: arg1='");
    buf_str(&b, json_get_str(a, "arg1"));
    buf_text(&b, "', arg2='");
    buf_str(&b, json_get_str(a, "arg2"));
    buf_text(&b, "'");
    json_put_str(content, "text", buf_view(&b));
    buf_free(&b);
  } else if (str_is(name, "test_prompt_with_embedded_resource")) {
    json_free(&o);
    o = parse(resource_prompt);
    json_put_str(json_path(o, "messages.0.content.resource"), "uri",
                 json_get_str(a, "resourceUri"));
  } else if (str_is(name, "test_prompt_with_image")) {
    json_free(&o);
    o = parse(image_prompt);
  } else {
    json_free(&o);
    if (str_is(name, "test_input_required_result_prompt") && mcp_is_modern(c))
      input_prompt(c);
    else
      mcp_answer_error(c, RPC_BAD_PARAMS, "Unknown prompt", NULL);
    return;
  }
  mcp_answer(c, o);
}

static void complete(void *arg, struct mcp_call *c, const json *params) {
  (void)arg;
  (void)params;
  mcp_answer(c, parse("{\"completion\":{\"values\":[\"paris\",\"park\"],\"total\":2,\"hasMore\":"
                      "false}}"));
}

const struct mcp_offer fixture_offer = {
    .name = "mcp-fixture",
    .version = "1.0.0",
    .tools = tools,
    .tool_count = sizeof tools / sizeof *tools,
    .templates = "[{\"uriTemplate\":\"test://template/{id}/data\",\"name\":\"template\","
                 "\"description\":\"By id.\",\"mimeType\":\"application/json\"}]",
    .resource_list = resource_list,
    .resource_read = resource_read,
    .prompt_list = prompt_list,
    .prompt_get = prompt_get,
    .complete = complete,
    .logging = true,
    .subscribe = true,
};
