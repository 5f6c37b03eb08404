/* Compliance templates: what controls.yaml says a reply has back. */
#include "test_skill_folder.h"

#include "skill/template.h"

static struct arena *a;
static struct trg_err err;

static int load(const char *restore, struct template *ret) {
  put("controls.yaml", restore);
  put("SKILL.md", "---\nname: x\ndescription: y\n---\nText.\n");
  err = (struct trg_err){0};
  return template_load(dir, "x", a, ret, &err);
}

#define HEAD "title: T\ncontrols:\n  - {id: a, text: b, cite: c, check: manual}\n"

static void test_a_template_says_what_a_reply_has_back(void **state) {
  (void)state;
  static const struct {
    const char *text;
    unsigned want;
  } cases[] = {{HEAD, RESTORE_ALL},
               {HEAD "restore: [name, knowledge]\n", RESTORE_NAME | RESTORE_KNOWLEDGE},
               {HEAD "restore: [email, phone]\n", RESTORE_EMAIL | RESTORE_PHONE},
               {HEAD "restore: []\n", 0}};
  struct template t;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(load(cases[i].text, &t), 0);
    assert_int_equal(t.restore, cases[i].want);
  }
}

static void test_what_it_cannot_mean_is_told_with_its_line(void **state) {
  (void)state;
  static const char *const wrong[] = {HEAD "restore: [names]\n", HEAD "restore: name\n",
                                      HEAD "restore: [[name]]\n"};
  struct template t;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_true(load(wrong[i], &t) < 0);
    assert_non_null(strstr(err.text, "controls.yaml:4: restore"));
  }
}

static int setup(void **state) {
  a = arena_new();
  return folder_setup(state);
}

static int teardown(void **state) {
  arena_free(&a);
  return folder_teardown(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_template_says_what_a_reply_has_back),
      T(test_what_it_cannot_mean_is_told_with_its_line),
  };
  return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
