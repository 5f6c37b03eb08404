/*
 * What can be told from phrases alone: reasons to escalate, urgency, mood, the wish for a person,
 * thanks and remaining trouble. The request's own signals come first, the lexicon after them.
 */
#ifndef TRIAGED_LOCAL_RULES_H
#define TRIAGED_LOCAL_RULES_H

#include "lexicon.h"
#include "phrases.h"

#include <cjson/cJSON.h>

/* Levels of priority, whatever a taxonomy calls them. */
enum local_level { LOCAL_URGENT_LEVEL = 0, LOCAL_HIGH, LOCAL_NORMAL, LOCAL_LOW };

struct local_reason {
  char name[64];          /* as the taxonomy calls it; empty: none */
  char because[96];       /* the phrase that was found */
  enum local_level level; /* the ticket must not be below it */
  bool grave;             /* nobody writes this in a neutral mood */
};

/* Whether a topic's phrases occur, in the text's language or in English. `ret_pattern` (may be
 * NULL) gets the pattern. */
bool local_rules_find(const struct local_phrases *phrases, const char *language,
                      enum local_topic topic, const char **ret_pattern);
size_t local_rules_count(const struct local_phrases *phrases, const char *language,
                         enum local_topic topic);
/* Whether one of the strings of a JSON array occurs; NULL or which. */
const char *local_rules_signal(const struct local_phrases *phrases, const cJSON *signals);

/* The reason to escalate, the gravest first. `escalations` may be NULL or empty: then the built-in
 * reasons go by their own names. */
struct local_reason local_rules_escalate(const struct local_phrases *phrases, const char *language,
                                         const cJSON *escalations);

enum local_mood { LOCAL_MOOD_NEGATIVE, LOCAL_MOOD_NEUTRAL, LOCAL_MOOD_POSITIVE };
enum local_mood local_rules_mood(const struct local_phrases *phrases, const char *language,
                                 float *ret_confidence);

/* The level a priority's name means, or -1. */
int local_level_of(const char *name);

/* Copies a pattern up to its '|' for people to read. */
void local_rules_quote(char *to, size_t n, const char *pattern);

#endif
