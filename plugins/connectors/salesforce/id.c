#include <string.h>

#include "text.h"

static bool id_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* 15 characters tell upper from lower case; the three behind them say which were upper, so that
 * the id survives where case is lost. Only the 18 are the same everywhere. */
bool salesforce_id18(struct trg_str id, char ret[SF_ID_BYTES]) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  if (id.n != 15 && id.n != 18) return false;
  for (size_t i = 0; i < id.n; i++)
    if (!id_char(id.p[i])) return false;
  memcpy(ret, id.p, id.n);
  for (size_t block = 0; id.n == 15 && block < 3; block++) {
    unsigned bits = 0;
    for (size_t i = 0; i < 5; i++) {
      const char c = id.p[block * 5 + i];
      bits |= c >= 'A' && c <= 'Z' ? 1u << i : 0;
    }
    ret[15 + block] = alphabet[bits];
  }
  ret[18] = '\0';
  return true;
}

bool salesforce_is_id(struct trg_str id, const char *prefix) {
  char ignored[SF_ID_BYTES];
  return salesforce_id18(id, ignored) && memcmp(id.p, prefix, 3) == 0;
}
