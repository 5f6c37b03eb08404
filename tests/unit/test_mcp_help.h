/*
 * What the tests of the MCP client share: one client on a loop of its own, a place for a server,
 * and what was told last.
 */
#ifndef TEST_MCP_HELP_H
#define TEST_MCP_HELP_H

#include "test_net_help.h"

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "mcp/client.h"
#include "net/http.h"
#include "net/serve.h"

static struct loop *L;
static struct http *H;
static struct mcp_client *C;
static struct serve *S;
static struct trg_err E;
static bool Told, Ready, Ok, Tool_error;
static char Why[400], Code[40], Text[600];

static inline void on_ready(void *arg, bool ready, const char *why) {
  (void)arg;
  Told = true;
  Ready = ready;
  snprintf(Why, sizeof Why, "%s", why);
}

static inline void on_reply(void *arg, const struct mcp_reply *r) {
  (void)arg;
  Told = true;
  Ok = r->ok;
  Tool_error = r->tool_error;
  snprintf(Code, sizeof Code, "%s", r->code);
  snprintf(Why, sizeof Why, "%s", r->why);
  const struct trg_str t = json_get_str(json_path(r->result, "content.0"), "text");
  snprintf(Text, sizeof Text, "%.*s", (int)t.n, t.p != NULL ? t.p : "");
}

static inline bool told(void *arg) {
  (void)arg;
  return Told;
}

static inline int begin(void **state) {
  (void)state;
  log_init(TRG_ERROR, LOG_TEXT, NULL);
  L = loop_new(&E);
  H = http_new(L, &E);
  return 0;
}

static inline int end(void **state) {
  (void)state;
  mcp_client_free(&C);
  serve_free(&S);
  http_free(&H);
  loop_free(&L);
  return 0;
}

static inline void client_open(const char *conf) {
  const struct mcp_client_options o = {.loop = L, .http = H, .name = "peer", .json = conf};
  C = mcp_client_new(&o, &E);
  if (C == NULL) fail_msg("%s", E.text);
}

#endif
