#include "local_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void local_rig_open(struct local_rig *rig) {
  snprintf(rig->folder, sizeof rig->folder, "/tmp/test_local.XXXXXX");
  assert_non_null(mkdtemp(rig->folder));
  snprintf(rig->file, sizeof rig->file, "%s/model.bin", rig->folder);
  snprintf(rig->setting, sizeof rig->setting, "file=%s", rig->file);
  const char *const settings[] = {rig->setting, NULL};
  struct trg_err err = {0};
  rig->host = fake_host_new();
  assert_int_equal(fake_host_open(rig->host, &triaged_plugin_local, settings, &rig->inst, &err), 0);
}

void local_rig_close(struct local_rig *rig) {
  assert_string_equal(fake_host_violation(rig->host), "");
  fake_host_free(&rig->host);
  unlink(rig->file);
  assert_int_equal(rmdir(rig->folder), 0); /* no temporary file stays behind */
}

const struct fake_op *local_rig_ask(struct local_rig *rig, const char *task, const char *input) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const struct trg_model_request request = {
      .size = sizeof request, .task = {task, strlen(task)}, .input = {input, strlen(input)}};
  const trg_op op = fake_op_start(rig->inst, 60000, false);
  ops->complete(fake_inst_self(rig->inst), op, &request);
  fake_host_settle(rig->host);
  return fake_op_get(rig->host, op);
}

cJSON *local_rig_answer(struct local_rig *rig, const char *task, const char *input) {
  const struct fake_op *op = local_rig_ask(rig, task, input);
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->reply_count, 1);
  assert_int_equal(op->replies[0].usage.input, 0);
  assert_string_equal(op->replies[0].request_bytes.p, input);
  assert_string_equal(op->replies[0].response_bytes.p, op->replies[0].text.p);
  cJSON *parsed = cJSON_Parse(op->replies[0].text.p);
  assert_non_null(parsed);
  return parsed;
}

const char *local_rig_text(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  assert_true(cJSON_IsString(item));
  return item->valuestring;
}

double local_rig_share(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  assert_true(cJSON_IsNumber(item));
  return item->valuedouble;
}

bool local_rig_flag(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  assert_true(cJSON_IsBool(item));
  return cJSON_IsTrue(item);
}
