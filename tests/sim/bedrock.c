/* Bedrock's Converse: model ids in the path, bearer keys or AWS signatures, errors by a header, and
 * cache points that a request sets itself. */
#include "llm.h"
#include "sigv4.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum bedrock_trait { BR_SCHEMA = 1, BR_CACHE = 2, BR_SAMPLING = 4, BR_TOOLS = 8 };

struct bedrock_model {
  const char *id;
  int64_t max_out;
  unsigned traits;
};
static const struct bedrock_model models[] = {
    {"anthropic.claude-haiku-5-5", 64000, BR_SCHEMA | BR_CACHE | BR_TOOLS},
    {"us.anthropic.claude-haiku-4-5-20251001-v1:0", 64000,
     BR_SCHEMA | BR_CACHE | BR_SAMPLING | BR_TOOLS},
    {"amazon.nova-2-lite-v1:0", 64000, BR_CACHE | BR_SAMPLING | BR_TOOLS},
    {"meta.llama4-scout-17b-instruct-v1:0", 8192, BR_SAMPLING},
};

static bool bedrock_owns(const struct exchange *x) {
  return text_starts(x->path, "/model/");
}

static void bedrock_error(struct exchange *x, int status, const char *type, const char *message) {
  struct buf *b = reply_json(x, status);
  reply_header(x, "x-amzn-errortype",
               "%s:http://internal.amazon.com/coral/com.amazon.coral.service/", type);
  jw_open(b, '{');
  jw_kstr(b, "message", message);
  jw_close(b, '}');
}

static bool bedrock_enter(struct exchange *x) {
  const char *given = exchange_header(x, "Authorization");
  char why[300];
  reply_header(x, "x-amzn-requestid", "%016llx-sim",
               (unsigned long long)hash_mix(x->sim->opt.seed, x->sim->stats.requests));
  if (given && strncasecmp(given, "Bearer ", 7) == 0) {
    if (!text_starts(given + 7, "bad") && given[7]) {
      return true;
    }
    snprintf(why, sizeof why, "Invalid API Key format: Must start with pre-defined prefix");
  } else if (sigv4_check(x, "bedrock", why, sizeof why)) {
    return true;
  }
  x->sim->stats.unauthorized++;
  bedrock_error(x, 403,
                strstr(why, "signature") ? "InvalidSignatureException"
                : strstr(why, "token")   ? "UnrecognizedClientException"
                                         : "AccessDeniedException",
                why);
  return false;
}

static void bedrock_missing(struct exchange *x, bool path_known) {
  (void)path_known;
  bedrock_error(x, 404, "UnknownOperationException", "");
}

static void bedrock_fail(struct exchange *x, enum fault_kind k) {
  switch (k) {
  case FAULT_429:
    bedrock_error(x, 429, "ThrottlingException",
                  "Too many requests, please wait before trying again.");
    break;
  case FAULT_SPEND:
    bedrock_error(x, 400, "ServiceQuotaExceededException",
                  "Your request exceeds the service quota for your account.");
    break;
  case FAULT_500:
    bedrock_error(x, 500, "InternalServerException",
                  "The system encountered an unexpected error during processing. Try your request "
                  "again.");
    break;
  default:
    bedrock_error(x, 503, "ServiceUnavailableException",
                  "Bedrock is unable to process your request.");
  }
}

/* --- what it refuses --- */

/* One row of the prompt with its cache points: where the text stood when a point was set. */
struct points {
  size_t at[8];
  size_t count;
};

static bool unknown(struct llm_ask *a, const cJSON *in, const char *place, const char *known) {
  const char *name = in ? llm_unknown(in, known) : NULL;
  if (name) {
    llm_refuse(a, name,
               "The model returned the following errors: %s%.80s: extraneous key is not permitted",
               place, name);
  }
  return name != NULL;
}

static bool blocks_read(struct llm_ask *a, const struct bedrock_model *m, const cJSON *blocks,
                        struct points *points, bool last) {
  const cJSON *block = NULL;
  if (last) {
    a->last.n = 0;
  }
  cJSON_ArrayForEach(block, blocks) {
    const cJSON *text = llm_member(block, "text");
    const cJSON *point = llm_member(block, "cachePoint");
    if (point) {
      if ((m->traits & BR_CACHE) == 0) {
        return llm_refuse(a, "cachePoint",
                          "You invoked an unsupported model or your request did not allow prompt "
                          "caching. See the documentation for more information.");
      }
      if (!llm_is(llm_member(point, "type"), "default") || points->count == 4) {
        return llm_refuse(a, "cachePoint", "The cachePoint field is invalid.");
      }
      points->at[points->count++] = a->prompt.n;
      continue;
    }
    if (!cJSON_IsString(text)) {
      return llm_refuse(a, "content", "The content field is not valid: a member must be set.");
    }
    if (text->valuestring[strspn(text->valuestring, " \t\r\n")] == '\0') {
      return llm_refuse(a, "text",
                        "The text field in the ContentBlock object is blank. Add text "
                        "to the text field, and try again.");
    }
    llm_text_add(&a->prompt, text);
    if (last) {
      llm_text_add(&a->last, text);
    }
  }
  return true;
}

static bool messages_check(struct llm_ask *a, const struct bedrock_model *m,
                           struct points *points) {
  const cJSON *messages = llm_member(a->in, "messages");
  const cJSON *message = NULL;
  const char *before = "assistant";
  if (!cJSON_IsArray(messages) || messages->child == NULL) {
    return llm_refuse(a, "messages",
                      "The messages field is required, and it must have at least one message.");
  }
  if (!blocks_read(a, m, llm_member(a->in, "system"), points, false)) {
    return false;
  }
  cJSON_ArrayForEach(message, messages) {
    const cJSON *role = llm_member(message, "role");
    if (!llm_is(role, "user") && !llm_is(role, "assistant")) {
      return llm_refuse(a, "messages",
                        "Value at 'messages.1.member.role' failed to satisfy "
                        "constraint: Member must satisfy enum value set: [user, "
                        "assistant]");
    }
    if (strcmp(role->valuestring, before) == 0) {
      return llm_refuse(a, "messages",
                        "A conversation must alternate between user and assistant "
                        "roles. Make sure the conversation alternates between user "
                        "and assistant roles and try again.");
    }
    before = role->valuestring;
    if (!blocks_read(a, m, llm_member(message, "content"), points, before[0] == 'u')) {
      return false;
    }
  }
  if (before[0] == 'a') {
    return llm_refuse(a, "messages",
                      "The model returned the following errors: This model does not "
                      "support assistant message prefill.");
  }
  return true;
}

static bool inference_check(struct llm_ask *a, const struct bedrock_model *m) {
  const cJSON *config = llm_member(a->in, "inferenceConfig");
  const cJSON *most = llm_member(config, "maxTokens");
  if (unknown(a, config, "inferenceConfig.", " maxTokens temperature topP stopSequences ")) {
    return false;
  }
  if (most &&
      (!cJSON_IsNumber(most) || most->valuedouble < 1 || most->valuedouble > (double)m->max_out)) {
    return llm_refuse(a, "maxTokens",
                      "The maximum tokens you requested exceeds the model limit of %lld. Try again "
                      "with a maximum tokens value that is lower than %lld.",
                      (long long)m->max_out, (long long)m->max_out);
  }
  if ((llm_member(config, "temperature") || llm_member(config, "topP")) &&
      (m->traits & BR_SAMPLING) == 0) {
    return llm_refuse(a, "temperature",
                      "The model returned the following errors: `temperature` is "
                      "deprecated for this model.");
  }
  a->max_tokens = most ? (int64_t)most->valuedouble : 4096;
  return true;
}

static const char schema_keywords[] =
    " type properties required additionalProperties items enum const anyOf allOf $ref $defs "
    "definitions description title default format minItems pattern ";

/* The schema stands as text in the request. parsed is to be deleted by the caller. */
static bool format_check(struct llm_ask *a, const struct bedrock_model *m, cJSON **parsed) {
  const cJSON *format = llm_member(llm_member(a->in, "outputConfig"), "textFormat");
  const cJSON *inner = llm_member(llm_member(format, "structure"), "jsonSchema");
  const cJSON *text = llm_member(inner, "schema");
  char why[300];
  if (format == NULL) {
    return true;
  }
  if ((m->traits & BR_SCHEMA) == 0) {
    return llm_refuse(a, "outputConfig",
                      "This model doesn't support the outputConfig.textFormat field. Remove it and "
                      "try again.");
  }
  if (!llm_is(llm_member(format, "type"), "json_schema") || !cJSON_IsString(text)) {
    return llm_refuse(a, "outputConfig", "The outputConfig.textFormat field is not valid.");
  }
  *parsed = cJSON_Parse(text->valuestring);
  if (!llm_strict(*parsed, schema_keywords, false, why, sizeof why)) {
    return llm_refuse(a, "outputConfig",
                      "The model returned the following errors: output_config.format.schema: %s",
                      why);
  }
  a->schema = *parsed;
  return true;
}

static bool tools_check(struct llm_ask *a, const struct bedrock_model *m, const char **ret_name) {
  const cJSON *config = llm_member(a->in, "toolConfig");
  const cJSON *spec = llm_member(cJSON_GetArrayItem(llm_member(config, "tools"), 0), "toolSpec");
  const cJSON *schema = llm_member(llm_member(spec, "inputSchema"), "json");
  const cJSON *choice = llm_member(config, "toolChoice");
  if (config == NULL) {
    return true;
  }
  if ((m->traits & BR_TOOLS) == 0) {
    return llm_refuse(a, "toolConfig", "This model doesn't support tool use.");
  }
  if (!cJSON_IsObject(schema) || !cJSON_IsString(llm_member(spec, "name"))) {
    return llm_refuse(a, "toolConfig", "The toolConfig.tools field is not valid.");
  }
  if ((m->traits & BR_SAMPLING) == 0 && (llm_member(choice, "any") || llm_member(choice, "tool"))) {
    return llm_refuse(a, "toolChoice",
                      "This model doesn't support the toolConfig.toolChoice.any "
                      "field. Remove toolConfig.toolChoice.any and try again.");
  }
  a->schema = schema;
  *ret_name = llm_member(spec, "name")->valuestring;
  return true;
}

/* --- what it says --- */

/* Set by the request: what a point covers is written once, and read for five minutes. */
static int64_t points_account(struct llm_ask *a, const struct points *points, struct llm_turn *t) {
  static struct {
    uint64_t key;
    int64_t until_ms;
  } known[4096];
  const int64_t now = clock_now_ms(&a->x->sim->clock);
  int64_t read = 0;
  int64_t covered = 0;
  for (size_t i = 0; i < points->count; i++) {
    const int64_t tokens = llm_tokens(points->at[i]);
    const uint64_t key = hash_bytes(hash_text(3, a->model), a->prompt.p, points->at[i]) | 1;
    if (tokens < 512) {
      continue;
    }
    if (known[key % 4096].key == key && known[key % 4096].until_ms > now) {
      read = tokens;
    }
    known[key % 4096].key = key;
    known[key % 4096].until_ms = now + INT64_C(5) * 60 * 1000;
    covered = tokens;
  }
  t->cached = read;
  t->input -= covered;
  struct model_stats *s = stats_model(&a->x->sim->stats, a->model);
  s->input_tokens -= (uint64_t)covered;
  s->cache_read_tokens += (uint64_t)read;
  s->cache_write_tokens += (uint64_t)(covered - read);
  return covered - read;
}

static void reply_write(struct exchange *x, const struct llm_turn *t, int64_t written,
                        const char *tool) {
  struct buf *b = reply_json(x, 200);
  const bool uses_tool = tool && t->stop == LLM_END;
  jw_open(b, '{');
  jw_kopen(b, "output", '{');
  jw_kopen(b, "message", '{');
  jw_kstr(b, "role", "assistant");
  jw_kopen(b, "content", '[');
  if (t->stop != LLM_REFUSAL) {
    jw_open(b, '{');
    if (uses_tool) {
      jw_kopen(b, "toolUse", '{');
      buf_printf(b, "\"toolUseId\":\"tooluse_%016llx\"", (unsigned long long)t->id);
      jw_kstr(b, "name", tool);
      jw_kraw(b, "input", t->text.p);
      jw_close(b, '}');
    } else {
      jw_kstr(b, "text", t->text.p);
    }
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
  jw_close(b, '}');
  jw_kstr(b, "stopReason",
          t->stop == LLM_REFUSAL  ? (t->id % 2 ? "content_filtered" : "guardrail_intervened")
          : t->stop == LLM_LENGTH ? "max_tokens"
          : uses_tool             ? "tool_use"
                                  : "end_turn");
  jw_kopen(b, "usage", '{');
  jw_kint(b, "inputTokens", t->input);
  jw_kint(b, "outputTokens", t->output);
  jw_kint(b, "totalTokens", t->input + t->output + t->cached + written);
  jw_kint(b, "cacheReadInputTokens", t->cached);
  jw_kint(b, "cacheWriteInputTokens", written);
  jw_close(b, '}');
  jw_kraw(b, "metrics", "{\"latencyMs\":120}");
  jw_close(b, '}');
}

static const struct bedrock_model *model_find(const char *id) {
  const char *arn = strrchr(id, '/'); /* inference profiles are named by ARN too */
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    if (strcmp(models[i].id, arn ? arn + 1 : id) == 0) {
      return &models[i];
    }
  }
  return NULL;
}

static void bedrock_converse(struct exchange *x) {
  struct llm_ask a = {.x = x, .in = exchange_json(x)};
  const struct bedrock_model *m = model_find(x->capture[0]);
  struct points points = {0};
  struct llm_turn t;
  cJSON *schema = NULL;
  const char *tool = NULL;
  if (m == NULL) {
    bedrock_error(x, 400, "ValidationException", "The provided model identifier is invalid.");
    return;
  }
  a.model = m->id;
  if (!cJSON_IsObject(a.in)) {
    bedrock_error(x, 400, "SerializationException", "");
  } else if (unknown(&a, a.in, "",
                     " messages system inferenceConfig toolConfig guardrailConfig "
                     "additionalModelRequestFields promptVariables "
                     "additionalModelResponseFieldPaths requestMetadata performanceConfig "
                     "serviceTier outputConfig ") ||
             !messages_check(&a, m, &points) || !inference_check(&a, m) ||
             !format_check(&a, m, &schema) || !tools_check(&a, m, &tool)) {
    stats_model(&x->sim->stats, m->id)->rejected++;
    bedrock_error(x, 400, "ValidationException", a.why);
  } else {
    llm_answer(&a, &t);
    const int64_t written = points_account(&a, &points, &t);
    reply_write(x, &t, written, tool);
    llm_turn_free(&t);
  }
  cJSON_Delete(schema);
  llm_ask_free(&a);
}

static const struct route routes[] = {
    {"POST", "/model/{}/converse", "converse",
     FAULT_BIT(FAULT_REFUSAL) | FAULT_BIT(FAULT_TRUNCATE) | FAULT_BIT(FAULT_INVALID) |
         FAULT_BIT(FAULT_SPEND),
     bedrock_converse},
};

extern const struct vendor vendor_bedrock;
const struct vendor vendor_bedrock = {
    .name = "bedrock",
    .side = "model",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = bedrock_owns,
    .enter = bedrock_enter,
    .missing = bedrock_missing,
    .fail = bedrock_fail,
};
