/* The ledger: gapless, chained, append-only, at most one live charge a case. */
#include "test_store_help.h"

#include "base/hash.h"
#include "store/ledger.h"
#include "store/migrate.h"

static int append(struct box *b, const char *kind, const char *key, int64_t corrects,
                  int64_t amount, struct ledger_line *ret) {
  struct ledger_line l = {.kind = kind,
                          .charge_key = key,
                          .corrects = corrects,
                          .ref = "support/101",
                          .helpdesk = "support",
                          .category = "how \"to\" \xc3\xbc\n",
                          .model = "haiku",
                          .period = "2026-11",
                          .outcome = "resolution",
                          .evidence_level = "assumed",
                          .rule = "answer>window 72h>assumed",
                          .amount_micros = amount,
                          .model_cost_micros = 1234,
                          .book = "fin",
                          .book_hash = "bh",
                          .evidence = "[1,2]",
                          .at_ms = NOW,
                          .written_ms = NOW + 1};
  const int rc = ledger_append(b->s, &l, &b->err);
  if (ret != NULL) *ret = l;
  return rc;
}

static void ten_lines(struct box *b) {
  for (int i = 0; i < 10; i++) {
    char key[32];
    (void)snprintf(key, sizeof key, "case %d", i);
    ok(b, append(b, "charge", key, 0, 990000, NULL));
  }
  flush(b);
}

static void verified(struct box *b, int64_t lines) {
  int64_t n = -1, bad = -1;
  ok(b, ledger_verify(b->s, &n, &bad, &b->err));
  assert_int_equal(n, lines);
  assert_int_equal(bad, 0);
}

static void test_lines_are_numbered_without_gaps_and_each_names_the_one_before(void **state) {
  struct box *b = *state;
  struct ledger_line one, two;
  verified(b, 0);
  ok(b, append(b, "charge", "a", 0, 990000, &one));
  ok(b, append(b, "charge", "b", 0, 990000, &two));
  assert_int_equal(one.seq, 1);
  assert_int_equal(two.seq, 2);
  assert_string_equal(one.prev_hash, "");
  assert_string_equal(two.prev_hash, one.hash);
  assert_int_equal(strlen(two.hash), 64);
  verified(b, 2);
  flush(b);
  struct store *reader = NULL;
  ok(b, store_open_reader(b->dir, &reader, &b->err));
  int64_t n = 0, bad = 0;
  ok(b, ledger_verify(reader, &n, &bad, &b->err));
  assert_int_equal(n, 2);
  store_close(&reader);
}

static void test_the_hash_is_of_the_canonical_text_with_every_field(void **state) {
  struct box *b = *state;
  struct ledger_line l;
  char hash[HASH_HEX_MAX];
  ok(b, append(b, "charge", "a", 0, 990000, &l));
  char *text = ledger_canonical(&l);
  assert_string_equal(
      text, "{\"seq\":1,\"kind\":\"charge\",\"charge_key\":\"a\",\"corrects\":0,\"ticket_id\":0,"
            "\"ref\":\"support/101\",\"helpdesk\":\"support\",\"category\":\"how \\\"to\\\" "
            "\xc3\xbc\\n\",\"model\":\"haiku\",\"period\":\"2026-11\",\"outcome\":\"resolution\","
            "\"evidence_level\":\"assumed\",\"rule\":\"answer>window 72h>assumed\","
            "\"amount_micros\":990000,\"model_cost_micros\":1234,\"book\":\"fin\","
            "\"book_hash\":\"bh\",\"evidence\":\"[1,2]\",\"reason\":\"\",\"at_ms\":1795255200000,"
            "\"written_ms\":1795255200001,\"prev_hash\":\"\"}");
  assert_string_equal(hash_hex(str_of(text), hash), l.hash);
  mem_free(text);
}

static void test_a_case_is_charged_once_until_it_is_reversed(void **state) {
  struct box *b = *state;
  struct ledger_line l;
  ok(b, append(b, "charge", "a", 0, 990000, NULL));
  assert_int_equal(append(b, "charge", "a", 0, 990000, NULL), TRG_ESTATE);
  assert_string_equal(b->err.code, "charged");
  ok(b, ledger_live(b->s, TRG_STR("a"), b->a, &l, &b->err));
  assert_int_equal(l.seq, 1);
  ok(b, append(b, "adjust", "a", 1, -90000, NULL)); /* a correction of a part: still charged */
  assert_int_equal(append(b, "charge", "a", 0, 990000, NULL), TRG_ESTATE);
  ok(b, append(b, "reversal", "a", 1, -990000, NULL));
  assert_int_equal(ledger_live(b->s, TRG_STR("a"), b->a, &l, &b->err), TRG_ENOTFOUND);
  assert_int_equal(append(b, "reversal", "a", 1, -990000, NULL), TRG_ESTATE);
  assert_string_equal(b->err.code, "not_live");
  ok(b, append(b, "charge", "a", 0, 990000, NULL));
  ok(b, ledger_live(b->s, TRG_STR("a"), b->a, &l, &b->err));
  assert_int_equal(l.seq, 4);
  verified(b, 4);
}

static void test_a_full_credit_ends_a_charge_and_a_part_does_not(void **state) {
  struct box *b = *state;
  struct ledger_line l;
  ok(b, append(b, "charge", "a", 0, 990000, NULL));
  ok(b, append(b, "credit", "a", 1, -1, NULL));
  ok(b, ledger_live(b->s, TRG_STR("a"), b->a, &l, &b->err));
  ok(b, append(b, "credit", "a", 1, -990000, NULL));
  assert_int_equal(ledger_live(b->s, TRG_STR("a"), b->a, &l, &b->err), TRG_ENOTFOUND);
}

static void test_the_table_itself_refuses_changes_gaps_and_second_charges(void **state) {
  struct box *b = *state;
  ten_lines(b);
  store_close(&b->s);
#define RAW_LINE(seq, kind, key)                                                                   \
  "INSERT INTO ledger VALUES (" seq ", '" kind "', '" key "', NULL, NULL, '', '', '', '', '', ''," \
  " '', '', 1, 0, '', '', '', '', 0, 0," LAST ", 'h', '')"
#define LAST "(SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1)"
  static const char *const texts[] = {
      "UPDATE ledger SET amount_micros = 0 WHERE seq = 3",
      "DELETE FROM ledger WHERE seq = 10",
      "DELETE FROM ledger",
      RAW_LINE("12", "charge", "new"),
      RAW_LINE("11", "charge", "case 3"),
      RAW_LINE("11", "gift", "new"),
      RAW_LINE("11", "reversal", "case 3"),
      /* a second line after the ninth: a tree */
      "INSERT INTO ledger SELECT 11, kind, 'new', NULL, NULL, ref, helpdesk, category, model,"
      " period, outcome, evidence_level, rule, 1, 0, book, book_hash, evidence, reason, 0, 0,"
      " prev_hash, 'h', '' FROM ledger WHERE seq = 10",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(raw(b, texts[i]), SQLITE_CONSTRAINT);
  ok(b, store_open(b->dir, &b->s, &b->err));
  verified(b, 10);
}

/* Damage by somebody who takes the triggers away first. */
static void tampered(struct box *b, const char *sql, int64_t first_bad, const char *word) {
  int64_t n = -1, bad = -1;
  char text[512], number[24];
  ten_lines(b);
  store_close(&b->s);
  (void)snprintf(text, sizeof text,
                 "DROP TRIGGER ledger_kept; DROP TRIGGER ledger_stays; DROP TRIGGER ledger_next;"
                 " %s",
                 sql);
  assert_int_equal(raw(b, text), SQLITE_OK);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_int_equal(ledger_verify(b->s, &n, &bad, &b->err), TRG_ECORRUPT);
  assert_int_equal(bad, first_bad);
  (void)snprintf(number, sizeof number, "line %lld ", (long long)first_bad);
  assert_non_null(strstr(b->err.text, number));
  assert_non_null(strstr(b->err.text, word));
}

static void test_a_changed_amount_is_found_with_its_number(void **state) {
  tampered(*state, "UPDATE ledger SET amount_micros = 980000 WHERE seq = 7", 7, "its hash");
}

static void test_a_changed_word_is_found_with_its_number(void **state) {
  tampered(*state, "UPDATE ledger SET reason = 'gift' WHERE seq = 1", 1, "its hash");
}

static void test_what_stands_behind_a_hash_is_found(void **state) {
  tampered(*state, "UPDATE ledger SET hash = hash || 'x' WHERE seq = 10", 10, "its hash");
}

static void test_what_stands_behind_a_nul_is_found(void **state) {
  tampered(*state, "UPDATE ledger SET rule = rule || char(0) || 'free' WHERE seq = 3", 3,
           "its hash");
}

static void test_a_zero_in_the_place_of_nothing_is_found(void **state) {
  tampered(*state, "UPDATE ledger SET corrects = 0 WHERE seq = 2", 2, "its hash");
}

static void test_a_removed_line_is_found_with_its_number(void **state) {
  tampered(*state, "DELETE FROM ledger WHERE seq = 4", 4, "is missing");
}

static void test_a_renumbered_gap_is_found(void **state) {
  tampered(*state,
           "DELETE FROM ledger WHERE seq = 4; UPDATE ledger SET seq = seq - 1 WHERE seq = 5", 4,
           "does not follow");
}

static void test_a_cut_off_end_is_found(void **state) {
  tampered(*state, "DELETE FROM ledger WHERE seq > 8", 9, "missing at the end");
}

static int count_and_stop(void *arg, const struct ledger_line *line) {
  int *n = arg;
  ++*n;
  assert_int_equal(line->seq, *n);
  assert_string_equal(line->book, "fin");
  return *n == 3 ? 42 : 0;
}

static int count_all(void *arg, const struct ledger_line *line) {
  int *n = arg;
  (void)line;
  ++*n;
  return 0;
}

static void test_each_goes_in_order_until_told_to_stop(void **state) {
  struct box *b = *state;
  int n = 0;
  ten_lines(b);
  assert_int_equal(ledger_each(b->s, 0, 0, count_and_stop, &n, &b->err), 42);
  assert_int_equal(n, 3);
  n = 0;
  ok(b, ledger_each(b->s, NOW, NOW + 1, count_all, &n, &b->err));
  assert_int_equal(n, 10);
  n = 0;
  ok(b, ledger_each(b->s, NOW + 1, 0, count_all, &n, &b->err));
  assert_int_equal(n, 0);
}

static void test_the_lines_of_a_ticket_are_listed(void **state) {
  struct box *b = *state;
  struct ledger_line *list = NULL;
  size_t n = 0;
  const int64_t id = ticket_made(b, "101");
  struct ledger_line l = {.kind = "charge", .charge_key = "k", .ticket_id = id, .amount_micros = 5};
  ok(b, ledger_append(b->s, &l, &b->err));
  ok(b, append(b, "charge", "other", 0, 1, NULL));
  ok(b, ledger_of_ticket(b->s, id, b->a, &list, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(list[0].hash, l.hash);
  assert_int_equal(list[0].amount_micros, 5);
  verified(b, 2);
  l.kind = NULL;
  assert_int_equal(ledger_append(b->s, &l, &b->err), TRG_EINVAL);
}

static void test_a_charge_below_zero_and_a_reversal_in_part_are_refused(void **state) {
  struct box *b = *state;
  struct ledger_line l = {.kind = "charge", .charge_key = "k", .amount_micros = -1};
  assert_int_equal(ledger_append(b->s, &l, &b->err), TRG_EINVAL);
  l.amount_micros = 990000;
  ok(b, ledger_append(b->s, &l, &b->err));
  struct ledger_line back = {
      .kind = "reversal", .charge_key = "k", .corrects = l.seq, .amount_micros = -989999};
  assert_int_equal(ledger_append(b->s, &back, &b->err), TRG_EINVAL);
  assert_non_null(strstr(b->err.text, "takes back all of ledger line 1"));
  back.amount_micros = 990000;
  assert_int_equal(ledger_append(b->s, &back, &b->err), TRG_EINVAL);
  back.amount_micros = -990000;
  ok(b, ledger_append(b->s, &back, &b->err));
  verified(b, 2);
}

/* A database as the version before wrote it, with lines that other rows refer to. */
static void older_made(struct box *b) {
  static const char *const *const steps[] = {
      migrate_001,      migrate_002,    migrate_billing, migrate_tally,   migrate_subject,
      migrate_batch,    migrate_tool,   migrate_checks,  migrate_example, migrate_cited,
      migrate_feedback, migrate_shadow, migrate_asked,   migrate_eval,    migrate_taught,
      migrate_meter,    migrate_wish,   migrate_report,  migrate_person,  migrate_agent};
  sqlite3 *db = NULL;
  char *path = db_path(b), *why = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  mem_free(path);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    for (const char *const *text = steps[i]; *text != NULL; text++)
      if (sqlite3_exec(db, *text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
  assert_int_equal(
      sqlite3_exec(
          db,
          "PRAGMA application_id = 0x74726764; PRAGMA user_version = 20;"
          "INSERT INTO ledger VALUES (1, 'charge', 'k', NULL, NULL, 'support/1', 'support',"
          " '', '', '2026-11', 'resolution', 'assumed', '', 990000, 0, 'b', 'h', '[]', '',"
          " 1, 1, '', 'one'), (2, 'reversal', 'k', 1, NULL, 'support/1', 'support', '', '',"
          " '2026-11', 'resolution', 'assumed', '', -990000, 0, 'b', 'h', '[]', '', 1, 1,"
          " 'one', 'two');"
          "INSERT INTO dispute_step VALUES (1, 1, 1, 'open', 'ann', 'x', 1, 1);"
          "INSERT INTO setting VALUES ('ledger.head', '2 two')",
          NULL, NULL, &why),
      SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool told(void *arg, const char *what) {
  char *all = arg;
  (void)snprintf(all + strlen(all), 800 - strlen(all), "%s; ", what);
  return true;
}

static bool told_until_the_second(void *arg, const char *what) {
  int *calls = arg;
  (void)what;
  return ++*calls < 2;
}

static void test_who_will_not_wait_for_an_older_database_leaves_it_as_it_was(void **state) {
  struct box *b = *state;
  int calls = 0;
  older_made(b);
  assert_int_equal(store_open_told(b->dir, told_until_the_second, &calls, &b->s, &b->err),
                   TRG_ESTATE);
  assert_int_equal(calls, 2);
  assert_string_equal(b->err.code, "interrupted");
  assert_false(store_locked(b->dir));
  assert_int_equal(raw_int(b, "PRAGMA user_version"), 20);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_int_equal(raw_int(b, "PRAGMA user_version"), STORE_VERSION);
}

static void test_who_opens_an_older_database_is_told_how_far_it_is(void **state) {
  struct box *b = *state;
  char all[800] = "", first[80];
  older_made(b);
  ok(b, store_open_told(b->dir, told, all, &b->s, &b->err));
  (void)snprintf(first, sizeof first, "bringing the database to version %d: step 21; ",
                 STORE_VERSION);
  assert_int_equal(strncmp(all, first, strlen(first)), 0);
  assert_non_null(strstr(all, ": the end; "));
  store_close(&b->s);
  all[0] = '\0';
  ok(b, store_open_told(b->dir, told, all, &b->s, &b->err));
  assert_string_equal(all, ""); /* nothing to wait for */
}

static void test_the_lines_of_an_older_database_stay_as_they_are(void **state) {
  struct box *b = *state;
  older_made(b);
  ok(b, store_open(b->dir, &b->s, &b->err));
  assert_int_equal(raw_int(b, "SELECT count(*) FROM ledger WHERE hash IN ('one', 'two')"), 2);
  assert_int_equal(raw_int(b, "SELECT sum(lines) FROM ledger_sum"), 2);
  assert_string_equal(raw_text(b, "SELECT \"table\" FROM pragma_foreign_key_check"), "");
  assert_string_equal(raw_text(b, "PRAGMA integrity_check"), "ok");
  assert_int_equal(raw_int(b, "SELECT count(*) FROM v_charges"), 2);
  const struct ledger_line like = {.kind = "charge", .charge_key = "k", .period = "2026-11"};
  struct ledger_line next = like;
  ok(b, ledger_append(b->s, &next, &b->err));
  assert_int_equal(next.seq, 3);
  assert_string_equal(next.prev_hash, "two");
  assert_int_equal(ledger_append(b->s, &next, &b->err), TRG_ESTATE);
  assert_non_null(strstr(b->err.text, "ledger line 3 charges this case already"));
  flush(b);
  assert_int_equal(raw_int(b, "SELECT sum(lines) FROM ledger_sum"), 3);
  store_close(&b->s);
  assert_int_equal(raw(b, "DELETE FROM ledger WHERE seq = 1"), SQLITE_CONSTRAINT);
  assert_int_equal(raw(b, "PRAGMA foreign_keys = ON; INSERT INTO dispute_step VALUES (9, 9, 99,"
                          " 'open', 'ann', 'x', 1, 1)"),
                   SQLITE_CONSTRAINT);
  ok(b, store_open(b->dir, &b->s, &b->err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_lines_are_numbered_without_gaps_and_each_names_the_one_before),
      TEST(test_the_hash_is_of_the_canonical_text_with_every_field),
      TEST(test_a_case_is_charged_once_until_it_is_reversed),
      TEST(test_a_full_credit_ends_a_charge_and_a_part_does_not),
      TEST(test_the_table_itself_refuses_changes_gaps_and_second_charges),
      TEST(test_a_changed_amount_is_found_with_its_number),
      TEST(test_a_changed_word_is_found_with_its_number),
      TEST(test_what_stands_behind_a_hash_is_found),
      TEST(test_what_stands_behind_a_nul_is_found),
      TEST(test_a_zero_in_the_place_of_nothing_is_found),
      TEST(test_a_removed_line_is_found_with_its_number),
      TEST(test_a_renumbered_gap_is_found),
      TEST(test_a_cut_off_end_is_found),
      TEST(test_each_goes_in_order_until_told_to_stop),
      TEST(test_the_lines_of_a_ticket_are_listed),
      TEST(test_a_charge_below_zero_and_a_reversal_in_part_are_refused),
      TEST_EMPTY(test_who_opens_an_older_database_is_told_how_far_it_is),
      TEST_EMPTY(test_who_will_not_wait_for_an_older_database_leaves_it_as_it_was),
      TEST_EMPTY(test_the_lines_of_an_older_database_stay_as_they_are),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
