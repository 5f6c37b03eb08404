/* Drafts that look things up with tools of MCP servers: recorded, masked, bounded, and never more
 * than the operator allowed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* An MCP server of one tool; @HINT@ is what the tool says of itself. */
static const char server[] =
    "while read -r l; do\n"
    "  id=$(printf '%s' \"$l\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\n"
    "  case $l in\n"
    "  *server/discover*) r='{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}}' ;;\n"
    "  *tools/list*) r='{\"tools\":[{\"name\":\"get_order\",\"description\":\"An order.\","
    "\"annotations\":{\"readOnlyHint\":HINT},\"inputSchema\":{\"type\":\"object\",\"properties\":{"
    "\"message\":{\"type\":\"string\"}},\"required\":[\"message\"]}},{\"name\":\"drop_all\","
    "\"inputSchema\":{\"type\":\"object\"}}]}' ;;\n"
    "  *tools/call*) echo \"$l\" >> @DIR@/calls\n"
    "    r='{\"content\":[{\"type\":\"text\",\"text\":\"Order is in Lyon, for "
    "other.person@example.org\"}]}' ;;\n"
    "  *) continue ;;\n"
    "  esac\n"
    "  printf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\\n' \"$id\" \"$r\"\n"
    "done\n";

static const char plain_tickets[] =
    "{\"id\":\"1\",\"subject\":\"Parcel\",\"body\":\"Where is my order #4711? It has not "
    "arrived.\",\"requester\":{\"name\":\"Olga\",\"email\":\"olga@example.com\"}}\n"
    "{\"id\":\"2\",\"subject\":\"Battery\",\"body\":\"How do I charge the battery?\","
    "\"requester\":{\"name\":\"Otto\",\"email\":\"otto@example.com\"}}\n";

static void setup_with(const char *tickets, const char *hint, const char *command,
                       const char *tools) {
  char text[4000], servers[400], tapped[100], *at;
  snprintf(text, sizeof text, "%s", server);
  at = strstr(text, "HINT");
  memmove(at + strlen(hint), at + 4, strlen(at + 4) + 1);
  memcpy(at, hint, strlen(hint));
  rig_file(&R, "server.sh", text);
  rig_file(&R, "tickets.jsonl", tickets);
  rig_sim(&R, "");
  snprintf(tapped, sizeof tapped, "claude-haiku-5-5, url: \"http://127.0.0.1:%d\"",
           rig_tap(&R, "asked"));
  snprintf(servers, sizeof servers,
           "mcp_servers: {orders: {command: %s, args: [\"%s\"], price: \"0.002\", timeout: 5s, "
           "allow: [get_order]}}\npolicy: {%s",
           command, rig_path(&R, "server.sh"), tools);
  rig_conf(&R, "mode: auto", "mode: draft", "claude-haiku-5-5, url: \"http://127.0.0.1:@PORT@\"",
           tapped, "policy: {", servers, NULL);
}

static void setup(const char *hint, const char *command, const char *tools) {
  setup_with(plain_tickets, hint, command, tools);
}

static void test_a_draft_looks_an_order_up_and_the_call_is_recorded(void **state) {
  (void)state;
  setup("true", "sh", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  char text[600], *out = NULL;
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call"), 1);
  assert_int_equal(rig_sql(&R,
                           "SELECT count(*) FROM tool_call WHERE outcome = 'ok' AND tool = "
                           "'orders.get_order' AND cost_micros = 2000 AND length(result_hash) = "
                           "64 AND arguments LIKE '%4711%'"),
                   1);
  rig_sql_text(&R, "SELECT result FROM tool_call", text, sizeof text);
  assert_non_null(strstr(text, "Lyon"));
  assert_null(strstr(text, "other.person")); /* masked, and not as a token of this ticket */
  assert_null(strstr(text, "["));
  assert_true(rig_log_has(&R, "asked", "looked_up"));
  assert_true(rig_log_has(&R, "asked", "Order is in Lyon"));
  assert_false(rig_log_has(&R, "asked", "other.person"));
  assert_false(rig_log_has(&R, "asked", "drop_all")); /* not allowed: it does not exist */
  assert_int_equal(rig_notes(&R, 1), 1);
  assert_int_equal(rig_notes(&R, 2), 1); /* the other needed nothing */
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/1", &out), 0);
  assert_non_null(strstr(out, "orders.get_order"));
  free(out);
}

/* What a tool says is masked by the ticket's rules: what the ticket has as well keeps the ticket's
 * token, the rest is nobody's to put back, and under names of its own. */
static void test_a_result_is_masked_as_the_ticket_is(void **state) {
  (void)state;
  setup_with("{\"id\":\"1\",\"subject\":\"Parcel\",\"body\":\"Where is my order #4711 for "
             "olga@example.com? Olga Mint\",\"requester\":{\"name\":\"Olga Mint\",\"email\":"
             "\"olga@example.com\"}}\n",
             "true", "sh", "");
  char *script = rig_read(&R, "server.sh");
  char *at = strstr(script, "other.person@example.org");
  assert_non_null(at);
  char text[5000];
  snprintf(text, sizeof text,
           "%.*solga@example.com (Olga Mint), paid from DE89 3704 0044 0532 0130 00, asked by Mrs "
           "Erika Mustermann at +49 30 90182044%s",
           (int)(at - script), script, at + strlen("other.person@example.org"));
  free(script);
  rig_file(&R, "server.sh", text);
  rig_conf_change(&R, "policy:", "compliance: [gdpr]\npolicy:", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  static const char *const planted[] = {"olga@", "Mint", "0532 0130", "Mustermann", "90182044"};
  char *asked = rig_read(&R, "asked");
  for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
    assert_null(strstr(asked, planted[i]));
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM tool_call WHERE result LIKE '%%%s%%'",
             planted[i]);
    assert_int_equal(rig_sql(&R, sql), 0);
  }
  free(asked);
  rig_sql_text(&R, "SELECT result FROM tool_call", text, sizeof text);
  assert_string_equal(text, "Order is in Lyon, for [EMAIL_1] ([NAME_1]), paid from (T1_IBAN_1), "
                            "asked by Mrs (T1_NAME_2) at (T1_PHONE_1)");
}

static int lines_of(const char *name) {
  char *text = rig_read(&R, name);
  int n = 0;
  for (const char *p = text; p != NULL && (p = strchr(p, '\n')) != NULL; p++) n++;
  free(text);
  return n;
}

static void expect_text(const char *sql, const char *want) {
  char text[600];
  rig_sql_text(&R, sql, text, sizeof text);
  assert_string_equal(text, want);
}

static void test_a_tool_that_changes_something_needs_an_entry_in_the_policy(void **state) {
  (void)state;
  setup("false", "sh", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_null(rig_read(&R, "calls"));
  assert_false(rig_log_has(&R, "asked", "get_order")); /* for the model it does not exist */
  assert_true(rig_log_has(&R, "err.log", "mcp.tool_left_out"));
  assert_int_equal(rig_notes(&R, 1), 1);
}

static void test_policy_may_let_it_run_without_a_person(void **state) {
  (void)state;
  setup("false", "sh", "tools: [{name: orders.get_order, approval: none}], ");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'ok'"), 1);
  assert_int_equal(
      rig_sql(&R, "SELECT count(*) FROM tool_wish WHERE state = 'done' AND who = 'policy'"), 1);
  assert_int_equal(lines_of("calls"), 1);
}

/* Draft 1 waits for a person; the daemon is not needed for that. */
static void until_it_waits(void) {
  char *out = NULL;
  setup("false", "sh", "tools: [orders.get_order], ");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  expect_text("SELECT state FROM v_tickets WHERE ref = 'shop/1'", "admitted");
  assert_int_equal(rig_notes(&R, 1), 0);
  assert_int_equal(rig_notes(&R, 2), 1); /* the other did not want it */
  assert_int_equal(rig_run(&R, "triagectl", "--format json review", &out), 0);
  assert_non_null(strstr(out, "\"orders.get_order\""));
  assert_non_null(strstr(out, "4711"));
  assert_non_null(strstr(out, "tool_approval"));
  free(out);
}

static void test_a_person_approves_a_call_and_the_draft_goes_on(void **state) {
  (void)state;
  char *out = NULL;
  until_it_waits();
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0); /* a restart changes nothing */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_wish WHERE state = 'waiting'"), 1);
  assert_int_not_equal(rig_run(&R, "triagectl", "review approve shop/2 --call 1", NULL), 0);
  assert_int_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  assert_int_equal(lines_of("calls"), 0); /* no daemon ran yet */
  assert_int_not_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_wish WHERE state = 'done' AND who <> '' "
                               "AND decided_ms > 0 AND ended_ms > 0"),
                   1);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM audit WHERE what = 'tool approve' AND object "
                               "= 'shop/1' AND detail LIKE '%arguments_sha256%'"),
                   1);
  assert_true(rig_log_has(&R, "asked", "Order is in Lyon"));
  assert_int_equal(rig_notes(&R, 1), 1);
  assert_int_equal(rig_run(&R, "triagectl", "ticket shop/1", &out), 0);
  assert_non_null(strstr(out, "Tools that change something"));
  free(out);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 1); /* never twice */
}

static int as(const char *who, const char *args, char **out) {
  assert_int_equal(setenv("SUDO_USER", who, 1), 0);
  const int status = rig_run(&R, "triagectl", args, out);
  assert_int_equal(unsetenv("SUDO_USER"), 0);
  return status;
}

static void test_under_sox_two_people_approve_a_call(void **state) {
  (void)state;
  char *out = NULL;
  if (geteuid() != 0) {
    print_message("# who sudo names is believed of root alone: skipped\n");
    skip();
  }
  until_it_waits();
  rig_conf_change(&R, "policy:", "compliance: [sox]\npolicy:", NULL);
  assert_int_equal(as("alice", "review approve shop/1", &out), 0);
  assert_non_null(strstr(out, "another person"));
  free(out);
  assert_int_equal(as("alice", "review approve shop/1", NULL), 1);
  assert_true(rig_log_has(&R, "err.log", "alice approved call 1 of shop/1 already"));
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  expect_text("SELECT state FROM tool_wish", "waiting");
  assert_int_equal(as("bob", "review approve shop/1", &out), 0);
  assert_null(strstr(out, "another person"));
  free(out);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 1);
  expect_text("SELECT who FROM tool_wish", "alice, bob");
  assert_int_equal(rig_sql(&R, "SELECT count(DISTINCT who) FROM audit WHERE what = 'tool approve'"),
                   2);
}

static void test_a_second_person_may_deny_what_the_first_approved(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  until_it_waits();
  rig_conf_change(&R, "policy:", "compliance: [sox]\npolicy:", NULL);
  assert_int_equal(as("alice", "review approve shop/1", NULL), 0);
  assert_int_equal(as("bob", "review reject shop/1 --why wrong-order", NULL), 0);
  expect_text("SELECT state || ' ' || who FROM tool_wish", "denied bob");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
}

static void test_a_denied_call_is_told_to_the_model_and_left_to_a_person(void **state) {
  (void)state;
  until_it_waits();
  assert_int_equal(rig_run(&R, "triagectl", "review reject shop/1 --why wrong-order", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  assert_true(rig_log_has(&R, "asked", "a person said no: wrong-order"));
  expect_text("SELECT reason FROM v_tickets WHERE ref = 'shop/1'", "tool_denied");
  assert_int_equal(rig_notes(&R, 1), 1);
}

static void test_a_call_that_nobody_decides_on_holds_its_draft_for_a_day(void **state) {
  (void)state;
  until_it_waits();
  rig_later(&R, "25h");
  assert_int_not_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  expect_text("SELECT state FROM tool_wish", "expired");
  expect_text("SELECT reason FROM v_tickets WHERE ref = 'shop/1'", "tool_approval");
  assert_int_equal(rig_notes(&R, 1), 1);
}

/* The server takes the call, notes it down, and never answers. */
static void test_a_call_is_never_made_twice_also_when_the_daemon_is_killed_in_it(void **state) {
  (void)state;
  until_it_waits();
  assert_int_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  char *text = rig_read(&R, "server.sh"), slow[4200];
  char *at = strstr(text, "/calls\n");
  assert_non_null(at);
  snprintf(slow, sizeof slow, "%.*s/calls; sleep 60\n%s", (int)(at - text), text, at + 7);
  free(text);
  rig_file(&R, "server.sh", slow);
  rig_start(&R, "");
  rig_until_log(&R, "calls", "get_order");
  expect_text("SELECT state FROM tool_wish", "running");
  assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
  for (int i = 0; i < 2; i++) assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 1);
  expect_text("SELECT state FROM tool_wish", "uncertain");
  expect_text("SELECT reason FROM v_tickets WHERE ref = 'shop/1'", "tool_uncertain");
  assert_true(rig_log_has(&R, "asked", "not known whether this was done"));
  assert_int_equal(rig_notes(&R, 1), 1);
}

/* Through the vendor's API, as the requester. */
static void customer_says(int ticket, const char *text) {
  char url[120], body[600];
  cJSON *t = rig_truth(&R, ticket);
  const cJSON *id = cJSON_GetObjectItem(cJSON_GetObjectItem(t, "requester"), "id");
  const double author = cJSON_IsString(id) ? atof(id->valuestring) : cJSON_GetNumberValue(id);
  cJSON_Delete(t);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/api/v2/tickets/%d.json", R.port, ticket);
  snprintf(body, sizeof body,
           "{\"ticket\":{\"comment\":{\"body\":\"%s\",\"public\":true,\"author_id\":%.0f}}}", text,
           author);
  assert_int_equal(rig_http("PUT", url,
                            "Authorization: Bearer other\r\nContent-Type: application/json", body,
                            NULL),
                   200);
}

static void test_a_new_message_overtakes_a_call_that_waits(void **state) {
  (void)state;
  until_it_waits();
  customer_says(1, "Forget it, my neighbour had it.");
  rig_later(&R, "2m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_wish WHERE pass = 1 AND state = "
                               "'expired'"),
                   1);
  assert_int_not_equal(rig_run(&R, "triagectl", "review approve shop/1 --call 1", NULL), 0);
}

static void with_an_address(const char *tools) {
  setup_with("{\"id\":\"1\",\"subject\":\"Parcel\",\"body\":\"Where is order #4711 of "
             "olga@example.com? It has not arrived.\",\"requester\":{\"name\":\"Olga\",\"email\":"
             "\"olga@example.com\"}}\n",
             "true", "sh", tools);
}

static void test_masked_data_reaches_no_tool_by_default(void **state) {
  (void)state;
  with_an_address("");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'personal_data' AND "
                               "arguments LIKE '%[EMAIL_1]%'"),
                   1);
}

static void test_a_tool_that_may_see_personal_data_gets_what_the_token_stands_for(void **state) {
  (void)state;
  with_an_address("tools: [{name: orders.get_order, personal_data: true}], ");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_true(rig_log_has(&R, "calls", "olga@example.com"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'ok' AND "
                               "arguments LIKE '%[EMAIL_1]%'"),
                   1); /* kept as it was masked */
  assert_false(rig_log_has(&R, "err.log", "olga@example.com"));
  assert_false(rig_log_has(&R, "asked", "olga@example.com"));
}

static void test_an_approved_call_of_a_tool_that_is_gone_is_not_waited_for(void **state) {
  (void)state;
  until_it_waits();
  assert_int_equal(rig_run(&R, "triagectl", "review approve shop/1", NULL), 0);
  rig_conf_change(&R, "tools: [orders.get_order], ", "", NULL); /* and the policy thinks again */
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  expect_text("SELECT state FROM tool_wish", "failed");
  expect_text("SELECT reason FROM v_tickets WHERE ref = 'shop/1'", "tool_approval");
}

static void test_a_shadow_desk_runs_nothing_that_changes_something(void **state) {
  (void)state;
  setup("false", "sh", "tools: [{name: orders.get_order, approval: none}], ");
  rig_conf_change(&R, "mode: draft", "mode: shadow", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(lines_of("calls"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_wish"), 0);
}

/* Whoever the program is now, it is no child of ours: only the system knows whether it is gone. */
static bool is_gone(pid_t pid) {
  char path[64], line[200] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *f = fopen(path, "r");
  if (f == NULL) return true;
  if (fgets(line, sizeof line, f) == NULL) line[0] = '\0';
  fclose(f);
  const char *state = strrchr(line, ')');
  return state == NULL || state[2] == 'Z';
}

static pid_t server_pid(void) {
  rig_until_log(&R, "pid", "\n");
  char *text = rig_read(&R, "pid");
  const pid_t pid = (pid_t)atoi(text);
  free(text);
  assert_true(pid > 1);
  assert_false(is_gone(pid));
  return pid;
}

static void test_a_program_dies_with_the_daemon_however_that_ends(void **state) {
  (void)state;
  static const int signals[] = {SIGKILL, SIGTERM};
  for (size_t i = 0; i < 2; i++) {
    if (i > 0) {
      rig_close(&R);
      rig_open(&R);
    }
    setup("true", "sh", "");
    char *text = rig_read(&R, "server.sh"), noted[4200];
    snprintf(noted, sizeof noted, "echo $$ > %s\n", rig_path(&R, "pid"));
    snprintf(noted + strlen(noted), sizeof noted - strlen(noted), "%s", text);
    free(text);
    rig_file(&R, "server.sh", noted);
    rig_start(&R, "");
    const pid_t pid = server_pid();
    (void)rig_stop(&R, signals[i]);
    for (int n = 0; n < 100 && !is_gone(pid); n++) rig_sleep_ms(50);
    assert_true(is_gone(pid));
  }
}

static void test_a_server_that_is_not_there_costs_no_draft(void **state) {
  (void)state;
  setup("true", "/nowhere/program", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call"), 0);
  assert_int_equal(rig_notes(&R, 1), 1);
  assert_int_equal(rig_notes(&R, 2), 1);
  assert_true(rig_log_has(&R, "err.log", "mcp.failed"));
}

static void test_a_server_of_a_plugin_folder_is_off_until_it_is_allowed(void **state) {
  (void)state;
  char text[600];
  setup("true", "sh", "");
  assert_int_equal(setenv("SHELL_OF_TEST", "sh", 1), 0);
  snprintf(text, sizeof text, "mkdir -p %s", rig_path(&R, "plugin"));
  assert_int_equal(system(text), 0);
  rig_file(&R, "plugin/.mcp.json",
           "{\"mcpServers\":{\"shop-tools\":{\"command\":\"${SHELL_OF_TEST}\",\"args\":["
           "\"${CLAUDE_PLUGIN_ROOT}/../${SCRIPT_OF_TEST:-server.sh}\"]}}}");
  rig_conf_change(&R, "skills: [", "skills: [@DIR@/plugin, ", NULL);
  snprintf(text, sizeof text,
           "orders: {command: sh, args: [\"%s\"], price: \"0.002\", timeout: 5s, ",
           rig_path(&R, "server.sh"));
  rig_conf_change(&R, text, "shop-tools: {", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'ok' AND tool = "
                               "'shop-tools.get_order'"),
                   1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_draft_looks_an_order_up_and_the_call_is_recorded),
      T(test_a_result_is_masked_as_the_ticket_is),
      T(test_a_tool_that_changes_something_needs_an_entry_in_the_policy),
      T(test_policy_may_let_it_run_without_a_person),
      T(test_a_person_approves_a_call_and_the_draft_goes_on),
      T(test_under_sox_two_people_approve_a_call),
      T(test_a_second_person_may_deny_what_the_first_approved),
      T(test_a_denied_call_is_told_to_the_model_and_left_to_a_person),
      T(test_a_call_that_nobody_decides_on_holds_its_draft_for_a_day),
      T(test_a_call_is_never_made_twice_also_when_the_daemon_is_killed_in_it),
      T(test_a_new_message_overtakes_a_call_that_waits),
      T(test_masked_data_reaches_no_tool_by_default),
      T(test_a_tool_that_may_see_personal_data_gets_what_the_token_stands_for),
      T(test_an_approved_call_of_a_tool_that_is_gone_is_not_waited_for),
      T(test_a_shadow_desk_runs_nothing_that_changes_something),
      T(test_a_program_dies_with_the_daemon_however_that_ends),
      T(test_a_server_that_is_not_there_costs_no_draft),
      T(test_a_server_of_a_plugin_folder_is_off_until_it_is_allowed),
  };
  return cmocka_run_group_tests_name("system tools", tests, NULL, NULL);
}
