/*
 * A conversation within a budget: what was said before is summed up by its own sentences, as a
 * summary must not say what nobody said. Pure.
 */
#ifndef PIPELINE_THREAD_H
#define PIPELINE_THREAD_H

#include <triaged/plugin.h>
#include "base/json.h"

struct arena;
struct message;

/* The telling sentences of a message, at most max bytes: its first, then those with a question, a
 * number or a masked name, in their order; quoted lines and greetings are left out. From `a`. */
struct trg_str thread_gist(struct trg_str text, size_t max, struct arena *a);
/* How many of the newest messages fit the budget whole; at least the newest one. */
size_t thread_fit(const struct message *m, size_t count, size_t tokens);
/* [{"author","gist"}] of these messages within a budget of tokens: of too many the first one and
 * the newest are kept. */
json *thread_earlier(const struct message *m, size_t count, size_t tokens);
/* "customer", "agent", "assistant", "system" */
const char *thread_author(int32_t author);

#endif
