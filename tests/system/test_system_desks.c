/* One helpdesk's trouble is its own: down, slow, rate-limited or misconfigured, it delays nobody
 * else, and status and metrics say how far behind it is and why. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mixed.h"

#define EACH 20

static struct rig R;
static const char *Base;

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

static const char handled[] = "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')";

/* triagectl status: the helpdesk's row. */
static cJSON *status_of(const char *desk, cJSON **ret_doc) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "--format json status", &out), 0);
  *ret_doc = cJSON_Parse(out);
  free(out);
  cJSON *d = NULL;
  cJSON_ArrayForEach(d, cJSON_GetObjectItem(*ret_doc, "helpdesks")) {
    if (strcmp(cJSON_GetObjectItem(d, "name")->valuestring, desk) == 0) return d;
  }
  fail_msg("status has no %s", desk);
  return NULL;
}

static void status_says(const char *desk, const char *why) {
  cJSON *doc = NULL;
  const cJSON *d = status_of(desk, &doc);
  const char *error = cJSON_GetObjectItem(d, "error")->valuestring;
  if (why == NULL ? error[0] != '\0' : strstr(error, why) == NULL)
    fail_msg("status says of %s: %s", desk, error);
  cJSON_Delete(doc);
}

/* The value of a metric's line that begins so; -1: there is none. */
static double metric(const char *line) {
  char url[200], *text = NULL;
  snprintf(url, sizeof url, "%s/metrics", Base);
  assert_int_equal(rig_http("GET", url, NULL, NULL, &text), 200);
  const char *at = strstr(text, line);
  const double v = at != NULL ? atof(at + strlen(line)) : -1;
  free(text);
  return v;
}

static void metric_until(const char *line, double want) {
  for (int i = 0; i < 2000; i++) {
    if (metric(line) == want) return;
    rig_sleep_ms(10);
  }
  fail_msg("%s never became %g", line, want);
}

static void start(const char *faults, const char *sim_args) {
  char args[400];
  snprintf(args, sizeof args, "--seed 3 --behaviour off %s %s", faults, sim_args);
  rig_sim(&R, args);
  mixed_conf(&R);
  Base = mixed_listen(&R, "1s");
  rig_start(&R, "");
}

/* The others are through although trade has not moved; what is wrong with it is told; and it
 * catches up when it is over. */
static void others_are_through(const char *why, const char *code) {
  char line[160];
  rig_until(&R, handled, 2 * EACH);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE ref LIKE 'trade/%'"), 0);
  snprintf(line, sizeof line, "triaged_helpdesk_up{helpdesk=\"trade\",reason=\"%s\"} ", code);
  metric_until(line, 0);
  status_says("trade", why);
  status_says("shop", NULL);
  status_says("chat", NULL);
  assert_true(metric("triaged_lag_seconds{helpdesk=\"shop\"} ") < 10);
  assert_true(metric("triaged_lag_seconds{helpdesk=\"chat\"} ") < 10);
  assert_true(metric("triaged_lag_seconds{helpdesk=\"trade\"} ") > 3600); /* since 1 November */
}

static void it_catches_up(void) {
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  rig_until(&R, handled, 3 * EACH);
  status_says("trade", NULL);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 3 * EACH);
}

static void one_that_is_down_delays_nobody_else(void **state) {
  (void)state;
  start("--faults salesforce.503=1", "");
  others_are_through("503", "transient");
  it_catches_up();
}

static void one_that_resets_every_connection_delays_nobody_else(void **state) {
  (void)state;
  start("--faults salesforce.reset=1", "");
  others_are_through("closed the connection", "transient");
  it_catches_up();
}

static void one_that_is_slow_delays_nobody_else(void **state) {
  (void)state;
  start("--faults salesforce.slow=1", "--slow-ms 600000");
  rig_until(&R, handled, 2 * EACH);
  /* nothing has failed yet: how long it has kept us waiting is the reason */
  metric_until("triaged_helpdesk_up{helpdesk=\"trade\",reason=\"slow\"} ", 0);
  status_says("shop", NULL);
  status_says("trade", "waiting for an answer");
  assert_true(metric("triaged_lag_seconds{helpdesk=\"shop\"} ") < 10);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void one_that_limits_us_delays_nobody_else(void **state) {
  (void)state;
  start("--faults salesforce.query.429=1", "");
  others_are_through("REQUEST_LIMIT_EXCEEDED", "rate");
  it_catches_up();
}

static void one_that_is_misconfigured_delays_nobody_else(void **state) {
  (void)state;
  rig_sim(&R, "--seed 3 --behaviour off");
  mixed_conf(&R);
  rig_conf_change(&R, "client_id: test", "client_id: bad-client", NULL);
  Base = mixed_listen(&R, "1s");
  rig_start(&R, "");
  others_are_through("no token", "auth");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static int64_t unauthorized(void) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const int64_t n = (int64_t)cJSON_GetObjectItem(stats, "unauthorized")->valuedouble;
  cJSON_Delete(stats);
  return n;
}

/* Intercom's tokens are not renewed: one that is revoked in the middle stops that helpdesk, with
 * the vendor's reason and few requests, and it goes on where it was when the configuration is read
 * again with another one. */
static void intercom_a_token_that_is_revoked_in_the_middle_stops_one_helpdesk(void **state) {
  (void)state;
  static const char chat[] = "SELECT count(*) FROM v_tickets WHERE ref LIKE 'chat/%' AND state IN "
                             "('following','done')";
  static const char others[] = "SELECT count(*) FROM v_tickets WHERE ref NOT LIKE 'chat/%' AND "
                               "state IN ('following','done')";
  start("", "--model-latency 50ms");
  rig_until(&R,
            "SELECT count(*) >= 3 FROM v_tickets WHERE ref LIKE 'chat/%' AND state = "
            "'following'",
            1);
  cJSON_Delete(rig_post(&R, "/sim/faults", "intercom.session=1"));
  metric_until("triaged_helpdesk_up{helpdesk=\"chat\",reason=\"auth\"} ", 0);
  status_says("chat", "token_revoked");
  for (int i = 1; i <= 3; i++) mixed_add(&R, MIXED_DESKS * EACH + i); /* one for each */
  rig_later(&R, "2m");
  rig_until(&R, others, 2 * (EACH + 1));
  assert_true(rig_sql(&R, chat) < EACH + 1);
  status_says("shop", NULL);
  status_says("trade", NULL);
  status_says("chat", "token_revoked");
  const int64_t asked = unauthorized();
  rig_sleep_ms(3000); /* time in which a loop would ask hundreds of times */
  if (unauthorized() - asked > 12)
    fail_msg("%lld requests with a dead token", (long long)(unauthorized() - asked));
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  assert_true(rig_sql(&R, chat) < EACH + 1); /* what is revoked stays so */
  rig_file(&R, "token", "another-token\n");
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
  rig_until_log(&R, "daemon.log", "config.reloaded");
  rig_until(&R, chat, EACH + 1);
  status_says("chat", NULL);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 3 * (EACH + 1));
}

/* A look for a write whose answer was lost fails because the credentials do: that says nothing
 * about the write, which is looked for again when they work. */
static void a_look_that_is_not_allowed_in_buries_no_ticket(void **state) {
  (void)state;
  start("--faults salesforce.composite.resetafter=1,salesforce.create.resetafter=1,"
        "salesforce.mail.resetafter=1",
        "");
  rig_until(&R,
            "SELECT count(*) >= 5 FROM outbox o JOIN ticket t ON t.id = o.ticket_id"
            " WHERE t.helpdesk = 'trade' AND o.state = 'uncertain'",
            1);
  cJSON_Delete(rig_post(&R, "/sim/faults", "salesforce.session=1"));
  rig_until(&R,
            "SELECT count(*) >= 5 FROM ticket WHERE helpdesk = 'trade' AND state = 'uncertain'"
            " AND hold_reason LIKE '%INVALID_SESSION_ID%'",
            1);
  it_catches_up();
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(one_that_is_down_delays_nobody_else),
      T(one_that_resets_every_connection_delays_nobody_else),
      T(one_that_is_slow_delays_nobody_else),
      T(one_that_limits_us_delays_nobody_else),
      T(one_that_is_misconfigured_delays_nobody_else),
      T(intercom_a_token_that_is_revoked_in_the_middle_stops_one_helpdesk),
      T(a_look_that_is_not_allowed_in_buries_no_ticket),
  };
  return cmocka_run_group_tests_name("desks", tests, NULL, NULL);
}
