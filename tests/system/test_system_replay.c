/* What was recorded runs again: to the same bytes, or with another model. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "rig.h"

#define TICKETS 25

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

#define HOUSE "  - {name: house, backend: local}\n"

/* One pass; nothing of what follows may need the simulator. */
static void decided(const char *triage) {
  rig_tickets(&R, TICKETS);
  rig_sim(&R, "--seed 3 --time 2026-11-20T10:00:00Z --behaviour off");
  rig_conf(&R, "models:\n", "models:\n" HOUSE, "triage: {models: [haiku], accept: 0.0", triage,
           NULL);
  rig_later(&R, "1s");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
}

static cJSON *replay(const char *args, int status) {
  char all[200], *out = NULL;
  snprintf(all, sizeof all, "--format json replay %s", args);
  const int is = rig_run(&R, "triagectl", all, &out);
  if (is != status) fail_msg("status %d, not %d: %s", is, status, rig_read(&R, "err.log"));
  cJSON *j = cJSON_Parse(out);
  free(out);
  assert_non_null(j);
  return j;
}

static int number(const cJSON *j, const char *key) {
  return cJSON_GetObjectItem(j, key)->valueint;
}

static void every_decision_comes_out_the_same_without_a_network(void **state) {
  (void)state;
  decided("triage: {models: [house, haiku], accept: 0.80");
  const int64_t made = rig_sql(&R, "SELECT count(*) FROM decision WHERE model_call_id IS NOT NULL");
  const int64_t calls = rig_sql(&R, "SELECT count(*) FROM model_call");
  assert_true(made >= 2 * TICKETS - 5);
  cJSON *before = rig_get(&R, "/sim/stats");
  cJSON *j = replay("", 0);
  assert_int_equal(number(j, "decisions"), made);
  assert_int_equal(number(j, "same"), made);
  /* Not only the answers: what was asked is built again to the byte. */
  assert_int_equal(number(j, "requests"), made);
  assert_int_equal(number(j, "requests_same"), made);
  cJSON_Delete(j);
  cJSON *after = rig_get(&R, "/sim/stats");
  assert_int_equal(number(before, "requests"), number(after, "requests"));
  cJSON_Delete(before);
  cJSON_Delete(after);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_call"), calls);
}

/* As somebody who changes the file. */
static void change(const char *sql) {
  sqlite3 *db = NULL;
  char *path = rig_path(&R, "state/triaged.db");
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  char *why = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
  assert_int_equal(sqlite3_changes(db), 1);
  sqlite3_close(db);
}

static void a_decision_that_does_not_reproduce_is_named(void **state) {
  (void)state;
  decided("triage: {models: [haiku]");
  change("UPDATE model_bytes SET response = CAST(replace(CAST(response AS TEXT), 'sentiment',"
         " 'SENTIMENT') AS BLOB) WHERE model_call_id = (SELECT model_call_id FROM decision d"
         " JOIN ticket t ON t.id = d.ticket_id WHERE t.ref = 'shop/7' AND d.stage = 'triage')");
  change("UPDATE asked SET part = part || ' ' WHERE stage = 'draft' AND ticket_id ="
         " (SELECT ticket_id FROM decision WHERE stage = 'draft' ORDER BY id LIMIT 1)");
  cJSON *j = replay("", 1);
  assert_int_equal(number(j, "differs"), 2);
  cJSON_Delete(j);
  assert_true(rig_log_has(&R, "err.log", "shop/7: triage"));
  assert_true(rig_log_has(&R, "err.log", "hash"));
  assert_true(rig_log_has(&R, "err.log", "the answer differs from byte "));
  assert_true(rig_log_has(&R, "err.log", "SENTIMENT"));
  j = replay("--task verify", 0);
  assert_int_equal(number(j, "decisions"), 0);
  cJSON_Delete(j);
  j = replay("--from 2027-01-01", 0);
  assert_int_equal(number(j, "decisions"), 0);
  cJSON_Delete(j);
}

/* The same answers, but another model would be asked for them: where is the first other byte? */
static void a_request_in_other_bytes_is_named_with_the_place(void **state) {
  (void)state;
  decided("triage: {models: [haiku]");
  rig_conf_change(&R, "model: claude-haiku-5-5", "model: claude-haiku-5-6", NULL);
  cJSON *j = replay("--task triage", 0);
  assert_int_equal(number(j, "same"), TICKETS);
  assert_int_equal(number(j, "requests"), TICKETS);
  assert_int_equal(number(j, "requests_same"), 0);
  const cJSON *cases = cJSON_GetObjectItem(j, "cases");
  assert_int_equal(cJSON_GetArraySize(cases), TICKETS);
  const cJSON *one = cJSON_GetArrayItem(cases, 0);
  assert_string_equal(cJSON_GetObjectItem(one, "result")->valuestring, "other_request");
  const char *why = cJSON_GetObjectItem(one, "why")->valuestring;
  /* {"model":"claude-haiku-5-5", with the 26th byte another one */
  assert_non_null(strstr(why, "the request differs from byte 25 on"));
  assert_non_null(strstr(why, "haiku-5-5\""));
  assert_non_null(strstr(why, "haiku-5-6\""));
  cJSON_Delete(j);
}

static void another_model_tells_which_tickets_would_change_and_the_cost(void **state) {
  (void)state;
  decided("triage: {models: [haiku]");
  const int64_t calls = rig_sql(&R, "SELECT count(*) FROM model_call");
  cJSON *j = replay("--model house --task triage", 0), *one = NULL;
  assert_int_equal(number(j, "decisions"), TICKETS);
  assert_string_equal(cJSON_GetObjectItem(j, "cost")->valuestring, "0.000000");
  char was[32];
  rig_sql_text(&R,
               "SELECT printf('%.6f', sum(cost_micros) / 1e6) FROM decision"
               " WHERE stage = 'triage'",
               was, sizeof was);
  assert_string_equal(cJSON_GetObjectItem(j, "recorded_cost")->valuestring, was);
  int changes = 0;
  cJSON_ArrayForEach(one, cJSON_GetObjectItem(j, "changes")) changes++;
  assert_true(changes > 0);
  assert_in_range(number(j, "changed_tickets"), 1, TICKETS);
  cJSON_Delete(j);
  /* The model that decided says the same again, for the same money. */
  j = replay("--model haiku --task triage", 0);
  assert_int_equal(number(j, "changed_tickets"), 0);
  assert_true(strcmp(cJSON_GetObjectItem(j, "cost")->valuestring, "0.000000") > 0);
  cJSON_Delete(j);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_call"), calls);
  assert_int_equal(rig_run(&R, "triagectl", "replay --model nobody", NULL), 2);
}

static void a_model_that_was_taken_out_is_replayed_by_its_backend(void **state) {
  (void)state;
  decided("triage: {models: [haiku]");
  char *conf = rig_read(&R, "triaged.yaml");
  char *at = conf;
  while ((at = strstr(at, "haiku")) != NULL) { /* but not in the vendor's name of the model */
    if (at > conf && at[-1] != '-') memcpy(at, "newer", 5);
    at += 5;
  }
  rig_file(&R, "triaged.yaml", conf);
  free(conf);
  cJSON *j = replay("", 0);
  assert_int_equal(number(j, "same"), number(j, "decisions"));
  cJSON_Delete(j);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_decision_comes_out_the_same_without_a_network),
      TEST(a_decision_that_does_not_reproduce_is_named),
      TEST(a_request_in_other_bytes_is_named_with_the_place),
      TEST(another_model_tells_which_tickets_would_change_and_the_cost),
      TEST(a_model_that_was_taken_out_is_replayed_by_its_backend),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
