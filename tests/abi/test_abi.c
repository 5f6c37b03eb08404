/*
 * What plugins that are already built rely on: sizes and offsets of every struct in include/triaged
 * on 64-bit machines. A line that fails is a broken interface: put new members at the end (then
 * only the size changes, here too), or raise TRG_ABI_MAJOR.
 */
#include <triaged/connector.h>
#include <triaged/model.h>

#include "net/http.h"
#include "net/serve.h"
#include "plugin/host.h"
#include "plugin/registry.h"
#include "../unit/test_net_help.h"

struct golden {
  const char *what;
  size_t is, was;
};
#define SIZE(type, n)                                                                              \
  { #type, sizeof(struct type), n }
#define AT(type, member, n)                                                                        \
  { #type "." #member, offsetof(struct type, member), n }

static const struct golden golden[] = {
    SIZE(trg_str, 16),
    AT(trg_str, p, 0),
    AT(trg_str, n, 8),
    SIZE(trg_err, 516),
    AT(trg_err, code, 0),
    AT(trg_err, text, 32),
    AT(trg_err, line, 512),
    SIZE(trg_result, 56),
    AT(trg_result, outcome, 0),
    AT(trg_result, http_status, 4),
    AT(trg_result, retry_after_ms, 8),
    AT(trg_result, code, 16),
    AT(trg_result, why, 32),
    AT(trg_result, flags, 48),
    SIZE(trg_field, 64),
    AT(trg_field, name, 0),
    AT(trg_field, type, 8),
    AT(trg_field, flags, 12),
    AT(trg_field, default_text, 16),
    AT(trg_field, min, 24),
    AT(trg_field, max, 32),
    AT(trg_field, words, 40),
    AT(trg_field, offset, 48),
    AT(trg_field, help, 56),
    SIZE(trg_header, 32),
    AT(trg_header, name, 0),
    AT(trg_header, value, 16),
    SIZE(trg_http_request, 144),
    AT(trg_http_request, size, 0),
    AT(trg_http_request, method, 8),
    AT(trg_http_request, url, 16),
    AT(trg_http_request, headers, 32),
    AT(trg_http_request, header_count, 40),
    AT(trg_http_request, body, 48),
    AT(trg_http_request, timeout_ms, 64),
    AT(trg_http_request, body_max_bytes, 72),
    AT(trg_http_request, bucket, 80),
    AT(trg_http_request, flags, 88),
    AT(trg_http_request, sigv4, 96),
    AT(trg_http_request, userpwd, 112),
    AT(trg_http_request, body_head, 128),
    SIZE(trg_http_reply, 64),
    AT(trg_http_reply, size, 0),
    AT(trg_http_reply, status, 4),
    AT(trg_http_reply, sent, 8),
    AT(trg_http_reply, headers, 16),
    AT(trg_http_reply, header_count, 24),
    AT(trg_http_reply, body, 32),
    AT(trg_http_reply, why, 48),
    SIZE(trg_host, 144),
    AT(trg_host, size, 0),
    AT(trg_host, now_ms, 8),
    AT(trg_host, log, 16),
    AT(trg_host, http, 24),
    AT(trg_host, timer, 32),
    AT(trg_host, work, 40),
    AT(trg_host, op_set, 48),
    AT(trg_host, op_get, 56),
    AT(trg_host, done, 64),
    AT(trg_host, bucket, 72),
    AT(trg_host, emit_notice, 80),
    AT(trg_host, set_cursor, 88),
    AT(trg_host, emit_ticket, 96),
    AT(trg_host, emit_receipt, 104),
    AT(trg_host, emit_reply, 112),
    AT(trg_host, allow_origin, 120),
    AT(trg_host, batch_ref, 128),
    AT(trg_host, emit_macro, 136),
    SIZE(trg_plugin, 88),
    AT(trg_plugin, abi_major, 0),
    AT(trg_plugin, abi_minor, 2),
    AT(trg_plugin, size, 4),
    AT(trg_plugin, kind, 8),
    AT(trg_plugin, name, 16),
    AT(trg_plugin, version, 24),
    AT(trg_plugin, license, 32),
    AT(trg_plugin, summary, 40),
    AT(trg_plugin, fields, 48),
    AT(trg_plugin, conf_size, 56),
    AT(trg_plugin, open, 64),
    AT(trg_plugin, close, 72),
    AT(trg_plugin, ops, 80),
    SIZE(trg_notice, 48),
    AT(trg_notice, size, 0),
    AT(trg_notice, id, 8),
    AT(trg_notice, version, 24),
    AT(trg_notice, at_ms, 40),
    SIZE(trg_attachment, 40),
    AT(trg_attachment, name, 0),
    AT(trg_attachment, media_type, 16),
    AT(trg_attachment, size_bytes, 32),
    SIZE(trg_message, 128),
    AT(trg_message, size, 0),
    AT(trg_message, id, 8),
    AT(trg_message, author, 24),
    AT(trg_message, author_id, 32),
    AT(trg_message, author_name, 48),
    AT(trg_message, flags, 64),
    AT(trg_message, at_ms, 72),
    AT(trg_message, text, 80),
    AT(trg_message, marker, 96),
    AT(trg_message, attachments, 112),
    AT(trg_message, attachment_count, 120),
    SIZE(trg_ticket_fact, 56),
    AT(trg_ticket_fact, size, 0),
    AT(trg_ticket_fact, kind, 4),
    AT(trg_ticket_fact, id, 8),
    AT(trg_ticket_fact, at_ms, 24),
    AT(trg_ticket_fact, by, 32),
    AT(trg_ticket_fact, value, 40),
    SIZE(trg_ticket, 264),
    AT(trg_ticket, size, 0),
    AT(trg_ticket, id, 8),
    AT(trg_ticket, version, 24),
    AT(trg_ticket, subject, 40),
    AT(trg_ticket, status, 56),
    AT(trg_ticket, channel, 60),
    AT(trg_ticket, flags, 64),
    AT(trg_ticket, priority, 72),
    AT(trg_ticket, team, 88),
    AT(trg_ticket, language, 104),
    AT(trg_ticket, requester_id, 120),
    AT(trg_ticket, requester_name, 136),
    AT(trg_ticket, requester_email, 152),
    AT(trg_ticket, merged_into, 168),
    AT(trg_ticket, created_ms, 184),
    AT(trg_ticket, updated_ms, 192),
    AT(trg_ticket, tags, 200),
    AT(trg_ticket, tag_count, 208),
    AT(trg_ticket, messages, 216),
    AT(trg_ticket, message_count, 224),
    AT(trg_ticket, facts, 232),
    AT(trg_ticket, fact_count, 240),
    AT(trg_ticket, url, 248),
    SIZE(trg_action, 184),
    AT(trg_action, size, 0),
    AT(trg_action, ticket_id, 8),
    AT(trg_action, version, 24),
    AT(trg_action, last_message_id, 40),
    AT(trg_action, idem_key, 56),
    AT(trg_action, flags, 72),
    AT(trg_action, note, 80),
    AT(trg_action, reply, 96),
    AT(trg_action, add_tags, 112),
    AT(trg_action, add_tag_count, 120),
    AT(trg_action, priority, 128),
    AT(trg_action, category, 144),
    AT(trg_action, team, 160),
    AT(trg_action, attempt_ms, 176),
    SIZE(trg_receipt, 48),
    AT(trg_receipt, size, 0),
    AT(trg_receipt, kind, 8),
    AT(trg_receipt, id, 24),
    AT(trg_receipt, at_ms, 40),
    SIZE(trg_delivery, 96),
    AT(trg_delivery, size, 0),
    AT(trg_delivery, headers, 8),
    AT(trg_delivery, header_count, 16),
    AT(trg_delivery, body, 24),
    AT(trg_delivery, now_ms, 40),
    AT(trg_delivery, method, 48),
    AT(trg_delivery, path, 64),
    AT(trg_delivery, query, 80),
    SIZE(trg_answer, 40),
    AT(trg_answer, size, 0),
    AT(trg_answer, content_type, 8),
    AT(trg_answer, body, 24),
    SIZE(trg_connector_ops, 80),
    AT(trg_connector_ops, size, 0),
    AT(trg_connector_ops, caps, 4),
    AT(trg_connector_ops, probe, 8),
    AT(trg_connector_ops, poll, 16),
    AT(trg_connector_ops, fetch, 24),
    AT(trg_connector_ops, write, 32),
    AT(trg_connector_ops, find, 40),
    AT(trg_connector_ops, verify, 48),
    AT(trg_connector_ops, parse, 56),
    AT(trg_connector_ops, answer, 64),
    AT(trg_connector_ops, macros, 72),
    SIZE(trg_macro, 96),
    AT(trg_macro, size, 0),
    AT(trg_macro, id, 8),
    AT(trg_macro, title, 24),
    AT(trg_macro, text, 40),
    AT(trg_macro, category, 56),
    AT(trg_macro, language, 72),
    AT(trg_macro, updated_ms, 88),
    SIZE(trg_prompt_part, 24),
    AT(trg_prompt_part, role, 0),
    AT(trg_prompt_part, text, 8),
    SIZE(trg_model_request, 184),
    AT(trg_model_request, size, 0),
    AT(trg_model_request, task, 8),
    AT(trg_model_request, stable, 24),
    AT(trg_model_request, system, 40),
    AT(trg_model_request, parts, 56),
    AT(trg_model_request, part_count, 64),
    AT(trg_model_request, schema, 72),
    AT(trg_model_request, schema_name, 88),
    AT(trg_model_request, input, 104),
    AT(trg_model_request, max_output_tokens, 120),
    AT(trg_model_request, user_hash, 128),
    AT(trg_model_request, flags, 144),
    AT(trg_model_request, batch_id, 152),
    AT(trg_model_request, batch_ref, 168),
    SIZE(trg_usage, 48),
    AT(trg_usage, input, 0),
    AT(trg_usage, output, 8),
    AT(trg_usage, cache_read, 16),
    AT(trg_usage, cache_write, 24),
    AT(trg_usage, reasoning, 32),
    AT(trg_usage, estimated, 40),
    SIZE(trg_model_reply, 160),
    AT(trg_model_reply, size, 0),
    AT(trg_model_reply, text, 8),
    AT(trg_model_reply, stop, 24),
    AT(trg_model_reply, stop_word, 32),
    AT(trg_model_reply, served, 48),
    AT(trg_model_reply, request_id, 64),
    AT(trg_model_reply, request_bytes, 80),
    AT(trg_model_reply, response_bytes, 96),
    AT(trg_model_reply, usage, 112),
    SIZE(trg_example, 32),
    AT(trg_example, text, 0),
    AT(trg_example, labels, 16),
    SIZE(trg_model_ops, 40),
    AT(trg_model_ops, size, 0),
    AT(trg_model_ops, caps, 4),
    AT(trg_model_ops, complete, 8),
    AT(trg_model_ops, estimate, 16),
    AT(trg_model_ops, train, 24),
    AT(trg_model_ops, train_progress, 32),
};

static void test_no_struct_of_the_interface_has_moved(void **state) {
  (void)state;
  int moved = 0;
  if (sizeof(void *) != 8) skip();
  for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
    if (golden[i].is == golden[i].was) continue;
    print_error("%s was at or of %zu and is %zu\n", golden[i].what, golden[i].was, golden[i].is);
    moved++;
  }
  assert_int_equal(moved, 0);
}

static void test_numbers_that_plugins_were_built_with_stay(void **state) {
  (void)state;
  assert_int_equal(TRG_ABI_MAJOR, 1);
  assert_true(TRG_DONE == 0 && TRG_RETRY == 1 && TRG_REJECTED == 2 && TRG_UNCERTAIN == 3 &&
              TRG_CANCELLED == 4);
  assert_true(TRG_TEXT == 0 && TRG_BOOL == 1 && TRG_INT == 2 && TRG_DURATION == 3 && TRG_URL == 4 &&
              TRG_CHOICE == 5 && TRG_DECIMAL == 6 && TRG_JSON == 7);
  assert_true(TRG_STATUS_NEW == 1 && TRG_STATUS_SOLVED == 5 && TRG_STATUS_MERGED == 8);
  assert_true(TRG_AUTHOR_CUSTOMER == 1 && TRG_AUTHOR_SELF == 4 && TRG_AUTHOR_SYSTEM == 5);
  assert_true(TRG_FACT_SOLVED == 1 && TRG_FACT_VENDOR_STATE == 10 && TRG_FACT_CSAT_NEUTRAL == 11);
  assert_true(TRG_STOP_END == 0 && TRG_STOP_OTHER == 3);
  assert_true(TRG_CONNECTOR == 1 && TRG_MODEL == 2);
}

extern const struct trg_plugin triaged_plugin_minimal;

struct minimal_conf {
  const char *url;
};

struct desk {
  struct serve *s;
  int done, notices, tickets;
  int32_t outcome;
  char cursor[8], text[32];
};

static void on_request(void *arg, const struct serve_request *r) {
  struct desk *d = arg;
  serve_answer(d->s, r->id, 200, TRG_STR("text/plain"), NULL, 0, TRG_STR("It is broken."));
}

static void on_notice(void *arg, const struct trg_notice *n) {
  assert_true(n->at_ms > 0);
  ((struct desk *)arg)->notices++;
}

static void on_cursor(void *arg, struct trg_str cursor, bool more) {
  struct desk *d = arg;
  assert_false(more);
  (void)snprintf(d->cursor, sizeof d->cursor, "%.*s", (int)cursor.n, cursor.p);
}

static void on_ticket(void *arg, const struct trg_ticket *t) {
  struct desk *d = arg;
  d->tickets++;
  (void)snprintf(d->text, sizeof d->text, "%.*s", (int)t->messages[0].text.n,
                 t->messages[0].text.p);
}

static void on_done(void *arg, const struct trg_result *r) {
  struct desk *d = arg;
  d->done++;
  d->outcome = r->outcome;
}

static bool is_done(void *arg) {
  return ((struct desk *)arg)->done > 0;
}

static void wait_done(struct loop *l, struct desk *d) {
  assert_true(run_until(l, is_done, d, 3000));
  assert_int_equal(d->done, 1);
  d->done = 0;
}

static void test_a_connector_that_knows_only_the_interface_works_under_the_host(void **state) {
  (void)state;
  struct desk d = {0};
  struct loop *l = loop_new(NULL);
  struct http *http = http_new(l, NULL);
  struct host *h = host_new(l, http);
  const struct serve_options so = {.on_request = on_request, .arg = &d};
  d.s = serve_new(l, &so, NULL);
  assert_non_null(d.s);
  char url[64];
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/ticket", serve_port(d.s));
  const struct minimal_conf conf = {.url = url};
  const char *const origins[] = {url};
  assert_int_equal(registry_accept(&triaged_plugin_minimal, TRG_CONNECTOR, "minimal", NULL), 0);
  const struct inst_options o = {.plugin = &triaged_plugin_minimal,
                                 .name = "desk",
                                 .conf = &conf,
                                 .origins = origins,
                                 .origin_count = 1};
  struct trg_inst *i = NULL;
  assert_int_equal(inst_open(h, &o, &i, NULL), 0);
  const struct op_events events = {
      .on_notice = on_notice, .on_cursor = on_cursor, .on_ticket = on_ticket, .on_done = on_done};
  (void)op_probe(i, &events, &d, 1000);
  wait_done(l, &d);
  (void)op_poll(i, TRG_STR(""), 0, &events, &d, 1000);
  wait_done(l, &d);
  assert_int_equal(d.notices, 1);
  assert_string_equal(d.cursor, "1");
  (void)op_fetch(i, TRG_STR("1"), &events, &d, 1000);
  wait_done(l, &d);
  assert_int_equal(d.tickets, 1);
  assert_string_equal(d.text, "It is broken.");
  const struct trg_action a = {.size = sizeof a, .ticket_id = TRG_STR("1")};
  (void)op_write(i, &a, &events, &d, 1000);
  wait_done(l, &d);
  assert_int_equal(d.outcome, TRG_REJECTED);
  (void)op_find(i, &a, &events, &d, 1000); /* it has none */
  wait_done(l, &d);
  assert_int_equal(d.outcome, TRG_REJECTED);
  host_free(&h);
  http_free(&http);
  serve_free(&d.s);
  loop_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_struct_of_the_interface_has_moved),
      cmocka_unit_test(test_numbers_that_plugins_were_built_with_stay),
      cmocka_unit_test(test_a_connector_that_knows_only_the_interface_works_under_the_host),
  };
  return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
