#include "llm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA                                                                                     \
  "{\"type\":\"object\",\"properties\":{\"category\":{\"type\":\"string\",\"maxLength\":9}},"      \
  "\"required\":[\"category\"]}"

static const struct trg_prompt_part question[] = {
    {TRG_ROLE_USER, {"It crashes", 10}},
    {TRG_ROLE_USER, {"often", 5}},
};
const struct trg_model_request llm_triage = {
    .size = sizeof llm_triage,
    .task = {"triage", 6},
    .stable = {"You sort tickets.", 17},
    .system = {"Today is quiet.", 15},
    .parts = question,
    .part_count = 2,
    .schema = {SCHEMA, sizeof SCHEMA - 1},
    .schema_name = {"triage", 6},
    .max_output_tokens = 300,
    .user_hash = {"u-1", 3},
};

struct llm_rig llm_rig_open(const struct trg_plugin *plugin, const char *const *settings) {
  struct llm_rig rig = {.host = fake_host_new()};
  struct trg_err err = {0};
  if (fake_host_open(rig.host, plugin, settings, &rig.inst, &err) != 0) fail_msg("%s", err.text);
  return rig;
}

void llm_rig_close(struct llm_rig *rig) {
  assert_string_equal(fake_host_violation(rig->host), "");
  assert_int_equal(fake_host_replies_left(rig->host), 0);
  fake_host_free(&rig->host);
}

void llm_rig_answer(struct llm_rig *rig, int32_t status, const char *headers, const char *body) {
  fake_host_reply(
      rig->host,
      &(struct fake_reply){.method = "POST", .status = status, .headers = headers, .body = body});
}

static trg_op start(struct llm_rig *rig, const struct trg_model_request *request) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const trg_op op = fake_op_start(rig->inst, 60000, false);
  ops->complete(fake_inst_self(rig->inst), op, request);
  return op;
}

static const struct fake_op *asked(struct llm_rig *rig, const struct trg_model_request *request) {
  const trg_op op = start(rig, request);
  fake_host_run(rig->host);
  const struct fake_op *ended = fake_op_get(rig->host, op);
  assert_true(ended->ended);
  return ended;
}

trg_op llm_rig_start(struct llm_rig *rig) {
  return start(rig, &llm_triage);
}

const struct fake_op *llm_rig_ask(struct llm_rig *rig) {
  return asked(rig, &llm_triage);
}

const struct fake_op *llm_rig_ask_part(struct llm_rig *rig, struct trg_str text) {
  const struct trg_prompt_part part = {TRG_ROLE_USER, text};
  struct trg_model_request request = llm_triage;
  request.parts = &part;
  request.part_count = 1;
  return asked(rig, &request);
}

void llm_rig_holds(const struct trg_plugin *plugin, const char *const *settings, const char *key,
                   const char *uncounted) {
  struct llm_rig rig = llm_rig_open(plugin, settings);
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  struct trg_usage most = {0};
  ops->estimate(fake_inst_self(rig.inst), &llm_triage, &most);
  assert_true(most.estimated);
  llm_rig_answer(&rig, 200, NULL, uncounted);
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_DONE, "");
  const struct trg_usage used = op->replies->usage;
  assert_true(used.estimated && used.input + used.cache_write > 0 && used.output > 0);
  assert_true(used.input + used.cache_write <= most.input + most.cache_write);
  assert_true(used.output <= most.output && most.output >= 2 * 300); /* the repair round too */

  fake_host_reply(rig.host, &(struct fake_reply){.method = "POST", .why = "reset"});
  op = llm_rig_ask(&rig);
  assert_int_equal(op->result.outcome, TRG_RETRY);
  assert_int_equal(op->result.flags, TRG_RESULT_MAYBE_BILLED);

  const size_t sent = fake_host_request_count(rig.host);
  llm_rig_assert_end(llm_rig_ask_part(&rig, (struct trg_str){"a\0b", 3}), TRG_REJECTED,
                     "permanent");
  assert_int_equal(fake_host_request_count(rig.host), sent);

  char body[200];
  snprintf(body, sizeof body, "{\"message\":\"bad %s\",\"error\":{\"message\":\"bad %s\"}}", key,
           key);
  llm_rig_answer(&rig, 400, NULL, body);
  op = llm_rig_ask(&rig);
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_null(strstr(op->result.why.p, key));
  llm_rig_close(&rig);
}

void llm_rig_assert_end(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("%d %s: %s", op->result.outcome, op->result.code.p, op->result.why.p);
}

const char *llm_rig_body(const struct llm_rig *rig, size_t request) {
  return fake_host_request(rig->host, request)->body.p;
}

bool llm_rig_sent(const struct llm_rig *rig, size_t request, const char *part) {
  return strstr(llm_rig_body(rig, request), part) != NULL;
}

void llm_rig_refused(const struct trg_plugin *plugin, const char *const *settings,
                     const char *says) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst = NULL;
  struct trg_err err = {0};
  assert_int_equal(fake_host_open(host, plugin, settings, &inst, &err), -1);
  if (!strstr(err.text, says)) fail_msg("%s", err.text);
  fake_host_free(&host);
}
