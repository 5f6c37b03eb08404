/* The taxonomy is read from triage skills as others write them, and from a file. */
#include "unit/test_skill_folder.h"

#include "base/json.h"
#include "base/pii.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/turn.h"

static char told[2048];

static void problem(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  const size_t n = strlen(told), skip = strlen(dir);
  snprintf(told + n, sizeof told - n, "%s:%u: %s\n", path + skip + 1, line, text);
}

static const char foreign[] =
    "---\nname: ticket-triage\ndescription: Triage.\n---\n"
    "# /ticket-triage\n\n## Category Taxonomy\n\nAssign a **primary category**:\n\n"
    "| Category | Description | Signal Words |\n|----------|-------------|--------------|\n"
    "| **Defect** | The machine behaves wrongly | Error, broken, \"not working\" |\n"
    "| **How-to** | Guidance on using the machine | How do I, can I |\n"
    "| **Wish for change** | A function that is not there | Would be great |\n"
    "| **Money** | Payments and invoices | Charge, invoice |\n\n"
    "## Priority Framework\n\n### P1 — Critical\n**Criteria:** Production stands still.\n\n"
    "### P2 — High\n**Criteria:** A workflow is blocked.\n\n### P3 — Medium\nA way around.\n\n"
    "### P4 — Low\nQuestions.\n\n### Priority Escalation Triggers\n\nBump it.\n\n"
    "## Routing Rules\n\n| Route to | When |\n|--|--|\n"
    "| **First line** | How-to questions, password resets |\n"
    "| **Workshop** | Confirmed defects of the machine |\n"
    "| **Product** | A wish for change with demand |\n| **Office/Money** | Refunds, invoices |\n";

static struct taxonomy *load(const char *file, struct skills **s) {
  const char *const folders[] = {dir};
  struct trg_err err = {0};
  told[0] = '\0';
  *s = skills_load(folders, 1, NULL, NULL);
  char *path = file != NULL ? file_join(dir, file) : NULL;
  struct taxonomy *t = taxonomy_load(path, *s, NULL, 0, problem, NULL, &err);
  mem_free(path);
  return t;
}

static void test_tables_are_known_by_their_columns_and_headings_by_their_level(void **state) {
  (void)state;
  put("skills/ticket-triage/SKILL.md", foreign);
  struct skills *s;
  struct taxonomy *t = load(NULL, &s);
  assert_int_equal(t->category_count, 4);
  assert_string_equal(t->categories[0].name, "Defect");
  assert_int_equal(t->categories[0].signal_count, 3);
  assert_string_equal(t->categories[0].signals[2], "not working");
  assert_int_equal(t->priority_count, 4);
  assert_string_equal(t->priorities[1].name, "P2");
  assert_string_equal(t->priorities[1].when, "**Criteria:** A workflow is blocked.");
  assert_int_equal(t->team_count, 4);
  assert_string_equal(t->teams[1].name, "Workshop");
  assert_string_equal(told, "");
  taxonomy_free(&t);
  skills_free(&s);
}

static void test_a_category_without_a_team_gets_the_one_whose_rule_fits(void **state) {
  (void)state;
  put("skills/ticket-triage/SKILL.md", foreign);
  struct skills *s;
  struct taxonomy *t = load(NULL, &s);
  static const char *const teams[] = {"Workshop", "First line", "Product", "Office/Money"};
  for (size_t i = 0; i < 4; i++) assert_string_equal(t->categories[i].team, teams[i]);
  taxonomy_free(&t);
  skills_free(&s);
}

static void test_names_are_the_same_with_blanks_hyphens_and_capitals(void **state) {
  (void)state;
  put("skills/ticket-triage/SKILL.md", foreign);
  struct skills *s;
  struct taxonomy *t = load(NULL, &s);
  assert_string_equal(taxonomy_category(t, TRG_STR("wish-for_CHANGE"))->name, "Wish for change");
  assert_null(taxonomy_category(t, TRG_STR("wish for")));
  assert_true(taxonomy_team(t, TRG_STR("first-line")));
  taxonomy_free(&t);
  skills_free(&s);
}

static void test_a_category_that_stands_twice_is_told_with_its_line(void **state) {
  (void)state;
  put("skills/ticket-triage/SKILL.md",
      "---\nname: ticket-triage\ndescription: x\n---\n## Categories\n\n| Category | Description |\n"
      "|--|--|\n| a | one |\n| A | two |\n");
  struct skills *s;
  struct taxonomy *t = load(NULL, &s);
  assert_int_equal(t->category_count, 1);
  assert_string_equal(told,
                      "skills/ticket-triage/SKILL.md:10: the category \"A\" stands twice in the "
                      "table; the first counts\n");
  taxonomy_free(&t);
  skills_free(&s);
}

static const char file[] =
    "categories:\n"
    "  - name: returns\n    description: Sending back\n    signals: [refund, \"send back\"]\n"
    "    subcategories: [exchange, money]\n    examples:\n      - I want to send it back\n"
    "      - Where is my refund?\n"
    "  - {name: other, team: front, signals: \"hello, question\"}\n"
    "teams: [{name: warehouse, handles: what people send back}, front]\n"
    "priorities: [{name: urgent, when: Danger, signals: [fire]}, P3]\n"
    "escalations: [{reason: safety, signals: [smoke]}]\n";

static void test_a_file_may_hold_the_whole_taxonomy(void **state) {
  (void)state;
  put("t.yaml", file);
  struct skills *s;
  struct taxonomy *t = load("t.yaml", &s);
  assert_string_equal(told, "");
  assert_non_null(t);
  assert_int_equal(t->subcategory_count, 2);
  assert_string_equal(t->subcategories[1].name, "money");
  assert_string_equal(t->categories[0].signals[1], "send back");
  assert_string_equal(t->categories[0].team, "warehouse");
  assert_int_equal(t->categories[1].signal_count, 2);
  assert_string_equal(t->priorities[0].name, "P1");
  assert_string_equal(t->escalations[0].signals[0], "smoke");
  assert_int_equal(t->example_count, 2);
  assert_string_equal(t->examples[1].labels.p, "{\"category\":\"returns\"}");
  assert_non_null(strstr(t->json, "\"signals\":[\"refund\",\"send back\"]"));
  taxonomy_free(&t);
  skills_free(&s);
}

static void test_what_is_wrong_in_a_file_is_told_with_its_line(void **state) {
  (void)state;
  put("t.yaml", "categories:\n  - name: a\n    signals: {x: y}\npriorities: [P7]\n"
                "escalations: [smoke]\n");
  struct skills *s;
  assert_null(load("t.yaml", &s));
  assert_non_null(strstr(told, "t.yaml:3: categories[0].signals: must be a text"));
  assert_non_null(strstr(told, "t.yaml:4: priorities[0]: \"P7\" must be P1"));
  assert_non_null(strstr(told, "t.yaml:5: escalations[0]: must be a map"));
  skills_free(&s);
}

static void test_examples_are_found_by_a_tickets_words_and_replaced_when_they_change(void **state) {
  (void)state;
  put("t.yaml", file);
  struct skills *s;
  struct taxonomy *t = load("t.yaml", &s);
  struct trg_err err = {0};
  struct store *store = NULL;
  char *place = file_join(dir, "state");
  assert_int_equal(file_mkdirs(place, 0700, &err), 0);
  assert_int_equal(store_open(place, &store, &err), 0);
  assert_int_equal(taxonomy_index(t, store, 0, &err), 0);
  assert_int_equal(taxonomy_index(t, store, 0, &err), 0); /* unchanged: once */
  struct arena *a = arena_new();
  struct example *list = NULL;
  size_t n = 0;
  assert_int_equal(example_search(store, TRG_STR("when comes the refund"), 5, a, &list, &n, &err),
                   0);
  assert_int_equal(n, 1);
  assert_string_equal(list[0].text, "Where is my refund?");
  assert_string_equal(list[0].category, "returns");
  taxonomy_free(&t);
  skills_free(&s);
  put("t.yaml", "categories:\n  - {name: b, examples: [\"Mrs Erika Mustermann, a@x.example: my "
                "refund is late\"]}\n");
  t = load("t.yaml", &s);
  assert_int_equal(taxonomy_index(t, store, 0, &err), 0);
  assert_int_equal(example_search(store, TRG_STR("refund"), 5, a, &list, &n, &err), 0);
  assert_int_equal(n, 1);
  assert_string_equal(list[0].category, "b");
  assert_string_equal(list[0].text, "Mrs Erika Mustermann, [EMAIL_1]: my refund is late");
  /* The same file under other rules is masked anew. */
  assert_int_equal(taxonomy_index(t, store, PII_PROFILE_GDPR, &err), 0);
  assert_int_equal(example_search(store, TRG_STR("refund"), 5, a, &list, &n, &err), 0);
  assert_string_equal(list[0].text, "Mrs [NAME_1], [EMAIL_1]: my refund is late");
  assert_int_equal(turn_flush(store, &err), 0);
  store_close(&store);
  arena_free(&a);
  taxonomy_free(&t);
  skills_free(&s);
  mem_free(place);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_tables_are_known_by_their_columns_and_headings_by_their_level),
      TEST(test_a_category_without_a_team_gets_the_one_whose_rule_fits),
      TEST(test_names_are_the_same_with_blanks_hyphens_and_capitals),
      TEST(test_a_category_that_stands_twice_is_told_with_its_line),
      TEST(test_a_file_may_hold_the_whole_taxonomy),
      TEST(test_what_is_wrong_in_a_file_is_told_with_its_line),
      TEST(test_examples_are_found_by_a_tickets_words_and_replaced_when_they_change)};
  return cmocka_run_group_tests_name("skill tables", tests, NULL, NULL);
}
