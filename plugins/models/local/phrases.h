/* A text as a row of plain words, and patterns to look for in it. */
#ifndef TRIAGED_LOCAL_PHRASES_H
#define TRIAGED_LOCAL_PHRASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCAL_PHRASE_WORDS_MAX 2000u

/* Words of letters and digits, lower case, Latin accents dropped, every digit a '0', each ended by
 * a blank. Lines quoted with '>' are left out. Free with local_phrases_free. */
struct local_phrases {
  char *bytes;
  uint32_t *starts;    /* of each word; starts[count] is the end */
  uint16_t *next;      /* of each word: the next one with the same first byte, + 1 */
  uint16_t first[256]; /* of each first byte: its first word, + 1 */
  size_t count;
};

void local_phrases_take(struct local_phrases *phrases, const char *bytes, size_t n);
void local_phrases_free(struct local_phrases *phrases);

/* The number of the first word where one pattern begins, or -1. See lexicon.h for patterns.
 * `ret_pattern` (may be NULL) gets where in `patterns` it stands. */
int64_t local_phrases_find(const struct local_phrases *phrases, const char *patterns,
                           const char **ret_pattern);
/* How many of the patterns occur. */
size_t local_phrases_count(const struct local_phrases *phrases, const char *patterns);
/* Whether the word before this one, or the one before that, denies what follows. */
bool local_phrases_denied(const struct local_phrases *phrases, size_t word);
/* A phrase of the request as a pattern, at most n bytes with the NUL; false when it is empty. */
bool local_phrases_pattern(char *to, size_t n, const char *phrase);

#endif
