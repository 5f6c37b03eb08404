/* JSON: whatever is taken can be written, and what was written reads back as the same text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const json *j) {
  char id[32];
  (void)json_id(j, id, sizeof id);
  (void)json_str(j);
  for (const json *c = json_first(j); c != NULL; c = json_next(c)) walk(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct trg_err err;
  if (size == 0) return 0;
  const struct trg_str text = {(const char *)data + 1, size - 1};
  json *j = json_parse(text, data[0] & JSON_UNIQUE_KEYS, &err);
  if (j == NULL) return 0;
  if (!utf8_valid(text)) abort();
  walk(j);
  (void)json_path(j, "a.0.b");
  char *first = json_text(j);
  json *again = json_parse(str_of(first), data[0] & JSON_UNIQUE_KEYS, &err);
  if (again == NULL) abort();
  char *second = json_text(again);
  if (strcmp(first, second) != 0) abort();
  char *pretty = json_text_pretty(again);
  mem_free(pretty);
  mem_free(first);
  mem_free(second);
  json_free(&j);
  json_free(&again);
  return 0;
}
