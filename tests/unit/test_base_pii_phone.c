/* Telephone numbers, and the many numbers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/pii.h"
#include "base/str.h"

static void expect(const char *text, const char *want) {
  struct pii_map *m = pii_map_new();
  struct buf out = {0};
  assert_int_equal(pii_mask(m, str_of(text), &out, NULL, NULL, NULL), 0);
  const char *got = out.p == NULL ? "" : out.p;
  if (strcmp(got, want) != 0) fail_msg("\"%s\"\n gave \"%s\"\n not  \"%s\"", text, got, want);
  buf_free(&out);
  pii_map_free(&m);
}

static void unchanged(const char *text) {
  expect(text, text);
}

static void test_international_numbers_need_no_context(void **state) {
  (void)state;
  const char *const numbers[] = {
      "+49 30 23125856", "+1 (202) 555-0101",      "+33 6 39 98 17 89",       "+41 (0)44 738 70 05",
      "+447700900123",   "+48.530.749.562",        "0043 1 6048436",          "(+49) 30 23125856",
      "+1-984-182-0190", "+49 (0)30 / 123 456-78", "+44 20 7946 0376 ext. 12"};
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    char text[128];
    (void)snprintf(text, sizeof text, "on %s, ok", numbers[k]);
    expect(text, "on [PHONE_1], ok");
  }
}

static void test_national_forms(void **state) {
  (void)state;
  const char *const numbers[] = {"(202) 555-0198", "202-555-0198",   "202.555.0198",
                                 "1-202-555-0198", "020 7946 0466",  "06 39 98 53 62",
                                 "030/23125573",   "0494 92 82 32",  "(08) 8747 6301",
                                 "01.84.17.61.18", "202-555-0198x45"};
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    char text[128];
    (void)snprintf(text, sizeof text, "it is %s.", numbers[k]);
    expect(text, "it is [PHONE_1].");
  }
}

static void test_bare_digits_are_phones_when_they_are_called_so(void **state) {
  (void)state;
  expect("Phone: 467 3395", "Phone: [PHONE_1]");
  expect("call me on 9472 7916?", "call me on [PHONE_1]?");
  expect("Fax: 9498777106", "Fax: [PHONE_1]");
  expect("mein Handy ist 01721234567", "mein Handy ist [PHONE_1]");
  expect("mon num\xC3\xA9ro de t\xC3\xA9l\xC3\xA9phone : 0612345678",
         "mon num\xC3\xA9ro de t\xC3\xA9l\xC3\xA9phone : [PHONE_1]");
  expect("450 0840 office", "[PHONE_1] office");
  expect("655 437 108-Fax", "[PHONE_1]-Fax");
  expect("联系电话 138 1234 5678，谢谢", "联系电话 [PHONE_1]，谢谢");
  unchanged("467 3395");
  unchanged("9498777106");
  unchanged("0612345678");
}

static void test_the_nearest_word_decides(void **state) {
  (void)state;
  unchanged("I called about order 202-555-0198");
  unchanged("call me about invoice 9498777106");
  expect("about order 7, phone 9498777106", "about order 7, phone [PHONE_1]");
}

static void test_what_is_no_phone(void **state) {
  (void)state;
  const char *const texts[] = {
      "Invoice over 9,533.20 EUR dated 2021-04-07 16:02, ticket #98674818",
      "Location -67.64463, -65.28796, device 44839664-ff61-ab06-4918-d1307efbd0b4",
      "ISBN 978-3-16-220854-3",
      "The hub (SN-8419-5547-55) reports firmware 10.14.12595",
      "Bestellung 1234567890 vom 01.02.2024",
      "version 3.14.159.26535",
      "31.12.2024 10:30",
      "2024-01-31T10:30:00Z",
      "call me on 31.12.2024",
      "phone us between 2024-01-31 and 2024-02-01",
      "$1234567 or 1.234.567,89 EUR",
      "tracking 1Z12345E0205271688",
      "parcel 00340434161094021501",
      "https://example.com/orders/2025550198?x=2025550198",
      "0123.456789",
      "12:30:45.123456",
      "1732183200000",
      "IMEI 490154203237518",
      "Kundennummer 030 23125573"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) unchanged(texts[k]);
}

static void test_two_numbers_side_by_side(void **state) {
  (void)state;
  expect("My number is (202) 555-0110 or +33 6 39 98 21 78, order no. #74282744.",
         "My number is [PHONE_1] or [PHONE_2], order no. #74282744.");
  expect("Tel. 030/23125213\nFax 030/23125214", "Tel. [PHONE_1]\nFax [PHONE_2]");
}

static void test_digits_of_an_address_stay_in_it(void **state) {
  (void)state;
  expect("mail 202-555-0198@example.com", "mail [EMAIL_1]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_international_numbers_need_no_context),
      cmocka_unit_test(test_national_forms),
      cmocka_unit_test(test_bare_digits_are_phones_when_they_are_called_so),
      cmocka_unit_test(test_the_nearest_word_decides),
      cmocka_unit_test(test_what_is_no_phone),
      cmocka_unit_test(test_two_numbers_side_by_side),
      cmocka_unit_test(test_digits_of_an_address_stay_in_it),
  };
  return cmocka_run_group_tests_name("base_pii_phone", tests, NULL, NULL);
}
