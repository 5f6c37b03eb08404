/* References to secrets, and secrets in clear. */
#include "unit/test_conf_fake.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[64], credentials[64];

static int setup(void **state) {
  (void)state;
  strcpy(folder, "/tmp/test_conf_secret.XXXXXX");
  strcpy(credentials, "/tmp/test_conf_creds.XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_non_null(mkdtemp(credentials));
  unsetenv("CREDENTIALS_DIRECTORY");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s %s", folder, credentials);
  return system(command);
}

static void put(const char *where, const char *name, const char *text, unsigned mode) {
  char *path = file_join(where, name);
  assert_int_equal(file_write(path, str_of(text), mode, NULL), 0);
  mem_free(path);
}

#define DESK_A        "helpdesks:\n  - name: a\n    connector: zendesk\n    url: https://a.zendesk.com\n"
#define BEARER(value) DESK_A "    auth: {type: bearer, token: " value "}\n"

static struct conf *load(const char *yaml, struct conf_problems *p) {
  *p = (struct conf_problems){0};
  put(folder, "triaged.yaml", yaml, 0600);
  char *path = file_join(folder, "triaged.yaml");
  struct conf *c = conf_load(path, &fake, p);
  mem_free(path);
  return c;
}

static void token_is(const char *yaml, const char *token) {
  struct conf_problems p;
  struct conf *c = load(yaml, &p);
  if (c == NULL || p.count > 0) told(&p);
  assert_non_null(c);
  assert_int_equal(p.count, 0);
  assert_string_equal(((const struct fake_desk *)c->helpdesks[0].settings)->token, token);
  conf_free(&c);
  problems_free(&p);
}

static void token_refused(const char *yaml, const char *text) {
  struct conf_problems p;
  assert_null(load(yaml, &p));
  if (problem_at(&p, 5, "helpdesks[0].auth.token", text) == NULL) {
    told(&p);
    fail_msg("not told: %s", text);
  }
  assert_int_equal(p.count, 1);
  problems_free(&p);
}

static void test_references_are_replaced_anywhere_in_a_text(void **state) {
  (void)state;
  setenv("CONF_ONE", "uno", 1);
  setenv("CONF_TWO", "due", 1);
  put(folder, "secret", "from a file\r\n", 0600);
  token_is(BEARER("\"${env:CONF_ONE}\""), "uno");
  token_is(BEARER("\"a ${env:CONF_ONE}-${env:CONF_TWO} z\""), "a uno-due z");
  token_is(BEARER("\"${file:secret}\""), "from a file");
}

static void test_the_service_s_credentials_come_before_the_config_s_folder(void **state) {
  (void)state;
  put(folder, "secret", "beside\n", 0600);
  put(folder, "other", "other\n", 0600);
  put(credentials, "secret", "credential\n\n", 0600);
  setenv("CREDENTIALS_DIRECTORY", credentials, 1);
  token_is(BEARER("\"${file:secret}\""), "credential");
  token_is(BEARER("\"${file:other}\""), "other");
  token_refused(BEARER("\"${file:none}\""), "nor is it in");
  unsetenv("CREDENTIALS_DIRECTORY");
  token_is(BEARER("\"${file:secret}\""), "beside");
}

static void test_what_can_not_be_resolved_is_told_at_its_line(void **state) {
  (void)state;
  unsetenv("CONF_NONE");
  setenv("CONF_EMPTY", "", 1);
  put(folder, "empty", "\n", 0600);
  token_refused(BEARER("\"${env:CONF_NONE}\""),
                "${env:CONF_NONE}: this environment variable is not");
  token_refused(BEARER("\"${env:CONF_EMPTY}\""), "is empty");
  token_refused(BEARER("\"${env:}\""), "names no variable");
  token_refused(BEARER("\"${file:none}\""), "none: cannot be opened");
  token_refused(BEARER("\"${file:empty}\""), "is empty");
  token_refused(BEARER("\"${file:.}\""), "no regular file");
  token_refused(BEARER("\"${file:/dev/zero}\""), "no regular file");
  token_refused(BEARER("\"${CONF_ONE}\""), "write ${env:CONF_ONE}");
  token_refused(BEARER("\"${env:CONF_ONE\""), "\"${\" without \"}\"");
}

static void test_a_secret_in_clear_is_a_warning_that_does_not_show_it(void **state) {
  (void)state;
  struct conf_problems p;
  struct conf *c = load(BEARER("hunter2hunter2"), &p);
  assert_non_null(c);
  assert_int_equal(p.count, 1);
  assert_true(p.items[0].warning);
  assert_int_equal(p.items[0].line, 5);
  assert_non_null(strstr(p.items[0].text, "${file:PATH}"));
  assert_null(strstr(p.items[0].text, "hunter2"));
  conf_free(&c);
  problems_free(&p);
}

static void test_a_config_with_clear_secrets_that_everybody_can_read_is_a_warning(void **state) {
  (void)state;
  struct conf_problems p = {0};
  put(folder, "open.yaml", BEARER("hunter2hunter2"), 0644);
  char *path = file_join(folder, "open.yaml");
  struct conf *c = conf_load(path, &fake, &p);
  assert_non_null(c);
  const struct conf_problem *one = problem_at(&p, 0, "", "chmod o-r");
  assert_non_null(one);
  assert_true(one->warning);
  conf_free(&c);
  problems_free(&p);
  mem_free(path);
}

static void test_the_value_of_a_reference_never_stands_in_a_message(void **state) {
  (void)state;
  setenv("CONF_ONE", "unospeakable", 1);
  static const char *const yamls[] = {
      DESK_A "    auth: {type: \"${env:CONF_ONE}\"}\n",
      DESK_A "    auth: {type: bearer}\n    page_size: \"${env:CONF_ONE}\"\n",
      DESK_A "    auth: {type: bearer}\n    mode: \"${env:CONF_ONE}\"\n",
      DESK_A "    auth: {type: bearer}\nlisten: \"${env:CONF_ONE}\"\n",
      DESK_A "    auth: {type: bearer}\nlimits: {model_cost_per_day: \"${env:CONF_ONE}\"}\n",
  };
  for (size_t i = 0; i < sizeof yamls / sizeof yamls[0]; i++) {
    struct conf_problems p;
    assert_null(load(yamls[i], &p));
    assert_true(p.errors > 0);
    for (size_t k = 0; k < p.count; k++) assert_null(strstr(p.items[k].text, "unospeakable"));
    problems_free(&p);
  }
}

static void test_secrets_are_masked_in_the_log_wherever_they_came_from(void **state) {
  (void)state;
  struct conf_problems p;
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  log_masks_forget();
  log_init(TRG_INFO, LOG_TEXT, out);
  setenv("CONF_ONE", "first-secret", 1);
  put(folder, "secret", "second-secret\n", 0600);
  struct conf *c = load(DESK_A "    auth: {type: bearer, token: third-secret}\n"
                               "    webhook_secret: \"${file:secret}\"\n"
                               "    write: {group: {a: \"x${env:CONF_ONE}\"}}\n",
                        &p);
  assert_non_null(c);
  log_event(TRG_INFO, "x", "a", "first-secret", "b", "second-secret", "c", "third-secret", NULL);
  fflush(out);
  assert_null(strstr(text, "-secret"));
  log_init(TRG_INFO, LOG_TEXT, NULL);
  log_masks_forget();
  fclose(out);
  free(text);
  conf_free(&c);
  problems_free(&p);
}

static void test_a_reader_of_the_state_needs_no_secrets(void **state) {
  (void)state;
  struct conf_problems p = {0};
  unsetenv("CONF_NONE");
  put(folder, "triaged.yaml",
      DESK_A "    auth: {type: bearer, token: \"${env:CONF_NONE}\"}\n"
             "    write: {group: {a: \"${file:none}\"}}\n"
             "models:\n"
             "  - {name: m, backend: anthropic, model: x, key: \"${env:CONF_NONE}\","
             " price: {input: 1, output: 1}}\n"
             "listen: 0.0.0.0:80\n"
             "access: {mcp_token: \"${env:CONF_NONE}\"}\n",
      0600);
  char *path = file_join(folder, "triaged.yaml");
  assert_null(conf_load(path, &fake, &p));
  problems_free(&p);
  struct conf *c = conf_load_reading(path, &fake, &p);
  assert_non_null(c);
  assert_int_equal(p.errors, 0);
  assert_int_equal(p.count, 4);
  assert_null(((const struct fake_desk *)c->helpdesks[0].settings)->token);
  conf_free(&c);
  problems_free(&p);
  mem_free(path);
}

static void test_a_reader_of_the_state_is_not_led_to_another_state(void **state) {
  (void)state;
  struct conf_problems p = {0};
  unsetenv("CONF_NONE");
  put(folder, "triaged.yaml", DESK_A "    auth: {type: bearer}\nstate: \"${env:CONF_NONE}\"\n",
      0600);
  char *path = file_join(folder, "triaged.yaml");
  assert_null(conf_load_reading(path, &fake, &p));
  assert_non_null(problem_at(&p, 6, "state", "is not set"));
  problems_free(&p);
  mem_free(path);
}

static void test_a_second_reading_with_the_same_problems_is_refused_too(void **state) {
  (void)state;
  struct conf_problems p = {0};
  for (size_t i = 1; i <= 2; i++) {
    assert_null(conf_parse(TRG_STR("drain: 5\n"), "t.yaml", &fake, &p));
    assert_int_equal(p.errors, 2 * i);
  }
  problems_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_references_are_replaced_anywhere_in_a_text),
      cmocka_unit_test(test_the_service_s_credentials_come_before_the_config_s_folder),
      cmocka_unit_test(test_what_can_not_be_resolved_is_told_at_its_line),
      cmocka_unit_test(test_a_secret_in_clear_is_a_warning_that_does_not_show_it),
      cmocka_unit_test(test_a_config_with_clear_secrets_that_everybody_can_read_is_a_warning),
      cmocka_unit_test(test_the_value_of_a_reference_never_stands_in_a_message),
      cmocka_unit_test(test_secrets_are_masked_in_the_log_wherever_they_came_from),
      cmocka_unit_test(test_a_reader_of_the_state_needs_no_secrets),
      cmocka_unit_test(test_a_reader_of_the_state_is_not_led_to_another_state),
      cmocka_unit_test(test_a_second_reading_with_the_same_problems_is_refused_too),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
