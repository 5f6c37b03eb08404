#include "net/limit.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS_MAX    256
#define RESET_MAX_MS   ((int64_t)24 * 3600 * 1000)
#define SAME_WINDOW_MS 1000 /* resets are told in whole seconds */

struct bucket {
  char *name;
  int64_t remaining; /* -1: unknown, everything goes */
  int64_t reset_at_ms;
};

struct limit {
  struct bucket *buckets;
  size_t count, room;
};

struct limit *limit_new(void) {
  return mem_alloc(sizeof(struct limit));
}

void limit_free(struct limit **at) {
  struct limit *l = *at;
  if (l == NULL) return;
  *at = NULL;
  for (size_t i = 0; i < l->count; i++) mem_free(l->buckets[i].name);
  mem_free(l->buckets);
  mem_free(l);
}

static struct bucket *bucket_find(const struct limit *l, const char *name) {
  for (size_t i = 0; i < l->count; i++)
    if (strcmp(l->buckets[i].name, name) == 0) return &l->buckets[i];
  return NULL;
}

static struct bucket *bucket_add(struct limit *l, const char *name) {
  if (l->count == BUCKETS_MAX) return NULL;
  if (l->count == l->room) {
    l->room = l->room == 0 ? 4 : l->room * 2;
    l->buckets = mem_grow(l->buckets, l->room * sizeof *l->buckets);
  }
  struct bucket *b = &l->buckets[l->count++];
  *b = (struct bucket){.name = mem_dup(name), .remaining = -1};
  return b;
}

void limit_told(struct limit *l, const char *bucket, int64_t remaining, int64_t reset_ms,
                int64_t now_ms) {
  const char *name = bucket == NULL ? "" : bucket;
  struct bucket *b = bucket_find(l, name);
  if (b == NULL && (remaining < 0 || (b = bucket_add(l, name)) == NULL)) return;
  const int64_t wait_ms = reset_ms < 0 ? 0 : reset_ms > RESET_MAX_MS ? RESET_MAX_MS : reset_ms;
  const int64_t reset_at_ms = now_ms + wait_ms;
  const bool open = b->remaining >= 0 && now_ms < b->reset_at_ms;
  if (remaining < 0) {
    if (open && b->remaining == 0) b->reset_at_ms = reset_at_ms;
    return;
  }
  /* Within one window our own count knows of requests that this answer does not know yet. */
  const int64_t apart = reset_at_ms - b->reset_at_ms;
  const bool same = open && apart <= SAME_WINDOW_MS && apart >= -SAME_WINDOW_MS;
  if (!same || remaining < b->remaining) b->remaining = remaining;
  b->reset_at_ms = reset_at_ms;
}

int64_t limit_take(struct limit *l, const char *bucket, int64_t now_ms) {
  struct bucket *b = bucket_find(l, bucket == NULL ? "" : bucket);
  if (b == NULL || b->remaining < 0) return 0;
  if (now_ms >= b->reset_at_ms) {
    b->remaining = -1;
    return 0;
  }
  if (b->remaining == 0) return b->reset_at_ms - now_ms;
  b->remaining--;
  return 0;
}

int64_t limit_waiting_ms(const struct limit *l, int64_t now_ms) {
  int64_t longest = 0;
  for (size_t i = 0; i < l->count; i++) {
    const struct bucket *b = &l->buckets[i];
    if (b->remaining == 0 && b->reset_at_ms - now_ms > longest) longest = b->reset_at_ms - now_ms;
  }
  return longest;
}
