#include "phrases.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "text.h"

/* How many words a '~' may stand for. */
#define GAP_MAX 5u

/* Base letters of U+00E0 to U+017F, '?' where there is none to fall back to. */
static const char base_letters[] =
    "aaaaaaaceeeeiiiidnooooo?ouuuuyty"                                  /* 00E0 */
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"  /* 0100 */
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"; /* 0140 */

static size_t char_put(char *to, uint32_t c) {
  if (c < 0x80) {
    to[0] = (char)c;
    return 1;
  }
  if (c == 0xDF) {
    memcpy(to, "ss", 2);
    return 2;
  }
  if (c >= 0xE0 && c <= 0x17F) {
    to[0] = base_letters[c - (c >= 0x100 ? 0x100 - 32 : 0xE0)];
    return 1;
  }
  if (c < 0x800) {
    to[0] = (char)(0xC0 | c >> 6);
    to[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    to[0] = (char)(0xE0 | c >> 12);
    to[1] = (char)(0x80 | (c >> 6 & 0x3F));
    to[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  to[0] = (char)(0xF0 | c >> 18);
  to[1] = (char)(0x80 | (c >> 12 & 0x3F));
  to[2] = (char)(0x80 | (c >> 6 & 0x3F));
  to[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

/* Appends one character as a phrase sees it: letter, '0' or one blank. Returns the bytes added. */
static size_t char_fold(char *to, size_t used, uint32_t c, bool keep_stars) {
  if (local_char_is_digit(c)) return char_put(to + used, '0');
  if (local_char_is_letter(c) || (keep_stars && (c == '*' || c == '~')))
    return char_put(to + used, c);
  return used > 0 && to[used - 1] != ' ' ? char_put(to + used, ' ') : 0;
}

/* Folds bytes into `to` (room for n + 2). Returns the length; it ends with a blank if not empty.
 * Each character folds to no more bytes than it had. */
static size_t fold(char *to, const char *bytes, size_t n, bool keep_stars) {
  size_t used = 0;
  size_t step = 0;
  bool line_start = true;
  for (size_t at = 0; at < n; at += step) {
    const uint32_t c = local_char_lower(local_utf8_next(bytes + at, n - at, &step));
    if (line_start && c == '>' && !keep_stars) {
      const char *end = memchr(bytes + at, '\n', n - at);
      step = end == NULL ? n - at : (size_t)(end - (bytes + at));
      continue;
    }
    line_start = c == '\n' || (line_start && (c == ' ' || c == '\t'));
    used += char_fold(to, used, c, keep_stars);
  }
  if (used > 0 && to[used - 1] != ' ') to[used++] = ' ';
  return used;
}

void local_phrases_take(struct local_phrases *phrases, const char *bytes, size_t n) {
  *phrases = (struct local_phrases){.bytes = local_alloc(n + 2, 1)};
  const size_t used = fold(phrases->bytes, bytes, n, false);
  phrases->starts = local_alloc(LOCAL_PHRASE_WORDS_MAX + 1, sizeof *phrases->starts);
  for (size_t at = 0; at < used && phrases->count < LOCAL_PHRASE_WORDS_MAX; at++) {
    phrases->starts[phrases->count++] = (uint32_t)at;
    while (phrases->bytes[at] != ' ') at++;
    phrases->starts[phrases->count] = (uint32_t)at + 1;
  }
  phrases->next = local_alloc(phrases->count + 1, sizeof *phrases->next);
  for (size_t word = phrases->count; word-- > 0;) {
    uint16_t *head = &phrases->first[(unsigned char)phrases->bytes[phrases->starts[word]]];
    phrases->next[word] = *head;
    *head = (uint16_t)(word + 1);
  }
}

void local_phrases_free(struct local_phrases *phrases) {
  free(phrases->bytes);
  free(phrases->starts);
  free(phrases->next);
  *phrases = (struct local_phrases){0};
}

static size_t word_length(const char *pattern) {
  return strcspn(pattern, " |");
}

static bool word_matches(const struct local_phrases *phrases, size_t at, const char *word,
                         size_t length) {
  const char *mine = phrases->bytes + phrases->starts[at];
  const size_t n = phrases->starts[at + 1] - phrases->starts[at] - 1;
  if (length > 0 && word[length - 1] == '*')
    return n + 1 >= length && memcmp(mine, word, length - 1) == 0;
  return n == length && memcmp(mine, word, n) == 0;
}

/* Whether the pattern matches from word `at` on; gaps are tried from short to long. */
static bool pattern_matches(const struct local_phrases *phrases, size_t at, const char *pattern) {
  while (true) {
    while (*pattern == ' ') pattern++;
    if (*pattern == '\0' || *pattern == '|') return true;
    const size_t length = word_length(pattern);
    if (length == 1 && *pattern == '~') {
      const char *rest = pattern + 1 + strspn(pattern + 1, " ~");
      for (size_t gap = 0; gap <= GAP_MAX && at + gap <= phrases->count; gap++)
        if (pattern_matches(phrases, at + gap, rest)) return true;
      return false;
    }
    if (at >= phrases->count || !word_matches(phrases, at, pattern, length)) return false;
    at++;
    pattern += length;
  }
}

int64_t local_phrases_find(const struct local_phrases *phrases, const char *patterns,
                           const char **ret_pattern) {
  for (const char *pattern = patterns; pattern != NULL && *pattern != '\0';) {
    uint16_t at = phrases->first[(unsigned char)*pattern];
    for (; at != 0; at = phrases->next[at - 1]) {
      if (!pattern_matches(phrases, at - 1u, pattern)) continue;
      if (ret_pattern != NULL) *ret_pattern = pattern;
      return (int64_t)at - 1;
    }
    pattern = strchr(pattern, '|');
    pattern = pattern == NULL ? NULL : pattern + 1;
  }
  return -1;
}

size_t local_phrases_count(const struct local_phrases *phrases, const char *patterns) {
  size_t count = 0;
  while (patterns != NULL && *patterns != '\0') {
    const char *found = NULL;
    if (local_phrases_find(phrases, patterns, &found) < 0) return count;
    count++;
    patterns = strchr(found, '|');
    patterns = patterns == NULL ? NULL : patterns + 1;
  }
  return count;
}

bool local_phrases_denied(const struct local_phrases *phrases, size_t word) {
  static const char *const denials =
      "no|not|never|without|isn|wasn|kein|keine|keinen|keinerlei|nicht|ohne|pas|sans|aucun|aucune|"
      "sin|"
      "nunca|non|senza|nessun|nessuna|geen|niet|zonder|nao|sem|nie|bez";
  for (size_t back = 1; back <= 2 && back <= word; back++) {
    const size_t at = word - back;
    for (const char *denial = denials; denial != NULL;) {
      if (word_matches(phrases, at, denial, word_length(denial))) return true;
      denial = strchr(denial, '|');
      denial = denial == NULL ? NULL : denial + 1;
    }
  }
  return false;
}

bool local_phrases_pattern(char *to, size_t n, const char *phrase) {
  const size_t length = strlen(phrase);
  if (length == 0 || length + 2 > n) return false;
  size_t used = fold(to, phrase, length, true);
  while (used > 0 && to[used - 1] == ' ') used--;
  to[used] = '\0';
  return used > 0 && to[0] != '~' && to[0] != '*';
}
