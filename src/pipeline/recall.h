/*
 * What the store remembers that is like a ticket: similar tickets, labelled examples, passages of
 * the knowledge base. Searched on a pool thread, by a reader of its own and several tickets a piece
 * of work, so that the loop goes on meanwhile. A search sees what was committed before it began.
 * All calls are made on the loop thread.
 */
#ifndef PIPELINE_RECALL_H
#define PIPELINE_RECALL_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct covers;
struct example;
struct passage;
struct past;
struct recall;
struct recalls;
struct road;
struct task;

struct recall_want {
  struct trg_str words;            /* of the ticket; copied */
  struct trg_str language;         /* of the passages, for choice; copied; may be empty */
  int64_t ticket_id;               /* is not similar to itself */
  int similar, examples, passages; /* at most so many; 0: not asked for */
  unsigned profiles;               /* by which passages are masked (base/pii.h) */
};
struct recalled {
  struct past *similar;
  struct example *examples;
  struct passage *passages; /* masked, as a model sees them (skill/cover.h) */
  size_t similar_count, example_count, passage_count;
  const char *words; /* what was searched for */
};

/* The reader is opened when it is first needed. Free it after every task and before the loop; what
 * is under way then is dropped when it ends. */
struct recalls *recalls_new(struct road *r);
void recalls_free(struct recalls **r);
/* Begins what was asked for, unless a search is under way; the road calls it at the end of its
 * turns, so that a turn's tickets go together. */
void recalls_go(struct recalls *r);

/* k->recall is the search from here on; `then` is called with the task when it is done, on a later
 * turn, and not at all when recall_end came first. A store that cannot be read ends the process. */
void recall_start(struct recalls *r, struct task *k, const struct recall_want *w,
                  void (*then)(struct task *k));
/* What was found; valid until recall_end. */
const struct recalled *recall_found(const struct recall *x);
/* What the passages' tokens stand for; the caller's from here on. NULL: they have none. */
struct covers *recall_covers(struct recall *x);
/* Gives up or forgets; NULL is fine. */
void recall_end(struct recall **x);

#endif
