/* triagectl eval: what it prints, keeps and takes up again. */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_tickets(&R, 2);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  rig_file(&R, "labelled.tsv",
           "billing\tI was charged twice for one order, please check my invoice\n"
           "shipping\tWhere is my parcel? The tracking has not moved\n"
           "billing\tThe invoice shows a wrong amount\n"
           "shipping\tMy delivery is late, where is the parcel\n");
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static cJSON *eval(const char *args, int status) {
  char all[400], *out = NULL;
  snprintf(all, sizeof all, "--format json eval %s", args);
  const int is = rig_run(&R, "triagectl", all, &out);
  if (is != status) fail_msg("status %d, not %d: %s", is, status, rig_read(&R, "err.log"));
  cJSON *j = cJSON_Parse(out);
  free(out);
  assert_non_null(j);
  return j;
}

static double number(const cJSON *list, int i, const char *key) {
  const cJSON *n = cJSON_GetObjectItem(cJSON_GetArrayItem(list, i), key);
  assert_true(cJSON_IsNumber(n));
  return n->valuedouble;
}

static char *labelled(const char *more) {
  static char args[300];
  snprintf(args, sizeof args, "%s %s", rig_path(&R, "labelled.tsv"), more);
  return args;
}

static void results_have_errors_runs_and_are_kept_over_time(void **state) {
  (void)state;
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0); /* makes the state */
  cJSON *j = eval(labelled("--model haiku --runs 3"), 0);
  assert_int_equal(cJSON_GetArraySize(j), 1);
  assert_true(number(j, 0, "n") == 4);
  assert_true(number(j, 0, "runs") == 3);
  const double accuracy = number(j, 0, "accuracy");
  assert_true(number(j, 0, "pass_k") <= accuracy);
  assert_true(number(j, 0, "accuracy_se") < 0.26);
  (void)number(j, 0, "decided_at_95");
  cJSON_Delete(j);
  j = eval(labelled("--model haiku --model house"), 0);
  assert_int_equal(cJSON_GetArraySize(j), 2);
  cJSON_Delete(j);
  j = eval("--history", 0);
  assert_int_equal(cJSON_GetArraySize(j), 3);
  assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(j, 0), "change")));
  (void)number(j, 1, "change"); /* the same tickets and model as the first */
  cJSON_Delete(j);
  j = eval("--history --model house --limit 1", 0);
  assert_int_equal(cJSON_GetArraySize(j), 1);
  cJSON_Delete(j);
}

static void the_floor_is_the_exit_status(void **state) {
  (void)state;
  rig_file(&R, "labelled.tsv", "nonsense\tWhere is my parcel?\nother-nonsense\tMy invoice\n");
  cJSON *j = eval(labelled("--model house --min-accuracy 0.5"), 1);
  cJSON_Delete(j);
  assert_true(rig_log_has(&R, "err.log", "below 0.5"));
  cJSON_Delete(eval(labelled("--model house --min-accuracy 0"), 0));
  /* Nothing was kept: there is no state yet, and none was made. */
  assert_int_not_equal(rig_run(&R, "triagectl", "eval --history", NULL), 0);
}

static void a_line_that_is_no_example_is_named_with_its_file(void **state) {
  (void)state;
  char line[400], command[400];
  snprintf(command, sizeof command, "eval %s", rig_path(&R, "labelled.tsv"));
  rig_file(&R, "labelled.tsv", "billing\tMy invoice\nno tab here\n");
  assert_int_equal(rig_run(&R, "triagectl", command, NULL), 1);
  snprintf(line, sizeof line, "%s: line 2 is not", rig_path(&R, "labelled.tsv"));
  assert_true(rig_log_has(&R, "err.log", line));
}

/* Lines of the file that an evaluation under way keeps; 0: there is none. */
static int part_lines(void) {
  glob_t g;
  int n = 0;
  if (glob(rig_path(&R, "state/eval-*.part"), 0, NULL, &g) != 0) return 0;
  FILE *f = fopen(g.gl_pathv[0], "r");
  for (int c; f != NULL && (c = fgetc(f)) != EOF;) n += c == '\n';
  if (f != NULL) fclose(f);
  globfree(&g);
  return n;
}

static int model_calls(void) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "models"), "claude-haiku-5-5");
  const int n = m == NULL ? 0 : cJSON_GetObjectItem(m, "calls")->valueint;
  cJSON_Delete(stats);
  return n;
}

static void an_interrupted_evaluation_goes_on_where_it_was(void **state) {
  (void)state;
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_conf_change(&R, "key: ", "max_in_flight: 1, key: ", NULL);
  const int before = model_calls();
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const char *program = getenv("TRIAGECTL");
    execl(program != NULL ? program : "build/triagectl", "triagectl", "-c",
          rig_path(&R, "triaged.yaml"), "eval", rig_path(&R, "labelled.tsv"), "--model", "haiku",
          "--runs", "100", (char *)NULL);
    _exit(126);
  }
  for (int i = 0; i < 4000 && part_lines() < 3; i++) rig_sleep_ms(5);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  const int kept = part_lines(), asked = model_calls() - before;
  assert_in_range(kept, 3, 399);
  cJSON *j = eval(labelled("--model haiku --runs 100"), 0);
  assert_true(number(j, 0, "n") == 4);
  cJSON_Delete(j);
  assert_true(rig_log_has(&R, "err.log", "goes on after"));
  /* The one under way when it was killed may have reached the simulator only after `asked`. */
  const int again = model_calls() - before - asked;
  assert_in_range(again, 400 - kept, 401 - kept);
  assert_int_equal(part_lines(), 0); /* done: nothing is left of it */
}

static void threads_and_several_labels_are_compared(void **state) {
  (void)state;
  rig_file(&R, "labelled.tsv",
           "{\"subject\":\"Parcel\",\"body\":\"Where is my parcel?\",\"thread\":[{\"author\":"
           "\"agent\",\"text\":\"Which one?\"},{\"author\":\"customer\",\"text\":\"The parcel of "
           "Monday, the tracking has not moved\"}],\"labels\":{\"category\":\"shipping\","
           "\"language\":\"en\",\"priority\":\"P9\"}}\n"
           "{\"text\":\"My invoice is wrong\",\"labels\":{\"category\":\"billing\"}}\n");
  cJSON *j = eval(labelled("--model house"), 0);
  const cJSON *f = cJSON_GetObjectItem(cJSON_GetArrayItem(j, 0), "fields");
  const cJSON *language = cJSON_GetObjectItem(f, "language");
  assert_int_equal(cJSON_GetObjectItem(language, "n")->valueint, 1);
  assert_true(cJSON_GetObjectItem(language, "accuracy")->valuedouble == 1);
  assert_true(cJSON_GetObjectItem(cJSON_GetObjectItem(f, "priority"), "accuracy")->valuedouble ==
              0);
  assert_null(cJSON_GetObjectItem(f, "team"));
  cJSON_Delete(j);
}

static void one_source_is_asked_for(void **state) {
  (void)state;
  assert_int_equal(rig_run(&R, "triagectl", "eval", NULL), 2);
  assert_int_equal(rig_run(&R, "triagectl", "eval --solved --history", NULL), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(results_have_errors_runs_and_are_kept_over_time),
      TEST(a_line_that_is_no_example_is_named_with_its_file),
      TEST(the_floor_is_the_exit_status),
      TEST(an_interrupted_evaluation_goes_on_where_it_was),
      TEST(threads_and_several_labels_are_compared),
      TEST(one_source_is_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
