/* Saved replies of the helpdesks are knowledge: read in pages, cited in drafts, changed and
 * forgotten as agents change and delete them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void macros(const char *lines) {
  cJSON *o = rig_post(&R, "/sim/macros", lines);
  assert_true(cJSON_IsNumber(cJSON_GetObjectItem(o, "macros")));
  cJSON_Delete(o);
}

static int64_t passages(const char *where) {
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM passage WHERE %s", where);
  return rig_sql(&R, sql);
}

#define ZD "{\"helpdesk\":\"zendesk\",\"id\":"
static const char all[] = ZD
    "11,\"title\":\"Tracking\",\"text\":\"Hello {{ticket.requester.name}}, when the tracking of "
    "your parcel has not moved for days, the carrier finds it within nine days.\"}\n" ZD
    "12,\"title\":\"Ours\",\"text\":\"For us.\",\"internal\":true}\n" ZD
    "13,\"title\":\"Own\",\"text\":\"Of Max.\",\"personal\":true}\n" ZD
    "14,\"title\":\"Card\",\"text\":\"Test with 4111 1111 1111 1111.\"}\n"
    "{\"helpdesk\":\"intercom\",\"id\":21,\"title\":\"Pairing\",\"text\":\"Hold the button for "
    "six seconds to pair the app with your bike, {{user.name|fallback:\\\"there\\\"}}.\"}\n"
    "{\"helpdesk\":\"intercom\",\"id\":22,\"title\":\"Second\",\"text\":\"Another one.\"}\n"
    "{\"helpdesk\":\"salesforce\",\"id\":31,\"title\":\"Charged\",\"text\":\"If you were charged "
    "twice for one order, {!Contact.Name}, the second charge is void after four days.\"}\n"
    "{\"helpdesk\":\"salesforce\",\"id\":32,\"title\":\"Off\",\"text\":\"Old.\",\"active\":false}"
    "\n";

static void test_macros_of_all_three_helpdesks_are_passages(void **state) {
  (void)state;
  mixed_tickets(&R, 1);
  rig_sim(&R, "--seed 5 --behaviour off --max-page 1");
  macros(all);
  mixed_conf(&R);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(passages("id IN ('macro:shop:11#1', 'macro:shop:14#1', 'macro:chat:21#1',"
                            " 'macro:chat:22#1')"),
                   4);
  assert_int_equal(passages("source LIKE 'macro:trade:574%' AND title = 'Charged'"), 1);
  assert_int_equal(passages("source LIKE 'macro:%'"), 5);
  assert_int_equal(passages("text LIKE '%{%'"), 0); /* nothing that a vendor would fill in */
  assert_int_equal(passages("text LIKE '%4111%'"), 0);
  /* What is gone at the helpdesk is gone here, what changed has changed; nothing is made twice. */
  macros(ZD "11,\"title\":\"Tracking\",\"text\":\"It is found within eleven days.\"}\n");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(passages("source LIKE 'macro:%'"), 1);
  assert_int_equal(passages("id = 'macro:shop:11#1' AND text LIKE '%eleven%'"), 1);
}

static void test_a_draft_cites_a_macro(void **state) {
  (void)state;
  rig_file(&R, "tickets.jsonl",
           ZD "1,\"subject\":\"Parcel\",\"body\":\"The tracking of my parcel has not moved for "
              "days. When is it found?\",\"requester\":{\"name\":\"Pat\",\"email\":"
              "\"pat@example.com\"}}\n");
  rig_sim(&R, "--seed 5 --behaviour off");
  macros(all);
  rig_conf(&R, "knowledge: [@ROOT@/tests/data/demo/kb]\n", "", "models:\n",
           "models:\n  - {name: house, backend: local}\n", "draft: {models: [haiku]}",
           "draft: {models: [house]}", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  char cited[200];
  rig_sql_text(&R, "SELECT citations FROM draft ORDER BY id DESC LIMIT 1", cited, sizeof cited);
  assert_non_null(strstr(cited, "macro:shop:11#1"));
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/1", &out), 0);
  assert_non_null(strstr(out, "macro:shop:11#1"));
  free(out);
}

static void test_a_helpdesk_that_hides_its_macros_serves_its_tickets(void **state) {
  (void)state;
  rig_tickets(&R, 3);
  rig_sim(&R, "--seed 5 --behaviour off --faults zendesk.macros.500=1");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_true(rig_log_has(&R, "err.log", "macros.failed"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following',"
                               "'done')"),
                   3);
}

static void test_macros_are_not_read_when_they_are_not_wanted(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--seed 5 --behaviour off");
  macros(all);
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(passages("source LIKE 'macro:%'"), 2);
  rig_conf_change(&R, "poll: 1s", "poll: 1s, macros: 0s", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(passages("source LIKE 'macro:%'"), 0);
}

static void test_a_running_daemon_reads_macros_again(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--seed 5 --behaviour off");
  rig_conf(&R, "poll: 1s", "poll: 1s, macros: 1s", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')", 1);
  macros(all);
  rig_until(&R, "SELECT count(*) FROM passage WHERE source LIKE 'macro:%'", 2);
  macros("");
  rig_until(&R, "SELECT count(*) FROM passage WHERE source LIKE 'macro:%'", 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_macros_of_all_three_helpdesks_are_passages),
      T(test_a_draft_cites_a_macro),
      T(test_a_helpdesk_that_hides_its_macros_serves_its_tickets),
      T(test_macros_are_not_read_when_they_are_not_wanted),
      T(test_a_running_daemon_reads_macros_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
