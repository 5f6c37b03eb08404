/* A server that is a program: one message a line, each way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client_inner.h"
#include "net/child.h"

#define NOISE_MAX 1000 /* lines that are no messages, of one run of the program */

static void answer(struct mcp_client *c, struct rpc_message *m) {
  struct asked *a = client_asked(c, m->id);
  if (a == NULL) return; /* late, or nobody asked that */
  asked_end(a, &(struct asked_end){.message = m, .code = "", .why = ""});
}

static void on_line(void *arg, struct trg_str line) {
  struct mcp_client *c = arg;
  struct rpc_message m;
  struct trg_err err = {0};
  if (str_trim(line).n == 0) return;
  if (rpc_read(line, &m, &err) != 0) {
    log_event(TRG_WARN, "mcp.line_skipped", "server", c->name, "why", err.text, NULL);
    if (++c->noise > NOISE_MAX) client_failed(c, "it writes what is no message");
  } else if (m.kind == RPC_RESULT || m.kind == RPC_ERROR) {
    answer(c, &m);
  } else {
    client_message(c, &m);
  }
  rpc_free(&m);
}

static void on_log(void *arg, struct trg_str line) {
  struct mcp_client *c = arg;
  char text[200];
  (void)snprintf(text, sizeof text, "%.*s", line.n > 190 ? 190 : (int)line.n,
                 line.p != NULL ? line.p : "");
  log_event(TRG_DEBUG, "mcp.server_log", "server", c->name, "text", text, NULL);
}

static void on_end(void *arg, const char *why) {
  struct mcp_client *c = arg;
  c->child = NULL;
  client_failed(c, why);
}

/* Only what a program needs to run at all, and what the configuration gives it. */
static const char *const *environment(struct mcp_client *c) {
  static const char *const passed[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"};
  const json *given = json_get(c->conf, "env");
  const char **list = arena_alloc(c->arena, (json_count(given) + 16) * sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
    const char *value = getenv(passed[i]);
    if (value != NULL && json_get(given, passed[i]) == NULL)
      list[n++] = arena_printf(c->arena, "%s=%s", passed[i], value);
  }
  for (const json *e = json_first(given); e != NULL; e = json_next(e))
    if (json_is_string(e))
      list[n++] = arena_printf(c->arena, "%s=%.*s", json_key(e), (int)json_str(e).n, json_str(e).p);
  list[n] = NULL;
  return list;
}

int stdio_start(struct mcp_client *c, struct trg_err *err) {
  const json *args = json_get(c->conf, "args");
  const char **argv = arena_alloc(c->arena, (json_count(args) + 2) * sizeof *argv);
  size_t n = 0;
  argv[n++] = arena_dup(c->arena, json_get_str(c->conf, "command"));
  for (const json *a = json_first(args); a != NULL; a = json_next(a))
    argv[n++] = arena_dup(c->arena, json_str(a));
  argv[n] = NULL;
  const struct trg_str cwd = json_get_str(c->conf, "cwd");
  const struct child_options o = {.argv = argv,
                                  .env = environment(c),
                                  .cwd = cwd.n > 0 ? arena_dup(c->arena, cwd) : NULL,
                                  .line_max_bytes = CLIENT_MESSAGE_MAX,
                                  .on_line = on_line,
                                  .on_log = on_log,
                                  .on_end = on_end,
                                  .arg = c};
  c->noise = 0;
  c->child = child_start(c->loop, &o, err);
  return c->child != NULL ? 0 : TRG_EIO;
}

static void sent_cb(void *arg) {
  struct asked *a = arg;
  a->again = 0;
  asked_end(a, &(struct asked_end){.code = "", .why = ""});
}

static void unsent_cb(void *arg) {
  struct asked *a = arg;
  a->again = 0;
  asked_end(a, &(struct asked_end){.code = "transient", .why = "the program takes no more input"});
}

/* The text of a request, a notification, or of an answer to the server's own request. */
void stdio_send(struct asked *a) {
  struct mcp_client *c = a->client;
  char id[32];
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)a->number);
  char *text = a->method[0] == '\0' ? mem_dup(a->name)
               : a->notice          ? rpc_notice(a->method, json_copy(a->params))
                                    : rpc_request(id, a->method, json_copy(a->params));
  const bool sent = c->child != NULL && child_write(c->child, str_of(text));
  mem_free(text);
  if (!sent)
    a->again = loop_timer_start(c->loop, 1, 0, unsent_cb, a);
  else if (a->notice)
    a->again = loop_timer_start(c->loop, 1, 0, sent_cb, a);
}
