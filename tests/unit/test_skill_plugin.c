/* Whole plugin folders, in the shapes in which they occur, load without a change. */
#include "unit/test_skill_folder.h"

#include "base/buf.h"
#include "skill/bundle.h"
#include "skill/connect.h"
#include "skill/render.h"
#include "skill/skill.h"

static char told[4096];

static void problem(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  const size_t n = strlen(told);
  snprintf(told + n, sizeof told - n, "%s:%u: %s\n", path, line, text);
}

static struct skills *load(void) {
  const char *const folders[] = {dir};
  told[0] = '\0';
  return skills_load(folders, 1, problem, NULL);
}

#define SKILL(name, text) "---\nname: " name "\ndescription: " text "\n---\n# " name "\n"

static void test_a_plugin_folder_gives_its_name_and_its_skills_and_commands(void **state) {
  (void)state;
  put(".claude-plugin/plugin.json",
      "{\"name\":\"desk\",\"version\":\"1.2.0\",\"unknown\":{\"x\":1}}");
  put("skills/one/SKILL.md", SKILL("one", "Does one."));
  put("skills/deep/inner/SKILL.md", SKILL("inner", "Lies deeper."));
  put("commands/sum-up.md",
      "---\ndescription: Sums up.\nargument-hint: [text, more text]\n---\nDo.\n");
  put("docs/SKILL.md", SKILL("docs", "Is no skill of the plugin."));
  put("README.md", "# No command\n");
  struct skills *s = load();
  assert_int_equal(skills_count(s), 3);
  assert_string_equal(skills_find(s, "desk:one")->plugin, "desk");
  assert_non_null(skills_find(s, "inner"));
  const struct skill *command = skills_find(s, "sum-up");
  assert_true(command->command);
  assert_string_equal(command->argument_hint, "[text, more text]");
  assert_null(skills_find(s, "docs"));
  assert_null(skills_find(s, "other:one"));
  assert_string_equal(told, "");
  skills_free(&s);
}

static void test_a_manifest_names_folders_that_replace_the_usual_ones(void **state) {
  (void)state;
  put(".claude-plugin/plugin.json",
      "{\"name\":\"desk\",\"skills\":[\"./custom\",\"../out\"],\"commands\":\"./orders/go.md\"}");
  put("skills/usual/SKILL.md", SKILL("usual", "Is replaced."));
  put("custom/own/SKILL.md", SKILL("own", "Counts."));
  put("orders/go.md", "Go there.\n");
  put("orders/stay.md", "Stay here.\n");
  struct skills *s = load();
  assert_int_equal(skills_count(s), 2);
  assert_non_null(skills_find(s, "own"));
  assert_string_equal(skills_find(s, "go")->description, "Go there.");
  assert_non_null(strstr(told, "must begin with ./"));
  skills_free(&s);
}

static void test_front_matter_of_every_shape_is_read(void **state) {
  (void)state;
  put("a/SKILL.md",
      "---\nname: a\ndescription: >\n  Folded\n\n  text.\nuser-invocable: false\n"
      "triggers:\n  - \"late parcel\"\n  - lost\nallowed-tools: Read, Grep\n---\nA\n");
  put("b/SKILL.md", "\xef\xbb\xbf---\r\nname: b\r\ndescription: |-\r\n  Literal text.\r\n"
                    "version: 1.0\r\ndisable-model-invocation: yes\r\n---\r\nB\r\n---\r\nmore\r\n");
  put("c/SKILL.md", "---\nname: c/d e\ndescription: Use when: it is unquoted\nargument_hint: no\n"
                    "metadata: &x {y: *x}\n---\nC\n");
  put("d/SKILL.md", "# No front matter\n\nThe first paragraph.\n");
  put("e/SKILL.md", "---\nname: e\ndescription: never closed\n");
  struct skills *s = load();
  assert_int_equal(skills_count(s), 5);
  const struct skill *a = skills_find(s, "a"), *b = skills_find(s, "b");
  assert_string_equal(a->description, "Folded\ntext.");
  assert_false(a->user_invocable);
  assert_int_equal(a->trigger_count, 2);
  assert_string_equal(a->triggers[0], "late parcel");
  assert_int_equal(a->allowed_tool_count, 2);
  assert_string_equal(b->description, "Literal text.");
  assert_string_equal(b->version, "1.0");
  assert_false(b->model_invocable);
  const struct skill *c = skills_find(s, "c/d e");
  assert_string_equal(c->description, "Use when: it is unquoted");
  assert_string_equal(c->argument_hint, "no");
  assert_non_null(strstr(told, "no valid YAML"));
  assert_string_equal(skills_find(s, "d")->description, "The first paragraph.");
  assert_non_null(skills_find(s, "e"));
  struct trg_err err = {0};
  assert_string_equal(skill_body(s, b, &err), "B\r\n---\r\nmore\r\n");
  skills_free(&s);
}

static void test_servers_without_an_address_and_with_odd_names_are_no_error(void **state) {
  (void)state;
  put(".claude-plugin/plugin.json", "{\"name\":\"desk\",\"mcpServers\":\"./more.json\"}");
  put(".mcp.json", "{\"mcpServers\":{\"chat\":{\"type\":\"http\",\"url\":\"https://example.com\"},"
                   "\"team calendar\":{\"type\":\"http\",\"url\":\"\"}}}");
  put("more.json", "{\"orders\":{\"command\":\"orders\"}}");
  put("skills/one/SKILL.md", SKILL("one", "Does one."));
  struct skills *s = load();
  const struct bundle *const *all = NULL;
  assert_int_equal(skills_bundles(s, &all), 1);
  assert_int_equal(all[0]->server_count, 3);
  assert_true(all[0]->servers[0].configured);
  assert_string_equal(all[0]->servers[1].name, "team calendar");
  assert_false(all[0]->servers[1].configured);
  assert_true(all[0]->servers[2].configured);
  assert_string_equal(told, "");
  skills_free(&s);
}

static void test_a_broken_manifest_does_not_lose_the_skills(void **state) {
  (void)state;
  put(".claude-plugin/plugin.json", "{ no json");
  put("skills/one/SKILL.md", SKILL("one", "Does one."));
  struct skills *s = load();
  assert_int_equal(skills_count(s), 1);
  assert_non_null(strstr(told, "plugin.json"));
  skills_free(&s);
}

static void test_of_two_skills_with_one_name_that_of_the_later_folder_counts(void **state) {
  (void)state;
  put("shipped/skills/brand-voice/SKILL.md", SKILL("brand-voice", "Shipped."));
  put("own/SKILL.md", SKILL("brand-voice", "Our own."));
  char *a = file_join(dir, "shipped"), *b = file_join(dir, "own/");
  const char *const folders[] = {a, b};
  struct skills *s = skills_load(folders, 2, problem, NULL);
  assert_int_equal(skills_count(s), 2);
  assert_string_equal(skills_find(s, "brand-voice")->description, "Our own.");
  assert_string_equal(skills_find(s, "shipped:brand-voice")->description, "Shipped.");
  skills_free(&s);
  mem_free(a);
  mem_free(b);
}

static void test_a_body_that_changed_since_it_was_loaded_is_refused(void **state) {
  (void)state;
  put("one/SKILL.md", SKILL("one", "Does one."));
  struct skills *s = load();
  struct trg_err err = {0};
  put("one/SKILL.md", SKILL("one", "Does another."));
  assert_null(skill_body(s, skills_at(s, 0), &err));
  assert_non_null(strstr(err.text, "changed since it was loaded"));
  skills_free(&s);
}

static void test_references_stay_inside_the_root_and_are_no_scripts(void **state) {
  (void)state;
  put("plugin/skills/one/SKILL.md", SKILL("one", "Does one."));
  put("plugin/CONNECTORS.md", "shared\n");
  put("plugin/skills/one/references/guide.md", "guide\n");
  put("plugin/skills/one/scripts/run.sh", "#!/bin/sh\n");
  put("secret.md", "secret\n");
  char *link = file_join(dir, "plugin/skills/one/references/link.md");
  char *secret = file_join(dir, "secret.md");
  assert_int_equal(symlink(secret, link), 0);
  char *root = file_join(dir, "plugin");
  const char *const folders[] = {root};
  struct skills *s = skills_load(folders, 1, problem, NULL);
  const struct skill *k = skills_find(s, "one");
  struct arena *a = arena_new();
  struct trg_err err = {0};
  const char *text = NULL;
  assert_int_equal(skill_reference(k, "references/guide.md", a, &text, &err), 0);
  assert_string_equal(text, "guide\n");
  assert_int_equal(skill_reference(k, "../../CONNECTORS.md", a, &text, &err), 0);
  assert_true(skill_reference(k, "../../../secret.md", a, &text, &err) < 0);
  assert_true(skill_reference(k, "references/link.md", a, &text, &err) < 0);
  assert_true(skill_reference(k, "scripts/run.sh", a, &text, &err) < 0);
  assert_true(skill_reference(k, "references/gone.md", a, &text, &err) < 0);
  arena_free(&a);
  skills_free(&s);
  mem_free(root);
  mem_free(link);
  mem_free(secret);
}

/* --- in a prompt -------------------------------------------------------------------------------
 */

static const char *const crm[] = {"CRM"};
static const struct connection list[] = {
    {.name = "support", .product = "helpstation"},
    {.name = "orders", .product = "", .categories = crm, .category_count = 1},
    {.name = "tracker", .product = ""}};
static const struct connections connected = {list, 3, 1, true};

static void test_placeholders_name_what_is_connected_and_nothing_is_run(void **state) {
  (void)state;
  put("CONNECTORS.md",
      "# Connectors\n\n| Category | Placeholder | Included servers | Other options |\n"
      "|---|---|---|---|\n| Project tracker | `~~project tracker` | Board | Tracker, Other |\n"
      "| Fax | `~~fax machine` | None | - |\n");
  put("skills/one/SKILL.md",
      "---\nname: one\ndescription: x\n---\n"
      "Look in **~~support platform**, ~~knowledge base, ~~crm, ~~project tracker and ~~fax "
      "machine. ~~Struck out~~ stays, and $5 too.\nWorks on $ARGUMENTS in ${CLAUDE_SKILL_DIR}.\n"
      "Now: !`rm -rf /tmp/x`.\n");
  struct skills *s = load();
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, 0);
  assert_int_equal(skill_render(s, skills_at(s, 0), &connected, 1000, &b, &err), 0);
  assert_string_equal(
      b.p, "Look in **support platform (here: support (helpstation))**, knowledge base "
           "(here: the given passages), crm (here: orders), project tracker (here: "
           "tracker) and fax machine (not connected). ~~Struck out~~ stays, and $5 too.\n"
           "Works on the ticket in the user message in the skill's folder.\n"
           "Now: (output of a command, which is not run here).\n");
  buf_free(&b);
  skills_free(&s);
}

static void test_a_body_is_cut_to_its_budget_at_a_line_and_says_so(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "---\nname: one\ndescription: x\n---\n");
  for (int i = 0; i < 400; i++) buf_text(&b, "A line of about ten tokens of text.\n");
  put("one/SKILL.md", b.p);
  struct skills *s = load();
  struct trg_err err = {0};
  assert_true(skills_at(s, 0)->body_tokens > 3000);
  buf_reset(&b);
  assert_int_equal(skill_render(s, skills_at(s, 0), &connected, 500, &b, &err), 0);
  assert_true(skill_tokens(buf_view(&b)) < 540);
  assert_non_null(strstr(b.p, "text.\n\n(The rest is left out"));
  buf_free(&b);
  skills_free(&s);
}

static void test_a_ticket_chooses_skills_by_description_and_files_by_their_line(void **state) {
  (void)state;
  put("parcels/SKILL.md",
      "---\nname: parcels\ndescription: Answer questions about customs duties, parcels abroad and "
      "carriers.\n---\n- Switzerland and Norway: [customs](references/customs.md)\n"
      "- Fragile goods: [glass](references/glass.md)\n- Gone: [gone](references/gone.md) for "
      "Norway\n");
  put("parcels/references/customs.md", "Duties are paid by the carrier.\n");
  put("parcels/references/glass.md", "Wrap it.\n");
  put("secret/SKILL.md", "---\nname: secret\ndescription: customs duties parcels carriers\n"
                         "disable-model-invocation: true\n---\nNo.\n");
  put("batteries/SKILL.md", SKILL("batteries", "Recycling of batteries."));
  struct skills *s = load();
  const struct skill *chosen[2];
  const struct trg_str words = TRG_STR(
      "My parcel to Norway: who pays the customs duty, the carrier?");
  assert_int_equal(skills_choose(s, words, NULL, 0, 2, chosen), 1);
  assert_string_equal(chosen[0]->name, "parcels");
  struct buf b;
  buf_init(&b, 0);
  assert_int_equal(skills_render_chosen(s, chosen, 1, words, &connected, &b, NULL, NULL), 1);
  assert_non_null(strstr(b.p, "<skill name=\"parcels\">"));
  assert_non_null(strstr(b.p, "Duties are paid"));
  assert_null(strstr(b.p, "Wrap it"));
  buf_free(&b);
  const char *const except[] = {"parcels"};
  assert_int_equal(skills_choose(s, words, except, 1, 2, chosen), 0);
  assert_int_equal(skills_choose(s, TRG_STR("Thank you very much"), NULL, 0, 2, chosen), 0);
  skills_free(&s);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_a_plugin_folder_gives_its_name_and_its_skills_and_commands),
      TEST(test_a_manifest_names_folders_that_replace_the_usual_ones),
      TEST(test_front_matter_of_every_shape_is_read),
      TEST(test_servers_without_an_address_and_with_odd_names_are_no_error),
      TEST(test_a_broken_manifest_does_not_lose_the_skills),
      TEST(test_of_two_skills_with_one_name_that_of_the_later_folder_counts),
      TEST(test_a_body_that_changed_since_it_was_loaded_is_refused),
      TEST(test_references_stay_inside_the_root_and_are_no_scripts),
      TEST(test_placeholders_name_what_is_connected_and_nothing_is_run),
      TEST(test_a_body_is_cut_to_its_budget_at_a_line_and_says_so),
      TEST(test_a_ticket_chooses_skills_by_description_and_files_by_their_line)};
  return cmocka_run_group_tests_name("skill plugin", tests, NULL, NULL);
}
