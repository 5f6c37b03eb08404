/* Two people stand behind a change of the rules and behind a reply that names money; what no
 * program can see is confirmed for a while. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "evil.h"
#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_file(&R, "tickets.jsonl", "");
  return 0;
}

static int end(void **state) {
  (void)state;
  (void)unsetenv("SUDO_USER");
  rig_close(&R);
  return 0;
}

/* triagectl as this person; the exit status. */
static int as(const char *who, const char *args, char **out) {
  assert_int_equal(setenv("SUDO_USER", who, 1), 0);
  return rig_run(&R, "triagectl", args, out);
}

static void ticket(int id, const char *text) {
  char line[400];
  snprintf(line, sizeof line,
           "{\"id\":\"%d\",\"subject\":\"Parcel\",\"body\":\"%s\",\"requester\":{\"name\":\"Pat\","
           "\"email\":\"p%d@example.com\"}}\n",
           id, text, id);
  rig_add(&R, line);
  rig_later(&R, "2m"); /* the export hides the last minute */
}

static void outcome_is(int id, const char *outcome, const char *reason) {
  char sql[200], got[100], want[100];
  snprintf(sql, sizeof sql, "SELECT outcome || ' ' || reason FROM v_tickets WHERE ref = 'shop/%d'",
           id);
  snprintf(want, sizeof want, "%s %s", outcome, reason);
  rig_sql_text(&R, sql, got, sizeof got);
  assert_string_equal(got, want);
}

static void a_control_is(const char *id, const char *state, const char *says) {
  char *out = NULL;
  (void)rig_run(&R, "triagectl", "--format json compliance", &out);
  cJSON *list = cJSON_Parse(out), *c = NULL;
  bool met = false;
  cJSON_ArrayForEach(c, list) {
    if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(c, "control")), id) != 0) continue;
    met = true;
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(c, "state")), state);
    const char *evidence = cJSON_GetStringValue(cJSON_GetObjectItem(c, "evidence"));
    if (strstr(evidence, says) == NULL) fail_msg("%s: %s", id, evidence);
  }
  assert_true(met);
  cJSON_Delete(list);
  free(out);
}

static void needs_root(void) {
  if (geteuid() == 0) return;
  print_message("# who sudo names is believed of root alone: skipped\n");
  skip();
}

static void a_change_of_the_rules_takes_another_person(void **state) {
  (void)state;
  needs_root();
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "policy:", "compliance: [sox]\npolicy:", NULL);
  ticket(1, "Where is my parcel?");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  outcome_is(1, "draft", "change_unapproved");
  a_control_is("sox-approval", "off", "not approved");
  assert_int_equal(as("alice", "period close 2026-10", NULL), 1);
  assert_true(rig_log_has(&R, "err.log", "not approved by two people"));
  assert_int_equal(as("bob", "change approve --why looked", NULL), 1); /* nobody asked for it */
  assert_int_equal(as("alice", "change request --why first-rules", NULL), 0);
  assert_int_equal(as("alice", "change approve --why mine", NULL), 1);
  assert_true(rig_log_has(&R, "err.log", "alice asked for this change and so cannot approve it"));
  assert_int_equal(as("bob", "change approve --why looked", NULL), 0);
  a_control_is("sox-approval", "on", "asked for by alice: first-rules; approved by bob");
  ticket(2, "Where is my parcel?");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  outcome_is(2, "sent", "ok");
  /* Another line in the file is another change. */
  rig_conf_change(&R, "policy:", "# a word\npolicy:", NULL);
  ticket(3, "Where is my parcel?");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  outcome_is(3, "draft", "change_unapproved");
  /* In a hurry one person may; it stays open until another has looked. */
  assert_int_equal(as("alice", "change request --why urgent", NULL), 0);
  assert_int_equal(as("alice", "change approve --emergency --why fire", NULL), 0);
  a_control_is("sox-approval", "off", "in an emergency");
  assert_int_equal(as("bob", "change approve --why fine", NULL), 0);
  a_control_is("sox-approval", "on", "approved by bob");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what LIKE 'change %'"), 5);
}

static void a_reply_that_names_money_takes_two_people(void **state) {
  (void)state;
  needs_root();
  char by[200];
  rig_sim(&R, "--seed 3 --behaviour off");
  snprintf(by, sizeof by, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"",
           evil_model(&R, "Hello, the second charge of 20 EUR is void. Kind regards"));
  rig_conf(&R, "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"", by,
           "policy:", "compliance: [sox]\npolicy:", NULL);
  for (int i = 1; i <= 2; i++) ticket(i, "I was charged twice, 20 EUR each.");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 1), 0);
  char *out = NULL;
  assert_int_equal(as("alice", "review approve shop/1", &out), 0);
  assert_non_null(strstr(out, "another person"));
  free(out);
  assert_int_equal(as("alice", "review approve shop/1", NULL), 1);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 1), 0);
  assert_int_equal(as("bob", "review approve shop/1", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 1), 1);
  /* Who edits it is one of the two, and an edit after an approval begins anew. */
  char args[300];
  rig_file(&R, "edit.txt", "Hello, 20 EUR come back to you. Kind regards");
  snprintf(args, sizeof args, "review edit shop/2 --file %s", rig_path(&R, "edit.txt"));
  assert_int_equal(as("bob", "review approve shop/2", NULL), 0);
  assert_int_equal(as("alice", args, NULL), 0);
  assert_int_equal(as("alice", "review approve shop/2", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 2), 0);
  assert_int_equal(as("bob", "review approve shop/2", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 2), 1);
}

static void what_no_program_sees_is_confirmed_for_a_while(void **state) {
  (void)state;
  needs_root();
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "policy:", "compliance: [gdpr, hipaa, pci]\npolicy:", "cache_write: 0.125}}\n",
           "cache_write: 0.125}, baa: {party: A, date: 2026-03-01, scope: API}}\n", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  a_control_is("gdpr-basis", "manual", "triagectl compliance confirm gdpr-basis");
  assert_int_equal(as("alice", "compliance confirm gdpr-nothing --why x", NULL), 2);
  assert_int_equal(as("alice", "compliance confirm gdpr-basis --for 900d --why x", NULL), 2);
  assert_int_equal(as("alice", "compliance confirm gdpr-basis --for 90d --why register-7", NULL),
                   0);
  a_control_is("gdpr-basis", "on", "confirmed by alice");
  a_control_is("gdpr-basis", "on", "register-7");
  rig_later(&R, "2400h");
  a_control_is("gdpr-basis", "manual", "(over)");
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'confirm'"), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_change_of_the_rules_takes_another_person),
      T(a_reply_that_names_money_takes_two_people),
      T(what_no_program_sees_is_confirmed_for_a_while),
  };
  return cmocka_run_group_tests_name("compliance", tests, NULL, NULL);
}
