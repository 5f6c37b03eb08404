#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "fit.h"

#define TERMS (LOCAL_CUES + 2u)
/* Weight of the prior in the confidence, against one per text held back. */
#define CALIBRATION_PULL 1.0
/* The share of texts held back that may look stranger than anything still to be believed. */
#define STRANGE_SHARE 0.03
/* With fewer classes the scope only cuts down what is very strange: leaving out half of a few
 * classes teaches too little about strangers to move every confidence. */
#define SCOPE_CLASSES_LEAST 20u
/* How many texts of no class the confidence reckons with, against one that has a class. */
#define OUTSIDE_SHARE 0.025

void local_trials_free(struct local_trials *trials) {
  free(trials->scores);
  free(trials->labels);
  free(trials->verdicts);
  *trials = (struct local_trials){0};
}

void local_trials_add(struct local_trials *trials, const struct local_classifier *classifier,
                      const struct local_sample *samples, size_t n) {
  const size_t room = trials->count + n;
  trials->stride = classifier->stride;
  trials->scores = local_grow(trials->scores, room * trials->stride, sizeof *trials->scores);
  trials->labels = local_grow(trials->labels, room, sizeof *trials->labels);
  trials->verdicts = local_grow(trials->verdicts, room, sizeof *trials->verdicts);
  struct local_text text = {0};
  struct local_scratch scratch = {0};
  float *p = local_alloc(classifier->stride, sizeof *p);
  for (size_t i = 0; i < n; i++) {
    const size_t at = trials->count++;
    local_text_read(&text, samples[i].text.p, samples[i].text.n, &classifier->recipe);
    local_classify(classifier, &text, &scratch, NULL, p, &trials->verdicts[at]);
    memcpy(trials->scores + at * trials->stride, scratch.scores,
           trials->stride * sizeof *trials->scores);
    trials->labels[at] = samples[i].label;
  }
  free(p);
  local_scratch_free(&scratch);
  local_text_free(&text);
}

/* What n trials without an error still leave to doubt (the rule of three, halved). Without it a set
 * that is easy to tell apart would make every answer certain, also that to a strange text. */
static double doubt_after(size_t n) {
  return 1.5 / (double)(n + 3);
}

/* Mean log loss of the right answers at a temperature. */
static double trials_loss(const struct local_trials *trials, uint32_t classes, double temperature) {
  const double doubt = doubt_after(trials->count);
  double loss = 0;
  for (size_t i = 0; i < trials->count; i++) {
    const float *scores = trials->scores + i * trials->stride;
    double top = scores[0];
    for (uint32_t k = 1; k < classes; k++) top = fmax(top, scores[k]);
    double sum = 0;
    for (uint32_t k = 0; k < classes; k++) sum += exp((scores[k] - top) / temperature);
    double others = 0;
    for (uint32_t k = 0; k < classes; k++)
      others += k == trials->labels[i] ? 0.0 : (scores[k] - top) / temperature;
    const double right = (scores[trials->labels[i]] - top) / temperature;
    loss += log(fmax(sum, 1.0)) - (1.0 - doubt) * right - doubt * others / (classes - 1.0);
  }
  return loss / (double)trials->count;
}

/* Golden section over the logarithm of the temperature. */
static float temperature_find(const struct local_trials *trials, uint32_t classes) {
  const double golden = 0.6180339887498949;
  double low = log(0.01);
  double high = log(10.0);
  double a = high - golden * (high - low);
  double b = low + golden * (high - low);
  double loss_a = trials_loss(trials, classes, exp(a));
  double loss_b = trials_loss(trials, classes, exp(b));
  for (int round = 0; round < 24; round++) {
    if (loss_a < loss_b) {
      high = b;
      b = a;
      loss_b = loss_a;
      a = high - golden * (high - low);
      loss_a = trials_loss(trials, classes, exp(a));
    } else {
      low = a;
      a = b;
      loss_a = loss_b;
      b = low + golden * (high - low);
      loss_b = trials_loss(trials, classes, exp(b));
    }
  }
  return (float)exp((low + high) / 2);
}

/* Solves matrix * x = side in place (symmetric, positive definite); x ends up in side. */
static void gauss(double matrix[TERMS][TERMS], double side[TERMS]) {
  for (uint32_t k = 0; k < TERMS; k++)
    for (uint32_t row = k + 1; row < TERMS; row++) {
      const double share = matrix[row][k] / matrix[k][k];
      for (uint32_t col = k; col < TERMS; col++) matrix[row][col] -= share * matrix[k][col];
      side[row] -= share * side[k];
    }
  for (uint32_t k = TERMS; k-- > 0;) {
    for (uint32_t col = k + 1; col < TERMS; col++) side[k] -= matrix[k][col] * side[col];
    side[k] /= matrix[k][k];
  }
}

/* Cases of a logistic regression: what is known of each, whether it holds, how much it counts. */
struct cases {
  double (*x)[TERMS];
  double *weights;
  bool *holds;
  size_t count;
};

static struct cases cases_new(size_t room) {
  return (struct cases){.x = local_alloc(room, sizeof(double[TERMS])),
                        .weights = local_alloc(room, sizeof(double)),
                        .holds = local_alloc(room, sizeof(bool))};
}

static void cases_free(struct cases *cases) {
  free(cases->x);
  free(cases->weights);
  free(cases->holds);
}

static void cases_add(struct cases *cases, const struct local_verdict *verdict, bool holds,
                      double weight) {
  double *x = cases->x[cases->count];
  for (uint32_t k = 0; k < LOCAL_CUES; k++) x[k] = (double)verdict->cues[k];
  x[LOCAL_CUES] = (double)verdict->scope;
  x[LOCAL_CUES + 1] = 1.0;
  cases->holds[cases->count] = holds;
  cases->weights[cases->count++] = weight;
}

static double case_sum(const double w[TERMS], const double x[TERMS]) {
  double sum = 0;
  for (uint32_t k = 0; k < TERMS; k++) sum += w[k] * x[k];
  return sum;
}

static double cases_loss(const struct cases *cases, const double w[TERMS],
                         const double prior[TERMS]) {
  const double doubt = doubt_after(cases->count);
  double loss = 0;
  for (uint32_t k = 0; k < TERMS; k++)
    loss += 0.5 * CALIBRATION_PULL * (w[k] - prior[k]) * (w[k] - prior[k]);
  for (size_t i = 0; i < cases->count; i++) {
    const double sum = case_sum(w, cases->x[i]);
    const double target = cases->holds[i] ? 1.0 - doubt : doubt;
    /* target * log(1 + e^-sum) + (1 - target) * log(1 + e^sum), without overflow */
    loss += cases->weights[i] * (log1p(exp(-fabs(sum))) + fmax(sum, 0.0) - target * sum);
  }
  return loss;
}

static void cases_step(const struct cases *cases, const double w[TERMS], const double prior[TERMS],
                       double step[TERMS]) {
  const double doubt = doubt_after(cases->count);
  double hessian[TERMS][TERMS] = {{0}};
  for (uint32_t k = 0; k < TERMS; k++) {
    hessian[k][k] = CALIBRATION_PULL;
    step[k] = CALIBRATION_PULL * (prior[k] - w[k]);
  }
  for (size_t i = 0; i < cases->count; i++) {
    const double *x = cases->x[i];
    const double p = 1.0 / (1.0 + exp(-case_sum(w, x)));
    const double miss = cases->weights[i] * ((cases->holds[i] ? 1.0 - doubt : doubt) - p);
    const double curve = cases->weights[i] * p * (1.0 - p);
    for (uint32_t k = 0; k < TERMS; k++) {
      step[k] += miss * x[k];
      for (uint32_t j = 0; j < TERMS; j++) hessian[k][j] += curve * x[k] * x[j];
    }
  }
  gauss(hessian, step);
}

/* Logistic regression by Newton steps, halved until they help; each weight is pulled towards the
 * one it starts with. */
static void cases_solve(const struct cases *cases, double w[TERMS]) {
  double prior[TERMS];
  memcpy(prior, w, sizeof prior);
  double loss = cases_loss(cases, w, prior);
  for (int round = 0; round < 40; round++) {
    double step[TERMS];
    cases_step(cases, w, prior, step);
    double share = 1.0;
    double better = loss;
    double next[TERMS];
    for (int half = 0; half < 20; half++, share /= 2) {
      for (uint32_t k = 0; k < TERMS; k++) next[k] = w[k] + share * step[k];
      better = cases_loss(cases, next, prior);
      if (better < loss) break;
    }
    if (!(better < loss)) return;
    const bool close = loss - better < 1e-9 * loss;
    memcpy(w, next, sizeof next);
    loss = better;
    if (close) return;
  }
}

/* Belongs to any class, or to none? Learned from texts of classes that a trial did not know. */
static void scope_find(struct local_classifier *classifier, const struct local_trials *outside) {
  struct cases cases = cases_new(outside->count);
  size_t none = 0;
  for (size_t i = 0; i < outside->count; i++) none += outside->labels[i] == LOCAL_NO_CLASS;
  for (size_t i = 0; i < outside->count; i++) {
    struct local_verdict verdict = outside->verdicts[i];
    verdict.scope = 0;
    const bool holds = outside->labels[i] != LOCAL_NO_CLASS;
    const size_t same = holds ? outside->count - none : none;
    cases_add(&cases, &verdict, holds, 0.5 * (double)outside->count / (double)same);
  }
  double w[TERMS] = {0};
  cases_solve(&cases, w);
  for (uint32_t k = 0; k < LOCAL_CUES; k++) classifier->scope[k] = (float)w[k];
  classifier->scope[LOCAL_CUES] = (float)w[LOCAL_CUES + 1];
  cases_free(&cases);
}

static int float_compare(const void *left, const void *right) {
  const float a = *(const float *)left;
  const float b = *(const float *)right;
  return a < b ? -1 : a > b;
}

/* Below this scope the confidence is cut down. */
static float scope_floor_find(const struct local_trials *trials) {
  float *scopes = local_alloc(trials->count, sizeof *scopes);
  for (size_t i = 0; i < trials->count; i++) scopes[i] = trials->verdicts[i].scope;
  qsort(scopes, trials->count, sizeof *scopes, float_compare);
  const float at = scopes[(size_t)(STRANGE_SHARE * (double)trials->count)];
  free(scopes);
  return at;
}

/* Was the answer right? Texts of no class count as a small share of wrong answers. */
static void confidence_find(struct local_classifier *classifier, const struct local_trials *trials,
                            const struct local_trials *outside) {
  struct cases cases = cases_new(trials->count + outside->count);
  for (size_t i = 0; i < trials->count; i++)
    cases_add(&cases, &trials->verdicts[i], trials->verdicts[i].best == trials->labels[i], 1.0);
  size_t none = 0;
  for (size_t i = 0; i < outside->count; i++) none += outside->labels[i] == LOCAL_NO_CLASS;
  for (size_t i = 0; i < outside->count; i++)
    if (outside->labels[i] == LOCAL_NO_CLASS)
      cases_add(&cases, &outside->verdicts[i], false,
                OUTSIDE_SHARE * (double)trials->count / (double)none);
  double w[TERMS] = {1.0};
  cases_solve(&cases, w);
  for (uint32_t k = 0; k < TERMS; k++) classifier->confidence[k] = (float)w[k];
  cases_free(&cases);
}

static void trials_refresh(const struct local_classifier *classifier, struct local_trials *trials) {
  float *p = local_alloc(classifier->stride, sizeof *p);
  for (size_t i = 0; i < trials->count; i++) {
    local_probabilities(classifier, trials->scores + i * trials->stride, NULL, p,
                        &trials->verdicts[i]);
    local_verdict_judge(classifier, &trials->verdicts[i]);
  }
  free(p);
}

struct outcome {
  float confidence;
  bool right;
};

static int outcome_compare(const void *left, const void *right) {
  const float a = ((const struct outcome *)left)->confidence;
  const float b = ((const struct outcome *)right)->confidence;
  return a > b ? -1 : a < b;
}

/* Expected calibration error over ten parts of equal width. */
static float outcomes_ece(const struct outcome *outcomes, size_t n) {
  double sums[10] = {0};
  double rights[10] = {0};
  for (size_t i = 0; i < n; i++) {
    int part = (int)(outcomes[i].confidence * 10.0f);
    part = part > 9 ? 9 : part;
    sums[part] += (double)outcomes[i].confidence;
    rights[part] += outcomes[i].right;
  }
  double error = 0;
  for (int part = 0; part < 10; part++) error += fabs(sums[part] - rights[part]);
  return (float)(error / (double)n);
}

static void holdout_measure(struct local_classifier *classifier,
                            const struct local_trials *trials) {
  const size_t n = trials->count;
  struct outcome *outcomes = local_alloc(n, sizeof *outcomes);
  size_t right = 0;
  for (size_t i = 0; i < n; i++) {
    outcomes[i].confidence = trials->verdicts[i].confidence;
    outcomes[i].right = trials->verdicts[i].best == trials->labels[i];
    right += outcomes[i].right;
  }
  qsort(outcomes, n, sizeof *outcomes, outcome_compare);
  struct local_holdout *holdout = &classifier->holdout;
  *holdout = (struct local_holdout){.n = (uint32_t)n,
                                    .accuracy = (float)right / (float)n,
                                    .ece = outcomes_ece(outcomes, n),
                                    .accept_at_95 = 1.0f};
  size_t right_so_far = 0;
  for (size_t i = 0; i < n; i++) {
    right_so_far += outcomes[i].right;
    const bool last_of_ties = i + 1 == n || outcomes[i + 1].confidence < outcomes[i].confidence;
    if (last_of_ties && (double)right_so_far >= 0.95 * (double)(i + 1)) {
      holdout->accept_at_95 = outcomes[i].confidence;
      holdout->coverage_at_95 = (float)(i + 1) / (float)n;
    }
  }
  /* What is more likely wrong than right is not to be accepted, however easy the set was. */
  holdout->accept_at_95 = fmaxf(holdout->accept_at_95, 0.5f);
  free(outcomes);
}

void local_calibrate(struct local_classifier *classifier, struct local_trials *trials,
                     struct local_trials *outside) {
  if (trials->count == 0) return;
  classifier->holdout.n = (uint32_t)trials->count;
  classifier->temperature = temperature_find(trials, classifier->class_count);
  trials_refresh(classifier, trials);
  trials_refresh(classifier, outside);
  const bool scoped = classifier->class_count >= SCOPE_CLASSES_LEAST;
  const struct local_trials none = {0};
  if (!scoped) confidence_find(classifier, trials, &none);
  if (outside->count > 0) {
    scope_find(classifier, outside);
    trials_refresh(classifier, trials);
    trials_refresh(classifier, outside);
    classifier->scope_floor = scope_floor_find(trials);
  }
  if (scoped) confidence_find(classifier, trials, outside);
  trials_refresh(classifier, trials);
  holdout_measure(classifier, trials);
}
