/*
 * Heads of request bodies that calls share. The bodies of one task begin with the same long text
 * (instructions, taxonomy, skills); with a thousand calls in flight one copy of it is kept and each
 * call has the rest. What is common is seen from the bytes, so no backend need know of it. A head
 * lives as long as a call uses it, also when the instance has let go of it.
 */
#ifndef MODELS_COMMON_HEAD_H
#define MODELS_COMMON_HEAD_H

#include "llm.h"

/* Tasks, times their variants (an instance under load sees two or three). */
#define LLM_HEADS_MAX 6

struct llm_head; /* counted */
struct llm_heads {
  struct llm_head *kept[LLM_HEADS_MAX];
  size_t next;
  struct llm_text seen[LLM_HEADS_MAX]; /* bodies that had no head: the next like one makes it */
  size_t next_seen;
};

/* Takes off the body what it shares with earlier ones; NULL when it shares nothing. The result is
 * to be given back with llm_head_drop. */
struct llm_head *llm_head_take(struct llm_heads *heads, struct llm_text *body);
struct trg_str llm_head_text(const struct llm_head *head); /* NULL: empty */
void llm_head_drop(struct llm_head *head);                 /* NULL is fine */
void llm_heads_clear(struct llm_heads *heads);

#endif
