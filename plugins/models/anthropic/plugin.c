/*
 * The model backend for the Anthropic Messages API, and for gateways that speak it. One complete()
 * is one answered call; a 400 that names an optional part of the request (structured output,
 * effort) is not an answer: the call is sent once more without it, and the instance remembers.
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf {
  char *model, *url, *key;
  char *auth_scheme, *auth_header, *auth_value;
  char *api_version;
  char *effort, *thinking, *cache_ttl;
  int64_t max_output_tokens, thinking_tokens;
  bool user_id;
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
    {.name = "key",
     .flags = TRG_SECRET,
     .offset = AT(key),
     .help = "API key; a gateway or a loopback server may need none"},
    {.name = "auth.scheme",
     .type = TRG_CHOICE,
     .default_text = "x-api-key",
     .words = "x-api-key bearer",
     .offset = AT(auth_scheme),
     .help = "how the key is sent: in x-api-key, or as Authorization: Bearer"},
    {.name = "auth.header",
     .offset = AT(auth_header),
     .help = "another header for the key, for gateways; goes above auth.scheme"},
    {.name = "auth.value",
     .offset = AT(auth_value),
     .help = "what that header holds, with {key} for the key; default {key}"},
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
    {.name = NULL},
};

/* A refused part is left out for so long and then tried again: a gateway learns, and one odd
 * prompt must not cost the schema guarantee until the next restart. */
#define REFUSED_FOR_MS (INT64_C(60) * 60 * 1000)

struct inst {
  const struct trg_host *host;
  trg_inst *name; /* as the host knows us */
  const struct conf *conf;
  struct anthropic_text url, auth_name, auth_value;
  enum anthropic_mode mode;
  int64_t mode_until_ms, effort_off_until_ms;
  bool mode_told, effort_told; /* logged as a warning once */
};

/* One complete(); freed by the host with the op. */
struct call {
  struct trg_model_request request; /* its strings live until the op ends */
  struct anthropic_plan plan;
  struct anthropic_text body;
};

static void call_free(void *state) {
  struct call *call = state;
  anthropic_text_clear(&call->body);
  free(call);
}

/* ---- ends ---- */

static struct trg_result result_of(int32_t outcome, int32_t status, const char *code,
                                   const char *why) {
  return (struct trg_result){
      .outcome = outcome,
      .http_status = status,
      .code = {code, strlen(code)},
      .why = {why, strlen(why)},
  };
}

/* A gateway's error may repeat the key that it refused. */
static void secret_keep(const struct inst *self, struct trg_result *result) {
  const char *key = self->conf->key;
  if (key && *key && strstr(result->why.p, key))
    result->why = TRG_STR("the peer's error text repeats the key and is left out");
}

static void reply_emit(const struct inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http, const struct anthropic_answer *answer,
                       struct trg_str request_id) {
  struct trg_model_reply reply = {
      .size = sizeof reply,
      .text = {answer->text.p, answer->text.n},
      .stop = answer->stop,
      .stop_word = {answer->stop_word, strlen(answer->stop_word)},
      .served = {answer->served, strlen(answer->served)},
      .request_id = request_id,
      .usage = answer->usage,
      .request_bytes = {call->body.p, call->body.n},
      .response_bytes = http->body,
  };
  if (!answer->counted) { /* a gateway that does not count: bounds, marked as such */
    anthropic_estimate(&call->plan, &call->request, &reply.usage);
    reply.usage.input += reply.usage.cache_write;
    reply.usage.cache_write = 0;
    reply.usage.output = (int64_t)(answer->text.n / 2) + 1;
  }
  self->host->emit_reply(op, &reply);
}

/* What a counted answer is worth, by how it stopped. */
static struct trg_result answer_judge(const struct anthropic_answer *answer, bool schema_asked,
                                      int32_t status, char why[160]) {
  switch (answer->stop) {
  case TRG_STOP_REFUSAL:
    snprintf(why, 160, "the model declined to answer (category %s)",
             answer->category[0] ? answer->category : "not given");
    return result_of(TRG_REJECTED, status, TRG_CODE_REFUSAL, why);
  case TRG_STOP_LENGTH:
    snprintf(why, 160, "the answer was cut off (%s): raise max_output_tokens", answer->stop_word);
    return result_of(TRG_REJECTED, status, TRG_CODE_LENGTH, why);
  case TRG_STOP_END:
    break;
  default:
    snprintf(why, 160, "the model stopped for a reason that is no answer (%s)",
             answer->stop_word[0] ? answer->stop_word : "none given");
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, why);
  }
  if (answer->text.n == 0) /* the vendor advises against sending the same again */
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, "the answer is empty");
  if (schema_asked && !answer->is_json)
    return result_of(TRG_RETRY, status, TRG_CODE_MALFORMED, "the answer is not one JSON document");
  return result_of(TRG_DONE, status, TRG_CODE_OK, "");
}

static void fault_end(struct inst *self, trg_op op, const struct trg_http_reply *http,
                      struct anthropic_fault *fault) {
  char why[320];
  struct trg_result result;
  const struct trg_str id = anthropic_header(http, "request-id");
  if (!fault->request_id[0] && id.n)
    snprintf(fault->request_id, sizeof fault->request_id, "%.*s", (int)(id.n < 100 ? id.n : 100),
             id.p);
  anthropic_fault_judge(http, fault, self->host->now_ms(), &result, why, sizeof why);
  secret_keep(self, &result);
  if (result.retry_after_ms > 0) /* holds every call of the instance back, not only this one */
    self->host->bucket(self->name, NULL, 0, result.retry_after_ms);
  self->host->done(op, &result);
}

/* ---- the call ---- */

static void on_reply(void *self, trg_op op, const struct trg_http_reply *reply, void *arg);

static void call_send(struct inst *self, trg_op op, struct call *call) {
  struct trg_err err = {0};
  anthropic_text_clear(&call->body);
  if (anthropic_request_build(&call->plan, &call->request, &call->body, &err) != 0) {
    const struct trg_result result = result_of(TRG_REJECTED, 0, err.code, err.text);
    self->host->done(op, &result);
    return;
  }
  anthropic_text_trim(&call->body);
  const char *version = self->conf->api_version;
  const struct trg_header headers[] = {
      {TRG_STR("content-type"), TRG_STR("application/json")},
      {TRG_STR("accept"), TRG_STR("application/json")},
      {TRG_STR("anthropic-version"), {version, strlen(version)}},
      {{self->auth_name.p, self->auth_name.n}, {self->auth_value.p, self->auth_value.n}},
  };
  const struct trg_http_request request = {
      .size = sizeof request,
      .method = "POST",
      .url = {self->url.p, self->url.n},
      .headers = headers,
      .header_count = self->auth_name.n ? 4 : 3,
      .body = {call->body.p, call->body.n},
      .flags = TRG_HTTP_BODY_STAYS,
  };
  self->host->http(op, &request, on_reply, NULL);
}

static void lowered_tell(struct inst *self, bool *told, const char *part, const char *now) {
  const char *const kv[] = {"model", self->conf->model, "part", part, "now", now, NULL};
  self->host->log(self->name, *told ? TRG_DEBUG : TRG_WARN, "request_part_refused", kv);
  *told = true;
}

/* After a 400: leaves out what it names, if anything is named that is there. */
static bool call_lower(struct inst *self, struct call *call, const struct anthropic_fault *fault) {
  static const char *const words[] = {"output_config.format", "strict tool", "instruction"};
  const bool format = call->request.schema.n && call->plan.mode != ANTHROPIC_PROSE;
  const bool effort = call->plan.effort && call->plan.effort[0];
  const unsigned names = anthropic_fault_names(fault, call->plan.mode);
  const int64_t until_ms = self->host->now_ms() + REFUSED_FOR_MS;
  bool lowered = false;
  if (effort && (names & ANTHROPIC_NAMES_EFFORT)) {
    call->plan.effort = NULL;
    self->effort_off_until_ms = until_ms;
    lowered_tell(self, &self->effort_told, "output_config.effort", "left out");
    lowered = true;
  }
  if (format && (names & ANTHROPIC_NAMES_FORMAT)) {
    const char *part = words[call->plan.mode];
    call->plan.mode = call->plan.mode == ANTHROPIC_FORMAT ? ANTHROPIC_TOOL : ANTHROPIC_PROSE;
    if (self->mode_until_ms <= self->host->now_ms() || self->mode < call->plan.mode) {
      self->mode = call->plan.mode;
      self->mode_until_ms = until_ms;
    }
    lowered_tell(self, &self->mode_told, part, words[call->plan.mode]);
    lowered = true;
  }
  return lowered;
}

static void answer_end(struct inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http) {
  struct anthropic_answer answer;
  struct trg_result result;
  char why[160];
  const bool schema_asked = call->request.schema.n > 0;
  switch (anthropic_answer_read(http->body, schema_asked, &answer)) {
  case ANTHROPIC_MESSAGE:
    reply_emit(self, op, call, http, &answer, anthropic_header(http, "request-id"));
    result = answer_judge(&answer, schema_asked, http->status, why);
    self->host->done(op, &result);
    break;
  case ANTHROPIC_ERROR: {
    struct anthropic_fault fault;
    anthropic_fault_read(http->body, &fault);
    fault_end(self, op, http, &fault);
    break;
  }
  case ANTHROPIC_MALFORMED:
    result = result_of(TRG_RETRY, http->status, TRG_CODE_MALFORMED,
                       "the body of a success is not a message: the vendor may have counted it");
    result.flags = TRG_RESULT_MAYBE_BILLED;
    self->host->done(op, &result);
    break;
  }
  anthropic_answer_clear(&answer);
}

static void on_reply(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  (void)arg;
  struct inst *self = me;
  struct call *call = self->host->op_get(op);
  if (!call) return;
  if (reply->status == 0) {
    char why[320];
    struct trg_result result;
    anthropic_lost_judge(reply, &result, why, sizeof why);
    secret_keep(self, &result);
    self->host->done(op, &result);
    return;
  }
  int64_t remaining;
  int64_t reset_ms;
  if (anthropic_rate(reply, self->host->now_ms(), &remaining, &reset_ms))
    self->host->bucket(self->name, NULL, remaining, reset_ms);
  if (reply->status >= 200 && reply->status < 300) {
    answer_end(self, op, call, reply);
    return;
  }
  struct anthropic_fault fault;
  anthropic_fault_read(reply->body, &fault);
  if (reply->status == 400 && call_lower(self, call, &fault)) {
    call_send(self, op, call);
    return;
  }
  fault_end(self, op, reply, &fault);
}

static struct anthropic_plan plan_now(const struct inst *self) {
  const struct conf *c = self->conf;
  const int64_t now_ms = self->host->now_ms();
  return (struct anthropic_plan){
      .model = c->model,
      .effort = now_ms < self->effort_off_until_ms ? NULL : c->effort,
      .thinking = c->thinking,
      .cache_ttl = c->cache_ttl,
      .user_id = c->user_id,
      .max_output_tokens = c->max_output_tokens,
      .thinking_tokens = c->thinking_tokens,
      .mode = now_ms < self->mode_until_ms ? self->mode : ANTHROPIC_FORMAT,
  };
}

/* What an older daemon does not know of reads as zero. */
static struct trg_model_request request_of(const struct trg_model_request *request) {
  struct trg_model_request whole = {0};
  memcpy(&whole, request, request->size < sizeof whole ? request->size : sizeof whole);
  return whole;
}

static void complete(void *me, trg_op op, const struct trg_model_request *request) {
  struct inst *self = me;
  struct call *call = calloc(1, sizeof *call);
  if (!call) abort();
  call->request = request_of(request);
  call->plan = plan_now(self);
  self->host->op_set(op, call, call_free);
  call_send(self, op, call);
}

static void estimate(void *me, const struct trg_model_request *request, struct trg_usage *ret) {
  const struct anthropic_plan plan = plan_now(me);
  const struct trg_model_request whole = request_of(request);
  anthropic_estimate(&plan, &whole, ret);
}

/* ---- opening ---- */

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

static bool is_set(const char *text) {
  return text && *text;
}

static int auth_check(const struct conf *c, struct trg_err *err) {
  static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_";
  const bool has_header = is_set(c->auth_header);
  if (has_header && c->auth_header[strspn(c->auth_header, name_bytes)])
    return refuse(err, "auth.header: not a header name (letters, digits, - and _)");
  if (has_header && !is_set(c->key)) return refuse(err, "auth.header: needs a key beside it");
  if (!is_set(c->auth_value)) return 0;
  if (!has_header) return refuse(err, "auth.value: needs auth.header beside it");
  if (!strstr(c->auth_value, "{key}") || strpbrk(c->auth_value, "\r\n"))
    return refuse(err, "auth.value: must hold {key}, where the key goes, and no line break");
  return 0;
}

static int conf_check(const struct conf *c, struct trg_err *err) {
  if (is_set(c->key) && !is_plain(c->key))
    return refuse(err, "key: holds a blank, a line break or a byte beyond ASCII");
  if (!is_set(c->key) && strstr(c->url, "://api.anthropic.com"))
    return refuse(err, "key: missing; this API needs one, as ${env:NAME} or ${file:PATH}");
  return auth_check(c, err);
}

/* With or without a trailing slash, /v1 or the whole path: all three are in use. */
static void url_set(struct anthropic_text *url, const char *base) {
  size_t n = strlen(base);
  while (n && base[n - 1] == '/') n--;
  anthropic_text_add(url, base, n);
  const bool has_version = n >= 3 && memcmp(base + n - 3, "/v1", 3) == 0;
  const bool has_all = n >= 12 && memcmp(base + n - 12, "/v1/messages", 12) == 0;
  if (!has_all) anthropic_text_put(url, has_version ? "/messages" : "/v1/messages");
}

static void auth_set(struct inst *self) {
  const struct conf *c = self->conf;
  if (!c->key || !*c->key) return;
  const char *name = "x-api-key";
  const char *value = "{key}";
  if (c->auth_header && *c->auth_header) {
    name = c->auth_header;
    value = c->auth_value && *c->auth_value ? c->auth_value : value;
  } else if (c->auth_scheme && strcmp(c->auth_scheme, "bearer") == 0) {
    name = "authorization";
    value = "Bearer {key}";
  }
  anthropic_text_put(&self->auth_name, name);
  const char *at = strstr(value, "{key}");
  anthropic_text_add(&self->auth_value, value, (size_t)(at - value));
  anthropic_text_put(&self->auth_value, c->key);
  anthropic_text_put(&self->auth_value, at + 5);
}

static int open_instance(const struct trg_host *host, trg_inst *name, const void *conf,
                         void **ret_self, struct trg_err *err) {
  if (conf_check(conf, err) != 0) return -1;
  struct inst *self = calloc(1, sizeof *self);
  if (!self) abort();
  self->host = host;
  self->name = name;
  self->conf = conf;
  url_set(&self->url, self->conf->url);
  auth_set(self);
  *ret_self = self;
  return 0;
}

static void close_instance(void *me) {
  struct inst *self = me;
  if (self->auth_value.p) explicit_bzero(self->auth_value.p, self->auth_value.room);
  anthropic_text_clear(&self->auth_value);
  anthropic_text_clear(&self->auth_name);
  anthropic_text_clear(&self->url);
  free(self);
}

static const struct trg_model_ops ops = {
    .size = sizeof ops,
    .caps = TRG_MODEL_SCHEMA | TRG_MODEL_CACHE | TRG_MODEL_NO_INPUT,
    .complete = complete,
    .estimate = estimate,
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
    .close = close_instance,
    .ops = &ops,
};
