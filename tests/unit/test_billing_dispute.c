/* Disputes: who may do what, and what becomes of the money. */
#include "test_billing_help.h"

#include <pwd.h>
#include <sys/stat.h>

#include "billing/dispute.h"
#include "billing/period.h"
#include "store/dispute.h"
#include "store/report.h"

#define DECEMBER INT64_C(1796083200000) /* 2026-12-01 */

static const struct dispute_actor ann = {"ann", "ann"}, finn = {"finn", "finn (by root)"};

static int64_t charged(struct desk *d, const struct book *b, const char *ext_id, int64_t at_ms) {
  const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, "ann", false, at_ms - HOUR);
  asked(d, id, at_ms - HOUR);
  answered(d, id, at_ms - HOUR + MINUTE);
  told(d, id, "signal", "customer", "confirm", "", at_ms);
  assert_int_equal(settle(d, b, id, at_ms).lines, 1);
  return id;
}

static int64_t opened(struct desk *d, const char *ref, int64_t now_ms) {
  int64_t id = 0;
  must(d, dispute_open(d->s, &ann, str_of(ref), 0, "it was not solved", now_ms + 30 * DAY, now_ms,
                       &id, &d->err));
  must(d, turn_flush(d->s, &d->err));
  return id;
}

static struct dispute_decided decided(struct desk *d, const struct book *b, int64_t id,
                                      const char *verdict, int64_t now_ms) {
  struct dispute_decided ret;
  must(d, dispute_decide(d->s, b, &finn, id, verdict, "looked at it", now_ms, &ret, &d->err));
  must(d, turn_flush(d->s, &d->err));
  return ret;
}

static struct dispute of(struct desk *d, int64_t id) {
  struct dispute ret;
  must(d, dispute_get(d->s, id, d->a, &ret, &d->err));
  return ret;
}

static void test_credited_in_its_own_month_reverses_and_names_the_line(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t ticket = charged(d, b, "1", T0);
  const int64_t id = opened(d, "support/1", T0 + DAY);
  assert_string_equal(of(d, id).state, "open");
  const struct dispute_decided r = decided(d, b, id, "credited", T0 + 2 * DAY);
  assert_int_equal(r.amount_micros, -990000);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, ticket, &l), 2);
  assert_string_equal(l[1].kind, "reversal");
  assert_string_equal(l[1].reason, "dispute");
  assert_int_equal(l[1].corrects, l[0].seq);
  assert_int_equal(l[1].seq, r.line);
  assert_string_equal(ticket_now(d, ticket).bill_state, "reversed");
  assert_string_equal(of(d, id).state, "credited");
  assert_string_equal(of(d, id).decided_by, "finn (by root)");
  /* It is not charged again. */
  assert_int_equal(settle(d, b, ticket, T0 + 9 * DAY).lines, 0);
  recount_equal(d, b, T0 + 9 * DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_credited_after_the_close_is_a_credit_of_the_open_period(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct period_closed c;
  const int64_t ticket = charged(d, b, "1", T0);
  must(d, period_close(d->s, b, "2026-11", "ann", DECEMBER, &c, &d->err));
  (void)decided(d, b, opened(d, "support/1", DECEMBER + DAY), "credited", DECEMBER + 2 * DAY);
  struct ledger_line *l = NULL;
  assert_int_equal(lines_of(d, ticket, &l), 2);
  assert_string_equal(l[1].kind, "credit");
  assert_string_equal(l[1].period, "2026-12");
  recount_equal(d, b, DECEMBER + 9 * DAY);
  must(d, report_conserved(d->s, &d->err));
  book_free(&b);
}

static void test_upheld_leaves_the_charge(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t ticket = charged(d, b, "1", T0);
  const int64_t id = opened(d, "support/1", T0 + DAY);
  assert_int_equal(decided(d, b, id, "upheld", T0 + 2 * DAY).line, 0);
  assert_int_equal(net_of(d, ticket), 990000);
  assert_string_equal(of(d, id).state, "upheld");
  book_free(&b);
}

static void test_a_charge_that_was_taken_back_meanwhile_is_not_given_back_twice(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  const int64_t ticket = charged(d, b, "1", T0);
  const int64_t id = opened(d, "support/1", T0 + DAY);
  asked(d, ticket, T0 + 2 * DAY); /* came back within reach */
  (void)settle(d, b, ticket, T0 + 2 * DAY);
  assert_int_equal(decided(d, b, id, "credited", T0 + 3 * DAY).line, 0);
  assert_int_equal(net_of(d, ticket), 0);
  book_free(&b);
}

static void test_each_dispute_is_opened_and_decided_once(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct dispute_decided r;
  int64_t id = 0;
  (void)charged(d, b, "1", T0);
  const int64_t first = opened(d, "support/1", T0);
  assert_int_equal(
      dispute_open(d->s, &ann, TRG_STR("support/1"), 0, "again", T0 + DAY, T0, &id, &d->err),
      TRG_ESTATE);
  (void)decided(d, b, first, "upheld", T0);
  assert_int_equal(dispute_decide(d->s, b, &finn, first, "credited", "x", T0, &r, &d->err),
                   TRG_ESTATE);
  assert_string_equal(d->err.code, "decided");
  assert_int_equal(dispute_evidence(d->s, &ann, first, "late", T0, &d->err), TRG_ESTATE);
  /* A decided one may be opened anew. */
  assert_int_not_equal(opened(d, "support/1", T0 + DAY), first);
  book_free(&b);
}

static void test_what_cannot_be_disputed_is_said(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  int64_t id = 0;
  (void)ticket_made(d, "2", TRG_CHANNEL_EMAIL, "ann", false, T0);
  (void)charged(d, b, "1", T0);
  const struct {
    const char *ref, *reason;
    int64_t entry, deadline;
    int rc;
  } cases[] = {{"support/2", "x", 0, T0 + DAY, TRG_ESTATE},
               {"support/9", "x", 0, T0 + DAY, TRG_ENOTFOUND},
               {"", "x", 7, T0 + DAY, TRG_ENOTFOUND},
               {"support/1", " ", 0, T0 + DAY, TRG_EINVAL},
               {"support/1", "x", 0, T0, TRG_EINVAL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(dispute_open(d->s, &ann, str_of(cases[i].ref), cases[i].entry, cases[i].reason,
                                  cases[i].deadline, T0, &id, &d->err),
                     cases[i].rc);
  book_free(&b);
}

/* A book of its own file, owned by whoever runs the test, naming bob. */
static void test_whoever_made_the_rules_does_not_judge_them(void **state) {
  struct desk *d = *state;
  struct trg_err err = {0};
  struct dispute_decided r;
  struct buf text;
  char *from = root_path("config/books/per-resolution.yaml"), *path = file_join(d->dir, "b.yaml");
  buf_init(&text, 0);
  must(d, file_read(from, 65536, &text, &err));
  buf_text(&text, "changed_by: [bob, eve]\n");
  must(d, file_write(path, buf_view(&text), 0644, &err));
  struct book *b = book_load(path, book_problem_print, path);
  assert_non_null(b);
  must(d, book_in_force(d->s, b, path, T0, &d->err));
  (void)charged(d, b, "1", T0);
  const int64_t id = opened(d, "support/1", T0);
  const struct passwd *me = getpwuid(getuid());
  assert_non_null(me);
  const char *const refused[] = {"bob", "eve", me->pw_name};
  for (size_t i = 0; i < 3; i++) {
    const struct dispute_actor who = {refused[i], refused[i]};
    assert_int_equal(dispute_decide(d->s, b, &who, id, "upheld", "mine", T0, &r, &d->err),
                     TRG_ESTATE);
    assert_string_equal(d->err.code, "own_rules");
  }
  (void)decided(d, b, id, "upheld", T0);
  /* Known already: nothing is noted twice. */
  bool known = false;
  must(d, book_in_force(d->s, b, path, T0 + DAY, &d->err));
  must(d, book_changed_by(d->s, book_hash(b), "eve", &known, &d->err));
  assert_true(known);
  (void)unlink(path);
  book_free(&b);
  buf_free(&text);
  mem_free(from);
  mem_free(path);
}

static void test_open_and_overdue_ones_are_counted(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  int64_t open = 0, overdue = 0;
  (void)charged(d, b, "1", T0);
  (void)charged(d, b, "2", T0);
  (void)opened(d, "support/1", T0);
  (void)decided(d, b, opened(d, "support/2", T0), "upheld", T0);
  must(d, dispute_depth(d->s, T0 + 29 * DAY, &open, &overdue, &d->err));
  assert_int_equal(open, 1);
  assert_int_equal(overdue, 0);
  must(d, dispute_depth(d->s, T0 + 31 * DAY, &open, &overdue, &d->err));
  assert_int_equal(overdue, 1);
  book_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_credited_in_its_own_month_reverses_and_names_the_line),
      TEST(test_credited_after_the_close_is_a_credit_of_the_open_period),
      TEST(test_upheld_leaves_the_charge),
      TEST(test_a_charge_that_was_taken_back_meanwhile_is_not_given_back_twice),
      TEST(test_each_dispute_is_opened_and_decided_once),
      TEST(test_what_cannot_be_disputed_is_said),
      TEST(test_whoever_made_the_rules_does_not_judge_them),
      TEST(test_open_and_overdue_ones_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
