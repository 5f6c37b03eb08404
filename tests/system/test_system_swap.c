/* Models are swapped, added and removed by SIGHUP in the middle of a run with faults on: every
 * ticket is decided once, nothing is lost, and what we count is what the vendors counted.
 * SWAP_TICKETS sets another size. */
#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static int size_of_run(void) {
  const char *text = getenv("SWAP_TICKETS");
  const int n = text != NULL ? (int)strtol(text, NULL, 10) : 0;
  return n > 0 ? n : 1000;
}

#define PRICE                                                                                      \
  "max_in_flight: 16, price: {input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125}}"
/* The rig's own line of it, which has no limit of calls at once. */
static const char haiku[] =
    "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5, url: "
    "\"http://127.0.0.1:@PORT@\",\n     key: \"${file:token}\", price: {input: 0.10, output: 0.50, "
    "cache_read: 0.01, cache_write: 0.125}}\n";
#define MODEL(name, backend, model, url)                                                           \
  "  - {name: " name ", backend: " backend ", model: " model                                       \
  ", url: \"http://127.0.0.1:@PORT@" url "\",\n     key: \"${file:token}\", " PRICE "\n"
#define GPT                                                                                        \
  "  - {name: gpt, backend: openai, api: responses, model: gpt-6-luna, url: "                      \
  "\"http://127.0.0.1:@PORT@/v1\",\n     key: \"${file:token}\", " PRICE "\n"
#define HAIKU       MODEL("haiku", "anthropic", "claude-haiku-5-5", "")
#define GEMINI      MODEL("second", "gemini", "gemini-3-flash", "")
#define BEDROCK     MODEL("second", "bedrock", "anthropic.claude-haiku-5-5", "")
#define TASKS(list) "triage: {models: [" list "], accept: 0.0}, draft: {models: [" list "]}"

static const char tasks_of_rig[] = "triage: {models: [haiku], accept: 0.0}, draft: {models: "
                                   "[haiku]}";

/* Another models' block and another list for both tasks. */
static void reload(const char *models, const char *tasks) {
  rig_conf(&R, haiku, models, tasks_of_rig, tasks, NULL);
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
}

/* The new models are in use. */
static void used(const char *backend) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM v_model_calls WHERE backend = '%s'", backend);
  rig_until(&R, sql, 1);
}

/* As long as it takes, while calls are made: 20 s without one are the end. */
static void following(int64_t at_least) {
  static const char there[] =
      "SELECT count(*) FROM v_tickets WHERE state = 'following' OR state = 'done'";
  int64_t calls = -1;
  for (int still = 0; still < 800; still++) {
    if (rig_sql(&R, there) >= at_least) return;
    const int64_t now = rig_sql(&R, "SELECT count(*) FROM v_model_calls");
    if (now != calls) still = 0;
    calls = now;
    rig_sleep_ms(25);
  }
  fail_msg("%lld tickets of %lld came through", (long long)rig_sql(&R, there), (long long)at_least);
}

static int64_t sum(const char *column) {
  char sql[160];
  snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM v_model_calls WHERE estimated = 0",
           column);
  return rig_sql(&R, sql);
}

static int64_t counted(const cJSON *stats, const char *key) {
  int64_t total = 0;
  const cJSON *m;
  cJSON_ArrayForEach(m, cJSON_GetObjectItem(stats, "models")) {
    total += (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(m, key));
  }
  return total;
}

static void a_swap_in_the_middle_of_a_run_loses_and_doubles_nothing(void **state) {
  (void)state;
  const int tickets = size_of_run();
  rig_tickets(&R, tickets);
  /* Faults after which the vendor has counted what we have: those that lose an answer are counted
   * by us as the bound that was reserved, and are another test's. */
  rig_sim(&R, "--seed 5 --behaviour off --model-latency 40ms --faults "
              "model.429=0.006,model.529=0.006,model.500=0.02,model.truncate=0.03,"
              "model.refusal=0.02,zendesk.503=0.02 --retry-after 1");
  rig_conf(&R, haiku, HAIKU, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) >= 0 FROM v_tickets", 1); /* the database is there */
  following(tickets / 8);
  /* added: a second model in front of the first */
  reload(GEMINI HAIKU, TASKS("second, haiku"));
  used("gemini");
  following(tickets / 4);
  /* swapped: the same name is another vendor's model */
  reload(BEDROCK HAIKU, TASKS("second, haiku"));
  used("bedrock");
  following(tickets / 2);
  /* an invalid file is refused, and nothing changes */
  reload(MODEL("second", "bedrok", "x", "") HAIKU, TASKS("second, haiku"));
  rig_until_log(&R, "daemon.log", "bedrok");
  following(tickets / 2 + tickets / 8);
  /* removed: both; a third alone */
  reload(GPT, TASKS("gpt"));
  following(tickets);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);

  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), tickets);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), tickets);
  /* of each task one answer was accepted, or none and a person has it */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM (SELECT ref, pass, task, count(*) AS n FROM "
                               "v_model_calls WHERE outcome = 'ok' GROUP BY 1, 2, 3) WHERE n > 1"),
                   0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM (SELECT ref, pass, stage, count(*) AS n FROM "
                               "v_decisions WHERE stage = 'triage' GROUP BY 1, 2, 3) WHERE n > 1"),
                   0);
  assert_true(rig_sql(&R, "SELECT count(DISTINCT backend) FROM v_model_calls") == 4);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE outcome = ''"), 0);
  cJSON *stats = rig_get(&R, "/sim/stats");
  static const char *const pairs[][2] = {{"input", "input_tokens"},
                                         {"output", "output_tokens"},
                                         {"cache_read", "cache_read_tokens"},
                                         {"cache_write", "cache_write_tokens"}};
  for (size_t i = 0; i < 4; i++)
    if (sum(pairs[i][0]) != counted(stats, pairs[i][1]))
      fail_msg("%s: we %lld, they %lld", pairs[i][0], (long long)sum(pairs[i][0]),
               (long long)counted(stats, pairs[i][1]));
  /* dollars per million are micro-dollars per token; each call is rounded on its own */
  const double want = 0.10 * (double)sum("input") + 0.50 * (double)sum("output") +
                      0.01 * (double)sum("cache_read") + 0.125 * (double)sum("cache_write");
  const double have = (double)sum("cost_micros");
  const double calls = (double)rig_sql(&R, "SELECT count(*) FROM v_model_calls");
  assert_true(have >= want - calls && have <= want + calls);
  cJSON_Delete(stats);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_swap_in_the_middle_of_a_run_loses_and_doubles_nothing,
                                      begin, end),
  };
  return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
