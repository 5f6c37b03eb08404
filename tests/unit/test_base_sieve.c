/* The sieve lets every match of every pattern through, and few places where there is none. */
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
#include "base/pii_profile.h"
#include "base/regex.h"
#include "base/sieve.h"
#include "base/str.h"

/* The places as "0:01 5:1": which patterns may match where. */
static const char *places(const char *const *patterns, size_t count, const char *text) {
  static char out[400];
  size_t n = 0;
  struct sieve_set set;
  struct sieve *s = sieve_new(patterns, count);
  out[0] = '\0';
  for (size_t i = 0; (i = sieve_next(s, str_of(text), i, &set)) < strlen(text); i++) {
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%zu:", n > 0 ? " " : "", i);
    for (size_t k = 0; k < count; k++)
      if ((set.bits[k / 64] >> (k % 64) & 1) != 0)
        n += (size_t)snprintf(out + n, sizeof out - n, "%zu", k);
  }
  sieve_free(&s);
  return out;
}

static const char *place(const char *pattern, const char *text) {
  return places(&pattern, 1, text);
}

static void test_it_tells_where_which_pattern_may_match(void **state) {
  (void)state;
  static const char *const both[] = {"ab?c", "[0-9]{2}", NULL, "(?i)AB"};
  assert_string_equal(places(both, 4, "xac ab12"), "1:0 4:3 6:1");
  assert_string_equal(places(both, 4, ""), "");
  assert_string_equal(places(NULL, 0, "abc"), "");
}

static void test_what_it_reads_of_the_language(void **state) {
  (void)state;
  assert_string_equal(place("a(?:b|cd)e", "abe acde ace"), "0:0 4:0");
  assert_string_equal(place("a{2,3}b", "ab aab aaab"), "3:0 7:0 8:0");
  assert_string_equal(place("a{2,90}b", "ab aab"), "3:0");
  assert_string_equal(place("a+?b*c", "ac abbc bc"), "0:0 3:0");
  assert_string_equal(place("[^a-c\\s]x", "ax dx \nx"), "3:0");
  assert_string_equal(place("\\p{Lu}\\p{L}\\w\\.", "Abc. abc. A5c."), "0:0");
  assert_string_equal(place("(?i:a)b", "Ab AB"), "0:0");
  assert_string_equal(place("a(?=b)c(?!d)", "ac"), "0:0");
  assert_string_equal(place("x(a|(?i)b)B", "xaB xbB xBB xbb"), "0:0 4:0 8:0");
}

static void test_the_character_in_front_counts(void **state) {
  (void)state;
  assert_string_equal(place("(?<![\\p{L}])a", "a ba 1a \u00e9a"), "0:0 6:0 10:0");
  assert_string_equal(place("\\ba", "a ba 1a -a"), "0:0 9:0");
  assert_string_equal(place("(?im:^)a", "a a\na"), "0:0 4:0");
  assert_string_equal(place("(?<=[0-9],[ ]|\\n)a", "a, a\na"), "3:0 5:0");
  assert_string_equal(place("(?<![a])b|c", "ab ac"), "4:0");
}

static void test_characters_beyond_ascii_are_all_alike(void **state) {
  (void)state;
  assert_string_equal(place("gr\u00fc\u00df", "gr\u00fc\u00df gr\u00e9\u00e9 gruess"), "0:0 7:0");
  assert_string_equal(place("(?i)sk", "\u017f\u212a sK"), "0:0 6:0");
  assert_string_equal(place("[a-z\u00e4]b", "\u00e4b"), "0:0");
}

static void test_a_long_way_ends_in_a_maybe(void **state) {
  (void)state;
  char text[402];
  memset(text, 'a', sizeof text);
  text[400] = 'b';
  text[401] = '\0';
  assert_string_equal(place("(?<![a])a+c", text), "0:0");
}

/* Text out of pieces of the patterns themselves, so that matches and near misses are many. */
static void add_piece(struct buf *b, struct rng *rng) {
  static const char *const known[] = {"Dear Jane Roe,\n",
                                      "my name is J. van der Berg",
                                      "Best regards,\nTom M. O'Neil",
                                      "Bad Homburg, TX 78701",
                                      "12 Elm Street Apt 4",
                                      "Lange Stra\u00dfe 7a, 10115 Berlin",
                                      "12, rue de la Paix 75002 Paris",
                                      "Via Roma, n\u00ba 3",
                                      "P.O. Box 12",
                                      "SW1A 1AA",
                                      "03/04/2021",
                                      "5 March 2021",
                                      "2021-03-05T10:00",
                                      "born on 01.02.1980",
                                      "97 years old",
                                      "12345678Z",
                                      "529.982.247-25",
                                      "nhs 943 476 5919",
                                      "MRN: A12-345",
                                      "member id 88 12",
                                      "1HGCM82633A004352",
                                      "plate B-AB 123",
                                      "00:1a:2b:3c:4d:5e",
                                      "scan_1.JPG",
                                      "https://x.example/a",
                                      "fingerprint hash ab12",
                                      "patient number 7",
                                      "(01)12345678901231",
                                      "234123412346",
                                      "2341 2341 2346",
                                      "\u017ferial no 12",
                                      "\u00c9mile Zola",
                                      "\u212aonto nr 5"};
  static const char *const between[] = {" ", "\n", ", ", ".", "-", "5", "x", "\u00e9", "", "", ""};
  struct trg_str s = rng_below(rng, 2) == 0
                         ? str_of(known[rng_below(rng, sizeof known / sizeof *known)])
                         : str_of(pii_rules[rng_below(rng, pii_rule_count)].pattern);
  const size_t from = rng_below(rng, 3) == 0 ? rng_below(rng, s.n) : 0;
  const size_t n = rng_below(rng, 3) == 0 ? rng_below(rng, s.n - from) : s.n - from;
  for (size_t i = from; i < from + n && i < from + 40; i++) {
    if (strchr("?[]|", s.p[i]) == NULL) buf_char(b, s.p[i]);
    if (rng_below(rng, 60) == 0) buf_char(b, (char)(' ' + rng_below(rng, 90)));
  }
  buf_text(b, between[rng_below(rng, sizeof between / sizeof *between)]);
}

static void make_utf8(struct buf *b) {
  for (size_t i = 0; i < b->n;) {
    const size_t from = i;
    if (utf8_next(buf_view(b), &i) == 0xFFFD) memset(b->p + from, '?', i - from);
  }
}

static void check_all_pass(struct sieve *s, struct regex *const *regexes, struct trg_str text) {
  struct sieve_set *may = mem_array(text.n + 1, sizeof *may);
  struct sieve_set set;
  sieve_renew(s);
  for (size_t i = 0; (i = sieve_next(s, text, i, &set)) < text.n; i++) may[i] = set;
  for (size_t k = 0; k < pii_rule_count; k++) {
    size_t start, end;
    for (size_t i = 0; regex_find(regexes[k], text, i, &start, &end, NULL) > 0; i = start + 1) {
      while (start < text.n && ((unsigned char)text.p[start] & 0xC0) == 0x80) start++;
      if (start >= text.n) break;
      if ((may[start].bits[k / 64] >> (k % 64) & 1) == 0)
        fail_msg("rule %zu at %zu of: %.*s", k, start, (int)text.n, text.p);
    }
  }
  mem_free(may);
}

static void test_no_match_of_any_rule_is_held_back(void **state) {
  (void)state;
  const char *patterns[SIEVE_PATTERNS_MAX];
  struct regex *regexes[SIEVE_PATTERNS_MAX];
  struct trg_err err = {0};
  struct rng rng;
  rng_seed(&rng, 7);
  for (size_t k = 0; k < pii_rule_count; k++) {
    patterns[k] = pii_rules[k].pattern;
    regexes[k] = regex_new(patterns[k], 0, &err);
    assert_non_null(regexes[k]);
  }
  struct sieve *s = sieve_new(patterns, pii_rule_count);
  for (int n = 0; n < 1500; n++) {
    struct buf text = {0};
    for (uint64_t pieces = 1 + rng_below(&rng, 9); pieces > 0; pieces--) add_piece(&text, &rng);
    make_utf8(&text);
    if (text.n > 0) check_all_pass(s, regexes, buf_view(&text));
    buf_free(&text);
  }
  sieve_free(&s);
  for (size_t k = 0; k < pii_rule_count; k++) regex_free(&regexes[k]);
}

static size_t places_in(struct sieve *s, struct trg_str text) {
  struct sieve_set set;
  size_t n = 0;
  for (size_t i = 0; (i = sieve_next(s, text, i, &set)) < text.n; i++) n++;
  return n;
}

static void test_ordinary_words_are_held_back(void **state) {
  (void)state;
  const char *patterns[SIEVE_PATTERNS_MAX] = {NULL};
  for (size_t k = 0; k < pii_rule_count; k++)
    if (!pii_rules[k].is_last) patterns[k] = pii_rules[k].pattern;
  struct sieve *s = sieve_new(patterns, pii_rule_count);
  const char *text =
      "The printer on the second floor prints only every other page. I changed the toner and "
      "Maria reset it twice, but since Monday it says paper jam 13 times a day; please help.";
  assert_int_equal(places_in(s, str_of(text)), 0);
  sieve_free(&s);
}

/* As many states as there is room for, and more. */
static void test_a_full_automaton_lets_more_through_until_it_is_renewed(void **state) {
  (void)state;
  const char *pattern = "[ab][^c]{90}x";
  struct sieve *s = sieve_new(&pattern, 1);
  struct rng rng;
  struct buf text = {0};
  rng_seed(&rng, 3);
  for (int i = 0; i < 60000; i++) buf_char(&text, (char)('a' + rng_below(&rng, 2)));
  const size_t before = places_in(s, TRG_STR("abdc"));
  (void)places_in(s, buf_view(&text));
  sieve_renew(s);
  assert_int_equal(places_in(s, TRG_STR("abdc")), before);
  buf_free(&text);
  sieve_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_tells_where_which_pattern_may_match),
      cmocka_unit_test(test_what_it_reads_of_the_language),
      cmocka_unit_test(test_the_character_in_front_counts),
      cmocka_unit_test(test_characters_beyond_ascii_are_all_alike),
      cmocka_unit_test(test_a_long_way_ends_in_a_maybe),
      cmocka_unit_test(test_no_match_of_any_rule_is_held_back),
      cmocka_unit_test(test_ordinary_words_are_held_back),
      cmocka_unit_test(test_a_full_automaton_lets_more_through_until_it_is_renewed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
