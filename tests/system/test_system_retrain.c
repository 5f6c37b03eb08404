/* The embedded model learns again while the daemon runs, and only what is better is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <signal.h>
#include <sqlite3.h>

#include "rig.h"

#define TICKETS 240
#define KINDS   4

static struct rig R;

/* Words that no example of the skills has. */
static const char *const words[KINDS] = {"zorblat", "quimble", "fennigra", "wobbuck"};
static const char *const names[KINDS] = {"billing", "shipping", "technical", "cancellation"};

static void tickets_write(void) {
  FILE *f = fopen(rig_path(&R, "tickets.jsonl"), "w");
  assert_non_null(f);
  unsigned seed = 5;
  for (int i = 0; i < TICKETS; i++) {
    char noise[3][6] = {{0}};
    for (int k = 0; k < 15; k++) {
      seed = seed * 1103515245u + 12345u;
      noise[k / 5][k % 5] = (char)('a' + (seed >> 16) % 26);
    }
    fprintf(f,
            "{\"id\":\"%d\",\"helpdesk\":\"zendesk\",\"subject\":\"%s\",\"body\":\"%s %s %s\","
            "\"requester\":{\"name\":\"Person %d\",\"email\":\"p%d@example.com\"},"
            "\"created_at\":\"2026-11-%02dT%02d:%02d:00Z\"}\n",
            i + 1, noise[0], words[i % KINDS], noise[1], noise[2], i, i, 2 + i % 12, i % 24,
            i % 60);
  }
  assert_int_equal(fclose(f), 0);
}

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  tickets_write();
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "mode: auto", "mode: shadow", "tasks: {triage",
           "  - {name: house, backend: local}\ntraining: {retrain: 50}\ntasks: {triage", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ticket"), TICKETS);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static void sql(sqlite3 *db, const char *text) {
  char *why = NULL;
  if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

static bool held_out(const char *text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256((const unsigned char *)text, strlen(text), hash);
  return (hash[0] << 8 | hash[1]) % 5 == 0;
}

static int kind_of(const char *text) {
  for (int i = 0; i < KINDS; i++)
    if (strstr(text, words[i]) != NULL) return i;
  fail_msg("no kind: %s", text);
  return 0;
}

/* A fortnight of people's work, put down at once while no daemon runs: each ticket answered, solved
 * and sorted. `wrong`: those that are learned from got the next category. How many are held out. */
static int solve(bool wrong) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  int held = 0;
  char change[400];
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  sql(db, "BEGIN");
  assert_int_equal(
      sqlite3_prepare_v2(db,
                         "SELECT t.id, t.subject || char(10) || m.text FROM ticket t JOIN message m"
                         " ON m.ticket_id = t.id WHERE m.author = 1 ORDER BY t.id",
                         -1, &q, NULL),
      SQLITE_OK);
  while (sqlite3_step(q) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(q, 1);
    const bool out = held_out(text);
    held += out;
    snprintf(change, sizeof change,
             "UPDATE ticket SET status = 5, category = '%s', confidence = 0.99, reason = ''"
             " WHERE id = %lld",
             names[(kind_of(text) + (wrong && !out)) % KINDS], sqlite3_column_int64(q, 0));
    sql(db, change);
  }
  sqlite3_finalize(q);
  sql(db, "INSERT INTO message (ticket_id, ext_id, author, flags, at_ms, author_id, text,"
          " attachments, marker) SELECT id, 'answer', 2, 1, changed_ms, 'a', 'We did it.', '[]', ''"
          " FROM ticket");
  sql(db, "COMMIT");
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  assert_true(held >= 20);
  return held;
}

static void last(const char *key, char *out, size_t room) {
  char text[200];
  snprintf(text, sizeof text,
           "SELECT json_extract(value, '$.%s') FROM setting WHERE key = 'retrain.last'", key);
  rig_sql_text(&R, text, out, room);
}

static void status_says(const char *want) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "status", &out), 0);
  if (strstr(out, want) == NULL) fail_msg("no \"%s\" in %s", want, out);
  free(out);
}

static void a_model_that_is_better_on_held_out_tickets_is_used(void **state) {
  (void)state;
  const int held = solve(false);
  char before[32], after[32], swapped[32], n[32];
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "retrain.done");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  last("before", before, sizeof before);
  last("after", after, sizeof after);
  last("swapped", swapped, sizeof swapped);
  last("held_out", n, sizeof n);
  assert_int_equal(atoi(n), held);
  if (atof(before) > 0.6 || atof(after) < 0.95) fail_msg("before %s, after %s", before, after);
  assert_string_equal(swapped, "1");
  last("macro_f1_before", before, sizeof before);
  last("macro_f1_after", after, sizeof after);
  if (atof(after) <= atof(before)) fail_msg("macro F1 before %s, after %s", before, after);
  last("brier_before", before, sizeof before);
  last("brier_after", after, sizeof after);
  if (atof(after) >= atof(before)) fail_msg("Brier before %s, after %s", before, after);
  status_says("the new model is in use");
  /* The model that answers now is the one that was measured. */
  rig_file(&R, "ask.tsv",
           "billing\tplease zorblat it\nshipping\tplease quimble it\n"
           "technical\tplease fennigra it\ncancellation\tplease wobbuck it\n");
  char args[700];
  snprintf(args, sizeof args, "eval --model house --min-accuracy 1 %s", rig_path(&R, "ask.tsv"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  /* Nothing new: the next start leaves it at that. */
  char first[64], again[64];
  last("at", first, sizeof first);
  rig_later(&R, "2h");
  rig_conf_change(&R, "level: info", "level: debug", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "retrain.waits new=0");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  last("at", again, sizeof again);
  assert_string_equal(first, again);
}

static void wrong_labels_do_not_replace_a_good_model(void **state) {
  (void)state;
  char args[700];
  FILE *f = fopen(rig_path(&R, "good.tsv"), "w");
  assert_non_null(f);
  for (int i = 0; i < 10 * KINDS; i++)
    fprintf(f, "%s\t%s thing %c%c\n", names[i % KINDS], words[i % KINDS], 'a' + i % 26,
            'a' + i / 26);
  assert_int_equal(fclose(f), 0);
  snprintf(args, sizeof args, "train %s", rig_path(&R, "good.tsv"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  char *was = rig_read(&R, "state/local.model");
  assert_non_null(was);
  solve(true);
  char before[32], after[32], swapped[32];
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "retrain.done");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  last("before", before, sizeof before);
  last("after", after, sizeof after);
  last("swapped", swapped, sizeof swapped);
  if (atof(before) < 0.95 || atof(after) > 0.5) fail_msg("before %s, after %s", before, after);
  assert_string_equal(swapped, "0");
  status_says("the old one stayed, for its accuracy");
  rig_file(&R, "ask.tsv",
           "billing\tzorblat thing of mine\nshipping\tquimble thing of mine\n"
           "technical\tfennigra thing of mine\ncancellation\twobbuck thing of mine\n");
  snprintf(args, sizeof args, "eval --model house --min-accuracy 1 %s", rig_path(&R, "ask.tsv"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  /* Nothing is left of the other. */
  char *other = rig_read(&R, "state/local.model.new");
  assert_null(other);
  free(was);
}

static void it_can_be_switched_off(void **state) {
  (void)state;
  const int held = solve(false);
  rig_conf_change(&R, "retrain: 50", "retrain: 0", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  /* Takes longer than a look, and shares the pool with it. */
  char *out = NULL, want[60];
  assert_int_equal(rig_run(&R, "triagectl", "train --from-history", &out), 0);
  snprintf(want, sizeof want, " %d solved tickets", TICKETS - held); /* never the held-out ones */
  if (strstr(out, want) == NULL) fail_msg("no \"%s\" in %s", want, out);
  free(out);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM setting WHERE key LIKE 'retrain.%'"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_model_that_is_better_on_held_out_tickets_is_used),
      T(wrong_labels_do_not_replace_a_good_model),
      T(it_can_be_switched_off),
  };
  return cmocka_run_group_tests_name("retrain", tests, NULL, NULL);
}
