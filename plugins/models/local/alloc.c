#include "alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void memory_check(const void *got, size_t count, size_t each) {
  if (got != NULL) return;
  fprintf(stderr, "local model: out of memory (%zu x %zu bytes)\n", count, each);
  abort();
}

void *local_alloc(size_t count, size_t each) {
  void *got = calloc(count > 0 ? count : 1, each);
  memory_check(got, count, each);
  return got;
}

void *local_grow(void *old, size_t count, size_t each) {
  void *got = NULL;
  if (each != 0 && count <= SIZE_MAX / 2 / each) got = realloc(old, count > 0 ? count * each : 1);
  memory_check(got, count, each);
  return got;
}

char *local_copy(const char *bytes, size_t n) {
  char *got = local_alloc(n + 1, 1);
  if (n > 0) memcpy(got, bytes, n);
  return got;
}
