#include "llm.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct trg_str llm_header(const struct trg_http_reply *reply, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; i < reply->header_count; i++) {
    const struct trg_header *h = &reply->headers[i];
    if (h->name.n == n && strncasecmp(h->name.p, name, n) == 0) return h->value;
  }
  return (struct trg_str){0};
}

/* Copies a header's value as a string; false when it is absent or too long to be sane. */
bool llm_header_copy(const struct trg_http_reply *reply, const char *name, char to[64]) {
  const struct trg_str value = llm_header(reply, name);
  if (value.n == 0 || value.n >= 64 || memchr(value.p, '\0', value.n)) return false;
  memcpy(to, value.p, value.n);
  to[value.n] = '\0';
  return true;
}

#define WAIT_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

int64_t llm_wait_bound(double ms) {
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

bool llm_number_of(const char *text, double *ret) {
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

bool llm_duration_read(const char *text, int64_t *ret_ms) {
  double ms;
  const size_t n = duration_take(text, &ms);
  if (n == 0 || text[n] != '\0') return false;
  *ret_ms = llm_wait_bound(ms);
  return true;
}

/* A reset as the time from now; some routers give a moment instead, in seconds or milliseconds. */
bool llm_reset_read(const char *text, int64_t now_ms, int64_t *ret_ms) {
  double number;
  if (!llm_number_of(text, &number) || number < 1e9) return llm_duration_read(text, ret_ms);
  *ret_ms = llm_wait_bound((number < 1e11 ? number * 1000 : number) - (double)now_ms);
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

static bool moment(const int part[6], int64_t *ret_ms) {
  if (part[0] < 1970 || part[0] > 9999 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
      part[2] > 31 || part[3] < 0 || part[3] > 23 || part[4] < 0 || part[4] > 59 || part[5] < 0 ||
      part[5] > 60)
    return false;
  const int64_t days = days_since_1970(part[0], part[1], part[2]);
  *ret_ms = (((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5]) * 1000;
  return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool http_date(const char *text, int64_t *ret_ms) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4];
  int part[6];
  if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &part[2], month, &part[0],
             &part[3], &part[4], &part[5]) != 6)
    return false;
  const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
  if (!at || (at - months) % 3 != 0) return false;
  part[1] = (int)(at - months) / 3 + 1;
  return moment(part, ret_ms);
}

/* "2026-11-21T00:00:10Z", with a fraction or an offset if need be */
bool llm_rfc3339(const char *text, int64_t *ret_ms) {
  int part[6];
  int used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*[Tt ]%2d:%2d:%2d%n", &part[0], &part[1], &part[2], &part[3],
             &part[4], &part[5], &used) != 6 ||
      !moment(part, ret_ms))
    return false;
  text += used;
  if (*text == '.') text += 1 + strspn(text + 1, "0123456789");
  char sign[2];
  int hours;
  int minutes;
  if (sscanf(text, "%1[+-]%2d:%2d", sign, &hours, &minutes) == 3)
    *ret_ms -= (sign[0] == '-' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000;
  return true;
}

/* ---- waits ---- */

int64_t llm_retry_after(const struct trg_http_reply *reply, int64_t now_ms) {
  char text[64];
  double number;
  int64_t ms;
  if (llm_header_copy(reply, "retry-after-ms", text) && llm_number_of(text, &number))
    return llm_wait_bound(number);
  if (!llm_header_copy(reply, "retry-after", text)) return 0;
  if (llm_duration_read(text, &ms)) return ms;
  return http_date(text, &ms) ? llm_wait_bound((double)(ms - now_ms)) : 0;
}
