/* What the sides of the model vendors share beside answer.h: one request as text, what the model
 * says to it, how many tokens that is, and the cache that vendors keep of prompts by themselves. */
#ifndef SIM_LLM_H
#define SIM_LLM_H

#include "answer.h"
#include "http.h"

enum llm_stop { LLM_END, LLM_LENGTH, LLM_REFUSAL };

struct llm_ask {
  struct exchange *x;
  const cJSON *in;
  const char *model;
  int64_t cache_minimum; /* tokens; 0: nothing is cached by itself */
  bool thinks;
  const cJSON *schema; /* of the answer, or NULL */
  bool json;           /* an object without a schema was asked for */
  int64_t max_tokens;  /* 0: no limit */
  struct buf prompt;   /* all texts in their order */
  struct buf last;     /* what the user said last */
  char param[128];     /* what a refusal is about */
  char why[512];
};
/* False, with the words in a->why, and the parameter when there is one. */
bool llm_refuse(struct llm_ask *a, const char *param, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void llm_ask_free(struct llm_ask *a);

struct llm_turn {
  struct question question;
  struct buf text;
  int64_t input, cached; /* input is without what is cached */
  int64_t output;        /* with reasoning */
  int64_t reasoning;
  enum llm_stop stop;
  uint64_t id;
};
/* Says something, counts it, and adds it to the statistics of the model. */
void llm_answer(struct llm_ask *a, struct llm_turn *t);
void llm_turn_free(struct llm_turn *t);
int64_t llm_tokens(size_t bytes);

/* A prompt's text: the string, or the `text` members of an array's parts. */
void llm_text_add(struct buf *to, const cJSON *content);
/* The first member of in that is not in known (" a b c "), or NULL. */
const char *llm_unknown(const cJSON *in, const char *known);
/* A member that is there and not null. */
const cJSON *llm_member(const cJSON *in, const char *key);
bool llm_is(const cJSON *v, const char *word);

/* Strict schemas: every object closed, every property required, only known keywords. False with
 * what is wrong, and where, in why. */
bool llm_strict(const cJSON *schema, const char *keywords, bool all_required, char *why,
                size_t why_bytes);

#endif
