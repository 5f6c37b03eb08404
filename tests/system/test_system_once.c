/* The main job in one pass, seen from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static void one_pass_gives_every_ticket_one_outcome(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  rig_tickets(&r, 60);
  rig_sim(&r, "--seed 3 --behaviour off");
  rig_file(&r, "triaged.yaml", rig_config);
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets"), 60);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome IN "
                               "('sent','draft','handoff','skipped')"),
                   60);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE reason = ''"), 0);
  int notes = 0, replies = 0;
  assert_int_equal(rig_check_no_double(&r, &notes, &replies), 60);
  assert_int_equal(notes + replies,
                   rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  rig_close(&r);
}

static void a_helpdesk_that_wants_a_long_wait_does_not_hold_the_pass_up(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  rig_tickets(&r, 5);
  rig_sim(&r, "--seed 3 --behaviour off --faults zendesk.429=1 --retry-after 600");
  rig_file(&r, "triaged.yaml", rig_config);
  char *log = NULL;
  assert_int_equal(rig_run(&r, "triaged", "--once", &log), 1);
  free(log);
  rig_close(&r);
}

static void a_second_pass_changes_nothing(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  rig_tickets(&r, 25);
  rig_sim(&r, "--seed 3 --behaviour off");
  rig_file(&r, "triaged.yaml", rig_config);
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  int notes = 0, replies = 0, notes_after = 0, replies_after = 0;
  rig_check_no_double(&r, &notes, &replies);
  const int64_t calls = rig_sql(&r, "SELECT count(*) FROM v_model_calls");
  rig_later(&r, "10m"); /* our own writes are now in the export */
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  rig_check_no_double(&r, &notes_after, &replies_after);
  assert_int_equal(notes_after, notes);
  assert_int_equal(replies_after, replies);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_model_calls"), calls);
  rig_close(&r);
}

static void draft_mode_writes_notes_and_never_a_public_reply(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  rig_tickets(&r, 20);
  rig_sim(&r, "--seed 3 --behaviour off");
  char conf[4000];
  snprintf(conf, sizeof conf, "%s", rig_config);
  memcpy(strstr(conf, "mode: auto, "), "mode: draft,", 12);
  rig_file(&r, "triaged.yaml", conf);
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  int notes = 0, replies = 0;
  rig_check_no_double(&r, &notes, &replies);
  assert_int_equal(replies, 0);
  assert_int_equal(notes, rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  rig_close(&r);
}

static void faults_on_both_sides_lose_and_double_nothing(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  rig_tickets(&r, 80);
  rig_sim(&r,
          "--seed 5 --behaviour off --retry-after 0 --slow-ms 20 --faults "
          "429=0.05,500=0.03,503=0.03,529=0.02,reset=0.03,resetafter=0.05,cut=0.03,badjson=0.02,"
          "repeat=0.05,zendesk.conflict=0.05");
  rig_file(&r, "triaged.yaml", rig_config);
  rig_finish(&r, 80);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets"), 80);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome = ''"), 0);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  int notes = 0, replies = 0;
  assert_int_equal(rig_check_no_double(&r, &notes, &replies), 80);
  assert_int_equal(notes + replies,
                   rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  rig_close(&r);
}

/* Each run is one attempt: no wait is longer than the time between two of them. */
static void outage(struct rig *r, const char *faults, int runs) {
  cJSON_Delete(rig_post(r, "/sim/faults", faults));
  for (int i = 0; i < runs; i++) {
    rig_later(r, "20m");
    rig_run(r, "triaged", "--once", NULL);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  }
}

static void a_day_without_a_model_leaves_no_dead_letter(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  char *out = NULL;
  rig_tickets(&r, 2);
  rig_sim(&r, "--seed 3 --behaviour off --retry-after 0");
  rig_file(&r, "triaged.yaml", rig_config);
  outage(&r, "model.503=1", 70);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'received'"), 2);
  assert_true(rig_sql(&r, "SELECT min(attempts) FROM ticket") > 60);
  assert_int_equal(rig_run(&r, "triagectl", "status", &out), 0);
  assert_non_null(strstr(out, "dead       0\n"));
  free(out);
  cJSON_Delete(rig_post(&r, "/sim/faults", ""));
  rig_later(&r, "20m");
  rig_run(&r, "triaged", "--once", NULL);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome = ''"), 0);
  assert_int_equal(rig_check_no_double(&r, &(int){0}, &(int){0}), 2);
  rig_close(&r);
}

static void dead_letters_are_seen_and_go_back_to_work_one_or_all(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  char *out = NULL, text[40], line[60];
  static const char groups[] = "mode: auto, write: {group: {accounts: \"9\", billing: \"9\", "
                               "logistics: \"9\", returns: \"9\", sales: \"9\", security: \"9\", "
                               "service: \"9\", technical: \"9\"}},";
  rig_tickets(&r, 8);
  rig_sim(&r, "--behaviour off");
  rig_conf(&r, "mode: auto,", groups, NULL); /* groups that the helpdesk does not have */
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 1);
  assert_true(rig_log_has(&r, "err.log", "ticket.dead"));
  const int64_t dead = rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'");
  assert_true(dead >= 3);
  snprintf(text, sizeof text, "dead       %d (", (int)dead);
  assert_int_equal(rig_run(&r, "triagectl", "status", &out), 0);
  assert_non_null(strstr(out, text));
  free(out);
  rig_conf_change(&r, groups, "mode: auto,", NULL);
  rig_sql_text(&r, "SELECT min(ref) FROM v_tickets WHERE state = 'dead'", text, sizeof text);
  snprintf(line, sizeof line, "requeue %s", text);
  assert_int_equal(rig_run(&r, "triagectl", line, NULL), 0);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), dead - 1);
  assert_int_equal(rig_run(&r, "triagectl", "requeue all", &out), 0);
  assert_non_null(strstr(out, "all are back at work"));
  free(out);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome IN ('', 'failed')"),
                   0);
  assert_int_equal(rig_run(&r, "triagectl", "requeue all", NULL), 1);
  assert_true(rig_log_has(&r, "err.log", "there are no dead letters"));
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_pass_gives_every_ticket_one_outcome),
      cmocka_unit_test(a_helpdesk_that_wants_a_long_wait_does_not_hold_the_pass_up),
      cmocka_unit_test(a_second_pass_changes_nothing),
      cmocka_unit_test(draft_mode_writes_notes_and_never_a_public_reply),
      cmocka_unit_test(a_day_without_a_model_leaves_no_dead_letter),
      cmocka_unit_test(dead_letters_are_seen_and_go_back_to_work_one_or_all),
      cmocka_unit_test(faults_on_both_sides_lose_and_double_nothing),
  };
  return cmocka_run_group_tests_name("one pass", tests, NULL, NULL);
}
