/* The daemon is killed at random moments, over and over, with faults on both sides; what comes out
 * must equal a run that nobody disturbed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#define TICKETS 500
#define KILLS   200

/* What a run comes to: outcomes and the report's totals, as text. Model cost is left out: calls
 * that were lost are paid for too. */
static void totals(struct rig *r, char *out, size_t room) {
  size_t n = 0;
  static const char *const questions[] = {
      "SELECT count(*) FROM v_tickets",
      "SELECT group_concat(outcome || ':' || n) FROM (SELECT outcome, count(*) AS n FROM v_tickets "
      "GROUP BY outcome ORDER BY outcome)",
      "SELECT group_concat(state || ':' || n) FROM (SELECT state, count(*) AS n FROM v_resolutions "
      "GROUP BY state ORDER BY state)",
      "SELECT coalesce(sum(amount_micros), 0) FROM v_charges", "SELECT count(*) FROM v_charges"};
  for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
    char one[400];
    rig_sql_text(r, questions[i], one, sizeof one);
    n += (size_t)snprintf(out + n, room - n, "%s\n", one);
  }
}

static void finish(struct rig *r) {
  rig_finish(r, TICKETS);
  rig_later(r, "100h"); /* past the windows */
  assert_int_equal(rig_run(r, "triaged", "--once", NULL), 0);
}

static const char sim_options[] = "--seed 9 --behaviour off --retry-after 0 --slow-ms 5 --faults "
                                  "429=0.02,500=0.01,503=0.01,reset=0.01,resetafter=0.03,cut=0.01";

static void two_hundred_kills_change_nothing(void **state) {
  (void)state;
  struct rig calm, rough;
  char want[2000], have[2000];
  rig_open(&calm);
  rig_tickets(&calm, TICKETS);
  rig_sim(&calm, "--seed 9 --behaviour off");
  rig_file(&calm, "triaged.yaml", rig_config);
  finish(&calm);
  totals(&calm, want, sizeof want);
  rig_close(&calm);

  rig_open(&rough);
  rig_tickets(&rough, TICKETS);
  rig_sim(&rough, sim_options);
  rig_file(&rough, "triaged.yaml", rig_config);
  unsigned seed = 20261121;
  int kills = 0;
  for (; kills < KILLS; kills++) {
    rig_start(&rough, "");
    /* Long enough, mostly, to come past the start; short enough to be in the middle of things. */
    rig_sleep_ms(20 + (int)(rand_r(&seed) % 90));
    assert_int_equal(rig_stop(&rough, SIGKILL), 128 + SIGKILL);
  }
  cJSON_Delete(rig_post(&rough, "/sim/faults", ""));
  finish(&rough);
  totals(&rough, have, sizeof have);
  assert_string_equal(have, want);
  int notes = 0, replies = 0;
  rig_check_no_double(&rough, &notes, &replies);
  assert_int_equal(notes + replies,
                   rig_sql(&rough, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  char *out = NULL;
  assert_int_equal(rig_run(&rough, "triagectl", "ledger verify", &out), 0);
  free(out);
  print_message(
      "# %d kills, %lld lost calls, %lld writes reconciled\n", kills,
      (long long)rig_sql(&rough, "SELECT count(*) FROM model_call WHERE outcome = 'lost'"),
      (long long)rig_sql(&rough, "SELECT count(*) FROM event WHERE kind = 'state' AND "
                                 "value = 'uncertain'"));
  rig_close(&rough);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(two_hundred_kills_change_nothing)};
  return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
