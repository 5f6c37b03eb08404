/* A conversation goes on within a budget; closing thanks are told from thanks that go on; the note
 * for a person says what was tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "pipeline/action.h"
#include "pipeline/prompt.h"
#include "pipeline/signal.h"
#include "pipeline/thread.h"
#include "store/knowledge.h"
#include "store/talk.h"
#include "store/work.h"

static struct arena *a;

static int setup(void **state) {
  (void)state;
  a = arena_new();
  return 0;
}
static int teardown(void **state) {
  (void)state;
  arena_free(&a);
  return 0;
}

static const char *gist(const char *text, size_t max) {
  return arena_dup(a, thread_gist(str_of(text), max, a));
}

static void test_a_gist_is_made_of_the_messages_own_telling_sentences(void **state) {
  (void)state;
  const char *text =
      "Hello team,\n\nThe lamp blinks red. It is a nice lamp otherwise. I bought it on "
      "3 May. What shall I do?\n> quoted words\nKind regards,\n";
  assert_string_equal(gist(text, 70),
                      "The lamp blinks red. I bought it on 3 May. What shall I do?");
  assert_string_equal(gist(text, 400),
                      "The lamp blinks red. It is a nice lamp otherwise. I bought it "
                      "on 3 May. What shall I do?");
  assert_string_equal(gist("One sentence that is much too long for it", 12), "One sentenc");
  assert_string_equal(gist("Hello,\n> all quoted\n", 100), "");
  assert_string_equal(gist("", 100), "");
}

static struct message said(int32_t author, const char *text) {
  return (struct message){.author = author,
                          .flags = TRG_MESSAGE_PUBLIC,
                          .text = text,
                          .ext_id = "",
                          .attachments = "[]",
                          .marker = "",
                          .author_id = ""};
}

static void test_newest_messages_stay_whole_and_older_ones_become_gists(void **state) {
  (void)state;
  struct buf b;
  buf_init(&b, 0);
  for (int i = 0; i < 200; i++) buf_text(&b, "A sentence of about eight tokens in all. ");
  const struct message list[] = {said(TRG_AUTHOR_CUSTOMER, "The lamp blinks. Order 7."),
                                 said(TRG_AUTHOR_AGENT, b.p), said(TRG_AUTHOR_CUSTOMER, b.p),
                                 said(TRG_AUTHOR_CUSTOMER, "Still blinking.")};
  assert_int_equal(thread_fit(list, 4, 100), 1);
  assert_int_equal(thread_fit(list, 4, 3000), 2);
  assert_int_equal(thread_fit(list, 4, 100000), 4);
  assert_int_equal(thread_fit(&list[2], 1, 10), 1); /* the newest one, whatever its size */
  json *all = thread_earlier(list, 3, 800), *few = thread_earlier(list, 3, 20);
  assert_int_equal(json_count(all), 3);
  assert_int_equal(json_count(few), 1);
  assert_true(str_is(json_get_str(json_at(few, 0), "gist"), "The lamp blinks. Order 7."));
  assert_true(str_is(json_get_str(json_at(all, 1), "author"), "agent"));
  json_free(&all);
  json_free(&few);
  buf_free(&b);
}

static void test_closing_thanks_are_told_from_thanks_that_go_on(void **state) {
  (void)state;
  static const char *const closing[] = {"Thank you, that helped!", "Danke, alles klar.",
                                        "Merci beaucoup !", "Great, it works now, thanks."};
  static const char *const going_on[] = {
      "Thanks, but now the app shows nothing.", "Thank you. Could you send me the invoice.",
      "That worked, thanks, however the light blinks.", "Danke, aber die Lampe blinkt.",
      "Merci, mais il manque un pied."};
  for (size_t i = 0; i < sizeof closing / sizeof *closing; i++) {
    const struct signals s = signals_of(str_of(closing[i]), NULL);
    if ((!s.thanks && !s.confirms) || s.more) fail_msg("%s", closing[i]);
  }
  for (size_t i = 0; i < sizeof going_on / sizeof *going_on; i++)
    if (!signals_of(str_of(going_on[i]), NULL).more) fail_msg("%s", going_on[i]);
  assert_false(signals_of(str_of(going_on[0]), NULL).thanks);
  assert_false(signals_of(str_of("Thanks for the button repair."), NULL).more);
}

static void test_a_handoff_says_what_was_tried_and_what_is_missing(void **state) {
  (void)state;
  const struct message list[] = {
      said(TRG_AUTHOR_CUSTOMER, "Hello,\nThe lamp blinks red."),
      said(TRG_AUTHOR_SELF, "Hello,\nPlease hold the button for 10 seconds.\nKind regards,"),
      said(TRG_AUTHOR_CUSTOMER, "It still blinks. I want a person.")};
  struct ticket t = {.ref = "shop/1",
                     .subject = "Lamp",
                     .summary = "",
                     .category = "",
                     .reason = "asks_for_person",
                     .outcome = "handoff",
                     .duplicate_of = "",
                     .priority = "P3",
                     .team = "",
                     .subcategory = "",
                     .priority_reason = "",
                     .language = "en",
                     .sentiment = ""};
  const struct draft d = {
      .missing = "[\"serial number\"]", .next_step = "", .body = "", .citations = "[]"};
  const struct conf_policy policy = {.disclosure = ""};
  struct action_facts f = {.ticket = &t,
                           .draft = &d,
                           .policy = &policy,
                           .approved_by = "",
                           .messages = list,
                           .message_count = 3};
  char *text = action_json(&f, a);
  assert_non_null(strstr(text, "**Summary:** It still blinks. I want a person."));
  assert_non_null(strstr(text, "**Tried so far:**\\n\\n- assistant: Please hold the button for 10 "
                               "seconds."));
  assert_non_null(strstr(text, "**Missing:** serial number"));
  mem_free(text);
  t.summary = "A lamp blinks";
  f.message_count = 1; /* nobody has answered yet */
  text = action_json(&f, a);
  assert_non_null(strstr(text, "**Summary:** A lamp blinks"));
  assert_null(strstr(text, "Tried"));
  mem_free(text);
}

/* The same for a model and for an agent: whose a token is stands in it. */
static void test_a_past_tickets_tokens_say_which_of_the_list_it_is(void **state) {
  (void)state;
  const struct past like[] = {
      {.ref = "shop/7", .subject = "Of [NAME_1]", .category = "c", .reply = "Dear [NAME_1]"},
      {.ref = "shop/8", .subject = "Of [NAME_1]", .category = "c", .reply = "No token"}};
  assert_string_equal(prompt_past_turned("Of [NAME_1], [EMAIL_2]", 3, a),
                      "Of (S3_NAME_1), (S3_EMAIL_2)");
  json *list = prompt_past(like, 2, false);
  char *text = json_text(list);
  assert_non_null(strstr(text, "\"Of (S1_NAME_1)\""));
  assert_non_null(strstr(text, "\"Of (S2_NAME_1)\""));
  mem_free(text);
  json_free(&list);
  list = prompt_past(like, 2, true);
  text = json_text(list);
  assert_non_null(strstr(text, "\"Dear (S1_NAME_1)\""));
  mem_free(text);
  json_free(&list);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_a_gist_is_made_of_the_messages_own_telling_sentences),
      TEST(test_newest_messages_stay_whole_and_older_ones_become_gists),
      TEST(test_closing_thanks_are_told_from_thanks_that_go_on),
      TEST(test_a_past_tickets_tokens_say_which_of_the_list_it_is),
      TEST(test_a_handoff_says_what_was_tried_and_what_is_missing)};
  return cmocka_run_group_tests_name("pipeline thread", tests, NULL, NULL);
}
