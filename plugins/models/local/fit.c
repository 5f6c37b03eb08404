#include "fit.h"

#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Damps rare features; README.md, "Recipe". */
#define IDF_POWER 0.75
/* Up to here a class counts as known from a few texts: logistic regression does better. */
#define FEW_PER_CLASS 20u
/* With fewer classes none can be left out to learn what "none of them" looks like. */
#define OUTSIDE_CLASSES_LEAST 5u
/* Up to here it costs little to solve to the end: then the order of the texts does not matter. */
#define SOLVED_TEXTS 2000u
/* Where a model's weights and feature table should stay below, in bytes. */
#define MODEL_BYTES 6000000u

struct local_fit_options local_fit_rule(const char *key, size_t samples, size_t classes,
                                        uint32_t seed) {
  const size_t stride = (classes + LOCAL_LANES - 1) / LOCAL_LANES * LOCAL_LANES;
  const size_t per_class = classes > 0 ? samples / classes : 0;
  struct local_fit_options options = {.recipe = {2, 2, 4},
                                      .solver = MCSVM_CS,
                                      .c = per_class < 500 ? 1.0 : 0.3,
                                      .eps = samples > SOLVED_TEXTS ? 0.1 : 0.005,
                                      .word_share = 0.8f,
                                      .df_min_words = 1,
                                      .df_min_grams = 2,
                                      .parts = 5,
                                      .parts_used = samples > 5000 ? 1 : 5,
                                      .strangers = classes >= OUTSIDE_CLASSES_LEAST,
                                      .seed = seed};
  if (per_class <= FEW_PER_CLASS) {
    options.solver = L2R_LR_DUAL;
    options.c = 10.0;
    options.eps = 0.5;
    options.df_min_grams = 1;
  }
  if (strcmp(key, "language") == 0) {
    options.recipe = (struct local_recipe){0, 1, 5};
    options.solver = MCSVM_CS;
    options.c = 0.1;
    options.eps = 0.1;
    options.strangers = false;
  }
  const size_t most = MODEL_BYTES / (stride + stride / 8 + 8) / 2;
  options.features_max = (uint32_t)(most < 60000 ? most : 60000);
  if (options.recipe.word_max == 0) options.features_max *= 2;
  return options;
}

/* How many texts hold each hash. */
struct tally {
  uint32_t *hashes, *texts, *last; /* texts 0: free slot; last: number of the last text + 1 */
  size_t room, used;
};

static void tally_add(struct tally *tally, uint32_t hash, uint32_t text);

static void tally_grow(struct tally *tally) {
  struct tally bigger = {.room = tally->room > 0 ? tally->room * 2 : 1u << 16};
  bigger.hashes = local_alloc(bigger.room, sizeof *bigger.hashes);
  bigger.texts = local_alloc(bigger.room, sizeof *bigger.texts);
  bigger.last = local_alloc(bigger.room, sizeof *bigger.last);
  for (size_t i = 0; i < tally->room; i++) {
    if (tally->texts[i] == 0) continue;
    size_t at = tally->hashes[i] & (bigger.room - 1);
    while (bigger.texts[at] != 0) at = (at + 1) & (bigger.room - 1);
    bigger.hashes[at] = tally->hashes[i];
    bigger.texts[at] = tally->texts[i];
    bigger.last[at] = tally->last[i];
  }
  bigger.used = tally->used;
  free(tally->hashes);
  free(tally->texts);
  free(tally->last);
  *tally = bigger;
}

static void tally_free(struct tally *tally) {
  free(tally->hashes);
  free(tally->texts);
  free(tally->last);
  *tally = (struct tally){0};
}

static void tally_add(struct tally *tally, uint32_t hash, uint32_t text) {
  if (tally->used * 2 >= tally->room) tally_grow(tally);
  size_t at = hash & (tally->room - 1);
  while (tally->texts[at] != 0 && tally->hashes[at] != hash) at = (at + 1) & (tally->room - 1);
  if (tally->texts[at] == 0) {
    tally->hashes[at] = hash;
    tally->used++;
  } else if (tally->last[at] == text + 1) {
    return;
  }
  tally->texts[at]++;
  tally->last[at] = text + 1;
}

static int hash_compare(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left;
  const uint32_t b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

/* The least number of texts that leaves no more than `max` features. */
static uint32_t tally_cut(const struct tally *tally, uint32_t least, uint32_t max) {
  for (uint32_t cut = least;; cut++) {
    size_t left = 0;
    for (size_t i = 0; i < tally->room; i++) left += tally->texts[i] >= cut;
    if (left <= max) return cut;
  }
}

/* Chooses the features of a block. Their order is that of the hashes: the same for the same set. */
static void block_choose(struct local_block *block, const struct tally *tally, uint32_t least,
                         uint32_t max, size_t texts) {
  const uint32_t cut = tally_cut(tally, least > 0 ? least : 1, max);
  block->hashes = local_alloc(tally->used, sizeof *block->hashes);
  for (size_t i = 0; i < tally->room; i++)
    if (tally->texts[i] >= cut) block->hashes[block->count++] = tally->hashes[i];
  if (block->count > 1) qsort(block->hashes, block->count, sizeof *block->hashes, hash_compare);
  local_block_index(block);
  block->idf = local_alloc(block->count, sizeof *block->idf);
  for (size_t i = 0; i < tally->room; i++) {
    const uint32_t found = tally->texts[i] >= cut ? local_block_find(block, tally->hashes[i]) : 0;
    if (found != 0)
      block->idf[found - 1] = (float)pow(log((1.0 + (double)texts) / (1.0 + tally->texts[i])) + 1.0,
                                         IDF_POWER);
  }
}

/* The vectors of a training set in liblinear's form. */
struct vectors {
  struct feature_node *nodes;
  size_t used, room;
  size_t *starts;
  double *labels;
  size_t count;
};

static void owners_note(struct local_block *block, const uint32_t *hashes, size_t n,
                        uint32_t stride, uint32_t label) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t found = local_block_find(block, hashes[i]);
    if (found != 0)
      block->owners[(found - 1) * (size_t)(stride / 8) + label / 8] |= (uint8_t)(1u << label % 8);
  }
}

static void vectors_push(struct vectors *vectors, size_t index, double value) {
  if (vectors->used == vectors->room) {
    vectors->room = vectors->room > 0 ? vectors->room * 2 : 1u << 16;
    vectors->nodes = local_grow(vectors->nodes, vectors->room, sizeof *vectors->nodes);
  }
  vectors->nodes[vectors->used++] = (struct feature_node){(int)index, value};
}

static void vectors_block(struct vectors *vectors, const struct local_block *block,
                          const uint32_t *hashes, size_t n, size_t offset, float length,
                          struct local_scratch *scratch) {
  size_t touched = 0;
  if (scratch->counts == NULL || scratch->touched == NULL) return; /* the block knows no feature */
  for (size_t i = 0; i < n; i++) {
    const uint32_t found = local_block_find(block, hashes[i]);
    if (found != 0 && scratch->counts[found - 1]++ == 0) scratch->touched[touched++] = found - 1;
  }
  if (touched > 1) qsort(scratch->touched, touched, sizeof *scratch->touched, hash_compare);
  double square = 0;
  const size_t first = vectors->used;
  for (size_t i = 0; i < touched; i++) {
    const uint32_t at = scratch->touched[i];
    const double value = (1.0 + log(scratch->counts[at])) * (double)block->idf[at];
    square += value * value;
    vectors_push(vectors, offset + at + 1, value);
    scratch->counts[at] = 0;
  }
  for (size_t i = first; i < vectors->used; i++)
    vectors->nodes[i].value *= (double)length / sqrt(square);
}

static void vectors_fill(struct vectors *vectors, struct local_classifier *classifier,
                         const struct local_sample *samples, size_t n, float word_share) {
  const size_t words = classifier->words.count;
  const size_t features = words + classifier->grams.count;
  struct local_text text = {0};
  struct local_scratch scratch = {0};
  scratch.counts = local_alloc(features, sizeof *scratch.counts);
  vectors->starts = local_alloc(n, sizeof *vectors->starts);
  vectors->labels = local_alloc(n, sizeof *vectors->labels);
  vectors->count = n;
  const uint32_t stride = classifier->stride;
  classifier->words.owners = local_alloc(words * (stride / 8), 1);
  classifier->grams.owners = local_alloc(classifier->grams.count * (stride / 8), 1);
  for (size_t i = 0; i < n; i++) {
    local_text_read(&text, samples[i].text.p, samples[i].text.n, &classifier->recipe);
    const size_t most = text.word_count + text.gram_count;
    if (scratch.touched_room < most) {
      scratch.touched = local_grow(scratch.touched, most, sizeof *scratch.touched);
      scratch.touched_room = most;
    }
    vectors->starts[i] = vectors->used;
    vectors->labels[i] = samples[i].label;
    vectors_block(vectors, &classifier->words, text.word_hashes, text.word_count, 0, word_share,
                  &scratch);
    vectors_block(vectors, &classifier->grams, text.char_hashes, text.gram_count, words, 1.0f,
                  &scratch);
    owners_note(&classifier->words, text.word_hashes, text.word_count, stride, samples[i].label);
    owners_note(&classifier->grams, text.char_hashes, text.gram_count, stride, samples[i].label);
    vectors_push(vectors, features + 1, 1.0); /* the constant */
    vectors_push(vectors, 0, 0.0);
    vectors->nodes[vectors->used - 1].index = -1;
  }
  local_text_free(&text);
  local_scratch_free(&scratch);
}

/* liblinear's weight of a feature (from 0) for one of our classes, whatever order it chose. */
static double weight_of(const struct model *model, const int *place, uint32_t label, size_t at) {
  const int slot = place[label];
  if (slot < 0) return 0.0;
  if (model->nr_class == 2 && model->param.solver_type != MCSVM_CS)
    return slot == 0 ? model->w[at] : -model->w[at];
  return model->w[at * (size_t)model->nr_class + (size_t)slot];
}

static void block_quantise(struct local_block *block, uint32_t stride, const float *inverse,
                           uint32_t classes, const struct model *model, const int *place,
                           size_t offset, float length) {
  block->weights = local_alloc(block->count * stride, 1);
  for (size_t at = 0; at < block->count; at++)
    for (uint32_t label = 0; label < classes; label++) {
      const double weight = weight_of(model, place, label, offset + at) * (double)length;
      block->weights[at * stride + label] = (int8_t)lrint(weight * (double)inverse[label]);
    }
}

static void weights_take(struct local_classifier *classifier, const struct model *model,
                         float word_share) {
  const uint32_t classes = classifier->class_count;
  const size_t words = classifier->words.count;
  const size_t features = words + classifier->grams.count;
  int *place = local_alloc(classes, sizeof *place);
  float *inverse = local_alloc(classes, sizeof *inverse);
  memset(place, 0xFF, classes * sizeof *place);
  for (int i = 0; i < model->nr_class; i++) place[model->label[i]] = i;
  for (uint32_t label = 0; label < classes; label++) {
    double most = 1e-9;
    for (size_t at = 0; at < features; at++) {
      const double share = at < words ? (double)word_share : 1.0;
      most = fmax(most, fabs(weight_of(model, place, label, at)) * share);
    }
    classifier->scale[label] = (float)(most / 127.0);
    inverse[label] = (float)(127.0 / most);
    classifier->bias[label] = place[label] < 0 ? -10.0f
                                               : (float)weight_of(model, place, label, features);
  }
  block_quantise(&classifier->words, classifier->stride, inverse, classes, model, place, 0,
                 word_share);
  block_quantise(&classifier->grams, classifier->stride, inverse, classes, model, place, words,
                 1.0f);
  free(inverse);
  free(place);
}

static void quiet(const char *line) {
  (void)line;
}

static void solve(struct local_classifier *classifier, const struct vectors *vectors,
                  const struct local_fit_options *options) {
  const size_t features = classifier->words.count + classifier->grams.count;
  struct feature_node **rows = local_alloc(vectors->count, sizeof *rows);
  for (size_t i = 0; i < vectors->count; i++) rows[i] = vectors->nodes + vectors->starts[i];
  const struct problem problem = {.l = (int)vectors->count,
                                  .n = (int)features + 1,
                                  .y = vectors->labels,
                                  .x = rows,
                                  .bias = 1.0};
  const struct parameter parameter = {
      .solver_type = options->solver, .eps = options->eps, .C = options->c, .p = 0.1};
  set_print_string_function(quiet);
  srand(options->seed); /* the dual solvers walk the texts in an order drawn with rand() */
  struct model *model = train(&problem, &parameter);
  weights_take(classifier, model, options->word_share);
  free_and_destroy_model(&model);
  free(rows);
}

struct local_classifier *local_fit_plain(const struct local_sample *samples, size_t n,
                                         const char *const *names, size_t class_count,
                                         const struct local_fit_options *options) {
  struct local_classifier *classifier = local_alloc(1, sizeof *classifier);
  classifier->recipe = options->recipe;
  classifier->class_count = (uint32_t)class_count;
  classifier->stride = ((uint32_t)class_count + LOCAL_LANES - 1) / LOCAL_LANES * LOCAL_LANES;
  classifier->examples = (uint32_t)n;
  classifier->temperature = 1.0f;
  classifier->confidence[0] = 1.0f;
  classifier->scope_floor = -1e30f; /* none */
  classifier->names = local_alloc(class_count, sizeof *classifier->names);
  for (size_t i = 0; i < class_count; i++)
    classifier->names[i] = local_copy(names[i], strlen(names[i]));
  classifier->scale = local_alloc(classifier->stride, sizeof *classifier->scale);
  classifier->bias = local_alloc(classifier->stride, sizeof *classifier->bias);

  struct tally words = {0};
  struct tally grams = {0};
  tally_grow(&words);
  tally_grow(&grams);
  struct local_text text = {0};
  for (size_t i = 0; i < n; i++) {
    local_text_read(&text, samples[i].text.p, samples[i].text.n, &options->recipe);
    for (size_t k = 0; k < text.word_count; k++)
      tally_add(&words, text.word_hashes[k], (uint32_t)i);
    for (size_t k = 0; k < text.gram_count; k++)
      tally_add(&grams, text.char_hashes[k], (uint32_t)i);
  }
  local_text_free(&text);
  block_choose(&classifier->words, &words, options->df_min_words, options->features_max, n);
  block_choose(&classifier->grams, &grams, options->df_min_grams, options->features_max, n);
  tally_free(&words);
  tally_free(&grams);

  struct vectors vectors = {0};
  vectors_fill(&vectors, classifier, samples, n, options->word_share);
  solve(classifier, &vectors, options);
  free(vectors.nodes);
  free(vectors.starts);
  free(vectors.labels);
  if (options->steps != NULL) options->steps->done++;
  return classifier;
}
