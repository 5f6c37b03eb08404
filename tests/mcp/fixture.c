/*
 * The server of src/mcp with the fixtures that the official conformance suite asks for: a program
 * of its own, so that nothing of them is in what is installed.
 *
 *   mcp-fixture [PORT]     0 (default) picks one; the first line tells it; ends with its parent
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#include "fixture.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/endpoint.h"
#include "net/loop.h"

static struct mcp_endpoint *endpoint;
static struct serve *server;

static bool access_all(void *arg, struct trg_str token, struct mcp_caller *ret,
                       int64_t *ret_per_minute) {
  (void)arg;
  (void)token;
  *ret = (struct mcp_caller){.name = "test", .grants = MCP_READ | MCP_WRITE | MCP_SEND};
  *ret_per_minute = 0;
  return true;
}

static void on_request(void *arg, const struct serve_request *r) {
  (void)arg;
  if (str_is(r->path, "/mcp"))
    mcp_endpoint_take(endpoint, server, r);
  else
    serve_answer(server, r->id, 404, TRG_STR("text/plain"), NULL, 0, TRG_STR("/mcp\n"));
}

static void on_gone(void *arg, serve_id id) {
  (void)arg;
  mcp_endpoint_gone(endpoint, id);
}

int main(int argc, char **argv) {
  struct trg_err err = {0};
  (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct loop *l = loop_new(&err);
  fixture_loop = l;
  struct mcp_server *core = mcp_server_new(&fixture_offer);
  const struct mcp_endpoint_options eo = {
      .loop = l, .server = core, .loopback = true, .access = access_all};
  endpoint = mcp_endpoint_new(&eo);
  const struct serve_options so = {.host = "127.0.0.1",
                                   .port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0,
                                   .connections_max = 512,
                                   .on_request = on_request,
                                   .on_gone = on_gone};
  server = serve_new(l, &so, &err);
  if (server == NULL) {
    fprintf(stderr, "mcp-fixture: %s\n", err.text);
    return 1;
  }
  printf("listening on 127.0.0.1:%d\n", serve_port(server));
  fflush(stdout);
  loop_run(l);
  return 0;
}
