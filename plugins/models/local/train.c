#include "train.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "fit.h"

#define EXAMPLES_MAX   2000000u
#define TEXT_BYTES_MAX (1u << 20)

static const char *const label_keys[LOCAL_LABELS_MAX] = {"category", "priority", "sentiment",
                                                         "language"};

struct local_train *local_train_new(const struct trg_example *examples, size_t count,
                                    struct trg_str path, uint32_t seed) {
  struct local_train *train = local_alloc(1, sizeof *train);
  train->examples = examples;
  train->count = count;
  train->path = local_copy(path.p, path.n);
  train->seed = seed;
  return train;
}

void local_train_free(struct local_train *train) {
  if (train == NULL) return;
  local_model_free(&train->model);
  cJSON_free(train->report);
  free(train->path);
  free(train);
}

static int train_fail(struct local_train *train, const char *text) {
  train->err = (struct trg_err){.code = "train"};
  snprintf(train->err.text, sizeof train->err.text, "%s", text);
  return -1;
}

/* The examples that carry one kind of label, and the labels in alphabetical order. */
struct labelled {
  struct local_sample *samples;
  size_t n;
  char **names;
  size_t name_count;
};

static void labelled_free(struct labelled *labelled) {
  for (size_t i = 0; i < labelled->name_count; i++) free(labelled->names[i]);
  free(labelled->names);
  free(labelled->samples);
  *labelled = (struct labelled){0};
}

static int name_compare(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *const *name_find(const struct labelled *labelled, const char *name) {
  return labelled->name_count == 0 ? NULL
                                   : bsearch(&name, labelled->names, labelled->name_count,
                                             sizeof *labelled->names, name_compare);
}

/* Puts a name in its alphabetical place: the numbers of labels must not depend on the order of
 * the examples. */
static int name_add(struct local_train *train, struct labelled *labelled, const char *name) {
  if (name_find(labelled, name) != NULL) return 0;
  if (strlen(name) > LOCAL_NAME_MAX) return train_fail(train, "a label is longer than 200 bytes");
  if (labelled->name_count == LOCAL_CLASSES_MAX)
    return train_fail(train, "there are more than 512 different labels of one kind");
  labelled->names = local_grow(labelled->names, labelled->name_count + 1, sizeof *labelled->names);
  labelled->names[labelled->name_count++] = local_copy(name, strlen(name));
  qsort(labelled->names, labelled->name_count, sizeof *labelled->names, name_compare);
  return 0;
}

static const char *label_of(const cJSON *labels, const char *key) {
  const cJSON *label = cJSON_GetObjectItemCaseSensitive(labels, key);
  return cJSON_IsString(label) && label->valuestring[0] != '\0' ? label->valuestring : NULL;
}

static int labelled_take(struct local_train *train, cJSON *const *labels, const char *key,
                         struct labelled *labelled) {
  for (size_t i = 0; i < train->count; i++) {
    const char *name = label_of(labels[i], key);
    if (name != NULL && name_add(train, labelled, name) != 0) return -1;
  }
  labelled->samples = local_alloc(train->count, sizeof *labelled->samples);
  for (size_t i = 0; i < train->count; i++) {
    const char *name = label_of(labels[i], key);
    if (name == NULL) continue;
    const uint32_t label = (uint32_t)(name_find(labelled, name) - labelled->names);
    labelled->samples[labelled->n++] = (struct local_sample){train->examples[i].text, label};
  }
  return 0;
}

static double share(float value) {
  return round((double)value * 10000.0) / 10000.0;
}

static void label_report(cJSON *labels, const struct local_classifier *classifier) {
  const struct local_holdout *holdout = &classifier->holdout;
  cJSON *report = cJSON_AddObjectToObject(labels, classifier->key);
  cJSON_AddNumberToObject(report, "n", classifier->examples);
  cJSON_AddNumberToObject(report, "classes", classifier->class_count);
  cJSON_AddNumberToObject(report, "holdout_n", holdout->n);
  if (holdout->n == 0) return;
  cJSON_AddNumberToObject(report, "holdout_accuracy", share(holdout->accuracy));
  cJSON_AddNumberToObject(report, "ece", share(holdout->ece));
  cJSON_AddNumberToObject(report, "accept_at_95", share(holdout->accept_at_95));
  cJSON_AddNumberToObject(report, "coverage_at_95", share(holdout->coverage_at_95));
}

/* Trains the classifier of one kind of label, when there are two labels or more. */
static int key_train(struct local_train *train, cJSON *const *labels, const char *key,
                     bool *ret_single) {
  struct labelled labelled = {0};
  int result = labelled_take(train, labels, key, &labelled);
  *ret_single = labelled.name_count == 1;
  if (result == 0 && labelled.name_count >= 2) {
    struct local_fit_options options = local_fit_rule(key, labelled.n, labelled.name_count,
                                                      train->seed);
    options.steps = &train->steps;
    struct local_classifier *classifier = local_fit(labelled.samples, labelled.n,
                                                    (const char *const *)labelled.names,
                                                    labelled.name_count, &options);
    classifier->key = local_copy(key, strlen(key));
    train->model.classifiers[train->model.count++] = classifier;
  }
  labelled_free(&labelled);
  return result;
}

static int examples_check(struct local_train *train) {
  char text[160];
  if (train->count == 0) return train_fail(train, "there are no examples to train on");
  if (train->count > EXAMPLES_MAX)
    return train_fail(train, "there are more than two million examples");
  for (size_t i = 0; i < train->count; i++) {
    const struct trg_str *example = &train->examples[i].text;
    const struct trg_str *labels = &train->examples[i].labels;
    const char *what = NULL;
    if (example->n > TEXT_BYTES_MAX)
      what = "is longer than 1 MiB";
    else if (!local_utf8_valid(example->p, example->n) || !local_utf8_valid(labels->p, labels->n))
      what = "is not UTF-8";
    if (what == NULL) continue;
    snprintf(text, sizeof text, "example %zu %s; mend or remove it and train again", i + 1, what);
    return train_fail(train, text);
  }
  return 0;
}

static int labels_parse(struct local_train *train, cJSON **labels) {
  for (size_t i = 0; i < train->count; i++) {
    labels[i] = cJSON_ParseWithLength(train->examples[i].labels.p, train->examples[i].labels.n);
    if (cJSON_IsObject(labels[i])) continue;
    char text[120];
    snprintf(text, sizeof text, "the labels of example %zu are not a JSON object", i + 1);
    return train_fail(train, text);
  }
  return 0;
}

/* Steps of all kinds of labels together, so that what is left is known from the start. */
static int steps_count(struct local_train *train, cJSON *const *labels) {
  int64_t total = 0;
  for (size_t i = 0; i < LOCAL_LABELS_MAX; i++) {
    struct labelled labelled = {0};
    const int result = labelled_take(train, labels, label_keys[i], &labelled);
    const struct local_fit_options options = local_fit_rule(label_keys[i], labelled.n,
                                                            labelled.name_count, train->seed);
    if (labelled.name_count >= 2) total += local_fit_steps(labelled.n, &options);
    labelled_free(&labelled);
    if (result != 0) return -1;
  }
  train->steps.total = total;
  return 0;
}

static int keys_train(struct local_train *train, cJSON *const *labels) {
  const char *single = NULL;
  if (steps_count(train, labels) != 0) return -1;
  for (size_t i = 0; i < LOCAL_LABELS_MAX; i++) {
    bool is_single = false;
    if (key_train(train, labels, label_keys[i], &is_single) != 0) return -1;
    if (is_single && single == NULL) single = label_keys[i];
  }
  if (train->model.count > 0) return 0;
  if (single == NULL)
    return train_fail(train, "no example has a label: category, priority, sentiment or language");
  char text[160];
  snprintf(text, sizeof text,
           "every example has the same %s: a model needs at least two different ones", single);
  return train_fail(train, text);
}

static void report_make(struct local_train *train, double seconds, size_t bytes) {
  cJSON *report = cJSON_CreateObject();
  cJSON_AddNumberToObject(report, "examples", (double)train->count);
  cJSON *labels = cJSON_AddObjectToObject(report, "labels");
  for (size_t i = 0; i < train->model.count; i++) label_report(labels, train->model.classifiers[i]);
  cJSON_AddNumberToObject(report, "seconds", round(seconds * 1000.0) / 1000.0);
  cJSON_AddNumberToObject(report, "bytes", (double)bytes);
  train->report = cJSON_PrintUnformatted(report);
  cJSON_Delete(report);
}

void local_train_run(struct local_train *train) {
  struct timespec start;
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (examples_check(train) != 0) return;
  cJSON **labels = local_alloc(train->count, sizeof *labels);
  const int trained = labels_parse(train, labels) == 0 ? keys_train(train, labels) : -1;
  for (size_t i = 0; i < train->count; i++) cJSON_Delete(labels[i]);
  free(labels);
  if (trained != 0) return;
  char *bytes = NULL;
  size_t n = 0;
  local_model_write(&train->model, &bytes, &n);
  const int saved = local_model_save(train->path, bytes, n, &train->err);
  free(bytes);
  if (saved != 0) return;
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double seconds = (double)(end.tv_sec - start.tv_sec) +
                         (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  report_make(train, seconds, n);
}
