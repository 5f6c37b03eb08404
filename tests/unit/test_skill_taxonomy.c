/* The skill loader and the taxonomy that is read from the triage skill or from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"

static char dir[64], said[4096];
static int told;
static char *paths[32];
static size_t path_count;
static struct trg_err err;

static int setup(void **state) {
  (void)state;
  (void)snprintf(dir, sizeof dir, "/tmp/test-skill-XXXXXX");
  said[0] = '\0';
  told = 0;
  path_count = 0;
  err = (struct trg_err){0};
  return mkdtemp(dir) == NULL;
}

static int teardown(void **state) {
  (void)state;
  while (path_count > 0) {
    char *path = paths[--path_count];
    (void)unlink(path);
    for (char *slash;
         (slash = strrchr(path, '/')) != NULL && strlen(dir) <= (size_t)(slash - path);) {
      *slash = '\0';
      (void)rmdir(path);
    }
    mem_free(path);
  }
  return 0;
}

static const char *put(const char *name, const char *text) {
  char *path = file_join(dir, name), *folder = file_dir(path);
  assert_int_equal(file_mkdirs(folder, 0700, &err), 0);
  assert_int_equal(file_write(path, str_of(text), 0600, &err), 0);
  mem_free(folder);
  return paths[path_count++] = path;
}

static void problem(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  told++;
  const size_t n = strlen(said);
  const bool ours = strncmp(path, dir, strlen(dir)) == 0; /* else a word, as "skills" */
  (void)snprintf(said + n, sizeof said - n, "%s:%u: %s\n", ours ? path + strlen(dir) + 1 : path,
                 line, text);
}

static struct skills *load(void) {
  const char *folder = dir;
  return skills_load(&folder, 1, problem, NULL);
}

/* --- loader ------------------------------------------------------------------------------------
 */

static void test_skills_have_name_description_body_and_plugin(void **state) {
  (void)state;
  put(".claude-plugin/plugin.json", "{\"name\":\"support\"}");
  put("skills/b/SKILL.md", "---\nname: returns\ndescription: On returns\n---\n# Body\n");
  put("skills/a/SKILL.md", "# Title\n\nFirst words.\n");
  struct skills *s = load();
  assert_int_equal(skills_count(s), 2);
  assert_string_equal(skills_at(s, 0)->name, "a"); /* the folder's, in order of the paths */
  assert_string_equal(skills_at(s, 0)->description, "First words.");
  const struct skill *k = skills_find(s, "returns");
  assert_string_equal(k->description, "On returns");
  struct trg_err bad;
  assert_string_equal(skill_body(s, k, &bad), "# Body\n");
  assert_string_equal(k->plugin, "support");
  assert_null(skills_find(s, "none"));
  assert_int_equal(told, 0);
  skills_free(&s);
}

static void test_what_is_wrong_with_one_skill_is_told_and_the_others_load(void **state) {
  (void)state;
  put("a/SKILL.md", "\xff\xfe");
  put("b/SKILL.md", "---\nname: b\ndescription: use: it\n---\nx");
  put("c/SKILL.md", "---\nname: c\n---\n");
  put(".claude-plugin/plugin.json", "{\"name\":");
  struct skills *s = load();
  assert_int_equal(skills_count(s), 2);
  assert_non_null(strstr(said, "a/SKILL.md:0: not valid UTF-8"));
  assert_non_null(strstr(said, "b/SKILL.md:1: the front matter is no valid YAML"));
  assert_non_null(strstr(said, "c/SKILL.md:1: no description"));
  assert_non_null(strstr(said, ".claude-plugin/plugin.json:1"));
  skills_free(&s);
}

static void test_a_folder_that_is_not_there_is_told(void **state) {
  (void)state;
  char *none = file_join(dir, "none");
  const char *folders[] = {none};
  struct skills *s = skills_load(folders, 1, problem, NULL);
  assert_int_equal(skills_count(s), 0);
  assert_int_equal(told, 1);
  skills_free(&s);
  mem_free(none);
}

static void test_the_hash_changes_with_any_file(void **state) {
  (void)state;
  put("a/SKILL.md", "one");
  struct skills *s = load();
  char before[65];
  (void)snprintf(before, sizeof before, "%s", skills_hash(s));
  skills_free(&s);
  put("a/SKILL.md", "two");
  s = load();
  assert_string_not_equal(before, skills_hash(s));
  skills_free(&s);
}

/* --- taxonomy ----------------------------------------------------------------------------------
 */

static const char tables[] =
    "---\nname: ticket-triage\ndescription: d\n---\n"
    "# Categories\n| Category | Team | Default priority | Description |\n|-|-|-|-|\n"
    "| billing | money | P2 | Invoices |\n| | | | |\n| how-to | service | P4 | Use |\n"
    "| Billing | other | P3 | again |\n"
    "# Sub-categories\n| Category | Sub-category | Description |\n|-|-|-|\n"
    "| billing | invoice | d |\n"
    "# Teams\n| Team | Handles |\n|-|-|\n| money | bills |\n"
    "# Priorities\n| Priority | When | Signals |\n|-|-|-|\n| P1 | down | \"all down\", outage; x "
    "|\n"
    "# Escalate to a person\n| Reason | Signals |\n|-|-|\n| legal-threat | lawyer |\n";

static struct taxonomy *taxonomy(const char *file) {
  struct skills *s = load();
  struct taxonomy *t = taxonomy_load(file, s, NULL, 0, problem, NULL, &err);
  skills_free(&s);
  return t;
}

static void test_tables_of_the_triage_skill_are_the_taxonomy(void **state) {
  (void)state;
  put("ticket-triage/SKILL.md", tables);
  put("ticket-triage/references/examples.jsonl",
      "{\"text\":\"my bill\",\"labels\":{\"category\":\"billing\"}}\n{\"text\":\"x\"}\nbroken\n");
  struct taxonomy *t = taxonomy(NULL);
  assert_int_equal(t->category_count, 2); /* neither the empty row nor the one that repeats */
  assert_string_equal(t->categories[1].name, "how-to");
  const struct category *c = taxonomy_category(t, TRG_STR("BILLING"));
  assert_string_equal(c->team, "money");
  assert_string_equal(c->priority, "P2");
  assert_null(taxonomy_category(t, TRG_STR("nonsense")));
  assert_string_equal(t->subcategories[0].name, "invoice");
  assert_int_equal(t->priorities[0].signal_count, 3);
  assert_string_equal(t->priorities[0].signals[0], "all down");
  assert_string_equal(t->escalations[0].reason, "legal-threat");
  assert_true(taxonomy_team(t, TRG_STR("Money")));
  assert_true(taxonomy_team(t, TRG_STR("service"))); /* named by a category alone */
  assert_false(taxonomy_team(t, TRG_STR("")));
  assert_int_equal(t->example_count, 1);
  json *o = json_parse(str_of(t->json), JSON_UNIQUE_KEYS, &err);
  assert_int_equal(json_count(json_get(o, "categories")), 2);
  json_free(&o);
  assert_non_null(strstr(said, "examples.jsonl:2:"));
  assert_non_null(strstr(said, "examples.jsonl:3:"));
  assert_non_null(strstr(said, "twice"));
  taxonomy_free(&t);
}

static void test_without_skill_and_file_a_small_one_stands_in_and_is_told(void **state) {
  (void)state;
  put("other/SKILL.md", "---\ndescription: d\n---\nx");
  struct taxonomy *t = taxonomy(NULL);
  assert_true(t->category_count > 3);
  assert_int_equal(t->priority_count, 4);
  assert_non_null(strstr(said, "ticket-triage"));
  taxonomy_free(&t);
}

static void test_a_file_gives_names_or_maps(void **state) {
  (void)state;
  const char *file = put("t.yaml",
                         "categories:\n  - plain\n  - {name: rich, team: a, priority: P1, "
                         "description: d}\nteams:\n  - a\n  - {name: b, handles: h}\n");
  struct taxonomy *t = taxonomy(file);
  assert_int_equal(t->category_count, 2);
  assert_string_equal(t->categories[0].name, "plain");
  assert_string_equal(t->categories[1].priority, "P1");
  assert_int_equal(t->team_count, 2);
  assert_int_equal(told, 0);
  taxonomy_free(&t);
}

static void test_every_problem_of_a_file_is_told_with_its_line(void **state) {
  (void)state;
  const char *file = put("t.yaml", "categories:\n"
                                   "  - plain\n"
                                   "  - {nam: x}\n"
                                   "  - {name: y, priority: P9}\n"
                                   "  - Plain\n"
                                   "  - [a]\n"
                                   "teams:\n"
                                   "  - {handles: h}\n"
                                   "team: x\n");
  assert_null(taxonomy(file));
  static const char *const expect[] = {
      "t.yaml:3: categories[1]", "t.yaml:4: categories[2].priority",
      "t.yaml:5: categories[3]", "t.yaml:6: categories[4]",
      "t.yaml:8: teams[0]",      "t.yaml:9: team:"};
  for (size_t i = 0; i < sizeof expect / sizeof *expect; i++)
    if (strstr(said, expect[i]) == NULL) fail_msg("no %s in %s", expect[i], said);
  assert_true(err.text[0] != '\0');
  file = put("u.yaml", "teams: [a]\n");
  assert_null(taxonomy(file));
  file = put("v.yaml", "categories: [\n");
  assert_null(taxonomy(file));
  assert_non_null(strstr(said, "v.yaml:2:"));
  assert_null(strstr(said, "v.yaml: line")); /* the place is told once */
}

static void test_labels_that_were_learnt_are_categories(void **state) {
  (void)state;
  static const char *const labels[] = {"card_lost", "How-To"};
  put("ticket-triage/SKILL.md", tables);
  struct skills *s = load();
  struct taxonomy *t = taxonomy_load(NULL, s, labels, 2, NULL, NULL, &err);
  assert_int_equal(t->category_count, 3);
  assert_non_null(taxonomy_category(t, TRG_STR("card_lost")));
  taxonomy_free(&t);
  skills_free(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_skills_have_name_description_body_and_plugin),
      TEST(test_what_is_wrong_with_one_skill_is_told_and_the_others_load),
      TEST(test_a_folder_that_is_not_there_is_told),
      TEST(test_the_hash_changes_with_any_file),
      TEST(test_tables_of_the_triage_skill_are_the_taxonomy),
      TEST(test_without_skill_and_file_a_small_one_stands_in_and_is_told),
      TEST(test_a_file_gives_names_or_maps),
      TEST(test_every_problem_of_a_file_is_told_with_its_line),
      TEST(test_labels_that_were_learnt_are_categories),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
