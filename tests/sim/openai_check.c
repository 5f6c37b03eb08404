/* The 400s of Chat Completions and Responses: unknown parameters, what newer models refuse, the
 * rules of strict schemas. */
#include "openai.h"

#include <stdio.h>
#include <string.h>

static const char strict_keywords[] =
    " type properties required additionalProperties items enum const anyOf $ref $defs definitions "
    "title description pattern format multipleOf maximum exclusiveMaximum minimum "
    "exclusiveMinimum minItems maxItems ";

static bool no(struct openai_ask *a, const char *param, const char *why) {
  return llm_refuse(&a->llm, param, "%s", why);
}

static bool known_check(struct openai_ask *a, const cJSON *in, const char *prefix,
                        const char *known) {
  char place[128];
  if (in == NULL) {
    return true;
  }
  const char *unknown = llm_unknown(in, known);
  if (unknown == NULL) {
    return true;
  }
  snprintf(place, sizeof place, "%s%.80s", prefix, unknown);
  return llm_refuse(&a->llm, place, "Unknown parameter: '%s'.", place);
}

static bool sampling_check(struct openai_ask *a, const char *effort) {
  static const char *const names[] = {"temperature",       "top_p",      "presence_penalty",
                                      "frequency_penalty", "logit_bias", NULL};
  for (size_t i = 0; names[i]; i++) {
    const cJSON *v = llm_member(a->llm.in, names[i]);
    if (v == NULL) {
      continue;
    }
    if ((a->model->traits & OA_SAMPLING) == 0 && strcmp(effort, "none") != 0) {
      return llm_refuse(&a->llm, names[i],
                        "Unsupported parameter: '%s' is not supported with this model.", names[i]);
    }
    if (cJSON_IsNumber(v) && (v->valuedouble < -2 || v->valuedouble > 2)) {
      return llm_refuse(&a->llm, names[i], "Invalid '%s': decimal above maximum value.", names[i]);
    }
  }
  return true;
}

static bool effort_check(struct openai_ask *a, const cJSON *effort, const char *name) {
  if (effort == NULL) {
    return true;
  }
  if ((a->model->traits & OA_REASONS) == 0) {
    return llm_refuse(&a->llm, name,
                      "Unsupported parameter: '%s' is not supported with this model.", name);
  }
  static const char *const words[] = {"none", "minimal", "low", "medium", "high", "xhigh", NULL};
  for (size_t i = 0; words[i]; i++) {
    if (llm_is(effort, words[i])) {
      a->llm.thinks = i > 0;
      return true;
    }
  }
  return llm_refuse(&a->llm, name, "Invalid value for '%s'.", name);
}

static bool limit_check(struct openai_ask *a, const char *name, int64_t least) {
  const cJSON *v = llm_member(a->llm.in, name);
  if (v == NULL) {
    return true;
  }
  if (!cJSON_IsNumber(v) || v->valuedouble < (double)least) {
    return llm_refuse(&a->llm, name,
                      "Invalid '%s': integer below minimum value. Expected a value >= %lld.", name,
                      (long long)least);
  }
  if (v->valuedouble > (double)a->model->max_out) {
    return llm_refuse(&a->llm, name,
                      "%s is too large: %.0f. This model supports at most %lld completion tokens.",
                      name, v->valuedouble, (long long)a->model->max_out);
  }
  a->llm.max_tokens = (int64_t)v->valuedouble;
  return true;
}

static bool name_fine(const char *name) {
  const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return n > 0 && n <= 64 && name[n] == '\0';
}

/* format: of Responses; of Chat Completions its member json_schema. */
static bool schema_check(struct openai_ask *a, const cJSON *format, const char *place) {
  const cJSON *name = llm_member(format, "name");
  const cJSON *schema = llm_member(format, "schema");
  char why[400];
  if ((a->model->traits & OA_SCHEMA) == 0) {
    return llm_refuse(&a->llm, place,
                      "Invalid parameter: '%s' of type 'json_schema' is not supported with this "
                      "model.",
                      place);
  }
  if (!cJSON_IsString(name) || !name_fine(name->valuestring)) {
    return llm_refuse(&a->llm, place,
                      "Invalid '%s.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
                      place);
  }
  if (!cJSON_IsObject(schema)) {
    return llm_refuse(&a->llm, place, "Missing required parameter: '%s.schema'.", place);
  }
  if (cJSON_IsTrue(llm_member(format, "strict")) &&
      !llm_strict(schema, strict_keywords, true, why, sizeof why)) {
    return llm_refuse(&a->llm, place, "Invalid schema for response_format '%s': %s",
                      name->valuestring, why);
  }
  a->llm.schema = schema;
  return true;
}

static bool format_check(struct openai_ask *a, const cJSON *format, const char *place,
                         const char *key) {
  if (format == NULL || llm_is(llm_member(format, "type"), "text")) {
    return true;
  }
  if (llm_is(llm_member(format, "type"), "json_schema")) {
    return schema_check(a, key ? llm_member(format, key) : format, place);
  }
  if (!llm_is(llm_member(format, "type"), "json_object")) {
    return llm_refuse(&a->llm, place, "Invalid value for '%s.type'.", place);
  }
  a->llm.json = true;
  if (text_find(buf_text(&a->llm.prompt), "json") == NULL) {
    return llm_refuse(&a->llm, key ? "messages" : "input",
                      "'%s' must contain the word 'json' in some form, to use '%s' of type "
                      "'json_object'.",
                      key ? "messages" : "input", place);
  }
  return true;
}

static bool message_check(struct openai_ask *a, const cJSON *message, int at, const char *list) {
  static const char *const roles[] = {"system", "user", "assistant", "developer", "tool", NULL};
  const cJSON *role = llm_member(message, "role");
  const cJSON *content = llm_member(message, "content");
  char place[64];
  size_t known = 0;
  while (roles[known] && !llm_is(role, roles[known])) {
    known++;
  }
  snprintf(place, sizeof place, "%s[%d].role", list, at);
  if (roles[known] == NULL || ((a->model->traits & OA_OPEN) && known > 2)) {
    return llm_refuse(&a->llm, place,
                      "Invalid value: '%.40s'. Supported values are: 'system', 'assistant', "
                      "'user', and 'tool'.",
                      cJSON_IsString(role) ? role->valuestring : "");
  }
  if (!cJSON_IsString(content) && !cJSON_IsArray(content)) {
    snprintf(place, sizeof place, "%s.[%d].content", list, at);
    return llm_refuse(&a->llm, place, "Invalid value for 'content': expected a string, got null.");
  }
  llm_text_add(&a->llm.prompt, content);
  if (known == 1) {
    a->llm.last.n = 0;
    llm_text_add(&a->llm.last, content);
  }
  return true;
}

static bool messages_check(struct openai_ask *a, const cJSON *messages, const char *list) {
  const cJSON *message = NULL;
  int at = 0;
  if (!cJSON_IsArray(messages) || messages->child == NULL) {
    return llm_refuse(&a->llm, list,
                      "Invalid '%s': empty array. Expected an array with minimum length 1, but got "
                      "an empty array instead.",
                      list);
  }
  cJSON_ArrayForEach(message, messages) {
    if (!message_check(a, message, at++, list)) {
      return false;
    }
  }
  return true;
}

static bool context_check(struct openai_ask *a) {
  const int64_t tokens = llm_tokens(a->llm.prompt.n);
  if (tokens + a->llm.max_tokens <= a->model->context) {
    return true;
  }
  return llm_refuse(&a->llm, "messages",
                    "This model's maximum context length is %lld tokens. However, your messages "
                    "resulted in %lld tokens. Please reduce the length of the messages.",
                    (long long)a->model->context, (long long)tokens);
}

static bool user_check(struct openai_ask *a) {
  const cJSON *id = llm_member(a->llm.in, "safety_identifier");
  if (id && (!cJSON_IsString(id) || strlen(id->valuestring) > 64)) {
    return no(a, "safety_identifier",
              "Invalid 'safety_identifier': string too long. Expected a string with maximum length "
              "64.");
  }
  if (cJSON_IsTrue(llm_member(a->llm.in, "stream"))) {
    return no(a, "stream", "Unsupported value: 'stream' is not played by this simulator.");
  }
  return true;
}

bool openai_chat_check(struct openai_ask *a) {
  static const char known[] =
      " model messages metadata top_logprobs temperature top_p user safety_identifier "
      "prompt_cache_key prompt_cache_retention prompt_cache_options service_tier modalities "
      "verbosity reasoning_effort max_completion_tokens frequency_penalty presence_penalty "
      "web_search_options response_format audio store moderation stream stop logit_bias logprobs "
      "max_tokens n prediction seed stream_options tools tool_choice parallel_tool_calls "
      "function_call functions ";
  static const char known_open[] =
      " model messages temperature top_p user frequency_penalty presence_penalty response_format "
      "stream stop logit_bias logprobs max_tokens n seed stream_options tools tool_choice ";
  const bool open = (a->model->traits & OA_OPEN) != 0;
  const cJSON *effort = llm_member(a->llm.in, "reasoning_effort");
  if (!known_check(a, a->llm.in, "", open ? known_open : known) ||
      !messages_check(a, llm_member(a->llm.in, "messages"), "messages")) {
    return false;
  }
  if ((a->model->traits & OA_REASONS) && llm_member(a->llm.in, "max_tokens")) {
    return no(a, "max_tokens",
              "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
              "'max_completion_tokens' instead.");
  }
  if (llm_member(a->llm.in, "max_tokens") && llm_member(a->llm.in, "max_completion_tokens")) {
    return no(a, "max_tokens",
              "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not "
              "supported.");
  }
  return effort_check(a, effort, "reasoning_effort") && limit_check(a, "max_tokens", 1) &&
         limit_check(a, "max_completion_tokens", 1) &&
         sampling_check(a, cJSON_IsString(effort) ? effort->valuestring : "") &&
         format_check(a, llm_member(a->llm.in, "response_format"), "response_format",
                      "json_schema") &&
         user_check(a) && context_check(a);
}

static bool input_check(struct openai_ask *a) {
  const cJSON *input = llm_member(a->llm.in, "input");
  llm_text_add(&a->llm.prompt, llm_member(a->llm.in, "instructions"));
  if (cJSON_IsString(input)) {
    llm_text_add(&a->llm.prompt, input);
    llm_text_add(&a->llm.last, input);
    return true;
  }
  return messages_check(a, input, "input");
}

bool openai_responses_check(struct openai_ask *a) {
  static const char known[] =
      " background conversation context_management include input instructions max_output_tokens "
      "max_tool_calls metadata model parallel_tool_calls previous_response_id prompt "
      "prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier "
      "service_tier store stream stream_options temperature text tool_choice tools top_logprobs "
      "top_p truncation user ";
  const cJSON *text = llm_member(a->llm.in, "text");
  const cJSON *reasoning = llm_member(a->llm.in, "reasoning");
  const cJSON *effort = llm_member(reasoning, "effort");
  if ((a->model->traits & OA_RESPONSES) == 0) {
    return no(a, "model", "This model is not supported with the Responses API.");
  }
  return known_check(a, a->llm.in, "", known) &&
         known_check(a, text, "text.", " format verbosity ") &&
         known_check(a, reasoning, "reasoning.", " effort summary generate_summary mode ") &&
         input_check(a) && effort_check(a, effort, "reasoning.effort") &&
         limit_check(a, "max_output_tokens", 16) &&
         sampling_check(a, cJSON_IsString(effort) ? effort->valuestring : "") &&
         format_check(a, llm_member(text, "format"), "text.format", NULL) && user_check(a) &&
         context_check(a);
}
