/* Drafts are held to the brand voice's checkable rules; what contradicts itself is told. */
#include "unit/test_skill_folder.h"

#include "cmd/lint.h"
#include "skill/skill.h"
#include "skill/voice.h"

static char told[4096];

static void problem(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  (void)path;
  const size_t n = strlen(told);
  snprintf(told + n, sizeof told - n, "%u: %s\n", line, text);
}

#define HEAD "---\nname: brand-voice\ndescription: Tone.\n---\n"
static const char good[] = HEAD
    "## Greetings\n\n| Language | Channel | Name known | Name unknown |\n|--|--|--|--|\n"
    "| en | any | Hello {name}, | Hello, |\n| en | chat | Hi {name}! | Hi! |\n"
    "| de | any | Guten Tag {name}, | Guten Tag, |\n\n"
    "| Language | Sign-off |\n|--|--|\n| en | Kind regards, |\n| de | Freundliche Grüße |\n\n"
    "| Use | Avoid | Severity |\n|--|--|--|\n| fault | issue, \"the needful\" | soft |\n\n"
    "| Language | Never |\n|--|--|\n| en | we guarantee |\n| de | Selbst schuld |\n\n"
    "| Rule | Limit | Severity | Channel |\n|--|--|--|--|\n| words at most | 28 | hard | any |\n"
    "| words at most | 8 | soft | chat |\n| exclamation marks | 1 | soft | any |\n"
    "| reading level | 60 | soft | any |\n| words in capitals | 0 | soft | any |\n"
    "| longest sentence | 12 | soft | any |\n| greeting | yes | soft | any |\n"
    "| sign-off | yes | hard | any |\n\n"
    "| Language | Bad | Good |\n|--|--|--|\n| en | Your issue | Your fault is mended. |\n";

static struct skills *skills;
static struct arena *a;

static struct voice *load(const char *text) {
  const char *const folders[] = {dir};
  told[0] = '\0';
  put("brand-voice/SKILL.md", text);
  skills = skills_load(folders, 1, NULL, NULL);
  a = arena_new();
  return voice_load(skills, problem, NULL);
}

static void drop(struct voice **v) {
  voice_free(v);
  skills_free(&skills);
  arena_free(&a);
}

/* The rules that a text breaks, as "rule rule!" with a mark for the hard ones. */
static const char *breaks(const struct voice *v, const char *body, const char *language,
                          const char *channel, int *score) {
  struct voice_break *list = NULL;
  const size_t n = voice_check(v, str_of(body), str_of(language), str_of(channel), a, &list, score);
  const char *all = "";
  for (size_t i = 0; i < n; i++)
    all = arena_printf(a, "%s%s%s%s", all, i > 0 ? " " : "", list[i].rule, list[i].hard ? "!" : "");
  return all;
}

static void test_a_reply_that_keeps_to_the_voice_scores_a_hundred(void **state) {
  (void)state;
  struct voice *v = load(good);
  int score = 0;
  assert_string_equal(told, "");
  assert_string_equal(breaks(v, "Hello Ann,\n\nPlease start the app again.\n\nKind regards,\nBo",
                             "en", "email", &score),
                      "");
  assert_int_equal(score, 100);
  assert_string_equal(breaks(v, "Hello,\nPlease start it.\nKind regards,", "en", "email", NULL),
                      "");
  assert_string_equal(breaks(v, "Guten Tag [PERSON_1],\nBitte neu starten.\nFreundliche Grüße",
                             "de", "email", NULL),
                      "");
  drop(&v);
}

static void test_each_rule_is_told_when_it_is_broken(void **state) {
  (void)state;
  struct voice *v = load(good);
  int score = 0;
  assert_string_equal(breaks(v, "Dear Ann, WAIT please! Now!", "en", "email", &score),
                      "exclamation marks words in capitals greeting sign-off!");
  assert_in_range(score, 1, 99);
  assert_string_equal(
      breaks(v, "Hello,\nYour ISSUES and tissue are fine. Kind regards,", "en", "email", NULL),
      "words in capitals"); /* only whole words are meant */
  assert_string_equal(
      breaks(v, "Hello,\nThe issue: we  guarantee it.\nKind regards,", "en", "email", NULL),
      "avoid never!");
  assert_string_equal(
      breaks(v, "Guten Tag,\nwe guarantee: SELBST schuld.\nFreundliche Grüße", "de", "email", NULL),
      "words in capitals never!"); /* of the language alone */
  assert_string_equal(
      breaks(v,
             "Hello,\none two three four five six seven eight nine ten eleven twelve thirteen. One "
             "two three four five six. One two three four five six seven eight.\nKind regards,",
             "en", "email", NULL),
      "words at most! longest sentence");
  assert_string_equal(breaks(v,
                             "Hello,\nNotwithstanding aforementioned circumstances, reimbursement "
                             "necessitates documentation.\nKind regards,",
                             "en", "email", NULL),
                      "reading level");
  drop(&v);
}

static void test_a_rule_for_a_channel_takes_the_place_of_the_one_for_all(void **state) {
  (void)state;
  struct voice *v = load(good);
  const char *text = "Hi!\nPlease start the app again and then wait.\nKind regards,";
  assert_string_equal(breaks(v, text, "en", "chat", NULL), "words at most");
  assert_string_equal(breaks(v, text, "en", "email", NULL), "greeting");
  assert_string_equal(voice_greeting(v, TRG_STR("en"), TRG_STR("chat"), true), "Hi {name}!");
  assert_string_equal(voice_greeting(v, TRG_STR("en"), TRG_STR("web"), false), "Hello,");
  assert_null(voice_greeting(v, TRG_STR("pl"), TRG_STR("web"), false));
  char *text_json = voice_json(v, TRG_STR("de"), TRG_STR("email"));
  assert_non_null(strstr(text_json, "\"greeting\":\"Guten Tag,\""));
  assert_non_null(strstr(text_json, "\"never\":[\"selbst schuld\"]"));
  mem_free(text_json);
  drop(&v);
}

static void test_without_the_skill_there_are_no_rules(void **state) {
  (void)state;
  const char *const folders[] = {dir};
  skills = skills_load(folders, 1, NULL, NULL);
  a = arena_new();
  struct voice *v = voice_load(skills, problem, NULL);
  int score = 0;
  assert_int_equal(voice_rules(v), 0);
  assert_string_equal(breaks(v, "ANYTHING!!!", "en", "chat", &score), "");
  assert_int_equal(score, 100);
  drop(&v);
}

static void test_contradictions_of_a_voice_are_told_with_their_line(void **state) {
  (void)state;
  struct voice *v = load(
      HEAD
      "| Use | Avoid |\n|--|--|\n| dear friend | pal |\n| pal | chum |\n\n"
      "| Language | Name known | Name unknown |\n|--|--|--|\n| en | x | Hey pal, |\n"
      "| en | y | Hello, |\n| de | Hallo {name} | |\n\n"
      "| Rule | Limit |\n|--|--|\n| words at least | 90 |\n| words at most | 20 |\n"
      "| rhymes | 3 |\n| emoji | few |\n\n| Bad | Good |\n|--|--|\n| no | My chum, hello. |\n");
  static const char *const lines[] = {"8: \"pal\" is to be used here and to be avoided in line 7",
                                      "7: \"pal\" is to be avoided and stands in \"Hey pal,\"",
                                      "13: this language and channel stand twice",
                                      "14: a greeting needs a form for an unknown name",
                                      "18: a reply can not be longer than this and shorter",
                                      "20: there is no rule \"rhymes\"",
                                      "21: a limit is a whole number",
                                      "25: the good example has \"chum\", which line 8 avoids"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (strstr(told, lines[i]) == NULL) fail_msg("\"%s\" is not in:\n%s", lines[i], told);
  drop(&v);
}

static void lint_says(const struct lint *l, const char *words, uint32_t line) {
  for (size_t i = 0; i < l->count; i++)
    if (strstr(l->items[i].text, words) != NULL && l->items[i].line == line) return;
  for (size_t i = 0; i < l->count; i++)
    print_message("%s:%u: %s\n", l->items[i].path, l->items[i].line, l->items[i].text);
  fail_msg("nobody said \"%s\" of line %u", words, line);
}

static void test_lint_tells_what_contradicts_itself(void **state) {
  (void)state;
  put("ticket-triage/SKILL.md",
      "---\nname: ticket-triage\ndescription: Triage.\n---\n## Categories\n\n"
      "| Category | Team | Default priority | Description |\n|--|--|--|--|\n"
      "| billing | office | P9 | Money |\n| late | road | P3 | |\n\n"
      "## Teams\n\n| Team | Handles |\n|--|--|\n| road | Parcels |\n\n"
      "## Sub-categories\n\n| Category | Sub-category |\n|--|--|\n| fire | smoke |\n\n"
      "Labelled: [examples](references/examples.jsonl), and `references/gone.md`.\n");
  put("ticket-triage/references/examples.jsonl",
      "{\"text\":\"x\",\"labels\":{\"category\":\"late\"}}\n"
      "{\"text\":\"y\",\"labels\":{\"category\":\"fire\"}}\n");
  put("brand-voice/SKILL.md", HEAD "| Rule | Limit |\n|--|--|\n| rhymes | 3 |\n");
  put("one/SKILL.md", "---\nname: one\ndescription: Answer questions about parcels customs duties "
                      "carriers and lost goods.\n---\nx\n");
  put("two/SKILL.md", "---\nname: two\ndescription: Answer questions on parcels, customs, duties, "
                      "carriers, lost goods.\n---\nx\n");
  struct lint l;
  lint_folder(dir, &l);
  lint_says(&l, "\"office\" of the category \"billing\" is in no table of teams", 9);
  lint_says(&l, "\"P9\" of \"billing\" is not P1", 9);
  lint_says(&l, "\"late\" has no description", 10);
  lint_says(&l, "\"smoke\" is of \"fire\", which is no category", 22);
  lint_says(&l, "labelled \"fire\", which is no category", 2);
  lint_says(&l, "references/gone.md, named here, is not there", 24);
  lint_says(&l, "there is no rule \"rhymes\"", 7);
  lint_says(&l, "says the same as that of", 1);
  lint_free(&l);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_a_reply_that_keeps_to_the_voice_scores_a_hundred),
      TEST(test_each_rule_is_told_when_it_is_broken),
      TEST(test_a_rule_for_a_channel_takes_the_place_of_the_one_for_all),
      TEST(test_without_the_skill_there_are_no_rules),
      TEST(test_contradictions_of_a_voice_are_told_with_their_line),
      TEST(test_lint_tells_what_contradicts_itself)};
  return cmocka_run_group_tests_name("skill voice", tests, NULL, NULL);
}
