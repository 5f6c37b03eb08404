/* Intercom's documents: what is read from them. What is sent is in test_intercom_text.c. */
#include "../../plugins/connectors/intercom/wire.h"
#include "intercom_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct intercom_me me = {.id = "991", .app_id = "a86dr8yl", .region = "US"};

static void is_str(struct trg_str have, const char *want) {
  if (!hd_is(have, want)) fail_msg("\"%.*s\" is not \"%s\"", (int)have.n, have.p, want);
}

static void read_text(struct intercom_thread *thread, const char *json, bool is_ticket,
                      struct trg_ticket *ret) {
  struct trg_err err;
  intercom_thread_init(thread);
  if (intercom_thread_read(thread, hd_str(json), is_ticket, !is_ticket, &err) != 0)
    fail_msg("%s", err.text);
  intercom_thread_tell(thread, &me, ret);
}

static void read_file(struct intercom_thread *thread, const char *name, const char *from,
                      const char *to, struct trg_ticket *ret) {
  char *text = from != NULL ? desk_fixture_with("intercom", name, from, to)
                            : desk_fixture("intercom", name);
  read_text(thread, text, strncmp(name, "ticket", 6) == 0, ret);
  free(text);
}

static const struct trg_ticket_fact *fact_of(const struct trg_ticket *t, const char *id) {
  for (size_t i = 0; i < t->fact_count; i++)
    if (hd_is(t->facts[i].id, id)) return &t->facts[i];
  fail_msg("no fact has the id %s", id);
  return NULL;
}

static size_t facts_of(const struct trg_ticket *t, int32_t kind) {
  size_t n = 0;
  for (size_t i = 0; i < t->fact_count; i++) n += t->facts[i].kind == kind;
  return n;
}

static const struct trg_message *message_of(const struct trg_ticket *t, const char *id) {
  for (size_t i = 0; i < t->message_count; i++)
    if (hd_is(t->messages[i].id, id)) return &t->messages[i];
  return NULL;
}

static void test_ids_keep_conversations_and_tickets_apart(void **state) {
  (void)state;
  struct intercom_key key;
  assert_true(intercom_key_read(TRG_STR("515"), &key) && !key.is_ticket);
  assert_true(intercom_key_read(TRG_STR("ticket-88"), &key) && key.is_ticket);
  is_str(key.id, "88");
  static const char *const bad[] = {"", "ticket-", "ticket-x", "5/5", "../me", "ticket-8?x=1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(intercom_key_read(hd_str(bad[i]), &key));
}

static void test_the_source_is_the_first_message_and_parts_follow(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation.json", NULL, NULL, &t);
  is_str(t.id, "515");
  is_str(t.version, "1795215000/9003/1795215000");
  is_str(t.subject, "Refund for order 7");
  is_str(t.requester_email, "ann@example.com");
  is_str(t.requester_id, "6762f1261bb69f9f2193bba7");
  is_str(t.team, "5017691");
  is_str(t.tags[0], "VIP");
  is_str(t.url, "https://app.intercom.com/a/inbox/a86dr8yl/inbox/conversation/515");
  assert_int_equal(t.status, TRG_STATUS_OPEN);
  assert_int_equal(t.channel, TRG_CHANNEL_EMAIL);
  assert_int_equal(t.flags, 0);
  assert_int_equal(t.message_count, 3); /* the assignment has no body */
  is_str(t.messages[0].id, "source:40391");
  is_str(t.messages[0].text, "Hi, I was charged twice.\n\nCan you help?");
  assert_int_equal(t.messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_int_equal(t.messages[0].at_ms, INT64_C(1795210000000));
  assert_int_equal(t.messages[0].flags, TRG_MESSAGE_PUBLIC);
  is_str(t.messages[0].attachments[0].name, "bill.pdf");
  assert_int_equal(t.messages[0].attachments[0].size_bytes, 1234);
  is_str(t.messages[1].id, "9001"); /* a number in the document */
  assert_int_equal(t.messages[1].author, TRG_AUTHOR_AGENT);
  assert_int_equal(t.fact_count, 0);
  intercom_thread_free(&thread);
}

static void test_only_what_came_through_the_api_is_ours(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", NULL, NULL, &t);
  assert_int_equal(message_of(&t, "1")->author, TRG_AUTHOR_BOT);
  assert_int_equal(message_of(&t, "6")->author, TRG_AUTHOR_SELF);
  assert_int_equal(message_of(&t, "6")->flags, 0); /* a note */
  is_str(message_of(&t, "6")->text, "Draft: reset by hand");
  is_str(message_of(&t, "6")->marker, "0123abcd");
  assert_int_equal(message_of(&t, "7")->author, TRG_AUTHOR_AGENT); /* the same teammate, typing */
  assert_int_equal(message_of(&t, "8")->author, TRG_AUTHOR_CUSTOMER);
  intercom_thread_free(&thread);
}

static void test_events_are_no_messages_and_bodies_of_events_are(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", NULL, NULL, &t);
  is_str(message_of(&t, "3")->text, "That did not help"); /* part_type open */
  is_str(message_of(&t, "12")->text, "Bye");              /* part_type close */
  assert_int_equal(message_of(&t, "9")->flags, TRG_MESSAGE_PUBLIC | TRG_MESSAGE_REDACTED);
  static const char *const events[] = {"2", "4", "5", "10", "11"};
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
    assert_null(message_of(&t, events[i]));
  is_str(t.messages[0].text, "I can not log in <b>at all</b>"); /* plain text may look like that */
  intercom_thread_free(&thread);
}

static void test_facts_have_the_ids_of_their_parts(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", NULL, NULL, &t);
  assert_int_equal(t.status, TRG_STATUS_SOLVED);
  assert_int_equal(t.fact_count, 7);
  assert_int_equal(fact_of(&t, "part:2:close")->kind, TRG_FACT_SOLVED);
  assert_int_equal(fact_of(&t, "part:2:close")->by, TRG_AUTHOR_BOT);
  assert_int_equal(fact_of(&t, "part:3:reopen")->kind, TRG_FACT_REOPENED);
  assert_int_equal(fact_of(&t, "part:3:reopen")->by, TRG_AUTHOR_CUSTOMER);
  is_str(fact_of(&t, "part:5:assigned")->value, "admin:274");
  assert_int_equal(fact_of(&t, "part:12:close")->by, TRG_AUTHOR_AGENT);
  assert_int_equal(fact_of(&t, "part:12:close")->at_ms, INT64_C(1795108000000));
  assert_int_equal(fact_of(&t, "rating:1795108100:2")->kind, TRG_FACT_CSAT_BAD);
  is_str(fact_of(&t, "rating:1795108100:2")->value, "2");
  assert_int_equal(fact_of(&t, "ai_rating:1795102500:5")->kind, TRG_FACT_CSAT_GOOD);
  intercom_thread_free(&thread);
}

static void test_words_of_later_versions_are_passed_on_or_passed_over(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", NULL, NULL, &t);
  is_str(fact_of(&t, "ai_agent:procedure_handoff")->value, "procedure_handoff"); /* 2.16 */
  is_str(t.priority, "urgent");                                                  /* 2.16 */
  intercom_thread_free(&thread);
  read_file(&thread, "conversation_closed.json", "\"state\":\"closed\"", "\"state\":\"parked\"",
            &t);
  assert_int_equal(t.status, TRG_STATUS_SOLVED); /* "open": false */
  intercom_thread_free(&thread);
  read_file(&thread, "conversation.json", "\"state\":\"open\",\"read\"",
            "\"state\":\"snoozed\",\"read\"", &t);
  assert_int_equal(t.status, TRG_STATUS_PENDING); /* snoozed is not solved */
  intercom_thread_free(&thread);
}

static void test_a_closing_that_left_no_part_is_told_once(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_text(&thread,
            "{\"id\":\"1\",\"state\":\"closed\",\"updated_at\":9,\"statistics\":{\"last_close_at\":"
            "1795100000},\"conversation_parts\":{\"conversation_parts\":[],\"total_count\":0}}",
            false, &t);
  assert_int_equal(t.fact_count, 1);
  assert_int_equal(fact_of(&t, "close:1795100000")->kind, TRG_FACT_SOLVED);
  intercom_thread_free(&thread);
}

static void test_a_state_that_two_parts_name_is_told_once(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
#define SAYS(id, part, more)                                                                       \
  "{\"type\":\"ticket_part\",\"id\":\"" id "\",\"part_type\":\"" part                              \
  "\",\"created_at\":1795100000,\"author\":{\"type\":\"admin\",\"id\":\"5\"}" more "}"
  read_text(
      &thread,
      "{\"id\":\"1\",\"updated_at\":1795100009,\"ticket_state\":{\"category\":\"resolved\"},"
      "\"ticket_parts\":{\"total_count\":5,\"ticket_parts\":[" SAYS("1", "comment", ",\"body\":\"Done\",\"ticket_state\":\"resolved\"") "," SAYS(
          "2",
          "ticket_state_updated_by_"
          "admin",
          ",\"ticket_state\":"
          "\"resolved\",\"previous_"
          "ticket_state\":\"in_"
          "progress\"") "," SAYS("3",
                                 "tick"
                                 "et_"
                                 "stat"
                                 "e_"
                                 "upda"
                                 "ted_"
                                 "by_"
                                 "admi"
                                 "n",
                                 ",\"t"
                                 "icke"
                                 "t_"
                                 "stat"
                                 "e\":"
                                 "\"su"
                                 "bmit"
                                 "ted"
                                 "\","
                                 "\"pr"
                                 "evio"
                                 "us_"
                                 "tick"
                                 "et_"
                                 "stat"
                                 "e\":"
                                 "\"re"
                                 "solv"
                                 "ed"
                                 "\"") "," SAYS("4", "comment",
                                                ",\"body\":\"Again\",\"ticket_state\":"
                                                "\"submitted\"") "," SAYS("5",
                                                                          "ticket_state_updated_by_"
                                                                          "admin",
                                                                          ",\"ticket_state\":"
                                                                          "\"resolved\",\"previous_"
                                                                          "ticket_state\":"
                                                                          "\"submitted\"") "]}}",
      true, &t);
  assert_int_equal(facts_of(&t, TRG_FACT_SOLVED), 2);
  assert_int_equal(facts_of(&t, TRG_FACT_REOPENED), 1);
  assert_non_null(fact_of(&t, "part:5:state"));
  intercom_thread_free(&thread);
}

static void test_the_customers_message_reopens_without_an_open_part(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", "\"part_type\":\"open\"",
            "\"part_type\":\"comment\"", &t);
  assert_int_equal(facts_of(&t, TRG_FACT_REOPENED), 1);
  assert_int_equal(fact_of(&t, "part:3:reopen")->by, TRG_AUTHOR_CUSTOMER);
  intercom_thread_free(&thread);
}

static void test_a_redacted_message_stays_without_intercoms_words(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", "\"body\":\"That did not help\"",
            "\"redacted\":true,\"body\":\"<p><i>This message was deleted</i></p>\"", &t);
  is_str(message_of(&t, "3")->text, ""); /* of the type open, and still a message */
  assert_int_equal(message_of(&t, "3")->flags, TRG_MESSAGE_PUBLIC | TRG_MESSAGE_REDACTED);
  assert_int_equal(message_of(&t, "3")->author, TRG_AUTHOR_CUSTOMER);
  intercom_thread_free(&thread);
}

static void test_a_merged_conversation_is_not_solved(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation_closed.json", "\"a_type_of_next_year\"",
            "\"merged_secondary_conversation\"", &t);
  assert_int_equal(t.status, TRG_STATUS_MERGED);
  assert_int_equal(facts_of(&t, TRG_FACT_SOLVED), 0);
  assert_int_equal(fact_of(&t, "part:11:merged")->kind, TRG_FACT_MERGED);
  intercom_thread_free(&thread);
}

static void test_a_conversation_that_became_a_ticket_goes_on_there(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation.json", "\"ticket\":null", "\"ticket\":{\"id\":\"611\"}", &t);
  assert_int_equal(t.status, TRG_STATUS_MERGED);
  is_str(t.merged_into, "ticket-611");
  is_str(fact_of(&t, "converted:611")->value, "ticket-611");
  intercom_thread_free(&thread);
}

static void test_a_list_that_was_cut_at_500_parts_is_partial(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  struct hd_buf json = hd_buf_new(1 << 20);
  hd_puts(&json, "{\"id\":\"1\",\"state\":\"open\",\"created_at\":5,\"source\":{\"id\":\"9\","
                 "\"body\":\"first\",\"author\":{\"type\":\"user\",\"id\":\"u\"}},"
                 "\"conversation_parts\":{\"total_count\":730,\"conversation_parts\":[");
  for (int i = 0; i < 500; i++) {
    char part[160];
    snprintf(part, sizeof part, "%s{\"id\":\"%d\",\"part_type\":\"%s\",\"created_at\":%d}",
             i > 0 ? "," : "", 1000 + i, i == 0 ? "open" : "language_detection_details", 100 + i);
    hd_puts(&json, part);
  }
  hd_puts(&json, "]}}");
  read_text(&thread, json.p, false, &t);
  assert_int_equal(t.flags, TRG_TICKET_PARTIAL);
  assert_int_equal(t.message_count, 1);
  /* What was before it is not known, so the opening's own word counts. */
  assert_int_equal(fact_of(&t, "part:1000:reopen")->kind, TRG_FACT_REOPENED);
  hd_buf_free(&json);
  intercom_thread_free(&thread);
}

static void test_a_ticket_is_its_description_and_states_by_category(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "ticket.json", NULL, NULL, &t);
  is_str(t.id, "ticket-88"); /* never the displayed 38 */
  is_str(t.subject, "Printer on fire");
  is_str(t.messages[0].id, "description:88");
  is_str(t.messages[0].text, "It burns & smells.");
  assert_int_equal(t.messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_int_equal(t.status, TRG_STATUS_SOLVED);
  assert_int_equal(t.flags, 0);
  is_str(t.version, "1795208000/184/0"); /* parts came unsorted */
  assert_int_equal(t.fact_count, 3);
  assert_int_equal(t.facts[0].kind, TRG_FACT_SOLVED);
  is_str(t.facts[1].id, "part:183:state");
  assert_int_equal(t.facts[1].kind, TRG_FACT_REOPENED);
  is_str(t.facts[2].id, "part:184:state");
  assert_int_equal(t.facts[2].by, TRG_AUTHOR_SELF);
  intercom_thread_free(&thread);
}

static void test_no_customer_is_answered_in_a_ticket_they_can_not_see(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "ticket.json", "\"is_shared\":true", "\"is_shared\":false", &t);
  assert_int_equal(t.flags, TRG_TICKET_NOTE_ONLY);
  intercom_thread_free(&thread);
  read_file(&thread, "ticket.json", "\"category\":\"Customer\",\"is_shared\"",
            "\"category\":\"Back-office\",\"is_shared\"", &t);
  assert_int_equal(t.flags, TRG_TICKET_NOTE_ONLY);
  intercom_thread_free(&thread);
}

static void test_a_marker_in_a_customers_text_is_only_text(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation.json", "<p>Any news?</p>", "News?\\ntriaged:0123abcd", &t);
  is_str(t.messages[2].text, "News?\ntriaged:0123abcd");
  assert_int_equal(t.messages[2].marker.n, 0);
  intercom_thread_free(&thread);
}

static void test_automatic_mail_is_marked(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  read_file(&thread, "conversation.json", "<p>Refund for order 7</p>", "Automatic reply: Refund",
            &t);
  assert_true((t.messages[0].flags & TRG_MESSAGE_AUTO) != 0);
  intercom_thread_free(&thread);
  read_file(&thread, "conversation.json", "\"customer_initiated\"", "\"automated\"", &t);
  assert_false((t.messages[0].flags & TRG_MESSAGE_AUTO) != 0); /* the customer spoke all the same */
  intercom_thread_free(&thread);
}

static void test_what_is_no_conversation_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",       "{}",           "[]", "{\"id\":\"x/y\"}", "{\"id\":1e300}", "{\"id\":\"1\"",
      "<html>", "{\"id\":null}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct intercom_thread thread;
    struct trg_err err;
    intercom_thread_init(&thread);
    assert_int_equal(intercom_thread_read(&thread, hd_str(bad[i]), false, true, &err), -1);
    assert_string_equal(err.code, TRG_CODE_MALFORMED);
    intercom_thread_free(&thread);
  }
}

/* ---- the guard ---- */

#define TALK(parts)                                                                                \
  "{\"id\":\"1\",\"state\":\"open\",\"created_at\":100,\"updated_at\":900,\"statistics\":{"        \
  "\"last_contact_reply_at\":200},\"source\":{\"id\":\"9\",\"body\":\"Q\",\"author\":{\"type\":"   \
  "\"user\",\"id\":\"u\"}},\"conversation_parts\":{\"total_count\":0,\"conversation_parts\":["     \
  "{\"id\":\"50\",\"part_type\":\"comment\",\"body\":\"more\",\"created_at\":200,\"author\":{"     \
  "\"type\":\"user\",\"id\":\"u\"}}" parts "]}}"
#define PART(id, type, who, body, at)                                                              \
  ",{\"id\":\"" id "\",\"part_type\":\"" type "\",\"body\":" body ",\"created_at\":" at            \
  ",\"author\":{" who "}}"
#define USER  "\"type\":\"user\",\"id\":\"u\""
#define ADMIN "\"type\":\"admin\",\"id\":\"274\""
#define OURS  "\"type\":\"admin\",\"id\":\"991\"},\"app_package_code\":\"x\",\"y\":{"

static const char *news(const char *json, const char *version, const char *last) {
  struct intercom_thread thread;
  struct trg_ticket t;
  const struct trg_action action = {
      .size = sizeof action, .version = hd_str(version), .last_message_id = hd_str(last)};
  read_text(&thread, json, false, &t);
  const char *said = intercom_news(&thread, &action, TRG_STR("991"));
  intercom_thread_free(&thread);
  return said;
}

static void test_the_guard_sees_who_spoke_since(void **state) {
  (void)state;
  const char *v = "200/50/200";
  assert_null(news(TALK(""), v, "50"));
  assert_non_null(news(TALK(PART("51", "comment", USER, "\"?\"", "200")), v, "50"));
  assert_non_null(news(TALK(PART("51", "quick_reply", USER, "\"Yes\"", "300")), v, "50"));
  assert_non_null(news(TALK(PART("51", "comment", ADMIN, "\"A\"", "200")), v, "50"));
  assert_non_null(news(TALK(PART("51", "close", ADMIN, "null", "300")), v, "50"));
  /* Notes, machines, and our own earlier steps are no news. */
  assert_null(news(TALK(PART("51", "note", ADMIN, "\"n\"", "300")), v, "50"));
  assert_null(news(TALK(PART("51", "comment", OURS, "\"r\"", "300")), v, "50"));
  assert_null(news(TALK(PART("51", "comment", "\"type\":\"bot\"", "\"b\"", "300")), v, "50"));
  assert_null(news(TALK(PART("51", "assignment", ADMIN, "null", "300")), v, "50"));
}

static void test_the_guard_knows_the_source_and_parts_that_are_gone(void **state) {
  (void)state;
  assert_non_null(news(TALK(""), "100/source:9/0", "source:9"));
  assert_non_null(news(TALK(""), "200/50/200", "49")); /* what was answered is not there any more */
  assert_null(news(TALK(""), "200/48/200", "50"));     /* an event that is no longer given */
  assert_non_null(news(TALK(""), "150/48/100", ""));
}

static void test_figures_ahead_of_the_list_are_news(void **state) {
  (void)state;
  struct intercom_thread thread;
  struct trg_ticket t;
  const struct trg_action action = {
      .size = sizeof action, .version = TRG_STR("200/50/200"), .last_message_id = TRG_STR("50")};
  read_text(&thread, TALK(""), false, &t);
  thread.item.last_contact_s = 260;
  assert_non_null(intercom_news(&thread, &action, TRG_STR("991")));
  intercom_thread_free(&thread);
}

static bool is_there(const char *parts, bool is_note, const char *html, const char *key,
                     int64_t since_s) {
  struct intercom_thread thread;
  struct trg_ticket t;
  read_text(&thread, parts, false, &t);
  const bool found = intercom_own_part(&thread, TRG_STR("991"), is_note, hd_str(html), hd_str(key),
                                       since_s) != NULL;
  intercom_thread_free(&thread);
  return found;
}

static void test_our_reply_is_known_by_author_time_and_words(void **state) {
  (void)state;
  const char *html = "<p>Hello Ann,</p><ul><li>one</li><li>two &amp; {{x}}</li></ul>";
  const char *same = TALK(
      PART("51", "comment", OURS, "\"Hello Ann, \\n* one\\n* two & {{x}}\"", "300"));
  assert_true(is_there(same, false, html, "k1", 290));
  assert_false(is_there(same, true, html, "k1", 290));              /* a reply is no note */
  assert_false(is_there(same, false, html, "k1", 301));             /* an older one */
  assert_false(is_there(same, false, "<p>Hello Bob</p>", "k1", 0)); /* other words */
  assert_false(is_there(TALK(PART("51", "comment", ADMIN, "\"Hello Ann, one two x\"", "300")),
                        false, html, "k1", 0)); /* somebody else's */
}

static void test_our_note_is_known_by_its_marker(void **state) {
  (void)state;
  const char *marked = TALK(PART("51", "note", OURS, "\"<p>Hi</p><p>triaged:k1</p>\"", "300"));
  assert_true(is_there(marked, true, "<p>changed by a rule</p>", "k1", 400));
  assert_false(is_there(marked, true, "<p>Hi</p>", "k2", 0)); /* the same words, another write */
  const char *bare = TALK(PART("51", "note", OURS, "\"Hi\"", "300"));
  assert_true(is_there(bare, true, "<p>Hi</p>", "k1", 290)); /* the marker was edited away */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ids_keep_conversations_and_tickets_apart),
      cmocka_unit_test(test_the_source_is_the_first_message_and_parts_follow),
      cmocka_unit_test(test_only_what_came_through_the_api_is_ours),
      cmocka_unit_test(test_events_are_no_messages_and_bodies_of_events_are),
      cmocka_unit_test(test_facts_have_the_ids_of_their_parts),
      cmocka_unit_test(test_words_of_later_versions_are_passed_on_or_passed_over),
      cmocka_unit_test(test_a_closing_that_left_no_part_is_told_once),
      cmocka_unit_test(test_a_state_that_two_parts_name_is_told_once),
      cmocka_unit_test(test_the_customers_message_reopens_without_an_open_part),
      cmocka_unit_test(test_a_redacted_message_stays_without_intercoms_words),
      cmocka_unit_test(test_a_merged_conversation_is_not_solved),
      cmocka_unit_test(test_a_conversation_that_became_a_ticket_goes_on_there),
      cmocka_unit_test(test_a_list_that_was_cut_at_500_parts_is_partial),
      cmocka_unit_test(test_a_ticket_is_its_description_and_states_by_category),
      cmocka_unit_test(test_no_customer_is_answered_in_a_ticket_they_can_not_see),
      cmocka_unit_test(test_a_marker_in_a_customers_text_is_only_text),
      cmocka_unit_test(test_automatic_mail_is_marked),
      cmocka_unit_test(test_what_is_no_conversation_is_refused),
      cmocka_unit_test(test_the_guard_sees_who_spoke_since),
      cmocka_unit_test(test_the_guard_knows_the_source_and_parts_that_are_gone),
      cmocka_unit_test(test_figures_ahead_of_the_list_are_news),
      cmocka_unit_test(test_our_reply_is_known_by_author_time_and_words),
      cmocka_unit_test(test_our_note_is_known_by_its_marker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
