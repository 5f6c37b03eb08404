#include "classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void local_scratch_free(struct local_scratch *scratch) {
  free(scratch->counts);
  free(scratch->touched);
  free(scratch->scores);
  *scratch = (struct local_scratch){0};
}

static void block_free(struct local_block *block) {
  free(block->hashes);
  free(block->idf);
  free(block->weights);
  free(block->owners);
  free(block->slots);
}

void local_classifier_free(struct local_classifier **classifier) {
  struct local_classifier *old = *classifier;
  if (old == NULL) return;
  *classifier = NULL;
  for (uint32_t i = 0; old->names != NULL && i < old->class_count; i++) free(old->names[i]);
  free(old->names);
  free(old->key);
  block_free(&old->words);
  block_free(&old->grams);
  free(old->scale);
  free(old->bias);
  free(old);
}

void local_block_index(struct local_block *block) {
  size_t size = 64;
  while (size < block->count * 2) size *= 2;
  free(block->slots);
  block->slots = local_alloc(size, sizeof *block->slots);
  block->slot_mask = (uint32_t)(size - 1);
  for (uint32_t i = 0; i < block->count; i++) {
    uint32_t at = block->hashes[i] & block->slot_mask;
    while (block->slots[at] != 0) at = (at + 1) & block->slot_mask;
    block->slots[at] = i + 1;
  }
}

uint32_t local_block_find(const struct local_block *block, uint32_t hash) {
  uint32_t at = hash & block->slot_mask;
  while (block->slots[at] != 0 && block->hashes[block->slots[at] - 1] != hash)
    at = (at + 1) & block->slot_mask;
  return block->slots[at];
}

static void scratch_fit(struct local_scratch *scratch, size_t features, size_t hashes,
                        size_t stride) {
  if (scratch->count_room < features) {
    free(scratch->counts);
    scratch->counts = local_alloc(features, sizeof *scratch->counts);
    scratch->count_room = features;
  }
  if (scratch->touched_room < hashes) {
    scratch->touched = local_grow(scratch->touched, hashes, sizeof *scratch->touched);
    scratch->touched_room = hashes;
  }
  if (scratch->score_room < stride) {
    scratch->scores = local_grow(scratch->scores, stride, sizeof *scratch->scores);
    scratch->score_room = stride;
  }
}

static void row_add(float *restrict scores, const int8_t *restrict row, float value,
                    uint32_t stride) {
  for (uint32_t lane = 0; lane < stride; lane += LOCAL_LANES)
    for (uint32_t i = 0; i < LOCAL_LANES; i++) scores[lane + i] += value * (float)row[lane + i];
}

/* A text's features of one block. */
struct found {
  uint32_t *features;
  size_t count, unknown;
};

/* Adds one block's features to the scores. */
static void block_score(const struct local_block *block, const uint32_t *hashes, size_t n,
                        uint32_t stride, struct local_scratch *scratch, struct found *found) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t at = local_block_find(block, hashes[i]);
    if (at == 0)
      found->unknown++;
    else if (scratch->counts[at - 1]++ == 0)
      found->features[found->count++] = at - 1;
  }
  double square = 0;
  for (size_t i = 0; i < found->count; i++) {
    const uint32_t at = found->features[i];
    const float tf = scratch->counts[at] == 1 ? 1.0f : 1.0f + logf(scratch->counts[at]);
    const float value = tf * block->idf[at];
    square += (double)(value * value);
  }
  const float shrink = square > 0 ? (float)(1.0 / sqrt(square)) : 0.0f;
  for (size_t i = 0; i < found->count; i++) {
    const uint32_t at = found->features[i];
    const float tf = scratch->counts[at] == 1 ? 1.0f : 1.0f + logf(scratch->counts[at]);
    row_add(scratch->scores, block->weights + (size_t)at * stride, tf * block->idf[at] * shrink,
            stride);
    scratch->counts[at] = 0;
  }
}

/* Shares of the text's features that are known at all, and from texts of class `best`. */
static void block_cues(const struct local_block *block, const struct found *found, uint32_t stride,
                       uint32_t best, float *ret_known, float *ret_own) {
  size_t own = 0;
  for (size_t i = 0; i < found->count; i++) {
    const uint8_t *owners = block->owners + (size_t)found->features[i] * (stride / 8);
    own += ((uint32_t)owners[best / 8] >> (best % 8)) & 1u;
  }
  const size_t all = found->count + found->unknown;
  *ret_known = all > 0 ? (float)found->count / (float)all : 0.0f;
  *ret_own = all > 0 ? (float)own / (float)all : 0.0f;
}

static bool mask_allows(const bool *allowed, uint32_t at) {
  return allowed == NULL || allowed[at];
}

bool local_probabilities(const struct local_classifier *classifier, const float *scores,
                         const bool *allowed, float *ret_p, struct local_verdict *ret) {
  float top = -INFINITY;
  float second = -INFINITY;
  for (uint32_t i = 0; i < classifier->class_count; i++) {
    if (!mask_allows(allowed, i)) continue;
    if (scores[i] > top) {
      second = top;
      top = scores[i];
      ret->best = i;
    } else if (scores[i] > second) {
      second = scores[i];
    }
  }
  if (isinf(top)) return false;
  float sum = 0;
  for (uint32_t i = 0; i < classifier->class_count; i++) {
    ret_p[i] = mask_allows(allowed, i) ? expf((scores[i] - top) / classifier->temperature) : 0.0f;
    sum += ret_p[i];
  }
  for (uint32_t i = 0; i < classifier->class_count; i++) ret_p[i] /= sum;
  const float p = fminf(fmaxf(ret_p[ret->best], 1e-6f), 1.0f - 1e-6f);
  ret->cues[LOCAL_CUE_LOGIT] = logf(p / (1.0f - p));
  ret->cues[LOCAL_CUE_TOP] = top;
  ret->cues[LOCAL_CUE_LEAD] = isinf(second) ? 2.0f : top - second;
  return true;
}

void local_verdict_judge(const struct local_classifier *classifier, struct local_verdict *ret) {
  const float *confidence = classifier->confidence;
  ret->scope = classifier->scope[LOCAL_CUES];
  float sum = confidence[LOCAL_CUES + 1];
  for (uint32_t i = 0; i < LOCAL_CUES; i++) {
    ret->scope += classifier->scope[i] * ret->cues[i];
    sum += confidence[i] * ret->cues[i];
  }
  sum += confidence[LOCAL_CUES] * ret->scope;
  ret->confidence = 1.0f / (1.0f + expf(-sum));
  if (ret->scope < classifier->scope_floor)
    ret->confidence *= expf(ret->scope - classifier->scope_floor);
  /* Nobody is surer than his trials allow: without a single error among n of them the rate of
   * errors may still be about 1.5 / n. */
  ret->confidence = fminf(ret->confidence, 1.0f - 1.5f / (float)(classifier->holdout.n + 3));
}

bool local_classify(const struct local_classifier *classifier, const struct local_text *text,
                    struct local_scratch *scratch, const bool *allowed, float *ret_p,
                    struct local_verdict *ret) {
  const struct local_block *words = &classifier->words;
  const struct local_block *grams = &classifier->grams;
  const uint32_t stride = classifier->stride;
  scratch_fit(scratch, words->count > grams->count ? words->count : grams->count,
              text->word_count + text->gram_count, stride);
  memset(scratch->scores, 0, stride * sizeof *scratch->scores);
  struct found in_words = {.features = scratch->touched};
  struct found in_grams = {.features = scratch->touched + text->word_count};
  block_score(words, text->word_hashes, text->word_count, stride, scratch, &in_words);
  block_score(grams, text->char_hashes, text->gram_count, stride, scratch, &in_grams);
  for (uint32_t i = 0; i < stride; i++)
    scratch->scores[i] = scratch->scores[i] * classifier->scale[i] + classifier->bias[i];
  *ret = (struct local_verdict){0};
  if (!local_probabilities(classifier, scratch->scores, allowed, ret_p, ret)) return false;
  float *cues = ret->cues;
  block_cues(words, &in_words, stride, ret->best, &cues[LOCAL_CUE_WORDS],
             &cues[LOCAL_CUE_OWN_WORDS]);
  block_cues(grams, &in_grams, stride, ret->best, &cues[LOCAL_CUE_GRAMS],
             &cues[LOCAL_CUE_OWN_GRAMS]);
  cues[LOCAL_CUE_TOP_WORDS] = cues[LOCAL_CUE_TOP] * cues[LOCAL_CUE_WORDS];
  local_verdict_judge(classifier, ret);
  return true;
}
