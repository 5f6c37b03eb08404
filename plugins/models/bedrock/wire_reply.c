#include "wire.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Here the input's count is without what the cache gave or took. */
static void usage_read(const cJSON *usage, struct llm_answer *ret) {
  ret->input_counted = llm_json_count(usage, "inputTokens") >= 0;
  ret->output_counted = llm_json_count(usage, "outputTokens") >= 0;
  ret->usage.input = llm_count_or_0(usage, "inputTokens");
  ret->usage.output = llm_count_or_0(usage, "outputTokens");
  ret->usage.cache_read = llm_count_or_0(usage, "cacheReadInputTokens");
  ret->usage.cache_write = llm_count_or_0(usage, "cacheWriteInputTokens");
}

static int32_t stop_of(const char *word, bool tool_used) {
  static const struct llm_stop stops[] = {
      {"end_turn", TRG_STOP_END},
      {"stop_sequence", TRG_STOP_END},
      {"max_tokens", TRG_STOP_LENGTH},
      {"model_context_window_exceeded", TRG_STOP_LENGTH},
      {"guardrail_intervened", TRG_STOP_REFUSAL},
      {"content_filtered", TRG_STOP_REFUSAL},
      {"refusal", TRG_STOP_REFUSAL},
  };
  if (tool_used && strcmp(word, "tool_use") == 0) return TRG_STOP_END;
  return llm_stop_of(stops, sizeof stops / sizeof *stops, word);
}

/* Blocks are told apart by their member: text, reasoningContent, toolUse. The input of the one
 * tool that we offer goes above words beside it. */
static bool content_read(const cJSON *content, struct llm_text *text) {
  const cJSON *block;
  const cJSON *input = NULL;
  cJSON_ArrayForEach(block, content) {
    const char *p = llm_json_string(block, "text");
    const cJSON *used = llm_json_member(llm_json_member(block, "toolUse"), "input");
    llm_text_utf8(text, (struct trg_str){p, strlen(p)});
    if (cJSON_IsObject(used)) input = used;
  }
  if (!input) return false;
  char *json = cJSON_PrintUnformatted(input);
  if (!json) abort();
  llm_text_clear(text);
  llm_text_put(text, json);
  free(json);
  return true;
}

enum llm_reading bedrock_answer_read(struct trg_str body, bool schema_asked,
                                     struct llm_answer *ret) {
  cJSON *root = llm_json_parse(body);
  const cJSON *message = llm_json_member(llm_json_member(root, "output"), "message");
  const char *word = llm_json_string(root, "stopReason");
  ret->stop = TRG_STOP_OTHER;
  enum llm_reading reading = LLM_MALFORMED;
  if (cJSON_IsObject(message) || word[0]) {
    const bool tool_used = content_read(llm_json_member(message, "content"), &ret->text);
    usage_read(llm_json_member(root, "usage"), ret);
    llm_word_copy(ret->stop_word, sizeof ret->stop_word, word);
    ret->stop = stop_of(word, tool_used);
    llm_answer_judge(ret, schema_asked);
    reading = LLM_ANSWER;
  }
  cJSON_Delete(root);
  return reading;
}

/* ---- errors ---- */

/* "ValidationException:http://internal.amazon.com/..." */
void bedrock_fault_read(const struct trg_http_reply *reply, struct llm_fault *ret) {
  *ret = (struct llm_fault){0};
  const struct trg_str kind = llm_header(reply, "x-amzn-errortype");
  cJSON *root = llm_json_parse(reply->body);
  char word[128];
  size_t n = 0;
  while (n < kind.n && n < sizeof word - 1 && kind.p[n] != ':') n++;
  snprintf(word, sizeof word, "%.*s", (int)n, n ? kind.p : "");
  const char *in_body = llm_json_string(root, "__type");
  const char *hash = strrchr(in_body, '#');
  llm_word_copy(ret->type, sizeof ret->type, n ? word : hash ? hash + 1 : in_body);
  const char *message = llm_json_string(root, "message");
  if (!message[0]) message = llm_json_string(root, "Message");
  llm_word_copy(ret->message, sizeof ret->message, message);
  cJSON_Delete(root);
}

unsigned bedrock_fault_names(const struct llm_fault *fault, const struct bedrock_plan *plan) {
  static const char *const format[] = {"outputConfig", "textFormat", "output_config",
                                       "schema",       "grammar",    NULL};
  static const char *const tool[] = {"toolConfig", "tool use", "toolSpec", "schema", "tools", NULL};
  static const char *const cache[] = {"cachePoint", "prompt caching", "cache_control", NULL};
  const char *m = fault->message;
  unsigned names = 0;
  if (plan->cache && llm_says_any(m, cache)) names |= BEDROCK_NAMES_CACHE;
  if (plan->mode == BEDROCK_FORMAT && llm_says_any(m, format)) names |= BEDROCK_NAMES_FORMAT;
  if (plan->mode == BEDROCK_TOOL && llm_says_any(m, tool)) names |= BEDROCK_NAMES_FORMAT;
  return names;
}

static const struct llm_meaning meanings[] = {
    {"ThrottlingException", 429, TRG_RETRY, TRG_CODE_RATE, "told to wait"},
    {"ModelNotReadyException", 0, TRG_RETRY, TRG_CODE_TRANSIENT, "the model is not ready yet"},
    {"ModelTimeoutException", 408, TRG_RETRY, TRG_CODE_TIMEOUT, "the model took too long"},
    {"ModelErrorException", 424, TRG_RETRY, TRG_CODE_TRANSIENT, "the model failed"},
    {"ServiceUnavailableException", 503, TRG_RETRY, TRG_CODE_TRANSIENT, "the API is overloaded"},
    {"InternalServerException", 500, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"},
    {"ServiceQuotaExceededException", 0, TRG_REJECTED, TRG_CODE_QUOTA,
     "a quota of the account is used up: see Service Quotas"},
    {"UnrecognizedClientException", 0, TRG_REJECTED, TRG_CODE_AUTH,
     "the credentials were refused: check key, access_key and session_token"},
    {"InvalidSignatureException", 0, TRG_REJECTED, TRG_CODE_AUTH,
     "the signature was refused: check secret_key, region and this machine's clock"},
    {"ExpiredTokenException", 0, TRG_REJECTED, TRG_CODE_AUTH, "the credentials have expired"},
    {"MissingAuthenticationTokenException", 401, TRG_REJECTED, TRG_CODE_AUTH,
     "the key was refused: check it"},
    {"AccessDeniedException", 403, TRG_REJECTED, TRG_CODE_PERMISSION,
     "the account may not use this model here: check its access, the region and the key"},
    {"ResourceNotFoundException", 404, TRG_REJECTED, TRG_CODE_ENDPOINT,
     "no such model or path: check model and url"},
    {"UnknownOperationException", 0, TRG_REJECTED, TRG_CODE_ENDPOINT, "no such path: check url"},
    {NULL, 413, TRG_REJECTED, TRG_CODE_PERMANENT, "the request is too large"},
    {NULL, 504, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
    {"ValidationException", 400, TRG_REJECTED, TRG_CODE_PERMANENT, "the request was refused"},
};

void bedrock_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                         int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room) {
  struct llm_meaning m = llm_meaning_of(meanings, sizeof meanings / sizeof *meanings, reply->status,
                                        fault->type);
  if (llm_says(fault->message, "model identifier is invalid"))
    m = (struct llm_meaning){NULL, 400, TRG_REJECTED, TRG_CODE_ENDPOINT,
                             "no such model: check model and the region in url"};
  llm_fault_end(reply, fault, &m, llm_retry_after(reply, now_ms),
                llm_header(reply, "x-amzn-requestid"), ret, why_text, why_room);
}
