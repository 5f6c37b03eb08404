#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/inner.h"
#include "model/router.h"

static void rest_add(struct hash *h, const struct trg_model_request *q, char out[65]) {
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

void router_prompt_hash(const struct trg_model_request *q, char out[65]) {
  struct hash *h = hash_new();
  hash_add(h, q->stable);
  rest_add(h, q, out);
}

static void hashed_free(struct hashed *x) {
  uint8_t sum[HASH_BYTES];
  hash_end(&x->after, sum);
  mem_free(x->text);
}

void prompts_hashed_free(struct prompts_hashed *p) {
  for (size_t i = 0; i < PROMPTS_HASHED; i++) hashed_free(&p->list[i]);
}

/* Compared whole: comparing is twenty times as fast as hashing, and no name of a text is needed. */
static const struct hash *hashed_of(struct prompts_hashed *p, struct trg_str text) {
  for (size_t i = 0; i < PROMPTS_HASHED; i++) {
    const struct hashed *x = &p->list[i];
    if (x->after != NULL && x->n == text.n && memcmp(x->text, text.p, text.n) == 0) return x->after;
  }
  struct hashed *x = &p->list[p->next];
  p->next = (p->next + 1) % PROMPTS_HASHED;
  hashed_free(x);
  *x = (struct hashed){mem_dup_str(text), text.n, hash_new()};
  hash_add(x->after, text);
  return x->after;
}

void prompt_hash_kept(struct prompts_hashed *p, const struct trg_model_request *q, char out[65]) {
  if (q->stable.n == 0)
    router_prompt_hash(q, out);
  else
    rest_add(hash_copy(hashed_of(p, q->stable)), q, out);
}
