/* Batches of the openai backend: a file, a batch that names it, files of answers. */
#include "llm_rig.h"
#include "models/openai/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct trg_plugin triaged_plugin_openai;

#define ANSWER                                                                                     \
  "{\"choices\":[{\"message\":{\"content\":\"{\\\"category\\\":\\\"bug\\\"}\"},\"finish_reason\":" \
  "\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}"
#define LINE(id, status, body)                                                                     \
  "{\"custom_id\":\"" id "\",\"response\":{\"status_code\":" status ",\"body\":" body              \
  "},\"error\":null}\n"

static trg_op ask(struct llm_rig *rig, const char *id) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const trg_op op = fake_op_start(rig->inst, INT64_C(25) * 3600 * 1000, false);
  struct trg_model_request request = llm_triage;
  request.flags = TRG_REQUEST_BATCH;
  request.batch_id = (struct trg_str){id, strlen(id)};
  ops->complete(fake_inst_self(rig->inst), op, &request);
  return op;
}

static void answer(struct llm_rig *rig, const char *method, const char *url_has, const char *body) {
  fake_host_reply(
      rig->host,
      &(struct fake_reply){.method = method, .url_has = url_has, .status = 200, .body = body});
}

static void test_a_file_goes_up_a_batch_names_it_and_both_results_are_read(void **state) {
  (void)state;
  struct llm_rig rig = llm_rig_open(
      &triaged_plugin_openai,
      (const char *const[]){"model=m", "key=k-0001", "batch_window=1s", "batch_poll=10s", NULL});
  answer(&rig, "POST", "https://api.openai.com/v1/files", "{\"id\":\"file-1\"}");
  answer(&rig, "POST", "https://api.openai.com/v1/batches", "{\"id\":\"batch_1\"}");
  answer(&rig, "GET", "/v1/batches/batch_1", "{\"id\":\"batch_1\",\"status\":\"finalizing\"}");
  answer(&rig, "GET", "/v1/batches/batch_1",
         "{\"id\":\"batch_1\",\"status\":\"completed\",\"output_file_id\":\"file-2\","
         "\"error_file_id\":\"file-3\"}");
  answer(&rig, "GET", "/v1/files/file-2/content", LINE("call-1", "200", ANSWER));
  answer(&rig, "GET", "/v1/files/file-3/content",
         LINE("call-2", "400",
              "{\"error\":{\"message\":\"bad\",\"type\":\"x\"}}") "{\"custom_id\":\"call-3\","
                                                                  "\"response\":null,\"error\":{"
                                                                  "\"code\":\"batch_expired\"}}\n");
  const trg_op ops[] = {ask(&rig, "call-1"), ask(&rig, "call-2"), ask(&rig, "call-3")};
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, ops[0]), TRG_DONE, "");
  llm_rig_assert_end(fake_op_get(rig.host, ops[1]), TRG_REJECTED, "permanent");
  llm_rig_assert_end(fake_op_get(rig.host, ops[2]), TRG_RETRY, "transient");
  assert_string_equal(fake_op_get(rig.host, ops[0])->batch_ref.p, "batch_1");
  const struct fake_request *up = fake_host_request(rig.host, 0);
  const char *type = fake_request_header(up, "content-type");
  assert_int_equal(strncmp(type, "multipart/form-data; boundary=", 30), 0);
  assert_int_equal(strncmp(up->body.p, "--", 2), 0);
  assert_int_equal(strncmp(up->body.p + 2, type + 30, strlen(type + 30)), 0);
  assert_non_null(strstr(up->body.p, "name=\"expires_after[seconds]\"\r\n\r\n259200"));
  assert_non_null(strstr(up->body.p, "{\"custom_id\":\"call-2\",\"method\":\"POST\",\"url\":"
                                     "\"/v1/chat/completions\",\"body\":{\"model\":\"m\""));
  assert_non_null(strstr(llm_rig_body(&rig, 1), "\"input_file_id\":\"file-1\""));
  assert_string_equal(fake_request_header(fake_host_request(rig.host, 1), "content-type"),
                      "application/json");
  llm_rig_close(&rig);
}

static void test_a_batch_that_failed_as_a_whole_is_tried_again_later(void **state) {
  (void)state;
  struct llm_rig rig = llm_rig_open(
      &triaged_plugin_openai,
      (const char *const[]){"model=m", "key=k-0001", "api=responses", NULL});
  answer(&rig, "POST", "/v1/files", "{\"id\":\"file-1\"}");
  answer(&rig, "POST", "/v1/batches", "{\"id\":\"batch_1\"}");
  answer(&rig, "GET", "/v1/batches/batch_1", "{\"id\":\"batch_1\",\"status\":\"failed\"}");
  const trg_op op = ask(&rig, "call-1");
  fake_host_settle(rig.host);
  llm_rig_assert_end(fake_op_get(rig.host, op), TRG_RETRY, "transient");
  assert_non_null(strstr(llm_rig_body(&rig, 1), "\"endpoint\":\"/v1/responses\""));
  llm_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_file_goes_up_a_batch_names_it_and_both_results_are_read),
      cmocka_unit_test(test_a_batch_that_failed_as_a_whole_is_tried_again_later),
  };
  return cmocka_run_group_tests_name("openai_batch", tests, NULL, NULL);
}
