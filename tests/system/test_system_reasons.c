/* Reason codes on the road: what a verdict or a draft is like, and how the ticket ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "evil.h"
#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_file(&R, "tickets.jsonl",
           "{\"id\":\"1\",\"subject\":\"Parcel\",\"body\":\"Where is my parcel? I paid 20 EUR.\","
           "\"requester\":{\"name\":\"Pat\",\"email\":\"pat@example.com\"}}\n");
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void conf(const char *escalate_reason, const char *draft) {
  char by[200];
  rig_sim(&R, "--seed 3 --behaviour off");
  snprintf(by, sizeof by, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"",
           plain_model(&R, escalate_reason, draft));
  rig_conf(&R, "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"", by, NULL);
}

static void ends(const char *want) {
  char got[100];
  assert_in_range(rig_run(&R, "triaged", "--once", NULL), 0, 1);
  rig_sql_text(&R, "SELECT outcome || ' ' || reason FROM v_tickets", got, sizeof got);
  assert_string_equal(got, want);
  assert_int_equal(rig_replies(&R, 1), strcmp(want, "sent ok") == 0);
}

#define DRAFT(body, citations)                                                                     \
  "{\"body\":\"" body "\",\"citations\":[" citations "],\"confidence\":0.99,\"missing\":[],"       \
  "\"next_step\":\"\",\"not_sure\":false}"
#define FINE DRAFT("Hello, your parcel is on its way. Kind regards", "")

static void a_plain_draft_is_sent(void **state) {
  (void)state;
  conf("", FINE);
  ends("sent ok");
}

static void a_draft_that_breaks_a_hard_rule_of_the_voice_waits(void **state) {
  (void)state;
  conf("", FINE);
  assert_int_equal(mkdir(rig_path(&R, "brand-voice"), 0755), 0);
  rig_file(&R, "brand-voice/SKILL.md",
           "---\nname: brand-voice\ndescription: Voice of the shop.\n---\n# Voice\n\n## Limits\n\n"
           "| Rule | Limit | Severity | Channel |\n| --- | --- | --- | --- |\n"
           "| words at most | 4 | hard | any |\n");
  rig_conf_change(&R, "customer-support]", "customer-support, @DIR@/brand-voice]", NULL);
  ends("draft voice_broken");
  assert_true(rig_log_has(&R, "err.log", "voice.broken"));
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "review", &out), 0);
  assert_non_null(strstr(out, "shop/1"));
  free(out);
}

static void a_source_that_nobody_gave_it_is_no_source(void **state) {
  (void)state;
  conf("", DRAFT("Hello, your parcel is on its way [kb:nowhere#1].", "\"kb:nowhere#1\""));
  ends("draft invented_citation");
}

static void a_draft_that_is_none_hands_the_ticket_over(void **state) {
  (void)state;
  conf("", "I would rather not say.");
  for (int i = 0; i < 8; i++) { /* it is asked again, a few times */
    assert_in_range(rig_run(&R, "triaged", "--once", NULL), 0, 1);
    rig_later(&R, "1h");
  }
  ends("handoff no_draft");
}

#define ESCALATES(name, reason)                                                                    \
  static void name(void **state) {                                                                 \
    (void)state;                                                                                   \
    conf(reason, FINE);                                                                            \
    ends("handoff " reason);                                                                       \
  }
ESCALATES(a_taken_account_goes_to_a_person, "account-takeover")
ESCALATES(who_is_about_to_leave_goes_to_a_person, "churn")
ESCALATES(who_wants_the_manager_goes_to_a_person, "manager-request")
ESCALATES(who_threatens_with_the_press_goes_to_a_person, "media-threat")
ESCALATES(who_asks_for_their_data_goes_to_a_person, "privacy-request")
ESCALATES(who_writes_again_and_again_goes_to_a_person, "repeated-contact")
ESCALATES(who_threatens_with_lawyers_goes_to_a_person, "legal-threat")
ESCALATES(danger_goes_to_a_person, "safety")

static void a_sum_of_money_takes_two_people_under_sox(void **state) {
  (void)state;
  if (geteuid() != 0) {
    print_message("# who sudo names is believed of root alone: skipped\n");
    skip();
  }
  conf("", DRAFT("Hello, a parcel payment of 20 EUR is booked within a day [kb:pay#1].",
                 "\"kb:pay#1\""));
  assert_int_equal(mkdir(rig_path(&R, "kb"), 0755), 0);
  rig_file(&R, "kb/pay.md", "# Parcel\n\nA parcel payment of 20 EUR is booked within a day.\n");
  rig_conf_change(&R, "knowledge: [", "knowledge: [@DIR@/kb, ", NULL);
  rig_conf_change(&R, "policy:", "compliance: [sox]\npolicy:", NULL);
  assert_int_equal(setenv("SUDO_USER", "alice", 1), 0);
  assert_int_equal(rig_run(&R, "triagectl", "change request --why x", NULL), 0);
  assert_int_equal(setenv("SUDO_USER", "bob", 1), 0);
  assert_int_equal(rig_run(&R, "triagectl", "change approve --why x", NULL), 0);
  assert_int_equal(unsetenv("SUDO_USER"), 0);
  ends("draft two_people");
}

static void what_the_account_may_not_do_ends_as_a_dead_letter(void **state) {
  (void)state;
  rig_file(&R, "tickets.jsonl",
           "{\"id\":\"1\",\"helpdesk\":\"intercom\",\"subject\":\"Parcel\",\"body\":\"Where is "
           "it?\",\"requester\":{\"name\":\"Pat\",\"email\":\"pat@example.com\"}}\n");
  rig_file(&R, "readonly", "readonly-token");
  conf("", FINE);
  rig_conf_change(&R, "connector: zendesk", "connector: intercom", "${file:token}",
                  "${file:readonly}", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 1);
  char got[100];
  rig_sql_text(&R, "SELECT state || ' ' || reason FROM v_tickets", got, sizeof got);
  assert_string_equal(got, "dead permission");
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_plain_draft_is_sent),
      T(a_draft_that_breaks_a_hard_rule_of_the_voice_waits),
      T(a_source_that_nobody_gave_it_is_no_source),
      T(a_draft_that_is_none_hands_the_ticket_over),
      T(a_taken_account_goes_to_a_person),
      T(who_is_about_to_leave_goes_to_a_person),
      T(who_wants_the_manager_goes_to_a_person),
      T(who_threatens_with_the_press_goes_to_a_person),
      T(who_asks_for_their_data_goes_to_a_person),
      T(who_writes_again_and_again_goes_to_a_person),
      T(who_threatens_with_lawyers_goes_to_a_person),
      T(danger_goes_to_a_person),
      T(a_sum_of_money_takes_two_people_under_sox),
      T(what_the_account_may_not_do_ends_as_a_dead_letter),
  };
  return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
