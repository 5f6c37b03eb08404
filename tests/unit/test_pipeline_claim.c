/* What a draft claims must stand in what it cites. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/claim.h"
#include "skill/support.h"

#define S(text) ((struct trg_str){text, sizeof(text) - 1})
static const struct claim_source sources[] = {
    {S("kb:returns#1"),
     S("Returns. Goods may be sent back within 30 days of delivery. The refund is "
       "paid to the same card 5 working days after we have checked the parcel.")},
    {S("kb:app#2"),
     S("App. Open Settings, choose Devices and press Pair until the light blinks.")}};

static const char *check(const char *body) {
  struct arena *a = arena_new();
  struct trg_str where = {0};
  const char *code = claim_check(str_of(body), sources, 2, a, &where);
  if (code != NULL) assert_true(where.n > 0);
  arena_free(&a);
  return code;
}

static void test_sentences_that_their_source_says_pass(void **state) {
  (void)state;
  assert_null(
      check("Hello,\n\nYou may send the goods back within 30 days of delivery. The refund is "
            "paid 5 working days after the parcel was checked [kb:returns#1].\n\nOpen "
            "Settings, choose Devices and press Pair [kb:app#2].\n\nKind regards,"));
  assert_null(
      check("1. Open Settings and choose Devices. [kb:app#2]\n2. Press Pair until the light "
            "blinks. [kb:app#2]\n"));
}

static void test_a_citation_that_does_not_say_it_is_told(void **state) {
  (void)state;
  assert_string_equal(check("Goods may be sent back within 30 days of delivery [kb:app#2]."),
                      "unsupported_citation");
  assert_string_equal(check("Our premium plan includes free engraving of every gift "
                            "[kb:returns#1]."),
                      "unsupported_citation");
}

static void test_a_citation_covers_its_paragraph_back_to_the_one_before(void **state) {
  (void)state;
  assert_string_equal(
      check("Goods may be sent back within 30 days [kb:returns#1]. The light blinks "
            "within 2 weeks."),
      "uncited_claim");
  assert_string_equal(
      check("The refund is paid within 5 working days.\n\nPress Pair until the light "
            "blinks [kb:app#2]."),
      "uncited_claim");
  assert_null(check("Press Pair until the light blinks [kb:app#2][kb:returns#1]. Thank you."));
}

static void test_claims_without_a_source_are_found_in_several_languages(void **state) {
  (void)state;
  static const char *const claims[] = {
      "Your refund is on its way.",      "This costs 12 EUR.",
      "You will get it on 3 May.",       "It takes two or 3 days.",
      "Die Erstattung wird veranlasst.", "Das ist für Sie kostenlos.",
      "Vous serez remboursé.",           "El plazo ha terminado.",
      "Il rimborso arriva presto.",      "U krijgt korting.",
      "We give you your money back.",    "The warranty still covers this."};
  for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
    if (check(claims[i]) == NULL) fail_msg("%s", claims[i]);
}

static void test_courtesy_questions_and_steps_are_no_claims(void **state) {
  (void)state;
  static const char *const plain[] = {"Thank you for writing to us about the refund.",
                                      "Which price did you see?",
                                      "I am sorry that the refund is late.",
                                      "Please open the app and press Pair.",
                                      "A colleague will look into it and answer you here.",
                                      "Es tut mir leid wegen der Erstattung."};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (check(plain[i]) != NULL) fail_msg("%s: %s", check(plain[i]), plain[i]);
  /* What goes on to promise is no courtesy. */
  assert_non_null(check("I am sorry, your refund is approved."));
}

static void test_support_is_a_share_of_words_and_pairs(void **state) {
  (void)state;
  assert_true(support_of(S("press Pair until the light blinks"), sources[1].text) > 0.99);
  assert_true(support_of(S("engraving of gifts for premium members"), sources[1].text) < 0.1);
  assert_true(support_of(S("the and of"), sources[1].text) > 0.99); /* says nothing */
  assert_true(support_of(S("x"), S("")) > 0.99);
  assert_true(support_of(S("devices settings"), S("")) < 0.01);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sentences_that_their_source_says_pass),
      cmocka_unit_test(test_a_citation_that_does_not_say_it_is_told),
      cmocka_unit_test(test_a_citation_covers_its_paragraph_back_to_the_one_before),
      cmocka_unit_test(test_claims_without_a_source_are_found_in_several_languages),
      cmocka_unit_test(test_courtesy_questions_and_steps_are_no_claims),
      cmocka_unit_test(test_support_is_a_share_of_words_and_pairs)};
  return cmocka_run_group_tests_name("pipeline claim", tests, NULL, NULL);
}
