#include "wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const cJSON *member(const cJSON *object, const char *name) {
  return llm_json_member(object, name);
}

static const char *string_of(const cJSON *object, const char *name) {
  return llm_json_string(object, name);
}

static bool is_word(const char *a, const char *b) {
  return strcasecmp(a, b) == 0;
}

/* ---- usage ---- */

static int64_t first_count(const cJSON *object, const char *name, const char *other) {
  const int64_t count = llm_json_count(object, name);
  return count >= 0 ? count : llm_json_count(object, other);
}

static int64_t or_0(int64_t count) {
  return count > 0 ? count : 0;
}

static int64_t at_most(int64_t count, int64_t limit) {
  return count < limit ? count : limit;
}

/* Both APIs, under either's names. Here the prompt's count includes the cached tokens, and the
 * daemon's `input` does not. */
static void usage_read(const cJSON *usage, struct llm_answer *ret) {
  const int64_t prompt = first_count(usage, "prompt_tokens", "input_tokens");
  int64_t output = first_count(usage, "completion_tokens", "output_tokens");
  const int64_t total = llm_json_count(usage, "total_tokens");
  const cJSON *in = member(usage, "prompt_tokens_details");
  const cJSON *out = member(usage, "completion_tokens_details");
  in = cJSON_IsObject(in) ? in : member(usage, "input_tokens_details");
  out = cJSON_IsObject(out) ? out : member(usage, "output_tokens_details");
  int64_t cached = llm_json_count(in, "cached_tokens");
  if (cached < 0) cached = llm_json_count(usage, "prompt_cache_hit_tokens"); /* DeepSeek */
  /* Some servers leave reasoning out of the completion and count it in the total only. */
  if (prompt > 0 && total > prompt + or_0(output)) output = total - prompt;
  ret->input_counted = prompt > 0; /* a prompt of no tokens is a server that does not count */
  ret->output_counted = prompt > 0 && output >= 0;
  ret->usage.cache_read = at_most(or_0(cached), or_0(prompt));
  ret->usage.cache_write = at_most(or_0(llm_json_count(in, "cache_write_tokens")),
                                   or_0(prompt) - ret->usage.cache_read);
  ret->usage.input = or_0(prompt) - ret->usage.cache_read - ret->usage.cache_write;
  ret->usage.output = or_0(output);
  ret->usage.reasoning = at_most(or_0(llm_json_count(out, "reasoning_tokens")), or_0(output));
}

/* ---- content ---- */

/* What is gathered while reading. */
struct found {
  struct llm_text *text;
  bool refused;
};

static void string_add(struct llm_text *to, const char *string) {
  llm_text_utf8(to, (struct trg_str){string, strlen(string)});
}

/* One part of an answer, by its type; thinking and unknown types are passed over. */
static void part_read(const cJSON *part, struct found *found) {
  const char *type = string_of(part, "type");
  if (cJSON_IsString(part))
    string_add(found->text, part->valuestring);
  else if (strcmp(type, "text") == 0 || strcmp(type, "output_text") == 0)
    string_add(found->text, string_of(part, "text"));
  else if (strcmp(type, "refusal") == 0)
    found->refused = true;
}

/* A string, null, an array of parts, or the JSON that was asked for as an object. */
static void content_read(const cJSON *content, struct found *found) {
  const cJSON *part;
  if (cJSON_IsString(content)) {
    string_add(found->text, content->valuestring);
  } else if (cJSON_IsArray(content)) {
    cJSON_ArrayForEach(part, content) {
      part_read(part, found);
    }
  } else if (cJSON_IsObject(content)) {
    char *text = cJSON_PrintUnformatted(content);
    if (!text) abort();
    string_add(found->text, text);
    free(text);
  }
}

static bool holds_error(const cJSON *object) {
  const cJSON *error = member(object, "error");
  return (cJSON_IsObject(error) && error->child) ||
         (cJSON_IsString(error) && error->valuestring[0]);
}

static const cJSON *choice_of(const cJSON *choices) {
  const cJSON *choice;
  cJSON_ArrayForEach(choice, choices) {
    if (cJSON_IsObject(member(choice, "message"))) return choice;
  }
  return choices->child; /* also NULL */
}

/* Returns the vendor's word for how it stopped. Tool calls are not read: no tool was offered. */
static const char *chat_read(const cJSON *root, struct found *found, struct llm_answer *ret) {
  const cJSON *choice = choice_of(member(root, "choices"));
  const cJSON *message = member(choice, "message");
  content_read(message ? member(message, "content") : member(choice, "text"), found);
  if (string_of(message, "refusal")[0]) found->refused = true;
  if (holds_error(choice)) openai_fault_take(member(choice, "error"), &ret->fault);
  return string_of(choice, "finish_reason");
}

static const char *responses_read(const cJSON *root, struct found *found) {
  const cJSON *item;
  cJSON_ArrayForEach(item, member(root, "output")) {
    const bool is_message = strcmp(string_of(item, "type"), "message") == 0;
    /* Remarks on the way to the answer are messages as well. */
    if (is_message && strcmp(string_of(item, "phase"), "commentary") != 0)
      content_read(member(item, "content"), found);
  }
  const char *status = string_of(root, "status");
  const char *reason = string_of(member(root, "incomplete_details"), "reason");
  return strcmp(status, "incomplete") == 0 && reason[0] ? reason : status;
}

/* ---- the end ---- */

static int32_t stop_of(const char *word) {
  static const struct {
    const char *word;
    int32_t stop;
  } stops[] = {
      {"stop", TRG_STOP_END},
      {"completed", TRG_STOP_END},
      {"eos", TRG_STOP_END}, /* Together */
      {"end_turn", TRG_STOP_END},
      {"length", TRG_STOP_LENGTH},
      {"max_output_tokens", TRG_STOP_LENGTH},
      {"max_tokens", TRG_STOP_LENGTH},
      {"model_length", TRG_STOP_LENGTH}, /* Mistral */
      {"content_filter", TRG_STOP_REFUSAL},
      {"refusal", TRG_STOP_REFUSAL},
      {"safety", TRG_STOP_REFUSAL},
  };
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
    if (is_word(word, stops[i].word)) return stops[i].stop;
  return TRG_STOP_OTHER;
}

static bool is_failure(const char *word) {
  return is_word(word, "error") || is_word(word, "failed") || is_word(word, "cancelled");
}

static const cJSON *usage_of(const cJSON *root) {
  const cJSON *usage = member(root, "usage");
  return cJSON_IsObject(usage) ? usage : member(member(root, "x_groq"), "usage");
}

static enum llm_reading root_read(const cJSON *root, bool schema_asked, struct llm_answer *ret) {
  const bool chat = cJSON_IsArray(member(root, "choices"));
  const bool responses = !chat && cJSON_IsArray(member(root, "output"));
  struct found found = {.text = &ret->text};
  const char *word = chat        ? chat_read(root, &found, ret)
                     : responses ? responses_read(root, &found)
                                 : "";
  llm_word_copy(ret->stop_word, sizeof ret->stop_word, word);
  llm_word_copy(ret->served, sizeof ret->served, string_of(root, "model"));
  llm_word_copy(ret->id, sizeof ret->id, string_of(root, "id"));
  usage_read(usage_of(root), ret);
  if (holds_error(root)) openai_fault_take(member(root, "error"), &ret->fault);
  if (holds_error(root) || is_failure(word) || ret->fault.message[0] || ret->fault.code[0]) {
    llm_text_clear(&ret->text);
    return LLM_ERROR;
  }
  if (!chat && !responses) return LLM_MALFORMED;
  ret->stop = found.refused ? TRG_STOP_REFUSAL : stop_of(word);
  llm_answer_judge(ret, schema_asked);
  return LLM_ANSWER;
}

enum llm_reading openai_answer_read(struct trg_str body, bool schema_asked,
                                    struct llm_answer *ret) {
  *ret = (struct llm_answer){.stop = TRG_STOP_OTHER};
  cJSON *root = llm_json_parse(body);
  const enum llm_reading reading = cJSON_IsObject(root) ? root_read(root, schema_asked, ret)
                                                        : LLM_MALFORMED;
  cJSON_Delete(root);
  return reading;
}
