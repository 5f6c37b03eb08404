/*
 * Which language a text is in, without any training: script, then for scripts that many languages
 * share the common words below and the n-gram counts of the package libexttextcat-data. Its
 * library is not used: its distance between rank lists is slow and unsure below a few sentences,
 * while the counts in its files, read as probabilities, are neither.
 */
#ifndef TRIAGED_LOCAL_LANGUAGE_H
#define TRIAGED_LOCAL_LANGUAGE_H

#include "text.h"

#define LOCAL_LANGUAGES 19u
/* Languages whose texts are told apart by counts: the first of local_language_codes. */
#define LOCAL_COUNTED      15u
#define LOCAL_FINGERPRINTS "/usr/share/libexttextcat"

extern const char *const local_language_codes[LOCAL_LANGUAGES];
/* Blank-separated words, one line a language, in the order of the codes. */
extern const char *const local_language_words[LOCAL_COUNTED];
extern const char *const local_language_letters[LOCAL_COUNTED];

struct local_language;

/* Reads the fingerprints in `directory`; without them words and letters must do. Never NULL; the
 * caller frees. */
struct local_language *local_language_open(const char *directory);
void local_language_free(struct local_language **language);

struct local_language_answer {
  char code[8]; /* ISO 639-1, or "und" */
  float confidence;
};

/* `chars` of the text: only the first few hundred letters are looked at. */
struct local_language_answer local_language_find(const struct local_language *language,
                                                 const char *bytes, size_t n);

#endif
