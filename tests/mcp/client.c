/*
 * The client of src/mcp as a program, for the conformance suite and for servers of others.
 *
 *   mcp-client [URL]            scenario of $MCP_CONFORMANCE_SCENARIO against URL
 *   mcp-client --check URL      lists the tools of any server and calls `echo`
 *   mcp-client --check-stdio COMMAND [ARG]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client.h"
#include "net/http.h"
#include "net/loop.h"

struct plan {
  const char *tool, *arguments;
};

static struct loop *Loop;
static struct mcp_client *Client;
static struct plan Plan[16];
static size_t Plans, At;
static int Status;

static void finish(int status, const char *why) {
  if (status != 0) fprintf(stderr, "mcp-client: %s\n", why);
  Status = status;
  loop_stop(Loop);
}

static void next(void);

static void on_reply(void *arg, const struct mcp_reply *r) {
  (void)arg;
  char *text = r->result != NULL ? json_text(r->result) : NULL;
  printf("%s: %s %s\n", Plan[At].tool, r->ok ? "ok" : r->code, text != NULL ? text : r->why);
  mem_free(text);
  if (!r->ok) {
    finish(1, r->why);
    return;
  }
  At++;
  next();
}

static void next(void) {
  if (At == Plans) {
    finish(0, "");
    return;
  }
  json *arguments = json_parse(str_of(Plan[At].arguments), 0, NULL);
  (void)mcp_client_call(Client, Plan[At].tool, arguments, on_reply, NULL);
  json_free(&arguments);
}

static void plan(const char *tool, const char *arguments) {
  Plan[Plans++] = (struct plan){tool, arguments};
}

/* Every argument that the tool marks, filled by its name; what the suite tells in its context. */
static void plan_context(const char *context) {
  json *o = context != NULL ? json_parse(str_of(context), 0, NULL) : NULL;
  for (const json *c = json_first(json_get(o, "toolCalls")); c != NULL; c = json_next(c))
    if (Plans < 16) plan(mem_dup_str(json_get_str(c, "name")), json_text(json_get(c, "arguments")));
  json_free(&o);
}

/* The schema of one tool as it was read, given to another that compares. */
static void plan_echo(const struct mcp_remote_tool *t, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(t[i].name, "json_schema_2020_12_tool") != 0) continue;
    json *o = json_object();
    json_put(o, "schema", json_copy(t[i].input_schema));
    plan("json_schema_echo", json_text(o));
    json_free(&o);
  }
}

static void plan_make(const char *scenario) {
  const struct mcp_remote_tool *t = NULL;
  const size_t n = mcp_client_tools(Client, &t);
  plan_context(getenv("MCP_CONFORMANCE_CONTEXT"));
  plan_echo(t, n);
  for (size_t i = 0; i < n; i++)
    if (strncmp(t[i].name, "test_mrtr_", 10) == 0 ||
        strcmp(t[i].name, "test_client_elicitation_defaults") == 0)
      plan(mem_dup(t[i].name), "{}");
  for (size_t i = 0; i < n && Plans == 0; i++) {
    printf("tool %s\n", t[i].name);
    if (strcmp(t[i].name, "add_numbers") == 0) plan("add_numbers", "{\"a\":5,\"b\":3}");
    if (strcmp(t[i].name, "echo") == 0) plan("echo", "{\"message\":\"hello\"}");
    if (strcmp(t[i].name, "test_reconnection") == 0) plan("test_reconnection", "{}");
    if (strcmp(t[i].name, "test-tool") == 0) plan("test-tool", "{}");
    if (strcmp(scenario, "http-invalid-tool-headers") == 0 && strcmp(t[i].name, "valid_tool") == 0)
      plan("valid_tool", "{\"region\":\"us-east1\"}");
    if (strcmp(scenario, "http-standard-headers") == 0) plan(t[i].name, "{}");
  }
}

static void on_ready(void *arg, bool ready, const char *why) {
  if (!ready) {
    finish(1, why);
    return;
  }
  printf("revision %s\n", mcp_client_version(Client));
  plan_make(arg);
  next();
}

/* What an operator would write down for this authorization server. */
static json *oauth_of(const char *context) {
  static const char *const names[][2] = {{"client_id", "client_id"},
                                         {"client_secret", "client_secret"},
                                         {"issuer", "issuer"},
                                         {"private_key_pem", "private_key"}};
  json *given = context != NULL ? json_parse(str_of(context), 0, NULL) : NULL, *o = json_object();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct trg_str v = json_get_str(given, names[i][0]);
    if (v.n > 0) json_put_str(o, names[i][1], v);
  }
  json_put_text(o, "client_metadata_url", "https://conformance-test.local/client-metadata.json");
  json_free(&given);
  return o;
}

static char *conf_of(int argc, char **argv, bool stdio) {
  json *o = json_object(), *args = json_array();
  json_put_text(o, "timeout", "20s");
  json_put_text(o, "elicitation", "defaults");
  json_put_text(o, stdio ? "command" : "url", argv[stdio ? 2 : argc - 1]);
  for (int i = 3; stdio && i < argc; i++) json_add_str(args, str_of(argv[i]));
  json_put(o, "args", args);
  if (!stdio) json_put(o, "oauth", oauth_of(getenv("MCP_CONFORMANCE_CONTEXT")));
  char *text = json_text(o);
  json_free(&o);
  return text;
}

int main(int argc, char **argv) {
  struct trg_err err = {0};
  if (argc < 2) return 2;
  const bool stdio = strcmp(argv[1], "--check-stdio") == 0;
  const char *scenario = getenv("MCP_CONFORMANCE_SCENARIO");
  log_init(TRG_WARN, LOG_TEXT, NULL);
  Loop = loop_new(&err);
  struct http *h = http_new(Loop, &err);
  char *conf = conf_of(argc, argv, stdio);
  const struct mcp_client_options o = {.loop = Loop, .http = h, .name = "peer", .json = conf};
  Client = mcp_client_new(&o, &err);
  if (Client == NULL) {
    fprintf(stderr, "mcp-client: %s\n", err.text);
    return 1;
  }
  mcp_client_ready(Client, on_ready, (void *)(uintptr_t)(scenario != NULL ? scenario : ""));
  loop_run(Loop);
  mcp_client_free(&Client);
  http_free(&h);
  loop_free(&Loop);
  mem_free(conf);
  return Status;
}
