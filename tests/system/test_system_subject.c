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
#include <sqlite3.h>

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

/* --- every table ------------------------------------------------------------------------------ */

/* Columns of a ticket's rows that hold no text of a person or a model: names, words of ours, ids,
 * hashes, and what staff is called. "table." stands for the whole table, which is append-only and
 * holds facts by ids and codes (event), amounts (ledger) or marks of people's reviews (feedback),
 * or holds words of the taxonomy and amounts that the ticket's own row keeps too (tally). */
static const char *const kept[] = {
    "event.",
    "ledger.",
    "feedback.",
    "tally.",
    "message.ext_id",
    "message.marker",
    "draft.model",
    "draft.state",
    "draft.reason",
    "draft.reviewer",
    "decision.stage",
    "decision.model",
    "decision.reason",
    "decision.prompt_hash",
    "decision.skills_hash",
    "decision.conf_hash",
    "tool_wish.tool",
    "tool_wish.state",
    "tool_wish.who",
    "model_call.task",
    "model_call.model",
    "model_call.backend",
    "model_call.vendor_model",
    "model_call.outcome",
    "model_call.code",
    "model_call.stop",
    "model_call.served",
    "model_call.request_id",
    "model_call.prompt_hash",
    "model_call.skills_hash",
    "model_call.conf_hash",
    "model_call.batch_ref",
    "outbox.intent",
    "outbox.idem_key",
    "outbox.state",
    "outbox.version",
    "outbox.last_message_id",
    "outbox.code",
    "outbox.receipts",
    "shadow.stage",
    "shadow.model",
    "shadow.outcome",
    "shadow.code",
    "tool_call.tool",
    "tool_call.outcome",
};

static bool is_kept(const char *table, const char *column) {
  char whole[100], one[200];
  snprintf(whole, sizeof whole, "%s.", table);
  snprintf(one, sizeof one, "%s.%s", table, column);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (strcmp(kept[i], whole) == 0 || strcmp(kept[i], one) == 0) return true;
  return false;
}

static sqlite3_stmt *asked(sqlite3 *db, const char *sql) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  return q;
}

#define MARK "quince-bassoon-lantern"
#define COLUMNS                                                                                    \
  "SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema m, pragma_table_info(m.name) c"          \
  " WHERE m.type = 'table' AND m.name IN (SELECT s.name FROM sqlite_schema s,"                     \
  "  pragma_table_info(s.name) i WHERE s.type = 'table' AND i.name = 'ticket_id')"                 \
  " ORDER BY m.name, c.cid"

/* Ends a statement that is being written, and runs it. */
static void put_row(sqlite3 *db, const char *table, char *names, char *values) {
  char sql[4000];
  if (table[0] == '\0' || is_kept(table, "")) return;
  names[strlen(names) - 1] = '\0';
  values[strlen(values) - 1] = '\0';
  snprintf(sql, sizeof sql, "INSERT INTO %s (%s) VALUES (%s)", table, names, values);
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* One row of the ticket in every table of tickets, each text of it with the mark. */
static void mark_everything(int64_t ticket) {
  sqlite3 *db = NULL;
  char table[100] = "", names[1500] = "", values[2000] = "";
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL,
               NULL);
  sqlite3_stmt *q = asked(db, COLUMNS);
  while (sqlite3_step(q) == SQLITE_ROW) {
    const char *of = (const char *)sqlite3_column_text(q, 0);
    const char *name = (const char *)sqlite3_column_text(q, 1);
    const char *type = (const char *)sqlite3_column_text(q, 2);
    if (strcmp(of, table) != 0) {
      put_row(db, table, names, values);
      snprintf(table, sizeof table, "%s", of);
      names[0] = values[0] = '\0';
    }
    const bool ticket_id = strcmp(name, "ticket_id") == 0, integer = strcmp(type, "INTEGER") == 0;
    if (integer && !ticket_id && sqlite3_column_int(q, 3) == 1) continue;
    const size_t n = strlen(names), v = strlen(values);
    snprintf(names + n, sizeof names - n, "%s,", name);
    if (ticket_id)
      snprintf(values + v, sizeof values - v, "%lld,", (long long)ticket);
    else if (integer || strcmp(type, "REAL") == 0)
      snprintf(values + v, sizeof values - v, "7,");
    else
      snprintf(values + v, sizeof values - v,
               strcmp(type, "BLOB") == 0 ? "CAST('%s %s' AS BLOB)," : "'%s %s',", MARK, name);
  }
  sqlite3_finalize(q);
  put_row(db, table, names, values);
  sqlite3_close(db);
}

/* Columns that hold the mark though nothing says that they may. */
static int marks_left(void) {
  sqlite3 *db = NULL;
  int left = 0, seen = 0;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  sqlite3_stmt *q = asked(db, COLUMNS);
  while (sqlite3_step(q) == SQLITE_ROW) {
    const char *table = (const char *)sqlite3_column_text(q, 0);
    const char *name = (const char *)sqlite3_column_text(q, 1);
    char sql[300];
    if (is_kept(table, name)) continue;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE instr(%s, '" MARK "') > 0", table,
             name);
    sqlite3_stmt *one = asked(db, sql);
    assert_int_equal(sqlite3_step(one), SQLITE_ROW);
    if (sqlite3_column_int(one, 0) > 0) {
      print_message("# %s.%s keeps the text of a ticket: empty it in subject.c, or say here that "
                    "it holds none\n",
                    table, name);
      left++;
    }
    seen++;
    sqlite3_finalize(one);
  }
  sqlite3_finalize(q);
  sqlite3_close(db);
  assert_true(seen > 20);
  return left;
}

static void no_table_of_tickets_keeps_a_text_of_an_erased_person(void **state) {
  (void)state;
  feed("--seed 3 --behaviour off");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  mark_everything(rig_sql(&R, "SELECT id FROM ticket WHERE ref = 'shop/2'"));
  assert_true(marks_left() > 15);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 0);
  assert_int_equal(marks_left(), 0);
}

#define FILE_ONLY "chartreuse-bagpipe-ferry"

/* Labelled files hold what people wrote, too: with the person named, with the words of a ticket of
 * theirs, or of somebody who has no ticket here. */
static void texts_of_labelled_files_go_with_their_person(void **state) {
  (void)state;
  feed("--seed 3 --behaviour off");
  rig_conf_change(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_file(
      &R, "labelled.jsonl",
      "{\"subject\":\"Parcel\",\"body\":\"Another " BODY "\",\"reply\":\"On its way\","
      "\"requester\":{\"email\":\"GONE@example.com\"},\"labels\":{\"category\":\"shipping\"}}\n"
      "{\"text\":\"Where is my parcel number 2? " BODY "\",\"labels\":{\"category\":"
      "\"shipping\"}}\n"
      "{\"text\":\"My bill of " FILE_ONLY "\",\"requester\":{\"email\":\"only@example.com\"},"
      "\"labels\":{\"category\":\"billing\"}}\n"
      "{\"text\":\"The invoice is wrong\",\"labels\":{\"category\":\"billing\"}}\n");
  char args[400];
  snprintf(args, sizeof args, "train %s", rig_path(&R, "labelled.jsonl"));
  assert_int_equal(rig_run(&R, "triagectl", args, NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 4);
  cJSON *o = exported();
  char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(o, "taught"));
  assert_non_null(strstr(text, "Another " BODY));
  assert_non_null(strstr(text, "On its way"));
  assert_null(strstr(text, FILE_ONLY));
  free(text);
  cJSON_Delete(o);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 2);
  assert_int_equal(files_with(BODY), 0);
  assert_true(files_with(FILE_ONLY) > 0);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject only@example.com", NULL), 0);
  assert_int_equal(files_with(FILE_ONLY), 0);
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject only@example.com", NULL), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM taught"), 1);
}

static void what_calls_of_one_ticket_began_with_goes_with_them(void **state) {
  (void)state;
  feed("--seed 3 --behaviour off");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  /* As after a call that was tried twice. */
  assert_int_equal(
      sqlite3_exec(db,
                   "INSERT INTO model_head (id, head) VALUES (77, CAST('" MARK "' AS BLOB));"
                   "UPDATE model_bytes SET head_id = 77 WHERE model_call_id = (SELECT c.id FROM"
                   " model_call c JOIN ticket t ON t.id = c.ticket_id WHERE t.ref = 'shop/2'"
                   " LIMIT 1)",
                   NULL, NULL, NULL),
      SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_bytes WHERE head_id = 77"), 1);
  const int64_t heads = rig_sql(&R, "SELECT count(*) FROM model_head");
  assert_int_equal(rig_run(&R, "triagectl", "erase --subject gone@example.com", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_head"), heads - 1);
  assert_int_equal(files_with(MARK), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(an_erased_person_leaves_no_text_and_the_ledger_still_recounts),
      T(no_table_of_tickets_keeps_a_text_of_an_erased_person),
      T(texts_of_labelled_files_go_with_their_person),
      T(what_calls_of_one_ticket_began_with_goes_with_them),
      T(erasing_works_beside_the_running_daemon_and_a_new_look_brings_nothing_back),
      T(where_health_data_is_read_it_is_on_record_before_it_is_shown),
  };
  return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
