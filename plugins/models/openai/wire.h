/*
 * The OpenAI Chat Completions and Responses APIs, and the many servers that speak the first, as
 * bytes: requests out of the daemon's terms, answers and errors into them. Everything here is pure
 * (no network, no clock, no state), so that it can be tested on fixtures and fuzzed.
 * wire_request.c and wire_schema.c build, wire_url.c says where to, wire_reply.c reads answers,
 * wire_fault.c errors, wire_header.c headers; ../common/llm.h is below them.
 */
#ifndef OPENAI_WIRE_H
#define OPENAI_WIRE_H

#include "../common/kept.h"
#include "../common/llm.h"

/* ---- requests: wire_request.c, wire_schema.c, wire_url.c ---- */

enum openai_api { OPENAI_CHAT = 0, OPENAI_RESPONSES = 1 };

/* How a schema is enforced, best first. */
enum openai_mode {
  OPENAI_SCHEMA = 0, /* json_schema, strict */
  OPENAI_OBJECT = 1, /* json_object, and the schema in the prompt */
  OPENAI_PROSE = 2   /* only the prompt; the answer's JSON is picked out of its text */
};

/* What Chat Completions calls the limit of an answer: newer models of OpenAI refuse the first
 * name, most other servers know no other. */
enum openai_limit {
  OPENAI_MAX_TOKENS = 0,
  OPENAI_MAX_COMPLETION_TOKENS = 1,
  OPENAI_NO_LIMIT = 2 /* both names were refused */
};

/* What the settings say about every request. Strings may be NULL or empty: not sent. */
struct openai_plan {
  const char *model;
  const char *effort;
  const char *user_field; /* what user_hash is sent as */
  const char *cache_key;
  enum openai_api api;
  enum openai_mode mode;
  enum openai_limit limit;
  bool schema_in_prompt;     /* show it to the model even where the server enforces it */
  int64_t max_output_tokens; /* ceiling of the limit */
  int64_t reasoning_tokens;  /* room for reasoning, which counts against the limit */
  struct llm_kept *kept;     /* NULL: nothing is kept */
};

/* Far above every known server's limit. */
#define OPENAI_BODY_MAX_BYTES ((size_t)32 * 1000 * 1000)

/* Builds the request body: the same input gives the same bytes, or the prompt cache never hits.
 * broken: NULL, or the text of an answer that was no JSON, to be asked for once more.
 * 0, or -1 with err when it can not be sent at all (U+0000, nothing to ask, a broken schema, too
 * large). ret is to be cleared by the caller in both cases. */
int openai_request_build(const struct openai_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct llm_text *ret, struct trg_err *err);
/* The limit of an answer in that request. */
int64_t openai_max_tokens(const struct openai_plan *plan, int64_t wanted);
/* Upper bound of one exchange: see wire_request.c. */
void openai_exchange_estimate(const struct openai_plan *plan,
                              const struct trg_model_request *request, struct trg_usage *ret);
/* The schema as strict mode takes it: every property required, nothing beside them, and what it
 * would refuse in descriptions. Returns text that the caller frees, NULL when it is not a JSON
 * object. */
char *openai_schema_render(struct trg_str schema);

/* Where requests go: the base as people write it (with or without /v1, a slash, or the whole path;
 * an Azure resource), made whole. deployment and api_version may be NULL or empty. */
void openai_url_build(const char *base, enum openai_api api, const char *deployment,
                      const char *api_version, struct llm_text *ret);
/* The host of a URL is OpenAI's own; is Azure's. */
bool openai_url_is_openai(const char *url);
bool openai_url_is_azure(const char *url);

/* ---- errors: wire_fault.c ---- */

/* Reads an error body; what it does not find stays empty (HTML from an edge is normal). */
void openai_fault_read(struct trg_str body, struct llm_fault *ret);
/* The same of a member `error`, object or plain string. */
void openai_fault_take(const struct cJSON *error, struct llm_fault *ret);

#define OPENAI_NAMES_FORMAT    1u
#define OPENAI_NAMES_EFFORT    2u
#define OPENAI_NAMES_LIMIT     4u
#define OPENAI_NAMES_USER      8u
#define OPENAI_NAMES_CACHE_KEY 16u
/* Which optional parts of this plan's request an error complains about: worth one try without
 * them. */
unsigned openai_fault_names(const struct llm_fault *fault, const struct openai_plan *plan);

/* What an HTTP error means. The fields of ret are set; `why` goes to why_text as a sentence
 * without quotations from the request. */
void openai_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                        int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);
/* ---- answers: wire_reply.c ---- */

/* Reads a 200's body, of either API. schema_asked: pick the JSON object. ret is to be cleared in
 * all cases. */
enum llm_reading openai_answer_read(struct trg_str body, bool schema_asked, struct llm_answer *ret);

/* ---- headers: wire_header.c ---- */

/* retry-after-ms, retry-after (seconds or an HTTP date), the resets of what is exhausted, or the
 * message's "try again in"; 0 when nothing says. */
int64_t openai_retry_after(const struct trg_http_reply *reply, const char *message, int64_t now_ms);
/* What the rate headers say about the next request: how many there may be until reset_ms from
 * now. An exhausted token budget counts as no requests. False when they say nothing. */
bool openai_rate(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
                 int64_t *ret_reset_ms);

#endif
