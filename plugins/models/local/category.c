#include "category.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"

/* Confidence without a trained model stays below these. */
#define DESCRIBED_MAX 0.5f
#define VOTED_MAX     0.6f
/* Only below this does the vote of similar tickets speak against the classifier. */
#define VOTE_BELOW  0.5f
#define STEM_BYTES  5u
#define ENTRIES_MAX 512u
/* Of a text, when it is compared with descriptions: bounds the time. */
#define WORDS_READ 400u

/* Two words are taken as forms of one when their first letters agree: refund, refunded. */
static size_t stem_length(size_t n) {
  return n > STEM_BYTES ? STEM_BYTES : n;
}

static bool words_akin(const struct local_phrases *a, size_t i, const struct local_phrases *b,
                       size_t k) {
  const size_t n = stem_length(a->starts[i + 1] - a->starts[i] - 1);
  const size_t m = stem_length(b->starts[k + 1] - b->starts[k] - 1);
  return n == m && n >= 3 && memcmp(a->bytes + a->starts[i], b->bytes + b->starts[k], n) == 0;
}

static bool phrases_have(const struct local_phrases *in, const struct local_phrases *word,
                         size_t at) {
  for (size_t i = 0; i < in->count && i < WORDS_READ; i++)
    if (words_akin(in, i, word, at)) return true;
  return false;
}

/* Words that say nothing about a topic. */
static bool word_is_empty(const struct local_phrases *phrases, size_t at) {
  static const char *const empty =
      " the and for with that this are was not you your our have has can from any all about what "
      "how when where which other questions question problems problem issues issue request "
      "requests "
      "customer customers und der die das mit fur von les des pour avec que los las para con "
      "una del per che alla het een van voor ";
  char padded[24];
  const size_t n = phrases->starts[at + 1] - phrases->starts[at] - 1;
  if (n < 3) return true;
  if (n + 3 > sizeof padded) return false;
  snprintf(padded, sizeof padded, " %.*s ", (int)n, phrases->bytes + phrases->starts[at]);
  return strstr(empty, padded) != NULL;
}

static struct local_phrases entry_phrases(const cJSON *entry) {
  const char *name = local_json_text(entry, "name");
  const char *description = local_json_text(entry, "description");
  const cJSON *signals = local_json_item(entry, "signals"), *one = NULL;
  size_t room = strlen(name) + strlen(description) + 2;
  cJSON_ArrayForEach(one, signals) room += cJSON_IsString(one) ? strlen(one->valuestring) + 1 : 0;
  char *joined = local_alloc(room, 1);
  size_t n = (size_t)snprintf(joined, room, "%s\n%s", name, description);
  cJSON_ArrayForEach(one, signals) {
    if (cJSON_IsString(one)) n += (size_t)snprintf(joined + n, room - n, "\n%s", one->valuestring);
  }
  struct local_phrases phrases = {0};
  local_phrases_take(&phrases, joined, n);
  free(joined);
  return phrases;
}

/* Sum over the entry's words that the text has, each worth the more the fewer entries have it. */
static float entry_score(const struct local_phrases *text, const struct local_phrases *all,
                         size_t count, size_t at) {
  float score = 0;
  for (size_t word = 0; word < all[at].count; word++) {
    if (word_is_empty(&all[at], word) || !phrases_have(text, &all[at], word)) continue;
    bool repeated = false;
    for (size_t before = 0; before < word && !repeated; before++)
      repeated = words_akin(&all[at], before, &all[at], word);
    if (repeated) continue;
    size_t holders = 0;
    for (size_t i = 0; i < count; i++) holders += phrases_have(&all[i], &all[at], word);
    score += logf(1.0f + (float)count / (float)holders);
  }
  return score / sqrtf(4.0f + (float)all[at].count);
}

struct local_choice local_category_described(const struct local_phrases *phrases,
                                             const cJSON *entries) {
  struct local_choice choice = {.name = ""};
  const int size = cJSON_GetArraySize(entries);
  const size_t count = size > (int)ENTRIES_MAX ? ENTRIES_MAX : (size_t)(size > 0 ? size : 0);
  if (count == 0) return choice;
  struct local_phrases *all = local_alloc(count, sizeof *all);
  const cJSON *entry = entries->child;
  for (size_t i = 0; i < count; i++, entry = entry->next) all[i] = entry_phrases(entry);
  float best = 0;
  float second = 0;
  entry = entries->child;
  for (size_t i = 0; i < count; i++, entry = entry->next) {
    const float score = entry_score(phrases, all, count, i);
    if (score > best) {
      second = best;
      best = score;
      choice.entry = entry;
      choice.name = local_json_text(entry, "name");
    } else if (score > second) {
      second = score;
    }
  }
  if (best > 0)
    choice.confidence = fminf(DESCRIBED_MAX,
                              0.15f + 0.35f * (best - second) / best * fminf(1.0f, best));
  for (size_t i = 0; i < count; i++) local_phrases_free(&all[i]);
  free(all);
  return choice;
}

static const cJSON *entry_named(const cJSON *entries, const char *name) {
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, entries) {
    if (strcasecmp(local_json_text(entry, "name"), name) == 0) return entry;
  }
  return NULL;
}

/* Where nothing speaks for any entry: the one for the rest, or the last. */
static struct local_choice choice_rest(const cJSON *entries) {
  static const char *const rest[] = {"other", "misc", "general", "sonst", "autre", "otro", "altro"};
  struct local_choice choice = {.name = "", .confidence = 0.05f};
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, entries) {
    const char *name = local_json_text(entry, "name");
    choice = (struct local_choice){.name = name, .entry = entry, .confidence = 0.05f};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
      if (strcasestr(name, rest[i]) != NULL) return choice;
  }
  return choice;
}

/* The category most of the similar tickets have; confidence is its share of their scores. */
static struct local_choice choice_voted(const cJSON *similar, const cJSON *entries) {
  struct local_choice choice = {.name = ""};
  double total = 0;
  double best = 0;
  const cJSON *one = NULL;
  cJSON_ArrayForEach(one, similar) {
    const char *name = local_json_text(one, "category");
    if (name[0] == '\0' || (cJSON_GetArraySize(entries) > 0 && entry_named(entries, name) == NULL))
      continue;
    total += fmax(0.0, local_json_number(one, "score", 0.0));
    double sum = 0;
    const cJSON *other = NULL;
    cJSON_ArrayForEach(other, similar) {
      if (strcasecmp(local_json_text(other, "category"), name) == 0)
        sum += fmax(0.0, local_json_number(other, "score", 0.0));
    }
    if (sum > best) {
      best = sum;
      choice.name = name;
    }
  }
  choice.entry = entry_named(entries, choice.name);
  choice.confidence = total > 0 ? (float)(best / total) : 0.0f;
  return choice;
}

/* The trained classifier's answer among the entries; name "" when it knows none of them. */
static struct local_choice choice_trained(const struct local_mind *mind, const char *text, size_t n,
                                          const cJSON *entries) {
  struct local_choice choice = {.name = ""};
  const struct local_classifier *classifier = local_model_find(mind->model, "category");
  if (classifier == NULL) return choice;
  const bool masked = cJSON_GetArraySize(entries) > 0;
  bool *allowed = local_alloc(classifier->class_count, sizeof *allowed);
  for (uint32_t i = 0; i < classifier->class_count; i++)
    allowed[i] = !masked || entry_named(entries, classifier->names[i]) != NULL;
  float *p = local_alloc(classifier->stride, sizeof *p);
  struct local_verdict verdict;
  local_text_read(mind->text, text, n, &classifier->recipe);
  if (local_classify(classifier, mind->text, mind->scratch, allowed, p, &verdict)) {
    choice.name = classifier->names[verdict.best];
    choice.entry = entry_named(entries, choice.name);
    choice.confidence = verdict.confidence;
    if (choice.entry != NULL) choice.name = local_json_text(choice.entry, "name");
  }
  free(p);
  free(allowed);
  return choice;
}

/* Whether the classifier was trained on every entry. */
static bool all_trained(const struct local_mind *mind, const cJSON *entries) {
  const struct local_classifier *classifier = local_model_find(mind->model, "category");
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, entries) {
    bool known = false;
    for (uint32_t i = 0; classifier != NULL && i < classifier->class_count && !known; i++)
      known = strcasecmp(classifier->names[i], local_json_text(entry, "name")) == 0;
    if (!known) return false;
  }
  return true;
}

struct local_choice local_category_choose(const struct local_mind *mind,
                                          const struct local_phrases *phrases, const char *text,
                                          size_t n, const cJSON *input) {
  const cJSON *entries = local_json_item(local_json_item(input, "taxonomy"), "categories");
  struct local_choice choice = choice_trained(mind, text, n, entries);
  struct local_choice voted = choice_voted(local_json_item(input, "similar"), entries);
  if (voted.name[0] == '\0') voted = choice_voted(local_json_item(input, "examples"), entries);
  if (choice.name[0] != '\0') {
    const bool knows_all = all_trained(mind, entries);
    if (choice.confidence < VOTE_BELOW && voted.confidence > 0.6f && !knows_all)
      choice = (struct local_choice){voted.name, voted.entry, VOTE_BELOW * voted.confidence};
    if (choice.confidence >= VOTE_BELOW || knows_all) return choice;
  }
  const struct local_choice described = local_category_described(phrases, entries);
  if (described.confidence > choice.confidence) choice = described;
  if (voted.confidence * VOTED_MAX > choice.confidence)
    choice = (struct local_choice){voted.name, voted.entry, voted.confidence * VOTED_MAX};
  return choice.name[0] != '\0' ? choice : choice_rest(entries);
}
