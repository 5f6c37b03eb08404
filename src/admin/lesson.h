/*
 * What the embedded model is taught: labelled texts of several sources as one list, each text once.
 */
#ifndef ADMIN_LESSON_H
#define ADMIN_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/model.h>

struct arena;

struct lesson {
  struct trg_example *list;
  size_t count;
};

/* Joins parts, the most trusted first. Of one text (white space at its ends aside) the first part
 * that has it gives the labels, and within a part the last line. In the order of the parts; the
 * list from `a`, its strings borrowed. */
struct lesson lesson_join(const struct lesson *parts, size_t count, struct arena *a);

/* The skills' examples as they fit beside labelled files. All, when every category of the files is
 * one of theirs; else those of categories that the files have, as the files then speak of another
 * taxonomy. In the files' spelling, and without a label (priority, sentiment, language) for which
 * the files have words of their own. No files: as they are. From `a`, or borrowed. */
struct lesson lesson_fit(struct lesson files, struct lesson skills, struct arena *a);

/* Solved tickets in two: a fifth, told by the hash of the text alone, is only measured with and
 * never learnt from. From `a`. */
void lesson_split(struct lesson solved, struct arena *a, struct lesson *ret_learn,
                  struct lesson *ret_held);

/* What was measured with tickets held out, of the model in use and of the new one: how many it had
 * right, macro F1, and the Brier score of its confidence (model/score.h). */
struct trial_side {
  int64_t right;
  double macro_f1, brier;
};
struct trial {
  int64_t held;
  struct trial_side before, after;
};
/* What keeps the new one from taking the other's place; NULL: nothing. It must have at least one
 * percent of the tickets more right, with a macro F1 that is not lower (else it pays with rare
 * categories), and confidence that is not further off (else what is sent would be wrong more often:
 * the calibration error alone would also call a model good that is sure of nothing). */
const char *trial_against(const struct trial *t);

/* The distinct categories in the order of their first appearance: a JSON array's text; mem_free. */
char *lesson_categories(struct lesson l);

#endif
