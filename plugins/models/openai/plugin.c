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
#include <strings.h>

#define AT(member)        offsetof(struct openai_conf, member)
#define OUTPUT_MAX_TOKENS 64000

static const struct trg_field fields[] = {
    {.name = "model", .flags = TRG_REQUIRED, .offset = AT(model), .help = "the server's model id"},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://api.openai.com/v1",
     .offset = AT(url),
     .help = "base, with or without /v1, or the whole path; for Azure the resource"},
    {.name = "key",
     .flags = TRG_SECRET,
     .offset = AT(key),
     .help = "API key; a server of your own may need none"},
    {.name = "api",
     .type = TRG_CHOICE,
     .default_text = "chat",
     .words = "chat responses",
     .offset = AT(api),
     .help = "Chat Completions, which all servers know, or Responses"},
    {.name = "auth.header",
     .offset = AT(auth_header),
     .help = "header for the key; default authorization, for Azure api-key"},
    {.name = "auth.value",
     .offset = AT(auth_value),
     .help = "what that header holds, with {key} for the key; default Bearer {key} in "
             "authorization, {key} in others"},
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
    {.name = NULL},
};

static bool is_set(const char *text) {
  return text && *text;
}

static bool is_word(const char *text, const char *word) {
  return text && strcmp(text, word) == 0;
}

static int refuse(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

/* Printable ASCII without blanks: what a header value must be to arrive as it was written. */
static bool is_plain(const char *text) {
  for (; *text; text++)
    if (*text <= 0x20 || *text >= 0x7F) return false;
  return true;
}

static bool is_made_of(const char *text, const char *more) {
  for (; *text; text++)
    if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
          (*text >= '0' && *text <= '9') || strchr(more, *text)))
      return false;
  return true;
}

static int auth_check(const struct openai_conf *c, struct trg_err *err) {
  if (is_set(c->auth_header) && !is_made_of(c->auth_header, "-_"))
    return refuse(err, "auth.header: not a header name (letters, digits, - and _)");
  if ((is_set(c->auth_header) || is_set(c->auth_value)) && !is_set(c->key))
    return refuse(err, "auth: needs a key beside it");
  if (is_set(c->auth_value) && (!strstr(c->auth_value, "{key}") || strpbrk(c->auth_value, "\r\n")))
    return refuse(err, "auth.value: must hold {key}, where the key goes, and no line break");
  return 0;
}

static int azure_check(const struct openai_conf *c, struct trg_err *err) {
  if (is_set(c->api_version) && !is_made_of(c->api_version, "-._"))
    return refuse(err, "api_version: letters, digits, - and . only, as 2024-10-21");
  if (!is_set(c->deployment)) return 0;
  if (!is_made_of(c->deployment, "-._"))
    return refuse(err, "deployment: letters, digits, -, . and _ only");
  if (!is_set(c->api_version))
    return refuse(err, "deployment: these paths need api_version beside it, as 2024-10-21");
  if (is_word(c->api, "responses"))
    return refuse(err, "deployment: api: responses has no such path; leave deployment out");
  if (strstr(c->url, "/v1"))
    return refuse(err, "deployment: url must be the resource alone, without /v1");
  return 0;
}

static int conf_check(const struct openai_conf *c, struct trg_err *err) {
  if (!is_set(c->model)) return refuse(err, "model: empty");
  if (is_set(c->key) && !is_plain(c->key))
    return refuse(err, "key: holds a blank, a line break or a byte beyond ASCII");
  if (!is_set(c->key) && (openai_url_is_openai(c->url) || openai_url_is_azure(c->url)))
    return refuse(err, "key: missing; this API needs one, as ${env:NAME} or ${file:PATH}");
  return auth_check(c, err) != 0 ? -1 : azure_check(c, err);
}

static void auth_set(struct openai_inst *self) {
  const struct openai_conf *c = self->conf;
  if (!is_set(c->key)) return;
  const char *name = openai_url_is_azure(c->url) ? "api-key" : "authorization";
  if (is_set(c->auth_header)) name = c->auth_header;
  const char *value = strcasecmp(name, "authorization") == 0 ? "Bearer {key}" : "{key}";
  if (is_set(c->auth_value)) value = c->auth_value;
  openai_text_put(&self->auth_name, name);
  const char *at = strstr(value, "{key}");
  openai_text_add(&self->auth_value, value, (size_t)(at - value));
  openai_text_put(&self->auth_value, c->key);
  openai_text_put(&self->auth_value, at + 5);
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
  if (conf_check(c, err) != 0) return -1;
  struct openai_inst *self = calloc(1, sizeof *self);
  if (!self) abort();
  self->host = host;
  self->name = name;
  self->conf = c;
  self->full = plan_of(c);
  self->mode_pinned = is_set(c->structured) && !is_word(c->structured, "auto");
  self->limit_pinned = is_set(c->max_tokens_field) && !is_word(c->max_tokens_field, "auto");
  openai_url_build(c->url, self->full.api, c->deployment, c->api_version, &self->url);
  auth_set(self);
  *ret_self = self;
  return 0;
}

static void close_instance(void *me) {
  struct openai_inst *self = me;
  if (self->auth_value.p) explicit_bzero(self->auth_value.p, self->auth_value.room);
  openai_text_clear(&self->auth_value);
  openai_text_clear(&self->auth_name);
  openai_text_clear(&self->url);
  free(self);
}

static const struct trg_model_ops ops = {
    .size = sizeof ops,
    .caps = TRG_MODEL_SCHEMA | TRG_MODEL_CACHE,
    .complete = openai_complete,
    .estimate = openai_estimate_op,
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
    .close = close_instance,
    .ops = &ops,
};
