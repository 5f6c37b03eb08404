/* Which entry of a taxonomy a text belongs to: by the trained classifier where it knows the entry,
 * by the words of names and descriptions where it does not. */
#ifndef TRIAGED_LOCAL_CATEGORY_H
#define TRIAGED_LOCAL_CATEGORY_H

#include "answer.h"
#include "phrases.h"

struct local_choice {
  const char *name;   /* of the request or of the classifier; "" when there is none */
  const cJSON *entry; /* of the taxonomy, or NULL */
  float confidence;
};

/* The entry whose name and description share the most words with the text; entry NULL when none
 * does. Confidence stays low: shared words are a hint, not a measurement. */
struct local_choice local_category_described(const struct local_phrases *phrases,
                                             const cJSON *entries);
struct local_choice local_category_choose(const struct local_mind *mind,
                                          const struct local_phrases *phrases, const char *text,
                                          size_t n, const cJSON *input);

#endif
