/* The recount finds what was changed behind our back, and anybody can make the hashes again. */
#include <sqlite3.h>

#include "test_billing_help.h"

#include "base/file.h"
#include "base/hash.h"

/* Changes the file behind our back, as somebody who takes the triggers away first. */
static void behind_our_back(struct desk *d, const char *sql) {
  sqlite3 *db = NULL;
  char *path = file_join(d->dir, "triaged.db"), *why = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, "DROP TRIGGER IF EXISTS event_kept; DROP TRIGGER IF EXISTS event_stays",
                   NULL, NULL, &why) != SQLITE_OK ||
      sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", sql, why);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  mem_free(path);
}

static void one_text(struct desk *d, const char *sql, char *out, size_t room) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  char *path = file_join(d->dir, "triaged.db");
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(q), SQLITE_ROW);
  (void)snprintf(out, room, "%s", (const char *)sqlite3_column_text(q, 0));
  assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  mem_free(path);
}

/* As triagectl(1) says it. */
static void test_who_has_only_the_views_makes_both_hashes_again(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  char text[2000], hash[HASH_HEX_MAX], told[HASH_HEX_MAX];
  (void)settle(d, b, solved(d, "1", T0), T0);
  (void)settle(d, b, solved(d, "2", T0 + 7), T0 + 7);
  must(d, turn_flush(d->s, &d->err));
  one_text(d,
           "SELECT json_object('seq', seq, 'kind', kind, 'charge_key', charge_key,"
           " 'corrects', corrects, 'ticket_id', ticket_id, 'ref', ref, 'helpdesk', helpdesk,"
           " 'category', category, 'model', model, 'period', period, 'outcome', outcome,"
           " 'evidence_level', evidence_level, 'rule', rule, 'amount_micros', amount_micros,"
           " 'model_cost_micros', model_cost_micros, 'book', book, 'book_hash', book_hash,"
           " 'evidence', evidence, 'evidence_hash', evidence_hash, 'reason', reason,"
           " 'at_ms', at_ms, 'written_ms', written_ms, 'prev_hash', prev_hash)"
           " FROM v_charges WHERE seq = 2",
           text, sizeof text);
  one_text(d, "SELECT hash FROM v_charges WHERE seq = 2", told, sizeof told);
  assert_string_equal(hash_hex(str_of(text), hash), told);
  one_text(d,
           "SELECT group_concat(json_object('seq', seq, 'ticket_id', ticket_id, 'kind', kind,"
           " 'ext_id', ext_id, 'actor', actor, 'value', value, 'data', data, 'at_ms', at_ms,"
           " 'seen_ms', seen_ms) || char(10), '') FROM (SELECT e.* FROM v_charges c,"
           " json_each(c.evidence) j, v_events e WHERE c.seq = 2 AND e.seq = j.value"
           " ORDER BY e.seq)",
           text, sizeof text);
  one_text(d, "SELECT evidence_hash FROM v_charges WHERE seq = 2", told, sizeof told);
  assert_string_equal(hash_hex(str_of(text), hash), told);
  book_free(&b);
}

static void last_why(void *arg, const char *ref, const char *key, int64_t is, int64_t ought,
                     const char *why) {
  (void)ref;
  (void)key;
  (void)is;
  (void)ought;
  (void)snprintf(arg, 200, "%s", why);
}

static void the_difference_is(struct desk *d, const struct book *b, int64_t now_ms,
                              const char *says) {
  struct recount r;
  char why[200] = "";
  must(d, recount(d->s, b, 0, 0, now_ms, last_why, why, &r, &d->err));
  assert_int_equal(r.differences, 1);
  assert_string_equal(why, says);
}

/* A chat that was answered and charged. */
static void chat_charged(struct desk *d, const struct book *b) {
  const int64_t id = ticket_made(d, "1", TRG_CHANNEL_CHAT, "ann", false, T0);
  asked(d, id, T0);
  answered(d, id, T0 + MINUTE);
  (void)settle(d, b, id, T0 + 2 * DAY);
}

static void test_recount_finds_every_changed_field_of_what_a_charge_rests_on(void **state) {
  static const char *const changes[] = {
      "ext_id = ext_id || 'x'", "actor = 'human'", "value = 'note'", "data = '{}'",
      "at_ms = at_ms + 1",      "seen_ms = 1",     "kind = 'solved'"};
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct ledger_line *l = NULL;
  const int64_t id = solved(d, "1", T0);
  (void)settle(d, b, id, T0);
  must(d, turn_flush(d->s, &d->err));
  (void)lines_of(d, id, &l);
  assert_int_equal(strlen(l[0].evidence_hash), 64);
  assert_string_equal(l[0].evidence, "[1,2,3]");
  recount_equal(d, b, T0 + DAY);
  behind_our_back(d, "CREATE TABLE kept AS SELECT * FROM event");
  for (int seq = 1; seq <= 3; seq++)
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
      char sql[400], why[200] = "";
      struct recount r;
      (void)snprintf(sql, sizeof sql, "UPDATE event SET %s WHERE seq = %d", changes[i], seq);
      behind_our_back(d, sql);
      must(d, recount(d->s, b, 0, 0, T0 + DAY, last_why, why, &r, &d->err));
      if (r.differences == 0) fail_msg("%s: no difference", sql);
      behind_our_back(d, "DELETE FROM event; INSERT INTO event SELECT * FROM kept");
    }
  behind_our_back(d, "DELETE FROM event WHERE seq = 1");
  the_difference_is(d, b, T0 + DAY, "event 1, evidence of ledger line 1, is not on record");
  book_free(&b);
}

static void test_recount_finds_a_moment_that_the_evidence_does_not_give(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  chat_charged(d, b);
  must(d, turn_flush(d->s, &d->err));
  recount_equal(d, b, T0 + 9 * DAY);
  /* As mail its window is 72 h: the same price, another moment. */
  behind_our_back(d, "UPDATE ticket SET channel = 1");
  the_difference_is(d, b, T0 + 9 * DAY, "the evidence gives another moment");
  book_free(&b);
}

static void test_a_recount_by_a_clock_behind_the_ledger_is_as_of_its_last_line(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  chat_charged(d, b);
  recount_equal(d, b, T0 - 99 * DAY);
  book_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_who_has_only_the_views_makes_both_hashes_again),
      TEST(test_recount_finds_every_changed_field_of_what_a_charge_rests_on),
      TEST(test_recount_finds_a_moment_that_the_evidence_does_not_give),
      TEST(test_a_recount_by_a_clock_behind_the_ledger_is_as_of_its_last_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
