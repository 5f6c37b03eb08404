/*
 * How alike two texts are: the words that both have in the same order, as a share of both (F1 of
 * the longest common subsequence, as ROUGE-L). 1: the same words; 0: none in common. Pure.
 */
#ifndef CMD_SIMILAR_H
#define CMD_SIMILAR_H

#include <triaged/plugin.h>

/* Letter case, punctuation and marks such as [kb:returns] do not count; of very long texts the
 * first 2,000 words do. Two empty texts are alike. */
double text_similar(struct trg_str a, struct trg_str b);

#endif
