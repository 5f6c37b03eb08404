/*
 * Private to the voice's files: its rules as they are kept.
 */
#ifndef SKILL_VOICE_INNER_H
#define SKILL_VOICE_INNER_H

#include "base/mem.h"
#include "skill/voice.h"

/* Whom a rule is for; "" is everybody. */
struct voice_scope {
  const char *language, *channel;
};
struct voice_form {
  struct voice_scope scope;
  const char *known, *unknown; /* sign-offs: both the same */
};
struct voice_words {
  struct voice_scope scope;
  const char *phrase;
  const char *instead; /* or "" */
  bool hard;
  uint32_t line;
};
enum voice_measure {
  VOICE_WORDS_LEAST = 0,
  VOICE_WORDS_MOST,
  VOICE_SENTENCE_WORDS,
  VOICE_LONGEST_SENTENCE,
  VOICE_LIX,
  VOICE_EXCLAMATIONS,
  VOICE_EMOJI,
  VOICE_CAPITALS,
  VOICE_GREETING,
  VOICE_SIGNOFF,
  VOICE_MEASURES
};
extern const char *const voice_measure_names[VOICE_MEASURES];
struct voice_limit {
  struct voice_scope scope;
  enum voice_measure measure;
  int64_t limit;
  bool hard;
  uint32_t line;
};

#define VOICE_FORMS_MAX  128
#define VOICE_WORDS_MAX  600
#define VOICE_LIMITS_MAX 64

struct voice {
  struct arena *arena;
  const char *path;
  struct voice_form greetings[VOICE_FORMS_MAX], signoffs[VOICE_FORMS_MAX];
  size_t greeting_count, signoff_count;
  struct voice_words words[VOICE_WORDS_MAX];
  size_t word_count;
  struct voice_limit limits[VOICE_LIMITS_MAX];
  size_t limit_count;
};

bool voice_applies(const struct voice_scope *s, struct trg_str language, struct trg_str channel);
/* Position of the phrase in the folded text, between word ends; -1. */
ptrdiff_t voice_find(struct trg_str folded, const char *phrase);
/* Lower case, typographic quotes as ASCII, runs of blanks as one. From `a`. */
struct trg_str voice_fold(struct trg_str text, struct arena *a);

#endif
