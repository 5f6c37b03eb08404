#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *out, struct trg_str data) {
  for (size_t i = 0; i < data.n; i += 3) {
    const size_t left = data.n - i;
    uint32_t v = (uint32_t)(unsigned char)data.p[i] << 16;
    if (left > 1) v |= (uint32_t)(unsigned char)data.p[i + 1] << 8;
    if (left > 2) v |= (unsigned char)data.p[i + 2];
    buf_char(out, letters[v >> 18]);
    buf_char(out, letters[(v >> 12) & 63]);
    buf_char(out, left > 1 ? letters[(v >> 6) & 63] : '=');
    buf_char(out, left > 2 ? letters[v & 63] : '=');
  }
}

static int value_of(char c) {
  const char *at = c == '\0' ? NULL : strchr(letters, c);
  return at == NULL ? -1 : (int)(at - letters);
}

int base64_read(struct buf *out, struct trg_str text) {
  if (text.n % 4 != 0) return -1;
  for (size_t i = 0; i < text.n; i += 4) {
    const bool last = i + 4 == text.n;
    const int pad = !last ? 0 : text.p[i + 3] != '=' ? 0 : text.p[i + 2] != '=' ? 1 : 2;
    uint32_t v = 0;
    for (int k = 0; k < 4; k++) {
      const int one = k >= 4 - pad ? 0 : value_of(text.p[i + (size_t)k]);
      if (one < 0) return -1;
      v = v << 6 | (uint32_t)one;
    }
    buf_char(out, (char)(v >> 16 & 255));
    if (pad < 2) buf_char(out, (char)(v >> 8 & 255));
    if (pad < 1) buf_char(out, (char)(v & 255));
  }
  return 0;
}
