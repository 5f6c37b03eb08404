#include "language.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define GRAM_MAX 5u
/* Letters that are looked at: more change nothing and cost time. */
#define LETTERS_MAX 600u
/* Log probability ratio of a common word and of a special letter against the other languages. */
#define WORD_WEIGHT   2.2f
#define LETTER_WEIGHT 1.6f
/* How often a gram that a language's list lacks is taken to be, against the last one listed. */
#define LACK_FACTOR 0.35
/* Neighbouring grams say the same thing several times over. */
#define GRAM_TEMPER 0.30f

/* What a gram, word or letter says for each language, above what it says for the least. */
struct entry {
  uint64_t key; /* 0: free */
  float says[LOCAL_COUNTED];
};

struct local_language {
  struct entry *entries;
  size_t room, used;
  bool counted; /* the fingerprints were there */
};

/* What kind of thing a key stands for is its first step. */
enum key_kind { KEY_GRAM = 1, KEY_WORD = 2, KEY_LETTER = 3 };

static uint64_t key_step(uint64_t key, uint32_t c) {
  key = (key ^ c) * 0x9E3779B97F4A7C15ull;
  return key ^ key >> 29;
}

static uint64_t key_start(enum key_kind kind) {
  return key_step(0x243F6A8885A308D3ull, (uint32_t)kind);
}

static struct entry *entry_find(const struct local_language *language, uint64_t key) {
  size_t at = key & (language->room - 1);
  while (language->entries[at].key != 0 && language->entries[at].key != key)
    at = (at + 1) & (language->room - 1);
  return &language->entries[at];
}

static struct entry *entry_add(struct local_language *language, uint64_t key) {
  if (language->used * 2 >= language->room) {
    struct local_language bigger = *language;
    bigger.room *= 2;
    bigger.entries = local_alloc(bigger.room, sizeof *bigger.entries);
    for (size_t i = 0; i < language->room; i++)
      if (language->entries[i].key != 0)
        *entry_find(&bigger, language->entries[i].key) = language->entries[i];
    free(language->entries);
    *language = bigger;
  }
  struct entry *entry = entry_find(language, key);
  if (entry->key == 0) {
    entry->key = key;
    language->used++;
  }
  return entry;
}

/* Adds a blank-separated list of words, or single letters, for one language. */
static void list_add(struct local_language *language, uint32_t at, const char *list, bool letters) {
  uint64_t key = key_start(letters ? KEY_LETTER : KEY_WORD);
  const uint64_t start = key;
  const size_t n = strlen(list);
  size_t step = 0;
  for (size_t i = 0; i < n; i += step) {
    const uint32_t c = local_utf8_next(list + i, n - i, &step);
    if (c != ' ') key = key_step(key, c);
    if (key != start && (letters || c == ' ' || i + step >= n)) {
      entry_add(language, key)->says[at] = 1.0f;
      key = start;
    }
  }
}

/* The fewer languages share a word or letter, the more it says. */
static void lists_weigh(struct local_language *language) {
  for (size_t i = 0; i < language->room; i++) {
    struct entry *entry = &language->entries[i];
    float sharing = 0;
    for (uint32_t k = 0; k < LOCAL_COUNTED; k++) sharing += entry->says[k];
    for (uint32_t k = 0; k < LOCAL_COUNTED && entry->key != 0; k++)
      entry->says[k] *= 1.0f / sqrtf(sharing);
  }
}

/* One line of a fingerprint: gram ('_' for the word's edge), tabulator, count. A few files have the
 * grams in order but no counts: there the place stands for it, as Zipf would have it. */
static bool line_parse(const char *line, int place, uint64_t *ret_key, size_t *ret_length,
                       double *ret_count) {
  const size_t n = strcspn(line, "\t\r\n");
  *ret_count = line[n] == '\t' ? strtod(line + n, NULL) : 40000.0 / (place + 2);
  uint64_t key = key_start(KEY_GRAM);
  size_t length = 0;
  size_t step = 0;
  for (size_t i = 0; i < n; i += step, length++) {
    const uint32_t c = local_utf8_next(line + i, n - i, &step);
    key = key_step(key, c == '_' ? ' ' : local_char_lower(c));
  }
  *ret_key = key;
  *ret_length = length;
  return length > 0 && length <= GRAM_MAX && *ret_count >= 1;
}

/* Adds the shares of one language's grams. Returns the share of the rarest, 0 without a file. */
static double fingerprint_add(struct local_language *language, uint32_t at, const char *directory) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.lm", directory, local_language_codes[at]);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  double letters = 0;
  double least = INFINITY;
  char line[256];
  for (int pass = 0; pass < 2; pass++) {
    rewind(file);
    for (int lines = 0; lines < 2000 && fgets(line, sizeof line, file) != NULL; lines++) {
      uint64_t key = 0;
      size_t length = 0;
      double count = 0;
      if (!line_parse(line, lines, &key, &length, &count)) continue;
      if (pass == 1) {
        entry_add(language, key)->says[at] += (float)(count / letters);
        continue;
      }
      letters += length == 1 ? count : 0;
      least = fmin(least, count);
    }
  }
  fclose(file);
  return letters > 0 ? least / letters : 0;
}

/* Shares become logarithms above the share that stands for "not in the list", one for all: the
 * lists end at different depths, and the longest must not win by that. */
static void grams_level(struct local_language *language, double lack) {
  for (size_t i = 0; i < language->room; i++)
    for (uint32_t k = 0; k < LOCAL_COUNTED && language->entries[i].key != 0; k++) {
      float *says = &language->entries[i].says[k];
      *says = (double)*says > lack ? GRAM_TEMPER * (float)log((double)*says / lack) : 0.0f;
    }
}

struct local_language *local_language_open(const char *directory) {
  struct local_language *language = local_alloc(1, sizeof *language);
  language->room = 1024;
  language->entries = local_alloc(language->room, sizeof *language->entries);
  double lack = 0;
  language->counted = true;
  for (uint32_t at = 0; at < LOCAL_COUNTED; at++) {
    const double least = fingerprint_add(language, at, directory);
    language->counted = language->counted && least > 0;
    lack = fmax(lack, least);
  }
  if (!language->counted) { /* some without the others would be worse than none */
    memset(language->entries, 0, language->room * sizeof *language->entries);
    language->used = 0;
  } else {
    grams_level(language, LACK_FACTOR * lack);
  }
  struct local_language lists = {.room = 1024};
  lists.entries = local_alloc(lists.room, sizeof *lists.entries);
  for (uint32_t at = 0; at < LOCAL_COUNTED; at++) {
    list_add(&lists, at, local_language_words[at], false);
    list_add(&lists, at, local_language_letters[at], true);
  }
  lists_weigh(&lists);
  for (size_t i = 0; i < lists.room; i++)
    if (lists.entries[i].key != 0) *entry_add(language, lists.entries[i].key) = lists.entries[i];
  free(lists.entries);
  return language;
}

void local_language_free(struct local_language **language) {
  if (*language == NULL) return;
  free((*language)->entries);
  free(*language);
  *language = NULL;
}

enum script {
  SCRIPT_LATIN,
  SCRIPT_CYRILLIC,
  SCRIPT_ARABIC,
  SCRIPT_KANA,
  SCRIPT_HAN,
  SCRIPT_HANGUL,
  SCRIPT_OTHER,
  SCRIPT_COUNT
};

/* Scripts of one language each, outside the nineteen. */
static const struct {
  uint32_t first, last;
  const char *code;
} single_scripts[] = {{0x370, 0x3FF, "el"}, {0x590, 0x5FF, "he"},  {0x530, 0x58F, "hy"},
                      {0x900, 0x97F, "hi"}, {0x980, 0x9FF, "bn"},  {0xB80, 0xBFF, "ta"},
                      {0xE00, 0xE7F, "th"}, {0x10A0, 0x10FF, "ka"}};

static const struct {
  uint32_t first, last;
  enum script script;
} script_ranges[] = {{0, 0x24F, SCRIPT_LATIN},        {0x400, 0x52F, SCRIPT_CYRILLIC},
                     {0x620, 0x6FF, SCRIPT_ARABIC},   {0x750, 0x77F, SCRIPT_ARABIC},
                     {0x1100, 0x11FF, SCRIPT_HANGUL}, {0x1E00, 0x1EFF, SCRIPT_LATIN},
                     {0x3005, 0x3005, SCRIPT_HAN},    {0x3041, 0x30FF, SCRIPT_KANA},
                     {0x3400, 0x9FFF, SCRIPT_HAN},    {0xAC00, 0xD7A3, SCRIPT_HANGUL},
                     {0xFB50, 0xFEFC, SCRIPT_ARABIC}, {0xFF21, 0xFF5A, SCRIPT_LATIN},
                     {0xFF66, 0xFF9D, SCRIPT_KANA},   {0x20000, 0x2FFFF, SCRIPT_HAN}};

static enum script script_of(uint32_t c) {
  for (size_t i = 0; i < sizeof script_ranges / sizeof script_ranges[0]; i++)
    if (c >= script_ranges[i].first && c <= script_ranges[i].last) return script_ranges[i].script;
  return SCRIPT_OTHER;
}

/* The text as words of letters between single blanks, without addresses and code. */
struct letters {
  uint32_t chars[2 * LETTERS_MAX + 4];
  size_t count;
  size_t scripts[SCRIPT_COUNT];
  size_t total, signs, words;
  uint32_t other; /* a letter of SCRIPT_OTHER */
};

static bool is_code_sign(uint32_t c) {
  return c < 0x80 && c > 0x20 && strchr("{}[]<>=;_|\\/*&$#%^~`", (int)c) != NULL;
}

/* Whether a run between blanks is no words: an address, a path, a name with digits. Counts signs.
 */
static bool run_is_name(struct letters *letters, const char *bytes, size_t n) {
  const bool address = memchr(bytes, '@', n) != NULL || memchr(bytes, '_', n) != NULL ||
                       (n > 4 && memcmp(bytes, "http", 4) == 0) ||
                       (n > 4 && memcmp(bytes, "www.", 4) == 0);
  size_t step = 0;
  bool digits = false;
  bool dense = false; /* no blanks between words there: the run may be a whole sentence */
  for (size_t i = 0; i < n; i += step) {
    const uint32_t c = local_utf8_next(bytes + i, n - i, &step);
    letters->signs += is_code_sign(c);
    digits = digits || local_char_is_digit(c);
    dense = dense || local_char_is_dense(c);
  }
  return (address || digits) && !dense;
}

static void run_take(struct letters *letters, const char *bytes, size_t n) {
  const bool skip = run_is_name(letters, bytes, n);
  size_t step = 0;
  for (size_t i = 0; i < n && !skip && letters->total < LETTERS_MAX; i += step) {
    const uint32_t c = local_char_lower(local_utf8_next(bytes + i, n - i, &step));
    if (!local_char_is_letter(c)) {
      if (letters->chars[letters->count - 1] != ' ') letters->chars[letters->count++] = ' ';
      continue;
    }
    const enum script script = script_of(c);
    letters->words += letters->chars[letters->count - 1] == ' ';
    letters->chars[letters->count++] = c;
    letters->scripts[script]++;
    letters->other = script == SCRIPT_OTHER ? c : letters->other;
    letters->total++;
  }
  if (letters->chars[letters->count - 1] != ' ') letters->chars[letters->count++] = ' ';
}

static void letters_take(struct letters *letters, const char *bytes, size_t n) {
  letters->chars[letters->count++] = ' ';
  size_t at = 0;
  while (at < n && letters->total < LETTERS_MAX && letters->count < 2 * LETTERS_MAX) {
    size_t end = at;
    while (end < n && (unsigned char)bytes[end] > ' ') end++;
    if (end > at) run_take(letters, bytes + at, end - at);
    at = end + 1;
  }
}

static void entry_say(const struct local_language *language, uint64_t key, float weight,
                      float sums[LOCAL_COUNTED]) {
  const struct entry *entry = entry_find(language, key);
  for (uint32_t k = 0; k < LOCAL_COUNTED && entry->key != 0; k++)
    sums[k] += weight * entry->says[k];
}

/* The evidence of all words, letters and grams for each counted language. */
static void letters_weigh(const struct local_language *language, const struct letters *letters,
                          float sums[LOCAL_COUNTED]) {
  uint64_t word = key_start(KEY_WORD);
  for (size_t at = 1; at < letters->count; at++) {
    const uint32_t c = letters->chars[at];
    if (c == ' ') {
      entry_say(language, word, WORD_WEIGHT, sums);
      word = key_start(KEY_WORD);
    } else {
      word = key_step(word, c);
      if (c >= 0x80) entry_say(language, key_step(key_start(KEY_LETTER), c), LETTER_WEIGHT, sums);
    }
  }
  for (size_t at = 0; at < letters->count; at++) {
    uint64_t gram = key_start(KEY_GRAM);
    for (size_t n = 0; n < GRAM_MAX && at + n < letters->count; n++) {
      const uint32_t c = letters->chars[at + n];
      gram = key_step(gram, c);
      if (n > 0 || c != ' ') entry_say(language, gram, 1.0f, sums);
      if (c == ' ' && n > 0) break;
    }
  }
}

static struct local_language_answer answer(const char *code, double confidence) {
  struct local_language_answer made = {.confidence = (float)confidence};
  snprintf(made.code, sizeof made.code, "%s", code);
  return made;
}

static struct local_language_answer counted_find(const struct local_language *language,
                                                 const struct letters *letters, bool cyrillic) {
  float sums[LOCAL_COUNTED] = {0};
  letters_weigh(language, letters, sums);
  const uint32_t first = cyrillic ? LOCAL_COUNTED - 2 : 0;
  const uint32_t end = cyrillic ? LOCAL_COUNTED : LOCAL_COUNTED - 2;
  uint32_t best = first;
  for (uint32_t k = first; k < end; k++) best = sums[k] > sums[best] ? k : best;
  double total = 0;
  for (uint32_t k = first; k < end; k++) total += exp((double)(sums[k] - sums[best]));
  if (sums[best] <= 0.0f) return answer("und", 0.2);
  return answer(local_language_codes[best], fmin(1.0 / total, 0.995));
}

static struct local_language_answer single_find(uint32_t letter) {
  for (size_t i = 0; i < sizeof single_scripts / sizeof single_scripts[0]; i++)
    if (letter >= single_scripts[i].first && letter <= single_scripts[i].last)
      return answer(single_scripts[i].code, 0.95);
  return answer("und", 0.5);
}

/* Japanese is hardly ever without kana. */
static struct local_language_answer east_find(const size_t scripts[SCRIPT_COUNT]) {
  if (scripts[SCRIPT_KANA] > 0 && scripts[SCRIPT_KANA] * 12 >= scripts[SCRIPT_HAN])
    return answer("ja", 0.99);
  return answer("zh", scripts[SCRIPT_HAN] > 3 ? 0.97 : 0.8);
}

struct local_language_answer local_language_find(const struct local_language *language,
                                                 const char *bytes, size_t n) {
  struct letters letters = {.count = 0};
  letters_take(&letters, bytes, n);
  const size_t *scripts = letters.scripts;
  const size_t east = scripts[SCRIPT_KANA] + scripts[SCRIPT_HAN];
  const size_t hangul = scripts[SCRIPT_HANGUL];
  if (letters.total < 3 && east + hangul < 2) return answer("und", 0.9);
  if (letters.signs * 8 > letters.total + letters.signs && letters.words * 2 < letters.signs * 3)
    return answer("und", 0.7); /* code, a log, a table */
  /* A dense letter is worth two or three: names in Latin letters stand between them. */
  if ((east + hangul) * 3 >= scripts[SCRIPT_LATIN] && east + hangul > 0)
    return hangul > east ? answer("ko", 0.99) : east_find(scripts);
  if (scripts[SCRIPT_ARABIC] * 2 > letters.total) return answer("ar", 0.95);
  if (scripts[SCRIPT_OTHER] * 2 > letters.total) return single_find(letters.other);
  return counted_find(language, &letters, scripts[SCRIPT_CYRILLIC] > scripts[SCRIPT_LATIN]);
}
