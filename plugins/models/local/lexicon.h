/*
 * The built-in phrases that rules.c looks for, by meaning and language. Generic support language;
 * what is particular to a company arrives with the request (signals).
 */
#ifndef TRIAGED_LOCAL_LEXICON_H
#define TRIAGED_LOCAL_LEXICON_H

#include <stddef.h>

enum local_topic {
  LOCAL_SAFETY,
  LOCAL_TAKEOVER,
  LOCAL_PRIVACY,
  LOCAL_LEGAL,
  LOCAL_MANAGER,
  LOCAL_CHURN,
  LOCAL_REPEATED,
  LOCAL_MEDIA,
  LOCAL_REASONS, /* the topics above are reasons to escalate */
  LOCAL_BUSINESS = LOCAL_REASONS,
  LOCAL_LEAVING,
  LOCAL_HUMAN,
  LOCAL_URGENT,
  LOCAL_NEGATIVE,
  LOCAL_POSITIVE,
  LOCAL_SOLVED,
  LOCAL_UNSOLVED,
  LOCAL_TOPICS
};

/* Patterns, divided by '|'. Lower case without accents, as local_phrases_take folds its text. A
 * star at a word's end stands for any ending; a lone '~' for up to five words. */
struct local_lexicon {
  const char *code; /* language */
  const char *patterns[LOCAL_TOPICS];
};

extern const struct local_lexicon local_lexicons[];
extern const size_t local_lexicon_count;

#endif
