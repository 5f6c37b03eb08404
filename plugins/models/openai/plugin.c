/*
 * The model backend for OpenAI, for Azure, and for the many servers that speak OpenAI's Chat
 * Completions: vLLM, llama.cpp, Ollama, Mistral, Groq, DeepSeek, OpenRouter, Together and others.
 * One complete() is one answered call. A refusal that names an optional part of the request is not
 * an answer: the call is sent once more without it, and the instance remembers. An answer that is
 * no JSON where a schema was asked for is asked for once more.
 */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member)        offsetof(struct openai_conf, member)
#define OUTPUT_MAX_TOKENS 64000

static const struct trg_field fields[] = {
    {.name = "model", .flags = TRG_REQUIRED, .offset = AT(model), .help = "the server's model id"},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://api.openai.com/v1",
     .offset = AT(url),
     .help = "base, with or without /v1, or the whole path; for Azure the resource"},
    LLM_AUTH_FIELDS(struct openai_conf,
                    "header for the key; default authorization, for Azure api-key"),
    {.name = "api",
     .type = TRG_CHOICE,
     .default_text = "chat",
     .words = "chat responses",
     .offset = AT(api),
     .help = "Chat Completions, which all servers know, or Responses"},
    {.name = "deployment",
     .offset = AT(deployment),
     .help = "Azure's older paths: the deployment, with api_version beside it"},
    {.name = "api_version",
     .offset = AT(api_version),
     .help = "Azure's api-version, sent in the URL when set"},
    {.name = "max_tokens_field",
     .type = TRG_CHOICE,
     .default_text = "auto",
     .words = "auto max_tokens max_completion_tokens",
     .offset = AT(max_tokens_field),
     .help = "how the limit of an answer is called in Chat Completions; auto learns it"},
    {.name = "max_output_tokens",
     .type = TRG_INT,
     .default_text = "16000",
     .min = 1,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(max_output_tokens),
     .help = "ceiling of an answer's limit for any call"},
    {.name = "reasoning_tokens",
     .type = TRG_INT,
     .default_text = "2048",
     .min = 0,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(reasoning_tokens),
     .help = "added to a call's limit, because reasoning counts against it; 0 for models without "
             "reasoning in a small context"},
    {.name = "structured",
     .type = TRG_CHOICE,
     .default_text = "auto",
     .words = "auto json_schema json_object prompt",
     .offset = AT(structured),
     .help = "how a schema is enforced; auto starts with json_schema and goes down when refused"},
    {.name = "effort",
     .type = TRG_CHOICE,
     .words = "none minimal low medium high xhigh max",
     .offset = AT(effort),
     .help = "reasoning effort; the model's own default when absent"},
    {.name = "user_id",
     .type = TRG_CHOICE,
     .default_text = "off",
     .words = "off safety_identifier user",
     .offset = AT(user_id),
     .help = "send a keyed hash of the requester under this name, for abuse tracing"},
    {.name = "cache_key",
     .offset = AT(cache_key),
     .help = "prompt_cache_key, to keep calls of one kind on one cache; not sent when absent"},
    LLM_BATCH_FIELDS(struct openai_conf),
    {.name = NULL},
};

static bool is_set(const char *text) {
  return text && *text;
}

static bool is_word(const char *text, const char *word) {
  return text && strcmp(text, word) == 0;
}

static bool is_made_of(const char *text, const char *more) {
  for (; *text; text++)
    if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
          (*text >= '0' && *text <= '9') || strchr(more, *text)))
      return false;
  return true;
}

static int azure_check(const struct openai_conf *c, struct trg_err *err) {
  if (is_set(c->api_version) && !is_made_of(c->api_version, "-._"))
    return llm_refuse(err, "api_version: letters, digits, - and . only, as 2024-10-21");
  if (!is_set(c->deployment)) return 0;
  if (!is_made_of(c->deployment, "-._"))
    return llm_refuse(err, "deployment: letters, digits, -, . and _ only");
  if (!is_set(c->api_version))
    return llm_refuse(err, "deployment: these paths need api_version beside it, as 2024-10-21");
  if (is_word(c->api, "responses"))
    return llm_refuse(err, "deployment: api: responses has no such path; leave deployment out");
  if (strstr(c->url, "/v1"))
    return llm_refuse(err, "deployment: url must be the resource alone, without /v1");
  return 0;
}

static int auth_open(struct openai_inst *self, struct trg_err *err) {
  const struct openai_conf *c = self->conf;
  const bool azure = openai_url_is_azure(c->url);
  const char *needed = azure || openai_url_is_openai(c->url)
                           ? "key: missing; this API needs one, as ${env:NAME} or ${file:PATH}"
                           : NULL;
  return llm_auth_open(&self->llm.auth, &c->auth, azure ? "api-key" : "authorization", NULL, needed,
                       err);
}

/* OpenAI's reasoning models refuse max_tokens; most other servers know nothing else. */
static enum openai_limit limit_of(const struct openai_conf *c) {
  if (is_word(c->max_tokens_field, "max_tokens")) return OPENAI_MAX_TOKENS;
  if (is_word(c->max_tokens_field, "max_completion_tokens")) return OPENAI_MAX_COMPLETION_TOKENS;
  return openai_url_is_openai(c->url) || openai_url_is_azure(c->url) ? OPENAI_MAX_COMPLETION_TOKENS
                                                                     : OPENAI_MAX_TOKENS;
}

static enum openai_mode mode_of(const char *structured) {
  return is_word(structured, "json_object") ? OPENAI_OBJECT
         : is_word(structured, "prompt")    ? OPENAI_PROSE
                                            : OPENAI_SCHEMA;
}

static struct openai_plan plan_of(const struct openai_conf *c) {
  return (struct openai_plan){
      .model = c->model,
      .effort = c->effort,
      .user_field = is_word(c->user_id, "off") ? NULL : c->user_id,
      .cache_key = c->cache_key,
      .api = is_word(c->api, "responses") ? OPENAI_RESPONSES : OPENAI_CHAT,
      .mode = mode_of(c->structured),
      .limit = limit_of(c),
      /* OpenAI shows the schema to the model itself; others only hold the output to it. */
      .schema_in_prompt = !openai_url_is_openai(c->url) && !openai_url_is_azure(c->url),
      .max_output_tokens = c->max_output_tokens,
      .reasoning_tokens = c->reasoning_tokens,
  };
}

static int open_instance(const struct trg_host *host, trg_inst *name, const void *conf,
                         void **ret_self, struct trg_err *err) {
  const struct openai_conf *c = conf;
  if (!is_set(c->model)) return llm_refuse(err, "model: empty");
  if (azure_check(c, err) != 0) return -1;
  struct openai_inst *self = llm_inst_new(sizeof *self, host, name, &openai_vendor, c->model);
  self->conf = c;
  self->full = plan_of(c);
  self->llm.batch_window_ms = c->batch_window_ms;
  self->llm.batch_poll_ms = c->batch_poll_ms;
  self->llm.first_mode = self->full.mode;
  self->llm.mode_pinned = is_set(c->structured) && !is_word(c->structured, "auto");
  self->limit_pinned = is_set(c->max_tokens_field) && !is_word(c->max_tokens_field, "auto");
  openai_url_build(c->url, self->full.api, c->deployment, c->api_version, &self->llm.url);
  if (auth_open(self, err) != 0) {
    llm_inst_close(self);
    return -1;
  }
  *ret_self = self;
  return 0;
}

static const struct trg_model_ops ops = {
    .size = sizeof ops,
    .caps = TRG_MODEL_SCHEMA | TRG_MODEL_CACHE | TRG_MODEL_NO_INPUT | TRG_MODEL_BATCH,
    .complete = llm_complete,
    .estimate = llm_estimate,
};

TRG_EXPORT const struct trg_plugin triaged_plugin_openai = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_openai,
    .kind = TRG_MODEL,
    .name = "openai",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "OpenAI, Azure, and every server that speaks OpenAI's Chat Completions",
    .fields = fields,
    .conf_size = sizeof(struct openai_conf),
    .open = open_instance,
    .close = llm_inst_close,
    .ops = &ops,
};
