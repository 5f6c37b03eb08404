#include "wire.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* The prompt's count holds what was cached; the thoughts are billed as output and counted apart.
 * Tokens of tools' results are input too. */
static void usage_read(const cJSON *usage, struct llm_answer *ret) {
  const int64_t prompt = llm_count_or_0(usage, "promptTokenCount");
  const int64_t tools = llm_count_or_0(usage, "toolUsePromptTokenCount");
  const int64_t said = llm_json_count(usage, "candidatesTokenCount");
  const int64_t thoughts = llm_count_or_0(usage, "thoughtsTokenCount");
  const int64_t cached = llm_count_or_0(usage, "cachedContentTokenCount");
  const int64_t total = llm_json_count(usage, "totalTokenCount");
  ret->input_counted = prompt > 0;
  ret->output_counted = prompt > 0 && (said >= 0 || total >= prompt);
  ret->usage.cache_read = cached < prompt ? cached : prompt;
  ret->usage.input = prompt - ret->usage.cache_read + tools;
  ret->usage.reasoning = thoughts;
  ret->usage.output = (said > 0 ? said : 0) + thoughts;
  /* What only the total has was billed as well. */
  if (prompt > 0 && total > prompt + tools + ret->usage.output)
    ret->usage.output = total - prompt - tools;
}

static int32_t stop_of(const char *word) {
  static const struct llm_stop stops[] = {
      {"STOP", TRG_STOP_END},
      {"MAX_TOKENS", TRG_STOP_LENGTH},
      {"SAFETY", TRG_STOP_REFUSAL},
      {"RECITATION", TRG_STOP_REFUSAL},
      {"BLOCKLIST", TRG_STOP_REFUSAL},
      {"PROHIBITED_CONTENT", TRG_STOP_REFUSAL},
      {"SPII", TRG_STOP_REFUSAL},
      {"LANGUAGE", TRG_STOP_REFUSAL},
      {"MODEL_ARMOR", TRG_STOP_REFUSAL},
  };
  return llm_stop_of(stops, sizeof stops / sizeof *stops, word);
}

/* Thoughts are parts too, marked as such. */
static void parts_read(const cJSON *content, struct llm_text *text) {
  const cJSON *part;
  cJSON_ArrayForEach(part, llm_json_member(content, "parts")) {
    const char *p = llm_json_string(part, "text");
    if (!cJSON_IsTrue(llm_json_member(part, "thought")))
      llm_text_utf8(text, (struct trg_str){p, strlen(p)});
  }
}

static enum llm_reading root_read(const cJSON *root, bool schema_asked, struct llm_answer *ret) {
  const cJSON *candidate = llm_json_member(root, "candidates");
  candidate = cJSON_IsArray(candidate) ? candidate->child : NULL;
  const char *blocked = llm_json_string(llm_json_member(root, "promptFeedback"), "blockReason");
  const char *word = candidate ? llm_json_string(candidate, "finishReason") : blocked;
  usage_read(llm_json_member(root, "usageMetadata"), ret);
  llm_word_copy(ret->served, sizeof ret->served, llm_json_string(root, "modelVersion"));
  llm_word_copy(ret->id, sizeof ret->id, llm_json_string(root, "responseId"));
  llm_word_copy(ret->stop_word, sizeof ret->stop_word, word);
  if (!candidate && !blocked[0]) return LLM_MALFORMED;
  parts_read(llm_json_member(candidate, "content"), &ret->text);
  ret->stop = candidate ? stop_of(word) : TRG_STOP_REFUSAL;
  llm_answer_judge(ret, schema_asked);
  return LLM_ANSWER;
}

enum llm_reading gemini_answer_read(struct trg_str body, bool schema_asked,
                                    struct llm_answer *ret) {
  cJSON *root = llm_json_parse(body);
  enum llm_reading reading = LLM_MALFORMED;
  ret->stop = TRG_STOP_OTHER;
  if (cJSON_IsObject(llm_json_member(root, "error"))) {
    gemini_fault_read(body, &ret->fault);
    reading = LLM_ERROR;
  } else if (cJSON_IsObject(root)) {
    reading = root_read(root, schema_asked, ret);
  }
  cJSON_Delete(root);
  return reading;
}

/* ---- errors ---- */

/* details[]: RetryInfo has the wait, ErrorInfo the reason, QuotaFailure whether a day's quota is
 * used up, which no short wait cures. */
static void detail_read(const cJSON *detail, struct llm_fault *ret) {
  const char *delay = llm_json_string(detail, "retryDelay");
  const char *reason = llm_json_string(detail, "reason");
  const cJSON *violation;
  if (delay[0] && !llm_duration_read(delay, &ret->wait_ms)) ret->wait_ms = 0;
  if (reason[0]) llm_word_copy(ret->code, sizeof ret->code, reason);
  cJSON_ArrayForEach(violation, llm_json_member(detail, "violations")) {
    if (llm_says(llm_json_string(violation, "quotaId"), "PerDay"))
      snprintf(ret->code, sizeof ret->code, "quota_per_day");
  }
}

void gemini_fault_read(struct trg_str body, struct llm_fault *ret) {
  *ret = (struct llm_fault){0};
  cJSON *root = llm_json_parse(body);
  const cJSON *top = cJSON_IsArray(root) ? root->child : root; /* the streaming form */
  const cJSON *error = llm_json_member(top, "error");
  const cJSON *detail;
  const int64_t status = llm_json_count(error, "code");
  if (status >= 300 && status < 600) ret->status = (int32_t)status;
  llm_word_copy(ret->type, sizeof ret->type, llm_json_string(error, "status"));
  llm_word_copy(ret->message, sizeof ret->message, llm_json_string(error, "message"));
  cJSON_ArrayForEach(detail, llm_json_member(error, "details")) {
    detail_read(detail, ret);
  }
  cJSON_Delete(root);
}

unsigned gemini_fault_names(const struct llm_fault *fault, const struct gemini_plan *plan) {
  static const char *const format[] = {
      "schema",    "response_mime_type", "responseMimeType", "JSON mode",
      "json mode", "too much branching", "too many states",  NULL};
  static const char *const limit[] = {"maxOutputTokens", "max_output_tokens", NULL};
  unsigned names = 0;
  if (plan->mode != GEMINI_PROSE && llm_says_any(fault->message, format))
    names |= GEMINI_NAMES_FORMAT;
  if (llm_says(fault->message, "thinking")) names |= GEMINI_NAMES_THINKING;
  if (llm_says(fault->message, "Unknown name") && llm_says_any(fault->message, limit))
    names |= GEMINI_NAMES_LIMIT;
  return names;
}

#define QUOTA_WORDS "a quota of the day or the plan is used up: see the vendor's console"

static const struct llm_meaning meanings[] = {
    {"quota_per_day", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"BILLING_DISABLED", 0, TRG_REJECTED, TRG_CODE_QUOTA, "billing is off for this project"},
    {"API_KEY_INVALID", 0, TRG_REJECTED, TRG_CODE_AUTH, "the key was refused: check it"},
    {"API_KEY_EXPIRED", 0, TRG_REJECTED, TRG_CODE_AUTH, "the key has expired: renew it"},
    {"UNAUTHENTICATED", 401, TRG_REJECTED, TRG_CODE_AUTH, "the key was refused: check it"},
    {"PERMISSION_DENIED", 403, TRG_REJECTED, TRG_CODE_PERMISSION,
     "the key may not do this: check its project, its restrictions and the model"},
    {"NOT_FOUND", 404, TRG_REJECTED, TRG_CODE_ENDPOINT,
     "no such model or path: check model and url"},
    {"RESOURCE_EXHAUSTED", 429, TRG_RETRY, TRG_CODE_RATE, "told to wait"},
    {"UNAVAILABLE", 503, TRG_RETRY, TRG_CODE_TRANSIENT, "the model is overloaded"},
    {"DEADLINE_EXCEEDED", 504, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
    {"ABORTED", 409, TRG_RETRY, TRG_CODE_TRANSIENT, "the API saw a conflict"},
    {"CANCELLED", 499, TRG_RETRY, TRG_CODE_TRANSIENT, "the API gave the call up"},
    {"INTERNAL", 500, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"},
    {"FAILED_PRECONDITION", 0, TRG_REJECTED, TRG_CODE_PERMISSION,
     "not open to this project or place: enable billing, or check the region"},
    {"INVALID_ARGUMENT", 400, TRG_REJECTED, TRG_CODE_PERMANENT, "the request was refused"},
};

void gemini_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                        int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room) {
  const size_t count = sizeof meanings / sizeof *meanings;
  const int32_t status = llm_fault_status(reply, fault);
  struct llm_meaning m = llm_meaning_of(meanings, count, 0, fault->code);
  if (!m.word) m = llm_meaning_of(meanings, count, status, fault->type);
  const int64_t told_ms = llm_retry_after(reply, now_ms);
  llm_fault_end(reply, fault, &m, told_ms ? told_ms : fault->wait_ms, (struct trg_str){0}, ret,
                why_text, why_room);
}
