/*
 * The model backend for Gemini's generateContent, at Google's own address or behind a gateway.
 */
#include "../common/call.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf {
  char *model, *url;
  struct llm_auth_conf auth;
  char *structured, *thinking_level;
  int64_t thinking_budget, max_output_tokens, reasoning_tokens;
};

struct inst {
  struct llm_inst llm; /* first: what the common functions see */
  const struct conf *conf;
};

#define AT(member) offsetof(struct conf, member)
/* Far above what every model gives. */
#define OUTPUT_MAX_TOKENS 65536

static const struct trg_field fields[] = {
    {.name = "model", .flags = TRG_REQUIRED, .offset = AT(model), .help = "the vendor's model id"},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://generativelanguage.googleapis.com",
     .offset = AT(url),
     .help = "base, with or without /v1beta, or the whole path"},
    LLM_AUTH_FIELDS(struct conf, "header for the key; default x-goog-api-key, for a token "
                                 "authorization"),
    {.name = "structured",
     .type = TRG_CHOICE,
     .default_text = "auto",
     .words = "auto json_schema json_object prompt",
     .offset = AT(structured),
     .help = "how a schema is enforced; auto starts with json_schema and goes down when refused"},
    {.name = "thinking_level",
     .type = TRG_CHOICE,
     .words = "minimal low medium high",
     .offset = AT(thinking_level),
     .help = "thinkingLevel, for models from 3 on; the model's default when absent"},
    {.name = "thinking_budget",
     .type = TRG_INT,
     .default_text = "-1",
     .min = -1,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(thinking_budget),
     .help = "thinkingBudget in tokens, for models before 3 (0: none); -1 does not send it"},
    {.name = "max_output_tokens",
     .type = TRG_INT,
     .default_text = "16000",
     .min = 1,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(max_output_tokens),
     .help = "ceiling of maxOutputTokens for any call"},
    {.name = "reasoning_tokens",
     .type = TRG_INT,
     .default_text = "2048",
     .min = 0,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(reasoning_tokens),
     .help = "added to a call's limit, because thoughts count against it"},
    {.name = NULL},
};

static struct gemini_plan plan_of(const struct llm_inst *inst, const struct llm_ask *ask) {
  const struct conf *c = ((const struct inst *)(const void *)inst)->conf;
  const bool thinking_off = (ask->off & GEMINI_NAMES_THINKING) != 0;
  return (struct gemini_plan){
      .thinking_level = thinking_off ? NULL : c->thinking_level,
      .thinking_budget = thinking_off ? -1 : c->thinking_budget,
      .limit_off = (ask->off & GEMINI_NAMES_LIMIT) != 0,
      .mode = (enum gemini_mode)ask->mode,
      .kept = ask->kept,
      .max_output_tokens = c->max_output_tokens,
      .reasoning_tokens = c->reasoning_tokens,
  };
}

static int build(const struct llm_inst *inst, const struct llm_ask *ask, struct llm_text *ret,
                 struct trg_err *err) {
  const struct gemini_plan plan = plan_of(inst, ask);
  return gemini_request_build(&plan, ask->request, ask->broken, ret, err);
}

static void estimate(const struct llm_inst *inst, const struct llm_ask *ask,
                     struct trg_usage *ret) {
  const struct gemini_plan plan = plan_of(inst, ask);
  gemini_estimate(&plan, ask->request, ret);
}

static void fault_read(const struct trg_http_reply *reply, struct llm_fault *ret) {
  gemini_fault_read(reply->body, ret);
}

static unsigned fault_names(const struct llm_inst *inst, const struct llm_fault *fault,
                            const struct llm_ask *ask) {
  const struct gemini_plan plan = plan_of(inst, ask);
  const bool thinks = (plan.thinking_level && *plan.thinking_level) || plan.thinking_budget >= 0;
  const unsigned names = gemini_fault_names(fault, &plan);
  return thinks ? names : names & ~GEMINI_NAMES_THINKING;
}

static const struct llm_vendor vendor = {
    .modes = {"responseJsonSchema", "responseMimeType", "prompt"},
    .last_mode = GEMINI_PROSE,
    .parts = {NULL, "thinkingConfig", "maxOutputTokens"},
    .build = build,
    .estimate = estimate,
    .read = gemini_answer_read,
    .fault_read = fault_read,
    .fault_names = fault_names,
    .fault_judge = gemini_fault_judge,
};

static int conf_check(const struct conf *c, struct trg_err *err) {
  static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@";
  if (!c->model[0] || c->model[strspn(c->model, fine)])
    return llm_refuse(err,
                      "model: an id as gemini-3-flash; letters, digits, -, ., _, / and @ only");
  if (c->thinking_level && c->thinking_level[0] && c->thinking_budget >= 0)
    return llm_refuse(err, "thinking_budget: stands beside thinking_level; the API takes only one");
  return 0;
}

static int open_instance(const struct trg_host *host, trg_inst *name, const void *conf,
                         void **ret_self, struct trg_err *err) {
  const struct conf *c = conf;
  if (conf_check(c, err) != 0) return -1;
  struct inst *self = llm_inst_new(sizeof *self, host, name, &vendor, c->model);
  self->conf = c;
  static const char *const modes[LLM_MODE_MAX] = {"json_schema", "json_object", "prompt"};
  llm_mode_pin(&self->llm, c->structured, modes);
  gemini_url_build(c->url, c->model, &self->llm.url);
  const bool token = c->auth.token_command && *c->auth.token_command;
  const char *needed = strstr(c->url, "googleapis.com")
                           ? "key: missing; this API needs one, as ${env:NAME} or ${file:PATH}"
                           : NULL;
  if (llm_auth_open(&self->llm.auth, &c->auth, token ? "authorization" : "x-goog-api-key", NULL,
                    needed, err) != 0) {
    llm_inst_close(self);
    return -1;
  }
  *ret_self = self;
  return 0;
}

static const struct trg_model_ops ops = {
    .size = sizeof ops,
    .caps = TRG_MODEL_SCHEMA | TRG_MODEL_CACHE | TRG_MODEL_NO_INPUT,
    .complete = llm_complete,
    .estimate = llm_estimate,
};

TRG_EXPORT const struct trg_plugin triaged_plugin_gemini = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_gemini,
    .kind = TRG_MODEL,
    .name = "gemini",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Gemini models through generateContent, or a gateway that speaks it",
    .fields = fields,
    .conf_size = sizeof(struct conf),
    .open = open_instance,
    .close = llm_inst_close,
    .ops = &ops,
};
