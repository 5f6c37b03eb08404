#include "head.h"

#include <stdlib.h>
#include <string.h>

/* A head ends this far, at least, before the first difference, and at a multiple of it: what two
 * bodies share by chance behind the common text is not taken for a part of it. */
#define STEP_BYTES ((size_t)1024)
#define LEAST      (4 * STEP_BYTES)

struct llm_head {
  struct llm_text text;
  unsigned users;
};

struct trg_str llm_head_text(const struct llm_head *head) {
  return head ? (struct trg_str){head->text.p, head->text.n} : (struct trg_str){NULL, 0};
}

void llm_head_drop(struct llm_head *head) {
  if (!head || --head->users > 0) return;
  llm_text_clear(&head->text);
  free(head);
}

void llm_heads_clear(struct llm_heads *heads) {
  for (size_t i = 0; i < LLM_HEADS_MAX; i++) {
    llm_head_drop(heads->kept[i]);
    llm_text_clear(&heads->seen[i]);
  }
  *heads = (struct llm_heads){0};
}

static size_t common(const struct llm_text *a, const struct llm_text *b) {
  const size_t most = a->n < b->n ? a->n : b->n;
  size_t n = 0;
  while (n < most && a->p[n] == b->p[n]) n++;
  return n;
}

static struct llm_head *head_known(const struct llm_heads *heads, const struct llm_text *body) {
  for (size_t i = 0; i < LLM_HEADS_MAX; i++) {
    struct llm_head *head = heads->kept[i];
    if (head && head->text.n < body->n && memcmp(head->text.p, body->p, head->text.n) == 0)
      return head;
  }
  return NULL;
}

static struct llm_head *head_made(struct llm_heads *heads, const struct llm_text *body) {
  for (size_t i = 0; i < LLM_HEADS_MAX; i++) {
    const size_t n = common(&heads->seen[i], body) / STEP_BYTES * STEP_BYTES;
    if (n < LEAST + STEP_BYTES) continue;
    struct llm_head *head = calloc(1, sizeof *head);
    if (!head) abort();
    llm_text_add(&head->text, body->p, n - STEP_BYTES);
    llm_text_trim(&head->text);
    head->users = 1;
    llm_head_drop(heads->kept[heads->next]);
    heads->kept[heads->next] = head;
    heads->next = (heads->next + 1) % LLM_HEADS_MAX;
    llm_text_clear(&heads->seen[i]);
    return head;
  }
  return NULL;
}

struct llm_head *llm_head_take(struct llm_heads *heads, struct llm_text *body) {
  if (body->n < LEAST + 2 * STEP_BYTES) return NULL;
  struct llm_head *head = head_known(heads, body);
  if (!head) head = head_made(heads, body);
  if (!head) {
    struct llm_text *to = &heads->seen[heads->next_seen];
    heads->next_seen = (heads->next_seen + 1) % LLM_HEADS_MAX;
    llm_text_clear(to);
    llm_text_add(to, body->p, body->n);
    return NULL;
  }
  struct llm_text tail = {0};
  llm_text_add(&tail, body->p + head->text.n, body->n - head->text.n);
  llm_text_clear(body);
  *body = tail;
  head->users++;
  return head;
}
