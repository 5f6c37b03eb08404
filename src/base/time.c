#include "base/time.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

#define DAY_MS   INT64_C(86400000)
#define LEAST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define MOST_MS  INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01 in the proleptic Gregorian calendar (years start in March inside). */
static int64_t days_of(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil {
  int64_t year;
  int month, day, hour, minute, second, ms;
};

static struct civil civil_of(int64_t at_ms) {
  if (at_ms < LEAST_MS) at_ms = LEAST_MS;
  if (at_ms > MOST_MS) at_ms = MOST_MS;
  int64_t days = at_ms / DAY_MS;
  int64_t rest = at_ms % DAY_MS;
  if (rest < 0) {
    rest += DAY_MS;
    days--;
  }
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t of_era = days - era * 146097;
  const int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
  const int64_t shifted = (5 * of_year + 2) / 153;
  struct civil c;
  c.day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
  c.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
  c.year = years + era * 400 + (c.month <= 2);
  c.hour = (int)(rest / 3600000);
  c.minute = (int)(rest / 60000 % 60);
  c.second = (int)(rest / 1000 % 60);
  c.ms = (int)(rest % 1000);
  return c;
}

const char *time_format(int64_t at_ms, char out[TIME_RFC3339_MAX]) {
  const struct civil c = civil_of(at_ms);
  int n = snprintf(out, TIME_RFC3339_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)c.year, c.month,
                   c.day, c.hour, c.minute, c.second);
  if (c.ms != 0) n += snprintf(out + n, TIME_RFC3339_MAX - (size_t)n, ".%03d", c.ms);
  (void)snprintf(out + n, TIME_RFC3339_MAX - (size_t)n, "Z");
  return out;
}

void time_day(int64_t at_ms, char out[11]) {
  char whole[TIME_RFC3339_MAX];
  (void)time_format(at_ms, whole);
  memcpy(out, whole, 10);
  out[10] = '\0';
}

void time_month(int64_t at_ms, char out[8]) {
  char whole[TIME_RFC3339_MAX];
  (void)time_format(at_ms, whole);
  memcpy(out, whole, 7);
  out[7] = '\0';
}

/* Takes exactly `count` digits off the front. */
static bool take_digits(struct trg_str *s, size_t count, int *ret) {
  int value = 0;
  if (s->n < count) return false;
  for (size_t i = 0; i < count; i++) {
    if (s->p[i] < '0' || s->p[i] > '9') return false;
    value = value * 10 + (s->p[i] - '0');
  }
  s->p += count;
  s->n -= count;
  *ret = value;
  return true;
}

static bool take_one_of(struct trg_str *s, const char *chars) {
  if (s->n == 0 || s->p[0] == '\0' || strchr(chars, s->p[0]) == NULL) return false;
  s->p++;
  s->n--;
  return true;
}

static int month_days(int64_t year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct trg_str *s, struct civil *c) {
  int year;
  if (!take_digits(s, 4, &year) || !take_one_of(s, "-") || !take_digits(s, 2, &c->month) ||
      !take_one_of(s, "-") || !take_digits(s, 2, &c->day))
    return false;
  c->year = year;
  return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= month_days(year, c->month);
}

static bool take_clock(struct trg_str *s, struct civil *c) {
  return take_digits(s, 2, &c->hour) && take_one_of(s, ":") && take_digits(s, 2, &c->minute) &&
         take_one_of(s, ":") && take_digits(s, 2, &c->second) && c->hour <= 23 && c->minute <= 59 &&
         c->second <= 60;
}

/* What is past the millisecond is cut off, however many digits there are. */
static bool take_fraction(struct trg_str *s, struct civil *c) {
  c->ms = 0;
  if (!take_one_of(s, ".")) return true;
  int digits = 0;
  int unit = 100;
  int digit;
  while (take_digits(s, 1, &digit)) {
    c->ms += digit * unit;
    unit /= 10;
    digits++;
  }
  return digits > 0;
}

static bool take_zone(struct trg_str *s, int64_t *ret_offset_ms) {
  *ret_offset_ms = 0;
  if (take_one_of(s, "Zz")) return true;
  const bool west = s->n > 0 && s->p[0] == '-';
  int hours;
  int minutes;
  if (!take_one_of(s, "+-") || !take_digits(s, 2, &hours)) return false;
  (void)take_one_of(s, ":");
  if (!take_digits(s, 2, &minutes) || hours > 23 || minutes > 59) return false;
  *ret_offset_ms = (west ? -1 : 1) * (hours * 60 + minutes) * INT64_C(60000);
  return true;
}

static int64_t moment_of(const struct civil *c) {
  return days_of(c->year, c->month, c->day) * DAY_MS + c->hour * INT64_C(3600000) +
         c->minute * INT64_C(60000) + c->second * INT64_C(1000) + c->ms;
}

int time_parse(struct trg_str s, int64_t *ret_ms) {
  struct civil c = {0};
  int64_t offset = 0;
  if (!take_date(&s, &c)) return -1;
  if (s.n > 0) {
    if (!take_one_of(&s, "Tt ") || !take_clock(&s, &c) || !take_fraction(&s, &c) ||
        !take_zone(&s, &offset) || s.n > 0)
      return -1;
  }
  *ret_ms = moment_of(&c) - offset;
  return 0;
}

/* Takes three letters off the front that stand in a list of such words; their place, or -1. */
static int take_name(struct trg_str *s, const char *names) {
  for (int i = 0; s->n >= 3 && names[3 * i] != '\0'; i++) {
    if (memcmp(s->p, names + 3 * i, 3) != 0) continue;
    s->p += 3;
    s->n -= 3;
    return i;
  }
  return -1;
}

int time_parse_http(struct trg_str s, int64_t *ret_ms) {
  struct civil c = {0};
  int year;
  if (take_name(&s, "SunMonTueWedThuFriSat") < 0 || !take_one_of(&s, ",") ||
      !take_one_of(&s, " ") || !take_digits(&s, 2, &c.day) || !take_one_of(&s, " "))
    return -1;
  c.month = take_name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
  if (c.month < 1 || !take_one_of(&s, " ") || !take_digits(&s, 4, &year) || !take_one_of(&s, " ") ||
      !take_clock(&s, &c) || !str_is(s, " GMT"))
    return -1;
  c.year = year;
  if (c.day < 1 || c.day > month_days(year, c.month)) return -1;
  *ret_ms = moment_of(&c);
  return 0;
}

int time_month_range(const char *month, int64_t *ret_from_ms, int64_t *ret_to_ms) {
  struct trg_str s = str_of(month);
  int year;
  int number;
  if (!take_digits(&s, 4, &year) || !take_one_of(&s, "-") || !take_digits(&s, 2, &number) ||
      s.n != 0 || number < 1 || number > 12)
    return -1;
  *ret_from_ms = days_of(year, number, 1) * DAY_MS;
  *ret_to_ms = days_of(number == 12 ? year + 1 : year, number == 12 ? 1 : number + 1, 1) * DAY_MS;
  return 0;
}

int duration_parse(struct trg_str s, int64_t *ret_ms) {
  static const struct {
    const char *unit;
    int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", DAY_MS}};
  size_t digits = 0;
  while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') digits++;
  int64_t count;
  if (str_to_int((struct trg_str){s.p, digits}, &count) != 0) return -1;
  const struct trg_str unit = {s.p + digits, s.n - digits};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    int64_t ms;
    if (!str_is(unit, units[i].unit)) continue;
    if (__builtin_mul_overflow(count, units[i].ms, &ms)) return -1;
    *ret_ms = ms;
    return 0;
  }
  return -1;
}

/* Days only from a week on: "24h" and "72h" are how deadlines are spoken of. */
const char *duration_format(int64_t ms, char out[24]) {
  if (ms != 0 && ms % DAY_MS == 0 && (ms >= 7 * DAY_MS || ms <= -7 * DAY_MS))
    (void)snprintf(out, 24, "%" PRId64 "d", ms / DAY_MS);
  else if (ms != 0 && ms % 3600000 == 0)
    (void)snprintf(out, 24, "%" PRId64 "h", ms / 3600000);
  else if (ms != 0 && ms % 60000 == 0)
    (void)snprintf(out, 24, "%" PRId64 "m", ms / 60000);
  else if (ms % 1000 == 0)
    (void)snprintf(out, 24, "%" PRId64 "s", ms / 1000);
  else
    (void)snprintf(out, 24, "%" PRId64 "ms", ms);
  return out;
}

const char *duration_human(int64_t ms, char out[32]) {
  const char *sign = ms < 0 ? "-" : "";
  const uint64_t all = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
  const uint64_t seconds = all / 1000;
  static const struct {
    uint64_t seconds;
    const char *name;
  } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  if (seconds == 0) {
    (void)snprintf(out, 32, "%s%" PRIu64 " %s", all == 0 ? "" : sign, all, all == 0 ? "s" : "ms");
    return out;
  }
  size_t i = 0;
  while (seconds < units[i].seconds) i++;
  const uint64_t big = seconds / units[i].seconds;
  const unsigned small = i == 3 ? 0 : (unsigned)(seconds % units[i].seconds / units[i + 1].seconds);
  if (small == 0)
    (void)snprintf(out, 32, "%s%" PRIu64 " %s", sign, big, units[i].name);
  else
    (void)snprintf(out, 32, "%s%" PRIu64 " %s %u %s", sign, big, units[i].name, small,
                   units[i + 1].name);
  return out;
}
