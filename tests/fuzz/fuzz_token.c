/* Feeds any bytes to the reader of what a token command prints. */
#include "../../plugins/models/common/auth.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct llm_text token = {0};
  int64_t expires_ms = 0;
  if (llm_token_read((struct trg_str){(const char *)bytes, size}, 1000, 60000, &token,
                     &expires_ms)) {
    for (size_t i = 0; i < token.n; i++)
      if (token.p[i] <= 0x20 || token.p[i] >= 0x7F) abort();
    if (!token.n) abort();
  }
  llm_text_clear(&token);
  return 0;
}
