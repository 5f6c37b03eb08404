#include "wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- reading ---- */

/* A code comes as a word, as a number, or as a number in a string; a number is a status. */
static void code_take(const cJSON *code, struct llm_fault *ret) {
  double number = 0;
  if (cJSON_IsString(code)) {
    llm_word_copy(ret->code, sizeof ret->code, code->valuestring);
    if (strspn(ret->code, "0123456789") == strlen(ret->code)) number = strtod(ret->code, NULL);
  } else if (cJSON_IsNumber(code)) {
    number = code->valuedouble;
  }
  if (number >= 300 && number < 600) {
    ret->status = (int32_t)number;
    ret->code[0] = '\0';
  }
}

/* Names of parameters only: anything else could be a quotation. */
static void param_take(const char *param, struct llm_fault *ret) {
  if (strncmp(param, "body.", 5) == 0) param += 5;
  for (const char *c = param; *c; c++)
    if (!isalnum((unsigned char)*c) && !strchr("_-.[]", *c)) return;
  llm_word_copy(ret->param, sizeof ret->param, param);
}

/* {"detail":[{"loc":["body","response_format"],"msg":"..."}]}, as validators of Python servers
 * write it: the place is the parameter. */
static void detail_take(const cJSON *detail, struct llm_fault *ret) {
  if (cJSON_IsString(detail)) {
    llm_word_copy(ret->message, sizeof ret->message, detail->valuestring);
    return;
  }
  const cJSON *first = cJSON_IsArray(detail) ? detail->child : NULL;
  struct llm_text place = {0};
  const cJSON *step;
  cJSON_ArrayForEach(step, llm_json_member(first, "loc")) {
    if (!cJSON_IsString(step)) continue;
    if (place.n) llm_text_put(&place, ".");
    llm_text_put(&place, step->valuestring);
  }
  if (place.n) param_take(place.p, ret);
  llm_text_clear(&place);
  llm_word_copy(ret->message, sizeof ret->message, llm_json_string(first, "msg"));
}

void openai_fault_take(const cJSON *error, struct llm_fault *ret) {
  if (cJSON_IsString(error)) {
    llm_word_copy(ret->message, sizeof ret->message, error->valuestring);
    return;
  }
  llm_word_copy(ret->type, sizeof ret->type, llm_json_string(error, "type"));
  llm_word_copy(ret->message, sizeof ret->message, llm_json_string(error, "message"));
  param_take(llm_json_string(error, "param"), ret);
  code_take(llm_json_member(error, "code"), ret);
  const cJSON *message = llm_json_member(error, "message");
  const cJSON *detail = cJSON_IsObject(message) ? llm_json_member(message, "detail")
                                                : llm_json_member(error, "detail");
  if (!ret->message[0] && detail) detail_take(detail, ret);
  /* Inside a success no status says it. */
  if (!ret->status && strcasecmp(ret->type, "invalid_request_error") == 0) ret->status = 400;
}

void openai_fault_read(struct trg_str body, struct llm_fault *ret) {
  *ret = (struct llm_fault){0};
  cJSON *root = llm_json_parse(body);
  const cJSON *top = cJSON_IsArray(root) ? root->child : root; /* some wrap it in an array */
  const cJSON *error = llm_json_member(top, "error");
  if (cJSON_IsObject(error) || cJSON_IsString(error))
    openai_fault_take(error, ret);
  else if (cJSON_IsObject(top))
    openai_fault_take(top, ret); /* the fields themselves at the top */
  cJSON_Delete(root);
}

/* ---- which part of the request ---- */

/* The request as a whole is too large: no part of it is at fault. */
static bool is_too_long(const struct llm_fault *f) {
  static const char *const words[] = {"context length",
                                      "context size",
                                      "context window",
                                      "context_length",
                                      "too long",
                                      "reduce the length",
                                      NULL};
  return strcmp(f->code, "context_length_exceeded") == 0 ||
         strcmp(f->type, "exceed_context_size_error") == 0 || llm_says_any(f->message, words);
}

static bool is_set(const char *text) {
  return text && *text;
}

static const char *limit_name(const struct openai_plan *plan) {
  if (plan->api == OPENAI_RESPONSES) return "max_output_tokens";
  return plan->limit == OPENAI_MAX_TOKENS ? "max_tokens" : "max_completion_tokens";
}

/* A limit that is only too high is no unknown parameter: without it the answer is not bounded. */
static bool is_limit_value(const char *message) {
  static const char *const words[] = {"too large", "at most", "less than",
                                      "exceed",    "maximum", NULL};
  return llm_says_any(message, words);
}

static unsigned names_in(const char *text, const struct openai_plan *plan, bool is_param) {
  static const char *const format[] = {"response_format",   "text.format", "json_schema",
                                       "json_object",       "json mode",   "schema",
                                       "structured output", "grammar",     NULL};
  unsigned names = 0;
  if (plan->mode != OPENAI_PROSE && llm_says_any(text, format)) names |= OPENAI_NAMES_FORMAT;
  if (is_set(plan->effort) && llm_says(text, "reasoning")) names |= OPENAI_NAMES_EFFORT;
  if (plan->limit != OPENAI_NO_LIMIT && llm_says(text, limit_name(plan)))
    names |= OPENAI_NAMES_LIMIT;
  if (is_set(plan->cache_key) && llm_says(text, "prompt_cache_key"))
    names |= OPENAI_NAMES_CACHE_KEY;
  if (is_set(plan->user_field)) {
    char quoted[32]; /* "user" is also a role */
    snprintf(quoted, sizeof quoted, "'%s'", plan->user_field);
    const bool is_plain_word = strcmp(plan->user_field, "user") == 0;
    if (is_param ? strcmp(text, plan->user_field) == 0
                 : llm_says(text, is_plain_word ? quoted : plan->user_field))
      names |= OPENAI_NAMES_USER;
  }
  return names;
}

/* Messages are not a stable interface, `param` is, where it is given. Both fail soft: a wording
 * that is not known leaves a plain refusal. */
unsigned openai_fault_names(const struct llm_fault *fault, const struct openai_plan *plan) {
  if (is_too_long(fault)) return 0;
  unsigned names = names_in(fault->param, plan, true);
  const bool elsewhere = strncmp(fault->param, "messages", 8) == 0 ||
                         strncmp(fault->param, "input", 5) == 0 ||
                         strcmp(fault->param, "model") == 0;
  if (!names && !elsewhere) names = names_in(fault->message, plan, false);
  if (is_limit_value(fault->message)) names &= ~OPENAI_NAMES_LIMIT;
  return names;
}

/* ---- meaning ---- */

#define QUOTA_WORDS   "a spending limit or an empty balance: see the vendor's console"
#define REFUSED_WORDS "the prompt or the answer was refused by a content filter"
#define LONG_WORDS    "the prompt and the answer do not fit into the model's context"

/* By code or type, which are the interface; by status for what edges and other servers answer. */
static const struct llm_meaning meanings[] = {
    {"insufficient_quota", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"billing_hard_limit_reached", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"billing_not_active", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"insufficient_balance", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"insufficient_credits", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"exceeded_current_quota_error", 0, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {"content_filter", 0, TRG_REJECTED, TRG_CODE_REFUSAL, REFUSED_WORDS},
    {"content_policy_violation", 0, TRG_REJECTED, TRG_CODE_REFUSAL, REFUSED_WORDS},
    {"invalid_prompt", 0, TRG_REJECTED, TRG_CODE_REFUSAL, REFUSED_WORDS},
    {"context_length_exceeded", 0, TRG_REJECTED, TRG_CODE_PERMANENT, LONG_WORDS},
    {"exceed_context_size_error", 0, TRG_REJECTED, TRG_CODE_PERMANENT, LONG_WORDS},
    {"invalid_api_key", 401, TRG_REJECTED, TRG_CODE_AUTH, "the key was refused: check it"},
    {"authentication_error", 401, TRG_REJECTED, TRG_CODE_AUTH, "the key was refused: check it"},
    {"model_not_found", 404, TRG_REJECTED, TRG_CODE_ENDPOINT,
     "no such model or path: check model and url"},
    {"DeploymentNotFound", 404, TRG_REJECTED, TRG_CODE_ENDPOINT,
     "no such deployment: check url and deployment"},
    {"rate_limit_exceeded", 429, TRG_RETRY, TRG_CODE_RATE, "told to wait"},
    {"rate_limit_error", 429, TRG_RETRY, TRG_CODE_RATE, "told to wait"},
    {"unavailable_error", 503, TRG_RETRY, TRG_CODE_TRANSIENT,
     "the server is busy, or still loading the model"},
    {"server_error", 500, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"},
    {NULL, 402, TRG_REJECTED, TRG_CODE_QUOTA, QUOTA_WORDS},
    {NULL, 403, TRG_REJECTED, TRG_CODE_PERMISSION,
     "the key may not do this: check its project and the model"},
    {NULL, 405, TRG_REJECTED, TRG_CODE_ENDPOINT, "no such path: check url and api"},
    {NULL, 408, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
    {NULL, 409, TRG_RETRY, TRG_CODE_TRANSIENT, "the API saw a conflict"},
    {NULL, 410, TRG_REJECTED, TRG_CODE_ENDPOINT, "gone: check model and url"},
    {NULL, 413, TRG_REJECTED, TRG_CODE_PERMANENT, "the request is too large"},
    {NULL, 425, TRG_RETRY, TRG_CODE_TRANSIENT, "the API is not ready"},
    {NULL, 501, TRG_REJECTED, TRG_CODE_PERMANENT, "the server does not know a part of the request"},
    {NULL, 504, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
};

static struct llm_meaning meaning_of(int32_t status, const struct llm_fault *f) {
  const size_t count = sizeof meanings / sizeof *meanings;
  const struct llm_meaning by_code = llm_meaning_of(meanings, count, 0, f->code);
  return llm_meaning_of(meanings, count, status, f->code[0] && by_code.word ? f->code : f->type);
}

/* Where the code is missing, and only for statuses under which these words are not about text of
 * the request. */
static void message_obey(int32_t status, const struct llm_fault *f, struct llm_meaning *m) {
  static const char *const money[] = {"insufficient balance", "insufficient credit",
                                      "credit balance",       "billing hard limit",
                                      "spending limit",       NULL};
  if ((status == 402 || status == 403 || status == 429) && llm_says_any(f->message, money))
    *m = meaning_of(status, &(struct llm_fault){.code = "insufficient_quota"});
  if (status == 403 && llm_says(f->message, "flagged"))
    *m = meaning_of(status, &(struct llm_fault){.code = "content_filter"});
  /* One request above the whole minute's budget never fits, however long it waits. */
  if (status == 429 && llm_says(f->message, "request too large"))
    *m = (struct llm_meaning){NULL, status, TRG_REJECTED, TRG_CODE_PERMANENT,
                              "the request is larger than the rate limit lets through at once"};
}

void openai_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                        int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room) {
  const int32_t status = llm_fault_status(reply, fault);
  struct llm_meaning m = meaning_of(status, fault);
  message_obey(status, fault, &m);
  const int64_t wait_ms = openai_retry_after(reply, fault->message, now_ms);
  const bool code_says = fault->code[0] && m.word; /* not merely the status */
  if (status == 402 && !code_says && llm_header(reply, "retry-after").n && wait_ms > 0)
    m = (struct llm_meaning){NULL, status, TRG_RETRY, TRG_CODE_RATE, "told to wait for credit"};
  const struct trg_str ours = llm_header(reply, "x-request-id");
  llm_fault_end(reply, fault, &m, wait_ms, ours.n ? ours : llm_header(reply, "apim-request-id"),
                ret, why_text, why_room);
}
