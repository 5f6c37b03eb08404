/*
 * How two texts differ, word by word.
 */
#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include <stddef.h>
#include <triaged/plugin.h>

struct arena;

#define DIFF_WORDS_MAX 1500 /* of each text; what is behind them is not compared */

enum diff_kind { DIFF_SAME = 0, DIFF_GONE = 1, DIFF_NEW = 2 };
/* A run of words, with the white space behind them, of the old text (DIFF_GONE) or the new one. */
struct diff_run {
  enum diff_kind kind;
  struct trg_str text;
};
/* Runs from `a`, in order; at a change the old words come first. */
size_t diff_words(struct trg_str old, struct trg_str new, struct arena *a, struct diff_run **ret);
/* 0: the same words; 1: nothing in common. Words that are gone or new, of all words of both. */
double diff_distance(struct trg_str old, struct trg_str new);

#endif
