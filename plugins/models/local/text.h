/*
 * Text to hashed features: lower-cased words, pairs of words and character n-grams inside word
 * boundaries, each reduced to a 32-bit hash. The classifier, the language test and the draft all
 * read text through this one door, so that training and answering cannot differ.
 */
#ifndef TRIAGED_LOCAL_TEXT_H
#define TRIAGED_LOCAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which features a model was trained with; stored in its file. */
struct local_recipe {
  uint8_t word_max; /* 0: no words; 1: single words; 2: and pairs */
  uint8_t char_min; /* n-grams of characters, with the blank before and after the word */
  uint8_t char_max; /* 0: none */
};

/* Only the first so many characters of a text are read: bounds the time of one answer. */
#define LOCAL_TEXT_MAX_CHARS 8192u

/* A text taken apart. Reused from text to text; free it once. */
struct local_text {
  uint32_t *chars; /* folded: words in lower case, each preceded and followed by one blank */
  size_t char_count, char_room;
  uint32_t *word_hashes; /* words and pairs, in order, with repetitions */
  size_t word_count, word_room;
  uint32_t *char_hashes; /* character n-grams, in order, with repetitions */
  size_t gram_count, gram_room;
  size_t letters; /* letters seen, digits and signs not counted */
};

void local_text_free(struct local_text *text);
/* Replaces what `text` held. Bytes that are not UTF-8 count as blanks. */
void local_text_read(struct local_text *text, const char *bytes, size_t n,
                     const struct local_recipe *recipe);

/* The next code point of a UTF-8 run, with its length in *ret_n; 0xFFFD and 1 for a bad byte.
 * n must be above 0. */
uint32_t local_utf8_next(const char *bytes, size_t n, size_t *ret_n);
bool local_utf8_valid(const char *bytes, size_t n);
/* Lower case of Latin, Greek, Cyrillic and Armenian letters; others as they are. */
uint32_t local_char_lower(uint32_t c);
bool local_char_is_letter(uint32_t c);
bool local_char_is_digit(uint32_t c);
/* Han, kana, hangul: scripts whose words are not told apart by blanks or by a few letters. */
bool local_char_is_dense(uint32_t c);

#endif
