/* What the embedded model learns from: files one after the other, and the skills beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void trained(const char *args, const char *want) {
  char line[700], *out = NULL;
  snprintf(line, sizeof line, "train %s", args);
  assert_int_equal(rig_run(&R, "triagectl", line, &out), 0);
  if (strstr(out, want) == NULL) fail_msg("no \"%s\" in %s", want, out);
  free(out);
}

static char *file(const char *text) {
  static char path[600];
  rig_file(&R, "learn.tsv", text);
  snprintf(path, sizeof path, "%s", rig_path(&R, "learn.tsv"));
  return path;
}

static void a_second_file_joins_the_first_and_the_newest_label_wins(void **state) {
  (void)state;
  trained(file("tea\tthe kettle sings\ncake\tthe oven is warm\n"),
          "of them 2 of the file, 0 of files before, 0 solved tickets, 0 of the skills");
  trained(file("cake\tthe kettle sings\ntea\twrite to anna@example.org\n"),
          "of them 2 of the file, 1 of files before, 0 solved tickets, 0 of the skills");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 3);
  char text[200];
  rig_sql_text(&R, "SELECT labels FROM taught WHERE text = 'the kettle sings'", text, sizeof text);
  assert_string_equal(text, "{\"category\":\"cake\"}");
  /* What is kept is masked. */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught WHERE text LIKE '%anna%'"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught WHERE text LIKE '%[EMAIL%'"), 1);
}

static void forgetting_leaves_the_files_before_out(void **state) {
  (void)state;
  trained(file("tea\tthe kettle sings\ncake\tthe oven is warm\n"), "2 of the file");
  char args[700];
  snprintf(args, sizeof args, "--forget %s", file("fish\tthe net is torn\nmeat\tthe knife cuts\n"));
  trained(args, "of them 2 of the file, 0 of files before");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught WHERE text LIKE '%kettle%'"), 0);
}

static void examples_of_the_skills_join_files_of_their_categories(void **state) {
  (void)state;
  char args[700], *out = NULL;
  snprintf(args, sizeof args, "train %s", file("billing\tpaid it two times\nshipping\tno box\n"));
  assert_int_equal(rig_run(&R, "triagectl", args, &out), 0);
  assert_non_null(strstr(out, "of them 2 of the file"));
  assert_null(strstr(out, " 0 of the skills"));
  assert_null(strstr(out, "category: 2 classes"));
  free(out);
}

static void a_training_that_fails_keeps_what_was_remembered(void **state) {
  (void)state;
  trained(file("tea\tthe kettle sings\ncake\tthe oven is warm\n"), "2 of the file");
  char args[700];
  snprintf(args, sizeof args, "train --forget %s",
           file("{\"text\":\"a\",\"labels\":{\"colour\":\"red\"}}\n"
                "{\"text\":\"b\",\"labels\":{\"colour\":\"blue\"}}\n"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught WHERE labels LIKE '%category%'"), 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 2);
}

/* The service has a user of its own, which must be able to read what root's triagectl made. */
static void what_root_trains_belongs_to_whom_the_state_belongs_to(void **state) {
  (void)state;
  static const char *const names[] = {"state/local.model", "state/triaged.db", "state/key",
                                      "state/lock"};
  struct stat s;
  if (geteuid() != 0) {
    print_message("# only root can make files of somebody else: skipped\n");
    skip();
  }
  assert_int_equal(mkdir(rig_path(&R, "state"), 0700), 0);
  assert_int_equal(chown(rig_path(&R, "state"), 65534, 65534), 0);
  assert_int_equal(symlink("/etc/hostname", rig_path(&R, "state/elsewhere")), 0);
  assert_int_equal(link(rig_path(&R, "triaged.yaml"), rig_path(&R, "state/twice")), 0);
  trained(file("tea\tthe kettle sings\ncake\tthe oven is warm\n"), "of them 2 of the file");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_int_equal(stat(rig_path(&R, names[i]), &s), 0);
    if (s.st_uid != 65534) fail_msg("%s belongs to %u", names[i], (unsigned)s.st_uid);
  }
  /* Nothing that stands elsewhere is given away. */
  assert_int_equal(stat("/etc/hostname", &s), 0);
  assert_int_equal(s.st_uid, 0);
  assert_int_equal(stat(rig_path(&R, "triaged.yaml"), &s), 0);
  assert_int_equal(s.st_uid, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_second_file_joins_the_first_and_the_newest_label_wins),
      T(forgetting_leaves_the_files_before_out),
      T(examples_of_the_skills_join_files_of_their_categories),
      T(what_root_trains_belongs_to_whom_the_state_belongs_to),
      T(a_training_that_fails_keeps_what_was_remembered),
  };
  return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
