/*
 * A text classifier: hashed features, one linear function per class, and a calibration that turns
 * its scores into a confidence that means what it says. Made by fit.c, kept by modelfile.c.
 */
#ifndef TRIAGED_LOCAL_CLASSIFIER_H
#define TRIAGED_LOCAL_CLASSIFIER_H

#include "text.h"

#include <triaged/plugin.h>

#define LOCAL_CLASSES_MAX  512u
#define LOCAL_FEATURES_MAX 400000u
#define LOCAL_NAME_MAX     200u
/* Classes are stored in rows of a multiple of this, so that the inner loop has a fixed length. */
#define LOCAL_LANES 8u
/* What scope and confidence are computed from; see enum local_cue. */
#define LOCAL_CUES 8u

enum local_cue {
  LOCAL_CUE_LOGIT = 0, /* of the best class's probability */
  LOCAL_CUE_TOP,       /* its score */
  LOCAL_CUE_LEAD,      /* its distance to the next */
  LOCAL_CUE_WORDS,     /* share of the text's words and pairs that were seen in training */
  LOCAL_CUE_GRAMS,
  LOCAL_CUE_OWN_WORDS, /* share that was seen in texts of the best class */
  LOCAL_CUE_OWN_GRAMS,
  LOCAL_CUE_TOP_WORDS /* score times share of words */
};

/* One of the two kinds of features; each is scaled to length 1 on its own. */
struct local_block {
  size_t count;     /* features */
  uint32_t *hashes; /* of each feature */
  float *idf;       /* of each feature; 0: known, but without weight */
  int8_t *weights;  /* count rows of `stride` */
  uint8_t *owners;  /* count rows of stride / 8: bit k is set when class k's texts hold it */
  uint32_t *slots;  /* open addressing: feature number + 1, or 0 */
  uint32_t slot_mask;
};

/* What was measured on texts held back while training. */
struct local_holdout {
  uint32_t n;
  float accuracy, ece, accept_at_95, coverage_at_95;
};

struct local_classifier {
  struct local_recipe recipe;
  char *key;    /* "category", "priority", ... */
  char **names; /* of the classes */
  uint32_t class_count, stride;
  uint32_t examples;
  struct local_block words, grams;
  float *scale; /* stride: of the weights of each class */
  float *bias;  /* stride */
  float temperature;
  float scope[LOCAL_CUES + 1]; /* logistic: weight of each cue, then the constant */
  float scope_floor; /* below it the text is stranger than nearly all that were held back */
  float confidence[LOCAL_CUES + 2]; /* logistic: of each cue, of the scope, the constant */
  struct local_holdout holdout;
};

/* What the classifier says about a text. */
struct local_verdict {
  uint32_t best;
  float confidence; /* calibrated: how often an answer like this is right */
  float scope;      /* log odds that the text belongs to any class it was trained on */
  float cues[LOCAL_CUES];
};

/* Working memory of scoring; one per thread, freed with local_scratch_free. */
struct local_scratch {
  uint16_t *counts;
  size_t count_room;
  uint32_t *touched; /* features of the text: of words, then of n-grams */
  size_t touched_room;
  float *scores; /* stride floats: before calibration */
  size_t score_room;
};

void local_scratch_free(struct local_scratch *scratch);
void local_classifier_free(struct local_classifier **classifier);
/* Builds the slots from the hashes. */
void local_block_index(struct local_block *block);
uint32_t local_block_find(const struct local_block *block, uint32_t hash); /* number + 1, or 0 */

/* Softmax of score / temperature into ret_p; sets the best class and the first three cues. */
bool local_probabilities(const struct local_classifier *classifier, const float *scores,
                         const bool *allowed, float *ret_p, struct local_verdict *ret);
/* Sets scope and confidence from the cues. */
void local_verdict_judge(const struct local_classifier *classifier, struct local_verdict *ret);
/* Probabilities of the classes into ret_p (class_count floats). `allowed` (may be NULL) masks
 * classes out; the rest is scaled to 1. Returns false when no class is allowed. The text must have
 * been read with the classifier's recipe. */
bool local_classify(const struct local_classifier *classifier, const struct local_text *text,
                    struct local_scratch *scratch, const bool *allowed, float *ret_p,
                    struct local_verdict *ret);

#endif
