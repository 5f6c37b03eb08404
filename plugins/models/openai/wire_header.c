#include "wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Requests, tokens, and the bare pair that routers send. */
static const char *const kinds[] = {"-requests", "-tokens", ""};

static bool kind_read(const struct trg_http_reply *reply, size_t kind, int64_t now_ms,
                      double *ret_left, int64_t *ret_reset_ms) {
  char name[64];
  char text[64];
  snprintf(name, sizeof name, "x-ratelimit-remaining%s", kinds[kind]);
  if (!llm_header_copy(reply, name, text) || !llm_number_of(text, ret_left)) return false;
  snprintf(name, sizeof name, "x-ratelimit-reset%s", kinds[kind]);
  return llm_header_copy(reply, name, text) && llm_reset_read(text, now_ms, ret_reset_ms);
}

bool openai_rate(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
                 int64_t *ret_reset_ms) {
  int64_t remaining = -1;
  int64_t reset_ms = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    double left;
    int64_t wait_ms;
    if (!kind_read(reply, i, now_ms, &left, &wait_ms)) continue;
    if (left < 1) { /* exhausted: the longest wait counts */
      reset_ms = remaining == 0 && reset_ms > wait_ms ? reset_ms : wait_ms;
      remaining = 0;
    } else if (i != 1 && remaining < 0) { /* a count of tokens says nothing about requests */
      remaining = left > 1e9 ? 1000000000 : (int64_t)left;
      reset_ms = wait_ms;
    }
  }
  *ret_remaining = remaining;
  *ret_reset_ms = reset_ms;
  return remaining >= 0;
}

/* "Please try again in 6m30s." */
static int64_t message_wait(const char *message) {
  static const char words[] = "try again in ";
  const char *at = strcasestr(message, words);
  char text[32];
  int64_t ms;
  if (!at) return 0;
  at += sizeof words - 1;
  snprintf(text, sizeof text, "%.*s", (int)strspn(at, "0123456789.msuhnd"), at);
  for (size_t n = strlen(text); n && text[n - 1] == '.'; n--) text[n - 1] = '\0';
  return llm_duration_read(text, &ms) ? ms : 0;
}

int64_t openai_retry_after(const struct trg_http_reply *reply, const char *message,
                           int64_t now_ms) {
  int64_t remaining;
  int64_t ms = llm_retry_after(reply, now_ms);
  if (ms > 0) return ms;
  if (openai_rate(reply, now_ms, &remaining, &ms) && remaining == 0) return ms;
  return message_wait(message);
}
