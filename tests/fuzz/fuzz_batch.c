/* Feeds any bytes to the readers of batch answers and of their results' lines. */
#include "../../plugins/models/anthropic/batch.h"
#include "../../plugins/models/openai/call.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void one(const struct llm_batching *b, struct trg_str text) {
  struct llm_text body = {0};
  char names[2][LLM_BATCH_NAME_MAX] = {"", ""};
  char ref[160];
  char id[80];
  int32_t status = 0;
  if (b->created(text, ref, sizeof ref) && strpbrk(ref, "/.?%")) abort();
  if (b->ended(text, names) && (strpbrk(names[0], "/.?%") || strpbrk(names[1], "/.?%"))) abort();
  if (b->line(text, id, sizeof id, &status, &body) && strlen(id) >= sizeof id) abort();
  llm_text_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str text = {(const char *)bytes, size};
  one(&anthropic_batching, text);
  one(&openai_batching, text);
  return 0;
}
