#include "base/hash.h"
#include "base/str.h"
#include "model/router.h"

void router_prompt_hash(const struct trg_model_request *q, char out[65]) {
  struct hash *h = hash_new();
  hash_add(h, q->stable);
  hash_add(h, TRG_STR("\n"));
  hash_add(h, q->system);
  for (size_t i = 0; i < q->part_count; i++) {
    hash_add(h, TRG_STR("\n"));
    hash_add(h, q->parts[i].text);
  }
  hash_add(h, TRG_STR("\n"));
  hash_add(h, q->schema);
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, out);
}
