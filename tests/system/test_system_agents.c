/* Agent to agent: a case handed over, a second opinion, a subscription to a ticket's outcome, and
 * calls that carry a price. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "rig.h"

#define META                                                                                       \
  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                         \
  "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define HELPER  "helper-token-0123456789"
#define CAREFUL "careful-token-0123456789"

static const char book[] =
    "book: agents\ncurrency: USD\nversions:\n"
    "  - effective: 2026-01-01\n"
    "    scope: conversation\n"
    "    window: {basis: last_ai_answer, length: 72h}\n"
    "    evidence: {assumed: accept, confirmed: accept, procedure: refuse}\n"
    "    thanks: confirm\n"
    "    voids: [human_requested, human_answered, handoff, negative, spam, greeting_only, "
    "note_only, csat_bad, edited, deleted, merged]\n"
    "    allowed: [approved]\n"
    "    csat_bad_up_to: 2\n"
    "    reversal: {reach: any_period, within: 30d}\n"
    "    meters:\n"
    "      - {meter: resolution, unit: resolution, outcomes: {resolution: 0.99}}\n"
    "      - {meter: agent, unit: call, calls: {triage_ticket: 0.02, draft_reply: 0.05}}\n";

static struct rig R;
static char Url[64];
static int Port;

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int begin(void **state) {
  (void)state;
  char listen[500];
  rig_open(&R);
  Port = rig_port();
  snprintf(Url, sizeof Url, "http://127.0.0.1:%d/mcp", Port);
  snprintf(listen, sizeof listen,
           "listen: \"127.0.0.1:%d\"\nbilling: {book: %s, period: month}\naccess:\n  mcp_tokens:\n"
           "    - {name: helper, token: \"" HELPER "\"}\n"
           "    - {name: careful, token: \"" CAREFUL "\", grants: [read, send], confirm: true}",
           Port, rig_path(&R, "book.yaml"));
  rig_file(&R, "book.yaml", book);
  rig_tickets(&R, 3);
  rig_sim(&R, "");
  rig_conf(&R, "listen: \"off\"", listen, "mode: auto", "mode: draft", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 3);
  return 0;
}

static cJSON *asked(const char *method, const char *name, const char *params) {
  char headers[500], body[2000], *text = NULL;
  snprintf(headers, sizeof headers,
           "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
           "MCP-Protocol-Version: 2026-07-28\nMcp-Method: %s\nMcp-Name: %s\n"
           "Authorization: Bearer " HELPER,
           method, name);
  snprintf(body, sizeof body,
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s" META "}}", method,
           params, params[0] != '\0' ? "," : "");
  assert_int_equal(rig_http("POST", Url, headers, body, &text), 200);
  cJSON *o = cJSON_Parse(text);
  free(text);
  cJSON *result = cJSON_DetachItemFromObject(o, "result");
  cJSON_Delete(o);
  return result;
}

static cJSON *called(const char *tool, const char *arguments) {
  char params[1500];
  snprintf(params, sizeof params, "\"name\":\"%s\",\"arguments\":%s", tool, arguments);
  return asked("tools/call", tool, params);
}

static const char *text_at(const cJSON *o, const char *a, const char *b) {
  const cJSON *v = cJSON_GetObjectItem(cJSON_GetObjectItem(o, a), b);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static void recounts(void) {
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "--format json ledger recount", &out), 0);
  cJSON *o = cJSON_Parse(out);
  assert_string_equal(cJSON_GetObjectItem(o, "ledger")->valuestring,
                      cJSON_GetObjectItem(o, "recomputed")->valuestring);
  cJSON_Delete(o);
  free(out);
}

static const char handed[] = "{\"subject\":\"Charged twice\",\"body\":\"I was charged twice.\"}";

static void test_a_call_carries_its_price_into_the_ledger(void **state) {
  (void)state;
  char *out = NULL;
  cJSON *o = asked("tools/list", "", "");
  const cJSON *t;
  int priced = 0;
  cJSON_ArrayForEach(t, cJSON_GetObjectItem(o, "tools"))
      priced += text_at(t, "_meta", "triaged/price")[0] != '\0';
  assert_int_equal(priced, 2);
  cJSON_Delete(o);

  o = called("triage_ticket", handed);
  const cJSON *charge = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "_meta"), "triaged/charge");
  assert_string_equal(cJSON_GetObjectItem(charge, "amount")->valuestring, "0.020000");
  const cJSON *said = cJSON_GetObjectItem(o, "structuredContent");
  assert_true(text_at(said, "decision", "outcome")[0] != '\0'); /* a decision with its reason */
  assert_true(text_at(said, "decision", "meaning")[0] != '\0');
  cJSON_Delete(o);
  cJSON_Delete(called("draft_reply", "{\"ref\":\"shop/1\"}"));      /* a second opinion */
  cJSON_Delete(called("triage_ticket", "{\"ref\":\"shop/none\"}")); /* no such ticket: free */
  cJSON_Delete(called("get_ticket", "{\"ref\":\"shop/1\"}"));       /* has no price */

  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM agent_call WHERE who = 'helper'"), 3);
  assert_int_equal(rig_sql(&R, "SELECT sum(amount_micros) FROM ledger WHERE outcome LIKE 'agent:%'"
                               " AND ticket_id IS NULL"),
                   70000);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ledger WHERE ref = 'shop/1' AND outcome = "
                               "'agent:draft_reply' AND helpdesk = 'shop'"),
                   1);
  recounts();
  assert_int_equal(rig_run(&R, "triagectl", "report", &out), 0);
  assert_non_null(strstr(out, "3 calls of other agents, charged $0.0700"));
  free(out);
  assert_int_equal(rig_run(&R, "triagectl", "--format json report", &out), 0);
  assert_non_null(strstr(out, "\"agent_calls\""));
  free(out);
  rig_run(&R, "triagectl", "--format json ledger recount --book per-resolution", &out);
  o = cJSON_Parse(out); /* a book without that meter charges nothing for them */
  assert_int_equal(cJSON_GetObjectItem(o, "difference_count")->valueint, 2);
  cJSON_Delete(o);
  free(out);
}

static void test_charges_of_calls_survive_a_kill(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) cJSON_Delete(called("triage_ticket", handed));
  assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
  /* Every call that was answered is charged. */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM agent_call"), 5);
  assert_int_equal(rig_sql(&R, "SELECT sum(amount_micros) FROM ledger WHERE ticket_id IS NULL"),
                   100000);
  recounts();
}

static void test_a_line_without_its_call_is_found(void **state) {
  (void)state;
  cJSON_Delete(called("triage_ticket", handed));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(db, "DROP TRIGGER agent_call_stays; DELETE FROM agent_call", NULL, NULL, NULL),
      SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 1);
  assert_int_equal(rig_run(&R, "triagectl", "ledger recount", NULL), 1);
}

/* --- subscriptions ------------------------------------------------------------------------- */

/* What curl hears on a stream, in FOLDER/name; ended with the test. */
static pid_t listen_to(const char *token, const char *name, const char *method, const char *headers,
                       const char *body) {
  char command[3000];
  snprintf(command, sizeof command,
           "exec curl -sN --max-time 30 -X %s %s -H 'Accept: application/json, text/event-stream' "
           "-H 'Authorization: Bearer %s' %s%s%s %s > %s",
           method, headers, token, body[0] != '\0' ? "-d '" : "", body, body[0] != '\0' ? "'" : "",
           Url, rig_path(&R, name));
  const pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  return pid;
}

static void ended(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

/* Something happens to the ticket: its draft is approved and sent. */
static void outcome_changes(void) {
  assert_int_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  rig_until(&R,
            "SELECT count(*) FROM v_tickets WHERE ref = 'shop/1' AND outcome = 'sent' AND "
            "state = 'following'",
            1);
}

static void test_an_agent_of_2026_listens_for_a_tickets_outcome(void **state) {
  (void)state;
  const pid_t pid = listen_to(
      HELPER, "heard", "POST",
      "-H 'Content-Type: application/json' -H 'MCP-Protocol-Version: 2026-07-28' "
      "-H 'Mcp-Method: subscriptions/listen'",
      "{\"jsonrpc\":\"2.0\",\"id\":\"s1\",\"method\":\"subscriptions/listen\",\"params\":{"
      "\"notifications\":{\"resourceSubscriptions\":[\"triaged://tickets/shop/1\"]}," META "}}");
  rig_until_log(&R, "heard", "acknowledged");
  outcome_changes();
  rig_until_log(&R, "heard", "notifications/resources/updated");
  assert_true(rig_log_has(&R, "heard", "triaged://tickets/shop/1"));
  assert_true(rig_log_has(&R, "heard", "\"io.modelcontextprotocol/subscriptionId\":\"s1\""));
  ended(pid);
  cJSON *o = asked("resources/read", "triaged://tickets/shop/1",
                   "\"uri\":\"triaged://tickets/shop/1\"");
  char *text = cJSON_PrintUnformatted(o);
  assert_non_null(strstr(text, "sent"));
  free(text);
  cJSON_Delete(o);
}

static void session_post(const char *token, const char *session, const char *body) {
  char headers[400];
  snprintf(headers, sizeof headers,
           "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
           "MCP-Protocol-Version: 2025-11-25\nMcp-Session-Id: %s\nAuthorization: Bearer %s",
           session, token);
  const long status = rig_http("POST", Url, headers, body, NULL);
  assert_true(status == 200 || status == 202);
}

/* A session of 2025-11-25, initialized. */
static void session_begin(const char *token, const char *capabilities, char *session, size_t room) {
  char command[900];
  snprintf(command, sizeof command,
           "curl -si -H 'Content-Type: application/json' -H 'Accept: application/json, "
           "text/event-stream' -H 'Authorization: Bearer %s' -d "
           "'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
           "\"protocolVersion\":\"2025-11-25\",\"capabilities\":%s,\"clientInfo\":{\"name\":\"t\","
           "\"version\":\"1\"}}}' %s | tr -d '\\r' | sed -n 's/^[Mm]cp-[Ss]ession-[Ii]d: //p'",
           token, capabilities, Url);
  FILE *f = popen(command, "r");
  assert_non_null(fgets(session, (int)room, f));
  pclose(f);
  session[strcspn(session, "\n")] = '\0';
  session_post(token, session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

static void test_an_agent_of_2025_subscribes_to_a_tickets_outcome(void **state) {
  (void)state;
  char session[80] = "", headers[300];
  session_begin(HELPER, "{}", session, sizeof session);
  session_post(HELPER, session,
               "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/subscribe\","
               "\"params\":{\"uri\":\"triaged://tickets/shop/1\"}}");
  snprintf(headers, sizeof headers, "-H 'Mcp-Session-Id: %s' -H 'MCP-Protocol-Version: 2025-11-25'",
           session);
  const pid_t pid = listen_to(HELPER, "heard", "GET", headers, "");
  rig_until_log(&R, "heard", ": open");
  outcome_changes();
  rig_until_log(&R, "heard", "notifications/resources/updated");
  assert_true(rig_log_has(&R, "heard", "triaged://tickets/shop/1"));
  ended(pid);
}

/* --- replies that a person confirms --------------------------------------------------------- */

/* send_reply for shop/1; `more` stands beside the arguments. The whole answer. */
static cJSON *replies(const char *body, bool asks, const char *more) {
  char *text = NULL, request[3000];
  snprintf(request, sizeof request,
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
           "\"send_reply\",\"arguments\":{\"ref\":\"shop/1\",\"body\":\"%s\"}%s,\"_meta\":{"
           "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
           "\"io.modelcontextprotocol/clientCapabilities\":{%s}}}}",
           body, more, asks ? "\"elicitation\":{}" : "");
  (void)rig_http("POST", Url,
                 "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
                 "MCP-Protocol-Version: 2026-07-28\nMcp-Method: tools/call\nMcp-Name: send_reply\n"
                 "Authorization: Bearer " CAREFUL,
                 request, &text);
  cJSON *o = cJSON_Parse(text);
  free(text);
  return o;
}

static void test_a_reply_waits_for_the_person_at_the_client(void **state) {
  (void)state;
  static const char said[] = "Thank you, we are looking into it.";
  char more[600], kept[300];
  cJSON *o = replies(said, false, "");
  assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "error"), "code")->valueint, -32021);
  cJSON_Delete(o);
  o = replies(said, true, "");
  assert_string_equal(text_at(o, "result", "resultType"), "input_required");
  snprintf(kept, sizeof kept, "%s", text_at(o, "result", "requestState"));
  char *shown = cJSON_PrintUnformatted(o);
  assert_non_null(strstr(shown, said));
  free(shown);
  cJSON_Delete(o);
  /* What was confirmed is this text, and no other. */
  snprintf(more, sizeof more,
           ",\"requestState\":\"%s\",\"inputResponses\":{\"confirm\":{\"action\":\"accept\","
           "\"content\":{\"send\":true}}}",
           kept);
  o = replies("Something else.", true, more);
  assert_string_equal(text_at(o, "result", "resultType"), "input_required");
  cJSON_Delete(o);
  char no[600];
  snprintf(no, sizeof no,
           ",\"requestState\":\"%s\",\"inputResponses\":{\"confirm\":{\"action\":\"decline\"}}",
           kept);
  o = replies(said, true, no);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "result"), "isError")));
  cJSON_Delete(o);
  assert_int_equal(rig_replies(&R, 1), 0);
  o = replies(said, true, more);
  assert_string_equal(text_at(o, "result", "resultType"), "complete");
  cJSON_Delete(o);
  rig_until(&R,
            "SELECT count(*) FROM v_deliveries WHERE ref = 'shop/1' AND state = 'done' AND "
            "intent LIKE '%reply%'",
            1);
  assert_int_equal(rig_replies(&R, 1), 1);
}

static void test_a_client_of_2025_is_asked_on_the_calls_stream(void **state) {
  (void)state;
  char session[80], headers[400];
  session_begin(CAREFUL, "{\"elicitation\":{}}", session, sizeof session);
  snprintf(headers, sizeof headers,
           "-H 'Content-Type: application/json' -H 'Mcp-Session-Id: %s' -H 'MCP-Protocol-Version: "
           "2025-11-25'",
           session);
  const pid_t pid = listen_to(CAREFUL, "heard", "POST", headers,
                              "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{"
                              "\"name\":\"send_reply\",\"arguments\":{\"ref\":\"shop/1\",\"body\":"
                              "\"Thank you, we are looking into it.\"}}}");
  rig_until_log(&R, "heard", "elicitation/create");
  assert_int_equal(rig_replies(&R, 1), 0);
  session_post(
      CAREFUL, session,
      "{\"jsonrpc\":\"2.0\",\"id\":\"ask-1\",\"result\":{\"action\":\"accept\",\"content\":{"
      "\"send\":true}}}");
  rig_until_log(&R, "heard", "\"id\":7");
  assert_false(rig_log_has(&R, "heard", "isError"));
  ended(pid);
  rig_until(&R,
            "SELECT count(*) FROM v_deliveries WHERE ref = 'shop/1' AND state = 'done' AND "
            "intent LIKE '%reply%'",
            1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_call_carries_its_price_into_the_ledger),
      T(test_charges_of_calls_survive_a_kill),
      T(test_a_line_without_its_call_is_found),
      T(test_an_agent_of_2026_listens_for_a_tickets_outcome),
      T(test_an_agent_of_2025_subscribes_to_a_tickets_outcome),
      T(test_a_reply_waits_for_the_person_at_the_client),
      T(test_a_client_of_2025_is_asked_on_the_calls_stream),
  };
  return cmocka_run_group_tests_name("agents", tests, NULL, NULL);
}
