/* What the tests of the OpenAI backend share: one opened instance, one question, and answers. */
#ifndef TESTS_WIRE_OPENAI_RIG_H
#define TESTS_WIRE_OPENAI_RIG_H

#include "fake_host.h"

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
extern const struct trg_model_request openai_triage; /* with a schema */

struct openai_rig {
  struct fake_host *host;
  struct fake_inst *inst;
};

/* Opens with these settings alone; with the key, the model and up to three more. */
struct openai_rig openai_rig_with(const char *const *settings);
struct openai_rig openai_rig_open(const char *a, const char *b, const char *c);
/* Also asserts that nothing was violated and every answer was used. */
void openai_rig_close(struct openai_rig *rig);
void openai_rig_answer(struct openai_rig *rig, int32_t status, const char *headers,
                       const char *body);
trg_op openai_rig_ask(struct openai_rig *rig);
const struct fake_op *openai_rig_ask_and_wait(struct openai_rig *rig);
void openai_rig_assert_end(const struct fake_op *op, int32_t outcome, const char *code);
/* The body of a request holds a text. */
bool openai_rig_sent(const struct openai_rig *rig, size_t index, const char *part);

#endif
