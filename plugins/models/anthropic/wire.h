/*
 * The Anthropic Messages API as bytes: requests out of the daemon's terms, answers and errors into
 * them. Everything here is pure (no network, no clock, no state), so that it can be tested on
 * fixtures and fuzzed. wire_request.c builds, wire_reply.c reads answers, wire_fault.c reads errors
 * and headers; ../common/llm.h is below them.
 */
#ifndef ANTHROPIC_WIRE_H
#define ANTHROPIC_WIRE_H

#include "../common/kept.h"
#include "../common/llm.h"

/* How a schema is enforced, best first. Forcing a tool (tool_choice any or tool) is no rung of
 * this ladder: the newer models answer it with 400. */
enum anthropic_mode {
  ANTHROPIC_FORMAT = 0, /* output_config.format */
  ANTHROPIC_TOOL = 1,   /* a strict tool, tool_choice auto, and an instruction */
  ANTHROPIC_PROSE = 2   /* only an instruction; the answer's JSON is picked out of its text */
};

/* What the settings say about every request. Strings may be NULL or empty: not sent. */
struct anthropic_plan {
  const char *model;
  const char *effort;
  const char *thinking;      /* "", "adaptive", "disabled", "between_tools" */
  const char *cache_ttl;     /* "off", "5m", "1h" */
  bool user_id;              /* send user_hash as metadata.user_id */
  int64_t max_output_tokens; /* ceiling of max_tokens */
  int64_t thinking_tokens;   /* room for thinking, which counts against max_tokens */
  enum anthropic_mode mode;
  struct llm_kept *kept; /* NULL: nothing is kept */
};

/* The vendor refuses larger bodies. */
#define ANTHROPIC_BODY_MAX_BYTES ((size_t)32 * 1000 * 1000)

/* Builds the request body: the same input gives the same bytes, or the prompt cache never hits.
 * 0, or -1 with err when it can not be sent at all (U+0000, nothing to ask, a broken schema, too
 * large). ret is to be cleared by the caller in both cases. */
int anthropic_request_build(const struct anthropic_plan *plan,
                            const struct trg_model_request *request, struct llm_text *ret,
                            struct trg_err *err);
/* max_tokens of that request. */
int64_t anthropic_max_tokens(const struct anthropic_plan *plan, int64_t wanted);
/* Upper bound for reserving budget: see wire_request.c. */
void anthropic_estimate(const struct anthropic_plan *plan, const struct trg_model_request *request,
                        struct trg_usage *ret);
/* The schema as this vendor takes it: what it would refuse goes into descriptions. Returns text
 * that the caller frees, NULL when it is not a JSON object. */
char *anthropic_schema_render(struct trg_str schema);

/* Reads a 200's body. schema_asked: pick the JSON document. ret is to be cleared in all cases. */
enum llm_reading anthropic_answer_read(struct trg_str body, bool schema_asked,
                                       struct llm_answer *ret);
/* Reads an error body; what it does not find stays empty (HTML from an edge is normal). */
void anthropic_fault_read(struct trg_str body, struct llm_fault *ret);

#define ANTHROPIC_NAMES_FORMAT 1u
#define ANTHROPIC_NAMES_EFFORT 2u
/* Which optional parts of the request a 400 complains about: worth one try without them. */
unsigned anthropic_fault_names(const struct llm_fault *fault, enum anthropic_mode mode);

/* What an HTTP error means. code and the fields of ret but `why` are set; `why` goes to why_text
 * as a sentence without quotations from the request. */
void anthropic_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                           int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);
/* What the rate headers say about the next request: how many there may be until reset_ms from
 * now. An exhausted token budget counts as no requests. False when they say nothing. */
bool anthropic_rate(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
                    int64_t *ret_reset_ms);

#endif
