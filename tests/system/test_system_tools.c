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

static void setup(const char *hint, const char *command, const char *tools) {
  char text[4000], servers[400], tapped[100], *at;
  snprintf(text, sizeof text, "%s", server);
  at = strstr(text, "HINT");
  memmove(at + strlen(hint), at + 4, strlen(at + 4) + 1);
  memcpy(at, hint, strlen(hint));
  rig_file(&R, "server.sh", text);
  rig_file(&R, "tickets.jsonl",
           "{\"id\":\"1\",\"subject\":\"Parcel\",\"body\":\"Where is my order #4711? It has not "
           "arrived.\",\"requester\":{\"name\":\"Olga\",\"email\":\"olga@example.com\"}}\n"
           "{\"id\":\"2\",\"subject\":\"Battery\",\"body\":\"How do I charge the battery?\","
           "\"requester\":{\"name\":\"Otto\",\"email\":\"otto@example.com\"}}\n");
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

static void test_a_tool_that_changes_something_is_left_to_a_person(void **state) {
  (void)state;
  setup("false", "sh", "");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  char reason[64];
  assert_null(rig_read(&R, "calls"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'refused'"), 1);
  rig_sql_text(&R, "SELECT reason FROM v_tickets WHERE ref = 'shop/1'", reason, sizeof reason);
  assert_string_equal(reason, "tool_approval");
  assert_int_equal(rig_notes(&R, 1), 1);
}

static void test_policy_may_let_it_run(void **state) {
  (void)state;
  setup("false", "sh", "tools: [orders.get_order], ");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM tool_call WHERE outcome = 'ok'"), 1);
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
      T(test_a_tool_that_changes_something_is_left_to_a_person),
      T(test_policy_may_let_it_run),
      T(test_a_server_that_is_not_there_costs_no_draft),
      T(test_a_server_of_a_plugin_folder_is_off_until_it_is_allowed),
  };
  return cmocka_run_group_tests_name("system tools", tests, NULL, NULL);
}
