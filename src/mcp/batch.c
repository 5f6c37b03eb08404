/* Batches of messages, as revision 2025-03-26 has them ("Batching" in its base protocol). */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/call.h"

struct mcp_batch {
  struct mcp_server *server;
  struct mcp_incoming to; /* only who gets the messages; the rest is not looked at any more */
  struct buf answers;
  size_t open; /* messages without their end, and one for who still takes them in */
};

static void answer_add(struct mcp_batch *b, struct trg_str text) {
  buf_char(&b->answers, b->answers.n == 0 ? '[' : ',');
  buf_str(&b->answers, text);
}

static void batch_free(struct mcp_batch *b) {
  buf_free(&b->answers);
  mem_free(b);
}

static bool ended(struct mcp_batch *b) {
  if (--b->open > 0) return false;
  const bool any = b->answers.n > 0;
  if (any) buf_char(&b->answers, ']');
  b->to.on_message(b->to.arg, NULL, buf_view(&b->answers), true, any ? 200 : 202);
  batch_free(b);
  return true;
}

static void on_message(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status) {
  struct mcp_batch *b = arg;
  if (!last) {
    b->to.on_message(b->to.arg, c, text, false, status);
    return;
  }
  if (text.n > 0) answer_add(b, text);
  (void)ended(b);
}

static int on_subscribe(void *arg, struct trg_str uri, bool on) {
  const struct mcp_batch *b = arg;
  return b->to.on_subscribe(b->to.arg, uri, on);
}

/* What a message of its own may be, but none of a batch. NULL: it may. */
static const char *out_of_place(const struct rpc_message *m) {
  if (era_is_modern(m, NULL)) return RPC_NO_BATCHES;
  if (m->kind == RPC_REQUEST && str_is(m->method, "initialize"))
    return "initialize must not be part of a batch";
  return NULL;
}

static void one_take(struct mcp_batch *b, const struct mcp_incoming *in, const json *one) {
  struct rpc_message m;
  struct trg_err err = {0};
  char *text = json_text(one);
  int code = rpc_read(str_of(text), &m, &err);
  const char *why = code != 0 ? err.text : out_of_place(&m);
  mem_free(text);
  if (why == NULL) {
    struct mcp_incoming each = *in;
    each.m = &m;
    each.on_message = on_message;
    each.on_subscribe = in->on_subscribe != NULL ? on_subscribe : NULL;
    each.arg = b;
    b->open++;
    mcp_take(b->server, &each, NULL);
  } else if (code != 0 || m.kind == RPC_REQUEST) {
    char *no = rpc_refusal(&m, code != 0 ? code : RPC_INVALID, why);
    answer_add(b, str_of(no));
    mem_free(no);
  }
  rpc_free(&m);
}

struct mcp_batch *mcp_take_batch(struct mcp_server *s, const struct mcp_incoming *in,
                                 const json *list) {
  const size_t n = json_count(list);
  if (n == 0 || n > MCP_BATCH_MAX) {
    char why[60];
    (void)snprintf(why, sizeof why, "a batch has 1 to %d messages", MCP_BATCH_MAX);
    char *no = rpc_error("null", RPC_INVALID, why, NULL);
    in->on_message(in->arg, NULL, str_of(no), true, 400);
    mem_free(no);
    return NULL;
  }
  struct mcp_batch *b = mem_alloc(sizeof *b);
  *b = (struct mcp_batch){.server = s, .to = *in, .open = 1};
  buf_init(&b->answers, 0);
  for (const json *one = json_first(list); one != NULL; one = json_next(one)) one_take(b, in, one);
  return ended(b) ? NULL : b;
}

static struct mcp_call *call_of(const struct mcp_batch *b) {
  struct mcp_call *c = b->server->calls;
  while (c != NULL && (c->gone || c->on_message != on_message || c->arg != b)) c = c->next;
  return c;
}

void mcp_batch_drop(struct mcp_batch **at) {
  struct mcp_batch *b = *at;
  if (b == NULL) return;
  *at = NULL;
  for (struct mcp_call *c; (c = call_of(b)) != NULL;) mcp_drop(c);
  batch_free(b);
}
