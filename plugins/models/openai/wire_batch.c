#include "call.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The items go as a file of JSON lines, in a form of one file. It is customers' text: the file and
 * the results are to be deleted by the vendor after three days. */
#define BOUNDARY   "triaged-7d1f0c52e6b94a38"
#define THREE_DAYS "259200"

static const char *endpoint_of(const struct llm_inst *inst) {
  const struct openai_inst *self = (const struct openai_inst *)(const void *)inst;
  return self->full.api == OPENAI_RESPONSES ? "/v1/responses" : "/v1/chat/completions";
}

static void part(struct llm_text *to, const char *name, const char *value) {
  llm_text_put(to, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"");
  llm_text_put(to, name);
  llm_text_put(to, "\"\r\n\r\n");
  llm_text_put(to, value);
  llm_text_put(to, "\r\n");
}

static void add(const struct llm_inst *inst, struct llm_text *body, struct trg_str id,
                struct trg_str request) {
  if (!body->n) {
    part(body, "purpose", "batch");
    part(body, "expires_after[anchor]", "created_at");
    part(body, "expires_after[seconds]", THREE_DAYS);
    llm_text_put(body, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; "
                       "filename=\"batch.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n");
  }
  llm_text_put(body, "{\"custom_id\":");
  llm_text_json(body, id);
  llm_text_put(body, ",\"method\":\"POST\",\"url\":\"");
  llm_text_put(body, endpoint_of(inst));
  llm_text_put(body, "\",\"body\":");
  llm_text_add(body, request.p, request.n);
  llm_text_put(body, "}\n");
}

static void close_body(struct llm_text *body) {
  llm_text_put(body, "\r\n--" BOUNDARY "--\r\n");
}

static void make(const struct llm_inst *inst, const char *file, struct llm_text *ret) {
  llm_text_put(ret, "{\"input_file_id\":\"");
  llm_text_put(ret, file);
  llm_text_put(ret, "\",\"endpoint\":\"");
  llm_text_put(ret, endpoint_of(inst));
  llm_text_put(ret, "\",\"completion_window\":\"24h\",\"output_expires_after\":{\"anchor\":"
                    "\"created_at\",\"seconds\":" THREE_DAYS "}}");
}

/* The URL of single calls without what is behind the version. */
static void url(const struct llm_inst *inst, enum llm_batch_step step, const char *name,
                struct llm_text *ret) {
  static const char *const tails[] = {"/chat/completions", "/responses"};
  size_t n = strcspn(inst->url.p, "?");
  for (size_t i = 0; i < 2; i++) {
    const size_t tail = strlen(tails[i]);
    if (n > tail && memcmp(inst->url.p + n - tail, tails[i], tail) == 0) {
      n -= tail;
      break;
    }
  }
  llm_text_add(ret, inst->url.p, n);
  llm_text_put(ret, step == LLM_BATCH_UPLOAD || step == LLM_BATCH_FETCH ? "/files" : "/batches");
  if (step == LLM_BATCH_ASK || step == LLM_BATCH_FETCH) {
    llm_text_put(ret, "/");
    llm_text_put(ret, name);
  }
  if (step == LLM_BATCH_FETCH) llm_text_put(ret, "/content");
}

static void name_take(const cJSON *root, const char *member, char ret[LLM_BATCH_NAME_MAX]) {
  static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const char *id = llm_json_string(root, member);
  const bool good = strlen(id) < LLM_BATCH_NAME_MAX && id[strspn(id, fine)] == '\0';
  snprintf(ret, LLM_BATCH_NAME_MAX, "%s", good ? id : "");
}

static bool ended(struct trg_str body, char ret_names[2][LLM_BATCH_NAME_MAX]) {
  static const char *const words[] = {"completed", "failed", "expired", "cancelled", NULL};
  cJSON *root = llm_json_parse(body);
  const bool is = llm_among(llm_json_string(root, "status"), words);
  if (is) {
    name_take(root, "output_file_id", ret_names[0]);
    name_take(root, "error_file_id", ret_names[1]);
  }
  cJSON_Delete(root);
  return is;
}

/* {"custom_id","response":{"status_code":200,"body":{}},"error":null}; `error` when it was not
 * worked on. */
static bool line(struct trg_str text, char *ret_id, size_t room, int32_t *ret_status,
                 struct llm_text *ret_body) {
  cJSON *root = llm_json_parse(text);
  const char *id = llm_json_string(root, "custom_id");
  const cJSON *response = llm_json_member(root, "response");
  const int64_t status = llm_json_count(response, "status_code");
  const bool good = *id && strlen(id) < room && cJSON_IsObject(root);
  char *printed = NULL;
  *ret_status = status >= 200 && status < 600 ? (int32_t)status : 0;
  if (good) snprintf(ret_id, room, "%s", id);
  if (good && *ret_status) printed = cJSON_PrintUnformatted(llm_json_member(response, "body"));
  if (printed) llm_text_put(ret_body, printed);
  free(printed);
  cJSON_Delete(root);
  return good;
}

const struct llm_batching openai_batching = {
    .add = add,
    .close = close_body,
    .upload_type = "multipart/form-data; boundary=" BOUNDARY,
    .make = make,
    .url = url,
    .created = llm_batch_id,
    .ended = ended,
    .line = line,
};
