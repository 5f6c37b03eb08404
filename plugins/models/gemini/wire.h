/*
 * Gemini's generateContent as bytes: requests out of the daemon's terms, answers and errors into
 * them. Pure, on top of ../common/llm.h.
 */
#ifndef GEMINI_WIRE_H
#define GEMINI_WIRE_H

#include "../common/llm.h"

/* How a schema is enforced, best first. */
enum gemini_mode {
  GEMINI_SCHEMA = 0, /* responseJsonSchema */
  GEMINI_OBJECT = 1, /* responseMimeType alone, and the schema in the prompt */
  GEMINI_PROSE = 2   /* only the prompt */
};

struct gemini_plan {
  const char *thinking_level; /* NULL or empty: not sent */
  int64_t thinking_budget;    /* -1: not sent */
  bool limit_off;             /* maxOutputTokens was refused */
  enum gemini_mode mode;
  int64_t max_output_tokens; /* ceiling of maxOutputTokens */
  int64_t reasoning_tokens;  /* room for thoughts, which count against it */
  struct llm_kept *kept;     /* NULL: nothing is kept */
};

/* 0, or -1 with err when it can not be sent at all. broken: NULL, or the text of an answer that
 * was no JSON. ret is to be cleared by the caller in both cases. */
int gemini_request_build(const struct gemini_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct llm_text *ret, struct trg_err *err);
/* Upper bound of one exchange. */
void gemini_estimate(const struct gemini_plan *plan, const struct trg_model_request *request,
                     struct trg_usage *ret);

/* The base as people write it (with or without /v1beta, a slash, or a whole path) made whole.
 * Model ids come bare, as models/ID, or as publishers/... of another platform. */
void gemini_url_build(const char *base, const char *model, struct llm_text *ret);

/* Reads a 200's body. ret is all zero before, and to be cleared after. */
enum llm_reading gemini_answer_read(struct trg_str body, bool schema_asked, struct llm_answer *ret);

void gemini_fault_read(struct trg_str body, struct llm_fault *ret);
#define GEMINI_NAMES_FORMAT   1u
#define GEMINI_NAMES_THINKING 2u
#define GEMINI_NAMES_LIMIT    4u
unsigned gemini_fault_names(const struct llm_fault *fault, const struct gemini_plan *plan);
void gemini_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                        int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);

#endif
