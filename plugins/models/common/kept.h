/*
 * What requests are made of comes again and again: the stable part as a JSON string, the schema as
 * the vendor takes it. Both are kept beside the text they were made of and are found by its bytes,
 * so that a request costs what is new in it. Belongs to one instance.
 */
#ifndef MODELS_COMMON_KEPT_H
#define MODELS_COMMON_KEPT_H

#include "llm.h"

#define LLM_KEPT_MAX 8

struct llm_kept {
  struct llm_kept_text {
    const void *how; /* what made it of which text */
    struct llm_text from, made;
  } texts[LLM_KEPT_MAX];
  size_t next;
};

/* As llm_text_json. NULL: nothing is kept. */
void llm_kept_json(struct llm_kept *kept, struct llm_text *to, struct trg_str s);
/* What render(schema) gives, NULL when that is NULL: borrowed until the next call, or, when nothing
 * is kept, the caller's, who frees *ret_own in any case. */
const char *llm_kept_schema(struct llm_kept *kept, struct trg_str schema, llm_render_fn *render,
                            char **ret_own);
void llm_kept_clear(struct llm_kept *kept);

#endif
