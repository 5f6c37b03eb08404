/*
 * Questions that the knowledge base did not answer.
 */
#ifndef STORE_QUESTION_H
#define STORE_QUESTION_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct question {
  const char *ref, *subject, *category, *language;
  const char *text;    /* of the customer's first message, masked */
  const char *missing; /* JSON array: what the draft said was missing */
  const char *reply;   /* what a person answered later, masked; "" when nobody has */
  int64_t at_ms;       /* when it came */
};
/* Tickets of moments from <= at < to that ended with a person as no passage answered them, newest
 * first, at most `limit`. */
int question_unanswered(struct store *s, int64_t from_ms, int64_t to_ms, int64_t limit,
                        struct arena *a, struct question **ret, size_t *ret_count,
                        struct trg_err *err);

#endif
