/* MCP messages: whatever is read is judged and answered without harm; schemas end. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/era.h"
#include "mcp/schema.h"
#include "mcp/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mcp_offer offer = {.name = "t", .version = "1"};

static void on_message(void *arg, struct mcp_call *c, struct trg_str text, bool last, int status) {
  int *lasts = arg;
  (void)status;
  if (!last || c != NULL) abort();
  (*lasts)++;
  json *answers = text.n > 0 ? json_parse(text, 0, NULL) : NULL;
  if (text.n > 0 && answers == NULL) abort();
  json_free(&answers);
}

/* Nothing of an empty offer waits: a batch has its one last message at once. */
static void batch(struct trg_str text) {
  int lasts = 0;
  json *list = json_parse(text, 0, NULL);
  if (list == NULL) return;
  struct mcp_server *s = mcp_server_new(&offer);
  const struct mcp_incoming in = {
      .caller = {.name = "who"}, .version = "2025-03-26", .on_message = on_message, .arg = &lasts};
  if (mcp_take_batch(s, &in, list) != NULL || lasts != 1) abort();
  mcp_server_free(&s);
  json_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct trg_err err;
  if (size == 0) return 0;
  const struct trg_str text = {(const char *)data + 1, size - 1};
  struct rpc_message m;
  struct arena *a = arena_new();
  if (rpc_read(text, &m, &err) == 0) {
    const struct era_headers h = {TRG_STR(ERA_MODERN), m.method, json_get_str(m.params, "name")};
    json *why = NULL;
    (void)era_is_modern(&m, &h);
    (void)era_check(&m, (data[0] & 1) != 0 ? &h : NULL, &why, &err);
    json_free(&why);
    struct era_mark *marks = NULL;
    size_t n = 0;
    if (era_marks(m.params, a, &marks, &n, &err) == 0)
      for (size_t i = 0; i < n; i++) (void)era_mark_value(&marks[i], m.params, a);
    (void)schema_check(m.params, m.doc, "value", &err);
    char *again = rpc_error(m.id, RPC_INVALID, "no", NULL);
    struct rpc_message back;
    if (rpc_read(str_of(again), &back, &err) != 0) abort();
    rpc_free(&back);
    mem_free(again);
  }
  rpc_free(&m);
  if (rpc_is_batch(text)) batch(text);
  struct trg_str value;
  const char *header = era_header_encode(text, a);
  if (!era_header_decode(str_of(header), a, &value)) abort();
  (void)era_header_decode(text, a, &value);
  arena_free(&a);
  return 0;
}
