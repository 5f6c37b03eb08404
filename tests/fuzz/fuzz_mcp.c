/* MCP messages: whatever is read is judged and answered without harm; schemas end. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/era.h"
#include "mcp/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
  struct trg_str value;
  const char *header = era_header_encode(text, a);
  if (!era_header_decode(str_of(header), a, &value)) abort();
  (void)era_header_decode(text, a, &value);
  arena_free(&a);
  return 0;
}
