/*
 * The model backend for Amazon Bedrock's Converse: with a Bedrock API key as bearer token, with a
 * token that a command prints, or with AWS credentials, for which the host signs (SigV4).
 */
#include "../common/call.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf {
  char *model, *url;
  struct llm_auth_conf auth;
  char *access_key, *secret_key, *session_token, *region;
  char *structured;
  bool cache;
  int64_t max_output_tokens, reasoning_tokens;
};

struct inst {
  struct llm_inst llm; /* first: what the common functions see */
  const struct conf *conf;
};

#define AT(member)        offsetof(struct conf, member)
#define OUTPUT_MAX_TOKENS 64000

static const struct trg_field fields[] = {
    {.name = "model",
     .flags = TRG_REQUIRED,
     .offset = AT(model),
     .help = "the model's id, or the id or ARN of an inference profile"},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://bedrock-runtime.us-east-1.amazonaws.com",
     .offset = AT(url),
     .help = "base of your region, that /model/ID/converse is appended to"},
    LLM_AUTH_FIELDS(struct conf, "header for the key; default authorization"),
    {.name = "access_key",
     .flags = TRG_SECRET,
     .offset = AT(access_key),
     .help = "in place of a key: AWS access key id; requests are then signed"},
    {.name = "secret_key",
     .flags = TRG_SECRET,
     .offset = AT(secret_key),
     .help = "AWS secret access key beside access_key"},
    {.name = "session_token",
     .flags = TRG_SECRET,
     .offset = AT(session_token),
     .help = "AWS session token beside temporary credentials"},
    {.name = "region",
     .offset = AT(region),
     .help = "region that requests are signed for; default the one in url"},
    {.name = "structured",
     .type = TRG_CHOICE,
     .default_text = "auto",
     .words = "auto format tool prompt",
     .offset = AT(structured),
     .help = "how a schema is enforced; auto starts with format (outputConfig) and goes down when "
             "refused"},
    {.name = "cache",
     .type = TRG_BOOL,
     .default_text = "true",
     .offset = AT(cache),
     .help = "set a cache point behind the stable text; left out where a model refuses it"},
    {.name = "max_output_tokens",
     .type = TRG_INT,
     .default_text = "8000",
     .min = 1,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(max_output_tokens),
     .help = "ceiling of maxTokens for any call; models refuse more than they can"},
    {.name = "reasoning_tokens",
     .type = TRG_INT,
     .default_text = "2048",
     .min = 0,
     .max = OUTPUT_MAX_TOKENS,
     .offset = AT(reasoning_tokens),
     .help = "added to a call's limit, because reasoning counts against it"},
    {.name = NULL},
};

static struct bedrock_plan plan_of(const struct llm_inst *inst, const struct llm_ask *ask) {
  const struct conf *c = ((const struct inst *)(const void *)inst)->conf;
  return (struct bedrock_plan){
      .cache = c->cache && !(ask->off & BEDROCK_NAMES_CACHE),
      .mode = (enum bedrock_mode)ask->mode,
      .kept = ask->kept,
      .max_output_tokens = c->max_output_tokens,
      .reasoning_tokens = c->reasoning_tokens,
  };
}

static int build(const struct llm_inst *inst, const struct llm_ask *ask, struct llm_text *ret,
                 struct trg_err *err) {
  const struct bedrock_plan plan = plan_of(inst, ask);
  return bedrock_request_build(&plan, ask->request, ask->broken, ret, err);
}

static void estimate(const struct llm_inst *inst, const struct llm_ask *ask,
                     struct trg_usage *ret) {
  const struct bedrock_plan plan = plan_of(inst, ask);
  bedrock_estimate(&plan, ask->request, ret);
}

static unsigned fault_names(const struct llm_inst *inst, const struct llm_fault *fault,
                            const struct llm_ask *ask) {
  const struct bedrock_plan plan = plan_of(inst, ask);
  return bedrock_fault_names(fault, &plan);
}

static const struct llm_vendor vendor = {
    .modes = {"outputConfig.textFormat", "tool", "prompt"},
    .last_mode = BEDROCK_PROSE,
    .parts = {NULL, "cachePoint"},
    .id_headers = {"x-amzn-requestid"},
    .build = build,
    .estimate = estimate,
    .read = bedrock_answer_read,
    .fault_read = bedrock_fault_read,
    .fault_names = fault_names,
    .fault_judge = bedrock_fault_judge,
};

static bool is_set(const char *text) {
  return text && *text;
}

static int signing_check(const struct conf *c, struct trg_err *err) {
  if (!is_set(c->access_key)) {
    if (is_set(c->secret_key) || is_set(c->session_token))
      return llm_refuse(err, "access_key: missing beside secret_key or session_token");
    return 0;
  }
  if (!is_set(c->secret_key)) return llm_refuse(err, "secret_key: missing beside access_key");
  if (is_set(c->auth.key) || is_set(c->auth.token_command))
    return llm_refuse(err,
                      "access_key: stands beside a key or auth.token_command; one way is enough");
  if (strchr(c->access_key, ':')) return llm_refuse(err, "access_key: must not hold a colon");
  if (strpbrk(c->model, ":/"))
    return llm_refuse(err,
                      "model: ids with : or / can not be signed by the HTTP library (it does not "
                      "encode the path as AWS does); use a Bedrock API key, or an inference "
                      "profile's id without them");
  return 0;
}

static int signing_open(struct inst *self, struct trg_err *err) {
  const struct conf *c = self->conf;
  char region[40];
  if (!is_set(c->access_key)) return 0;
  if (is_set(c->region))
    snprintf(region, sizeof region, "%.39s", c->region);
  else if (!bedrock_url_region(c->url, region))
    return llm_refuse(err, "region: missing; requests are signed for one, as eu-west-1");
  llm_text_put(&self->llm.sigv4, "aws:amz:");
  llm_text_put(&self->llm.sigv4, region);
  llm_text_put(&self->llm.sigv4, ":bedrock");
  llm_text_put(&self->llm.userpwd, c->access_key);
  llm_text_put(&self->llm.userpwd, ":");
  llm_text_put(&self->llm.userpwd, c->secret_key);
  if (is_set(c->session_token))
    self->llm.extra[self->llm.extra_count++] = (struct trg_header){
        TRG_STR("x-amz-security-token"), {c->session_token, strlen(c->session_token)}};
  return 0;
}

static int prepare(struct inst *self, struct trg_err *err) {
  const struct conf *c = self->conf;
  static const char *const modes[LLM_MODE_MAX] = {"format", "tool", "prompt"};
  const char *needed = !is_set(c->access_key) && strstr(c->url, ".amazonaws.com")
                           ? "key: missing; write a Bedrock API key, or access_key and secret_key"
                           : NULL;
  llm_mode_pin(&self->llm, c->structured, modes);
  bedrock_url_build(c->url, c->model, &self->llm.url);
  if (signing_check(c, err) != 0 || signing_open(self, err) != 0) return -1;
  return llm_auth_open(&self->llm.auth, &c->auth, "authorization", NULL, needed, err);
}

static int open_instance(const struct trg_host *host, trg_inst *name, const void *conf,
                         void **ret_self, struct trg_err *err) {
  const struct conf *c = conf;
  if (!c->model[0]) return llm_refuse(err, "model: empty");
  struct inst *self = llm_inst_new(sizeof *self, host, name, &vendor, c->model);
  self->conf = c;
  if (prepare(self, err) != 0) {
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

TRG_EXPORT const struct trg_plugin triaged_plugin_bedrock = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_bedrock,
    .kind = TRG_MODEL,
    .name = "bedrock",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Models on Amazon Bedrock through Converse",
    .fields = fields,
    .conf_size = sizeof(struct conf),
    .open = open_instance,
    .close = llm_inst_close,
    .ops = &ops,
};
