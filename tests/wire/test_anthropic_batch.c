/* The Message Batches API of the anthropic backend: bytes, and calls that share one batch. */
#include "llm_rig.h"
#include "models/anthropic/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct trg_plugin triaged_plugin_anthropic;

#define MESSAGE                                                                                    \
  "{\"type\":\"message\",\"model\":\"m-1\",\"content\":[{\"type\":\"text\",\"text\":"              \
  "\"{\\\"category\\\":\\\"bug\\\"}\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":" \
  "9,"                                                                                             \
  "\"output_tokens\":5}}"
#define LINE(id, result) "{\"custom_id\":\"" id "\",\"result\":" result "}\n"
#define GOOD             "{\"type\":\"succeeded\",\"message\":" MESSAGE "}"
#define BAD                                                                                        \
  "{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{\"type\":"                       \
  "\"invalid_request_error\",\"message\":\"bad\"}}}"

static struct llm_rig open_rig(void) {
  return llm_rig_open(
      &triaged_plugin_anthropic,
      (const char *const[]){"model=m", "key=k-0001", "batch_window=1s", "batch_poll=10s", NULL});
}

static trg_op ask(struct llm_rig *rig, const char *id, const char *ref) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const trg_op op = fake_op_start(rig->inst, INT64_C(25) * 3600 * 1000, false);
  struct trg_model_request request = llm_triage;
  request.flags = TRG_REQUEST_BATCH;
  request.batch_id = (struct trg_str){id, strlen(id)};
  request.batch_ref = (struct trg_str){ref, strlen(ref)};
  ops->complete(fake_inst_self(rig->inst), op, &request);
  return op;
}

static void answer(struct llm_rig *rig, const char *method, const char *url_has, int32_t status,
                   const char *body) {
  fake_host_reply(
      rig->host,
      &(struct fake_reply){.method = method, .url_has = url_has, .status = status, .body = body});
}

static void test_calls_are_gathered_sent_once_and_each_gets_its_own_answer(void **state) {
  (void)state;
  struct llm_rig rig = open_rig();
  answer(&rig, "POST", "/v1/messages/batches", 200, "{\"id\":\"msgbatch_1\"}");
  answer(&rig, "GET", "/batches/msgbatch_1", 200, "{\"processing_status\":\"in_progress\"}");
  answer(&rig, "GET", "/batches/msgbatch_1", 200,
         "{\"id\":\"msgbatch_1\",\"processing_status\":\"ended\"}");
  answer(&rig, "GET", "/batches/msgbatch_1/results", 200,
         LINE("call-3", "{\"type\":\"expired\"}")
             LINE("call-2", BAD) "not json\n\n" LINE("stranger", GOOD) LINE("call-1", GOOD));
  const trg_op ops[] = {ask(&rig, "call-1", ""), ask(&rig, "call-2", ""), ask(&rig, "call-3", "")};
  fake_host_advance(rig.host, 2000);
  for (int i = 0; i < 3; i++)
    assert_string_equal(fake_op_get(rig.host, ops[i])->batch_ref.p, "msgbatch_1");
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, ops[0]), TRG_DONE, "");
  llm_rig_assert_end(fake_op_get(rig.host, ops[1]), TRG_REJECTED, "permanent");
  llm_rig_assert_end(fake_op_get(rig.host, ops[2]), TRG_RETRY, "transient");
  assert_string_equal(fake_op_get(rig.host, ops[0])->replies->text.p, "{\"category\":\"bug\"}");
  const char *body = llm_rig_body(&rig, 0);
  assert_int_equal(
      strncmp(body, "{\"requests\":[{\"custom_id\":\"call-1\",\"params\":{\"model\":",
              strlen("{\"requests\":[{\"custom_id\":\"call-1\",\"params\":{\"model\":")),
      0);
  assert_int_equal(fake_host_request_count(rig.host), 4);
  llm_rig_close(&rig);
}

static void test_after_a_restart_a_batch_is_waited_for_and_not_sent_again(void **state) {
  (void)state;
  struct llm_rig rig = open_rig();
  answer(&rig, "GET", "/batches/msgbatch_9", 200,
         "{\"id\":\"msgbatch_9\",\"processing_status\":\"ended\"}");
  answer(&rig, "GET", "/batches/msgbatch_9/results", 200,
         LINE("call-1", GOOD) LINE("call-2", GOOD));
  const trg_op ops[] = {ask(&rig, "call-1", "msgbatch_9"), ask(&rig, "call-2", "msgbatch_9")};
  fake_host_settle(rig.host);
  for (int i = 0; i < 2; i++) llm_rig_assert_end(fake_op_get(rig.host, ops[i]), TRG_DONE, "");
  assert_int_equal(fake_host_request_count(rig.host), 2);
  llm_rig_close(&rig);
}

static void test_when_the_leader_is_given_up_another_asks_on(void **state) {
  (void)state;
  struct llm_rig rig = open_rig();
  answer(&rig, "POST", "/batches", 200, "{\"id\":\"msgbatch_1\"}");
  answer(&rig, "GET", "/batches/msgbatch_1", 200,
         "{\"id\":\"msgbatch_1\",\"processing_status\":\"ended\"}");
  answer(&rig, "GET", "/results", 200, LINE("call-2", GOOD) LINE("call-1", GOOD));
  const trg_op first = ask(&rig, "call-1", "");
  const trg_op second = ask(&rig, "call-2", "");
  fake_host_advance(rig.host, 2000);
  fake_op_cancel(rig.host, first);
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, second), TRG_DONE, "");
  llm_rig_close(&rig);
}

static void test_a_batch_whose_answer_is_lost_or_refused_ends_every_call(void **state) {
  (void)state;
  static const struct {
    int32_t status;
    const char *body, *code;
    uint32_t flags;
  } cases[] = {
      {0, NULL, "transient", TRG_RESULT_MAYBE_BILLED},
      {200, "{}", "malformed", TRG_RESULT_MAYBE_BILLED},
      {200, "{\"id\":\"../../x\"}", "malformed", TRG_RESULT_MAYBE_BILLED},
      {529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", "transient", 0},
      {401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\"}}", "auth", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_rig rig = open_rig();
    answer(&rig, "POST", "/batches", cases[i].status, cases[i].body);
    const trg_op ops[] = {ask(&rig, "call-1", ""), ask(&rig, "call-2", "")};
    fake_host_settle(rig.host);
    for (int n = 0; n < 2; n++) {
      const struct fake_op *op = fake_op_get(rig.host, ops[n]);
      assert_string_equal(op->result.code.p, cases[i].code);
      assert_int_equal(op->result.flags, cases[i].flags);
      assert_int_equal(op->batch_ref.n, 0);
    }
    llm_rig_close(&rig);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_calls_are_gathered_sent_once_and_each_gets_its_own_answer),
      cmocka_unit_test(test_after_a_restart_a_batch_is_waited_for_and_not_sent_again),
      cmocka_unit_test(test_when_the_leader_is_given_up_another_asks_on),
      cmocka_unit_test(test_a_batch_whose_answer_is_lost_or_refused_ends_every_call),
  };
  return cmocka_run_group_tests_name("anthropic_batch", tests, NULL, NULL);
}
