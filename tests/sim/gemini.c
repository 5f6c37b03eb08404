/* Gemini's generateContent: its 400s, its blocked prompts that are a 200 without candidates, and
 * counts that hold the cached tokens but not the thoughts. */
#include "llm.h"

#include <stdio.h>
#include <string.h>

struct gemini_model {
  const char *id;
  int64_t max_out;
  bool levels; /* thinkingLevel; the others take thinkingBudget */
};
static const struct gemini_model models[] = {
    {"gemini-3-pro", 65536, true},
    {"gemini-3-flash", 65536, true},
    {"gemini-2.5-flash", 65536, false},
    {"gemini-2.5-flash-lite", 65536, false},
};

static bool gemini_owns(const struct exchange *x) {
  return text_starts(x->path, "/v1beta/");
}

static void gemini_error(struct exchange *x, int status, const char *word, const char *message,
                         const char *details) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kopen(b, "error", '{');
  jw_kint(b, "code", status);
  jw_kstr(b, "message", message);
  jw_kstr(b, "status", word);
  if (details) {
    jw_kraw(b, "details", details);
  }
  jw_close(b, '}');
  jw_close(b, '}');
}

static bool gemini_enter(struct exchange *x) {
  const char *key = exchange_header(x, "x-goog-api-key");
  const char *bearer = exchange_header(x, "Authorization");
  key = key ? key : exchange_query(x, "key");
  if (key == NULL && bearer && text_starts(bearer, "Bearer ")) {
    key = bearer + 7;
  }
  reply_header(x, "server-timing", "gfet4t7; dur=12");
  if (key == NULL || *key == '\0') {
    x->sim->stats.unauthorized++;
    gemini_error(x, 403, "PERMISSION_DENIED",
                 "Method doesn't allow unregistered callers (callers without established "
                 "identity). Please use API Key or other form of API consumer identity to call "
                 "this API.",
                 NULL);
    return false;
  }
  if (text_starts(key, "bad")) { /* this vendor's word for a wrong key is a 400 */
    x->sim->stats.unauthorized++;
    gemini_error(x, 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                 "[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
                 "\"API_KEY_INVALID\",\"domain\":\"googleapis.com\"}]");
    return false;
  }
  return true;
}

static void gemini_missing(struct exchange *x, bool path_known) {
  (void)path_known;
  buf_str(reply_text(x, 404, "text/html; charset=UTF-8"),
          "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title></html>");
}

static void gemini_fail(struct exchange *x, enum fault_kind k) {
  char details[300];
  switch (k) {
  case FAULT_429:
    snprintf(details, sizeof details,
             "[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"%llds\"}]",
             (long long)x->sim->opt.retry_after_s);
    gemini_error(x, 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).",
                 details);
    break;
  case FAULT_SPEND:
    gemini_error(x, 429, "RESOURCE_EXHAUSTED",
                 "You exceeded your current quota, please check your plan and billing details.",
                 "[{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{"
                 "\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel\"}]}]");
    break;
  case FAULT_500:
    gemini_error(x, 500, "INTERNAL", "An internal error has occurred.", NULL);
    break;
  default:
    gemini_error(x, 503, "UNAVAILABLE", "The model is overloaded. Please try again later.", NULL);
  }
}

/* --- what it refuses --- */

static bool unknown(struct llm_ask *a, const cJSON *in, const char *place, const char *known) {
  const char *name = in ? llm_unknown(in, known) : NULL;
  if (name == NULL) {
    return false;
  }
  llm_refuse(a, name,
             "Invalid JSON payload received. Unknown name \"%.80s\"%s%s%s: Cannot find field.",
             name, *place ? " at '" : "", place, *place ? "'" : "");
  return true;
}

static bool parts_read(struct llm_ask *a, const cJSON *content, bool last) {
  const cJSON *part = NULL;
  const cJSON *parts = llm_member(content, "parts");
  if (!cJSON_IsArray(parts) || parts->child == NULL) {
    return llm_refuse(a, "contents",
                      "* GenerateContentRequest.contents: contents.parts must not be empty.");
  }
  cJSON_ArrayForEach(part, parts) {
    if (unknown(a, part, "contents[0].parts[0]",
                " text inlineData fileData functionCall functionResponse thought thoughtSignature "
                "videoMetadata ")) {
      return false;
    }
  }
  llm_text_add(&a->prompt, parts);
  if (last) {
    a->last.n = 0;
    llm_text_add(&a->last, parts);
  }
  return true;
}

static bool contents_check(struct llm_ask *a) {
  const cJSON *contents = llm_member(a->in, "contents");
  const cJSON *content = NULL;
  if (!cJSON_IsArray(contents) || contents->child == NULL) {
    return llm_refuse(a, "contents",
                      "* GenerateContentRequest.contents: contents is not specified");
  }
  cJSON_ArrayForEach(content, contents) {
    const cJSON *role = llm_member(content, "role");
    const bool user = role == NULL || llm_is(role, "user");
    if (!user && !llm_is(role, "model")) {
      return llm_refuse(a, "contents", "Please use a valid role: user, model.");
    }
    if (!parts_read(a, content, user)) {
      return false;
    }
  }
  return true;
}

static bool thinking_check(struct llm_ask *a, const struct gemini_model *m, const cJSON *config) {
  const cJSON *budget = llm_member(config, "thinkingBudget");
  const cJSON *level = llm_member(config, "thinkingLevel");
  a->thinks = true;
  if (unknown(a, config, "generation_config.thinking_config",
              " thinkingBudget thinkingLevel includeThoughts ")) {
    return false;
  }
  if (budget && level) {
    return llm_refuse(a, "thinkingConfig",
                      "You can only set only one of thinking budget and thinking level.");
  }
  if (level && !m->levels) {
    return llm_refuse(a, "thinkingLevel", "Thinking level is not supported for this model.");
  }
  if (budget && (!cJSON_IsNumber(budget) || budget->valuedouble < -1)) {
    return llm_refuse(a, "thinkingBudget", "The thinking budget is invalid.");
  }
  a->thinks = !(budget && budget->valuedouble == 0);
  return true;
}

static bool format_check(struct llm_ask *a, const cJSON *config) {
  const cJSON *mime = llm_member(config, "responseMimeType");
  const cJSON *schema = llm_member(config, "responseJsonSchema");
  const cJSON *old = llm_member(config, "responseSchema");
  char why[400];
  if (schema && old) {
    return llm_refuse(a, "responseSchema",
                      "Only one of response_schema and response_json_schema can be set.");
  }
  if ((schema || old) && !llm_is(mime, "application/json")) {
    return llm_refuse(a, "responseMimeType",
                      "Function calling config or response schema is set, but response_mime_type "
                      "is not 'application/json'.");
  }
  if (old && unknown(a, old, "generation_config.response_schema",
                     " type format title description nullable enum maxItems minItems properties "
                     "required minProperties maxProperties minLength maxLength pattern example "
                     "anyOf propertyOrdering default items minimum maximum ")) {
    return false;
  }
  a->json = llm_is(mime, "application/json");
  a->schema = schema ? schema : old;
  if (schema && !llm_strict(schema,
                            " $id $defs $ref $anchor type format title description enum items "
                            "prefixItems minItems maxItems minimum maximum anyOf oneOf properties "
                            "additionalProperties required propertyOrdering ",
                            false, why, sizeof why)) {
    return llm_refuse(a, "responseJsonSchema",
                      "* GenerateContentRequest.generation_config.response_json_schema: %s", why);
  }
  return true;
}

static bool config_check(struct llm_ask *a, const struct gemini_model *m) {
  const cJSON *config = llm_member(a->in, "generationConfig");
  const cJSON *most = llm_member(config, "maxOutputTokens");
  if (unknown(a, config, "generation_config",
              " stopSequences responseMimeType responseSchema responseJsonSchema candidateCount "
              "maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty "
              "responseLogprobs logprobs thinkingConfig mediaResolution responseModalities ")) {
    return false;
  }
  if (most &&
      (!cJSON_IsNumber(most) || most->valuedouble < 1 || most->valuedouble > (double)m->max_out)) {
    return llm_refuse(a, "maxOutputTokens",
                      "Unable to submit request because it has a maxOutputTokens value out of the "
                      "supported range from 1 (inclusive) to %lld (exclusive).",
                      (long long)m->max_out + 1);
  }
  a->max_tokens = most ? (int64_t)most->valuedouble : 0;
  return thinking_check(a, m, llm_member(config, "thinkingConfig")) && format_check(a, config);
}

static bool request_check(struct llm_ask *a, const struct gemini_model *m) {
  const cJSON *system = llm_member(a->in, "systemInstruction");
  if (unknown(a, a->in, "",
              " contents systemInstruction tools toolConfig safetySettings generationConfig "
              "cachedContent model labels ")) {
    return false;
  }
  if (system) {
    llm_text_add(&a->prompt, llm_member(system, "parts"));
  }
  return contents_check(a) && config_check(a, m);
}

/* --- what it says --- */

static void usage_write(struct buf *b, const struct llm_turn *t) {
  jw_kopen(b, "usageMetadata", '{');
  jw_kint(b, "promptTokenCount", t->input + t->cached);
  if (t->output > t->reasoning) {
    jw_kint(b, "candidatesTokenCount", t->output - t->reasoning);
  }
  jw_kint(b, "totalTokenCount", t->input + t->cached + t->output);
  if (t->cached) {
    jw_kint(b, "cachedContentTokenCount", t->cached);
  }
  if (t->reasoning) {
    jw_kint(b, "thoughtsTokenCount", t->reasoning);
  }
  jw_close(b, '}');
}

static void candidate_write(struct buf *b, const struct llm_turn *t) {
  jw_kopen(b, "candidates", '[');
  jw_open(b, '{');
  if (t->stop != LLM_REFUSAL) {
    jw_kopen(b, "content", '{');
    jw_kopen(b, "parts", '[');
    if (t->id % 3 == 0 && t->reasoning) {
      jw_raw(b, "{\"text\":\"Considering what is asked.\",\"thought\":true}");
    }
    jw_open(b, '{');
    jw_kstr(b, "text", t->text.p);
    jw_close(b, '}');
    jw_close(b, ']');
    jw_kstr(b, "role", "model");
    jw_close(b, '}');
  }
  jw_kstr(b, "finishReason",
          t->stop == LLM_REFUSAL  ? "SAFETY"
          : t->stop == LLM_LENGTH ? "MAX_TOKENS"
                                  : "STOP");
  jw_kint(b, "index", 0);
  jw_close(b, '}');
  jw_close(b, ']');
}

static void gemini_generate(struct exchange *x) {
  struct llm_ask a = {.x = x, .in = exchange_json(x), .cache_minimum = 1024};
  struct llm_turn t;
  const struct gemini_model *m = NULL;
  char id[128];
  snprintf(id, sizeof id, "%.*s", (int)strcspn(x->capture[0], ":"), x->capture[0]);
  const char *verb = strchr(x->capture[0], ':');
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    m = strcmp(models[i].id, id) == 0 ? &models[i] : m;
  }
  if (verb == NULL || strcmp(verb, ":generateContent") != 0) {
    gemini_missing(x, true);
    return;
  }
  if (m == NULL) {
    snprintf(a.why, sizeof a.why,
             "models/%.80s is not found for API version v1beta, or is not supported for "
             "generateContent. Call ListModels to see the list of available models.",
             id);
    gemini_error(x, 404, "NOT_FOUND", a.why, NULL);
    return;
  }
  a.model = m->id;
  if (!cJSON_IsObject(a.in) || !request_check(&a, m)) {
    stats_model(&x->sim->stats, m->id)->rejected++;
    gemini_error(x, 400, "INVALID_ARGUMENT",
                 cJSON_IsObject(a.in) ? a.why : "Invalid JSON payload received.", NULL);
    llm_ask_free(&a);
    return;
  }
  llm_answer(&a, &t);
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  if (t.stop == LLM_REFUSAL && t.id % 2 == 0) { /* the prompt was blocked: there is no candidate */
    jw_kraw(b, "promptFeedback", "{\"blockReason\":\"PROHIBITED_CONTENT\"}");
  } else {
    candidate_write(b, &t);
  }
  usage_write(b, &t);
  jw_kstr(b, "modelVersion", m->id);
  buf_printf(b, ",\"responseId\":\"%016llx\"", (unsigned long long)t.id);
  jw_close(b, '}');
  llm_turn_free(&t);
  llm_ask_free(&a);
}

static const struct route routes[] = {
    {"POST", "/v1beta/models/{}", "generate",
     FAULT_BIT(FAULT_REFUSAL) | FAULT_BIT(FAULT_TRUNCATE) | FAULT_BIT(FAULT_INVALID) |
         FAULT_BIT(FAULT_SPEND),
     gemini_generate},
};

extern const struct vendor vendor_gemini;
const struct vendor vendor_gemini = {
    .name = "gemini",
    .side = "model",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = gemini_owns,
    .enter = gemini_enter,
    .missing = gemini_missing,
    .fail = gemini_fail,
};
