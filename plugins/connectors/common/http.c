#include "http.h"

#include <stdio.h>

void hd_failure(char *out, size_t room, const struct trg_http_reply *reply, const char *text) {
  if (reply->status != 0)
    snprintf(out, room, "HTTP %d: %.300s", (int)reply->status, text);
  else if (reply->why.n > 0)
    snprintf(out, room, "%.*s", (int)(reply->why.n < 300 ? reply->why.n : 300), reply->why.p);
  else
    snprintf(out, room, "no answer came, and it is not known why: is the address right?");
}

int64_t hd_again_ms(int tries) {
  static const int64_t waits_ms[] = {300, 1000, 3000};
  const int count = (int)(sizeof waits_ms / sizeof waits_ms[0]);
  return tries >= 1 && tries <= count ? waits_ms[tries - 1] : 0;
}
