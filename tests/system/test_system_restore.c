/* What a compliance template lets a text have back (its `restore`), in a reply and in the second
 * opinion that another agent asks for: with and without knowledge; and what a judge sees of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "evil.h"
#include "rig.h"

#define DRAFT(body, citations)                                                                     \
  "{\"body\":\"" body "\",\"citations\":[" citations "],\"confidence\":0.99,\"missing\":[],"       \
  "\"next_step\":\"\",\"not_sure\":false}"

static struct rig R;
static char Url[64];
static char Own[400]; /* TRIAGED as it was */

static int begin(void **state) {
  (void)state;
  const char *program = getenv("TRIAGED");
  snprintf(Own, sizeof Own, "%s", program != NULL ? program : "build/triaged");
  rig_open(&R);
  rig_file(
      &R, "tickets.jsonl",
      "{\"id\":\"1\",\"subject\":\"Parcel lost\",\"body\":\"My parcel is lost, what now? Answer "
      "to pat.customer@example.com. Regards, Erika Mustermann\",\"requester\":{\"name\":"
      "\"Erika Mustermann\",\"email\":\"erika@example.com\"}}\n");
  rig_sim(&R, "--seed 3 --behaviour off");
  assert_int_equal(mkdir(rig_path(&R, "kb"), 0755), 0);
  rig_file(&R, "kb/lost.md",
           "# Lost parcel\n\nWhen a parcel is lost, write to help@desk.example.com.\n");
  return 0;
}

static int end(void **state) {
  (void)state;
  setenv("TRIAGED", Own, 1);
  rig_close(&R);
  return 0;
}

/* hipaa, a model that drafts this; `knowledge`: its line, or "". */
static void conf(const char *knowledge, const char *draft, const char *listen) {
  char by[100];
  snprintf(by, sizeof by, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"",
           plain_model(&R, "", draft));
  rig_conf(&R, "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"", by,
           "knowledge: [@ROOT@/tests/data/demo/kb]\n", knowledge, "poll: 1s,",
           "poll: 1s, macros: 0s,", "policy:", "compliance: [hipaa]\npolicy:", "listen: \"off\"",
           listen, "cache_write: 0.125}}\n",
           "cache_write: 0.125}, baa: {party: A, date: 2026-03-01, scope: API}}\n", NULL);
}

/* The program in a tree of its own, whose hipaa template has this `restore`. */
static void installed_with(const char *restore) {
  char command[2000];
  const char *root = getenv("TRIAGED_ROOT");
  snprintf(command, sizeof command,
           "set -e; d=%s; o=$(dirname %s); mkdir -p $d/tree/bin; cp %s $d/tree/bin/triaged;"
           " if [ -d $o/plugins ]; then cp -r $o/plugins $d/tree/bin/; fi;"
           " cp -r %s/skills $d/tree/skills; chmod -R go-w $d/tree;"
           " sed -i 's/^restore: .*/restore: [%s]/' $d/tree/skills/compliance/hipaa/controls.yaml;"
           " grep -q '^restore: \\[%s\\]$' $d/tree/skills/compliance/hipaa/controls.yaml",
           R.dir, Own, Own, root != NULL ? root : ".", restore, restore);
  assert_int_equal(system(command), 0);
  setenv("TRIAGED", rig_path(&R, "tree/bin/triaged"), 1);
}

static void ends(const char *want) {
  char got[100];
  assert_in_range(rig_run(&R, "triaged", "--once", NULL), 0, 1);
  rig_sql_text(&R, "SELECT outcome || ' ' || reason FROM v_tickets", got, sizeof got);
  assert_string_equal(got, want);
}

static void reply_has(const char *text) {
  cJSON *truth = rig_truth(&R, 1);
  char *all = cJSON_PrintUnformatted(truth);
  if (strstr(all, text) == NULL) fail_msg("no \"%s\" in %s", text, all);
  free(all);
  cJSON_Delete(truth);
}

/* --- replies ------------------------------------------------------------------------------- */

static void without_knowledge_a_reply_has_the_name_back(void **state) {
  (void)state;
  conf("", DRAFT("Dear [NAME_1], we look into it.", ""), "listen: \"off\"");
  ends("sent ok");
  reply_has("Dear Erika Mustermann, we look into it.");
}

static void without_knowledge_a_reply_has_no_address_back(void **state) {
  (void)state;
  conf("", DRAFT("Dear [NAME_1], we write to [EMAIL_1].", ""), "listen: \"off\"");
  ends("draft masked_text");
  assert_int_equal(rig_replies(&R, 1), 0);
}

static void what_looks_like_an_articles_token_is_invented_without_knowledge(void **state) {
  (void)state;
  conf("", DRAFT("Write to [KB_EMAIL_1].", ""), "listen: \"off\"");
  ends("draft invented_token");
}

static void a_template_that_gives_nothing_back_keeps_the_name_too(void **state) {
  (void)state;
  installed_with("");
  conf("", DRAFT("Dear [NAME_1], we look into it.", ""), "listen: \"off\"");
  ends("draft masked_text");
  assert_int_equal(rig_replies(&R, 1), 0);
}

static void a_template_without_knowledge_keeps_an_articles_address_hidden(void **state) {
  (void)state;
  installed_with("name");
  conf("knowledge: [@DIR@/kb]\n",
       DRAFT("When a parcel is lost, write to [KB_EMAIL_1] [kb:lost#1].", "\"kb:lost#1\""),
       "listen: \"off\"");
  ends("draft invented_token");
}

/* --- second opinions ----------------------------------------------------------------------- */

/* The running daemon's opinion on ticket 1, as another agent gets it; cJSON_Delete. */
static cJSON *opinion(const char *knowledge, const char *draft) {
  char listen[300], *text = NULL;
  const int port = rig_port();
  snprintf(Url, sizeof Url, "http://127.0.0.1:%d/mcp", port);
  snprintf(listen, sizeof listen,
           "listen: \"127.0.0.1:%d\"\naccess: {mcp_tokens: [{name: helper, token: "
           "\"helper-token-0123456789\"}]}",
           port);
  conf(knowledge, draft, listen);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 1);
  assert_int_equal(
      rig_http("POST", Url,
               "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
               "MCP-Protocol-Version: 2025-06-18\nAuthorization: Bearer helper-token-0123456789",
               "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
               "\"draft_reply\",\"arguments\":{\"ref\":\"shop/1\"}}}",
               &text),
      200);
  cJSON *o = cJSON_Parse(text);
  cJSON *said = cJSON_DetachItemFromObject(cJSON_GetObjectItem(o, "result"), "structuredContent");
  if (said == NULL) fail_msg("no opinion: %s", text);
  cJSON_Delete(o);
  free(text);
  return said;
}

static void opinion_is(cJSON *o, const char *body, bool sendable, const char *guard) {
  const char *text = cJSON_GetObjectItem(o, "body")->valuestring;
  const char *why = cJSON_GetObjectItem(o, "guard")->valuestring;
  if (strstr(text, body) == NULL) fail_msg("no \"%s\" in %s", body, text);
  assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(o, "sendable")), sendable);
  if (strstr(why, guard) == NULL) fail_msg("no \"%s\" in %s", guard, why);
  assert_null(strstr(text, "Mustermann")); /* an agent never sees whom it is about */
  cJSON_Delete(o);
}

static void an_opinion_says_what_the_template_lets_a_reply_say(void **state) {
  (void)state;
  opinion_is(opinion("knowledge: [@DIR@/kb]\n",
                     DRAFT("Dear [NAME_1], when a parcel is lost, write to [KB_EMAIL_1] "
                           "[kb:lost#1].",
                           "\"kb:lost#1\"")),
             "Dear [NAME_1], when a parcel is lost, write to help@desk.example.com", true, "");
}

static void an_opinion_that_would_stay_masked_is_not_sendable(void **state) {
  (void)state;
  opinion_is(opinion("", DRAFT("We write to [EMAIL_1].", "")), "We write to [EMAIL_1].", false,
             "masked data that is not put back");
}

static void an_opinion_under_a_template_without_knowledge_hides_an_articles_address(void **state) {
  (void)state;
  installed_with("name");
  opinion_is(
      opinion("knowledge: [@DIR@/kb]\n",
              DRAFT("When a parcel is lost, write to [KB_EMAIL_1] [kb:lost#1].", "\"kb:lost#1\"")),
      "write to [KB_EMAIL_1]", false, "");
}

/* --- the judge ----------------------------------------------------------------------------- */

/* What a reply had back for the customer comes back from the helpdesk, and is masked again before a
 * judge reads the conversation. */
static void a_judge_is_told_nothing_that_a_reply_had_back(void **state) {
  (void)state;
  char judge[400];
  snprintf(judge, sizeof judge,
           "models:\n  - {name: judge, backend: anthropic, model: claude-haiku-5-5, url: "
           "\"http://127.0.0.1:%d\", key: \"${file:token}\", price: {input: 0.1, output: 0.5}, "
           "baa: {party: A, date: 2026-03-01, scope: API}}\n",
           rig_tap(&R, "asked"));
  conf("knowledge: [@DIR@/kb]\n",
       DRAFT("Dear [NAME_1], when a parcel is lost, write to [KB_EMAIL_1] [kb:lost#1].",
             "\"kb:lost#1\""),
       "listen: \"off\"");
  rig_conf_change(&R, "models:\n", judge, "draft: {models: [haiku]}",
                  "draft: {models: [haiku]}, verify: {models: [judge]}", "policy:",
                  "billing: {book: \"@ROOT@/config/books/zendesk.yaml\"}\npolicy:", NULL);
  rig_later(&R, "1s");
  ends("sent ok");
  reply_has("Dear Erika Mustermann, when a parcel is lost, write to help@desk.example.com");
  rig_later(&R, "1h"); /* the reply is read back */
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_later(&R, "73h");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE task = 'verify'"), 1);
  char *asked = rig_read(&R, "asked");
  assert_non_null(strstr(asked, "Dear [NAME_1], when a parcel is lost"));
  assert_null(strstr(asked, "Mustermann"));
  assert_null(strstr(asked, "help@desk"));
  assert_null(strstr(asked, "pat.customer"));
  free(asked);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(without_knowledge_a_reply_has_the_name_back),
      T(without_knowledge_a_reply_has_no_address_back),
      T(what_looks_like_an_articles_token_is_invented_without_knowledge),
      T(a_template_that_gives_nothing_back_keeps_the_name_too),
      T(a_template_without_knowledge_keeps_an_articles_address_hidden),
      T(an_opinion_says_what_the_template_lets_a_reply_say),
      T(an_opinion_that_would_stay_masked_is_not_sendable),
      T(an_opinion_under_a_template_without_knowledge_hides_an_articles_address),
      T(a_judge_is_told_nothing_that_a_reply_had_back),
  };
  return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
