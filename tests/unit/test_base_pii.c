/* The token map: stable numbers, no secrets kept, nothing to confuse. */
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
#include "base/hash.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"

static struct pii_map *map;
static struct buf out;

static int setup(void **state) {
  (void)state;
  map = pii_map_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  pii_map_free(&map);
  buf_free(&out);
  return 0;
}

static const char *mask(const char *text) {
  buf_reset(&out);
  assert_int_equal(pii_mask(map, str_of(text), &out, NULL, NULL, NULL), 0);
  return out.p == NULL ? "" : out.p;
}

static bool all(const char *type) {
  (void)type;
  return true;
}

static bool only_names(const char *type) {
  return strcmp(type, "PERSON") == 0;
}

static const char *restore(const char *text, bool (*allow)(const char *type)) {
  buf_reset(&out);
  pii_restore(map, str_of(text), allow, &out);
  return out.p == NULL ? "" : out.p;
}

static void test_the_same_value_gives_the_same_token_in_later_texts(void **state) {
  (void)state;
  assert_string_equal(mask("a@example.com b@example.com A@Example.com"),
                      "[EMAIL_1] [EMAIL_2] [EMAIL_1]");
  assert_string_equal(mask("b@example.com c@example.com"), "[EMAIL_2] [EMAIL_3]");
  assert_string_equal(mask("4111 1111 1111 1111 / 4111-1111-1111-1111 / 4111111111111111"),
                      "[CARD_1] / [CARD_1] / [CARD_1]");
  assert_string_equal(mask("Tel. +49 30 123456-78, Tel. 0049 (30) 12345678"),
                      "Tel. [PHONE_1], Tel. [PHONE_1]");
}

static const char *turn(const char *text, const char *prefix) {
  buf_reset(&out);
  pii_turn(str_of(text), prefix, &out);
  return out.p == NULL ? "" : out.p;
}

static void test_turned_tokens_are_names_that_nothing_restores(void **state) {
  (void)state;
  assert_string_equal(turn("to [EMAIL_1], [DATE_OF_X_2] [note] [A_", "S2_"),
                      "to (S2_EMAIL_1), (S2_DATE_OF_X_2) [note] [A_");
  assert_string_equal(turn("", "S1_"), "");
  assert_int_equal(pii_turned_at(TRG_STR("(S2_EMAIL_1) x"), 0), 12);
  assert_int_equal(pii_turned_at(TRG_STR("(EMAIL_1)"), 0), 9);
  static const char *const none[] = {"(EMAIL_)", "(EMAIL_1", "(XMAIL_1)", "(_1)", "(", "EMAIL_1)"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_int_equal(pii_turned_at(str_of(none[i]), 0), 0);
}

static void test_a_prefix_makes_tokens_of_their_own(void **state) {
  (void)state;
  pii_map_prefix(map, "KB_");
  assert_string_equal(mask("a@example.com"), "[KB_EMAIL_1]");
  assert_string_equal(pii_map_token(map, "EMAIL_ADDRESS", TRG_STR("A@example.com")),
                      "[KB_EMAIL_1]");
  assert_string_equal(pii_map_token(map, "OTHER", TRG_STR("x")), "[KB_OTHER_1]");
  assert_string_equal(restore("[KB_EMAIL_1] [EMAIL_1]", all), "a@example.com [EMAIL_1]");
  /* Nobody writes one into a text. */
  assert_string_equal(mask("[KB_EMAIL_1] [kb_email_1]"), "(KB_EMAIL_1) (kb_email_1)");
}

static void test_what_one_map_knows_another_learns(void **state) {
  (void)state;
  struct pii_map *from = pii_map_new();
  struct buf b = {0};
  pii_map_know(from, "PERSON", TRG_STR("Olga Mint"));
  assert_int_equal(pii_mask(from, TRG_STR("a@example.com"), &b, NULL, NULL, NULL), 0);
  pii_map_learn(map, from);
  assert_string_equal(mask("OLGA mint, A@example.com"), "[NAME_1], [EMAIL_1]");
  assert_string_equal(pii_map_find(from, "EMAIL_ADDRESS", TRG_STR("A@EXAMPLE.com")), "[EMAIL_1]");
  assert_null(pii_map_find(from, "PERSON", TRG_STR("Olga Mint"))); /* known, and not met */
  buf_free(&b);
  pii_map_free(&from);
}

static void test_masking_again_gives_the_same_tokens(void **state) {
  (void)state;
  const char *text = "x@example.com 10.0.0.1 4111111111111111 DE89370400440532013000 y@example.com";
  char *first = mem_dup(mask(text));
  pii_map_free(&map);
  map = pii_map_new();
  assert_string_equal(mask(text), first);
  mem_free(first);
}

static void test_cards_and_secrets_are_never_kept_and_never_restored(void **state) {
  (void)state;
  assert_string_equal(mask("4111111111111111 password: hunter2 a@example.com"),
                      "[CARD_1] password: [SECRET_1] [EMAIL_1]");
  assert_int_equal(pii_map_count(map), 3);
  const char *token;
  const char *type;
  struct trg_str value;
  pii_map_at(map, 0, &token, &type, &value);
  assert_string_equal(type, "CREDIT_CARD");
  assert_int_equal(value.n, 0);
  pii_map_at(map, 1, &token, &type, &value);
  assert_int_equal(value.n, 0);
  pii_map_at(map, 2, &token, &type, &value);
  assert_string_equal(token, "[EMAIL_1]");
  assert_true(str_is(value, "a@example.com"));
  assert_string_equal(restore("[CARD_1] [SECRET_1] [EMAIL_1]", all),
                      "[CARD_1] [SECRET_1] a@example.com");
}

static void test_only_allowed_types_and_known_tokens_are_restored(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", TRG_STR("Jean M\xC3\xBCller"));
  assert_string_equal(mask("Jean M\xC3\xBCller, a@example.com"), "[NAME_1], [EMAIL_1]");
  assert_string_equal(restore("Dear [NAME_1] [EMAIL_1] [NAME_2] [NAME_1 [] [X", only_names),
                      "Dear Jean M\xC3\xBCller [EMAIL_1] [NAME_2] [NAME_1 [] [X");
  assert_string_equal(restore("[NAME_1]", NULL), "[NAME_1]");
}

static void test_a_written_token_cannot_be_confused_with_ours(void **state) {
  (void)state;
  assert_string_equal(mask("[EMAIL_1] a@example.com [EMAIL_1] [email_1] [ORDER_77]"),
                      "(EMAIL_1) [EMAIL_1] (EMAIL_1) (email_1) (ORDER_77)");
  assert_string_equal(mask("[[EMAIL_1]] [EMAIL_] [_1] [EMAIL_1"),
                      "[(EMAIL_1)] [EMAIL_] [_1] [EMAIL_1");
  assert_string_equal(mask("list[item_1] a[0] [1] [x]"), "list[item_1] a[0] [1] [x]");
  assert_string_equal(restore("(EMAIL_1)", all), "(EMAIL_1)");
}

static void test_a_value_that_looks_like_a_token_is_not_expanded_again(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", TRG_STR("[EMAIL_1] Bob"));
  (void)mask("a@example.com [EMAIL_1] Bob");
  assert_null(strstr(restore("[NAME_1]", all), "example"));
}

static void test_known_names_match_in_any_case_at_word_boundaries(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", TRG_STR("Ann Lee"));
  pii_map_know(map, "PERSON", TRG_STR("\xC3\x89lodie"));
  pii_map_know(map, "PERSON", TRG_STR("O'Brien"));
  assert_string_equal(mask("ANN LEE, ann\n lee. Ann  Lee's"), "[NAME_1], [NAME_1]. [NAME_1]'s");
  assert_string_equal(mask("Joann Lee, Ann Leeds, Ann-Lee"), "Joann Lee, Ann Leeds, Ann-Lee");
  assert_string_equal(mask("\xC3\xA9lodie \xC3\x89LODIE \xC3\x89lodies"),
                      "[NAME_2] [NAME_2] \xC3\x89lodies");
  assert_string_equal(mask("o\xE2\x80\x99"
                           "brien"),
                      "[NAME_3]");
  assert_string_equal(mask("ann.lee@example.com"), "[EMAIL_1]");
}

static void test_known_names_without_word_boundaries(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", str_of("山田太郎"));
  assert_string_equal(mask("担当は山田太郎です"), "担当は[NAME_1]です");
}

static void test_short_values_are_not_known(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", TRG_STR("Li"));
  pii_map_know(map, "PERSON", TRG_STR("  .. "));
  pii_map_know(map, "PERSON", TRG_STR(""));
  assert_string_equal(mask("Li .. "), "Li .. ");
}

static void test_the_longest_known_value_wins(void **state) {
  (void)state;
  pii_map_know(map, "PERSON", TRG_STR("Anna"));
  pii_map_know(map, "PERSON", TRG_STR("Anna Schmidt"));
  assert_string_equal(mask("Anna Schmidt and Anna"), "[NAME_1] and [NAME_2]");
}

static void test_spans_are_ranges_of_the_input(void **state) {
  (void)state;
  struct pii_span *spans = NULL;
  size_t count = 0;
  const struct trg_str text = TRG_STR("x a@example.com y 10.0.0.1");
  assert_int_equal(pii_mask(map, text, &out, &spans, &count, NULL), 0);
  assert_int_equal(count, 2);
  assert_string_equal(spans[0].type, "EMAIL_ADDRESS");
  assert_int_equal(spans[0].start, 2);
  assert_int_equal(spans[0].end, 15);
  assert_string_equal(spans[1].type, "IP_ADDRESS");
  assert_int_equal(spans[1].end, text.n);
  mem_free(spans);
}

static void test_what_does_not_fit_is_an_error_and_not_half_a_text(void **state) {
  (void)state;
  struct buf small;
  struct trg_err err;
  buf_init(&small, 10);
  assert_int_equal(pii_mask(map, TRG_STR("much too long for it"), &small, NULL, NULL, &err),
                   TRG_ELIMIT);
  assert_string_equal(err.code, "pii");
  buf_free(&small);
}

static void test_empty_and_invalid_text(void **state) {
  (void)state;
  assert_string_equal(mask(""), "");
  assert_string_equal(mask("\xFF\xC3 a@example.com\x80\xE2\x82"), "\xFF\xC3 [EMAIL_1]\x80\xE2\x82");
  buf_reset(&out);
  assert_int_equal(pii_mask(map, (struct trg_str){"a\0b@example.com", 15}, &out, NULL, NULL, NULL),
                   0);
  assert_int_equal(out.n, 11);
}

static void test_hostile_texts_end_soon(void **state) {
  (void)state;
  static const char *const parts[] = {
      "1",   "1 ",    "4111 ",    "a@",    "@",
      ":",   "::",    "a:",       "eyJ-",  "sk-",
      "[",   "pw:",   "token=1(", "+1 ",   "1-",
      "%41", "\\u00", "1.1.",     "((((1", "-----BEGIN PRIVATE KEY!"};
  for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
    struct buf text = {0};
    while (text.n < 60000) buf_text(&text, parts[k]);
    (void)mask(text.p);
    buf_free(&text);
  }
}

static void test_very_many_values_keep_their_tokens(void **state) {
  (void)state;
  struct buf text = {0};
  for (int i = 0; i < 5000; i++) buf_printf(&text, "u%d@example.com ", i);
  (void)mask(text.p);
  assert_int_equal(pii_map_count(map), 5000);
  assert_string_equal(mask("u4999@example.com"), "[EMAIL_5000]");
  assert_string_equal(restore("[EMAIL_1234]", all), "u1233@example.com");
  buf_free(&text);
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      EACH(test_the_same_value_gives_the_same_token_in_later_texts),
      EACH(test_turned_tokens_are_names_that_nothing_restores),
      EACH(test_a_prefix_makes_tokens_of_their_own),
      EACH(test_what_one_map_knows_another_learns),
      EACH(test_masking_again_gives_the_same_tokens),
      EACH(test_cards_and_secrets_are_never_kept_and_never_restored),
      EACH(test_only_allowed_types_and_known_tokens_are_restored),
      EACH(test_a_written_token_cannot_be_confused_with_ours),
      EACH(test_a_value_that_looks_like_a_token_is_not_expanded_again),
      EACH(test_known_names_match_in_any_case_at_word_boundaries),
      EACH(test_known_names_without_word_boundaries),
      EACH(test_short_values_are_not_known),
      EACH(test_the_longest_known_value_wins),
      EACH(test_spans_are_ranges_of_the_input),
      EACH(test_what_does_not_fit_is_an_error_and_not_half_a_text),
      EACH(test_empty_and_invalid_text),
      EACH(test_hostile_texts_end_soon),
      EACH(test_very_many_values_keep_their_tokens),
  };
  return cmocka_run_group_tests_name("base_pii", tests, NULL, NULL);
}
