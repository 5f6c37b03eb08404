/* What the profiles mask: each class of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)(i)) and what
 * looks like it and is not. */
#include <ctype.h>
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
#include "base/err.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/pii_given.h"
#include "base/pii_profile.h"
#include "base/regex.h"
#include "base/str.h"

static const char *mask(unsigned profiles, const char *text) {
  static struct buf out;
  buf_free(&out);
  buf_init(&out, 1 << 20);
  struct pii_map *map = pii_map_new();
  pii_map_profiles(map, profiles);
  assert_int_equal(pii_mask(map, str_of(text), &out, NULL, NULL, NULL), 0);
  pii_map_free(&map);
  return out.p == NULL ? "" : out.p;
}

struct pair {
  const char *text, *masked;
};

static void check_all(unsigned profiles, const struct pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++)
    assert_string_equal(mask(profiles, pairs[i].text), pairs[i].masked);
}
#define CHECK(profiles, pairs) check_all(profiles, pairs, sizeof(pairs) / sizeof *(pairs))

static void test_without_a_profile_nothing_of_this_is_masked(void **state) {
  (void)state;
  const char *text =
      "Dear Dr. Jane Roe, MRN 00123-4567, born 1950-03-04, 12 Elm Street, plate KA-PA-777";
  assert_string_equal(mask(0, text), text);
}

static void test_each_class_of_safe_harbor_has_its_token(void **state) {
  (void)state;
  static const struct pair pairs[] = {
      /* A */ {"Dr. Sarah Whitfield called", "Dr. [NAME_1] called"},
      {"My name is Anna-Lena Gro\u00df.", "My name is [NAME_1]."},
      {"Kind regards,\nLi Kova\u010d\n", "Kind regards,\n[NAME_1]\n"},
      {"Hello Tom,\nthe pump", "Hello [NAME_1],\nthe pump"},
      {"Mr. J. R. Smith. She left", "Mr. [NAME_1]. She left"},
      {"Patient name: Maria de la Cruz", "Patient name: [NAME_1]"},
      /* B */ {"I live at 1420 Washtenaw Ave Apt 3B", "I live at [ADDRESS_1]"},
      {"Ann Arbor, MI 48104", "[CITY_1], MI [ZIP_1]"},
      {"Leopoldstra\u00dfe 12a, 80802 M\u00fcnchen", "[ADDRESS_1]"},
      {"12 rue de la Paix, 75002 Paris", "[ADDRESS_1]"},
      {"186 Mill Lane, York YO1 7HU", "[ADDRESS_1]"},
      {"88 Mill Lane, Please call", "[ADDRESS_1], Please call"},
      {"Prinsengracht 189, 1016 HT Amsterdam", "[ADDRESS_1]"},
      {"my new address is 6 Harjukuja Tower.", "my new address is [ADDRESS_1]."},
      {"postcode SW1A 1AA", "postcode [ZIP_1]"},
      {"P.O. Box 4711", "[ADDRESS_1]"},
      /* C */ {"seen on 03/14/2024", "seen on [DATE_1]"},
      {"admitted March 3rd, 2024", "admitted [DATE_1]"},
      {"am 4. M\u00e4rz 2024 operiert", "am [DATE_1] operiert"},
      {"le 12 f\u00e9vrier 2023", "le [DATE_1]"},
      {"she is 94 years old", "she is [AGE_1] years old"},
      /* D E F */ {"call (734) 555-0182", "call [PHONE_1]"},
      {"mail jo@clinic.example", "mail [EMAIL_1]"},
      /* G */ {"SSN 219-09-9999", "SSN [SSN_1]"},
      {"DNI 12345678Z", "DNI [ID_1]"},
      /* H */ {"MRN: 00123-4567", "MRN: [RECORD_1]"},
      {"medical record number is A99-120", "medical record number is [RECORD_1]"},
      /* I */ {"Member ID XYZ998877", "Member ID [HEALTH_PLAN_1]"},
      {"Medicare 1EG4-TE5-MK73", "Medicare [HEALTH_PLAN_1]"},
      /* J */ {"account number 99281-22", "account number [ACCOUNT_1]"},
      /* K */ {"driver's license D1234567", "driver's license [LICENSE_1]"},
      {"Passport no. X4RTBPFW4", "Passport no. [LICENSE_1]"},
      /* L */ {"VIN 1HGCM82633A004352", "VIN [VEHICLE_1]"},
      {"license plate: ABC-1234", "license plate: [VEHICLE_1]"},
      /* M */ {"serial number PM-55812", "serial number [DEVICE_1]"},
      {"IMEI 490154203237518", "IMEI [DEVICE_1]"},
      {"00:1A:2B:3C:4D:5E", "[DEVICE_1]"},
      /* N O */ {"see https://clinic.example/p?id=12.", "see [URL_1]."},
      {"from 203.0.113.9", "from [IP_1]"},
      /* P */ {"fingerprint ID FP-99812", "fingerprint ID [BIOMETRIC_1]"},
      /* Q */ {"attached: face_before.jpg", "attached: [IMAGE_1]"},
      /* R */ {"Patient ID: 882-A1", "Patient ID: [OTHER_ID_1]"},
      {"prescription no. 5550121", "prescription no. [OTHER_ID_1]"}};
  CHECK(PII_PROFILE_HIPAA, pairs);
}

static void test_what_a_team_needs_to_work_stays(void **state) {
  (void)state;
  static const char *const texts[] = {
      "Order 20391 arrived in version 3.2.1 of the app, costs $29.99, ticket 1234.",
      "She is 42 years old and waits since 2019.",
      "Error code 0xC2A44F18 in 12 cases; the patient portal is down.",
      "May I return it? I may 100 percent.",
      "Hi team, hello support, dear Sir or Madam,",
      "The member area shows nothing, my policy question is open.",
      "Room 12, 4 items, size 38, 16:30"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_string_equal(mask(PII_PROFILE_HIPAA, texts[i]), texts[i]);
}

static void test_gdpr_keeps_dates_but_those_of_birth(void **state) {
  (void)state;
  static const struct pair pairs[] = {
      {"ordered on 03/14/2024", "ordered on 03/14/2024"},
      {"date of birth: 14.03.1962", "date of birth: [BIRTH_1]"},
      {"geboren am 4. M\u00e4rz 1962", "geboren am [BIRTH_1]"},
      {"see https://shop.example/a", "see https://shop.example/a"},
      {"Mr. John Smith, 12 Elm Street", "Mr. [NAME_1], [ADDRESS_1]"}};
  CHECK(PII_PROFILE_GDPR, pairs);
}

static void test_a_wrong_check_digit_is_no_number_of_a_state(void **state) {
  (void)state;
  assert_true(pii_is_dni("12345678Z") && !pii_is_dni("12345678A"));
  assert_true(pii_is_dni("X1234567L") && !pii_is_dni("X1234567M") && !pii_is_dni("A1234567L"));
  assert_true(pii_is_nir("255081416802538") && !pii_is_nir("255081416802539"));
  assert_true(!pii_is_nir("2550814168025"));
  assert_true(pii_is_cpf("11144477735") && !pii_is_cpf("11144477734") &&
              !pii_is_cpf("11111111111"));
  assert_true(pii_is_bsn("111222333") && !pii_is_bsn("111222334"));
  assert_true(pii_is_pesel("44051401359") && !pii_is_pesel("44051401358"));
  assert_true(pii_is_nhs("9434765919") && !pii_is_nhs("9434765918"));
  assert_true(pii_is_sin("130692544") && !pii_is_sin("130692545"));
  assert_true(pii_is_aadhaar("234123412346") && !pii_is_aadhaar("234123412347"));
  assert_true(pii_is_imei("490154203237518") && !pii_is_imei("490154203237519"));
  assert_true(pii_is_vin("1HGCM82633A004352") && !pii_is_vin("1HGCM82634A004352"));
  assert_true(pii_is_vin("1M8GDM9AXKP042788"));
}

static void test_the_scan_wins_and_the_rest_of_a_hit_is_masked_too(void **state) {
  (void)state;
  assert_string_equal(mask(PII_PROFILE_HIPAA, "https://a.example/?m=jo@a.example&x=1 end"),
                      "[URL_1][EMAIL_1][URL_2] end");
}

static void test_bytes_that_are_not_utf8_hide_nothing(void **state) {
  (void)state;
  assert_string_equal(mask(PII_PROFILE_HIPAA, "\xff\xfe MRN: 00123-4567 \xc3"),
                      "\xff\xfe MRN: [RECORD_1] \xc3");
}

/* Each of these once took time squared, or more than a pattern may take. */
static void test_long_words_are_no_reason_to_hold_a_text(void **state) {
  (void)state;
  static const char *const words[] = {"A", "A-", "Ab-", "A'A", "\u00c9", "\u00e9", "a.", "Ab Cd"};
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    struct buf text = {0};
    while (text.n < 60000) buf_text(&text, words[k]);
    (void)mask(PII_PROFILE_HIPAA | PII_PROFILE_GDPR, text.p);
    buf_free(&text);
  }
}

static void test_the_same_person_keeps_the_token(void **state) {
  (void)state;
  assert_string_equal(mask(PII_PROFILE_HIPAA, "Dr. Jane Roe and Mrs. Jane Roe, Mr. Bob Day"),
                      "Dr. [NAME_1] and Mrs. [NAME_1], Mr. [NAME_2]");
}

static void test_profiles_have_names(void **state) {
  (void)state;
  assert_int_equal(pii_profile_of("pci"), 0);
  assert_int_equal(pii_profile_of("sox"), 0);
  assert_int_equal(pii_profile_of("hipaa"), PII_PROFILE_HIPAA);
  assert_int_equal(pii_profile_of("gdpr"), PII_PROFILE_GDPR);
  assert_int_equal(pii_profile_of("hippa"), -1);
}

/* Which bytes the rules mask when each is looked for at each byte, as their patterns say. */
static void mask_plainly(const char *text, char *mask) {
  const size_t n = strlen(text);
  for (size_t k = 0; k < pii_rule_count; k++) {
    struct trg_err err = {0};
    struct regex *r = regex_new(pii_rules[k].pattern, 0, &err);
    size_t start, end;
    for (size_t from = 0; from < n && regex_find(r, str_of(text), from, &start, &end, &err) > 0;) {
      from = end > from ? end : from + 1;
      (void)regex_group(r, 1, &start, &end);
      char id[PII_ID_MAX + 1];
      size_t m = 0;
      for (size_t i = start; i < end && m < PII_ID_MAX; i++)
        if (isalnum((unsigned char)text[i])) id[m++] = (char)toupper((unsigned char)text[i]);
      id[m] = '\0';
      if (pii_rules[k].is == NULL || pii_rules[k].is(id)) memset(mask + start, 1, end - start);
    }
    regex_free(&r);
  }
  size_t start, end = 0;
  while (pii_given_find(str_of(text), end, &start, &end)) memset(mask + start, 1, end - start);
}

static void test_beginnings_that_are_skipped_hide_nothing(void **state) {
  (void)state;
  static const char *const texts[] = {
      "Dear Jane Roe,\nmy name is J. van der Berg.\nBest regards,\nTom M. O'Neil",
      "I live in Bad Homburg, 61348 Bad Homburg, and in Austin, TX 78701.",
      "12 Elm Street Apt 4, Springfield, IL 62704; Lange Stra\u00dfe 7a, 10115 Berlin",
      "Wohnhaft in M\u00fcnchen\n80331 M\u00fcnchen\n12, rue de la Paix 75002 Paris",
      "calle de la Luna 12, 28004 Madrid. Via Roma, n\u00ba 3. P.O. Box 1234. SW1A 1AA K1A 0B1",
      "seen 03/04/2021 10:30, on 5 March 2021, March 5th, 2021 and 2021-03-05T10:00:00",
      "born on 01.02.1980; geboren am 1. Februar 1980, aged 93, 97 years old",
      "DNI 12345678Z NIE X1234567L CPF 529.982.247-25 NHS 943 476 5919 SIN 046 454 286",
      "MRN: A12-345, member id 88 12 34, account number 0012345, passport no X1234567",
      "VIN 1HGCM82633A004352, plate B-AB 123, mac 00:1a:2b:3c:4d:5e, IMEI 49-015420-323751-8",
      "scan_1.JPG, https://x.example/a?b=1, device serial SN-12345, fingerprint hash ab12cd34",
      "patient number 7, case #12-34, rx no. 88-1, (01)12345678901231(17)250101",
      "\u00c9mile Zola\nJos\u00e9 Garc\u00eda, \u00d6rebro 70210\nx5, 12345 Foo Bar"};
  char joined[2000];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
      static const char *const between[] = {" ", "\n", ", ", "x", "5", "\u00e9", "-"};
      (void)snprintf(joined, sizeof joined, "%s%s%s", texts[i], between[(i + k) % 7], texts[k]);
      char plain[2000] = {0}, ours[2000] = {0};
      struct pii_hit *hits = NULL;
      size_t n = 0;
      struct trg_err err = {0};
      mask_plainly(joined, plain);
      assert_int_equal(
          pii_profile_find(PII_PROFILE_GDPR | PII_PROFILE_HIPAA, str_of(joined), &hits, &n, &err),
          0);
      for (size_t h = 0; h < n; h++) memset(ours + hits[h].start, 1, hits[h].end - hits[h].start);
      mem_free(hits);
      if (memcmp(plain, ours, strlen(joined)) != 0) fail_msg("not the same: %s", joined);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_beginnings_that_are_skipped_hide_nothing),
      cmocka_unit_test(test_without_a_profile_nothing_of_this_is_masked),
      cmocka_unit_test(test_each_class_of_safe_harbor_has_its_token),
      cmocka_unit_test(test_what_a_team_needs_to_work_stays),
      cmocka_unit_test(test_gdpr_keeps_dates_but_those_of_birth),
      cmocka_unit_test(test_a_wrong_check_digit_is_no_number_of_a_state),
      cmocka_unit_test(test_the_scan_wins_and_the_rest_of_a_hit_is_masked_too),
      cmocka_unit_test(test_bytes_that_are_not_utf8_hide_nothing),
      cmocka_unit_test(test_long_words_are_no_reason_to_hold_a_text),
      cmocka_unit_test(test_the_same_person_keeps_the_token),
      cmocka_unit_test(test_profiles_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
