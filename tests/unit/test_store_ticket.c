/* Tickets: facts, moves, what is due, depth, lists. */
#include "test_store_help.h"

#include "base/hash.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/sql.h" /* its kept statements tell what they read */
#include "store/talk.h"
#include "store/work.h"

static struct ticket get(struct box *b, int64_t id) {
  struct ticket t;
  ok(b, ticket_by_id(b->s, id, b->a, &t, &b->err));
  return t;
}

static void move(struct box *b, int64_t id, enum ticket_state from, enum ticket_state to,
                 int64_t due_ms) {
  const struct ticket_step step = {.due_ms = due_ms};
  ok(b, ticket_move(b->s, id, from, to, &step, NOW, &b->err));
}

static void test_state_words_and_states_are_each_others_inverse(void **state) {
  (void)state;
  for (int i = 0; i < TICKET_STATES; i++)
    assert_int_equal(ticket_state_of(str_of(ticket_state_word((enum ticket_state)i))), i);
  assert_int_equal(ticket_state_of(TRG_STR("lost")), TICKET_NONE);
}

static void test_a_new_ticket_has_what_the_helpdesk_said_and_no_state(void **state) {
  struct box *b = *state;
  const struct ticket t = get(b, ticket_made(b, "101"));
  assert_string_equal(t.ref, "support/101");
  assert_string_equal(t.subject, "Where is my parcel?");
  assert_int_equal(t.state, TICKET_NONE);
  assert_int_equal(t.created_ms, NOW - 60000);
  assert_int_equal(t.received_ms, NOW);
  assert_string_equal(t.bill_state, "open");
  assert_string_equal(t.category, "");
}

static void test_a_second_fetch_updates_facts_but_never_state_or_birth(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  move(b, id, TICKET_NONE, TICKET_RECEIVED, 5);
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"),
                                 .ext_id = TRG_STR("101"),
                                 .version = TRG_STR("2"),
                                 .subject = TRG_STR("Parcel"),
                                 .status = TRG_STATUS_OPEN,
                                 .created_ms = 1,
                                 .updated_ms = NOW};
  int64_t again = 0;
  bool new = true;
  ok(b, ticket_put(b->s, &f, NOW + 1000, &again, &new, &b->err));
  assert_false(new);
  assert_int_equal(again, id);
  const struct ticket t = get(b, id);
  assert_string_equal(t.subject, "Parcel");
  assert_string_equal(t.version, "2");
  assert_int_equal(t.status, TRG_STATUS_OPEN);
  assert_int_equal(t.state, TICKET_RECEIVED);
  assert_int_equal(t.created_ms, NOW - 60000);
  assert_int_equal(t.changed_ms, NOW + 1000);
  ok(b, ticket_put(b->s, &f, NOW + 9000, &again, &new, &b->err));
  assert_int_equal(get(b, id).changed_ms, NOW + 1000); /* nothing changed */
}

static void test_an_unknown_birth_is_the_moment_we_saw_it(void **state) {
  struct box *b = *state;
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"), .ext_id = TRG_STR("7")};
  int64_t id = 0;
  bool new = false;
  ok(b, ticket_put(b->s, &f, NOW, &id, &new, &b->err));
  assert_int_equal(get(b, id).created_ms, NOW);
}

static void test_a_move_sets_the_step_and_tells_it_in_one_event(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  const struct ticket_step step = {.due_ms = NOW + 5,
                                   .lease_ms = NOW + 7,
                                   .attempts = 3,
                                   .hold_reason = TRG_STR("rate"),
                                   .why = TRG_STR("{\"code\":\"rate\"}")};
  ok(b, ticket_move(b->s, id, TICKET_NONE, TICKET_RECEIVED, &step, NOW, &b->err));
  const struct ticket t = get(b, id);
  assert_int_equal(t.state, TICKET_RECEIVED);
  assert_int_equal(t.due_ms, NOW + 5);
  assert_int_equal(t.lease_ms, NOW + 7);
  assert_int_equal(t.attempts, 3);
  assert_string_equal(t.hold_reason, "rate");
  struct event *e = NULL;
  size_t n = 0;
  ok(b, event_list(b->s, id, false, b->a, &e, &n, &b->err));
  assert_int_equal(n, 1);
  assert_string_equal(e[0].kind, "state");
  assert_string_equal(e[0].value, "received");
  assert_string_equal(e[0].data, "{\"code\":\"rate\"}");
  assert_int_equal(t.settle_ms, 0); /* the road's own events are no facts */
}

static void test_a_move_from_elsewhere_is_refused_and_leaves_nothing(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  move(b, id, TICKET_NONE, TICKET_RECEIVED, 0);
  const struct ticket_step step = {0};
  assert_int_equal(ticket_move(b->s, id, TICKET_TRIAGED, TICKET_ADMITTED, &step, NOW, &b->err),
                   TRG_ESTATE);
  assert_string_equal(b->err.text, "support/101 is received, not triaged");
  assert_int_equal(ticket_move(b->s, 99, TICKET_NONE, TICKET_RECEIVED, &step, NOW, &b->err),
                   TRG_ENOTFOUND);
  struct event *e = NULL;
  size_t n = 0;
  ok(b, event_list(b->s, id, false, b->a, &e, &n, &b->err));
  assert_int_equal(n, 1);
  flush(b);
}

static void test_due_tickets_come_oldest_due_first_and_only_when_due(void **state) {
  struct box *b = *state;
  const int64_t dues[] = {NOW + 1, NOW - 5, NOW, 0, NOW - 9};
  int64_t made[5], ids[8];
  size_t n = 0;
  for (int i = 0; i < 5; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", i);
    made[i] = ticket_made(b, name);
    move(b, made[i], TICKET_NONE, TICKET_TRIAGED, dues[i]);
  }
  ok(b, ticket_due(b->s, TICKET_TRIAGED, NOW, 8, ids, &n, &b->err));
  assert_int_equal(n, 4);
  assert_int_equal(ids[0], made[3]);
  assert_int_equal(ids[1], made[4]);
  assert_int_equal(ids[2], made[1]);
  assert_int_equal(ids[3], made[2]);
  ok(b, ticket_due(b->s, TICKET_TRIAGED, NOW, 2, ids, &n, &b->err));
  assert_int_equal(n, 2);
  ok(b, ticket_due(b->s, TICKET_DRAFTED, NOW, 8, ids, &n, &b->err));
  assert_int_equal(n, 0);
}

static void test_a_running_ticket_is_due_when_its_lease_ends(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  const struct ticket_step step = {.lease_ms = NOW + 100};
  int64_t ids[2], due = -1;
  size_t n = 0;
  ok(b, ticket_move(b->s, id, TICKET_NONE, TICKET_TRIAGING, &step, NOW, &b->err));
  ok(b, ticket_due(b->s, TICKET_TRIAGING, NOW, 2, ids, &n, &b->err));
  assert_int_equal(n, 0);
  ok(b, ticket_due(b->s, TICKET_TRIAGING, NOW + 100, 2, ids, &n, &b->err));
  assert_int_equal(n, 1);
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, NOW + 100);
}

static void test_next_due_is_the_first_of_all_waiting_states_and_settles(void **state) {
  struct box *b = *state;
  int64_t due = -1;
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, 0);
  const int64_t one = ticket_made(b, "1"), two = ticket_made(b, "2"), three = ticket_made(b, "3");
  move(b, one, TICKET_NONE, TICKET_RECEIVED, NOW + 50);
  move(b, two, TICKET_NONE, TICKET_UNCERTAIN, NOW + 20);
  move(b, three, TICKET_NONE, TICKET_FOLLOWING, NOW + 1); /* waits for facts, not for the clock */
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, NOW + 20);
  ok(b, ticket_bill(b->s, three, TRG_STR("open"), TRG_STR(""), NOW + 10, &b->err));
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, NOW + 10);
  const struct ticket_step now = {0};
  ok(b, ticket_wait(b->s, one, &now, NOW, &b->err));
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, 1);
}

static void test_a_running_ticket_without_a_lease_wakes_nobody(void **state) {
  struct box *b = *state;
  int64_t due = -1, ids[2];
  size_t n = 0;
  const int64_t id = ticket_made(b, "1");
  move(b, id, TICKET_NONE, TICKET_DRAFTING, 0);
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, 0);
  ok(b, ticket_due(b->s, TICKET_DRAFTING, INT64_MAX, 2, ids, &n, &b->err)); /* at a restart */
  assert_int_equal(n, 1);
}

static void test_settles_come_in_order_and_not_before_their_time(void **state) {
  struct box *b = *state;
  const int64_t one = ticket_made(b, "1"), two = ticket_made(b, "2"), three = ticket_made(b, "3");
  int64_t ids[4];
  size_t n = 0;
  ok(b, ticket_bill(b->s, one, TRG_STR("held"), TRG_STR("judge"), NOW + 1, &b->err));
  ok(b, ticket_unsettle(b->s, two, NOW, &b->err));
  ok(b, ticket_bill(b->s, three, TRG_STR("open"), TRG_STR(""), NOW - 1, &b->err));
  ok(b, ticket_settle_due(b->s, NOW, 4, ids, &n, &b->err));
  assert_int_equal(n, 2);
  assert_int_equal(ids[0], three);
  assert_int_equal(ids[1], two);
  ok(b, ticket_bill(b->s, two, TRG_STR("resolved"), TRG_STR("assumed"), 0, &b->err));
  ok(b, ticket_settle_due(b->s, INT64_MAX, 4, ids, &n, &b->err));
  assert_int_equal(n, 2);
  assert_string_equal(get(b, two).bill_state, "resolved");
  assert_int_equal(ticket_bill(b->s, two, TRG_STR("paid"), TRG_STR(""), 0, &b->err), TRG_EINVAL);
}

static void settles_known(struct box *b, const char *held, size_t count, int64_t first) {
  int64_t ids[4] = {0};
  size_t n = 0;
  ok(b, ticket_settle_known(b->s, NOW, str_of(held), 4, ids, &n, &b->err));
  assert_int_equal(n, count);
  assert_int_equal(ids[0], first);
}

static void test_a_settle_waits_for_its_helpdesk_and_for_its_own_fetch(void **state) {
  struct box *b = *state;
  struct inbox_item *items = NULL;
  const struct trg_str desk = TRG_STR("support");
  const int64_t one = ticket_made(b, "1"), two = ticket_made(b, "2");
  int64_t due = -1;
  size_t n = 0;
  bool new;
  ok(b, ticket_unsettle(b->s, one, NOW - 1, &b->err));
  ok(b, ticket_unsettle(b->s, two, NOW, &b->err));
  settles_known(b, "", 2, one);
  settles_known(b, "\nsupport\n", 0, 0);
  settles_known(b, "\nmail\nsupport\n", 0, 0);
  settles_known(b, "\nsupport2\nour support\n", 2, one); /* others */
  ok(b, inbox_add(b->s, desk, TRG_STR("1"), TRG_STR("1"), desk, NOW, NOW, &new, &b->err));
  settles_known(b, "", 1, two);
  ok(b, inbox_take(b->s, desk, NOW, NOW + 9, 1, b->a, &items, &n, &b->err));
  settles_known(b, "", 1, two); /* the fetch is under way */
  ok(b, inbox_retry(b->s, desk, TRG_STR("1"), items[0].seq, NOW, true, desk, &b->err));
  settles_known(b, "", 2, one); /* given up: nothing more comes */
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  assert_int_equal(due, NOW - 1);
  ok(b, ticket_next_due(b->s, NOW - 1, &due, &b->err));
  assert_int_equal(due, NOW);
  ok(b, ticket_next_due(b->s, NOW, &due, &b->err));
  assert_int_equal(due, 0);
}

static void test_verdict_outcome_and_pass_are_kept(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  const struct ticket_verdict v = {.category = TRG_STR("billing"),
                                   .subcategory = TRG_STR("refund"),
                                   .priority = TRG_STR("P2"),
                                   .priority_reason = TRG_STR("money"),
                                   .team = TRG_STR("finance"),
                                   .language = TRG_STR("de"),
                                   .sentiment = TRG_STR("angry"),
                                   .product_area = TRG_STR("shop"),
                                   .duplicate_of = TRG_STR("support/7"),
                                   .summary = TRG_STR("wants money back"),
                                   .model = TRG_STR("house"),
                                   .wants_human = true,
                                   .confidence = 0.75};
  ok(b, ticket_judge(b->s, id, &v, NOW + 1, &b->err));
  ok(b, ticket_outcome(b->s, id, TRG_STR("handoff"), TRG_STR("human_requested"), NOW + 2, &b->err));
  ok(b, ticket_pass(b->s, id, 2, TRG_STR("m9"), &b->err));
  const struct ticket t = get(b, id);
  assert_string_equal(t.category, "billing");
  assert_string_equal(t.subcategory, "refund");
  assert_string_equal(t.priority, "P2");
  assert_string_equal(t.priority_reason, "money");
  assert_string_equal(t.team, "finance");
  assert_string_equal(t.language, "de");
  assert_string_equal(t.sentiment, "angry");
  assert_string_equal(t.product_area, "shop");
  assert_string_equal(t.duplicate_of, "support/7");
  assert_string_equal(t.summary, "wants money back");
  assert_string_equal(t.model, "house");
  assert_true(t.wants_human);
  assert_true(t.confidence > 0.74 && t.confidence < 0.76);
  assert_string_equal(t.outcome, "handoff");
  assert_string_equal(t.reason, "human_requested");
  assert_int_equal(t.pass, 2);
  assert_string_equal(t.inbound_id, "m9");
  assert_int_equal(t.changed_ms, NOW + 2);
  assert_int_equal(ticket_judge(b->s, 99, &v, NOW, &b->err), TRG_ENOTFOUND);
}

static void test_the_list_is_newest_first_and_filtered(void **state) {
  struct box *b = *state;
  struct ticket *list = NULL;
  size_t n = 0;
  for (int i = 0; i < 20; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", i);
    const int64_t id = ticket_made(b, name);
    ok(b, ticket_outcome(b->s, id, i % 2 ? TRG_STR("draft") : TRG_STR("handoff"), TRG_STR("x"),
                         NOW + i, &b->err));
  }
  const struct ticket_filter all = {0};
  ok(b, ticket_list(b->s, &all, b->a, &list, &n, &b->err));
  assert_int_equal(n, 20);
  for (size_t i = 1; i < n; i++) assert_true(list[i - 1].changed_ms >= list[i].changed_ms);
  assert_string_equal(list[0].ref, "support/19");
  const struct ticket_filter some = {.outcome = "draft", .helpdesk = "support", .limit = 3};
  ok(b, ticket_list(b->s, &some, b->a, &list, &n, &b->err));
  assert_int_equal(n, 3);
  assert_string_equal(list[2].ref, "support/15");
  const struct ticket_filter none = {.state = "dead"};
  ok(b, ticket_list(b->s, &none, b->a, &list, &n, &b->err));
  assert_int_equal(n, 0);
}

/* Rows that were read last are kept, but never one that is not what the file has. */
static void test_a_ticket_is_read_as_it_is(void **state) {
  struct box *b = *state;
  const int64_t id = ticket_made(b, "101");
  assert_string_equal(get(b, id).category, "");
  ok(b, turn_save(b->s, &b->err));
  const struct ticket_verdict v = {.category = TRG_STR("billing")};
  ok(b, ticket_judge(b->s, id, &v, NOW, &b->err));
  assert_string_equal(get(b, id).category, "billing");
  assert_string_equal(get(b, id).ref, "support/101");
  ok(b, turn_undo(b->s, &b->err));
  assert_string_equal(get(b, id).category, "");
  flush(b);
  /* Another program, between two turns. */
  assert_int_equal(raw(b, "UPDATE ticket SET category = 'returns'"), SQLITE_OK);
  assert_string_equal(get(b, id).category, "returns");
  ok(b, turn_write(b->s, &b->err));
  assert_string_equal(get(b, id).category, "returns");
  flush(b);
  assert_int_equal(raw(b, "UPDATE ticket SET category = 'login'"), SQLITE_OK);
  ok(b, turn_write(b->s, &b->err));
  assert_string_equal(get(b, id).category, "login");
}

static void same_ticket(const struct ticket *a, const struct ticket *b) {
  assert_int_equal(a->state, b->state);
  assert_int_equal(a->due_ms, b->due_ms);
  assert_int_equal(a->lease_ms, b->lease_ms);
  assert_int_equal(a->attempts, b->attempts);
  assert_int_equal(a->changed_ms, b->changed_ms);
  assert_string_equal(a->hold_reason, b->hold_reason);
  assert_string_equal(a->subject, b->subject);
  assert_string_equal(a->bill_state, b->bill_state);
}

/* A row that was kept is moved on with the one in the file. */
static void test_a_ticket_that_moves_on_is_read_as_it_is(void **state) {
  struct box *b = *state;
  static const struct ticket_step steps[] = {
      {.due_ms = NOW + 1},
      {.lease_ms = NOW + 2, .attempts = 3},
      {.due_ms = NOW + 4, .hold_reason = TRG_STR("the model is away")},
      {.due_ms = NOW + 5, .hold_reason = TRG_STR("the model is away"), .attempts = 1},
      {.attempts = 0},
  };
  const int64_t id = ticket_made(b, "101");
  assert_int_equal(get(b, id).state, TICKET_NONE);
  for (int i = 0; i < 5; i++) {
    const enum ticket_state from = (enum ticket_state)i, to = (enum ticket_state)(i + 1);
    ok(b, ticket_move(b->s, id, from, to, &steps[i], NOW + 10 + i, &b->err));
    const struct ticket kept = get(b, id);
    assert_int_equal(kept.state, to);
    assert_int_equal(kept.changed_ms, NOW + 10 + i);
    if (i % 2 == 0) continue; /* the next move finds what this one kept */
    flush(b);
    const struct ticket row = get(b, id);
    same_ticket(&kept, &row);
  }
  ok(b, turn_save(b->s, &b->err));
  ok(b, ticket_move(b->s, id, (enum ticket_state)5, TICKET_DEAD, NULL, NOW + 20, &b->err));
  assert_int_equal(get(b, id).state, TICKET_DEAD);
  ok(b, turn_undo(b->s, &b->err));
  assert_int_equal(get(b, id).state, 5);
}

static void test_depth_follows_every_move(void **state) {
  struct box *b = *state;
  int64_t depth[TICKET_STATES], ids[60];
  enum ticket_state at[60] = {0};
  struct rng r;
  rng_seed(&r, 7);
  for (int i = 0; i < 60; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", i);
    ids[i] = ticket_made(b, name);
  }
  for (int k = 0; k < 500; k++) {
    const size_t i = rng_below(&r, 60);
    const enum ticket_state to = (enum ticket_state)rng_below(&r, TICKET_STATES);
    move(b, ids[i], at[i], to, 0);
    at[i] = to;
  }
  ok(b, ticket_depth(b->s, depth, &b->err));
  for (int state_i = 0; state_i < TICKET_STATES; state_i++) {
    int64_t expected = 0;
    for (int i = 0; i < 60; i++) expected += at[i] == (enum ticket_state)state_i;
    assert_int_equal(depth[state_i], expected);
  }
}

/* One ticket's whole way, by every verb that the road uses. */
static void whole_way(struct box *b, int i) {
  char ext_id[32];
  (void)snprintf(ext_id, sizeof ext_id, "%d", i);
  const struct trg_str desk = TRG_STR("support");
  struct inbox_item *items = NULL;
  size_t n = 0;
  bool new = false;
  int64_t row = 0, due = 0, ids[4], depth[TICKET_STATES], waiting, dead;
  const int64_t at = NOW + i;
  ok(b, inbox_add(b->s, desk, str_of(ext_id), TRG_STR("1"), desk, at, at, &new, &b->err));
  ok(b, inbox_take(b->s, desk, at, at + 9, 1, b->a, &items, &n, &b->err));
  ok(b, inbox_depth(b->s, desk, &waiting, &dead, &b->err));
  ok(b, inbox_next_due(b->s, desk, &due, &b->err));
  const int64_t id = ticket_made(b, ext_id);
  ok(b, inbox_done(b->s, desk, str_of(ext_id), items[0].seq, &b->err));
  const struct message m = {.ticket_id = id, .ext_id = "m", .text = "x"};
  ok(b, message_put(b->s, &m, &new, &b->err));
  const struct event e = {.ticket_id = id, .kind = "msg_in", .ext_id = "m", .seen_ms = at};
  ok(b, event_add(b->s, &e, &new, &b->err));
  move(b, id, TICKET_NONE, TICKET_RECEIVED, at);
  ok(b, ticket_due(b->s, TICKET_RECEIVED, at, 4, ids, &n, &b->err));
  ok(b, ticket_next_due(b->s, 0, &due, &b->err));
  ok(b, ticket_depth(b->s, depth, &b->err));
  const struct model_call c = {.ticket_id = id, .task = "triage", .started_ms = at};
  ok(b, model_call_open(b->s, &c, 0, &row, &b->err));
  const struct model_call end = {.id = row, .outcome = "ok"};
  ok(b, model_call_close(b->s, &end, &b->err));
  ok(b, model_call_lost(b->s, at, &due, &b->err));
  const struct draft d = {.ticket_id = id, .body = "x"};
  ok(b, draft_supersede(b->s, id, at, &b->err));
  ok(b, draft_add(b->s, &d, &row, &b->err));
  const struct outbox o = {.ticket_id = id, .intent = "reply", .idem_key = ext_id};
  ok(b, outbox_plan(b->s, &o, &row, &new, &b->err));
  ok(b, outbox_set(b->s, row, "sending", NULL, NULL, NULL, at, &b->err));
  ok(b, outbox_recover(b->s, at, &due, &b->err));
  struct ledger_line l = {.kind = "charge", .charge_key = ext_id, .ticket_id = id};
  ok(b, ledger_append(b->s, &l, &b->err));
  l.kind = "reversal";
  l.corrects = l.seq;
  ok(b, ledger_append(b->s, &l, &b->err));
  ok(b, ticket_settle_due(b->s, at, 4, ids, &n, &b->err));
  ok(b, ticket_settle_known(b->s, at, desk, 4, ids, &n, &b->err));
  ok(b, ticket_bill(b->s, id, TRG_STR("reversed"), TRG_STR("x"), 0, &b->err));
}

/* A backlog may be long: no verb of the road may read a table from end to end. */
static void test_the_road_reads_only_through_indexes(void **state) {
  struct box *b = *state;
  for (int i = 0; i < 50; i++) whole_way(b, i);
  flush(b);
  for (size_t i = 0; i < SQL_KEPT; i++) {
    if (b->s->kept[i].text == NULL) continue;
    const int steps = sqlite3_stmt_status(b->s->kept[i].stmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
    const bool counters = strstr(b->s->kept[i].text, "kind = 'ticket'") != NULL;
    if (steps > 0 && !counters) fail_msg("%d rows read by: %s", steps, b->s->kept[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_state_words_and_states_are_each_others_inverse),
      TEST(test_a_new_ticket_has_what_the_helpdesk_said_and_no_state),
      TEST(test_a_second_fetch_updates_facts_but_never_state_or_birth),
      TEST(test_an_unknown_birth_is_the_moment_we_saw_it),
      TEST(test_a_move_sets_the_step_and_tells_it_in_one_event),
      TEST(test_a_move_from_elsewhere_is_refused_and_leaves_nothing),
      TEST(test_due_tickets_come_oldest_due_first_and_only_when_due),
      TEST(test_a_running_ticket_is_due_when_its_lease_ends),
      TEST(test_next_due_is_the_first_of_all_waiting_states_and_settles),
      TEST(test_a_running_ticket_without_a_lease_wakes_nobody),
      TEST(test_settles_come_in_order_and_not_before_their_time),
      TEST(test_a_settle_waits_for_its_helpdesk_and_for_its_own_fetch),
      TEST(test_verdict_outcome_and_pass_are_kept),
      TEST(test_the_list_is_newest_first_and_filtered),
      TEST(test_a_ticket_is_read_as_it_is),
      TEST(test_a_ticket_that_moves_on_is_read_as_it_is),
      TEST(test_depth_follows_every_move),
      TEST(test_the_road_reads_only_through_indexes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
