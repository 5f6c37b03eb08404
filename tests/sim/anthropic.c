/* Anthropic: models, credentials, headers, and how it says no. */
#include "anthropic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_LIMIT = 32 * 1024 * 1024 };

#define GENERATION_4_6 (MODEL_NO_PREFILL | MODEL_THINKS)
#define GENERATION_4_7 (GENERATION_4_6 | MODEL_NO_SAMPLING | MODEL_NEW_TOKENS)
#define GENERATION_5   (GENERATION_4_7 | MODEL_SYSTEM_TURNS)

static const struct model models[] = {
    {"claude-fable-5-2", "Claude Fable 5.2", "2026-11-09T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5 | MODEL_NO_FORCED_TOOLS},
    {"claude-mythos-5-2", "Claude Mythos 5.2", "2026-11-09T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5 | MODEL_NO_FORCED_TOOLS},
    {"claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-21T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5},
    {"claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-29T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5 | MODEL_NO_FORCED_TOOLS},
    {"claude-opus-5-5", "Claude Opus 5.5", "2026-09-29T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5 | MODEL_NO_FORCED_TOOLS},
    {"claude-fable-5-1", "Claude Fable 5.1", "2026-08-12T00:00:00Z", 1000000, 128000, 512,
     GENERATION_5 | MODEL_NO_FORCED_TOOLS},
    {"claude-opus-5", "Claude Opus 5", "2026-07-07T00:00:00Z", 1000000, 128000, 512, GENERATION_5},
    {"claude-sonnet-5", "Claude Sonnet 5", "2026-06-16T00:00:00Z", 1000000, 128000, 1024,
     GENERATION_5},
    {"claude-opus-4-8", "Claude Opus 4.8", "2026-05-20T00:00:00Z", 1000000, 128000, 1024,
     GENERATION_4_7 | MODEL_SYSTEM_TURNS},
    {"claude-opus-4-7", "Claude Opus 4.7", "2026-04-14T00:00:00Z", 1000000, 128000, 2048,
     GENERATION_4_7},
    {"claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17T00:00:00Z", 1000000, 128000, 1024,
     GENERATION_4_6},
    {"claude-opus-4-6", "Claude Opus 4.6", "2026-02-04T00:00:00Z", 1000000, 128000, 4096,
     GENERATION_4_6},
    {"claude-opus-4-5", "Claude Opus 4.5", "2025-11-01T00:00:00Z", 200000, 64000, 4096,
     MODEL_THINKS},
    {"claude-haiku-4-5", "Claude Haiku 4.5", "2025-10-01T00:00:00Z", 200000, 64000, 4096,
     MODEL_THINKS},
    {"claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-01T00:00:00Z", 200000, 64000, 4096,
     MODEL_THINKS},
    {"claude-sonnet-4-5", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", 200000, 64000, 1024,
     MODEL_THINKS},
};

const struct model *model_find(const char *id) {
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    if (strcmp(models[i].id, id) == 0) {
      return &models[i];
    }
  }
  return NULL;
}

int64_t model_tokens(const struct model *m, size_t bytes) {
  double per_token = m->traits & MODEL_NEW_TOKENS ? 3.1 : 4.0;
  return (int64_t)((double)bytes / per_token + 0.999);
}

static bool anthropic_owns(const struct exchange *x) {
  if (text_starts(x->path, "/v1/messages")) {
    return true;
  }
  /* both vendors list models at this path; this one's clients name a version or send their own key
   * header */
  return text_starts(x->path, "/v1/models") &&
         (exchange_header(x, "anthropic-version") || exchange_header(x, "x-api-key"));
}

static void *anthropic_open(void) {
  return mem_alloc(sizeof(struct anthropic));
}

static void anthropic_close(void *state) {
  struct anthropic *an = state;
  map_free(&an->cache_at);
  free(an->cache);
  free(an);
}

static void request_id(struct exchange *x, char ret_text[48]) {
  struct anthropic *an = x->state;
  uint64_t h = hash_mix(x->sim->opt.seed, 0xa17 + an->requests);
  snprintf(ret_text, 48, "req_011%021llx", (unsigned long long)h);
}

void anthropic_error(struct exchange *x, int status, const char *type, const char *message) {
  char id[48];
  request_id(x, id);
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kstr(b, "type", "error");
  jw_kopen(b, "error", '{');
  jw_kstr(b, "type", type);
  jw_kstr(b, "message", message);
  jw_close(b, '}');
  jw_kstr(b, "request_id", id);
  jw_close(b, '}');
}

static void headers_put(struct exchange *x) {
  char text[TIME_TEXT];
  char id[48];
  struct anthropic *an = x->state;
  an->requests++;
  request_id(x, id);
  reply_header(x, "request-id", "%s", id);
  reply_header(x, "anthropic-organization-id", "00000000-5151-4000-8000-00000000a17c");
  if (strcmp(x->method, "POST") != 0) {
    return;
  }
  time_text(clock_now_ms(&x->sim->clock) + 1000, text);
  static const struct {
    const char *name, *limit, *left;
  } rates[] = {
      {"requests", "100000", "99999"},
      {"input-tokens", "400000000", "399999000"},
      {"output-tokens", "80000000", "79999000"},
      {"tokens", "480000000", "479999000"},
  };
  for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-limit", rates[i].name);
    reply_header(x, name, "%s", rates[i].limit);
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-remaining", rates[i].name);
    reply_header(x, name, "%s", rates[i].left);
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-reset", rates[i].name);
    reply_header(x, name, "%s", text);
  }
}

static bool key_check(struct exchange *x) {
  const char *key = exchange_header(x, "x-api-key");
  const char *bearer = exchange_header(x, "Authorization");
  bool is_bearer = bearer && strncasecmp(bearer, "Bearer ", 7) == 0;
  const char *given = key ? key : is_bearer ? bearer + 7 : NULL;
  if (given == NULL || *given == '\0') {
    x->sim->stats.unauthorized++;
    anthropic_error(x, 401, "authentication_error", "x-api-key header is required");
    return false;
  }
  if (text_starts(given, "bad") || (key && is_bearer)) {
    x->sim->stats.unauthorized++;
    anthropic_error(x, 401, "authentication_error",
                    key && is_bearer ? "send x-api-key or Authorization, not both"
                                     : "invalid x-api-key");
    return false;
  }
  return true;
}

static bool anthropic_enter(struct exchange *x) {
  const char *version = exchange_header(x, "anthropic-version");
  headers_put(x);
  if (x->too_large || x->body.n > BODY_LIMIT) {
    /* the edge refuses, and not in the API's shape */
    buf_str(reply_text(x, 413, "text/html"),
            "<html><head><title>413 Request Entity Too Large</title></head>"
            "<body><h1>413 Request Entity Too Large</h1></body></html>");
    return false;
  }
  if (!key_check(x)) {
    return false;
  }
  if (version == NULL) {
    anthropic_error(x, 400, "invalid_request_error", "anthropic-version: header is required");
    return false;
  }
  if (strcmp(version, "2023-06-01") != 0 && strcmp(version, "2026-10-21") != 0) {
    char why[160];
    snprintf(why, sizeof why, "anthropic-version: \"%.60s\" is not a valid version", version);
    anthropic_error(x, 400, "invalid_request_error", why);
    return false;
  }
  return true;
}

static void anthropic_missing(struct exchange *x, bool path_known) {
  if (path_known) {
    anthropic_error(x, 405, "invalid_request_error", "Method Not Allowed");
    return;
  }
  anthropic_error(x, 404, "not_found_error", "Not Found");
}

static void anthropic_fail(struct exchange *x, enum fault_kind k) {
  char id[48];
  headers_put(x);
  switch (k) {
  case FAULT_429:
    reply_header(x, "retry-after", "%lld", (long long)x->sim->opt.retry_after_s);
    reply_header(x, "x-should-retry", "true");
    anthropic_error(
        x, 429, "rate_limit_error",
        "This request would exceed your organization's rate limit. Please try again later.");
    break;
  case FAULT_SPEND: {
    /* no retry-after: waiting does not help */
    request_id(x, id);
    struct buf *b = reply_json(x, 429);
    buf_printf(
        b,
        "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Spend limit "
        "reached.\","
        "\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}},\"request_id\":\"%s\"}",
        id);
    break;
  }
  case FAULT_500:
    anthropic_error(x, 500, "api_error", "Internal server error");
    break;
  case FAULT_529:
    anthropic_error(x, 529, "overloaded_error", "Overloaded");
    break;
  default:
    buf_str(reply_text(x, 503, "text/html"),
            "<html><head><title>503 Service Temporarily Unavailable</title>"
            "</head><body><center><h1>503</h1></center></body></html>");
  }
}

static void supported(struct buf *b, const char *key, bool yes) {
  jw_kopen(b, key, '{');
  jw_kbool(b, "supported", yes);
  jw_close(b, '}');
}

static void model_write(struct buf *b, const struct model *m) {
  bool newer = (m->traits & MODEL_NO_PREFILL) != 0;
  jw_open(b, '{');
  jw_kstr(b, "type", "model");
  jw_kstr(b, "id", m->id);
  jw_kstr(b, "display_name", m->name);
  jw_kstr(b, "created_at", m->created);
  jw_kint(b, "max_input_tokens", m->context);
  jw_kint(b, "max_tokens", m->max_out);
  jw_kopen(b, "capabilities", '{');
  supported(b, "batch", true);
  supported(b, "citations", true);
  supported(b, "code_execution", newer);
  jw_kopen(b, "context_management", '{');
  jw_kbool(b, "supported", true);
  supported(b, "clear_thinking_20251015", true);
  supported(b, "clear_tool_uses_20250919", true);
  supported(b, "compact_20260112", newer);
  jw_close(b, '}');
  jw_kopen(b, "effort", '{');
  jw_kbool(b, "supported", newer);
  supported(b, "low", newer);
  supported(b, "medium", newer);
  supported(b, "high", newer);
  supported(b, "xhigh", (m->traits & MODEL_NO_SAMPLING) != 0);
  supported(b, "max", newer);
  jw_close(b, '}');
  supported(b, "image_input", true);
  supported(b, "pdf_input", true);
  supported(b, "structured_outputs", true);
  jw_kopen(b, "thinking", '{');
  jw_kbool(b, "supported", true);
  jw_kopen(b, "types", '{');
  supported(b, "adaptive", newer);
  supported(b, "enabled", true);
  jw_close(b, '}');
  jw_close(b, '}');
  jw_close(b, '}');
  jw_close(b, '}');
}

static void anthropic_models(struct exchange *x) {
  size_t n = sizeof models / sizeof models[0];
  int64_t limit = exchange_query_int(x, "limit", 20);
  const char *after = exchange_query(x, "after_id");
  if (limit < 1 || limit > 1000) {
    anthropic_error(x, 400, "invalid_request_error", "limit: must be between 1 and 1000");
    return;
  }
  size_t from = 0;
  for (size_t i = 0; after && i < n; i++) {
    from = strcmp(models[i].id, after) == 0 ? i + 1 : from;
  }
  size_t to = from + (size_t)limit < n ? from + (size_t)limit : n;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "data", '[');
  for (size_t i = from; i < to; i++) {
    model_write(b, &models[i]);
  }
  jw_close(b, ']');
  jw_kstr(b, "first_id", from < to ? models[from].id : NULL);
  jw_kstr(b, "last_id", from < to ? models[to - 1].id : NULL);
  jw_kbool(b, "has_more", to < n);
  jw_close(b, '}');
}

static void anthropic_model(struct exchange *x) {
  const struct model *m = model_find(x->capture[0]);
  if (m == NULL) {
    char why[160];
    snprintf(why, sizeof why, "model: %.100s", x->capture[0]);
    anthropic_error(x, 404, "not_found_error", why);
    return;
  }
  model_write(reply_json(x, 200), m);
}

static const struct route routes[] = {
    {"POST", "/v1/messages", "messages",
     FAULT_BIT(FAULT_REFUSAL) | FAULT_BIT(FAULT_TRUNCATE) | FAULT_BIT(FAULT_INVALID) |
         FAULT_BIT(FAULT_SPEND) | FAULT_BIT(FAULT_STREAM),
     anthropic_messages},
    {"POST", "/v1/messages/count_tokens", "count", 0, anthropic_count},
    {"POST", "/v1/messages/batches", "batches", 0, anthropic_batch_make},
    {"GET", "/v1/messages/batches/{}", "batches", 0, anthropic_batch_show},
    {"GET", "/v1/messages/batches/{}/results", "batches", 0, anthropic_batch_results},
    {"GET", "/v1/models", "models", 0, anthropic_models},
    {"GET", "/v1/models/{}", "models", 0, anthropic_model},
};

extern const struct vendor vendor_anthropic;
const struct vendor vendor_anthropic = {
    .name = "anthropic",
    .side = "model",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = anthropic_owns,
    .open = anthropic_open,
    .close = anthropic_close,
    .enter = anthropic_enter,
    .missing = anthropic_missing,
    .fail = anthropic_fail,
};
