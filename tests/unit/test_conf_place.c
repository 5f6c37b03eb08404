/* Where files are looked for, and files that can not be read. */
#include "unit/test_conf_fake.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[PATH_MAX];

static int setup(void **state) {
  (void)state;
  char made[] = "/tmp/test_conf_place.XXXXXX";
  assert_non_null(mkdtemp(made));
  assert_non_null(realpath(made, folder));
  return 0;
}

static int teardown(void **state) {
  (void)state;
  char command[PATH_MAX + 16];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void put(const char *name, const char *text) {
  char *path = file_join(folder, name);
  char *dir = file_dir(path);
  assert_int_equal(file_mkdirs(dir, 0700, NULL), 0);
  assert_int_equal(file_write(path, str_of(text), 0600, NULL), 0);
  mem_free(dir);
  mem_free(path);
}

static struct conf *load(const char *yaml, struct conf_problems *p) {
  *p = (struct conf_problems){0};
  put("triaged.yaml", yaml);
  char *path = file_join(folder, "triaged.yaml");
  struct conf *c = conf_load(path, &fake, p);
  mem_free(path);
  return c;
}

static struct conf *loaded(const char *yaml) {
  struct conf_problems p;
  struct conf *c = load(yaml, &p);
  if (c == NULL || p.count > 0) told(&p);
  assert_non_null(c);
  problems_free(&p);
  return c;
}

static void is_below(const char *path, const char *name) {
  char *wanted = file_join(folder, name);
  assert_string_equal(path, wanted);
  mem_free(wanted);
}

static void test_paths_are_relative_to_the_config_s_folder(void **state) {
  (void)state;
  put("voice/SKILL.md", "x");
  put("kb/a.md", "x");
  put("words.yaml", "x: 1");
  struct conf *c = loaded(HEAD "state: var\nskills: [voice]\nknowledge: [kb, kb/a.md]\n"
                               "taxonomy: words.yaml\n"
                               "models:\n  - {name: m, backend: local, file: m.model}\n");
  is_below(c->state, "var");
  assert_int_equal(c->skill_count, 1);
  is_below(c->skills[0], "voice");
  assert_int_equal(c->knowledge_count, 2);
  is_below(c->knowledge[1], "kb/a.md");
  is_below(c->taxonomy, "words.yaml");
  is_below(((const struct fake_model *)c->models[0].settings)->file, "m.model");
  conf_free(&c);
}

static void test_a_relative_config_path_gives_absolute_places(void **state) {
  (void)state;
  char before[PATH_MAX];
  assert_non_null(getcwd(before, sizeof before));
  put("triaged.yaml", HEAD "state: var\n");
  assert_int_equal(chdir(folder), 0);
  struct conf_problems p = {0};
  struct conf *c = conf_load("triaged.yaml", &fake, &p);
  assert_int_equal(chdir(before), 0);
  assert_non_null(c);
  is_below(c->state, "var");
  assert_string_equal(c->file, "triaged.yaml");
  conf_free(&c);
  problems_free(&p);
}

static void test_missing_folders_are_told(void **state) {
  (void)state;
  struct conf_problems p;
  put("file", "x");
  assert_null(load(HEAD "skills:\n  - /no/such\n  - file\nknowledge: [none]\nstate: file\n", &p));
  assert_non_null(problem_at(&p, 4, "skills[0]", "/no/such does not exist"));
  assert_non_null(problem_at(&p, 4, "skills[1]", "is a file"));
  assert_non_null(problem_at(&p, 7, "knowledge[0]", "relative to the config's folder"));
  assert_non_null(problem_at(&p, 8, "state", "must be a folder"));
  problems_free(&p);
}

static void test_a_price_book_is_found_by_name_or_by_path(void **state) {
  (void)state;
  put("books/ours.yaml", "x: 1");
  put("elsewhere/b.yaml", "x: 1");
  struct conf *c = loaded(HEAD "billing: {book: ours}\n");
  assert_string_equal(c->book, "ours");
  is_below(c->book_path, "books/ours.yaml");
  conf_free(&c);
  c = loaded(HEAD "billing: {book: elsewhere/b.yaml}\n");
  is_below(c->book_path, "elsewhere/b.yaml");
  conf_free(&c);
  c = loaded(HEAD "billing: {book: per-resolution}\n");
  assert_null(c->book_path);
  conf_free(&c);
  put("books/per-resolution.yaml", "x: 1");
  c = loaded(HEAD "billing: {book: per-resolution}\n");
  is_below(c->book_path, "books/per-resolution.yaml");
  conf_free(&c);
}

static void test_an_unknown_price_book_lists_where_it_was_looked_for(void **state) {
  (void)state;
  struct conf_problems p;
  assert_null(load(HEAD "billing: {book: fnord}\n", &p));
  const struct conf_problem *one = problem_at(&p, 4, "billing.book", "no price book \"fnord\"");
  assert_non_null(one);
  assert_non_null(strstr(one->text, folder));
  assert_non_null(strstr(one->text, "/share/triaged/books/fnord.yaml"));
  assert_non_null(strstr(one->text, "/../config/books/fnord.yaml"));
  problems_free(&p);
  assert_null(load(HEAD "billing: {book: ../fnord}\n", &p));
  assert_non_null(problem_at(&p, 4, "billing.book", "../fnord"));
  problems_free(&p);
}

static void unreadable(const char *path, const char *text) {
  struct conf_problems p = {0};
  assert_null(conf_load(path, &fake, &p));
  if (problem_at(&p, 0, "", text) == NULL) {
    told(&p);
    fail_msg("not told: %s", text);
  }
  problems_free(&p);
}

static void test_a_file_that_can_not_be_read_is_told(void **state) {
  (void)state;
  unreadable("/no/such/triaged.yaml", "there is no such file");
  unreadable(folder, "is a folder; name the file in it");
  unreadable("/dev/null/x", "can not be read: Not a directory");
  if (geteuid() == 0) return; /* root may read everything */
  put("closed.yaml", HEAD);
  char *path = file_join(folder, "closed.yaml");
  assert_int_equal(chmod(path, 0), 0);
  unreadable(path, "permission denied");
  mem_free(path);
}

/* The examples stand in the repository, above the program or in the current folder. */
static bool example_path(const char *name, char path[PATH_MAX]) {
  char self[PATH_MAX - 64];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n > 0 ? n : 0] = '\0';
  char *dir = file_dir(self);
  snprintf(path, PATH_MAX, "%.4000s/../../config/%s", dir, name);
  mem_free(dir);
  if (file_exists(path)) return true;
  snprintf(path, PATH_MAX, "config/%s", name);
  return file_exists(path);
}

static void test_the_example_configs_are_taken_when_their_variables_are_set(void **state) {
  (void)state;
  static const char *const names[] = {"triaged.yaml", "zendesk.yaml", "local-only.yaml",
                                      "claude.yaml"};
  static const char *const variables[] = {"ZENDESK_CLIENT_SECRET", "ZENDESK_WEBHOOK_SECRET",
                                          "ANTHROPIC_API_KEY"};
  for (size_t i = 0; i < 3; i++) setenv(variables[i], "something", 1);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[PATH_MAX];
    struct conf_problems p = {0};
    if (!example_path(names[i], path)) {
      print_message("%s is not beside this program; not looked at\n", names[i]);
      continue;
    }
    struct conf *c = conf_load(path, &fake, &p);
    if (c == NULL || p.count > 0) told(&p);
    assert_non_null(c);
    assert_int_equal(p.count, 0);
    conf_free(&c);
    problems_free(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_are_relative_to_the_config_s_folder),
      cmocka_unit_test(test_a_relative_config_path_gives_absolute_places),
      cmocka_unit_test(test_missing_folders_are_told),
      cmocka_unit_test(test_a_price_book_is_found_by_name_or_by_path),
      cmocka_unit_test(test_an_unknown_price_book_lists_where_it_was_looked_for),
      cmocka_unit_test(test_a_file_that_can_not_be_read_is_told),
      cmocka_unit_test(test_the_example_configs_are_taken_when_their_variables_are_set),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
