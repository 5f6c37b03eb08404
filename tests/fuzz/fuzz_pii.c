/* Masking, under each choice of profiles: spans are in order, nothing that was found stays, tokens
 * are the same the second time, and nothing that could be restored is a card or a secret. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool all(const char *type) {
  (void)type;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct trg_str text = {(const char *)data, size};
  struct pii_map *map = pii_map_new();
  struct buf first = {0};
  struct buf second = {0};
  struct buf back = {0};
  struct pii_span *spans = NULL;
  size_t count = 0;
  pii_map_profiles(map, (unsigned)(size % 4)); /* none, each, both */
  pii_map_know(map, "PERSON", TRG_STR("Jean Dupont"));
  pii_map_know(map, "PERSON", TRG_STR("\xC3\x89lodie"));
  if (pii_mask(map, text, &first, &spans, &count, NULL) != 0) abort();
  size_t done = 0;
  for (size_t i = 0; i < count; i++) {
    if (spans[i].start < done || spans[i].end <= spans[i].start || spans[i].end > size) abort();
    done = spans[i].end;
  }
  if (pii_mask(map, text, &second, NULL, NULL, NULL) != 0) abort();
  if (!str_eq(buf_view(&first), buf_view(&second))) abort();
  for (size_t i = 0; i < pii_map_count(map); i++) {
    const char *token;
    const char *type;
    struct trg_str value;
    pii_map_at(map, i, &token, &type, &value);
    if (token[0] != '[') abort();
    if ((strcmp(type, "CREDIT_CARD") == 0 || strcmp(type, "SECRET") == 0) && value.n > 0) abort();
  }
  pii_restore(map, buf_view(&first), all, &back);
  buf_reset(&back);
  pii_turn(buf_view(&first), "S1_", &back);
  for (size_t i = 0; i < back.n; i++) {
    if (pii_token_at(buf_view(&back), i) > 0) abort();
    if (pii_turned_at(buf_view(&back), i) > back.n - i) abort();
  }
  mem_free(spans);
  buf_free(&first);
  buf_free(&second);
  buf_free(&back);
  pii_map_free(&map);
  return 0;
}
