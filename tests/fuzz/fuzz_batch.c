/* Feeds any bytes to the readers of batch answers and of their results' lines. */
#include "../../plugins/models/anthropic/batch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct llm_batching *b = &anthropic_batching;
  const struct trg_str text = {(const char *)bytes, size};
  struct llm_text body = {0};
  char ref[160];
  char id[80];
  int32_t status = 0;
  if (b->created(text, ref, sizeof ref) && strpbrk(ref, "/.?%")) abort();
  (void)b->ended(text);
  if (b->line(text, id, sizeof id, &status, &body) && strlen(id) >= sizeof id) abort();
  llm_text_clear(&body);
  return 0;
}
