/* HTTP requests to the MCP endpoint: method, headers and body as they come. Every request is
 * answered or waits for its tool, and when its peer is gone nothing of it is left. Input: the
 * method, lines of "name: value", an empty line, the body; further requests behind a NUL. */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/endpoint.h"
#include "net/loop.h"

#define HEADERS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool access_of(void *arg, struct trg_str token, struct mcp_caller *ret,
                      int64_t *ret_per_minute) {
  (void)arg;
  *ret = (struct mcp_caller){.name = "fuzz", .grants = MCP_READ};
  *ret_per_minute = 0;
  return !str_is(token, "bad");
}

static void echo(void *arg, struct mcp_call *c, const json *in) {
  (void)arg;
  mcp_progress(c, 1, 2, "half");
  if (json_get_bool(in, "wait", false)) return; /* until its peer is gone */
  mcp_answer_json(c, json_copy(in));
}

static void read_one(void *arg, struct mcp_call *c, struct trg_str uri) {
  (void)arg;
  (void)uri;
  mcp_answer_error(c, RPC_BAD_PARAMS, "Resource not found", NULL);
}

static void list_none(void *arg, struct mcp_call *c, struct trg_str cursor) {
  (void)arg;
  (void)cursor;
  mcp_answer(c, json_object());
}

static const struct mcp_tool tools[] = {{.name = "echo",
                                         .title = "Echo",
                                         .description = "Says it again.",
                                         .input_schema = "{\"type\":\"object\"}",
                                         .grant = MCP_READ,
                                         .run = echo}};
static const struct mcp_offer offer = {.name = "fuzz",
                                       .version = "1",
                                       .tools = tools,
                                       .tool_count = 1,
                                       .resource_list = list_none,
                                       .resource_read = read_one,
                                       .subscribe = true};

static struct loop *Loop;
static struct serve *Serve;

static void begin(void) {
  struct trg_err err;
  const struct serve_options o = {.host = "127.0.0.1"};
  log_init(TRG_ERROR, LOG_TEXT, NULL);
  Loop = loop_new(&err);
  Serve = serve_new(Loop, &o, &err);
  if (Serve == NULL) abort();
}

static struct trg_str line(struct trg_str *rest) {
  struct trg_str one = {NULL, 0};
  (void)str_next(rest, '\n', &one);
  return one;
}

static void request(struct mcp_endpoint *e, struct trg_str text, serve_id id, struct arena *a) {
  struct trg_header headers[HEADERS_MAX];
  struct serve_request r = {.id = id, .path = TRG_STR("/mcp"), .headers = headers};
  r.method = line(&text);
  for (struct trg_str one = line(&text); one.n > 0; one = line(&text)) {
    struct trg_str value = one, name;
    if (!str_next(&value, ':', &name) || r.header_count == HEADERS_MAX) continue;
    char *lower = arena_dup(a, name);
    for (char *c = lower; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
    headers[r.header_count++] = (struct trg_header){str_of(lower), str_trim(value)};
  }
  r.body = text;
  mcp_endpoint_take(e, Serve, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (Serve == NULL) begin();
  struct arena *a = arena_new();
  struct mcp_server *s = mcp_server_new(&offer);
  const struct mcp_endpoint_options o = {
      .loop = Loop, .server = s, .loopback = true, .access = access_of};
  struct mcp_endpoint *e = mcp_endpoint_new(&o);
  struct trg_str rest = {(const char *)data, size}, one;
  serve_id id = 1;
  while (id < 20 && str_next(&rest, '\0', &one)) request(e, one, id++, a);
  for (serve_id i = 1; i < id; i++) mcp_endpoint_gone(e, i);
  if (mcp_open_count(s) > id) abort();
  mcp_endpoint_free(&e);
  mcp_server_free(&s);
  arena_free(&a);
  return 0;
}
