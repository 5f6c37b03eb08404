/* Covers: what a model sees of passages, and the way back into a reply. */
#include "test_store_help.h"

#include "base/buf.h"
#include "base/pii.h"
#include "skill/cover.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"

static struct passage *split(struct box *b, const char *name, const char *text, unsigned profiles) {
  struct passage *list = NULL;
  size_t n = 0;
  knowledge_split(b->a, name, name, str_of(text), profiles, &list, &n);
  assert_int_equal(n, 1);
  return list;
}

static const char *back(struct box *b, const struct covers *c, const char *text, const char *id) {
  const struct trg_str ids[] = {str_of(id)};
  return arena_dup(b->a, cover_restore(c, str_of(text), ids, 1, b->a));
}

static void test_every_field_is_masked_and_comes_back(void **state) {
  struct box *b = *state;
  struct passage *p = split(b, "a.md",
                            "# Ask a@x.example\n\n## Or b@x.example\n\nCall +49 30 90182044, or "
                            "write to a@x.example.\n",
                            0);
  assert_string_equal(p->text, "Call +49 30 90182044, or write to a@x.example.");
  struct covers *c = cover_passages(p, 1, 0, b->a);
  assert_string_equal(p->title, "Ask [KB_EMAIL_1]");
  assert_string_equal(p->heading, "Or [KB_EMAIL_2]");
  assert_string_equal(p->text, "Call [KB_PHONE_1], or write to [KB_EMAIL_1].");
  assert_string_equal(back(b, c, "See [KB_EMAIL_2] and [KB_PHONE_1].", p->id),
                      "See b@x.example and +49 30 90182044.");
  assert_string_equal(back(b, c, "[KB_EMAIL_3] [EMAIL_1] [kb_email_1] (KB_EMAIL_1) [", p->id),
                      "[KB_EMAIL_3] [EMAIL_1] [kb_email_1] (KB_EMAIL_1) [");
  assert_string_equal(back(b, c, "[KB_EMAIL_1]", "kb:other#1"), "[KB_EMAIL_1]");
  covers_free(&c);
}

static void test_what_holds_nothing_personal_costs_nothing(void **state) {
  struct box *b = *state;
  struct passage *p = split(b, "a.md", "# Returns\n\nWithin 30 days.\n", 0);
  assert_string_equal(p->hidden, "");
  assert_null(cover_passages(p, 1, 0, b->a));
  assert_string_equal(p->text, "Within 30 days.");
  assert_string_equal(back(b, NULL, "[KB_EMAIL_1]", p->id), "[KB_EMAIL_1]");
}

static void test_two_passages_share_a_token_for_one_value_alone(void **state) {
  struct box *b = *state;
  struct passage p[2] = {*split(b, "a.md", "Write to a@x.example.\n", 0),
                         *split(b, "b.md", "Write to b@x.example or A@X.example.\n", 0)};
  struct covers *c = cover_passages(p, 2, 0, b->a);
  assert_string_equal(p[0].text, "Write to [KB_EMAIL_1].");
  assert_string_equal(p[1].text, "Write to [KB_EMAIL_2] or [KB_EMAIL_1].");
  assert_string_equal(back(b, c, "[KB_EMAIL_1] [KB_EMAIL_2]", p[0].id), "a@x.example [KB_EMAIL_2]");
  covers_free(&c);
}

static void test_a_passage_of_other_rules_is_looked_over_when_it_is_shown(void **state) {
  struct box *b = *state;
  static const char text[] = "Returns go to Hafenstra\xc3\x9f"
                             "e 12, 20457 Hamburg.\n";
  struct passage *p = split(b, "a.md", text, 0);
  assert_null(cover_passages(p, 1, 0, b->a));
  struct covers *c = cover_passages(p, 1, PII_PROFILE_GDPR, b->a);
  assert_string_equal(p->text, "Returns go to [KB_ADDRESS_1].");
  covers_free(&c);
  struct passage old = {.id = "kb:a#1",
                        .title = "",
                        .heading = "",
                        .text = "Write to a@x.example.",
                        .hidden = ""}; /* as before there were any rules */
  c = cover_passages(&old, 1, 0, b->a);
  assert_string_equal(old.text, "Write to [KB_EMAIL_1].");
  covers_free(&c);
}

static void test_what_was_noted_of_another_text_is_made_anew(void **state) {
  struct box *b = *state;
  static const char *const wrong[] = {"x9-900 EMAIL_ADDRESS\n", "x12-9 EMAIL_ADDRESS\n", "x9-21",
                                      "rubbish", "x1-2 PERSON\nx1-2 PERSON\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct passage p = {.id = "kb:a#1",
                        .title = "",
                        .heading = "",
                        .text = "Write to a@x.example.",
                        .hidden = wrong[i],
                        .rules = cover_rules(0)};
    struct covers *c = cover_passages(&p, 1, 0, b->a);
    assert_string_equal(p.text, "Write to [KB_EMAIL_1].");
    covers_free(&c);
  }
}

static void test_cards_secrets_and_false_tokens_are_not_stored(void **state) {
  struct box *b = *state;
  struct passage *p = split(b, "a.md",
                            "Test 4111 1111 1111 1111 for [EMAIL_1] and [KB_EMAIL_1] at "
                            "a@x.example, password: hunter2-Zebra!9\n",
                            0);
  assert_non_null(strstr(p->text, "Test (removed) for (EMAIL_1) and (KB_EMAIL_1) at a@x.example"));
  assert_null(strstr(p->text, "hunter2"));
  struct covers *c = cover_passages(p, 1, 0, b->a);
  assert_non_null(strstr(p->text, "(KB_EMAIL_1) at [KB_EMAIL_1]"));
  covers_free(&c);
}

static void test_what_is_stored_comes_back_with_its_marks(void **state) {
  struct box *b = *state;
  struct passage p = *split(b, "a.md", "Write to a@x.example.\n", 0), found;
  bool changed = false;
  ok(b, passage_replace(b->s, "a.md", "1", &p, 1, &changed, &b->err));
  ok(b, passage_by_id(b->s, TRG_STR("kb:a#1"), b->a, &found, &b->err));
  assert_string_equal(found.hidden, "x9-20 EMAIL_ADDRESS\n");
  assert_int_equal(found.rules, cover_rules(0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_every_field_is_masked_and_comes_back),
      TEST(test_what_holds_nothing_personal_costs_nothing),
      TEST(test_two_passages_share_a_token_for_one_value_alone),
      TEST(test_a_passage_of_other_rules_is_looked_over_when_it_is_shown),
      TEST(test_what_was_noted_of_another_text_is_made_anew),
      TEST(test_cards_secrets_and_false_tokens_are_not_stored),
      TEST(test_what_is_stored_comes_back_with_its_marks),
  };
  return cmocka_run_group_tests_name("cover", tests, NULL, NULL);
}
