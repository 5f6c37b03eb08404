#include "batch.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(const struct llm_inst *inst, struct llm_text *body, struct trg_str id,
                struct trg_str request) {
  (void)inst;
  llm_text_put(body, body->n ? ",{\"custom_id\":" : "{\"requests\":[{\"custom_id\":");
  llm_text_json(body, id);
  llm_text_put(body, ",\"params\":");
  llm_text_add(body, request.p, request.n);
  llm_text_put(body, "}");
}

static void close_body(struct llm_text *body) {
  llm_text_put(body, "]}");
}

/* results_url of the answer would be taken on trust: the path is built here. */
static void url(const struct llm_inst *inst, enum llm_batch_step step, const char *name,
                struct llm_text *ret) {
  llm_text_add(ret, inst->url.p, inst->url.n);
  llm_text_put(ret, "/batches");
  if (step == LLM_BATCH_MAKE) return;
  llm_text_put(ret, "/");
  llm_text_put(ret, name);
  if (step == LLM_BATCH_FETCH) llm_text_put(ret, "/results");
}

static bool ended(struct trg_str body, char ret_names[2][LLM_BATCH_NAME_MAX]) {
  cJSON *root = llm_json_parse(body);
  const bool is = strcmp(llm_json_string(root, "processing_status"), "ended") == 0;
  cJSON_Delete(root);
  return is && llm_batch_id(body, ret_names[0], LLM_BATCH_NAME_MAX);
}

static int32_t status_of(const char *error_type) {
  static const struct {
    const char *type;
    int32_t status;
  } all[] = {{"invalid_request_error", 400}, {"authentication_error", 401},
             {"billing_error", 402},         {"permission_error", 403},
             {"not_found_error", 404},       {"request_too_large", 413},
             {"rate_limit_error", 429},      {"overloaded_error", 529}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(error_type, all[i].type) == 0) return all[i].status;
  return 500;
}

/* {"custom_id","result":{"type":"succeeded","message":{}}}, errored, canceled or expired. */
static bool line(struct trg_str text, char *ret_id, size_t room, int32_t *ret_status,
                 struct llm_text *ret_body) {
  cJSON *root = llm_json_parse(text);
  const char *id = llm_json_string(root, "custom_id");
  const cJSON *result = llm_json_member(root, "result");
  const char *type = llm_json_string(result, "type");
  const cJSON *body = NULL;
  *ret_status = 0;
  if (strcmp(type, "succeeded") == 0) {
    *ret_status = 200;
    body = llm_json_member(result, "message");
  } else if (strcmp(type, "errored") == 0) {
    body = llm_json_member(result, "error");
    *ret_status = status_of(llm_json_string(llm_json_member(body, "error"), "type"));
  }
  const bool good = *id && strlen(id) < room && *type;
  if (good) snprintf(ret_id, room, "%s", id);
  char *printed = good && body ? cJSON_PrintUnformatted(body) : NULL;
  if (printed) llm_text_put(ret_body, printed);
  free(printed);
  cJSON_Delete(root);
  return good;
}

const struct llm_batching anthropic_batching = {
    .add = add,
    .close = close_body,
    .url = url,
    .created = llm_batch_id,
    .ended = ended,
    .line = line,
};
