/* Tasks that may wait go through the vendor's batch: gathered, sent once, waited for over restarts,
 * and paid at the rate of batches. */
#include "rig.h"

#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct rig R;

static const char *served;

static int begin(void **state) {
  (void)state;
  served = "claude-haiku-5-5";
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

#define TICKETS 12
static const char price[] = "cache_write: 0.125}}";
/* All calls go in one batch, though fewer than these may be in flight. */
static const char quick[] =
    "cache_write: 0.125}, max_in_flight: 4, batch_window: 300ms, batch_poll: 150ms}";

static void setup(const char *triage) {
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, price, quick, "triage: {models: [haiku]", triage, NULL);
}

static int64_t sum(const char *what, const char *where) {
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM v_model_calls WHERE %s", what, where);
  return rig_sql(&R, sql);
}

static int64_t stat_of(const char *key) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "models"), served);
  const int64_t n = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(m, key));
  cJSON_Delete(stats);
  return n;
}

static int64_t route_of(const char *route) {
  cJSON *stats = rig_get(&R, "/sim/stats");
  const int64_t n = (int64_t)cJSON_GetNumberValue(
      cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "routes"), route));
  cJSON_Delete(stats);
  return n;
}

#define MAKE "POST /v1/messages/batches"
#define ASK  "GET /v1/messages/batches/{}"

static void until_with_the_vendor(void) {
  rig_until(&R, "SELECT count(*) FROM model_call WHERE batch_ref <> ''", TICKETS);
}

static void an_hour_later_all_is_done(void) {
  cJSON_Delete(rig_post(&R, "/sim/time", "{\"advance\":\"1h\"}"));
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", TICKETS);
}

/* Dollars per million are micro-dollars per token; each call is rounded on its own. */
static void money_is_right(void) {
  const char *const triage = "task = 'triage'";
  const double full = 0.10 * (double)sum("input", triage) + 0.50 * (double)sum("output", triage) +
                      0.01 * (double)sum("cache_read", triage) +
                      0.125 * (double)sum("cache_write", triage);
  const double have = (double)sum("cost_micros", triage);
  if (have < full / 2 - TICKETS || have > full / 2 + TICKETS)
    fail_msg("%.0f is not half of %.0f", have, full);
  assert_int_equal(sum("input", "1"), stat_of("input_tokens"));
  assert_int_equal(sum("output", "1"), stat_of("output_tokens"));
  assert_int_equal(sum("1", "outcome = 'lost'"), 0);
  assert_int_equal(rig_sql(&R, "SELECT sum(spent_micros) FROM budget_day"),
                   sum("cost_micros", "1"));
  assert_int_equal(rig_sql(&R, "SELECT sum(reserved_micros) FROM budget_day"), 0);
}

static void calls_that_may_wait_go_in_one_batch_at_half_the_price(void **state) {
  (void)state;
  setup("triage: {batch: true, models: [haiku]");
  rig_start(&R, "");
  until_with_the_vendor();
  assert_int_equal(route_of(MAKE), 1);
  assert_int_equal(sum("1", "outcome = 'ok'"), 0);
  an_hour_later_all_is_done();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(sum("1", "task = 'triage'"), TICKETS);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), TICKETS);
  money_is_right();
}

/* However it ends, the next start waits for the batch that is under way. */
static void restarted_by(int signum) {
  setup("triage: {batch: true, models: [haiku]");
  rig_start(&R, "");
  until_with_the_vendor();
  (void)rig_stop(&R, signum);
  const int64_t asked = route_of(ASK);
  rig_start(&R, "");
  for (int i = 0; i < 100 && route_of(ASK) == asked; i++) rig_sleep_ms(50);
  assert_true(route_of(ASK) > asked);
  (void)rig_stop(&R, signum);
  rig_start(&R, "");
  an_hour_later_all_is_done();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(route_of(MAKE), 1);
  assert_int_equal(sum("1", "task = 'triage'"), TICKETS);
  assert_int_equal(stat_of("calls"), sum("1", "1"));
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), TICKETS);
  money_is_right();
}

static void a_killed_daemon_comes_back_to_its_batch(void **state) {
  (void)state;
  restarted_by(SIGKILL);
}

static void a_stopped_daemon_comes_back_to_its_batch(void **state) {
  (void)state;
  restarted_by(SIGTERM);
}

/* A file, a batch that names it, a file of the answers. */
static void openais_batches_survive_a_kill_too(void **state) {
  (void)state;
  served = "gpt-6-luna";
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "backend: anthropic, model: claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\",",
           "backend: openai, model: gpt-6-luna, max_tokens_field: max_completion_tokens, url: "
           "\"http://127.0.0.1:@PORT@/v1\",",
           price, quick, "triage: {models: [haiku]", "triage: {batch: true, models: [haiku]", NULL);
  rig_start(&R, "");
  until_with_the_vendor();
  (void)rig_stop(&R, SIGKILL);
  rig_start(&R, "");
  an_hour_later_all_is_done();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(route_of("POST /v1/files"), 1);
  assert_int_equal(route_of("POST /v1/batches"), 1);
  assert_int_equal(sum("1", "task = 'triage'"), TICKETS);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), TICKETS);
  money_is_right();
}

/* The customer writes again while the call waits: it is given up, but the vendor works on it. */
static void what_is_given_up_in_a_batch_is_paid_for(void **state) {
  (void)state;
  setup("triage: {batch: true, models: [haiku]");
  cJSON *stats = rig_get(&R, "/sim/stats");
  struct tm at = {0};
  assert_non_null(
      strptime(cJSON_GetObjectItem(stats, "now")->valuestring, "%Y-%m-%dT%H:%M:%S", &at));
  cJSON_Delete(stats);
  const time_t later = timegm(&at) + 600;
  const time_t before = later - 7200; /* exports hide the last minute */
  char when[32];
  char created[32];
  char line[512];
  gmtime_r(&later, &at);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &at);
  gmtime_r(&before, &at);
  strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &at);
  snprintf(
      line, sizeof line,
      "{\"id\":\"900\",\"helpdesk\":\"zendesk\",\"subject\":\"Late parcel\",\"created_at\":\"%s\","
      "\"body\":"
      "\"Where is my parcel?\",\"requester\":{\"name\":\"A B\",\"email\":"
      "\"a@example.com\"},\"thread\":[{\"author\":\"customer\",\"body\":\"And my invoice?\","
      "\"created_at\":\"%s\"}]}\n",
      created, when);
  rig_add(&R, line);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM model_call WHERE batch_ref <> ''", TICKETS + 1);
  cJSON_Delete(rig_post(&R, "/sim/time", "{\"advance\":\"15m\"}"));
  rig_until(&R, "SELECT count(*) FROM model_call WHERE outcome = 'cancelled'", 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_call WHERE outcome = 'cancelled' AND "
                               "cost_micros = reserved_micros AND cost_micros > 0 AND estimated"),
                   1);
  rig_until(&R, "SELECT count(*) FROM model_call WHERE batch_ref <> ''", TICKETS + 2);
  cJSON_Delete(rig_post(&R, "/sim/time", "{\"advance\":\"2h\"}"));
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", TICKETS + 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), TICKETS + 1);
}

/* --- evaluations ------------------------------------------------------------------------------ */

#define EXAMPLES 12

static pid_t eval_start(const char *out) {
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child != 0) return child;
  const char *program = getenv("TRIAGECTL");
  if (freopen(out, "w", stdout) == NULL) _exit(126);
  execl(program != NULL ? program : "build/triagectl", "triagectl", "-c",
        rig_path(&R, "triaged.yaml"), "--format", "json", "eval", rig_path(&R, "labelled.tsv"),
        "--model", "haiku", (char *)NULL);
  _exit(126);
}

/* Questions that are known to wait in a batch. */
static int waiting_lines(void) {
  glob_t g;
  int n = 0;
  if (glob(rig_path(&R, "state/eval-*.part"), 0, NULL, &g) != 0) return 0;
  char line[512];
  FILE *f = fopen(g.gl_pathv[0], "r");
  while (f != NULL && fgets(line, sizeof line, f) != NULL) n += strstr(line, "\"batch\"") != NULL;
  if (f != NULL) fclose(f);
  globfree(&g);
  return n;
}

static void an_evaluation_survives_a_kill(const char *make, const char *ask) {
  static const char *const labels[] = {"shipping", "billing", "account"};
  char text[4096] = "";
  for (int i = 0; i < EXAMPLES; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s\tWhere is parcel %d of mine?\n",
             labels[i % 3], i);
  rig_file(&R, "labelled.tsv", text);
  assert_true(mkdir(rig_path(&R, "state"), 0700) == 0 || errno == EEXIST);
  char out[512];
  snprintf(out, sizeof out, "%s", rig_path(&R, "eval.json"));
  pid_t child = eval_start(out);
  for (int i = 0; i < 4000 && waiting_lines() < EXAMPLES; i++) rig_sleep_ms(5);
  assert_int_equal(waiting_lines(), EXAMPLES);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  const int64_t asked = route_of(ask);
  child = eval_start(out);
  for (int i = 0; i < 400 && route_of(ask) == asked; i++) rig_sleep_ms(20);
  assert_true(route_of(ask) > asked);
  cJSON_Delete(rig_post(&R, "/sim/time", "{\"advance\":\"1h\"}"));
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(route_of(make), 1);
  assert_int_equal(stat_of("calls"), EXAMPLES);
  char *printed = rig_read(&R, "eval.json");
  cJSON *list = cJSON_Parse(printed);
  const cJSON *row = cJSON_GetArrayItem(list, 0);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(row, "batched")));
  assert_int_equal(cJSON_GetObjectItem(row, "answered")->valueint, EXAMPLES);
  /* half of what the vendor's count costs; each call is rounded on its own */
  const double full = 0.10 * (double)stat_of("input_tokens") +
                      0.50 * (double)stat_of("output_tokens") +
                      0.01 * (double)stat_of("cache_read_tokens") +
                      0.125 * (double)stat_of("cache_write_tokens");
  const double have = strtod(cJSON_GetObjectItem(row, "cost_per_1000")->valuestring, NULL) * 1e6 *
                      EXAMPLES / 1000;
  if (have < full / 2 - EXAMPLES || have > full / 2 + EXAMPLES)
    fail_msg("%.0f is not half of %.0f", have, full);
  assert_int_equal(waiting_lines(), 0); /* done: nothing is left of it */
  cJSON_Delete(list);
  free(printed);
}

static void an_evaluation_comes_back_to_its_batch_at_half_the_price(void **state) {
  (void)state;
  setup("triage: {batch: true, models: [haiku]");
  an_evaluation_survives_a_kill(MAKE, ASK);
}

static void so_does_one_through_openais_batches(void **state) {
  (void)state;
  served = "gpt-6-luna";
  rig_tickets(&R, 1);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "backend: anthropic, model: claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\",",
           "backend: openai, model: gpt-6-luna, max_tokens_field: max_completion_tokens, url: "
           "\"http://127.0.0.1:@PORT@/v1\",",
           price, quick, "triage: {models: [haiku]", "triage: {batch: true, models: [haiku]", NULL);
  an_evaluation_survives_a_kill("POST /v1/batches", "GET /v1/batches/{}");
}

static void a_task_none_of_whose_models_can_batch_is_an_error_at_check(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "");
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n",
           "triage: {models: [haiku]", "triage: {batch: true, models: [house]", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "tasks.triage.batch"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(calls_that_may_wait_go_in_one_batch_at_half_the_price),
      T(a_killed_daemon_comes_back_to_its_batch),
      T(a_stopped_daemon_comes_back_to_its_batch),
      T(openais_batches_survive_a_kill_too),
      T(what_is_given_up_in_a_batch_is_paid_for),
      T(an_evaluation_comes_back_to_its_batch_at_half_the_price),
      T(so_does_one_through_openais_batches),
      T(a_task_none_of_whose_models_can_batch_is_an_error_at_check),
  };
  return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
