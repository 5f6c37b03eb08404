/*
 * What call.c and batch.c share: one complete() under way, and its ends.
 */
#ifndef MODELS_COMMON_CALL_INNER_H
#define MODELS_COMMON_CALL_INNER_H

#include "call.h"

/* One complete(); freed by the host with the op. */
struct call {
  struct trg_model_request request; /* its strings live until the op ends */
  int mode;
  unsigned off;
  struct llm_head *head;  /* of the body, shared with other calls, or NULL */
  struct llm_text body;   /* what is behind it */
  bool repairs;           /* the second round: `broken` is asked for again */
  bool renewed;           /* the token was refused once already */
  struct llm_text broken; /* the first answer, which was no JSON */
  struct trg_usage spent; /* by the first round */
  struct llm_auth_run *token;
  struct llm_batch *batch; /* that it waits in, or NULL */
};

#define LLM_HEADERS_MAX 8
/* Fills what goes with every request; returns how many. */
size_t llm_headers(const struct llm_inst *self, struct trg_header *headers);
/* The ends of a call, by a success's body or an error; both may come out of a batch's results. */
void llm_success_end(struct llm_inst *self, trg_op op, struct call *call,
                     const struct trg_http_reply *http);
void llm_fault_tell(struct llm_inst *self, trg_op op, const struct call *call,
                    const struct trg_http_reply *http, const struct llm_answer *answer,
                    const struct llm_fault *fault);
/* Remembers what a refusal names; true when there is less to be sent next time. */
bool llm_call_lower(struct llm_inst *self, struct call *call, const struct llm_fault *fault);

/* batch.c: the call's body is built; it goes into the next batch, or back to the one it was in. */
void llm_batch_join(struct llm_inst *self, trg_op op, struct call *call);
void llm_batches_free(struct llm_inst *self);

#endif
