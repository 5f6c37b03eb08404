/* Shadow models: compared with the live ones, and without any effect on tickets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

#define TICKETS 40

static struct rig R;
static int deaf = -1; /* a port that takes connections and never answers */

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  if (deaf >= 0) close(deaf);
  deaf = -1;
  return 0;
}

static int deaf_port(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(deaf >= 0);
  assert_int_equal(bind(deaf, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(deaf, 128), 0);
  assert_int_equal(getsockname(deaf, (struct sockaddr *)&a, &n), 0);
  return ntohs(a.sin_port);
}

#define DRAFT "draft: {models: [haiku]}"
#define PRICE "price: {input: 0.10, output: 0.50}"

static void open_with(const char *more_models, const char *shadow, const char *limits) {
  char models[600], tasks[200], know[120];
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --time 2026-11-20T10:00:00Z --behaviour off");
  snprintf(models, sizeof models, "models:\n%s", more_models);
  snprintf(tasks, sizeof tasks, DRAFT ", shadow: %s", shadow);
  snprintf(know, sizeof know, "%sknowledge:", limits);
  rig_conf(&R, "models:\n", models, DRAFT, tasks, "knowledge:", know, NULL);
  rig_later(&R, "1s");
}

static int64_t sql(const char *q) {
  return rig_sql(&R, q);
}

static void all_are_answered(void) {
  assert_int_equal(sql("SELECT count(*) FROM v_tickets WHERE state = 'following'"), TICKETS);
  assert_int_equal(sql("SELECT count(*) FROM v_decisions WHERE stage = 'triage'"), TICKETS);
}

#define OTHER                                                                                      \
  "  - {name: other, backend: anthropic, model: claude-sonnet-5-5, url: "                          \
  "\"http://127.0.0.1:@PORT@\",\n     key: \"${file:token}\", " PRICE ", max_in_flight: 500}\n"
#define HOUSE "  - {name: house, backend: local, max_in_flight: 500}\n"

static void a_share_of_the_tickets_is_compared_and_nothing_else_changes(void **state) {
  (void)state;
  open_with(OTHER, "{models: [other], share: 0.5}", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  all_are_answered();
  /* Both stages of the same tickets, about half of them. */
  const int64_t seen = sql("SELECT count(DISTINCT ticket_id) FROM shadow");
  assert_in_range(seen, TICKETS / 4, TICKETS * 3 / 4);
  assert_int_equal(sql("SELECT count(*) FROM shadow WHERE stage = 'triage'"), seen);
  assert_int_equal(sql("SELECT count(*) FROM v_decisions WHERE model = 'other'"), 0);
  assert_int_equal(sql("SELECT count(*) FROM v_drafts WHERE model = 'other'"), 0);
  assert_int_equal(sql("SELECT count(*) FROM v_model_calls WHERE model = 'other' AND shadow = 0"),
                   0);
  /* Paid for, apart. */
  assert_true(sql("SELECT sum(cost_micros) FROM v_model_calls WHERE shadow = 1") > 0);
  assert_int_equal(sql("SELECT sum(model_cost_micros) FROM v_resolutions"),
                   sql("SELECT sum(cost_micros) FROM v_model_calls WHERE shadow = 0"));
  assert_int_equal(sql("SELECT spent_micros FROM budget_day WHERE day LIKE '%shadow'"),
                   sql("SELECT sum(cost_micros) FROM v_model_calls WHERE shadow = 1"));
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static cJSON *shown(const char *args) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", args, &out), 0);
  cJSON *j = cJSON_Parse(out);
  free(out);
  assert_non_null(j);
  return j;
}

static void the_command_tells_agreement_cost_and_each_disagreement(void **state) {
  (void)state;
  open_with(HOUSE, "{models: [house], share: 1}", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  cJSON *doc = shown("--format json shadow"), *row = NULL;
  int differ = 0, rows = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(doc, "models")) {
    rows++;
    assert_string_equal(cJSON_GetObjectItem(row, "model")->valuestring, "house");
    assert_int_equal(cJSON_GetObjectItem(row, "asked")->valueint, TICKETS);
    assert_string_equal(cJSON_GetObjectItem(row, "cost")->valuestring, "0.000000");
    assert_string_not_equal(cJSON_GetObjectItem(row, "live_cost")->valuestring, "0.000000");
    const cJSON *c = cJSON_GetObjectItem(cJSON_GetObjectItem(row, "agreement"), "category");
    if (c != NULL)
      differ = cJSON_GetObjectItem(c, "n")->valueint - cJSON_GetObjectItem(c, "same")->valueint;
  }
  assert_int_equal(rows, 2);
  int told = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(doc, "disagreements"))
      told += strcmp(cJSON_GetObjectItem(row, "field")->valuestring, "category") == 0;
  assert_int_equal(told, differ);
  cJSON_Delete(doc);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "--format csv shadow --disagreements --limit 3", &out),
                   0);
  assert_int_equal(strncmp(out, "ref,pass,task,model,field,live,shadow,at\r\n", 42), 0);
  free(out);
  assert_int_equal(rig_run(&R, "triagectl", "shadow", &out), 0);
  assert_non_null(strstr(out, "Agreement"));
  free(out);
}

static void what_a_person_sends_in_the_end_is_what_drafts_are_measured_by(void **state) {
  (void)state;
  open_with(HOUSE, "{models: [house], share: 1}", "");
  rig_conf_change(&R, "mode: auto", "mode: draft", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  cJSON *doc = shown("--format json review");
  assert_true(cJSON_GetArraySize(doc) > 0);
  char args[120];
  snprintf(args, sizeof args, "review approve %s",
           cJSON_GetObjectItem(cJSON_GetArrayItem(doc, 0), "ref")->valuestring);
  cJSON_Delete(doc);
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  doc = shown("--format json shadow");
  const cJSON *row = NULL;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(doc, "models")) {
    const cJSON *s = cJSON_GetObjectItem(row, "similarity");
    if (s == NULL) continue;
    const cJSON *live = cJSON_GetObjectItem(s, "live_to_sent");
    assert_int_equal(cJSON_GetObjectItem(live, "n")->valueint, 1);
    assert_true(cJSON_GetObjectItem(live, "mean")->valuedouble == 1.0); /* sent as it was */
    assert_true(cJSON_GetObjectItem(cJSON_GetObjectItem(s, "to_sent"), "mean")->valuedouble < 1.0);
  }
  cJSON_Delete(doc);
}

static void a_shadow_that_never_answers_delays_no_ticket(void **state) {
  (void)state;
  char models[300];
  snprintf(models, sizeof models,
           "  - {name: deaf, backend: anthropic, model: claude-sonnet-5-5, url: "
           "\"http://127.0.0.1:%d\",\n     key: \"${file:token}\", " PRICE ", timeout: 60s}\n",
           deaf_port());
  open_with(models, "{models: [deaf], share: 1}", "");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", TICKETS);
  all_are_answered();
  assert_true(sql("SELECT count(*) FROM model_call WHERE shadow = 1 AND outcome = ''") > 0);
  /* Nor the end of the daemon; what was under way is on the books as what it may have cost. */
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(sql("SELECT count(*) FROM model_call WHERE outcome = ''"), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static void a_shadow_that_fails_leaves_the_live_model_alone(void **state) {
  (void)state;
  open_with("  - {name: gone, backend: anthropic, model: claude-sonnet-5-5, url: "
            "\"http://127.0.0.1:9\",\n     key: \"${file:token}\", " PRICE
            ", max_in_flight: 500}\n",
            "{models: [gone], share: 1}", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  all_are_answered();
  assert_int_equal(sql("SELECT count(*) FROM shadow WHERE outcome = 'failed'"), 2 * TICKETS);
  assert_int_equal(sql("SELECT count(*) FROM v_model_calls WHERE shadow = 0 AND outcome <> 'ok'"),
                   0);
}

static void comparison_has_a_purse_of_its_own(void **state) {
  (void)state;
  open_with(OTHER, "{models: [other], share: 1, cost_per_day: 0.0005}",
            "limits: {model_cost_per_day: 50.00}\n");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  all_are_answered();
  assert_true(sql("SELECT count(*) FROM shadow WHERE outcome = 'budget'") > 0);
  assert_true(sql("SELECT coalesce(sum(cost_micros), 0) FROM v_model_calls WHERE shadow = 1") <=
              500);
  assert_int_equal(sql("SELECT count(*) FROM v_tickets WHERE reason = 'budget'"), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_share_of_the_tickets_is_compared_and_nothing_else_changes),
      TEST(the_command_tells_agreement_cost_and_each_disagreement),
      TEST(what_a_person_sends_in_the_end_is_what_drafts_are_measured_by),
      TEST(a_shadow_that_never_answers_delays_no_ticket),
      TEST(a_shadow_that_fails_leaves_the_live_model_alone),
      TEST(comparison_has_a_purse_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
