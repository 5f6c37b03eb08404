/* triaged as an MCP server: over HTTP in both eras, and on standard input, beside the real daemon
 * and a simulated helpdesk. */
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

#include "rig.h"

#define META                                                                                       \
  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                         \
  "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define READER "reader-token-0123456789"
#define WRITER "writer-token-0123456789"
#define SENDER "sender-token-0123456789"
#define SLOW   "slow-token-0123456789ab"

static struct rig R;
static char Url[64];

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* Three tickets, triaged and drafted; tokens of each grant. */
static int begin(void **state) {
  (void)state;
  char listen[700], tapped[100];
  rig_open(&R);
  const int port = rig_port();
  snprintf(Url, sizeof Url, "http://127.0.0.1:%d/mcp", port);
  snprintf(listen, sizeof listen,
           "listen: \"127.0.0.1:%d\"\naccess:\n  mcp_tokens:\n"
           "    - {name: reader, token: \"${file:reader}\"}\n"
           "    - {name: writer, token: \"${file:writer}\", grants: [read, write]}\n"
           "    - {name: sender, token: \"${file:sender}\", grants: [read, send]}\n"
           "    - {name: slow, token: \"${file:slow}\", per_minute: 2}",
           port);
  rig_file(&R, "reader", READER "\n");
  rig_file(&R, "writer", WRITER "\n");
  rig_file(&R, "sender", SENDER "\n");
  rig_file(&R, "slow", SLOW "\n");
  rig_tickets(&R, 3);
  rig_sim(&R, "");
  snprintf(tapped, sizeof tapped, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"",
           rig_tap(&R, "asked"));
  rig_conf(&R, "listen: \"off\"", listen, "mode: auto", "mode: draft",
           "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"", tapped, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 3);
  return 0;
}

/* One modern request; the HTTP status, and the whole answer parsed. */
static long modern(const char *token, const char *method, const char *name, const char *params,
                   cJSON **ret) {
  char headers[700], *text = NULL;
  char *body = malloc(strlen(params) + 700);
  snprintf(headers, sizeof headers,
           "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
           "MCP-Protocol-Version: 2026-07-28\nMcp-Method: %s\nMcp-Name: %s\n"
           "Authorization: Bearer %s",
           method, name, token);
  sprintf(body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s" META "}}",
          method, params, params[0] != '\0' ? "," : "");
  const long status = rig_http("POST", Url, headers, body, &text);
  free(body);
  if (ret != NULL) *ret = cJSON_Parse(text);
  free(text);
  return status;
}

/* A tool's structured value; fails the test when the tool says no. */
static cJSON *tool(const char *token, const char *name, const char *arguments) {
  cJSON *o = NULL;
  char *params = malloc(strlen(arguments) + 200);
  sprintf(params, "\"name\":\"%s\",\"arguments\":%s", name, arguments);
  assert_int_equal(modern(token, "tools/call", name, params, &o), 200);
  free(params);
  cJSON *result = cJSON_GetObjectItem(o, "result");
  cJSON *value = cJSON_DetachItemFromObject(result, "structuredContent");
  if (value == NULL) {
    char *text = cJSON_Print(o);
    fail_msg("%s: %s", name, text);
  }
  cJSON_Delete(o);
  return value;
}

/* What the tool says when it will not. */
static char *tool_no(const char *token, const char *name, const char *arguments) {
  cJSON *o = NULL;
  char *params = malloc(strlen(arguments) + 200);
  sprintf(params, "\"name\":\"%s\",\"arguments\":%s", name, arguments);
  (void)modern(token, "tools/call", name, params, &o);
  free(params);
  const cJSON *result = cJSON_GetObjectItem(o, "result");
  const cJSON *error = cJSON_GetObjectItem(o, "error");
  const cJSON *said = error != NULL
                          ? cJSON_GetObjectItem(error, "message")
                          : cJSON_GetObjectItem(
                                cJSON_GetArrayItem(cJSON_GetObjectItem(result, "content"), 0),
                                "text");
  assert_true(error != NULL || cJSON_IsTrue(cJSON_GetObjectItem(result, "isError")));
  char *text = strdup(said->valuestring);
  cJSON_Delete(o);
  return text;
}

static const char *text_of(const cJSON *o, const char *key) {
  const cJSON *v = cJSON_GetObjectItem(o, key);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static int tools_listed(const char *token, const char *name) {
  cJSON *o = NULL;
  assert_int_equal(modern(token, "tools/list", "", "", &o), 200);
  const cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "result"), "tools"), *t;
  int found = 0;
  cJSON_ArrayForEach(t, list) if (strcmp(text_of(t, "name"), name) == 0) found = 1;
  cJSON_Delete(o);
  return found;
}

static void test_an_agent_reads_tickets_knowledge_reports_and_charges(void **state) {
  (void)state;
  cJSON *o = tool(READER, "list_tickets", "{\"state\":\"following\"}");
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "tickets")), 3);
  char ref[64], arguments[200];
  snprintf(ref, sizeof ref, "%s",
           text_of(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "tickets"), 0), "ref"));
  cJSON_Delete(o);
  snprintf(arguments, sizeof arguments, "{\"ref\":\"%s\"}", ref);
  o = tool(READER, "get_ticket", arguments);
  assert_string_equal(text_of(o, "ref"), ref);
  assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(o, "messages")) > 0);
  assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(o, "decisions")) > 0);
  cJSON_Delete(o);
  o = tool(READER, "explain_charge", arguments);
  assert_non_null(cJSON_GetObjectItem(o, "charges"));
  assert_string_equal(text_of(o, "book"), "per-resolution");
  cJSON_Delete(o);
  o = tool(READER, "search_knowledge", "{\"query\":\"battery does not charge\",\"limit\":3}");
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "passages")), 3);
  cJSON_Delete(o);
  o = tool(READER, "similar_tickets", arguments);
  assert_non_null(cJSON_GetObjectItem(o, "tickets"));
  cJSON_Delete(o);
  o = tool(READER, "report", "{\"by\":\"helpdesk\"}");
  assert_string_equal(text_of(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "rows"), 0), "key"),
                      "shop");
  cJSON_Delete(o);
}

static void test_an_agent_hands_over_a_case_and_gets_a_decision_with_reasons(void **state) {
  (void)state;
  static const char given[] =
      "{\"subject\":\"Charged twice\",\"body\":\"I was charged twice on card 4111 1111 1111 1111, "
      "please refund one.\"}";
  cJSON *o = tool(READER, "triage_ticket", given);
  assert_true(text_of(o, "category")[0] != '\0');
  assert_true(text_of(o, "priority_reason")[0] != '\0');
  assert_string_equal(text_of(o, "model"), "haiku");
  cJSON_Delete(o);
  o = tool(READER, "draft_reply", given);
  assert_true(text_of(o, "body")[0] != '\0');
  assert_non_null(cJSON_GetObjectItem(o, "sendable"));
  cJSON_Delete(o);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), 3); /* nothing was opened */
  assert_true(rig_log_has(&R, "asked", "charged twice on card"));
  assert_false(rig_log_has(&R, "asked", "4111")); /* masked before the model saw it */
  char *no = tool_no(READER, "triage_ticket", "{\"subject\":\"only\"}");
  assert_non_null(strstr(no, "body"));
  free(no);
}

/* Under this template from here on, until it is taken out again. */
static void comply(const char *line) {
  const int64_t before = rig_sql(&R, "SELECT count(*) FROM change");
  char by[100];
  snprintf(by, sizeof by, "%spolicy:", line);
  rig_conf_change(&R, "policy:", by, NULL);
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
  rig_until(&R, "SELECT count(*) FROM change", before + 1);
}

static void comply_no_more(const char *line) {
  rig_conf_change(&R, line, "", NULL);
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
  rig_until(&R,
            "SELECT value = (SELECT hash FROM change ORDER BY seen_ms, rowid LIMIT 1) FROM setting"
            " WHERE key = 'change.in_force'",
            1);
}

/* A case and the passages beside it are masked as tickets are, by the profile in force. */
static void test_an_agents_case_is_masked_by_the_profile(void **state) {
  (void)state;
  comply("compliance: [gdpr]\n");
  cJSON *o = tool(READER, "draft_reply",
                  "{\"subject\":\"Phone\",\"body\":\"Talking to a person by phone, on which "
                  "number, Monday or Saturday? Ask for Mrs Erika Mustermann.\"}");
  cJSON_Delete(o);
  assert_true(rig_log_has(&R, "asked", "Ask for Mrs [NAME_1]"));
  assert_true(rig_log_has(&R, "asked", "(CET): [KB_PHONE_1]"));
  assert_false(rig_log_has(&R, "asked", "23125"));
  comply_no_more("compliance: [gdpr]\n");
}

static void test_each_write_needs_its_own_grant(void **state) {
  (void)state;
  assert_false(tools_listed(READER, "add_note"));
  assert_false(tools_listed(READER, "send_reply"));
  assert_true(tools_listed(WRITER, "add_note"));
  assert_true(tools_listed(WRITER, "update_ticket"));
  assert_false(tools_listed(WRITER, "send_reply"));
  assert_true(tools_listed(SENDER, "send_reply"));
  assert_false(tools_listed(SENDER, "add_note"));
  char *no = tool_no(READER, "add_note", "{\"ref\":\"shop/1\",\"text\":\"x\"}");
  assert_non_null(strstr(no, "grant"));
  free(no);
  no = tool_no(WRITER, "send_reply", "{\"ref\":\"shop/1\",\"body\":\"x\"}");
  assert_non_null(strstr(no, "grant"));
  free(no);
  assert_true(rig_sql(&R, "SELECT count(*) FROM audit WHERE who = 'mcp:reader' AND detail LIKE "
                          "'%refused%'") >= 1);
}

static void test_a_note_is_written_once_however_often_it_is_asked_for(void **state) {
  (void)state;
  static const char note[] = "{\"ref\":\"shop/1\",\"text\":\"Seen by the *agent*.\"}";
  const int before = rig_notes(&R, 1);
  cJSON_Delete(tool(WRITER, "add_note", note));
  rig_until(&R, "SELECT count(*) FROM outbox WHERE intent = 'agent.note' AND state = 'done'", 1);
  cJSON *again = tool(WRITER, "add_note", note);
  assert_string_equal(text_of(again, "state"), "done");
  cJSON_Delete(again);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 3);
  assert_int_equal(rig_notes(&R, 1), before + 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM outbox WHERE intent = 'agent.note'"), 1);
}

static void test_a_reply_passes_the_guard_and_reaches_the_customer_once(void **state) {
  (void)state;
  char *no = tool_no(SENDER, "send_reply",
                     "{\"ref\":\"shop/2\",\"body\":\"Please pay at https://evil.example/now\"}");
  assert_non_null(strstr(no, "guard"));
  free(no);
  no = tool_no(SENDER, "send_reply", "{\"ref\":\"shop/2\",\"body\":\"Card 4111 1111 1111 1111.\"}");
  assert_non_null(strstr(no, "CREDIT_CARD"));
  free(no);
  assert_int_equal(rig_replies(&R, 2), 0);
  static const char reply[] =
      "{\"ref\":\"shop/2\",\"body\":\"We looked into it and all is well.\"}";
  cJSON_Delete(tool(SENDER, "send_reply", reply));
  cJSON_Delete(tool(SENDER, "send_reply", reply));
  rig_until(&R, "SELECT count(*) FROM outbox WHERE intent = 'agent.reply' AND state = 'done'", 1);
  assert_int_equal(rig_replies(&R, 2), 1);
  /* Somebody else's answer is nothing that we charge for. */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM event e JOIN ticket t ON t.id = e.ticket_id "
                               "WHERE t.ref = 'shop/2' AND kind = 'msg_out' AND actor = 'ai'"),
                   0);
}

static void test_an_agent_alone_is_none_of_two_people(void **state) {
  (void)state;
  const int before = rig_replies(&R, 3);
  comply("compliance: [sox]\n");
  char *no = tool_no(SENDER, "send_reply", "{\"ref\":\"shop/3\",\"body\":\"All is well.\"}");
  assert_non_null(strstr(no, "nobody else approved it"));
  free(no);
  assert_int_equal(rig_replies(&R, 3), before);
  comply_no_more("compliance: [sox]\n");
}

static void test_fields_are_changed_within_the_taxonomy(void **state) {
  (void)state;
  char *no = tool_no(WRITER, "update_ticket", "{\"ref\":\"shop/3\",\"category\":\"no-such\"}");
  assert_non_null(strstr(no, "taxonomy"));
  free(no);
  no = tool_no(WRITER, "update_ticket", "{\"ref\":\"shop/3\"}");
  assert_non_null(strstr(no, "nothing to change"));
  free(no);
  cJSON_Delete(tool(WRITER, "update_ticket",
                    "{\"ref\":\"shop/3\",\"priority\":\"P1\",\"tags\":[\"from_agent\"]}"));
  rig_until(&R, "SELECT count(*) FROM outbox WHERE intent = 'agent.fields' AND state = 'done'", 1);
  cJSON *t = rig_truth(&R, 3);
  char *text = cJSON_PrintUnformatted(t);
  assert_non_null(strstr(text, "from_agent"));
  free(text);
  cJSON_Delete(t);
}

static void test_strangers_rebinders_and_the_impatient_are_turned_away(void **state) {
  (void)state;
  static const char init[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
                             "\"protocolVersion\":\"2025-06-18\"}}";
#define TYPE "Content-Type: application/json\nAccept: application/json, text/event-stream\n"
  assert_int_equal(rig_http("POST", Url, TYPE "X: y", init, NULL), 401);
  assert_int_equal(
      rig_http("POST", Url, TYPE "Authorization: Bearer wrong-token-000000", init, NULL), 401);
  assert_int_equal(rig_http("POST", Url,
                            TYPE "Authorization: Bearer " READER "\nHost: evil.example", init,
                            NULL),
                   403);
  assert_int_equal(rig_http("POST", Url,
                            TYPE "Authorization: Bearer " READER "\nOrigin: http://evil.example",
                            init, NULL),
                   403);
  assert_int_equal(rig_http("POST", Url, "Authorization: Bearer " READER, init, NULL), 415);
  assert_int_equal(rig_http("PUT", Url, TYPE "Authorization: Bearer " READER, init, NULL), 405);
  assert_int_equal(rig_http("POST", Url, TYPE "Authorization: Bearer " READER, "{", NULL), 400);
  assert_int_equal(rig_http("POST", Url, TYPE "Authorization: Bearer " SLOW, init, NULL), 200);
  assert_int_equal(rig_http("POST", Url, TYPE "Authorization: Bearer " SLOW, init, NULL), 200);
  assert_int_equal(rig_http("POST", Url, TYPE "Authorization: Bearer " SLOW, init, NULL), 429);
}

static const char init_text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
                                "\"params\":{\"protocolVersion\":\"2025-06-18\"}}";

static void test_a_host_that_only_begins_like_loopback_is_none(void **state) {
  (void)state;
  static const char *const hosts[] = {"localhost.evil.example", "127.0.0.1:80.evil.example",
                                      "localhost:1@evil.example", "localhost:"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    char headers[300];
    snprintf(headers, sizeof headers, TYPE "Authorization: Bearer " READER "\nHost: %s", hosts[i]);
    assert_int_equal(rig_http("POST", Url, headers, init_text, NULL), 403);
    snprintf(headers, sizeof headers, TYPE "Authorization: Bearer " READER "\nOrigin: http://%s",
             hosts[i]);
    assert_int_equal(rig_http("POST", Url, headers, init_text, NULL), 403);
  }
}

/* The status that a program of another user gets. */
static int status_of_nobody(void) {
  const pid_t pid = fork();
  if (pid == 0) {
    const bool changed = setgid(65534) == 0 && setuid(65534) == 0;
    _exit(changed && rig_http("POST", Url, TYPE "X: y", init_text, NULL) == 401 ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

/* Changes the configuration: what comes after it has no tokens. */
static void test_without_a_token_only_our_own_user_and_root_may_read(void **state) {
  (void)state;
  char listen[100];
  snprintf(listen, sizeof listen, "listen: \"%.*s\"", (int)strcspn(Url + 7, "/"), Url + 7);
  rig_conf(&R, "listen: \"off\"", listen, "mode: auto", "mode: draft", NULL);
  assert_int_equal(kill(R.daemon, SIGHUP), 0);
  long status = 0;
  for (int i = 0; i < 400 && status != 200; i++) {
    if (i > 0) rig_sleep_ms(50); /* the reload is under way */
    status = rig_http("POST", Url, TYPE "X: y", init_text, NULL);
  }
  assert_int_equal(status, 200);
  if (geteuid() != 0) return; /* only root can be somebody else */
  assert_int_equal(status_of_nobody(), 0);
  assert_true(rig_log_has(&R, "daemon.log", "mcp.refused user=65534"));
}

static void test_resources_and_prompts_are_there(void **state) {
  (void)state;
  cJSON *o = NULL;
  assert_int_equal(modern(READER, "resources/list", "", "", &o), 200);
  char *text = cJSON_PrintUnformatted(o);
  assert_non_null(strstr(text, "triaged://tickets/shop/1"));
  assert_non_null(strstr(text, "triaged://skills/"));
  free(text);
  cJSON_Delete(o);
  static const char *const uris[] = {"triaged://tickets/shop/1", "triaged://reports/category",
                                     "triaged://skills/ticket-triage"};
  for (size_t i = 0; i < 3; i++) {
    char params[200];
    snprintf(params, sizeof params, "\"uri\":\"%s\"", uris[i]);
    assert_int_equal(modern(READER, "resources/read", uris[i], params, &o), 200);
    if (cJSON_GetObjectItem(o, "result") == NULL) fail_msg("%s: %s", uris[i], cJSON_Print(o));
    cJSON_Delete(o);
  }
  assert_int_equal(modern(READER, "prompts/list", "", "", &o), 200);
  const cJSON *first = cJSON_GetArrayItem(
      cJSON_GetObjectItem(cJSON_GetObjectItem(o, "result"), "prompts"), 0);
  char params[300], name[100];
  snprintf(name, sizeof name, "%s", text_of(first, "name"));
  snprintf(params, sizeof params, "\"name\":\"%s\",\"arguments\":{\"ref\":\"shop/1\"}", name);
  cJSON_Delete(o);
  assert_int_equal(modern(READER, "prompts/get", name, params, &o), 200);
  assert_int_equal(
      cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "result"), "messages")), 2);
  cJSON_Delete(o);
}

/* --- standard input ------------------------------------------------------------------------ */

/* What it says to the lines of in.jsonl. */
static char *stdio_of(const char *args) {
  char command[1200];
  const char *build = getenv("B");
  snprintf(command, sizeof command, "%s/triagectl -c %s mcp %s < %s > %s 2>/dev/null",
           build != NULL ? build : "build", rig_path(&R, "triaged.yaml"), args,
           rig_path(&R, "in.jsonl"), rig_path(&R, "out.jsonl"));
  assert_int_equal(system(command), 0);
  return rig_read(&R, "out.jsonl");
}

static char *stdio(const char *args, const char *input) {
  rig_file(&R, "in.jsonl", input);
  return stdio_of(args);
}

static const char session[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
    "\"2024-"
    "11-05\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}\n"
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"list_tickets\","
    "\"arguments\":{}}}\n"
    "no json at all\n"
    "{\"jsonrpc\":\"2.0\",\"id\":\"three\",\"method\":\"tools/list\"}\n";

static void session_check(char *out) {
  assert_non_null(strstr(out, "\"id\":1,\"result\":{\"protocolVersion\":\"2024-11-05\""));
  assert_non_null(strstr(out, "\"id\":2,\"result\":{\"content\""));
  assert_non_null(strstr(out, "shop/1"));
  assert_null(strstr(out, "structuredContent")); /* of 2025-06-18 */
  assert_non_null(strstr(out, "-32700"));
  assert_non_null(strstr(out, "\"id\":\"three\",\"result\":{\"tools\""));
  assert_null(strstr(out, "add_note")); /* read is all that was granted */
  free(out);
}

static void test_a_program_on_standard_input_is_served_beside_the_daemon(void **state) {
  (void)state;
  session_check(stdio("", session));
  char *out = stdio(
      "--grant read,write --helpdesk shop",
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META
      "}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"server/discover\",\"params\":{" META
      "}}\n{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":"
      "\"get_ticket\",\"arguments\":{\"ref\":\"other/1\"}," META "}}\n");
  assert_non_null(strstr(out, "add_note"));
  assert_non_null(strstr(out, "\"supportedVersions\":[\"2026-07-28\"]"));
  assert_non_null(strstr(out, "there is no such ticket"));
  free(out);
}

static void rig_bytes(const char *name, const char *bytes, size_t n) {
  FILE *f = fopen(rig_path(&R, name), "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

/* Bytes that are no UTF-8, and a NUL, each in a line between two good ones. */
static void test_a_line_that_is_no_text_is_a_parse_error_and_the_next_one_is_served(void **state) {
  static const char lines[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"
                              "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\xff\"}\n"
                              "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}\0\n"
                              "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\"}\n"
                              "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"p\xc3";
  (void)state;
  rig_bytes("in.jsonl", lines, sizeof lines - 1);
  char *out = stdio_of("");
  size_t n = 0;
  for (const char *l = out; (l = strstr(l, "\"id\":null,\"error\":{\"code\":-32700")) != NULL; l++)
    n++;
  assert_int_equal(n, 3);
  assert_non_null(strstr(out, "\"id\":1,\"result\""));
  assert_non_null(strstr(out, "\"id\":4,\"result\""));
  assert_null(strstr(out, "-32601"));
  free(out);
}

static void test_a_program_on_standard_input_is_served_without_a_daemon(void **state) {
  (void)state;
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  session_check(stdio("", session));
  char *out = stdio("",
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                    "\"triage_ticket\",\"arguments\":{\"ref\":\"shop/1\"}}}\n");
  assert_non_null(strstr(out, "category"));
  free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_agent_reads_tickets_knowledge_reports_and_charges),
      cmocka_unit_test(test_an_agent_hands_over_a_case_and_gets_a_decision_with_reasons),
      cmocka_unit_test(test_an_agents_case_is_masked_by_the_profile),
      cmocka_unit_test(test_each_write_needs_its_own_grant),
      cmocka_unit_test(test_a_note_is_written_once_however_often_it_is_asked_for),
      cmocka_unit_test(test_a_reply_passes_the_guard_and_reaches_the_customer_once),
      cmocka_unit_test(test_an_agent_alone_is_none_of_two_people),
      cmocka_unit_test(test_fields_are_changed_within_the_taxonomy),
      cmocka_unit_test(test_strangers_rebinders_and_the_impatient_are_turned_away),
      cmocka_unit_test(test_resources_and_prompts_are_there),
      cmocka_unit_test(test_a_host_that_only_begins_like_loopback_is_none),
      cmocka_unit_test(test_without_a_token_only_our_own_user_and_root_may_read),
      cmocka_unit_test(test_a_program_on_standard_input_is_served_beside_the_daemon),
      cmocka_unit_test(test_a_line_that_is_no_text_is_a_parse_error_and_the_next_one_is_served),
      cmocka_unit_test(test_a_program_on_standard_input_is_served_without_a_daemon),
  };
  return cmocka_run_group_tests_name("system mcp", tests, begin, end);
}
