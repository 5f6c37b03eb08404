/* Every remote backend against the simulator's side of it, end to end: the same tickets, one line
 * of the config changed. Each ticket is decided once, and what we count is what the vendor
 * counted. */
#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

#define TICKETS 8
#define PRICE   "price: {input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125}}"

/* The first line of the rig's models, and by what it is replaced. */
static const char haiku[] = "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5, url: "
                            "\"http://127.0.0.1:@PORT@\",\n     key: \"${file:token}\", " PRICE;

static int64_t sum(const char *column) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM v_model_calls", column);
  return rig_sql(&R, sql);
}

static int64_t stat_of(const cJSON *stats, const char *model, const char *key) {
  const cJSON *m = cJSON_GetObjectItem(cJSON_GetObjectItem(stats, "models"), model);
  return (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(m, key));
}

/* One model, served as `served`; refused at most so often while it learns what to leave out. */
static void one_backend(const char *line, const char *served, int most_refused, bool caches) {
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, haiku, line, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  cJSON *stats = rig_get(&R, "/sim/stats");
  char *text = cJSON_Print(cJSON_GetObjectItem(stats, "models"));
  assert_int_equal(
      rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome <> '' AND state <> 'dead'"),
      TICKETS);
  if (sum("input") == 0 || sum("input") != stat_of(stats, served, "input_tokens") ||
      sum("output") != stat_of(stats, served, "output_tokens") ||
      sum("cache_read") != stat_of(stats, served, "cache_read_tokens") ||
      sum("cache_write") != stat_of(stats, served, "cache_write_tokens"))
    fail_msg("we: input %lld output %lld read %lld write %lld; they: %s", (long long)sum("input"),
             (long long)sum("output"), (long long)sum("cache_read"), (long long)sum("cache_write"),
             text);
  if (stat_of(stats, served, "rejected") > most_refused) fail_msg("refused too often: %s", text);
  if (caches) assert_true(sum("cache_read") > 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE estimated"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE outcome = 'error'"), 0);
  free(text);
  cJSON_Delete(stats);
  int notes = 0, replies = 0;
  assert_int_equal(rig_check_no_double(&R, &notes, &replies), TICKETS);
}

#define LINE(backend, model, url, more)                                                            \
  "  - {name: haiku, backend: " backend ", model: \"" model                                        \
  "\", url: \"http://127.0.0.1:@PORT@" url "\",\n     " more ", " PRICE
#define BY_KEY "key: \"${file:token}\""

static void anthropic_marks_the_stable_prefix_and_the_next_call_reads_it(void **state) {
  (void)state;
  one_backend(haiku, "claude-haiku-5-5", 0, true);
  /* Written once per task, read by all later calls of it. */
  assert_true(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE cache_write > 0") >= 2);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE cache_write > 0 AND "
                               "cache_read > 0 AND cache_write > cache_read"),
                   0);
  rig_later(&R, "1s");
  const int64_t read = sum("cache_read");
  rig_add(&R, "{\"id\":\"900\",\"helpdesk\":\"zendesk\",\"subject\":\"Late parcel\",\"body\":"
              "\"Where is my parcel?\",\"requester\":{\"name\":\"A B\",\"email\":"
              "\"a@example.com\"}}\n");
  rig_later(&R, "2m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_true(sum("cache_read") > read);
}

static void openais_chat_completions_learn_the_limits_name(void **state) {
  (void)state;
  one_backend(LINE("openai", "gpt-6-luna", "/v1", BY_KEY), "gpt-6-luna", TICKETS, true);
  assert_true(rig_log_has(&R, "err.log", "request_part_refused"));
}

static void openais_responses(void **state) {
  (void)state;
  one_backend(LINE("openai", "gpt-6-luna", "/v1", BY_KEY ", api: responses, effort: low"),
              "gpt-6-luna", 0, true);
}

static void azures_deployment_paths(void **state) {
  (void)state;
  one_backend(LINE("openai", "gpt-4.1", "",
                   BY_KEY ", auth: {header: api-key}, deployment: gpt-4.1, api_version: "
                          "\"2024-10-21\", max_tokens_field: max_completion_tokens"),
              "gpt-4.1", 0, true);
}

static void azures_version_free_route(void **state) {
  (void)state;
  one_backend(LINE("openai", "gpt-5-mini", "/openai/v1",
                   BY_KEY ", auth: {header: api-key}, max_tokens_field: max_completion_tokens"),
              "gpt-5-mini", 0, true);
}

/* Without schemas, with thoughts aloud and fences around what it says. */
static void an_open_model_on_a_compatible_server(void **state) {
  (void)state;
  one_backend(LINE("openai", "house-7b", "", BY_KEY ", reasoning_tokens: 0"), "house-7b", TICKETS,
              false);
}

static void geminis_generate_content(void **state) {
  (void)state;
  one_backend(LINE("gemini", "gemini-3-flash", "", BY_KEY ", thinking_level: low"),
              "gemini-3-flash", 0, true);
}

static void gemini_leaves_out_a_level_that_an_older_model_refuses(void **state) {
  (void)state;
  one_backend(LINE("gemini", "gemini-2.5-flash", "/v1beta/", BY_KEY ", thinking_level: low"),
              "gemini-2.5-flash", TICKETS, true);
}

static void bedrocks_converse_with_a_bearer_key(void **state) {
  (void)state;
  one_backend(LINE("bedrock", "anthropic.claude-haiku-5-5", "", BY_KEY),
              "anthropic.claude-haiku-5-5", 0, true);
}

static void bedrock_goes_down_to_a_tool_for_an_id_with_a_colon(void **state) {
  (void)state;
  one_backend(LINE("bedrock", "amazon.nova-2-lite-v1:0", "", BY_KEY), "amazon.nova-2-lite-v1:0",
              TICKETS, true);
}

/* No schemas, no tools, no cache: all three are learnt, and nothing else is asked again. */
static void bedrock_goes_down_to_the_prompt(void **state) {
  (void)state;
  one_backend(LINE("bedrock", "meta.llama4-scout-17b-instruct-v1:0", "",
                   BY_KEY ", max_output_tokens: 8000"),
              "meta.llama4-scout-17b-instruct-v1:0", 4 * TICKETS, false);
}

/* The simulator computes the signature as AWS does. */
static void bedrock_signed_with_aws_credentials(void **state) {
  (void)state;
  rig_file(&R, "aws", "sim-secret");
  one_backend(LINE("bedrock", "anthropic.claude-haiku-5-5", "",
                   "access_key: \"${file:token}\", secret_key: \"${file:aws}\", session_token: "
                   "\"${file:token}\", region: eu-west-1"),
              "anthropic.claude-haiku-5-5", 0, true);
}

/* --- tokens that a command prints --- */

static void a_token_command_stands_in_for_a_key_and_runs_once(void **state) {
  (void)state;
  rig_file(&R, "mint.sh",
           "#!/bin/sh\n"
           "env | sort | cut -d= -f1 >> @DIR@/env.txt\n"
           "echo run >> @DIR@/runs.txt\n"
           "echo '{\"access_token\":\"minted-0001\",\"expires_in\":3600}'\n");
  one_backend(LINE("gemini", "gemini-3-flash", "", "auth: {token_command: \"sh @DIR@/mint.sh\"}"),
              "gemini-3-flash", 0, true);
  char *runs = rig_read(&R, "runs.txt");
  assert_string_equal(runs, "run\n");
  free(runs);
  char *names = rig_read(&R, "env.txt");
  assert_null(strstr(names, "TRIAGED"));
  free(names);
  assert_false(rig_log_has(&R, "err.log", "minted-0001"));
}

static void failed_command(const char *command, const char *says) {
  char line[512];
  snprintf(line, sizeof line,
           "  - {name: haiku, backend: openai, model: gpt-6-luna, url: "
           "\"http://127.0.0.1:@PORT@\",\n     auth: {token_command: \"%s\", token_timeout: "
           "300ms}, " PRICE,
           command);
  rig_tickets(&R, 1);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, haiku, line, NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", says);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'dead'"), 0);
  assert_int_equal(rig_sql(&R, "SELECT coalesce(sum(cost_micros), 0) FROM v_model_calls"), 0);
  assert_false(rig_log_has(&R, "daemon.log", "s3cret"));
}

static void a_token_command_that_fails_says_so(void **state) {
  (void)state;
  failed_command("echo s3cret; exit 3", "exit status 3");
}

static void a_token_command_that_hangs_is_killed(void **state) {
  (void)state;
  failed_command("sleep 60 & sleep 60", "killed after 300 ms");
}

/* --- what a backend cannot express is told at --check --- */

static void check_says(const char *line, const char *says) {
  char *log = NULL;
  rig_conf(&R, haiku, line, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  log = rig_read(&R, "err.log");
  if (!strstr(log, says)) fail_msg("%s: %s", says, log);
  free(log);
}

static void what_a_backend_cannot_express_is_an_error_at_check(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "");
  rig_file(&R, "aws", "sim-secret");
#define SIGNED "access_key: \"${file:token}\", secret_key: \"${file:aws}\""
  check_says(LINE("bedrock", "amazon.nova-2-lite-v1:0", "", SIGNED ", region: eu-west-1"),
             "can not be signed");
  check_says(LINE("bedrock", "anthropic.claude-haiku-5-5", "", SIGNED), "region: missing");
  check_says(LINE("bedrock", "anthropic.claude-haiku-5-5", "", SIGNED ", region: a, " BY_KEY),
             "one way is enough");
  check_says(
      LINE("gemini", "gemini-3-flash", "", BY_KEY ", thinking_level: low, thinking_budget: 5"),
      "only one");
  check_says(LINE("openai", "gpt-6-luna", "", BY_KEY ", auth: {token_command: \"x\"}"),
             "one of the two");
  check_says(LINE("openai", "gpt-6-luna", "", "deployment: x"), "api_version");
}

/* Secrets of the examples are given; nothing is sent. */
static void the_shipped_examples_pass_the_check(void **state) {
  (void)state;
  static const char *const names[] = {"compatible.yaml", "clouds.yaml", "claude.yaml"};
  static const char *const secrets[] = {
      "OPENAI_API_KEY",           "MISTRAL_API_KEY",   "GROQ_API_KEY",          "DEEPSEEK_API_KEY",
      "OPENROUTER_API_KEY",       "GATEWAY_KEY",       "AZURE_OPENAI_KEY",      "GEMINI_API_KEY",
      "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ANTHROPIC_API_KEY",
      "ZENDESK_CLIENT_SECRET"};
  const char *root = getenv("TRIAGED_ROOT");
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) setenv(secrets[i], "k-0001", 1);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    char state_line[600];
    snprintf(path, sizeof path, "%s/config/%s", root ? root : ".", names[i]);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 20000);
    assert_non_null(text);
    const size_t head = (size_t)snprintf(text, 1000, "state: %s/state\nlisten: \"off\"\n", R.dir);
    assert_true(fread(text + head, 1, 18000, f) > 500);
    fclose(f);
    rig_file(&R, "triaged.yaml", text);
    free(text);
    if (rig_run(&R, "triaged", "--check", NULL) != 0) {
      char *log = rig_read(&R, "err.log");
      snprintf(state_line, sizeof state_line, "%.500s", log);
      free(log);
      fail_msg("%s: %s", names[i], state_line);
    }
  }
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) unsetenv(secrets[i]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(anthropic_marks_the_stable_prefix_and_the_next_call_reads_it),
      T(openais_chat_completions_learn_the_limits_name),
      T(openais_responses),
      T(azures_deployment_paths),
      T(azures_version_free_route),
      T(an_open_model_on_a_compatible_server),
      T(geminis_generate_content),
      T(gemini_leaves_out_a_level_that_an_older_model_refuses),
      T(bedrocks_converse_with_a_bearer_key),
      T(bedrock_goes_down_to_a_tool_for_an_id_with_a_colon),
      T(bedrock_goes_down_to_the_prompt),
      T(bedrock_signed_with_aws_credentials),
      T(a_token_command_stands_in_for_a_key_and_runs_once),
      T(a_token_command_that_fails_says_so),
      T(a_token_command_that_hangs_is_killed),
      T(what_a_backend_cannot_express_is_an_error_at_check),
      T(the_shipped_examples_pass_the_check),
  };
  return cmocka_run_group_tests_name("backends", tests, NULL, NULL);
}
