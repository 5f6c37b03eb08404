/* The fold: order, batches, windows, late facts. */
#include "test_billing_help.h"

struct help {
  struct book *b;
  struct arena *a;
};

static int setup(void **state) {
  struct help *h = mem_alloc(sizeof *h);
  h->b = book_builtin();
  h->a = arena_new();
  *state = h;
  return 0;
}

static int teardown(void **state) {
  struct help *h = *state;
  book_free(&h->b);
  arena_free(&h->a);
  mem_free(h);
  return 0;
}

#define FOLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct fact_case email = {.ref = "support/101",
                                       .helpdesk = "support",
                                       .customer = "ann",
                                       .channel = "email",
                                       .category = "shipping"};
static const struct fact_case chat = {.ref = "support/101",
                                      .helpdesk = "support",
                                      .customer = "ann",
                                      .channel = "chat",
                                      .category = "shipping"};

static struct fact in(int64_t seq, int64_t at) {
  return (struct fact){
      .seq = seq, .kind = FACT_MSG_IN, .actor = ACTOR_CUSTOMER, .id = "", .value = "", .at_ms = at};
}

static struct fact out(int64_t seq, int64_t at) {
  return (struct fact){.seq = seq,
                       .kind = FACT_MSG_OUT,
                       .actor = ACTOR_AI,
                       .id = "",
                       .value = "answer",
                       .at_ms = at};
}

static struct fact other(int64_t seq, enum fact_kind kind, enum fact_actor actor, const char *value,
                         int64_t at) {
  return (struct fact){
      .seq = seq, .kind = kind, .actor = actor, .id = "", .value = value, .at_ms = at};
}

static struct fold folded(struct help *h, const struct book *b, const struct fact_case *c,
                          struct fact *f, size_t n, int64_t now) {
  struct fold ret;
  facts_sort(f, n);
  fold(f, n, c, b, now, h->a, &ret);
  return ret;
}

/* --- windows -----------------------------------------------------------------------------------
 */

static void test_window_ends_at_its_last_millisecond_and_not_before(void **state) {
  struct help *h = *state;
  struct fact f[] = {in(1, T0), out(2, T0 + MINUTE)};
  const int64_t end = T0 + MINUTE + 72 * HOUR;
  struct fold r = folded(h, h->b, &email, f, 2, end - 1);
  assert_int_equal(r.state, FOLD_ANSWERED);
  assert_int_equal(r.next_ms, end);
  assert_int_equal(r.charge_count, 0);
  r = folded(h, h->b, &email, f, 2, end);
  assert_int_equal(r.state, FOLD_BILLABLE);
  assert_int_equal(r.charge_count, 1);
  assert_int_equal(r.charges[0].at_ms, end);
  assert_int_equal(r.charges[0].amount_micros, 990000);
  assert_string_equal(r.charges[0].rule, "answer>window 72h>assumed");
  assert_string_equal(r.charges[0].key, "conversation:support/101#1");
  assert_int_equal(r.next_ms, 0);
}

static void test_customer_within_the_window_keeps_it_open_and_at_its_end_returns(void **state) {
  struct help *h = *state;
  const int64_t end = T0 + 72 * HOUR;
  struct fact before[] = {out(1, T0), in(2, end - 1)};
  struct fold r = folded(h, h->b, &email, before, 2, end + DAY);
  assert_int_equal(r.state, FOLD_OPEN);
  assert_int_equal(r.void_count, 0);
  struct fact at[] = {out(1, T0), in(2, end)};
  r = folded(h, h->b, &email, at, 2, end + DAY);
  assert_int_equal(r.state, FOLD_REVERSED);
  assert_int_equal(r.void_count, 1);
  assert_string_equal(r.voids[0].reason, "reopened");
}

static void test_window_has_the_length_of_its_channel(void **state) {
  struct help *h = *state;
  struct fact f[] = {in(1, T0), out(2, T0)};
  assert_int_equal(folded(h, h->b, &chat, f, 2, T0 + 24 * HOUR).state, FOLD_BILLABLE);
  assert_int_equal(folded(h, h->b, &email, f, 2, T0 + 24 * HOUR).state, FOLD_ANSWERED);
}

static void test_first_message_window_gives_a_late_answer_its_own_time(void **state) {
  struct help *h = *state;
  struct book *b = book_named("zendesk");
  struct fact early[] = {in(1, T0), out(2, T0 + HOUR)};
  assert_int_equal(folded(h, b, &email, early, 2, T0).next_ms, T0 + 72 * HOUR);
  struct fact late[] = {in(1, T0), out(2, T0 + 80 * HOUR)};
  assert_int_equal(folded(h, b, &email, late, 2, T0).next_ms, T0 + 152 * HOUR);
  book_free(&b);
}

static void test_reach_ends_and_a_new_case_begins(void **state) {
  struct help *h = *state;
  const int64_t done = T0 + 72 * HOUR;
  struct fact f[] = {out(1, T0), in(2, done + 30 * DAY), out(3, done + 30 * DAY + HOUR)};
  struct fold r = folded(h, h->b, &email, f, 3, done + 40 * DAY);
  assert_int_equal(r.charge_count, 2);
  assert_string_equal(r.charges[0].key, "conversation:support/101#1");
  assert_string_equal(r.charges[1].key, "conversation:support/101#2");
  assert_int_equal(r.void_count, 0);
  struct fact g[] = {out(1, T0), in(2, done + 30 * DAY - 1)};
  assert_int_equal(folded(h, h->b, &email, g, 2, done + 40 * DAY).state, FOLD_REVERSED);
}

/* --- late facts --------------------------------------------------------------------------------
 */

static void test_a_fact_that_is_learnt_late_changes_the_past(void **state) {
  struct help *h = *state;
  struct fact f[] = {in(1, T0), out(2, T0 + MINUTE),
                     other(9, FACT_SIGNAL, ACTOR_CUSTOMER, "wants_human", T0 + HOUR)};
  assert_int_equal(folded(h, h->b, &email, f, 2, T0 + 5 * DAY).charge_count, 1);
  const struct fold r = folded(h, h->b, &email, f, 3, T0 + 5 * DAY);
  assert_int_equal(r.charge_count, 0);
  assert_int_equal(r.state, FOLD_EXCLUDED);
  assert_string_equal(r.reason, "human_requested");
}

static void test_what_a_person_does_after_the_resolution_leaves_it(void **state) {
  struct help *h = *state;
  struct fact f[] = {out(1, T0), other(2, FACT_MSG_OUT, ACTOR_HUMAN, "answer", T0 + 80 * HOUR),
                     other(3, FACT_HANDOFF, ACTOR_AI, "policy", T0 + 81 * HOUR)};
  assert_int_equal(folded(h, h->b, &email, f, 3, T0 + 5 * DAY).state, FOLD_BILLABLE);
}

static void test_no_charge_without_an_answer_of_the_ai(void **state) {
  struct help *h = *state;
  struct fact f[] = {in(1, T0), other(2, FACT_SIGNAL, ACTOR_CUSTOMER, "confirm", T0 + HOUR),
                     other(3, FACT_SOLVED, ACTOR_HUMAN, "", T0 + 2 * HOUR)};
  const struct fold r = folded(h, h->b, &email, f, 3, T0 + 99 * DAY);
  assert_int_equal(r.charge_count, 0);
  assert_string_equal(r.reason, "no_answer");
}

static void test_approved_and_edited_drafts_count_as_the_book_says(void **state) {
  struct help *h = *state;
  struct fact f[] = {in(1, T0), out(2, T0 + MINUTE)};
  f[1].approved = true;
  assert_int_equal(folded(h, h->b, &email, f, 2, T0 + 5 * DAY).state, FOLD_BILLABLE);
  f[1].edited = true;
  assert_string_equal(folded(h, h->b, &email, f, 2, T0 + 5 * DAY).reason, "human_edited");
  struct book *fin = book_named("fin");
  f[1].edited = false;
  assert_string_equal(folded(h, fin, &email, f, 2, T0 + 5 * DAY).reason, "human_approved");
  book_free(&fin);
}

static void test_a_judge_that_fails_never_bills(void **state) {
  struct help *h = *state;
  struct book *b = book_named("zendesk");
  struct fact f[] = {in(1, T0), out(2, T0 + MINUTE),
                     other(3, FACT_VERIFY, ACTOR_AI, "error", T0 + 4 * DAY)};
  struct fold r = folded(h, b, &chat, f, 2, T0 + 5 * DAY);
  assert_int_equal(r.state, FOLD_PENDING);
  assert_true(r.wants_verify);
  r = folded(h, b, &chat, f, 3, T0 + 5 * DAY);
  assert_int_equal(r.state, FOLD_HELD);
  assert_int_equal(r.charge_count, 0);
  assert_false(r.wants_verify);
  book_free(&b);
}

static void test_a_verdict_says_nothing_of_the_answers_after_it(void **state) {
  struct help *h = *state;
  struct book *b = book_named("zendesk");
  /* The customer was back before the judge spoke of the silence; a second answer, a second one. */
  struct fact f[] = {in(1, T0), out(2, T0 + MINUTE), in(3, T0 + 4 * DAY),
                     other(4, FACT_VERIFY, ACTOR_AI, "pass", T0 + 4 * DAY + MINUTE),
                     out(5, T0 + 4 * DAY + 2 * MINUTE)};
  f[2].value = "";
  const struct fold r = folded(h, b, &chat, f, 5, T0 + 30 * DAY);
  assert_int_equal(r.state, FOLD_PENDING);
  assert_true(r.wants_verify);
  assert_int_equal(r.charge_count, 0);
  book_free(&b);
}

static void test_versions_are_chosen_by_the_time_of_the_answer(void **state) {
  struct help *h = *state;
  struct book *fin = book_named("fin");
  const int64_t change = 1773273600000; /* 2026-03-12 */
  struct fact f[] = {other(1, FACT_PROCEDURE, ACTOR_AI, "handoff", change - 1)};
  assert_string_equal(folded(h, fin, &chat, f, 1, change + DAY).reason, "handoff");
  f[0].at_ms = change;
  assert_int_equal(folded(h, fin, &chat, f, 1, change + DAY).state, FOLD_BILLABLE);
  book_free(&fin);
}

static void test_actions_are_charged_in_blocks_of_tokens(void **state) {
  struct help *h = *state;
  struct book *b = book_named("agentforce-flex");
  struct fact f[] = {in(1, T0), other(2, FACT_ACTION, ACTOR_AI, "get_order", T0 + 1),
                     other(3, FACT_ACTION, ACTOR_AI, "get_order", T0 + 2)};
  f[1].id = "a1";
  f[1].tokens = 10000;
  f[2].id = "a2";
  f[2].tokens = 10001;
  const struct fold r = folded(h, b, &chat, f, 3, T0 + DAY);
  assert_int_equal(r.charge_count, 2);
  assert_int_equal(r.charges[0].amount_micros, 100000);
  assert_int_equal(r.charges[1].amount_micros, 200000);
  book_free(&b);
}

/* --- order -------------------------------------------------------------------------------------
 */

static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                  "i", "j", "k", "l", "m", "n", "o", "p"};

static size_t random_facts(struct rng *r, struct fact *f, size_t most) {
  static const char *const signals[] = {"confirm", "thanks", "negative", "wants_human"};
  static const char *const said[] = {"", "thanks", "auto"};
  static const char *const wrote[] = {"answer", "answer", "greeting", "notice"};
  static const char *const scores[] = {"1", "2", "3", "5", "good", "bad"};
  const size_t n = 1 + rng_below(r, most);
  for (size_t i = 0; i < n; i++) {
    struct fact *x = &f[i];
    *x = (struct fact){.seq = (int64_t)i + 1, .id = ids[i], .value = ""};
    x->kind = (enum fact_kind)(1 + rng_below(r, FACT_VENDOR));
    if (rng_below(r, 2) == 0) x->kind = rng_below(r, 2) == 0 ? FACT_MSG_IN : FACT_MSG_OUT;
    x->actor = (enum fact_actor)(1 + rng_below(r, ACTOR_SYSTEM));
    if (x->kind == FACT_MSG_OUT && rng_below(r, 3) > 0) x->actor = ACTOR_AI;
    /* Many at one moment, many on window edges. */
    x->at_ms = T0 + (int64_t)rng_below(r, 40) * 12 * HOUR;
    if (x->kind == FACT_SIGNAL) x->value = signals[rng_below(r, 4)];
    if (x->kind == FACT_MSG_IN) x->value = said[rng_below(r, 3)];
    if (x->kind == FACT_MSG_OUT) x->value = wrote[rng_below(r, 4)];
    if (x->kind == FACT_CSAT) x->value = scores[rng_below(r, 6)];
    if (x->kind == FACT_VERIFY) x->value = rng_below(r, 2) == 0 ? "pass" : "fail";
    if (x->kind == FACT_PROCEDURE) x->value = rng_below(r, 2) == 0 ? "handoff" : "qualification";
    x->approved = rng_below(r, 8) == 0;
    x->edited = x->approved && rng_below(r, 2) == 0;
  }
  return n;
}

static void shuffle(struct rng *r, struct fact *f, size_t n) {
  for (size_t i = n; i > 1; i--) {
    const size_t k = rng_below(r, i);
    const struct fact x = f[i - 1];
    f[i - 1] = f[k];
    f[k] = x;
  }
}

static char *text_of(struct help *h, const struct book *b, struct fact *f, size_t n, int64_t now) {
  const struct fold r = folded(h, b, n % 2 == 0 ? &chat : &email, f, n, now);
  return fold_text(&r);
}

static void invariants_hold(struct help *h, const struct book *b, struct fact *f, size_t n,
                            int64_t now) {
  const struct fold r = folded(h, b, n % 2 == 0 ? &chat : &email, f, n, now);
  for (size_t i = 0; i < r.charge_count; i++) {
    assert_true(r.charges[i].evidence_count > 0);
    assert_true(r.charges[i].amount_micros >= 0);
    for (size_t k = 0; k < i; k++) /* at most one charge a scope and outcome */
      assert_true(strcmp(r.charges[i].key, r.charges[k].key) != 0 ||
                  strcmp(r.charges[i].outcome, r.charges[k].outcome) != 0);
  }
  if (r.state == FOLD_HELD || r.state == FOLD_CONTAINED || r.state == FOLD_EXCLUDED)
    for (size_t i = 0; i < r.charge_count; i++)
      assert_string_equal(r.charges[i].evidence_level, "usage");
}

static void permute(struct help *h, const struct book *b, struct rng *r) {
  struct fact f[16], g[32];
  const size_t n = random_facts(r, f, 15);
  const int64_t now = T0 + (int64_t)rng_below(r, 60) * 12 * HOUR;
  char *first = text_of(h, b, f, n, now);
  for (int i = 0; i < 6; i++) {
    memcpy(g, f, n * sizeof *f);
    size_t m = n;
    for (size_t k = 0; k < n; k++) /* delivered twice */
      if (rng_below(r, 3) == 0) g[m++] = f[k];
    shuffle(r, g, m);
    facts_sort(g, m);
    struct fold again;
    fold(g, m, n % 2 == 0 ? &chat : &email, b, now, h->a, &again);
    char *text = fold_text(&again);
    assert_string_equal(text, first);
    mem_free(text);
  }
  mem_free(first);
  invariants_hold(h, b, f, n, now);
}

static void test_any_order_and_any_duplicates_give_the_same_bytes(void **state) {
  static const char *const names[] = {"per-resolution", "fin", "zendesk", "gorgias",
                                      "agentforce-conversations"};
  struct help *h = *state;
  struct rng r;
  rng_seed(&r, 20261121);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct book *b = book_named(names[i]);
    for (int k = 0; k < 2000; k++) {
      permute(h, b, &r);
      if (k % 100 == 0) {
        arena_free(&h->a);
        h->a = arena_new();
      }
    }
    book_free(&b);
  }
}

static void test_time_alone_changes_a_fold_only_at_its_next_moment(void **state) {
  struct help *h = *state;
  struct rng r;
  rng_seed(&r, 7);
  for (int k = 0; k < 3000; k++) {
    struct fact f[16];
    const size_t n = random_facts(&r, f, 12);
    facts_sort(f, n);
    const int64_t now = f[n - 1].at_ms + (int64_t)rng_below(&r, 5 * 24) * HOUR;
    struct fold x, y;
    fold(f, n, &email, h->b, now, h->a, &x);
    fold(f, n, &email, h->b, x.next_ms != 0 ? x.next_ms - 1 : now + 99 * DAY, h->a, &y);
    char *a = fold_text(&x), *b = fold_text(&y);
    assert_string_equal(a, b);
    mem_free(a);
    mem_free(b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FOLD_TEST(test_window_ends_at_its_last_millisecond_and_not_before),
      FOLD_TEST(test_customer_within_the_window_keeps_it_open_and_at_its_end_returns),
      FOLD_TEST(test_window_has_the_length_of_its_channel),
      FOLD_TEST(test_first_message_window_gives_a_late_answer_its_own_time),
      FOLD_TEST(test_reach_ends_and_a_new_case_begins),
      FOLD_TEST(test_a_fact_that_is_learnt_late_changes_the_past),
      FOLD_TEST(test_what_a_person_does_after_the_resolution_leaves_it),
      FOLD_TEST(test_no_charge_without_an_answer_of_the_ai),
      FOLD_TEST(test_approved_and_edited_drafts_count_as_the_book_says),
      FOLD_TEST(test_a_judge_that_fails_never_bills),
      FOLD_TEST(test_a_verdict_says_nothing_of_the_answers_after_it),
      FOLD_TEST(test_versions_are_chosen_by_the_time_of_the_answer),
      FOLD_TEST(test_actions_are_charged_in_blocks_of_tokens),
      FOLD_TEST(test_any_order_and_any_duplicates_give_the_same_bytes),
      FOLD_TEST(test_time_alone_changes_a_fold_only_at_its_next_moment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
