#include "wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *name) {
  return llm_json_member(object, name);
}

static const char *string_of(const cJSON *object, const char *name) {
  return llm_json_string(object, name);
}

/* ---- the message ---- */

static void usage_read(const cJSON *usage, struct llm_answer *ret) {
  const int64_t input = llm_json_count(usage, "input_tokens");
  const int64_t output = llm_json_count(usage, "output_tokens");
  ret->input_counted = input >= 0 || output >= 0;
  ret->output_counted = ret->input_counted;
  ret->usage.input = input > 0 ? input : 0;
  ret->usage.output = output > 0 ? output : 0;
  ret->usage.cache_read = llm_count_or_0(usage, "cache_read_input_tokens");
  const cJSON *writes = member(usage, "cache_creation");
  const int64_t total = llm_json_count(usage, "cache_creation_input_tokens");
  const int64_t sum = llm_count_or_0(writes, "ephemeral_5m_input_tokens") +
                      llm_count_or_0(writes, "ephemeral_1h_input_tokens");
  ret->usage.cache_write = total > sum ? total : sum;
  ret->usage.reasoning = llm_count_or_0(member(usage, "output_tokens_details"), "thinking_tokens");
}

static int32_t stop_of(const char *word, bool tool_used) {
  static const struct llm_stop stops[] = {
      {"end_turn", TRG_STOP_END},      {"stop_sequence", TRG_STOP_END},
      {"max_tokens", TRG_STOP_LENGTH}, {"model_context_window_exceeded", TRG_STOP_LENGTH},
      {"refusal", TRG_STOP_REFUSAL},
  };
  if (tool_used && strcmp(word, "tool_use") == 0) return TRG_STOP_END;
  return llm_stop_of(stops, sizeof stops / sizeof *stops, word);
}

/* Blocks come in any order, thinking first as a rule; unknown types are passed over. Returns the
 * input of the one tool that we offer, or NULL. */
static const cJSON *content_read(const cJSON *content, struct llm_text *text) {
  const cJSON *input = NULL;
  const cJSON *block;
  cJSON_ArrayForEach(block, content) {
    const char *type = string_of(block, "type");
    if (strcmp(type, "text") == 0) {
      const char *p = string_of(block, "text");
      llm_text_utf8(text, (struct trg_str){p, strlen(p)});
    } else if (strcmp(type, "tool_use") == 0 && cJSON_IsObject(member(block, "input"))) {
      input = member(block, "input");
    }
  }
  return input;
}

static void text_replace(struct llm_text *text, const char *p, size_t n) {
  struct llm_text fresh = {0};
  llm_text_utf8(&fresh, (struct trg_str){p, n});
  llm_text_clear(text);
  *text = fresh;
}

static void json_take(struct llm_answer *ret, const cJSON *tool_input) {
  struct trg_str picked;
  if (tool_input) {
    char *text = cJSON_PrintUnformatted(tool_input);
    if (!text) abort();
    text_replace(&ret->text, text, strlen(text));
    free(text);
    ret->is_json = true;
  } else if (llm_json_pick((struct trg_str){ret->text.p, ret->text.n}, &picked)) {
    text_replace(&ret->text, picked.p, picked.n);
    ret->is_json = true;
  }
}

enum llm_reading anthropic_answer_read(struct trg_str body, bool schema_asked,
                                       struct llm_answer *ret) {
  *ret = (struct llm_answer){.stop = TRG_STOP_OTHER};
  cJSON *root = llm_json_parse(body);
  const cJSON *content = member(root, "content");
  enum llm_reading reading = LLM_MALFORMED;
  if (cJSON_IsArray(content)) {
    reading = LLM_ANSWER;
    const cJSON *input = content_read(content, &ret->text);
    const char *word = string_of(root, "stop_reason");
    ret->stop = stop_of(word, schema_asked && input);
    llm_word_copy(ret->stop_word, sizeof ret->stop_word, word);
    llm_word_copy(ret->served, sizeof ret->served, string_of(root, "model"));
    const char *category = string_of(member(root, "stop_details"), "category");
    llm_word_copy(ret->detail, sizeof ret->detail, category);
    usage_read(member(root, "usage"), ret);
    if (ret->stop == TRG_STOP_REFUSAL)
      llm_text_clear(&ret->text); /* what there is of it is not an answer */
    if (ret->stop == TRG_STOP_END && schema_asked) json_take(ret, input);
  } else if (cJSON_IsObject(member(root, "error")) || cJSON_IsString(member(root, "error"))) {
    reading = LLM_ERROR;
    anthropic_fault_read(body, &ret->fault);
  }
  cJSON_Delete(root);
  return reading;
}

void anthropic_fault_read(struct trg_str body, struct llm_fault *ret) {
  *ret = (struct llm_fault){0};
  cJSON *root = llm_json_parse(body);
  const cJSON *error = member(root, "error");
  llm_word_copy(ret->type, sizeof ret->type, string_of(error, "type"));
  llm_word_copy(ret->code, sizeof ret->code, string_of(member(error, "details"), "error_code"));
  llm_word_copy(ret->id, sizeof ret->id, string_of(root, "request_id"));
  llm_word_copy(ret->message, sizeof ret->message,
                cJSON_IsString(error) ? error->valuestring : string_of(error, "message"));
  cJSON_Delete(root);
}
