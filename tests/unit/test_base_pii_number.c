/* Cards, bank accounts and social security numbers. The numbers are test numbers. */
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
#include "base/hash.h"
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

static void test_cards_in_all_their_spellings(void **state) {
  (void)state;
  const char *const cards[] = {"4111111111111111",
                               "4111 1111 1111 1111",
                               "4111-1111-1111-1111",
                               "4111.1111.1111.1111",
                               "4111  1111  1111  1111",
                               "4111\xC2\xA0"
                               "1111\xC2\xA0"
                               "1111\xC2\xA0"
                               "1111",
                               "4111 1111\n1111 1111",
                               "4111 1111 11\n11 1111",
                               "4111/1111/1111/1111",
                               "4111_1111_1111_1111",
                               "4111%201111%201111%201111",
                               "4111+1111+1111+1111",
                               "4111\\u00a01111\\u00a01111\\u00a01111",
                               "4111&nbsp;1111&nbsp;1111&nbsp;1111",
                               "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                               "41 11 11 11 11 11 11 11",
                               "41111111 11111111",
                               "4111\xE2\x80\x91"
                               "1111\xE2\x80\x91"
                               "1111\xE2\x80\x91"
                               "1111",
                               "４１１１ １１１１ １１１１ １１１１",
                               "٤١١١١١١١١١١١١١١١",
                               "५५५५५५५५५५५५४४४४"};
  for (size_t k = 0; k < sizeof cards / sizeof cards[0]; k++) {
    char text[256];
    char want[256];
    static const char *const around[][2] = {
        {"", ""},          {"card ", "."}, {"{\"n\":\"", "\"}"},
        {"x?cc=", "&y=1"}, {"(", ")"},     {"Karte:", ", danke"}};
    for (size_t a = 0; a < sizeof around / sizeof around[0]; a++) {
      (void)snprintf(text, sizeof text, "%s%s%s", around[a][0], cards[k], around[a][1]);
      (void)snprintf(want, sizeof want, "%s[CARD_1]%s", around[a][0], around[a][1]);
      expect(text, want);
    }
  }
}

static void test_issuers_and_lengths(void **state) {
  (void)state;
  const char *const cards[] = {
      "378282246310005",  "371449635398431",  "3782 822463 10005",   "6011111111111117",
      "30569309025904",   "3056 930902 5904", "3530111333300000",    "5555555555554444",
      "2223003122003222", "6362970000457013", "4222222222222",       "6200000000000005",
      "2200000000000004", "630427373398",     "4131034282458809939", "6759649826438453"};
  for (size_t k = 0; k < sizeof cards / sizeof cards[0]; k++) expect(cards[k], "[CARD_1]");
}

static void test_numbers_that_only_look_like_cards(void **state) {
  (void)state;
  unchanged("4111111111111112");           /* checksum */
  unchanged("1111111111111117");           /* nobody issues these */
  unchanged("order 64737828830059610000"); /* too long */
  unchanged("ISBN 978-3-16-148410-0");
  unchanged("0.4111111111111111");
  unchanged("41111111111111110000");
  unchanged("commit 4111111111111111aaaaaaaaaaaaaaaaaaaaaaaa");
  unchanged("id 44839664-ff61-ab06-4918-d1307efbd0b4");
  unchanged("id 12345678-1234-1234-1234-123456789012");
  unchanged("EAN 4006381333931");
}

static void test_cards_beside_other_numbers(void **state) {
  (void)state;
  expect("order 6473782883005961 card 5133066970587150", "order 6473782883005961 card [CARD_1]");
  expect("12 4111 1111 1111 1111 35", "12 [CARD_1] 35");
  expect("4111111111111111 5555555555554444", "[CARD_1] [CARD_2]");
  expect("100%4111111111111111", "100%[CARD_1]");
  expect("a%204111111111111111", "a%20[CARD_1]");
  expect("\\u00204111111111111111", "\\u0020[CARD_1]");
}

static void test_the_check_value_behind_a_card_is_a_secret(void **state) {
  (void)state;
  expect("4111 1111 1111 1111 12/27 123", "[CARD_1] 12/27 [SECRET_1]");
  expect("4111111111111111, exp 04/2029, 1234", "[CARD_1], exp 04/2029, [SECRET_1]");
  expect("4111111111111111 exp 04/29, name Kim", "[CARD_1] exp 04/29, name Kim");
  expect("4111111111111111 12/27 12345", "[CARD_1] 12/27 12345");
}

static int check_digit(const char *digits, int n) {
  int sum = 0;
  for (int k = 0; k < n; k++) {
    int d = digits[n - 1 - k] - '0';
    if (k % 2 == 0) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return (10 - sum % 10) % 10;
}

/* Any valid number, anywhere in a text, in any of the usual groupings; and with another check
 * digit never. */
static void test_luhn_property_with_random_placements(void **state) {
  (void)state;
  static const char *const seps[] = {"", " ", "-", ".", "\xC2\xA0", "\n", "%20"};
  static const char *const words[] = {"my card ", "Karte: ",      "x=",  "\"",
                                      "",         "caf\xC3\xA9 ", "\t(", "1) "};
  struct rng rng;
  rng_seed(&rng, 4711);
  for (int round = 0; round < 3000; round++) {
    char digits[17] = {(char)('4' + rng_below(&rng, 2)), (char)('1' + rng_below(&rng, 5))};
    for (int k = 2; k < 15; k++) digits[k] = (char)('0' + rng_below(&rng, 10));
    const int right = check_digit(digits, 15);
    const bool valid = rng_below(&rng, 2) == 0;
    digits[15] = (char)('0' + (valid ? right : (right + 1 + (int)rng_below(&rng, 9)) % 10));
    const char *sep = seps[rng_below(&rng, sizeof seps / sizeof seps[0])];
    const char *word = words[rng_below(&rng, sizeof words / sizeof words[0])];
    char card[64];
    char text[256];
    char want[256];
    (void)snprintf(card, sizeof card, "%.4s%s%.4s%s%.4s%s%.4s", digits, sep, digits + 4, sep,
                   digits + 8, sep, digits + 12);
    (void)snprintf(text, sizeof text, "%s%s, thanks", word, card);
    (void)snprintf(want, sizeof want, "%s%s, thanks", word, valid ? "[CARD_1]" : card);
    expect(text, want);
  }
}

static void test_ibans(void **state) {
  (void)state;
  expect("DE89370400440532013000", "[IBAN_1]");
  expect("DE89 3704 0044 0532 0130 00.", "[IBAN_1].");
  expect("gb82 west 1234 5698 7654 32", "[IBAN_1]");
  expect("IBAN:FR1420041010050500013M02606,", "IBAN:[IBAN_1],");
  expect("IBANNL91ABNA0417164300", "IBAN[IBAN_1]");
  expect("DE89\xC2\xA0"
         "3704\xC2\xA0"
         "0044\xC2\xA0"
         "0532\xC2\xA0"
         "0130\xC2\xA0"
         "00 danke",
         "[IBAN_1] danke");
  expect("MT84MALT011000012345MTLCAST001S", "[IBAN_1]");
  expect("DE89 3704 0044 0532 0130 00 DE89370400440532013000", "[IBAN_1] [IBAN_1]");
  unchanged("DE88370400440532013000");
  unchanged("XX89370400440532013000");
  unchanged("DE8937040044053201300");
  unchanged("DE893704004405320130001");
  unchanged("ADE89370400440532013000");
}

static void test_social_security_numbers(void **state) {
  (void)state;
  expect("542-77-1805", "[SSN_1]");
  expect("SSN: 542771805.", "SSN: [SSN_1].");
  expect("social security number 542 77 1805", "social security number [SSN_1]");
  unchanged("542771805");
  unchanged("542 77 1805");
  unchanged("000-77-1805");
  unchanged("666-77-1805");
  unchanged("900-77-1805");
  unchanged("542-00-1805");
  unchanged("542-77-0000");
  unchanged("542-77-18055");
  unchanged("1-542-77-1805");
  unchanged("A542-77-1805");
  unchanged("542-77-1805-1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cards_in_all_their_spellings),
      cmocka_unit_test(test_issuers_and_lengths),
      cmocka_unit_test(test_numbers_that_only_look_like_cards),
      cmocka_unit_test(test_cards_beside_other_numbers),
      cmocka_unit_test(test_the_check_value_behind_a_card_is_a_secret),
      cmocka_unit_test(test_luhn_property_with_random_placements),
      cmocka_unit_test(test_ibans),
      cmocka_unit_test(test_social_security_numbers),
  };
  return cmocka_run_group_tests_name("base_pii_number", tests, NULL, NULL);
}
