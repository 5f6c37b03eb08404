/* The behaviours of the three vendors that toy connectors get wrong, each switched on in the
 * simulator: every ticket is handled once, none is lost, nothing is said twice. HELPDESKS.md in
 * this folder says which test covers which behaviour. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

#define EACH 8

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  mixed_tickets(&R, EACH);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int hits(void) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const int count = cJSON_GetObjectItem(stats, "faults")->valueint;
  cJSON_Delete(stats);
  return count;
}

/* Passes with the clock moved in between until all is done, with the fault on. */
static void survives(const char *sim_args, const char *faults) {
  char args[400];
  snprintf(args, sizeof args, "--seed 4 --behaviour off --retry-after 0 --slow-ms 10 %s", sim_args);
  rig_sim(&R, args);
  cJSON_Delete(rig_post(&R, "/sim/faults", faults));
  mixed_conf(&R);
  for (int i = 0; i < 40; i++) {
    rig_run(&R, "triaged", "--once", NULL);
    if (rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')") ==
        MIXED_DESKS * EACH)
      break;
    rig_later(&R, "20m");
  }
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), MIXED_DESKS * EACH);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), MIXED_DESKS * EACH);
  assert_true(hits() > 0);
}

#define SURVIVES(name, args, faults)                                                               \
  static void name(void **state) {                                                                 \
    (void)state;                                                                                   \
    survives(args, faults);                                                                        \
  }

SURVIVES(zendesk_a_page_that_repeats, "", "zendesk.repeat=0.5")
SURVIVES(zendesk_a_cursor_that_does_not_move, "--max-page 3", "zendesk.stuck=0.4")
SURVIVES(zendesk_a_collision_in_its_database, "", "zendesk.conflict=0.4")
SURVIVES(zendesk_a_write_applied_and_cut, "", "zendesk.update.resetafter=0.5")
SURVIVES(zendesk_pages_of_html, "", "zendesk.503=0.08,zendesk.badjson=0.08")
SURVIVES(zendesk_a_limit_of_the_export, "--max-page 1", "zendesk.export.429=0.8")

SURVIVES(salesforce_a_session_that_dies_and_an_org_that_moves, "--max-page 3",
         "salesforce.session=0.15")
SURVIVES(salesforce_rows_that_come_late, "", "salesforce.late=0.5")
SURVIVES(salesforce_rows_of_one_second_across_a_page_edge, "--max-page 1", "salesforce.slow=0.1")
SURVIVES(salesforce_a_locator_that_expires, "--max-page 2", "salesforce.locator=0.5")
SURVIVES(salesforce_a_403_of_too_many_requests, "",
         "salesforce.query.429=0.08,salesforce.update.429=0.08")
SURVIVES(salesforce_a_composite_with_failed_parts, "", "salesforce.part=0.5,salesforce.lock=0.3")
SURVIVES(salesforce_a_mail_sent_and_cut, "",
         "salesforce.mail.resetafter=0.5,salesforce.composite.resetafter=0.4")
SURVIVES(salesforce_a_maintenance_page, "", "salesforce.503=0.08")

SURVIVES(intercom_a_row_that_escapes_between_pages, "--max-page 2", "intercom.escape=0.5")
SURVIVES(intercom_a_search_that_trips_over_a_deleted_row, "", "intercom.search404=0.5")
SURVIVES(intercom_a_reply_stored_and_cut, "", "intercom.reply.resetafter=0.6")
SURVIVES(intercom_a_429_with_its_reset, "", "intercom.429=0.2")
SURVIVES(intercom_answers_that_are_no_json, "", "intercom.badjson=0.2")

/* The table of this folder names only tests that exist. */
static void the_table_of_behaviours_names_tests_that_exist(void **state) {
  (void)state;
  const char *root = getenv("TRIAGED_ROOT") != NULL ? getenv("TRIAGED_ROOT") : ".";
  char path[600], name[200], command[900];
  snprintf(path, sizeof path, "%s/tests/system/HELPDESKS.md", root);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  int names = 0;
  for (int c; (c = fgetc(f)) != EOF;) {
    if (c != '`' || fscanf(f, "%199[a-z0-9_]`", name) != 1 || strchr(name, '_') == NULL) continue;
    snprintf(command, sizeof command, "grep -rqw --include='*.c' -- '%s' '%s/tests'", name, root);
    if (system(command) != 0) fail_msg("HELPDESKS.md names %s, which is no test", name);
    names++;
  }
  fclose(f);
  assert_true(names > 60);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(zendesk_a_page_that_repeats),
      T(zendesk_a_cursor_that_does_not_move),
      T(zendesk_a_collision_in_its_database),
      T(zendesk_a_write_applied_and_cut),
      T(zendesk_pages_of_html),
      T(zendesk_a_limit_of_the_export),
      T(salesforce_a_session_that_dies_and_an_org_that_moves),
      T(salesforce_rows_that_come_late),
      T(salesforce_rows_of_one_second_across_a_page_edge),
      T(salesforce_a_locator_that_expires),
      T(salesforce_a_403_of_too_many_requests),
      T(salesforce_a_composite_with_failed_parts),
      T(salesforce_a_mail_sent_and_cut),
      T(salesforce_a_maintenance_page),
      T(intercom_a_row_that_escapes_between_pages),
      T(intercom_a_search_that_trips_over_a_deleted_row),
      T(intercom_a_reply_stored_and_cut),
      T(intercom_a_429_with_its_reset),
      T(intercom_answers_that_are_no_json),
      cmocka_unit_test(the_table_of_behaviours_names_tests_that_exist),
  };
  return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
