/*
 * What a draft claims, sentence by sentence: does the cited source say it, and is there a source at
 * all where policy, prices, refunds or dates are spoken of? Pure.
 */
#ifndef PIPELINE_CLAIM_H
#define PIPELINE_CLAIM_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct arena;

/* A source that was cited: its id as it stands in brackets, and its text with its title. Without an
 * id, the result of a tool: it speaks for sentences that cite nothing. */
struct claim_source {
  struct trg_str id, text;
};
/* A citation covers the sentences of its paragraph before it, back to the citation before. Returns
 * the reason code of the first sentence that fails, or NULL: "unsupported_citation" when no cited
 * source says it, "uncited_claim" when it speaks of policy, price, refund or dates without one.
 * *ret_sentence (may be NULL) is that sentence. */
const char *claim_check(struct trg_str body, const struct claim_source *sources, size_t count,
                        struct arena *a, struct trg_str *ret_sentence);
/* Does the sentence speak of policy, price, refund or dates? A question does not. */
bool claim_is(struct trg_str sentence);

#endif
