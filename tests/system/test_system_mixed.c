/* Three helpdesks at once, of three vendors: every ticket is handled once, and the trouble of one
 * is nobody else's. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

#define EACH 40

static void run_to_the_end(struct rig *r, int count) {
  for (int i = 0; i < 40; i++) {
    rig_run(r, "triaged", "--once", NULL);
    if (rig_sql(r, "SELECT count(*) FROM v_tickets") >= count &&
        rig_sql(r, "SELECT count(*) FROM v_tickets WHERE state NOT IN ('following','done')") == 0 &&
        rig_sql(r, "SELECT count(*) FROM inbox_ticket") == 0)
      return;
    rig_later(r, "10m");
  }
  char left[2000];
  rig_sql_text(r,
               "SELECT coalesce((SELECT group_concat(v.ref || ' ' || v.state || ' ' || v.reason || "
               "' ' || v.attempts || ' ' || v.hold_reason) FROM v_tickets AS v WHERE "
               "v.state NOT IN ('following', 'done')), '') || ' and ' || "
               "(SELECT count(*) FROM inbox_ticket) || ' notices'",
               left, sizeof left);
  fail_msg("not every ticket came to an end: %s", left);
}

static void three_vendors_in_one_pass_are_handled_once_each(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  mixed_tickets(&r, EACH);
  rig_sim(&r, "--seed 3 --behaviour off");
  mixed_conf(&r);
  run_to_the_end(&r, 3 * EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'shop/%'"), EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'trade/%'"), EACH);
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'chat/%'"), EACH);
  assert_int_equal(rig_check_no_double(&r, NULL, NULL), 3 * EACH);
  rig_close(&r);
}

/* --- a calm run and a rough one -----------------------------------------------------------------
 */

#define ROUGH                                                                                      \
  "429=0.01,500=0.01,503=0.01,reset=0.01,resetafter=0.03,cut=0.01,badjson=0.005,repeat=0.05,"      \
  "zendesk.stuck=0.02,zendesk.conflict=0.02,salesforce.session=0.01,salesforce.late=0.05,"         \
  "salesforce.locator=0.05,salesforce.lock=0.02,salesforce.part=0.02,intercom.escape=0.05,"        \
  "intercom.search404=0.02"

/* The daemon at work with polls and, in the rough run, webhooks, until nearly every ticket had its
 * answer; what waits for another try has it when the clock is moved. Then come the days in which
 * people react, and all windows run out. */
static void live(struct rig *r, int each, bool rough) {
  const int count = MIXED_DESKS * each;
  r->port = rig_port();
  mixed_conf(r);
  const char *base = mixed_listen(r, rough ? "2s" : "1s");
  mixed_tickets(r, each / 2);
  mixed_sim(r, base,
            rough ? "--seed 5 --retry-after 0 --slow-ms 10 --export-lag 0s --webhook-repeat 0.3 "
                    "--webhook-late 0.3 --webhook-lost 0.3 --faults " ROUGH
                  : "--seed 5 --export-lag 0s --webhook-lost 1");
  rig_start(r, "");
  rig_until_log(r, "daemon.log", "daemon.ready");
  for (int id = MIXED_DESKS * (each / 2) + 1; id <= count; id++) mixed_add(r, id);
  for (int i = 0; i < count; i++) {
    rig_sleep_ms(50);
    if (rig_sql(r, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')") >=
        (rough ? count * 9 / 10 : count))
      break;
  }
  assert_int_equal(rig_stop(r, SIGTERM), 0);
  static const char *const days[] = {"26h", "48h", "96h", "168h", "720h"};
  for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
    run_to_the_end(r, count);
    if (i == 1) cJSON_Delete(rig_post(r, "/sim/faults", ""));
    rig_later(r, days[i]);
  }
  run_to_the_end(r, count);
}

/* One line a ticket: its resolution and its bill. Not what the last of our answers was: a customer
 * who asks for a person does so some hours after an answer, and faults move the hour at which that
 * came. */
static char *resolutions(struct rig *r) {
  static char sql[] = "SELECT group_concat(ref || ' ' || state || ' ' || charged_micros, char(10))"
                      " FROM (SELECT ref, state, charged_micros FROM v_resolutions ORDER BY ref)";
  const size_t room = (size_t)1 << 20;
  char *text = malloc(room);
  rig_sql_text(r, sql, text, room);
  return text;
}

static void lines_differ(const char *a, const char *b) {
  int n = 0;
  while (*a != '\0' && *b != '\0') {
    const size_t i = strcspn(a, "\n"), k = strcspn(b, "\n");
    if ((i != k || strncmp(a, b, i) != 0) && n++ < 20)
      print_message("# calm: %.*s   rough: %.*s\n", (int)i, a, (int)k, b);
    a += i + (a[i] != '\0');
    b += k + (b[k] != '\0');
  }
  fail_msg("%d tickets came to another end", n);
}

/* MIXED_TICKETS=3000 makes it the size of a day. */
static void faults_and_unreliable_webhooks_change_no_resolution(void **state) {
  (void)state;
  const char *size = getenv("MIXED_TICKETS");
  const int each = (size != NULL ? atoi(size) : 300) / MIXED_DESKS;
  struct rig calm, rough;
  rig_open(&calm);
  live(&calm, each, false);
  char *want = resolutions(&calm);
  rig_close(&calm);
  rig_open(&rough);
  live(&rough, each, true);
  char *have = resolutions(&rough);
  int notes = 0, replies = 0;
  rig_check_no_double(&rough, &notes, &replies);
  cJSON *stats = rig_get(&rough, "/sim/stats");
  print_message("# %lld tickets, %d notes and replies, %d faults, %d webhooks taken, %lld named "
                "a ticket\n",
                (long long)rig_sql(&rough, "SELECT count(*) FROM v_tickets"), notes + replies,
                cJSON_GetObjectItem(stats, "faults")->valueint,
                cJSON_GetObjectItem(stats, "webhooks_sent")->valueint,
                (long long)rig_sql(&rough, "SELECT count(*) FROM inbox WHERE source = 'webhook'"));
  /* How many arrive while the daemon listens depends on the machine; some do. */
  assert_true(cJSON_GetObjectItem(stats, "webhooks_sent")->valueint > each / 4);
  assert_true(cJSON_GetObjectItem(stats, "faults")->valueint > each);
  cJSON_Delete(stats);
  assert_int_equal(rig_sql(&rough, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  if (strcmp(have, want) != 0) lines_differ(want, have);
  assert_int_equal(rig_run(&rough, "triagectl", "ledger verify", NULL), 0);
  free(want);
  free(have);
  rig_close(&rough);
}

/* One helpdesk answers nothing but errors: the two others do not wait for it, and status says which
 * it is and why. */
static void one_helpdesk_that_is_down_delays_nobody_else(void **state) {
  (void)state;
  struct rig r;
  rig_open(&r);
  mixed_tickets(&r, EACH);
  rig_sim(&r, "--seed 3 --behaviour off --faults salesforce.503=1");
  mixed_conf(&r);
  rig_start(&r, "");
  rig_until(&r, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')", 2 * EACH);
  rig_until(&r, "SELECT count(*) FROM cursor WHERE helpdesk = 'trade' AND error LIKE '%503%'", 1);
  char *out = NULL;
  assert_int_equal(rig_run(&r, "triagectl", "--format json status", &out), 0);
  assert_non_null(strstr(out, "503"));
  free(out);
  cJSON_Delete(rig_post(&r, "/sim/faults", ""));
  rig_until(&r, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')", 3 * EACH);
  assert_int_equal(rig_stop(&r, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&r, NULL, NULL), 3 * EACH);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(three_vendors_in_one_pass_are_handled_once_each),
      cmocka_unit_test(faults_and_unreliable_webhooks_change_no_resolution),
      cmocka_unit_test(one_helpdesk_that_is_down_delays_nobody_else),
  };
  return cmocka_run_group_tests_name("mixed", tests, NULL, NULL);
}
