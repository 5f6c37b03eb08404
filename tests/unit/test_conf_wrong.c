/* Configs that are refused: the line, the key and what would be right are told. */
#include "unit/test_conf_fake.h"

static void test_unknown_keys_are_told_with_the_nearest_known_one(void **state) {
  (void)state;
  refused(HEAD "lisen: off\n", 4, "lisen", "did you mean \"listen\"?");
  refused(HEAD "colour: red\n", 4, "colour", "known here are state, listen");
  refused(HEAD "log: {levle: info}\n", 4, "log.levle", "did you mean \"level\"?");
  refused(HEAD "policy:\n  auto:\n    # why\n    acept: 0.9\n", 7, "policy.auto.acept",
          "\"accept\"");
  refused(HEAD "  - name: b\n    connector: zendesk\n    url: https://b.zendesk.com\n"
               "    auth: {type: bearer}\n    mod: draft\n",
          8, "helpdesks[1].mod", "did you mean \"mode\"?");
  refused(HEAD "  - name: b\n    connector: zendesk\n    url: https://b.zendesk.com\n"
               "    auth: {type: bearer}\n    token: x\n",
          8, "helpdesks[1].token", "did you mean \"auth.token\"?");
  refused(HEAD "  - name: b\n    connector: zendesk\n    url: https://b.zendesk.com\n"
               "    auth.type: bearer\n",
          7, "helpdesks[1].auth.type", "there is no such key");
}

static void test_an_unknown_block_is_told_at_its_key_and_not_at_its_first_child(void **state) {
  (void)state;
  refused(HEAD "colours:\n  # a comment\n  one: 1\n", 4, "colours", "there is no such key");
  refused(HEAD "tasks:\n  traige:\n    models: [local]\n", 5, "tasks.traige", "\"triage\"");
  refused(HEAD "drain:\n  - 20s\n", 4, "drain", "must be a length of time");
}

static void test_wrong_types_say_what_would_be_right(void **state) {
  (void)state;
  refused(HEAD "drain: 20\n", 4, "drain", "add the unit: 20s");
  refused(HEAD "drain: soon\n", 4, "drain",
          "such as 30s, 5m, 72h or 7d from 0s to 10m, not \"soon\"");
  refused(HEAD "log: {level: inof}\n", 4, "log.level", "did you mean \"info\"?");
  refused(HEAD "log: loud\n", 4, "log", "must be a map");
  refused(HEAD "policy: {replies_per_ticket: 0}\n", 4, "policy.replies_per_ticket",
          "whole number from 1 to 1000");
  refused(HEAD "policy: {auto: {accept: 1.2}}\n", 4, "policy.auto.accept", "from 0 to 1");
  refused(HEAD "policy: {auto: {accept: nan}}\n", 4, "policy.auto.accept", "a number such as");
  refused(HEAD "policy: {auto: {categories: how-to}}\n", 4, "policy.auto.categories",
          "must be a list; write [how-to]");
  refused(HEAD "knowledge: {a: b}\n", 4, "knowledge", "must be a list");
  refused(HEAD "skills: [[a]]\n", 4, "skills[0]", "must be text, not a list");
  refused(HEAD "skills: ['']\n", 4, "skills[0]", "is empty");
  refused(HEAD "billing: {period: year}\n", 4, "billing.period", "one of month, not \"year\"");
  refused(HEAD "state: [a]\n", 4, "state", "must be text, not a list");
  refused(HEAD "taxonomy: no/such.yaml\n", 4, "taxonomy", "is no file");
  refused(HEAD "compliance: [pci, hippa]\n", 4, "compliance[1]", "there is no template \"hippa\"");
  refused(HEAD "limits: {model_cost_per_day: 0.0000001}\n", 4, "limits.model_cost_per_day",
          "at most six decimal places");
  refused(HEAD "limits: {model_cost_per_day: -1}\n", 4, "limits.model_cost_per_day", "above 0");
}

static void test_helpdesks_are_needed_and_named_once(void **state) {
  (void)state;
  refused("", 1, "helpdesks", "is missing");
  refused("listen: off\n", 1, "helpdesks", "is missing");
  refused("listen: off\nhelpdesks: []\n", 2, "helpdesks", "is missing");
  refused("helpdesks: zendesk\n", 1, "helpdesks", "must be a list");
  refused("helpdesks: [support]\n", 1, "helpdesks[0]", "must be a map");
  refused("helpdesks:\n  - connector: zendesk\n    url: https://x.zendesk.com\n", 2,
          "helpdesks[0].name", "is missing");
  refused("helpdesks:\n  - name: a\n", 2, "helpdesks[0].connector", "is missing");
  refused("helpdesks:\n  - name: Big Shop\n    connector: zendesk\n", 2, "helpdesks[0].name",
          "a-z 0-9 _ -");
  refused(HEAD
          "  - {name: support, connector: zendesk, url: \"https://b.zendesk.com\", auth: {type: "
          "bearer}}\n",
          4, "helpdesks[1].name", "the helpdesk at line 2 already");
  refused(
      "helpdesks:\n  - name: a\n    connector: zendesk\n    auth:\n      token: \"${env:HOME}\"\n",
      2, "helpdesks[0].url", "is missing; write it");
  refused(
      "helpdesks:\n  - name: a\n    connector: zendesk\n    auth:\n      token: \"${env:HOME}\"\n",
      4, "helpdesks[0].auth.type", "is missing");
}

static void test_settings_of_a_helpdesk_are_checked_by_its_plugin_s_table(void **state) {
  (void)state;
#define DESK_WITH(lines)                                                                           \
  "helpdesks:\n  - name: a\n    connector: zendesk\n    auth: {type: bearer}\n" lines
  refused(DESK_WITH("    url: http://acme.zendesk.com\n"), 5, "helpdesks[0].url",
          "loopback hosts only");
  refused(DESK_WITH("    url: acme.zendesk.com\n"), 5, "helpdesks[0].url", "begins with https://");
  refused(DESK_WITH("    url: https://a:b@acme.com\n"), 5, "helpdesks[0].url", "user or password");
  refused(DESK_WITH("    url: http://127.0.0.1.evil.com\n"), 5, "helpdesks[0].url", "loopback");
  refused(DESK_WITH("    url: https://acme.com:0/\n"), 5, "helpdesks[0].url", "port");
  refused(DESK_WITH("    url: https:///x\n"), 5, "helpdesks[0].url", "no host");
  refused(DESK_WITH("    poll: 100ms\n"), 5, "helpdesks[0].poll", "from 1s to 24h");
  refused(DESK_WITH("    mode: drfat\n"), 5, "helpdesks[0].mode", "did you mean \"draft\"?");
  refused(DESK_WITH("    since: yesterday\n"), 5, "helpdesks[0].since", "2026-11-01T00:00:00Z");
  refused(DESK_WITH("    sandbox: yes\n"), 5, "helpdesks[0].sandbox", "; write true");
  refused(DESK_WITH("    page_size: 50\n"), 5, "helpdesks[0].page_size", "from 100 to 1000");
  refused(DESK_WITH("    page_size: 1e2\n"), 5, "helpdesks[0].page_size", "not \"1e2\"");
  refused(DESK_WITH("    write:\n      tags: maybe\n"), 6, "helpdesks[0].write.tags",
          "true or false");
  refused(DESK_WITH("    write:\n      tag: true\n"), 6, "helpdesks[0].write.tag", "\"tags\"");
  refused(DESK_WITH("    write: true\n"), 5, "helpdesks[0].write", "must be a map");
  refused(DESK_WITH("    max_in_flight: 0\n"), 5, "helpdesks[0].max_in_flight", "from 1 to 1000");
}

static void test_unknown_plugins_are_told_with_those_that_are_there(void **state) {
  (void)state;
  refused("helpdesks:\n  - name: a\n    connector: zendsk\n", 3, "helpdesks[0].connector",
          "did you mean \"zendesk\"? Known are intercom, zendesk");
  refused("helpdesks:\n  - {name: a, connector: broken}\n", 2, "helpdesks[0].connector",
          "writable by others");
  refused(HEAD "models:\n  - name: m\n    backend: openai\n", 6, "models[0].backend",
          "known are anthropic, local");
}

static void test_every_model_needs_a_price_unless_it_is_local(void **state) {
  (void)state;
#define MODEL_WITH(lines) HEAD "models:\n  - name: m\n    backend: anthropic\n    model: x\n" lines
  refused(MODEL_WITH(""), 5, "models[0].price", "price: {input: 0.10, output: 0.50}");
  refused(MODEL_WITH("    price: 0.10\n"), 8, "models[0].price", "must be a map such as");
  refused(MODEL_WITH("    price: []\n"), 8, "models[0].price", "must be a map such as");
  refused(MODEL_WITH("    price: {input: 0.1}\n"), 8, "models[0].price.output", "is missing");
  refused(MODEL_WITH("    price: {input: 0.1, output: free}\n"), 8, "models[0].price.output",
          "US dollars");
  refused(MODEL_WITH("    price: {input: -1, output: 1}\n"), 8, "models[0].price.input", "from 0");
  refused(MODEL_WITH("    price: {input: 1, output: 1e-3}\n"), 8, "models[0].price.output",
          "US dollars");
  refused(MODEL_WITH("    price: {input: 1, outptu: 1}\n"), 8, "models[0].price.outptu",
          "did you mean \"output\"?");
  refused(MODEL_WITH("    price:\n      - {input: 1, output: 1, above: 200000}\n"), 8,
          "models[0].price", "no price for short prompts");
  refused(MODEL_WITH("    price:\n      - {input: 1, output: 1, from: 2999-01-01}\n"), 8,
          "models[0].price", "no price for today");
  refused(MODEL_WITH("    price:\n      - {input: 1, output: 1}\n      - {input: 2, output: 1}\n"),
          8, "models[0].price", "two prices of the same from and above");
  refused(MODEL_WITH("    price:\n      - {input: 1, output: 1}\n      - {input: 2, output: 1,\n"
                     "         from: soon}\n"),
          11, "models[0].price[1].from", "2026-12-01");
  refused(MODEL_WITH("    price: {input: 1, output: 1}\n    timeout: 5\n"), 9, "models[0].timeout",
          "add the unit: 5s");
  refused(MODEL_WITH("    price: {input: 1, output: 1}\n    retires: soon\n"), 9,
          "models[0].retires", "2027-03-31");
  refused(HEAD "models: []\n", 4, "models", "at least one model");
  refused(HEAD "models:\n  - {name: a, backend: local}\n  - {name: a, backend: local}\n", 6,
          "models[1].name", "the model at line 5 already");
}

static void test_tasks_name_models_that_exist(void **state) {
  (void)state;
#define TASKS HEAD "models:\n  - {name: house, backend: local}\ntasks:\n"
  refused(TASKS "  triage: {models: [hause]}\n", 7, "tasks.triage.models[0]",
          "did you mean \"house\"?");
  refused(TASKS "  draft: {models: [gpt]}\n", 7, "tasks.draft.models[0]", "models has house");
  refused(TASKS "  draft: {models: house}\n", 7, "tasks.draft.models", "write [house]");
  refused(TASKS "  draft: {models: []}\n", 7, "tasks.draft.models", "at least one");
  refused(TASKS "  draft: {models: [house, house]}\n", 7, "tasks.draft.models[1]", "twice");
  refused(TASKS "  verify: {accept: 0.5}\n", 7, "tasks.verify.models", "is missing");
  refused(TASKS "  triage: {accept: 85}\n", 7, "tasks.triage.accept", "from 0 to 1");
  refused(TASKS "  triage: {share: 0.1}\n", 7, "tasks.triage.share", "there is no such key");
  refused(TASKS "  shadow: {models: [house], share: 2}\n", 7, "tasks.shadow.share", "from 0 to 1");
  refused(TASKS "  draft: house\n", 7, "tasks.draft", "must be a map");
  refused(HEAD "tasks: [triage]\n", 4, "tasks", "must be a map");
}

static void test_listening_beyond_loopback_needs_access_tokens(void **state) {
  (void)state;
  refused(HEAD "listen: 0.0.0.0:8377\n", 4, "access.mcp_token", "not a loopback address");
  refused(HEAD "listen: 0.0.0.0:8377\n", 4, "access.metrics_token", "not a loopback address");
  refused(HEAD "listen: \"[::]:8377\"\naccess: {mcp_token: \"${env:HOME}\"}\n", 4,
          "access.metrics_token", "not a loopback address");
  refused(HEAD "listen: 8377\n", 4, "listen", "ADDRESS:PORT");
  refused(HEAD "listen: \"127.0.0.1:99999\"\n", 4, "listen", "ADDRESS:PORT");
  refused(HEAD "listen: \"::1:8377\"\n", 4, "listen", "[::1]:8377");
}

static void test_links_and_mcp_servers_are_checked(void **state) {
  (void)state;
  refused(HEAD "policy: {links: [\"https://acme.com/x\"]}\n", 4, "policy.links[0]", "a host alone");
  refused(HEAD "connectors: {CRM: nobody}\n", 4, "connectors.CRM", "there is no helpdesk");
  refused(HEAD "connectors: [CRM]\n", 4, "connectors", "must be a map");
  refused(HEAD "mcp_servers: [a]\n", 4, "mcp_servers", "must be a map of servers");
  refused(HEAD "mcp_servers:\n  a: {type: http}\n", 5, "mcp_servers.a.url", "is missing");
  refused(HEAD "mcp_servers:\n  a: {type: stdio}\n", 5, "mcp_servers.a.command", "is missing");
  refused(HEAD "mcp_servers:\n  a: {url: \"http://x.com\"}\n", 5, "mcp_servers.a.url", "loopback");
  refused(HEAD "mcp_servers:\n  a:\n    url: https://x.com\n    alow: [b]\n", 7,
          "mcp_servers.a.alow", "did you mean \"allow\"?");
  refused(HEAD "mcp_servers:\n  a b: {command: x}\n", 5, "mcp_servers.a b", "name is 1 to 40");
}

static void test_keys_of_oauth_are_checked(void **state) {
  (void)state;
#define OAUTH(rest) HEAD "mcp_servers:\n  a:\n    url: https://x.com\n    oauth: " rest "\n"
  refused(OAUTH("yes"), 7, "mcp_servers.a.oauth", "must be a map");
  refused(OAUTH("{client_ids: me}"), 7, "mcp_servers.a.oauth.client_ids",
          "did you mean \"client_id\"?");
  refused(OAUTH("{scope: [a]}"), 7, "mcp_servers.a.oauth.scope", "must be text");
}

#define SERVER HEAD "mcp_servers:\n  a: {command: x, allow: [b]}\n"
static void test_tools_that_change_something_are_checked(void **state) {
  (void)state;
  refused(SERVER "policy: {tools: a.b}\n", 6, "policy.tools", "must be a list");
  refused(SERVER "policy: {tools: [a]}\n", 6, "policy.tools[0]", "names no tool");
  refused(SERVER "policy: {tools: [z.b]}\n", 6, "policy.tools[0]", "names no tool");
  refused(SERVER "policy: {tools: [a.c]}\n", 6, "policy.tools[0]", "does not name the tool");
  refused(SERVER "policy: {tools: [a.b, {name: a.b}]}\n", 6, "policy.tools[1]", "stands twice");
  refused(SERVER "policy: {tools: [{name: a.b, approval: maybe}]}\n", 6, "policy.tools[0].approval",
          "person");
}

static void test_bad_yaml_is_told_with_its_line(void **state) {
  (void)state;
  refused("helpdesks:\n\t- name: a\n", 2, "yaml", "a tab stands in the indentation");
  refused("helpdesks:\n  - name: a\n    url: \"x\n", 4, "yaml", "quote before this line");
  refused("a: b: c\n", 1, "yaml", "must be in quotes");
  refused("a: [1, 2\nb: 3\n", 2, "yaml", "is not closed");
  refused("a: 1\na: 2\n", 2, "yaml", "given twice");
  refused("- a\n- b\n", 1, "yaml", "must be a map of keys");
  refused("a: &x 1\n", 1, "yaml", "anchors");
}

static void test_every_problem_is_told_and_in_the_order_of_lines(void **state) {
  (void)state;
  struct conf_problems p = {0};
  const char *yaml = "drain: 5\nmodels:\n  - {name: m, backend: anthropic, model: x}\nhelpdesks:\n"
                     "  - name: a\n    connector: zendesk\n    mod: x\n    poll: 1\nlissten: off\n";
  assert_null(conf_parse(str_of(yaml), "t.yaml", &fake, &p));
  assert_int_equal(p.errors, 7);
  const uint32_t lines[] = {1, 3, 5, 5, 7, 8, 9};
  assert_int_equal(p.count, 7);
  for (size_t i = 0; i < 7; i++) assert_int_equal(p.items[i].line, lines[i]);
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  problems_print(&p, out);
  fclose(out);
  assert_non_null(strstr(text, "t.yaml:1: drain: must be a length of time"));
  assert_non_null(strstr(text, "t.yaml:7: helpdesks[0].mod: there is no such key; did you mean "
                               "\"mode\"?\n"));
  free(text);
  problems_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unknown_keys_are_told_with_the_nearest_known_one),
      cmocka_unit_test(test_an_unknown_block_is_told_at_its_key_and_not_at_its_first_child),
      cmocka_unit_test(test_wrong_types_say_what_would_be_right),
      cmocka_unit_test(test_helpdesks_are_needed_and_named_once),
      cmocka_unit_test(test_settings_of_a_helpdesk_are_checked_by_its_plugin_s_table),
      cmocka_unit_test(test_unknown_plugins_are_told_with_those_that_are_there),
      cmocka_unit_test(test_every_model_needs_a_price_unless_it_is_local),
      cmocka_unit_test(test_tasks_name_models_that_exist),
      cmocka_unit_test(test_listening_beyond_loopback_needs_access_tokens),
      cmocka_unit_test(test_links_and_mcp_servers_are_checked),
      cmocka_unit_test(test_tools_that_change_something_are_checked),
      cmocka_unit_test(test_keys_of_oauth_are_checked),
      cmocka_unit_test(test_bad_yaml_is_told_with_its_line),
      cmocka_unit_test(test_every_problem_is_told_and_in_the_order_of_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
