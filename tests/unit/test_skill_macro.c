/* Saved replies of a helpdesk in the store's search. */
#include "test_store_help.h"

#include "skill/knowledge.h"
#include "skill/macro.h"
#include "store/knowledge.h"

static bool put(struct box *b, const char *desk, const char *id, const char *title,
                const char *text) {
  const struct trg_macro m = {
      .size = sizeof m, .id = str_of(id), .title = str_of(title), .text = str_of(text)};
  bool changed = false;
  ok(b, macro_put(b->s, desk, &m, 0, &changed, &b->err));
  return changed;
}

static const char *found(struct box *b, const char *question) {
  struct passage *p = NULL;
  size_t n = 0;
  ok(b, knowledge_find(b->s, str_of(question), TRG_STR("en"), 3, b->a, &p, &n, &b->err));
  return n > 0 ? p[0].id : "";
}

static void test_a_macro_is_found_under_a_stable_id(void **state) {
  struct box *b = *state;
  assert_true(put(b, "shop", "12", "Late parcel", "A parcel to Norway takes nine days."));
  assert_string_equal(found(b, "parcel to Norway"), "macro:shop:12#1");
  struct passage p;
  ok(b, passage_by_id(b->s, TRG_STR("macro:shop:12#1"), b->a, &p, &b->err));
  assert_string_equal(p.title, "Late parcel");
}

static void test_only_what_changed_is_indexed_anew(void **state) {
  struct box *b = *state;
  assert_true(put(b, "shop", "12", "Late", "Nine days."));
  assert_false(put(b, "shop", "12", "Late", "Nine days."));
  assert_true(put(b, "shop", "12", "Late", "Ten days."));
  flush(b);
  assert_string_equal(raw_text(b, "SELECT text FROM passage"), "Ten days.");
}

static void test_what_a_whole_walk_did_not_see_is_forgotten(void **state) {
  struct box *b = *state;
  bool gone = false;
  put(b, "shop", "12", "A", "Apples.");
  put(b, "shop", "13", "B", "Pears.");
  put(b, "trade", "12", "C", "Plums.");
  ok(b, macro_keep(b->s, "shop", (const char *const[]){"13"}, 1, &gone, &b->err));
  assert_true(gone);
  assert_string_equal(found(b, "apples"), "");
  assert_string_equal(found(b, "pears"), "macro:shop:13#1");
  assert_string_equal(found(b, "plums"), "macro:trade:12#1");
  ok(b, macro_keep_desks(b->s, (const char *const[]){"shop"}, 1, &b->err));
  assert_string_equal(found(b, "plums"), "");
  assert_string_equal(found(b, "pears"), "macro:shop:13#1");
}

static void test_an_index_of_files_leaves_macros_alone(void **state) {
  struct box *b = *state;
  put(b, "shop", "12", "A", "Apples.");
  ok(b, passage_keep(b->s, NULL, 0, &b->err));
  assert_string_equal(found(b, "apples"), "macro:shop:12#1");
}

static void test_cards_and_secrets_of_a_macro_are_not_stored(void **state) {
  struct box *b = *state;
  put(b, "shop", "12", "Test 4111 1111 1111 1111",
      "Pay with 5500 0055 5555 5559, call +49 30 901820, password: hunter2hunter2");
  flush(b);
  const char *text = raw_text(b, "SELECT title || ' ' || text FROM passage");
  assert_null(strstr(text, "4111"));
  assert_null(strstr(text, "5500"));
  assert_null(strstr(text, "hunter2"));
  assert_non_null(strstr(text, "+49 30 901820")); /* what the company says of itself */
}

static void test_an_id_that_cannot_be_cited_is_refused(void **state) {
  struct box *b = *state;
  bool changed = false;
  const struct trg_macro m = {.size = sizeof m, .id = TRG_STR("1] [x"), .text = TRG_STR("a")};
  assert_int_equal(macro_put(b->s, "shop", &m, 0, &changed, &b->err), TRG_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_macro_is_found_under_a_stable_id),
      TEST(test_only_what_changed_is_indexed_anew),
      TEST(test_what_a_whole_walk_did_not_see_is_forgotten),
      TEST(test_an_index_of_files_leaves_macros_alone),
      TEST(test_cards_and_secrets_of_a_macro_are_not_stored),
      TEST(test_an_id_that_cannot_be_cited_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
