/* Server-sent events: the same events come however the stream is cut. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "mcp/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_event(void *arg, const struct sse_event *e) {
  struct hash *h = arg;
  hash_add(h, e->type);
  hash_add(h, (struct trg_str){"", 1});
  hash_add(h, e->id);
  hash_add(h, (struct trg_str){"", 1});
  hash_add(h, e->data);
  hash_add(h, (struct trg_str){"", 1});
  return true;
}

static int read_in(struct trg_str text, size_t step, uint8_t sum[HASH_BYTES]) {
  struct sse s;
  struct trg_err err;
  struct hash *h = hash_new();
  int rc = 0;
  sse_init(&s, 4096);
  for (size_t i = 0; i < text.n && rc == 0; i += step) {
    const struct trg_str piece = {text.p + i, text.n - i < step ? text.n - i : step};
    rc = sse_take(&s, piece, on_event, h, &err);
  }
  if (rc == 0) rc = sse_finish(&s, on_event, h, &err);
  sse_free(&s);
  hash_end(&h, sum);
  return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  uint8_t one[HASH_BYTES], other[HASH_BYTES];
  const struct trg_str text = {(const char *)data + 1, size - 1};
  const int rc = read_in(text, text.n, one);
  if (read_in(text, 1 + data[0] % 16, other) != rc) abort();
  if (rc == 0 && memcmp(one, other, sizeof one) != 0) abort();
  return 0;
}
