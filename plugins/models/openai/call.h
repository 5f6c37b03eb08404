/*
 * The OpenAI backend's instance, and its functions for ../common/call.h. plugin.c opens the
 * instance and describes the settings.
 */
#ifndef OPENAI_CALL_H
#define OPENAI_CALL_H

#include "../common/call.h"
#include "wire.h"

struct openai_conf {
  char *model, *url;
  struct llm_auth_conf auth;
  char *api, *deployment, *api_version;
  char *structured, *max_tokens_field;
  char *effort, *user_id, *cache_key;
  int64_t max_output_tokens, reasoning_tokens, batch_window_ms, batch_poll_ms;
};

struct openai_inst {
  struct llm_inst llm; /* first: what the common functions see */
  const struct openai_conf *conf;
  struct openai_plan full; /* with everything that the settings ask for */
  bool limit_pinned;
};

extern const struct llm_vendor openai_vendor;
extern const struct llm_batching openai_batching; /* wire_batch.c */

#endif
