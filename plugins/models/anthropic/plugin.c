/*
 * The model backend for the Anthropic Messages API, and for gateways that speak it. One complete()
 * is one answered call; a 400 that names an optional part of the request (structured output,
 * effort) is not an answer: the call is sent once more without it, and the instance remembers.
 */
#include "../common/call.h"
#include "batch.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

struct conf {
  char *model, *url;
  struct llm_auth_conf auth;
  char *auth_scheme, *api_version;
  char *effort, *thinking, *cache_ttl;
  int64_t max_output_tokens, thinking_tokens, batch_window_ms, batch_poll_ms;
  bool user_id;
};

struct inst {
  struct llm_inst llm; /* first: what the common functions see */
  const struct conf *conf;
};

#define AT(member) offsetof(struct conf, member)
/* Not streamed: above about 21,000 tokens an answer can take longer than the ten minutes that the
 * vendor holds a plain request open. */
#define OUTPUT_MAX_TOKENS 21000

static const struct trg_field fields[] = {
    {.name = "model", .flags = TRG_REQUIRED, .offset = AT(model), .help = "the vendor's model id"},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://api.anthropic.com",
     .offset = AT(url),
     .help = "base that /v1/messages is appended to"},
    LLM_AUTH_FIELDS(struct conf,
                    "another header for the key, for gateways; goes above auth.scheme"),
    {.name = "auth.scheme",
     .type = TRG_CHOICE,
     .default_text = "x-api-key",
     .words = "x-api-key bearer",
     .offset = AT(auth_scheme),
     .help = "how the key is sent: in x-api-key, or as Authorization: Bearer"},
    {.name = "api_version",
     .type = TRG_CHOICE,
     .default_text = "2026-10-21",
     .words = "2023-06-01 2026-10-21",
     .offset = AT(api_version),
     .help = "the anthropic-version header; older gateways know only 2023-06-01"},
    {.name = "max_output_tokens",
     .type = TRG_INT,
     .default_text = "16000",
     .min = 1,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(max_output_tokens),
     .help = "ceiling of max_tokens for any call"},
    {.name = "thinking_tokens",
     .type = TRG_INT,
     .default_text = "2048",
     .min = 0,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(thinking_tokens),
     .help = "added to a call's max_tokens, because thinking counts against it"},
    {.name = "effort",
     .type = TRG_CHOICE,
     .words = "low medium high",
     .offset = AT(effort),
     .help = "output_config.effort; the model's own default when absent"},
    {.name = "thinking",
     .type = TRG_CHOICE,
     .words = "adaptive disabled between_tools",
     .offset = AT(thinking),
     .help = "thinking.type, for models that let it be chosen; the model's default when absent"},
    {.name = "cache_ttl",
     .type = TRG_CHOICE,
     .default_text = "5m",
     .words = "off 5m 1h",
     .offset = AT(cache_ttl),
     .help = "prompt cache of the stable text; with 1h set price.cache_write to twice the input"},
    {.name = "user_id",
     .type = TRG_BOOL,
     .default_text = "true",
     .offset = AT(user_id),
     .help = "send a keyed hash of the requester as metadata.user_id, for abuse tracing"},
    LLM_BATCH_FIELDS(struct conf),
    {.name = NULL},
};

static struct anthropic_plan plan_of(const struct llm_inst *inst, const struct llm_ask *ask) {
  const struct conf *c = ((const struct inst *)(const void *)inst)->conf;
  return (struct anthropic_plan){
      .model = c->model,
      .effort = ask->off & ANTHROPIC_NAMES_EFFORT ? NULL : c->effort,
      .thinking = c->thinking,
      .cache_ttl = c->cache_ttl,
      .user_id = c->user_id,
      .max_output_tokens = c->max_output_tokens,
      .thinking_tokens = c->thinking_tokens,
      .mode = (enum anthropic_mode)ask->mode,
      .kept = ask->kept,
  };
}

static int build(const struct llm_inst *inst, const struct llm_ask *ask, struct llm_text *ret,
                 struct trg_err *err) {
  const struct anthropic_plan plan = plan_of(inst, ask);
  return anthropic_request_build(&plan, ask->request, ret, err);
}

static void estimate_one(const struct llm_inst *inst, const struct llm_ask *ask,
                         struct trg_usage *ret) {
  const struct anthropic_plan plan = plan_of(inst, ask);
  anthropic_estimate(&plan, ask->request, ret);
}

static void fault_read(const struct trg_http_reply *reply, struct llm_fault *ret) {
  anthropic_fault_read(reply->body, ret);
}

static unsigned fault_names(const struct llm_inst *inst, const struct llm_fault *fault,
                            const struct llm_ask *ask) {
  const struct anthropic_plan plan = plan_of(inst, ask);
  unsigned names = anthropic_fault_names(fault, plan.mode);
  if (!plan.effort || !plan.effort[0]) names &= ~ANTHROPIC_NAMES_EFFORT;
  return names;
}

/* The vendor holds its output to the schema, and advises against asking the same again: no repair
 * round. */
static const struct llm_vendor vendor = {
    .modes = {"output_config.format", "strict tool", "instruction"},
    .last_mode = ANTHROPIC_PROSE,
    .no_repair = true,
    .parts = {NULL, "output_config.effort"},
    .id_headers = {"request-id"},
    .build = build,
    .estimate = estimate_one,
    .read = anthropic_answer_read,
    .fault_read = fault_read,
    .fault_names = fault_names,
    .fault_judge = anthropic_fault_judge,
    .rate = anthropic_rate,
    .batching = &anthropic_batching,
};

/* ---- opening ---- */

/* With or without a trailing slash, /v1 or the whole path: all three are in use. */
static void url_set(struct llm_text *url, const char *base) {
  size_t n = strlen(base);
  while (n && base[n - 1] == '/') n--;
  llm_text_add(url, base, n);
  const bool has_version = n >= 3 && memcmp(base + n - 3, "/v1", 3) == 0;
  const bool has_all = n >= 12 && memcmp(base + n - 12, "/v1/messages", 12) == 0;
  if (!has_all) llm_text_put(url, has_version ? "/messages" : "/v1/messages");
}

static int auth_open(struct inst *self, struct trg_err *err) {
  const struct conf *c = self->conf;
  const bool token = c->auth.token_command && *c->auth.token_command;
  const bool bearer = token || (c->auth_scheme && strcmp(c->auth_scheme, "bearer") == 0);
  const char *needed = strstr(c->url, "://api.anthropic.com")
                           ? "key: missing; this API needs one, as ${env:NAME} or ${file:PATH}"
                           : NULL;
  return llm_auth_open(&self->llm.auth, &c->auth, bearer ? "authorization" : "x-api-key", NULL,
                       needed, err);
}

static int open_instance(const struct trg_host *host, trg_inst *name, const void *conf,
                         void **ret_self, struct trg_err *err) {
  const struct conf *c = conf;
  struct inst *self = llm_inst_new(sizeof *self, host, name, &vendor, c->model);
  self->conf = c;
  self->llm.extra[self->llm.extra_count++] = (struct trg_header){
      TRG_STR("anthropic-version"), {c->api_version, strlen(c->api_version)}};
  self->llm.batch_window_ms = c->batch_window_ms;
  self->llm.batch_poll_ms = c->batch_poll_ms;
  url_set(&self->llm.url, c->url);
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

TRG_EXPORT const struct trg_plugin triaged_plugin_anthropic = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_anthropic,
    .kind = TRG_MODEL,
    .name = "anthropic",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Claude models through the Anthropic Messages API, or a gateway that speaks it",
    .fields = fields,
    .conf_size = sizeof(struct conf),
    .open = open_instance,
    .close = llm_inst_close,
    .ops = &ops,
};
