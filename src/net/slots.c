#include "net/slots.h"

#include "base/mem.h"

struct slot {
  void *p;
  uint32_t gen;
  uint32_t next_free; /* index + 1 */
};

uint64_t slots_put(struct slots *s, void *p) {
  BUG_UNLESS(p != NULL);
  uint32_t i = 0;
  if (s->free_head != 0) {
    i = s->free_head - 1;
    s->free_head = s->at[i].next_free;
  } else {
    if (s->count == s->room) {
      BUG_UNLESS(s->room < UINT32_MAX / 4);
      s->room = s->room == 0 ? 16 : s->room * 2;
      s->at = mem_grow(s->at, s->room * sizeof *s->at);
    }
    i = s->count++;
    s->at[i].gen = 0;
  }
  struct slot *slot = &s->at[i];
  slot->p = p;
  slot->gen = slot->gen == UINT32_MAX ? 1 : slot->gen + 1; /* 0 would make the number 0 */
  s->used++;
  return (uint64_t)i << 32 | slot->gen;
}

uint32_t slots_index(uint64_t id) {
  return (uint32_t)(id >> 32);
}

void *slots_get(const struct slots *s, uint64_t id) {
  const uint32_t i = slots_index(id);
  if (i >= s->count || s->at[i].gen != (uint32_t)id) return NULL;
  return s->at[i].p;
}

void slots_drop(struct slots *s, uint64_t id) {
  if (slots_get(s, id) == NULL) return;
  const uint32_t i = slots_index(id);
  s->at[i].p = NULL;
  s->at[i].next_free = s->free_head;
  s->free_head = i + 1;
  s->used--;
}

void *slots_at(const struct slots *s, uint32_t i) {
  return i < s->count ? s->at[i].p : NULL;
}

void slots_free(struct slots *s) {
  mem_free(s->at);
  *s = (struct slots){0};
}
