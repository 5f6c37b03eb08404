/* What the tests of the model backends share: one opened instance and one question. */
#ifndef TESTS_WIRE_LLM_RIG_H
#define TESTS_WIRE_LLM_RIG_H

#include "fake_host.h"

extern const struct trg_model_request llm_triage; /* with a schema */

struct llm_rig {
  struct fake_host *host;
  struct fake_inst *inst;
};
/* Settings end with NULL; the opening must succeed. */
struct llm_rig llm_rig_open(const struct trg_plugin *plugin, const char *const *settings);
/* Also asserts that nothing was violated and every answer was used. */
void llm_rig_close(struct llm_rig *rig);
void llm_rig_answer(struct llm_rig *rig, int32_t status, const char *headers, const char *body);
trg_op llm_rig_start(struct llm_rig *rig);              /* asks llm_triage */
const struct fake_op *llm_rig_ask(struct llm_rig *rig); /* the same, to its end */
void llm_rig_assert_end(const struct fake_op *op, int32_t outcome, const char *code);
/* The same with another conversation. */
const struct fake_op *llm_rig_ask_part(struct llm_rig *rig, struct trg_str text);
/* What holds for every backend: the estimate is above what is counted, an answer that nobody
 * counted is estimated (`uncounted`: a good one without usage), a lost one may have been billed,
 * U+0000 is not sent, and a peer that repeats the key does not get it into a reason. */
void llm_rig_holds(const struct trg_plugin *plugin, const char *const *settings, const char *key,
                   const char *uncounted);
/* The body of a request, and whether it holds a text. */
bool llm_rig_sent(const struct llm_rig *rig, size_t request, const char *part);
const char *llm_rig_body(const struct llm_rig *rig, size_t request);
/* Opening with these settings fails, and says so. */
void llm_rig_refused(const struct trg_plugin *plugin, const char *const *settings,
                     const char *says);

#endif
