/* What is held of one person is shown on request, and gone after an erasure; the ledger stays
 * whole. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "rig.h"

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

/* Words that nobody else writes, so that they can be looked for in the files. */
#define BODY    "marmalade-zeppelin-kazoo"
#define SUBJECT "obsidian-trombone-parcel"

static void feed(const char *sim_args) {
  char lines[4000];
  size_t n = 0;
  for (int i = 1; i <= 6; i++) {
    const bool hers = i == 2 || i == 5;
    n += (size_t)snprintf(
        lines + n, sizeof lines - n,
        "{\"id\":\"%d\",\"subject\":\"%s\",\"body\":\"Where is my parcel number %d? %s\","
        "\"requester\":{\"name\":\"P %d\",\"email\":\"%s\"},\"behaviour\":\"csat_good\"}\n",
        i, hers ? "Parcel " SUBJECT : "Parcel", i, hers ? BODY : "", i,
        hers ? "Gone@example.com" : "stays@example.com");
  }
  rig_file(&R, "tickets.jsonl", lines);
  rig_sim(&R, sim_args);
  rig_conf(&R, NULL);
}

static int files_with(const char *word) {
  char folder[300];
  int found = 0;
  snprintf(folder, sizeof folder, "%s/state", R.dir);
  DIR *d = opendir(folder);
  assert_non_null(d);
  for (const struct dirent *e; (e = readdir(d)) != NULL;) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) continue;
    const size_t most = (size_t)64 << 20;
    char *p = malloc(most);
    const size_t n = fread(p, 1, most, f);
    fclose(f);
    found += memmem(p, n, word, strlen(word)) != NULL;
    free(p);
  }
  closedir(d);
  return found;
}

static cJSON *exported(void) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "export --subject gone@EXAMPLE.com", &out), 0);
  cJSON *o = cJSON_Parse(out);
  assert_non_null(o);
  free(out);
  return o;
}

static void assert_erased(int64_t lines, int64_t charged) {
  assert_int_equal(files_with(BODY), 0);
  assert_int_equal(files_with(SUBJECT), 0);
  assert_true(files_with("parcel number 3") > 0); /* somebody else's */
  cJSON *o = exported();
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "tickets")), 0);
  cJSON_Delete(o);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ledger recount", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ledger"), lines);
  assert_int_equal(rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges"), charged);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'erase'"), 1);
}

static void an_erased_person_leaves_no_text_and_the_ledger_still_recounts(void **state) {
  (void)state;
  feed("--seed 3 --behaviour off");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_later(&R, "200h");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  const int64_t lines = rig_sql(&R, "SELECT count(*) FROM ledger");
  const int64_t charged = rig_sql(&R, "SELECT coalesce(sum(amount_micros), 0) FROM v_charges");
  assert_true(lines > 0);
  cJSON *o = exported();
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "tickets")), 2);
  char *text = cJSON_PrintUnformatted(o);
  assert_non_null(strstr(text, BODY));
  assert_null(strstr(text, "parcel number 3"));
  assert_true(
      cJSON_GetObjectItem(cJSON_GetObjectItem(o, "models_that_saw_it"), "haiku")->valueint >= 2);
  free(text);
  cJSON_Delete(o);
  assert_true(files_with(BODY) > 0);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 0);
  assert_erased(lines, charged);
  /* Again: there is nobody any more. */
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 1);
}

static void
erasing_works_beside_the_running_daemon_and_a_new_look_brings_nothing_back(void **state) {
  (void)state;
  feed("--seed 3 --time 2026-11-20T10:00:00Z --behaviour on");
  rig_later(&R, "1s");
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 6);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 0);
  assert_int_equal(files_with(BODY), 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  /* The helpdesk still has it: what happens there is seen, its old texts are not taken again. */
  for (int i = 0; i < 8; i++) {
    rig_later(&R, "12h");
    assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  }
  assert_true(rig_sql(&R,
                      "SELECT count(*) FROM event e JOIN ticket t ON t.id = e.ticket_id"
                      " WHERE t.ref = 'shop/2' AND e.kind IN ('csat', 'solved', 'closed')") > 0);
  assert_int_equal(files_with(BODY), 0);
  assert_int_equal(files_with(SUBJECT), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static void where_health_data_is_read_it_is_on_record_before_it_is_shown(void **state) {
  (void)state;
  feed("--seed 3 --behaviour off");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/2", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'read'"), 0);
  /* Not one model is left without an agreement on record: nothing starts, ... */
  rig_conf_change(&R, "policy:", "compliance: [hipaa]\npolicy:", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  assert_true(rig_log_has(&R, "err.log", "leaves it no model"));
  /* ... and with one, each look is written down. */
  rig_conf_change(&R, "  - {name: haiku,",
                  "  - {name: haiku, baa: {party: Vendor, date: 2026-03-01, scope: API},", NULL);
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/2", NULL), 0);
  assert_int_equal(
      rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'read' AND object = 'shop/2'"), 1);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "--format json compliance", &out), 0);
  cJSON *all = cJSON_Parse(out), *row = NULL;
  int on = 0;
  cJSON_ArrayForEach(row, all)
      on += strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(row, "state")), "on") == 0;
  assert_true(on >= 8);
  cJSON_Delete(all);
  free(out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(an_erased_person_leaves_no_text_and_the_ledger_still_recounts),
      T(erasing_works_beside_the_running_daemon_and_a_new_look_brings_nothing_back),
      T(where_health_data_is_read_it_is_on_record_before_it_is_shown),
  };
  return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
