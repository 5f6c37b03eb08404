#include "call.h"

/* The limit has two names: the bit of OPENAI_NAMES_LIMIT says that the first is out, this one that
 * both are. Without a limit the server's own default holds. */
#define NO_LIMIT 32u

static const struct openai_inst *ours(const struct llm_inst *inst) {
  return (const struct openai_inst *)(const void *)inst;
}

static enum openai_limit limit_now(const struct openai_inst *self, unsigned off) {
  if (off & NO_LIMIT) return OPENAI_NO_LIMIT;
  if (!(off & OPENAI_NAMES_LIMIT)) return self->full.limit;
  return self->full.limit == OPENAI_MAX_TOKENS ? OPENAI_MAX_COMPLETION_TOKENS : OPENAI_MAX_TOKENS;
}

static struct openai_plan plan_of(const struct llm_inst *inst, const struct llm_ask *ask) {
  struct openai_plan plan = ours(inst)->full;
  plan.mode = (enum openai_mode)ask->mode;
  plan.kept = ask->kept;
  plan.limit = limit_now(ours(inst), ask->off);
  if (ask->off & OPENAI_NAMES_EFFORT) plan.effort = NULL;
  if (ask->off & OPENAI_NAMES_USER) plan.user_field = NULL;
  if (ask->off & OPENAI_NAMES_CACHE_KEY) plan.cache_key = NULL;
  return plan;
}

static int build(const struct llm_inst *inst, const struct llm_ask *ask, struct llm_text *ret,
                 struct trg_err *err) {
  const struct openai_plan plan = plan_of(inst, ask);
  return openai_request_build(&plan, ask->request, ask->broken, ret, err);
}

static void estimate(const struct llm_inst *inst, const struct llm_ask *ask,
                     struct trg_usage *ret) {
  const struct openai_plan plan = plan_of(inst, ask);
  openai_exchange_estimate(&plan, ask->request, ret);
}

static void fault_read(const struct trg_http_reply *reply, struct llm_fault *ret) {
  openai_fault_read(reply->body, ret);
}

/* To the other name of the limit first. `store` is no part of this: to leave it out would have
 * customers' text kept. */
static unsigned fault_names(const struct llm_inst *inst, const struct llm_fault *fault,
                            const struct llm_ask *ask) {
  const struct openai_inst *self = ours(inst);
  const struct openai_plan plan = plan_of(inst, ask);
  unsigned names = openai_fault_names(fault, &plan);
  const bool only_name = self->limit_pinned || plan.api == OPENAI_RESPONSES;
  if ((names & OPENAI_NAMES_LIMIT) && (only_name || (ask->off & OPENAI_NAMES_LIMIT)))
    names |= NO_LIMIT;
  return names;
}

const struct llm_vendor openai_vendor = {
    .modes = {"json_schema", "json_object", "prompt"},
    .last_mode = OPENAI_PROSE,
    .parts = {NULL, "effort", "the limit's name", "user_id", "cache_key", "the limit"},
    .id_headers = {"x-request-id", "apim-request-id"},
    .build = build,
    .estimate = estimate,
    .read = openai_answer_read,
    .fault_read = fault_read,
    .fault_names = fault_names,
    .fault_judge = openai_fault_judge,
    .rate = openai_rate,
    .batching = &openai_batching,
};
