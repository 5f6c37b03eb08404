/*
 * Bedrock's Converse as bytes: requests out of the daemon's terms, answers and errors into them.
 * Pure, on top of ../common/llm.h. Streaming is AWS's binary event stream and is not used.
 */
#ifndef BEDROCK_WIRE_H
#define BEDROCK_WIRE_H

#include "../common/llm.h"

/* How a schema is enforced, best first. Forcing a tool is no rung: newer models refuse it. */
enum bedrock_mode {
  BEDROCK_FORMAT = 0, /* outputConfig.textFormat */
  BEDROCK_TOOL = 1,   /* a strict tool, free choice, and an instruction */
  BEDROCK_PROSE = 2   /* only the instruction */
};

struct bedrock_plan {
  bool cache; /* a cache point behind the stable text */
  enum bedrock_mode mode;
  int64_t max_output_tokens; /* ceiling of maxTokens */
  int64_t reasoning_tokens;  /* room for reasoning, which counts against it */
  struct llm_kept *kept;     /* NULL: nothing is kept */
};

/* 0, or -1 with err when it can not be sent at all. broken: NULL, or the text of an answer that
 * was no JSON. ret is to be cleared by the caller in both cases. */
int bedrock_request_build(const struct bedrock_plan *plan, const struct trg_model_request *request,
                          const struct trg_str *broken, struct llm_text *ret, struct trg_err *err);
void bedrock_estimate(const struct bedrock_plan *plan, const struct trg_model_request *request,
                      struct trg_usage *ret);

/* BASE/model/ID/converse; ids and ARNs are percent-encoded as one segment. */
void bedrock_url_build(const char *base, const char *model, struct llm_text *ret);
/* The region in a host such as bedrock-runtime.eu-west-1.amazonaws.com; false when there is none.
 */
bool bedrock_url_region(const char *url, char ret[40]);

/* Reads a 200's body. ret is all zero before, and to be cleared after. */
enum llm_reading bedrock_answer_read(struct trg_str body, bool schema_asked,
                                     struct llm_answer *ret);

/* The kind stands in a header, the message in the body. */
void bedrock_fault_read(const struct trg_http_reply *reply, struct llm_fault *ret);
#define BEDROCK_NAMES_FORMAT 1u
#define BEDROCK_NAMES_CACHE  2u
unsigned bedrock_fault_names(const struct llm_fault *fault, const struct bedrock_plan *plan);
void bedrock_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                         int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);

#endif
