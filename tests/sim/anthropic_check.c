/* The 400s of the Messages API. A mock that accepts anything teaches nothing: what the vendor
 * refuses, this does. */
#include "anthropic.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ask_fail(struct ask *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(a->why, sizeof a->why, format, args);
  va_end(args);
  return false;
}

static const cJSON *member(const cJSON *in, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, key);
  return cJSON_IsNull(v) ? NULL : v;
}

static bool known_check(struct ask *a, const cJSON *in, const char *where, const char *known) {
  const cJSON *item = NULL;
  if (in && !cJSON_IsObject(in)) {
    return ask_fail(a, "%sInput should be a valid dictionary", where);
  }
  cJSON_ArrayForEach(item, in) {
    char word[96];
    snprintf(word, sizeof word, " %.90s ", item->string);
    if (strstr(known, word) == NULL) {
      return ask_fail(a, "%s%s: Extra inputs are not permitted", where, item->string);
    }
  }
  return true;
}

/* default_from: newer models take values from here on, which mean "default", and no other. */
static bool sampling_one(struct ask *a, const char *key, double most, double default_from) {
  const cJSON *v = member(a->in, key);
  if (v == NULL) {
    return true;
  }
  if (!cJSON_IsNumber(v) || v->valuedouble < 0 || v->valuedouble > most) {
    return ask_fail(a, "%s: Input should be a number from 0 to %g", key, most);
  }
  if (a->new_version) {
    return ask_fail(a, "%s: sampling parameters are not supported on this API version", key);
  }
  if ((a->model->traits & MODEL_NO_SAMPLING) && v->valuedouble < default_from) {
    return ask_fail(a, "`%s` is deprecated for this model.", key);
  }
  return true;
}

static bool sampling_check(struct ask *a) {
  if (!sampling_one(a, "temperature", 1, 1) || !sampling_one(a, "top_p", 1, 0.99) ||
      !sampling_one(a, "top_k", 1e6, 1e9)) {
    return false;
  }
  if (member(a->in, "temperature") && member(a->in, "top_p") &&
      !(a->model->traits & MODEL_NO_SAMPLING)) {
    return ask_fail(
        a,
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.");
  }
  return true;
}

static bool max_tokens_check(struct ask *a) {
  const cJSON *v = member(a->in, "max_tokens");
  const cJSON *choice = member(member(a->in, "tool_choice"), "type");
  if (a->counting) {
    return true;
  }
  if (v == NULL) {
    return ask_fail(a, "max_tokens: Field required");
  }
  if (!cJSON_IsNumber(v) || v->valuedouble < 0 ||
      v->valuedouble != (double)(int64_t)v->valuedouble) {
    return ask_fail(a, "max_tokens: Input should be a valid integer greater than or equal to 1");
  }
  if (v->valuedouble == 0 &&
      (cJSON_IsTrue(member(a->in, "stream")) || a->format ||
       (cJSON_IsString(choice) && strcmp(choice->valuestring, "auto") != 0))) {
    return ask_fail(
        a,
        "max_tokens: 0 only warms the cache and cannot be combined with stream, format or tools");
  }
  if (v->valuedouble > (double)a->model->max_out) {
    return ask_fail(
        a, "max_tokens: %.0f > %lld, which is the maximum allowed number of output tokens for %s",
        v->valuedouble, (long long)a->model->max_out, a->model->id);
  }
  return true;
}

static bool tool_name_valid(const char *name) {
  size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return n > 0 && n <= 128 && name[n] == '\0';
}

static bool tool_check(struct ask *a, const cJSON *tool, int at, struct schema_totals *totals) {
  const cJSON *name = member(tool, "name");
  const cJSON *type = member(tool, "type");
  const cJSON *schema = member(tool, "input_schema");
  char where[64];
  snprintf(where, sizeof where, "tools.%d.", at);
  if (cJSON_IsString(type) && strcmp(type->valuestring, "custom") != 0) {
    return true; /* the vendor's own tools: not played here */
  }
  if (!known_check(a, tool, where,
                   " type name description input_schema cache_control strict eager_input_streaming "
                   "allowed_callers "
                   "defer_loading input_examples ")) {
    return false;
  }
  if (!cJSON_IsString(name) || !tool_name_valid(name->valuestring)) {
    return ask_fail(a, "tools.%d.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
                    at);
  }
  if (!cJSON_IsObject(schema)) {
    return ask_fail(a, "tools.%d.custom.input_schema: Field required", at);
  }
  const cJSON *kind = member(schema, "type");
  if (!cJSON_IsString(kind) || strcmp(kind->valuestring, "object") != 0) {
    return ask_fail(a, "tools.%d.custom.input_schema.type: Input should be 'object'", at);
  }
  if (cJSON_IsTrue(member(tool, "strict"))) {
    snprintf(where, sizeof where, "tools.%d.custom.input_schema", at);
    if (++totals->strict_tools > 20) {
      return ask_fail(a, "tools: at most 20 strict tools are allowed");
    }
    return schema_check(a, schema, where, totals);
  }
  return true;
}

static bool tools_check(struct ask *a, struct schema_totals *totals) {
  const cJSON *tools = member(a->in, "tools");
  const cJSON *tool = NULL;
  int at = 0;
  if (tools && !cJSON_IsArray(tools)) {
    return ask_fail(a, "tools: Input should be a valid list");
  }
  cJSON_ArrayForEach(tool, tools) {
    if (!tool_check(a, tool, at, totals)) {
      return false;
    }
    const cJSON *name = member(tool, "name");
    for (const cJSON *other = tools->child; other != tool; other = other->next) {
      const cJSON *taken = member(other, "name");
      if (cJSON_IsString(name) && cJSON_IsString(taken) &&
          strcmp(name->valuestring, taken->valuestring) == 0) {
        return ask_fail(a, "tools: Tool names must be unique.");
      }
    }
    at++;
  }
  return true;
}

static bool forced_check(struct ask *a, const char *kind) {
  const cJSON *thinking = member(member(a->in, "thinking"), "type");
  if (a->model->traits & MODEL_NO_FORCED_TOOLS) {
    return ask_fail(
        a, "tool_choice: type '%s' is not supported by this model; use 'auto' or 'none'", kind);
  }
  if (cJSON_IsString(thinking) && strcmp(thinking->valuestring, "disabled") != 0) {
    return ask_fail(a, "Thinking may not be enabled when tool_choice forces tool use.");
  }
  return true;
}

static bool named_check(struct ask *a, const cJSON *wanted) {
  const cJSON *tool = NULL;
  if (!cJSON_IsString(wanted)) {
    return ask_fail(a, "tool_choice.tool.name: Field required");
  }
  cJSON_ArrayForEach(tool, member(a->in, "tools")) {
    const cJSON *name = member(tool, "name");
    if (cJSON_IsString(name) && strcmp(name->valuestring, wanted->valuestring) == 0) {
      return true;
    }
  }
  return ask_fail(a, "Tool '%s' not found in provided tools", wanted->valuestring);
}

static bool word_check(struct ask *a, const cJSON *v, const char *key, const char *words);

static bool tool_choice_check(struct ask *a) {
  const cJSON *choice = member(a->in, "tool_choice");
  const cJSON *type = member(choice, "type");
  if (choice == NULL) {
    return true;
  }
  if (type == NULL || !word_check(a, type, "tool_choice.type", " auto any tool none ")) {
    return *a->why ? false : ask_fail(a, "tool_choice.type: Field required");
  }
  const char *kind = type->valuestring;
  if (!known_check(a, choice, "tool_choice.", " type disable_parallel_tool_use name ")) {
    return false;
  }
  if (cJSON_GetArraySize(member(a->in, "tools")) == 0 && strcmp(kind, "none") != 0) {
    return ask_fail(a, "tool_choice: tools must be provided when tool_choice is set");
  }
  bool named = strcmp(kind, "tool") == 0;
  if ((named || strcmp(kind, "any") == 0) && !forced_check(a, kind)) {
    return false;
  }
  return !named || named_check(a, member(choice, "name"));
}

static bool word_check(struct ask *a, const cJSON *v, const char *key, const char *words) {
  char word[48];
  if (v == NULL) {
    return true;
  }
  snprintf(word, sizeof word, " %.40s ", cJSON_IsString(v) ? v->valuestring : "?");
  return strstr(words, word) ? true : ask_fail(a, "%s: Input should be one of%s", key, words);
}

static bool output_check(struct ask *a, struct schema_totals *totals) {
  const cJSON *config = member(a->in, "output_config");
  const cJSON *format = member(config, "format");
  if (config && !cJSON_IsObject(config)) {
    return ask_fail(a, "output_config: Input should be an object");
  }
  if (!known_check(a, config, "output_config.", " effort format ") ||
      !word_check(a, member(config, "effort"), "output_config.effort",
                  " low medium high xhigh max ")) {
    return false;
  }
  if (format == NULL) {
    return true;
  }
  if (!cJSON_IsObject(format) ||
      !known_check(a, format, "output_config.format.", " type schema ")) {
    return *a->why ? false : ask_fail(a, "output_config.format: Input should be an object");
  }
  if (!word_check(a, member(format, "type"), "output_config.format.type", " json_schema ") ||
      member(format, "type") == NULL) {
    return *a->why ? false : ask_fail(a, "output_config.format.type: Field required");
  }
  const cJSON *schema = member(format, "schema");
  if (!cJSON_IsObject(schema)) {
    return ask_fail(a, "output_config.format.schema: Field required");
  }
  a->format = schema;
  return schema_check(a, schema, "output_config.format.schema", totals);
}

static bool thinking_check(struct ask *a) {
  const cJSON *thinking = member(a->in, "thinking");
  const cJSON *budget = member(thinking, "budget_tokens");
  const cJSON *type = member(thinking, "type");
  const cJSON *max = member(a->in, "max_tokens");
  if (thinking == NULL) {
    return true;
  }
  if (!word_check(a, type, "thinking.type", " enabled disabled adaptive between_tools ") ||
      type == NULL) {
    return *a->why ? false : ask_fail(a, "thinking.type: Field required");
  }
  if (!known_check(a, thinking, "thinking.", " type budget_tokens display ")) {
    return false;
  }
  if (strcmp(type->valuestring, "enabled") != 0) {
    return budget ? ask_fail(a, "thinking.%s.budget_tokens: Extra inputs are not permitted",
                             type->valuestring)
                  : true;
  }
  if (!cJSON_IsNumber(budget) || budget->valuedouble < 1024) {
    return ask_fail(
        a, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  }
  if (cJSON_IsNumber(max) && budget->valuedouble >= max->valuedouble) {
    return ask_fail(a, "max_tokens must be greater than thinking.budget_tokens");
  }
  return true;
}

static bool small_check(struct ask *a) {
  const cJSON *metadata = member(a->in, "metadata");
  const cJSON *user = member(metadata, "user_id");
  const cJSON *stops = member(a->in, "stop_sequences");
  const cJSON *stream = member(a->in, "stream");
  const cJSON *stop = NULL;
  if (!known_check(a, metadata, "metadata.", " user_id ")) {
    return false;
  }
  if (user && (!cJSON_IsString(user) || strlen(user->valuestring) > 512)) {
    return ask_fail(a, "metadata.user_id: String should have at most 512 characters");
  }
  if (stops && !cJSON_IsArray(stops)) {
    return ask_fail(a, "stop_sequences: Input should be a valid list");
  }
  cJSON_ArrayForEach(stop, stops) {
    if (!cJSON_IsString(stop) || stop->valuestring[strspn(stop->valuestring, " \t\n")] == '\0') {
      return ask_fail(a, "stop_sequences: each stop sequence must contain non-whitespace");
    }
  }
  if (stream && !cJSON_IsBool(stream)) {
    return ask_fail(a, "stream: Input should be a valid boolean");
  }
  return word_check(a, member(a->in, "service_tier"), "service_tier", " auto standard_only ");
}

bool ask_check(struct ask *a) {
  static const char for_messages[] = " model messages max_tokens cache_control container "
                                     "inference_geo metadata output_config service_tier "
                                     "stop_sequences stream system temperature thinking "
                                     "tool_choice tools top_k top_p diagnostics speed ";
  static const char for_count[] =
      " model messages cache_control output_config system thinking tool_choice tools ";
  struct schema_totals totals = {0};
  const cJSON *model = member(a->in, "model");
  const char *betas = exchange_header(a->x, "anthropic-beta");
  if (!cJSON_IsObject(a->in)) {
    return ask_fail(a, "Input should be an object");
  }
  if (betas == NULL && !known_check(a, a->in, "", a->counting ? for_count : for_messages)) {
    return false;
  }
  if (!cJSON_IsString(model) || *model->valuestring == '\0') {
    return ask_fail(a, "model: Field required");
  }
  a->model = model_find(model->valuestring);
  if (a->model == NULL) {
    return true; /* a 404, said by the caller */
  }
  return output_check(a, &totals) && max_tokens_check(a) && sampling_check(a) &&
         tools_check(a, &totals) && tool_choice_check(a) && thinking_check(a) && small_check(a) &&
         messages_check(a);
}
