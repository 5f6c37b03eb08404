/*
 * Does a source say what a sentence says? Measured by words, as no model judges its own citations.
 */
#ifndef SKILL_SUPPORT_H
#define SKILL_SUPPORT_H

#include <triaged/plugin.h>

/* From this on a sentence counts as supported. Of 39 sentences of replies (helpdesk-demo) all reach
 * it with the article they came from, and 5 % with the nearest other one (`make bench
 * BENCH=retrieval`). */
#define SUPPORT_LEAST 0.5

/* 0..1: seven parts the share of the sentence's telling words that the source has (by their first
 * letters), three parts the share of its pairs of words. 1 for a sentence without such words. */
double support_of(struct trg_str sentence, struct trg_str source);

#endif
