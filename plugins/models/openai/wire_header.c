#include "wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct trg_str openai_header(const struct trg_http_reply *reply, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; i < reply->header_count; i++) {
    const struct trg_header *h = &reply->headers[i];
    if (h->name.n == n && strncasecmp(h->name.p, name, n) == 0) return h->value;
  }
  return (struct trg_str){0};
}

/* Copies a header's value as a string; false when it is absent or too long to be sane. */
static bool header_copy(const struct trg_http_reply *reply, const char *name, char to[64]) {
  const struct trg_str value = openai_header(reply, name);
  if (value.n == 0 || value.n >= 64 || memchr(value.p, '\0', value.n)) return false;
  memcpy(to, value.p, value.n);
  to[value.n] = '\0';
  return true;
}

#define WAIT_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

static int64_t wait_bound(double ms) {
  if (!(ms > 0)) return 0;
  return ms > (double)WAIT_MAX_MS ? WAIT_MAX_MS : (int64_t)(ms + 0.999);
}

/* Plain decimals only: strtod() alone would take "inf", "nan" and hexadecimal. */
static bool number_take(const char **at, double *ret) {
  const size_t n = strspn(*at, "0123456789.");
  char digits[32];
  if (n == 0 || n >= sizeof digits || !isdigit((unsigned char)**at)) return false;
  memcpy(digits, *at, n);
  digits[n] = '\0';
  char *end;
  *ret = strtod(digits, &end);
  *at += end - digits;
  return true;
}

static bool number_of(const char *text, double *ret) {
  return number_take(&text, ret) && *text == '\0';
}

/* Takes "6m30.5s" off the front. Returns the number of characters; 0 when it is no duration. A
 * number without a unit is seconds. */
static size_t duration_take(const char *text, double *ret_ms) {
  static const struct {
    const char *unit;
    double ms;
  } units[] = {{"ms", 1},     {"us", 1e-3}, {"ns", 1e-6}, {"d", 86400e3},
               {"h", 3600e3}, {"m", 60e3},  {"s", 1000.0}};
  const char *at = text;
  double number;
  *ret_ms = 0;
  while (number_take(&at, &number)) {
    size_t i = 0;
    const size_t count = sizeof units / sizeof *units;
    while (i < count && strncmp(at, units[i].unit, strlen(units[i].unit)) != 0) i++;
    *ret_ms += number * (i < count ? units[i].ms : 1000.0);
    if (i == count) break;
    at += strlen(units[i].unit);
  }
  return (size_t)(at - text);
}

bool openai_duration_read(const char *text, int64_t *ret_ms) {
  double ms;
  const size_t n = duration_take(text, &ms);
  if (n == 0 || text[n] != '\0') return false;
  *ret_ms = wait_bound(ms);
  return true;
}

/* A reset as the time from now; some routers give a moment instead, in seconds or milliseconds. */
static bool reset_read(const char *text, int64_t now_ms, int64_t *ret_ms) {
  double number;
  if (!number_of(text, &number) || number < 1e9) return openai_duration_read(text, ret_ms);
  *ret_ms = wait_bound((number < 1e11 ? number * 1000 : number) - (double)now_ms);
  return true;
}

/* ---- dates ---- */

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  const int64_t era = year / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool http_date(const char *text, int64_t *ret_ms) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4];
  int day;
  int year;
  int hour;
  int minute;
  int second;
  if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &day, month, &year, &hour,
             &minute, &second) != 6)
    return false;
  const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
  if (!at || (at - months) % 3 != 0 || year < 1970 || day < 1 || day > 31 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return false;
  const int64_t days = days_since_1970(year, (at - months) / 3 + 1, day);
  *ret_ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
  return true;
}

/* ---- waits ---- */

/* Requests, tokens, and the bare pair that routers send. */
static const char *const kinds[] = {"-requests", "-tokens", ""};

static bool kind_read(const struct trg_http_reply *reply, size_t kind, int64_t now_ms,
                      double *ret_left, int64_t *ret_reset_ms) {
  char name[64];
  char text[64];
  snprintf(name, sizeof name, "x-ratelimit-remaining%s", kinds[kind]);
  if (!header_copy(reply, name, text) || !number_of(text, ret_left)) return false;
  snprintf(name, sizeof name, "x-ratelimit-reset%s", kinds[kind]);
  return header_copy(reply, name, text) && reset_read(text, now_ms, ret_reset_ms);
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
  double ms;
  return at && duration_take(at + sizeof words - 1, &ms) ? wait_bound(ms) : 0;
}

int64_t openai_retry_after(const struct trg_http_reply *reply, const char *message,
                           int64_t now_ms) {
  char text[64];
  double number;
  int64_t ms;
  int64_t remaining;
  if (header_copy(reply, "retry-after-ms", text) && number_of(text, &number))
    return wait_bound(number);
  if (header_copy(reply, "retry-after", text)) {
    if (openai_duration_read(text, &ms)) return ms;
    if (http_date(text, &ms)) return wait_bound((double)(ms - now_ms));
  }
  if (openai_rate(reply, now_ms, &remaining, &ms) && remaining == 0) return ms;
  return message_wait(message);
}
