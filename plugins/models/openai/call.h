/*
 * One complete() of the OpenAI backend, and what an instance learns from its calls. plugin.c opens
 * the instance and describes the settings; call.c makes the calls.
 */
#ifndef OPENAI_CALL_H
#define OPENAI_CALL_H

#include "wire.h"

struct openai_conf {
  char *model, *url, *key;
  char *auth_header, *auth_value;
  char *api, *deployment, *api_version;
  char *structured, *max_tokens_field;
  char *effort, *user_id, *cache_key;
  int64_t max_output_tokens, reasoning_tokens;
};

struct openai_inst {
  const struct trg_host *host;
  trg_inst *name; /* as the host knows us */
  const struct openai_conf *conf;
  struct openai_text url, auth_name, auth_value;
  struct openai_plan full; /* with everything that the settings ask for */
  bool mode_pinned, limit_pinned;
  /* What was refused, and until when it is left out. */
  enum openai_mode mode;
  enum openai_limit limit;
  int64_t mode_until_ms, limit_until_ms;
  int64_t effort_off_until_ms, user_off_until_ms, cache_key_off_until_ms;
  unsigned told; /* OPENAI_NAMES_*: logged as a warning once */
};

/* The two functions of struct trg_model_ops. */
void openai_complete(void *self, trg_op op, const struct trg_model_request *request);
void openai_estimate_op(void *self, const struct trg_model_request *request, struct trg_usage *ret);

#endif
