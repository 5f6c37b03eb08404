/* Passages and past tickets: replacing, searching, hostile words, twins. */
#include "test_store_help.h"

#include "store/knowledge.h"
#include "store/talk.h"
#include "base/word.h"

static void replace(struct box *b, const char *source, const char *hash, const char *title,
                    const char *text, const char *language) {
  char id[64];
  (void)snprintf(id, sizeof id, "kb:%s#1", source);
  const struct passage p = {
      .id = id, .title = title, .heading = "h", .text = text, .language = language, .hash = "x"};
  bool changed = false;
  ok(b, passage_replace(b->s, source, hash, &p, 1, &changed, &b->err));
}

static size_t find(struct box *b, const char *words, const char *language, struct passage **ret) {
  size_t n = 0;
  ok(b, passage_search(b->s, str_of(words), str_of(language), 5, b->a, ret, &n, &b->err));
  return n;
}

static void three(struct box *b) {
  replace(b, "returns", "1", "Returns", "Send the parcel back within 30 days.", "en");
  replace(b, "refund", "1", "Refunds", "Money comes back after the parcel was seen.", "");
  replace(b, "rueck", "1", "Rückgabe", "Das Paket in 30 Tagen zurückschicken.", "de");
}

static void test_the_title_counts_more_than_the_text_and_the_best_comes_first(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  three(b);
  replace(b, "other", "1", "Shipping", "About returns, ask the shop.", "en");
  assert_int_equal(find(b, "How do returns work?", "", &p), 2);
  assert_string_equal(p[0].id, "kb:returns#1");
  assert_true(p[0].score > p[1].score);
  assert_true(p[1].score > 0);
}

static void test_letters_are_folded_and_a_language_excludes_the_others(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  three(b);
  assert_int_equal(find(b, "RUCKGABE?", "", &p), 1);
  assert_string_equal(p[0].title, "Rückgabe");
  assert_int_equal(find(b, "rückgabe", "de", &p), 1);
  assert_int_equal(find(b, "rückgabe", "en", &p), 0);
  assert_int_equal(find(b, "parcel", "de", &p), 1); /* what has no language speaks to all */
  assert_string_equal(p[0].id, "kb:refund#1");
}

static void test_words_that_say_nothing_find_nothing(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  three(b);
  assert_int_equal(find(b, "", "", &p), 0);
  assert_int_equal(find(b, "the and of a I in what is it", "", &p), 0);
  assert_int_equal(find(b, "das und für nicht, que para los; c'est à la", "", &p), 0);
}

static void test_query_syntax_of_the_engine_is_only_words(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  three(b);
  static const char *const attacks[] = {
      "\" OR 1=1 --",
      "title:returns AND NOT parcel",
      "NEAR(parcel days, 2)",
      "parcel*",
      "{title text}: parcel",
      "^parcel + days",
      "\"\"\"",
      "parcel\" OR \"",
      "'; DROP TABLE passage; --",
      "-parcel",
      "AND OR NOT NEAR",
      "((((((",
      "rank MATCH 'bm25(0)'",
      "\xff\xfe parcel \xc0\xaf",
      "parcel\x01\x02",
      "passage_fts : parcel",
  };
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
    (void)find(b, attacks[i], "", &p); /* never an error */
  /* NOT is no operator: the passage with that word is found, not left out. */
  assert_int_equal(find(b, "returns NOT parcel", "", &p), 2);
  int64_t n = 0;
  ok(b, passage_count(b->s, &n, &b->err));
  assert_int_equal(n, 3);
}

static void test_a_text_with_a_zero_byte_is_searched_whole(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  size_t n = 0;
  three(b);
  ok(b, passage_search(b->s, TRG_STR("x\0parcel"), TRG_STR(""), 5, b->a, &p, &n, &b->err));
  assert_int_equal(n, 2);
}

static void test_a_very_long_text_becomes_a_bounded_query(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  three(b);
  const size_t n = 200000;
  char *text = mem_alloc(n + 1);
  for (size_t i = 0; i < n; i++) text[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * 31 + i / 7) % 26);
  const char *query = words_query(str_of(text), b->a);
  assert_true(strlen(query) < 120 * 16);
  memset(text, 'z', n);
  (void)find(b, text, "", &p); /* one word of 200,000 letters */
  mem_free(text);
}

static void test_a_longer_word_of_a_short_question_stands_for_its_endings(void **state) {
  struct box *b = *state;
  assert_string_equal(words_query(TRG_STR("charged zw\xc3\xb6lfte fees 360001 A1b2c3d4"), b->a),
                      "\"char\"* OR \"zw\xc3\xb6l\"* OR \"fees\" OR \"360001\" OR "
                      "\"a1b2c3d4\"");
  struct passage *p = NULL;
  three(b);
  assert_int_equal(find(b, "parcels returning", "", &p), 2);
}

static void test_every_weak_word_is_found_in_the_list(void **state) {
  (void)state;
  static const char *const weak[] = {"about",  "yourselves", "zwischen", "für", "été", "está",
                                     "perché", "omdat",      "não",      "x",   "ß"};
  for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
    assert_true(word_is_weak(weak[i], strlen(weak[i])));
  assert_false(word_is_weak("refund", 6));
}

static void test_an_unchanged_source_is_left_and_a_changed_one_is_replaced(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  bool known = false, changed = true;
  three(b);
  const struct passage other = {.id = "kb:returns#9", .title = "Never", .text = "seen"};
  ok(b, passage_replace(b->s, "returns", "1", &other, 1, &changed, &b->err));
  assert_false(changed);
  ok(b, passage_known(b->s, "returns", "1", &known, &b->err));
  assert_true(known);
  ok(b, passage_known(b->s, "returns", "2", &known, &b->err));
  assert_false(known);
  replace(b, "returns", "2", "Exchange", "Swap it in the shop.", "en");
  assert_int_equal(find(b, "returns", "", &p), 0);
  assert_int_equal(find(b, "exchange", "", &p), 1);
  struct passage one;
  ok(b, passage_by_id(b->s, TRG_STR("kb:returns#1"), b->a, &one, &b->err));
  assert_string_equal(one.text, "Swap it in the shop.");
  assert_int_equal(passage_by_id(b->s, TRG_STR("kb:no#1"), b->a, &one, &b->err), TRG_ENOTFOUND);
}

static void test_two_passages_of_one_id_are_refused_and_the_old_ones_stay(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  bool changed = false;
  three(b);
  const struct passage twice[] = {{.id = "kb:returns#1", .title = "a", .text = "first"},
                                  {.id = "kb:returns#1", .title = "b", .text = "second"}};
  assert_int_equal(passage_replace(b->s, "returns", "2", twice, 2, &changed, &b->err), TRG_EINVAL);
  assert_non_null(strstr(b->err.text, "kb:returns#1"));
  assert_int_equal(find(b, "returns", "", &p), 1);
}

static void test_sources_that_are_gone_are_forgotten(void **state) {
  struct box *b = *state;
  struct passage *p = NULL;
  bool known = true;
  three(b);
  static const char *const left[] = {"refund"};
  ok(b, passage_keep(b->s, left, 1, &b->err));
  assert_int_equal(find(b, "returns rückgabe", "", &p), 0);
  assert_int_equal(find(b, "money", "", &p), 1);
  ok(b, passage_known(b->s, "returns", "1", &known, &b->err));
  assert_false(known);
  ok(b, passage_keep(b->s, NULL, 0, &b->err));
  int64_t n = -1;
  ok(b, passage_count(b->s, &n, &b->err));
  assert_int_equal(n, 0);
}

/* --- past tickets ---------------------------------------------------------------------------- */

static void past(struct box *b, int64_t ticket_id, const char *ref, const char *text,
                 const char *reply) {
  const struct past p = {.ticket_id = ticket_id,
                         .ref = ref,
                         .subject = "Question",
                         .text = text,
                         .category = "returns",
                         .language = "en",
                         .reply = reply,
                         .status = "solved"};
  ok(b, past_put(b->s, &p, NOW, &b->err));
}

static void test_past_tickets_are_found_but_not_the_one_that_asks(void **state) {
  struct box *b = *state;
  struct past *p = NULL;
  size_t n = 0;
  const int64_t own = ticket_made(b, "1"), other = ticket_made(b, "2");
  past(b, own, "support/1", "my parcel arrived broken", "sorry");
  past(b, other, "support/2", "the parcel never arrived", "we look");
  past(b, 0, "file/9", "a parcel with the wrong colour", "swap it");
  ok(b, past_search(b->s, TRG_STR("parcel"), own, 5, b->a, &p, &n, &b->err));
  assert_int_equal(n, 2);
  ok(b, past_search(b->s, TRG_STR("parcel arrived"), 0, 2, b->a, &p, &n, &b->err));
  assert_int_equal(n, 2);
  assert_true(p[0].score >= p[1].score);
  past(b, other, "support/2", "completely different now", "we looked");
  ok(b, past_search(b->s, TRG_STR("never"), 0, 5, b->a, &p, &n, &b->err));
  assert_int_equal(n, 0);
  ok(b, past_search(b->s, TRG_STR("different"), 0, 5, b->a, &p, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(p[0].reply, "we looked");
  assert_int_equal(p[0].ticket_id, other);
}

static int64_t told(struct box *b, const char *ext_id, const char *requester, int64_t created_ms,
                    int32_t status, const char *text) {
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"),
                                 .ext_id = str_of(ext_id),
                                 .subject = TRG_STR("Broken lamp"),
                                 .requester_hash = str_of(requester),
                                 .status = status,
                                 .created_ms = created_ms};
  int64_t id = 0;
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &id, &new, &b->err));
  const struct message m = {.ticket_id = id,
                            .ext_id = "m1",
                            .author = TRG_AUTHOR_CUSTOMER,
                            .at_ms = created_ms,
                            .text = text};
  ok(b, message_put(b->s, &m, &new, &b->err));
  return id;
}

static void test_the_later_of_two_like_tickets_of_one_person_is_the_twin(void **state) {
  struct box *b = *state;
  char *ref = NULL;
  static const char text[] = "The lamp I bought last week came with a broken switch, order 4711";
  const int64_t first = told(b, "1", "ann", NOW, TRG_STATUS_OPEN, text);
  const int64_t second = told(b, "2", "ann", NOW + 1000, TRG_STATUS_NEW,
                              "The lamp I bought last week came with a broken switch! Order 4711.");
  ok(b, past_twin(b->s, second, 5000, b->a, &ref, &b->err));
  assert_string_equal(ref, "support/1");
  assert_int_equal(past_twin(b->s, first, 5000, b->a, &ref, &b->err), TRG_ENOTFOUND);
  assert_int_equal(past_twin(b->s, second, 999, b->a, &ref, &b->err), TRG_ENOTFOUND);
}

static void test_another_person_another_text_or_a_solved_ticket_is_no_twin(void **state) {
  struct box *b = *state;
  char *ref = NULL;
  static const char text[] = "The lamp I bought last week came with a broken switch, order 4711";
  (void)told(b, "1", "bob", NOW, TRG_STATUS_OPEN, text);
  (void)told(b, "2", "ann", NOW, TRG_STATUS_OPEN, "How can I change the address of my invoice?");
  (void)told(b, "3", "ann", NOW, TRG_STATUS_SOLVED, text);
  (void)told(b, "4", "", NOW, TRG_STATUS_OPEN, text);
  const int64_t own = told(b, "5", "ann", NOW + 1, TRG_STATUS_NEW, text);
  assert_int_equal(past_twin(b->s, own, 5000, b->a, &ref, &b->err), TRG_ENOTFOUND);
  const int64_t nobody = told(b, "6", "", NOW + 1, TRG_STATUS_NEW, text);
  assert_int_equal(past_twin(b->s, nobody, 5000, b->a, &ref, &b->err), TRG_ENOTFOUND);
}

/* Each piece costs every search one look for each of its words. */
static void test_examples_lie_in_one_piece_of_the_index(void **state) {
  struct box *b = *state;
  static char texts[300][40];
  struct example list[300];
  bool changed = false;
  for (int i = 0; i < 300; i++) {
    snprintf(texts[i], sizeof texts[i], "The pump %d of line %d leaks", i, i % 7);
    list[i] = (struct example){.text = texts[i], .category = "technical", .labels = "{}"};
  }
  ok(b, example_keep(b->s, "1", list, 300, &changed, &b->err));
  flush(b);
  assert_true(changed);
  /* Above 10 stand the segments: number << 37 | page. */
  assert_int_equal(
      raw_int(b, "SELECT count(DISTINCT id >> 37) FROM example_fts_data WHERE id > 10"), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_title_counts_more_than_the_text_and_the_best_comes_first),
      TEST(test_letters_are_folded_and_a_language_excludes_the_others),
      TEST(test_words_that_say_nothing_find_nothing),
      TEST(test_query_syntax_of_the_engine_is_only_words),
      TEST(test_a_text_with_a_zero_byte_is_searched_whole),
      TEST(test_a_very_long_text_becomes_a_bounded_query),
      TEST(test_a_longer_word_of_a_short_question_stands_for_its_endings),
      cmocka_unit_test(test_every_weak_word_is_found_in_the_list),
      TEST(test_an_unchanged_source_is_left_and_a_changed_one_is_replaced),
      TEST(test_two_passages_of_one_id_are_refused_and_the_old_ones_stay),
      TEST(test_sources_that_are_gone_are_forgotten),
      TEST(test_past_tickets_are_found_but_not_the_one_that_asks),
      TEST(test_the_later_of_two_like_tickets_of_one_person_is_the_twin),
      TEST(test_another_person_another_text_or_a_solved_ticket_is_no_twin),
      TEST(test_examples_lie_in_one_piece_of_the_index),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
