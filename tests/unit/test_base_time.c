/* Dates, durations and their texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <time.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/time.h"

static int64_t parse(const char *text) {
  int64_t ms = -1;
  assert_int_equal(time_parse(str_of(text), &ms), 0);
  return ms;
}

static void test_known_moments(void **state) {
  (void)state;
  char out[TIME_RFC3339_MAX];
  assert_true(parse("1970-01-01T00:00:00Z") == 0);
  assert_true(parse("2026-11-21T10:00:00Z") == INT64_C(1795255200000));
  assert_true(parse("2026-11-21") == INT64_C(1795219200000));
  assert_true(parse("2026-11-21T10:00:00.123456789Z") == INT64_C(1795255200123));
  assert_true(parse("2026-11-21t10:00:00.5z") == INT64_C(1795255200500));
  assert_true(parse("2026-11-21T12:30:00+02:30") == INT64_C(1795255200000));
  assert_true(parse("2026-11-21T12:30:00+0230") == INT64_C(1795255200000));
  assert_true(parse("2026-11-20 23:00:00-11:00") == INT64_C(1795255200000));
  assert_true(parse("2016-12-31T23:59:60Z") == parse("2017-01-01T00:00:00Z"));
  assert_string_equal(time_format(INT64_C(1795255200000), out), "2026-11-21T10:00:00Z");
  assert_string_equal(time_format(INT64_C(1795255200007), out), "2026-11-21T10:00:00.007Z");
  assert_string_equal(time_format(-1, out), "1969-12-31T23:59:59.999Z");
}

static void test_leap_years(void **state) {
  (void)state;
  int64_t ms;
  assert_true(parse("2024-02-29") + 86400000 == parse("2024-03-01"));
  assert_true(parse("2000-02-29") + 86400000 == parse("2000-03-01"));
  assert_int_equal(time_parse(TRG_STR("2023-02-29"), &ms), -1);
  assert_int_equal(time_parse(TRG_STR("1900-02-29"), &ms), -1);
  assert_int_equal(time_parse(TRG_STR("2100-02-29"), &ms), -1);
}

static void test_what_is_not_a_moment_is_refused(void **state) {
  (void)state;
  const char *const bad[] = {"",
                             "2026",
                             "2026-13-01",
                             "2026-00-01",
                             "2026-04-31",
                             "2026-1-1",
                             "2026-11-21T10:00:00",
                             "2026-11-21T24:00:00Z",
                             "2026-11-21T10:60:00Z",
                             "2026-11-21T10:00:61Z",
                             "2026-11-21T10:00:00.Z",
                             "2026-11-21T10:00Z",
                             "2026-11-21T10:00:00+2",
                             "2026-11-21T10:00:00+24:00",
                             "2026-11-21T10:00:00Zx",
                             "2026-11-21x",
                             "21.11.2026"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t ms;
    assert_int_equal(time_parse(str_of(bad[i]), &ms), -1);
  }
}

static void test_dates_agree_with_libc(void **state) {
  (void)state;
  struct rng rng;
  rng_seed(&rng, 7);
  for (int i = 0; i < 20000; i++) {
    const int64_t ms = ((int64_t)rng_below(&rng, 8000000000u) - 2000000000) * 1000;
    const time_t t = (time_t)(ms / 1000);
    struct tm tm;
    char want[TIME_RFC3339_MAX];
    char got[TIME_RFC3339_MAX];
    assert_non_null(gmtime_r(&t, &tm));
    assert_int_not_equal(strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
    assert_string_equal(time_format(ms, got), want);
    assert_true(parse(got) == ms);
  }
}

static void test_days_and_months_are_those_of_utc(void **state) {
  (void)state;
  char day[11];
  char month[8];
  int64_t from;
  int64_t to;
  assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
  tzset();
  time_day(parse("2026-11-01T00:00:00Z"), day);
  assert_string_equal(day, "2026-11-01");
  time_month(parse("2026-10-31T23:59:59.999Z"), month);
  assert_string_equal(month, "2026-10");
  assert_int_equal(time_month_range("2026-11", &from, &to), 0);
  assert_true(from == parse("2026-11-01") && to == parse("2026-12-01"));
  assert_int_equal(time_month_range("2026-12", &from, &to), 0);
  assert_true(to == parse("2027-01-01"));
  assert_int_equal(time_month_range("2026-13", &from, &to), -1);
  assert_int_equal(time_month_range("2026-1", &from, &to), -1);
  assert_int_equal(time_month_range("2026-11-01", &from, &to), -1);
}

static void test_http_dates(void **state) {
  (void)state;
  int64_t ms;
  assert_int_equal(time_parse_http(TRG_STR("Sat, 21 Nov 2026 10:00:00 GMT"), &ms), 0);
  assert_true(ms == parse("2026-11-21T10:00:00Z"));
  const char *const bad[] = {"",
                             "Sat, 21 Nov 2026 10:00:00 UTC",
                             "Xxx, 21 Nov 2026 10:00:00 GMT",
                             "Sat, 21 Nox 2026 10:00:00 GMT",
                             "Sat, 31 Nov 2026 10:00:00 GMT",
                             "Sat, 21-Nov-2026 10:00:00 GMT",
                             "Saturday, 21-Nov-26 10:00:00 GMT"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(time_parse_http(str_of(bad[i]), &ms), -1);
}

static void test_durations(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t ms;
  } good[] = {{"250ms", 250},    {"30s", 30000},   {"5m", 300000}, {"72h", 259200000},
              {"7d", 604800000}, {"1500ms", 1500}, {"0s", 0}};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int64_t ms;
    char out[24];
    assert_int_equal(duration_parse(str_of(good[i].text), &ms), 0);
    assert_true(ms == good[i].ms);
    assert_string_equal(duration_format(ms, out), good[i].text);
  }
  const char *const bad[] = {"",
                             "s",
                             "30",
                             "-5s",
                             "1.5h",
                             "5 m",
                             "5M",
                             "1h30m",
                             "+5s",
                             "9223372036854775807d",
                             "99999999999999999999s"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t ms;
    assert_int_equal(duration_parse(str_of(bad[i]), &ms), -1);
  }
}

static void test_durations_for_people(void **state) {
  (void)state;
  char out[32];
  assert_string_equal(duration_human(180000, out), "3 min");
  assert_string_equal(duration_human(7500000, out), "2 h 5 min");
  assert_string_equal(duration_human(45999, out), "45 s");
  assert_string_equal(duration_human(250, out), "250 ms");
  assert_string_equal(duration_human(0, out), "0 s");
  assert_string_equal(duration_human(INT64_C(90000000), out), "1 d 1 h");
  assert_string_equal(duration_human(-180000, out), "-3 min");
  (void)duration_human(INT64_MIN, out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_moments),
      cmocka_unit_test(test_leap_years),
      cmocka_unit_test(test_what_is_not_a_moment_is_refused),
      cmocka_unit_test(test_dates_agree_with_libc),
      cmocka_unit_test(test_days_and_months_are_those_of_utc),
      cmocka_unit_test(test_http_dates),
      cmocka_unit_test(test_durations),
      cmocka_unit_test(test_durations_for_people),
  };
  return cmocka_run_group_tests_name("base_time", tests, NULL, NULL);
}
