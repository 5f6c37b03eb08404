#include "passage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "phrases.h"

#define STEM_BYTES 6u
#define TERMS_MAX  200u
/* A sentence is worth taking from this share of the best one's score on. */
#define WORTH_SHARE 0.3f

/* The question's words that say something, each once. */
struct terms {
  struct local_phrases phrases;
  uint32_t words[TERMS_MAX];
  float weights[TERMS_MAX];
  size_t count;
  float total;
};

static bool word_is_small(const char *word, size_t n) {
  static const char *const small =
      " the and for with that this are was were not you your our have has had can from any all "
      "about "
      "what how when where which but out get got just please hello dear thanks thank regards best "
      "will would could should there been them they she her his its who why did does don isn der "
      "die "
      "das und ist nicht ich sie wir mit von den dem des ein eine einen auf fur auch wie hallo "
      "danke "
      "bitte mein meine les des est une pour pas vous nous que qui dans sur bonjour merci mon mes "
      "los "
      "las que una por con para esta hola gracias del che non per sono come della het een van dat "
      "niet zijn voor ook naar bij hallo bedankt ";
  char padded[24];
  if (n < 3) return true;
  if (n + 3 > sizeof padded) return false;
  padded[0] = ' ';
  memcpy(padded + 1, word, n);
  memcpy(padded + 1 + n, " ", 2);
  return strstr(small, padded) != NULL;
}

static bool same_stem(const char *a, size_t n, const char *b, size_t m) {
  n = n > STEM_BYTES ? STEM_BYTES : n;
  m = m > STEM_BYTES ? STEM_BYTES : m;
  /* "refund" and "refunds", "cancel" and "cancelled" */
  const size_t least = n < m ? n : m;
  const size_t most = n < m ? m : n;
  return least >= 3 && (most == least || (least >= 4 && most - least <= 2)) &&
         memcmp(a, b, least) == 0;
}

static const char *word_at(const struct local_phrases *phrases, size_t at, size_t *ret_n) {
  *ret_n = phrases->starts[at + 1] - phrases->starts[at] - 1;
  return phrases->bytes + phrases->starts[at];
}

static bool phrases_hold(const struct local_phrases *in, const char *word, size_t n) {
  for (size_t i = 0; i < in->count; i++) {
    size_t m = 0;
    const char *other = word_at(in, i, &m);
    if (same_stem(word, n, other, m)) return true;
  }
  return false;
}

static void terms_take(struct terms *terms, const char *question, size_t n) {
  local_phrases_take(&terms->phrases, question, n);
  for (size_t at = 0; at < terms->phrases.count && terms->count < TERMS_MAX; at++) {
    size_t length = 0;
    const char *word = word_at(&terms->phrases, at, &length);
    if (word_is_small(word, length) || word[0] == '0') continue;
    bool repeated = false;
    for (size_t i = 0; i < terms->count && !repeated; i++) {
      size_t m = 0;
      const char *other = word_at(&terms->phrases, terms->words[i], &m);
      repeated = same_stem(word, length, other, m);
    }
    if (!repeated) terms->words[terms->count++] = (uint32_t)at;
  }
}

/* The name of masked data ("[KB_EMAIL_1]") is no word of a passage: who asks about e-mail is not
 * answered by every sentence with an address. */
static void spoken_take(struct local_phrases *phrases, const char *bytes, size_t n) {
  char *plain = local_alloc(n + 1, 1);
  memcpy(plain, bytes, n);
  for (char *at = plain; (at = strchr(at, '[')) != NULL; at++) {
    const size_t name = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (name > 0 && at[1 + name] == ']') memset(at, ' ', name + 2);
  }
  local_phrases_take(phrases, plain, n);
  free(plain);
}

static struct local_phrases passage_phrases(const cJSON *entry) {
  const char *title = local_json_text(entry, "title");
  const char *text = local_json_text(entry, "text");
  const size_t n = strlen(title);
  const size_t m = strlen(text);
  char *joined = local_alloc(n + m + 2, 1);
  memcpy(joined, title, n);
  joined[n] = '\n';
  memcpy(joined + n + 1, text, m);
  struct local_phrases phrases = {0};
  spoken_take(&phrases, joined, n + m + 1);
  free(joined);
  return phrases;
}

/* The rarer among the passages, the more a word tells; one that none holds counts a little, as it
 * may be a name. */
static void terms_weigh(struct terms *terms, const struct local_phrases *all, size_t count) {
  for (size_t i = 0; i < terms->count; i++) {
    size_t n = 0;
    const char *word = word_at(&terms->phrases, terms->words[i], &n);
    size_t holders = 0;
    for (size_t k = 0; k < count; k++) holders += phrases_hold(&all[k], word, n);
    terms->weights[i] = holders > 0 ? logf(1.0f + ((float)count + 1.0f) / (float)holders) : 0.5f;
    terms->total += terms->weights[i];
  }
}

static bool ends_sentence(const char *text, size_t at, size_t n) {
  if (text[at] == '\n') return true;
  if (text[at] != '.' && text[at] != '!' && text[at] != '?') return false;
  /* "e.g. 3.4.1", "1. Open it": a full stop ends a sentence only before a blank and not after one
   * letter */
  const bool blank_next = at + 1 >= n || text[at + 1] == ' ' || text[at + 1] == '\n';
  return blank_next &&
         !(text[at] == '.' && at >= 1 && (at == 1 || strchr(". \n", text[at - 2]) != NULL));
}

/* Where the words begin: behind blanks, marks of headings, quotes and lists, but not behind "**",
 * which has its other half further on. */
static size_t words_begin(const char *text, size_t start, size_t end) {
  for (; start < end; start++) {
    const bool list = strchr("*-+", text[start]) != NULL && start + 1 < end &&
                      (text[start + 1] == ' ' || text[start + 1] == '\t');
    if (!list && strchr(" \t\r\n#>", text[start]) == NULL) break;
  }
  return start;
}

static void sentences_split(struct local_passage *passage) {
  const char *text = local_json_text(passage->entry, "text");
  const size_t n = strlen(text);
  size_t start = 0;
  for (size_t at = 0; at <= n && passage->sentence_count < LOCAL_SENTENCES_MAX; at++) {
    if (at < n && !ends_sentence(text, at, n)) continue;
    size_t end = at < n && text[at] != '\n' ? at + 1 : at;
    start = words_begin(text, start, end);
    while (end > start && strchr(" \t\r\n", text[end - 1]) != NULL) end--;
    if (end > start + 1) {
      struct local_sentence *sentence = &passage->sentences[passage->sentence_count++];
      *sentence = (struct local_sentence){.bytes = text + start, .n = end - start, .words = 1};
      for (size_t i = start; i < end; i++) sentence->words += text[i] == ' ';
    }
    start = at + 1;
  }
}

static void sentences_score(struct local_passage *passage, const struct terms *terms) {
  for (size_t i = 0; i < passage->sentence_count; i++) {
    struct local_sentence *sentence = &passage->sentences[i];
    struct local_phrases phrases = {0};
    spoken_take(&phrases, sentence->bytes, sentence->n);
    float sum = 0;
    for (size_t k = 0; k < terms->count; k++) {
      size_t n = 0;
      const char *word = word_at(&terms->phrases, terms->words[k], &n);
      if (phrases_hold(&phrases, word, n)) sum += terms->weights[k];
    }
    sentence->score = sum / sqrtf(4.0f + (float)sentence->words);
    local_phrases_free(&phrases);
  }
}

static int passage_compare(const void *left, const void *right) {
  const float a = ((const struct local_passage *)left)->fit;
  const float b = ((const struct local_passage *)right)->fit;
  return a > b ? -1 : a < b;
}

static void passage_cover(struct local_passage *passage, const struct local_phrases *phrases,
                          const struct terms *terms) {
  float sum = 0;
  for (size_t k = 0; k < terms->count; k++) {
    size_t n = 0;
    const char *word = word_at(&terms->phrases, terms->words[k], &n);
    if (!phrases_hold(phrases, word, n)) continue;
    sum += terms->weights[k];
    passage->shared++;
  }
  passage->cover = terms->total > 0 ? sum / terms->total : 0.0f;
}

/* Words of the question that its title or heading has. */
static size_t passage_titled(const struct local_passage *passage, const struct terms *terms) {
  size_t titled = 0;
  struct local_phrases title = {0}, heading = {0};
  const char *texts[] = {local_json_text(passage->entry, "title"),
                         local_json_text(passage->entry, "heading")};
  spoken_take(&title, texts[0], strlen(texts[0]));
  spoken_take(&heading, texts[1], strlen(texts[1]));
  for (size_t k = 0; k < terms->count; k++) {
    size_t n = 0;
    const char *word = word_at(&terms->phrases, terms->words[k], &n);
    titled += phrases_hold(&title, word, n) || phrases_hold(&heading, word, n);
  }
  local_phrases_free(&title);
  local_phrases_free(&heading);
  return titled;
}

/* Passages are sections: "kb:returns#2" is of the article "kb:returns". */
static bool same_article(const cJSON *left, const cJSON *right) {
  const char *a = local_json_text(left, "id"), *b = local_json_text(right, "id");
  const size_t n = strcspn(a, "#");
  return n == strcspn(b, "#") && memcmp(a, b, n) == 0;
}

/* What speaks for the best one beside its cover. */
static void best_look(struct local_passages *ranked, const struct terms *terms) {
  const struct local_passage *best = &ranked->passages[0];
  size_t same = 0;
  for (size_t i = 0; i < ranked->count; i++)
    same += same_article(best->entry, ranked->passages[i].entry);
  ranked->same = (float)same / (float)ranked->count;
  ranked->shared = best->shared;
  ranked->titled = passage_titled(best, terms);
}

struct local_passages local_passages_rank(const char *question, size_t n, const cJSON *passages) {
  struct local_passages ranked = {0};
  const int size = cJSON_GetArraySize(passages);
  if (size <= 0) return ranked;
  ranked.count = (size_t)size > LOCAL_PASSAGES_MAX ? LOCAL_PASSAGES_MAX : (size_t)size;
  ranked.passages = local_alloc(ranked.count, sizeof *ranked.passages);
  struct local_phrases *all = local_alloc(ranked.count, sizeof *all);
  struct terms terms = {0};
  terms_take(&terms, question, n);
  double highest = 0;
  const cJSON *entry = passages->child;
  for (size_t i = 0; i < ranked.count; i++, entry = entry->next) {
    ranked.passages[i].entry = entry;
    all[i] = passage_phrases(entry);
    highest = fmax(highest, local_json_number(entry, "score", 0.0));
  }
  terms_weigh(&terms, all, ranked.count);
  for (size_t i = 0; i < ranked.count; i++) {
    struct local_passage *passage = &ranked.passages[i];
    passage_cover(passage, &all[i], &terms);
    const double score = fmax(0.0, local_json_number(passage->entry, "score", 0.0));
    passage->fit = passage->cover + (highest > 0 ? (float)(0.5 * score / highest) : 0.0f);
    sentences_split(passage);
    sentences_score(passage, &terms);
    local_phrases_free(&all[i]);
  }
  qsort(ranked.passages, ranked.count, sizeof *ranked.passages, passage_compare);
  best_look(&ranked, &terms);
  free(all);
  local_phrases_free(&terms.phrases);
  return ranked;
}

void local_passages_free(struct local_passages *passages) {
  free(passages->passages);
  *passages = (struct local_passages){0};
}

size_t local_passage_choose(struct local_passage *passage, size_t sentences_max, size_t words_max) {
  size_t words = 0;
  float best = 0;
  for (size_t round = 0; round < sentences_max; round++) {
    struct local_sentence *next = NULL;
    for (size_t i = 0; i < passage->sentence_count; i++) {
      struct local_sentence *sentence = &passage->sentences[i];
      if (!sentence->chosen && words + sentence->words <= words_max && sentence->score > 0 &&
          (next == NULL || sentence->score > next->score))
        next = sentence;
    }
    if (next == NULL || next->score < WORTH_SHARE * best) break;
    best = fmaxf(best, next->score);
    next->chosen = true;
    words += next->words;
  }
  return words;
}
