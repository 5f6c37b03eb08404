/* The MCP server on standard input and output: each line goes to the daemon, or, when none runs,
 * to this process, which holds the state directory no longer than that one message needs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "conf/conf.h"
#include "mcp/rpc.h"

#define MESSAGE_MAX ((size_t)700 * 1024) /* escaped it must fit a line of the control socket */
#define TIMEOUT_MS  (INT64_C(10) * 60 * 1000)

struct bridge {
  const struct cmd_call *call;
  const char *helpdesk;
  json *grants;
  char version[16]; /* legacy: as agreed in `initialize` */
};

static void line_out(struct trg_str text) {
  (void)fwrite(text.p, 1, text.n, stdout);
  (void)fputc('\n', stdout);
}

/* A request that could not be passed on is answered; anything else is not. */
static void fail_out(struct trg_str message, const char *why) {
  struct rpc_message m;
  struct trg_err err = {0};
  if (rpc_read(message, &m, &err) != 0 || m.kind == RPC_REQUEST) {
    char *text = rpc_refusal(&m, RPC_INTERNAL, why);
    line_out(str_of(text));
    mem_free(text);
  }
  rpc_free(&m);
}

/* The control socket's text is mended where it is no UTF-8; the line must not become another one.
 */
static void broken_out(void) {
  const struct rpc_message none = {0};
  char *text = rpc_refusal(&none, RPC_PARSE, "the line is not valid UTF-8, or has a NUL byte");
  line_out(str_of(text));
  mem_free(text);
}

static int asked(struct bridge *b, struct trg_str message, json **ret, struct trg_err *err) {
  struct asking_side side;
  json *request = ask_request("mcp");
  json_put_str(request, "message", message);
  json_put_text(request, "version", b->version);
  json_put_text(request, "helpdesk", b->helpdesk != NULL ? b->helpdesk : "");
  json_put(request, "grants", json_copy(b->grants));
  if (ask_open(b->call, &side) != 0) {
    json_free(&request);
    return err_set(err, TRG_ESTATE, "open",
                   "triaged's state could not be opened; standard error says why");
  }
  const int rc = ask_send(&side, request, TIMEOUT_MS, ret, err);
  ask_close(&side);
  return rc;
}

static void message_pass(struct bridge *b, struct trg_str message) {
  struct trg_err err = {0};
  json *answer = NULL;
  if (asked(b, message, &answer, &err) < 0) {
    fail_out(message, err.text);
    return;
  }
  for (const json *m = json_first(json_get(answer, "messages")); m != NULL; m = json_next(m))
    line_out(json_str(m));
  const struct trg_str version = json_get_str(answer, "version");
  (void)snprintf(b->version, sizeof b->version, "%.*s", version.n < 15 ? (int)version.n : 0,
                 version.p != NULL ? version.p : "");
  json_free(&answer);
}

/* One line without its end. false: the input is over. A longer line than is taken comes as `over`.
 */
static bool line_read(struct buf *line) {
  buf_reset(line);
  line->over = false;
  for (int c; (c = getc_unlocked(stdin)) != EOF;) {
    if (c == '\n') return true;
    buf_char(line, (char)c);
  }
  return line->n > 0 || line->over;
}

static int grants_read(const struct cmd_call *c, json **ret) {
  const char *text = call_value(c, "grant");
  struct trg_str rest = str_of(text != NULL ? text : "read"), word;
  *ret = json_array();
  while (str_next(&rest, ',', &word)) {
    if (!str_is(word, "read") && !str_is(word, "write") && !str_is(word, "send"))
      return cmd_fail(CMD_USAGE, "--grant is a list of read, write, send; not \"%.*s\"",
                      word.n > 40 ? 40 : (int)word.n, word.p);
    json_add_str(*ret, word);
  }
  return 0;
}

static int helpdesk_check(const struct cmd_call *c, const char *name) {
  struct reading r;
  int status = reading_conf(c, &r);
  if (status != 0) return status;
  if (name != NULL && conf_helpdesk(r.conf, str_of(name)) == NULL)
    status = cmd_fail(CMD_USAGE, "there is no helpdesk \"%.40s\" in the configuration", name);
  reading_close(&r);
  return status;
}

static int mcp_run(const struct cmd_call *c) {
  struct bridge b = {.call = c, .helpdesk = call_value(c, "helpdesk")};
  int status = grants_read(c, &b.grants);
  if (status == 0) status = helpdesk_check(c, b.helpdesk);
  struct buf line;
  buf_init(&line, MESSAGE_MAX);
  while (status == 0 && line_read(&line)) {
    const struct trg_str message = str_trim(buf_view(&line));
    if (line.over)
      fail_out(TRG_STR("{"), "the message is larger than 700 KiB");
    else if (!utf8_valid(message) || memchr(message.p, '\0', message.n) != NULL)
      broken_out();
    else if (message.n > 0)
      message_pass(&b, message);
    if (fflush(stdout) != 0) break; /* the client is gone */
  }
  buf_free(&line);
  json_free(&b.grants);
  return status;
}

static const struct cmd_option options[] = {
    {"helpdesk", "NAME", "serve the tickets of this helpdesk alone", false},
    {"grant", "LIST", "what the client may do, of read,write,send (default read)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_mcp = {
    .name = "mcp",
    .args = "",
    .summary = "MCP server on standard input and output",
    .help =
        "For agents that start a program; over HTTP the same is at /mcp of the daemon. Without\n"
        "a daemon it works by itself, and what is to be written waits for one. Grants: read;\n"
        "write, for fields and internal notes; send, for what customers see.",
    .options = options,
    .run = mcp_run,
};
