/* What people make of drafts is kept: who, when, and how much they changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>

#include "rig.h"

static struct rig R;

static int setup(void **state) {
  (void)state;
  rig_open(&R);
  rig_tickets(&R, 30);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "mode: auto", "mode: draft", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  return 0;
}

/* The embedded model drafts: it leaves what no passage answers to people. */
static int setup_local(void **state) {
  (void)state;
  rig_open(&R);
  rig_tickets(&R, 40);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "draft: {models: [haiku]}", "draft: {models: [house]}", "tasks: {triage",
           "  - {name: house, backend: local}\ntasks: {triage", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* The i-th draft that can be approved. */
static const char *waiting(int i) {
  static char ref[64];
  char sql[400];
  snprintf(
      sql, sizeof sql,
      "SELECT d.ref FROM v_drafts d JOIN v_tickets t ON t.ref = d.ref WHERE d.state = 'waiting'"
      " AND t.state = 'following' ORDER BY d.id LIMIT 1 OFFSET %d",
      i);
  rig_sql_text(&R, sql, ref, sizeof ref);
  assert_true(ref[0] != '\0');
  return ref;
}

static void run(const char *format, const char *ref, int want, char **out) {
  char args[200];
  snprintf(args, sizeof args, format, ref);
  assert_int_equal(rig_run(&R, "triagectl", args, out), want);
}

static void test_reviews_are_a_signal_by_category_model_and_skill(void **state) {
  (void)state;
  char a[64], b[64], c[64], text[200];
  char *out = NULL;
  snprintf(a, sizeof a, "%s", waiting(0));
  snprintf(b, sizeof b, "%s", waiting(1));
  snprintf(c, sizeof c, "%s", waiting(2));
  rig_file(&R, "edit.txt", "Hello, a text that somebody wrote anew. Kind regards,");
  run("review diff %s", b, 1, NULL); /* nothing was changed yet */
  char args[200];
  snprintf(args, sizeof args, "review edit %s --file %s", b, rig_path(&R, "edit.txt"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  run("review diff %s", b, 0, &out);
  assert_non_null(strstr(out, "{+"));
  assert_non_null(strstr(out, "of the words changed, by "));
  free(out);
  run("review approve %s", a, 0, NULL);
  run("review approve %s", b, 0, NULL);
  run("review reject %s --why wrong", c, 0, NULL);
  rig_sql_text(&R,
               "SELECT group_concat(kind, ' ') FROM (SELECT kind FROM v_feedback ORDER BY kind)",
               text, sizeof text);
  assert_string_equal(text, "approved edited rejected");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_feedback WHERE who <> '' AND at <> '' AND"
                               " length(skills_hash) = 64 AND model <> ''"),
                   3);
  assert_int_equal(rig_sql(&R, "SELECT distance = 0 FROM v_feedback WHERE kind = 'approved'"), 1);
  assert_int_equal(rig_sql(&R, "SELECT distance > 0.3 FROM v_feedback WHERE kind = 'edited'"), 1);
  assert_int_equal(rig_run(&R, "triagectl", "feedback --by model --format csv", &out), 0);
  assert_non_null(strstr(out, ",3,1,1,1,0,0.6"));
  free(out);
  assert_int_equal(rig_run(&R, "triagectl", "feedback --by weather", NULL), 2);
}

/* `review edit` with a script for an editor; triagectl's files go into a folder of their own. */
static void edit_with(const char *script, const char *ref, int want) {
  char text[1400];
  (void)mkdir(rig_path(&R, "typing"), 0700);
  snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
  rig_file(&R, "editor", text);
  assert_int_equal(chmod(rig_path(&R, "editor"), 0700), 0);
  assert_int_equal(setenv("EDITOR", rig_path(&R, "editor"), 1), 0);
  assert_int_equal(setenv("TMPDIR", rig_path(&R, "typing"), 1), 0);
  assert_int_equal(unsetenv("VISUAL"), 0);
  run("review edit %s", ref, want, NULL);
  assert_int_equal(unsetenv("TMPDIR"), 0);
}

static int files_left(void) {
  int n = 0;
  DIR *d = opendir(rig_path(&R, "typing"));
  assert_non_null(d);
  for (const struct dirent *e; (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
  (void)closedir(d);
  return n;
}

static const char *text_of(const char *ref) {
  static char text[4000];
  char sql[200];
  snprintf(sql, sizeof sql,
           "SELECT coalesce(nullif(edited, ''), body) FROM v_drafts WHERE ref = '%s'", ref);
  rig_sql_text(&R, sql, text, sizeof text);
  return text;
}

static void test_an_editor_may_fail_or_be_interrupted_and_leaves_nothing_behind(void **state) {
  (void)state;
  char ref[64], before[4000];
  snprintf(ref, sizeof ref, "%s", waiting(0));
  snprintf(before, sizeof before, "%s", text_of(ref));
  edit_with("echo lost >\"$1\"; exit 1", ref, 1);
  edit_with(": >\"$1\"", ref, 1);
  edit_with(":", ref, 1);
  edit_with("kill -INT $$", ref, 1);
  edit_with("printf '\\377' >\"$1\"", ref, 1);
  edit_with("echo 'Pay with 4111 1111 1111 1111 please' >\"$1\"", ref, 1);
  assert_string_equal(text_of(ref), before);
  assert_int_equal(files_left(), 0);
  /* Ctrl-C goes to triagectl too: the editor decides what it means. */
  edit_with("kill -INT $PPID; echo '\u3053\u3093\u306b\u3061\u306f \u0645\u0631\u062d\u0628\u0627' "
            ">\"$1\"",
            ref, 0);
  assert_string_equal(text_of(ref),
                      "\u3053\u3093\u306b\u3061\u306f \u0645\u0631\u062d\u0628\u0627\n");
  assert_int_equal(files_left(), 0);
}

static void test_two_people_with_the_same_draft_open_undo_nothing_of_each_other(void **state) {
  (void)state;
  char ref[64], script[1200];
  snprintf(ref, sizeof ref, "%s", waiting(0));
  rig_file(&R, "other.txt", "What the other one wrote.");
  snprintf(script, sizeof script,
           "echo 'What I wrote.' >\"$1\"\nSUDO_USER=other '%s' -c '%s' review edit %s --file '%s'",
           getenv("TRIAGECTL"), rig_path(&R, "triaged.yaml"), ref, rig_path(&R, "other.txt"));
  edit_with(script, ref, 1);
  assert_string_equal(text_of(ref), "What the other one wrote.");
  assert_int_equal(files_left(), 1); /* mine: it is told where */
}

static void test_no_text_moves_the_cursor_of_who_looks_at_it(void **state) {
  (void)state;
  char ref[64], *out = NULL;
  snprintf(ref, sizeof ref, "%s", waiting(0));
  edit_with("printf 'red \\033[31m, also \\302\\23331m and \\177 \\303\\251' >\"$1\"", ref, 0);
  run("review diff %s", ref, 0, &out);
  assert_null(strpbrk(out, "\033\177"));
  assert_null(strstr(out, "\302\233"));
  assert_non_null(strstr(out, "\u00e9"));
  free(out);
}

static void test_a_draft_that_does_not_wait_opens_no_editor(void **state) {
  (void)state;
  char ref[64];
  snprintf(ref, sizeof ref, "%s", waiting(0));
  run("review reject %s --why wrong", ref, 0, NULL);
  edit_with("echo typed >\"$1\"; touch \"$1.opened\"", ref, 1);
  assert_int_equal(files_left(), 0);
}

/* The sum of a number that stands in every row of a JSON list. */
static int64_t sum_of(const char *args, const char *key) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", args, &out), 0);
  cJSON *list = cJSON_Parse(out), *one = NULL;
  int64_t sum = 0;
  cJSON_ArrayForEach(one, list) sum += (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(one, key));
  cJSON_Delete(list);
  free(out);
  return sum;
}

static void
test_every_ticket_without_an_answer_is_in_a_gap_and_every_draft_has_a_score(void **state) {
  (void)state;
  const int64_t open = rig_sql(&R, "SELECT count(DISTINCT ref) FROM v_decisions WHERE reason ="
                                   " 'no_answer'");
  assert_true(open > 0);
  assert_int_equal(sum_of("gaps --limit 1000 --format json", "tickets"), open);
  char args[200];
  assert_int_equal(mkdir(rig_path(&R, "proposed"), 0755), 0);
  snprintf(args, sizeof args, "gaps --limit 1 --write %s", rig_path(&R, "proposed"));
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", args, &out), 0);
  assert_non_null(strstr(out, "/proposed/gap-"));
  free(out);
  assert_true(sum_of("voice --format json", "score") > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_reviews_are_a_signal_by_category_model_and_skill, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(
          test_an_editor_may_fail_or_be_interrupted_and_leaves_nothing_behind, setup, teardown),
      cmocka_unit_test_setup_teardown(
          test_two_people_with_the_same_draft_open_undo_nothing_of_each_other, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_text_moves_the_cursor_of_who_looks_at_it, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_a_draft_that_does_not_wait_opens_no_editor, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(
          test_every_ticket_without_an_answer_is_in_a_gap_and_every_draft_has_a_score, setup_local,
          teardown)};
  return cmocka_run_group_tests_name("system review", tests, NULL, NULL);
}
