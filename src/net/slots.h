/*
 * A table of things that are known by number: index and generation, so that a stale number finds
 * nothing. Used for everything that crosses the loop (timers, exchanges, requests, operations).
 */
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot;
struct slots {
  struct slot *at;
  uint32_t count, room;
  uint32_t free_head; /* index + 1 */
  size_t used;
};

uint64_t slots_put(struct slots *s, void *p);        /* p is not NULL; the number is never 0 */
void *slots_get(const struct slots *s, uint64_t id); /* NULL when stale or 0 */
void slots_drop(struct slots *s, uint64_t id);
/* For walks: what is at index i < s->count, or NULL. */
void *slots_at(const struct slots *s, uint32_t i);
uint32_t slots_index(uint64_t id);
void slots_free(struct slots *s);

#endif
