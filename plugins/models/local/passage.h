/* Passages of the knowledge base against a question: how well each fits, and which of its
 * sentences answer. */
#ifndef TRIAGED_LOCAL_PASSAGE_H
#define TRIAGED_LOCAL_PASSAGE_H

#include "answer.h"

#define LOCAL_PASSAGES_MAX  24u
#define LOCAL_SENTENCES_MAX 80u

struct local_sentence {
  const char *bytes;
  size_t n, words;
  float score;
  bool chosen;
};

struct local_passage {
  const cJSON *entry;
  float cover;   /* share of the question's weight that the passage and its title hold */
  size_t shared; /* different words of the question that they hold */
  float fit;     /* cover and the search's own score together, to rank by */
  struct local_sentence sentences[LOCAL_SENTENCES_MAX];
  size_t sentence_count;
};

struct local_passages {
  struct local_passage *passages; /* best first */
  size_t count;
  /* Of the best one: different words of the question that it has, that its title or heading has,
   * and the share of all passages that are of its article. */
  size_t shared, titled;
  float same;
};

/* Reads and ranks the passages. Free with local_passages_free. */
struct local_passages local_passages_rank(const char *question, size_t n, const cJSON *passages);
void local_passages_free(struct local_passages *passages);
/* Chooses sentences that answer, up to so many words. Returns the words taken. */
size_t local_passage_choose(struct local_passage *passage, size_t sentences_max, size_t words_max);

#endif
