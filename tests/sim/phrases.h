/* What people write, by language. */
#ifndef SIM_PHRASES_H
#define SIM_PHRASES_H

#include <stdint.h>

enum phrase {
  PHRASE_THANKS,
  PHRASE_FOLLOWUP,
  PHRASE_HUMAN,
  PHRASE_REOPEN,
  PHRASE_AGENT_ANSWER,
  PHRASE_AGENT_ADDS,
  PHRASE_AGENT_SOLVES,
  PHRASE_RATING_GOOD,
  PHRASE_RATING_BAD,
  PHRASE_COUNT
};

/* One of the phrases, chosen by draw; English for languages that have none. */
const char *phrase_pick(enum phrase p, const char *language, uint64_t draw);

#endif
