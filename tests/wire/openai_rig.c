#include "openai_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define SCHEMA                                                                                     \
  "{\"type\":\"object\",\"properties\":{\"category\":{\"type\":\"string\"}},\"required\":["        \
  "\"category\"]}"

static const struct trg_prompt_part question[] = {
    {TRG_ROLE_USER, {"It crashes", 10}},
};
const struct trg_model_request openai_triage = {
    .size = sizeof openai_triage,
    .task = {"triage", 6},
    .stable = {"You sort tickets.", 17},
    .parts = question,
    .part_count = 1,
    .schema = {SCHEMA, sizeof SCHEMA - 1},
    .schema_name = {"triage", 6},
    .max_output_tokens = 300,
    .user_hash = {"u-1", 3},
};

struct openai_rig openai_rig_with(const char *const *settings) {
  struct openai_rig rig = {.host = fake_host_new()};
  struct trg_err err;
  assert_int_equal(fake_host_open(rig.host, &triaged_plugin_openai, settings, &rig.inst, &err), 0);
  return rig;
}

struct openai_rig openai_rig_open(const char *a, const char *b, const char *c) {
  return openai_rig_with(
      (const char *const[]){"model=gpt-6-luna", "key=" OPENAI_KEY, a, b, c, NULL});
}

void openai_rig_close(struct openai_rig *rig) {
  assert_string_equal(fake_host_violation(rig->host), "");
  assert_int_equal(fake_host_replies_left(rig->host), 0);
  fake_host_free(&rig->host);
}

trg_op openai_rig_ask(struct openai_rig *rig) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const trg_op op = fake_op_start(rig->inst, 60000, false);
  ops->complete(fake_inst_self(rig->inst), op, &openai_triage);
  return op;
}

const struct fake_op *openai_rig_ask_and_wait(struct openai_rig *rig) {
  const trg_op op = openai_rig_ask(rig);
  fake_host_run(rig->host);
  const struct fake_op *ended = fake_op_get(rig->host, op);
  assert_true(ended->ended);
  return ended;
}

void openai_rig_answer(struct openai_rig *rig, int32_t status, const char *headers,
                       const char *body) {
  fake_host_reply(
      rig->host,
      &(struct fake_reply){.method = "POST", .status = status, .headers = headers, .body = body});
}

void openai_rig_assert_end(const struct fake_op *op, int32_t outcome, const char *code) {
  assert_int_equal(op->result.outcome, outcome);
  assert_string_equal(op->result.code.p, code);
}

bool openai_rig_sent(const struct openai_rig *rig, size_t index, const char *part) {
  return strstr(fake_host_request(rig->host, index)->body.p, part) != NULL;
}
