/* Personal data in what is known (articles, macros, past tickets) never reaches a model; what a
 * cited article says of the company reaches the customer all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "evil.h"
#include "rig.h"

static struct rig R;

static const char article[] =
    "# Lost parcel\n\nWhen a parcel is lost, write to help@desk.example.com or call +49 30 "
    "90182044. "
    "Our team lead is Mrs Erika Mustermann. Returns go to Hafenstra\xc3\x9f"
    "e 12, 20457 Hamburg. We are paid to IBAN DE89 3704 0044 0532 0130 00.\n";
static const char macro[] =
    "{\"helpdesk\":\"zendesk\",\"id\":11,\"title\":\"Lost parcel\",\"text\":\"When a parcel is "
    "lost, "
    "the depot answers at depot@desk.example.com or help@desk.example.com.\"}\n";
static const char past[] =
    "{\"subject\":\"Lost parcel of Gerda\",\"body\":\"My parcel is lost. "
    "gerda@private.example.com\","
    "\"labels\":{\"category\":\"shipping\"},\"reply\":\"Your parcel was lost; we wrote to "
    "gerda@private.example.com and called +44 20 7946 0958.\"}\n"
    "{\"subject\":\"Bill\",\"body\":\"Why was I charged twice?\",\"labels\":{\"category\":"
    "\"billing\"},\"reply\":\"It was one payment.\"}\n";
static const char *const planted[] = {"help@desk", "90182044",      "90182044", "Mustermann",
                                      "Hafenstra", "0532 0130",     "depot@",   "gerda@private",
                                      "7946 0958", "pat.customer@", "+44 20"};

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_file(
      &R, "tickets.jsonl",
      "{\"id\":\"1\",\"subject\":\"Parcel lost\",\"body\":\"My parcel is lost, what now? Answer "
      "to pat.customer@example.com\",\"requester\":{\"name\":\"Pat\",\"email\":"
      "\"pat@example.com\"},\"attachment\":\"Bill for pat.customer@example.com, +49 30 "
      "90182077.pdf\"}\n");
  rig_sim(&R, "--seed 3 --behaviour off");
  cJSON_Delete(rig_post(&R, "/sim/macros", macro));
  assert_int_equal(mkdir(rig_path(&R, "kb"), 0755), 0);
  rig_file(&R, "kb/lost.md", article);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* With a model that drafts this, and a tap between that keeps what it was asked in "asked". */
static void conf(const char *compliance, const char *draft) {
  char by[200], rule[100];
  const int sim = R.port;
  R.port = plain_model(&R, "", draft);
  const int tap = rig_tap(&R, "asked");
  R.port = sim;
  snprintf(by, sizeof by, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"", tap);
  snprintf(rule, sizeof rule, "%spolicy:", compliance);
  rig_conf(&R, "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"", by,
           "knowledge: [@ROOT@/tests/data/demo/kb]", "knowledge: [@DIR@/kb]", "policy:", rule,
           "models:\n", "models:\n  - {name: house, backend: local}\n", "cache_write: 0.125}}\n",
           "cache_write: 0.125}, baa: {party: A, date: 2026-03-01, scope: API}}\n", NULL);
}

static void asked_holds_nothing_planted(void) {
  char *asked = rig_read(&R, "asked");
  assert_true(asked != NULL && strstr(asked, "a parcel is lost") != NULL);
  for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
    if (strstr(asked, planted[i]) != NULL) fail_msg("a model was told \"%s\"", planted[i]);
  free(asked);
}

static void ends(const char *want) {
  char got[100];
  assert_in_range(rig_run(&R, "triaged", "--once", NULL), 0, 1);
  rig_sql_text(&R, "SELECT outcome || ' ' || reason FROM v_tickets", got, sizeof got);
  assert_string_equal(got, want);
}

/* What reached the customer; free it. */
static char *reply_text(void) {
  cJSON *truth = rig_truth(&R, 1);
  char *text = cJSON_PrintUnformatted(truth);
  cJSON_Delete(truth);
  return text;
}

#define DRAFT(body, citations)                                                                     \
  "{\"body\":\"" body "\",\"citations\":[" citations "],\"confidence\":0.99,\"missing\":[],"       \
  "\"next_step\":\"\",\"not_sure\":false}"

static void an_articles_own_address_reaches_the_customer_and_no_model(void **state) {
  (void)state;
  conf("compliance: [gdpr]\n",
       DRAFT("When a parcel is lost, write to [KB_EMAIL_2] or call [KB_PHONE_1], and ask for "
             "[KB_NAME_1]. Returns go to [KB_ADDRESS_1] [kb:lost#1].",
             "\"kb:lost#1\""));
  char train[600];
  rig_file(&R, "past.jsonl", past);
  snprintf(train, sizeof train, "train %s", rig_path(&R, "past.jsonl"));
  assert_int_equal(rig_run(&R, "triagectl", train, NULL), 0);
  ends("sent ok");
  asked_holds_nothing_planted();
  assert_true(rig_log_has(&R, "asked", "[KB_EMAIL_1]"));
  assert_true(rig_log_has(&R, "asked", "macro:shop:11#1"));
  assert_true(rig_log_has(&R, "asked", "(S1_EMAIL_1)")); /* the past ticket's */
  assert_true(rig_log_has(&R, "asked", "[EMAIL_1]"));    /* the ticket's */
  char *reply = reply_text();
  assert_non_null(strstr(reply, "write to help@desk.example.com or call +49 30 90182044"));
  assert_non_null(strstr(reply, "ask for Erika Mustermann"));
  assert_non_null(strstr(reply, "Hafenstra"));
  assert_null(strstr(reply, "KB_"));
  free(reply);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/1", &out), 0);
  assert_non_null(strstr(out, "help@desk.example.com"));
  free(out);
}

static void a_value_of_two_sources_has_one_token_and_two_values_never(void **state) {
  (void)state;
  conf("", DRAFT("When a parcel is lost, ask [KB_EMAIL_1] or [KB_EMAIL_2] [macro:shop:11#1].",
                 "\"macro:shop:11#1\""));
  ends("sent ok");
  char *reply = reply_text();
  assert_non_null(strstr(reply, "ask depot@desk.example.com or help@desk.example.com"));
  free(reply);
}

static void a_token_that_no_cited_source_has_is_never_put_back(void **state) {
  (void)state;
  conf("", DRAFT("A parcel is lost: call [KB_PHONE_1] [macro:shop:11#1].", "\"macro:shop:11#1\""));
  ends("draft invented_token");
  char *note = reply_text();
  assert_null(strstr(note, "90182044"));
  assert_non_null(strstr(note, "[KB_PHONE_1]"));
  free(note);
}

static void what_a_past_ticket_hides_stays_hidden(void **state) {
  (void)state;
  conf("", DRAFT("Your parcel was lost; we wrote to (S1_EMAIL_1).", ""));
  ends("draft invented_token");
}

/* The template lets a reply name nobody but the customer; the house is not a patient. */
static void under_hipaa_the_house_can_still_be_reached(void **state) {
  (void)state;
  conf("compliance: [hipaa]\n",
       DRAFT("When a parcel is lost, write to [KB_EMAIL_2] [kb:lost#1].", "\"kb:lost#1\""));
  ends("sent ok");
  asked_holds_nothing_planted();
  char *reply = reply_text();
  assert_non_null(strstr(reply, "write to help@desk.example.com"));
  free(reply);
}

static void under_hipaa_a_reply_has_no_address_of_the_customers_back(void **state) {
  (void)state;
  conf("compliance: [hipaa]\n", DRAFT("We write to [EMAIL_1].", ""));
  ends("draft masked_text");
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "--format json compliance", &out), 0);
  assert_non_null(strstr(out, "a reply has back: names, what a cited passage says"));
  free(out);
}

static void without_a_template_a_reply_has_the_customers_address_back(void **state) {
  (void)state;
  conf("", DRAFT("We write to [EMAIL_1].", ""));
  ends("sent ok");
  char *reply = reply_text();
  assert_non_null(strstr(reply, "We write to pat.customer@example.com"));
  free(reply);
}

static void an_attachments_name_is_masked_as_the_text_is(void **state) {
  (void)state;
  conf("", DRAFT("We look into it.", ""));
  ends("sent ok");
  char got[300];
  rig_sql_text(&R, "SELECT attachments FROM message WHERE attachments <> '[]'", got, sizeof got);
  assert_non_null(strstr(got, "\"Bill for [EMAIL_1], [PHONE_1].pdf\""));
  assert_false(rig_log_has(&R, "asked", "90182077"));
}

static void another_profile_masks_what_is_indexed_already(void **state) {
  (void)state;
  conf("", DRAFT("When a parcel is lost, write to us [kb:lost#1].", "\"kb:lost#1\""));
  ends("sent ok");
  char *before = rig_read(&R, "asked");
  assert_non_null(strstr(before, "Hafenstra")); /* without a profile addresses are no class */
  rig_conf_change(&R, "policy:", "compliance: [gdpr]\npolicy:", NULL);
  rig_add(&R, "{\"id\":\"2\",\"subject\":\"Parcel lost\",\"body\":\"My parcel is lost as well.\","
              "\"requester\":{\"name\":\"Ann\",\"email\":\"ann@example.com\"}}\n");
  rig_later(&R, "10m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_replies(&R, 2), 1);
  char *after = rig_read(&R, "asked");
  assert_non_null(strstr(after + strlen(before), "[KB_ADDRESS_1]"));
  assert_null(strstr(after + strlen(before), "Hafenstra"));
  free(before);
  free(after);
  assert_int_equal(rig_sql(&R, "SELECT count(DISTINCT rules) FROM passage"), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(an_articles_own_address_reaches_the_customer_and_no_model),
      T(a_value_of_two_sources_has_one_token_and_two_values_never),
      T(a_token_that_no_cited_source_has_is_never_put_back),
      T(what_a_past_ticket_hides_stays_hidden),
      T(under_hipaa_the_house_can_still_be_reached),
      T(under_hipaa_a_reply_has_no_address_of_the_customers_back),
      T(without_a_template_a_reply_has_the_customers_address_back),
      T(an_attachments_name_is_masked_as_the_text_is),
      T(another_profile_masks_what_is_indexed_already),
  };
  return cmocka_run_group_tests_name("cover", tests, NULL, NULL);
}
