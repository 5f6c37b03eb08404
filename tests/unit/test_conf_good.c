/* Configs that are taken: defaults, values, prices, hashes. */
#include "unit/test_conf_fake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static void test_only_helpdesks_is_needed_and_the_rest_has_defaults(void **state) {
  (void)state;
  struct conf *c = taken(HEAD, true);
  assert_string_equal(c->state, "/var/lib/triaged");
  assert_string_equal(c->listen_host, "127.0.0.1");
  assert_int_equal(c->listen_port, 8377);
  assert_int_equal(c->log_level, TRG_INFO);
  assert_false(c->log_json);
  assert_int_equal(c->helpdesk_count, 1);
  const struct conf_helpdesk *d = &c->helpdesks[0];
  assert_ptr_equal(conf_helpdesk(c, TRG_STR("support")), d);
  assert_null(conf_helpdesk(c, TRG_STR("suppor")));
  assert_int_equal(d->mode, MODE_DRAFT);
  assert_int_equal(d->poll_ms, 30000);
  assert_int_equal(d->since_ms, 0);
  assert_int_equal(d->max_in_flight, 32);
  assert_int_equal(d->line, 2);
  assert_false(d->sandbox);
  const struct fake_desk *s = d->settings;
  assert_string_equal(s->url, "https://acme.zendesk.com");
  assert_true(s->tags);
  assert_int_equal(s->page_size, 100);
  assert_true(s->share == 0.25);
  assert_null(s->token);
  assert_int_equal(d->origin_count, 1);
  assert_string_equal(d->origins[0], s->url);
  assert_int_equal(c->drain_ms, 20000);
  assert_true(c->policy.auto_accept == 0.90);
  assert_true(c->policy.citation_required);
  assert_int_equal(c->policy.replies_per_ticket, 5);
  assert_int_equal(c->policy.auto_category_count, 0);
  assert_null(c->policy.disclosure);
  assert_null(c->taxonomy);
  assert_string_equal(c->book, "per-resolution");
  assert_null(c->book_path);
  assert_string_equal(c->period, "month");
  assert_int_equal(c->model_cost_per_day_micros, 0);
  assert_int_equal(c->on_limit, ON_LIMIT_DRAFT);
  assert_null(c->mcp_token);
  conf_free(&c);
  assert_null(c);
  conf_free(&c);
}

static void test_without_models_the_embedded_one_does_everything(void **state) {
  (void)state;
  struct conf *c = taken(HEAD "state: /srv/x\n", true);
  assert_int_equal(c->model_count, 1);
  const struct conf_model *m = conf_model(c, TRG_STR("local"));
  assert_non_null(m);
  assert_string_equal(m->backend, "local");
  assert_int_equal(m->price_count, 0);
  assert_int_equal(m->timeout_ms, 60000);
  assert_string_equal(((const struct fake_model *)m->settings)->file, "/srv/x/local.model");
  assert_int_equal(c->triage.model_count, 1);
  assert_ptr_equal(c->triage.models[0], m);
  assert_ptr_equal(c->draft.models[0], m);
  assert_true(c->triage.accept == 0.60);
  assert_true(c->draft.accept == 0);
  assert_int_equal(c->verify.model_count, 0);
  assert_int_equal(c->shadow.model_count, 0);
  assert_false(c->triage.set);
  conf_free(&c);
}

static const char *const full =
    "state: /srv/triaged\nlisten: off\nlog: {level: debug, format: json}\n"
    "helpdesks:\n"
    "  - name: support\n    connector: zendesk\n    url: http://localhost:8080/\n"
    "    auth: {type: oauth_client, client_id: 0012, client_secret: \"${env:CONF_TEST}\"}\n"
    "    mode: auto\n    poll: 5m\n    since: 2026-11-01T00:00:00Z\n    sandbox: true\n"
    "    max_in_flight: 4\n    wait: 2s\n"
    "    write: {tags: false, category: \"custom_field:360001\", group: {billing: \"44\"}}\n"
    "models:\n"
    "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5, key: \"${env:CONF_TEST}\",\n"
    "     price: {input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125}, timeout: 10s,\n"
    "     baa: {party: Vendor, date: 2026-03-01, scope: API}}\n"
    "  - name: sonnet\n    backend: anthropic\n    model: claude-sonnet-5-5\n"
    "    baa: {party: Vendor, date: 2026-03-01, scope: API}\n    price:\n"
    "      - {input: 4.00, output: 20, above: 200000}\n"
    "      - {input: 2.00, output: 10.00}\n"
    "      - {input: 1.50, output: 8, from: 2030-01-01}\n"
    "  - {name: house, backend: local, file: my.model}\n"
    "tasks:\n"
    "  triage: {models: [house, haiku], accept: 0.85}\n"
    "  verify: {models: [haiku], batch: true}\n"
    "  shadow: {models: [sonnet], share: 0.5}\n"
    "policy:\n"
    "  auto: {accept: 0.8, categories: [how-to, billing], citation: optional}\n"
    "  links: [Acme.com, \"*.acme.org\"]\n  disclosure: I am an AI assistant.\n"
    "mcp_servers:\n"
    "  orders: {type: http, url: \"https://mcp.example.com/mcp\",\n"
    "           headers: {Authorization: \"Bearer ${env:CONF_TEST}\"}, allow: [get_order]}\n"
    "compliance: [pci, hipaa]\n"
    "billing: {period: month}\n"
    "limits: {model_cost_per_day: 50.00, on_limit: queue}\n"
    "drain: 45s\n";

static void test_every_key_of_the_file_arrives(void **state) {
  (void)state;
  setenv("CONF_TEST", "s3cret-value", 1);
  struct conf *c = taken(full, true);
  assert_null(c->listen_host);
  assert_int_equal(c->log_level, TRG_DEBUG);
  assert_true(c->log_json);
  const struct conf_helpdesk *d = &c->helpdesks[0];
  assert_int_equal(d->mode, MODE_AUTO);
  assert_int_equal(d->poll_ms, 300000);
  assert_true(d->since_ms == INT64_C(1793491200000));
  assert_true(d->sandbox);
  assert_int_equal(d->max_in_flight, 4);
  const struct fake_desk *s = d->settings;
  assert_string_equal(s->client_id, "0012");
  assert_string_equal(s->client_secret, "s3cret-value");
  assert_false(s->tags);
  assert_true(s->priority);
  assert_int_equal(s->wait_ms, 2000);
  assert_string_equal(s->group, "{\"billing\":\"44\"}");
  assert_int_equal(c->model_count, 3);
  assert_string_equal(c->models[0].model, "claude-haiku-5-5");
  assert_int_equal(c->models[0].timeout_ms, 10000);
  assert_string_equal(c->models[0].origins[0], "https://api.example.com");
  assert_int_equal(c->triage.model_count, 2);
  assert_string_equal(c->triage.models[1]->name, "haiku");
  assert_true(c->triage.accept == 0.85);
  assert_true(c->triage.set);
  assert_false(c->draft.set);
  assert_int_equal(c->draft.model_count, 3);
  assert_true(c->verify.batch);
  assert_true(c->verify.accept == 0);
  assert_true(c->shadow.share == 0.5);
  assert_true(c->policy.auto_accept == 0.8);
  assert_int_equal(c->policy.auto_category_count, 2);
  assert_string_equal(c->policy.auto_categories[1], "billing");
  assert_false(c->policy.citation_required);
  assert_int_equal(c->policy.link_count, 2);
  assert_string_equal(c->policy.links[0], "acme.com");
  assert_string_equal(c->policy.links[1], "acme.org");
  assert_string_equal(c->policy.disclosure, "I am an AI assistant.");
  assert_int_equal(c->mcp_server_count, 1);
  assert_string_equal(c->mcp_servers[0].name, "orders");
  assert_string_equal(c->mcp_servers[0].allow[0], "get_order");
  assert_non_null(strstr(c->mcp_servers[0].json, "\"Bearer s3cret-value\""));
  assert_int_equal(c->compliance_count, 2);
  assert_true(c->model_cost_per_day_micros == 50000000);
  assert_int_equal(c->on_limit, ON_LIMIT_QUEUE);
  assert_int_equal(c->drain_ms, 45000);
  conf_free(&c);
}

static void test_prices_are_exact_micro_dollars_in_the_order_of_date_and_size(void **state) {
  (void)state;
  setenv("CONF_TEST", "s3cret-value", 1);
  struct conf *c = taken(full, true);
  const struct conf_price *p = c->models[0].prices;
  assert_int_equal(c->models[0].price_count, 1);
  assert_true(p->input_micros == 100000 && p->output_micros == 500000);
  assert_true(p->has_cache_read && p->cache_read_micros == 10000);
  assert_true(p->has_cache_write && p->cache_write_micros == 125000);
  p = c->models[1].prices;
  assert_int_equal(c->models[1].price_count, 3);
  assert_true(p[0].above_tokens == 0 && p[0].input_micros == 2000000 && !p[0].has_cache_read);
  assert_true(p[1].above_tokens == 200000 && p[1].from_ms == 0);
  assert_true(p[2].from_ms == INT64_C(1893456000000) && p[2].input_micros == 1500000);
  assert_int_equal(c->models[2].price_count, 0);
  conf_free(&c);
}

static void test_without_tasks_every_model_is_tried_in_the_order_of_the_file(void **state) {
  (void)state;
  struct conf *c = taken(
      HEAD "models:\n  - {name: b, backend: local}\n  - {name: a, backend: local}\n", true);
  assert_int_equal(c->triage.model_count, 2);
  assert_string_equal(c->triage.models[0]->name, "b");
  assert_string_equal(c->draft.models[1]->name, "a");
  conf_free(&c);
}

static void test_the_same_block_has_the_same_hash_and_a_new_secret_another(void **state) {
  (void)state;
  setenv("CONF_TEST", "one-secret", 1);
  struct conf *a = taken(full, true);
  struct conf *b = taken(full, true);
  assert_string_equal(a->hash, b->hash);
  assert_string_equal(a->helpdesks[0].hash, b->helpdesks[0].hash);
  assert_string_equal(a->models[0].hash, b->models[0].hash);
  assert_string_not_equal(a->models[0].hash, a->models[1].hash);
  conf_free(&b);
  setenv("CONF_TEST", "two-secret", 1);
  b = taken(full, true);
  assert_string_equal(a->hash, b->hash);
  assert_string_not_equal(a->helpdesks[0].hash, b->helpdesks[0].hash);
  assert_string_not_equal(a->models[0].hash, b->models[0].hash);
  assert_string_equal(a->models[1].hash, b->models[1].hash);
  conf_free(&a);
  conf_free(&b);
}

static void test_a_change_elsewhere_leaves_the_hash_of_a_block(void **state) {
  (void)state;
  struct conf *a = taken(HEAD "drain: 5s\n", true);
  struct conf *b = taken("drain: 6s\n# moved\n" HEAD, true);
  assert_string_not_equal(a->hash, b->hash);
  assert_string_equal(a->helpdesks[0].hash, b->helpdesks[0].hash);
  assert_int_equal(b->helpdesks[0].line, 4);
  conf_free(&a);
  conf_free(&b);
}

static void test_beyond_loopback_is_fine_with_tokens(void **state) {
  (void)state;
  setenv("CONF_TEST", "token-1", 1);
  struct conf *c = taken(HEAD "listen: \"[::]:9000\"\naccess: {mcp_token: \"${env:CONF_TEST}\", "
                              "metrics_token: \"${env:CONF_TEST}\"}\n",
                         true);
  assert_string_equal(c->listen_host, "::");
  assert_int_equal(c->listen_port, 9000);
  assert_string_equal(c->mcp_token, "token-1");
  conf_free(&c);
  c = taken(HEAD "listen: localhost:0\n", true);
  assert_int_equal(c->listen_port, 0);
  conf_free(&c);
}

#define RETIRING(day)                                                                              \
  HEAD "models:\n  - {name: m, backend: anthropic, model: x, price: {input: 1, output: 1},\n"      \
       "     retires: " day "}\n"

static void test_a_model_that_ends_soon_is_a_warning(void **state) {
  (void)state;
  struct conf_problems p = {0};
  struct conf *c = conf_parse(TRG_STR(RETIRING("2020-01-01")), "t.yaml", &fake, &p);
  assert_non_null(c);
  const struct conf_problem *one = problem_at(&p, 6, "models[0].retires",
                                              "x has ended on 2020-01-01");
  assert_non_null(one);
  assert_true(one->warning);
  problems_free(&p);
  conf_free(&c);
  c = taken(RETIRING("2999-01-01"), true);
  assert_string_equal(c->models[0].retires, "2999-01-01");
  conf_free(&c);
}

#define TIMED(keys)                                                                                \
  HEAD "models:\n  - {name: m, backend: anthropic, model: x, price: {input: 1, output: 1}" keys    \
       "}\n"

static void test_a_first_call_has_time_for_the_vendors_schema_unless_told(void **state) {
  (void)state;
  static const struct {
    const char *yaml;
    int64_t first_ms;
  } cases[] = {{TIMED(""), 180000},
               {TIMED(", timeout: 20s"), 20000},
               {TIMED(", timeout: 10m"), 600000},
               {TIMED(", timeout: 20s, first_timeout: 5m"), 300000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct conf *c = taken(cases[i].yaml, true);
    assert_int_equal(c->models[0].first_timeout_ms, cases[i].first_ms);
    conf_free(&c);
  }
}

static void test_auto_without_categories_is_a_warning(void **state) {
  (void)state;
  struct conf_problems p = {0};
  struct conf *c = conf_parse(
      TRG_STR("helpdesks:\n  - name: a\n    connector: zendesk\n    mode: auto\n"
              "    url: https://a.zendesk.com\n    auth: {type: bearer}\n"),
      "t.yaml", &fake, &p);
  assert_non_null(c);
  const struct conf_problem *one = problem_at(&p, 2, "helpdesks[0].mode",
                                              "policy.auto.categories names categories");
  assert_non_null(one);
  assert_true(one->warning);
  problems_free(&p);
  conf_free(&c);
}

static void test_keys_with_nothing_behind_them_are_as_if_absent(void **state) {
  (void)state;
  struct conf *c = taken(HEAD "listen:\nlog:\npolicy: ~\nmodels:\ntasks: null\nskills:\nlimits:\n",
                         true);
  assert_int_equal(c->listen_port, 8377);
  assert_int_equal(c->model_count, 1);
  conf_free(&c);
}

static void test_the_reference_has_every_key_as_comments(void **state) {
  (void)state;
  char *text = conf_reference(&fake);
  static const char *const keys[] = {"# state: /var/lib/triaged",
                                     "# access:\n#   mcp_token: \"${file:mcp_token}\"",
                                     "#   - name: ",
                                     "#     poll: 30s",
                                     "# connector zendesk: invented",
                                     "#     auth:\n#       type: oauth_client",
                                     "#       token: \"${file:token}\"",
                                     "secret",
                                     "#     write:\n#       tags: true",
                                     "# backend anthropic",
                                     "#       cache_read: ",
                                     "#   shadow:",
                                     "#     share: 0.1",
                                     "#   auto:\n#     accept: 0.90",
                                     "#     categories: []",
                                     "#   replies_per_ticket: 5",
                                     "#   book: per-resolution",
                                     "# drain: 20s",
                                     "# training:\n#   retrain: 100",
                                     "#     allow: []",
                                     "# retention:\n#   requests: ",
                                     "#     baa: {}",
                                     "# connectors: {}",
                                     "# compliance: []"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (strstr(text, keys[i]) == NULL) fail_msg("not in the reference: %s\n%s", keys[i], text);
  for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
    assert_true(line[0] == '#');
  mem_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_helpdesks_is_needed_and_the_rest_has_defaults),
      cmocka_unit_test(test_without_models_the_embedded_one_does_everything),
      cmocka_unit_test(test_every_key_of_the_file_arrives),
      cmocka_unit_test(test_prices_are_exact_micro_dollars_in_the_order_of_date_and_size),
      cmocka_unit_test(test_without_tasks_every_model_is_tried_in_the_order_of_the_file),
      cmocka_unit_test(test_the_same_block_has_the_same_hash_and_a_new_secret_another),
      cmocka_unit_test(test_a_change_elsewhere_leaves_the_hash_of_a_block),
      cmocka_unit_test(test_beyond_loopback_is_fine_with_tokens),
      cmocka_unit_test(test_a_model_that_ends_soon_is_a_warning),
      cmocka_unit_test(test_a_first_call_has_time_for_the_vendors_schema_unless_told),
      cmocka_unit_test(test_auto_without_categories_is_a_warning),
      cmocka_unit_test(test_keys_with_nothing_behind_them_are_as_if_absent),
      cmocka_unit_test(test_the_reference_has_every_key_as_comments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
