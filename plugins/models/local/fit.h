/* Training of a classifier with liblinear, and its calibration on texts held back. */
#ifndef TRIAGED_LOCAL_FIT_H
#define TRIAGED_LOCAL_FIT_H

#include "classifier.h"

struct local_sample {
  struct trg_str text;
  uint32_t label; /* of the names given to local_fit */
};

/* How far a training is, in classifiers that were fitted; read by another thread. */
struct local_steps {
  _Atomic int64_t done, total;
};

/* The knobs; local_fit_rule() sets them from the kind of label and the size of the set. */
struct local_fit_options {
  struct local_recipe recipe;
  int32_t solver; /* liblinear's number */
  double c, eps;
  float word_share;      /* length of the word block against 1 of the character block */
  uint32_t df_min_words; /* features of fewer texts are left out */
  uint32_t df_min_grams;
  uint32_t features_max; /* of each block */
  uint32_t parts;        /* the texts are cut into so many parts for holding back */
  uint32_t parts_used;   /* how many of them are really held back, one at a time */
  bool strangers;        /* leave classes out too, to learn what "none of them" looks like */
  uint32_t seed;
  struct local_steps *steps; /* counted on; NULL: nobody asks */
};

struct local_fit_options local_fit_rule(const char *key, size_t samples, size_t classes,
                                        uint32_t seed);

/* Trains one classifier, without calibration: temperature 1. The caller frees it. */
struct local_classifier *local_fit_plain(const struct local_sample *samples, size_t n,
                                         const char *const *names, size_t class_count,
                                         const struct local_fit_options *options);

/* Predictions on texts that the predicting classifier did not see. */
#define LOCAL_NO_CLASS UINT32_MAX /* the text belongs to no class */
struct local_trials {
  size_t count, room;
  uint32_t stride;
  float *scores;                  /* count rows of stride */
  uint32_t *labels;               /* the right answers, or LOCAL_NO_CLASS */
  struct local_verdict *verdicts; /* refreshed by calibration */
};

void local_trials_free(struct local_trials *trials);
/* Lets the classifier answer the samples and appends what it said. */
void local_trials_add(struct local_trials *trials, const struct local_classifier *classifier,
                      const struct local_sample *samples, size_t n);
/* Sets temperature, scope, confidence and holdout of `classifier`. `outside` may hold no trial: it
 * came from a classifier that had not seen some of the classes. */
void local_calibrate(struct local_classifier *classifier, struct local_trials *trials,
                     struct local_trials *outside);

/* Trains, measures on texts held back, calibrates. The caller frees. Needs two classes or more. */
struct local_classifier *local_fit(const struct local_sample *samples, size_t n,
                                   const char *const *names, size_t class_count,
                                   const struct local_fit_options *options);
/* So many steps local_fit takes for n samples. */
int64_t local_fit_steps(size_t n, const struct local_fit_options *options);

#endif
