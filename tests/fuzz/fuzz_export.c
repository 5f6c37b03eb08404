/* A signed export from somebody else: it is refused or verified, never more. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  struct export_seen seen;
  struct trg_err err = {0};
  if (n == 0) return 0;
  FILE *in = fmemopen((void *)(uintptr_t)data, n, "r");
  if (in == NULL) abort();
  /* Nobody signed what a fuzzer makes. */
  if (export_check(in, (struct trg_str){0}, &seen, &err) != 0 && err.text[0] == '\0') abort();
  (void)fclose(in);
  return 0;
}
