/* The Message Batches API, for ../common/batch.c. */
#ifndef ANTHROPIC_BATCH_H
#define ANTHROPIC_BATCH_H

#include "../common/call.h"

extern const struct llm_batching anthropic_batching;

#endif
