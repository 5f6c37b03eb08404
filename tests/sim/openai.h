/* What the files of the OpenAI side share. */
#ifndef SIM_OPENAI_H
#define SIM_OPENAI_H

#include "llm.h"

enum openai_trait {
  OA_REASONS = 1,   /* max_completion_tokens only; a hidden reasoning counts as output */
  OA_SAMPLING = 2,  /* takes temperature and top_p */
  OA_SCHEMA = 4,    /* json_schema */
  OA_OPEN = 8,      /* an open model on somebody's server: knows max_tokens only, wraps its JSON,
                       says no in the words of Python validators */
  OA_RESPONSES = 16 /* behind /v1/responses too */
};

struct openai_model {
  const char *id;
  int64_t context, max_out;
  unsigned traits;
};
const struct openai_model *openai_model_find(const char *id);

struct openai_ask {
  struct llm_ask llm;
  const struct openai_model *model;
};
/* The 400s; false with llm.why, llm.param and the code. */
bool openai_chat_check(struct openai_ask *a);
bool openai_responses_check(struct openai_ask *a);

/* One request of a batch; its reply is written to x. */
void openai_one(struct exchange *x, bool chat);
void openai_file_take(struct exchange *x);
void openai_file_show(struct exchange *x);
void openai_batch_make(struct exchange *x);
void openai_batch_show(struct exchange *x);

void openai_error(struct exchange *x, int status, const char *type, const char *code,
                  const char *param, const char *message);

#endif
