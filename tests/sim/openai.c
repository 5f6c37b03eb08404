/* OpenAI, Azure's paths to it, and an open model behind the same API: credentials, how it says no,
 * and how an answer is sent. */
#include "openai.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct openai_model models[] = {
    {"gpt-6.1-sol", 400000, 128000, OA_REASONS | OA_SCHEMA | OA_RESPONSES},
    {"gpt-6-sol", 400000, 128000, OA_REASONS | OA_SCHEMA | OA_RESPONSES},
    {"gpt-6-luna", 400000, 128000, OA_REASONS | OA_SCHEMA | OA_RESPONSES},
    {"gpt-5-mini", 400000, 128000, OA_REASONS | OA_SCHEMA | OA_RESPONSES},
    {"gpt-4.1", 1000000, 32768, OA_SAMPLING | OA_SCHEMA | OA_RESPONSES},
    {"gpt-3.5-turbo", 16385, 4096, OA_SAMPLING},
    {"house-7b", 32768, 32768, OA_SAMPLING | OA_OPEN},
};

const struct openai_model *openai_model_find(const char *id) {
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    if (strcmp(models[i].id, id) == 0) {
      return &models[i];
    }
  }
  return NULL;
}

static bool is_azure(const struct exchange *x) {
  return text_starts(x->path, "/openai/");
}

static bool openai_owns(const struct exchange *x) {
  static const char *const starts[] = {"/v1/chat/", "/v1/responses", "/openai/", "/v1/files",
                                       "/v1/batches"};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    if (text_starts(x->path, starts[i])) {
      return true;
    }
  }
  return text_starts(x->path, "/v1/models") && !exchange_header(x, "anthropic-version") &&
         !exchange_header(x, "x-api-key");
}

void openai_error(struct exchange *x, int status, const char *type, const char *code,
                  const char *param, const char *message) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kopen(b, "error", '{');
  jw_kstr(b, "message", message);
  jw_kstr(b, "type", type);
  jw_kstr(b, "param", param && *param ? param : NULL);
  jw_kstr(b, "code", code && *code ? code : NULL);
  jw_close(b, '}');
  jw_close(b, '}');
}

static void headers_put(struct exchange *x) {
  const uint64_t id = hash_mix(x->sim->opt.seed, x->sim->stats.requests);
  reply_header(x, is_azure(x) ? "apim-request-id" : "x-request-id", "req_%016llx",
               (unsigned long long)id);
  reply_header(x, "x-ratelimit-limit-requests", "100000");
  reply_header(x, "x-ratelimit-remaining-requests", "99999");
  reply_header(x, "x-ratelimit-reset-requests", "6ms");
  reply_header(x, "x-ratelimit-limit-tokens", "40000000");
  reply_header(x, "x-ratelimit-remaining-tokens", "39999000");
  reply_header(x, "x-ratelimit-reset-tokens", "1ms");
}

static const char *key_of(const struct exchange *x) {
  const char *bearer = exchange_header(x, "Authorization");
  const char *key = is_azure(x) ? exchange_header(x, "api-key") : NULL;
  if (key) {
    return key;
  }
  return bearer && strncasecmp(bearer, "Bearer ", 7) == 0 ? bearer + 7 : NULL;
}

static bool openai_enter(struct exchange *x) {
  const char *key = key_of(x);
  headers_put(x);
  if (key && *key && !text_starts(key, "bad")) {
    return true;
  }
  x->sim->stats.unauthorized++;
  if (is_azure(x)) {
    openai_error(x, 401, NULL, "401", NULL,
                 "Access denied due to invalid subscription key or wrong API endpoint.");
  } else if (key && *key) {
    char why[128];
    snprintf(why, sizeof why, "Incorrect API key provided: %.12s***.", key);
    openai_error(x, 401, "invalid_request_error", "invalid_api_key", NULL, why);
  } else {
    openai_error(x, 401, "invalid_request_error", NULL, NULL,
                 "You didn't provide an API key. You need to provide your API key in an "
                 "Authorization header using Bearer auth.");
  }
  return false;
}

static void openai_missing(struct exchange *x, bool path_known) {
  char why[300];
  if (is_azure(x)) {
    openai_error(x, 404, NULL, "404", NULL, "Resource not found");
    return;
  }
  snprintf(why, sizeof why, "%s (%s %.200s)", path_known ? "Not allowed" : "Invalid URL", x->method,
           x->path);
  openai_error(x, path_known ? 405 : 404, "invalid_request_error", NULL, NULL, why);
}

static void openai_fail(struct exchange *x, enum fault_kind k) {
  headers_put(x);
  switch (k) {
  case FAULT_429:
    reply_header(x, "retry-after", "%lld", (long long)x->sim->opt.retry_after_s);
    openai_error(x, 429, "requests", "rate_limit_exceeded", NULL,
                 "Rate limit reached for requests. Please try again in 1s.");
    break;
  case FAULT_SPEND:
    openai_error(x, 429, "insufficient_quota", "insufficient_quota", NULL,
                 "You exceeded your current quota, please check your plan and billing details.");
    break;
  case FAULT_500:
    openai_error(x, 500, "server_error", NULL, NULL,
                 "The server had an error while processing your request. Sorry about that!");
    break;
  default:
    buf_str(reply_text(x, 503, "text/html"),
            "<html><head><title>503 Service Unavailable</title></head></html>");
  }
}

/* --- answers --- */

static void usage_write(struct buf *b, const struct llm_turn *t, bool chat) {
  const int64_t prompt = t->input + t->cached;
  jw_kopen(b, "usage", '{');
  jw_kint(b, chat ? "prompt_tokens" : "input_tokens", prompt);
  jw_kopen(b, chat ? "prompt_tokens_details" : "input_tokens_details", '{');
  jw_kint(b, "cached_tokens", t->cached);
  if (chat) {
    jw_kint(b, "audio_tokens", 0);
  }
  jw_close(b, '}');
  jw_kint(b, chat ? "completion_tokens" : "output_tokens", t->output);
  jw_kopen(b, chat ? "completion_tokens_details" : "output_tokens_details", '{');
  jw_kint(b, "reasoning_tokens", t->reasoning);
  jw_close(b, '}');
  jw_kint(b, "total_tokens", prompt + t->output);
  jw_close(b, '}');
}

/* What an open model makes of an object that it was asked for: thoughts and a fence around it. */
static void open_wrap(struct llm_turn *t, bool json) {
  struct buf text = {0};
  buf_str(&text, "<think>\nThe customer wants something.\n</think>\n\n");
  buf_str(&text, json || t->text.p[0] == '{' ? "```json\n" : "");
  buf_add(&text, t->text.p, t->text.n);
  buf_str(&text, json || t->text.p[0] == '{' ? "\n```" : "");
  buf_free(&t->text);
  t->text = text;
  buf_text(&t->text);
}

static void chat_write(struct exchange *x, const struct openai_ask *a, const struct llm_turn *t) {
  static const char *const words[] = {"stop", "length", "content_filter"};
  const bool open = (a->model->traits & OA_OPEN) != 0;
  /* a refusal of the model itself stops like an answer and has its own member */
  const bool declines = t->stop == LLM_REFUSAL && t->id % 2 == 0;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  buf_printf(b, "\"id\":\"chatcmpl-%016llx\"", (unsigned long long)t->id);
  jw_kstr(b, "object", "chat.completion");
  jw_kint(b, "created", clock_now_ms(&x->sim->clock) / 1000);
  jw_kstr(b, "model", a->model->id);
  jw_kopen(b, "choices", '[');
  jw_open(b, '{');
  jw_kint(b, "index", 0);
  jw_kopen(b, "message", '{');
  jw_kstr(b, "role", "assistant");
  jw_kstr(b, "content", t->stop == LLM_REFUSAL ? NULL : t->text.p);
  jw_kstr(b, "refusal", declines ? "I'm sorry, I cannot help with that." : NULL);
  if (open) {
    jw_kstr(b, "reasoning_content", NULL);
  } else {
    jw_kraw(b, "annotations", "[]");
  }
  jw_close(b, '}');
  jw_kraw(b, "logprobs", "null");
  jw_kstr(b, "finish_reason", words[declines ? LLM_END : t->stop]);
  jw_close(b, '}');
  jw_close(b, ']');
  usage_write(b, t, true);
  if (!open) {
    jw_kstr(b, "service_tier", "default");
  }
  jw_close(b, '}');
}

static void responses_write(struct exchange *x, const struct openai_ask *a,
                            const struct llm_turn *t) {
  const bool declines = t->stop == LLM_REFUSAL && t->id % 2 == 0;
  const bool whole = t->stop == LLM_END || declines;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  buf_printf(b, "\"id\":\"resp_%016llx\"", (unsigned long long)t->id);
  jw_kstr(b, "object", "response");
  jw_kint(b, "created_at", clock_now_ms(&x->sim->clock) / 1000);
  jw_kstr(b, "status", whole ? "completed" : "incomplete");
  jw_kraw(b, "error", "null");
  jw_kraw(b, "incomplete_details",
          whole                   ? "null"
          : t->stop == LLM_LENGTH ? "{\"reason\":\"max_output_tokens\"}"
                                  : "{\"reason\":\"content_filter\"}");
  jw_kstr(b, "model", a->model->id);
  jw_kopen(b, "output", '[');
  if (t->reasoning > 0) {
    jw_open(b, '{');
    buf_printf(b, "\"id\":\"rs_%016llx\"", (unsigned long long)t->id);
    jw_kstr(b, "type", "reasoning");
    jw_kraw(b, "summary", "[]");
    jw_close(b, '}');
  }
  if (t->stop != LLM_REFUSAL || declines) {
    jw_open(b, '{');
    buf_printf(b, "\"id\":\"msg_%016llx\"", (unsigned long long)t->id);
    jw_kstr(b, "type", "message");
    jw_kstr(b, "status", whole ? "completed" : "incomplete");
    jw_kstr(b, "role", "assistant");
    jw_kopen(b, "content", '[');
    jw_open(b, '{');
    jw_kstr(b, "type", declines ? "refusal" : "output_text");
    if (declines) {
      jw_kstr(b, "refusal", "I'm sorry, I cannot help with that.");
    } else {
      jw_kraw(b, "annotations", "[]");
      jw_kstr(b, "text", t->text.p);
    }
    jw_close(b, '}');
    jw_close(b, ']');
    jw_close(b, '}');
  }
  jw_close(b, ']');
  usage_write(b, t, false);
  jw_close(b, '}');
}

/* vLLM's form, with a number for the code */
static void open_refuse(struct exchange *x, const struct llm_ask *a) {
  struct buf *b = reply_json(x, 400);
  jw_open(b, '{');
  jw_kopen(b, "error", '{');
  jw_kstr(b, "message", a->why);
  jw_kstr(b, "type", "BadRequestError");
  jw_kstr(b, "param", *a->param ? a->param : NULL);
  jw_kint(b, "code", 400);
  jw_close(b, '}');
  jw_close(b, '}');
}

static void refuse(struct exchange *x, const struct openai_ask *a) {
  const struct llm_ask *l = &a->llm;
  const char *code = strstr(l->why, "Unsupported parameter") ? "unsupported_parameter"
                     : strstr(l->why, "Unsupported value")   ? "unsupported_value"
                     : strstr(l->why, "Unknown parameter")   ? "unknown_parameter"
                     : strstr(l->why, "maximum context")     ? "context_length_exceeded"
                                                             : NULL;
  if (a->model) {
    stats_model(&x->sim->stats, a->model->id)->rejected++;
  }
  if (a->model && (a->model->traits & OA_OPEN)) {
    open_refuse(x, l);
    return;
  }
  openai_error(x, 400, "invalid_request_error", code, l->param, l->why);
}

/* The model of the request, or of Azure's path; false when it has answered. */
static bool model_read(struct exchange *x, struct openai_ask *a, const char *deployment) {
  const cJSON *model = llm_member(a->llm.in, "model");
  const char *id = deployment ? deployment : cJSON_IsString(model) ? model->valuestring : "";
  char why[256];
  if (*id == '\0') {
    openai_error(x, 400, "invalid_request_error", NULL, NULL, "you must provide a model parameter");
    return false;
  }
  a->model = openai_model_find(id);
  if (a->model) {
    return true;
  }
  snprintf(why, sizeof why, "The model `%.100s` does not exist or you do not have access to it.",
           id);
  if (is_azure(x)) {
    openai_error(x, 404, NULL, "DeploymentNotFound", NULL,
                 "The API deployment for this resource does not exist.");
  } else {
    openai_error(x, 404, "invalid_request_error", "model_not_found", NULL, why);
  }
  return false;
}

static void ask(struct exchange *x, const char *deployment, bool chat) {
  struct openai_ask a = {.llm = {.x = x, .in = exchange_json(x)}};
  struct llm_turn t;
  if (!cJSON_IsObject(a.llm.in)) {
    openai_error(x, 400, "invalid_request_error", NULL, NULL,
                 "We could not parse the JSON body of your request.");
    return;
  }
  if (!model_read(x, &a, deployment)) {
    return;
  }
  a.llm.model = a.model->id;
  a.llm.thinks = (a.model->traits & OA_REASONS) != 0;
  a.llm.cache_minimum = a.model->traits & OA_OPEN ? 0 : 1024;
  if (!(chat ? openai_chat_check(&a) : openai_responses_check(&a))) {
    refuse(x, &a);
  } else {
    llm_answer(&a.llm, &t);
    if ((a.model->traits & OA_OPEN) && t.stop == LLM_END) {
      open_wrap(&t, a.llm.schema || a.llm.json);
    }
    if (chat) {
      chat_write(x, &a, &t);
    } else {
      responses_write(x, &a, &t);
    }
    llm_turn_free(&t);
  }
  llm_ask_free(&a.llm);
}

void openai_one(struct exchange *x, bool chat) {
  ask(x, NULL, chat);
}

static void chat_answer(struct exchange *x) {
  ask(x, NULL, true);
}

static void responses_answer(struct exchange *x) {
  ask(x, NULL, false);
}

/* The older paths of Azure: the deployment stands in the path and a version in the query. */
static void deployment_answer(struct exchange *x) {
  const char *version = exchange_query(x, "api-version");
  if (version == NULL || strlen(version) < 10) {
    openai_error(x, 404, NULL, "404", NULL, "Resource not found");
    return;
  }
  ask(x, x->capture[0], true);
}

static void models_answer(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "object", "list");
  jw_kopen(b, "data", '[');
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    jw_open(b, '{');
    jw_kstr(b, "id", models[i].id);
    jw_kstr(b, "object", "model");
    jw_kint(b, "created", 1780000000);
    jw_kstr(b, "owned_by", "system");
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

#define MODEL_FAULTS                                                                               \
  (FAULT_BIT(FAULT_REFUSAL) | FAULT_BIT(FAULT_TRUNCATE) | FAULT_BIT(FAULT_INVALID) |               \
   FAULT_BIT(FAULT_SPEND))
static const struct route routes[] = {
    {"POST", "/v1/chat/completions", "chat", MODEL_FAULTS, chat_answer},
    {"POST", "/v1/responses", "responses", MODEL_FAULTS, responses_answer},
    {"POST", "/v1/files", "files", 0, openai_file_take},
    {"GET", "/v1/files/{}/content", "files", 0, openai_file_show},
    {"POST", "/v1/batches", "batches", 0, openai_batch_make},
    {"GET", "/v1/batches/{}", "batches", 0, openai_batch_show},
    {"GET", "/v1/models", "models", 0, models_answer},
    {"POST", "/openai/v1/chat/completions", "chat", MODEL_FAULTS, chat_answer},
    {"POST", "/openai/v1/responses", "responses", MODEL_FAULTS, responses_answer},
    {"POST", "/openai/deployments/{}/chat/completions", "chat", MODEL_FAULTS, deployment_answer},
};

extern const struct vendor vendor_openai;
const struct vendor vendor_openai = {
    .name = "openai",
    .side = "model",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = openai_owns,
    .enter = openai_enter,
    .missing = openai_missing,
    .fail = openai_fail,
};
