/* What a simulated model says: always the same for the same question, of the shape that was asked
 * for, and sensible enough for a demo. Knows no vendor. */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "base.h"

#include <cjson/cJSON.h>

struct passage {
  char id[96];
  const char *text; /* borrowed from the prompt */
  size_t n;
  size_t overlap; /* words shared with the ticket */
  bool bracketed; /* stood as [kb:ID] */
};

struct question {
  char *ticket; /* the customer's text, as far as it can be told apart */
  char *lower;  /* the same in lower case */
  const char *prompt;
  uint64_t hash;
  const char *language;
  struct passage passages[64];
  size_t passage_count;
  size_t best; /* position of the passage that fits best */
};

/* last is what the user said last, prompt everything; both are borrowed until question_free. */
void question_read(struct question *q, const char *prompt, const char *last);
void question_free(struct question *q);

/* JSON that satisfies the schema. */
void answer_json(struct buf *out, const struct question *q, const cJSON *schema);
/* Prose; or JSON when the prompt holds a schema as text. */
void answer_text(struct buf *out, const struct question *q);
/* JSON of the right outer shape that breaks the schema: a wrong value in every enum, a required
 * member missing. */
void answer_broken(struct buf *out, const struct question *q, const cJSON *schema);

/* How well a word such as "billing" or "urgent" describes the text (in lower case): hits of it and
 * of what goes with it. */
size_t keyword_hits(const char *text, const char *word);
bool text_wants_person(const char *text);
bool text_says_thanks(const char *text);

#endif
