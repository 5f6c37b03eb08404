/* What the tests of the OpenAI backend share: an opened instance, and answers. */
#ifndef TESTS_WIRE_OPENAI_RIG_H
#define TESTS_WIRE_OPENAI_RIG_H

#include "llm_rig.h"

#define OPENAI_KEY "sk-test-0001"
#define OPENAI_ANSWER_BODY                                                                         \
  "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"model\":\"gpt-6-luna-2026-10-01\","     \
  "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"                     \
  "\"{\\\"category\\\":\\\"bug\\\"}\",\"refusal\":null},\"finish_reason\":\"stop\"}],\"usage\":{"  \
  "\"prompt_tokens\":821,\"completion_tokens\":9,\"total_tokens\":830,"                            \
  "\"prompt_tokens_details\":{\"cached_tokens\":800}}}"
#define OPENAI_PROSE_BODY                                                                          \
  "{\"choices\":[{\"message\":{\"content\":\"I think it is a bug.\"},\"finish_reason\":\"stop\"}]" \
  ",\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7}}"
#define OPENAI_NO_SCHEMA_BODY                                                                      \
  "{\"error\":{\"message\":\"Invalid parameter: 'response_format' of type 'json_schema' is not "   \
  "supported with this model.\",\"type\":\"invalid_request_error\",\"param\":\"response_format\"," \
  "\"code\":null}}"

extern const struct trg_plugin triaged_plugin_openai;

/* Opens with the key, the model and up to three more settings. */
struct llm_rig openai_rig_open(const char *a, const char *b, const char *c);

#endif
