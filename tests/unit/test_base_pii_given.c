/* Names without a word that announces them. */
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
#include "base/pii_given.h"
#include "base/str.h"

static const char *mask(unsigned profiles, const char *text) {
  static struct buf out;
  buf_free(&out);
  struct pii_map *map = pii_map_new();
  pii_map_profiles(map, profiles);
  assert_int_equal(pii_mask(map, str_of(text), &out, NULL, NULL, NULL), 0);
  pii_map_free(&map);
  return out.p == NULL ? "" : out.p;
}

static void test_a_given_name_and_a_family_name_are_a_person(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"then Edith Corrigan wrote", "then [NAME_1] wrote"},
                                         {"Jonas J. van der Berg", "[NAME_1]"},
                                         {"(Hannah O'Neil)", "([NAME_1])"},
                                         {"ask Sabine Kr\u00fcger-Lorch.", "ask [NAME_1]."},
                                         {"by Laura Emily \u00d6st, who", "by [NAME_1], who"},
                                         {"Maria Garcia\u2019s bike", "[NAME_1] bike"},
                                         {"Hannah Voss\u2014again", "[NAME_1]\u2014again"},
                                         {"Laura Voss", "[NAME_1]"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    assert_string_equal(mask(PII_PROFILE_GDPR, pairs[i][0]), pairs[i][1]);
    assert_string_equal(mask(PII_PROFILE_HIPAA, pairs[i][0]), pairs[i][1]);
    assert_string_equal(mask(0, pairs[i][0]), pairs[i][0]);
  }
}

static void test_streets_days_companies_and_words_are_no_persons(void **state) {
  (void)state;
  static const char *const texts[] = {
      "Edith",         "the Edith model", "May I ask",   "Will Smith say", "Laura Street",
      "Hannah Monday", "Jonas Inc",       "Laura PIN",   "edith corrigan", "EDITH CORRIGAN",
      "Laura2 Voss",   "x.Laura Voss",    "Laura  Voss", "Laura\nVoss",    "14 Laura Voss is",
      "Laura Voss7",   "Grace Period",    "My Account",  "Apple Pay",      "Care Plus"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_string_equal(mask(PII_PROFILE_GDPR, texts[i]), texts[i]);
}

/* Sorted, each once, and none of the words that stand at the beginning of sentences. */
static void test_the_list_is_in_order(void **state) {
  (void)state;
  static const char *const words[] = {"Will", "May",   "Mark", "Grace", "My",    "Hi",   "Paris",
                                      "June", "April", "Bill", "Care",  "Order", "Page", "The"};
  char last[40] = "";
  for (const char *const *row = pii_given_names; *row != NULL; row++) {
    struct trg_str rest = str_of(*row), name;
    while (str_next(&rest, ' ', &name)) {
      char now[40];
      assert_true(name.n >= 3 && name.n <= 12);
      snprintf(now, sizeof now, "%.*s", (int)name.n, name.p);
      if (strcmp(last, now) >= 0) fail_msg("%s is not behind %s", now, last);
      assert_true(pii_is_given(name));
      memcpy(last, now, sizeof last);
    }
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    assert_false(pii_is_given(str_of(words[i])));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_given_name_and_a_family_name_are_a_person),
      cmocka_unit_test(test_streets_days_companies_and_words_are_no_persons),
      cmocka_unit_test(test_the_list_is_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
